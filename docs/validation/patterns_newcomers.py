"""The first weeks: value pack, tags, proof."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from patterns_frame import Band, Direction, Number, Pattern, by_arm, more, ratio
from patterns_worlds import came, happened, interested, newborn, newcomers, on_eve, scene

from simlab.lab.laws.worlds import Arm, Orders, Seen, orders_of
from simlab.world.records import Event

# 10 ----------------------------------------------------------------------------------------------


def gift_arms() -> Mapping[str, Arm]:
    pack = ("newcomer-gift", "welcome")
    packed = {"levers.touches.welcome.offer": "newcomer"}  # the pack comes with the welcome
    richer = {"levers.offers.newcomer.amount": "40 yuan", "levers.offers.newcomer.gift": "8 yuan"}
    arms = {
        "none": scene(settings=pack[:1], days=90),
        "coupon": scene("default", pack, packed, days=90),
        "gift": scene("default", pack, packed | richer, days=90),
    }
    return {name: Arm(newborn(world), days=(7,), watch=(Orders,), log=True) for name, world in arms.items()}


def activated(world: Seen) -> float:
    """Newcomers who came by, answered, ordered or took an offer within a week."""
    records = world.at[7]
    offers = happened(world, Event.COUPON)
    took = offers[(offers[:, 0] <= 7) & (offers[:, 3] % 2 == 1), 1]
    active = records["last_seen"] > 0
    active[took] = True
    return float(active[newcomers(records)].mean())


def came_in_a_week(world: Seen) -> float:
    """The same without the offers."""
    return came(world, 7)


def full_price(world: Seen) -> float:
    """Share of the orders without a coupon."""
    _, _, coupon = orders_of(world)
    return float(1.0 - coupon.mean()) if len(coupon) else 1.0


def activation(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Activated in seven days; share of the first 90 days' orders at list price."""
    return by_arm(seen, active=activated, came=came_in_a_week, full=full_price)


P10 = Pattern(
    10, "First value pack", "7-day activation 68 % / 75 %",
    "newcomers for 7 and 90 days: nothing; a welcome with a coupon of 20 yuan; a welcome with a sample and 40 yuan; "
    "active is who came by, answered, ordered or took an offer",
    gift_arms, activation,
    (
        Direction("active within 7 days: coupon less none", more("coupon active", "none active")),
        Direction("gift less coupon", more("gift active", "coupon active")),
        Direction("orders at list price: none less coupon", more("none full", "coupon full")),
    ),
    (
        Band("active, none", ratio("none active"), 0.30, 0.55),
        Band("active, coupon", ratio("coupon active"), 0.58, 0.78),
        Band("active, gift", ratio("gift active"), 0.65, 0.83),
        Band("without taking offers: none", ratio("none came")),
        Band("without taking offers: gift", ratio("gift came")),
    ),
    "The pack is fetched, so that fetching it (or any other coupon, in all arms) counts as activity; three in ten "
    "newcomers cannot be reached.",
    changed="the pack comes with the welcome, and taking an offer counts as activity",
)  # fmt: skip

# 17 ----------------------------------------------------------------------------------------------


def tag_arms() -> Mapping[str, Arm]:
    # the brand has the quiz in its file; profile and learning are those of library/tags
    quiz = {f"levers.rules.{rule}.share": "0%" for rule in ("at_entry", "later")}
    tags = {"levers.tagging.profile": "20%", "levers.tagging.learn": "30%"}
    worlds = {"broadcast": scene("beauty", (), quiz, days=90), "tags": scene("beauty", (), tags, days=90)}
    return {name: Arm(newborn(world), days=(30,)) for name, world in worlds.items()}


def matched(world: Seen) -> float:
    """Share of the messages with a topic that are about what somebody cares for."""
    good, bad = world.total("matched"), world.total("mismatched")
    return good / max(good + bad, 1)


def came_in_a_month(world: Seen) -> float:
    """Newcomers who answered or came by in 30 days."""
    return came(world, 30)


def matches(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Messages that match; newcomers with a sign of life."""
    return by_arm(seen, matched=matched, came=came_in_a_month)


P17 = Pattern(
    17, "Tag targeting", "precision 32 to 82 %; interaction 68 %",
    "beauty, newcomers, three topics, 90 days: topic drawn at random, or by tags from a profile, a quiz on joining, "
    "answers and orders",
    tag_arms, matches,
    (
        Direction("messages that match: tags less broadcast", more("tags matched", "broadcast matched")),
        Direction("came by within 30 days: tags less broadcast", more("tags came", "broadcast came")),
    ),
    (
        Band("messages that match, broadcast", ratio("broadcast matched"), 0.25, 0.40),
        Band("messages that match, tags", ratio("tags matched"), 0.72, 0.90),
        Band("came by within 30 days, tags", ratio("tags came"), 0.58, 0.76),
    ),
    "The claim is about fresh food and beauty, so that the beauty brand with its quiz takes the place of the general "
    "one. What is known of people lets about half of the messages match; of the others chance lets a third. Nearly all "
    "newcomers give a sign of life where groups talk every day.",
    changed="the beauty brand with its quiz instead of the general one",
)  # fmt: skip

# 19 ----------------------------------------------------------------------------------------------


def proof_arms() -> Mapping[str, Arm]:
    # the brand has a thousand reviews in its file
    worlds = {
        "off": scene("beauty", (), {"levers.testimonials.reviews": 0}, days=90),
        "on": scene("beauty", days=90),
    }
    return {name: Arm(newborn(world), days=(0,), log=True) for name, world in worlds.items()}


def proof(seen: Mapping[str, Seen]) -> dict[str, float]:
    """From interest to the first order, for all and by half of trust on joining."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        eve, new = world.at[0], on_eve(world)
        trust = eve["affinity"] + eve["trust"]
        low = trust < np.median(trust[new])
        curious, converted = interested(world)
        for half, who in (("", new), (" low", low), (" high", ~low)):
            found[f"{name} came{half}"] = float((curious & who).sum())
            found[f"{name} bought{half}"] = float((converted & who).sum())
    return found


def converted(arm: str, half: str = "") -> Number:
    """Share of the interested who order."""
    return ratio(f"{arm} bought{half}", f"{arm} came{half}")


P19 = Pattern(
    19, "Trust repair", "28 % of the interested convert (from 15-25 %)",
    "beauty, newcomers; with a thousand testimonials or without; first order within 60 days of a first visit or answer",
    proof_arms, proof,
    (
        Direction("first order of the interested: with proof less without",
                  lambda r: converted("on")(r) - converted("off")(r)),
        Direction("gain of the lower half of trust less that of the upper",
                  lambda r: (converted("on", " low")(r) - converted("off", " low")(r))
                  - (converted("on", " high")(r) - converted("off", " high")(r))),
    ),
    (Band("first order of the interested, with proof", converted("on"), 0.22, 0.34),),
    "Who comes by on the own account within a month of joining needs more than others: more of them order within 60 "
    "days than of the claimed brand's.",
)  # fmt: skip

NEWCOMERS = (P10, P17, P19)
