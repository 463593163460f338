"""How one person behaves on one day: scalar rules, written once.

The engine applies them to millions, the twin to one record at a time; both call
these same compiled functions. A rule reads one user record, today's terms and the user's key
of the day, and changes nothing but that record. With marketing off every factor is exactly 1
and what remains is Pareto/NBD with gamma-gamma baskets on a daily grid.
"""

from __future__ import annotations

import numpy as np

from simlab.world.company_rules import ahead, calm
from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.contact_rules import (
    by_fit,
    fit_of,
    learn_from_answer,
    muted_channel,
    visit_is_seen,
)
from simlab.world.draws import Purpose, draw_bits, named_bits, pair_bits, uniform, unit
from simlab.world.loyalty_rules import holds, loyalty
from simlab.world.market_rules import shaken
from simlab.world.numerics import exp, gamma_lookup, normal_quantile, one_minus_exp
from simlab.world.records import (
    ACTIVITY_CURVE,
    CURVE_SIZE,
    MEMBER,
    NEVER,
    OPT_OUT_CURVE,
    ORDER_CURVE,
    SEEN_CURVE,
)  # fmt: skip
from simlab.world.staff_rules import shift_trust

# Purposes as plain integers: numba folds them into the hash.
SEND, EXECUTE, SEEN, OPEN, INTERACT = (int(p) for p in (
    Purpose.SEND, Purpose.EXECUTE, Purpose.SEEN, Purpose.OPEN, Purpose.INTERACT))  # fmt: skip
CLIP, MUTE, LEAVE, COMPLAIN, DOG_LEAVE, EXIT, VISIT = (int(p) for p in (
    Purpose.CLIP, Purpose.MUTE, Purpose.LEAVE, Purpose.COMPLAIN, Purpose.DOG_LEAVE, Purpose.EXIT,
    Purpose.VISIT))  # fmt: skip
ORDER, AMOUNT, INVITE, INVITE_MORE, FRIEND, ACCEPT, HUNT, WINNER = (int(p) for p in (
    Purpose.ORDER, Purpose.AMOUNT, Purpose.INVITE, Purpose.INVITE_MORE, Purpose.FRIEND, Purpose.ACCEPT,
    Purpose.HUNT, Purpose.WINNER))  # fmt: skip

WAS_SEEN, WAS_OPENED, WAS_ANSWERED = 1, 2, 4
DID_MUTE, DID_COMPLAIN, DID_LEAVE = 1, 2, 4
ORDERED, ORGANIC, REDEEMS = 1, 2, 4
LEAST = 0.1
"""Smallest factor that lost trust can put on orders or lifetimes."""
TINY = np.float32(1e-6)
MOST_INVITES = 32
IN_STAGE, IN_TAG, IN_SCHEME = 60, 61, 64
"""Numbers of observables that are places in a table; schemes follow each other from IN_SCHEME on."""
ONE_OF = 2
"""Comparison of a place with a set of places, as bits."""


@inline_rule
def curve(row, t):
    """A tabulated response at t in [0, 1], linear between the nodes."""
    x = t * (CURVE_SIZE - 1)
    i = min(np.int64(x), CURVE_SIZE - 2)
    return row[i] + (x - i) * (row[i + 1] - row[i])


# Morning ---------------------------------------------------------------------------------


@inline_rule
def rested(x):
    """A decayed stock, or exactly 0 once it is negligible."""
    return x if abs(x) > TINY else np.float32(0.0)


@hot_rule
def fade(u, now):
    """Overnight: every stock decays towards rest. Returns True when a coupon has run out unused."""
    # read all, then write all: side by side in the record and in the terms, they fade in a few vector instructions
    trust = rested(u.trust * now.trust_keep)
    fatigue = rested(u.fatigue * now.fatigue_keep)
    exposure = rested(u.exposure * now.exposure_keep)
    inventory = rested(u.inventory * now.inventory_keep)
    reference = rested(u.log_reference * now.reference_keep)
    habit = rested(u.habit * now.habit_keep)
    grief = rested(u.grief * now.grief_keep)
    u.trust, u.fatigue, u.exposure, u.inventory = trust, fatigue, exposure, inventory
    u.log_reference, u.habit, u.grief = reference, habit, grief
    if u.lost_friends > 0 or u.lost_inviter > 0:
        u.grief += now.grief_friend * u.lost_friends + now.grief_inviter * u.lost_inviter
        u.lost_friends = 0
        u.lost_inviter = 0
    if now.recent_keep > 0.0:
        u.recent_spend = rested(np.float32(u.recent_spend * now.recent_keep))
    if now.trust_shock != 0.0:
        u.trust = shaken(u, now.trust_shock)
    if now.new_week:
        u.sent_week = 0
    if now.new_month:
        u.sent_month = 0
        u.sent_quota = 0
    if u.coupon_depth > 0.0 and u.coupon_until < now.day:
        u.coupon_depth = 0.0
        return True
    return False


@inline_rule
def observe(u, day, observable):
    """The value of one observable (numbered as in scenario.stages.OBSERVABLES) on the morning of a day."""
    if observable == 0:
        return np.int64(day - u.joined)
    if observable == 1:
        return np.int64(day - u.last_seen)
    if observable == 2:
        return np.int64(day - u.last_order) if u.orders > 0 else np.int64(36500)
    if observable == 3:
        return np.int64(u.orders)
    if observable == 4:
        return np.int64(u.spend // 100)
    if observable == 5:
        return np.int64(u.invited)
    if observable == 6:
        return np.int64(u.redeemed)
    if observable == 7:
        return np.int64(u.answers)
    if observable == 8:
        return (day - np.int64(u.birthday)) % 365
    if observable == 9:
        return np.int64(u.streak)
    if observable == 10:
        return np.int64(u.tag > 0)
    if observable == 11:
        return np.int64(u.recent_spend)
    if observable == 12:
        return np.int64(u.points)
    if observable == 13:
        return np.int64(u.plan_until - day) if u.plan_until >= day else np.int64(-1)
    if observable == 14:
        return np.int64(u.group >= 0)
    if observable == 15:
        return np.int64(u.posts)
    if observable == 16:
        return np.int64(day - u.ticket) if u.ticket > NEVER else np.int64(-1)
    if observable == 17:
        return np.int64(u.complaints)
    return np.int64(1) << place_of(u, observable)


@inline_rule
def place_of(u, table):
    """Somebody's place in a table of places: the stages, the tag, or one of the schemes."""
    if table == IN_STAGE:
        return np.int64(u.stage)
    if table == IN_TAG:
        return np.int64(u.tag)
    return (np.int64(u.layers) >> (8 * (table - IN_SCHEME))) & 255


@hot_rule
def belongs(u, day, conditions, first, last):
    """Whether conditions first..last-1 of the table all hold: somebody is in an audience."""
    holds = True
    for c in range(first, last):
        value = observe(u, day, conditions[c, 0])
        if conditions[c, 1] == ONE_OF:
            holds &= (value & conditions[c, 2]) != 0
        else:
            holds &= (value >= conditions[c, 2]) if conditions[c, 1] else (value <= conditions[c, 2])
    return holds


@hot_rule
def stage_of(u, day, stage_first, conditions):
    """Number of the first stage all of whose conditions hold; the last stage has none."""
    found = stage_first.size - 2
    for stage in range(
        found - 1, -1, -1
    ):  # backwards, without leaving early: the processor cannot guess wrong
        holds = belongs(u, day, conditions, stage_first[stage], stage_first[stage + 1])
        found = stage if holds else found
    return found


@hot_rule
def stage_stays_until(u, day, conditions, last):
    """First day on which the passing of time alone can change a condition of the stage table."""
    until = day + 20_000
    for c in range(last):
        if conditions[c, 0] <= 2:  # tenure, idle, since_order: they grow by one a day
            value = observe(u, day, conditions[c, 0])
            turns = conditions[c, 2] + (
                0 if conditions[c, 1] else 1
            )  # the value at which the condition turns
            if value < turns:
                until = min(until, day + turns - value)
        elif conditions[c, 0] > 6:  # the others may change on any day
            until = day + 1
    return min(until, 32_000)


@hot_rule
def is_planned(key, name, chance):
    """Cadence by keyed thinning: who gets 3 a week gets those 3 among the 4."""
    return chance >= 1.0 or unit(named_bits(key, SEND, name)) < chance


@hot_rule
def is_executed(key, name, share):
    """Whether staff really sent it."""
    return share >= 1.0 or unit(named_bits(key, EXECUTE, name)) < share


@hot_rule
def seen_chance(u, now, curves):
    """Chance that a touch is noticed, falling with fatigue relative to tolerance."""
    load = u.fatigue * u.inv_tolerance * now.inv_half_seen
    return now.seen * curve(curves[SEEN_CURVE], load / (load + 1.0))


@hot_rule
def open_chance(u, now, earlier):
    """Chance that a noticed touch is opened: falls with fatigue, and with each touch earlier that day."""
    chance = now.open * now.appeal_quality * now.half_open / (now.half_open + u.fatigue)
    for _ in range(earlier):
        chance *= now.crowding
    return chance


@hot_rule
def deliver(u, key, touch, now, curves, earlier, clear, appeal):
    """One delivered touch: noticed, opened, answered (bits); its load, exposure and trust enter the record.

    Args:
        earlier: touches delivered before it today.
        clear, appeal: factors of noticing and of opening it, from channel, hour, form and novelty; 1 by default.
    """
    happened = 0
    fit = fit_of(u, key, touch, now)
    if unit(named_bits(key, SEEN, touch.name)) < seen_chance(u, now, curves) * clear:
        happened = WAS_SEEN
        chance = open_chance(u, now, earlier) * appeal * by_fit(fit, now.match_open, now.mismatch_open)
        if unit(named_bits(key, OPEN, touch.name)) < chance:
            happened |= WAS_OPENED
            chance = now.interact * now.answer_pull * touch.answer
            if unit(named_bits(key, INTERACT, touch.name)) < chance * by_fit(
                fit, now.match_answer, now.mismatch_answer
            ):
                happened |= WAS_ANSWERED
                u.last_seen = now.day
                u.answers = min(np.int64(u.answers) + 1, 65_535)
                learn_from_answer(u, key, touch, fit, now)
        u.exposure += (
            touch.exposure * now.appeal_quality * by_fit(fit, now.match_exposure, now.mismatch_exposure)
        )
        if touch.violates:
            shift_trust(u, -now.violation_loss)
        affinity = u.affinity + u.trust
        if touch.trust > 0.0:
            u.trust += touch.trust * now.appeal_quality * max(0.0, 1.0 - affinity) / (1.0 - u.affinity)
        else:
            u.trust += touch.trust * max(0.0, affinity) / u.affinity
    u.fatigue += touch.fatigue * by_fit(fit, now.match_fatigue, now.mismatch_fatigue)
    return happened


@hot_rule
def clip_chance(u, offer):
    """Chance that somebody whom a coupon reaches takes it, by deal-proneness and depth."""
    return one_minus_exp(offer.clip_rate * u.deal)


@hot_rule
def give_coupon(u, key, offer, number, day):
    """A coupon reaches somebody, who may take it; the deepest one is kept. True when it was taken."""
    taken = unit(named_bits(key, CLIP, offer.name)) < clip_chance(u, offer)
    if taken and offer.worth >= u.coupon_depth:
        u.coupon_depth = offer.worth
        u.coupon_offer = number
        u.coupon_until = day + offer.valid - 1
        return True
    return False


@hot_rule
def annoyance(u, now, curves):
    """Factor of all opt-out hazards: fatigue relative to tolerance, saturating."""
    load = u.fatigue * u.inv_tolerance
    return curve(curves[OPT_OUT_CURVE], load / (load + now.saturation))


@hot_rule
def react(u, key, now, curves, used, channels):
    """After a touched morning: mute, complain, leave (bits), once per day whatever the number of touches.

    Args:
        used: channels used today, as bits. channels: all there are, as bits; 0: there is only the one.
    """
    y = annoyance(u, now, curves)
    happened = 0
    if uniform(key, MUTE) < now.mute * y:
        happened = DID_MUTE
        if channels:
            u.closed |= 1 << muted_channel(key, used)
        if u.closed & channels == channels:
            u.muted = 1
    if uniform(key, COMPLAIN) < now.complain * y:
        happened |= DID_COMPLAIN
        u.complaints = min(u.complaints + 1, 255)
    if uniform(key, LEAVE) < now.leave * y or (
        u.dog
        and now.day - max(u.last_seen, u.unseen) > now.dog_idle
        and uniform(key, DOG_LEAVE) < now.dog_leave
    ):
        happened |= DID_LEAVE
    return happened


# Afternoon -------------------------------------------------------------------------------


@hot_rule
def visit_chance(u, now, curves):
    """Chance of an own visit today."""
    x = u.fatigue * u.inv_half_activity
    chance = u.visits * now.visit_pull * curve(curves[ACTIVITY_CURVE], x / (x + 1.0))
    if u.muted:
        chance *= now.muted_visits
    if not u.alive:
        chance *= now.ended_visits
    return chance * (1.0 + now.habit_visits * u.habit) * calm(u, now.anger_visits)


@inline_rule
def may_visit(u, x, now):
    """Whether the day's draw leaves an own visit possible: a bound that spares most users the whole rule."""
    return x < u.visits * now.visit_pull * (1.0 + now.habit_visits * u.habit)


@hot_rule
def visits_today(u, key, now, curves):
    """Whether the user comes on the own account."""
    x = uniform(key, VISIT)
    if may_visit(u, x, now) and x < visit_chance(u, now, curves):
        if visit_is_seen(key, now):
            u.last_seen = now.day
        else:
            u.unseen = now.day
        return True
    return False


@inline_rule
def most_trust(u, response):
    """An upper bound of `trust_factor`: affinity cannot rise above 1."""
    return 1.0 + response * u.inv_affinity


@inline_rule
def trust_factor(u, response):
    """Relative effect of affinity; exactly 1 at the baseline."""
    return max(LEAST, 1.0 + response * u.trust * u.inv_affinity)


@hot_rule
def order_intensity(u, now, curves):
    """Expected orders today without a coupon: rate x season x activity x exposure x trust x stock x price memory."""
    x = u.fatigue * u.inv_half_activity
    value = u.rate * now.season * curve(curves[ORDER_CURVE], x / (x + 1.0))
    value *= 1.0 + now.lift * u.exposure / (u.exposure + now.half_exposure)
    value *= trust_factor(u, now.trust_orders) * (1.0 - u.inventory)
    value *= calm(u, now.anger_orders)  # company
    value *= (1.0 + now.habit_orders * u.habit) * now.idea_fit
    value *= now.fit
    if u.advised:
        value *= 1.0 + now.advice_orders * now.advice
    if u.log_reference < 0.0:  # list price is above what this user has come to expect
        value *= exp(now.elasticity * u.deal * now.reference_share * now.loss_aversion * u.log_reference)
    if now.loyal:
        value *= loyalty(u, now)
    return value


@hot_rule
def coupon_lift(u, now, log_price):
    """Factor of the order intensity while a coupon is held: elasticity, part of it against the reference price.

    Price term p^(-e(1-w)) (p/ref)^(-e w), relative to paying list price, so that a reference price is not
    counted twice; it approaches the cap smoothly.
    """
    e = now.elasticity * u.deal
    relative = e * now.reference_share
    gap = log_price - u.log_reference
    weight = now.loss_aversion if gap > 0.0 else 1.0
    gain = (
        -(e - relative) * log_price - relative * weight * gap - relative * now.loss_aversion * u.log_reference
    )
    if gain <= 0.0:
        return 1.0
    room = now.largest_lift - 1.0
    return 1.0 + room * one_minus_exp((exp(min(gain, 20.0)) - 1.0) / room)


@hot_rule
def basket_fen(u, key, baskets):
    """The value of today's basket in fen: a gamma quantile over the user's own basket rate."""
    z = normal_quantile(uniform(key, AMOUNT))
    return max(np.int64(gamma_lookup(baskets[u.segment], z) / u.basket_rate + 0.5), np.int64(1))


@hot_rule
def relation_ends(u, now):
    """The lifetime clock runs by today's hazard; True on the day when it runs out."""
    hazard = u.hazard / trust_factor(u, now.trust_lifetime) * (1.0 + u.grief) * now.defection
    hazard += u.hunter * now.hunter_hazard
    hazard += u.hazard * now.anger_lifetime * u.anger  # company
    if now.loyal:
        hazard *= holds(u, now)
    u.life_left -= hazard
    if u.life_left <= 0.0:
        u.alive = 0
        return True
    return False


@hot_rule
def unsubscribes(key, now):
    """Somebody whose relation has ended tidies up."""
    return uniform(key, EXIT) < now.exit


# Evening: over the graph -----------------------------------------------------------------


@hot_rule
def may_invite(u, day, programme, conditions):
    """Whether a programme is open to this user today."""
    return (
        programme.open != 0
        and (programme.stages >> u.stage) & 1 != 0
        and u.invited < programme.quota
        and belongs(u, day, conditions, programme.first, programme.last)
    )


@hot_rule
def invite_chance(u, now, programme, goals):
    """Chance of asking friends today: sociability, trust, and a reward that weighs less the further away it is."""
    missing, value = ahead(u, programme, goals)
    for _ in range(missing - 1):
        value *= 1.0 - now.step_loss
    base = now.episodes * u.sociability * trust_factor(u, now.trust_orders) * calm(u, now.anger_orders)
    return base * (1.0 + now.invite_gain * value / (value + now.half_reward) + now.status * programme.perk)


@inline_rule
def may_ask(u, x, now, programme):
    """Whether the day's draw leaves it possible that friends are asked by a programme: a bound."""
    gain = now.invite_gain + now.status * programme.perk
    return x < now.episodes * u.sociability * most_trust(u, now.trust_orders) * (1.0 + gain)


@hot_rule
def invites_today(u, key, now, programmes, goals, conditions):
    """(friends whom the user asks today, by which programme): 0 friends on most days.

    One draw decides; where several programmes would do, the one that attracts this user most.
    """
    x = uniform(key, INVITE)
    best, chosen = x, -1
    for p in range(programmes.size):
        programme = programmes[p]
        if not may_ask(u, x, now, programme) or not may_invite(u, now.day, programme, conditions):
            continue
        chance = invite_chance(u, now, programme, goals)
        if chance > best:
            best, chosen = chance, p
    if chosen < 0:
        return 0, chosen
    programme = programmes[chosen]
    missing, _ = ahead(u, programme, goals)
    count = programme.needed if programme.goal_first == programme.goal_last else missing
    more = uniform(key, INVITE_MORE)
    chance = now.more
    while more < chance and count < MOST_INVITES:
        count += 1
        chance *= now.more
    return min(count, MOST_INVITES), chosen


@hot_rule
def hunts_today(u, key, now, programmes, conditions):
    """By which programme the user brings somebody for the reward alone; -1: nobody."""
    best, chosen = uniform(key, HUNT), -1
    for p in range(programmes.size):
        if programmes[p].hunt > best and may_invite(u, now.day, programmes[p], conditions):
            best, chosen = programmes[p].hunt, p
    return chosen


@hot_rule
def first_friend(key, degree):
    """Where in the list of friends somebody starts asking."""
    return np.int64(((draw_bits(key, FRIEND) >> np.uint64(32)) * np.uint64(degree)) >> np.uint64(32))


@hot_rule
def accepts(key, invitee, ready, has_friend, programme, now):
    """Whether a friend accepts: reward, need, and social proof that saturates with the first other friend."""
    chance = programme.accept * ready
    if has_friend:
        chance *= 1.0 + now.proof
    return unit(pair_bits(key, ACCEPT, invitee)) < chance


@hot_rule
def claim(key, invitee):
    """Strength of an inviter's claim on an invitee, when several ask on one day: the strongest wins."""
    return pair_bits(key, WINNER, invitee)


@hot_rule
def join(u, day, source, inviter, depth):
    """A prospect becomes a member on the evening of a day."""
    u.status = MEMBER
    u.joined = day
    u.last_seen = day
    u.last_order = NEVER
    u.source = source
    u.inviter = inviter
    u.depth = min(depth, 255)
    u.active_age = -1
    u.heard = 0


@hot_rule
def join_as_hunter(u, now):
    """Somebody who came for the reward: needs less, leaves sooner, looks for deals."""
    u.rate *= now.hunter_need
    u.hunter = 1
    u.deal *= now.hunter_deal


@hot_rule
def annuity(hazard, days):
    """Integral of exp(-hazard t) over [0, days]."""
    x = hazard * days
    return days * (1.0 - 0.5 * x) if x < 1e-9 else one_minus_exp(x) / hazard


@hot_rule
def residual_fen(u, margin, basket_shape, discount, days, lift, loss, hunting, reference):
    """Value left in one member at the horizon, in fen: own remaining rate and lifetime, capped in time.

    Touch-free orders, plus (reference programme) a lift for as long as the user can be reached: two states,
    reachable -> muted at rate `loss`. Hunters end at rate `hunting` beside their own.
    """
    if u.status != MEMBER or not u.alive:
        return np.int64(0)
    hazard = u.hazard + u.hunter * hunting + discount
    value = annuity(hazard, days)
    if reference and not u.muted:
        value += lift * annuity(hazard + loss, days)
    return np.int64(one_minus_exp(np.float64(u.rate)) * margin * basket_shape / u.basket_rate * value + 0.5)
