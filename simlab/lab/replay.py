"""Replays: a scenario run through the engine with a stop on the way, and what its people had done by then."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.ground import Ground
from simlab.scenario import Scenario
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.tables import user_table

T = TypeVar("T")


@dataclass(frozen=True)
class Replay:
    """One seed of a scenario, watched on two days.

    Attributes:
        early, late: `simlab.world.tables.user_table` on the evening of the stop and of the last day.
        repeats: orders that are nobody's first by day from day 1, int64, shape (horizon,). Those who join
            by a dated arrival order for the first time that day.
    """

    early: pd.DataFrame
    late: pd.DataFrame
    repeats: NDArray[np.int64]


def replay(
    scenario: Scenario, seed: int, ground: Ground, stop: int, each_day: Callable[[int], None] | None = None
) -> Replay:
    """Run one seed to the horizon and table its people on day `stop` (0: before day 1) and at the end."""
    market = Market(scenario, seed, ground.graph, ground.base)
    early = user_table(market) if stop <= 0 else None
    for day in range(1, scenario.horizon + 1):
        market.step()
        if day == stop:
            early = user_table(market)
        if each_day is not None:
            each_day(1)
    late = user_table(market)
    dated = market.names.sources.index("dated")
    counted = market.book.ledger.sum(axis=(1, 3))
    repeats = counted[:, :, M.orders].sum(axis=1) - counted[:, dated, M.joins]
    return Replay(late if early is None else early, late, repeats.astype(np.int64))


def replays(
    scenario: Scenario,
    seeds: Sequence[int],
    ground: Ground,
    stop: int,
    reduce: Callable[[Replay], T],
    threads: int | None = None,
    each_day: Callable[[int], None] | None = None,
) -> list[T]:
    """`reduce` of every seed's replay, in the order of the seeds; the replays themselves are not kept."""
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        jobs = [pool.submit(lambda s: reduce(replay(scenario, s, ground, stop, each_day)), s) for s in seeds]
        try:
            return [job.result() for job in jobs]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
