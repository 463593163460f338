"""In what two scenarios differ: the levers of an arm, from -> to."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from simlab.scenario import Scenario
from simlab.scenario.digest import LABELS, READINGS

ABSENT = "–"
COLUMNS = ("path", "baseline", "arm", "baseline_number", "arm_number")


def differences(baseline: Scenario, arm: Scenario) -> pd.DataFrame:
    """What an arm changes, a row for each value: path, baseline and arm as texts, and as numbers (else NaN).

    Only what a world depends on; what one of the two has not got is "–".
    """
    dumps = [scenario.model_dump(mode="json", exclude=set(LABELS + READINGS)) for scenario in (baseline, arm)]
    rows = [(path, _text(a), _text(b), _number(a), _number(b)) for path, a, b in _walk("", *dumps)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"baseline_number": "float64", "arm_number": "float64"}
    )


class _Absent:
    """Stands where one side has nothing."""


def _walk(path: str, a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        found = []
        for key in (*a, *(key for key in b if key not in a)):
            below = f"{path}.{key}" if path else str(key)
            found += _walk(below, a.get(key, _Absent), b.get(key, _Absent))
        return found
    return [] if a is b or a == b else [(path, a, b)]


def _text(value: Any) -> str:
    if value is _Absent:
        return ABSENT
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, dict):  # a whole block: what in it is not null
        value = {key: item for key, item in value.items() if item is not None}
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
