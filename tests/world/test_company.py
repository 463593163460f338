"""What travels on the graph: invitation programmes, teams, talk, paid voices, testimonials, crises."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from scenarios import random_world
from simlab.scenario import InputError, Scenario, with_values
from simlab.world.company_terms import prevented
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.outcomes import outcomes
from simlab.world.records import MEMBER
from tests.world.worlds import busy, live, same_bytes, tell

ALL: dict[str, Any] = {
    "levers.referral": {
        "reward": 40, "invitee_reward": 5, "check": {"strength": 0.7, "false_positives": 0.3, "cost": 1},
        "invitee_offer": "coupon",
    },
    "levers.programmes": {"club": {"who": {"orders": ">= 3"}, "reward": 0, "invitee_reward": 0, "perk": 1, "quota": 2}},
    "levers.teams": {"pair": {"offer": "coupon", "needed": 2, "days": 3, "commission": 4}},
    "levers.shares": {"poster": {"reward": 2, "cap": 3, "forced": True, "fine": 50}},
    "levers.seeding": {"koc": {"people": 5, "by": "friends", "on": [3, 10], "fee": 30, "negative": 0.4}},
    "levers.word_of_mouth": {"virality": 2},
    "levers.testimonials": {"reviews": 500},
    "levers.response": {"delay": 4, "compensation": 10, "isolation": 0.3, "cost": 100},
    "levers.monitoring": {"recall": 0.8, "delay": 2, "cost": 3},
    "crises": {"leak": {"date": "2026-03-12", "share": 0.1}},
    "behaviour.teams.open": 0.2,
    "behaviour.talk.share_rate": 0.05,
    "behaviour.talk.violation": 0.3,
}  # fmt: skip
STRENGTHLESS: dict[str, Any] = {
    "levers.programmes": {"club": {"quota": 0}},
    "levers.teams": {"pair": {"offer": "coupon"}},
    "behaviour.teams.open": 0,
    "levers.shares": {"poster": {"ease": 0}},
    "levers.seeding": {"koc": {"people": 0}},
    "levers.testimonials": {"reviews": 0},
    "levers.response": {"statement": 0},
    "levers.monitoring": {"recall": 0.9},
    "crises": {"leak": {"date": "2026-03-12", "share": 0}},
}
CRISIS: dict[str, Any] = {
    "levers.referral": None, "levers.sources": {}, "population.members": 240, "population.prospects": 60,
    "warmup.days": 0, "horizon": 30, "behaviour.contagion.friend": 0,
    "crises": {"leak": {"date": "2026-03-04", "share": 0.02}},
}  # fmt: skip


def total(market: Market, metric: M) -> int:
    """One column of the ledger over the whole run."""
    return int(market.book.ledger[..., metric].sum())


def after(hours: float, **more: Any) -> dict[str, Any]:
    """A response so many hours after the outbreak, all of which is noticed at once."""
    return CRISIS | {
        "levers.monitoring": {"recall": 1, "delay": 0},
        "levers.response": {"delay": hours} | more,
    }


def test_everything_happens() -> None:
    market = live(busy(ALL))
    happened = {what for _, _, what, _ in tell(market)}
    assert {"blocked", "bonus", "speak", "fee", "fine", "team", "team_end", "anger", "relief"} <= happened
    assert 0 < total(market, M.teams_done) <= total(market, M.teams)
    assert total(market, M.talk_joins) > 0
    assert total(market, M.response_fen) > 0
    assert market.users["shared"].max() <= 3


def test_without_strength_nothing_moves() -> None:
    plain, other = live(busy()), live(busy(STRENGTHLESS))
    assert same_bytes(plain, other)
    assert tell(plain) == tell(other)


def test_a_programme_beside_the_referral_is_the_referral() -> None:
    """By whichever name it goes: the same people are asked on the same days."""
    spec = {"reward": 20, "invitee_reward": 8, "needed": 2, "budget": 400}
    one = live(busy({"levers.referral": spec}))
    other = live(busy({"levers.referral": None, "levers.programmes": {"club": spec}}))
    assert tell(one) == tell(other)


def test_tiers_pay_each_once_and_quotas_hold() -> None:
    tiers = {"1": 5, "3": 20, "4": 60}
    market = live(
        busy({"levers.referral": {"tiers": tiers, "quota": 4, "invitee_reward": 0}, "warmup.days": 0})
    )
    invited = market.users["invited"]
    assert invited.max() <= 4 + 32  # who asks several on one evening may win them all
    rewards: dict[int, list[int]] = {}
    for _, user, what, fen in tell(market):
        if what == "reward":
            rewards.setdefault(user, []).append(fen)
    for user, paid in rewards.items():
        assert sorted(paid) == [fen for n, fen in ((1, 500), (3, 2000), (4, 6000)) if n <= invited[user]]


def test_a_campaign_has_its_window() -> None:
    market = live(busy({"levers.referral": {"first": 10, "last": 20}}))
    days = {day for day, _, what, _ in tell(market) if what == "invite"}
    assert days
    assert min(days) >= 10
    assert max(days) <= 20


def test_checks_keep_hunters_out() -> None:
    loose, strict = (
        live(busy({"levers.referral": {"reward": 100, "check": {"strength": s, "cost": 0.5}}}))
        for s in (0.001, 0.999)
    )
    assert total(strict, M.hunters) < 0.2 * total(loose, M.hunters)
    assert total(strict, M.blocked) > 0


@pytest.mark.parametrize("needed", [2, 4])
def test_teams_are_complete_or_they_are_not(needed: int) -> None:
    team = {"offer": "coupon", "needed": needed, "days": 2, "early": False}
    market = live(busy({"levers.teams": {"pair": team}, "behaviour.teams.open": 0.3}))
    assert total(market, M.teams) > 0
    assert total(market, M.team_members) >= total(market, M.teams) + total(market, M.teams_done) * (
        needed - 1
    )


def test_testimonials_help_those_who_doubt() -> None:
    plain, shown = live(busy()), live(busy({"levers.testimonials": {"reviews": 1000}}))
    both = (plain.users["status"] == MEMBER) & (shown.users["status"] == MEMBER)
    before = (plain.users["affinity"] + plain.users["trust"])[both]
    gain = (shown.users["affinity"] + shown.users["trust"])[both] - before
    low = before < np.median(before)
    assert gain[low].mean() > 2 * max(gain[~low].mean(), 0.0)
    assert gain[low].mean() > 0.001


def test_a_crisis_hurts_and_a_fast_response_helps() -> None:
    affected = {}
    for name, values in {
        "none": CRISIS | {"crises": {}}, "silence": CRISIS, "2 h": after(2), "24 h": after(24),
        "48 h": after(48), "paid": after(2, compensation=20, isolation=0.5),
    }.items():  # fmt: skip
        seen = [outcomes(live(busy(values), seed, log=False)) for seed in range(1, 7)]
        affected[name] = float(np.mean([x["affected"] for x in seen]))
        if name in ("none", "silence"):
            affected[name + " orders"] = float(np.mean([x["orders"] for x in seen]))
    assert affected["none"] == 0
    assert affected["silence orders"] < affected["none orders"]
    assert affected["paid"] <= affected["2 h"] < affected["24 h"] < affected["48 h"] < affected["silence"]
    assert affected["silence"] > 0.15
    hourly = (affected["24 h"] - affected["2 h"]) / 22, (affected["48 h"] - affected["24 h"]) / 24
    assert hourly[1] > hourly[0]  # the cliff after a day: by then the angry have made others angry


def test_minutes_count_and_monitoring_finds_most() -> None:
    def at(values: dict[str, Any], age: int) -> float:
        return prevented(busy(values), age)

    assert at(after(6), 0) == 0.75
    assert at(after(6), 1) == 1.0
    assert at(after(30), 0) == 0.0
    assert at(after(30), 1) == 0.75
    unwatched = CRISIS | {"levers.response": {"delay": 6}}
    assert at(unwatched, 0) == 0.0
    half = unwatched | {"levers.monitoring": {"recall": 0.5, "delay": 0}}
    assert at(half, 0) == 0.375


def stable(number: int) -> None:
    """Anger within [0, 1], and every number a number."""
    users = Market(**random_world(random.Random(1000 + number)).arguments()).run().users
    assert ((users["anger"] >= 0) & (users["anger"] <= 1)).all(), number
    for field in ("anger", "trust", "exposure", "fatigue", "life_left"):
        assert np.isfinite(users[field]).all(), (number, field)


def test_worlds_are_stable() -> None:
    """Whatever the parameters."""
    for number in range(12):
        stable(number)


@pytest.mark.slow
def test_two_hundred_worlds_are_stable() -> None:
    for number in range(12, 212):
        stable(number)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"levers.referral": {"tiers": {"1": 50, "3": 20}}}, "tier"),
        ({"levers.referral": {"first": 9, "last": 3}}, "ends"),
        ({"levers.referral": {"invitee_offer": "flash"}}, "stock"),
        ({"levers.teams": {"pair": {"offer": "nothing"}}}, "offer"),
        ({"levers.teams": {"pair": {"offer": "coupon", "steps": {"6": "coupon"}}}}, "early"),
    ],
)
def test_contradictions_are_refused(values: dict[str, Any], found: str) -> None:
    with pytest.raises((InputError, ValueError), match=found):
        with_values(Scenario.model_validate(busy().model_dump(mode="json")), values)
