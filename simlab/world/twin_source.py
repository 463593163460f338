"""One pool outside the twin: advertises while its budget lasts, and pulls prospects in one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import mesa
import numpy as np

from simlab.world.draws import BIRTH_DAY, Purpose, name_hash, named_bits, unit
from simlab.world.metrics import M
from simlab.world.numerics import log
from simlab.world.terms import fen
from simlab.world.twin_person import Person

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket


class TwinSource(mesa.Agent):
    """A pool outside: what it has shown, what it has cost, and how hard it has pulled on each prospect."""

    def __init__(self, model: TwinMarket, number: int, name: str, prospects: Iterable[Person]) -> None:
        super().__init__(model)
        self.market, self.number, self.name = model, number, name
        self.exposed = self.clicked = self.pull = 0.0
        self.spent = 0
        label = np.uint64(name_hash("source:" + name))
        self.resistance = {person: self._resistance(person, label) for person in prospects}

    def _resistance(self, person: Person, label: np.uint64) -> float:
        """The pull at which a person comes: exponential, drawn once."""
        bits = np.uint64(named_bits(person.key_of(BIRTH_DAY), int(Purpose.SOURCE_PULL), label))
        return -float(log(unit(bits)))

    def advertise(self) -> None:
        """Today's exposures, as far as the budget goes; what is counted and paid are whole numbers."""
        market = self.market
        plan = market.in_force.levers.sources.get(self.name)
        if plan is None:
            return
        exposures = plan.exposures
        if plan.budget is not None and plan.cost > 0:
            affordable = (fen(plan.budget) - self.spent) / (plan.cost * 100.0) - 1.0
            exposures = max(0.0, min(exposures, affordable))
        exposed, clicked = self.exposed + exposures, self.clicked + exposures * plan.click
        cost = round(exposed * plan.cost * 100.0) - round(self.exposed * plan.cost * 100.0)
        for metric, amount in (
            (M.exposures, int(exposed) - int(self.exposed)),
            (M.clicks, int(clicked) - int(self.clicked)),
            (M.acquisition_fen, cost),
        ):
            market.diary.count_at(market.prospect_stage, self.number, 0, metric, amount)
        self.exposed, self.clicked = exposed, clicked
        self.spent += cost
        if market.pool:
            self.pull += exposures / market.pool * plan.click * plan.join

    def bring_in(self) -> None:
        """Prospects whose resistance is overcome join tonight; whom a source brings has other traits."""
        traits = self.market.in_force.levers.sources.get(self.name)
        if traits is None:
            return
        for person, resistance in self.resistance.items():
            if person.is_prospect and self.pull >= resistance:
                person.come_in(self.number)
                person.user["rate"] = float(person.user["rate"]) * traits.need
                person.user["deal"] = float(person.user["deal"]) * traits.deal
