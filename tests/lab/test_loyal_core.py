"""The loyal core: found where there is one, refused where the law around it has nothing left to say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simlab.lab.loyal_core import fit_core
from simlab.lab.pareto_nbd import ParetoNBD

Ints = NDArray[np.int64]


def histories(law: ParetoNBD, size: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """x, t_x, n of customers observed for 70 or 80 days, day by day."""
    rng = np.random.default_rng(seed)
    n = rng.choice([70, 80], size)
    lam = rng.gamma(law.r, 1 / law.alpha, size)
    mu = np.where(rng.random(size) < law.core, 0.0, rng.gamma(law.s, 1 / law.beta, size))
    x, t_x, alive = np.zeros(size, int), np.zeros(size, int), np.ones(size, bool)
    for day in range(1, 81):
        order = (day <= n) & alive & (rng.random(size) < -np.expm1(-lam))
        x, t_x = x + order, np.where(order, day, t_x)
        alive &= rng.random(size) < np.exp(-mu)
    return x, t_x, n


def test_a_core_is_found_where_there_is_one() -> None:
    """5,000 customers, a quarter of them for ever: 4 standard deviations, false alarm about 1e-4."""
    found = fit_core(*histories(ParetoNBD(0.8, 10, 1.2, 12, core=0.25), 5_000, seed=8))
    assert abs(found.fit.core - 0.25) < 4 * found.se_core
    assert 0.005 < found.se_core < 0.1
    assert found.low < found.fit.core < found.high
    assert found.weights.sum() == pytest.approx(1)
    assert found.plain.core == 0
    assert found.fit.loglik > found.plain.loglik + 10
    laws = found.draw(200, seed=1)
    assert np.mean([law.core for law in laws]) == pytest.approx(found.fit.core, abs=0.05)
    assert laws == found.draw(200, seed=1)


def test_a_core_around_customers_who_are_all_alike_is_refused() -> None:
    """With one lifetime rate for everybody else, s runs to its bound: the plain law is returned."""
    found = fit_core(*histories(ParetoNBD(0.8, 10, 5_000, 50_000, core=0.3), 4_000, seed=3))
    assert found.fit.core == 0
    assert found.fit.s == found.plain.s
    assert any("was refused" in note for note in found.fit.notes)
