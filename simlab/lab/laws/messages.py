"""Laws of messages: volume, cadence, levels, carry-over, who should not be touched, quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from simlab.lab.laws.law import Claim, Law, Reading
from simlab.lab.laws.worlds import (
    IDLE,
    LAB_WARMUP,
    ONLY_PROMO,
    QUIET,
    Arm,
    Orders,
    Seen,
    lab,
    members_at,
    orders_of,
    plain,
    programme,
)
from simlab.scenario import Scenario
from simlab.world.market import Market

YEAR = 365
USUAL, AT_REST, DEPTH = 3.0, 1.0, 0.10
"""The plain programme: touches a week for those who are active and for those who are not; its coupon."""


def sends(scenario: Scenario) -> str | None:
    """Why a law about the scenario's own messages cannot be asked; None when it can."""
    return None if any(c.per_week > 0 for c in scenario.levers.push.values()) else "it sends no messages"


def has_members(scenario: Scenario) -> str | None:
    """Why a law about today's members cannot be asked; None when it can."""
    population = scenario.population
    return None if population.members or population.base else "it starts without members"


def usual(scenario: Scenario, days: int, per_week: float = USUAL, depth: float | None = None) -> Scenario:
    """The plain programme on this scenario's people."""
    idle = AT_REST * per_week / USUAL
    return lab(scenario, programme(per_week, idle, depth), days, LAB_WARMUP)


# Volume ------------------------------------------------------------------------------------------

FULL, CUT, FEWER, FEWEST = 4.5, 4.5 * 0.645, 2.25, 1.125
"""Touches a week: near the largest revenue of a year; cut by 35.5 %, as published; halved; halved again."""


def _l10_arms(scenario: Scenario) -> Mapping[str, Arm]:
    whole = usual(scenario, YEAR)
    return {f"{c:g}": Arm(usual(scenario, YEAR, c), whole) for c in (FULL, CUT, FEWER, FEWEST)}


def _l10(seen: Mapping[str, Seen]) -> Reading:
    return {
        f"{what} {arm}": float(sum(world.total(m) for m in metrics))
        for arm, world in seen.items()
        for what, metrics in (("revenue", ("revenue_fen",)), ("opt-outs", ("mutes", "complaints")))
    }


def _l10_figures(t: Reading) -> Sequence[float]:
    def less(what: str, few: float, many: float) -> float:
        return t[f"{what} {few:g}"] / t[f"{what} {many:g}"] - 1

    halved, again = less("revenue", FEWER, FULL), less("revenue", FEWEST, FEWER)
    return (halved, less("opt-outs", FEWER, FULL), less("revenue", CUT, FULL), less("opt-outs", CUT, FULL),
            again - halved)  # fmt: skip


L10 = Law(
    id="L10",
    title="Volume has concave benefit",
    figure="-35.5 % e-mails: -1.84 % sessions, -53 % complaints",
    source="Gupta et al. 2016 (LinkedIn)",
    status="2nd",
    how="A year of the plain programme (two value touches to one promotion, no coupons) at 4.5 touches a week, near "
        "the largest revenue; at 35.5 % less, at half of it, and at a quarter.",
    claims=(
        Claim("revenue at half the cadence, relative", -0.05, 0.0, "share"),
        Claim("mutes and complaints at half the cadence, relative", -1.0, -0.25, "share"),
        Claim("revenue at 35.5 % fewer touches, relative", -0.05, 0.0, "share", "−1.8 % sessions"),
        Claim("mutes and complaints at 35.5 % fewer touches, relative", -1.0, -0.25, "share", "−53 %"),
        Claim("halved a second time less the first time, revenue", -inf, 0.0, "share"),
    ),
    arms=_l10_arms,
    read=_l10,
    figures=_l10_figures,
    applies=has_members,
    note="The published sender had reached the volume at which more brings little, and had no coupons. From 3 touches "
         "a week, below the top, half costs about 7 % of revenue; with coupons riding on promotions half of those are "
         "half the coupons, too, which is the price law and not this one.",
)  # fmt: skip


# Cadence -----------------------------------------------------------------------------------------

CADENCES = (1.0, 2.5, 5.0, 9.0)
WEEKS_8 = 56


def _l12_arms(scenario: Scenario) -> Mapping[str, Arm]:
    rest = lab(scenario, QUIET, WEEKS_8)
    return {f"{c:g}": Arm(lab(scenario, programme(c), WEEKS_8), rest) for c in CADENCES}


def _l12(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        found[f"sent {arm}"] = float(world.total("value_sent") + world.total("promo_sent"))
        found[f"mutes {arm}"] = float(world.total("mutes"))
        found[f"opens {arm}"] = float(world.total("opens"))
    return found


def _l12_figures(t: Reading) -> Sequence[float]:
    sent, mutes, opens = (np.array([t[f"{w} {c:g}"] for c in CADENCES]) for w in ("sent", "mutes", "opens"))
    rate = 1000 * mutes / sent
    slope = 1000 * np.diff(mutes) / np.diff(sent)
    read = opens / sent
    return (*(rate[1:] / rate[:-1]), *(slope[1:] / slope[:-1]), *(read[1:] / read[:-1]))


def _steps(text: str, low: float, high: float, skip: int = 0) -> tuple[Claim, ...]:
    pairs = [f"{a:g} to {b:g} a week" for a, b in zip(CADENCES[skip:-1], CADENCES[skip + 1 :], strict=True)]
    return tuple(Claim(f"{text}, {pair}", low, high) for pair in pairs)


L12 = Law(
    id="L12",
    title="More pushes: opens fall, opt-outs rise faster than the pushes",
    figure="direction; 17,500 users, 7 weeks",
    source="Wohllebe 2021",
    status="read",
    how="Eight weeks of the plain programme at 1, 2.5, 5 and 9 touches a week on rested members. Beyond about 10 a "
        "week those who are left are the tolerant ones, and the law is not claimed.",
    claims=(
        *_steps("mutes per 1,000 sends, ratio", 1.0, inf),
        Claim("mutes per 1,000 further sends (convexity), 2.5-5 over 1-2.5", 1.0, inf),
        Claim("mutes per 1,000 further sends (convexity), 5-9 over 2.5-5", 1.0, inf),
        *_steps("opens per send, ratio", 0.0, 1.0),
    ),
    arms=_l12_arms,
    read=_l12,
    figures=_l12_figures,
    applies=has_members,
)  # fmt: skip


# Horizon -----------------------------------------------------------------------------------------

GRID = (1.5, 3.0, 4.5, 6.0, 9.0)


def _l13_arms(scenario: Scenario) -> Mapping[str, Arm]:
    whole = usual(scenario, YEAR)
    return {f"{c:g}": Arm(usual(scenario, YEAR, c), None if c == USUAL else whole) for c in GRID}


def _l13(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        for days in (WEEKS_8, YEAR):
            costs = sum(world.total(c, 1, days) for c in ("touch_fen", "complaint_fen", "subsidy_fen"))
            found[f"{days} {arm}"] = (world.total("margin_fen", 1, days) - costs) / 100.0
    return found


def best(x: Sequence[float], y: Sequence[float]) -> float:
    """Where a curve is highest, between the points, by a parabola in log x; an end of the grid if it is there."""
    k = int(np.argmax(y))
    if k in (0, len(x) - 1):
        return float(x[k])
    (a, b, c), (p, q, r) = np.log(x[k - 1 : k + 2]), y[k - 1 : k + 2]
    top = (b - a) * (q - r) + (b - c) * (p - q)
    shift = 0.5 * ((b - a) ** 2 * (q - r) - (b - c) ** 2 * (q - p)) / top
    return float(np.exp(b - shift))


def _l13_figures(t: Reading) -> Sequence[float]:
    short, long = (best(GRID, [float(t[f"{days} {c:g}"]) for c in GRID]) for days in (WEEKS_8, YEAR))
    gain = [t[f"{d} 6"] - t[f"{d} 3"] for d in (WEEKS_8, YEAR)]
    return (long / short, gain[1] / t[f"{YEAR} 3"] - gain[0] / t[f"{WEEKS_8} 3"])


L13 = Law(
    id="L13",
    title="The long run differs from the short run",
    figure="fewer notifications: usage down first, up after a year",
    source="Meta 2022",
    status="read",
    how="Realised net contribution of the plain programme at 1.5 to 9 touches a week, after 8 and after 52 weeks. "
        "Realised, since a value left at the horizon that knows about reach already corrects the short one.",
    claims=(
        Claim("best cadence over 52 weeks, relative to that over 8 weeks", 0.0, 0.95),
        Claim("gain of 6 a week over 3: after 52 weeks less after 8 weeks", -inf, 0.0, "share"),
    ),
    arms=_l13_arms,
    read=_l13,
    figures=_l13_figures,
    applies=has_members,
)  # fmt: skip


# Levels ------------------------------------------------------------------------------------------


def today(scenario: Scenario) -> Scenario:
    """The scenario's own programme over a year."""
    return plain(scenario).model_copy(update={"horizon": YEAR})


def _l14(seen: Mapping[str, Seen]) -> Reading:
    world = seen["today"]
    return {
        "opens": float(world.total("opens")),
        "sent": float(world.total("value_sent") + world.total("promo_sent")),
        "reachable": float(world.total("reachable")),
        "members": float(world.total("members")),
    }


L14 = Law(
    id="L14",
    title="Levels of opens and opt-in",
    figure="retail push opens 2.5-9 %, opt-in 33-59 %",
    source="Airship, Accengage, Appboy",
    status="read",
    how="A year of the scenario's own programme: opens per delivered touch, and the share of members who can be "
        "reached, averaged over the days.",
    claims=(
        Claim("opens per delivered touch", 0.01, 0.10, "share", "2.5-9 %"),
        Claim("members who can be reached", 0.25, 0.70, "share", "33-59 %"),
    ),
    arms=lambda scenario: {"today": Arm(today(scenario))},
    read=_l14,
    figures=lambda t: (t["opens"] / t["sent"], t["reachable"] / t["members"]),
    applies=lambda scenario: sends(scenario),
)  # fmt: skip


# One message -------------------------------------------------------------------------------------

AFTER = 42
PULSE_DEPTH, PULSE_VALID = 0.20, 14


def pulse_arms(scenario: Scenario) -> Mapping[str, Arm]:
    """Rested members who get nothing, one promotion on day 1, or one that carries a coupon."""
    base = lab(scenario, QUIET, AFTER)
    arms = {"none": Arm(base, days=(0,), watch=(Orders,))}
    for name, depth in (("advert", None), ("coupon", PULSE_DEPTH)):
        once = lab(scenario, programme(7.0, depth=depth, valid=PULSE_VALID, mix=ONLY_PROMO), AFTER)
        after = lab(scenario, programme(depth=depth, valid=PULSE_VALID), AFTER)
        arms[name] = Arm(once, phases=((2, after),), days=(0,), watch=(Orders,))
    return arms


def reached(world: Seen) -> NDArray[np.bool_]:
    """(N,) members on the eve who can be reached."""
    eve = world.at[0]
    return members_at(eve) & (eve["muted"] == 0)


def _pulse(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        day, user, _ = orders_of(world)
        day = day[reached(world)[user]]
        for name, first, last in (
            ("week 1", 1, 7),
            ("valid", 1, PULSE_VALID),
            ("all", 1, AFTER),
            ("end", 29, AFTER),
        ):
            found[f"{arm} {name}"] = float(((day >= first) & (day <= last)).sum())
    return found


def _lift(t: Reading, arm: str, part: str) -> float:
    return t[f"{arm} {part}"] - t[f"none {part}"]


L15 = Law(
    id="L15",
    title="One message has a small effect, and it is real",
    figure="two weeks after an e-mail: conversion .573 to .884 / 1.253 %, revenue a head .65 to 1.08 / 1.42",
    source="Hillstrom 2008, 64,000 randomised",
    status="read",
    how="Rested members get one promotion without a coupon, or nothing; orders of those who can be reached, in two "
    "weeks.",
    claims=(Claim("orders in two weeks, relative", 0.20, 1.20, "share", "+54 % / +119 %"),),
    arms=pulse_arms,
    read=_pulse,
    figures=lambda t: (_lift(t, "advert", "valid") / t["none valid"],),
    applies=has_members,
    note="The published e-mails matched what people had bought, or did not; here nothing is known about interests.",
)

L16 = Law(
    id="L16",
    title="Offers work as adverts",
    figure="+37 % spend while valid, about .1 % redeemed, gone in about 4 weeks",
    source="Sahni, Zou & Chintagunta 2017, 70 randomised trials",
    status="2nd",
    how="Rested members get one promotion with a 20 % coupon, the same promotion without it, or nothing; orders of "
        "those who can be reached over six weeks.",
    claims=(
        Claim("lift of orders in the two weeks in which the coupon is valid", 0.10, 0.80, "share", "+37 %"),
        Claim("part of the lift that stays without any coupon", 0.30, 1.0, "share", "nearly all"),
        Claim("lift that is left after 4 weeks, relative to the first week's", -inf, 0.20, "share", "gone"),
    ),
    arms=pulse_arms,
    read=_pulse,
    figures=lambda t: (
        _lift(t, "coupon", "valid") / t["none valid"],
        _lift(t, "advert", "all") / _lift(t, "coupon", "all"),
        (_lift(t, "coupon", "end") / t["none end"]) / (_lift(t, "coupon", "week 1") / t["none week 1"]),
    ),
    applies=has_members,
    note="That lapsed customers respond more is published, too, and not claimed here: exposure lifts everybody's order "
         "rate by the same factor.",
)  # fmt: skip

L17 = Law(
    id="L17",
    title="Carry-over doubles the short-run effect",
    figure="elasticity .12 short, .24 long",
    source="Sethuraman et al. 2011",
    status="read",
    how="One promotion without a coupon on rested members: further orders in six weeks over those in the first.",
    claims=(Claim("whole effect over the first week's", 1.5, 3.0, "x", "2.0"),),
    arms=pulse_arms,
    read=_pulse,
    figures=lambda t: (_lift(t, "advert", "all") / _lift(t, "advert", "week 1"),),
    applies=has_members,
)


# Who should not be touched -----------------------------------------------------------------------

MONTH = 30
BLAST = 3.0


def _l18_arms(scenario: Scenario) -> Mapping[str, Arm]:
    rest = lab(scenario, QUIET, MONTH)
    contact = lab(scenario, programme(0.0, idle=BLAST), MONTH)
    targeted = lab(scenario, programme(USUAL, 0.5, DEPTH), YEAR, LAB_WARMUP)
    blast = lab(scenario, programme(USUAL, USUAL, DEPTH), YEAR, LAB_WARMUP)
    return {
        "rest": Arm(rest, days=(0,)),
        "contact": Arm(contact, days=(0,)),
        "targeted": Arm(targeted),
        "blast": Arm(blast, targeted),
    }


def _l18(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {arm: seen[arm].outcomes["customer_equity"] for arm in ("targeted", "blast")}
    for arm in ("rest", "contact"):
        world = seen[arm]
        eve = world.at[0]
        at_risk = reached(world) & (eve["last_seen"] < -IDLE)
        left = at_risk & (world.users["status"] == 2)
        dogs = eve["dog"] == 1
        found[f"left {arm}"] = float(left.sum())
        found[f"dogs left {arm}"] = float((left & dogs).sum())
        found["at risk"], found["dogs"] = float(at_risk.sum()), float((at_risk & dogs).sum())
    return found


def _l18_figures(t: Reading) -> Sequence[float]:
    others = (t["left contact"] - t["dogs left contact"]) - (t["left rest"] - t["dogs left rest"])
    dogs = (t["dogs left contact"] - t["dogs left rest"]) / t["dogs"]
    return (
        t["left contact"] / t["left rest"],
        dogs - others / (t["at risk"] - t["dogs"]),
        t["blast"] / t["targeted"] - 1,
    )


L18 = Law(
    id="L18",
    title="Sleeping dogs",
    figure="contact raised churn from 6 to 10 %",
    source="Ascarza et al. 2016 (randomised)",
    status="read",
    how="Members silent for more than 45 days get three touches a week for 30 days, or nothing; and a year with the "
        "silent touched half a time a week against three times a week like everybody else.",
    claims=(
        Claim("leaving within 30 days, contacted over not contacted", 1.1, 2.5, "x", "1.7"),
        Claim("harm of contact to the most sensitive less that to the others", 0.0, inf, "share"),
        Claim("customer equity of touching all alike, relative to targeting", -inf, 0.0, "share"),
    ),
    arms=_l18_arms,
    read=_l18,
    figures=_l18_figures,
    applies=has_members,
)  # fmt: skip


# Quota -------------------------------------------------------------------------------------------

QUOTA, EXECUTION = 4, 0.8


class Quota:
    """Members above the quota of the calendar month, on any evening."""

    def __init__(self, market: Market) -> None:
        self.market, self.above = market, 0

    def evening(self) -> None:
        """Count them."""
        if self.market.day > 0:
            self.above += int((self.market.users["sent_month"] > QUOTA).sum())

    def close(self) -> None:
        """Let the market go."""
        del self.market


def _l19_arms(scenario: Scenario) -> Mapping[str, Arm]:
    levers = programme(7.0)
    caps = levers.caps.model_copy(update={"quota_per_month": QUOTA, "execution": EXECUTION})
    return {"quota": Arm(lab(scenario, levers.model_copy(update={"caps": caps}), 62), watch=(Quota,))}


def _l19(seen: Mapping[str, Seen]) -> Reading:
    world = seen["quota"]
    sent = float(world.total("value_sent") + world.total("promo_sent"))
    return {"above": float(world.watched[Quota].above), "sent": sent, "unsent": float(world.total("unsent"))}


L19 = Law(
    id="L19",
    title="Platform quota (WeCom)",
    figure="4 mass messages per customer a month, each confirmed by staff",
    source="SDK documentation",
    status="read",
    how="A touch a day planned under a quota of 4 a month, of which staff send 80 %.",
    claims=(
        Claim("members above the quota", 0, 0, "number"),
        Claim("delivered over planned within the quota", 0.78, 0.82, "share", "80 % set"),
    ),
    arms=_l19_arms,
    read=_l19,
    figures=lambda t: (t["above"], t["sent"] / (t["sent"] + t["unsent"])),
    applies=has_members,
)

MESSAGES = (L10, L12, L13, L14, L15, L16, L17, L18, L19)
