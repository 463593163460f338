"""What makes a price, and what ties a customer: offers, points, levels, plans, shops, launches.

Scalar rules over one user record, like those of `rules`. `own` is a user's key for life (what suits this very
person), `key` that of the day. With none of these levers in force nothing here is called, or every factor is
exactly 1.
"""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.draws import Purpose, named_bits, uniform, unit
from simlab.world.loyalty_rules import progress
from simlab.world.numerics import exp, gamma_lookup, log, normal_quantile, one_minus_exp
from simlab.world.rules import (
    ORDER,
    ORDERED,
    ORGANIC,
    REDEEMS,
    basket_fen,
    belongs,
    coupon_lift,
    order_intensity,
    trust_factor,
)

OFFER_SHARE, FIT, BUNDLE, SUITS, REDEEM_POINTS = (int(p) for p in (
    Purpose.OFFER_SHARE, Purpose.FIT, Purpose.BUNDLE, Purpose.SUITS, Purpose.REDEEM_POINTS))  # fmt: skip
PLAN_SHARE, PLAN_TASTE, PLAN_CONSIDER, CHECKOUT, SHOP, LAUNCH_REACH, LAUNCH_BUY = (int(p) for p in (
    Purpose.PLAN_SHARE, Purpose.PLAN_TASTE, Purpose.PLAN_CONSIDER, Purpose.CHECKOUT, Purpose.SHOP,
    Purpose.LAUNCH_REACH, Purpose.LAUNCH_BUY))  # fmt: skip

STANDING, PRIVATE, GIVEN_UP, ADOPTS = 8, 16, 32, 64
"""Further bits of a wish: at a standing price, in the private shop, lost at the checkout, a first order of what is new.

From bit 8 on it carries the number of the offer used, from bit 20 that of the launch.
"""
OFFER_BITS, LAUNCH_BITS, MASK = 8, 20, 0xFFF
ANY_SHOP, PRIVATE_SHOP, PUBLIC_SHOP = 0, 1, 2
MOST_OFF = 95
"""No price falls by more than this, in percent."""
MOST_USES = 255


# Offers ----------------------------------------------------------------------------------


@inline_rule
def offer_of(bits):
    """Number of the offer that a wish uses."""
    return (bits >> OFFER_BITS) & MASK


@inline_rule
def launch_of(bits):
    """Number of the launch whose product a wish is for."""
    return (bits >> LAUNCH_BITS) & MASK


@hot_rule
def in_share(own, offer):
    """Whether somebody is in the random share of people for whom an offer is."""
    return offer.share >= 1.0 or unit(named_bits(own, OFFER_SHARE, offer.name)) < offer.share


@hot_rule
def suits(own, offer):
    """Whether the bundle or the sample of an offer is of use to somebody at all."""
    return unit(named_bits(own, FIT, offer.name)) < offer.fit


@hot_rule
def stands_for(u, own, offer, conditions, day):
    """Whether a standing offer holds for somebody today."""
    if not (offer.standing and offer.usable and offer.open):
        return False
    if not ((offer.stages >> u.stage) & 1 and (offer.cells >> u.cell) & 1):
        return False
    if offer.plan > 0 and (u.plan + 1 != offer.plan or u.plan_until < day):
        return False
    return belongs(u, day, conditions, offer.first, offer.last) and in_share(own, offer)


@hot_rule
def deal_on(u, own, key, offer, depth, basket, now):
    """An offer used on a basket: (basket with it, price cut), both in fen; a cut of -1 where it cannot be used.

    A bundle is taken by some of those whom it fits. A basket that falls a little short of the threshold of an
    amount off is filled up where what is saved is worth more than what the extra goods are not.
    """
    if offer.basket > 1.0:
        if not suits(own, offer) or unit(named_bits(key, BUNDLE, offer.name)) >= now.bundle:
            return basket, np.int64(-1)
        basket = np.int64(basket * offer.basket + 0.5)
    if basket < offer.min_spend:
        short = offer.min_spend - basket
        saved = offer.min_spend * depth + offer.amount
        if offer.amount == 0 or short > basket or short * (1.0 - now.surplus) >= saved * u.deal:
            return basket, np.int64(-1)
        basket = np.int64(offer.min_spend)
    cut = np.int64(basket * np.float64(depth) + 0.5)
    if offer.amount > 0:
        cut = min(cut + offer.amount, basket * MOST_OFF // 100)
    return basket, cut


@hot_rule
def best_deal(u, own, key, now, offers, conditions, shop, basket):
    """The deepest of the coupon held and the standing offers: (number or -1, basket with it, price cut in fen)."""
    number, best, cut = np.int64(-1), basket, np.int64(-1)
    if u.coupon_depth > 0.0:
        offer = offers[u.coupon_offer]
        if offer.usable and (offer.shop == ANY_SHOP or offer.shop == shop):
            depth = np.float64(u.coupon_depth) if offer.amount == 0 else offer.depth
            best, cut = deal_on(u, own, key, offer, depth, basket, now)
            if cut >= 0:
                number = np.int64(u.coupon_offer)
            else:
                best = basket
    if now.deals:
        for j in range(offers.size):
            offer = offers[j]
            if not offer.standing or not (offer.shop == ANY_SHOP or offer.shop == shop):
                continue
            if not stands_for(u, own, offer, conditions, now.day):
                continue
            other, saved = deal_on(u, own, key, offer, offer.depth, basket, now)
            if saved > cut:
                number, best, cut = np.int64(j), other, saved
    return number, best, cut


@hot_rule
def log_price(offer, basket, cut):
    """Log of the price paid over the list price."""
    return offer.log_price if offer.amount == 0 else log(1.0 - np.float64(cut) / np.float64(basket))


@inline_rule
def get_to_know(u, gain):
    """Somebody gets to know the product: affinity towards 1, most for those who never bought."""
    affinity = u.affinity + u.trust
    room = max(0.0, 1.0 - affinity) / (1.0 - u.affinity)
    u.trust += gain * room / (1.0 + u.orders)


@hot_rule
def sample(u, own, offer, now):
    """A sample is tried: where it is of use it shows what the product is like, most to those who never bought."""
    if not suits(own, offer):
        return
    get_to_know(u, now.sample_trust)
    u.exposure += now.sample_exposure


@hot_rule
def recommend(u, key, name, now):
    """An opened touch shows something: True where it fits this person and the best-seller would not have."""
    x = unit(named_bits(key, SUITS, name))
    if x < now.best_seller or x >= now.relevance + (now.tagged if u.tag > 0 and u.tag == u.interest else 0.0):
        return False
    u.exposure += now.relevant_exposure
    u.shown_until = now.day + now.in_mind
    return True


# Points, levels, plans ----------------------------------------------------------------------------


@hot_rule
def points_on(paid, now):
    """Points for an order of which `paid` fen were paid."""
    return np.int64(paid / 100.0 * now.per_yuan)


@hot_rule
def cost_of_points(points, now):
    """What points are expected to cost, in fen."""
    return np.int64(points * now.point_cost + 0.5)


@hot_rule
def rewards_used(u, key, now, due):
    """How many rewards somebody redeems on an order with `due` fen to pay."""
    if now.point_step == 0 or u.points < now.point_step or uniform(key, REDEEM_POINTS) >= now.redeem:
        return np.int64(0)
    affordable = np.int64(u.points // now.point_step)
    if now.step_fen <= 0 or due <= 0:  # an offer may already take off more than points are allowed to
        return np.int64(0)
    return min(affordable, np.int64(due // now.step_fen))


@hot_rule
def worth_of_plan(u, plan, now, baskets, use):
    """What somebody expects of one term: what its offer saves, and use; `use` relative to what is usual."""
    basket = gamma_lookup(baskets[u.segment], 0.0) / u.basket_rate
    orders = np.float64(u.rate) * plan.term
    value = orders * (basket * plan.depth + plan.amount) + plan.per_use * (orders + u.visits * plan.term)
    return value * use * trust_factor(u, now.trust_orders)


@hot_rule
def takes_plan(u, own, plan, now, baskets, use):
    """Whether what is expected of a term is worth its fee, to this person."""
    taste = normal_quantile(unit(named_bits(own, PLAN_TASTE, plan.name)))
    return worth_of_plan(u, plan, now, baskets, use) * exp(now.plan_spread * taste) >= plan.fee


@hot_rule
def may_buy(u, own, plan, conditions, day):
    """Whether a plan is for somebody: audience and random share."""
    if not belongs(u, day, conditions, plan.first, plan.last):
        return False
    return plan.share >= 1.0 or unit(named_bits(own, PLAN_SHARE, plan.name)) < plan.share


@hot_rule
def considers(key, plan, now):
    """Whether somebody who comes by thinks about a plan today."""
    return unit(named_bits(key, PLAN_CONSIDER, plan.name)) < now.consider


@hot_rule
def renews(u, own, plan, now, baskets):
    """At the end of a term: what was expected, weighted with how much it was used."""
    expected = (np.float64(u.rate) + u.visits) * plan.term
    ratio = min(2.0, u.uses / expected) if expected > 0.0 else 0.0
    return takes_plan(u, own, plan, now, baskets, 1.0 - now.plan_usage + now.plan_usage * ratio)


# The order -------------------------------------------------------------------------------


@hot_rule
def chooses_private(u, key, now, log_private, log_public):
    """Whether today's order would go to the private shop: appeal, trust, recent touches, and the prices there."""
    pull = now.shop_appeal + now.shop_trust * u.trust * u.inv_affinity
    pull += now.shop_exposure * u.exposure / (u.exposure + now.half_exposure)
    pull += now.elasticity * u.deal * (log_public - log_private)
    return uniform(key, SHOP) * (1.0 + exp(-max(-30.0, min(30.0, pull)))) < 1.0


@hot_rule
def price_in(offers, number, basket, cut):
    """Log price with an offer, 0 without."""
    return log_price(offers[number], basket, cut) if number >= 0 else 0.0


@inline_rule
def has_deals(u, now):
    """Whether anything could make today's order cheaper."""
    return (u.coupon_depth > 0.0) | (now.deals > 0) | ((now.point_step > 0) & (u.points >= now.point_step))


@inline_rule
def may_order(u, x, now):
    """Whether the day's draw leaves an order possible: by upper bounds of all factors."""
    bound = u.rate * now.season * (1.0 + now.lift) * trust_factor(u, now.trust_orders) * now.most_orders
    bound *= 1.0 + now.habit_orders * u.habit
    if now.loyal:
        bound *= 1.0 + (now.sunk if u.plan >= 0 else 0.0)
    return x < bound * (now.largest_lift if has_deals(u, now) else 1.0)


@hot_rule
def wants(u, own, key, now, curves, offers, conditions, baskets):
    """What the user wants to order today: (bits, basket, basket without deals, price cut, rewards of points used).

    At most one order a day. The same draw decides with and without a deal, so that ORGANIC marks exactly the
    orders that would have come anyway.
    """
    nothing = np.int64(0)
    x = uniform(key, ORDER)
    if not may_order(u, x, now):
        return nothing, nothing, nothing, nothing, nothing  # most days of most users end here
    deals = has_deals(u, now)
    intensity = order_intensity(u, now, curves)
    if x >= (intensity * now.largest_lift if deals else intensity):  # since 1 - exp(-a) <= a
        return nothing, nothing, nothing, nothing, nothing
    organic = x < one_minus_exp(intensity)
    if not organic and not deals:
        return nothing, nothing, nothing, nothing, nothing
    usual = basket_fen(u, key, baskets)
    if u.advised:
        usual = np.int64(usual * (1.0 + now.advice_basket * now.advice) + 0.5)
    listed = usual
    if now.recommends and u.shown_until >= now.day:
        listed = np.int64(usual * (1.0 + now.cross_sell) + 0.5)
    bits = np.int64(ORDERED)
    if now.shops:
        number, basket, cut = best_deal(u, own, key, now, offers, conditions, PRIVATE_SHOP, listed)
        there, larger, saved = best_deal(u, own, key, now, offers, conditions, PUBLIC_SHOP, listed)
        if chooses_private(
            u, key, now, price_in(offers, number, basket, cut), price_in(offers, there, larger, saved)
        ):
            bits |= PRIVATE
        else:
            number, basket, cut = there, larger, saved
    else:
        number, basket, cut = best_deal(u, own, key, now, offers, conditions, ANY_SHOP, listed)
    if number < 0:
        cut = nothing
    rewards = rewards_used(u, key, now, basket * MOST_OFF // 100 - cut)
    if not organic:
        if number < 0 and rewards == 0:
            return nothing, nothing, nothing, nothing, nothing
        price = price_of(offers, number, basket, cut, rewards, now)
        if not x < one_minus_exp(intensity * coupon_lift(u, now, price)):
            return nothing, nothing, nothing, nothing, nothing
    if now.checkout_keep < 1.0 and uniform(key, CHECKOUT) >= now.checkout_keep:
        return np.int64(GIVEN_UP), nothing, nothing, nothing, nothing
    if organic:
        bits |= ORGANIC
    if number >= 0:
        bits |= REDEEMS | (number << OFFER_BITS)
        if offers[number].standing:
            bits |= STANDING
    return bits, basket, usual, cut, rewards


@hot_rule
def price_of(offers, number, basket, cut, rewards, now):
    """Log price of a basket with an offer (or -1) and rewards of points, as it moves people to order."""
    if rewards > 0:
        return log(1.0 - np.float64(cut + rewards * now.step_fen) / np.float64(basket))
    return price_in(offers, number, basket, cut)


@inline_rule
def may_adopt(u, x, launch, now):
    """Whether the day's draw leaves it possible that somebody buys what is new: a bound."""
    most = (max(launch.early, launch.own) + launch.others) * (1.0 + now.lift)
    return launch.open > 0 and x < 1.001 * most * trust_factor(u, now.trust_orders)


@hot_rule
def adopts(u, own, key, launch, number, conditions, now):
    """Whether a member buys what is new today: innovators on their own account, others as many have it."""
    x = unit(named_bits(key, LAUNCH_BUY, launch.name))
    if not may_adopt(u, x, launch, now) or (u.adopted >> number) & 1:
        return False
    early = belongs(u, now.day, conditions, launch.first, launch.last) and launch.early > 0.0
    if launch.open < 2 and not early:
        return False
    rate = (launch.early if early else launch.own) + launch.others
    rate *= trust_factor(u, now.trust_orders) * (
        1.0 + now.lift * u.exposure / (u.exposure + now.half_exposure)
    )
    if x >= rate or not x < one_minus_exp(rate):
        return False
    return launch.reach >= 1.0 or unit(named_bits(own, LAUNCH_REACH, launch.name)) < launch.reach


@hot_rule
def settle(u, amount, usual, cut, rewards, bits, offers, launches, now):
    """An order goes through: history, price memory, borrowed demand. Returns (margin, points earned) in fen, points."""
    log_paid = 0.0
    more = np.float64(amount - usual) / np.float64(usual) * now.stockpile if amount > usual else 0.0
    if bits & REDEEMS or rewards > 0:
        number = offer_of(bits) if bits & REDEEMS else -1
        log_paid = price_in(offers, number, amount, cut)
        lift = coupon_lift(u, now, price_of(offers, number, amount, cut, rewards, now))
        more += now.pull_forward * (1.0 - 1.0 / lift)  # only the extra share of the order is borrowed
        if bits & REDEEMS and not bits & STANDING:
            u.coupon_depth = 0.0
            u.redeemed += 1
        if now.trial > 0.0 and u.orders == 0 and not bits & ORGANIC:
            u.rate *= 1.0 + now.trial  # a first order that only the offer brought: what was learnt stays
    if bits & ADOPTS:
        number = launch_of(bits)
        u.adopted |= 1 << number
        more += launches[number].cannibal
    if more > 0.0 and u.rate > 0.0:
        u.inventory = min(0.9, u.inventory + more / (u.rate * now.inventory_days))
    u.log_reference = min(0.0, u.log_reference + now.reference_learning * (log_paid - u.log_reference))
    paid = amount - cut - rewards * now.step_fen
    u.orders += 1
    u.spend += paid
    if now.recent_keep > 0.0:
        u.recent_spend += paid / 100.0
    if u.plan >= 0 and u.last_seen < now.day and u.uses < MOST_USES:
        u.uses += 1
    u.last_order = now.day
    u.last_seen = now.day
    margin = np.int64(amount * now.margin + 0.5)
    u.net += margin - cut
    points = np.int64(0)
    if now.point_step > 0:
        u.points -= rewards * now.point_step
        points = points_on(paid, now)
    return margin, points


@hot_rule
def service_of(u, now):
    """What the services of a level cost at an order, in fen."""
    if now.service == 0 or now.level_step == 0:
        return np.int64(0)
    level, _ = progress(u, now)
    return np.int64(level * now.service)


@hot_rule
def commission_of(amount, bits, now):
    """What the marketplace takes of an order, in fen."""
    return np.int64(amount * now.commission + 0.5) if now.shops and not bits & PRIVATE else np.int64(0)


@hot_rule
def is_forgotten(u, now):
    """Whether an account of points lapses: nothing has happened for too long."""
    return now.point_expiry > 0 and u.points > 0 and now.day - u.last_seen > now.point_expiry
