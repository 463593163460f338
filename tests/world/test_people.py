"""Births: traits as specified whatever the homophily, a little change moves everybody a little.

Samples for distribution tests are people who share no friend and are no friends, so that
they are independent; each test's false-alarm rate is 1e-4, under fixed seeds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simlab.scenario import Scenario, with_values
from simlab.world.graph import Graph, build
from simlab.world.people import BASE_COLUMNS, Base, born, presence
from simlab.world.records import LEFT, MEMBER, NEVER, PROSPECT

FALSE_ALARM = 1e-4
N = 40_000
SEEDS = range(1, 6)
DAY = 365.0
PLAIN: dict[str, Any] = {
    "name": "Plain",
    "population": {
        "members": 10_000,
        "prospects": N - 10_000,
        "segments": {
            "all": {
                "orders": {"shape": 0.7, "per_year": 4},
                "lifetime": {"shape": 0.6, "scale": 200},
                "basket": {"mean": 150, "p": 5, "q": 4},
                "deal": 1.3,
            }
        },
    },
}


def scenario(**values: Any) -> Scenario:
    plain = Scenario.model_validate(PLAIN)
    return with_values(plain, {key.replace("__", "."): value for key, value in values.items()})


@cache
def friends() -> Graph:
    return build("communities", N, 6.0, seed=3, community_size=60)


@cache
def strangers() -> NDArray[np.int64]:
    """People at distance three or more from one another: they share nothing."""
    graph = friends()
    taken = np.zeros(N, bool)
    chosen = []
    for i in range(N):
        near = graph.neighbours(i)
        if not taken[i] and not taken[near].any():
            chosen.append(i)
            taken[near] = True
            taken[i] = True
    return np.array(chosen)


@cache
def people(homophily: float, seed: int) -> NDArray[np.void]:
    return born(scenario(population__homophily=homophily), friends(), seed).users


def along_links(values: NDArray[np.float64]) -> float:
    """Rank correlation along the links, in standard errors under independence (which are 1 / sqrt(links))."""
    graph = friends()
    score = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    ends = np.repeat(np.arange(N), graph.degrees)
    return float(np.sum(score[ends] * score[graph.indices]) / 2 / np.sqrt(graph.n_links))


LAWS = {
    "rate": stats.gamma(0.7, scale=4 / DAY / 0.7),
    "hazard": stats.gamma(0.6, scale=1 / 200),
    "basket_rate": stats.gamma(4, scale=1 / (15_000 * (4 - 1) / 5)),
    "deal": stats.gamma(1.0, scale=1.3),
    "sociability": stats.lognorm(0.5),
    "inv_tolerance": stats.lognorm(1.0),
    "life_left": stats.expon(),
}


@pytest.mark.parametrize("homophily", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("trait", list(LAWS))
def test_traits_are_as_specified_whatever_the_homophily(trait: str, homophily: float) -> None:
    sample = np.concatenate([people(homophily, seed)[trait][strangers()] for seed in SEEDS])
    assert len(sample) > 10_000
    assert stats.kstest(sample.astype(float), LAWS[trait].cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("homophily", [0.0, 0.5])
def test_segments_have_their_shares_whatever_the_homophily(homophily: float) -> None:
    three = scenario(population__homophily=homophily).model_dump()
    one = three["population"]["segments"].pop("all")
    three["population"]["segments"] = {k: {**one, "share": n} for k, n in (("a", 5), ("b", 3), ("c", 2))}
    mixed = Scenario.model_validate(three)
    seen = sum(
        np.bincount(born(mixed, friends(), s).users["segment"][strangers()], minlength=3) for s in SEEDS
    )
    assert stats.chisquare(seen, np.array([0.5, 0.3, 0.2]) * seen.sum()).pvalue > FALSE_ALARM


@pytest.mark.parametrize("trait", ["rate", "hazard", "basket_rate", "deal"])
def test_friends_are_alike_with_homophily_and_not_without(trait: str) -> None:
    assert abs(along_links(people(0.0, 1)[trait])) < 4.5  # false-alarm rate 7e-6
    alike = along_links(people(0.5, 1)[trait]) / np.sqrt(friends().n_links)
    assert 0.25 < alike < 0.6
    assert along_links(people(0.2, 1)[trait]) / np.sqrt(friends().n_links) < alike


@pytest.mark.parametrize("trait", ["sociability", "inv_tolerance", "life_left"])
def test_what_friends_do_not_share(trait: str) -> None:
    assert abs(along_links(people(0.5, 1)[trait])) < 4.5


def test_traits_of_one_person_do_not_know_of_each_other() -> None:
    users = people(0.0, 1)
    for one in LAWS:
        for other in LAWS:
            if one < other:
                r = stats.spearmanr(users[one], users[other]).statistic
                assert abs(r) < 4.5 / np.sqrt(N), (one, other)  # false-alarm rate 7e-6 each
    needy = stats.spearmanr(users["rate"], users["visits"]).statistic
    assert 0.3 < needy < 0.6  # but those who need more come more often


CHANGES = {
    "population.segments.all.orders.per_year": (4.2, "rate"),
    "population.segments.all.orders.shape": (0.72, "rate"),
    "population.segments.all.lifetime.scale": (190, "hazard"),
    "population.segments.all.lifetime.shape": (0.62, "hazard"),
    "population.segments.all.basket.mean": (155, "basket_rate"),
    "population.segments.all.basket.q": (4.2, "basket_rate"),
    "population.segments.all.deal": (1.35, "deal"),
    "behaviour.price.deal_shape": (1.05, "deal"),
    "behaviour.attention.tolerance_spread": (1.05, "inv_tolerance"),
    "behaviour.activity.sociability_spread": (0.52, "sociability"),
    "behaviour.trust.spread": (0.105, "affinity"),
}


@pytest.mark.parametrize("path", list(CHANGES))
def test_a_changed_trait_moves_everybody_a_little_and_draws_nobody_anew(path: str) -> None:
    value, trait = CHANGES[path]
    before = people(0.5, 1)
    after = born(with_values(scenario(population__homophily=0.5), {path: value}), friends(), 1).users
    order = np.argsort(before[trait], kind="stable")
    assert np.all(np.diff(np.log(after[trait][order])) > -1e-6)  # nobody overtakes, but by float32's rounding
    middle = order[N // 20 : -N // 20]
    moved = after[trait][middle] / before[trait][middle]
    assert not np.array_equal(after[trait], before[trait])
    assert np.all(np.abs(np.log(moved)) < 0.35)
    follows = {  # what leans on need, or on tolerance, goes with it
        "rate": {"visits", "receptive"},
        "inv_tolerance": {"inv_half_activity"},
        "affinity": {"inv_affinity"},
    }
    for other in before.dtype.names:
        if other not in {trait, *follows.get(trait, ())}:
            assert after[other].tobytes() == before[other].tobytes(), other


def test_more_members_are_the_same_members_and_some_more() -> None:
    few, many = people(0.5, 1), born(scenario(population__members=12_000), friends(), 1).users
    assert int((few["status"] == MEMBER).sum()) == 10_000
    assert int((many["status"] == MEMBER).sum()) == 12_000
    assert np.all(many["status"][few["status"] == MEMBER] == MEMBER)
    assert np.array_equal(few["rate"], many["rate"])
    assert set(np.unique(few["status"])) == {PROSPECT, MEMBER}
    assert LEFT not in few["status"]


def test_a_loyal_core_never_ends_by_itself_and_the_others_are_as_they_were() -> None:
    with_core = {"population.homophily": 0.5, "population.segments.all.lifetime.core": 0.3}
    users = born(with_values(scenario(), with_core), friends(), 1).users
    loyal = users["hazard"] == 0
    assert abs(loyal.mean() - 0.3) < 4.5 * np.sqrt(0.3 * 0.7 / N)  # false-alarm rate 7e-6
    assert np.array_equal(users["hazard"][~loyal], people(0.5, 1)["hazard"][~loyal])


def test_the_core_grows_with_tenure() -> None:
    """Who is still here after long is more likely loyal: core / (core + (1 - core) S(tenure))."""
    loyal = {
        "population.segments.all.lifetime.core": 0.3,
        "population.tenure": TENURE,
        "population.homophily": 0,
    }
    users = born(with_values(scenario(), loyal), friends(), 1).users
    users = users[(users["status"] == MEMBER) & (users["alive"] == 1)]
    survived = (200 / (200 - users["joined"].astype(float))) ** 0.6
    p = 0.3 / (0.3 + 0.7 * survived)
    assert abs(((users["hazard"] == 0) - p).sum()) < 4.5 * np.sqrt((p * (1 - p)).sum())  # 7e-6


def test_a_share_of_people_opted_in() -> None:
    reachable = 1 - born(scenario(population__opted_in=0.7), friends(), 1).users["muted"].astype(float)
    assert abs(reachable.mean() - 0.7) < 4.5 * np.sqrt(0.7 * 0.3 / N)  # false-alarm rate 7e-6


# History -----------------------------------------------------------------------------------------

TENURE, WARMUP = 700, 30


@cache
def old_members() -> NDArray[np.void]:
    """Members of several worlds; without homophily, so that all are independent."""
    aged = scenario(population__tenure=TENURE, population__homophily=0.0, warmup__days=WARMUP)
    users = np.concatenate([born(aged, friends(), seed).users for seed in SEEDS])
    return users[users["status"] == MEMBER]


def test_todays_members_have_a_past_that_hangs_together() -> None:
    u = old_members()
    start = -WARMUP
    assert np.all((u["joined"] <= start) & (u["joined"] > start - TENURE))
    bought = u["orders"] > 0
    assert 0.2 < bought.mean() < 0.9
    assert np.all(u["last_order"][~bought] == NEVER)
    assert np.all(u["spend"][~bought] == 0)
    assert np.all(u["spend"][bought] > 0)
    assert np.all((u["last_order"] >= u["joined"])[bought])
    assert np.all(u["last_order"][bought] <= start)
    assert np.all((u["last_seen"] >= u["last_order"])[bought])
    assert np.all((u["last_seen"] >= u["joined"]) & (u["last_seen"] <= start))
    assert np.all((u["alive"] == 1) == (u["life_left"] > 0))


def test_tenures_and_the_living_are_those_of_steady_arrivals() -> None:
    """Everybody joined at a constant rate, and may have gone: who is left, by tenure, and how many live."""
    u = old_members()
    here, living = presence(TENURE, 0.6, 200.0, 0.0, scenario().behaviour.opt_out.exit)
    here = here / here.sum()
    tenure = -WARMUP - u["joined"].astype(int)
    seen = np.bincount(tenure // 35, minlength=TENURE // 35)
    assert stats.chisquare(seen, here.reshape(-1, 35).sum(1) * len(u)).pvalue > FALSE_ALARM
    expected = living[tenure]
    z = (u["alive"] - expected).sum() / np.sqrt((expected * (1 - expected)).sum())
    assert abs(z) < 4.5  # false-alarm rate 7e-6
    assert here[0] > here[-1]


def test_survivors_hazards_are_what_survival_leaves() -> None:
    """Gamma(s, beta) given survival of a tenure is Gamma(s, beta + tenure): KS."""
    u = old_members()
    u = u[u["alive"] == 1]
    tenure = -WARMUP - u["joined"].astype(float)
    ranks = stats.gamma.cdf(u["hazard"] * (200 + tenure), 0.6)
    assert stats.kstest(ranks, "uniform").pvalue > FALSE_ALARM


def test_past_orders_are_poisson_over_the_living_time() -> None:
    u = old_members()
    u = u[u["alive"] == 1]
    mean = u["rate"].astype(float) * (-WARMUP - u["joined"])
    z = (u["orders"] - mean).sum() / np.sqrt(mean.sum())
    assert abs(z) < 4.5  # false-alarm rate 7e-6
    idle = u["orders"] == 0
    z = (idle - np.exp(-mean)).sum() / np.sqrt((np.exp(-mean) * (1 - np.exp(-mean))).sum())
    assert abs(z) < 4.5


# Today's customers from a log --------------------------------------------------------------------


def test_known_customers_come_as_they_are_and_their_latent_values_from_the_posterior() -> None:
    known = 5_000
    one = {"tenure": 300.0, "since_order": 40.0, "orders": 4.0, "spend": 60_000.0, "p_alive": 0.7,
           "need_shape": 4.6, "need_rate": 370.0, "lifetime_shape": 0.6, "lifetime_rate": 500.0,
           "basket_shape": 26.0, "basket_rate": 70_000.0, "p_core": 0.2}  # fmt: skip
    assert tuple(one) == BASE_COLUMNS
    rows = np.tile(np.array(list(one.values())), (known, 1))
    rows[: known // 2, BASE_COLUMNS.index("orders")] = 0
    users = born(scenario(warmup__days=10), friends(), 1, Base(rows)).users
    base, rest = users[:known], users[known:]
    assert np.all(base["status"] == MEMBER)
    assert np.all(rest["status"] == PROSPECT)
    assert np.all(base["joined"] == -310)
    assert np.all(base["last_seen"] == -50)
    assert np.array_equal(base["orders"], rows[:, 2].astype(int))
    assert np.all(base["spend"] == 60_000)
    assert np.all(base["last_order"] == np.where(base["orders"] > 0, -50, NEVER))
    mortal = base["hazard"] > 0
    assert abs(mortal.mean() - 0.8) < 4.5 * np.sqrt(0.8 * 0.2 / known)
    for field, shape, rate in (("rate", 4.6, 370.0), ("hazard", 0.6, 500.0), ("basket_rate", 26.0, 70_000.0)):
        sample = base[field][mortal].astype(float)
        assert stats.kstest(sample, stats.gamma(shape, scale=1 / rate).cdf).pvalue > FALSE_ALARM
    z = (base["alive"].mean() - 0.7) / np.sqrt(0.7 * 0.3 / known)
    assert abs(z) < 4.5
    assert np.array_equal(base["alive"] == 1, base["life_left"] > 0)
