"""Pareto/NBD: how often customers order and how long they stay, fitted to (x, t_x, n) by likelihood.

Two laws share four parameters. The *grid* law (``simlab.lab.grid_law``) is what the simulation runs:
at most one order a day. The *continuous* law is the literature's (Schmittlein, Morrison & Colombo 1987;
likelihood as in Fader & Hardie 2005, "A note on deriving the Pareto/NBD model and related expressions").
Simulate with parameters of the grid fit only: a continuous fit to day-merged data, run on the grid,
merges days twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlab.lab import continuous_law, grid_law
from simlab.lab.likelihood import maximise
from simlab.scenario.errors import InputError, Problem

Floats = NDArray[np.float64]
Law = Literal["grid", "continuous"]
NAMES = ("r", "alpha", "s", "beta")


@dataclass(frozen=True)
class Posterior:
    """What a customer's own history says; every field has shape (customers,), rates per day.

    ``p_alive`` is exact. Given alive (at the start of day n + 1), mu = 0 with chance ``p_core`` (0 without a
    loyal core) and otherwise mu ~ Gamma(mu_shape, mu_rate), exactly;
    lambda ~ Gamma(lambda_shape, lambda_rate) drops the factor (sinh(lambda/2) / (lambda/2))^x from
    (1 - e^-lambda)^x = lambda^x e^(-lambda x / 2) (...)^x, so its mean is low by the share lambda^2 / 12:
    0.01 % at one order in 30 days, 0.2 % at one in a week, 4 % at one every other day.
    """

    p_alive: Floats
    lambda_shape: Floats
    lambda_rate: Floats
    mu_shape: Floats
    mu_rate: Floats
    p_core: Floats


@dataclass(frozen=True)
class ParetoNBD:
    """Order rate lambda ~ Gamma(r, rate alpha), lifetime rate mu ~ Gamma(s, rate beta), per ``unit``.

    Attributes:
        r, alpha, s, beta: the parameters; alpha and beta are in ``unit``.
        core: share of customers whose lifetime rate is 0, a loyal core; 0 is the plain law.
        loglik: log-likelihood at the fit (NaN for parameters that were not fitted).
        se_r, se_alpha, se_s, se_beta: standard errors (delta method from ``cov_log``), NaN if unknown.
        cov_log: covariance of (log r, log alpha, log s, log beta), ``core`` fixed, shape (4, 4), or None.
        unit: "days" or "weeks". Only "days" has a grid.
        law: the likelihood it was fitted with.
        customers: how many customers it was fitted to.
        notes: remarks about the fit; empty when all is well.
    """

    r: float
    alpha: float
    s: float
    beta: float
    core: float = 0.0
    loglik: float = float("nan")
    se_r: float = float("nan")
    se_alpha: float = float("nan")
    se_s: float = float("nan")
    se_beta: float = float("nan")
    cov_log: Floats | None = field(default=None, compare=False, repr=False)
    unit: str = "days"
    law: Law = "grid"
    customers: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in NAMES:
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number, not {value}")
        if not 0 <= self.core < 1:
            raise ValueError(f"core must be a share of at least 0 and below 1, not {self.core}")

    def expected_orders(self, t: ArrayLike, law: Law = "grid") -> Floats:
        """E[X(t)]: mean repeat orders in the first t units after arrival; same shape as ``t``.

        grid: E[p] sum_{k<t} S_k with E[p] = 1 - (alpha/(alpha+1))^r, t in whole days.
        continuous: r beta / (alpha (s-1)) (1 - (beta/(beta+t))^(s-1)), and its limit at s = 1.
        """
        if law == "continuous":
            log_growth = np.log1p(np.asarray(t, dtype=float) / self.beta)
            shape = self.s - 1
            area = log_growth if abs(shape) < 1e-12 else -np.expm1(-shape * log_growth) / shape
            mortal = (1 - self.core) * self.beta * area
            return self.r / self.alpha * (mortal + self.core * np.asarray(t, dtype=float))
        days = self._days(t)
        area = np.concatenate([[0.0], np.cumsum(self._alive(np.arange(days.max())))])
        return self.p_order * area[days]

    @property
    def p_order(self) -> float:
        """E[1 - exp(-lambda)]: chance that a random living customer orders on a given day."""
        self._days(0)
        return float(-np.expm1(-self.r * np.log1p(1 / self.alpha)))

    def p_alive_at(self, t: ArrayLike) -> Floats:
        """P(alive t units after arrival) = core + (1-core) (beta/(beta+t))^s, same shape as ``t``."""
        return self._alive(t)

    def p_x(self, t: ArrayLike, kmax: int) -> Floats:
        """P(X(t) = k) on the grid for k = 0..kmax; shape of ``t`` (whole days) + (kmax + 1,).

        Numerically exact: a binomial given the days lived and the rate, summed over both.
        """
        days = self._days(t)
        top = int(days.max())
        if top == 0:
            return np.broadcast_to(np.eye(1, kmax + 1), (*days.shape, kmax + 1)).copy()
        nodes = grid_law.make_nodes(kmax, top)
        chances = grid_law.count_chances(top, kmax, nodes, self.r, self.alpha)
        ended = np.zeros_like(chances)  # row t: sum over j < t of P(dies at the end of day j) P(k | j days)
        dead = grid_law.death_chances(self.s, self.beta, top, self.core)
        ended[1:] = np.cumsum(dead[:, None] * chances[1:], axis=0)
        before = np.concatenate([np.zeros((2, kmax + 1)), ended[1:-1]])[: top + 1]
        alive = self._alive(np.maximum(np.arange(top + 1) - 1, 0))
        return (before + alive[:, None] * chances)[days]

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Floats:
        """Log-likelihood of each customer under ``self.law``, shape (customers,)."""
        if self.law == "continuous":
            if self.core:
                raise ValueError("the continuous likelihood has no loyal core; use the grid")
            rates = (self.r, self.alpha, self.s, self.beta)
            return continuous_law.log_likelihoods(*continuous_law.check_histories(x, t_x, n), *rates)
        self._days(0)
        table = grid_law.group(x, t_x, n)
        nodes = grid_law.make_nodes(int(table.x.max()), int(table.n.max()))
        return grid_law.log_likelihoods(table, nodes, *self._point)[0][table.inverse]

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Floats:
        """P(alive at the start of day n + 1 | history) on the grid, shape (customers,)."""
        return np.exp(self._joint_alive(x, t_x, n, extra=0))

    def posterior(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Posterior:
        """P(alive) and, given alive, the gamma posteriors of both rates: see :class:`Posterior`."""
        p_alive = self.p_alive(x, t_x, n)
        xs, ns = grid_law.as_days("x", x).astype(float), grid_law.as_days("n", n).astype(float)
        shape, rate = self.r + xs, self.alpha + ns - xs / 2
        core = self.core / self._alive(ns)
        return Posterior(p_alive, shape, rate, np.full(xs.shape, self.s), self.beta + ns, core)

    def conditional_expected_orders(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike, horizon: int) -> Floats:
        """Expected order-days in days n+1 .. n+horizon given the history, on the grid; (customers,).

        E[p^(x+1) q^(n-x)] sum_{k=0}^{horizon-1} S_{n+k} / L, lambda integrated numerically.
        """
        ns = grid_law.as_days("n", n)
        area = np.concatenate([[0.0], np.cumsum(self._alive(np.arange(ns.max() + horizon)))])
        per_living = np.exp(self._joint_alive(x, t_x, n, extra=1)) / self._alive(ns)
        return per_living * (area[ns + horizon] - area[ns])

    def _joint_alive(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike, *, extra: int) -> Floats:
        """log( E[p^(x+extra) q^(n-x)] S_n / L ), shape (customers,)."""
        self._days(0)
        table = grid_law.group(x, t_x, n)
        nodes = grid_law.make_nodes(int(table.x.max()) + extra, int(table.n.max()))
        loglik, _ = grid_law.log_likelihoods(table, nodes, *self._point)
        moment = grid_law.log_alive_moment(table, nodes, self.r, self.alpha, extra=extra)
        return (moment + np.log(self._alive(table.n)) - loglik)[table.inverse]

    @property
    def _point(self) -> tuple[float, float, float, float, float]:
        return self.r, self.alpha, self.s, self.beta, self.core

    def _alive(self, t: ArrayLike) -> Floats:
        return grid_law.survival(self.s, self.beta, t, self.core)

    def _days(self, t: ArrayLike) -> NDArray[np.int64]:
        """Whole days as an integer array of the same shape; ValueError if this fit has no grid."""
        if self.unit != "days":
            raise ValueError(f"the daily grid needs parameters in days, and these are in {self.unit}")
        array = np.asarray(t, dtype=float)
        if np.any(array < 0) or np.any(array % 1):
            raise ValueError("the grid has whole days only: t must be zero or a positive whole number")
        return array.astype(np.int64)


def fit_grid(
    x: ArrayLike,
    t_x: ArrayLike,
    n: ArrayLike,
    *,
    core: float = 0.0,
    source: str = "the log",
    start: ParetoNBD | None = None,
) -> ParetoNBD:
    """Maximum likelihood on the daily grid, with a given share ``core`` that never dies.

    Args:
        x: repeat order-days, t_x: day of the last one since arrival (0 if none), n: whole days observed
            since arrival; shapes (customers,).
        core: share of the loyal core, held fixed; ``simlab.lab.loyal_core`` estimates it.
        source: the file's name for messages.
        start: begin at this fit alone instead of at three places.

    Raises:
        ValueError: impossible histories (see ``grid_law.group``).
        InputError: nobody ordered twice, or nobody was observed for a day.
    """
    table = grid_law.group(x, t_x, n)
    count = table.count
    nodes = grid_law.make_nodes(int(table.x.max()), int(table.n.max()))

    def target(point: Floats) -> tuple[float, Floats | None]:
        r, alpha, s, beta = (float(v) for v in np.exp(point))
        loglik, slopes = grid_law.log_likelihoods(table, nodes, r, alpha, s, beta, core, gradient=True)
        assert slopes is not None
        return float(count @ loglik), count @ slopes

    return _fit(target, table.x, table.n, count, ParetoNBD(1, 1, 1, 1, core), source, start)


def fit_continuous(
    x: ArrayLike, t_x: ArrayLike, length: ArrayLike, *, unit: str = "weeks", source: str = "the log"
) -> ParetoNBD:
    """Maximum likelihood of the continuous law, times (t_x, length) in ``unit``; raises as ``fit_grid``."""
    rows = np.column_stack(continuous_law.check_histories(x, t_x, length))
    groups, count = np.unique(rows, axis=0, return_counts=True)
    xs, ts, lengths = groups.T

    def target(point: Floats) -> tuple[float, Floats | None]:
        r, alpha, s, beta = (float(v) for v in np.exp(point))
        return float(count @ continuous_law.log_likelihoods(xs, ts, lengths, r, alpha, s, beta)), None

    plain = ParetoNBD(1, 1, 1, 1, unit=unit, law="continuous")
    return _fit(target, xs, lengths, count.astype(float), plain, source, None)


def _fit(
    target: Callable[[Floats], tuple[float, Floats | None]],
    x: NDArray,
    n: NDArray,
    count: Floats,
    frame: ParetoNBD,
    source: str,
    start: ParetoNBD | None,
) -> ParetoNBD:
    """The common part of the two fits; ``frame`` carries everything but the estimates."""
    orders, exposure = float(count @ x), float(count @ n)
    if orders == 0 or exposure == 0:
        raise InputError(
            Problem(
                source,
                "no customer orders again, so order rate and lifetime cannot be told apart",
                "Use a longer log: it needs customers with two order-days or more.",
            )
        )
    mean_n = exposure / float(count.sum())
    rate = orders / exposure
    starts = [
        np.log([r, r / rate * pace, s, s * mean_n * stay])
        for r, pace, s, stay in ((0.5, 0.6, 0.6, 0.5), (1.5, 0.8, 1.5, 1.0), (0.25, 0.6, 0.3, 0.2))
    ]
    if start is not None:
        starts = [np.log([start.r, start.alpha, start.s, start.beta])]
    scale = np.log(mean_n)
    bounds = [(np.log(0.01), np.log(grid_law.R_MAX)), (np.log(0.05), scale + 9)]
    bounds += [(np.log(0.005), np.log(200.0)), (np.log(1e-3), scale + 12)]
    best = maximise(target, starts, bounds)
    values = np.exp(best.point)
    estimates = dict(zip(NAMES, values.tolist(), strict=True))
    errors = values * np.sqrt(np.diag(best.cov))
    standard = dict(zip([f"se_{name}" for name in NAMES], errors.tolist(), strict=True))
    return replace(
        frame,
        **estimates,
        **standard,
        loglik=best.loglik,
        cov_log=best.cov,
        customers=round(float(count.sum())),
        notes=best.notes,
    )
