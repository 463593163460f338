"""The crew: many runs at once, on threads, processes, any executor, or a Dask cluster; each only once.

A run is a pure function of (scenario, levers before day 1, seed, rules), so it does not matter who does it,
or in which order. The store is asked first; what is missing goes to a `concurrent.futures.Executor`, in jobs: where
there are enough of them, the runs of one past are one job, and whoever has it lives that past once.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeVar

from simlab.lab.detail import Detail, observe
from simlab.lab.forecast import Forecast
from simlab.lab.ground import Ground, data_stamps, shared_ground
from simlab.lab.hands import dismiss, hire
from simlab.lab.past import before_of
from simlab.lab.pasts import name_of, together
from simlab.lab.runs import Run, simulate
from simlab.lab.scheduler import SAME, join, refused
from simlab.lab.store import Store
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario, world_digest
from simlab.world.compiled import sources_digest

T = TypeVar("T")
SHARES = 4
"""Jobs for each hand below which runs of one past go to whoever is free."""


@dataclass(frozen=True)
class Task:
    """One run to be done.

    Attributes:
        scenario: resolved scenario.
        seed: seed of the world.
        detail: keep days, groups and orders, too.
        world: number of the sampled world, for the reader; 0: the scenario's own numbers.
        before: scenario whose levers hold until day 0; None: those that `scenario` says.
    """

    scenario: Scenario
    seed: int
    detail: bool = False
    world: int = 0
    before: Scenario | None = None


class Stopped(Exception):
    """The run was given up, because nobody waits for it any more."""


class Crew:
    """Does runs; a context manager.

    Args:
        store: where finished runs are kept; None keeps none.
        threads: threads (or processes, where `expects` finds them better); by default one per processor.
        executor: where to run instead.
        dask: address of a scheduler, ``tcp://host:port``, to run on instead (extra ``cluster``).
        watcher: who is told how it goes.
        seconds: time budget; runs not begun by then come back as skipped.

    Raises:
        InputError: the cluster cannot be reached.
    """

    def __init__(
        self, store: Store | None = None, *, threads: int | None = None, executor: Executor | None = None,
        dask: str | None = None, watcher: Watcher | None = None, seconds: float | None = None,
    ) -> None:  # fmt: skip
        self.store, self.watcher = store, watcher or Nobody()
        self.workers = threads or os.cpu_count() or 1
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.stopping = threading.Event()
        self.done = self.reused = self.skipped = 0
        self.client: Any = None
        self.own = executor is None
        self.far = dask is not None
        if dask is not None:
            self.client, executor = join(dask)
            self.workers = max(1, sum(self.client.nthreads().values()))
        self.executor = executor or hire(self.workers)
        self.here = isinstance(self.executor, ThreadPoolExecutor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        if self.client is not None:
            self.client.close()  # the cluster gives up what nobody waits for
        elif self.own:
            dismiss(self.executor)

    def expects(self, work: Forecast) -> None:
        """Told before the first run what there is to do: much of it, in small worlds, goes to processes."""
        if self.own and not self.far and self.here and work.apart:
            dismiss(self.executor)
            self.executor, self.here = hire(self.workers, own=True), False

    @property
    def out_of_time(self) -> bool:
        """Whether the time budget is used up."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def runs(self, tasks: Sequence[Task], each: Callable[[int, Run], None] | None = None) -> list[Run]:
        """Every task done, in the order of `tasks`; `each` is told (index, run) as they finish, in any order.

        A task that failed comes back with its traceback; one that the time budget left out, as skipped.

        Raises:
            InputError: a file of the scenario, or the store, cannot be used; or workers went down, which says
                nothing about the run.
            Disagreement: a stored run differs from a fresh one.
        """
        found: list[Run | None] = [None] * len(tasks)
        identities = _identities(tasks)

        def settle(k: int, run: Run) -> None:
            found[k] = run
            if each is not None:
                each(k, run)

        first: dict[tuple[str, int], int] = {}
        twins: dict[int, list[int]] = {}
        waiting: list[int] = []
        for k, task in enumerate(tasks):
            stored = self._stored(task, identities[k])
            key = (identities[k], int(task.seed))
            if stored is not None:
                self.reused += 1
                self._days(task)
                settle(k, stored)
            elif key in first and tasks[first[key]].detail >= task.detail:
                twins.setdefault(first[key], []).append(k)
            else:
                first[key] = k
                waiting.append(k)
        for k, run in self._work(tasks, waiting, identities):
            for j in (k, *twins.get(k, ())):
                settle(j, replace(run, world=tasks[j].world))
        return [run for run in found if run is not None]

    def _stored(self, task: Task, world: str) -> Run | None:
        if self.store is None:
            return None
        outcomes = self.store.outcomes(world, task.seed)
        if outcomes is None:
            return None
        detail = None
        if task.detail:
            arrays = self.store.arrays(world, task.seed)
            try:
                detail = Detail.from_arrays(arrays or {})
            except KeyError:  # not there, or kept by a version that noted other things
                return None
        return Run(task.world, int(task.seed), outcomes, detail=detail)

    def _work(self, tasks: Sequence[Task], waiting: list[int], identities: list[str]) -> Any:
        """(index, run) of those not stored, as they finish."""
        queue = iter(self._jobs(tasks, waiting))
        going: dict[Future[list[Run]], list[int]] = {}
        more = True
        try:
            while more or going:
                while more and len(going) < 2 * self.workers:
                    job = next(queue, None)
                    if job is None:
                        more = False
                    elif self.out_of_time:
                        self.skipped += len(job)
                        for k in job:
                            yield k, Run(tasks[k].world, int(tasks[k].seed), skipped=True)
                    else:
                        going[self._submit([tasks[k] for k in job])] = job
                finished, _ = wait(going, timeout=0.5, return_when=FIRST_COMPLETED) if going else ((), ())
                for future in finished:
                    for k, run in zip(going.pop(future), self._result(future), strict=True):
                        self.done += 1
                        if not self.here:
                            self._days(tasks[k])
                        if self.store is not None and not run.failure:
                            arrays = None if run.detail is None else run.detail.to_arrays()
                            self.store.keep(identities[k], run.seed, run.outcomes, arrays)
                        yield k, run
        except BaseException:
            self.stopping.set()
            for future in going:
                future.cancel()
            wait(going)
            self.stopping.clear()
            raise

    def _jobs(self, tasks: Sequence[Task], waiting: list[int]) -> list[list[int]]:
        """Indices of the tasks by job: those of one past together, where that leaves enough to do for all hands."""
        jobs: dict[Any, list[int]] = {}
        names = _once_each(tasks, past_of)
        for k in waiting:
            name = names[k]
            key = k if name is None else (name, tasks[k].scenario.horizon, int(tasks[k].seed))
            jobs.setdefault(key, []).append(k)
        return (
            list(jobs.values())
            if go_together(len(waiting), len(jobs), self.workers)
            else [[k] for k in waiting]
        )

    def _submit(self, tasks: list[Task]) -> Future[list[Run]]:
        if not self.here:
            return self.executor.submit(_do_there, tasks, rules())

        def each_day(_: int) -> None:
            if self.stopping.is_set():
                raise Stopped
            self.watcher.days(1)

        return self.executor.submit(do, tasks, each_day)

    def _result(self, job: Future[list[Run]]) -> list[Run]:
        """What a job returned. A world that fails is data; workers that go down are not."""
        try:
            return job.result()
        except InputError:
            raise
        except MemoryError:
            value, cure = "", "Use fewer --threads, or a machine with more; the same command continues"
            message = "a run did not fit into memory"
        except Exception as error:
            value, cure = f"{type(error).__name__}: {error}", "Start them again; the same command continues"
            message = "the workers went down"
        raise InputError(
            Problem("--dask" if self.far else "--threads", message, f"{cure}.", value=value)
        ) from None

    def _days(self, task: Task) -> None:
        self.watcher.days(task.scenario.warmup.days + task.scenario.horizon)


def _do_there(tasks: Sequence[Task], expected: str) -> list[Run]:
    """A job in another process, which may have joined late and with another version."""
    if rules() != expected:
        raise refused("a worker has other rules than this machine", SAME)
    return do(tasks)


def do(tasks: Sequence[Task], each_day: Callable[[int], None] | None = None) -> list[Run]:
    """A job, wherever it is: one run, or several of one past. The graph is built here, once per process."""
    first = tasks[0]
    ground = shared_ground(first.scenario)
    if len(tasks) == 1:
        return [_run(first, ground, each_day)]
    with together(first.scenario, int(first.seed), ground, first.before or before_of(first.scenario)):
        return [_run(task, ground, each_day) for task in tasks]


def _run(task: Task, ground: Ground, each_day: Callable[[int], None] | None) -> Run:
    seed = int(task.seed)
    if not task.detail:
        return simulate(task.scenario, seed, ground, task.world, False, each_day, task.before)
    try:
        outcomes, detail = observe(task.scenario, seed, ground, each_day, task.before)
        return Run(task.world, seed, outcomes, detail=detail)
    except MemoryError:  # says nothing about the run
        raise
    except Exception:
        return Run(task.world, seed, failure=traceback.format_exc())


def identity(scenario: Scenario, before: Scenario | None = None) -> str:
    """What a run is called in the store: the world, and the levers before day 1 where they differ."""
    data = dict(data_stamps(scenario))
    own = world_digest(scenario, data)
    return own if before is None else _joined(own, world_digest(before, data))


def _joined(own: str, before: str) -> str:
    import hashlib

    return hashlib.sha256(f"{own}|{before}".encode()).hexdigest()


def _identities(tasks: Sequence[Task]) -> list[str]:
    return _once_each(tasks, lambda task: identity(task.scenario, task.before))


def go_together(tasks: int, pasts: int, workers: int) -> bool:
    """Whether tasks of one past go to one hand: there are enough of them, and of pasts, for all hands."""
    return tasks >= 2 * SHARES * workers and pasts >= SHARES * workers


def past_of(task: Task) -> str | None:
    """What names the past of a task's world, whatever the seed; None where it is lived for that task alone."""
    return name_of(task.scenario, task.before or before_of(task.scenario) or task.scenario)


def _once_each(tasks: Sequence[Task], what: Callable[[Task], T]) -> list[T]:
    """Of each task; once for those that share their scenario, as the seeds of a panel do."""
    known: dict[tuple[int, int], T] = {}
    found = []
    for task in tasks:
        same = (id(task.scenario), id(task.before))
        if same not in known:
            known[same] = what(task)
        found.append(known[same])
    return found


def rules() -> str:
    """Digest of the world's sources."""
    return sources_digest()
