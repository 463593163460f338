"""The verb `fit`, as a story: a log in, scenarios out that load, run and refit, and no id anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simlab.lab import fit as room
from simlab.lab import fit_laws
from simlab.lab.base import read_base
from simlab.lab.current_base import current_base, default_salt
from simlab.lab.fit import fit
from simlab.lab.fit_files import SEGMENT
from simlab.lab.fit_result import FitResult
from simlab.lab.fit_scores import actual, facts
from simlab.lab.ground import Ground, ground_of
from simlab.lab.logs import Log, read_log
from simlab.lab.loyal_core import CoreFit
from simlab.lab.pareto_nbd import ParetoNBD, fit_grid
from simlab.lab.replay import replay
from simlab.lab.runs import run
from simlab.report.fit_page import careful, render, write_page
from simlab.scenario import InputError, load, with_values
from simlab.world.graph import empty
from simlab.world.people import BASE_COLUMNS
from tests.report.reading import stands_alone

SIZE, DAYS, CUT = 1500, 170, 104
START = date(2024, 3, 1)


def orders(seed: int = 5) -> pd.DataFrame:
    """A log of 1,500 customers over 170 days: arrivals in the first 40 days, some late ones after day 130."""
    rng = np.random.default_rng(seed)
    arrival = np.concatenate([rng.integers(0, 40, SIZE - 40), rng.integers(130, 150, 40)])
    arrival[:2] = 0
    rate, hazard = rng.gamma(0.9, 1 / 20, SIZE), rng.gamma(1.0, 1 / 70, SIZE)
    basket_rate = rng.gamma(4, 1 / 60, SIZE)
    alive = np.ones(SIZE, bool)
    rows = []
    for day in range(DAYS):
        first = arrival == day
        again = (arrival < day) & alive & (rng.random(SIZE) < -np.expm1(-rate))
        alive &= ~((arrival < day) & (rng.random(SIZE) < -np.expm1(-hazard)))
        rows += [
            (f"wx-{k:05d}-Zhang", str(START + timedelta(days=day)), round(rng.gamma(5) / basket_rate[k], 2))
            for k in np.flatnonzero(first | again)
        ]
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    path = tmp_path_factory.mktemp("log") / "orders.csv"
    orders().to_csv(path, index=False)
    return read_log(path, today=date(2025, 1, 1))


@pytest.fixture(scope="module")
def fitted(log: Log, tmp_path_factory: pytest.TempPathFactory) -> FitResult:
    return fit(log, calibrate_until=START + timedelta(days=CUT), start_from_log=True, name="店 Spring", core=False,
               out_folder=tmp_path_factory.mktemp("out") / "fit", seeds=4, horizon=120, prospects=500,
               page=write_page)  # fmt: skip


def test_the_written_scenarios_load_and_run(fitted: FitResult) -> None:
    loaded = load(fitted.files["scenario"])
    assert loaded.scenario == fitted.scenario
    people = fitted.scenario.population
    assert people.members == 0
    assert people.prospects == sum(people.arrivals or ()) == SIZE - 40  # who came later is unknown at the cut
    assert fitted.scenario.horizon == DAYS
    assert fitted.scenario.start == START
    assert set(fitted.scenario.uncertainties) == {
        f"population.segments.{SEGMENT}.{path}"
        for path in ("orders.per_year", "orders.shape", "lifetime.scale", "basket.mean")
    }
    segment = people.segments[SEGMENT]
    for path, known in fitted.scenario.uncertainties.items():
        part, leaf = path.split(".")[-2:]
        assert known.low < getattr(getattr(segment, part), leaf) < known.high, path
    found = run(fitted.scenario, [1], worlds=2, threads=1)
    assert found.tables["outcomes"]["orders"].min() > SIZE - 40
    assert "failures" not in found.tables


def test_refitting_what_the_scenario_simulates_gives_its_parameters_back(fitted: FitResult) -> None:
    """4.5 standard errors of the refit; about 1e-5 of a false alarm for each of the four."""
    grid = fitted.laws.grid
    nobody = Ground(empty(SIZE), None)
    late = replay(fitted.scenario, 11, nobody, 0).late
    x, t_x = late["orders"] - 1, late["last_order"] - late["joined"]
    again = fit_grid(x, t_x, DAYS - late["joined"])
    for name in ("r", "alpha", "s", "beta"):
        error = np.log(getattr(again, name) / getattr(grid, name)) / (
            getattr(again, f"se_{name}") / getattr(again, name)
        )
        assert abs(error) < 4.5, name


def test_scores_and_tables(fitted: FitResult) -> None:
    assert abs(fitted.scores["holdout_total"]) < 0.2
    assert fitted.scores["histogram_tv"] < 0.08
    assert 0.2 < fitted.scores["spearman_actual"] < 0.8
    weekly = fitted.tables["weekly"]
    log = fitted.log
    assert weekly["actual"].sum() == log["repeats"] + log["held_out_repeats"]
    assert log["later_customers"] == 40
    assert weekly["held_out"].sum() == 10  # weeks that lie wholly in the holdout, the short last one too
    by_x = fitted.tables["by_x"]
    assert by_x["customers"].sum() == SIZE - 40
    assert (by_x["actual"].fillna(0) * by_x["customers"]).sum() == pytest.approx(log["held_out_repeats"])
    assert fitted.tables["concentration"]["actual"].iloc[[0, -1]].tolist() == [0, 1]
    parameters = fitted.tables["parameters"].set_index("parameter")
    assert parameters.loc["alpha", "continuous"] == pytest.approx(7 * fitted.laws.continuous.alpha)


def test_the_base_goes_round(fitted: FitResult, log: Log) -> None:
    assert fitted.base is not None
    assert fitted.today is not None
    rows = read_base(fitted.files["base"]).rows
    assert np.array_equal(rows, fitted.base[list(BASE_COLUMNS)].to_numpy(float))
    assert fitted.today.population.base == str(fitted.files["base"].resolve())
    assert fitted.today.start == START + timedelta(days=CUT + 1)
    summary = log.summary(CUT)
    base = fitted.base
    assert len(base) == len(summary)
    assert base["customer"].is_monotonic_increasing  # the order of the rows says nothing about the ids
    assert sorted(base["orders"]) == sorted(summary["frequency"] + 1)
    assert base["spend"].sum() == pytest.approx(100 * log.amount[log.day <= CUT].sum(), abs=len(base))
    assert (base["since_order"] <= base["tenure"]).all()
    assert base["p_alive"].between(0, 1).all()
    everyone, position = current_base(log, CUT, fitted.laws.grid, fitted.laws.baskets, default_salt(log))
    assert np.array_equal(everyone["orders"], summary["frequency"].to_numpy()[position] + 1)
    market_table = replay(
        with_values(fitted.today, {"horizon": 1}), 1, ground_of(fitted.today), 0
    ).early.iloc[: len(base)]
    assert np.array_equal(market_table["orders"], base["orders"])
    assert np.array_equal(market_table["last_order"], -base["since_order"])


def test_today_scores_the_same_with_and_without_a_graph(fitted: FitResult) -> None:
    """Keyed draws: scoring leaves out prospects and graph, and the customers' days are the same."""
    assert fitted.today is not None
    assert fitted.base is not None
    scenario = with_values(fitted.today, {"horizon": DAYS - 1 - CUT})
    late = replay(scenario, 1, ground_of(scenario), 0).late["orders"].to_numpy()[: len(fitted.base)]
    own = late - fitted.base["orders"].to_numpy()
    miss = fitted.tables["seeds"]["holdout_total_from_log"].iloc[0]
    assert own.sum() / fitted.log["held_out_repeats"] - 1 == pytest.approx(miss, abs=1e-12)


def test_the_strategy_runs_on_todays_customers(fitted: FitResult) -> None:
    assert fitted.strategy is not None
    assert fitted.today is not None
    assert set(fitted.strategy.levers.push) == {"new", "loyal", "active", "at_risk", "dormant"}
    assert fitted.strategy.population == fitted.today.population
    on = run(with_values(fitted.strategy, {"horizon": 40}), [1, 2], worlds=0, threads=1).tables["outcomes"]
    off = run(with_values(fitted.today, {"horizon": 40}), [1, 2], worlds=0, threads=1).tables["outcomes"]
    assert (off["touches"] == 0).all()
    assert (on["touches"] > 0).all()
    assert (on["orders"] > off["orders"]).all()
    assert on["joins"].sum() > off["joins"].sum()


def test_no_id_is_written_anywhere(fitted: FitResult) -> None:
    """Not in any file, and not in any cell of a table either (Parquet is compressed)."""
    files = [path for path in fitted.folder.rglob("*") if path.is_file()]
    assert {"店-spring.yaml", "店-spring-base.csv", "fit.html", "manifest.json"} <= {p.name for p in files}
    for path in files:
        assert b"wx-0" not in path.read_bytes(), path
        assert b"-Zhang" not in path.read_bytes(), path
        if path.suffix == ".parquet":
            assert not pd.read_parquet(path).astype(str).stack().str.contains("Zhang").any()
    assert fitted.base is not None
    assert fitted.base["customer"].str.fullmatch("[0-9a-f]{12}").all()
    assert fitted.base["customer"].is_unique


def test_the_page_is_complete_in_itself(fitted: FitResult) -> None:
    text = (fitted.folder / "fit.html").read_text(encoding="utf-8")
    assert "店 Spring" in text
    stands_alone(text)
    assert "What fits and what does not" in text
    assert len(list((fitted.folder / "plots").glob("*.png"))) == 6


def test_the_same_fit_writes_the_same_files_and_a_salt_changes_the_pseudonyms(
    fitted: FitResult, log: Log, tmp_path: Path
) -> None:
    options = {"calibrate_until": START + timedelta(days=CUT), "start_from_log": True, "name": "店 Spring",
               "laws": fitted.laws, "seeds": 1, "horizon": 120, "prospects": 500}  # fmt: skip
    again = fit(log, out_folder=tmp_path / "a", **options)
    assert again.base is not None
    assert fitted.base is not None
    pd.testing.assert_frame_equal(again.base, fitted.base)
    first, second = (result.files["base"].read_bytes() for result in (fitted, again))
    assert first == second
    salted = fit(log, out_folder=tmp_path / "a", salt="pepper", **options)  # an earlier fit is replaced
    assert salted.base is not None
    assert not set(salted.base["customer"]) & set(again.base["customer"])
    assert "pepper" not in "".join(p.read_text() for p in (tmp_path / "a").glob("*.[yj]*"))
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_nothing_is_left_behind_on_an_error(
    log: Log, fitted: FitResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "comparison", breaks)
        with pytest.raises(KeyboardInterrupt):
            fit(log, laws=fitted.laws, out_folder=tmp_path / "x", start_from_log=True, seeds=1)
    assert list(tmp_path.iterdir()) == []
    for wrong in (
        {"margin": 1.5},
        {"salt": ""},
        {"salt": "x" * 65},
        {"seeds": 0},
        {"horizon": 0},
        {"yuan": 0.0},
        {"prospects": 0},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "n" * 69},
        {"calibrate_until": START - timedelta(days=9)},
        {"calibrate_until": START + timedelta(days=DAYS)},
    ):
        with pytest.raises(InputError):
            fit(log, out_folder=tmp_path / "x", **wrong)
    once = replace(
        log, customer=np.arange(len(log.customer)), customers=tuple(map(str, range(len(log.customer))))
    )
    with pytest.raises(InputError, match="no customer orders again"):
        fit(once, out_folder=tmp_path / "x", core=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="something other than a fit"):
        fit(log, laws=fitted.laws, out_folder=tmp_path / "mine", seeds=1)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_without_a_holdout_everybody_counts_and_the_page_says_so(
    log: Log, fitted: FitResult, tmp_path: Path
) -> None:
    whole = fit(log, laws=fitted.laws, out_folder=tmp_path / "whole", seeds=2)
    assert whole.base is None
    assert whole.files.keys() == {"scenario"}
    assert sum(whole.scenario.population.arrivals or ()) == SIZE
    assert "holdout_total" not in whole.scores
    assert "by_x" not in whole.tables
    assert "Nothing was held out" in render(whole)


def test_amounts_become_yuan(log: Log, fitted: FitResult, tmp_path: Path) -> None:
    cut = log.first_day + timedelta(days=CUT)
    found = fit(log, laws=fitted.laws, calibrate_until=cut, out_folder=tmp_path / "usd", seeds=1, yuan=7.0,
                start_from_log=True)  # fmt: skip
    assert found.base is not None
    assert fitted.base is not None
    assert found.base["spend"].sum() == pytest.approx(7 * fitted.base["spend"].sum(), rel=1e-4)


def test_a_core_is_written_with_a_range_that_survival_allows(
    log: Log, fitted: FitResult, tmp_path: Path
) -> None:
    """The core's own profile range is wide because s and beta move with it; the file's must be narrower."""
    cov = np.diag([0.03, 0.03, 0.02, 0.03]) ** 2
    shares = [(0.0, 0.9, 60.0), (0.05, 1.0, 61.0), (0.1, 1.15, 63.0), (0.15, 1.3, 66.0)]
    profile = tuple(ParetoNBD(0.6, 20, s, beta, core, loglik=-1.0, cov_log=cov) for core, s, beta in shares)
    chosen = replace(profile[2], core=0.08)
    core = CoreFit(chosen, profile[0], profile, np.full(4, 0.25), 0.05, 0.0, 0.17)
    laws = replace(fitted.laws, grid=chosen, core=core)
    found = fit(log, laws=laws, calibrate_until=START + timedelta(days=CUT), out_folder=tmp_path / "c",
                start_from_log=True, seeds=1)  # fmt: skip
    known = found.scenario.uncertainties[f"population.segments.{SEGMENT}.lifetime.core"]
    assert found.scenario.population.segments[SEGMENT].lifetime.core == pytest.approx(0.08)
    assert known.low < 0.08 < known.high
    assert found.base is not None
    assert found.base["p_core"].between(0.08, 1).all()  # whoever is still here is more often of the core
    assert "weakly" in found.files["scenario"].read_text(encoding="utf-8")
    assert any("weakly identified" in line for line in careful(found))
    open_ = fit_laws.ranges(laws, DAYS)
    assert open_ is not None
    for share, alive in zip(open_.ends["lifetime.core"], open_.survival, strict=True):
        assert replace(chosen, core=share).p_alive_at([DAYS])[0] == pytest.approx(alive)
    other = replace(chosen, s=0.9, beta=80.0, core=0.05)  # too many alive even without its core
    open_ = fit_laws.ranges(replace(laws, grid=other), DAYS)
    assert open_ is not None
    for scale, alive in zip(open_.ends["lifetime.scale"], open_.survival, strict=True):
        assert replace(other, beta=scale).p_alive_at([DAYS])[0] == pytest.approx(alive)


def test_a_law_beyond_the_schema_keeps_its_mean_rates() -> None:
    """A log in which nobody leaves: the fit runs to its bound, the scenario must still load."""
    far = ParetoNBD(0.01, 0.5, 3.0, 4e6, cov_log=np.eye(4))
    near = fit_laws._writable(far)
    assert (near.r, near.alpha) == (0.02, 1.0)
    assert near.s == pytest.approx(max(3.0 * 36_500 / 4e6, 0.02))
    assert near.beta == 36_500
    assert near.p_alive_at([700])[0] == pytest.approx(far.p_alive_at([700])[0], abs=1e-4)
    assert near.cov_log is None
    assert "beyond" in near.notes[0]
    fine = ParetoNBD(0.6, 80, 0.5, 60)
    assert fit_laws._writable(fine) is fine


def test_facts_of_three_customers() -> None:
    found = facts(np.array([0, 9, 1]), np.array([100, 3, 28]), np.array([0, 4, 1]), np.array([1.0, 8.0, 1.0]),
                  np.array([0, 1, 2, 0, 0, 0, 0, 5]))  # fmt: skip
    assert found.weekly.tolist() == [3, 5]
    assert found.customers.tolist() == [1, 1, 0, 0, 0, 0, 0, 1]
    assert found.later.tolist() == [0, 1, 0, 0, 0, 0, 0, 4]
    assert found.since[[0, 1, 3]].tolist() == [1, 1, 1]
    assert found.returned[[0, 1, 3]].tolist() == [1, 1, 0]
    assert found.curve[[0, 100]].tolist() == [0, 1]
    assert found.curve[33] == pytest.approx(0.8 * 0.99)
    assert found.spearman == pytest.approx(1)


def test_actual_counts_known_customers_only(log: Log) -> None:
    real = actual(log, CUT)
    assert real.x.size == SIZE - 40
    assert real.holdout == DAYS - 1 - CUT
    early = real.repeats[: CUT + 1].sum()
    assert early == real.x.sum()
    assert real.repeats.sum() - early == real.later.sum()
    assert real.arrivals.sum() == real.x.size


@pytest.mark.slow
def test_baskets_that_hardly_differ_can_still_be_written(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    lines = ["customer,date,amount"]
    for k in range(300):
        day, rate = int(draw.integers(0, 100)), draw.gamma(0.9, 0.03)
        while day < 300:
            lines.append(
                f"c{k},{date(2024, 7, 1) + timedelta(day)},{draw.gamma(4, 40):.2f}"
            )  # everybody's baskets from one law
            day += 1 + int(draw.exponential(1 / rate))
    (tmp_path / "alike.csv").write_text("\n".join(lines) + "\n")
    laws = fit_laws.fit_laws(read_log(tmp_path / "alike.csv"), 299, core=False)
    assert laws.baskets.q <= 1000
    assert any("hardly differ" in note for note in laws.notes)
    assert laws.baskets.population_mean == pytest.approx(160, rel=0.1)
