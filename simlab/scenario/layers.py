"""Putting a scenario together from layers: base, includes, own keys, overrides.

Mappings merge deeply; lists and scalars replace; `null` is the value "none" where the schema allows
it. In a map of free names (segments, push, mix, touches, offers, sources, weekdays, uncertainties,
warmup.levers) the word `drop` removes the entry that came from below: `ads: drop`.

A mechanism adds to lists that say what happens or is looked at (events by their name, outcomes, constraints,
targets), so that two mechanisms go together.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean
from simlab.scenario.outcomes import Constraint
from simlab.scenario.paths import ROOT, Spec, item_names, position
from simlab.scenario.problems import known_keys
from simlab.scenario.schema import Range
from simlab.scenario.stages import Condition, parse_condition
from simlab.scenario.yaml_lines import DEFAULT, Mark, Node, node_of

DROP = "drop"
ADDED = ("calendar.events", "outcomes", "constraints", "targets")
"""Lists to which a mechanism adds."""


def merge(
    below: Node | None, top: Node, spec: Spec | None = ROOT, path: str = "", adds: bool = False
) -> Node:
    """`top` laid over `below`; both stay as they are.

    Args:
        adds: it is a mechanism, which adds to some lists.

    Raises:
        InputError: `drop` where there is nothing to drop.
    """
    if adds and path in ADDED and below is not None:
        return _added(below, top)
    if not isinstance(top.value, dict) or spec is None or not (spec.model or spec.is_map):
        return top
    entries = dict(below.value) if below is not None and isinstance(below.value, dict) else {}
    keys = dict(below.keys) if below is not None else {}
    for name, node in top.value.items():
        where = f"{path}.{name}" if path else name
        if spec.is_map and node.value == DROP:
            if name not in entries:
                raise InputError(_nothing_to_drop(node.mark, where, name, list(entries)))
            del entries[name], keys[name]
            continue
        entries[name] = merge(entries.get(name), node, spec.child(name), where, adds)
        keys[name] = top.keys[name]
    return Node(entries, top.mark, keys=keys)


def _added(below: Node, top: Node) -> Node:
    """The items of two lists: those of `top` in place of their namesakes, the others after what is there."""
    if not isinstance(below.value, list) or not isinstance(top.value, list):
        return top  # the check of the scenario says what is wrong with it
    items = {_called(item): item for item in below.value} | {_called(item): item for item in top.value}
    return Node(list(items.values()), top.mark)


def _called(item: Node) -> Any:
    """What an item of a list goes by: its name, or what it says as a whole."""
    name = item.value.get("name") if isinstance(item.value, dict) else None
    return repr(item.plain if name is None else name.plain)


def complete(node: Node, spec: Spec = ROOT) -> Node:
    """`node` with the default entries of maps that it leaves out, so that a layer above adds to them.

    Without it, `touches: {sms: ...}` over a base would mean one thing if the base spells out the
    default touches and another if it does not.
    """
    if not isinstance(node.value, dict):
        return node
    entries, keys = dict(node.value), dict(node.keys)
    names = list(spec.model.model_fields) if spec.model else list(entries)
    for name in names:
        below = spec.child(name)
        if below is None:
            continue
        if name in entries:
            if below.model or below.is_map:
                entries[name] = complete(entries[name], below)
        else:
            default = _default(below) if below.is_map else None
            if below.model and not below.nullable:
                default = complete(Node({}, DEFAULT), below)
            if default is not None and default.value:
                entries[name], keys[name] = default, DEFAULT
    return Node(entries, node.mark, keys=keys)


def assign(node: Node | None, parts: tuple[str, ...], value: Node, spec: Spec = ROOT, path: str = "") -> Node:
    """`node` with `value` set at `parts`; what the schema has by default there is filled in on the way.

    Raises:
        Fault: nothing can stand at that path; with the nearest that can.
    """
    part, rest = parts[0], parts[1:]
    where = f"{path}.{part}" if path else part
    if spec.is_list:
        return _assign_item(node, parts, value, spec, where)
    below = spec.child(part)
    if below is None:
        raise Fault(f"there is no '{where}'", known_keys(part, tuple(where.split(".")), ROOT))
    if spec.model is Range and node is not None and isinstance(node.value, list) and len(node.value) == 2:
        node = Node(dict(zip(("low", "high"), node.value, strict=True)), node.mark,
                    keys={"low": node.mark, "high": node.mark})  # fmt: skip
    entries = dict(node.value) if node is not None and isinstance(node.value, dict) else {}
    keys = dict(node.keys) if node is not None else {}
    mark = node.mark if node is not None else value.mark
    if not rest and spec.is_map and value.value == DROP:
        if part not in entries:
            problem = _nothing_to_drop(value.mark, where, part, list(entries))
            raise Fault(problem.message, problem.cure)
        del entries[part]
    elif not rest:
        entries[part] = value
    else:
        entries[part] = assign(entries.get(part) or _default(below), rest, value, below, where)
    keys[part] = keys.get(part, value.mark) if rest else value.mark
    return Node(entries, mark, keys=keys)


def _assign_item(node: Node | None, parts: tuple[str, ...], value: Node, spec: Spec, path: str) -> Node:
    """`assign` into a list, whose items are called by position or name."""
    part, rest = parts[0], parts[1:]
    below = spec.child(part)
    assert below is not None
    items = [] if node is None else _items(node, below)
    plain = [item.plain for item in items]
    at = position(plain, part)
    if at is None:
        known = item_names(plain) or [str(i) for i in range(min(len(plain), 10))]
        listed = f"Known: {', '.join(known)}." if known else "The list is empty: set it as a whole."
        raise Fault(f"there is no '{path}'", f"{did_you_mean(part, known)} {listed}".strip())
    if rest:
        items[at] = assign(items[at], rest, value, below, path)
    elif below.model is Condition and isinstance(value.value, str):
        items[at] = node_of(parse_condition(plain[at]["observable"], value.value).model_dump(), value.mark)
    else:
        items[at] = value
    return Node(items, node.mark if node is not None else value.mark)


def _items(node: Node, spec: Spec) -> list[Node]:
    """The items of a list; conditions and constraints written as texts are read, so that they have names."""
    try:
        if spec.model is Condition and isinstance(node.value, dict):
            return [node_of(parse_condition(name, text.plain).model_dump(), text.mark)
                    for name, text in node.value.items()]  # fmt: skip
        if spec.model is Constraint and isinstance(node.value, list):
            return [node_of(Constraint.parse(item.value).model_dump(), item.mark)
                    if isinstance(item.value, str) else item for item in node.value]  # fmt: skip
    except ValueError:
        pass  # the text is wrong; the check of the whole scenario says so with its line
    return list(node.value) if isinstance(node.value, list) else []


def _default(spec: Spec) -> Node | None:
    """The default entries of a map or list, or None if it is empty by default."""
    if spec.info is None or not (spec.is_map or spec.is_list):
        return None
    default = spec.info.get_default(call_default_factory=True)
    return node_of(_dump(default), DEFAULT) if default else None


def _dump(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _dump(item) for name, item in value.items()}
    return [_dump(item) for item in value] if isinstance(value, tuple | list) else value


def _nothing_to_drop(mark: Mark, where: str, name: str, known: list[str]) -> Problem:
    listed = (
        f"The layers below have: {', '.join(known[:30])}."
        if known
        else "There is nothing below; leave it out."
    )
    cure = f"{did_you_mean(name, known)} {listed}".strip()
    return Problem(mark.file, f"there is no '{name}' to drop", cure, mark.line, where, DROP)
