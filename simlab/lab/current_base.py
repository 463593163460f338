"""Today's customers from a log: what each has done, and what that says about rate, lifetime and basket."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.gamma_gamma import GammaGamma
from simlab.lab.logs import Log, pseudonym
from simlab.lab.pareto_nbd import ParetoNBD
from simlab.world.people import BASE_COLUMNS

FEN = 100.0


def default_salt(log: Log) -> str:
    """A salt made from the whole log: whoever has not got the log cannot compute it, and it needs no keeping.

    The pseudonyms change whenever the log does; give a secret salt of your own to keep them.
    """
    digest = hashlib.sha256("\x1f".join(log.customers).encode("utf-8", "surrogatepass"))
    for column in (log.customer, log.day, log.amount):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def current_base(
    log: Log, until: int, grid: ParetoNBD, baskets: GammaGamma, salt: str
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """One row per customer who arrived by day `until`, as of the evening of that day.

    Args:
        log: the log, amounts in yuan.
        until: last observed day; the valuation date is the day after.
        grid, baskets: the fitted laws.
        salt: for the pseudonyms.

    Returns:
        (frame, position): the frame has ``customer`` (pseudonym) and `BASE_COLUMNS`, sorted by pseudonym, so
        that the order of the rows says nothing about the ids either; ``position`` is the row of the same
        customer in ``log.summary(until)``, shape (customers,).

    ``tenure`` and ``since_order`` are whole days between the first or last order and the evening of
    ``until``. The basket's posterior uses all orders, the first one included, so that one-time buyers count.
    """
    rows = log.summary(until)
    x, t_x, n = (rows[name].to_numpy(np.int64) for name in ("frequency", "recency", "T"))
    orders, mean = x + 1, rows["monetary_value_all"].to_numpy(float)
    after = grid.posterior(x, t_x, n)
    shape, rate = baskets.posterior_rate(orders, mean)
    columns = {
        "tenure": n, "since_order": n - t_x, "orders": orders,
        "spend": np.round(FEN * mean * orders).astype(np.int64), "p_alive": np.clip(after.p_alive, 0.0, 1.0),
        "need_shape": after.lambda_shape, "need_rate": after.lambda_rate,
        "lifetime_shape": after.mu_shape, "lifetime_rate": after.mu_rate,
        "basket_shape": shape, "basket_rate": FEN * rate, "p_core": np.clip(after.p_core, 0.0, 1.0),
    }  # fmt: skip
    frame = pd.DataFrame({name: columns[name] for name in BASE_COLUMNS})
    frame.insert(0, "customer", [pseudonym(str(name), salt) for name in rows["customer"]])
    position = np.argsort(frame["customer"].to_numpy(str), kind="stable")
    return frame.iloc[position].reset_index(drop=True), position.astype(np.int64)
