"""Patterns of messages: overload, silence, first weeks, content, cadence, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np
from numpy.typing import NDArray
from patterns_frame import (
    Band,
    Direction,
    Number,
    Pattern,
    activity,
    arm,
    blocked,
    changed,
    more,
    newborn,
    newcomers,
    ratio,
    reached_on_eve,
    scene,
)

from simlab.lab.laws.worlds import FREE, Arm, Orders, Seen, lab, orders_of, plain_stages
from simlab.scenario import Scenario
from simlab.scenario.strategy import Cadence, Levers, Touch
from simlab.world.records import Event

# 1 and 2: too many promotions --------------------------------------------------------------------

STAGES = tuple(stage.name for stage in plain_stages())
MOST = 6


def every_day(per_day: float, kind: str = "promo") -> Levers:
    """So many touches of one kind a day, each a message of its own."""
    mix = {f"p{k}": 1.0 for k in range(1, int(np.ceil(per_day)) + 1)} or {"p1": 1.0}
    touches = {f"p{k}": Touch(kind=kind, cost=0.0) for k in range(1, MOST + 1)}  # type: ignore[arg-type]
    touches |= {"value": Touch(kind="value"), "promo": Touch(kind="promo")}
    return Levers(
        push={s: Cadence(per_week=7.0 * per_day, mix=mix) for s in STAGES}, touches=touches, caps=FREE
    )


def light() -> Levers:
    """Two value touches and one promotion a week."""
    mix = {"promo": 1.0, "value": 2.0}
    levers = every_day(0)
    return levers.model_copy(update={"push": {s: Cadence(per_week=3.0, mix=mix) for s in STAGES}})


def parents() -> Scenario:
    """Mothers and babies, all of whom can be reached, as friends on a messenger are."""
    return scene("mother-baby", population__opted_in="100%")


def dose_arms() -> Mapping[str, Arm]:
    people = parents()
    past = lab(people, light(), 30, 30)
    arms = {f"a{n}": Arm(lab(people, every_day(n), 30, 30), past) for n in (0, 1, 2, 3, 4, 6)}
    return arms | {f"v{n}": Arm(lab(people, every_day(n, "value"), 30, 30), past) for n in (1, 4)}


P1 = Pattern(
    1, "Push overload", "more than 3 promotions a day: activity −57 %",
    "mother and baby, all reachable, 30 days; 0, 1, 2, 3, 4 and 6 promotions a day, and 1 and 4 useful messages a day",
    dose_arms,
    lambda seen: {name: activity(world, 15, 30) for name, world in seen.items()},
    (
        Direction("active on a day: 1 promotion a day less 2", more("a1", "a2")),
        Direction("2 less 3", more("a2", "a3")),
        Direction("3 less 4", more("a3", "a4")),
        Direction("4 less 6", more("a4", "a6")),
        Direction("fall per promotion: 2 to 4 less 1 to 2",
                  lambda r: (r["a2"] - r["a4"]) / 2 - (r["a1"] - r["a2"])),
        Direction("fall per promotion: 2 to 4 less 4 to 6",
                  lambda r: (r["a2"] - r["a4"]) / 2 - (r["a4"] - r["a6"]) / 2),
        Direction("4 over 1 a day: useful messages less promotions", lambda r: r["v4"] / r["v1"] - r["a4"] / r["a1"]),
    ),
    (Band("active on a day, 4 promotions over 1", 0.33, 0.55, ratio("a4", "a1")),),
)  # fmt: skip


def reach_arms() -> Mapping[str, Arm]:
    people = parents()
    past = lab(people, light(), 60, 30)
    return {"heavy": Arm(lab(people, every_day(4), 60, 30), past, days=(0,), log=True),
            "light": Arm(past, days=(0,), log=True)}  # fmt: skip


def reach(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Blocked, and users who notice at least four fifths of what they are sent."""
    found = {}
    for name, world in seen.items():
        day, user, code, _ = world.events.T
        n = len(world.users)
        sent = np.bincount(user[(code == Event.SEND) & (day > 0)], minlength=n)
        noticed = np.bincount(user[(code == Event.SEEN) & (day > 0)], minlength=n)
        here = reached_on_eve(world) & (sent > 0)
        found[f"{name} blocked"] = blocked(world)
        found[f"{name} reach"] = float((noticed[here] >= 0.8 * sent[here]).mean())
        found["one"] = 1.0
    return found


P2 = Pattern(
    2, "Blocks and reach under over-marketing", "41 % block; only 29 % get at least 80 % of the pushes",
    "the same people for 60 days; 4 promotions a day (more than 3), or two useful messages and one promotion a week",
    reach_arms, reach,
    (
        Direction("blocked: heavy less light", more("heavy blocked", "light blocked")),
        Direction("notice four fifths: light less heavy", more("light reach", "heavy reach")),
    ),
    (
        Band("blocked, heavy", 0.33, 0.49, ratio("heavy blocked", "one")),
        Band("blocked, light", 0.0, 0.12, ratio("light blocked", "one")),
        Band("notice four fifths, heavy", 0.20, 0.40, ratio("heavy reach", "one")),
        Band("notice four fifths, light", 0.60, 1.0, ratio("light reach", "one")),
    ),
)  # fmt: skip

# 3 and 4: silence and the funnel -----------------------------------------------------------------


def silence_arms() -> Mapping[str, Arm]:
    people = scene(population__opted_in="100%")
    naive = newborn(lab(people, every_day(1.5), 30))
    default = newborn(scene(horizon=30, population__opted_in="100%"))
    care = ("welcome", "churn-warning", "repurchase-reminder", "tags")
    good = scene("default", care, ("tags",), horizon=240, population__opted_in="100%")
    cohort = newborn(scene("default", care, ("tags",), horizon=30, population__opted_in="100%"))
    return {"naive": Arm(naive, days=(30,)), "default": Arm(default, days=(30,)), "good": Arm(good),
            "cohort": Arm(cohort, days=(30,))}  # fmt: skip


def silence(seen: Mapping[str, Seen]) -> dict[str, float]:
    """The silent in a cohort and in a stock, and those who ever came by."""
    found = {"one": 1.0}
    for name in ("naive", "default", "cohort"):
        world = seen[name]
        here = newcomers(world.at[30])
        found[f"{name} silent"] = float((30 - world.at[30]["last_seen"][here] > 21).mean())
        found[f"{name} came"] = float((world.at[30]["last_seen"][here] > 0).mean())
    users = seen["good"].users
    stock = (users["status"] == 1) & (users["muted"] == 0) & (240 - users["joined"].astype(int) > 90)
    quiet = (240 - users["last_seen"].astype(int) > 30) & (240 - users["last_order"].astype(int) > 90)
    found["good stock"] = float(quiet[stock].mean())
    return found


P3 = Pattern(
    3, "Silence: cohort and stock",
    "72 % of a cohort silent (poor) / 18 % of a stock (good) / 40-60 % join to interact",
    "newcomers under 1.5 promotions a day and under the default programme; today's members after 240 days of a good "
    "one (welcome, care after silence, reminders, two useful messages to a promotion)",
    silence_arms, silence,
    (Direction("silent: naive cohort less good stock", more("naive silent", "good stock")),),
    (
        Band("silent newcomers, naive", 0.62, 0.80, ratio("naive silent", "one")),
        Band("silent stock, good", 0.12, 0.26, ratio("good stock", "one")),
        Band("newcomers who came by, default", 0.40, 0.60, ratio("default came", "one")),
        Band("like with like: silent newcomers, naive less good", -inf, inf,
             lambda t: (t["naive silent"] - t["cohort silent"]) / t["one"]),
    ),
    "The claim sets a cohort of newcomers against a stock of members, counted in another way. Like with like (the last "
    "line) hardly anything is left: naive promotions drive fewer away in a month than they call. With lasting "
    "differences between people the silent part of a cohort and of a stock are nearly one number; the disengaged would "
    "have to leave for both claims to be true at once.",
)  # fmt: skip


def funnel(seen: Mapping[str, Seen]) -> dict[str, float]:
    """From joining to a sign of life, from a visit or answer to the first order."""
    world = seen["newcomers"]
    new = world.at[0]["status"] == 1
    came, bought = first_days(world)
    interested = new & (came <= np.minimum(30, bought))
    return {"joined": float(new.sum()), "came": float((new & (np.minimum(came, bought) <= 30)).sum()),
            "interested": float(interested.sum()), "bought": float((interested & (bought <= came + 60)).sum()),
            "buyers": float((new & (world.users["orders"] > 0)).sum())}  # fmt: skip


def first_days(world: Seen) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) day of the first visit or answer, and of the first order; a far day for never."""
    day, user, code, _ = world.events.T
    found = []
    for events in ((Event.VISIT, Event.INTERACT), (Event.ORDER,)):
        first = np.full(len(world.users), 10**6, np.int64)
        mine = np.isin(code, events) & (day > 0)
        np.minimum.at(first, user[mine], day[mine])
        found.append(first)
    return found[0], found[1]


P4 = Pattern(
    4, "Funnel chain", "8-12 / 30-50 / 40-60 / 15-25 %; overall 5-8 %",
    "newcomers under the default programme for 90 days",
    lambda: {"newcomers": Arm(newborn(scene(horizon=90)), days=(0,), log=True)}, funnel,
    (Direction("those who came by less those who bought after a visit or answer", more("came", "bought")),),
    (
        Band("joined to came by, wrote or bought, 30 days", 0.40, 0.60, ratio("came", "joined")),
        Band("first visit or answer to first order, 60 days", 0.15, 0.25, ratio("bought", "interested")),
        Band("newcomer to buyer, 90 days", 0.04, 0.15, ratio("buyers", "joined")),
    ),
    "The first two steps are levers of a source. The default brand's people order three times a year, which is more "
    "than the claimed chain allows for.",
)  # fmt: skip

# 10: first value pack ----------------------------------------------------------------------------


def gift_arms() -> Mapping[str, Arm]:
    none = newborn(scene("default", (), ("newcomer-gift",), horizon=90))
    coupon = newborn(scene("default", ("newcomer-gift", "welcome"), horizon=90))
    gift = newborn(scene("default", ("newcomer-gift", "welcome", "trial-sample"), horizon=90,
                         levers__offers__newcomer__amount="40 yuan"))  # fmt: skip
    return {name: Arm(world, days=(7,), watch=(Orders,))
            for name, world in (("none", none), ("coupon", coupon), ("gift", gift))}  # fmt: skip


def activation(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Came by in seven days; share of the first 90 days' orders at list price."""
    found = {"one": 1.0}
    for name, world in seen.items():
        new = newcomers(world.at[7])
        found[f"{name} active"] = float((world.at[7]["last_seen"][new] > 0).mean())
        _, _, coupon = orders_of(world)
        found[f"{name} full"] = float(1.0 - coupon.mean()) if len(coupon) else 1.0
    return found


P10 = Pattern(
    10, "First value pack", "7-day activation 68 % / 75 %",
    "newcomers for 7 and 90 days: nothing; welcome and a coupon of 20 yuan; welcome, sample and 40 yuan",
    gift_arms, activation,
    (
        Direction("active within 7 days: coupon less none", more("coupon active", "none active")),
        Direction("gift less coupon", more("gift active", "coupon active")),
        Direction("orders at list price: none less coupon", more("none full", "coupon full")),
    ),
    (
        Band("active, none", 0.30, 0.55, ratio("none active", "one")),
        Band("active, coupon", 0.58, 0.78, ratio("coupon active", "one")),
        Band("active, gift", 0.65, 0.83, ratio("gift active", "one")),
    ),
    "Members come by on their own account on one day in 25; a welcome and a coupon are one or two reasons more. "
    "The claimed packs are fetched in an app that newcomers have just opened, so that fetching them counts as "
    "activity.",
)  # fmt: skip

# 11 and 12: content and cadence ------------------------------------------------------------------


def mixed(scenario: Scenario, per_week: float, promo: float, value: float) -> Scenario:
    """Every stage gets the same rhythm."""
    cadence = Cadence(per_week=per_week, mix={"promo": promo, "value": value})
    push = {stage.name: cadence for stage in scenario.stages}
    levers = scenario.levers.model_copy(update={"push": push, "caps": FREE})
    return scenario.model_copy(update={"levers": levers})


def content_arms() -> Mapping[str, Arm]:
    people = scene("education", ("content-match",), horizon=14)
    promo = mixed(people, 6.0, 1.0, 0.0)
    return {
        "test": arm(
            promo, mixed(people, 3.0, 1.0, 2.0), split=mixed(people, 6.0, 1.0, 2.0), log=True, days=(0,)
        )
    }


def content(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Opens and answers by half of the users, in one world."""
    world = seen["test"]
    day, user, code, _ = world.events.T
    assert world.cell is not None
    found = {}
    for k, name in enumerate(("promo", "both")):
        mine = (world.cell[user] == k) & (day > 0)
        for what, event in (("sent", Event.SEND), ("opens", Event.OPEN), ("answers", Event.INTERACT)):
            found[f"{name} {what}"] = float((mine & (code == event)).sum())
    return found


P11 = Pattern(
    11, "Promotions only against knowledge and promotions", "opens +58 %; interaction 2.3 times",
    "education, 14 days, users split in one world: six promotions a week, or two and four useful messages on what each "
    "member is believed to care for",
    content_arms, content,
    (
        Direction("opens per message: mixed less promotions",
                  lambda r: r["both opens"] / r["both sent"] - r["promo opens"] / r["promo sent"]),
        Direction("answers per message: mixed less promotions",
                  lambda r: r["both answers"] / r["both sent"] - r["promo answers"] / r["promo sent"]),
    ),
    (
        Band("opens per message, ratio", 1.35, 1.80,
             lambda t: t["both opens"] / t["both sent"] / (t["promo opens"] / t["promo sent"])),
        Band("answers per message, ratio", 1.8, 3.3,
             lambda t: t["both answers"] / t["both sent"] / (t["promo answers"] / t["promo sent"])),
    ),
    "Useful messages tire less, and match more often; promotions have no subject here.",
)  # fmt: skip


def rhythm_arms() -> Mapping[str, Arm]:
    people = scene(population__opted_in="100%")
    plans = {"overload": every_day(3.5), "mixed": light(), "off": every_day(0)}
    return {name: Arm(newborn(lab(people, levers, 60))) for name, levers in plans.items()}


def ordering(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Newcomers who order at all."""
    found = {"one": 1.0}
    for name, world in seen.items():
        new = newcomers(world.users)
        found[name] = float((world.users["orders"][new] > 0).mean())
    return found


P12 = Pattern(
    12, "Two useful messages and one promotion", "from overload to 2 + 1: conversion up to 35 %",
    "general brand, newcomers, 60 days: 3.5 promotions a day; two useful messages and one promotion a week; or nothing",
    rhythm_arms, ordering,
    (
        Direction("order within 60 days: 2 + 1 less overload", more("mixed", "overload")),
        Direction("2 + 1 less nothing", more("mixed", "off")),
    ),
    (
        Band("order within 60 days, 2 + 1 over overload", 1.3, inf, ratio("mixed", "overload")),
        Band("order within 60 days, 2 + 1", 0.28, 0.42, ratio("mixed", "one")),
    ),
    "The claimed brand is a restaurant whose guests come a few times a year, like the general brand's; of the coffee "
    "chain's four in five order within 60 days whatever is sent.",
)  # fmt: skip

# 16 and 17: activity and tags --------------------------------------------------------------------

WEEKS = tuple(range(37, 91, 7))


def ladder_arms() -> Mapping[str, Arm]:
    base = scene("sports", horizon=90)
    return {
        "base": arm(base, days=WEEKS),
        "live": arm(scene("sports", ("expert-live",), horizon=90), base, days=WEEKS),
        # the brand has the challenge in its file, switched off
        "challenge": arm(
            scene("sports", horizon=90, levers__rules__check_in__share="100%"), base, days=WEEKS
        ),
    }


def weekly(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Mean share of members seen within a week."""
    found = {"one": 1.0}
    for name, world in seen.items():
        shares = []
        for day, users in world.at.items():
            here = users["status"] == 1
            shares.append((day - users["last_seen"][here].astype(int) < 7).mean())
        found[name] = float(np.mean(shares))
    return found


P16 = Pattern(
    16, "Weekly activity ladder", "base about 38 %; +20 points by Q&A; 68 % by a challenge",
    "sports, 90 days: default, a weekly live Q&A, a check-in challenge",
    ladder_arms, weekly,
    (
        Direction("active in a week: live less base", more("live", "base")),
        Direction("challenge less live", more("challenge", "live")),
    ),
    (
        Band("active in a week, base", 0.30, 0.45, ratio("base", "one")),
        Band("gain of live", 0.12, 0.28, lambda t: (t["live"] - t["base"]) / t["one"]),
        Band("active in a week, challenge", 0.58, 0.78, ratio("challenge", "one")),
    ),
    "A live hour is one message a week, and calls many who would have come anyway. The claimed figures count "
    "check-ins of those who took part.",
)  # fmt: skip


def tag_arms() -> Mapping[str, Arm]:
    more_ = {"horizon": 90, "population__opted_in": "100%"}
    base = newborn(scene("default", (), ("tags",), **more_))
    tags = newborn(scene("default", ("tags",), **more_))
    return {"broadcast": Arm(base, days=(30,)), "tags": Arm(tags, days=(30,))}


def matches(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Messages about what somebody cares for; newcomers who answered or came by in 30 days."""
    found = {"one": 1.0}
    for name, world in seen.items():
        good, bad = world.total("matched"), world.total("mismatched")
        found[f"{name} matched"] = good / max(good + bad, 1)
        new = newcomers(world.at[30])
        found[f"{name} came"] = float((world.at[30]["last_seen"][new] > 0).mean())
    return found


P17 = Pattern(
    17, "Tag targeting", "precision 32 to 82 %; interaction 68 %",
    "newcomers in a world of four topics, 90 days: topic drawn at random, or by tags that answers and orders teach",
    tag_arms, matches,
    (
        Direction("messages that match: tags less broadcast", more("tags matched", "broadcast matched")),
        Direction("came by within 30 days: tags less broadcast", more("tags came", "broadcast came")),
    ),
    (
        Band("messages that match, broadcast", 0.25, 0.40, ratio("broadcast matched", "one")),
        Band("messages that match, tags", 0.72, 0.90, ratio("tags matched", "one")),
        Band("came by within 30 days, tags", 0.58, 0.76, ratio("tags came", "one")),
    ),
    "Tags are learnt from answers and orders: after 90 days one message in two matches. Four in five would need "
    "members who say on joining what they care for.",
)  # fmt: skip

# 19: proof ---------------------------------------------------------------------------------------


def proof_arms() -> Mapping[str, Arm]:
    # the brand has a thousand reviews in its file
    off = newborn(scene("beauty", horizon=90, levers__testimonials__reviews=0))
    on = newborn(scene("beauty", horizon=90))
    return {"off": Arm(off, days=(0,), log=True), "on": Arm(on, days=(0,), log=True)}


def proof(seen: Mapping[str, Seen]) -> dict[str, float]:
    """From interest to the first order, for all and by half of trust on joining."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        eve = world.at[0]
        new = eve["status"] == 1
        trust = eve["affinity"] + eve["trust"]
        low = trust < np.median(trust[new])
        came, bought = first_days(world)
        interested = new & (came <= np.minimum(30, bought))
        converted = interested & (bought <= came + 60)
        for half, who in (("", new), (" low", low), (" high", ~low)):
            found[f"{name} came{half}"] = float((interested & who).sum())
            found[f"{name} bought{half}"] = float((converted & who).sum())
    return found


def converted(arm_: str, half: str = "") -> Number:
    """Share of the interested who order."""
    return lambda r: r[f"{arm_} bought{half}"] / r[f"{arm_} came{half}"]


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
    (Band("first order of the interested, with proof", 0.22, 0.34, converted("on")),),
    "The beauty brand's people order three times a year with marketing off, which is more than the claimed chain "
    "allows for.",
)  # fmt: skip

# 30: alarms --------------------------------------------------------------------------------------


def alarm_arms() -> Mapping[str, Arm]:
    heavy = scene("default", (), ("mute-alarm",), horizon=180)
    return {"static": arm(heavy, days=(0,), log=True),
            "alarm": arm(scene("default", ("mute-alarm",), horizon=180), heavy, days=(0,), log=True)}  # fmt: skip


def churn(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Blocked or left; days on which somebody got more than five promotions."""
    found = {}
    for name, world in seen.items():
        found[name] = blocked(world)
        day, user, code, _ = world.events.T
        sent = code == Event.SEND
        per_day = np.bincount(user[sent] * 400 + day[sent] + 150) if sent.any() else np.zeros(1)
        found[f"{name} above"] = float((per_day > 5).sum())
        found["one"] = 1.0
    return found


P30 = Pattern(
    30, "Alarm and hard cap", "churn −22 %; never more than 5 promotions a day",
    "10 messages a week for 180 days; without and with an alarm that cuts promotions when mutes rise",
    alarm_arms, churn,
    (Direction("blocked: static less alarm", more("static", "alarm")),),
    (
        Band("blocked, alarm over static", 0.65, 0.90, ratio("alarm", "static")),
        Band("user-days with more than 5 messages", 0, 0, lambda t: t["static above"] + t["alarm above"]),
    ),
)  # fmt: skip

MESSAGES = (P1, P2, P3, P4, P10, P11, P12, P16, P17, P19, P30)
__all__ = ["MESSAGES", "changed"]
