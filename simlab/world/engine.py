"""The engine: one day for everybody in compiled parts, which `world.day` runs. It loops and counts; rules decide.

State of the morning is read and state of the evening is written; nothing depends on the order in
which users are visited. Where something is scarce (stock, budget) a keyed priority admits.
"""

from __future__ import annotations

import numpy as np

from simlab.world.admission import noon
from simlab.world.book import N_TICKETS
from simlab.world.company import buy_together, choose_seeds, tell_everybody
from simlab.world.compiled import rule
from simlab.world.counting import write_stocks
from simlab.world.evening import arrive, ask_friends, settle_orders, tell_friends, welcome_invited
from simlab.world.lending import lend
from simlab.world.members import all_members
from simlab.world.rules import residual_fen
from simlab.world.service import serve


@rule
def by_id(live, n):
    """Yesterday's newcomers, at the end of the list of members, take their places by id.

    The order changes no result. But a day goes through memory in the order of this list, and by id neighbours in the
    list share a page.
    """
    first = 1
    while first < n and live[first - 1] < live[first]:
        first += 1
    if first >= n:
        return
    new = np.sort(live[first:n])
    old, k = first - 1, new.size - 1
    for place in range(n - 1, -1, -1):  # from behind, so that nobody is written over who has not moved yet
        if k < 0:
            break
        if old >= 0 and live[old] > new[k]:
            live[place] = live[old]
            old -= 1
        else:
            live[place] = new[k]
            k -= 1


@rule
def run_noon(users, world, terms, book, d):
    """Limited coupons are handed out, when everybody's morning is over."""
    noon(users, world, lend(terms), lend(book), d)


@rule
def run_members(users, world, terms, book, d, screen, part):
    """The day of the members in a book, or a part of it; d is the day's row in its ledger."""
    all_members(users, world, lend(terms), lend(book), d, lend(screen), part)


@rule
def run_evening(users, world, indptr, indices, terms, book, outside, d):
    """What is settled when everybody's day is over."""
    terms, book, outside = lend(terms), lend(book), lend(outside)
    if book.counts[N_TICKETS] > 0:
        serve(users, world, terms, book, d)
    settle_orders(users, world, terms, book, d)
    tell_friends(users, indptr, indices, book)
    ask_friends(users, world, indptr, indices, terms, book, d)
    choose_seeds(users, world, indptr, terms, book, d)
    tell_everybody(users, world, indptr, indices, terms, book, d)
    welcome_invited(users, world, terms, book, d)
    buy_together(users, world, indptr, indices, terms, book, d)
    arrive(users, world, terms, book, outside, d)
    write_stocks(book, d)


@rule
def residuals(users, margin, basket_shapes, discount, days, lift, loss, hunting, reference):
    """(N,) value left in each user at the horizon, in fen."""
    out = np.zeros(users.size, np.int64)
    for i in range(users.size):
        shape = basket_shapes[users[i].segment]
        out[i] = residual_fen(users[i], margin, shape, discount, days, lift, loss, hunting, reference)
    return out
