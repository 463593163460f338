"""A graph as sorted rows of neighbours, and how rows are made from a list of links."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import rule


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


@rule
def rows_from_ends(n: int, ends: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32], int, int]:
    """Sorted rows from a list of ends (two to a link): (indptr, indices, self-loops, duplicates).

    Both directions are stored; self-loops and repeated links are left out and counted.
    A counting sort by node, then each row sorted and thinned in place: no copy of the links.
    """
    indptr = np.zeros(n + 2, np.int64)  # one place ahead: filling moves each start to its end
    loops = 0
    for k in range(0, ends.size, 2):
        a, b = ends[k], ends[k + 1]
        if a == b:
            loops += 1
        else:
            indptr[a + 2] += 1
            indptr[b + 2] += 1
    for i in range(2, n + 2):
        indptr[i] += indptr[i - 1]
    indices = np.empty(indptr[n + 1], np.int32)
    for k in range(0, ends.size, 2):
        a, b = ends[k], ends[k + 1]
        if a != b:
            indices[indptr[a + 1]] = b
            indices[indptr[b + 1]] = a
            indptr[a + 1] += 1
            indptr[b + 1] += 1
    write = 0
    begin = 0
    for i in range(n):
        end = indptr[i + 1]
        sort_row(indices, begin, end)
        indptr[i] = write
        for j in range(begin, end):
            if j == begin or indices[j] != indices[j - 1]:
                indices[write] = indices[j]
                write += 1
        begin = end
    indptr[n] = write
    duplicates = (indices.size - write) // 2
    if duplicates > 0:
        indices = indices[:write].copy()
    return indptr[: n + 1].copy(), indices, loops, duplicates


@rule
def sort_row(values: NDArray[np.int32], begin: int, end: int) -> None:
    """Sort values[begin:end] in place (Shell 1959): as short rows want it, and fit for hubs."""
    gap = 1
    while gap < (end - begin) // 3:
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
