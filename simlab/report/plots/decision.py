"""The plots behind a recommendation: how sure it is, when it pays, how far one has to look."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from simlab.lab.tuning import Tuning
from simlab.report import style
from simlab.report.numbers import gain, plural, yuan
from simlab.report.plots import marks
from simlab.report.tune_facts import first, gap, headline, sign, spread, table, unit

RECOMMENDED, CURRENT, NOTHING = style.ACCENT, style.MUTED, "#c9b79c"


def best_name(t: Tuning) -> str:
    """What the winner is called on this page."""
    return "recommended" if t.verdict == "change" else "best found"


def certainty(t: Tuning) -> Figure | None:
    """The uplift with its interval of chance, and below it the sampled worlds, one dot each. None without worlds."""
    whole, people = gap(t, headline(t)), spread(t)
    if whole is None or people is None:
        return None
    fig, (ax,) = style.figure(2.5)
    largest = float(np.abs([whole.low, whole.high, *people.values]).max())
    ax.hlines(0, whole.low, whole.high, color=RECOMMENDED, linewidth=6, alpha=0.35)
    ax.scatter([whole.mean], [0], s=64, color=RECOMMENDED, zorder=3)
    ax.hlines(1, people.low, people.high, color=style.WARM, linewidth=6, alpha=0.25)
    offsets = 1 + np.where(np.arange(people.count) % 2, 0.12, -0.12) * (people.count > 6)
    better = sign(t) * people.values > 0
    ax.scatter(people.values[better], offsets[better], s=36, color=style.WARM, zorder=3, linewidths=0)
    ax.scatter(people.values[~better], offsets[~better], s=36, facecolor=style.PAPER, edgecolor=style.WARM,
               linewidths=1.4, zorder=3)  # fmt: skip
    ax.set_yticks([0, 1], ["chance:\n95 % interval", f"people:\n{plural(people.count, 'sampled world')}"])
    ax.tick_params(axis="y", labelsize=style.SMALL, colors=style.INK)
    ax.set_ylim(1.55, -0.55)
    marks.zero(ax)
    _keep_zero(ax)
    style.numbers(ax, "x", lambda v: marks.plus(v, largest), 7)
    style.grid(ax, "x")
    per = f"{unit(headline(t))}{ending(t)}"
    style.caption(ax, "x", f"{headline(t).replace('_', ' ')}: {best_name(t)} minus current, {per}")
    return style.finish(fig)


def read_certainty(t: Tuning) -> str:
    """Which of the two widths is the larger one."""
    whole, people = gap(t, headline(t)), spread(t)
    assert whole is not None
    assert people is not None
    times = (people.high - people.low) / max(whole.high - whole.low, 1e-12)
    better = f"It is better than the current strategy in {people.better} of {people.count} sampled worlds."
    if times < 1.2:
        return (f"{better} Chance blurs the uplift about as much as what we do not know about people: more report "
                "seeds would still sharpen it.")  # fmt: skip
    return (f"{better} What we do not know about people makes the uplift uncertain {times:.1f} times as much as "
            "chance; no number of seeds shrinks that, only data or a live test.")  # fmt: skip


def _keep_zero(ax: Axes) -> None:
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0 - 0.03 * (high - low)), max(high, 0 + 0.03 * (high - low)))


def ending(t: Tuning) -> str:
    return f", real base (1 simulated = {t.scenario.scale:g} real)" if t.scenario.scale != 1 else ""


def payback(t: Tuning) -> Figure | None:
    """Cumulative net contribution by arm, and the difference from the current strategy with its payback."""
    frame = table(t, "daily")
    if frame.empty or not (frame["arm"] == "recommended").any():
        return None
    fig, (top, low) = style.figure(5.4, 2, 1, sharex=True)
    arms = [(arm, text, colour) for arm, text, colour in (
        ("nothing", "do nothing", NOTHING), ("current", "current", CURRENT),
        ("recommended", best_name(t), RECOMMENDED)) if (frame["arm"] == arm).any()]  # fmt: skip
    handles = []
    for arm, _, colour in arms:
        rows = frame[frame["arm"] == arm].sort_values("day")
        x = _dates(t, rows["day"])
        handles += top.plot(
            x, rows["cumulative"], color=colour, linewidth=2.0 if arm == "recommended" else 1.6
        )
        if arm == "recommended":
            style.banded(low, x, (rows["difference"].to_numpy(), rows["low"].to_numpy(), rows["high"].to_numpy()),
                         colour)  # fmt: skip
    marks.zero(low, "y")
    if t.payback_week is not None:
        at = date2num(t.scenario.start + datetime.timedelta(days=7 * (t.payback_week - 1)))
        low.axvline(at, color=style.GAIN, linewidth=1.4, linestyle=(0, (4, 3)))
        right = at < np.mean(low.get_xlim())
        low.annotate(f"pays for itself from week {t.payback_week}", (at, 0.97), xycoords=("data", "axes fraction"),
                     xytext=(6 if right else -6, 0), textcoords="offset points", va="top",
                     ha="left" if right else "right", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    for ax in (top, low):
        style.grid(ax)
        style.amounts(ax, bins=4)
    locator = AutoDateLocator(minticks=4, maxticks=9)
    low.xaxis.set_major_locator(locator)
    low.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    low.margins(x=0.01)
    style.heading(top, "Cumulative net contribution, yuan per starting member")
    style.heading(low, f"The same: {best_name(t)} minus current, with the 95 % interval of chance")
    style.legend(fig, handles, [text for _, text, _ in arms])
    return style.finish(fig)


def _dates(t: Tuning, days: pd.Series) -> np.ndarray:
    return np.asarray(date2num(t.scenario.start) - 1 + days.to_numpy(float), float)


def read_payback(t: Tuning) -> str:
    """The deepest point and the end of the difference."""
    frame = table(t, "daily")
    rows = frame[frame["arm"] == "recommended"].sort_values("day")
    end, deepest = float(rows["difference"].iloc[-1]), rows.loc[rows["difference"].idxmin()]
    texts, suffix = gain([end, float(rows["low"].iloc[-1]), float(rows["high"].iloc[-1])], "yuan")
    found = (f"After {plural(t.scenario.horizon, 'day')} it stands at {texts[0]}{suffix} per starting member against "
             f"the current strategy ({texts[1]} to {texts[2]})")  # fmt: skip
    if deepest["difference"] < -0.005 * max(abs(end), 0.01):
        return (f"It costs before it brings: on day {int(deepest['day'])} it is "
                f"{yuan(-float(deepest['difference']))} per starting member behind. {found}.")  # fmt: skip
    return f"{found}."


def horizons(t: Tuning) -> Figure | None:
    """Uplift of the finalists by horizon: whether another strategy would win over a shorter one."""
    frame = table(t, "horizons")
    if frame.empty or frame["horizon"].nunique() < 2:
        return None
    fig, (ax,) = style.figure(3.6)
    days = sorted(int(d) for d in frame["horizon"].unique())
    at = {d: k for k, d in enumerate(days)}
    strategies = [s for s in frame.groupby("strategy", sort=False) if (s[1]["trial"] >= 0).all()]
    handles: dict[str, object] = {}
    for k, (_, rows) in enumerate(strategies):
        own = int(rows["trial"].iloc[0]) == t.winner_trial
        colour = RECOMMENDED if own else "#b9c3cb"
        shift = 0.0 if own else 0.035 * (k - (len(strategies) - 1) / 2)
        x = np.array([at[int(d)] for d in rows["horizon"]]) + shift
        order = 3 if own else 2
        ax.vlines(
            x, rows["low"], rows["high"], color=colour, linewidth=2.0 if own else 1.2, alpha=0.6, zorder=order
        )
        (line,) = ax.plot(x, rows["uplift"], color=colour, linewidth=2.0 if own else 1.0, marker="o",
                          markersize=6 if own else 4, zorder=order)  # fmt: skip
        handles[best_name(t) if own else "other finalists"] = line
        best = rows["best"].to_numpy(bool)
        if best.any():
            handles["best at this horizon"] = ax.scatter(
                x[best],
                rows["uplift"][best],
                s=130,
                facecolor="none",
                edgecolor=style.WARM,
                linewidths=1.6,
                zorder=5,
            )
    marks.zero(ax, "y")
    ax.annotate("current strategy", (1.0, 0), xycoords=("axes fraction", "data"), xytext=(-2, 4),
                textcoords="offset points", ha="right", fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
    ax.set_xticks(range(len(days)), [plural(d, "day") for d in days])
    ax.set_xlim(-0.4, len(days) - 0.6)
    low, high = ax.get_ylim()
    style.numbers(ax, "y", lambda v: marks.plus(v, max(abs(low), abs(high))))
    style.grid(ax)
    style.caption(ax, "y", f"uplift, {unit(first(t))}")
    style.legend(fig, list(handles.values()), list(handles))
    return style.finish(fig)


def read_horizons(t: Tuning) -> str:
    """Whether the answer depends on how far one looks."""
    frame = table(t, "horizons")
    best = frame[frame["best"]].sort_values("horizon")
    own = best[best["trial"] == t.winner_trial]
    said = [f"{int(r.horizon)} days: {_strategy(t, int(r.trial))}" for r in best.itertuples()]
    if len(own) == len(best):
        return "The same strategy is best at every horizon looked at."
    lower = frame[frame["trial"] == t.winner_trial].set_index("horizon")
    close = all(
        float(lower.at[r.horizon, "high"]) >= float(r.low)
        for r in best.itertuples()
        if r.horizon in lower.index
    )
    end = " The intervals overlap: the horizon hardly changes the answer." if close else (
        " The horizon changes the answer: decide first how far ahead counts.")  # fmt: skip
    return f"Best at {'; '.join(said)}.{end}"


def _strategy(t: Tuning, trial: int) -> str:
    if trial < 0:
        return "the current strategy"
    return f"the {best_name(t)} one" if trial == t.winner_trial else f"trial {trial}"
