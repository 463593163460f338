"""Strategies that change: phases by date, and alarms that react to what was observed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import ByName, Label
from simlab.scenario.part import Part
from simlab.scenario.units import Days, Factor, Number, Share

READINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...], float, str]] = {
    "complaint_rate": (
        ("complaints",),
        ("value_sent", "promo_sent"),
        1000,
        "complaints per 1,000 delivered touches",
    ),
    "mute_rate": (("mutes",), ("value_sent", "promo_sent"), 1000, "mutes per 1,000 delivered touches"),
    "open_rate": (("opens",), ("value_sent", "promo_sent"), 1, "opens per delivered touch"),
    "seen_rate": (("seen",), ("value_sent", "promo_sent"), 1, "noticed per delivered touch"),
    "answer_rate": (("interactions",), ("value_sent", "promo_sent"), 1, "interactions per delivered touch"),
    "active_share": (
        ("active",),
        ("members",),
        1,
        "share of members with a visit, interaction or order on a day",
    ),
    "leave_rate": (("leaves",), ("members",), 1000, "members who left a day, per 1,000"),
    "reach": (("reachable",), ("members",), 1, "share of members who can be reached"),
    "order_rate": (("orders",), ("members",), 365, "orders per member-year"),
    "redemption_rate": (("redeemed",), ("issued",), 1, "coupons used per coupon issued"),
    "touch_load": (("value_sent", "promo_sent"), ("members",), 7, "touches per member and week"),
    "cac": (
        ("acquisition_fen", "entry_fen"),
        ("source_joins",),
        0.01,
        "acquisition cost per newcomer by a source",
    ),
    "joins": (("joins",), ("days",), 1, "newcomers a day"),
    "orders": (("orders",), ("days",), 1, "orders a day"),
    "complaints": (("complaints",), ("days",), 1, "complaints a day"),
    "leaves": (("leaves",), ("days",), 1, "members who left a day"),
}
"""What an adaptive strategy can read: sums over the last days of (these columns) / (those), times a factor.

Observables only: nothing here shows a latent need, lifetime or affinity.
"""
_Reading = Literal[
    "complaint_rate", "mute_rate", "open_rate", "seen_rate", "answer_rate", "active_share", "leave_rate", "reach",
    "order_rate", "redemption_rate", "touch_load", "cac", "joins", "orders", "complaints", "leaves",
]  # fmt: skip
Changes = Annotated[dict[str, Any], ByName]


def _renamed(value: Any, word: str, field: str) -> Any:
    """`value` with the key `word` (which reads better in a file) under the name of its field."""
    if isinstance(value, dict) and word in value and field not in value:
        value = {field if key == word else key: item for key, item in value.items()}
    return value


class Phase(Part):
    """From a day on, some levers have other values: ``{from: day 91, change: {levers.caps.per_week: 7}}``."""

    day: int = Field(ge=1, le=3650, description="first day, counted from the valuation date; in a file: from")
    change: Changes = Field(
        min_length=1, max_length=50, description="value by dotted path, until a later phase"
    )

    @model_validator(mode="before")
    @classmethod
    def _day(cls, value: Any) -> Any:
        value = _renamed(value, "from", "day")
        if isinstance(value, dict) and isinstance(value.get("day"), str):
            match = re.fullmatch(r"\s*day\s+(\d{1,4})\s*", value["day"])
            if match is None:
                raise Fault(
                    "expected a day of the run", "Write the day from which it holds, for example day 91."
                )
            value = {**value, "day": int(match[1])}
        return value


class Alarm(Part):
    """When something observed goes beyond a limit, levers change for a while: a rule made in advance."""

    metric: _Reading = Field(description="what is watched, in the ledger up to yesterday")
    above: Number | None = Field(None, description="it sounds above this value")
    below: Number | None = Field(None, description="it sounds below this value")
    window: Days = Field(7, ge=1, le=365, description="days over which the metric is taken")
    lag: Days = Field(0, le=365, description="days from the alarm to the reaction")
    days: Days = Field(14, ge=1, le=3650, description="how long the reaction lasts; in a file: for")
    cooldown: Days = Field(0, le=3650, description="days after a reaction in which it does not sound again")
    change: Changes = Field(default_factory=dict, max_length=50, description="value by dotted path meanwhile")
    scale: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=dict,
        max_length=24,
        description="factor of the cadence of a touch, or of a kind of touch",
    )

    @model_validator(mode="before")
    @classmethod
    def _for(cls, value: Any) -> Any:
        return _renamed(value, "for", "days")

    @model_validator(mode="after")
    def _limits(self) -> Alarm:
        if (self.above is None) == (self.below is None):
            raise Fault("an alarm has one limit", "Give either above or below.", ("above",))
        if not self.change and not self.scale:
            raise Fault("an alarm without a reaction", "Give change: {path: value} or scale: {promo: 0.5}.",
                        ("change",))  # fmt: skip
        for name, factor in self.scale.items():
            if factor > 1:
                raise Fault(f"a factor of {factor:g} would send more than planned",
                            "Write a factor between 0 and 1; raise a cadence with change.",
                            ("scale", name))  # fmt: skip
        return self


class Loop(Part):
    """Plan, do, check, act: each round one change is tried, and kept if what is watched got better.

    The first round runs as planned and is the measure. A change counts as better if the metric of its round beats that
    of the last round that was kept. Operators compare one month with the next in this way: season and chance are in it.
    """

    metric: _Reading = Field(description="what is watched, over the days of a round")
    better: Literal["higher", "lower"] = Field("higher", description="which way is better")
    least: Share = Field(0.0, description="smallest relative gain for which a change is kept")
    every: Days = Field(28, ge=1, le=3650, description="days of a round")
    tries: tuple[Changes, ...] = Field(
        min_length=1, max_length=20, description="value by dotted path: the changes to try, a round each"
    )


Phases = Annotated[tuple[Phase, ...], Field(max_length=20)]
