"""How one person takes the work of the staff: scalar rules about issues, service, advisers and trust.

The state of an open issue is one number, the day on which it arose; everything else about it (whether the customer
speaks, how severe it is, how long the patience lasts) is drawn under the key of that day.
"""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.draws import Purpose, draw_bits, uniform
from simlab.world.numerics import log, power

ISSUE, VOICE, PATIENCE, SEVERITY, COMPLEXITY, TO_AI, FOLLOW_UP, QUEUE, ADVISED, ADVISER_PLACE = (int(p) for p in (
    Purpose.ISSUE, Purpose.VOICE, Purpose.PATIENCE, Purpose.SEVERITY, Purpose.COMPLEXITY, Purpose.TO_AI,
    Purpose.FOLLOW_UP, Purpose.QUEUE, Purpose.ADVISED, Purpose.ADVISER_PLACE))  # fmt: skip

BY_LOT = -1
MOST_VALUE = 2**23 - 1
"""Largest value that a queue tells apart; 40 bits of the keyed draw decide among equals."""
LONGEST_PATIENCE = 3650.0


@inline_rule
def shift_trust(u, amount):
    """Trust gained or lost: less the nearer affinity is to its end; `amount` at no deviation."""
    affinity = u.affinity + u.trust
    if amount > 0.0:
        u.trust += amount * max(0.0, 1.0 - affinity) / (1.0 - u.affinity)
    elif amount < 0.0:
        u.trust += amount * max(0.0, affinity) / u.affinity


# Issues ------------------------------------------------------------------------------------------


@hot_rule
def brings_issue(key, now):
    """Whether today's order brings an issue."""
    return uniform(key, ISSUE) < now.issue


@hot_rule
def is_visited(key, now):
    """Whether the order of the key's day is followed up."""
    return uniform(key, FOLLOW_UP) < now.follow_up


@hot_rule
def complains_on(key, ticket, now):
    """The evening on which an issue becomes a complaint unless it is solved; `key` is that of its first day."""
    days = min(-log(uniform(key, PATIENCE)) * now.patience, LONGEST_PATIENCE)
    return np.int64(ticket) + 1 + np.int64(days)


@hot_rule
def known_on(key, ticket, now):
    """The day on which the desk hears of an issue: from the customer, on a visit, or by the complaint."""
    if uniform(key, VOICE) < now.voice:
        return np.int64(ticket) + 1
    known = complains_on(key, ticket, now) + 1
    if is_visited(key, now):
        known = min(known, np.int64(ticket) + now.follow_after)
    return known


@hot_rule
def goes_to_ai(key, ticket, day, now):
    """Whether a machine answers first: only on the day on which the customer speaks."""
    return now.ai_share > 0.0 and day == np.int64(ticket) + 1 and uniform(key, TO_AI) < now.ai_share


@hot_rule
def is_simple(key, now):
    """Whether a machine can solve it: the simplest tickets, so that a better machine solves the same ones and more."""
    return uniform(key, COMPLEXITY) < now.ai_solves


@hot_rule
def severity(key):
    """Severity of an issue, with mean 1."""
    return 2.0 * uniform(key, SEVERITY)


@inline_rule
def place_of(value, bits):
    """Place in a queue, the smallest first: the largest value, then by the keyed draw."""
    value = min(max(np.int64(value), np.int64(0)), np.int64(MOST_VALUE))
    return (np.uint64(MOST_VALUE - value) << np.uint64(40)) | (bits >> np.uint64(24))


@hot_rule
def place_in_queue(key, ticket, day, now):
    """Place at the desk: the older first; where it is graded, complaints before all, the severe ones first."""
    age = min(day - np.int64(ticket), 1000)
    if now.graded and day > complains_on(key, ticket, now):
        return place_of(4096 + np.int64(1000.0 * severity(key)), draw_bits(key, QUEUE))
    return place_of(age, draw_bits(key, QUEUE))


@hot_rule
def hours_in_line(waiting, now):
    """Hours until an answer on the day of service, by the day's load (Sakasegawa 1977, M/M/c, real heads)."""
    if now.desk_flow <= 0.0:
        return now.desk_hours
    load = waiting / now.desk_flow
    if load >= 1.0:
        return now.desk_hours
    heads = max(now.desk_heads, 1.0)
    hours = now.desk_handling * power(load, np.sqrt(2.0 * (heads + 1.0)) - 1.0) / (heads * (1.0 - load))
    return min(hours, now.desk_hours)


@hot_rule
def lost_by_waiting(hours, now):
    """Affinity lost by waiting so long, at no deviation."""
    return now.wait_loss * hours / (hours + now.half_wait) if hours > 0.0 else 0.0


@hot_rule
def wait(u, before, hours, now):
    """Waiting goes on from `before` to `hours` hours since the issue could be told."""
    shift_trust(u, lost_by_waiting(before, now) - lost_by_waiting(hours, now))


@hot_rule
def escalate(u, key, now):
    """An issue becomes a complaint."""
    u.complaints = min(u.complaints + 1, 255)
    weight = severity(key)
    shift_trust(u, -now.complaint_loss * weight)
    u.anger = min(1.0, u.anger + now.complaint_anger * weight)


@hot_rule
def stay_angry(u, key, now):
    """One more day of an open complaint."""
    weight = 0.5 * severity(key)
    shift_trust(u, -now.complaint_loss * weight)
    u.anger = min(1.0, u.anger + now.complaint_anger * weight)


@hot_rule
def be_helped(u, complained, compensated, now):
    """An issue is solved, and perhaps made good for."""
    gain = now.solve_gain
    if compensated:
        gain += now.compensation_gain
    shift_trust(u, gain)
    if complained:
        u.anger *= 1.0 - now.relief


@hot_rule
def be_put_off(u, now):
    """A machine could not help."""
    shift_trust(u, -now.bot_loss)


# Advisers ----------------------------------------------------------------------------------------


@hot_rule
def in_share(key, now):
    """Whether somebody is in the randomised part of an audience; `key` is that of birth."""
    return now.adviser_share >= 1.0 or uniform(key, ADVISED) < now.adviser_share


@hot_rule
def place_with_adviser(key, value):
    """Place in the line for an adviser; `key` is that of birth, so that clients stay."""
    return place_of(value, draw_bits(key, ADVISER_PLACE))


@hot_rule
def take_advice(u, now):
    """One day with a personal adviser."""
    shift_trust(u, now.advice_trust * now.advice)
