"""One person of the twin among friends: asks them, joins through them, misses them when they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.world import twin_money as money
from simlab.world.metrics import M
from simlab.world.records import Event
from simlab.world.rules import accepts, claim, first_friend, hunts_today, invites_today, join_as_hunter
from simlab.world.twin_customer import Customer

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket


class Person(Customer):
    """A customer who knows others.

    Attributes:
        friends: neighbours in the graph, in its order.
        asks: how many friends to ask tonight. hunting: one of them, for the reward alone.
        claims: accepted invitations of tonight: strength and inviter.
    """

    def __init__(self, model: TwinMarket, number: int, record: NDArray[np.void]) -> None:
        super().__init__(model, number, record)
        self.friends: list[Person] = []
        self.asks = 0
        self.hunting = False
        self.claims: list[tuple[int, Person]] = []

    def wake(self) -> None:
        """A new day: nobody has been asked yet."""
        super().wake()
        self.asks, self.hunting, self.claims = 0, False, []

    def afternoon(self) -> None:
        """The customer's afternoon; who is still here afterwards may want to invite."""
        super().afternoon()
        if self.is_member:
            self.decide_to_invite()

    def decide_to_invite(self) -> None:
        """How many friends to ask tonight; who asks nobody may still bring one for the reward alone."""
        market, u = self.market, self.user
        if market.strategy_of(self).levers.referral is None:
            return
        if not int(self.now["referral_stages"]) >> int(u["stage"]) & 1:
            return
        if u["alive"]:
            self.asks = int(invites_today(u, self.key, self.now))
        if self.asks == 0 and hunts_today(self.key, self.now):
            self.asks, self.hunting = 1, True

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
            receptive = friend.user["receptive"]
            if self.hunting or accepts(self.key, friend.number, receptive, known, self.now):
                friend.claims.append((int(claim(self.key, friend.number)), self))

    def strongest_claim(self) -> Person:
        """Whose invitation counts: the strongest claim, and among equals the smaller id."""
        return max(self.claims, key=lambda claimed: (claimed[0], -claimed[1].number))[1]

    def accept_invitation(self) -> None:
        """Join by invitation, and the programme pays what it promised this morning while its budget lasts."""
        inviter = self.strongest_claim()
        now = inviter.now  # what the inviter's cell promised to both
        self.come_in(self.market.by_referral, inviter)
        if inviter.hunting:
            join_as_hunter(self.user, now)
            self.count(M.hunters)
        inviter.user["invited"] += 1
        money.earn_points(inviter, "per_invite")
        if inviter.user["invited"] % now["needed"] == 0:
            inviter.get_reward(now, "reward", M.reward_fen, Event.REWARD)
        self.get_reward(now, "invitee_reward", M.invitee_fen, Event.GIFT)

    def get_reward(self, now: np.void, which: str, metric: M, code: int) -> None:
        """A reward of those promised this morning, if there is one and its budget can still pay it whole."""
        fen = int(now[which])
        if fen > 0 and self.market.pay_reward(fen, int(now["purse"])):
            self.user["net"] -= fen
            self.count(metric, fen)
            self.earn(-fen)
            self.note(code, fen)
