"""The world with marketing off, and its law by quadrature, independent of `simlab.lab`.

On the daily grid: everybody is here on day 0. On each day k = 1, 2, ... somebody whose
relation lives at the *start* of day k orders with chance p = 1 - exp(-lambda); at the *end*
of day k it ends with chance 1 - exp(-mu). lambda ~ Gamma(r, rate alpha), mu ~ Gamma(s, rate beta), but 0 in a
loyal core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb, gammaln

from simlab.scenario import Scenario
from simlab.world.graph import Graph, build
from simlab.world.market import Market

Floats = NDArray[np.float64]
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Law:
    """The four parameters (alpha and beta in days), and the share of a loyal core with mu = 0."""

    r: float
    alpha: float
    s: float
    beta: float
    core: float = 0.0

    def alive(self, day: int | NDArray[np.int64]) -> Floats:
        """E[exp(-mu day)]: the share alive after so many days."""
        return np.asarray(self.core + (1.0 - self.core) * (self.beta / (self.beta + day)) ** self.s)

    @property
    def p_order(self) -> float:
        """E[p]: the chance that a living member orders on a day."""
        return 1.0 - (self.alpha / (self.alpha + 1.0)) ** self.r

    def mean_orders(self, days: int) -> float:
        """E[X(days)] on the grid."""
        return self.p_order * float(self.alive(np.arange(days)).sum())

    def mean_orders_continuous(self, days: int) -> float:
        """E[X(days)] of Schmittlein, Morrison & Colombo (1987): any number of orders a day."""
        r, alpha, s, beta, core = self.r, self.alpha, self.s, self.beta, self.core
        mortal = beta / (s - 1.0) * (1.0 - (beta / (beta + days)) ** (s - 1.0))
        return r / alpha * ((1.0 - core) * mortal + core * days)

    def order_counts(self, days: int, most: int) -> Floats:
        """P(X(days) = k) for k = 0..most: binomial given the days lived and lambda; both summed out.

        The days lived have a closed-form law (mu's Laplace transform); lambda is integrated by the
        trapezoid rule in log lambda, which converges exponentially.
        """
        y = np.arange(-36.0 / self.r, np.log(80.0), 0.05)
        lam = np.exp(y)
        weight = 0.05 * np.exp(self.r * (y + np.log(self.alpha)) - self.alpha * lam - gammaln(self.r))
        assert abs(weight.sum() - 1.0) < 1e-12
        lived = np.arange(1, days + 1)
        share = self.alive(lived - 1) - self.alive(lived)
        share[-1] = self.alive(days - 1)
        k = np.arange(most + 1)[:, None, None]
        rest = np.maximum(lived[:, None] - k, 0)
        chance = comb(lived[:, None], k) * (-np.expm1(-lam)) ** k * np.exp(-lam * rest)
        return np.einsum("kdl,d,l->k", chance, share, weight)


CDNOW = Law(0.5533, 10.578 * 7, 0.606, 11.669 * 7)
"""Fader, Hardie & Lee (2005): 2,357 customers of an on-line music shop, from weeks to days."""
FAST = Law(1.5, 12.0, 1.4, 150.0)
"""Groceries: an order in eight days, rather alike, and few stay for ever."""
SLOW = Law(0.3, 200.0, 0.4, 30.0)
"""Furniture: one order in two years, most people never come back."""
LOYAL = Law(0.9, 60.0, 1.2, 60.0, core=0.25)
"""A quarter never leave; the others soon do."""
LAWS = {"cdnow": CDNOW, "fast": FAST, "slow": SLOW, "loyal": LOYAL}


def quiet(law: Law, members: int, days: int, **basket: Any) -> Scenario:
    """Nobody touches, tempts, invites or advertises; everybody has just joined; behaviour at its defaults."""
    kind = {
        "orders": {"shape": law.r, "per_year": DAYS_PER_YEAR * law.r / law.alpha},
        "lifetime": {"shape": law.s, "scale": law.beta, "core": law.core},
        "basket": basket,
    }
    return Scenario.model_validate(
        {
            "name": "Quiet",
            "horizon": days,
            "population": {"members": members, "prospects": 0, "tenure": 0, "segments": {"all": kind}},
            "graph": {"kind": "none"},
            "behaviour": {"contagion": {"friend": 0, "inviter": 0}},
        }
    )


def nobody_knows_anybody(scenario: Scenario) -> Graph:
    return build("empty", scenario.population.members)


def snapshots(scenario: Scenario, seed: int, at: tuple[int, ...]) -> dict[int, NDArray[np.void]]:
    """Copies of the users' records after so many days."""
    taken: dict[int, NDArray[np.void]] = {}
    market = Market(scenario, seed, nobody_knows_anybody(scenario))

    def look(done: int) -> None:
        if done in at:
            taken[done] = market.users.copy()

    market.run(look)
    return taken
