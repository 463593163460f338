"""Designs find what known functions are made of, and how much of it luck alone would show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simlab.lab import designs
from simlab.lab.noise import noise_of

Array = NDArray[np.float64]


def ishigami(x: Array) -> Array:
    a, b, c = (np.pi * (2 * x - 1)).T
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def run(design: designs.Design, formula, seeds: int = 4, sd: float = 0.0, shared: float = 0.0) -> Array:  # type: ignore[no-untyped-def]
    draw = np.random.default_rng(1)
    blocks, length, _ = design.points.shape
    values = formula(design.flat).reshape(blocks, length, 1) + np.zeros(seeds)
    return values + shared * draw.standard_normal(seeds) + sd * draw.standard_normal(values.shape)


def test_sobol_indices_of_ishigami() -> None:
    """Sobol' & Levitan 1999: first order .314, .442, 0; total .558, .442, .244."""
    design = designs.make("sobol", 3, 512)
    found = designs.effects(design, run(design, ishigami, sd=0.3, shared=5.0))
    for effect, total, first in zip(found, (0.558, 0.442, 0.244), (0.314, 0.442, 0.0), strict=True):
        assert abs(effect.size - total) <= effect.error + 0.02
        assert abs(effect.other - first) <= effect.other_error + 0.02
        assert effect.error < 0.15


def test_morris_of_an_additive_function() -> None:
    """Of 3a - 2b + 0c: mu* is the slope, sigma is zero, the signs are right."""
    design = designs.make("morris", 3)
    found = designs.effects(design, run(design, lambda x: 3 * x[:, 0] - 2 * x[:, 1]))
    assert [e.size for e in found] == pytest.approx([3, 2, 0])
    assert [e.other for e in found] == pytest.approx([0, 0, 0], abs=1e-9)
    assert [e.direction for e in found[:2]] == pytest.approx([1, -1])
    assert np.isnan(found[2].direction)


def test_morris_sees_what_interacts() -> None:
    design = designs.make("morris", 3)
    additive, mixed = (
        designs.effects(design, run(design, f))
        for f in (
            lambda x: x[:, 0] + x[:, 1],
            lambda x: 8 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5) + 0.5 * x[:, 2],
        )
    )
    assert additive[0].other < 0.01
    assert mixed[0].other > mixed[0].size
    assert mixed[2].other < 0.01


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_a_factor_without_effect_looks_as_large_as_chance(method: str) -> None:
    sizes, chances = [], []
    design = designs.make(method, 6, 64)  # type: ignore[arg-type]
    for effect in designs.effects(design, run(design, lambda x: x[:, 0], sd=0.4, shared=3.0))[1:]:
        sizes.append(effect.size)
        chances.append(effect.chance)
    assert np.mean(sizes) == pytest.approx(np.mean(chances), rel=0.15)


def test_designs_are_always_the_same_and_leave_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    for method, size in (("morris", 20), ("sobol", 60)):
        one, two = designs.make(method, 4, size), designs.make(method, 4, size)  # type: ignore[arg-type]
        np.testing.assert_array_equal(one.points, two.points)
        values = run(one, lambda x: x[:, 0] ** 2 + x[:, 1], sd=0.1)
        assert repr(designs.effects(one, values)) == repr(designs.effects(two, values))
    assert len(designs.make("sobol", 4, 60).points) == 64
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # type: ignore[arg-type]


def test_nothing_happens_and_that_is_said() -> None:
    for method in ("morris", "sobol"):
        design = designs.make(method, 2, 8)  # type: ignore[arg-type]
        assert all(e.size == 0 for e in designs.effects(design, run(design, lambda x: 0 * x[:, 0] + 5)))


def test_the_noise_share_is_the_known_one() -> None:
    """Signal sd 2, own luck sd 1 a seed: over 4 seeds .25 / (4 + .25); luck that all points share is none of it."""
    draw = np.random.default_rng(4)
    found = []
    for _ in range(40):
        values = (
            2 * draw.standard_normal((150, 1)) + 10 * draw.standard_normal(4) + draw.standard_normal((150, 4))
        )
        found.append(noise_of(values))
    assert np.mean([n.share for n in found]) == pytest.approx(0.25 / 4.25, rel=0.05)
    assert np.mean([n.single for n in found]) == pytest.approx(1.0, rel=0.02)
    assert np.mean([n.signal for n in found]) == pytest.approx(2.0, rel=0.05)
    assert np.mean([n.common for n in found]) == pytest.approx(10.0, rel=0.15)
    # 1 / n <= .05 (4 + 1 / n): 4.75 seeds
    assert 4.5 <= np.mean([n.needed for n in found if n.needed]) <= 5.7


def test_seeds_that_are_needed_are_enough() -> None:
    draw = np.random.default_rng(5)
    signal = draw.standard_normal((400, 1))
    few = noise_of(signal + 1.5 * draw.standard_normal((400, 4)))
    assert few.share > 0.05
    assert few.needed is not None
    assert noise_of(signal + 1.5 * draw.standard_normal((400, few.needed))).share == pytest.approx(
        0.05, abs=0.01
    )


def test_nothing_but_noise_and_no_noise_at_all() -> None:
    draw = np.random.default_rng(8)
    flat = noise_of(draw.standard_normal((60, 4)))
    assert flat.share > 0.6
    assert flat.needed is None or flat.needed > 50
    sure = noise_of(np.arange(5.0)[:, None] + np.zeros(3))
    assert sure.share == 0
    assert sure.needed == 2
    assert np.isnan(noise_of(np.ones((5, 3))).share)
    assert np.isnan(noise_of(np.ones((1, 3))).share)
