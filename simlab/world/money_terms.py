"""Offers, points, levels, plans, shops and launches as the numbers that the compiled rules read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.offer import Offer
from simlab.scenario.schema import WEEKDAYS, Scenario
from simlab.scenario.stages import OBSERVABLES
from simlab.world.amounts import fen, keep, saturating
from simlab.world.draws import name_hash
from simlab.world.money_rules import ANY_SHOP, PRIVATE_SHOP, PUBLIC_SHOP
from simlab.world.records import LAUNCH, PLAN, Terms

if TYPE_CHECKING:
    from simlab.world.cells import Numbers
    from simlab.world.terms import Conditions, Names

RECENT = 90.0
"""Half-life of the observable recent_spend, in days."""
_SHOPS = {"any": ANY_SHOP, "private": PRIVATE_SHOP, "public": PUBLIC_SHOP}
BEFORE, OUT = 1, 2


def does_something(offer: Offer) -> bool:
    """Whether an offer changes any price or basket."""
    return offer.depth > 0 or offer.amount > 0 or offer.basket > 1


def mean_basket(scenario: Scenario) -> float:
    """Mean basket over segments, in yuan: what an amount off is measured by."""
    segments = scenario.population.segments.values()
    return sum(s.share * s.basket.mean for s in segments) / sum(s.share for s in segments)


def write_offers(
    rows: NDArray[np.void], own: Sequence[tuple[Scenario, Numbers]], conditions: Conditions
) -> None:
    """What an offer is beyond depth, threshold and validity; how much it is worth to those who may clip it."""
    rows["share"] = rows["basket"] = 1.0
    rows["usable"] = 1
    for c, (cell, numbers) in enumerate(own):
        price, deals = cell.behaviour.price, cell.behaviour.deals
        opens = {plan.offer: k + 1 for k, plan in enumerate(cell.levers.plans.values()) if plan.offer}
        for name, offer in cell.levers.offers.items():
            row = rows[numbers.offers[name]]
            row["cells"] |= 1 << c
            if c > 0 and row["cells"] != 1 << c:
                continue  # the same words as in an earlier cell
            typical = mean_basket(cell)
            worth = offer.depth
            if offer.amount > 0:
                worth += offer.amount / max(offer.min_spend, typical)
            if offer.gift > 0:
                worth += offer.gift / typical
            row["worth"] = np.float32(min(worth, 0.95))
            applied = (1.0 - deals.step_loss) ** offer.steps
            row["clip_rate"] = price.clip * worth / 0.1 * applied
            row["share"], row["basket"], row["fit"] = offer.share, offer.basket, offer.fit
            row["amount"], row["gift"], row["shop"] = fen(offer.amount), fen(offer.gift), _SHOPS[offer.shop]
            row["standing"] = offer.standing and does_something(offer)
            row["first"], row["last"] = conditions.add(offer.who)
            row["plan"] = opens.get(name, 0)


def plans_of(scenario: Scenario, names: Names, conditions: Conditions) -> NDArray[np.void]:
    """(P,) PLAN records, in the order of their names."""
    rows = np.zeros(len(names.plans), PLAN)
    for name, plan in scenario.levers.plans.items():
        row = rows[names.plans.index(name)]
        row["name"] = name_hash("plan:" + name)
        if plan.offer is not None:
            offer = scenario.levers.offers[plan.offer]
            row["depth"], row["amount"] = (
                offer.depth * len(offer.days) / 7,
                fen(offer.amount) * len(offer.days) / 7,
            )
        row["per_use"], row["share"], row["fee"] = fen(plan.per_use), plan.share, fen(plan.fee)
        row["margin"], row["cost"] = round(fen(plan.fee) * plan.margin), fen(plan.cost)
        row["term"], row["standing"] = plan.term, plan.standing
        row["first"], row["last"] = conditions.add(plan.who)
    return rows


def launches_of(scenario: Scenario, names: Names, conditions: Conditions) -> NDArray[np.void]:
    """(L,) LAUNCH records, in the order of their names."""
    rows = np.zeros(len(names.launches), LAUNCH)
    for name, launch in scenario.levers.launches.items():
        row = rows[names.launches.index(name)]
        row["name"] = name_hash("launch:" + name)
        row["reach"], row["cannibal"], row["price"] = launch.reach, launch.cannibal, fen(launch.price)
        row["first"], row["last"] = conditions.add(launch.first)
    return rows


def write_standing(now: np.void, scenario: Scenario) -> None:
    """Parameters, points, levels, checkout and shops in force; what is absent is neutral."""
    levers, b = scenario.levers, scenario.behaviour
    deals, loyalty, commitment, shopping = b.deals, b.loyalty, b.commitment, b.shopping
    now["surplus"], now["stockpile"], now["bundle"] = deals.surplus, deals.stockpile, deals.bundle
    now["trial"] = deals.trial
    now["sample_trust"], now["sample_exposure"] = deals.sample_trust, deals.sample_exposure
    now["answer_pull"] = now["visit_pull"] = now["checkout_keep"] = 1.0
    if (recommendation := levers.recommendation) is not None:
        now["recommends"] = 1
        now["relevance"], now["tagged"] = recommendation.relevance, recommendation.tagged
        now["best_seller"], now["relevant_exposure"] = deals.best_seller, deals.relevant_exposure
        now["cross_sell"], now["in_mind"] = deals.cross_sell, round(deals.in_mind)
    if (points := levers.points) is not None:
        now["point_step"], now["step_fen"] = points.step, round(points.step * points.value * 100)
        now["per_yuan"], now["per_answer"] = points.per_yuan, points.per_answer
        now["per_visit"], now["per_invite"] = points.per_visit, points.per_invite
        now["point_expiry"] = points.expiry or 0
        now["point_cost"] = points.value * 100.0 * points.expected_redemption
        prize = points.step * points.value
        now["redeem"] = loyalty.redeem
        now["point_goal"] = loyalty.point_goal * saturating(prize, loyalty.half_prize)
        for pull, each in (("answer_pull", points.per_answer), ("visit_pull", points.per_visit)):
            now[pull] = 1.0 + loyalty.task_gain * saturating(each * points.value, loyalty.half_task)
        now["most_orders"] *= 1.0 + now["point_goal"]
    if (levels := levers.levels) is not None:
        now["level_step"], now["level_top"], now["service"] = (
            round(levels.step),
            levels.top,
            fen(levels.service),
        )
        now["level_recent"] = levels.by == "recent_spend"
        now["level_goal"], now["level_from"] = loyalty.level_goal, loyalty.level_from
        now["level_hold"] = loyalty.level_hold
        now["most_orders"] *= 1.0 + loyalty.level_goal
    if levers.plans:
        now["consider"], now["plan_spread"], now["sunk"] = (
            commitment.consider,
            commitment.spread,
            commitment.sunk,
        )
        now["plan_hold"], now["plan_usage"] = commitment.hold, commitment.usage
    now["loyal"] = points is not None or levels is not None or bool(levers.plans)
    if (checkout := levers.checkout) is not None:
        now["checkout_keep"] = (1.0 - checkout.loss_per_step) ** checkout.steps
    if (shops := levers.shops) is not None:
        now["shops"], now["shop_appeal"], now["commission"] = 1, shops.appeal, shops.commission
        now["shop_trust"], now["shop_exposure"] = shopping.shop_trust, shopping.shop_exposure


def track_spend(now: np.void, scenario: Scenario, conditions: Conditions) -> None:
    """Recent spend is kept only where somebody looks at it."""
    levels, advisers, number = (
        scenario.levers.levels,
        scenario.levers.advisers,
        list(OBSERVABLES).index("recent_spend"),
    )
    looked_at = any(row[0] == number for row in conditions.rows)
    looked_at |= levels is not None and levels.by == "recent_spend"
    looked_at |= advisers is not None and advisers.order == "recent_spend"
    if looked_at:
        now["recent_keep"] = keep(RECENT)


def set_offers_today(terms: Terms, cells: Iterable[tuple[Scenario, Numbers]], date: datetime.date) -> None:
    """Which offers can be used today, which are handed out, and whether any standing price holds."""
    weekday = WEEKDAYS[date.weekday()]
    still, usable, kept = (terms.offers[name] for name in ("open", "usable", "standing"))
    for k, (cell, numbers) in enumerate(cells):
        standing = 0
        for name, offer in cell.levers.offers.items():
            row = numbers.offers[name]
            dated = (offer.first is None or offer.first <= date) and (
                offer.last is None or date <= offer.last
            )
            usable[row] = today = weekday in offer.days and (dated or not offer.standing)
            if not dated:
                still[row] = 0
            standing += int(kept[row] and today and still[row])
        terms.now["deals"][k] = standing


def set_launches_today(
    terms: Terms, scenario: Scenario, names: Names, date: datetime.date, adopters: Sequence[int], members: int
) -> None:
    """Who may buy what is new today, and how much those who have it move the others.

    Args:
        adopters: who has bought each launch's product up to yesterday.
        members: how many members there are this morning.
    """
    b = scenario.behaviour.shopping
    for name, launch in scenario.levers.launches.items():
        k = names.launches.index(name)
        row = terms.launches[k]
        ahead = (launch.date - date).days
        row["open"] = 0
        if -launch.days < ahead <= 0:
            row["open"] = OUT
        elif 0 < ahead <= launch.lead:
            row["open"] = BEFORE
        row["own"], row["early"] = b.innovation, b.innovation * b.co_creation if launch.lead > 0 else 0.0
        row["others"] = b.imitation * adopters[k] / members if members else 0.0


def upkeep(scenario: Scenario, date: datetime.date) -> int:
    """What checkout, recommendations and launches cost today, whatever is ordered; in fen."""
    levers = scenario.levers
    total = fen(levers.checkout.cost) if levers.checkout else 0
    total += fen(levers.recommendation.cost) if levers.recommendation else 0
    return total + sum(fen(launch.cost) for launch in levers.launches.values() if launch.date == date)
