"""Random levers and behaviour of what travels on the graph, for `random_world`."""

from __future__ import annotations

import datetime
import random
from typing import Any

WIDE_COMPANY: dict[str, dict[str, tuple[float, float]]] = {
    "status": {"gain": (0, 10), "trust": (0, 1)},
    "talk": {
        "rate": (0, 1), "satisfied": (0.1, 0.9), "negative_bias": (0, 5), "forwarding": (0, 1), "reach": (0, 1),
        "join": (0, 1), "exposure": (0, 3), "trust": (0, 1), "deterrence": (0, 1), "share_rate": (0, 1),
        "share_gain": (0, 20), "half_share": (0.1, 6), "forced_gain": (0, 10), "forced_load": (0, 10),
        "violation": (0, 1), "proof_level": (0, 1), "proof_gain": (0, 1), "half_reviews": (1, 600),
    },
    "teams": {"open": (0, 1), "ask": (0, 1), "outsider": (0, 1)},
    "anger": {
        "half_life": (0.5, 20), "talk": (0, 1), "transmission": (0, 1), "everyday": (0, 1), "publicity": (0, 20),
        "belief": (0, 1), "shield": (0, 1), "passed_on": (0, 1), "trust_loss": (0, 1), "in_orders": (0, 1),
        "in_visits": (0, 1), "in_lifetime": (0, 50), "leave": (0, 0.3), "complain": (0, 0.5), "unnoticed": (0, 100),
        "statement": (0, 1), "half_compensation": (1, 30), "repair": (0, 1),
    },
}  # fmt: skip


def _some(rng: random.Random, chance: float = 0.5) -> bool:
    return rng.random() < chance


def _window(rng: random.Random) -> dict[str, Any]:
    first = rng.choice([None, None, 1, 4])
    return {"first": first, "last": rng.choice([None, None, (first or 0) + rng.randint(0, 15)])}


def _who(rng: random.Random) -> dict[str, str]:
    return rng.choice([{}, {}, {"orders": ">= 1"}, {"tenure": "<= 20", "invited": "<= 2"}, {"spend": "> 50"}])


def programme(rng: random.Random, offers: list[str]) -> dict[str, Any]:
    """What an invitation programme may have beyond a reward; `offers`: those without a stock."""
    more: dict[str, Any] = {"who": _who(rng), **_window(rng)} if _some(rng) else {}
    if _some(rng, 0.4):
        reached = sorted(rng.sample(range(1, 7), rng.randint(1, 3)))
        more["tiers"] = {n: 5.0 * n * rng.choice([1, 3]) for n in reached}
        rewards = sorted(more["tiers"].values())
        more["tiers"] = dict(zip(reached, rewards, strict=True))
    if _some(rng, 0.3):
        more["perk"] = rng.uniform(0, 1)
    if _some(rng, 0.3):
        more["quota"] = rng.choice([0, 1, 3])
    if _some(rng):
        more["check"] = {"strength": rng.uniform(0, 1), "false_positives": rng.uniform(0, 0.6), "cost": 0.77}
    if offers and _some(rng):
        more["invitee_offer"] = rng.choice(offers)
    return more


def company_levers(rng: random.Random, offers: dict[str, Any], referral: Any) -> dict[str, Any]:
    """Levers of company; `referral` makes the basis of an invitation programme."""
    free = [name for name, offer in offers.items() if offer["stock"] is None]
    levers: dict[str, Any] = {
        "programmes": {
            name: referral(rng) | programme(rng, free) for name in ("club", "夏季") if _some(rng, 0.35)
        },
        "teams": {name: _team(rng, free) for name in ("pair", "团购") if free and _some(rng)},
        "shares": {
            name: {
                "reward": rng.choice([0.0, 1.5]), "cap": rng.choice([None, 0, 1, 3]), "ease": rng.choice([0, 1, 5]),
                "forced": _some(rng), "fine": rng.choice([0.0, 12.34]), "who": _who(rng), **_window(rng),
            }
            for name in ("poster", "快照") if _some(rng, 0.4)
        },
        "seeding": {
            name: {
                "people": rng.choice([0, 1, 4, 30]), "on": tuple(rng.sample(range(20), rng.randint(1, 4))),
                "by": rng.choice(["random", "friends", "orders", "spend", "invited", "answers"]),
                "fee": rng.choice([0.0, 7.77]), "credibility": rng.choice([0, 1, 4]), "negative": rng.uniform(0, 1),
                "who": _who(rng),
            }
            for name in ("koc", "达人") if _some(rng, 0.4)
        },
        "word_of_mouth": {"virality": rng.choice([0.0, 0.5, 3.0]), "forwarding": rng.choice([0.0, 1.0, 3.0])},
        "testimonials": {"reviews": rng.choice([0, 40, 900]), "who": _who(rng)} if _some(rng, 0.4) else None,
        "monitoring": None,
        "response": None,
    }  # fmt: skip
    if _some(rng):
        levers["monitoring"] = {
            "recall": rng.uniform(0, 1),
            "delay": rng.uniform(0, 60),
            "cost": rng.choice([0.0, 9.9]),
        }
    if _some(rng):
        levers["response"] = {
            "delay": rng.uniform(0, 72), "statement": rng.uniform(0, 1), "compensation": rng.choice([0.0, 3.21, 40.0]),
            "isolation": rng.uniform(0, 1), "cost": rng.choice([0.0, 88.0]),
        }  # fmt: skip
    return levers


def _team(rng: random.Random, offers: list[str]) -> dict[str, Any]:
    needed = rng.choice([2, 2, 3, 5])
    steps = {needed + rng.randint(1, 3): rng.choice(offers)} if _some(rng, 0.3) else {}
    return {
        "offer": rng.choice(offers), "needed": needed, "days": rng.choice([1, 2, 5]), "steps": steps,
        "early": not steps and _some(rng, 0.6), "commission": rng.choice([0.0, 4.5]), "who": _who(rng), **_window(rng),
    }  # fmt: skip


def company_crises(rng: random.Random, start: datetime.date, days: int) -> dict[str, Any]:
    """None, one or two crises, mostly within the run."""
    return {
        name: {
            "date": start + datetime.timedelta(days=rng.randint(-days // 2, days)), "share": rng.uniform(0, 0.5),
            "severity": rng.choice([0.05, 0.5, 1.0]), "virulence": rng.choice([0.0, 1.0, 5.0]), "who": _who(rng),
        }
        for name in ("leak", "质量") if _some(rng, 0.4)
    }  # fmt: skip
