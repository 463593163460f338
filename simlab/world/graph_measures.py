"""What a social graph looks like: clustering, the tail of its degrees, its giant component."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import rule
from simlab.world.links import shuffle, start
from simlab.world.numerics import log
from simlab.world.rows import Graph

_PART_SAMPLE = 5  # of the draws of a graph, see simlab.world.graph


def clustering(graph: Graph, sample: int | None = None, seed: int = 0) -> float:
    """Mean local clustering coefficient (Watts & Strogatz 1998): how many of my friends are friends.

    The share of linked pairs among a node's neighbours, 0 for a node with fewer than two;
    the mean over all nodes, or over `sample` nodes drawn without return.
    """
    nodes = np.arange(graph.n, dtype=np.int32)
    if sample is not None and sample < graph.n:
        shuffle(nodes, graph.n, start(seed, _PART_SAMPLE))
        nodes = nodes[:sample]
    return float(local_clustering(graph.indptr, graph.indices, nodes).mean()) if nodes.size else 0.0


@rule
def local_clustering(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], nodes: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Clustering coefficient of each of `nodes`, float64 in [0, 1]."""
    out = np.zeros(nodes.size, np.float64)
    for i in range(nodes.size):
        begin, end = indptr[nodes[i]], indptr[nodes[i] + 1]
        closed = 0  # each linked pair is met twice
        for k in range(begin, end):
            p, q = begin, indptr[indices[k]]
            stop = indptr[indices[k] + 1]
            while p < end and q < stop:
                mine, theirs = indices[p], indices[q]
                closed += mine == theirs
                p += mine <= theirs
                q += theirs <= mine
        degree = end - begin
        if degree > 1:
            out[i] = closed / (degree * (degree - 1.0))
    return out


def degree_tail(graph: Graph, smallest: int) -> float:
    """Exponent of the degree density from `smallest` up, by maximum likelihood; nan if nobody is there.

    1 + m / sum(log(k / (smallest - 1/2))), Clauset, Shalizi & Newman (2009), eq. 3.7.
    """
    return float(_tail_exponent(graph.degrees, max(smallest, 1)))


@rule
def _tail_exponent(degrees: NDArray[np.int64], smallest: int) -> float:
    """The estimate of `degree_tail`."""
    count = 0
    total = 0.0
    for k in degrees:
        if k >= smallest:
            count += 1
            total += log(k / (smallest - 0.5))
    return 1.0 + count / total if count > 0 else np.nan


def giant_share(graph: Graph) -> float:
    """Share of nodes in the largest connected component; 0 for a graph without nodes."""
    return float(_largest_component(graph.indptr, graph.indices)) / graph.n if graph.n else 0.0


@rule
def _largest_component(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> int:
    """Nodes in the largest component, by breadth-first search."""
    n = indptr.size - 1
    seen = np.zeros(n, np.bool_)
    queue = np.empty(n, np.int32)
    largest = 0
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = True
        queue[0] = root
        head, size = 0, 1
        while head < size:
            v = queue[head]
            head += 1
            for k in range(indptr[v], indptr[v + 1]):
                if not seen[indices[k]]:
                    seen[indices[k]] = True
                    queue[size] = indices[k]
                    size += 1
        largest = max(largest, size)
    return largest


def inside_share(graph: Graph) -> float:
    """Share of links that stay in their community; nan without links."""
    if not graph.n_links:
        return float("nan")
    source = np.repeat(graph.community, graph.degrees)
    return float(np.mean(source == graph.community[graph.indices]))
