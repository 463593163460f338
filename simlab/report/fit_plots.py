"""The plots of a fit: what happened against what the fitted world does, in one pair of colours."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from simlab.lab.fit_result import FitResult
from simlab.report import style
from simlab.report.numbers import percent, signed

REAL, MODEL, OWN = style.INK, style.ACCENT, style.WARM
"""Actual; simulated from the dated arrivals; simulated from every customer's own history."""


@dataclass(frozen=True)
class FitPlot:
    """A plot of the page: file name, title, how to draw it, a sentence read from the data, how to read it."""

    name: str
    title: str
    draw: Callable[[FitResult], Figure | None]
    read: Callable[[FitResult], str]
    caption: str


def _weeks(result: FitResult) -> tuple[pd.DataFrame, np.ndarray]:
    """Full weeks only, and the dates on which they begin."""
    frame = result.tables["weekly"]
    frame = frame[frame["days"] == 7]
    first: datetime.date = result.log["first_day"]
    x = date2num([first + datetime.timedelta(days=7 * (int(week) - 1)) for week in frame["week"]])
    return frame, np.asarray(x, float)


def _time_axis(ax: Axes, result: FitResult, x: np.ndarray) -> None:
    """Dates below, the held-out weeks shaded and named."""
    ax.set_xlim(x[0], max(x[-1], x[0] + 1))
    locator = AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    if result.log["holdout"]:
        cut = date2num(result.log["until"] + datetime.timedelta(days=1))
        ax.axvspan(cut, max(x[-1], cut), color=style.SHADE, linewidth=0, zorder=0)
        ax.axvline(cut, color=style.INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        where = ax.get_xaxis_transform()
        gap = 0.008 * (x[-1] - x[0])
        text: dict[str, Any] = {
            "transform": where,
            "va": "top",
            "fontsize": style.SMALL,
            "color": style.MUTED,
        }
        ax.text(cut + gap, 0.985, "held out", **text)
        ax.text(cut - gap, 0.985, "used for fitting", ha="right", **text)


def _lines(result: FitResult, prefix: str, height: float, unit: str) -> Figure | None:
    frame, x = _weeks(result)
    if len(frame) < 2:
        return None
    if prefix:  # a sum stands at the end of its week
        x = x + 7
    fig, (ax,) = style.figure(height)
    names = ("actual", "simulated", "low", "high")
    real, mean, low, high = (frame[prefix + name].to_numpy(float) for name in names)
    _time_axis(ax, result, x)
    model = style.banded(ax, x, (mean, low, high), MODEL)
    (line,) = ax.plot(x, real, color=REAL, linewidth=1.3, marker="o" if not prefix else None, markersize=2.6)
    ax.set_ylim(0, 1.12 * float(max(real.max(), high.max())))
    style.amounts(ax)
    style.grid(ax)
    style.caption(ax, "y", unit)
    style.legend(fig, [line, model], ["actual", "simulated"])
    return style.finish(fig)


def weekly(result: FitResult) -> Figure | None:
    """Repeat orders by week."""
    return _lines(result, "", 3.8, "repeat orders a week")


def cumulative(result: FitResult) -> Figure | None:
    """Repeat orders up to each week."""
    return _lines(result, "cumulative_", 3.4, "repeat orders so far")


def read_weekly(result: FitResult) -> str:
    """How far a week is off, and that there is no calendar in the law."""
    frame, _ = _weeks(result)
    held = frame[frame["held_out"] & (frame["actual"] > 0)]
    part = held if len(held) else frame[frame["actual"] > 0]
    off = ((part["simulated"] - part["actual"]) / part["actual"]).abs()
    worst = part.loc[off.idxmax()]
    kind = "held-out week" if len(held) else "week"
    return (f"A {kind} is off by {percent(float(off.mean()))} on average; the worst is week {int(worst['week'])}, "
            f"off by {percent(float(off.max()))}. The law knows no calendar: it cannot follow peaks that all "
            "customers share.")  # fmt: skip


def read_cumulative(result: FitResult) -> str:
    """Where the two curves end."""
    error = result.scores["cumulative"]
    return f"By the end of the log the simulated sum stands at {signed(error)} against the actual one."


def _pairs(
    ax: Axes, texts: list[str], series: list[tuple[str, np.ndarray, str]], form: Callable[[float], str] | None
) -> list[Any]:
    """Bars side by side, with their values above them where there is room (`form`)."""
    count = len(series)
    width = 0.8 / count
    handles = []
    for k, (_, values, colour) in enumerate(series):
        at = np.arange(len(texts)) + (k - (count - 1) / 2) * width
        handles.append(ax.bar(at, np.nan_to_num(values), width=width * 0.92, color=colour))
        for x, value in zip(at, values, strict=True):
            if np.isfinite(value) and form is not None:
                ax.annotate(form(float(value)), (x, value), xytext=(0, 3), textcoords="offset points",
                            ha="center", fontsize=style.SMALL - 1.2, color=style.INK)  # fmt: skip
    ax.set_xticks(range(len(texts)), texts)
    top = max(float(np.nanmax(values)) for _, values, _ in series)
    ax.set_ylim(0, 1.14 * top if top > 0 else 1)
    style.grid(ax)
    return handles


def histogram(result: FitResult) -> Figure | None:
    """Customers by repeat orders in the calibration period."""
    frame = result.tables["histogram"]
    fig, (ax,) = style.figure(3.5)
    series = [
        ("actual", frame["actual"].to_numpy(), REAL),
        ("simulated", frame["simulated"].to_numpy(), MODEL),
    ]
    handles = _pairs(ax, [*(str(k) for k in range(7)), "7 or more"], series, percent)
    style.shares(ax)
    style.caption(ax, "x", "repeat orders while fitting")
    style.caption(ax, "y", "share of customers")
    style.legend(fig, handles, [name for name, _, _ in series])
    return style.finish(fig)


def read_histogram(result: FitResult) -> str:
    """How many customers sit in the wrong class."""
    frame = result.tables["histogram"]
    return (f"{percent(float(frame['actual'].iloc[0]))} of the customers never ordered again, "
            f"{percent(float(frame['simulated'].iloc[0]))} in the simulation; "
            f"{percent(result.scores['histogram_tv'])} of all would have to change class to make the two "
            "alike.")  # fmt: skip


def by_x(result: FitResult) -> Figure | None:
    """Held-out orders per customer by what was known of the customer."""
    frame = result.tables.get("by_x")
    if frame is None:
        return None
    fig, (ax,) = style.figure(3.8)
    named = [("actual", "actual", REAL), ("simulated", "simulated from the first order on", MODEL),
             ("from_log", "simulated from every customer's own history", OWN)]  # fmt: skip
    series = [
        (text, frame[column].to_numpy(float), colour) for column, text, colour in named if column in frame
    ]
    texts = [
        f"{x}{' or more' if x == 7 else ''}\n{n:,}"
        for x, n in zip(frame["x"], frame["customers"], strict=True)
    ]
    handles = _pairs(ax, texts, series, lambda v: f"{v:.2f}" if v < 1 else f"{v:.1f}")
    style.numbers(ax, "y", lambda v: f"{v:g}")
    style.caption(ax, "x", "repeat orders while fitting; below: customers")
    style.caption(ax, "y", "held-out orders per customer")
    style.legend(fig, handles, [text for text, _, _ in series], columns=3)
    return style.finish(fig)


def read_by_x(result: FitResult) -> str:
    """Where the largest part of the miss lies."""
    frame = result.tables["by_x"].dropna(subset=["simulated", "actual"])
    column = "from_log" if "from_log" in frame else "simulated"
    weight = (frame[column] - frame["actual"]).abs() * frame["customers"]
    row = frame.loc[weight.idxmax()]
    kind = {0: "no repeat order", 1: "one repeat order", 7: "seven or more"}
    who = kind.get(int(row["x"]), f"{int(row['x'])} repeat orders")
    return (f"The miss is {result.scores['by_x_forward']:.3f} orders per customer; most of it comes from the "
            f"{int(row['customers']):,} customers with {who}: {row['actual']:.2f} held-out orders each, "
            f"{row[column]:.2f} simulated.")  # fmt: skip


def _since(frame: pd.DataFrame) -> list[str]:
    """Classes of silence in weeks: "0–4"."""
    return [
        f"{round(a / 7)}–{round(b / 7)}" for a, b in zip(frame["from_day"], frame["before_day"], strict=True)
    ]


def recency(result: FitResult) -> Figure | None:
    """How long customers have been silent, and who of them comes back."""
    frame = result.tables["recency"]
    returned = "returned_actual" in frame
    fig, axes = style.figure(3.6, 1, 2 if returned else 1)
    texts = _since(frame)
    series = [
        ("actual", frame["actual"].to_numpy(), REAL),
        ("simulated", frame["simulated"].to_numpy(), MODEL),
    ]
    handles = _pairs(axes[0], texts, series, None)
    style.heading(axes[0], "Customers by weeks since their last order")
    names = ["actual", "simulated from the first order on"]
    if returned:
        named = [("returned_actual", REAL), ("returned_simulated", MODEL), ("returned_from_log", OWN)]
        series = [(c, frame[c].to_numpy(float), colour) for c, colour in named if c in frame]
        handles = _pairs(axes[1], texts, series, None)
        names = [*names, "simulated from every customer's own history"][: len(series)]
        style.heading(axes[1], "Of these, ordered again while held out")
    for ax in axes:
        style.shares(ax)
        style.caption(ax, "x", "weeks since the last order, at the end of fitting")
    style.legend(fig, handles, names, columns=3)
    return style.finish(fig)


def read_recency(result: FitResult) -> str:
    """Whether the silent come back as often as they should."""
    frame = result.tables["recency"]
    if "returned_actual" not in frame:
        row = frame.iloc[-1]
        return (f"{percent(float(row['actual']))} of the customers have been silent for "
                f"{_since(frame)[-1]} weeks, {percent(float(row['simulated']))} in the simulation.")  # fmt: skip
    column = "returned_from_log" if "returned_from_log" in frame else "returned_simulated"
    gap = ((frame[column] - frame["returned_actual"]).abs() * frame["customers"]).idxmax()
    row = frame.loc[gap]
    weeks = _since(frame)[int(gap)]
    return (f"Of customers silent for {weeks} weeks, {percent(float(row['returned_actual']))} ordered again "
            f"while held out; the fitted law expects {percent(float(row[column]))}.")  # fmt: skip


def concentration(result: FitResult) -> Figure | None:
    """Share of all spend by the best customers."""
    frame = result.tables["concentration"]
    fig, (ax,) = style.figure(3.8)
    x = frame["customers"].to_numpy()
    names = ("simulated", "low", "high")
    mean, low, high = (frame[name].to_numpy() for name in names)
    model = style.banded(ax, x, (mean, low, high), MODEL)
    (line,) = ax.plot(x, frame["actual"], color=REAL, linewidth=1.5)
    ax.plot([0, 1], [0, 1], color=style.RULE, linewidth=1)
    at = 20
    ax.scatter([x[at]] * 2, [frame["actual"][at], mean[at]], color=[REAL, MODEL], s=24, zorder=4)
    said = f"best fifth: {percent(frame['actual'][at])} actual,\n{percent(mean[at])} simulated"
    ax.annotate(said, (x[at], min(frame["actual"][at], mean[at])), xytext=(16, -28), textcoords="offset points",
                fontsize=style.SMALL, color=style.INK)  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    style.shares(ax, "x")
    style.shares(ax, "y")
    style.grid(ax)
    style.caption(ax, "x", "share of customers, best first")
    style.caption(ax, "y", "share of all spend")
    style.legend(fig, [line, model], ["actual", "simulated"])
    return style.finish(fig)


def read_concentration(result: FitResult) -> str:
    """How uneven customers are."""
    scores = result.scores
    return (f"The best fifth of the customers account for {percent(scores['top_fifth_actual'])} of the spend, "
            f"{percent(scores['top_fifth_forward'])} in the simulation.")  # fmt: skip


BAND = "Line: mean of the simulated worlds; band: 5th to 95th percentile over them (the spread of single worlds)."
PLOTS: tuple[FitPlot, ...] = (
    FitPlot("weekly", "Repeat orders by week", weekly, read_weekly,
            f"Orders after a customer's first, of the customers used for fitting. {BAND}"),
    FitPlot("cumulative", "Repeat orders so far", cumulative, read_cumulative, BAND),
    FitPlot("histogram", "How often customers came back", histogram, read_histogram,
            "Mean of the simulated worlds."),
    FitPlot("by_x", "What the past says about the future", by_x, read_by_x,
            "Orders per customer in the weeks held out, by repeat orders before. Mean of the simulated worlds."),
    FitPlot("recency", "Silence and return", recency, read_recency, "Mean of the simulated worlds."),
    FitPlot("concentration", "How spend is spread over customers", concentration, read_concentration,
            f"Over the whole log. {BAND}"),
)  # fmt: skip
