"""How long a run will take and how much memory it needs, said before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

from simlab.scenario.schema import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import METRICS, M
from simlab.world.network import social_graph
from simlab.world.people import Base, population_size
from simlab.world.records import USER
from simlab.world.terms import names_of

PROBE_PEOPLE = 4000
PROBE_DAYS = 40
LISTS_PER_USER = 42  # working lists of the engine, bytes
BIRTH_PER_USER = 40  # scores while people are born, bytes
PROCESS_MB = 260.0  # the interpreter with its packages


@dataclass(frozen=True)
class Forecast:
    """Seconds and megabytes (of the whole process) that some runs are expected to need."""

    seconds: float
    megabytes: float
    runs: int
    people: int
    days: int

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


def probe(scenario: Scenario) -> tuple[float, float, float]:
    """(seconds per member-day, per day, per person born), measured on a small copy of the scenario."""
    pop = scenario.population
    size = max(pop.members + pop.prospects, 1)
    shrink = min(1.0, PROBE_PEOPLE / size)
    arrivals = None if pop.arrivals is None else tuple(int(c * shrink) for c in pop.arrivals)
    small = pop.model_copy(update={
        "members": int(pop.members * shrink), "prospects": int(pop.prospects * shrink) + 1, "arrivals": arrivals,
        "base": None,
    })  # fmt: skip
    days = min(PROBE_DAYS, scenario.horizon)
    kind = "none" if scenario.graph.kind == "file" else scenario.graph.kind
    model = scenario.model_copy(update={
        "population": small, "horizon": days, "warmup": scenario.warmup.model_copy(update={"days": 0}),
        "graph": scenario.graph.model_copy(update={"kind": kind, "file": None}),
    })  # fmt: skip
    graph = social_graph(model.graph, population_size(model))
    Market(model, 0, graph).step()  # compiles, where that is still to be done
    started = time.perf_counter()
    market = Market(model, 1, graph)
    born = time.perf_counter()
    market.run()
    done = time.perf_counter()
    member_days = int(market.book.ledger[:, :-2, ..., M.members].sum())
    per_day = 3e-4
    return max(done - born - days * per_day, 0.0) / max(member_days, 1), per_day, (born - started) / graph.n


def forecast(scenario: Scenario, graph: Graph, base: Base | None, runs: int, threads: int) -> Forecast:
    """Time and memory of `runs` runs on `threads` threads."""
    per_member_day, per_day, per_birth = probe(scenario)
    people = graph.n
    pop = scenario.population
    members = len(base.rows) if base is not None else pop.members
    newcomers = sum(pop.arrivals or ()) + 0.15 * pop.prospects * (scenario.levers.referral is not None)
    days = scenario.warmup.days + scenario.horizon
    busy = (members + 0.6 * newcomers) * days * per_member_day + days * per_day + people * per_birth
    names = names_of(scenario)
    cells = len(names.stages) * len(names.sources) * len(names.segments)
    ledger = days * cells * len(METRICS) * 8
    each = people * (USER.itemsize + LISTS_PER_USER + BIRTH_PER_USER) + ledger
    table = 0.6 * days * (cells - 2) * len(METRICS) * 8
    concurrent = min(threads, runs)
    megabytes = PROCESS_MB + (graph.nbytes + each * concurrent + table * runs) / 1e6
    return Forecast(busy * runs / concurrent, megabytes, runs, people, days)
