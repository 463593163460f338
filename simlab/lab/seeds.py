"""Seeds, in namespaces that cannot meet: what was searched on is never what is reported.

Each kind of seed is a type of its own and lives in a block of its own; a function that wants report
seeds refuses any other at run time, and the type checker refuses it before.
"""

from __future__ import annotations

from typing import ClassVar, Self

BLOCK = 1_000_000_000
"""Seeds per namespace. Block 0 belongs to `run` and `compare`: 1, 2, 3 ... as a reader would write them."""


class Seed(int):
    """A seed of one namespace; ``Seed.panel(n, start)`` gives n of them."""

    block: ClassVar[int] = -1

    def __new__(cls, value: int) -> Self:
        if not cls.block * BLOCK <= value < (cls.block + 1) * BLOCK:
            raise ValueError(f"{value} is not a {cls.__name__}")
        return super().__new__(cls, value)

    @classmethod
    def panel(cls, count: int, start: int = 1) -> tuple[Self, ...]:
        """`count` seeds from the `start`-th of the namespace on.

        Raises:
            ValueError: the namespace has not got so many.
        """
        return tuple(cls(cls.block * BLOCK + start + k) for k in range(count))


class CompareSeed(Seed):
    """Seeds of `run` and `compare`."""

    block = 0


class SearchSeed(Seed):
    """Seeds that a search sees."""

    block = 1


class SelectionSeed(Seed):
    """Fresh seeds on which finalists meet."""

    block = 2


class ReportSeed(Seed):
    """Seeds never used before, on which the winner's numbers are measured."""

    block = 3


class ScreenSeed(Seed):
    """Seeds of sensitivity designs."""

    block = 4


class RolloutSeed(Seed):
    """Seeds of simulated live tests."""

    block = 5


class TruthSeed(Seed):
    """Seeds of validation: the truth that reports of the others are held against."""

    block = 6


def only(kind: type[Seed], panel: tuple[Seed, ...]) -> None:
    """Refuse a panel with a seed of another namespace.

    Raises:
        TypeError: some seed is not of `kind`.
    """
    for seed in panel:
        if type(seed) is not kind:
            raise TypeError(f"expected a {kind.__name__}, got {type(seed).__name__} {int(seed)}")
