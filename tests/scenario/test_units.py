"""Numbers with units: one quantity, however it is spelled."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simlab.scenario import units


def read(kind: object, value: object) -> float:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (units.Days, "7 days", 7),
        (units.Days, "2 weeks", 14),
        (units.Days, "3天", 3),
        (units.Days, "2 years", 730),
        (units.Duration, "1.5 weeks", 10.5),
        (units.Share, "5%", 0.05),
        (units.Share, "7%", 0.07),
        (units.Share, "2‰", 0.002),
        (units.Money, "12 yuan", 12.0),
        (units.Money, "¥12.50", 12.5),
        (units.Money, "12元", 12.0),
        (units.Money, "350 fen", 3.5),
        (units.Money, "1,200 yuan", 1200.0),
        (units.Price, "0.5 fen", 0.005),
        (units.PerWeek, "3 per week", 3.0),
        (units.PerWeek, "3 per month", 0.7),
        (units.PerWeek, "1 a day", 7.0),
        (units.PerDay, "7 per week", 1.0),
        (units.PerYear, "1 per week", 365 / 7),
        (units.Scale, "1:50", 50.0),
        (units.Scale, "2:50", 25.0),
        (units.Factor, "120%", 1.2),
        (units.Number, "-1e-5", -1e-5),
    ],
)
def test_spellings(kind: object, text: str, value: float) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (units.Days, 1.5),
        (units.Days, "1 fortnight"),
        (units.Days, -1),
        (units.Duration, 0),
        (units.Share, 1.01),
        (units.Share, "5 days"),
        (units.Share, True),
        (units.Share, None),
        (units.Share, "nan"),
        (units.Share, math.nan),
        (units.Share, math.inf),
        (units.Share, 10**400),
        (units.Share, "1e999999999"),
        (units.Share, "9" * 101),
        (units.Money, "12.345 yuan"),
        (units.Money, 1e300),
        (units.PerWeek, "3 per fortnight"),
        (units.Scale, "1:0"),
        (units.Scale, "0:50"),
        (units.Scale, "1:2:3"),
        (units.Factor, [1]),
    ],
)
def test_refused(kind: object, value: object) -> None:
    with pytest.raises(ValidationError):
        read(kind, value)


@given(st.integers(0, 10_000))
def test_percent_is_exact(basis_points: int) -> None:
    """`7%` and `0.07` are the same float, so that the digest does not know the spelling."""
    written = f"{basis_points // 100}.{basis_points % 100:02d}%"
    assert read(units.Share, written) == float(Fraction(basis_points, 10_000))


@given(st.integers(0, 10**9))
def test_fen_are_exact(fen: int) -> None:
    yuan = fen / 100
    assert read(units.Money, f"{fen} fen") == read(units.Money, yuan) == read(units.Money, f"{yuan!r} yuan")


@given(st.floats(0, 1000, allow_nan=False))
def test_bare_numbers_pass_unchanged(value: float) -> None:
    assert read(units.Factor, value) == read(units.Factor, repr(value)) == value


@given(st.text(max_size=120))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with contextlib.suppress(ValidationError):
        assert math.isfinite(read(units.Number, text))
