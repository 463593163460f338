"""Malformed scenario files on the command line: one clear message, exit code 2, no file left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scenario"))
from malformed_cases import CASES

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("case", CASES)
def test_exit_code_2_and_nothing_left(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    text = CASES[case][0]
    Path("bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    code, out, err = simlab("run", "bad.yaml")
    assert code == 2
    assert out == ""
    assert err.startswith("bad.yaml")
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_there_are_at_least_forty() -> None:
    assert len(CASES) >= 40
