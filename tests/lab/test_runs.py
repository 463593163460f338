"""Runs: pure functions that leave nothing behind in memory."""

from __future__ import annotations

import gc
import weakref

import mesa
import numpy as np

from simlab.lab import pasts, runs
from simlab.lab.ground import ground_of
from simlab.scenario import load, with_values

SMALL = with_values(
    load("default").scenario,
    {"population.members": 100, "population.prospects": 200, "horizon": 30, "warmup.days": 5},
)


def test_a_finished_run_keeps_no_market_alive(monkeypatch: object) -> None:
    alive: list[weakref.ref[mesa.Model]] = []
    arrays: list[weakref.ref[np.ndarray]] = []
    whole = pasts.Market

    def watched(*arguments: object, **more: object) -> mesa.Model:
        market = whole(*arguments, **more)
        alive.append(weakref.ref(market))
        arrays.append(weakref.ref(market.book.ledger))
        return market

    ground = ground_of(SMALL)
    monkeypatch.setattr(pasts, "Market", watched)  # type: ignore[attr-defined]
    found = [runs.simulate(SMALL, seed, ground) for seed in (1, 2, 3)]
    assert all(ref() is None for ref in arrays)  # at once, without waiting for the collector
    gc.collect()
    assert all(ref() is None for ref in alive)
    assert found[0].outcomes != found[1].outcomes


def test_a_run_is_a_pure_function() -> None:
    ground = ground_of(SMALL)
    one, two = (runs.simulate(SMALL, 7, ground) for _ in range(2))
    assert one.outcomes.keys() == two.outcomes.keys()
    np.testing.assert_array_equal(list(one.outcomes.values()), list(two.outcomes.values()))
    for name, frame in one.tables.items():
        assert frame.equals(two.tables[name])


def test_the_digest_knows_what_matters() -> None:
    first = runs.run_digest(SMALL, [1, 2], 0)
    assert runs.run_digest(SMALL, [1, 2], 0) == first
    for other in (
        runs.run_digest(SMALL, [1, 3], 0),
        runs.run_digest(SMALL, [1, 2], 4),
        runs.run_digest(with_values(SMALL, {"economics.margin": 0.4}), [1, 2], 0),
        runs.run_digest(SMALL.model_copy(update={"name": "Other"}), [1, 2], 0),
    ):
        assert other != first
