"""Scenes: who stands where on chosen days of a few seeded worlds, for the views of who moved."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from simlab.lab.ground import Ground, ground_of
from simlab.lab.moved import Scene, Scenes
from simlab.lab.past import before_of
from simlab.scenario import InputError, Problem, Scenario
from simlab.world.market import Market
from simlab.world.records import LEFT, PROSPECT

MOST_DAYS = 12


def default_days(scenario: Scenario) -> tuple[int, ...]:
    """The valuation date, four quarters of the horizon."""
    return tuple(dict.fromkeys(round(scenario.horizon * quarter / 4) for quarter in range(5)))


def watch(
    scenario: Scenario, seeds: Sequence[int], days: Sequence[int], threads: int | None = None,
    on_days: Callable[[int], None] | None = None,
) -> Scenes:  # fmt: skip
    """Run seeds of a scenario up to the last of `days` and keep who stood where on each of them.

    Raises:
        InputError: days outside the run or too many.
    """
    chosen = sorted(set(days))
    if (
        not 2 <= len(chosen) <= MOST_DAYS
        or chosen[0] < -scenario.warmup.days
        or chosen[-1] > scenario.horizon
    ):
        raise InputError(Problem(
            "--days", "these days cannot be shown",
            f"Give 2 to {MOST_DAYS} different days from {-scenario.warmup.days} to {scenario.horizon}",
            value=",".join(map(str, days)),
        ))  # fmt: skip
    ground = ground_of(scenario)
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        worlds = tuple(pool.map(lambda seed: _scenes(scenario, seed, ground, chosen, on_days), seeds))
    stages = (*(stage.name for stage in scenario.stages), "prospect", "left")
    return Scenes(scenario, ground.graph, tuple(seeds), tuple(chosen), stages, worlds)


def _scenes(
    scenario: Scenario, seed: int, ground: Ground, days: Sequence[int], on_days: Callable[[int], None] | None
) -> tuple[Scene, ...]:
    market = Market(scenario, seed, ground.graph, ground.base, before_of(scenario))
    found = []
    for day in days:
        while market.day < day:
            market.step()
            if on_days is not None:
                on_days(1)
        found.append(_scene(market, day))
    market.release()
    return tuple(found)


def _scene(market: Market, day: int) -> Scene:
    users, own = market.users, len(market.names.stages) - 2
    stage = users["stage"].astype(np.int16)
    stage[users["status"] == PROSPECT] = own
    stage[users["status"] == LEFT] = own + 1
    return Scene(day, stage, users["inviter"].copy(), users["group"].copy())
