"""The brand: turns the strategy, and what it may see of yesterday's ledger, into today's terms.

Subclass `Brand` (as `simlab.Brand`) and override `decide` to write a strategy of one's own; a scenario names the
file: ``brand: my_brand.py:MyBrand``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from simlab.scenario import Scenario, with_values
from simlab.scenario.adaptive import READINGS, Alarm, Loop
from simlab.scenario.changes import is_settled, present
from simlab.scenario.errors import InputError, Problem, did_you_mean
from simlab.world.book import N_LIVE
from simlab.world.market_terms import set_effects
from simlab.world.metrics import M
from simlab.world.money_terms import set_launches_today
from simlab.world.user_brand import failed
from simlab.world.week import set_day

if TYPE_CHECKING:
    from simlab.world.market import Market


def reading(market: Market, name: str, window: int) -> float:
    """An observable over the last `window` days up to yesterday; nan where there is nothing to divide by."""
    tops, bottoms, factor, _ = READINGS[name]
    days = market.history[max(0, market.row - window) : market.row]

    def total(column: str) -> int:
        return len(days) if column == "days" else int(days[:, M[column]].sum())

    below = sum(total(column) for column in bottoms)
    return sum(total(column) for column in tops) * factor / below if below else math.nan


def sounds(alarm: Alarm, value: float) -> bool:
    """Whether a value is beyond an alarm's limit; no value is not."""
    return value > alarm.above if alarm.above is not None else value < alarm.below  # type: ignore[operator]


def improves(loop: Loop, value: float, best: float) -> bool:
    """Whether a round was better than the last one kept; a round without a value was not."""
    if loop.better == "higher":
        return value > best + loop.least * abs(best)
    return value < best - loop.least * abs(best)


class Plan:
    """The strategy as it was written: phases by date, and reactions to alarms.

    Attributes:
        reactions: first and last day (exclusive) of the latest reaction of each alarm.
        active: alarms whose reaction holds today.
        tried: changes of the loop tried so far, the one on trial included; best: the metric of the last round kept.
        kept: values that the loop has kept.
    """

    def __init__(self, scenario: Scenario, cells: Sequence[Scenario]) -> None:
        self.cells = (scenario, *cells)
        self.levers = scenario.levers
        self.day = 0
        self.reactions: dict[str, tuple[int, int]] = {}
        self.active: tuple[str, ...] = ()
        self.tried, self.best = 0, math.nan
        self.kept: dict[str, Any] = {}
        self._known: dict[tuple[Any, ...], Scenario] = {}

    def _review(self, day: int, read: Callable[[str, int], float]) -> None:
        """At the end of a round: is what was tried kept, and what is tried next?"""
        loop = self.levers.loop
        if loop is None or day <= loop.every or (day - 1) % loop.every or self.tried > len(loop.tries):
            return
        value = read(loop.metric, loop.every)
        if self.tried == 0:
            self.best = value
        elif improves(loop, value, self.best):
            self.best, self.kept = value, self.kept | loop.tries[self.tried - 1]
        self.tried += 1

    def _round(self) -> dict[str, Any]:
        """What the loop holds today: what it kept, and what it tries."""
        loop = self.levers.loop
        trying = loop is not None and 0 < self.tried <= len(loop.tries)
        return self.kept | loop.tries[self.tried - 1] if loop is not None and trying else self.kept

    def advance(self, day: int, read: Callable[[str, int], float]) -> None:
        """A new day: alarms that may sound listen to what was read until yesterday."""
        self.day = day
        self._review(day, read)
        for name, alarm in self.levers.alarms.items():
            _, last = self.reactions.get(name, (0, 1 - alarm.cooldown))
            if day >= last + alarm.cooldown and sounds(alarm, read(alarm.metric, alarm.window)):
                self.reactions[name] = (day + alarm.lag, day + alarm.lag + alarm.days)
        self.active = tuple(
            name for name, (first, last) in sorted(self.reactions.items()) if first <= day < last
        )

    def scenario(self, cell: int = 0, more: Mapping[str, Any] | None = None) -> Scenario:
        """What holds today in a test cell: the phases so far, the loop, then reactions by name, then `more`."""
        values: dict[str, Any] = {}
        for phase in self.levers.phases:
            if phase.day <= self.day:
                values |= phase.change
        values |= self._round()
        for name in self.active:
            values |= self.levers.alarms[name].change
        values |= more or {}
        if not values:
            return self.cells[cell]
        key = (cell, *sorted(values.items()))
        if key not in self._known:
            self._known[key] = with_values(self.cells[cell], present(self.cells[cell], values))
        return self._known[key]

    def scales(self) -> dict[str, float]:
        """Factors of today's cadence by touch or kind of touch; two reactions multiply."""
        found: dict[str, float] = {}
        for name in self.active:
            for touch, factor in self.levers.alarms[name].scale.items():
                found[touch] = found.get(touch, 1.0) * factor
        return found


class Brand(mesa.Agent):
    """Sets today's terms from the strategy and from what is left of stocks and budgets.

    Subclass it and override `decide` to write a strategy that adapts to yesterday's ledger. It sees observables
    only. No decision sends more than the caps that the scenario itself allows on that day.
    """

    def __init__(self, model: Market) -> None:
        super().__init__(model)
        self.market = model
        self.plan = Plan(model.scenario, model.test)
        self.scales: dict[str, float] = {}

    def decide(self, day: int) -> Scenario:
        """The scenario whose levers hold today, from day 1 on: by default as it is written, phases and alarms included.

        Before day 1 the levers of the warm-up hold, and nobody is asked.
        """
        return self.plan.scenario()

    def rate(self, name: str, window: int = 7) -> float:
        """An observable of the last `window` days up to yesterday, as alarms read it; nan without a denominator."""
        if name not in READINGS:
            raise ValueError(
                f"nothing is known as {name!r}. {did_you_mean(name, READINGS)} Known: {', '.join(READINGS)}."
            )
        if window < 1:
            raise ValueError(f"a window has a day at least, not {window}")
        return reading(self.market, name, window)

    def scale(self, touch: str, factor: float) -> None:
        """Today, send only this share of a touch (or of a kind of touch) that is planned; the same people get those."""
        levers = self.market.in_force.levers
        known = {*levers.touches, *(t.kind for t in levers.touches.values())}
        if touch not in known:
            raise ValueError(f"there is no touch {touch!r}. Known: {', '.join(sorted(known))}.")
        if not 0.0 <= factor <= 1.0:
            raise ValueError(f"a factor lies between 0 and 1, not {factor}")
        self.scales[touch] = self.scales.get(touch, 1.0) * factor

    def change(self, values: Mapping[str, Any]) -> Scenario:
        """Today's scenario with other values at dotted paths (``levers.caps.per_week``); made once, then remembered."""
        for path in values:
            if is_settled(path):
                raise ValueError(f"{path} is settled for the whole run: a decision cannot change it")
        return self.plan.scenario(more=values)

    def step(self) -> None:
        """Write today's terms."""
        market = self.market
        self.scales = {}
        scenario, cells = market.before, market.cells
        if market.day >= 1:
            self.plan.advance(market.day, lambda name, window: reading(market, name, window))
            self.scales = self.plan.scales()
            scenario = self._decided()
            cells = tuple(self.plan.scenario(k + 1) for k in range(len(market.cells)))
            active = len(self.plan.active)
            market.book.ledger[market.row, len(market.names.stages) - 2, 0, 0, M.alarm_days] += active
        if scenario is not market.in_force or any(
            a is not b for a, b in zip(cells, market.cells, strict=True)
        ):
            market.adopt(scenario, cells)
        book, shut = market.book, market.firm.shut
        rewards = book.rewards_left
        if market.scenario.levers.budget is not None and market.day >= 1:
            most = (
                0 if "referral" in shut else max(0, min(market.firm.left("referral"), market.firm.free // 2))
            )
            rewards[:] = np.minimum(rewards, most)
        set_day(market.terms, market.week, market.day, market.first_day, book.stock_left, book.budget_left, rewards,
                market.effects.demand)  # fmt: skip
        set_effects(market.terms, market.week, market.effects, market.firm.entry_trust, self.scales, shut)
        set_launches_today(market.terms, market.in_force, market.names, market.date, book.adopters.tolist(),
                           int(book.counts[N_LIVE]))  # fmt: skip

    def _decided(self) -> Scenario:
        """What `decide` says, as far as it can be carried out in this world."""
        market = self.market
        if type(self).decide is Brand.decide:
            return self.plan.scenario()
        try:
            scenario = self.decide(market.day)
        except Exception as error:
            if market.scenario.brand is None:
                raise
            raise failed(market.scenario.brand, error, f"the brand failed on day {market.day}") from error
        mine, own = getattr(scenario, "levers", None), self.plan.scenario().levers
        if mine is None:
            raise _refused(market.scenario, f"decide returned {type(scenario).__name__}, not a scenario",
                           "Return super().decide(day), or self.change({path: value}).")  # fmt: skip
        for part in ("touches", "offers", "sources"):
            if getattr(mine, part).keys() != getattr(own, part).keys():
                raise _refused(market.scenario, f"decide returned other {part} than the scenario has",
                               f"Name all {part} in the scenario; let decide change numbers only.")  # fmt: skip
        return self._capped(scenario, own.caps)

    def _capped(self, scenario: Scenario, caps: Any) -> Scenario:
        """`scenario`, with caps no looser than those of the strategy as it is written."""
        mine = scenario.levers.caps
        tight = {
            name: min(getattr(mine, name), getattr(caps, name))
            for name in ("per_day", "per_week", "per_month")
        }
        if all(getattr(mine, name) == value for name, value in tight.items()):
            return scenario
        levers = scenario.levers.model_copy(update={"caps": mine.model_copy(update=tight)})
        return scenario.model_copy(update={"levers": levers})


def _refused(scenario: Scenario, message: str, cure: str) -> InputError:
    return InputError(Problem(scenario.brand or "brand", message, cure, where="brand"))


__all__ = ["Brand", "Plan", "improves", "reading", "sounds"]
