"""Who goes to the final: the best by the surface, and with limits some that can be certified."""

from __future__ import annotations

import numpy as np
import pytest

from simlab.lab.choice import Final, finalists, half_width
from simlab.lab.planner import Trial
from simlab.lab.runs import Run
from simlab.lab.search import beyond, text_of
from simlab.lab.space import Space
from simlab.lab.surrogate import Surrogate
from simlab.scenario.experiments import Lever
from simlab.scenario.outcomes import Constraint

SPACE = Space((Lever("levers.push.active.per_week", "float", 0.0, 8.0, current=1.0),))
LIMIT = Constraint(outcome="mute_rate", op="<=", limit=1.0)
BASE = [Run(0, seed, {"mute_rate": 0.5 + 0.3 * (-1) ** seed}) for seed in range(1, 7)]
"""Standard deviation between seeds: 0.33."""


def trials(constrained: bool) -> list[Trial]:
    """More touches are better, and make more people mute: at 4 a week the limit is reached."""
    found = []
    for number, x in enumerate(np.linspace(0, 8, 41)):
        kept = {text_of(LIMIT): beyond(x / 4, LIMIT)} if constrained else {}
        found.append(Trial(number, {"levers.push.active.per_week": float(x)}, (10.0 * x,), kept))
    return found


def choose(constraints: tuple[Constraint, ...], seeds: int = 20) -> list[float]:
    good = trials(bool(constraints))
    points = SPACE.unit([t.params for t in good])
    surfaces = {"customer_equity": Surrogate.fit(points, [t.values[0] for t in good])}
    for c in constraints:
        surfaces[text_of(c)] = Surrogate.fit(points, [t.constraints[text_of(c)] for t in good])
    final = Final(8, seeds, 6, BASE)
    chosen = finalists(good, SPACE, surfaces, {"customer_equity": "maximise"}, constraints, final)
    return [t.params["levers.push.active.per_week"] for t in chosen]


def test_without_limits_the_best_go() -> None:
    assert choose(()) == pytest.approx(np.linspace(8, 6.6, 8))


def test_with_a_limit_some_are_far_enough_from_it_to_be_certified() -> None:
    rates = np.array(choose((LIMIT,))) / 4
    assert len(set(rates)) == 8
    assert rates[0] == pytest.approx(1.0, abs=0.06)  # somebody takes it to the edge
    surface = Surrogate.fit([[0.0], [1.0]], [0.0, 0.0])
    width = half_width(LIMIT, surface, Final(8, 20, 6, BASE), 1)
    assert width == pytest.approx(0.33, abs=0.02)  # 4.5 standard errors of 20 seeds
    assert (rates <= 1 - width).sum() >= 3
    assert (np.diff(rates) < 0).all()


def test_more_seeds_need_less_distance() -> None:
    assert min(choose((LIMIT,), seeds=200)) > min(choose((LIMIT,), seeds=20))


def test_where_no_strategy_keeps_the_limit_the_nearest_go() -> None:
    impossible = Constraint(outcome="mute_rate", op="<=", limit=0.0001)
    good = [
        Trial(t.number, t.params, t.values, {text_of(impossible): beyond(0.2 + t.values[0] / 40, impossible)})
        for t in trials(False)
    ]
    points = SPACE.unit([t.params for t in good])
    surfaces = {
        "customer_equity": Surrogate.fit(points, [t.values[0] for t in good]),
        text_of(impossible): Surrogate.fit(points, [t.constraints[text_of(impossible)] for t in good]),
    }
    found = finalists(
        good, SPACE, surfaces, {"customer_equity": "maximise"}, (impossible,), Final(3, 20, 6, BASE)
    )
    assert [t.number for t in found] == [0, 1, 2]
