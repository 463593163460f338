"""Today's terms as far as sources and events make them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.events import Event
from simlab.scenario.schema import Scenario
from simlab.scenario.sources import Source
from simlab.world.contact_terms import month_cap
from simlab.world.draws import name_hash
from simlab.world.numerics import power
from simlab.world.records import WAY, Terms

if TYPE_CHECKING:
    from simlab.world.terms import Names
    from simlab.world.week import Week

FIRST = 3
"""Number of the first source of the scenario's own."""


def money(yuan: float) -> int:
    """Yuan to whole fen."""
    return round(yuan * 100)


def hook_gain(source: Source, scenario: Scenario) -> float:
    """Relative gain of joins through a source's hook."""
    b, hook = scenario.behaviour.acquisition, source.hook
    most = b.freebie_gain if hook.kind == "freebie" else b.useful_gain
    return most * hook.value / (hook.value + b.half_hook) if hook.value > 0 else 0.0


def ways_of(scenario: Scenario, names: Names) -> NDArray[np.void]:
    """(C,) what each source means for those who come by it; the first three mean nothing."""
    ways = np.zeros(len(names.sources), WAY)
    for name in ("need", "deal", "basket", "tolerance", "lifetime"):
        ways[name] = 1.0
    for number, name in enumerate(names.sources):
        source = scenario.levers.sources.get(name)
        ways["name"][number] = name_hash("source:" + name)
        if number < FIRST or source is None:
            continue
        for trait in ("need", "deal", "basket", "tolerance", "lifetime", "trust"):
            ways[trait][number] = getattr(source, trait)
        gain = hook_gain(source, scenario)
        if source.hook.kind == "freebie":
            ways["hunters"][number] = gain / (1.0 + gain) * scenario.behaviour.acquisition.freebie_hunters
        ways["fee"][number], ways["elsewhere"][number] = source.revenue_share, source.own_anyway
        ways["entry_cost"][number] = money(source.join_cost) + (money(source.hook.cost) if gain > 0 else 0)
    return ways


@dataclass(frozen=True)
class Happening:
    """An event that goes on today: how strong it is, and whether this is its first day."""

    event: Event
    strength: float
    begins: bool


@dataclass(frozen=True)
class Effects:
    """What all that goes on today changes; factors are 1 on a calm day."""

    demand: tuple[float, ...] = ()
    defection: float = 1.0
    deal: float = 1.0
    execution: float = 1.0
    quota: int | None = None
    trust: float = 0.0
    fine: int = 0
    source_cost: Mapping[str, float] = field(default_factory=dict)
    source_click: Mapping[str, float] = field(default_factory=dict)


CALM = Effects()


def dated(event: Event, date: datetime.date) -> Happening | None:
    """A dated event on a date; None before and after it, and for a random one."""
    if event.first is None or event.last is None or not event.first <= date <= event.last:
        return None
    since = (date - event.first).days
    return Happening(event, strength(event, since), since == 0)


def strength(event: Event, since: int) -> float:
    """How far a factor has grown `since` days after the first: in a straight line over the ramp."""
    return min(1.0, (since + 1) / event.ramp) if event.ramp else 1.0


def effects_of(happenings: Iterable[Happening], sources: Collection[str]) -> Effects:
    """What today's events change together: factors multiply, the tightest quota holds, fines add up."""
    going = list(happenings)
    if not going:
        return CALM

    def factor(name: str, of: Iterable[Happening] = going) -> float:
        total = 1.0
        for h in of:
            total *= 1.0 + (getattr(h.event, name) - 1.0) * h.strength
        return total

    def on(source: str) -> list[Happening]:
        return [h for h in going if h.event.sources is None or source in h.event.sources]

    trust = 0.0
    for h in going:
        if h.begins and h.event.trust != 0.0:
            trust = trust + h.event.trust * (1.0 - abs(trust))
    quotas = [h.event.quota_per_month for h in going if h.event.quota_per_month is not None]
    return Effects(
        demand=tuple(
            h.event.demand if h.strength >= 1.0 else 1.0 + (h.event.demand - 1.0) * h.strength for h in going
        ),
        defection=factor("defection"), deal=factor("deal"), execution=factor("execution"),
        quota=min(quotas) if quotas else None, trust=trust,
        fine=sum(money(h.event.fine) for h in going if h.begins),
        source_cost={name: factor("source_cost", on(name)) for name in sources},
        source_click={name: factor("source_click", on(name)) for name in sources},
    )  # fmt: skip


def price_factor(source: Source, scenario: Scenario, day: int, effects: Effects, name: str) -> float:
    """Today's cost of an exposure or click, relative: inflation since day 1, events, precise aiming."""
    value = effects.source_cost.get(name, 1.0) * (
        1.0 + scenario.behaviour.acquisition.precision_premium * source.precision
    )
    if source.inflation != 0.0 and day > 1:
        value *= float(power(1.0 + source.inflation, (day - 1) / 365.0))
    return value


def set_effects(
    terms: Terms, week: Week, effects: Effects, entry_trust: float, scales: Mapping[str, float],
    shut: Collection[str],
) -> None:  # fmt: skip
    """Write into today's terms what events change, how alarms scale touches, and what has no budget left."""
    for now, cell in zip(terms.now, week.cells, strict=True):
        month = month_cap(cell)
        now["cap_month"] = month if effects.quota is None else min(month, effects.quota)
        now["execution"] = cell.levers.caps.execution * effects.execution
        now["elasticity"] = cell.behaviour.price.elasticity * effects.deal
        now["defection"], now["trust_shock"] = effects.defection, effects.trust
        now["entry_trust"] = entry_trust
    rarer: dict[int, float] = {}
    for k, (cell, numbers) in enumerate(week.own if scales else ()):
        for name, touch in cell.levers.touches.items():
            factor = scales.get(name, scales.get(touch.kind, 1.0))
            if factor != 1.0:
                for number in numbers.copies(name):
                    rarer[number] = factor
                    terms.rates[k, number] *= factor
    for record, row in zip(terms.rules, week.rules, strict=True):  # what automation plans, too
        record["share"] = row.rule.share * (0.0 if "touches" in shut else rarer.get(row.touch, 1.0))
    if "touches" in shut:
        terms.rates[:] = 0.0
    if "offers" in shut:
        terms.offers["open"] = 0
