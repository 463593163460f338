"""A tune in small: it searches, chooses on fresh seeds, reports on others, and keeps what it cannot beat."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlab.lab.choice import certificate, nondominated
from simlab.lab.crew import Crew, rules
from simlab.lab.seeds import BLOCK
from simlab.lab.store import Store
from simlab.lab.tune import tune
from simlab.lab.tune_plan import plan
from simlab.lab.tune_tables import payback
from simlab.lab.tuning import Tuning
from simlab.scenario import with_values
from simlab.scenario.experiments import load_experiment
from simlab.scenario.outcomes import Constraint

SMALL = """
name: Small tune
scenario: default
set: {horizon: 16 days, warmup.days: 4, population.members: 150, population.prospects: 250}
tune:
  levers:
    levers.push.active.per_week: [0, 7]
    levers.offers.coupon.depth: [0%, 30%]
"""


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    with Crew(Store(tmp_path_factory.mktemp("store"), rules()), threads=2) as found:
        yield found


def tuned(crew: Crew, folder: Path, more: str = "", trials: int = 10, checks: bool = False) -> Tuning:
    path = folder / "question.yaml"
    path.write_text(
        f"{SMALL}  trials: {trials}\n  finalists: 3\n  selection_seeds: 5\n  report_seeds: 6\n{more}"
    )
    found = tune(plan(load_experiment(path)), crew, folder / "studies", checks=checks)
    assert found is not None
    return found


def test_three_kinds_of_seeds_never_meet(crew: Crew, tmp_path: Path) -> None:
    seeds = tuned(crew, tmp_path).manifest["seeds"]
    blocks = [{seed // BLOCK for seed in seeds[kind]} for kind in ("search", "selection", "report")]
    assert blocks == [{1}, {2}, {3}]


def test_the_report_is_the_paired_difference_on_report_seeds(crew: Crew, tmp_path: Path) -> None:
    found = tuned(crew, tmp_path)
    report = found.tables["report"].set_index(["arm", "seed"])["customer_equity"]
    assert sorted(report.loc["recommended"].index) == found.manifest["seeds"]["report"]
    by_hand = (report.loc["recommended"] - report.loc["current"]).mean()
    shown = found.tables["differences"].set_index(["arm", "outcome"]).loc[("recommended", "customer_equity")]
    assert shown["mean"] == pytest.approx(by_hand, rel=1e-12, abs=1e-12)
    low = shown["low"]
    assert (found.verdict == "change") == (low > 0)
    assert set(report.index.get_level_values("arm")) == {"recommended", "current", "nothing"}


def test_trial_zero_is_the_current_strategy_and_gains_exactly_nothing(crew: Crew, tmp_path: Path) -> None:
    first = tuned(crew, tmp_path).tables["trials"].iloc[0]
    assert first["trial"] == 0
    assert first["levers.push.active.per_week"] == 3.0
    assert first["uplift"] == 0.0


def test_where_today_is_best_the_page_still_shows_another_strategy(crew: Crew, tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(
        SMALL.replace("warmup.days: 4", "warmup.days: 4, levers.offers.coupon.depth: 5%").replace(
            "[0%", "[5%"
        )
        + "  objectives: {subsidy: minimise}\n  trials: 8\n  finalists: 3\n  selection_seeds: 5\n  report_seeds: 6\n"
    )
    found = tune(plan(load_experiment(path)), crew, tmp_path / "studies", checks=False)
    assert found is not None
    assert found.winner is not None
    assert found.verdict == "keep"
    assert "the current strategy was the best" in found.reason
    assert found.winner["levers.offers.coupon.depth"] > 0.05
    differences = found.tables["differences"].set_index(["arm", "outcome"])
    assert (
        differences.loc[("recommended", "subsidy"), "low"]
        < differences.loc[("recommended", "subsidy"), "high"]
    )


def test_tuning_again_is_free_and_the_same(crew: Crew, tmp_path: Path) -> None:
    once = tuned(crew, tmp_path)
    done = crew.done
    again = tuned(crew, tmp_path)
    assert crew.done == done
    for name, table in once.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert again.manifest["attempt"] == once.manifest["attempt"] == 1


def test_searching_on_takes_report_seeds_never_used_before(crew: Crew, tmp_path: Path) -> None:
    once, longer = tuned(crew, tmp_path, trials=10), tuned(crew, tmp_path, trials=30)
    short, long = (found.tables["trials"].drop(columns="finalist") for found in (once, longer))
    pd.testing.assert_frame_equal(short, long.iloc[:10])
    assert list(once.tables["finalists"]["trial"]) != list(longer.tables["finalists"]["trial"])
    assert longer.manifest["attempt"] == 2
    for kind in ("selection", "report"):
        assert not set(once.manifest["seeds"][kind]) & set(longer.manifest["seeds"][kind])


def test_what_cannot_be_certified_is_not_recommended(crew: Crew, tmp_path: Path) -> None:
    found = tuned(crew, tmp_path, "  constraints: [open_rate >= 90%]\n")
    assert found.verdict == "not certified"
    assert found.recommended == {}
    assert not found.tables["certificates"]["certified"].any()
    assert not found.tables["finalists"]["certified"].any()


def test_a_limit_that_all_keep_is_certified_for_all(crew: Crew, tmp_path: Path) -> None:
    found = tuned(crew, tmp_path, "  constraints: [mute_rate <= 500]\n")
    assert found.verdict != "not certified"
    assert found.tables["finalists"]["certified"].all()


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "qmc", "random"])
def test_every_sampler_by_name(crew: Crew, tmp_path: Path, sampler: str) -> None:
    trials = tuned(crew, tmp_path, f"  sampler: {sampler}\n").tables["trials"]
    assert len(trials) == 10
    assert (trials["state"] == "complete").all()


def test_racing_drops_the_hopeless_early(crew: Crew, tmp_path: Path) -> None:
    found = tuned(crew, tmp_path, "  racing: true\n  panel: 10\n", trials=16)
    trials = found.tables["trials"]
    assert trials["raced"].any()
    assert (trials.loc[trials["raced"], "seeds"] < 10).all()
    assert (trials.loc[~trials["raced"], "seeds"] == 10).all()


def test_several_objectives_give_a_front(crew: Crew, tmp_path: Path) -> None:
    more = "  objectives: {customer_equity: maximise, subsidy: minimise}\n"
    found = tuned(crew, tmp_path, more, trials=16)
    finalists = found.tables["finalists"]
    assert finalists["front"].any()
    assert {"uplift:subsidy", "low:subsidy", "high:subsidy"} <= set(finalists.columns)
    front = finalists[finalists["front"]]
    for _, one in front.iterrows():
        better = (front["uplift"] > one["uplift"]) & (front["uplift:subsidy"] < one["uplift:subsidy"])
        assert not better.any()


@pytest.mark.parametrize("judge", ["mean", "worst_decile", "regret"])
def test_over_uncertainties(crew: Crew, tmp_path: Path, judge: str) -> None:
    found = tuned(crew, tmp_path, f"  over: uncertainties\n  judge: {judge}\n  worlds: 4\n", trials=6)
    trials = found.tables["trials"]
    assert len(trials) == 6
    assert (trials["seeds"] == 4).all()
    if judge != "regret":
        assert trials.iloc[0]["uplift"] == 0.0
    else:
        assert (trials["uplift"] <= 0).sum() >= 1


@pytest.mark.slow
def test_what_the_answer_hangs_on(crew: Crew, tmp_path: Path) -> None:
    tables = tuned(crew, tmp_path, "  worlds: 3\n", trials=6, checks=True).tables
    assert sorted(tables["worlds"]["world"].unique()) == [1, 2, 3]
    assert sorted(tables["horizons"]["horizon"].unique()) == [16, 90, 180, 365]
    assert (tables["horizons"].groupby("horizon")["best"].sum() == 1).all()
    assert set(tables["sensitivity"]["lever"]) == {
        "levers.push.active.per_week",
        "levers.offers.coupon.depth",
    }
    assert len(tables["surface"]) > 100


def test_the_groups_and_the_spending_are_those_of_the_real_base(crew: Crew, tmp_path: Path) -> None:
    found = tuned(crew, tmp_path)
    report = found.tables["report"].groupby("arm").mean(numeric_only=True)
    spending = found.tables["spending"].set_index("item")
    assert spending.loc["offers", "current"] == pytest.approx(report.loc["current", "subsidy"])
    assert spending.loc["touches", "recommended"] == pytest.approx(report.loc["recommended", "touch_cost"])
    groups = found.tables["groups"]
    sums = groups.groupby("grouping")["difference"].sum()
    assert np.allclose(sums, sums.iloc[0]), "every grouping splits the same users"


def limit(text: str) -> Constraint:
    return Constraint.parse(text)


def test_a_certificate_needs_the_bound_not_the_mean() -> None:
    values = np.array([0.2, 0.3, 0.25, 0.28, 0.22, 0.26, 0.24, 0.27])
    bound, holds = certificate(values, limit("complaint_rate <= 0.27"))
    assert values.mean() < 0.27 < bound
    assert not holds
    assert certificate(values, limit("complaint_rate <= 0.4"))[1]
    stricter, _ = certificate(values, limit("complaint_rate <= 0.4"), tests=16)
    assert stricter > bound
    lower, kept = certificate(values, limit("open_rate >= 0.1"))
    assert lower < values.mean()
    assert kept


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=25))
def test_the_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    values = np.array(points, float)
    rank = nondominated(values)
    for k, point in enumerate(values):
        beaten = any((other >= point).all() and (other > point).any() for other in values)
        assert (rank[k] == 0) == (not beaten)


@pytest.mark.parametrize(
    ("difference", "week"),
    [([1.0] * 21, 1), ([-1.0] * 21, None), ([-1.0] * 7 + [1.0] * 14, 2), ([-1.0] * 8 + [1.0] * 13, 2),
     ([1.0] * 14 + [-1.0] * 7, None), ([1, -1] * 7 + [1.0] * 7, 3), ([0.0] * 21, None)],
)  # fmt: skip
def test_payback_is_the_week_from_which_it_stays_ahead(difference: list[float], week: int | None) -> None:
    days = pd.DataFrame({"arm": "recommended", "day": range(1, 22), "difference": difference})
    assert payback(days) == week


def test_a_corner_that_is_no_scenario_is_a_failed_trial_and_not_the_end(crew: Crew, tmp_path: Path) -> None:
    path = tmp_path / "corner.yaml"
    path.write_text(
        SMALL
        + """    levers.touches.promo.days: {choices: [[mon], [mon, tue, wed, thu, fri, sat, sun]]}
  trials: 16
  finalists: 2
  selection_seeds: 4
  report_seeds: 4
"""
    )
    found: Any = tune(plan(load_experiment(path)), crew, tmp_path / "studies", checks=False)
    trials = found.tables["trials"]
    failed = trials[trials["state"] == "failed"]
    assert len(failed) > 0
    assert failed["failure"].str.contains("not possible").all()
    assert math.isnan(failed["uplift"].iloc[0])
    assert any("could not be run" in note for note in found.notes)
    assert with_values(found.scenario, found.winner)


def test_a_replicate_is_another_study_on_other_seeds(crew: Crew, tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(f"{SMALL}  trials: 3\n  finalists: 2\n  selection_seeds: 4\n  report_seeds: 4\n")
    question = load_experiment(path)
    assert plan(question) == plan(question, 0)
    plans = [plan(question, k) for k in range(3)]
    assert len({p.study for p in plans}) == 3
    seen: list[set[int]] = []
    for todo in plans:
        found = tune(todo, crew, tmp_path / "studies", checks=False)
        assert found is not None
        seen.append({seed for kind in found.manifest["seeds"].values() for seed in kind})
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
