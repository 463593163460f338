"""The plans of a live test: what each design would measure, how large it must be, and which one to run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simlab.lab.rollout_stats import Count, Estimate, Variances, errors_at, power_of
from simlab.scenario import Scenario
from simlab.scenario.rollout_spec import Design, RolloutSpec

TOLERATED = 0.10
"""A test whose estimate misses the effect of the rollout by less than this share of it may be believed."""


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

        Where none may be believed: the one of those that fit whose bias is the smallest against the effect. A
        duration after which the effect still has the other sign than after the longest is not advised: a reward
        costs at once and pays later. None where the real base is too small, or there is no effect to find.
        """
        last = max(self.plans, key=lambda p: p.weeks).effect
        same = [p for p in self.plans if not last.clear or p.effect.value * last.value > 0]
        fitting = [p for p in same if p.fits and p.effect.clear]
        order = {"user": 0, "cluster": 1}
        honest = sorted((p for p in fitting if p.honest), key=lambda p: (p.weeks, order[p.design]))
        if honest:
            return honest[0]
        return min(fitting, key=lambda p: abs(p.bias.value / p.effect.value), default=None)


def plan_table(rollout: Rollout) -> pd.DataFrame:
    """One row per design and duration, for a table file: numbers as they are, errors beside them.

    Columns: design, weeks; effect, expected, bias and their standard errors (per member); design_effect, contact;
    users_needed, units_needed, users_adjusted (both arms; inf: none is enough), users_available; power with the
    whole base; found, false_alarms (shares of simulated tests); fits, honest, advised.
    """
    return pd.DataFrame([
        {
            "design": p.design, "weeks": p.weeks, "effect": p.effect.value, "effect_se": p.effect.error,
            "expected": p.expected.value, "expected_se": p.expected.error, "bias": p.bias.value,
            "bias_se": p.bias.error, "design_effect": p.design_effect, "contact": p.contact,
            "users_needed": p.users, "units_needed": p.needed, "users_adjusted": p.adjusted_users,
            "users_available": p.available_users, "power": p.power_available, "found": p.found.share,
            "false_alarms": p.false.share, "fits": p.fits, "honest": p.honest, "advised": p is rollout.advice,
        }
        for p in rollout.plans
    ])  # fmt: skip


def estimate_table(rollout: Rollout) -> pd.DataFrame:
    """One row per simulated test: test, design, weeks, estimate, its standard error, and that world's truth."""
    return pd.DataFrame([
        {"test": k, "design": p.design, "weeks": p.weeks, "estimate": estimate, "se": error, "truth": truth}
        for p in rollout.plans
        for k, (estimate, error, truth) in enumerate(zip(p.estimates, p.errors, p.truths, strict=True), start=1)
    ])  # fmt: skip
