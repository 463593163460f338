"""What the engine writes down: events, stocks, flows, cohorts, and the changes of state that go with them."""

from __future__ import annotations

import numpy as np

from simlab.world.book import MONTH, N_EVENTS, N_GONE, N_LIVE
from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.contact import first_places
from simlab.world.market_rules import shaken
from simlab.world.metrics import M
from simlab.world.records import LEFT, Event
from simlab.world.rules import join, stage_of

# typed, so that numba compiles a function once and not once per constant
COHORT_SIZE, COHORT_ACTIVE, COHORT_BUYERS, COHORT_ORDERS, COHORT_NET = (np.int64(x) for x in range(5))


@inline_rule
def note(book, day, user, code, value):
    """Write one event, if this run keeps a log."""
    if book.events.shape[0] > 0:
        n = book.counts[N_EVENTS]
        book.events[n, 0] = day
        book.events[n, 1] = user
        book.events[n, 2] = code
        book.events[n, 3] = value
        book.counts[N_EVENTS] = n + 1


@inline_rule
def cohort_of(u):
    """Cohort number of a user: 0 for those here before day 1, then by month of joining."""
    return 0 if u.joined <= 0 else (u.joined - 1) // MONTH + 1


@inline_rule
def age_of(u, day):
    """Months since joining (since day 1 for the base)."""
    return max(day - max(np.int64(u.joined), 0) - 1, 0) // MONTH


@hot_rule
def count_cohort(book, u, day, metric, value):
    """Add to the cohort table; the warm-up is not counted."""
    if day > 0:
        book.cohorts[cohort_of(u), age_of(u, day), metric] += value


@hot_rule
def move(book, u, day, stage):
    """The user changes stage: stocks and flows."""
    old = u.stage
    book.stock[0, old, u.source, u.segment] -= 1
    book.stock[0, stage, u.source, u.segment] += 1
    if not u.muted:
        book.stock[1, old, u.source, u.segment] -= 1
        if stage < book.stock.shape[1] - 1:  # who has left cannot be reached
            book.stock[1, stage, u.source, u.segment] += 1
    if day > 0:
        book.flows[(day - 1) // MONTH, old, stage] += 1
    u.stage = stage


@hot_rule
def leave(users, i, book, row, day):
    """The user leaves the programme for good."""
    u = users[i]
    move(book, u, day, book.stock.shape[1] - 1)
    u.status = LEFT
    row[M.leaves] += 1
    note(book, day, i, Event.LEAVE, 0)
    if u.alive:  # otherwise friends noticed when the relation ended
        u.alive = 0
        book.gone[book.counts[N_GONE]] = i
        book.counts[N_GONE] += 1


@hot_rule
def mark_active(book, row, u, day):
    """First sign of life today: day and cohort counts."""
    row[M.active] += 1
    if day > 0:
        age = age_of(u, day)
        if age != u.active_age:
            u.active_age = age
            book.cohorts[cohort_of(u), age, COHORT_ACTIVE] += 1


@hot_rule
def come_in(users, f, day, source, inviter, depth, terms, book, d):
    """A prospect joins: record, stocks, flows, cohort, list of members (a member from tomorrow on)."""
    u = users[f]
    prospect = book.stock.shape[1] - 2
    reach = 0 if u.muted else 1
    book.stock[0, prospect, 0, u.segment] -= 1
    join(u, day, source, inviter, depth)
    if terms.now[0].entry_trust != 0.0:
        u.trust = shaken(u, terms.now[0].entry_trust)
    stage = stage_of(u, day, terms.stage_first, terms.conditions)
    u.stage = stage
    u.stage_until = day
    first_places(u, day, terms)
    book.stock[0, stage, source, u.segment] += 1
    book.stock[1, stage, source, u.segment] += reach
    row = book.ledger[d, stage, source, u.segment]
    row[M.joins] += 1
    if day > 0:
        book.flows[(day - 1) // MONTH, prospect, stage] += 1
        book.cohorts[cohort_of(u), 0, COHORT_SIZE] += 1
    note(book, day, f, Event.JOIN, inviter)
    book.live[book.counts[N_LIVE]] = f
    book.counts[N_LIVE] += 1


@hot_rule
def write_stocks(book, d):
    """The evening's members and reachable members enter the ledger."""
    for stage in range(book.stock.shape[1]):
        for source in range(book.stock.shape[2]):
            for segment in range(book.stock.shape[3]):
                book.ledger[d, stage, source, segment, M.members] = book.stock[0, stage, source, segment]
                book.ledger[d, stage, source, segment, M.reachable] = book.stock[1, stage, source, segment]
