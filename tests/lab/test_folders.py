"""Result folders: complete under their name, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simlab.lab.folders import is_complete, new_folder, sweep, write_manifest


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


def test_the_second_to_finish_keeps_the_first_ones_results(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with new_folder(final) as part:
        write_manifest(part, {"run": "ours"})
        final.mkdir()
        write_manifest(final, {"run": "theirs"})
    assert is_complete(final, "theirs")
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
