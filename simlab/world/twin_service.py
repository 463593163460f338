"""The staff of the twin: teams, service desk and advisers, said a second time from what they mean."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from simlab.scenario.staff import CAPACITY, Role
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, draw_bits, named_uniform
from simlab.world.metrics import M
from simlab.world.numerics import exp
from simlab.world.records import NEVER, Event
from simlab.world.rules import belongs, observe
from simlab.world.staff_rules import (
    be_helped,
    be_put_off,
    brings_issue,
    complains_on,
    escalate,
    goes_to_ai,
    hours_in_line,
    in_share,
    is_simple,
    is_visited,
    known_on,
    severity,
    stay_angry,
    take_advice,
    wait,
)
from simlab.world.team_rules import by_skill, share_learned, under_load, with_time

if TYPE_CHECKING:
    from simlab.scenario.schema import Scenario
    from simlab.world.twin import TwinMarket
    from simlab.world.twin_customer import Customer


class TwinStaff:
    """Who works for the brand in the twin.

    Attributes:
        open: people with an issue that is not closed, in no particular order.
        skill: mean skill by role. habit: work of a day by role, averaged over a week.
    """

    def __init__(self, market: TwinMarket) -> None:
        self.market = market
        self.open: list[Customer] = []
        self.skill: dict[str, float] = {}
        self.habit: dict[str, float] = {}
        self.fit = 1.0
        self.faults = 1.0
        self.last_renewal = market.day
        self.fen_owed = 0.0
        self.tickets_begun = 0.0

    @property
    def strategy(self) -> Scenario:
        """The levers of today."""
        return self.market.in_force

    def clients(self) -> int:
        """Members this morning."""
        return sum(person.is_member for person in self.market.people)

    def counted_yesterday(self, metric: M) -> int:
        """Yesterday's total of one metric."""
        day = self.market.day - 1
        return sum(n for key, n in self.market.diary.ledger.items() if key[0] == day and key[4] == metric)

    def count(self, metric: M, amount: int) -> None:
        """What belongs to nobody in particular stands with the prospects."""
        self.market.diary.count_at(self.market.prospect_stage, 0, 0, metric, amount)

    def tell(self, what: str, value: float) -> None:
        """A number that the rules read today."""
        for now in self.market.terms.now:
            now[what] = value

    def owe(self, yuan: float) -> None:
        """A cost of today."""
        self.fen_owed += 100.0 * yuan

    # Heads and their work ------------------------------------------------------------------

    def heads(self, role: Role) -> float:
        """Heads that work for the simulated base: it may be a fraction of one."""
        if role.per_100k is not None:
            return role.per_100k * self.clients() / 100_000.0
        return (role.heads or 0.0) / self.strategy.scale

    def knows(self, trade: str, role: Role) -> float:
        """Skill of a trade."""
        if role.skill is None:
            return 1.0
        return self.skill.setdefault(trade, role.skill.start)

    def per_head(self, trade: str, role: Role) -> float:
        """What one head gets done well in a day."""
        tools = self.strategy.levers.staff.tools
        trained = role.capacity or CAPACITY[trade]
        return trained * self.knows(trade, role) * (tools.gain if tools else 1.0)

    def pressure(self, trade: str, role: Role, boost: float = 1.0) -> float:
        """Work per capacity, at most a hundredfold."""
        if trade not in self.habit:
            return 1.0
        done = self.heads(role) * self.per_head(trade, role) * boost
        work = self.habit[trade]
        return 0.0 if work == 0 else min(100.0, work / done if done else inf)

    def begin_day(self) -> None:
        """What the staff do today, before anybody else acts."""
        roles = self.strategy.levers.staff.roles()
        if self.market.day > self.market.first_day:
            for trade in roles.keys() & {"analyst", "content", "community"}:
                sent = self.counted_yesterday(M.value_sent) + self.counted_yesterday(M.promo_sent)
                work = float(sent if trade == "content" else self.clients())
                usual = self.habit.setdefault(trade, work)
                self.habit[trade] = usual + (work - usual) / 7.0
        self.do_work(roles)
        self.mend_product()
        self.write_promotions()
        self.advise()
        self.pay()
        self.open_desk()
        for trade, role in roles.items():
            if role.skill is not None:
                self.skill[trade] = share_learned(
                    self.knows(trade, role), role.skill, self.strategy.behaviour.team
                )

    def do_work(self, roles: dict[str, Role]) -> None:
        """Quality of what the teams make."""
        b, machines = self.strategy.behaviour.team, self.strategy.levers.aigc
        for trade, what in (("analyst", "analysis"), ("community", "moderation")):
            if role := roles.get(trade):
                self.tell(
                    what, under_load(self.pressure(trade, role), b) * by_skill(self.knows(trade, role), b)
                )
        role = roles.get("content")
        if role or machines:
            boost = mean = 1.0
            if machines:
                boost = 1.0 + machines.share * (machines.speed * machines.passes - 1.0)
                mean = 1.0 - machines.share * (1.0 - b.ai_quality)
            pressure = (
                self.pressure("content", role, boost) if role else min(100.0, 1.0 / boost if boost else inf)
            )
            if role:
                mean *= by_skill(self.knows("content", role), b)
            self.tell("appeal_quality", mean * under_load(pressure, b) * with_time(pressure, b))

    def mend_product(self) -> None:
        """Needs drift away from the product; renewals and repairs bring it back."""
        strategy, market = self.strategy, self.market
        product, service = strategy.behaviour.product, strategy.behaviour.service
        self.fit *= float(exp(-product.drift)) if product.drift else 1.0
        if renewal := strategy.levers.renewal:
            self.owe(renewal.cost_per_day / strategy.scale)
            if market.day >= self.last_renewal + renewal.every:
                self.last_renewal = market.day
                self.fit = max(float(exp(-product.drift * renewal.lag)), self.fit)
                self.owe(renewal.cost / strategy.scale)
        self.faults += product.new_faults * (1.0 - self.faults)
        if feedback := strategy.levers.feedback:
            heard_of = service.voice + (1.0 - service.voice) * feedback.survey
            self.faults *= float(exp(-feedback.fix * heard_of))
            self.owe(feedback.survey * self.counted_yesterday(M.orders) * feedback.cost)
            self.owe(feedback.cost_per_day / strategy.scale)
        self.tell("fit", self.fit)
        self.tell("issue", service.issue * self.faults)

    def write_promotions(self) -> None:
        """Promotions that break the rules: held back by a review, or sent and perhaps fined."""
        market, b, review = self.market, self.strategy.behaviour.team, self.strategy.levers.review
        today = np.uint64(day_key(market.world, market.day))
        for number, touch in enumerate(market.terms.touches):
            touch["violates"] = 0
            planned = max((rate for cell in market.terms.rates for rate in cell[number]), default=0.0) > 0
            if not (touch["promo"] and planned):
                continue
            if review:
                self.owe(review.cost / self.strategy.scale)
            drawn = {
                purpose: named_uniform(today, int(purpose), touch["name"])
                for purpose in (Purpose.VIOLATION, Purpose.CAUGHT, Purpose.FINE)
            }
            if drawn[Purpose.VIOLATION] < b.violation:
                if review and drawn[Purpose.CAUGHT] < review.catches:
                    market.terms.rates[:, number, :] = 0.0
                else:
                    touch["violates"] = 1
                    self.count(M.violations, 1)
                    fined = drawn[Purpose.FINE] < b.fine_chance
                    self.count(M.fine_fen, round(100.0 * b.fine / self.strategy.scale) if fined else 0)

    def pay(self) -> None:
        """Wages, training, tools, machines; the book knows whole fen only."""
        levers, scale = self.strategy.levers, self.strategy.scale
        for role in levers.staff.roles().values():
            self.owe(self.heads(role) * (role.wage + (role.skill.training if role.skill else 0.0)))
        if tools := levers.staff.tools:
            self.owe(tools.per_day / scale + tools.per_member * self.clients() / 365.0)
        if levers.aigc:
            self.owe(levers.aigc.cost / scale)
        self.count(M.staff_fen, int(self.fen_owed))
        self.fen_owed -= int(self.fen_owed)

    # Advisers ------------------------------------------------------------------------------

    def advise(self) -> None:
        """Clients of today: those of the audience with the first places."""
        market, levers, b = self.market, self.strategy.levers, self.strategy.behaviour.team
        role, plan = levers.staff.adviser, levers.advisers
        if role is None or plan is None:
            return
        well = self.heads(role) * self.per_head("adviser", role)
        load = min(100.0, self.counted_yesterday(M.advised) / well) if well else 0.0
        self.tell("advice", under_load(load, b) * by_skill(self.knows("adviser", role), b))
        places = int(well * plan.stretch)
        if plan.top is not None:
            places = min(places, int(plan.top * self.clients()))
        self.tell("adviser_places", places)
        now = market.terms.now[0]
        line = []
        for person in market.people:
            if not person.is_member:
                continue
            u, born = person.user, person.key_of(BIRTH_DAY)
            u["advised"] = 0
            among = belongs(u, market.day, market.terms.conditions, now["adviser_first"], now["adviser_last"])
            if among and in_share(born, now):
                value = 0
                if plan.order != "keyed":
                    value = min(8_388_607, int(observe(u, market.day, now["adviser_order"])))
                line.append((-value, int(draw_bits(born, int(Purpose.ADVISER_PLACE))) >> 24, person.number))
        for _, _, number in sorted(line)[:places]:
            person = market.people[number]
            person.user["advised"] = 1
            take_advice(person.user, person.now)
            person.count(M.advised)

    # The desk ------------------------------------------------------------------------------

    def open_desk(self) -> None:
        """Tickets that people can take today."""
        levers = self.strategy.levers
        desk, role = levers.service, levers.staff.service
        if desk is None or role is None:
            return
        per_head = self.per_head("service", role)
        self.tell("desk_heads", self.heads(role) * self.strategy.scale)
        self.tell("desk_flow", self.heads(role) * per_head)
        self.tell("desk_handling", desk.hours / per_head if per_head else 0.0)
        self.tickets_begun += self.heads(role) * per_head
        self.tell("desk_places", int(self.tickets_begun))
        self.tickets_begun -= int(self.tickets_begun)

    def work_at_desk(self) -> None:
        """All open issues: some are answered by a machine, some by people, the others wait."""
        for person in self.open:
            if not person.is_member:
                person.user["ticket"] = NEVER
        waiting = [Ticket(person, self.market) for person in self.open if person.is_member]
        line = [ticket for ticket in waiting if self.strategy.levers.service and ticket.is_known]
        for ticket in line:
            ticket.try_machine()
        line = [ticket for ticket in line if not ticket.closed]
        now = self.market.terms.now[0]
        hours = float(hours_in_line(len(line), now))
        for ticket in sorted(line, key=lambda ticket: ticket.place)[: int(now["desk_places"])]:
            ticket.solve(hours)
        for ticket in waiting:
            ticket.end_day()
        self.open = [ticket.person for ticket in waiting if not ticket.closed]

    def after_order(self, person: Customer) -> None:
        """An order may be followed up, and may bring an issue; one at a time."""
        now = self.market.terms.now[0]
        if is_visited(person.key, now):
            person.count(M.follow_ups)
            spend(person, M.service_fen, Event.SERVICE, int(now["follow_fen"]))
        if person.user["ticket"] == NEVER and brings_issue(person.key, now):
            person.user["ticket"] = self.market.day
            self.open.append(person)
            person.count(M.issues)
            person.note(Event.ISSUE)


def spend(person: Customer, metric: M, event: Event, fen: int) -> None:
    """Money spent on somebody."""
    person.note(event, fen)
    person.count(metric, fen)
    person.user["net"] -= fen
    person.earn(-fen)


class Ticket:
    """One open issue on one day."""

    def __init__(self, person: Customer, market: TwinMarket) -> None:
        self.person, self.today, self.now = person, market.day, market.terms.now[0]
        self.day = int(person.user["ticket"])
        self.key = person.key_of(self.day)
        self.angry_from = int(complains_on(self.key, self.day, self.now)) + 1
        self.service = market.in_force.levers.service
        self.closed = False

    @property
    def is_known(self) -> bool:
        """Whether the desk knows of it today."""
        return self.today >= self.known

    @property
    def known(self) -> int:
        """The day on which the desk hears of it."""
        return int(known_on(self.key, self.day, self.now))

    @property
    def is_complaint(self) -> bool:
        """Whether it had become a complaint by this morning."""
        return self.today >= self.angry_from

    @property
    def hours_open(self) -> float:
        """Hours of waiting before this morning."""
        return 24.0 * (self.today - self.day - 1)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Place in line: graded desks take complaints first, by severity; otherwise the oldest comes first."""
        lot = int(draw_bits(self.key, int(Purpose.QUEUE))) >> 24
        if self.service and self.service.graded and self.is_complaint:
            return 0, -int(1000 * severity(self.key)), lot, self.person.number
        return 1, max(self.day, self.today - 1000), lot, self.person.number

    def try_machine(self) -> None:
        """A machine answers at once, if it is asked and the issue is simple enough."""
        if goes_to_ai(self.key, self.day, self.today, self.now):
            spend(self.person, M.service_fen, Event.SERVICE, int(self.now["ai_fen"]))
            if is_simple(self.key, self.now):
                self.solve(0.0, by_machine=True)
            else:
                be_put_off(self.person.user, self.now)

    def solve(self, hours: float, by_machine: bool = False) -> None:
        """An answer, after so many hours of today."""
        service = self.service
        assert service is not None
        person, u = self.person, self.person.user
        waited = 24.0 * (self.today - self.known) + hours
        kept = waited <= service.promise
        fen = round(100 * service.compensation)
        pays = fen > 0 and (self.is_complaint or not kept)
        wait(u, self.hours_open, self.hours_open + hours, self.now)
        be_helped(u, self.is_complaint, pays, self.now)
        u["ticket"] = NEVER
        self.closed = True
        person.count(M.tickets)
        person.count(M.in_time, kept)
        person.count(M.wait_minutes, int(60.0 * waited + 0.5))
        if self.is_complaint:
            person.count(M.complaints_solved)
            person.count(M.complaints_in_time, waited <= service.complaint_promise)
        if pays:
            spend(person, M.compensation_fen, Event.MADE_GOOD, fen)
        if by_machine:
            person.count(M.ai_tickets)
        else:
            spend(person, M.service_fen, Event.SERVICE, round(100 * service.cost))
        person.note(Event.SOLVE, 2 * int(waited) + by_machine)

    def end_day(self) -> None:
        """Whoever was not answered has waited a day more, and may complain or give up."""
        if self.closed:
            return
        person, u = self.person, self.person.user
        wait(u, self.hours_open, self.hours_open + 24.0, self.now)
        if self.is_complaint:
            stay_angry(u, self.key, self.now)
        elif self.today + 1 == self.angry_from:
            escalate(u, self.key, self.now)
            person.count(M.escalations)
            spend(person, M.complaint_fen, Event.ESCALATE, int(self.now["complaint_cost"]))
        if self.today >= self.day + int(self.now["give_up"]):
            u["ticket"] = NEVER
            self.closed = True
            person.count(M.given_up)
            person.note(Event.GIVE_UP)
        else:
            person.count(M.open_issues)
