"""A search gives one answer: on one thread or two, in one go or killed again and again, from runs new or kept."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from simlab.lab import tune as lab
from simlab.lab.crew import Crew, rules
from simlab.lab.store import Store
from simlab.lab.tune_plan import plan
from simlab.scenario.experiments import load_experiment
from tests.stories.conftest import start
from tests.stories.tunes import Listener, numbers_in, recorded, same, tune, write

FORK = multiprocessing.get_context("fork")
"""A child that is at work at once: the rules are ready in the parent."""


def kept(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted((out / "runs").rglob("*.json"))}


@pytest.mark.parametrize("racing", [pytest.param(False, marks=pytest.mark.slow), True])
def test_one_thread_or_two_the_same_answer(tmp_path: Path, racing: bool) -> None:
    trials = 30 if racing else 14  # of 14 perhaps none is dropped
    file = write(tmp_path, racing=racing, panel=6, trials=trials)
    one, two = tmp_path / "one", tmp_path / "two"
    same(tune(file, one, threads=1), tune(file, two, threads=2))
    assert recorded(file, one) == recorded(file, two)
    assert kept(one) == kept(two)
    if racing:
        assert any(trial.raced for trial in recorded(file, one).values())


@pytest.mark.slow
def test_killed_twice_the_same_answer(tmp_path: Path) -> None:
    kill_and_finish(tmp_path, 2, {})


@pytest.mark.slow
@pytest.mark.parametrize("spec", [{"sampler": "cmaes", "trials": 20}, {"racing": True, "panel": 6}])
def test_killed_ten_times_the_same_answer(tmp_path: Path, spec: dict[str, object]) -> None:
    kill_and_finish(tmp_path, 10, spec)


def kill_and_finish(tmp_path: Path, times: int, spec: dict[str, object]) -> None:
    file = write(tmp_path, **spec)
    began = time.perf_counter()
    whole = tune(file, tmp_path / "whole", threads=2)
    seconds = time.perf_counter() - began

    out, moments = tmp_path / "killed", random.Random(7)
    before: dict[int, object] = {}
    killed = 0
    for _ in range(times):
        child = FORK.Process(target=tune, args=(file, out), kwargs={"threads": 2})
        child.start()
        child.join(moments.uniform(0.0, seconds / 4))  # a few trials
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        after = recorded(file, out)
        assert {n: after[n] for n in before} == before, "a finished trial was lost or changed"
        before = dict(after)
    assert killed >= min(times, 3) - 1
    same(tune(file, out, threads=2), whole)
    assert recorded(file, out) == recorded(file, tmp_path / "whole")
    assert kept(out) == kept(tmp_path / "whole")
    (journal,) = (out / "studies").glob("*.journal")
    assert sorted(numbers_in(journal)) == list(range(int(str(spec.get("trials", 14)))))
    leftovers = [p.name for p in out.rglob("*") if p.name.startswith(".") or ".journal." in p.name]
    assert leftovers == []


@pytest.mark.slow
def test_without_the_run_store_the_interrupted_trial_is_run_again(tmp_path: Path) -> None:
    file = write(tmp_path)
    whole = tune(file, tmp_path / "whole", store=False)
    out = tmp_path / "out"
    tune(file, out, store=False)
    (journal,) = (out / "studies").glob("*.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:8]) + lines[8][:50])  # killed while it wrote
    (journal.parent / f"{journal.name}.lock").symlink_to(journal)
    began = time.perf_counter()
    assert len(recorded(file, out)) < 14
    assert time.perf_counter() - began < 10, "Optuna waits half a minute for a lock that nobody holds"
    same(tune(file, out, store=False), whole)
    assert sorted(numbers_in(journal)) == list(range(14))


def test_a_time_budget_stops_and_the_same_call_continues(tmp_path: Path) -> None:
    file = write(tmp_path)
    whole = tune(file, tmp_path / "whole")
    out, listener = tmp_path / "out", Listener()
    todo = plan(load_experiment(file))
    answers = []
    for seconds in (0.0, 0.3, 0.6, None):
        with Crew(Store(out, rules()), threads=1, seconds=seconds, watcher=listener) as crew:
            answers.append(lab.tune(todo, crew, out / "studies", checks=False))
    assert answers[0] is None
    assert "The same command continues." in listener.said[0]
    assert answers[-1] is not None
    same(answers[-1], whole)
    assert any(text.startswith("Searching: 14 of 14") for text in listener.done)


def test_more_trials_continue_a_study_and_its_first_answer_stays(tmp_path: Path) -> None:
    file = write(tmp_path)
    out = tmp_path / "out"
    first = tune(file, out)
    longer = write(tmp_path, trials=20)
    second = tune(longer, out)
    assert len(second.tables["trials"]) == 20
    assert second.manifest["run"] != first.manifest["run"]
    same(tune(write(tmp_path), out), first)
    write(tmp_path, trials=20)
    assert second.manifest["attempt"] == 2, "other finalists meet on seeds that no answer has seen"
    fresh = tune(longer, tmp_path / "fresh")
    pd.testing.assert_frame_equal(second.tables["trials"], fresh.tables["trials"], check_exact=True)


@pytest.mark.slow
def test_the_command_itself_interrupted_and_killed(project: Path) -> None:
    file = write(project, trials=240)  # enough not to be through before a signal on a busy machine
    whole = tune(file, project / "whole")
    command = ("tune", "often.yaml", "--threads", "2")
    (journals := project / "results" / "studies").mkdir(parents=True)
    for earlier, signals in enumerate((signal.SIGINT, signal.SIGKILL, signal.SIGINT)):
        process = start(*command, cwd=project)
        size = sum(p.stat().st_size for p in journals.glob("*.journal"))
        until = time.monotonic() + 300
        while sum(p.stat().st_size for p in journals.glob("*.journal")) <= size + 1000:  # some trials later
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signals)
        _, err = process.communicate(timeout=60)
        if signals == signal.SIGINT:
            if earlier and process.returncode == 0:
                break  # few trials were left, and it was through before the signal came
            assert process.returncode == 130
            assert "the same command continues" in err
            assert "Traceback" not in err
    found = subprocess.list2cmdline(command)
    process = start(*command, cwd=project)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, f"{found}: {err}"
    assert "Report: results/how-often-" in out
    assert recorded(file, project / "results") == recorded(file, project / "whole")
    assert kept(project / "whole").items() <= kept(project / "results").items()
    assert len(whole.tables["trials"]) == 240
