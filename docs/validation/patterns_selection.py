"""What is counted, and what is caused: recommendations, the active, the best customers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from patterns_frame import Band, Direction, Number, Pattern, by_arm, more, ratio
from patterns_worlds import Visits, arm, days_since, happened, on_eve, scene

from simlab.lab.laws.worlds import Arm, Seen
from simlab.world.draws import Purpose, day_key, name_hash, named_uniform, seed_key, user_key
from simlab.world.market import Market
from simlab.world.records import Event

# 18 ----------------------------------------------------------------------------------------------


class Names:
    """The names of the touches, by which the log counts them."""

    def __init__(self, market: Market) -> None:
        self.hashes = np.array([name_hash(name) for name in market.names.touches], np.uint64)

    def evening(self) -> None:
        """Names do not change."""


def recommender_arms() -> Mapping[str, Arm]:
    best_seller = {f"levers.recommendation.{name}": x
                   for name, x in (("relevance", "20%"), ("tagged", "0%"), ("cost", "0 yuan"))}  # fmt: skip
    popular = scene("default", ("personal-recommendation",), best_seller, days=180)
    personal = scene("default", ("personal-recommendation",), days=180)
    return {"popular": arm(popular, log=True, watch=(Names,)),
            "personal": arm(personal, popular, log=True, watch=(Names,))}  # fmt: skip


CLICKED = 7
"""Days after an opened touch in which an order is set down to it, as shops do."""


def shown_suits(world: Seen) -> np.ndarray:
    """(E,) whether the item in each opened touch suits who opened it, by the draw that decides it."""
    recommendation = world.scenario.levers.recommendation
    assert recommendation is not None
    hits = max(recommendation.relevance, world.scenario.behaviour.deals.best_seller)
    names, own = world.watched[Names].hashes, np.uint64(seed_key(world.seed))
    return np.array([
        named_uniform(np.uint64(day_key(np.uint64(user_key(own, user)), day)), int(Purpose.SUITS), names[touch]) < hits
        for day, user, _, touch in happened(world, Event.OPEN)
    ], bool)  # fmt: skip


def per_open(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Opened touches, those with an order within a week, and the money of these orders."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        opened, ordered = happened(world, Event.OPEN), happened(world, Event.ORDER)
        opens, orders = (mine[:, 1] * 1000 + mine[:, 0] for mine in (opened, ordered))
        upto = np.searchsorted(np.sort(orders), opens + CLICKED, side="right")
        followed = upto > np.searchsorted(np.sort(orders), opens)
        last = np.searchsorted(np.sort(opens), orders, side="right") - 1
        mine = (last >= 0) & (orders - np.sort(opens)[np.maximum(last, 0)] <= CLICKED)
        found[f"{name} opens"] = float(len(opens))
        found[f"{name} followed"] = float(followed.sum())
        found[f"{name} sold"] = float((followed & shown_suits(world)).sum())
        found[f"{name} orders"] = float(mine.sum())
        found[f"{name} revenue"] = float(ordered[mine, 3].sum()) / 100.0
        found[f"{name} all"] = float(world.total("orders"))
        found[f"{name} equity"] = world.outcomes["customer_equity"]
    return found


def rate(arm: str, what: str) -> Number:
    """Per opened touch."""
    return ratio(f"{arm} {what}", f"{arm} opens")


def basket(arm: str) -> Number:
    """Of the orders after an opened touch."""
    return ratio(f"{arm} revenue", f"{arm} orders")


P18 = Pattern(
    18, "Recommender", "35 % against 20 % orders per click; basket +31 %",
    "half a year; every opened touch shows the best-seller, or an item chosen for the person; as shops do, an order "
    "within a week of an opened touch is set down to it, and is of the shown item where that suits the person",
    recommender_arms, per_open,
    (
        Direction("orders of the shown item per opened touch: personal less popular",
                  lambda r: rate("personal", "sold")(r) - rate("popular", "sold")(r)),
        Direction("basket of orders after an opened touch: personal less popular",
                  lambda r: basket("personal")(r) - basket("popular")(r)),
    ),
    (
        Band("orders of the shown item per opened touch, personal", rate("personal", "sold"), 0.27, 0.43),
        Band("gain of these", lambda t: rate("personal", "sold")(t) - rate("popular", "sold")(t), 0.09, 0.21),
        Band("basket of orders after an opened touch, personal over popular",
             lambda t: basket("personal")(t) / basket("popular")(t), 1.20, 1.42),
        Band("any order per opened touch, personal", rate("personal", "followed")),
        Band("gain of these", lambda t: rate("personal", "followed")(t) - rate("popular", "followed")(t)),
        Band("all orders, personal over popular", ratio("personal all", "popular all")),
        Band("customer equity, personal over popular", ratio("personal equity", "popular equity")),
    ),
    "The first line is what shops count, and nearly given: the best-seller suits one in five, the recommender more "
    "than twice as many (both assumed). The last four lines count everything. An item that fits puts more into the "
    "basket, and half of that is missing from later orders; this outweighs the attention that it brings, so that the "
    "number of orders does not rise.",
    looked="orders of the shown item, as the claim counts, instead of any order",
)  # fmt: skip

# 22 ----------------------------------------------------------------------------------------------


def activity_arms() -> Mapping[str, Arm]:
    # the layers of library/rfm are drawn up, and nothing is done about them
    drawn_up = {f"levers.rules.{rule}.share": "0%" for rule in ("honour", "win")}
    base = scene("beauty", ("rfm",), drawn_up, days=365)
    nudge = scene("beauty", ("rfm", "check-in"), drawn_up, days=365)
    return {
        name: arm(world, base, days=(0,), watch=(Visits,))
        for name, world in (("base", base), ("nudge", nudge))
    }


def contrasts(seen: Mapping[str, Seen]) -> dict[str, float]:
    """The most active fifth and the best layer against the others; the effect of a nudge on the same people."""
    base = seen["base"]
    here = on_eve(base)
    eve = base.at[0][here]

    def value(world: Seen) -> np.ndarray:
        return (world.users["net"] - world.at[0]["net"])[here] / 100.0

    days = base.watched[Visits].days[here]
    top = np.argsort(np.argsort(days, kind="stable")) >= 0.8 * len(days)
    vip = (eve["recent_spend"] >= 300) & (eve["orders"] > 0) & (days_since(eve, "last_order", 0) <= 60)
    found = {"vips": vip.mean()}
    for name, who in (("active", top), ("others", ~top), ("vip", vip), ("not vip", ~vip)):
        found[name] = value(base)[who].mean()
    found |= by_arm(seen, value=lambda w: value(w).mean(), days=lambda w: w.watched[Visits].days[here].mean())
    return {name: float(x) for name, x in found.items()}


P22 = Pattern(
    22, "Activity and value: selection", "high activity: LTV 4.1 times; VIP 3.1 times",
    "beauty for a year, one run: the most active fifth, and the best layer of the library's RFM table (300 yuan of "
    "late, an order within 60 days), against the others; and the same people with a check-in challenge",
    activity_arms, contrasts,
    (
        Direction("value: active less others", more("active", "others")),
        Direction("value: VIP less others", more("vip", "not vip")),
        Direction("the nudge raises activity", more("nudge days", "base days")),
        Direction("two fifths of the contrast less the effect of the nudge",
                  lambda r: 0.4 * (r["active"] / r["others"] - 1) - (r["nudge value"] / r["base value"] - 1)),
    ),
    (
        Band("observed: value, active over others", ratio("active", "others"), 3.0, 5.2),
        Band("observed: value, VIP over others", ratio("vip", "not vip"), 2.3, 4.0),
        Band("members who are VIP", ratio("vips")),
        Band("randomised: value with the nudge over without", ratio("nudge value", "base value"), 0.9, 1.5),
    ),
    "Who is active, and who has bought of late, is told apart by need: both contrasts are selection. The best layer is "
    "one member in eight here; claimed groups of VIPs will have been larger. The challenge makes people come more "
    "often, and wears out more patience than that is worth.",
    looked="a check-in challenge as the nudge, since a live hour moved nobody where groups talk every day; VIPs by the "
    "RFM table",
)  # fmt: skip

SELECTION = (P18, P22)
