"""The tables of a comparison's page as texts: levers, all outcomes, the same people in both arms."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from simlab.lab.comparison import COUNTS, Comparison
from simlab.report.compare_words import capital, plus
from simlab.report.numbers import listed, percent, shown
from simlab.scenario.outcomes import OUTCOMES


def lever_rows(found: Comparison) -> list[tuple[str, str, str, str]]:
    """(arm, path, from, to); long blocks are cut."""
    frame = found.tables["levers"]
    return [
        (row.arm, row.path, _cut(row.baseline), _cut(row.arm_value)) for row in frame.itertuples(index=False)
    ]


def _cut(value: Any) -> str:
    text = str(value)
    if text.startswith("{"):
        with contextlib.suppress(ValueError):
            text = ", ".join(f"{key}: {item}" for key, item in json.loads(text).items())
    return text if len(text) <= 160 else f"{text[:157]} …"


def outcome_rows(found: Comparison) -> list[dict[str, Any]]:
    """Every outcome: meaning, baseline's level, and per arm the difference with its interval and P(better)."""
    frame = found.tables["differences"]
    rows = []
    for name, (meaning, unit) in OUTCOMES.items():
        part = frame[frame["outcome"] == name].set_index("arm")
        if not part["pairs"].any():
            continue
        (level,), suffix = shown([float(part["baseline"].dropna().iloc[0])], unit)
        cells = []
        for arm in found.others:
            row = part.loc[arm]
            texts, ending = plus([float(row[k]) for k in ("difference", "low", "high")], unit)
            if row["pairs"] == 0:
                cells.append(("not defined", ""))
            elif row["identical"]:
                cells.append(("0", "identical"))
            else:
                inside = f"{texts[1]} to {texts[2]}" if math.isfinite(row["low"]) else "one pair"
                cells.append((texts[0] + (" pts" if unit == "share" else _word(ending)), inside))
        rows.append({"name": name, "meaning": meaning, "level": level + suffix, "cells": cells})
    return rows


def _word(suffix: str) -> str:
    return next((f" {word}" for word in ("million", "billion") if word in suffix), "")


def counterfactual_rows(found: Comparison) -> list[dict[str, Any]]:
    """What keyed draws alone tell, a row for each count and a cell for each arm that can be told."""
    frame = found.tables["counterfactual"]
    told = [arm for arm in found.others if (frame["arm"] == arm).any()]
    rows = []
    for what, (meaning, unit) in COUNTS.items():
        cells = []
        for arm in told:
            row = frame[(frame["arm"] == arm) & (frame["what"] == what)].iloc[0]
            texts, suffix = shown([row["mean"], row["low"], row["high"]], unit)
            inside = f"{texts[1]} to {texts[2]}" if math.isfinite(row["low"]) and row["mean"] else ""
            cells.append((texts[0] + _word(suffix) + (" yuan" if unit == "yuan" else ""), inside))
        rows.append({"what": what, "meaning": capital(meaning), "cells": cells})
    return rows


def counterfactual_reading(found: Comparison) -> str:
    """What the counterfactual says of the first arm that can be told."""
    frame = found.tables["counterfactual"]
    told = [arm for arm in found.others if (frame["arm"] == arm).any()]
    parts = []
    for arm in told[:4]:
        mean = frame[frame["arm"] == arm].set_index("what")["mean"]
        won = mean["only_members"] + mean["only_newcomers"]
        lost = mean["lost_members"] + mean["lost_newcomers"]
        if not won and not lost and not mean["shifted"]:
            parts.append(f"with '{arm}' every order is as it was")
            continue
        net = f"{'+' if won > lost else ''}{_count(won - lost)}"
        text = f"with '{arm}' {_count(won)} orders are won and {_count(lost)} lost (net {net})"
        if mean["coupon"]:
            text += f"; {percent(mean['coupon_anyway'] / mean['coupon'])} of its coupon orders would have come anyway"
        parts.append(text)
    return capital("; ".join(parts)) + "." if parts else ""


def _count(value: float) -> str:
    (text,), suffix = shown([value], "orders")
    return text + suffix.removesuffix(" orders")


def untold(found: Comparison) -> str:
    """Which arms cannot be told user by user, and why; "" where all can."""
    parts = [f"'{arm}': {why}" for arm, why in found.same_people.items() if why]
    return f"Not compared user by user: {listed(parts)}." if parts else ""
