"""Levers of contact: channels, automatic rules, further stage schemes, tagging, senders, consent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import ByName, Label
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Duration, Factor, Money, PerWeek, Share

MOST_QUOTAS = 4
"""Channels that may have a quota of their own: 4 bits each in the user record."""
Clock = Literal["tenure", "idle", "since_order", "since_birthday", "plan_left", "issue_age"]


class Channel(Part):
    """A way to reach people (messages of an adviser, official account, mini-program ...), muted on its own."""

    reach: Share = Field(0.7, description="share of people who subscribe to it when they join")
    seen: Factor = Field(1.0, le=5, description="how often its messages are noticed, relative")
    open: Factor = Field(1.0, le=20, description="how often its messages are opened, relative")
    cost: Money = Field(0.0, description="cost per message, on top of the touch's own")
    quota_per_month: int | None = Field(
        None, ge=0, le=15, description="messages a member that the platform allows here; null: no limit"
    )


class Rule(Part):
    """Automation: on an occasion that can be observed, plan a touch.

    With a clock the occasions are the days on which it shows `after`, `after` + `every`, ... (`times` of them);
    a clock that counts down (plan_left) is read backwards. Without one, `per_week` plans at random days.
    """

    touch: Label = Field(description="the touch that it plans; caps, quotas and staff hold as for any other")
    who: Who = Field((), description="for whom; nothing: for everybody")
    clock: Clock | None = Field(None, description="the count of days that it watches")
    after: Days = Field(0, le=3650, description="what the clock shows on the first occasion")
    every: Days | None = Field(None, ge=1, description="days until the next occasion; null: only one")
    times: int | None = Field(
        None, ge=1, le=1000, description="occasions at most, for each start of the clock; null: no limit"
    )
    per_week: PerWeek = Field(0.0, description="occasions per week, where there is no clock")
    share: Share = Field(1.0, description="occasions that are noticed (recall of the detection)")
    cost: Money = Field(0.0, description="cost of each touch sent for it, on top of the touch's own")

    @model_validator(mode="after")
    def _one_kind(self) -> Rule:
        if (self.clock is not None) == (self.per_week > 0):
            raise Fault(
                "a rule has either a clock or a rate",
                "Give 'clock' (and 'after'), or 'per_week' above 0, not both.",
                ("per_week",) if self.clock is not None else ("clock",),
            )
        if self.times is not None and self.times > 1 and self.every is None:
            raise Fault(
                f"{self.times} occasions, but not how far apart",
                "Give 'every', for example 7 days.",
                ("times",),
            )
        if self.clock is None and (self.after or self.every is not None):
            raise Fault("'after' and 'every' need a clock", "Give a clock, or leave them out.", ("after",))
        return self


class Place(Part):
    """One row of a scheme: all conditions hold; the first row that matches is the user's place."""

    name: Label
    when: Who = ()


class Scheme(Part):
    """A further stage table beside the lifecycle: tenure bands, RFM layers, membership levels."""

    places: tuple[Place, ...] = Field(min_length=1, max_length=16, description="from the highest to the last")
    refresh: Days = Field(1, ge=1, le=366, description="days between two looks at the table")
    downgrade: bool = Field(True, description="whether anybody can fall to a lower row")

    @model_validator(mode="after")
    def _rows(self) -> Scheme:
        names = [place.name for place in self.places]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Fault(f"the name '{name}' is taken", "Choose another name.", ("places", index, "name"))
        if self.places[-1].when:
            raise Fault(
                f"the last place ('{names[-1]}') has a condition, so somebody may have no place",
                "Remove its 'when', or add a last place without one.",
                ("places", len(names) - 1, "when"),
            )
        return self


class Persona(Part):
    """When in the day a kind of people looks at messages."""

    peaks: tuple[Annotated[int, Field(ge=0, le=23)], ...] = Field(
        (20,), min_length=1, max_length=6, description="hours at which they look most"
    )
    width: Factor = Field(4.0, gt=0, le=24, description="hours around a peak in which they look at all")
    floor: Share = Field(0.4, description="availability far from any peak, relative to a peak")

    def availability(self, hour: int) -> float:
        """Readiness to read at an hour, relative to the mean of the hours from 8 to 22."""
        hours = [self._at(h) for h in range(8, 22)]
        mean = sum(hours) / len(hours)
        return self._at(hour) / mean if mean > 0 else 1.0

    def _at(self, hour: int) -> float:
        near = min(min(abs(hour - peak), 24 - abs(hour - peak)) for peak in self.peaks)
        return self.floor + (1.0 - self.floor) * max(0.0, 1.0 - near / self.width)


class Novelty(Part):
    """How the appeal of a touch wears off from the valuation date on."""

    half_life: Duration = Field(30.0, description="time in which the novelty halves")
    floor: Share = Field(0.5, description="appeal that is left in the end, relative")


class Tagging(Part):
    """What the operator knows of interests: at first, and what it learns."""

    profile: Share = Field(0.0, description="people whose interest is known rightly from the profile")
    wrong: Share = Field(0.0, description="of the others, those who carry a wrong tag")
    learn: Share = Field(0.0, description="chance that a matching answer, or an order, shows the interest")
    setup: Money = Field(0.0, description="cost once, on day 1, for the simulated base")
    running: Money = Field(0.0, description="cost per day, for the simulated base")


class Senders(Part):
    """Departments that each plan the promotions again."""

    count: int = Field(1, ge=1, le=8, description="senders; each plans the promotions of the mix")
    shared: bool = Field(False, description="one contact budget for all of them: one plan, one cap")


class Observation(Part):
    """What the operator gets to see."""

    coverage: Share = Field(1.0, description="own visits and orders that show as signs of life")


class Consent(Part):
    """How those who join are asked before they are written to."""

    double: bool = Field(False, description="a second confirmation")
    tags: Share = Field(1.0, description="of those who join, who allow their profile to be used")


class Quiet(Part):
    """Hours in which nothing may be sent, round midnight."""

    begin: int = Field(22, ge=0, le=23)
    end: int = Field(8, ge=0, le=23)

    def holds(self, hour: int) -> bool:
        """Whether an hour lies in them."""
        inside = self.begin <= hour < self.end
        return inside if self.begin <= self.end else hour >= self.begin or hour < self.end


Channels = Annotated[dict[Label, Channel], ByName]
Rules = Annotated[dict[Label, Rule], ByName]
Schemes = Annotated[dict[Label, Scheme], ByName]
