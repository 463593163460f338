"""The laws behind a log: order rates, lifetimes and baskets, and how far each is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.gamma_gamma import GammaGamma, fit_gamma_gamma
from simlab.lab.logs import Log
from simlab.lab.loyal_core import CoreFit, fit_core
from simlab.lab.pareto_nbd import ParetoNBD, fit_continuous, fit_grid

Floats = NDArray[np.float64]
DRAWS = 2000
DRAW_SEED = 20_260_101
NORMAL = 1.959964
LEAST_SHAPE, LONGEST_SCALE = 0.02, 36_500.0
"""Smallest shape and longest scale (days) of a scenario file."""
MOST_SHAPE = 1000.0  # what a scenario file can say
LEAST_Q = 1.05  # below it the mean basket of the population hangs on a handful of customers


@dataclass(frozen=True)
class Laws:
    """What was fitted to the calibration period.

    Attributes:
        grid: the daily-grid law that the simulation runs, with a loyal core where one was taken.
        plain: the same without a core.
        core: the core's profile; None when none was asked for.
        continuous: the literature's law on the same data, in weeks; for comparison only.
        baskets: spend per order, fitted to repeat orders, in the log's currency.
        notes: what the user should know; empty when all is well.
    """

    grid: ParetoNBD
    plain: ParetoNBD
    core: CoreFit | None
    continuous: ParetoNBD
    baskets: GammaGamma
    notes: tuple[str, ...] = ()


def fit_laws(log: Log, until: int, core: bool = True) -> Laws:
    """Fit all laws to the customers who arrived by day `until`, seen up to and including that day.

    Args:
        log: the log. until: last day of the calibration period, a day number.
        core: estimate a loyal core, too (about ten grid fits instead of one).

    Raises:
        InputError: nobody ordered twice, or baskets that are all alike.
    """
    rows = log.summary(until)
    x, t_x, n = (rows[name].to_numpy() for name in ("frequency", "recency", "T"))
    found = fit_core(x, t_x, n, source=log.file) if core else None
    plain = found.plain if found else fit_grid(x, t_x, n, source=log.file)
    grid = _writable(found.fit if found else plain)
    baskets = fit_gamma_gamma(x, rows["monetary_value"].to_numpy(), source=log.file)
    notes = (*grid.notes, *baskets.notes)
    if baskets.q < LEAST_Q:
        notes += (f"basket: q = {baskets.q:.3f} has no usable mean; {LEAST_Q} and the mean repeat order are "
                  "written instead",)  # fmt: skip
        baskets = _tamed(baskets, x, rows["monetary_value"].to_numpy())
    if max(baskets.p, baskets.q) > MOST_SHAPE:
        notes += (f"basket: p = {baskets.p:.4g}, q = {baskets.q:.4g} say that baskets hardly differ; {MOST_SHAPE:g} at "
                  "most is written, with the same mean",)  # fmt: skip
        p, q = min(baskets.p, MOST_SHAPE), min(baskets.q, MOST_SHAPE)
        baskets = replace(baskets, p=p, q=q, gamma=baskets.population_mean * (q - 1) / p, cov_log=None)
    return Laws(grid, plain, found, fit_continuous(x, t_x / 7, n / 7, source=log.file), baskets, notes)


def _writable(grid: ParetoNBD) -> ParetoNBD:
    """The law within what a scenario can say; mean rates are kept where shapes or times are beyond it."""
    r, alpha, s, beta = grid.r, grid.alpha, grid.s, grid.beta
    if r < LEAST_SHAPE:
        r, alpha = LEAST_SHAPE, alpha * LEAST_SHAPE / r
    if s < LEAST_SHAPE:
        s, beta = LEAST_SHAPE, beta * LEAST_SHAPE / s
    if beta > LONGEST_SCALE:
        s, beta = max(s * LONGEST_SCALE / beta, LEAST_SHAPE), LONGEST_SCALE
    if (r, alpha, s, beta) == (grid.r, grid.alpha, grid.s, grid.beta):
        return grid
    note = (
        "the fit lies beyond what a scenario can say (does anybody leave at all?); the nearest one is written"
    )
    return replace(grid, r=r, alpha=alpha, s=s, beta=beta, cov_log=None, notes=(*grid.notes, note))


def _tamed(fit: GammaGamma, x: NDArray[np.int64], mean: Floats) -> GammaGamma:
    """Baskets with the observed mean of repeat orders, where the fitted law has none."""
    observed = float(np.average(mean[x > 0], weights=x[x > 0]))
    return GammaGamma(fit.p, LEAST_Q, observed * (LEAST_Q - 1) / fit.p, customers=fit.customers)


# What is varied ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranges:
    """Independent 95 % ranges for a scenario, and what they leave out.

    Attributes:
        ends: low and high end by the name below the segment ("orders.per_year" ...).
        correlation: between log mean rate and log shape of the order rates.
        survival: 95 % range of the share of customers alive `days` after arriving.
        days: see `survival`.
        joint, independent: relative half-width (95 %) of the expected orders in the second half of `days`:
            with all parameters drawn together, and with the ranges drawn one by one.
    """

    ends: dict[str, tuple[float, float]]
    correlation: float
    survival: tuple[float, float]
    days: int
    joint: float
    independent: float


def draw_laws(laws: Laws, size: int = DRAWS) -> list[ParetoNBD]:
    """Parameter sets that the data allow, drawn together; [] where no standard errors are known."""
    if laws.core is not None and laws.grid.core > 0:
        return laws.core.draw(size, DRAW_SEED)
    cov = laws.grid.cov_log
    if cov is None or not np.isfinite(cov).all():
        return []
    centre = np.log([laws.grid.r, laws.grid.alpha, laws.grid.s, laws.grid.beta])
    points = np.exp(np.random.default_rng(DRAW_SEED).multivariate_normal(centre, cov, size))
    return [ParetoNBD(r, alpha, s, beta) for r, alpha, s, beta in points.tolist()]


def ranges(laws: Laws, days: int) -> Ranges | None:
    """What a scenario may vary one by one without leaving what the data allow together.

    r and alpha, and s, beta and the core, are pinned by the data only in combination: each varied alone over
    its own standard error would give worlds that the log excludes. So the *mean* order rate and the shape r
    are varied (nearly uncorrelated), and of the lifetimes one number, within the ends at which the share
    alive after `days` reaches the ends of its own 95 % range: the core where it can do that, else the scale.

    Args:
        days: how long the scenario follows a customer.
    """
    drawn = draw_laws(laws)
    if not drawn:
        return None
    grid = laws.grid
    shape, mean = np.array([law.r for law in drawn]), 365 * np.array([law.r / law.alpha for law in drawn])
    alive = np.array([float(law.p_alive_at([days])[0]) for law in drawn])
    low, high = (float(v) for v in np.percentile(alive, [2.5, 97.5]))
    ends = {
        "orders.per_year": _percentiles(mean),
        "orders.shape": _percentiles(np.maximum(shape, LEAST_SHAPE)),
    }
    knob, between = _knob(grid, low, high, days)
    ends[knob] = between
    expected = np.array([_second_half(law, days) for law in drawn])
    alone = np.array([_second_half(law, days) for law in _one_by_one(grid, ends, knob)])
    ends |= _basket_range(laws.baskets)
    correlation = float(np.corrcoef(np.log(shape), np.log(mean))[0, 1])
    return Ranges(ends, correlation, (low, high), days, _half_width(expected), _half_width(alone))


def _knob(grid: ParetoNBD, low: float, high: float, days: int) -> tuple[str, tuple[float, float]]:
    """The number to vary, and the ends at which the share alive after `days` is `low` and `high`."""
    mortal = (grid.beta / (grid.beta + days)) ** grid.s
    least, most = ((v - mortal) / (1 - mortal) for v in (low, high))
    if grid.core > 0 and least > 0:
        return "lifetime.core", (least, most)
    # No core, or one that even at 0 leaves more alive than the data allow.
    roots = [max((v - grid.core) / (1 - grid.core), 1e-3) ** (1 / grid.s) for v in (low, high)]
    ends = [min(days * root / (1 - root), LONGEST_SCALE) if root < 1 else LONGEST_SCALE for root in roots]
    return "lifetime.scale", (ends[0], ends[1])


def _percentiles(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _half_width(values: Floats) -> float:
    low, high = _percentiles(values)
    return (high - low) / 2 / float(np.median(values))


def _second_half(law: ParetoNBD, days: int) -> float:
    middle, end = law.expected_orders([days // 2, days])
    return float(end - middle)


def _one_by_one(grid: ParetoNBD, ends: dict[str, tuple[float, float]], knob: str) -> list[ParetoNBD]:
    """Laws with each number drawn on its own from the normal distribution that has these 95 % ends."""
    rng = np.random.default_rng(DRAW_SEED)

    def normal(name: str) -> Floats:
        low, high = ends[name]
        least, most = (0.0, 0.95) if name == "lifetime.core" else (low / 2, 2 * high)
        drawn = rng.normal((low + high) / 2, (high - low) / 2 / NORMAL, DRAWS)
        return np.clip(drawn, least, most)

    rows = zip(normal("orders.per_year"), normal("orders.shape"), normal(knob), strict=True)
    core = knob == "lifetime.core"
    return [
        ParetoNBD(r, r * 365 / mean, grid.s, grid.beta if core else value, core=value if core else grid.core)
        for mean, r, value in rows
    ]


def _basket_range(fit: GammaGamma) -> dict[str, tuple[float, float]]:
    """95 % range of the mean basket p gamma / (q - 1), by the delta method on log parameters."""
    if fit.cov_log is None or not np.isfinite(fit.cov_log).all():
        return {}
    slope = np.array([1.0, -fit.q / (fit.q - 1), 1.0])
    spread = NORMAL * float(np.sqrt(slope @ fit.cov_log @ slope))
    return {"basket.mean": (fit.population_mean * np.exp(-spread), fit.population_mean * np.exp(spread))}


def parameter_table(laws: Laws) -> pd.DataFrame:
    """Parameters with standard errors, grid and continuous side by side.

    Columns: ``parameter``, ``meaning``, ``unit``, ``grid``, ``grid_se``, ``plain``, ``plain_se``,
    ``continuous``, ``continuous_se``; the continuous law's times are converted to days. NaN: not known, or
    no such parameter.
    """
    grid, plain, weeks = laws.grid, laws.plain, laws.continuous
    rows: list[Sequence[object]] = []
    for name, meaning, unit, factor in (
        ("r", "shape of order rates between customers", "", 1),
        ("alpha", "rate parameter of the order rates", "days", 7),
        ("s", "shape of lifetime rates between customers", "", 1),
        ("beta", "rate parameter of the lifetime rates", "days", 7),
    ):
        pairs = [(getattr(law, name), getattr(law, f"se_{name}")) for law in (grid, plain, weeks)]
        rows.append((name, meaning, unit, *pairs[0], *pairs[1], factor * pairs[2][0], factor * pairs[2][1]))
    nan = float("nan")
    se_core = laws.core.se_core if laws.core is not None and grid.core > 0 else nan
    rows.append(("core", "share whose relation never ends by itself", "share", grid.core, se_core,
                 0.0, nan, 0.0, nan))  # fmt: skip
    rows.append(("log-likelihood", "log-likelihood (the continuous one counts in weeks: not comparable)", "",
                 grid.loglik, nan, plain.loglik, nan, weeks.loglik, nan))  # fmt: skip
    for name, meaning, unit in (
        ("p", "shape of baskets within a customer", ""),
        ("q", "shape of mean baskets between customers", ""),
        ("gamma", "rate parameter of the mean baskets", "yuan"),
    ):
        fit = laws.baskets
        rows.append((name, meaning, unit, getattr(fit, name), getattr(fit, f"se_{name}"), nan, nan, nan, nan))
    columns = ["parameter", "meaning", "unit"]
    columns += [f"{law}{part}" for law in ("grid", "plain", "continuous") for part in ("", "_se")]
    return pd.DataFrame(rows, columns=columns)
