"""What two bodies of one world, engine and twin, did: brought to one form, and compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios import World
from simlab.world.market import Market
from simlab.world.metrics import METRICS
from simlab.world.records import EVENT_NAMES, USER
from simlab.world.twin import TwinMarket
from simlab.world.twin_diary import COHORT_COLUMNS

MEMOS = {"stage_until"}
"""Fields in which the engine remembers work that it need not do again; the twin does it every day."""


@dataclass(frozen=True)
class Story:
    """All that a run leaves: events, tables without their zeros, and the final records."""

    events: list[tuple[int, ...]]
    ledger: dict[tuple[int, ...], int]
    cohorts: dict[tuple[Any, ...], int]
    flows: dict[tuple[int, ...], int]
    users: NDArray[np.void]


def _cells(table: NDArray[np.int64]) -> dict[tuple[int, ...], int]:
    return {tuple(int(k) for k in cell): int(table[tuple(cell)]) for cell in np.argwhere(table)}


def engine_story(world: World) -> Story:
    """The engine's run."""
    market = Market(**world.arguments(), log_events=True).run()
    ledger = {(row + market.first_day, *cell): n for (row, *cell), n in _cells(market.book.ledger).items()}
    cohorts = {
        (month, age, COHORT_COLUMNS[k]): n for (month, age, k), n in _cells(market.book.cohorts).items()
    }
    events = [tuple(row) for row in market.events().tolist()]
    return Story(events, ledger, cohorts, _cells(market.book.flows), market.users)


def twin_story(world: World, body: type[TwinMarket] = TwinMarket) -> Story:
    """The twin's run."""
    twin = body(**world.arguments()).run()
    diary = twin.diary

    def without_zeros(counter: Counter[Any]) -> dict[Any, int]:
        return {cell: n for cell, n in counter.items() if n}

    events = [tuple(row) for row in diary.event_table().tolist()]
    counted = (without_zeros(table) for table in (diary.ledger, diary.cohorts, diary.flows))
    return Story(events, *counted, twin.users())


def difference(engine: Story, twin: Story) -> str:
    """The first things that differ, in words; empty if nothing does."""
    found = []
    theirs = set(engine.events)
    for day, user, code, value in sorted(theirs ^ set(twin.events))[:5]:
        who = "engine" if (day, user, code, value) in theirs else "twin"
        found.append(f"day {day}, user {user}: only the {who} has {EVENT_NAMES[code]} {value}")
    if engine.events != twin.events and not found:
        found.append("the same events in other numbers")
    for name in ("ledger", "cohorts", "flows"):
        one, two = getattr(engine, name), getattr(twin, name)
        for cell in sorted(k for k in one.keys() | two.keys() if one.get(k, 0) != two.get(k, 0))[:5]:
            label = (*cell[:-1], METRICS[cell[-1]]) if name == "ledger" else cell
            found.append(f"{name} {label}: engine {one.get(cell, 0)}, twin {two.get(cell, 0)}")
    for field in sorted(set(USER.names or ()) - MEMOS):
        one, two = engine.users[field], twin.users[field]
        # by value: where the twin adds nothing to -0.0 it has 0.0, and the engine does not add nothing
        if (differ := np.flatnonzero(one != two)).size:
            i = differ[0]
            found.append(f"user {i}: {field} is {one[i]} in the engine, {two[i]} in the twin")
    return "\n".join(found)
