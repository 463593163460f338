"""Where new members come from: paid sources, invitations, and the trees that grow from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import fonts, series, style
from simlab.report.estimates import estimate
from simlab.report.numbers import count, percent, yuan

_DEEPEST = 8
"""Depths beyond stand together in the last bar."""


def acquisition(results: Results) -> pd.DataFrame:
    """Exposures, clicks, joins, invitations and joins by invitation: step, way, users (mean, real base)."""
    rows = series.table(
        results, "daily", columns=["day", "source", "exposures", "clicks", "joins", "invites"]
    )
    rows = rows[rows["day"] >= 1]
    paid = rows[~rows["source"].isin(series.OWN_SOURCES)]
    per = results.scenario.scale / max(len(series.seeds(results)), 1)
    steps = [
        ("exposures", "source", rows["exposures"].sum() * per),
        ("clicks", "source", rows["clicks"].sum() * per),
        ("joined from a source", "source", paid["joins"].sum() * per),
        ("invitations", "invitation", rows["invites"].sum() * per),
        ("joined by invitation", "invitation", rows.loc[rows["source"] == "referral", "joins"].sum() * per),
    ]
    return pd.DataFrame([step for step in steps if step[2] > 0], columns=["step", "way", "users"])


def _newcomers(results: Results, what: str) -> pd.Series:
    """Share of newcomers that are `what` in their months 0, 1, 2; all cohorts but the base, pooled."""
    frame = series.table(results, "cohorts")
    frame = frame[(frame["cohort"] != "base") & (frame["age"] <= 2)]
    sums = frame.groupby("age")[["size", what]].sum()
    return sums[what] / sums["size"].where(sums["size"] > 0)


def funnel(results: Results) -> Figure | None:
    """From exposure to membership, and what newcomers do in their first months. None without newcomers."""
    steps, active, buyers = acquisition(results), _newcomers(results, "active"), _newcomers(results, "buyers")
    if steps.empty and active.empty:
        return None
    fig, axes = style.figure(3.6, 1, 2, width_ratios=[1.55, 1])
    left, right = axes
    if steps.empty:
        left.set_axis_off()
    else:
        _ways(left, steps)
        style.heading(left, f"Within the horizon{style.ending(results)}")
    if active.empty:
        right.set_axis_off()
        return style.finish(fig)
    for i, (shares, colour, text) in enumerate(
        ((active, style.ACCENT, "active"), (buyers, style.WARM, "ordered"))
    ):
        at = np.arange(len(shares)) + (i - 0.5) * 0.36
        right.bar(at, shares.to_numpy(), width=0.34, color=colour, label=text)
        for x, value in zip(at, shares.to_numpy(), strict=True):
            right.annotate(percent(value), (x, value), xytext=(0, 3), textcoords="offset points", ha="center",
                           fontsize=style.SMALL, color=style.INK)  # fmt: skip
    right.set_xticks(range(len(active)), [f"month {int(age)}" for age in active.index])
    right.set_ylim(0, 1.32 * max(float(active.max()), float(buyers.max()), 1e-9))
    style.shares(right, bins=4)
    style.grid(right)
    style.caption(right, "x", "months of 30 days since joining")
    style.heading(right, "Share of newcomers who ...")
    right.legend(loc="upper right", frameon=False, fontsize=style.SMALL, labelcolor=style.INK, ncols=2)
    return style.finish(fig)


def _ways(ax: style.Axes, steps: pd.DataFrame) -> None:
    """Dots on a logarithmic axis (a bar would need a zero), with the rate from one step to the next."""
    colours = {"source": style.ACCENT, "invitation": style.GAIN}
    users = steps["users"].to_numpy(float)
    ax.set_xscale("log")
    ax.set_xlim(users.min() / 4, users.max() * 30)
    for way, part in steps.groupby("way", sort=False):
        ax.plot(part["users"], part.index, color=colours[str(way)], linewidth=1.2, alpha=0.5)
        ax.scatter(part["users"], part.index, color=colours[str(way)], s=52, zorder=3)
    for i, row in steps.iterrows():
        assert isinstance(i, int)
        text = count(row["users"])
        if i > 0 and steps.loc[i - 1, "way"] == row["way"]:
            text += f"  ({percent(row['users'] / steps.loc[i - 1, 'users'])})"
        ax.annotate(text, (row["users"], i), xytext=(9, 0), textcoords="offset points", va="center",
                    fontsize=style.SMALL, color=style.INK)  # fmt: skip
    ax.set_yticks(range(len(steps)), steps["step"].tolist())
    ax.set_ylim(len(steps) - 0.4, -0.6)
    style.grid(ax, "x")
    ax.xaxis.set_major_formatter(
        style.FuncFormatter(lambda value, _: style.amount(float(value), float(value)))
    )
    ax.tick_params(which="minor", bottom=False)
    style.caption(ax, "x", "number on a logarithmic axis; in brackets the share of the step above")


def read_funnel(results: Results) -> str:
    """What came in, by which way, and at what price."""
    steps = acquisition(results).set_index("step")["users"]
    parts = []
    if "joined from a source" in steps:
        cost = series.mean_total(results, "acquisition_fen") / 100
        joined = float(steps["joined from a source"])
        text = f"paid sources brought {count(joined)} members"
        parts.append(text + (f" for {yuan(cost)}, {yuan(cost / joined)} each" if cost > 0 else ""))
    if "joined by invitation" in steps:
        joined = float(steps["joined by invitation"])
        cost = (series.mean_total(results, "reward_fen") + series.mean_total(results, "invitee_fen")) / 100
        text = f"invitations brought {count(joined)}"
        parts.append(text + (f" for {yuan(cost)} of rewards, {yuan(cost / joined)} each" if cost > 0 else ""))
    buyers = _newcomers(results, "buyers").dropna()
    if not buyers.empty:
        parts.append(f"{percent(buyers.iloc[0])} of newcomers order in their first month")
    text = "; ".join(parts) or "Nobody joined within the horizon"
    return text[0].upper() + text[1:] + "."


def _trees(results: Results) -> tuple[pd.Series, pd.Series]:
    """People by depth, and trees by size class; means over seeds, real base."""
    per = results.scenario.scale / max(len(series.seeds(results)), 1)
    depth = series.table(results, "trees").groupby("depth")["users"].sum() * per
    sizes = series.table(results, "tree_sizes")
    edges = [1, 2, 3, 5, 10, 20, np.inf]
    names = ["1", "2", "3", "4–5", "6–10", "11–20", "> 20"]
    groups = pd.cut(sizes["size"].astype(float), [0, *edges], labels=names)
    return depth[depth > 0], sizes.groupby(groups, observed=True)["trees"].sum() * per


def _invited(results: Results) -> tuple[float, float]:
    """Invited people, and the share of them at depth 2 or more."""
    depth, _ = _trees(results)
    invited = float(depth[depth.index >= 1].sum())
    return invited, float(depth[depth.index >= 2].sum()) / invited if invited else float("nan")


def referral(results: Results) -> Figure | None:
    """How deep and how large invitation trees are, with K. None when nobody was invited."""
    invited, deep = _invited(results)
    if not invited:
        return None
    depth, sizes = _trees(results)
    k = estimate(results, "k_factor").mean
    fig, (left, right) = style.figure(3.4, 1, 2)
    below = depth[depth.index >= 1]
    if below.index.max() > _DEEPEST:
        rest = below[below.index >= _DEEPEST].sum()
        below = pd.concat([below[below.index < _DEEPEST], pd.Series({_DEEPEST: rest})])
    open_ended = depth.index.max() > _DEEPEST
    for ax, data, names, text in (
        (
            left,
            below,
            [f"{int(d)}{'+' if open_ended and d == _DEEPEST else ''}" for d in below.index],
            "Invited people by depth",
        ),
        (right, sizes, [str(n) for n in sizes.index], "Seed users by size of their tree"),
    ):
        ax.bar(range(len(data)), data.to_numpy(), color=style.ACCENT, width=0.66)
        for i, value in enumerate(data.to_numpy()):
            ax.annotate(count(value), (i, value), xytext=(0, 3), textcoords="offset points", ha="center",
                        fontsize=style.SMALL, color=style.INK)  # fmt: skip
        ax.set_xticks(range(len(data)), fonts.labels(names, "class"))
        ax.set_xlim(-0.7, max(len(data), 4) - 0.3)
        style.amounts(ax, bins=4)
        ax.set_ylim(0, 1.15 * float(data.max()))
        style.grid(ax)
        style.heading(ax, text + style.ending(results).split(" (")[0])
    style.caption(left, "x", "depth: invitations away from a seed user")
    style.caption(right, "x", "people invited, directly or through others, per seed user")
    said = f"K = {k:.2f}\n{percent(deep)} at depth 2 or more"
    left.text(0.98, 0.94, said, transform=left.transAxes, ha="right", va="top", fontsize=style.LARGE,
              color=style.INK, linespacing=1.5)  # fmt: skip
    return style.finish(fig)


def read_referral(results: Results) -> str:
    """K, and how far invitations travel."""
    _, deep = _invited(results)
    k = estimate(results, "k_factor").mean
    return (
        f"Every member ever brings {k:.2f} others (K); {percent(deep)} of them came through somebody invited."
    )
