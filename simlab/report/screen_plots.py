"""The plots of a screening: levers in blue, assumptions in brown; a difference green above zero, red below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from simlab.lab.flips import Flip
from simlab.lab.screen_result import Moved, Screening
from simlab.report import fonts, style
from simlab.report.numbers import listed, percent, plural
from simlab.report.screen_words import difference, more, shape, short, size, stands_out, value, what
from simlab.scenario.outcomes import OUTCOMES

COLOURS = {"lever": style.ACCENT, "uncertainty": style.WARM}
NAMES = {"lever": "lever: we choose it", "uncertainty": "assumption: we do not know it"}
MOST = 20
"""Bars in one plot; the table has all of them."""
LONGEST = 40


@dataclass(frozen=True)
class ScreenPlot:
    """A plot of the page: file name, title, how to draw it, a sentence read from the data, how to read it."""

    name: str
    title: str
    draw: Callable[[Screening], Figure | None]
    read: Callable[[Screening], str]
    caption: str


def label(path: str) -> str:
    """A path as a plot text: shortened in its middle, and never a formula."""
    text = short(path)
    if not fonts.drawable(text):
        text = "".join(char if fonts.drawable(char) else "?" for char in text)
    while fonts.width(text) > LONGEST:
        middle = len(text) // 2
        text = f"{text[: middle - 1].rstrip('…')}…{text[middle + 1 :].lstrip('…')}"
    return fonts.label(text)


def _unit(screening: Screening) -> str:
    return OUTCOMES[screening.outcome][1]


def _scale(ax: Axes, axis: Any, screening: Screening) -> None:
    """Ticks in the outcome's unit."""
    (style.shares if _unit(screening) == "share" else style.amounts)(ax, axis)


def _measure(screening: Screening) -> str:
    """What an axis of the outcome counts."""
    unit = _unit(screening)
    return what(screening) + (f", {unit}" if unit not in ("share", "-", "units") else "")


def effects(screening: Screening) -> Figure | None:
    """Bars by factor with 95 % intervals, and what chance alone would show."""
    shown = screening.moved[:MOST]
    fig, (ax,) = style.figure(1.3 + 0.36 * len(shown))
    at = np.arange(len(shown))[::-1]
    sizes = np.array([m.effect.size for m in shown])
    errors = np.array([m.effect.error for m in shown])
    colours = [COLOURS[m.factor.kind] for m in shown]
    ax.barh(at, sizes, height=0.62, color=colours, alpha=0.85)
    ax.errorbar(sizes, at, xerr=[np.minimum(errors, sizes), errors], fmt="none", ecolor=style.INK, elinewidth=1.1,
                capsize=2.5)  # fmt: skip
    chance = np.array([m.effect.chance for m in shown])
    (mark,) = ax.plot(chance, at, "|", color=style.INK, markersize=13, markeredgewidth=1.6, alpha=0.55)
    handles: list[Any] = [Patch(color=COLOURS[kind], alpha=0.85) for kind in _kinds(shown)] + [mark]
    texts = [NAMES[kind] for kind in _kinds(shown)] + ["what chance alone would show"]
    if screening.method == "sobol":
        first = np.clip([m.effect.other for m in shown], 0, sizes)
        (alone,) = ax.plot(first, at, "o", markersize=5.5, color=style.PAPER, markeredgecolor=style.INK,
                           markeredgewidth=1.1, clip_on=False)  # fmt: skip
        handles.append(alone)
        texts.append("of it without interactions")
    ax.set_yticks(at, [label(m.factor.path) for m in shown])
    ax.tick_params(axis="y", labelcolor=style.INK)
    ax.set_xlim(0.0, None)
    if screening.method == "sobol":
        style.shares(ax, "x")
        style.caption(ax, "x", f"share of the variance of {what(screening)}")
    else:
        _scale(ax, "x", screening)
        style.caption(ax, "x", f"mean change for a move over the range: {_measure(screening)}")
    style.grid(ax, "x")
    style.legend(fig, handles, texts, columns=3 if len(texts) == 3 else 2)
    return style.finish(fig)


def _kinds(moved: Sequence[Moved]) -> list[str]:
    return [kind for kind in COLOURS if any(m.factor.kind == kind for m in moved)]


def read_effects(screening: Screening) -> str:
    """Who is on top, and who cannot be told from chance."""
    strong = [m for m in screening.moved if stands_out(m)]
    weak = len(screening.moved) - len(strong)
    if not strong:
        return f"None of the {len(screening.moved)} factors stands out from chance."
    levers = [m for m in strong if m.factor.kind == "lever"]
    text = f"{short(strong[0].factor.path)} comes first ({size(screening, strong[0])})."
    if strong[0].factor.kind == "uncertainty" and levers:
        text += (
            f" Of what we choose, {short(levers[0].factor.path)} matters most ({size(screening, levers[0])})."
        )
    if weak:
        text += f" {plural(weak, 'factor')} cannot be told from chance."
    if len(screening.moved) > MOST:
        text += f" The {MOST} largest are shown."
    return text


def plane(screening: Screening) -> Figure | None:
    """mu* against sigma."""
    if screening.method != "morris" or screening.moved[0].effect.size == 0:
        return None
    fig, (ax,) = style.figure(4.4)
    x = np.array([m.effect.size for m in screening.moved])
    y = np.array([m.effect.other for m in screening.moved])
    right, top = 1.22 * float(x.max()), 1.18 * float(max(y.max(), 0.3 * x.max()))
    for ratio, text in ((1.0, "above: depends on the rest"), (0.5, "below: steady")):
        ax.plot([0, min(right, top / ratio)], [0, min(top, right * ratio)], color=style.MUTED, linewidth=0.9,
                linestyle=(0, (4, 3)))  # fmt: skip
        end = min(0.985 * right, 0.93 * top / ratio)
        gap = 0.03 * top if ratio == 1.0 else -0.06 * top
        ax.text(end, ratio * end + gap, text, ha="right", va="bottom" if ratio == 1.0 else "top",
                fontsize=style.SMALL, color=style.MUTED)  # fmt: skip
    for kind in COLOURS:
        some = np.array([m.factor.kind == kind for m in screening.moved])
        if some.any():
            ax.scatter(x[some], y[some], s=42, color=COLOURS[kind], alpha=0.9, zorder=3, clip_on=False)
    ax.set_xlim(0, right)
    ax.set_ylim(0, top)
    _names(ax, [(label(m.factor.path), float(a), float(b)) for m, a, b in
                list(zip(screening.moved, x, y, strict=True))[:10] if stands_out(m)], right, top)  # fmt: skip
    _scale(ax, "x", screening)
    _scale(ax, "y", screening)
    style.grid(ax)
    style.caption(ax, "x", f"mean size of the change (μ*): {_measure(screening)}")
    style.caption(ax, "y", "how much the change varies (σ)")
    found = _kinds(screening.moved)
    style.legend(fig, [Patch(color=COLOURS[k]) for k in found], [NAMES[k] for k in found])
    return style.finish(fig)


def _names(ax: Axes, named: list[tuple[str, float, float]], right: float, top: float) -> None:
    """Names beside their points, moved up where another name is in the way."""
    taken: list[tuple[float, float, float]] = []
    for text, x, y in named:
        wide = 0.0088 * fonts.width(text) * right
        left = x + 0.012 * right
        if left + wide > right:
            left = x - 0.012 * right - wide
        at = y
        for _ in range(20):
            if not any(abs(at - b) < 0.052 * top and left < a + w and a < left + wide for a, b, w in taken):
                break
            at += 0.02 * top
        taken.append((left, at, wide))
        ha, edge = ("left", left) if left > x else ("right", left + wide)
        ax.text(edge, at, text, ha=ha, va="center", fontsize=style.SMALL, color=style.INK, zorder=4,
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0})  # fmt: skip


def read_plane(screening: Screening) -> str:
    """What interacts."""
    strong = [m for m in screening.moved if stands_out(m)]
    mixed = [short(m.factor.path) for m in strong if shape(screening, m) == "depends on the rest"]
    if not strong:
        return "Nothing stands out from chance."
    if not mixed:
        return "No effect varies by more than its own size: what is found for one factor holds when others move, too."
    return (f"{listed(mixed[:4])}: what it does depends on where the others stand, or differs along the range. "
            "Do not set it alone.")  # fmt: skip


def turning(screening: Screening) -> Figure | None:
    """The difference of the two strategies against the assumption that moves it most."""
    if screening.flips is None:
        return None
    flip = screening.flips.single[0]
    frame, curve = screening.tables["worlds"].dropna(subset=["difference"]), screening.tables["curves"]
    curve = curve[curve["assumption"] == flip.path]
    fig, (ax,) = style.figure(4.2)
    x, d = frame[flip.path].to_numpy(float), frame["difference"].to_numpy(float)
    values = curve["value"].to_numpy(float)
    band = ax.fill_between(values, curve["low"], curve["high"], color=style.INK, alpha=0.1, linewidth=0)
    (line,) = ax.plot(values, curve["difference"], color=style.INK, linewidth=1.8)
    up = ax.scatter(x[d > 0], d[d > 0], s=30, color=style.GAIN, zorder=3, clip_on=False)
    down = ax.scatter(x[d <= 0], d[d <= 0], s=30, color=style.LOSS, zorder=3, marker="D", clip_on=False)
    ax.axhline(0, color=style.INK, linewidth=0.9)
    spread = float(np.ptp(d)) or 1.0
    ax.set_ylim(min(float(d.min()), 0.0) - 0.1 * spread, max(float(d.max()), 0.0) + 0.16 * spread)
    ax.set_xlim(values[0], values[-1])
    unit = _unit_of(screening, flip.path)
    where = ax.get_xaxis_transform()
    for limit, (low, high) in zip(flip.thresholds, flip.spans, strict=True):
        ax.axvspan(low, high, color=style.EVENT, alpha=0.45, linewidth=0, zorder=0)
        ax.axvline(limit, color=style.INK, linewidth=0.9, linestyle=(0, (4, 3)))
        late = (limit - values[0]) / (values[-1] - values[0]) > 0.7
        ax.annotate(f"turns at {value(limit, unit)}", (limit, 0.97), xycoords=where, xytext=(-6 if late else 6, 0),
                    textcoords="offset points", ha="right" if late else "left", va="top", fontsize=style.SMALL,
                    color=style.INK)  # fmt: skip
    style.numbers(ax, "x", lambda v: value(float(v), "share" if unit == "share" else ""))
    if _logarithmic(screening, flip):
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(
            FuncFormatter(lambda v, _: value(float(v), "share" if unit == "share" else ""))
        )
    _scale(ax, "y", screening)
    style.grid(ax)
    style.caption(ax, "x", label(flip.path) + (f", {unit}" if unit not in ("", "share") else ""))
    own = _unit(screening)
    style.caption(ax, "y", "second less current" + (f", {own}" if own not in ("share", "-", "units") else ""))
    handles = [up, down, (band, line)]
    texts = ["second has more", "current has more", "expected, with its 95 % interval"]
    style.legend(fig, handles, texts)
    return style.finish(fig)


def read_turning(screening: Screening) -> str:
    """How far the strongest assumption carries."""
    assert screening.flips is not None
    flip = screening.flips.single[0]
    low, high = percent(flip.above_low), percent(flip.above_high)
    text = (f"{short(flip.path)} moves the difference most: in the lowest third of its range the second strategy is "
            f"{more(screening)} in {low} of the worlds, in the highest third in {high}.")  # fmt: skip
    if math.isfinite(flip.correlation):
        text += f" It explains {percent(flip.first_order)} of how the difference varies over worlds."
    return text


def together(screening: Screening) -> Figure | None:
    """Two assumptions that turn the ranking together."""
    if screening.flips is None or not screening.flips.joint:
        return None
    joint = screening.flips.joint[0]
    frame = screening.tables["worlds"].dropna(subset=["difference"])
    fig, (ax,) = style.figure(4.2)
    (x, y), d = (frame[path].to_numpy(float) for path in joint.paths), frame["difference"].to_numpy(float)
    ends = [_ends(screening, path) for path in joint.paths]
    box = [(limit, b) if side == "above" else (a, limit)
           for (a, b), side, limit in zip(ends, joint.sides, joint.limits, strict=True)]  # fmt: skip
    ax.add_patch(Rectangle((box[0][0], box[1][0]), box[0][1] - box[0][0], box[1][1] - box[1][0],
                           facecolor=style.EVENT, alpha=0.45, linewidth=0, zorder=0))  # fmt: skip
    weight = 18 + 70 * np.abs(d) / max(float(np.abs(d).max()), 1e-300)
    up = ax.scatter(x[d > 0], y[d > 0], s=weight[d > 0], color=style.GAIN, zorder=3, alpha=0.9, clip_on=False)
    down = ax.scatter(
        x[d <= 0],
        y[d <= 0],
        s=weight[d <= 0],
        color=style.LOSS,
        zorder=3,
        marker="D",
        alpha=0.9,
        clip_on=False,
    )
    ax.set_xlim(*ends[0])
    ax.set_ylim(*ends[1])
    for axis, path in zip(("x", "y"), joint.paths, strict=True):
        unit = _unit_of(screening, path)
        share = unit == "share"
        style.numbers(ax, axis, lambda v, share=share: value(float(v), "share" if share else ""))  # type: ignore[arg-type, misc]
        style.caption(ax, axis, label(path) + (f", {unit}" if unit and not share else ""))  # type: ignore[arg-type]
    style.legend(fig, [up, down, Patch(color=style.EVENT, alpha=0.45)],
                 ["second has more", "current has more", "where the two turn it"])  # fmt: skip
    return style.finish(fig)


def read_together(screening: Screening) -> str:
    """What happens in the corner."""
    assert screening.flips is not None
    joint = screening.flips.joint[0]
    return (f"In the shaded corner the second strategy is {more(screening)} in "
            f"{round(joint.above * joint.worlds)} of {plural(joint.worlds, 'world')}, by "
            f"{difference(joint.mean, _unit(screening))} on average; over all worlds in "
            f"{percent(screening.flips.above)} of them.")  # fmt: skip


def _unit_of(screening: Screening, path: str) -> str:
    return screening.units.get(path, "")


def _ends(screening: Screening, path: str) -> tuple[float, float]:
    span = screening.scenario.uncertainties[path]
    return float(span.low), float(span.high)


def _logarithmic(screening: Screening, flip: Flip) -> bool:
    span = screening.scenario.uncertainties.get(flip.path)
    return span is not None and span.kind == "loguniform" and span.high / span.low > 10


PLOTS: tuple[ScreenPlot, ...] = (
    ScreenPlot("effects", "What moves it", effects, read_effects,
               "Bars: size of the effect, the largest first; lines: 95 % interval by bootstrap over the design. "
               "Upright marks: how large an effect would look that only reshuffles luck."),
    ScreenPlot("plane", "Steady or depending on the rest", plane, read_plane,
               "Each point is a factor. To the right: it matters more. Above the upper line its effect varies by more "
               "than its own size. Only factors that stand out from chance are named."),
    ScreenPlot("turning", "What the ranking hangs on", turning, read_turning,
               "Each mark is a sampled world in which both strategies were run on the same seeds. Line: expected "
               "difference along this assumption, with all others as they fall. Shaded upright: its sign is open."),
    ScreenPlot("together", "Two assumptions that turn it together", together, read_together,
               "Each mark is a sampled world; the larger it is, the larger the difference of the two strategies."),
)  # fmt: skip
