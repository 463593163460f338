"""The default scenario's rules as an idiomatic Mesa model: one agent per user, plain Python floats.

What a Mesa user would write: attributes on the agent, draws from the model's generator, an AgentSet of
members, a Network of cells for the graph, a DataCollector for the daily figures. Parameters are read
once into `Rules`. It shares no code with the engine but the people: each one's starting traits are
given, so that the two differ by their draws alone.
"""

from __future__ import annotations

from collections import Counter
from math import exp
from typing import Any

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network
from numpy.typing import NDArray

from benchmarks.mesa_rules import Rules

PROSPECT, MEMBER, LEFT = range(3)
BASE, REFERRAL, ADS = range(3)
COUNTS = ("touches", "seen", "opens", "visits", "mutes", "leaves", "orders", "invites", "joins")


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


class Advertiser(mesa.Agent):
    """The source outside: brings prospects at a steady rate per head."""

    def step(self) -> None:
        """Those who come today."""
        m, r = self.model, self.model.rules
        chance = 1 - exp(-r.exposures / m.pool * r.click_join)
        came = int(m.rng.binomial(len(m.prospects), chance))
        for prospect in self.random.sample(list(m.prospects), came):
            prospect.join(ADS)
            prospect.rate *= r.ads_need
            prospect.deal *= r.ads_deal


class Programme(mesa.Model):
    """The private-domain programme over a social graph.

    Args:
        rules: parameters of the scenario.
        graph: who knows whom; nodes 0, 1, ...
        traits: starting attributes of each person, in node order.
        rng: seed of the model's generators.
        members_only: step an AgentSet of members instead of all customers: a tuning by hand, not the idiom.
    """

    def __init__(
        self,
        rules: Rules,
        graph: nx.Graph,
        traits: list[dict[str, Any]],
        rng: int,
        members_only: bool = False,
    ) -> None:
        super().__init__(rng=rng)
        self.rules = rules
        self.network = Network(graph, capacity=1, random=self.random)
        people = Customer.create_agents(self, len(traits), list(self.network.all_cells), traits)
        self.members = people.select(lambda a: a.status == MEMBER)
        self.prospects = people.select(lambda a: a.status == PROSPECT)
        self.pool = len(self.prospects)
        self.stepped = self.members if members_only else self.agents_by_type[Customer]
        self.advertiser = Advertiser(self)
        self.day = 0
        self.counts: Counter[str] = Counter()
        self.spent = self.revenue = 0
        self.invitations: list[tuple[Customer, int, bool]] = []
        self.gone: list[Customer] = []
        reporters: dict[str, Any] = {name: (lambda m, n=name: m.counts[n]) for name in COUNTS}
        reporters |= {
            "members": lambda m: len(m.members),
            "stages": lambda m: Counter(m.stepped.get("stage")),
            "fatigue": lambda m: sum(m.members.get("fatigue")),
            "revenue": "revenue",
            "spent": "spent",
        }
        self.datacollector = mesa.DataCollector(model_reporters=reporters)

    def step(self) -> None:
        """One day of the programme."""
        self.day += 1
        date = self.rules.date_of(self.day)
        self.new_week, self.new_month = date.weekday() == 0 or self.day == 1, date.day == 1 or self.day == 1
        self.counts = Counter()
        self.spent = self.revenue = 0
        self.stepped.do("step")
        self.tell_friends()
        self.deliver_invitations()
        self.advertiser.step()
        self.datacollector.collect(self)

    def tell_friends(self) -> None:
        """Friends of those who are gone take note; they react tomorrow."""
        for person in self.gone:
            for friend in person.friends:
                if friend.status == MEMBER:
                    friend.lost_friends += 1
                    friend.lost_inviter |= friend.inviter is person
        self.gone = []

    def deliver_invitations(self) -> None:
        """Invitations over the graph; when several friends win the same prospect, one of them gets the credit."""
        r, claims = self.rules, {}  # type: ignore[var-annotated]
        for inviter, asked, hunting in self.invitations:
            friends = inviter.friends
            if not friends or inviter.status != MEMBER:
                continue
            start = self.random.randrange(len(friends))
            for friend in friends[start:] + friends[:start]:
                if friend.status != PROSPECT:
                    continue
                self.counts["invites"] += 1
                asked -= 1
                chance = r.accept * friend.receptive
                if any(f is not inviter and f.status == MEMBER for f in friend.friends):
                    chance *= 1 + r.proof
                if hunting or self.random.random() < chance:
                    claims.setdefault(friend, []).append((inviter, hunting))
                if asked == 0:
                    break
        for friend, claimants in claims.items():
            inviter, hunting = self.random.choice(claimants)
            friend.join(REFERRAL, inviter)
            if hunting:
                friend.rate *= r.hunter_need
                friend.extra_hazard += r.hunter_hazard
                friend.deal *= r.hunter_deal
            inviter.invited += 1
            self.spent += r.reward + r.invitee_reward
        self.invitations = []


def traits_of(users: NDArray[np.void]) -> list[dict[str, Any]]:
    """Everybody's starting attributes from the engine's user records, as plain Python numbers."""
    names = ("life_left", "rate", "hazard", "basket_rate", "deal", "visits", "sociability", "receptive", "affinity",
             "joined", "last_seen", "last_order", "orders", "status", "alive", "muted", "dog")  # fmt: skip
    columns = {name: users[name].tolist() for name in names}
    columns["tolerance"] = (1.0 / users["inv_tolerance"].astype(float)).tolist()
    columns["half_activity"] = (1.0 / users["inv_half_activity"].astype(float)).tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def network_of(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> nx.Graph:
    """The same social graph as a NetworkX graph."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(indptr) - 1))
    sources = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    graph.add_edges_from(zip(sources.tolist(), indices.tolist(), strict=True))
    return graph
