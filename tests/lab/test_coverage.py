"""Intervals cover and chances are calibrated: a twentieth of docs/validation/interval_coverage.py."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

FILE = Path(__file__).parents[2] / "docs" / "validation" / "interval_coverage.py"


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_study", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_study_finds_what_is_known(coverage: ModuleType) -> None:
    """Normal differences: 400 comparisons, each statement with false alarm 1e-4."""
    values = np.random.default_rng(1).normal(0.3, 2, 5000 + 400 * 20)
    found = coverage.study(values, 400)
    assert stats.binomtest(round(400 * found.fixed), 400, 0.95).pvalue > 1e-4
    assert stats.binomtest(round(400 * found.precise), 400, 0.95, "less").pvalue > 1e-4
    for count, said, was in found.deciles:
        assert count > 5
        assert stats.binomtest(round(count * was), count, said).pvalue > 1e-4 / 10
    page = coverage.page({"made up": found}, len(values))
    assert "covers the truth" in page
    assert page.count("\n| 0.") == 10


@pytest.mark.slow
def test_intervals_of_real_worlds_cover(coverage: ModuleType) -> None:
    """50 comparisons of two arms, truth from 250 seeds; false alarm 1e-4 where coverage is 95 %."""
    found = coverage.study(coverage.differences(250 + 50 * 20), 50, truth_seeds=250)
    assert stats.binomtest(round(50 * found.fixed), 50, 0.95).pvalue > 1e-4
    assert stats.binomtest(round(50 * found.precise), 50, 0.95, "less").pvalue > 1e-4
    said = sum(count * mean for count, mean, _ in found.deciles if count)
    was = sum(count * share for count, _, share in found.deciles if count)
    assert abs(said - was) < 4 * np.sqrt(50 / 4)
