"""The user record, and the small tables that a day's rules look at.

One fixed-size record per person in one array: members and prospects alike, from the
start, so that ids never depend on what happens. Latent fields are never visible to stages
or to a strategy; only the fields marked *observable* are.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

_config: Any = numba.config


def record_type(fields: list[tuple[str, str]]) -> np.dtype[Any]:
    """A record's layout; uncompiled (in a debugger) its fields are attributes too, as compiled rules read them."""
    layout = np.dtype(fields, align=True)
    return np.dtype((np.record, layout)) if _config.DISABLE_JIT else layout


PROSPECT, MEMBER, LEFT = 0, 1, 2
NEVER = -30_000
"""Day number that stands for "never happened"."""
TONIGHT = -2
"""`team` of those whom somebody wants to bring, until the evening is over: TONIGHT less the number of the claim."""

USER = record_type(
    [
        # first line: what changes each day, or is looked at each day
        ("life_left", "f8"),  # latent: what is left of a unit-exponential lifetime; <= 0: relation ended
        ("trust", "f4"),  # from here on stocks that fade overnight, side by side: several in one instruction
        ("fatigue", "f4"),
        ("exposure", "f4"),
        ("inventory", "f4"),  # orders borrowed from later, relative to the rate
        ("log_reference", "f4"),  # log of reference price / list price, <= 0
        ("habit", "f4"),  # practice stock, 0 to 1: fed by tasks and company
        ("grief", "f4"),  # relative hazard from friends who left
        ("anger", "f4"),  # negative belief: from a crisis, or an issue left unsolved
        ("coupon_depth", "f4"),  # coupon held and noticed; 0: none
        ("coupon_until", "i2"),  # last day of validity
        ("last_seen", "i2"),  # day of the last visit, interaction or order (observable as idle)
        ("unseen", "i2"),  # day of the last visit or order that the operator did not see
        ("stage_until", "i2"),  # first day on which the stage must be looked up again
        ("status", "u1"),
        ("alive", "u1"),  # latent
        ("muted", "u1"),
        ("stage", "u1"),
        ("source", "u1"),
        ("segment", "u1"),
        ("cell", "u1"),  # test cell: whose terms hold for this user; 0 where there is one strategy
        ("hunter", "u1"),  # latent: joined for a reward
        ("lost_friends", "u1"),  # friends who left yesterday; 255: that many or more
        ("lost_inviter", "u1"),
        ("heard", "u1"),  # bad news from friends since yesterday; a prospect does not forget it
        ("praise", "u1"),  # good news from friends since yesterday
        # second line: traits that a day asks for, and what a touch changes
        ("net", "i8"),  # fen of net contribution so far
        ("rate", "f4"),  # latent: orders per day
        ("hazard", "f4"),  # latent: lifetime rate per day
        ("visits", "f4"),  # own visits per day
        ("sociability", "f4"),  # inclination to invite, median 1
        ("affinity", "f4"),  # latent: baseline affinity
        ("inv_affinity", "f4"),
        ("inv_tolerance", "f4"),  # 1 / tolerance of touches, median 1
        ("inv_half_activity", "f4"),  # 1 / fatigue at which this user's activity halves
        ("deal", "f4"),  # deal-proneness, mean 1
        ("group", "i4"),  # -1: none (observable)
        ("points", "i4"),  # balance (observable)
        ("joined", "i2"),  # day (observable as tenure)
        ("ticket", "i2"),  # day on which an open issue arose; NEVER: none (observable)
        ("sent_month", "u2"),
        ("sent_week", "u2"),
        ("closed", "u1"),  # channels that are muted or were never open, as bits; 0 where there is one channel
        ("dog", "u1"),  # latent: contact drives this user away when idle
        ("active_age", "i1"),  # last month of tenure in which the user was active (for cohorts)
        ("complaints", "u1"),  # so far (observable)
        # third line: what orders, invitations, news and further observables need
        ("spend", "i8"),  # fen paid so far (observable)
        ("recent_spend", "f4"),  # yuan paid, fading with a 90-day half-life (observable)
        ("basket_rate", "f4"),  # latent: baskets are Gamma(p) / basket_rate, in fen
        ("receptive", "f4"),  # inclination to accept an invitation, from need
        ("inviter", "i4"),  # user id, -1: none
        ("layers", "u4"),  # place in up to four further stage schemes, 8 bits each (observable)
        ("team", "i4"),  # who opened one's team; -1: none; below: a claim of tonight, see TONIGHT
        ("last_order", "i2"),  # day (observable)
        ("orders", "u2"),  # (observable)
        ("invited", "u2"),  # friends who joined (observable)
        ("redeemed", "u2"),  # coupons used (observable)
        ("answers", "u2"),  # interactions so far (observable)
        ("birthday", "u2"),  # day of the year, 0-364 (observable)
        ("sent_quota", "u2"),  # this month's messages in channels with a quota, 4 bits each
        ("plan_until", "i2"),  # last day of a paid plan; NEVER: none (observable)
        ("shown_until", "i2"),  # last day on which a recommendation that fits is in mind; NEVER: none yet
        ("team_until", "i2"),
        ("posts", "u2"),  # messages written in the group so far (observable)
        ("depth", "u1"),  # invitations between this user and a seed user; 255: that many or more
        ("coupon_offer", "i1"),
        ("streak", "u1"),  # days in a row on which a task was done (observable)
        ("interest", "u1"),  # latent: the topic this user cares about
        ("tag", "u1"),  # the topic that the operator believes it is; 0: not known (observable)
        ("plan", "i1"),  # which plan; -1: none
        ("uses", "u1"),  # days with a visit, answer or order since the fee was paid
        ("adopted", "u1"),  # launches bought so far, a bit each
        ("shared", "u1"),  # rewarded shares so far
        ("advised", "u1"),  # has a personal adviser
    ],
)
"""One person, by use: a processor fetches lines of 64 bytes, and most members' days need no more than the first two."""

LINE = 64
"""Bytes of a cache line on the processors that we know."""


def nobody_yet(n: int) -> NDArray[np.void]:
    """(n,) empty user records, each of which begins where a cache line does: three lines hold it, not four."""
    return _room(np.zeros(n * USER.itemsize + LINE, np.uint8))


def copied(users: NDArray[np.void]) -> NDArray[np.void]:
    """The same records in memory of their own, as whole bytes: NumPy would copy them field by field."""
    own = _room(np.empty(users.nbytes + LINE, np.uint8))
    own.view(np.uint8)[:] = users.view(np.uint8)
    return own


def _room(room: NDArray[np.uint8]) -> NDArray[np.void]:
    """Records in a piece of memory that is one cache line longer."""
    start = -room.ctypes.data % LINE
    return room[start : start + room.size - LINE].view(USER)


TOUCH = record_type(
    [("name", "u8"), ("fatigue", "f8"), ("exposure", "f8"), ("trust", "f8"), ("cost", "i8"), ("promo", "i8"),
     ("offer", "i8"), ("violates", "i8"), ("plan", "i8"), ("answer", "f8"), ("habit", "f8"), ("channel", "i8"),
     ("topic", "i8"), ("quiz", "i8"), ("hour", "i8")],
)  # fmt: skip

RULE = record_type(
    [("name", "u8"), ("share", "f8"), ("chance", "f8"), ("first", "i8"), ("last", "i8"), ("clock", "i8"),
     ("falling", "i8"), ("after", "i8"), ("every", "i8"), ("span", "i8"), ("cost", "i8"), ("cells", "i8"),
     ("touch", "i8")],
)  # fmt: skip

CHANNEL = record_type(
    [("seen", "f8"), ("open", "f8"), ("cost", "i8"), ("quota", "i8"), ("slot", "i8")],
)

SCHEME = record_type([("first", "i8"), ("places", "i8"), ("refresh", "i8"), ("downgrade", "i8")])

OFFER = record_type(
    [("name", "u8"), ("depth", "f8"), ("log_price", "f8"), ("clip_rate", "f8"), ("min_spend", "i8"), ("valid", "i8"),
     ("stages", "i8"), ("open", "i8"), ("finite_stock", "i8"), ("finite_budget", "i8"),
     # money
     ("worth", "f8"), ("share", "f8"), ("basket", "f8"), ("fit", "f8"), ("amount", "i8"), ("gift", "i8"),
     ("first", "i8"), ("last", "i8"), ("standing", "i8"), ("cells", "i8"), ("plan", "i8"), ("shop", "i8"),
     ("usable", "i8")],
)  # fmt: skip

PLAN = record_type(
    [("name", "u8"), ("depth", "f8"), ("amount", "f8"), ("per_use", "f8"), ("share", "f8"), ("fee", "i8"),
     ("margin", "i8"), ("cost", "i8"), ("term", "i8"), ("first", "i8"), ("last", "i8"), ("standing", "i8")],
)  # fmt: skip

LAUNCH = record_type(
    [("name", "u8"), ("own", "f8"), ("early", "f8"), ("others", "f8"), ("reach", "f8"), ("cannibal", "f8"),
     ("price", "i8"), ("first", "i8"), ("last", "i8"), ("open", "i8")],
)  # fmt: skip

WAY = record_type(
    [("name", "u8"), ("entry_cost", "i8")]
    + [(name, "f8") for name in
       "need deal basket tolerance lifetime trust hunters fee elsewhere".split()],
)  # fmt: skip
"""What a source means for those who come by it."""
PROGRAMME = record_type(
    [("value", "f8"), ("accept", "f8"), ("hunt", "f8"), ("perk", "f8"), ("check_catch", "f8"), ("check_refuse", "f8"),
     ("open", "i8"), ("stages", "i8"), ("first", "i8"), ("last", "i8"), ("needed", "i8"), ("reward", "i8"),
     ("invitee_reward", "i8"), ("purse", "i8"), ("goal_first", "i8"), ("goal_last", "i8"), ("quota", "i8"),
     ("offer", "i8"), ("check_cost", "i8"), ("checked", "i8")],
)  # fmt: skip
"""One invitation programme: (first, last) are its audience's conditions, (goal_first, goal_last) its tiers."""

GOAL = record_type([("value", "f8"), ("friends", "i8"), ("before", "i8"), ("reward", "i8")])
"""One tier: reward at `friends` in all; `before`: friends of the tier below."""

TEAM = record_type(
    [("name", "u8"), ("start", "f8"), ("ask", "f8"), ("outsider", "f8"), ("open", "i8"), ("first", "i8"),
     ("last", "i8"), ("offer", "i8"), ("needed", "i8"), ("days", "i8"), ("early", "i8"), ("commission", "i8"),
     ("step_first", "i8"),
     ("step_last", "i8")],
)  # fmt: skip
"""One group-buy; (step_first, step_last) are its rows in the table of deeper offers."""

VOICE = record_type(
    [("name", "u8"), ("urge", "f8"), ("by_satisfaction", "f8"), ("by_discontent", "f8"), ("by_praise", "f8"),
     ("by_anger", "f8"), ("reach", "f8"), ("join", "f8"), ("load", "f8"), ("punished", "f8"), ("open", "i8"),
     ("first", "i8"), ("last", "i8"), ("bad", "i8"), ("reward", "i8"), ("cap", "i8"), ("fine", "i8"),
     ("rewarded", "i8")],
)  # fmt: skip
"""One way in which people tell their friends: what moves them, who notices, what it does, what it is paid."""

SEEDING = record_type(
    [("name", "u8"), ("negative", "f8"), ("open", "i8"), ("first", "i8"), ("last", "i8"), ("people", "i8"),
     ("by", "i8"), ("fee", "i8"), ("voice", "i8")],
)  # fmt: skip
"""Paid voices: `by` -2 at random, -1 friends, otherwise an observable; `voice`: a good one, followed by a bad one."""

CRISIS = record_type(
    [("name", "u8"), ("share", "f8"), ("severity", "f8"), ("open", "i8"), ("first", "i8"), ("last", "i8")],
)  # fmt: skip

# Today's terms in one record: the behavioural parameters in the form that the rules use,
# and what the brand decided for today. Floats first, then integers.
_FLOATS = (
    "season fatigue_keep trust_keep exposure_keep inventory_keep reference_keep grief_keep seen "
    "inv_half_seen open half_open crowding interact execution mute leave complain saturation "
    "muted_visits dog_leave exit ended_visits trust_orders trust_lifetime lift half_exposure "
    "elasticity reference_share loss_aversion reference_learning largest_lift pull_forward "
    "inventory_days grief_friend grief_inviter episodes invite_gain half_reward reward_value "
    "step_loss more proof hunter_need hunter_hazard hunter_deal margin "
    "most_orders "  # upper bound of the factors of the order intensity below, but for habit and plan
    # contact
    "habit_keep habit_visits habit_orders habit_break streak_bonus match_open mismatch_open match_answer "
    "mismatch_answer match_fatigue mismatch_fatigue match_exposure mismatch_exposure learn coverage "
    # money
    "recent_keep surplus stockpile bundle sample_trust trial sample_exposure relevance tagged best_seller "
    "relevant_exposure cross_sell per_yuan point_cost redeem point_goal answer_pull visit_pull level_goal "
    "level_from level_hold consider plan_spread sunk plan_hold plan_usage checkout_keep shop_appeal "
    "shop_trust shop_exposure commission "
    # company
    "status status_trust satisfied praise_exposure praise_trust deterrence proof_level proof_gain "
    "anger_keep belief shield passed_on anger_trust anger_orders anger_visits anger_lifetime anger_leave "
    "anger_complain publicity answered settling repair most_ready "
    # groups
    "idea_fit "
    # firm
    "defection trust_shock entry_trust "
    "appeal_quality moderation analysis fit issue voice patience wait_loss half_wait solve_gain bot_loss "
    "complaint_loss complaint_anger relief compensation_gain ai_share ai_solves follow_up promise "
    "complaint_promise desk_hours desk_heads desk_flow desk_handling violation_loss advice advice_trust advice_orders "
    "advice_basket adviser_share"
).split()
_INTS = (
    "day new_week new_month cap_day cap_week cap_month dog_idle complaint_cost "
    # contact
    "topics quiet_hours "
    # money
    "deals loyal recommends in_mind point_step step_fen per_answer per_visit per_invite point_expiry "
    "level_step level_top level_recent service shops "
    # company
    "proof_first proof_last compensation "
    # firm
    "give_up desk desk_places graded ticket_fen ai_fen compensation_fen follow_after follow_fen "
    "adviser_places adviser_first adviser_last adviser_order"
).split()
_FACTORS = (
    "trust_keep fatigue_keep exposure_keep inventory_keep reference_keep habit_keep grief_keep anger_keep"
).split()
"""What is left of each stock overnight, in the order of the stocks in the user record."""
NOW = record_type(
    [(name, "f4") for name in _FACTORS]
    + [(name, "f8") for name in _FLOATS if name not in _FACTORS]
    + [(name, "i8") for name in _INTS],
)

SEEN_CURVE, ACTIVITY_CURVE, ORDER_CURVE, OPT_OUT_CURVE = range(4)
CURVE_SIZE = 257


class Terms(NamedTuple):
    """Today's terms, as the compiled rules take them.

    Attributes:
        now: (C,) NOW records, one for each test cell; all but the strategy is the same in them.
        touches: (K,) TOUCH records. turn: (K,) their numbers by the priority that they have today, the highest first.
        rates: (C, K, S) chance that touch k is planned for a user of cell c and stage s today.
        offers: (J,) OFFER records.
        stage_first: (S + 1,) first condition of each stage.
        conditions: (C, 3) observable number, 0 for <= or 1 for >= or 2 for "one of these bits", value.
        curves: (4, CURVE_SIZE) responses to fatigue, tabulated over x / (x + c) in [0, 1].
        baskets: (G, GRID_SIZE) log quantiles of Gamma(p) per segment.
        rules: (R,) RULE records, those of one touch together. rule_first: (K + 1,) first rule of each touch.
        appeal: (K, G) today's factor of opening touch k in segment g.
        channels: (H,) CHANNEL records; none where there is one channel only.
        schemes: (L,) SCHEME records. scheme_first: first condition of each of their places, one scheme after another.
        ways: (C,) WAY records by number of the source.
        programmes: (C, P) PROGRAMME records by test cell. goals: (T,) GOAL records.
        teams: (Q,) TEAM records. steps: (W, 2) members and offer.
        voices: (V,) VOICE records; the first is that of anger. seedings: (K,) SEEDING records.
        crises: (X,) CRISIS records.
        plans: (P,) PLAN records. launches: (L,) LAUNCH records.
        kinds: (L,) GROUP_KIND records, in order of priority.
    """

    now: NDArray[np.void]
    touches: NDArray[np.void]
    turn: NDArray[np.int64]
    rates: NDArray[np.float64]
    offers: NDArray[np.void]
    stage_first: NDArray[np.int64]
    conditions: NDArray[np.int64]
    curves: NDArray[np.float64]
    baskets: NDArray[np.float64]
    # contact
    rules: NDArray[np.void]
    rule_first: NDArray[np.int64]
    appeal: NDArray[np.float64]
    channels: NDArray[np.void]
    schemes: NDArray[np.void]
    scheme_first: NDArray[np.int64]
    ways: NDArray[np.void]
    # company
    programmes: NDArray[np.void]
    goals: NDArray[np.void]
    teams: NDArray[np.void]
    steps: NDArray[np.int64]
    voices: NDArray[np.void]
    seedings: NDArray[np.void]
    crises: NDArray[np.void]
    # money
    plans: NDArray[np.void]
    launches: NDArray[np.void]
    kinds: NDArray[np.void]


class Event(IntEnum):
    """Codes of the event log: (day, user, code, value)."""

    STAGE = 0
    SEND = 1
    CAPPED = 2
    UNSENT = 3
    SEEN = 4
    OPEN = 5
    INTERACT = 6
    COUPON = 7
    EXPIRE = 8
    MUTE = 9
    COMPLAIN = 10
    LEAVE = 11
    VISIT = 12
    END = 13
    ORDER = 14
    REDEEM = 15
    REFUSED = 16
    INVITE = 17
    JOIN = 18
    REWARD = 19
    GIFT = 20
    # money
    STANDING = auto()
    SAMPLE = auto()
    EARN = auto()
    BURN = auto()
    FORFEIT = auto()
    BENEFIT = auto()
    COMMISSION = auto()
    ABANDON = auto()
    PLAN = auto()
    LAPSE = auto()
    ADOPT = auto()
    # company
    BLOCKED = auto()  # somebody brought for the reward alone was caught
    BONUS = auto()  # commission of a team, or reward of a share
    SPEAK = auto()  # tells friends; value: which voice
    FEE = auto()  # paid for a voice, or for checking a newcomer
    FINE = auto()
    TEAM = auto()  # takes part in a team; value: who opened it
    TEAM_END = auto()  # value: 1 with the offer, 0 without
    ANGER = auto()
    RELIEF = auto()  # compensation
    # groups
    GROUP = auto()  # placed in a group; -1: in none, -2: gone out for good
    GATHER = auto()  # what somebody did in the group today (bits)
    PAID = auto()  # fen
    # firm
    ISSUE = auto()
    SOLVE = auto()
    ESCALATE = auto()  # fen
    GIVE_UP = auto()
    SERVICE = auto()  # fen
    MADE_GOOD = auto()  # fen
    # contact
    FARE = auto()  # fen that a touch cost beyond its own price: the channel's and the rule's


EVENT_NAMES = tuple(event.name.lower() for event in Event)
