"""kill -9 at any moment leaves a complete folder or none; the same command then finishes."""

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


def parts(project: Path) -> list[Path]:
    """Folders that are being written."""
    return [p for p in (project / "results").glob(".*") if p.is_dir()]


def finish(project: Path) -> None:
    """The same command, left alone."""
    process = start(*RUN, cwd=project)
    _, err = process.communicate()
    assert process.returncode == 0, err
    (folder,) = finished(project)
    check(folder)
    assert parts(project) == []


@pytest.mark.slow
def test_killed_while_it_writes(project: Path) -> None:
    process = start(*RUN, cwd=project)
    until = time.monotonic() + 300
    while not any(any(part.iterdir()) for part in parts(project)):
        assert process.poll() is None, "too fast for us"
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert parts(project), "it was killed in the middle"
    assert finished(project) == []
    finish(project)


@pytest.mark.slow
def test_killed_twenty_times(project: Path) -> None:
    began = time.perf_counter()
    finish(project)
    whole = time.perf_counter() - began
    moments = random.Random(4)
    for _ in range(20):
        for folder in finished(project):
            folder.rename(project / f"done-{time.monotonic_ns()}")
        process = start(*RUN, cwd=project)
        time.sleep(moments.uniform(0.0, whole))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for folder in finished(project):
            check(folder)
    for folder in finished(project):
        folder.rename(project / "last")
    finish(project)
