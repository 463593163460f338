"""The same answer from a Dask cluster of two processes, with a worker killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simlab.lab import scheduler as module
from simlab.lab.crew import Crew
from simlab.questions import compare
from simlab.scenario import InputError
from tests.stories.tunes import recorded, same, tune, write

distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra cluster)")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1",
        memory_limit=0,
    ) as found:  # fmt: skip
        yield found


def kept(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted((out / "runs").rglob("*.json"))}


@pytest.mark.slow
def test_workers_that_are_killed_cost_time_only(tmp_path: Path, cluster: Any) -> None:
    file = write(tmp_path)
    expected = tune(file, tmp_path / "threads", threads=2)
    out = tmp_path / "dask"
    stop = threading.Event()

    def kill() -> None:
        """A worker, as soon as the first trials are recorded; the nanny starts another."""
        while not stop.is_set():
            if any(p.stat().st_size > 4000 for p in (out / "studies").glob("*.journal")):
                os.kill(next(iter(cluster.workers.values())).process.pid, signal.SIGKILL)
                return
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = tune(file, out, dask=cluster.scheduler_address)
    finally:
        stop.set()
        killer.join()
    same(found, expected)
    assert recorded(file, out) == recorded(file, tmp_path / "threads")
    assert kept(out) == kept(tmp_path / "threads")


@pytest.mark.slow
def test_workers_with_other_rules_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.wait_for_workers(2)
    monkeypatch.setattr(module, "sources_digest", _other)
    with pytest.raises(InputError, match="other rules than this machine"):
        Crew(dask=cluster.scheduler_address)


def _other() -> str:
    return f"rules of process {os.getpid()}"


def test_workers_without_simlab_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sources_digest", _missing)
    with pytest.raises(InputError, match=r"cannot load simlab .*ModuleNotFoundError"):
        Crew(dask=cluster.scheduler_address)


def _missing() -> str:
    raise ModuleNotFoundError("No module named 'simlab'")


def test_a_cluster_without_workers_is_refused() -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as empty,
        pytest.raises(InputError, match="has no workers"),
    ):
        Crew(dask=empty.scheduler_address)


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_no_failed_trial(tmp_path: Path) -> None:
    """The scheduler stops in the middle: a message; what is recorded is right, and threads finish it."""
    file = write(tmp_path)
    out = tmp_path / "out"
    gone = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        host="127.0.0.1",
        memory_limit=0,
    )

    def close() -> None:
        until = time.monotonic() + 100
        while time.monotonic() < until:
            if any(p.stat().st_size > 3000 for p in (out / "studies").glob("*.journal")):
                break
            time.sleep(0.01)
        gone.close()

    closer = threading.Thread(target=close)
    closer.start()
    with pytest.raises(InputError, match=r"--dask: .*went down.* the same command continues"):
        tune(file, out, dask=gone.scheduler_address)
    closer.join()
    found = tune(file, out, threads=2)
    assert not any(trial.failure for trial in recorded(file, out).values())
    same(found, tune(file, tmp_path / "threads", threads=2))


def test_a_comparison_is_the_same_there(tmp_path: Path, cluster: Any) -> None:
    cluster.wait_for_workers(2)
    file = tmp_path / "arms.yaml"
    file.write_text("""
name: Arms
scenario: default
set: {horizon: 20 days, warmup.days: 10, population.members: 120, population.prospects: 200}
compare:
  arms: {current: {}, more: {levers.push.active.per_week: 6}}
  seeds: 4
  max_seeds: 4
  worlds: 2
""")
    here = compare(file, out=tmp_path / "threads", threads=2, write=False)
    there = compare(file, out=tmp_path / "dask", dask=cluster.scheduler_address, write=False)
    assert kept(tmp_path / "dask") == kept(tmp_path / "threads")
    for name, table in here.tables.items():
        pd.testing.assert_frame_equal(there.tables[name], table, check_exact=True)
