"""A new scenario from a base and mechanisms of the library."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from simlab.scenario import library, places
from simlab.scenario.errors import InputError, Problem, did_you_mean
from simlab.scenario.export import one_line
from simlab.scenario.files import NOT_MERGED, Loaded, load_text
from simlab.scenario.layers import ADDED
from simlab.scenario.paths import ROOT, Spec
from simlab.scenario.yaml_lines import read_mapping


@dataclass(frozen=True)
class Composed:
    """A scenario that has been written.

    Attributes:
        file: where it stands.
        loaded: what it says.
        clashes: what two of its mechanisms both define, in words.
    """

    file: Path
    loaded: Loaded
    clashes: tuple[str, ...]


def new(path: str | Path, base: str = "default", mechanisms: Sequence[str] = (), name: str = "") -> Composed:
    """Write a scenario that extends `base` and includes mechanisms, in their order.

    Args:
        path: the file to write; it must not be there.
        base: a shipped scenario, or a file.
        mechanisms: names in the library, or files.
        name: of the scenario; by default that of the file.

    Raises:
        InputError: an unknown name, parts that do not go together, or a file that is there or cannot be written;
            nothing is written then.
    """
    path = Path(path)
    if path.suffix.lower() not in places.SCENARIO_SUFFIXES:
        raise InputError(Problem(str(path), "this is no name for a scenario file", "Let it end in .yaml."))
    if path.exists():
        raise _there(path)
    problems: list[Problem] = []
    pieces: list[tuple[str, Path, str]] = []
    for wanted in dict.fromkeys(mechanisms):
        try:
            entry = library.entry(wanted, "--with")
            pieces.append((_reference(entry.file, path), entry.file, f"{entry.slug}: {entry.mechanism.zh}"))
        except InputError as error:
            problems += error.problems
    extends = base
    if Path(base).suffix.lower() in places.SCENARIO_SUFFIXES and Path(base).is_file():
        extends = _reference(Path(base), path)
    elif places.shipped(base) is None:
        hint = did_you_mean(base, places.shipped_names())
        cure = f"{hint} Shipped: {', '.join(places.shipped_names())}; or name a .yaml file.".strip()
        problems.append(Problem("--base", "there is no such scenario", cure, value=base))
    if problems:
        raise InputError(*problems)
    text = _text(path, extends, pieces, name or path.stem)
    loaded = load_text(text, path)
    _write(path, text)
    return Composed(path, loaded, tuple(clashes([(file.stem, file) for _, file, _ in pieces])))


def clashes(files: Sequence[tuple[str, Path]]) -> list[str]:
    """What two of these files both define, and differently: the later one then holds."""
    said = []
    for name, file in files:
        own = read_mapping(file, places.display(file)).plain
        said.append((name, {key: value for key, value in own.items() if key not in NOT_MERGED}))
    found = []
    for (one, mine), (other, theirs) in combinations(said, 2):
        for path in _both("", mine, theirs, ROOT):
            found.append(f"'{one}' and '{other}' both define {path}: that of '{other}' holds.")
    return found


def _both(path: str, mine: Any, theirs: Any, spec: Spec | None) -> list[str]:
    """Paths at which both say something, and not the same; entries of maps of free names as a whole."""
    if mine == theirs or path in ADDED:
        return []
    if (
        spec is None
        or not (spec.model or spec.is_map)
        or not isinstance(mine, dict)
        or not isinstance(theirs, dict)
    ):
        return [path]
    found: list[str] = []
    for key in mine:
        if key in theirs:
            below = f"{path}.{key}" if path else key
            if spec.is_map:
                found += [below] if mine[key] != theirs[key] else []
            else:
                found += _both(below, mine[key], theirs[key], spec.child(key))
    return found


def _reference(file: Path, path: Path) -> str:
    """How a file is named in the scenario at `path`."""
    shipped = places.shipped_folder().resolve()
    real = file.resolve()
    if real.is_relative_to(shipped):
        return real.relative_to(shipped).with_suffix("").as_posix()
    return Path(os.path.relpath(real, path.resolve().parent)).as_posix()


def _text(path: Path, extends: str, pieces: Sequence[tuple[str, Path, str]], name: str) -> str:
    lines = [f"extends: {one_line(extends)}"]
    if pieces:
        width = max(len(one_line(reference)) for reference, _, _ in pieces)
        lines += ["include:"]
        lines += [f"  - {one_line(reference):{width}s}  # {what}" for reference, _, what in pieces]
    lines += [
        f"name: {one_line(name)}",
        "",
        "# Your own values stand on top of these: levers, people, horizon ...",
    ]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    """The whole file, or none; never over another."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        try:
            os.link(part, path)  # a rename would take the place of a file that appeared meanwhile
        except (PermissionError, NotImplementedError):  # a disk without links
            if path.exists():
                raise FileExistsError from None
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise _there(path) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(Problem(str(path), f"the file cannot be written ({reason})",
                                 "Choose another folder.")) from None  # fmt: skip


def _there(path: Path) -> InputError:
    return InputError(
        Problem(str(path), "this file is already there", "Choose another name, or remove it first.")
    )
