"""The firm behind the strategy: its one budget, its brand, and what members write for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.sources import FUNDED
from simlab.world.market_terms import FIRST, money
from simlab.world.metrics import M
from simlab.world.numerics import exp

if TYPE_CHECKING:
    from simlab.world.market import Market

LN_2 = 0.6931471805599453
SPENT_BY = {"touches": (M.touch_fen,), "offers": (M.subsidy_fen,), "referral": (M.reward_fen, M.invitee_fen),
            "programme": (M.programme_fen,)}  # fmt: skip
"""The ledger's columns that a share of the budget pays, besides those of the sources."""


def half_saturating(x: float, half: float) -> float:
    """Concave response in [0, 1) with value 1/2 at `half`."""
    return x / (x + half) if x > 0 else 0.0


class Firm:
    """What the brand side carries from day to day, from yesterday's ledger; in fen."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.brand = self.ugc = 0.0  # yuan per day and 1,000 people; interactions per 1,000 members
        self.spent: dict[str, int] = {}
        self.largest: dict[str, int] = {}
        self.shut: frozenset[str] = frozenset()
        self.today = 0  # paid for the programme this morning

    def morning(self) -> None:
        """Yesterday enters the stocks and the budget; today's programme is paid."""
        market = self.market
        self.today = 0
        b, levers = market.scenario.behaviour.acquisition, market.in_force.levers
        if market.row > 0:
            members = market.totals[M.members]
            pieces = market.totals[M.interactions] + market.totals[M.stories]
            written = 1000.0 * pieces / members if members else 0.0
            self.ugc = self.ugc * float(exp(-LN_2 / b.ugc_half_life)) + written
            self._account(market.book.ledger[market.row - 1])
        keep = float(exp(-LN_2 / b.brand_half_life))
        per_1000 = levers.brand_building.per_day * 1000.0 / market.graph.n
        planned = money(levers.brand_building.per_day) + sum(money(x) for x in levers.prevention.values())
        paid = self._can_pay(planned)
        self.brand = self.brand * keep + (1.0 - keep) * (per_1000 if paid else 0.0)
        if paid:
            self.today = planned
            self.pay(planned)

    def _account(self, yesterday: NDArray[np.int64]) -> None:
        budget = self.market.scenario.levers.budget
        if budget is None or self.market.day <= 1:
            return
        by_source = yesterday.sum(axis=(0, 2))
        today = {
            name: sum(int(by_source[:, column].sum()) for column in columns)
            for name, columns in SPENT_BY.items()
        }
        for source in self.market.sources:
            row = by_source[FIRST + source.number]
            today[source.name] = int(row[M.acquisition_fen]) + int(row[M.entry_fen])
        today[""] = sum(today.values())
        for name, amount in today.items():
            self.spent[name] = self.spent.get(name, 0) + amount
            self.largest[name] = max(self.largest.get(name, 0), amount)
        self.shut = frozenset(name for name in FUNDED if self.left(name) < self.largest[name] or
                              self.left("") < self.largest[""])  # fmt: skip

    def left(self, name: str) -> int:
        """Fen that one lever (or all of them, "") may still spend; at least what it would take to end below 0."""
        budget = self.market.scenario.levers.budget
        if budget is None or self.market.day < 1:
            return 2**62
        share = 1.0 if name == "" else budget.shares.get(name, budget.rest)
        return money(budget.total * share) - self.spent.get(name, 0)

    def allowance(self, source: str) -> int | None:
        """Fen that a source may spend today of the common budget; None without one."""
        if self.market.scenario.levers.budget is None or self.market.day < 1:
            return None
        return max(0, min(self.left(source), self.free // 2 // max(1, len(self.market.sources))))

    @property
    def free(self) -> int:
        """Fen of the total for today's sources and rewards: less programme, a large day of touches and offers."""
        kept = self.today + self.largest.get("touches", 0) + self.largest.get("offers", 0)
        return max(0, self.left("") - kept)

    def _can_pay(self, amount: int) -> bool:
        return "programme" not in self.shut and amount <= min(self.left("programme"), self.left(""))

    def pay(self, amount: int) -> None:
        """Programme cost of today: it belongs to nobody."""
        if amount:
            market = self.market
            market.book.ledger[market.row, len(market.names.stages) - 2, 0, 0, M.programme_fen] += amount

    @property
    def entry_trust(self) -> float:
        """Trust that the brand gives to those who come."""
        b = self.market.scenario.behaviour.acquisition
        return b.brand_trust * half_saturating(self.brand, b.half_brand)

    @property
    def brand_gain(self) -> float:
        """Relative gain of joins through the brand."""
        b = self.market.scenario.behaviour.acquisition
        return b.brand_gain * half_saturating(self.brand, b.half_brand)

    @property
    def ugc_gain(self) -> float:
        """Relative gain of clicks where adverts are made from what members write."""
        b = self.market.scenario.behaviour.acquisition
        return b.ugc_gain * half_saturating(self.ugc, b.half_ugc)
