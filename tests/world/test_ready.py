"""What a first run compiles in a process beside is what the market calls, and nothing else is handed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from simlab.world import ready
from simlab.world.engine import run_evening, run_noon
from simlab.world.service import appoint
from tests.world.worlds import EVERYTHING, busy, live


def test_the_evening_of_nobody_is_compiled_for_the_types_of_every_market() -> None:
    """Another type, and the market would compile the evening once more."""
    live(busy(EVERYTHING | {"horizon": 3, "warmup.days": 1}))
    ready.compile_evening()
    assert [len(function.signatures) for function in (run_evening, run_noon, appoint)] == [1, 1, 1]


class Started:
    """Instead of a process."""

    commands: list[list[str]]

    def __init__(self, command: list[str], **_: object) -> None:
        Started.commands.append(command)

    def kill(self) -> None:
        """Nothing runs."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and processes that do not start."""
    Started.commands = []
    monkeypatch.setattr(ready, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(ready.subprocess, "Popen", Started)
    monkeypatch.setattr(ready.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(ready._config, "DISABLE_JIT", 0)
    return tmp_path


def test_one_process_per_cache_is_started(folder: Path) -> None:
    for _ in range(3):  # as in three processes that begin together
        ready.compile_beside.__wrapped__()
    assert [command[1:] for command in Started.commands] == [["-m", "simlab.world.ready", str(folder)]]


@pytest.mark.parametrize("cores", [1, None])
def test_one_core_compiles_for_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cores: int | None
) -> None:
    monkeypatch.setattr(ready.os, "cpu_count", lambda: cores)
    ready.compile_beside.__wrapped__()
    assert not Started.commands
    assert not list(folder.iterdir())


def test_where_no_process_can_be_started_nothing_happens(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(ready.subprocess, "Popen", refused)
    ready.compile_beside.__wrapped__()


def test_only_what_the_market_calls_is_handed_over(tmp_path: Path) -> None:
    """A rule may have been compiled for other types there: two indexes of it cannot be made one."""
    own, folder = tmp_path / "own", tmp_path / "folder"
    own.mkdir()
    folder.mkdir()
    for name in (
        "engine.run_evening-35.py311.nbi",
        "engine.run_evening-35.py311.1.nbc",
        "rules.fade-78.py311.nbi",
    ):
        (own / name).write_text(name)
    ready.hand_over(own, folder)
    handed = sorted(file.name for file in folder.iterdir())
    assert handed == ["engine.run_evening-35.py311.1.nbc", "engine.run_evening-35.py311.nbi"]


def test_other_rules_are_not_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process beside may have found another installation, or no room where it was to keep its own."""
    folder = tmp_path / "4567"
    for own in (folder / "evening" / "0123", tmp_path / "elsewhere" / "4567"):
        own.mkdir(parents=True)
        monkeypatch.setattr(ready, "cache_folder", lambda own=own: own)
        monkeypatch.setattr(ready, "compile_evening", lambda: pytest.fail("compiled for another cache"))
        ready.main(folder)
    assert not (folder / "evening").exists()
    assert own.exists()  # only its own folder is removed
