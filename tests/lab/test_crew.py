"""The crew: whoever does the runs, and however often they are asked for, the same runs come back in order."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simlab.lab import crew as module
from simlab.lab import pasts as pasts_module
from simlab.lab import runs as runs_module
from simlab.lab.crew import Crew, Task, identity, rules
from simlab.lab.ground import shared_ground
from simlab.lab.past import with_past
from simlab.lab.runs import Run
from simlab.lab.store import Store
from simlab.lab.watch import Nobody
from simlab.scenario import InputError, Scenario, load, with_values
from simlab.world.market import Market
from simlab.world.outcomes import outcomes

DAYS = 25


@pytest.fixture(scope="module")
def small() -> Scenario:
    return load(
        "default",
        ["horizon=20", "warmup.days=5", "population.members=40", "population.prospects=60"],
    ).scenario


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, rules())


def said(runs: list[Run]) -> str:
    return json.dumps([[int(r.seed), r.world, r.outcomes, r.failure, r.skipped] for r in runs])


def kept(store: Store) -> dict[str, bytes]:
    return {str(p.relative_to(store.folder)): p.read_bytes() for p in store.folder.rglob("*.json")}


class Counting(Nobody):
    """Counts the days it is told of."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def days(self, count: int) -> None:
        with self.lock:
            self.count += count


class Backwards(Executor):
    """Begins with the last of what it was given, and not before somebody waits."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future[Any], Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.jobs.append((future, lambda: fn(*args, **kwargs)))
        if len(self.jobs) == 4:
            for waiting, job in reversed(self.jobs):
                waiting.set_result(job())
            self.jobs.clear()
        return future


@pytest.fixture(params=["one thread", "two threads", "a pool of threads", "processes", "backwards"])
def how(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    match request.param:
        case "one thread" | "two threads":
            yield {"threads": 1 + (request.param == "two threads")}
        case "a pool of threads":
            with ThreadPoolExecutor(3) as pool:
                yield {"executor": pool}
        case "processes":
            with ProcessPoolExecutor(1) as pool:
                yield {"executor": pool}
        case _:
            yield {"executor": Backwards(), "threads": 2}


def test_whoever_does_them_the_same_bytes_come_back_in_order(
    small: Scenario, store: Store, tmp_path: Path, how: dict[str, Any]
) -> None:
    more = with_values(small, {"levers.push.active.per_week": 6.0})
    tasks = [Task(more if k % 2 else small, seed, world=k) for k, seed in enumerate((3, 1, 2, 4))]
    with Crew(threads=1) as alone:
        expected = alone.runs(tasks)
    watcher = Counting()
    with Crew(store, watcher=watcher, **how) as crew:
        found = crew.runs(tasks)
    assert said(found) == said(expected)
    assert [r.world for r in found] == [0, 1, 2, 3]
    assert crew.done == 4
    assert watcher.count == 4 * DAYS
    plain = Store(tmp_path / "plain", rules())
    with Crew(plain, threads=1) as crew:
        crew.runs(tasks)
    assert kept(store) == kept(plain)


@pytest.mark.parametrize("how", ["two threads", "processes"], indirect=True)
def test_runs_of_one_past_go_to_one_hand_where_there_are_enough_for_all(
    small: Scenario, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    """Three strategies on eight seeds: eight jobs, of which each lives its past once; not a byte of them changes."""
    begun = []

    def begin(*args: Any, **more: Any) -> Market:
        begun.append(args)
        return Market(*args, **more)

    monkeypatch.setattr(pasts_module, "Market", begin)
    arms = [with_values(small, {"levers.push.active.per_week": per_week}) for per_week in (1.0, 4.0, 6.0)]
    alike = [with_past(arm, small) for arm in arms]
    tasks = [Task(arm, seed, before=before) for arm, before in alike for seed in range(501, 509)]
    whole = [Market(t.scenario, t.seed, shared_ground(small).graph, before=t.before) for t in tasks]
    watcher = Counting()
    with Crew(watcher=watcher, **how) as crew:
        crew.workers = 2
        jobs = crew._jobs(tasks, list(range(24)))
        assert sorted(jobs) == [[k, k + 8, k + 16] for k in range(8)]
        found = crew.runs(tasks)
        assert len(begun) == (0 if "executor" in how else 8)  # processes begin theirs elsewhere
        crew.workers = 3  # with fewer than four such jobs for each of them, whoever is free
        assert crew._jobs(tasks, list(range(24))) == [[k] for k in range(24)]
    assert [repr(run.outcomes) for run in found] == [repr(outcomes(market.run())) for market in whole]
    assert (crew.done, watcher.count) == (24, 24 * DAYS)


def test_what_has_no_past_of_its_own_to_share_is_a_job_alone(small: Scenario) -> None:
    born_today = with_values(small, {"warmup.days": 0})
    tasks = [Task(model, seed) for model in (small, born_today, small, born_today) for seed in range(1, 9)]
    with Crew(threads=2) as crew:
        jobs = crew._jobs(tasks, list(range(32)))
    assert sorted(map(len, jobs)) == [1] * 16 + [2] * 8


def test_nothing_is_simulated_twice(small: Scenario, store: Store) -> None:
    tasks = [Task(small, 1), Task(small, 2), Task(small, 1, world=7)]
    watcher, told = Counting(), []
    with Crew(store, threads=2, watcher=watcher) as crew:
        first = crew.runs(tasks, lambda k, run: told.append((k, run.world)))
        assert (crew.done, crew.reused) == (2, 0)
        again = crew.runs(tasks)
        assert (crew.done, crew.reused) == (2, 3)
    assert [(int(r.seed), r.world) for r in first] == [(1, 0), (2, 0), (1, 7)]
    assert said(again) == said(first)
    assert sorted(told) == [(0, 0), (1, 0), (2, 7)]


def test_detail_is_kept_apart_and_asked_for_apart(small: Scenario, store: Store) -> None:
    with Crew(store, threads=1) as crew:
        (plain,) = crew.runs([Task(small, 1)])
        assert plain.detail is None
        (fresh,) = crew.runs([Task(small, 1, detail=True)])
        assert crew.done == 2
        (stored,) = crew.runs([Task(small, 1, detail=True)])
        assert crew.done == 2
    assert said([fresh]) == said([stored]) == said([plain])
    assert fresh.detail is not None
    assert stored.detail is not None
    for name, array in fresh.detail.to_arrays().items():
        assert (stored.detail.to_arrays()[name] == array).all(), name


def test_detail_that_an_older_version_kept_is_run_again(small: Scenario, store: Store) -> None:
    task = Task(small, 1, detail=True)
    with Crew(store, threads=1) as crew:
        (fresh,) = crew.runs([task])
        assert fresh.detail is not None
        arrays = fresh.detail.to_arrays()
        store.place(identity(small), 1, "npz").unlink()
        store.keep(identity(small), 1, fresh.outcomes, {k: arrays[k] for k in list(arrays)[1:]})
        (again,) = crew.runs([task])
        assert crew.done == 2
    assert again.detail is not None


def test_a_failed_run_is_data_and_is_not_kept(
    small: Scenario, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runs_module.outcomes
    with monkeypatch.context() as patch:
        patch.setattr(runs_module, "outcomes", lambda market: 1 / 0 if market.seed == 2 else whole(market))
        with Crew(store, threads=2) as crew:
            found = crew.runs([Task(small, seed, world=5) for seed in (1, 2, 3)])
    assert [r.good for r in found] == [True, False, True]
    assert (found[1].seed, found[1].world) == (2, 5)
    assert "ZeroDivisionError" in found[1].failure
    assert len(kept(store)) == 2
    with Crew(store, threads=1) as crew:
        (mended,) = crew.runs([Task(small, 2)])
    assert mended.good


def test_when_time_is_up_the_rest_is_left_out_and_found_out_later(small: Scenario, store: Store) -> None:
    tasks = [Task(small, 1), Task(small, 2)]
    with Crew(store, threads=1) as crew:
        crew.runs(tasks[:1])
    with Crew(store, threads=1, seconds=0.0) as crew:
        assert crew.out_of_time
        first, second = crew.runs(tasks)
        assert (crew.skipped, crew.reused) == (1, 1)
    assert first.good
    assert second.skipped
    assert not second.good
    with Crew(store, threads=1) as crew:
        assert all(run.good for run in crew.runs(tasks))


class Cut(BaseException):
    """As Ctrl-C: not an error."""


@pytest.mark.parametrize("error", [Cut, KeyboardInterrupt])
def test_an_interruption_stops_runs_within_a_day_and_keeps_what_is_finished(
    small: Scenario, store: Store, error: type[BaseException]
) -> None:
    long = small.model_copy(update={"horizon": 3000})
    tasks = [Task(small, 1), Task(long, 2), Task(long, 3)]

    def stop(k: int, run: Run) -> None:
        raise error

    with Crew(store, threads=2) as crew:
        with pytest.raises(error):
            crew.runs(tasks, stop)
        assert crew.done == 1
        assert len(kept(store)) == 1
        assert crew.runs(tasks[:1])[0].good  # the crew is ready for other work
        assert crew.reused == 1


def _die(tasks: list[Task], expected: str) -> list[Run]:
    os._exit(1)


def test_workers_that_go_down_say_nothing_about_a_run(
    small: Scenario, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_do_there", _die)
    with (
        ProcessPoolExecutor(1) as pool,
        Crew(store, executor=pool) as crew,
        pytest.raises(
            InputError, match=r"workers went down .*BrokenProcessPool.* the same command continues"
        ),
    ):
        crew.runs([Task(small, 1), Task(small, 2)])
    assert kept(store) == {}


def test_too_little_memory_says_nothing_about_a_run(
    small: Scenario, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pasts_module, "Market", full)
    with Crew(store, threads=1) as crew, pytest.raises(InputError, match="did not fit into memory"):
        crew.runs([Task(small, 987)])  # a seed whose past no other test has lived


def test_a_worker_with_other_rules_is_refused_even_if_it_joins_late(small: Scenario) -> None:
    with pytest.raises(InputError, match="other rules"):
        module._do_there([Task(small, 1)], "another digest")


def test_runs_with_another_past_have_another_name(small: Scenario) -> None:
    before = with_values(small, {"levers.push.active.per_week": 1.0})
    names = {identity(small), identity(small, small), identity(small, before), identity(before)}
    assert len(names) == 4
