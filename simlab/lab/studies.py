"""Where a search is recorded: an Optuna journal file, or PostgreSQL for several worker processes.

Only finished trials are recorded, each in one piece under its number. A trial that was interrupted has left
nothing behind, so it is planned again under the same number with the same parameters, and its finished
runs are in the run store. Who works on what is a lock that dies with its process.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from simlab.lab.planner import Trial
from simlab.lab.shared_study import SharedStudy, masked
from simlab.lab.study_records import attempt_of, begun, finished, frozen, thawed
from simlab.lab.watch import Watcher
from simlab.scenario import InputError, Problem


class Study(Protocol):
    """A recorded search."""

    alone: bool
    """Whether no other process can work on it."""

    def trials(self) -> dict[int, Trial]:
        """Finished trials by number."""

    def add(self, trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
        """Record a finished trial, unless it is there."""

    def hold(self, number: int) -> bool:
        """Take a trial in hand; False if somebody else has it."""

    def let_go(self, number: int) -> None:
        """Give it back."""

    def attempt(self, key: str) -> int:
        """The number of the report on these finalists: 1 for the first; another set of them gets the next."""

    def close(self) -> None:
        """Done."""


def open_study(
    name: str, directions: list[str], folder: Path, storage: str | None, watcher: Watcher
) -> Study:  # fmt: skip
    """Open or begin a study.

    Args:
        folder: for the journal, where no `storage` is given.
        storage: ``postgresql://user:password@host/database``.

    Raises:
        InputError: the place cannot be used, or another process tunes there.
    """
    if storage is None:
        return JournalStudy(name, directions, folder)
    if not storage.startswith(("postgresql://", "postgresql+psycopg://")):
        cure = "Write postgresql://user:password@host:5432/database, or leave it out for a file"
        raise InputError(Problem("--storage", "only PostgreSQL is supported", cure, value=masked(storage)))
    return SharedStudy(name, directions, storage, watcher)


class JournalStudy:
    """A journal file with one process at it."""

    alone = True

    def __init__(self, name: str, directions: list[str], folder: Path) -> None:
        self.path = folder / f"{name}.journal"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _refuse(self.path, "the study cannot be kept here", error.strerror or "",
                          "Choose another place with --out.") from None  # fmt: skip
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.pread(self.lock, 40, 0).decode(errors="replace").strip() or "unknown"
            os.close(self.lock)
            raise _refuse(self.path, "another process is tuning here", f"process {who}",
                          "Wait for it, or stop it; several workers need --storage.") from None  # fmt: skip
        try:
            os.ftruncate(self.lock, 0)
            os.pwrite(self.lock, str(os.getpid()).encode(), 0)
            mend(self.path)
            self.study = begun(JournalStorage(JournalFileBackend(str(self.path))), name, directions)
            self.known = finished(self.study)
        except OSError as error:
            self.close()
            raise _refuse(self.path, "the study cannot be kept here", error.strerror or "",
                          "Free some space, or choose another place with --out.") from None  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
            self.close()
            raise _refuse(self.path, "this is not a study's journal", str(error)[:60],
                          "Move the file away; finished runs are kept apart and found again.") from None  # fmt: skip

    def trials(self) -> dict[int, Trial]:
        """Finished trials by number."""
        return dict(sorted(self.known.items()))

    def add(self, trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
        """Record a finished trial, unless it is there."""
        try:
            if trial.number not in self.known:
                self.study.add_trial(frozen(trial, distributions))
                kept = self.study.get_trials(deepcopy=False)[-1]  # as the next process will read it
                self.known[trial.number] = thawed(trial.number, kept)
        except OSError as error:
            raise _refuse(self.path, "the study cannot be written", error.strerror or "",
                          "Free some space and run the same command again; it continues.") from None  # fmt: skip

    def hold(self, number: int) -> bool:
        """Nobody else is here."""
        return True

    def let_go(self, number: int) -> None:
        """Nothing to give back."""

    def attempt(self, key: str) -> int:
        """The number of the report on these finalists."""
        return attempt_of(self.study, key)

    def close(self) -> None:
        """Let others at the journal."""
        os.close(self.lock)


def mend(path: Path) -> bool:
    """Cut off a last line that a killed process left unfinished, and remove its lock; True if there was one.

    Only called while nobody else can be at the file. Optuna would refuse to load the whole journal otherwise,
    and wait half a minute for the lock.

    Raises:
        ValueError: the last line is none, or the end of the file is nobody's unfinished line.
    """
    for lock in path.parent.glob(f"{glob.escape(path.name)}.lock*"):
        lock.unlink(missing_ok=True)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    with open(path, "r+b") as file:
        tail, back = b"", 0
        while back < size:  # to the last line that is whole
            step = min(65536, size - back)
            back += step
            file.seek(size - back)
            tail = file.read(step) + tail
            if tail.count(b"\n") >= 2:
                break
        whole, _, torn = tail.rpartition(b"\n")
        if whole:  # Optuna would append to a last line that is none
            json.loads(whole.rpartition(b"\n")[2])
        if torn.strip(b"\0") and not torn.startswith(b"{"):  # zeros: the power went off
            raise ValueError(f"it ends with {torn[-20:]!r}")
        if torn:
            file.truncate(size - len(torn))
            os.fsync(file.fileno())
        return bool(torn)


def _refuse(path: Path, message: str, value: str, cure: str) -> InputError:
    return InputError(Problem(str(path), message, cure, value=value))
