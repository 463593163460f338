"""Estimates with their two kinds of uncertainty, which are never mixed up.

Chance: the same world with other seeds; its interval is a t interval of the mean and shrinks with seeds.
What we do not know about people: worlds sampled from the scenario's `uncertainties`; their range does not
shrink, however many seeds are run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.paired import fits, over_worlds, range_name
from simlab.lab.results import Results
from simlab.report.series import Array, once, table
from simlab.scenario.outcomes import OUTCOMES, Constraint

Verdict = Literal["met", "not met", "not decidable"]
CONFIDENCE = 0.999
"""One-sided confidence with which a constraint must hold over seeds."""
OUTLYING = 0.01
"""A scenario that lies this improbably far from its plausible worlds is said to: one false alarm in a hundred pages."""


@dataclass(frozen=True)
class Estimate:
    """An outcome of world 0 over seeds, and of the sampled worlds.

    Attributes:
        outcome: its name in `OUTCOMES`.
        unit: its unit there.
        mean: mean over seeds of world 0; NaN when no seed defines it.
        low, high: 95 % t interval of that mean; NaN with fewer than two seeds.
        seeds: seeds behind it.
        world_low, world_high: 5th to 95th percentile of the world means (lowest to highest with fewer
            than 10 worlds); NaN with fewer than two worlds.
        world_median: median of the world means, or NaN.
        worlds: sampled worlds behind it.
    """

    outcome: str
    unit: str
    mean: float
    low: float
    high: float
    seeds: int
    world_low: float
    world_high: float
    world_median: float
    worlds: int

    @property
    def has_interval(self) -> bool:
        """Whether there are enough seeds for an interval of the mean."""
        return math.isfinite(self.low)

    @property
    def has_worlds(self) -> bool:
        """Whether there are enough sampled worlds for a range."""
        return math.isfinite(self.world_low)

    @property
    def range_name(self) -> str:
        """What the range over worlds is."""
        return range_name(self.worlds)


def values(results: Results, outcome: str) -> Array:
    """An outcome of world 0 by seed, without undefined values; empty when the run has not got it."""
    if outcome not in table(results, "outcomes", world=None).columns:
        return np.empty(0)
    order = once(results, "seed order", lambda: _by_seed(results))
    array = table(results, "outcomes", columns=[outcome])[outcome].to_numpy(np.float64)[order]
    return array[np.isfinite(array)]


def _by_seed(results: Results) -> NDArray[np.intp]:
    """Order of the seeds of world 0 in the table of outcomes."""
    return np.argsort(table(results, "outcomes", columns=["seed"])["seed"].to_numpy(), kind="stable")


def world_means(results: Results, outcome: str) -> Array:
    """The mean over seeds of an outcome in each sampled world (1, 2, ...), in their order."""
    frame = table(results, "outcomes", world=None)
    if outcome not in frame.columns:
        return np.empty(0)
    means = frame[frame["world"] > 0].groupby("world")[outcome].mean().to_numpy(np.float64)
    return means[np.isfinite(means)]


def fits_worlds(results: Results, outcome: str) -> float:
    """How likely one more sampled world would lie as far from their mean as the scenario's own does on their seeds."""
    frame = table(results, "outcomes", world=None)
    if outcome not in frame.columns:
        return math.nan
    own = frame[(frame["world"] == 0) & frame["seed"].isin(frame["seed"][frame["world"] > 0])][outcome]
    return fits(float(own.mean()), world_means(results, outcome))


def estimate(results: Results, outcome: str) -> Estimate:
    """Mean, interval over seeds and range over worlds of one outcome.

    Raises:
        KeyError: `outcome` is not one of `OUTCOMES`.
    """
    unit = OUTCOMES[outcome][1]
    own, worlds = values(results, outcome), world_means(results, outcome)
    mean = float(own.mean()) if own.size else math.nan
    low = high = median = world_low = world_high = math.nan
    if own.size >= 2:
        half = float(stats.t.ppf(0.975, own.size - 1) * own.std(ddof=1) / math.sqrt(own.size))
        low, high = mean - half, mean + half
    if worlds.size >= 2:
        world_low, median, world_high = over_worlds(worlds)
    return Estimate(outcome, unit, mean, low, high, own.size, world_low, world_high, median, worlds.size)


@dataclass(frozen=True)
class Chance:
    """How likely a target is.

    Attributes:
        target: what is to be reached.
        mean: mean over seeds; NaN where no seed defines it.
        reached, seeds: of these seeds so many reach it: chance alone.
        worlds_reached, worlds: of these runs in sampled worlds so many reach it: chance, and what we do not know.
    """

    target: Constraint
    mean: float
    reached: int
    seeds: int
    worlds_reached: int
    worlds: int

    @property
    def share(self) -> float:
        """P(reached) over sampled worlds, or over seeds where there are none; NaN without either."""
        if self.worlds:
            return self.worlds_reached / self.worlds
        return self.reached / self.seeds if self.seeds else math.nan


def chance(results: Results, target: Constraint) -> Chance:
    """Count the runs that reach a target."""
    own = values(results, target.outcome)
    frame = table(results, "outcomes", world=None)
    away = frame.loc[frame["world"] > 0, target.outcome] if target.outcome in frame.columns else own[:0]
    other = np.asarray(away, np.float64)
    other = other[np.isfinite(other)]
    sign, limit = (1.0 if target.op == "<=" else -1.0), float(target.limit)
    hits = [int((sign * array <= sign * limit).sum()) for array in (own, other)]
    return Chance(target, float(own.mean()) if own.size else math.nan, hits[0], own.size, hits[1], other.size)


@dataclass(frozen=True)
class Judgement:
    """Whether a constraint holds.

    Attributes:
        constraint: what must hold.
        verdict: met or not met with 99.9 % one-sided confidence of the mean over seeds, else not decidable.
        mean: mean over seeds.
        bound: the confidence bound that was compared (upper for <=, lower for >=); NaN with one seed.
        worlds: sampled worlds.
        worlds_met: those among them whose mean keeps the limit.
    """

    constraint: Constraint
    verdict: Verdict
    mean: float
    bound: float
    worlds: int
    worlds_met: int


def judge(results: Results, constraint: Constraint) -> Judgement:
    """Decide a constraint from the seeds of world 0, and count the worlds in which it holds."""
    own, worlds = values(results, constraint.outcome), world_means(results, constraint.outcome)
    sign = 1.0 if constraint.op == "<=" else -1.0
    limit = sign * float(constraint.limit)
    held = int((sign * worlds <= limit).sum())
    mean = float(own.mean()) if own.size else math.nan
    if own.size < 2:
        return Judgement(constraint, "not decidable", mean, math.nan, worlds.size, held)
    half = float(stats.t.ppf(CONFIDENCE, own.size - 1) * own.std(ddof=1) / math.sqrt(own.size))
    verdict: Verdict = "not decidable"
    if sign * mean + half <= limit:
        verdict = "met"
    elif sign * mean - half > limit:
        verdict = "not met"
    return Judgement(constraint, verdict, mean, mean + sign * half, worlds.size, held)
