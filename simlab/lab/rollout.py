"""The smallest live test that would find an effect, planned by simulating it on the scenario's own graph.

A test that assigns users one by one is the cheapest, but friends in the other arm blur it: what it measures is
not what rolling out to everybody would bring. Assigning whole communities blurs less and needs more users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from simlab.lab.clusters import communities_of
from simlab.lab.rollout_stats import (
    Count,
    Estimate,
    Variances,
    errors_at,
    mean_of,
    power_of,
    smallest_effect,
    units_needed,
)
from simlab.lab.rollout_tests import Setting, TestRun, simulate_test
from simlab.lab.runs import Ground, ground_of
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario, with_values
from simlab.scenario.rollout_spec import Design, RolloutSpec
from simlab.world.cells import check_cells

TOLERATED = 0.10
"""A test whose estimate misses the effect of the rollout by less than this share of it may be believed."""
Simulate = Callable[[Callable[[int], TestRun], Sequence[int]], Iterable[TestRun]]
"""How tests are run: `map`, or an executor's `map`."""


@dataclass(frozen=True)
class Plan:
    """One design and duration: what such a test would measure, and how large it must be.

    Attributes:
        design, weeks: which.
        effect: of the rollout: everybody on B less everybody on A, per member on day 1.
        expected: what the test measures on average. bias: `expected` less `effect`, from paired worlds.
        spill: what the test does to arms A and B beyond what their strategies do when everybody is on them.
        contact: share of friends who are in another arm.
        estimates, errors, truths: of each simulated test.
        spread: standard deviation of the estimates. error: the mean of the errors that the tests state.
        found: simulated tests, at the scenario's size, that found an effect. false: that found one where there is none.
        power: the same by formula. users_now: users counted in a simulated test.
        design_effect: variance of the mean relative to users assigned one by one.
        variances: that one unit brings, by test and arm; `adjusted_variances` with spend before day 1 taken out.
        unit_size: users counted per unit. evenness: effective units per unit.
        available: units in the real base, holdout taken off.
        needed, adjusted_needed: units for the asked power, in both arms together; inf if there is no effect to find.
        power_available: power with the whole real base.
    """

    design: Design
    weeks: int
    effect: Estimate
    expected: Estimate
    bias: Estimate
    spill: tuple[Estimate, Estimate]
    contact: float
    estimates: tuple[float, ...]
    errors: tuple[float, ...]
    truths: tuple[float, ...]
    found: Count
    false: Count
    users_now: float
    design_effect: float
    variances: Variances
    adjusted_variances: Variances
    unit_size: float
    evenness: float
    available: float
    share: float
    level: float
    needed: float
    adjusted_needed: float

    @property
    def users(self) -> float:
        """Users needed, in both arms together."""
        return self.needed * self.unit_size

    @property
    def adjusted_users(self) -> float:
        """The same with the adjustment for spend before day 1."""
        return self.adjusted_needed * self.unit_size

    @property
    def available_users(self) -> float:
        """Users there are for both arms."""
        return self.available * self.unit_size

    @property
    def spread(self) -> float:
        """Standard deviation of the simulated estimates."""
        return float(np.std(self.estimates, ddof=1))

    @property
    def error(self) -> float:
        """Mean of the standard errors that the simulated tests state."""
        return float(np.mean(self.errors))

    @property
    def power(self) -> float:
        """By formula, at the scenario's size."""
        return self.power_at(self.users_now)

    @property
    def power_available(self) -> float:
        """By formula, with the whole real base."""
        return self.power_at(self.available_users)

    @property
    def fits(self) -> bool:
        """Whether the real base is large enough."""
        return self.needed <= self.available

    @property
    def honest(self) -> bool:
        """Whether the bias is small against the effect: within `TOLERATED`, and surely within twice that."""
        worst = max(abs(self.bias.low), abs(self.bias.high))
        limit = TOLERATED * abs(self.effect.value)
        return abs(self.bias.value) <= limit and worst <= 2 * limit

    def power_at(self, users: float) -> float:
        """Chance to find the effect with so many users in both arms together."""
        units = users / self.unit_size
        if units <= 3:
            return self.level
        errors = errors_at(self.variances, self.share, units)
        return power_of(self.expected.value, errors, max(self.evenness * units - 2, 1.0), self.level)


@dataclass(frozen=True)
class Held:
    """What the persistent holdout will tell after some weeks: today's programme against nothing.

    Attributes:
        worth: of the programme: everybody on A less nobody on anything. bias: of arm A less holdout for it.
        users: in the holdout, of the real base. error: of arm A less holdout there.
        smallest: worth that would be found with the asked power.
    """

    design: Design
    weeks: int
    worth: Estimate
    bias: Estimate
    users: float
    error: float
    smallest: float


@dataclass(frozen=True)
class Rollout:
    """The plans of a live test.

    Attributes:
        control, treatment: the arms. spec: what was asked for.
        plans: by design and weeks. held: the holdout, likewise.
        members: simulated members on day 1. communities: of them, 0 where none were needed.
        tests: how many were simulated. failures: tracebacks of those that failed.
        chosen: the advised test once more, simulated with just as many users in it as it needs: the fewer are
            treated, the more each of them feels of the other arm. None where nothing can be advised.
    """

    control: Scenario
    treatment: Scenario
    spec: RolloutSpec
    plans: tuple[Plan, ...]
    held: tuple[Held, ...]
    members: float
    communities: int
    tests: int
    failures: tuple[str, ...]
    chosen: Plan | None = None

    def at(self, design: Design, weeks: int) -> Plan:
        """The plan of one design and duration."""
        return next(p for p in self.plans if p.design == design and p.weeks == weeks)

    @property
    def real_members(self) -> float:
        """Members of the real base."""
        return self.members * self.control.scale

    @property
    def advice(self) -> Plan | None:
        """The shortest test that fits the real base and may be believed, users before communities.

        Where none may be believed: the one of those that fit whose bias is the smallest against the effect.
        None where the real base is too small for any, or there is no effect to find.
        """
        fitting = [p for p in self.plans if p.fits and p.effect.clear]
        order = {"user": 0, "cluster": 1}
        honest = sorted((p for p in fitting if p.honest), key=lambda p: (p.weeks, order[p.design]))
        if honest:
            return honest[0]
        return min(fitting, key=lambda p: abs(p.bias.value / p.effect.value), default=None)


def arms_of(scenario: Scenario, spec: RolloutSpec) -> tuple[Scenario, Scenario]:
    """The scenario under the control's and under the treatment's strategy.

    Raises:
        InputError: a path that does not exist, a value that its field does not allow, or no user-level lever.
    """
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

    Two rounds: what each treated user feels of the others depends on how many are treated, so that a test at
    the needed size may need another one. `users_now` over the simulated members is the share that takes part.
    """
    tests = setting.spec.tests
    only = setting.spec.model_copy(update={"randomise": planned.design, "weeks": (planned.weeks,)})
    for k in (1, 2):
        setting = alone(setting, planned)
        seeds = range(k * tests + 1, (k + 1) * tests + 1)
        runs = _simulated(setting, seeds, simulate_many, progress or Nobody())
        planned = read_tests(setting, runs).at(planned.design, planned.weeks)
    assert setting.spec.randomise == only.randomise
    return planned


def alone(setting: Setting, planned: Plan) -> Setting:
    """The setting of one design and duration, with as large a share of the units in it as the plan needs."""
    only = {"randomise": planned.design, "weeks": (planned.weeks,)}
    days = {"horizon": 7 * planned.weeks}
    arms = (setting.control, setting.treatment, setting.holdout, setting.before)
    control, treatment, holdout, before = (arm.model_copy(update=days) for arm in arms)
    return replace(
        setting, control=control, treatment=treatment, holdout=holdout, before=before,
        units={planned.design: setting.units[planned.design]}, spec=setting.spec.model_copy(update=only),
        enrol=min(1.0, planned.needed / planned.available),
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
        held=tuple(_held(setting, good, design, weeks) for design, weeks in pairs if spec.holdout > 0),
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
    found = [run.held[design, weeks] for run in runs]
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
