"""Money, half-lives and concave responses, as all tables of terms are written."""

from __future__ import annotations

from typing import Protocol

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


class HasStages(Protocol):
    """Whatever knows the names of the stages in their order."""

    @property
    def stages(self) -> tuple[str, ...]: ...


def stage_mask(names: HasStages, stages: tuple[str, ...] | None) -> int:
    """Bit set of stages; None means all of them."""
    if stages is None:
        return (1 << len(names.stages)) - 1
    return sum(1 << names.stages.index(stage) for stage in sorted(set(stages)))
