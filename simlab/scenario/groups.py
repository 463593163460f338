"""Groups (社群): who is routed into which kind, how they are run, and what is done when they fall silent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from simlab.scenario.errors import Fault
from simlab.scenario.labels import Label
from simlab.scenario.part import Part
from simlab.scenario.stages import Who
from simlab.scenario.units import Days, Factor, Money, PerWeek, Share

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Stimulus(Part):
    """What is done when a group falls silent (a topic with a prize, a lottery), with hysteresis."""

    below: Share = Field(0.10, description="starts when the daily share of speakers (smoothed) is below this")
    enough: Share = Field(0.15, description="ends early once that share is above this")
    days: Days = Field(7, ge=1, le=90, description="lasts at most so long")
    cooldown: Days = Field(14, le=365, description="days of rest before the next one")
    cost: Money = Field(20.0, description="per group and day while it lasts: prizes and work")

    @model_validator(mode="after")
    def _ordered(self) -> Stimulus:
        if self.enough < self.below:
            raise Fault(
                f"the stimulus ends at {self.enough:g}, below where it starts ({self.below:g})",
                "Set enough at or above below, or it would flicker.",
                ("enough",),
            )
        return self


class Stories(Part):
    """User-generated content (晒单有奖): members are paid for stories that pass the filter."""

    reward: Money = Field(5.0, description="paid to the author of each story shown")
    quality: Share = Field(0.3, le=0.95, description="share of stories that the filter holds back")


class Opinion(Part):
    """Key opinion customers (KOC): the most active writers of a group, trained and paid; a reserve fills gaps."""

    who: Who = Field((), description="who may become one, for example {posts: '>= 5'}")
    seats: int = Field(5, ge=0, le=1000, description="opinion customers per group")
    reserve: int = Field(0, ge=0, le=1000, description="trained stand-ins per group")
    commission: Money = Field(10.0, description="paid for each of their stories shown")
    training: Money = Field(50.0, description="once for each of them, and for each in the reserve")


class Ritual(Part):
    """Theme days: the same thing on the same weekdays."""

    days: tuple[Weekday, ...] = Field(("fri",), description="weekdays; [] for none")
    cost: Money = Field(10.0, description="per group and theme day")


class Honours(Part):
    """Titles for those who write much (活跃之星)."""

    who: Who = Field((), description="who has a title, for example {posts: '>= 20'}")
    cost: Money = Field(1.0, description="per group and day: badges, lists, a small present")


class Ideas(Part):
    """Co-creation: members suggest, some suggestions are adopted and every customer's product is the better for it."""

    adopt: Share = Field(0.3, description="share of suggestions that are adopted")
    prize: Money = Field(50.0, description="to the author of each adopted suggestion, work on it included")


class Meeting(Part):
    """Something that the group does together, every so many days."""

    every: Days = Field(30, ge=1, le=365)
    invited: Share = Field(1.0, description="share of members who are asked, drawn anew each time")
    cost: Money = Field(5.0, description="per person who comes")


class Group(Part):
    """A community: its audience, size, moderation, rhythm and what it costs."""

    kind: Literal["product", "interest", "region", "privilege", "koc", "problem"] = "product"
    who: Who = Field((), description="whom it is for; checked on joining, and for everybody on Mondays")
    about: Label | None = Field(
        None, description="what it is about, of population.topics; null: nothing special"
    )
    share: Share = Field(
        1.0, description="share of the audience that is invited: fixed by chance for each user"
    )
    priority: int = Field(0, ge=-100, le=100, description="where several groups fit; higher first")
    size: int = Field(200, ge=2, le=100_000, description="members of a new group, about")
    split_above: int = Field(500, ge=3, le=1_000_000, description="a larger group is split in two on Monday")
    merge_below: Share = Field(
        0.0, description="groups with a smaller daily share of speakers are merged by twos"
    )
    moderators: Factor = Field(1.0, le=100, description="moderators per group")
    moderator_cost: Money = Field(10.0, description="per moderator and day")
    topics: int = Field(1, ge=0, le=20, description="topics that we open in each group a day")
    topic_cost: Money = Field(3.0, description="per topic")
    cost: Money = Field(2.0, description="per group and day, whatever happens in it")
    isolate: bool = Field(False, description="members do not hear each other's complaints: one-to-one care")
    practice: PerWeek = Field(
        0.0, le=7, description="practice sessions a week that we lead (sport, cooking, care)"
    )
    practice_cost: Money = Field(5.0, description="per group and session")
    stimulus: Stimulus | None = None
    ugc: Stories | None = None
    koc: Opinion | None = None
    rituals: Ritual | None = None
    honours: Honours | None = None
    ideas: Ideas | None = None
    online: Meeting | None = Field(None, description="online events: quiz, lottery, game")
    offline: Meeting | None = Field(None, description="meetings in person: salon, tasting, race")

    @model_validator(mode="after")
    def _sizes(self) -> Group:
        if self.split_above <= self.size:
            raise Fault(
                f"groups of {self.size} would be split at once (split_above {self.split_above})",
                "Set split_above above size, or size lower.",
                ("split_above",),
            )
        return self
