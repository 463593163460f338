"""From a finished market to tables: days, cohorts, flows and invitation trees."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.world.book import COHORT_METRICS, MONTH
from simlab.world.market import Market
from simlab.world.metrics import METRICS
from simlab.world.records import PROSPECT


def tables(market: Market) -> dict[str, pd.DataFrame]:
    """Every table of one run, by name; see `simlab.lab.results.Results` for their columns."""
    return {
        "daily": daily(market),
        "cohorts": cohorts(market),
        "flows": flows(market),
        **trees(market),
    }


def daily(market: Market) -> pd.DataFrame:
    """Metrics by day x stage x source x segment; rows of zeros are left out."""
    ledger = market.book.ledger
    day, stage, source, segment = np.nonzero(ledger.any(axis=-1))
    frame = pd.DataFrame(ledger[day, stage, source, segment], columns=list(METRICS))
    names = market.names
    for column, label, code in (
        ("segment", names.segments, segment),
        ("source", names.sources, source),
        ("stage", names.stages, stage),
    ):
        frame.insert(0, column, pd.Categorical.from_codes(code, categories=list(label)))
    frame.insert(0, "day", day + market.first_day)
    return frame


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


def user_table(market: Market) -> pd.DataFrame:
    """What could be observed of everybody who has joined, as of the evening of the market's current day.

    A market can be stepped to a day, tabled, and stepped on: two tables of one world tell what people who
    looked alike on the first day did until the second.

    Returns:
        one row per user, by id: ``user`` (id; the position in a current base), ``joined`` (day), ``orders``
        (ever, the first one and those before day 1 included), ``last_order`` (day; -30000: never) and
        ``spend_fen`` (ever, after coupons). All int64; latent traits are left out.
    """
    users = market.users
    joined = np.flatnonzero(users["status"] != PROSPECT)
    rows = users[joined]
    return pd.DataFrame(
        {
            "user": joined.astype(np.int64),
            "joined": rows["joined"].astype(np.int64),
            "orders": rows["orders"].astype(np.int64),
            "last_order": rows["last_order"].astype(np.int64),
            "spend_fen": rows["spend"].astype(np.int64),
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
    """(depth, root) of invited users: steps up to the first inviter not invited since day 1, and who that is."""
    root = inviter[invited].copy()
    depth = np.ones(len(invited), np.int64)
    for _ in range(len(inviter)):
        up = (inviter[root] >= 0) & (joined[root] >= 1)
        if not up.any():
            break
        depth[up] += 1
        root[up] = inviter[root[up]]
    return depth, root
