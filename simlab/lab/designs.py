"""Sensitivity designs on the unit cube: Morris' trajectories and Saltelli's rows, by SALib.

A design is made of blocks: a trajectory of Morris (d + 1 points, one factor moves at each step) or a row of
Saltelli (d + 2 points: A, A with one column of B each, B). An index needs whole blocks, so a block with a
point that cannot be run is left out as a whole.

Noise. The outcome of point p is the mean over K seeds that all points share. The difference that a factor makes
within a block is taken seed by seed, and its variance over the K seeds says how large an effect chance
alone would show: `Effect.chance`.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from SALib.analyze import morris as morris_analysis
from SALib.analyze import sobol as sobol_analysis
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

Array = NDArray[np.float64]
LEVELS = 4
"""Levels of Morris' grid; a step is 2/3 of the range."""
STEP = LEVELS / (2 * (LEVELS - 1))
_SEED = 20_260_201
_RESAMPLES = 500
SIZES = {"morris": 20, "sobol": 64}


@dataclass(frozen=True, eq=False)
class Design:
    """Points to be run.

    Attributes:
        method: morris or sobol.
        points: (blocks, points of a block, d) in [0, 1].
    """

    method: Literal["morris", "sobol"]
    points: Array

    @property
    def d(self) -> int:
        """Factors."""
        return int(self.points.shape[2])

    @property
    def flat(self) -> Array:
        """(blocks x points of a block, d)"""
        return self.points.reshape(-1, self.d)


@dataclass(frozen=True)
class Effect:
    """What one factor does, in the unit of the outcome (Morris) or as a share of its variance (Sobol).

    Attributes:
        size: mu* (mean absolute elementary effect, for a move over the whole range), or ST (total index).
        error: half-width of its 95 % interval, by bootstrap over blocks.
        other: sigma (sd of the elementary effects: non-linear or interacting), or S1 (first-order index).
        other_error: half-width of the 95 % interval of S1; NaN for sigma.
        direction: -1 to 1: mean over mean absolute effect, or rank correlation with the outcome; NaN if flat.
        chance: what `size` would be for a factor that only reshuffles luck.
    """

    size: float
    error: float
    other: float
    other_error: float
    direction: float
    chance: float


def make(method: Literal["morris", "sobol"], d: int, size: int | None = None) -> Design:
    """The design for d factors: always the same points.

    Args:
        size: trajectories (20 by default), or base rows (64), rounded up to a power of two.
    """
    blocks = size or SIZES[method]
    if method == "morris":
        found = morris_sample.sample(_problem(d), blocks, num_levels=LEVELS, seed=_SEED)
        return Design(method, np.asarray(found, float).reshape(blocks, d + 1, d))
    blocks = 2 ** math.ceil(math.log2(blocks))
    found = sobol_sample.sample(_problem(d), blocks, calc_second_order=False, seed=_SEED)
    return Design(method, np.asarray(found, float).reshape(blocks, d + 2, d))


def effects(design: Design, values: Array) -> list[Effect]:
    """The effect of each factor.

    Args:
        values: (blocks, points of a block, K) outcomes by common seed; all finite, at least two blocks.
    """
    means = values.mean(axis=2)
    if np.ptp(means) <= 1e-12 * max(1.0, float(np.abs(means).max())):
        return [Effect(0.0, 0.0, 0.0, 0.0, math.nan, 0.0) for _ in range(design.d)]
    return (_morris if design.method == "morris" else _sobol)(design, values, means)


def _morris(design: Design, values: Array, means: Array) -> list[Effect]:
    found = morris_analysis.analyze(
        _problem(design.d), design.flat.copy(), means.ravel(), num_levels=LEVELS, num_resamples=_RESAMPLES, seed=_SEED
    )  # fmt: skip
    moves = np.diff(design.points, axis=1)
    moved = np.abs(moves).argmax(axis=2)
    single = np.diff(values, axis=1) / np.take_along_axis(moves, moved[..., None], axis=2)
    effects_ = []
    for j in range(design.d):
        size, mean = float(found["mu_star"][j]), float(found["mu"][j])
        luck = _luck(single[moved == j])
        effects_.append(Effect(
            size, float(found["mu_star_conf"][j]), float(found["sigma"][j]), math.nan,
            mean / size if size > 0 else math.nan,
            math.sqrt(2 / math.pi) * math.sqrt(luck),  # mean of |N(0, luck)|
        ))  # fmt: skip
    return effects_


def _sobol(design: Design, values: Array, means: Array) -> list[Effect]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant resamples are zero, not news
        found = sobol_analysis.analyze(
            _problem(design.d), means.ravel(), calc_second_order=False, num_resamples=_RESAMPLES, seed=_SEED
        )
    free = [0, design.d + 1]  # A and B: the points that are drawn, not crossed
    variance = float(means[:, free].var())
    x, y = design.points[:, free].reshape(-1, design.d), means[:, free].ravel()
    effects_ = []
    for j in range(design.d):
        luck = _luck(values[:, 1 + j] - values[:, 0]) / 2 / variance
        effects_.append(Effect(
            float(found["ST"][j]), float(found["ST_conf"][j]), float(found["S1"][j]), float(found["S1_conf"][j]),
            rank_correlation(x[:, j], y), luck,
        ))  # fmt: skip
    return effects_


def _luck(differences: Array) -> float:
    """Variance of a mean difference over the seeds (n, K), averaged over the n differences."""
    seeds = differences.shape[-1]
    return float(differences.var(axis=-1, ddof=1).mean() / seeds) if seeds > 1 else math.nan


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's; NaN where one of the two is constant."""
    from scipy.stats import rankdata

    a, b = rankdata(x), rankdata(y)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def _problem(d: int) -> dict[str, object]:
    """As SALib wants it; a new one each time, because SALib writes into it."""
    return {"num_vars": d, "names": [f"x{j}" for j in range(d)], "bounds": [[0.0, 1.0]] * d}
