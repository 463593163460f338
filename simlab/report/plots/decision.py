"""The plots behind a recommendation: how sure it is, when it pays, what it costs, whom it touches."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from simlab.lab.tuning import Tuning
from simlab.report import fonts, levers, style
from simlab.report.numbers import listed, percent, plural, yuan
from simlab.report.plots import marks
from simlab.report.tune_facts import by_effect, first, gap, headline, sign, spread, table, unit
from simlab.report.tune_words import gain

RECOMMENDED, CURRENT, NOTHING = style.ACCENT, style.MUTED, "#c9b79c"
GROUPINGS = {
    "segment": "By segment",
    "stage": "By stage on day 0",
    "source": "By source",
    "cohort": "By cohort",
}
MOST_GROUPS = 12


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
    per = f"{unit(headline(t))}{_ending(t)}"
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


def _ending(t: Tuning) -> str:
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
    found = (f"After {plural(t.scenario.horizon, 'day')} it has brought {texts[0]}{suffix} per starting member more "
             f"than the current strategy ({texts[1]} to {texts[2]})")  # fmt: skip
    if deepest["difference"] < -0.005 * max(abs(end), 0.01):
        return (f"It costs before it brings: on day {int(deepest['day'])} it is "
                f"{yuan(-float(deepest['difference']))} per starting member behind. {found}.")  # fmt: skip
    return f"{found}."


def spending(t: Tuning) -> Figure | None:
    """What is spent on what, current and recommended. None without the table."""
    frame = table(t, "spending")
    if frame.empty or not (frame["current"].abs() + frame["recommended"].abs()).any():
        return None
    fig, (ax,) = style.figure(1.3 + 0.5 * len(frame))
    at = np.arange(len(frame))
    largest = float(frame[["current", "recommended"]].abs().to_numpy().max())
    now = ax.barh(at - 0.19, frame["current"], height=0.34, color="#c3ccd3")
    then = ax.barh(at + 0.19, frame["recommended"], height=0.34, color=RECOMMENDED)
    ax.set_yticks(at, _texts(frame["item"], "item"))
    ax.tick_params(axis="y", labelsize=style.SMALL + 0.5, colors=style.INK)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    for y, row in zip(at, frame.itertuples(), strict=True):
        end = max(float(row.current), float(row.recommended), 0.0)
        ax.annotate(_moved(float(row.difference), largest), (end, y), xytext=(6, 0), textcoords="offset points",
                    va="center", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    ax.margins(x=0.16)
    ax.set_xlim(left=min(0.0, float(frame[["current", "recommended"]].to_numpy().min())))
    style.amounts(ax, "x")
    style.grid(ax, "x")
    style.caption(ax, "x", f"yuan within {plural(t.scenario.horizon, 'day')}{_ending(t)}")
    style.legend(fig, [now, then], ["current", best_name(t)])
    return style.finish(fig)


def _moved(value: float, largest: float) -> str:
    if abs(value) < 0.0005 * largest:
        return "unchanged"
    texts, suffix = gain([value], "yuan")
    return texts[0] + suffix.removesuffix(" yuan")


def _texts(names: pd.Series, kind: str) -> list[str]:
    return fonts.labels([str(name) for name in names], kind)


def read_spending(t: Tuning) -> str:
    """The sum, and where the largest shifts are."""
    frame = table(t, "spending")
    total = float(frame["difference"].sum())
    order = frame.reindex(frame["difference"].abs().sort_values(ascending=False).index)
    told = []
    for row in order.head(3).itertuples():
        if abs(row.difference) > 0.005 * frame["current"].abs().sum():
            told.append(
                f"{yuan(abs(float(row.difference)))} {'more' if row.difference > 0 else 'less'} on {row.item}"
            )
    word = "more" if total > 0 else "less"
    start = f"Altogether {yuan(abs(total))} {word} than today within {plural(t.scenario.horizon, 'day')}"
    return f"{start}: {listed(told)}." if told else f"{start}."


def _shown_groups(t: Tuning) -> list[tuple[str, pd.DataFrame]]:
    """Groupings with at least two groups; of many, those that change most."""
    frame = table(t, "groups")
    out = []
    for grouping, rows in frame.groupby("grouping", sort=False) if len(frame) else ():
        if len(rows) < 2:
            continue
        if len(rows) > MOST_GROUPS:
            most = rows["difference"].abs().nlargest(MOST_GROUPS).index
            rows = rows[rows.index.isin(most)]
        out.append((str(grouping), rows))
    return out


def groups(t: Tuning) -> Figure | None:
    """Who gains and who is hurt: the difference within each group, with its interval. None without groups."""
    found = _shown_groups(t)
    if not found:
        return None
    heights = [len(rows) + 0.6 for _, rows in found]
    fig, axes = style.figure(0.7 + marks.ROW * sum(heights) + 0.32 * len(found), len(found), 1, sharex=True,
                             height_ratios=heights)  # fmt: skip
    every = pd.concat([rows for _, rows in found])
    largest = float(every[["low", "high"]].abs().to_numpy().max())
    for ax, (grouping, rows) in zip(axes, found, strict=True):
        colours = [marks.side(float(r.low), float(r.high)) for r in rows.itertuples()]
        marks.rows(ax, _texts(rows["group"], grouping), *(rows[c].to_numpy(float) for c in ("difference", "low", "high")),
                   colours, lambda v: _moved(v, largest))  # fmt: skip
        marks.zero(ax)
        style.heading(ax, GROUPINGS.get(grouping, f"By {grouping}"))
        style.numbers(ax, "x", lambda v: marks.plus(v, largest), 6)
        ax.spines["bottom"].set_visible(ax is axes[-1])
    style.caption(axes[-1], "x", f"yuan of net and remaining value, {best_name(t)} minus current{_ending(t)}")
    return style.finish(fig)


def group_key(t: Tuning) -> list[tuple[str, str]]:
    """Groups that the plot had to number."""
    return [
        pair
        for grouping, rows in _shown_groups(t)
        for pair in fonts.key(list(map(str, rows["group"])), grouping)
    ]


def read_groups(t: Tuning) -> str:
    """Who clearly gains and who is clearly hurt."""
    frame = pd.concat([rows for _, rows in _shown_groups(t)])
    hurt, wins = frame[frame["high"] < 0], frame[frame["low"] > 0]
    top = frame.loc[frame["difference"].idxmax()]
    texts, suffix = gain([float(top["difference"])], "yuan")
    start = (
        f"The largest gain is with {top['group']}: {texts[0]}{suffix}"
        if len(wins)
        else "No group clearly gains"
    )
    if hurt.empty:
        return f"{start}. No group clearly loses."
    worst = hurt.loc[hurt["difference"].idxmin()]
    texts, suffix = gain([float(worst["difference"])], "yuan")
    names = listed([str(name) for name in hurt["group"]][:4])
    return f"{start}. Worse off beyond chance: {names} (most: {worst['group']}, {texts[0]}{suffix})."


def sensitivity(t: Tuning) -> Figure | None:
    """Effect of each lever over its searched range, from a design of its own. None without it."""
    frame = _effects(t)
    if frame.empty:
        return None
    fig, (ax,) = style.figure(1.0 + 1.15 * marks.ROW * len(frame))
    texts = levers.labels([x.path for x in t.levers])
    names = dict(zip((x.path for x in t.levers), texts, strict=True))
    colours = [RECOMMENDED if low > 0 else style.MUTED for low in frame["low"]]
    effect, low, high = (frame[c].to_numpy(float) for c in ("effect", "low", "high"))
    marks.rows(ax, [names.get(p, p) for p in frame["lever"]], effect, low, high, colours)
    ax.scatter(frame["sigma"], np.arange(len(frame)), marker="D", s=26, facecolor=style.PAPER,
               edgecolor=style.WARM, linewidths=1.2, zorder=4)  # fmt: skip
    ax.set_xlim(left=min(0.0, float(low.min())))
    style.amounts(ax, "x", 6)
    style.caption(
        ax, "x", f"mean absolute effect (Morris μ*), {unit(first(t))} of {first(t).replace('_', ' ')}"
    )
    return style.finish(fig)


def _effects(t: Tuning) -> pd.DataFrame:
    frame = table(t, "sensitivity")
    frame = frame[frame["effect"].notna()] if len(frame) else frame
    return frame.sort_values("effect", ascending=False, kind="stable") if len(frame) else frame


def read_sensitivity(t: Tuning) -> str:
    """What matters most, what hardly does, and how much of it is chance."""
    frame = _effects(t)
    order = [path for path in by_effect(t) if path in set(frame["lever"])]
    top, least = (
        order[: 2 if len(order) > 2 else 1],
        [str(r.lever) for r in frame.itertuples() if r.effect < 0.1 * frame["effect"].max()],
    )
    text = f"What matters most: {listed([levers.phrase(path) for path in top])}."
    if least:
        word = "move" if len(least) > 1 else "moves"
        text += f" {_first_up(listed([levers.phrase(p) for p in least[:4]]))} hardly {word} the result."
    noise = float(frame["noise"].iloc[0])
    if np.isfinite(noise):
        text += f" {percent(noise)} of the variance in this design is chance"
        text += ": the order of the smaller effects is uncertain." if noise > 0.3 else "."
    return text


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


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
