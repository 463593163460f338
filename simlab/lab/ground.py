"""What all runs of a scenario stand on: its graph and its current base, built once per process."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

from simlab.lab.base import read_base
from simlab.scenario import Scenario, data_digests
from simlab.world.graph import Graph
from simlab.world.network import social_graph
from simlab.world.people import Base, population_size

MOST_BYTES = 500e6
"""Of graphs that are kept at once in a process, before another one is built."""


@dataclass(frozen=True)
class Ground:
    """What all runs of a scenario share: the graph and the current base; never written."""

    graph: Graph
    base: Base | None


def ground_of(scenario: Scenario) -> Ground:
    """Build what all runs of a scenario share.

    Raises:
        InputError: a graph or base file that cannot be used.
    """
    base = read_base(scenario.population.base) if scenario.population.base else None
    return Ground(social_graph(scenario.graph, population_size(scenario, base)), base)


_grounds: dict[str, Ground] = {}
_building = threading.Lock()


def shared_ground(scenario: Scenario) -> Ground:
    """Graph and base of a scenario, built once per process and shared by its runs."""
    population = scenario.population.model_dump_json(include={"members", "prospects", "arrivals", "base"})
    key = f"{scenario.graph.model_dump_json()}|{population}|{data_stamps(scenario)}"
    with _building:
        if key not in _grounds:
            while sum(kept.graph.nbytes for kept in _grounds.values()) > MOST_BYTES:
                del _grounds[next(iter(_grounds))]
            _grounds[key] = ground_of(scenario)
        return _grounds[key]


def data_stamps(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Digests of the data files; read again only when a file's name, size or time changes."""
    stamps = []
    for file in (scenario.population.base, scenario.graph.file):
        if file is not None:
            try:
                stat = os.stat(file)
            except OSError:
                return tuple(sorted(data_digests(scenario).items()))  # says what is wrong
            stamps.append((file, stat.st_size, stat.st_mtime_ns))
    if not stamps:
        return ()
    return _digests(scenario.population.base, scenario.graph.file, tuple(stamps))


@cache
def _digests(base: str | None, graph: str | None, stamps: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for where, file in (("population.base", base), ("graph.file", graph)):
        if file is not None:
            with open(file, "rb") as stream:
                found.append((where, hashlib.file_digest(stream, "sha256").hexdigest()))
    return tuple(found)
