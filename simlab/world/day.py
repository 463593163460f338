"""One day: members' mornings and afternoons on one thread or several, noon and evening on one.

Nothing in a member's day depends on the order in which members are visited, and nobody else's record is read. So
each thread takes a part of the list of members and writes a book of its own, which counts from nothing; put behind
each other the lists are those of one thread, and all counters are whole numbers: the results are the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simlab.world.book import (
    N_COUPONS,
    N_GONE,
    N_INVITERS,
    N_LIVE,
    N_ORDERS,
    N_SPEAKERS,
    N_TEAMED,
    Book,
    Outside,
)
from simlab.world.counting import COHORT_SIZE
from simlab.world.engine import by_id, run_evening, run_members, run_noon
from simlab.world.graph import Graph
from simlab.world.members import AFTERNOON, DAY, MORNING
from simlab.world.records import Terms
from simlab.world.screen import empty_screen

FEWEST = 20_000
"""Members for whom a thread of their own is worth starting."""
LISTS = (
    ("counts", N_ORDERS,
     ("order_user", "order_amount", "order_bits", "order_usual", "order_cut", "order_rewards")),
    ("counts", N_INVITERS, ("inviter_user", "inviter_count", "inviter_programme")),
    ("counts", N_GONE, ("gone",)),
    ("counts", N_COUPONS, ("coupon_user", "coupon_offer")),
    ("carried", N_SPEAKERS, ("speaker_user", "speaker_voice")),
    ("carried", N_TEAMED, ("teamed",)),
)  # fmt: skip
"""What members put on lists: where its length stands, and the lists."""
SUMS = ("cohorts", "flows", "stock", "said")
"""What members add to, beside the ledger."""


def run_day(
    users: NDArray[np.void], world: np.uint64, graph: Graph, terms: Terms, book: Book, outside: Outside, d: int,
    threads: int = 1,
) -> None:  # fmt: skip
    """Everybody's whole day; d is its row in the ledger."""
    if terms.now["day"][0] == 1:
        book.cohorts[0, 0, COHORT_SIZE] = book.counts[N_LIVE]
    by_id(book.live, int(book.counts[N_LIVE]))
    if len(book.events):  # the log is written in one place
        threads = 1
    part = DAY
    if coupons_wait(terms):  # for noon, so everybody's morning comes first
        _in_parts(users, world, terms, book, d, threads, MORNING)
        run_noon(users, world, terms, book, d)
        part = AFTERNOON
    _in_parts(users, world, terms, book, d, threads, part)
    run_evening(users, world, graph.indptr, graph.indices, terms, book, outside, d)


def coupons_wait(terms: Terms) -> bool:
    """Whether a touch that may go out today hands out coupons of a limited stock."""
    limited = terms.offers["finite_stock"] & terms.offers["open"]
    if not limited.any():
        return False
    waiting = np.flatnonzero(np.append(limited, 0)[terms.touches["offer"]])  # the last: no offer
    return any(
        terms.rates[:, k].any() or terms.rules["chance"][terms.rule_first[k] : terms.rule_first[k + 1]].any()
        for k in waiting.tolist()
    )


def _in_parts(
    users: NDArray[np.void], world: np.uint64, terms: Terms, book: Book, d: int, threads: int, part: int
) -> None:
    """Members' day, or a part of it, on as many threads as it is worth; the first of them writes the book itself."""
    live = int(book.counts[N_LIVE])
    threads = max(1, min(threads, live // FEWEST))
    if threads == 1:
        run_members(users, world, terms, book, d, empty_screen(terms), part)
        return
    bounds = [live * k // threads for k in range(threads + 1)]
    books = [_empty_book(book, start, stop) for start, stop in pairwise(bounds[1:])]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        jobs = [
            pool.submit(run_members, users, world, terms, own, 0, empty_screen(terms), part) for own in books
        ]
        book.counts[N_LIVE] = bounds[1]
        run_members(users, world, terms, book, d, empty_screen(terms), part)
        for job, own in zip(jobs, books, strict=True):
            job.result()
            _take_over(book, own, d)


def _empty_book(book: Book, start: int, stop: int) -> Book:
    """A book for members number start .. stop-1 of the list: as `book`, with nothing counted yet."""
    own = book._replace(
        ledger=np.zeros((1, *book.ledger.shape[1:]), np.int64),
        live=book.live[start:stop],
        counts=np.zeros_like(book.counts),
        carried=book.carried.copy(),
        **{name: np.empty_like(getattr(book, name)) for _, _, names in LISTS for name in names},
        **{name: np.zeros_like(getattr(book, name)) for name in SUMS},
    )
    own.counts[N_LIVE] = stop - start
    own.carried[[N_SPEAKERS, N_TEAMED]] = 0
    return own


def _take_over(book: Book, own: Book, d: int) -> None:
    """What a thread counted enters the book, its lists behind those of the threads before."""
    book.ledger[d] += own.ledger[0]
    for name in SUMS:
        np.add(getattr(book, name), getattr(own, name), out=getattr(book, name))
    for counters, place, names in (*LISTS, ("counts", N_LIVE, ("live",))):
        lengths, more = getattr(book, counters), int(getattr(own, counters)[place])
        first = int(lengths[place])
        for name in names:
            getattr(book, name)[first : first + more] = getattr(own, name)[:more]
        lengths[place] = first + more
