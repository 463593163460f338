"""Who is admitted where something is scarce: the smallest keyed priorities, however they are found."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import simlab
from simlab.world.admission import ranked, smallest
from simlab.world.day import coupons_wait
from simlab.world.market import Market
from simlab.world.network import social_graph

PRIORITIES = st.lists(st.integers(0, 30) | st.integers(0, 2**64 - 1), max_size=60)


@given(PRIORITIES, st.integers(-1, 70))
def test_the_smallest_are_those_that_a_whole_order_puts_first(values, count):
    priority = np.array(values, np.uint64)
    expected = sorted(ranked(priority)[: max(count, 0)].tolist())
    assert sorted(smallest(priority, count).tolist()) == expected


def test_coupons_wait_for_noon_only_on_days_on_which_one_may_go_out():
    few = (
        "levers.offers.coupon.stock=100000", "levers.touches.promo.days=[fri]", "population.members=200",
        "population.prospects=400",
    )  # fmt: skip
    scenario = simlab.load("default", few).scenario
    market = Market(scenario, 1, social_graph(scenario.graph, 600))
    waiting = {}
    for _ in range(14):
        market.prepare()
        waiting.setdefault(market.date.strftime("%a"), set()).add(coupons_wait(market.terms))
        market.live()
    assert waiting.pop("Fri") == {True}
    assert set().union(*waiting.values()) == {False}
