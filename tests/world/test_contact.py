"""Stories of contact: rules fire when they should, channels are muted one by one, tags learn, habits grow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simlab.scenario import InputError, Scenario
from simlab.scenario.export import dump_yaml
from simlab.scenario.files import load_text
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.outcomes import outcomes
from simlab.world.records import MEMBER
from tests.world.worlds import busy, live, same_bytes, tell

TOPICS = {"fitness": 1.0, "baking": 1.0, "reading": 1.0, "travel": 1.0}
CALM = {"levers.push": {}, "levers.caps": {"per_day": 9, "per_week": 50, "per_month": 200}}
"""Nobody is written to but by rules, and no cap binds."""


def world(values: dict[str, Any], seed: int = 1) -> Market:
    return live(busy(values), seed)


def total(market: Market, metric: M) -> int:
    return int(market.book.ledger[..., metric].sum())


def sends(market: Market, touch: str) -> list[tuple[int, int]]:
    """(day, user) of every time a touch was sent."""
    return [(day, user) for day, user, what, which in tell(market) if what == "send" and which == touch]


def loads(text: str) -> Scenario:
    return load_text(text, Path("mine.yaml")).scenario


# Rules -----------------------------------------------------------------------------------


def test_everybody_is_welcomed_once_on_the_first_morning() -> None:
    rule = {"touch": "value", "clock": "tenure", "who": {"orders": "<= 999"}}
    market = world(CALM | {"levers.rules": {"welcome": rule}, "population.opted_in": 1.0})
    joined = {user: day for day, user, what, _ in tell(market) if what == "join"}
    last = max(day for day, *_ in tell(market))
    newcomers = {(day + 1, user) for user, day in joined.items() if day < last}
    assert newcomers
    first = market.first_day  # some came on the evening before the first day
    assert {(day, user) for day, user in sends(market, "value") if day > first} == newcomers


def test_a_rule_repeats_after_its_cooldown_and_stops_at_its_cap() -> None:
    rule = {"touch": "value", "clock": "tenure", "after": 5, "every": 7, "times": 3}
    market = world(
        CALM | {"levers.rules": {"nudge": rule}, "population.tenure": 0, "population.opted_in": 1.0}
    )
    days: dict[int, list[int]] = {}
    for day, user in sends(market, "value"):
        days.setdefault(user, []).append(day - int(market.users["joined"][user]))
    assert set(map(tuple, days.values())) >= {(5, 12, 19)}
    assert all(set(seen) <= {5, 12, 19} for seen in days.values())


def test_a_rule_at_zero_recall_moves_nothing() -> None:
    rule = {"touch": "gift", "clock": "idle", "after": 3, "every": 5, "share": 0, "cost": 3}
    assert same_bytes(world({}), world({"levers.rules": {"care": rule}}))


def test_more_recall_finds_the_same_occasions_and_more() -> None:
    """Detection is nested: whoever is noticed at 40 % is noticed at 80 %."""
    rule = {"touch": "value", "clock": "since_birthday", "after": 0}
    few, many = (
        set(
            sends(
                world(CALM | {"levers.rules": {"b": rule | {"share": share}}, "population.opted_in": 1.0}),
                "value",
            )
        )
        for share in (0.4, 0.8)
    )
    gone = {user for _, user in few ^ many}
    assert few
    assert len(few - many) <= len(gone) // 3  # who leaves earlier misses the later ones
    assert len(many) > len(few)


def test_what_a_rule_costs_is_paid_with_the_touch() -> None:
    rule = {"touch": "value", "clock": "idle", "after": 7, "every": 7}
    free, dear = (
        world(CALM | {"levers.rules": {"care": rule | {"cost": cost}}, "levers.touches.value.cost": 0})
        for cost in (0, 1.5)
    )
    assert total(free, M.touch_fen) == 0
    assert total(dear, M.touch_fen) == 150 * total(dear, M.value_sent) > 0


def test_an_audience_may_go_by_places() -> None:
    scheme = {"refresh": 1, "places": [{"name": "gold", "when": {"orders": ">= 3"}}, {"name": "rest"}]}
    rule = {"touch": "value", "per_week": 3, "who": {"in_tier": "gold"}}
    market = world(CALM | {"schemes": {"tier": scheme}, "levers.rules": {"vip": rule}})
    early = {user for day, user in sends(market, "value")}
    assert early
    assert all(market.users["orders"][user] >= 3 for user in early)


# Schemes ---------------------------------------------------------------------------------


def test_nobody_falls_where_there_is_no_downgrade() -> None:
    places = [{"name": "here", "when": {"idle": "<= 7 days"}}, {"name": "away"}]
    down, never = (
        world({"schemes": {"s": {"places": places, "downgrade": falls}}}).users for falls in (True, False)
    )
    members = down["status"] == MEMBER
    assert (down["layers"][members] == 1).any()
    assert (never["layers"] <= down["layers"]).all()
    assert (never["layers"] < down["layers"]).any()


def test_a_scheme_alone_changes_nobody() -> None:
    scheme = {"places": [{"name": "rich", "when": {"spend": ">= 300 yuan"}}, {"name": "rest"}], "refresh": 7}
    one, other = world({}), world({"schemes": {"s": scheme}})
    assert one.book.ledger.tobytes() == other.book.ledger.tobytes()


# Channels --------------------------------------------------------------------------------


def test_one_open_channel_for_all_is_the_same_as_none() -> None:
    """Only who may be reached at first is drawn otherwise, so nobody is left out here."""
    one = world({"population.opted_in": 1.0})
    other = world({"population.opted_in": 1.0, "levers.channels": {"wecom": {"reach": 1.0}}})
    assert one.book.ledger.tobytes() == other.book.ledger.tobytes()


def test_who_mutes_one_channel_can_be_reached_by_the_other() -> None:
    channels = {"wecom": {"reach": 1.0}, "mini": {"reach": 0.8}}
    market = world({"levers.channels": channels})
    muted = market.users["muted"] == 1
    closed = market.users["closed"]
    assert ((closed == 3) == muted).all()
    assert ((closed == 1) & ~muted).any()
    assert total(market, M.mutes) > muted.sum() - (closed == 2).sum()


def test_a_channel_keeps_its_quota() -> None:
    channels = {"wecom": {"reach": 1.0, "quota_per_month": 2}}
    market = world(
        {"levers.channels": channels, "levers.caps": {"per_day": 9, "per_week": 50, "per_month": 200}}
    )
    by_month: Counter[tuple[int, int]] = Counter()
    start = market.scenario.start.toordinal() - 1
    for day, user, what, _ in tell(market):
        if what == "send":
            date = market.scenario.start.fromordinal(start + day)
            by_month[date.month, user] += 1
    assert max(by_month.values()) == 2


def test_more_channels_reach_more() -> None:
    one, two = (
        outcomes(world({"levers.channels": {"wecom": {"reach": 0.6}} | more}))
        for more in ({}, {"mini": {"reach": 0.6}})
    )
    assert two["reach"] > one["reach"]


# Kinds, hours, topics --------------------------------------------------------------------


def test_kinds_differ_in_what_they_cost_and_give() -> None:
    seen = {
        kind: outcomes(world({"levers.touches.value.kind": kind})) for kind in ("value", "service", "promo")
    }
    assert seen["service"]["fatigue"] < seen["value"]["fatigue"] < seen["promo"]["fatigue"]
    assert seen["service"]["satisfaction"] > seen["promo"]["satisfaction"]


def test_people_read_when_they_have_time() -> None:
    persona = {"worker": {"peaks": [20], "width": 3, "floor": 0.2}}
    people = {"population.personas": persona, "population.segments.regular.persona": "worker",
              "population.segments.bargain.persona": "worker", "behaviour.attention.open": 0.3}  # fmt: skip
    noon, evening = (
        outcomes(world(people | {f"levers.touches.{name}.hour": hour for name in ("value", "promo", "gift")}))
        for hour in (13, 20)
    )
    assert evening["open_rate"] > 1.5 * noon["open_rate"]


def test_nothing_is_sent_in_quiet_hours() -> None:
    at_night = {f"levers.touches.{name}.hour": 23 for name in ("value", "promo", "gift")}
    market = world(at_night | {"levers.caps.quiet": {"begin": 22, "end": 8}})
    assert total(market, M.value_sent) + total(market, M.promo_sent) == 0
    assert total(market, M.capped) > 0


def test_tags_learn_and_find_the_interest() -> None:
    asked = {
        "population.topics": TOPICS,
        "levers.touches.value.topic": "tagged",
        "behaviour.attention.open": 0.5,
    }
    blind, learning, known = (
        outcomes(world(asked | {"levers.tagging": tagging}))
        for tagging in ({}, {"learn": 0.8}, {"profile": 1.0})
    )
    assert blind["tag_accuracy"] == 0
    assert abs(blind["match_share"] - 0.25) < 0.06
    assert blind["match_share"] < learning["match_share"] < known["match_share"] == 1.0
    assert 0 < learning["tag_accuracy"] < known["tag_accuracy"] == 1.0


def test_friends_often_care_about_the_same() -> None:
    market = Market(busy({"population.topics": TOPICS, "population.homophily": 0.9}), 1, live(busy({})).graph)
    graph, interest = market.graph, market.users["interest"]
    same = [
        interest[i] == interest[f]
        for i in range(graph.n)
        for f in graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
    ]
    assert np.mean(same) > 0.3


def test_a_quiz_tells_the_interest() -> None:
    quiz = {"kind": "service", "quiz": True, "appeal": 9, "answer": 9}
    rule = {"touch": "value", "per_week": 2}
    market = world(
        CALM | {"population.topics": TOPICS, "levers.rules": {"ask": rule}, "levers.touches.value": quiz}
    )
    known = market.users["tag"] > 0
    assert known.sum() > 10
    assert (market.users["tag"][known] == market.users["interest"][known]).all()


# Habit, senders, observation, consent ----------------------------------------------------


def test_tasks_make_a_habit_that_breaks() -> None:
    task = {
        "levers.touches.value.kind": "task",
        "levers.touches.value.appeal": 9,
        "levers.touches.value.answer": 9,
    }
    rule = {"levers.rules": {"daily": {"touch": "value", "clock": "tenure", "after": 1, "every": 1}}}
    market = world(
        CALM | task | rule | {"behaviour.attention.open": 0.3, "behaviour.attention.interact": 0.8}
    )
    users = market.users
    assert total(market, M.tasks) > 50
    assert users["habit"].max() > 0.2
    assert ((users["habit"] >= 0) & (users["habit"] <= 1)).all()
    assert ((users["streak"] == 0) & (users["habit"] > 0.01)).any()
    idle = world(CALM | task | rule | {"behaviour.attention.open": 0.3, "behaviour.attention.interact": 0.8,
                                       "behaviour.kinds.task_habit": 0})  # fmt: skip
    assert total(market, M.visits) > total(idle, M.visits)


def test_departments_that_do_not_talk_send_more() -> None:
    alone, three, together = (
        outcomes(
            world({"levers.senders": senders, "levers.caps": {"per_day": 3, "per_week": 6, "per_month": 20}})
        )
        for senders in ({}, {"count": 3}, {"count": 3, "shared": True})
    )
    assert three["touches"] > 1.5 * alone["touches"]
    assert together["touches"] == alone["touches"]


def test_what_is_not_observed_counts_all_the_same() -> None:
    """The operator sees less; people do what they did, until somebody acts on what is seen."""
    quiet = CALM | {"stages": [{"name": "all"}], "levers.offers.flash.stages": None}
    seen, unseen = (world(quiet | {"levers.observation.coverage": share}) for share in (1.0, 0.0))
    for metric in (M.active, M.visits, M.orders):
        assert total(seen, metric) == total(unseen, metric) > 0
    assert unseen.users["last_seen"].sum() < seen.users["last_seen"].sum()


def test_consent_asked_twice_costs_reach_and_saves_complaints() -> None:
    once, twice = (
        outcomes(world({"levers.consent.double": asked, "behaviour.consent.confirm": 0.3}))
        for asked in (False, True)
    )
    assert twice["reach"] < once["reach"]
    assert twice["complaint_rate"] < once["complaint_rate"]


# Bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levers", "says"),
    [
        ("rules: {r: {touch: valu, per_week: 1}}", "Did you mean 'value'"),
        ("rules: {r: {touch: value}}", "either a clock or a rate"),
        ("rules: {r: {touch: value, clock: idle, per_week: 1}}", "either a clock or a rate"),
        ("rules: {r: {touch: value, clock: idle, times: 2}}", "how far apart"),
        ("rules: {r: {touch: value, per_week: 9}}", "do not fit"),
        ("rules: {r: {touch: value, per_week: 1, who: {in_stage: nwe}}}", "Did you mean 'new'"),
        ("rules: {r: {touch: value, per_week: 1, who: {in_rfm: gold}}}", "unknown scheme"),
        ("touches: {value: {channel: wecom}}", "unknown channel"),
        ("touches: {value: {topic: fitness}}", "unknown topic"),
    ],
)
def test_mistakes_are_told(levers: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        loads(f"extends: default\nname: x\nlevers:\n  {levers}\n")


def test_a_table_cannot_look_at_another() -> None:
    with pytest.raises(InputError, match="cannot look at another"):
        loads(
            "extends: default\nname: x\nschemes: {s: {places: [{name: a, when: {in_stage: new}}, {name: b}]}}\n"
        )


def test_audiences_survive_a_save() -> None:
    scenario = busy({
        "population.topics": TOPICS,
        "schemes": {"s": {"places": [{"name": "a", "when": {"orders": ">= 2"}}, {"name": "b"}]}},
        "levers.rules": {"r": {"touch": "value", "per_week": 1, "who": {"in_s": ["a"], "in_tag": "fitness"}}},
    })  # fmt: skip
    assert loads(dump_yaml(scenario)) == scenario
