"""What a strategy asks people, from the day on which it begins: channels, consent, and what is to be known of them.

People are born under what held before (`simlab.lab.past`), so that no strategy is credited with what it would have
asked before it existed. When another one begins, those who have not joined answer it as if it had always been there,
by the same keyed draws. Members subscribe to its channels by those draws too, but what they have muted stays muted, and
the operator learns of them what it did not know yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.contact_births import all_of, subscribed
from simlab.world.contact_terms import channel_order, quota_slots
from simlab.world.graph import Graph
from simlab.world.people import Base, born
from simlab.world.records import MEMBER, PROSPECT

ASKED = ("channels", "consent", "tagging")
"""Levers that are questions to people."""
ANSWERS = ("closed", "muted", "trust", "tag")
"""Fields that hold what those answered who have not joined; nothing else has moved these fields of theirs."""


def asks_alike(one: Scenario, other: Scenario) -> bool:
    """Whether two strategies ask people the same; what a message over a channel costs or does is no question."""
    return _questions(one) == _questions(other)


def _questions(scenario: Scenario) -> tuple[Any, ...]:
    return _reach(scenario), scenario.levers.consent, scenario.levers.tagging


def _reach(scenario: Scenario) -> dict[str, float]:
    return {name: channel.reach for name, channel in scenario.levers.channels.items()}


def asking_as(scenario: Scenario, before: Scenario) -> Scenario:
    """The scenario with the questions of the one before it: under which people are born."""
    if asks_alike(scenario, before):
        return scenario
    asked = {part: getattr(before.levers, part) for part in ASKED}
    return scenario.model_copy(update={"levers": scenario.levers.model_copy(update=asked)})


def ask_anew(
    users: NDArray[np.void], scenario: Scenario, before: Scenario, graph: Graph, seed: int, base: Base | None, day: int
) -> None:  # fmt: skip
    """Everybody answers a strategy that begins today, and asks other questions than the one before."""
    answers = born(scenario, graph, seed, base).users
    waiting = users["status"] == PROSPECT
    for name in ANSWERS:
        users[name][waiting] = answers[name][waiting]
    unknown = (users["status"] == MEMBER) & (users["tag"] == 0)
    users["tag"][unknown] = answers["tag"][unknown]
    users["stage_until"][unknown] = day  # a stage may look at tags
    if _reach(scenario) != _reach(before):
        _subscribe_anew(users, scenario, before, seed)


def _subscribe_anew(users: NDArray[np.void], scenario: Scenario, before: Scenario, seed: int) -> None:
    """Members subscribe to other channels, but those stay out of reach who have shut the last one that was open."""
    then, now = channel_order(before), channel_order(scenario)
    closed_then, deaf_then = subscribed(before, seed, len(users))
    closed, deaf = subscribed(scenario, seed, len(users))
    refused = users["muted"].astype(bool) & ~deaf_then
    muted = users["closed"] & ~closed_then
    for number, name in enumerate(now):
        if name in then:
            closed |= (muted >> then.index(name) & 1) << number
    closed[refused] = all_of(now)
    deaf = closed == all_of(now) if now else deaf | refused
    member = users["status"] == MEMBER
    users["closed"][member], users["muted"][member] = closed[member], deaf[member]


def carry_quotas(users: NDArray[np.void], scenario: Scenario, before: Scenario) -> None:
    """This month's messages stay counted in channels with a quota under both; where it is new it counts from today."""
    then, now = quota_slots(before), quota_slots(scenario)
    if then == now:
        return
    sent = users["sent_quota"].copy()
    users["sent_quota"] = 0
    for name, slot in now.items():
        if name in then:
            users["sent_quota"] |= (sent >> 4 * then[name] & 15) << 4 * slot
