"""Hands for many runs: threads that share one large world, or processes with a small world each.

A third to a half of a small world's day is Python, which threads of one process cannot do at the same time: two of
them did no more than one where it was measured (docs/performance.md). A large world's day is compiled, and its graph
is better held once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import TypeVar

from simlab.scenario import InputError, Problem

T = TypeVar("T")

SMALL = 100_000
"""People in a world up to which processes do its runs, where there is enough to do."""
WORTH = 40.0
"""Seconds of work for one from which it pays to start processes."""
START = 5.0
"""Seconds until they have imported everything."""


def apart(people: int, seconds: float, workers: int) -> bool:
    """Whether processes should do work that would take one thread so long."""
    return workers > 1 and people <= SMALL and seconds > WORTH


def hire(workers: int, own: bool = False) -> Executor:
    """That many threads, or processes of their own: these import what they need, never the caller's own script."""
    if not own:
        return ThreadPoolExecutor(max_workers=workers)
    from loky import ProcessPoolExecutor

    pool: Executor = ProcessPoolExecutor(max_workers=workers, initializer=_begin)
    return pool


def finished(job: Future[T]) -> T:
    """What a job came to.

    Raises:
        InputError: whoever did it went down, which says nothing about the job.
    """
    try:
        return job.result()
    except BrokenExecutor as error:
        message, cure = (
            "a process that simulates went down",
            "Use fewer --threads; the same command continues",
        )
        raise InputError(Problem("--threads", message, f"{cure}.", value=type(error).__name__)) from None


def dismiss(pool: Executor) -> None:
    """End a pool of `hire`; what it has not begun is dropped."""
    if isinstance(pool, ThreadPoolExecutor):
        pool.shutdown(wait=True, cancel_futures=True)
    else:
        pool.shutdown(wait=True, kill_workers=True)  # type: ignore[call-arg]


def _begin() -> None:
    """Ctrl-C is for the parent, which decides what is still to be done; without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
