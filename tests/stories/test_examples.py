"""The experiments that come along: every one is a checked question, and stands in the table of its folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simlab.scenario.experiments import load_experiment
from tests.readme import ROOT

FILES = sorted((ROOT / "experiments").glob("*.yaml"))


@pytest.mark.parametrize("file", [f for f in FILES if f.name != "cdnow.yaml"], ids=lambda f: f.stem)
def test_it_loads_and_asks_something(file: Path) -> None:
    asked = load_experiment(file).experiment
    assert any(getattr(asked, section) is not None for section in ("compare", "tune", "screen", "rollout"))
    assert asked.name


def test_the_cdnow_example_wants_its_scenario_from_a_fit() -> None:
    text = (ROOT / "experiments" / "cdnow.yaml").read_text(encoding="utf-8")
    assert "scenario: ../results/cdnow/cdnow-strategy.yaml" in text
    assert "--out results/cdnow" in (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")


def test_the_full_tune_has_at_least_eight_levers_and_limits_on_complaints_and_money() -> None:
    question = load_experiment(ROOT / "experiments" / "full-strategy.yaml")
    assert len(question.levers) >= 8
    assert question.experiment.tune is not None
    limits = {constraint.outcome for constraint in question.experiment.tune.constraints or ()}
    assert {"complaint_rate", "subsidy", "rewards"} <= limits


def test_the_table_names_them_all_and_every_verb_is_right() -> None:
    table = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([\w-]+\.yaml)\)", table)) == {f.name for f in FILES}
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        for verb in re.findall(rf"simlab (\w+) experiments/{file.name}", text):
            assert f"\n{verb}:" in text, f"{file.name} is run with {verb} and has no such section"
