"""The searched space: what Optuna sees, what a scenario gets, where a point lies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlab.lab.planner import Planner
from simlab.lab.space import Space
from simlab.scenario import load, with_values
from simlab.scenario.experiment import Search
from simlab.scenario.experiments import Lever, lever
from simlab.scenario.strategy import WEEKDAYS

SCENARIO = load("default").scenario
RANGES = {
    "levers.push.active.per_week": Search(low=0, high=7),
    "levers.push.loyal.per_week": Search(low=0, high=7, step=0.5),
    "levers.offers.coupon.depth": Search(low="1%", high="30%", log=True),
    "levers.offers.coupon.valid": Search(low="1 days", high="14 days"),
    "levers.referral.reward": Search(low="0 yuan", high="80 yuan"),
    "levers.touches.promo.days": Search(choices=(["fri", "sat", "sun"], list(WEEKDAYS))),
}  # fmt: skip


@pytest.fixture(scope="module")
def space() -> Space:
    return Space(tuple(lever(SCENARIO, path, search) for path, search in RANGES.items()))


def test_the_current_strategy_is_a_point_of_the_space(space: Space) -> None:
    start, moved = space.start()
    assert moved == []
    assert with_values(SCENARIO, space.values(start)) == SCENARIO


def test_a_current_value_outside_the_range_is_moved_inside_and_named() -> None:
    levers = (lever(SCENARIO, "levers.push.active.per_week", Search(low=4, high=7)),)
    start, moved = Space(levers).start()
    assert start == {"levers.push.active.per_week": 4.0}
    assert moved == ["levers.push.active.per_week"]


def test_every_planned_strategy_is_a_scenario_and_a_point_of_the_unit_cube(space: Space) -> None:
    start, _ = space.start()
    for name in ("tpe", "qmc", "random", "cmaes"):
        planned = Planner(name, space.distributions, ["maximise"], start, 5, 1.0).plan(24)
        assert planned[0] == start
        points = space.unit(planned)
        assert points.shape == (24, space.columns)
        assert ((points >= 0) & (points <= 1)).all()
        for params in planned:
            model = with_values(SCENARIO, space.values(params))
            reward = model.levers.referral.reward if model.levers.referral else 0.0
            assert round(reward * 100) == pytest.approx(reward * 100, abs=1e-9), (
                "money is counted in whole fen"
            )
            assert model.levers.push["loyal"].per_week % 0.5 == 0


@given(st.floats(0.001, 1000), st.floats(0.001, 1000), st.floats(0, 1), st.booleans())
def test_a_number_goes_into_the_unit_interval_and_grows_there(
    a: float, b: float, at: float, log: bool
) -> None:
    low, high = sorted((a, b))
    if high / low < 1.001:
        return
    space = Space((Lever("x", "float", low, high, None, log, (), low),))
    inside = low * (high / low) ** at if log else low + at * (high - low)
    below, here, above = space.unit([{"x": low}, {"x": min(max(inside, low), high)}, {"x": high}])[:, 0]
    assert (below, above) == (0.0, 1.0)
    assert math.isclose(here, at, abs_tol=1e-6)


def test_ends_of_ranges_are_seen(space: Space) -> None:
    start, _ = space.start()
    assert space.on_bound(start) == []
    at_end = {**start, "levers.push.active.per_week": 6.99, "levers.offers.coupon.valid": 1}
    assert space.on_bound(at_end) == [
        ("levers.push.active.per_week", "highest"), ("levers.offers.coupon.valid", "lowest")]  # fmt: skip


def test_choices_are_one_column_each(space: Space) -> None:
    start, _ = space.start()
    other = {**start, "levers.touches.promo.days": '["fri", "sat", "sun"]'}
    assert (space.unit([start])[0, -2:] == [0.0, 1.0]).all()
    assert (space.unit([other])[0, -2:] == [1.0, 0.0]).all()
    assert np.array_equal(space.unit([start])[0, :-2], space.unit([other])[0, :-2])
