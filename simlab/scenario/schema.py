"""What a scenario file may say: the schema, and the checks that need more than one field.

A file has the people (`population`, `graph`, `stages`), and four parts in the words of
exploratory modelling: `levers` (the strategy), `uncertainties` (what we don't know),
`outcomes` (what we read) and `constraints` (what must hold); `targets` are what we want to reach.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from simlab.scenario.audiences import check_audiences
from simlab.scenario.behaviour import Behaviour
from simlab.scenario.contact import Schemes
from simlab.scenario.errors import Fault, unknown
from simlab.scenario.events import Event
from simlab.scenario.labels import ByName, Label, Name, Text
from simlab.scenario.outcomes import OUTCOMES, Constraint
from simlab.scenario.part import Part
from simlab.scenario.people import Basket, GraphSpec, Lifetime, Orders, Population, Segment
from simlab.scenario.programme import Crisis
from simlab.scenario.stages import OBSERVABLES, Who
from simlab.scenario.strategy import (
    WEEKDAYS,
    Cadence,
    Caps,
    Levers,
    Offer,
    Referral,
    Source,
    Touch,
    Weekday,
)
from simlab.scenario.units import Days, Duration, Factor, Money, Number, PerDay, Scale, Share

RESERVED_STAGES = ("prospect", "left")


class Stage(Part):
    """A lifecycle stage: all conditions hold; the first stage of the list that matches is the user's."""

    name: Label
    when: Who = ()


def default_stages() -> tuple[Stage, ...]:
    """Lifecycle by observable behaviour only: new, loyal, active, at_risk, dormant."""
    table: list[dict[str, Any]] = [
        {"name": "new", "when": {"tenure": "<= 30 days"}},
        {"name": "loyal", "when": {"orders": ">= 3", "since_order": "<= 120 days"}},
        {"name": "active", "when": {"idle": "<= 45 days"}},
        {"name": "at_risk", "when": {"idle": "<= 120 days"}},
        {"name": "dormant"},
    ]
    return tuple(Stage.model_validate(row) for row in table)


class Calendar(Part):
    """The season: demand by weekday, and events."""

    weekdays: Annotated[dict[Weekday, Factor], ByName] = Field(default_factory=dict)
    events: tuple[Event, ...] = Field((), max_length=200)


class Economics(Part):
    """What money means: margin, discounting, the value left at the horizon."""

    margin: Share = Field(0.5, description="contribution margin on list price")
    discount: Share = Field(0.10, description="discount rate per year")
    complaint_cost: Money = Field(30.0, description="cost of one complaint")
    fixed_cost: Money = Field(0.0, description="programme cost per day, for the simulated base")
    residual_cap: Duration = Field(730.0, le=1095, description="value after the horizon counts this long")
    continuation: Literal["reference", "touch_free"] = Field(
        "reference",
        description="policy assumed after the horizon: a standing reference programme, or no touches",
    )
    reference_lift: Factor = Field(
        0.3, le=2, description="lift of a reachable user's orders under the reference programme"
    )
    reference_mute: PerDay = Field(0.0006, le=1, description="rate at which that programme loses reach")


class Warmup(Part):
    """Days simulated before the valuation date, so that day 1 is not anybody's first day."""

    days: Days = Field(0, le=730)
    levers: Annotated[dict[str, Any], ByName] = Field(
        default_factory=dict,
        max_length=50,
        description="levers that differ before the valuation date, by dotted path",
    )


class Range(Part):
    """What we do not know about one number: a distribution over its plausible values."""

    low: Number
    high: Number
    kind: Literal["uniform", "loguniform", "normal"] = Field(
        "uniform", description="normal: low and high are its 2.5 % and 97.5 % points, and it is cut there"
    )

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if len(value) != 2:
                raise Fault("a range has two ends", "Write [low, high], for example [0.1, 0.3].")
            return {"low": value[0], "high": value[1]}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.high < self.low:
            raise Fault(
                f"the range ends ({self.high:g}) below its start ({self.low:g})",
                f"Write the smaller end first: [{self.high:g}, {self.low:g}].",
            )
        if self.kind == "loguniform" and self.low <= 0:
            raise Fault(
                "a loguniform range must lie above 0", "Raise low above 0, or use kind: uniform.", ("low",)
            )
        return self


def _as_constraint(value: Any) -> Any:
    return Constraint.parse(value) if isinstance(value, str) else value


class Scenario(Part):
    """A brand's world and its current strategy."""

    name: Name
    description: Text = Field("", max_length=2000)
    start: datetime.date = Field(
        datetime.date(2026, 1, 1), description="valuation date: calendar date of day 1"
    )
    horizon: Days = Field(365, ge=1, le=3650)
    warmup: Warmup = Warmup()
    seeds: int = Field(20, ge=1, le=100_000, description="how many seeded worlds a run simulates")
    scale: Scale = Field(1.0, description="real users that one simulated user stands for")
    population: Population = Population()
    graph: GraphSpec = GraphSpec()
    stages: tuple[Stage, ...] = Field(default_factory=default_stages, min_length=1, max_length=12)
    schemes: Schemes = Field(
        default_factory=dict, max_length=4, description="further tables beside the lifecycle: tenure, RFM, levels"
    )  # fmt: skip
    levers: Levers = Levers()
    brand: str | None = Field(
        None, max_length=500, description="a Python file and class that steers the levers: my_brand.py:My")  # fmt: skip
    behaviour: Behaviour = Behaviour()
    economics: Economics = Economics()
    calendar: Calendar = Calendar()
    crises: Annotated[dict[Label, Crisis], ByName] = Field(default_factory=dict, max_length=10)  # company
    uncertainties: Annotated[dict[str, Range], ByName] = Field(default_factory=dict, max_length=200)
    outcomes: tuple[str, ...] = ("customer_equity", "members", "orders", "net")
    constraints: tuple[Annotated[Constraint, BeforeValidator(_as_constraint)], ...] = Field((), max_length=50)
    targets: tuple[Annotated[Constraint, BeforeValidator(_as_constraint)], ...] = Field(
        (), max_length=50, description="to be reached by the horizon; a report says how likely that is")  # fmt: skip

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        names = [stage.name for stage in self.stages]
        for index, name in enumerate(names):
            if name in RESERVED_STAGES or name in names[:index]:
                raise Fault(
                    f"the name '{name}' is taken",
                    "Choose another name for this stage.",
                    ("stages", index, "name"),
                )
        last = len(names) - 1
        if self.stages[last].when:
            raise Fault(
                f"the last stage ('{names[last]}') has a condition, so somebody may have no stage",
                "Remove its 'when', or add a last stage without one.",
                ("stages", last, "when"),
            )
        uses: list[tuple[tuple[str, ...], tuple[str, ...]]] = [(("push",), tuple(self.levers.push))]
        uses += [(("offers", k, "stages"), v.stages or ()) for k, v in self.levers.offers.items()]
        if self.levers.referral:
            uses.append((("referral", "stages"), self.levers.referral.stages or ()))
        uses += [(("programmes", k, "stages"), v.stages or ()) for k, v in self.levers.programmes.items()]
        for where, stages in uses:
            for index, stage in enumerate(stages):
                if stage not in names:
                    raise unknown(
                        "stage", stage, names, ("levers", *where, stage if where == ("push",) else index)
                    )
        check_audiences(self)
        for index, outcome in enumerate(self.outcomes):
            if outcome not in OUTCOMES:
                raise unknown("outcome", outcome, OUTCOMES, ("outcomes", index))
        for index, event in enumerate(self.calendar.events):
            for end, date in (("first", event.first), ("last", event.last)):
                if date is not None and not 1990 <= date.year <= 2100:
                    raise Fault(
                        f"the event '{event.name}' lies outside 1990-2100",
                        "Give a date within these years, as YYYY-MM-DD.",
                        ("calendar", "events", index, end),
                    )
        self._firm()
        for label, crisis in self.crises.items():
            if not 1990 <= crisis.date.year <= 2100:
                raise Fault(
                    f"the crisis '{label}' lies outside 1990-2100",
                    "Give a date within these years, as YYYY-MM-DD.",
                    ("crises", label, "date"),
                )
        return self

    def _firm(self) -> None:
        """What events, sources and prevention refer to must be there."""
        events = self.calendar.events
        for index, event in enumerate(events):
            for place, name in enumerate(event.sources or ()):
                if name not in self.levers.sources:
                    raise unknown(
                        "source", name, self.levers.sources, ("calendar", "events", index, "sources", place)
                    )
        preventable = [
            e.name for e in events if e.random is not None and e.random.half_prevention is not None
        ]
        for name in self.levers.prevention:
            if name not in preventable:
                raise unknown("random event that can be prevented", name, preventable,
                              ("levers", "prevention", name))  # fmt: skip
        for name, source in self.levers.sources.items():
            for segment in source.segments:
                if segment not in self.population.segments:
                    known = self.population.segments
                    raise unknown("segment", segment, known, ("levers", "sources", name, "segments", segment))


__all__ = [
    "OBSERVABLES",
    "WEEKDAYS",
    "Basket",
    "Cadence",
    "Calendar",
    "Caps",
    "Economics",
    "Event",
    "GraphSpec",
    "Levers",
    "Lifetime",
    "Offer",
    "Orders",
    "Population",
    "Range",
    "Referral",
    "Scenario",
    "Segment",
    "Source",
    "Stage",
    "Touch",
    "Warmup",
    "default_stages",
]
