"""Patterns of value: care, private and public, levels, recommendations, selection, memberships, targets."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from patterns_frame import Band, Direction, Pattern, arm, more, newborn, ratio, scene

from simlab.lab.laws.worlds import Arm, Orders, Seen, orders_of
from simlab.lab.past import nothing
from simlab.world.market import Market
from simlab.world.records import Event

QUARTER = 91


def eve_members(world: Seen) -> NDArray[np.bool_]:
    """(N,) members on the eve."""
    return np.asarray(world.at[0]["status"] == 1)


def value_of(world: Seen, who: NDArray[np.bool_]) -> float:
    """Yuan that a group brought since the eve, per head."""
    return float((world.users["net"][who] - world.at[0]["net"][who]).mean()) / 100.0


# 5 -----------------------------------------------------------------------------------------------

QUARTERS = tuple(range(0, 7 * QUARTER + 1, QUARTER))


def care_arms() -> Mapping[str, Arm]:
    # the brand has the warning in its file; here it is sent by itself
    cheap = {"horizon": 7 * QUARTER, "levers__touches__care__cost": "0.04 yuan"}
    base = scene("mother-baby", levers__rules__warning__share="0%", **cheap)
    care = scene("mother-baby", ("welcome",), levers__rules__warning__share="80%", **cheap)
    return {"off": arm(base, days=QUARTERS), "on": arm(care, base, days=QUARTERS)}


def quarters(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Customers lost in a quarter, as a brand can count them; value of seven."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        lost = here = 0.0
        for first, last in pairwise(QUARTERS):
            start, end = world.at[first], world.at[last]
            around = (start["status"] == 1) & (first - start["last_seen"].astype(int) < QUARTER)
            silent = last - end["last_seen"].astype(int) >= QUARTER
            here += float(around.sum())
            lost += float((around & ((end["status"] == 2) | silent)).sum())
        found[f"{name} churn"] = lost / here
        found[f"{name} value"] = value_of(world, eve_members(world))
    return found | {"one": 1.0}


P5 = Pattern(
    5, "Churn warning and value", "churn 22 to 13 % a quarter; LTV +28 %",
    "mother and baby for seven quarters; with a welcome and care after 14 and 28 days of silence, sent by rule, or "
    "without; lost is who was around in one quarter and silent or gone in the next",
    care_arms, quarters,
    (
        Direction("lost in a quarter: without less with", more("off churn", "on churn")),
        Direction("value of a member: with less without", more("on value", "off value")),
    ),
    (
        Band("lost in a quarter, without", 0.18, 0.26, ratio("off churn", "one")),
        Band("lost in a quarter, with", 0.09, 0.17, ratio("on churn", "one")),
        Band("value, with over without", 1.15, 1.45, ratio("on value", "off value")),
    ),
    "Lifetimes are mostly how long the need lasts, which no message prolongs; care works through trust and presence, "
    "and contacts drive some away (L18).",
)  # fmt: skip

# 13 ----------------------------------------------------------------------------------------------


def private_arms() -> Mapping[str, Arm]:
    base = scene("beauty", horizon=365)
    programme = (
        "three-layers",
        "repurchase-reminder",
        "advisers",
        "personal-recommendation",
        "scene-bundles",
    )
    private = scene("beauty", programme, horizon=365)
    return {"public": arm(nothing(base), base, days=(0,)), "private": arm(private, base, days=(0,))}


def identity(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Orders, basket and contribution of those who are members on the eve."""
    found: dict[str, float] = {"one": 1.0}
    for name, world in seen.items():
        here = eve_members(world)
        found[f"{name} orders"] = float(
            (world.users["orders"][here].astype(int) - world.at[0]["orders"][here]).mean()
        )
        found[f"{name} spend"] = (
            float((world.users["spend"][here] - world.at[0]["spend"][here]).mean()) / 100.0
        )
        found[f"{name} value"] = value_of(world, here)
    return found


P13 = Pattern(
    13, "Private and public", "LTV 2.7 times; 4.8 against 2.3 orders; basket +31 %",
    "beauty for a year: three layers, reminders, advisers, recommendations and sets, or no programme at all",
    private_arms, identity,
    (
        Direction("orders: private less public", more("private orders", "public orders")),
        Direction("value: private less public", more("private value", "public value")),
        Direction("basket: private less public",
                  lambda r: r["private spend"] / r["private orders"] - r["public spend"] / r["public orders"]),
    ),
    (
        Band("value, private over public", 2.2, 3.3, ratio("private value", "public value")),
        Band("orders of the private", 4.1, 5.5, ratio("private orders", "one")),
        Band("basket, private over public", 1.20, 1.45,
             lambda t: t["private spend"] / t["private orders"] / (t["public spend"] / t["public orders"])),
        Band("orders x basket over spend, private over public", 0.85, 1.15,
             lambda t: (t["private orders"] / t["public orders"])
             * (t["private spend"] / t["private orders"] / (t["public spend"] / t["public orders"]))
             / (t["private value"] / t["public value"])),
    ),
    "The claim compares customers who chose the private channel with those who did not. Here the same people live with "
    "and without it: what is left is what the programme does.",
)  # fmt: skip

# 14 and 15 ---------------------------------------------------------------------------------------


def levels_arms() -> Mapping[str, Arm]:
    base = newborn(scene("beauty", horizon=365))
    levels = newborn(scene("beauty", ("member-levels", "repurchase-reminder"), horizon=365,
                           levers__rules__repurchase__after="30 days",
                           levers__rules__repurchase__every="30 days"))  # fmt: skip
    return {"off": Arm(base, days=(0,), watch=(Orders,)), "on": Arm(levels, days=(0,), watch=(Orders,))}


def again(seen: Mapping[str, Seen]) -> dict[str, float]:
    """First buyers who buy again within 90 days; value."""
    found: dict[str, float] = {"one": 1.0}
    for name, world in seen.items():
        day, user, _ = orders_of(world)
        order = np.lexsort((day, user))
        day, user = day[order], user[order]
        first = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
        first = first[day[first] <= 270]
        nxt = np.minimum(first + 1, len(day) - 1)
        good = (user[nxt] == user[first]) & (nxt > first) & (day[nxt] - day[first] <= 90)
        found[f"{name} again"] = float(good.mean())
        found[f"{name} value"] = value_of(world, eve_members(world))
    return found


P14 = Pattern(
    14, "Levels and reminders", "90-day repurchase 45 %; LTV +30 %",
    "beauty, newcomers, a year; a level for every 500 yuan with monthly reminders and coupons, or without",
    levels_arms, again,
    (
        Direction("bought again within 90 days: with less without", more("on again", "off again")),
        Direction("value: with less without", more("on value", "off value")),
    ),
    (
        Band("bought again within 90 days, with", 0.38, 0.52, ratio("on again", "one")),
        Band("gain", 0.06, 1.0, lambda t: (t["on again"] - t["off again"]) / t["one"]),
        Band("value, with over without", 1.15, 1.50, ratio("on value", "off value")),
    ),
    "The beauty brand's people order three times a year with marketing off, so that two in three of those who buy "
    "at all buy again within 90 days whatever is done; a level moves those who are near the next one.",
)  # fmt: skip


class Lives:
    """Days until somebody is silent for 90 days, mutes or leaves."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.days = np.zeros(len(market.users))
        self.open = market.users["status"] == 1

    def evening(self) -> None:
        """Close the lives that ended today."""
        users, day = self.market.users, self.market.day
        silent = day - users["last_seen"].astype(int) >= 90
        ends = self.open & (silent | (users["status"] == 2) | (users["muted"] == 1))
        self.days[ends] = np.where(silent[ends], users["last_seen"][ends], day)
        self.open &= ~ends
        self.days[self.open] = day

    def close(self) -> None:
        """Let the market go."""
        del self.market


def lives_arms() -> Mapping[str, Arm]:
    base = newborn(scene("beauty", horizon=730, population__opted_in="100%"))
    levels = newborn(scene("beauty", ("member-levels",), horizon=730, population__opted_in="100%"))
    return {"off": Arm(base, days=(0,), watch=(Lives,)), "on": Arm(levels, days=(0,), watch=(Lives,))}


def lives(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Mean months."""
    return {n: float(w.watched[Lives].days[eve_members(w)].mean() / 30.4) for n, w in seen.items()} | {
        "one": 1.0
    }


P15 = Pattern(
    15, "Lifetime with levels", "12 to 18 months",
    "beauty, newcomers, two years; with member levels or without; until 90 days of silence, a mute or leaving",
    lives_arms,
    lives,
    (Direction("months: with less without", more("on", "off")),),
    (
        Band("months, without", 10, 14, ratio("off", "one")),
        Band("months, with over without", 1.3, 1.7, ratio("on", "off")),
    ),
    "Silence of 90 days is usual for people who order three times a year, so that most lives end early whatever is "
    "done.",
)  # fmt: skip

# 18 ----------------------------------------------------------------------------------------------


def recommender_arms() -> Mapping[str, Arm]:
    popular = scene("default", ("personal-recommendation",), horizon=180, levers__recommendation__relevance="20%",
                    levers__recommendation__tagged="0%", levers__recommendation__cost="0 yuan")  # fmt: skip
    personal = scene("default", ("personal-recommendation",), horizon=180)
    return {"popular": arm(popular, log=True), "personal": arm(personal, popular, log=True)}


CLICKED = 7
"""Days after an opened touch in which an order is set down to it, as shops do."""


def per_open(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Opened touches, those with an order within a week, and the money of these orders."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        day, user, code, value = world.events.T
        at = {what: (code == what) & (day > 0) for what in (Event.OPEN, Event.ORDER)}
        when = [user[mine] * 1000 + day[mine] for mine in at.values()]
        opens, orders = np.sort(when[0]), np.sort(when[1])
        upto = np.searchsorted(orders, opens + CLICKED, side="right")
        found[f"{name} opens"] = float(len(opens))
        found[f"{name} followed"] = float((upto > np.searchsorted(orders, opens)).sum())
        last = np.searchsorted(opens, when[1], side="right") - 1
        mine = (last >= 0) & (when[1] - opens[np.maximum(last, 0)] <= CLICKED)
        found[f"{name} orders"] = float(mine.sum())
        found[f"{name} revenue"] = float(value[at[Event.ORDER]][mine].sum()) / 100.0
        found[f"{name} all"] = float(world.total("orders"))
        found[f"{name} value"] = world.outcomes["customer_equity"]
    return found


P18 = Pattern(
    18, "Recommender", "35 % against 20 % orders per click; basket +31 %",
    "half a year; every opened touch shows the best-seller, or an item chosen for the person; orders within a week of "
    "an opened touch are set down to it",
    recommender_arms, per_open,
    (
        Direction("orders per opened touch: personal less popular",
                  lambda r: r["personal followed"] / r["personal opens"] - r["popular followed"] / r["popular opens"]),
        Direction("basket of these orders: personal less popular",
                  lambda r: r["personal revenue"] / r["personal orders"] - r["popular revenue"] / r["popular orders"]),
    ),
    (
        Band("orders per opened touch, personal", 0.27, 0.43, ratio("personal followed", "personal opens")),
        Band("gain of orders per opened touch", 0.09, 0.21,
             lambda t: t["personal followed"] / t["personal opens"] - t["popular followed"] / t["popular opens"]),
        Band("basket of these orders, personal over popular", 1.20, 1.42,
             lambda t: t["personal revenue"] / t["personal orders"] / (t["popular revenue"] / t["popular orders"])),
        Band("all orders, personal over popular", -inf, inf, ratio("personal all", "popular all")),
        Band("customer equity, personal over popular", -inf, inf, ratio("personal value", "popular value")),
    ),
    "An item that fits puts more into the basket, and half of that is missing from later orders; this outweighs the "
    "attention that it brings, so that the number of orders does not rise. Shops count orders of the shown item, which "
    "replaces others. The last two lines count everything.",
)  # fmt: skip

# 22: selection -----------------------------------------------------------------------------------


def activity_arms() -> Mapping[str, Arm]:
    base = scene("beauty", horizon=365)
    nudge = scene("beauty", ("expert-live",), horizon=365)
    return {
        "base": arm(base, days=(0,), watch=(Visits,)),
        "nudge": arm(nudge, base, days=(0,), watch=(Visits,)),
    }


class Visits:
    """Days on which each was seen."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.days = np.zeros(len(market.users), np.int32)

    def evening(self) -> None:
        """Count who was here today."""
        if self.market.day > 0:
            self.days += (self.market.users["last_seen"] == self.market.day) & (
                self.market.users["status"] == 1
            )

    def close(self) -> None:
        """Let the market go."""
        del self.market


def contrasts(seen: Mapping[str, Seen]) -> dict[str, float]:
    """The most active and the best fifth against the others; the effect of a nudge on the same people."""
    base, nudge = seen["base"], seen["nudge"]
    here = np.flatnonzero(eve_members(base))
    value = (base.users["net"] - base.at[0]["net"])[here] / 100.0
    days = base.watched[Visits].days[here]
    spend = base.at[0]["spend"][here]
    top, vip = (np.argsort(np.argsort(x, kind="stable")) >= 0.8 * len(here) for x in (days, spend))
    nudged = (nudge.users["net"] - nudge.at[0]["net"])[here] / 100.0
    more_days = nudge.watched[Visits].days[here]
    return {
        "active": float(value[top].mean()), "others": float(value[~top].mean()),
        "vip": float(value[vip].mean()), "not vip": float(value[~vip].mean()),
        "base": float(value.mean()), "nudged": float(nudged.mean()),
        "days": float(days.mean()), "nudged days": float(more_days.mean()),
    }  # fmt: skip


P22 = Pattern(
    22, "Activity and value: selection", "high activity: LTV 4.1 times; VIP 3.1 times",
    "beauty for a year, one run: the most active fifth, and the fifth that had spent most, against the others; and the "
    "same people with a weekly live hour",
    activity_arms, contrasts,
    (
        Direction("value: active less others", more("active", "others")),
        Direction("value: VIP less others", more("vip", "not vip")),
        Direction("the nudge raises activity", more("nudged days", "days")),
        Direction("two fifths of the contrast less the effect of the nudge",
                  lambda r: 0.4 * (r["active"] / r["others"] - 1) - (r["nudged"] / r["base"] - 1)),
    ),
    (
        Band("observed: value, active over others", 3.0, 5.2, ratio("active", "others")),
        Band("observed: value, VIP over others", 2.3, 4.0, ratio("vip", "not vip")),
        Band("randomised: value with the nudge over without", 0.9, 1.5, ratio("nudged", "base")),
    ),
    "The fifth that had spent most is chosen by two years of orders, which tell need well; claimed VIP groups are "
    "chosen by less. A live hour hardly moves anybody where groups talk every day.",
)  # fmt: skip

# 26: targets -------------------------------------------------------------------------------------


def target_arms() -> Mapping[str, Arm]:
    value = scene("default", horizon=150)
    users = scene("default", ("wrong-kpi",), horizon=150)
    far = scene("default", ("wrong-kpi",), horizon=150, levers__referral__reward="180 yuan",
                levers__referral__invitee_reward="60 yuan")  # fmt: skip
    days = tuple(range(60, 151, 30))
    return {
        "value": arm(value, days=days),
        "users": arm(users, value, days=days),
        "far": arm(far, value, days=days),
    }


def acquired(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Newcomers of the first three months who are still active after 60 days; customer equity."""
    found: dict[str, float] = {"one": 1.0}
    for name, world in seen.items():
        users = world.users
        new = (users["joined"] >= 1) & (users["joined"] <= 60)
        seen_later = new & (users["status"] == 1) & (users["last_seen"].astype(int) - users["joined"] >= 60)
        found[f"{name} kept"] = float(seen_later.sum() / max(new.sum(), 1))
        found[f"{name} equity"] = world.outcomes["customer_equity"]
        found[f"{name} joins"] = float(world.total("joins"))
    return found


P26 = Pattern(
    26, "The wrong target", "retention 15 % when new users are the target",
    "150 days: the default programme; a team paid for new users (exposures, gifts, reward of 40 yuan); and one that "
    "goes as far as the levers allow (180 yuan)",
    target_arms, acquired,
    (
        Direction("newcomers: users as target less value", more("users joins", "value joins")),
        Direction("still active after 60 days: value less users", more("value kept", "users kept")),
        Direction("still active after 60 days: value less far", more("value kept", "far kept")),
        Direction("customer equity: value less far", more("value equity", "far equity")),
    ),
    (
        Band("still active after 60 days, far", 0.10, 0.22, ratio("far kept", "one")),
        Band("still active after 60 days, value", 0.30, 1.0, ratio("value kept", "one")),
        Band("customer equity, value over far", 1.2, inf, ratio("value equity", "far equity")),
    ),
    "Newcomers by invitation are friends with needs of their own, and only some come for the reward: half are "
    "still there after 60 days even when a team goes as far as it can. The claimed 15 % are newcomers of bought "
    "traffic.",
)  # fmt: skip

# 29: paid membership -----------------------------------------------------------------------------


def plan_arms() -> Mapping[str, Arm]:
    more_: dict[str, Any] = {"horizon": 365}
    base = newborn(scene("grocery", **more_))
    plan = newborn(scene("grocery", ("paid-membership",), levers__plans__gold_card__term="365 days", **more_))
    return {"off": Arm(base, days=(0, 180), watch=(Visits, Tenure)),
            "on": Arm(plan, days=(0, 180), watch=(Visits, Tenure))}  # fmt: skip


class Tenure:
    """Members seen by 30 days of tenure, of those who joined on the eve."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.active = np.zeros(13)

    def evening(self) -> None:
        """Count those who were seen today."""
        day = self.market.day
        if day > 0:
            users = self.market.users
            mine = (users["joined"] == 0) & (users["status"] == 1)
            self.active[(day - 1) // 30] += (users["last_seen"][mine] == day).sum() / max(mine.sum(), 1)

    def close(self) -> None:
        """Let the market go."""
        del self.market


def kept(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Here on day 180 and active in the last month, with and without the plan, and by who bought it."""
    found: dict[str, float] = {"one": 1.0}
    for name, world in seen.items():
        here = eve_members(world) & (world.at[180]["status"] == 1)
        stays = here & (world.users["status"] == 1) & (365 - world.users["last_seen"].astype(int) < 30)
        found[name] = float(stays.sum() / here.sum())
        curve = world.watched[Tenure].active[:12] / 30
        found[f"{name} peak"] = float(30 * (np.argmax(curve) + 0.5))
        holds = world.users["plan"] >= 0
        if name == "on":
            for group, mask in (("holders", holds), ("others", ~holds)):
                found[group] = float((stays & mask).sum() / max((here & mask).sum(), 1))
            without = seen["off"]
            same = here & holds
            also = (without.users["status"] == 1) & (365 - without.users["last_seen"].astype(int) < 30)
            found["holders, without it"] = float((same & also).sum() / max(same.sum(), 1))
    return found


P29 = Pattern(
    29, "Tenure and paid membership", "most active after 91-180 days, then fewer; 45 % kept with a yearly fee",
    "grocery, newcomers, a year; without measures, or with a plan for a year's fee",
    plan_arms, kept,
    (
        Direction("observed: kept, holders less others", more("holders", "others")),
        Direction("the same holders: kept with the plan less without", more("holders", "holders, without it")),
        Direction("everybody: kept with the plan on offer less without", more("on", "off")),
    ),
    (
        Band("day of the highest activity, without", 60, 200, ratio("off peak", "one")),
        Band("kept, holders", 0.36, 0.54, ratio("holders", "one")),
    ),
    "Activity here is highest on joining and falls, since relations end from the first day on; a rise over months "
    "would need people who learn to use a programme.",
)  # fmt: skip

VALUE = (P5, P13, P14, P15, P18, P22, P26, P29)
