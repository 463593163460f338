"""What is said before a run: how many members there will be, how much of it is lived but once, and the arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simlab.lab import forecast as module
from simlab.lab import pasts as pasts_module
from simlab.lab.compare import workload
from simlab.lab.crew import Crew
from simlab.lab.forecast import Forecast, Pace, copy_of, forecast, measure
from simlab.lab.ground import shared_ground
from simlab.lab.sized import in_proportion, sized
from simlab.lab.tune import tune
from simlab.lab.tune_plan import Part, foresee, parts_ahead, plan
from simlab.scenario import Scenario, load, with_values
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.experiments import load_experiment
from simlab.world.market import Market
from simlab.world.metrics import M

DEFAULT = load("default").scenario
TUNE = """
name: Foreseen tune
scenario: default
set: {horizon: 14 days, warmup.days: 6, population.members: 100, population.prospects: 150}
tune:
  levers: {levers.push.active.per_week: [0, 7]}
  trials: 12
  panel: 3
  finalists: 3
  selection_seeds: 5
  report_seeds: 6
"""


def test_everything_that_counts_the_whole_base_shrinks_with_it() -> None:
    source = {"exposures": 900.0, "saturation": 600.0, "budget": 30.0}
    large = with_values(
        DEFAULT,
        {f"levers.sources.ads.{name}": value for name, value in source.items()}
        | {"population.arrivals": [1] * 10 + [20], "levers.referral.budget": 99.0, "levers.offers.coupon.stock": 70},
    )  # fmt: skip
    small = in_proportion(large, 1 / 3)
    ads = small.levers.sources["ads"]
    assert (ads.exposures, ads.saturation, ads.budget) == (300.0, 200.0, 10.0)
    assert small.levers.referral is not None
    assert small.levers.referral.budget == 33.0
    assert small.levers.offers["coupon"].stock == 23
    assert small.population.arrivals is not None
    assert sum(small.population.arrivals) == 10  # ten days of a third each are not none
    assert max(small.population.arrivals[:10]) == 1
    assert small.levers.push == large.levers.push
    assert sized(large, large.population.members) is large


@pytest.mark.parametrize(
    "changes",
    [{}, {"levers.sources.ads.exposures": 60_000.0}, {"population.arrivals": [10] * 200}],
    ids=["default", "much advertising", "arrivals"],
)
def test_a_copy_of_4000_people_knows_how_many_members_there_will_be(changes: dict[str, Any]) -> None:
    scenario = with_values(DEFAULT, {"horizon": 200, "warmup.days": 30, **changes})
    pop = scenario.population
    ground = shared_ground(scenario)
    market = Market(scenario, 7, ground.graph).run()
    there = market.book.ledger[:, :-2, ..., M.members].sum() / 230
    copies = [copy_of(scenario, pop.members, people) for people in (300, 4000)]
    assert measure(copies).members * ground.graph.n == pytest.approx(there, rel=0.08)


def test_a_past_that_is_shared_is_expected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second a day and half a second a birth the sum is done by hand."""
    monkeypatch.setattr(module, "measure", lambda *_, **__: Pace(0.0, 1.0, 0.5 / 250, 0.3))
    scenario = with_values(
        DEFAULT, {"population.members": 100, "population.prospects": 150, "horizon": 20, "warmup.days": 10}
    )

    def seconds(pasts: int | None) -> float:
        graph = shared_ground(scenario).graph
        return forecast(scenario, graph, None, 12, 1, others={40: 2}, pasts=pasts).seconds

    lived = 10 * 30 + 2 * 50
    assert seconds(None) == pytest.approx(lived + 12 * 0.5)
    assert seconds(3) == pytest.approx(lived - 9 * 10 + 3 * 0.5)
    assert seconds(40) == seconds(None)  # not more than there are runs


@pytest.mark.parametrize(
    ("part", "kept", "expected"),
    [
        (Part(3, 20), 0, 20),  # all at once: each seed is a job
        (Part(3, 4), 0, 12),  # too few seeds for that
        (Part(3, 4), 4, 12),  # and each hand meets a seed but once or twice
        (Part(101, 4, batch=4), 4, 16),  # a search: either hand lives each past twice, and then keeps it
        (Part(101, 4, batch=4), 1, 4 + 303),
        (Part(100, 8, batch=4), 0, 8 * 25),  # each batch lives its pasts once
        (Part(0, 4, batch=1), 4, 0),
    ],
)
def test_how_often_a_past_is_lived(part: Part, kept: int, expected: int) -> None:
    assert part.pasts(kept, workers=2) == expected


def test_a_comparison_of_levers_lives_one_past_for_all_arms() -> None:
    arms = {str(k): with_values(DEFAULT, {"levers.push.active.per_week": k}) for k in (1, 2, 3)}
    spec = CompareSpec(arms={name: {} for name in arms}, seeds=20, worlds=0)
    assert workload(arms, spec, 2) == (60, 20)
    assert workload(arms, spec, 16) == (60, 60)  # with so many hands each run is for whoever is free
    other = with_values(arms["2"], {"population.homophily": 0.25})
    assert workload({**arms, "2": other}, spec, 2) == (60, 40)


def test_a_tune_lives_about_as_many_pasts_as_foreseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Scenario] = []
    seen: dict[str, Any] = {}

    def begin(scenario: Scenario, *more: Any, **named: Any) -> Market:
        begun.append(scenario)
        return Market(scenario, *more, **named)

    def note(*_: Any, **more: Any) -> Forecast:
        seen.update(more)
        return Forecast(1.0, 1.0, 1, 1, 1)

    file = tmp_path / "question.yaml"
    file.write_text(TUNE)
    todo = plan(load_experiment(file))
    monkeypatch.setattr("simlab.lab.tune_plan.forecast", note)
    foresee(todo, workers=1)
    monkeypatch.setattr(pasts_module, "Market", begin)
    monkeypatch.setattr(pasts_module, "_pasts", pasts_module.Pasts())
    with Crew(threads=1) as crew:
        assert tune(todo, crew, tmp_path) is not None
        runs = crew.done
    assert runs == pytest.approx(sum(part.runs for part in parts_ahead(todo)), rel=0.15)
    assert len(begun) == pytest.approx(seen["pasts"], rel=0.15)
    assert len(begun) < runs / 2
