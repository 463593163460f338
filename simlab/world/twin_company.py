"""One person of the twin in company: hears news, is angry, talks, buys together with friends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from simlab.world.company_rules import (
    DID_OBJECT,
    DID_WALK_OUT,
    GOT_ANGRY,
    GOT_RELIEF,
    hear,
    is_persuaded,
    is_punished,
    is_recruited,
    is_struck,
    notices,
    opens_team,
    public_chance,
    read_testimonials,
    recruit_chance,
    take_in,
    talks_today,
    turns_out_negative,
    willingness,
)
from simlab.world.draws import Purpose, named_bits
from simlab.world.metrics import M
from simlab.world.records import LEFT, Event
from simlab.world.rules import belongs, claim, observe
from simlab.world.twin_customer import Customer

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket
    from simlab.world.twin_person import Person


class Companion(Customer):
    """A customer among friends who talk.

    Attributes:
        friends: neighbours in the graph, in its order.
        claims: who wants to bring this person tonight: strength, who, and whether by an invitation.
        voices: in which ways the person tells all friends tonight.
    """

    def __init__(self, model: TwinMarket, number: int, record: NDArray[np.void]) -> None:
        super().__init__(model, number, record)
        self.friends: list[Person] = []
        self.claims: list[tuple[int, Person, bool]] = []
        self.voices: list[int] = []

    def wake(self) -> None:
        """A new day: nothing said yet."""
        super().wake()
        self.claims, self.voices = [], []

    @property
    def me(self) -> Person:
        """This person, as friends know it."""
        return cast("Person", self)

    def is_among(self, row: np.void, first: str = "first", last: str = "last") -> bool:
        """Whether this person belongs to the audience of something in the terms."""
        market = self.market
        return bool(belongs(self.user, market.day, market.terms.conditions, row[first], row[last]))

    def pay(self, metric: M, fen: int, code: int | None = None) -> None:
        """A cost that this person causes."""
        self.user["net"] -= fen
        self.count(metric, fen)
        self.earn(-fen)
        if code is not None:
            self.note(code, fen)

    # Morning ----------------------------------------------------------------------------

    def take_in_news(self) -> bool:
        """A crisis may strike; friends and the public have told things; old anger has its effects."""
        market, now = self.market, self.now
        struck = max(
            (
                float(crisis["severity"])
                for crisis in market.terms.crises
                if crisis["open"]
                and is_struck(self.user, self.key, crisis, market.day, self.is_among(crisis))
            ),
            default=0.0,
        )
        public = public_chance(market.angry_voices, market.audience, now)
        happened = take_in(self.user, self.key, now, public, struck)
        if happened & GOT_ANGRY:
            self.count(M.angered)
            self.note(Event.ANGER)
        if happened & GOT_RELIEF:
            self.count(M.relieved)
            self.pay(M.damages_fen, int(now["compensation"]), Event.RELIEF)
        if happened & DID_OBJECT:
            self.count(M.complaints)
            self.user["complaints"] = min(255, int(self.user["complaints"]) + 1)
            self.pay(M.complaint_fen, int(now["complaint_cost"]))
            self.note(Event.COMPLAIN)
        if happened & DID_WALK_OUT:
            self.leave()
            return True
        return False

    # Afternoon --------------------------------------------------------------------------

    def keep_company(self) -> None:
        """Reads testimonials where active today, decides what to tell, may open a team."""
        terms, u = self.market.terms, self.user
        if u["last_seen"] == self.market.day and self.is_among(self.now, "proof_first", "proof_last"):
            read_testimonials(u, self.now)
        self.voices = [
            number
            for number, voice in enumerate(terms.voices)
            if voice["open"] and self.is_among(voice) and talks_today(u, self.key, voice, self.now)
        ]
        u["praise"] = 0
        self.count(M.angry, bool(float(u["anger"]) > 0.1))
        for number, team in enumerate(terms.teams):
            may = team["open"] and u["team"] < 0 and self.is_among(team)
            if may and opens_team(u, self.key, team, terms.offers[team["offer"]]):
                self.count(M.teams)
                u["team_until"] = self.market.day + team["days"] - 1
                self.market.team_kind[self.number] = number
                self.enter_team(self.number)

    def enter_team(self, opener: int) -> None:
        """Take part in the team of somebody."""
        self.user["team"] = opener
        self.count(M.team_members)
        self.note(Event.TEAM, opener)

    # Evening ----------------------------------------------------------------------------

    def score(self, seeding: np.void) -> int:
        """By how much this person is worth paying for a post."""
        if seeding["by"] == -2:
            return 0
        if seeding["by"] == -1:
            return len(self.friends)
        return int(observe(self.user, self.market.day, seeding["by"]))

    def rank(self, seeding: np.void) -> tuple[int, int, int]:
        """Place among those who may be paid for a post; the smallest comes first."""
        bits = int(named_bits(self.key, int(Purpose.SEEDED), seeding["name"]))
        return -max(0, min(self.score(seeding), 2**24 - 1)), bits >> 24, self.number

    def be_paid(self, seeding: np.void) -> None:
        """Post for a fee; the post may turn out negative."""
        self.count(M.seeds)
        self.pay(M.voice_fen, int(seeding["fee"]), Event.FEE)
        self.voices.append(int(seeding["voice"]) + bool(turns_out_negative(self.key, seeding)))

    def tell(self) -> list[tuple[Person, bool]]:
        """Tell all friends; returns those who noticed, and whether it was bad."""
        told = []
        for number in self.voices:
            voice = self.market.terms.voices[number]
            self.count(M.talks)
            self.note(Event.SPEAK, number)
            if voice["rewarded"]:
                self.be_rewarded(voice)
            for friend in self.friends:
                if friend.user["status"] != LEFT and notices(self.key, friend.number, voice):
                    self.count(M.told)
                    told.append((friend, bool(voice["bad"])))
                    if friend.is_prospect and not voice["bad"]:
                        ready = willingness(friend.user, self.market.terms.now[0])
                        if is_persuaded(self.key, friend.number, ready, voice):
                            self.want(friend, False)
        return told

    def be_rewarded(self, voice: np.void) -> None:
        """A share is paid, unless it was demanded against the platform's rules and that is punished, too."""
        self.count(M.shares)
        self.user["shared"] = min(255, int(self.user["shared"]) + 1)
        self.user["fatigue"] = float(self.user["fatigue"]) + float(voice["load"])
        self.pay(M.bonus_fen, int(voice["reward"]), Event.BONUS)
        if voice["punished"] > 0 and is_punished(self.key, voice):
            self.count(M.punished)
            self.pay(M.sharing_fen, int(voice["fine"]), Event.FINE)

    def want(self, friend: Person, invited: bool) -> None:
        """Lay claim to somebody."""
        friend.claims.append((int(claim(self.key, friend.number)), self.me, invited))

    def win_for_team(self) -> None:
        """Ask friends who are in no team to take part in the own one."""
        market = self.market
        team = market.terms.teams[market.team_kind[int(self.user["team"])]]
        if not (self.is_member and team["needed"]):
            return
        offer = market.terms.offers[team["offer"]]
        for friend in self.friends:
            if friend.user["team"] >= 0 or friend.user["status"] == LEFT:
                continue
            ready = willingness(friend.user, market.terms.now[0]) if friend.is_prospect else 1.0
            chance = recruit_chance(ready, friend.is_prospect, friend.user, team, offer)
            if is_recruited(self.key, friend.number, chance):
                self.want(friend, False)

    def end_team(self, offer: int | None, commission: int) -> None:
        """The team is over: those who are still here get its offer, and the opener what was promised for it."""
        opened = int(self.user["team"]) == self.number
        self.user["team"] = -1
        if not self.is_member:
            return
        self.note(Event.TEAM_END, offer is not None)
        if offer is None:
            return
        self.get_promised(offer)
        if opened:
            self.count(M.teams_done)
            if commission:
                self.pay(M.bonus_fen, commission, Event.BONUS)

    def get_promised(self, number: int) -> None:
        """An offer that was promised: valid from tomorrow, kept if it is not shallower than the one held."""
        offer, u = self.market.terms.offers[number], self.user
        self.count(M.issued)
        kept = bool(offer["worth"] >= u["coupon_depth"])
        if kept:
            u["coupon_depth"], u["coupon_offer"] = offer["worth"], number
            u["coupon_until"] = self.market.day + offer["valid"]
        self.note(Event.COUPON, 2 * number + kept)


def choose_seeds(market: TwinMarket) -> None:
    """Those who are paid for a post today: the highest by what they are chosen for."""
    for seeding in market.terms.seedings:
        if seeding["open"]:
            can = [person for person in market.people if person.is_member and person.is_among(seeding)]
            for person in sorted(can, key=lambda person: person.rank(seeding))[: int(seeding["people"])]:
                person.be_paid(seeding)


def tell_everybody(market: TwinMarket) -> None:
    """All talk is heard at once: what one says tonight does not depend on what another says tonight."""
    told: list[tuple[Any, bool]] = []
    speakers = [person for person in market.people if person.is_member]
    for person in speakers:
        told += person.tell()
    for friend, bad in told:
        hear(friend.user, bad)
    market.angry_voices = sum(0 in person.voices for person in speakers)
    market.audience = len(speakers)


def buy_together(market: TwinMarket) -> None:
    """Teams win friends; those that are large enough, or out of time, are over."""
    for person in market.people:
        person.claims = []
    for person in [person for person in market.people if person.user["team"] >= 0]:
        person.win_for_team()
    for person in [person for person in market.people if person.claims]:
        friend = person.strongest_claim()
        opener = market.people[int(friend.user["team"])]
        if person.is_prospect:
            person.come_in(market.by_referral, friend)
            person.count(M.team_joins)
        person.user["team_until"] = opener.user["team_until"]
        person.enter_team(opener.number)
    together: dict[int, list[Person]] = {}
    for person in market.people:
        if person.user["team"] >= 0:
            together.setdefault(int(person.user["team"]), []).append(person)
    for opener_number, team in together.items():
        name = market.names.teams[market.team_kind[opener_number]]
        plan = market.in_force.levers.teams.get(name)
        over = market.day >= int(team[0].user["team_until"])
        full = plan is not None and len(team) >= plan.needed
        if plan is not None and full and plan.early:
            over = True
        if over:
            offer = None
            if plan is not None and full:
                reached = [size for size in plan.steps if size <= len(team)]
                label = plan.steps[max(reached)] if reached else plan.offer
                offer = market.names.numbers[0].offers[label]
            for person in team:
                person.end_team(offer, round(plan.commission * 100) if plan else 0)
