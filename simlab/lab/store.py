"""The run store: finished runs by digest, so that nothing is simulated twice, whoever asks.

    results/runs/<rules>/<world[:2]>/<world>/<seed>.json    outcomes
                                             <seed>.npz     detail, where somebody asked for it

``rules`` is the digest of the world's sources (delete the folders of old rules whenever you like) and
``world`` that of the scenario and of the levers before the valuation date. A file appears under its name
complete or not at all; each carries a checksum, and one that does not match is removed and run again.
A failed run is never kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.lab import folders
from simlab.scenario import InputError, Problem

FOLDER = "runs"
_SEAL = "check"
"""Name of the checksum among the arrays of a detail."""


class Disagreement(Exception):
    """Two runs of one digest and seed differ: something that must not depend on the machine does."""


class Store:
    """Finished runs under ``<results>/runs``; the folder is made with the first of them.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(self, results: Path | str, rules: str) -> None:
        self.folder = Path(results) / FOLDER / rules[:16]
        folders.check_place(self.folder / "x")
        folders.sweep(self.folder)

    def place(self, world: str, seed: int, kind: str = "json") -> Path:
        """Where a run of `world` is kept."""
        return self.folder / world[:2] / world[:32] / f"{seed}.{kind}"

    def outcomes(self, world: str, seed: int) -> dict[str, float] | None:
        """The outcomes of a finished run; None if it is not there.

        Raises:
            InputError: it is there and cannot be read.
        """
        content = self._read(self.place(world, seed))
        if content is None:
            return None
        try:
            found = json.loads(content)
            if found["check"] == _check(world, seed, found["outcomes"]):
                return {name: float(value) for name, value in found["outcomes"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        self._remove(self.place(world, seed))
        return None

    def arrays(self, world: str, seed: int) -> dict[str, NDArray[Any]] | None:
        """The detail of a finished run as arrays; None if it is not there.

        Raises:
            InputError: it is there and cannot be read.
        """
        content = self._read(self.place(world, seed, "npz"))
        if content is None:
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
            if str(found.pop(_SEAL)) == _seal(world, seed, found):
                return found
        except Exception:  # a torn archive fails in many ways
            pass
        self._remove(self.place(world, seed, "npz"))
        return None

    def keep(
        self, world: str, seed: int, outcomes: Mapping[str, float], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> None:  # fmt: skip
        """Keep a finished run. Where another process was faster, its values are checked against these.

        Raises:
            Disagreement: the same run is there with other values.
            InputError: the place cannot be written or is full; what was kept before stays.
        """
        values = _plain(outcomes)
        theirs = self.outcomes(world, seed)
        if theirs is not None and _plain(theirs) != values:
            raise Disagreement(f"{self.place(world, seed)} differs from a fresh run")
        if arrays is not None:
            seal = _seal(world, seed, arrays)
            kept = self.arrays(world, seed)
            same_layout = kept is not None and kept.keys() == arrays.keys()
            if kept is not None and same_layout and _seal(world, seed, kept) != seal:
                raise Disagreement(f"{self.place(world, seed, 'npz')} differs from a fresh run")
            if not same_layout:
                buffer = io.BytesIO()
                np.savez_compressed(buffer, allow_pickle=False, **{**arrays, _SEAL: np.array(seal)})
                self._write(self.place(world, seed, "npz"), buffer.getvalue())
        if theirs is None:
            text = json.dumps({"outcomes": values, "check": _check(world, seed, values)}, allow_nan=False)
            self._write(self.place(world, seed), text.encode())

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:  # perhaps a good file: never a reason to remove it
            raise InputError(Problem(str(path), "this finished run cannot be read",
                                     "Check the disk and the rights, or choose another place with --out.",
                                     value=error.strerror or str(error))) from None  # fmt: skip

    def _remove(self, path: Path) -> None:
        """Out of the way with a torn file, or with one that somebody changed."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def _write(self, path: Path, content: bytes) -> None:
        part = self.folder / folders.part_name(f"{path.stem}-{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise _unwritable(self.folder, error) from None


def _plain(values: Mapping[str, float]) -> dict[str, float | str]:
    """JSON has no nan and no inf: those as texts, which `float` reads."""
    return {name: float(v) if math.isfinite(v) else str(float(v)) for name, v in values.items()}


def _check(world: str, seed: int, values: Mapping[str, Any]) -> str:
    text = json.dumps([world, int(seed), values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _seal(world: str, seed: int, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(f"{world}|{int(seed)}".encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(Problem(str(folder), "finished runs cannot be kept here",
                              "Free some space, or choose another place with --out; what is finished stays.",
                              value=error.strerror or str(error)))  # fmt: skip
