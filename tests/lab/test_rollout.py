"""Planning a live test: what it would measure, what the truth is, and whether the plan keeps its word."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simlab.lab.clusters import communities_of
from simlab.lab.rollout import Rollout, arms_of, estimate_table, plan, plan_table, rollout_results, setting_of
from simlab.lab.rollout_tests import CONTROL, HELD, TREATED, assign, simulate_test
from simlab.scenario import InputError, Scenario, load, with_values
from simlab.scenario.rollout_spec import RolloutSpec
from simlab.world.graph import barabasi_albert, empty

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "validation"))

SMALL: dict[str, Any] = {
    "population.members": 300, "population.prospects": 500, "warmup.days": 10, "graph.community_size": 25,
    "levers.sources": {}, "uncertainties": {}, "scale": 3,
    "behaviour.invitation.episodes": 0.03, "behaviour.invitation.accept": 0.6,
}  # fmt: skip
ALONE: dict[str, Any] = SMALL | {
    "levers.referral": None, "behaviour.contagion.friend": 0, "behaviour.contagion.inviter": 0,
}  # fmt: skip
MORE = {f"levers.push.{stage}.per_week": 7 for stage in ("new", "loyal", "active")}
RICHER = {"levers.referral.reward": 90}


def brand(values: dict[str, Any]) -> Scenario:
    return with_values(load("default").scenario, values)


def spec_of(treatment: dict[str, Any], **more: Any) -> RolloutSpec:
    return RolloutSpec(treatment=treatment, **{"weeks": (2, 4), "tests": 8} | more)


@cache
def contested() -> Rollout:
    """Friends whom both arms could invite go to the richer one."""
    return rollout_results(brand(SMALL), spec_of(RICHER, weeks=(4, 8), tests=12, outcome="net_with_friends"))


def test_where_nobody_affects_anybody_no_test_is_biased() -> None:
    """To the last fen, user by user; so the mean estimate is the truth but for who was drawn."""
    found = rollout_results(brand(ALONE), spec_of(MORE))
    for p in found.plans:
        assert p.bias.value == p.bias.error == 0
        assert p.expected == p.effect
    assert {p.design for p in found.plans} == {"user", "cluster"}


def test_a_test_by_users_is_blurred_more_than_one_by_communities() -> None:
    for weeks in (4, 8):
        user, cluster = (contested().at(design, weeks) for design in ("user", "cluster"))
        assert user.bias.value > 3 * abs(cluster.bias.value)
        assert user.bias.low > 0
        assert user.contact > 3 * cluster.contact
        assert cluster.design_effect > 1
        assert user.design_effect == pytest.approx(1)
    assert not contested().at("user", 8).honest


def test_the_bias_user_by_user_is_the_bias_of_the_estimates() -> None:
    """Within four standard errors of what twelve tests say."""
    for p in contested().plans:
        raw = np.array(p.estimates) - np.array(p.truths)
        assert abs(raw.mean() - p.bias.value) < 4 * raw.std(ddof=1) / np.sqrt(len(raw))


def test_the_real_base_is_the_simulated_one_times_its_scale() -> None:
    found = contested()
    assert found.real_members == 3 * found.members
    user, cluster = found.at("user", 8), found.at("cluster", 8)
    assert 0.9 * found.real_members < user.available_users <= found.real_members
    assert cluster.available == pytest.approx(3 * (cluster.users_now / cluster.unit_size))


def test_more_users_more_power_and_the_needed_ones_have_the_asked_one() -> None:
    for p in contested().plans:
        if np.isfinite(p.users):
            assert p.power_at(p.users) == pytest.approx(0.8, abs=0.02)
            assert p.power_at(p.users / 2) < p.power_at(p.users) < p.power_at(2 * p.users)
        assert p.adjusted_users <= 1.1 * p.users


def test_the_tables_hold_what_the_page_says() -> None:
    found = contested()
    plans, tests = plan_table(found), estimate_table(found)
    assert list(zip(plans["design"], plans["weeks"], strict=True)) == [
        (p.design, p.weeks) for p in found.plans
    ]
    assert plans["advised"].sum() == (found.advice is not None)
    assert len(tests) == 12 * len(found.plans)
    assert tests.groupby(["design", "weeks"])["truth"].mean().nunique() == 2  # the truth knows no design


def test_the_holdout_says_what_the_programme_is_worth() -> None:
    for held in contested().held:
        assert held.users == pytest.approx(0.05 * contested().real_members, rel=0.35)
        assert held.smallest > held.error > 0
        assert held.worth.clear


@pytest.mark.slow
def test_the_same_question_has_the_same_answer_whoever_computes_it() -> None:
    spec = spec_of(RICHER, weeks=(2,), randomise="cluster")
    with ThreadPoolExecutor(2) as pool:
        one, other = (rollout_results(brand(SMALL), spec, executor=e) for e in (None, pool))
    assert one.plans == other.plans
    assert one.held == other.held


def test_assignments_are_exact_for_communities_and_the_same_again() -> None:
    scenario = brand(SMALL)
    spec = spec_of(MORE, holdout=0.1, share=0.3)
    setting = setting_of(*arms_of(scenario, spec), spec, scenario)
    cell, counted = assign(setting, 5, "cluster")
    again, _ = assign(setting, 5, "cluster")
    assert np.array_equal(cell, again)
    assert counted.all()
    units = setting.units["cluster"]
    arm = {c: len(np.unique(units[cell == c])) for c in (CONTROL, TREATED, HELD)}
    total = int(units.max()) + 1
    assert sum(arm.values()) == total  # no community is torn apart
    assert abs(arm[HELD] - 0.1 * total) <= 1
    assert abs(arm[TREATED] - 0.27 * total) <= 1
    users, _ = assign(setting, 5, "user")
    assert abs((users == TREATED).mean() - 0.27) < 0.05
    assert not np.array_equal(users, assign(setting, 6, "user")[0])


def test_communities_are_found_where_the_graph_has_none() -> None:
    graph = barabasi_albert(400, 6, seed=2)
    found = communities_of(graph)
    assert found.shape == (400,)
    assert len(np.unique(found)) >= 4
    assert np.array_equal(found, communities_of(graph))
    with pytest.raises(InputError, match="nobody knows anybody"):
        communities_of(empty(50))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "the same": ({"levers.push.active.per_week": 3}, "same strategy"),
    "advertising": ({"levers.sources.ads.exposures": 1}, "levers.sources.ads.exposures"),
    "another world": ({"behaviour.exposure.lift": 0.9}, "behaviour.exposure.lift: only levers"),
    "no such lever": ({"levers.push.activ.per_week": 3}, "activ"),
}


@pytest.mark.parametrize("name", WRONG)
def test_arms_must_be_two_strategies_for_users(name: str) -> None:
    values, said = WRONG[name]
    scenario = load("default").scenario
    with pytest.raises(InputError, match=said):
        rollout_results(with_values(scenario, {"population.prospects": 100}), spec_of(values))


@pytest.mark.parametrize("wrong", [{"weeks": (0,)}, {"share": 1.0}, {"tests": 1}, {"treatment": {}}])
def test_a_section_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RolloutSpec(**{"treatment": MORE} | wrong)


def test_a_failed_test_is_data_and_all_failed_is_an_error() -> None:
    scenario, spec = brand(ALONE), spec_of(MORE, weeks=(1,), randomise="user")
    setting = setting_of(*arms_of(scenario, spec), spec, scenario)

    def some_fail(simulate: Any, seeds: Sequence[int]) -> list[Any]:
        return [simulate(seed if seed % 4 else "no seed") for seed in seeds]

    found = plan(*arms_of(scenario, spec), spec, some_fail, before=scenario, ground=setting.ground)
    assert (found.tests, len(found.failures)) == (6, 2)
    assert "Traceback" in simulate_test(setting, "no seed").failure  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="Traceback"):
        plan(*arms_of(scenario, spec), spec, lambda simulate, seeds: [simulate("no") for _ in seeds],
             before=scenario, ground=setting.ground)  # fmt: skip


@pytest.mark.slow
def test_a_plan_keeps_its_word() -> None:
    """docs/validation/rollout.py at a tenth of its size: bias within 3.5 standard errors (four looks: a false
    alarm in 500 runs), power within 5 points and what 120 tests leave open (another in 100)."""
    import rollout as validation

    whole = validation.setting(20)
    first = validation.tested(whole, range(1, 21), map)
    for kept in validation.bias_kept(first, whole, range(1001, 1031), map):
        assert abs(kept.apart) < 3.5, kept.plan.design
    _, _, fresh = validation.power_kept(first, whole, "user", 12, range(2001, 2121), map)
    assert abs(fresh.found.share - 0.8) < 0.05 + 2.6 * np.sqrt(0.16 / 120)
