"""Maps of the search: the two levers that matter most, several objectives, all trials over all levers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simlab.lab.tuning import Tuning
from simlab.report import levers, style
from simlab.report.numbers import gain, listed, plural
from simlab.report.plots import marks
from simlab.report.plots.decision import best_name
from simlab.report.plots.search import (
    ENOUGH,
    QUIET,
    choice_label,
    lever_axis,
    limits,
    places,
    split,
    uplift_axis,
)
from simlab.report.tune_facts import first, sign, table, unit, winner_row
from simlab.scenario.outcomes import OUTCOMES

DIVERGING = LinearSegmentedColormap.from_list(
    "uplift", [style.LOSS, "#f3e3da", "#f7f7f5", "#d7e6e2", style.GAIN]
)


def contour(t: Tuning) -> Figure | None:
    """The surrogate over the two levers that matter most, the others at the best strategy. None without it."""
    frame = table(t, "surface")
    if frame.empty:
        return None
    named = {x.path: x for x in t.levers}
    one, other = named.get(frame["lever_x"].iloc[0]), named.get(frame["lever_y"].iloc[0])
    if one is None or other is None or "choice" in (one.kind, other.kind):
        return None
    wide = frame.pivot_table(index="y", columns="x", values="surrogate")
    # One contour line needs relief beyond what the surrogate is unsure about.
    if min(wide.shape) < 3 or float(np.ptp(frame["surrogate"])) < 2 * float(frame["sd"].mean()):
        return None
    fig, (ax,) = style.figure(4.8)
    x = np.array([levers.position(one, v) for v in wide.columns])
    y = np.array([levers.position(other, v) for v in wide.index])
    # As far down as up: where it is much worse, it does not matter how much.
    best = float((sign(t) * frame["surrogate"]).max())
    most = best if best > 0 else float(frame["surrogate"].abs().max())
    levels = MaxNLocator(20, symmetric=True).tick_values(-most, most)
    drawn = ax.contourf(x, y, sign(t) * wide.to_numpy(), levels=levels, cmap=DIVERGING, extend="both")
    ax.contour(x, y, wide.to_numpy(), levels=[0.0], colors=style.INK, linewidths=1.0)
    good, bad, raced = split(t)
    looks: tuple[tuple[pd.DataFrame, dict[str, Any]], ...] = (
        (good, {"marker": "o", "color": style.INK, "linewidths": 0}),
        (pd.concat([bad, raced]), {"marker": "x", "color": style.INK, "linewidths": 0.8}),
    )
    for part, how in looks:
        if len(part):
            ax.scatter(places(one, part[one.path].tolist()), places(other, part[other.path].tolist()), s=12,
                       alpha=0.35, **how)  # fmt: skip
    spots = [("current", one.current, other.current, style.PAPER, style.INK)]
    if t.winner is not None:
        spots.append((best_name(t), t.winner[one.path], t.winner[other.path], style.WARM, style.PAPER))
    handles = [ax.scatter([levers.position(one, a)], [levers.position(other, b)], s=110, color=fill, edgecolor=edge,
                          linewidths=1.5, zorder=4) for _, a, b, fill, edge in spots]  # fmt: skip
    lever_axis(ax, one)
    lever_axis(ax, other, "y")
    texts = levers.labels([x.path for x in t.levers])
    for axis, lever in (("x", one), ("y", other)):
        title = texts[[x.path for x in t.levers].index(lever.path)].replace("\n", " ")
        style.caption(ax, axis, f"{title}, {levers.unit(lever.path)}".rstrip(", "))  # type: ignore[arg-type]
    bar = fig.colorbar(drawn, ax=ax, pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=style.SMALL, colors=style.MUTED)
    bar.ax.yaxis.set_major_formatter(
        FuncFormatter(lambda v, _: marks.plus(float(f"{sign(t) * v:.3g}"), most))
    )
    bar.set_label(f"surrogate uplift, {unit(first(t))}", fontsize=style.SMALL, color=style.MUTED)
    style.legend(fig, handles, [text for text, *_ in spots])
    return style.finish(fig)


def read_contour(t: Tuning) -> str:
    """Which two levers these are."""
    frame = table(t, "surface")
    one, other = str(frame["lever_x"].iloc[0]), str(frame["lever_y"].iloc[0])
    return (f"{levers.title(one)} against {levers.phrase(other)}, all other levers as in the {best_name(t)} strategy. "
            "The black line is where nothing changes.")  # fmt: skip


def _others(t: Tuning) -> list[str]:
    frame = table(t, "finalists")
    return [o for o in list(t.objectives)[1:] if f"uplift:{o}" in frame.columns]


def front(t: Tuning) -> Figure | None:
    """Finalists by two objectives, with intervals, the front marked. None with one objective."""
    frame, others = table(t, "finalists"), _others(t)
    if frame.empty or not others:
        return None
    fig, axes = style.figure(4.2, 1, len(others))
    handles: dict[str, Any] = {}
    for ax, other in zip(axes, others, strict=True):
        handles = _front(ax, t, other) | handles
    style.legend(fig, list(handles.values()), list(handles))
    return style.finish(fig)


def _front(ax: Axes, t: Tuning, other: str) -> dict[str, Any]:
    frame, handles = table(t, "finalists"), {}
    good, _, _ = split(t)
    if f"uplift:{other}" in good:
        handles["trials (search seeds)"] = ax.scatter(
            good["uplift"], good[f"uplift:{other}"], s=12, color=QUIET
        )
    for text, rows, colour in (
        ("other finalists", frame[~frame["front"].astype(bool)], style.MUTED),
        ("on the front", frame[frame["front"].astype(bool)], style.ACCENT),
    ):
        if rows.empty:
            continue
        x, y = rows["uplift"], rows[f"uplift:{other}"]
        ax.hlines(y, rows["low"], rows["high"], color=colour, linewidth=1.3, alpha=0.5)
        ax.vlines(x, rows[f"low:{other}"], rows[f"high:{other}"], color=colour, linewidth=1.3, alpha=0.5)
        handles[text] = ax.scatter(x, y, s=44, color=colour, zorder=3, linewidths=0)
    row = winner_row(t)
    if row is not None:
        handles[best_name(t)] = ax.scatter([row["uplift"]], [row[f"uplift:{other}"]], s=150, facecolor="none",
                                           edgecolor=style.WARM, linewidths=1.8, zorder=4)  # fmt: skip
    marks.zero(ax)
    marks.zero(ax, "y")
    ax.set_xlim(*limits(t))
    handles["current"] = ax.scatter(
        [0], [0], s=54, color=style.PAPER, edgecolor=style.INK, linewidths=1.5, zorder=5
    )
    uplift_axis(ax, t, "x")
    uplift_axis(ax, t, "y", other)
    style.grid(ax)
    style.grid(ax, "x")
    if t.objectives[other] == "minimise":
        ax.annotate("lower is better", (0.99, 0.02), xycoords="axes fraction", ha="right", fontsize=style.SMALL,
                    color=style.MUTED)  # fmt: skip
    return handles


def read_front(t: Tuning) -> str:
    """What the winner gives up for the first objective."""
    frame, row = table(t, "finalists"), winner_row(t)
    on = int(frame["front"].sum())
    text = f"Of {plural(len(frame), 'finalist')}, {on} cannot be beaten on every objective at once."
    if row is None:
        return text
    parts = []
    for outcome in _others(t):
        texts, suffix = gain([float(row[f"uplift:{outcome}"]), float(row[f"low:{outcome}"]),
                              float(row[f"high:{outcome}"])], unit(outcome))  # fmt: skip
        parts.append(
            f"{OUTCOMES.get(outcome, (outcome, ''))[0]} {texts[0]}{suffix} ({texts[1]} to {texts[2]})"
        )
    own = f"The {best_name(t)} strategy is the best of them on {first(t).replace('_', ' ')}"
    return f"{text} {own}; with it: {listed(parts)}."


def parallel(t: Tuning) -> Figure | None:
    """All trials over all levers, the better the darker; finalists' ranges can be read off. None with one lever."""
    good, bad, raced = split(t)
    frame = pd.concat([bad, raced, good])
    if len(t.levers) < 2 or len(good) < ENOUGH:
        return None
    fig, (ax,) = style.figure(0.9 + 0.56 * len(t.levers))
    y = np.arange(len(t.levers))
    values = sign(t) * good["uplift"].to_numpy(float)
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(values) - 1, 1)
    for _, row in frame[~frame["feasible"].astype(bool) | frame["raced"].astype(bool)].iterrows():
        ax.plot(_along(t, row), y, color=QUIET, linewidth=0.6, alpha=0.5, zorder=1)
    for k in np.argsort(rank, kind="stable"):
        ax.plot(_along(t, good.iloc[k]), y, color=style.SEQUENTIAL(0.12 + 0.75 * rank[k]),
                linewidth=0.7 + 0.7 * rank[k], alpha=0.35 + 0.4 * rank[k], zorder=1.2 + rank[k])  # fmt: skip
    (now,) = ax.plot([levers.position(x, x.current) for x in t.levers], y, color=style.INK, linewidth=1.6,
                     linestyle=(0, (3, 2)), zorder=4)  # fmt: skip
    handles, texts = [now], ["current"]
    if t.winner is not None:
        own = [levers.position(x, t.winner[x.path]) for x in t.levers]
        handles += ax.plot(own, y, color=style.WARM, linewidth=2.4, marker="o", markersize=6, zorder=5)
        texts.append(best_name(t))
    for k, lever in enumerate(t.levers):
        ax.plot([0, 1], [k, k], color=style.MUTED, linewidth=0.8, zorder=0.5)
        if lever.kind == "choice":
            for c in range(len(lever.choices)):
                ax.annotate(choice_label(lever, c, len(lever.choices) <= 4), ((c + 0.5) / len(lever.choices), k),
                            xytext=(0, -4), textcoords="offset points", ha="center", va="top",
                            fontsize=style.SMALL - 0.5, color=style.MUTED, zorder=4.5,
                            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1})  # fmt: skip
            continue
        for at, value, side in ((0, lever.low, "right"), (1, lever.high, "left")):
            ax.annotate(f"{levers.number(lever.path, value)}{f' {levers.unit(lever.path)}' if at else ''}", (at, k),
                        xytext=(-6 if side == "right" else 6, 0), textcoords="offset points", ha=side, va="center",
                        fontsize=style.SMALL - 0.5, color=style.MUTED)  # fmt: skip
    ax.set_yticks(y, levers.labels([x.path for x in t.levers]))
    ax.tick_params(axis="y", labelsize=style.SMALL, colors=style.INK, pad=34)
    ax.set_ylim(len(t.levers) - 0.6, -0.4)
    ax.set_xlim(-0.01, 1.12)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    style.legend(fig, handles, texts)
    return style.finish(fig)


def _along(t: Tuning, row: pd.Series) -> list[float]:
    shift = (float(row["trial"]) * 0.618 % 1 - 0.5) * 0.4
    return [
        levers.position(x, row[x.path]) + (shift / len(x.choices) if x.kind == "choice" else 0.0)
        for x in t.levers
    ]


def read_parallel(t: Tuning) -> str:
    """Where the best tenth of the trials lie."""
    good, _, _ = split(t)
    top = good.loc[(sign(t) * good["uplift"]).nlargest(max(len(good) // 10, 3)).index]
    narrow = []
    for lever in t.levers:
        if lever.kind == "choice":
            continue
        at = [levers.position(lever, v) for v in top[lever.path]]
        if np.ptp(at) <= 0.3:
            low, high = (
                levers.number(lever.path, float(v)) for v in (top[lever.path].min(), top[lever.path].max())
            )
            span = f"{low} to {high}" if low != high else low
            narrow.append(f"{levers.phrase(lever.path)} {span} {levers.unit(lever.path)}".strip())
    best = f"the best {len(top)} trials"
    if narrow:
        return f"In {best} these hardly vary: {listed(narrow[:4])}."
    return f"Even {best} vary in every lever: there are many ways to do about as well."
