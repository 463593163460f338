"""The arithmetic of tests against what SciPy and the textbook say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, ttest_ind

from simlab.lab.rollout_stats import (
    adjusted,
    arm_of,
    contrast_of,
    errors_at,
    power_of,
    smallest_effect,
    units_needed,
)

EVERY = 400


def test_one_user_a_unit_is_welchs_test() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.normal(5, 3, 300), draw.gamma(2, 3, 170)
    found = contrast_of(arm_of(first, np.arange(300)), arm_of(second, np.arange(170)))
    theirs = ttest_ind(second, first, equal_var=False)
    assert found.difference / found.error == pytest.approx(theirs.statistic)
    assert found.freedom == pytest.approx(theirs.df)
    assert found.finds(0.05) == (theirs.pvalue < 0.05)


def test_communities_of_one_mood_count_as_one_each() -> None:
    """Everybody says what the community says: the error is that of the communities' means."""
    draw = np.random.default_rng(2)
    moods = draw.normal(0, 1, 30)
    arm = arm_of(np.repeat(moods, 20), np.repeat(np.arange(30), 20))
    assert arm.variance == pytest.approx(moods.var(ddof=1) / 30)
    assert (arm.units, arm.users, arm.effective) == (30, 600, pytest.approx(30))


def test_false_alarms_keep_the_level_in_communities_of_any_size() -> None:
    """400 tests without an effect; 5 % of them +- 3.2 points would be outside once in 300 such checks."""
    draw = np.random.default_rng(3)
    found = 0
    for _ in range(EVERY):
        sizes = draw.integers(2, 60, 80)
        units = np.repeat(np.arange(80), sizes)
        values = draw.normal(0, 1, 80)[units] + draw.normal(0, 2, len(units))
        treated = (draw.permutation(80) < 40)[units]
        found += contrast_of(*(arm_of(values[m], units[m]) for m in (~treated, treated))).finds(0.05)
    assert abs(found / EVERY - 0.05) < 0.032


def test_equal_arms_need_what_the_textbook_says() -> None:
    """n = 2 (z_a + z_b)^2 sd^2 / effect^2 in each arm."""
    sd, effect = 80.0, 4.0
    n = 2 * (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * sd**2 / effect**2
    assert units_needed(effect, [(sd**2, sd**2)], 0.5, 0.8, 0.05) == pytest.approx(2 * n, rel=0.001)


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("effect", [0.15, 0.9, 3.0])
def test_the_needed_size_has_the_asked_power(effect: float, share: float) -> None:
    variances = [(1.0, 1.4), (0.8, 1.1)]
    units = units_needed(effect, variances, share, 0.8, 0.05)
    assert power_of(effect, errors_at(variances, share, units), max(units - 2, 1), 0.05) >= 0.8
    assert units <= 5 or power_of(effect, errors_at(variances, share, units - 2), units - 4, 0.05) < 0.8


def test_no_effect_no_size() -> None:
    assert units_needed(0.0, [(1.0, 1.0)], 0.5, 0.8, 0.05) == float("inf")


def test_simulated_power_is_the_formulas() -> None:
    """2,000 tests with few users: 80 % +- 2.7 points would be outside once in 400 such checks."""
    draw = np.random.default_rng(4)
    n = int(units_needed(1.0, [(1.0, 4.0)], 0.5, 0.8, 0.05))
    half = n // 2
    found = 0
    for _ in range(2000):
        arms = (arm_of(draw.normal(m, s, half), np.arange(half)) for m, s in ((0, 1), (1, 2)))
        found += contrast_of(*arms).finds(0.05)
    assert abs(found / 2000 - 0.8) < 0.027


def test_the_smallest_effect_is_found_with_the_asked_power() -> None:
    effect = smallest_effect(2.0, 5000, 0.8, 0.05)
    assert power_of(effect, np.array([2.0]), 5000, 0.05) == pytest.approx(0.8, abs=0.001)


def test_what_was_spent_before_is_taken_out_and_the_effect_stays() -> None:
    draw = np.random.default_rng(5)
    before = draw.gamma(1, 100, 4000)
    treated = np.arange(4000) % 2 == 1
    values = 0.5 * before + draw.normal(0, 10, 4000) + 3 * treated
    better = adjusted(values, before, (~treated, treated))
    plain, tidy = (
        contrast_of(*(arm_of(v[m], np.arange(2000)) for m in (~treated, treated))) for v in (values, better)
    )
    assert tidy.error < 0.25 * plain.error
    assert abs(tidy.difference - 3) < 4 * tidy.error
