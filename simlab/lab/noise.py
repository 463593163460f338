"""How much of what a design shows is chance: points x common seeds, analysed as a two-way layout.

y[p, k] = level + point[p] + seed[k] + rest[p, k]. All points share the K seeds, so a lucky seed lifts all of them
alike and does not blur their differences: what does is the rest. The mean square of the rest has
(P - 1)(K - 1) degrees of freedom; over K it is the noise variance of a point's mean, and the variance of
the P means estimates signal + noise (Scheffe 1959, ch. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TARGET = 0.05


@dataclass(frozen=True)
class Noise:
    """Chance in a design.

    Attributes:
        points, seeds: P and K.
        share: noise variance of the points' means over their variance, in [0, 1]; NaN with one seed or one point.
        single: sd of the rest: what one seed adds to the difference of a point from the others.
        common: sd between seeds that all points share; cancels, and is here to show what pairing saves.
        signal: sd of the points themselves, with the noise taken off.
        needed: seeds that bring the share to 5 % or below; None where the points do not stand out from the
            noise at all, so that no number can be given.
    """

    points: int
    seeds: int
    share: float
    single: float
    common: float
    signal: float
    needed: int | None


def noise_of(values: Array) -> Noise:
    """From outcomes (P, K) by point and common seed, all finite."""
    points, seeds = values.shape
    if points < 2 or seeds < 2:
        return Noise(points, seeds, math.nan, math.nan, math.nan, math.nan, None)
    by_point, by_seed = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    rest = values - by_point - by_seed + values.mean()
    single = float((rest**2).sum() / ((points - 1) * (seeds - 1)))
    total = float(by_point.var(ddof=1))
    common = max(0.0, float(by_seed.var(ddof=1)) - single / points)
    signal = max(0.0, total - single / seeds)
    share = min(1.0, single / seeds / total) if total > 0 else math.nan
    # single / K <= TARGET (signal + single / K)
    needed = max(2, math.ceil(single * (1 - TARGET) / TARGET / signal - 1e-9)) if signal > 0 else None
    return Noise(points, seeds, share, math.sqrt(single), math.sqrt(common), math.sqrt(signal), needed)
