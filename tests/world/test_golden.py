"""The golden run: nobody changes results without noticing.

When a change is meant: `python -m tests.world.refresh_golden`, and say why in the same change.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.world.refresh_golden import FILE, golden

CURE = "If this is meant: python -m tests.world.refresh_golden"


@cache
def today() -> dict[str, Any]:
    return golden()


def known() -> dict[str, Any]:
    return json.loads(FILE.read_text())


def test_the_golden_totals() -> None:
    before, now = known()["totals"], today()["totals"]
    changed = [f"{k}: {before.get(k)} -> {now[k]}" for k in now if before.get(k) != now[k]]
    assert not changed, "\n".join([CURE, *changed])
    assert before.keys() == now.keys(), CURE


def test_the_golden_events() -> None:
    assert today()["events"] == known()["events"], CURE
    assert min(known()["events"].values()) > 0, "every mechanism should be at work"


@pytest.mark.parametrize("part", ["ledger", "cohorts", "flows", "users", "events"])
def test_the_golden_digests(part: str) -> None:
    assert today()["digests"][part] == known()["digests"][part], CURE
