"""Scarcity: where a stock or a budget does not reach for everybody, a keyed priority admits, not the order."""

from __future__ import annotations

import numpy as np

from simlab.world.book import N_COUPONS, N_ORDERS
from simlab.world.compiled import inlined_hot_rule, rule
from simlab.world.counting import note
from simlab.world.draws import Purpose, day_key, named_bits, user_key
from simlab.world.metrics import M
from simlab.world.records import MEMBER, Event
from simlab.world.rules import REDEEMS, give_coupon, subsidy_of


@rule
def ranked(priority):
    """Indices by rising keyed priority (Shell 1959); ties, which are next to impossible, by index.

    numba's own argsort would do, but takes five seconds to compile.
    """
    order = np.arange(priority.size)
    gap = 1
    while gap < priority.size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, priority.size):
            k = order[i]
            j = i
            while j >= gap and (
                priority[order[j - gap]] > priority[k]
                or (priority[order[j - gap]] == priority[k] and order[j - gap] > k)
            ):
                order[j] = order[j - gap]
                j -= gap
            order[j] = k
        gap //= 3
    return order


@inlined_hot_rule
def hand_out(u, i, key, offer, number, book, row, day):
    """One coupon reaches one user."""
    row[M.issued] += 1
    taken = give_coupon(u, key, offer, number, day)
    note(book, day, i, Event.COUPON, 2 * number + (1 if taken else 0))


@rule
def noon(users, world, terms, book, d):
    """Coupons of a limited stock: among today's recipients a keyed priority decides."""
    day = terms.now[0].day
    total = book.counts[N_COUPONS]
    for j in range(terms.offers.size):
        offer = terms.offers[j]
        chosen = np.empty(total, np.int64)
        priority = np.empty(total, np.uint64)
        n = 0
        for k in range(total):
            i = np.int64(book.coupon_user[k])
            if book.coupon_offer[k] == j and users[i].status == MEMBER:
                chosen[n] = i
                priority[n] = named_bits(day_key(user_key(world, i), day), Purpose.STOCK, offer.name)
                n += 1
        order = ranked(priority[:n])
        for k in order[: min(n, book.stock_left[j])]:
            i = chosen[k]
            u = users[i]
            row = book.ledger[d, u.stage, u.source, u.segment]
            hand_out(u, i, day_key(user_key(world, i), day), offer, j, book, row, day)
            book.stock_left[j] -= 1
    book.counts[N_COUPONS] = 0


@rule
def refuse_beyond_budget(users, world, terms, book):
    """Redemptions beyond a budget are refused, by keyed priority; bits of refused orders lose REDEEMS."""
    day = terms.now[0].day
    total = book.counts[N_ORDERS]
    refused = np.zeros(total, np.bool_)
    for j in range(terms.offers.size):
        if not terms.offers[j].finite_budget:
            continue
        chosen = np.empty(total, np.int64)
        priority = np.empty(total, np.uint64)
        n = 0
        for k in range(total):
            i = np.int64(book.order_user[k])
            if book.order_bits[k] & REDEEMS and users[i].coupon_offer == j:
                chosen[n] = k
                priority[n] = named_bits(
                    day_key(user_key(world, i), day), Purpose.BUDGET, terms.offers[j].name
                )
                n += 1
        for p in ranked(priority[:n]):
            k = chosen[p]
            subsidy = subsidy_of(users[book.order_user[k]], book.order_amount[k])
            if subsidy <= book.budget_left[j]:
                book.budget_left[j] -= subsidy
            else:
                refused[k] = True
    return refused
