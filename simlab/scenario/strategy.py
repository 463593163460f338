"""The levers of a scenario: cadence, touches, caps, offers, referral, sources."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from simlab.scenario.adaptive import Alarm, Loop, Phases
from simlab.scenario.contact import (
    MOST_QUOTAS,
    Channels,
    Consent,
    Novelty,
    Observation,
    Quiet,
    Rules,
    Senders,
    Tagging,
)
from simlab.scenario.errors import Fault, unknown
from simlab.scenario.groups import Group
from simlab.scenario.labels import ByName, Label
from simlab.scenario.loyalty import Levels, Plan, Points
from simlab.scenario.offer import Offer, Recommendation
from simlab.scenario.part import Part
from simlab.scenario.programme import (
    Monitoring,
    Programme,
    Response,
    Seeding,
    ShareProgramme,
    Team,
    Testimonials,
    WordOfMouth,
    check_company,
)
from simlab.scenario.shop import Checkout, Launch, Shops
from simlab.scenario.sources import FUNDED, BrandBuilding, Budget, Source
from simlab.scenario.staff import (
    Advisers,
    Aigc,
    Feedback,
    Renewal,
    Review,
    Service,
    Staff,
    check_staff,
)
from simlab.scenario.units import Factor, Money, Number, PerWeek, Share
from simlab.scenario.weekdays import WEEKDAYS, Weekday

RESERVED_SOURCES = ("base", "dated", "referral")


class Cadence(Part):
    """How often a stage is touched, and by what mix of touches."""

    per_week: PerWeek = Field(0.0, description="touches per week")
    mix: Annotated[dict[Label, Factor], ByName] = Field(
        default_factory=lambda: {"promo": 1.0, "value": 2.0}, min_length=1, max_length=12,
        description="relative weights of the touches")  # fmt: skip

    @model_validator(mode="after")
    def _weights(self) -> Cadence:
        if self.per_week > 0 and sum(self.mix.values()) <= 0:
            raise Fault(
                "the mix has no positive weight", "Give at least one touch a weight above 0.", ("mix",)
            )
        return self


class Touch(Part):
    """A message: its kind decides attention cost and effect on trust."""

    kind: Literal["value", "promo", "emotional", "service", "mixed", "task", "live"] = "value"
    cost: Money = Field(0.04, description="cost per delivered touch")
    offer: Label | None = Field(
        None, description="the offer that it carries, or the paid plan that it presents"
    )
    priority: int = Field(0, ge=-100, le=100, description="who goes first where caps bind; higher first")
    days: tuple[Weekday, ...] = Field(
        WEEKDAYS, min_length=1, description="weekdays on which it may be sent")  # fmt: skip
    # contact
    channel: Label | None = Field(
        None, description="the channel it takes; null: each member's first that is open, the widest first"
    )
    hour: int | None = Field(None, ge=0, le=23, description="hour at which it is sent; null: all day")
    placement: Literal["message", "announcement", "file", "card", "video"] = "message"
    topic: Label | None = Field(
        None, description="what it is about; 'tagged': what the operator believes each member to care about"
    )
    quiz: bool = Field(False, description="answering it tells the operator the interest")
    novelty: Novelty | None = None
    fatigue: Factor | None = Field(None, le=20, description="attention cost; null: by its kind")
    exposure: Factor | None = Field(None, le=5, description="exposure; null: by its kind")
    trust: Number | None = Field(None, ge=-1, le=1, description="affinity gained or lost; null: by its kind")
    habit: Share | None = Field(
        None, description="habit gained by answering it, of what is missing; null: by its kind"
    )
    answer: Factor | None = Field(None, le=20, description="answers, relative; null: by its kind")
    appeal: Factor = Field(1.0, le=20, description="opens, relative")

    @field_validator("days")
    @classmethod
    def _once_each(cls, value: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        return tuple(dict.fromkeys(value))


class Caps(Part):
    """What no user may exceed, over all touches."""

    per_day: int = Field(3, ge=0, le=50)
    per_week: int = Field(14, ge=0, le=200, description="per calendar week, Monday to Sunday")
    per_month: int = Field(40, ge=0, le=1000, description="per calendar month")
    quota_per_month: int | None = Field(
        None, ge=0, le=1000, description="the platform's own limit; null: none"
    )
    execution: Share = Field(1.0, description="share of planned touches that staff really send")
    quiet: Quiet | None = Field(None, description="hours in which nothing is sent")

    @model_validator(mode="after")
    def _ordered(self) -> Caps:
        if self.per_day > self.per_week or self.per_week > self.per_month:
            wider = "per_week" if self.per_day > self.per_week else "per_month"
            raise Fault(
                f"contradictory caps: per_day {self.per_day}, per_week {self.per_week}, "
                f"per_month {self.per_month}",
                f"A longer period cannot allow fewer touches: raise caps.{wider} or lower the shorter ones.",
                (wider,),
            )
        return self


class Referral(Programme):
    """Invite-N: reward to the inviter for every N friends who join, and to each invitee."""


class Levers(Part):
    """The strategy: everything that we choose."""

    push: Annotated[dict[Label, Cadence], ByName] = Field(
        default_factory=dict, description="cadence by stage; a stage left out gets none"
    )
    touches: Annotated[dict[Label, Touch], ByName] = Field(
        default_factory=lambda: {"promo": Touch(kind="promo"), "value": Touch()}, max_length=24)  # fmt: skip
    caps: Caps = Caps()
    offers: Annotated[dict[Label, Offer], ByName] = Field(default_factory=dict, max_length=12)
    referral: Referral | None = None
    sources: Annotated[dict[Label, Source], ByName] = Field(default_factory=dict, max_length=6)
    # firm
    brand_building: BrandBuilding = BrandBuilding()
    prevention: Annotated[dict[str, Money], ByName] = Field(
        default_factory=dict, max_length=20, description="yuan a day against a random event, by its name")  # fmt: skip
    budget: Budget | None = Field(None, description="one budget for all levers; null: none")
    phases: Phases = Field((), description="levers that change on a day of the run")
    alarms: Annotated[dict[Label, Alarm], ByName] = Field(
        default_factory=dict, max_length=12, description="reactions to what is observed")  # fmt: skip
    loop: Loop | None = Field(None, description="changes that are tried round by round and kept if better")
    # money
    recommendation: Recommendation | None = None
    points: Points | None = None
    levels: Levels | None = None
    plans: Annotated[dict[Label, Plan], ByName] = Field(default_factory=dict, max_length=6)
    checkout: Checkout | None = None
    shops: Shops | None = None
    launches: Annotated[dict[Label, Launch], ByName] = Field(default_factory=dict, max_length=8)
    # contact
    channels: Channels = Field(
        default_factory=dict, max_length=8, description="ways to reach people; none: one, with population.opted_in"
    )  # fmt: skip
    rules: Rules = Field(default_factory=dict, max_length=24, description="automation")
    tagging: Tagging | None = None
    senders: Senders = Senders()
    observation: Observation = Observation()
    consent: Consent = Consent()
    # company
    programmes: Annotated[dict[Label, Programme], ByName] = Field(
        default_factory=dict, max_length=6,
        description="invitation programmes beside `referral`; a user takes the one that attracts most")  # fmt: skip
    teams: Annotated[dict[Label, Team], ByName] = Field(default_factory=dict, max_length=6)
    shares: Annotated[dict[Label, ShareProgramme], ByName] = Field(default_factory=dict, max_length=6)
    seeding: Annotated[dict[Label, Seeding], ByName] = Field(default_factory=dict, max_length=6)
    word_of_mouth: WordOfMouth = WordOfMouth()
    testimonials: Testimonials | None = None
    monitoring: Monitoring | None = None
    response: Response | None = None
    groups: Annotated[dict[Label, Group], ByName] = Field(default_factory=dict, max_length=6)
    # staff
    staff: Staff = Staff()
    service: Service | None = None
    advisers: Advisers | None = None
    review: Review | None = None
    aigc: Aigc | None = None
    feedback: Feedback | None = None
    renewal: Renewal | None = None

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
        for name, rule in self.rules.items():
            if rule.touch not in self.touches:
                raise unknown("touch", rule.touch, self.touches, ("rules", name, "touch"))
            days = len(self.touches[rule.touch].days)
            if rule.per_week > days:
                raise Fault(
                    f"{rule.per_week:g} touches a week do not fit into the {days} weekdays of '{rule.touch}'",
                    f"Lower per_week to {days} or less, or allow more days in touches.{rule.touch}.days.",
                    ("rules", name, "per_week"),
                )
        for name, touch in self.touches.items():
            if touch.channel is not None and touch.channel not in self.channels:
                raise unknown("channel", touch.channel, self.channels, ("touches", name, "channel"))
        limited = [name for name, channel in self.channels.items() if channel.quota_per_month is not None]
        if len(limited) > MOST_QUOTAS:
            raise Fault(
                f"{len(limited)} channels have a quota",
                f"At most {MOST_QUOTAS} can; leave quota_per_month out of the others.",
                ("channels", limited[-1], "quota_per_month"),
            )
        for name, touch in self.touches.items():
            if touch.offer is not None and touch.offer not in self.offers and touch.offer not in self.plans:
                raise unknown("offer", touch.offer, [*self.offers, *self.plans], ("touches", name, "offer"))
        check_company(self)
        check_staff(self.staff, self.service, self.advisers)
        for name in self.sources:
            if name in RESERVED_SOURCES:
                raise Fault(
                    f"the name '{name}' is taken", "Choose another name for this source.", ("sources", name)
                )
        self._firm()
        self._check_plans()
        return self

    def _firm(self) -> None:
        """What sources, budget and alarms refer to must be there."""
        for name, source in self.sources.items():
            if source.like is not None and (source.like == name or source.like not in self.sources):
                others = [other for other in self.sources if other != name]
                raise unknown("other source", source.like, others, ("sources", name, "like"))
        known = [*FUNDED, *self.sources]
        for name in self.budget.shares if self.budget is not None else ():
            if name not in known:
                raise unknown("lever", name, known, ("budget", "shares", name))
        kinds = [kind for kind in get_args(Touch.model_fields["kind"].annotation) if kind not in self.touches]
        for alarm, spec in self.alarms.items():
            for name in spec.scale:
                if name not in self.touches and name not in kinds:
                    raise unknown("touch", name, [*self.touches, *kinds], ("alarms", alarm, "scale", name))
        for index, phase in enumerate(self.phases):
            if index and phase.day <= self.phases[index - 1].day:
                raise Fault(f"this phase begins on day {phase.day}, not after the one before it",
                            "Order the phases by their first day.", ("phases", index, "day"))  # fmt: skip

    def _check_plans(self) -> None:
        for name, plan in self.plans.items():
            if name in self.offers:
                raise Fault(
                    f"the name '{name}' is taken by an offer",
                    "Choose another name for this plan.",
                    ("plans", name),
                )
            if plan.offer is None:
                continue
            if plan.offer not in self.offers:
                raise unknown("offer", plan.offer, self.offers, ("plans", name, "offer"))
            if not self.offers[plan.offer].standing:
                raise Fault(
                    f"the offer '{plan.offer}' of the plan '{name}' is a coupon",
                    f"A plan opens a price without a coupon: write standing: true in offers.{plan.offer}.",
                    ("plans", name, "offer"),
                )
            if any(other.offer == plan.offer for key, other in self.plans.items() if key < name):
                raise Fault(
                    f"two plans open the offer '{plan.offer}'", "Give each plan an offer of its own.",
                    ("plans", name, "offer"),
                )  # fmt: skip
        for name, touch in self.touches.items():
            if touch.offer in self.offers and self.offers[touch.offer].standing:
                raise Fault(
                    f"the touch '{name}' carries the standing offer '{touch.offer}'",
                    "A standing offer holds without a coupon: remove it from the touch, or write standing: false.",
                    ("touches", name, "offer"),
                )
