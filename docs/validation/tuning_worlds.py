"""The small worlds of tuning.py, and what a strategy is really worth in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from simlab.lab.crew import Crew
from simlab.lab.runs import Run
from simlab.lab.search import Panel, Strategy, by_values, column, current
from simlab.lab.seeds import TruthSeed
from simlab.scenario.experiments import Question, load_experiment

OUTCOME = "customer_equity"
SMALL: dict[str, Any] = {
    "horizon": 60, "warmup.days": 0, "population.members": 500, "population.prospects": 1500,
    "levers.sources.ads.exposures": 40,
}  # fmt: skip
"""2,000 people, of whom 500 are members: customer equity varies by 13 % from seed to seed."""


@dataclass(frozen=True)
class World:
    """A small world.

    Attributes:
        values: overrides of the default scenario; they hold its current strategy, which is bad on purpose.
        levers: what is searched.
        constraints: limits.
    """

    name: str
    values: Mapping[str, Any]
    levers: Mapping[str, Any]
    constraints: Sequence[str] = ()
    about: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def question(self, folder: Path, trials: int) -> Question:
        """The checked experiment, by way of a file as a user would write it."""
        spec = {
            "levers": dict(self.levers),
            "constraints": list(self.constraints),
            "trials": trials,
            **self.more,
        }
        said = {"name": self.name, "scenario": "default", "set": {**SMALL, **self.values}, "tune": spec}
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.yaml"
        file.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
        return load_experiment(file)


CADENCE = {f"levers.push.{stage}.per_week": [0, 8] for stage in ("active", "loyal", "new")}
CADENCE |= {"levers.push.at_risk.per_week": [0, 6], "levers.push.dormant.per_week": [0, 3]}
DEPTH = {"levers.offers.coupon.depth": [0, 0.4]}
REWARD = {"levers.referral.reward": [0, 120]}
THREE = {"levers.push.loyal.per_week": [0, 8], **DEPTH, **REWARD}
SIX = {
    **{path: CADENCE[path] for path in list(CADENCE)[:3]}, **DEPTH, **REWARD,
    "levers.referral.invitee_reward": [0, 60],
}  # fmt: skip
TEN = {
    **CADENCE, **DEPTH, **REWARD, "levers.referral.invitee_reward": [0, 60],
    "levers.offers.coupon.valid": ["1 day", "14 days"], "levers.offers.coupon.min_spend": [0, 200],
}  # fmt: skip

WORLDS = {
    world.name: world
    for world in (
        World("three", {"levers.push.loyal.per_week": 0.3, "levers.offers.coupon.depth": 0.35,
                        "levers.referral.reward": 2}, THREE,
              about="default behaviour; loyal members hardly touched, a deep coupon, hardly a reward"),
        World("six", {"economics.margin": 0.6, "behaviour.attention.half_life": 10, "behaviour.exposure.lift": 0.6,
                      "behaviour.invitation.episodes": 0.002, "levers.push.active.per_week": 6,
                      "levers.push.loyal.per_week": 6, "levers.push.new.per_week": 1,
                      "levers.offers.coupon.depth": 0.3, "levers.referral.reward": 5,
                      "levers.referral.invitee_reward": 0}, SIX,
              about="long fatigue, weak touches, eager inviters; too many touches, a deep coupon, a small reward"),
        World("ten", {"behaviour.attention.half_life": 5, "behaviour.exposure.lift": 1.0,
                      "behaviour.opt_out.mute": 0.005, "population.segments.regular.orders.per_year": 4,
                      "levers.push.active.per_week": 7, "levers.push.loyal.per_week": 0.3,
                      "levers.push.new.per_week": 0, "levers.push.at_risk.per_week": 5,
                      "levers.push.dormant.per_week": 2, "levers.offers.coupon.depth": 0.35,
                      "levers.offers.coupon.valid": "14 days", "levers.referral.reward": 2,
                      "levers.referral.invitee_reward": 0}, TEN,
              about="short fatigue, strong touches, quick to mute; everything set wrongly"),
    )
}  # fmt: skip

_TOUCHED = {
    "population.members": 1000, "population.prospects": 1500, "behaviour.exposure.lift": 1.0,
    "behaviour.opt_out.mute": 0.005, "levers.push.active.per_week": 1, "levers.push.loyal.per_week": 0.5,
    "levers.push.at_risk.per_week": 0.5, "levers.push.dormant.per_week": 0.25, "levers.push.new.per_week": 1,
    "levers.referral.reward": 10,
}  # fmt: skip
_LIMITED = {"levers.push.active.per_week": [0.5, 8], "levers.push.loyal.per_week": [0.5, 8], **REWARD}
LIMITS = {
    world.name: world
    for world in (
        World("binding", _TOUCHED, _LIMITED, ["mute_rate <= 1.2"],
              about="the best strategy without a limit breaks it; there is room below it"),
        World("tight", _TOUCHED, _LIMITED, ["mute_rate <= 0.9"],
              about="today's strategy and better ones keep it, but 20 seeds are too few to show it"),
        World("edge", _TOUCHED, _LIMITED, ["mute_rate <= 0.45"],
              about="the limit is just below the least that any strategy reaches"),
        World("impossible", _TOUCHED, _LIMITED, ["mute_rate <= 0.2"], about="no strategy keeps it"),
    )
}  # fmt: skip
"""2,500 people, of whom 1,000 are members; touches pay, and drive people to mute."""


class Truth:
    """What strategies are really worth: paired with the current one on seeds that no study has."""

    def __init__(self, question: Question, crew: Crew) -> None:
        self.question, self.crew = question, crew
        self.levels: dict[tuple[TruthSeed, ...], NDArray[np.float64]] = {}

    def runs(self, strategy: Strategy, seeds: Sequence[TruthSeed]) -> list[Run]:
        """Runs of a strategy."""
        panel = Panel(self.question.scenario, tuple((0, seed) for seed in seeds), {})
        found = self.crew.runs(panel.tasks(strategy))
        for run in found:
            if not run.good:
                raise RuntimeError(run.failure or "a run was skipped")
        return found

    def level(self, seeds: Sequence[TruthSeed]) -> NDArray[np.float64]:
        """(seeds,) the outcome under the current strategy."""
        key = tuple(seeds)
        if key not in self.levels:
            self.levels[key] = column(self.runs(current, seeds), OUTCOME)
        return self.levels[key]

    def uplift(self, values: Mapping[str, Any], seeds: Sequence[TruthSeed]) -> NDArray[np.float64]:
        """(seeds,) outcome of a strategy less that of the current one."""
        return column(self.runs(by_values(values), seeds), OUTCOME) - self.level(seeds)


def error(values: NDArray[np.float64]) -> float:
    """Standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))
