"""The engine: one day for everybody, compiled. It loops, admits and counts; the rules decide.

State of the morning is read and state of the evening is written; nothing depends on the order in
which users are visited. Where something is scarce (stock, budget) a keyed priority admits.
"""

from __future__ import annotations

import numpy as np

from simlab.world.book import (
    MONTH,
    N_ARRIVED,
    N_CLAIMED,
    N_COUPONS,
    N_EVENTS,
    N_GONE,
    N_INVITERS,
    N_LIVE,
    N_ORDERS,
)  # fmt: skip
from simlab.world.compiled import hot_rule, inline_rule, inlined_hot_rule, rule
from simlab.world.draws import Purpose, day_key, draw_bits, named_bits, user_key
from simlab.world.metrics import FIXED_POINT, M
from simlab.world.records import LEFT, MEMBER, PROSPECT, Event
from simlab.world.rules import (
    DID_COMPLAIN,
    DID_LEAVE,
    DID_MUTE,
    ORDERED,
    ORGANIC,
    REDEEMS,
    WAS_ANSWERED,
    WAS_OPENED,
    WAS_SEEN,
    accepts,
    basket_fen,
    claim,
    deliver,
    fade,
    first_friend,
    give_coupon,
    hunts_today,
    invites_today,
    is_executed,
    is_planned,
    join,
    join_as_hunter,
    react,
    relation_ends,
    residual_fen,
    settle,
    stage_of,
    stage_stays_until,
    subsidy_of,
    unsubscribes,
    visits_today,
    wants,
)  # fmt: skip

STOCK, BUDGET, REWARD = int(Purpose.STOCK), int(Purpose.BUDGET), int(Purpose.REWARD)
# typed, so that numba compiles a function once and not once per constant
BY_REFERRAL, DATED, FIRST_SOURCE, NOBODY, NO_DEPTH = (np.int64(x) for x in (2, 1, 3, -1, 0))
(MEMBERS, REACHABLE, FATIGUE, AFFINITY, ACTIVE, TOUCHED, VALUE_SENT, CAPPED, UNSENT, SEEN, OPENS, INTERACTIONS,
 VISITS, MUTES, COMPLAINTS, LEAVES, ENDED, ISSUED, EXPIRED, REDEEMED, ORGANIC_ORDERS, REFUSED, ORDERS, REVENUE,
 MARGIN, SUBSIDY, TOUCH_FEN, COMPLAINT_FEN, REWARD_FEN, INVITEE_FEN, INVITES, JOINS, HUNTERS) = (int(m) for m in (
    M.members, M.reachable, M.fatigue, M.affinity, M.active, M.touched, M.value_sent, M.capped, M.unsent, M.seen,
    M.opens, M.interactions, M.visits, M.mutes, M.complaints, M.leaves, M.ended, M.issued, M.expired, M.redeemed,
    M.organic, M.refused, M.orders, M.revenue_fen, M.margin_fen, M.subsidy_fen, M.touch_fen, M.complaint_fen,
    M.reward_fen, M.invitee_fen, M.invites, M.joins, M.hunters))  # fmt: skip
E_STAGE, E_SEND, E_CAPPED, E_UNSENT, E_SEEN, E_OPEN, E_INTERACT, E_COUPON, E_EXPIRE = range(9)
E_MUTE, E_COMPLAIN, E_LEAVE, E_VISIT, E_END, E_ORDER, E_REDEEM, E_REFUSED, E_INVITE, E_JOIN, E_REWARD, E_GIFT = range(
    9, 21)  # fmt: skip
COHORT_SIZE, COHORT_ACTIVE, COHORT_BUYERS, COHORT_ORDERS, COHORT_NET = (np.int64(x) for x in range(5))


# Book-keeping ----------------------------------------------------------------------------


@inline_rule
def note(book, day, user, code, value):
    """Write one event, if this run keeps a log."""
    if book.events.shape[0] > 0:
        n = book.counts[N_EVENTS]
        book.events[n, 0] = day
        book.events[n, 1] = user
        book.events[n, 2] = code
        book.events[n, 3] = value
        book.counts[N_EVENTS] = n + 1


@inline_rule
def cohort_of(u):
    """Cohort number of a user: 0 for those here before day 1, then by month of joining."""
    return 0 if u.joined <= 0 else (u.joined - 1) // MONTH + 1


@inline_rule
def age_of(u, day):
    """Months since joining (since day 1 for the base)."""
    return max(day - max(np.int64(u.joined), 0) - 1, 0) // MONTH


@inlined_hot_rule
def count_cohort(book, u, day, metric, value):
    """Add to the cohort table; the warm-up is not counted."""
    if day > 0:
        book.cohorts[cohort_of(u), age_of(u, day), metric] += value


@inlined_hot_rule
def move(book, u, day, stage):
    """The user changes stage: stocks and flows."""
    old = u.stage
    book.stock[0, old, u.source, u.segment] -= 1
    book.stock[0, stage, u.source, u.segment] += 1
    if not u.muted:
        book.stock[1, old, u.source, u.segment] -= 1
        if stage < book.stock.shape[1] - 1:  # who has left cannot be reached
            book.stock[1, stage, u.source, u.segment] += 1
    if day > 0:
        book.flows[(day - 1) // MONTH, old, stage] += 1
    u.stage = stage


@inlined_hot_rule
def leave(users, i, book, row, day):
    """The user leaves the programme for good."""
    u = users[i]
    move(book, u, day, book.stock.shape[1] - 1)
    u.status = LEFT
    row[LEAVES] += 1
    note(book, day, i, E_LEAVE, 0)
    if u.alive:  # otherwise friends noticed when the relation ended
        u.alive = 0
        book.gone[book.counts[N_GONE]] = i
        book.counts[N_GONE] += 1


@inlined_hot_rule
def mark_active(book, row, u, day):
    """First sign of life today: day and cohort counts."""
    row[ACTIVE] += 1
    if day > 0:
        age = age_of(u, day)
        if age != u.active_age:
            u.active_age = age
            book.cohorts[cohort_of(u), age, COHORT_ACTIVE] += 1


# The member's day ------------------------------------------------------------------------


@inlined_hot_rule
def morning(users, i, key, terms, book, d):
    """Clocks, stage, touches with caps, and what they set off. True when the user left."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    expired = fade(u, now)
    stage = u.stage
    if day >= u.stage_until or u.last_seen >= day - 1:  # otherwise nothing that a stage looks at has changed
        stage = stage_of(u, day, terms.stage_first, terms.conditions)
        u.stage_until = stage_stays_until(u, day, terms.conditions)
        if stage != u.stage:
            note(book, day, i, E_STAGE, stage)
            move(book, u, day, stage)
    row = book.ledger[d, stage, u.source, u.segment]
    if expired:
        row[EXPIRED] += 1
        note(book, day, i, E_EXPIRE, 0)
    if u.muted:
        return False
    sent = 0
    cost = np.int64(0)
    for k in range(terms.touches.size):
        chance = terms.rates[k, stage]
        if chance <= 0.0:
            continue
        touch = terms.touches[k]
        if not is_planned(key, touch.name, chance):
            continue
        if sent >= now.cap_day or u.sent_week >= now.cap_week or u.sent_month >= now.cap_month:
            row[CAPPED] += 1
            note(book, day, i, E_CAPPED, k)
            continue
        if not is_executed(key, touch.name, now.execution):
            row[UNSENT] += 1
            note(book, day, i, E_UNSENT, k)
            continue
        happened = deliver(u, key, touch, now, terms.curves, sent)
        sent += 1
        u.sent_week += 1
        u.sent_month += 1
        cost += touch.cost
        row[VALUE_SENT + touch.promo] += 1
        note(book, day, i, E_SEND, k)
        if happened & WAS_SEEN:
            row[SEEN] += 1
            note(book, day, i, E_SEEN, k)
            if happened & WAS_OPENED:
                row[OPENS] += 1
                note(book, day, i, E_OPEN, k)
            if happened & WAS_ANSWERED:
                row[INTERACTIONS] += 1
                note(book, day, i, E_INTERACT, k)
            if touch.offer >= 0:
                offer = terms.offers[touch.offer]
                if offer.open and (offer.stages >> stage) & 1:
                    if offer.finite_stock:
                        n = book.counts[N_COUPONS]
                        book.coupon_user[n] = i
                        book.coupon_offer[n] = touch.offer
                        book.counts[N_COUPONS] = n + 1
                    else:
                        hand_out(u, i, key, offer, touch.offer, book, row, day)
    if sent == 0:
        return False
    row[TOUCHED] += 1
    row[TOUCH_FEN] += cost
    happened = react(u, key, now, terms.curves)
    if happened & DID_MUTE:
        row[MUTES] += 1
        book.stock[1, stage, u.source, u.segment] -= 1
        note(book, day, i, E_MUTE, 0)
    if happened & DID_COMPLAIN:
        row[COMPLAINTS] += 1
        row[COMPLAINT_FEN] += now.complaint_cost
        cost += now.complaint_cost
        note(book, day, i, E_COMPLAIN, 0)
    u.net -= cost
    count_cohort(book, u, day, COHORT_NET, -cost)
    if happened & DID_LEAVE:
        leave(users, i, book, row, day)
        return True
    return False


@inlined_hot_rule
def hand_out(u, i, key, offer, number, book, row, day):
    """One coupon reaches one user."""
    row[ISSUED] += 1
    taken = give_coupon(u, key, offer, number, day)
    note(book, day, i, E_COUPON, 2 * number + (1 if taken else 0))


@inlined_hot_rule
def afternoon(users, i, key, terms, book, d):
    """Order, lifetime, visit, wish to invite. True when the user left."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    row = book.ledger[d, u.stage, u.source, u.segment]
    if u.alive:
        bits, amount = wants(u, key, now, terms.curves, terms.offers, terms.baskets)
        if bits & ORDERED:
            n = book.counts[N_ORDERS]
            book.order_user[n] = i
            book.order_amount[n] = amount
            book.order_bits[n] = bits
            book.counts[N_ORDERS] = n + 1
        if relation_ends(u, now):
            row[ENDED] += 1
            note(book, day, i, E_END, 0)
            book.gone[book.counts[N_GONE]] = i
            book.counts[N_GONE] += 1
    elif unsubscribes(key, now):
        leave(users, i, book, row, day)
        return True
    if visits_today(u, key, now, terms.curves):
        row[VISITS] += 1
        note(book, day, i, E_VISIT, 0)
    if u.last_seen == day:
        mark_active(book, row, u, day)
    if now.referral and (now.referral_stages >> u.stage) & 1:
        friends = invites_today(u, key, now) if u.alive else 0
        if friends == 0 and now.hunt > 0.0 and hunts_today(key, now):
            friends = -1
        if friends != 0:
            n = book.counts[N_INVITERS]
            book.inviter_user[n] = i
            book.inviter_count[n] = friends
            book.counts[N_INVITERS] = n + 1
    row[FATIGUE] += np.int64(u.fatigue * FIXED_POINT + 0.5)
    row[AFFINITY] += np.int64((u.affinity + u.trust) * FIXED_POINT + 0.5)
    return False


# Scarcity --------------------------------------------------------------------------------


@rule
def ranked(priority):
    """Indices by rising keyed priority (Shell 1959); ties, which are next to impossible, by index.

    numba's own argsort would do, but takes five seconds to compile.
    """
    order = np.arange(priority.size)
    gap = 1
    while gap < priority.size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, priority.size):
            k = order[i]
            j = i
            while j >= gap and (
                priority[order[j - gap]] > priority[k]
                or (priority[order[j - gap]] == priority[k] and order[j - gap] > k)
            ):
                order[j] = order[j - gap]
                j -= gap
            order[j] = k
        gap //= 3
    return order


@rule
def noon(users, world, terms, book, d):
    """Coupons of a limited stock: among today's recipients a keyed priority decides."""
    day = terms.now[0].day
    total = book.counts[N_COUPONS]
    for j in range(terms.offers.size):
        offer = terms.offers[j]
        chosen = np.empty(total, np.int64)
        priority = np.empty(total, np.uint64)
        n = 0
        for k in range(total):
            i = np.int64(book.coupon_user[k])
            if book.coupon_offer[k] == j and users[i].status == MEMBER:
                chosen[n] = i
                priority[n] = named_bits(day_key(user_key(world, i), day), STOCK, offer.name)
                n += 1
        order = ranked(priority[:n])
        for k in order[: min(n, book.stock_left[j])]:
            i = chosen[k]
            u = users[i]
            row = book.ledger[d, u.stage, u.source, u.segment]
            hand_out(u, i, day_key(user_key(world, i), day), offer, j, book, row, day)
            book.stock_left[j] -= 1
    book.counts[N_COUPONS] = 0


@rule
def refuse_beyond_budget(users, world, terms, book):
    """Redemptions beyond a budget are refused, by keyed priority; bits of refused orders lose REDEEMS."""
    day = terms.now[0].day
    total = book.counts[N_ORDERS]
    refused = np.zeros(total, np.bool_)
    for j in range(terms.offers.size):
        if not terms.offers[j].finite_budget:
            continue
        chosen = np.empty(total, np.int64)
        priority = np.empty(total, np.uint64)
        n = 0
        for k in range(total):
            i = np.int64(book.order_user[k])
            if book.order_bits[k] & REDEEMS and users[i].coupon_offer == j:
                chosen[n] = k
                priority[n] = named_bits(day_key(user_key(world, i), day), BUDGET, terms.offers[j].name)
                n += 1
        for p in ranked(priority[:n]):
            k = chosen[p]
            subsidy = subsidy_of(users[book.order_user[k]], book.order_amount[k])
            if subsidy <= book.budget_left[j]:
                book.budget_left[j] -= subsidy
            else:
                refused[k] = True
    return refused


# The evening -----------------------------------------------------------------------------


@rule
def settle_orders(users, world, terms, book, d):
    """Orders go through; those that only a refused coupon made do not."""
    now = terms.now[0]
    day = now.day
    refused = refuse_beyond_budget(users, world, terms, book)
    for k in range(book.counts[N_ORDERS]):
        i = np.int64(book.order_user[k])
        u = users[i]
        bits = book.order_bits[k]
        row = book.ledger[d, u.stage, u.source, u.segment]
        if refused[k]:
            row[REFUSED] += 1
            note(book, day, i, E_REFUSED, 0)
            u.coupon_depth = 0.0
            bits &= ~REDEEMS
            if not bits & ORGANIC:
                continue
        complete_order(users, i, book.order_amount[k], bits, terms, book, row)
    book.counts[N_ORDERS] = 0


@hot_rule
def complete_order(users, i, amount, bits, terms, book, row):
    """One order: money, counts, cohort."""
    u = users[i]
    now = terms.now[0]
    day = now.day
    subsidy = np.int64(0)
    if bits & REDEEMS:
        subsidy = subsidy_of(u, amount)
        row[REDEEMED] += 1
        row[SUBSIDY] += subsidy
        if bits & ORGANIC:
            row[ORGANIC_ORDERS] += 1
        note(book, day, i, E_REDEEM, subsidy)
    seen = u.last_seen == day
    margin = settle(u, amount, subsidy, bits & REDEEMS, terms.offers, now)
    row[ORDERS] += 1
    row[REVENUE] += amount
    row[MARGIN] += margin
    note(book, day, i, E_ORDER, amount)
    if not seen:
        mark_active(book, row, u, day)
    count_cohort(book, u, day, COHORT_ORDERS, np.int64(1))
    count_cohort(book, u, day, COHORT_NET, margin - subsidy)
    if day > 0 and age_of(u, day) != u.bought_age:
        u.bought_age = age_of(u, day)
        count_cohort(book, u, day, COHORT_BUYERS, np.int64(1))


@hot_rule
def tell_friends(users, indptr, indices, book):
    """Friends and invitees of those who are gone take note; they react tomorrow."""
    for k in range(book.counts[N_GONE]):
        i = np.int64(book.gone[k])
        for e in range(indptr[i], indptr[i + 1]):
            friend = users[indices[e]]
            if friend.status == MEMBER:
                friend.lost_friends += 1
                if friend.inviter == i:
                    friend.lost_inviter = 1
    book.counts[N_GONE] = 0


@hot_rule
def has_other_friend(users, indptr, indices, invitee, inviter):
    """Whether somebody other than the inviter whom the invitee knows is a member."""
    for e in range(indptr[invitee], indptr[invitee + 1]):
        friend = indices[e]
        if friend != inviter and users[friend].status == MEMBER:
            return True
    return False


@hot_rule
def ask_friends(users, world, indptr, indices, terms, book, d):
    """Invitations go out over the graph; each prospect keeps the strongest claim of those accepted."""
    now = terms.now[0]
    day = now.day
    for k in range(book.counts[N_INVITERS]):
        i = np.int64(book.inviter_user[k])
        u = users[i]
        degree = indptr[i + 1] - indptr[i]
        if degree == 0 or u.status != MEMBER:
            continue
        row = book.ledger[d, u.stage, u.source, u.segment]
        hunting = book.inviter_count[k] < 0
        friends = 1 if hunting else np.int64(book.inviter_count[k])
        key = day_key(user_key(world, i), day)
        start = first_friend(key, degree)
        for j in range(degree):
            f = indices[indptr[i] + (start + j) % degree]
            if users[f].status != PROSPECT:
                continue
            row[INVITES] += 1
            note(book, day, i, E_INVITE, f)
            friends -= 1
            if hunting or accepts(
                key, f, users[f].receptive, has_other_friend(users, indptr, indices, f, i), now
            ):
                strength = max(claim(key, f), np.uint64(1))
                if book.claims[f] == 0:
                    book.claimed[book.counts[N_CLAIMED]] = f
                    book.counts[N_CLAIMED] += 1
                holder = book.claimants[f] if book.claimants[f] >= 0 else -1 - book.claimants[f]
                if strength > book.claims[f] or (strength == book.claims[f] and i < holder):
                    book.claims[f] = strength
                    book.claimants[f] = -1 - i if hunting else i
            if friends == 0:
                break
    book.counts[N_INVITERS] = 0


@hot_rule
def come_in(users, f, day, source, inviter, depth, terms, book, d):
    """A prospect joins: record, stocks, flows, cohort, list of members (a member from tomorrow on)."""
    u = users[f]
    prospect = book.stock.shape[1] - 2
    reach = 0 if u.muted else 1
    book.stock[0, prospect, 0, u.segment] -= 1
    join(u, day, source, inviter, depth)
    stage = stage_of(u, day, terms.stage_first, terms.conditions)
    u.stage = stage
    u.stage_until = day
    book.stock[0, stage, source, u.segment] += 1
    book.stock[1, stage, source, u.segment] += reach
    row = book.ledger[d, stage, source, u.segment]
    row[JOINS] += 1
    if day > 0:
        book.flows[(day - 1) // MONTH, prospect, stage] += 1
        book.cohorts[cohort_of(u), 0, COHORT_SIZE] += 1
    note(book, day, f, E_JOIN, inviter)
    book.live[book.counts[N_LIVE]] = f
    book.counts[N_LIVE] += 1


@rule
def welcome_invited(users, world, terms, book, d):
    """Claimed prospects join; rewards are paid while the budget lasts, by keyed priority of the newcomer."""
    now = terms.now[0]
    day = now.day
    n = book.counts[N_CLAIMED]
    priority = np.empty(n, np.uint64)
    for k in range(n):
        priority[k] = draw_bits(day_key(user_key(world, book.claimed[k]), day), REWARD)
    for k in ranked(priority):
        f = np.int64(book.claimed[k])
        holder = np.int64(book.claimants[f])
        book.claims[f] = 0
        hunter = holder < 0
        inviter = -1 - holder if hunter else holder
        v = users[inviter]
        come_in(users, f, day, BY_REFERRAL, inviter, v.depth + 1, terms, book, d)
        row = book.ledger[d, users[f].stage, BY_REFERRAL, users[f].segment]
        if hunter:
            join_as_hunter(users[f], now)
            row[HUNTERS] += 1
        v.invited += 1
        v.stage_until = day  # a stage may look at this
        if v.invited % now.needed == 0 and 0 < now.reward <= book.rewards_left[0]:
            book.rewards_left[0] -= now.reward
            v.net -= now.reward
            book.ledger[d, v.stage, v.source, v.segment][REWARD_FEN] += now.reward
            count_cohort(book, v, day, COHORT_NET, -now.reward)
            note(book, day, inviter, E_REWARD, now.reward)
        if 0 < now.invitee_reward <= book.rewards_left[0]:
            book.rewards_left[0] -= now.invitee_reward
            users[f].net -= now.invitee_reward
            row[INVITEE_FEN] += now.invitee_reward
            count_cohort(book, users[f], day, COHORT_NET, -now.invitee_reward)
            note(book, day, f, E_GIFT, now.invitee_reward)
    book.counts[N_CLAIMED] = 0


@hot_rule
def arrive(users, world, terms, book, outside, d):
    """Those whom a source reaches, and dated arrivals with their first order."""
    day = terms.now[0].day
    for s in range(outside.pointer.size):
        k = outside.pointer[s]
        while k < outside.order.shape[1] and outside.thresholds[s, k] <= outside.reached[s]:
            f = np.int64(outside.order[s, k])
            if users[f].status == PROSPECT:
                come_in(users, f, day, FIRST_SOURCE + s, NOBODY, NO_DEPTH, terms, book, d)
                users[f].rate *= outside.need[s]
                users[f].deal *= outside.deal[s]
            k += 1
        outside.pointer[s] = k
    if 1 <= day < outside.arrival_first.size:
        for k in range(outside.arrival_first[day - 1], outside.arrival_first[day]):
            f = np.int64(outside.arrivals[k])
            if users[f].status == PROSPECT:
                come_in(users, f, day, DATED, NOBODY, NO_DEPTH, terms, book, d)
                row = book.ledger[d, users[f].stage, DATED, users[f].segment]
                amount = basket_fen(users[f], day_key(user_key(world, f), day), terms.baskets)
                mark_active(book, row, users[f], day)  # by the order; joining alone is no activity
                complete_order(users, f, amount, ORDERED | ORGANIC, terms, book, row)
                book.counts[N_ARRIVED] += 1


@hot_rule
def all_mornings(users, world, terms, book, d):
    """Everybody's morning."""
    day = terms.now[0].day
    for k in range(book.counts[N_LIVE]):
        i = np.int64(book.live[k])
        morning(users, i, day_key(user_key(world, i), day), terms, book, d)


@hot_rule
def all_members(users, world, terms, book, d, mornings_done):
    """Everybody's day; whoever leaves is dropped from the list of members."""
    day = terms.now[0].day
    kept = 0
    for k in range(book.counts[N_LIVE]):
        i = np.int64(book.live[k])
        key = day_key(user_key(world, i), day)
        if mornings_done:
            left = users[i].status != MEMBER
        else:
            left = morning(users, i, key, terms, book, d)
        if not left and not afternoon(users, i, key, terms, book, d):
            book.live[kept] = i
            kept += 1
    book.counts[N_LIVE] = kept


@hot_rule
def write_stocks(book, d):
    """The evening's members and reachable members enter the ledger."""
    for stage in range(book.stock.shape[1]):
        for source in range(book.stock.shape[2]):
            for segment in range(book.stock.shape[3]):
                book.ledger[d, stage, source, segment, MEMBERS] = book.stock[0, stage, source, segment]
                book.ledger[d, stage, source, segment, REACHABLE] = book.stock[1, stage, source, segment]


@rule
def run_day(users, world, indptr, indices, terms, book, outside, d):
    """One whole day for everybody; d is its row in the ledger."""
    day = terms.now[0].day
    if day == 1:
        book.cohorts[0, 0, COHORT_SIZE] = book.counts[N_LIVE]
    limited = 0
    for j in range(terms.offers.size):
        limited += terms.offers[j].finite_stock * terms.offers[j].open
    scarce = limited > 0
    if scarce:  # coupons wait for noon, so everybody's morning comes first
        all_mornings(users, world, terms, book, d)
        noon(users, world, terms, book, d)
    all_members(users, world, terms, book, d, scarce)
    settle_orders(users, world, terms, book, d)
    tell_friends(users, indptr, indices, book)
    ask_friends(users, world, indptr, indices, terms, book, d)
    welcome_invited(users, world, terms, book, d)
    arrive(users, world, terms, book, outside, d)
    write_stocks(book, d)


@rule
def residuals(users, margin, basket_shapes, discount, days, lift, loss, reference):
    """(N,) value left in each user at the horizon, in fen."""
    out = np.zeros(users.size, np.int64)
    for i in range(users.size):
        shape = basket_shapes[users[i].segment]
        out[i] = residual_fen(users[i], margin, shape, discount, days, lift, loss, reference)
    return out


assert (E_GIFT, E_STAGE) == (Event.GIFT, Event.STAGE)
