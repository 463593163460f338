"""Random staff for random worlds: teams, desks, advisers, reviews, in ranges far beyond the plausible."""

from __future__ import annotations

import random
from typing import Any

WIDE_STAFF: dict[str, dict[str, tuple[float, float]]] = {
    "service": {
        "issue": (0.1, 1), "voice": (0, 1), "patience": (0.2, 8), "wait_loss": (0, 0.8), "half_wait": (1, 40),
        "solve_gain": (0, 0.5), "bot_loss": (0, 0.5), "complaint_loss": (0, 0.5), "anger": (0, 3), "relief": (0, 1),
        "compensation_gain": (0, 0.5), "half_compensation": (1, 50),
    },
    "team": {
        "overload": (0, 3), "variety": (0, 2), "errors": (0, 1), "novice": (0, 1), "learning": (1, 100),
        "training_gain": (0, 9), "half_training": (1, 60), "ai_quality": (0, 2), "advice_trust": (0, 0.3),
        "advice_orders": (0, 4), "advice_basket": (0, 4), "violation": (0, 1), "violation_loss": (0, 0.6),
        "fine_chance": (0, 0.6), "fine": (0, 300), "staleness": (0, 1),
    },
    "product": {"drift": (0, 0.3), "new_faults": (0, 0.5)},
}  # fmt: skip


def random_staff_behaviour(rng: random.Random) -> dict[str, Any]:
    """Behaviour around the staff: in most worlds issues arise and promotions break rules."""
    made: dict[str, Any] = {
        subject: {name: round(rng.uniform(*limits), 2) for name, limits in fields.items()}
        for subject, fields in WIDE_STAFF.items()
        if rng.random() < 0.7
    }
    if "service" in made:
        made["service"]["give_up"] = rng.choice([1, 6, 20, 20])
    return made


def random_staff(rng: random.Random) -> dict[str, Any]:
    """The levers about staff; some of them, or none."""
    if rng.random() < 0.2:
        return {}
    return _teams(rng) | _desk(rng) | _advisers(rng)


def _role(rng: random.Random, capacity: float) -> dict[str, Any]:
    role: dict[str, Any] = {"wage": rng.choice([0, 12.34, 300]), "capacity": capacity}
    role |= (
        {"heads": rng.choice([0, 0.37, 1, 4])} if rng.random() < 0.5 else {"per_100k": rng.uniform(0, 4000)}
    )
    if rng.random() < 0.5:
        role["skill"] = {
            "start": rng.random(), "turnover": rng.uniform(0, 9), "training": rng.choice([0, 0, 20.0]),
        }  # fmt: skip
    return role


def _desk(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.1:
        return {}
    ai = None
    if rng.random() < 0.5:
        ai = {"share": rng.choice([0.0, 0.4, 1.0]), "solves": rng.random(), "cost": rng.choice([0, 0.21])}
    follow_up = None
    if rng.random() < 0.5:
        follow_up = {"share": rng.random(), "after": rng.choice([1, 2, 7]), "cost": rng.choice([0, 1.5])}
    return {
        "service": {
            "promise": rng.choice(["10 minutes", 4, 30]), "hours": rng.choice([1, 10, 24]),
            "cost": rng.choice([0, 2.5]), "graded": rng.random() < 0.5, "complaint_promise": rng.choice([1, 48]),
            "compensation": rng.choice([0, 0, 12.5]), "ai": ai, "follow_up": follow_up,
        },
        "desk_role": _role(rng, rng.choice([0.5, 5.0, 20.0])) if ai is None or rng.random() < 0.7 else None,
    }  # fmt: skip


def _advisers(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {}
    who = rng.choice(
        [{}, {"orders": ">= 1"}, {"idle": "<= 5 days"}, {"complaints": ">= 1"}, {"issue_age": ">= 0"}]
    )
    return {
        "advisers": {
            "who": who, "top": rng.choice([None, None, 0.1, 0.5]), "share": rng.choice([1.0, 1.0, 0.5]),
            "order": rng.choice(["keyed", "spend", "recent_spend", "orders"]), "stretch": rng.choice([1, 1, 2.5]),
        },
        "adviser_role": _role(rng, rng.choice([2.0, 10.0, 60.0])),
    }  # fmt: skip


def _teams(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"staff": {}}
    for trade, capacity in (("analyst", 40.0), ("content", 20.0), ("community", 30.0)):
        if rng.random() < 0.4:
            made["staff"][trade] = _role(rng, capacity)
    if rng.random() < 0.3:
        made["staff"]["tools"] = {
            "per_day": rng.choice([0, 3.21]), "per_member": rng.choice([0, 5.0]), "gain": rng.choice([1, 1.3]),
        }  # fmt: skip
    if rng.random() < 0.4:
        made["review"] = {
            "catches": rng.random(),
            "delay": rng.choice([0, 24]),
            "cost": rng.choice([0, 1.01]),
        }
    if rng.random() < 0.3:
        made["aigc"] = {
            "share": rng.random(),
            "speed": rng.choice([1, 5]),
            "passes": rng.random(),
            "cost": 1.5,
        }
    if rng.random() < 0.3:
        made["feedback"] = {
            "survey": rng.random(), "cost": 0.55, "fix": rng.random(), "cost_per_day": rng.choice([0, 2]),
        }  # fmt: skip
    if rng.random() < 0.3:
        made["renewal"] = {
            "every": rng.choice([1, 5]),
            "lag": rng.choice([0, 3]),
            "cost": 3.33,
            "cost_per_day": 0.1,
        }
    return made


def staffed(levers: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """Levers with this staff."""
    made = dict(made)
    staff = dict(made.get("staff", {}))
    for key, trade in (("desk_role", "service"), ("adviser_role", "adviser")):
        role = made.pop(key, None)
        if role is not None:
            staff[trade] = role
    return levers | made | ({"staff": staff} if made or staff else {})
