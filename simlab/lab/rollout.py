"""The smallest live test that would find an effect, planned by simulating it on the scenario's own graph.

A test that assigns users one by one is the cheapest, but friends in the other arm blur it: what it measures is
not what rolling out to everybody would bring. Assigning whole communities blurs less and needs more users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from simlab.lab.clusters import communities_of
from simlab.lab.ground import Ground, ground_of
from simlab.lab.rollout_plan import TOLERATED, Held, Plan, Rollout, estimate_table, plan_table
from simlab.lab.rollout_stats import (
    Count,
    Variances,
    errors_at,
    mean_of,
    smallest_effect,
    units_needed,
)
from simlab.lab.rollout_tests import Setting, TestRun, simulate_test
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario, with_values
from simlab.scenario.rollout_spec import Design, RolloutSpec
from simlab.world.cells import check_cells

__all__ = ["TOLERATED", "Held", "Plan", "Rollout", "alone", "arms_of", "at_its_size", "plan", "plan_table"]
__all__ += ["estimate_table", "read_tests", "rollout_results", "setting_of"]

LEAST = 20
"""Simulated units in both arms below which a test is not simulated: with fewer an arm may be empty."""
Simulate = Callable[[Callable[[int], TestRun], Sequence[int]], Iterable[TestRun]]
"""How tests are run: `map`, or an executor's `map`."""


def arms_of(scenario: Scenario, spec: RolloutSpec) -> tuple[Scenario, Scenario]:
    """The scenario under the control's and under the treatment's strategy.

    Raises:
        InputError: a path that does not exist, a value that its field does not allow, or no user-level lever.
    """
    for arm, values in (("control", spec.control), ("treatment", spec.treatment)):
        for path in values:
            if not path.startswith("levers."):
                raise InputError(Problem("rollout", "only levers differ between the arms of a test",
                                         where=f"{arm}.{path}", value=str(values[path]),
                                         cure="Name a path that begins with 'levers.'."))  # fmt: skip
    control, treatment = (with_values(scenario, values) for values in (spec.control, spec.treatment))
    if control.levers == treatment.levers:
        raise InputError(Problem("rollout", "both arms have the same strategy", where="treatment",
                                 cure="Give the treatment a lever that differs from the control."))  # fmt: skip
    for kind in ("touches", "offers"):
        gone = getattr(scenario.levers, kind).keys() - getattr(control.levers, kind).keys()
        if gone:
            raise InputError(Problem("rollout", f"the control lacks {kind} that hold until day 0",
                                     where=f"control.levers.{kind}", value=", ".join(sorted(gone)),
                                     cure="Leave them in, and give them no weight in levers.push."))  # fmt: skip
    return control, treatment


def setting_of(
    control: Scenario, treatment: Scenario, spec: RolloutSpec, before: Scenario | None = None,
    ground: Ground | None = None,
) -> Setting:  # fmt: skip
    """What all simulated tests share; see `plan`."""
    days = 7 * max(spec.weeks)
    long = {"horizon": days, "uncertainties": {}, "constraints": ()}
    control, treatment = (arm.model_copy(update=long) for arm in (control, treatment))
    before = (before or control).model_copy(update=long)
    nothing = control.levers.model_copy(update={"push": {}, "referral": None})
    holdout = control.model_copy(update={"levers": nothing})
    if ground is None:
        ground = ground_of(control)
    n = ground.graph.n
    check_cells(control, (treatment, holdout), np.zeros(n, np.uint8), n)
    units: dict[Design, Any] = {}
    if "user" in spec.designs:
        units["user"] = np.arange(n)
    if "cluster" in spec.designs:
        units["cluster"] = communities_of(ground.graph).astype(np.int64)
        count = int(units["cluster"].max()) + 1
        if count * (1 - spec.holdout) * min(spec.share, 1 - spec.share) < 2:
            raise InputError(Problem("rollout", "fewer than two communities in an arm", where="graph",
                                     value=f"{count} communities", cure="Plan with randomise: user."))  # fmt: skip
    return Setting(control, treatment, holdout, before, ground, units, spec)


def plan(
    control: Scenario, treatment: Scenario, spec: RolloutSpec, simulate_many: Simulate = map, *,
    before: Scenario | None = None, ground: Ground | None = None, progress: Watcher | None = None,
) -> Rollout:  # fmt: skip
    """Simulate tests of two strategies and plan the real one.

    Args:
        control, treatment: one world under the strategies of arms A and B; they may differ in user-level levers.
        spec: shares, durations, power, designs.
        simulate_many: runs the tests; `map`, or the `map` of an executor.
        before: the world under the strategy that holds until day 0; by default the control's.
        ground: graph and base, if already built.
        progress: who is told how it goes.

    Raises:
        InputError: arms that differ in more than user-level levers, or a graph without communities to assign.
        RuntimeError: every test failed; the message holds the first traceback.
    """
    progress = progress or Nobody()
    setting = setting_of(control, treatment, spec, before, ground)
    rollout = read_tests(setting, _simulated(setting, range(1, spec.tests + 1), simulate_many, progress))
    if rollout.advice is None:
        return rollout
    progress.says("Simulating the advised test at the size that it needs ...")
    return replace(rollout, chosen=at_its_size(setting, rollout.advice, simulate_many, progress))


def _simulated(
    setting: Setting, seeds: Sequence[int], simulate_many: Simulate, progress: Watcher
) -> list[TestRun]:
    runs = []
    progress.begins(len(seeds) * setting.days)
    try:
        for run in simulate_many(partial(simulate_test, setting), seeds):
            runs.append(run)
            progress.days(setting.days)
    finally:
        progress.ends()
    return runs


def at_its_size(
    setting: Setting, planned: Plan, simulate_many: Simulate = map, progress: Watcher | None = None
) -> Plan:
    """The same design and duration, simulated with as many units in it as it needs, on fresh seeds.

    Two rounds, the second of twice as many tests: what each treated user feels of the others depends on how many
    are treated, so that a test at the needed size may need another one.
    """
    tests = setting.spec.tests
    for k in (1, 2):
        setting = alone(setting, planned)
        seeds = range(k * tests + 1, 2 * k * tests + 1)
        runs = _simulated(setting, seeds, simulate_many, progress or Nobody())
        planned = read_tests(setting, runs).at(planned.design, planned.weeks)
    return planned


def alone(setting: Setting, planned: Plan) -> Setting:
    """The setting of one design and duration, with as large a share of the units in it as the plan needs.

    At least `LEAST` simulated ones: where one stands for many real ones, a small test cannot be simulated smaller.
    """
    only = {"randomise": planned.design, "weeks": (planned.weeks,)}
    days = {"horizon": 7 * planned.weeks}
    arms = (setting.control, setting.treatment, setting.holdout, setting.before)
    control, treatment, holdout, before = (arm.model_copy(update=days) for arm in arms)
    return replace(
        setting, control=control, treatment=treatment, holdout=holdout, before=before,
        units={planned.design: setting.units[planned.design]}, spec=setting.spec.model_copy(update=only),
        enrol=min(1.0, max(planned.needed, LEAST * setting.control.scale) / planned.available),
    )  # fmt: skip


def read_tests(setting: Setting, runs: Sequence[TestRun]) -> Rollout:
    """The plans that simulated tests give; arguments as `plan` makes them."""
    good = [run for run in runs if not run.failure]
    if len(good) < 2:
        raise RuntimeError("every test failed; the first one with:\n" + runs[0].failure)
    spec = setting.spec
    members = float(np.mean([run.members for run in good]))
    pairs = [(design, weeks) for design in setting.units for weeks in spec.weeks]
    return Rollout(
        control=setting.control, treatment=setting.treatment, spec=spec,
        plans=tuple(_plan(setting, good, design, weeks) for design, weeks in pairs),
        held=tuple(
            _held(setting, good, design, weeks) for design, weeks in pairs
            if sum((design, weeks) in run.held for run in good) > 0.5 * len(good)
        ),
        members=members,
        communities=int(setting.units["cluster"].max()) + 1 if "cluster" in setting.units else 0,
        tests=len(good), failures=tuple(run.failure for run in runs if run.failure),
    )  # fmt: skip


def _plan(setting: Setting, runs: Sequence[TestRun], design: Design, weeks: int) -> Plan:
    spec = setting.spec
    found = [run.tests[design, weeks] for run in runs]
    truths = np.array([run.truth[weeks] for run in runs])
    bias = np.array([m.spill[1] - m.spill[0] for m in found])
    expected = mean_of(truths + bias)
    variances, tidier = [m.variances for m in found], [m.adjusted_variances for m in found]
    users, units = (float(np.mean([sum(getattr(m, what)) for m in found])) for what in ("users", "units"))
    size, evenness = users / units, float(np.mean([m.evenness for m in found]))
    plain = errors_at([(m.sd[0] ** 2, m.sd[1] ** 2) for m in found], spec.share, users)
    real = setting.control.scale / setting.enrol

    def needed(each: Variances) -> float:
        effect = expected.value if expected.clear else 0.0
        return units_needed(effect, each, spec.share, spec.power, spec.level, evenness)

    return Plan(
        design=design, weeks=weeks, effect=mean_of(truths), expected=expected, bias=mean_of(bias),
        spill=(mean_of([m.spill[0] for m in found]), mean_of([m.spill[1] for m in found])),
        contact=float(np.mean([run.contact[design] for run in runs])),
        estimates=tuple(m.plain.difference for m in found), errors=tuple(m.plain.error for m in found),
        truths=tuple(truths.tolist()),
        found=Count(sum(m.plain.finds(spec.level) for m in found), len(found)),
        false=Count(sum(m.placebo.finds(spec.level) for m in found), len(found)),
        users_now=users,
        design_effect=float(np.mean(errors_at(variances, spec.share, units) ** 2) / np.mean(plain**2)),
        variances=variances, adjusted_variances=tidier, unit_size=size, evenness=evenness, available=units * real,
        share=spec.share, level=spec.level, needed=needed(variances), adjusted_needed=needed(tidier),
    )  # fmt: skip


def _held(setting: Setting, runs: Sequence[TestRun], design: Design, weeks: int) -> Held:
    spec, scale = setting.spec, setting.control.scale
    found = [run.held[design, weeks] for run in runs if (design, weeks) in run.held]
    units = np.mean([m.units for m in found], axis=0) * scale
    variances = np.mean([m.variances for m in found], axis=0)
    error = float(np.sqrt(variances[0] / units[0] + variances[1] / units[1]))
    return Held(
        design, weeks, mean_of([run.worth[weeks] for run in runs]),
        mean_of([m.spill[1] - m.spill[0] for m in found]),
        float(np.mean([m.users[0] for m in found])) * scale, error,
        smallest_effect(error, float(max(units[0] - 1, 1)), spec.power, spec.level),
    )  # fmt: skip


def rollout_results(
    scenario: Scenario, spec: RolloutSpec, *, executor: Executor | None = None, progress: Watcher | None = None,
    ground: Ground | None = None,
) -> Rollout:  # fmt: skip
    """Plan a live test of two strategies in a scenario: what `simlab rollout` does before it writes the page.

    Args:
        scenario: the world, today's strategy, and what held in its warm-up.
        spec: the experiment file's `rollout` section.
        executor: where simulated tests run; by default one after the other, here.
        progress: who is told how it goes.
        ground: graph and base, if already built.

    Raises:
        InputError: arms that are no user-level strategies of this scenario, or files that cannot be used.
        RuntimeError: every test failed.
    """
    control, treatment = arms_of(scenario, spec)
    before = with_values(scenario, scenario.warmup.levers) if scenario.warmup.levers else scenario
    many: Simulate = map if executor is None else executor.map
    return plan(control, treatment, spec, many, before=before, ground=ground, progress=progress)
