"""The bars on speed and memory, with wide margins: ratios within one process, never times."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import engine, memory, mesa, trial
from benchmarks.__main__ import main
from benchmarks.mesa_rules import Rules
from benchmarks.rows import BEGIN, END, Row, surroundings, written
from benchmarks.timing import in_turns, ratio_of
from benchmarks.w_loop import WorkloadW
from benchmarks.worlds import scaled

# What CI machines may lose against the bars of 0.3 and 60: their neighbours come and go.
LEAST_OF_W, LEAST_OF_MESA = 0.2, 35.0


def test_ratio_is_the_median_of_pairs_within_its_interval() -> None:
    pairs = np.array([[2.0, 1.0], [4.0, 2.0], [90.0, 3.0], [6.0, 3.0], [8.0, 4.0]])
    ratio = ratio_of(pairs)
    assert ratio.value == 2.0
    assert ratio.low <= 2.0 <= ratio.high
    assert ratio.repetitions == 5


def test_a_ratio_of_something_twice_as_costly_is_two() -> None:
    def busy(seconds: float) -> int:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return 10

    assert in_turns(lambda: busy(0.02), lambda: busy(0.01), 5).value == pytest.approx(2.0, rel=0.2)


def test_the_reference_loop_is_workload_w() -> None:
    loop = WorkloadW(20_000, 365)
    lived = loop.run()
    assert lived == round(loop.rates()["live"] * 20_000 * 365)
    # the rates that define the workload
    assert loop.rates()["pushes"] == pytest.approx(0.34, abs=0.02)
    assert loop.rates()["sales"] == pytest.approx(0.011, abs=0.002)
    assert loop.rates()["live"] == pytest.approx(0.43, abs=0.05)
    totals = loop.totals.copy()
    loop.run()
    np.testing.assert_array_equal(loop.totals, totals)


def test_the_mesa_model_refuses_rules_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="only the rules of the default scenario"):
        Rules(scaled(10, 30, "levers.offers.coupon.stock=5"))


def test_figures_replace_only_what_stands_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Title\n\n{BEGIN}\nstale figures\n{END}\n\nKept.\n", encoding="utf-8")
    here = surroundings()
    written(page, [Row("speed", "3", ">= 2", True, {"ratio": 3.0})], here, here)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Title")
    assert "Kept." in text
    assert "stale figures" not in text
    assert "| speed | 3 | >= 2 | yes |" in text
    assert json.loads(page.with_suffix(".json").read_text())["rows"][0]["ratio"] == 3.0


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "nothing"])
    assert stopped.value.code == 2


@pytest.mark.slow
def test_engine_against_the_plain_loop() -> None:
    cost = engine.against_w(25_000, 75_000, quick=True)
    assert 1 / cost.value >= LEAST_OF_W


@pytest.mark.slow
def test_engine_against_mesa_of_the_same_rules() -> None:
    rows = {row.values["key"]: row for row in mesa.run(quick=True)}
    assert rows["mesa_agreement"].holds, rows["mesa_agreement"].text
    assert rows["mesa_large"].values["ratio"] >= LEAST_OF_MESA


@pytest.mark.slow
def test_a_million_people_stay_below_the_memory_bar() -> None:
    row = memory.run(quick=True)[0]
    assert row.values["people"] == 1_000_000
    assert row.values["degree"] == pytest.approx(10.0, abs=0.3)
    assert row.holds, row.text


@pytest.mark.slow
def test_a_trial_costs_little_beyond_the_engine() -> None:
    row = trial.cost(*trial.SIZES[0], trials=12)
    assert row.holds, f"{row.text}; {row.bar}"
