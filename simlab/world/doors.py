"""Doors for graphs made elsewhere: NetworkX objects and files of links.

Inside, people are 0..n-1. At the door their names are sorted, by value if all are whole
numbers (2 before 10), else as text by code point, and numbered in that order: the same
links give the same graph, whatever order they were written in. Links are undirected;
self-loops and repeated links are dropped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.errors import InputError, Problem
from simlab.world.link_files import csv_links, parquet_links, readable, refused
from simlab.world.rows import Graph, rows_from_ends

if TYPE_CHECKING:
    import networkx as nx

_WHOLE = re.compile(r"0|[1-9][0-9]*")
_NEGATIVE = re.compile(r"-[0-9]+")
_MISSING = ("", "nan", "none", "<na>")


@dataclass(frozen=True)
class Imported:
    """A graph from outside. Unpacks as ``graph, names = ...``.

    Attributes:
        graph: the graph of people 0..n-1.
        names: what each was called outside, in order of id.
        self_loops: links of a person with itself, dropped.
        duplicates: links given again, in either direction, dropped.
    """

    graph: Graph
    names: list[str]
    self_loops: int
    duplicates: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.graph, self.names))


def read_edges(path: str | Path) -> Imported:
    """Read a graph from a file of links, by its suffix.

    - ``.csv``: two columns separated by a comma, UTF-8, one link a line. A first line is a
      header if it says so (source,target; from,to; user_id,friend_id; ...), or if it is the only line that is
      not two whole numbers. Empty lines are skipped.
    - ``.parquet``: two columns, of whole numbers or text.
    - ``.graphml``: as written by NetworkX, Gephi or igraph; people without links are kept.

    Raises:
        InputError: with file, line, value and cure: no such file, wrong suffix, larger than 2 GB
            (GraphML: 200 MB), not text, one column or more than two, no links, a missing or
            negative or fractional node.
    """
    path = Path(path)
    suffix = readable(path)
    if suffix == ".graphml":
        return _read_graphml(path)
    codes, found = csv_links(path) if suffix == ".csv" else parquet_links(path)
    names, rank = _sorted_names(found)
    return _imported(names, rank[codes])


def from_networkx(network: nx.Graph) -> Imported:
    """A NetworkX graph of any class, as an undirected graph; its node objects' texts are the names.

    Weights and other attributes are left outside, but for a node attribute ``community``: if
    every node has it, its sorted values become communities 0, 1, ...

    Raises:
        InputError: not a NetworkX graph; a node that is missing (nan), a negative number, or has
            the same text as another; a community on some nodes only.
    """
    return _from_networkx(network, "NetworkX graph")


def to_networkx(graph: Graph, names: Sequence[str] | None = None) -> nx.Graph:
    """A NetworkX graph of the same links: nodes 0..n-1 or their `names`, attribute ``community``.

    It takes about 250 bytes a link, against 8 here: meant for drawing and for other tools.

    Raises:
        InputError: not one different name for each node.
    """
    import networkx as nx

    if names is not None and (len(names) != graph.n or len(set(names)) != graph.n):
        cure = "Give one different name for each node"
        raise InputError(Problem("names", f"{len(names)} names for {graph.n} nodes", f"{cure}."))
    labels: Sequence[Any] = range(graph.n) if names is None else names
    network = nx.Graph()
    network.add_nodes_from((labels[i], {"community": int(c)}) for i, c in enumerate(graph.community))
    for i in range(graph.n):
        network.add_edges_from((labels[i], labels[j]) for j in graph.neighbours(i).tolist() if i < j)
    return network


def _read_graphml(path: Path) -> Imported:
    import networkx as nx

    with path.open("rb") as file:
        head = file.read(1 << 20)
    head = head.replace(b"\0", b"")  # as it looks in UTF-16
    if b"<!ENTITY" in head or b"<!DOCTYPE" in head:  # a few such lines can unfold to gigabytes
        raise refused(path, "has a document type of its own", "Export it without one, as plain GraphML")
    try:
        network = nx.read_graphml(path)
    except MemoryError:
        raise
    except Exception as error:  # networkx lets through whatever its parser stumbles over
        position = getattr(error, "position", None)
        line = position[0] if position else None
        cure = "Export it again as GraphML, or write the links as CSV"
        raise refused(path, "is not readable as GraphML", cure, str(error), line) from error
    return _from_networkx(network, str(path))


def _from_networkx(network: nx.Graph, file: str) -> Imported:
    import networkx as nx

    if not isinstance(network, nx.Graph):
        raise refused(file, "is not a NetworkX graph", "Pass a networkx.Graph", type(network).__name__)
    texts = [str(node) for node in network.nodes]
    for text in texts:
        if text.strip().lower() in _MISSING:
            raise refused(file, "a node without a name", "Give every node a name or a number", text)
        if _NEGATIVE.fullmatch(text):
            raise refused(file, "a negative node number", "Number the nodes from 0 up, or name them", text)
    if not texts:
        raise refused(file, "has no nodes", "Pass a graph with at least one node")
    names, rank = _sorted_names(texts)
    for one, next_one in pairwise(names):
        if one == next_one:
            raise refused(file, "two nodes of the same name", "Rename one (1 and '1' are the same here)", one)
    place = dict(zip(network.nodes, rank.tolist(), strict=True))
    flat = [place[node] for edge in network.edges() for node in edge]
    community = _communities(network, rank, file)
    return _imported(names, np.array(flat, np.int32), community)


def _communities(network: nx.Graph, rank: NDArray[np.int32], file: str) -> NDArray[np.int32] | None:
    labels = [data.get("community") for _, data in network.nodes(data=True)]
    known = [str(label) for label in labels if label is not None]
    if not known:
        return None
    if len(known) < len(labels):
        cure = "Give every node a community, or none"
        raise refused(file, "a community on some of the nodes only", cure, f"{len(known)} of {len(labels)}")
    order, _ = _sorted_names(list(dict.fromkeys(known)))
    number = {label: i for i, label in enumerate(order)}
    community = np.empty(rank.size, np.int32)
    community[rank] = [number[label] for label in known]
    return community


def _sorted_names(names: list[str]) -> tuple[list[str], NDArray[np.int32]]:
    """The names in order, and the place of each in it."""
    if all(map(_WHOLE.fullmatch, names)):
        order = sorted(range(len(names)), key=lambda i: (len(names[i]), names[i]))  # by value, any length
    else:
        order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    return [names[i] for i in order], rank


def _imported(
    names: list[str], ends: NDArray[np.int32], community: NDArray[np.int32] | None = None
) -> Imported:
    n = len(names)
    indptr, indices, loops, duplicates = rows_from_ends(n, ends)
    graph = Graph(indptr, indices, np.zeros(n, np.int32) if community is None else community)
    return Imported(graph, names, loops, duplicates)
