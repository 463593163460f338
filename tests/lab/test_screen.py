"""`screen`: levers and assumptions through a whole design, with what goes wrong on the way."""

from __future__ import annotations

import numpy as np
import pytest

from simlab.lab import screen as screening
from simlab.lab.crew import Crew
from simlab.lab.factors import Factor, factors_of
from simlab.lab.screen import changed, manifest, runs_of, screen
from simlab.lab.seeds import ScreenSeed
from simlab.scenario import InputError, Scenario, get_value, load, with_values
from simlab.scenario.experiment import ScreenSpec, Search
from simlab.scenario.experiments import lever
from simlab.scenario.schema import Range
from tests.lab.fake_crew import ACCEPT, DEPTH, LIFT, MUTE, PUSH, REWARD, FakeCrew, at, base

WORLD = base(lift=[0.4, 1.0], mute=[0.002, 0.006], accept=[0.08, 0.25])
LEVERS = [lever(WORLD, PUSH, Search(low=0, high=7)), lever(WORLD, REWARD, Search(low=0, high=60, step=5))]


def additive(scenario: Scenario) -> float:
    """4 push + 2 reward + 3 lift - mute, each over its range; acceptance does nothing."""
    return (
        100
        + 4 * at(scenario, PUSH, 0, 7)
        + 2 * at(scenario, REWARD, 0, 60)
        + 3 * at(scenario, LIFT, 0.4, 1.0)
        - at(scenario, MUTE, 0.002, 0.006)
    )


def test_morris_finds_what_the_formula_is_made_of() -> None:
    crew = FakeCrew(additive, shared=20)
    found = screen(WORLD, ScreenSpec(), LEVERS, crew=crew)
    assert [m.factor.path for m in found.moved] == [PUSH, LIFT, REWARD, MUTE, ACCEPT]
    assert [m.factor.kind for m in found.moved][:2] == ["lever", "uncertainty"]
    assert [m.effect.size for m in found.moved] == pytest.approx(
        [4, 3, 2, 1, 0], abs=0.15
    )  # rewards go in steps
    assert found.noise.share == pytest.approx(0, abs=1e-9)  # luck that all points share is no noise
    assert (found.blocks, found.kept, found.lost) == (20, 20, {})
    assert len(crew.tasks) == 20 * 6 * 4 == runs_of(WORLD, ScreenSpec(), LEVERS)
    assert {task.seed for task in crew.tasks} == set(ScreenSeed.panel(4))
    assert len(found.tables["runs"]) == len(crew.tasks)
    assert found.tables["effects"]["factor"].tolist() == [m.factor.path for m in found.moved]


@pytest.mark.slow
def test_sobol_finds_the_shares() -> None:
    crew = FakeCrew(additive, shared=20, own=0.5)
    found = screen(WORLD, ScreenSpec(method="sobol", size=64, seeds=2), LEVERS, crew=crew)
    shares = {m.factor.path: m.effect for m in found.moved}
    for path, weight in ((PUSH, 16), (LIFT, 9), (REWARD, 4.4), (MUTE, 1)):
        assert abs(shares[path].size - weight / 30.4) <= shares[path].error + 0.05
    assert found.noise.share == pytest.approx(0.125 / (30.4 / 12 + 0.125), abs=0.02)
    assert found.noise.needed == 2


def test_before_the_valuation_date_every_point_lives_under_the_current_strategy() -> None:
    crew = FakeCrew(additive)
    screen(WORLD, ScreenSpec(size=4), LEVERS, crew=crew)
    moved = [task for task in crew.tasks if task.before is not None]
    assert moved
    for task in moved:
        assert task.before is not None
        assert get_value(task.before, PUSH) == get_value(WORLD, PUSH)
        assert get_value(task.before, LIFT) == get_value(task.scenario, LIFT)


def test_a_corner_that_contradicts_itself_takes_its_trajectory_with_it() -> None:
    caps = [lever(WORLD, "levers.caps.per_day", Search(low=1, high=12)), *LEVERS]
    crew = FakeCrew(additive)
    found = screen(WORLD, ScreenSpec(size=30), caps, crew=crew)  # more a day than the 10 a week
    assert found.lost["invalid"] > 0
    assert found.kept == 30 - found.lost["invalid"]
    assert "per_week" in found.examples["invalid"] or "week" in found.examples["invalid"]
    assert len(crew.tasks) == found.kept * 7 * 4  # not a run is wasted on what cannot be used
    assert found.moved[0].factor.path == PUSH
    with pytest.raises(InputError, match="valid scenarios"):
        screen(
            WORLD,
            ScreenSpec(size=5),
            [lever(WORLD, "levers.caps.per_day", Search(low=11, high=20))],
            crew=crew,
        )


@pytest.mark.slow
@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_failed_runs_are_data(method: str) -> None:
    crew = FakeCrew(
        additive, breaks=lambda s, seed: get_value(s, PUSH) > 6.5 and seed == ScreenSeed.panel(2)[1]
    )
    spec = ScreenSpec(method=method, size=32)  # type: ignore[arg-type]
    found = screen(WORLD, spec, LEVERS, crew=crew)
    assert found.lost["failed"] == found.blocks - found.kept > 0
    assert found.examples["failed"] == "ValueError: it broke <here>"
    assert set(found.tables["points"]["state"]) == {"complete", "failed"}
    with pytest.raises(RuntimeError, match="it broke"):
        screen(WORLD, spec, LEVERS, crew=FakeCrew(additive, breaks=lambda s, seed: True))


def test_an_outcome_that_is_not_defined() -> None:
    with pytest.raises(RuntimeError, match="does not define"):
        screen(WORLD, ScreenSpec(size=4), LEVERS, outcome="newcomer_need", crew=FakeCrew(additive))


def test_nothing_to_vary() -> None:
    with pytest.raises(InputError, match="nothing varies"):
        screen(base(), ScreenSpec(), crew=FakeCrew(additive))
    with pytest.raises(InputError, match="no assumption"):
        screen(base(), ScreenSpec(against={PUSH: 5}), LEVERS, crew=FakeCrew(additive))
    fixed = with_values(WORLD, {"uncertainties": {LIFT: [0.7, 0.7], MUTE: [0.002, 0.006]}})
    assert [f.path for f in factors_of(fixed, ScreenSpec(), ())] == [MUTE]


def test_which_assumption_turns_the_ranking_of_two_strategies() -> None:
    """More pushes pay where the lift is above .61, whatever the other assumptions."""

    def formula(scenario: Scenario) -> float:
        return (
            100
            + (at(scenario, LIFT, 0.4, 1.0) - 0.35) * 2 * get_value(scenario, PUSH)
            + at(scenario, MUTE, 0, 0.006)
        )

    crew = FakeCrew(formula, shared=30, own=0.2)
    found = screen(WORLD, ScreenSpec(size=4, against={PUSH: 5}), crew=crew)
    assert found.flips is not None
    (flip,) = found.flips.flipping
    assert flip.path == LIFT
    assert flip.thresholds == pytest.approx((0.61,), abs=0.02)
    assert found.second == {PUSH: (3.0, 5.0)}
    assert found.flips.seeds == screening.PAIRED_SEEDS
    assert len(crew.tasks) == runs_of(WORLD, ScreenSpec(size=4, against={PUSH: 5}))
    assert found.tables["flips"]["assumption"][0] == LIFT
    assert found.tables["worlds"]["world"].tolist() == list(range(1, 65))


def test_worlds_that_fail_for_one_of_the_two_are_left_out_for_both() -> None:
    def breaks(scenario: Scenario, seed: int) -> bool:
        return get_value(scenario, PUSH) == 5 and get_value(scenario, LIFT) > 0.9

    found = screen(WORLD, ScreenSpec(size=4, against={PUSH: 5}), crew=FakeCrew(additive, breaks=breaks))
    assert found.flips is not None
    assert found.lost_worlds == 64 - found.flips.worlds > 0


def test_values_of_a_factor() -> None:
    def values(search: Search, path: str = PUSH) -> list[object]:
        factor = Factor(path, "lever", lever(WORLD, path, search))
        return [factor.at(u) for u in (0.0, 1 / 3, 2 / 3, 1.0)]

    assert values(Search(low=0, high=7)) == pytest.approx([0, 7 / 3, 14 / 3, 7])
    assert values(Search(low=0, high=60, step=25), REWARD) == [0, 25, 50, 50]
    assert values(Search(low=1, high=4), "levers.caps.per_day") == [1, 2, 3, 4]
    assert values(Search(choices=(1, 3)), "levers.caps.per_day") == [1, 1, 3, 3]
    assert values(Search(low=0.02, high=0.16, log=True), DEPTH) == pytest.approx([0.02, 0.04, 0.08, 0.16])
    normal = Factor(LIFT, "uncertainty", Range(low=0.4, high=1.0, kind="normal"))
    assert normal.ends == pytest.approx((0.4, 1.0))
    assert normal.at(0.5) == pytest.approx(0.7)
    assert normal.at(0.25) > 0.55  # the middle is likelier than the ends


def test_a_screening_is_named_by_what_it_asks() -> None:
    first = manifest(WORLD, ScreenSpec(), LEVERS)["run"]
    assert manifest(WORLD, ScreenSpec(), LEVERS)["run"] == first
    others = [
        manifest(WORLD, ScreenSpec(seeds=5), LEVERS),
        manifest(WORLD, ScreenSpec(), LEVERS[:1]),
        manifest(WORLD, ScreenSpec(), LEVERS, "net"),
        manifest(WORLD, ScreenSpec(), LEVERS, against=with_values(WORLD, {PUSH: 5})),
        manifest(with_values(WORLD, {"economics.margin": 0.4}), ScreenSpec(), LEVERS),
    ]
    assert len({first, *(other["run"] for other in others)}) == 6


def test_what_differs_between_two_strategies() -> None:
    other = with_values(WORLD, {PUSH: 5, "levers.referral": None})
    found = changed(WORLD, other)
    assert found[PUSH] == (3.0, 5.0)
    assert found["levers.referral"][1] is None
    assert len(found) == 2


def test_a_real_world_from_end_to_end() -> None:
    """Tiny, but simulated: the reward moves what is paid in rewards, a price assumption does not."""
    small = with_values(
        load("default").scenario,
        {"population.members": 60, "population.prospects": 120, "horizon": 20, "warmup.days": 5},
    )
    small = with_values(
        small, {"uncertainties": {ACCEPT: [0.1, 0.4], "behaviour.price.elasticity": [2.2, 3.2]}}
    )
    vary = [lever(small, REWARD, Search(low=0, high=60))]
    spec = ScreenSpec(size=6, seeds=2)
    with Crew(threads=1) as crew:
        one = screen(small, spec, vary, outcome="rewards", crew=crew)
        two = screen(small, spec, vary, outcome="rewards", crew=crew)
    assert one.moved[0].factor.path == REWARD
    assert one.moved[0].effect.direction > 0.9
    assert repr(one.moved) == repr(two.moved)
    assert np.isfinite(one.tables["points"]["mean"]).all()
