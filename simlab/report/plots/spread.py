"""How sure we are: outcomes over seeds and over plausible worlds, side by side."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import style
from simlab.report.estimates import Estimate, estimate, values, world_means
from simlab.report.numbers import percent, plural
from simlab.scenario.outcomes import OUTCOMES

_DOTS = 200
"""More dots than these say nothing more, and make a page heavy."""


def _drawn(results: Results) -> list[str]:
    return [name for name in results.scenario.outcomes[:6] if values(results, name).size]


def distribution(results: Results) -> Figure | None:
    """One panel per headline outcome: seeds of the scenario's own world above, sampled worlds below."""
    names = _drawn(results)
    if not names:
        return None
    rows = math.ceil(len(names) / 2)
    fig, axes = style.figure(1.0 + 1.75 * rows, rows, 2)
    for ax, name in zip(axes, names, strict=False):
        _panel(ax, results, name)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    return style.finish(fig)


def _panel(ax: Axes, results: Results, name: str) -> None:
    found = estimate(results, name)
    own, worlds = values(results, name), world_means(results, name)
    _strip(ax, 0, own, style.ACCENT, (found.mean, found.low, found.high))
    ticks = [plural(found.seeds, "seed")]
    if worlds.size:
        _strip(ax, 1, worlds, style.WARM, (found.world_median, found.world_low, found.world_high))
        ticks.append(plural(found.worlds, "world"))
    ax.set_yticks(range(len(ticks)), ticks)
    ax.set_ylim(len(ticks) - 0.45, -0.55)
    for tick, colour in zip(ax.get_yticklabels(), (style.ACCENT, style.WARM), strict=False):
        tick.set_color(colour)
    meaning, unit = OUTCOMES[name]
    if unit == "share":
        style.shares(ax, "x", bins=4)
    else:
        style.amounts(ax, "x", bins=4)
    style.grid(ax, "x")
    ax.margins(x=0.08)
    # The half of a page is narrow: what stands behind a comma is said in the table of outcomes.
    title = meaning.split(", ")[0]
    title = title[0].upper() + title[1:]
    style.heading(
        ax, title if unit in ("-", "share", "per 1,000") or title.lower() == unit else f"{title}, {unit}"
    )


def _strip(ax: Axes, row: int, data: np.ndarray, colour: str, bar: tuple[float, float, float]) -> None:
    """Dots of `data`, and under them an interval with its middle."""
    middle, low, high = bar
    data = data[:_DOTS]
    # Spread by rank so that close values stay apart; the same every time.
    lift = row - 0.08 - 0.11 * (np.argsort(np.argsort(data)) % 3)
    ax.scatter(data, lift, s=20, color=colour, alpha=0.55, linewidths=0)
    if math.isfinite(low):
        ax.plot([low, high], [row + 0.18] * 2, color=colour, linewidth=3.2, solid_capstyle="butt")
        ax.plot([middle], [row + 0.18], marker="|", markersize=11, color=colour, markeredgewidth=1.8)


def caption_distribution(results: Results) -> str:
    """What the dots and bars are; worlds only where there are some."""
    found = [estimate(results, name) for name in _drawn(results)]
    text = "Blue: runs of the scenario's own numbers with different seeds, a dot each"
    text += f" (the first {_DOTS})" if max(e.seeds for e in found) > _DOTS else ""
    text += ", and the 95 % interval of their mean." if any(e.has_interval for e in found) else "."
    most = max(found, key=lambda e: e.worlds)
    if most.worlds:
        text += (
            " Rust: worlds sampled from what we do not know about people, a dot each (the mean of its seeds)"
        )
        text += f", with their median and range ({most.range_name})." if most.has_worlds else "."
    return text


def read_distribution(results: Results) -> str:
    """How far chance and ignorance move the first headline outcome."""
    found = estimate(results, _drawn(results)[0])
    noun = OUTCOMES[found.outcome][0].replace(" per starting member", "")
    text = f"Chance moves the mean of {noun} by {_relative(found, found.low, found.high)}"
    if not found.has_interval:
        text = "With one seed nothing can be said about chance"
    if not found.has_worlds:
        return f"{text}; no plausible worlds were sampled."
    return (
        f"{text}; what we do not know about people moves {noun} from "
        f"{_change(found, found.world_low)} to {_change(found, found.world_high)} of the estimate."
    )


def _relative(found: Estimate, low: float, high: float) -> str:
    return f"± {percent((high - low) / 2 / abs(found.mean))}" if found.mean else "an undefined share"


def _change(found: Estimate, value: float) -> str:
    share = (value - found.mean) / abs(found.mean) if found.mean else math.nan
    return percent(share) if not share > 0 else f"+{percent(share)}"
