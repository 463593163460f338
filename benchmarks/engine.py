"""The engine with every mechanism of the default scenario on, against the plain loop of workload W.

How many member-days the engine does in the time in which the W loop does one live user-day: both on
one thread, CPU time, in turns. A member-day of the engine has touches of two kinds with caps, noticing,
opening, coupons, opting out, price memory, trust, an order, lifetime, visits, invitations over the graph,
contagion and a ledger by stage, source and segment; a user-day of W has eight fixed decisions.
"""

from __future__ import annotations

from benchmarks.rows import Row
from benchmarks.timing import Ratio, in_turns
from benchmarks.w_loop import WorkloadW
from benchmarks.worlds import graph_of, live_days, scaled
from simlab.scenario import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market

BAR, AIM = 0.7, 1.0
SIZES = ((25_000, 75_000), (100_000, 300_000))
"""100,000 people, as W counts its users; and 100,000 members. The bar must hold for both."""


class EngineWork:
    """Slices of days of a market that is past its warm-up; a fresh seed when the year is over."""

    def __init__(self, scenario: Scenario, days: int) -> None:
        self.scenario = scenario
        self.graph: Graph = graph_of(self.scenario)
        self.days = days
        self.seed = 0
        self.market = self._next()

    def _next(self) -> Market:
        self.seed += 1
        market = Market(self.scenario, self.seed, self.graph)
        while market.day < 0:
            market.step()
        return market

    def ready(self) -> None:
        """Make sure that a slice is left, outside of any timing."""
        if market_days_left(self.market) < self.days:
            self.market = self._next()

    def run(self) -> int:
        """One slice; returns its member-days."""
        return live_days(self.market, self.days)


def market_days_left(market: Market) -> int:
    """Days until the horizon."""
    return market.scenario.horizon - market.day


def against_w(members: int, prospects: int, quick: bool = False) -> Ratio:
    """Cost of a member-day of the engine over that of a live user-day of W."""
    engine = EngineWork(scaled(members, prospects), 12 if quick else 30)
    reference = WorkloadW(100_000, 100 if quick else 365)
    reference.run()  # compiles
    engine.run()
    return in_turns(engine.run, reference.run, 7 if quick else 12, before=engine.ready)


def run(quick: bool = False) -> list[Row]:
    """Both sizes; the ratio is member-days done in the time of one live user-day of W."""
    rows = []
    for members, prospects in SIZES[:1] if quick else SIZES:
        cost = against_w(members, prospects, quick)
        value, low, high = 1 / cost.value, 1 / cost.high, 1 / cost.low
        rows.append(Row(
            f"engine, all mechanisms on, {members:,} members + {prospects:,} prospects, one thread: "
            "member-days in the time of one live user-day of W",
            f"**{value:.2f}** ({low:.2f} to {high:.2f}); {cost.top:.0f} ns a member-day, W {cost.bottom:.0f} ns",
            f">= {BAR}, aim {AIM}", value >= BAR,
            {"key": f"engine_{members}", "ratio": value, "low": low, "high": high, "ns_member_day": cost.top,
             "ns_w": cost.bottom, "repetitions": cost.repetitions},
        ))  # fmt: skip
    return rows
