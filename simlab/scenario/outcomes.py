"""The outcomes that can be read, constrained and (by the lab) compared and tuned."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Literal

from pydantic import field_validator

from simlab.scenario.errors import Fault, unknown
from simlab.scenario.part import Part
from simlab.scenario.units import SHARES, Number, parse

OUTCOMES: dict[str, tuple[str, str]] = {
    "customer_equity": ("customer equity per starting member", "yuan"),
    "total_equity": ("customer equity of the whole base", "yuan"),
    "realised_value": ("discounted net contribution per starting member, within the horizon", "yuan"),
    "residual_value": ("value left at the horizon per starting member", "yuan"),
    "net": ("net contribution within the horizon, not discounted", "yuan"),
    "revenue": ("revenue at list price", "yuan"),
    "subsidy": ("offer subsidy", "yuan"),
    "rewards": ("referral rewards", "yuan"),
    "acquisition_cost": ("cost of sources", "yuan"),
    "touch_cost": ("cost of touches", "yuan"),
    "members": ("members at the horizon", "users"),
    "joins": ("users who joined", "users"),
    "referred": ("users who joined by invitation", "users"),
    "hunters": ("users brought for the reward alone", "users"),
    "left": ("users who left", "users"),
    "orders": ("orders", "orders"),
    "orders_per_member": ("orders per member-year", "per year"),
    "active_share": ("mean share of members with a visit, interaction or order on a day", "share"),
    "touches": ("touches delivered", "touches"),
    "open_rate": ("opens per delivered touch", "share"),
    "seen_rate": ("noticed per delivered touch", "share"),
    "mutes": ("members who muted", "users"),
    "mute_rate": ("mutes per 1,000 delivered touches", "per 1,000"),
    "complaint_rate": ("complaints per 1,000 delivered touches", "per 1,000"),
    "reach": ("share of members who can be reached at the horizon", "share"),
    "fatigue": ("mean fatigue of members", "units"),
    "redemptions": ("coupons used", "coupons"),
    "redemption_rate": ("coupons used per coupon issued", "share"),
    "subsidised_organic": ("share of orders with an offer that would have come anyway", "share"),
    "invites": ("invitations sent", "invitations"),
    "k_factor": ("users brought by invitation per member ever", "-"),
    # company
    "told_joins": ("users who joined because a friend told them, without an invitation", "users"),
    "blocked": ("users brought for the reward alone who were caught", "users"),
    "talks": ("posts and talks to all friends", "talks"),
    "shares": ("rewarded shares", "shares"),
    "joins_per_talk": ("users who joined per post or talk", "-"),
    "teams": ("teams opened", "teams"),
    "team_completion": ("share of opened teams that were completed", "share"),
    "team_joins": ("users who joined by way of a team", "users"),
    "affected": ("members who became angry, per member at the start", "share"),
    "anger_peak": ("largest share of members who are angry on a day", "share"),
    "newcomer_retention": (
        "share of newcomers who are still alive and in the programme at the horizon",
        "share",
    ),
    "company_cost": (
        "commissions, share rewards, paid voices, checks, fines, compensation, responses",
        "yuan",
    ),
    "satisfaction": ("mean affinity of members", "share"),
    "nps": ("share of members with affinity above 0.6 minus share below 0.4, at the horizon", "share"),
    "issues": ("issues that orders brought", "issues"),
    "wait": ("mean time until the desk solved an issue that it knew of", "hours"),
    "in_promise": ("share of solved tickets answered within the promise", "share"),
    "issue_complaints": ("issues that became complaints", "complaints"),
    "complaints_in_promise": ("share of solved complaints solved within the time promised", "share"),
    "unsolved": ("issues that were given up", "issues"),
    "service_cost": ("cost of tickets, visits and compensation", "yuan"),
    "staff_cost": ("wages, training, tools and other cost of the staff", "yuan"),
    "violations": ("promotional pieces sent that broke the rules", "pieces"),
    "newcomer_need": ("order rate of invited newcomers relative to members on day 0", "-"),
    # firm
    "source_joins": ("users who joined by a source", "users"),
    "source_cac": ("cost of sources per user who joined by one, entry gifts included", "yuan"),
    "source_value": (
        "net contribution within the horizon per user who joined by a source, before its cost",
        "yuan",
    ),
    "source_active": (
        "share of those who joined by a source a month ago or before, seen in the last month",
        "share",
    ),
    "source_basket": ("mean basket at list price of users who joined by a source", "yuan"),
    "landings": ("clicks that reached an entry page", "landings"),
    "partner_cost": ("revenue shares of partners", "yuan"),
    "elsewhere": (
        "share of the orders of users by a source that would have come on the platform anyway",
        "share",
    ),
    "programme_cost": ("brand building, prevention and landing pages", "yuan"),
    "fines": ("fines", "yuan"),
    "alarm_days": ("days on which an alarm's reaction holds", "days"),
    "leave_rate": ("members who leave, per member-year", "per year"),
    # money
    "full_price_share": ("share of orders without an offer", "share"),
    "sample_cost": ("cost of gifts and samples", "yuan"),
    "points_cost": ("points earned, at their expected redemption", "yuan"),
    "points_liability": ("points in accounts at the horizon, at their full value", "yuan"),
    "benefit_cost": ("services of levels and plans", "yuan"),
    "plan_fees": ("fees of paid plans", "yuan"),
    "plan_members": ("members with a paid plan at the horizon", "users"),
    "renewal_rate": ("paid plans renewed per term that ended", "share"),
    "checkout_rate": ("orders per wish to order that reached the checkout", "share"),
    "private_share": ("share of orders placed in the private shop", "share"),
    "commission": ("what marketplaces took", "yuan"),
    "adopters": ("first orders of what is new", "users"),
    "match_share": ("touches about what the member cares for, of those that have a topic", "share"),
    "tag_accuracy": ("members whose interest the operator knows rightly, at the horizon", "share"),
    "rule_occasions": ("occasions that automatic rules noticed", "occasions"),
    "tasks_done": ("days on which members did a task", "member-days"),
    "group_members": ("members in groups at the horizon", "users"),
    "group_activity": ("mean share of the members of groups who speak on a day", "share"),
    "ugc_share": (
        "share of the content of groups that members wrote: stories shown / (stories + topics)",
        "share",
    ),
    "basket": ("mean basket at list price", "yuan"),
    "net_per_order": ("net contribution per order, all costs taken off", "yuan"),
    "lifetime": ("expected membership: member-years per member who leaves", "years"),
    "lifetime_value": ("orders per member-year x net contribution per order x expected membership", "yuan"),
    "cac": ("cost of sources and invitation rewards per newcomer", "yuan"),
    "value_per_cac": ("lifetime value per yuan of acquisition cost", "-"),
    "click_rate": ("clicks per exposure", "share"),
    "join_rate": ("newcomers by sources per click", "share"),
    "activation": ("newcomers with a visit, interaction or order within a month of joining", "share"),
    "first_orders": ("newcomers who ordered by the horizon", "share"),
    "repurchase": ("newcomers with an order who ordered again", "share"),
    "answer_rate": ("interactions per delivered touch", "share"),
}
"""Name: (meaning, unit). One name per thing, from YAML to DataFrame column to plot."""

_TEXT = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*(.+)")


class Constraint(Part):
    """``outcome <= limit`` or ``outcome >= limit``: what must hold."""

    outcome: str
    op: Literal["<=", ">="]
    limit: Number

    @field_validator("outcome")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in OUTCOMES:
            raise unknown("outcome", value, OUTCOMES)
        return value

    @classmethod
    def parse(cls, text: Any) -> Constraint:
        """Read "complaint_rate <= 0.3".

        Raises:
            Fault: not a comparison of a known outcome with a number.
        """
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise Fault(
                "expected a constraint", "Write outcome, <= or >=, and a number: 'complaint_rate <= 0.3'."
            )
        if match[1] not in OUTCOMES:
            raise unknown("outcome", match[1], OUTCOMES)
        limit = parse(match[3], {"%": SHARES["%"], "yuan": Fraction(1)}, "a limit", "0.3")
        return cls(outcome=match[1], op=match[2][0] + "=", limit=limit)
