"""Small conversions that the terms are made of: yuan to fen, half-lives to daily factors."""

from __future__ import annotations

from simlab.world.numerics import exp

LN_2 = 0.6931471805599453
NO_LIMIT = 2**62


def fen(yuan: float) -> int:
    """Yuan to whole fen."""
    return round(yuan * 100)


def keep(half_life: float) -> float:
    """Daily factor of a stock with this half-life in days."""
    return float(exp(-LN_2 / half_life))
