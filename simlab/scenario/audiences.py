"""Audiences that go by places in a table: every name must be there, and no table may look at another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from simlab.scenario.errors import Fault, unknown
from simlab.scenario.stages import Condition

if TYPE_CHECKING:
    from simlab.scenario.schema import Scenario

UNKNOWN_TAG = "none"
TAGGED = "tagged"
RESERVED_SCHEMES = ("stage", "tag")


def places_of(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Names of the places in each table that an audience can go by, in their order."""
    tables = {"stage": tuple(stage.name for stage in scenario.stages)}
    tables["tag"] = (UNKNOWN_TAG, *scenario.population.topics)
    return tables | {
        name: tuple(place.name for place in scheme.places) for name, scheme in scenario.schemes.items()
    }


def check_audiences(scenario: Scenario) -> None:
    """Check what needs the whole scenario: places in audiences, topics of touches.

    Raises:
        Fault: a table, place or topic that is not there, or a table that looks at another.
    """
    for name in RESERVED_SCHEMES:
        if name in scenario.schemes:
            raise Fault(
                f"the name '{name}' is taken", "Choose another name for this scheme.", ("schemes", name)
            )
    for topic in (UNKNOWN_TAG, TAGGED):
        if topic in scenario.population.topics:
            raise Fault(
                f"the name '{topic}' is taken", "Choose another name.", ("population", "topics", topic)
            )
    places = places_of(scenario)
    for part in ("stages", "schemes"):
        for where, condition in _conditions(getattr(scenario, part), (part,)):
            if condition.op == "in":
                raise Fault(
                    "a table of places cannot look at another",
                    "Use observables here (orders, spend ...); rules may go by places.",
                    where,
                )
    for where, condition in _conditions(scenario.levers, ("levers",)):
        if condition.op != "in":
            continue
        if condition.table not in places:
            raise unknown("scheme", condition.table, places, where)
        for name in condition.names:
            if name not in places[condition.table]:
                raise unknown("place", name, places[condition.table], where)
    for name, touch in scenario.levers.touches.items():
        if (
            touch.topic is not None
            and touch.topic != TAGGED
            and touch.topic not in scenario.population.topics
        ):
            raise unknown(
                "topic", touch.topic, scenario.population.topics, ("levers", "touches", name, "topic")
            )
    for name, group in scenario.levers.groups.items():
        if group.about is not None and group.about not in scenario.population.topics:
            raise unknown(
                "topic", group.about, scenario.population.topics, ("levers", "groups", name, "about")
            )


def _conditions(
    value: Any, where: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """Every condition below `value`, with the path of the audience that holds it."""
    if isinstance(value, Condition):
        yield (*where[:-1], value.observable), value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _conditions(getattr(value, name), (*where, name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _conditions(item, (*where, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _conditions(item, (*where, index))
