"""Worlds on the evening before day 1, kept for the next strategy: a search lives the same past again and again.

Up to day 0 everybody lives under the current strategy, whatever is tried afterwards (`simlab.lab.past`). So a seed's
past is the same for all strategies; a process that meets it a second time keeps it, and goes on from copies of it.
The bytes are those of a world lived from its first day.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from simlab.lab.ground import Ground, data_stamps
from simlab.lab.past import same_people
from simlab.scenario import Scenario, world_digest
from simlab.world.market import Market
from simlab.world.terms import names_of

MOST_BYTES = 64_000_000
"""Of pasts that are kept at once in a process: four of 20,000 people, as many as a search has seeds."""
PATIENCE = 200
"""Worlds after which a kept past that none of them asked for makes room; before, those that came first stay."""
MOST_SEEN = 10_000
"""Pasts that are remembered to have been met once."""

Key = tuple[str, int, int, int]
EachDay = Callable[[int], None] | None


class Pasts:
    """The pasts of one process."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.kept: OrderedDict[Key, Market] = OrderedDict()
        self.asked: dict[Key, int] = {}
        self.guests: dict[Key, Market | None] = {}
        self.seen: OrderedDict[Key, None] = OrderedDict()
        self.worlds = 0
        self.busy = threading.Lock()

    def market(
        self, scenario: Scenario, seed: int, ground: Ground, before: Scenario | None, threads: int = 1
    ) -> Market:
        """A world to be run: from its first day, or, where its past was met before, from the evening of day 0."""

        def new() -> Market:
            return Market(scenario, seed, ground.graph, ground.base, before, threads=threads)

        key = key_of(scenario, seed, ground, before or scenario)
        if key is None:
            return new()
        with self.busy:
            self.worlds += 1
            if key in self.kept:
                self.kept.move_to_end(key)
                self.asked[key] = self.worlds
                return self.kept[key].fork(scenario)
            if (guest := self.guests.get(key)) is not None:
                return guest.fork(scenario)
            expected = key in self.guests
            first = key not in self.seen
            self.seen[key] = None
            if len(self.seen) > MOST_SEEN:
                self.seen.popitem(last=False)
        market = new()
        if not expected and (first or size_of(market) > self.most):
            return market
        while market.day < 0:
            market.step()
        with self.busy:
            if expected:
                if key in self.guests and self.guests[key] is None:
                    self.guests[key] = market.fork(scenario)
            elif key not in self.kept and self._has_room(size_of(market)):
                self.kept[key], self.asked[key] = market.fork(scenario), self.worlds
        return market

    @contextmanager
    def together(self, key: Key | None) -> Iterator[None]:
        """While worlds of one past are run one after another: it is lived once, and let go with the last of them."""
        if key is None or key in self.guests:
            yield
            return
        self.guests[key] = None
        try:
            yield
        finally:
            with self.busy:
                guest = self.guests.pop(key)
                if guest is not None:
                    guest.release()

    def _has_room(self, size: int) -> bool:
        """Whether one more can be kept; those whom nobody asked for of late go."""
        while sum(map(size_of, self.kept.values())) + size > self.most:
            oldest = next(iter(self.kept), None)
            if oldest is None or self.asked[oldest] > self.worlds - PATIENCE:
                return False
            self.kept.pop(oldest).release()
        return True


def key_of(scenario: Scenario, seed: int, ground: Ground, before: Scenario) -> Key | None:
    """What names the past of a world; None where it has none of its own to share."""
    name = name_of(scenario, before)
    return None if name is None else (name, scenario.horizon, seed, id(ground.graph))


def name_of(scenario: Scenario, before: Scenario) -> str | None:
    """What names a past, whatever the seed; None where it is not worth sharing, or hangs on what comes after it."""
    plain = scenario.brand is None and before.brand is None and scenario.warmup.days > 0
    alike = same_people(scenario, before) and names_of(scenario, (), before) == names_of(before)
    if not plain or not alike:
        return None
    return world_digest(before, dict(data_stamps(before)))


def size_of(past: Market) -> int:
    """Bytes that a kept past holds: its people, its book, and of the ledger the days that were lived."""
    days = past.scenario.warmup.days
    arrays = [past.users, *past.outside, *(part for part in past.book if part is not past.book.ledger)]
    return sum(int(part.nbytes) for part in arrays) + past.book.ledger[:days].nbytes


_pasts = Pasts()


def market_of(
    scenario: Scenario, seed: int, ground: Ground, before: Scenario | None, threads: int = 1, each_day: EachDay = None
) -> Market:  # fmt: skip
    """A world to be run, from the first day that nobody has lived yet; `each_day` is told of those before it."""
    market = _pasts.market(scenario, seed, ground, before, threads)
    if each_day is not None:
        for done in range(1, market.row + 2):
            each_day(done)
    return market


def together(
    scenario: Scenario, seed: int, ground: Ground, before: Scenario | None
) -> AbstractContextManager[None]:
    """While worlds of this one's past are run one after another; see `Pasts.together`."""
    return _pasts.together(key_of(scenario, seed, ground, before or scenario))
