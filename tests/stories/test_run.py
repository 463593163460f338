"""`simlab run`: a strategist types one command and finds a complete folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import simlab as package
from simlab.scenario import load, scenario_digest

Call = Callable[..., tuple[int, str, str]]


def only(folder: Path) -> Path:
    found = [path for path in folder.iterdir() if path.is_dir()]
    assert len(found) == 1
    return found[0]


def test_one_command_leaves_a_complete_folder_that_is_found_again(project: Path, simlab: Call) -> None:
    code, said, progress = simlab("run", "small.yaml", "--worlds", "4", "--threads", "2")
    assert code == 0
    assert "yuan per starting member" in said
    assert "95 % interval of the mean over 3 seeds" in said
    assert "plausible worlds" in said
    assert "Forecast: 11 runs of 500 people over 80 days" in progress

    folder = only(project / "results")
    for name in ("report.html", "scenario.yaml", "manifest.json", "plots/stages.png", "plots/stages.svg"):
        assert (folder / name).stat().st_size > 200
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seeds"] == [1, 2, 3]
    assert manifest["worlds"] == 4
    outcomes = pd.read_parquet(folder / "tables" / "outcomes.parquet")
    assert outcomes.groupby("world").size().to_dict() == {0: 3, 1: 2, 2: 2, 3: 2, 4: 2}
    assert len(pd.read_csv(folder / "tables" / "outcomes.csv")) == len(outcomes)

    # the resolved scenario runs again as it is: same digest, from another place
    assert scenario_digest(load(folder / "scenario.yaml").scenario) == manifest["scenario"]

    before = (folder / "manifest.json").stat().st_mtime_ns
    code, again, progress = simlab("run", "small.yaml", "--worlds", "4")
    assert code == 0
    assert "already there" in progress
    assert again == said
    assert (folder / "manifest.json").stat().st_mtime_ns == before


def test_threads_do_not_change_a_byte(project: Path) -> None:
    tables = [package.run("small.yaml", threads=n, worlds=2, write=False).tables for n in (1, 2)]
    assert list(tables[0]) == list(tables[1])
    for name, frame in tables[0].items():
        pd.testing.assert_frame_equal(frame, tables[1][name], check_exact=True)


def test_an_override_makes_another_result(project: Path) -> None:
    plain = package.run("small.yaml", seeds=2, worlds=0, write=False)
    more = package.run("small.yaml", ["levers.push.active.per_week=9"], seeds=2, worlds=0, write=False)
    assert plain.manifest["run"] != more.manifest["run"]
    touches = [float(r.tables["outcomes"]["touches"].sum()) for r in (plain, more)]
    assert touches[1] > touches[0]


def test_a_failing_run_is_data(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simlab.lab import runs

    whole = runs.outcomes
    monkeypatch.setattr(runs, "outcomes", lambda market: 1 / 0 if market.seed == 2 else whole(market))
    results = package.run("small.yaml", worlds=0, write=False)
    assert results.tables["outcomes"]["seed"].tolist() == [1, 3]
    assert results.tables["failures"]["seed"].tolist() == [2]
    assert "ZeroDivisionError" in results.tables["failures"]["traceback"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "small.yaml", "--set", "levers.push.actve.per_week=3"], "active"),
        (["run", "small.yaml", "--set", "economics.margin=150%"], "--set"),
        (["run", "small.yaml", "--set", "nonsense"], "nonsense"),
        (["run", "small.yaml", "--seeds", "0"], "seeds"),
        (["explain", "small.yaml", "--user", "500"], "0 to 499"),
        (["explain", "small.yaml", "--user", "1", "--last", "61"], "-19 to 60"),
    ],
)
def test_a_wrong_command_says_so_and_leaves_nothing(
    project: Path, simlab: Call, arguments: list[str], said: str
) -> None:
    code, out, err = simlab(*arguments)
    assert code == 2
    assert said in out + err
    assert "Traceback" not in out + err
    assert sorted(path.name for path in project.iterdir()) == ["small.yaml"]


def test_a_place_that_cannot_be_written(project: Path, simlab: Call) -> None:
    (project / "taken").write_text("a file, not a folder")
    code, _, err = simlab("run", "small.yaml", "--worlds", "0", "--seeds", "1", "--out", "taken")
    assert code == 2
    assert "cannot be written" in err


def test_helpers_for_editors(simlab: Call) -> None:
    code, out, _ = simlab("schema")
    assert code == 0
    assert "levers" in json.loads(out)["properties"]
    assert "behaviour.attention.half_life" in simlab("parameters")[1]
    assert "default" in simlab("list")[1]
