"""CDNOW, the literature's own data: fitted on 39 weeks, scored on the next 39, through the real engine.

The slow tests fit and run 20 seeds; the light one takes stored parameters and 5 seeds, with bars that leave
room for its noise. Day 0 is 1997-01-01, calibration days 0 to 272, holdout days 273 to 545.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simlab.lab.fit import fit
from simlab.lab.fit_laws import Laws
from simlab.lab.fit_result import FitResult
from simlab.lab.gamma_gamma import GammaGamma
from simlab.lab.logs import Log, read_log
from simlab.lab.loyal_core import CoreFit
from simlab.lab.pareto_nbd import ParetoNBD
from tests import cdnow

needs_data = pytest.mark.skipif(cdnow.cdnow_path("master") is None, reason=cdnow.REASON)
pytestmark = needs_data

GRID = ParetoNBD(0.58338269, 77.525881, 0.75585255, 75.561533, core=0.14490722)
"""Fitted on days 0 to 272 of the master file by `fit_core`; the slow test fits anew."""
BASKETS = GammaGamma(6.275359, 3.62445, 14.983687)


def read(which: str, folder: Path) -> Log:
    path = folder / f"cdnow_{which}.csv"
    cdnow.write_csv(which, path)
    return read_log(path, calibrate_until=cdnow.CALIBRATION_END)


def show(result: FitResult) -> None:
    print()
    for name, value in result.scores.items():
        print(f"  {name:24s} {value:+.4f}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cdnow")


def test_light(folder: Path) -> None:
    """Stored parameters, 5 seeds: the engine still tells CDNOW's story."""
    grid = replace(GRID, cov_log=np.diag([0.028, 0.026, 0.1, 0.17]) ** 2)
    core = CoreFit(grid, GRID, (grid,), np.array([1.0]), 0.09, 0.007, 0.33)
    laws = Laws(grid, GRID, core, GRID, BASKETS)
    result = fit(read("master", folder), laws=laws, start_from_log=True, name="cdnow", seeds=5,
                 out_folder=folder / "light")  # fmt: skip
    show(result)
    scores = result.scores
    assert result.log["customers"] == 23_570
    assert (result.log["repeats"], result.log["held_out_repeats"]) == (24_337, 19_684)
    assert abs(scores["holdout_total"]) <= 0.11
    assert abs(scores["cumulative"]) <= 0.045
    assert scores["weekly_mape"] <= 0.16
    assert scores["histogram_tv"] <= 0.03
    assert scores["by_x_forward"] <= 0.145
    assert scores["by_x_from_log"] <= 0.135
    assert 0.4 < scores["spearman_forward"] < 0.6


@pytest.fixture(scope="module")
def master(folder: Path) -> FitResult:
    result = fit(
        read("master", folder), start_from_log=True, name="cdnow", seeds=20, out_folder=folder / "master"
    )
    show(result)
    return result


@pytest.mark.slow
def test_parameters(master: FitResult) -> None:
    """The stored parameters of the light test are what the fit finds."""
    grid, baskets = master.laws.grid, master.laws.baskets
    for name in ("r", "alpha", "s", "beta", "core"):
        assert getattr(grid, name) == pytest.approx(getattr(GRID, name), rel=2e-3), name
    for name in ("p", "q", "gamma"):
        assert getattr(baskets, name) == pytest.approx(getattr(BASKETS, name), rel=2e-3), name


@pytest.mark.slow
def test_aggregate_tracking(master: FitResult) -> None:
    assert abs(master.scores["holdout_total"]) <= 0.095
    assert abs(master.scores["cumulative"]) <= 0.035
    assert master.scores["weekly_mape"] <= 0.15


@pytest.mark.slow
def test_frequency_histogram(master: FitResult) -> None:
    assert master.scores["histogram_tv"] <= 0.03


@pytest.mark.slow
def test_conditional_expectation(master: FitResult) -> None:
    print(master.tables["by_x"].round(3).to_string(index=False))
    assert master.scores["by_x_forward"] <= 0.135
    assert master.scores["by_x_from_log"] <= 0.125


@pytest.mark.slow
def test_rank_correlation_on_the_sample(folder: Path) -> None:
    result = fit(read("sample", folder), start_from_log=True, name="cdnow-sample", seeds=20,
                 out_folder=folder / "sample")  # fmt: skip
    show(result)
    assert 0.40 <= result.scores["spearman_forward"] <= 0.60
    assert 0.40 <= result.scores["spearman_from_log"] <= 0.60
