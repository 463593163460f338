"""What travels on the graph, in the engine: news taken in, talk, teams, paid voices, anger, rewards of programmes.

Only those who talk, recruit or are angry today cost anything: they stand in lists.
"""

from __future__ import annotations

import numpy as np

from simlab.world.admission import smallest
from simlab.world.book import (
    ANGRY_VOICES,
    AUDIENCE,
    BY_REFERRAL,
    N_CLAIMED,
    N_LIVE,
    N_SPEAKERS,
    N_TEAMED,
)
from simlab.world.company_rules import (
    ANGRY,
    DID_OBJECT,
    DID_WALK_OUT,
    GOT_ANGRY,
    GOT_RELIEF,
    composed,
    hear,
    is_caught,
    is_persuaded,
    is_punished,
    is_recruited,
    is_struck,
    is_wrongly_refused,
    may_talk,
    most_drive,
    notice_draw,
    notices,
    opens_team,
    public_chance,
    read_testimonials,
    recruit_chance,
    seed_rank,
    take_in,
    talks_today,
    turns_out_negative,
    willingness,
)
from simlab.world.compiled import hot_rule, rule
from simlab.world.contact import mark_of
from simlab.world.counting import COHORT_NET, come_in, count_cohort, leave, note
from simlab.world.draws import day_key, user_key
from simlab.world.fetching import fetch_ahead
from simlab.world.metrics import M
from simlab.world.records import MEMBER, PROSPECT, TONIGHT, Event
from simlab.world.rules import belongs, claim, observe

AHEAD = 4
"""How many speakers ahead lists of friends are called to the cache; their own records twice as many."""
EVERY_WAY = np.uint64(2**64 - 1)
TOLD = np.int8(-1)
"""Kind of a claim by somebody who told a friend without inviting; otherwise the number of the programme."""


@hot_rule
def spend(u, row, book, day, metric, amount):
    """A cost that one user causes: ledger, the user's own account, cohort."""
    row[metric] += amount
    u.net -= amount
    count_cohort(book, u, day, COHORT_NET, -amount)


# Morning ---------------------------------------------------------------------------------


@hot_rule
def severity_today(u, key, terms, day):
    """How angry a crisis that breaks out today makes this user at once; 0: not at all."""
    struck = 0.0
    for c in range(terms.crises.size):
        crisis = terms.crises[c]
        if crisis.open:
            member = belongs(u, day, terms.conditions, crisis.first, crisis.last)
            if crisis.severity > struck and is_struck(u, key, crisis, day, member):
                struck = crisis.severity
    return struck


@hot_rule
def morning_news(users, i, key, public, terms, book, d):
    """News from friends and from the public, anger and what it does. True when the user left.

    `public`: see `public_news`.
    """
    u = users[i]
    now = terms.now[u.cell]
    day = now.day
    row = book.ledger[d, u.stage, u.source, u.segment]
    struck = severity_today(u, key, terms, day) if public >= 0.0 else 0.0
    happened = take_in(u, key, now, max(public, 0.0), struck)
    if happened & GOT_ANGRY:
        row[M.angered] += 1
        note(book, day, i, Event.ANGER, 0)
    if happened & GOT_RELIEF:
        row[M.relieved] += 1
        spend(u, row, book, day, M.damages_fen, now.compensation)
        note(book, day, i, Event.RELIEF, now.compensation)
    if happened & DID_OBJECT:
        row[M.complaints] += 1
        u.complaints = min(np.int64(u.complaints) + 1, 255)
        spend(u, row, book, day, M.complaint_fen, now.complaint_cost)
        note(book, day, i, Event.COMPLAIN, 0)
    if happened & DID_WALK_OUT:
        leave(users, i, book, row, day)
        return True
    return False


@hot_rule
def public_news(terms, book):
    """Chance of hearing today in public of a crisis; below 0 where there is nothing to hear and none breaks out.

    From 0 on everybody has news.
    """
    now = terms.now[0]
    found = now.publicity > 0.0 and book.carried[ANGRY_VOICES] > 0
    for c in range(terms.crises.size):
        found |= terms.crises[c].open != 0
    return public_chance(book.carried[ANGRY_VOICES], book.carried[AUDIENCE], now) if found else -1.0


# Afternoon -------------------------------------------------------------------------------


@hot_rule
def talk(u, i, key, ways, screen, j, terms, book):
    """Somebody may tell friends in some of the ways (marks): who does, stands in a list for the evening."""
    now = terms.now[u.cell]
    drive = most_drive(u, now) if terms.voices.size > 1 else 0.0  # the first is anger's
    for v in range(terms.voices.size):
        voice = terms.voices[v]
        if not ways & mark_of(v) or not voice.open or (v == 0 and u.anger == 0.0):
            continue
        if not may_talk(u, screen.speak[v, j], voice, drive):
            continue
        if not belongs(u, now.day, terms.conditions, voice.first, voice.last):
            continue
        if talks_today(u, key, voice, now):
            n = book.carried[N_SPEAKERS]
            book.speaker_user[n] = i
            book.speaker_voice[n] = v
            book.carried[N_SPEAKERS] = n + 1


@hot_rule
def company_afternoon(u, i, key, screen, j, terms, book, row):
    """Testimonials on a visit, talk, opening a team: who does what stands in lists for the evening."""
    now = terms.now[u.cell]
    day = now.day
    visits = now.proof_gain > 0.0 and u.last_seen == day
    if visits and belongs(u, day, terms.conditions, now.proof_first, now.proof_last):
        read_testimonials(u, now)
    if u.anger > ANGRY:
        row[M.angry] += 1
    talks = screen.talks[j] if composed(u) else EVERY_WAY
    if talks != 0:
        talk(u, i, key, talks, screen, j, terms, book)
    u.praise = 0
    if not screen.opens[j]:
        return
    for q in range(terms.teams.size):
        team = terms.teams[q]
        if not team.open or screen.team[q, j] >= team.start or u.team >= 0:  # most days end with the draw
            continue
        if not belongs(u, day, terms.conditions, team.first, team.last):
            continue
        if opens_team(u, key, team, terms.offers[team.offer]):
            u.team = i
            u.team_until = day + team.days - 1
            book.team_kind[i] = q
            book.team_size[i] = 1
            book.teamed[book.carried[N_TEAMED]] = i
            book.carried[N_TEAMED] += 1
            row[M.teams] += 1
            row[M.team_members] += 1
            note(book, day, i, Event.TEAM, i)


# Evening ---------------------------------------------------------------------------------


@rule
def choose_seeds(users, world, indptr, terms, book, d):
    """Paid voices of today: the highest by what they are chosen for, keyed among equals."""
    day = terms.now[0].day
    for s in range(terms.seedings.size):
        seeding = terms.seedings[s]
        if not seeding.open:
            continue
        total = book.counts[N_LIVE]
        chosen = np.empty(total, np.int64)
        rank = np.empty(total, np.uint64)
        n = 0
        for k in range(total):
            i = np.int64(book.live[k])
            u = users[i]
            if u.status != MEMBER or not belongs(u, day, terms.conditions, seeding.first, seeding.last):
                continue
            score = np.int64(0)
            if seeding.by == -1:
                score = np.int64(indptr[i + 1] - indptr[i])
            elif seeding.by >= 0:
                score = observe(u, day, seeding.by)
            chosen[n] = i
            rank[n] = seed_rank(day_key(user_key(world, i), day), score, seeding.name)
            n += 1
        for k in smallest(rank[:n], seeding.people):
            i = chosen[k]
            u = users[i]
            row = book.ledger[d, u.stage, u.source, u.segment]
            row[M.seeds] += 1
            spend(u, row, book, day, M.voice_fen, seeding.fee)
            note(book, day, i, Event.FEE, seeding.fee)
            bad = turns_out_negative(day_key(user_key(world, i), day), seeding)
            book.speaker_user[book.carried[N_SPEAKERS]] = i
            book.speaker_voice[book.carried[N_SPEAKERS]] = seeding.voice + (1 if bad else 0)
            book.carried[N_SPEAKERS] += 1


@hot_rule
def lay_claim(users, book, key, i, holder_code, f, kind):
    """Somebody wants to bring another; the strongest claim of tonight holds, among equals the smaller id."""
    strength = claim(key, f)
    k = TONIGHT - np.int64(users[f].team)
    if k < 0:  # the first claim on f
        k = book.counts[N_CLAIMED]
        book.counts[N_CLAIMED] = k + 1
        users[f].team = TONIGHT - k
        book.claimed[k] = f
        stronger = True
    else:
        holder = book.claimants[k] if book.claimants[k] >= 0 else -1 - book.claimants[k]
        stronger = strength > book.claims[k] or (strength == book.claims[k] and i < holder)
    if stronger:
        book.claims[k] = strength
        book.claimants[k] = holder_code
        book.claim_kind[k] = kind


@hot_rule
def who_notices(users, world, indptr, indices, terms, book, k, draws, out):
    """How many friends notice what speaker number k tells, and who, in `out`; their records set out for the cache.

    `draws` is room for one number for each friend.
    """
    i = np.int64(book.speaker_user[k])
    if users[i].status != MEMBER:
        return 0
    voice = terms.voices[book.speaker_voice[k]]
    key = day_key(user_key(world, i), terms.now[0].day)
    friends, name, reach = indices[indptr[i] : indptr[i + 1]], voice.name, voice.reach
    for e in range(friends.size):  # a plain loop, which the compiler turns into vector instructions
        draws[e] = notice_draw(key, friends[e], name)
    n = 0
    for e in range(friends.size):
        out[n] = friends[e]
        n += draws[e] < reach
    for e in range(n):
        fetch_ahead(users, out[e], 0, 0)
    return n


@hot_rule
def tell(users, world, terms, book, d, k, friends, n):
    """Speaker number k talks, and n friends notice: members have news tomorrow, prospects may want to join."""
    day = terms.now[0].day
    i = np.int64(book.speaker_user[k])
    u = users[i]
    if u.status != MEMBER:
        return
    v = np.int64(book.speaker_voice[k])
    voice = terms.voices[v]
    key = day_key(user_key(world, i), day)
    row = book.ledger[d, u.stage, u.source, u.segment]
    row[M.talks] += 1
    note(book, day, i, Event.SPEAK, v)
    if v == 0:
        book.carried[ANGRY_VOICES] += 1
    if voice.rewarded:
        row[M.shares] += 1
        u.shared = min(np.int64(u.shared) + 1, 255)
        u.fatigue += voice.load
        spend(u, row, book, day, M.bonus_fen, voice.reward)
        note(book, day, i, Event.BONUS, voice.reward)
        if voice.punished > 0.0 and is_punished(key, voice):
            row[M.punished] += 1
            spend(u, row, book, day, M.sharing_fen, voice.fine)
            note(book, day, i, Event.FINE, voice.fine)
    for e in range(n):
        f = np.int64(friends[e])
        friend = users[f]
        if friend.status > MEMBER:
            continue
        row[M.told] += 1
        if friend.status == MEMBER:
            hear(friend, voice.bad)  # reacts tomorrow; nobody else looks at it tonight
        elif (
            not voice.bad
            and is_persuaded(key, f, terms.now[0].most_ready, voice)  # spares most records a further look
            and is_persuaded(key, f, willingness(friend, terms.now[0]), voice)
        ):
            lay_claim(users, book, key, i, i, f, TOLD)


@rule
def tell_everybody(users, world, indptr, indices, terms, book, d):
    """Those who talk tonight tell all friends, one speaker behind: the friends' records are far away."""
    book.carried[ANGRY_VOICES] = 0
    total = book.carried[N_SPEAKERS]
    widest = 0
    for k in range(total):
        i = np.int64(book.speaker_user[k])
        widest = max(widest, indptr[i + 1] - indptr[i])
    draws, friends, n = np.empty(widest), np.empty((2, widest + 1), np.int32), np.zeros(2, np.int64)
    for k in range(total + 1):
        if k < total:
            fetch_ahead(users, book.speaker_user[min(k + 2 * AHEAD, total - 1)], 0, 2)
            fetch_ahead(indices, indptr[book.speaker_user[min(k + AHEAD, total - 1)]], 0, 1)
            n[k & 1] = who_notices(users, world, indptr, indices, terms, book, k, draws, friends[k & 1])
        if k > 0:
            before = (k - 1) & 1
            tell(users, world, terms, book, d, k - 1, friends[before], n[before])
    warn_prospects(users, world, indptr, indices, terms, book)
    book.carried[N_SPEAKERS] = 0
    book.carried[AUDIENCE] = book.counts[N_LIVE]


@hot_rule
def warn_prospects(users, world, indptr, indices, terms, book):
    """Bad news reaches prospects only now, when everybody has decided by the state of before."""
    day = terms.now[0].day
    for k in range(book.carried[N_SPEAKERS]):
        i = np.int64(book.speaker_user[k])
        voice = terms.voices[book.speaker_voice[k]]
        if not voice.bad or users[i].status != MEMBER:
            continue
        key = day_key(user_key(world, i), day)
        for e in range(indptr[i], indptr[i + 1]):
            f = indices[e]
            if notices(key, f, voice) and users[f].status == PROSPECT:
                hear(users[f], voice.bad)


@hot_rule
def check_newcomer(users, world, inviter, f, hunter, programme, book, day, d):
    """(caught, refused): what a check of somebody who comes by invitation says, and its cost."""
    v = users[inviter]
    row = book.ledger[d, v.stage, v.source, v.segment]
    row[M.checks] += 1
    spend(v, row, book, day, M.voice_fen, programme.check_cost)
    note(book, day, inviter, Event.FEE, programme.check_cost)
    key = day_key(user_key(world, f), day)
    if hunter:
        if is_caught(key, programme):
            row[M.blocked] += 1
            note(book, day, inviter, Event.BLOCKED, f)
            return True, True
        return False, False
    refused = is_wrongly_refused(key, programme)
    if refused:
        row[M.wrongly_refused] += 1
    return False, refused


@hot_rule
def hand_over(u, i, offer, number, until, book, row, day):
    """A promised offer reaches somebody, who keeps the deeper of two."""
    row[M.issued] += 1
    kept = offer.worth >= u.coupon_depth
    if kept:
        u.coupon_depth = offer.worth
        u.coupon_offer = number
        u.coupon_until = until
    note(book, day, i, Event.COUPON, 2 * number + (1 if kept else 0))


@hot_rule
def recruit(users, world, indptr, indices, terms, book):
    """Participants of open teams win friends, members and prospects; each keeps the strongest claim."""
    day = terms.now[0].day
    for k in range(book.carried[N_TEAMED]):
        i = np.int64(book.teamed[k])
        if users[i].status != MEMBER:
            continue
        team = terms.teams[book.team_kind[users[i].team]]
        if not team.needed:  # the strategy has dropped it
            continue
        offer = terms.offers[team.offer]
        key = day_key(user_key(world, i), day)
        most = 1.001 * team.ask * max(1.0, team.outsider * terms.now[0].most_ready)
        for e in range(indptr[i], indptr[i + 1]):
            f = indices[e]
            if not is_recruited(key, f, most):  # the record is looked at last: it is far away
                continue
            friend = users[f]
            if friend.team >= 0 or friend.status > MEMBER:
                continue
            outside = friend.status == PROSPECT
            ready = willingness(friend, terms.now[0]) if outside else 1.0
            if is_recruited(key, f, recruit_chance(ready, outside, friend, team, offer)):
                lay_claim(users, book, key, i, i, f, TOLD)


@hot_rule
def enlist(users, terms, book, d):
    """Friends who were won take part; prospects among them join."""
    day = terms.now[0].day
    for k in range(book.counts[N_CLAIMED]):
        f = np.int64(book.claimed[k])
        i = np.int64(book.claimants[k])
        opener = np.int64(users[i].team)
        if users[f].status == PROSPECT:
            come_in(users, f, day, BY_REFERRAL, i, users[i].depth + 1, terms, book, d)
            book.ledger[d, users[f].stage, users[f].source, users[f].segment][M.team_joins] += 1
        u = users[f]
        u.team = opener
        u.team_until = users[opener].team_until
        book.team_size[opener] = min(np.int64(book.team_size[opener]) + 1, 65_535)
        book.teamed[book.carried[N_TEAMED]] = f
        book.carried[N_TEAMED] += 1
        book.ledger[d, u.stage, u.source, u.segment][M.team_members] += 1
        note(book, day, f, Event.TEAM, opener)
    book.counts[N_CLAIMED] = 0


@hot_rule
def team_outcome(size, until, team, steps, day):
    """(whether the team closes tonight, number of the offer that its members get; -1: none)."""
    if not team.needed:
        return day >= until, np.int64(-1)
    full = size >= team.needed
    if not (day >= until or (full and team.early)):
        return False, np.int64(-1)
    number = team.offer if full else np.int64(-1)
    for w in range(team.step_first, team.step_last):
        if size >= steps[w, 0]:
            number = steps[w, 1]
    return True, number


@hot_rule
def close_teams(users, terms, book, d):
    """Teams that are complete, or out of time, end; those who are in a complete one hold the offer from tomorrow on."""
    day = terms.now[0].day
    kept = 0
    total = book.carried[N_TEAMED]
    for k in range(total):
        i = np.int64(book.teamed[k])
        u = users[i]
        opener = np.int64(u.team)
        team = terms.teams[book.team_kind[opener]]
        closes, number = team_outcome(book.team_size[opener], u.team_until, team, terms.steps, day)
        if not closes:
            book.teamed[kept] = i
            kept += 1
            continue
        u.team = -1
        if u.status != MEMBER:
            continue
        row = book.ledger[d, u.stage, u.source, u.segment]
        note(book, day, i, Event.TEAM_END, 1 if number >= 0 else 0)
        if number >= 0:
            offer = terms.offers[number]
            hand_over(u, i, offer, number, day + offer.valid, book, row, day)
            if opener == i:
                row[M.teams_done] += 1
                if team.commission > 0:
                    spend(u, row, book, day, M.bonus_fen, team.commission)
                    note(book, day, i, Event.BONUS, team.commission)
    book.carried[N_TEAMED] = kept


@hot_rule
def buy_together(users, world, indptr, indices, terms, book, d):
    """The evening of all teams."""
    recruit(users, world, indptr, indices, terms, book)
    enlist(users, terms, book, d)
    close_teams(users, terms, book, d)
