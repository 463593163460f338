"""What contact needs to know of people at birth: channels they subscribe to, interests, tags, consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.compiled import rule
from simlab.world.contact_terms import channel_order
from simlab.world.draws import (
    BIRTH_DAY,
    Purpose,
    day_key,
    name_hash,
    named_uniform,
    seed_key,
    uniform,
    uniforms,
    user_key,
)
from simlab.world.numerics import normal_quantile
from simlab.world.records import PROSPECT

CHANNEL, CONFIRM, TAG, WRONG_TAG, TAG_CONSENT = (int(p) for p in (
    Purpose.CHANNEL, Purpose.CONFIRM, Purpose.TAG, Purpose.WRONG_TAG, Purpose.TAG_CONSENT))  # fmt: skip
INTEREST = int(Purpose.INTEREST)


@rule
def subscribe_to(closed, world, number, name, reach):
    """One channel: who does not subscribe to it."""
    for i in range(closed.size):
        if named_uniform(day_key(user_key(world, i), BIRTH_DAY), CHANNEL, name) >= reach:
            closed[i] |= 1 << number


@rule
def confirm(users, world, share, trust, everything):
    """Of those who may join, some do not confirm that they want messages; the others trust more."""
    for i in range(users.size):
        u = users[i]
        if u.status != PROSPECT:
            continue
        u.trust = min(trust, max(0.0, 0.99 - u.affinity))
        if uniform(day_key(user_key(world, i), BIRTH_DAY), CONFIRM) >= share:
            u.closed = everything
            u.muted = 1


@rule
def assign_interests(users, scores, upto):
    """Interests by the quantile of a shared score: friends often care about the same."""
    for i in range(users.size):
        row = upto[users[i].segment]
        k = 0
        while k < row.size - 1 and scores[i] > row[k]:
            k += 1
        users[i].interest = 1 + k


@rule
def assign_tags(users, world, topics, profile, wrong, allowed):
    """What the operator believes at first: right, wrong, or nothing; nothing of newcomers who do not allow it."""
    for i in range(users.size):
        u = users[i]
        key = day_key(user_key(world, i), BIRTH_DAY)
        if u.status == PROSPECT and uniform(key, TAG_CONSENT) >= allowed:
            continue
        x = uniform(key, TAG)
        if x < profile:
            u.tag = u.interest
        elif topics > 1 and x < profile + (1.0 - profile) * wrong:
            other = 1 + np.int64(uniform(key, WRONG_TAG) * (topics - 1))
            u.tag = other + 1 if other >= u.interest else other


def subscribed(scenario: Scenario, seed: int, n: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """(n,) channels that are closed at birth, as bits, and (n,) whether somebody cannot be reached at all."""
    world, order = np.uint64(seed_key(seed)), channel_order(scenario)
    closed = np.zeros(n, np.uint8)
    for number, name in enumerate(order):
        label = np.uint64(name_hash("channel:" + name))
        subscribe_to(closed, world, number, label, scenario.levers.channels[name].reach)
    if order:
        return closed, closed == all_of(order)
    asked = uniforms(seed, np.arange(n), BIRTH_DAY, Purpose.OPTED_IN)
    return closed, asked >= scenario.population.opted_in


def all_of(order: Sequence[str]) -> np.uint8:
    """All channels, as bits."""
    return np.uint8((1 << len(order)) - 1)


def subscribe(users: NDArray[np.void], world: np.uint64, scenario: Scenario, seed: int) -> None:
    """Channels are open for those who subscribe; whom none reaches is muted. Without channels nothing changes."""
    order = channel_order(scenario)
    if order:
        users["closed"], users["muted"] = subscribed(scenario, seed, len(users))
    if scenario.levers.consent.double:
        response = scenario.behaviour.consent
        confirm(users, world, response.confirm, response.trust, np.int64(all_of(order)))


def take_interests(
    users: NDArray[np.void],
    world: np.uint64,
    scenario: Scenario,
    scores: Callable[[int], NDArray[np.float64]],
) -> None:
    """Interests by segment, and the operator's first tags."""
    population, tagging = scenario.population, scenario.levers.tagging
    if not population.topics:
        return
    upto = np.zeros((len(population.segments), len(population.topics)))
    for row, segment in zip(upto, population.segments.values(), strict=True):
        weights = segment.interests or population.topics
        total = sum(weights.values())
        reached = 0.0
        for k, topic in enumerate(population.topics):
            reached += weights.get(topic, 0.0) / total
            row[k] = normal_quantile(min(max(reached, 1e-15), 1.0 - 1e-15))
    assign_interests(users, scores(INTEREST), upto)
    if tagging is not None:
        allowed = scenario.levers.consent.tags
        assign_tags(users, world, len(population.topics), tagging.profile, tagging.wrong, allowed)
