"""Rules of those who come from outside, and of what shakes everybody: scalar, over one user record."""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule
from simlab.world.draws import Purpose, named_bits, unit
from simlab.world.numerics import normal_quantile

AUDIENCE, HOOKED, ELSEWHERE, EVENT_BEGINS = (int(p) for p in (
    Purpose.AUDIENCE, Purpose.HOOKED, Purpose.ELSEWHERE, Purpose.EVENT_BEGINS))  # fmt: skip


@hot_rule
def shaken(u, shock):
    """Trust after a shock: the share -shock of affinity is lost, or the share shock of the way to full is gained."""
    affinity = u.affinity + u.trust
    if shock < 0.0:
        return u.trust + shock * max(0.0, affinity)
    return u.trust + shock * max(0.0, 1.0 - affinity)


@hot_rule
def enter(u, key, way):
    """Somebody comes by a source, with the traits that it selects. True for who came for the hook alone."""
    u.rate *= way.need
    u.deal *= way.deal
    u.basket_rate /= way.basket
    u.inv_tolerance /= way.tolerance
    u.hazard /= way.lifetime
    if way.trust != 0.0:
        u.trust = shaken(u, way.trust)
    return way.hunters > 0.0 and unit(named_bits(key, HOOKED, way.name)) < way.hunters


@hot_rule
def partner_part(way, paid):
    """A partner's share of a payment, in whole fen."""
    return np.int64(paid * way.fee + 0.5)


@hot_rule
def would_come_elsewhere(key, way):
    """Whether today's order would have come on the platform anyway."""
    return way.elsewhere > 0.0 and unit(named_bits(key, ELSEWHERE, way.name)) < way.elsewhere


@hot_rule
def audience_score(key, need, precision, name, like, overlap):
    """Standard normal score by which a source's audience is chosen; the highest are in it.

    It leans on the need score by `precision`, and on the noise of another source's audience by `overlap`.
    """
    noise = normal_quantile(unit(named_bits(key, AUDIENCE, name)))
    if overlap > 0.0:
        other = normal_quantile(unit(named_bits(key, AUDIENCE, like)))
        noise = overlap * other + np.sqrt(1.0 - overlap * overlap) * noise
    return precision * need + np.sqrt(1.0 - precision * precision) * noise


@hot_rule
def begins(key, name, chance):
    """Whether a random event begins today; a smaller chance leaves a part of the same days."""
    return unit(named_bits(key, EVENT_BEGINS, name)) < chance
