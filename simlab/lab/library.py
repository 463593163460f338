"""What the library's mechanisms do: the paired effect of each in its world, and that none does anything at zero.

Every file of the library says which outcome it moves, and in which direction. Here that is held against runs: the
mechanism's world with it less the same world without it, seed by seed, with an interval that covers the truth in
999 of 1,000 cases; and the ledgers with the mechanism at zero strength, which must be those without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.lab.crew import Crew, Task
from simlab.lab.ground import shared_ground
from simlab.lab.paired import Paired, paired
from simlab.lab.past import before_of, with_past
from simlab.lab.runs import Run
from simlab.lab.seeds import CompareSeed
from simlab.lab.store import Store
from simlab.scenario import InputError, Problem, Scenario
from simlab.scenario.library import Entry, arm
from simlab.scenario.outcomes import OUTCOMES
from simlab.world.market import Market

PAIRS = 40
LEVEL = 0.999
SMALL = ("population.members=150", "population.prospects=450", "horizon=60", "warmup.days=20")
"""A world in which a byte that moves is found in a moment."""
_BY_NUMBER = ("stage", "stage_until", "source", "coupon_offer", "plan", "layers", "closed")
"""Fields that hold numbers of names; they shift where a mechanism brings names of its own."""
_WHEN_READ = ("recent_spend",)
"""Observables that are kept only where an audience or a lever looks at them; looking is no strength."""

HOLDS, SMALLER, OPPOSITE, UNCLEAR, STILL = (
    "as declared", "smaller than declared", "the other way", "not clear", "nothing moves",
)  # fmt: skip
MOVES, NOTHING, NO_VALUE = (
    "the world moves, and should not",
    "nothing moves, and should",
    "no value to compare",
)
GOOD = (HOLDS, STILL)


@dataclass(frozen=True)
class Measured:
    """What one mechanism does.

    Attributes:
        entry: the library file.
        world: the scenario that it was laid over.
        outcome: what was measured; None where the mechanism moves nothing and names nothing.
        without: mean of the outcome without it.
        difference: with it less without it; interval of 99.9 %.
        least: what the interval had to clear, in the outcome's unit.
        verdict: one of the words above.
        zero: what differs between the world without it and with it at zero strength; "" if nothing does.
        pairs: the outcome by seed: (seed, without, with).
    """

    entry: Entry
    world: str
    outcome: str | None
    without: float
    difference: Paired
    least: float
    verdict: str
    zero: str
    pairs: tuple[tuple[int, float, float], ...]

    @property
    def good(self) -> bool:
        """Whether it does what its file says, and nothing at zero strength."""
        return self.verdict in GOOD and not self.zero

    def words(self) -> str:
        """The difference and its interval, as a share of the outcome where that says more."""
        return effect_words(self.outcome, self.without, self.difference)


class Memory(Store):
    """A run store that ends with the process: mechanisms of one world share its runs without them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], dict[str, float]] = {}

    def outcomes(self, world: str, seed: int) -> dict[str, float] | None:
        """The outcomes of a finished run; None if it is not there."""
        return self.kept.get((world, int(seed)))

    def arrays(self, world: str, seed: int) -> dict[str, NDArray[Any]] | None:
        """No detail is kept."""
        return None

    def keep(
        self, world: str, seed: int, outcomes: Mapping[str, float], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> None:  # fmt: skip
        """Keep a finished run."""
        self.kept[world, int(seed)] = dict(outcomes)


def measure(
    entry: Entry, crew: Crew, *, world: str | None = None, values: Sequence[str] = (), outcome: str | None = None,
    seeds: Sequence[int] | None = None, zero: bool = True,
) -> Measured:  # fmt: skip
    """The effect of a mechanism in its own world, or in another.

    Args:
        entry: the library file.
        crew: who does the runs.
        world: a shipped scenario, or a file; by default what the header says.
        values: "horizon=90" and so on, for all arms.
        outcome: what to look at; by default what the header says.
        seeds: by default 1 to 40.
        zero: look for what moves at zero strength, too.

    Raises:
        InputError: the parts do not go together, or there is no such outcome.
        RuntimeError: a run failed; with its traceback.
    """
    head = entry.mechanism
    outcome = outcome or head.effect.outcome
    if outcome is not None and outcome not in OUTCOMES:
        raise InputError(
            Problem("--outcome", "there is no such outcome", "docs/guide.md lists them.", value=outcome)
        )
    place = world or head.world
    panel = [int(s) for s in (CompareSeed.panel(PAIRS) if seeds is None else seeds)]
    without, having = (
        arm(entry, world, "without", values).scenario,
        arm(entry, world, "with", values).scenario,
    )
    moved = ""
    if zero and (head.zero or head.effect.direction == "none"):
        moved = at_zero(entry, world)
    if head.effect.direction == "none":
        verdict = MOVES if moved else STILL
        nothing = Paired(0, 0.0, math.nan, 0, math.nan, math.nan, math.nan, not moved)
        return Measured(entry, place, outcome, math.nan, nothing, 0.0, verdict, moved, ())
    assert outcome is not None
    lived, before = with_past(having, without)
    tasks = [Task(without, s, before=before_of(without)) for s in panel]
    tasks += [Task(lived, s, before=before) for s in panel]
    runs = crew.runs(tasks)
    base, other = (
        np.array([_value(run, outcome) for run in half]) for half in (runs[: len(panel)], runs[len(panel) :])
    )
    found = paired(other - base, level=LEVEL)
    mean = float(base.mean())
    size = head.effect.at_least
    least = size.value * (abs(mean) if size.relative else 1.0)
    pairs = tuple(zip(panel, base.tolist(), other.tolist(), strict=True))
    return Measured(entry, place, outcome, mean, found, least, _verdict(found, head.effect.direction, least), moved,
                    pairs)  # fmt: skip


def at_zero(entry: Entry, world: str | None = None, values: Sequence[str] = SMALL, seed: int = 1) -> str:
    """What differs between a world without the mechanism and with it at zero strength; "" if not a byte does.

    Of a mechanism that says it moves nothing, the fragment itself is held against the world without it.
    """
    without = arm(entry, world, "without", values).scenario
    resting = arm(
        entry, world, "with" if entry.mechanism.effect.direction == "none" else "zero", values
    ).scenario
    return difference(lived(without, seed), lived(resting, seed))


def lived(scenario: Scenario, seed: int) -> Market:
    """A world lived to its end."""
    ground = shared_ground(scenario)
    return Market(scenario, seed, ground.graph, ground.base, before_of(scenario)).run()


def difference(one: Market, other: Market) -> str:
    """The first thing in which two worlds of the same people differ, in words; "" if not a byte does.

    Rows are found by name: a source that nobody came by, or a stage that nobody was in, is no difference.
    """
    same_stages = one.names.stages == other.names.stages
    mine, theirs = (_rows(market, same_stages) for market in (one, other))
    for key in (*mine, *(key for key in theirs if key not in mine)):
        a, b = mine.get(key), theirs.get(key)
        if a is None or b is None:
            some = a if b is None else b
            if some is not None and some.any():
                return f"the ledger of {' '.join(key)}, which only one of them has"
        elif not np.array_equal(a, b):
            day = int(np.flatnonzero((a != b).any(axis=(1, 2)))[0]) + one.first_day
            return f"the ledger of {' '.join(key)} on day {day}"
    if not np.array_equal(one.book.cohorts, other.book.cohorts):
        return "the cohorts"
    for name in one.users.dtype.names or ():
        if (
            name not in (*_BY_NUMBER, *_WHEN_READ)
            and one.users[name].tobytes() != other.users[name].tobytes()
        ):
            return f"the users' {name}"
    return ""


def _rows(market: Market, by_stage: bool) -> dict[tuple[str, ...], NDArray[np.int64]]:
    """The ledger's tables of day x segment x metric, by source, and by stage where asked."""
    ledger = market.book.ledger
    names = market.names
    if not by_stage:
        return {(source,): ledger[:, :, c].sum(axis=1) for c, source in enumerate(names.sources)}
    return {
        (stage, source): ledger[:, s, c]
        for s, stage in enumerate(names.stages)
        for c, source in enumerate(names.sources)
    }


def effect_words(outcome: str | None, without: float, found: Paired) -> str:
    """ "orders +2.1 % (+1.2 to +3.0 %)": in the unit of the outcome where that is a share, or starts from nothing."""
    if outcome is None or not found.pairs:
        return ""
    unit = OUTCOMES[outcome][1]
    if unit == "share" or not without or not math.isfinite(without):
        scale, mark = (100.0, " points") if unit == "share" else (1.0, "" if unit == "-" else f" {unit}")
    else:
        scale, mark = 100.0 / abs(without), " %"
    mean, low, high = (_signed(x * scale) for x in (found.mean, found.low, found.high))
    return f"{outcome} {mean}{mark} ({low} to {high})"


def _signed(x: float) -> str:
    if not math.isfinite(x):
        return "?"
    digits = max(0, 2 - math.floor(math.log10(abs(x)))) if x else 0
    return f"{x:+,.{min(digits, 6)}f}" if abs(x) < 100 else f"{x:+,.0f}"


def _value(run: Run, outcome: str) -> float:
    if not run.good:
        raise RuntimeError(f"seed {int(run.seed)}: {run.failure or 'no time was left'}")
    return run.outcomes[outcome]


def _verdict(found: Paired, direction: str, least: float) -> str:
    if not math.isfinite(found.mean):
        return NO_VALUE
    if found.identical:
        return NOTHING
    low, high = (found.low, found.high) if direction == "up" else (-found.high, -found.low)
    if low > 0 and low >= least:
        return HOLDS
    return SMALLER if low > 0 else OPPOSITE if high < 0 else UNCLEAR
