"""The market: a Mesa model whose few agents decide in Python and whose population is compiled.

`Brand` turns the strategy and yesterday's ledger into today's terms; `Source`s expose
prospects; then everybody lives one day in the engine.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Sequence

import mesa
import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.asking import ask_anew, asking_as, asks_alike, carry_quotas
from simlab.world.book import N_EVENTS, Book, Outside, empty_book, pots, reachable
from simlab.world.brand import Brand, Plan
from simlab.world.cells import check_cells, offer_in
from simlab.world.company_terms import response_fen
from simlab.world.compiled import rule
from simlab.world.contact import everybodys_places
from simlab.world.contact_terms import running_cost
from simlab.world.day import run_day
from simlab.world.draws import seed_key
from simlab.world.firm import Firm
from simlab.world.graph import Graph
from simlab.world.groups import Groups
from simlab.world.happenings import Happenings
from simlab.world.market_terms import CALM, Effects
from simlab.world.metrics import COST_COLUMNS, METRICS, M
from simlab.world.money_terms import upkeep
from simlab.world.people import Base, born
from simlab.world.ready import compile_beside
from simlab.world.records import PROSPECT, Terms, copied
from simlab.world.rules import stage_of
from simlab.world.source import Source
from simlab.world.staffing import ServiceDesk, Team
from simlab.world.terms import fen, names_of, standing_terms
from simlab.world.user_brand import brand_class
from simlab.world.week import Week


@rule
def first_stages(
    users: NDArray[np.void], stage_first: NDArray[np.int64], conditions: NDArray[np.int64], day: int
) -> None:
    """Everybody's stage on the evening before the first day."""
    for i in range(users.size):
        users[i].stage = stage_of(users[i], day, stage_first, conditions)
        users[i].stage_until = day  # days before day 1 are negative, so 0 would be far ahead


def outside_of(
    scenario: Scenario, users: NDArray[np.void], arrivals: NDArray[np.int64], first: NDArray[np.int64]
) -> Outside:
    """The pools outside at the start of a run; each source puts its prospects in order."""
    sources = len(scenario.levers.sources)
    prospects = np.flatnonzero(users["status"] == PROSPECT)
    dated = np.zeros(len(users), bool)
    dated[arrivals] = True
    prospects = prospects[~dated[prospects]]
    order = np.tile(prospects.astype(np.int32), (sources, 1))
    return Outside(
        order, np.zeros(order.shape), np.zeros(sources, np.int64), np.zeros(sources), arrivals, first
    )


class Market(mesa.Model):
    """One seeded world, day by day.

    Args:
        scenario: resolved scenario.
        seed: seed of every draw in this world.
        graph: social graph over all members and prospects; shared between runs, never written.
        base: current base from a log, or None.
        before: scenario whose levers hold during the warm-up; by default the same.
        log_events: keep every event (day, user, code, value); for small worlds.
        brand: who decides each morning; by default what the scenario names, or the strategy as it is written.
        cells: strategies of test cells 1, 2, ... from day 1 on; cell 0 has the scenario's own.
        assignment: (N,) cell of everybody, members and prospects, from day 1 on.
        threads: on how many threads members live their day, where there are many of them; changes no byte.

    The results do not depend on Mesa's generator: every draw is keyed. A brand that adapts steers cell 0, as far
    as its touches and offers are not also those of another cell.

    Raises:
        InputError: cells that differ in more than user-level levers, or an assignment that does not fit.
    """

    def __init__(
        self, scenario: Scenario, seed: int, graph: Graph, base: Base | None = None,
        before: Scenario | None = None, log_events: bool = False, brand: Callable[[Market], Brand] | None = None,
        cells: Sequence[Scenario] = (), assignment: NDArray[np.uint8] | None = None, threads: int = 1,
    ) -> None:  # fmt: skip
        super().__init__(rng=seed)
        compile_beside()
        check_cells(scenario, cells, assignment, graph.n)
        self.scenario, self.before = scenario, before or scenario
        self.seed, self.graph, self.base = seed, graph, base
        self.test, self.assignment, self.threads = tuple(cells), assignment, threads
        self.names = names_of(scenario, cells, self.before)
        self.world = np.uint64(seed_key(seed))
        self.first_day = 1 - scenario.warmup.days
        self.day = self.first_day - 1
        days = scenario.warmup.days + scenario.horizon
        self.history = np.zeros((days, len(METRICS)), np.int64)  # each day's totals
        self.totals = [0] * len(METRICS)  # yesterday's
        population = born(asking_as(scenario, self.before), graph, seed, base)
        self.users = population.users
        self.most_ready = float(self.users["receptive"].max())
        self.in_force = self.before
        self.cells: tuple[Scenario, ...] = ()  # the test cells' strategies, once they are in force
        self._write_standing()
        first_stages(self.users, self.terms.stage_first, self.terms.conditions, self.day)
        everybodys_places(self.users, self.day, self.terms)
        self.outside = outside_of(scenario, self.users, population.arrivals, population.arrival_first)
        self.pool = int((self.users["status"] == PROSPECT).sum())
        self.book: Book = empty_book(self.users, scenario, self.names, log_events)
        self._fill_budgets()
        self._make_queue()
        self.effects: Effects = CALM
        self.happenings = Happenings(scenario, self.world)
        self.firm = Firm(self)
        self.groups = Groups(self)
        if brand is None:
            brand = Brand if scenario.brand is None else brand_class(scenario.brand)
        self.brand = brand(self)
        self.sources = [Source(self, k, name) for k, name in enumerate(sorted(scenario.levers.sources))]
        self.team = Team(self)
        self.desk = ServiceDesk(self, self.team)
        # Mesa 3.3 numbers agents in a table by model, which would keep every model alive for ever
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                name: _reporter(name) for name in ("members", "joins", "leaves", "orders", "net_fen")
            }
        )

    def fork(self, scenario: Scenario) -> Market:
        """The same world on the evening before day 1, to go on under another strategy, with memory of its own.

        Args:
            scenario: has this one's people, parameters, calendar and horizon, and the same names of levers.

        Raises:
            ValueError: it is another day, or the world is a test, logs events, or has a brand of its own.
        """
        own = self.test or len(self.book.events) or scenario.brand or self.scenario.brand
        if self.day != 0 or own or type(self.brand) is not Brand:
            raise ValueError("only a plain world can be forked, and only on the evening before day 1")
        users = copied(self.users)
        ledger = np.zeros(self.book.ledger.shape, np.int64)  # the days to come cost no memory yet
        ledger[: self.row + 1] = self.book.ledger[: self.row + 1]
        shared = {id(part): part for part in (self.graph, self.base, self.scenario, self.before)}
        other = copy.deepcopy(self, shared | {id(self.users): users, id(self.book.ledger): ledger})
        other.scenario = other.happenings.scenario = scenario
        other.brand.plan = Plan(scenario, ())
        return other

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

    def adopt(self, scenario: Scenario, cells: tuple[Scenario, ...] | None = None) -> None:
        """Put another strategy in force (and others in the test cells): touches, offers, programme, from today on."""
        same_people = scenario.behaviour == self.in_force.behaviour
        if scenario.stages != self.in_force.stages:
            self.users["stage_until"] = self.day
        if not asks_alike(scenario, self.in_force):
            ask_anew(self.users, scenario, self.in_force, self.graph, self.seed, self.base, self.day)
            self.book.stock[1] = reachable(self.users, self.book.stock.shape[1:])
        carry_quotas(self.users, scenario, self.in_force)
        self.in_force = scenario
        self.cells = self.cells if cells is None else cells
        self._write_standing(self.terms if same_people else None)
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
        self.effects = self.happenings.effects(self.day, self.in_force)
        self.firm.morning()
        self.brand.step()
        self.desk.step()
        self.team.step()
        self.groups.morning()
        for source in self.sources:
            source.step()

    def live(self) -> None:
        """Everybody lives the day, and it enters the ledger."""
        self.make_room()
        run_day(
            self.users, self.world, self.graph, self.terms, self.book, self.outside, self.row, self.threads
        )
        self.groups.evening()
        fixed = fen(self.scenario.economics.fixed_cost) + running_cost(self.in_force, self.day)
        nobody = self.book.ledger[self.row, len(self.names.stages) - 2, 0, 0]
        nobody[M.fixed_fen] += fixed
        nobody[M.penalty_fen] += self.effects.fine
        nobody[M.response_fen] += response_fen(self.in_force, self.day)
        nobody[M.upkeep_fen] += upkeep(self.in_force, self.date)
        self._add_up()
        self.datacollector.collect(self)

    def run(self, each_day: Callable[[int], None] | None = None) -> Market:
        """All days that are left until the horizon; `each_day` is told the number of days done."""
        for done in range(self.row + 2, self.scenario.warmup.days + self.scenario.horizon + 1):
            self.step()
            if each_day is not None:
                each_day(done)
        return self

    def today(self, metric: str) -> int:
        """One metric of the last day that was lived, over all stages, sources and segments."""
        if metric == "net_fen":
            return self.totals[M.margin_fen] - sum(self.totals[cost] for cost in COST_COLUMNS)
        return self.totals[M[metric]]

    def _add_up(self) -> None:
        """The day's ledger over stages, sources and segments; stocks are those of members alone."""
        today, totals = self.book.ledger[self.row], self.history[self.row]
        today.reshape(-1, today.shape[-1]).sum(axis=0, out=totals)
        totals[:2] = today[:-2, ..., :2].sum(axis=(0, 1, 2))
        self.totals = totals.tolist()

    def _write_standing(self, known: Terms | None = None) -> None:
        """What the strategies in force make of the terms, apart from the day."""
        self.terms: Terms = standing_terms(self.strategies, self.names, known)
        self.terms.now["most_ready"] = self.most_ready
        self.week = Week(self.strategies, self.names)

    def _open_cells(self) -> None:
        """Each user's own strategy holds, where the world is a test; the scenario's, where it is not."""
        if self.test and self.assignment is not None:
            self.users["cell"] = self.assignment
            self._hand_on_coupons()
            self.cells = self.test
            self._write_standing()
            self._make_queue()

    def _hand_on_coupons(self) -> None:
        """Coupons in hand are of the own cell's offer from now on, as they would be in a world under that strategy."""
        first, held = self.names.numbers[0], self.users["coupon_depth"] > 0
        for cell, own in enumerate(self.names.numbers):
            mine = held & (self.users["cell"] == cell)
            known = np.array([offer_in(own, first, k) for k in range(len(self.names.offers))], np.int8)
            self.users["coupon_offer"][mine] = known[self.users["coupon_offer"][mine]]

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

    def make_room(self) -> None:
        """Grow the event log before the day, so that the engine never has to."""
        events = self.book.events
        if len(events):
            used = int(self.book.counts[N_EVENTS])
            need = used + len(self.users) * (9 * len(self.names.touches) + 60)
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
