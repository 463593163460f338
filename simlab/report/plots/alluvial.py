"""Who moved: stages on chosen days, and the streams of people between them."""

from __future__ import annotations

import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from simlab.lab.moved import Scenes
from simlab.report import fonts, style
from simlab.report.numbers import count, percent

BAR = 0.06
"""Width of a column, where the distance between two columns is 1."""
GAP = 0.025
"""Space between two stages, as a share of the tallest column."""
JOINED, GONE = style.MUTED, style.LOSS

Array = NDArray[np.float64]


def alluvial(scenes: Scenes) -> Figure:
    """Columns of members by stage, one per chosen day, and streams as wide as the number of people."""
    scale = scenes.scenario.scale
    moves = [scenes.moves(step) * scale for step in range(len(scenes.days) - 1)]
    stages, outside, left = len(scenes.stages) - 2, scenes.outside, scenes.left
    stocks = [m[:stages].sum(axis=1) for m in moves] + [moves[-1][:, :stages].sum(axis=0)]
    gone = np.array([m[:stages, left].sum() for m in moves])
    joined = np.array([m[outside, :stages].sum() for m in moves])
    tallest = max(
        float(stock.sum() + (gone[i - 1] if i else 0.0) + (joined[i] if i < len(joined) else 0.0))
        for i, stock in enumerate(stocks)
    )
    gap = GAP * max(tallest, 1.0)
    fig, (ax,) = style.figure(5.6)
    colours = [style.STAGE_COLOURS[i % 12] for i in range(stages)]
    tops: list[Array] = []  # upper edge of each stage's bar, by column
    for x, stock in enumerate(stocks):
        tops.append(-np.concatenate([[0.0], np.cumsum(stock + gap)[:-1]]))
        for i in range(stages):
            _bar(ax, x, float(tops[x][i]), float(stock[i]), colours[i])
    below = [float(-(stock.sum() + gap * stages)) for stock in stocks]
    for x, m in enumerate(moves):
        out, into = tops[x].copy(), tops[x + 1].copy()
        floor = below[x + 1] - gap
        for i in range(stages):
            for j in range(stages):
                _stream(ax, x, float(out[i]), float(into[j]), float(m[i, j]), colours[i])
                out[i] -= m[i, j]
                into[j] -= m[i, j]
            _stream(ax, x, float(out[i]), floor, float(m[i, left]), GONE)
            floor -= m[i, left]
        if gone[x] > 0:
            _bar(ax, x + 1, below[x + 1] - gap, float(gone[x]), GONE)
        start = below[x] - gap - (gone[x - 1] + gap if x and gone[x - 1] > 0 else 0.0)
        if joined[x] > 0:
            _bar(ax, x, start, float(joined[x]), JOINED)
        for j in range(stages):
            _stream(ax, x, start, float(into[j]), float(m[outside, j]), JOINED)
            start -= m[outside, j]
            into[j] -= m[outside, j]
    _labels(ax, scenes, stocks[-1], tops[-1])
    ax.set_xlim(-0.1, len(stocks) - 1 + 0.42)
    ax.autoscale_view(scalex=False)
    ax.set_yticks([])
    ax.set_xticks(range(len(stocks)), [day_name(scenes, day) for day in scenes.days])
    ax.spines["bottom"].set_visible(False)
    style.heading(ax, f"Members by stage{', real base' if scale != 1 else ''}, and who moved where")
    marks = [Rectangle((0, 0), 1, 1, color=colour) for colour in (JOINED, GONE)]
    style.legend(fig, marks, ["joined until the next date", "left since the date before"])
    return style.finish(fig)


def read_alluvial(scenes: Scenes) -> str:
    """The largest change of stage over the whole span, and how many stayed where they were."""
    own = len(scenes.stages) - 2
    first, last = 0, len(scenes.days) - 1
    total = np.zeros((own + 2, own + 2))
    for world in scenes.worlds:
        np.add.at(total, (world[first].stage, world[last].stage), 1)
    members = total[:own].sum()
    if not members:
        return "Nobody was a member on the first of these days."
    moved = total[:own, : own + 2].copy()
    stayed = float(np.trace(moved[:, :own]))
    np.fill_diagonal(moved[:, :own], 0)
    i, j = np.unravel_index(int(moved.argmax()), moved.shape)
    start = "the valuation date" if scenes.days[0] == 0 else day_name(scenes, scenes.days[0])
    here = f"Of the members on {start}, {percent(stayed / members)}"
    move = f"{scenes.stages[i]} → {scenes.stages[j]}"
    scale = scenes.scenario.scale / len(scenes.worlds)
    return (
        f"{here} are in the same stage at the end; the largest move is {move} "
        f"({count(float(moved[i, j]) * scale)} people)."
    )


def day_name(scenes: Scenes, day: int) -> str:
    """ "1 Apr 2026", or the valuation date by its name."""
    if day == 0:
        return "Valuation date"
    return style.plain_date(scenes.scenario.start + datetime.timedelta(days=day - 1))


def _bar(ax: Axes, x: float, top: float, height: float, colour: str) -> None:
    ax.add_patch(Rectangle((x - BAR / 2, top - height), BAR, height, color=colour, linewidth=0, zorder=3))


def _stream(ax: Axes, x: float, top: float, end: float, width: float, colour: str) -> None:
    """A band of constant height from column x to the next."""
    if width <= 0:
        return
    a, b = x + BAR / 2, x + 1 - BAR / 2
    middle = (a + b) / 2
    points = [(a, top), (middle, top), (middle, end), (b, end),
              (b, end - width), (middle, end - width), (middle, top - width), (a, top - width), (a, top)]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.38, linewidth=0, zorder=2))


def _labels(ax: Axes, scenes: Scenes, stock: Array, tops: Array) -> None:
    """Stage names beside the last column, pushed apart where they would touch."""
    names = fonts.labels(scenes.stages[:-2], "stage")
    least = 0.055 * max(float(-tops[-1] + stock[-1]), 1.0)
    free = np.inf
    for name, size, top in zip(names, stock, tops, strict=True):
        y = min(float(top - size / 2), free - least)
        free = y
        ax.text(len(scenes.days) - 1 + BAR, y, f"{name}  {count(float(size))}", va="center",
                fontsize=style.SMALL, color=style.INK)  # fmt: skip
