"""What keyed draws alone can give: the same users in two arms of one seed, order by order.

An order that the same user places on the same day in both arms would have come *anyway*. One without such
a twin may have been *shifted* in time: paired with an unmatched order of the same user within some days. What is
left over exists *only with the arm*, or is *lost* with it. So, for every seed and to the order,

    orders(arm) = anyway + shifted + only with the arm
    orders(baseline) = anyway + shifted + lost

Only the difference of the two totals is what data could confirm; how it splits depends on the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.lab.comparison import COUNTS
from simlab.lab.detail import NO_DAY, Detail

ANYWAY, SHIFTED, ALONE, ALONE_NEWCOMER = range(4)
"""Kinds of orders: same day in both arms; moved; in this arm alone, by somebody who is a member in both; in
this arm alone, by somebody who joined in this arm alone."""
_STEP = 1 << 16  # more days than a run can have


@dataclass(frozen=True)
class Split:
    """Every order of two arms by kind.

    Attributes:
        arm, baseline: (orders,) int8 kind of each order, aligned with the order books.
        arm_match, baseline_match: (anyway + shifted,) positions of the paired orders in the books, the orders
            placed anyway first.
    """

    arm: NDArray[np.int8]
    baseline: NDArray[np.int8]
    arm_match: NDArray[np.int64]
    baseline_match: NDArray[np.int64]


def same_people(arm: Detail, baseline: Detail) -> bool:
    """Whether users of two details can be the same people at all: as many, over as many days."""
    return len(arm.joined) == len(baseline.joined) and arm.horizon == baseline.horizon


def split(arm: Detail, baseline: Detail, shift: int) -> Split:
    """Pair the orders of two arms of one seed, user by user.

    Orders of the same day are paired first. Of the rest, as many as possible are paired one to one within
    `shift` days, the earliest first: for intervals of one length that greedy choice is a largest matching.

    Raises:
        ValueError: the details are not of the same people.
    """
    if not same_people(arm, baseline):
        raise ValueError("the arms have different people or days: their users cannot be compared one by one")
    keys = [d.order_user.astype(np.int64) * _STEP + d.order_day for d in (arm, baseline)]
    _, here, there = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    ours, theirs = np.full(len(keys[0]), ALONE, np.int8), np.full(len(keys[1]), ALONE, np.int8)
    ours[here], theirs[there] = ANYWAY, ANYWAY
    moved = _moved(_left_over(keys[0], ours), _left_over(keys[1], theirs), keys, shift)
    ours[moved[:, 0]], theirs[moved[:, 1]] = SHIFTED, SHIFTED
    for kinds, own, other in ((ours, arm, baseline), (theirs, baseline, arm)):
        stranger = other.joined[own.order_user] == NO_DAY
        kinds[(kinds == ALONE) & stranger] = ALONE_NEWCOMER
    return Split(ours, theirs, np.concatenate([here, moved[:, 0]]), np.concatenate([there, moved[:, 1]]))


def _left_over(keys: NDArray[np.int64], kinds: NDArray[np.int8]) -> NDArray[np.int64]:
    """Positions of unpaired orders, by user and then by day."""
    open_ = np.flatnonzero(kinds == ALONE)
    return open_[np.argsort(keys[open_], kind="stable")]


def _moved(
    ours: NDArray[np.int64], theirs: NDArray[np.int64], keys: list[NDArray[np.int64]], shift: int
) -> NDArray[np.int64]:
    """(pairs, 2) positions of orders of one user that lie within `shift` days of each other."""
    # users lie further apart than any shift, so that one pass over all of them is enough
    a, b = keys[0][ours].tolist(), keys[1][theirs].tolist()
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        gap = a[i] - b[j]
        if -shift <= gap <= shift:
            pairs.append((ours[i], theirs[j]))
            i, j = i + 1, j + 1
        elif gap < 0:
            i += 1
        else:
            j += 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def counts(arm: Detail, baseline: Detail, found: Split) -> dict[str, float]:
    """`COUNTS` of one seed, for the simulated base; whole numbers, subsidy in yuan."""
    ours, theirs = np.bincount(found.arm, minlength=4), np.bincount(found.baseline, minlength=4)
    coupon = (arm.order_bits & 1).astype(bool)
    organic = coupon & (found.arm <= SHIFTED)
    joined, known = arm.joined != NO_DAY, baseline.joined != NO_DAY
    both = joined & known
    values: dict[str, float] = {
        "orders_arm": len(found.arm),
        "orders_baseline": len(found.baseline),
        "anyway": ours[ANYWAY],
        "shifted": ours[SHIFTED],
        "only_members": ours[ALONE],
        "only_newcomers": ours[ALONE_NEWCOMER],
        "lost_members": theirs[ALONE],
        "lost_newcomers": theirs[ALONE_NEWCOMER],
        "coupon": coupon.sum(),
        "coupon_anyway": organic.sum(),
        "subsidy": int(arm.order_subsidy.sum()) / 100,
        "subsidy_anyway": int(arm.order_subsidy[organic].sum()) / 100,
        "left_more": (arm.gone & ~baseline.gone & both).sum(),
        "left_less": (baseline.gone & ~arm.gone & both).sum(),
        "muted_more": (arm.muted & ~baseline.muted & ~baseline.gone & both).sum(),
        "muted_less": (baseline.muted & ~arm.muted & ~arm.gone & both).sum(),
        "joined_more": (joined & ~known).sum(),
        "joined_less": (known & ~joined).sum(),
    }
    return {name: float(values[name]) for name in COUNTS}
