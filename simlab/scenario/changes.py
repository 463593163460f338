"""Values by dotted path that phases and alarms give levers: checked where the file is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simlab.scenario.errors import Fault, InputError, Problem
from simlab.scenario.paths import get_value, is_number, numbers, spec_at, split
from simlab.scenario.problems import problem_at
from simlab.scenario.schema import Scenario
from simlab.scenario.values import with_values
from simlab.scenario.yaml_lines import Node

FIXED = ("phases", "alarms", "loop", "budget")
"""Levers that no phase or alarm changes: they would change themselves, or are shared out once for the whole run."""
SETTLED = {"offers": ("stock", "budget"), "referral": ("budget",), "programmes": ("budget",)}
"""Numbers of other levers that are settled before day 1 for the whole run."""


def is_settled(path: str) -> bool:
    """Whether a lever, by dotted path, holds for a whole run, whatever phases, alarms or a brand of one's own say."""
    _, lever, *_ = parts = (*split(path), "")
    return lever in FIXED or parts[-2] in SETTLED.get(lever, ())


def present(scenario: Scenario, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values whose path leads somewhere in this scenario (a test cell may lack a lever)."""
    found = {}
    for path, value in values.items():
        try:
            get_value(scenario, path)
        except Fault:
            continue
        found[path] = value
    return found


def change_places(scenario: Scenario) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Where phases, alarms and the loop give values, and which."""
    for index, phase in enumerate(scenario.levers.phases):
        yield ("levers", "phases", index, "change"), phase.change
    for name, alarm in scenario.levers.alarms.items():
        yield ("levers", "alarms", name, "change"), alarm.change
    for index, change in enumerate(scenario.levers.loop.tries if scenario.levers.loop is not None else ()):
        yield ("levers", "loop", "tries", index), change


def check_changes(scenario: Scenario, tree: Node) -> tuple[Scenario, list[Problem]]:
    """The scenario with the values of its phases and alarms as their fields hold them, and what is wrong with them.

    Each path must name a number under `levers`; each set of values must give a valid scenario, on top of the phases
    before it, and so must all alarms together in each phase.
    """
    wrong: list[Problem] = []
    read: dict[tuple[str | int, ...], dict[str, float]] = {}
    for where, change in change_places(scenario):
        read[where] = {}
        for path, value in change.items():
            fault = _fault(scenario, path, value)
            if fault is None:
                try:
                    read[where][path] = get_value(
                        with_values(scenario, {path: _as_number(path, value)}), path
                    )
                except InputError as error:
                    first = error.problems[0]
                    fault = Fault(f"this value cannot be used: {first.message}", first.cure)
                except Fault as unreadable:
                    fault = unreadable
            if fault is not None:
                wrong.append(problem_at(fault, tree, (*where, path)))
    if wrong:
        return scenario, wrong
    phases = tuple(
        phase.model_copy(update={"change": read["levers", "phases", index, "change"]})
        for index, phase in enumerate(scenario.levers.phases)
    )
    alarms = {
        name: alarm.model_copy(update={"change": read["levers", "alarms", name, "change"]})
        for name, alarm in scenario.levers.alarms.items()
    }
    loop = scenario.levers.loop
    if loop is not None:
        tries = tuple(read["levers", "loop", "tries", index] for index in range(len(loop.tries)))
        loop = loop.model_copy(update={"tries": tries})
    if phases or alarms or loop:
        levers = scenario.levers.model_copy(update={"phases": phases, "alarms": alarms, "loop": loop})
        scenario = scenario.model_copy(update={"levers": levers})
    return scenario, _together(scenario, tree)


def _together(scenario: Scenario, tree: Node) -> list[Problem]:
    """Phases one after the other, and in each of them every alarm, and every change to try, alone and all at once."""
    wrong: list[Problem] = []
    so_far: dict[str, float] = {}
    stages: list[tuple[tuple[str | int, ...], dict[str, float]]] = [(("levers", "alarms"), {})]
    for index, phase in enumerate(scenario.levers.phases):
        so_far = so_far | phase.change
        stages.append((("levers", "phases", index), so_far))
    alarms = scenario.levers.alarms
    for where, values in stages:
        everything = dict(values)
        sets = [(where, values)]
        for name, alarm in alarms.items():
            everything |= alarm.change
            sets.append((("levers", "alarms", name), values | alarm.change))
        for index, change in enumerate(
            scenario.levers.loop.tries if scenario.levers.loop is not None else ()
        ):
            everything |= change
            sets.append((("levers", "loop", "tries", index), values | change))
        sets.append((where, everything))
        for place, together in sets:
            try:
                with_values(scenario, together)
            except InputError as error:
                first = error.problems[0]
                fault = Fault(f"these values do not go together: {first.message}", first.cure)
                wrong.append(problem_at(fault, tree, place))
                return wrong
    return wrong


def _fault(scenario: Scenario, path: str, value: Any) -> Fault | None:
    """What is wrong with a path of a change; None if nothing is."""
    try:
        now = get_value(scenario, path)
    except Fault as fault:
        return fault
    if split(path)[0] != "levers":
        return Fault("only levers change by phases and alarms", "Name a path that begins with 'levers.'.")
    if is_settled(path):
        return Fault(
            "this is settled for the whole run",
            "Name another lever: cadence, caps, depths, shares, sources ...",
        )
    if not is_number(now):
        if now is None:
            return Fault(
                f"'{path}' is not set in this scenario", "Give it a value first; only a number can vary."
            )
        below = [known for known in numbers(scenario) if known.startswith(f"{path}.")]
        listed = f"Numbers below it: {', '.join(below[:8])}." if below else "Only numbers can vary."
        return Fault(f"'{path}' is not a number", listed)
    if not is_number(value) and not isinstance(value, str):
        return Fault("expected a number", "Write the value that holds from then on.")
    return None


def _as_number(path: str, value: Any) -> Any:
    """A value, or the text with a unit that stands for it, in the unit of its field.

    Raises:
        Fault: not a number of that kind.
    """
    spec = spec_at(split(path))
    if isinstance(value, str):
        if spec is None or spec.kind is None:
            raise Fault("expected a number", "Write the value that holds from then on.")
        return spec.kind.parse(value)
    return value
