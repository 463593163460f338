"""Pareto/NBD: published estimates, the grid against brute force and simulation, recovery, posteriors."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, kstest
from scipy.stats import gamma as gamma_law

from simlab.lab import continuous_law, grid_law
from simlab.lab.logs import read_log
from simlab.lab.pareto_nbd import ParetoNBD, fit_continuous, fit_grid
from simlab.scenario.errors import InputError
from tests import cdnow

LAW = ParetoNBD(0.6, 8.0, 0.5, 6.0)  # brisk, so that small worlds have many orders and many deaths
CORE = ParetoNBD(0.6, 8.0, 0.5, 6.0, core=0.2)
needs_cdnow = pytest.mark.skipif(cdnow.cdnow_path("master") is None, reason=cdnow.REASON)


@cache
def summary(which: str) -> pd.DataFrame:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        cdnow.write_csv(which, path)
        return read_log(path, calibrate_until=cdnow.CALIBRATION_END).summary()


def simulate(law: ParetoNBD, n: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Day by day, as the grid is defined: x, t_x, alive at the start of day n + 1, lambda."""
    size = n.size
    lam = rng.gamma(law.r, 1 / law.alpha, size)
    mu = np.where(rng.random(size) < law.core, 0.0, rng.gamma(law.s, 1 / law.beta, size))
    x, t_x, alive = np.zeros(size, int), np.zeros(size, int), np.ones(size, bool)
    for day in range(1, int(n.max()) + 1):
        watched = day <= n
        order = watched & alive & (rng.random(size) < -np.expm1(-lam))
        x, t_x = x + order, np.where(order, day, t_x)
        alive &= ~watched | (rng.random(size) < np.exp(-mu))
    return x, t_x, alive, lam


@needs_cdnow
@pytest.mark.parametrize(
    ("which", "values", "loglik"),
    [
        ("sample", (0.553, 10.578, 0.606, 11.669), -9595.0),
        ("master", (0.5974, 11.586, 0.522, 8.828), -95415.1),
    ],
)
def test_published_continuous_fit(which: str, values: tuple[float, ...], loglik: float) -> None:
    rows = summary(which)
    fit = fit_continuous(rows["frequency"], rows["recency"] / 7, rows["T"] / 7)
    assert (fit.r, fit.alpha, fit.s, fit.beta) == pytest.approx(values, rel=1e-3)
    assert fit.loglik == pytest.approx(loglik, abs=0.05)
    assert (fit.unit, fit.law, fit.customers, fit.notes) == ("weeks", "continuous", len(rows), ())
    with pytest.raises(ValueError, match="in days"):
        fit.p_x(10, 5)


@needs_cdnow
def test_grid_fit_of_the_sample_and_its_holdout() -> None:
    rows = summary("sample")
    fit = fit_grid(rows["frequency"], rows["recency"], rows["T"])
    assert (fit.r, fit.alpha, fit.s, fit.beta) == pytest.approx((0.5383, 70.342, 0.5961, 77.195), rel=1e-3)
    assert fit.loglik == pytest.approx(-14340.853, abs=0.01)
    assert (fit.se_r, fit.se_alpha, fit.se_s) == pytest.approx((0.0458, 5.62, 0.179), rel=0.02)
    assert fit.notes == ()
    # Expected histogram of repeat orders against 1411 439 214 100 62 38 29 64.
    counts = rows["T"].value_counts()
    expected = counts.to_numpy() @ fit.p_x(counts.index.to_numpy(), 6)
    actual = np.bincount(np.minimum(rows["frequency"], 7))
    model = np.append(expected, len(rows) - expected.sum())
    assert 0.5 * np.abs(model - actual).sum() / len(rows) < 0.03
    later = fit.expected_orders(rows["T"] + 273) - fit.expected_orders(rows["T"])
    assert later.sum() / 1882 - 1 == pytest.approx(-0.0697, abs=0.002)
    from_log = fit.conditional_expected_orders(rows["frequency"], rows["recency"], rows["T"], 273)
    assert from_log.sum() / 1882 - 1 == pytest.approx(-0.120, abs=0.002)


@needs_cdnow
def test_grid_maximum_of_the_master() -> None:
    """The master's fit takes seconds; that its result is the maximum takes one evaluation."""
    rows = summary("master")
    table = grid_law.group(rows["frequency"], rows["recency"], rows["T"])
    nodes = grid_law.make_nodes(int(table.x.max()), int(table.n.max()))
    point = (0.584734, 77.56821, 0.511860, 57.60253)
    loglik, slopes = grid_law.log_likelihoods(table, nodes, *point, gradient=True)
    assert table.count @ loglik == pytest.approx(-142427.0855, abs=0.001)
    assert slopes is not None
    assert np.abs(table.count @ slopes).max() < 0.05  # one unit of log-likelihood per log parameter


@pytest.mark.parametrize("law", [LAW, CORE], ids=["plain", "core"])
def test_grid_likelihood_against_every_pattern_of_orders(law: ParetoNBD) -> None:
    """All 2^n patterns and all days of death for n <= 6, rates integrated by adaptive quadrature."""

    def moment(power_p: int, power_q: int) -> float:  # E[p^a q^b]; u = lambda^r takes the pole out
        def integrand(u: float) -> float:
            lam = u ** (1 / law.r)
            return float((-np.expm1(-lam)) ** power_p * np.exp(-lam * (power_q + law.alpha)))

        scale = law.alpha**law.r / law.r / float(gamma_law.pdf(1, law.r) * np.e) ** -1
        return scale * quad(integrand, 0, 12, epsabs=1e-14, epsrel=1e-11, limit=400)[0]

    def alive(k: int) -> float:
        return law.core + (1 - law.core) * (law.beta / (law.beta + k)) ** law.s

    for n in (1, 3, 6):
        chances: dict[tuple[int, int], float] = {}
        for pattern in product((0, 1), repeat=n):
            x, last = sum(pattern), max((k + 1 for k in range(n) if pattern[k]), default=0)
            total = alive(n - 1) * moment(x, n - x)
            for death in range(max(last, 1), n):
                total += (alive(death - 1) - alive(death)) * moment(x, death - x)
            chances[x, last] = total  # the same for every pattern with this x and last day
        size = dict.fromkeys(chances, 0)
        for pattern in product((0, 1), repeat=n):
            size[sum(pattern), max((k + 1 for k in range(n) if pattern[k]), default=0)] += 1
        assert sum(chances[key] * size[key] for key in chances) == pytest.approx(1, abs=1e-9)
        x, last = np.array(list(chances)).T
        ours = np.exp(law.log_likelihood(x, last, np.full(x.size, n)))
        assert ours == pytest.approx(list(chances.values()), rel=1e-8)
        counted = [sum(chances[k] * size[k] for k in chances if k[0] == count) for count in range(n + 1)]
        assert law.p_x(n, n) == pytest.approx(counted, rel=1e-8)
    assert law.log_likelihood([0], [0], [0])[0] == 0


def test_hundreds_of_orders_stay_finite_and_match_quadrature() -> None:
    x, t_x, n = 700, 990, 1000

    def log_integrand(log_lam: float) -> float:
        lam = np.exp(log_lam)
        days = np.arange(t_x, n)
        died = -np.diff(LAW.p_alive_at(np.arange(t_x - 1, n)))
        bracket = (died * np.exp(-lam * (days - n))).sum() + LAW.p_alive_at(n - 1)
        prior = gamma_law.logpdf(lam, LAW.r, scale=1 / LAW.alpha) + log_lam
        return float(x * np.log(-np.expm1(-lam)) - lam * (n - x) + np.log(bracket) + prior)

    top = log_integrand(np.log(1.2))
    area = quad(lambda v: np.exp(log_integrand(v) - top), -1, 1.2, epsrel=1e-10, limit=200)[0]
    assert LAW.log_likelihood([x], [t_x], [n])[0] == pytest.approx(top + np.log(area), abs=1e-7)
    every = LAW.log_likelihood([0, 1, 400, 1000], [0, 1, 1000, 1000], [1000] * 4)
    assert np.all(np.isfinite(every))
    assert np.all(every < 0)


def test_gradient_matches_differences() -> None:
    table = grid_law.group([0, 1, 3, 12, 0], [0, 5, 30, 40, 0], [9, 50, 44, 40, 0])
    nodes = grid_law.make_nodes(12, 50)
    point = np.log([0.6, 8.0, 0.5, 6.0])
    _, slopes = grid_law.log_likelihoods(table, nodes, *np.exp(point), 0.2, gradient=True)
    for i, d in enumerate(np.eye(4) * 1e-5):
        up, _ = grid_law.log_likelihoods(table, nodes, *np.exp(point + d), 0.2)
        down, _ = grid_law.log_likelihoods(table, nodes, *np.exp(point - d), 0.2)
        assert slopes is not None
        assert slopes[:, i] == pytest.approx((up - down) / 2e-5, abs=1e-8)


@pytest.mark.parametrize("values", [(0.55, 10.6, 0.6, 11.7), (0.4, 3.0, 1.7, 90.0), (2.0, 50.0, 0.2, 0.1)])
def test_continuous_likelihood_against_quadrature(values: tuple[float, float, float, float]) -> None:
    r, alpha, s, beta = values
    for x, t_x, length in ((0, 0.0, 30.0), (3, 12.5, 30.0), (3, 30.0, 30.0), (400, 29.0, 30.0)):
        ends = quad(
            lambda y, x=x, t_x=t_x: (
                ((alpha + t_x) / (alpha + y)) ** (r + x) * s * beta**s * (beta + y) ** -(s + 1)
            ),
            t_x,
            length,
            epsrel=1e-12,
            points=[t_x + (length - t_x) * f for f in (1e-3, 1e-2, 0.1)] if length > t_x else None,
        )[0]
        stays = ((alpha + t_x) / (alpha + length)) ** (r + x) * (beta / (beta + length)) ** s
        front = r * np.log(alpha) - (r + x) * np.log(alpha + t_x)
        front += sum(np.log(r + i) for i in range(x))
        ours = continuous_law.log_likelihoods(*(np.array([float(v)]) for v in (x, t_x, length)), *values)[0]
        assert ours == pytest.approx(front + np.log(ends + stays), abs=1e-8)


@pytest.mark.parametrize("law", [LAW, CORE], ids=["plain", "core"])
def test_counts_and_means_against_simulation(law: ParetoNBD) -> None:
    """200,000 customers over 40 days. Chi-square and z tests, false alarm 1e-4 each."""
    size, days = 200_000, 40
    x, _, alive, _ = simulate(law, np.full(size, days), np.random.default_rng(1))
    chances = law.p_x(days, days)
    assert chances.sum() == pytest.approx(1, abs=1e-10)
    assert chances @ np.arange(days + 1) == pytest.approx(law.expected_orders(days), rel=1e-9)
    assert law.p_x([0, 1, 40], 40).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-10)
    assert law.p_x(1, 1)[1] == pytest.approx(law.p_order, rel=1e-9)
    cut = int(np.argmax(np.cumsum(chances[::-1]) * size > 20))  # cells of at least 20 expected
    top = days - cut
    expected = size * np.append(chances[:top], chances[top:].sum())
    seen = np.bincount(np.minimum(x, top), minlength=top + 1)
    assert ((seen - expected) ** 2 / expected).sum() < chi2.isf(1e-4, top)
    p = law.p_alive_at(days)
    assert abs(alive.mean() - p) < 3.9 * np.sqrt(p * (1 - p) / size)
    assert abs(x.mean() - law.expected_orders(days)) < 3.9 * x.std() / np.sqrt(size)


@pytest.mark.parametrize("law", [LAW, CORE], ids=["plain", "core"])
def test_what_a_history_says_against_simulation(law: ParetoNBD) -> None:
    """P(alive), future orders and lambda given alive, in groups of histories; false alarm 1e-4 in all."""
    size, horizon = 100_000, 30
    rng = np.random.default_rng(2)
    n = rng.integers(15, 40, size)
    x, t_x, alive, lam = simulate(law, n, rng)
    told = law.posterior(x, t_x, n)
    ahead = law.conditional_expected_orders(x, t_x, n, horizon)
    # the future, exactly as the law says given lambda and being alive: a fresh mu from its posterior
    mu = rng.gamma(told.mu_shape, 1 / told.mu_rate)
    mu[rng.random(size) < told.p_core] = 0.0
    with np.errstate(divide="ignore"):
        life = 1 + np.floor(rng.exponential(size=size) / mu)
    future = np.where(alive, rng.binomial(np.minimum(life, horizon).astype(int), -np.expm1(-lam)), 0)
    idle = n - t_x
    groups = np.minimum(x, 4) * 2 + (idle > 10)
    for g in np.unique(groups):
        here = groups == g
        p = told.p_alive[here]
        assert abs((alive[here] - p).sum()) < 4.4 * np.sqrt((p * (1 - p)).sum())
        assert abs((future[here] - ahead[here]).sum()) < 4.6 * future[here].std() * np.sqrt(here.sum())
    # lambda | alive: ranks are uniform where the gamma form is good (lambda of .2 a day: 0.3 % low)
    calm = alive & (x / n < 0.2)
    ranks = gamma_law.cdf(lam[calm], told.lambda_shape[calm], scale=1 / told.lambda_rate[calm])
    assert kstest(ranks[:20_000], "uniform").statistic < 0.02


@pytest.mark.parametrize(("x", "n", "off"), [(9, 272, 1e-4), (40, 272, 2.5e-3), (150, 300, 0.05)])
def test_error_of_the_gamma_posterior(x: int, n: int, off: float) -> None:
    """The gamma posterior's mean rate is low by about lambda^2 / 12."""
    law = ParetoNBD(0.58, 77.5, 0.51, 57.6)

    def weight(lam: float, power: int) -> float:
        log = (law.r - 1 + power) * np.log(lam) - (law.alpha + n - x) * lam + x * np.log(-np.expm1(-lam))
        return float(np.exp(log - x * np.log(x / n) + x))

    exact = quad(weight, 1e-9, 5, (1,), limit=400, points=[x / n])[0]
    exact /= quad(weight, 1e-9, 5, (0,), limit=400, points=[x / n])[0]
    told = law.posterior([x], [n], [n])
    share = float(told.lambda_shape[0] / told.lambda_rate[0]) / exact - 1
    assert -off < share < 0
    assert share == pytest.approx(-(exact**2) / 12, rel=0.25)


def test_closed_forms() -> None:
    assert LAW.expected_orders(0) == 0
    assert LAW.expected_orders([1, 2]) == pytest.approx(
        LAW.p_order * np.array([1, 1 + (6 / 7) ** 0.5]), rel=1e-12
    )
    near, one = ParetoNBD(0.6, 8, 1 + 1e-7, 6), ParetoNBD(0.6, 8, 1, 6)
    assert near.expected_orders(50, "continuous") == pytest.approx(one.expected_orders(50, "continuous"))
    slow = ParetoNBD(0.6, 8e4, 0.5, 6e4)  # with rare orders and deaths the two laws agree
    assert slow.expected_orders(400) == pytest.approx(slow.expected_orders(400, "continuous"), rel=1e-4)
    assert LAW.expected_orders([[1, 2], [3, 4]]).shape == (2, 2)


@pytest.mark.parametrize("truth", [LAW, ParetoNBD(0.5, 40, 0.8, 30)], ids=["brisk", "calm"])
def test_refit_recovers_the_parameters(truth: ParetoNBD) -> None:
    """10,000 customers: joint Wald test, chi-square with 4 degrees of freedom, false alarm 1e-4."""
    rng = np.random.default_rng(7)
    n = rng.choice([40, 50, 60], 10_000)
    x, t_x, _, _ = simulate(truth, n, rng)
    fit = fit_grid(x, t_x, n)
    assert fit.notes == ()
    assert fit.cov_log is not None
    off = np.log([fit.r / truth.r, fit.alpha / truth.alpha, fit.s / truth.s, fit.beta / truth.beta])
    assert off @ np.linalg.solve(fit.cov_log, off) < chi2.isf(1e-4, 4)
    assert 0 <= fit.loglik - truth.log_likelihood(x, t_x, n).sum() < chi2.isf(1e-4, 4) / 2
    assert fit.se_r == pytest.approx(fit.r * np.sqrt(fit.cov_log[0, 0]))


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(InputError, match="no customer orders again"):
        fit_grid([0, 0], [0, 0], [10, 12])
    for x, t_x, n in (([3], [2], [9]), ([1], [9], [8]), ([0], [1], [8]), ([1.5], [2], [8]), ([-1], [0], [8])):
        with pytest.raises(ValueError, match=r"impossible history|whole numbers"):
            fit_grid(x, t_x, n)
    with pytest.raises(ValueError, match="same length"):
        fit_grid([1, 2], [3], [9])
    with pytest.raises(ValueError, match="histories need"):
        fit_continuous([1], [np.nan], [5])
    with pytest.raises(ValueError, match="positive"):
        ParetoNBD(0.5, np.nan, 1, 1)
    with pytest.raises(ValueError, match="core"):
        ParetoNBD(0.5, 1, 1, 1, core=1)
    with pytest.raises(ValueError, match="whole days"):
        LAW.p_x(1.5, 3)
