"""Paired differences: what two strategies differ by on the same seeds, and how sure that is.

One pivot serves everything: (mean - truth) / error follows a t law. With a fixed number of pairs that is
Student's. With a second stage (Stein 1945) the standard deviation is that of the *first* stage, which is
independent of the mean of all pairs; that is what makes stopping by precision valid. Where all pairs spread more
than the first ones did, theirs is used: the interval can only widen, and rare large differences need it
(docs/validation/coverage.md). Several arms against
one baseline are covered together by the largest of correlated t's (Dunnett 1955; here for paired data).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
LEVEL = 0.95
FEW_WORLDS = 10
"""Below this many worlds the range is from the lowest to the highest: percentiles would be made up."""
FEWEST = 20
"""Pairs of a first stage below which Stein's rule is not trusted: the law of the differences is not normal."""
_DRAWS, _LAW_SEED = 200_000, 20_260_101


@dataclass(frozen=True)
class Paired:
    """The mean of paired differences, arm less baseline.

    Attributes:
        pairs: pairs behind the mean.
        mean: their mean; NaN without pairs.
        error: standard error that goes with `df`; NaN with fewer than two pairs.
        df: degrees of freedom of the t law of (mean - truth) / error.
        low, high: interval that covers the truth with `level`; NaN without an error.
        p_above: P(truth > 0) under a flat prior, which is the t law at mean / error; 0.5 where all
            differences are exactly zero; NaN without an error.
        identical: every difference is exactly zero.
    """

    pairs: int
    mean: float
    error: float
    df: int
    low: float
    high: float
    p_above: float
    identical: bool

    @property
    def has_interval(self) -> bool:
        """Whether there are enough pairs for an interval."""
        return math.isfinite(self.low)

    def within(self, factor: float) -> tuple[float, float]:
        """mean -+ factor x error, as for simultaneous intervals."""
        return self.mean - factor * self.error, self.mean + factor * self.error


def spread(differences: Array) -> float:
    """Standard deviation (n - 1); exactly 0 where all values are equal, whatever the rounding of a mean."""
    values = np.asarray(differences, np.float64)
    return float(values.std(ddof=1)) if np.ptp(values) else 0.0


def paired(differences: Array, first: int | None = None, level: float = LEVEL) -> Paired:
    """Mean, interval and P(> 0) of paired differences.

    Args:
        differences: (n,) arm less baseline by seed, in the order in which they were run.
        first: pairs of the first stage, if there was a second; its standard deviation is used then, or that of
            all pairs where it is larger.
        level: coverage of the interval.
    """
    values = np.asarray(differences, np.float64)
    n, early = len(values), values if first is None else values[:first]
    # of equal values, the value itself: a mean may differ in its last bit
    mean = math.nan if not n else float(values.mean()) if np.ptp(values) else float(values[0])
    if len(early) < 2:
        return Paired(n, mean, math.nan, 0, math.nan, math.nan, math.nan, False)
    identical = not values.any()
    error, df = max(spread(early), spread(values)) / math.sqrt(n), len(early) - 1
    half = float(stats.t.ppf(0.5 + level / 2, df)) * error
    if error > 0:
        above = float(stats.t.cdf(mean / error, df))
    else:
        above = 0.5 if mean == 0 else float(mean > 0)
    return Paired(n, mean, error, df, mean - half, mean + half, above, identical)


def extreme(differences: Array) -> float:
    """Share of the spread (sum of squares about the mean) that the most extreme pair makes up; NaN without any.

    Some .2 among 20 normal differences, and above .5 in one of 200 such samples, of .6 in one of 2,000.
    """
    values = np.asarray(differences, np.float64)
    if len(values) < 2 or not np.ptp(values):
        return math.nan
    squares = (values - values.mean()) ** 2
    return float(squares.max() / squares.sum())


def over_worlds(values: Array) -> tuple[float, float, float]:
    """(low, median, high) of two or more sampled worlds; what low and high are, `range_name` says."""
    ends = [5, 50, 95] if len(values) >= FEW_WORLDS else [0, 50, 100]
    low, median, high = (float(v) for v in np.percentile(values, ends))
    return low, median, high


def range_name(worlds: int) -> str:
    """What the range over so many worlds is."""
    return "5 to 95 %" if worlds >= FEW_WORLDS else "lowest to highest"


def fits(own: float, others: Array) -> float:
    """How likely a number that belongs to `others` would lie as far from their mean as `own` does (two-sided P).

    A prediction by Student's t with len(others) - 1 degrees of freedom; NaN with fewer than two others. The range
    from 5 to 95 % does not say this: of ten worlds it leaves out an eleventh like them one time in four.
    """
    values = np.asarray(others, np.float64)
    n = len(values)
    if n < 2 or not math.isfinite(own):
        return math.nan
    error = float(values.std(ddof=1)) * math.sqrt(1.0 + 1.0 / n)
    apart = abs(own - float(values.mean()))
    if error == 0.0:
        return 1.0 if apart == 0.0 else 0.0
    return float(2.0 * stats.t.sf(apart / error, n - 1))


@dataclass(frozen=True)
class Worth:
    """What common seeds were worth.

    Attributes:
        correlation: of arm and baseline over seeds; NaN where one of them does not vary.
        ratio: variance of a difference with independent seeds over that with common ones, which is how
            many times the runs independent seeds would take; inf where the difference does not vary.
    """

    correlation: float
    ratio: float


def worth(arm: Array, baseline: Array) -> Worth:
    """The gain from common seeds, from values of two arms seed by seed; NaN with fewer than two pairs."""
    if len(arm) < 2:
        return Worth(math.nan, math.nan)
    apart = spread(arm) ** 2 + spread(baseline) ** 2
    together = spread(np.asarray(arm) - np.asarray(baseline)) ** 2
    varies = spread(arm) > 0 and spread(baseline) > 0
    correlation = float(np.corrcoef(arm, baseline)[0, 1]) if varies else math.nan
    return Worth(correlation, apart / together if together else math.inf if apart else math.nan)


@dataclass(frozen=True)
class Stage:
    """What a first stage says about a second.

    Attributes:
        first: pairs of the first stage.
        needed: pairs that the asked precision takes (Stein); `first` where none was asked.
        planned: pairs to run: `needed`, but no more than the limit.
        reached: whether `planned` gives the precision.
    """

    first: int
    needed: int
    planned: int
    reached: bool


def stein(first: Array, half_width: float | None, limit: int, level: float = LEVEL) -> Stage:
    """Stein's two-stage rule: N = max(n0, ceil((t s0 / h)^2)), with t on n0 - 1 degrees of freedom.

    Source: C. Stein (1945), A two-sample test for a linear hypothesis whose power is independent of the
    variance, Ann. Math. Statist. 16, 243-258.

    Args:
        first: (n0,) differences of the first stage, or (n0, K) of K arms: the largest N counts.
        half_width: of the interval asked for, in the unit of the differences; None: no second stage.
        limit: no more pairs than this.
    """
    values = np.asarray(first, np.float64)
    n0 = len(values)
    if half_width is None:
        return Stage(n0, n0, n0, True)
    if n0 < 2:  # no variance, no plan
        return Stage(n0, n0, n0, False)
    columns = values.reshape(n0, -1).T
    factor = float(stats.t.ppf(0.5 + level / 2, n0 - 1))
    needed = max(n0, *(math.ceil((factor * spread(column) / half_width) ** 2) for column in columns))
    planned = max(n0, min(needed, limit))
    return Stage(n0, needed, planned, needed <= planned)


@dataclass(frozen=True)
class Together:
    """A factor on standard errors that covers several arms at once.

    Attributes:
        factor: multiple of the standard error.
        arms: arms that are covered together (identical ones need no covering).
        method: "t" (one arm), "max-t" or "Sidak".
    """

    factor: float
    arms: int
    method: str

    def __str__(self) -> str:
        if self.method == "t":
            return "one arm against the baseline: nothing to adjust for"
        how = {"max-t": "largest of correlated t's, Dunnett's way", "Sidak": "Sidak's bound"}[self.method]
        return f"the intervals of {self.arms} arms hold together with 95 % ({how})"


def together(first: Mapping[str, Array], level: float = LEVEL) -> Together:
    """The factor for simultaneous intervals of several arms against one baseline on the same seeds.

    The t's of the arms are taken as a multivariate t with the correlation estimated from the first stage
    (the paired form of Dunnett, 1955, JASA 50, 1096-1121). Where that cannot be computed, or would be wider, it
    is Sidak's bound (1967, JASA 62, 626-633), which holds under any correlation.

    Args:
        first: (n0,) differences of the first stage by arm, all on the same seeds.
    """
    varying = [np.asarray(values, np.float64) for values in first.values() if len(values) > 1]
    varying = [values for values in varying if spread(values) > 0]
    if not varying:
        return Together(math.nan, 0, "t")
    df, arms = min(map(len, varying)) - 1, len(varying)
    if arms == 1:
        return Together(float(stats.t.ppf(0.5 + level / 2, df)), 1, "t")
    sidak = float(stats.t.ppf(0.5 + level ** (1 / arms) / 2, df))
    least = float(stats.t.ppf(0.5 + level / 2, df))
    if len({len(values) for values in varying}) > 1:
        return Together(sidak, arms, "Sidak")
    shape = np.corrcoef(np.stack(varying))
    try:
        law = stats.multivariate_t(np.zeros(arms), shape, df, allow_singular=True)
        # by simulation, for it takes any correlation: 95 % are met within 0.05 % (one standard error)
        largest = np.abs(law.rvs(size=_DRAWS, random_state=_LAW_SEED)).max(axis=1)
    except (ValueError, np.linalg.LinAlgError):
        return Together(sidak, arms, "Sidak")
    factor = float(np.quantile(largest, level))
    return Together(min(max(factor, least), sidak), arms, "max-t")
