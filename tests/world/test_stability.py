"""Two hundred random worlds end in order: every number is finite, no stock is negative, everybody has a place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest

from scenarios import World, random_world
from simlab.scenario.schema import Scenario
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.records import LEFT, MEMBER, PROSPECT

DAYS = 30
MOST = 150


def stormy_worlds() -> Iterator[World]:
    """Random worlds of at most 150 people over 30 days, with crises, groups and contagion in each."""
    for number in count(20_000):
        world = random_world(random.Random(number))
        scenario = world.scenario
        if world.graph.n > MOST or not (scenario.crises and scenario.levers.groups):
            continue
        if scenario.behaviour.contagion.friend == 0:
            continue
        longer = scenario.model_dump() | {"horizon": DAYS - min(scenario.warmup.days, DAYS - 1)}
        yield replace(world, scenario=Scenario.model_validate(longer), before=None)


def is_in_order(market: Market) -> None:
    users, book = market.users, market.book
    for record in (users, book.groups, market.terms.now):
        for field in record.dtype.names:
            assert np.isfinite(record[field]).all(), field
    for name in ("stock", "counts", "stock_left", "rewards_left", "said"):
        assert (getattr(book, name) >= 0).all(), name
    assert np.isin(users["status"], (PROSPECT, MEMBER, LEFT)).all()
    assert (users["stage"][users["status"] == MEMBER] < len(market.names.stages) - 2).all()
    assert (book.ledger[..., M.members] >= 0).all()
    assert (book.ledger[..., M.reachable] <= book.ledger[..., M.members]).all()
    assert (book.ledger[..., M.members].sum(axis=(1, 2, 3)) == len(users)).all()
    counted = [metric for metric in M if not metric.name.endswith("_fen") and metric != M.affinity]
    assert (book.ledger[..., counted] >= 0).all()
    for field in ("fatigue", "exposure", "points"):
        assert (users[field] >= 0).all(), field
    assert (users["habit"] <= 1).all()


@pytest.mark.parametrize("worlds", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_storms_end_in_order(worlds: int) -> None:
    gone = angry = 0
    for world in islice(stormy_worlds(), worlds):
        market = Market(**world.arguments()).run()
        is_in_order(market)
        gone += int((market.users["status"] == LEFT).sum())
        angry += int(market.book.ledger[..., M.angered].sum())
    assert gone > 5 * worlds  # a storm it is
    assert angry > 5 * worlds
