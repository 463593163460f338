"""The day of a block of members before anybody decides: their keys, and the draws that most decisions begin with.

Members are gone through in blocks that fit the cache. For each block these draws are made in plain loops without a
branch, which the compiler turns into vector instructions; the rules are then asked only about those for whom a draw
falls below a bound. A draw is the same number as the one that the rule would make: it hangs on its key alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlab.world.company_rules import most_urge
from simlab.world.compiled import hot_rule
from simlab.world.contact import mark_of
from simlab.world.draws import Purpose, day_key, named_bits, uniform, unit, user_key
from simlab.world.records import Terms

BLOCK = 64
"""Members in a block: their records stay in the first-level cache, together with those of the next block."""
SEND, VISIT, ORDER, INVITE, HUNT, SPEAK, TEAM_OPEN, LAUNCH_BUY, READ, TALK, QUIT = (int(p) for p in (
    Purpose.SEND, Purpose.VISIT, Purpose.ORDER, Purpose.INVITE, Purpose.HUNT, Purpose.SPEAK, Purpose.TEAM_OPEN,
    Purpose.LAUNCH_BUY, Purpose.READ, Purpose.TALK, Purpose.QUIT))  # fmt: skip


class Screen(NamedTuple):
    """Scratch room for one block.

    Attributes:
        own, key: (BLOCK,) keys for life and of the day.
        open: (BLOCK,) whether somebody is still there this morning, and can be reached.
        planned: (BLOCK,) touches that are planned, as marks (`contact.mark_of`). send: (K, BLOCK) draws of being sent
            each touch; sends: (K,) numbers of the touches of today.
        list: (BLOCK,) numbers of those who have something to do.
        called: (BLOCK,) rules without a clock that have an occasion today, as bits.
        visit, order, invite, hunt: (BLOCK,) draws of the afternoon; read, talk, quit: of those in a group.
        speak: (V, BLOCK), team: (Q, BLOCK), launch: (L, BLOCK) draws of telling friends in each way, of opening each
            kind of team, of buying what is new.
        sociable: (BLOCK,) sociability. talks: (BLOCK,) ways, as marks, in which the draws leave it possible that
            somebody `composed` tells friends. opens: (BLOCK,) whether they leave it possible that anybody opens a team.
    """

    own: NDArray[np.uint64]
    key: NDArray[np.uint64]
    open: NDArray[np.uint8]
    planned: NDArray[np.uint64]
    sends: NDArray[np.int64]
    list: NDArray[np.int16]
    called: NDArray[np.int64]
    sociable: NDArray[np.float64]
    talks: NDArray[np.uint64]
    opens: NDArray[np.uint8]
    send: NDArray[np.float64]
    visit: NDArray[np.float64]
    order: NDArray[np.float64]
    invite: NDArray[np.float64]
    hunt: NDArray[np.float64]
    read: NDArray[np.float64]
    talk: NDArray[np.float64]
    quit: NDArray[np.float64]
    speak: NDArray[np.float64]
    team: NDArray[np.float64]
    launch: NDArray[np.float64]


def empty_screen(terms: Terms) -> Screen:
    """Room for the blocks of a day with these terms."""
    touches = len(terms.touches)
    own, key = np.empty((2, BLOCK), np.uint64)
    afternoon = np.empty((7, BLOCK))
    return Screen(
        own, key, np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.uint64), np.empty(touches, np.int64),
        np.empty(BLOCK, np.int16), np.empty(BLOCK, np.int64), np.empty(BLOCK),
        np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint8), np.empty((touches, BLOCK)), *afternoon,
        *(np.empty((len(things), BLOCK)) for things in (terms.voices, terms.teams, terms.launches)),
    )  # fmt: skip


@hot_rule
def draw_keys(live, first, n, world, day, own, key):
    """Keys of the members live[first : first + n]."""
    for j in range(n):
        own[j] = user_key(world, np.int64(live[first + j]))
    for j in range(n):
        key[j] = day_key(own[j], day)


@hot_rule
def draw(out, key, n, purpose):
    """Everybody's uniform draw for one purpose."""
    for j in range(n):
        out[j] = uniform(key[j], purpose)


@hot_rule
def draw_named(out, key, n, purpose, name):
    """Everybody's uniform draw for one purpose of one named touch."""
    for j in range(n):
        out[j] = unit(named_bits(key[j], purpose, name))


@hot_rule
def chosen(marked, n, out):
    """Numbers of those who are marked, written to `out`; how many. Without a branch: nobody can guess who it is."""
    found = 0
    for j in range(n):
        out[found] = j
        found += marked[j] != 0
    return found


@hot_rule
def draw_sends(n, terms, screen):
    """Draws of all touches that are sent at all today; how many these are. Their numbers stand in `screen.sends`."""
    sends = 0
    for k in range(terms.touches.size):
        most = 0.0
        for cell in range(terms.rates.shape[0]):
            for stage in range(terms.rates.shape[2]):
                most = max(most, terms.rates[cell, k, stage])
        if most > 0.0:
            draw_named(screen.send[k], screen.key, n, SEND, terms.touches[k].name)
            screen.sends[sends] = k
            sends += 1
    return sends


@hot_rule
def planned(u, j, sends, terms, screen):
    """The touches that are planned today for member j of the block, by where that one stands this morning, as marks."""
    marks = np.uint64(0)
    for s in range(sends):
        k = screen.sends[s]
        marks |= mark_of(k) * np.uint64(screen.send[k, j] < terms.rates[u.cell, k, u.stage])
    return marks


@hot_rule
def call(called, draws, chance, n, bit):
    """Who is below a chance that is the same for everybody is marked with a bit."""
    for j in range(n):
        called[j] |= bit * np.int64(draws[j] < chance)


@hot_rule
def call_by_chance(n, terms, screen):
    """For whom rules without a clock have an occasion today."""
    for j in range(n):
        screen.called[j] = 0
    for r in range(terms.rules.size):
        rule = terms.rules[r]
        if rule.clock < 0 and rule.chance > 0.0:
            draw_named(screen.visit, screen.key, n, SEND, rule.name)  # room that is free in the morning
            call(screen.called, screen.visit, rule.chance, n, np.int64(1) << r)


@hot_rule
def look_out(talks, draws, bounds, share, n, bit):
    """Whose draw is below a share of the own bound is marked with a bit."""
    for j in range(n):
        talks[j] |= bit * np.uint64(draws[j] < share * bounds[j])


@hot_rule
def open_up(opens, draws, chance, n):
    """Whose draw is below a chance that is the same for everybody is marked."""
    for j in range(n):
        opens[j] |= np.uint8(draws[j] < chance)


@hot_rule
def keep_company(n, terms, screen):
    """Whether the draws leave it possible that somebody talks or opens a team."""
    for j in range(n):
        screen.talks[j] = 0
        screen.opens[j] = 0
    for v in range(1, terms.voices.size):  # the first is anger's
        voice = terms.voices[v]
        if voice.open:
            look_out(screen.talks, screen.speak[v], screen.sociable, most_urge(voice), n, mark_of(v))
    for q in range(terms.teams.size):
        if terms.teams[q].open:
            open_up(screen.opens, screen.team[q], terms.teams[q].start, n)


@hot_rule
def draw_afternoon(screen, n, terms):
    """Draws of the afternoon; only of what there is."""
    draw(screen.visit, screen.key, n, VISIT)
    draw(screen.order, screen.key, n, ORDER)
    if terms.programmes.shape[1] > 0:
        draw(screen.invite, screen.key, n, INVITE)
        draw(screen.hunt, screen.key, n, HUNT)
    if terms.kinds.size > 0:
        draw(screen.read, screen.key, n, READ)
        draw(screen.talk, screen.key, n, TALK)
        draw(screen.quit, screen.key, n, QUIT)
    for v in range(terms.voices.size):
        if terms.voices[v].open:
            draw_named(screen.speak[v], screen.key, n, SPEAK, terms.voices[v].name)
    for q in range(terms.teams.size):
        if terms.teams[q].open:
            draw_named(screen.team[q], screen.key, n, TEAM_OPEN, terms.teams[q].name)
    for k in range(terms.launches.size):
        if terms.launches[k].open > 0:
            draw_named(screen.launch[k], screen.key, n, LAUNCH_BUY, terms.launches[k].name)
