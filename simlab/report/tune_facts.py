"""What a `Tuning` says, cut into the numbers that words, tables and plots of its page share.

Chance (seeds) and what we do not know about people (sampled worlds) are kept apart throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simlab.lab.paired import over_worlds, range_name
from simlab.lab.tuning import Tuning
from simlab.report import levers
from simlab.report.series import Array
from simlab.scenario.experiments import Lever
from simlab.scenario.outcomes import OUTCOMES

_EACH_AND_ALL = {"customer_equity": "total_equity"}
"""Outcome per starting member: the same for the whole base."""


@dataclass(frozen=True)
class Gap:
    """A paired difference from the current strategy on report seeds.

    Attributes:
        outcome, unit: its name in `OUTCOMES` and its unit.
        mean, low, high: the difference and its 95 % interval of chance.
        p_better: chance that the arm is better; NaN if not given.
        pairs: seeds.
        current, level: mean level of the current strategy and of the arm.
    """

    outcome: str
    unit: str
    mean: float
    low: float
    high: float
    p_better: float
    pairs: int
    current: float
    level: float


@dataclass(frozen=True)
class Spread:
    """The uplift over sampled worlds: what we do not know about people.

    Attributes:
        values: mean uplift of each world, ascending.
        low, high: 5th to 95th percentile, lowest to highest with fewer than 10 worlds.
        median: the middle one.
        better: worlds in which the strategy is better than the current one.
    """

    values: Array
    low: float
    high: float
    median: float
    better: int

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def range_name(self) -> str:
        """What the range over worlds is."""
        return range_name(self.count)


@dataclass(frozen=True)
class Change:
    """One lever of a strategy beside the current one.

    Attributes:
        lever: what was searched.
        before, after: current value and that of the strategy.
        edge: "at the upper end" ... where the value lies on the bound of the searched range.
    """

    lever: Lever
    before: Any
    after: Any
    edge: str


def table(t: Tuning, name: str) -> pd.DataFrame:
    """A table of the tuning; empty where it has not got it."""
    frame = t.tables.get(name)
    return pd.DataFrame() if frame is None else frame


def first(t: Tuning) -> str:
    """The objective that decides."""
    return next(iter(t.objectives))


def sign(t: Tuning, outcome: str | None = None) -> float:
    """+1 where more is better, -1 where less is."""
    return -1.0 if t.objectives.get(outcome or first(t)) == "minimise" else 1.0


def unit(outcome: str) -> str:
    """The unit of an outcome; "" for one that this version does not know."""
    return OUTCOMES.get(outcome, ("", ""))[1]


def gap(t: Tuning, outcome: str, arm: str = "recommended") -> Gap | None:
    """The difference of an arm from the current strategy; None if it was not measured."""
    frame = table(t, "differences")
    if frame.empty:
        return None
    rows = frame[(frame["arm"] == arm) & (frame["outcome"] == outcome)]
    if rows.empty or not math.isfinite(rows["mean"].iloc[0]):
        return None
    row = rows.iloc[0]
    return Gap(outcome, unit(outcome), float(row["mean"]), float(row["low"]), float(row["high"]),
               float(row.get("p_better", math.nan)), int(row["pairs"]), float(row["current"]),
               float(row["level"]))  # fmt: skip


def headline(t: Tuning) -> str:
    """The outcome of the first number on the page: money of the whole base where there is such a thing."""
    return _EACH_AND_ALL.get(first(t), first(t))


def per_base(t: Tuning) -> float:
    """What one unit of the first objective is in the headline's: starting members of the real base, or 1."""
    if headline(t) == first(t):
        return 1.0
    whole, each = gap(t, headline(t)), gap(t, first(t))
    if whole is None or each is None or not each.current:
        return t.scenario.population.members * t.scenario.scale
    return whole.current / each.current


def spread(t: Tuning) -> Spread | None:
    """The headline's uplift over sampled worlds; None with fewer than two."""
    frame = table(t, "worlds")
    if frame.empty:
        return None
    rows = frame[(frame["arm"] == "recommended") & (frame["world"] > 0)]
    own = rows["uplift"].to_numpy(np.float64)
    own = np.sort(own[np.isfinite(own)]) * per_base(t)
    if len(own) < 2:
        return None
    low, median, high = over_worlds(own)
    return Spread(own, low, high, median, int((sign(t) * own > 0).sum()))


def changes(t: Tuning) -> list[Change]:
    """What the best strategy changes, what matters most first; empty without finalists."""
    if t.winner is None:
        return []
    found = [
        Change(x, x.current, t.winner[x.path], levers.on_bound(x, t.winner[x.path]))
        for x in t.levers
        if x.path in t.winner and not levers.same(x.current, t.winner[x.path])
    ]
    order = {path: k for k, path in enumerate(by_effect(t))}
    return sorted(found, key=lambda change: order[change.lever.path])


def kept(t: Tuning) -> list[Lever]:
    """Levers that were searched and are left as they are by the best strategy."""
    changed = {change.lever.path for change in changes(t)}
    return [x for x in t.levers if x.path not in changed] if t.winner is not None else list(t.levers)


def by_effect(t: Tuning) -> list[str]:
    """Paths of the levers, by their effect in the sensitivity design; in their own order without one."""
    paths = [x.path for x in t.levers]
    frame = table(t, "sensitivity")
    if frame.empty:
        return paths
    effect = dict(zip(frame["lever"], frame["effect"], strict=True))
    known = {path: effect.get(path, math.nan) for path in paths}
    return sorted(paths, key=lambda path: -known[path] if math.isfinite(known[path]) else math.inf)


def trials(t: Tuning) -> pd.DataFrame:
    """Finished trials."""
    frame = table(t, "trials")
    return frame if frame.empty else frame[frame["state"] == "complete"]


def winner_row(t: Tuning) -> pd.Series | None:
    """The winner among the finalists."""
    frame = table(t, "finalists")
    rows = frame[frame["winner"]] if not frame.empty else frame
    return None if rows.empty else rows.iloc[0]


def constraints(t: Tuning) -> list[str]:
    """Texts of the constraints, as the tables name them."""
    frame = table(t, "certificates")
    if not frame.empty:
        return list(dict.fromkeys(frame["constraint"]))
    return [c.removeprefix("bound:") for c in table(t, "finalists").columns if str(c).startswith("bound:")]
