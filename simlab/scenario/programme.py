"""What travels on the graph: invitation programmes, teams, shares, paid voices, crises and the answers to them."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault, unknown
from simlab.scenario.labels import Label
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Factor, Hours, Money, Share

Friends = Annotated[int, Field(ge=1, le=1000)]


class Window(Part):
    """When something is open, in days of the strategy, and for whom."""

    who: Who = ()
    first: Days | None = Field(None, description="first day of the campaign (day 1: the start); null: always")
    last: Days | None = Field(None, description="last day of the campaign; null: no end")

    @model_validator(mode="after")
    def _window(self) -> Window:
        if self.last is not None and self.last < (self.first or 0):
            raise Fault(
                f"the campaign ends (day {self.last}) before it begins (day {self.first})",
                "Give a last day on or after the first.",
                ("last",),
            )
        return self


class Check(Part):
    """Anti-abuse: newcomers are checked before anything is paid."""

    strength: Share = Field(0.8, description="share of those brought for the reward alone who are caught")
    false_positives: Share = Field(0.02, description="share of honest newcomers for whom rewards are refused")
    cost: Money = Field(0.0, description="cost per newcomer checked")


class Programme(Part):
    """Invite-N: reward to the inviter for every N friends who join, and to each invitee."""

    reward: Money = Field(20.0, description="paid to the inviter for every `needed` friends")
    invitee_reward: Money = Field(10.0, description="paid to each friend on joining")
    needed: int = Field(1, ge=1, le=20, description="friends needed for one reward")
    stages: tuple[Label, ...] | None = Field(
        None, min_length=1, description="who may invite; null: everybody"
    )
    budget: Money | None = Field(None, description="total of rewards that may be paid; null: no limit")
    who: Who = ()
    tiers: dict[Friends, Money] = Field(
        default_factory=dict, max_length=12,
        description="rising rewards by friends brought in all, each paid once; they replace reward and needed",
    )  # fmt: skip
    perk: Share = Field(0.0, description="strength of a status reward that is no cash")
    quota: int | None = Field(
        None, ge=0, le=60000, description="friends whom one user may bring; null: no limit"
    )
    first: Days | None = Field(None, description="first day of the campaign (day 1: the start); null: always")
    last: Days | None = Field(None, description="last day of the campaign; null: no end")
    check: Check | None = None
    invitee_offer: Label | None = Field(None, description="offer that each friend gets on joining")

    @model_validator(mode="after")
    def _rising(self) -> Programme:
        if self.last is not None and self.last < (self.first or 0):
            raise Fault(
                f"the campaign ends (day {self.last}) before it begins (day {self.first})",
                "Give a last day on or after the first.",
                ("last",),
            )
        rewards = [self.tiers[friends] for friends in sorted(self.tiers)]
        if rewards != sorted(rewards):
            raise Fault(
                "a higher tier pays less than a lower one", "Let the rewards of tiers rise.", ("tiers",)
            )
        return self


class Team(Window):
    """Group-buy: a team that is large enough before its deadline gets the offer."""

    offer: Label = Field(description="what everybody in a completed team gets")
    needed: int = Field(3, ge=2, le=50, description="members needed, the opener included")
    days: Days = Field(2, ge=1, le=60, description="evenings until the deadline, the opening's included")
    early: bool = Field(
        True, description="whether it closes as soon as it is large enough, or at the deadline"
    )
    steps: dict[Friends, Label] = Field(
        default_factory=dict, max_length=8, description="deeper offers by members; these teams close at the deadline"
    )  # fmt: skip
    commission: Money = Field(0.0, description="paid to the opener of a completed team")

    @model_validator(mode="after")
    def _steps(self) -> Team:
        for size in self.steps:
            if size <= self.needed:
                raise Fault(
                    f"a step at {size} members, but {self.needed} are needed for the first offer",
                    f"Put steps above {self.needed}.",
                    ("steps",),
                )
        if self.steps and self.early:
            raise Fault(
                "a team that closes early never reaches a further step",
                "Write early: false, or leave the steps out.",
                ("early",),
            )
        return self


class ShareProgramme(Window):
    """Share-to-earn: a post that all friends may see; nobody has to accept anything."""

    reward: Money = Field(2.0, description="paid per share")
    cap: int | None = Field(None, ge=0, le=200, description="shares per user in all; null: no limit")
    ease: Factor = Field(1.0, le=20, description="how easy sharing is made; 0: not at all")
    forced: bool = Field(
        False, description="sharing is demanded ('forward to 3 groups'): more, but a violation"
    )
    fine: Money = Field(500.0, description="what a punished violation costs")


class Seeding(Window):
    """Paid voices: n chosen members post about the brand on given days."""

    people: int = Field(10, ge=0, le=100_000, description="how many are paid each time")
    by: Literal["random", "friends", "orders", "spend", "invited", "answers", "posts"] = Field(
        "friends", description="who is chosen: the highest of this, or at random"
    )
    on: tuple[Days, ...] = Field((1,), min_length=1, max_length=100, description="days of the strategy")
    fee: Money = Field(100.0, description="paid to each, each time")
    credibility: Factor = Field(
        1.0, le=20, description="reach and persuasion of a post relative to a friend's own talk"
    )
    negative: Share = Field(0.05, description="share of posts that turn out negative")


class Testimonials(Part):
    """Social proof: what others say is shown to those who visit."""

    reviews: Factor = Field(1000.0, le=1e6, description="truthful testimonials to be seen")
    who: Who = ()


class WordOfMouth(Part):
    """Something to talk about: content or service that satisfied users tell their friends of their own accord."""

    virality: Factor = Field(0.0, le=10, description="how much there is to talk about; 0: nothing")
    forwarding: Factor = Field(1.0, le=5, description="how easily it is passed on")


class Monitoring(Part):
    """Public opinion is watched: a crisis is noticed sooner."""

    recall: Share = Field(0.9, description="share of what is said that is found")
    delay: Hours = Field(1.0, ge=0, le=10_000, description="hours until it is found")
    cost: Money = Field(0.0, description="cost per day")


class Response(Part):
    """What the brand does in a crisis, once it has noticed."""

    delay: Hours = Field(24.0, ge=0, le=10_000, description="hours from noticing to the response")
    statement: Share = Field(1.0, description="how sincere and complete the statement is; 0: none")
    compensation: Money = Field(0.0, description="paid to each angry member who is reached")
    isolation: Share = Field(
        0.0, description="share of angry members taken care of one by one, out of the public"
    )
    cost: Money = Field(0.0, description="cost of one response")


class Crisis(Part):
    """A bad day: a share of members learns something that makes them angry, and tells others."""

    date: datetime.date = Field(description="the day on which it breaks out")
    share: Share = Field(0.01, description="share of members who are angry at once")
    severity: Share = Field(1.0, description="how angry they are")
    virulence: Factor = Field(1.0, le=5, description="how well it travels, relative to an ordinary crisis")
    who: Who = ()


def check_company(levers: Any) -> None:
    """Check what these levers say of each other and of offers.

    Raises:
        Fault: an offer that is not there, or one that cannot be promised because its stock is limited.
    """
    uses: list[tuple[tuple[str, ...], str | None]] = [
        (("programmes", name, "invitee_offer"), item.invitee_offer)
        for name, item in levers.programmes.items()
    ]
    if levers.referral is not None:
        uses.append((("referral", "invitee_offer"), levers.referral.invitee_offer))
    for name, team in levers.teams.items():
        uses.append((("teams", name, "offer"), team.offer))
        uses += [(("teams", name, "steps"), offer) for offer in team.steps.values()]
    for where, offer in uses:
        if offer is None:
            continue
        if offer not in levers.offers:
            raise unknown("offer", offer, levers.offers, where)
        if levers.offers[offer].stock is not None:
            raise Fault(
                f"the offer '{offer}' has a limited stock, so it cannot be promised",
                f"Use an offer without a stock here, or remove offers.{offer}.stock.",
                where,
            )
