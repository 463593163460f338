"""One person of the twin among friends: asks them, joins through them, misses them when they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.world import twin_money as money
from simlab.world.company_rules import is_caught, is_wrongly_refused, pride, reward_due, willingness
from simlab.world.metrics import M
from simlab.world.records import Event
from simlab.world.rules import accepts, first_friend, hunts_today, invites_today, join_as_hunter
from simlab.world.twin_company import Companion

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket


class Person(Companion):
    """A customer who knows others.

    Attributes:
        asks: how many friends to ask tonight. hunting: one of them, for the reward alone.
        programme: by which programme.
    """

    def __init__(self, model: TwinMarket, number: int, record: NDArray[np.void]) -> None:
        super().__init__(model, number, record)
        self.asks = 0
        self.hunting = False
        self.programme = -1

    def wake(self) -> None:
        """A new day: nobody has been asked yet."""
        super().wake()
        self.asks, self.hunting = 0, False

    def afternoon(self) -> None:
        """The customer's afternoon; who is still here afterwards may want to invite, and to talk."""
        super().afternoon()
        if self.is_member:
            self.decide_to_invite()
            self.keep_company()

    def decide_to_invite(self) -> None:
        """How many friends to ask tonight; who asks nobody may still bring one for the reward alone."""
        market, u, terms = self.market, self.user, self.market.terms
        levers = market.strategy_of(self).levers
        if levers.referral is None and not levers.programmes:
            return
        programmes = terms.programmes[u["cell"]]
        if u["alive"]:
            asks, self.programme = invites_today(
                u, self.key, self.now, programmes, terms.goals, terms.conditions
            )
            self.asks = int(asks)
        if self.asks == 0:
            self.programme = int(hunts_today(u, self.key, self.now, programmes, terms.conditions))
            self.hunting = self.programme >= 0
            self.asks = int(self.hunting)

    @property
    def promise(self) -> np.void:
        """What the programme by which this person invites promised this morning, in the own test cell."""
        promise: np.void = self.market.terms.programmes[self.user["cell"], self.programme]
        return promise

    def tell_friends(self) -> None:
        """The relation is over: friends and own invitees in the programme take note, and react tomorrow."""
        for friend in self.friends:
            if friend.is_member:
                friend.user["lost_friends"] += 1
                if friend.user["inviter"] == self.number:
                    friend.user["lost_inviter"] = 1

    def ask_friends(self) -> None:
        """Invitations go to the next friends outside the programme, round the list from a keyed start."""
        if not (self.asks and self.friends):
            return
        start = int(first_friend(self.key, len(self.friends)))
        around = self.friends[start:] + self.friends[:start]
        for friend in [friend for friend in around if friend.is_prospect][: self.asks]:
            self.count(M.invites)
            self.note(Event.INVITE, friend.number)
            known = any(other.is_member for other in friend.friends if other is not self)
            ready = willingness(friend.user, self.now)
            if self.hunting or accepts(self.key, friend.number, ready, known, self.promise, self.now):
                self.want(friend, True)

    def strongest_claim(self) -> Person:
        """Whose invitation counts: the strongest claim, and among equals the smaller id."""
        return max(self.claims, key=lambda claimed: (claimed[0], -claimed[1].number))[1]

    def accept_invitation(self) -> None:
        """Join by invitation, and the programme pays what it promised this morning while its budget lasts.

        Whom a friend only told comes without an invitation: then nothing was promised.
        """
        inviter = self.strongest_claim()
        invited = any(who is inviter and invited for _, who, invited in self.claims)
        if not invited:
            self.come_in(self.market.by_referral, inviter)
            self.count(M.talk_joins)
            return
        promise = inviter.promise
        caught, refused = self.be_checked(inviter, promise) if promise["checked"] else (False, False)
        if caught:
            return
        self.come_in(self.market.by_referral, inviter)
        if inviter.hunting:
            join_as_hunter(self.user, inviter.now)
            self.count(M.hunters)
        inviter.user["invited"] += 1
        pride(inviter.user, promise, inviter.now)
        money.earn_points(inviter, "per_invite")
        if refused:
            return
        due = int(reward_due(inviter.user, promise, self.market.terms.goals))
        inviter.get_reward(due, int(promise["purse"]), M.reward_fen, Event.REWARD)
        self.get_reward(int(promise["invitee_reward"]), int(promise["purse"]), M.invitee_fen, Event.GIFT)
        if promise["offer"] >= 0 and self.market.terms.offers[promise["offer"]]["open"]:
            self.get_promised(int(promise["offer"]))

    def be_checked(self, inviter: Person, promise: np.void) -> tuple[bool, bool]:
        """Whether the check keeps this person out, and whether it refuses the rewards."""
        inviter.count(M.checks)
        inviter.pay(M.voice_fen, int(promise["check_cost"]), Event.FEE)
        if inviter.hunting:
            caught = bool(is_caught(self.key, promise))
            if caught:
                inviter.count(M.blocked)
                inviter.note(Event.BLOCKED, self.number)
            return caught, caught
        refused = bool(is_wrongly_refused(self.key, promise))
        inviter.count(M.wrongly_refused, refused)
        return False, refused

    def get_reward(self, fen: int, purse: int, metric: M, code: int) -> None:
        """A reward, if there is one and its budget can still pay it whole."""
        if fen > 0 and self.market.pay_reward(fen, purse):
            self.pay(metric, fen, code)
