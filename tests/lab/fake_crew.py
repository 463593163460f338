"""A crew that computes outcomes by a formula of the scenario instead of simulating."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simlab.lab.crew import Task
from simlab.lab.runs import Run
from simlab.scenario import Scenario, load, with_values

Formula = Callable[[Scenario], float]
PUSH, DEPTH, REWARD = "levers.push.active.per_week", "levers.offers.coupon.depth", "levers.referral.reward"
LIFT, MUTE, ACCEPT = "behaviour.exposure.lift", "behaviour.opt_out.mute", "behaviour.invitation.accept"


class FakeCrew:
    """Outcome = formula + luck of the seed (shared by all points) + luck of seed and point.

    Args:
        shared, own: sd of the two kinds of luck.
        breaks: of (scenario, seed): whether that run fails.
    """

    def __init__(
        self, formula: Formula, shared: float = 0.0, own: float = 0.0,
        breaks: Callable[[Scenario, int], bool] = lambda scenario, seed: False,
    ) -> None:  # fmt: skip
        self.formula, self.shared, self.own, self.breaks = formula, shared, own, breaks
        self.tasks: list[Task] = []

    def runs(self, tasks: Sequence[Task]) -> list[Run]:
        self.tasks += tasks
        return [self._run(task) for task in tasks]

    def _run(self, task: Task) -> Run:
        seed = int(task.seed)
        if self.breaks(task.scenario, seed):
            return Run(task.world, seed, failure="Traceback\nValueError: it broke <here>")
        value = self.formula(task.scenario)
        luck = self.shared * np.random.default_rng(seed).standard_normal()
        # a point's own luck depends on what it is, not on when it is asked for
        point = np.random.default_rng([seed, hash(round(value, 9)) % 2**32]).standard_normal()
        return Run(task.world, seed, {"customer_equity": value + luck + self.own * float(point)})


def base(**uncertainties: object) -> Scenario:
    """The default scenario with these uncertainties only; names as in `LIFT` ..., by last part of the path."""
    paths = {path.rpartition(".")[2]: path for path in (LIFT, MUTE, ACCEPT)}
    scenario = load("default").scenario
    spans = {paths[name]: span for name, span in uncertainties.items()}
    bare = scenario.model_copy(update={"uncertainties": {}})
    return with_values(bare, {"uncertainties": spans}) if spans else bare


def at(scenario: Scenario, path: str, low: float, high: float) -> float:
    """Position in [0, 1] of a number of the scenario between two ends."""
    from simlab.scenario import get_value

    return (float(get_value(scenario, path)) - low) / (high - low)
