"""One past for all strategies of a search: lived once, kept while there is room, and the answers stay the same."""

from __future__ import annotations

import pytest

from simlab.lab.ground import ground_of, shared_ground
from simlab.lab.library import SMALL, difference
from simlab.lab.past import before_of, with_past
from simlab.lab.pasts import Pasts, key_of, size_of
from simlab.scenario import Scenario, load, with_values
from simlab.scenario.library import arm as arm_of
from simlab.scenario.library import entry
from simlab.scenario.places import library_names
from simlab.world.market import Market
from simlab.world.outcomes import outcomes

CURRENT = load(
    "default", ["population.members=200", "population.prospects=400", "horizon=40", "warmup.days=30"]
).scenario
GROUND = ground_of(CURRENT)
AT_BIRTH = ("consent", "channels", "customer-data-platform", "device-data", "tags")
"""Mechanisms that are about what people bring along."""
MECHANISMS = [name if name in AT_BIRTH or k % 24 == 0 else pytest.param(name, marks=pytest.mark.slow)
              for k, name in enumerate(library_names())]  # fmt: skip


def arm(per_week: float) -> tuple[Scenario, Scenario | None]:
    """Another cadence for the active, and the past that it shares."""
    return with_past(with_values(CURRENT, {"levers.push.active.per_week": per_week}), CURRENT)


def lived(strategy: Scenario, before: Scenario | None, seed: int = 1) -> dict[str, float]:
    """Outcomes of a world lived from its first day."""
    return outcomes(Market(strategy, seed, GROUND.graph, GROUND.base, before).run())


def test_a_past_that_is_met_again_is_kept_and_the_answers_are_those_of_whole_worlds() -> None:
    pasts, days = Pasts(), []
    for per_week in (0.0, 2.0, 5.0, 7.0):
        strategy, before = arm(per_week)
        market = pasts.market(strategy, 1, GROUND, before)
        days.append(market.day)
        assert repr(outcomes(market.run())) == repr(lived(strategy, before))
    assert days == [-30, 0, 0, 0]
    assert len(pasts.kept) == 1


@pytest.mark.parametrize("name", MECHANISMS)
def test_whoever_lived_the_past_a_mechanism_does_the_same(name: str) -> None:
    """With each mechanism after a world without it, and without it after one with it: never a byte of the other."""
    without, having = (arm_of(entry(name), None, kind, SMALL).scenario for kind in ("without", "with"))
    ground = shared_ground(without)
    arms = (without, before_of(without)), with_past(having, without)
    for (first, its_past), (then, past) in (arms, arms[::-1]):
        pasts = Pasts()
        for _ in range(2):
            pasts.market(first, 1, ground, its_past)
        whole = Market(then, 1, ground.graph, ground.base, past).run()
        assert not difference(whole, pasts.market(then, 1, ground, past).run())


def test_seeds_and_horizons_have_pasts_of_their_own() -> None:
    keys = {key_of(with_values(CURRENT, {"horizon": horizon}), seed, GROUND, with_values(CURRENT, {"horizon": horizon}))
            for seed in (1, 2) for horizon in (40, 50)}  # fmt: skip
    assert len(keys) == 4


def test_no_past_is_shared_without_one_or_with_other_people_or_names() -> None:
    born_today = with_values(CURRENT, {"warmup.days": 0})
    calmer = with_values(CURRENT, {"behaviour.opt_out.mute": 0.001})
    alone = with_values(CURRENT, {"levers.sources": {}})
    assert key_of(born_today, 1, GROUND, born_today) is None
    assert key_of(calmer, 1, GROUND, CURRENT) is None
    assert key_of(alone, 1, GROUND, CURRENT) is None
    assert key_of(CURRENT, 1, GROUND, CURRENT) is not None


def test_room_is_limited_and_whom_nobody_asked_for_of_late_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def met(pasts: Pasts, *seeds: int) -> list[int]:
        for seed in seeds:
            pasts.market(CURRENT, seed, GROUND, None)
        return [key[2] for key in pasts.kept]

    one = size_of(Market(CURRENT, 1, GROUND.graph))
    pasts = Pasts(most=one + one // 2)
    assert met(pasts, 1, 2, 1, 2, 2) == [1]
    monkeypatch.setattr("simlab.lab.pasts.PATIENCE", 3)
    assert met(pasts, 2) == [2]
    assert met(Pasts(most=1000), 1, 1, 1) == []


def test_worlds_together_live_their_past_once_and_leave_nothing() -> None:
    """However little room there is, and though nobody met that past before."""
    pasts, days = Pasts(most=0), []
    strategies = [arm(per_week) for per_week in (0.0, 2.0, 5.0)]
    key = key_of(strategies[0][0], 1, GROUND, CURRENT)
    with pasts.together(key), pasts.together(key):
        for strategy, before in strategies:
            market = pasts.market(strategy, 1, GROUND, before)
            days.append(market.day)
            assert repr(outcomes(market.run())) == repr(lived(strategy, before))
    assert days == [0, 0, 0]
    assert not pasts.guests
    assert not pasts.kept
    assert pasts.market(strategies[0][0], 1, GROUND, strategies[0][1]).day == -30


def test_worlds_together_whose_past_is_kept_already_go_on_from_that() -> None:
    pasts = Pasts()
    strategy, before = arm(5.0)
    for _ in range(2):
        pasts.market(strategy, 1, GROUND, before)
    with pasts.together(key_of(strategy, 1, GROUND, CURRENT)):
        assert pasts.market(strategy, 1, GROUND, before).day == 0
        assert list(pasts.guests.values()) == [None]
    assert len(pasts.kept) == 1
