"""Groups: who is in them, when they live and when they fall silent, and that nothing in them runs away."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scenarios_groups import random_groups

from scenarios import random_world
from simlab.scenario import InputError, Scenario
from simlab.world.group_rules import OPINION, RESERVE, open_day, steer
from simlab.world.group_tables import GROUP
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.records import MEMBER, NEVER
from simlab.world.terms import names_of, standing_terms
from tests.world.worlds import busy, graph_of, live, same_bytes, tell

CLUB: dict[str, Any] = {"size": 20, "split_above": 60}
QUIET: dict[str, Any] = {
    "levers.push": {},
    "levers.referral": None,
    "levers.sources": {},
    "population.prospects": 0,
}


def with_club(values: dict[str, Any] | None = None, **club: Any) -> Scenario:
    """The busy world with one kind of group."""
    return busy({"levers.groups": {"club": CLUB | club}} | (values or {}))


def total(market: Market, metric: M) -> int:
    """One metric over the whole run."""
    return int(market.book.ledger[..., metric].sum())


def activity(market: Market) -> float:
    """Daily share of speakers in groups."""
    return total(market, M.speakers) / total(market, M.grouped)


def members_of(market: Market, group: int) -> NDArray[np.int64]:
    """Who is in a group."""
    return np.flatnonzero((market.users["status"] == MEMBER) & (market.users["group"] == group))


def groups_of(market: Market) -> list[int]:
    """Numbers of the groups that there are."""
    return np.flatnonzero(market.book.groups["kind"] >= 0).tolist()


def kind_of(**group: Any) -> np.void:
    """The numbers of one kind of group on no particular day."""
    scenario = with_club(None, **group)
    kind: np.void = standing_terms((scenario,), names_of(scenario)).kinds[0]
    return kind


def morning_of(members: int, kind: np.void, active: float = 0.15, **counts: int) -> np.void:
    """A group on a morning after which `counts` were counted."""
    group = np.zeros(1, GROUP)[0]
    group["members"], group["activity"] = members, active
    group["stimulus_until"] = group["rests_until"] = NEVER
    group["messages"] = round(active * members)
    for name, count in counts.items():
        group[name] = count
    open_day(group, kind, 1, 1.0)
    return group


# Nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "club", [{"share": 0}, {"who": {"orders": ">= 60000"}}], ids=["uninvited", "nobody fits"]
)
def test_a_group_in_which_nobody_is_changes_nothing(club: dict[str, Any]) -> None:
    one, other = (
        live(busy()),
        live(with_club(None, stimulus={}, ugc={}, koc={}, honours={}, ideas={}, **club)),
    )
    assert tell(one) == tell(other)
    assert same_bytes(one, other)


# Who is in them -------------------------------------------------------------------------


def test_everybody_invited_is_in_one_group_of_about_the_right_size() -> None:
    market = live(with_club(QUIET | {"horizon": 1, "warmup.days": 0, "behaviour.groups.quit": 0}))
    inside = market.users["group"][market.users["status"] == MEMBER]
    assert (inside >= 0).all()
    sizes = np.bincount(inside)
    assert sizes.min() >= 15
    assert sizes.max() <= 25


def test_groups_are_of_friends() -> None:
    """Far more friendships inside groups than chance would put there."""
    market = live(with_club(QUIET | {"horizon": 1, "warmup.days": 0}))
    users, graph = market.users, market.graph
    ends = np.repeat(np.arange(graph.n), graph.degrees), graph.indices
    known = (users["status"][ends[0]] == MEMBER) & (users["status"][ends[1]] == MEMBER)
    together = (users["group"][ends[0]] == users["group"][ends[1]])[known]
    assert together.mean() > 2.5 / len(groups_of(market))


def test_newcomers_come_to_where_their_friends_are() -> None:
    market = live(with_club({"behaviour.groups.quit": 0}))
    users, graph, met = market.users, market.graph, []
    for i in np.flatnonzero((users["joined"] > 0) & (users["status"] == MEMBER) & (users["group"] >= 0)):
        friends = graph.neighbours(i)
        friends = friends[users["status"][friends] == MEMBER]
        if len(friends):
            met.append((users["group"][friends] == users["group"][i]).mean())
    assert len(met) > 10
    assert np.mean(met) > 2 / len(groups_of(market))


def test_invitation_by_chance_is_nested() -> None:
    """Whoever is invited at 30 % is invited at 60 %: the randomised arm of a larger programme contains the smaller."""
    first_day = QUIET | {"horizon": 1, "warmup.days": 0, "behaviour.groups.quit": 0}
    one, other = (live(with_club(first_day, share=share)).users["group"] >= 0 for share in (0.3, 0.6))
    few, many = set(np.flatnonzero(one)), set(np.flatnonzero(other))
    assert few < many
    assert 0.35 < len(few) / len(many) < 0.65


def test_problem_users_have_a_group_of_their_own() -> None:
    care = {"kind": "problem", "who": {"complaints": ">= 1"}, "priority": 9, "isolate": True}
    care |= {"size": 50, "split_above": 99}
    market = live(busy({"levers.groups": {"club": CLUB, "care": care}, "behaviour.opt_out.complain": 0.2}))
    users = market.users
    for group in groups_of(market):
        complained = users["complaints"][members_of(market, group)] > 0
        kind = int(market.book.groups["kind"][group])
        assert (
            complained.all() if kind == 0 else complained.mean() < 0.3
        )  # since Monday some more have complained


# Size -----------------------------------------------------------------------------------


def test_the_best_size_lies_between_too_few_and_too_many() -> None:
    kind = kind_of()
    sizes = [2, 5, 20, 50, 100, 200, 500, 1000, 2000]
    talk = [float(morning_of(n, kind)["talk"]) for n in sizes]
    best = int(np.argmax(talk))
    assert 20 <= sizes[best] <= 300
    assert all(np.diff(talk[: best + 1]) > 0)
    assert all(np.diff(talk[best:]) < 0)
    assert float(morning_of(600, kind)["talk"]) > 1.1 * float(
        morning_of(1200, kind)["talk"]
    )  # split where too large


def test_a_group_that_grows_is_split_between_neighbours() -> None:
    whole = live(with_club({"behaviour.groups.quit": 0}, size=118, split_above=119))
    assert len(groups_of(whole)) >= 2
    assert max(len(members_of(whole, g)) for g in groups_of(whole)) <= 119 + 40  # newcomers since Monday


def test_silent_groups_are_merged() -> None:
    silent = {"behaviour.groups.talk": 0, "behaviour.groups.quit": 0}
    wide = {"split_above": 150}
    apart, together = live(with_club(silent, **wide)), live(with_club(silent, merge_below=0.1, **wide))
    assert len(groups_of(together)) <= len(groups_of(apart)) / 2
    assert (
        max(len(members_of(together, g)) for g in groups_of(together)) <= 150 + 30
    )  # newcomers since Monday


# Conversation ---------------------------------------------------------------------------


def test_promotions_and_noise_silence_a_group_and_moderators_help() -> None:
    kind = kind_of()
    calm, flooded = morning_of(100, kind), morning_of(100, kind, promos=300)
    assert flooded["talk"] < 0.6 * calm["talk"]
    assert flooded["quit"] > calm["quit"]
    loud = morning_of(500, kind, messages=400)
    assert morning_of(500, kind_of(moderators=4), messages=400)["talk"] > loud["talk"]


def test_company_spreads_and_so_does_silence() -> None:
    """Tipping: with strong peers a lively start stays lively and a silent one stays silent."""
    strong = {"behaviour.groups.peers": 10, "behaviour.groups.talk": 0.02, "behaviour.groups.quit": 0,
              "behaviour.groups.half_company": 0.25, "behaviour.groups.half_size": 1000,
              "behaviour.groups.half_small": 1, "behaviour.groups.habit_gain": 0,
              "horizon": 40, "warmup.days": 0} | QUIET  # fmt: skip

    def later(start: float) -> float:
        market = Market(with_club(strong, size=60, split_above=200), 1, graph_of(with_club(strong)))
        market.step()
        market.book.groups["activity"] = start
        for _ in range(30):
            market.step()
        return float(market.book.groups["activity"][groups_of(market)].mean())

    assert later(0.0) < 0.06
    assert later(0.6) > 2 * later(0.0)  # a month later


def test_the_stimulus_starts_ends_and_rests() -> None:
    kind = kind_of(stimulus={"below": 0.1, "enough": 0.2, "days": 5, "cooldown": 3})
    group = morning_of(50, kind, active=0.15)
    on = []
    for day in range(1, 30):
        group["activity"] = 0.05
        steer(group, kind, day)
        on.append(bool(group["stimulus_until"] >= day))
    assert on[:16] == [True] * 5 + [False] * 3 + [True] * 5 + [False] * 3
    group["stimulus_until"] = group["rests_until"] = NEVER
    steps = []
    for day, share in enumerate([0.15, 0.09, 0.12, 0.19, 0.21, 0.15, 0.12, 0.11, 0.09]):
        group["activity"] = share
        steer(group, kind, day)
        steps.append(bool(group["stimulus_until"] >= day))
    assert steps == [False, True, True, True, False, False, False, False, True]


def test_a_stimulus_costs_and_wakes() -> None:
    dull = {"behaviour.groups.talk": 0.03}
    without, with_it = (
        live(with_club(dull)),
        live(with_club(dull, stimulus={"below": 0.2, "enough": 0.3, "cost": 20})),
    )
    assert activity(with_it) > 1.1 * activity(without)
    assert total(with_it, M.community_fen) > total(without, M.community_fen)


# Opinion customers, stories, suggestions -------------------------------------------------


def test_seats_are_never_exceeded_and_stand_ins_fill_them() -> None:
    koc = {"who": {"posts": ">= 1"}, "seats": 2, "reserve": 2, "commission": 0, "training": 7}
    market = Market(with_club({"behaviour.groups.opinion_quit": 0.3}, koc=koc), 1, graph_of(busy()))
    seated = filled_midweek = 0
    for _ in range(60):
        empty = {g: (market.book.roles[members_of(market, g)] & OPINION > 0).sum() for g in groups_of(market)}
        waiting = {g: (market.book.roles[members_of(market, g)] & RESERVE > 0).any() for g in empty}
        market.prepare()
        for g in groups_of(market):
            roles = market.book.roles[members_of(market, g)]
            assert (roles & OPINION > 0).sum() <= 2
            assert (roles & RESERVE > 0).sum() <= 2
            seated += (roles & OPINION > 0).sum()
            if not market.terms.now["new_week"][0] and g in empty and empty[g] < 2 and waiting[g]:
                filled_midweek += (roles & OPINION > 0).sum() > empty[g]
        market.live()
    assert seated > 100
    assert filled_midweek > 5
    assert total(market, M.contributor_fen) % 700 == 0  # training only
    assert total(market, M.group_quits) > 20


def test_underpaid_opinion_customers_go() -> None:
    koc = {"who": {"posts": ">= 1"}, "seats": 5}
    unpaid, paid = (
        live(with_club({"behaviour.groups.quit": 0}, koc=koc | {"commission": pay})) for pay in (0, 40)
    )
    assert total(unpaid, M.group_quits) > 1.5 * total(paid, M.group_quits)


def test_rewards_make_stories_and_a_filter_holds_back() -> None:
    unpaid, paid = live(with_club()), live(with_club(None, ugc={"reward": 10, "quality": 0}))
    strict = live(with_club(None, ugc={"reward": 10, "quality": 0.9}))
    assert total(paid, M.stories) > 1.3 * total(unpaid, M.stories)
    assert total(strict, M.stories) < 0.4 * total(paid, M.stories)
    assert total(paid, M.contributor_fen) == 1000 * total(paid, M.stories)
    assert total(unpaid, M.contributor_fen) == 0


def test_adopted_suggestions_are_good_for_everybody() -> None:
    """The factor of all orders grows with what was adopted, stays below its limit, and is 1 without."""
    market = Market(
        with_club({"behaviour.groups.idea": 0.5}, ideas={"adopt": 1, "prize": 3}), 1, graph_of(busy())
    )
    fits = []
    for _ in range(60):
        market.step()
        fits.append(float(market.terms.now["idea_fit"][0]))
    assert fits[0] == 1.0
    assert all(np.diff(fits) >= 0)
    assert 1.02 < fits[-1] < 1.0 + market.scenario.behaviour.groups.fit
    assert total(market, M.contributor_fen) == 300 * total(market, M.ideas)


# Nothing runs away ------------------------------------------------------------------------


@cache
def wild(count: int) -> tuple[Market, ...]:
    """Random worlds with groups, each lived to its end."""
    markets, number = [], 0
    while len(markets) < count:
        world = random_world(random.Random(10_000 + number))
        rng, number = random.Random(number), number + 1
        if world.graph.n > 65:
            continue
        groups = random_groups(rng)
        content = world.scenario.model_dump()
        if groups:
            scenario = Scenario.model_validate(content | {"levers": content["levers"] | {"groups": groups}})
            markets.append(Market(scenario, world.seed, world.graph, world.base).run())
    return tuple(markets)


@pytest.mark.parametrize("count", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_nothing_runs_away_in_two_hundred_worlds(count: int) -> None:
    for market in wild(count):
        users, book = market.users, market.book
        for record in (users, book.groups, market.terms.now, market.terms.kinds):
            for field in record.dtype.names:
                assert np.isfinite(record[field]).all(), field
        there = book.groups[groups_of(market)]
        kinds = market.terms.kinds[there["kind"]]
        most = {"activity": 1.0, "read": kinds["read"], "quit": kinds["quit"], "gloom": kinds["gloom"],
                "proof": kinds["norm"] + kinds["proof"], "credit": kinds["credit"] + kinds["topic_trust"]}  # fmt: skip
        for field, bound in most.items():
            assert (there[field] >= 0).all(), field
            assert (there[field] <= bound).all(), field
        assert ((users["habit"] >= 0) & (users["habit"] <= 1)).all()
        daily = book.ledger.sum(axis=(1, 2, 3))
        assert (daily[:, M.speakers] <= daily[:, M.grouped]).all()
        for g in groups_of(market):
            assert len(members_of(market, g)) == book.groups["members"][g] > -1
    assert sum(len(market.book.groups) > 4 for market in wild(count)) > count // 8  # and they do split
    assert sum(total(market, M.speakers) for market in wild(count)) > 25 * count


# Files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("club", "cure"),
    [
        ({"size": 500, "split_above": 400}, "Set split_above above size"),
        ({"stimulus": {"below": 0.2, "enough": 0.1}}, "Set enough at or above below"),
        ({"who": {"trust": ">= 1"}}, "observable"),
    ],
)
def test_contradictions_come_with_a_cure(club: dict[str, Any], cure: str) -> None:
    with pytest.raises((InputError, ValueError), match=cure):
        with_club(None, **club)
