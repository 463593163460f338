"""kill -9 at a random moment leaves a complete folder or none; the same command then finishes."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from simlab.lab.folders import MANIFEST
from tests.stories.conftest import start

RUN = ("run", "small.yaml", "--seeds", "2", "--worlds", "0")


def finished(project: Path) -> list[Path]:
    results = project / "results"
    return [p for p in results.iterdir() if not p.name.startswith(".")] if results.exists() else []


def check(folder: Path) -> None:
    for name in (MANIFEST, "report.html", "scenario.yaml", "tables/outcomes.parquet", "plots/stages.png"):
        assert (folder / name).stat().st_size > 0


def kill_and_finish(project: Path, times: int) -> None:
    began = time.perf_counter()
    process = start(*RUN, cwd=project)
    _, err = process.communicate()
    assert process.returncode == 0, err
    whole = time.perf_counter() - began
    for folder in finished(project):
        check(folder)
    moments = random.Random(4)
    for _ in range(times):
        for folder in finished(project):
            folder.rename(project / f"done-{time.monotonic_ns()}")
        process = start(*RUN, cwd=project)
        time.sleep(moments.uniform(0.0, whole))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for folder in finished(project):
            check(folder)
    process = start(*RUN, cwd=project)
    _, err = process.communicate()
    assert process.returncode == 0, err
    (folder,) = finished(project)
    check(folder)
    leftovers = [p.name for p in (project / "results").iterdir() if p.name.startswith(".")]
    assert leftovers == []


def test_killed_once(project: Path) -> None:
    kill_and_finish(project, 1)


@pytest.mark.slow
def test_killed_twenty_times(project: Path) -> None:
    kill_and_finish(project, 20)
