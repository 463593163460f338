"""Pareto/NBD on the world's daily grid: quadrature, likelihood, distribution and posteriors.

The law (the simulation runs exactly this). A customer arrives on day 0 with a first order, which is
not counted in x. On each day k = 1, 2, ... the customer, if alive at the *start* of the day, orders at
most once, with probability p = 1 - exp(-lambda); at the *end* of the day the customer dies with
probability 1 - exp(-mu). lambda ~ Gamma(r, rate alpha) and mu ~ Gamma(s, rate beta), both per day and
independent: Pareto/NBD (Schmittlein, Morrison & Colombo 1987) seen once a day. Optionally a share
``core`` of the customers has mu = 0: a loyal core.

mu integrates in closed form, S_k = E[exp(-mu k)]. For a customer observed for n
whole days with x order-days, the last on day t, m = max(t, 1), q = exp(-lambda):

    L = E_lambda[ p^x q^(m-x) B(m, n) ],   B(n, n) = S_{n-1},   B(m, n) = (S_{m-1} - S_m) + q B(m+1, n)

All terms of the backward recursion are positive, so nothing cancels, whatever x and n. lambda is
integrated by the trapezoid rule after a double-exponential change of variable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

R_MAX = 20.0  # the most homogeneous population the nodes resolve: a coefficient of variation of .22


@dataclass(frozen=True)
class Nodes:
    """Quadrature nodes for lambda: every array has shape (nodes,) and is the same for all parameters.

    Attributes:
        log_lambda: log of the daily rate at each node.
        log_p: log(1 - exp(-lambda)).
        log_step: log of the trapezoid weight, so that the integral of f is sum(f * exp(log_step)).
    """

    log_lambda: Floats
    log_p: Floats
    log_step: Floats

    @property
    def lam(self) -> Floats:
        return np.exp(self.log_lambda)

    def log_weights(self, r: float, alpha: float) -> Floats:
        """Log weights of the expectation over lambda ~ Gamma(r, rate alpha), summing to one."""
        log_density = (r - 1) * self.log_lambda - alpha * self.lam
        log_w = log_density + self.log_step
        # Normalising by the sum instead of Gamma(r) / alpha^r removes the rule's own error for x = 0.
        top = log_w.max()
        return log_w - (top + np.log(np.exp(log_w - top).sum()))


def make_nodes(x_max: int, n_max: int) -> Nodes:
    """Nodes fine enough for customers of up to ``x_max`` order-days in up to ``n_max`` days.

    The posterior of log lambda is never narrower than 1 / sqrt(R_MAX + x), and the trapezoid rule with
    one step per standard deviation has a relative error of 2 exp(-2 pi^2), 5e-9. The change of variable
    lambda = c exp(u - exp(-u)) is a plain logarithm above c and falls to zero doubly exponentially
    below it, where the likelihood is flat and lambda^(r-1) may be singular.
    """
    c = 0.1 / max(n_max, 1)
    step = 0.9 / np.sqrt(R_MAX + x_max)
    u = np.arange(-8.5, np.log(1e3 / c), step)
    log_lambda = np.log(c) + u - np.exp(-u)
    lam = np.exp(log_lambda)
    # 1 - exp(-lambda) would be 0 for the smallest nodes only after log1p has lost them: expm1 keeps them.
    with np.errstate(divide="ignore"):
        log_p = np.where(lam > 1e-300, np.log(-np.expm1(-lam)), log_lambda)
    return Nodes(log_lambda, log_p, log_lambda + np.log1p(np.exp(-u)) + np.log(step))


def survival(s: float, beta: float, days: ArrayLike, core: float = 0.0) -> Floats:
    """S_k = P(alive after k whole days) = core + (1-core) (beta/(beta+k))^s, same shape as ``days``."""
    return core + (1 - core) * np.exp(-s * np.log1p(np.asarray(days, dtype=float) / beta))


def death_chances(s: float, beta: float, days: int, core: float = 0.0) -> Floats:
    """P(dies at the end of day j) = S_{j-1} - S_j for j = 1..days, without cancellation; shape (days,)."""
    j = np.arange(1, days + 1, dtype=float)
    return (1 - core) * survival(s, beta, j - 1) * -np.expm1(-s * np.log1p(1 / (beta + j - 1)))


@dataclass(frozen=True)
class Table:
    """Customers grouped by identical (x, t_x, n).

    Attributes:
        x, t_x, n: int arrays of shape (groups,).
        count: customers in each group, shape (groups,).
        inverse: group of each customer, shape (customers,).
    """

    x: Ints
    t_x: Ints
    n: Ints
    count: Floats
    inverse: Ints


def as_days(name: str, values: ArrayLike) -> Ints:
    """Whole day counts as int64; ValueError if they are negative, fractional or not finite."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    if array.ndim != 1 or not np.all(np.isfinite(array)) or np.any(array < 0) or np.any(array % 1):
        raise ValueError(f"{name} must be a list of whole numbers of days, zero or more")
    return array.astype(np.int64)


def group(x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Table:
    """Group customers by (x, t_x, n), shapes (customers,), in days.

    Raises:
        ValueError: lengths differ, values are not whole days, or a history is impossible on the grid
            (x > t_x, t_x > n, or x = 0 with t_x > 0).
    """
    xs, ts, ns = as_days("x", x), as_days("t_x", t_x), as_days("n", n)
    if not xs.size == ts.size == ns.size or not xs.size:
        raise ValueError("x, t_x and n must have the same length, at least 1")
    wrong = (xs > ts) | (ts > ns) | ((xs == 0) & (ts > 0))
    if np.any(wrong):
        i = int(np.argmax(wrong))
        raise ValueError(
            f"impossible history at position {i}: x = {xs[i]}, t_x = {ts[i]}, n = {ns[i]} "
            "(needs x <= t_x <= n, at most one order a day, and t_x = 0 when x = 0)"
        )
    rows, inverse, count = np.unique(
        np.column_stack([xs, ts, ns]), axis=0, return_inverse=True, return_counts=True
    )
    return Table(rows[:, 0], rows[:, 1], rows[:, 2], count.astype(float), inverse.reshape(-1))


def log_likelihoods(
    table: Table,
    nodes: Nodes,
    r: float,
    alpha: float,
    s: float,
    beta: float,
    core: float = 0.0,
    *,
    gradient: bool = False,
) -> tuple[Floats, Floats | None]:
    """Log L of each group on the grid, shape (groups,), and its gradient, shape (groups, 4) or None.

    ``core`` is the share of customers with mu = 0 (they never die), 0 in the plain Pareto/NBD. The
    gradient is with respect to (log r, log alpha, log s, log beta), ``core`` fixed. Memory is proportional to
    (distinct n) x (nodes), time to (distinct n) x days x nodes.
    """
    loglik = np.zeros(table.x.size)
    slopes = np.zeros((table.x.size, 4)) if gradient else None
    n_max = int(table.n.max())
    if n_max == 0:
        return loglik, slopes
    log_w, lam, q = nodes.log_weights(r, alpha), nodes.lam, np.exp(-nodes.lam)
    mean_log = float(np.exp(log_w) @ nodes.log_lambda)
    mean_lam = float(np.exp(log_w) @ lam)

    ns = np.unique(table.n[table.n > 0])[::-1]  # falling, so that the recursion runs on leading slices
    k = np.arange(n_max + 1, dtype=float)
    alive = survival(s, beta, k, core)
    dead = death_chances(s, beta, n_max, core)
    # Of the mortal share: d S_k / d log s = S_k log S_k;  d S_k / d log beta = S_k s k / (beta + k)
    mortal = (1 - core) * survival(s, beta, k)
    alive_s, alive_b = mortal * -s * np.log1p(k / beta), mortal * s * k / (beta + k)
    dead_s, dead_b = -np.diff(alive_s), -np.diff(alive_b)

    last = np.maximum(table.t_x, 1)
    order = np.argsort(-last, kind="stable")
    order = order[table.n[order] > 0]
    row_of_n = np.searchsorted(-ns, -table.n)
    stops = np.searchsorted(-last[order], -np.arange(n_max + 2), side="right")

    # B and, for the gradient, its derivatives by log s and log beta: the recursion is linear in S.
    ends = np.stack([alive, alive_s, alive_b][: 3 if gradient else 1], axis=1)
    jumps = np.stack([dead, dead_s, dead_b][: 3 if gradient else 1], axis=1)
    b = np.zeros((ns.size, ends.shape[1], lam.size))
    started = 0
    begin = 0
    for m in range(n_max, 0, -1):
        b[:started] *= q
        b[:started] += jumps[m - 1][:, None]
        if started < ns.size and ns[started] == m:
            b[started] = ends[m - 1][:, None]
            started += 1
        rows = order[begin : stops[m]]
        begin = stops[m]
        if not rows.size:
            continue
        xs, where = table.x[rows, None], row_of_n[rows]
        kernel = xs * nodes.log_p - (m - xs) * lam + log_w
        terms = kernel + np.log(np.maximum(b[where, 0], 1e-300))  # S underflows at absurd trial points
        top = terms.max(axis=1, keepdims=True)
        terms = np.exp(terms - top)
        total = terms.sum(axis=1)
        loglik[rows] = top[:, 0] + np.log(total)
        if slopes is not None:
            scaled = np.exp(kernel - top)
            slopes[rows, 0] = r * ((terms @ nodes.log_lambda) / total - mean_log)
            slopes[rows, 1] = -alpha * ((terms @ lam) / total - mean_lam)
            slopes[rows, 2] = (scaled * b[where, 1]).sum(axis=1) / total
            slopes[rows, 3] = (scaled * b[where, 2]).sum(axis=1) / total
    return loglik, slopes


def log_alive_moment(table: Table, nodes: Nodes, r: float, alpha: float, *, extra: int = 0) -> Floats:
    """log E[p^(x + extra) q^(n - x)] of each group, shape (groups,).

    With ``extra`` = 0, times S_n, it is the joint chance of the history and of being alive at the start
    of day n + 1; with ``extra`` = 1 it also counts one more order on a given later day.
    """
    log_w = nodes.log_weights(r, alpha)
    out = np.empty(table.x.size)
    for part in np.array_split(np.arange(out.size), max(1, out.size // 4000)):
        x, n = table.x[part, None], table.n[part, None]
        terms = (x + extra) * nodes.log_p - (n - x) * nodes.lam + log_w
        top = terms.max(axis=1)
        out[part] = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    return out


def count_chances(exposed: int, kmax: int, nodes: Nodes, r: float, alpha: float) -> Floats:
    """E_lambda[ Binomial(k; j, p) ] for j = 0..exposed and k = 0..kmax, shape (exposed + 1, kmax + 1)."""
    log_w = nodes.log_weights(r, alpha)
    keep = log_w > log_w.max() - 60  # a node that cannot matter for any count
    log_w, log_p, lam = log_w[keep], nodes.log_p[keep], nodes.lam[keep]
    out = np.zeros((exposed + 1, kmax + 1))
    for j in range(exposed + 1):
        k = np.arange(min(j, kmax) + 1)
        log_choose = gammaln(j + 1) - gammaln(k + 1) - gammaln(j - k + 1)
        terms = k[:, None] * log_p - (j - k)[:, None] * lam + (log_w + log_choose[:, None])
        out[j, : k.size] = np.exp(terms).sum(axis=1)
    return out
