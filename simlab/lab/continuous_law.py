"""The continuous Pareto/NBD likelihood of the literature, in logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, hyp2f1

Floats = NDArray[np.float64]


def check_histories(x: ArrayLike, t_x: ArrayLike, length: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The three arrays as floats, shape (customers,); ValueError if a history is impossible."""
    arrays = [np.atleast_1d(np.asarray(a, dtype=float)) for a in (x, t_x, length)]
    xs, ts, lengths = arrays
    good = (xs >= 0) & (ts >= 0) & (ts <= lengths) & ((xs > 0) | (ts == 0)) & (xs % 1 == 0)
    if not all(np.isfinite(a).all() for a in arrays) or not good.all():
        raise ValueError("histories need whole x >= 0 and 0 <= t_x <= length, with t_x = 0 when x = 0")
    return xs, ts, lengths


def log_likelihoods(
    x: Floats, t_x: Floats, length: Floats, r: float, alpha: float, s: float, beta: float
) -> Floats:
    """Log L of the continuous law, all arrays of shape (customers,), times in one unit.

    Fader & Hardie 2005 (note), equation for L(r, alpha, s, beta | x, t_x, T) with the Gaussian
    hypergeometric function, its powers taken out in logarithms so that x of several hundred is safe.
    """
    big, gap = max(alpha, beta), abs(alpha - beta)
    total = r + s + x
    b = np.full_like(total, s + 1) if alpha >= beta else r + x
    # log of 2F1(a, b; a+1; z) / (big + t)^a with a = r + s + x. It diverges at z = 1 only if b > 1, and
    # then Euler's rule turns it into (1-z)^(1-b) 2F1(1, a+1-b; a+1; z), which does not: the power goes
    # into the logarithm and nothing overflows.
    euler = b > 1
    first, second = np.where(euler, 1.0, total), np.where(euler, total + 1 - b, b)
    power = np.where(euler, 1 - b, 0.0)

    def log_part(time: Floats) -> Floats:
        log_f = np.log(hyp2f1(first, second, total + 1, gap / (big + time)))
        rest = (min(alpha, beta) + time) / (big + time)  # 1 - z, without cancellation
        return power * np.log(rest) + log_f - total * np.log(big + time)

    at_last, at_end = log_part(t_x), log_part(length)
    # log(e^a - e^b) with a >= b; equal times make it log 0, which drops out of the sum below.
    with np.errstate(divide="ignore"):
        died = np.log(s / total) + at_last + np.log(-np.expm1(np.minimum(at_end - at_last, 0.0)))
    stayed = -(r + x) * np.log(alpha + length) - s * np.log(beta + length)
    constant = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return constant + np.logaddexp(stayed, died)
