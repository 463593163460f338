"""A bad day, and how fast the brand answers."""

from __future__ import annotations

from collections.abc import Mapping

from patterns_frame import Band, Direction, Number, Pattern, by_arm, more, ratio
from patterns_worlds import arm, happened, on_eve, scene

from simlab.lab.laws.worlds import Arm, Seen
from simlab.scenario import Scenario
from simlab.world.records import Event

HOURS = (1, 6, 24, 48)


def leak(delay: float, statement: str, paid: str) -> Scenario:
    """A crisis on day 11, which somebody notices within the hour, and an answer after so many hours."""
    response = {"delay": f"{delay} hours", "statement": statement, "compensation": paid, "isolation": "0%",
                "cost": "0 yuan"}  # fmt: skip
    values = {f"levers.response.{name}": value for name, value in response.items()}
    values |= {"crises.leak.date": "2026-01-11", "levers.monitoring.cost": "0 yuan"}
    return scene("default", ("crisis", "crisis-response", "opinion-monitoring"), values, days=60)


def crisis_arms() -> Mapping[str, Arm]:
    """No crisis; one that is left alone; statements and compensations after so many hours."""
    worlds = {"quiet": scene(days=60), "alone": leak(2, "0%", "0 yuan"), "statement": leak(2, "100%", "0 yuan"),
              "paid": leak(2, "100%", "20 yuan")}  # fmt: skip
    worlds |= {f"h{hours}": leak(hours, "100%", "20 yuan") for hours in HOURS}
    return {name: arm(world, worlds["quiet"], days=(0,), log=True) for name, world in worlds.items()}


def angry(world: Seen) -> float:
    """Members of the eve who ever were angry."""
    users = happened(world, Event.ANGER)[:, 1]
    return float(len(set(users[on_eve(world)[users]].tolist())))


def outrage(seen: Mapping[str, Seen]) -> dict[str, float]:
    """The angry; revenue."""
    return by_arm(seen, angry=angry, revenue=lambda w: w.total("revenue_fen") / 100.0,
                  members=lambda w: on_eve(w).sum())  # fmt: skip


def an_hour(first: int, last: int) -> Number:
    """Members per hour by whom the angry grow between two delays."""
    return lambda r: (r[f"h{last} angry"] - r[f"h{first} angry"]) / (last - first)


def share_angry(name: str) -> Number:
    """Of all members."""
    return ratio(f"{name} angry", f"{name} members")


P24 = Pattern(
    24, "Crisis and the first day", "at most 5 % or 3 % affected with a fast response; 24 hours",
    "60 days; on day 11 one member in a hundred is angry; the brand, which notices within the hour, is silent, makes "
    "a statement after 2 hours, or pays 20 yuan to each as well, after 1, 2, 6, 24 or 48 hours",
    crisis_arms, outrage,
    (
        Direction("ever angry: silence less a statement", more("alone angry", "statement angry")),
        Direction("a statement less one with compensation", more("statement angry", "paid angry")),
        Direction("revenue: with a fast response less with silence", more("paid revenue", "alone revenue")),
        Direction("further angry per hour of delay: after 24 hours less before",
                  lambda r: an_hour(24, 48)(r) - an_hour(1, 24)(r)),
    ),
    (
        Band("ever angry, silence", share_angry("alone"), low=0.15),
        Band("ever angry, statement after 2 hours", share_angry("statement"), 0.0, 0.05),
        Band("ever angry, statement and compensation", share_angry("paid"), 0.0, 0.03),
        Band("revenue, silence over no crisis", ratio("alone revenue", "quiet revenue")),
    ),
)  # fmt: skip

CRISIS = (P24,)
