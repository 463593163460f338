"""Money, half-lives and concave responses, as all tables of terms are written."""

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


def saturating(x: float, half: float) -> float:
    """Concave response in [0, 1) with value 1/2 at `half`."""
    return x / (x + half) if x > 0 else 0.0
