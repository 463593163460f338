"""A small tune for stories: a few people, a few strategies, every stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from simlab.lab import tune as lab
from simlab.lab.crew import Crew, rules
from simlab.lab.planner import Trial
from simlab.lab.store import Store
from simlab.lab.studies import JournalStudy
from simlab.lab.tune_plan import plan
from simlab.lab.tuning import Tuning
from simlab.lab.watch import Nobody
from simlab.scenario.experiments import load_experiment

TINY = {
    "extends": "default", "name": "Tiny brand", "horizon": "20 days", "warmup": {"days": 5}, "seeds": 2,
    "population": {"members": 40, "prospects": 60},
}  # fmt: skip
OFTEN = {
    "levers": {"levers.push.active.per_week": [0, 7], "levers.referral.reward": ["0 yuan", "20 yuan"]},
    "trials": 14, "batch": 3, "panel": 3, "finalists": 3, "selection_seeds": 4, "report_seeds": 4, "worlds": 0,
}  # fmt: skip


def write(folder: Path, **tune: Any) -> Path:
    """`tiny.yaml` and `often.yaml` in a folder; keywords change the section `tune`."""
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    said = {"name": "How often", "scenario": "tiny.yaml", "tune": {**OFTEN, **tune}}
    (folder / "often.yaml").write_text(yaml.safe_dump(said))
    return folder / "often.yaml"


def tune(file: Path, out: Path, storage: str | None = None, store: bool = True, **crew: Any) -> Tuning:
    """The tune of a file without its report page; `store` False: every run anew."""
    todo = plan(load_experiment(file))
    kept = Store(out, rules()) if store else None
    with Crew(kept, **crew) as hands:
        found = lab.tune(todo, hands, out / "studies", storage, checks=False)
    assert found is not None
    return found


def recorded(file: Path, out: Path) -> dict[int, Trial]:
    """What the journal in `out` holds."""
    todo = plan(load_experiment(file))
    study = JournalStudy(todo.study, list(todo.objectives.values()), out / "studies")
    try:
        return study.trials()
    finally:
        study.close()


def numbers_in(journal: Path) -> list[int]:
    """Numbers of the trials in the order in which a journal holds them."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line["user_attrs"]["plan"] for line in lines if "plan" in line.get("user_attrs", {})]


def same(a: Tuning, b: Tuning) -> None:
    """Every table of two answers is the same to the bit."""
    assert list(a.tables) == list(b.tables)
    for name, frame in a.tables.items():
        pd.testing.assert_frame_equal(frame, b.tables[name], check_exact=True)
    for name in ("verdict", "reason", "winner", "recommended", "search_best", "flags", "notes"):
        assert getattr(a, name) == getattr(b, name), name
    for key in ("run", "study", "attempt", "seeds"):
        assert a.manifest[key] == b.manifest[key]


class Listener(Nobody):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.done: list[str] = []

    def says(self, text: str) -> None:
        self.said.append(text)

    def doing(self, text: str) -> None:
        self.done.append(text)
