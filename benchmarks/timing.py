"""Two pieces of work timed in turns, and the ratio of their costs with a bootstrap interval."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000


@dataclass(frozen=True)
class Ratio:
    """A median of paired ratios with its 95 % bootstrap interval.

    Attributes:
        value, low, high: the ratio and its interval.
        top, bottom: median cost of each side, ns per unit of work.
        repetitions: how many pairs.
    """

    value: float
    low: float
    high: float
    top: float
    bottom: float
    repetitions: int

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def cpu_ns(work: Callable[[], int]) -> float:
    """CPU time of one call in ns per unit of work; `work` returns the units that it did."""
    started = time.process_time_ns()
    units = work()
    return (time.process_time_ns() - started) / units


def in_turns(
    top: Callable[[], int],
    bottom: Callable[[], int],
    repetitions: int,
    before: Callable[[], object] = lambda: None,
) -> Ratio:
    """Cost per unit of `top` over cost per unit of `bottom`, timed A B A B ...

    Each pair is a ratio of neighbours in time, so that what slows the machine for seconds (other
    users, heat) cancels; the median is safe from a single bad pair. `before` prepares each pair untimed.
    """
    return ratio_of(costs_in_turns((top, bottom), repetitions, before))


def costs_in_turns(
    works: Sequence[Callable[[], int]], repetitions: int, before: Callable[[], object] = lambda: None
) -> NDArray[np.float64]:
    """(repetitions, works) ns per unit, timed A B C A B C ...; `before` prepares each turn untimed."""
    costs = np.empty((repetitions, len(works)))
    for turn in costs:
        before()
        turn[:] = [cpu_ns(work) for work in works]
    return costs


def ratio_of_slices(
    top: NDArray[np.float64], bottom: NDArray[np.float64], units: tuple[float, float]
) -> Ratio:
    """The ratio of two long runs that were timed slice by slice, in turns.

    Args:
        top, bottom: (repetitions, slices) ns; a slice of the one has its neighbour in time in the other.
        units: units of work in all slices together, of each.

    Each slice counts with the median of its repetitions; the interval resamples them, each slice for itself.
    """
    repetitions, slices = top.shape
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, repetitions, (RESAMPLES, repetitions, slices))
    each = np.arange(slices)

    def whole(costs: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return float(np.median(costs, axis=0).sum()), np.median(costs[drawn, each], axis=1).sum(axis=1)

    (above, aboves), (below, belows) = whole(top), whole(bottom)
    scale = units[1] / units[0]
    low, high = np.quantile(aboves / belows * scale, [0.025, 0.975])
    return Ratio(
        above / below * scale, float(low), float(high), above / units[0], below / units[1], repetitions
    )


def ratio_of(costs: NDArray[np.float64]) -> Ratio:
    """The ratio of (pairs, 2) costs."""
    ratios = costs[:, 0] / costs[:, 1]
    rng = np.random.default_rng(1)  # the interval, not the figure, depends on it
    drawn = np.median(ratios[rng.integers(0, len(ratios), (RESAMPLES, len(ratios)))], axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    top, bottom = np.median(costs, axis=0)
    return Ratio(float(np.median(ratios)), float(low), float(high), float(top), float(bottom), len(costs))
