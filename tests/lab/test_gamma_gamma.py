"""Gamma-Gamma: published estimates, closed forms, recovery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma as gamma_law
from scipy.stats import kstest

from simlab.lab.gamma_gamma import GammaGamma, fit_gamma_gamma
from simlab.lab.logs import read_log
from simlab.scenario.errors import InputError
from tests import cdnow

LAW = GammaGamma(6.25, 3.74, 15.44)
needs_cdnow = pytest.mark.skipif(cdnow.cdnow_path("master") is None, reason=cdnow.REASON)


@needs_cdnow
@pytest.mark.parametrize(
    ("which", "size", "p", "q", "gamma", "loglik", "mean", "correlation"),
    [
        ("sample", 946, 6.250, 3.744, 15.444, -4055.9, 35.17, 0.114),
        ("master", 9450, 6.275, 3.624, 14.984, None, 35.83, 0.080),
    ],
)
def test_published_fit(
    tmp_path: Path,
    which: str,
    size: int,
    p: float,
    q: float,
    gamma: float,
    loglik: float | None,
    mean: float,
    correlation: float,
) -> None:
    cdnow.write_csv(which, tmp_path / "log.csv")
    rows = read_log(tmp_path / "log.csv", calibrate_until=cdnow.CALIBRATION_END).summary()
    fit = fit_gamma_gamma(rows["frequency"], rows["monetary_value"])
    assert fit.customers == size
    assert (fit.p, fit.q, fit.gamma) == pytest.approx((p, q, gamma), abs=0.002)
    assert fit.population_mean == pytest.approx(mean, abs=0.005)
    if loglik is not None:
        assert fit.loglik == pytest.approx(loglik, abs=0.05)
    paid = rows[rows["monetary_value"] > 0]
    assert np.corrcoef(paid["frequency"], paid["monetary_value"])[0, 1] == pytest.approx(
        correlation, abs=1e-3
    )
    assert 0 < fit.se_p < p
    assert fit.cov_log is not None
    assert np.linalg.eigvalsh(fit.cov_log).min() > 0


def test_density_integrates_to_one_and_mixes_two_gammas() -> None:
    def density(m: float, x: int) -> float:
        return float(np.exp(LAW.log_likelihood([x], [m])[0]))

    for x in (1, 4, 60):
        total = quad(density, 0, 500, (x,), points=[30, 100], limit=200)[0]
        assert total + quad(density, 500, np.inf, (x,))[0] == pytest.approx(1, abs=1e-6)

    def mixed(nu: float) -> float:
        return float(
            gamma_law.pdf(20.0, 3 * LAW.p, scale=1 / (3 * nu)) * gamma_law.pdf(nu, LAW.q, scale=1 / LAW.gamma)
        )

    assert density(20.0, 3) == pytest.approx(quad(mixed, 0, 3, points=[0.3, 1])[0], rel=1e-7)


def test_posterior_and_conditional_mean() -> None:
    shape, rate = LAW.posterior_rate([0, 3], [np.nan, 50.0])
    assert shape == pytest.approx([LAW.q, LAW.q + 3 * LAW.p])
    assert rate == pytest.approx([LAW.gamma, LAW.gamma + 150])
    means = LAW.conditional_mean([0, 3, 10**6], [np.nan, 50.0, 50.0])
    assert means[0] == pytest.approx(LAW.population_mean)
    assert LAW.population_mean < means[1] < 50
    assert means[2] == pytest.approx(50, rel=1e-5)  # many orders: the customer's own mean
    assert GammaGamma(2, 0.9, 1).population_mean == np.inf
    assert GammaGamma(2, 0.9, 1).conditional_mean([0], [np.nan])[0] == np.inf


def test_refit_recovers_the_parameters() -> None:
    """Each estimate within 4.1 of its standard errors: a false alarm of about 1e-4 in all."""
    rng = np.random.default_rng(20240601)
    x = 1 + rng.poisson(1.5, 20_000)
    nu = rng.gamma(LAW.q, 1 / LAW.gamma, x.size)
    mean = rng.gamma(LAW.p * x, 1 / (nu * x))
    fit = fit_gamma_gamma(x, mean)
    assert fit.notes == ()
    assert fit.cov_log is not None
    log_error = np.log([fit.p / LAW.p, fit.q / LAW.q, fit.gamma / LAW.gamma])
    assert np.all(np.abs(log_error) < 4.1 * np.sqrt(np.diag(fit.cov_log)))
    assert 0.9 < fit.loglik / LAW.log_likelihood(x, mean).sum() <= 1
    # The posterior is calibrated: nu's rank in it is uniform (Kolmogorov-Smirnov, false alarm 1e-4).
    shape, rate = LAW.posterior_rate(x, mean)
    assert kstest(gamma_law.cdf(nu, shape, scale=1 / rate), "uniform").pvalue > 1e-4


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(InputError, match="two customers"):
        fit_gamma_gamma([1, 0], [5.0, np.nan])
    with pytest.raises(InputError, match="different mean"):
        fit_gamma_gamma([1, 2, 3], [5.0, 5.0, 5.0])
    with pytest.raises(ValueError, match="finite mean"):
        fit_gamma_gamma([1, 2, 3], [5.0, -5.0, 2.0])
    with pytest.raises(ValueError, match="same length"):
        fit_gamma_gamma([1, 2, 3], [5.0])
    with pytest.raises(ValueError, match="positive"):
        GammaGamma(1, 2, -1)


def test_free_orders_are_left_out_and_told() -> None:
    fit = fit_gamma_gamma([1, 2, 2, 1, 3], [4.0, 0.0, 5.0, 9.0, 7.0])
    assert fit.customers == 4
    assert any("free orders" in note for note in fit.notes)
