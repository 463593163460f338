"""What the ledger counts: the columns of the daily table, in their fixed order.

Everything is a whole number (counts, fen, or ten-thousandths), so that sums do not
depend on the order in which users are visited.
"""

from __future__ import annotations

from enum import IntEnum, auto


class M(IntEnum):
    """Columns of the daily ledger, per day x stage x source x segment."""

    members = 0  # stock at the end of the day
    reachable = 1  # stock: members who have not muted
    fatigue = 2  # sum over those who were members all day, of fatigue x 10,000
    affinity = 3  # the same of affinity
    active = 4  # members with a visit, interaction or order that day
    touched = 5  # members with at least one delivered touch
    value_sent = 6  # delivered touches by kind
    promo_sent = 7
    capped = 8  # planned, but held back by a cap or quota
    unsent = 9  # planned, but not executed by staff
    seen = 10
    opens = 11
    interactions = 12
    visits = 13
    mutes = 14
    complaints = 15
    leaves = 16  # left the programme, for whatever reason
    ended = 17  # latent: the customer relation ended (never visible to a strategist)
    issued = 18  # coupons
    expired = 19
    redeemed = 20
    organic = 21  # coupon orders that would have come anyway
    refused = 22  # coupons not honoured because the budget was spent
    orders = 23
    revenue_fen = 24  # at list price
    margin_fen = 25
    subsidy_fen = 26
    touch_fen = 27
    complaint_fen = 28
    reward_fen = 29  # to inviters
    invitee_fen = 30  # to invitees
    invites = 31
    joins = 32
    hunters = 33  # joined for the reward alone
    exposures = 34  # sources; these four stand in the row of stage "prospect"
    clicks = 35
    acquisition_fen = 36
    fixed_fen = 37
    # contact (a new column takes `auto()`: the order of columns is not part of any file)
    fired = auto()  # occasions that rules found
    matched = auto()  # delivered touches whose topic is the user's interest
    mismatched = auto()  # delivered touches with another topic
    tasks = auto()  # members who did a task
    # money
    standing = auto()  # orders at a standing price
    samples = auto()
    sample_fen = auto()
    points_earned = auto()
    points_redeemed = auto()
    points_forfeited = auto()
    points_fen = auto()  # what earned points are expected to cost
    redeemed_fen = auto()  # taken off orders by points; no cost: that was taken when they were earned
    benefit_fen = auto()  # services of levels and plans
    commission_fen = auto()
    upkeep_fen = auto()  # checkout, recommendations, launches; in the row of stage "prospect"
    private = auto()  # orders in the private shop
    abandoned = auto()  # orders lost at the checkout
    plans_sold = auto()
    renewals = auto()
    lapses = auto()
    fee_fen = auto()  # fees of plans; they are part of revenue and margin
    fee_margin_fen = auto()
    adoptions = auto()  # first orders of what is new
    # company
    checks = auto()  # newcomers by invitation who were checked
    blocked = auto()  # of those brought for the reward alone, caught: they do not come in
    wrongly_refused = auto()  # honest newcomers for whom rewards were refused
    talks = auto()  # posts and talks to all friends, good and bad
    told = auto()  # friends who noticed one
    talk_joins = auto()  # joined because somebody told them, without an invitation
    shares = auto()  # talks that were rewarded
    seeds = auto()  # paid voices
    punished = auto()  # forced shares that were punished
    teams = auto()  # opened
    teams_done = auto()  # completed; counted with their opener
    team_members = auto()  # took part in a team, openers included
    team_joins = auto()  # joined by way of a team
    angered = auto()  # became angry
    angry = auto()  # members who are angry at the end of the day
    relieved = auto()  # were compensated
    bonus_fen = auto()  # commissions of teams, rewards of shares
    voice_fen = auto()  # of paid voices, and of checks
    sharing_fen = auto()  # fines for forced shares
    damages_fen = auto()  # compensation in a crisis
    response_fen = auto()  # monitoring and responses to crises
    # groups
    grouped = auto()  # members who were in a group that day
    speakers = auto()  # of these, who wrote something or took part
    stories = auto()  # members' stories that were shown
    grumbles = auto()  # complaints before the group
    ideas = auto()  # adopted suggestions
    group_quits = auto()  # went out of the group, and will not be asked again
    topics = auto()  # that we opened; these two stand in the row of stage "prospect"
    community_fen = auto()  # running of the groups
    contributor_fen = auto()  # paid to or for single members: rewards, commissions, training, prizes, seats
    # firm
    landings = auto()  # clicks that reached the entry page; in the row of stage "prospect"
    source_joins = auto()  # joined by a source
    entry_fen = auto()  # paid for each newcomer by a source: channel, hook
    partner_fen = auto()  # a partner's share of what its newcomers pay
    elsewhere = auto()  # orders that would have come on the platform anyway
    elsewhere_fen = auto()  # their margin: not ours to count
    programme_fen = auto()  # brand building, prevention, landing pages; these two belong to nobody
    penalty_fen = auto()  # fines of events
    alarm_days = auto()  # alarms whose reaction holds today; nobody's either
    issues = auto()  # that arose
    follow_ups = auto()  # visits after an order
    tickets = auto()  # solved, by whomever
    ai_tickets = auto()  # of these by a machine
    in_time = auto()  # of these within the promise
    wait_minutes = auto()  # waiting until they were solved, from when the desk knew
    escalations = auto()  # issues that became complaints
    complaints_solved = auto()
    complaints_in_time = auto()
    given_up = auto()  # issues that nobody solved
    open_issues = auto()  # stock at the end of the desk's day
    advised = auto()  # members with an adviser
    violations = auto()  # promotional pieces that broke the rules and were sent
    service_fen = auto()  # tickets, machines, visits
    compensation_fen = auto()
    staff_fen = auto()  # wages, tools, training, review, surveys, renewal
    fine_fen = auto()


METRICS = tuple(M.__members__)
COSTS = (
    "subsidy_fen",
    "touch_fen",
    "complaint_fen",
    "reward_fen",
    "invitee_fen",
    "acquisition_fen",
    "fixed_fen",
    # firm
    "entry_fen",
    "partner_fen",
    "elsewhere_fen",
    "programme_fen",
    "penalty_fen",
    # company
    "bonus_fen",
    "voice_fen",
    "sharing_fen",
    "damages_fen",
    "response_fen",
    # money
    "sample_fen",
    "points_fen",
    "benefit_fen",
    "commission_fen",
    "upkeep_fen",
    "community_fen",
    "contributor_fen",
    "service_fen",
    "compensation_fen",
    "staff_fen",
    "fine_fen",
)
COST_COLUMNS = tuple(M[name] for name in COSTS)
FIXED_POINT = 10_000.0
