"""Which assumptions turn the ranking of two strategies.

Both live in the same sampled worlds on the same seeds; d is the second less the current one. For each assumption
the expected difference along its plausible range is a one-dimensional Gaussian process over the worlds:
what the other assumptions do is its noise, so its interval widens where they matter. A flip is claimed only
where the interval excludes zero on both sides, Bonferroni-wide over the assumptions. Pairs are looked at
where neither flips alone: the four corners of their two-dimensional surface, Bonferroni-wide over pairs and corners.

Every interval also carries the error that all worlds share, because they were run on the same few seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.designs import rank_correlation
from simlab.lab.surrogate import Surrogate

Array = NDArray[np.float64]
Verdict = Literal["flips", "holds", "open"]
GRID = 101
FEWEST_WORLDS = 16
"""Below this nothing is claimed about single assumptions."""
_CUTS = (1 / 4, 1 / 3, 1 / 2)
"""Shares of a range, from its end, that a corner may take."""
_PAIRED = 12
"""Assumptions, by rank correlation, whose pairs are looked at: 66 pairs."""


@dataclass(frozen=True)
class Flip:
    """What one assumption does to the ranking.

    Attributes:
        path: of the assumption.
        verdict: flips: the expected sign changes within the range; holds: it is the same, and clear, all along;
            open: neither can be said.
        above_low, above_high: share of worlds where the second strategy has more, with the assumption in
            the lowest and in the highest third of its range.
        correlation: Spearman's, of the assumption with the difference; NaN if one of them is constant.
        first_order: share of the variance of the difference that this assumption explains alone.
        thresholds: values where the expected sign changes; () unless it flips.
        spans: for each threshold the values between which the sign is not clear.
        curve: (GRID, 4) position in [0, 1], expected difference, lower and upper bound (95 %, not widened).
    """

    path: str
    verdict: Verdict
    above_low: float
    above_high: float
    correlation: float
    first_order: float
    thresholds: tuple[float, ...]
    spans: tuple[tuple[float, float], ...]
    curve: Array


@dataclass(frozen=True)
class Joint:
    """Two assumptions that turn the ranking together, though neither does alone.

    Attributes:
        paths: of the two.
        sides: "above" or "below", for each.
        limits: value beyond which, for each.
        worlds: sampled worlds there.
        above: share of them where the second strategy has more.
        mean: expected difference there, unit of the outcome.
    """

    paths: tuple[str, str]
    sides: tuple[str, str]
    limits: tuple[float, float]
    worlds: int
    above: float
    mean: float


@dataclass(frozen=True)
class Flips:
    """The ranking of two strategies over plausible worlds.

    Attributes:
        worlds, seeds: sampled worlds and common seeds behind it.
        mean, low, high: expected difference over the worlds, and its 95 % interval.
        shared: half-width of the part of it that all worlds share, because they were run on the same seeds.
        above: share of worlds where the second has more of the outcome, by their own mean over seeds.
        clear_above, clear_below: shares in which that is clear by the seeds (95 %, each world for itself).
        single: by assumption, the strongest first.
        joint: pairs that flip together only.
    """

    worlds: int
    seeds: int
    mean: float
    low: float
    high: float
    shared: float
    above: float
    clear_above: float
    clear_below: float
    single: tuple[Flip, ...]
    joint: tuple[Joint, ...]

    @property
    def flipping(self) -> tuple[Flip, ...]:
        """Assumptions that flip the ranking alone."""
        return tuple(flip for flip in self.single if flip.verdict == "flips")

    @property
    def steady(self) -> bool:
        """Whether no assumption flips it: all hold, and no pair does."""
        return all(flip.verdict == "holds" for flip in self.single) and not self.joint


def flips_of(
    paths: Sequence[str], unit: Array, differences: Array, value: Callable[[int, float], float]
) -> Flips:
    """Analyse paired differences.

    Args:
        paths: (d,) assumptions.
        unit: (worlds, d) their positions in [0, 1].
        differences: (worlds, K) second less current, by common seed, all finite; at least two worlds.
        value: of (assumption, position): what it stands at.
    """
    worlds, seeds = differences.shape
    means = differences.mean(axis=1)
    shared = _shared_error(differences)
    own = differences.std(axis=1, ddof=1) / math.sqrt(seeds) if seeds > 1 else np.full(worlds, np.inf)
    wide = stats.t.ppf(0.975, seeds - 1) * own if seeds > 1 else own
    half = math.hypot(stats.t.ppf(0.975, worlds - 1) * means.std(ddof=1) / math.sqrt(worlds), shared)
    single = [_single(path, j, unit[:, j], means, shared, len(paths), value) for j, path in enumerate(paths)]
    return Flips(
        worlds, seeds, float(means.mean()), float(means.mean() - half), float(means.mean() + half), shared,
        float(np.mean(means > 0)), float(np.mean(means > wide)), float(np.mean(means < -wide)),
        tuple(sorted(single, key=lambda flip: -_strength(flip))),
        tuple(_joints(paths, single, unit, means, shared, value)),
    )  # fmt: skip


def _strength(flip: Flip) -> float:
    return flip.first_order + (1.0 if flip.verdict == "flips" else 0.0)


def _shared_error(differences: Array) -> float:
    """Half-width (95 %) of the error that all worlds have in common: the same few seeds."""
    seeds = differences.shape[1]
    if seeds < 2:
        return math.inf
    by_seed = differences.mean(axis=0)
    return float(stats.t.ppf(0.975, seeds - 1) * by_seed.std(ddof=1) / math.sqrt(seeds))


def _single(
    path: str, j: int, u: Array, means: Array, shared: float, count: int, value: Callable[[int, float], float]
) -> Flip:
    surface = Surrogate.fit(u[:, None], means)
    grid = np.linspace(0.0, 1.0, GRID)
    expected, sd = surface.predict(grid[:, None])
    bound = np.hypot(1.96 * sd, shared)
    strict = np.hypot(stats.norm.ppf(1 - 0.025 / count) * sd, shared)
    signs = np.where(expected > strict, 1, np.where(expected < -strict, -1, 0))
    clear = np.flatnonzero(signs)
    thresholds, spans = [], []
    for left, right in pairwise(clear):
        if signs[left] != signs[right]:
            inside = expected[left : right + 1]
            k = left + int(np.flatnonzero(np.diff(np.sign(inside)) != 0)[0])
            share = expected[k] / (expected[k] - expected[k + 1])
            thresholds.append(value(j, float(grid[k] + share * (grid[k + 1] - grid[k]))))
            spans.append((value(j, float(grid[left])), value(j, float(grid[right]))))
    enough = len(means) >= FEWEST_WORLDS
    verdict: Verdict = "open"
    if enough and thresholds:
        verdict = "flips"
    elif enough and abs(int(signs.sum())) == GRID:
        verdict = "holds"
    low, high = means[u <= 1 / 3], means[u >= 2 / 3]
    spread = float(means.var())
    return Flip(
        path, verdict, _above(low), _above(high), rank_correlation(u, means),
        float(min(1.0, surface.predict(u[:, None])[0].var() / spread)) if spread > 0 else 0.0,
        tuple(thresholds) if verdict == "flips" else (), tuple(spans) if verdict == "flips" else (),
        np.column_stack([grid, expected, expected - bound, expected + bound]),
    )  # fmt: skip


def _above(means: Array) -> float:
    return float(np.mean(means > 0)) if len(means) else math.nan


def _joints(
    paths: Sequence[str], single: Sequence[Flip], unit: Array, means: Array, shared: float,
    value: Callable[[int, float], float],
) -> list[Joint]:  # fmt: skip
    """Corners of two assumptions where the expected sign is clearly the other one than overall."""
    if len(means) < 2 * FEWEST_WORLDS or not math.isfinite(shared):
        return []
    still = [j for j, flip in enumerate(single) if flip.verdict != "flips"]
    still = sorted(still, key=lambda j: -abs(np.nan_to_num(single[j].correlation)))[:_PAIRED]
    pairs = list(combinations(sorted(still), 2))
    overall = 1.0 if means.mean() > 0 else -1.0
    found = []
    for a, b in pairs:
        surface = Surrogate.fit(unit[:, [a, b]], means)
        factor = stats.norm.ppf(1 - 0.025 / (4 * len(pairs)))
        best: tuple[float, Joint] | None = None
        for up in np.ndindex(2, 2):
            mean, sd = surface.predict(np.array([up], float))
            # a tenth of the way in: the very corner has no worlds beyond it
            inner, inner_sd = surface.predict(np.abs(np.array([up], float) - 0.1))
            if -overall * mean[0] <= math.hypot(factor * sd[0], shared) or (
                -overall * inner[0] <= math.hypot(factor * inner_sd[0], shared)
            ):
                continue
            corner = _corner(unit[:, [a, b]], up, surface, means, overall)
            if corner is not None:
                depth, (share_a, share_b), there = corner
                ends = [1 - s if u else s for s, u in zip((share_a, share_b), up, strict=True)]
                joint = Joint(
                    (paths[a], paths[b]),
                    ("above" if up[0] else "below", "above" if up[1] else "below"),
                    (value(a, ends[0]), value(b, ends[1])),
                    len(there), _above(there), float(there.mean()),
                )  # fmt: skip
                if best is None or depth > best[0]:
                    best = depth, joint
        if best is not None:
            found.append(best)
    return [joint for _, joint in sorted(found, key=lambda pair: -pair[0])]


def _corner(
    points: Array, up: tuple[int, ...], surface: Surrogate, means: Array, overall: float
) -> tuple[float, tuple[float, float], Array] | None:
    """The largest box at a corner where the surface has turned nearly everywhere and most worlds agree."""
    from_end = np.where(np.array(up) == 1, 1 - points, points)
    best: tuple[float, tuple[float, float], Array] | None = None
    for wide in _CUTS:
        for tall in _CUTS:
            inside = (from_end[:, 0] <= wide) & (from_end[:, 1] <= tall)
            there = means[inside]
            if len(there) < 4 or np.mean(-overall * there > 0) < 0.75:
                continue
            turned = np.mean(-overall * surface.predict(points[inside])[0] > 0)
            if turned >= 0.9 and (best is None or wide * tall > best[0]):
                best = wide * tall, (wide, tall), there
    return best
