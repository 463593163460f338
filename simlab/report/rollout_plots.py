"""The plots of a rollout: what simulated tests measured against the truth, and how large a test must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from simlab.lab.rollout_plan import Plan, Rollout
from simlab.report import style
from simlab.report.numbers import count, percent
from simlab.scenario.rollout_spec import Design

COLOURS: dict[Design, str] = {"user": style.WARM, "cluster": style.ACCENT}
NAMES: dict[Design, str] = {"user": "by users", "cluster": "by communities"}
DASHES: tuple[Any, ...] = ((0, (1, 1)), (0, (2.4, 1)), "solid")


@dataclass(frozen=True)
class RolloutPlot:
    """A plot of the page: file name, title, how to draw it, a sentence read from the data, how to read it."""

    name: str
    title: str
    draw: Callable[[Rollout], Figure | None]
    read: Callable[[Rollout], str]
    caption: str


def unit_of(rollout: Rollout) -> str:
    """What the outcome is counted in."""
    return "orders" if rollout.spec.outcome == "orders" else "yuan"


def outcome_of(rollout: Rollout) -> str:
    """What is measured, in words."""
    return {
        "net": "net contribution",
        "orders": "orders",
        "net_with_friends": "net contribution, friends brought included,",
    }[rollout.spec.outcome]


def amount(value: float) -> str:
    """A difference per member with its sign: three figures."""
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    text = f"{value:+,.{min(digits, 4)}f}"
    return "0" if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def tick(value: float) -> str:
    """A difference on an axis."""
    return f"{value:+,.6g}".replace("-", "−") if value else "0"


def shown_weeks(rollout: Rollout) -> int:
    """The duration that the page talks about: the advised one, else the longest."""
    return rollout.advice.weeks if rollout.advice is not None else max(rollout.spec.weeks)


def shown_plans(rollout: Rollout) -> list[Plan]:
    """The designs in that duration."""
    return [plan for plan in rollout.plans if plan.weeks == shown_weeks(rollout)]


def stacked(values: NDArray[np.float64], bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights at which dots in the same bin stand side by side around 0; the order of the tests is kept."""
    where = np.digitize(values, bins)
    heights = np.zeros(len(values))
    for cell in np.unique(where):
        inside = np.flatnonzero(where == cell)
        heights[inside] = np.arange(len(inside)) - (len(inside) - 1) / 2
    return heights


def estimates(rollout: Rollout) -> Figure | None:
    """Every simulated test's estimate, by design, beside the truth."""
    plans = shown_plans(rollout)
    fig, axes = style.figure(1.2 + 1.7 * len(plans), len(plans), 1, sharex=True)
    values = np.concatenate([plan.estimates for plan in plans])
    bins = np.linspace(values.min(), values.max(), 56)
    for ax, plan in zip(axes, plans, strict=True):
        found = np.array(plan.estimates)
        heights = stacked(found, bins)
        ax.scatter(found, heights, s=20, color=COLOURS[plan.design], alpha=0.75, linewidth=0, zorder=3)
        top = max(float(np.abs(heights).max()), 3.0) + 1.2
        ax.set_ylim(-top, top)
        ax.axvline(0, color=style.RULE, linewidth=1, zorder=1)
        ax.axvline(plan.effect.value, color=style.INK, linewidth=1.6, zorder=4)
        ax.axvline(
            plan.expected.value, color=COLOURS[plan.design], linewidth=1.6, linestyle=DASHES[1], zorder=4
        )
        ax.set_yticks([])
        style.heading(
            ax, f"Users assigned {'one by one' if plan.design == 'user' else 'by whole communities'}"
        )
    style.numbers(axes[-1], "x", tick, 7)
    text = f"{unit_of(rollout)} per member in {shown_weeks(rollout)} weeks: arm B less arm A"
    style.caption(axes[-1], "x", text)
    handles = [
        Line2D([], [], color=style.INK, linewidth=1.6),
        Line2D([], [], color=style.MUTED, linewidth=1.6, linestyle=DASHES[1]),
        Line2D([], [], color=style.MUTED, marker="o", linestyle="", markersize=5),
    ]
    names = ["the truth: everybody on B less everybody on A", "what such tests measure on average",
             "one simulated test"]  # fmt: skip
    style.legend(fig, handles, names, columns=3)
    return style.finish(fig)


def read_estimates(rollout: Rollout) -> str:
    """How far the tests are off on average, and how far they scatter."""
    parts = []
    for plan in shown_plans(rollout):
        spread = f"single tests scatter by ±{amount(1.96 * plan.spread).lstrip('+')} {unit_of(rollout)}"
        said = f"{amount(plan.expected.value)} {unit_of(rollout)} on average ({spread})"
        parts.append(f"Assigned {NAMES[plan.design]}, tests of this world measure {said}.")
    plan = shown_plans(rollout)[0]
    users = f"{count(plan.users_now)} users"
    return (f"The truth is {amount(plan.effect.value)} {unit_of(rollout)} per member. {' '.join(parts)} "
            f"Each dot is a test of the simulated size, {users}.")  # fmt: skip


def growth(rollout: Rollout) -> Figure | None:
    """Effect and what tests measure, by duration."""
    weeks = rollout.spec.weeks
    if len(weeks) < 2:
        return None
    fig, (ax,) = style.figure(3.6)
    designs = list(dict.fromkeys(plan.design for plan in rollout.plans))
    truth = [rollout.at(designs[0], week).effect for week in weeks]
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    handles = [ax.errorbar(weeks, [e.value for e in truth], [1.96 * e.error for e in truth], color=style.INK,
                           linewidth=1.8, capsize=3, marker="o", markersize=4, zorder=4)]  # fmt: skip
    for k, design in enumerate(designs, start=1):
        found = [rollout.at(design, week).expected for week in weeks]
        shift = 0.012 * k * (max(weeks) - min(weeks))  # side by side, where they agree
        handles.append(ax.errorbar(np.array(weeks) + shift, [e.value for e in found],
                                   [1.96 * e.error for e in found], color=COLOURS[design], linewidth=1.6,
                                   linestyle=DASHES[1], capsize=3, marker="o", markersize=4, zorder=3))  # fmt: skip
    style.grid(ax)
    style.numbers(ax, "y", tick)
    ax.set_xticks(weeks)
    style.caption(ax, "x", "weeks since the start of the test")
    style.caption(ax, "y", f"{unit_of(rollout)} per member, B less A")
    names = ["the truth", *(f"a test assigned {NAMES[design]} measures" for design in designs)]
    style.legend(fig, handles, names, columns=3)
    return style.finish(fig)


def read_growth(rollout: Rollout) -> str:
    """Whether waiting makes the blur larger."""
    parts = []
    for design in dict.fromkeys(plan.design for plan in rollout.plans):
        first, last = (
            rollout.at(design, week) for week in (min(rollout.spec.weeks), max(rollout.spec.weeks))
        )
        texts = [f"{_off(plan, unit_of(rollout))} after {plan.weeks} weeks" for plan in (first, last)]
        parts.append(f"Assigned {NAMES[design]}, a test is off by {' and '.join(texts)}.")
    return " ".join(parts)


def _off(plan: Plan, unit: str) -> str:
    if plan.effect.clear and abs(plan.bias.value) < 0.01 * abs(plan.effect.value):
        return "less than 1 %"
    return f"{amount(plan.bias.value)} {unit}"


def power(rollout: Rollout) -> Figure | None:
    """Chance to find the effect by users in the test, each design and duration."""
    plans = [plan for plan in rollout.plans if np.isfinite(plan.users)]
    if not plans:
        return None
    fig, (ax,) = style.figure(4.2)
    base = max(plan.available_users for plan in rollout.plans)
    edge = max(base, min(max(plan.users for plan in plans), 30 * base)) * 2.2
    low = min(min(plan.users for plan in plans) / 12, base / 12)
    x = np.geomspace(max(low, 20), edge, 90)
    for plan in rollout.plans:
        rank = sorted(rollout.spec.weeks, reverse=True).index(plan.weeks)
        dash = DASHES[max(len(DASHES) - 1 - rank, 0)]
        y = [plan.power_at(float(users)) for users in x]
        ax.plot(x, y, color=COLOURS[plan.design], linewidth=1.8, linestyle=dash)
        if np.isfinite(plan.users) and plan.users <= edge:
            ax.scatter([plan.users], [rollout.spec.power], s=26, color=COLOURS[plan.design], zorder=5)
    ax.axhline(rollout.spec.power, color=style.INK, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.axvspan(base, edge, color=style.SHADE, linewidth=0, zorder=0)
    ax.text(base * 1.03, 0.03, "more than\nthere are", fontsize=style.SMALL, color=style.MUTED, va="bottom")
    ax.set_xscale("log")
    ax.set_xlim(x[0], edge)
    ax.set_ylim(0, 1.02)
    ticks = [t for e in range(1, 10) for t in (10**e, 3 * 10**e) if x[0] <= t <= edge]
    ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
    ax.set_xticks([], minor=True)
    style.shares(ax, "y")
    style.grid(ax)
    style.caption(ax, "x", "users in the test, both arms together (logarithmic)")
    style.caption(ax, "y", "chance to find the effect")
    designs = list(dict.fromkeys(plan.design for plan in rollout.plans))
    weeks = sorted(rollout.spec.weeks)[-len(DASHES) :]
    handles = [Line2D([], [], color=COLOURS[d], linewidth=1.8) for d in designs]
    handles += [Line2D([], [], color=style.MUTED, linewidth=1.8, linestyle=DASHES[k - len(weeks)])
                for k in range(len(weeks))]  # fmt: skip
    style.legend(fig, handles, [*(f"assigned {NAMES[d]}" for d in designs), *(f"{w} weeks" for w in weeks)])
    return style.finish(fig)


def read_power(rollout: Rollout) -> str:
    """What the asked power takes."""
    parts = []
    for plan in shown_plans(rollout):
        if np.isfinite(plan.users):
            parts.append(f"{count(plan.users)} users {NAMES[plan.design]}")
    if not parts:
        return "No number of users is enough: there is no effect that such a test would measure."
    few = " or ".join(parts)
    return (f"{percent(rollout.spec.power)} power in {shown_weeks(rollout)} weeks takes {few}, half in each arm."
            if rollout.spec.share == 0.5 else
            f"{percent(rollout.spec.power)} power in {shown_weeks(rollout)} weeks takes {few}, "
            f"{percent(rollout.spec.share)} of them in arm B.")  # fmt: skip


PLOTS: tuple[RolloutPlot, ...] = (
    RolloutPlot("estimates", "What a test would have told you", estimates, read_estimates,
                "Each simulated test has its own world and its own assignment. A dashed line away from the solid one "
                "is bias: more users do not remove it."),
    RolloutPlot("weeks", "What waiting does", growth, read_growth,
                "Means over simulated tests with 95 % intervals; bias is measured user by user against the same "
                "world with everybody on one strategy."),
    RolloutPlot("power", "How large a test must be", power, read_power,
                "For the effect that each design measures, bias included. Dots: the asked power."),
)  # fmt: skip
