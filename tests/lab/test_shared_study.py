"""A trial stands once in a database, whatever goes wrong while it is written. (SQLite here; the same index in
PostgreSQL, with workers and restarts, is in tests/stories/test_tune_postgres.py.)"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution

from simlab.lab.planner import Trial
from simlab.lab.shared_study import IDENTITY, add_once, refuse_twice
from simlab.lab.study_records import begun, finished

sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgres is not installed")
RATE = {"rate": FloatDistribution(0.0, 1.0)}
MADE = [
    Trial(0, {"rate": 0.5}, (1.0,), {"limit": -0.1}, {"equity": 3.0}, {0: 0.1, 1: 0.2}),
    Trial(1, {"rate": 0.25}, failure="seed 1, world 0: it broke"),
    Trial(2, {"rate": 0.75}, (1 / 3,), raced=True),
]


def joined(folder: Path, name: str = "often") -> optuna.Study:
    """One more worker's connection."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'studies.db'}")
    refuse_twice(storage.engine)
    return begun(storage, name, ["maximise"])


def rows(study: optuna.Study) -> list[int]:
    return [trial.user_attrs["plan"] for trial in study.get_trials(deepcopy=False)]


def test_two_workers_that_do_not_look_write_one_row(tmp_path: Path) -> None:
    ours, theirs = joined(tmp_path), joined(tmp_path)
    for trial in MADE:
        for study in (ours, theirs, ours):
            add_once(study, trial, RATE)
    assert rows(ours) == rows(joined(tmp_path)) == [0, 1, 2]
    assert list(finished(theirs).values()) == MADE


def test_an_answer_lost_after_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna asks again by itself; what it wrote the first time is not written twice."""
    study = joined(tmp_path)
    dialect = study._storage._backend.engine.dialect  # type: ignore[attr-defined]
    commit, lost = dialect.do_commit, []

    def loses(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append(connection)
            raise sqlite3.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dialect, "do_commit", loses)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    add_once(study, MADE[0], RATE)
    assert lost
    assert rows(study) == [0]
    assert finished(study) == {0: MADE[0]}


def test_studies_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    ours, other = joined(tmp_path), joined(tmp_path, "another")
    for study in (ours, other):
        for trial in MADE:
            add_once(study, trial, RATE)
    assert rows(ours) == rows(other) == [0, 1, 2]


def test_another_refusal_is_not_taken_for_a_trial_that_is_there(tmp_path: Path) -> None:
    ours, other = joined(tmp_path), joined(tmp_path, "another")
    other.add_trial(optuna.trial.create_trial(values=[1.0], user_attrs={IDENTITY: "often/0"}))
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        add_once(ours, MADE[0], RATE)
    assert rows(ours) == []
