"""Money in the engine: samples, points, plans, launches, and what an order earns beyond its margin."""

from __future__ import annotations

import numpy as np

from simlab.world.book import N_ORDERS
from simlab.world.compiled import hot_rule
from simlab.world.counting import COHORT_NET, count_cohort, note
from simlab.world.metrics import M
from simlab.world.money_rules import (
    ADOPTS,
    GIVEN_UP,
    LAUNCH_BITS,
    MOST_USES,
    PRIVATE,
    adopts,
    commission_of,
    considers,
    cost_of_points,
    is_forgotten,
    launch_of,
    may_adopt,
    may_buy,
    renews,
    sample,
    service_of,
    takes_plan,
    wants,
)
from simlab.world.records import Event
from simlab.world.rules import ORDERED, ORGANIC


@hot_rule
def pay(u, day, fen, book):
    """A cost of one user: own total and cohort."""
    u.net -= fen
    count_cohort(book, u, day, COHORT_NET, -fen)


@hot_rule
def give_sample(u, i, own, offer, book, row, now):
    """A coupon that was taken brings a gift."""
    if offer.gift > 0:
        row[M.samples] += 1
        row[M.sample_fen] += offer.gift
        note(book, now.day, i, Event.SAMPLE, offer.gift)
        pay(u, now.day, offer.gift, book)
        sample(u, own, offer, now)


@hot_rule
def earn_points(u, i, points, book, row, now):
    """Points enter an account; what they will probably cost is taken now."""
    if points > 0:
        fen = cost_of_points(points, now)
        u.points += points
        row[M.points_earned] += points
        row[M.points_fen] += fen
        note(book, now.day, i, Event.EARN, points)
        pay(u, now.day, fen, book)


@hot_rule
def forget_points(u, i, book, row, now):
    """Points of an account that nobody uses lapse."""
    if is_forgotten(u, now):
        row[M.points_forfeited] += u.points
        note(book, now.day, i, Event.FORFEIT, u.points)
        u.points = 0


@hot_rule
def pay_fee(u, i, k, plan, book, row, now):
    """One term of a plan: a fee comes in, its services go out."""
    u.plan = k
    u.plan_until = min(now.day + plan.term, 32_000)
    u.uses = 0
    u.spend += plan.fee
    u.stage_until = now.day  # a stage may look at this
    if now.recent_keep > 0.0:
        u.recent_spend += plan.fee / 100.0
    row[M.fee_fen] += plan.fee
    row[M.fee_margin_fen] += plan.margin
    row[M.revenue_fen] += plan.fee
    row[M.margin_fen] += plan.margin
    row[M.benefit_fen] += plan.cost
    note(book, now.day, i, Event.PLAN, k)
    pay(u, now.day, plan.cost - plan.margin, book)


@hot_rule
def present_plan(u, i, own, k, terms, book, row, now):
    """A touch that presents a plan has been opened: the user thinks about it."""
    plan = terms.plans[k]
    free = u.plan < 0 and u.alive and may_buy(u, own, plan, terms.conditions, now.day)
    if free and takes_plan(u, own, plan, now, terms.baskets, 1.0):
        row[M.plans_sold] += 1
        pay_fee(u, i, k, plan, book, row, now)


@hot_rule
def plans_today(u, i, own, key, terms, book, row, now):
    """Terms run out and are renewed or not; who comes by may think about a plan on sale."""
    if u.plan >= 0:
        if u.last_seen == now.day and u.uses < MOST_USES:
            u.uses += 1
        if u.plan_until <= now.day:
            plan = terms.plans[u.plan]
            if plan.term > 0 and u.alive and renews(u, own, plan, now, terms.baskets):
                row[M.renewals] += 1
                pay_fee(u, i, np.int64(u.plan), plan, book, row, now)
            else:
                row[M.lapses] += 1
                note(book, now.day, i, Event.LAPSE, u.plan)
                u.plan = -1
    elif u.alive and u.last_seen == now.day:
        for k in range(terms.plans.size):
            plan = terms.plans[k]
            if u.plan < 0 and plan.standing and considers(key, plan, now):
                present_plan(u, i, own, np.int64(k), terms, book, row, now)


@hot_rule
def tempted(u, launch, j, launches, now):
    """Whether the day's draws leave it possible that something new is bought."""
    found = False
    for k in range(launches.size):
        found |= may_adopt(u, launch[k, j], launches[k], now)
    return found


@hot_rule
def wish(u, i, own, key, orders, launch, j, terms, book, row, now):
    """Today's wish to order enters the list that the evening settles.

    Args:
        orders: whether the day's draw leaves an order possible. launch: draws of buying each launch; j is the user's.
    """
    bits = amount = usual = cut = rewards = np.int64(0)
    if orders:
        bits, amount, usual, cut, rewards = wants(
            u, own, key, now, terms.curves, terms.offers, terms.conditions, terms.baskets
        )
    if bits & GIVEN_UP:
        row[M.abandoned] += 1
        note(book, now.day, i, Event.ABANDON, 0)
    if bits == 0:
        for k in range(terms.launches.size):
            new = terms.launches[k]
            tempts = bits == 0 and may_adopt(u, launch[k, j], new, now)
            if tempts and adopts(u, own, key, new, k, terms.conditions, now):
                bits = np.int64(ORDERED | ORGANIC | ADOPTS | (k << LAUNCH_BITS))
                amount = np.int64(terms.launches[k].price)
                usual = amount
    if bits & ORDERED:
        n = book.counts[N_ORDERS]
        book.order_user[n] = i
        book.order_amount[n] = amount
        book.order_bits[n] = bits
        book.order_usual[n] = usual
        book.order_cut[n] = cut
        book.order_rewards[n] = rewards
        book.counts[N_ORDERS] = n + 1


@hot_rule
def settle_money(u, i, amount, bits, rewards, points, book, row, now):
    """What an order brings and costs beyond margin and subsidy: points, services, commission, a launch."""
    if rewards > 0:
        fen = rewards * now.step_fen
        row[M.points_redeemed] += rewards * now.point_step
        row[M.redeemed_fen] += fen
        note(book, now.day, i, Event.BURN, fen)
    earn_points(u, i, points, book, row, now)
    service = service_of(u, now)
    if service > 0:
        row[M.benefit_fen] += service
        note(book, now.day, i, Event.BENEFIT, service)
        pay(u, now.day, service, book)
    commission = commission_of(amount, bits, now)
    if commission > 0:
        row[M.commission_fen] += commission
        note(book, now.day, i, Event.COMMISSION, commission)
        pay(u, now.day, commission, book)
    if bits & PRIVATE:
        row[M.private] += 1
    if bits & ADOPTS:
        row[M.adoptions] += 1
        book.adopters[launch_of(bits)] += 1
        note(book, now.day, i, Event.ADOPT, launch_of(bits))
