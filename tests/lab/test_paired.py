"""Paired differences: identical arms, one arm, several arms, and as many pairs as the precision takes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from simlab.lab.paired import extreme, fits, paired, spread, stein, together, worth


def test_identical_arms_differ_by_exactly_nothing() -> None:
    found = paired(np.zeros(20))
    assert found.identical
    assert (found.mean, found.error, found.low, found.high, found.p_above) == (0.0, 0.0, 0.0, 0.0, 0.5)


def test_a_constant_difference_is_known_without_error() -> None:
    found = paired(np.full(7, 0.1))  # its mean would be off in the last bit
    assert (found.mean, found.low, found.high, found.p_above) == (0.1, 0.1, 0.1, 1.0)
    assert not found.identical
    assert paired(np.full(7, -0.1)).p_above == 0.0


@pytest.mark.parametrize("count", [0, 1])
def test_one_pair_gives_no_interval(count: int) -> None:
    found = paired(np.full(count, 3.0))
    assert not found.has_interval
    assert math.isnan(found.p_above)
    assert found.pairs == count


def test_with_one_stage_it_is_the_paired_t_test() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 25))
    found, theirs = paired(a - b), stats.ttest_rel(a, b)
    interval = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_above == pytest.approx(stats.ttest_rel(a, b, alternative="less").pvalue)


@given(arrays(float, st.integers(2, 30), elements=st.floats(-1e6, 1e6)), st.floats(-100, 100))
def test_turned_round_the_difference_turns_round(values: np.ndarray, move: float) -> None:
    found, turned = paired(values), paired(-values)
    assert turned.mean == -found.mean
    assert turned.low == pytest.approx(-found.high)
    assert turned.p_above == pytest.approx(1 - found.p_above)
    moved = paired(values + move)
    assert moved.mean - found.mean == pytest.approx(move, abs=1e-6)


def test_a_second_stage_uses_the_variance_of_the_first() -> None:
    values = np.random.default_rng(2).normal(1, 3, 80)
    calm = np.concatenate([values[:20], np.full(60, 1.0)])
    found = paired(calm, first=20)
    assert found.df == 19
    assert found.error == pytest.approx(spread(values[:20]) / math.sqrt(80))
    assert found.mean == pytest.approx(calm.mean())
    # unless the later pairs spread more: then the first stage had missed what is rare
    wild = np.concatenate([values[:20], 10 * values[20:]])
    assert paired(wild, first=20).error == pytest.approx(spread(wild) / math.sqrt(80))


def test_pairs_needed_by_hand() -> None:
    first = np.random.default_rng(3).normal(0, 5, 20)
    t, s = stats.t.ppf(0.975, 19), first.std(ddof=1)
    stage = stein(first, 1.0, 10_000)
    assert stage.needed == stage.planned == math.ceil((t * s / 1.0) ** 2)
    assert stage.reached
    assert t * s / math.sqrt(stage.planned) <= 1.0
    assert stein(first, 1e6, 10_000).planned == 20  # never fewer than there are
    assert stein(first, None, 10_000) == stein(first, 1e6, 10_000)
    short = stein(first, 0.01, 200)
    assert (short.planned, short.reached) == (200, False)
    both = stein(np.stack([first, 2 * first], axis=1), 1.0, 10_000)
    assert both.needed == stein(2 * first, 1.0, 10_000).needed
    assert stein(np.zeros(20), 1.0, 100).planned == 20
    assert not stein(np.array([1.0]), 1.0, 100).reached


def test_steins_interval_covers() -> None:
    """Normal differences, truth 0; 4,000 two-stage comparisons, false alarm 1e-4."""
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(4000):
        values = rng.normal(0, 1, 400)
        stage = stein(values[:20], 0.25, 400)
        found = paired(values[: stage.planned], first=20)
        covered += found.low <= 0 <= found.high
    assert stats.binomtest(covered, 4000, 0.95, "less").pvalue > 1e-4
    assert covered / 4000 < 0.98


def test_p_above_is_the_coverage_of_a_one_sided_interval() -> None:
    """Under the truth 0 P(> 0) is uniform: 4,000 experiments of 20 pairs, false alarm 1e-4."""
    rng = np.random.default_rng(5)
    found = [paired(values).p_above for values in rng.normal(0, 2, (4000, 20))]
    assert stats.kstest(found, "uniform").pvalue > 1e-4


def test_several_arms_hold_together() -> None:
    """Five arms with correlated differences: all intervals cover at once in 95 %; 3,000 times, false alarm 1e-4."""
    rng = np.random.default_rng(6)
    shape = 0.5 + 0.5 * np.eye(5)
    root = np.linalg.cholesky(shape)
    factors = [together(_named(root @ rng.normal(size=(5, 20)))).factor for _ in range(20)]
    held = 0
    for k in range(3000):
        values = root @ rng.normal(size=(5, 20))
        ratios = values.mean(axis=1) / (values.std(axis=1, ddof=1) / math.sqrt(20))
        held += np.abs(ratios).max() <= factors[k % len(factors)]
    assert stats.binomtest(held, 3000, 0.95).pvalue > 1e-4


def _named(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {str(k): row for k, row in enumerate(rows)}


def test_the_simultaneous_factor_lies_between_one_arm_and_sidak() -> None:
    rng = np.random.default_rng(7)
    one = together({"a": rng.normal(size=20)})
    assert (one.method, one.factor) == ("t", pytest.approx(stats.t.ppf(0.975, 19)))
    many = together(_named(rng.normal(size=(4, 20))))
    assert many.method == "max-t"
    assert one.factor < many.factor <= stats.t.ppf(0.5 + 0.95 ** (1 / 4) / 2, 19)
    shared = rng.normal(size=20)
    same = together({"a": shared, "b": shared, "c": shared})  # one arm thrice is one arm
    assert same.factor == pytest.approx(one.factor, abs=0.02)
    ragged = together({"a": rng.normal(size=20), "b": rng.normal(size=19)})
    assert ragged.method == "Sidak"
    assert together({"a": np.zeros(20), "b": rng.normal(size=20)}).arms == 1  # nothing to cover
    assert math.isnan(together({"a": np.zeros(20)}).factor)


def test_one_pair_that_decides_is_noticed() -> None:
    """Of 10,000 samples of 20 normal differences hardly one is taken for a rare event."""
    rng = np.random.default_rng(9)
    assert sum(extreme(values) > 0.6 for values in rng.normal(size=(10_000, 20))) <= 12
    assert extreme(np.append(rng.normal(size=19), 40.0)) > 0.9
    assert math.isnan(extreme(np.zeros(20)))


def test_one_of_them_is_rarely_said_not_to_fit() -> None:
    """An eleventh world like ten others: P is uniform (99.9 % bounds). Their 5 to 95 % leave out one in four."""
    worlds = np.random.default_rng(10).normal(3.0, 2.0, size=(4000, 11))
    found = np.array([fits(own, others) for own, *others in worlds])
    for level in (0.01, 0.1, 0.5):
        low, high = stats.binom.ppf([0.0005, 0.9995], len(found), level)
        assert low <= (found < level).sum() <= high
    low, high = np.percentile(worlds[:, 1:], [5, 95], axis=1)
    assert ((worlds[:, 0] < low) | (worlds[:, 0] > high)).mean() > 0.2


def test_what_does_not_fit_is_seen() -> None:
    assert fits(40.0, np.arange(10.0)) < 1e-4
    assert fits(2.0, np.full(10, 2.0)) == 1.0
    assert fits(2.1, np.full(10, 2.0)) == 0.0
    assert math.isnan(fits(1.0, np.ones(1)))
    assert math.isnan(fits(math.nan, np.arange(10.0)))


def test_what_common_seeds_are_worth() -> None:
    rng = np.random.default_rng(8)
    world = rng.normal(0, 10, 4000)
    found = worth(world + rng.normal(size=4000), world)
    assert found.correlation > 0.99
    assert found.ratio == pytest.approx(201, rel=0.15)
    apart = worth(rng.normal(size=4000), rng.normal(size=4000))
    assert apart.ratio == pytest.approx(1, rel=0.1)
    assert worth(world, world).ratio == math.inf
    assert math.isnan(worth(world[:1], world[:1]).ratio)
