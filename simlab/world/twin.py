"""The twin: the same world told a second time, one Mesa agent per person, in plain Python.

It calls the same compiled rules, one record at a time, and nothing of the engine: who comes when, who
gets what is scarce, and what is written down are all said here again, from their meaning. Twin and
engine must agree exactly, event for event and fen for fen, on any scenario. People are visited in a
random order (Mesa's own scheduler): nothing may depend on it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import mesa
import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.asking import ANSWERS, ask_anew, asking_as, asks_alike, carry_quotas
from simlab.world.cells import check_cells
from simlab.world.company_terms import response_fen
from simlab.world.draws import Purpose, seed_key
from simlab.world.graph import Graph
from simlab.world.market_terms import set_effects
from simlab.world.metrics import M
from simlab.world.money_terms import set_launches_today, upkeep
from simlab.world.people import Base, born
from simlab.world.records import USER, Terms
from simlab.world.rules import stage_of
from simlab.world.terms import NO_LIMIT, fen, names_of, standing_terms
from simlab.world.twin_company import buy_together, choose_seeds, tell_everybody
from simlab.world.twin_diary import Diary
from simlab.world.twin_firm import TwinFirm
from simlab.world.twin_groups import TwinGroups
from simlab.world.twin_person import Person
from simlab.world.twin_service import TwinStaff
from simlab.world.twin_source import TwinSource
from simlab.world.week import Week, set_day


class TwinMarket(mesa.Model):
    """One seeded world, person by person; for worlds of some hundred people.

    Args:
        scenario: resolved scenario.
        seed: seed of every draw in this world.
        graph: social graph over all members and prospects.
        base: current base from a log, or None.
        before: scenario whose levers hold during the warm-up; by default the same.
        cells, assignment: strategies of test cells 1, 2, ... and everybody's cell, both from day 1 on.

    Attributes:
        people: everybody, by id.
        diary: ledger, cohorts, flows and events of the run.
        coupons_left: coupons that can still be issued, per offer; None without limit.
        subsidy_left: fen of subsidy that can still be paid, per offer; None without limit.
        rewards_left: fen of rewards that can still be paid, per purse; None without limit.
    """

    person_type: type[Person] = Person
    dated, by_referral, first_source = 1, 2, 3

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        graph: Graph,
        base: Base | None = None,
        before: Scenario | None = None,
        cells: Sequence[Scenario] = (),
        assignment: NDArray[np.uint8] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        check_cells(scenario, cells, assignment, graph.n)
        self.test, self.assignment = tuple(cells), assignment
        self.scenario, self.before = scenario, before or scenario
        self.born_with = graph, seed, base
        self.world = np.uint64(seed_key(seed))
        self.names = names_of(scenario, cells, self.before)
        self.prospect_stage, self.left_stage = len(scenario.stages), len(scenario.stages) + 1
        self.first_day = 1 - scenario.warmup.days
        self.day = self.first_day - 1
        self.diary = Diary()
        self.gone: list[int] = []
        self.adopters = [0] * len(self.names.launches)
        self.angry_voices = self.audience = 0  # of yesterday, for the public
        self.team_kind: dict[int, int] = {}  # number of the team's kind, by opener
        self.community = graph.community
        self.groups = TwinGroups(self)
        self.firm = TwinFirm(self)
        self.people: list[Person] = []
        self.in_force = self.before
        self.adopt((self.before,))
        self.fill_budgets()
        self.staff = TwinStaff(self)

        population = born(asking_as(scenario, self.before), graph, seed, base)
        self.people = [self.person_type(self, i, population.users[i : i + 1].copy()) for i in range(graph.n)]
        for i, person in enumerate(self.people):
            first, last = int(graph.indptr[i]), int(graph.indptr[i + 1])
            person.friends = [self.people[int(friend)] for friend in graph.indices[first:last]]
            person.user["stage"] = stage_of(
                person.user, self.day, self.terms.stage_first, self.terms.conditions
            )
            person.contact.look_up_places(joining=True)
        self.groups.starting = sum(person.is_member for person in self.people)
        prospects = [person for person in self.people if person.is_prospect]
        self.pool = len(prospects)
        first_of_day = population.arrival_first
        self.arrivals = {
            day: [self.people[i] for i in population.arrivals[first_of_day[day - 1] : first_of_day[day]]]
            for day in range(1, len(first_of_day))
        }
        dated = {person for persons in self.arrivals.values() for person in persons}
        others = [person for person in prospects if person not in dated]
        self.sources = [
            TwinSource(self, self.first_source + k, name, others)
            for k, name in enumerate(sorted(scenario.levers.sources))
        ]

    @property
    def today(self) -> datetime.date:
        """The calendar date of today."""
        return self.scenario.start + datetime.timedelta(days=self.day - 1)

    def run(self) -> TwinMarket:
        """All days from the warm-up to the horizon."""
        for _ in range(self.scenario.warmup.days + self.scenario.horizon):
            self.step()
        return self

    def step(self) -> None:
        """One day for everybody."""
        self.day += 1
        self.diary.day = self.day
        if self.day == 1:
            self.start_strategy()
        self.firm.look_out()
        self.firm.begin_day()
        self.set_terms()
        self.staff.begin_day()
        self.groups.morning()
        for source in self.sources:
            source.advertise()
        people = self.agents_by_type[self.person_type]
        people.do("wake")
        people.shuffle_do("morning")
        self.noon()
        people.shuffle_do("afternoon")
        self.evening()
        self.groups.evening()
        self.take_stock()
        fixed = fen(self.scenario.economics.fixed_cost)
        tagging = self.in_force.levers.tagging
        if tagging is not None and self.day >= 1:
            fixed += fen(tagging.running) + (fen(tagging.setup) if self.day == 1 else 0)
        self.diary.count_at(self.prospect_stage, 0, 0, M.fixed_fen, fixed)
        self.diary.count_at(self.prospect_stage, 0, 0, M.penalty_fen, self.firm.effects.fine)
        self.diary.count_at(self.prospect_stage, 0, 0, M.response_fen, response_fen(self.in_force, self.day))
        self.diary.count_at(self.prospect_stage, 0, 0, M.upkeep_fen, upkeep(self.in_force, self.today))

    def evening(self) -> None:
        """Orders first; then what happens between people, and who is new."""
        self.staff.work_at_desk()
        self.settle_orders()
        self.spread_news()
        self.agents_by_type[self.person_type].shuffle_do("ask_friends")
        choose_seeds(self)
        tell_everybody(self)
        self.welcome_invited()
        buy_together(self)
        for source in self.sources:
            source.bring_in()
        self.welcome_dated()

    def spread_news(self) -> None:
        """Friends of those who are gone since this morning take note."""
        for number in self.gone:
            self.people[number].tell_friends()
        self.gone.clear()

    # Strategy and terms -----------------------------------------------------------------

    def adopt(self, cells: tuple[Scenario, ...]) -> None:
        """Put strategies in force, one in each test cell; who has not answered their questions does so now."""
        users = np.array([person.user for person in self.people], USER)
        if not asks_alike(cells[0], self.in_force):
            ask_anew(users, cells[0], self.in_force, *self.born_with, self.day)
        carry_quotas(users, cells[0], self.in_force)
        for person, answered in zip(self.people, users, strict=True):
            person.contact.begin_quotas(self.in_force)
            for name in (*ANSWERS, "sent_quota"):
                person.user[name] = answered[name]
        self.in_force, self.cells = cells[0], cells
        self.terms: Terms = standing_terms(cells, self.names)
        self.week = Week(cells, self.names)

    def fill_budgets(self) -> None:
        """Full stocks and budgets of what is in force.

        What two cells have in the very same words is one thing, with one number and one budget.
        """
        cells = self.cells
        self.coupons_left: list[int | None] = [None] * len(self.names.offers)
        self.subsidy_left: list[int | None] = [None] * len(self.names.offers)
        self.rewards_left: list[int | None] = [None] * self.names.purses
        for cell, numbers in zip(cells, self.names.numbers, strict=False):
            for name, offer in cell.levers.offers.items():
                self.coupons_left[numbers.offers[name]] = offer.stock
                if offer.budget is not None:
                    self.subsidy_left[numbers.offers[name]] = fen(offer.budget)
            referral = cell.levers.referral
            if referral is not None and referral.budget is not None:
                self.rewards_left[numbers.purse] = fen(referral.budget)
            for name, programme in cell.levers.programmes.items():
                if programme.budget is not None and name in numbers.purses:
                    self.rewards_left[numbers.purses[name]] = fen(programme.budget)

    def strategy_of(self, person: Person) -> Scenario:
        """The strategy that holds for somebody today: that of the own test cell."""
        cell = int(person.user["cell"])
        return self.in_force if cell == 0 else self.cells[cell]

    def start_strategy(self) -> None:
        """Day 1: the strategies replace what held during the warm-up, and their budgets are untouched."""
        self.adopt((self.scenario, *self.test))
        self.fill_budgets()
        if self.test and self.assignment is not None:
            for person in self.people:
                cell = int(self.assignment[person.number])
                person.user["cell"] = cell
                if person.user["coupon_depth"] > 0:
                    names = {number: name for name, number in self.names.numbers[0].offers.items()}
                    held = int(person.user["coupon_offer"])
                    person.user["coupon_offer"] = self.names.numbers[cell].offers.get(
                        names.get(held, ""), held
                    )
        for source in self.sources:
            source.spent = 0
        for person in self.people:
            if person.is_member:
                self.diary.count_cohort(person.user, "size", 1)

    def set_terms(self) -> None:
        """Today's strategy, season, calendar and cadence, and what is still to be had."""
        firm = self.firm
        if self.day >= 1:
            firm.watch()
            self.diary.count_at(self.prospect_stage, 0, 0, M.alarm_days, len(firm.reacting()))
            cells = tuple(firm.strategy(written) for written in (self.scenario, *self.test))
            if any(new is not old for new, old in zip(cells, self.cells, strict=True)):
                self.adopt(cells)
        own, half = firm.pot("referral"), firm.half_of_the_rest()
        if own is not None and half is not None:
            most = 0 if firm.is_shut("referral") else max(0, min(own, half))
            self.rewards_left = [most if left is None else min(left, most) for left in self.rewards_left]

        def numbers(left: list[int | None]) -> NDArray[np.int64]:
            return np.array([NO_LIMIT if amount is None else amount for amount in left], np.int64)

        set_day(
            self.terms,
            self.week,
            self.day,
            self.first_day,
            numbers(self.coupons_left),
            numbers(self.subsidy_left),
            numbers(self.rewards_left),
            firm.effects.demand,
        )
        shut = [lever for lever in ("touches", "offers") if firm.is_shut(lever)]
        scales = firm.scales() if self.day >= 1 else {}
        set_effects(self.terms, self.week, firm.effects, firm.gain("trust"), scales, shut)
        members = sum(person.is_member for person in self.people)
        set_launches_today(self.terms, self.in_force, self.names, self.today, self.adopters, members)

    # Scarcity ---------------------------------------------------------------------------

    def by_priority(
        self, people: Iterable[Person], purpose: Purpose, name: np.uint64 | None = None
    ) -> list[Person]:
        """People in the order in which something scarce is given to them: by a keyed draw, never by id."""
        return sorted(people, key=lambda person: (person.priority(purpose, name), person.number))

    def noon(self) -> None:
        """Coupons of a limited stock go to those who noticed the offer and are still here."""
        for number, left in enumerate(self.coupons_left):
            if left is None:
                continue
            waiting = [
                person
                for person in self.people
                if person.is_member
                for offer in person.waiting
                if offer == number
            ]
            lucky = self.by_priority(waiting, Purpose.STOCK, self.terms.offers[number]["name"])[:left]
            for person in lucky:
                person.get_coupon(number)
            self.coupons_left[number] = left - len(lucky)

    def settle_orders(self) -> None:
        """Orders go through; a coupon that its budget cannot pay any more is refused."""
        refused = set()
        for number, left in enumerate(self.subsidy_left):
            if left is None:
                continue
            with_coupon = [person for person in self.people if person.uses_offer(number)]
            for person in self.by_priority(with_coupon, Purpose.BUDGET, self.terms.offers[number]["name"]):
                if person.cut <= left:
                    left -= person.cut
                else:
                    refused.add(person)
            self.subsidy_left[number] = left
        for person in self.people:
            if person.wish:
                person.settle_order(person in refused)

    def welcome_invited(self) -> None:
        """Everybody with a claim joins; where rewards run out, the newcomers' keyed priority decides."""
        invited = [person for person in self.people if person.claims]
        for person in self.by_priority(invited, Purpose.REWARD):
            person.accept_invitation()

    def pay_reward(self, amount: int, purse: int) -> bool:
        """Take `amount` fen from a budget of rewards, if it has them."""
        left = self.rewards_left[purse]
        if left is None:
            return True
        if amount > left:
            return False
        self.rewards_left[purse] = left - amount
        return True

    def welcome_dated(self) -> None:
        """Those whose arrival on this day is known, unless a friend was quicker."""
        for person in self.arrivals.get(self.day, []):
            if person.is_prospect:
                person.come_in(self.dated)
                person.first_order()

    # Ledger -----------------------------------------------------------------------------

    def take_stock(self) -> None:
        """Count everybody where they stand tonight; only members can be reached."""
        for person in self.people:
            u = person.user
            stage = self.prospect_stage if person.is_prospect else int(u["stage"])
            self.diary.count_at(stage, int(u["source"]), int(u["segment"]), M.members, 1)
            if person.is_member and not u["muted"]:
                self.diary.count(u, M.reachable)

    def users(self) -> NDArray[np.void]:
        """(N,) USER records of everybody as they are now, by id (a copy)."""
        return np.concatenate([person.array for person in self.people])
