"""What a pattern is: worlds, numbers read from each seed, directions that must hold, and bands that we wish for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from simlab.lab.laws.law import estimate
from simlab.lab.laws.worlds import Arm, Seen

SURE = 4.0
"""Standard errors by which a direction must be away from none."""
PAIRS = "pairs"
"""Every row has this number, 1, so that rows can be added up and divided by how many they are."""

Row = Mapping[str, float]
Number = Callable[[Row], float]


@dataclass(frozen=True)
class Direction:
    """Something that must be above zero: z of at least 4 over the seeds."""

    text: str
    value: Number


@dataclass(frozen=True)
class Band:
    """A number that should lie in a band; the band comes from case claims and is a wish. Without any it is shown."""

    text: str
    value: Number
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Pattern:
    """A claimed pattern.

    Attributes:
        number: as in the list of patterns. title, claimed: what is said to happen.
        world: which worlds are compared, in words.
        arms: these worlds. read: sums that one seed's worlds give; a named function, since its source is the key
            under which readings are kept.
        directions: what must hold. bands: what we wish for.
        note: why something is missed, or is said in another way.
        looked: what was chosen after a look at results, without which a direction does not hold; "" for nothing.
        changed: what else was changed after a look; directions held before, too.
    """

    number: int
    title: str
    claimed: str
    world: str
    arms: Callable[[], Mapping[str, Arm]]
    read: Callable[[Mapping[str, Seen]], Row]
    directions: tuple[Direction, ...]
    bands: tuple[Band, ...] = ()
    note: str = ""
    looked: str = ""
    changed: str = ""


@dataclass(frozen=True)
class Said:
    """One line of a pattern's result."""

    text: str
    value: float
    low: float
    high: float
    wish: str
    verdict: str


def judged(pattern: Pattern, rows: Sequence[Row]) -> list[Said]:
    """Directions and bands of a pattern, from one row a seed."""
    rows = [{**row, PAIRS: 1.0} for row in rows]
    found = []
    for direction in pattern.directions:
        x = np.array([direction.value(row) for row in rows], np.float64)
        x = x[np.isfinite(x)]
        mean, error = float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))
        z = mean / error if error > 0 else math.inf * np.sign(mean)
        share = float((x > 0).mean())
        half = float(stats.t.ppf(0.975, len(x) - 1)) * error
        found.append(Said(direction.text, mean, mean - half, mean + half, f"above 0: z {z:+.1f}, {share:.0%} of seeds",
                          "holds" if z >= SURE else "does not hold"))  # fmt: skip
    for band in pattern.bands:
        ((value, low, high),) = estimate(lambda t, b=band: (b.value(t),), rows)  # type: ignore[misc]
        inside = "in the band" if band.low <= value <= band.high else "outside"
        wish = f"{band.low:g} or more" if math.isinf(band.high) else f"{band.low:g} to {band.high:g}"
        if math.isinf(band.low) and math.isinf(band.high):
            inside, wish = "shown", "–"
        found.append(Said(band.text, value, low, high, wish, inside))
    return found


def ratio(top: str, bottom: str = PAIRS) -> Number:
    """row[top] / row[bottom]; of sums over seeds, without a bottom, their mean."""
    return lambda row: row[top] / row[bottom]


def more(top: str, bottom: str) -> Number:
    """row[top] - row[bottom]; of sums over seeds, per seed."""
    return lambda row: (row[top] - row[bottom]) / row[PAIRS]


def by_arm(seen: Mapping[str, Seen], **measures: Callable[[Seen], float]) -> dict[str, float]:
    """Each measure of each arm, as "arm measure"."""
    return {f"{arm} {name}": float(f(world)) for arm, world in seen.items() for name, f in measures.items()}
