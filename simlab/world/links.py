"""How each kind of social graph draws its links: compiled, from one counter of keyed draws.

A list of links is one int32 array of ends, two to a link: ``ends[2k]`` knows
``ends[2k + 1]``. Nothing here is sorted; `simlab.world.graph` turns ends into rows. A
graph is one object drawn in one go, so that a counter hashed by splitmix64 serves: the
state is a uint64[1] array that each draw moves on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import rule
from simlab.world.draws import GOLDEN, Purpose, mix, pair_bits, seed_key
from simlab.world.numerics import power

Ends = NDArray[np.int32]
State = NDArray[np.uint64]
Table = NDArray[np.uint64]

_GRAPH = int(Purpose.GRAPH)
FREE = np.uint64(0xFFFFFFFFFFFFFFFF)  # no link has this key: ids are below 2**31
_U11, _U32 = np.uint64(11), np.uint64(32)
TRIES = 100  # of finding a new partner for one rewired link before it stays where it is


@rule
def start(seed: int, part: int) -> State:
    """The counter of one part of a graph's making, uint64[1]; parts do not share draws."""
    state = np.empty(1, np.uint64)
    state[0] = pair_bits(seed_key(seed), _GRAPH, part)
    return state


@rule
def unit(state: State) -> float:
    """The next draw, in [0, 1)."""
    state[0] += GOLDEN
    return np.float64(mix(state[0]) >> _U11) * (1.0 / 9007199254740992.0)


@rule
def below(state: State, n: int) -> int:
    """The next draw, a whole number in 0..n-1 (53 bits: the bias is below 1e-6 for any graph)."""
    return int(unit(state) * n)


@rule
def shuffle(values: NDArray[np.int32], count: int, state: State) -> None:
    """Put the first `count` values into random order, in place (Fisher and Yates)."""
    for i in range(count - 1, 0, -1):
        j = below(state, i + 1)
        values[i], values[j] = values[j], values[i]


@rule
def power_law(count: int, mean: float, tail: float, largest: float) -> NDArray[np.int32]:
    """Whole numbers with density ~ x**-tail, ascending, int32[count]; their sum is round(count * mean).

    One value from each of `count` equal slices of a Pareto distribution cut off at
    `largest`: the slice's mean, rounded so that the error is carried to the next slice.
    Two graphs of one size then have the same degrees, dealt to other people, and a heavy
    tail cannot move the mean. The smallest value is solved for by bisection. `tail` > 2.
    """
    a = tail - 1.0
    b = 1.0 - 1.0 / a
    low, high = 0.0, min(mean, largest)
    for _ in range(80):
        smallest = 0.5 * (low + high)
        beyond = power(smallest / largest, a)  # weight of an uncut Pareto above the cut
        if smallest * (1.0 - power(beyond, b)) < mean * b * (1.0 - beyond):
            low = smallest
        else:
            high = smallest
    cut = 1.0 - power(low / largest, a)
    out = np.empty(count, np.int32)
    before = 0
    for r in range(count):
        share = (r + 1.0) / count
        if cut > 1e-9:  # the integral of the quantile function up to `share`
            area = low / (cut * b) * (1.0 - power(1.0 - cut * share, b))
        else:
            area = mean * share
        total = int(count * (mean if r == count - 1 else area) + 0.5)
        out[r] = max(total - before, 0)
        before = max(total, before)
    return out


@rule
def ring(n: int, half: float, rewire: float, state: State) -> Ends:
    """Watts & Strogatz (1998): a ring of neighbours, each link's far end moved with chance `rewire`.

    `half` links a node to the right; a fraction is spread evenly around the ring. A moved
    end never lands on a place of the ring's own or on another moved link, so that no
    link is lost.
    """
    total = int(n * half + 0.5)
    ends = np.empty(2 * total, np.int32)
    reach = int(np.ceil(half))
    table = empty_table(int(2.0 * rewire * total) + 64)
    k = 0
    for v in range(n):
        count = (total if v == n - 1 else int((v + 1) * half + 0.5)) - k
        for j in range(1, count + 1):
            t = (v + j) % n
            if unit(state) < rewire:
                for _ in range(TRIES):
                    w = below(state, n)
                    apart = abs(w - v)
                    if min(apart, n - apart) > reach and add(table, v, w):
                        t = w
                        break
            ends[2 * k] = v
            ends[2 * k + 1] = t
            k += 1
    return ends


@rule
def preferential(n: int, total: int, first: int, state: State) -> Ends:
    """Barabasi & Albert (1999): each newcomer links to distinct others, by the links they have.

    Starts, as networkx does, from a star of `first` + 1 nodes; the other of the `total`
    links are spread evenly over the newcomers (`first` each, or now and then one more). Names are
    shuffled at the end, so that the oldest and richest are not the smallest ids.
    """
    ends = np.empty(2 * total, np.int32)
    for k in range(first):
        ends[2 * k] = 0
        ends[2 * k + 1] = k + 1
    k = first
    each = (total - first) / max(n - first - 1, 1)
    for v in range(first + 1, n):
        due = first + int((v - first) * each + 0.5)
        known = 2 * k  # a newcomer does not draw itself
        begin = k
        while k < min(due, begin + v, total):
            u = ends[below(state, known)]
            twice = False
            for j in range(begin, k):
                twice = twice or ends[2 * j + 1] == u
            if not twice:
                ends[2 * k] = v
                ends[2 * k + 1] = u
                k += 1
    name = np.arange(n).astype(np.int32)
    shuffle(name, n, state)
    for j in range(2 * k):
        ends[j] = name[ends[j]]
    return ends[: 2 * k]


@rule
def stubs_of(degree: NDArray[np.int32], first: int, last: int) -> Ends:
    """Each node of first..last-1 as often as it has links to give."""
    total = 0
    for v in range(first, last):
        total += degree[v]
    stubs = np.empty(total, np.int32)
    k = 0
    for v in range(first, last):
        for _ in range(degree[v]):
            stubs[k] = v
            k += 1
    return stubs


@rule
def slots(links: int) -> int:
    """Size of a table for so many links: a power of two, at most half full."""
    size = 64
    while size < 2 * links:
        size *= 2
    return size


@rule
def empty_table(links: int) -> Table:
    """An empty set with room for so many links: open addressing."""
    return np.full(slots(links), FREE, np.uint64)


@rule
def add(table: Table, a: int, b: int) -> bool:
    """Put the link a-b into the set; False if it was there."""
    key = (np.uint64(min(a, b)) << _U32) | np.uint64(max(a, b))
    mask = np.uint64(table.size - 1)
    place = int(mix(key) & mask)
    while table[place] != FREE:
        if table[place] == key:
            return False
        place = int(np.uint64(place + 1) & mask)
    table[place] = key
    return True
