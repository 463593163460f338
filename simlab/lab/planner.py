"""The planner: which strategies to try next, as a pure function of those finished and of their numbers.

Optuna does the choosing, in a study that lives in memory only and is told the finished trials batch by batch,
with a sampler seeded anew from the number of each trial. So 1 or 4 workers, interrupted or not, plan the
same strategies; what is stored elsewhere is a record and never steers.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from simlab.lab.space import Params
from simlab.scenario import InputError, Problem

optuna.logging.set_verbosity(optuna.logging.WARNING)

FIRST_LOOK = 4
"""Seeds of a panel that a strategy is run on before racing may drop it."""
RACING_P = 0.05
"""Wilcoxon's p below which it is dropped; looked at after every seed, so it errs more often than that."""


@dataclass(frozen=True)
class Trial:
    """One strategy that was tried.

    Attributes:
        number: its number; 0 is the current strategy.
        params: what was tried, as in `Space`.
        values: objectives as uplifts over the current strategy; empty where it failed.
        constraints: by text: how far the panel mean is beyond the limit (<= 0: kept).
        means: panel means of outcomes.
        steps: uplift of the first objective by position in the panel.
        raced: dropped before the whole panel was run.
        failure: why it has no values; "" if it has.
    """

    number: int
    params: Params
    values: tuple[float, ...] = ()
    constraints: dict[str, float] = field(default_factory=dict)
    means: dict[str, float] = field(default_factory=dict)
    steps: dict[int, float] = field(default_factory=dict)
    raced: bool = False
    failure: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it finished and kept every limit on the panel."""
        return not self.failure and all(beyond <= 0 for beyond in self.constraints.values())


class Planner:
    """Plans batch after batch; `told` must get every batch in order before the next is planned.

    Args:
        name: sampler: tpe, cmaes, gp, qmc or random.
        distributions: Optuna's, by path.
        directions: "maximise" or "minimise" of each objective.
        start: parameters of trial 0.
        salt: number that makes this search different from another.
        scale: size of the first objective, in which a broken limit is weighed where a sampler ignores limits.

    Raises:
        InputError: the sampler needs a package that is not installed.
    """

    def __init__(
        self, name: str, distributions: Mapping[str, BaseDistribution], directions: Sequence[str], start: Params,
        salt: int, scale: float,
    ) -> None:  # fmt: skip
        self.name, self.distributions, self.start = name, dict(distributions), start
        self.salt, self.scale = salt, scale
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.seedless = _sampler(name, 0, 0)  # refuses at once what is not installed
        self.study = optuna.create_study(
            directions=["minimize" if d == "minimise" else "maximize" for d in directions],
            sampler=self.seedless,
        )
        self.open: dict[int, optuna.Trial] = {}
        self.count = 0

    def plan(self, size: int) -> list[Params]:
        """Parameters of the next `size` trials."""
        planned: list[Params] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number in range(self.count, self.count + size):
                if number == 0:
                    self.study.enqueue_trial(self.start)
                self.study.sampler = _sampler(self.name, self.salt, number)
                trial = self.study.ask(fixed_distributions=self.distributions)
                self.open[number] = trial
                planned.append(dict(trial.params))
        self.count += size
        return planned

    def told(self, trials: Sequence[Trial]) -> None:
        """What became of a planned batch."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for done in sorted(trials, key=lambda t: t.number):
                trial = self.open.pop(done.number)
                if done.failure:
                    self.study.tell(trial, state=TrialState.FAIL)
                    continue
                for step, value in sorted(done.steps.items()):
                    trial.report(value, step)
                for text, beyond in sorted(done.constraints.items()):
                    trial.set_constraint(text, beyond)
                self.study.tell(trial, list(self._seen(done)))

    def _seen(self, done: Trial) -> tuple[float, ...]:
        """The values as the sampler sees them: one that ignores limits sees a penalty instead."""
        if self.name != "cmaes":
            return done.values
        sign = 1.0 if self.study.directions[0].name == "MAXIMIZE" else -1.0
        beyond = math.fsum(max(0.0, b) for b in done.constraints.values())  # in whatever order they come back
        return (done.values[0] - sign * self.scale * beyond,)

    def hopeless(self, params: Params, steps: Mapping[int, float]) -> bool:
        """Whether racing drops a strategy after these steps, against the best one of earlier batches."""
        if len(steps) < FIRST_LOOK:
            return False
        from optuna.pruners import WilcoxonPruner

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pruner = WilcoxonPruner(p_threshold=RACING_P, n_startup_steps=FIRST_LOOK)
            trial = optuna.trial.create_trial(
                state=TrialState.RUNNING, params=params, distributions=self.distributions,
                intermediate_values=dict(steps),
            )  # fmt: skip
            return bool(pruner.prune(self.study, trial))


def _sampler(name: str, salt: int, number: int) -> BaseSampler:
    """The sampler of one trial."""
    seed = int.from_bytes(hashlib.sha256(f"{salt}:{number}".encode()).digest()[:4])
    samplers = optuna.samplers
    if name == "tpe":
        return samplers.TPESampler(seed=seed)
    if name == "random":
        return samplers.RandomSampler(seed=seed)
    if name == "qmc":  # one scrambled sequence for the whole search
        return samplers.QMCSampler(
            qmc_type="sobol", scramble=True, seed=salt % 2**31, warn_independent_sampling=False
        )
    if name == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        raise InputError(Problem("sampler: gp", "the sampler 'gp' needs PyTorch, which is not installed",
                                 "Install it: pip install 'simlab[gp]'; or use sampler: tpe.")) from None  # fmt: skip
    return samplers.GPSampler(seed=seed)


def as_attrs(trial: Trial) -> dict[str, Any]:
    """What a study keeps of a trial beside Optuna's own fields."""
    return {"plan": trial.number, "means": trial.means, "raced": trial.raced, "failure": trial.failure[:4000],
            "feasible": trial.feasible}  # fmt: skip
