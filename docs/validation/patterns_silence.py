"""Who falls silent: cohorts and stocks, the funnel, care."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from patterns_frame import Band, Direction, Pattern, by_arm, more, ratio
from patterns_pushing import every_day
from patterns_worlds import (
    arm,
    came,
    days_since,
    first_day,
    interested,
    newborn,
    newcomers,
    on_eve,
    scene,
    value_of,
)

from simlab.lab.laws.worlds import Arm, Seen, lab
from simlab.world.records import Event

# 3 -----------------------------------------------------------------------------------------------

GOOD = ("welcome", "churn-warning", "repurchase-reminder", "tags")
SILENT = 21
"""Days without a sign of life after which a newcomer counts as silent."""


def silence_arms() -> Mapping[str, Arm]:
    month = {
        "naive": lab(scene(), every_day(1.5), 30),
        "default": scene(days=30),
        "cohort": scene("default", GOOD, settings=("tags",), days=30),
    }
    arms = {name: Arm(newborn(world), days=(30,)) for name, world in month.items()}
    return arms | {"good": Arm(scene("default", GOOD, settings=("tags",), days=240))}


def silence(seen: Mapping[str, Seen]) -> dict[str, float]:
    """The silent in a cohort and in a stock, and those who ever came by."""
    found = {}
    for name in ("naive", "default", "cohort"):
        records = seen[name].at[30]
        found[f"{name} silent"] = float(
            (days_since(records, "last_seen", 30)[newcomers(records)] > SILENT).mean()
        )
        found[f"{name} came"] = came(seen[name], 30)
    users = seen["good"].users
    stock = (users["status"] == 1) & (users["muted"] == 0) & (days_since(users, "joined", 240) > 90)
    quiet = (days_since(users, "last_seen", 240) > 30) & (days_since(users, "last_order", 240) > 90)
    return found | {"good stock": float(quiet[stock].mean())}


P3 = Pattern(
    3, "Silence: cohort and stock",
    "72 % of a cohort silent (poor) / 18 % of a stock (good) / 40-60 % join to interact",
    "newcomers under 1.5 promotions a day and under the default programme; today's members after 240 days of a good "
    "one (welcome, care after silence, reminders, two useful messages to a promotion)",
    silence_arms, silence,
    (Direction("silent: naive cohort less good stock", more("naive silent", "good stock")),),
    (
        Band("silent newcomers, naive", ratio("naive silent"), 0.62, 0.80),
        Band("silent stock, good", ratio("good stock"), 0.12, 0.26),
        Band("newcomers who came by, default", ratio("default came"), 0.40, 0.60),
        Band("like with like: silent newcomers, naive less good", more("naive silent", "cohort silent")),
    ),
    "The claim sets a cohort of newcomers against a stock of members, counted in another way. Like with like (the last "
    "line) hardly anything is left: naive promotions drive fewer away in a month than they call. With lasting "
    "differences between people the silent part of a cohort and of a stock are nearly one number; the disengaged would "
    "have to leave for both claims to be true at once.",
    looked="the contrast as claimed (like with like stands beside it and leaves little)",
)  # fmt: skip

# 4 -----------------------------------------------------------------------------------------------


def funnel_arms() -> Mapping[str, Arm]:
    return {"newcomers": Arm(newborn(scene(days=90)), days=(0,), log=True)}


def funnel(seen: Mapping[str, Seen]) -> dict[str, float]:
    """From joining to a sign of life, from a visit or answer to the first order."""
    world = seen["newcomers"]
    new = on_eve(world)
    signs = first_day(world, Event.VISIT, Event.INTERACT, Event.ORDER)
    curious, converted = interested(world)
    return {"joined": float(new.sum()), "came": float((new & (signs <= 30)).sum()),
            "interested": float(curious.sum()), "bought": float(converted.sum()),
            "buyers": float((new & (world.users["orders"] > 0)).sum())}  # fmt: skip


P4 = Pattern(
    4, "Funnel chain", "8-12 / 30-50 / 40-60 / 15-25 %; overall 5-8 %",
    "newcomers under the default programme for 90 days",
    funnel_arms, funnel,
    (Direction("those who came by less those who bought after a visit or answer", more("came", "bought")),),
    (
        Band("joined to came by, wrote or bought, 30 days", ratio("came", "joined"), 0.40, 0.60),
        Band("first visit or answer to first order, 60 days", ratio("bought", "interested"), 0.15, 0.25),
        Band("newcomer to buyer, 90 days", ratio("buyers", "joined"), 0.04, 0.15),
    ),
    "The first two steps are levers of a source. The default brand's people order three times a year, which is more "
    "than the claimed chain allows for.",
)  # fmt: skip

# 5 -----------------------------------------------------------------------------------------------

QUARTER = 91
QUARTERS = tuple(range(0, 7 * QUARTER + 1, QUARTER))


def care_arms() -> Mapping[str, Arm]:
    # the brand has the warning in its file; here it is sent by itself
    rest, cheap = {"levers.rules.warning.share": "0%"}, {"levers.touches.care.cost": "0.04 yuan"}
    base = scene("mother-baby", (), cheap | rest, days=QUARTERS[-1])
    care = {"on": ("welcome",), "gift": ("welcome", "recall")}
    worlds = {"off": base} | {
        name: scene("mother-baby", more, cheap, days=QUARTERS[-1]) for name, more in care.items()
    }
    return {name: arm(world, base, days=QUARTERS) for name, world in worlds.items()}


def lost_in_a_quarter(world: Seen) -> float:
    """Share of the customers of a quarter who are gone or silent in the next, as a brand can count them."""
    lost = here = 0.0
    for first, last in pairwise(QUARTERS):
        start, end = world.at[first], world.at[last]
        around = (start["status"] == 1) & (days_since(start, "last_seen", first) < QUARTER)
        silent = days_since(end, "last_seen", last) >= QUARTER
        here += float(around.sum())
        lost += float((around & ((end["status"] == 2) | silent)).sum())
    return lost / here


def value_on_eve(world: Seen) -> float:
    """Yuan that each member of the eve has brought since."""
    return value_of(world, on_eve(world))


def quarters(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Customers lost in a quarter; value of seven."""
    return by_arm(seen, churn=lost_in_a_quarter, value=value_on_eve)


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
        Band("lost in a quarter, without", ratio("off churn"), 0.18, 0.26),
        Band("lost in a quarter, with", ratio("on churn"), 0.09, 0.17),
        Band("value, with over without", ratio("on value", "off value"), 1.15, 1.45),
        Band("lost in a quarter, with a return gift after 30, 60 and 90 days, too", ratio("gift churn")),
        Band("value, with all of it over without", ratio("gift value", "off value")),
    ),
    "Lifetimes are mostly how long the need lasts, which no message prolongs; care works through trust and presence, "
    "and contacts drive some away (L18). The rate with care lies in its band only since the rate without is low "
    "already. A return gift brings few back for what it costs in margin.",
    looked="care by rule only, churn counted by silence; with the return gift among the care value was seen to fall, "
    "so that it stands apart",
)  # fmt: skip

SILENCE = (P3, P4, P5)
