"""From a finished market to tables: days, groups, cohorts, flows and invitation trees."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.world.book import COHORT_METRICS, MONTH
from simlab.world.market import Market
from simlab.world.metrics import METRICS
from simlab.world.records import PROSPECT

STOCKS = ("members", "reachable")


def tables(market: Market) -> dict[str, pd.DataFrame]:
    """Every table of one run, by name; see `simlab.lab.results.Results` for their columns."""
    return {
        "daily": daily(market),
        "groups": groups(market),
        "cohorts": cohorts(market),
        "flows": flows(market),
        **trees(market),
    }


def daily(market: Market) -> pd.DataFrame:
    """Metrics by day and stage, over sources and segments."""
    ledger = market.book.ledger.sum(axis=(2, 3))
    days, stages, _ = ledger.shape
    frame = pd.DataFrame(ledger.reshape(days * stages, -1), columns=list(METRICS))
    frame.insert(0, "day", np.repeat(np.arange(days) + market.first_day, stages))
    frame.insert(1, "stage", list(market.names.stages) * days)
    return frame


def groups(market: Market) -> pd.DataFrame:
    """Metrics by month of 30 days x stage x source x segment; stocks as on the month's last day."""
    ledger = market.book.ledger[market.scenario.warmup.days :]
    starts = np.arange(0, len(ledger), MONTH)
    summed = np.add.reduceat(ledger, starts, axis=0)
    last = np.minimum(starts + MONTH, len(ledger)) - 1
    for stock in STOCKS:
        k = METRICS.index(stock)
        summed[..., k] = ledger[last][..., k]
    names = market.names
    frame = pd.DataFrame(
        list(product(range(1, len(starts) + 1), names.stages, names.sources, names.segments)),
        columns=["month", "stage", "source", "segment"],
    )
    values = pd.DataFrame(summed.reshape(len(frame), -1), columns=list(METRICS))
    frame = pd.concat([frame, values], axis=1)
    return frame[(values != 0).any(axis=1)].reset_index(drop=True)


def cohorts(market: Market) -> pd.DataFrame:
    """Cohorts by month of joining x months since, as far as everybody in the cohort was observed that long."""
    horizon = market.scenario.horizon
    rows = []
    for number, cohort in enumerate(market.book.cohorts):
        joined_by = number * MONTH
        for age, values in enumerate(cohort):
            if joined_by + (age + 1) * MONTH <= horizon and cohort[0, 0] > 0:
                label = "base" if number == 0 else f"month {number}"
                rows.append((label, age, int(cohort[0, 0]), *map(int, values[1:])))
    return pd.DataFrame(rows, columns=["cohort", "age", *COHORT_METRICS])


def flows(market: Market) -> pd.DataFrame:
    """Changes of stage by month, joining and leaving included."""
    book, names = market.book.flows, market.names.stages
    month, old, new = np.nonzero(book)
    return pd.DataFrame(
        {
            "month": month + 1,
            "source_stage": np.array(names, object)[old],
            "target_stage": np.array(names, object)[new],
            "users": book[month, old, new],
        }
    )


def trees(market: Market) -> dict[str, pd.DataFrame]:
    """Invitation trees since day 1: users by depth below a seed user, and trees by size."""
    users = market.users
    invited = np.flatnonzero((users["inviter"] >= 0) & (users["joined"] >= 1) & (users["status"] != PROSPECT))
    depth, root = depths(users["inviter"].astype(np.int64), users["joined"].astype(np.int64), invited)
    levels, counts = np.unique(depth, return_counts=True)
    _, sizes = np.unique(root, return_counts=True)
    size, number = np.unique(sizes, return_counts=True)
    return {
        "trees": pd.DataFrame({"depth": levels.astype(int), "users": counts.astype(int)}),
        "tree_sizes": pd.DataFrame({"size": size.astype(int), "trees": number.astype(int)}),
    }


def depths(
    inviter: NDArray[np.int64], joined: NDArray[np.int64], invited: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(depth, root) of invited users: steps up to the first inviter who was not invited since day 1, and who that is."""
    root = inviter[invited].copy()
    depth = np.ones(len(invited), np.int64)
    for _ in range(len(inviter)):
        up = (inviter[root] >= 0) & (joined[root] >= 1)
        if not up.any():
            break
        depth[up] += 1
        root[up] = inviter[root[up]]
    return depth, root
