"""The evening: orders settle, friends take note, invitations travel over the graph, newcomers arrive."""

from __future__ import annotations

import numpy as np

from simlab.world.admission import ranked, refuse_beyond_budget
from simlab.world.book import (
    BY_REFERRAL,
    DATED,
    FIRST_SOURCE,
    N_CLAIMED,
    N_GONE,
    N_INVITERS,
    N_ORDERS,
)
from simlab.world.company import TOLD, check_newcomer, hand_over, lay_claim, spend
from simlab.world.company_rules import pride, reward_due, willingness
from simlab.world.compiled import hot_rule, rule
from simlab.world.contact_rules import show_order
from simlab.world.counting import (
    COHORT_BUYERS,
    COHORT_NET,
    COHORT_ORDERS,
    age_of,
    come_in,
    count_cohort,
    mark_active,
    note,
)
from simlab.world.draws import Purpose, day_key, draw_bits, user_key
from simlab.world.fetching import fetch_ahead
from simlab.world.market_evening import share_order, take_in
from simlab.world.metrics import M
from simlab.world.money import earn_points, settle_money
from simlab.world.money_rules import STANDING, offer_of, settle
from simlab.world.records import MEMBER, PROSPECT, Event
from simlab.world.rules import (
    ORDERED,
    ORGANIC,
    REDEEMS,
    accepts,
    basket_fen,
    first_friend,
    join_as_hunter,
)
from simlab.world.service import after_order as open_issue

# typed, so that numba compiles a function once and not once per constant
NOBODY, NO_DEPTH = np.int64(-1), np.int64(0)
AHEAD = 4
"""How many orders ahead records are called to the cache."""


@hot_rule
def complete_order(users, i, amount, usual, cut, rewards, bits, world, terms, book, row):
    """One order: money, counts, cohort."""
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    if bits & REDEEMS:
        if bits & STANDING:
            row[M.standing] += 1
            note(book, day, i, Event.STANDING, offer_of(bits))
        else:
            row[M.redeemed] += 1
        row[M.subsidy_fen] += cut
        if bits & ORGANIC:
            row[M.organic] += 1
        note(book, day, i, Event.REDEEM, cut)
    seen = u.last_seen == day or u.unseen == day
    first = u.last_order < 1 or age_of(u, np.int64(u.last_order)) != age_of(u, day)  # in this month of tenure
    margin, points = settle(u, amount, usual, cut, rewards, bits, terms.offers, terms.launches, now)
    row[M.orders] += 1
    row[M.revenue_fen] += amount
    row[M.margin_fen] += margin
    note(book, day, i, Event.ORDER, amount)
    if not seen:
        mark_active(book, row, u, day)
    count_cohort(book, u, day, COHORT_ORDERS, np.int64(1))
    count_cohort(book, u, day, COHORT_NET, margin - cut)
    settle_money(u, i, amount, bits, rewards, points, book, row, now)
    if first:
        count_cohort(book, u, day, COHORT_BUYERS, np.int64(1))
    share_order(users, i, amount - cut, margin, world, terms, book, row)


@rule
def settle_orders(users, world, terms, book, d):
    """Orders go through; those that only a refused coupon made do not."""
    now = terms.now[0]
    day = now.day
    refused = refuse_beyond_budget(users, world, terms, book)
    total = book.counts[N_ORDERS]
    for k in range(total):
        fetch_ahead(users, book.order_user[min(k + AHEAD, total - 1)], 0, 2)
        i = np.int64(book.order_user[k])
        u = users[i]
        bits = np.int64(book.order_bits[k])
        row = book.ledger[d, u.stage, u.source, u.segment]
        if refused[k]:
            row[M.refused] += 1
            note(book, day, i, Event.REFUSED, 0)
            if not bits & STANDING:
                u.coupon_depth = 0.0
            bits &= ~(REDEEMS | STANDING)
            book.order_amount[k] = book.order_usual[k]
            book.order_cut[k] = book.order_rewards[k] = 0
            if not bits & ORGANIC:
                continue
        before = u.last_seen
        complete_order(users, i, book.order_amount[k], book.order_usual[k], book.order_cut[k],
                       book.order_rewards[k], bits, world, terms, book, row)  # fmt: skip
        show_order(u, day_key(user_key(world, i), day), before, terms.now[u.cell])
        if now.issue > 0.0 or now.follow_up > 0.0:
            open_issue(users, i, world, terms, book, row)
    book.counts[N_ORDERS] = 0


@hot_rule
def tell_friends(users, indptr, indices, book):
    """Friends and invitees of those who are gone take note; they react tomorrow."""
    for k in range(book.counts[N_GONE]):
        i = np.int64(book.gone[k])
        for e in range(indptr[i], indptr[i + 1]):
            friend = users[indices[e]]
            if friend.status == MEMBER:
                friend.lost_friends = min(np.int64(friend.lost_friends) + 1, 255)
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
    day = terms.now[0].day
    for k in range(book.counts[N_INVITERS]):
        i = np.int64(book.inviter_user[k])
        u = users[i]
        now = terms.now[u.cell]
        number = book.inviter_programme[k]
        programme = terms.programmes[u.cell, number]  # what the inviter's cell promises to both
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
            row[M.invites] += 1
            note(book, day, i, Event.INVITE, f)
            friends -= 1
            known = has_other_friend(users, indptr, indices, f, i)
            if hunting or accepts(key, f, willingness(users[f], now), known, programme, now):
                lay_claim(users, book, key, i, -1 - i if hunting else i, f, number)
            if friends == 0:
                break
    book.counts[N_INVITERS] = 0


@rule
def welcome_invited(users, world, terms, book, d):
    """Claimed prospects join; rewards are paid while the budget lasts, by keyed priority of the newcomer."""
    day = terms.now[0].day
    n = book.counts[N_CLAIMED]
    priority = np.empty(n, np.uint64)
    for k in range(n):
        priority[k] = draw_bits(day_key(user_key(world, book.claimed[k]), day), Purpose.REWARD)
    for k in ranked(priority):
        f = np.int64(book.claimed[k])
        holder = np.int64(book.claimants[k])
        users[f].team = -1
        hunter = holder < 0
        inviter = -1 - holder if hunter else holder
        v = users[inviter]
        now = terms.now[v.cell]
        kind = book.claim_kind[k]
        if kind == TOLD:
            come_in(users, f, day, BY_REFERRAL, inviter, v.depth + 1, terms, book, d)
            book.ledger[d, users[f].stage, BY_REFERRAL, users[f].segment][M.talk_joins] += 1
            continue
        programme = terms.programmes[v.cell, kind]
        caught, refused = False, False
        if programme.checked:
            caught, refused = check_newcomer(users, world, inviter, f, hunter, programme, book, day, d)
        if caught:
            continue
        come_in(users, f, day, BY_REFERRAL, inviter, v.depth + 1, terms, book, d)
        row = book.ledger[d, users[f].stage, BY_REFERRAL, users[f].segment]
        if hunter:
            join_as_hunter(users[f], now)
            row[M.hunters] += 1
        v.invited += 1
        v.stage_until = day  # a stage may look at this
        pride(v, programme, now)
        earn_points(v, inviter, now.per_invite, book, book.ledger[d, v.stage, v.source, v.segment], now)
        if refused:
            continue
        due = reward_due(v, programme, terms.goals)
        if 0 < due <= book.rewards_left[programme.purse]:
            book.rewards_left[programme.purse] -= due
            spend(v, book.ledger[d, v.stage, v.source, v.segment], book, day, M.reward_fen, due)
            note(book, day, inviter, Event.REWARD, due)
        if 0 < programme.invitee_reward <= book.rewards_left[programme.purse]:
            book.rewards_left[programme.purse] -= programme.invitee_reward
            spend(users[f], row, book, day, M.invitee_fen, programme.invitee_reward)
            note(book, day, f, Event.GIFT, programme.invitee_reward)
        if programme.offer >= 0 and terms.offers[programme.offer].open:
            offer = terms.offers[programme.offer]
            hand_over(users[f], f, offer, programme.offer, day + offer.valid, book, row, day)
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
                take_in(users, f, FIRST_SOURCE + s, world, terms, book, d)
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
                complete_order(
                    users,
                    f,
                    amount,
                    amount,
                    NO_DEPTH,
                    NO_DEPTH,
                    np.int64(ORDERED | ORGANIC),
                    world,
                    terms,
                    book,
                    row,
                )
                if terms.now[0].issue > 0.0 or terms.now[0].follow_up > 0.0:
                    open_issue(users, f, world, terms, book, row)
