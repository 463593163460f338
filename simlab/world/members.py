"""The member's day: everybody's morning and afternoon, as the rules decide."""

from __future__ import annotations

import numpy as np

from simlab.world.admission import hand_out, is_for
from simlab.world.book import N_COUPONS, N_GONE, N_INVITERS, N_LIVE
from simlab.world.company import company_afternoon, morning_news, public_news
from simlab.world.company_rules import has_news
from simlab.world.compiled import hot_rule, inline_rule, inlined_hot_rule
from simlab.world.contact import due_rules, due_schemes, mark_of, rule_cost, touches_called, update_places
from simlab.world.contact_rules import (
    CHANNEL_CLOSED,
    MATCHED,
    QUOTA_USED,
    channel_for,
    fit_of,
    muted_channel,
    practise,
)
from simlab.world.counting import COHORT_NET, count_cohort, leave, mark_active, move, note
from simlab.world.fetching import fetch_ahead
from simlab.world.group_day import live_in_group
from simlab.world.group_rules import PRESENT, PROMOS
from simlab.world.metrics import FIXED_POINT, M
from simlab.world.money import earn_points, forget_points, plans_today, present_plan, tempted, wish
from simlab.world.money_rules import may_order, recommend
from simlab.world.records import MEMBER, Event
from simlab.world.rules import (
    DID_COMPLAIN,
    DID_LEAVE,
    DID_MUTE,
    WAS_ANSWERED,
    WAS_OPENED,
    WAS_SEEN,
    deliver,
    fade,
    hunts_today,
    invites_today,
    is_executed,
    may_ask,
    may_visit,
    react,
    relation_ends,
    stage_of,
    stage_stays_until,
    unsubscribes,
    visits_today,
)
from simlab.world.screen import (
    BLOCK,
    call_by_chance,
    chosen,
    draw_afternoon,
    draw_keys,
    draw_sends,
    keep_company,
    planned,
)

DAY, MORNING, AFTERNOON = range(3)
"""Parts of a day that are lived in one go: all of it, unless coupons wait for noon."""


@inlined_hot_rule
def dawn(users, i, key, due, public, terms, book, d):
    """Clocks, stage, news. True when the user is there and can be reached.

    `due`: schemes of today, as bits. `public`: see `public_news`.
    """
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    expired = fade(u, now)
    stage = u.stage
    if day >= u.stage_until or max(u.last_seen, u.unseen) >= day - 1:  # otherwise no stage can have changed
        stage = stage_of(u, day, terms.stage_first, terms.conditions)
        u.stage_until = stage_stays_until(u, day, terms.conditions, terms.stage_first[-1])
        if stage != u.stage:
            note(book, day, i, Event.STAGE, stage)
            move(book, u, day, stage)
    row = book.ledger[d, stage, u.source, u.segment]
    if expired:
        row[M.expired] += 1
        note(book, day, i, Event.EXPIRE, 0)
    update_places(u, day, due, terms)
    if (public >= 0.0 or has_news(u)) and morning_news(users, i, key, public, terms, book, d):
        return False
    forget_points(u, i, book, row, now)
    return not u.muted


@inlined_hot_rule
def contacted(users, i, own, key, send, j, due, marks, terms, book, d):
    """Touches with caps, and what they set off.

    `send` has the draws of all touches; `due` the rules, as bits; `marks` the touches that may go out.
    """
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    stage = u.stage
    row = book.ledger[d, stage, u.source, u.segment]
    sent = 0
    cost = np.int64(0)
    used = 0
    tasks, done, practice = 0, 0, 0.0
    for place in range(terms.turn.size):
        k = terms.turn[place]
        if not marks & mark_of(k):
            continue
        chance = terms.rates[u.cell, k, stage]
        called = (due >> terms.rule_first[k]) & ((1 << (terms.rule_first[k + 1] - terms.rule_first[k])) - 1)
        if chance <= 0.0 and not called:
            continue
        touch = terms.touches[k]
        if not called and not send[k, j] < chance:
            continue
        channel = fare = np.int64(0)
        clear, appeal = 1.0, terms.appeal[k, u.segment]
        if terms.channels.size > 0:
            channel = channel_for(u, touch.channel, terms.channels)
            if channel == CHANNEL_CLOSED:
                continue
        if (
            sent >= now.cap_day
            or u.sent_week >= now.cap_week
            or u.sent_month >= now.cap_month
            or (touch.hour >= 0 and (now.quiet_hours >> touch.hour) & 1)
            or channel == QUOTA_USED
        ):
            row[M.capped] += 1
            note(book, day, i, Event.CAPPED, k)
            continue
        if not is_executed(key, touch.name, now.execution):
            row[M.unsent] += 1
            note(book, day, i, Event.UNSENT, k)
            continue
        if terms.channels.size > 0:
            way = terms.channels[channel]
            clear, appeal = way.seen, appeal * way.open
            used |= 1 << channel
            fare = way.cost
            if way.slot >= 0:
                u.sent_quota += 1 << (4 * way.slot)
        if touch.topic != 0 and now.topics > 0:
            row[M.matched if fit_of(u, key, touch, now) == MATCHED else M.mismatched] += 1
        happened = deliver(u, key, touch, now, terms.curves, sent, clear, appeal)
        if touch.habit > 0.0:
            tasks += 1
            if happened & WAS_ANSWERED:
                done += 1
                practice += touch.habit
        if called:
            fare += rule_cost(terms, k, called)
        sent += 1
        u.sent_week += 1
        u.sent_month += 1
        cost += touch.cost + fare
        row[M.value_sent + touch.promo] += 1
        if u.group >= 0:
            book.said[u.group, PROMOS] += touch.promo
        note(book, day, i, Event.SEND, k)
        if fare > 0:
            note(book, day, i, Event.FARE, fare)
        if happened & WAS_SEEN:
            row[M.seen] += 1
            note(book, day, i, Event.SEEN, k)
            if happened & WAS_OPENED:
                row[M.opens] += 1
                note(book, day, i, Event.OPEN, k)
                if now.recommends:
                    recommend(u, key, touch.name, now)
                if touch.plan >= 0:
                    present_plan(u, i, own, touch.plan, terms, book, row, now)
            if happened & WAS_ANSWERED:
                row[M.interactions] += 1
                note(book, day, i, Event.INTERACT, k)
                earn_points(u, i, now.per_answer, book, row, now)
            if touch.offer >= 0:
                offer = terms.offers[touch.offer]
                if is_for(u, own, offer, terms.conditions, day):
                    if offer.finite_stock:
                        n = book.counts[N_COUPONS]
                        book.coupon_user[n] = i
                        book.coupon_offer[n] = touch.offer
                        book.counts[N_COUPONS] = n + 1
                    else:
                        hand_out(u, i, own, key, offer, touch.offer, book, row, now)
    if sent == 0:
        return
    row[M.touched] += 1
    row[M.touch_fen] += cost
    if tasks > 0:
        practise(u, done > 0, practice, now)
        row[M.tasks] += 1 if done > 0 else 0
    happened = react(u, key, now, terms.curves, used, (1 << terms.channels.size) - 1)
    if happened & DID_MUTE:
        row[M.mutes] += 1
        if u.muted:
            book.stock[1, stage, u.source, u.segment] -= 1
        note(book, day, i, Event.MUTE, muted_channel(key, used) if used else 0)
    if happened & DID_COMPLAIN:
        row[M.complaints] += 1
        row[M.complaint_fen] += now.complaint_cost
        cost += now.complaint_cost
        note(book, day, i, Event.COMPLAIN, 0)
    u.net -= cost
    count_cohort(book, u, day, COHORT_NET, -cost)
    if happened & DID_LEAVE:
        leave(users, i, book, row, day)


@inlined_hot_rule
def afternoon(users, i, own, key, screen, j, terms, book, d):
    """Order, lifetime, visit, wish to invite. True when the user left."""
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    row = book.ledger[d, u.stage, u.source, u.segment]
    if u.group >= 0:
        live_in_group(users, i, key, screen, j, terms, book, row)
    if u.alive:
        orders = may_order(u, screen.order[j], now)
        if orders or tempted(u, screen.launch, j, terms.launches, now):
            wish(u, i, own, key, orders, screen.launch, j, terms, book, row, now)
        if relation_ends(u, now):
            row[M.ended] += 1
            note(book, day, i, Event.END, 0)
            book.gone[book.counts[N_GONE]] = i
            book.counts[N_GONE] += 1
    elif unsubscribes(key, now):
        leave(users, i, book, row, day)
        return True
    if may_visit(u, screen.visit[j], now) and visits_today(u, key, now, terms.curves):
        row[M.visits] += 1
        note(book, day, i, Event.VISIT, 0)
        earn_points(u, i, now.per_visit, book, row, now)
    if terms.plans.size > 0:
        plans_today(u, i, own, key, terms, book, row, now)
    if u.last_seen == day or u.unseen == day:
        mark_active(book, row, u, day)
    if terms.programmes.shape[1] > 0:
        programmes = terms.programmes[u.cell]
        friends, number = 0, -1
        asks, hunts = False, False
        for p in range(programmes.size):
            asks |= may_ask(u, screen.invite[j], now, programmes[p])
            hunts |= screen.hunt[j] < programmes[p].hunt
        if asks and u.alive:
            friends, number = invites_today(u, key, now, programmes, terms.goals, terms.conditions)
        if hunts and friends == 0:
            number = hunts_today(u, key, now, programmes, terms.conditions)
            friends = -1 if number >= 0 else 0
        if friends != 0:
            n = book.counts[N_INVITERS]
            book.inviter_user[n] = i
            book.inviter_count[n] = friends
            book.inviter_programme[n] = number
            book.counts[N_INVITERS] = n + 1
    if u.group >= 0:
        book.said[u.group, PRESENT] += 1
    row[M.fatigue] += np.int64(np.float64(u.fatigue) * FIXED_POINT + 0.5)
    row[M.affinity] += np.int64(np.float64(u.affinity + u.trust) * FIXED_POINT + 0.5)
    company_afternoon(u, i, key, screen, j, terms, book, row)
    return False


@inline_rule
def last_line(terms):
    """The last line of a record that most members' days look at."""
    more = terms.schemes.size + terms.plans.size + terms.rules.size
    return 2 if more > 0 or terms.now[0].recent_keep > 0.0 else 1


@inline_rule
def set_out(users, book, k, line):
    """The record of member number k of the list, up to some line, sets out for the cache; k may be beyond the end."""
    fetch_ahead(users, book.live[min(k, book.counts[N_LIVE] - 1)], 0, line)


@hot_rule
def mornings(users, first, n, world, terms, book, d, screen):
    """The morning of a block of members."""
    day = terms.now[0].day
    line, due, public = last_line(terms), due_schemes(day, terms), public_news(terms, book)
    sends = draw_sends(n, terms, screen)
    for j in range(n):
        set_out(users, book, first + BLOCK + j, line)
        i = np.int64(book.live[first + j])
        screen.open[j] = dawn(users, i, screen.key[j], due, public, terms, book, d)
        screen.planned[j] = planned(users[i], j, sends, terms, screen) if screen.open[j] else 0
    if terms.rules.size > 0:
        call_by_chance(n, terms, screen)
        some = chosen(screen.open, n, screen.list)
    else:
        some = chosen(screen.planned, n, screen.list)
    for k in range(some):
        j = np.int64(screen.list[k])
        i = np.int64(book.live[first + j])
        u = users[i]
        row = book.ledger[d, u.stage, u.source, u.segment]
        due = due_rules(u, screen.key[j], screen.called[j], day, terms, row)
        marks = screen.planned[j] | touches_called(due, terms)
        if marks != 0:
            contacted(users, i, screen.own[j], screen.key[j], screen.send, j, due, marks, terms, book, d)


@hot_rule
def all_members(users, world, terms, book, d, screen, part):
    """Everybody's day or a part of it, block by block; whoever leaves is dropped from the list of members."""
    kept, line = 0, last_line(terms)
    for first in range(0, book.counts[N_LIVE], BLOCK):
        n = min(BLOCK, book.counts[N_LIVE] - first)
        draw_keys(book.live, first, n, world, terms.now[0].day, screen.own, screen.key)
        if part != AFTERNOON:
            mornings(users, first, n, world, terms, book, d, screen)
        if part == MORNING:
            continue
        draw_afternoon(screen, n, terms)
        for j in range(n):
            screen.sociable[j] = users[book.live[first + j]].sociability
        keep_company(n, terms, screen)
        for j in range(n):
            if part == AFTERNOON:
                set_out(users, book, first + BLOCK + j, line)
            i = np.int64(book.live[first + j])
            if users[i].status != MEMBER:
                continue
            if not afternoon(users, i, screen.own[j], screen.key[j], screen, j, terms, book, d):
                book.live[kept] = i
                kept += 1
    if part != MORNING:
        book.counts[N_LIVE] = kept
