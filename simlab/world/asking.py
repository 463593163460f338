"""What a strategy asks people, from the day on which it begins: consent, and what is to be known of them.

People are born under what held before (`simlab.lab.past`), so that no strategy is credited with what it would have
asked before it existed. When another one begins, those who have not joined answer it as if it had always been there,
by the same keyed draws, and the operator learns of members what it did not know yet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.graph import Graph
from simlab.world.people import Base, born
from simlab.world.records import MEMBER, PROSPECT

ASKED = ("consent", "tagging")
"""Levers that are questions to people."""
ANSWERS = ("closed", "muted", "trust", "tag")
"""Fields that hold what those answered who have not joined; nothing else has moved these fields of theirs."""


def asks_alike(one: Scenario, other: Scenario) -> bool:
    """Whether two strategies ask people the same."""
    return all(getattr(one.levers, part) == getattr(other.levers, part) for part in ASKED)


def asking_as(scenario: Scenario, before: Scenario) -> Scenario:
    """The scenario with the questions of the one before it: under which people are born."""
    if asks_alike(scenario, before):
        return scenario
    asked = {part: getattr(before.levers, part) for part in ASKED}
    return scenario.model_copy(update={"levers": scenario.levers.model_copy(update=asked)})


def ask_anew(
    users: NDArray[np.void], scenario: Scenario, graph: Graph, seed: int, base: Base | None, day: int
) -> None:
    """Everybody answers a strategy that begins today, and asks other questions than the one before."""
    answers = born(scenario, graph, seed, base).users
    waiting = users["status"] == PROSPECT
    for name in ANSWERS:
        users[name][waiting] = answers[name][waiting]
    unknown = (users["status"] == MEMBER) & (users["tag"] == 0)
    users["tag"][unknown] = answers["tag"][unknown]
    users["stage_until"][unknown] = day  # a stage may look at tags
