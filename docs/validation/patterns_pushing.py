"""How often to write: overload, blocks, rhythm, alarms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from patterns_frame import Band, Direction, Pattern, by_arm, more, ratio
from patterns_worlds import (
    activity,
    arm,
    blocked,
    counts,
    happened,
    newborn,
    newcomers,
    reached_on_eve,
    scene,
)

from simlab.lab.laws.worlds import FREE, Arm, Seen, lab, plain_stages
from simlab.scenario.strategy import Cadence, Levers, Touch
from simlab.world.records import Event

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
    push = {s: Cadence(per_week=3.0, mix={"promo": 1.0, "value": 2.0}) for s in STAGES}
    return every_day(0).model_copy(update={"push": push})


# 1 -----------------------------------------------------------------------------------------------


def dose_arms() -> Mapping[str, Arm]:
    people = scene("mother-baby")
    past = lab(people, light(), 30, 30)
    arms = {f"a{n}": Arm(lab(people, every_day(n), 30, 30), past) for n in (0, 1, 2, 3, 4, 6)}
    return arms | {f"v{n}": Arm(lab(people, every_day(n, "value"), 30, 30), past) for n in (1, 4)}


def later_activity(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Active members a day, in the second half of the month."""
    return {name: activity(world, 15, 30) for name, world in seen.items()}


P1 = Pattern(
    1, "Push overload", "more than 3 promotions a day: activity −57 %",
    "mother and baby, 30 days; 0, 1, 2, 3, 4 and 6 promotions a day, and 1 and 4 useful messages a day",
    dose_arms, later_activity,
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
    (Band("active on a day, 4 promotions over 1", ratio("a4", "a1"), 0.33, 0.55),),
)  # fmt: skip

# 2 -----------------------------------------------------------------------------------------------


def reach_arms() -> Mapping[str, Arm]:
    people = scene("mother-baby")
    past = lab(people, light(), 60, 30)
    return {"heavy": Arm(lab(people, every_day(4), 60, 30), past, days=(0,), log=True),
            "light": Arm(past, days=(0,), log=True)}  # fmt: skip


def well_reached(world: Seen) -> float:
    """Share of those who are written to who notice at least four fifths of it."""
    sent, noticed = counts(world, Event.SEND), counts(world, Event.SEEN)
    here = reached_on_eve(world) & (sent > 0)
    return float((noticed[here] >= 0.8 * sent[here]).mean())


def reach(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Blocked, and users who notice at least four fifths of what they are sent."""
    return by_arm(seen, blocked=blocked, reach=well_reached)


P2 = Pattern(
    2, "Blocks and reach under over-marketing", "41 % block; only 29 % get at least 80 % of the pushes",
    "the same people for 60 days; 4 promotions a day (more than 3), or two useful messages and one promotion a week",
    reach_arms, reach,
    (
        Direction("blocked: heavy less light", more("heavy blocked", "light blocked")),
        Direction("notice four fifths: light less heavy", more("light reach", "heavy reach")),
    ),
    (
        Band("blocked, heavy", ratio("heavy blocked"), 0.33, 0.49),
        Band("blocked, light", ratio("light blocked"), 0.0, 0.12),
        Band("notice four fifths, heavy", ratio("heavy reach"), 0.20, 0.40),
        Band("notice four fifths, light", ratio("light reach"), 0.60, 1.0),
    ),
)  # fmt: skip

# 12 ----------------------------------------------------------------------------------------------


def rhythm_arms() -> Mapping[str, Arm]:
    plans = {"overload": every_day(3.5), "mixed": light(), "off": every_day(0)}
    return {name: Arm(newborn(lab(scene(), levers, 60))) for name, levers in plans.items()}


def buyers(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Newcomers who order at all."""
    return {
        name: float((world.users["orders"][newcomers(world.users)] > 0).mean())
        for name, world in seen.items()
    }


P12 = Pattern(
    12, "Two useful messages and one promotion", "from overload to 2 + 1: conversion up to 35 %",
    "general brand, newcomers, 60 days: 3.5 promotions a day; two useful messages and one promotion a week; or nothing",
    rhythm_arms, buyers,
    (
        Direction("order within 60 days: 2 + 1 less overload", more("mixed", "overload")),
        Direction("2 + 1 less nothing", more("mixed", "off")),
    ),
    (
        Band("order within 60 days, 2 + 1 over overload", ratio("mixed", "overload"), low=1.3),
        Band("order within 60 days, 2 + 1", ratio("mixed"), 0.28, 0.42),
    ),
    "The claimed brand is a restaurant whose guests come a few times a year, like the general brand's; of the coffee "
    "chain's four in five order within 60 days whatever is sent.",
    looked="the general brand instead of coffee",
)  # fmt: skip

# 30 ----------------------------------------------------------------------------------------------


def alarm_arms() -> Mapping[str, Arm]:
    heavy = scene(settings=("mute-alarm",), days=180)
    return {"static": arm(heavy, days=(0,), log=True),
            "alarm": arm(scene("default", ("mute-alarm",), days=180), heavy, days=(0,), log=True)}  # fmt: skip


def crowded(world: Seen) -> float:
    """User-days with more than five messages."""
    sent = happened(world, Event.SEND)
    return float((np.bincount(sent[:, 1] * 400 + sent[:, 0], minlength=1) > 5).sum())


def churn(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Blocked or left; days on which somebody got more than five messages."""
    return by_arm(seen, blocked=blocked, crowded=crowded)


P30 = Pattern(
    30, "Alarm and hard cap", "churn −22 %; never more than 5 promotions a day",
    "10 messages a week for 180 days; without and with an alarm that cuts promotions when mutes rise",
    alarm_arms, churn,
    (Direction("blocked: static less alarm", more("static blocked", "alarm blocked")),),
    (
        Band("blocked, alarm over static", ratio("alarm blocked", "static blocked"), 0.65, 0.90),
        Band("user-days with more than 5 messages", lambda t: t["static crowded"] + t["alarm crowded"], 0, 0),
    ),
)  # fmt: skip

PUSHING = (P1, P2, P12, P30)
