"""Events: dated or random changes of the world, by what they change."""

from __future__ import annotations

import datetime

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import Label, Name
from simlab.scenario.part import Part
from simlab.scenario.units import Days, Factor, Money, Number, PerYear, Share


class AtRandom(Part):
    """What may happen on any day from the valuation date on; whether and when hangs on its name and the seed."""

    per_year: PerYear = Field(description="how often it begins per year")
    days: Days = Field(1, ge=1, le=3650, description="how long it lasts")
    half_prevention: Money | None = Field(
        None, gt=0, description="prevention in yuan per day at which it is half as frequent; null: no help"
    )


class Event(Part):
    """A change of the world for a while: 11.11, a competitor's sale, dearer advertising, a breach, a platform rule."""

    name: Name
    first: datetime.date | None = Field(None, description="first day; leave out with random")
    last: datetime.date | None = Field(None, description="last day; leave out with random")
    random: AtRandom | None = None
    ramp: Days = Field(0, le=3650, description="days over which its factors grow to full strength")
    demand: Factor = Field(1.0, le=20, description="order rate relative to an ordinary day")
    defection: Factor = Field(1.0, le=20, description="lifetime rate (customers lost to others), relative")
    deal: Factor = Field(1.0, le=20, description="response to prices, relative")
    source_cost: Factor = Field(1.0, le=100, description="cost of exposures and clicks, relative")
    source_click: Factor = Field(1.0, le=20, description="clicks per exposure, relative")
    sources: tuple[Label, ...] | None = Field(
        None, min_length=1, description="sources that it hits; null: all"
    )
    quota_per_month: int | None = Field(
        None, ge=0, le=1000, description="the platform's limit of touches per user and month while it lasts"
    )
    execution: Share = Field(1.0, description="share of planned touches that staff still send, relative")
    trust: Number = Field(
        0.0, ge=-1, le=1, description="on its first day: share of everybody's affinity that is lost (below 0) or of "
        "the way to full affinity that is gained")  # fmt: skip
    fine: Money = Field(0.0, description="paid on its first day, for the simulated base")

    @model_validator(mode="after")
    def _ordered(self) -> Event:
        if self.random is not None:
            if self.first is not None or self.last is not None:
                raise Fault("an event is either dated or random", "Leave out first and last, or random.",
                            ("random",))  # fmt: skip
            return self
        for end in ("first", "last"):
            if getattr(self, end) is None:
                raise Fault(f"'{end}' is missing", f"Add '{end}:' with a date, or random: {{per_year: 0.5}}.",
                            (end,))  # fmt: skip
        assert self.first is not None
        assert self.last is not None
        if self.last < self.first:
            raise Fault(
                f"the event ends ({self.last}) before it begins ({self.first})",
                "Give a last day on or after the first.",
                ("last",),
            )
        return self
