"""A small Gaussian process: what a few noisy runs say about the surface behind them.

ARD Matern-5/2 kernel, one noise variance for all points, a constant mean that is estimated with the rest
(ordinary kriging). Hyperparameters maximise the likelihood times weak log-normal priors; the prior of the
lengths grows with the square root of the number of inputs (Hvarfner et al. 2024), so that 20 points in 30
dimensions still give a calm surface. Intervals are those of a plug-in: they leave out what is not known of
the hyperparameters, and hold a little less often than they say where noise is high and points are few.
No random number anywhere: same points, same surface.

Formulas: Rasmussen & Williams 2006, eq. 2.25, 2.30, 5.9; leave-one-out with the mean estimated: Dubrule 1983.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

Array = NDArray[np.float64]

MOST = 1000
"""Points that condition the surface. Of more, as many are kept, evenly spaced in the order given: a choice by
`y` would keep the lucky ones and bring back the optimism that the surface is there to remove."""
TUNING = 300
"""Points that the hyperparameters are fitted on, chosen likewise."""
FLOOR = 1e-6
"""Least noise variance relative to the variance of y: keeps duplicates of a point harmless."""
_PRIORS = {"length": math.sqrt(3), "signal": 1.0, "noise": 1.5}
"""Standard deviations of the logarithms."""
_NOISE_CENTRE = -2.0
_CHUNK = 4096


def steady() -> AbstractContextManager[object]:
    """Linear algebra on one thread meanwhile: sums in one order, so the same surface on any number of cores.

    Several threads on matrices this small are slower, too.
    """
    return threadpool_limits(limits=1, user_api="blas")


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Each point predicted from all others: how far to trust the surface.

    Attributes:
        residual: (n,) observed minus predicted, in the unit of y.
        z: (n,) the same over its predicted sd, noise included; about standard normal on a good surface.
        r2: share of the variance of y that the others predict; at most `reachable`, 0 or less: no better than
            the mean.
        reachable: one minus the noise share: what r2 would be on a perfectly known surface.
    """

    residual: Array
    z: Array
    r2: float
    reachable: float

    @property
    def inside(self) -> float:
        """Share of points within their own 95 % interval: .95 on a calibrated surface."""
        return float(np.mean(np.abs(self.z) <= 1.96))


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted surface; make it with `Surrogate.fit`.

    Attributes:
        x: (n, d) the points that condition it, in [0, 1].
        y: (n,) their targets, standardised by `centre` and `spread`.
        lengths: (d,) length scales; long: the input hardly matters.
        signal: variance of the surface, of standardised y.
        noise_share: variance of the noise, of standardised y.
        centre, spread: mean and sd of the targets, in their unit; a spread of 0: all targets were equal.
    """

    x: Array
    y: Array
    lengths: Array
    signal: float
    noise_share: float
    centre: float
    spread: float
    _root: Array
    _weights: Array
    _ones: Array
    _mean: float

    @classmethod
    def fit(cls, x: ArrayLike, y: ArrayLike) -> Surrogate:
        """Fit to n noisy observations.

        Args:
            x: (n, d) inputs in [0, 1]; categories as one column of 0 and 1 each.
            y: (n,) targets in any unit.

        Raises:
            ValueError: no points, shapes that do not belong together, or a value that is not finite.
        """
        points, targets = np.asarray(x, float), np.asarray(y, float)
        if points.ndim != 2 or targets.shape != points.shape[:1] or not points.size:
            raise ValueError(
                f"expected x (n, d) and y (n,) with n, d >= 1, got {points.shape}, {targets.shape}"
            )
        if not (np.isfinite(points).all() and np.isfinite(targets).all()):
            raise ValueError("x and y must be finite")
        kept = _evenly(len(points), MOST)
        points, targets = points[kept], targets[kept]
        centre, spread = float(targets.mean()), float(targets.std())
        if spread <= 1e-12 * max(1.0, abs(centre)):
            spread = 0.0
        scaled = (targets - centre) / spread if spread else np.zeros(len(targets))
        some = _evenly(len(points), TUNING)
        theta = _most_probable(points[some], scaled[some]) if spread else _prior_centre(points.shape[1])
        lengths, signal, noise = np.exp(theta[:-2]), float(np.exp(theta[-2])), float(np.exp(theta[-1]))
        root = _root(signal * _matern(points, points, lengths)[0], noise)
        mean, weights, ones = _solve(root, scaled)
        return cls(points, scaled, lengths, signal, noise, centre, spread, root, weights, ones, mean)

    @property
    def noise(self) -> float:
        """Sd of one observation around the surface, in the unit of y."""
        return self.spread * math.sqrt(self.noise_share) if self.spread else 0.0

    def predict(self, x: ArrayLike) -> tuple[Array, Array]:
        """Mean and sd (m,) of the surface itself, without noise, at (m, d) points, in the unit of y.

        Where all targets were equal the sd is 0; after a single observation it is infinite.
        """
        points = self._checked(x)
        mean, sd = np.empty(len(points)), np.empty(len(points))
        total = self._ones.sum()
        for k in range(0, len(points), _CHUNK):
            part = slice(k, k + _CHUNK)
            near = self.signal * _matern(points[part], self.x, self.lengths)[0]
            mean[part] = self._mean + near @ self._weights
            known = solve_triangular(self._root, near.T, lower=True, check_finite=False)
            # the second term: the mean is an estimate, too
            left = self.signal - (known**2).sum(axis=0) + (1 - near @ self._ones) ** 2 / total
            sd[part] = np.sqrt(np.maximum(left, 0.0))
        if len(self.x) == 1:
            return mean * 0 + self.centre, np.full(len(points), np.inf)
        return self.centre + self.spread * mean, self.spread * sd

    def loo(self) -> LeaveOneOut:
        """Leave-one-out residuals with the hyperparameters kept; nan where there is nothing to compare."""
        n = len(self.x)
        if n < 2 or not self.spread:
            blank = np.full(n, np.nan)
            return LeaveOneOut(blank, blank, math.nan, math.nan)
        inverse = cho_solve((self._root, True), np.eye(n), check_finite=False)
        inverse -= np.outer(self._ones, self._ones) / self._ones.sum()
        own = np.diag(inverse)
        residual = (inverse @ self.y) / own
        # the mean of the others, not of all: a surface that knows nothing scores 0
        plain = (self.y - self.y.mean()) * n / (n - 1)
        r2 = 1 - float(residual @ residual) / float(plain @ plain)
        return LeaveOneOut(
            self.spread * residual, residual * np.sqrt(own), r2, max(0.0, 1 - self.noise_share)
        )

    def total_effects(
        self,
        n: int = 1024,
        ranges: ArrayLike | None = None,
        groups: Sequence[Sequence[int]] | None = None,
    ) -> Array:
        """Total Sobol indices of the surface's mean (Jansen 1999), on n scrambled Sobol points with a fixed seed.

        Args:
            n: base sample, rounded up to a power of two; n (factors + 2) predictions.
            ranges: (d, 2) part of [0, 1] over which each input varies evenly; by default all of it.
            groups: columns that are one factor; several: the one-hot columns of a choice, each equally often.
                By default each column is a factor of its own.

        Returns:
            (factors,) shares of the variance that vanish when all other factors are held; they add up to more
            than 1 where factors interact, and are 0 where the surface is flat. They are of the surface: where
            `loo().r2` is small, they say little about what it was fitted to.
        """
        factors = [tuple(g) for g in groups] if groups is not None else [(j,) for j in range(self.x.shape[1])]
        span = np.tile([0.0, 1.0], (self.x.shape[1], 1)) if ranges is None else np.asarray(ranges, float)
        count = len(factors)
        sampler = qmc.Sobol(2 * count, scramble=True, rng=np.random.default_rng(20_260_301))
        both = sampler.random_base2(max(1, math.ceil(math.log2(max(n, 2)))))
        first, second = both[:, :count], both[:, count:]
        here = self._mean_at(_spread_out(first, factors, span))
        there = self._mean_at(_spread_out(second, factors, span))
        variance = float(np.concatenate([here, there]).var())
        effects = np.zeros(count)
        if variance <= 1e-12 * self.spread**2 or not self.spread:
            return effects
        for k in range(count):
            mixed = first.copy()
            mixed[:, k] = second[:, k]
            effects[k] = (
                np.mean((here - self._mean_at(_spread_out(mixed, factors, span))) ** 2) / 2 / variance
            )
        return effects

    def profile(self, index: int, base: ArrayLike, n: int = 41) -> tuple[Array, Array, Array]:
        """The surface along one input: n values of it in [0, 1], mean and sd there; the others as in `base` (d,)."""
        grid = np.linspace(0.0, 1.0, n)
        points = np.tile(np.asarray(base, float), (n, 1))
        points[:, index] = grid
        return grid, *self.predict(points)

    def _mean_at(self, x: Array) -> Array:
        return np.concatenate([
            self.centre + self.spread * (
                self._mean + self.signal * _matern(x[k : k + _CHUNK], self.x, self.lengths)[0] @ self._weights)
            for k in range(0, len(x), _CHUNK)
        ])  # fmt: skip

    def _checked(self, x: ArrayLike) -> Array:
        points = np.asarray(x, float)
        if points.ndim != 2 or points.shape[1] != self.x.shape[1]:
            raise ValueError(f"expected points (m, {self.x.shape[1]}), got {points.shape}")
        return points


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of `count` positions, evenly spaced, the last one among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, most)).astype(np.int64))


def _matern(x: Array, z: Array, lengths: Array) -> tuple[Array, Array]:
    """Matern-5/2 correlation (m, n), and minus its derivative by the squared scaled distance, times two."""
    a, b = x / lengths, z / lengths
    square = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T, 0.0)
    far = np.sqrt(5 * square)
    decay = np.exp(-far)
    return (1 + far + 5 / 3 * square) * decay, 5 / 3 * (1 + far) * decay


def _root(kernel: Array, noise: float) -> Array:
    """Lower Cholesky factor of kernel + noise, with as little more on the diagonal as it takes."""
    more = 0.0
    while True:
        try:
            return cholesky(kernel + (noise + more) * np.eye(len(kernel)), lower=True, check_finite=False)
        except LinAlgError:
            more = max(10 * more, 1e-10 * float(np.trace(kernel)) / len(kernel))


def _solve(root: Array, y: Array) -> tuple[float, Array, Array]:
    """The generalised least squares mean, K^-1 (y - mean) and K^-1 1."""
    ones = cho_solve((root, True), np.ones(len(y)), check_finite=False)
    mean = float(ones @ y / ones.sum())
    return mean, cho_solve((root, True), y - mean, check_finite=False), ones


def _prior_centre(d: int) -> Array:
    return np.array([*[math.log(d) / 2] * d, 0.0, _NOISE_CENTRE])


def _most_probable(x: Array, y: Array) -> Array:
    """Logarithms of lengths (d), signal and noise variance that maximise the posterior density."""
    n, d = x.shape
    centre = _prior_centre(d)
    width = np.array([*[_PRIORS["length"]] * d, _PRIORS["signal"], _PRIORS["noise"]])

    def loss(theta: Array) -> tuple[float, Array]:
        lengths, signal, noise = np.exp(theta[:d]), np.exp(theta[d]), np.exp(theta[d + 1])
        shape, slope = _matern(x, x, lengths)
        root = _root(signal * shape, float(noise))
        mean, weights, _ = _solve(root, y)
        value = 0.5 * float((y - mean) @ weights) + float(np.log(np.diag(root)).sum())
        inner = np.outer(weights, weights) - cho_solve((root, True), np.eye(n), check_finite=False)
        bend = signal * inner * slope
        # sum_ab bend_ab (x_aj - x_bj)^2 / 2, without an (n, n, d) array
        pull = (bend.sum(1) @ x**2 - np.einsum("aj,aj->j", x, bend @ x)) / lengths**2
        gradient = -np.array([*pull, 0.5 * signal * (inner * shape).sum(), 0.5 * noise * np.trace(inner)])
        off = (theta - centre) / width
        return value + 0.5 * float(off @ off), gradient + off / width

    # far beyond what the priors make likely: only there to keep exp() in bounds
    bounds = [(math.log(0.01), math.log(1000.0))] * d + [(-7.0, 7.0), (math.log(FLOOR), math.log(10.0))]
    starts = [
        centre,
        np.array([*[math.log(0.3 * math.sqrt(d))] * d, 0.0, -4.0]),
        np.array([*[math.log(4 * math.sqrt(d))] * d, -0.7, -0.7]),
    ]
    found = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200})
             for start in starts]  # fmt: skip
    return np.asarray(min(found, key=lambda result: float(result.fun)).x)


def _spread_out(unit: Array, factors: Sequence[tuple[int, ...]], span: Array) -> Array:
    """Inputs (m, d) from one number in [0, 1) per factor."""
    x = np.zeros((len(unit), len(span)))
    for k, columns in enumerate(factors):
        if len(columns) == 1:
            low, high = span[columns[0]]
            x[:, columns[0]] = low + unit[:, k] * (high - low)
        else:
            chosen = np.minimum((unit[:, k] * len(columns)).astype(int), len(columns) - 1)
            x[np.arange(len(unit)), np.asarray(columns)[chosen]] = 1.0
    return x
