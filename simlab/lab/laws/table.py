"""All laws, in the order of their numbers."""

from __future__ import annotations

import math

from simlab.lab.laws.base import BASE
from simlab.lab.laws.friends import FRIENDS
from simlab.lab.laws.law import Claim, Law
from simlab.lab.laws.messages import MESSAGES
from simlab.lab.laws.prices import PRICES

SUBJECTS: dict[str, tuple[Law, ...]] = {
    "Customer base": BASE,
    "Messages": MESSAGES,
    "Prices": PRICES,
    "Friends": FRIENDS,
}
LAWS: tuple[Law, ...] = tuple(
    sorted((law for laws in SUBJECTS.values() for law in laws), key=lambda law: law.id)
)


def subject_of(law: Law) -> str:
    """Where a law belongs."""
    return next(name for name, laws in SUBJECTS.items() if law in laws)


def band(claim: Claim) -> str:
    """The band in words: "5 % to 10 %", "above 0", "at most 1"."""
    if not claim.judged:
        return "not claimed"
    low, high = (amount(x, claim) for x in (claim.low, claim.high))
    if claim.low == claim.high:
        return low
    if claim.high == float("inf"):
        return f"above {low}"
    return f"below {high}" if claim.low == -float("inf") else f"{low} to {high}"


def amount(value: float, claim: Claim) -> str:
    """A number of this claim as it is read: per cent for shares, else three figures."""
    if not math.isfinite(value):
        return "not defined" if math.isnan(value) else "no limit"
    if claim.unit == "share":
        number = 100.0 * value
        text = f"{abs(number):.{0 if number == round(number) else 1 if abs(number) >= 1 else 2}f} %"
    else:
        number = value
        text = f"{abs(number):.{0 if number == 0 else 2}f}"
    return f"−{text}" if number < 0 and any(c in "123456789" for c in text) else text
