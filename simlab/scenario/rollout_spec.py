"""What a `rollout` section may say: two strategies, and which live tests of them to plan."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import ByName
from simlab.scenario.part import Part
from simlab.scenario.units import Share

Design = Literal["user", "cluster"]
Values = Annotated[dict[str, Any], ByName]


class RolloutSpec(Part):
    """A live test to plan: a strategy against another, by users and by communities, for some weeks."""

    control: Values = Field(
        default_factory=dict, max_length=50,
        description="levers of arm A by dotted path, as they differ from the scenario; empty: today's strategy",
    )  # fmt: skip
    treatment: Values = Field(
        min_length=1, max_length=50,
        description="levers of arm B by dotted path, as they differ from the scenario",
    )  # fmt: skip
    share: Share = Field(
        0.5, ge=0.05, le=0.95, description="share of the users (communities) in the test on arm B"
    )
    weeks: tuple[int, ...] = Field(
        (4, 8, 12), min_length=1, max_length=12, description="durations to try, in weeks from day 1"
    )
    power: float = Field(
        0.8, ge=0.5, le=0.99, description="chance with which the test should find the effect"
    )
    level: float = Field(
        0.05, ge=0.001, le=0.2, description="two-sided level: false alarms without an effect"
    )
    holdout: Share = Field(
        0.05,
        le=0.5,
        description="share of users (communities) kept from pushes, offers and referral; 0: none",
    )
    tests: int = Field(
        60, ge=8, le=10_000, description="simulated tests, each with its own seed and assignment"
    )
    outcome: Literal["net", "orders", "net_with_friends"] = Field(
        "net",
        description="per member on day 1: own net contribution in yuan, own orders, or own net contribution and "
                    "that of everybody whom the member brought in during the test",
    )  # fmt: skip
    randomise: Literal["user", "cluster", "both"] = Field(
        "both", description="assign users one by one, whole communities, or plan both"
    )

    @field_validator("weeks")
    @classmethod
    def _weeks(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for weeks in value:
            if not 1 <= weeks <= 104:
                raise Fault(
                    f"a test of {weeks} weeks", "Give durations from 1 to 104 weeks, such as [4, 8, 12]."
                )
        return tuple(sorted(set(value)))

    @property
    def designs(self) -> tuple[Design, ...]:
        """The designs to plan."""
        return ("user", "cluster") if self.randomise == "both" else (self.randomise,)
