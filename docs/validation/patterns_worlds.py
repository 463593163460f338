"""The worlds in which patterns are looked for, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.lab.laws.worlds import Arm, Seen, sized
from simlab.lab.past import with_past
from simlab.scenario import Scenario, library
from simlab.scenario.files import compose
from simlab.world.market import Market
from simlab.world.records import Event

MEMBERS = 2_000
"""Members of every world; prospects, exposures and budgets in proportion."""
PEOPLE: dict[str, dict[str, Any]] = {
    # friends on a messenger: whoever is a member can be reached
    "mother-baby": {"population.opted_in": "100%"},
    # the claims are about a brand whose customers order 2.3 times a year without a programme
    "beauty": {
        "population.segments.学生.orders.per_year": 1.8,
        "population.segments.白领.orders.per_year": 2.2,
        "population.segments.敏感肌.orders.per_year": 2.6,
    },
}
"""Where people are not as in the shipped file: one set for all patterns of a scenario, by level, never by effect."""

# Worlds ------------------------------------------------------------------------------------------


def scene(
    world: str = "default", mechanisms: Sequence[str] = (), values: Mapping[str, Any] | None = None,
    settings: Sequence[str] = (), days: int | None = None, members: int | None = None,
) -> Scenario:  # fmt: skip
    """A shipped scenario with mechanisms of the library laid over it.

    Args:
        world: its name. mechanisms: fragments by name. values: further values by dotted path.
        settings: fragments whose setting holds, too. days: horizon.
    """
    under: dict[str, Any] = {}
    for name in (*settings, *mechanisms):
        under |= _setting(name)
    pieces = [(library.entry(name).file, f"library/{name}.yaml") for name in mechanisms]
    given = PEOPLE.get(world, {}) | dict(values or {}) | ({} if days is None else {"horizon": days})
    scenario = compose(world, pieces, under=under, overrides=[f"{k}={v}" for k, v in given.items()]).scenario
    scenario = scenario.model_copy(update={"uncertainties": {}, "constraints": (), "seeds": 1})
    return sized(scenario, members or MEMBERS)


def _setting(name: str) -> dict[str, Any]:
    """What both arms of a fragment have, as nodes by path."""
    own, _ = library._read(library.entry(name).file, name)
    block = own.value["mechanism"].value.get("setting")
    return dict(block.value) if block is not None and isinstance(block.value, dict) else {}


def arm(scenario: Scenario, control: Scenario | None = None, **more: Any) -> Arm:
    """An arm that lived under the control's strategy until day 0."""
    if control is None or control is scenario:
        return Arm(scenario, **more)
    own, before = with_past(scenario, control)
    return Arm(own, before, **more)


def newborn(scenario: Scenario) -> Scenario:
    """The same people, all joined on the eve of day 1."""
    people = scenario.population.model_copy(update={"tenure": 0})
    return scenario.model_copy(
        update={"population": people, "warmup": scenario.warmup.model_copy(update={"days": 0})}
    )


# Who ---------------------------------------------------------------------------------------------


def on_eve(seen: Seen) -> NDArray[np.bool_]:
    """(N,) members on the eve of day 1."""
    return np.asarray(seen.at[0]["status"] == 1)


def reached_on_eve(seen: Seen) -> NDArray[np.bool_]:
    """(N,) members on the eve who can be reached."""
    return on_eve(seen) & np.asarray(seen.at[0]["muted"] == 0)


def newcomers(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """(N,) who joined on the eve of day 1, in a world of newcomers; prospects have never joined."""
    return np.asarray((records["status"] != 0) & (records["joined"] == 0) & (records["source"] == 0))


def days_since(records: NDArray[np.void], field: str, day: int) -> NDArray[np.int64]:
    """(N,) days since a field's day."""
    return day - records[field].astype(np.int64)


# What --------------------------------------------------------------------------------------------


def activity(seen: Seen, first: int, last: int | None = None) -> float:
    """Mean daily share of members who are active."""
    return seen.total("active", first, last) / max(seen.total("members", first, last), 1)


def came(seen: Seen, day: int) -> float:
    """Share of newcomers who came by, answered or ordered until a day."""
    records = seen.at[day]
    return float((records["last_seen"][newcomers(records)] > 0).mean())


def blocked(seen: Seen) -> float:
    """Share of those who could be reached on the eve who have muted or left since."""
    gone = (seen.users["status"] == 2) | (seen.users["muted"] == 1)
    return float(gone[reached_on_eve(seen)].mean())


def value_of(seen: Seen, who: NDArray[np.bool_]) -> float:
    """Yuan that a group brought since the eve, per head."""
    return float((seen.users["net"][who] - seen.at[0]["net"][who]).mean()) / 100.0


def orders_since(seen: Seen, who: NDArray[np.bool_]) -> float:
    """Orders of a group since the eve, per head."""
    return float((seen.users["orders"][who].astype(int) - seen.at[0]["orders"][who]).mean())


def happened(seen: Seen, *codes: Event) -> NDArray[np.int64]:
    """(E, 4) logged events of these kinds from day 1 on: day, user, code, value."""
    events = seen.events
    return events[(events[:, 0] > 0) & np.isin(events[:, 2], codes)]


def counts(seen: Seen, code: Event) -> NDArray[np.int64]:
    """(N,) events of a kind by user."""
    return np.bincount(happened(seen, code)[:, 1], minlength=len(seen.users))


def first_day(seen: Seen, *codes: Event) -> NDArray[np.int64]:
    """(N,) day of the first event of these kinds; a far day for never."""
    found = np.full(len(seen.users), 10**6, np.int64)
    events = happened(seen, *codes)
    np.minimum.at(found, events[:, 1], events[:, 0])
    return found


def interested(seen: Seen) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(N,) newcomers whose first visit or answer came within 30 days, before any order; and who of them ordered
    within 60 days of it."""
    first, bought = first_day(seen, Event.VISIT, Event.INTERACT), first_day(seen, Event.ORDER)
    there = on_eve(seen) & (first <= np.minimum(30, bought))
    return there, there & (bought <= first + 60)


class Visits:
    """Days on which each was seen."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.days = np.zeros(len(market.users), np.int32)

    def evening(self) -> None:
        """Count who was here today."""
        users, day = self.market.users, self.market.day
        if day > 0:
            self.days += (users["last_seen"] == day) & (users["status"] == 1)

    def close(self) -> None:
        """Let the market go."""
        del self.market
