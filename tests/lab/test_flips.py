"""Which assumptions turn a ranking: claimed where it is so, and not where it is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import qmc

from simlab.lab.flips import Flips, flips_of

pytestmark = pytest.mark.slow  # dozens of surfaces each; one ranking that turns is in test_screen.py
Array = NDArray[np.float64]


def ask(
    formula: Callable[[Array], Array], worlds: int = 64, d: int = 5, seeds: int = 8, shared: float = 0.1,
    own: float = 0.2, salt: int = 0,
) -> Flips:  # fmt: skip
    unit = qmc.Sobol(d, scramble=True, rng=np.random.default_rng(salt)).random(worlds)
    draw = np.random.default_rng(100 + salt)
    values = (
        formula(unit)[:, None]
        + shared * draw.standard_normal(seeds)
        + own * draw.standard_normal((worlds, seeds))
    )
    return flips_of([f"x{j}" for j in range(d)], unit, values, lambda j, u: 10 + 10 * u)


def test_one_assumption_turns_it_and_where() -> None:
    found = ask(lambda u: 3 * (u[:, 0] - 0.6) + 0.5 * (u[:, 1] - 0.5))
    (flip,) = found.flipping
    assert flip.path == "x0"
    assert found.single[0] is flip
    assert flip.thresholds == pytest.approx((16,), abs=0.5)
    ((low, high),) = flip.spans
    assert low < 16 < high
    assert flip.above_low == 0
    assert flip.above_high == 1
    assert flip.correlation > 0.9
    assert flip.first_order > 0.8
    assert not found.steady


def test_no_assumption_turns_it() -> None:
    found = ask(lambda u: 1.5 + u[:, 0] - 0.5 * u[:, 1])
    assert found.steady
    assert found.above == found.clear_above == 1
    assert [flip.verdict for flip in found.single] == ["holds"] * 5
    assert found.low < 1.75 < found.high


def test_two_turn_it_together_only() -> None:
    found = ask(lambda u: 1.0 - 5 * u[:, 0] ** 2 * u[:, 1] ** 2)
    assert found.flipping == ()
    (joint,) = found.joint
    assert joint.paths == ("x0", "x1")
    assert joint.sides == ("above", "above")
    assert joint.above <= 0.25
    assert joint.mean < 0
    assert not found.steady


def test_a_ranking_that_turns_twice() -> None:
    found = ask(lambda u: 1 - 8 * (u[:, 2] - 0.5) ** 2)
    (flip,) = found.flipping
    assert flip.path == "x2"
    assert flip.thresholds == pytest.approx((10 + 10 * (0.5 - 0.354), 10 + 10 * (0.5 + 0.354)), abs=0.4)


def test_strategies_that_do_the_same_are_open_and_never_turn() -> None:
    claims = 0
    for salt in range(5):
        found = ask(lambda u: 0 * u[:, 0], salt=salt)
        claims += len(found.flipping) + len(found.joint)
        assert not found.steady
    assert claims <= 1


def test_few_seeds_widen_every_interval() -> None:
    """All worlds share the luck of two seeds: what it is cannot be told from them."""
    sure, unsure = (ask(lambda u: 2 * (u[:, 0] - 0.5), seeds=n, shared=0.5) for n in (30, 2))
    assert sure.flipping
    assert not unsure.flipping
    assert unsure.shared > sure.shared


def test_a_claim_is_seldom_wrong() -> None:
    """An expected difference that touches zero at one end only: a flip would be wrong."""
    wrong = sum(
        bool(ask(lambda u: u[:, 0] + 0.8 * (u[:, 1] - 0.5), salt=s, worlds=64).flipping) for s in range(20)
    )
    assert wrong <= 1


def test_few_worlds_claim_nothing() -> None:
    found = ask(lambda u: 3 * (u[:, 0] - 0.5), worlds=8)
    assert {flip.verdict for flip in found.single} == {"open"}


def test_nothing_varies_at_all() -> None:
    found = ask(lambda u: 0 * u[:, 0], shared=0, own=0)
    assert found.above == 0
    assert not found.flipping
    same = ask(lambda u: 0 * u[:, 0] + 2, shared=0, own=0)
    assert same.steady
