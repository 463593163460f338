"""The page of a rollout: what a strategist reads first, and that nothing on it is loaded from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from reading import drawn, stands_alone

from simlab.lab.rollout import Rollout, rollout_results
from simlab.lab.rollout_stats import Estimate
from simlab.report.rollout_page import careful, headline, render, rows, write_page
from simlab.scenario import load, with_values
from simlab.scenario.rollout_spec import RolloutSpec

WORLD = {
    "name": "茶饮私域 <老带新>", "population.members": 250, "population.prospects": 400, "warmup.days": 5,
    "levers.sources": {}, "uncertainties": {}, "scale": 40, "graph.community_size": 20,
    "behaviour.invitation.episodes": 0.03, "behaviour.invitation.accept": 0.6,
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Rollout:
    """A richer reward against today's, eight tests."""
    spec = RolloutSpec(
        treatment={"levers.referral.reward": 90}, tests=8, weeks=(3, 6), outcome="net_with_friends"
    )
    return rollout_results(with_values(load("default").scenario, WORLD), spec)


@pytest.fixture(scope="module")
def page(found: Rollout) -> str:
    return drawn(render, found)


def test_the_page_is_one_file_that_loads_nothing(page: str) -> None:
    stands_alone(page)
    assert "Simlab Han" in page  # the name's Chinese letters come along
    assert "茶饮私域 &lt;老带新&gt;" in page
    assert page.count("<img") == 3


def test_the_same_rollout_is_the_same_page(found: Rollout, page: str) -> None:
    assert render(found) == page


def test_files_are_written(found: Rollout, tmp_path: Path) -> None:
    path = write_page(found, tmp_path / "out")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert {p.name for p in (tmp_path / "out" / "plots").iterdir()} == {
        f"{name}.{form}" for name in ("estimates", "weeks", "power") for form in ("png", "svg")
    }


def test_every_design_and_duration_has_its_row(found: Rollout, page: str) -> None:
    table = rows(found)
    assert [(r["design"], r["weeks"]) for r in table] == [
        ("by users", 3), ("by users", 6), ("by communities", 3), ("by communities", 6),
    ]  # fmt: skip
    for row in table:
        assert row["measured"] in page


def changed(found: Rollout, effect: float, bias: float, needed: float, design: str = "user") -> Rollout:
    """The same with one plan of this kind only."""
    plan = next(p for p in found.plans if p.design == design and p.weeks == 6)
    plan = replace(plan, effect=Estimate(effect, 0.1), expected=Estimate(effect + bias, 0.1),
                   bias=Estimate(bias, 0.05), needed=needed, adjusted_needed=needed,
                   spill=(Estimate(-0.3 * bias, 0.05), Estimate(0.7 * bias, 0.05)))  # fmt: skip
    spec = found.spec.model_copy(update={"weeks": (6,), "randomise": design})
    return replace(found, plans=(plan,), chosen=None, spec=spec)


def test_the_headline_says_what_to_do(found: Rollout) -> None:
    good = changed(found, 10.0, 0.2, 3000)
    assert headline(good) == (
        "Randomise users one by one, 6 weeks, 1,500 users an arm. Such a test states the effect within 10 %: "
        "friends in the other arm blur it little."
    )


def test_the_headline_says_what_is_wrong_and_why(found: Rollout) -> None:
    said = headline(changed(found, 10.0, 4.0, 3000))
    assert "overstates the effect by 40 %" in said
    assert "because members on B get +2.80 yuan against what they would get if everybody were on B" in said
    assert "with the wrong sign" in headline(changed(found, 10.0, -14.0, 3000))
    assert "understates the effect by 20 %" in headline(changed(found, -10.0, 2.0, 3000))
    assert any("40 % of the effect" in line for line in careful(changed(found, 10.0, 4.0, 3000)))
    assert any("Read its sign" in line for line in careful(changed(found, 10.0, 7.0, 3000)))


def test_communities_are_advised_with_the_reason(found: Rollout) -> None:
    user, cluster = (
        changed(found, 10.0, bias, 60, design) for bias, design in ((9.0, "user"), (0.3, "cluster"))
    )
    both = replace(cluster, plans=(*user.plans, *cluster.plans))
    said = headline(both)
    assert said.startswith("Randomise communities, 6 weeks")
    assert "60 communities in all" in said
    assert "A test by users would overstate the effect by 90 %" in said


def test_a_base_that_is_too_small_is_told_plainly(found: Rollout) -> None:
    said = headline(changed(found, 1.0, 0.0, 10_000_000))
    assert "too small for this test" in said
    assert "10.0 million users" in said
    assert "no effect to test for" in headline(changed(found, 0.0, 0.0, float("inf")))
