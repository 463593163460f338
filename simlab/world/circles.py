"""Links of people who live in communities and meet in circles: the default social graph.

Circles, not random triangles, make friends of friends friends: a group that meets is a
small clique, as in affiliation networks (Newman, Strogatz & Watts 2001; Newman 2003).
The degrees are given, so that hubs and mean degree are what was asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import rule
from simlab.world.links import (
    FREE,
    TRIES,
    Ends,
    State,
    Table,
    add,
    below,
    empty_table,
    shuffle,
    slots,
    stubs_of,
    unit,
)

_ROUNDS = 30  # of shuffling the stubs that found no partner; what is left then is a handful


@rule
def social(
    degree: NDArray[np.int32],
    community: NDArray[np.int32],
    bounds: NDArray[np.int64],
    inside: float,
    circle: int,
    state: State,
) -> Ends:
    """Links of people who live in communities and meet in circles.

    Args:
        degree: int32[n], the links each node is to have.
        community: int32[n], contiguous; `bounds` int64[c + 1] says where each begins.
        inside: share of all links that stay in the community.
        circle: links that one full circle gives each of its circle + 1 members.

    A node spends its links inside on seats in circles (family, class, neighbours), where
    everybody knows everybody: a friend's friend is a friend. So clustering is high, and
    falls with the degree, because a hub sits in many circles that do not meet. What the
    circles leave goes to chance meetings in the community, and the rest to other communities.
    """
    ends = np.empty(2 * (degree.sum() // 2) + 2, np.int32)
    local = _inside_budget(degree, bounds, inside, state)
    free = degree.copy()
    table = empty_table(64)
    # typed, since a literal would compile everything that takes it once more
    anybody, strangers, k = np.bool_(False), np.bool_(True), np.int64(0)
    for c in range(bounds.size - 1):
        first, last = bounds[c], bounds[c + 1]
        stubs = stubs_of(local, first, last)
        room = slots(stubs.size)
        if room > table.size:
            table = np.empty(room, np.uint64)
        known = table[:room]
        known[:] = FREE
        begin = k
        for size in range(circle, 0, -1):
            k = _meet(local, first, last, circle, size, stubs, known, ends, k, state)
        for j in range(2 * begin, 2 * k):
            local[ends[j]] -= 1
        rest = stubs_of(local, first, last)
        k, left = _pair_up(rest, rest.size, community, anybody, known, ends, k, state)
        for j in range(2 * begin, 2 * k):
            free[ends[j]] -= 1
        k = _invite(rest[: left // 2], first, last, free, known, ends, k, state)
    rest = stubs_of(free, 0, free.size)
    known = empty_table(rest.size)
    k, left = _pair_up(rest, rest.size, community, strangers, known, ends, k, state)
    # a community larger than all others together finds no partner outside: stay inside
    k, _ = _pair_up(rest, left, community, anybody, known, ends, k, state)
    return ends[: 2 * k]


@rule
def _inside_budget(
    degree: NDArray[np.int32], bounds: NDArray[np.int64], inside: float, state: State
) -> NDArray[np.int32]:
    """How many of its links each node seeks inside: a share of its degree, at most everybody there.

    A hub cannot know more people inside than there are, so the others' share is raised
    (bisection) until `inside` holds for all links together, as far as it can.
    """
    low, high = inside, 1.0
    wanted = inside * degree.sum()
    for _ in range(30):
        share = 0.5 * (low + high)
        reached = 0.0
        for c in range(bounds.size - 1):
            most = bounds[c + 1] - bounds[c] - 1.0
            for v in range(bounds[c], bounds[c + 1]):
                reached += min(share * degree[v], most)
        if reached < wanted:
            low = share
        else:
            high = share
    local = np.empty(degree.size, np.int32)
    for c in range(bounds.size - 1):
        most = bounds[c + 1] - bounds[c] - 1
        for v in range(bounds[c], bounds[c + 1]):
            local[v] = min(np.int64(high * degree[v] + unit(state)), most)
    return local


@rule
def _meet(
    local: NDArray[np.int32],
    first: int,
    last: int,
    circle: int,
    size: int,
    seats: NDArray[np.int32],
    known: Table,
    ends: Ends,
    k: np.int64,
    state: State,
) -> np.int64:
    """Seat a community in circles of `size` + 1 and link each circle fully; the new number of links.

    A node with d links to spend takes d // circle full circles and one smaller for what is left.
    """
    count = 0
    for v in range(first, last):
        if size == circle:
            wanted = local[v] // circle
        else:
            wanted = 1 if local[v] % circle == size else 0
        for _ in range(wanted):
            seats[count] = v
            count += 1
    shuffle(seats, count, state)
    for begin in range(0, count, size + 1):
        end = min(begin + size + 1, count)
        for i in range(begin, end):
            for j in range(i + 1, end):
                a, b = seats[i], seats[j]
                if a != b and add(known, a, b):
                    ends[2 * k] = a
                    ends[2 * k + 1] = b
                    k += 1
    return k


@rule
def _invite(
    hubs: NDArray[np.int32],
    first: int,
    last: int,
    free: NDArray[np.int32],
    known: Table,
    ends: Ends,
    k: np.int64,
    state: State,
) -> np.int64:
    """Link each stub of `hubs` to anybody inside who meant to spend a link outside; new link count.

    What hubs have left they cannot spend among themselves, being few and all acquainted.
    Two stubs left are one link missing inside: half of them makes up for it.
    """
    for a in hubs:
        for _ in range(TRIES):
            b = first + below(state, last - first)
            if free[a] > 0 and free[b] > 0 and a != b and add(known, a, b):
                ends[2 * k] = a
                ends[2 * k + 1] = b
                k += 1
                free[a] -= 1
                free[b] -= 1
                break
    return k


@rule
def _pair_up(
    stubs: NDArray[np.int32],
    count: int,
    community: NDArray[np.int32],
    apart: np.bool_,
    known: Table,
    ends: Ends,
    k: np.int64,
    state: State,
) -> tuple[np.int64, int]:
    """Link shuffled stubs two by two, again and again for those refused; (links so far, stubs left).

    Refused are a node with itself, a link that is `known`, and, if `apart`, two of one community.
    """
    for _ in range(_ROUNDS):
        if count < 2:
            break
        shuffle(stubs, count, state)
        left = 0
        for i in range(0, count - 1, 2):
            a, b = stubs[i], stubs[i + 1]
            allowed = a != b and not (apart and community[a] == community[b])
            if allowed and add(known, a, b):
                ends[2 * k] = a
                ends[2 * k + 1] = b
                k += 1
            else:
                stubs[left] = a
                stubs[left + 1] = b
                left += 2
        if count % 2 == 1:
            stubs[left] = stubs[count - 1]
            left += 1
        count = left
    return k, count
