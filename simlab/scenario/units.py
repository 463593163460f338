"""Numbers with units, as people write them: "7 days", "5%", "12 yuan", "1:50".

Every quantity has one canonical unit (days, shares of 1, yuan, per week ...). A bare
number is taken in that unit; a text is a number and a unit that can be converted to it.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:[,_]\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)

_DAYS = {"day": 1.0, "d": 1.0, "天": 1.0, "week": 7.0, "w": 7.0, "周": 7.0, "month": 30.0, "月": 30.0,
         "year": 365.0, "y": 365.0, "年": 365.0}  # fmt: skip
_SHARE = {"%": 0.01, "percent": 0.01, "‰": 0.001}
_MONEY = {"yuan": 1.0, "rmb": 1.0, "cny": 1.0, "元": 1.0, "¥": 1.0, "￥": 1.0, "fen": 0.01, "分": 0.01}
_PER_WEEK = {"/week": 1.0, "per week": 1.0, "a week": 1.0, "/day": 7.0, "per day": 7.0, "a day": 7.0,
             "/month": 7.0 / 30.0, "per month": 7.0 / 30.0, "a month": 7.0 / 30.0}  # fmt: skip
_PER_DAY = {k: v / 7.0 for k, v in _PER_WEEK.items()}
_PER_YEAR = {"/year": 1.0, "per year": 1.0, "a year": 1.0, "/month": 365.0 / 30.0, "per month": 365.0 / 30.0,
             "/week": 365.0 / 7.0, "per week": 365.0 / 7.0, "/day": 365.0, "per day": 365.0}  # fmt: skip


def parse(value: Any, units: dict[str, float], kind: str, example: str) -> Any:
    """Convert `value` to the canonical unit of `kind`.

    Raises:
        ValueError: not a finite number, or a unit that does not belong to this kind.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"expected {kind}, for example {example}")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number for {kind}, for example {example}")
        return value
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError(f"expected {kind}, for example {example}")
    text = value.strip()
    for sign in ("¥", "￥"):
        if text.startswith(sign) and sign in units:
            text = text[1:] + " yuan"
    match = _NUMBER.fullmatch(text)
    if not match:
        raise ValueError(f"expected {kind}, for example {example}")
    number = float(match[1].replace(",", "").replace("_", ""))
    unit = " ".join(match[2].lower().split())
    factor = 1.0 if not unit else units.get(unit, units.get(unit.rstrip("s")))
    if factor is None:
        known = ", ".join(units) or "none"
        raise ValueError(f"unknown unit {unit[:20]!r} for {kind}; known units: {known}")
    if not math.isfinite(number * factor):
        raise ValueError(f"expected a finite number for {kind}, for example {example}")
    return number * factor


def _quantity(units: dict[str, float], kind: str, example: str) -> list[Any]:
    schema = {"anyOf": [{"type": "number"}, {"type": "string"}], "description": f"{kind}, e.g. {example}"}
    return [BeforeValidator(lambda v: parse(v, units, kind, example)), WithJsonSchema(schema)]


def _whole_days(value: Any) -> Any:
    days = parse(value, _DAYS, "a whole number of days", "7 days")
    if days != int(days):
        raise ValueError("expected a whole number of days, for example 7 days")
    return int(days)


def _ratio(value: Any) -> Any:
    """ "1:50" means that one simulated user stands for 50 real ones."""
    if isinstance(value, str) and ":" in value:
        left, _, right = value.partition(":")
        one = parse(left, {}, "a scale", "1:50")
        many = parse(right, {}, "a scale", "1:50")
        if one <= 0:
            raise ValueError("expected a scale such as 1:50")
        return many / one
    return parse(value, {}, "a scale", "1:50")


def _money(value: Any) -> Any:
    yuan = parse(value, _MONEY, "an amount of money", "12 yuan")
    if abs(yuan * 100 - round(yuan * 100)) > 1e-6:
        raise ValueError("money is counted in whole fen: give at most two decimals of a yuan")
    return yuan


_money_schema = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}],
                                "description": "an amount of money in whole fen, e.g. 12 yuan"})  # fmt: skip
_days_schema = WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}],
                               "description": "a whole number of days, e.g. 7 days"})  # fmt: skip

Days = Annotated[int, BeforeValidator(_whole_days), _days_schema, Field(ge=0, le=36500)]
Duration = Annotated[float, *_quantity(_DAYS, "a duration", "7 days"), Field(gt=0, le=36500)]
Share = Annotated[float, *_quantity(_SHARE, "a share", "5%"), Field(ge=0, le=1)]
Money = Annotated[float, BeforeValidator(_money), _money_schema, Field(ge=0, le=1e9)]
Price = Annotated[float, *_quantity(_MONEY, "a price", "0.005 yuan"), Field(ge=0, le=1e6)]
PerWeek = Annotated[float, *_quantity(_PER_WEEK, "a rate per week", "3 per week"), Field(ge=0, le=70)]
PerDay = Annotated[float, *_quantity(_PER_DAY, "a rate per day", "0.04 per day"), Field(ge=0, le=10)]
PerYear = Annotated[float, *_quantity(_PER_YEAR, "a rate per year", "3.4 per year"), Field(ge=0, le=3650)]
Number = Annotated[float, *_quantity({}, "a number", "1.5")]
Factor = Annotated[float, *_quantity(_SHARE, "a factor", "1.2"), Field(ge=0, le=1000)]
Scale = Annotated[float, BeforeValidator(_ratio), Field(gt=0, le=1e6),
                  WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}],
                                  "description": "real users per simulated user, e.g. 1:50"})]  # fmt: skip
