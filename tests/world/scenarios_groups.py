"""Random groups, and behaviour in them, in ranges far beyond the plausible: small groups that are split and merged."""

from __future__ import annotations

import random
from typing import Any

WIDE_GROUPS: dict[str, tuple[float, float]] = {
    "talk": (0, 2), "peers": (0, 10), "half_company": (0.01, 1), "memory": (0.3, 20), "half_small": (0.1, 20),
    "half_size": (1, 100), "size_exponent": (0, 4), "half_noise": (0.5, 60), "noise_exponent": (0, 4),
    "moderation": (0, 3), "promo_noise": (0, 40), "topics": (0, 3), "ritual": (0, 3), "status": (0, 3),
    "stimulus": (0, 10), "half_stimulus": (0.01, 2), "trust_talk": (0, 5), "read": (0, 1), "norm": (0, 3),
    "proof": (0, 3), "credit": (0, 20), "half_posts": (0.2, 10), "topic_trust": (0, 3), "belonging": (0, 0.5),
    "story": (0, 1), "story_gain": (0, 5), "half_story": (1, 20), "selection": (0, 3), "opinion": (0, 9),
    "commission": (1, 20), "opinion_talk": (0, 5), "opinion_quit": (0, 0.5), "grumble": (0, 1),
    "complaint": (0, 3), "gloom": (0, 1), "half_grumbles": (0.1, 5), "idea": (0, 1), "ownership": (0, 1),
    "fit": (0, 2), "half_fit": (1, 500), "attend_online": (0, 1), "attend_offline": (0, 1), "meeting": (0, 1),
    "ties": (0, 5), "half_ties": (0.05, 2), "ties_half_life": (1, 400), "practise": (0, 1),
    "practice_gain": (0, 1), "habit_gain": (0, 1), "habit_talk": (0, 3),
    "quit": (0, 0.3), "shared": (0, 3), "unshared": (0, 3), "interest_talk": (0, 3), "product_proof": (0, 3),
    "region_meetings": (0, 3), "privilege_trust": (0, 3), "koc_story": (0, 3),
}  # fmt: skip
KINDS = ("product", "interest", "region", "privilege", "koc", "problem")


def random_groups(rng: random.Random) -> dict[str, Any]:
    """None, or up to four entries whose audiences overlap."""
    names = ["会员", "fans", "near", "care"][: rng.choice([0, 1, 1, 2, 2, 4])]
    return {name: _random_group(rng) for name in names}


def tiny_groups(rng: random.Random) -> dict[str, Any]:
    """Two kinds of groups of two or three, many of which stand empty when the strategy changes."""
    groups = {}
    for name in ("会员", "fans"):
        group = _random_group(rng) | {"size": 2, "split_above": 3, "merge_below": rng.choice([0.0, 1.0, 1.0])}
        share = rng.choice([1.0, 1.0, 0.7])
        groups[name] = group | {"share": share, "who": rng.choice([group["who"], {}])}
    return groups


def about_topics(rng: random.Random, content: dict[str, Any]) -> dict[str, Any]:
    """Some groups are about a topic that there is."""
    topics = [None, *content["population"].get("topics", {})]
    groups = {
        name: group | {"about": rng.choice(topics)} for name, group in content["levers"]["groups"].items()
    }
    return content | {"levers": content["levers"] | {"groups": groups}}


def _random_group(rng: random.Random) -> dict[str, Any]:
    size = rng.choice([2, 3, 5, 10, 40, 1000])
    return {
        "kind": rng.choice(KINDS), "who": _who(rng), "share": rng.choice([1.0, 1.0, 0.7, 0.3, 0.0]),
        "priority": rng.randint(-1, 1), "size": size, "split_above": size + rng.choice([1, 2, 20]),
        "merge_below": rng.choice([0.0, 0.1, 0.5, 1.0]), "moderators": rng.choice([0, 1, 2.5]),
        "moderator_cost": rng.choice([0.0, 3.21]), "topics": rng.choice([0, 1, 3]),
        "topic_cost": rng.choice([0.0, 0.55]), "cost": rng.choice([0.0, 2.0]),
        "isolate": rng.random() < 0.3,
        "practice": rng.choice([0.0, 0.4, 3.5, 7.0]), "practice_cost": rng.choice([0.0, 1.5]),
        "stimulus": _maybe(rng, _stimulus(rng)),
        "ugc": _maybe(rng, {"reward": rng.choice([0.0, 3.0]), "quality": rng.choice([0.0, 0.4, 0.95])}),
        "koc": _maybe(rng, {
            "who": _who(rng), "seats": rng.choice([0, 1, 3]), "reserve": rng.choice([0, 1, 4]),
            "commission": rng.choice([0.0, 6.5]), "training": rng.choice([0.0, 12.3]),
        }),
        "rituals": _maybe(rng, {"days": tuple(rng.sample(["mon", "wed", "sun"], rng.randint(1, 3))), "cost": 1.0}),
        "honours": _maybe(rng, {"who": {"posts": f">= {rng.randint(0, 5)}"}, "cost": 0.4}),
        "ideas": _maybe(rng, {"adopt": rng.choice([0.1, 0.6, 1.0]), "prize": rng.choice([0.0, 9.99])}),
        "online": _maybe(rng, _meeting(rng)), "offline": _maybe(rng, _meeting(rng)),
    }  # fmt: skip


def _maybe(rng: random.Random, value: Any, chance: float = 0.5) -> Any:
    return value if rng.random() < chance else None


def _who(rng: random.Random) -> dict[str, str] | None:
    conditions = {
        "orders": ">= 1", "tenure": "<= 20", "posts": ">= 2", "idle": "<= 9", "complaints": ">= 1", "group": ">= 1",
    }  # fmt: skip
    return _maybe(
        rng, {name: conditions[name] for name in rng.sample(sorted(conditions), rng.choice([1, 1, 2]))}
    )


def _stimulus(rng: random.Random) -> dict[str, Any]:
    below = rng.choice([0.1, 0.4, 1.0])
    return {
        "below": below, "enough": rng.choice([below, 1.0]), "days": rng.choice([1, 3, 9]),
        "cooldown": rng.choice([0, 2, 9]), "cost": rng.choice([0.0, 2.5, 30.0]),
    }  # fmt: skip


def _meeting(rng: random.Random) -> dict[str, Any]:
    return {"every": rng.choice([1, 3, 8]), "invited": rng.choice([1.0, 0.5]), "cost": rng.choice([0.0, 4.5])}
