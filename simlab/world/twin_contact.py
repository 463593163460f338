"""Contact in the twin: channels, automation, schemes and tasks, told in plain Python from what they mean."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np

from simlab.scenario.contact import Rule, Scheme
from simlab.scenario.schema import WEEKDAYS, Scenario
from simlab.scenario.stages import OBSERVABLES
from simlab.world.contact_rules import fit_of, is_noticed, practise
from simlab.world.contact_terms import channel_order, quota_slots
from simlab.world.draws import name_hash
from simlab.world.metrics import M
from simlab.world.rules import belongs, is_planned, observe

if TYPE_CHECKING:
    from simlab.world.twin_customer import Customer


class Contact:
    """What the operator's systems know and do about one person.

    Attributes:
        sent_over: date and channel of each message so far, where there are several channels.
        tasks, done: tasks that reached the person today, and practice from those that were done.
    """

    def __init__(self, person: Customer) -> None:
        self.person = person
        self.sent_over: list[tuple[datetime.date, str]] = []
        self.tasks = 0
        self.done: list[float] = []

    # Automation -------------------------------------------------------------------------

    def calls(self) -> dict[int, int]:
        """Touches that rules call for this morning, by number, and what their rules cost in fen."""
        person, market = self.person, self.person.market
        found: dict[int, int] = {}
        numbers = market.names.numbers[int(person.user["cell"])]
        levers = market.strategy_of(person).levers
        for name, rule in levers.rules.items():
            if WEEKDAYS[market.today.weekday()] in levers.touches[rule.touch].days and self.fires(name, rule):
                person.count(M.fired)
                touch = numbers.touches[rule.touch]
                found[touch] = found.get(touch, 0) + round(rule.cost * 100)
        return found

    def fires(self, name: str, rule: Rule) -> bool:
        """Whether this is an occasion of a rule, and noticed."""
        person, market = self.person, self.person.market
        mine = 1 << int(person.user["cell"])
        record = next(
            r for r in market.terms.rules if r["name"] == name_hash("rule:" + name) and int(r["cells"]) & mine
        )
        if rule.clock is None:
            days = market.strategy_of(person).levers.touches[rule.touch].days
            if not is_planned(person.key, record["name"], rule.per_week / len(set(days))):
                return False
        elif not is_occasion(rule, self.shown(rule.clock)):
            return False
        return self.is_for(rule) and bool(is_noticed(person.key, record))

    def shown(self, clock: str) -> int:
        """What a clock shows today; -1 where it does not run."""
        number = list(OBSERVABLES).index(clock)
        days = int(observe(self.person.user, self.person.market.day, number))
        return days if 0 <= days < 36_500 else -1

    def is_for(self, rule: Rule) -> bool:
        """Whether the rule is for this person."""
        market, u = self.person.market, self.person.user
        for condition in rule.who:
            if condition.op == "in":
                if self.place(condition.table) not in condition.names:
                    return False
                continue
            seen = int(observe(u, market.day, list(OBSERVABLES).index(condition.observable)))
            if not (seen >= condition.value if condition.op == ">=" else seen <= condition.value):
                return False
        return True

    def place(self, table: str) -> str:
        """The name of the person's place in a table."""
        scenario, u = self.person.market.scenario, self.person.user
        if table == "stage":
            return scenario.stages[int(u["stage"])].name
        if table == "tag":
            return ("none", *scenario.population.topics)[int(u["tag"])]
        number = list(scenario.schemes).index(table)
        return scenario.schemes[table].places[int(u["layers"]) // 256**number % 256].name

    # Schemes ----------------------------------------------------------------------------

    def look_up_places(self, joining: bool) -> None:
        """Each scheme is looked up on its days, and on joining."""
        market, u = self.person.market, self.person.user
        for number, scheme in enumerate(market.scenario.schemes.values()):
            if not joining and (market.day - 1) % scheme.refresh:
                continue
            old = int(u["layers"]) // 256**number % 256
            new = self.first_row(scheme, number)
            if not joining and not scheme.downgrade:
                new = min(old, new)
            u["layers"] = int(u["layers"]) + (new - old) * 256**number

    def first_row(self, scheme: Scheme, number: int) -> int:
        """The first row of a scheme that holds; the last one always does."""
        market, u = self.person.market, self.person.user
        terms = market.terms
        first = int(terms.schemes[number]["first"])
        for row in range(len(scheme.places)):
            begin, end = terms.scheme_first[first + row], terms.scheme_first[first + row + 1]
            if belongs(u, market.day, terms.conditions, begin, end):
                return row
        raise AssertionError("the last row has no condition")

    # Channels ---------------------------------------------------------------------------

    def way(self, wanted: str | None) -> tuple[str | None, bool]:
        """The channel that a touch takes, or None; and whether only a quota stands against it."""
        market = self.person.market
        channels = market.strategy_of(self.person).levers.channels
        full = False
        for number, name in enumerate(channel_order(market.in_force)):
            if wanted not in (None, name) or int(self.person.user["closed"]) >> number & 1:
                continue
            quota, today = channels[name].quota_per_month, market.today
            sent = sum(
                (date.year, date.month, over) == (today.year, today.month, name)
                for date, over in self.sent_over
            )
            if quota is None or sent < quota:
                return name, False
            full = True
        return None, full

    def used_today(self) -> int:
        """Channels of today's messages, as bits."""
        market = self.person.market
        today = {over for date, over in self.sent_over if date == market.today}
        return sum(1 << number for number, name in enumerate(channel_order(market.in_force)) if name in today)

    def write_down(self, channel: str) -> None:
        """One message more over a channel; those with a quota keep count in the record."""
        market, u = self.person.market, self.person.user
        self.sent_over.append((market.today, channel))
        slots = quota_slots(market.in_force)
        if channel in slots:
            u["sent_quota"] = int(u["sent_quota"]) + 16 ** slots[channel]

    def begin_quotas(self, before: Scenario) -> None:
        """Another strategy begins: where it brings a quota, messages count from today."""
        counted = quota_slots(before)
        self.sent_over = [(date, channel) for date, channel in self.sent_over if channel in counted]

    # Tasks and topics -------------------------------------------------------------------

    def count_topic(self, touch: np.void) -> None:
        """Whether a touch is about what the person cares for; nothing without a topic."""
        fit = int(fit_of(self.person.user, self.person.key, touch, self.person.now))
        if fit:
            self.person.count(M.matched if fit == 1 else M.mismatched)

    def meet_task(self, practice: float, done: bool) -> None:
        """A task reached the person, who did it or did not."""
        self.tasks += 1
        self.done += [practice] * done

    def finish_tasks(self) -> None:
        """The day's tasks feed the habit, or break the streak."""
        if self.tasks:
            practise(self.person.user, bool(self.done), sum(self.done), self.person.now)
            self.person.count(M.tasks, bool(self.done))
        self.tasks, self.done = 0, []


def is_occasion(rule: Rule, shown: int) -> bool:
    """Whether a clock that shows this many days is at one of a rule's occasions."""
    if shown < 0:
        return False
    start = max(rule.after, 1) if rule.clock in ("tenure", "idle", "since_order") else rule.after
    passed = start - shown if rule.clock == "plan_left" else shown - start
    if rule.every is None:
        return passed == 0
    occasions = range(0, 40_000, rule.every)
    return passed in (occasions if rule.times is None else occasions[: rule.times])
