"""Stories about prices and loyalty: who pays what, who comes back for it, and what it moves."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import numpy as np
import pytest

from simlab.scenario import InputError, Scenario
from simlab.world.market import Market
from simlab.world.metrics import COSTS, M
from simlab.world.outcomes import outcomes
from simlab.world.records import EVENT_NAMES, MEMBER
from simlab.world.rules import order_intensity
from tests.world.worlds import busy, graph_of, live, same_bytes, tell

QUIET: dict[str, Any] = {  # people who order often, and nothing that reaches them
    "levers.push": {}, "levers.referral": None, "levers.sources": {}, "levers.offers": {}, "warmup.days": 0,
    "levers.touches": {"value": {"kind": "value"}}, "calendar.events": [], "horizon": 90,
}  # fmt: skip
STANDING: dict[str, Any] = {"standing": True, "depth": 0.2}


def quiet(values: dict[str, Any] | None = None) -> Scenario:
    """A world without touches, with other levers."""
    return busy(QUIET | (values or {}))


def total(market: Market, metric: M) -> int:
    """Sum of one metric over the run."""
    return int(market.book.ledger[..., metric].sum())


def events(market: Market, what: str) -> list[tuple[int, int, Any]]:
    """(day, user, value) of one kind of event."""
    return [(day, user, value) for day, user, kind, value in tell(market) if kind == what]


# At rest ---------------------------------------------------------------------------------

AT_REST: dict[str, dict[str, Any]] = {
    "a standing offer for nobody": {"levers.offers.z": STANDING | {"share": 0}},
    "a standing offer that cuts nothing": {"levers.offers.z": STANDING | {"depth": 0}},
    "a standing offer next year": {"levers.offers.z": STANDING | {"first": "2027-01-01"}},
    "recommendations that never fit": {"levers.recommendation": {"relevance": 0}},
    "points for nothing": {"levers.points": {"per_yuan": 0}},
    "levels that nobody reaches": {"levers.levels": {"step": 10**9}},
    "a plan for nobody": {"levers.plans": {"gold": {"share": 0}}},
    "a checkout that loses nobody": {"levers.checkout": {"loss_per_step": 0}},
    "a launch that appeals to nobody": {"levers.launches": {"cup": {"date": "2026-03-10", "reach": 0}}},
}


@pytest.mark.parametrize("lever", list(AT_REST))
def test_at_rest_not_a_byte_moves(lever: str) -> None:
    assert same_bytes(live(busy()), live(busy(AT_REST[lever])))


# Offers ----------------------------------------------------------------------------------


def test_an_amount_off_is_had_from_the_threshold_on_and_fills_baskets_up_to_it() -> None:
    offer = {"standing": True, "depth": 0, "amount": 30, "min_spend": 200}
    market = live(quiet({"levers.offers.big": offer}))
    cuts = {(day, user): cut for day, user, cut in events(market, "redeem")}
    baskets = {(day, user): basket for day, user, basket in events(market, "order")}
    assert set(cuts.values()) == {3000}
    assert all(baskets[order] >= 20000 for order in cuts)
    assert sum(basket == 20000 for basket in baskets.values()) > 20  # topped up
    assert all(order in cuts for order, basket in baskets.items() if basket >= 20000)


def test_a_standing_offer_is_for_its_audience_and_the_deepest_wins() -> None:
    loyal = {"standing": True, "depth": 0.2, "who": {"orders": ">= 3"}}
    market = live(quiet({"levers.offers": {"all": {"standing": True, "depth": 0.1}, "loyal": loyal}}))
    orders: Counter[int] = Counter(
        dict(enumerate(Market(quiet(), 1, graph_of(quiet())).users["orders"].tolist()))
    )
    for day, user, what, value in market_log(market):
        if what == "standing":
            assert market.names.offers[value] == ("loyal" if orders[user] >= 3 else "all"), (day, user)
        if what == "order":
            orders[user] += 1
    assert total(market, M.standing) == total(market, M.orders)
    assert outcomes(market)["full_price_share"] == 0


def market_log(market: Market) -> list[tuple[int, int, str, int]]:
    """The log in the order in which it was written."""
    used = int(market.book.counts[1])
    return [
        (day, user, EVENT_NAMES[code], value) for day, user, code, value in market.book.events[:used].tolist()
    ]


def test_a_coupon_for_the_first_order_reaches_only_those_without_one() -> None:
    offers = {"coupon": {"depth": 0.3, "valid": 20, "who": {"orders": "<= 0"}}}
    touches = {"value": {"kind": "value"}, "promo": {"kind": "promo", "offer": "coupon"}}
    market = live(busy({"levers.offers": offers, "levers.touches": touches, "warmup.days": 0,
                        "levers.push": {"new": {"per_week": 5}, "loyal": {"per_week": 5}}}))  # fmt: skip
    bought = dict(enumerate(Market(busy({"warmup.days": 0}), 1, graph_of(busy())).users["orders"].tolist()))
    got = 0
    for _, user, what, _ in market_log(market):
        if what == "coupon":
            assert bought[user] == 0
            got += 1
        elif what == "order":
            bought[user] += 1
    assert got > 20


def test_on_the_day_of_a_weekly_offer_more_is_ordered_and_on_the_others_less() -> None:
    """The others lose orders that were moved, and list price looks dear to those who know Wednesdays."""
    days = {"levers.offers.wednesday": STANDING | {"depth": 0.4, "days": ["wed"]}, "behaviour.price.pull_forward": 0.3,
            "horizon": 200}  # fmt: skip
    with_it, without = (by_weekday(live(quiet(values))) for values in (days, {"horizon": 200}))
    assert with_it[2] > 1.3 * without[2]
    assert sum(with_it) - with_it[2] < sum(without) - without[2]


def by_weekday(market: Market) -> list[int]:
    """Orders on Mondays, Tuesdays ..."""
    counts = [0] * 7
    for row, orders in enumerate(market.book.ledger[..., M.orders].sum(axis=(1, 2, 3)).tolist()):
        day = row + market.first_day
        counts[(market.scenario.start + datetime.timedelta(days=day - 1)).weekday()] += orders
    return counts


def test_a_bundle_suits_the_same_people_for_ever() -> None:
    bundle = {"standing": True, "depth": 0.05, "basket": 1.5, "fit": 0.5}
    market = live(quiet({"levers.offers.scene": bundle, "behaviour.deals.bundle": 1.0}))
    takers = {user for _, user, _ in events(market, "standing")}
    buyers = {user for _, user, _ in events(market, "order")}
    assert 0.35 < len(takers) / len(buyers) < 0.65
    took = Counter(user for _, user, _ in events(market, "standing"))
    ordered = Counter(user for _, user, _ in events(market, "order"))
    assert all(took[user] == ordered[user] for user in takers)  # who takes it takes it always
    assert outcomes(market)["basket"] > 1.1 * outcomes(live(quiet()))["basket"]


def test_a_sample_costs_and_convinces_those_whom_it_suits() -> None:
    offers = {"coupon": {"depth": 0.05, "gift": 9, "fit": 0.5, "who": {"orders": "<= 0"}}}
    touches = {"value": {"kind": "value", "offer": "coupon"}}
    push = {"new": {"per_week": 5, "mix": {"value": 1}}}
    values = {"levers.offers": offers, "levers.touches": touches, "levers.push": push}
    market = live(busy(values))
    assert total(market, M.samples) > 10
    assert total(market, M.sample_fen) == 900 * total(market, M.samples)
    useless = live(busy(values | {"levers.offers.coupon.fit": 0}))
    assert outcomes(market)["satisfaction"] > outcomes(useless)["satisfaction"]


# Points, levels, plans ----------------------------------------------------------------------------


def test_a_near_reward_and_a_near_level_pull() -> None:
    market = Market(
        quiet({"levers.points": {"step": 100}, "levers.levels": {"step": 500}}), 1, graph_of(quiet())
    )
    market.prepare()
    u, now = market.users[:1].copy()[0], market.terms.now[0]
    u["spend"], u["points"] = 0, 0

    def pull(**state: int) -> float:
        for name, value in state.items():
            u[name] = value
        return float(order_intensity(u, now, market.terms.curves))

    rest = pull()
    assert pull(points=30) > rest
    assert (
        pull(points=90) > pull(points=30) > pull(points=100) == rest
    )  # a reward in hand does not pull by itself
    assert pull(points=0, spend=45_000) > pull(spend=30_000) > pull(spend=20_000) == rest


def test_points_are_redeemed_in_whole_rewards_and_cost_once() -> None:
    market = live(
        quiet({"levers.points": {"per_yuan": 2, "step": 500, "value": 0.01, "expected_redemption": 0.5}})
    )
    assert {value % 500 for _, _, value in events(market, "burn")} == {0}
    earned, used = total(market, M.points_earned), total(market, M.points_redeemed)
    assert 0 < used < earned
    held = market.users["points"].sum()
    assert earned - used - total(market, M.points_forfeited) == held
    assert total(market, M.points_fen) == pytest.approx(earned * 0.5, rel=0.01)  # when earned, not when used
    assert outcomes(market)["points_liability"] == pytest.approx(
        market.users["points"][market.users["status"] == MEMBER].sum() * 0.01
    )


def test_a_plan_is_bought_by_those_for_whom_it_pays_and_its_effect_is_smaller_than_the_contrast() -> None:
    """Selection and effect apart: half of the people, drawn at random, may buy."""
    card = {"standing": True, "depth": 0.15}
    plan = {"fee": 20, "term": 60, "offer": "card", "share": 0.5}
    values = {"levers.offers.card": card, "levers.plans": {"gold": plan}, "horizon": 120}
    market, without = live(quiet(values)), live(quiet({"horizon": 120}))
    buyers = {user for _, user, _ in events(market, "plan")}
    assert len(buyers) > 10
    base = np.flatnonzero(market.users["joined"] <= 0)
    is_buyer = np.isin(base, list(buyers))
    worlds = {"with": market, "without": without}
    orders = {name: world.users["orders"][base].astype(float) for name, world in worlds.items()}
    contrast = orders["with"][is_buyer].mean() - orders["with"][~is_buyer].mean()
    effect = (orders["with"] - orders["without"])[is_buyer].mean()
    assert 0 < effect < 0.7 * contrast
    assert market.users["rate"][base][is_buyer].mean() > 1.5 * market.users["rate"][base][~is_buyer].mean()
    holders = {(day, user) for day, user, _ in events(market, "standing")}
    assert {user for _, user in holders} <= buyers  # the member price is for who has paid
    assert total(market, M.renewals) + total(market, M.lapses) > 0


def test_who_does_not_use_a_plan_does_not_renew_it() -> None:
    plan = {"fee": 12, "term": 20, "per_use": 6}
    values = {
        "levers.plans": {"club": plan},
        "behaviour.commitment.spread": 0,
        "behaviour.commitment.usage": 1.0,
    }
    market = live(quiet(values))
    uses: Counter[int] = Counter()
    kept: dict[bool, list[int]] = {True: [], False: []}
    member: set[int] = set()
    for _, user, what, _ in market_log(market):
        if what in ("order", "visit"):
            uses[user] += 1
        if what in ("plan", "lapse") and user in member:
            kept[what == "plan"].append(uses[user])
        if what == "plan":
            member.add(user)
        if what == "lapse":
            member.discard(user)
        if what in ("plan", "lapse"):
            uses[user] = 0
    assert min(len(kept[True]), len(kept[False])) > 3
    assert np.mean(kept[True]) > np.mean(kept[False])


# Orders ----------------------------------------------------------------------------------


def test_a_better_checkout_keeps_orders_and_loses_none() -> None:
    """The same draw decides: who pays in spite of five steps pays after three, too."""
    first = {
        steps: {(day, user) for day, user, _ in events(live(quiet({
            "levers.checkout": {"steps": steps, "loss_per_step": 0.1}, "horizon": 1})), "order")}
        for steps in (5, 3, 0)
    }  # fmt: skip
    assert first[5] <= first[3] <= first[0]
    market = live(quiet({"levers.checkout": {"steps": 5, "loss_per_step": 0.1, "cost": 2}}))
    assert outcomes(market)["checkout_rate"] == pytest.approx(0.9**5, abs=0.05)
    assert total(market, M.upkeep_fen) == 200 * 90


def test_a_voucher_moves_orders_into_the_private_shop() -> None:
    shops = {"levers.shops": {"appeal": -0.5, "commission": 0.1}}
    voucher = {"standing": True, "depth": 0, "amount": 10, "min_spend": 50, "shop": "private"}
    plain, moved = live(quiet(shops)), live(quiet(shops | {"levers.offers.voucher": voucher}))
    assert outcomes(moved)["private_share"] > outcomes(plain)["private_share"] + 0.02
    assert outcomes(moved)["commission"] < outcomes(plain)["commission"]
    used = total(moved, M.standing)
    more = total(moved, M.orders) - total(plain, M.orders)
    assert 0 <= more < 0.5 * used  # most vouchers are used on orders that would have come


def test_a_new_product_is_bought_once_each_and_by_co_creators_first() -> None:
    launch = {"date": "2026-03-20", "lead": 10, "first": {"orders": ">= 2"}, "days": 60}
    market = live(quiet({"levers.launches": {"cup": launch}, "behaviour.shopping.co_creation": 20}))
    bought = events(market, "adopt")
    assert len(bought) == len({user for _, user, _ in bought}) > 20
    start = (datetime.date(2026, 3, 20) - datetime.date(2026, 3, 2)).days + 1
    assert min(day for day, _, _ in bought) >= start - 10
    orders = Market(quiet(), 1, graph_of(quiet())).users["orders"]
    early = {user for day, user, _ in bought if day < start}
    before = Counter(user for day, user, _ in events(market, "order") if day < start)
    assert early
    assert all(orders[user] + before[user] >= 2 for user in early)
    alone = live(quiet({"levers.launches": {"cup": launch}, "behaviour.shopping.imitation": 0,
                        "behaviour.shopping.co_creation": 20}))  # fmt: skip
    assert len(events(alone, "adopt")) < len(bought)  # the others follow those who have it


# Money once ------------------------------------------------------------------------------


def test_net_is_margin_less_every_cost() -> None:
    market = live(quiet({
        "levers.points": {"per_visit": 2}, "levers.levels": {"step": 200, "service": 1.5}, "levers.shops": {},
        "levers.plans": {"gold": {"fee": 10, "term": 20, "per_use": 5, "cost": 2}},
    }))  # fmt: skip
    ledger = market.book.ledger
    net = total(market, M.margin_fen) - sum(int(ledger[..., M[cost]].sum()) for cost in COSTS)
    nobody = sum(
        total(market, metric) for metric in (M.upkeep_fen, M.fixed_fen, M.staff_fen, M.community_fen)
    )
    assert net == int(market.users["net"].sum()) - nobody
    assert min(total(market, m) for m in (M.points_fen, M.benefit_fen, M.commission_fen, M.fee_fen)) > 0


REFUSED: dict[str, dict[str, Any]] = {
    "has no stock": {"levers.offers.a": STANDING | {"stock": 3}},
    "gets its gift": {"levers.offers.a": STANDING | {"gift": 3}},
    "paid out": {"levers.offers.a": {"amount": 30, "min_spend": 10}},
    "is a coupon": {"levers.offers.a": {"depth": 0.1}, "levers.plans": {"p": {"offer": "a"}}},
    "carries the standing offer": {"levers.offers.a": STANDING, "levers.touches.value.offer": "a"},
    "before it begins": {"levers.offers.a": {"first": "2026-03-05", "last": "2026-03-01"}},
}


@pytest.mark.parametrize("message", list(REFUSED))
def test_contradictions_are_refused_with_a_cure(message: str) -> None:
    with pytest.raises(InputError, match=message):
        quiet(REFUSED[message])
