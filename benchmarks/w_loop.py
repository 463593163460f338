"""Workload W (`w_model`) as a plain numba scalar loop: the reference for what a compiled user-day costs.

It is what somebody would write for exactly this model: float32 arrays, one keyed hash per decision, rates as
constants, no mechanism that could be switched.
"""

from __future__ import annotations

from math import cos, exp, log, pi, sqrt
from typing import Any

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks import w_model as w
from benchmarks.w_model import People, live_days, rates

PROSPECT, NEW, ACTIVE, DORMANT, CHURNED = (np.uint8(x) for x in range(5))
SALES, REVENUE, PUSHES = w.SALES, w.REVENUE, w.PUSHES
JOINS, OPENS, INVITATIONS = w.JOINS, w.OPENS, w.INVITATIONS
NEVER = np.int16(32_767)
U = np.uint64
F = np.float32
GOLDEN, MIX_1, MIX_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
S27, S30, S31, S32, S40 = U(27), U(30), U(31), U(32), U(40)
STEP = F(1.0 / 16_777_216.0)
PUSH = np.array(w.PUSH, F)  # by state
KEEP, COUPON, BASE, BASE_PUSHED, TIRED = F(w.KEEP), F(w.COUPON), F(w.BASE), F(w.BASE_PUSHED), F(w.TIRED)
LIFT, MU, SIGMA, INVITE, JOIN = F(w.LIFT), F(w.AMOUNT_MU), F(w.AMOUNT_SIGMA), F(w.INVITE), F(w.JOIN)
CHURN, CHURN_TIRED, IDLE = F(w.CHURN), F(w.CHURN_TIRED), w.IDLE
COUNTED = len(w.COUNTED)
BLOCK = 8192  # users whose counts are summed apart, so that the sums stay in registers and cache


@njit(inline="always")
def _mix(z: Any) -> Any:
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@njit(inline="always")
def _draw(key: Any, number: Any) -> Any:
    """A uniform float32 with 24 bits for one decision."""
    return F(_mix(key + U(number) * GOLDEN) >> S40) * STEP


@njit
def _buys(i, day, key, state, joins_on, propensity, coupon, spend, indptr, indices, counts):  # type: ignore[no-untyped-def]
    """The few who opened: amount bought (0: none), and perhaps an invitation that is taken up tomorrow."""
    if _draw(key, 3) >= propensity[i] * (F(1.0) + LIFT * F(coupon[i])):
        return F(0.0)
    radius = F(sqrt(F(-2.0) * F(log(_draw(key, 4) + F(0.5) * STEP))))
    normal = radius * F(cos(F(2.0 * pi) * _draw(key, 5)))
    amount = F(exp(MU + SIGMA * normal))
    spend[i] += amount
    coupon[i] = 0
    if _draw(key, 6) < INVITE:
        counts[INVITATIONS] += 1
        degree = U(indptr[i + 1] - indptr[i])
        friend = indices[indptr[i] + np.int64(((_mix(key + U(7) * GOLDEN) >> S32) * degree) >> S32)]
        if state[friend] == PROSPECT and joins_on[friend] > day and _draw(key, 8) < JOIN:
            joins_on[friend] = day + 1
    return amount


@njit
def _block(  # type: ignore[no-untyped-def]
    first,
    last,
    day,
    today,
    state,
    fatigue,
    seen,
    propensity,
    coupon,
    spend,
    joins_on,
    indptr,
    indices,
    counts,
):
    """One day of the users first..last-1; yesterday's accepted invitations join first."""
    for i in range(first, last):
        stage = state[i]
        if stage == PROSPECT:
            if joins_on[i] > day:
                counts[PROSPECT] += 1
                continue
            stage = NEW
            fatigue[i] = F(0.0)
            seen[i] = day
            counts[JOINS] += 1
        elif stage == CHURNED:
            counts[CHURNED] += 1
            continue
        key = _mix(today + U(i) * GOLDEN)
        load = fatigue[i] * KEEP
        chance = BASE
        if _draw(key, 0) < PUSH[stage]:
            load += F(1.0)
            chance = BASE_PUSHED
            counts[PUSHES] += 1
            if _draw(key, 9) < COUPON:
                coupon[i] = 1
        fatigue[i] = load
        opened = _draw(key, 1) < chance * F(exp(-TIRED * load))
        if opened:
            stage = ACTIVE
            seen[i] = day
            counts[OPENS] += 1
            amount = _buys(i, day, key, state, joins_on, propensity, coupon, spend, indptr, indices, counts)
            if amount > F(0.0):
                counts[SALES] += 1
                counts[REVENUE] += amount
        if _draw(key, 2) < CHURN * (F(1.0) + CHURN_TIRED * load):
            stage = CHURNED
        elif not opened and day - seen[i] > IDLE:
            stage = DORMANT
        state[i] = stage
        counts[stage] += 1


@njit
def _days(  # type: ignore[no-untyped-def]
    seed, first, last, state, fatigue, seen, propensity, coupon, spend, joins_on, indptr, indices, counted
):
    """The days first..last."""
    counts = np.zeros(COUNTED)
    for day in range(first, last + 1):
        today = _mix(U(seed) * MIX_1 + U(day) * MIX_2)
        for begin in range(0, state.size, BLOCK):
            counts[:] = 0.0
            _block(begin, min(state.size, begin + BLOCK), day, today, state, fatigue, seen, propensity, coupon,
                   spend, joins_on, indptr, indices, counts)  # fmt: skip
            counted[day - 1] += counts


class Program:
    """W, day by day."""

    version = numba.__version__

    def __init__(self, people: People, days: int, seed: int) -> None:
        n = people.n
        self.people, self.seed, self.day = people, seed, 0
        self.state = np.where(people.joined, ACTIVE, PROSPECT).astype(np.uint8)
        self.fatigue, self.spend, self.coupon = np.zeros(n, F), np.zeros(n, F), np.zeros(n, np.uint8)
        self.seen, self.joins_on = people.seen.copy(), np.full(n, NEVER)
        self.counted: NDArray[np.float64] = np.zeros((days, COUNTED))

    def step(self, days: int) -> None:
        """Some days."""
        people = self.people
        _days(self.seed, self.day + 1, self.day + days, self.state, self.fatigue, self.seen, people.propensity,
              self.coupon, self.spend, self.joins_on, people.indptr, people.indices, self.counted)  # fmt: skip
        self.day += days


class WorkloadW:
    """W on N users: the same people and graph in each `run`.

    Args:
        n: users, half of whom have joined.
        days: length of one run.
        seed: of graph, people and draws.
    """

    def __init__(self, n: int = 100_000, days: int = 365, seed: int = 1) -> None:
        self.n, self.days, self.seed = n, days, seed
        self.people = people_of_w(n, seed)
        self.counted: NDArray[np.float64] = np.zeros((days, COUNTED))

    def run(self) -> int:
        """All days; returns the *live* user-days that were simulated."""
        program = Program(self.people, self.days, self.seed)
        program.step(self.days)
        self.counted = program.counted
        return live_days(self.counted)

    def rates(self) -> dict[str, float]:
        """What happened per live user-day in the last run, and the live share of user-days."""
        return rates(self.counted)


def people_of_w(n: int, seed: int = 1) -> People:
    """W's people on W's graph."""
    from simlab.world.graph import barabasi_albert  # not needed where people come from a file

    graph = barabasi_albert(n, 10.0, seed)
    return People.on(graph.indptr, graph.indices, seed)
