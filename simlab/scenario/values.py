"""Checking a scenario, and setting values at dotted paths of one that is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from simlab.scenario.errors import Fault, InputError, Problem
from simlab.scenario.layers import assign
from simlab.scenario.names import printable
from simlab.scenario.paths import Spec, spec_at, split
from simlab.scenario.problems import problems_of
from simlab.scenario.schema import Scenario
from simlab.scenario.yaml_lines import Mark, Node, node_of


class HasScenario(Protocol):
    """Something that holds a resolved scenario, such as what `load` returns."""

    @property
    def scenario(self) -> Scenario: ...


def validate(tree: Node) -> Scenario:
    """The scenario that `tree` says, by the schema alone.

    Raises:
        InputError: every finding, at the place where the value was written.
    """
    try:
        return Scenario.model_validate(tree.plain)
    except ValidationError as error:
        raise InputError(*problems_of(error, tree)) from None


def with_values(
    scenario: Scenario | HasScenario, values: Mapping[str, Any], *, to_grain: bool = False
) -> Scenario:
    """A scenario with other values at dotted paths, checked by the schema again.

    Args:
        scenario: a resolved scenario, or what `load` returned.
        values: value by path; numbers, or texts with units.
        to_grain: round numbers to what the field can hold (whole days, whole fen), as sampling needs.

    Raises:
        InputError: a path that does not exist, or a value that its field does not allow.
    """
    nodes = {}
    for path, value in values.items():
        given = value.item() if hasattr(value, "item") else value  # a NumPy scalar, without importing NumPy
        mark = Mark(printable(f"{path}={given}", 100))
        try:
            nodes[path] = node_of(_to_grain(given, spec_at(split(path))) if to_grain else given, mark)
        except Fault as fault:
            raise InputError(Problem(mark.file, fault.message, fault.cure)) from None
    return with_nodes(scenario if isinstance(scenario, Scenario) else scenario.scenario, nodes)


def with_nodes(scenario: Scenario, nodes: Mapping[str, Node]) -> Scenario:
    """`with_values` for values that know where they were written, so that a problem names that place.

    Raises:
        InputError: a path that does not exist, or a value that its field does not allow.
    """
    tree = node_of(scenario.model_dump(mode="json"), Mark("(scenario)"))
    for path, node in nodes.items():
        try:
            tree = assign(tree, split(path), node)
        except Fault as fault:
            raise InputError(Problem(node.mark.file, fault.message, fault.cure, node.mark.line)) from None
    return validate(tree)


def _to_grain(value: Any, spec: Spec | None) -> Any:
    if spec is None or not isinstance(value, int | float):
        return value
    if spec.type is int:
        return round(value)
    grain = spec.kind.grain if spec.kind is not None else None
    return round(value / grain) * grain if grain else value
