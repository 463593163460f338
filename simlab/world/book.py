"""The book of one run: what the engine counts and what it carries from day to day. All integers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.group_tables import GROUP, Said
from simlab.world.metrics import METRICS
from simlab.world.records import MEMBER, PROSPECT
from simlab.world.terms import NO_LIMIT, Names, fen

COHORT_METRICS = ("size", "active", "buyers", "orders", "net_fen")
N_LIVE, N_EVENTS, N_ORDERS, N_INVITERS, N_GONE, N_COUPONS, N_CLAIMED = range(7)
N_SPEAKERS, N_TEAMED, N_ANGRY, ANGRY_VOICES, AUDIENCE = range(5)  # in `carried`
N_TICKETS = 20
MONTH = 30
# typed, so that numba compiles a function once and not once per constant
DATED, BY_REFERRAL, FIRST_SOURCE = (np.int64(x) for x in (1, 2, 3))
"""Numbers of the sources: 0 is the base; the scenario's own begin with FIRST_SOURCE."""


class Book(NamedTuple):
    """Counters and working lists of one run.

    Attributes:
        ledger: (D, S + 2, C, G, metrics) int64 by day x stage x source x segment.
        cohorts: (months + 1, months, 5) int64 by month of joining (0: base) x months since.
        flows: (months, S + 2, S + 2) int64, changes of stage by month.
        stock: (2, S + 2, C, G) int64, today's members and reachable members.
        counts: (32,) int64 lengths of the lists below.
        live: (N,) ids of members: by id, and since last evening those who joined, in no order.
        order_user, order_amount, order_bits: (N,) today's orders before settlement.
        order_usual, order_cut, order_rewards: (N,) the basket without deals, what an offer takes off, rewards of
            points that are used.
        adopters: (L,) who has bought the product of each launch.
        inviter_user, inviter_count: (N,) who invites today and how many friends; -1: one, for the reward alone.
        gone: (N,) whose relation ended, or who left before it ended, today.
        coupon_user, coupon_offer: (K N,) coupons that wait for a scarce stock; empty without one.
        claimed: (N,) on whom there is a claim tonight. claims: (N,) the strongest one on each.
        claimants: (N,) who holds it, or -1 - id for a hunter.
        stock_left, budget_left: (J,) coupons and fen left per offer. rewards_left: (C,) fen by purse.
        inviter_programme: (N,) by which programme. claim_kind: (N,) the programme of a claim; -1: told, not invited.
        speaker_user, speaker_voice: (V N,) who tells friends tonight, and how.
        teamed: (N,) who takes part in an open team. team_size, team_kind: (N,) by opener.
        carried: (5,) int64 lengths of these lists; angry voices and members of yesterday, for the public.
        groups: (A,) GROUP records of actual groups. said: (A, 8) today's counts in them, as in `Said`.
        roles: (N,) roles in a group (bits of `group_rules`); empty where no strategy has groups.
        tickets: (N,) who has an issue that is still open.
        events: (E, 4) int64 log of day, user, code, value; E = 0 switches it off.
    """

    ledger: NDArray[np.int64]
    cohorts: NDArray[np.int64]
    flows: NDArray[np.int64]
    stock: NDArray[np.int64]
    counts: NDArray[np.int64]
    live: NDArray[np.int32]
    order_user: NDArray[np.int32]
    order_amount: NDArray[np.int64]
    order_bits: NDArray[np.int64]
    inviter_user: NDArray[np.int32]
    inviter_count: NDArray[np.int8]
    gone: NDArray[np.int32]
    coupon_user: NDArray[np.int32]
    coupon_offer: NDArray[np.int8]
    claims: NDArray[np.uint64]
    claimants: NDArray[np.int32]
    claimed: NDArray[np.int32]
    stock_left: NDArray[np.int64]
    budget_left: NDArray[np.int64]
    rewards_left: NDArray[np.int64]
    # company
    inviter_programme: NDArray[np.int8]
    claim_kind: NDArray[np.int8]
    speaker_user: NDArray[np.int32]
    speaker_voice: NDArray[np.int8]
    teamed: NDArray[np.int32]
    team_size: NDArray[np.uint16]
    team_kind: NDArray[np.int8]
    carried: NDArray[np.int64]
    groups: NDArray[np.void]
    said: NDArray[np.int64]
    roles: NDArray[np.uint8]
    tickets: NDArray[np.int32]
    events: NDArray[np.int64]
    # money
    order_usual: NDArray[np.int64]
    order_cut: NDArray[np.int64]
    order_rewards: NDArray[np.int64]
    adopters: NDArray[np.int64]


class Outside(NamedTuple):
    """The pools outside, and who comes from them when.

    A prospect joins by a source on the day when the source's accumulated pull reaches the prospect's own
    exponential threshold; presorted, so that a day costs only those who come.

    Attributes:
        order: (R, P) prospect ids by rising threshold. thresholds: (R, P). pointer: (R,) next in line.
        reached: (R,) accumulated pull up to today.
        arrivals, arrival_first: dated arrivals, as in `Population`.
    """

    order: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    pointer: NDArray[np.int64]
    reached: NDArray[np.float64]
    arrivals: NDArray[np.int64]
    arrival_first: NDArray[np.int64]


def pots(
    cells: Sequence[Scenario], names: Names
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(J,) coupons and (J,) fen of subsidy per offer, (C,) fen of rewards per purse that strategies allow."""
    stock, budget = (np.full(len(names.offers), NO_LIMIT, np.int64) for _ in range(2))
    rewards = np.full(names.purses, NO_LIMIT, np.int64)
    for cell, numbers in zip(cells, names.numbers, strict=False):
        for name, offer in cell.levers.offers.items():
            if offer.stock is not None:
                stock[numbers.offers[name]] = offer.stock
            if offer.budget is not None:
                budget[numbers.offers[name]] = fen(offer.budget)
        referral = cell.levers.referral
        if referral is not None and referral.budget is not None:
            rewards[numbers.purse] = fen(referral.budget)
        for name, programme in cell.levers.programmes.items():
            if programme.budget is not None and name in numbers.purses:
                rewards[numbers.purses[name]] = fen(programme.budget)
    return stock, budget, rewards


def reachable(users: NDArray[np.void], axes: tuple[int, ...]) -> NDArray[np.int64]:
    """(S + 2, C, G) members who can be reached, by stage, source and segment."""
    return _counted(users, (users["status"] == MEMBER) & (users["muted"] == 0), axes)


def _counted(users: NDArray[np.void], chosen: NDArray[np.bool_], axes: tuple[int, ...]) -> NDArray[np.int64]:
    places = tuple(users[name][chosen].astype(np.int64) for name in ("stage", "source", "segment"))
    return np.bincount(np.ravel_multi_index(places, axes), minlength=prod(axes)).reshape(axes)


def empty_book(users: NDArray[np.void], scenario: Scenario, names: Names, log_events: bool) -> Book:
    """A fresh book for everybody in `users` over the scenario's warm-up and horizon."""
    n, stages, horizon = len(users), len(names.stages), scenario.horizon
    days = scenario.warmup.days + horizon
    stock_left, budget_left, rewards_left = pots((scenario,), names)
    limited = any(offer.stock is not None for offer in scenario.levers.offers.values())
    scarce = len(names.touches) * n if limited else 0
    axes = (stages, len(names.sources), len(names.segments))
    months = (horizon + MONTH - 1) // MONTH
    live = np.flatnonzero(users["status"] == MEMBER).astype(np.int32)
    stock = np.stack([_counted(users, users["status"] == MEMBER, axes), reachable(users, axes)])
    waiting = users["segment"][users["status"] == PROSPECT].astype(int)
    stock[0, stages - 2, 0] += np.bincount(waiting, minlength=axes[2])
    counts = np.zeros(32, np.int64)
    counts[N_LIVE] = len(live)
    buffer = np.zeros(n, np.int32)
    buffer[: len(live)] = live
    return Book(
        ledger=np.zeros((days, *axes, len(METRICS)), np.int64),
        cohorts=np.zeros((months + 1, months, len(COHORT_METRICS)), np.int64),
        flows=np.zeros((months, stages, stages), np.int64),
        stock=stock,
        counts=counts,
        live=buffer,
        order_user=np.zeros(n, np.int32),
        order_amount=np.zeros(n, np.int64),
        order_bits=np.zeros(n, np.int64),
        inviter_user=np.zeros(n, np.int32),
        inviter_count=np.zeros(n, np.int8),
        gone=np.zeros(n, np.int32),
        coupon_user=np.zeros(scarce, np.int32),
        coupon_offer=np.zeros(scarce, np.int8),
        claims=np.zeros(n, np.uint64),
        claimants=np.zeros(n, np.int32),
        claimed=np.zeros(n, np.int32),
        stock_left=stock_left,
        budget_left=budget_left,
        rewards_left=rewards_left,
        inviter_programme=np.zeros(n, np.int8),
        claim_kind=np.zeros(n, np.int8),
        speaker_user=np.zeros(n * names.voices, np.int32),
        speaker_voice=np.zeros(n * names.voices, np.int8),
        teamed=np.zeros(n if names.teams else 0, np.int32),
        team_size=np.zeros(n if names.teams else 0, np.uint16),
        team_kind=np.zeros(n if names.teams else 0, np.int8),
        carried=np.zeros(5, np.int64),
        groups=np.zeros(0, GROUP),
        said=np.zeros((0, len(Said)), np.int64),
        roles=np.zeros(0, np.uint8),
        tickets=np.zeros(n, np.int32),
        events=np.zeros((1 if log_events else 0, 4), np.int64),
        order_usual=np.zeros(n, np.int64),
        order_cut=np.zeros(n, np.int64),
        order_rewards=np.zeros(n, np.int64),
        adopters=np.zeros(len(names.launches), np.int64),
    )
