"""One past for all arms: on the eve of day 1 they are the same world, whatever they do from day 1 on."""

from __future__ import annotations

import numpy as np
import pytest

from simlab.lab.ground import ground_of
from simlab.lab.past import nothing, same_people, with_past
from simlab.scenario import Scenario, load, with_values
from simlab.world.market import Market

SMALL = ["population.members=200", "population.prospects=500", "horizon=30", "warmup.days=25"]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("default", SMALL).scenario


def eve(arm: Scenario, before: Scenario | None) -> np.ndarray:
    market = Market(arm, 3, ground_of(arm).graph, None, before)
    for _ in range(arm.warmup.days):
        market.step()
    return market.users.copy()


def test_arms_share_the_eve_of_day_one(scenario: Scenario) -> None:
    arms = [
        scenario,
        with_values(scenario, {"levers.push.active.per_week": 6, "levers.offers.coupon.depth": 0.3}),
        with_values(scenario, {"levers.referral": None}),
        nothing(scenario),
    ]
    base = eve(*with_past(scenario, scenario))
    for arm in arms:
        assert np.array_equal(eve(*with_past(arm, scenario)), base)


def test_without_it_they_would_not(scenario: Scenario) -> None:
    arm = with_values(scenario, {"levers.push.active.per_week": 6})
    assert not np.array_equal(eve(arm, None), eve(scenario, None))


def test_an_arm_may_bring_its_own_touches_and_offers(scenario: Scenario) -> None:
    arm = with_values(scenario, {
        "levers.offers.deep": {"depth": 0.3}, "levers.touches.sale": {"kind": "promo", "offer": "deep"},
        "levers.push.active.mix": {"sale": 1.0}})  # fmt: skip
    made, before = with_past(arm, scenario)
    assert before is not None
    assert set(before.levers.touches) == set(made.levers.touches) == {"promo", "value", "sale"}
    assert np.array_equal(eve(made, before), eve(*with_past(scenario, scenario)))


def test_the_same_strategy_needs_no_other_past(scenario: Scenario) -> None:
    assert with_past(scenario, scenario) == (scenario, None)


def test_other_people_keep_their_own_past(scenario: Scenario) -> None:
    more = with_values(scenario, {"population.members": 300})
    assert not same_people(more, scenario)
    assert with_past(more, scenario) == (more, None)


def test_doing_nothing_costs_nothing(scenario: Scenario) -> None:
    off, before = with_past(nothing(scenario), scenario)
    market = Market(off, 3, ground_of(off).graph, None, before).run()
    days = market.book.ledger[scenario.warmup.days :]
    from simlab.world.metrics import M

    for metric in (M.promo_sent, M.value_sent, M.reward_fen, M.acquisition_fen, M.touch_fen):
        assert days[..., metric].sum() == 0
    assert days[..., M.orders].sum() > 0
