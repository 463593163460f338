"""What a scenario file may say: the schema, and the checks that need more than one field.

A file has the people (`population`, `graph`, `stages`), and four parts in the words of
exploratory modelling: `levers` (the strategy), `uncertainties` (what we don't know),
`outcomes` (what we read) and `constraints` (what must hold).
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from simlab.scenario.behaviour import Behaviour, Part
from simlab.scenario.errors import Fault, unknown
from simlab.scenario.names import unsafe_character
from simlab.scenario.outcomes import OUTCOMES, Constraint
from simlab.scenario.stages import OBSERVABLES, Condition, parse_condition
from simlab.scenario.units import (
    Days, Duration, Factor, Money, Number, PerDay, PerWeek, PerYear, Price, Scale, Share,
)  # fmt: skip

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(lambda v: _plain(v))
]
Label = Annotated[str, StringConstraints(pattern=r"^[^\W\d][\w-]{0,39}$")]
"""A key that other places refer to: letters (Chinese too), digits, - and _, at most 40."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RESERVED_STAGES = ("prospect", "left")
RESERVED_SOURCES = ("base", "dated", "referral")


def _plain(value: str) -> str:
    if (found := unsafe_character(value)) is not None:
        raise Fault(f"a name must not hold control or direction characters ({found})", "Write plain letters.")
    return value


def _plain_text(value: str) -> str:
    if (found := unsafe_character(value, multiline=True)) is not None:
        raise Fault(f"a text must not hold control or direction characters ({found})", "Write plain text.")
    return value


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    """Maps iterate by name: the order of keys in a file must not change a world."""
    return {key: value[key] for key in sorted(value)}


ByName = AfterValidator(_sorted)


class Orders(Part):
    """Order rates between people: Gamma(shape) with this mean (marketing off)."""

    shape: Factor = Field(0.9, ge=0.02, description="gamma shape r of order rates between people")
    per_year: PerYear = Field(3.4, gt=0, description="mean order rate while the relation lasts")


class Lifetime(Part):
    """Latent lifetimes: rates ~ Gamma(shape, scale), so P(alive at t) = (scale / (scale + t)) ** shape."""

    shape: Factor = Field(0.6, ge=0.02, description="gamma shape s of lifetime rates between people")
    scale: Duration = Field(210.0, description="gamma rate beta of lifetime rates, in days")


class Basket(Part):
    """Gamma-Gamma basket values (Fader & Hardie 2013): mean = p x gamma / (q - 1)."""

    mean: Money = Field(150.0, gt=0, description="mean basket over people, yuan")
    p: Factor = Field(6.25, ge=0.05, description="gamma shape of baskets within a person")
    q: Factor = Field(3.74, gt=1.0, description="gamma shape of mean baskets between people (inverse)")


class Segment(Part):
    """A kind of people: its share and what its traits are drawn from."""

    share: Factor = Field(1.0, gt=0, description="relative size of the segment")
    orders: Orders = Orders()
    lifetime: Lifetime = Lifetime()
    basket: Basket = Basket()
    deal: Factor = Field(1.0, description="deal-proneness relative to the mean user")
    tolerance: Factor = Field(1.0, gt=0, description="tolerance of touches relative to the median user")
    sociability: Factor = Field(1.0, description="inclination to invite relative to the mean user")
    visits: Factor = Field(1.0, description="own visits relative to the mean user")


class Population(Part):
    """Everybody the graph knows: members on day 0, and prospects who may come."""

    members: int = Field(5000, ge=0, le=20_000_000)
    prospects: int = Field(15000, ge=0, le=20_000_000)
    homophily: Share = Field(0.5, description="share of trait variance that comes from the neighbours' field")
    tenure: Days = Field(0, le=3650, description="members' tenure on day 0 is uniform up to this; 0: all just joined")
    opted_in: Share = Field(1.0, description="share of people who can be reached by pushes when they join")
    segments: Annotated[dict[Label, Segment], ByName] = Field(default_factory=lambda: {"all": Segment()}, min_length=1, max_length=12)
    base: str | None = Field(None, max_length=500, description="current base made by `simlab fit --start-from-log`")
    arrivals: tuple[int, ...] | None = Field(
        None, max_length=4000, description="dated arrivals: prospects who place a first order on day 1, 2, ..."
    )

    @field_validator("members", "prospects", mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{1,3}([,_]\d{3})*", value.strip()):
            return int(re.sub(r"[,_]", "", value))
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Population:
        if self.members + self.prospects < 1:
            raise Fault("nobody in the population", "Give members or prospects.", ("members",))
        if self.arrivals is not None:
            if any(count < 0 for count in self.arrivals):
                raise Fault("an arrival count is below 0", "Give 0 or more people per day.", ("arrivals",))
            if sum(self.arrivals) > self.prospects:
                raise Fault(
                    f"{sum(self.arrivals)} dated arrivals but only {self.prospects} prospects",
                    f"Set population.prospects to at least {sum(self.arrivals)}, or give fewer arrivals.",
                    ("arrivals",),
                )
        return self


class GraphSpec(Part):
    """The social graph that invitations and contagion travel on."""

    kind: Literal["communities", "watts_strogatz", "barabasi_albert", "configuration", "file", "none"] = "communities"
    mean_degree: Factor = Field(10.0, le=200, description="mean number of friends")
    community_size: int = Field(60, ge=3, le=100_000, description="typical size of a community")
    inside: Share = Field(0.8, description="share of friendships inside the own community")
    tail: Factor = Field(2.8, ge=2.05, le=6, description="exponent of the degree tail")
    rewire: Share = Field(0.1, description="Watts-Strogatz: share of rewired links")
    file: str | None = Field(None, max_length=500, description="edge list: CSV, Parquet or GraphML")
    seed: int = Field(1, ge=0, le=2**31, description="seed of the graph, shared by all runs")

    @model_validator(mode="after")
    def _file_named(self) -> GraphSpec:
        if (self.kind == "file") != (self.file is not None):
            raise Fault(
                "graph.kind 'file' and graph.file belong together",
                "Give graph.file with kind 'file'; with any other kind leave it out or write 'file: null'.",
                ("file",) if self.file is not None else ("kind",),
            )
        return self


class Stage(Part):
    """A lifecycle stage: all conditions hold; the first stage of the list that matches is the user's."""

    name: Label
    when: tuple[Condition, ...] = ()

    @field_validator("when", mode="before")
    @classmethod
    def _conditions(cls, value: Any) -> Any:
        if value is None:
            return ()
        if not isinstance(value, dict):
            return value
        return tuple(parse_condition(str(observable), text) for observable, text in value.items())


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


class Cadence(Part):
    """How often a stage is touched, and by what mix of touches."""

    per_week: PerWeek = Field(0.0, description="touches per week")
    mix: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=lambda: {"promo": 1.0, "value": 2.0}, min_length=1, max_length=12,
        description="relative weights of the touches")  # fmt: skip

    @model_validator(mode="after")
    def _weights(self) -> Cadence:
        if self.per_week > 0 and sum(self.mix.values()) <= 0:
            raise Fault("the mix has no positive weight", "Give at least one touch a weight above 0.", ("mix",))
        return self


class Touch(Part):
    """A message: its kind decides attention cost and effect on trust."""

    kind: Literal["value", "promo"] = "value"
    cost: Money = Field(0.04, description="cost per delivered touch")
    offer: Label | None = Field(None, description="the offer that it carries")
    priority: int = Field(0, ge=-100, le=100, description="who goes first where caps bind; higher first")
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        WEEKDAYS, min_length=1, description="weekdays on which it may be sent")  # fmt: skip


class Caps(Part):
    """What no user may exceed, over all touches."""

    per_day: int = Field(3, ge=0, le=50)
    per_week: int = Field(14, ge=0, le=200, description="per calendar week, Monday to Sunday")
    per_month: int = Field(40, ge=0, le=1000, description="per calendar month")
    quota_per_month: int | None = Field(None, ge=0, le=1000, description="the platform's own limit; null: none")
    execution: Share = Field(1.0, description="share of planned touches that staff really send")

    @model_validator(mode="after")
    def _ordered(self) -> Caps:
        if self.per_day > self.per_week or self.per_week > self.per_month:
            wider = "per_week" if self.per_day > self.per_week else "per_month"
            raise Fault(
                f"contradictory caps: per_day {self.per_day}, per_week {self.per_week}, per_month {self.per_month}",
                f"A longer period cannot allow fewer touches: raise caps.{wider} or lower the shorter ones.",
                (wider,),
            )
        return self


class Offer(Part):
    """A coupon: depth, minimum spend, validity, audience, stock and budget."""

    depth: Share = Field(0.10, le=0.95, description="price cut as a share of the basket")
    min_spend: Money = Field(0.0, description="smallest basket on which it can be used")
    valid: Days = Field(3, ge=1, le=365, description="days on which it can be used, the day of receipt included")
    stages: tuple[Label, ...] | None = Field(None, min_length=1, description="who may get it; null: everybody")
    stock: int | None = Field(None, ge=0, le=10**9, description="coupons that can be issued; null: no limit")
    budget: Money | None = Field(None, description="total subsidy that may be spent; null: no limit")


class Referral(Part):
    """Invite-N: reward to the inviter for every N friends who join, and to each invitee."""

    reward: Money = Field(20.0, description="paid to the inviter for every `needed` friends")
    invitee_reward: Money = Field(10.0, description="paid to each friend on joining")
    needed: int = Field(1, ge=1, le=20, description="friends needed for one reward")
    stages: tuple[Label, ...] | None = Field(None, min_length=1, description="who may invite; null: everybody")
    budget: Money | None = Field(None, description="total of rewards that may be paid; null: no limit")


class Source(Part):
    """A pool outside (advertising, store QR ...): exposed, clicked, joined."""

    exposures: Factor = Field(100.0, le=1e8, description="exposures of prospects per day")
    click: Share = Field(0.02, description="clicks per exposure")
    join: Share = Field(0.25, description="joins per click")
    cost: Price = Field(0.05, description="cost per exposure, yuan")
    budget: Money | None = Field(None, description="total that may be spent; null: no limit")
    need: Factor = Field(0.8, description="order rate of those who come this way, relative", le=10)
    deal: Factor = Field(1.2, description="deal-proneness of those who come this way, relative", le=10)


class Levers(Part):
    """The strategy: everything that we choose."""

    push: Annotated[dict[Label, Cadence], ByName] = Field(default_factory=dict, description="cadence by stage; a stage left out gets none")
    touches: Annotated[dict[Label, Touch], ByName] = Field(
        default_factory=lambda: {"promo": Touch(kind="promo"), "value": Touch()}, max_length=12)  # fmt: skip
    caps: Caps = Caps()
    offers: Annotated[dict[Label, Offer], ByName] = Field(default_factory=dict, max_length=12)
    referral: Referral | None = None
    sources: Annotated[dict[Label, Source], ByName] = Field(default_factory=dict, max_length=6)

    @model_validator(mode="after")
    def _references(self) -> Levers:
        for stage, cadence in self.push.items():
            total = sum(cadence.mix.values())
            for name, weight in cadence.mix.items():
                if name not in self.touches:
                    raise unknown("touch", name, self.touches, ("push", stage, "mix", name))
                rate = cadence.per_week * weight / total if total else 0.0
                if rate > len(self.touches[name].days):
                    days = len(self.touches[name].days)
                    raise Fault(
                        f"{rate:g} '{name}' touches a week do not fit into the {days} weekdays of that touch",
                        f"At most one a day is sent: lower per_week to {days * total / weight:g} or less, "
                        f"shift the mix, or allow more days in touches.{name}.days.",
                        ("push", stage, "per_week"),
                    )
        for name, touch in self.touches.items():
            if touch.offer is not None and touch.offer not in self.offers:
                raise unknown("offer", touch.offer, self.offers, ("touches", name, "offer"))
        for name in self.sources:
            if name in RESERVED_SOURCES:
                raise Fault(f"the name '{name}' is taken", "Choose another name for this source.", ("sources", name))
        return self


class Event(Part):
    """A dated change of demand: 11.11, Spring Festival, a competitor's sale."""

    name: Name
    first: datetime.date
    last: datetime.date
    demand: Factor = Field(1.0, le=20, description="order rate relative to an ordinary day")

    @model_validator(mode="after")
    def _ordered(self) -> Event:
        if self.last < self.first:
            raise Fault(
                f"the event ends ({self.last}) before it begins ({self.first})",
                "Give a last day on or after the first.",
                ("last",),
            )
        return self


class Calendar(Part):
    """The season: demand by weekday, and events."""

    weekdays: Annotated[dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Factor], ByName] = Field(default_factory=dict)
    events: tuple[Event, ...] = Field((), max_length=200)


class Economics(Part):
    """What money means: margin, discounting, the value left at the horizon."""

    margin: Share = Field(0.5, description="contribution margin on list price")
    discount: Share = Field(0.10, description="discount rate per year")
    complaint_cost: Money = Field(30.0, description="cost of one complaint")
    fixed_cost: Money = Field(0.0, description="programme cost per day, for the simulated base")
    residual_cap: Duration = Field(730.0, le=1095, description="value after the horizon counts this long")
    continuation: Literal["reference", "touch_free"] = Field(
        "reference", description="policy assumed after the horizon: a standing reference programme, or no touches")  # fmt: skip
    reference_lift: Factor = Field(0.3, le=2, description="lift of a reachable user's orders under the reference programme")
    reference_mute: PerDay = Field(0.0006, le=1, description="rate at which that programme loses reach")


class Warmup(Part):
    """Days simulated before the valuation date, so that day 1 is not anybody's first day."""

    days: Days = Field(0, le=730)
    levers: Annotated[dict[str, Any], ByName] = Field(default_factory=dict, max_length=50,
                                   description="levers that differ before the valuation date, by dotted path")  # fmt: skip


class Range(Part):
    """What we do not know about one number: a distribution over its plausible values."""

    low: Number
    high: Number
    kind: Literal["uniform", "loguniform", "normal"] = Field(
        "uniform", description="normal: low and high are its 2.5 % and 97.5 % points, and it is cut there")  # fmt: skip

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
            raise Fault("a loguniform range must lie above 0", "Raise low above 0, or use kind: uniform.", ("low",))
        return self


def _as_constraint(value: Any) -> Any:
    return Constraint.parse(value) if isinstance(value, str) else value


class Scenario(Part):
    """A brand's world and its current strategy."""

    name: Name
    description: Annotated[str, AfterValidator(_plain_text)] = Field("", max_length=2000)
    start: datetime.date = Field(datetime.date(2026, 1, 1), description="valuation date: calendar date of day 1")
    horizon: Days = Field(365, ge=1, le=3650)
    warmup: Warmup = Warmup()
    seeds: int = Field(20, ge=1, le=100_000, description="how many seeded worlds a run simulates")
    scale: Scale = Field(1.0, description="real users that one simulated user stands for")
    population: Population = Population()
    graph: GraphSpec = GraphSpec()
    stages: tuple[Stage, ...] = Field(default_factory=default_stages, min_length=1, max_length=12)
    levers: Levers = Levers()
    behaviour: Behaviour = Behaviour()
    economics: Economics = Economics()
    calendar: Calendar = Calendar()
    uncertainties: Annotated[dict[str, Range], ByName] = Field(default_factory=dict, max_length=200)
    outcomes: tuple[str, ...] = ("customer_equity", "members", "orders", "net")
    constraints: tuple[Annotated[Constraint, BeforeValidator(_as_constraint)], ...] = Field((), max_length=50)

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        names = [stage.name for stage in self.stages]
        for index, name in enumerate(names):
            if name in RESERVED_STAGES or name in names[:index]:
                raise Fault(f"the name '{name}' is taken", "Choose another name for this stage.", ("stages", index, "name"))
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
        for where, stages in uses:
            for index, stage in enumerate(stages):
                if stage not in names:
                    raise unknown("stage", stage, names, ("levers", *where, stage if where == ("push",) else index))
        for index, outcome in enumerate(self.outcomes):
            if outcome not in OUTCOMES:
                raise unknown("outcome", outcome, OUTCOMES, ("outcomes", index))
        for index, event in enumerate(self.calendar.events):
            for end, date in (("first", event.first), ("last", event.last)):
                if not 1990 <= date.year <= 2100:
                    raise Fault(
                        f"the event '{event.name}' lies outside 1990-2100",
                        "Give a date within these years, as YYYY-MM-DD.",
                        ("calendar", "events", index, end),
                    )
        return self


__all__ = ["OBSERVABLES", "Scenario", "default_stages"]
