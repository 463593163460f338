"""Conditions of the stage table: predicates over what an operator can observe."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simlab.scenario.errors import Fault, unknown
from simlab.scenario.labels import Label
from simlab.scenario.part import Part
from simlab.scenario.units import _DAYS, _MONEY, Units, parse

OBSERVABLES: dict[str, str] = {
    "tenure": "days since joining",
    "idle": "days since the last own visit, interaction or order",
    "since_order": "days since the last order (36500 when there is none)",
    "orders": "orders so far",
    "spend": "spend so far in yuan",
    "invited": "friends brought in so far",
    "redeemed": "coupons used so far",
    "answers": "interactions so far",
    "since_birthday": "days since the last birthday, 0 to 364",
    "streak": "days in a row on which a task was done",
    "tagged": "1 when the operator has a tag for the user's interest, else 0",
    "recent_spend": "spend in yuan, fading with a half-life of 90 days",
    "points": "points in the account",
    "plan_left": "days until the paid plan runs out; -1 without one",
    "group": "1 in a group, else 0",
    "posts": "messages written in the group so far",
    "issue_age": "days since an issue that is still open arose; -1 without one",
    "complaints": "complaints so far",
}
"""What a stage may look at, with its meaning. Latent traits are not among them."""

PLACES = "in_"
"""Observables of this prefix are places in a table: ``in_stage``, ``in_tag``, or in_ and a scheme."""

_UNITS: dict[str, Units] = {
    "tenure": _DAYS, "idle": _DAYS, "since_order": _DAYS, "spend": _MONEY, "since_birthday": _DAYS,
    "recent_spend": _MONEY, "plan_left": _DAYS, "issue_age": _DAYS,
}  # fmt: skip
_TEXT = re.compile(r"\s*(<=|>=|==|<|>|=)\s*(.+)")


class Condition(Part):
    """``observable op value``; value in days, orders, yuan or people. Places have names instead of a value."""

    observable: Literal[
        "tenure", "idle", "since_order", "orders", "spend", "invited", "redeemed", "answers", "since_birthday",
        "streak", "tagged", "recent_spend", "points", "plan_left", "group", "posts", "issue_age", "complaints",
    ] | Annotated[str, Field(pattern=r"^in_[^\W\d][\w-]{0,39}$")]  # fmt: skip
    op: Literal["<=", ">=", "in"]
    value: int = 0
    names: tuple[Label, ...] = ()

    @property
    def table(self) -> str:
        """The table of places that this looks at; "" where it compares a number."""
        return self.observable.removeprefix(PLACES) if self.op == "in" else ""


def parse_condition(observable: str, text: Any) -> Condition:
    """``("orders", ">= 3")`` to a condition; all observables are whole numbers, so < and > become <= and >=.

    Raises:
        Fault: unknown observable, unreadable comparison, or a value that is not a whole number.
    """
    if observable.startswith(PLACES):
        return _place(observable, text)
    if observable not in OBSERVABLES:
        raise unknown("observable", observable, OBSERVABLES, (observable,))
    match = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if not match or match[1] in ("=", "=="):
        raise Fault("expected a comparison", "Write it as '>= 3' or '<= 30 days'.", (observable,))
    try:
        value = parse(match[2], _UNITS.get(observable, {}), "a whole number", "3")
    except Fault as fault:
        raise Fault(fault.message, fault.cure, (observable,)) from None
    if value != int(value) or abs(value) > 10**9:
        raise Fault(
            "expected a whole number up to a billion", f"Compare {observable} as in '>= 3'.", (observable,)
        )
    shift = {"<": -1, ">": 1}.get(match[1], 0)
    return Condition(observable=observable, op=match[1][0] + "=", value=int(value) + shift)


def _place(observable: str, text: Any) -> Condition:
    """``("in_rfm", "gold")`` or ``("in_rfm", ["gold", "silver"])``: who is at one of these places of a table."""
    names = [text] if isinstance(text, str) else text
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise Fault("expected places", f"Name one or several: '{observable}: [gold, silver]'.", (observable,))
    return Condition(observable=observable, op="in", names=tuple(names))


def _conditions(value: Any) -> Any:
    if value is None:
        return ()
    if not isinstance(value, dict):
        return value
    return tuple(parse_condition(str(observable), text) for observable, text in value.items())


Who = Annotated[tuple[Condition, ...], BeforeValidator(_conditions)]
"""An audience: everybody for whom all of these conditions hold; written as ``{orders: ">= 3"}``.

Places in a table go by name: ``{in_stage: [new, active], in_rfm: gold, in_tag: fitness}``.
"""
