"""What comes out of a tune. Numbers of the search are called so; only those of fresh seeds are results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from simlab.scenario.experiments import Lever
from simlab.scenario.schema import Scenario

Verdict = Literal["change", "keep", "not certified"]


@dataclass(frozen=True)
class Tuning:
    """A finished search and its answer.

    "Uplift" is always the paired difference from the current strategy on the same seeds, in the unit of the
    objective; for an objective to be minimised it is still arm minus current.

    Attributes:
        scenario: the scenario with its current strategy.
        experiment_file: as the user named it; scenario_file: what `best.yaml` extends.
        name, question: of the experiment.
        objectives: "maximise" or "minimise" by outcome; the first one decides.
        levers: what was searched, with each lever's current value.
        verdict: "change" (run `winner`), "keep" (the current strategy), or "not certified" (no strategy could be
            shown to keep the constraints; the current one is kept).
        reason: one sentence why.
        winner: the best finalist's values by path, even where it is not recommended; None without finalists.
        winner_trial: its number.
        recommended: `winner` where the verdict is "change"; else {}.
        search_best: the search's own best uplift, for the optimism beside the truth; NaN if none was feasible.
        payback_week: first week from which on the winner's cumulative net contribution stays above the current
            strategy's on average; None if it never does within the horizon.
        flags: probable model gaps, in words (lever on its bound, uplift above 20 %, K above 0.5 ...).
        notes: what was left out and why (budget, failures), in words.
        alignment: correlation of the objective between winner and current over report seeds; NaN if undefined.
        tables: DataFrames by name.
            ``trials``: trial, state ("complete", "failed"), raced (bool), one column ``uplift`` (first objective) and
                ``uplift:<outcome>`` for further ones, seeds (used), feasible (bool), ``<constraint text>`` with the
                panel mean of its outcome, ``customer_equity`` ... panel means of objectives, then one column per lever
                path, finalist (bool).
            ``finalists``: trial, rank (by the surrogate), surrogate (posterior mean uplift), surrogate_sd, uplift, low,
                high (95 %, selection seeds), certified (bool), ``bound:<constraint>`` (99.9 % simultaneous), winner
                (bool), front (bool: on the Pareto front), then ``uplift:<outcome>``, ``low:``, ``high:`` of further
                objectives, then one column per lever path.
            ``report``: arm ("recommended" is the winner, "current", "nothing"), seed, then every outcome.
            ``differences``: arm ("recommended", "nothing"), outcome, mean, low, high (95 %, paired with current),
                p_better (chance that the arm is better than current; for outcomes that are no objective: above it),
                pairs, current (mean level), level (mean level of the arm).
            ``certificates``: arm ("recommended", "current"), constraint (text), outcome, limit, op, mean, bound,
                certified (bool), worlds, worlds_met.
            ``worlds``: world, arm ("recommended", "current"), uplift (of the first objective; for the arm
                "recommended" minus "current", mean over seeds), value, then one column per uncertain path.
            ``horizons``: horizon (days), strategy ("current" or "trial 17"), trial (-1: current), uplift, low, high,
                best (bool).
            ``sensitivity``: lever (path), effect (Morris mu* of the first objective over the searched ranges), low,
                high, sigma, noise (share of the variance of the design's values that is chance).
            ``daily``: arm, day, cumulative (mean cumulative net contribution, yuan per starting member, scaled),
                difference, low, high (of the paired difference from current).
            ``groups``: grouping ("segment", "stage", "source", "cohort"), group, users (mean), difference (yuan of net
                and residual value within the group, recommended minus current, real base), low, high.
            ``spending``: item (touches, offers, rewards, sources, complaints ...), current, recommended, difference
                (yuan for the real base within the horizon).
            ``profiles``: lever, value, surrogate (posterior mean uplift with the other levers at the winner), sd.
            ``surface``: lever_x, lever_y (paths of the two levers that matter most, both numbers), x, y, surrogate,
                sd: the same over a grid of the two; needed for the contour only.
            Tables that do not apply are missing. A failed trial has NaN where nothing was measured.
        manifest: versions, seeds by namespace (``seeds``: search, selection, report), digests, ``command``,
            ``attempt`` (1-based), times; ``rollout``: the command of the smallest live test, if known.
    """

    scenario: Scenario
    experiment_file: str
    scenario_file: str
    name: str
    question: str
    objectives: dict[str, str]
    levers: tuple[Lever, ...]
    verdict: Verdict
    reason: str
    winner: dict[str, Any] | None
    winner_trial: int
    recommended: dict[str, Any]
    search_best: float
    payback_week: int | None
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    alignment: float
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any] = field(default_factory=dict)
