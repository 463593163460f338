"""The firm in the twin: events, phases, alarms, the one budget, the brand; said again from their meaning."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np

from simlab.scenario import Scenario, with_values
from simlab.scenario.adaptive import READINGS, Alarm
from simlab.scenario.changes import present
from simlab.scenario.events import Event
from simlab.world.amounts import fen, keep, saturating
from simlab.world.draws import Purpose, day_key, name_hash, named_uniform, user_key
from simlab.world.market_terms import CALM, Effects, Happening, effects_of
from simlab.world.metrics import M
from simlab.world.numerics import exp

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket

NO_PERSON = 2**40


class TwinFirm:
    """Everything on the brand's side that lasts longer than a day, remembered as dates and looked up when needed."""

    def __init__(self, market: TwinMarket) -> None:
        self.market = market
        self.outbreaks: dict[str, list[int]] = {}
        self.alarms_heard: dict[str, list[int]] = {}
        self.strategies: dict[tuple[object, ...], Scenario] = {}
        self.effects: Effects = CALM
        self.brand = self.written = 0.0
        self.programme_today = 0

    # What happens to everybody -----------------------------------------------------------

    def look_out(self) -> None:
        """Which events go on today."""
        scenario = self.market.scenario
        going = [h for event in scenario.calendar.events if (h := self.going(event)) is not None]
        self.effects = effects_of(going, scenario.levers.sources) if going else CALM

    def going(self, event: Event) -> Happening | None:
        """An event as it is today, if it goes on."""
        market = self.market
        if event.random is None:
            assert event.first is not None
            assert event.last is not None
            if not event.first <= market.today <= event.last:
                return None
            began = event.first
        else:
            if market.day >= 1 and self.breaks_out(event):
                self.outbreaks.setdefault(event.name, []).append(market.day)
            recent = [
                day for day in self.outbreaks.get(event.name, []) if market.day - day < event.random.days
            ]
            if not recent:
                return None
            began = market.scenario.start + datetime.timedelta(days=max(recent) - 1)
        age = (market.today - began).days
        grown = 1.0 if not event.ramp or age + 1 >= event.ramp else (age + 1) / event.ramp
        return Happening(event, grown, age == 0)

    def breaks_out(self, event: Event) -> bool:
        """Whether a random event begins today; prevention makes it rarer."""
        market = self.market
        assert event.random is not None
        rate, half = event.random.per_year / 365.0, event.random.half_prevention
        spent = market.in_force.levers.prevention.get(event.name, 0.0)
        if half is not None and spent > 0:
            rate *= half / (half + spent)
        key = np.uint64(day_key(np.uint64(user_key(market.world, NO_PERSON)), market.day))
        name = np.uint64(name_hash("event:" + event.name))
        return bool(named_uniform(key, int(Purpose.EVENT_BEGINS), name) < 1.0 - float(exp(-rate)))

    # The strategy, as time goes by --------------------------------------------------------

    def watch(self) -> None:
        """Each alarm that is not reacting, waiting to react or resting listens to what was observed until yesterday."""
        for name, alarm in self.market.scenario.levers.alarms.items():
            heard = self.alarms_heard.setdefault(name, [])
            silent = alarm.lag + alarm.days + alarm.cooldown
            if heard and self.market.day - heard[-1] < silent:
                continue
            value = self.observed(alarm)
            beyond = value is not None and (
                (alarm.above is not None and value > alarm.above)
                or (alarm.below is not None and value < alarm.below)
            )
            if beyond:
                heard.append(self.market.day)

    def observed(self, alarm: Alarm) -> float | None:
        """What an alarm watches, over its window; None where there is nothing to divide by."""
        market = self.market
        return self.watched(alarm.metric, range(max(market.first_day, market.day - alarm.window), market.day))

    def watched(self, metric_name: str, days: range) -> float | None:
        """A reading of the ledger over some days; None where there is nothing to divide by."""
        market = self.market

        def total(column: str) -> int:
            if column == "days":
                return len(days)
            metric = int(M[column])
            here = column in ("members", "reachable")
            return sum(
                amount for (day, stage, _, _, m), amount in market.diary.ledger.items()
                if m == metric and day in days and not (here and stage >= market.prospect_stage)
            )  # fmt: skip

        tops, bottoms, factor, _ = READINGS[metric_name]
        below = sum(map(total, bottoms))
        return sum(map(total, tops)) * factor / below if below else None

    def reacting(self) -> list[str]:
        """Alarms whose reaction holds today."""
        alarms, day = self.market.scenario.levers.alarms, self.market.day
        return sorted(
            name for name, heard in self.alarms_heard.items()
            if any(alarms[name].lag <= day - then < alarms[name].lag + alarms[name].days for then in heard)
        )  # fmt: skip

    def learned(self) -> dict[str, object]:
        """What plan-do-check-act holds today, judged anew from the ledger of every round so far."""
        loop, day = self.market.scenario.levers.loop, self.market.day
        if loop is None:
            return {}
        kept: dict[str, object] = {}
        measure: float | None = None
        over = (day - 1) // loop.every  # rounds that are over
        for number in range(min(over, len(loop.tries) + 1)):
            value = self.watched(loop.metric, range(number * loop.every + 1, (number + 1) * loop.every + 1))
            if number == 0:
                measure = value
            elif value is not None and measure is not None:
                margin = loop.least * abs(measure)
                if value > measure + margin if loop.better == "higher" else value < measure - margin:
                    measure = value
                    kept.update(loop.tries[number - 1])
        if 1 <= over <= len(loop.tries):
            kept.update(loop.tries[over - 1])
        return kept

    def strategy(self, written: Scenario) -> Scenario:
        """A strategy as it holds today."""
        levers, values = self.market.scenario.levers, {}
        for phase in levers.phases:
            if self.market.day >= phase.day:
                values.update(phase.change)
        values.update(self.learned())
        for name in self.reacting():
            values.update(levers.alarms[name].change)
        key = (id(written), *sorted(values.items()))
        if key not in self.strategies:
            self.strategies[key] = with_values(written, present(written, values)) if values else written
        return self.strategies[key]

    def scales(self) -> dict[str, float]:
        """Factors of cadences that alarms set today."""
        found: dict[str, float] = {}
        for name in self.reacting():
            for touch, factor in self.market.scenario.levers.alarms[name].scale.items():
                found[touch] = found.get(touch, 1.0) * factor
        return found

    # Money --------------------------------------------------------------------------------

    def spent(self, lever: str) -> dict[int, int]:
        """Fen that a lever ("" for all) has spent on each day since day 1 on which it did."""
        market = self.market
        columns = {
            "touches": {M.touch_fen}, "offers": {M.subsidy_fen}, "referral": {M.reward_fen, M.invitee_fen},
            "programme": {M.programme_fen},
        }  # fmt: skip
        sources = {source.name: source.number for source in market.sources}
        names = [*columns, *sources] if lever == "" else [lever]
        by_day: dict[int, int] = {}
        for (then, _, source, _, metric), amount in market.diary.ledger.items():
            if not 1 <= then < market.day:
                continue
            for name in names:
                if name in columns:
                    counts = metric in columns[name]
                else:
                    counts = source == sources[name] and metric in (M.acquisition_fen, M.entry_fen)
                if counts:
                    by_day[then] = by_day.get(then, 0) + amount
        return by_day

    def pot(self, lever: str) -> int | None:
        """Fen that a lever may still spend; None without a budget."""
        budget = self.market.scenario.levers.budget
        if budget is None or self.market.day < 1:
            return None
        share = 1.0 if lever == "" else budget.shares.get(lever, max(0.0, 1.0 - sum(budget.shares.values())))
        return fen(budget.total * share) - sum(self.spent(lever).values())

    def is_shut(self, lever: str) -> bool:
        """Whether another day like its largest could overrun a lever's share, or the total."""
        for name in (lever, ""):
            left = self.pot(name)
            if left is None or self.market.day < 2:
                continue
            largest = max(self.spent(name).values(), default=0)
            if left < largest:
                return True
        return False

    def of_total(self, lever: str) -> int | None:
        """What a lever may still spend of its own share and of the total."""
        own, all_ = self.pot(lever), self.pot("")
        return None if own is None or all_ is None else min(own, all_)

    def allowance(self, source: str) -> int | None:
        """What a source may spend today: its own share, and an equal part of what the sources have of the total."""
        own, half = self.pot(source), self.half_of_the_rest()
        if own is None or half is None:
            return None
        return max(0, min(own, half // max(1, len(self.market.sources))))

    def half_of_the_rest(self) -> int | None:
        """Sources share one half, rewards have the other, of what the total leaves beside today's programme, and a day
        of touches and coupons like the largest so far."""
        rest = self.pot("")
        if rest is None:
            return None
        for lever in ("touches", "offers"):
            rest -= max(self.spent(lever).values(), default=0)
        return max(0, rest - self.programme_today) // 2

    def pay(self, amount: int) -> None:
        """Programme cost of today."""
        self.market.diary.count_at(self.market.prospect_stage, 0, 0, M.programme_fen, amount)

    # Brand, and what members write ----------------------------------------------------------

    def begin_day(self) -> None:
        """The stocks fade; what members wrote yesterday and what is spent on the brand today enter them."""
        market = self.market
        b, levers = market.scenario.behaviour.acquisition, market.in_force.levers
        if market.day > market.first_day:
            members = answers = 0
            for (day, stage, _, _, metric), amount in market.diary.ledger.items():
                if day == market.day - 1:
                    members += amount if metric == M.members and stage < market.prospect_stage else 0
                    answers += amount if metric in (M.interactions, M.stories) else 0
            self.written *= keep(b.ugc_half_life)
            self.written += 1000.0 * answers / members if members else 0.0
        planned = fen(levers.brand_building.per_day) + sum(map(fen, levers.prevention.values()))
        left = self.of_total("programme")
        paid = left is None or (planned <= left and not self.is_shut("programme"))
        strength = levers.brand_building.per_day * 1000.0 / len(market.people) if paid else 0.0
        self.brand = self.brand * keep(b.brand_half_life) + (1.0 - keep(b.brand_half_life)) * strength
        self.programme_today = planned if paid else 0
        if paid:
            self.pay(planned)

    def gain(self, which: str) -> float:
        """What brand and content bring: "trust" on entry, relative gain of "joins", of "clicks"."""
        b = self.market.scenario.behaviour.acquisition
        if which == "clicks":
            return b.ugc_gain * saturating(self.written, b.half_ugc)
        return (b.brand_trust if which == "trust" else b.brand_gain) * saturating(self.brand, b.half_brand)
