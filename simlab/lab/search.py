"""The search: strategies tried on one panel of common seeds, against the current strategy on the same seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.lab.crew import Crew, Task
from simlab.lab.past import with_past
from simlab.lab.planner import Planner, Trial
from simlab.lab.runs import Run
from simlab.lab.seeds import Seed
from simlab.lab.space import Params, Space
from simlab.lab.studies import Study
from simlab.scenario import InputError, Problem, Scenario, with_values
from simlab.scenario.experiment import TuneSpec
from simlab.scenario.outcomes import Constraint

Strategy = Callable[[Scenario], Scenario]
"""From a scenario with the current strategy to the same with another one."""
Place = tuple[int, Seed]
"""Where a strategy is tried: a sampled world (0: the scenario's own numbers), and a seed."""
POLL = 0.3
"""Seconds between two looks at what the other workers have finished."""


class OutOfTime(Exception):
    """The time budget was used up before all runs were done."""


def current(scenario: Scenario) -> Scenario:
    """The current strategy."""
    return scenario


def by_values(values: Mapping[str, object]) -> Strategy:
    """The strategy with these values by path."""
    return lambda scenario: with_values(scenario, values)


@dataclass(frozen=True)
class Panel:
    """Places on which strategies meet.

    Attributes:
        scenario: the scenario with its current strategy.
        places: where each strategy is tried.
        worlds: values by path of each sampled world.
    """

    scenario: Scenario
    places: tuple[Place, ...]
    worlds: Mapping[int, Mapping[str, float]]

    def tasks(self, strategy: Strategy, detail: bool = False) -> list[Task]:
        """One task per place.

        Raises:
            InputError: the strategy is not possible in this scenario.
        """
        tasks = []
        made: dict[int, tuple[Scenario, Scenario | None]] = {}
        for world, seed in self.places:
            if world not in made:
                here = (
                    with_values(self.scenario, self.worlds[world], to_grain=True) if world else self.scenario
                )
                made[world] = with_past(strategy(here), here)
            arm, before = made[world]
            tasks.append(Task(arm, seed, detail, world, before))
        return tasks


def column(runs: Sequence[Run], outcome: str) -> NDArray[np.float64]:
    """An outcome by place.

    Raises:
        RuntimeError: a run failed.
    """
    bad = next((run for run in runs if run.failure), None)
    if bad is not None:
        raise RuntimeError(reason(bad))
    return np.array([run.outcomes[outcome] for run in runs], np.float64)


def reason(bad: Run) -> str:
    """Why a run failed, in a line."""
    return f"seed {int(bad.seed)}, world {bad.world}: {bad.failure.strip().splitlines()[-1]}"


def limited(runs: Sequence[Run], constraint: Constraint) -> NDArray[np.float64]:
    """The outcome of a constraint by place; a rate of nothing (complaints per touch without a touch) counts as 0."""
    return np.nan_to_num(column(runs, constraint.outcome), nan=0.0)


def text_of(constraint: Constraint) -> str:
    """A constraint as it is written."""
    return f"{constraint.outcome} {constraint.op} {float(constraint.limit):g}"


def beyond(mean: float, constraint: Constraint) -> float:
    """How far a mean is beyond the limit, relative to it; <= 0: kept."""
    sign = 1.0 if constraint.op == "<=" else -1.0
    return sign * (mean - float(constraint.limit)) / max(abs(float(constraint.limit)), 1e-9)


@dataclass(frozen=True)
class Judge:
    """How the uplifts of a strategy over places become one value.

    Attributes:
        how: mean, worst_decile (mean of the worst tenth of the places) or regret (largest shortfall from the best
            of some reference strategies, place by place; as a negative number).
        maximise: whether more is better.
        reference: (places,) best uplift among the reference strategies, for regret.
    """

    how: str
    maximise: bool
    reference: NDArray[np.float64] | None = None

    def value(self, uplifts: NDArray[np.float64]) -> float:
        """One value; its sign is that of the outcome."""
        sign = 1.0 if self.maximise else -1.0
        good = sign * uplifts
        if self.how == "worst_decile":
            worst = max(1, math.ceil(len(good) / 10))
            return sign * float(np.sort(good)[:worst].mean())
        if self.how == "regret":
            assert self.reference is not None
            return -sign * float((sign * self.reference - good).max())
        return float(uplifts.mean())


@dataclass(frozen=True)
class Search:
    """Everything that a trial is measured with."""

    spec: TuneSpec
    space: Space
    panel: Panel
    objectives: Mapping[str, str]
    constraints: tuple[Constraint, ...]
    judge: Judge
    base: tuple[Run, ...]

    def measure(
        self, number: int, params: Params, runs: Sequence[Run], order: Sequence[int], raced: bool
    ) -> Trial:
        """A trial from its runs at the positions `order` of the panel."""
        bad = next((run for run in runs if run.failure), None)
        if bad is not None:
            return Trial(number, params, failure=f"{reason(bad)}\n{bad.failure}")
        base = [self.base[k] for k in order]
        uplifts = {o: column(runs, o) - column(base, o) for o in self.objectives}
        if not all(np.isfinite(u).all() for u in uplifts.values()):
            return Trial(number, params, failure="an objective is not defined (nothing to divide by)")
        first, *others = uplifts
        values = (self.judge.value(uplifts[first]), *(float(uplifts[o].mean()) for o in others))
        constraints, means = {}, {o: float(column(runs, o).mean()) for o in self.objectives}
        for constraint in self.constraints:
            mean = float(limited(runs, constraint).mean())
            constraints[text_of(constraint)] = beyond(mean, constraint)
            means[constraint.outcome] = mean
        steps = (
            {k: float(uplifts[first][j]) for j, k in enumerate(order)} if len(self.objectives) == 1 else {}
        )
        return Trial(number, params, values, constraints, means, steps, raced)


def search(
    rules: Search, planner: Planner, study: Study, crew: Crew, each: Callable[[Trial, int], None]
) -> tuple[dict[int, Trial], bool]:
    """Try strategies until there are as many as asked for.

    Args:
        each: told every trial that this process finishes, and how many are finished.

    Returns:
        the finished trials by number, and whether that is all of them.

    Raises:
        InputError: the record of the study cannot be used.
    """
    done = study.trials()
    counted: dict[int, Trial] = {}
    while planner.count < rules.spec.trials:
        first = planner.count
        planned = planner.plan(min(rules.spec.batch, rules.spec.trials - first))
        batch = dict(enumerate(planned, start=first))
        for number, params in batch.items():
            if number in done and done[number].params != params:
                raise InputError(Problem(f"trial {number} of the study", "it was planned by another version",
                                         "Give the experiment another name to begin a new study; finished runs are "
                                         "found again where the rules are the same."))  # fmt: skip
        try:
            while missing := {n: p for n, p in batch.items() if n not in done}:
                work = _work_all if study.alone else _work_one
                work(rules, planner, study, crew, missing, each)
                done = study.trials()
        except OutOfTime:
            return counted, False
        trials = [done[number] for number in batch]
        planner.told(trials)
        counted |= dict(zip(batch, trials, strict=True))
    return counted, True


def _work_all(
    rules: Search, planner: Planner, study: Study, crew: Crew, missing: Mapping[int, Params],
    each: Callable[[Trial, int], None],
) -> None:  # fmt: skip
    """Do the missing trials of a batch together, so that their runs fill the threads."""
    try:
        trials = evaluate(rules, planner, crew, missing)
    except OutOfTime as short:
        for trial in short.args[0]:
            study.add(trial, rules.space.distributions)
        raise
    for trial in trials:
        study.add(trial, rules.space.distributions)
        each(trial, planner.count)


def _work_one(
    rules: Search, planner: Planner, study: Study, crew: Crew, missing: Mapping[int, Params],
    each: Callable[[Trial, int], None],
) -> None:  # fmt: skip
    """Do one missing trial that nobody has in hand; without one, wait for the others."""
    for number, params in missing.items():
        if study.hold(number):
            try:
                if number in study.trials():  # finished a moment ago
                    return
                (trial,) = evaluate(rules, planner, crew, {number: params})
                study.add(trial, rules.space.distributions)
                each(trial, planner.count)
            finally:
                study.let_go(number)
            return
    if crew.out_of_time:
        raise OutOfTime([])
    time.sleep(POLL)


def evaluate(rules: Search, planner: Planner, crew: Crew, batch: Mapping[int, Params]) -> list[Trial]:
    """Measure some trials on the panel, in the order of their numbers.

    Raises:
        OutOfTime: the time budget is used up; its argument is the list of those trials that were finished.
    """
    tasks: dict[int, list[Task]] = {}
    finished: dict[int, Trial] = {}
    for number, params in batch.items():
        try:
            tasks[number] = rules.panel.tasks(by_values(rules.space.values(params)))
        except InputError as error:  # a corner of the space that the schema refuses
            finished[number] = Trial(number, params, failure=f"not possible: {error.problems[0].message}")
    if rules.spec.racing:
        finished |= _race(rules, planner, crew, batch, tasks)
    else:
        flat = [(number, k) for number, own in tasks.items() for k in range(len(own))]
        runs = crew.runs([tasks[number][k] for number, k in flat])
        by_trial: dict[int, list[Run]] = {number: [] for number in tasks}
        for (number, _), run in zip(flat, runs, strict=True):
            by_trial[number].append(run)
        order = range(len(rules.panel.places))
        for number, own_runs in by_trial.items():
            if not any(run.skipped for run in own_runs):
                finished[number] = rules.measure(number, batch[number], own_runs, order, False)
    if len(finished) < len(batch):
        raise OutOfTime([finished[n] for n in batch if n in finished])
    return [finished[number] for number in batch]


def _race(
    rules: Search, planner: Planner, crew: Crew, batch: Mapping[int, Params], tasks: Mapping[int, list[Task]]
) -> dict[int, Trial]:
    """Seed by seed, each trial in an order of its own, until it is hopeless or the panel is through."""
    places = len(rules.panel.places)
    orders = {n: np.random.Generator(np.random.PCG64(n)).permutation(places).tolist() for n in tasks}
    runs: dict[int, list[Run]] = {n: [] for n in tasks}
    racing, finished = list(tasks), {}
    for step in range(places):
        for number, run in zip(racing, crew.runs([tasks[n][orders[n][step]] for n in racing]), strict=True):
            runs[number].append(run)
        going = []
        for number in racing:
            if runs[number][-1].skipped:
                continue
            taken = orders[number][: step + 1]
            trial = rules.measure(number, batch[number], runs[number], taken, step + 1 < places)
            if trial.failure or step + 1 == places or planner.hopeless(trial.params, trial.steps):
                finished[number] = trial
            else:
                going.append(number)
        racing = going
        if not racing:
            break
    return finished
