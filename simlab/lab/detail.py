"""What is kept of one run beyond its outcomes: days, groups of users, the order book.

Small enough for hundreds of runs, and enough to say *why* two arms differ: on one seed the same users live in
both, so that orders can be compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlab.lab.comparison import KINDS
from simlab.lab.past import before_of
from simlab.lab.pasts import market_of
from simlab.scenario import Scenario
from simlab.world.book import MONTH
from simlab.world.market import Market
from simlab.world.metrics import METRICS, M
from simlab.world.outcomes import outcomes, residual_per_user
from simlab.world.records import LEFT, MEMBER, PROSPECT
from simlab.world.rules import ORGANIC

if TYPE_CHECKING:
    from simlab.lab.ground import Ground

SUMS = ("users", "orders", "net_fen", "residual_fen", "left", "muted")
NEWCOMER = "newcomer"
NO_DAY = -30_000
"""Day of joining of somebody who never joined."""
_STOCKS = (M.members, M.reachable)


@dataclass(frozen=True, eq=False)
class Detail:
    """One run in detail. Money in whole fen of the simulated base; nothing is scaled.

    Attributes:
        daily: (horizon, metrics of `simlab.world.metrics.M`) int64 totals from day 1; ``members`` and
            ``reachable`` count members only.
        stages: (horizon, S) int64 members at the end of each day by stage.
        stage_names: (S,) names of those stages.
        sums: (groups, 6) int64 `SUMS` over the horizon, by user: members on the eve of day 1 and those who
            joined later. Cost of sources and fixed cost belong to no user and are left out; ``residual_fen``
            is as of the horizon, not discounted; ``left`` and ``muted``: gone, or not to be reached, at the horizon
            (of those present on the eve, only what happened since).
        kinds, groups: (groups,) what each row of `sums` is: "segment", "stage" (on the eve of day 1, or
            "newcomer"), "source", "cohort" ("base" or the month of joining), and its name.
        order_day, order_user: (orders,) int16 and int32, by day and then by user; at most one a day each.
        order_amount, order_subsidy: (orders,) int64 at list price, and what the coupon took off.
        order_bits: (orders,) uint8, 1: a coupon was used, 2: the order would have come that day without it.
        joined: (N,) int16 day of joining, NO_DAY for who never did.
        source: (N,) uint8 number of the source in `source_names`.
        gone: (N,) bool left by the horizon. muted: (N,) bool members who cannot be reached at the horizon.
    """

    daily: NDArray[np.int64]
    stages: NDArray[np.int64]
    stage_names: NDArray[np.str_]
    sums: NDArray[np.int64]
    kinds: NDArray[np.str_]
    groups: NDArray[np.str_]
    order_day: NDArray[np.int16]
    order_user: NDArray[np.int32]
    order_amount: NDArray[np.int64]
    order_subsidy: NDArray[np.int64]
    order_bits: NDArray[np.uint8]
    joined: NDArray[np.int16]
    source: NDArray[np.uint8]
    source_names: NDArray[np.str_]
    gone: NDArray[np.bool_]
    muted: NDArray[np.bool_]

    @property
    def horizon(self) -> int:
        """Days observed."""
        return len(self.daily)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by name, for an .npz file; small types and no objects."""
        out = {field.name: getattr(self, field.name) for field in fields(self)}
        people = len(self.joined)
        for name in ("gone", "muted"):
            out[name] = np.packbits(out[name])
        return {**out, "people": np.array(people, np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Detail:
        """What `to_arrays` gave.

        Raises:
            KeyError: an array is missing.
        """
        people = int(arrays["people"])
        found = {field.name: arrays[field.name] for field in fields(cls)}
        for name in ("gone", "muted"):
            found[name] = np.unpackbits(found[name].astype(np.uint8), count=people).astype(bool)
        return cls(**found)


class Diary:
    """Takes down the orders of a market, evening by evening, and the state on the eve of day 1.

    The engine leaves the day's orders in its working lists; what a user has spent tells what was paid,
    and so the subsidy. Nothing is logged and nothing is changed, so the run is the same to the bit.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.days: list[NDArray[np.int16]] = []
        self.users: list[NDArray[np.int32]] = []
        self.amounts: list[NDArray[np.int64]] = []
        self.subsidies: list[NDArray[np.int64]] = []
        self.bits: list[NDArray[np.uint8]] = []
        self._clear()
        if market.day == 0:
            self._eve()

    def _clear(self) -> None:
        self.market.book.order_user[:] = -1

    def _eve(self) -> None:
        users = self.market.users
        self.status, self.stage = users["status"].copy(), users["stage"].copy()
        self.was_muted, self.net = users["muted"] != 0, users["net"].copy()
        self.orders, self.redeemed = users["orders"].copy(), users["redeemed"].copy()
        self.spend = users["spend"].copy()

    def evening(self) -> None:
        """Take down the day that has just been lived; to be called after every day, the warm-up included."""
        market = self.market
        if market.day == 0:
            self._eve()
        if market.day > 0:
            self._orders(market.day)
        self._clear()

    def _orders(self, day: int) -> None:
        market, book = self.market, self.market.book
        count = int((book.order_user >= 0).sum())
        wanted = book.order_user[:count]
        first = market.outside.arrival_first
        if day < len(first):  # dated arrivals come with their first order, which never waits for the evening
            come = market.outside.arrivals[first[day - 1] : first[day]].astype(np.int32)
            wanted = np.concatenate([wanted, come[~np.isin(come, wanted)]])
        rows = market.users[wanted]
        done = rows["last_order"] == day  # a refused coupon may have undone an order
        order = np.flatnonzero(done)[np.argsort(wanted[done], kind="stable")]
        users, rows = wanted[order], rows[order]
        paid = rows["spend"] - self.spend[users]
        listed = order < count
        amount = paid.copy()
        amount[listed] = book.order_amount[order[listed]]
        cut = np.zeros(len(users), np.int64)
        cut[listed] = book.order_cut[order[listed]]
        bits = np.full(len(users), 2, np.uint8)
        bits[listed] = np.where(book.order_bits[order[listed]] & ORGANIC, 2, 0)
        bits |= (rows["redeemed"] != self.redeemed[users]) | (cut > 0)
        self.spend[users], self.redeemed[users] = rows["spend"], rows["redeemed"]
        self.days.append(np.full(len(users), day, np.int16))
        self.users.append(users)
        self.amounts.append(amount)
        self.subsidies.append(cut)
        self.bits.append(bits)

    def close(self) -> Detail:
        """The detail of the finished market."""
        market, users, names = self.market, self.market.users, self.market.names
        ledger = market.book.ledger[market.scenario.warmup.days :]
        daily = ledger.sum(axis=(1, 2, 3))
        stages = ledger[:, :-2, ..., M.members].sum(axis=(2, 3))
        for stock in _STOCKS:
            daily[:, stock] = ledger[:, :-2, ..., stock].sum(axis=(1, 2, 3))
        here = (self.status == MEMBER) | ((self.status == PROSPECT) & (users["status"] != PROSPECT))
        gone = (users["status"] == LEFT) & here
        muted = (users["muted"] != 0) & here & ~gone
        kinds, groups, sums = self._sums(here, gone, muted)
        return Detail(
            daily=daily, stages=stages, stage_names=np.array(names.stages[:-2], np.str_), sums=sums, kinds=kinds,
            groups=groups, order_day=_joined(self.days, np.int16), order_user=_joined(self.users, np.int32),
            order_amount=_joined(self.amounts, np.int64), order_subsidy=_joined(self.subsidies, np.int64),
            order_bits=_joined(self.bits, np.uint8),
            joined=np.where(here, users["joined"], NO_DAY).astype(np.int16),
            source=np.where(here, users["source"], 0).astype(np.uint8),
            source_names=np.array(names.sources, np.str_), gone=gone, muted=muted,
        )  # fmt: skip

    def _sums(
        self, here: NDArray[np.bool_], gone: NDArray[np.bool_], muted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.int64]]:
        market, users, names = self.market, self.market.users[here], self.market.names
        new = self.status[here] == PROSPECT
        values = np.stack([
            np.ones(len(users), np.int64), users["orders"].astype(np.int64) - self.orders[here],
            users["net"] - self.net[here], residual_per_user(market)[here], gone[here].astype(np.int64),
            (muted[here] & ~(self.was_muted[here] & ~new)).astype(np.int64),
        ])  # fmt: skip
        months = (market.scenario.horizon + MONTH - 1) // MONTH
        cohort = np.where(new, (np.maximum(users["joined"], 1).astype(np.int64) - 1) // MONTH + 1, 0)
        labels = {
            "segment": (names.segments, users["segment"].astype(np.int64)),
            "stage": ((*names.stages[:-2], NEWCOMER),
                      np.where(new, len(names.stages) - 2, self.stage[here].astype(np.int64))),
            "source": (names.sources, users["source"].astype(np.int64)),
            "cohort": (("base", *(f"month {m}" for m in range(1, months + 1))), cohort),
        }  # fmt: skip
        kinds: list[str] = []
        groups: list[str] = []
        rows: list[NDArray[np.int64]] = []
        for kind in KINDS:
            label, code = labels[kind]
            table = np.stack([values[:, code == k].sum(axis=1) for k in range(len(label))])
            kinds += [kind] * len(label)
            groups += list(label)
            rows.append(table)
        return np.array(kinds, np.str_), np.array(groups, np.str_), np.concatenate(rows)


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def observe(
    scenario: Scenario, seed: int, ground: Ground, each_day: Callable[[int], None] | None = None,
    before: Scenario | None = None,
) -> tuple[dict[str, float], Detail]:  # fmt: skip
    """One run with its outcomes (the same as of a plain run, to the bit) and its detail.

    Args:
        scenario: resolved scenario.
        seed: seed of the run.
        ground: the scenario's graph and base.
        each_day: told the number of days done.
        before: scenario until day 0, if not what `scenario` says itself.
    """
    market = market_of(scenario, seed, ground, before or before_of(scenario), each_day=each_day)
    diary = Diary(market)

    def evening(done: int) -> None:
        diary.evening()
        if each_day is not None:
            each_day(done)

    market.run(evening)
    found = outcomes(market), diary.close()
    market.release()
    return found


def total(detail: Detail, metric: str) -> int:
    """One metric of `M` over the horizon."""
    return int(detail.daily[:, METRICS.index(metric)].sum())
