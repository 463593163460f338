"""A graph as sorted rows of neighbours, and how rows are made from a list of links."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import rule
from simlab.world.fetching import fetch_ahead


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph without self-loops or double links, in compressed rows.

    Attributes:
        indptr: int64[n + 1]; the neighbours of node i are ``indices[indptr[i]:indptr[i + 1]]``.
        indices: int32[2 * links], ascending in each row; j is in i's row if i is in j's.
        community: int32[n], 0..n_communities-1; all 0 in a kind without communities.

    The arrays are made read-only, since many threads share one graph.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    community: NDArray[np.int32]

    def __post_init__(self) -> None:
        kinds = {"indptr": np.int64, "indices": np.int32, "community": np.int32}
        for name, kind in kinds.items():
            array = np.ascontiguousarray(getattr(self, name), dtype=kind).view()
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        sizes = self.indptr.size == self.community.size + 1 and self.indptr[0] == 0
        if not sizes or self.indptr[-1] != self.indices.size:
            raise ValueError("indptr must be int64[n + 1] from 0 to indices.size, community int32[n]")

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled arrays are writable, which to the compiler is another type: build it anew
        return Graph, (np.array(self.indptr), np.array(self.indices), np.array(self.community))

    @property
    def n(self) -> int:
        """Number of nodes."""
        return int(self.community.size)

    @property
    def n_links(self) -> int:
        """Number of undirected links."""
        return int(self.indices.size // 2)

    @property
    def n_communities(self) -> int:
        """Number of communities; 1 in a kind without communities."""
        return int(self.community.max()) + 1 if self.n else 0

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each node, int64[n]."""
        return np.diff(self.indptr)

    @property
    def mean_degree(self) -> float:
        """Neighbours of the average node."""
        return self.indices.size / self.n if self.n else 0.0

    @property
    def nbytes(self) -> int:
        """Bytes of the three arrays."""
        return int(self.indptr.nbytes + self.indices.nbytes + self.community.nbytes)

    def neighbours(self, node: int) -> NDArray[np.int32]:
        """The neighbours of one node, ascending; a view."""
        return self.indices[self.indptr[node] : self.indptr[node + 1]]

    def digest(self) -> str:
        """32 hexadecimal digits that name this very graph, the same on every machine."""
        hashed = hashlib.blake2b(f"simlab graph 1|{self.n}|{self.n_links}|".encode(), digest_size=16)
        for array, kind in ((self.indptr, "<i8"), (self.indices, "<i4"), (self.community, "<i4")):
            hashed.update(array.astype(kind, copy=False).data)
        return hashed.hexdigest()


def renamed(
    ends: NDArray[np.int32], community: NDArray[np.int32], user: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The ends of all links become the users who stand on the nodes, in place; returns everybody's community."""
    _rename(ends, user)
    out = np.empty(user.size, np.int32)
    out[user] = community
    return out


@rule
def _rename(ends: NDArray[np.int32], user: NDArray[np.int32]) -> None:
    for k in range(ends.size):
        ends[k] = user[ends[k]]


def ends_of(graph: Graph) -> NDArray[np.int32]:
    """The links of a graph as a list of ends, two to a link."""
    heads = np.repeat(np.arange(graph.n, dtype=np.int32), graph.degrees)
    once = heads < graph.indices
    return np.stack([heads[once], graph.indices[once]], axis=1).ravel()


def rows_from_ends(n: int, ends: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32], int, int]:
    """Sorted rows from a list of ends (two to a link): (indptr, indices, self-loops, duplicates).

    Both directions are stored; self-loops and repeated links are left out and counted. What is as long as the graph
    comes from NumPy and not from a compiled rule: it asks the system for large pages, on which steps from row to row
    cost a fraction.
    """
    indptr = np.zeros(n + 2, np.int64)  # one place ahead: filling moves each start to its end
    loops = _count_ends(ends, indptr)
    indices = np.empty(int(indptr[-1]), np.int32)
    kept = _fill_rows(ends, indptr, indices)
    duplicates = (indices.size - kept) // 2
    if duplicates > 0:
        indices = indices[:kept].copy()
    return indptr[: n + 1].copy(), indices, int(loops), int(duplicates)


@rule
def _count_ends(ends: NDArray[np.int32], indptr: NDArray[np.int64]) -> int:
    """Where each row would begin, one place ahead; returns the number of self-loops."""
    loops = 0
    for k in range(0, ends.size, 2):
        a, b = ends[k], ends[k + 1]
        if a == b:
            loops += 1
        else:
            indptr[a + 2] += 1
            indptr[b + 2] += 1
    for i in range(2, indptr.size):
        indptr[i] += indptr[i - 1]
    return loops


@rule
def _fill_rows(ends: NDArray[np.int32], indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> int:
    """A counting sort by node, then each row sorted and thinned in place; returns how many entries are left."""
    last = ends.size - 1
    for k in range(0, ends.size, 2):
        for later in range(k, k + 2):
            fetch_ahead(indptr, ends[min(later + 4 * AHEAD, last)] + 1, 0, 0)
            fetch_ahead(indices, indptr[ends[min(later + 2 * AHEAD, last)] + 1], 0, 0)
        a, b = ends[k], ends[k + 1]
        if a != b:
            indices[indptr[a + 1]] = b
            indices[indptr[b + 1]] = a
            indptr[a + 1] += 1
            indptr[b + 1] += 1
    room = np.empty(SHORT, np.int32)
    write = 0
    begin = 0
    for i in range(indptr.size - 2):
        end = indptr[i + 1]
        sort_row(indices, begin, end, room)
        indptr[i] = write
        for j in range(begin, end):
            if j == begin or indices[j] != indices[j - 1]:
                indices[write] = indices[j]
                write += 1
        begin = end
    indptr[indptr.size - 2] = write
    return write


AHEAD = 16
"""How many links ahead the places of their ends are called to the cache."""
SHORT = 32
"""Rows up to this length are sorted by counting."""


@rule
def sort_row(values: NDArray[np.int32], begin: int, end: int, room: NDArray[np.int32]) -> None:
    """Sort values[begin:end] in place: short rows by counting, without a branch to guess; long ones as Shell (1959).

    Args:
        room: (SHORT,) scratch of the same type.
    """
    size = end - begin
    if size <= SHORT:
        lanes = (size + 7) // 8 * 8
        for k in range(size):
            room[k] = values[begin + k]
        for k in range(size, lanes):
            room[k] = 2_147_483_647
        for j in range(size):
            before = np.int32(0)
            for k in range(lanes):
                before += np.int32((room[k] < room[j]) | ((room[k] == room[j]) & (k < j)))
            values[begin + before] = room[j]
        return
    gap = 1
    while gap < size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(begin + gap, end):
            value = values[i]
            j = i
            while j >= begin + gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 3
