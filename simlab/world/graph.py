"""The social graph: the kinds of network we can draw, by name or one by one.

All graphs are undirected. Each kind is a deterministic function of its parameters and
the seed: same seed, same bytes, on any machine and with any number of threads.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlab.scenario.errors import InputError, Problem
from simlab.world import circles, links
from simlab.world.rows import Graph, renamed, rows_from_ends

__all__ = ["KINDS", "Graph", "barabasi_albert", "build", "communities", "configuration", "empty", "from_ends"]
__all__ += ["power_law_degrees", "watts_strogatz"]

COMMUNITY_SIZE = 150.0
"""People: the size of a circle of acquaintances (Dunbar 1992)."""
INSIDE = 0.8
"""Share of links that stay in the community."""
TAIL = 2.7
"""Exponent of the degree density; social networks have 2 to 3 (Newman 2003, table II)."""
REWIRE = 0.1
"""Share of moved links in a small world: still clustered, already small (Watts & Strogatz 1998)."""
_SIZE_TAIL = 2.5  # community sizes: from a third of the mean to ten times the mean
_LARGEST_SIZE = 10.0
_MOST_ENDS = 2**32
Users = NDArray[np.int32] | None
"""(n,) who stands on each node; None: user i on node i."""
_PART = {"communities": 0, "watts_strogatz": 1, "barabasi_albert": 2, "configuration": 3, "degrees": 4}


def from_ends(
    n: int, ends: NDArray[np.int32], user: Users = None, community: NDArray[np.int32] | None = None
) -> Graph:
    """The graph of a list of links between nodes; `ends` are overwritten where `user` says who stands on them."""
    community = np.zeros(n, np.int32) if community is None else community
    if user is not None and ends.size:
        community = renamed(ends, community, user)
    indptr, indices, _, _ = rows_from_ends(n, ends)
    return Graph(indptr, indices, community)


def empty(n: int) -> Graph:
    """n people who do not know each other."""
    n = _whole("n", n, 0, 2**31 - 1)
    return Graph(np.zeros(n + 1, np.int64), np.empty(0, np.int32), np.zeros(n, np.int32))


def communities(
    n: int,
    mean_degree: float,
    community_size: float = COMMUNITY_SIZE,
    inside: float = INSIDE,
    tail: float = TAIL,
    seed: int = 0,
    user: Users = None,
) -> Graph:
    """The default social graph: communities, circles of friends, hubs.

    Args:
        n: people.
        mean_degree: links of the average person.
        community_size: people in the average community (4 or more); sizes are heavy-tailed.
        inside: share of links that stay in the community, in [0, 1].
        tail: exponent of the degree density, above 2; degrees end at sqrt(n * mean_degree).
        seed: 0 or more.
        user: who stands on each node.

    Nodes are contiguous in a community; nothing else is tied to the number. The mean degree is
    met within 3 % (in a tiny graph, within three links) if it is below n / 20; above, hubs
    run out of people. Links that a small community has no room for go outside.

    Raises:
        InputError: a parameter outside its range.
    """
    n, mean_degree, seed = _size(n, mean_degree, seed)
    community_size = _real("community_size", community_size, 4.0, 2.0**31)
    inside, tail = _real("inside", inside, 0.0, 1.0), _tail(tail)
    if n == 0 or mean_degree == 0.0:
        return empty(n)
    state = links.start(seed, _PART["communities"])
    count = max(1, round(n / community_size))
    sizes = links.power_law(count, n / count, _SIZE_TAIL, _LARGEST_SIZE * n / count)
    links.shuffle(sizes, count, state)
    bounds = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    community = np.repeat(np.arange(count, dtype=np.int32), sizes)
    degree = _power_law_degrees(n, mean_degree, tail)
    links.shuffle(degree, n, state)
    if count == 1:
        inside = 1.0
    # half of the links inside in one circle: an average person sits in two, clustering is about .4
    circle = max(2, round(0.5 * inside * mean_degree))
    return from_ends(n, circles.social(degree, community, bounds, inside, circle, state), user, community)


def watts_strogatz(
    n: int, mean_degree: float, rewire: float = REWIRE, seed: int = 0, user: Users = None
) -> Graph:
    """A small world: a ring of neighbours with a share `rewire` of links moved (Watts & Strogatz 1998).

    Neighbours on the ring have neighbouring ids. Has exactly round(n * mean_degree / 2) links.

    Raises:
        InputError: a parameter outside its range.
    """
    n, mean_degree, seed = _size(n, mean_degree, seed)
    rewire = _real("rewire", rewire, 0.0, 1.0)
    if 2 * math.ceil(mean_degree / 2) > max(n - 1, 0):
        raise _refused("mean_degree", mean_degree, "the ring is too short", "Use a mean degree below n - 1")
    return from_ends(
        n, links.ring(n, mean_degree / 2, rewire, links.start(seed, _PART["watts_strogatz"])), user
    )


def barabasi_albert(n: int, mean_degree: float, seed: int = 0, user: Users = None) -> Graph:
    """Growth by preferential attachment (Barabasi & Albert 1999): degree density ~ k**-3, little clustering.

    The mean degree is at least 2 (each newcomer knows somebody) and is met, unless it is
    above n / 2. Ids are shuffled: the hubs are not the small ones.

    Raises:
        InputError: a parameter outside its range.
    """
    n, mean_degree, seed = _size(n, mean_degree, seed)
    if n < 3 or not 2.0 <= mean_degree <= n / 2:
        cure = "Use n of 4 or more and a mean degree from 2 to n / 2"
        raise _refused("mean_degree", mean_degree, f"cannot grow {n} nodes with this mean degree", cure)
    total = int(n * mean_degree / 2 + 0.5)
    return from_ends(
        n,
        links.preferential(n, total, int(mean_degree / 2), links.start(seed, _PART["barabasi_albert"])),
        user,
    )


def configuration(degrees: ArrayLike, seed: int = 0, user: Users = None) -> Graph:
    """A random graph with given degrees (erased configuration model, Britton, Deijfen & Martin-Lof 2006).

    Args:
        degrees: whole numbers [n], the links node i is to have.

    Stubs are shuffled and linked two by two; self-loops, repeated links and an odd stub
    are dropped, so that hubs may end a little below their degree. No clustering, no communities.

    Raises:
        InputError: degrees that are not whole numbers in 0..n-1.
    """
    wanted = np.asarray(degrees)
    n = wanted.size
    seed = _whole("seed", seed, 0, 2**63 - 1)
    cure = "Give one whole number from 0 to n - 1 for each node"
    if wanted.ndim != 1 or (n and wanted.dtype.kind not in "iu"):
        raise _refused("degrees", wanted.dtype, "not a list of whole numbers", cure)
    bad = np.flatnonzero((wanted < 0) | (wanted >= max(n, 1)))
    if bad.size:
        raise _refused(f"degrees[{bad[0]}]", wanted[bad[0]], "not a possible degree", cure)
    stubs = links.stubs_of(wanted.astype(np.int32), 0, n)
    links.shuffle(stubs, stubs.size, links.start(seed, _PART["configuration"]))
    return from_ends(n, stubs[: stubs.size // 2 * 2], user)


def power_law_degrees(n: int, mean_degree: float, tail: float = TAIL, seed: int = 0) -> NDArray[np.int32]:
    """Degrees for `configuration`, int32[n]: density ~ k**-tail up to sqrt(n * mean_degree), shuffled.

    The cut is the structural one, above which hubs would need double links (Boguna et al. 2004).

    Raises:
        InputError: a parameter outside its range.
    """
    n, mean_degree, seed = _size(n, mean_degree, seed)
    degrees = _power_law_degrees(n, mean_degree, _tail(tail))
    links.shuffle(degrees, n, links.start(seed, _PART["degrees"]))
    return degrees


def _erased(n: int, mean_degree: float, tail: float = TAIL, seed: int = 0, user: Users = None) -> Graph:
    return configuration(power_law_degrees(n, mean_degree, tail, seed), seed, user)


def _nobody(n: int, mean_degree: float = 0.0, seed: int = 0, user: Users = None) -> Graph:
    return empty(n)


KINDS: dict[str, tuple[Callable[..., Graph], tuple[str, ...]]] = {
    "communities": (communities, ("community_size", "inside", "tail")),
    "watts_strogatz": (watts_strogatz, ("rewire",)),
    "barabasi_albert": (barabasi_albert, ()),
    "configuration": (_erased, ("tail",)),
    "empty": (_nobody, ()),
}
"""The kinds of graph and the options of each."""


def build(
    kind: str, n: int, mean_degree: float = 10.0, seed: int = 0, user: Users = None, **options: float
) -> Graph:
    """Draw a graph of a kind by name; `user` says who stands on each node.

    >>> build("communities", 1000, 10, seed=1, inside=0.9).n
    1000

    Raises:
        InputError: an unknown kind or option, or a value outside its range.
    """
    if kind not in KINDS:
        raise _refused("kind", kind, "no such kind of graph", f"Use one of {', '.join(KINDS)}")
    function, allowed = KINDS[kind]
    for name, value in options.items():
        if name not in allowed:
            cure = f"It takes {', '.join(allowed)}" if allowed else "It takes no options"
            raise _refused(name, value, f"'{kind}' has no such option", cure)
    return function(n, mean_degree, seed=seed, user=user, **options)


def _power_law_degrees(n: int, mean_degree: float, tail: float) -> NDArray[np.int32]:
    if n * mean_degree == 0.0:
        return np.zeros(n, np.int32)
    largest = min(max(math.sqrt(n * mean_degree), mean_degree), n - 1.0)
    return np.minimum(links.power_law(n, mean_degree, tail, largest), n - 1)


def _size(n: int, mean_degree: float, seed: int) -> tuple[int, float, int]:
    n = _whole("n", n, 0, 2**31 - 1)
    mean_degree = _real("mean_degree", mean_degree, 0.0, max(n - 1.0, 0.0))
    if n * mean_degree >= _MOST_ENDS:
        raise _refused("mean_degree", mean_degree, "more than two thousand million links", "Use fewer")
    return n, mean_degree, _whole("seed", seed, 0, 2**63 - 1)


def _tail(tail: float) -> float:
    return _real("tail", tail, 2.05, 20.0)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if not low <= number <= high:
        raise _refused(name, value, "out of range", f"Use a whole number from {low} to {high}")
    return number


def _real(name: str, value: Any, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:  # also refuses nan
        raise _refused(name, value, "out of range", f"Use a number from {low:g} to {high:g}")
    return number


def _refused(where: str, value: Any, message: str, cure: str) -> InputError:
    problem = Problem("graph", message, f"{cure}.", where=where, value=repr(value)[:60])
    return InputError(problem)
