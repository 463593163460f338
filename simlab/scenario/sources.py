"""Sources: pools outside from which prospects come, step by step, and what each step costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import ByName, Label
from simlab.scenario.part import Part
from simlab.scenario.units import Factor, Money, Number, Price, Share

SourceDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Page(Part):
    """Another landing page, for a share of those who land: it costs once, and more (or fewer) of them join."""

    share: Share = Field(0.0, description="share of those who land that see it; 0: not built, no cost")
    lift: Factor = Field(1.0, le=20, description="joins per landing on this page, relative to the old one")
    cost: Money = Field(0.0, description="cost of making it, once")


class Hook(Part):
    """A lead magnet: a gift (or useful content) for everybody who joins by this source."""

    kind: Literal["useful", "freebie"] = Field(
        "useful", description="a freebie draws more people, among them those who come for it alone"
    )
    value: Money = Field(0.0, description="what it is worth to the newcomer; 0: no hook")
    cost: Money = Field(0.0, description="what it costs us for each one who joins")


class Source(Part):
    """A pool outside (advertising, store QR, parcel card, partner brand ...): exposed, clicked, landed, joined."""

    exposures: Number = Field(100.0, ge=0, le=1e8, description="exposures of prospects per day")
    click: Share = Field(0.02, description="clicks per exposure")
    landing: Share = Field(1.0, description="share of clicks that reach the entry page")
    join: Share = Field(0.25, description="joins per landing")
    cost: Price = Field(0.05, description="cost per exposure, yuan")
    click_cost: Price = Field(0.0, description="cost per click, yuan")
    join_cost: Money = Field(0.0, description="cost per newcomer: commission of the channel, entry gift")
    budget: Money | None = Field(None, description="total that may be spent; null: no limit")
    need: Factor = Field(0.8, description="order rate of those who come this way, relative", le=10)
    deal: Factor = Field(1.2, description="deal-proneness of those who come this way, relative", le=10)
    basket: Factor = Field(1.0, gt=0, le=10, description="basket of those who come this way, relative")
    tolerance: Factor = Field(1.0, gt=0, le=10, description="their tolerance of touches, relative")
    lifetime: Factor = Field(1.0, gt=0, le=10, description="their lifetime, relative")
    trust: Number = Field(
        0.0, ge=-1, le=1, description="trust on entry: share of the way to full (or, below 0, to no) affinity"
    )
    weekdays: Annotated[dict[SourceDay, Factor], ByName] = Field(
        default_factory=dict, description="exposures by weekday, relative: the traffic of a store"
    )
    with_demand: bool = Field(False, description="exposures follow the season, as parcels do")
    saturation: Number | None = Field(
        None, gt=0, le=1e9, description="exposures per day at which a click is half as likely; null: never"
    )
    inflation: Number = Field(
        0.0, ge=-0.9, le=5, description="yearly rise of the costs per exposure and click"
    )
    pool: Share = Field(1.0, gt=0, description="share of the prospects whom it can reach")
    precision: Share = Field(
        0.0, description="how well that share is chosen: 0 at random, 1 exactly those who need most"
    )
    segments: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=dict, description="weight of a segment in its audience; 1 where left out"
    )
    like: Label | None = Field(
        None, description="another source whose audience this one's resembles; null: an audience of its own"
    )
    overlap: Share = Field(0.0, description="how much, from 0 (independent) to 1 (the same people)")
    known: Share = Field(0.0, description="share of its exposures that meet members, and are wasted")
    page: Page = Page()
    hook: Hook = Hook()
    ugc: Share = Field(0.0, description="share of the adverts that are made from what members write")
    own_anyway: Share = Field(
        0.0, description="share of these newcomers' orders that would have come on the platform anyway"
    )
    revenue_share: Share = Field(
        0.0, description="share of these newcomers' payments that goes to the partner"
    )

    @model_validator(mode="after")
    def _overlap(self) -> Source:
        if self.overlap > 0 and self.like is None:
            raise Fault("an overlap with nobody", "Name the other source in `like`, or leave overlap out.",
                        ("overlap",))  # fmt: skip
        return self


class BrandBuilding(Part):
    """Money for the brand itself, public good included: slow, it raises the trust of those who come."""

    per_day: Money = Field(0.0, description="spent each day")


class Budget(Part):
    """One budget for all levers from day 1 on. Nothing is begun that it cannot pay; it is checked each morning."""

    total: Money = Field(description="all that may be spent within the horizon, for the simulated base")
    shares: Annotated[dict[Label, Share], ByName] = Field(
        default_factory=dict,
        description="largest share of the total by lever: touches, offers, referral, programme, or a source; "
        "levers that are not named may use what the shares leave",
    )

    @model_validator(mode="after")
    def _whole(self) -> Budget:
        if sum(self.shares.values()) > 1 + 1e-9:
            raise Fault(f"the shares add up to {sum(self.shares.values()):.4g}",
                        "They divide one total: let them add up to 1 at most.", ("shares",))  # fmt: skip
        return self

    @property
    def rest(self) -> float:
        """The share that levers without one of their own may use."""
        return max(0.0, 1.0 - sum(self.shares.values()))


FUNDED = ("touches", "offers", "referral", "programme")
"""Levers with a share of the budget, besides the sources."""
