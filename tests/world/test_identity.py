"""What changes nothing, changes nothing; what changes one person, changes that one and those downstream.

Draws are keyed by person, day and purpose, not taken from a stream: these stories hold
to the last bit, not on average.
"""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pytest

from simlab.scenario import Scenario
from simlab.world.book import empty_book
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.records import EVENT_NAMES, MEMBER, PROSPECT
from tests.world.worlds import (
    BUSY,
    NO_STAFF,
    STAFFED,
    Told,
    busy,
    graph_of,
    live,
    same_bytes,
    tell,
    with_a_stranger,
)

NO_SOURCES: dict[str, Any] = {"levers.sources": {}}


@cache
def story() -> tuple[Market, list[Told]]:
    """The busy world as it is."""
    market = live(busy())
    return market, tell(market)


ELSEWHERE = {
    # test_money
    "standing", "sample", "earn", "burn", "forfeit", "benefit", "commission", "abandon", "plan", "lapse", "adopt",
    # test_contact
    "fare",
    # test_staff
    "issue", "solve", "escalate", "give_up", "service", "made_good",
    # test_groups
    "group", "gather", "paid",
    # test_company
    "blocked", "bonus", "speak", "fee", "fine", "team", "team_end", "anger", "relief",
}  # fmt: skip
"""What has worlds of its own."""


def test_in_the_busy_world_everything_happens() -> None:
    market, told = story()
    assert {what for _, _, what, _ in told} | ELSEWHERE == set(EVENT_NAMES)
    assert set(market.users["source"].tolist()) == {0, 2, 3, 4}
    assert market.book.stock_left.min() == 0


# Adding what does nothing ------------------------------------------------------------------------


def test_one_more_person_whom_nobody_knows_and_nothing_else_is_different() -> None:
    """Without advertising: that spreads over all prospects, so there one more of them is a difference."""
    scenario = busy(NO_SOURCES)
    friends = graph_of(scenario)
    without = live(scenario, 1, friends)
    with_one = live(scenario, 1, with_a_stranger(friends))
    assert with_one.users["status"][friends.n] == PROSPECT
    assert tell(with_one) == tell(without)
    assert with_one.users[: friends.n].tobytes() == without.users.tobytes()
    apart = with_one.book.ledger - without.book.ledger
    stage, segment = len(without.names.stages) - 2, with_one.users["segment"][friends.n]
    prospects = apart[:, stage, 0, segment]
    assert np.all(prospects[:, M.members] == 1)  # exactly one difference: there is one prospect more
    prospects[:, [M.members, M.reachable]] = 0
    assert not apart.any()


def _member_who_does_nothing(scenario: Scenario, graph: Graph) -> Market:
    market = Market(scenario, 1, graph, log_events=True)
    stranger = market.users[-1:]
    assert stranger["status"][0] == PROSPECT
    for field in ("rate", "visits", "sociability", "hazard"):
        stranger[field] = 0.0
    stranger["status"], stranger["muted"], stranger["dog"] = MEMBER, 1, 0
    market.book = empty_book(market.users, scenario, market.names, True)
    return market.run()


def test_one_more_member_who_does_nothing_and_nobody_else_notices() -> None:
    scenario = busy(NO_SOURCES | {"levers.referral": None})  # hunters are drawn from everybody
    friends = graph_of(scenario)
    without = live(scenario, 1, friends)
    with_one = _member_who_does_nothing(scenario, with_a_stranger(friends))
    others = [event for event in tell(with_one) if event[1] != friends.n]
    assert others == tell(without)
    assert {what for _, user, what, _ in tell(with_one) if user == friends.n} <= {"stage"}
    assert with_one.users[: friends.n].tobytes() == without.users.tobytes()


NOBODY_IS_A_SAINT = [
    {"name": "saint", "when": {"orders": ">= 60000"}},
    *busy().model_dump(mode="json")["stages"],
]
IDLE: dict[str, dict[str, Any]] = {
    "an offer that cuts nothing and that no touch carries": {
        "levers.offers": BUSY["levers"]["offers"] | {"a_zero": {"depth": 0}}
    },
    "a source with no exposures": {
        "levers.sources": BUSY["levers"]["sources"] | {"a_zero": {"exposures": 0}, "z_zero": {"exposures": 0}}
    },
    "a touch that no cadence uses": {
        "levers.touches": BUSY["levers"]["touches"] | {"a_zero": {"kind": "promo", "priority": 9}}
    },
    "a touch with no weight": {
        "levers.touches": BUSY["levers"]["touches"] | {"a_zero": {"kind": "promo", "priority": 9}},
        "levers.push.loyal.mix": {"promo": 2, "gift": 1, "value": 1, "a_zero": 0},
    },
    "a stage that nobody reaches": {
        "stages": NOBODY_IS_A_SAINT,
        "levers.push": BUSY["levers"]["push"] | {"saint": {"per_week": 7}},
    },
    "an event that changes nothing": {
        "calendar.events": [
            *BUSY["calendar"]["events"],
            {"name": "Nothing", "first": "2026-03-05", "last": "2026-04-05", "demand": 1.0},
        ]
    },
    "an event after the end": {
        "calendar.events": [
            *BUSY["calendar"]["events"],
            {"name": "Later", "first": "2027-03-05", "last": "2027-04-05", "demand": 3.0},
        ]
    },
    "what we do not know": {"uncertainties": {"behaviour.exposure.lift": [0.1, 0.9]}},
    "more seeds": {"seeds": 7},
}


@pytest.mark.parametrize("lever", list(IDLE))
def test_a_lever_that_does_nothing_changes_nothing(lever: str) -> None:
    market, told = story()
    other = live(busy(IDLE[lever]))
    assert tell(other) == told
    numbered = {"stage", "stage_until", "source", "coupon_offer"}  # by their place among others of their kind
    for field in set(market.users.dtype.names) - numbered:
        assert other.users[field].tobytes() == market.users[field].tobytes(), field
    ours, theirs = market.book.ledger, other.book.ledger
    assert np.array_equal(theirs.sum((1, 2, 3)), ours.sum((1, 2, 3)))


def test_another_scale_changes_nothing_where_nobody_is_employed() -> None:
    """Staff are real people: at another scale there are more customers for each of them."""
    one, other = live(busy(NO_STAFF)), live(busy(NO_STAFF | {"scale": 50}))
    assert tell(one) == tell(other)
    assert same_bytes(one, other)


def test_a_referral_for_a_stage_without_anybody_is_no_referral() -> None:
    for_saints = BUSY["levers"]["referral"] | {"stages": ["saint"]}
    one = live(busy({"stages": NOBODY_IS_A_SAINT, "levers.referral": None}))
    other = live(busy({"stages": NOBODY_IS_A_SAINT, "levers.referral": for_saints}))
    assert tell(one) == tell(other)
    assert same_bytes(one, other)
    assert not any(what == "invite" for _, _, what, _ in tell(other))


# Changing one person -----------------------------------------------------------------------------


def _with_one_muted(scenario: Scenario, user: int) -> Market:
    market = Market(scenario, 1, graph_of(scenario), log_events=True)
    assert not market.users["muted"][user]
    market.users["muted"][user] = 1
    market.book = empty_book(market.users, scenario, market.names, True)
    return market.run()


def _changed(one: list[Told], other: list[Told]) -> dict[int, int]:
    """First day on which a user's story differs, for those whose does."""
    first: dict[int, int] = {}
    for day, user, _, _ in set(one) ^ set(other):
        first[user] = min(day, first.get(user, day))
    return first


PLENTY: dict[str, Any] = STAFFED | {
    "levers.offers.coupon.budget": None,
    "levers.offers.flash.stock": None,
    "levers.referral.budget": None,
    "levers.staff.service.heads": 1000,
    "levers.advisers": None,
    "levers.staff.adviser": None,
}
MEETING: dict[str, Any] = {
    "horizon": 200,
    "population.members": 60,
    "population.prospects": 240,
    "levers.referral.needed": 1,
    "levers.referral.reward": 10,
    "levers.sources.parcel.exposures": 20,
    "behaviour.trust.in_orders": 2,
    "behaviour.invitation.episodes": 0.01,
    "behaviour.contagion.friend": 2,
    "behaviour.contagion.inviter": 10,
}


def _some_members(scenario: Scenario, count: int) -> list[int]:
    """Members with many friends, whom we can reach."""
    users = Market(scenario, 1, graph_of(scenario)).users
    within = (users["status"] == MEMBER) & (users["muted"] == 0) & (users["alive"] == 1)
    return np.argsort(np.where(within, -graph_of(scenario).degrees, 0), kind="stable")[:count].tolist()


@pytest.mark.parametrize("which", range(3))
def test_muting_one_person_changes_nobody_else_where_people_do_not_meet(which: int) -> None:
    apart = {"levers.referral": None, "behaviour.contagion.friend": 0, "behaviour.contagion.inviter": 0}
    scenario = busy(PLENTY | apart)
    user = _some_members(scenario, 3)[which]
    before, after = live(scenario), _with_one_muted(scenario, user)
    assert set(_changed(tell(before), tell(after))) == {user}
    others = np.arange(len(before.users)) != user
    for field in set(before.users.dtype.names) - {"lost_friends"}:  # they hear of it, but do not mind
        assert before.users[field][others].tobytes() == after.users[field][others].tobytes(), field


def test_muting_one_person_changes_only_those_downstream() -> None:
    """Everybody with another story has a friend whose story changed before, or the same evening."""
    scenario = busy(PLENTY | MEETING)
    graph, before = graph_of(scenario), tell(live(scenario))
    reached = []
    for user in _some_members(scenario, 12):
        first = _changed(before, tell(_with_one_muted(scenario, user)))
        assert user in first
        assert first[user] == min(first.values())
        for other, day in first.items():
            if other != user:
                near = [first[f] for f in graph.neighbours(other).tolist() if f in first]
                assert near, f"{other} changed, but no friend did"
                assert min(near) <= day
        reached.append(len(first))
    print(f"\nstories changed by muting one of 300 people: {sorted(reached)}")
    assert np.median(reached) < 30  # mostly it stays in the circle
    assert max(reached) > 3  # but people do meet


def test_where_a_budget_is_scarce_everybody_is_downstream() -> None:
    """Another's coupon is freed for somebody whom no chain of friends need join."""
    graph, before = graph_of(busy()), tell(live(busy()))
    far = 0
    for user in _some_members(busy(), 4):
        first = _changed(before, tell(_with_one_muted(busy(), user)))
        far += sum(not set(graph.neighbours(other).tolist()) & set(first) for other in first if other != user)
    assert far > 0


# The same again ----------------------------------------------------------------------------------


def test_twice_the_same_run_is_the_same_to_the_last_bit() -> None:
    market, told = story()
    again = live(busy())
    assert same_bytes(market, again)
    assert tell(again) == told


def test_another_seed_is_another_world() -> None:
    assert not same_bytes(story()[0], live(busy(), seed=2))


def test_keeping_a_log_changes_nothing() -> None:
    assert same_bytes(story()[0], live(busy(), log=False))


def test_a_pickled_scenario_and_graph_make_the_same_world() -> None:
    scenario, graph = pickle.loads(pickle.dumps((busy(), graph_of(busy()))))
    assert same_bytes(story()[0], live(scenario, 1, graph))


def test_a_scenario_read_back_from_its_own_numbers_makes_the_same_world() -> None:
    assert same_bytes(story()[0], live(Scenario.model_validate(busy().model_dump(mode="json"))))


def test_worlds_in_threads_do_not_disturb_one_another() -> None:
    scenario, graph = busy(), graph_of(busy())
    seeds = range(1, 9)
    one_by_one = [live(scenario, seed, graph) for seed in seeds]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: live(scenario, seed, graph), seeds))
    for alone, accompanied in zip(one_by_one, together, strict=True):
        assert same_bytes(alone, accompanied)
        assert tell(alone) == tell(accompanied)


# Nested cadence ----------------------------------------------------------------------------------


def _sends(per_week: float) -> set[Told]:
    """Who is sent what on which day, where nobody opts out and no cap binds."""
    calm = {f"behaviour.opt_out.{k}": 0 for k in ("mute", "leave", "complain", "dog_leave", "exit")}
    wide = {"levers.caps.per_month": 1000, "levers.caps.per_week": 200, "levers.caps.per_day": 50}
    push = {s.name: {"per_week": per_week, "mix": {"promo": 1, "value": 2}} for s in busy().stages}
    alone = {"levers.push": push, "levers.referral": None, "levers.sources": {}}
    return {event for event in tell(live(busy(calm | wide | alone))) if event[2] == "send"}


def test_who_gets_three_a_week_gets_those_three_among_the_four() -> None:
    three, four = _sends(3.0), _sends(4.0)
    assert three < four
    assert 0.7 < len(three) / len(four) < 0.8
