"""What the staff can do: formulas in plain numbers, written once for both bodies."""

from __future__ import annotations

from simlab.scenario.behaviour_staff import TeamBehaviour
from simlab.scenario.staff import Skill
from simlab.world.numerics import exp, power


def share_learned(skill: float, spec: Skill, b: TeamBehaviour) -> float:
    """Tomorrow's mean skill of a team: learning, and newcomers in place of those who go."""
    half = b.half_training
    faster = 1.0 + b.training_gain * spec.training / (spec.training + half) if spec.training > 0 else 1.0
    learned = (1.0 - skill) * (1.0 - float(exp(-faster / b.learning)))
    lost = spec.turnover / 365.0 * max(skill - b.novice, 0.0)
    return min(1.0, max(0.0, skill + learned - lost))


def under_load(load: float, b: TeamBehaviour) -> float:
    """Quality of work under a load relative to capacity: 1 up to capacity, falling beyond."""
    return 1.0 if load <= 1.0 else float(power(1.0 / load, b.overload))


def by_skill(skill: float, b: TeamBehaviour) -> float:
    """Quality of the work of people with this skill; exactly 1 with all of it."""
    return 1.0 - b.errors * (1.0 - skill)


def with_time(load: float, b: TeamBehaviour) -> float:
    """What spare capacity adds to content: variety, news, a better match; exactly 1 at capacity and beyond."""
    return 1.0 if load >= 1.0 else 1.0 + b.variety * (1.0 - load)
