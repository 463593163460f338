"""More of a lever does more of what it does: paired worlds, the default scenario in small.

Forty pairs share their seeds, so that a pair lives in the same world but for the one lever. Each effect
must have the stated sign at 4 standard errors of its mean difference: under no effect, a false-alarm
rate of 1e-4 (t with 39 degrees of freedom, one-sided).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from simlab.scenario import Scenario, load, with_values
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import FIXED_POINT, M
from simlab.world.network import social_graph

pytestmark = pytest.mark.slow

FILE = Path(__file__).parents[2] / "scenarios" / "default.yaml"
PAIRS = 40
SMALL = {"population.members": 2_000, "population.prospects": 6_000, "levers.sources.ads.exposures": 160}
BY_REFERRAL = 2
ARMS: dict[str, dict[str, float]] = {
    "today": {},
    "more pushes": {f"levers.push.{stage}.per_week": 6 for stage in ("new", "loyal", "active")},
    "deeper coupon": {"levers.offers.coupon.depth": 0.2},
    "higher reward": {"levers.referral.reward": 80},
}
EFFECTS = [
    ("more pushes", "fatigue", +1),
    ("more pushes", "mutes", +1),
    ("more pushes", "open rate", -1),
    ("deeper coupon", "redemptions", +1),
    ("deeper coupon", "subsidy", +1),
    ("higher reward", "invites", +1),
    ("higher reward", "rate of the invited", -1),
]
"""Arm, outcome, sign: cadence by L12, depth by L20 and L21, reward by L24 and L31."""


@cache
def scenario_of(arm: str) -> Scenario:
    return with_values(load(str(FILE)).scenario, SMALL | ARMS[arm])


@cache
def friends() -> Graph:
    return social_graph(scenario_of("today").graph, 8_000)


def outcomes(arm: str, seed: int) -> dict[str, float]:
    """What one seeded world of an arm ends with, over the horizon."""
    scenario = scenario_of(arm)
    market = Market(scenario, seed, friends(), before=scenario_of("today")).run()
    days = market.book.ledger[scenario.warmup.days :]
    total = days.sum((0, 1, 2, 3))
    invited = market.users[market.users["source"] == BY_REFERRAL]
    members = days[:, :-2, ..., M.members].sum()
    return {
        "fatigue": total[M.fatigue] / FIXED_POINT / members,
        "mutes": float(total[M.mutes]),
        "open rate": total[M.opens] / (total[M.value_sent] + total[M.promo_sent]),
        "redemptions": float(total[M.redeemed]),
        "subsidy": float(total[M.subsidy_fen]),
        "invites": float(total[M.invites]),
        "rate of the invited": float(invited["rate"].mean()) * 365,
    }


@cache
def worlds(arm: str) -> list[dict[str, float]]:
    """All worlds of an arm; shared by the checks."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: outcomes(arm, seed), range(1, PAIRS + 1)))


@pytest.mark.parametrize(("arm", "outcome", "sign"), EFFECTS, ids=lambda v: str(v).replace(" ", "_"))
def test_more_of_a_lever_does_more_of_what_it_does(arm: str, outcome: str, sign: int) -> None:
    before = np.array([world[outcome] for world in worlds("today")])
    after = np.array([world[outcome] for world in worlds(arm)])
    apart = after - before
    z = apart.mean() / (apart.std(ddof=1) / np.sqrt(PAIRS))
    print(f"\n{arm}: {outcome} {before.mean():.4g} -> {after.mean():.4g}, z = {z:+.1f}, paired")
    assert sign * z >= 4.0
