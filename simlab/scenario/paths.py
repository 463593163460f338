"""Dotted paths (`levers.push.active.per_week`): what stands there by the schema, and in a scenario.

List items are named by position (`stages.0`) or by their name (`stages.active`). The keys of
`uncertainties` and `warmup.levers` are dotted paths themselves.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simlab.scenario.errors import Fault, did_you_mean
from simlab.scenario.schema import Scenario
from simlab.scenario.units import Kind

PATH_KEYED = ("uncertainties", "warmup.levers")
ITEM_NAMES = ("name", "observable", "outcome")
"""Fields by which an item of a list can be named in a path, as in `stages.active`."""


@dataclass(frozen=True)
class Spec:
    """What the schema expects at one place.

    Attributes:
        type: the bare type: a model, dict, tuple, int, float, str, date or Literal.
        info: the field's description and default, if it is a field.
        kind: the quantity, with its units; None where it has none.
        limits: the bounds, as annotated-types objects.
        nullable: whether null is allowed.
    """

    type: Any
    info: FieldInfo | None = None
    kind: Kind | None = None
    limits: tuple[Any, ...] = ()
    nullable: bool = False

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, if a block with fixed keys stands here."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def is_map(self) -> bool:
        """Whether the keys are free names (segments, offers ...)."""
        return get_origin(self.type) is dict

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of which one must be written, or ()."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    def range(self) -> tuple[float | None, float | None]:
        """The tightest lower and upper bound, whether or not the bound itself is allowed."""
        low = [getattr(x, "ge", getattr(x, "gt", None)) for x in self.limits if isinstance(x, Ge | Gt)]
        high = [getattr(x, "le", getattr(x, "lt", None)) for x in self.limits if isinstance(x, Le | Lt)]
        return max(low, default=None), min(high, default=None)  # type: ignore[type-var]

    def child(self, part: str) -> Spec | None:
        """What stands under the key, position or name `part`; None if nothing can."""
        if self.model is not None:
            info = self.model.model_fields.get(part)
            return None if info is None else _spec(info.annotation, tuple(info.metadata), info)
        if self.is_map or self.is_list:
            return _spec(get_args(self.type)[1 if self.is_map else 0])
        return None


def _spec(annotation: Any, metadata: tuple[Any, ...] = (), info: FieldInfo | None = None) -> Spec:
    nullable = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *extra = get_args(annotation)
            metadata = (*metadata, *extra)
        elif get_origin(annotation) in (Union, types.UnionType):
            nullable = True
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            break
    flat: list[Any] = []
    for item in metadata:
        flat.extend(item.metadata if isinstance(item, FieldInfo) else (item,))
    kind = next((m for m in flat if isinstance(m, Kind)), None)
    limits = tuple(m for m in flat if isinstance(m, Ge | Gt | Le | Lt))
    return Spec(annotation, info, kind, limits, nullable)


ROOT = Spec(Scenario)


def split(path: str) -> tuple[str, ...]:
    """The parts of a dotted path; `stages[0]` is the same as `stages.0`.

    Raises:
        Fault: an empty part, or a text that is no path.
    """
    text = re.sub(r"\[([^\[\].]+)\]", r".\1", path.strip())
    parts = tuple(text.split("."))
    if not text or not all(parts) or len(parts) > 20:
        raise Fault("this is not a path", "Write names with dots between them: levers.push.active.per_week.")
    if len(parts) > 5 and parts[:2] in (("levers", "phases"), ("levers", "alarms")) and parts[3] == "change":
        return (*parts[:4], ".".join(parts[4:]))
    if len(parts) > 5 and parts[:3] == ("levers", "loop", "tries"):
        return (*parts[:4], ".".join(parts[4:]))
    for prefix in PATH_KEYED:
        head = tuple(prefix.split("."))
        rest = parts[len(head) :]
        if parts[: len(head)] == head and rest:
            tail = (rest[-1],) if prefix == "uncertainties" and rest[-1] in ("low", "high", "kind") else ()
            key = ".".join(rest[: len(rest) - len(tail)])
            return (*head, key, *tail) if key else (*head, *rest)
    return parts


def spec_at(parts: tuple[str, ...], root: Spec = ROOT) -> Spec | None:
    """What the schema expects at `parts`, or None where nothing can stand."""
    spec: Spec | None = root
    for part in parts:
        if spec is None:
            return None
        spec = spec.child(part)
    return spec


def position(items: list[Any] | tuple[Any, ...], part: str) -> int | None:
    """Index of the item that `part` names, by name (an event may be called 618) or by position; None: there is none."""
    for index, item in enumerate(items):
        for name in ITEM_NAMES:
            found = item.get(name) if isinstance(item, dict) else getattr(item, name, None)
            if found is not None and getattr(found, "value", found) == part:
                return index
    return int(part) if re.fullmatch(r"\d{1,6}", part) and int(part) < len(items) else None


def item_names(items: list[Any] | tuple[Any, ...]) -> list[str]:
    """The names by which the items of a list can be called."""
    names = []
    for item in items:
        for name in ITEM_NAMES:
            found = item.get(name) if isinstance(item, dict) else getattr(item, name, None)
            if found is not None:
                names.append(str(getattr(found, "value", found)))
                break
    return names


def children(value: Any) -> list[str]:
    """Names of what stands directly under `value`."""
    if isinstance(value, BaseModel):
        return list(type(value).model_fields)
    if isinstance(value, dict):
        return list(value)
    return item_names(value) if isinstance(value, list | tuple) else []


def get_value(scenario: Scenario, path: str) -> Any:
    """The value at a dotted path of a resolved scenario.

    Raises:
        Fault: the path does not exist; with the nearest one that does.
    """
    value: Any = scenario
    parts = split(path)
    for index, part in enumerate(parts):
        if isinstance(value, BaseModel) and part in type(value).model_fields:
            value = getattr(value, part)
        elif isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list | tuple) and (at := position(value, part)) is not None:
            value = value[at]
        else:
            raise unknown_path(scenario, parts, index, children(value))
    return value


def unknown_path(scenario: Scenario | None, parts: tuple[str, ...], index: int, known: list[str]) -> Fault:
    """The fault of a path whose part `index` does not exist, where `known` stand instead."""
    so_far = ".".join(parts[:index])
    hint = did_you_mean(parts[index], known)
    if hint and so_far:
        hint = hint.replace("mean '", f"mean '{so_far}.", 1)
    if not hint and scenario is not None:
        hint = did_you_mean(".".join(parts), numbers(scenario))
    listed = (
        f"Under '{so_far}' stand: {', '.join(known[:30])}." if so_far else f"Known: {', '.join(known[:30])}."
    )
    if not known:
        listed = f"Nothing stands under '{so_far}'; give it a value in the scenario first."
    return Fault(f"there is no '{'.'.join(parts)[:120]}'", f"{hint} {listed}".strip())


def is_number(value: Any) -> bool:
    """Whether `value` is a number (true and false are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers(scenario: Scenario) -> dict[str, float]:
    """Every number of a resolved scenario by its dotted path, list items by name where they have one."""
    return {path: value for path, value in _leaves(scenario, "") if is_number(value)}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    below: list[tuple[str, Any]]
    if isinstance(value, BaseModel):
        below = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list | tuple):
        names = item_names(value) if len(value) <= 100 else []
        below = list(
            zip(names if len(names) == len(value) else map(str, range(len(value))), value, strict=True)
        )
    else:
        yield path, value
        return
    for name, item in below:
        if path or name not in ("uncertainties", "constraints", "targets"):
            yield from _leaves(item, f"{path}.{name}" if path else name)
