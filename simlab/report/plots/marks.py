"""Marks that several pages share: a dot with its interval per row, and a zero line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from simlab.report import style
from simlab.report.series import Array

ROW = 0.36
"""Inches per row of a dot plot."""


def rows(
    ax: Axes,
    texts: Sequence[str],
    mean: Array,
    low: Array,
    high: Array,
    colours: Sequence[str],
    form: Callable[[float], str] | None = None,
) -> None:
    """A dot with its interval per row, from top to bottom; with `form` its value stands at the right."""
    at = np.arange(len(texts))
    ax.hlines(at, low, high, color=list(colours), linewidth=2.4, alpha=0.45, capstyle="round")
    ax.scatter(mean, at, s=46, color=list(colours), zorder=3, linewidths=0)
    ax.set_yticks(at, texts)
    ax.tick_params(axis="y", labelsize=style.SMALL, colors=style.INK)
    ax.set_ylim(len(texts) - 0.4, -0.6)
    if form is not None:
        for y, value in zip(at, mean, strict=True):
            ax.annotate(form(float(value)), (1.0, y), xycoords=("axes fraction", "data"), xytext=(8, 0),
                        textcoords="offset points", va="center", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    style.grid(ax, "x")


def zero(ax: Axes, axis: str = "x", **line: Any) -> None:
    """The line on which nothing changes."""
    how: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "zorder": 1.5} | line
    (ax.axvline if axis == "x" else ax.axhline)(0, **how)


def side(low: float, high: float) -> str:
    """Colour of an interval: gain, loss, or muted where it holds zero."""
    return style.GAIN if low > 0 else style.LOSS if high < 0 else style.MUTED


def plus(value: float, largest: float) -> str:
    """A difference on an axis: "+1.5 million", "−200", "0"."""
    text = style.amount(value, largest)
    return f"+{text}" if value > 0 else text
