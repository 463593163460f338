"""Workload W as an idiomatic Mesa model: one agent per user on a network, an agent set that does the day."""

from __future__ import annotations

from collections import Counter
from math import exp

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from benchmarks import w_model as w
from benchmarks.w_model import People


class User(FixedAgent):
    """Somebody who has joined, or may."""

    def __init__(self, model, cell, state, propensity, seen):  # type: ignore[no-untyped-def]
        super().__init__(model)
        self.cell = cell
        self.state = state
        self.propensity = propensity
        self.seen = seen
        self.fatigue = 0.0
        self.coupon = False
        self.spend = 0.0

    def join(self) -> None:
        """An invitation was accepted yesterday."""
        self.state = w.NEW
        self.fatigue = 0.0
        self.seen = self.model.steps

    def step(self) -> None:
        """One day."""
        if self.state in (w.PROSPECT, w.CHURNED):
            return
        pushed = self.random.random() < w.PUSH[self.state]
        if pushed:
            self.model.today["pushes"] += 1
            if self.random.random() < w.COUPON:
                self.coupon = True
        self.fatigue = w.KEEP * self.fatigue + pushed
        base = w.BASE_PUSHED if pushed else w.BASE
        opened = self.random.random() < base * exp(-w.TIRED * self.fatigue)
        if opened:
            self.open()
        if self.random.random() < w.CHURN * (1 + w.CHURN_TIRED * self.fatigue):
            self.state = w.CHURNED
        elif not opened and self.model.steps - self.seen > w.IDLE:
            self.state = w.DORMANT

    def open(self) -> None:
        """Comes by, may buy."""
        self.model.today["opens"] += 1
        self.state = w.ACTIVE
        self.seen = self.model.steps
        if self.random.random() < self.propensity * (1 + w.LIFT * self.coupon):
            self.buy()

    def buy(self) -> None:
        """Buys, may invite."""
        amount = self.random.lognormvariate(w.AMOUNT_MU, w.AMOUNT_SIGMA)
        self.spend += amount
        self.coupon = False
        self.model.today["sales"] += 1
        self.model.today["revenue"] += amount
        if self.random.random() < w.INVITE:
            self.model.today["invitations"] += 1
            friend = self.cell.neighborhood.select_random_agent()
            if friend.state == w.PROSPECT and self.random.random() < w.JOIN:
                self.model.joining.add(friend)


class Programme(mesa.Model):
    """W: everybody on a network, day by day."""

    def __init__(self, people: People, seed: int) -> None:
        super().__init__(seed=seed)
        graph = nx.Graph()
        graph.add_nodes_from(range(people.n))
        graph.add_edges_from(people.edges().tolist())
        self.network = Network(graph, capacity=1, random=self.random)
        states = [w.ACTIVE if joined else w.PROSPECT for joined in people.joined.tolist()]
        User.create_agents(
            self, people.n, list(self.network.all_cells), states, people.propensity.tolist(), people.seen.tolist()
        )  # fmt: skip
        self.joining: set[User] = set()
        self.today: Counter[str] = Counter()
        self.datacollector = mesa.DataCollector(
            model_reporters={name: lambda model, name=name: model.today[name] for name in w.COUNTED}
        )

    def step(self) -> None:
        """One day: newcomers, everybody, counts."""
        self.today = Counter(joins=len(self.joining))
        for user in self.joining:
            user.join()
        self.joining = set()
        self.agents.do("step")
        states = Counter(self.agents.get("state"))
        self.today.update({name: states[state] for state, name in enumerate(w.COUNTED[: w.PUSHES])})
        self.datacollector.collect(self)


class Program:
    """W, day by day."""

    version = mesa.__version__

    def __init__(self, people: People, days: int, seed: int) -> None:
        self.model = Programme(people, seed)

    def step(self, days: int) -> None:
        """Some days."""
        for _ in range(days):
            self.model.step()

    @property
    def counted(self) -> np.ndarray:
        """(days, COUNTED) so far."""
        frame = self.model.datacollector.get_model_vars_dataframe()
        return frame[list(w.COUNTED)].to_numpy(float)
