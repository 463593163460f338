"""Tables of a recommendation: the finalists and all outcomes as texts, and every table as files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from simlab.lab.tuning import Tuning
from simlab.report import levers
from simlab.report.numbers import gain, shown
from simlab.report.tables import SPREADSHEET_ROWS, harmless
from simlab.report.tune_facts import constraints, first, gap, table, unit
from simlab.scenario.experiments import Lever, plain
from simlab.scenario.outcomes import OUTCOMES


def finalist_rows(t: Tuning) -> list[dict[str, Any]]:
    """The strategies that met again on fresh seeds, best by the surrogate first, as texts."""
    frame = table(t, "finalists")
    rows = []
    for _, row in (frame.sort_values("rank") if len(frame) else frame).iterrows():
        texts, suffix = gain([float(row[c]) for c in ("uplift", "low", "high", "surrogate")], unit(first(t)))
        rows.append({
            "trial": int(row["trial"]), "uplift": texts[0] + suffix.replace(" yuan", ""),
            "interval": f"{texts[1]} to {texts[2]}", "surrogate": texts[3],
            "certified": "yes" if row["certified"] else "no", "winner": bool(row["winner"]),
            "front": bool(row["front"]),
            "further": [_further(row, outcome) for outcome in further(t)],
            "levers": [_value(x, row[x.path]) for x in t.levers],
        })  # fmt: skip
    return rows


def _value(lever: Lever, value: Any) -> str:
    """A value whose unit stands in the head of its column."""
    return (
        levers.text(lever.path, value) if lever.kind == "choice" else levers.number(lever.path, float(value))
    )


def lever_heads(t: Tuning) -> list[str]:
    """Heads of the columns of levers, with units."""
    units = [levers.unit(x.path) if x.kind != "choice" else "" for x in t.levers]
    return [
        f"{levers.title(x.path)}{f', {unit_}' if unit_ else ''}"
        for x, unit_ in zip(t.levers, units, strict=True)
    ]


def further(t: Tuning) -> list[str]:
    """Objectives after the first that the finalists were measured on."""
    frame = table(t, "finalists")
    return [o for o in list(t.objectives)[1:] if f"uplift:{o}" in frame.columns]


def _further(row: pd.Series, outcome: str) -> str:
    texts, suffix = gain([float(row[f"{c}:{outcome}"]) for c in ("uplift", "low", "high")], unit(outcome))
    end = suffix if unit(outcome) == "share" else ""
    return f"{texts[0]}{end} ({texts[1]} to {texts[2]})"


def outcome_rows(t: Tuning) -> list[dict[str, str]]:
    """Every outcome: current, recommended and do-nothing, with the paired difference and its interval."""
    rows = []
    for name, (meaning, unit_) in OUTCOMES.items():
        found, nothing = gap(t, name), gap(t, name, "nothing")
        if found is None:
            continue
        levels = [found.current, found.level, nothing.level if nothing is not None else math.nan]
        texts, suffix = shown(levels, unit_)
        moved, moved_suffix = gain([found.mean, found.low, found.high], unit_)
        # A difference in thousands beside a level in millions says its own unit.
        end = moved_suffix if moved_suffix != suffix else ""
        rows.append({
            "name": name, "meaning": meaning, "unit": suffix.strip(), "current": texts[0], "level": texts[1],
            "nothing": texts[2] if nothing is not None else "–", "difference": moved[0] + end,
            "interval": f"{moved[1]} to {moved[2]}{end}", "clear": "yes" if found.low * found.high > 0 else "",
        })  # fmt: skip
    return rows


def bound_rows(t: Tuning) -> list[str]:
    """Constraints of which the finalists table has a simultaneous bound."""
    return [c for c in constraints(t) if f"bound:{c}" in table(t, "finalists").columns]


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy that any file format takes: lists, maps and mixed values as JSON texts."""
    out = frame.copy()
    for i, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(dtype):
            column = frame.iloc[:, i]
            kinds = {type(value) for value in column if value is not None}
            if not kinds <= {str}:
                out.isetitem(i, column.map(_json).astype(object))
    out.columns = [str(name) for name in frame.columns]
    return out


def _json(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    found = plain(value.item() if hasattr(value, "item") else value)
    return json.dumps(found, ensure_ascii=False, default=str)


def write_tables(t: Tuning, folder: Path | str) -> list[Path]:
    """Write every table as Parquet and as CSV, as those of a run; values that are lists become JSON texts.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in t.tables.items():
        path = target / f"{name}.parquet"
        own = flat(frame)
        own.to_parquet(path, index=False)
        written.append(path)
        if len(own) <= SPREADSHEET_ROWS:
            path = target / f"{name}.csv"
            path.write_bytes(harmless(own).to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))
            written.append(path)
    return written
