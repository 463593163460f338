"""Runs that fail in a tune: data where a strategy is to blame, a message where nothing could be said without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simlab.lab import runs as runs_module
from simlab.progress import Bar
from simlab.questions import tune as ask
from simlab.scenario import InputError
from tests.stories.tunes import recorded, same, tune, write

Call = Callable[..., tuple[int, str, str]]


def breaks(monkeypatch: pytest.MonkeyPatch, when: Callable[[Any], bool]) -> None:
    whole = runs_module.outcomes
    monkeypatch.setattr(runs_module, "outcomes", lambda market: 1 / 0 if when(market) else whole(market))


def test_a_strategy_that_breaks_is_a_line_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, lambda market: market.scenario.levers.push["active"].per_week > 5)
    file = write(tmp_path)
    found = tune(file, tmp_path / "out", threads=2)
    failed = [t for t in recorded(file, tmp_path / "out").values() if t.failure]
    assert failed
    for trial in failed:
        assert trial.failure.startswith("seed 1")
        assert "ZeroDivisionError" in trial.failure.splitlines()[0]
        assert "Traceback" in trial.failure
    states = found.tables["trials"]["state"].tolist()
    assert states.count("failed") == len(failed)
    assert any("could not be run" in note for note in found.notes)
    same(tune(file, tmp_path / "out"), found)


def test_without_the_current_strategy_nothing_can_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, lambda market: market.scenario.levers.push["active"].per_week == 3)
    with pytest.raises(InputError, match=r"the current strategy could not be run .*ZeroDivisionError"):
        tune(write(tmp_path), tmp_path / "out")


def test_every_strategy_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, levers={"levers.push.active.per_week": [4, 7]})
    breaks(monkeypatch, lambda market: market.scenario.levers.push["active"].per_week != 3)
    with pytest.raises(InputError, match=r"every trial failed .*seed .*ZeroDivisionError"):
        tune(file, tmp_path / "out")


def test_a_check_that_breaks_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch, lambda market: market.scenario.horizon == 90)
    found = ask(write(tmp_path, trials=3), out=tmp_path / "out", write=False)
    assert found is not None
    assert "horizons" not in found.tables
    assert "sensitivity" in found.tables
    assert any(note.startswith("Left out: other horizons (seed ") for note in found.notes)


def test_ctrl_c_says_that_the_same_command_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    told: list[str] = []

    def interrupted(self: Bar, text: str) -> None:
        told.append(text)
        if text.startswith("Searching"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bar, "doing", interrupted)
        code, out, err = simlab("tune", "often.yaml")
    assert code == 130
    assert "the same command continues" in err
    assert "Traceback" not in out + err
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["runs", "studies"]
    before = recorded(tmp_path / "often.yaml", tmp_path / "results")
    assert before
    tune(tmp_path / "often.yaml", tmp_path / "results")
    after = recorded(tmp_path / "often.yaml", tmp_path / "results")
    assert {n: after[n] for n in before} == before
