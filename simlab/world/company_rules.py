"""Scalar rules of what travels on the graph: talk, teams, anger; which programme somebody invites by.

Like `simlab.world.rules`: one user record, today's terms, the user's key of the day. Where nobody talks, no team is
open and nobody is angry, every factor here is exactly 1.
"""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.draws import Purpose, mix, named_bits, pair_bits, uniform, unit
from simlab.world.numerics import one_minus_exp
from simlab.world.records import MEMBER

CHECKED, SPEAK, NOTICE, PERSUADE, PUNISH, TEAM_OPEN, RECRUIT = (int(p) for p in (
    Purpose.CHECKED, Purpose.SPEAK, Purpose.NOTICE, Purpose.PERSUADE, Purpose.PUNISH, Purpose.TEAM_OPEN,
    Purpose.RECRUIT))  # fmt: skip
STRIKE, BELIEVE, RAGE_COMPLAIN, RAGE_LEAVE, COMPENSATE, SEEDED, SEED_NEGATIVE = (int(p) for p in (
    Purpose.STRIKE, Purpose.BELIEVE, Purpose.RAGE_COMPLAIN, Purpose.RAGE_LEAVE, Purpose.COMPENSATE, Purpose.SEEDED,
    Purpose.SEED_NEGATIVE))  # fmt: skip

GOT_ANGRY, GOT_RELIEF, DID_OBJECT, DID_WALK_OUT = 1, 2, 4, 8
IMMUNE = 0.02
"""Anger above which the same story does not make somebody angry anew."""
ANGRY = 0.1
"""Anger above which somebody counts as angry."""
SETTLED = 0.5
"""Anger above which somebody wants to be compensated."""
MOST_NEWS = 255


# News and anger --------------------------------------------------------------------------


@inline_rule
def calm(u, response):
    """Factor of what an angry user does less; exactly 1 without anger."""
    return max(0.0, 1.0 - response * u.anger)


@inline_rule
def warmth(u):
    """Affinity within [0, 1]."""
    return min(1.0, max(0.0, np.float64(u.affinity + u.trust)))


@hot_rule
def enrage(u, anger, now):
    """Somebody becomes angry, and thinks less of the brand for longer than the anger lasts."""
    u.trust -= now.anger_trust * anger * warmth(u)
    u.anger = min(1.0, max(np.float64(u.anger), anger))


@hot_rule
def is_struck(u, key, crisis, day, member):
    """Whether a crisis that breaks out today makes this user angry at once. `member`: in its audience."""
    return member and unit(named_bits(key, STRIKE, crisis.name)) < crisis.share


@hot_rule
def belief_chance(u, now, public):
    """Chance of believing what was heard: from each friend, and in public; affinity protects."""
    believes = now.belief * (1.0 - now.shield * warmth(u))
    doubt = 1.0 - min(1.0, public) * believes
    for _ in range(u.heard):
        doubt *= 1.0 - believes
    return 1.0 - doubt


@hot_rule
def public_chance(voices, members, now):
    """Chance that a member hears today in public what `voices` of `members` told yesterday."""
    return min(1.0, now.publicity * voices / members) if members > 0 else 0.0


@hot_rule
def take_in(u, key, now, public, struck):
    """The morning after: old anger fades, news are taken in. `struck`: how angry a crisis makes today, 0: none.

    Returns what happened: GOT_ANGRY, GOT_RELIEF (compensation), DID_OBJECT (complaint), DID_WALK_OUT.
    """
    happened = 0
    anger = min(1.0, np.float64(u.anger)) * now.anger_keep
    u.anger = anger if anger > 1e-4 else np.float32(0.0)
    news = u.heard > 0 or public > 0.0
    if u.anger <= IMMUNE and news and uniform(key, BELIEVE) < belief_chance(u, now, public):
        enrage(u, now.passed_on, now)
        happened = GOT_ANGRY
    u.heard = 0
    if struck > 0.0:
        if u.anger <= IMMUNE:
            happened = GOT_ANGRY
        if struck > u.anger:
            enrage(u, struck, now)
    if u.praise > 0:
        more = np.float64(u.praise)
        u.exposure += now.praise_exposure * more / (0.5 + 0.5 * more)
        u.trust += now.praise_trust * max(0.0, 1.0 - warmth(u))
    if u.anger > 0.0:
        if u.anger > SETTLED and now.answered > 0.0 and uniform(key, COMPENSATE) < now.answered:
            u.anger = u.anger * (1.0 - now.settling)
            u.trust += now.repair * now.settling * max(0.0, 1.0 - warmth(u))
            happened |= GOT_RELIEF
        if uniform(key, RAGE_COMPLAIN) < now.anger_complain * u.anger:
            happened |= DID_OBJECT
        if uniform(key, RAGE_LEAVE) < now.anger_leave * u.anger:
            happened |= DID_WALK_OUT
    return happened


@inline_rule
def has_news(u):
    """Whether there is anything for `take_in` to do but for what happens in public."""
    return (u.heard > 0) | (u.praise > 0) | (u.anger > 0.0)


@hot_rule
def read_testimonials(u, now):
    """On a visit: what others say raises a low trust part of the way."""
    gap = now.proof_level - (u.affinity + u.trust)
    if gap > 0.0:
        u.trust += now.proof_gain * gap


# Talk ------------------------------------------------------------------------------------


@inline_rule
def most_drive(u, now):
    """An upper bound of how strongly satisfaction or discontent may move somebody to talk."""
    apart = (u.affinity + u.trust) - now.satisfied
    return 1.001 * abs(apart) / ((1.0 - now.satisfied) if apart > 0.0 else now.satisfied)


@inline_rule
def most_urge(voice):
    """An upper bound of the chance of talk, per unit of sociability, of somebody who is `composed`."""
    return 1.003 * (voice.urge + max(voice.by_satisfaction, voice.by_discontent))


@inline_rule
def composed(u):
    """Neither angry nor praised to, and affinity within [0, 1], so that nobody can be moved more than wholly."""
    affinity = u.affinity + u.trust
    return (u.anger == 0.0) & (u.praise == 0) & (affinity >= 0.0) & (affinity <= 1.0)


@inline_rule
def may_talk(u, x, voice, drive):
    """Whether the day's draw leaves talk possible: a bound that spares most users the whole rule."""
    most = voice.urge + max(voice.by_satisfaction, voice.by_discontent) * drive
    most += voice.by_praise if u.praise > 0 else 0.0
    return x < 1.001 * (most * u.sociability + voice.by_anger * u.anger)


@hot_rule
def talk_chance(u, voice, now):
    """Chance of telling all friends today, in one of the ways in which people do."""
    apart = (u.affinity + u.trust) - now.satisfied
    drive = voice.urge
    if apart > 0.0:
        drive += voice.by_satisfaction * apart / (1.0 - now.satisfied)
    else:
        drive -= voice.by_discontent * apart / now.satisfied
    if u.praise > 0:
        drive += voice.by_praise
    return drive * u.sociability * calm(u, 1.0) + voice.by_anger * u.anger


@hot_rule
def talks_today(u, key, voice, now):
    """Whether the user tells all friends today in this way."""
    if voice.cap >= 0 and u.shared >= voice.cap:
        return False
    return unit(named_bits(key, SPEAK, voice.name)) < talk_chance(u, voice, now)


@inline_rule
def notice_draw(key, friend, name):
    """The draw by which a friend notices what the key's owner tells in one way."""
    return unit(mix(pair_bits(key, NOTICE, friend) ^ name))


@hot_rule
def notices(key, friend, voice):
    """Whether a friend notices what the key's owner tells in this way."""
    return notice_draw(key, friend, voice.name) < voice.reach


@hot_rule
def willingness(u, now):
    """How ready a prospect is to join: from need, and from the bad news heard so far."""
    ready = np.float64(u.receptive)
    for _ in range(u.heard):
        ready *= 1.0 - now.deterrence
    return ready


@hot_rule
def is_persuaded(key, friend, ready, voice):
    """Whether a prospect who noticed it joins, without having been invited."""
    return unit(mix(pair_bits(key, PERSUADE, friend) ^ voice.name)) < voice.join * ready


@hot_rule
def hear(u, bad):
    """Friends take note; they react tomorrow."""
    if bad:
        u.heard = min(np.int64(u.heard) + 1, MOST_NEWS)
    elif u.status == MEMBER:
        u.praise = min(np.int64(u.praise) + 1, MOST_NEWS)


@hot_rule
def is_punished(key, voice):
    """Whether the platform punishes this talk."""
    return unit(named_bits(key, PUNISH, voice.name)) < voice.punished


# Programmes ------------------------------------------------------------------------------


@inline_rule
def ahead(u, programme, goals):
    """(friends still missing for the next reward, what it is worth when it is one friend away)."""
    if programme.goal_first == programme.goal_last:
        return programme.needed - u.invited % programme.needed, programme.value
    missing, value = np.int64(1), 0.0
    if programme.reward == 0:  # nothing is promised today
        return missing, value
    for g in range(programme.goal_last - 1, programme.goal_first - 1, -1):
        if u.invited < goals[g].friends:
            missing = goals[g].friends - max(np.int64(u.invited), goals[g].before)
            value = goals[g].value
    return missing, value


@hot_rule
def reward_due(u, programme, goals):
    """Fen due to an inviter who has just brought one friend more."""
    if programme.goal_first == programme.goal_last:
        return programme.reward if u.invited % programme.needed == 0 else np.int64(0)
    if programme.reward == 0:  # nothing is promised today
        return np.int64(0)
    for g in range(programme.goal_first, programme.goal_last):
        if u.invited == goals[g].friends:
            return goals[g].reward
    return np.int64(0)


@hot_rule
def pride(u, programme, now):
    """A friend has come by a programme with a status perk: it raises the inviter's affinity."""
    if programme.perk > 0.0:
        u.trust += now.status_trust * programme.perk * max(0.0, 1.0 - warmth(u))


@hot_rule
def is_caught(key, programme):
    """Whether the check finds that somebody was brought for the reward alone."""
    return uniform(key, CHECKED) < programme.check_catch


@hot_rule
def is_wrongly_refused(key, programme):
    """Whether the check takes an honest newcomer for a cheat."""
    return uniform(key, CHECKED) < programme.check_refuse


# Teams -----------------------------------------------------------------------------------


@inline_rule
def attraction(u, offer):
    """How surely the price of a team attracts somebody: by deal-proneness and depth."""
    return one_minus_exp(offer.clip_rate * u.deal)


@hot_rule
def opens_team(u, key, team, offer):
    """Whether the user opens a team today."""
    return unit(named_bits(key, TEAM_OPEN, team.name)) < team.start * attraction(u, offer)


@hot_rule
def recruit_chance(ready, prospect, u, team, offer):
    """Chance that a friend is asked tonight and takes part."""
    chance = team.ask * attraction(u, offer)
    return chance * team.outsider * ready if prospect else chance


@hot_rule
def is_recruited(key, friend, chance):
    """Whether a participant wins this friend for the team tonight."""
    return unit(pair_bits(key, RECRUIT, friend)) < chance


@hot_rule
def seed_rank(key, score, name):
    """Place in the order in which paid voices are chosen: the higher the score the smaller; keyed among equals."""
    most = np.int64(16_777_215)
    rest = np.uint64(most - min(max(score, np.int64(0)), most))
    return (rest << np.uint64(40)) | (named_bits(key, SEEDED, name) >> np.uint64(24))


@hot_rule
def turns_out_negative(key, seeding):
    """Whether a paid voice does not like what it was given."""
    return unit(named_bits(key, SEED_NEGATIVE, seeding.name)) < seeding.negative
