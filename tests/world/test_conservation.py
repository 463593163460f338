"""Nothing is lost and nothing is made: people, money, coupons, caps and budgets, recounted from the event log."""

from __future__ import annotations

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from scenarios_market import sources_money

from scenarios import World, random_world, worlds
from simlab.scenario.loyalty import Plan
from simlab.scenario.schema import Scenario
from simlab.scenario.strategy import Levers
from simlab.world.book import MONTH
from simlab.world.market import Market
from simlab.world.metrics import COSTS, M
from simlab.world.people import born
from simlab.world.records import LEFT, MEMBER, PROSPECT, Event
from simlab.world.terms import fen

NOBODYS = [M.acquisition_fen, M.fixed_fen, M.upkeep_fen, M.staff_fen, M.fine_fen, M.programme_fen, M.penalty_fen,
           M.community_fen, M.response_fen]  # fmt: skip
"""Costs that belong to no user."""
ANY = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


@dataclass(frozen=True)
class Run:
    """A finished run of the engine, with its log in the order of writing: each user's own events in time."""

    world: World
    market: Market
    at_birth: NDArray[np.void]

    @cached_property
    def log(self) -> list[tuple[int, int, int, int]]:
        """Day, user, code, value."""
        used = int(self.market.book.counts[1])
        return [tuple(row) for row in self.market.book.events[:used].tolist()]

    def of(self, *codes: int) -> Iterator[tuple[int, int, int, int]]:
        """Events of some codes only."""
        return (event for event in self.log if event[2] in codes)

    def daily(self, metric: M) -> dict[int, int]:
        """Ledger of one metric by day, without zeros."""
        amounts = self.market.book.ledger[..., metric].sum(axis=(1, 2, 3))
        return {row + self.market.first_day: int(n) for row, n in enumerate(amounts) if n}

    def scenario_on(self, day: int) -> Scenario:
        """The strategy in force on a day."""
        return self.market.before if day < 1 else self.market.scenario

    def levers_of(self, day: int, user: int) -> Levers:
        """What held for somebody on a day: the strategy of the own test cell."""
        return self.scenario_on(day).levers

    def date(self, day: int) -> datetime.date:
        """Calendar date of a day."""
        return self.world.scenario.start + datetime.timedelta(days=day - 1)

    def subsidies(self) -> Iterator[tuple[int, int, int, int]]:
        """(day, user, offer, fen) of each price cut: of the offer that stood, or of the last coupon taken."""
        held: dict[int, int] = {}
        stood: dict[int, int] = {}
        for day, user, code, value in self.of(Event.COUPON, Event.STANDING, Event.REDEEM):
            if code == Event.STANDING:
                stood[user] = value
            elif code == Event.REDEEM and user in stood:
                yield day, user, stood.pop(user), value
            elif code == Event.REDEEM:
                yield day, user, held.pop(user), value
            elif value % 2:
                held[user] = value // 2


def run(world: World) -> Run:
    """Run the engine with a log."""
    at_birth = born(world.scenario, world.graph, world.seed, world.base).users
    return Run(world, Market(**world.arguments(), log_events=True).run(), at_birth)


def totals(pairs: Iterator[tuple[int, int]]) -> dict[int, int]:
    """Sums by key, without zeros."""
    total: Counter[int] = Counter()
    for key, amount in pairs:
        total[key] += amount
    return {key: amount for key, amount in total.items() if amount}


# People ----------------------------------------------------------------------------------


def people_are_neither_lost_nor_made(done: Run) -> None:
    """Over all stages there are always N; what the stocks say is where the records stand; flows join them."""
    world = done.world
    ledger, users, stages = done.market.book.ledger, done.market.users, done.market.names.stages
    assert (ledger[..., M.members].sum(axis=(1, 2, 3)) == world.graph.n).all()

    recount = np.zeros((*ledger.shape[1:4], 2), np.int64)
    for user in users:
        stage = len(stages) - 2 if user["status"] == PROSPECT else user["stage"]
        recount[stage, user["source"], user["segment"], 0] += 1
        recount[stage, user["source"], user["segment"], 1] += user["status"] == MEMBER and not user["muted"]
    assert (ledger[-1][..., [M.members, M.reachable]] == recount).all()

    by_stage = ledger[..., M.members].sum(axis=(2, 3))
    warmup = world.scenario.warmup.days
    if warmup:
        flows = done.market.book.flows
        net = flows.sum(axis=(0, 1)) - flows.sum(axis=(0, 2))
        assert (by_stage[-1] - by_stage[warmup - 1] == net).all()


def everybody_joins_once_and_nobody_acts_outside(done: Run) -> None:
    """prospect -> member -> left: each step once, and events of one's own only in between."""
    status = done.at_birth["status"].tolist()
    for day, user, code, value in done.log:
        if code == Event.JOIN:
            assert status[user] == PROSPECT, (day, user)
            assert value == -1 or status[value] == MEMBER, (day, user, value)
            status[user] = MEMBER
        else:
            assert status[user] == MEMBER, (day, user, code)
            if code == Event.LEAVE:
                status[user] = LEFT
    assert status == done.market.users["status"].tolist()


def cohorts_add_up(done: Run) -> None:
    """Cohorts hold the base of day 1 and all who joined since, and no more people active or buying than there are."""
    world = done.world
    cohorts, ledger = done.market.book.cohorts, done.market.book.ledger[world.scenario.warmup.days :]
    size, active, buyers, orders, net = (cohorts[..., k] for k in range(5))
    joined = Counter((day - 1) // MONTH + 1 for day, _, _, _ in done.of(Event.JOIN) if day >= 1)
    assert size[1:].sum(axis=1).tolist() == [joined[month] for month in range(1, len(size))]
    before = Counter(code for day, _, code, _ in done.of(Event.JOIN, Event.LEAVE) if day < 1)
    base = int((done.at_birth["status"] == MEMBER).sum()) + before[Event.JOIN] - before[Event.LEAVE]
    assert size[0].sum() == base
    assert (active <= size.sum(axis=1, keepdims=True)).all()
    assert (buyers <= active).all()
    assert (buyers <= orders).all()
    assert orders.sum() == ledger[..., M.orders].sum()
    attributed = [M[cost] for cost in COSTS if M[cost] not in NOBODYS]
    assert net.sum() == ledger[..., M.margin_fen].sum() - ledger[..., attributed].sum()


# Money -----------------------------------------------------------------------------------


def every_fen_has_an_event_and_an_owner(done: Run) -> None:
    """The daily ledger, the event log and the users' own totals are three books of the same money."""
    world = done.world
    touches, first = done.market.names.touches, done.market.first_day

    def touch_cost(day: int, number: int) -> int:
        return fen(done.scenario_on(day).levers.touches[touches[number]].cost)

    def margin(amount: int) -> int:
        return int(amount * world.scenario.economics.margin + 0.5)

    def plan(day: int, number: int) -> Plan:
        return done.scenario_on(day).levers.plans[done.market.names.plans[number]]

    def cost_of_points(day: int, user: int, amount: int) -> int:
        points = done.levers_of(day, user).points
        assert points is not None
        return int(amount * (points.value * 100.0 * points.expected_redemption) + 0.5)

    complaint = fen(world.scenario.economics.complaint_cost)
    fees = [(d, u, fen(plan(d, v).fee)) for d, u, _, v in done.of(Event.PLAN)]
    flows = {
        M.revenue_fen: [(d, u, v) for d, u, _, v in done.of(Event.ORDER)] + fees,
        M.margin_fen: [(d, u, margin(v)) for d, u, _, v in done.of(Event.ORDER)]
        + [(d, u, round(fen(plan(d, v).fee) * plan(d, v).margin)) for d, u, _, v in done.of(Event.PLAN)],
        M.sample_fen: [(d, u, v) for d, u, _, v in done.of(Event.SAMPLE)],
        M.points_fen: [(d, u, cost_of_points(d, u, v)) for d, u, _, v in done.of(Event.EARN)],
        M.benefit_fen: [(d, u, v) for d, u, _, v in done.of(Event.BENEFIT)]
        + [(d, u, fen(plan(d, v).cost)) for d, u, _, v in done.of(Event.PLAN)],
        M.commission_fen: [(d, u, v) for d, u, _, v in done.of(Event.COMMISSION)],
        M.subsidy_fen: [(d, u, v) for d, u, _, v in done.of(Event.REDEEM)],
        M.touch_fen: [(d, u, touch_cost(d, v)) for d, u, _, v in done.of(Event.SEND)]
        + [(d, u, v) for d, u, _, v in done.of(Event.FARE)],
        M.complaint_fen: [(d, u, complaint) for d, u, _, _ in done.of(Event.COMPLAIN, Event.ESCALATE)],
        M.service_fen: [(d, u, v) for d, u, _, v in done.of(Event.SERVICE)],
        M.compensation_fen: [(d, u, v) for d, u, _, v in done.of(Event.MADE_GOOD)],
        M.reward_fen: [(d, u, v) for d, u, _, v in done.of(Event.REWARD)],
        M.invitee_fen: [(d, u, v) for d, u, _, v in done.of(Event.GIFT)],
        M.contributor_fen: [(d, u, v) for d, u, _, v in done.of(Event.PAID)],
        M.bonus_fen: [(d, u, v) for d, u, _, v in done.of(Event.BONUS)],
        M.voice_fen: [(d, u, v) for d, u, _, v in done.of(Event.FEE)],
        M.sharing_fen: [(d, u, v) for d, u, _, v in done.of(Event.FINE)],
        M.damages_fen: [(d, u, v) for d, u, _, v in done.of(Event.RELIEF)],
        **sources_money(done, margin),
    }
    for metric, rows in flows.items():
        assert done.daily(metric) == totals((day, amount) for day, _, amount in rows), metric.name

    users = done.market.users
    net = Counter(dict.fromkeys(range(world.graph.n), 0))
    spend = Counter(dict(enumerate(done.at_birth["spend"].tolist())))
    for metric, rows in flows.items():
        for _, user, amount in rows:
            if metric == M.revenue_fen:
                spend[user] += amount
            else:
                net[user] += amount if metric == M.margin_fen else -amount
    for _, user, amount in flows[M.subsidy_fen]:
        spend[user] -= amount
    burnt = [(d, u, v) for d, u, _, v in done.of(Event.BURN)]
    assert done.daily(M.redeemed_fen) == totals((day, amount) for day, _, amount in burnt)
    for _, user, amount in burnt:
        spend[user] -= amount
    assert users["net"].tolist() == [net[user] for user in range(world.graph.n)]
    assert users["spend"].tolist() == [spend[user] for user in range(world.graph.n)]

    # what belongs to nobody: advertising, the programme itself, and those who work for it
    fixed = fen(world.scenario.economics.fixed_cost)
    days = range(first, world.scenario.horizon + 1)
    tagging = world.scenario.levers.tagging

    def tags(day: int) -> int:
        if tagging is None or day < 1:
            return 0
        return fen(tagging.running) + (fen(tagging.setup) if day == 1 else 0)

    assert done.daily(M.fixed_fen) == {day: cost for day in days if (cost := fixed + tags(day))}
    assert done.daily(M.upkeep_fen) == {day: cost for day in days if (cost := upkeep_on(done, day))}
    ledger = done.market.book.ledger
    company = int(ledger[..., M.margin_fen].sum()) - sum(int(ledger[..., M[cost]].sum()) for cost in COSTS)
    nobody = int(ledger[..., NOBODYS].sum())
    assert company == int(users["net"].sum()) - nobody


def a_fare_is_the_price_of_a_channel_and_of_rules(done: Run) -> None:
    """What a message cost beyond the touch: of one channel, and of some rules for this touch that have fired."""
    sent = (0, 0, 0, 0)
    for day, user, code, value in done.of(Event.SEND, Event.FARE):
        if code == Event.FARE:
            assert sent[:2] == (day, user)
            levers, touch = done.levers_of(day, user), done.market.names.touches[sent[3]]
            rules = [fen(rule.cost) for rule in levers.rules.values() if rule.touch == touch]
            fares = {fen(channel.cost) for channel in levers.channels.values()} or {0}
            for cost in rules:
                fares |= {fare + cost for fare in fares}
            assert value in fares - {0}, (day, user)
        sent = (day, user, code, value)


def upkeep_on(done: Run, day: int) -> int:
    """What checkout, recommendations and launches cost on a day."""
    levers = done.scenario_on(day).levers
    parts = (levers.checkout, levers.recommendation)
    launched = [launch for launch in levers.launches.values() if launch.date == done.date(day)]
    return sum(fen(part.cost) for part in (*parts, *launched) if part is not None)


def points_are_earned_and_spent(done: Run) -> None:
    """Every account is what was earned less what was redeemed and what lapsed; nobody spends what is not there."""
    world = done.world
    account: Counter[int] = Counter()
    for day, user, code, value in done.of(Event.EARN, Event.BURN, Event.FORFEIT):
        points = done.scenario_on(day).levers.points
        assert points is not None
        if code == Event.BURN:
            value = value // round(points.step * points.value * 100) * points.step
        account[user] += value if code == Event.EARN else -value
        assert account[user] >= 0, (day, user)
    assert done.market.users["points"].tolist() == [account[user] for user in range(world.graph.n)]


# What is limited -------------------------------------------------------------------------


def nobody_is_touched_beyond_a_cap(done: Run) -> None:
    """Recounted by calendar dates: per day, per week from Monday, per month, and the platform's quota."""
    sent: dict[tuple[int, object], int] = defaultdict(int)
    for day, user, _, _ in done.of(Event.SEND):
        levers, date = done.scenario_on(day).levers, done.date(day)
        caps = levers.caps
        each = (
            1 if levers.senders.shared else levers.senders.count
        )  # departments that know nothing of each other
        monday = date - datetime.timedelta(days=date.weekday())
        written = done.market.scenario.levers
        changes = written.alarms or written.phases or written.loop  # `scenarios_market` changes it to 80
        most = max(caps.per_month, 80) if changes else caps.per_month
        quota = most * each if caps.quota_per_month is None else caps.quota_per_month
        for period, cap in (
            (("day", date), caps.per_day * each),
            (("week", monday), caps.per_week * each),
            (("month", date.year, date.month), min(most * each, quota)),
        ):
            sent[user, period] += 1
            assert sent[user, period] <= cap, (user, period)


def coupons_come_from_stock_and_are_used_once(done: Run) -> None:
    """issued <= stock; each user redeems, loses or still holds what was taken; the ledger counts the same."""
    world = done.world
    issued: Counter[tuple[str, bool]] = Counter()
    for day, _, _, value in done.of(Event.COUPON):
        issued[done.market.names.offers[value // 2], day >= 1] += 1
    for (name, strategy), count in issued.items():
        stock = done.scenario_on(1 if strategy else 0).levers.offers[name].stock
        assert stock is None or count <= stock, name
    taken = Counter(user for _, user, _, value in done.of(Event.COUPON) if value % 2)
    stood = Counter(user for _, user, _, _ in done.of(Event.STANDING))
    used = Counter(user for _, user, _, _ in done.of(Event.REDEEM, Event.EXPIRE))
    assert all(used[user] - stood[user] <= taken[user] for user in used)
    assert sum(done.daily(M.issued).values()) == sum(issued.values())
    redeemed = Counter(user for _, user, _, _ in done.of(Event.REDEEM))
    coupons = [redeemed[user] - stood[user] for user in range(world.graph.n)]
    assert done.market.users["redeemed"].tolist() == coupons


def budgets_are_never_overspent(done: Run) -> None:
    """Offers, rewards and sources, each in the warm-up and anew from day 1."""
    world = done.world
    book, names = done.market.book, done.market.names
    spent: Counter[tuple[bool, str, str]] = Counter()
    for day, _, offer, amount in done.subsidies():
        spent[day >= 1, "offer", names.offers[offer]] += amount
    assert (book.rewards_left >= 0).all()
    for day, _, _, amount in done.of(Event.REWARD, Event.GIFT):
        if not done.scenario_on(day).levers.programmes:  # otherwise from several purses
            spent[day >= 1, "reward", ""] += amount
    bought = book.ledger[..., M.acquisition_fen].sum(axis=(1, 3))
    for row, source in np.argwhere(bought).tolist():
        spent[row + done.market.first_day >= 1, "source", names.sources[source]] += int(bought[row, source])

    common = world.scenario.levers.budget
    for (strategy, kind, name), amount in spent.items():
        levers = done.scenario_on(1 if strategy else 0).levers
        part = {"offer": levers.offers, "source": levers.sources}.get(kind, {"": levers.referral})[name]
        assert part is not None
        assert part.budget is None or amount <= fen(part.budget), (kind, name, strategy)
    for k, name in enumerate(names.offers):  # and what is said to be left is what is left
        budget = world.scenario.levers.offers[name].budget
        if budget is not None:
            assert book.budget_left[k] == fen(budget) - spent[True, "offer", name]
    referral = world.scenario.levers.referral
    alone = not world.scenario.levers.programmes
    if referral is not None and referral.budget is not None and common is None and alone:
        assert book.rewards_left[0] == fen(referral.budget) - spent[True, "reward", ""]


# The tests -------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Run], None], ...] = (
    people_are_neither_lost_nor_made,
    everybody_joins_once_and_nobody_acts_outside,
    cohorts_add_up,
    every_fen_has_an_event_and_an_owner,
    a_fare_is_the_price_of_a_channel_and_of_rules,
    points_are_earned_and_spent,
    nobody_is_touched_beyond_a_cap,
    coupons_come_from_stock_and_are_used_once,
    budgets_are_never_overspent,
)


@cache
def fixed_runs() -> tuple[Run, ...]:
    """The same forty worlds for every check."""
    return tuple(run(random_world(random.Random(number))) for number in range(40))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_in_fixed_worlds(check: Callable[[Run], None]) -> None:
    for done in fixed_runs():
        check(done)


@settings(max_examples=12, deadline=None, suppress_health_check=ANY)
@given(world=worlds)
def test_in_any_world(world: World) -> None:
    done = run(world)
    for check in CHECKS:
        check(done)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=ANY)
@given(world=worlds)
def test_in_many_worlds(world: World) -> None:
    done = run(world)
    for check in CHECKS:
        check(done)


def test_limits_do_bind() -> None:
    """The checks above mean something: in these worlds caps hold back, budgets refuse, stocks run out."""
    runs = fixed_runs()
    assert sum(sum(done.daily(M.capped).values()) for done in runs) > 500
    assert sum(sum(done.daily(M.refused).values()) for done in runs) > 10
    emptied = [
        name
        for done in runs
        for name, left in zip(done.market.names.offers, done.market.book.stock_left.tolist(), strict=True)
        if left == 0 and done.world.scenario.levers.offers[name].stock
    ]
    assert len(emptied) >= 3
