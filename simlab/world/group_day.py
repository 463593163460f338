"""A day in the groups, compiled: members gather, groups take in what was said, newcomers are placed."""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, rule
from simlab.world.counting import COHORT_NET, count_cohort, note
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, draw_bits, user_key
from simlab.world.group_rules import (
    ADOPTED,
    GRUMBLED,
    GRUMBLES,
    HAS_READ,
    MESSAGES,
    MET,
    MET_OTHERS,
    OPINION,
    OPINIONS,
    RESERVE,
    SHOWN,
    SPEAKERS,
    SPOKE,
    STORIES,
    close_day,
    cost_today,
    gather,
    goes_out,
    kind_for,
    open_day,
    owed,
    pull_of,
)
from simlab.world.group_tables import GONE_OUT, NO_GROUP
from simlab.world.metrics import M
from simlab.world.records import MEMBER, Event
from simlab.world.rules import belongs


@hot_rule
def live_in_group(users, i, key, terms, book, row):
    """A member's day in the own group: counts, money, and perhaps the way out."""
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    g = book.groups[u.group]
    said = book.said[u.group]
    kind = terms.kinds[g.kind]
    role = np.int64(book.roles[i])
    row[M.grouped] += 1
    happened = gather(u, key, g, kind, now, terms.curves, terms.conditions, role)
    if happened > HAS_READ:
        row[M.speakers] += 1
        said[SPEAKERS] += 1
        note(book, day, i, Event.GATHER, happened)
    if happened & SPOKE:
        said[MESSAGES] += 1
    if happened & SHOWN:
        row[M.stories] += 1
        said[STORIES] += 1
        said[OPINIONS] += 1 if role & OPINION else 0
    if happened & GRUMBLED:
        row[M.grumbles] += 1
        said[GRUMBLES] += 1
    if happened & ADOPTED:
        row[M.ideas] += 1
    if happened & MET_OTHERS:
        said[MET] += 1
    fen = owed(happened, kind, role)
    book.roles[i] = role & (OPINION | RESERVE)  # training is paid
    if fen > 0:
        row[M.contributor_fen] += fen
        u.net -= fen
        count_cohort(book, u, day, COHORT_NET, -fen)
        note(book, day, i, Event.PAID, fen)
    if goes_out(key, g, kind, role):
        u.group = GONE_OUT
        book.roles[i] = 0
        row[M.group_quits] += 1
        note(book, day, i, Event.GROUP, GONE_OUT)


@rule
def open_groups(groups, kinds, day, moderation):
    """The morning of all groups with members; (fen, topics) that they cost today."""
    fen = topics = np.int64(0)
    for a in range(groups.size):
        if groups[a].kind >= 0:
            kind = kinds[groups[a].kind]
            open_day(groups[a], kind, day, moderation)
            fen += cost_today(groups[a], kind, day)
            topics += kind.topics
    return fen, topics


@rule
def close_groups(groups, kinds, said):
    """The evening of all groups."""
    for a in range(groups.size):
        if groups[a].kind >= 0:
            close_day(groups[a], kinds[groups[a].kind], said[a])


@rule
def wanted_kinds(users, world, ids, day, kinds, conditions):
    """(n,) number of the kind of group in which each of these members should be; -1: none."""
    out = np.empty(ids.size, np.int64)
    for n in range(ids.size):
        birth = day_key(user_key(world, ids[n]), BIRTH_DAY)
        out[n] = kind_for(users[ids[n]], birth, day, kinds, conditions)
    return out


@rule
def best_groups(users, world, indptr, indices, groups, ids, kind):
    """(n,) the group of a kind in which each of these has most friends; among equals a keyed draw decides."""
    out = np.empty(ids.size, np.int64)
    friends = np.zeros(groups.size, np.int64)
    for n in range(ids.size):
        i = ids[n]
        birth = day_key(user_key(world, i), BIRTH_DAY)
        friends[:] = 0
        for e in range(indptr[i], indptr[i + 1]):
            friend = users[indices[e]]
            if friend.status == MEMBER and friend.group >= 0:
                friends[friend.group] += 1
        best = NO_GROUP
        for a in range(groups.size):
            if groups[a].kind == kind and (
                best == NO_GROUP
                or friends[a] > friends[best]
                or (
                    friends[a] == friends[best]
                    and pull_of(birth, groups[a].name) > pull_of(birth, groups[best].name)
                )
            ):
                best = a
        out[n] = best
    return out


@rule
def fitting(users, ids, day, conditions, first, last):
    """(n,) whether each of these users is in an audience."""
    out = np.empty(ids.size, np.bool_)
    for n in range(ids.size):
        out[n] = belongs(users[ids[n]], day, conditions, first, last)
    return out


@rule
def seat_draws(world, ids, day):
    """(n,) today's keyed priority of each of these users for a seat."""
    out = np.empty(ids.size, np.uint64)
    for n in range(ids.size):
        out[n] = draw_bits(day_key(user_key(world, ids[n]), day), Purpose.SEAT)
    return out
