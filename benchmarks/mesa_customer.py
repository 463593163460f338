"""One user of the Mesa model: attributes on the agent, a day as methods, draws from the model's generator."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from mesa.discrete_space import FixedAgent

from benchmarks.mesa_rules import Rules

if TYPE_CHECKING:
    from benchmarks.mesa_model import Programme

PROSPECT, MEMBER, LEFT = range(3)
BASE, REFERRAL, ADS = range(3)


class Customer(FixedAgent):
    """One person: a member, a prospect, or somebody who has left."""

    def __init__(self, model: Programme, cell: Any, traits: dict[str, Any]) -> None:
        super().__init__(model)
        self.cell = cell
        self.__dict__.update(traits)  # rate, hazard, deal, tolerance ...: see `traits_of`
        self.stage = "prospect"
        self.fatigue = self.exposure = self.trust = self.inventory = self.log_reference = self.grief = 0.0
        self.extra_hazard = 0.0
        self.coupon_until: int | None = None
        self.sent_week = self.sent_month = self.invited = 0
        self.lost_friends = 0
        self.lost_inviter = False
        self.inviter: Customer | None = None

    # The day --------------------------------------------------------------------------------

    def step(self) -> None:
        """One day: overnight decay, lifecycle stage, touches, order, lifetime, visit, invitation."""
        if self.status != MEMBER:
            return
        m, r = self.model, self.model.rules
        rnd = self.random.random
        self.rest(r)
        self.stage = self.lifecycle(m.day)
        if not self.muted and self.receive_touches(m, r, rnd):
            self.react(m, r, rnd)
            if self.status == LEFT:
                return
        if self.alive:
            self.consider_order(m, r, rnd)
            self.live_on(m, r)
        elif rnd() < r.exit:
            self.leave()
            return
        self.perhaps_visit(m, r, rnd)
        self.perhaps_invite(m, r, rnd)

    def rest(self, r: Rules) -> None:
        """Overnight, every stock decays; a coupon may run out."""
        self.fatigue *= r.fatigue_keep
        self.exposure *= r.exposure_keep
        self.trust *= r.trust_keep
        self.inventory *= r.inventory_keep
        self.log_reference *= r.reference_keep
        self.grief *= r.grief_keep
        if self.lost_friends or self.lost_inviter:
            self.grief += r.grief_friend * self.lost_friends + r.grief_inviter * self.lost_inviter
            self.lost_friends, self.lost_inviter = 0, False
        if self.model.new_week:
            self.sent_week = 0
        if self.model.new_month:
            self.sent_month = 0
        if self.coupon_until is not None and self.coupon_until < self.model.day:
            self.coupon_until = None

    def lifecycle(self, day: int) -> str:
        """The stage table of the default scenario."""
        if day - self.joined <= 30:
            return "new"
        if self.orders >= 3 and day - self.last_order <= 120:
            return "loyal"
        idle = day - self.last_seen
        if idle <= 45:
            return "active"
        return "at_risk" if idle <= 120 else "dormant"

    def receive_touches(self, m: Programme, r: Rules, rnd: Any) -> int:
        """Today's touches, within the caps; returns how many were delivered."""
        sent = 0
        for touch in r.touches:
            if rnd() >= touch.chance[self.stage]:
                continue
            if sent >= r.cap_day or self.sent_week >= r.cap_week or self.sent_month >= r.cap_month:
                continue
            load = self.fatigue / (self.tolerance * r.half_seen)
            if rnd() < r.seen * (r.seen_floor + (1 - r.seen_floor) / (1 + load**2.5)):
                m.counts["seen"] += 1
                if rnd() < r.open * r.half_open / (r.half_open + self.fatigue) * r.crowding**sent:
                    m.counts["opens"] += 1
                    if rnd() < r.interact:
                        self.last_seen = m.day
                self.exposure += touch.exposure
                level = self.affinity + self.trust
                if touch.trust > 0:
                    self.trust += touch.trust * max(0.0, 1 - level) / (1 - self.affinity)
                else:
                    self.trust += touch.trust * max(0.0, level) / self.affinity
                if touch.coupon and rnd() < 1 - exp(-r.clip * self.deal):
                    self.coupon_until = m.day + r.valid - 1
            self.fatigue += touch.fatigue
            sent += 1
            self.sent_week += 1
            self.sent_month += 1
            m.counts["touches"] += 1
            m.spent += touch.cost
        return sent

    def react(self, m: Programme, r: Rules, rnd: Any) -> None:
        """After a touched morning: mute, complain, leave."""
        load = self.fatigue / self.tolerance
        annoyance = (load / r.reference) ** r.exponent / (1 + (load / r.saturation) ** r.exponent)
        if rnd() < r.mute * annoyance:
            self.muted = True
            m.counts["mutes"] += 1
        if rnd() < r.complain * annoyance:
            m.spent += r.complaint_cost
        if rnd() < r.leave * annoyance or (
            self.dog and m.day - self.last_seen > r.dog_idle and rnd() < r.dog_leave
        ):
            self.leave()

    def trust_factor(self, response: float) -> float:
        """Relative effect of affinity."""
        return max(0.1, 1 + response * self.trust / self.affinity)

    def coupon_lift(self, r: Rules) -> float:
        """Factor of the order rate while a coupon is held."""
        e = r.elasticity * self.deal
        relative = e * r.reference_share
        gap = r.log_price - self.log_reference
        weight = r.loss_aversion if gap > 0 else 1.0
        gain = -(e - relative) * r.log_price - relative * weight * gap
        gain -= relative * r.loss_aversion * self.log_reference
        if gain <= 0:
            return 1.0
        room = r.largest_lift - 1
        return 1 + room * (1 - exp(-(exp(min(gain, 20.0)) - 1) / room))

    def consider_order(self, m: Programme, r: Rules, rnd: Any) -> None:
        """At most one order a day, perhaps with the coupon."""
        x = self.fatigue / self.half_activity
        rate = self.rate * (1 / (1 + x**r.steepness)) ** r.order_exponent
        rate *= 1 + r.lift * self.exposure / (self.exposure + r.half_exposure)
        rate *= self.trust_factor(r.trust_orders) * (1 - self.inventory)
        if self.log_reference < 0:
            rate *= exp(r.elasticity * self.deal * r.reference_share * r.loss_aversion * self.log_reference)
        lift = 1.0 if self.coupon_until is None else self.coupon_lift(r)
        if rnd() >= 1 - exp(-rate * lift):
            return
        amount = max(1, round(self.random.gammavariate(r.basket_p, 1 / self.basket_rate)))
        log_paid = 0.0
        if self.coupon_until is not None:
            log_paid = r.log_price
            m.spent += round(amount * r.depth)
            borrowed = r.pull_forward * (1 - 1 / lift)
            self.inventory = min(0.9, self.inventory + borrowed / (self.rate * r.inventory_days))
            self.coupon_until = None
        self.log_reference = min(
            0.0, self.log_reference + r.reference_learning * (log_paid - self.log_reference)
        )
        self.orders += 1
        self.last_order = self.last_seen = m.day
        m.counts["orders"] += 1
        m.revenue += amount

    def live_on(self, m: Programme, r: Rules) -> None:
        """The lifetime clock."""
        self.life_left -= (
            self.hazard / self.trust_factor(r.trust_lifetime) * (1 + self.grief) + self.extra_hazard
        )
        if self.life_left <= 0:
            self.alive = False
            m.gone.append(self)

    def perhaps_visit(self, m: Programme, r: Rules, rnd: Any) -> None:
        """An own visit."""
        chance = self.visits / (1 + (self.fatigue / self.half_activity) ** r.steepness)
        if self.muted:
            chance *= r.muted_visits
        if not self.alive:
            chance *= r.ended_visits
        if rnd() < chance:
            self.last_seen = m.day
            m.counts["visits"] += 1

    def perhaps_invite(self, m: Programme, r: Rules, rnd: Any) -> None:
        """Ask friends, or bring one for the reward alone."""
        if self.alive:
            chance = r.episodes * self.sociability * self.trust_factor(r.trust_orders) * r.invite_gain
            if rnd() < chance:
                friends = 1
                while friends < 32 and rnd() < r.more:
                    friends += 1
                m.invitations.append((self, friends, False))
                return
        if rnd() < r.hunt:
            m.invitations.append((self, 1, True))

    def leave(self) -> None:
        """Leave the programme for good."""
        self.status = LEFT
        self.model.members.discard(self)
        self.model.counts["leaves"] += 1
        if self.alive:
            self.alive = False
            self.model.gone.append(self)

    def join(self, source: int, inviter: Customer | None = None) -> None:
        """A prospect becomes a member tonight."""
        m = self.model
        self.status, self.source, self.inviter = MEMBER, source, inviter
        self.joined = self.last_seen = m.day
        m.prospects.discard(self)
        m.members.add(self)
        m.counts["joins"] += 1

    @property
    def friends(self) -> list[Customer]:
        """Those whom this person knows."""
        return list(self.cell.neighborhood.agents)
