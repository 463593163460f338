"""The plots of a comparison: each takes a `Comparison` and returns a Figure, or None if it has nothing to show."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from simlab.lab.comparison import LESS_IS_BETTER, Comparison
from simlab.report import compare_why, fonts, style
from simlab.report.compare_why import COLOURS, arm_labels
from simlab.report.compare_words import plus
from simlab.report.numbers import percent
from simlab.scenario.outcomes import OUTCOMES



@dataclass(frozen=True)
class ComparePlot:
    """A plot of the page.

    Attributes:
        name: file name without ending, and anchor on the page.
        title: what it is about.
        draw: makes the figure, or None when there is nothing to show.
        read: a sentence from the data; call it only when `draw` gave a figure.
        caption: how to read the marks.
    """

    name: str
    title: str
    draw: Callable[[Comparison], Figure | None]
    read: Callable[[Comparison], str]
    caption: Callable[[Comparison], str]


def _days(found: Comparison, day: pd.Series) -> np.ndarray:
    start = found.arms[found.baseline].start
    return np.array([date2num(start + datetime.timedelta(days=int(d) - 1)) for d in day])


def _dates(ax: Axes) -> None:
    locator = AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def differences(found: Comparison) -> Figure | None:
    """Each arm's difference from the baseline: chance, and plausible worlds. None without a pair."""
    rows = [(arm, found.row(arm)) for arm in found.others]
    rows = [(arm, row) for arm, row in rows if row["pairs"]]
    if not rows:
        return None
    worlds = found.tables["world_differences"]
    fig, (ax,) = style.figure(1.3 + 0.72 * len(rows))
    labels = arm_labels(found)
    for i, (arm, row) in enumerate(rows):
        part = worlds[(worlds["arm"] == arm) & (worlds["outcome"] == found.outcome)]["difference"].dropna()
        if math.isfinite(row["world_low"]):
            ax.plot([row["world_low"], row["world_high"]], [i + 0.2] * 2, color=style.WARM, linewidth=2.2)
            ax.scatter(part, np.full(len(part), i + 0.2), s=16, color=style.WARM, alpha=0.5, linewidths=0)
        if math.isfinite(row["low_together"]) and found.together.arms > 1:
            ax.plot([row["low_together"], row["high_together"]], [i - 0.12] * 2, color=style.ACCENT, linewidth=1.2)
        if math.isfinite(row["low"]):
            ax.plot([row["low"], row["high"]], [i - 0.12] * 2, color=style.ACCENT, linewidth=4.5,
                    solid_capstyle="butt")  # fmt: skip
        ax.scatter([row["difference"]], [i - 0.12], s=48, color=style.ACCENT, zorder=3)
    _zero(ax)
    ax.set_yticks(range(len(rows)), [labels[arm] for arm, _ in rows])
    ax.set_ylim(len(rows) - 0.45, -0.55)
    _differences_axis(ax, "x", found.unit)
    meaning = OUTCOMES[found.outcome][0]
    style.heading(ax, f"Difference from {labels[found.baseline]}: {meaning}, {_unit(found)}")
    return style.finish(fig)


def _unit(found: Comparison) -> str:
    return {"share": "points", "-": "no unit"}.get(found.unit, found.unit)


def _zero(ax: Axes, axis: str = "x") -> None:
    (ax.axvline if axis == "x" else ax.axhline)(0, color=style.INK, linewidth=0.9, zorder=1)


def _differences_axis(ax: Axes, axis: str, unit: str) -> None:
    if unit == "share":
        style.shares(ax, axis)  # type: ignore[arg-type]
    else:
        style.amounts(ax, axis)  # type: ignore[arg-type]
    style.grid(ax, axis)  # type: ignore[arg-type]


def read_differences(found: Comparison) -> str:
    """Which arm is best, and in how many plausible worlds."""
    rows = [(arm, found.row(arm)) for arm in found.others]
    rows = [(arm, row) for arm, row in rows if math.isfinite(row["p_better"])]
    if not rows:
        return "There are too few pairs to order the arms."
    sign = -1.0 if found.outcome in LESS_IS_BETTER else 1.0
    arm, row = max(rows, key=lambda pair: sign * pair[1]["difference"])
    texts, suffix = plus([float(row["difference"])], found.unit)
    if sign * row["difference"] <= 0:
        return f"No arm is better than '{found.baseline}'; the closest is '{arm}' ({texts[0]}{suffix})."
    text = f"The best arm is '{arm}' ({texts[0]}{suffix})"
    if math.isfinite(row["world_p_better"]):
        text += f"; it beats '{found.baseline}' in {percent(row['world_p_better'])} of the plausible worlds"
    return text + "."


def caption_differences(found: Comparison) -> str:
    """What the marks are."""
    text = "Blue: mean of the pairs and its 95 % interval (chance)"
    text += "; thin: the interval that holds for all arms together." if found.together.arms > 1 else "."
    if len(found.tables["worlds"]):
        text += " Rust: plausible worlds, a dot each (mean of its few pairs), and their range."
    return text


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
            axes[1].fill_between(x, part["difference_low"].to_numpy(float), part["difference_high"].to_numpy(float),
                                 color=colour, alpha=0.2, linewidth=0)  # fmt: skip
            axes[1].plot(x, part["difference"], color=colour, linewidth=1.8)
    _zero(axes[1], "y")
    for ax, text in zip(axes, ("Discounted net contribution so far, yuan per starting member",
                               f"The same, difference from {labels[found.baseline]}, yuan"), strict=True):  # fmt: skip
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
        f"Upper: mean of the {found.stage.first} pairs run in detail; the band is the 5th to 95th percentile over seeds of "
        f"'{found.baseline}' (the spread of single runs). Lower: paired differences with the 95 % interval of their mean, day "
        "by day. The value after the horizon is not in it."
    )


def curve(found: Comparison) -> Figure | None:
    """Difference against the value of the one numeric lever that all arms vary. None where they vary more."""
    points = varied(found)
    if points is None:
        return None
    path, frame = points
    fig, (ax,) = style.figure(3.8)
    x = frame["value"].to_numpy(float)
    if frame["world_low"].notna().any():
        ax.fill_between(x, frame["world_low"].fillna(0).to_numpy(float), frame["world_high"].fillna(0).to_numpy(float),
                        color=style.WARM, alpha=0.14, linewidth=0)  # fmt: skip
    bars = np.stack([frame["difference"] - frame["low"], frame["high"] - frame["difference"]]).astype(float)
    ax.errorbar(x, frame["difference"].to_numpy(float), yerr=np.nan_to_num(bars), color=style.ACCENT, linewidth=1.6,
                elinewidth=2.6, marker="o", markersize=5.5)  # fmt: skip
    base = frame[frame["arm"] == found.baseline]["value"].iloc[0]
    ax.annotate(arm_labels(found)[found.baseline], (base, 0), xytext=(0, -16), textcoords="offset points", ha="center",
                fontsize=style.SMALL, color=style.INK)  # fmt: skip
    _zero(ax, "y")
    _differences_axis(ax, "y", found.unit)
    style.caption(ax, "x", path)
    style.heading(ax, f"{OUTCOMES[found.outcome][0]}: difference from {arm_labels(found)[found.baseline]}, {_unit(found)}")
    return style.finish(fig)


def varied(found: Comparison) -> tuple[str, pd.DataFrame] | None:
    """The lever that all arms vary and nothing else, with a row per arm by its value; None if there is none."""
    levers = found.tables["levers"]
    paths = levers["path"].unique()
    one_each = levers["arm"].tolist() == list(found.others)
    if len(paths) != 1 or not one_each or len(found.others) < 2 or levers["arm_number"].isna().any():
        return None
    base = float(levers["baseline_number"].iloc[0])
    if not math.isfinite(base):
        return None
    rows = [{"arm": found.baseline, "value": base, "difference": 0.0, "low": 0.0, "high": 0.0,
             "world_low": 0.0, "world_high": 0.0}]  # fmt: skip
    for arm, value in zip(levers["arm"], levers["arm_number"], strict=True):
        row = found.row(arm)
        rows.append({"arm": arm, "value": float(value), **{k: float(row[k]) for k in tuple(rows[0])[2:]}})
    return str(paths[0]), pd.DataFrame(rows).sort_values("value", ignore_index=True)


def read_curve(found: Comparison) -> str:
    """Where the best value lies among those tried."""
    points = varied(found)
    assert points is not None
    path, frame = points
    best = frame.loc[frame["difference"].idxmax()]
    texts, suffix = plus([float(best["difference"])], found.unit)
    at_end = best["value"] in (frame["value"].iloc[0], frame["value"].iloc[-1])
    more = " It lies at the end of what was tried: look beyond." if at_end else ""
    return f"Among the values tried, {path} = {best['value']:g} is highest ({texts[0]}{suffix} against the baseline).{more}"


def caption_curve(found: Comparison) -> str:
    """What the marks are."""
    del found
    return "Bars: 95 % interval over pairs (chance). Rust: range over plausible worlds, where sampled."


def lifecycle(found: Comparison) -> Figure | None:
    """Members by stage in each arm. None without detail."""
    frame = found.tables["stages_by_day"]
    if frame.empty:
        return None
    stages = list(dict.fromkeys(frame["stage"]))
    columns = 3 if len(stages) > 4 else 2
    rows = -(-len(stages) // columns)
    fig, axes = style.figure(0.9 + 2.0 * rows, rows, columns, sharex=True)
    texts = fonts.labels(stages, "stage")
    handles: dict[str, object] = {}
    for ax, stage, text in zip(axes, stages, texts, strict=False):
        top = 0.0
        for arm, part in frame[frame["stage"] == stage].groupby("arm", sort=False):
            colour = COLOURS[list(found.arms).index(str(arm))]
            (handles[str(arm)],) = ax.plot(_days(found, part["day"]), part["members"], color=colour, linewidth=1.6)
            top = max(top, float(part["members"].max()))
        ax.set_ylim(0, 1.12 * max(top, 1.0))
        ax.margins(x=0)
        style.grid(ax)
        style.amounts(ax, bins=4)
        locator = AutoDateLocator(minticks=3, maxticks=5)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        style.heading(ax, text)
    for ax in axes[len(stages) :]:
        ax.set_axis_off()
    labels = arm_labels(found)
    style.legend(fig, list(handles.values()), [labels[arm] for arm in handles])
    return style.finish(fig)


def read_lifecycle(found: Comparison) -> str:
    """In which stage each arm differs most at the horizon."""
    frame = found.tables["stages_by_day"]
    last = frame.groupby(["arm", "stage"], sort=False)["members"].last().unstack()
    parts = []
    for arm in found.others:
        if arm in last.index and found.baseline in last.index:
            gap = (last.loc[arm] - last.loc[found.baseline]).dropna()
            if gap.empty or not gap.abs().max():
                continue
            stage = gap.abs().idxmax()
            texts, _ = plus([float(gap[stage])], "users")
            parts.append(f"'{arm}' has {texts[0]} members in {stage}")
    return f"At the horizon, against '{found.baseline}': {'; '.join(parts)}." if parts else "No stage differs."


def caption_lifecycle(found: Comparison) -> str:
    """What the lines are."""
    scale = found.arms[found.baseline].scale
    base = f", real base (1 simulated = {scale:g} real)" if scale != 1 else ""
    return f"Members by stage at the end of each day{base}; mean of the pairs run in detail."


PLOTS: tuple[ComparePlot, ...] = (
    ComparePlot("differences", "Chance, and what we do not know", differences, read_differences, caption_differences),
    ComparePlot("curve", "The lever and the difference", curve, read_curve, caption_curve),
    ComparePlot("cumulative", "When the difference arises", cumulative, read_cumulative, caption_cumulative),
    ComparePlot("why", "Where the difference comes from", compare_why.why, compare_why.read_why, compare_why.caption_why),
    ComparePlot("groups", "For whom", compare_why.groups, compare_why.read_groups, compare_why.caption_groups),
    ComparePlot("lifecycle", "Members by lifecycle stage", lifecycle, read_lifecycle, caption_lifecycle),
)  # fmt: skip
