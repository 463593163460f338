"""Points, levels and paid plans: what ties a customer to the programme."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simlab.scenario.labels import Label
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Factor, Money, Price, Share


class Points(Part):
    """Points: earned by orders, answers, visits and invitations; redeemed at an order, a whole reward at a time.

    They are a cost once, when earned, at the share that is expected to be redeemed.
    """

    per_yuan: Factor = Field(1.0, description="points per yuan paid")
    per_answer: int = Field(0, ge=0, le=100_000, description="points per interaction with a touch")
    per_visit: int = Field(0, ge=0, le=100_000, description="points per day with an own visit")
    per_invite: int = Field(0, ge=0, le=1_000_000, description="points per friend who joins")
    value: Price = Field(0.01, description="what a point takes off an order, yuan")
    step: int = Field(500, ge=1, le=1_000_000, description="points of the smallest reward")
    expiry: Days | None = Field(365, ge=1, description="idle days after which an account lapses; null: never")
    expected_redemption: Share = Field(0.8, description="share of earned points that is booked as a cost")


class Levels(Part):
    """Membership levels by spend: a level for each `step`; its prices are standing offers for `who`."""

    by: Literal["spend", "recent_spend"] = Field(
        "spend", description="all spend (no downgrade), or that of about the last 130 days (with downgrade)"
    )
    step: Money = Field(500.0, ge=1, description="spend from one level to the next")
    top: int = Field(4, ge=1, le=20, description="the highest level")
    service: Money = Field(0.0, description="cost of a level's services, per order and level")


class Plan(Part):
    """A paid plan: membership by the year, subscription, course. Its offer holds while it is paid for."""

    fee: Money = Field(99.0, description="paid at the start of each term")
    term: Days = Field(365, ge=1, le=1095, description="how long one fee lasts")
    offer: Label | None = Field(None, description="the standing offer that it opens; null: none")
    per_use: Money = Field(
        0.0, description="worth of a day of use (visit, order) to a customer, beyond the offer"
    )
    who: Who = Field((), description="who may buy it")
    share: Share = Field(1.0, description="random share of those who may, the same people at all times")
    standing: bool = Field(
        True, description="on sale at every visit; false: in touches that name it as their offer"
    )
    cost: Money = Field(0.0, description="cost of one term's gifts and services")
    margin: Share = Field(1.0, description="contribution margin on the fee, before `cost`")
