"""Result folders: complete under their name, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simlab.lab import folders
from simlab.lab.folders import is_complete, new_folder, sweep, write_manifest
from simlab.scenario import InputError


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with new_folder(final) as part:
        (part / "x").write_text("1")
        write_manifest(part, {"run": "r1"})
        assert not final.exists()
    assert (final / "x").read_text() == "1"
    assert is_complete(final, "r1")
    assert not is_complete(final, "r2")
    assert os.listdir(tmp_path) == ["a"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> None:
        with new_folder(tmp_path / "a") as part:
            (part / "x").write_text("1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert os.listdir(tmp_path) == []


def write(final: Path, run: str, words: str, again: bool = False) -> None:
    with new_folder(final, again) as part:
        (part / "words").write_text(words)
        write_manifest(part, {"run": run})


def test_the_second_to_finish_keeps_the_first_ones_results(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with new_folder(final) as part:
        (part / "words").write_text("ours")
        write_manifest(part, {"run": "r1"})
        final.mkdir()
        (final / "words").write_text("theirs")
        write_manifest(final, {"run": "r1"})
    assert (final / "words").read_text() == "theirs"
    write(final, "r1", "ours", again=True)
    assert (final / "words").read_text() == "ours"
    assert os.listdir(tmp_path) == ["a"]


def test_what_another_simlab_wrote_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "a"
    with monkeypatch.context() as older:
        older.setattr(folders, "program", lambda: "older")
        write(final, "r1", "old words")
        assert is_complete(final, "r1")
    assert not is_complete(final, "r1")
    write(final, "r1", "new words")
    assert is_complete(final, "r1")
    assert (final / "words").read_text() == "new words"
    assert os.listdir(tmp_path) == ["a"]


def test_something_else_under_the_name_is_never_removed(tmp_path: Path) -> None:
    final = tmp_path / "a"
    final.mkdir()
    (final / "diary").write_text("mine")
    with pytest.raises(InputError, match="something other than results"):
        write(final, "r1", "ours")
    assert (final / "diary").read_text() == "mine"
    assert os.listdir(tmp_path) == ["a"]


def test_only_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    import socket

    host = socket.gethostname()
    ours, dead, foreign = (tmp_path / f".part-{h}~{pid}~x" for h, pid in (
        (host, os.getpid()), (host, 2**22 + 12345), ("elsewhere", 1)))  # fmt: skip
    for folder in (ours, dead, foreign):
        folder.mkdir()
    sweep(tmp_path)
    assert ours.exists()
    assert foreign.exists()
    assert not dead.exists()
