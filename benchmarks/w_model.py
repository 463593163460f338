"""Workload W: its constants, its people, and what every program that runs it counts. Needs NumPy alone.

W is a small fixed model of N users over some days. Half of them have joined (active) before day 1, on a shuffled
Barabasi-Albert graph with 5 links per newcomer. Each has a propensity ~ Beta(2, 8), and was last active on a day
drawn from -29..0. A day is synchronous: yesterday's accepted invitations join first (new, fatigue 0). Then each
live user (new, active or dormant)

1. is pushed with a chance by state; a push leaves a coupon with chance COUPON,
2. has fatigue = KEEP fatigue + (1 if pushed),
3. opens with chance base exp(-TIRED fatigue), base by whether a push came today; who opens is active,
4. having opened, buys with chance propensity (1 + LIFT if a coupon is held); an amount is drawn, the coupon is gone,
5. having bought, invites one neighbour with chance INVITE; if that is a prospect, it joins tomorrow with chance JOIN,
6. churns with chance CHURN (1 + CHURN_TIRED fatigue); otherwise is dormant if IDLE days have passed without opening.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROSPECT, NEW, ACTIVE, DORMANT, CHURNED = range(5)
PUSHES, OPENS, SALES, REVENUE, INVITATIONS, JOINS = range(5, 11)
COUNTED = (
    "prospect", "new", "active", "dormant", "churned",
    "pushes", "opens", "sales", "revenue", "invitations", "joins",
)  # fmt: skip
"""What a day counts: users by state in the evening, then what happened."""

PUSH = (0.0, 0.6, 0.4, 0.15, 0.0)
COUPON = 0.1
KEEP = 0.9
BASE, BASE_PUSHED, TIRED = 0.06, 0.25, 0.3
LIFT = 0.5
AMOUNT_MU, AMOUNT_SIGMA = 3.0, 0.8
INVITE, JOIN = 0.3, 0.3
CHURN, CHURN_TIRED = 0.0005, 0.5
IDLE = 30


@dataclass(frozen=True)
class People:
    """The users of W before day 1, and whom they know.

    Attributes:
        indptr, indices: (N + 1,), (2 E,) int32 neighbours of each user.
        joined: (N,) bool. propensity: (N,) float32. seen: (N,) int16, day of the last activity.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    joined: NDArray[np.bool_]
    propensity: NDArray[np.float32]
    seen: NDArray[np.int16]

    @classmethod
    def on(cls, indptr: NDArray[np.integer], indices: NDArray[np.integer], seed: int = 1) -> People:
        """People on a graph."""
        n = len(indptr) - 1
        rng = np.random.default_rng(seed)
        joined = np.zeros(n, bool)
        joined[rng.permutation(n)[: n // 2]] = True
        propensity = rng.beta(2, 8, n).astype(np.float32)
        seen = np.where(joined, -rng.integers(0, 30, n), 0).astype(np.int16)
        return cls(indptr.astype(np.int32), indices.astype(np.int32), joined, propensity, seen)

    @classmethod
    def read(cls, path: Path) -> People:
        """From a file that `write` made."""
        with np.load(path) as arrays:
            return cls(**arrays)

    def write(self, path: Path) -> None:
        """To a file that another interpreter can read."""
        np.savez(path, **self.__dict__)

    @property
    def n(self) -> int:
        """How many."""
        return len(self.joined)

    def edges(self) -> NDArray[np.int32]:
        """(E, 2) each link once."""
        first = np.repeat(np.arange(self.n, dtype=np.int32), np.diff(self.indptr))
        once = first < self.indices
        return np.stack([first[once], self.indices[once]], axis=1)


def live_days(counted: NDArray[np.float64]) -> int:
    """Live user-days in (days, COUNTED) counts."""
    return int(counted[:, NEW : DORMANT + 1].sum())


def happened(counted: NDArray[np.float64]) -> dict[str, float]:
    """How often each thing happened in all, in (days, COUNTED) counts that began with day 1."""
    whole = dict(zip(COUNTED, counted.sum(axis=0).tolist(), strict=True))
    names = ("pushes", "opens", "sales", "invitations", "joins")
    return {name: whole[name] for name in names} | {"churned": float(counted[-1, CHURNED])}


def rates(counted: NDArray[np.float64]) -> dict[str, float]:
    """What happened per live user-day, and the live share of all user-days."""
    live = live_days(counted)
    share = live / float(counted[:, : CHURNED + 1].sum())
    return {name: number / live for name, number in happened(counted).items()} | {"live": share}
