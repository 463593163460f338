"""The terms of one day: what recurs by weekday, worked out once for the strategies in force, and what today adds."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import WEEKDAYS, Scenario
from simlab.world.cells import Numbers, senders_of
from simlab.world.company_terms import set_company
from simlab.world.contact_terms import appeal_of, automation, chance_of
from simlab.world.group_terms import set_kinds_day
from simlab.world.money_terms import set_offers_today
from simlab.world.records import Terms
from simlab.world.terms import Names


class Week:
    """The seven days of the strategies in force, one for each test cell.

    Attributes:
        cells, names: the strategies, and the ledger's axes.
        rules: all rules of all test cells, as they stand in the terms.
        rates: (7, C, K, S) chance that a touch is planned. chances: (7, R) of each rule.
        appeal: (K, G) factor of opening, but for novelty; `novel`: the touches whose appeal wears off.
    """

    def __init__(self, cells: Sequence[Scenario], names: Names) -> None:
        self.cells, self.names = tuple(cells), names
        self.own: list[tuple[Scenario, Numbers]] = list(zip(cells, names.numbers, strict=False))
        self.rules = automation(cells, names)
        self.rates = np.zeros((7, len(cells), len(names.touches), len(cells[0].stages)))
        self.chances = np.array([[chance_of(row, day) for row in self.rules] for day in WEEKDAYS])
        self.appeal = np.ones((len(names.touches), len(names.segments)))
        entries = [
            (number, g, touch, cell, segment)
            for cell, numbers in self.own for name, touch in cell.levers.touches.items()
            for number in numbers.copies(name) for g, segment in enumerate(names.segments)
        ]  # fmt: skip
        for number, g, touch, cell, segment in entries:
            self.appeal[number, g] = appeal_of(touch, cell, segment, 1)
        self.novel = [entry for entry in entries if entry[2].novelty is not None]
        for k, (cell, numbers) in enumerate(self.own):
            for weekday, name in enumerate(WEEKDAYS):
                self._plan(weekday, k, cell, numbers, name)

    def _plan(self, weekday: int, k: int, scenario: Scenario, numbers: Numbers, name: str) -> None:
        """One test cell's cadence on one weekday."""
        levers = scenario.levers
        for stage, cadence in levers.push.items():
            total = sum(cadence.mix.values())
            for touch, weight in cadence.mix.items():
                days = levers.touches[touch].days
                if name in days and total > 0:
                    rate = cadence.per_week * weight / total / len(set(days))
                    for number in numbers.copies(touch)[: senders_of(levers.touches[touch], levers.senders)]:
                        self.rates[weekday, k, number, self.names.stages.index(stage)] = rate

    def write(self, terms: Terms, weekday: int, day: int) -> None:
        """One day's cadence, rules and appeal enter the terms."""
        terms.rates[:] = self.rates[weekday]
        terms.rules["chance"] = self.chances[weekday]
        terms.appeal[:] = self.appeal
        for number, g, touch, cell, segment in self.novel:
            terms.appeal[number, g] = appeal_of(touch, cell, segment, day)


def set_day(
    terms: Terms, week: Week, day: int, first_day: int, stock_left: NDArray[np.int64],
    budget_left: NDArray[np.int64], rewards_left: NDArray[np.int64], demand: Sequence[float] = (),
) -> None:  # fmt: skip
    """Write one day's terms: season, calendar, cadence by weekday, and what the budgets still allow.

    A reward is promised only while a whole one can be paid; an offer is handed out only while its
    budget is not spent. Both stop hard.
    """
    now, scenario = terms.now, week.cells[0]
    date = scenario.start + datetime.timedelta(days=day - 1)
    weekday = date.weekday()
    season = scenario.calendar.weekdays.get(WEEKDAYS[weekday], 1.0)
    for factor in demand:  # of today's events
        season *= factor
    now["day"], now["season"] = day, season
    now["new_week"] = weekday == 0 or day == first_day
    now["new_month"] = date.day == 1 or day == first_day
    week.write(terms, weekday, day)
    terms.offers["open"] = (stock_left > 0) & (budget_left > 0)
    set_offers_today(terms, week.own, date)
    set_kinds_day(terms.kinds, scenario, day, WEEKDAYS[weekday])
    set_company(terms, week.cells, week.names, day, rewards_left)
