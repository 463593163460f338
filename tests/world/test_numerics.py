"""Our own elementary functions against exact arithmetic and SciPy, with their error bounds.

The oracle of exp and log is `decimal` at 50 digits; SciPy's special functions serve for the
rest (they are good to a few 1e-14 themselves).
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from simlab.world.numerics import (
    GRID_LIMIT,
    exp,
    gamma_lookup,
    gamma_quantile,
    gamma_table,
    gamma_tails,
    log,
    log_gamma,
    normal_quantile,
    normal_tail,
    one_minus_exp,
    power,
)

SHAPES = (0.02, 0.1, 0.3, 0.553, 0.9, 1.0, 1.2, 3.74, 6.25, 20.0, 200.0)
SMALLEST = 1e-290  # below, quantiles of small shapes leave the range of normal doubles
many = settings(max_examples=400, deadline=None)  # compiled on the first call


def off(value: float, truth: Decimal) -> float:
    """Relative error."""
    with localcontext() as context:
        context.prec = 50
        return abs(float((Decimal(float(value)) - truth) / truth))


def exact_exp(x: float | Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        return Decimal(x).exp()


def exact_log(x: float) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        return Decimal(x).ln()


def over(function: object, values: NDArray[np.float64], *before: object) -> NDArray[np.float64]:
    return np.array([function(*before, x) for x in values.tolist()])  # type: ignore[operator]


@many
@given(st.floats(-700.0, 700.0))
@example(0.5 * math.log(2.0))
@example(-700.0)
@example(700.0)
def test_exp_is_good_to_half_a_bit_more_than_the_last(x: float) -> None:
    assert off(exp(x), exact_exp(x)) < 2e-16


def test_exp_is_clipped_where_doubles_end() -> None:
    assert exp(0.0) == 1.0
    assert exp(-700.1) == exp(-1e300) == 0.0
    assert exp(700.1) == exp(1e300) == exp(700.0)


@many
@given(st.floats(1e-300, 1e300))
@example(1.0 + 2.0**-52)
@example(1.0 - 2.0**-53)
@example(0.7071067811865476)
def test_log_is_good_to_half_a_bit_more_than_the_last(x: float) -> None:
    if x == 1.0:
        assert log(x) == 0.0
    else:
        assert off(log(x), exact_log(x)) < 2e-16


@many
@given(st.floats(1e-30, 1e30), st.floats(-9.0, 9.0))
def test_a_power_loses_no_more_than_its_logarithm_must(x: float, a: float) -> None:
    with localcontext() as context:
        context.prec = 50
        truth = Decimal(a) * Decimal(x).ln()
    # the logarithm (1.45e-16) and the rounding of the product (1.11e-16) act on the exponent
    assert off(power(x, a), exact_exp(truth)) < 2.6e-16 * (1.0 + abs(float(truth)))


def test_powers_of_nothing() -> None:
    assert power(0.0, 0.0) == power(5.0, 0.0) == 1.0
    assert power(0.0, 2.0) == 0.0


@many
@given(st.floats(1e-300, 700.0))
@example(0.03)
@example(math.nextafter(0.03, 0.0))
def test_the_chance_of_an_order_does_not_cancel(x: float) -> None:
    with localcontext() as context:
        context.prec = 50
        truth = 1 - (-Decimal(x)).exp() if x > 1e-20 else Decimal(x) - Decimal(x) ** 2 / 2
    assert off(one_minus_exp(x), truth) < 2e-13
    assert one_minus_exp(x) <= x  # the engine's early way out relies on it


def test_the_chance_of_no_order_without_a_rate() -> None:
    assert one_minus_exp(0.0) == 0.0


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [(exp, -700.0, 700.0), (log, 1e-9, 40.0), (one_minus_exp, 0.0, 0.1), (one_minus_exp, 0.0, 40.0)],
)
def test_what_should_rise_never_falls(function: object, low: float, high: float) -> None:
    """Neighbouring doubles may change places by their last bit; at a distance that matters they rise."""
    assert np.all(np.diff(over(function, np.linspace(low, high, 200_001))) > -1e-15)


@pytest.mark.parametrize("seam", [0.03, math.nextafter(0.03, 0.0)])
def test_the_two_halves_of_one_minus_exp_meet(seam: float) -> None:
    steps = seam + np.arange(-1000, 1001) * 1e-15
    assert np.all(np.diff(over(one_minus_exp, steps)) > -1e-17)


@many
@given(st.floats(2.0**-53, 1.0 - 2.0**-53))
def test_normal_quantiles(u: float) -> None:
    z = special.ndtri(u)
    assert abs(normal_quantile(u) - z) < 2e-15 * (1e-3 + abs(z))


@many
@given(st.floats(-8.0, 8.0))
def test_normal_tails(z: float) -> None:
    assert normal_tail(z) == pytest.approx(special.ndtr(-z), rel=3e-14)


def test_normal_quantiles_rise_and_are_symmetric() -> None:
    u = np.concatenate([np.linspace(1e-6, 0.5, 100_001), 2.0 ** -np.arange(1.0, 53.0)])
    u.sort()
    z = over(normal_quantile, u)
    assert np.all(np.diff(z) >= 0.0)
    assert over(normal_quantile, 1.0 - u) == pytest.approx(-z, rel=1e-9, abs=1e-15)


@many
@given(st.floats(1e-3, 400.0))
def test_log_gamma(a: float) -> None:
    truth = special.gammaln(a)
    assert abs(log_gamma(a) - truth) < 1e-14 * (1.0 + abs(truth))


@many
@given(st.sampled_from(SHAPES), st.floats(1e-12, 8.0))
def test_gamma_tails_are_accurate_where_they_are_small(shape: float, relative: float) -> None:
    x = shape * relative
    p, q = gamma_tails(shape, x)
    lower, upper = special.gammainc(shape, x), special.gammaincc(shape, x)
    assert p + q == pytest.approx(1.0, abs=2e-16)
    for ours, truth in ((p, lower), (q, upper)):
        assert abs(ours - truth) < 4e-13
        if SMALLEST < truth < 0.5:
            assert ours == pytest.approx(truth, rel=1e-12)


def test_gamma_tails_of_nothing() -> None:
    assert gamma_tails(0.6, 0.0) == gamma_tails(0.6, -1.0) == (0.0, 1.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_quantiles(shape: float) -> None:
    z = np.linspace(-8.2, 8.2, 1001)
    ours = over(gamma_quantile, z, shape)
    lower, upper = special.gammaincinv(shape, special.ndtr(z)), special.gammainccinv(shape, special.ndtr(-z))
    truth = np.where(z < 0.0, lower, upper)
    inside = truth > SMALLEST
    assert ours[inside] == pytest.approx(truth[inside], rel=2e-11)
    assert np.all(ours[~inside] <= SMALLEST * (1 + 1e-9))
    assert np.all(np.diff(ours) >= 0.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_table_of_gamma_quantiles_is_good_to_a_hundred_millionth_over_the_shape(shape: float) -> None:
    table = gamma_table(shape)
    z = np.random.default_rng(1).uniform(-8.2, 8.2, 2001)
    z.sort()
    ours, truth = over(gamma_lookup, z, table), over(gamma_quantile, z, shape)
    inside = truth > SMALLEST
    assert ours[inside] == pytest.approx(truth[inside], rel=max(3e-8 / shape, 1e-10))
    assert np.all(np.diff(ours) >= -SMALLEST)  # next to zero, a cubic may overshoot the cut


def test_the_table_of_gamma_quantiles_has_firm_ends() -> None:
    table = gamma_table(0.9)
    assert gamma_lookup(table, -50.0) == pytest.approx(gamma_quantile(0.9, -GRID_LIMIT), rel=1e-6)
    assert gamma_lookup(table, 50.0) == pytest.approx(gamma_quantile(0.9, GRID_LIMIT), rel=1e-6)
