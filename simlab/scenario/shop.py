"""Where and how orders are placed: checkout, private and public shop, launches."""

from __future__ import annotations

import datetime

from pydantic import Field

from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Money, Number, Share


class Checkout(Part):
    """What is lost between the wish to order and the payment."""

    steps: int = Field(3, ge=0, le=20, description="steps from basket to payment")
    loss_per_step: Share = Field(0.05, description="share of orders given up at each step")
    cost: Money = Field(0.0, description="running cost of a better checkout per day, for the simulated base")


class Shops(Part):
    """Each order is placed in the private shop (mini-program, group) or in a public one (marketplace)."""

    appeal: Number = Field(
        -0.5, ge=-20, le=20, description="utility of the private shop over the public one, in logits"
    )
    commission: Share = Field(0.05, description="share of a public order that the marketplace takes")


class Launch(Part):
    """A new product on a date: bought once each, by innovators first, then as others have it."""

    date: datetime.date
    price: Money = Field(80.0, gt=0, description="price of the new product")
    days: Days = Field(60, ge=1, le=365, description="how long it counts as new")
    reach: Share = Field(1.0, description="random share of members to whom it appeals")
    first: Who = Field((), description="co-creators: who may buy before the date")
    lead: Days = Field(0, le=365, description="how many days before the date they may")
    cannibal: Share = Field(0.3, description="share of its orders taken from the customer's usual orders")
    cost: Money = Field(0.0, description="paid once, on the date")
