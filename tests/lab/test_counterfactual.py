"""Orders of two arms, user by user: what comes anyway, what only moves, what is won and lost."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlab.lab.counterfactual import ALONE, ALONE_NEWCOMER, ANYWAY, SHIFTED, counts, split
from simlab.lab.detail import NO_DAY, SUMS, Detail
from simlab.world.metrics import METRICS

PEOPLE, DAYS = 6, 40
Orders = list[tuple[int, int]]


def told(orders: Orders, strangers: tuple[int, ...] = (), gone: tuple[int, ...] = ()) -> Detail:
    """A detail with these orders of (user, day); coupons on even days."""
    book = sorted(set(orders), key=lambda order: (order[1], order[0]))
    user, day = (np.array([order[k] for order in book], np.int64) for k in (0, 1))
    joined = np.zeros(PEOPLE, np.int16)
    joined[list(strangers)] = NO_DAY
    left = np.zeros(PEOPLE, bool)
    left[list(gone)] = True
    return Detail(
        daily=np.zeros((DAYS, len(METRICS)), np.int64), stages=np.zeros((DAYS, 1), np.int64),
        stage_names=np.array(["all"]), sums=np.zeros((1, len(SUMS)), np.int64), kinds=np.array(["segment"]),
        groups=np.array(["all"]), order_day=day.astype(np.int16), order_user=user.astype(np.int32),
        order_amount=np.full(len(book), 1000, np.int64), order_subsidy=np.where(day % 2 == 0, 100, 0),
        order_bits=np.where(day % 2 == 0, 1, 0).astype(np.uint8), joined=joined,
        source=np.zeros(PEOPLE, np.uint8), source_names=np.array(["base"]), gone=left,
        muted=np.zeros(PEOPLE, bool),
    )  # fmt: skip


def test_a_story_of_three_users() -> None:
    """User 0 orders the same day; user 1 waits for the coupon; user 2 is won, user 3 is lost."""
    arm = told([(0, 5), (1, 12), (2, 20)])
    baseline = told([(0, 5), (1, 9), (3, 20)], gone=(3,))
    found = counts(arm, baseline, split(arm, baseline, shift=7))
    assert found["anyway"] == 1
    assert found["shifted"] == 1
    assert found["only_members"] == 1
    assert found["lost_members"] == 1
    assert (found["coupon"], found["coupon_anyway"]) == (2, 1)  # days 12 and 20; the first would have come
    assert (found["subsidy"], found["subsidy_anyway"]) == (2.0, 1.0)
    assert (found["left_more"], found["left_less"]) == (0, 1)


def test_within_means_within() -> None:
    arm, baseline = told([(1, 12)]), told([(1, 9)])
    assert split(arm, baseline, 3).arm.tolist() == [SHIFTED]
    assert split(arm, baseline, 2).arm.tolist() == [ALONE]
    assert split(arm, baseline, 0).baseline.tolist() == [ALONE]


def test_who_joins_in_one_arm_only_is_told_apart() -> None:
    arm, baseline = told([(4, 30)]), told([], strangers=(4,))
    found = split(arm, baseline, 30)
    assert found.arm.tolist() == [ALONE_NEWCOMER]
    numbers = counts(arm, baseline, found)
    assert (numbers["only_newcomers"], numbers["joined_more"], numbers["joined_less"]) == (1, 1, 0)


def test_other_people_are_refused() -> None:
    arm, baseline = told([]), told([])
    few = Detail(**{**baseline.__dict__, "joined": baseline.joined[:3]})
    with pytest.raises(ValueError, match="different people"):
        split(arm, few, 30)


books = st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.integers(1, DAYS)), max_size=40)
few = st.lists(st.integers(0, PEOPLE - 1), max_size=3).map(tuple)


@given(books, books, few, few, st.integers(0, 15))
def test_every_order_is_counted_once(
    ours: Orders, theirs: Orders, here: tuple[int, ...], there: tuple[int, ...], shift: int
) -> None:
    arm = told([o for o in ours if o[0] not in here], here)
    baseline = told([o for o in theirs if o[0] not in there], there)
    pairing = split(arm, baseline, shift)
    found = counts(arm, baseline, pairing)
    shared = found["anyway"] + found["shifted"]
    assert found["orders_arm"] == shared + found["only_members"] + found["only_newcomers"]
    assert found["orders_baseline"] == shared + found["lost_members"] + found["lost_newcomers"]
    # pairs are of one user, one to one, and as near as they should be
    a, b = pairing.arm_match, pairing.baseline_match
    assert (arm.order_user[a] == baseline.order_user[b]).all()
    assert len(np.unique(a)) == len(a) == len(np.unique(b))
    gaps = np.abs(arm.order_day[a].astype(int) - baseline.order_day[b])
    assert (gaps[: int(found["anyway"])] == 0).all()
    assert (gaps <= shift).all()
    assert (pairing.arm[a] == pairing.baseline[b]).all()
    # turned round, what was won is what was lost
    turned = counts(baseline, arm, split(baseline, arm, shift))
    assert turned["anyway"] == found["anyway"]
    assert turned["shifted"] == found["shifted"]
    assert turned["only_members"] == found["lost_members"]


@given(st.lists(st.integers(1, 20), max_size=5), st.lists(st.integers(1, 20), max_size=5), st.integers(0, 6))
def test_as_many_are_paired_as_can_be(ours: list[int], theirs: list[int], shift: int) -> None:
    """Against the best of all ways to pair what is left after the same days (brute force)."""
    a, b = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    arm, baseline = told([(0, day) for day in ours]), told([(0, day) for day in theirs])
    short, long_ = (a, b) if len(a) <= len(b) else (b, a)
    best = max(
        (sum(abs(x - y) <= shift for x, y in zip(short, chosen, strict=False))
         for chosen in itertools.permutations(long_, len(short))), default=0,
    )  # fmt: skip
    found = split(arm, baseline, shift)
    assert int((found.arm == SHIFTED).sum()) == best
    assert int((found.arm == ANYWAY).sum()) == len(set(ours) & set(theirs))
