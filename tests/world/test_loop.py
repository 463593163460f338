"""Plan, do, check, act: a change is tried for a round, and kept if the round was better than the last good one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from simlab.scenario import load, with_values
from simlab.world.brand import Plan

TRIES = [{"levers.push.new.per_week": 2}, {"levers.push.new.per_week": 1}, {"levers.caps.per_day": 1}]


def held(values: Sequence[float], **loop: object) -> list[tuple[float, int]]:
    """(per_week, per_day) in force on the first day of each round, where round k reads values[k]."""
    spec = {"metric": "mute_rate", "better": "lower", "every": 7, "tries": TRIES} | loop
    plan = Plan(with_values(load("pilot").scenario, {"levers.loop": spec}), ())
    found = []
    for day in range(1, 7 * len(values) + 1):
        before = values[(day - 1) // 7 - 1]
        plan.advance(day, lambda name, window, value=before: value)
        levers = plan.scenario().levers
        if day % 7 == 1:
            found.append((levers.push["new"].per_week, levers.caps.per_day))
    return found


def test_each_change_has_its_round_and_the_better_ones_stay() -> None:
    # as it is; 2 a week is better; 1 a week is worse, so 2 again, with one a day: better; then all that was kept
    assert held([1.0, 0.8, 0.9, 0.7, 0.7, 0.7]) == [(3, 3), (2, 3), (1, 3), (2, 1), (2, 1), (2, 1)]


def test_nothing_is_kept_that_does_not_help() -> None:
    assert held([1.0, 1.0, 1.1, math.nan, 1.0]) == [(3, 3), (2, 3), (1, 3), (3, 1), (3, 3)]


def test_a_small_gain_may_not_be_enough() -> None:
    assert held([1.0, 0.95, 0.5, 0.5, 0.5], least=0.1)[-1] == (1, 3)


def test_higher_may_be_better() -> None:
    assert held([1.0, 0.8, 1.2, 1.3, 1.0], better="higher", metric="active_share")[-1] == (1, 1)


def test_a_loop_that_never_looks_changes_nothing() -> None:
    scenario = load("pilot").scenario
    loop = {"metric": "mute_rate", "every": 3650, "tries": TRIES}
    plan = Plan(with_values(scenario, {"levers.loop": loop}), ())
    plan.advance(300, lambda name, window: pytest.fail("nobody should look"))
    assert plan.scenario().levers.push == scenario.levers.push
