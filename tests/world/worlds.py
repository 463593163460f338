"""Small worlds for the stories in this folder, and their event logs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario import Scenario, with_values
from simlab.world.graph import Graph
from simlab.world.market import Market
from simlab.world.network import social_graph
from simlab.world.records import EVENT_NAMES

Told = tuple[int, int, str, Any]
"""One event in words: day, user, what, and with what."""

BUSY: dict[str, Any] = {
    "name": "Busy",
    "start": "2026-03-02",
    "horizon": 50,
    "warmup": {"days": 10},
    "population": {
        "members": 120,
        "prospects": 180,
        "tenure": 400,
        "opted_in": 0.85,
        "segments": {
            "regular": {"share": 3, "orders": {"shape": 0.9, "per_year": 20}},
            "bargain": {
                "share": 1,
                "orders": {"shape": 0.8, "per_year": 12},
                "deal": 1.8,
                "sociability": 2,
                "lifetime": {"core": 0.2},
            },
        },
    },
    "graph": {"mean_degree": 6, "community_size": 20},
    "levers": {
        "push": {
            "new": {"per_week": 4},
            "loyal": {"per_week": 5, "mix": {"promo": 2, "gift": 1, "value": 1}},
            "active": {"per_week": 4, "mix": {"promo": 1, "gift": 1, "value": 2}},
            "at_risk": {"per_week": 5, "mix": {"gift": 1}},
            "dormant": {"per_week": 2},
        },
        "touches": {
            "value": {"kind": "value"},
            "promo": {"kind": "promo", "offer": "coupon", "priority": 1, "days": ["mon", "wed", "sat"]},
            "gift": {"kind": "promo", "offer": "flash", "priority": 2},
        },
        "caps": {"per_day": 1, "per_week": 4, "per_month": 12, "execution": 0.9},
        "offers": {
            "coupon": {"depth": 0.15, "min_spend": 60, "valid": 5, "budget": 400},
            "flash": {"depth": 0.3, "valid": 2, "stock": 60, "stages": ["loyal", "active", "at_risk"]},
        },
        "referral": {"reward": 20, "invitee_reward": 8, "needed": 2, "budget": 400},
        "sources": {"ads": {"exposures": 60, "budget": 100}, "parcel": {"exposures": 200, "need": 1.1}},
    },
    "behaviour": {
        "opt_out": {"mute": 0.02, "leave": 0.008, "complain": 0.01, "dog_leave": 0.03, "exit": 0.04},
        "invitation": {"episodes": 0.02, "accept": 0.3, "hunters": 0.02, "half_hunters": 20},
        "activity": {"visits": 0.08},
    },
    "economics": {"fixed_cost": 5},
    "calendar": {
        "weekdays": {"sat": 1.3, "sun": 1.2},
        "events": [{"name": "Spring sale", "first": "2026-03-20", "last": "2026-03-22", "demand": 2.0}],
    },
}
"""Touches, offers, a referral and sources at work, on few people in little time."""


STAFFED: dict[str, Any] = {
    "levers.staff": {"service": {"heads": 1, "capacity": 1}, "adviser": {"heads": 1, "capacity": 8}},
    "levers.service": {"ai": {"solves": 0.3}, "follow_up": {"share": 0.3}, "graded": True, "compensation": 3},
    "levers.advisers": {"who": {"orders": ">= 1"}},
    "behaviour.service.issue": 0.5,
    "behaviour.service.patience": 4,
    "behaviour.service.give_up": 9,
    "behaviour.team.violation": 0.3,
}
"""People who work there, and what gives them work."""

EVERYTHING: dict[str, Any] = STAFFED | {
    "population.topics": {"tea": 2, "sport": 1},
    "levers.tagging": {"profile": 0.3, "running": 1},
    "levers.rules": {"care": {"touch": "value", "clock": "idle", "after": 7, "every": 7, "times": 3, "cost": 0.1}},
    "levers.referral": {
        "reward": 40, "invitee_reward": 5, "check": {"strength": 0.7, "false_positives": 0.3, "cost": 1},
    },
    "levers.programmes": {"club": {"who": {"orders": ">= 3"}, "reward": 0, "invitee_reward": 0, "perk": 1, "quota": 2}},
    "levers.teams": {"pair": {"offer": "coupon", "needed": 2, "days": 3, "commission": 4}},
    "levers.shares": {"poster": {"reward": 2, "cap": 3, "forced": True, "fine": 50}},
    "levers.seeding": {"koc": {"people": 5, "by": "friends", "on": [3, 10], "fee": 30, "negative": 0.4}},
    "levers.word_of_mouth": {"virality": 2},
    "levers.response": {"delay": 4, "compensation": 10, "isolation": 0.3, "cost": 100},
    "levers.monitoring": {"recall": 0.8, "delay": 2, "cost": 3},
    "crises": {"leak": {"date": "2026-03-12", "share": 0.1}},
    "levers.groups": {"club": {"size": 20, "split_above": 60, "ugc": {"reward": 1, "quality": 0.5}}},
    "levers.offers.standing": {"standing": True, "depth": 0.05, "who": {"orders": ">= 4"}},
    "levers.offers.flash.gift": 2,
    "levers.recommendation": {"relevance": 0.5},
    "levers.points": {"per_yuan": 1, "value": 0.05, "step": 100, "expiry": 20},
    "levers.levels": {"step": 300, "service": 1},
    "levers.plans": {"gold": {"fee": 3, "term": 15, "offer": "standing"}},
    "levers.checkout": {"loss_per_step": 0.1},
    "levers.shops": {},
    "levers.launches": {"cup": {"date": "2026-03-10"}},
    "behaviour.teams.open": 0.2,
    "behaviour.talk.share_rate": 0.05,
    "behaviour.talk.violation": 0.3,
}  # fmt: skip
"""Every primitive at work."""

NO_STAFF: dict[str, Any] = {
    "levers.staff": {},
    "levers.service": None,
    "levers.advisers": None,
    "behaviour.service.issue": 0,
    "behaviour.team.violation": 0,
}
"""The staffed world without anybody who works there, and without what gives them work."""


def busy(values: Mapping[str, Any] | None = None) -> Scenario:
    """The busy scenario, with other values at dotted paths."""
    return with_values(Scenario.model_validate(BUSY), values or {})


def graph_of(scenario: Scenario) -> Graph:
    """The scenario's graph of friends."""
    return social_graph(scenario.graph, scenario.population.members + scenario.population.prospects)


def with_a_stranger(graph: Graph) -> Graph:
    """The same friends, and one more person whom nobody knows."""
    return Graph(np.append(graph.indptr, graph.indptr[-1]), graph.indices, np.append(graph.community, 0))


def live(scenario: Scenario, seed: int = 1, graph: Graph | None = None, log: bool = True) -> Market:
    """One seeded world, lived to its end."""
    return Market(scenario, seed, graph or graph_of(scenario), log_events=log).run()


def tell(market: Market) -> list[Told]:
    """The event log in words: numbers of stages, touches and offers depend on what else there is."""
    names = market.names
    told = []
    for day, user, code, value in market.events().tolist():
        what = EVENT_NAMES[code]
        with_what: Any = value
        if what == "stage":
            with_what = names.stages[value]
        elif what in ("send", "capped", "unsent", "seen", "open", "interact"):
            with_what = names.touches[value]
        elif what == "coupon":
            with_what = (names.offers[value // 2], bool(value % 2))
        told.append((day, user, what, with_what))
    return sorted(told, key=repr)


def same_bytes(one: Market, other: Market) -> bool:
    """Whether two runs have the same ledger, cohorts, flows and user records, to the last bit."""

    def tables(market: Market) -> list[NDArray[Any]]:
        records = [market.users[field] for field in market.users.dtype.names]
        return [*records, market.book.ledger, market.book.cohorts, market.book.flows]

    return all(a.tobytes() == b.tobytes() for a, b in zip(tables(one), tables(other), strict=True))
