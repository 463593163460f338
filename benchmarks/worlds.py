"""The default scenario at the sizes that the benchmarks need."""

from __future__ import annotations

from simlab.scenario import Scenario, load
from simlab.world.book import N_LIVE
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.network import social_graph

MEMBERS, PROSPECTS = 5000, 15_000


def scaled(members: int, prospects: int, *overrides: str, base: str = "default") -> Scenario:
    """The default scenario, or one that extends it, with more (or fewer) people, its advertising in proportion."""
    sizes = (f"population.members={members}", f"population.prospects={prospects}")
    scenario = load(base, (*sizes, *overrides)).scenario
    growth = (members + prospects) / (MEMBERS + PROSPECTS)
    sources = {
        name: source.model_copy(
            update={
                "exposures": source.exposures * growth,
                "saturation": source.saturation and source.saturation * growth,
            }
        )
        for name, source in scenario.levers.sources.items()
    }
    return scenario.model_copy(update={"levers": scenario.levers.model_copy(update={"sources": sources})})


def graph_of(scenario: Scenario) -> Graph:
    """The graph of a scenario's people."""
    return social_graph(scenario.graph, scenario.population.members + scenario.population.prospects)


def live_members(market: Market) -> int:
    """Members who live the coming day."""
    return int(market.book.counts[N_LIVE])


def live_days(market: Market, days: int) -> int:
    """Step a market some days; returns the member-days that were lived."""
    lived = 0
    for _ in range(days):
        lived += live_members(market)
        market.step()
    return lived
