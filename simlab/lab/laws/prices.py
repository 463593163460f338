"""Laws of prices: elasticity, coupons, habituation, who a discount brings, winning people back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from simlab.lab.laws.law import Claim, Law, Reading
from simlab.lab.laws.messages import YEAR, has_members, reached
from simlab.lab.laws.worlds import (
    ONLY_PROMO,
    QUIET,
    Arm,
    Orders,
    Seen,
    lab,
    members_at,
    orders_of,
    programme,
)
from simlab.scenario import Scenario
from simlab.scenario.strategy import Levers, Referral

# Elasticity and what comes after -----------------------------------------------------------------

CUT, SALE, DIP = 0.10, 14, 60
EVERYBODY: dict[str, Any] = {
    "price": {"clip": 10.0},
    "attention": {"seen": 1.0, "seen_floor": 1.0},
}
"""A price cut, not a coupon: whoever is reached has it."""


def _sale_arms(scenario: Scenario) -> Mapping[str, Arm]:
    arms = {}
    for name, depth in (("list price", None), ("sale", CUT)):
        on = lab(scenario, programme(7.0, depth=depth, valid=2, mix=ONLY_PROMO), SALE + DIP, **EVERYBODY)
        off = lab(scenario, programme(depth=depth, valid=2), SALE + DIP, **EVERYBODY)
        arms[name] = Arm(on, phases=((SALE + 1, off),), days=(0,), watch=(Orders,))
    return arms


def _sale(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        day, user, _ = orders_of(world)
        day = day[reached(world)[user]]
        found[f"{arm} valid"] = float((day <= SALE + 1).sum())
        found[f"{arm} after"] = float((day > SALE + 1).sum())
    return found


def _bump(t: Reading, part: str) -> float:
    return t[f"sale {part}"] - t[f"list price {part}"]


L20 = Law(
    id="L20",
    title="Price elasticity",
    figure="mean -2.62 (1,851 estimates)",
    source="Bijmolt, van Heerde & Pieters 2005",
    status="read",
    how="Two weeks of 10 % off for everybody who can be reached, against the same messages at list price.",
    claims=(Claim("orders while the sale lasts, relative", 0.15, 0.40, "share", "+32 % at −2.62"),),
    arms=_sale_arms,
    read=_sale,
    figures=lambda t: (_bump(t, "valid") / t["list price valid"],),
    applies=has_members,
)

L25 = Law(
    id="L25",
    title="A dip after the promotion is real, and often small",
    figure="-",
    source="Mace & Neslin 2004",
    status="read",
    how="The same sale: orders missing in the 60 days after it, relative to the further orders that it brought.",
    claims=(Claim("dip after the sale over its bump", 0.0, 0.5, "share"),),
    arms=_sale_arms,
    read=_sale,
    figures=lambda t: (-_bump(t, "after") / _bump(t, "valid"),),
    applies=has_members,
    note="Reference prices add as much to the dip as borrowed demand does.",
)

# Redemption --------------------------------------------------------------------------------------

CAMPAIGNS, WINDOW, COUPON = 8, 30, 0.20
EARLY = 9
"""The first 30 % of a window."""


def _campaign_arms(scenario: Scenario) -> Mapping[str, Arm]:
    days = CAMPAIGNS * WINDOW
    on = lab(scenario, programme(7.0, depth=COUPON, valid=WINDOW, mix=ONLY_PROMO), days)
    off = lab(scenario, programme(depth=COUPON, valid=WINDOW), days)
    phases = [(first + later, off if later else on) for first in range(1, days, WINDOW) for later in (0, 1)]
    return {
        "campaigns": Arm(
            on, phases=tuple(phases), days=(0, *range(WINDOW, days + 1, WINDOW)), watch=(Orders,)
        )
    }


def _campaigns(seen: Mapping[str, Seen]) -> Reading:
    world = seen["campaigns"]
    found = dict.fromkeys(("sent", "used", "sent before", "used before", "sent never", "used never"), 0.0)
    ever = np.zeros(len(world.users), bool)
    for k in range(CAMPAIGNS):
        start, end = world.at[k * WINDOW], world.at[(k + 1) * WINDOW]
        sent = members_at(start) & (start["muted"] == 0) & (end["status"] == 1)
        used = sent & (end["redeemed"] > start["redeemed"])
        for name, group in (("", sent), (" before", sent & ever), (" never", sent & ~ever)):
            found["sent" + name] += float(group.sum())
            found["used" + name] += float((used & group).sum())
        ever |= used
    day, _, coupon = orders_of(world)
    into = (day[coupon] - 1) % WINDOW
    count = np.sort((world.users["redeemed"] - world.at[0]["redeemed"])[reached(world)])[::-1]
    count = count[count > 0]
    found["redemptions"], found["early"] = float(len(into)), float((into < EARLY).sum())
    found["reached"], found["ever"] = float(reached(world).sum()), float((ever & reached(world)).sum())
    found["top"], found["all"] = float(count[: round(0.2 * len(count))].sum()), float(count.sum())
    return found


L21 = Law(
    id="L21",
    title="Redemption is low, front-loaded, state-dependent and concentrated",
    figure="12.0 % per household and campaign; .334 after having redeemed against .097; 26 % ever; 45 % in the first "
           "30 % of the window; top fifth of redeemers 55 %",
    source="computed from Complete Journey",
    status="computed",
    how="Eight campaigns on rested members: one promotion with a 20 % coupon that holds 30 days, every 30 days.",
    claims=(
        Claim("redemption by member and campaign", 0.03, 0.20, "share", "12 %"),
        Claim("redemption after having redeemed, over never before", 2.0, 4.0, "x", "3.4"),
        Claim("redemptions in the first 30 % of the window", 0.30, 1.0, "share", "45 %"),
        Claim("redemptions of the top fifth of redeemers", 0.30, 0.70, "share", "55 %"),
    ),
    arms=_campaign_arms,
    read=_campaigns,
    figures=lambda t: (
        t["used"] / t["sent"],
        (t["used before"] / t["sent before"]) / (t["used never"] / t["sent never"]),
        t["early"] / t["redemptions"],
        t["top"] / t["all"],
    ),
    applies=has_members,
)  # fmt: skip

# Habituation -------------------------------------------------------------------------------------

DEALS, LATER = 180, 90
SHALLOW, DEEP = 0.10, 0.30


def _habit_arms(scenario: Scenario) -> Mapping[str, Arm]:
    """Half a year of promotions without a coupon, with a shallow or a deep one; then a quarter without or with one."""

    def world(depth: float | None) -> Scenario:
        return lab(scenario, programme(3.0, depth=depth), DEALS + LATER)

    def phase(depth: float | None, like: Scenario) -> Scenario:
        levers = programme(3.0, depth=depth)
        return like.model_copy(update={"levers": levers})

    arms = {}
    for past, depth in (("none", None), ("shallow", SHALLOW), ("deep", DEEP)):
        first = world(depth)
        for after, later in (("list", None), ("deal", SHALLOW)):
            if (past, after) in (("none", "deal"), ("shallow", "list")):
                continue
            arms[f"{past}, {after}"] = Arm(
                first, phases=((DEALS + 1, phase(later, first)),), days=(0,), watch=(Orders,)
            )
    return arms


def _habits(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        day, user, coupon = orders_of(world)
        past = (day <= DEALS) & members_at(world.at[0])[user]
        found[f"full before {arm}"] = float((past & ~coupon).sum())
        found[f"orders {arm}"] = float((day > DEALS + 3).sum())
        found[f"deals {arm}"] = float(((day > DEALS + 3) & coupon).sum())
    return found


def _habit_figures(t: Reading) -> Sequence[float]:
    share = {arm: t[f"deals {arm}, deal"] / t[f"orders {arm}, deal"] for arm in ("deep", "shallow")}
    return (
        t["full before deep, list"] / t["full before none, list"] - 1,
        t["orders deep, list"] / t["orders none, list"] - 1,
        share["deep"] / share["shallow"] - 1,
    )


L22 = Law(
    id="L22",
    title="Deals habituate",
    figure="deep past deals: +22.4 % later deal buying",
    source="Elberg et al. 2019",
    status="read",
    how="Half a year of promotions with 30 % coupons, with 10 %, or without; then a quarter in which all have the "
        "same: no coupons, or 10 %.",
    claims=(
        Claim("full-price orders while there are 30 % coupons, relative to none", -1.0, 0.0, "share"),
        Claim("orders in the quarter after the 30 % coupons, all at list price, relative", -1.0, 0.0, "share"),
        Claim("share of later orders on a 10 % deal, after 30 % over after 10 %", unit="share", published="+22 %"),
    ),
    arms=_habit_arms,
    read=_habits,
    figures=_habit_figures,
    applies=has_members,
    note="The first number mixes substitution with habit; the others are habit alone, since everybody is offered the "
         "same then. That deals teach people to wait for deals (the published +22 %) is not claimed: deal-proneness is "
         "a trait here, and a small deal looks smaller to whom a deep one has spoilt.",
)  # fmt: skip

# New and established customers -------------------------------------------------------------------

TEST, AFTERWARDS = 30, 365


def _new_old_arms(scenario: Scenario) -> Mapping[str, Arm]:
    arms = {}
    for name, depth in (("shallow", SHALLOW), ("deep", DEEP)):
        first = lab(scenario, programme(3.0, depth=depth), TEST + AFTERWARDS)
        rest = first.model_copy(update={"levers": programme(3.0, depth=None)})
        arms[name] = Arm(first, phases=((TEST + 1, rest),), days=(0,), watch=(Orders,))
    return arms


def _new_old(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        eve = world.at[0]
        day, user, _ = orders_of(world)
        later = np.bincount(user[day > TEST + 3], minlength=len(eve))
        here = reached(world)
        for name, group in (("new", here & (eve["orders"] == 0)), ("old", here & (eve["orders"] > 0))):
            found[f"{name} {arm}"] = float(later[group].sum())
    return found


def _new_old_figures(t: Reading) -> Sequence[float]:
    new, old = (t[f"{who} deep"] / t[f"{who} shallow"] - 1 for who in ("new", "old"))
    return (new, old, new - old)


L23 = Law(
    id="L23",
    title="Deep discounts help with new customers and hurt with established ones",
    figure="signs, up to two years",
    source="Anderson & Simester 2004",
    status="read",
    how="A month of 30 % against 10 % coupons, then a year at list price for all: orders of that year by members who "
        "had never bought before, and by those who had, as in the published field studies.",
    claims=(
        Claim("later orders of new customers, deep over shallow", 0.0, inf, "share", "+"),
        Claim("later orders of established customers, deep over shallow", -inf, 0.0, "share", "−"),
        Claim("the same, new less established customers", 0.0, inf, "share", "+"),
    ),
    arms=_new_old_arms,
    read=_new_old,
    figures=_new_old_figures,
    applies=has_members,
    note="Everybody whom a deep discount reaches learns the low price. Who would not have bought without it gets to "
         "know the product for good (behaviour.deals.trial: customer learning, as the published studies call it), and "
         "that outweighs it for those who had never bought.",
)  # fmt: skip

# Who a discount brings ---------------------------------------------------------------------------

ACQUISITION = 0.35
"""Of a basket."""


def mean_basket(scenario: Scenario) -> float:
    """Yuan, over segments."""
    segments = scenario.population.segments.values()
    return sum(s.share * s.basket.mean for s in segments) / sum(s.share for s in segments)


def inviting(scenario: Scenario) -> str | None:
    """Why a law about invitations cannot be asked; None when it can."""
    if scenario.population.prospects < 100:
        return "there are hardly any prospects to invite"
    return has_members(scenario)


def _acquired_arms(scenario: Scenario) -> Mapping[str, Arm]:
    reward = round(ACQUISITION * mean_basket(scenario), 2)
    arms = {}
    for name, paid in (("nothing", 0.0), ("35 %", reward)):
        levers = Levers(referral=Referral(reward=paid, invitee_reward=paid))
        arms[name] = Arm(lab(scenario, levers, YEAR))
    return arms


def worth(world: Seen, last: int) -> tuple[float, float]:
    """(yuan of later contribution without rewards, number) of those invited by day `last`."""
    users = world.users
    chosen = (users["source"] == 2) & (users["joined"] >= 1) & (users["joined"] <= last)
    referral = world.scenario.levers.referral
    gift = 0.0 if referral is None else referral.invitee_reward
    rewards = 0.0 if referral is None else referral.reward * users["invited"][chosen].sum()
    value = (users["net"][chosen] + world.residual[chosen]).sum() / 100.0
    return float(value + gift * chosen.sum() + rewards), float(chosen.sum())


def _acquired(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        found[f"value {arm}"], found[f"n {arm}"] = worth(world, YEAR)
    return found


L24 = Law(
    id="L24",
    title="Acquisition discounts select",
    figure="35 % off: about half the lifetime value",
    source="Lewis 2006",
    status="read",
    how="A year of invitations without a reward, and with one worth 35 % of a basket to both sides: margin within "
        "the year and value left, per newcomer, rewards not counted.",
    claims=(Claim("value of a newcomer with 35 % off, relative to none", 0.4, 0.7, "x", "about .5"),),
    arms=_acquired_arms,
    read=_acquired,
    figures=lambda t: ((t["value 35 %"] / t["n 35 %"]) / (t["value nothing"] / t["n nothing"]),),
    applies=inviting,
)  # fmt: skip

# Win-back ----------------------------------------------------------------------------------------

LAPSED, CALL, SECOND_LIFE = 120, 28, 365
DORMANCY = (210, 365)


def _win_back_arms(scenario: Scenario) -> Mapping[str, Arm]:
    days = CALL + SECOND_LIFE
    arms = {"nothing": Arm(lab(scenario, QUIET, days), days=(0,), watch=(Orders,))}
    for name, depth in (("10 %", SHALLOW), ("30 %", DEEP)):
        on = lab(scenario, programme(1.0, depth=depth, valid=14, mix=ONLY_PROMO), days)
        off = on.model_copy(update={"levers": programme(depth=depth, valid=14)})
        arms[name] = Arm(on, phases=((CALL - 13, off),), days=(0,), watch=(Orders,))
    return arms


def _win_back(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        eve = world.at[0]
        since = -eve["last_order"].astype(np.int64)
        here = reached(world) & (eve["orders"] > 0) & (since > LAPSED)
        day, user, _ = orders_of(world)
        back = np.bincount(user[day <= CALL], minlength=len(eve)) > 0
        later = np.bincount(user[day > CALL], minlength=len(eve))
        group = np.searchsorted(DORMANCY, since)
        for k in range(len(DORMANCY) + 1):
            found[f"n{k}"] = float((here & (group == k)).sum())
            found[f"back{k} {arm}"] = float((here & back & (group == k)).sum())
        found[f"back {arm}"] = float((here & back).sum())
        found[f"later {arm}"] = float(later[here & back].sum())
    return found


def _win_back_figures(t: Reading) -> Sequence[float]:
    won = [(t[f"back{k} 30 %"] - t[f"back{k} nothing"]) / t[f"n{k}"] for k in range(3)]
    life = {arm: t[f"later {arm}"] / t[f"back {arm}"] for arm in ("10 %", "30 %")}
    more = (t["back 30 %"] - t["back nothing"]) / (t["back 10 %"] - t["back nothing"])
    return (won[1] / won[0], won[2] / won[0], more, life["30 %"] / life["10 %"])


L38 = Law(
    id="L38",
    title="Win-back",
    figure="12 % read it; richer offers win more for a shorter second life",
    source="Return Path 2014; Kumar et al. 2015",
    status="read",
    how="Customers without an order for more than 120 days get two weeks of promotions with 10 % or 30 % coupons, or "
        "nothing; who orders within four weeks, and how often in the year after.",
    claims=(
        Claim("won back by 30 %: silent for 210-365 days over 120-210", 0.0, 1.0),
        Claim("won back by 30 %: silent for more than a year over 120-210 days", 0.0, 1.0),
        Claim("won back by 30 %, over those won back by 10 %", 1.0, inf),
        Claim("orders in the second life after 30 %, over after 10 %", 0.0, 1.0),
    ),
    arms=_win_back_arms,
    read=_win_back,
    figures=_win_back_figures,
    applies=has_members,
)  # fmt: skip

PRICES = (L20, L21, L22, L23, L24, L25, L38)
