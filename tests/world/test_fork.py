"""A world that goes on from the evening before day 1 under another strategy is the world lived from its first day."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from bodies import World
from worlds import busy, graph_of, same_bytes

from scenarios import random_world
from simlab.world.market import Market
from simlab.world.outcomes import outcomes
from simlab.world.terms import names_of


def eve(world: World) -> Market:
    """The evening before day 1."""
    market = Market(**world.arguments())
    while market.day < 0:
        market.step()
    return market


def same(one: Market, other: Market) -> bool:
    """To the bit, in what happened and in what is made of it."""
    return same_bytes(one, other) and repr(outcomes(one)) == repr(outcomes(other))


@pytest.mark.parametrize(
    "numbers", [range(40), pytest.param(range(40, 400), marks=pytest.mark.slow)], ids=len
)
def test_any_world_goes_on_as_if_it_had_been_lived_whoever_lived_its_past(numbers: range) -> None:
    """Every primitive at random. The past is lived by the strategy itself, or by the one that held until then."""
    shared = 0
    for number in numbers:
        world = random_world(random.Random(number))
        if not world.scenario.warmup.days:
            continue
        whole = Market(**world.arguments()).run()
        pasts = [world]
        if world.before is not None and names_of(world.before) == names_of(world.scenario, (), world.before):
            pasts.append(replace(world, scenario=world.before, before=None))
            shared += 1
        for past in pasts:
            assert same(eve(past).fork(world.scenario).run(), whole), number
    assert shared


def test_a_kept_evening_is_not_touched_by_those_who_go_on_from_it() -> None:
    scenario = busy({"warmup.days": 20, "horizon": 30})
    evening = eve(World(scenario, None, 3, graph_of(scenario), None))
    first, again = evening.fork(scenario), evening.fork(scenario)
    assert same(first.run(), again.run())
    assert evening.day == 0


def test_on_other_days_and_in_tests_there_is_no_fork() -> None:
    scenario = busy({"warmup.days": 20, "horizon": 30})
    started = Market(scenario, 3, graph_of(scenario))
    logged = Market(scenario, 3, graph_of(scenario), log_events=True)
    while logged.day < 0:
        logged.step()
    for market in (started, logged):
        with pytest.raises(ValueError, match="evening before day 1"):
            market.fork(scenario)
