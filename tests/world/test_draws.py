"""Keyed draws: uniform, unrelated to one another, and the same for ever.

Seeds are fixed, so each statistical check was decided once; the false-alarm rate stated
is the chance that a perfect generator would fail it under a seed chosen blindly.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import kolmogorov

from simlab.world import draws
from simlab.world.compiled import rule
from simlab.world.draws import BIRTH_DAY, Purpose, name_hash, uniforms

N = 1_000_000
FEW = 50_000
SEED = 20_260_101
UNRELATED = 0.004
AMONG_ALL = 5.0  # standard errors, 0.005 of a million: there are over twenty thousand pairs of purposes
"""Largest correlation of N pairs: 4 standard errors, false-alarm rate 6e-5 per pair."""
patient = settings(deadline=None)  # compiled on the first call
KS_LIMIT = 1e-4
"""Smallest p-value of a Kolmogorov-Smirnov test: its false-alarm rate."""

PURPOSES = {
    "MEMBER": 1, "SEGMENT": 2, "NEED": 3, "LIFETIME": 4, "BASKET": 5, "DEAL": 6, "TOLERANCE": 7,
    "SOCIABILITY": 8, "VISITS": 9, "AFFINITY": 10, "DOG": 11, "LIFE_LENGTH": 12, "TENURE": 13, "ALIVE": 14,
    "PAST_ORDERS": 15, "PAST_RECENCY": 16, "SOURCE_PULL": 17, "ARRIVAL": 18, "PAST_VISIT": 19,
    "OPTED_IN": 20, "ENDED": 21, "CORE": 22, "SEND": 30, "EXECUTE": 31, "SEEN": 32, "OPEN": 33,
    "INTERACT": 34, "CLIP": 35, "STOCK": 36, "MUTE": 40, "LEAVE": 41, "COMPLAIN": 42, "DOG_LEAVE": 43,
    "EXIT": 44, "VISIT": 50, "ORDER": 51, "AMOUNT": 52, "BUDGET": 53, "INVITE": 60, "INVITE_MORE": 61,
    "FRIEND": 62, "ACCEPT": 63, "HUNT": 64, "WINNER": 65, "REWARD": 66, "SOURCE_JOIN": 70, "GRAPH": 90,
    "RULE": 110, "CHANNEL": 111, "MUTE_WHICH": 112, "TOPIC": 113, "INTEREST": 114, "TAG": 115,
    "WRONG_TAG": 116, "LEARN": 117, "LEARN_ORDER": 118, "OBSERVE": 119, "OBSERVE_ORDER": 120,
    "BIRTHDAY": 121, "CONFIRM": 122, "TAG_CONSENT": 123, "OFFER_SHARE": 140, "FIT": 141, "BUNDLE": 142,
    "SUITS": 144, "REDEEM_POINTS": 145, "PLAN_SHARE": 146, "PLAN_TASTE": 147, "PLAN_CONSIDER": 148,
    "CHECKOUT": 149, "SHOP": 150, "LAUNCH_REACH": 151, "LAUNCH_BUY": 152, "CHECKED": 160, "SPEAK": 161,
    "NOTICE": 162, "PERSUADE": 163, "PUNISH": 164, "TEAM_OPEN": 165, "RECRUIT": 166, "STRIKE": 167,
    "BELIEVE": 168, "RAGE_COMPLAIN": 169, "RAGE_LEAVE": 170, "COMPENSATE": 171, "SEEDED": 172,
    "SEED_NEGATIVE": 173, "ROUTE": 180, "PLACE": 181, "READ": 182, "TALK": 183, "GRUMBLE": 184,
    "STORY": 185, "FILTER": 186, "IDEA": 187, "ADOPT": 188, "ONLINE": 189, "OFFLINE": 190, "PRACTISE": 191,
    "QUIT": 192, "SEAT": 193, "AUDIENCE": 200, "HOOKED": 202, "ELSEWHERE": 203, "EVENT_BEGINS": 204,
    "ISSUE": 215, "VOICE": 216, "PATIENCE": 217, "SEVERITY": 218, "COMPLEXITY": 219, "TO_AI": 220,
    "FOLLOW_UP": 221, "QUEUE": 222, "ADVISED": 223, "ADVISER_PLACE": 224, "VIOLATION": 225, "CAUGHT": 226,
    "FINE": 227, "TEST_CELL": 100, "TEST_CLUSTER": 101,
}  # fmt: skip
"""The purposes for ever. Add a line for a new one; never touch a line that is here."""

NAME_HASHES = {
    "touch:value": 0x066EE98613AE4053, "touch:promo": 0x76F79863A7F7DA02, "offer:coupon": 0xB64CABCBE7B0A14A,
    "source:ads": 0xE5E42895A365A4CB, "欢迎": 0x31CF154B345DEDD5, "": 0xB4B2797457A0A6E4,
}  # fmt: skip
GOLDEN_DRAWS = {  # seed, user, day, purpose
    (0, 0, 1, "ORDER"): 0.21664025175041723,
    (1, 0, 1, "ORDER"): 0.33401470904623787,
    (1, 7, 1, "ORDER"): 0.33772844491207865,
    (1, 7, -59, "SEND"): 0.6276885762590491,
    (42, 4_999, 365, "VISIT"): 0.9100581581181147,
    (2**31 - 1, 2**31 - 2, 3650, "EXIT"): 0.8257338199509389,
    (1, 7, BIRTH_DAY, "NEED"): 0.816190156120015,
}


@rule
def named_uniforms(seed, users, day, purpose, name):
    """Draws of many users for one named touch."""
    world = draws.seed_key(seed)
    out = np.empty(users.size, np.float64)
    for i in range(users.size):
        key = draws.day_key(draws.user_key(world, users[i]), day)
        out[i] = draws.unit(draws.named_bits(key, purpose, name))
    return out


@rule
def pair_uniforms(seed, user, others, day, purpose):
    """Draws of one user with many others."""
    key = draws.day_key(draws.user_key(draws.seed_key(seed), user), day)
    out = np.empty(others.size, np.float64)
    for i in range(others.size):
        out[i] = draws.unit(draws.pair_bits(key, purpose, others[i]))
    return out


@rule
def unit_of(bits):
    """The unit draw of raw bits."""
    return draws.unit(bits)


def everybody(first: int = 0, count: int = N) -> NDArray[np.int64]:
    return np.arange(first, first + count)


def by_name(user: NDArray[np.int64], name: str, day: int = 5) -> NDArray[np.float64]:
    return named_uniforms(SEED, user, day, int(Purpose.OPEN), np.uint64(name_hash(name)))


def ks_p_value(sample: NDArray[np.float64]) -> float:
    """Asymptotic p-value of the Kolmogorov-Smirnov test of uniformity (exact to 1e-3 at a million)."""
    x, n = np.sort(sample), len(sample)
    grid = np.arange(n + 1) / n
    distance = max(np.max(grid[1:] - x), np.max(x - grid[:-1]))
    return float(kolmogorov(distance * np.sqrt(n)))


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Of two uniform samples, with their known mean 1/2 and variance 1/12."""
    return float(np.sum((x - 0.5) * (y - 0.5))) * 12.0 / len(x)


@pytest.mark.parametrize("count", [FEW, pytest.param(N, marks=pytest.mark.slow)])
def test_users_draw_evenly_for_every_purpose(count: int) -> None:
    for purpose in Purpose:
        day = BIRTH_DAY if purpose < Purpose.SEND else 17
        x = uniforms(SEED, everybody(count=count), day, int(purpose))
        assert ks_p_value(x) > KS_LIMIT, purpose.name
        assert ks_p_value(np.modf(x * 1024.0)[0]) > KS_LIMIT, purpose.name  # the bits below the first ten


@pytest.mark.parametrize("count", [FEW, pytest.param(N, marks=pytest.mark.slow)])
def test_no_two_purposes_know_of_each_other(count: int) -> None:
    """All pairs, and each one against the others' lower bits: in all, a false-alarm rate of .02."""
    purposes = list(Purpose)
    high = np.zeros((len(purposes), len(purposes)))
    low = np.zeros_like(high)
    for users in np.array_split(everybody(count=count), 10):
        x = np.stack([uniforms(SEED, users, 17, int(p)) for p in purposes]) - 0.5
        high += np.einsum("ik,jk->ij", x, x)  # not by BLAS, whose threads would fight over the cores
        low += np.einsum("ik,jk->ij", x, np.modf((x + 0.5) * 1024.0)[0] - 0.5)
    off_diagonal = ~np.eye(len(purposes), dtype=bool)
    most = AMONG_ALL * np.sqrt(count) / 12
    assert np.abs(high[off_diagonal]).max() < most
    assert np.abs(low).max() < most


@pytest.mark.parametrize("purpose", [Purpose.NEED, Purpose.SEND, Purpose.ORDER, Purpose.WINNER])
def test_neighbours_days_and_worlds_do_not_know_of_each_other(purpose: Purpose) -> None:
    p = int(purpose)
    x = uniforms(SEED, everybody(), 17, p)
    others = {
        "the next user": uniforms(SEED, everybody(1), 17, p),
        "the second next user": uniforms(SEED, everybody(2), 17, p),
        "a user 2**16 further": uniforms(SEED, everybody(2**16), 17, p),
        "the next day": uniforms(SEED, everybody(), 18, p),
        "the next week": uniforms(SEED, everybody(), 24, p),
        "the day of birth": uniforms(SEED, everybody(), BIRTH_DAY, p),
        "the next world": uniforms(SEED + 1, everybody(), 17, p),
        "the first world": uniforms(0, everybody(), 17, p),
        "the next user's tomorrow": uniforms(SEED, everybody(1), 18, p),
    }
    for who, y in others.items():
        assert abs(correlation(x, y)) < UNRELATED, who
        assert abs(correlation(np.modf(x * 2**20)[0], np.modf(y * 2**20)[0])) < UNRELATED, who


def test_one_person_draws_evenly_day_after_day() -> None:
    days = np.array([uniforms(SEED, np.array([7]), day, int(Purpose.ORDER))[0] for day in range(20_000)])
    assert abs(correlation(days[1:], days[:-1])) < 4 / np.sqrt(len(days))  # false-alarm rate 6e-5
    assert abs(days.mean() - 0.5) < 4 / np.sqrt(12 * len(days))


def test_two_touches_on_one_day_do_not_share_a_draw() -> None:
    x, y = by_name(everybody(), "touch:value"), by_name(everybody(), "touch:promo")
    assert ks_p_value(x) > KS_LIMIT
    assert abs(correlation(x, y)) < UNRELATED
    assert abs(correlation(x, uniforms(SEED, everybody(), 5, int(Purpose.OPEN)))) < UNRELATED
    assert abs(correlation(x[1:], x[:-1])) < UNRELATED
    assert abs(correlation(x, by_name(everybody(), "touch:value", day=6))) < UNRELATED


def test_a_pair_has_a_draw_of_its_own() -> None:
    accept, winner = int(Purpose.ACCEPT), int(Purpose.WINNER)
    x = pair_uniforms(SEED, 3, everybody(), 5, accept)
    assert ks_p_value(x) > KS_LIMIT
    assert abs(correlation(x, pair_uniforms(SEED, 4, everybody(), 5, accept))) < UNRELATED
    assert abs(correlation(x, pair_uniforms(SEED, 3, everybody(), 6, accept))) < UNRELATED
    assert abs(correlation(x, pair_uniforms(SEED, 3, everybody(), 5, winner))) < UNRELATED
    assert abs(correlation(x[1:], x[:-1])) < UNRELATED
    there = pair_uniforms(SEED, 3, np.array([4]), 5, accept)
    assert there[0] != pair_uniforms(SEED, 4, np.array([3]), 5, accept)[0]  # who asks matters


def test_a_unit_draw_is_never_0_and_never_1() -> None:
    ones = 0xFFFFFFFFFFFFFFFF
    extremes = [0, 1, 0xFFF, 0x1000, 1 << 63, (1 << 63) - 1, ones, ones - 0xFFF, ones - 0x1000]
    values = [unit_of(np.uint64(bits)) for bits in extremes]
    assert all(0.0 < value < 1.0 for value in values)
    assert min(values) == 2.0**-53
    assert max(values) == 1.0 - 2.0**-53


@patient
@given(st.integers(0, 2**64 - 1))
def test_a_unit_draw_is_its_top_52_bits_and_a_half(bits: int) -> None:
    assert unit_of(np.uint64(bits)) == ((bits >> 12) + 0.5) / 2**52


def test_purposes_are_never_renumbered() -> None:
    assert {p.name: int(p) for p in Purpose} == PURPOSES
    assert len(Purpose.__members__) == len({int(p) for p in Purpose.__members__.values()})  # no aliases


def test_names_hash_to_the_same_bits_for_ever() -> None:
    assert {name: name_hash(name) for name in NAME_HASHES} == NAME_HASHES


def test_the_first_draws_of_the_first_worlds_for_ever() -> None:
    for (seed, user, day, purpose), value in GOLDEN_DRAWS.items():
        assert uniforms(seed, np.array([user]), day, PURPOSES[purpose])[0] == value


# An independent account of the draws, in plain whole numbers ---------------------------------

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(z: int) -> int:
    """splitmix64's finaliser (Steele, Lea & Flood 2014), as published."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def key_of(seed: int, user: int, day: int) -> int:
    world = mixed((seed * 0xD1B54A32D192ED03 + GOLDEN) & WORD)
    person = mixed((world + (user + 1) * GOLDEN) & WORD)
    return mixed(person ^ ((day + 2_000_000) * 0xABC98388FB8FAC03 & WORD))


seeds, users = st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 2)
days, purposes = st.integers(-1_000_000, 30_000), st.sampled_from(Purpose)


@patient
@given(seeds, users, days, purposes)
def test_draws_are_what_splitmix_says(seed: int, user: int, day: int, purpose: Purpose) -> None:
    bits = mixed((key_of(seed, user, day) + int(purpose) * GOLDEN) & WORD)
    assert uniforms(seed, np.array([user]), day, int(purpose))[0] == ((bits >> 12) + 0.5) / 2**52


@patient
@given(seeds, users, days, purposes, st.integers(0, 2**64 - 1))
def test_draws_of_names_are_what_splitmix_says(
    seed: int, user: int, day: int, purpose: Purpose, name: int
) -> None:
    bits = mixed(mixed((key_of(seed, user, day) + int(purpose) * GOLDEN) & WORD) ^ name)
    drawn = named_uniforms(seed, np.array([user]), day, int(purpose), np.uint64(name))[0]
    assert drawn == ((bits >> 12) + 0.5) / 2**52


@patient
@given(seeds, users, days, purposes, users)
def test_draws_of_pairs_are_what_splitmix_says(
    seed: int, user: int, day: int, purpose: Purpose, other: int
) -> None:
    person = mixed((key_of(seed, user, day) + int(purpose) * GOLDEN) & WORD)
    bits = mixed(person ^ ((other + 1) * 0x8CB92BA72F3D8DD7 & WORD))
    drawn = pair_uniforms(seed, user, np.array([other]), day, int(purpose))[0]
    assert drawn == ((bits >> 12) + 0.5) / 2**52
