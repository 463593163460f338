"""The detail of a run: the same run to the bit, and a book that agrees with the ledger to the fen."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest

from simlab.lab.detail import NO_DAY, SUMS, Detail, observe, total
from simlab.lab.effects import residual, starting, view
from simlab.lab.ground import ground_of
from simlab.lab.runs import simulate
from simlab.scenario import Scenario, load, with_values
from simlab.world.metrics import M

SMALL = with_values(
    load("default").scenario,
    {"population.members": 150, "population.prospects": 350, "horizon": 70, "warmup.days": 30, "scale": 1},
)
TIGHT = with_values(
    SMALL,
    {
        "levers.offers.coupon.budget": 30,  # refused coupons undo orders
        "levers.offers.coupon.depth": 0.4,
        "levers.push.active.per_week": 7,
        "population.arrivals": [20, 0, 35, 40],  # who comes on a date comes with an order
    },
)
NO_PAST = with_values(SMALL, {"warmup.days": 0})


@pytest.mark.parametrize("scenario", [SMALL, TIGHT, NO_PAST], ids=["small", "tight", "no past"])
def test_it_agrees_with_the_plain_run(scenario: Scenario) -> None:
    ground = ground_of(scenario)
    plain = simulate(scenario, 3, ground, detail=False).outcomes
    outcomes, detail = observe(scenario, 3, ground)
    assert np.array(list(outcomes.values())).tobytes() == np.array(list(plain.values())).tobytes()
    coupon, organic = detail.order_bits & 1 == 1, detail.order_bits == 3
    assert len(detail.order_day) == outcomes["orders"] == total(detail, "orders")
    assert detail.order_amount.sum() == total(detail, "revenue_fen")
    assert detail.order_subsidy.sum() == total(detail, "subsidy_fen")
    assert coupon.sum() == outcomes["redemptions"]
    assert organic.sum() == total(detail, "organic")
    assert (detail.order_subsidy[~coupon] == 0).all()
    per_day = np.bincount(detail.order_day, minlength=scenario.horizon + 1)[1:]
    assert (per_day == detail.daily[:, M.orders]).all()
    keys = detail.order_user.astype(np.int64) * 10_000 + detail.order_day
    assert len(np.unique(keys)) == len(keys)  # one order a day
    assert (detail.joined[detail.order_user] != NO_DAY).all()
    # groups: every kind tells the same totals, and they are those of the ledger
    tables = [
        detail.sums[detail.kinds == kind].sum(axis=0) for kind in ("segment", "stage", "source", "cohort")
    ]
    assert all((table == tables[0]).all() for table in tables)
    sums = dict(zip(SUMS, tables[0].tolist(), strict=True))
    assert sums["orders"] == outcomes["orders"]
    assert sums["left"] == outcomes["left"] == detail.gone.sum()
    costs = ("subsidy_fen", "touch_fen", "complaint_fen", "reward_fen", "invitee_fen")
    assert sums["net_fen"] == total(detail, "margin_fen") - sum(total(detail, cost) for cost in costs)
    assert detail.stages[-1].sum() == outcomes["members"] == detail.daily[-1, M.members]
    # money as customer equity counts it
    seen = view(detail, scenario)
    assert seen.cumulative[-1] == pytest.approx(outcomes["realised_value"], rel=1e-12)
    assert residual(detail, scenario) / starting(detail) == pytest.approx(
        outcomes["residual_value"], rel=1e-12
    )


def test_it_survives_the_disk_and_is_small() -> None:
    _, detail = observe(SMALL, 1, ground_of(SMALL))
    file = io.BytesIO()
    np.savez_compressed(file, **detail.to_arrays())
    assert len(file.getvalue()) < 30_000
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = Detail.from_arrays({name: arrays[name] for name in arrays.files})
    for field in dataclasses.fields(Detail):
        ours, theirs = getattr(detail, field.name), getattr(again, field.name)
        assert ours.dtype == theirs.dtype
        assert (ours == theirs).all()


def test_days_are_told() -> None:
    days: list[int] = []
    observe(SMALL, 1, ground_of(SMALL), days.append)
    assert days == list(range(1, 101))
