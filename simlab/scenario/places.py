"""Which files a scenario may reach: those of its own project, and the shipped scenarios."""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath

import simlab
from simlab.scenario.errors import Fault, did_you_mean

SCENARIO_SUFFIXES = (".yaml", ".yml")
DATA_SUFFIXES = (".csv", ".parquet", ".graphml")
LIBRARY = "library"
"""Folder of the mechanisms, below that of the shipped scenarios."""
MECHANISM = "mechanism"
"""Key of the header that makes a file a mechanism; see `simlab.scenario.library`."""
_SHIPPED_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,3}")


def shipped_folder() -> Path:
    """Where the scenarios of simlab stand: `simlab/_scenarios` in the wheel, `scenarios/` in a checkout."""
    package = Path(simlab.__file__).resolve().parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def shipped_names() -> list[str]:
    """Names of the shipped scenarios: `default` ..."""
    folder = shipped_folder()
    names = (path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
    return sorted(name for name in names if not name.startswith(f"{LIBRARY}/"))


def library_folder() -> Path:
    """Where the mechanisms of the library stand."""
    return shipped_folder() / LIBRARY


def library_names() -> list[str]:
    """Names of the mechanisms of the library: `dormant-recall` ...; `library/dormant-recall` in an `include`."""
    return sorted(path.stem for path in library_folder().glob("*.yaml"))


def shipped(name: str) -> Path | None:
    """The shipped scenario of that name; None if there is none."""
    path = shipped_folder() / f"{name}.yaml"
    return path if _SHIPPED_NAME.fullmatch(name) and path.is_file() else None


def project_root(path: Path) -> Path:
    """The folder that a scenario may read from: the nearest above it with `scenarios/` or a pyproject.toml.

    Without one it is the folder of the file itself.
    """
    folder = path.resolve().parent
    for parent in (folder, *folder.parents):
        if (parent / "scenarios").is_dir() or (parent / "pyproject.toml").is_file():
            return parent
    return folder


def reach(text: object, folder: Path, root: Path, suffixes: tuple[str, ...]) -> tuple[Path, Path]:
    """The file that `text`, written in a file of `folder`, names: (real path, root for what it names itself).

    Raises:
        Fault: not a relative path with one of `suffixes`, missing, or outside `root`.
    """
    kinds = " or ".join(suffixes)
    if not isinstance(text, str) or not text.strip() or len(text) > 500:
        raise Fault("expected the name of a file", f"Write a path relative to this file, ending in {kinds}.")
    if suffixes == SCENARIO_SUFFIXES and (own := shipped(text)) is not None:
        return own, shipped_folder().resolve()
    if os.path.isabs(text) or PureWindowsPath(text).drive or "\\" in text or text.startswith("~"):
        raise Fault(
            "only relative paths are allowed",
            f"Write the path relative to this file, with '/', ending in {kinds}.",
        )
    if Path(text).suffix.lower() not in suffixes:
        hint = also = ""
        if suffixes == SCENARIO_SUFFIXES:
            hint = did_you_mean(text, [*shipped_names(), *(f"{LIBRARY}/{name}" for name in library_names())])
            also = f", a mechanism ({LIBRARY}/...; simlab library lists them), or a shipped scenario: "
            also += ", ".join(shipped_names()[:20])
        raise Fault(
            "this names no file that can be used", f"{hint} Name a file ending in {kinds}{also}.".strip()
        )
    try:
        real = (folder / text).resolve()
        inside = real.is_relative_to(root.resolve())
        is_file = inside and real.is_file()
    except (OSError, ValueError, RuntimeError):  # NUL, a ring of links, a name too long
        inside, is_file = True, False
    if not inside:
        raise Fault(
            "this path leaves the project folder", "Copy the file into the project and name it from there."
        )
    if not is_file:
        near = [p.name for p in list((folder / text).parent.glob("*"))[:200]] if "\x00" not in text else []
        hint = did_you_mean(Path(text).name, near)
        raise Fault(
            "the file does not exist", f"{hint} Check the name; it is relative to this file's folder.".strip()
        )
    if real.suffix.lower() not in suffixes:  # a link may look like one thing and be another
        raise Fault("this link leads to another kind of file", f"Name a file ending in {kinds}.")
    return real, root


def display(path: Path) -> str:
    """`path` as shown in messages: relative to the current folder where it lies below it."""
    try:
        return path.relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return str(path)
