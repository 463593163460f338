"""Random offers, points, levels, plans, shops and launches for the random small worlds."""

from __future__ import annotations

import datetime
import random
from typing import Any

from simlab.scenario.weekdays import WEEKDAYS

STANDING = ("会员价", "bundle", "wednesday")
"""Names that are standing offers wherever they occur."""
WORLD = ("recommendation", "plans", "checkout", "shops", "launches")
"""Levers that test cells must share."""

WIDE: dict[str, dict[str, tuple[float, float]]] = {
    "deals": {
        "surplus": (0, 1), "stockpile": (0, 1), "step_loss": (0, 1), "bundle": (0, 1), "sample_trust": (0, 1),
        "sample_exposure": (0, 5), "best_seller": (0, 1), "relevant_exposure": (0, 5), "cross_sell": (0, 1),
        "in_mind": (0.5, 20),
    },
    "loyalty": {
        "redeem": (0, 1), "point_goal": (0, 5), "half_prize": (0.01, 30), "task_gain": (0, 20), "half_task": (0.01, 3),
        "level_goal": (0, 5), "level_from": (0, 0.99), "level_hold": (0, 5),
    },
    "commitment": {
        "consider": (0, 1), "spread": (0, 3), "sunk": (0, 5), "hold": (0, 5), "usage": (0, 1),
    },
    "shopping": {
        "shop_trust": (0, 10), "shop_exposure": (0, 10), "innovation": (0, 0.1), "imitation": (0, 2),
        "co_creation": (0, 20),
    },
}  # fmt: skip


def _happens(rng: random.Random, chance: float) -> bool:
    return rng.random() < chance


def _who(rng: random.Random) -> dict[str, str]:
    if _happens(rng, 0.6):
        return {}
    values = {"orders": 3, "spend": 300, "tenure": 20, "idle": 10, "points": 200, "plan_left": 10,
              "recent_spend": 200, "redeemed": 2}  # fmt: skip
    chosen = rng.choice(sorted(values))
    return {chosen: f"{rng.choice(['<=', '>='])} {rng.randint(0, values[chosen])}"}


def _date(rng: random.Random) -> datetime.date:
    return datetime.date(2025, 12, 10) + datetime.timedelta(days=rng.randint(0, 60))


def standing_names(rng: random.Random) -> list[str]:
    """Which standing offers a world has."""
    return [name for name in STANDING if _happens(rng, 0.3)]


def offer(rng: random.Random, name: str, plain: dict[str, Any]) -> dict[str, Any]:
    """An offer in full; coupons are more often plain."""
    standing = name in STANDING
    made = dict(plain)
    if standing:
        made |= {"standing": True, "stock": None}
    if not standing and _happens(rng, 0.5):
        return made
    made |= {
        "who": _who(rng), "share": rng.choice([1.0, 1.0, 0.5, 0.0]),
        "shop": rng.choice(["any", "any", "private", "public"]),
        "days": list(WEEKDAYS) if _happens(rng, 0.6) else rng.sample(WEEKDAYS, rng.randint(1, 4)),
    }  # fmt: skip
    if _happens(rng, 0.5):
        amount = rng.choice([0.5, 8.88, 30.0])
        made |= {"amount": amount, "min_spend": amount + rng.choice([0.0, 20.0, 150.0])}
    if _happens(rng, 0.4):
        made |= {"basket": rng.choice([1.2, 2.0]), "fit": rng.choice([0.3, 1.0])}
    if not standing and _happens(rng, 0.5):
        made |= {"gift": rng.choice([0.01, 7.5]), "steps": rng.choice([0, 2]), "fit": rng.choice([0.4, 1.0])}
    if _happens(rng, 0.3):
        first = _date(rng)
        made["first"] = first
        if _happens(rng, 0.6):
            made["last"] = first + datetime.timedelta(days=rng.randint(0, 20))
    return made


def clean(levers: dict[str, Any]) -> dict[str, Any]:
    """No touch carries a standing offer."""
    for touch in levers["touches"].values():
        if touch["offer"] in STANDING:
            touch["offer"] = None
    return levers


def _account(rng: random.Random) -> dict[str, Any]:
    """Points and levels."""
    points = {
        "per_yuan": rng.choice([0.0, 1.0, 2.5]), "per_answer": rng.choice([0, 5]),
        "per_visit": rng.choice([0, 3]), "per_invite": rng.choice([0, 100]),
        "value": rng.choice([0.0, 0.01, 0.033, 0.5]), "step": rng.choice([1, 30, 100]),
        "expiry": rng.choice([None, 1, 4]), "expected_redemption": rng.choice([0.0, 0.77, 1.0]),
    }  # fmt: skip
    levels = {
        "by": rng.choice(["spend", "recent_spend"]), "step": rng.choice([20.0, 150.0]), "top": rng.choice([1, 4]),
        "service": rng.choice([0.0, 1.23]),
    }  # fmt: skip
    return {
        "points": points if _happens(rng, 0.5) else None,
        "levels": levels if _happens(rng, 0.4) else None,
    }


def extend(rng: random.Random, levers: dict[str, Any]) -> dict[str, Any]:
    """Levers with everything that money can do, each in some worlds."""
    made = clean(levers) | _account(rng)
    if _happens(rng, 0.4):
        made["recommendation"] = {
            "relevance": rng.uniform(0, 1), "tagged": rng.uniform(0, 0.5), "cost": rng.choice([0.0, 3.21])
        }  # fmt: skip
    if _happens(rng, 0.3):
        made["checkout"] = {
            "steps": rng.randint(0, 5), "loss_per_step": rng.uniform(0, 0.5), "cost": rng.choice([0.0, 2.5])
        }  # fmt: skip
    if _happens(rng, 0.4):
        made["shops"] = {"appeal": rng.uniform(-3, 3), "commission": rng.choice([0.0, 0.123])}
    if _happens(rng, 0.5):
        free = [name for name in STANDING if name in made["offers"]]
        made["plans"] = {
            name: {
                "fee": rng.choice([0.0, 5.0, 33.33]), "term": rng.choice([1, 3, 10]),
                "offer": free.pop() if free and _happens(rng, 0.6) else None,
                "per_use": rng.choice([0.0, 2.0, 9.0]), "who": _who(rng), "share": rng.choice([1.0, 1.0, 0.5]),
                "standing": _happens(rng, 0.7), "cost": rng.choice([0.0, 1.01]),
                "margin": rng.choice([1.0, 0.3]),
            }
            for name in ("gold", "年卡")[: rng.randint(1, 2)]
        }  # fmt: skip
        for touch in made["touches"].values():
            if _happens(rng, 0.2):
                touch["offer"] = rng.choice(sorted(made["plans"]))
    if _happens(rng, 0.4):
        made["launches"] = {
            name: {
                "date": _date(rng), "price": rng.choice([0.01, 45.6]), "days": rng.choice([5, 60]),
                "reach": rng.choice([1.0, 0.5]), "first": _who(rng), "lead": rng.choice([0, 7]),
                "cannibal": rng.uniform(0, 1), "cost": rng.choice([0.0, 12.34]),
            }
            for name in ("cup", "新茶")[: rng.randint(1, 2)]
        }  # fmt: skip
    return made


def other(rng: random.Random, levers: dict[str, Any], redrawn: dict[str, Any]) -> dict[str, Any]:
    """Other levers over the same names: accounts anew, what cells must share as it was."""
    return clean(redrawn) | _account(rng) | shared(levers)


def shared(levers: dict[str, Any]) -> dict[str, Any]:
    """What test cells must have in common."""
    return {name: levers[name] for name in WORLD if name in levers}


def opened(levers: dict[str, Any]) -> dict[str, Any]:
    """The offers that plans open: they cannot be left out."""
    plans = levers.get("plans") or {}
    names = {plan["offer"] for plan in plans.values()} - {None}
    return {name: offer for name, offer in levers["offers"].items() if name in names}
