"""The worlds in which laws are looked for, and what is seen of them.

A law about people is looked for in a laboratory: the scenario's people, graph and behaviour under a plain
programme that is the same for every scenario. A law about a programme is looked for in the scenario itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simlab.lab.detail import Diary
from simlab.lab.ground import Ground
from simlab.scenario import Scenario
from simlab.scenario.schema import Calendar, Economics, Stage, Warmup, default_stages
from simlab.scenario.strategy import Cadence, Caps, Levers, Offer, Touch
from simlab.world.draws import BIRTH_DAY, Purpose, uniforms
from simlab.world.market import Brand, Market
from simlab.world.metrics import METRICS, M
from simlab.world.outcomes import outcomes, residual_per_user
from simlab.world.rules import ORGANIC

IDLE = 45
"""Days without a sign of life from which the plain programme calls somebody at risk."""
FREE = Caps(per_day=50, per_week=200, per_month=1000)
"""No caps: how much is sent is what an experiment decides."""
LAB_WARMUP = 60


class Watch(Protocol):
    """Somebody who looks at a market every evening, the warm-up included."""

    def __init__(self, market: Market) -> None: ...

    def evening(self) -> None:
        """Look; the day is over."""


@dataclass(frozen=True)
class Arm:
    """One world that a law needs.

    Attributes:
        scenario: who and what. before: whose levers hold until day 0; None: the same.
        phases: (first day, scenario): whose levers hold from that day on.
        days: evenings on which the users' records are copied (0: the eve of day 1).
        watch: who else looks every evening.
        split: a second strategy, which half of the users live under from day 1 on.
        log: keep every event.
    """

    scenario: Scenario
    before: Scenario | None = None
    phases: tuple[tuple[int, Scenario], ...] = ()
    days: tuple[int, ...] = ()
    watch: tuple[type[Watch], ...] = ()
    split: Scenario | None = None
    log: bool = False

    def key(self) -> str:
        """The same for two arms that are one world, seen alike."""
        texts = [
            _text(self.scenario),
            _text(self.before),
            _text(self.split),
            repr((sorted(self.days), self.log)),
        ]
        texts += [f"{day}|{_text(scenario)}" for day, scenario in self.phases]
        texts += sorted(f"{w.__module__}.{w.__qualname__}" for w in self.watch)
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    @property
    def simulated_days(self) -> int:
        """Days of one run."""
        return self.scenario.warmup.days + self.scenario.horizon


def _text(scenario: Scenario | None) -> str:
    return "" if scenario is None else scenario.model_dump_json(exclude={"name", "description", "seeds"})


@dataclass(eq=False)
class Seen:
    """What is kept of one run, while the laws read it.

    Attributes:
        scenario, ground, seed: what was run.
        users: (N,) everybody's record at the horizon. at: the same on the days asked for.
        daily: (horizon, metrics) totals from day 1; stocks count members only.
        residual: (N,) fen left at the horizon. outcomes: as in every run.
        watched: those who looked, by class. cell: (N,) whose strategy held, where the world was split.
        sources: names of the sources by number. events: (E, 4) the log, where one was kept.
    """

    scenario: Scenario
    ground: Ground
    seed: int
    users: NDArray[np.void]
    at: dict[int, NDArray[np.void]]
    daily: NDArray[np.int64]
    residual: NDArray[np.int64]
    outcomes: dict[str, float]
    watched: dict[type, Any] = field(default_factory=dict)
    cell: NDArray[np.uint8] | None = None
    sources: tuple[str, ...] = ()
    events: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 4), np.int64))

    def total(self, metric: str, first: int = 1, last: int | None = None) -> int:
        """Sum of a metric over days first..last."""
        return int(self.daily[first - 1 : last, M[metric]].sum())


class Orders:
    """The book of orders: who ordered on which day, for how much, and whether with a coupon."""

    def __init__(self, market: Market) -> None:
        self.diary = Diary(market)

    def evening(self) -> None:
        """Take down the day's orders."""
        self.diary.evening()

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """(day, user, whether a coupon was used) of every order from day 1 on."""
        d = self.diary
        if not d.days:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool)
        coupon = (np.concatenate(d.bits) & np.uint8(1)) > 0
        return np.concatenate(d.days).astype(np.int64), np.concatenate(d.users).astype(np.int64), coupon


def orders_of(seen: Seen) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The book of orders of a world that `Orders` looked at."""
    found: Orders = seen.watched[Orders]
    return found.table()


class _Phased(Brand):
    """A brand that changes its levers on given days."""

    course: tuple[tuple[int, Scenario], ...] = ()

    def decide(self, day: int) -> Scenario:
        """The phase of the day."""
        chosen = super().decide(day)
        for first, scenario in self.course:
            if day >= first:
                chosen = scenario
        return chosen


def brand_of(phases: tuple[tuple[int, Scenario], ...]) -> type[Brand]:
    """The brand that carries a plan out."""
    return type("Phased", (_Phased,), {"course": phases}) if phases else Brand


def halves(seed: int, n: int) -> NDArray[np.uint8]:
    """(n,) cell 0 or 1 of everybody, by a keyed draw."""
    drawn = uniforms(seed, np.arange(n), BIRTH_DAY, int(Purpose.TEST_CELL))
    return (drawn < 0.5).astype(np.uint8)


def live(arm: Arm, seed: int, ground: Ground, each_day: Callable[[], None] | None = None) -> Seen:
    """Simulate an arm and keep what laws may read."""
    scenario = arm.scenario
    cell = None if arm.split is None else halves(seed, ground.graph.n)
    cells = () if arm.split is None else (arm.split,)
    market = Market(scenario, seed, ground.graph, ground.base, arm.before, arm.log, brand_of(arm.phases), cells,
                    cell)  # fmt: skip
    watched = {kind: kind(market) for kind in arm.watch}
    at = {0: market.users.copy()} if 0 in arm.days and not scenario.warmup.days else {}
    for _ in range(arm.simulated_days):
        market.step()
        for watch in watched.values():
            watch.evening()
        if market.day in arm.days:
            at[market.day] = market.users.copy()
        if each_day is not None:
            each_day()
    ledger = market.book.ledger[scenario.warmup.days :]
    daily = ledger.sum(axis=(1, 2, 3))
    for stock in (M.members, M.reachable):
        daily[:, stock] = ledger[:, :-2, ..., stock].sum(axis=(1, 2, 3))
    seen = Seen(scenario, ground, seed, market.users, at, daily, residual_per_user(market), outcomes(market), watched,
                cell, market.names.sources, market.events())  # fmt: skip
    for watch in watched.values():
        if hasattr(watch, "close"):
            watch.close()
    market.release()
    return seen


# Which worlds ------------------------------------------------------------------------------------


def plain(scenario: Scenario) -> Scenario:
    """The scenario itself, without what asks for further worlds."""
    return scenario.model_copy(update={"uncertainties": {}, "constraints": (), "seeds": 1})


def lab(
    scenario: Scenario, levers: Levers, days: int, warmup: int = 0, **behaviour: Mapping[str, Any]
) -> Scenario:
    """The scenario's people, graph and behaviour under given levers, in an ordinary season, with plain stages.

    Nothing goes wrong with an order, since there is no service desk here. `behaviour` changes parameters of an
    experiment: ``price={"clip": 10.0}``.
    """
    changed = scenario.behaviour
    for part, values in ({"service": {"issue": 0.0}} | behaviour).items():
        changed = changed.model_copy(update={part: getattr(changed, part).model_copy(update=dict(values))})
    return Scenario(
        name="Laboratory", start=scenario.start, horizon=days, warmup=Warmup(days=warmup),
        population=scenario.population.model_copy(update={"arrivals": None}), graph=scenario.graph,
        stages=plain_stages(), levers=levers, behaviour=changed, calendar=Calendar(),
        economics=Economics(margin=scenario.economics.margin, discount=scenario.economics.discount),
    )  # fmt: skip


def plain_stages() -> tuple[Stage, ...]:
    """new, loyal, active, at_risk, dormant: the default table."""
    return default_stages()


ENGAGED = ("new", "loyal", "active")
IDLE_STAGES = ("at_risk", "dormant")


def programme(
    per_week: float = 0.0, idle: float | None = None, depth: float | None = None, valid: int = 3,
    mix: Mapping[str, float] | None = None,
) -> Levers:  # fmt: skip
    """The plain programme: value touches and promotions by stage, a coupon on the promotions where `depth` is given.

    Args:
        per_week: touches a week for the new, loyal and active.
        idle: touches a week for those at risk and dormant; by default the same.
        depth: of the coupon; None: promotions without one. valid: its days.
        mix: weights of the touches; by default two value touches to one promotion.
    """
    weights = dict(mix or {"promo": 1.0, "value": 2.0})
    rest = per_week if idle is None else idle
    return Levers(
        push={s: Cadence(per_week=per_week, mix=weights) for s in ENGAGED}
        | {s: Cadence(per_week=rest, mix=weights) for s in IDLE_STAGES},
        touches={"value": Touch(kind="value"),
                 "promo": Touch(kind="promo", priority=1, offer=None if depth is None else "coupon")},
        offers={"coupon": Offer(depth=depth or 0.0, valid=valid)},
        caps=FREE,
    )  # fmt: skip


QUIET = programme()
"""Nothing is sent."""
ONLY_PROMO = {"promo": 1.0, "value": 0.0}


def members_at(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """(N,) who is a member."""
    return np.asarray(records["status"] == 1)


__all__ = [
    "ENGAGED", "FREE", "IDLE", "IDLE_STAGES", "LAB_WARMUP", "METRICS", "ONLY_PROMO", "ORGANIC", "QUIET", "Arm",
    "Orders", "Seen", "Watch", "halves", "lab", "live", "members_at", "orders_of", "plain", "programme",
]  # fmt: skip
