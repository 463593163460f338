"""The engine: one day for everybody, compiled. It loops, admits and counts; the rules decide.

State of the morning is read and state of the evening is written; nothing depends on the order in
which users are visited. Where something is scarce (stock, budget) a keyed priority admits.
"""

from __future__ import annotations

import numpy as np

from simlab.world.admission import noon
from simlab.world.book import N_LIVE, N_TICKETS
from simlab.world.company import buy_together, choose_seeds, tell_everybody
from simlab.world.compiled import rule
from simlab.world.counting import COHORT_SIZE, write_stocks
from simlab.world.evening import arrive, ask_friends, settle_orders, tell_friends, welcome_invited
from simlab.world.lending import lend
from simlab.world.members import all_members, all_mornings
from simlab.world.rules import residual_fen
from simlab.world.service import serve


@rule
def run_day(users, world, indptr, indices, terms, book, outside, screen, d):
    """One whole day for everybody; d is its row in the ledger."""
    terms, book, outside, screen = lend(terms), lend(book), lend(outside), lend(screen)
    day = terms.now[0].day
    if day == 1:
        book.cohorts[0, 0, COHORT_SIZE] = book.counts[N_LIVE]
    limited = 0
    for j in range(terms.offers.size):
        limited += terms.offers[j].finite_stock * terms.offers[j].open
    scarce = limited > 0
    if scarce:  # coupons wait for noon, so everybody's morning comes first
        all_mornings(users, world, terms, book, d, screen)
        noon(users, world, terms, book, d)
    all_members(users, world, terms, book, d, screen, scarce)
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
def residuals(users, margin, basket_shapes, discount, days, lift, loss, reference):
    """(N,) value left in each user at the horizon, in fen."""
    out = np.zeros(users.size, np.int64)
    for i in range(users.size):
        shape = basket_shapes[users[i].segment]
        out[i] = residual_fen(users[i], margin, shape, discount, days, lift, loss, reference)
    return out
