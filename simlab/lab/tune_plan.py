"""What a tune is about to do: a checked experiment with an identity, and what it will take."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from simlab.lab.crew import Task, go_together, past_of, rules
from simlab.lab.forecast import Forecast, forecast, past_bytes
from simlab.lab.ground import shared_ground
from simlab.lab.pasts import MOST_BYTES
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


@dataclass(frozen=True)
class Part:
    """A part of a tune: some strategies, each on some seeds, all at once unless it says `batch`."""

    strategies: int
    seeds: int
    batch: int = 0
    horizon: int | None = None

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return self.strategies * self.seeds

    def pasts(self, kept: int, workers: int) -> int:
        """About how many pasts these live, where a hand keeps `kept` of them between jobs."""
        at_once = min(self.batch or self.strategies, self.strategies)
        if go_together(at_once * self.seeds, self.seeds, workers):
            return self.seeds * -(-self.strategies // at_once)
        remembered = min(kept, self.seeds)  # from the second time on that a hand meets it
        most = 2 * workers * remembered + self.strategies * (self.seeds - remembered)
        return min(self.runs, most)


def parts_ahead(todo: Plan) -> list[Part]:
    """What a tune does from the beginning."""
    spec = todo.question.experiment.tune
    assert spec is not None
    scenario = todo.question.scenario
    panel = spec.worlds if spec.over == "uncertainties" else spec.panel
    finalists = spec.finalists + 1  # the current strategy among them
    parts = [
        Part(spec.trials + 1, panel, spec.batch),
        Part(REFERENCE * (spec.judge == "regret"), panel, 1),
        Part(1, spec.selection_seeds),
        Part(spec.finalists, spec.selection_seeds),
        Part(3, spec.report_seeds),
        Part(TRAJECTORIES * (len(todo.question.levers) + 1), SCREEN_SEEDS),
    ]
    if scenario.uncertainties:
        parts.append(Part(2, SEEDS_PER_WORLD * spec.worlds))
    others = [days for days in horizons(scenario.horizon) if days != scenario.horizon]
    return parts + [Part(finalists, HORIZON_SEEDS, horizon=days) for days in others]


def foresee(todo: Plan, workers: int) -> Forecast:
    """Time and memory of a tune from the beginning."""
    scenario = todo.question.scenario
    ground = shared_ground(scenario)
    parts = parts_ahead(todo)
    pasts = None
    if past_of(Task(scenario, 0)) is not None:
        kept = MOST_BYTES // past_bytes(scenario, ground.graph.n)
        pasts = sum(part.pasts(kept, workers) for part in parts)
    others = {part.horizon: part.runs for part in parts if part.horizon is not None}
    return forecast(
        scenario, ground.graph, ground.base, sum(part.runs for part in parts), workers, tables=False,
        others=others, pasts=pasts,
    )  # fmt: skip


def horizons(own: int) -> list[int]:
    """Horizons, in days, at which the finalists are looked at."""
    return sorted({*HORIZONS, own})
