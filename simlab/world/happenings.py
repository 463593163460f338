"""What happens to everybody: dated events by the calendar, random ones by a draw of the event's name and the day."""

from __future__ import annotations

import datetime

import numpy as np

from simlab.scenario.events import Event
from simlab.scenario.schema import Scenario
from simlab.world.draws import day_key, name_hash, user_key
from simlab.world.market_rules import begins
from simlab.world.market_terms import Effects, Happening, dated, effects_of, strength
from simlab.world.numerics import exp

NOBODY = 2**40
"""The 'user' whose draws say whether an event begins: no person has this id."""


def chance_today(event: Event, prevention: float) -> float:
    """Chance that a random event begins on a day, given what is spent per day to prevent it."""
    assert event.random is not None
    rate, half = event.random.per_year / 365.0, event.random.half_prevention
    if half is not None and prevention > 0:
        rate *= half / (half + prevention)
    return 1.0 - float(exp(-rate))


class Happenings:
    """The events of one seeded world, day by day; random ones begin from the valuation date on."""

    def __init__(self, scenario: Scenario, world: np.uint64) -> None:
        self.scenario = scenario
        self.key = np.uint64(user_key(world, NOBODY))  # compiled, it hands out a plain integer
        self.begun: dict[str, list[int]] = {}

    def effects(self, day: int, in_force: Scenario) -> Effects:
        """What goes on today, once for each day in turn."""
        events = self.scenario.calendar.events
        if not events:
            return effects_of((), ())
        date = self.scenario.start + datetime.timedelta(days=day - 1)
        going = []
        for event in events:
            found = dated(event, date) if event.random is None else self._random(event, day, in_force)
            if found is not None:
                going.append(found)
        return effects_of(going, self.scenario.levers.sources)

    def _random(self, event: Event, day: int, in_force: Scenario) -> Happening | None:
        assert event.random is not None
        if day < 1:
            return None
        days = self.begun.setdefault(event.name, [])
        chance = chance_today(event, in_force.levers.prevention.get(event.name, 0.0))
        key, name = np.uint64(day_key(self.key, day)), np.uint64(name_hash("event:" + event.name))
        today = bool(begins(key, name, chance))
        if today:
            days.append(day)
        if not days or day >= days[-1] + event.random.days:
            return None
        return Happening(event, strength(event, day - days[-1]), today)
