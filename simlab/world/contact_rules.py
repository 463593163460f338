"""How contact works on one person: rules that fire, channels, topics, tasks; scalar, written once.

Rules of automation are stateless: whether one fires today follows from what can be observed this morning,
so that a rule costs no memory and two strategies meet on the same occasions.
"""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.draws import Purpose, draw_bits, named_bits, uniform, unit

RULE, SEND, TOPIC, MUTE_WHICH, LEARN, LEARN_ORDER, OBSERVE, OBSERVE_ORDER = (int(p) for p in (
    Purpose.RULE, Purpose.SEND, Purpose.TOPIC, Purpose.MUTE_WHICH, Purpose.LEARN, Purpose.LEARN_ORDER,
    Purpose.OBSERVE, Purpose.OBSERVE_ORDER))  # fmt: skip

NO_TOPIC, MATCHED, MISMATCHED = 0, 1, 2
TAGGED = -1
"""Topic of a touch for which the operator picks by tag."""
CHANNEL_CLOSED, QUOTA_USED = -1, -2
NOT_YET = 36_500
"""An observable that counts days shows this where nothing has happened yet."""
LONGEST_STREAK = 255
FULL_BONUS = 7.0
"""Length of a streak, in days, at which its bonus is whole."""


@hot_rule
def on_time(value, rule):
    """Whether a clock that shows `value` days is at one of a rule's occasions: after + k x every, within its span."""
    elapsed = rule.after - value if rule.falling else value - rule.after
    if value < 0 or value >= NOT_YET or elapsed < 0 or elapsed >= rule.span:
        return False
    return elapsed % rule.every == 0


@hot_rule
def is_noticed(key, rule):
    """Whether the operator's system notices this occasion."""
    return rule.share >= 1.0 or unit(named_bits(key, RULE, rule.name)) < rule.share


@hot_rule
def channel_for(u, wanted, channels):
    """The channel that a touch takes: its own, or the first that is open and has some of its quota left."""
    found = CHANNEL_CLOSED
    for c in range(channels.size):
        if (wanted >= 0 and c != wanted) or (u.closed >> c) & 1:
            continue
        if channels[c].slot >= 0 and (u.sent_quota >> (4 * channels[c].slot)) & 15 >= channels[c].quota:
            found = QUOTA_USED
            continue
        return c
    return found


@hot_rule
def muted_channel(key, used):
    """Which of the channels used today (bits) is muted."""
    count = 0
    for c in range(8):
        count += (used >> c) & 1
    left = np.int64(((draw_bits(key, MUTE_WHICH) >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))
    for c in range(8):
        if (used >> c) & 1:
            if left == 0:
                return c
            left -= 1
    return 0


@hot_rule
def fit_of(u, key, touch, now):
    """How a touch meets the person's interest: no topic, matched, mismatched."""
    if touch.topic == 0 or now.topics == 0:
        return NO_TOPIC
    topic = np.int64(touch.topic)
    if topic == TAGGED:
        topic = np.int64(u.tag)
        if topic == 0:  # nobody knows: any of them
            topic = 1 + np.int64(unit(named_bits(key, TOPIC, touch.name)) * now.topics)
    return MATCHED if topic == u.interest else MISMATCHED


@inline_rule
def by_fit(fit, match, mismatch):
    """The factor of a match or a mismatch; exactly 1 without a topic."""
    return match if fit == MATCHED else (mismatch if fit == MISMATCHED else 1.0)


@hot_rule
def learn_from_answer(u, key, touch, fit, now):
    """An answer may show what somebody cares about; a quiz makes it plain."""
    if touch.quiz or (fit == MATCHED and unit(named_bits(key, LEARN, touch.name)) < now.learn * now.analysis):
        u.tag = u.interest


@hot_rule
def show_order(u, key, before, now):
    """What an order shows: the interest perhaps; and that somebody is there, if the operator's data hold it.

    Args:
        before: last day on which the operator saw anything, as of before the order.
    """
    if now.learn > 0.0 and uniform(key, LEARN_ORDER) < now.learn * now.analysis:
        u.tag = u.interest
    if now.coverage < 1.0 and before < now.day and uniform(key, OBSERVE_ORDER) >= now.coverage:
        u.last_seen = before
        u.unseen = now.day


@hot_rule
def practise(u, done, habit, now):
    """A day with tasks: done, the streak and the habit grow; left undone, the streak is broken.

    Args:
        done: whether one of them was done. habit: share of the missing habit that the done ones give.
    """
    if done:
        bonus = 1.0 + now.streak_bonus * min(np.float64(u.streak), FULL_BONUS) / FULL_BONUS
        u.habit += min(habit * bonus, 1.0) * (1.0 - u.habit)
        u.streak = min(np.int64(u.streak) + 1, LONGEST_STREAK)
    else:
        u.habit *= 1.0 - now.habit_break
        u.streak = 0


@hot_rule
def visit_is_seen(key, now):
    """Whether an own visit shows in the operator's data."""
    return now.coverage >= 1.0 or uniform(key, OBSERVE) < now.coverage
