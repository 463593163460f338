"""Several workers on one study in a real PostgreSQL: killed, restarted under their feet, with one answer."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import FloatDistribution

from simlab.lab.planner import Trial
from simlab.lab.shared_study import SharedStudy
from simlab.lab.studies import open_study
from simlab.lab.tune_plan import plan
from simlab.scenario import InputError
from simlab.scenario.experiments import load_experiment
from tests.stories.postgres import Server, binaries
from tests.stories.tunes import Listener, recorded, same, tune, write

pytest.importorskip("psycopg", reason="the driver for PostgreSQL is not installed (extra postgres)")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        binaries() is None, reason="no PostgreSQL server in /usr/lib/postgresql (apt-get install postgresql)"
    ),
]
FORK = multiprocessing.get_context("fork")
PANEL = {"trials": 24, "panel": 4}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.stop()


def shared(file: Path, url: str, name: str = "") -> SharedStudy:
    todo = plan(load_experiment(file))
    study = open_study(name or todo.study, list(todo.objectives.values()), file.parent, url, Listener())
    assert isinstance(study, SharedStudy)
    return study


def in_database(study: SharedStudy) -> tuple[dict[int, Trial], list[int]]:
    """Finished trials, and the number of every row there is."""
    rows = [t.user_attrs.get("plan", -1) for t in study.study.get_trials(deepcopy=False)]
    return study.trials(), sorted(rows)


def test_three_workers_a_restart_and_a_kill_one_answer(tmp_path: Path, server: Server) -> None:
    file = write(tmp_path, **PANEL)
    whole = tune(file, tmp_path / "whole", threads=2)
    expected = recorded(file, tmp_path / "whole")
    out = tmp_path / "out"

    def worker() -> None:
        add = SharedStudy.add

        def slowly(*trial: Any) -> Any:
            time.sleep(0.5)  # so that trials are left when the server comes back, however fast a trial is
            return add(*trial)

        SharedStudy.add = slowly  # type: ignore[method-assign]  # in this process alone
        tune(file, out, server.url, threads=1)

    workers = [FORK.Process(target=worker) for _ in range(3)]
    for each in workers:
        each.start()
    study = shared(file, server.url)
    progress(study, 6)
    server.restart(away=2.0)
    before = study.trials()
    assert len(before) >= 6, "the server forgot"
    assert len(before) <= 20, "nothing is left to do"
    progress(study, len(before) + 2)
    workers[0].kill()  # with a trial in hand, which another takes
    workers.append(FORK.Process(target=worker))
    workers[-1].start()
    for each in workers:
        each.join(300)
    assert [each.exitcode for each in workers] == [-9, 0, 0, 0]
    found, rows = in_database(study)
    study.close()
    assert found == expected
    assert rows == list(range(24)), "each trial stands there once"
    assert {n: found[n] for n in before} == before
    same(tune(file, out, server.url), whole)


def test_whoever_writes_a_trial_it_stands_there_once(tmp_path: Path, server: Server) -> None:
    file = write(tmp_path)
    crowd = [shared(file, server.url, "crowd") for _ in range(4)]
    made = [Trial(n, {"rate": n / 8}, (n / 3,), steps={0: 0.1 * n}) for n in range(8)]
    gate = threading.Barrier(len(crowd))

    def writes(study: SharedStudy) -> None:
        for trial in made:
            gate.wait(60)
            study.add(trial, {"rate": FloatDistribution(0.0, 1.0)})  # nobody looks, nobody holds a lock

    with ThreadPoolExecutor(len(crowd)) as pool:
        list(pool.map(writes, crowd))
    for study in crowd:
        assert in_database(study) == (dict(enumerate(made)), list(range(8)))
        study.close()


def progress(study: SharedStudy, trials: int) -> None:
    until = time.monotonic() + 200
    while len(study.trials()) < trials:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_trial_in_hand_is_nobody_elses_until_its_worker_dies(tmp_path: Path, server: Server) -> None:
    file = write(tmp_path)
    ours, theirs = shared(file, server.url, "hands"), shared(file, server.url, "hands")
    assert ours.hold(3)
    assert not theirs.hold(3)
    assert theirs.hold(4)
    ours.let_go(3)
    assert theirs.hold(3)
    server.restart(away=0.0)  # all locks are gone; whoever comes back first takes up what it had in hand
    assert theirs.trials() == {}
    assert not theirs.hold(5) or theirs.let_go(5) is None
    assert not ours.hold(3)
    theirs.close()
    until = time.monotonic() + 30
    while not ours.hold(3):  # on a busy machine the server takes a moment to see that they are gone
        assert time.monotonic() < until
        time.sleep(0.05)
    assert ours.hold(4)
    ours.close()


def test_a_wrong_password_is_refused_and_not_shown(tmp_path: Path, server: Server) -> None:
    file = write(tmp_path)
    wrong = server.url.replace(server.password, "s3cret-word")
    with pytest.raises(InputError) as caught:
        shared(file, wrong)
    said = str(caught.value)
    assert "password authentication failed" in said
    assert "s3cret" not in said
    assert server.password not in said
    assert "simlab:***@127.0.0.1" in said


def test_attempts_are_numbered_once_for_all_workers(tmp_path: Path, server: Server) -> None:
    file = write(tmp_path)
    ours, theirs = shared(file, server.url, "attempts"), shared(file, server.url, "attempts")
    assert [ours.attempt("a"), theirs.attempt("b"), theirs.attempt("a"), ours.attempt("b")] == [1, 2, 1, 2]
    ours.close()
    theirs.close()
