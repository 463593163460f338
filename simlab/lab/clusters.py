"""Communities of a graph, to assign whole ones to an arm of a test."""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from simlab.scenario import InputError, Problem
from simlab.world.doors import to_networkx
from simlab.world.graph import Graph

LOUVAIN_SEED = 1


def communities_of(graph: Graph) -> NDArray[np.int32]:
    """(N,) number of everybody's community: the graph's own, or found by the Louvain method.

    Who knows nobody is a community alone. Found ones are the same on every call (Blondel et al. 2008, by NetworkX).

    Raises:
        InputError: nobody knows anybody, or all belong to one community.
    """
    if graph.indices.size == 0:
        raise _refused("nobody knows anybody", "Plan with randomise: user; without friends nothing leaks.")
    if graph.n_communities > 1:
        found = np.array(graph.community, np.int64)
    else:
        found = np.zeros(graph.n, np.int64)
        for number, people in enumerate(
            nx.community.louvain_communities(to_networkx(graph), seed=LOUVAIN_SEED)
        ):
            found[sorted(people)] = number
    alone = graph.degrees == 0
    found[alone] = found.max() + 1 + np.arange(int(alone.sum()))
    numbers = np.unique(found, return_inverse=True)[1].astype(np.int32)
    if int(numbers.max()) < 3:
        raise _refused(f"only {int(numbers.max()) + 1} communities", "Plan with randomise: user.")
    return numbers


def links_between(graph: Graph, cell: NDArray[np.uint8], people: NDArray[np.bool_]) -> float:
    """Share of the links of `people` that lead to somebody in another cell; nan without links."""
    ends = np.repeat(np.arange(graph.n), graph.degrees)
    counted = people[ends]
    return float((cell[ends] != cell[graph.indices])[counted].mean()) if counted.any() else float("nan")


def _refused(found: str, cure: str) -> InputError:
    return InputError(
        Problem("rollout", "communities cannot be assigned to arms", cure, where="graph", value=found)
    )
