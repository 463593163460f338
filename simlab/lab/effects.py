"""Why two arms differ on one seed: money day by day, where it comes from, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.lab import counterfactual
from simlab.lab.comparison import STEPS
from simlab.lab.counterfactual import ALONE, ALONE_NEWCOMER, SHIFTED
from simlab.lab.detail import NO_DAY, SUMS, Detail
from simlab.scenario import Scenario
from simlab.world.metrics import COSTS, M

Array = NDArray[np.float64]
EXTRA = ("users", "orders", "left", "muted")
"""Of a group's sums, what is counted beside its value."""


@dataclass(frozen=True, eq=False)
class View:
    """What one run says about money, per starting member and discounted as customer equity is.

    Attributes:
        members: starting members, or everybody who ever joined where a world starts empty.
        cumulative: (horizon,) yuan per starting member, discounted net contribution up to each day.
        stages: (horizon, S) members by stage, simulated base.
        values: per (kind, group): [value in yuan, users, orders, left, muted], simulated base; the value is net
            contribution within the horizon, plus the residual discounted to day 0.
    """

    members: int
    cumulative: Array
    stages: NDArray[np.int64]
    stage_names: tuple[str, ...]
    values: dict[tuple[str, str], Array]


def factors(scenario: Scenario) -> Array:
    """(horizon,) discount factors of the days 1, 2, ..."""
    return (1.0 + scenario.economics.discount) ** (-np.arange(1, scenario.horizon + 1) / 365.0)


def starting(detail: Detail) -> int:
    """Starting members as customer equity counts them; at least 1."""
    known = detail.joined != NO_DAY
    return max(int((known & (detail.joined <= 0)).sum()) or int(known.sum()), 1)


def view(detail: Detail, scenario: Scenario) -> View:
    """One run seen by itself."""
    by_day, members = factors(scenario), starting(detail)
    net = detail.daily[:, M.margin_fen] - sum(detail.daily[:, M[cost]] for cost in COSTS)
    columns = {name: detail.sums[:, SUMS.index(name)].astype(float) for name in SUMS}
    worth = (columns["net_fen"] + columns["residual_fen"] * by_day[-1]) / 100
    table = np.stack([worth, *(columns[name] for name in EXTRA)], axis=1)
    keys = zip(detail.kinds.tolist(), detail.groups.tolist(), strict=True)
    return View(members, np.cumsum(by_day * net) / 100 / members, detail.stages,
                tuple(detail.stage_names.tolist()), dict(zip(keys, table, strict=True)))  # fmt: skip


def residual(detail: Detail, scenario: Scenario) -> float:
    """Yuan left at the horizon, discounted, simulated base."""
    whole = int(detail.sums[detail.kinds == "segment", SUMS.index("residual_fen")].sum())
    return whole / 100 * float(factors(scenario)[-1])


def steps(
    arm: Detail, baseline: Detail, models: tuple[Scenario, Scenario], found: counterfactual.Split | None
) -> dict[str, float]:
    """`STEPS` of one seed, in yuan per starting member; they add up to the difference in customer equity.

    Args:
        arm, baseline: the two runs.
        models: their scenarios.
        found: the orders paired, or None where the users are not the same.
    """
    per = 0.01 / starting(arm), 0.01 / starting(baseline)
    by_day = tuple(factors(model) for model in models)
    out = dict.fromkeys(STEPS, 0.0)
    for name in COSTS:
        if name == "subsidy_fen":
            continue
        paid = [float(f @ d.daily[:, M[name]]) for f, d in zip(by_day, (arm, baseline), strict=True)]
        out[name] = -(paid[0] * per[0] - paid[1] * per[1])
    fees = [float(f @ d.daily[:, M.fee_margin_fen]) for f, d in zip(by_day, (arm, baseline), strict=True)]
    out["fees"] = fees[0] * per[0] - fees[1] * per[1]
    left = [100 * residual(d, model) for d, model in zip((arm, baseline), models, strict=True)]
    out["residual"] = left[0] * per[0] - left[1] * per[1]
    if found is None:
        for name, metric, sign in (("margin", M.margin_fen, 1.0), ("subsidy", M.subsidy_fen, -1.0)):
            sums = [float(f @ d.daily[:, metric]) for f, d in zip(by_day, (arm, baseline), strict=True)]
            out[name] = sign * (sums[0] * per[0] - sums[1] * per[1])
        out["margin"] -= out["fees"]
        return out
    for sign, each, detail, kinds, model, f in (
        (1.0, per[0], arm, found.arm, models[0], by_day[0]),
        (-1.0, per[1], baseline, found.baseline, models[1], by_day[1]),
    ):
        weight = sign * each * f[detail.order_day.astype(np.int64) - 1]
        # the engine's own rounding of a margin to whole fen
        margin = weight * np.floor(detail.order_amount * model.economics.margin + 0.5)
        subsidy = -weight * detail.order_subsidy
        alone, stranger, shared = kinds == ALONE, kinds == ALONE_NEWCOMER, kinds <= SHIFTED
        invited = detail.source_names[detail.source[detail.order_user]] == "referral"
        out["added" if sign > 0 else "lost"] += float(margin[alone].sum())
        out["moved"] += float(margin[shared].sum())
        out["invited"] += float(margin[stranger & invited].sum())
        out["others"] += float(margin[stranger & ~invited].sum())
        out["subsidy_anyway"] += float(subsidy[shared].sum())
        out["subsidy_extra"] += float(subsidy[~shared].sum())
    return out
