"""What to write, and what to do together: knowledge, live hours, challenges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from patterns_frame import Band, Direction, Number, Pattern, more, ratio
from patterns_worlds import arm, days_since, newborn, scene

from simlab.lab.laws.worlds import FREE, Arm, Seen
from simlab.scenario import Scenario
from simlab.scenario.strategy import Cadence
from simlab.world.records import Event

# 11 ----------------------------------------------------------------------------------------------


def mixed(scenario: Scenario, per_week: float, promo: float, value: float) -> Scenario:
    """Every stage gets the same rhythm."""
    cadence = Cadence(per_week=per_week, mix={"promo": promo, "value": value})
    push = {stage.name: cadence for stage in scenario.stages}
    levers = scenario.levers.model_copy(update={"push": push, "caps": FREE})
    return scenario.model_copy(update={"levers": levers})


def content_arms() -> Mapping[str, Arm]:
    people = scene("education", ("content-match",), days=14)
    promo, before, both = (
        mixed(people, 6.0, 1.0, 0.0),
        mixed(people, 3.0, 1.0, 2.0),
        mixed(people, 6.0, 1.0, 2.0),
    )
    return {"test": arm(promo, before, split=both, log=True, days=(0,))}


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


def per_message(what: str) -> tuple[Number, Number]:
    """A rate per message, of both and of promotions only."""
    return ratio(f"both {what}", "both sent"), ratio(f"promo {what}", "promo sent")


def against(numbers: tuple[Number, Number]) -> tuple[Number, Number]:
    """Difference and ratio of two numbers."""
    one, other = numbers
    return lambda r: one(r) - other(r), lambda t: one(t) / other(t)


OPENS, ANSWERS = against(per_message("opens")), against(per_message("answers"))

P11 = Pattern(
    11, "Promotions only against knowledge and promotions", "opens +58 %; interaction 2.3 times",
    "education, 14 days, users split in one world: six promotions a week, or two and four useful messages on what each "
    "member is believed to care for",
    content_arms, content,
    (
        Direction("opens per message: mixed less promotions", OPENS[0]),
        Direction("answers per message: mixed less promotions", ANSWERS[0]),
    ),
    (
        Band("opens per message, ratio", OPENS[1], 1.35, 1.80),
        Band("answers per message, ratio", ANSWERS[1], 1.8, 3.3),
    ),
    "Useful messages tire less, and match more often; promotions have no subject here.",
)  # fmt: skip

# 16 ----------------------------------------------------------------------------------------------

WEEKS = tuple(range(37, 91, 7))


def ladder_arms() -> Mapping[str, Arm]:
    worlds = {
        "base": scene("sports", days=90),
        "live": scene("sports", ("expert-live",), days=90),
        # the brand has the challenge in its file, switched off
        "challenge": scene("sports", (), {"levers.rules.check_in.share": "100%"}, days=90),
    }
    return {name: Arm(newborn(world), days=WEEKS) for name, world in worlds.items()}


def weekly(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Mean share of members seen within a week."""
    return {
        name: float(np.mean([(days_since(users, "last_seen", day)[users["status"] == 1] < 7).mean()
                             for day, users in world.at.items()]))
        for name, world in seen.items()
    }  # fmt: skip


P16 = Pattern(
    16, "Weekly activity ladder", "base about 38 %; +20 points by Q&A; 68 % by a challenge",
    "sports, newcomers, days 30 to 90: default, a weekly live Q&A, a check-in challenge",
    ladder_arms, weekly,
    (
        Direction("active in a week: live less base", more("live", "base")),
        Direction("challenge less live", more("challenge", "live")),
    ),
    (
        Band("active in a week, base", ratio("base"), 0.30, 0.45),
        Band("gain of live", more("live", "base"), 0.12, 0.28),
        Band("active in a week, challenge", ratio("challenge"), 0.58, 0.78),
    ),
    "The challenge is claimed of new users, so that all are new here (which changes little). A live hour is one "
    "message a week, and calls many who would have come anyway; the claimed figures count check-ins of those who took "
    "part.",
    changed="newcomers instead of today's members",
)  # fmt: skip

CONTENT = (P11, P16)
