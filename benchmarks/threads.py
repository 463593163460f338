"""What a second thread brings: two replicates side by side, and one run of a million people.

Wall-clock times, so that they mean something on an idle machine with two cores only; the load is said.
"""

from __future__ import annotations

import inspect
import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from benchmarks.timing import Ratio, ratio_of
from benchmarks.worlds import graph_of, scaled
from simlab.lab.crew import Crew, Task
from simlab.lab.ground import shared_ground
from simlab.scenario import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market

TWO_BAR, ONE_BAR = 1.15, 1.6


def run(quick: bool = False) -> list[Row]:
    """Both."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return [replicates(quick, load), one_run(quick, load)]


def replicates(quick: bool, load: float) -> Row:
    """Two seeds on two threads against one seed."""
    people = (5000, 15_000) if quick else (25_000, 75_000)
    scenario = scaled(*people, "horizon=60", "warmup.days=0")
    shared_ground(scenario)

    def seconds(seeds: int) -> float:
        with Crew(threads=seeds) as crew:  # one seed alone would otherwise take both threads, if it is large
            began = time.perf_counter()
            crew.runs([Task(scenario, seed) for seed in range(1, seeds + 1)])
            return time.perf_counter() - began

    seconds(1)
    ratio = ratio_of(np.array([(seconds(2), seconds(1)) for _ in range(3 if quick else 7)]))
    return Row(
        f"two replicates on two threads, {sum(people):,} people, 60 days: time of one",
        f"{ratio} (by the clock; load {load:.1f})", f"<= {TWO_BAR:g}", ratio.value <= TWO_BAR,
        _values("threads_two", ratio, load),
    )  # fmt: skip


def one_run(quick: bool, load: float) -> Row:
    """One run on two threads against one thread; None where a run has no threads of its own."""
    members, prospects = (25_000, 75_000) if quick else (250_000, 750_000)
    name = f"one run of {members + prospects:,} people on two threads: times as fast as on one"
    if "threads" not in inspect.signature(Market.__init__).parameters:
        return Row(
            name,
            "**1** (a run uses one thread)",
            f">= {ONE_BAR:g}",
            False,
            {"key": "threads_one", "ratio": 1},
        )
    scenario = scaled(members, prospects, "horizon=30", "warmup.days=0")
    graph = graph_of(scenario)
    costs = days_in_turns(scenario, graph, 6 if quick else 15)
    ratio = ratio_of(costs)
    return Row(
        name, f"{ratio} (by the clock; load {load:.1f})", f">= {ONE_BAR:g}", ratio.value >= ONE_BAR,
        _values("threads_one", ratio, load),
    )  # fmt: skip


def days_in_turns(scenario: Scenario, graph: Graph, turns: int) -> NDArray[np.float64]:
    """(turns, 2) seconds of two days on one thread, and of the same days on two."""
    more: dict[str, Any] = {"threads": 2}
    markets = Market(scenario, 1, graph), Market(scenario, 1, graph, **more)
    costs = np.empty((turns, 2))
    for turn in costs:
        for k, market in enumerate(markets):
            began = time.perf_counter()
            market.step()
            market.step()
            turn[k] = time.perf_counter() - began
    return costs


def _values(key: str, ratio: Ratio, load: float) -> dict[str, float | str]:
    return {"key": key, "ratio": ratio.value, "low": ratio.low, "high": ratio.high, "seconds": ratio.top,
            "seconds_other": ratio.bottom, "load": load}  # fmt: skip
