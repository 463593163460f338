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
from mesa.discrete_space import Network
from numpy.typing import NDArray

from benchmarks.mesa_customer import ADS, MEMBER, PROSPECT, REFERRAL, Customer
from benchmarks.mesa_rules import Rules

COUNTS = ("touches", "seen", "opens", "visits", "mutes", "leaves", "orders", "invites", "joins")


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
