"""The part of the terms that is about contact: touches by kind, automation, channels, schemes, topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.audiences import TAGGED, places_of
from simlab.scenario.contact import Rule
from simlab.scenario.errors import InputError, Problem
from simlab.scenario.schema import Scenario
from simlab.scenario.stages import OBSERVABLES, Condition
from simlab.scenario.strategy import Touch
from simlab.world.cells import PROMOTIONAL
from simlab.world.contact_rules import NO_TOPIC
from simlab.world.contact_rules import TAGGED as BY_TAG
from simlab.world.draws import name_hash
from simlab.world.numerics import power
from simlab.world.records import CHANNEL, RULE, SCHEME
from simlab.world.rules import IN_SCHEME, IN_STAGE, IN_TAG, ONE_OF

if TYPE_CHECKING:
    from simlab.world.terms import Conditions, Names

MOST_RULES = 60
"""Rules of all test cells together: the engine keeps one bit for each."""
NO_END = 2**40
FROM_ONE = ("tenure", "idle", "since_order")
"""Clocks that show 1 on the first morning after what started them."""
FALLING = ("plan_left",)
_NUMBER = {name: number for number, name in enumerate(OBSERVABLES)}
_KINDS = ("emotional", "service", "mixed", "task", "live")


def fen(yuan: float) -> int:
    """Yuan to whole fen."""
    return round(yuan * 100)


# Touches ---------------------------------------------------------------------------------


def write_touch(row: np.void, touch: Touch, scenario: Scenario, channels: Sequence[str]) -> None:
    """What a touch costs and gives: by its kind, as far as it does not say itself."""
    b = scenario.behaviour
    if touch.kind in _KINDS:
        cost, exposure, trust, answer = (
            getattr(b.kinds, f"{touch.kind}_{part}") for part in ("cost", "exposure", "trust", "answer")
        )
        habit = b.kinds.task_habit if touch.kind == "task" else 0.0
    else:
        promo = touch.kind == "promo"
        cost = b.attention.promo_cost if promo else b.attention.value_cost
        exposure = 1.0 if promo else b.exposure.value_weight
        trust = -b.trust.promo_loss if promo else b.trust.value_gain
        answer, habit = 1.0, 0.0
    row["fatigue"] = cost if touch.fatigue is None else touch.fatigue
    if touch.hour is not None and not 8 <= touch.hour < 22:
        row["fatigue"] *= b.kinds.night_cost
    row["exposure"] = exposure if touch.exposure is None else touch.exposure
    row["trust"] = trust if touch.trust is None else touch.trust
    row["answer"] = answer if touch.answer is None else touch.answer
    row["habit"] = habit if touch.habit is None else touch.habit
    row["promo"] = touch.kind in PROMOTIONAL
    row["channel"] = channels.index(touch.channel) if touch.channel in channels else -1
    topics = list(scenario.population.topics)
    if touch.topic is not None:
        row["topic"] = BY_TAG if touch.topic == TAGGED else 1 + topics.index(touch.topic)
    else:
        row["topic"] = NO_TOPIC
    row["quiz"] = touch.quiz
    row["hour"] = -1 if touch.hour is None else touch.hour


def appeal_of(touch: Touch, scenario: Scenario, segment: str, day: int) -> float:
    """Today's factor of opening a touch in a segment: the touch itself, its form, its hour, its novelty."""
    factor = touch.appeal
    if touch.placement != "message":
        factor *= getattr(scenario.behaviour.placement, touch.placement)
    persona = scenario.population.segments[segment].persona
    if touch.hour is not None and persona is not None:
        factor *= scenario.population.personas[persona].availability(touch.hour)
    if touch.novelty is not None:
        left = float(power(0.5, max(day - 1, 0) / touch.novelty.half_life)) if day > 1 else 1.0
        factor *= touch.novelty.floor + (1.0 - touch.novelty.floor) * left
    return factor


# Automation ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Automation:
    """One rule as it stands in the terms: whose it is, and on which touch (by number)."""

    name: str
    rule: Rule
    touch: int
    days: tuple[str, ...]  # weekdays of that touch
    cells: int  # bit set of the test cells in which it holds


def automation(cells: Sequence[Scenario], names: Names) -> list[Automation]:
    """All rules of all test cells, by touch, then by name; what is the same in two cells stands once."""
    found: dict[tuple[int, str, Rule], int] = {}
    weekdays: dict[int, tuple[str, ...]] = {}
    for cell, (scenario, numbers) in enumerate(zip(cells, names.numbers, strict=False)):
        for name, rule in scenario.levers.rules.items():
            touch = numbers.touches[rule.touch]
            weekdays[touch] = scenario.levers.touches[rule.touch].days
            key = (touch, name, rule)
            found[key] = found.get(key, 0) | 1 << cell
    if len(found) > MOST_RULES:
        raise InputError(
            Problem("test cells", f"{len(found)} different rules in all cells", f"Use at most {MOST_RULES}.")
        )
    rows = [
        Automation(name, rule, touch, weekdays[touch], bits) for (touch, name, rule), bits in found.items()
    ]
    return sorted(rows, key=lambda row: (row.touch, row.name, row.cells))


def rule_table(rows: list[Automation], conditions: Conditions) -> NDArray[np.void]:
    """The rules as records; today's chance comes from the `Week`."""
    table = np.zeros(len(rows), RULE)
    for record, row in zip(table, rows, strict=True):
        rule = row.rule
        record["name"] = name_hash("rule:" + row.name)
        record["share"], record["cells"], record["cost"] = rule.share, row.cells, fen(rule.cost)
        record["first"], record["last"] = conditions.add(rule.who)
        record["clock"] = -1 if rule.clock is None else _NUMBER[rule.clock]
        record["falling"] = rule.clock in FALLING
        record["after"] = max(rule.after, 1) if rule.clock in FROM_ONE else rule.after
        record["touch"], record["every"] = row.touch, rule.every or 1
        record["span"] = days_of_occasions(rule)
    return table


def days_of_occasions(rule: Rule) -> int:
    """Days from the first occasion of a rule with a clock to its last, both counted."""
    if rule.every is None:
        return 1
    return NO_END if rule.times is None else min(rule.every * (rule.times - 1) + 1, NO_END)


def rule_bounds(rows: list[Automation], touches: int) -> NDArray[np.int64]:
    """(K + 1,) number of the first rule of each touch."""
    return np.searchsorted([row.touch for row in rows], np.arange(touches + 1)).astype(np.int64)


def chance_of(row: Automation, weekday: str) -> float:
    """Chance of a rule on a weekday: by its rate; with a clock 1 on the weekdays of its touch, else 0."""
    if weekday not in row.days:
        return 0.0
    return 1.0 if row.rule.clock is not None else row.rule.per_week / len(set(row.days))


# Channels, schemes -----------------------------------------------------------------------


def channel_order(scenario: Scenario) -> tuple[str, ...]:
    """Channels from the widest to the narrowest: the order in which an open one is looked for."""
    return tuple(
        sorted(scenario.levers.channels, key=lambda name: (-scenario.levers.channels[name].reach, name))
    )


def quota_slots(scenario: Scenario) -> dict[str, int]:
    """Where in a user's record the messages of a channel with a quota are counted, by its name."""
    channels = scenario.levers.channels
    limited = [name for name in channel_order(scenario) if channels[name].quota_per_month is not None]
    return {name: slot for slot, name in enumerate(limited)}


def channel_table(scenario: Scenario) -> NDArray[np.void]:
    """The channels of a strategy as records, from the widest to the narrowest."""
    order, slots = channel_order(scenario), quota_slots(scenario)
    table = np.zeros(len(order), CHANNEL)
    for record, name in zip(table, order, strict=True):
        channel = scenario.levers.channels[name]
        record["seen"], record["open"], record["cost"] = channel.seen, channel.open, fen(channel.cost)
        record["slot"], record["quota"] = slots.get(name, -1), channel.quota_per_month or 0
    return table


def scheme_tables(scenario: Scenario, conditions: Conditions) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The schemes as records, and the first condition of each of their places (and the end of the last)."""
    table = np.zeros(len(scenario.schemes), SCHEME)
    firsts: list[int] = []
    for record, scheme in zip(table, scenario.schemes.values(), strict=True):
        record["first"], record["places"] = len(firsts), len(scheme.places)
        record["refresh"], record["downgrade"] = scheme.refresh, scheme.downgrade
        firsts += [conditions.add(place.when)[0] for place in scheme.places]
        firsts.append(len(conditions.rows))
    return table, np.array(firsts, np.int64)


def place_condition(condition: Condition, scenario: Scenario) -> tuple[int, int, int]:
    """A condition on places as a row of the table: observable, comparison, bits."""
    places = places_of(scenario)[condition.table]
    bits = sum(1 << place for place, name in enumerate(places) if name in condition.names)
    number = {"stage": IN_STAGE, "tag": IN_TAG}.get(condition.table)
    if number is None:
        number = IN_SCHEME + list(scenario.schemes).index(condition.table)
    return number, ONE_OF, bits


# Numbers of the day ----------------------------------------------------------------------


def contact_numbers(scenario: Scenario, keep: Any) -> dict[str, float]:
    """What the rules of contact need, by name in NOW."""
    b, levers = scenario.behaviour, scenario.levers
    habit, topics, quiet = b.habit, b.topics, levers.caps.quiet
    values = {
        "habit_keep": keep(habit.half_life), "habit_visits": habit.visits, "habit_orders": habit.orders,
        "habit_break": habit.break_loss, "streak_bonus": habit.streak_bonus,
        "learn": levers.tagging.learn if levers.tagging is not None else 0.0,
        "coverage": levers.observation.coverage, "topics": len(scenario.population.topics),
        "quiet_hours": 0 if quiet is None else sum(1 << hour for hour in range(24) if quiet.holds(hour)),
    }  # fmt: skip
    for name in ("open", "answer", "fatigue", "exposure"):
        values[f"match_{name}"] = getattr(topics, f"match_{name}")
        values[f"mismatch_{name}"] = getattr(topics, f"mismatch_{name}")
    return values


def running_cost(scenario: Scenario, day: int) -> int:
    """Fen that tagging costs on a day: its set-up on day 1, and its running."""
    tagging = scenario.levers.tagging
    if tagging is None or day < 1:
        return 0
    return fen(tagging.running) + (fen(tagging.setup) if day == 1 else 0)


def month_cap(scenario: Scenario) -> int:
    """Touches a month that no user may exceed: senders who share nothing hold their own caps, the platform only one."""
    caps, senders = scenario.levers.caps, scenario.levers.senders
    month = caps.per_month * (1 if senders.shared else senders.count)
    return month if caps.quota_per_month is None else min(month, caps.quota_per_month)
