"""Workload W by hand in NumPy: arrays over the users, a day computed on the indices of those who live."""

from __future__ import annotations

import numpy as np

from benchmarks import w_model as w
from benchmarks.w_model import People

F = np.float32
PUSH = np.array(w.PUSH, F)


class Program:
    """W, day by day."""

    version = np.__version__

    def __init__(self, people: People, days: int, seed: int) -> None:
        self.people = people
        self.rng = np.random.Generator(np.random.SFC64(seed))
        self.day = 0
        self.state = np.where(people.joined, w.ACTIVE, w.PROSPECT).astype(np.uint8)
        self.fatigue = np.zeros(people.n, F)
        self.seen = people.seen.copy()
        self.coupon = np.zeros(people.n, bool)
        self.spend = np.zeros(people.n, F)
        self.live = np.flatnonzero(people.joined).astype(np.int32)
        self.joining = np.empty(0, np.int32)
        self.counted = np.zeros((days, len(w.COUNTED)))

    def chance(self, n: int) -> np.ndarray:
        """n uniform draws."""
        return self.rng.random(n, dtype=F)

    def step(self, days: int) -> None:
        """Some days."""
        for _ in range(days):
            self.one_day()

    def one_day(self) -> None:
        """One day for everybody who lives."""
        self.day += 1
        joining = self.joining
        self.state[joining] = w.NEW
        self.fatigue[joining] = 0
        self.seen[joining] = self.day
        if joining.size:
            self.live = np.concatenate([self.live, joining])
        live = self.live

        pushed = self.chance(live.size) < PUSH[self.state[live]]
        reached = live[pushed]
        self.coupon[reached[self.chance(reached.size) < w.COUPON]] = True

        fatigue = self.fatigue[live] * F(w.KEEP) + pushed
        self.fatigue[live] = fatigue

        base = np.where(pushed, F(w.BASE_PUSHED), F(w.BASE))
        opened = self.chance(live.size) < base * np.exp(fatigue * F(-w.TIRED))
        openers = live[opened]
        self.state[openers] = w.ACTIVE
        self.seen[openers] = self.day

        inclined = self.people.propensity[openers] * (1 + F(w.LIFT) * self.coupon[openers])
        buyers = openers[self.chance(openers.size) < inclined]
        amount = self.rng.lognormal(w.AMOUNT_MU, w.AMOUNT_SIGMA, buyers.size).astype(F)
        self.spend[buyers] += amount
        self.coupon[buyers] = False

        inviters = buyers[self.chance(buyers.size) < w.INVITE]
        accepted = self._neighbours(inviters)[self.chance(inviters.size) < w.JOIN]
        self.joining = np.unique(accepted[self.state[accepted] == w.PROSPECT])

        churns = self.chance(live.size) < w.CHURN * (1 + w.CHURN_TIRED * fatigue)
        sleeps = ~opened & ~churns & (self.day - self.seen[live] > w.IDLE)
        self.state[live[churns]] = w.CHURNED
        self.state[live[sleeps]] = w.DORMANT
        self.live = live[~churns]

        self.counted[self.day - 1] = (
            *np.bincount(self.state, minlength=5), reached.size, openers.size, buyers.size, amount.sum(),
            inviters.size, joining.size,
        )  # fmt: skip

    def _neighbours(self, users: np.ndarray) -> np.ndarray:
        """One random neighbour of each."""
        first = self.people.indptr[users]
        degree = self.people.indptr[users + 1] - first
        return self.people.indices[first + (self.chance(users.size) * degree).astype(np.int32)]
