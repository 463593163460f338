"""What a tune is about to do: a checked experiment with an identity, and what it will take."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from simlab.lab.crew import rules
from simlab.lab.forecast import Forecast, forecast
from simlab.lab.ground import shared_ground
from simlab.lab.runs import SEEDS_PER_WORLD
from simlab.lab.search import text_of
from simlab.lab.space import Params, Space
from simlab.scenario import InputError, Problem, scenario_digest, slug
from simlab.scenario.experiments import Question
from simlab.scenario.outcomes import Constraint

HORIZONS = (90, 180, 365)
HORIZON_SEEDS = 8
TRAJECTORIES, SCREEN_SEEDS = 8, 2
"""Size of the design that says which levers matter."""
REFERENCE = 16
"""Strategies against which regret is measured."""
PER_REPLICATE = 1_000_000
"""Seeds of each namespace reserved for each replicate of a study: a hundred attempts."""


@dataclass(frozen=True)
class Plan:
    """A checked tune, ready to run.

    Attributes:
        replicate: 0 for an answer; 1, 2 ... repeat the whole study on seeds of their own, to see how far its answer
            is luck. Sampled worlds stay the same ones.
    """

    question: Question
    space: Space
    start: Params
    moved: tuple[str, ...]
    objectives: dict[str, str]
    constraints: tuple[Constraint, ...]
    digest: str
    replicate: int = 0

    @property
    def offset(self) -> int:
        """Seeds of each namespace that belong to replicates before this one."""
        return self.replicate * PER_REPLICATE

    @property
    def study(self) -> str:
        """The study's name: what the experiment is called, and what determines its trials."""
        return f"{slug(self.question.experiment.name)}-{self.digest[:12]}"


def plan(question: Question, replicate: int = 0) -> Plan:
    """Check a tune and give it an identity; see `Plan` for `replicate`.

    Raises:
        InputError: nothing can vary over uncertainties that do not exist.
    """
    spec = question.experiment.tune
    assert spec is not None
    if spec.over == "uncertainties" and not question.scenario.uncertainties:
        raise InputError(Problem(question.file, "over: uncertainties, but the scenario has none",
                                 "Add `uncertainties:` to it, or write over: seeds.", where="tune.over"))  # fmt: skip
    space = Space(question.levers)
    start, moved = space.start()
    objectives = dict(spec.objectives or {question.experiment.outcome: "maximise"})
    constraints = question.scenario.constraints if spec.constraints is None else spec.constraints
    said: dict[str, Any] = {
        "scenario": scenario_digest(question.scenario, question.loaded.data),
        "rules": rules(),
        "levers": [repr(lever) for lever in question.levers],
        "objectives": objectives,
        "constraints": [text_of(c) for c in constraints],
        "spec": [spec.sampler, spec.batch, spec.panel, spec.racing, spec.over, spec.judge,
                 spec.worlds if spec.over == "uncertainties" else 0],
    }  # fmt: skip
    if replicate:
        said["replicate"] = replicate
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return Plan(question, space, start, tuple(moved), objectives, constraints, digest, replicate)


def runs_ahead(todo: Plan) -> int:
    """About how many runs a tune takes from the beginning."""
    spec = todo.question.experiment.tune
    assert spec is not None
    panel = spec.worlds if spec.over == "uncertainties" else spec.panel
    search_runs = (spec.trials + 1 + REFERENCE * (spec.judge == "regret")) * panel
    selection = (spec.finalists + 1) * spec.selection_seeds
    report = 3 * spec.report_seeds
    worlds = 2 * SEEDS_PER_WORLD * spec.worlds if todo.question.scenario.uncertainties else 0
    design = TRAJECTORIES * (len(todo.question.levers) + 1) * SCREEN_SEEDS
    return search_runs + selection + report + worlds + sum(other_runs(todo).values()) + design


def other_runs(todo: Plan) -> dict[int, int]:
    """Of these, how many look at another horizon, by horizon."""
    spec = todo.question.experiment.tune
    assert spec is not None
    own = todo.question.scenario.horizon
    return {days: (spec.finalists + 1) * HORIZON_SEEDS for days in horizons(own) if days != own}


def foresee(todo: Plan, workers: int) -> Forecast:
    """Time and memory of a tune from the beginning."""
    scenario = todo.question.scenario
    ground = shared_ground(scenario)
    return forecast(
        scenario, ground.graph, ground.base, runs_ahead(todo), workers, tables=False, others=other_runs(todo)
    )


def horizons(own: int) -> list[int]:
    """Horizons, in days, at which the finalists are looked at."""
    return sorted({*HORIZONS, own})
