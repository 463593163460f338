"""How long a run will take and how much memory it needs, said before it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simlab.lab.hands import START, apart
from simlab.lab.pasts import MOST_BYTES
from simlab.scenario.schema import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import METRICS, M
from simlab.world.network import social_graph
from simlab.world.people import Base, population_size
from simlab.world.records import USER
from simlab.world.terms import names_of

PROBES, LARGER = (400, 12_000), (12_000, 60_000)
"""People in the two small copies that are timed, and in those where a mistake would be long."""
LONG = 3.0
"""Seconds from which on it would be."""
PROBE_DAYS = 60
LISTS_PER_USER = (
    70  # working lists of the engine, bytes; the 64 of the scores at birth are free again by then
)
PROCESS_MB = 330.0  # the interpreter with its packages and the rules
LATER_MB = 100.0  # what writing the report loads and draws


@dataclass(frozen=True)
class Forecast:
    """Seconds and megabytes (of the whole process) that some runs are expected to need."""

    seconds: float
    megabytes: float
    runs: int
    people: int
    days: int
    apart: bool = False  # whether processes should do them, with a small world each

    def __str__(self) -> str:
        return (
            f"{self.runs} runs of {self.people:,} people over {self.days} days: "
            f"about {duration(self.seconds)} and {self.megabytes:,.0f} MB"
        )


def duration(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Pace:
    """Seconds on this machine: per member-day, per day whatever the size, and per person born."""

    member_day: float
    day: float
    birth: float


def measure(scenario: Scenario, probes: tuple[int, int] = PROBES, rounds: int = 1) -> Pace:
    """The pace of a scenario, from small copies of it of two sizes, in turns."""
    found = [[_probe(scenario, people) for people in probes] for _ in range(rounds)]
    (few_days, few, _), (many_days, many, birth) = (
        [sum(each) / rounds for each in zip(*probe, strict=True)] for probe in zip(*found, strict=True)
    )
    days = min(PROBE_DAYS, scenario.horizon)
    member_day = max(many - few, 0.0) / max(many_days - few_days, 1)
    return Pace(member_day, max(few - few_days * member_day, 0.0) / days, birth)


def _probe(scenario: Scenario, people: int) -> tuple[int, float, float]:
    """(member-days, seconds of living them, seconds per birth) of a copy with that many people."""
    pop = scenario.population
    shrink = min(1.0, people / max(pop.members + pop.prospects, 1))
    fewer = {"members": int(pop.members * shrink), "prospects": int(pop.prospects * shrink) + 1, "base": None}
    if pop.base is not None:  # customers from a log stand in for members
        fewer["members"] = people // 4
    if pop.arrivals is not None:  # everybody at once, so that there is somebody to measure
        fewer |= {"members": fewer["prospects"], "prospects": 1, "arrivals": None}
    days = min(PROBE_DAYS, scenario.horizon)
    kind = "none" if scenario.graph.kind == "file" else scenario.graph.kind
    model = scenario.model_copy(
        update={
            "population": pop.model_copy(update=fewer),
            "horizon": days,
            "warmup": scenario.warmup.model_copy(update={"days": 0, "levers": {}}),
            "graph": scenario.graph.model_copy(update={"kind": kind, "file": None}),
        }
    )
    graph = social_graph(model.graph, population_size(model))
    Market(model, 0, graph).step()  # compiles, where that is still to be done
    started = time.perf_counter()
    market = Market(model, 1, graph)
    born = time.perf_counter()
    market.run()
    lived = time.perf_counter() - born
    member_days = int(market.book.ledger[:, :-2, ..., M.members].sum())
    return member_days, lived, (born - started) / graph.n


def forecast(
    scenario: Scenario, graph: Graph, base: Base | None, runs: int, threads: int, tables: bool = True,
    others: Mapping[int, int] | None = None,
) -> Forecast:  # fmt: skip
    """Time and memory of `runs` runs on `threads` threads.

    Args:
        tables: every run's are kept to the end.
        others: of these runs, how many have another horizon, by horizon.
    """
    people = graph.n
    pop = scenario.population
    members = len(base.rows) if base is not None else pop.members
    newcomers = sum(pop.arrivals or ()) + 0.15 * pop.prospects * (scenario.levers.referral is not None)
    days = scenario.warmup.days + scenario.horizon
    lengths = {scenario.warmup.days + horizon: count for horizon, count in (others or {}).items()}
    all_days = days * (runs - sum(lengths.values())) + sum(d * count for d, count in lengths.items())
    pace = measure(scenario)
    lived = all_days * (members + 0.6 * newcomers)
    if lived * pace.member_day > LONG:
        longer = measure(scenario, LARGER if people >= LARGER[1] else PROBES, rounds=4)
        pace = Pace(longer.member_day, pace.day, longer.birth)
    alone = all_days * pace.day  # Python's part, which threads do one after the other
    compiled = lived * pace.member_day + runs * people * pace.birth
    names = names_of(scenario)
    cells = len(names.stages) * len(names.sources) * len(names.segments)
    row = cells * len(METRICS) * 8
    past = people * (USER.itemsize + LISTS_PER_USER) + row * scenario.warmup.days
    each = past + row * (max([days, *lengths]) - scenario.warmup.days)
    table = 0.6 * days * row
    concurrent = min(threads, runs)
    own = apart(people, compiled + alone, concurrent)
    if own:
        seconds = START + (compiled + alone) / concurrent
    else:  # threads that wait for each other's Python lose as much again
        seconds = compiled / concurrent + alone * min(concurrent, 2)
    more = (each * concurrent + table * (runs if tables else concurrent)) / 1e6
    if not tables and scenario.warmup.days:  # pasts that are kept for the next strategy, and one in hand
        more += (min(MOST_BYTES, runs * past) * (concurrent if own else 1) + past * concurrent) / 1e6
    if own:
        more += concurrent * (PROCESS_MB + graph.nbytes / 1e6)
    return Forecast(seconds, _held(graph) + more + LATER_MB, runs, people, days, own)


def _held(graph: Graph) -> float:
    """Megabytes that this process holds now, the graph among them."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):  # no such file on this system
        return PROCESS_MB + graph.nbytes / 1e6
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
