"""What a programme is worth over a year and more: private and public, levels, paid membership."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from patterns_frame import Band, Direction, Number, Pattern, by_arm, more, ratio
from patterns_worlds import arm, newborn, on_eve, orders_since, reached_on_eve, scene, value_of

from simlab.lab.laws.worlds import Arm, Orders, Seen, orders_of
from simlab.lab.past import nothing
from simlab.world.market import Market

# 13 ----------------------------------------------------------------------------------------------

PROGRAMME = ("three-layers", "repurchase-reminder", "advisers", "personal-recommendation", "scene-bundles")


def private_arms() -> Mapping[str, Arm]:
    base = scene("beauty", days=365)
    private = scene("beauty", PROGRAMME, days=365)
    return {"public": arm(nothing(base), base, days=(0,)), "private": arm(private, base, days=(0,))}


def orders(world: Seen) -> float:
    """Orders of the members of the eve, per head."""
    return orders_since(world, on_eve(world))


def spend(world: Seen) -> float:
    """Yuan that they paid."""
    here = on_eve(world)
    return float((world.users["spend"][here] - world.at[0]["spend"][here]).mean()) / 100.0


def value(world: Seen) -> float:
    """Yuan that they brought."""
    return value_of(world, on_eve(world))


def identity(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Orders, spend and contribution of those who are members on the eve."""
    return by_arm(seen, orders=orders, spend=spend, value=value)


def basket(arm: str) -> Number:
    """Yuan paid per order."""
    return ratio(f"{arm} spend", f"{arm} orders")


def baskets(t: Mapping[str, float]) -> float:
    """Basket of the private over that of the public."""
    return basket("private")(t) / basket("public")(t)


P13 = Pattern(
    13, "Private and public", "LTV 2.7 times; 4.8 against 2.3 orders; basket +31 %",
    "beauty for a year: three layers, reminders, advisers, recommendations and sets, or no programme at all",
    private_arms, identity,
    (
        Direction("orders: private less public", more("private orders", "public orders")),
        Direction("value: private less public", more("private value", "public value")),
        Direction("basket: private less public", lambda r: basket("private")(r) - basket("public")(r)),
    ),
    (
        Band("value, private over public", ratio("private value", "public value"), 2.2, 3.3),
        Band("orders of the public (set to 2.3)", ratio("public orders")),
        Band("orders of the private", ratio("private orders"), 4.1, 5.5),
        Band("basket, private over public", baskets, 1.20, 1.45),
        Band("orders x basket over value, private over public",
             lambda t: t["private orders"] / t["public orders"] * baskets(t)
             / (t["private value"] / t["public value"]), 0.85, 1.15),
    ),
    "The claim compares customers who chose the private channel with those who did not. Here the same people live with "
    "and without it: what is left is what the programme does.",
    looked="the programme with advisers, recommendations and sets",
)  # fmt: skip

# 14 ----------------------------------------------------------------------------------------------

NONE = {"levers.offers.member.share": "0%"}
"""A brand that has no levels gives its members no price of their own either."""


def levels_arms() -> Mapping[str, Arm]:
    none = NONE | {"levers.rules.recall.share": "0%"}  # the return gift is a coupon after a month of silence
    monthly = {f"levers.rules.repurchase.{when}": "30 days" for when in ("after", "every")}
    monthly["levers.rules.repurchase.times"] = "12"
    worlds = {
        "off": scene("beauty", (), none, days=365),
        "on": scene("beauty", ("member-levels", "repurchase-reminder"), none | monthly, days=365),
    }
    return {name: Arm(newborn(world), days=(0,), watch=(Orders,)) for name, world in worlds.items()}


def bought_again(world: Seen) -> float:
    """First buyers who buy again within 90 days."""
    day, user, _ = orders_of(world)
    order = np.lexsort((day, user))
    day, user = day[order], user[order]
    first = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
    first = first[day[first] <= 270]
    later = np.minimum(first + 1, len(day) - 1)
    return float(((user[later] == user[first]) & (later > first) & (day[later] - day[first] <= 90)).mean())


def again(seen: Mapping[str, Seen]) -> dict[str, float]:
    """First buyers who buy again within 90 days; value."""
    return by_arm(seen, again=bought_again, value=value)


P14 = Pattern(
    14, "Levels and reminders", "90-day repurchase 45 %; LTV +30 %",
    "beauty, newcomers, a year; a level for every 500 yuan with monthly reminders and coupons, or without; no member "
    "price and no return gift beside them",
    levels_arms, again,
    (
        Direction("bought again within 90 days: with less without", more("on again", "off again")),
        Direction("value: with less without", more("on value", "off value")),
    ),
    (
        Band("bought again within 90 days, with", ratio("on again"), 0.38, 0.52),
        Band("gain", more("on again", "off again"), low=0.06),
        Band("value, with over without", ratio("on value", "off value"), 1.15, 1.50),
    ),
    "Who buys at all needs more than others: three in five of them buy again within 90 days whatever is done. A level "
    "moves those who are near the next one.",
    changed="monthly reminders all year, and no member price or return gift in either arm",
)  # fmt: skip

# 15 ----------------------------------------------------------------------------------------------


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
    worlds = {
        "off": scene("beauty", (), NONE, days=730),
        "on": scene("beauty", ("member-levels",), NONE, days=730),
    }
    return {name: Arm(newborn(world), days=(0,), watch=(Lives,)) for name, world in worlds.items()}


def months(world: Seen) -> float:
    """Mean life of newcomers who can be reached, in months."""
    return float(world.watched[Lives].days[reached_on_eve(world)].mean() / 30.4)


def lives(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Mean months."""
    return {name: months(world) for name, world in seen.items()}


P15 = Pattern(
    15, "Lifetime with levels", "12 to 18 months",
    "beauty, newcomers who can be reached, two years; with member levels or without, and no member price beside them; "
    "until 90 days of silence, a mute or leaving",
    lives_arms, lives,
    (Direction("months: with less without", more("on", "off")),),
    (
        Band("months, without", ratio("off"), 10, 14),
        Band("months, with over without", ratio("on", "off"), 1.3, 1.7),
    ),
    "Silence of 90 days is usual for people who order two or three times a year, so that most lives end early whatever "
    "is done.",
    changed="no member price in either arm",
)  # fmt: skip

# 29 ----------------------------------------------------------------------------------------------

MONTHS = 12


class Tenure:
    """Members seen on a day, by 30 days of tenure, of those who joined on the eve."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.active = np.zeros(MONTHS + 1)

    def evening(self) -> None:
        """Count those who were seen today."""
        users, day = self.market.users, self.market.day
        if day > 0:
            mine = (users["joined"] == 0) & (users["status"] == 1)
            self.active[(day - 1) // 30] += (users["last_seen"][mine] == day).sum() / max(mine.sum(), 1)

    def close(self) -> None:
        """Let the market go."""
        del self.market


def plan_arms() -> Mapping[str, Arm]:
    year = {"levers.plans.gold_card.term": "365 days"}
    worlds = {"off": scene("grocery", days=365), "on": scene("grocery", ("paid-membership",), year, days=365)}
    return {name: Arm(newborn(world), days=(0, 180), watch=(Tenure,)) for name, world in worlds.items()}


def kept(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Here on day 180 and active in the last month, with and without the plan, and by who bought it."""

    def stays(world: Seen, who: np.ndarray) -> float:
        active = (world.users["status"] == 1) & (365 - world.users["last_seen"].astype(int) < 30)
        return float(active[who].mean())

    here = {name: on_eve(world) & (world.at[180]["status"] == 1) for name, world in seen.items()}
    holds = seen["on"].users["plan"] >= 0
    found = {name: stays(world, here[name]) for name, world in seen.items()}
    found["holders"] = stays(seen["on"], here["on"] & holds)
    found["others"] = stays(seen["on"], here["on"] & ~holds)
    found["holders, without it"] = stays(seen["off"], here["off"] & holds)
    curve = seen["off"].watched[Tenure].active
    return found | {f"month {k}": float(curve[k] / 30) for k in range(MONTHS)}


def peak(t: Mapping[str, float]) -> float:
    """Middle of the month with the highest mean activity."""
    return 30 * (float(np.argmax([t[f"month {k}"] for k in range(MONTHS)])) + 0.5)


P29 = Pattern(
    29, "Tenure and paid membership", "most active after 91-180 days, then fewer; 45 % kept with a yearly fee",
    "grocery, newcomers, a year; without measures, or with a plan for a year's fee; kept is who was here after 180 "
    "days and was seen in the last month of the year",
    plan_arms, kept,
    (
        Direction("observed: kept, holders less others", more("holders", "others")),
        Direction("the same holders: kept with the plan less without", more("holders", "holders, without it")),
        Direction("everybody: kept with the plan on offer less without", more("on", "off")),
    ),
    (
        Band("day of the highest activity, without", peak, 60, 200),
        Band("kept, holders", ratio("holders"), 0.36, 0.54),
    ),
    "Activity is highest in the second month and falls with relations that end; a rise over months would need people "
    "who learn to use a programme. Who shops twice a month stays longer than the claimed members.",
    changed="the peak of the mean curve, which was the mean of peaks",
)  # fmt: skip

LOYALTY = (P13, P14, P15, P29)
