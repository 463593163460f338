"""The people of a scenario: segments, population, and the graph that joins them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from simlab.scenario.contact import Persona
from simlab.scenario.errors import Fault, unknown
from simlab.scenario.labels import ByName, Label
from simlab.scenario.part import Part
from simlab.scenario.units import Days, Duration, Factor, Money, PerYear, Share


class Orders(Part):
    """Order rates between people: Gamma(shape) with this mean (marketing off)."""

    shape: Factor = Field(0.9, ge=0.02, description="gamma shape r of order rates between people")
    per_year: PerYear = Field(3.4, gt=0, description="mean order rate while the relation lasts")


class Lifetime(Part):
    """Latent lifetimes: rates ~ Gamma(shape, scale), so P(alive at t) = (scale / (scale + t)) ** shape.

    A loyal core is outside this law: its rate is 0.
    """

    shape: Factor = Field(0.6, ge=0.02, description="gamma shape s of lifetime rates between people")
    scale: Duration = Field(210.0, description="gamma rate beta of lifetime rates, in days")
    core: Share = Field(0.0, description="share of people whose relation never ends by itself (a loyal core)")


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
    # contact
    persona: Label | None = Field(None, description="when in the day they look at messages")
    interests: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=dict, max_length=12, description="weights of topics; left out: as population.topics"
    )


class Population(Part):
    """Everybody the graph knows: members on day 0, and prospects who may come."""

    members: int = Field(5000, ge=0, le=20_000_000)
    prospects: int = Field(15000, ge=0, le=20_000_000)
    homophily: Share = Field(0.5, description="share of trait variance that comes from the neighbours' field")
    tenure: Days = Field(
        0, le=3650, description="members' tenure on day 0 is uniform up to this; 0: all just joined"
    )
    opted_in: Share = Field(1.0, description="share of people who can be reached by pushes when they join")
    segments: Annotated[dict[Label, Segment], ByName] = Field(
        default_factory=lambda: {"all": Segment()}, min_length=1, max_length=12
    )
    topics: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=dict, max_length=12, description="what people care about: weights of interests"
    )
    personas: Annotated[dict[Label, Persona], ByName] = Field(
        default_factory=dict, max_length=12, description="kinds of daily rhythm, which segments refer to"
    )
    base: str | None = Field(
        None, max_length=500, description="current base made by `simlab fit --start-from-log`"
    )
    arrivals: tuple[int, ...] | None = Field(
        None,
        max_length=4000,
        description="dated arrivals: prospects who place a first order on day 1, 2, ...",
    )

    @field_validator("members", "prospects", mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{1,3}([,_]\d{3})*", value.strip()):
            return int(re.sub(r"[,_]", "", value))
        return value

    @model_validator(mode="after")
    def _known_names(self) -> Population:
        if self.topics and sum(self.topics.values()) <= 0:
            raise Fault("no topic has a weight", "Give at least one topic a weight above 0.", ("topics",))
        for name, segment in self.segments.items():
            if segment.persona is not None and segment.persona not in self.personas:
                raise unknown("persona", segment.persona, self.personas, ("segments", name, "persona"))
            for topic in segment.interests:
                if topic not in self.topics:
                    raise unknown("topic", topic, self.topics, ("segments", name, "interests", topic))
            if segment.interests and sum(segment.interests.values()) <= 0:
                raise Fault(
                    "no interest has a weight",
                    "Give at least one topic a weight above 0, or leave interests out.",
                    ("segments", name, "interests"),
                )
        return self

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

    kind: Literal["communities", "watts_strogatz", "barabasi_albert", "configuration", "file", "none"] = (
        "communities"
    )
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
