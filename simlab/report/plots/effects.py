"""What a recommendation does: where money goes, who gains and who is hurt, which levers matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simlab.lab.tuning import Tuning
from simlab.report import fonts, levers, style
from simlab.report.numbers import gain, listed, percent, plural, yuan
from simlab.report.plots import marks
from simlab.report.plots.decision import RECOMMENDED, best_name, ending
from simlab.report.tune_facts import by_effect, first, table, unit

GROUPINGS = {"segment": "By segment", "stage": "By stage", "source": "By source", "cohort": "By cohort"}
MOST_GROUPS = 12


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
    style.caption(ax, "x", f"yuan within {plural(t.scenario.horizon, 'day')}{ending(t)}")
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
        mean, low, high = (rows[c].to_numpy(float) for c in ("difference", "low", "high"))
        marks.rows(
            ax, _texts(rows["group"], grouping), mean, low, high, colours, lambda v: _moved(v, largest)
        )
        marks.zero(ax)
        style.heading(ax, GROUPINGS.get(grouping, f"By {grouping}"))
        style.numbers(ax, "x", lambda v: marks.plus(v, largest), 6)
        ax.spines["bottom"].set_visible(ax is axes[-1])
    style.caption(axes[-1], "x", f"yuan of net and remaining value, {best_name(t)} minus current{ending(t)}")
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
