"""The tables of a screening."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.designs import Design
from simlab.lab.factors import Factor
from simlab.lab.flips import Flips
from simlab.lab.screen_result import Moved

Array = NDArray[np.float64]


def effects(method: str, moved: Sequence[Moved]) -> pd.DataFrame:
    """A row per factor: mu_star, its half-width, sigma and mu; or total and first order with half-widths."""
    size, other = ("mu_star", "sigma") if method == "morris" else ("total", "first_order")
    rows = []
    for m in moved:
        low, high = (None, None) if m.factor.choices else m.factor.ends
        row = {
            "factor": m.factor.path, "kind": m.factor.kind, "unit": m.factor.unit, "low": low, "high": high,
            "choices": text(m.factor.choices) if m.factor.choices else "",
            size: m.effect.size, f"{size}_half_width": m.effect.error, other: m.effect.other,
        }  # fmt: skip
        if method == "sobol":
            row["first_order_half_width"] = m.effect.other_error
        rows.append({**row, "direction": m.effect.direction, "chance": m.effect.chance})
    frame = pd.DataFrame(rows)
    frame[["low", "high"]] = frame[["low", "high"]].astype(float)
    return frame.sort_values(size, ascending=False, kind="stable", ignore_index=True)


def points(design: Design, factors: Sequence[Factor], found: Array, lost: dict[int, str]) -> pd.DataFrame:
    """A row per point: its values, what became of its block, mean and standard error over seeds."""
    blocks, length, _ = design.points.shape
    frame: dict[str, Any] = {
        "block": np.repeat(np.arange(1, blocks + 1), length),
        "point": np.tile(np.arange(1, length + 1), blocks),
    }
    for j, factor in enumerate(factors):
        at = [factor.at(float(u)) for u in design.flat[:, j]]
        frame[factor.path] = [text(v) for v in at] if factor.choices else np.array(at, float)
    frame["state"] = np.repeat([lost.get(b, "complete") for b in range(blocks)], length)
    flat = found.reshape(-1, found.shape[2])
    frame["mean"] = flat.mean(axis=1)
    frame["error"] = flat.std(axis=1, ddof=1) / np.sqrt(flat.shape[1]) if flat.shape[1] > 1 else np.nan
    return pd.DataFrame(frame)


def runs(found: Array, seeds: Sequence[int]) -> pd.DataFrame:
    """A row per finished run."""
    b, p, k = (axis.ravel() for axis in np.indices(found.shape))
    frame = pd.DataFrame({
        "block": b + 1, "point": p + 1, "seed": np.asarray(list(map(int, seeds)))[k], "value": found.ravel(),
    })  # fmt: skip
    return frame[np.isfinite(frame["value"])].reset_index(drop=True)


def against(factors: Sequence[Factor], unit: Array, found: Array, flips: Flips) -> dict[str, pd.DataFrame]:
    """``worlds``, ``flips``, ``curves`` and ``joint``; see `simlab.lab.screen_result`."""
    difference = found[:, 1] - found[:, 0]
    worlds: dict[str, Any] = {"world": np.arange(1, len(unit) + 1)}
    for j, factor in enumerate(factors):
        worlds[factor.path] = [float(factor.at(float(u))) for u in unit[:, j]]
    error = (
        difference.std(axis=1, ddof=1) / np.sqrt(difference.shape[1]) if difference.shape[1] > 1 else np.nan
    )
    worlds |= {"current": found[:, 0].mean(axis=1), "second": found[:, 1].mean(axis=1),
               "difference": difference.mean(axis=1), "error": error}  # fmt: skip
    by_path = {factor.path: factor for factor in factors}
    rows, curves = [], []
    for flip in flips.single:
        rows.append({
            "assumption": flip.path, "verdict": flip.verdict, "above_in_lowest_third": flip.above_low,
            "above_in_highest_third": flip.above_high, "rank_correlation": flip.correlation,
            "first_order": flip.first_order, "thresholds": text(flip.thresholds), "unclear": text(flip.spans),
        })  # fmt: skip
        curve = pd.DataFrame(flip.curve, columns=["position", "difference", "low", "high"])
        curve.insert(0, "assumption", flip.path)
        curve.insert(2, "value", [float(by_path[flip.path].at(float(u))) for u in flip.curve[:, 0]])
        curves.append(curve)
    columns = [
        "first",
        "first_side",
        "first_limit",
        "second",
        "second_side",
        "second_limit",
        "worlds",
        "above",
        "mean",
    ]
    joint = [
        (j.paths[0], j.sides[0], j.limits[0], j.paths[1], j.sides[1], j.limits[1], j.worlds, j.above, j.mean)
        for j in flips.joint
    ]
    return {
        "worlds": pd.DataFrame(worlds),
        "flips": pd.DataFrame(rows),
        "curves": pd.concat(curves, ignore_index=True),
        "joint": pd.DataFrame(joint, columns=columns),
    }


def text(value: Any) -> str:
    """A value of any kind as one text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
