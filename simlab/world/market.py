"""The market: a Mesa model whose few agents decide in Python and whose population is compiled.

`Brand` turns the strategy and yesterday's ledger into today's terms; `Source`s expose
prospects; then everybody lives one day in the engine.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.book import FIRST_SOURCE, N_EVENTS, N_LIVE, Book, Outside, empty_book, pots
from simlab.world.cells import check_cells
from simlab.world.compiled import rule
from simlab.world.contact import everybodys_places
from simlab.world.contact_terms import running_cost
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, name_hash, named_bits, seed_key, unit, user_key
from simlab.world.engine import run_day
from simlab.world.graph import Graph
from simlab.world.groups import Groups
from simlab.world.metrics import COSTS, M
from simlab.world.money_terms import set_launches_today, upkeep
from simlab.world.numerics import log
from simlab.world.people import Base, born
from simlab.world.records import PROSPECT, Terms
from simlab.world.rules import stage_of
from simlab.world.staffing import ServiceDesk, Team
from simlab.world.terms import fen, names_of, set_day, standing_terms

SOURCE_PULL = int(Purpose.SOURCE_PULL)


@rule
def pull_thresholds(world: np.uint64, users: NDArray[np.int64], name: np.uint64) -> NDArray[np.float64]:
    """(P,) unit-exponential thresholds of these users for one source."""
    out = np.empty(users.size, np.float64)
    for k in range(users.size):
        key = day_key(user_key(world, users[k]), BIRTH_DAY)
        out[k] = -log(unit(named_bits(key, SOURCE_PULL, name)))
    return out


@rule
def first_stages(
    users: NDArray[np.void], stage_first: NDArray[np.int64], conditions: NDArray[np.int64], day: int
) -> None:
    """Everybody's stage on the evening before the first day."""
    for i in range(users.size):
        users[i].stage = stage_of(users[i], day, stage_first, conditions)
        users[i].stage_until = day  # days before day 1 are negative, so 0 would be far ahead


class Brand(mesa.Agent):
    """Sets today's terms from the strategy and from what is left of stocks and budgets.

    Subclass it and override `decide` to write a strategy that adapts to yesterday's ledger.
    """

    def __init__(self, model: Market) -> None:
        super().__init__(model)
        self.market = model

    def decide(self, day: int) -> Scenario:
        """The scenario whose levers hold today (by default: the model's own, another during warm-up)."""
        return self.market.before if day <= 0 else self.market.scenario

    def step(self) -> None:
        """Write today's terms."""
        market = self.market
        scenario = self.decide(market.day)
        if scenario is not market.in_force:
            market.adopt(scenario)
        book = market.book
        set_day(market.terms, market.strategies, market.names, market.day, market.first_day, book.stock_left,
                book.budget_left, book.rewards_left)  # fmt: skip
        set_launches_today(market.terms, market.in_force, market.names, market.date, book.adopters.tolist(),
                           int(book.counts[N_LIVE]))  # fmt: skip


class Source(mesa.Agent):
    """One pool outside: exposes prospects every day until its budget is spent."""

    def __init__(self, model: Market, number: int, name: str) -> None:
        super().__init__(model)
        self.market, self.number, self.name = model, number, name
        self.exposed = 0.0
        self.clicked = 0.0
        self.spent = 0

    def step(self) -> None:
        """Today's exposures, clicks and cost (whole numbers whose sums follow the plan), and the pull on prospects."""
        market = self.market
        spec = market.in_force.levers.sources.get(self.name)
        if spec is None:
            return
        exposures = spec.exposures
        budget = None if spec.budget is None else fen(spec.budget)
        if budget is not None and spec.cost > 0:
            exposures = max(0.0, min(exposures, (budget - self.spent) / (spec.cost * 100.0) - 1.0))
        before = (int(self.exposed), int(self.clicked), round(self.exposed * spec.cost * 100.0))
        self.exposed += exposures
        self.clicked += exposures * spec.click
        cost = round(self.exposed * spec.cost * 100.0) - before[2]
        self.spent += cost
        row = market.book.ledger[market.row, len(market.names.stages) - 2, FIRST_SOURCE + self.number, 0]
        row[M.exposures] += int(self.exposed) - before[0]
        row[M.clicks] += int(self.clicked) - before[1]
        row[M.acquisition_fen] += cost
        if market.pool:
            market.outside.reached[self.number] += exposures / market.pool * spec.click * spec.join


def outside_of(
    scenario: Scenario, users: NDArray[np.void], world: np.uint64, arrivals: Any, first: Any
) -> Outside:
    """The pools outside at the start of a run."""
    sources = sorted(scenario.levers.sources)
    prospects = np.flatnonzero(users["status"] == PROSPECT)
    dated = np.zeros(len(users), bool)
    dated[arrivals] = True
    prospects = prospects[~dated[prospects]]
    order = np.zeros((len(sources), len(prospects)), np.int32)
    thresholds = np.zeros((len(sources), len(prospects)))
    for k, name in enumerate(sources):
        pull = pull_thresholds(world, prospects, np.uint64(name_hash("source:" + name)))
        rank = np.argsort(pull, kind="stable")
        order[k], thresholds[k] = prospects[rank], pull[rank]
    specs = [scenario.levers.sources[name] for name in sources]
    zeros = np.zeros(len(sources))
    return Outside(order, thresholds, zeros.astype(np.int64), zeros.copy(), np.array([s.need for s in specs]),
                   np.array([s.deal for s in specs]), arrivals, first)  # fmt: skip


class Market(mesa.Model):
    """One seeded world, day by day.

    Args:
        scenario: resolved scenario.
        seed: seed of every draw in this world.
        graph: social graph over all members and prospects; shared between runs, never written.
        base: current base from a log, or None.
        before: scenario whose levers hold during the warm-up; by default the same.
        log_events: keep every event (day, user, code, value); for small worlds.
        cells: strategies of test cells 1, 2, ... from day 1 on; cell 0 has the scenario's own.
        assignment: (N,) cell of everybody, members and prospects, from day 1 on.

    The results do not depend on Mesa's generator: every draw is keyed. A brand that adapts steers cell 0, as far
    as its touches and offers are not also those of another cell.

    Raises:
        InputError: cells that differ in more than user-level levers, or an assignment that does not fit.
    """

    def __init__(
        self, scenario: Scenario, seed: int, graph: Graph, base: Base | None = None,
        before: Scenario | None = None, log_events: bool = False, brand: Callable[[Market], Brand] = Brand,
        cells: Sequence[Scenario] = (), assignment: NDArray[np.uint8] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(rng=seed)
        check_cells(scenario, cells, assignment, graph.n)
        self.scenario, self.before, self.seed, self.graph = scenario, before or scenario, seed, graph
        self.test, self.assignment = tuple(cells), assignment
        self.names = names_of(scenario, cells)
        self.world = np.uint64(seed_key(seed))
        self.first_day = 1 - scenario.warmup.days
        self.day = self.first_day - 1
        population = born(scenario, graph, seed, base)
        self.users = population.users
        self.in_force = self.before
        self.cells: tuple[Scenario, ...] = ()  # the test cells' strategies, once they are in force
        self.terms: Terms = standing_terms(self.strategies, self.names)
        first_stages(self.users, self.terms.stage_first, self.terms.conditions, self.day)
        everybodys_places(self.users, self.day, self.terms)
        self.outside = outside_of(
            scenario, self.users, self.world, population.arrivals, population.arrival_first
        )
        self.pool = int((self.users["status"] == PROSPECT).sum())
        self.book: Book = empty_book(self.users, scenario, self.names, log_events)
        self._fill_budgets()
        self._make_queue()
        self.groups = Groups(self)
        self.brand = brand(self)
        self.sources = [Source(self, k, name) for k, name in enumerate(sorted(scenario.levers.sources))]
        self.team = Team(self)
        self.desk = ServiceDesk(self, self.team)
        self._take_traits(self.before)
        # Mesa 3.3 numbers agents in a table by model, which would keep every model alive for ever
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                name: _reporter(name) for name in ("members", "joins", "leaves", "orders", "net_fen")
            }
        )

    def release(self) -> None:
        """Give the big arrays back; the market cannot be used any more.

        Model and agents refer to each other, so that otherwise they would wait for the garbage collector.
        """
        del self.users, self.book, self.outside, self.terms

    @property
    def strategies(self) -> tuple[Scenario, ...]:
        """What is in force today, by test cell; one for everybody where the world is no test."""
        return (self.in_force, *self.cells)

    @property
    def date(self) -> datetime.date:
        """Today's calendar date."""
        return self.scenario.start + datetime.timedelta(days=self.day - 1)

    @property
    def row(self) -> int:
        """Today's row in the ledger."""
        return self.day - self.first_day

    def adopt(self, scenario: Scenario) -> None:
        """Put another strategy in force: its touches, offers and programme, from today on."""
        self.in_force = scenario
        self.terms = standing_terms(self.strategies, self.names)
        self.users["stage_until"] = self.day  # another strategy may bring another stage table
        self._take_traits(scenario)
        self._make_queue()

    def step(self) -> None:
        """One day: terms, sources, everybody, ledger."""
        self.prepare()
        self.live()

    def prepare(self) -> None:
        """The morning before anybody acts: today's terms and sources."""
        self.day += 1
        if self.day == 1:  # the budgets are the strategy's, and that starts today
            self._open_cells()
            self._fill_budgets()
            for source in self.sources:
                source.spent = 0
        self.brand.step()
        self.desk.step()
        self.team.step()
        self.groups.morning()
        for source in self.sources:
            source.step()

    def live(self) -> None:
        """Everybody lives the day, and it enters the ledger."""
        self.make_room()
        run_day(self.users, self.world, self.graph.indptr, self.graph.indices, self.terms, self.book, self.outside,
                self.row)  # fmt: skip
        self.groups.evening()
        fixed = fen(self.scenario.economics.fixed_cost) + running_cost(self.scenario, self.day)
        self.book.ledger[self.row, len(self.names.stages) - 2, 0, 0, M.fixed_fen] += fixed
        self.book.ledger[self.row, len(self.names.stages) - 2, 0, 0, M.upkeep_fen] += upkeep(
            self.in_force, self.date
        )
        self.datacollector.collect(self)

    def run(self, each_day: Callable[[int], None] | None = None) -> Market:
        """All days from the warm-up to the horizon; `each_day` is told the number of days done."""
        for done in range(1, self.scenario.warmup.days + self.scenario.horizon + 1):
            self.step()
            if each_day is not None:
                each_day(done)
        return self

    def today(self, metric: str) -> int:
        """One metric of today's ledger, over all stages, sources and segments."""
        today = self.book.ledger[self.row]
        if metric == "members":
            return int(today[:-2, ..., M.members].sum())
        if metric == "net_fen":
            return int(today[..., M.margin_fen].sum()) - sum(int(today[..., M[c]].sum()) for c in COSTS)
        return int(today[..., M[metric]].sum())

    def _open_cells(self) -> None:
        """Each user's own strategy holds, where the world is a test; the scenario's, where it is not."""
        if self.test and self.assignment is not None:
            self.users["cell"] = self.assignment
            self.cells = self.test
            self.terms = standing_terms(self.strategies, self.names)
            self._make_queue()

    def _fill_budgets(self) -> None:
        """Full stocks and budgets of what is in force; from day 1 on of the strategies, whatever a brand decides."""
        cells = self.strategies if self.day < 1 else (self.scenario, *self.cells)
        left = self.book.stock_left, self.book.budget_left, self.book.rewards_left
        for kept, full in zip(left, pots(cells, self.names), strict=True):
            kept[:] = full

    def _make_queue(self) -> None:
        """Room for those who wait for a limited stock, where another strategy brings the first one."""
        size = len(self.names.touches) * len(self.users)
        offers = [offer for cell in self.strategies for offer in cell.levers.offers.values()]
        limited = any(offer.stock is not None for offer in offers)
        if limited and len(self.book.coupon_user) < size:
            self.book = self.book._replace(
                coupon_user=np.zeros(size, np.int32), coupon_offer=np.zeros(size, np.int8)
            )

    def _take_traits(self, scenario: Scenario) -> None:
        """Traits of those whom the sources bring under a strategy."""
        for source in self.sources:
            spec = scenario.levers.sources.get(source.name)
            if spec is not None:
                self.outside.need[source.number], self.outside.deal[source.number] = spec.need, spec.deal

    def make_room(self) -> None:
        """Grow the event log before the day, so that the engine never has to."""
        events = self.book.events
        if len(events):
            used = int(self.book.counts[N_EVENTS])
            need = used + len(self.users) * (8 * len(self.names.touches) + 60)
            if need > len(events):
                grown = np.zeros((max(need, 2 * len(events)), 4), np.int64)
                grown[:used] = events[:used]
                self.book = self.book._replace(events=grown)

    def events(self) -> NDArray[np.int64]:
        """(E, 4) the log so far: day, user, code, value, sorted."""
        log_ = self.book.events[: int(self.book.counts[N_EVENTS])]
        return log_[np.lexsort(log_.T[::-1])]


def _reporter(name: str) -> Callable[[Market], int]:
    return lambda market: market.today(name)
