"""The arithmetic of a live test: differences of arms with their errors, power, and sample sizes.

One formula serves users and communities: a user-level test is one whose every community has one member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest, nct, norm, t

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over simulated tests and its standard error."""

    value: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - 1.96 * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + 1.96 * self.error

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return abs(self.value) > 1.96 * self.error

    def over(self, whole: float) -> Estimate:
        """Relative to a number."""
        return Estimate(self.value / whole, self.error / abs(whole)) if whole else Estimate(nan, nan)


def mean_of(values: Sequence[float] | Floats) -> Estimate:
    """Mean and standard error of independent values."""
    found = np.asarray(values, float)
    error = float(found.std(ddof=1) / sqrt(len(found))) if len(found) > 1 else inf
    return Estimate(float(found.mean()), error)


@dataclass(frozen=True)
class Arm:
    """One arm of a test.

    Attributes:
        mean: per user (a ratio of totals: Hajek's estimator where communities differ in size).
        variance: of the mean, robust to what members of one unit have in common.
        units, users: how many were assigned, how many users were counted.
        effective: units of equal size that would say as much (Carter, Schnepel & Steigerwald 2017).
    """

    mean: float
    variance: float
    units: int
    users: int
    effective: float

    @property
    def unit_variance(self) -> float:
        """Variance that one unit brings: that of the mean, times units."""
        return self.variance * self.units


@dataclass(frozen=True)
class Contrast:
    """A difference of two arms, its standard error and degrees of freedom (Satterthwaite 1946)."""

    difference: float
    error: float
    freedom: float

    def finds(self, level: float) -> bool:
        """Whether a two-sided t test rejects "no difference"."""
        return self.error > 0 and abs(self.difference) > self.error * float(
            t.ppf(1 - level / 2, self.freedom)
        )


def arm_of(values: Floats, units: NDArray[np.int64]) -> Arm:
    """Mean over users with its cluster-robust variance (linearised ratio, CR2 of Bell & McCaffrey 2002).

    Args:
        values: (n,) outcome per user.
        units: (n,) number of each one's unit of randomisation.
    """
    n = len(values)
    numbers, where = np.unique(units, return_inverse=True)
    g = len(numbers)
    if g < 2:
        return Arm(float(values.mean()) if n else nan, nan, g, n, float(g))
    mean = float(values.mean())
    residuals, weights = np.bincount(where, values - mean, g), np.bincount(where, minlength=g) / n
    variance = (
        float((residuals**2 / (1 - weights)).sum()) / n**2
    )  # a large unit pulls the mean towards itself
    return Arm(mean, variance, g, n, 1.0 / float((weights**2).sum()))


def contrast_of(first: Arm, second: Arm) -> Contrast:
    """`second` minus `first`."""
    parts = ((first.variance, first.effective), (second.variance, second.effective))
    total = first.variance + second.variance
    below = sum(v * v / (g - 1) for v, g in parts if g > 1)
    return Contrast(second.mean - first.mean, sqrt(total) if total >= 0 else nan,
                    total * total / below if below > 0 else 1.0)  # fmt: skip


def adjusted(values: Floats, before: Floats, arms: Sequence[NDArray[np.bool_]]) -> Floats:
    """Outcomes less what a regression on an earlier measure explains (CUPED; Deng et al. 2013).

    The slope is common to the arms and found within them, so that it is not taken for the effect.
    """
    products = squares = 0.0
    for arm in arms:
        x, y = before[arm] - before[arm].mean(), values[arm] - values[arm].mean()
        products, squares = products + float(x @ y), squares + float(x @ x)
    slope = products / squares if squares > 0 else 0.0
    everybody = np.logical_or.reduce(arms)
    return values - slope * (before - float(before[everybody].mean()))


Variances = Sequence[tuple[float, float]]
"""Variance that one unit brings, in the first and in the second arm, as each of some simulated tests found it."""


def power_of(effect: float, errors: Floats, freedom: float, level: float) -> float:
    """Chance that a two-sided t test finds an effect that is measured with one of these standard errors.

    Averaged over what tests may find: where outcomes have long tails, most tests are more precise than the mean.
    """
    errors = errors[np.isfinite(errors) & (errors > 0)]
    if not isfinite(effect) or not len(errors):
        return nan
    shift, edge = abs(effect) / errors, float(t.ppf(1 - level / 2, freedom))
    found = norm.sf(edge - shift) + norm.cdf(-edge - shift)
    near = (
        shift < 8
    )  # far out, and with many units, it is as good as normal, and the noncentral t breaks down
    if freedom <= 500 and near.any():
        found[near] = nct.sf(edge, freedom, shift[near]) + nct.cdf(-edge, freedom, shift[near])
    return float(found.mean())


def errors_at(variances: Variances, share: float, units: float) -> Floats:
    """Standard errors of the difference with `units` units in both arms together, `share` of them in the second."""
    first, second = np.asarray(variances, float).T
    errors: Floats = np.sqrt((first / (1 - share) + second / share) / units)
    return errors


def units_needed(
    effect: float, variances: Variances, share: float, power: float, level: float, evenness: float = 1.0
) -> float:
    """Units in both arms together with which a test finds an effect with a given power; inf for no effect.

    For equal arms and variances the textbook's n = 2 (z_a + z_b)^2 sd^2 / effect^2 per arm (Kohavi, Tang & Xu
    2020), made exact for few units by the noncentral t, and averaged over what tests may find.

    Args:
        effect: what the test will measure on average.
        variances: as simulated tests found them.
        share: of units in the second arm.
        evenness: effective units per unit; below 1 where communities differ in size.
    """
    if effect == 0 or not isfinite(effect):
        return inf
    z = float(norm.ppf(1 - level / 2) + norm.ppf(power))
    rough = max(float(np.mean(errors_at(variances, share, 1.0) ** 2)) * (z / effect) ** 2, 1e-9)

    def lacking(units: float) -> float:
        freedom = max(evenness * units - 2, 1.0)
        return power_of(effect, errors_at(variances, share, units), freedom, level) - power

    low, high = max(0.2 * rough, 4.0), 4 * rough + 40 / evenness
    return float(ceil(low if lacking(low) >= 0 else brentq(lacking, low, high, xtol=0.01)))


def smallest_effect(error: float, freedom: float, power: float, level: float) -> float:
    """The effect that a test with this standard error finds with the given power."""
    return error * float(t.ppf(1 - level / 2, freedom) + norm.ppf(power))


@dataclass(frozen=True)
class Count:
    """How often something happened in simulated tests."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """As a share."""
        return self.hits / self.of if self.of else nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the chance (Wilson)."""
        found = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(found.low), float(found.high)
