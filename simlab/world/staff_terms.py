"""What the rules about staff read in the terms, as far as it does not change from day to day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.scenario.stages import OBSERVABLES
from simlab.world.numerics import power

if TYPE_CHECKING:
    from simlab.world.terms import Conditions


def _fen(yuan: float) -> int:
    return round(yuan * 100)


def write_staff(now: np.void, scenario: Scenario, conditions: Conditions) -> None:
    """One record's standing numbers; what the agents decide day by day is neutral here."""
    s, t, levers = scenario.behaviour.service, scenario.behaviour.team, scenario.levers
    desk, advisers = levers.service, levers.advisers
    values: dict[str, Any] = {
        "appeal_quality": 1.0, "moderation": 1.0, "analysis": 1.0, "fit": 1.0,
        "issue": s.issue, "voice": s.voice, "patience": s.patience, "wait_loss": s.wait_loss,
        "half_wait": s.half_wait, "solve_gain": s.solve_gain, "bot_loss": s.bot_loss,
        "complaint_loss": s.complaint_loss, "complaint_anger": s.anger, "relief": s.relief, "give_up": s.give_up,
        "violation_loss": t.violation_loss, "desk": desk is not None,
        "adviser_places": -1, "advice": 0.0, "advice_trust": t.advice_trust, "advice_orders": t.advice_orders,
        "advice_basket": t.advice_basket,
    }  # fmt: skip
    if desk is not None:
        paid = desk.compensation
        values |= {
            "promise": desk.promise, "complaint_promise": desk.complaint_promise, "desk_hours": desk.hours,
            "graded": desk.graded, "ticket_fen": _fen(desk.cost), "compensation_fen": _fen(paid),
            "compensation_gain": s.compensation_gain * paid / (paid + s.half_compensation) if paid > 0 else 0.0,
        }  # fmt: skip
        if desk.ai is not None:
            values |= {"ai_share": desk.ai.share, "ai_solves": desk.ai.solves, "ai_fen": _fen(desk.ai.cost)}
        if desk.follow_up is not None:
            visit = desk.follow_up
            values |= {"follow_up": visit.share, "follow_after": visit.after, "follow_fen": _fen(visit.cost)}
    if advisers is not None:
        first, last = conditions.add(advisers.who)
        order = -1 if advisers.order == "keyed" else tuple(OBSERVABLES).index(advisers.order)
        values |= {
            "adviser_first": first, "adviser_last": last, "adviser_share": advisers.share, "adviser_order": order,
        }  # fmt: skip
        now["most_orders"] *= 1.0 + t.advice_orders
    for name, value in values.items():
        now[name] = value


def late(touches: NDArray[np.void], scenario: Scenario) -> None:
    """Promotions that wait for a review are stale when they go out."""
    review = scenario.levers.review
    if review is not None and review.delay > 0:
        kept = float(power(1.0 - scenario.behaviour.team.staleness, review.delay / 24.0))
        touches["exposure"] *= np.where(touches["promo"] != 0, kept, 1.0)
