"""W's twin: an ordinary scenario file (`w.yaml`) whose daily rates are those of workload W.

`python -m benchmarks.w_twin [N]` prints its rates beside W's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.w_loop import WorkloadW
from simlab.scenario import Scenario, load
from simlab.world.book import N_LIVE
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


def rates_of_market(market: Market, member_days: int) -> dict[str, float]:
    """What happened per member-day up to today, in W's words. Opens are opened pushes and own visits."""
    whole = market.book.ledger.sum(axis=(0, 1, 2, 3))
    people = market.graph.n * (market.day - market.first_day + 1)
    counted = {
        "pushes": whole[M.value_sent] + whole[M.promo_sent],
        "opens": whole[M.opens] + whole[M.visits],
        "sales": whole[M.orders],
        "invitations": whole[M.invites],
        "joins": whole[M.joins],
        "churned": whole[M.leaves],
    }
    return {name: float(n) / member_days for name, n in counted.items()} | {"live": member_days / people}


def twin_rates(n: int, *overrides: str) -> dict[str, float]:
    """The rates of a whole year of the twin."""
    scenario = twin_scenario(n, *overrides)
    market = Market(scenario, 1, social_graph(scenario.graph, n))
    lived = 0
    for _ in range(scenario.horizon):
        lived += int(market.book.counts[N_LIVE])
        market.step()
    return rates_of_market(market, lived)


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
