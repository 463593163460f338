"""What a law is: claims with bands, the worlds that show it, and a verdict from an interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from simlab.lab.laws.worlds import Arm, Seen
from simlab.scenario import Scenario

Verdict = Literal["holds", "fails", "too noisy", "not applicable", "shown", "not simulated"]
Unit = Literal["share", "x", "number"]
Reading = Mapping[str, float]
"""What one seed says: sums (never ratios), so that seeds can be added up."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Claim:
    """One number that a law is about, and the band in which it must be.

    Attributes:
        text: what the number is.
        low, high: the band; infinite where it is open. Without any the number is shown and nothing is claimed.
        unit: how it is written: share (as per cent), x (a ratio), number.
        published: the published value beside it, if there is one.
    """

    text: str
    low: float = -math.inf
    high: float = math.inf
    unit: Unit = "x"
    published: str = ""

    @property
    def judged(self) -> bool:
        """Whether there is a band."""
        return math.isfinite(self.low) or math.isfinite(self.high)


@dataclass(frozen=True)
class Measured:
    """One claim as simulated.

    Attributes:
        claim: what was claimed.
        value: estimate from all seeds together. low, high: its 95 % interval, by the jackknife over seeds.
        verdict: holds when the interval lies in the band, fails when it lies outside, else too noisy; shown where no
            band is claimed.
    """

    claim: Claim
    value: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Law:
    """A published regularity.

    Attributes:
        id: L-number. title: the law in a line. figure: what was published. source: where. status: how far it was
            checked (read, 2nd: in notes about it, computed: from raw data, assumed).
        how: how it is held against a scenario: which worlds, which number.
        claims: the numbers and their bands.
        arms: the worlds it needs, by name.
        read: the sums that one seed's worlds give.
        figures: one number for each claim, from sums over seeds.
        applies: why it cannot be asked of a scenario; None when it can.
        note: what to know about it, such as a stricter or looser reading.
    """

    id: str
    title: str
    figure: str
    source: str
    status: str
    how: str
    claims: tuple[Claim, ...]
    arms: Callable[[Scenario], Mapping[str, Arm]]
    read: Callable[[Mapping[str, Seen]], Reading]
    figures: Callable[[Reading], Sequence[float]]
    applies: Callable[[Scenario], str | None] = lambda _: None
    note: str = ""

    def measure(self, readings: Sequence[Reading]) -> tuple[Measured, ...]:
        """Every claim estimated from readings of distinct seeds."""
        return tuple(
            Measured(claim, value, low, high, judge(claim, value, low, high))
            for claim, (value, low, high) in zip(self.claims, estimate(self.figures, readings), strict=True)
        )


@dataclass(frozen=True)
class Finding:
    """A law held against a scenario.

    Attributes:
        law: which. measured: its claims; empty where it does not apply.
        seeds: seeds behind it. reason: why it does not apply. failed: none of its worlds could be simulated.
    """

    law: Law
    measured: tuple[Measured, ...] = ()
    seeds: int = 0
    reason: str = ""
    failed: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst of its claims."""
        if self.failed:
            return "not simulated"
        found = {m.verdict for m in self.measured}
        worst: tuple[Verdict, ...] = ("fails", "too noisy", "holds")
        return next((verdict for verdict in worst if verdict in found), "not applicable")


def estimate(
    figures: Callable[[Reading], Sequence[float]], readings: Sequence[Reading]
) -> list[tuple[float, float, float]]:
    """(value, low, high) of each figure: of the sums over seeds, with a 95 % jackknife interval.

    The jackknife serves ratios and curves alike; with one seed, or a figure that is undefined without some
    seed, there is no interval (NaN).
    """
    names = list(readings[0]) if readings else []
    table = np.array([[reading[name] for name in names] for reading in readings], np.float64)
    total = table.sum(0)

    def of(sums: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.array(figures({k: np.float64(v) for k, v in zip(names, sums, strict=True)}), np.float64)

    value = of(total)
    n = len(readings)
    if n < 2:
        return [(float(v), math.nan, math.nan) for v in value]
    without = np.stack([of(total - row) for row in table])
    error = np.sqrt((n - 1) / n * ((without - without.mean(0)) ** 2).sum(0))
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    return [(float(v), float(v - h), float(v + h)) for v, h in zip(value, half, strict=True)]


def judge(claim: Claim, value: float, low: float, high: float) -> Verdict:
    """Whether an interval lies in the band of a claim."""
    if not claim.judged:
        return "shown"
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        return "too noisy"
    if claim.low <= low and high <= claim.high:
        return "holds"
    return "fails" if high < claim.low or low > claim.high else "too noisy"
