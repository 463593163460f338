"""One past for all arms: before the valuation date everybody lives under the current strategy.

Arms that differ in levers only start day 1 with the same people in the same state. Otherwise a
comparison would credit a strategy with what it would have done before it existed.
"""

from __future__ import annotations

from typing import Any

from simlab.scenario import Scenario, with_values
from simlab.scenario.programme import WordOfMouth
from simlab.scenario.sources import BrandBuilding
from simlab.scenario.strategy import Levers

SHARED = ("population", "graph", "stages", "behaviour", "economics", "calendar", "start", "warmup")
"""Parts in which two scenarios must agree to have one past."""


def same_people(a: Scenario, b: Scenario) -> bool:
    """Whether two scenarios differ in their strategy alone, so that a seed gives both the same people."""
    return all(getattr(a, part) == getattr(b, part) for part in SHARED)


def with_past(arm: Scenario, current: Scenario) -> tuple[Scenario, Scenario | None]:
    """An arm, and the scenario whose levers hold until day 0 (None: the arm's own).

    Both come back with the same names of touches, offers, sources and so on, as a world counts by name; what one
    of them lacks is there without being used.
    """
    if not arm.warmup.days or not same_people(arm, current):
        return arm, before_of(arm)
    before = before_of(current) or current
    if arm.levers == before.levers:
        return arm, None
    return _named_like(arm, before), _named_like(before, arm)


def before_of(scenario: Scenario) -> Scenario | None:
    """The scenario of the warm-up, where its levers differ."""
    return with_values(scenario, scenario.warmup.levers) if scenario.warmup.levers else None


NEVER = 30_000
"""A day that no run reaches."""
AT_REST: dict[str, dict[str, Any]] = {
    "touches": {}, "offers": {"share": 0.0}, "sources": {"exposures": 0.0},
    "programmes": {"reward": 0.0, "invitee_reward": 0.0, "perk": 0.0, "quota": 0}, "teams": {"first": NEVER},
    "shares": {"ease": 0.0, "reward": 0.0}, "seeding": {"people": 0}, "plans": {"share": 0.0},
    "launches": {"reach": 0.0, "cost": 0.0},
}  # fmt: skip
"""Levers that a world counts by name, and what each is made where it is there without being used."""


def _named_like(scenario: Scenario, other: Scenario) -> Scenario:
    """`scenario` with the names of `other` added, at rest: touches in no mix, offers for nobody, and so on.

    A price that a plan opens stays what it is: it is for those who hold the plan, and nobody buys one at rest.
    """
    mine, theirs = scenario.levers, other.levers
    opened = {plan.offer for plan in theirs.plans.values()}
    more: dict[str, Any] = {}
    for part, at_rest in AT_REST.items():
        own, foreign = getattr(mine, part), getattr(theirs, part)
        lacking = {
            name: spec if part == "offers" and name in opened else spec.model_copy(update=at_rest)
            for name, spec in foreign.items() if name not in own
        }  # fmt: skip
        if lacking:
            merged = {**own, **lacking}
            more[part] = {name: merged[name] for name in sorted(merged)}
    if not more:
        return scenario
    levers: Levers = mine.model_copy(update=more)
    return scenario.model_copy(update={"levers": levers})


def nothing(scenario: Scenario) -> Scenario:
    """The do-nothing arm: no touches, no referral programme, no sources; names stay, so that worlds align."""
    levers = scenario.levers
    off: dict[str, Any] = {
        "push": {
            stage: cadence.model_copy(update={"per_week": 0.0}) for stage, cadence in levers.push.items()
        },
        "rules": {},
        "referral": None, "programmes": {}, "teams": {}, "shares": {}, "seeding": {},
        "word_of_mouth": WordOfMouth(), "testimonials": None, "response": None, "monitoring": None,
        "sources": {name: s.model_copy(update={"exposures": 0.0}) for name, s in levers.sources.items()},
        "brand_building": BrandBuilding(), "prevention": {}, "phases": (), "alarms": {}, "loop": None,
    }  # fmt: skip
    return scenario.model_copy(update={"levers": levers.model_copy(update=off), "brand": None})
