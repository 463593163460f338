"""Plots of the search itself: how it went, where it looked, what the surrogate makes of it. Not results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from simlab.lab.tuning import Tuning
from simlab.report import fonts, levers, style
from simlab.report.numbers import listed, plural
from simlab.report.plots import marks
from simlab.report.plots.decision import best_name
from simlab.report.tune_facts import by_effect, first, gap, sign, table, trials, unit, winner_row
from simlab.scenario.experiments import Lever

TRIAL, BROKEN, QUIET = style.ACCENT, style.LOSS, "#c3ccd3"
ENOUGH = 5
"""Trials below which slices and lines over levers would be dots in a void."""


def split(t: Tuning) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Finished trials but the current strategy: that kept the constraints, that did not, dropped early."""
    frame = trials(t)
    if frame.empty:
        frame = pd.DataFrame({"trial": [], "uplift": [], "raced": [], "feasible": [], "finalist": []})
    frame = frame[(frame["trial"] > 0) & frame["uplift"].notna()]
    raced, feasible = frame["raced"].astype(bool), frame["feasible"].astype(bool)
    return frame[feasible & ~raced], frame[~feasible & ~raced], frame[raced]


def kinds(t: Tuning, alpha: float) -> list[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """The trials by what became of them: (words, rows, how a mark looks)."""
    good, bad, raced = split(t)
    return [
        ("kept the constraints", good, {"marker": "o", "color": TRIAL, "alpha": alpha, "linewidths": 0}),
        ("broke a constraint", bad, {"marker": "x", "color": BROKEN, "alpha": 0.75, "linewidths": 1.0}),
        (
            "dropped early",
            raced,
            {"marker": "o", "facecolor": "none", "edgecolor": style.MUTED, "linewidths": 0.8},
        ),
    ]


def _marks(ax: Axes, t: Tuning, edge: float) -> dict[str, Any]:
    """The trials as marks by what became of them; those beyond `edge` stand on it."""
    beyond = np.maximum if sign(t) > 0 else np.minimum
    handles: dict[str, Any] = {}
    for text, frame, how in kinds(t, 0.6):
        if len(frame):
            y = beyond(frame["uplift"].to_numpy(float), edge)
            handles[text] = ax.scatter(frame["trial"], y, s=26, zorder=2.5, clip_on=False, **how)
    return handles


def history(t: Tuning) -> Figure | None:
    """Uplift by trial, the best so far, and beside it what fresh seeds say. None without finished trials."""
    if not sum(map(len, split(t))):
        return None
    fig, (ax,) = style.figure(4.0)
    low, high = limits(t)
    handles = _marks(ax, t, low if sign(t) > 0 else high)
    good, _, _ = split(t)
    good = good.sort_values("trial")
    if len(good):
        best = sign(t) * np.maximum.accumulate(sign(t) * good["uplift"].to_numpy(float))
        last = float(table(t, "trials")["trial"].max())
        (line,) = ax.step(
            [*good["trial"], last], [*best, best[-1]], where="post", color=style.INK, linewidth=1.3
        )
        handles["best so far"] = line
    finalists = good[good["finalist"].astype(bool)]
    if len(finalists):
        handles["finalist"] = ax.scatter(finalists["trial"], finalists["uplift"], s=92, facecolor="none",
                                         edgecolor=style.EVENT, linewidths=2.0, zorder=2.4)  # fmt: skip
    failed = table(t, "trials")
    failed = failed[failed["state"] != "complete"]
    if len(failed):
        handles["failed"] = ax.scatter(failed["trial"], np.full(len(failed), low), marker="|", s=60,
                                       color=style.INK, clip_on=False)  # fmt: skip
    last = float(table(t, "trials")["trial"].max())
    found, row = gap(t, first(t)), winner_row(t)
    if found is not None and row is not None:
        x = last * 1.05 + 1
        ax.vlines(x, found.low, found.high, color=style.WARM, linewidth=5, alpha=0.4)
        handles["winner on fresh seeds"] = ax.scatter([x], [found.mean], s=56, color=style.WARM, zorder=4)
        ax.axvline(last * 1.02 + 0.5, color=style.RULE, linewidth=1)
    handles["current strategy"] = ax.axhline(
        0, color=style.MUTED, linewidth=1.0, linestyle=(0, (3, 2)), zorder=1.5
    )
    ax.set_ylim(low, high)
    uplift_axis(ax, t)
    style.caption(ax, "x", "trial")
    style.grid(ax)
    style.legend(fig, list(handles.values()), list(handles), 4)
    return style.finish(fig)


def uplift_axis(ax: Axes, t: Tuning, axis: str = "y", outcome: str | None = None, bins: int = 5) -> None:
    name = outcome or first(t)
    limits = ax.get_ylim() if axis == "y" else ax.get_xlim()
    share = unit(name) == "share"
    form = (lambda v: f"{100 * v:+.3g} %".replace("-", "−")) if share else (
        lambda v: marks.plus(v, max(map(abs, limits))))  # fmt: skip
    style.numbers(ax, axis, form, bins)  # type: ignore[arg-type]
    word = "" if share else f", {unit(name)}"
    style.caption(ax, axis, f"uplift of {name.replace('_', ' ')}{word}")  # type: ignore[arg-type]


def read_history(t: Tuning) -> str:
    """What became of the trials, and when the best one was found."""
    frame = table(t, "trials")
    good, bad, raced = split(t)
    failed = int((frame["state"] != "complete").sum())
    parts = [f"{len(good)} kept the constraints", *([f"{len(bad)} broke one"] if len(bad) else []),
             *([f"{len(raced)} were dropped early"] if len(raced) else []),
             *([f"{failed} failed"] if failed else [])]  # fmt: skip
    text = f"Of {plural(len(frame) - int((frame['trial'] == 0).any()), 'trial')} {listed(parts)}."
    best = best_trial(t)
    return text if best is None else f"{text} The search's own best is trial {best}."


def best_trial(t: Tuning) -> int | None:
    """Number of the search's own best trial; None if none kept the constraints."""
    good = split(t)[0]
    return int(good.loc[(sign(t) * good["uplift"]).idxmax(), "trial"]) if len(good) else None


def slices(t: Tuning) -> Figure | None:
    """Uplift by lever: the trials, the surrogate's profile through the best strategy, winner and current value."""
    if sum(map(len, split(t))) < ENOUGH:
        return None
    order = [next(x for x in t.levers if x.path == path) for path in by_effect(t)]
    columns = min(len(order), 3 if len(order) != 4 else 2)
    rows = math.ceil(len(order) / columns)
    fig, axes = style.figure(max(2.75 * rows + 0.5, 3.8), rows, columns, sharey=True)
    texts = dict(zip((x.path for x in t.levers), levers.labels([x.path for x in t.levers]), strict=True))
    handles: dict[str, Any] = {}
    for ax, lever in zip(axes, order, strict=False):
        handles = _slice(ax, t, lever) | handles
        style.heading(ax, texts[lever.path])
        ax.title.set_fontsize(style.SIZE)
    axes[0].set_ylim(*limits(t))
    for k, ax in enumerate(axes):
        if k >= len(order):
            ax.set_visible(False)
        elif k % columns == 0:
            uplift_axis(ax, t, bins=4)
    style.legend(fig, list(handles.values()), list(handles), 4)
    return style.finish(fig)


def limits(t: Tuning) -> tuple[float, float]:
    """The scale of the trials that are worth looking at: a few disasters must not flatten the rest."""
    values = np.concatenate([frame["uplift"].to_numpy(float) for frame in split(t)] + [np.zeros(1)])
    low, high = np.percentile(values, [20, 100] if sign(t) > 0 else [0, 80])
    found = gap(t, first(t))
    if found is not None:
        low, high = min(low, found.low), max(high, found.high)
    room = 0.08 * max(high - low, 1e-9)
    return min(low, 0.0) - room, max(high, 0.0) + room


def _slice(ax: Axes, t: Tuning, lever: Lever) -> dict[str, Any]:
    handles: dict[str, Any] = {}
    for text, frame, how in kinds(t, 0.35):
        if len(frame):
            x = places(lever, frame[lever.path].tolist(), frame["trial"].to_numpy(float))
            handles[text] = ax.scatter(x, frame["uplift"], s=16, zorder=2, **how)
    profile = table(t, "profiles")
    profile = profile[profile["lever"] == lever.path] if len(profile) else profile
    if len(profile):
        x = places(lever, profile["value"].tolist())
        mean, sd = (profile[c].to_numpy(float) for c in ("surrogate", "sd"))
        if lever.kind == "choice":
            ax.vlines(x, mean - 2 * sd, mean + 2 * sd, color=style.INK, linewidth=1.2, zorder=3)
            handles["surrogate, ± 2 sd"] = ax.scatter(x, mean, marker="_", s=260, color=style.INK, zorder=3)
        else:
            line = np.argsort(x)
            ax.fill_between(x[line], (mean - 2 * sd)[line], (mean + 2 * sd)[line], color=style.INK, alpha=0.1,
                            linewidth=0)  # fmt: skip
            (handles["surrogate, ± 2 sd"],) = ax.plot(
                x[line], mean[line], color=style.INK, linewidth=1.5, zorder=3
            )
    handles["current"] = ax.axvline(levers.position(lever, lever.current), color=style.MUTED, linewidth=1.2,
                                    linestyle=(0, (3, 2)))  # fmt: skip
    if t.winner is not None and lever.path in t.winner:
        at = levers.position(lever, t.winner[lever.path])
        handles[best_name(t)] = ax.axvline(at, color=style.WARM, linewidth=1.6)
    marks.zero(ax, "y", linewidth=0.7)
    style.grid(ax)
    lever_axis(ax, lever)
    return handles


def places(lever: Lever, values: list[Any], spread: np.ndarray | None = None) -> np.ndarray:
    """Places in the searched range; choices side by side within their column, in the order of the trials."""
    x = np.array([levers.position(lever, value) for value in values], float)
    if lever.kind == "choice" and spread is not None:
        x += (spread * 0.618 % 1 - 0.5) * 0.5 / len(lever.choices)
    return x


def lever_axis(ax: Axes, lever: Lever, axis: str = "x") -> None:
    """Ticks of a lever whose axis runs from 0 to 1 over the searched range."""
    target = ax.xaxis if axis == "x" else ax.yaxis
    if lever.kind == "choice":
        at = [(k + 0.5) / len(lever.choices) for k in range(len(lever.choices))]
        few = len(lever.choices) <= 4
        texts = [choice_label(lever, k, few) for k in range(len(lever.choices))]
        target.set_major_locator(FixedLocator(at))
        target.set_major_formatter(
            FuncFormatter(lambda v, _: texts[min(int(v * len(texts)), len(texts) - 1)])
        )
    else:
        target.set_major_locator(FixedLocator([0, 0.5, 1]))
        target.set_major_formatter(FuncFormatter(lambda v, _: levers.number(lever.path, value_at(lever, v))))
    target.set_minor_locator(NullLocator())
    (ax.set_xlim if axis == "x" else ax.set_ylim)(-0.03, 1.03)
    if lever.kind != "choice":
        style.caption(ax, axis, levers.unit(lever.path))  # type: ignore[arg-type]


def choice_label(lever: Lever, k: int, few: bool) -> str:
    """A choice on an axis: its words where they fit, else its number."""
    text = levers.text(lever.path, lever.choices[k])
    room = 36 // len(lever.choices)
    return fonts.label(text) if few and fonts.width(text) <= room and fonts.drawable(text) else f"{k + 1}"


def choice_key(t: Tuning) -> list[tuple[str, str]]:
    """Choices that the plots had to number."""
    out = []
    for lever in t.levers:
        for k, value in enumerate(lever.choices):
            if choice_label(lever, k, len(lever.choices) <= 4) == f"{k + 1}":
                out.append((f"{levers.title(lever.path)} {k + 1}", levers.text(lever.path, value)))
    return out


def value_at(lever: Lever, share: float) -> float:
    """The value at a place of the searched range."""
    if lever.log:
        return float(lever.low * (lever.high / lever.low) ** share)
    return lever.low + share * (lever.high - lever.low)


def read_slices(t: Tuning) -> str:
    """What the profile is good for."""
    if "profiles" not in t.tables:
        return "Each panel shows all trials; the other levers vary with them."
    flat = []
    for lever in t.levers:
        rows = t.tables["profiles"]
        rows = rows[rows["lever"] == lever.path]
        if len(rows) and float(np.ptp(rows["surrogate"])) < 2 * float(rows["sd"].mean()):
            flat.append(levers.phrase(lever.path))
    if flat:
        return (f"Nearly flat within what the surrogate can tell: {listed(flat[:4])}; there is room to choose those "
                "for other reasons.")  # fmt: skip
    return "The profiles show how far each lever may move before the uplift is lost."
