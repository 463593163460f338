"""Outcomes that take a world's numbers apart: the parts of a lifetime's value, and the steps of the funnel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simlab.world.book import COHORT_METRICS, FIRST_SOURCE
from simlab.world.market import Market
from simlab.world.metrics import M

YEAR = 365.0


def ratio(part: float, whole: float) -> float:
    """part / whole; nan without a whole."""
    return part / whole if whole else float("nan")


def value_parts(total: Mapping[str, int], net_fen: int, member_days: int) -> dict[str, float]:
    """Lifetime value as the field defines it, and its parts, which multiply up to it exactly.

    value = orders per member-year x net contribution per order x expected membership in years, and the last is
    member-years per member who leaves. It is what a membership of mean length brings at this run's mean rate, not
    discounted; `realised_value` and `residual_value` are what these members bring.
    """
    orders, leaves = total["orders"], total["leaves"]
    years = member_days / YEAR
    value = ratio(net_fen / 100.0, leaves)
    paid = total["acquisition_fen"] + total["entry_fen"] + total["reward_fen"] + total["invitee_fen"]
    cac = ratio(paid / 100.0, total["joins"])
    return {
        "basket": ratio((total["revenue_fen"] - total["fee_fen"]) / 100.0, orders),
        "net_per_order": ratio(net_fen / 100.0, orders),
        "lifetime": ratio(years, leaves),
        "lifetime_value": value,
        "cac": cac,
        "value_per_cac": ratio(value, cac),
    }


def funnel(market: Market, total: Mapping[str, int]) -> dict[str, float]:
    """The steps from an exposure to the second order, each as a share of the step before.

    Of those who joined since the valuation date; whoever joined late had less time for the last steps.
    """
    ledger = market.book.ledger[market.scenario.warmup.days :]
    came = int(ledger[..., FIRST_SOURCE:, :, M.joins].sum())
    first_month = market.book.cohorts[1:, 0].sum(axis=0)
    size, active = (int(first_month[COHORT_METRICS.index(name)]) for name in ("size", "active"))
    orders = market.users["orders"][market.users["joined"] >= 1]
    newcomers, bought, again = len(orders), int(np.sum(orders >= 1)), int(np.sum(orders >= 2))
    return {
        "click_rate": ratio(total["clicks"], total["exposures"]),
        "join_rate": ratio(came, total["clicks"]),
        "activation": ratio(active, size),
        "first_orders": ratio(bought, newcomers),
        "repurchase": ratio(again, bought),
        "answer_rate": ratio(total["interactions"], total["value_sent"] + total["promo_sent"]),
    }
