"""Result folders: complete under their name, or not there at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from simlab.scenario import InputError, Problem

MANIFEST = "manifest.json"
_PART = ".part-"
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@cache
def program() -> str:
    """Hexadecimal digest of all of simlab's own files: another simlab says the same numbers in other words."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_complete(folder: Path, run: str) -> bool:
    """Whether this folder holds the finished results of this very run, written by this very simlab."""
    return _written(folder) == (run, program())


def _written(folder: Path) -> tuple[Any, Any]:
    """Of which run a folder holds the results, and which simlab wrote them; None where nobody says so."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest["run"], manifest.get("program")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, None


def sweep(parent: Path) -> None:
    """Remove what killed processes on this machine left behind under temporary names."""
    for part in parent.glob(f"{_PART}*"):
        host, _, rest = part.name.removeprefix(_PART).partition("~")
        pid = rest.partition("~")[0]
        if host == socket.gethostname() and pid.isdigit() and not _lives(int(pid)):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                with suppress(OSError):
                    part.unlink(missing_ok=True)


def part_name(name: str) -> str:
    """A temporary name that `sweep` knows."""
    return f"{_PART}{socket.gethostname()}~{os.getpid()}~{name}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def check_place(final: Path) -> None:
    """Refuse a place that cannot be written before any work is done for it.

    Raises:
        InputError: the nearest folder that exists is not one, or may not be written.
    """
    place = final.parent.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise _unwritable(final)


def _unwritable(final: Path, why: str = "") -> InputError:
    return InputError(
        Problem(
            file=str(final.parent),
            message="this folder cannot be written",
            value=why,
            cure="Choose another with --out",
        )
    )


def _foreign(final: Path) -> InputError:
    return InputError(
        Problem(
            file=str(final),
            message="something other than results stands here already",
            cure="Choose another folder with --out, or remove this one.",
        )
    )


@contextmanager
def new_folder(final: Path, again: bool = False) -> Iterator[Path]:
    """A folder to write into; renamed to `final` when the block ends well, removed when it does not.

    Older results make way. If another process finished the same results meanwhile, theirs stay and ours are
    removed; with `again` ours stay.

    Raises:
        InputError: the place cannot be written, or `final` is something else.
    """
    part = final.parent / part_name(final.name)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        sweep(final.parent)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
    except OSError as error:
        raise _unwritable(final, error.strerror or "") from None
    try:
        try:
            yield part
            _sync(part)
        except OSError as error:
            if error.errno not in _NO_PLACE:
                raise
            raise _unwritable(final, error.strerror or "") from None
        if (final / MANIFEST).is_file() and (again or _written(final) != _written(part)):
            _remove(final)
        try:
            os.rename(part, final)
        except OSError:
            if not final.exists():
                raise
            if not (final / MANIFEST).is_file():
                raise _foreign(final) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _remove(final: Path) -> None:
    """Move an older result out of the way and remove it."""
    old = final.parent / part_name(f"old-{final.name}")
    with suppress(FileNotFoundError):  # another process was faster
        os.rename(final, old)
    shutil.rmtree(old, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Bring the files to the disk before their name appears."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write where the results came from; the last file of a folder."""
    text = json.dumps({**manifest, "program": program()}, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
