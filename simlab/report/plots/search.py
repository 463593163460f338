"""Plots of the search itself: how it went, where it looked, what the surrogate makes of it. Not results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from simlab.lab.tuning import Tuning
from simlab.report import fonts, levers, style
from simlab.report.numbers import listed, plural
from simlab.report.plots import marks
from simlab.report.plots.decision import best_name
from simlab.report.tune_facts import by_effect, first, gap, sign, table, trials, unit, winner_row
from simlab.report.tune_words import gain
from simlab.scenario.experiments import Lever
from simlab.scenario.outcomes import OUTCOMES

TRIAL, BROKEN, QUIET = style.ACCENT, style.LOSS, "#c3ccd3"
DIVERGING = LinearSegmentedColormap.from_list(
    "uplift", [style.LOSS, "#f3e3da", "#f7f7f5", "#d7e6e2", style.GAIN]
)
ENOUGH = 5
"""Trials below which slices and lines over levers would be dots in a void."""


def _split(t: Tuning) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Finished trials but the current strategy: that kept the constraints, that did not, dropped early."""
    frame = trials(t)
    frame = frame[(frame["trial"] > 0) & frame["uplift"].notna()]
    raced, feasible = frame["raced"].astype(bool), frame["feasible"].astype(bool)
    return frame[feasible & ~raced], frame[~feasible & ~raced], frame[raced]


def _marks(ax: Axes, t: Tuning, edge: float) -> dict[str, Any]:
    """The trials as marks by what became of them; those beyond `edge` stand on it."""
    good, bad, raced = _split(t)
    beyond = np.maximum if sign(t) > 0 else np.minimum
    handles: dict[str, Any] = {}
    for text, frame, how in (
        ("kept the constraints", good, {"marker": "o", "color": TRIAL, "alpha": 0.6, "linewidths": 0}),
        ("broke a constraint", bad, {"marker": "x", "color": BROKEN, "linewidths": 1.2, "alpha": 0.8}),
        (
            "dropped early",
            raced,
            {"marker": "o", "facecolor": "none", "edgecolor": style.MUTED, "linewidths": 0.9},
        ),
    ):
        if len(frame):
            y = beyond(frame["uplift"].to_numpy(float), edge)
            handles[text] = ax.scatter(frame["trial"], y, s=26, zorder=2.5, clip_on=False, **how)
    return handles


def history(t: Tuning) -> Figure | None:
    """Uplift by trial, the best so far, and beside it what fresh seeds say. None without finished trials."""
    if not sum(map(len, _split(t))):
        return None
    fig, (ax,) = style.figure(4.0)
    low, high = _limits(t)
    handles = _marks(ax, t, low if sign(t) > 0 else high)
    good, _, _ = _split(t)
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
    _uplift_axis(ax, t)
    style.caption(ax, "x", "trial")
    style.grid(ax)
    style.legend(fig, list(handles.values()), list(handles), 4)
    return style.finish(fig)


def _uplift_axis(ax: Axes, t: Tuning, axis: str = "y", outcome: str | None = None, bins: int = 5) -> None:
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
    good, bad, raced = _split(t)
    failed = int((frame["state"] != "complete").sum())
    parts = [f"{len(good)} kept the constraints", *([f"{len(bad)} broke one"] if len(bad) else []),
             *([f"{len(raced)} were dropped early"] if len(raced) else []),
             *([f"{failed} failed"] if failed else [])]  # fmt: skip
    text = f"Of {plural(len(frame) - int((frame['trial'] == 0).any()), 'trial')} {listed(parts)}."
    if len(good):
        best = good.loc[(sign(t) * good["uplift"]).idxmax()]
        text += f" The search's own best is trial {int(best['trial'])}."
    return text


def slices(t: Tuning) -> Figure | None:
    """Uplift by lever: the trials, the surrogate's profile through the best strategy, winner and current value."""
    if sum(map(len, _split(t))) < ENOUGH:
        return None
    order = [next(x for x in t.levers if x.path == path) for path in by_effect(t)]
    columns = min(len(order), 3 if len(order) != 4 else 2)
    rows = math.ceil(len(order) / columns)
    fig, axes = style.figure(2.75 * rows + 0.5, rows, columns, sharey=True)
    texts = dict(zip((x.path for x in t.levers), levers.labels([x.path for x in t.levers]), strict=True))
    handles: dict[str, Any] = {}
    for ax, lever in zip(axes, order, strict=False):
        handles = _slice(ax, t, lever) | handles
        style.heading(ax, texts[lever.path])
        ax.title.set_fontsize(style.SIZE)
    axes[0].set_ylim(*_limits(t))
    for k, ax in enumerate(axes):
        if k >= len(order):
            ax.set_visible(False)
        elif k % columns == 0:
            _uplift_axis(ax, t, bins=4)
    style.legend(fig, list(handles.values()), list(handles), 4)
    return style.finish(fig)


def _limits(t: Tuning) -> tuple[float, float]:
    """The scale of the trials that are worth looking at: a few disasters must not flatten the rest."""
    values = np.concatenate([frame["uplift"].to_numpy(float) for frame in _split(t)] + [np.zeros(1)])
    low, high = np.percentile(values, [20, 100] if sign(t) > 0 else [0, 80])
    found = gap(t, first(t))
    if found is not None:
        low, high = min(low, found.low), max(high, found.high)
    room = 0.08 * max(high - low, 1e-9)
    return min(low, 0.0) - room, max(high, 0.0) + room


def _slice(ax: Axes, t: Tuning, lever: Lever) -> dict[str, Any]:
    handles: dict[str, Any] = {}
    good, bad, raced = _split(t)
    for text, frame, how in (
        ("kept the constraints", good, {"marker": "o", "color": TRIAL, "alpha": 0.35, "linewidths": 0}),
        ("broke a constraint", bad, {"marker": "x", "color": BROKEN, "alpha": 0.45, "linewidths": 0.9}),
        (
            "dropped early",
            raced,
            {"marker": "o", "facecolor": "none", "edgecolor": style.MUTED, "linewidths": 0.7},
        ),
    ):
        if len(frame):
            x = _places(lever, frame[lever.path].tolist(), frame["trial"].to_numpy(float))
            handles[text] = ax.scatter(x, frame["uplift"], s=16, zorder=2, **how)
    profile = table(t, "profiles")
    profile = profile[profile["lever"] == lever.path] if len(profile) else profile
    if len(profile):
        x = _places(lever, profile["value"].tolist())
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
    _lever_axis(ax, lever)
    return handles


def _places(lever: Lever, values: list[Any], spread: np.ndarray | None = None) -> np.ndarray:
    """Places in the searched range; choices side by side within their column, in the order of the trials."""
    x = np.array([levers.position(lever, value) for value in values], float)
    if lever.kind == "choice" and spread is not None:
        x += (spread * 0.618 % 1 - 0.5) * 0.5 / len(lever.choices)
    return x


def _lever_axis(ax: Axes, lever: Lever, axis: str = "x") -> None:
    """Ticks of a lever whose axis runs from 0 to 1 over the searched range."""
    target = ax.xaxis if axis == "x" else ax.yaxis
    if lever.kind == "choice":
        at = [(k + 0.5) / len(lever.choices) for k in range(len(lever.choices))]
        few = len(lever.choices) <= 4
        texts = [_choice(lever, k, few) for k in range(len(lever.choices))]
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


def _choice(lever: Lever, k: int, few: bool) -> str:
    text = levers.plot_text(levers.text(lever.path, lever.choices[k]))
    room = 36 // len(lever.choices)
    return text if few and fonts.width(text) <= room else f"{k + 1}"


def choice_key(t: Tuning) -> list[tuple[str, str]]:
    """Choices that the plots had to number."""
    out = []
    for lever in t.levers:
        for k, value in enumerate(lever.choices):
            if _choice(lever, k, len(lever.choices) <= 4) == f"{k + 1}":
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
    good, bad, raced = _split(t)
    for part, how in ((good, {"marker": "o", "color": style.INK, "linewidths": 0}),
                      (pd.concat([bad, raced]), {"marker": "x", "color": style.INK, "linewidths": 0.8})):  # fmt: skip
        if len(part):
            ax.scatter(_places(one, part[one.path].tolist()), _places(other, part[other.path].tolist()), s=12,
                       alpha=0.35, **how)  # fmt: skip
    spots = [("current", one.current, other.current, style.PAPER, style.INK)]
    if t.winner is not None:
        spots.append((best_name(t), t.winner[one.path], t.winner[other.path], style.WARM, style.PAPER))
    handles = [ax.scatter([levers.position(one, a)], [levers.position(other, b)], s=110, color=fill, edgecolor=edge,
                          linewidths=1.5, zorder=4) for _, a, b, fill, edge in spots]  # fmt: skip
    _lever_axis(ax, one)
    _lever_axis(ax, other, "y")
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
    good, _, _ = _split(t)
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
    handles["current"] = ax.scatter(
        [0], [0], s=54, color=style.PAPER, edgecolor=style.INK, linewidths=1.5, zorder=5
    )
    _uplift_axis(ax, t, "x")
    _uplift_axis(ax, t, "y", other)
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
    text = f"{plural(on, 'finalist')} of {len(frame)} cannot be beaten on every objective at once."
    if row is None:
        return text
    parts = []
    for outcome in _others(t):
        texts, suffix = gain([float(row[f"uplift:{outcome}"]), float(row[f"low:{outcome}"]),
                              float(row[f"high:{outcome}"])], unit(outcome))  # fmt: skip
        parts.append(
            f"{OUTCOMES.get(outcome, (outcome, ''))[0]} {texts[0]}{suffix} ({texts[1]} to {texts[2]})"
        )
    return f"{text} The {best_name(t)} strategy is the best of them on {first(t).replace('_', ' ')}; with it: {listed(parts)}."


def parallel(t: Tuning) -> Figure | None:
    """All trials over all levers, the better the darker; finalists' ranges can be read off. None with one lever."""
    good, bad, raced = _split(t)
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
    good, _, _ = _split(t)
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
