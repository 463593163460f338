"""How people take contact: kinds of touches, topics, placement, habit, consent. See `behaviour.py`."""

from __future__ import annotations

from typing import Any

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Number, Share


def _cost(kind: str, default: float, low: float, high: float) -> Any:
    text = f"fatigue added by one {kind} touch"
    return parameter(default, text, "units", low, high, "assumed", "assumed")


def _exposure(kind: str, default: float, low: float, high: float) -> Any:
    text = f"exposure of a {kind} touch relative to a promotion"
    return parameter(default, text, "-", low, high, "assumed", "assumed", le=5)


def _trust(kind: str, default: float, low: float, high: float) -> Any:
    text = f"affinity gained by one noticed {kind} touch, at no deviation"
    return parameter(default, text, "share", low, high, "assumed", "assumed", ge=-1, le=1)


def _answer(kind: str, default: float, low: float, high: float) -> Any:
    text = f"answers to an opened {kind} touch, relative to a value touch"
    return parameter(default, text, "-", low, high, "assumed", "assumed", le=20)


class Kinds(Part):
    """Kinds of touches beside value and promo: attention cost, exposure, trust, answers."""

    emotional_cost: Factor = _cost("emotional", 0.4, 0.2, 0.6)
    emotional_exposure: Factor = _exposure("emotional", 0.4, 0.2, 0.8)
    emotional_trust: Number = _trust("emotional", 0.024, 0.008, 0.03)
    emotional_answer: Factor = _answer("emotional", 1.1, 0.8, 1.5)
    service_cost: Factor = _cost("service", 0.15, 0.05, 0.3)
    service_exposure: Factor = _exposure("service", 0.5, 0.2, 0.8)
    service_trust: Number = _trust("service", 0.016, 0.005, 0.025)
    service_answer: Factor = _answer("service", 1.4, 1, 2)
    mixed_cost: Factor = _cost("mixed", 0.75, 0.5, 0.9)
    mixed_exposure: Factor = _exposure("mixed", 1.0, 0.6, 1.2)
    mixed_trust: Number = _trust("mixed", 0.004, -0.002, 0.01)
    mixed_answer: Factor = _answer("mixed", 1.0, 0.8, 1.3)
    task_cost: Factor = _cost("task", 0.2, 0.1, 0.4)
    task_exposure: Factor = _exposure("task", 0.3, 0.1, 0.6)
    task_trust: Number = _trust("task", 0.004, 0.0, 0.01)
    task_answer: Factor = _answer("task", 2.0, 1.2, 3)
    task_habit: Share = parameter(
        0.1, "habit gained by one task done, of what is missing", "share", 0.05, 0.2, "assumed", "assumed"
    )
    live_cost: Factor = _cost("live", 0.6, 0.3, 0.9)
    live_exposure: Factor = _exposure("live", 1.5, 1, 2)
    live_trust: Number = _trust("live", 0.03, 0.01, 0.05)
    live_answer: Factor = _answer("live", 1.6, 1.2, 2.5)
    night_cost: Factor = parameter(
        1.5, "fatigue of a touch between 22 and 8 o'clock, relative", "-", 1.1, 2.5, "assumed", "assumed"
    )


class Topics(Part):
    """What it changes that a touch is, or is not, about what somebody cares for."""

    match_open: Factor = parameter(1.6, "opens of a touch that matches the interest, relative", "-", 1.2, 2.2,
                                   "assumed", "assumed", le=20)  # fmt: skip
    mismatch_open: Factor = parameter(0.8, "opens of a touch that does not, relative", "-", 0.6, 0.95,
                                      "assumed", "assumed", le=20)  # fmt: skip
    match_answer: Factor = parameter(1.3, "answers to a touch that matches, relative", "-", 1, 1.6,
                                     "assumed", "assumed", le=20)  # fmt: skip
    mismatch_answer: Factor = parameter(0.8, "answers to a touch that does not, relative", "-", 0.6, 1,
                                        "assumed", "assumed", le=20)  # fmt: skip
    match_fatigue: Factor = parameter(0.8, "fatigue from a touch that matches, relative", "-", 0.6, 1,
                                      "assumed", "assumed", le=20)  # fmt: skip
    mismatch_fatigue: Factor = parameter(1.1, "fatigue from a touch that does not, relative", "-", 1, 1.3,
                                         "assumed", "assumed", le=20)  # fmt: skip
    match_exposure: Factor = parameter(1.3, "exposure of a touch that matches, relative", "-", 1, 1.6,
                                       "L15", "assumed", le=20)  # fmt: skip
    mismatch_exposure: Factor = parameter(0.9, "exposure of a touch that does not, relative", "-", 0.7, 1,
                                          "L15", "assumed", le=20)  # fmt: skip


class Placement(Part):
    """Where in the channel a touch stands, and in what form: opens relative to a plain message."""

    announcement: Factor = parameter(
        0.75, "opens of a group announcement", "-", 0.6, 0.9, "assumed", "assumed", le=20
    )
    file: Factor = parameter(0.95, "opens of a file in the group", "-", 0.8, 1.1, "assumed", "assumed", le=20)
    card: Factor = parameter(1.15, "opens of a mini-program card", "-", 1, 1.4, "assumed", "assumed", le=20)
    video: Factor = parameter(1.2, "opens of a short video", "-", 0.9, 1.5, "assumed", "assumed", le=20)


class Habit(Part):
    """Practice from doing things day by day, between 0 and 1: it fades, and raises visits and orders."""

    half_life: Duration = parameter(
        21.0, "time in which a habit that is not fed fades by half", "days", 10, 40, "assumed", "assumed"
    )
    visits: Factor = parameter(
        1.5, "relative gain of own visits through a full habit", "-", 0.5, 3, "assumed", "assumed", le=20
    )
    orders: Factor = parameter(
        0.4, "relative gain of need through a full habit", "-", 0.2, 0.8, "assumed", "assumed", le=5
    )
    streak_bonus: Factor = parameter(
        1.0, "habit gained after a streak of seven days or more, relative", "-", 0.3, 2, "assumed", "assumed", le=20
    )  # fmt: skip
    break_loss: Share = parameter(
        0.05, "habit lost when a day's task is left undone", "share", 0.02, 0.2, "assumed", "assumed"
    )


class ConsentResponse(Part):
    """What asking twice does."""

    confirm: Share = parameter(
        0.85, "of those asked a second time, who confirm", "share", 0.7, 0.95, "assumed", "assumed"
    )
    trust: Share = parameter(
        0.03, "affinity gained at joining by being asked properly", "share", 0.0, 0.06, "assumed", "assumed"
    )
    complaints: Factor = parameter(
        0.75, "complaint hazard where consent was asked twice, relative", "-", 0.6, 1, "assumed", "assumed", le=1
    )  # fmt: skip
