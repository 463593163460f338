"""How people behave in groups, and what a day of talk makes of a group: scalar rules, written once.

A group's morning is computed from yesterday's counts; a member of the group then reads, speaks, meets, or goes
out, by keyed draws. Shares and stocks are bounded: activity, habit and company lie in [0, 1].
"""

from __future__ import annotations

import numpy as np

from simlab.world.compiled import hot_rule, inline_rule
from simlab.world.draws import Purpose, named_bits, uniform, unit
from simlab.world.group_tables import Said
from simlab.world.numerics import one_minus_exp, power
from simlab.world.records import ACTIVITY_CURVE
from simlab.world.rules import belongs, curve, trust_factor

ROUTE, PLACE, GRUMBLE, STORY, FILTER, IDEA, ADOPT, ONLINE, OFFLINE, PRACTISE = (int(p) for p in (
    Purpose.ROUTE, Purpose.PLACE, Purpose.GRUMBLE, Purpose.STORY, Purpose.FILTER, Purpose.IDEA, Purpose.ADOPT,
    Purpose.ONLINE, Purpose.OFFLINE, Purpose.PRACTISE))  # fmt: skip
PRESENT, SPEAKERS, MESSAGES, STORIES, OPINIONS, GRUMBLES, PROMOS, MET = (int(s) for s in Said)

HAS_READ, SPOKE, TOLD, SHOWN, GRUMBLED, ADOPTED, CAME, MET_OTHERS, PRACTISED = (1 << bit for bit in range(9))
"""What somebody did in the group today."""
OPINION, RESERVE, UNTRAINED = 1, 2, 4
"""Roles in a group (bits): opinion customer, stand-in for one, training still to be paid."""
MOST_POSTS = 65535


@inline_rule
def filled(x, half):
    """Concave response in [0, 1) with value 1/2 at `half`."""
    return x / (x + half) if x > 0.0 else 0.0


# Whose group ---------------------------------------------------------------------------------


@hot_rule
def kind_for(u, birth, day, kinds, conditions):
    """Number of the first kind of group whose audience this user belongs to and to which chance invited; -1: none.

    `birth` is the user's key at birth: an invitation is drawn once, so that a larger share is nested.
    """
    for k in range(kinds.size):
        kind = kinds[k]
        invited = kind.share >= 1.0 or unit(named_bits(birth, ROUTE, kind.name)) < kind.share
        if invited and belongs(u, day, conditions, kind.who_first, kind.who_last):
            return k
    return -1


@hot_rule
def pull_of(birth, name):
    """How a group draws somebody who has no more friends in it than in another."""
    return named_bits(birth, PLACE, name)


# A group's night and morning -----------------------------------------------------------------


@hot_rule
def close_day(g, kind, said):
    """The evening: today's counts become the group's yesterday, and the counters are empty again."""
    if g.members > 0:
        g.activity += kind.memory * (said[SPEAKERS] / g.members - g.activity)
        g.ties = g.ties * kind.ties_keep + said[MET] / g.members
    g.messages = said[MESSAGES]
    g.stories = said[STORIES]
    g.opinions = said[OPINIONS]
    g.grumbles = said[GRUMBLES]
    g.promos = said[PROMOS]
    g.members = said[PRESENT]
    for k in range(said.size):
        said[k] = 0


@hot_rule
def steer(g, kind, day):
    """The controller with hysteresis: starts below one share, ends above another or in time, then rests."""
    if g.stimulus_until >= day and g.activity >= kind.enough:
        g.stimulus_until = day - 1
        g.rests_until = day - 1 + kind.cooldown
    elif (
        kind.stimulus_days > 0 and g.rests_until < day and g.stimulus_until < day and g.activity < kind.below
    ):
        g.stimulus_until = day + kind.stimulus_days - 1
        g.rests_until = g.stimulus_until + kind.cooldown


@hot_rule
def open_day(g, kind, day, moderation):
    """The morning of a group with members: how much yesterday makes people read, speak, believe and go."""
    n = np.float64(g.members)
    noise = (g.messages + kind.promo_noise * g.promos / n) / (kind.capacity * moderation)
    attention = 1.0 / (1.0 + power(noise / kind.half_noise, kind.noise_exponent))
    company = filled(g.activity * g.activity, kind.half_company * kind.half_company)
    steer(g, kind, day)
    lift = 1.0
    if g.stimulus_until >= day:
        lift += kind.stimulus * filled(kind.stimulus_fen / n, kind.half_stimulus)
    talk = kind.talk * filled(n - 1.0, kind.half_small)  # nobody talks alone
    talk /= 1.0 + power(n / kind.half_size, kind.size_exponent)  # nor among strangers
    talk *= 1.0 + kind.peers * (1.0 + kind.ties * filled(g.ties, kind.half_ties)) * company
    g.talk = talk * attention * lift * (1.0 + kind.ritual)
    evidence = filled(g.stories - g.opinions + kind.opinion * g.opinions, kind.half_posts)
    g.read = kind.read * attention
    g.proof = kind.norm * company + kind.proof * evidence
    g.credit = kind.credit * evidence + kind.topic_trust
    g.gloom = kind.gloom * filled(np.float64(g.grumbles), kind.half_grumbles)
    g.quit = kind.quit * (1.0 - attention)


@hot_rule
def cost_today(g, kind, day):
    """What running the group costs today, in fen."""
    return kind.running + (kind.stimulus_fen if g.stimulus_until >= day else 0)


# A member's day in the group -----------------------------------------------------------------


@hot_rule
def presence(u, now):
    """How much of somebody is still there: who muted or is done with the brand looks in less."""
    share = 1.0
    if u.muted:
        share *= now.muted_visits
    if not u.alive:
        share *= now.ended_visits
    return share


@hot_rule
def warm(u, gain):
    """Affinity moves towards 1, by `gain` where it is at its baseline."""
    u.trust += gain * max(0.0, 1.0 - (u.affinity + u.trust)) / (1.0 - u.affinity)


@hot_rule
def practise(u, gain):
    """Habit grows by a share of what is missing."""
    u.habit += gain * (1.0 - u.habit)


@hot_rule
def read(u, x, g, there):
    """Whether the user reads today: exposure from lively company, trust in what others tell, gloom from complaints."""
    if not x < g.read * there:
        return False
    u.exposure += g.proof
    warm(u, g.credit)
    if g.gloom > 0.0:
        u.trust -= g.gloom * max(0.0, u.affinity + u.trust) / u.affinity
    return True


@hot_rule
def most_talk(u, g, kind, role, there):
    """An upper bound of `talk_chance` without a look at a table: that spares most members the whole rule."""
    wish = (
        g.talk * there * u.sociability * trust_factor(u, kind.trust_talk) * (1.0 + kind.habit_talk * u.habit)
    )
    wish *= (1.0 + (kind.opinion_talk if role & OPINION else 0.0)) * (1.0 + kind.status)
    return 1.001 * wish * (max(kind.shared, kind.unshared) if kind.about > 0 else 1.0)


@hot_rule
def talk_chance(u, g, kind, now, curves, conditions, role, there):
    """Chance that a member speaks today."""
    x = u.fatigue * u.inv_half_activity
    wish = g.talk * there * u.sociability * trust_factor(u, kind.trust_talk)
    wish *= curve(curves[ACTIVITY_CURVE], x / (x + 1.0)) * (1.0 + kind.habit_talk * u.habit)
    if role & OPINION:
        wish *= 1.0 + kind.opinion_talk
    if kind.about > 0:
        wish *= kind.shared if kind.about == u.interest else kind.unshared
    if kind.status > 0.0 and belongs(u, now.day, conditions, kind.titled_first, kind.titled_last):
        wish *= 1.0 + kind.status
    return one_minus_exp(wish)


@hot_rule
def come_together(u, key, kind, now, there):
    """Events and practice of today that the user comes to (bits)."""
    happened = 0
    if kind.online <= 0.0 and kind.offline <= 0.0 and kind.practise <= 0.0:
        return happened
    wish = there * u.sociability * trust_factor(u, kind.trust_talk)
    if kind.online > 0.0 and uniform(key, ONLINE) < one_minus_exp(kind.online * wish):
        happened |= CAME
    if kind.offline > 0.0 and uniform(key, OFFLINE) < one_minus_exp(kind.offline * wish):
        happened |= MET_OTHERS
        warm(u, kind.meeting)
    if kind.practise > 0.0 and uniform(key, PRACTISE) < one_minus_exp(kind.practise * wish):
        happened |= PRACTISED
        practise(u, kind.practice_gain)
    if happened:
        u.last_seen = now.day
    return happened


@hot_rule
def say(u, key, kind, now, role):
    """What somebody who speaks has to say (bits): a complaint, a story of the own, a suggestion."""
    happened = SPOKE
    u.last_seen = now.day
    u.posts = min(u.posts + 1, MOST_POSTS)
    practise(u, kind.habit_gain)
    anger = u.anger + kind.complaint * min(np.int64(u.complaints), 3)
    if uniform(key, GRUMBLE) < kind.grumble * filled(anger, 1.0):
        return happened | GRUMBLED
    warm(u, kind.belonging)
    if uniform(key, STORY) < (kind.opinion_story if role & OPINION else kind.story):
        happened |= TOLD
        if uniform(key, FILTER) >= kind.filter:
            happened |= SHOWN
    if kind.adopt > 0.0 and uniform(key, IDEA) < kind.idea and uniform(key, ADOPT) < kind.adopt:
        happened |= ADOPTED
        warm(u, kind.ownership)
    return happened


@hot_rule
def gather(u, key, x_read, x_talk, g, kind, now, curves, conditions, role):
    """A member's day in the group, with the day's draws of reading and talking: what happened, in bits."""
    there = presence(u, now)
    happened = HAS_READ if read(u, x_read, g, there) else 0
    happened |= come_together(u, key, kind, now, there)
    talks = x_talk < most_talk(u, g, kind, role, there)
    if talks:
        talks = x_talk < talk_chance(u, g, kind, now, curves, conditions, role, there)
    if talks or happened & CAME:
        happened |= say(u, key, kind, now, role)
    return happened


@hot_rule
def owed(happened, kind, role):
    """What the day costs us for this member, in fen: reward or commission, prize, seats, training."""
    fen = np.int64(0)
    if happened & SHOWN:
        fen += kind.commission if role & OPINION else kind.reward
    if happened & ADOPTED:
        fen += kind.prize
    if happened & CAME:
        fen += kind.online_fen
    if happened & MET_OTHERS:
        fen += kind.offline_fen
    if role & UNTRAINED:
        fen += kind.training
    return fen


@hot_rule
def goes_out(x, g, kind, role):
    """Whether a member has had enough, by the day's draw: of the noise, or, as an opinion customer, of the pay."""
    return x < g.quit + (kind.opinion_quit if role & OPINION else 0.0)
