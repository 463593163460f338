"""A day in the groups, compiled: members gather, groups take in what was said, newcomers are placed."""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, rule
from simlab.world.counting import COHORT_NET, count_cohort, note
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, draw_bits, user_key
from simlab.world.fetching import fetch_ahead
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
    UNTRAINED,
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

SEAT = int(Purpose.SEAT)
AHEAD = 32
"""How many members ahead records are called to the cache."""


@hot_rule
def live_in_group(users, i, key, screen, j, terms, book, row):
    """A member's day in the own group: counts, money, and perhaps the way out; `screen` has the draws of member j."""
    u = users[i]
    now = terms.now[u.cell]
    g = book.groups[u.group]
    kind = terms.kinds[g.kind]
    role = np.int64(book.roles[i])
    row[M.grouped] += 1
    happened = gather(
        u, key, screen.read[j], screen.talk[j], g, kind, now, terms.curves, terms.conditions, role
    )
    if happened > HAS_READ or role != 0:
        speak_up(u, i, happened, kind, role, terms, book, row)
    if goes_out(screen.quit[j], g, kind, role):
        u.group = GONE_OUT
        book.roles[i] = 0
        row[M.group_quits] += 1
        note(book, now.day, i, Event.GROUP, GONE_OUT)


@hot_rule
def speak_up(u, i, happened, kind, role, terms, book, row):
    """What somebody did in the group enters today's counts, and what is owed for it is paid."""
    day = terms.now[u.cell].day
    said = book.said[u.group]
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
def who_moves(users, world, people, day, groups, kinds, conditions):
    """(ids, kinds): which of some people should be in another kind of group than they are in, by id; -1: in none."""
    ids, wanted = np.empty(people.size, np.int64), np.empty(people.size, np.int64)
    found = 0
    for n in range(people.size):
        fetch_ahead(users, people[min(n + AHEAD, people.size - 1)], 1, 2)
        i = np.int64(people[n])
        u = users[i]
        if u.group == GONE_OUT:
            continue
        birth = day_key(user_key(world, i), BIRTH_DAY)
        kind = np.int64(kind_for(u, birth, day, kinds, conditions))
        if kind != (groups[u.group].kind if u.group >= 0 else -1):
            ids[found], wanted[found] = i, kind
            found += 1
    order = np.argsort(ids[:found])
    return ids[:found][order], wanted[:found][order]


@rule
def change_groups(users, groups, roles, ids, target):
    """Each of `ids` comes into another group (below 0: out of the own one) and leaves a seat behind."""
    for n in range(ids.size):
        u = users[ids[n]]
        if u.group >= 0:
            groups[u.group].members -= 1
        if target[n] >= 0:
            groups[target[n]].members += 1
        u.group = target[n]
        roles[ids[n]] = 0


@rule
def stand_ins_wait(users, groups, roles, kinds, holders):
    """(groups,) whether somebody of `holders` stands in for a seat that is free in the own group."""
    free, ready = np.zeros(groups.size, np.int64), np.zeros(groups.size, np.int64)
    for a in range(groups.size):
        free[a] = kinds[groups[a].kind].seats if groups[a].kind >= 0 else 0
    for n in range(holders.size):
        free[users[holders[n]].group] -= (roles[holders[n]] & OPINION) != 0
        ready[users[holders[n]].group] += (roles[holders[n]] & RESERVE) != 0
    return (ready > 0) & (free > 0)


@rule
def with_role(users, roles):
    """(n,) members of a group with a seat in it, or standing in for one, by id."""
    eights = roles[: roles.size // 8 * 8].view(np.uint64)  # most of eight neighbours have none
    out = np.empty(roles.size + 1, np.int64)
    found = 0
    for eight in range(eights.size + 1):
        if eight < eights.size and eights[eight] == 0:
            continue
        for i in range(8 * eight, min(8 * eight + 8, roles.size)):
            out[found] = i
            found += roles[i] != 0
    kept = 0
    for k in range(found):
        fetch_ahead(users, out[min(k + AHEAD, found - 1)], 0, 1)
        i = out[k]
        if users[i].status == MEMBER and users[i].group >= 0:
            out[kept] = i
            kept += 1
    return out[:kept].copy()


@rule
def best_groups(users, world, indptr, indices, groups, ids, kind):
    """(n,) the group of a kind in which each of these has most friends; among equals a keyed draw decides."""
    out = np.empty(ids.size, np.int64)
    friends, pulls = np.zeros(groups.size, np.int64), np.empty(groups.size, np.uint64)
    names = np.empty(groups.size, np.uint64)
    for a in range(groups.size):
        names[a] = groups[a].name
    for n in range(ids.size):
        i = ids[n]
        birth = day_key(user_key(world, i), BIRTH_DAY)
        friends[:] = 0
        for e in range(indptr[i], indptr[i + 1]):
            friend = users[indices[e]]
            if friend.status == MEMBER and friend.group >= 0:
                friends[friend.group] += 1
        for a in range(groups.size):  # a plain loop, which the compiler turns into vector instructions
            pulls[a] = pull_of(birth, names[a])
        best, most, strongest = NO_GROUP, np.int64(-1), np.uint64(0)
        for a in range(groups.size):
            if groups[a].kind == kind and (
                friends[a] > most or (friends[a] == most and pulls[a] > strongest)
            ):
                best, most, strongest = a, friends[a], pulls[a]
        out[n] = best
    return out


@rule
def fill_seats(roles, holders, group, line, kinds, kind_of):
    """Those who stand in take the free seats of their group, then those in line; the rest of the line stands in.

    Args:
        holders, group: those with a role and their groups; by group, and there in the order of the line.
        line: (groups, places) who comes next in each group; -1: nobody.
    """
    n = 0
    for a in range(kind_of.size):
        first = n
        while n < holders.size and group[n] == a:
            n += 1
        if kind_of[a] < 0:
            continue
        free, standing = kinds[kind_of[a]].seats, 0
        for k in range(first, n):
            free -= (roles[holders[k]] & OPINION) != 0
        for k in range(first, n):
            if roles[holders[k]] & RESERVE:
                if free > 0:
                    roles[holders[k]] = OPINION | (roles[holders[k]] & UNTRAINED)
                    free -= 1
                else:
                    standing += 1
        for k in range(line.shape[1]):
            if line[a, k] < 0:
                break
            if free > 0:
                roles[line[a, k]] = OPINION | UNTRAINED
                free -= 1
            elif standing < kinds[kind_of[a]].reserve:
                roles[line[a, k]] = RESERVE | UNTRAINED
                standing += 1


@hot_rule
def is_before(users, world, day, one, other):
    """Whether `one` comes before `other` for a seat: most messages first, then by a keyed draw of today, then by id."""
    if users[one].posts != users[other].posts:
        return users[one].posts > users[other].posts
    mine, theirs = seat_draw(world, one, day), seat_draw(world, other, day)
    return mine < theirs or (mine == theirs and one < other)


@rule
def first_for_seats(users, world, live, day, groups, roles, kinds, conditions, places):
    """(groups, most places) the members of each group who come first for a seat, in order; -1: nobody.

    Those of the audience who have no role yet.

    Args:
        live: members, in any order. places: (groups,) how many are wanted at most.
    """
    found = np.full((groups.size, max(1, places.max())), -1, np.int64)
    for n in range(live.size):
        fetch_ahead(users, live[min(n + AHEAD, live.size - 1)], 1, 2)
        i = np.int64(live[n])
        u = users[i]
        if u.group < 0 or roles[i] != 0 or places[u.group] == 0:
            continue
        line = found[u.group]
        k = places[u.group]
        if line[k - 1] >= 0 and u.posts < users[line[k - 1]].posts:
            continue
        kind = kinds[groups[u.group].kind]
        if not belongs(u, day, conditions, kind.koc_first, kind.koc_last):
            continue
        while k > 0 and (line[k - 1] < 0 or is_before(users, world, day, i, line[k - 1])):
            k -= 1
        for later in range(places[u.group] - 1, k, -1):
            line[later] = line[later - 1]
        if k < places[u.group]:
            line[k] = i
    return found


@hot_rule
def seat_draw(world, i, day):
    """Today's keyed priority of a user for a seat."""
    return draw_bits(day_key(user_key(world, i), day), SEAT)


@rule
def seat_draws(world, ids, day):
    """(n,) the priority of each of these users."""
    out = np.empty(ids.size, np.uint64)
    for n in range(ids.size):
        out[n] = seat_draw(world, ids[n], day)
    return out
