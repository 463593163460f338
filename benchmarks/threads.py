"""What a second thread brings: two replicates side by side, and one run of a million people.

Wall-clock times, so that they mean something on an idle machine with two cores only; the load is said.
"""

from __future__ import annotations

import inspect
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from benchmarks.timing import Ratio, ratio_of
from benchmarks.w_loop import WorkloadW
from benchmarks.worlds import graph_of, scaled
from simlab.lab.crew import Crew, Task
from simlab.lab.forecast import Forecast
from simlab.lab.ground import shared_ground
from simlab.scenario import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market

TWO_BAR, ONE_BAR = 1.15, 1.6


def run(quick: bool = False) -> list[Row]:
    """The machine itself; two replicates on threads and in processes; one run of a million on two threads."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    sizes = ((25_000, 75_000), (2_500, 7_500))
    rows = [replicates(people, own, quick, load) for people in sizes for own in (False, True)]
    return [the_machine(quick, load), *rows, one_run(quick, load)]


@cache
def _small_loop() -> WorkloadW:
    return WorkloadW(10_000, 365)  # fits the second-level cache


def _loop() -> int:
    """Some years of W by the plain loop, in a process of its own."""
    return sum(_small_loop().run() for _ in range(5))


def the_machine(quick: bool, load: float) -> Row:
    """Two plain loops that have nothing in common against one: what the processors themselves give."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as one, ProcessPoolExecutor(1, spawn) as other:

        def seconds(*pools: ProcessPoolExecutor) -> float:
            began = time.perf_counter()
            for done in [pool.submit(_loop) for pool in pools]:
                done.result()
            return time.perf_counter() - began

        seconds(one, other)
        ratio = ratio_of(np.array([(seconds(one, other), seconds(one)) for _ in range(5 if quick else 15)]))
    return Row(
        "the machine itself: a small plain loop in each of two processes, time of one alone",
        f"{ratio} (by the clock; load {load:.1f})", values=_values("machine_two", ratio, load),
    )  # fmt: skip


def replicates(people: tuple[int, int], own: bool, quick: bool, load: float) -> Row:
    """Two seeds on two threads (or in two processes that are there already) against one seed."""
    scenario = scaled(*people, "horizon=60", "warmup.days=0")
    shared_ground(scenario)
    with Crew(threads=2) as crew:
        if own:
            crew.expects(Forecast(0.0, 0.0, 2, sum(people), 60, apart=True))

        def seconds(seeds: int) -> float:
            began = time.perf_counter()
            crew.runs([Task(scenario, seed) for seed in range(1, seeds + 1)])
            return time.perf_counter() - began

        for _ in range(3):  # whoever works loads the rules and builds the graph first
            seconds(2)
        ratio = ratio_of(np.array([(seconds(2), seconds(1)) for _ in range(5 if quick else 15)]))
    where = "in two processes" if own else "on two threads"
    return Row(
        f"two replicates {where}, {sum(people):,} people, 60 days: time of one",
        f"{ratio} (by the clock; load {load:.1f})", f"<= {TWO_BAR:g}", ratio.value <= TWO_BAR,
        _values(f"{'processes' if own else 'threads'}_two_{sum(people)}", ratio, load),
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
