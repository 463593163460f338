"""Offers: coupons that reach people, and standing prices that hold for an audience."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import Label
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Factor, Money, Share
from simlab.scenario.weekdays import WEEKDAYS, Weekday


class Offer(Part):
    """A price term: a coupon that a touch brings, or (`standing`) a price that holds without one.

    Price cut = depth x basket + amount, from `min_spend` on. A bundle (`basket` above 1) puts more into the basket
    of those whom it fits; a `gift` (trial sample) goes to everybody who takes the coupon.
    """

    depth: Share = Field(0.10, le=0.95, description="price cut as a share of the basket")
    amount: Money = Field(0.0, description="price cut in yuan, on top of `depth`")
    min_spend: Money = Field(0.0, description="smallest basket on which it can be used")
    valid: Days = Field(
        3, ge=1, le=365, description="days on which it can be used, the day of receipt included"
    )
    stages: tuple[Label, ...] | None = Field(
        None, min_length=1, description="who may get it; null: everybody"
    )
    who: Who = Field((), description="audience by observables, on receipt (standing: at the order)")
    share: Share = Field(1.0, description="random share of that audience, the same people at all times")
    standing: bool = Field(False, description="holds for its audience without a coupon; nobody clips")
    days: tuple[Weekday, ...] = Field(WEEKDAYS, min_length=1, description="weekdays on which it can be used")
    first: datetime.date | None = Field(None, description="first day on which it is handed out or holds")
    last: datetime.date | None = Field(None, description="last day on which it is handed out or holds")
    shop: Literal["any", "private", "public"] = Field("any", description="where it can be used")
    basket: Factor = Field(
        1.0, ge=1, le=5, description="bundle: basket of those who take it, relative to without"
    )
    fit: Share = Field(0.5, description="bundle, gift: share of people to whom it is of use")
    gift: Money = Field(0.0, description="cost of a gift or sample for everybody who takes the coupon")
    steps: int = Field(0, ge=0, le=20, description="form steps before the coupon is had")
    stock: int | None = Field(None, ge=0, le=10**9, description="coupons that can be issued; null: no limit")
    budget: Money | None = Field(None, description="total subsidy that may be spent; null: no limit")

    @field_validator("days")
    @classmethod
    def _once_each(cls, value: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _consistent(self) -> Offer:
        if self.standing and self.stock is not None:
            raise Fault(
                "a standing offer is not handed out, so it has no stock",
                "Limit it by `budget`, or let a touch carry it: standing: false.",
                ("stock",),
            )
        if self.standing and self.gift > 0:
            raise Fault(
                "a standing offer is not handed out, so nobody gets its gift",
                "Let a touch carry the gift: standing: false.",
                ("gift",),
            )
        if self.first and self.last and self.last < self.first:
            raise Fault(
                f"the offer ends ({self.last}) before it begins ({self.first})",
                "Give a last day on or after the first.",
                ("last",),
            )
        if self.amount > 0 and self.min_spend < self.amount:
            raise Fault(
                f"{self.amount:g} yuan off a basket of {self.min_spend:g} yuan would be paid out",
                "Raise min_spend to the amount or above.",
                ("min_spend",),
            )
        return self


class Recommendation(Part):
    """An item shown in every opened touch: for this very person, where without it everybody sees the best-seller."""

    relevance: Share = Field(0.35, description="share of recommendations that fit the person who sees them")
    tagged: Share = Field(0.0, description="more of them, where the operator knows the person's interest")
    cost: Money = Field(0.0, description="running cost per day, for the simulated base")
