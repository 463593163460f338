"""How long a run will take and how much memory it needs, said before it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simlab.lab.hands import START, apart
from simlab.lab.pasts import MOST_BYTES
from simlab.lab.sized import in_proportion
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
FIRST, MOST_DAYS = 60, 400
"""Days that copies live: those with which a run begins, and, where a mistake would be long, all up to so many."""
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
    """Seconds on this machine: per member-day, per day whatever the size, and per person born.

    Attributes:
        members: per person, on an average day.
    """

    member_day: float
    day: float
    birth: float
    members: float


def measure(copies: Sequence[Scenario], rounds: int = 1) -> Pace:
    """The pace of a scenario, from two copies of it, a small one and a larger one, in turns."""
    found = [[_probe(copy) for copy in copies] for _ in range(rounds)]
    (few_days, few, _), (many_days, many, birth) = (
        [sum(each) / rounds for each in zip(*probe, strict=True)] for probe in zip(*found, strict=True)
    )
    days = copies[0].warmup.days + copies[0].horizon
    member_day = max(many - few, 0.0) / max(many_days - few_days, 1)
    alone = max(few - few_days * member_day, 0.0) / days
    return Pace(member_day, alone, birth, many_days / days / population_size(copies[1]))


def _probe(copy: Scenario) -> tuple[int, float, float]:
    """(member-days, seconds of living them, seconds per birth) of a copy."""
    graph = social_graph(copy.graph, population_size(copy))
    Market(copy, 0, graph).step()  # compiles, where that is still to be done
    started = time.perf_counter()
    market = Market(copy, 1, graph)
    born = time.perf_counter()
    market.run()
    lived = time.perf_counter() - born
    member_days = int(market.book.ledger[:, :-2, ..., M.members].sum())
    return member_days, lived, (born - started) / graph.n


def copy_of(scenario: Scenario, members: int, people: int) -> Scenario:
    """The scenario with so many people, in proportion; `members` is how many the scenario has on its first day."""
    part = min(1.0, people / max(members + scenario.population.prospects, 1))
    copy = in_proportion(scenario, part, members=round(members * part))
    pop = copy.population
    kind = "none" if scenario.graph.kind == "file" else scenario.graph.kind
    return copy.model_copy(
        update={
            "population": pop.model_copy(update={"base": None, "prospects": pop.prospects + 1}),
            "graph": scenario.graph.model_copy(update={"kind": kind, "file": None}),
            "horizon": min(scenario.horizon, MOST_DAYS),
        }
    )


def _begun(copy: Scenario) -> Scenario:
    """Its first days, without a warm-up; whoever arrives later is there already, so that there is somebody."""
    update: dict[str, Any] = {
        "horizon": min(FIRST, copy.horizon),
        "warmup": copy.warmup.model_copy(update={"days": 0, "levers": {}}),
    }
    pop = copy.population
    if pop.arrivals is not None:
        everybody = {"members": pop.prospects, "prospects": 1, "arrivals": None}
        update["population"] = pop.model_copy(update=everybody)
    return copy.model_copy(update=update)


def forecast(
    scenario: Scenario, graph: Graph, base: Base | None, runs: int, threads: int, tables: bool = True,
    others: Mapping[int, int] | None = None, pasts: int | None = None,
) -> Forecast:  # fmt: skip
    """Time and memory of `runs` runs on `threads` threads.

    Args:
        tables: every run's are kept to the end.
        others: of these runs, how many have another horizon, by horizon.
        pasts: how many pasts they live between them (`simlab.lab.pasts`); None: each its own.
    """
    people = graph.n
    pop = scenario.population
    members = len(base.rows) if base is not None else pop.members
    days = scenario.warmup.days + scenario.horizon
    lengths = {scenario.warmup.days + horizon: count for horizon, count in (others or {}).items()}
    all_days = days * (runs - sum(lengths.values())) + sum(d * count for d, count in lengths.items())
    births = runs if pasts is None or not scenario.warmup.days else min(pasts, runs)
    all_days -= scenario.warmup.days * (runs - births)
    pace = measure([_begun(copy_of(scenario, members, size)) for size in PROBES])
    if all_days * people * pace.members * pace.member_day > LONG:
        sizes = LARGER if people >= LARGER[1] else PROBES
        pace = measure([copy_of(scenario, members, size) for size in sizes], rounds=2)
    alone = all_days * pace.day  # Python's part, which threads do one after the other
    compiled = all_days * people * pace.members * pace.member_day + births * people * pace.birth
    row = _bytes_a_day(scenario)
    past = past_bytes(scenario, people)
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


def past_bytes(scenario: Scenario, people: int) -> int:
    """Bytes of a world on the evening before day 1."""
    return people * (USER.itemsize + LISTS_PER_USER) + _bytes_a_day(scenario) * scenario.warmup.days


def _bytes_a_day(scenario: Scenario) -> int:
    """Bytes of the ledger."""
    names = names_of(scenario)
    return len(names.stages) * len(names.sources) * len(names.segments) * len(METRICS) * 8


def _held(graph: Graph) -> float:
    """Megabytes that this process holds now, the graph among them."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):  # no such file on this system
        return PROCESS_MB + graph.nbytes / 1e6
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
