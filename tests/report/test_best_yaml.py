"""`best.yaml` gives exactly the recommended scenario, wherever it stands, whatever things are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tunings
import yaml

import simlab
from simlab.lab.tuning import Tuning
from simlab.report.best import best_scenario, best_yaml, write_best

CHINESE = {"levers.push.active.per_week": [0, 7], "levers.push.active.mix.value": [0, 5]}


def loads(t: Tuning, folder: Path) -> str:
    path = write_best(t, folder)
    assert simlab.load(path).scenario == best_scenario(t)
    assert [p.name for p in folder.iterdir()] == ["best.yaml"]
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "searched", [tunings.ONE, tunings.MANY, tunings.CHOICES], ids=["one", "many", "choices"]
)
def test_over_a_shipped_scenario(searched: dict[str, object], tmp_path: Path) -> None:
    t = tunings.make(searched)
    text = loads(t, tmp_path / "tune")
    assert "\nextends: default\n" in text
    assert best_scenario(t).levers.push["active"].per_week == t.recommended["levers.push.active.per_week"]
    assert "per_week: 5.04  # was 3 a week" in text
    assert "95 % interval of chance" in text
    assert "simlab tune experiments/cadence.yaml (attempt 1)" in text


def test_only_changed_levers_are_written(tmp_path: Path) -> None:
    said = yaml.safe_load(loads(tunings.make(), tmp_path / "tune"))
    assert set(said) == {"extends", "levers"}
    assert said["levers"]["push"] == {"active": {"per_week": 5.04}, "dormant": {"per_week": 0.9}}


@pytest.mark.parametrize("verdict", ["keep", "not certified"])
def test_nothing_to_recommend_is_written_too(verdict: str, tmp_path: Path) -> None:
    t = tunings.make(verdict=verdict, gain=0.02)
    text = loads(t, tmp_path / "tune")
    assert yaml.safe_load(text) == {"extends": "default"}
    assert "# No changes: this is the current strategy." in text


def test_over_a_file_of_a_project_with_chinese_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tunings.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    t = tunings.make(CHINESE, scenario_file=file.relative_to(tmp_path).as_posix())
    text = loads(t, tmp_path / "results" / "tune-1")
    assert "extends: ../../scenarios/茶饮.yaml" in text
    assert best_scenario(t).name == "茶饮会员"


def test_what_the_experiment_set_is_kept(tmp_path: Path) -> None:
    t = tunings.make(overrides=["population.prospects=9000", "levers.sources.ads=drop"])
    text = loads(t, tmp_path / "tune")
    assert "prospects: 9000  # set in the experiment" in text
    assert "ads: drop" in text
    assert best_scenario(t).levers.sources == {}


def test_data_files_are_found_from_the_result_folder(tmp_path: Path) -> None:
    t = tunings.make(CHINESE, scenario_file=str(tunings.project(tmp_path, base=True)))
    text = loads(t, tmp_path / "results" / "tune-1")
    assert "base" not in yaml.safe_load(text).get("population", {})


def test_a_scenario_out_of_reach_is_written_out(tmp_path: Path) -> None:
    file = tunings.project(tmp_path / "brand")
    text = loads(tunings.make(CHINESE, scenario_file=str(file)), tmp_path / "elsewhere")
    assert "extends" not in yaml.safe_load(text)
    assert "everything is written out" in text


def test_hostile_words_stay_comments(tmp_path: Path) -> None:
    evil = "fine\nlevers: {referral: null}\r\u2028name: gotcha \x1b[31m"
    manifest = {"command": "simlab tune 'a\nseeds: 1'", "attempt": 3}
    t = replace(tunings.make(), name=evil, reason=evil, question=evil, manifest=manifest)
    text = loads(t, tmp_path / "tune")
    assert set(yaml.safe_load(text)) == {"extends", "levers"}
    assert "\x1b" not in text
    assert "(attempt 3)" in text


def test_names_that_yaml_would_misread(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "no.yaml").write_text(
        "extends: default\nlevers: {offers: {'null': {depth: 10%}, 'true': {depth: 5%}}}\n", encoding="utf-8"
    )
    searched = {"levers.offers.null.depth": ["0%", "50%"], "levers.offers.true.depth": ["0%", "50%"]}
    t = tunings.make(searched, scenario_file=str(folder / "no.yaml"))
    assert "'null':" in loads(t, tmp_path / "out")


def test_same_tuning_same_text(tmp_path: Path) -> None:
    t = tunings.make()
    assert best_yaml(t, tmp_path / "a") == best_yaml(t, tmp_path / "b")
