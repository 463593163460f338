"""Paths inside a scenario: `uncertainties` and `warmup.levers` name numbers of the scenario itself."""

from __future__ import annotations

from typing import Any

from simlab.scenario.errors import Fault, InputError, Problem
from simlab.scenario.paths import get_value, is_number, numbers, spec_at, split
from simlab.scenario.problems import locate, problem_at
from simlab.scenario.schema import Scenario
from simlab.scenario.values import with_values
from simlab.scenario.yaml_lines import Node


def read_units(tree: Node) -> tuple[Node, list[Problem]]:
    """`tree` with texts ("4 days") in ranges and warm-up levers read in the unit of the field they name."""
    wrong: list[Problem] = []
    for section in (("uncertainties",), ("warmup", "levers")):
        entries, _ = locate(tree, section)
        if entries is None or not isinstance(entries.value, dict):
            continue
        for name, node in entries.value.items():
            try:
                spec = spec_at(split(name))
            except Fault:
                continue  # not a path: `check_paths` says so
            for below, end in _ends(node):
                path: tuple[str | int, ...] = (*section, name, *below)
                if spec is None or spec.kind is None or not isinstance(end.value, str):
                    continue
                try:
                    value = spec.kind.parse(end.value)
                except Fault as fault:
                    wrong.append(problem_at(fault, tree, path))
                    continue
                tree = _replace(tree, path, Node(value, end.mark, end.text))
    return tree, wrong


def check_uncertainties(scenario: Scenario, tree: Node) -> list[Problem]:
    """Problems of `uncertainties` in a scenario that is valid otherwise.

    Each path must name a number of the resolved scenario, and both ends must give a valid scenario.
    """
    wrong: list[Problem] = []
    for path, span in scenario.uncertainties.items():
        where = ("uncertainties", path)
        fault = _not_a_number(scenario, path)
        if fault is not None:
            wrong.append(problem_at(fault, tree, where))
            continue
        for end, value in (("low", span.low), ("high", span.high)):
            wrong += _unusable(scenario, {path: value}, tree, (*where, end))
    return wrong


def check_warmup(scenario: Scenario, tree: Node) -> tuple[dict[str, float], list[Problem]]:
    """The warm-up levers of a scenario that is valid otherwise, as their fields hold them, and the problems.

    Each path must name a number under `levers`, and all together must give a valid scenario.
    """
    wrong: list[Problem] = []
    levers: dict[str, float] = {}
    for path, value in scenario.warmup.levers.items():
        where = ("warmup", "levers", path)
        fault = _not_a_number(scenario, path)
        if fault is None and split(path)[0] != "levers":
            fault = Fault(
                "only levers can differ before the valuation date", "Name a path that begins with 'levers.'."
            )
        if fault is None and not is_number(value):
            spec = spec_at(split(path))
            example = (
                f", for example {spec.kind.example}" if spec is not None and spec.kind is not None else ""
            )
            fault = Fault(
                "expected a number", f"Write the value that held before the valuation date{example}."
            )
        if fault is not None:
            wrong.append(problem_at(fault, tree, where))
        elif unusable := _unusable(scenario, {path: value}, tree, where):
            wrong += unusable
        else:
            levers[path] = get_value(with_values(scenario, {path: value}), path)
    return levers, wrong or _unusable(scenario, levers, tree, ("warmup", "levers"))


def _not_a_number(scenario: Scenario, path: str) -> Fault | None:
    try:
        value = get_value(scenario, path)
    except Fault as fault:
        return fault
    if is_number(value):
        return None
    if value is None:
        return Fault(
            f"'{path}' is not set in this scenario", "Give it a value first; only a number can vary."
        )
    below = [known for known in numbers(scenario) if known.startswith(f"{path}.")]
    listed = f"Numbers below it: {', '.join(below[:8])}." if below else "Only numbers can vary."
    return Fault(f"'{path}' is not a number", listed)


def _unusable(
    scenario: Scenario, values: dict[str, float], tree: Node, where: tuple[str | int, ...]
) -> list[Problem]:
    """The problem of a scenario with these values, at the place where they stand; [] if it is valid."""
    try:
        with_values(scenario, values)
    except InputError as error:
        first = error.problems[0]
        return [problem_at(Fault(f"this value cannot be used: {first.message}", first.cure), tree, where)]
    return []


def _ends(node: Node) -> list[tuple[tuple[str | int, ...], Node]]:
    if isinstance(node.value, list):
        return [((index,), end) for index, end in enumerate(node.value)]
    if isinstance(node.value, dict):
        return [((key,), node.value[key]) for key in ("low", "high") if key in node.value]
    return [((), node)]


def _replace(tree: Node, path: tuple[str | int, ...], value: Node) -> Node:
    """`tree` with `value` in place of what stands at `path`."""
    if not path:
        return value
    part = path[0]
    below: Any = dict(tree.value) if isinstance(tree.value, dict) else list(tree.value)
    below[part] = _replace(below[part], path[1:], value)
    return Node(below, tree.mark, tree.text, tree.keys)
