"""Why arms differ: the difference in customer equity step by step, and by groups of users."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simlab.lab.comparison import KINDS, STEPS, Comparison
from simlab.report import fonts, style
from simlab.report.numbers import listed, plural

COLOURS = (
    "#5c6b73", "#1f5f8b", "#c8694a", "#4f9d8f", "#e3b04b", "#7b5ea7",
    "#8fc7e8", "#9db668", "#d996b3", "#8a4f2d", "#6fc0b5", "#22303c",
)  # fmt: skip
"""By position of the arm; the baseline is grey. Twelve, as many as a comparison may have."""
MOST_PANELS = 6
MOST_DOTS = 4
"""Arms beyond these are in the tables only."""
OTHERS = "other pairs, without detail"
_MANY = 16
_BOX = {"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 0.8}
_PANELS = ("segment", "source", "stage", "cohort")
"""Kinds of groups in the order of the plot: those with few groups share a row."""


def yuan(value: float) -> str:
    """ "+1.25", "−0.30", "0.00"."""
    text = f"{abs(value):,.2f}"
    return text if float(text.replace(",", "")) == 0 else f"{'+' if value > 0 else '−'}{text}"


def arm_labels(found: Comparison) -> dict[str, str]:
    """Plot text by arm."""
    return dict(zip(found.arms, fonts.labels(list(found.arms), "arm"), strict=True))


def steps(found: Comparison, arm: str) -> list[tuple[str, float, bool]]:
    """(name, yuan per starting member, whether it is the total) from nothing to the difference in customer equity.

    Steps come from the pairs run in detail; where there were more pairs, one step leads to their mean, so that
    all steps add up to the difference of the headline.
    """
    frame = found.tables["steps"]
    own = frame[frame["arm"] == arm].set_index("step")["mean"]
    out = [(text, float(own[step]), False) for step, text in STEPS.items() if step in own.index]
    total = float(found.row(arm, "customer_equity")["difference"])
    rest = total - sum(value for _, value, _ in out)
    if abs(rest) > 1e-6:
        out.append((OTHERS, rest, False))
    return [*out, ("customer equity", total, True)]


def shown_arms(found: Comparison, most: int) -> list[str]:
    """The arms that a plot has room for: those that differ most, in their order."""
    told = set(found.tables["steps"]["arm"])
    arms = [arm for arm in found.others if arm in told]
    size = {arm: abs(float(found.row(arm, "customer_equity")["difference"])) for arm in arms}
    chosen = sorted(arms, key=lambda arm: -size[arm])[:most]
    return [arm for arm in arms if arm in chosen]


def why(found: Comparison) -> Figure | None:
    """A waterfall per arm, on one scale. None where no arm differs in money."""
    arms = shown_arms(found, MOST_PANELS)
    if not arms:
        return None
    data = {arm: {name: (value, whole) for name, value, whole in steps(found, arm)} for arm in arms}
    order = [*STEPS.values(), OTHERS, "customer equity"]
    names = [name for name in order if any(name in each for each in data.values())]
    columns = min(len(arms), 3)
    rows = -(-len(arms) // columns)
    fig, axes = style.figure(rows * (0.85 + 0.27 * len(names)), rows, columns, sharex=True, sharey=True)
    labels = arm_labels(found)
    for ax, arm in zip(axes, arms, strict=False):
        _waterfall(ax, data[arm], names)
        style.heading(ax, labels[arm])
    for ax in axes[len(arms) :]:
        ax.set_axis_off()
    low, high = axes[0].get_xlim()
    axes[0].set_xlim(low - 0.02 * (high - low), high + 0.2 * (high - low))
    for ax in axes[: len(arms)]:
        style.caption(ax, "x", "yuan per starting member")
        ax.tick_params(labelbottom=True)
    return style.finish(fig)


def _waterfall(ax: Axes, data: dict[str, tuple[float, bool]], names: list[str]) -> None:
    running, last = 0.0, None
    for i, name in enumerate(names):
        value, whole = data.get(name, (0.0, False))
        start = 0.0 if whole else running
        colour = style.TOTAL if whole else style.GAIN if value >= 0 else style.LOSS
        ax.barh(i, value, left=start, color=colour, height=0.62)
        if last is not None:
            ax.plot(
                [running, running],
                [last + 0.31, i + (0.31 if whole else -0.31)],
                color=style.MUTED,
                linewidth=0.7,
            )
        running = start + value
        if abs(value) >= 0.005:
            ax.annotate(yuan(value), (max(start, running), i), xytext=(4, 0), textcoords="offset points", va="center",
                        fontsize=style.SMALL - 1, color=style.INK, bbox=_BOX)  # fmt: skip
        last = i
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    style.grid(ax, "x")
    style.amounts(ax, "x", bins=4)


def read_why(found: Comparison) -> str:
    """The largest gains and losses of each arm."""
    parts = []
    for arm in shown_arms(found, 4):
        moves = sorted(
            (step for step in steps(found, arm) if not step[2] and step[0] != OTHERS),
            key=lambda s: -abs(s[1]),
        )
        told = [f"{yuan(value)} {name}" for name, value, _ in moves[:3] if value]
        if told:
            parts.append(f"'{arm}': {listed(told)}")
    return (
        f"The largest steps, yuan per starting member. {'; '.join(parts)}." if parts else "No step differs."
    )


def caption_why(found: Comparison) -> str:
    """How to read the steps."""
    text = (
        "Green: adds to customer equity; red: takes from it; blue: the difference. Orders at their margin, "
        "everything discounted. An order counts as added or lost when the same person places none within "
        f"{plural(found.spec.shift, 'day')} in the other arm; how the difference splits depends on the "
        f"model, the total alone could be confirmed by a live test. Steps are means of the "
        f"{found.stage.first} pairs run in detail"
    )
    text += (
        f"; '{OTHERS}' leads to the mean of all {found.stage.planned}."
        if found.stage.planned > found.stage.first
        else "."
    )
    left = len(found.others) - len(shown_arms(found, MOST_PANELS))
    return text + (f" {plural(left, 'arm')} not drawn." if left > 0 else "")


def step_rows(found: Comparison) -> list[tuple[str, list[tuple[str, str]]]]:
    """(step, (mean, interval) for each arm) in the order of the waterfall, the difference last."""
    frame = found.tables["steps"]
    told = [arm for arm in found.others if (frame["arm"] == arm).any()]
    all_steps = {arm: {name: value for name, value, _ in steps(found, arm)} for arm in told}
    rows = []
    for name in [*STEPS.values(), OTHERS, "customer equity"]:
        if not any(name in each for each in all_steps.values()):
            continue
        cells = []
        for arm in told:
            part = frame[(frame["arm"] == arm) & (frame["step"].map(STEPS) == name)]
            inside = ""
            if len(part) and math.isfinite(part["low"].iloc[0]):
                inside = f"{yuan(part['low'].iloc[0])} to {yuan(part['high'].iloc[0])}"
            cells.append((yuan(all_steps[arm].get(name, 0.0)), inside))
        rows.append((name, cells))
    return rows


def step_arms(found: Comparison) -> list[str]:
    """The arms that `step_rows` has a cell for."""
    told = set(found.tables["steps"]["arm"])
    return [arm for arm in found.others if arm in told]


def groups(found: Comparison) -> Figure | None:
    """Value by segment, stage, source and cohort: difference with interval. None where there is nothing."""
    frame = found.tables["groups"]
    arms = shown_arms(found, MOST_DOTS)
    frame = frame[frame["arm"].isin(arms)]
    kinds = [kind for kind in _PANELS if frame[frame["kind"] == kind]["group"].nunique() > 1]
    if not kinds:
        return None
    sizes = {kind: min(frame[frame["kind"] == kind]["group"].nunique(), _MANY) for kind in kinds}
    rows = [kinds[k : k + 2] for k in range(0, len(kinds), 2)]
    per = 0.17 + 0.08 * len(arms)
    heights = [max(sizes[kind] for kind in row) for row in rows]
    fig, axes = style.figure(1.0 + sum(0.75 + per * h for h in heights), len(rows), min(2, len(kinds)),
                             height_ratios=heights)  # fmt: skip
    labels = arm_labels(found)
    handles: dict[str, object] = {}
    for ax, kind in zip(axes, kinds, strict=False):
        _dots(ax, frame[frame["kind"] == kind], arms, found, handles)
        style.heading(ax, {"stage": "Stage on the eve of day 1", "cohort": "Cohort (month of joining)"}.get(
            kind, kind.capitalize()))  # fmt: skip
    for ax in axes[len(kinds) :]:
        ax.set_axis_off()
    for ax in axes[max(0, len(kinds) - 2) : len(kinds)]:
        style.caption(ax, "x", "yuan per starting member")
    style.legend(fig, list(handles.values()), [labels[arm] for arm in handles])
    return style.finish(fig)


def _dots(
    ax: Axes, frame: pd.DataFrame, arms: list[str], found: Comparison, handles: dict[str, object]
) -> None:
    names = list(dict.fromkeys(frame["group"]))[:_MANY]
    for j, arm in enumerate(arms):
        part = frame[frame["arm"] == arm].set_index("group").reindex(names)
        at = np.arange(len(names)) + (j - (len(arms) - 1) / 2) * 0.8 / max(len(arms), 2)
        colour = COLOURS[list(found.arms).index(arm)]
        ax.hlines(at, part["low"], part["high"], color=colour, linewidth=2.0, alpha=0.75)
        handles[arm] = ax.scatter(part["difference"], at, s=24, color=colour, zorder=3)
    ax.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    ax.set_yticks(range(len(names)), fonts.labels(names, str(frame["kind"].iloc[0])))
    ax.set_ylim(len(names) - 0.4, -0.6)
    style.grid(ax, "x")
    style.amounts(ax, "x", bins=4)


def read_groups(found: Comparison) -> str:
    """Which group gains and which loses most."""
    frame = found.tables["groups"]
    parts = []
    for arm in shown_arms(found, MOST_DOTS):
        own = frame[(frame["arm"] == arm) & frame["kind"].isin(("segment", "stage"))]
        clear = own[(own["low"] > 0) | (own["high"] < 0)]
        if clear.empty:
            parts.append(f"'{arm}' changes no segment or stage beyond chance")
            continue
        told = []
        for row, sign in (
            (clear.loc[clear["difference"].idxmax()], 1),
            (clear.loc[clear["difference"].idxmin()], -1),
        ):
            if sign * row["difference"] > 0:
                told.append(f"{row['group']} {yuan(float(row['difference']))}")
        parts.append(f"'{arm}': {' and '.join(told)}")
    return f"Segments and stages that move most, yuan per starting member. {'; '.join(parts)}."


def caption_groups(found: Comparison) -> str:
    """What the dots are."""
    text = (
        "Net contribution of the group's users within the horizon and what they are worth at its end, per "
        f"starting member of the whole base, difference from '{found.baseline}'; 95 % interval of the mean "
        "over the pairs run in detail, each for itself. The groups of one panel add up to the difference, "
        "but for cost of sources and fixed cost, which belong to nobody, and for discounting within the horizon."
    )
    left = len(found.others) - len(shown_arms(found, MOST_DOTS))
    return text + (f" {plural(left, 'arm')} not drawn; the tables have all." if left > 0 else "")


def group_key(found: Comparison) -> list[tuple[str, str]]:
    """Names that the plot had to number."""
    frame = found.tables["groups"]
    return [
        pair
        for kind in KINDS
        for pair in fonts.key(list(dict.fromkeys(frame[frame["kind"] == kind]["group"])), kind)
    ]
