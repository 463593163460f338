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
    """

    mean: float
    variance: float
    units: int
    users: int

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
    """Mean over users with its cluster-robust variance (linearised ratio, G / (G - 1)).

    Args:
        values: (n,) outcome per user.
        units: (n,) number of each one's unit of randomisation.
    """
    n = len(values)
    numbers, where = np.unique(units, return_inverse=True)
    g = len(numbers)
    if g < 2:
        return Arm(float(values.mean()) if n else nan, nan, g, n)
    mean = float(values.mean())
    residuals = np.bincount(where, values - mean, g)
    return Arm(mean, float((residuals**2).sum()) * g / (g - 1) / n**2, g, n)


def contrast_of(first: Arm, second: Arm) -> Contrast:
    """`second` minus `first`."""
    parts = ((first.variance, first.units), (second.variance, second.units))
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


def power_of(effect: float, error: float, freedom: float, level: float) -> float:
    """Chance that a two-sided t test finds an effect that is measured with this standard error."""
    if not (isfinite(effect) and isfinite(error)) or error <= 0:
        return nan
    shift, edge = abs(effect) / error, float(t.ppf(1 - level / 2, freedom))
    if freedom > 2000 or shift > 30:  # as good as normal; the noncentral t is slow and breaks down far out
        return float(norm.sf(edge - shift) + norm.cdf(-edge - shift))
    return float(nct.sf(edge, freedom, shift) + nct.cdf(-edge, freedom, shift))


def error_at(variances: tuple[float, float], share: float, units: float) -> float:
    """Standard error of the difference with `units` units in both arms together, `share` of them in the second."""
    return sqrt((variances[0] / (1 - share) + variances[1] / share) / units)


def units_needed(
    effect: float, variances: tuple[float, float], share: float, power: float, level: float
) -> float:
    """Units in both arms together with which a test finds an effect with a given power; inf for no effect.

    For equal arms and variances the textbook's n = 2 (z_a + z_b)^2 sd^2 / effect^2 per arm (Kohavi, Tang & Xu
    2020), made exact for few units by the noncentral t.

    Args:
        effect: what the test will measure on average.
        variances: variance that one unit brings, in the first and in the second arm.
        share: of units in the second arm.
    """
    if effect == 0 or not isfinite(effect):
        return inf
    z = float(norm.ppf(1 - level / 2) + norm.ppf(power))
    rough = max((z * error_at(variances, share, 1.0) / effect) ** 2, 1e-9)

    def lacking(units: float) -> float:
        return power_of(effect, error_at(variances, share, units), max(units - 2, 1.0), level) - power

    low, high = max(0.5 * rough, 4.0), 4 * rough + 40
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
