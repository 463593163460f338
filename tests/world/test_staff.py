"""The staff: teams, the service desk, advisers, review, and what customers notice of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from bodies import Story, difference, engine_story, twin_story

from scenarios import World, random_world
from simlab.scenario import Scenario
from simlab.scenario.errors import InputError
from simlab.world.draws import BIRTH_DAY, day_key, user_key
from simlab.world.market import Market
from simlab.world.metrics import COSTS, M
from simlab.world.network import social_graph
from simlab.world.outcomes import outcomes
from simlab.world.records import MEMBER, NOW, Event
from simlab.world.staff_rules import hours_in_line, in_share, place_with_adviser
from simlab.world.team_rules import by_skill, share_learned, under_load, with_time
from simlab.world.twin import TwinMarket
from simlab.world.twin_service import Ticket, TwinStaff
from tests.world.worlds import NO_STAFF, STAFFED, live, same_bytes, tell
from tests.world.worlds import busy as unstaffed

DESK: dict[str, Any] = NO_STAFF | {
    "behaviour.service.issue": 0.5,
    "levers.staff": {"service": {"heads": 1, "capacity": 1}},
    "levers.service": {},
}


def busy(values: dict[str, Any] | None = None) -> Scenario:
    """The busy world with people who work there."""
    return unstaffed(STAFFED | (values or {}))


def world(values: dict[str, Any], more: dict[str, Any] | None = None) -> Market:
    """The busy world with this staff."""
    return live(busy(values | (more or {})))


def total(market: Market, metric: M) -> int:
    return int(market.book.ledger[..., metric].sum())


# Nothing by default ----------------------------------------------------------------------------


IDLE: dict[str, dict[str, Any]] = {
    "a desk without issues": {"levers.service": {"ai": {}}},
    "people at a desk without issues, unpaid": {
        "levers.staff": {"service": {"heads": 3, "wage": 0}},
        "levers.service": {},
    },
    "advisers without a client": {"levers.staff": {"adviser": {"heads": 0}}, "levers.advisers": {}},
    "machines that make no content": {"levers.aigc": {"share": 0, "cost": 0}},
    "a review that finds nothing at once": {"levers.review": {"catches": 0, "delay": 0, "cost": 0}},
    "a loop that mends nothing": {"levers.feedback": {"survey": 0, "fix": 0}},
    "a renewal where needs stand still": {"levers.renewal": {"every": 5}},
    "tools that nobody has": {"levers.staff": {"tools": {"per_day": 0, "per_member": 0}}},
    "people who have just as much work as they can do": {
        "levers.staff": {"analyst": {"heads": 1000, "wage": 0}, "community": {"heads": 1000, "wage": 0}}
    },
}


@pytest.mark.parametrize("what", list(IDLE))
def test_staff_that_does_nothing_changes_nothing(what: str) -> None:
    without, other = world(NO_STAFF), world(NO_STAFF, IDLE[what])
    assert tell(other) == tell(without)
    assert same_bytes(other, without)


# The desk --------------------------------------------------------------------------------------


def test_waiting_within_the_day_is_minutes_at_low_load_and_hours_near_capacity() -> None:
    now = np.zeros(1, NOW)[0]
    now["desk_hours"], now["desk_handling"], now["desk_heads"], now["desk_flow"] = 10.0, 1 / 6, 5.0, 300.0
    waits = [float(hours_in_line(n, now)) for n in (0, 100, 200, 270, 295, 299, 300, 900)]
    assert waits == sorted(waits)
    assert waits[1] < 1 / 60
    assert 1 / 60 < waits[3] < 1
    assert 1 < waits[5] <= 10
    assert waits[-1] == 10


def test_more_people_at_the_desk_less_waiting_fewer_complaints_more_trust() -> None:
    few, many = (world(DESK, {"levers.staff.service.heads": heads}) for heads in (1, 8))
    a, b = outcomes(few), outcomes(many)
    assert a["wait"] > 3 * b["wait"]
    assert a["in_promise"] < b["in_promise"]
    assert total(few, M.escalations) > total(many, M.escalations) > 0
    assert a["satisfaction"] < b["satisfaction"]
    assert a["staff_cost"] < b["staff_cost"]


def test_every_issue_is_solved_given_up_left_or_open() -> None:
    for values in (DESK, DESK | {"levers.service": {"ai": {"solves": 0.5}, "graded": True}}):
        market = world(values)
        here = market.users["status"] == MEMBER
        still = int((market.users["ticket"][here] > -30_000).sum())
        done = total(market, M.tickets) + total(market, M.given_up)
        assert 0 <= total(market, M.issues) - done - still <= total(market, M.leaves)
        assert still <= total(market, M.issues)


def test_a_better_machine_solves_the_same_tickets_and_more() -> None:
    def by_machine(solves: float) -> set[tuple[int, int]]:
        market = world(DESK, {"levers.service": {"ai": {"solves": solves}}, "behaviour.trust.in_orders": 0,
                              "behaviour.trust.in_lifetime": 0})  # fmt: skip
        return {
            (day, user)
            for day, user, code, value in market.events().tolist()
            if code == Event.SOLVE and value % 2
        }

    some, more = by_machine(0.3), by_machine(0.8)
    assert some
    assert len(more) > 1.5 * len(some)
    assert len(some & more) > 0.9 * len(some)  # the rest had another issue in between


def test_a_machine_alone_solves_what_is_simple_at_no_wage() -> None:
    market = world(DESK, {"levers.staff": {}, "levers.service": {"ai": {"solves": 0.6, "cost": 0.5}}})
    assert total(market, M.tickets) == total(market, M.ai_tickets) > 0
    assert total(market, M.staff_fen) == 0 < total(market, M.service_fen)
    assert total(market, M.wait_minutes) == 0


def test_visits_find_issues_before_they_become_complaints() -> None:
    plenty = DESK | {"levers.staff.service.heads": 50, "behaviour.service.voice": 0.2}
    without = world(plenty)
    with_visits = world(plenty, {"levers.service": {"follow_up": {"share": 1, "after": 2}}})
    assert total(with_visits, M.escalations) < 0.8 * total(without, M.escalations)
    assert total(with_visits, M.follow_ups) == total(with_visits, M.orders)


def test_a_graded_desk_solves_complaints_sooner() -> None:
    plain, graded = (world(DESK, {"levers.service": {"graded": on}}) for on in (False, True))
    assert outcomes(graded)["complaints_in_promise"] > outcomes(plain)["complaints_in_promise"] + 0.1


def test_a_broken_promise_is_made_good_for() -> None:
    market = world(DESK, {"levers.service": {"compensation": 5, "promise": 1}})
    late = total(market, M.tickets) - total(market, M.in_time)
    assert total(market, M.compensation_fen) == 500 * late > 0


# Teams -----------------------------------------------------------------------------------------


def test_quality_is_one_at_capacity_and_falls_smoothly_beyond() -> None:
    b = busy().behaviour.team
    loads = [0.2, 0.9, 1.0, 1.0001, 1.5, 3.0, 100.0]
    quality = [under_load(load, b) for load in loads]
    assert quality[:3] == [1.0] * 3
    assert quality == sorted(quality, reverse=True)
    assert quality[3] > 0.9999
    assert 0.5 < quality[5] < 0.7
    assert with_time(1.0, b) == 1.0 == by_skill(1.0, b)
    assert with_time(0.5, b) > 1


def test_too_few_people_for_content_and_fewer_messages_are_opened() -> None:
    def opens(heads: float) -> float:
        values = {
            "levers.staff": {"content": {"heads": heads, "capacity": 10}},
            "behaviour.attention.open": 0.3,
        }
        return outcomes(world(NO_STAFF, values))["open_rate"]

    assert opens(0.2) < 0.8 * opens(2) < 0.8 * opens(20)


def test_heads_are_real_people_and_the_scale_does_not_matter() -> None:
    """One simulated user for 1 or for 50 real ones: the same team per user, the same world, 50 times the wages."""
    small = NO_STAFF | {"levers.staff": {"content": {"heads": 0.5, "capacity": 10}}}
    large = NO_STAFF | {"levers.staff": {"content": {"heads": 25, "capacity": 10}}, "scale": "1:50"}
    one, other = world(small), world(large)
    assert tell(one) == tell(other)
    assert outcomes(other)["staff_cost"] == pytest.approx(50 * outcomes(one)["staff_cost"], abs=50)


def test_wages_are_paid_every_day_to_the_fen() -> None:
    market = world(NO_STAFF, {"levers.staff": {"content": {"heads": 0.1, "wage": 123.45},
                                               "analyst": {"heads": 1, "wage": 10}}})  # fmt: skip
    days = len(market.book.ledger)
    assert abs(total(market, M.staff_fen) - days * (1234.5 + 1000)) < 1
    assert "staff_fen" in COSTS


def test_training_makes_up_for_turnover() -> None:
    b = busy().behaviour.team
    staff = busy({"levers.staff": {"content": {"heads": 1, "skill": {"turnover": 1}}}} | {
        "levers.service": None, "levers.advisers": None}).levers.staff  # fmt: skip
    assert staff.content is not None
    assert staff.content.skill is not None
    skill = staff.content.skill
    trained = skill.model_copy(update={"training": 40.0})
    one = other = 0.7
    for _ in range(365):
        one, other = share_learned(one, skill, b), share_learned(other, trained, b)
    assert b.novice < one < other < 1


def test_machines_make_more_content_and_plainer_content() -> None:
    busy_team = NO_STAFF | {"levers.staff": {"content": {"heads": 0.3, "capacity": 10}}}
    aigc = {"share": 1, "speed": 5, "passes": 0.8, "cost": 0}
    idle_team = NO_STAFF | {"levers.staff": {"content": {"heads": 99, "capacity": 10}}}
    wide = {"behaviour.attention.open": 0.3, "behaviour.team.ai_quality": 0.6}
    for team, helps in ((busy_team, True), (idle_team, False)):
        without, with_it = (
            outcomes(world(team | wide, more))["open_rate"] for more in ({}, {"levers.aigc": aigc})
        )
        assert (with_it > without) is helps


# Review ----------------------------------------------------------------------------------------


def test_a_review_holds_back_most_of_what_breaks_the_rules() -> None:
    wild = NO_STAFF | {
        "behaviour.team.violation": 0.5,
        "behaviour.team.fine_chance": 0.5,
        "behaviour.team.fine": 30,
    }
    without = world(wild)
    with_review = world(wild, {"levers.review": {"catches": 0.8, "delay": 0, "cost": 1}})
    assert 0 < total(with_review, M.violations) < 0.5 * total(without, M.violations)
    by_day = [market.book.ledger[..., M.violations].sum((1, 2, 3)) for market in (with_review, without)]
    assert (by_day[0] <= by_day[1]).all()
    assert total(with_review, M.fine_fen) < total(without, M.fine_fen)
    assert outcomes(with_review)["satisfaction"] > outcomes(without)["satisfaction"]
    assert total(with_review, M.staff_fen) > 0


# Advisers --------------------------------------------------------------------------------------


ADVISED: dict[str, Any] = NO_STAFF | {
    "levers.staff": {"adviser": {"heads": 1, "capacity": 12}},
    "levers.advisers": {"who": {"orders": ">= 2"}, "order": "orders"},
}


def test_advisers_serve_the_best_of_their_audience_and_no_more_than_they_can() -> None:
    market = world(ADVISED)
    served = market.book.ledger[..., M.advised].sum((1, 2, 3))
    assert served.max() == 12
    u = market.users[market.users["status"] == MEMBER]
    clients, others = u[u["advised"] == 1], u[u["advised"] == 0]
    assert clients["orders"].min() >= 2
    assert np.median(clients["orders"]) > np.median(others["orders"])


def test_advisers_by_recent_spend_serve_those_who_spent_most_of_late() -> None:
    """It is kept for them, though no stage or audience asks for it."""
    values = {"levers.advisers": {"who": {}, "order": "recent_spend"}}
    market = world(ADVISED | values)
    u = market.users[market.users["status"] == MEMBER]
    clients, others = u[u["advised"] == 1], u[u["advised"] == 0]
    assert 0 < len(clients) <= 12
    # an evening has passed since they were chosen: one order may have come between
    assert np.median(clients["recent_spend"]) > 5 * np.median(others["recent_spend"])
    assert clients["recent_spend"].min() > np.quantile(others["recent_spend"], 0.9)


@pytest.mark.parametrize("order", ["orders", "spend", "keyed"])
def test_advisers_take_the_first_of_a_line_much_longer_than_they_can_serve(order: str) -> None:
    values = {"levers.advisers": {"who": {"orders": ">= 1"}, "order": order, "share": 0.8}}
    scenario = busy(ADVISED | values | {"population.members": 2000})
    people = scenario.population.members + scenario.population.prospects
    market = Market(scenario, 1, social_graph(scenario.graph, people))
    market.prepare()  # the advisers choose in the morning
    u, now = market.users, market.terms.now[0]

    own = {i: np.uint64(user_key(market.world, np.int64(i))) for i in range(len(u))}
    births = {i: np.uint64(day_key(key, np.int64(BIRTH_DAY))) for i, key in own.items()}

    def place(i: int) -> int:
        """Among all who may be served, without leaving anybody out early."""
        value = {"orders": int(u["orders"][i]), "spend": int(u["spend"][i]) // 100, "keyed": 0}[order]
        return int(place_with_adviser(births[i], np.int64(value)))

    waiting = [
        i for i in births if u["status"][i] == MEMBER and u["orders"][i] >= 1 and in_share(births[i], now)
    ]
    assert len(waiting) > 5 * (2 * 12 + 64)  # the line is cut short several times
    assert set(np.flatnonzero(u["advised"]).tolist()) == set(sorted(waiting, key=place)[:12])


def test_no_guess_of_what_a_client_is_worth_changes_who_is_served() -> None:
    """A guess from yesterday only saves looks: far too low or far too high it leaves the same bytes."""
    scenario = busy(ADVISED | {"levers.advisers": {"who": {"orders": ">= 1"}, "order": "spend"}})
    people = scenario.population.members + scenario.population.prospects

    def after(guess: int | None) -> Market:
        market = Market(scenario, 1, social_graph(scenario.graph, people))
        for _ in range(12):
            if guess is not None:
                market.team.floor = guess
            market.step()
        return market

    own = after(None)
    assert own.team.floor > 0
    for guess in (-1, 1, own.team.floor, 10**6):
        assert after(guess).users.tobytes() == own.users.tobytes()


def test_a_control_group_has_no_adviser_and_those_who_have_one_buy_more() -> None:
    half = ADVISED | {"levers.advisers": {"who": {}, "share": 0.5}, "levers.staff.adviser.heads": 100,
                      "behaviour.team.advice_orders": 2}  # fmt: skip
    market, without = world(half), world(half, {"levers.staff.adviser.heads": 0})
    gained = market.users["orders"].astype(int) - without.users["orders"]
    chosen = market.users["advised"] == 1
    assert gained[chosen].sum() > 10
    here = without.users["joined"] <= 0
    assert abs(gained[~chosen & here]).sum() < 0.2 * gained[chosen].sum()


def test_too_many_clients_and_the_advice_is_worse() -> None:
    wide = {"behaviour.team.advice_orders": 3, "levers.advisers": {"stretch": 1}}
    well = world(ADVISED | wide)
    stretched = world(ADVISED | wide, {"levers.advisers": {"stretch": 6}})
    assert total(stretched, M.advised) > 3 * total(well, M.advised)
    assert float(stretched.terms.now[0]["advice"]) < 0.6 < float(well.terms.now[0]["advice"])


# Products --------------------------------------------------------------------------------------


def test_what_is_reported_is_mended_and_fewer_issues_arise() -> None:
    plenty = DESK | {"levers.staff.service.heads": 9}
    mended = {"levers.feedback": {"survey": 0.5, "fix": 0.05}}
    without, with_loop = world(plenty), world(plenty, mended)
    assert total(with_loop, M.issues) < 0.7 * total(without, M.issues)
    assert outcomes(with_loop)["nps"] > outcomes(without)["nps"]


def test_needs_move_on_unless_the_product_does() -> None:
    moving = NO_STAFF | {"behaviour.product.drift": 0.03}
    still = total(world(NO_STAFF), M.orders)
    left, slow, quick = (
        total(world(moving, {"levers.renewal": renewal}), M.orders)
        for renewal in (None, {"every": 7, "lag": 20}, {"every": 7, "lag": 1})
    )
    assert left < slow < quick < still


# Twin and engine -------------------------------------------------------------------------------


def _twin(
    name: str, method: str, change: Callable[..., Any], where: type
) -> Callable[[pytest.MonkeyPatch], None]:
    def apply(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(where, method, change)

    apply.__name__ = name
    return apply


MISTAKES = [
    _twin("serves by lot", "place", property(lambda self: (0, 0, id(self) % 7, self.person.number)), Ticket),
    _twin("forgets who complained", "is_complaint", property(lambda self: False), Ticket),
    _twin("knows everything", "is_known", property(lambda self: True), Ticket),
    _twin("pays nobody", "pay", lambda self: None, TwinStaff),
    _twin("reviews nothing", "write_promotions", lambda self: None, TwinStaff),
    _twin("does not look after the product", "mend_product", lambda self: None, TwinStaff),
]


@cache
def small_first() -> list[tuple[World, Story]]:
    """Sixty random worlds and what the engine made of them; those with little to tell come first."""
    made = [random_world(random.Random(number)) for number in range(60)]
    return sorted(((world, engine_story(world)) for world in made), key=lambda both: len(both[1].events))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_a_twin_that_makes_a_mistake_is_noticed(mistake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    assert any(difference(story, twin_story(made, TwinMarket)) for made, story in small_first())


def test_in_random_worlds_the_staff_has_work() -> None:
    seen = dict.fromkeys(
        ("issues", "tickets", "ai_tickets", "follow_ups", "escalations", "complaints_solved", "given_up",
         "compensation_fen", "advised", "violations", "fine_fen", "staff_fen"), 0
    )  # fmt: skip
    for _, story in small_first():
        for name in seen:
            seen[name] += any(cell[-1] == M[name] for cell in story.ledger)
    assert min(seen.values()) >= 3, seen


# What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levers", "words"),
    [
        ({"staff": {"service": {"heads": 1}}}, "no desk"),
        ({"service": {}}, "nobody answers"),
        ({"staff": {"adviser": {"heads": 1}}}, "nobody is assigned"),
        ({"advisers": {}}, "no adviser"),
        ({"staff": {"content": {}}}, "missing"),
        ({"staff": {"content": {"heads": 1, "per_100k": 2}}}, "twice"),
    ],
)
def test_people_without_work_and_work_without_people_are_refused(levers: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, ValueError), match=words):
        Scenario.model_validate({"name": "x", "levers": levers})
