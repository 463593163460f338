"""Random contact for random worlds: channels, kinds of touches, topics, rules, schemes, habit, consent."""

from __future__ import annotations

import random
from typing import Any

TOPICS = ("fitness", "baking", "读书")
KINDS = ("value", "promo", "emotional", "service", "mixed", "task", "task", "live")
CLOCKS = ("tenure", "idle", "since_order", "since_birthday", "plan_left", "issue_age")
TOGETHER = ("channels", "tagging", "senders", "observation", "consent")
"""What test cells of one world share."""

WIDE_CONTACT: dict[str, dict[str, tuple[float, float]]] = {
    "kinds": {
        "emotional_cost": (0, 6), "service_trust": (-0.5, 1), "mixed_answer": (0, 3), "task_answer": (0, 20),
        "task_habit": (0, 1), "live_exposure": (0, 5), "night_cost": (0, 3),
    },
    "topics": {
        "match_open": (0, 4), "mismatch_open": (0, 2), "match_answer": (0, 4), "mismatch_answer": (0, 2),
        "match_fatigue": (0, 2), "mismatch_fatigue": (0, 3), "match_exposure": (0, 3), "mismatch_exposure": (0, 2),
    },
    "placement": {"announcement": (0, 2), "file": (0, 2)},
    "habit": {
        "half_life": (0.5, 30), "visits": (0, 8), "orders": (0, 5), "streak_bonus": (0, 5),
        "break_loss": (0, 1),
    },
    "consent": {"confirm": (0, 1), "trust": (0, 0.5), "complaints": (0, 1)},
}  # fmt: skip


def happens(rng: random.Random, chance: float) -> bool:
    return rng.random() < chance


def with_contact(rng: random.Random, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a scenario with contact of every kind, or (in some worlds) without."""
    if happens(rng, 0.15):
        return content
    topics = {name: rng.choice([0.2, 1.0, 3.0]) for name in TOPICS} if happens(rng, 0.6) else {}
    personas = {"worker": {"peaks": [20], "width": rng.choice([1, 4]), "floor": rng.choice([0, 0.5])},
                "parent": {"peaks": [10, 21], "width": 3, "floor": 0.2}}  # fmt: skip
    people = dict(content["population"])
    people |= {"topics": topics, "personas": personas}
    people["segments"] = {
        name: segment | {"persona": rng.choice([None, "worker", "parent"]),
                         "interests": {"fitness": 2.0, "baking": 1.0} if topics and happens(rng, 0.3) else {}}
        for name, segment in people["segments"].items()
    }  # fmt: skip
    schemes = {name: random_scheme(rng) for name in ("tiers", "层级")[: rng.choice([0, 1, 2])]}
    behaviour = content["behaviour"] | {
        subject: {name: round(rng.uniform(*limits), 2) for name, limits in fields.items()}
        for subject, fields in WIDE_CONTACT.items()
        if happens(rng, 0.7)
    }
    content = content | {"population": people, "schemes": schemes, "behaviour": behaviour}
    shared = {
        "channels": random_channels(rng),
        "tagging": random_tagging(rng) if happens(rng, 0.6) else None,
        "senders": {"count": rng.choice([1, 1, 2, 3]), "shared": happens(rng, 0.4)},
        "observation": {"coverage": rng.choice([1.0, 1.0, 0.5, 0.0])},
        "consent": random_consent(rng),
    }
    return content | {"levers": contact_levers(rng, content["levers"], shared, content)}


def contact_levers(
    rng: random.Random, levers: dict[str, Any], shared: dict[str, Any], content: dict[str, Any]
) -> dict[str, Any]:
    """Levers with contact of their own, under the channels and the tagging that a world has."""
    together = {name: shared[name] for name in TOGETHER if name in shared}
    topics = list(content["population"].get("topics", {}))
    touches = {
        name: touch | random_contact(rng, list(together.get("channels", {})), topics)
        for name, touch in levers["touches"].items()
    }
    rules = {}
    if touches:
        places = {"stage": [stage["name"] for stage in content["stages"]], "tag": ["none", *topics]}
        places |= {
            name: [place["name"] for place in scheme["places"]]
            for name, scheme in content.get("schemes", {}).items()
        }
        rules = {
            name: random_rule(rng, touches, places) for name in ("care", "回访", "gift")[: rng.randint(0, 3)]
        }
    caps = levers["caps"] | {"quiet": rng.choice([None, None, {"begin": 22, "end": 8}])}
    return levers | together | {"touches": touches, "rules": rules, "caps": caps}


def random_contact(rng: random.Random, channels: list[str], topics: list[str]) -> dict[str, Any]:
    touch: dict[str, Any] = {
        "kind": rng.choice(KINDS), "channel": rng.choice([None, *channels]),
        "hour": rng.choice([None, None, 10, 20, 23]), "placement": rng.choice(["message", "announcement", "file"]),
        "topic": rng.choice([None, "tagged", *topics]) if topics or happens(rng, 0.2) else None,
        "quiz": happens(rng, 0.2), "novelty": rng.choice([None, {"half_life": 3, "floor": 0.3}]),
        "appeal": rng.choice([1.0, 1.0, 0.5, 3.0]),
    }  # fmt: skip
    for name, most in (("fatigue", 5.0), ("exposure", 3.0), ("habit", 1.0), ("answer", 9.0)):
        if happens(rng, 0.2):
            touch[name] = rng.choice([0.0, most / 2, most])
    if happens(rng, 0.2):
        touch["trust"] = rng.uniform(-1, 1)
    return touch


def random_rule(rng: random.Random, touches: dict[str, Any], places: dict[str, list[str]]) -> dict[str, Any]:
    name = rng.choice(sorted(touches))
    who: dict[str, Any] = {}
    if happens(rng, 0.3):
        who["orders"] = f"{rng.choice(['<=', '>='])} {rng.randint(0, 3)}"
    if happens(rng, 0.2):
        who["answers"] = f">= {rng.randint(0, 2)}"
    if happens(rng, 0.4):
        table = rng.choice(sorted(places))
        who[f"in_{table}"] = rng.sample(places[table], rng.randint(1, len(places[table])))
    rule: dict[str, Any] = {
        "touch": name, "who": who, "share": rng.choice([1.0, 1.0, 0.6, 0.0]), "cost": rng.choice([0.0, 0.37]),
    }  # fmt: skip
    if happens(rng, 0.25):
        return rule | {"per_week": rng.choice([0.5, 0.9]) * len(set(touches[name]["days"]))}
    every = rng.choice([None, 1, 2, 7])
    times = rng.choice([None, 1, 3]) if every else None
    clock = rng.choice(CLOCKS) if happens(rng, 0.3) else rng.choice(CLOCKS[:3])
    return rule | {"clock": clock, "after": rng.randint(0, 12), "every": every, "times": times}


def random_scheme(rng: random.Random) -> dict[str, Any]:
    observables = {"orders": 4, "spend": 400, "tenure": 20, "idle": 10, "answers": 3}
    places = [
        {"name": f"place_{k}", "when": {name: f"{rng.choice(['<=', '>='])} {rng.randint(0, observables[name])}"
                                       for name in rng.sample(sorted(observables), rng.randint(1, 2))}}
        for k in range(rng.randint(0, 3))
    ]  # fmt: skip
    return {
        "places": [*places, {"name": "rest"}], "refresh": rng.choice([1, 1, 3, 7]), "downgrade": happens(rng, 0.6),
    }  # fmt: skip


def random_channels(rng: random.Random) -> dict[str, Any]:
    names = ("wecom", "account", "群", "mini")[: rng.choice([0, 0, 1, 2, 3, 4])]
    return {name: random_channel(rng) for name in names}


def random_channel(rng: random.Random) -> dict[str, Any]:
    return {
        "reach": rng.choice([0.0, 0.4, 0.8, 1.0]), "seen": rng.choice([1.0, 0.5, 1.5]),
        "open": rng.choice([1.0, 0.3, 2.0]), "cost": rng.choice([0.0, 0.05]),
        "quota_per_month": rng.choice([None, None, 0, 2, 15]),
    }  # fmt: skip


def random_consent(rng: random.Random) -> dict[str, Any]:
    return {"double": happens(rng, 0.3), "tags": rng.choice([1.0, 0.5])}


def other_questions(rng: random.Random, levers: dict[str, Any]) -> dict[str, Any]:
    """What another strategy asks people, half of the time; else nothing that it does not ask already."""
    asked: dict[str, Any] = {}
    if happens(rng, 0.5):
        asked = {
            "tagging": random_tagging(rng) if happens(rng, 0.6) else None,
            "consent": random_consent(rng),
        }
    return asked | other_channels(rng, levers) if happens(rng, 0.5) else asked


def other_channels(rng: random.Random, levers: dict[str, Any]) -> dict[str, Any]:
    """The channels with other numbers, and one more perhaps; or none, and touches that name none."""
    if happens(rng, 0.2):
        touches = {name: touch | {"channel": None} for name, touch in levers["touches"].items()}
        return {"channels": {}, "touches": touches}
    channels = {name: random_channel(rng) for name in levers.get("channels", {})}
    return {"channels": channels | ({"sms": {"reach": rng.choice([0.5, 1.0])}} if happens(rng, 0.5) else {})}


def random_tagging(rng: random.Random) -> dict[str, Any]:
    return {
        "profile": rng.choice([0.0, 0.5, 1.0]), "wrong": rng.choice([0.0, 0.5]),
        "learn": rng.choice([0.0, 0.3, 1.0]), "setup": rng.choice([0.0, 50.0]), "running": rng.choice([0.0, 1.25]),
    }  # fmt: skip
