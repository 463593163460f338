"""A search that several processes work on, recorded in PostgreSQL."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

import optuna
from optuna.distributions import BaseDistribution

from simlab.lab.planner import Trial
from simlab.lab.study_records import attempt_of, begun, finished, frozen
from simlab.lab.watch import Watcher
from simlab.scenario import InputError, Problem

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds for which a database that went away is awaited."""
IDENTITY = "simlab trial"
"""Attribute that names a trial in the whole database: no two rows may carry the same."""


class SharedStudy:
    """A study in PostgreSQL that several processes work on; survives a restart of the server.

    A trial in hand is an advisory lock of a session, which the server frees when the process dies. Locks only spare
    work: a server that restarts forgets them, and then two workers may measure the same trial. That it stands there
    once is the database's own promise, a unique index (`refuse_twice`).
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
            with self._guard(_lock("", 0)):  # two workers must not make the tables at once
                storage = RDBStorage(address, engine_kwargs=options)
                refuse_twice(self.engine)
                return begun(storage, name, directions)

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
        return self._patiently(lambda: finished(self.study))

    def add(self, trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
        """Record a finished trial, unless it is there."""
        self._patiently(lambda: add_once(self.study, trial, distributions))

    def hold(self, number: int) -> bool:
        """Take a trial in hand; False if another process has it."""

        def once() -> bool:
            query = self.sql.text("SELECT pg_try_advisory_lock(:a, :b)")
            return bool(self.session.execute(query, _lock(self.name, number + 2)).scalar())

        if self._patiently(once):
            self.held.append(number)
            return True
        return False

    def let_go(self, number: int) -> None:
        """Give it back."""

        def once() -> None:
            self.session.execute(
                self.sql.text("SELECT pg_advisory_unlock(:a, :b)"), _lock(self.name, number + 2)
            )

        self.held.remove(number)
        self._patiently(once)

    def attempt(self, key: str) -> int:
        """The number of the report on these finalists."""

        def once() -> int:
            with self._guard(_lock(self.name, 1)):
                return attempt_of(self.study, key)

        return self._patiently(once)

    def close(self) -> None:
        """Leave the database."""
        with contextlib.suppress(*self.errors):
            self.session.close()
            self.engine.dispose()

    @contextlib.contextmanager
    def _guard(self, key: dict[str, int]) -> Iterator[None]:
        """Nobody else does this at the same time."""
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
                self.session.execute(query, _lock(self.name, number + 2))
        except self.errors:
            pass  # still away


def _lock(study: str, number: int) -> dict[str, int]:
    """A pair of 32-bit numbers that names a lock: the study, and what in it."""
    return {"a": int.from_bytes(hashlib.sha256(study.encode()).digest()[:4], signed=True), "b": number}


def refuse_twice(engine: Engine) -> None:
    """Let the database refuse a second row of the same trial, with all that belongs to the row.

    Looking before writing is not enough: a server can go away after it wrote and before it said so, and whoever
    asked (Optuna itself does, five times) asks again.
    """
    import sqlalchemy

    table, index = "trial_user_attributes", "simlab_trial_once"
    if all(known["name"] != index for known in sqlalchemy.inspect(engine).get_indexes(table)):
        said = f"CREATE UNIQUE INDEX {index} ON {table} (value_json) WHERE key = '{IDENTITY}'"
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(said))


def add_once(study: optuna.Study, trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
    """Record a finished trial, unless it is there."""
    from sqlalchemy.exc import IntegrityError

    row = frozen(trial, distributions)
    row.set_user_attr(IDENTITY, f"{study.study_name}/{trial.number}")
    try:
        study.add_trial(row)
    except IntegrityError:
        if trial.number not in finished(study):
            raise


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
