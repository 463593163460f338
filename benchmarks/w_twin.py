"""W's twin: an ordinary scenario file (`w.yaml`) whose daily rates are those of workload W.

`python -m benchmarks.w_twin [N]` prints its rates beside W's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mesa
import numpy as np
from numpy.typing import NDArray

from benchmarks.w_loop import WorkloadW
from benchmarks.w_model import COUNTED, People, rates
from simlab.scenario import Scenario, load
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.network import social_graph

FILE = Path(__file__).with_name("w.yaml")
CLOSE = 0.10
"""How far a rate of the twin may be from W's, relative."""


def twin_scenario(n: int, *overrides: str) -> Scenario:
    """W's twin with n people, half of them members."""
    sizes = (f"population.members={n // 2}", f"population.prospects={n - n // 2}")
    return load(str(FILE), (*sizes, *overrides)).scenario


def twin_graph(scenario: Scenario) -> Graph:
    """Its graph."""
    return social_graph(scenario.graph, scenario.population.members + scenario.population.prospects)


def counted(market: Market) -> NDArray[np.float64]:
    """(days, COUNTED) of a market with the twin's stages, in W's words; an own visit is an open, too."""
    ledger = market.book.ledger[: market.row + 1].sum(axis=(2, 3))  # by day, stage, metric
    whole = ledger.sum(axis=1)
    joins, leaves = whole[:, M.joins], whole[:, M.leaves].cumsum()
    columns = {
        "prospect": market.pool - joins.cumsum(), "new": ledger[:, 0, M.members], "active": ledger[:, 1, M.members],
        "dormant": ledger[:, 2, M.members], "churned": leaves, "pushes": whole[:, M.promo_sent],
        "opens": whole[:, M.opens] + whole[:, M.visits], "sales": whole[:, M.orders],
        "revenue": whole[:, M.revenue_fen] / 100, "invitations": whole[:, M.invites], "joins": joins,
    }  # fmt: skip
    return np.stack([columns[name] for name in COUNTED], axis=1).astype(float)


class Program:
    """The twin, day by day. Its people are those of the scenario; of W's it takes the number."""

    version = mesa.__version__

    def __init__(self, people: People, days: int, seed: int) -> None:
        scenario = twin_scenario(people.n, f"horizon={days}")
        self.market = Market(scenario, seed, twin_graph(scenario))

    def step(self, days: int) -> None:
        """Some days."""
        for _ in range(days):
            self.market.step()

    @property
    def counted(self) -> NDArray[np.float64]:
        """(days, COUNTED) so far."""
        return counted(self.market)


def twin_rates(n: int, *overrides: str) -> dict[str, float]:
    """The rates of a whole year of the twin."""
    scenario = twin_scenario(n, *overrides)
    return rates(counted(Market(scenario, 1, twin_graph(scenario)).run()))


def main(n: int = 100_000) -> None:
    """Print both."""
    loop = WorkloadW(n)
    loop.run()
    twin = twin_rates(n)
    print(f"{'per live user-day':20}{'W':>12}{'twin':>12}{'difference':>12}")
    for name, w in loop.rates().items():
        print(f"{name:20}{w:12.6f}{twin[name]:12.6f}{100 * (twin[name] / w - 1):11.1f} %")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
