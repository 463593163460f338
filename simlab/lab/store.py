"""The run store: finished runs by digest, so that nothing is simulated twice, whoever asks.

    results/runs/<rules>/<world[:2]>/<world>/<seed>.json    outcomes
                                             <seed>.npz     detail, where somebody asked for it

``rules`` is the digest of the world's sources (delete the folders of old rules whenever you like) and
``world`` that of the scenario and of the levers before the valuation date. A file appears under its name
complete or not at all; each carries a checksum, and one that does not match is removed and run again.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario import InputError, Problem

FOLDER = "runs"


class Disagreement(RuntimeError):
    """Two runs of one digest and seed differ: something that must not depend on the machine does."""


class Store:
    """Finished runs under ``<results>/runs``.

    Raises:
        InputError: the folder cannot be made or written.
    """

    def __init__(self, results: Path | str, rules: str) -> None:
        self.folder = Path(results) / FOLDER / rules[:16]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def place(self, world: str, seed: int, kind: str = "json") -> Path:
        """Where a run of `world` is kept."""
        return self.folder / world[:2] / world[:32] / f"{seed}.{kind}"

    def outcomes(self, world: str, seed: int) -> dict[str, float] | None:
        """The outcomes of a finished run; None if it is not there."""
        path = self.place(world, seed)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            values = found["outcomes"]
            if found["check"] == _check(world, seed, values):
                return {name: math.nan if value is None else float(value) for name, value in values.items()}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        path.unlink(missing_ok=True)  # torn or tampered with
        return None

    def arrays(self, world: str, seed: int) -> dict[str, NDArray[Any]] | None:
        """The detail of a finished run as arrays; None if it is not there."""
        path = self.place(world, seed, "npz")
        try:
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except FileNotFoundError:
            return None
        except Exception:  # a torn archive fails in many ways; its members carry checksums
            path.unlink(missing_ok=True)
            return None

    def keep(
        self, world: str, seed: int, outcomes: Mapping[str, float], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> None:  # fmt: skip
        """Keep a finished run. Where another process was faster, its values are checked against these.

        Raises:
            Disagreement: the same run is there with other values.
            InputError: the place cannot be written or is full; what was kept before stays.
        """
        values = {name: None if math.isnan(value) else value for name, value in outcomes.items()}
        theirs = self.outcomes(world, seed)
        if theirs is not None and _check(world, seed, _plain(theirs)) != _check(world, seed, values):
            raise Disagreement(f"run {world[:12]}, seed {seed}: stored and fresh outcomes differ")
        if arrays is not None:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **arrays)
            self._write(self.place(world, seed, "npz"), buffer.getvalue())
        if theirs is None:
            text = json.dumps({"outcomes": values, "check": _check(world, seed, values)}, allow_nan=False)
            self._write(self.place(world, seed), text.encode())

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            try:
                part.write_bytes(content)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _unwritable(self.folder, error) from None


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _check(world: str, seed: int, values: Mapping[str, Any]) -> str:
    text = json.dumps([world, int(seed), values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(Problem(str(folder), "finished runs cannot be kept here",
                              "Free some space, or choose another place with --out; what is finished stays.",
                              value=error.strerror or str(error)))  # fmt: skip
