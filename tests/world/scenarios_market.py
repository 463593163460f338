"""Random sources, events, budgets, phases and alarms, laid over a random world."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from simlab.scenario import Scenario
from simlab.scenario.adaptive import READINGS
from simlab.scenario.schema import WEEKDAYS
from simlab.scenario.sources import Source
from simlab.world.draws import Purpose, day_key, name_hash, named_uniform, user_key
from simlab.world.metrics import M
from simlab.world.records import Event
from simlab.world.terms import fen

if TYPE_CHECKING:
    from collections.abc import Callable

    from test_conservation import Run

    from scenarios import World

ACQUISITION = {
    "useful_gain": (0, 5), "freebie_gain": (0, 10), "half_hook": (1, 30), "freebie_hunters": (0, 1),
    "precision_premium": (0, 3), "ugc_gain": (0, 5), "half_ugc": (1, 300), "ugc_half_life": (1, 60),
    "brand_trust": (0, 1), "brand_gain": (0, 5), "half_brand": (1, 100), "brand_half_life": (1, 100),
}  # fmt: skip


def with_market(rng: random.Random, world: World) -> World:
    """The world with whatever of the market it happens to get; the rest of it stays as it was."""
    if rng.random() < 0.2:
        return world
    scenario = world.scenario
    days = scenario.warmup.days + scenario.horizon
    levers = scenario.levers.model_dump()
    sources = list(levers["sources"])
    if world.before is not None:  # what an event or a share names must be there in both
        sources = [name for name in sources if name in world.before.levers.sources]
    content = scenario.model_dump()
    content["behaviour"]["acquisition"] = {k: round(rng.uniform(*v), 2) for k, v in ACQUISITION.items()}
    content["calendar"]["events"] = [
        *content["calendar"]["events"],
        *(_event(rng, k, scenario.start, days, sources) for k in range(rng.randint(0, 4))),
    ]
    firm: dict[str, Any] = {
        "brand_building": {"per_day": rng.choice([0.0, 5.0, 50.0])},
        "prevention": {
            e["name"]: rng.choice([0.0, 3.0, 20.0])
            for e in content["calendar"]["events"]
            if e["random"] and e["random"]["half_prevention"] and rng.random() < 0.7
        },
    }
    if rng.random() < 0.4:
        known = ["touches", "offers", "referral", "programme", *sources]
        chosen = rng.sample(known, rng.randint(0, len(known)))
        firm["budget"] = {
            "total": rng.choice([3.0, 50.0, 300.0, 2000.0]),
            "shares": {name: rng.choice([0.02, 0.1, 1.0 / len(known)]) for name in chosen},
        }
    segments = list(content["population"]["segments"])

    def made(own: dict[str, Any]) -> dict[str, Any]:
        return (
            own
            | firm
            | {"sources": {k: _source(rng, v, k, sources, segments) for k, v in own["sources"].items()}}
        )

    before = world.before
    if before is not None:
        before = Scenario.model_validate(content | {"levers": made(before.levers.model_dump())})
    content["levers"] = made(levers)
    content["levers"] |= {"phases": _phases(rng, days, sources), "alarms": _alarms(rng, sources, levers)}
    content["levers"]["loop"] = _loop(rng, days, sources)
    return replace(world, scenario=Scenario.model_validate(content), before=before)


FIRM = ("sources", "brand_building", "prevention", "budget", "phases", "alarms", "loop")
"""What test cells share."""


def _event(rng: random.Random, k: int, start: datetime.date, days: int, sources: list[str]) -> dict[str, Any]:
    event: dict[str, Any] = {
        "name": f"turn {k}", "ramp": rng.choice([0, 0, 5]), "demand": rng.choice([1, 0.5, 3]),
        "defection": rng.choice([1, 0, 5]), "deal": rng.choice([1, 0.2, 2]), "source_cost": rng.choice([1, 0.3, 4]),
        "source_click": rng.choice([1, 0, 3]), "execution": rng.choice([1, 1, 0.4]),
        "quota_per_month": rng.choice([None, None, 0, 2]), "trust": rng.choice([0, -0.7, 0.5]),
        "fine": rng.choice([0, 0, 123.45]), "random": None,
        "sources": [rng.choice(sources)] if sources and rng.random() < 0.4 else None,
    }  # fmt: skip
    if rng.random() < 0.5:
        half = rng.choice([None, 2.0])
        event["random"] = {
            "per_year": rng.choice([5, 40]),
            "days": rng.randint(1, 9),
            "half_prevention": half,
        }
    else:
        event["first"] = start + datetime.timedelta(days=rng.randint(-days, days))
        event["last"] = event["first"] + datetime.timedelta(days=rng.randint(0, 15))
    return event


def _source(
    rng: random.Random, own: dict[str, Any], name: str, sources: list[str], segments: list[str]
) -> dict[str, Any]:
    """A source with more to it; half of the things are as they are by default."""
    others = [other for other in sources if other != name]
    like = rng.choice(others) if others and rng.random() < 0.5 else None
    more: dict[str, Any] = {
        "landing": rng.uniform(0.3, 1), "click_cost": rng.choice([0.01, 0.5]), "join_cost": rng.choice([0.0, 3.33]),
        "basket": rng.uniform(0.3, 3), "tolerance": rng.uniform(0.3, 3), "lifetime": rng.uniform(0.3, 3),
        "trust": rng.choice([-0.8, 0.6]), "weekdays": {day: rng.uniform(0, 2) for day in WEEKDAYS[:3]},
        "with_demand": True, "saturation": rng.choice([5.0, 200.0]), "inflation": rng.choice([-0.5, 3.0]),
        "pool": rng.choice([0.2, 0.6, 0.95]), "precision": rng.choice([0.5, 1.0]),
        "segments": {rng.choice(segments): rng.choice([0.0, 0.4, 3.0])},
        "like": like, "overlap": rng.choice([0.5, 1.0]) if like else 0.0, "known": rng.uniform(0, 1),
        "page": {"share": rng.choice([0.3, 1.0]), "lift": rng.uniform(0, 3), "cost": 12.5},
        "hook": {"kind": rng.choice(["useful", "freebie"]), "value": rng.choice([0, 30.0]), "cost": 1.5},
        "ugc": rng.uniform(0, 1), "own_anyway": rng.uniform(0, 1), "revenue_share": rng.uniform(0, 0.5),
    }  # fmt: skip
    kept = {key for key in more if rng.random() < 0.5} | ({"like", "overlap"} if like else set())
    return own | {key: value for key, value in more.items() if key in kept}


def _change(rng: random.Random, sources: list[str]) -> dict[str, Any]:
    """Other values for levers that every test cell has."""
    paths = {"levers.caps.execution": rng.choice([0.3, 1.0]), "levers.caps.per_month": 80}
    for name in sources:
        paths[f"levers.sources.{name}.pool"] = rng.choice([0.3, 1.0])
        paths[f"levers.sources.{name}.exposures"] = rng.choice([0.0, 50.0])
        paths[f"levers.sources.{name}.need"] = rng.choice([0.5, 2.0])
    paths["levers.brand_building.per_day"] = 30.0
    return {path: paths[path] for path in rng.sample(sorted(paths), rng.randint(1, len(paths)))}


def _phases(rng: random.Random, days: int, sources: list[str]) -> list[dict[str, Any]]:
    first = sorted(rng.sample(range(1, max(3, days)), rng.choice([0, 0, 1, 2])))
    return [{"day": day, "change": _change(rng, sources)} for day in first]


def _loop(rng: random.Random, days: int, sources: list[str]) -> dict[str, Any] | None:
    """Rounds so short that several are over before the end."""
    if rng.random() < 0.5:
        return None
    return {
        "metric": rng.choice(sorted(READINGS)), "better": rng.choice(["higher", "lower"]),
        "least": rng.choice([0.0, 0.2]), "every": rng.randint(2, max(2, days // 3)),
        "tries": [_change(rng, sources) for _ in range(rng.randint(1, 4))],
    }  # fmt: skip


def _alarms(rng: random.Random, sources: list[str], levers: dict[str, Any]) -> dict[str, Any]:
    touches = list(levers["touches"])
    return {
        f"alarm_{k}": {
            "metric": rng.choice(sorted(READINGS)), rng.choice(["above", "below"]): rng.choice([0.0, 0.1, 1.0, 20.0]),
            "window": rng.randint(1, 8), "lag": rng.choice([0, 0, 2]), "days": rng.randint(1, 6),
            "cooldown": rng.choice([0, 3]), "change": _change(rng, sources) if rng.random() < 0.5 else {},
            "scale": {rng.choice(touches): rng.choice([0.0, 0.5])},
        }
        for k in range(rng.choice([0, 0, 1, 2]))
    }  # fmt: skip


def by_kind(world: World) -> World:
    """The world with alarms that scale kinds of touches: test cells need not have touches of the same names."""
    alarms = {
        name: alarm.model_copy(update={"scale": {"promo": 0.4} if k % 2 else {"value": 0.0}})
        for k, (name, alarm) in enumerate(world.scenario.levers.alarms.items())
    }
    levers = world.scenario.levers.model_copy(update={"alarms": alarms})
    return replace(world, scenario=world.scenario.model_copy(update={"levers": levers}))


def sources_money(done: Run, margin: Callable[[int], int]) -> dict[M, list[tuple[int, int, int]]]:
    """(day, user, fen) of what sources take, recounted from the log: for newcomers, and of their orders."""
    market, money = done.market, {M.entry_fen: [], M.partner_fen: [], M.elsewhere_fen: []}
    cut = {(day, user): amount for day, user, _, amount in done.of(Event.REDEEM)}

    def source_of(user: int, day: int) -> tuple[str, Source | None]:
        name = market.names.sources[market.users["source"][user]]
        return name, done.scenario_on(day).levers.sources.get(name)

    for day, user, _, _ in done.of(Event.JOIN):
        _, source = source_of(user, day)
        if source is not None:
            hook = fen(source.hook.cost) if source.hook.value > 0 and _gains(done, source) else 0
            money[M.entry_fen].append((day, user, fen(source.join_cost) + hook))
    for day, user, _, amount in done.of(Event.ORDER):
        name, source = source_of(user, day)
        if source is None:
            continue
        paid = amount - cut.get((day, user), 0)
        money[M.partner_fen].append((day, user, int(paid * source.revenue_share + 0.5)))
        key = np.uint64(day_key(np.uint64(user_key(market.world, user)), day))
        label = np.uint64(name_hash("source:" + name))
        if named_uniform(key, int(Purpose.ELSEWHERE), label) < source.own_anyway:
            money[M.elsewhere_fen].append((day, user, margin(amount)))
    return money


def _gains(done: Run, source: Source) -> bool:
    b = done.market.scenario.behaviour.acquisition
    return (b.freebie_gain if source.hook.kind == "freebie" else b.useful_gain) > 0
