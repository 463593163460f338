"""Random small worlds over everything that a scenario can say, for tests of the engine and the twin.

One generator serves two ends: `random_world(random.Random(7))` is a fixed world, and `worlds` is a
hypothesis strategy that steers the same generator and shrinks what fails. Behaviour is drawn from ranges far
beyond the plausible, so that what is rare in a real programme (mutes, complaints, sleeping dogs, hunters,
contagion, empty budgets) happens in most of these worlds.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scenarios_money as money
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenarios_company import WIDE_COMPANY, company_crises, company_levers, programme
from scenarios_contact import contact_levers, other_questions, with_contact
from scenarios_groups import WIDE_GROUPS, about_topics, random_groups
from scenarios_market import FIRM, by_kind, with_market
from scenarios_staff import random_staff, random_staff_behaviour, staffed

from simlab.scenario.schema import WEEKDAYS, Scenario
from simlab.world.graph import Graph, build
from simlab.world.network import places
from simlab.world.people import BASE_COLUMNS, Base

MOST_PEOPLE = 200
MOST_DAYS = 40
SHAPES = (0.3, 0.9, 2.5)  # few, since each gamma shape costs a table

# Wide ranges of behaviour: where chances are per day, high enough to see them in 40 days.
WIDE: dict[str, dict[str, tuple[float, float]]] = {
    "attention": {
        "half_life": (0.5, 20), "promo_cost": (0, 12), "value_cost": (0, 6), "tolerance_spread": (0, 2),
        "half_activity": (1, 60), "steepness": (0.5, 6), "tolerance_in_activity": (0, 1),
        "order_exponent": (0, 2), "seen": (0.3, 1), "half_seen": (1, 40), "seen_floor": (0, 1),
        "open": (0.1, 1), "half_open": (1, 40), "crowding": (0, 1), "interact": (0, 1),
    },
    "opt_out": {
        "mute": (0, 0.3), "leave": (0, 0.1), "complain": (0, 0.2), "reference": (0.5, 20),
        "exponent": (0.3, 3), "saturation": (1, 30), "muted_visits": (0, 1), "dogs": (0, 1),
        "dog_leave": (0, 1), "dog_idle": (0.4, 15), "exit": (0, 0.5), "ended_visits": (0, 1),
    },
    "trust": {
        "baseline": (0.05, 0.95), "spread": (0, 0.2), "half_life": (1, 100), "value_gain": (0, 1),
        "promo_loss": (0, 1), "in_orders": (0, 3), "in_lifetime": (0, 3),
    },
    "exposure": {
        "half_life": (0.5, 20), "lift": (0, 5), "half": (0.1, 3), "value_weight": (0, 3),
    },
    "price": {
        "elasticity": (0, 8), "clip": (0, 10), "reference_share": (0, 1), "loss_aversion": (0, 5),
        "reference_learning": (0, 1), "reference_half_life": (1, 200), "largest_lift": (1.01, 5),
        "pull_forward": (0, 1), "stock_half_life": (1, 60),
    },
    "invitation": {
        "episodes": (0, 1), "gain": (0, 20), "half_reward": (1, 40), "needed_exponent": (0, 3),
        "step_loss": (0, 1), "more": (0, 0.9), "accept": (0, 1), "invitee_gain": (0, 5),
        "half_invitee_reward": (1, 60), "proof": (0, 5), "need_exponent": (0, 2), "hunters": (0, 0.5),
        "half_hunters": (1, 60), "hunter_need": (0, 3), "hunter_hazard": (0, 0.5),
        "hunter_deal": (0, 3),
    },
    "contagion": {
        "friend": (0, 5), "inviter": (0, 20), "half_life": (1, 60),
    },
    "activity": {
        "visits": (0, 0.9), "visit_need": (-0.9, 0.9), "sociability_spread": (0, 2),
    },
    **money.WIDE,
    "groups": WIDE_GROUPS,
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A scenario and everything else that `Market` and `TwinMarket` take."""

    scenario: Scenario
    before: Scenario | None
    seed: int
    graph: Graph = field(repr=False)
    base: Base | None = field(repr=False)
    cells: tuple[Scenario, ...] = ()
    assignment: NDArray[np.uint8] | None = field(default=None, repr=False)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of a market."""
        return {"scenario": self.scenario, "seed": self.seed, "graph": self.graph, "base": self.base,
                "before": self.before, "cells": self.cells, "assignment": self.assignment}  # fmt: skip


def random_world(rng: random.Random) -> World:
    """A valid world of at most MOST_PEOPLE people and MOST_DAYS days including its warm-up."""
    parts = _random_people(rng)
    base = parts.pop("base")
    stages = _random_stages(rng)
    names = [stage["name"] for stage in stages]
    days = rng.choice([rng.randint(1, MOST_DAYS), rng.randint(8, 20)])
    warmup = rng.randint(1, days - 1) if days > 1 and _happens(rng, 0.5) else 0
    start = datetime.date(2025, 12, 1) + datetime.timedelta(days=rng.randint(0, 60))
    levers = _random_levers(rng, names)
    levers = staffed(levers, random_staff(rng))
    content = {
        "name": "random", "start": start, "horizon": days - warmup, "warmup": {"days": warmup},
        "population": parts, "stages": stages, "levers": levers,
        "behaviour": _random_behaviour(rng) | random_staff_behaviour(rng),
        "economics": {
            "margin": rng.uniform(0, 1), "complaint_cost": rng.randint(0, 5000) / 100,
            "fixed_cost": rng.randint(0, 500) / 100,
        },
        "calendar": _random_calendar(rng, start),
    }  # fmt: skip
    rich = random.Random(rng.randint(0, 2**32))  # company
    if _happens(rng, 0.6):
        _add_company(rich, content, start, days)
    if _happens(rich, 0.5):
        _make_rare_things_frequent(rich, content)
    content = about_topics(rng, with_contact(rng, content))
    scenario = Scenario.model_validate(content)
    before = None
    if warmup and _happens(rng, 0.6):
        other = staffed(_other_levers(rng, content["levers"], names), random_staff(rng))
        if content["levers"].get("programmes") is not None and _happens(rich, 0.5):
            other |= _company_of(rich, other, content["levers"])
        other = contact_levers(rng, other, content["levers"], content)
        other |= other_questions(random.Random(f"{start} {days} {warmup}"), other)  # draws that move no other
        before = Scenario.model_validate(content | {"levers": other})
    n = (len(base.rows) if base else parts["members"]) + parts["prospects"]
    world = World(scenario, before, rng.randint(0, 2**40), _random_graph(rng, n), base)
    return with_market(rng, world)


def _add_company(rng: random.Random, content: dict[str, Any], start: datetime.date, days: int) -> None:
    """What travels on the graph."""
    levers = content["levers"]
    levers |= _company_of(rng, levers, None)
    if levers["referral"]:
        free = [name for name, offer in levers["offers"].items() if offer["stock"] is None]
        levers["referral"] |= programme(rng, free)
    content["crises"] = company_crises(rng, start, days)
    content["behaviour"] |= {
        subject: {name: round(rng.uniform(*limits), 2) for name, limits in fields.items()}
        for subject, fields in WIDE_COMPANY.items()
        if _happens(rng, 0.8)
    }


def _make_rare_things_frequent(rng: random.Random, content: dict[str, Any]) -> None:
    """Coupons that do not reach for all, and people brought for the reward alone, who are caught."""
    levers = content["levers"]
    coupons = {name: offer for name, offer in levers["offers"].items() if not offer.get("standing")}
    for offer in coupons.values():
        offer |= {"stages": None, "who": {}, "share": 1.0, "first": None, "last": None}
        if offer["stock"]:
            offer |= {"stock": rng.randint(1, 3), "budget": None}
    for touch in levers["touches"].values():
        touch["offer"] = rng.choice(sorted(coupons)) if coupons else None
    if levers["referral"]:
        check = {"strength": rng.uniform(0.3, 1), "false_positives": rng.uniform(0, 0.6), "cost": 0.77}
        levers["referral"] |= {"reward": 60.0, "needed": 1, "budget": None, "check": check}
        for name in ("tiers", "quota"):
            levers["referral"].pop(name, None)
        invitation = content["behaviour"].get("invitation", {})
        content["behaviour"]["invitation"] = invitation | {"hunters": 0.5, "half_hunters": 1}


def _company_of(rng: random.Random, levers: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
    """Levers of company; of named things only those that are `known`."""
    stages = [*levers["push"], "others"]
    made = company_levers(rng, levers["offers"], lambda rng: _random_referral(rng, stages))
    for lever in ("programmes", "teams", "shares", "seeding"):
        if known is not None:
            made[lever] = {name: item for name, item in made[lever].items() if name in known[lever]}
    return made


worlds = st.randoms(use_true_random=False).map(random_world)
"""Hypothesis strategy of `World`s."""


def random_test(rng: random.Random) -> World:
    """A valid world in which everybody is in one of two to four test cells."""
    world = by_kind(random_world(rng))
    content = world.scenario.model_dump()
    content["levers"]["teams"] = {}  # their offers would have to be in all cells
    for item in [content["levers"]["referral"] or {}, *content["levers"]["programmes"].values()]:
        item["invitee_offer"] = None
    world = replace(world, scenario=Scenario.model_validate(content))
    given = {plan["offer"]: content["levers"]["offers"][plan["offer"]]
             for plan in content["levers"]["plans"].values() if plan["offer"] is not None}  # fmt: skip
    others = [_cell_levers(rng, content["levers"], world.scenario) for _ in range(rng.randint(1, 3))]
    cells = tuple(
        Scenario.model_validate(content | {"levers": levers | {"offers": levers["offers"] | given}})
        for levers in others
    )
    drawn = np.random.default_rng(rng.randint(0, 2**32)).integers(0, len(cells) + 1, world.graph.n)
    return replace(world, cells=cells, assignment=drawn.astype(np.uint8))


cell_worlds = st.randoms(use_true_random=False).map(random_test)
"""Hypothesis strategy of `World`s with test cells."""


def _cell_levers(rng: random.Random, levers: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    """Levers of another cell: nothing at all, some things the same and some not, or touches of its own."""
    if _happens(rng, 0.2):
        return levers | {
            "push": {}, "touches": {}, "rules": {}, "offers": money.opened(levers), "referral": None
        }  # fmt: skip
    stages = [stage.name for stage in scenario.stages]
    whole = scenario.model_dump()
    if _happens(rng, 0.3):
        other = _levers_of(rng, stages, [*levers["offers"], "own"], [*levers["touches"], "own"], [])
        other = money.other(rng, levers, other)
        kept = {part: levers[part] for part in (*FIRM, "groups")}
        return contact_levers(
            rng, {k: v for k, v in levers.items() if k not in other} | other | kept, levers, whole
        )
    other = contact_levers(rng, _other_levers(rng, levers, stages), levers, whole)
    other["programmes"] = {
        name: _random_referral(rng, stages) | programme(rng, [])
        for name in ("club", "own")
        if _happens(rng, 0.5)
    }
    together = [
        ("push", "touches", "rules"),
        ("caps",),
        ("offers",),
        ("referral",),
        ("programmes",),
        ("points",),
        ("levels",),
    ]  # a cadence fits its touches' days
    chosen = [name for names in together if _happens(rng, 0.6) for name in names]
    return levers | {name: other[name] for name in chosen}


def _happens(rng: random.Random, chance: float) -> bool:
    return rng.random() < chance


def _some(rng: random.Random, names: list[str]) -> list[str] | None:
    """A non-empty part of the names, or None for all of them."""
    return None if _happens(rng, 0.5) else rng.sample(names, rng.randint(1, len(names)))


def _yuan(rng: random.Random, most: float) -> float:
    return rng.randint(0, int(most * 100)) / 100


# People ----------------------------------------------------------------------------------


def _random_people(rng: random.Random) -> dict[str, Any]:
    size = rng.choice([8, 30, 60, 120, 120, MOST_PEOPLE])
    members = rng.choice([0, size // 4, size // 2, size // 2, size])
    prospects = rng.randint(max(0, 4 - members), size - members) if members < size else 0
    arrivals = None
    if prospects and _happens(rng, 0.4):
        arrivals, left = [], prospects
        for _ in range(rng.randint(1, MOST_DAYS)):
            arrivals.append(rng.randint(0, min(3, left)))
            left -= arrivals[-1]
    return {
        "members": members, "prospects": prospects, "arrivals": arrivals,
        "homophily": rng.choice([0.0, 0.5, 1.0]),
        "tenure": rng.choice([0, 0, 1, 30, 400]),
        "opted_in": rng.choice([1.0, 1.0, 0.9, 0.5]),
        "segments": {name: _random_segment(rng) for name in ("a", "b", "c")[: rng.choice([1, 1, 2, 3])]},
        "base": _random_base(rng, members) if members and _happens(rng, 0.15) else None,
    }  # fmt: skip


def _random_segment(rng: random.Random) -> dict[str, Any]:
    return {
        "share": rng.uniform(0.1, 3),
        "orders": {"shape": rng.choice(SHAPES), "per_year": rng.uniform(1, 300)},
        "lifetime": {
            "shape": rng.choice(SHAPES), "scale": rng.uniform(3, 200), "core": rng.choice([0, 0, 0.3]),
        },
        "basket": {"mean": 1 + _yuan(rng, 300), "p": rng.choice(SHAPES), "q": rng.choice([1.2, 2.5, 3.74])},
        "deal": rng.uniform(0, 3), "tolerance": rng.uniform(0.1, 3), "sociability": rng.uniform(0, 3),
        "visits": rng.uniform(0, 3),
    }  # fmt: skip


def _random_base(rng: random.Random, members: int) -> Base:
    """Today's customers as a fit would leave them; columns as in BASE_COLUMNS."""
    rng = random.Random(rng.randint(0, 2**32))  # too many numbers to steer one by one
    rows = np.zeros((members, len(BASE_COLUMNS)))
    for row in rows:
        tenure, orders = rng.randint(0, 500), rng.randint(0, 6)
        row[:5] = tenure, rng.randint(0, tenure), orders, orders * rng.randint(1, 20000), rng.random()
        row[5:] = (rng.uniform(0.3, 3), rng.uniform(5, 200), rng.uniform(0.3, 2), rng.uniform(5, 200),
                   rng.uniform(2, 9), rng.uniform(1000, 20000), rng.choice([0, 0, 0.3]))  # fmt: skip
    return Base(rows)


def _random_graph(rng: random.Random, n: int) -> Graph:
    kind = rng.choice(["communities", "watts_strogatz", "barabasi_albert", "configuration", "empty"])
    low, high = (2.0, n / 2) if kind == "barabasi_albert" else (0.0, (n - 1) // 2 * 2.0)
    mean_degree = rng.uniform(low, min(high, 14.0))
    options = {"community_size": float(rng.randint(4, 60))} if kind == "communities" else {}
    seed = rng.randint(0, 1000)
    return build(kind, n, mean_degree, seed, places(seed, n), **options)


def _random_stages(rng: random.Random) -> list[dict[str, Any]]:
    values = {
        "tenure": 40,
        "idle": 30,
        "since_order": 40,
        "orders": 5,
        "spend": 500,
        "invited": 3,
        "redeemed": 3,
        "points": 300,
        "plan_left": 9,
        "recent_spend": 300,
    }
    stages = [
        {
            "name": f"stage_{k}",
            "when": {
                observable: f"{rng.choice(['<=', '>=', '<', '>'])} {rng.randint(0, values[observable])}"
                for observable in rng.sample(sorted(values), rng.randint(1, 3))
            },
        }
        for k in range(rng.randint(0, 4))
    ]
    return [*stages, {"name": "others"}]


def _random_behaviour(rng: random.Random) -> dict[str, Any]:
    """Each subject from the wide ranges, or as it is by default."""
    return {
        subject: {name: round(rng.uniform(*limits), 2) for name, limits in fields.items()}  # money: whole fen
        for subject, fields in WIDE.items()
        if _happens(rng, 0.8)
    }


def _random_calendar(rng: random.Random, start: datetime.date) -> dict[str, Any]:
    events = []
    for k in range(rng.randint(0, 3)):
        first = start + datetime.timedelta(days=rng.randint(-MOST_DAYS, MOST_DAYS))
        last = first + datetime.timedelta(days=rng.randint(0, 10))
        events.append(
            {"name": f"event {k}", "first": first, "last": last, "demand": rng.choice([0, 0.3, 4, 20])}
        )
    return {"weekdays": {day: rng.uniform(0, 3) for day in WEEKDAYS if _happens(rng, 0.3)}, "events": events}


# Levers ----------------------------------------------------------------------------------


def _random_levers(rng: random.Random, stages: list[str]) -> dict[str, Any]:
    offers = ["deep", "折扣", "small"][: rng.choice([0, 1, 2, 2, 3, 3])]
    touches = ["welcome", "promo", "ask", "日签"][: rng.randint(1, 4)]
    sources = ["ads", "store"][: rng.randint(0, 2)]
    offers += money.standing_names(rng)
    return money.extend(rng, _levers_of(rng, stages, offers, touches, sources))


def _other_levers(rng: random.Random, levers: dict[str, Any], stages: list[str]) -> dict[str, Any]:
    """Other levers with the same touches, offers and sources to choose from: the ledger's axes stay."""
    other = _levers_of(rng, stages, list(levers["offers"]), list(levers["touches"]), list(levers["sources"]))
    if _happens(rng, 0.3):
        other["sources"] = {}
    return money.other(rng, levers, other)


def _levers_of(
    rng: random.Random, stages: list[str], offers: list[str], touches: list[str], sources: list[str]
) -> dict[str, Any]:
    made = {name: _random_touch(rng, offers) for name in touches}
    return {
        "touches": made,
        "push": {stage: _random_cadence(rng, made) for stage in stages if _happens(rng, 0.8)},
        "caps": _random_caps(rng),
        "offers": {name: money.offer(rng, name, _random_offer(rng, stages)) for name in offers},
        "referral": _random_referral(rng, stages) if _happens(rng, 0.7) else None,
        "sources": {name: _random_source(rng) for name in sources},
        "groups": random_groups(rng),
    }


def _random_touch(rng: random.Random, offers: list[str]) -> dict[str, Any]:
    return {
        "kind": rng.choice(["value", "promo"]), "cost": _yuan(rng, 0.5), "priority": rng.randint(-2, 2),
        "offer": rng.choice(offers) if offers and _happens(rng, 0.8) else None,
        "days": tuple(_some(rng, list(WEEKDAYS)) or WEEKDAYS),
    }  # fmt: skip


def _random_cadence(rng: random.Random, touches: dict[str, Any]) -> dict[str, Any]:
    """A mix, and as many touches a week as fit into the weekdays of each."""
    mix = {name: rng.choice([0.0, 1.0, 2.5]) for name in _some(rng, list(touches)) or touches}
    total = sum(mix.values())
    if total == 0:
        return {"per_week": 0, "mix": mix}
    most = min(len(touches[name]["days"]) * total / weight for name, weight in mix.items() if weight > 0)
    return {"per_week": min(70, rng.choice([0.3, 0.8, 0.999]) * most), "mix": mix}


def _random_caps(rng: random.Random) -> dict[str, Any]:
    per_day = rng.choice([0, 1, 1, 2, 2, 4, 4])
    per_week = per_day + rng.randint(0, 12)
    return {
        "per_day": per_day, "per_week": per_week, "per_month": per_week + rng.randint(0, 20),
        "quota_per_month": rng.choice([None, None, 4, 12]), "execution": rng.choice([1.0, 1.0, 0.8, 0.4]),
    }  # fmt: skip


def _random_offer(rng: random.Random, stages: list[str]) -> dict[str, Any]:
    return {
        "depth": rng.choice([0.0, 0.1, 0.3, 0.3, 0.5, 0.8]),
        "min_spend": rng.choice([0.0, 0.0, 0.0, 20.0, 100.0]),
        "valid": rng.choice([1, 2, 5, 20]), "stages": _some(rng, stages),
        "stock": rng.choice([None, None, 0, 3, 10, 40]),
        "budget": rng.choice([None, None, 0.0, 20.0, 100.0, 500.0]),
    }  # fmt: skip


def _random_referral(rng: random.Random, stages: list[str]) -> dict[str, Any]:
    return {
        "reward": rng.choice([0.0, 8.88, 8.88, 20.0, 60.0]), "invitee_reward": rng.choice([0.0, 5.0, 30.0]),
        "needed": rng.choice([1, 1, 2, 3, 4]), "stages": _some(rng, stages),
        "budget": rng.choice([None, None, None, 0.0, 33.33, 100.0, 300.0]),
    }  # fmt: skip


def _random_source(rng: random.Random) -> dict[str, Any]:
    return {
        "exposures": rng.choice([0.0, 0.7, 30.0, 300.5]), "click": rng.uniform(0, 0.3),
        "join": rng.uniform(0, 1), "cost": rng.choice([0.0, 0.005, 0.05, 1.3]),
        "budget": rng.choice([None, None, 0.0, 3.0, 50.0, 400.0]),
        "need": rng.uniform(0, 3), "deal": rng.uniform(0, 3),
    }  # fmt: skip
