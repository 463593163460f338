"""How many there are of anything is a length of an array: no rule is compiled again, and people stay small."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import simlab.world
from simlab.scenario import Scenario
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.records import LINE, USER, nobody_yet
from tests.world.worlds import EVERYTHING, busy, live

SMALL = EVERYTHING | {"horizon": 12, "warmup.days": 2}
MORE: dict[str, dict[str, Any]] = {
    "touches": {
        f"levers.touches.more_{k}": {"kind": kind, "cost": 0.1, "offer": offer}
        for k, (kind, offer) in enumerate([("value", None), ("promo", "coupon"), ("task", None)])
    },
    "rules": {
        f"levers.rules.more_{k}": {"touch": "value", "clock": "idle", "after": 3 + k, "cost": 0.1} for k in range(4)
    },
    "stages": {"stages": [{"name": "keen", "when": {"orders": ">= 9"}}, *busy().model_dump(mode="json")["stages"]]},
    "schemes": {
        "schemes": {"tiers": {"places": [{"name": "gold", "when": {"spend": ">= 500"}}, {"name": "rest"}]}}
    },
    "groups": {"levers.groups.second": {"size": 10, "split_above": 15}},
    "offers": {"levers.offers.more": {"depth": 0.2, "stock": 3}},
    "sources": {"levers.sources.more": {"exposures": 40}},
    "programmes": {"levers.programmes.more": {"reward": 3, "invitee_reward": 0}},
    "channels": {"levers.channels": {"wecom": {"cost": 0.02}, "account": {"quota_per_month": 3}}},
    "segments": {"population.segments.third": {"share": 1}},
    "plans": {"levers.plans.year": {"fee": 9, "term": 30}},
    "topics": {"population.topics.books": 1},
    "teams": {"levers.teams.trio": {"offer": "coupon", "needed": 3, "days": 3}},
}  # fmt: skip
"""One thing more of a kind."""
LESS: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "no offers": {"levers.offers": {}, "levers.teams": {}, "levers.plans": {}, "levers.touches.promo.offer": None,
                  "levers.touches.gift.offer": None},
    "no company": {"levers.referral": None, "levers.programmes": {}, "levers.teams": {}, "levers.shares": {},
                   "levers.seeding": {}, "levers.response": None, "levers.monitoring": None, "crises": {}},
    "no sources": {"levers.sources": {}},
    "no groups": {"levers.groups": {}},
    "no rules": {"levers.rules": {}},
}  # fmt: skip
"""And none of it: arrays of length 0."""


def dispatchers() -> Iterator[tuple[str, Dispatcher]]:
    """Every compiled rule of the world, once."""
    for module in pkgutil.iter_modules(simlab.world.__path__, "simlab.world."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if isinstance(thing, Dispatcher) and thing.py_func.__module__ == module.name:
                yield f"{module.name}.{name}", thing


def signatures() -> dict[str, int]:
    """How often each rule has been compiled."""
    return {name: len(rule.signatures) for name, rule in dispatchers()}


@pytest.fixture(scope="module")
def compiled() -> dict[str, int]:
    live(busy(SMALL | MORE["channels"]))
    live(busy({"horizon": 12, "warmup.days": 2}), log=False)
    return signatures()


@pytest.mark.parametrize("kind", [*MORE, *LESS])
def test_another_number_of_things_compiles_nothing(kind: str, compiled: dict[str, int]) -> None:
    assert sum(compiled.values()) > 20
    live(busy(SMALL | (MORE | LESS)[kind]))
    again = {name for name, number in signatures().items() if number > compiled.get(name, 0)}
    assert not again


# Bytes ---------------------------------------------------------------------------------------

MOST_BYTES = 300
"""For each member or prospect, one source, without groups, teams and limited stocks: 192 in the record, 94 in
the day's working lists, 12 for each prospect outside; friends come on top."""
BY_PERSON = {"Market.users", "book.live", "book.roles", "book.team_size", "book.team_kind"}
"""The record, and what else has a place for everybody; at most 200 bytes together."""
LISTS = ("order_", "speaker_", "inviter_", "coupon_", "claim", "gone", "tickets", "teamed")
"""Lists of a day: room for everybody is set aside, but only as much of it is touched as there are entries."""
BY_GROUP = {"book.groups", "book.said"}


def bytes_of(people: int, step: bool = False, **more: Any) -> dict[str, int]:
    """Bytes of every array of a market, by name; after a day, where asked for."""
    content = busy(more).model_dump(mode="json")
    content["population"] |= {"members": people // 2, "prospects": people // 2}
    content["levers"] |= {"sources": {"ads": {"exposures": 60}}}
    content["levers"]["offers"]["flash"]["stock"] = None
    alone = Graph(np.zeros(people + 1, np.int64), np.zeros(0, np.int32), np.zeros(people, np.int32))
    market = Market(Scenario.model_validate(content), 1, alone)
    if step:
        market.step()
    found = {
        f"{part}.{name}": array.nbytes
        for part in ("book", "outside", "terms")
        for name, array in getattr(market, part)._asdict().items()
        if isinstance(array, np.ndarray)
    }
    for part in (market, market.groups, market.desk, market.team):
        name = type(part).__name__
        found |= {f"{name}.{key}": v.nbytes for key, v in vars(part).items() if isinstance(v, np.ndarray)}
    return found


def test_a_person_takes_few_bytes() -> None:
    few, many = bytes_of(400), bytes_of(800)
    each = {name: (size - few.get(name, 0)) / 400 for name, size in many.items() if size != few.get(name, 0)}
    print("\n".join(f"{size:6.1f} {name}" for name, size in sorted(each.items(), key=lambda item: -item[1])))
    assert each["Market.users"] == USER.itemsize <= 192
    assert sum(each.values()) <= MOST_BYTES


def test_a_record_lies_in_cache_lines_by_use() -> None:
    lines = [{name for name in USER.names if USER.fields[name][1] // LINE == line} for line in range(3)]
    assert [sum(USER.fields[name][0].itemsize for name in line) for line in lines[:2]] == [LINE, LINE]
    assert {"trust", "fatigue", "status", "stage", "life_left"} <= lines[0]
    assert {"rate", "hazard", "visits", "net", "sent_week"} <= lines[1]
    assert nobody_yet(5).ctypes.data % LINE == 0


def test_record_and_columns_take_200_bytes_with_everything_on() -> None:
    everything = (
        EVERYTHING | MORE["teams"] | MORE["groups"] | MORE["plans"] | MORE["schemes"] | MORE["channels"]
    )
    few, many = (bytes_of(people, step=True, **everything) for people in (400, 800))
    each = {name: (size - few.get(name, 0)) / 400 for name, size in many.items()}
    columns = {name: size for name, size in each.items() if size >= 0.5 and not name.startswith("outside.")}
    lists = {name for name in columns if name.removeprefix("book.").startswith(LISTS)}
    assert columns.keys() - lists - BY_GROUP == BY_PERSON
    assert sum(columns[name] for name in BY_PERSON) <= 200
