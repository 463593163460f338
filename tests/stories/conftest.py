"""A small project, and the command line called in this process or in another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simlab.cli import main

ROOT = Path(__file__).parents[2]

SMALL = """
extends: default
name: Small brand
horizon: 60 days
warmup: {days: 20}
seeds: 3
population: {members: 150, prospects: 350}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `small.yaml`, made current."""
    (tmp_path / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def simlab(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`simlab("run", "x.yaml")` -> (exit code, standard output, standard error), in this process."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def few_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages with their first two plots only, where the page is not the point: drawing is what takes the time."""
    from simlab.report import compare_page, page, tune_page

    for module in (compare_page, page, tune_page):
        monkeypatch.setattr(module, "PLOTS", module.PLOTS[:2])  # type: ignore[attr-defined]


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """The command line in a process of its own, which hears Ctrl-C even if tests run in the background of a shell."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "simlab.cli", *arguments], cwd=cwd, env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
