"""The engine against the idiomatic Mesa model of the same rules: first that both tell the same story, then the cost.

Both start from the same people on the same graph. Over several seeds the daily rates must agree within
a few per cent; what is left is Monte-Carlo noise, whose size is estimated from the engine's seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.mesa_model import COUNTS, Programme, network_of, traits_of
from benchmarks.mesa_rules import Rules
from benchmarks.rows import Row
from benchmarks.timing import Ratio, in_turns
from benchmarks.worlds import graph_of, live_days, scaled
from simlab.scenario import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import FIXED_POINT, METRICS, M

BAR = 60.0
CLOSE = 0.04
"""Largest relative difference of a rate, beyond three standard errors of Monte-Carlo noise."""
LARGE, LARGE_QUICK = (100_000, 300_000), (25_000, 75_000)


@dataclass(frozen=True)
class Agreement:
    """One rate in both models: events per 1,000 member-days, relative difference, its standard error."""

    name: str
    engine: float
    mesa: float
    error: float

    @property
    def difference(self) -> float:
        """Mesa relative to the engine."""
        return self.mesa / self.engine - 1.0

    @property
    def close(self) -> bool:
        """Within a few per cent, allowing for noise."""
        return abs(self.difference) <= CLOSE + 3.0 * self.error


def engine_rates(scenario: Scenario, graph: Graph, seed: int) -> NDArray[np.float64]:
    """Events per member-day of one seed, in the order of COUNTS, then mean fatigue."""
    ledger = Market(scenario, seed, graph).run().book.ledger
    total = ledger.sum(axis=(0, 1, 2, 3))
    counted = dict(zip(METRICS, total.tolist(), strict=True))
    counted["touches"] = counted["value_sent"] + counted["promo_sent"]
    members = ledger[:, :-2, ..., M.members].sum()  # the last two stages are prospects and those who left
    return np.array([*(counted[name] for name in COUNTS), counted["fatigue"] / FIXED_POINT]) / members


def mesa_rates(model: Programme, days: int) -> NDArray[np.float64]:
    """The same of one run of the Mesa model."""
    for _ in range(days):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    return (
        np.array([*(frame[name].sum() for name in COUNTS), frame["fatigue"].sum()]) / frame["members"].sum()
    )


def programme(scenario: Scenario, graph: Graph, seed: int, members_only: bool = False) -> Programme:
    """The Mesa model with the people of one seeded world."""
    people = Market(scenario, seed, graph).users
    network = network_of(graph.indptr, graph.indices)
    return Programme(Rules(scenario), network, traits_of(people), seed, members_only)


def agreement(scenario: Scenario, graph: Graph, seeds: int) -> list[Agreement]:
    """Both models over the same seeded populations."""
    seed_list = range(1, seeds + 1)
    pairs = [(engine_rates(scenario, graph, s), mesa_rates(programme(scenario, graph, s), scenario.horizon))
             for s in seed_list]  # fmt: skip
    engine, mesa = (np.array(side) for side in zip(*pairs, strict=True))
    more = np.array([engine_rates(scenario, graph, s) for s in range(1, max(12, seeds) + 1)])
    # a seed's noise is at most the spread between seeds, in either model
    error = more.std(axis=0, ddof=1) / more.mean(axis=0) * np.sqrt(2.0 / seeds)
    names = (*COUNTS, "mean fatigue")
    return [Agreement(*row) for row in zip(names, engine.mean(axis=0), mesa.mean(axis=0), error, strict=True)]


def against_engine(model: Programme, market: Market, days: int, repetitions: int) -> Ratio:
    """Cost of a member-day in Mesa over that in the engine, in slices of a few days."""
    market.step()

    def mesa_days() -> int:
        lived = 0
        for _ in range(2):
            lived += len(model.members)
            model.step()
        return lived

    mesa_days()
    return in_turns(mesa_days, lambda: live_days(market, days), repetitions)


def run(quick: bool = False) -> list[Row]:
    """Agreement of the rates, then the ratio at the same size and for 100,000 members."""
    members, prospects, days, seeds = (2000, 6000, 20, 2) if quick else (5000, 15_000, 45, 4)
    sizes = (members, prospects, "warmup.days=0")
    short = scaled(*sizes, f"horizon={days}")
    graph = graph_of(short)
    found = agreement(short, graph, seeds)
    said = ", ".join(f"{a.name} {100 * a.difference:+.1f} % (s.e. {100 * a.error:.1f})" for a in found)
    rows = [Row(
        f"Mesa model tells the same story: {members:,} members, {days} days, {seeds} seeds; rates per "
        "member-day relative to the engine",
        said, f"within {100 * CLOSE:.0f} % + 3 s.e.", all(a.close for a in found),
        {"key": "mesa_agreement", "rates": {a.name: [a.engine, a.mesa, a.error] for a in found}},
    )]  # fmt: skip
    long = scaled(*sizes, "horizon=3650")
    repetitions = 5 if quick else 15
    many, others = LARGE_QUICK if quick else LARGE
    large = scaled(many, others, "warmup.days=0")
    large_graph = graph_of(large)
    days = (
        300 // repetitions
    )  # the engine's slices go through the year: late newcomers lie scattered in memory
    idiom = programme(long, graph, 1)
    told = f"times the idiomatic Mesa model ({members:,} members + {prospects:,} prospects)"
    cost = against_engine(idiom, Market(large, 1, large_graph), days, repetitions)
    rows.append(_row(f"{told}: engine on {many:,} members", cost, BAR, "mesa_large"))
    cost = against_engine(idiom, Market(long, 1, graph), 40, repetitions)
    rows.append(_row(f"{told}: engine on the same people", cost, BAR, "mesa_same_size"))
    if not quick:
        tuned = programme(long, graph, 1, members_only=True)
        cost = against_engine(tuned, Market(large, 2, large_graph), days, repetitions)
        name = f"the same Mesa model, tuned to visit members only: engine on {many:,} members"
        rows.append(_row(name, cost, None, "mesa_tuned"))
    return rows


def _row(name: str, cost: Ratio, bar: float | None, key: str) -> Row:
    text = (f"**{cost.value:.0f}** ({cost.low:.0f} to {cost.high:.0f}); Mesa {cost.top:,.0f} ns a member-day, "
            f"engine {cost.bottom:.0f} ns")  # fmt: skip
    values = {"key": key, "ratio": cost.value, "low": cost.low, "high": cost.high, "ns_mesa": cost.top,
              "ns_engine": cost.bottom, "repetitions": cost.repetitions}  # fmt: skip
    if bar is None:
        return Row(name, text, values=values)
    return Row(name, text, f">= {bar:.0f}", cost.value >= bar, values)
