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
from simlab.world.doors import read_edges
from simlab.world.draws import Purpose, in_order, priorities, seed_key
from simlab.world.graph import Graph, build, empty, from_ends
from simlab.world.rows import ends_of

PLACE = int(Purpose.MEMBER)
GRAPH_SALT = 1 << 40
"""Keeps the graph's keys apart from those of seeded worlds."""


def places(seed: int, n: int) -> NDArray[np.int32]:
    """(n,) the user who stands on each node of the graph with a seed: a keyed permutation."""
    user = np.empty(n, np.int32)
    user[in_order(priorities(np.uint64(seed_key(seed + GRAPH_SALT)), n, PLACE))] = np.arange(n)
    return user


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
    user = places(spec.seed, people)
    if spec.kind == "file":
        assert spec.file is not None
        graph = read_edges(spec.file).graph
        if graph.n > people:
            raise InputError(Problem(
                file=spec.file, where="graph.file", value=f"{graph.n} people",
                message=f"the edge list knows more people than the population ({people})",
                cure="Raise population.members or population.prospects",
            ))  # fmt: skip
        community = np.concatenate([graph.community, np.zeros(people - graph.n, np.int32)])
        return from_ends(people, ends_of(graph), user, community)
    options: dict[str, float] = {}
    if spec.kind == "communities":
        options = {"community_size": spec.community_size, "inside": spec.inside, "tail": spec.tail}
    elif spec.kind == "watts_strogatz":
        options = {"rewire": spec.rewire}
    elif spec.kind == "configuration":
        options = {"tail": spec.tail}
    return build(spec.kind, people, min(spec.mean_degree, people - 1.0), spec.seed, user, **options)
