"""Where a search is recorded: an Optuna journal file, or PostgreSQL for several worker processes.

Only finished trials are recorded, each in one piece under its number. A trial that was interrupted has left
nothing behind, so it is planned again under the same number with the same parameters, and its finished
runs are in the run store. Who works on what is a lock that dies with its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from simlab.lab.planner import Trial, as_attrs
from simlab.lab.watch import Watcher
from simlab.scenario import InputError, Problem

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds for which a database that went away is awaited."""


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
            self.study = _study(JournalStorage(JournalFileBackend(str(self.path))), name, directions)
            self.known = _finished(self.study)
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
                self.known[trial.number] = _thawed(trial.number, kept)
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
        return _attempt(self.study, key)

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


class SharedStudy:
    """A study in PostgreSQL that several processes work on; survives a restart of the server.

    A trial in hand is an advisory lock of a session, which the server frees when the process dies. A server that
    restarts in the instant between looking for a trial and writing it can let two workers write it; the two rows
    say the same, since a trial is a function of its number, and count once.
    """

    alone = False

    def __init__(self, name: str, directions: list[str], url: str, watcher: Watcher) -> None:
        self.name, self.url, self.watcher = name, url, watcher
        self.held: list[int] = []
        try:
            import sqlalchemy
            from optuna.storages import RDBStorage
            from sqlalchemy.exc import SQLAlchemyError
        except ImportError:
            raise _needs_driver() from None
        self.sql = sqlalchemy
        self.errors: tuple[type[Exception], ...] = (SQLAlchemyError, optuna.exceptions.StorageInternalError)
        self.away: tuple[type[Exception], ...] = (
            sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError, sqlalchemy.exc.InvalidRequestError,
        )  # fmt: skip
        address = url.replace("postgresql://", "postgresql+psycopg://", 1)
        options = {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}

        def opened() -> optuna.Study:
            with self._guard(0):  # two workers must not make the tables at once
                return _study(RDBStorage(address, engine_kwargs=options), name, directions)

        try:
            self.engine = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT", **options)
            self.session = self.engine.connect()  # an address that never worked is not awaited
            self.study = self._patiently(opened)
        except (ImportError, sqlalchemy.exc.NoSuchModuleError):
            raise _needs_driver() from None
        except (*self.errors, ValueError, RuntimeError) as error:  # also a port that is none, foreign tables
            cure = "Check address, user, password and database, and that the server runs."
            raise self._refuse("the database cannot be used", error, cure) from None

    def trials(self) -> dict[int, Trial]:
        """Finished trials by number."""
        return self._patiently(lambda: _finished(self.study))

    def add(self, trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
        """Record a finished trial, unless it is there."""

        def once() -> None:
            with self._guard(1):
                if trial.number not in _finished(self.study):
                    self.study.add_trial(frozen(trial, distributions))

        self._patiently(once)

    def hold(self, number: int) -> bool:
        """Take a trial in hand; False if another process has it."""

        def once() -> bool:
            query = self.sql.text("SELECT pg_try_advisory_lock(:a, :b)")
            return bool(self.session.execute(query, self._key(number + 2)).scalar())

        if self._patiently(once):
            self.held.append(number)
            return True
        return False

    def let_go(self, number: int) -> None:
        """Give it back."""

        def once() -> None:
            self.session.execute(self.sql.text("SELECT pg_advisory_unlock(:a, :b)"), self._key(number + 2))

        self.held.remove(number)
        self._patiently(once)

    def attempt(self, key: str) -> int:
        """The number of the report on these finalists."""

        def once() -> int:
            with self._guard(1):
                return _attempt(self.study, key)

        return self._patiently(once)

    def close(self) -> None:
        """Leave the database."""
        with contextlib.suppress(*self.errors):
            self.session.close()
            self.engine.dispose()

    def _key(self, number: int) -> dict[str, int]:
        """A pair of 32-bit numbers that names a lock: the study, and what in it."""
        return {
            "a": int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], signed=True),
            "b": number,
        }

    @contextlib.contextmanager
    def _guard(self, number: int) -> Iterator[None]:
        """Nobody else does this at the same time."""
        key = self._key(number)
        self.session.execute(self.sql.text("SELECT pg_advisory_lock(:a, :b)"), key)
        try:
            yield
        finally:
            with contextlib.suppress(*self.errors):  # a lost connection has lost its locks
                self.session.execute(self.sql.text("SELECT pg_advisory_unlock(:a, :b)"), key)

    def _patiently(self, work: Callable[[], T]) -> T:
        """`work`, again and again while the database is away."""
        until, told = time.monotonic() + PATIENCE, False
        while True:
            try:
                return work()
            except self.errors as error:
                if not isinstance(_cause(error), self.away):  # waiting does not help: rights, foreign tables
                    cure = "Mend it and run the same command again; it continues where it was."
                    raise self._refuse("the database refuses", error, cure) from None
                if time.monotonic() > until:
                    cure = "Start the server and run the same command again; it continues."
                    raise self._refuse("the database went away", error, cure) from None
                if not told:
                    self.watcher.says("The database does not answer; trying again ...")
                    told = True
                time.sleep(0.5)
                self._return()

    def _refuse(self, message: str, error: Exception, cure: str) -> InputError:
        cause = _cause(error)
        lines = str(getattr(cause, "orig", None) or cause).strip().splitlines() or [type(cause).__name__]
        said = masked(lines[-1], self.url)
        return InputError(Problem("--storage", f"{message}: {said}", cure, value=masked(self.url)))

    def _return(self) -> None:
        """A new session after the server came back, with the trials in hand as far as nobody took them."""
        try:
            with contextlib.suppress(Exception):
                self.session.close()
            self.engine.dispose()
            self.session = self.engine.connect()
            for number in self.held:
                query = self.sql.text("SELECT pg_try_advisory_lock(:a, :b)")
                self.session.execute(query, self._key(number + 2))
        except self.errors:
            pass  # still away


def _cause(error: Exception) -> BaseException:
    """What the driver said, where Optuna wrapped it."""
    wrapped = isinstance(error, optuna.exceptions.StorageInternalError)
    return error.__cause__ if wrapped and error.__cause__ is not None else error


def _needs_driver() -> InputError:
    return InputError(Problem("--storage", "the driver for PostgreSQL is not installed",
                              "Install it: pip install 'simlab[postgres]'"))  # fmt: skip


def masked(text: str, url: str = "") -> str:
    """`text` without the passwords of addresses in it, and without that of `url`."""
    for secret in re.findall(r"://[^:@/\s]*:(\S+)@", url):
        # a driver that takes the first @ for the end of the password shows the rest of it as a host
        pieces = (secret, unquote(secret), *(p for p in secret.split("@") if len(p) > 1))
        for written in pieces:
            text = text.replace(written, "***")
    text = re.sub(r"(://[^:@/\s]*):\S+@", r"\1:***@", text)
    return re.sub(r"(password=)[^&\s'\"]+", r"\1***", text)


def _refuse(path: Path, message: str, value: str, cure: str) -> InputError:
    return InputError(Problem(str(path), message, cure, value=value))


def _study(storage: BaseStorage, name: str, directions: list[str]) -> optuna.Study:
    said = [StudyDirection.MINIMIZE if d == "minimise" else StudyDirection.MAXIMIZE for d in directions]
    return optuna.create_study(
        storage=storage, study_name=name, directions=said, load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(seed=0),  # never asked
    )  # fmt: skip


def _attempt(study: optuna.Study, key: str) -> int:
    attempts = dict(study.user_attrs.get("attempts", {}))
    if key not in attempts:
        attempts[key] = len(attempts) + 1
        study.set_user_attr("attempts", attempts)
    return int(attempts[key])


def frozen(trial: Trial, distributions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A finished trial as Optuna keeps it."""
    attrs = as_attrs(trial)
    if trial.failure:
        return optuna.trial.create_trial(
            state=TrialState.FAIL, params=trial.params, distributions=dict(distributions), user_attrs=attrs
        )
    return optuna.trial.create_trial(
        values=list(trial.values), params=trial.params, distributions=dict(distributions), user_attrs=attrs,
        intermediate_values=trial.steps, constraints=trial.constraints,
    )  # fmt: skip


def _finished(study: optuna.Study) -> dict[int, Trial]:
    found: dict[int, Trial] = {}
    for kept in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL)):
        number = kept.user_attrs.get("plan")
        if number is not None and number not in found:
            found[number] = _thawed(number, kept)
    return dict(sorted(found.items()))


def _thawed(number: int, kept: FrozenTrial) -> Trial:
    return Trial(number, dict(kept.params), tuple(kept.values or ()), dict(kept.constraints),
                 dict(kept.user_attrs["means"]), dict(kept.intermediate_values),
                 bool(kept.user_attrs["raced"]), str(kept.user_attrs["failure"]))  # fmt: skip
