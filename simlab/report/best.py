"""`best.yaml`: the recommended strategy as a scenario that extends the one it was found for.

Only what differs is written. It is worked out from the two scenarios and not from the list of levers alone:
the experiment may have set other values, too, and the file must give exactly the scenario that was measured.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simlab.lab.tuning import Tuning
from simlab.report import levers
from simlab.report.numbers import gain, plural
from simlab.report.tune_facts import changes, first, gap, headline
from simlab.report.tune_words import verdict
from simlab.scenario import InputError, Scenario, dump_yaml, load, with_values
from simlab.scenario.digest import DATA_PATHS
from simlab.scenario.export import one_line
from simlab.scenario.layers import DROP
from simlab.scenario.names import printable
from simlab.scenario.paths import ROOT, Spec
from simlab.scenario.places import shipped

Differences = dict[str, Any]
"""Nested values that differ; a `_Leaf` where one is written."""


class _Leaf:
    """A value to write, with what stood there before."""

    def __init__(self, value: Any, before: Any = None) -> None:
        self.value, self.before = value, before


def best_scenario(t: Tuning) -> Scenario:
    """The scenario to run: with the recommended strategy, or the current one."""
    values = {path: _plain(value) for path, value in t.recommended.items()}
    return with_values(t.scenario, values, to_grain=True) if values else t.scenario


def best_yaml(t: Tuning, folder: Path | str) -> str:
    """The text of `best.yaml`, to be saved in `folder`.

    It extends the scenario file where that can be reached from `folder`; a scenario has to lie in the project
    of the file that extends it. Otherwise everything is written out.

    Raises:
        InputError: the scenario file is gone or changed into something that cannot be loaded.
    """
    target, place = best_scenario(t), Path(folder).resolve()
    head = _comments(t)
    base = load(t.scenario_file).scenario
    text = "\n".join([*head, f"extends: {one_line(_reference(t.scenario_file, place))}",
                      *_lines(_differences(base, target), _said(t))]) + "\n"  # fmt: skip
    if _gives(text, place, target):
        return text
    why = "# The scenario file lies outside the project of this folder: everything is written out.\n"
    return "\n".join(head) + "\n" + why + dump_yaml(target, place)


def write_best(t: Tuning, folder: Path | str) -> Path:
    """Write ``best.yaml`` into `folder` (made when missing) and return its path.

    Raises:
        InputError: as for `best_yaml`.
        OSError: the folder cannot be written.
    """
    path = Path(folder) / "best.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(best_yaml(t, path.parent).encode())
    return path


def _reference(file: str, place: Path) -> str:
    """The scenario file as `best.yaml` names it."""
    if shipped(file) is not None and not Path(file).is_file():
        return file
    return Path(os.path.relpath(Path(file).resolve(), place)).as_posix()


def _gives(text: str, place: Path, target: Scenario) -> bool:
    """Whether a file with this text in `place` loads to exactly `target`."""
    place.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".yaml", prefix=".best-", dir=place)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        return load(name).scenario == target
    except InputError:
        return False
    finally:
        os.unlink(name)


def _comments(t: Tuning) -> list[str]:
    """What this is, what it brings, and where it comes from; nothing that a file could read as more than that."""
    lines = [verdict(t) + ".", printable(t.reason, 600)]
    whole = gap(t, headline(t))
    if whole is not None:
        texts, suffix = gain([whole.mean, whole.low, whole.high], whole.unit)
        what = (
            "Uplift"
            if t.verdict == "change"
            else "Uplift of the best strategy found, which is not recommended"
        )
        lines.append(f"{what}: {headline(t)} {texts[0]}{suffix} (95 % interval of chance {texts[1]} to {texts[2]}, "
                     f"{plural(whole.pairs, 'fresh seed')}).")  # fmt: skip
    each = gap(t, first(t))
    if each is not None and headline(t) != first(t):
        texts, suffix = gain([each.mean, each.low, each.high], each.unit)
        lines.append(f"Per starting member: {texts[0]}{suffix} ({texts[1]} to {texts[2]}).")
    command = t.manifest.get("command", f"simlab tune {t.experiment_file}")
    lines.append(f"Made by: {command} (attempt {t.manifest.get('attempt', 1)})")
    if t.verdict != "change" or not changes(t):
        lines.append("No changes: this is the current strategy.")
    return [f"# {printable(line)}" for line in lines]


def _said(t: Tuning) -> dict[str, str]:
    """What stands behind a changed lever, by path."""
    if t.verdict != "change":
        return {}
    return {c.lever.path: f"was {levers.text(c.lever.path, c.before)}{f'; {c.edge}' if c.edge else ''}"
            for c in changes(t)}  # fmt: skip


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _differences(base: Scenario, target: Scenario) -> Differences:
    old, new = base.model_dump(mode="json"), target.model_dump(mode="json")
    for path in DATA_PATHS:  # where data files lie is said in the scenario that is extended
        block, _, key = path.partition(".")
        if old[block][key] == new[block][key]:
            del old[block][key], new[block][key]
    return _differ(old, new, ROOT)


def _differ(old: dict[str, Any], new: dict[str, Any], spec: Spec) -> Differences:
    out: Differences = {}
    for key in [*old, *(k for k in new if k not in old)]:
        below = spec.child(key)
        if key not in new:
            out[key] = _Leaf(DROP)
        elif key not in old:
            out[key] = _Leaf(new[key])
        elif isinstance(old[key], dict) and isinstance(new[key], dict) and below is not None:
            if inner := _differ(old[key], new[key], below):
                out[key] = inner
        elif old[key] != new[key]:
            out[key] = _Leaf(new[key], old[key])
    return out


def _lines(values: Differences, said: dict[str, str], path: str = "", depth: int = 0) -> Iterator[str]:
    for key, value in values.items():
        where = f"{path}.{key}" if path else key
        indent = "  " * depth
        if isinstance(value, _Leaf):
            note = said.get(where, "" if where.startswith("levers.") else "set in the experiment")
            behind = f"  # {printable(note)}" if note else ""
            yield f"{indent}{one_line(key)}: {one_line(value.value)}{behind}"
        else:
            behind = f"  # {printable(said[where])}" if where in said else ""
            yield f"{indent}{one_line(key)}:{behind}"
            yield from _lines(value, said, where, depth + 1)
