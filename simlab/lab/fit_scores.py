"""Actual against simulated: what a fitted scenario gets right, on weeks that it has not seen.

The actual customers and every simulated world are cut down to the same `Facts`, by the same function; the
scores compare the means of many seeds with the one history that happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from simlab.lab.logs import Log
from simlab.lab.replay import Replay

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TOP = 7
"""Customers with so many repeat orders or more stand together."""
SINCE = (0, 28, 56, 91, 140, 182, 273, 364, 546, 3651)
"""Edges of the classes of days since the last order."""
CURVE = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Facts:
    """What the customers of one history did; "later" is the holdout, all zeros without one.

    Attributes:
        weekly: repeat orders by week from the first day of the log, shape (weeks,); the last may be short.
        customers: customers by repeat orders x = 0 .. 7+ in the calibration period, shape (8,).
        later: their orders in the holdout, shape (8,).
        since: customers by class of days since their last order, shape (classes,).
        returned: those among them with an order in the holdout, shape (classes,).
        curve: share of all spend that the best 0 %, 1 % ... 100 % of the customers account for, shape (101,).
        spearman: rank correlation of x with the orders in the holdout; NaN without one.
    """

    weekly: Floats
    customers: Floats
    later: Floats
    since: Floats
    returned: Floats
    curve: Floats
    spearman: float


def facts(x: Ints, since: Ints, later: Ints, spend: Floats, repeats: Ints) -> Facts:
    """Cut a history down.

    Args:
        x: repeat order-days in the calibration period; since: days from the last order to its end; later:
            order-days in the holdout; spend: of all days; shapes (customers,).
        repeats: repeat orders by day, shape (days,).
    """
    kind = np.minimum(x, TOP)
    group = np.searchsorted(SINCE, since, side="right") - 1
    weeks = np.add.reduceat(repeats, np.arange(0, repeats.size, 7)) if repeats.size else repeats
    falling = np.concatenate([[0.0], np.cumsum(np.sort(spend)[::-1])])
    curve = np.interp(CURVE * spend.size, np.arange(spend.size + 1), falling / max(falling[-1], 1e-12))
    varied = x.size > 1 and np.ptp(x) > 0 and np.ptp(later) > 0
    classes = len(SINCE) - 1
    return Facts(
        weekly=weeks.astype(float),
        customers=np.bincount(kind, minlength=TOP + 1).astype(float),
        later=_sums(kind, later, TOP + 1),
        since=np.bincount(group, minlength=classes).astype(float),
        returned=_sums(group, later > 0, classes),
        curve=curve,
        spearman=float(spearmanr(x, later).statistic) if varied else float("nan"),
    )


def _sums(place: Ints, values: NDArray[Any], size: int) -> Floats:
    """Sum of the values at each place 0 .. size - 1."""
    return np.bincount(place, weights=values, minlength=size).astype(float)


@dataclass(frozen=True)
class Actual:
    """The part of a log that a simulation is held against: customers who arrived by the day `until`.

    Attributes:
        until: last day of the calibration period; last: last day of the log; day numbers.
        x, since, later, spend: as in `facts`, in the order of ``log.summary(until)``.
        arrivals: first orders by day, shape (until + 1,).
        repeats: repeat orders of these customers by day, shape (last + 1,).
    """

    until: int
    last: int
    x: Ints
    since: Ints
    later: Ints
    spend: Floats
    arrivals: Ints
    repeats: Ints

    @property
    def holdout(self) -> int:
        """Days held out; 0: none."""
        return self.last - self.until

    @property
    def facts(self) -> Facts:
        return facts(self.x, self.since, self.later, self.spend, self.repeats)


def actual(log: Log, until: int) -> Actual:
    """Cut a log at a day."""
    rows = log.summary(until)
    known = len(
        rows
    )  # customers are numbered by their first order, so that the first ones are the known ones
    own = log.customer < known
    who, day, amount = log.customer[own], log.day[own], log.amount[own]
    arrival = rows["arrival"].to_numpy(np.int64)
    x, t_x = rows["frequency"].to_numpy(np.int64), rows["recency"].to_numpy(np.int64)
    by_day = np.bincount(day, minlength=log.last_day + 1)
    return Actual(
        until=until,
        last=log.last_day,
        x=x,
        since=until - arrival - t_x,
        later=np.bincount(who[day > until], minlength=known),
        spend=_sums(who, amount, known),
        arrivals=np.bincount(arrival, minlength=until + 1),
        repeats=by_day - np.bincount(arrival, minlength=log.last_day + 1),
    )


def forward_facts(run: Replay, until: int) -> Facts:
    """Facts of a world that grew from the dated arrivals; log day `until` is the simulated day until + 1."""
    early = run.early
    late = run.late[run.late["user"].isin(early["user"])]
    return facts(
        early["orders"].to_numpy() - 1,
        until + 1 - early["last_order"].to_numpy(),
        late["orders"].to_numpy() - early["orders"].to_numpy(),
        late["spend_fen"].to_numpy() / 100.0,
        run.repeats,
    )


def later_orders(run: Replay, customers: int) -> Ints:
    """Orders since the valuation date by row of the current base, shape (customers,)."""
    return run.late["orders"].to_numpy()[:customers] - run.early["orders"].to_numpy()[:customers]


# Tables and scores -------------------------------------------------------------------------


def comparison(
    real: Actual, forward: Sequence[Facts], from_log: Sequence[Facts] = ()
) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Tables and scores of simulated worlds against what happened.

    Args:
        real: the log. forward: one `Facts` per seed, from the dated arrivals. from_log: the same for runs
            that start from every customer's own history (may be empty); their weeks begin after `until`.

    Returns:
        tables ``weekly``, ``histogram``, ``by_x``, ``recency``, ``concentration`` and ``seeds``, and scores by
        name (see `SCORES`; without a holdout only those that need none).
    """
    was = real.facts
    tables = {
        "weekly": _weekly(real, was, forward),
        "histogram": _histogram(was, forward),
        "recency": _recency(real, was, forward, from_log),
        "concentration": _banded(
            {"customers": CURVE, "actual": was.curve}, np.array([f.curve for f in forward])
        ),
        "seeds": _seeds(real, was, forward, from_log),
    }
    if real.holdout > 0:
        tables["by_x"] = _by_x(was, forward, from_log)
    return tables, _scores(tables, was, forward, from_log)


SCORES = {
    "holdout_total": "held-out repeat orders, simulated over actual, minus 1",
    "cumulative": "repeat orders from the first to the last day, simulated over actual, minus 1",
    "weekly_mape": "mean absolute relative miss of the held-out full weeks",
    "histogram_tv": "total variation between the shares of customers with 0 .. 7+ repeat orders",
    "by_x_forward": "mean absolute miss of held-out orders per customer by x, weighted by customers",
    "by_x_from_log": "the same, started from every customer's own history",
    "holdout_total_from_log": "held-out orders started from every customer's own history, relative miss",
    "spearman_actual": "rank correlation of calibration and holdout orders over customers, as it was",
    "spearman_forward": "the same in the simulation",
    "spearman_from_log": "the same, of each real customer's past with the simulated future",
    "top_fifth_actual": "share of spend of the best fifth of the customers, as it was",
    "top_fifth_forward": "the same in the simulation",
}
"""What the scores mean; relative misses are shares (0.05: 5 % too many)."""


def _banded(columns: Mapping[str, NDArray[Any]], seeds: Floats) -> pd.DataFrame:
    """Columns, and mean and 5th to 95th percentile over seeds of shape (seeds, rows)."""
    low, high = np.nanpercentile(seeds, [5, 95], axis=0)
    return pd.DataFrame({**columns, "simulated": np.nanmean(seeds, axis=0), "low": low, "high": high})


def _weekly(real: Actual, was: Facts, forward: Sequence[Facts]) -> pd.DataFrame:
    first = 7 * np.arange(was.weekly.size)
    length = np.minimum(first + 7, real.last + 1) - first
    frame = _banded(
        {"week": first // 7 + 1, "days": length, "actual": was.weekly}, np.array([f.weekly for f in forward])
    )
    frame.insert(2, "held_out", first > real.until)
    cumulated = np.cumsum([f.weekly for f in forward], axis=1)
    frame["cumulative_actual"] = np.cumsum(was.weekly)
    frame["cumulative_simulated"] = cumulated.mean(axis=0)
    frame["cumulative_low"], frame["cumulative_high"] = np.percentile(cumulated, [5, 95], axis=0)
    return frame


def _histogram(was: Facts, forward: Sequence[Facts]) -> pd.DataFrame:
    shares = np.array([f.customers / f.customers.sum() for f in forward])
    columns = {"x": np.arange(TOP + 1.0), "customers": was.customers}
    return _banded({**columns, "actual": was.customers / was.customers.sum()}, shares)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _pooled(top: Sequence[Floats], bottom: Sequence[Floats]) -> Floats:
    return _ratio(np.sum(top, axis=0), np.sum(bottom, axis=0))


def _by_x(was: Facts, forward: Sequence[Facts], from_log: Sequence[Facts]) -> pd.DataFrame:
    frame = pd.DataFrame({"x": np.arange(TOP + 1), "customers": was.customers.astype(int)})
    frame["actual"] = _ratio(was.later, was.customers)
    for name, worlds in (("simulated", forward), ("from_log", from_log)):
        if worlds:
            frame[name] = _pooled([f.later for f in worlds], [f.customers for f in worlds])
    return frame


def _recency(real: Actual, was: Facts, forward: Sequence[Facts], from_log: Sequence[Facts]) -> pd.DataFrame:
    shares = np.array([f.since / f.since.sum() for f in forward])
    frame = _banded({"from_day": np.array(SINCE[:-1], float), "customers": was.since,
                     "actual": was.since / was.since.sum()}, shares)  # fmt: skip
    frame.insert(1, "before_day", np.minimum(SINCE[1:], max(real.until + 1, 1)))
    if real.holdout > 0:
        frame["returned_actual"] = _ratio(was.returned, was.since)
        frame["returned_simulated"] = _pooled([f.returned for f in forward], [f.since for f in forward])
        if from_log:
            frame["returned_from_log"] = _pooled([f.returned for f in from_log], [f.since for f in from_log])
    return frame[frame["from_day"] <= real.until].reset_index(drop=True)


def _seeds(real: Actual, was: Facts, forward: Sequence[Facts], from_log: Sequence[Facts]) -> pd.DataFrame:
    """Per seed: relative miss of the total and of the held-out orders."""
    frame = pd.DataFrame({"seed": np.arange(1, len(forward) + 1)})
    frame["cumulative"] = [f.weekly.sum() / max(was.weekly.sum(), 1) - 1 for f in forward]
    if real.holdout > 0:
        frame["holdout_total"] = [f.later.sum() / max(was.later.sum(), 1) - 1 for f in forward]
        frame["spearman"] = [f.spearman for f in forward]
        if from_log:
            frame["holdout_total_from_log"] = [f.later.sum() / max(was.later.sum(), 1) - 1 for f in from_log]
    return frame


def _scores(
    tables: dict[str, pd.DataFrame], was: Facts, forward: Sequence[Facts], from_log: Sequence[Facts]
) -> dict[str, float]:
    weekly, histogram, seeds = tables["weekly"], tables["histogram"], tables["seeds"]
    scores = {"cumulative": float(seeds["cumulative"].mean())}
    scores["histogram_tv"] = float((histogram["actual"] - histogram["simulated"]).abs().sum() / 2)
    scores["top_fifth_actual"] = float(was.curve[20])
    scores["top_fifth_forward"] = float(np.mean([f.curve[20] for f in forward]))
    if "by_x" not in tables:
        return scores
    scores["holdout_total"] = float(seeds["holdout_total"].mean())
    full = weekly[weekly["held_out"] & (weekly["days"] == 7) & (weekly["actual"] > 0)]
    if len(full):
        scores["weekly_mape"] = float(((full["simulated"] - full["actual"]) / full["actual"]).abs().mean())
    scores["spearman_actual"] = was.spearman
    scores["spearman_forward"] = float(np.mean([f.spearman for f in forward]))
    scores["by_x_forward"] = _miss(tables["by_x"], "simulated")
    if from_log:
        scores["by_x_from_log"] = _miss(tables["by_x"], "from_log")
        scores["holdout_total_from_log"] = float(seeds["holdout_total_from_log"].mean())
        scores["spearman_from_log"] = float(np.mean([f.spearman for f in from_log]))
    return {name: scores[name] for name in SCORES if name in scores}


def _miss(by_x: pd.DataFrame, column: str) -> float:
    """Absolute miss per customer, weighted by the actual customers of each x."""
    known = by_x.dropna(subset=["actual", column])
    return float(np.average((known[column] - known["actual"]).abs(), weights=known["customers"]))
