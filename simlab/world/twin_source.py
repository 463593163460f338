"""One pool outside the twin: advertises while its budget lasts, and pulls prospects in one by one."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, inf
from typing import TYPE_CHECKING

import mesa
import numpy as np

from simlab.scenario.schema import WEEKDAYS
from simlab.scenario.sources import Source
from simlab.world.draws import BIRTH_DAY, Purpose, name_hash, named_bits, unit
from simlab.world.market_rules import audience_score, enter
from simlab.world.market_terms import hook_gain, price_factor
from simlab.world.metrics import M
from simlab.world.numerics import log, normal_quantile
from simlab.world.people import normal_rank
from simlab.world.rules import join_as_hunter
from simlab.world.terms import fen
from simlab.world.twin_person import Person

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket


class TwinSource(mesa.Agent):
    """A pool outside: what it has shown, what it has cost, and how hard it has pulled on each prospect."""

    def __init__(self, model: TwinMarket, number: int, name: str, prospects: Iterable[Person]) -> None:
        super().__init__(model)
        self.market, self.number, self.name = model, number, name
        self.exposed = self.clicked = self.landed = self.pull = 0.0
        self.spent = self.gifts = 0
        self.has_page = False
        label = np.uint64(name_hash("source:" + name))
        self.resistance = {person: self._resistance(person, label) for person in prospects}
        self.weight = dict.fromkeys(self.resistance, 1.0)
        self.plan = model.before.levers.sources.get(name) or model.scenario.levers.sources[name]
        self.choose_audience(self.plan)

    def _resistance(self, person: Person, label: np.uint64) -> float:
        """The pull at which a person comes: exponential, drawn once."""
        bits = np.uint64(named_bits(person.key_of(BIRTH_DAY), int(Purpose.SOURCE_PULL), label))
        return -float(log(unit(bits)))

    def choose_audience(self, plan: Source) -> None:
        """Who is shown this source's adverts from now on, and how often; what they have seen so far is not lost."""
        for person, weight in self.weight.items():
            self.resistance[person] -= self.pull * weight
        self.pull = 0.0
        for person in self.weight:
            segment = list(self.market.scenario.population.segments)[int(person.user["segment"])]
            reached = plan.pool >= 1.0 or self.score(person, plan) >= float(normal_quantile(1.0 - plan.pool))
            self.weight[person] = plan.segments.get(segment, 1.0) if reached else 0.0
        self.breadth = fsum(self.weight.values()) / len(self.weight) if self.weight else 1.0

    def score(self, person: Person, plan: Source) -> float:
        """How much somebody looks like the audience: need as it can be told, and noise like another source's."""
        segment = list(self.market.scenario.population.segments.values())[int(person.user["segment"])]
        relative = max(float(person.user["rate"]) / (segment.orders.per_year / 365.0), 1e-6)
        need = max(-3.0, min(3.0, float(normal_rank(log(relative), segment.orders.shape))))
        own, like = (np.uint64(name_hash("source:" + label)) for label in (self.name, plan.like or ""))
        return float(audience_score(person.key_of(BIRTH_DAY), need, plan.precision, own, like, plan.overlap))

    def advertise(self) -> None:
        """Today's exposures, as far as the budget goes; what is counted and paid are whole numbers."""
        market, firm = self.market, self.market.firm
        plan = market.in_force.levers.sources.get(self.name)
        if plan is None:
            return
        same = all(
            getattr(plan, x) == getattr(self.plan, x)
            for x in ("pool", "precision", "segments", "like", "overlap")
        )
        if not same:
            self.choose_audience(plan)
        self.plan = plan
        if market.day != 1:
            self.spent += self.gifts
        self.gifts = 0
        day, effects = WEEKDAYS[market.today.weekday()], firm.effects
        exposures = plan.exposures * plan.weekdays.get(day, 1.0)
        if plan.with_demand:
            exposures *= float(market.terms.now[0]["season"])
        dearer = price_factor(plan, market.in_force, market.day, effects, self.name)
        price, per_click = plan.cost * dearer, plan.click_cost * dearer
        click = plan.click * effects.source_click.get(self.name, 1.0) * (1.0 + plan.ugc * firm.gain("clicks"))
        limits = [] if plan.budget is None else [fen(plan.budget) - self.spent]
        common = firm.allowance(self.name)
        limits += [] if common is None else [common]
        each = price + click * per_click
        for limit in limits if each > 0 else ():
            rounding = 1 if per_click > 0 else 0
            exposures = max(0.0, min(exposures, (limit - rounding) / (each * 100.0) - 1.0))
        meeting = exposures * (1.0 - plan.known)
        if plan.saturation is not None:
            meeting = meeting / (1.0 + exposures / plan.saturation)
        joins = plan.join * plan.landing * (1.0 + plan.page.share * (plan.page.lift - 1.0))
        joins *= (1.0 + hook_gain(plan, market.in_force)) * (1.0 + firm.gain("joins"))
        exposed, clicked = self.exposed + exposures, self.clicked + meeting * click
        landed = self.landed + meeting * click * plan.landing
        cost = round(exposed * price * 100.0) - round(self.exposed * price * 100.0)
        cost += round(clicked * per_click * 100.0) - round(self.clicked * per_click * 100.0)
        for metric, amount in (
            (M.exposures, int(exposed) - int(self.exposed)),
            (M.clicks, int(clicked) - int(self.clicked)),
            (M.landings, int(landed) - int(self.landed)),
            (M.acquisition_fen, cost),
        ):
            market.diary.count_at(market.prospect_stage, self.number, 0, metric, amount)
        self.exposed, self.clicked, self.landed = exposed, clicked, landed
        self.spent += cost
        if plan.page.share > 0 and not self.has_page:
            self.has_page = True
            firm.pay(fen(plan.page.cost))
        if market.pool and self.breadth > 0:
            self.pull += meeting / (market.pool * self.breadth) * click * joins

    def bring_in(self) -> None:
        """Prospects whose resistance is overcome join tonight; whom a source brings has other traits."""
        for person, resistance in self.resistance.items():
            weight = self.weight[person]
            if person.is_prospect and (resistance / weight if weight > 0 else inf) <= self.pull:
                person.come_in(self.number)
                self.welcome(person)

    def welcome(self, person: Person) -> None:
        """Somebody is here by this source: traits, perhaps only for the hook, and what is paid for a newcomer."""
        way = self.market.terms.ways[self.number]
        person.count(M.source_joins)
        if enter(person.user, person.key, way):
            join_as_hunter(person.user, person.now)
            person.count(M.hunters)
        paid = int(way["entry_cost"])
        self.gifts += paid
        person.user["net"] -= paid
        person.count(M.entry_fen, paid)
        person.earn(-paid)
