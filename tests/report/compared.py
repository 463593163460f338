"""A made-up comparison of a plausible shape, so that the page can be tested without running a world.

The runs are made up; the tables come from them the way the lab makes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from synthetic import CHINESE, HOSTILE, scenario

from simlab.lab.compare import compare
from simlab.lab.comparison import Comparison
from simlab.lab.crew import Task
from simlab.lab.detail import NO_DAY, SUMS, Detail
from simlab.lab.runs import Run
from simlab.scenario import Scenario, with_values
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.outcomes import OUTCOMES
from simlab.world.metrics import METRICS

PEOPLE = 60


class Invented:
    """A crew that makes up runs: pushes and deep coupons move every outcome a little, seeds move them a lot.

    Args:
        detail: whether runs come with details.
        failing: seeds that fail in all arms but the first.
    """

    def __init__(self, detail: bool = True, failing: Sequence[int] = ()) -> None:
        self.detail, self.failing = detail, failing
        self.first: Scenario | None = None

    def runs(self, tasks: Sequence[Task]) -> list[Run]:
        """Every task made up."""
        self.first = self.first or (tasks[0].scenario if tasks else None)
        return [self._run(task) for task in tasks]

    def _run(self, task: Task) -> Run:
        if task.seed in self.failing and self.first is not None and task.scenario.levers != self.first.levers:
            return Run(task.world, task.seed, failure=f"Traceback ...\nValueError: {HOSTILE}")
        levers = task.scenario.levers
        push = sum(c.per_week for c in levers.push.values())
        depth = sum(offer.depth for offer in levers.offers.values())
        move = 0.02 * (push - 11) - 0.5 * (depth - 0.1)
        rng = np.random.default_rng([task.seed, task.world])
        level = rng.normal(100, 10) * (1 + move * (1 + 0.6 * rng.normal() * (task.world > 0)))
        outcomes = {name: level * (1 + 0.1 * k) for k, name in enumerate(OUTCOMES)}
        for name, (_, unit) in OUTCOMES.items():
            if unit == "share":
                outcomes[name] = level / 1000
        outcomes["newcomer_need"] = float("nan")
        detail = _detail(task, move) if self.detail and task.detail else None
        return Run(task.world, task.seed, outcomes, detail=detail)


def _detail(task: Task, move: float) -> Detail:
    horizon = task.scenario.horizon
    rng = np.random.default_rng(task.seed)
    tendency = rng.uniform(size=(PEOPLE, horizon))
    user, day = np.nonzero(tendency < 0.03 * (1 + 5 * move))
    order = np.argsort(day, kind="stable")
    user, day = user[order], day[order] + 1
    amount = (1000 * tendency[user, day - 1] * 1e4).astype(np.int64) + 5000
    coupon = (user + day) % 5 == 0
    subsidy = np.where(coupon, amount // 10, 0)
    daily = np.zeros((horizon, len(METRICS)), np.int64)
    np.add.at(daily[:, METRICS.index("margin_fen")], day - 1, amount // 2)
    np.add.at(daily[:, METRICS.index("subsidy_fen")], day - 1, subsidy)
    daily[:, METRICS.index("touch_fen")] = 100 + int(1000 * move)
    names = [stage.name for stage in task.scenario.stages]
    segments = [*task.scenario.population.segments, HOSTILE]
    kinds = ["segment"] * 3 + ["stage"] * 6 + ["source"] * 2 + ["cohort"] * 2
    groups = [*segments, *names, "newcomer", "base", "referral", "base", "month 1"]
    sums = np.abs(rng.normal(1000, 100, (len(kinds), len(SUMS)))).astype(np.int64)
    sums[:, SUMS.index("net_fen")] += int(2000 * move)
    return Detail(
        daily=daily, stages=(np.abs(rng.normal(100, 3, (horizon, len(names)))) * (1 + move)).astype(np.int64),
        stage_names=np.array(names), sums=sums, kinds=np.array(kinds), groups=np.array(groups),
        order_day=day.astype(np.int16), order_user=user.astype(np.int32), order_amount=amount,
        order_subsidy=subsidy, order_bits=coupon.astype(np.uint8),
        joined=np.where(np.arange(PEOPLE) < 50, 0, np.where(rng.uniform(size=PEOPLE) < 0.5 + move, 5, NO_DAY)).astype(
            np.int16
        ),
        source=np.full(PEOPLE, 1, np.uint8), source_names=np.array(["base", "referral"]),
        gone=rng.uniform(size=PEOPLE) < 0.1 + move, muted=rng.uniform(size=PEOPLE) < 0.1,
    )  # fmt: skip


def compared(
    seeds: int = 6, worlds: int = 12, precision: float | None = None, outcome: str = "customer_equity",
    arms: dict[str, Scenario] | None = None, max_seeds: int = 12, **crew: object,
) -> Comparison:  # fmt: skip
    """A comparison of a current strategy with three others, one with a Chinese and one with a hostile name."""
    own = scenario(horizon=60, warmup=0)
    arms = arms or {
        "current": own,
        f"{CHINESE}多推": with_values(own, {"levers.push.active.per_week": 5}),
        HOSTILE: with_values(own, {"levers.offers.coupon.depth": 0.2}),
        "same": own,
    }
    spec = CompareSpec.model_validate({"arms": {"a": {}, "b": {}}, "seeds": seeds, "max_seeds": max_seeds,
                                       "worlds": worlds, "precision": precision})  # fmt: skip
    return compare(arms, spec, outcome, Invented(**crew), name=f"推送 & {HOSTILE}",  # type: ignore[arg-type]
                   question="Does <script>alert(1)</script> pay?",
                   manifest={"command": "simlab compare x.yaml"})  # fmt: skip


def varied() -> Comparison:
    """A comparison along one lever."""
    own = scenario(horizon=60, warmup=0)
    path = "levers.push.active.per_week"
    arms = {"3": own} | {str(v): with_values(own, {path: v}) for v in (1, 2, 5, 7)}
    return compared(arms=arms)
