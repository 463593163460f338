"""What comes out of a comparison: tables, and what was decided on the way. The report room reads only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simlab.lab.paired import Stage, Together
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.schema import Scenario

LESS_IS_BETTER = (
    "subsidy", "rewards", "acquisition_cost", "touch_cost", "hunters", "left", "mutes", "mute_rate",
    "sample_cost", "points_cost", "points_liability", "benefit_cost", "commission",
    "complaint_rate", "fatigue", "subsidised_organic", "cac",
)  # fmt: skip
"""Outcomes of which a strategist wants less, other things being equal."""

KINDS = ("segment", "stage", "source", "cohort")
"""Kinds of groups."""
STEPS: dict[str, str] = {
    "added": "orders added by members",
    "lost": "orders lost by members",
    "moved": "timing and baskets of orders in both",
    "invited": "orders of newcomers by invitation",
    "others": "orders of other newcomers",
    "margin": "margin of all orders",
    "subsidy_anyway": "subsidy on orders in both",
    "subsidy_extra": "subsidy on orders in one alone",
    "subsidy": "offer subsidy",
    "touch_fen": "touches",
    "complaint_fen": "complaints",
    "reward_fen": "rewards to inviters",
    "invitee_fen": "rewards to invitees",
    "acquisition_fen": "sources",
    "fixed_fen": "fixed cost",
    "sample_fen": "samples",
    "points_fen": "points",
    "benefit_fen": "level and plan services",
    "commission_fen": "commissions",
    "upkeep_fen": "upkeep",
    "fees": "fees of plans",
    "service_fen": "service",
    "compensation_fen": "compensation",
    "staff_fen": "staff",
    "fine_fen": "fines",
    # firm
    "entry_fen": "newcomers paid to sources",
    "partner_fen": "shares of partners",
    "elsewhere_fen": "margin of orders that come anyway elsewhere",
    "programme_fen": "brand and prevention",
    "penalty_fen": "fines of events",
    # groups
    "community_fen": "running of groups",
    "contributor_fen": "rewards and training of contributors",
    # company
    "bonus_fen": "commissions and share rewards",
    "voice_fen": "paid voices and checks",
    "sharing_fen": "fines for forced shares",
    "damages_fen": "compensation in a crisis",
    "response_fen": "monitoring and responses",
    "residual": "value after the horizon",
}
"""Steps from no difference to the difference in customer equity, in their order; ``margin`` and ``subsidy`` stand
for the steps above them where users cannot be compared one by one."""
COUNTS: dict[str, tuple[str, str]] = {
    "orders_arm": ("orders in the arm", "orders"),
    "orders_baseline": ("orders in the baseline", "orders"),
    "anyway": ("orders that come anyway, on the same day", "orders"),
    "shifted": ("orders merely shifted in time", "orders"),
    "only_members": ("orders only with the arm, by people who are members either way", "orders"),
    "only_newcomers": ("orders only with the arm, by people who join only then", "orders"),
    "lost_members": ("orders lost, of people who are members either way", "orders"),
    "lost_newcomers": ("orders lost, of people who join only in the baseline", "orders"),
    "coupon": ("coupon orders in the arm", "orders"),
    "coupon_anyway": ("coupon orders that would have come anyway or at another time", "orders"),
    "subsidy": ("subsidy in the arm", "yuan"),
    "subsidy_anyway": ("subsidy on orders that would have come anyway or at another time", "yuan"),
    "left_more": ("members who leave only with the arm", "users"),
    "left_less": ("members who leave only in the baseline", "users"),
    "muted_more": ("members who mute only with the arm", "users"),
    "muted_less": ("members who mute only in the baseline", "users"),
    "joined_more": ("people who join only with the arm", "users"),
    "joined_less": ("people who join only in the baseline", "users"),
}
"""What is counted by user between two arms: name: (meaning, unit)."""


@dataclass(frozen=True)
class Comparison:
    """Arms on the same seeds, each against the first. "Difference" is always arm less baseline.

    Attributes:
        arms: scenario by arm, in order; the first is the baseline.
        outcome: the headline outcome.
        spec: what was asked.
        name, question: of the experiment, for the reader.
        stage: the two-stage rule: pairs of the first stage, needed, planned, and whether the precision was reached.
        together: how the intervals of several arms hold at once.
        same_people: for each arm but the first, why its users cannot be compared with the baseline's one by one
            ("" where they can).
        notes: what was left out and why, in words.
        tables: DataFrames by name; all can be written as CSV and Parquet.
            ``outcomes``: arm, world, seed, then every outcome, scaled to the real base.
            ``differences``: arm, outcome, pairs, baseline, value (means over pairs), difference, error, df, low, high
                (95 %), low_together, high_together (simultaneous over arms), p_above, p_better (P that the arm is
                higher, or better), identical, extreme (share of the spread due to one pair), correlation, worth (runs
                that common seeds saved, as a factor), needed (pairs that the precision asks for; headline only, else
                NaN), then over sampled worlds: worlds, world_low, world_median, world_high (5, 50 and 95 %; lowest
                and highest below 10 worlds), world_p_better, world_chance (share of the variance over worlds that
                is chance of the few seeds in each), world_fits (how likely one more such world would lie as far
                from their mean as the scenario's own difference on the same seeds does).
            ``levers``: arm, path, baseline, arm_value, and both as numbers.
            ``worlds``: world, then the sampled value by uncertain path.
            ``world_differences``: arm, world, outcome, pairs, difference, sd (over the world's pairs).
            ``steps``: arm, step (of `STEPS`), pairs, mean, low, high: yuan per starting member, from
                nothing to the difference in customer equity, seeds with detail only.
            ``value_by_day``: arm, day, value, low, high (mean and 5 to 95 % over seeds of cumulative discounted net
                contribution per starting member), difference, difference_low, difference_high (paired, 95 % t
                interval by day).
            ``stages_by_day``: arm, day, stage, members (mean over seeds, real base).
            ``groups``: arm, kind (segment, stage, source, cohort), group, pairs, users_baseline, users (means, real
                base), difference, low, high (value of the group in yuan per starting member of the base), p_above,
                each, each_low, each_high (value per head of the group), orders, left (differences, real base).
            ``counterfactual``: arm, what (of `COUNTS`), pairs, mean, low, high (real base).
            ``counterfactual_runs``: arm, seed, then one column each, simulated base.
            ``failures``: arm, world, seed, status ("failed", "skipped"), traceback.
        manifest: versions, seeds, digests, command, times.
    """

    arms: dict[str, Scenario]
    outcome: str
    spec: CompareSpec
    name: str
    question: str
    stage: Stage
    together: Together
    same_people: dict[str, str]
    notes: tuple[str, ...]
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def baseline(self) -> str:
        """Name of the arm that the others are compared with."""
        return next(iter(self.arms))

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the other arms."""
        return tuple(self.arms)[1:]

    @property
    def unit(self) -> str:
        """Unit of the headline outcome."""
        return OUTCOMES[self.outcome][1]

    def row(self, arm: str, outcome: str | None = None) -> pd.Series:
        """The row of ``differences`` of an arm, by default for the headline outcome.

        Raises:
            KeyError: no such arm or outcome.
        """
        frame = self.tables["differences"]
        found = frame[(frame["arm"] == arm) & (frame["outcome"] == (outcome or self.outcome))]
        if found.empty:
            raise KeyError(f"{arm}, {outcome or self.outcome}")
        return found.iloc[0]
