"""The service desk and the advisers, for everybody: who is scarce, who is served, what is counted."""

from __future__ import annotations

import numpy as np

from simlab.scenario.stages import OBSERVABLES
from simlab.world.admission import smallest
from simlab.world.book import N_LIVE, N_TICKETS
from simlab.world.compiled import hot_rule, inline_rule, rule
from simlab.world.counting import COHORT_NET, count_cohort, note
from simlab.world.draws import BIRTH_DAY, day_key, user_key
from simlab.world.fetching import fetch_ahead
from simlab.world.metrics import M
from simlab.world.records import MEMBER, NEVER, Event
from simlab.world.rules import belongs
from simlab.world.staff_rules import (
    MOST_VALUE,
    be_helped,
    be_put_off,
    brings_issue,
    complains_on,
    escalate,
    goes_to_ai,
    hours_in_line,
    in_share,
    is_simple,
    is_visited,
    known_on,
    place_in_queue,
    place_with_adviser,
    stay_angry,
    take_advice,
    wait,
)

AHEAD = 32
"""How many members ahead records are called to the cache."""
ORDERS, SPEND = (tuple(OBSERVABLES).index(name) for name in ("orders", "spend"))
IN_LINE, SOLVED = np.uint8(1), np.uint8(2)
BY_PEOPLE, BY_AI = np.int64(0), np.int64(1)


@hot_rule
def spend_on(book, i, u, day, code, cost):
    """Money spent on one member, and the event that says what for."""
    u.net -= cost
    count_cohort(book, u, day, COHORT_NET, -cost)
    note(book, day, i, code, cost)


@hot_rule
def after_order(users, i, world, terms, book, row):
    """An order may bring an issue, and be followed up."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    key = day_key(user_key(world, i), day)
    if is_visited(key, now):
        row[M.follow_ups] += 1
        row[M.service_fen] += now.follow_fen
        spend_on(book, i, u, day, Event.SERVICE, now.follow_fen)
    if u.ticket == NEVER and brings_issue(key, now):
        u.ticket = day
        book.tickets[book.counts[N_TICKETS]] = i
        book.counts[N_TICKETS] += 1
        row[M.issues] += 1
        note(book, day, i, Event.ISSUE, 0)


@hot_rule
def solve(users, i, key, hours, by_ai, terms, book, row):
    """One ticket is solved after so many hours of its last day."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    ticket = np.int64(u.ticket)
    since = 24.0 * (day - ticket - 1)
    waited = 24.0 * (day - known_on(key, ticket, now)) + hours
    complained = day > complains_on(key, ticket, now)
    late = waited > now.promise
    made_good = now.compensation_fen > 0 and (late or complained)
    wait(u, since, since + hours, now)
    be_helped(u, complained, made_good, now)
    u.ticket = NEVER
    row[M.tickets] += 1
    row[M.ai_tickets] += by_ai
    row[M.in_time] += 0 if late else 1
    row[M.wait_minutes] += np.int64(60.0 * waited + 0.5)
    if complained:
        row[M.complaints_solved] += 1
        row[M.complaints_in_time] += 0 if waited > now.complaint_promise else 1
    if made_good:
        row[M.compensation_fen] += now.compensation_fen
        spend_on(book, i, u, day, Event.MADE_GOOD, now.compensation_fen)
    if not by_ai:
        row[M.service_fen] += now.ticket_fen
        spend_on(book, i, u, day, Event.SERVICE, now.ticket_fen)
    note(book, day, i, Event.SOLVE, 2 * np.int64(waited) + by_ai)


@hot_rule
def wait_on(users, i, key, terms, book, row):
    """An issue is open for one day more. True while it stays open."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    ticket = np.int64(u.ticket)
    since = 24.0 * (day - ticket - 1)
    wait(u, since, since + 24.0, now)
    angry_from = complains_on(key, ticket, now)
    if day == angry_from:
        escalate(u, key, now)
        row[M.escalations] += 1
        row[M.complaint_fen] += now.complaint_cost
        spend_on(book, i, u, day, Event.ESCALATE, now.complaint_cost)
    elif day > angry_from:
        stay_angry(u, key, now)
    if day - ticket >= now.give_up:
        u.ticket = NEVER
        row[M.given_up] += 1
        note(book, day, i, Event.GIVE_UP, 0)
        return False
    row[M.open_issues] += 1
    return True


@rule
def serve(users, world, terms, book, d):
    """The desk's day: machines first, then people, by place in line; who is not served waits on."""
    now = terms.now[0]
    day = now.day
    total = book.counts[N_TICKETS]
    state = np.zeros(total, np.uint8)
    place = np.empty(total, np.uint64)
    line = np.empty(total, np.int64)
    n = 0
    for k in range(total):
        i = np.int64(book.tickets[k])
        u = users[i]
        key = day_key(user_key(world, i), np.int64(u.ticket))
        if u.status != MEMBER:
            u.ticket = NEVER
            state[k] = SOLVED
        elif now.desk and day >= known_on(key, u.ticket, now):
            state[k] = IN_LINE
            if goes_to_ai(key, u.ticket, day, now):
                row = book.ledger[d, u.stage, u.source, u.segment]
                row[M.service_fen] += now.ai_fen
                spend_on(book, i, u, day, Event.SERVICE, now.ai_fen)
                if is_simple(key, now):
                    solve(users, i, key, 0.0, BY_AI, terms, book, row)
                    state[k] = SOLVED
                else:
                    be_put_off(u, now)
            if state[k] == IN_LINE:
                line[n] = k
                place[n] = place_in_queue(key, u.ticket, day, now)
                n += 1
    hours = hours_in_line(n, now)
    for k in smallest(place[:n], now.desk_places):
        t = line[k]
        i = np.int64(book.tickets[t])
        u = users[i]
        key = day_key(user_key(world, i), np.int64(u.ticket))
        solve(users, i, key, hours, BY_PEOPLE, terms, book, book.ledger[d, u.stage, u.source, u.segment])
        state[t] = SOLVED
    kept = 0
    for k in range(total):
        i = np.int64(book.tickets[k])
        if state[k] == SOLVED:
            continue
        u = users[i]
        key = day_key(user_key(world, i), np.int64(u.ticket))
        if wait_on(users, i, key, terms, book, book.ledger[d, u.stage, u.source, u.segment]):
            book.tickets[kept] = i
            kept += 1
    book.counts[N_TICKETS] = kept


@inline_rule
def worth(u, observable):
    """What decides who gets an adviser: `observe`, of the few that it can be."""
    if observable == ORDERS:
        return np.int64(u.orders)
    return np.int64(u.spend // 100) if observable == SPEND else np.int64(u.recent_spend)


@rule
def in_line_for_advice(users, world, terms, book, places, least):
    """(ids, places in line, values) of the audience that comes into question for so many places.

    Args:
        least: nobody with less than this comes into question.
    """
    now = terms.now[0]
    day = now.day
    total = book.counts[N_LIVE]
    chosen = np.empty(2 * places + 64, np.int64)
    place = np.empty(chosen.size, np.uint64)
    values = np.empty(chosen.size, np.int64)
    by_lot = now.adviser_order < 0
    n = 0  # who has less than so many of the best comes too late
    for k in range(total):
        fetch_ahead(users, book.live[min(k + AHEAD, total - 1)], 2, 2)
        i = np.int64(book.live[k])
        u = users[i]
        if u.advised:  # a record that is only read need not be written back
            u.advised = 0
        value = np.int64(0) if by_lot else max(np.int64(0), worth(u, now.adviser_order))
        if value < least or not belongs(u, day, terms.conditions, now.adviser_first, now.adviser_last):
            continue
        key = day_key(user_key(world, i), BIRTH_DAY)
        if not in_share(key, now):
            continue
        if n == chosen.size:
            n = 0
            for best in np.sort(smallest(place, places)):
                chosen[n], place[n], values[n] = chosen[best], place[best], values[best]
                n += 1
            least = min(values[:n].min(), MOST_VALUE) if n > 0 else np.int64(MOST_VALUE)
        chosen[n], place[n], values[n] = i, place_with_adviser(key, value), value
        n += 1
    return chosen[:n], place[:n], values[:n]


@rule
def appoint(users, world, terms, book, d, floor):
    """Advisers take on as many of their audience as they have places for, and serve them for a day.

    Args:
        floor: a guess of what a client is worth at least, which spares most members the conditions; -1: none.

    Returns:
        What the last client is worth, or -1 where there was room for more.
    """
    now = terms.now[0]
    places = max(0, now.adviser_places)
    people, place, values = in_line_for_advice(users, world, terms, book, places, floor)
    if people.size < places and floor >= 0:  # the guess was too high
        people, place, values = in_line_for_advice(users, world, terms, book, places, np.int64(-1))
    last = np.int64(MOST_VALUE)
    clients = smallest(place, places)
    for k in range(clients.size):
        fetch_ahead(users, people[clients[min(k + AHEAD, clients.size - 1)]], 0, 1)
        u = users[people[clients[k]]]
        u.advised = 1
        take_advice(u, now)
        book.ledger[d, u.stage, u.source, u.segment, M.advised] += 1
        last = min(last, values[clients[k]])
    return last if people.size > places > 0 else np.int64(-1)
