"""Contact in the engine: which rules fire for a member this morning, and the places in further schemes."""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule, inlined_hot_rule, rule
from simlab.world.contact_rules import is_noticed, on_time
from simlab.world.metrics import M
from simlab.world.rules import belongs, observe, stage_of


@inlined_hot_rule
def due_rules(u, key, called, day, terms, row):
    """Rules that have an occasion today and notice it, as bits; by the state of the morning.

    `called`: those without a clock whose occasion is today, as bits.
    """
    due = np.int64(0)
    for r in range(terms.rules.size):
        record = terms.rules[r]
        if record.chance <= 0.0 or not (record.cells >> u.cell) & 1:
            continue
        if record.clock >= 0:
            if not on_time(observe(u, day, record.clock), record):
                continue
        elif not (called >> r) & 1:
            continue
        if belongs(u, day, terms.conditions, record.first, record.last) and is_noticed(key, record):
            due |= np.int64(1) << r
            row[M.fired] += 1
    return due


@inline_rule
def mark_of(k):
    """The bit of touch number k; all from the 64th on share the last one."""
    return np.uint64(1) << np.uint64(min(k, 63))


@hot_rule
def touches_called(due, terms):
    """Touches for which rules call (bits), as marks."""
    marks = np.uint64(0)
    for r in range(terms.rules.size):
        if (due >> r) & 1:
            marks |= mark_of(terms.rules[r].touch)
    return marks


@hot_rule
def rule_cost(terms, k, called):
    """Fen that the rules cost which called for touch k (bits, from its first rule on)."""
    cost = np.int64(0)
    for r in range(terms.rule_first[k], terms.rule_first[k + 1]):
        if (called >> (r - terms.rule_first[k])) & 1:
            cost += terms.rules[r].cost
    return cost


@hot_rule
def place_in(u, day, scheme, scheme_first, conditions):
    """The first row of a scheme whose conditions hold."""
    return stage_of(u, day, scheme_first[scheme.first : scheme.first + scheme.places + 1], conditions)


@hot_rule
def with_place(layers, number, place):
    """The packed places with that of one scheme replaced."""
    return (np.int64(layers) & ~(np.int64(255) << (8 * number))) | (place << (8 * number))


@hot_rule
def due_schemes(day, terms):
    """Schemes that are looked up again today, as bits."""
    due = np.int64(0)
    for s in range(terms.schemes.size):
        if (day - 1) % terms.schemes[s].refresh == 0:
            due |= np.int64(1) << s
    return due


@hot_rule
def update_places(u, day, due, terms):
    """The schemes that are due are looked up again; where nobody falls, only a higher row counts."""
    if due == 0:
        return
    for s in range(terms.schemes.size):
        scheme = terms.schemes[s]
        if not (due >> s) & 1:
            continue
        place = place_in(u, day, scheme, terms.scheme_first, terms.conditions)
        if not scheme.downgrade:
            place = min(place, (np.int64(u.layers) >> (8 * s)) & 255)
        u.layers = with_place(u.layers, s, place)


@hot_rule
def first_places(u, day, terms):
    """Places on joining, or at the start."""
    for s in range(terms.schemes.size):
        place = place_in(u, day, terms.schemes[s], terms.scheme_first, terms.conditions)
        u.layers = with_place(u.layers, s, place)


@rule
def everybodys_places(users, day, terms):
    """Everybody's places on the evening before the first day."""
    for i in range(users.size):
        first_places(users[i], day, terms)
