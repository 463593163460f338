"""The brand's staff as Mesa agents: what they can do today, what it costs, and how well they do it.

`Team` turns heads, skill and yesterday's work into today's factors of quality; `ServiceDesk` opens the desk for the
day. Both write into today's terms; everything that they do not write stands there as exactly neutral.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from simlab.scenario.schema import Scenario
from simlab.scenario.staff import CAPACITY, Role
from simlab.world.book import N_LIVE
from simlab.world.draws import Purpose, day_key, named_bits, unit
from simlab.world.metrics import M
from simlab.world.numerics import exp
from simlab.world.service import appoint
from simlab.world.team_rules import by_skill, share_learned, under_load, with_time

if TYPE_CHECKING:
    from simlab.world.market import Market

Roles = dict[str, Role]
MOST_LOAD = 100.0
MEMORY = 7.0
"""Days over which a team's work is averaged."""


class Team(mesa.Agent):
    """Everybody who works for the programme: heads, skill, load, and what follows from them.

    Attributes:
        skill: by role, where it changes. work: by role, touches or members a day, averaged over a week.
        fit: how well what is sold fits what people need; 1 is best.
        faults: causes of issues that are left, relative to the beginning.
        owed: fen of cost that did not yet fill a whole fen.
        floor: what an adviser's client is probably worth at least, -1 if nobody knows; only saves time.
    """

    def __init__(self, model: Market) -> None:
        super().__init__(model)
        self.market = model
        self.skill: dict[str, float] = {}
        self.work: dict[str, float] = {}
        self.fit = self.faults = 1.0
        self.renewed = model.day
        self.owed = 0.0
        self.floor = -1

    # What there is -----------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        """The scenario whose levers hold today."""
        return self.market.in_force

    @property
    def members(self) -> int:
        """Members this morning."""
        return int(self.market.book.counts[N_LIVE])

    def yesterday(self, *metrics: M) -> int:
        """Sum of metrics of yesterday's ledger; 0 on the first day."""
        return sum(self.market.totals[m] for m in metrics)

    def heads(self, role: Role) -> float:
        """Heads for the simulated base."""
        if role.heads is not None:
            return role.heads / self.scenario.scale
        assert role.per_100k is not None
        return role.per_100k * self.members / 100_000.0

    def output(self, name: str, role: Role) -> float:
        """Work that one head does well, with the skill and the tools of today."""
        tools = self.scenario.levers.staff.tools
        gain = 1.0 if tools is None else tools.gain
        capacity = CAPACITY[name] if role.capacity is None else role.capacity
        return capacity * self.skill_of(name, role) * gain

    def skill_of(self, name: str, role: Role) -> float:
        """Today's mean skill of a role; 1 where skill is no subject."""
        return 1.0 if role.skill is None else self.skill.get(name, role.skill.start)

    def load(self, name: str, role: Role, boost: float = 1.0) -> float:
        """Work relative to capacity; 1 before there is any experience."""
        if name not in self.work:
            return 1.0
        work, capacity = self.work[name], self.heads(role) * self.output(name, role) * boost
        if work <= 0:
            return 0.0
        return min(work / capacity, MOST_LOAD) if capacity > 0 else MOST_LOAD

    # The day -----------------------------------------------------------------------------

    def step(self) -> None:
        """Today's quality, today's cost, and what was learned."""
        roles = self.scenario.levers.staff.roles()
        self._remember(roles)
        self._do_work(roles)
        self._look_after_product()
        self._review_content()
        self._advise()
        self._pay(roles)
        for name, role in roles.items():
            if role.skill is not None:
                skill = self.skill_of(name, role)
                self.skill[name] = share_learned(skill, role.skill, self.scenario.behaviour.team)

    def write(self, name: str, value: float) -> None:
        """One number of today's terms, the same in all test cells."""
        self.market.terms.now[name][:] = value

    def _remember(self, roles: Roles) -> None:
        """Yesterday's work enters the averages."""
        if self.market.row == 0:
            return
        for name in ("analyst", "content", "community"):
            if name in roles:
                work = float(
                    self.yesterday(M.value_sent, M.promo_sent) if name == "content" else self.members
                )
                before = self.work.get(name, work)
                self.work[name] = before + (work - before) / MEMORY

    def _do_work(self, roles: Roles) -> None:
        b = self.scenario.behaviour.team
        for name, factor in (("analyst", "analysis"), ("community", "moderation")):
            if name in roles:
                quality = under_load(self.load(name, roles[name]), b)
                self.write(factor, quality * by_skill(self.skill_of(name, roles[name]), b))
        aigc = self.scenario.levers.aigc
        if "content" not in roles and aigc is None:
            return
        boost = 1.0 if aigc is None else 1.0 + aigc.share * (aigc.speed * aigc.passes - 1.0)
        quality = 1.0 if aigc is None else 1.0 - aigc.share * (1.0 - b.ai_quality)
        if "content" in roles:
            load = self.load("content", roles["content"], boost)
            quality *= by_skill(self.skill_of("content", roles["content"]), b)
        else:  # as many hands as there was work for without machines
            load = min(1.0 / boost, MOST_LOAD) if boost > 0 else MOST_LOAD
        self.write("appeal_quality", quality * under_load(load, b) * with_time(load, b))

    def _look_after_product(self) -> None:
        """Needs move on, and the product follows by renewals; causes of issues are removed, and come back."""
        scenario, feedback, renewal = (
            self.scenario,
            self.scenario.levers.feedback,
            self.scenario.levers.renewal,
        )
        b, service = scenario.behaviour.product, scenario.behaviour.service
        if b.drift > 0:
            self.fit *= float(exp(-b.drift))
        if renewal is not None:
            self._owe(renewal.cost_per_day / scenario.scale)
            if self.market.day - self.renewed >= renewal.every:
                self.renewed = self.market.day
                self.fit = max(self.fit, float(exp(-b.drift * renewal.lag)))
                self._owe(renewal.cost / scenario.scale)
        self.faults += b.new_faults * (1.0 - self.faults)
        if feedback is not None:
            known = service.voice + (1.0 - service.voice) * feedback.survey
            self.faults *= float(exp(-feedback.fix * known))
            self._owe(feedback.survey * self.yesterday(M.orders) * feedback.cost)
            self._owe(feedback.cost_per_day / scenario.scale)
        self.write("fit", self.fit)
        self.write("issue", service.issue * self.faults)

    def _review_content(self) -> None:
        """Each promotional piece of today may break the rules; a review holds some of these back."""
        market, b, review = self.market, self.scenario.behaviour.team, self.scenario.levers.review
        touches, rates = market.terms.touches, market.terms.rates
        touches["violates"][:] = 0
        if b.violation <= 0 and review is None:
            return
        today = np.uint64(day_key(market.world, market.day))
        ledger = market.book.ledger[market.row, len(market.names.stages) - 2, 0, 0]
        for k in np.flatnonzero(touches["promo"]).tolist():
            if not rates[:, k].any():
                continue

            def chance(purpose: Purpose, name: np.uint64 = touches["name"][k]) -> float:
                return float(unit(np.uint64(named_bits(today, int(purpose), name))))

            if review is not None:
                self._owe(review.cost / self.scenario.scale)
            if chance(Purpose.VIOLATION) >= b.violation:
                continue
            if review is not None and chance(Purpose.CAUGHT) < review.catches:
                rates[:, k] = 0.0
                continue
            touches["violates"][k] = 1
            ledger[M.violations] += 1
            if chance(Purpose.FINE) < b.fine_chance:
                ledger[M.fine_fen] += round(100.0 * b.fine / self.scenario.scale)

    def _advise(self) -> None:
        """Advisers take on their clients; how well they serve them depends on how many there were yesterday."""
        levers, b = self.scenario.levers, self.scenario.behaviour.team
        role = levers.staff.adviser
        if role is None or levers.advisers is None:
            return
        clients = self.heads(role) * self.output("adviser", role)
        served = self.yesterday(M.advised)
        load = min(served / clients, MOST_LOAD) if clients > 0 else 0.0
        self.write("advice", under_load(load, b) * by_skill(self.skill_of("adviser", role), b))
        places = int(clients * levers.advisers.stretch)
        if levers.advisers.top is not None:
            places = min(places, int(levers.advisers.top * self.members))
        self.write("adviser_places", places)
        market = self.market
        last = appoint(market.users, market.world, market.terms, market.book, market.row, self.floor)
        self.floor = int(0.9 * last) if last >= 0 else -1

    def _owe(self, yuan: float) -> None:
        self.owed += 100.0 * yuan

    def _pay(self, roles: Roles) -> None:
        """Wages, training, tools and machines of today; whole fen, the rest is owed."""
        scenario, levers = self.scenario, self.scenario.levers
        for role in roles.values():
            training = 0.0 if role.skill is None else role.skill.training
            self._owe(self.heads(role) * (role.wage + training))
        if levers.staff.tools is not None:
            tools = levers.staff.tools
            self._owe(tools.per_day / scenario.scale + tools.per_member * self.members / 365.0)
        if levers.aigc is not None:
            self._owe(levers.aigc.cost / scenario.scale)
        due = int(self.owed)
        self.owed -= due
        market = self.market
        market.book.ledger[market.row, len(market.names.stages) - 2, 0, 0, M.staff_fen] += due


class ServiceDesk(mesa.Agent):
    """The service desk: how many tickets its people can take today."""

    def __init__(self, model: Market, team: Team) -> None:
        super().__init__(model)
        self.market, self.team = model, team
        self.begun = 0.0  # part of a ticket that was left over yesterday

    def step(self) -> None:
        """Open the desk."""
        levers, team = self.market.in_force.levers, self.team
        desk, role = levers.service, levers.staff.service
        if desk is None or role is None:
            return
        heads, output = team.heads(role), team.output("service", role)
        flow = heads * output
        self.begun += flow
        places = int(self.begun)
        self.begun -= places
        team.write("desk_places", places)
        team.write("desk_flow", flow)
        team.write("desk_heads", heads * self.market.in_force.scale)
        team.write("desk_handling", desk.hours / output if output > 0 else 0.0)
