"""Test cells: several strategies live side by side in one world, and each user feels only the own one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simlab.scenario import InputError, Scenario
from simlab.world.market import Market
from simlab.world.records import MEMBER, USER
from tests.world.worlds import NO_STAFF, busy, graph_of, live, same_bytes, tell

ALONE: dict[str, Any] = {  # nobody affects anybody: no invitations, contagion, shared pots or sources
    "levers.referral": None,
    "levers.sources": {},
    "levers.offers": {"coupon": {"depth": 0.15}, "flash": {"depth": 0.3}},
    "behaviour.contagion.friend": 0,
    "behaviour.contagion.inviter": 0,
    **NO_STAFF,
}


def halves(scenario: Scenario) -> NDArray[np.uint8]:
    """Everybody in cell 0 or 1, one after the other."""
    return (np.arange(graph_of(scenario).n) % 2).astype(np.uint8)


def experiment(scenario: Scenario, *cells: Scenario, assignment: NDArray[np.uint8] | None = None) -> Market:
    """One seeded world under several strategies, lived to its end."""
    if assignment is None:
        assignment = halves(scenario)
    return Market(scenario, 1, graph_of(scenario), log_events=True, cells=cells, assignment=assignment).run()


def test_a_user_record_is_no_larger() -> None:
    assert USER.itemsize <= 200


def test_two_cells_with_one_strategy_are_a_plain_run() -> None:
    """To the last byte, with finite stocks and budgets, too: the same words are the same pot."""
    scenario = busy()
    plain, test = live(scenario), experiment(scenario, busy(), busy())
    assert test.users["cell"].any()
    test.users["cell"] = 0
    assert same_bytes(plain, test)
    assert tell(plain) == tell(test)


@pytest.mark.parametrize("values", [{}, ALONE], ids=["busy", "alone"])
def test_everybody_in_the_other_cell_lives_its_strategy(values: dict[str, Any]) -> None:
    """As if the programme had changed on day 1, whichever cell has the number 0."""
    now = busy(values)
    other = busy(values | {"levers.push.loyal.per_week": 2, "levers.caps.per_week": 9})
    switched = Market(other, 1, graph_of(now), before=now, log_events=True).run()
    everybody = np.ones(graph_of(now).n, np.uint8)
    test = experiment(now, other, assignment=everybody)
    assert tell(switched) == tell(test)


def test_where_nobody_affects_anybody_each_half_lives_as_under_its_own_strategy() -> None:
    """No interference: a user of cell 1 has the very days that everybody on that strategy would give."""
    a = busy(ALONE)
    b = busy(ALONE | {"levers.push.active.per_week": 7, "levers.offers.coupon.depth": 0.4})
    test = experiment(a, b)
    all_a, all_b = (experiment(a, b, assignment=np.full(graph_of(a).n, cell, np.uint8)) for cell in (0, 1))
    half = halves(a)
    for name in ("net", "spend", "orders", "fatigue", "muted", "status", "coupon_depth"):
        expected = np.where(half == 0, all_a.users[name], all_b.users[name])
        assert np.array_equal(test.users[name], expected), name
    assert not np.array_equal(all_a.users["net"], all_b.users["net"])


def test_a_holdout_hears_nothing_and_is_promised_nothing() -> None:
    scenario = busy()
    nothing = busy({"levers.push": {}, "levers.referral": None})
    test = experiment(scenario, nothing)
    held = {
        what
        for day, user, what, _ in tell(test)
        if day >= 1 and user % 2 and what in ("send", "capped", "coupon", "invite", "reward")
    }
    assert held == set()
    assert any(user % 2 and what == "join" for day, user, what, _ in tell(test) if day >= 1)  # by friends


def test_rewards_follow_the_inviters_cell() -> None:
    scenario = busy({"levers.referral.budget": None, "levers.referral.needed": 1})
    richer = busy({"levers.referral.budget": None, "levers.referral.needed": 1, "levers.referral.reward": 33})
    test = experiment(scenario, richer)
    paid = {(user % 2, fen) for day, user, what, fen in tell(test) if what == "reward" and day >= 1}
    assert paid == {(0, 2000), (1, 3300)}


def test_offers_that_differ_have_their_own_stock() -> None:
    """And draws of the same name, so that the same people would take them."""
    scenario = busy()
    other = busy({"levers.offers.flash.stock": 7})
    test = experiment(scenario, other)
    flashes = [k for k, name in enumerate(test.names.offers) if name == "flash"]
    assert len(flashes) == 2
    assert test.names.offers.count("coupon") == 1
    assert len({int(test.terms.offers["name"][k]) for k in flashes}) == 1
    day_one = [e for e in test.events().tolist() if e[0] >= 1 and e[2] == 7 and e[3] // 2 == flashes[1]]
    assert len(day_one) == 7
    assert all(user % 2 for _, user, _, _ in day_one)


REFUSED: dict[str, dict[str, Any]] = {
    "levers.sources": {"levers.sources.ads.exposures": 61},
    "population": {"population.homophily": 0.1},
    "behaviour": {"behaviour.exposure.lift": 0.9},
    "economics": {"economics.margin": 0.4},
    "horizon": {"horizon": 51},
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_no_lever_of_a_user_is_refused_by_its_path(path: str) -> None:
    with pytest.raises(InputError, match=next(iter(REFUSED[path]))):
        experiment(busy(), busy(REFUSED[path]))


def test_what_a_group_buy_gives_everybody_is_the_same_in_all_cells() -> None:
    deal, deeper = (
        busy({"levers.offers.pair": {"depth": depth}, "levers.teams": {"two": {"offer": "pair"}}})
        for depth in (0.1, 0.2)
    )
    experiment(deal, deal)
    with pytest.raises(InputError, match=r"levers\.offers\.pair.* gives it to everybody"):
        experiment(deal, deeper)


def test_an_assignment_must_fit() -> None:
    with pytest.raises(InputError, match="Give one cell for each of 300 people"):
        experiment(busy(), busy(), assignment=np.zeros(7, np.uint8))
    with pytest.raises(InputError, match="cell 2"):
        experiment(busy(), busy(), assignment=np.full(300, 2, np.uint8))


def test_newcomers_have_the_cell_of_their_birth() -> None:
    scenario = busy()
    test = experiment(scenario, busy({"levers.push.new.per_week": 7}))
    newcomers = (test.users["joined"] >= 1) & (test.users["status"] >= MEMBER)
    assert newcomers.sum() > 10
    assert np.array_equal(test.users["cell"], halves(scenario))
