"""The plots of a comparison: each takes a `Comparison` and returns a Figure, or None if it has nothing to show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simlab.lab.comparison import LESS_IS_BETTER, Comparison
from simlab.report import fonts, style
from simlab.report.chinese import OUTCOMES_ZH, UNITS_ZH
from simlab.report.compare_days import (
    caption_cumulative,
    caption_lifecycle,
    cumulative,
    lifecycle,
    read_cumulative,
    read_lifecycle,
)
from simlab.report.compare_why import (
    arm_labels,
    caption_groups,
    caption_why,
    groups,
    read_groups,
    read_why,
    why,
)
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


def differences(found: Comparison) -> Figure | None:
    """Each arm's difference from the baseline: chance, and plausible worlds. None without a pair."""
    rows = [(arm, found.row(arm)) for arm in found.others]
    rows = [(arm, row) for arm, row in rows if row["pairs"]]
    if not rows:
        return None
    worlds = found.tables["world_differences"]
    fig, (ax,) = style.figure(1.3 + 0.72 * len(rows))
    labels = arm_labels(found)
    up = 0.12 if any(math.isfinite(row["world_low"]) for _, row in rows) else 0.0  # room for the worlds below
    for i, (arm, row) in enumerate(rows):
        part = worlds[(worlds["arm"] == arm) & (worlds["outcome"] == found.outcome)]["difference"].dropna()
        if math.isfinite(row["world_low"]):
            ax.plot([row["world_low"], row["world_high"]], [i + 0.2] * 2, color=style.WARM, linewidth=2.2)
            ax.scatter(part, np.full(len(part), i + 0.2), s=16, color=style.WARM, alpha=0.5, linewidths=0)
        if math.isfinite(row["low_together"]) and found.together.arms > 1:
            ax.plot(
                [row["low_together"], row["high_together"]], [i - up] * 2, color=style.ACCENT, linewidth=1.2
            )
        if math.isfinite(row["low"]):
            ax.plot([row["low"], row["high"]], [i - up] * 2, color=style.ACCENT, linewidth=4.5,
                    solid_capstyle="butt")  # fmt: skip
        ax.scatter([row["difference"]], [i - up], s=48, color=style.ACCENT, zorder=3)
    _zero(ax)
    ax.set_yticks(range(len(rows)), [labels[arm] for arm, _ in rows])
    ax.set_ylim(len(rows) - 0.45, -0.55)
    _differences_axis(ax, "x", found.unit)
    style.heading(ax, _heading(found))
    return style.finish(fig)


def _heading(found: Comparison) -> str:
    """What differs from what; in Chinese, too, where an arm has a Chinese name."""
    base = " ".join(arm_labels(found)[found.baseline].split("\n"))
    text = f"Difference from {base}: {OUTCOMES[found.outcome][0]}, {_unit(found)}"
    if not any(map(fonts.chinese, found.arms)):
        return text
    own = base.rpartition(" ")[2] if fonts.chinese(base) else base
    told = f"与“{own}”之差：{OUTCOMES_ZH[found.outcome]}，{UNITS_ZH[found.unit]}"
    return f"{text}\n{told}" if fonts.drawable(told) else text


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
    style.heading(ax, _heading(found))
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
    by = f"{texts[0]}{suffix} against the baseline"
    return f"Among the values tried, {path} = {best['value']:g} is highest ({by}).{more}"


def caption_curve(found: Comparison) -> str:
    """What the marks are."""
    del found
    return "Bars: 95 % interval over pairs (chance). Rust: range over plausible worlds, where sampled."


PLOTS: tuple[ComparePlot, ...] = (
    ComparePlot("differences", "Chance, and what we do not know", differences, read_differences, caption_differences),
    ComparePlot("curve", "The lever and the difference", curve, read_curve, caption_curve),
    ComparePlot("cumulative", "When the difference arises", cumulative, read_cumulative, caption_cumulative),
    ComparePlot("why", "Where the difference comes from", why, read_why, caption_why),
    ComparePlot("groups", "For whom", groups, read_groups, caption_groups),
    ComparePlot("lifecycle", "Members by lifecycle stage", lifecycle, read_lifecycle, caption_lifecycle),
)  # fmt: skip
