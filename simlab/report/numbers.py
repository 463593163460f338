"""Numbers as a strategist reads them: thousands separators, yuan in millions, as many digits as are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

COUNTS = ("users", "orders", "touches", "coupons", "invitations")
_MINUS = "−"


def plural(number: int, noun: str) -> str:
    """ "1 seed", "8 seeds"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _scale(largest: float) -> tuple[float, str]:
    if largest >= 1e9:
        return 1e9, " billion"
    if largest >= 1e6:
        return 1e6, " million"
    return 1.0, ""


def _decimals(values: Sequence[float], whole: bool) -> int:
    """Decimals for three figures of the first value, or four where the closest bound asks for them."""
    main = abs(values[0])
    if not main:
        main = max(abs(v) for v in values)
    if not main or (whole and 20 <= main < 10_000):
        return 0
    # Four figures of large numbers: the rest is noise, and hard to read out in a meeting.
    digits = (3 if main >= 10_000 else 2) - math.floor(math.log10(main))
    gaps = [abs(v - values[0]) for v in values[1:] if v != values[0]]
    # The closest bound should be at least five units of the last digit away.
    if gaps and math.ceil(math.log10(5 / min(gaps))) > digits:
        digits += 1
    return min(digits if main >= 10_000 else max(digits, 0), 4)


def shown(values: Sequence[float], unit: str) -> tuple[list[str], str]:
    """Texts of `values` in one common scale and precision, and the unit that follows them.

    Args:
        values: estimate and bounds, in `unit`; those that are not finite become "not defined".
        unit: a unit of `simlab.scenario.outcomes.OUTCOMES`.
    """
    finite = [v for v in values if math.isfinite(v)]
    factor, word = (0.01, "") if unit == "share" else _scale(max((abs(v) for v in finite), default=0.0))
    scaled = [v / factor for v in finite]
    # Whole things have no decimals, but millions of them do.
    whole = unit in COUNTS and factor == 1.0
    digits = _decimals(scaled, whole) if scaled else 0
    if unit == "yuan" and factor == 1.0:
        digits = min(digits, 2)  # fen are the smallest money there is
    texts = []
    for value in values:
        if not math.isfinite(value):
            texts.append("not defined")
            continue
        text = f"{round(abs(value / factor), digits):,.{max(digits, 0)}f}"
        texts.append(_MINUS + text if value < 0 and float(text.replace(",", "")) != 0 else text)
    return texts, {"share": " %", "-": "", "units": ""}.get(unit, f"{word} {unit}")


def gain(values: Sequence[float], unit: str) -> tuple[list[str], str]:
    """`shown` with a sign before each number that is not zero."""
    texts, suffix = shown(values, unit)
    signed_ = [f"+{text}" if v > 0 and math.isfinite(v) and text.strip("0.,") else text
               for text, v in zip(texts, values, strict=True)]  # fmt: skip
    return signed_, suffix


def quantity(value: float, unit: str) -> str:
    """ "12.3 million yuan", "4.2 %", "1,234 users"."""
    (text,), suffix = shown([value], unit)
    return text if text == "not defined" else text + suffix


def yuan(value: float) -> str:
    """ "612 yuan", "12.3 million yuan"."""
    return quantity(value, "yuan")


def count(value: float) -> str:
    """ "1,234", "1.23 million"."""
    (text,), suffix = shown([value], "users")
    return text + suffix.removesuffix(" users")


def percent(share: float) -> str:
    """ "4.2 %" from 0.042."""
    if not math.isfinite(share):
        return "not defined"
    number = 100 * share
    digits = 0 if abs(number) >= 10 or number == 0 else 1 if abs(number) >= 1 else 2
    text = f"{abs(number):.{digits}f} %"
    return _MINUS + text if number < 0 and float(text[:-2]) != 0 else text


def signed(share: float) -> str:
    """ "+4 %", "−12 %" from a relative change."""
    text = percent(share)
    return text if not math.isfinite(share) or text.startswith(_MINUS) or share == 0 else f"+{text}"


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
