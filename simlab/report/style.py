"""One visual language for every plot: colours, type, sizes, grid, axis of dates, and how figures are saved.

Nothing here touches pyplot or changes matplotlib's settings for others; figures can be built in any thread.
"""

from __future__ import annotations

import datetime
import io
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simlab.lab.results import Results
from simlab.report import fonts
from simlab.report.numbers import percent
from simlab.report.series import Array, dates, days

INK, MUTED, RULE, PAPER = "#22303c", "#66737f", "#dfe4e8", "#ffffff"
ACCENT, WARM, SHADE = "#1f5f8b", "#b4552d", "#f3f1ec"
GAIN, LOSS, TOTAL, EVENT = "#4f9d8f", "#c8694a", "#1f5f8b", "#f0d9a8"
STAGE_COLOURS = (
    "#8fc7e8", "#1f5f8b", "#4f9d8f", "#e3b04b", "#d9cfc6", "#c8694a",
    "#7b5ea7", "#9db668", "#d996b3", "#5c6b73", "#6fc0b5", "#8a4f2d",
)  # fmt: skip
"""By position in the scenario's list of stages; twelve, as many as a scenario may have."""
SOURCE_COLOURS = ("#1f5f8b", "#e3b04b", "#4f9d8f", "#c8694a", "#7b5ea7", "#8fc7e8", "#5c6b73", "#d996b3")
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "simlab", ["#f6f9fb", "#b9d7e6", "#5b9bbf", "#1f5f8b", "#123a57"]
)

WIDTH = 9.6
"""Inches: a slide or the width of A4 between its margins."""
SIZE, SMALL, LARGE = 10.0, 9.0, 11.0
_SAVING = threading.Lock()
_SVG: WeakKeyDictionary[Figure, bytes] = WeakKeyDictionary()
"""Figures as they were saved: a page and the file beside it show the same."""
_SETTINGS: Any = {
    "svg.hashsalt": "simlab", "svg.fonttype": "path", "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}  # fmt: skip


def figure(height: float, rows: int = 1, columns: int = 1, **grid: Any) -> tuple[Figure, list[Axes]]:
    """An empty figure `height` inches tall and its axes, row by row, in the house style."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, wspace=0.06, hspace=0.06)
    fig = Figure(figsize=(WIDTH, height), layout=layout, facecolor=PAPER)
    made = fig.subplots(rows, columns, squeeze=False, **grid)
    axes = [ax for row in made for ax in row]
    for ax in axes:
        ax.set_facecolor(PAPER)
        for side, spine in ax.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(MUTED)
            spine.set_linewidth(0.8)
        ax.tick_params(labelsize=SMALL, colors=MUTED, length=0, pad=5, labelfontfamily=list(fonts.families()))
        ax.set_axisbelow(True)
    return fig, axes


def finish(fig: Figure) -> Figure:
    """Give every text the house fonts, whatever made it."""
    families = list(fonts.families())
    for text in fig.findobj(Text):
        text.set_fontfamily(families)
    return fig


def grid(ax: Axes, axis: Literal["x", "y"] = "y") -> None:
    """Fine lines behind the marks, along one axis."""
    ax.grid(axis=axis, color=RULE, linewidth=0.8)


def heading(ax: Axes, text: str) -> None:
    """What the axes show, above them on the left; units belong here or on the axis."""
    ax.set_title(text, loc="left", fontsize=LARGE, color=INK, pad=10)


def caption(ax: Axes, axis: Literal["x", "y"], text: str) -> None:
    """What an axis counts, and in which unit."""
    (ax.set_xlabel if axis == "x" else ax.set_ylabel)(text, fontsize=SMALL, color=MUTED)


def numbers(ax: Axes, axis: Literal["x", "y"], form: Callable[[float], str], bins: int = 5) -> None:
    """Ticks as people write numbers."""
    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_locator(MaxNLocator(bins, min_n_ticks=3))
    target.set_major_formatter(FuncFormatter(lambda value, _: form(float(value))))


def amounts(ax: Axes, axis: Literal["x", "y"] = "y", bins: int = 5) -> None:
    """Ticks of counts or money: all in thousands with separators, or all in millions."""
    target = ax.yaxis if axis == "y" else ax.xaxis

    def form(value: float) -> str:
        return amount(value, max(map(abs, target.get_view_interval())))

    numbers(ax, axis, form, bins)


def amount(value: float, largest: float) -> str:
    """`value` in the scale that suits the largest number beside it: "1.5 million" and not "1,500,000"."""
    for step, word in ((1e9, "billion"), (1e6, "million")):
        if largest >= step:
            return f"{value / step:,.6g} {word}".replace("-", "−") if value else "0"
    return f"{value:,.6g}".replace("-", "−")


def shares(ax: Axes, axis: Literal["x", "y"] = "y", bins: int = 5) -> None:
    """Ticks in percent from shares of 1."""
    numbers(ax, axis, percent, bins)


def legend(fig: Figure, handles: Sequence[Any], texts: Sequence[str], columns: int = 6) -> None:
    """Legend below the axes, out of the way of the marks, with room for any number of stages; read row by row."""
    rows = max(-(-len(texts) // columns), 1)
    columns = max(-(-len(texts) // rows), 1)
    # columns are filled first
    order = [i for first in range(columns) for i in range(first, len(texts), columns)]
    fig.legend([handles[i] for i in order], [texts[i] for i in order], loc="outside lower center",
               ncols=columns, frameon=False, fontsize=SMALL, labelcolor=INK, handlelength=1.1,
               handleheight=0.9, columnspacing=1.6)  # fmt: skip


def timeline(ax: Axes, results: Results, named: bool = True) -> Array:
    """Dates on the x axis, the warm-up shaded, the valuation date marked. Returns x of all simulated days."""
    x = date2num(dates(results, days(results)))
    first, zero, last = x[0], date2num(results.scenario.start), x[-1]
    ax.set_xlim(first, max(last, first + 1))
    locator = AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    if zero > first:
        ax.axvspan(first, zero, color=SHADE, linewidth=0, zorder=0)
    ax.axvline(zero, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=5)
    if named:
        box = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
        top: dict[str, Any] = {"va": "top", "fontsize": SMALL, "color": INK, "zorder": 6}
        where = ax.get_xaxis_transform()
        offset = 0.006 * (last - first)
        text = f"valuation date {plain_date(results.scenario.start)}"
        ax.text(zero + offset, 0.985, text, transform=where, bbox=box, **top)
        if zero - first > 0.09 * (last - first):
            ax.text(zero - offset, 0.985, "warm-up", transform=where, ha="right", **top)
    return x


def plain_date(day: datetime.date) -> str:
    """ "1 Jan 2026", whatever the locale."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{day.day} {months[day.month - 1]} {day.year}"


def banded(ax: Axes, x: Array, line: tuple[Array, Array, Array], colour: str) -> Any:
    """A line with its band over seeds. Returns the handle of the line."""
    mean, low, high = line
    if (high > low).any():
        ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    (handle,) = ax.plot(x, mean, color=colour, linewidth=1.8, solid_capstyle="round")
    return handle


def contrast(colour: Any) -> str:
    """Ink or paper, whichever reads better on `colour`."""
    red, green, blue = to_rgb(colour)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else PAPER


def ending(results: Results) -> str:
    """What one unit on an axis stands for: ", real base (1 simulated = 50 real)"."""
    scale = results.scenario.scale
    return f", real base (1 simulated = {scale:g} real)" if scale != 1 else ""


def save(fig: Figure, form: Literal["svg", "png"], dpi: int = 150) -> bytes:
    """The figure as a file: same figure, same bytes. Letters of an SVG are outlines: it needs no fonts.

    The first saving lays the figure out, for all its files: most of the time goes into that.
    """
    if form == "svg" and fig in _SVG:
        return _SVG[fig]
    out = io.BytesIO()
    # The salt of element names can only be set for everybody: one figure at a time.
    with _SAVING, matplotlib.rc_context(_SETTINGS):
        if fig.get_layout_engine() is not None:
            finish(fig)
            fig.draw_without_rendering()
            fig.set_layout_engine(None)
        if form == "png":
            fig.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
        else:
            fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
            _SVG[fig] = out.getvalue()
    return out.getvalue()
