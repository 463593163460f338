"""Plausible worlds: joint draws of what a scenario says it does not know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from simlab.scenario import Scenario, with_values
from simlab.scenario.schema import Range

SOBOL_SEED = 20_260_101
"""The points are fixed, so that world 7 is the same world in every run and every comparison."""


def quantile(unknown: Range, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of one uncertain number at the probabilities u; ten digits, so that all machines agree on them."""
    if unknown.kind == "loguniform":
        return _ten_digits(np.exp(np.log(unknown.low) + u * (np.log(unknown.high) - np.log(unknown.low))))
    if unknown.kind == "normal":
        middle, spread = (unknown.low + unknown.high) / 2, (unknown.high - unknown.low) / 2 / norm.ppf(0.975)
        return _ten_digits(middle + spread * norm.ppf(0.025 + 0.95 * u))
    return unknown.low + u * (unknown.high - unknown.low)


def _ten_digits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The C library's exp and log differ in the last bit between processors; a scenario's digest must not."""
    return np.array([float(f"{value:.10g}") for value in values])


def sample_worlds(scenario: Scenario, count: int) -> tuple[list[Scenario], pd.DataFrame]:
    """`count` worlds spread evenly (scrambled Sobol points) over the scenario's uncertainties.

    Returns:
        the worlds' scenarios, and a table of world (1-based) and one column per uncertain path.
    """
    table = world_table(scenario, count)
    return [with_values(scenario, values, to_grain=True) for values in world_values(table)], table


def world_table(scenario: Scenario, count: int, first: int = 1) -> pd.DataFrame:
    """Worlds `first` .. `first` + `count` - 1: their numbers, and one column per uncertain path."""
    paths = list(scenario.uncertainties)
    if not paths or count <= 0:
        return pd.DataFrame({"world": pd.Series(dtype="int64")})
    sampler = qmc.Sobol(len(paths), scramble=True, seed=SOBOL_SEED)
    last = first + count - 1
    points = sampler.random_base2(int(np.ceil(np.log2(max(last, 2)))))[first - 1 : last]
    table = pd.DataFrame({"world": np.arange(first, last + 1)})
    for k, path in enumerate(paths):
        table[path] = quantile(scenario.uncertainties[path], points[:, k])
    return table


def world_values(table: pd.DataFrame) -> list[dict[str, float]]:
    """Values by path of each world in a table."""
    paths = [column for column in table.columns if column != "world"]
    return [{path: float(row[path]) for path in paths} for _, row in table.iterrows()]
