"""Who does many runs: threads or processes; the same bytes either way, and nobody is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from simlab.lab import hands, runs
from simlab.lab.crew import Crew, Task
from simlab.lab.forecast import Forecast
from simlab.lab.laws import check as checking
from simlab.scenario import InputError, load, with_values

SMALL = with_values(
    load("default").scenario,
    {"population.members": 60, "population.prospects": 90, "horizon": 20, "warmup.days": 3},
)
MUCH = Forecast(seconds=500.0, megabytes=900.0, runs=4, people=150, days=23, apart=True)


@pytest.mark.parametrize(
    ("people", "seconds", "workers", "own"),
    [(8_000, 100.0, 2, True), (8_000, 100.0, 1, False), (8_000, 5.0, 2, False), (2_000_000, 1e6, 2, False)],
)
def test_much_work_in_small_worlds_goes_to_processes(
    people: int, seconds: float, workers: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "WORTH", 40.0)
    assert hands.apart(people, seconds, workers) is own


def test_a_crew_with_much_to_do_hires_processes_and_gets_the_same_bytes() -> None:
    tasks = [Task(SMALL, seed, detail=seed == 2) for seed in (3, 1, 2)]
    with Crew(threads=1) as alone:
        expected = alone.runs(tasks)
    with Crew(threads=2) as crew:
        crew.expects(replace(MUCH, apart=False))
        assert crew.here
        crew.expects(MUCH)
        assert not crew.here
        found = crew.runs(tasks)
    assert [repr(run.outcomes) for run in found] == [repr(run.outcomes) for run in expected]  # some are nan
    assert found[2].detail is not None
    assert crew.done == 3


@pytest.mark.slow
def test_runs_of_a_scenario_are_the_same_there() -> None:
    days: list[int] = []
    here = runs.run(SMALL, [1, 2], worlds=1, threads=1)
    there = runs.run(SMALL, [1, 2], worlds=1, threads=2, apart=True, on_days=days.append)
    assert here.tables.keys() == there.tables.keys()
    for name, table in here.tables.items():
        assert table.equals(there.tables[name]), name
    assert sum(days) == (2 + 2) * 23


@pytest.mark.slow
def test_laws_are_read_the_same_there(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = checking.chosen(["L19"])
    here = checking.check(SMALL, seeds=2, laws=laws, threads=2)
    monkeypatch.setattr(hands, "WORTH", 0.0)
    there = checking.check(SMALL, seeds=2, laws=laws, threads=2)
    assert there.findings == here.findings
    assert there.findings[0].seeds == 2


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        textwrap.dedent("""
        from simlab.lab import hands
        print("once", flush=True)
        pool = hands.hire(2, own=True)
        print(sum(pool.map(abs, [-1, 2, -3])), flush=True)
        hands.dismiss(pool)
        """)
    )
    said = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    assert said.stdout.split() == ["once", "6"], said.stderr


def _process(_: int) -> int:
    return os.getpid()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def all_gone(pids: set[int]) -> bool:
    waited = time.monotonic() + 20
    while not all(map(_gone, pids)) and time.monotonic() < waited:
        time.sleep(0.1)
    return all(map(_gone, pids))


def _fall(_: int) -> None:
    os._exit(1)


@pytest.mark.slow
def test_a_process_that_goes_down_is_said_in_one_line() -> None:
    pool = hands.hire(1, own=True)
    with pytest.raises(InputError, match=r"went down .* the same command continues"):
        hands.finished(pool.submit(_fall, 1))
    hands.dismiss(pool)


@pytest.mark.slow
def test_nobody_stays_when_they_are_dismissed() -> None:
    pool = hands.hire(2, own=True)
    pids = set(pool.map(_process, range(8)))
    hands.dismiss(pool)
    assert all_gone(pids)


def test_nobody_stays_when_their_parent_is_killed() -> None:
    script = """
import time
from simlab.lab import hands
from tests.lab.test_hands import _process
pool = hands.hire(2, own=True)
print(*set(pool.map(_process, range(8))), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = {int(pid) for pid in parent.stdout.readline().split()}
        parent.kill()
    assert pids
    assert all_gone(pids)
