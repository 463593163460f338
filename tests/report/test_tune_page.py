"""The recommendation page stands alone, survives hostile names and whatever a search has not got."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import tunings
from reading import Reader, stands_alone
from synthetic import CHINESE, HOSTILE

from simlab.lab.tuning import Tuning
from simlab.report import tune_page
from simlab.report.tune_page import PLOTS, render, write_tuning
from simlab.report.tune_tables import flat

FIRST = [
    "summary",
    "certainty",
    "spending",
    "groups",
    "sensitivity",
    "horizons",
    "payback",
    "optimism",
    "next",
    "behind",
]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and folders with two plots only: every plot has its own test."""
    monkeypatch.setattr(tune_page, "PLOTS", (PLOTS[0], PLOTS[6]))


@pytest.fixture(scope="module")
def page() -> str:
    return render(tunings.make(objectives={"customer_equity": "maximise", "mute_rate": "minimise"}))


def test_every_section_is_there_once(page: str) -> None:
    read = stands_alone(page)
    assert read.ids[: len(FIRST)] == FIRST
    rest = ["history", "slices", "contour", "front", "parallel", "finalists", "outcomes", "levers", "made"]
    assert read.ids[len(FIRST) :] == rest
    assert len(read.alts) == len(PLOTS)


def test_the_first_screen_says_it_all(page: str) -> None:
    text = " ".join(Reader(page).text.split("How sure we are")[0].split())
    for piece in ("Run this: touches to active members", "million yuan", "95 % interval", "do not know about people",
                  "Per starting member", "week 9", "5.04 a week", "certified", "simlab rollout"):  # fmt: skip
        assert piece in text.replace("\u00a0", " "), piece


@pytest.mark.usefixtures("short")
def test_hostile_and_chinese_words_are_text() -> None:
    scenario = tunings.make().scenario.model_copy(update={"name": f"{CHINESE} {HOSTILE}"})
    t = tunings.make(
        scenario=scenario, name=f"{CHINESE} {HOSTILE}", question=HOSTILE, flags=[HOSTILE], notes=[HOSTILE],
        groups={"segment": (CHINESE, HOSTILE)},
    )  # fmt: skip
    hostile = render(
        replace(t, reason=HOSTILE, experiment_file="<script>alert(1)</script>.yaml", manifest={})
    )
    assert HOSTILE not in hostile
    assert "<script>" not in hostile
    read = Reader(hostile)
    assert read.text.count(HOSTILE) >= 5
    assert "font/woff" in hostile  # the Chinese letters come along


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("t", "words"),
    [
        (tunings.make(verdict="keep", gain=0.02), "Keep the current strategy"),
        (tunings.make(verdict="not certified"), "No strategy could be certified"),
        (tunings.make(tunings.MANY, failed=5, racing=True), "5 trials failed"),
        (tunings.make(tunings.CHOICES, worlds=0), "no worlds were sampled"),
        (tunings.make(tunings.ONE), "from 3 to 5.04"),
    ],
    ids=["keep", "not certified", "many", "choices", "one"],
)
def test_every_kind_of_answer_makes_a_page(t: Tuning, words: str) -> None:
    read = Reader(render(t))
    assert read.broken == []
    assert words in read.text
    assert "nan" not in read.text.lower().replace("finance", "")
    if t.verdict != "change":
        assert "not recommended" in read.text
        assert "Recommended" not in read.text


def test_a_search_without_anything_still_makes_a_page() -> None:
    t = tunings.make(verdict="keep")
    empty = replace(t, winner=None, winner_trial=-1, tables={}, manifest={}, alignment=float("nan"))
    read = Reader(render(replace(empty, search_best=float("nan"), payback_week=None)))
    assert read.broken == []
    assert "the search found no other that is worth a second look" in read.text
    assert "Touches to active members" in read.text  # what was searched


@pytest.mark.usefixtures("short")
def test_a_folder_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    t = tunings.make(tunings.CHOICES, trials=20)
    files = write_tuning(t, tmp_path / "a")
    again = write_tuning(t, tmp_path / "b")
    assert [p.relative_to(tmp_path / "a") for p in files] == [p.relative_to(tmp_path / "b") for p in again]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(files, again, strict=True))
    assert {p for p in (tmp_path / "a").rglob("*") if p.is_file()} == set(files)
    names = {p.relative_to(tmp_path / "a").as_posix() for p in files}
    assert {
        "best.yaml",
        "report.html",
        "plots/certainty.png",
        "plots/history.svg",
        "tables/trials.csv",
    } <= names


def test_values_that_are_lists_survive_in_tables(tmp_path: Path) -> None:
    t = tunings.make(tunings.CHOICES, trials=20)
    written = flat(t.tables["trials"])
    assert json.loads(written["levers.touches.promo.days"].iloc[0])[0] == "mon"
    path = tmp_path / "trials.parquet"
    written.to_parquet(path)
    assert len(pd.read_parquet(path)) == 20
