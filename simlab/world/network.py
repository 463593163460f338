"""The social graph of a scenario: drawn or read, and people placed on it.

People are placed at random (keyed by the graph's seed): users 0, 1, ... are today's
members, the others prospects. That way membership is scattered over the communities, as it
is in life, while members' records lie side by side in memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.errors import InputError, Problem
from simlab.scenario.schema import GraphSpec
from simlab.world.compiled import rule
from simlab.world.doors import read_edges
from simlab.world.draws import Purpose, in_order, priorities, seed_key
from simlab.world.fetching import fetch_ahead
from simlab.world.graph import Graph, build, empty
from simlab.world.rows import SHORT, sort_row

AHEAD = 16
"""How many people ahead the places of rows are called to the cache."""
PLACE = int(Purpose.MEMBER)
GRAPH_SALT = 1 << 40
"""Keeps the graph's keys apart from those of seeded worlds."""


def places(world: np.uint64, n: int) -> NDArray[np.int32]:
    """(n,) a keyed permutation: the user who stands on each node."""
    user = np.empty(n, np.int32)
    user[in_order(priorities(world, n, PLACE))] = np.arange(n)
    return user


def relabelled(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], user: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Rows of the same graph under new labels, sorted."""
    new = np.zeros(user.size + 1, np.int64)
    new[user + 1] = np.diff(indptr)
    np.cumsum(new, out=new)
    out = np.empty(indices.size, np.int32)  # from NumPy: on large pages
    _relabel(indptr, indices, user, new, out)
    return new, out


@rule
def _relabel(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    user: NDArray[np.int32],
    new: NDArray[np.int64],
    out: NDArray[np.int32],
) -> None:
    """Fill `out` with the rows that begin at `new`."""
    last, room = user.size - 1, np.empty(SHORT, np.int32)
    for i in range(user.size):
        fetch_ahead(new, user[min(i + 2 * AHEAD, last)], 0, 0)
        fetch_ahead(out, new[user[min(i + AHEAD, last)]], 0, 0)
        begin = new[user[i]]
        for k in range(indptr[i + 1] - indptr[i]):
            out[begin + k] = user[indices[indptr[i] + k]]
        sort_row(out, begin, new[user[i] + 1], room)


def scattered(graph: Graph, seed: int) -> Graph:
    """The same graph with people placed on its nodes at random."""
    if graph.indices.size == 0:
        return graph
    user = places(np.uint64(seed_key(seed + GRAPH_SALT)), graph.n)
    indptr, indices = relabelled(graph.indptr, graph.indices, user)
    community = np.empty(graph.n, np.int32)
    community[user] = graph.community
    return Graph(indptr, indices, community)


def social_graph(spec: GraphSpec, people: int) -> Graph:
    """The graph that all runs of a scenario share.

    Args:
        spec: the scenario's `graph`.
        people: members and prospects together.

    Raises:
        InputError: an edge list with more people than the population, or one that cannot be read.
    """
    if spec.kind == "none":
        return empty(people)
    if spec.kind == "file":
        assert spec.file is not None
        graph = read_edges(spec.file).graph
        if graph.n > people:
            raise InputError(Problem(
                file=spec.file, where="graph.file", value=f"{graph.n} people",
                message=f"the edge list knows more people than the population ({people})",
                cure="Raise population.members or population.prospects",
            ))  # fmt: skip
        indptr = np.concatenate([graph.indptr, np.full(people - graph.n, graph.indptr[-1])])
        graph = Graph(
            indptr, graph.indices, np.concatenate([graph.community, np.zeros(people - graph.n, np.int32)])
        )
        return scattered(graph, spec.seed)
    options: dict[str, float] = {}
    if spec.kind == "communities":
        options = {"community_size": spec.community_size, "inside": spec.inside, "tail": spec.tail}
    elif spec.kind == "watts_strogatz":
        options = {"rewire": spec.rewire}
    elif spec.kind == "configuration":
        options = {"tail": spec.tail}
    return scattered(
        build(spec.kind, people, min(spec.mean_degree, people - 1.0), spec.seed, **options), spec.seed
    )
