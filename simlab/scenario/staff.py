"""The levers about people who work for the brand, and about what they look after.

Roles and their wages, the service desk, advisers, review of content, content made by machines, the loop from
complaints to better products, and the renewal of what is sold. Without them a scenario takes the staff as given:
enough of it, and paid outside the books.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Factor, Hours, Money, Number, PerDay, PerYear, Share

CAPACITY = {
    "analyst": 100_000.0,
    "content": 14_000.0,
    "community": 20_000.0,
    "service": 60.0,
    "adviser": 200.0,
}
"""Work that one trained head does well: members, touches a day, members, tickets a day, clients."""
WORK = {
    "analyst": "members",
    "content": "touches delivered a day",
    "community": "members",
    "service": "tickets a day",
    "adviser": "clients",
}


class Skill(Part):
    """How well a team knows its work: learned with time, faster with training, lost with those who go."""

    start: Share = Field(0.7, description="skill on the first day; 1 is a team that knows everything")
    turnover: PerYear = Field(
        0.3, le=10, description="heads that leave and are replaced by newcomers, per head"
    )
    training: Money = Field(0.0, description="training and knowledge base, yuan per head and day")


class Role(Part):
    """Heads of one trade: what they cost and how much they can do. Heads are real people, not simulated ones."""

    heads: Number | None = Field(None, ge=0, le=1e6, description="how many; null: by per_100k")
    per_100k: Number | None = Field(None, ge=0, le=1e5, description="how many per 100,000 members")
    wage: Money = Field(300.0, description="cost of one head per day")
    capacity: Number | None = Field(
        None,
        gt=0,
        le=1e9,
        description="work that one trained head does well (members, touches, tickets, clients)",
    )
    skill: Skill | None = Field(None, description="null: trained, and stays so")

    @model_validator(mode="after")
    def _one_number(self) -> Role:
        if (self.heads is None) == (self.per_100k is None):
            raise Fault(
                "the number of heads is " + ("missing" if self.heads is None else "given twice"),
                "Give either heads or per_100k.",
                ("heads",),
            )
        return self


class Tools(Part):
    """Software for the staff: a fixed price, a price per member, and what everybody can do with it."""

    per_day: Money = Field(0.0, description="licence, yuan per day")
    per_member: Money = Field(0.0, description="yuan per member and year")
    gain: Factor = Field(1.2, le=10, description="work that one head does with it, relative")


class Staff(Part):
    """Who works for the programme; the usual team is 1 analyst, 3 for content, 5 for community per 100,000 users."""

    analyst: Role | None = Field(None, description="keeps tags and rules right")
    content: Role | None = Field(None, description="makes what touches say")
    community: Role | None = Field(None, description="moderates groups")
    service: Role | None = Field(None, description="answers at the service desk")
    adviser: Role | None = Field(None, description="personal advisers")
    tools: Tools | None = None

    def roles(self) -> dict[str, Role]:
        """The roles that are there, by name."""
        named = {name: getattr(self, name) for name in CAPACITY}
        return {name: role for name, role in named.items() if role is not None}


class Ai(Part):
    """Answers at once what is simple enough; hands the rest over to people."""

    share: Share = Field(1.0, description="share of tickets that it is offered first")
    solves: Share = Field(0.7, description="share of tickets that are simple enough for it")
    cost: Money = Field(0.2, description="cost per ticket that it is offered")


class FollowUp(Part):
    """A visit after an order: finds issues that nobody told the desk about."""

    share: Share = Field(0.5, description="share of orders that are followed up")
    after: Days = Field(7, ge=1, le=365, description="days after the order")
    cost: Money = Field(1.0, description="cost per visit")


class Service(Part):
    """The service desk; how many people sit there stands in `staff.service`."""

    promise: Hours = Field(4.0, gt=0, le=1000, description="time in which an answer is promised")
    hours: Hours = Field(10.0, gt=0, le=24, description="opening hours a day")
    cost: Money = Field(2.0, description="cost per ticket that people solve")
    graded: bool = Field(False, description="complaints before other tickets, the severe ones first")
    complaint_promise: Hours = Field(
        48.0, gt=0, le=1000, description="time in which a complaint is to be solved"
    )
    compensation: Money = Field(0.0, description="paid for a broken promise and for a solved complaint")
    ai: Ai | None = None
    follow_up: FollowUp | None = None


class Advisers(Part):
    """Whom personal advisers look after; how many advisers there are stands in `staff.adviser`."""

    who: Who = Field((), description="the audience; empty: everybody")
    top: Share | None = Field(
        None, description="at most this share of all members; null: as many as can be served"
    )
    share: Share = Field(1.0, description="randomised share of the audience; the rest is a control group")
    order: Literal["keyed", "spend", "recent_spend", "orders"] = Field(
        "keyed", description="who comes first where there are too few places: by lot, or the best customers"
    )
    stretch: Factor = Field(
        1.0, ge=1, le=20, description="clients per adviser relative to what can be served well"
    )


class Review(Part):
    """Promotional content is looked at before it goes out."""

    catches: Share = Field(0.9, description="share of violations that are found and held back")
    delay: Hours = Field(24.0, ge=0, le=240, description="time that it takes; news grow stale")
    cost: Money = Field(50.0, description="yuan per piece of content")


class Aigc(Part):
    """Content made by machines: more of it, and of less appeal on average."""

    share: Share = Field(0.5, description="share of the content that is made so")
    speed: Factor = Field(5.0, le=100, description="output of one head with it, relative")
    passes: Share = Field(0.8, description="share of what it makes that is good enough to be sent")
    cost: Money = Field(100.0, description="licences and review, yuan per day")


class Feedback(Part):
    """From what customers report to what is mended: a survey shows the issues, and some are fixed for good."""

    survey: Share = Field(0.2, description="share of buyers who answer a survey")
    cost: Money = Field(0.5, description="yuan per answer")
    fix: PerDay = Field(0.02, le=1, description="share of the known causes of issues that is removed per day")
    cost_per_day: Money = Field(0.0, description="yuan per day for the people who do it")


class Renewal(Part):
    """Products, service and modes are renewed so that they fit what people need now."""

    every: Days = Field(90, ge=1, le=3650, description="days between two renewals")
    lag: Days = Field(60, ge=0, le=3650, description="age of the knowledge about needs that goes into them")
    cost: Money = Field(0.0, description="yuan per renewal")
    cost_per_day: Money = Field(0.0, description="yuan per day for finding out about needs")


def check_staff(staff: Staff, service: Service | None, advisers: Advisers | None) -> None:
    """Refuse people without a desk and a desk without people.

    Raises:
        Fault: with its place below `levers`.
    """
    if staff.service is not None and service is None:
        raise Fault(
            "there are people for a service desk, but no desk",
            "Add levers.service: {}.",
            ("staff", "service"),
        )
    if service is not None and staff.service is None and service.ai is None:
        raise Fault(
            "nobody answers at the service desk",
            "Give levers.staff.service some heads, or add service.ai.",
            ("service",),
        )
    if staff.adviser is not None and advisers is None:
        raise Fault(
            "there are advisers, but nobody is assigned to them", "Add levers.advisers.", ("staff", "adviser")
        )
    if advisers is not None and staff.adviser is None:
        raise Fault(
            "there is an audience for advisers, but no adviser",
            "Give levers.staff.adviser heads.",
            ("advisers",),
        )
