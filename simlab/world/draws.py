"""Keyed draws: every random number is a pure function of (seed, user, day, purpose).

There is no generator and no order. A draw's key is built in steps, each one a
splitmix64 finaliser (Steele, Lea & Flood 2014), so that a user-day costs two hashes
and each decision of that day one more:

    seed_key(seed) -> user_key(.., user) -> day_key(.., day) -> draw(.., purpose)

A pair (inviter, invitee) has its key from the inviter's day key and the invitee's id;
one of several touches, offers or sources adds a stable hash of its *name*.

Purposes are numbers in a fixed table. They are never renumbered or reused: a new
decision takes a new number, otherwise every stored result would change its meaning.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import inline_rule, rule

U64 = np.uint64
GOLDEN = U64(0x9E3779B97F4A7C15)
MIX_1 = U64(0xBF58476D1CE4E5B9)
MIX_2 = U64(0x94D049BB133111EB)
SEED_SALT = U64(0xD1B54A32D192ED03)
DAY_SALT = U64(0xABC98388FB8FAC03)
PAIR_SALT = U64(0x8CB92BA72F3D8DD7)
_S30, _S27, _S31, _S12 = U64(30), U64(27), U64(31), U64(12)
_UNIT = 1.0 / 4503599627370496.0  # 2**-52

BIRTH_DAY = -1_000_000
"""The 'day' under which traits are drawn, so that births never share a key with a decision."""


class Purpose(IntEnum):
    """What a draw decides. Never renumber, never reuse."""

    MEMBER = 1
    SEGMENT = 2
    NEED = 3
    LIFETIME = 4
    BASKET = 5
    DEAL = 6
    TOLERANCE = 7
    SOCIABILITY = 8
    VISITS = 9
    AFFINITY = 10
    DOG = 11
    LIFE_LENGTH = 12
    TENURE = 13
    ALIVE = 14
    PAST_ORDERS = 15
    PAST_RECENCY = 16
    SOURCE_PULL = 17
    ARRIVAL = 18
    PAST_VISIT = 19
    OPTED_IN = 20
    ENDED = 21
    CORE = 22

    SEND = 30
    EXECUTE = 31
    SEEN = 32
    OPEN = 33
    INTERACT = 34
    CLIP = 35
    STOCK = 36
    MUTE = 40
    LEAVE = 41
    COMPLAIN = 42
    DOG_LEAVE = 43
    EXIT = 44
    VISIT = 50
    ORDER = 51
    AMOUNT = 52
    BUDGET = 53
    INVITE = 60
    INVITE_MORE = 61
    FRIEND = 62
    ACCEPT = 63
    HUNT = 64
    WINNER = 65
    REWARD = 66
    SOURCE_JOIN = 70

    GRAPH = 90

    # contact: 110-139
    RULE = 110  # whether a rule notices its occasion
    CHANNEL = 111  # subscribed at birth
    MUTE_WHICH = 112  # of the channels used that day
    TOPIC = 113  # sent where the operator has no tag
    INTEREST = 114
    TAG = 115  # known at birth
    WRONG_TAG = 116
    LEARN = 117
    LEARN_ORDER = 118
    OBSERVE = 119
    OBSERVE_ORDER = 120
    BIRTHDAY = 121
    CONFIRM = 122
    TAG_CONSENT = 123
    # money: 140-159
    OFFER_SHARE = 140  # whether somebody is in the random share of an offer
    FIT = 141  # whether a bundle or a sample is of use to somebody
    BUNDLE = 142
    SUITS = 144  # whether what an opened touch shows fits the person
    REDEEM_POINTS = 145
    PLAN_SHARE = 146
    PLAN_TASTE = 147
    PLAN_CONSIDER = 148
    CHECKOUT = 149
    SHOP = 150
    LAUNCH_REACH = 151
    LAUNCH_BUY = 152
    # company: 160-179
    CHECKED = 160
    SPEAK = 161
    NOTICE = 162
    PERSUADE = 163
    PUNISH = 164
    TEAM_OPEN = 165
    RECRUIT = 166
    STRIKE = 167
    BELIEVE = 168
    RAGE_COMPLAIN = 169
    RAGE_LEAVE = 170
    COMPENSATE = 171
    SEEDED = 172
    SEED_NEGATIVE = 173
    # groups: 180-199
    ROUTE = 180  # whether somebody is ever invited to a kind of group
    PLACE = 181  # which of several groups, where no friend decides
    READ = 182
    TALK = 183
    GRUMBLE = 184
    STORY = 185
    FILTER = 186
    IDEA = 187
    ADOPT = 188
    ONLINE = 189
    OFFLINE = 190
    PRACTISE = 191
    QUIT = 192
    SEAT = 193  # who becomes an opinion customer, among equals
    # firm: 200-229
    AUDIENCE = 200  # whom a source can reach
    HOOKED = 202  # came for a gift alone
    ELSEWHERE = 203  # an order that would have come on the platform anyway
    EVENT_BEGINS = 204  # of nobody: the day on which a random event begins
    ISSUE = 215
    VOICE = 216
    PATIENCE = 217
    SEVERITY = 218
    COMPLEXITY = 219
    TO_AI = 220
    FOLLOW_UP = 221
    QUEUE = 222
    ADVISED = 223
    ADVISER_PLACE = 224
    VIOLATION = 225
    CAUGHT = 226
    FINE = 227

    TEST_CELL = 100  # of a user in a simulated live test
    TEST_CLUSTER = 101  # of a whole community


@lru_cache(maxsize=1024)
def name_hash(name: str) -> int:
    """A stable 64-bit hash of a touch's, offer's or source's name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


@inline_rule
def mix(z):
    """splitmix64's finaliser: a bijection of 64-bit words."""
    z = (z ^ (z >> _S30)) * MIX_1
    z = (z ^ (z >> _S27)) * MIX_2
    return z ^ (z >> _S31)


@inline_rule
def seed_key(seed):
    """Key of one seeded world."""
    return mix(U64(seed) * SEED_SALT + GOLDEN)


@inline_rule
def user_key(world, user):
    """Key of one user in a seeded world."""
    return mix(world + U64(user + 1) * GOLDEN)


@inline_rule
def day_key(key, day):
    """Key of one user on one day (day may be negative: warm-up, birth)."""
    return mix(key ^ (U64(day + 2_000_000) * DAY_SALT))


@inline_rule
def draw_bits(key, purpose):
    """64 random bits for one purpose."""
    return mix(key + U64(purpose) * GOLDEN)


@inline_rule
def named_bits(key, purpose, name):
    """64 random bits for one purpose of one named touch, offer or source."""
    return mix(mix(key + U64(purpose) * GOLDEN) ^ name)


@inline_rule
def pair_bits(key, purpose, other):
    """64 random bits for a decision between the key's owner and another user."""
    return mix(mix(key + U64(purpose) * GOLDEN) ^ (U64(other + 1) * PAIR_SALT))


@inline_rule
def unit(bits):
    """Bits to a double in (0, 1): 52 bits, so that the half step is exact: never 0, never 1."""
    return (np.float64(np.int64(bits >> _S12)) + 0.5) * _UNIT


@inline_rule
def uniform(key, purpose):
    """A uniform draw in (0, 1) for one purpose."""
    return unit(draw_bits(key, purpose))


@inline_rule
def named_uniform(key, purpose, name):
    """A uniform draw in (0, 1) for one purpose of one named touch, offer or source."""
    return unit(named_bits(key, purpose, name))


@rule
def priorities(world, n, purpose):
    """(n,) keyed 64-bit priorities of users 0 .. n-1 at birth; the smallest come first."""
    out = np.empty(n, np.uint64)
    for i in range(n):
        out[i] = draw_bits(day_key(user_key(world, i), BIRTH_DAY), purpose)
    return out


def in_order(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Indices by rising key, ties by index: a stable sort, in a quarter of the time where there are no ties."""
    order = np.argsort(keys)
    ranked = keys[order]
    if (ranked[1:] == ranked[:-1]).any():
        return np.argsort(keys, kind="stable")
    return order


@rule
def uniforms(seed, users, day, purpose):
    """The draws of many users on one day, as an array of float64 in (0, 1)."""
    world = seed_key(seed)
    out = np.empty(users.size, np.float64)
    for i in range(users.size):
        out[i] = uniform(day_key(user_key(world, users[i]), day), purpose)
    return out
