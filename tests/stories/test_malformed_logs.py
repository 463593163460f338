"""Malformed logs on the command line: one clear message, exit code 2, no file left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.test_logs import BAD, GOOD

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("case", BAD)
def test_exit_code_2_and_nothing_left(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    content = BAD[case][0]
    Path("orders.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = simlab("fit", "orders.csv", "--start-from-log")
    assert code == 2
    assert out == ""
    assert "orders.csv" in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_five_gigabytes_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    with open("orders.csv", "wb") as out_file:
        out_file.truncate(5 * 1024**3)  # sparse: takes no room on the disk
    code, _, err = simlab("fit", "orders.csv")
    assert code == 2
    assert "5.0 GB" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--calibrate-until", "30.09.2024"], "2025-09-30"),
        (["--calibrate-until", "2031-01-01"], "2031-01-01"),
        (["--customer", "custmer"], "customer"),
        (["--salt", ""], "salt"),
        (["--name", "x" * 200], "name"),
        (["--refunds", "maybe"], "refuse"),
    ],
)
def test_wrong_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(GOOD)
    code, _, err = simlab("fit", "orders.csv", *options)
    assert code == 2
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_there_are_at_least_twenty() -> None:
    assert len(BAD) >= 20
