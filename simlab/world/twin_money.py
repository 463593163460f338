"""Money in the twin: samples, points, plans, launches, and what an order brings beyond its margin, in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simlab.world.amounts import fen
from simlab.world.draws import Purpose, named_bits, unit
from simlab.world.loyalty_rules import progress
from simlab.world.metrics import M
from simlab.world.money_rules import (
    ADOPTS,
    GIVEN_UP,
    LAUNCH_BITS,
    MOST_USES,
    PRIVATE,
    STANDING,
    adopts,
    considers,
    launch_of,
    recommend,
    renews,
    sample,
    takes_plan,
    wants,
)
from simlab.world.records import Event
from simlab.world.rules import ORDERED, ORGANIC, REDEEMS, belongs

if TYPE_CHECKING:
    from simlab.scenario.strategy import Levers
    from simlab.world.twin_customer import Customer


def levers_of(person: Customer) -> Levers:
    """What the strategy of somebody's test cell says."""
    return person.market.strategy_of(person).levers


def pay(person: Customer, amount: int) -> None:
    """A cost that this person causes."""
    person.user["net"] -= amount
    person.earn(-amount)


def is_in_share(person: Customer, purpose: Purpose, name: np.uint64, share: float) -> bool:
    """Whether somebody is, once and for all, in a random share of people."""
    return share >= 1 or bool(unit(np.uint64(named_bits(person.own, int(purpose), name))) < share)


def offer_is_for(person: Customer, number: int) -> bool:
    """Whether an offer is handed out to this person today: by stage, audience and random share."""
    terms, u = person.market.terms, person.user
    offer = terms.offers[number]
    return (
        bool(offer["open"])
        and bool(int(offer["stages"]) >> int(u["stage"]) & 1)
        and bool(belongs(u, person.market.day, terms.conditions, offer["first"], offer["last"]))
        and is_in_share(person, Purpose.OFFER_SHARE, offer["name"], float(offer["share"]))
    )


def unpack(person: Customer, number: int) -> None:
    """A coupon that has just been taken may come with a sample."""
    offer = person.market.terms.offers[number]
    if cost := int(offer["gift"]):
        person.count(M.samples)
        person.count(M.sample_fen, cost)
        person.note(Event.SAMPLE, cost)
        pay(person, cost)
        sample(person.user, person.own, offer, person.now)


def look_at(person: Customer, touch: np.void) -> None:
    """An opened touch: what it recommends, and the plan that it presents."""
    if levers_of(person).recommendation is not None:
        recommend(person.user, person.key, touch["name"], person.now)
    if touch["plan"] >= 0:
        think_about(person, int(touch["plan"]))


# Points ------------------------------------------------------------------------------------------


def earn_points(person: Customer, what: str) -> None:
    """Points for an answer, a visit or a friend."""
    points = levers_of(person).points
    if points is not None:
        credit(person, int(getattr(points, what)))


def credit(person: Customer, amount: int) -> None:
    """Points come in, and with them what they will probably cost."""
    points = levers_of(person).points
    if points is None or amount == 0:
        return
    cost = int(amount * (points.value * 100.0 * points.expected_redemption) + 0.5)
    person.user["points"] += amount
    person.count(M.points_earned, amount)
    person.count(M.points_fen, cost)
    person.note(Event.EARN, amount)
    pay(person, cost)


def forget_points(person: Customer) -> None:
    """An account on which nothing has happened for too long is emptied."""
    points, u = levers_of(person).points, person.user
    if points is None or points.expiry is None or u["points"] == 0:
        return
    if person.market.day - int(u["last_seen"]) > points.expiry:
        person.count(M.points_forfeited, int(u["points"]))
        person.note(Event.FORFEIT, int(u["points"]))
        u["points"] = 0


# Plans -------------------------------------------------------------------------------------------


def pay_fee(person: Customer, number: int, kind: M) -> None:
    """A term begins: the fee comes in, the services of the plan go out."""
    market, u = person.market, person.user
    name = market.names.plans[number]
    plan = levers_of(person).plans[name]
    fee = fen(plan.fee)
    margin = round(fee * plan.margin)
    u["plan"], u["plan_until"], u["uses"] = number, min(market.day + plan.term, 32_000), 0
    u["spend"] += fee
    if person.now["recent_keep"] > 0:
        u["recent_spend"] = np.float64(u["recent_spend"]) + fee / 100
    person.count(kind)
    person.count(M.fee_fen, fee)
    person.count(M.fee_margin_fen, margin)
    person.count(M.revenue_fen, fee)
    person.count(M.margin_fen, margin)
    person.count(M.benefit_fen, fen(plan.cost))
    person.note(Event.PLAN, number)
    pay(person, fen(plan.cost) - margin)


def think_about(person: Customer, number: int) -> None:
    """Buy a plan, if there is none yet and it is worth its fee."""
    market, u = person.market, person.user
    terms, plan = market.terms, market.terms.plans[number]
    if u["plan"] >= 0 or not u["alive"]:
        return
    if not belongs(u, market.day, terms.conditions, plan["first"], plan["last"]):
        return
    if not is_in_share(person, Purpose.PLAN_SHARE, plan["name"], float(plan["share"])):
        return
    if takes_plan(u, person.own, plan, person.now, terms.baskets, 1.0):
        pay_fee(person, number, M.plans_sold)


def live_with_plans(person: Customer) -> None:
    """Use of a plan is counted; its term ends in a renewal or not; who has none may meet one on sale."""
    market, u = person.market, person.user
    was_here = u["last_seen"] == market.day
    if u["plan"] < 0:
        if was_here:
            for number, plan in enumerate(market.terms.plans):
                if plan["standing"] and considers(person.key, plan, person.now):
                    think_about(person, number)
        return
    u["uses"] = min(MOST_USES, int(u["uses"]) + bool(was_here))
    if int(u["plan_until"]) > market.day:
        return
    number = int(u["plan"])
    plan = market.terms.plans[number]
    on_sale = market.names.plans[number] in levers_of(person).plans
    if on_sale and u["alive"] and renews(u, person.own, plan, person.now, market.terms.baskets):
        pay_fee(person, number, M.renewals)
    else:
        person.count(M.lapses)
        person.note(Event.LAPSE, number)
        u["plan"] = -1


# Orders ------------------------------------------------------------------------------------------


def make_wish(person: Customer) -> None:
    """What this person wants to order today, of the usual things or else of what is new."""
    market, u = person.market, person.user
    terms = market.terms
    wish = wants(
        u, person.own, person.key, person.now, terms.curves, terms.offers, terms.conditions, terms.baskets
    )
    person.wish, person.basket, person.usual, person.cut, person.rewards = (int(part) for part in wish)
    if person.wish & GIVEN_UP:
        person.count(M.abandoned)
        person.note(Event.ABANDON)
    if person.wish == 0:
        for number, launch in enumerate(terms.launches):
            if adopts(u, person.own, person.key, launch, number, terms.conditions, person.now):
                person.wish = ORDERED | ORGANIC | ADOPTS | number << LAUNCH_BITS
                person.basket = person.usual = int(launch["price"])
                break
    if not person.wish & ORDERED:
        person.wish = 0


def after_order(person: Customer, points: int) -> None:
    """Rewards of points used, points for the order, services of a level, commission, a first order of what is new."""
    levers = levers_of(person)
    if person.rewards and levers.points is not None:
        taken_off = person.rewards * round(levers.points.step * levers.points.value * 100)
        person.count(M.points_redeemed, person.rewards * levers.points.step)
        person.count(M.redeemed_fen, taken_off)
        person.note(Event.BURN, taken_off)
    credit(person, points)
    if levers.levels is not None:
        level = int(progress(person.user, person.now)[0])
        if cost := level * fen(levers.levels.service):
            person.count(M.benefit_fen, cost)
            person.note(Event.BENEFIT, cost)
            pay(person, cost)
    if levers.shops is not None:
        if person.wish & PRIVATE:
            person.count(M.private)
        elif commission := int(person.basket * levers.shops.commission + 0.5):
            person.count(M.commission_fen, commission)
            person.note(Event.COMMISSION, commission)
            pay(person, commission)
    if person.wish & ADOPTS:
        number = int(launch_of(person.wish))
        person.market.adopters[number] += 1
        person.count(M.adoptions)
        person.note(Event.ADOPT, number)


def without_deal(person: Customer) -> None:
    """The budget cannot pay for today's price cut: what is left is the usual basket, at list price."""
    person.wish &= ~(REDEEMS | STANDING)
    person.basket, person.cut, person.rewards = person.usual, 0, 0
