"""Scarcity: where a stock or a budget does not reach for everybody, a keyed priority admits, not the order."""

from __future__ import annotations

import numpy as np

from simlab.world.book import N_COUPONS, N_ORDERS
from simlab.world.compiled import hot_rule, rule
from simlab.world.counting import note
from simlab.world.draws import Purpose, day_key, named_bits, user_key
from simlab.world.metrics import M
from simlab.world.money import give_sample
from simlab.world.money_rules import in_share, offer_of
from simlab.world.records import MEMBER, Event
from simlab.world.rules import REDEEMS, belongs, give_coupon


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


@rule
def smallest(priority, count):
    """Indices of the `count` smallest, in no particular order; ties, which are next to impossible, by index.

    Hoare's selection finds the largest that is still in: a whole order costs ten times as much.
    """
    if count >= priority.size:
        return np.arange(priority.size)
    chosen = np.empty(max(count, 0), np.int64)
    if chosen.size == 0:
        return chosen
    values = priority.copy()
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[count - 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < count - 1:
            low = i
        if i > count - 1:
            high = j
    last = values[count - 1]
    n = 0
    for k in range(priority.size):
        if priority[k] < last:
            chosen[n] = k
            n += 1
    for k in range(priority.size):
        if priority[k] == last and n < count:
            chosen[n] = k
            n += 1
    return chosen


@hot_rule
def hand_out(u, i, own, key, offer, number, book, row, now):
    """One coupon reaches one user."""
    row[M.issued] += 1
    taken = give_coupon(u, key, offer, number, now.day)
    note(book, now.day, i, Event.COUPON, 2 * number + (1 if taken else 0))
    if taken:
        give_sample(u, i, own, offer, book, row, now)


@hot_rule
def is_for(u, own, offer, conditions, day):
    """Whether an offer is handed out to somebody today: open, stage, audience, random share."""
    if not (offer.open and (offer.stages >> u.stage) & 1):
        return False
    return belongs(u, day, conditions, offer.first, offer.last) and in_share(own, offer)


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
        for k in smallest(priority[:n], book.stock_left[j]):
            i = chosen[k]
            u = users[i]
            row = book.ledger[d, u.stage, u.source, u.segment]
            own = user_key(world, i)
            hand_out(u, i, own, day_key(own, day), offer, j, book, row, terms.now[u.cell])
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
            if book.order_bits[k] & REDEEMS and offer_of(book.order_bits[k]) == j:
                chosen[n] = k
                priority[n] = named_bits(
                    day_key(user_key(world, i), day), Purpose.BUDGET, terms.offers[j].name
                )
                n += 1
        for p in ranked(priority[:n]):
            k = chosen[p]
            if book.order_cut[k] <= book.budget_left[j]:
                book.budget_left[j] -= book.order_cut[k]
            else:
                refused[k] = True
    return refused
