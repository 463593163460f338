"""Tables of a `Results` cut into the arrays that words and plots need. World 0 throughout."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.results import Results
from simlab.world.metrics import METRICS

Array = NDArray[np.float64]
T = TypeVar("T")
OUTSIDE = ("prospect", "left")
"""Stages of people who are no members; the daily table counts them in its column ``members`` too."""
OWN_SOURCES = ("base", "dated", "referral")
"""Sources that are no paid pool outside."""

_COLUMNS = {
    "daily": ("world", "seed", "day", "stage", "source", "segment", *METRICS),
    "cohorts": ("world", "seed", "cohort", "age", "size", "active", "buyers", "orders", "net_fen"),
    "flows": ("world", "seed", "month", "source_stage", "target_stage", "users"),
    "trees": ("world", "seed", "depth", "users"),
    "tree_sizes": ("world", "seed", "size", "trees"),
    "outcomes": ("world", "seed"),
    "worlds": ("world",),
}


def once(results: Results, name: Hashable, make: Callable[[], T]) -> T:
    """What `make` finds, found once for these results."""
    if name not in results.kept:
        results.kept[name] = make()
    found: T = results.kept[name]
    return found


def table(
    results: Results, name: str, world: int | None = 0, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Table `name` of one world (None: of all), empty with its usual columns when the run has none.

    Naming the `columns` that are needed spares copies of a daily table that may have millions of rows.
    """
    frame = results.tables.get(name)
    if frame is None:
        frame = pd.DataFrame({column: [] for column in _COLUMNS[name]})
    inside = once(results, ("rows", name, world), lambda: _rows_of(frame, world))
    if columns is not None:
        frame = frame[list(columns)]
    return frame if inside is None else frame[inside]


def _rows_of(frame: pd.DataFrame, world: int | None) -> NDArray[np.bool_] | None:
    """Which rows are of a world; None: all."""
    if world is None or "world" not in frame.columns:
        return None
    inside = frame["world"].to_numpy() == world
    return None if inside.all() else inside


def daily(results: Results, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of the daily table of world 0, with ``members`` 0 in the rows of prospects and leavers."""
    if "members" not in columns:
        return table(results, "daily", columns=columns)
    rows = table(results, "daily", columns=[*columns, *(["stage"] if "stage" not in columns else [])])
    return rows.assign(members=rows["members"].where(~rows["stage"].isin(OUTSIDE), 0))[list(columns)]


def seeds(results: Results) -> list[int]:
    """Seeds of world 0, ascending; from the outcomes, for a seed's daily rows may all be zero."""
    both = ("outcomes", "daily")
    return once(results, "seeds", lambda: sorted({
        int(seed) for name in both for seed in table(results, name, columns=["seed"])["seed"].unique()
    }))  # fmt: skip


def days(results: Results) -> NDArray[np.int64]:
    """All simulated days: warm-up (<= 0), then 1 to the horizon."""
    return np.arange(1 - results.scenario.warmup.days, results.scenario.horizon + 1)


def dates(results: Results, at: Sequence[int] | NDArray[np.int64]) -> list[datetime.date]:
    """Calendar dates of days; day 1 is the valuation date."""
    return [results.scenario.start + datetime.timedelta(days=int(day) - 1) for day in at]


def panel(results: Results, columns: Sequence[str], stage: str | None = None) -> dict[str, Array]:
    """Daily sums as arrays (seeds, days) of the simulated base, not to be written to; a missing row is a zero.

    Args:
        results: the run.
        columns: metrics of the daily table.
        stage: count the people of this stage only.
    """
    return {
        name: once(results, ("panel", name, stage), partial(_sums, results, name, stage)) for name in columns
    }


def _sums(results: Results, column: str, stage: str | None) -> Array:
    """One column of a `panel`."""
    shape = len(seeds(results)), len(days(results))
    place = once(results, "places", lambda: _places(results))
    chosen = place >= 0
    if stage is not None:
        chosen &= table(results, "daily", columns=["stage"])["stage"].to_numpy() == stage
    value = daily(results, [column])[column].to_numpy(np.float64)
    sums: Array = np.bincount(place[chosen], value[chosen], minlength=shape[0] * shape[1]).astype(np.float64)
    sums.flags.writeable = False
    return sums.reshape(shape)


def _places(results: Results) -> NDArray[np.int64]:
    """Where each row of the daily table stands among seeds x days, counted through; -1: on none of the days."""
    rows, day = table(results, "daily", columns=["seed", "day"]), days(results)
    i = np.searchsorted(seeds(results), rows["seed"].to_numpy(np.int64))
    j = rows["day"].to_numpy(np.int64) - day[0]
    return np.where((j >= 0) & (j < len(day)), i * len(day) + j, -1)


def horizon(results: Results) -> slice:
    """The columns of a `panel` from the valuation date on."""
    return slice(results.scenario.warmup.days, None)


def total(results: Results, column: str) -> Array:
    """Sum of a flow metric over the horizon by seed, scaled to the real base (money stays in fen)."""
    return panel(results, [column])[column][:, horizon(results)].sum(axis=1) * results.scenario.scale


def mean_total(results: Results, column: str) -> float:
    """Mean over seeds of `total`; 0 when nothing was run."""
    sums = total(results, column)
    return float(sums.mean()) if sums.size else 0.0


def rolling(array: Array, width: int) -> Array:
    """Sum over the last `width` days along axis 1; shorter at the start, where that is all there is."""
    sums = np.cumsum(np.pad(array, ((0, 0), (1, 0))), axis=1)
    last = np.arange(1, sums.shape[1])
    return sums[:, last] - sums[:, np.maximum(last - width, 0)]


def rolling_mean(array: Array, width: int) -> Array:
    """Mean over the last `width` days along axis 1."""
    return rolling(array, width) / np.minimum(np.arange(1, array.shape[1] + 1), width)


def ratio(top: Array, bottom: Array) -> Array:
    """top / bottom, NaN where nothing is divided."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) > 0)


def band(array: Array) -> tuple[Array, Array, Array]:
    """Mean and 5th and 95th percentile over seeds (axis 0); NaN where no seed has a value."""
    out = np.full((3, array.shape[1]), np.nan)
    some = np.isfinite(array).any(axis=0)
    if some.any():
        out[0, some] = np.nanmean(array[:, some], axis=0)
        out[1:, some] = np.nanpercentile(array[:, some], [5, 95], axis=0)
    return out[0], out[1], out[2]


def stage_names(results: Results) -> list[str]:
    """Stages in the order of the scenario, then others that the tables hold (without prospects)."""
    names = [stage.name for stage in results.scenario.stages]
    found = table(results, "daily", columns=["stage"])["stage"].unique()
    return names + sorted(str(name) for name in found if name not in (*names, *OUTSIDE))


def names(results: Results, column: str) -> list[str]:
    """Segments or sources with rows in the daily table: those of the scenario first, in its order."""
    scenario = results.scenario
    known = list(scenario.population.segments) if column == "segment" else ["base", *scenario.levers.sources]
    found = {str(name) for name in table(results, "daily", columns=[column])[column].unique()}
    return [name for name in known if name in found] + sorted(found - set(known))


def stocks(results: Results) -> Array:
    """Members at the end of each day, mean over seeds, (stages, days), scaled to the real base."""
    per = results.scenario.scale / max(len(seeds(results)), 1)
    return np.stack([
        panel(results, ["members"], name)["members"].sum(axis=0) * per for name in stage_names(results)
    ])  # fmt: skip


def starting_members(results: Results) -> float:
    """Members on the valuation date, before day 1, mean over seeds, real base."""
    warm = results.scenario.warmup.days
    if warm and seeds(results):
        return float(panel(results, ["members"])["members"][:, warm - 1].mean()) * results.scenario.scale
    return results.scenario.population.members * results.scenario.scale


def flows(results: Results) -> pd.DataFrame:
    """Moves per month, mean over seeds and the horizon, real base: source stage x target stage."""
    frame = table(results, "flows")
    frame = frame[frame["source_stage"] != frame["target_stage"]]
    order = ["prospect", *stage_names(results), "left"]
    if frame.empty:
        return pd.DataFrame()
    months = results.scenario.horizon / 30
    sums = frame.groupby(["source_stage", "target_stage"])["users"].sum().unstack(fill_value=0)
    sums = sums.reindex(index=order, columns=order, fill_value=0)
    moves = sums * (results.scenario.scale / (max(len(seeds(results)), 1) * months))
    return moves.loc[moves.sum(axis=1) > 0, moves.sum(axis=0) > 0]


def retention(results: Results, what: str = "active") -> pd.DataFrame:
    """Share of a cohort that is `what` (active, buyers) by cohort x age, pooled over seeds."""
    frame = table(results, "cohorts")
    if frame.empty:
        return pd.DataFrame()
    sums = frame.groupby(["cohort", "age"])[["size", what]].sum()
    sums = sums[sums["size"] > 0]
    if sums.empty:
        return pd.DataFrame()
    shares = (sums[what] / sums["size"]).unstack()
    order = sorted(shares.index, key=_cohort_order)
    return shares.loc[order, sorted(shares.columns)]


def cohort_sizes(results: Results) -> pd.Series:
    """People by cohort at age 0, mean over seeds, real base."""
    frame = table(results, "cohorts")
    first = frame[frame["age"] == 0].groupby("cohort")["size"].sum()
    return first * (results.scenario.scale / max(len(seeds(results)), 1))


def _cohort_order(name: str) -> tuple[int, int, str]:
    digits = "".join(char for char in name if char.isdigit())
    return (0 if name == "base" else 1, int(digits or 0), name)
