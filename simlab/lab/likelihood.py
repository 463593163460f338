"""Maximum likelihood in log parameters: several starts, and standard errors from the information."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
# log parameters -> (total log-likelihood, its gradient or None where only differences are available)
Target = Callable[[Floats], tuple[float, Floats | None]]


@dataclass(frozen=True)
class Maximum:
    """The best of several starts.

    Attributes:
        point: log parameters, shape (k,).
        loglik: log-likelihood there.
        cov: covariance of the log parameters, shape (k, k), all NaN where the information is singular.
        notes: what to tell the user about this fit; empty when all is well.
    """

    point: Floats
    loglik: float
    cov: Floats
    notes: tuple[str, ...]


def differences(target: Target, point: Floats, step: float = 1e-5) -> Floats:
    """Central-difference gradient of the log-likelihood, shape (k,)."""
    shifts = np.eye(point.size) * step
    return np.array([(target(point + d)[0] - target(point - d)[0]) / (2 * step) for d in shifts])


def information(target: Target, point: Floats) -> Floats:
    """Observed information (minus the numerical Hessian) at ``point``, shape (k, k)."""
    has_gradient = target(point)[1] is not None
    k = point.size
    hessian = np.empty((k, k))
    if has_gradient:
        step = 1e-4
        for i, d in enumerate(np.eye(k) * step):
            up, down = target(point + d)[1], target(point - d)[1]
            assert up is not None
            assert down is not None
            hessian[i] = (up - down) / (2 * step)
    else:
        step = 2e-3  # a second difference of a sum of about 1e4: rounding and curvature balance here
        d = np.eye(k) * step
        for i in range(k):
            for j in range(i + 1):
                corners = [target(point + a * d[i] + b * d[j])[0] * a * b for a in (1, -1) for b in (1, -1)]
                hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return -(hessian + hessian.T) / 2


def maximise(target: Target, starts: Sequence[Floats], bounds: Sequence[tuple[float, float]]) -> Maximum:
    """Maximise a log-likelihood by L-BFGS-B from every start; the best one is refined and described.

    Args:
        target: function of the log parameters.
        starts: arrays of shape (k,); clipped into the bounds.
        bounds: k pairs of lower and upper limits of the log parameters.

    Raises:
        ArithmeticError: no start led to a finite log-likelihood.
    """
    low, high = np.array(bounds).T
    # A line search of L-BFGS-B starts with a step as long as the gradient: keep that of order one.
    scale = max(1.0, abs(target(np.clip(starts[0], low, high))[0]))
    notes: list[str] = []

    def negative(point: Floats) -> tuple[float, Floats]:
        value, gradient = target(point)
        if gradient is None:
            gradient = differences(target, point)
        return (-value / scale, -gradient / scale)

    found = []
    for start in starts:
        options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9}
        result = minimize(
            negative, np.clip(start, low, high), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )
        if np.isfinite(result.fun):
            found.append(result)
    if not found:
        raise ArithmeticError("the likelihood is not finite from any start")
    best = min(found, key=lambda result: float(result.fun))
    agreeing = sum(1 for result in found if (result.fun - best.fun) * scale < 0.01)
    if len(starts) > 1 and agreeing < 2:
        notes.append(f"only 1 of {len(starts)} starts reached the best log-likelihood: a flat surface")
    if np.any(best.x <= low + 1e-6) or np.any(best.x >= high - 1e-6):
        notes.append("a parameter ended on its bound: the data do not identify it")
    cov = np.full((best.x.size, best.x.size), np.nan)
    info = information(target, best.x)
    if np.all(np.isfinite(info)) and np.linalg.eigvalsh(info).min() > 0:
        cov = np.linalg.inv(info)
    else:
        notes.append("no standard errors: the information matrix is not positive definite")
    return Maximum(best.x, -float(best.fun) * scale, cov, tuple(notes))
