"""The outcomes of one finished world, scaled to the real base.

Counts and fen are whole numbers; the few real-valued sums use math.fsum, which is exact
and so does not depend on order or processor.
"""

from __future__ import annotations

from math import fsum

import numpy as np

from simlab.scenario.outcomes import OUTCOMES
from simlab.world.engine import residuals
from simlab.world.funnel import funnel, value_parts
from simlab.world.market import Market
from simlab.world.market_outcomes import kept_value, market_outcomes
from simlab.world.metrics import COSTS, FIXED_POINT, METRICS, M
from simlab.world.numerics import exp, log
from simlab.world.records import MEMBER

COMPANY_COSTS = ("bonus_fen", "voice_fen", "sharing_fen", "damages_fen", "response_fen")


def residual_per_user(market: Market) -> np.ndarray:
    """(N,) int64 fen left in each user at the horizon, under the named continuation policy."""
    economics = market.scenario.economics
    shapes = np.array([s.basket.p for s in market.scenario.population.segments.values()])
    value = residuals(
        market.users, economics.margin, shapes, economics.discount / 365.0, economics.residual_cap,
        economics.reference_lift, economics.reference_mute, market.scenario.behaviour.invitation.hunter_hazard,
        economics.continuation == "reference",
    )  # fmt: skip
    return kept_value(market, value)


def outcomes(market: Market) -> dict[str, float]:
    """Every outcome of `simlab.scenario.outcomes.OUTCOMES` for one finished market.

    Ratios without a denominator (open rate without a touch ...) are nan. "Per starting member" divides by
    members at the valuation date; in a world that starts empty, by everybody who ever joined.
    """
    scenario = market.scenario
    scale = scenario.scale
    ledger = market.book.ledger[scenario.warmup.days :]
    daily = ledger.sum(axis=(1, 2, 3))
    total = {name: int(daily[:, M[name]].sum()) for name in METRICS}
    members = ledger[:, :-2, ..., M.members].sum(axis=(1, 2, 3))
    reachable = ledger[:, :-2, ..., M.reachable].sum(axis=(1, 2, 3))
    started = int(market.book.cohorts[0, 0, 0])
    ever = started + total["joins"]
    base = max(started or ever, 1)
    net = daily[:, M.margin_fen] - sum(daily[:, M[cost]] for cost in COSTS)
    rate = log(1.0 + scenario.economics.discount) / 365.0
    factors = [float(exp(-rate * day)) for day in range(1, scenario.horizon + 1)]
    realised = fsum(f * int(x) for f, x in zip(factors, net, strict=True)) / 100.0
    residual = int(residual_per_user(market).sum()) / 100.0 * factors[-1]
    member_days = int(members.sum())
    touches = total["value_sent"] + total["promo_sent"]

    def per(part: float, whole: float) -> float:
        return part / whole if whole else float("nan")

    values = {
        "customer_equity": (realised + residual) / base,
        "total_equity": (realised + residual) * scale,
        "realised_value": realised / base,
        "residual_value": residual / base,
        "net": int(net.sum()) / 100.0 * scale,
        "revenue": total["revenue_fen"] / 100.0 * scale,
        "subsidy": total["subsidy_fen"] / 100.0 * scale,
        "rewards": (total["reward_fen"] + total["invitee_fen"]) / 100.0 * scale,
        "acquisition_cost": total["acquisition_fen"] / 100.0 * scale,
        "touch_cost": total["touch_fen"] / 100.0 * scale,
        "members": int(members[-1]) * scale,
        "joins": total["joins"] * scale,
        "referred": int(ledger[..., 2, :, M.joins].sum()) * scale,
        "hunters": total["hunters"] * scale,
        "left": total["leaves"] * scale,
        "orders": total["orders"] * scale,
        "orders_per_member": per(total["orders"] * 365.0, member_days),
        "active_share": per(total["active"], member_days),
        "touches": touches * scale,
        "open_rate": per(total["opens"], touches),
        "seen_rate": per(total["seen"], touches),
        "mutes": total["mutes"] * scale,
        "mute_rate": per(1000.0 * total["mutes"], touches),
        "complaint_rate": per(1000.0 * total["complaints"], touches),
        "reach": per(int(reachable[-1]), int(members[-1])),
        "fatigue": per(total["fatigue"] / FIXED_POINT, member_days),
        "redemptions": total["redeemed"] * scale,
        "redemption_rate": per(total["redeemed"], total["issued"]),
        "subsidised_organic": per(total["organic"], total["redeemed"] + total["standing"]),
        "invites": total["invites"] * scale,
        "k_factor": per(int(ledger[..., 2, :, M.joins].sum()), ever),
        # company
        "told_joins": total["talk_joins"] * scale,
        "blocked": total["blocked"] * scale,
        "talks": total["talks"] * scale,
        "shares": total["shares"] * scale,
        "joins_per_talk": per(total["talk_joins"], total["talks"]),
        "teams": total["teams"] * scale,
        "team_completion": per(total["teams_done"], total["teams"]),
        "team_joins": total["team_joins"] * scale,
        "affected": per(total["angered"], started),
        "anger_peak": max(
            (per(int(a), int(m)) for a, m in zip(daily[:, M.angry], members, strict=True) if m),
            default=float("nan"),
        ),
        "newcomer_retention": _newcomer_retention(market),
        "company_cost": sum(total[name] for name in COMPANY_COSTS) / 100.0 * scale,
        "satisfaction": per(total["affinity"] / FIXED_POINT, member_days),
        "nps": _promoters(market),
        "issues": total["issues"] * scale,
        "wait": per(total["wait_minutes"] / 60.0, total["tickets"]),
        "in_promise": per(total["in_time"], total["tickets"]),
        "issue_complaints": total["escalations"] * scale,
        "complaints_in_promise": per(total["complaints_in_time"], total["complaints_solved"]),
        "unsolved": total["given_up"] * scale,
        "service_cost": (total["service_fen"] + total["compensation_fen"]) / 100.0 * scale,
        "staff_cost": total["staff_fen"] / 100.0 * scale,
        "violations": float(total["violations"]),
        "newcomer_need": _newcomer_need(market),
        **market_outcomes(market, ledger, total, scale, member_days),
        # money
        "full_price_share": per(total["orders"] - total["redeemed"] - total["standing"], total["orders"]),
        "sample_cost": total["sample_fen"] / 100.0 * scale,
        "points_cost": total["points_fen"] / 100.0 * scale,
        "points_liability": _points_owed(market) * scale,
        "benefit_cost": total["benefit_fen"] / 100.0 * scale,
        "plan_fees": total["fee_fen"] / 100.0 * scale,
        "plan_members": int(((market.users["plan"] >= 0) & (market.users["status"] == MEMBER)).sum()) * scale,
        "renewal_rate": per(total["renewals"], total["renewals"] + total["lapses"]),
        "checkout_rate": per(total["orders"], total["orders"] + total["abandoned"]),
        "private_share": per(total["private"], total["orders"]),
        "commission": total["commission_fen"] / 100.0 * scale,
        "adopters": total["adoptions"] * scale,
        "match_share": per(total["matched"], total["matched"] + total["mismatched"]),
        "tag_accuracy": _tag_accuracy(market),
        "rule_occasions": total["fired"] * scale,
        "tasks_done": total["tasks"] * scale,
        # groups
        "group_members": int(daily[-1, M.grouped]) * scale,
        "group_activity": per(total["speakers"], total["grouped"]),
        "ugc_share": per(total["stories"], total["stories"] + total["topics"]),
        **value_parts(total, int(net.sum()), member_days),
        **funnel(market, total),
    }
    assert tuple(values) == tuple(OUTCOMES)
    return values


def _points_owed(market: Market) -> float:
    """What all points of members would take off orders, in yuan."""
    users, owed = market.users, 0.0
    for cell, scenario in enumerate(market.strategies):
        if (points := scenario.levers.points) is not None:
            theirs = (users["status"] == MEMBER) & (users["cell"] == cell)
            owed += int(users["points"][theirs].sum(dtype=np.int64)) * points.value
    return owed


def _tag_accuracy(market: Market) -> float:
    """Share of the members whose tag is their interest; nan where nobody has an interest."""
    users = market.users
    has = (users["status"] == MEMBER) & (users["interest"] > 0)
    return float((users["tag"][has] == users["interest"][has]).mean()) if has.any() else float("nan")


def _newcomer_retention(market: Market) -> float:
    """Share of those who joined since day 1 whose relation has not ended by the horizon."""
    users = market.users
    joined = (users["joined"] >= 1) & (users["status"] >= MEMBER)
    here = joined & (users["status"] == MEMBER) & (users["alive"] == 1)
    return int(here.sum()) / int(joined.sum()) if joined.any() else float("nan")


def _promoters(market: Market) -> float:
    """Members whose affinity is high less those whose affinity is low, as a share of all at the horizon."""
    users = market.users
    here = users["status"] == MEMBER
    if not here.any():
        return float("nan")
    affinity = users["affinity"][here] + users["trust"][here]
    return (int((affinity > 0.6).sum()) - int((affinity < 0.4).sum())) / len(affinity)


def _newcomer_need(market: Market) -> float:
    """Mean latent order rate of invited newcomers over that of the members on day 0."""
    users = market.users
    here = (users["joined"] <= 0) & (users["status"] >= MEMBER) & (users["source"] == 0)
    invited = (users["joined"] >= 1) & (users["source"] == 2)
    if not here.any() or not invited.any():
        return float("nan")
    mean = [fsum(users["rate"][chosen].tolist()) / int(chosen.sum()) for chosen in (invited, here)]
    return mean[0] / mean[1] if mean[1] else float("nan")
