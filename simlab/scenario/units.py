"""Numbers with units, as people write them: "7 days", "5%", "12 yuan", "1:50".

Every quantity has one canonical unit (days, shares of 1, yuan, per week ...). A bare
number is taken in that unit; a text is a number and a unit that can be converted to it.
Conversion is exact (fractions) and rounded once, so that "7%" and 0.07 are the same number.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from simlab.scenario.errors import Fault

_NUMBER = re.compile(
    r"\s*([+-]?(?:\d+(?:[,_]\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*?)\s*", re.DOTALL
)
"""A number and what follows it; exponents beyond three digits are no quantity anybody means."""

Units = dict[str, Fraction]

_LENGTHS = {1: ("day", "d", "天"), 7: ("week", "w", "周"), 30: ("month", "月"), 365: ("year", "y", "年")}
_DAYS: Units = {unit: Fraction(days) for days, units in _LENGTHS.items() for unit in units}
_HOURS: Units = {
    unit: hours for hours, units in {
        Fraction(1): ("hour", "h", "小时"), Fraction(1, 60): ("minute", "min", "分钟"),
        Fraction(24): ("day", "d", "天"),
    }.items() for unit in units
}  # fmt: skip
SHARES: Units = {"%": Fraction(1, 100), "percent": Fraction(1, 100), "‰": Fraction(1, 1000)}
_FEN = {100: ("yuan", "rmb", "cny", "元", "¥", "￥"), 1: ("fen", "分")}
_MONEY: Units = {unit: Fraction(fen, 100) for fen, units in _FEN.items() for unit in units}


def _rates(per: dict[str, Fraction]) -> Units:
    """Spellings of rates: "/week", "per week", "a week"."""
    return {f"{word}{time}": factor for time, factor in per.items() for word in ("/", "per ", "a ")}


_PER_DAY = _rates(
    {"day": Fraction(1), "week": Fraction(1, 7), "month": Fraction(1, 30), "year": Fraction(1, 365)}
)
_PER_WEEK = {unit: factor * 7 for unit, factor in _PER_DAY.items()}
_PER_YEAR = {unit: factor * 365 for unit, factor in _PER_DAY.items()}


@dataclass(frozen=True)
class Kind:
    """What a number means, in words; it rides along in the annotation for messages and docs.

    Attributes:
        text: "a share", "a duration" ...
        example: how to write one.
        units: factor to the canonical unit, by unit.
        grain: the smallest step, or None for a continuous quantity.
    """

    text: str
    example: str
    units: tuple[tuple[str, Fraction], ...] = ()
    grain: float | None = None

    def parse(self, value: Any) -> Any:
        """`value` in the canonical unit; see `parse`."""
        return parse(value, dict(self.units), self.text, self.example)


def parse(value: Any, units: Units, kind: str, example: str) -> Any:
    """Convert `value` to the canonical unit of `kind`.

    Returns:
        A number as it is, or the float that a text stands for.

    Raises:
        Fault: not a finite number, or a unit that does not belong to this kind.
    """
    wrong = Fault(f"expected {kind}", f"Write {kind}, for example {example}.")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise Fault(f"expected a finite number for {kind}", f"Write {kind}, for example {example}.")
        return value
    if not isinstance(value, str) or len(value) > 100:
        raise wrong
    text = value.strip()
    for sign in ("¥", "￥"):
        if text.startswith(sign) and sign in units:
            text = text[1:] + " yuan"
    match = _NUMBER.fullmatch(text)
    if not match:
        raise wrong
    unit = " ".join(match[2].lower().split())
    factor = Fraction(1) if not unit else units.get(unit, units.get(unit.rstrip("s")))
    if factor is None:
        known = ", ".join(f"'{u}'" for u in units)
        rule = f"It is written with one of {known}" if known else "It has no unit: write a bare number"
        raise Fault(f"unknown unit '{unit[:20]}' for {kind}", f"{rule}; for example {example}.")
    try:
        return float(Fraction(match[1].replace(",", "").replace("_", "")) * factor)
    except OverflowError:
        raise Fault(f"expected a finite number for {kind}", f"Write {kind}, for example {example}.") from None


def _quantity(units: Units, kind: str, example: str) -> list[Any]:
    schema = {"anyOf": [{"type": "number"}, {"type": "string"}], "description": f"{kind}, e.g. {example}"}
    known = Kind(kind, example, tuple(units.items()))
    return [BeforeValidator(known.parse), WithJsonSchema(schema), known]


def _whole_days(value: Any) -> Any:
    days = parse(value, _DAYS, "a whole number of days", "7 days")
    if days != int(days):
        raise Fault("expected a whole number of days", "Write a whole number of days, for example 7 days.")
    return int(days)


def _ratio(value: Any) -> Any:
    """ "1:50" means that one simulated user stands for 50 real ones."""
    if isinstance(value, str) and ":" in value:
        left, _, right = value.partition(":")
        one = parse(left, {}, "a scale", "1:50")
        many = parse(right, {}, "a scale", "1:50")
        if one <= 0 or many <= 0 or not math.isfinite(many / one):
            raise Fault(
                "expected a scale", "Write a scale, for example 1:50 (one simulated user for 50 real ones)."
            )
        return many / one
    return parse(value, {}, "a scale", "1:50")


def _money(value: Any) -> Any:
    yuan = parse(value, _MONEY, "an amount of money", "12 yuan")
    if abs(yuan) > 1e15 or abs(yuan * 100 - round(yuan * 100)) > 1e-6:
        raise Fault(
            "money is counted in whole fen", "Give at most two decimals of a yuan, for example 12.50 yuan."
        )
    return round(yuan * 100) / 100


_money_schema = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}],
                                "description": "an amount of money in whole fen, e.g. 12 yuan"})  # fmt: skip
_days_schema = WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}],
                               "description": "a whole number of days, e.g. 7 days"})  # fmt: skip
_days = Kind("a whole number of days", "7 days", tuple(_DAYS.items()), grain=1)
_amount = Kind("an amount of money", "12 yuan", tuple(_MONEY.items()), grain=0.01)

Days = Annotated[int, BeforeValidator(_whole_days), _days_schema, _days, Field(ge=0, le=36500)]
Duration = Annotated[float, *_quantity(_DAYS, "a duration", "7 days"), Field(gt=0, le=36500)]
Hours = Annotated[float, *_quantity(_HOURS, "a time in hours", "4 hours")]
Share = Annotated[float, *_quantity(SHARES, "a share", "5%"), Field(ge=0, le=1)]
Money = Annotated[float, BeforeValidator(_money), _money_schema, _amount, Field(ge=0, le=1e9)]
Price = Annotated[float, *_quantity(_MONEY, "a price", "0.005 yuan"), Field(ge=0, le=1e6)]
PerWeek = Annotated[float, *_quantity(_PER_WEEK, "a rate per week", "3 per week"), Field(ge=0, le=70)]
PerDay = Annotated[float, *_quantity(_PER_DAY, "a rate per day", "0.04 per day"), Field(ge=0, le=10)]
PerYear = Annotated[float, *_quantity(_PER_YEAR, "a rate per year", "3.4 per year"), Field(ge=0, le=3650)]
Number = Annotated[float, *_quantity({}, "a number", "1.5")]
Factor = Annotated[float, *_quantity(SHARES, "a factor", "1.2"), Field(ge=0, le=1000)]
Scale = Annotated[float, BeforeValidator(_ratio), Kind("a scale", "1:50"), Field(gt=0, le=1e6),
                  WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}],
                                  "description": "real users per simulated user, e.g. 1:50"})]  # fmt: skip
