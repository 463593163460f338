"""From runs of several arms to tables of paired differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.comparison import COUNTS, LESS_IS_BETTER, STEPS
from simlab.lab.effects import View
from simlab.lab.paired import LEVEL, Together, extreme, fits, over_worlds, paired, stein, worth
from simlab.scenario import Scenario
from simlab.scenario.outcomes import OUTCOMES

Array = NDArray[np.float64]
NOBODY = np.zeros(5)
"""A group that an arm has not got."""


def pairs(
    outcomes: pd.DataFrame, arm: str, baseline: str, outcome: str, seeds: Sequence[int] | None = None, world: int = 0
) -> tuple[list[int], Array, Array, Array]:  # fmt: skip
    """(seeds, differences, arm's values, baseline's values) of complete pairs, in the order of the runs.

    A pair is complete where both runs finished and both define the outcome.
    """
    inside = outcomes[outcomes["world"] == world]
    ours, theirs = (
        inside[inside["arm"] == name].drop_duplicates("seed").set_index("seed")[outcome] for name in (arm, baseline)
    )  # fmt: skip
    wanted = None if seeds is None else frozenset(seeds)
    both = [s for s in ours.index if s in theirs.index and (wanted is None or s in wanted)]
    a, b = ours.loc[both].to_numpy(np.float64), theirs.loc[both].to_numpy(np.float64)
    good = np.isfinite(a) & np.isfinite(b)
    kept = [int(seed) for seed, fine in zip(both, good, strict=True) if fine]
    return kept, a[good] - b[good], a[good], b[good]


def better(outcome: str, above: float) -> float:
    """P(better) from P(higher)."""
    return 1.0 - above if outcome in LESS_IS_BETTER else above


def differences_table(
    outcomes: pd.DataFrame, arms: Sequence[str], headline: str, first: Sequence[int], precision: float | None,
    cover: Together,
) -> pd.DataFrame:  # fmt: skip
    """The table ``differences`` of `simlab.lab.comparison.Comparison`."""
    baseline, *others = arms
    over = world_differences(outcomes, arms)
    begun = frozenset(first)
    few = outcomes["seed"][outcomes["world"] > 0].unique().tolist()
    rows = []
    for arm in others:
        for outcome in OUTCOMES:
            seeds, differences, ours, theirs = pairs(outcomes, arm, baseline, outcome)
            early = sum(seed in begun for seed in seeds)
            found = paired(differences, early)
            wide = (found.mean, found.mean) if found.error == 0 else found.within(cover.factor)
            gain = worth(ours, theirs)
            needed = math.nan
            if outcome == headline and precision is not None and early >= 2:
                needed = float(stein(differences[:early], precision, 1).needed)
            rows.append({
                "arm": arm, "outcome": outcome, "pairs": found.pairs, "baseline": _mean(theirs), "value": _mean(ours),
                "difference": found.mean, "error": found.error, "df": found.df, "low": found.low, "high": found.high,
                "low_together": wide[0], "high_together": wide[1], "p_above": found.p_above,
                "p_better": better(outcome, found.p_above), "identical": found.identical,
                "extreme": extreme(differences), "correlation": gain.correlation, "worth": gain.ratio, "needed": needed,
                **_over_worlds(over[(over["arm"] == arm) & (over["outcome"] == outcome)], outcome,
                               _mean(pairs(outcomes, arm, baseline, outcome, few)[1])),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else math.nan


def world_differences(outcomes: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Paired differences in each sampled world: mean and standard deviation over its few seeds."""
    baseline, *others = arms
    columns = ["arm", "world", "outcome", "pairs", "difference", "sd"]
    sampled = outcomes[outcomes["world"] > 0]
    names = list(OUTCOMES)
    frames = []
    if sampled.empty:
        return pd.DataFrame(columns=columns)
    keyed = {
        arm: part.set_index(["world", "seed"])[names] for arm, part in sampled.groupby("arm", sort=False)
    }
    for arm in others:
        if arm not in keyed or baseline not in keyed:
            continue
        gap = (keyed[arm] - keyed[baseline]).dropna(how="all")
        each = gap.groupby(level="world")
        parts = {"difference": each.mean(), "sd": each.std(ddof=1), "pairs": each.count()}
        long = pd.concat({k: v.rename_axis(columns="outcome").stack() for k, v in parts.items()}, axis=1)
        long = long.reset_index()
        long.insert(0, "arm", arm)
        frames.append(long[columns].astype({"pairs": "int64"}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _over_worlds(rows: pd.DataFrame, outcome: str, own: float) -> dict[str, float]:
    """The range of a difference over sampled worlds, how much of it is chance, and whether the scenario's own fits in.

    Args:
        own: the scenario's own difference, on the seeds that the worlds have.
    """
    means = rows["difference"].to_numpy(np.float64)
    means = means[np.isfinite(means)]
    out = {"worlds": float(len(means)), "world_low": math.nan, "world_median": math.nan, "world_high": math.nan,
           "world_p_better": math.nan, "world_chance": math.nan, "world_fits": fits(own, means)}  # fmt: skip
    if len(means) < 2:
        return out
    out["world_low"], out["world_median"], out["world_high"] = over_worlds(means)
    above = float(((means > 0) + 0.5 * (means == 0)).mean())
    out["world_p_better"] = better(outcome, above)
    within = (rows["sd"].to_numpy(np.float64) ** 2 / rows["pairs"].to_numpy(np.float64)).astype(float)
    spread = float(means.var(ddof=1))
    if spread > 0 and np.isfinite(within).any():
        out["world_chance"] = min(1.0, float(np.nanmean(within)) / spread)
    return out


def detail_tables(
    views: Mapping[str, Mapping[int, View]], steps: Mapping[str, Mapping[int, Mapping[str, float]]],
    counts: Mapping[str, Mapping[int, Mapping[str, float]]], arms: Mapping[str, Scenario],
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The tables that the detailed runs of the first stage give."""
    return {
        "steps": _steps(steps, arms),
        "value_by_day": _daily(views, arms),
        "stages_by_day": _stages(views, arms),
        "groups": _groups(views, arms),
        "counterfactual": _counterfactual(counts, arms),
        "counterfactual_runs": pd.DataFrame(
            [{"arm": arm, "seed": seed, **each} for arm, found in counts.items() for seed, each in found.items()],
            columns=["arm", "seed", *COUNTS],
        ),
    }  # fmt: skip


def _interval(values: Array, *names: str) -> dict[str, float]:
    found = paired(values)
    return dict(zip(names, (found.mean, found.low, found.high), strict=True))


def _steps(
    steps: Mapping[str, Mapping[int, Mapping[str, float]]], arms: Mapping[str, Scenario]
) -> pd.DataFrame:
    rows = []
    for arm in arms:
        each = list(steps.get(arm, {}).values())
        for step in STEPS if each else ():
            values = np.array([found[step] for found in each])
            if values.any():
                rows.append(
                    {"arm": arm, "step": step, "pairs": len(each), **_interval(values, "mean", "low", "high")}
                )
    return pd.DataFrame(rows, columns=["arm", "step", "pairs", "mean", "low", "high"])


def _daily(views: Mapping[str, Mapping[int, View]], arms: Mapping[str, Scenario]) -> pd.DataFrame:
    baseline = next(iter(arms))
    frames = []
    for arm in arms:
        found = views.get(arm, {})
        if not found:
            continue
        lines = np.stack([view.cumulative for view in found.values()])
        low, high = np.percentile(lines, [5, 95], axis=0)
        columns: dict[str, Any] = {"arm": arm, "day": np.arange(1, lines.shape[1] + 1), "value": lines.mean(axis=0),
                                   "low": low, "high": high}  # fmt: skip
        theirs = views.get(baseline, {})
        both = [seed for seed in found if seed in theirs]
        if arm != baseline and both and theirs[both[0]].cumulative.size == lines.shape[1]:
            gap = np.stack([found[seed].cumulative - theirs[seed].cumulative for seed in both])
            half = np.full(gap.shape[1], np.nan)
            if len(both) > 1:
                half = (
                    float(stats.t.ppf(0.5 + LEVEL / 2, len(both) - 1))
                    * gap.std(axis=0, ddof=1)
                    / math.sqrt(len(both))
                )
            mean = gap.mean(axis=0)
            columns |= {"difference": mean, "difference_low": mean - half, "difference_high": mean + half}
        frames.append(pd.DataFrame(columns))
    names = ["arm", "day", "value", "low", "high", "difference", "difference_low", "difference_high"]
    return (
        pd.concat(frames, ignore_index=True).reindex(columns=names) if frames else pd.DataFrame(columns=names)
    )


def _stages(views: Mapping[str, Mapping[int, View]], arms: Mapping[str, Scenario]) -> pd.DataFrame:
    frames = []
    for arm in arms:
        found = list(views.get(arm, {}).values())
        if found:
            mean = np.mean([view.stages for view in found], axis=0) * arms[arm].scale
            days, names = mean.shape[0], found[0].stage_names
            frames.append(pd.DataFrame({"arm": arm, "day": np.repeat(np.arange(1, days + 1), len(names)),
                                        "stage": list(names) * days, "members": mean.ravel()}))  # fmt: skip
    return (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=["arm", "day", "stage", "members"])
    )


def _groups(views: Mapping[str, Mapping[int, View]], arms: Mapping[str, Scenario]) -> pd.DataFrame:
    baseline, *others = arms
    theirs = views.get(baseline, {})
    rows = []
    for arm in others:
        ours = views.get(arm, {})
        both = [seed for seed in ours if seed in theirs]
        keys = list(
            dict.fromkeys(key for seed in both for side in (theirs, ours) for key in side[seed].values)
        )
        for kind, group in keys:
            a, b = (
                np.stack([side[seed].values.get((kind, group), NOBODY) for seed in both])
                for side in (ours, theirs)
            )  # fmt: skip
            if not a.any() and not b.any():
                continue
            per = [np.array([side[seed].members for seed in both]) for side in (ours, theirs)]
            found = paired(a[:, 0] / per[0] - b[:, 0] / per[1])
            each = np.array([np.nan])
            if (a[:, 1] > 0).all() and (b[:, 1] > 0).all():
                each = a[:, 0] / a[:, 1] - b[:, 0] / b[:, 1]
            scale = arms[arm].scale
            rows.append({
                "arm": arm, "kind": kind, "group": group, "pairs": len(both),
                "users_baseline": float(b[:, 1].mean()) * arms[baseline].scale, "users": float(a[:, 1].mean()) * scale,
                "difference": found.mean, "low": found.low, "high": found.high, "p_above": found.p_above,
                **_interval(each, "each", "each_low", "each_high"),
                "orders": float((a[:, 2] * scale - b[:, 2] * arms[baseline].scale).mean()),
                "left": float((a[:, 3] * scale - b[:, 3] * arms[baseline].scale).mean()),
            })  # fmt: skip
    names = ["arm", "kind", "group", "pairs", "users_baseline", "users", "difference", "low", "high", "p_above",
             "each", "each_low", "each_high", "orders", "left"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _counterfactual(
    counts: Mapping[str, Mapping[int, Mapping[str, float]]], arms: Mapping[str, Scenario]
) -> pd.DataFrame:
    rows = []
    for arm in arms:
        each = list(counts.get(arm, {}).values())
        for what in COUNTS if each else ():
            values = np.array([found[what] for found in each]) * arms[arm].scale
            rows.append(
                {"arm": arm, "what": what, "pairs": len(each), **_interval(values, "mean", "low", "high")}
            )
    return pd.DataFrame(rows, columns=["arm", "what", "pairs", "mean", "low", "high"])
