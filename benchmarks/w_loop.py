"""Workload W as a plain numba scalar loop: the reference for what a compiled user-day costs.

W is a small fixed model: five states, pushes, fatigue, opening, buying, inviting a neighbour, churn.
Half of N users have joined on a shuffled Barabasi-Albert graph with 5 links per newcomer. The loop below
is what somebody would write for exactly this model: float32 arrays, one keyed hash per decision,
rates as constants, no mechanism that could be switched.
"""

from __future__ import annotations

from math import cos, exp, log, pi, sqrt
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simlab.world.graph import Graph, barabasi_albert

PROSPECT, NEW, ACTIVE, DORMANT, CHURNED = range(5)
SALES, REVENUE, PUSHES, JOINS, OPENS, INVITATIONS = range(5, 11)
COUNTED = 11
NEVER = np.int16(32_767)
U = np.uint64
F = np.float32
GOLDEN, MIX_1, MIX_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
S27, S30, S31, S32, S40 = U(27), U(30), U(31), U(32), U(40)
STEP = F(1.0 / 16_777_216.0)
PUSH = np.array([0.0, 0.6, 0.4, 0.15, 0.0], F)  # by state
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
    if _draw(key, 3) >= propensity[i] * (F(1.0) + F(0.5) * F(coupon[i])):
        return F(0.0)
    radius = F(sqrt(F(-2.0) * F(log(_draw(key, 4) + F(0.5) * STEP))))
    normal = radius * F(cos(F(2.0 * pi) * _draw(key, 5)))
    amount = F(exp(F(3.0) + F(0.8) * normal))
    spend[i] += amount
    coupon[i] = 0
    if _draw(key, 6) < F(0.3):
        counts[INVITATIONS] += 1
        degree = U(indptr[i + 1] - indptr[i])
        friend = indices[indptr[i] + np.int64(((_mix(key + U(7) * GOLDEN) >> S32) * degree) >> S32)]
        if state[friend] == PROSPECT and joins_on[friend] > day and _draw(key, 8) < F(0.3):
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
            stage = np.uint8(NEW)
            fatigue[i] = F(0.0)
            seen[i] = day
            counts[JOINS] += 1
        elif stage == CHURNED:
            counts[CHURNED] += 1
            continue
        key = _mix(today + U(i) * GOLDEN)
        load = fatigue[i] * F(0.9)
        chance = F(0.06)
        if _draw(key, 0) < PUSH[stage]:
            load += F(1.0)
            chance = F(0.25)
            counts[PUSHES] += 1
            if _draw(key, 9) < F(0.1):
                coupon[i] = 1
        fatigue[i] = load
        opened = _draw(key, 1) < chance * F(exp(F(-0.3) * load))
        if opened:
            stage = np.uint8(ACTIVE)
            seen[i] = day
            counts[OPENS] += 1
            amount = _buys(i, day, key, state, joins_on, propensity, coupon, spend, indptr, indices, counts)
            if amount > F(0.0):
                counts[SALES] += 1
                counts[REVENUE] += amount
        if _draw(key, 2) < F(0.0005) * (F(1.0) + F(0.5) * load):
            stage = np.uint8(CHURNED)
        elif not opened and day - seen[i] > 30:
            stage = np.uint8(DORMANT)
        state[i] = stage
        counts[stage] += 1


@njit
def _days(  # type: ignore[no-untyped-def]
    seed, days, state, fatigue, seen, propensity, coupon, spend, joins_on, indptr, indices, totals
):
    counts = np.zeros(COUNTED)
    for day in range(1, days + 1):
        today = _mix(U(seed) * MIX_1 + U(day) * MIX_2)
        for first in range(0, state.size, BLOCK):
            counts[:] = 0.0
            _block(first, min(state.size, first + BLOCK), day, today, state, fatigue, seen, propensity, coupon,
                   spend, joins_on, indptr, indices, counts)  # fmt: skip
            totals[day - 1] += counts


class WorkloadW:
    """W on N users: the same people and graph in each `run`.

    Args:
        n: users, half of whom have joined.
        days: length of one run.
        seed: of graph, people and draws.
    """

    def __init__(self, n: int = 100_000, days: int = 365, seed: int = 1) -> None:
        self.n, self.days, self.seed = n, days, seed
        self.graph: Graph = barabasi_albert(n, 10.0, seed)
        self.indptr = self.graph.indptr.astype(np.int32)
        rng = np.random.default_rng(seed)
        self.joined = np.zeros(n, bool)
        self.joined[rng.permutation(n)[: n // 2]] = True
        self.propensity = rng.beta(2, 8, n).astype(F)
        self.seen = np.where(self.joined, -rng.integers(0, 30, n), 0).astype(np.int16)
        self.totals = np.zeros((days, COUNTED))

    def run(self) -> int:
        """All days; returns the *live* user-days that were simulated."""
        self.totals[:] = 0.0
        state = np.where(self.joined, ACTIVE, PROSPECT).astype(np.uint8)
        _days(self.seed, self.days, state, np.zeros(self.n, F), self.seen.copy(), self.propensity,
              np.zeros(self.n, np.uint8), np.zeros(self.n, F), np.full(self.n, NEVER), self.indptr,
              self.graph.indices, self.totals)  # fmt: skip
        return int(self.totals[:, NEW : DORMANT + 1].sum())

    def rates(self) -> dict[str, float]:
        """What happened per live user-day in the last run, and the live share of user-days."""
        return rates_of(self.totals)


def rates_of(totals: NDArray[np.float64]) -> dict[str, float]:
    """Daily rates per live user-day of a run of W: (days, COUNTED) counts."""
    whole = totals.sum(axis=0)
    live = whole[NEW : DORMANT + 1].sum()
    gone = totals[-1, CHURNED]
    return {
        "pushes": float(whole[PUSHES] / live),
        "opens": float(whole[OPENS] / live),
        "sales": float(whole[SALES] / live),
        "invitations": float(whole[INVITATIONS] / live),
        "joins": float(whole[JOINS] / live),
        "churned": float(gone / live),
        "live": float(live / totals[:, : CHURNED + 1].sum()),
    }
