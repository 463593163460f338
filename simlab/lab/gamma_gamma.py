"""Gamma-Gamma: how much customers spend per order (Fader, Hardie & Lee 2005, "RFM and CLV").

An order's amount z ~ Gamma(p, rate nu) within a customer, nu ~ Gamma(q, rate gamma) between customers,
both independent of how often the customer orders. Published fits use the *repeat* orders: x of them,
with mean m.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from simlab.lab.likelihood import maximise
from simlab.scenario.errors import InputError, Problem

Floats = NDArray[np.float64]
NAMES = ("p", "q", "gamma")


@dataclass(frozen=True)
class GammaGamma:
    """Spend per order; p and q have no unit, gamma is in the log's currency.

    Attributes:
        p, q, gamma: the parameters.
        loglik: log-likelihood at the fit (NaN for parameters that were not fitted).
        se_p, se_q, se_gamma: standard errors by the delta method, NaN if unknown.
        cov_log: covariance of (log p, log q, log gamma), shape (3, 3), or None.
        customers: how many customers it was fitted to.
        notes: remarks about the fit; empty when all is well.
    """

    p: float
    q: float
    gamma: float
    loglik: float = float("nan")
    se_p: float = float("nan")
    se_q: float = float("nan")
    se_gamma: float = float("nan")
    cov_log: Floats | None = field(default=None, compare=False, repr=False)
    customers: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in NAMES:
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number, not {value}")

    @property
    def population_mean(self) -> float:
        """E[amount] = p gamma / (q - 1); infinite for q <= 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")

    def log_likelihood(self, x: ArrayLike, mean: ArrayLike) -> Floats:
        """Log density of each customer's mean amount, shape (customers,); raises as ``fit_gamma_gamma``."""
        return log_likelihoods(*_check(x, mean), self.p, self.q, self.gamma)

    def posterior_rate(self, x: ArrayLike, mean: ArrayLike) -> tuple[Floats, Floats]:
        """nu | data ~ Gamma(q + p x, rate gamma + x m): shape and rate, each of shape (customers,).

        x orders of mean m add p x to the shape and their sum, x m, to the rate. Customers with x = 0
        keep the population's Gamma(q, gamma).
        """
        xs, means = np.asarray(x, dtype=float), np.asarray(mean, dtype=float)
        spent = np.where(xs > 0, xs * np.where(xs > 0, means, 0.0), 0.0)
        return self.q + self.p * xs, self.gamma + spent

    def conditional_mean(self, x: ArrayLike, mean: ArrayLike) -> Floats:
        """E[amount of a future order | x orders of mean m] = p (gamma + x m) / (p x + q - 1).

        Shape (customers,); infinite where p x + q <= 1.
        """
        shape, rate = self.posterior_rate(x, mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(shape > 1, self.p * rate / (shape - 1), np.inf)


def log_likelihoods(x: Floats, mean: Floats, p: float, q: float, gamma: float) -> Floats:
    """Log density of the mean of x orders, shape (customers,): equation (1a) of the Gamma-Gamma note."""
    px = p * x
    return (
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(gamma)
        + (px - 1) * np.log(mean)
        + px * np.log(x)
        - (px + q) * np.log(gamma + x * mean)
    )


def fit_gamma_gamma(x: ArrayLike, mean: ArrayLike, *, source: str = "the log") -> GammaGamma:
    """Maximum likelihood from the customers with x >= 1 (repeat) orders of mean amount above zero.

    Args:
        x: number of orders behind each mean; mean: mean amount; shapes (customers,). Customers with
            x = 0 are left out, and so are those whose mean is zero (all their orders were free): the
            density has no mass there. The notes say how many.
        source: the file's name for messages.

    Raises:
        ValueError: lengths differ, or negative, infinite or missing values where x >= 1.
        InputError: fewer than two customers are left, or all means are equal.
    """
    every, amounts = np.asarray(x, dtype=float), np.asarray(mean, dtype=float)
    if every.shape != amounts.shape or every.ndim != 1:
        raise ValueError("x and mean must be lists of the same length")
    free = (every > 0) & (amounts == 0)
    keep = (every > 0) & ~free
    xs, means = _check(every[keep], amounts[keep])
    if xs.size < 2 or np.ptp(means) == 0:
        raise InputError(
            Problem(
                source,
                "spend per order cannot be estimated: it takes two customers with repeat orders of "
                "different mean amounts",
                "Use a longer log, or set the basket in the scenario by hand.",
                value=f"{xs.size} customers",
            )
        )

    def target(point: Floats) -> tuple[float, None]:
        p, q, gamma = (float(v) for v in np.exp(point))
        return float(log_likelihoods(xs, means, p, q, gamma).sum()), None

    centre = float(np.median(means))
    starts = [np.log([p, q, centre * (q + 1) / p]) for p, q in ((1.0, 3.0), (6.0, 4.0), (3.0, 10.0))]
    bounds = [(np.log(1e-2), np.log(1e4)), (np.log(1e-2), np.log(1e4))]
    bounds += [(np.log(centre * 1e-6), np.log(centre * 1e6))]
    best = maximise(target, starts, bounds)
    values = np.exp(best.point)
    errors = values * np.sqrt(np.diag(best.cov))
    notes = best.notes
    if free.any():
        notes += (f"{int(free.sum())} customers with free orders only were left out",)
    if values[1] <= 1:
        notes += ("q is 1 or less: the mean order of the population is infinite",)
    return replace(
        GammaGamma(*values.tolist()),
        loglik=best.loglik,
        **dict(zip([f"se_{name}" for name in NAMES], errors.tolist(), strict=True)),
        cov_log=best.cov,
        customers=int(xs.size),
        notes=notes,
    )


def _check(x: ArrayLike, mean: ArrayLike) -> tuple[Floats, Floats]:
    xs, means = np.asarray(x, dtype=float), np.asarray(mean, dtype=float)
    if xs.shape != means.shape or not np.all((xs >= 1) & np.isfinite(xs) & np.isfinite(means) & (means > 0)):
        raise ValueError("every customer needs x of 1 or more and a finite mean amount above zero")
    return xs, means
