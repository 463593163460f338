"""Two arms over time: value piling up, and members by lifecycle stage."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from simlab.lab.comparison import Comparison
from simlab.report import fonts, style
from simlab.report.compare_why import COLOURS, arm_labels
from simlab.report.compare_words import plus
from simlab.report.numbers import count

_BANDS = 6
"""Arms beyond which bands would hide each other."""


def _days(found: Comparison, day: pd.Series) -> np.ndarray:
    start = found.arms[found.baseline].start
    return np.array([date2num(start + datetime.timedelta(days=int(d) - 1)) for d in day])


def _dates(ax: Axes, most: int = 9) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=most)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def cumulative(found: Comparison) -> Figure | None:
    """Value piling up in each arm, and the paired difference. None without detail."""
    frame = found.tables["value_by_day"]
    if frame.empty:
        return None
    fig, axes = style.figure(6.0, 2, 1, sharex=True)
    labels = arm_labels(found)
    handles, names = [], []
    for i, (arm, part) in enumerate(frame.groupby("arm", sort=False)):
        x, colour = _days(found, part["day"]), COLOURS[list(found.arms).index(str(arm))]
        line = tuple(part[k].to_numpy(float) for k in ("value", "low", "high"))
        if i == 0:  # one band is enough: the arms live in the same worlds
            axes[0].fill_between(x, line[1], line[2], color=colour, alpha=0.16, linewidth=0)
        (handle,) = axes[0].plot(x, line[0], color=colour, linewidth=1.8)
        handles.append(handle)
        names.append(labels[str(arm)])
        if part["difference"].notna().any():
            if len(found.others) <= _BANDS:
                axes[1].fill_between(x, part["difference_low"].to_numpy(float), part["difference_high"].to_numpy(float),
                                 color=colour, alpha=0.2, linewidth=0)  # fmt: skip
            axes[1].plot(x, part["difference"], color=colour, linewidth=1.8)
    axes[1].axhline(0, color=style.INK, linewidth=0.9, zorder=1)
    base = " ".join(labels[found.baseline].split("\n"))
    for ax, text in zip(axes, ("Discounted net contribution so far, yuan per starting member",
                               f"The same, difference from {base}, yuan"), strict=True):  # fmt: skip
        style.grid(ax)
        style.amounts(ax)
        _dates(ax)
        ax.margins(x=0)
        style.heading(ax, text)
    style.legend(fig, handles, names)
    return style.finish(fig)


def read_cumulative(found: Comparison) -> str:
    """Where each arm stands within the horizon, and what comes after."""
    frame = found.tables["value_by_day"]
    last = frame.groupby("arm", sort=False).last()
    parts = []
    for arm in found.others:
        if arm in last.index and math.isfinite(last.loc[arm, "difference"]):
            (text,), _ = plus([float(last.loc[arm, "difference"])], "yuan")
            parts.append(f"'{arm}' {text}")
    if not parts:
        return "The arms have different horizons."
    return f"At the horizon, before what customers are worth afterwards, yuan per starting member: {', '.join(parts)}."


def caption_cumulative(found: Comparison) -> str:
    """What lines and bands are."""
    return (
        f"Upper: mean of the {found.stage.first} pairs run in detail; the band is the 5th to 95th "
        f"percentile over seeds of '{found.baseline}' (the spread of single runs). Lower: paired "
        "differences with the 95 % interval of their mean, day by day. The value after the horizon is not in it."
    )


def _gaps(found: Comparison) -> pd.DataFrame:
    """Members by stage and day, arm less baseline: columns stage, day, then one per arm that has these stages."""
    frame = found.tables["stages_by_day"]
    wide = frame.pivot_table(index=["stage", "day"], columns="arm", values="members", sort=False)
    if found.baseline not in wide:
        return pd.DataFrame()
    arms = [arm for arm in found.others if arm in wide]
    return wide[arms].sub(wide[found.baseline], axis=0).dropna(how="all")


def lifecycle(found: Comparison) -> Figure | None:
    """Members by stage, difference of each arm from the baseline. None without detail."""
    frame = found.tables["stages_by_day"]
    gaps = _gaps(found) if not frame.empty else frame
    if gaps.empty:
        return None
    base = frame[frame["arm"] == found.baseline].groupby("stage", sort=False)["members"].last()
    stages = [stage for stage in base.index if stage in gaps.index.get_level_values("stage")]
    columns = 3 if len(stages) > 4 else 2
    rows = -(-len(stages) // columns)
    fig, axes = style.figure(1.0 + 2.1 * rows, rows, columns, sharex=True, sharey=True)
    labels = arm_labels(found)
    handles: dict[str, object] = {}
    for k, (ax, stage, text) in enumerate(zip(axes, stages, fonts.labels(stages, "stage"), strict=False)):
        part = gaps.loc[stage]
        x = _days(found, part.index.to_series())
        for arm in part.columns:
            colour = COLOURS[list(found.arms).index(str(arm))]
            (handles[str(arm)],) = ax.plot(x, part[arm], color=colour, linewidth=1.6)
        ax.axhline(0, color=style.INK, linewidth=0.9, zorder=1)
        ax.margins(x=0)
        style.grid(ax)
        style.amounts(ax, bins=4)
        _dates(ax, 5)
        ax.tick_params(labelbottom=k + columns >= len(stages))
        style.heading(ax, f"{text} ({count(float(base[stage]))})")
    for ax in axes[len(stages) :]:
        ax.set_axis_off()
    style.legend(fig, list(handles.values()), [labels[arm] for arm in handles])
    return style.finish(fig)


def read_lifecycle(found: Comparison) -> str:
    """In which stage each arm differs most at the horizon."""
    gaps = _gaps(found)
    last = gaps.groupby(level="stage", sort=False).last()
    parts = []
    for arm in last.columns:
        gap = last[arm].dropna()
        if gap.empty or not gap.abs().max():
            continue
        stage = gap.abs().idxmax()
        word = "more" if gap[stage] > 0 else "fewer"
        parts.append(f"'{arm}' has {count(abs(float(gap[stage])))} {word} in {stage}")
    return (
        f"At the horizon, against '{found.baseline}': {'; '.join(parts)}." if parts else "No stage differs."
    )


def caption_lifecycle(found: Comparison) -> str:
    """What the lines are."""
    scale = found.arms[found.baseline].scale
    base = f", real base (1 simulated = {scale:g} real)" if scale != 1 else ""
    return (
        f"Members at the end of each day, difference from '{found.baseline}'{base}; mean of the pairs run "
        f"in detail. In brackets: members of '{found.baseline}' at the horizon."
    )
