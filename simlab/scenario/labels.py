"""Types of the texts in a scenario: names, keys that other places refer to, descriptions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from simlab.scenario.errors import Fault
from simlab.scenario.names import unsafe_character


def _plain(value: str) -> str:
    if (found := unsafe_character(value)) is not None:
        raise Fault(f"a name must not hold control or direction characters ({found})", "Write plain letters.")
    return value


def _plain_text(value: str) -> str:
    if (found := unsafe_character(value, multiline=True)) is not None:
        raise Fault(f"a text must not hold control or direction characters ({found})", "Write plain text.")
    return value


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    """Maps iterate by name: the order of keys in a file must not change a world."""
    return {key: value[key] for key in sorted(value)}


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(_plain),
]
Label = Annotated[str, StringConstraints(pattern=r"^[^\W\d][\w-]{0,39}$")]
"""A key that other places refer to: letters (Chinese too), digits, - and _, at most 40."""

Text = Annotated[str, AfterValidator(_plain_text)]
"""Several lines of plain text."""

ByName = AfterValidator(_sorted)
