"""The picture of a check: every number inside or outside the band of its law."""

from __future__ import annotations

import math

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simlab.lab.laws.check import Check
from simlab.lab.laws.law import Measured
from simlab.lab.laws.table import SUBJECTS, amount, band
from simlab.report import fonts, style

COLOURS = {"holds": style.GAIN, "fails": style.LOSS, "too noisy": style.MUTED}
ENDS = (-0.6, 1.6)
"""What is shown on both sides of a band, in its own widths."""
LONGEST = 62


def places(measured: Measured) -> tuple[float, float, float]:
    """Where value and interval lie: 0 and 1 are the ends of the band; an open band reaches to where the value is."""
    claim = measured.claim
    low, high = claim.low, claim.high
    if not math.isfinite(low) or not math.isfinite(high):
        limit, sign = (low, 1.0) if math.isfinite(low) else (high, -1.0)
        reach = 2.0 * max(abs(measured.value - limit), 1e-9)
        low, high = (limit, limit + reach) if sign > 0 else (limit - reach, limit)
    width = (high - low) or 1.0
    middle = 0.5 if high == low else 0.0
    found = [(x - low) / width + middle for x in (measured.value, measured.low, measured.high)]
    return found[0], found[1], found[2]


def label(text: str) -> str:
    """A claim as a plot text."""
    return fonts.label(text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…")


def subject(check: Check, name: str) -> Figure | None:
    """Rows of one subject; None where no law of it applies."""
    wanted = {law.id for law in SUBJECTS[name]}
    rows = [(f.law.id, m) for f in check.findings if f.law.id in wanted for m in f.measured]
    rows = [(key, m) for key, m in rows if math.isfinite(m.value) and m.claim.judged]
    if not rows:
        return None
    fig, (ax,) = style.figure(0.9 + 0.33 * len(rows))
    for k, (key, m) in enumerate(rows):
        y = len(rows) - 1 - k
        left = 0.0 if math.isfinite(m.claim.low) else ENDS[0]
        right = 1.0 if math.isfinite(m.claim.high) else ENDS[1]
        ax.add_patch(
            Rectangle((left, y - 0.34), right - left, 0.68, color=style.SHADE, linewidth=0, zorder=1)
        )
        for edge in (x for x in (left, right) if x in (0.0, 1.0)):
            ax.plot([edge, edge], [y - 0.34, y + 0.34], color=style.MUTED, linewidth=0.9, zorder=2)
        value, low, high = (min(max(x, ENDS[0]), ENDS[1]) for x in places(m))
        colour = COLOURS[m.verdict]
        if math.isfinite(low) and math.isfinite(high):
            ax.plot([low, high], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt", zorder=3)
        ax.plot([value], [y], "o", color=colour, markersize=6, zorder=4)
        text = f"{amount(m.value, m.claim)}   ({band(m.claim)})"
        ax.text(1.02, y, fonts.label(text), transform=ax.get_yaxis_transform(), va="center", fontsize=style.SMALL,
                color=style.INK)  # fmt: skip
        ax.text(-0.02, y, label(f"{key}  {m.claim.text}"), transform=ax.get_yaxis_transform(), va="center",
                ha="right", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    ax.set_xlim(*ENDS)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_yticks([])
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    return style.finish(fig)
