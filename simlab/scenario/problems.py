"""From a failed check of the schema to problems a strategist can act on: file, line, value, cure."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any, cast, get_args

from pydantic import ValidationError

from simlab.scenario.errors import Fault, Problem, did_you_mean
from simlab.scenario.paths import ROOT, Spec, split
from simlab.scenario.yaml_lines import DEFAULT, Mark, Node, shorten

_NAME_RULE = "Use letters (Chinese too), digits, - and _, at most 40, beginning with a letter."
_BOUNDS = {"greater_than": "above {gt}", "greater_than_equal": "at least {ge}",
           "less_than": "below {lt}", "less_than_equal": "at most {le}"}  # fmt: skip


def problems_of(error: ValidationError, tree: Node, root: Spec = ROOT) -> list[Problem]:
    """One `Problem` per finding of `error`, at the place in `tree` where the value was written."""
    found = [_problem(item, tree, root) for item in error.errors(include_url=False)]
    return list(dict.fromkeys(found))


def problem_at(fault: Fault, tree: Node, path: str | tuple[str | int, ...]) -> Problem:
    """`fault` as a problem of the value that stands at `path` of `tree`."""
    parts = split(path) if isinstance(path, str) else path
    node, mark = locate(tree, parts)
    value = "" if node is None else shorten(node)
    return Problem(mark.file, fault.message, fault.cure, mark.line, ".".join(map(str, parts)), value)


def locate(tree: Node, path: tuple[str | int, ...]) -> tuple[Node | None, Mark]:
    """The value at `path` and where it stands; (None, place of the nearest above) if it was not written."""
    node = tree
    # the top of the file is the file as a whole: its first line says nothing
    mark = Mark(tree.mark.file)
    for part in path:
        below = None
        if isinstance(node.value, dict):
            below = node.value.get(str(part))
        elif isinstance(node.value, list):
            at = {"low": 0, "high": 1}.get(str(part), part)
            below = node.value[at] if isinstance(at, int) and at < len(node.value) else None
        if below is None:
            return None, mark
        node = below
        if below.mark != DEFAULT:  # nobody wrote a default: the place is what it belongs to
            mark = below.mark
    return node, mark


def expected(spec: Spec | None) -> tuple[str, str]:
    """What must be written at `spec`: (in a few words, as a cure with bounds and an example)."""
    if spec is None:
        return "something else", "Check this value."
    if spec.choices:
        return "one of the known words", f"Write one of: {', '.join(spec.choices)}."
    words, example = "a text", ""
    if spec.kind is not None:
        words, example = spec.kind.text, f", for example {spec.kind.example}"
    elif spec.type is int:
        words = "a whole number"
    elif spec.type is float:
        words = "a number"
    elif spec.type is datetime.date:
        words, example = "a date", " that exists, as YYYY-MM-DD, for example 2026-01-31"
    elif spec.model is not None or spec.is_map:
        words, example = "a mapping", f" with lines such as '{_sample(spec)}'"
    elif spec.is_list:
        words, example = "a list", ", for example [a, b]"
    cure = f"Write {words}{_between(spec)}{example}{_plausible(spec)}."
    return words, f"{cure} To have none, write null." if spec.nullable else cure


def _problem(item: Any, tree: Node, root: Spec) -> Problem:
    loc = tuple(part for part in item["loc"])
    is_key = bool(loc) and loc[-1] == "[key]"
    path = loc[:-1] if is_key else loc
    fault = item.get("ctx", {}).get("error")
    if isinstance(fault, Fault):
        path = (*path, *fault.at)
        path = _blame(tree, path)
    spec = _spec(root, path)
    node, mark = locate(tree, path)
    value = "" if node is None or node is tree else shorten(node)
    message, cure = _words(item, fault, spec, path, root)
    if is_key or item["type"] == "extra_forbidden":
        above, _ = locate(tree, path[:-1])
        mark = above.keys.get(str(path[-1]), mark) if above is not None else mark
        value = str(path[-1]) if is_key else value
    parent = _spec(root, path[:-1])
    if parent is not None and parent.is_map and node is not None and node.value is None:
        cure += " To remove an entry of the base, write drop."
    return Problem(mark.file, message, cure, mark.line, ".".join(map(str, path)), value)


def _blame(tree: Node, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """`path`, or the neighbour that an override set: it broke what the file says, not the file."""
    above, _ = locate(tree, path[:-1])
    if path and above is not None and isinstance(above.value, dict):
        here = above.value.get(str(path[-1]))
        for name, node in above.value.items():
            if (here is None or here.mark.line is not None) and node.mark.file.startswith("--set "):
                return (*path[:-1], name)
    return path


def _words(item: Any, fault: Any, spec: Spec | None, path: tuple[Any, ...], root: Spec) -> tuple[str, str]:
    """Message and cure for one finding."""
    kind, context = item["type"], item.get("ctx", {})
    words, cure = expected(spec)
    name = str(path[-1]) if path else ""
    if isinstance(fault, Fault):
        # the field knows its bounds and plausible range, its unit alone does not
        of_unit = spec is not None and spec.kind is not None and fault.message.startswith("expected ")
        return fault.message, cure if of_unit else fault.cure
    if kind == "missing":
        return f"'{name}' is missing", f"Add '{name}:' with {words}. {cure}"
    if kind == "extra_forbidden":
        return f"unknown key '{name}'", known_keys(name, path, root)
    if kind in _BOUNDS:
        bound = _BOUNDS[kind].format(**{k: _number(v) for k, v in context.items()})
        return f"{words} must be {bound} here", cure
    if kind == "literal_error":
        choices = spec.choices if spec is not None else ()
        key_choices = _key_choices(_spec(root, path[:-1])) if item["loc"][-1] == "[key]" else ()
        hint = did_you_mean(str(item["input"]), key_choices or choices)
        listed = f"Write one of: {', '.join(key_choices or choices)}."
        return f"'{str(item['input'])[:60]}' is not known here", f"{hint} {listed}".strip()
    if kind == "string_pattern_mismatch":
        return "this is not a usable name", _NAME_RULE
    if kind == "string_too_short":
        return "a name is empty", "Write at least one letter."
    if kind == "string_too_long":
        return f"the text is longer than {context['max_length']} characters", "Write a shorter one."
    if kind == "too_long":
        return (
            f"too many entries ({context['actual_length']})",
            f"At most {context['max_length']} are allowed.",
        )
    if kind == "too_short":
        return "too few entries", f"Give at least {context['min_length']}."
    if kind.startswith("date"):
        return "this is not a date", cure
    if kind == "finite_number":
        return f"expected a finite number for {words}", cure
    return f"expected {words}", cure


def known_keys(name: str, path: tuple[Any, ...], root: Spec = ROOT) -> str:
    """The cure for a key `name` that cannot stand at `path`: the nearest key, and those known."""
    parent = _spec(root, path[:-1])
    known = list(parent.model.model_fields) if parent is not None and parent.model is not None else []
    if not known:
        return f"Nothing stands under '{'.'.join(map(str, path[:-1]))}'."
    if len(path) == 1:
        known += ["extends", "include"]
    hint = did_you_mean(name, known)
    if hint and len(path) > 1:
        hint = hint.replace("mean '", f"mean '{'.'.join(map(str, path[:-1]))}.", 1)
    if not hint:
        elsewhere = [other for other in _all_paths(root) if other.rpartition(".")[2] == name]
        hint = f"Did you mean '{elsewhere[0]}'?" if elsewhere else ""
    return f"{hint} Known here: {', '.join(known)}.".strip()


@cache
def _all_paths(root: Spec) -> tuple[str, ...]:
    """Every key of the schema, free names as <name>, shallow ones first."""
    paths: list[str] = []
    level = [("", root)]
    while level:
        deeper = []
        for prefix, spec in level:
            names = list(spec.model.model_fields) if spec.model else ["<name>"] if spec.is_map else []
            for name in names:
                below = spec.child(name)
                path = f"{prefix}.{name}" if prefix else name
                if below is not None:
                    paths.append(path)
                    deeper.append((path, below))
        level = deeper
    return tuple(paths)


def _spec(root: Spec, path: tuple[Any, ...]) -> Spec | None:
    spec: Spec | None = root
    for part in path:
        spec = None if spec is None else spec.child(str(part))
    return spec


def _key_choices(spec: Spec | None) -> tuple[str, ...]:
    if spec is None or not spec.is_map:
        return ()
    return get_args(get_args(spec.type)[0])


def _number(value: Any) -> str:
    if isinstance(value, int | float):
        return f"{value:,.0f}" if value == int(value) and abs(value) >= 1000 else f"{value:g}"
    return str(value)


def _between(spec: Spec) -> str:
    low, high = spec.range()
    if low is not None and high is not None:
        return f" between {_number(low)} and {_number(high)}"
    if low is not None:
        return f" of {_number(low)} or more"
    return f" up to {_number(high)}" if high is not None else ""


def _plausible(spec: Spec) -> str:
    extra = spec.info.json_schema_extra if spec.info is not None else None
    if not isinstance(extra, dict) or "plausible" not in extra:
        return ""
    low, high = cast(list[float], extra["plausible"])
    unit = "" if extra["unit"] in ("-", "share") else f" {extra['unit']}"
    return f" (plausible: {_number(low)} to {_number(high)}{unit})"


def _sample(spec: Spec) -> str:
    if spec.model is not None:
        return f"{next(iter(spec.model.model_fields))}: ..."
    return "name: {...}"
