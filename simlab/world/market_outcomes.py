"""What sources, events and alarms came to in one finished world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.world.metrics import M
from simlab.world.records import MEMBER, PROSPECT

if TYPE_CHECKING:
    from simlab.world.market import Market

FIRST = 3


def kept_value(market: Market, value: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) what stays of the value left at the horizon: less a partner's share, and what would have come anyway."""
    ways, margin = market.terms.ways, market.scenario.economics.margin
    if not (ways["fee"] > 0).any() and not (ways["elsewhere"] > 0).any():
        return value
    fee = ways["fee"] / margin if margin > 0 else np.zeros(len(ways))
    kept = 1.0 - fee - ways["elsewhere"]
    return np.rint(value * kept[market.users["source"]]).astype(np.int64)


def market_outcomes(
    market: Market, ledger: NDArray[np.int64], total: dict[str, int], scale: float, member_days: int
) -> dict[str, float]:
    """The outcomes of the market, in the order of `simlab.scenario.outcomes.OUTCOMES`."""
    users, horizon = market.users, market.scenario.horizon
    here = (users["source"] >= FIRST) & (users["joined"] >= 1) & (users["status"] != PROSPECT)
    old = here & (users["joined"] <= horizon - 30)
    seen = old & (users["status"] == MEMBER) & (users["last_seen"] > horizon - 30)
    by_source = (
        ledger[:, :, FIRST:].sum(axis=(0, 1, 2, 3)) if ledger.shape[2] > FIRST else np.zeros(len(M), np.int64)
    )

    def per(part: float, whole: float) -> float:
        return part / whole if whole else float("nan")

    joined = total["source_joins"]
    entry = int(users["net"][here].sum()) + total["entry_fen"]
    return {
        "source_joins": joined * scale,
        "source_cac": per((total["acquisition_fen"] + total["entry_fen"]) / 100.0, joined),
        "source_value": per(entry / 100.0, int(here.sum())),
        "source_active": per(int(seen.sum()), int(old.sum())),
        "source_basket": per(int(by_source[M.revenue_fen]) / 100.0, int(by_source[M.orders])),
        "landings": total["landings"] * scale,
        "partner_cost": total["partner_fen"] / 100.0 * scale,
        "elsewhere": per(total["elsewhere"], int(by_source[M.orders])),
        "programme_cost": total["programme_fen"] / 100.0 * scale,
        "fines": total["penalty_fen"] / 100.0 * scale,
        "alarm_days": float(total["alarm_days"]),
        "leave_rate": per(total["leaves"] * 365.0, member_days),
    }
