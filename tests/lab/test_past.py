"""One past for all arms: on the eve of day 1 they are the same world, whatever they do from day 1 on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from simlab.lab.ground import ground_of, shared_ground
from simlab.lab.past import before_of, nothing, same_people, with_past
from simlab.scenario import Scenario, load, with_values
from simlab.scenario.changes import is_settled
from simlab.scenario.errors import InputError
from simlab.scenario.library import arm as mechanism_arm
from simlab.scenario.library import entry
from simlab.scenario.paths import get_value, numbers
from simlab.scenario.places import library_names
from simlab.world.cells import BY_CELL, of_everybody
from simlab.world.market import Market
from simlab.world.records import LEFT, MEMBER, PROSPECT

SMALL = ["population.members=200", "population.prospects=500", "horizon=30", "warmup.days=25"]
TINY = ("population.members=150", "population.prospects=450", "horizon=20", "warmup.days=20")
BY_NAME = ("consent", "channels", "tags", "made-to-measure", "member-levels", "invite-three", "group-buy",
           "paid-membership", "new-product-launch", "share-to-earn", "contact-governance")  # fmt: skip
"""What people answer, what acts without being sent, and what a world counts by name."""
MECHANISMS = [name if name in BY_NAME or k % 24 == 0 else pytest.param(name, marks=pytest.mark.slow)
              for k, name in enumerate(library_names())]  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("default", SMALL).scenario


def eve(arm: Scenario, before: Scenario | None) -> np.ndarray:
    market = Market(arm, 3, ground_of(arm).graph, None, before)
    for _ in range(arm.warmup.days):
        market.step()
    return market.users.copy()


def test_arms_share_the_eve_of_day_one(scenario: Scenario) -> None:
    arms = [
        scenario,
        with_values(scenario, {"levers.push.active.per_week": 6, "levers.offers.coupon.depth": 0.3}),
        with_values(scenario, {"levers.referral": None}),
        nothing(scenario),
    ]
    base = eve(*with_past(scenario, scenario))
    for arm in arms:
        assert np.array_equal(eve(*with_past(arm, scenario)), base)


def test_without_it_they_would_not(scenario: Scenario) -> None:
    arm = with_values(scenario, {"levers.push.active.per_week": 6})
    assert not np.array_equal(eve(arm, None), eve(scenario, None))


def test_an_arm_may_bring_its_own_touches_and_offers(scenario: Scenario) -> None:
    arm = with_values(scenario, {
        "levers.offers.deep": {"depth": 0.3}, "levers.touches.sale": {"kind": "promo", "offer": "deep"},
        "levers.push.active.mix": {"sale": 1.0}})  # fmt: skip
    made, before = with_past(arm, scenario)
    assert before is not None
    assert set(before.levers.touches) == set(made.levers.touches) == {"promo", "value", "sale"}
    assert np.array_equal(eve(made, before), eve(*with_past(scenario, scenario)))


@pytest.mark.parametrize("name", MECHANISMS)
def test_an_arm_with_a_mechanism_and_one_without_it_have_one_past(name: str) -> None:
    """To begin something and to end it: until day 0 both live the days of the strategy of today, to the byte."""
    without, having = (mechanism_arm(entry(name), None, kind, TINY).scenario for kind in ("without", "with"))
    if not same_people(having, without):
        pytest.skip("is about other people or another calendar")
    for arm, current in ((having, without), (without, having)):
        assert np.array_equal(days_before(*with_past(arm, current)), days_before(current, before_of(current)))


def days_before(arm: Scenario, before: Scenario | None) -> np.ndarray:
    """The ledger of the days before day 1; sources and stages may have other numbers."""
    return days_of(arm, before, 0)


def days_of(
    arm: Scenario, before: Scenario | None, last: int = 10_000, cell: Scenario | None = None
) -> np.ndarray:
    """The ledger of the days up to some day; with everybody in a cell of a test, if there is one."""
    ground = shared_ground(arm)
    cells, everybody = ((cell,), np.ones(ground.graph.n, np.uint8)) if cell else ((), None)
    market = Market(arm, 1, ground.graph, ground.base, before, cells=cells, assignment=everybody)
    while market.day < min(last, arm.horizon):
        market.step()
    return market.book.ledger[: market.row + 1].sum(axis=(1, 2, 3))


def test_the_order_of_touches_is_that_of_the_strategy_in_force() -> None:
    current = mechanism_arm(entry("check-in"), None, "with", TINY).scenario
    arm = with_values(current, {"levers.touches.check_in.priority": 9})
    assert np.array_equal(days_before(*with_past(arm, current)), days_before(current, None))
    assert not np.array_equal(days_of(*with_past(arm, current)), days_of(current, None))


def test_what_a_strategy_asks_begins_on_day_one_among_those_who_have_not_joined() -> None:
    """Newcomers answer from then on as if they always had; of members the operator learns what is not known."""
    without = load("default", [*SMALL, "population.topics={care: 1, sport: 1}"]).scenario
    arm = with_values(
        without, {"levers.consent.double": True, "levers.tagging": {"profile": 0.8, "wrong": 0.5}}
    )
    made, before = with_past(arm, without)
    eve_of, as_ever = (Market(made, 3, ground_of(made).graph, None, past) for past in (before, arm))
    while eve_of.day < 0:
        eve_of.step()
        as_ever.step()
    members = eve_of.users["status"] == MEMBER
    assert not eve_of.users["tag"].any()
    reachable = eve_of.users["muted"] == 0
    eve_of.prepare()
    waiting = (eve_of.users["status"] == PROSPECT) & (as_ever.users["status"] == PROSPECT)
    for name in ("muted", "trust", "tag"):
        assert np.array_equal(eve_of.users[name][waiting], as_ever.users[name][waiting])
    confirmed = eve_of.users["muted"][waiting & reachable] == 0
    assert abs(confirmed.mean() - made.behaviour.consent.confirm) < 0.1  # four standard errors
    assert eve_of.users["tag"][members].any()
    muted = eve_of.users["muted"][members].copy()
    assert np.array_equal(muted, eve(*with_past(without, without))["muted"][members])


def test_members_subscribe_to_a_new_channel_on_day_one_and_what_they_have_muted_stays_muted() -> None:
    wecom = {"reach": 0.6, "quota_per_month": 9}
    current = load("default", [*SMALL, "behaviour.opt_out.mute=0.3"]).scenario
    current = with_values(current, {"levers.channels": {"wecom": wecom}})
    mini = {"reach": 0.5, "quota_per_month": 5}
    arm = with_values(current, {"levers.channels": {"mini": mini, "wecom": wecom}})
    market = Market(arm, 3, ground_of(arm).graph, None, current)
    deaf = market.users["muted"] == 1
    while market.day < 0:
        market.step()
    before = market.users.copy()
    member = before["status"] == MEMBER
    refused = member & ~deaf & (before["muted"] == 1)
    market.prepare()
    after = market.users
    by_wecom, by_mini = (after["closed"] >> k & 1 == 0 for k in (0, 1))  # from the widest to the narrowest
    assert refused.sum() > 10
    assert not (by_wecom | by_mini)[refused].any()  # who has shut the last channel wants no other
    for group in (deaf & member, ~deaf & member & ~refused):
        assert abs(by_mini[group].mean() - 0.5) < 0.25  # four standard errors
    assert np.array_equal(by_wecom[member], before["closed"][member] == 0)
    there = before["status"] != LEFT
    assert np.array_equal(after["muted"][there] == 0, (by_wecom | by_mini)[there])
    assert before["sent_quota"].any()
    assert np.array_equal(after["sent_quota"], before["sent_quota"])  # wecom keeps its place and its count
    assert market.book.stock[1].sum() == (after["muted"][member] == 0).sum()


def levers_in(scenario: Scenario) -> list[str]:
    """Paths of the numbers that a phase may change."""
    return [path for path in numbers(scenario) if path.startswith("levers.") and not is_settled(path)]


def other_number(scenario: Scenario, path: str) -> Any:
    """Another value that a lever may have here; None where there is none near by."""
    now = get_value(scenario, path)
    for value in (now / 2 or 0.5, now + 1, 0):
        with suppress(InputError):
            found = get_value(with_values(scenario, {path: value}, to_grain=True), path)
            if found != now:
                return found
    return None


def assert_phases_are_arms(scenario: Scenario, paths: list[str]) -> None:
    """What begins by a phase on day 1 is what begins by an arm."""
    for path in paths:
        value = other_number(scenario, path)
        if value is None:
            continue
        arm = with_values(scenario, {path: value})
        phase = with_values(scenario, {"levers.phases": [{"day": 1, "change": {path: value}}]})
        assert np.array_equal(days_of(*with_past(arm, scenario)), days_of(phase, None)), path


@pytest.mark.parametrize(
    ("name", "lever"), [("channels", "channels"), ("contact-governance", "senders"), ("tags", "tagging")]
)
def test_a_phase_from_day_one_is_an_arm(name: str, lever: str) -> None:
    scenario = mechanism_arm(entry(name), None, "with", TINY).scenario
    paths = [path for path in levers_in(scenario) if path.startswith(f"levers.{lever}.")]
    assert paths
    assert_phases_are_arms(scenario, paths)


@pytest.mark.slow
def test_a_phase_from_day_one_is_an_arm_whatever_the_lever() -> None:
    done: set[str] = set()
    for name in library_names():
        scenario = mechanism_arm(entry(name), None, "with", TINY).scenario
        paths = [path for path in levers_in(scenario) if path not in done]
        assert_phases_are_arms(scenario, paths)
        done |= set(paths)
    assert len(done) > 900


def test_a_coupon_in_hand_is_of_the_own_cell_as_it_would_be_of_an_arm() -> None:
    scenario = mechanism_arm(entry("coupons"), None, "with", TINY).scenario
    arm = with_values(scenario, {"levers.offers.threshold.amount": 15})
    assert np.array_equal(days_of(scenario, None, cell=arm), days_of(*with_past(arm, scenario)))


@pytest.mark.slow
def test_everybody_in_one_cell_of_a_test_lives_as_under_an_arm_whatever_the_lever() -> None:
    done: set[str] = set()
    for name in library_names():
        scenario = mechanism_arm(entry(name), None, "with", TINY).scenario
        for path in levers_in(scenario):
            _, lever, *below = path.split(".")
            own = lever in BY_CELL and not (lever == "offers" and below[0] in of_everybody(scenario))
            value = other_number(scenario, path) if own and path not in done else None
            done.add(path)
            if value is not None:
                arm = with_values(scenario, {path: value})
                assert np.array_equal(
                    days_of(scenario, None, cell=arm), days_of(*with_past(arm, scenario))
                ), path


def test_the_same_strategy_needs_no_other_past(scenario: Scenario) -> None:
    assert with_past(scenario, scenario) == (scenario, None)


def test_other_people_keep_their_own_past(scenario: Scenario) -> None:
    more = with_values(scenario, {"population.members": 300})
    assert not same_people(more, scenario)
    assert with_past(more, scenario) == (more, None)


def test_doing_nothing_costs_nothing(scenario: Scenario) -> None:
    off, before = with_past(nothing(scenario), scenario)
    market = Market(off, 3, ground_of(off).graph, None, before).run()
    days = market.book.ledger[scenario.warmup.days :]
    from simlab.world.metrics import M

    for metric in (M.promo_sent, M.value_sent, M.reward_fen, M.acquisition_fen, M.touch_fen):
        assert days[..., metric].sum() == 0
    assert days[..., M.orders].sum() > 0
