"""What ties a customer to the programme: factors of the order intensity and of the lifetime rate."""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule


@hot_rule
def loyalty(u, now):
    """Factor of the order intensity: goal gradients towards a reward and a level, sunk cost of a plan."""
    value = 1.0
    if now.point_step > 0 and u.points > 0:
        way = np.float64(u.points % now.point_step) / now.point_step
        value *= 1.0 + now.point_goal * way * way
    if now.level_step > 0:
        level, on_the_way = progress(u, now)
        if level < now.level_top and on_the_way > now.level_from:
            value *= 1.0 + now.level_goal * (on_the_way - now.level_from) / (1.0 - now.level_from)
    if u.plan >= 0:
        value *= 1.0 + now.sunk
    return value


@inline_rule
def spent_on(u, now):
    """What counts towards a level, in yuan."""
    return np.float64(u.recent_spend) if now.level_recent else np.float64(u.spend) / 100.0


@hot_rule
def progress(u, now):
    """(level, part of the way to the next one)."""
    steps = spent_on(u, now) / now.level_step
    level = np.int64(steps)
    return min(level, now.level_top), steps - level


@inline_rule
def level_of(u, now):
    """The level that somebody has: that of `progress`, without a division, nor a branch that nobody can guess."""
    spent, level = spent_on(u, now), np.int64(0)
    for step in range(now.level_step, now.level_top * now.level_step + 1, now.level_step):
        level += spent >= step
    return level


@hot_rule
def holds(u, now):
    """Factor of the lifetime rate: what would be given up with a level or a plan."""
    value = 1.0
    if now.level_step > 0:
        value /= 1.0 + now.level_hold * level_of(u, now)
    value /= 1.0 + (now.plan_hold if u.plan >= 0 else 0.0)
    return value
