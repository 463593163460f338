"""Compare: arms on the same seeds, each against the first, until the difference is known well enough.

First a fixed number of pairs, in detail; then, by Stein's rule, as many more as the precision takes. What we do not
know about people is sampled beside it: the same plausible worlds for every arm. The two are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from simlab.lab import counterfactual, effects, summary
from simlab.lab.comparison import Comparison
from simlab.lab.crew import Task, go_together, past_of
from simlab.lab.differences import differences
from simlab.lab.paired import FEWEST, Stage, stein, together
from simlab.lab.past import SHARED, same_people, with_past
from simlab.lab.runs import Run, versions
from simlab.lab.seeds import CompareSeed
from simlab.lab.worlds import sample_worlds
from simlab.scenario import InputError, Scenario, world_digest
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.outcomes import OUTCOMES
from simlab.world.compiled import sources_digest

SEEDS_PER_WORLD = 4
"""Pairs in each sampled world: the range over worlds is wide, chance in each need only be small beside it."""
CHUNK = 10
"""Seeds whose details are in memory at once."""


class Workers(Protocol):
    """Who does the runs; see `simlab.lab.crew.Crew`."""

    def runs(self, tasks: Sequence[Task]) -> list[Run]:
        """Every task done, in the order of `tasks`."""


@dataclass
class _Gathered:
    """What the runs have told so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    views: dict[str, dict[int, effects.View]] = field(default_factory=dict)
    steps: dict[str, dict[int, dict[str, float]]] = field(default_factory=dict)
    counts: dict[str, dict[int, dict[str, float]]] = field(default_factory=dict)

    def take(self, arm: str, run: Run) -> None:
        """Outcomes of a run, or why it has none."""
        if run.failure or run.skipped:
            status = "failed" if run.failure else "skipped"
            self.failures.append({"arm": arm, "world": run.world, "seed": int(run.seed), "status": status,
                                  "traceback": run.failure})  # fmt: skip
        else:
            self.rows.append({"arm": arm, "world": run.world, "seed": int(run.seed), **run.outcomes})


def compare(
    arms: Mapping[str, Scenario], spec: CompareSpec, outcome: str, crew: Workers,
    seeds: Sequence[int] | None = None, *, name: str = "", question: str = "",
    manifest: Mapping[str, Any] | None = None,
) -> Comparison:  # fmt: skip
    """Run the arms on the same seeds and say what they differ by.

    Args:
        arms: resolved scenario by arm; the first is the baseline. Arms that differ in levers only share their
            past: until day 0 everybody lives under the baseline's strategy.
        spec: pairs, precision, sampled worlds, days of shift; its own `arms` are not read.
        outcome: the headline outcome, on which the number of pairs is decided.
        crew: who does the runs.
        seeds: seeds in the order of their use; by default 1, 2, 3 ... Those beyond `spec.max_seeds` are not used.
        name, question: for the reader.
        manifest: more rows for the manifest.

    Raises:
        InputError: a file of a scenario cannot be used.
        KeyError: `outcome` is not one of `simlab.scenario.outcomes.OUTCOMES`.
        ValueError: fewer than two arms.
        RuntimeError: not one pair was finished; the message holds the first traceback.
    """
    if len(arms) < 2:
        raise ValueError("a comparison needs two arms")
    OUTCOMES[outcome]  # a name that does not exist is found now, and not after an hour
    baseline = next(iter(arms))
    panel = [int(s) for s in (CompareSeed.panel(spec.max_seeds) if seeds is None else seeds)]
    panel = panel[: spec.max_seeds]
    first = panel[: spec.seeds]
    lived = {arm: with_past(model, arms[baseline]) for arm, model in arms.items()}
    people = {arm: _why_not(arms[baseline], model) for arm, model in arms.items() if arm != baseline}
    notes = _notes(arms, baseline, people)
    found = _Gathered()
    for start in range(0, len(first), CHUNK):
        _in_detail(found, arms, lived, first[start : start + CHUNK], people, spec.shift, crew)
    stage, early = _second_stage(found, arms, outcome, spec, panel)
    rest = panel[len(first) : len(first) + stage.planned - stage.first] if stage.planned > stage.first else []
    tasks = [(arm, Task(lived[arm][0], seed, before=lived[arm][1])) for seed in rest for arm in arms]
    for (arm, _), run in zip(tasks, crew.runs([task for _, task in tasks]), strict=True):
        found.take(arm, run)
    worlds = _plausible(found, arms, spec, panel, crew, notes)
    if len(first) < FEWEST:
        notes.append(
            f"The first stage has {len(first)} pairs; below {FEWEST} an interval can be narrower than it should."
        )
    outcomes = _outcomes(found)
    used = {arm: set(outcomes[(outcomes["arm"] == arm) & (outcomes["world"] == 0)]["seed"]) for arm in arms}
    if not any(used[baseline] & used[arm] for arm in arms if arm != baseline):
        failed = next((row["traceback"] for row in found.failures if row["traceback"]), "the time was up")
        raise RuntimeError("not one pair of runs was finished; the first one with:\n" + failed)
    cover = together(early)
    tables = {
        "outcomes": outcomes,
        "differences": summary.differences_table(
            outcomes, tuple(arms), outcome, first, spec.precision, cover
        ),
        "levers": _levers(arms, baseline),
        "worlds": worlds,
        "world_differences": summary.world_differences(outcomes, tuple(arms)),
        **summary.detail_tables(found.views, found.steps, found.counts, arms),
        "failures": pd.DataFrame(found.failures, columns=["arm", "world", "seed", "status", "traceback"]),
    }
    facts = {
        "pairs": stage.planned, "first stage": len(first), "seeds": panel[: len(first) + len(rest)],
        "worlds": len(worlds), "seeds in each world": SEEDS_PER_WORLD if len(worlds) else 0,
        "arms": {arm: world_digest(model) for arm, model in arms.items()}, "rules": sources_digest(),
        "versions": versions(), **(manifest or {}),
    }  # fmt: skip
    return Comparison(dict(arms), outcome, spec, name or arms[baseline].name, question, stage, cover, people,
                      tuple(notes), tables, facts)  # fmt: skip


def workload(arms: Mapping[str, Scenario], spec: CompareSpec, workers: int) -> tuple[int, int]:
    """Runs that a comparison takes at most, and about how many pasts those live, for a forecast."""
    baseline = next(iter(arms.values()))
    tasks = [Task(arm, 0, before=before) for arm, before in (with_past(a, baseline) for a in arms.values())]
    names = [past_of(task) for task in tasks]
    own = names.count(None) + len({name for name in names if name is not None})
    pairs = spec.seeds if spec.precision is None else spec.max_seeds
    worlds = spec.worlds * min(SEEDS_PER_WORLD, spec.max_seeds) if baseline.uncertainties else 0
    runs = pasts = 0
    for seeds, at_once in ((pairs, min(pairs, CHUNK)), (worlds, worlds)):
        together = go_together(at_once * len(arms), at_once * own, workers)
        runs, pasts = runs + seeds * len(arms), pasts + seeds * (own if together else len(arms))
    return runs, pasts


def _why_not(baseline: Scenario, arm: Scenario) -> str:
    """Why users cannot be compared one by one; "" where they can."""
    if arm.horizon != baseline.horizon:
        return "it has another horizon"
    if not same_people(arm, baseline):
        parts = [part for part in SHARED if getattr(arm, part) != getattr(baseline, part)]
        return f"it differs from the baseline in more than its levers ({', '.join(parts)})"
    return ""


def _notes(arms: Mapping[str, Scenario], baseline: str, people: Mapping[str, str]) -> list[str]:
    notes = [
        f"'{arm}' is not compared user by user: {why}. It lived its own past before the valuation date."
        for arm, why in people.items() if why
    ]  # fmt: skip
    for arm, model in arms.items():
        if model.scale != arms[baseline].scale:
            notes.append(f"'{arm}' has another scale (1:{model.scale:g}) than the baseline.")
    return notes


def _in_detail(
    found: _Gathered, arms: Mapping[str, Scenario], lived: Mapping[str, tuple[Scenario, Scenario | None]],
    seeds: Sequence[int], people: Mapping[str, str], shift: int, crew: Workers,
) -> None:  # fmt: skip
    """Run some seeds in every arm with their details, and keep what the details say."""
    tasks = [(arm, Task(lived[arm][0], s, detail=True, before=lived[arm][1])) for s in seeds for arm in arms]
    runs: dict[tuple[str, int], Run] = {}
    for (arm, task), run in zip(tasks, crew.runs([task for _, task in tasks]), strict=True):
        found.take(arm, run)
        runs[arm, int(task.seed)] = run
    baseline = next(iter(arms))
    for (arm, seed), run in runs.items():
        detail, base = run.detail, runs[baseline, seed].detail
        if detail is None or base is None:
            continue
        found.views.setdefault(arm, {})[seed] = effects.view(detail, arms[arm])
        if arm == baseline:
            continue
        pairing = None
        if not people[arm] and counterfactual.same_people(detail, base):
            pairing = counterfactual.split(detail, base, shift)
            found.counts.setdefault(arm, {})[seed] = counterfactual.counts(detail, base, pairing)
        models = (arms[arm], arms[baseline])
        found.steps.setdefault(arm, {})[seed] = effects.steps(detail, base, models, pairing)


def _second_stage(
    found: _Gathered, arms: Mapping[str, Scenario], outcome: str, spec: CompareSpec, panel: Sequence[int]
) -> tuple[Stage, dict[str, np.ndarray]]:
    """How many pairs there should be, and the differences of the first stage by arm."""
    outcomes = _outcomes(found)
    baseline, *others = arms
    first, limit = panel[: spec.seeds], len(panel)
    early = {arm: summary.pairs(outcomes, arm, baseline, outcome, first)[1] for arm in others}
    stages = [stein(values, spec.precision, limit) for values in early.values() if len(values)]
    if not stages:
        return Stage(len(first), len(first), len(first), spec.precision is None), early
    needed, reached = max(s.needed for s in stages), all(s.reached for s in stages)
    planned = max(len(first), min(needed, limit))
    return Stage(len(first), needed, planned, reached), early


def _plausible(
    found: _Gathered, arms: Mapping[str, Scenario], spec: CompareSpec, panel: Sequence[int], crew: Workers,
    notes: list[str],
) -> pd.DataFrame:  # fmt: skip
    """Run every arm in the same sampled worlds, a few seeds each. Returns the worlds."""
    baseline = next(iter(arms))
    unknown = arms[baseline].uncertainties
    empty = pd.DataFrame({"world": pd.Series(dtype="int64")})
    if not unknown or not spec.worlds:
        return empty
    sampled: dict[str, list[Scenario]] = {}
    table = empty
    for arm, model in arms.items():
        try:
            sampled[arm], worlds = sample_worlds(
                model.model_copy(update={"uncertainties": unknown}), spec.worlds
            )
        except InputError as error:
            notes.append(f"'{arm}' was not tried in plausible worlds: {error.problems[0].message}.")
            if arm == baseline:
                return empty
            continue
        table = worlds if arm == baseline else table
        same = differences(arms[baseline], model)["path"]
        if clash := [path for path in unknown if (same == path).any()]:
            notes.append(
                f"In plausible worlds '{arm}' has the sampled values of {', '.join(clash)}, not its own."
            )
    tasks = []
    for number in range(spec.worlds):
        for arm in sampled:
            model, before = with_past(sampled[arm][number], sampled[baseline][number])
            tasks += [
                (arm, Task(model, seed, world=number + 1, before=before)) for seed in panel[:SEEDS_PER_WORLD]
            ]
    for (arm, _), run in zip(tasks, crew.runs([task for _, task in tasks]), strict=True):
        found.take(arm, run)
    return table


def _outcomes(found: _Gathered) -> pd.DataFrame:
    return pd.DataFrame(found.rows, columns=["arm", "world", "seed", *OUTCOMES])


def _levers(arms: Mapping[str, Scenario], baseline: str) -> pd.DataFrame:
    frames = [pd.DataFrame({"arm": pd.Series(dtype="str"), "path": [], "baseline": [], "arm_value": [],
                            "baseline_number": [], "arm_number": []})]  # fmt: skip
    for arm, model in arms.items():
        if arm != baseline:
            frame = differences(arms[baseline], model).rename(columns={"arm": "arm_value"})
            frame.insert(0, "arm", arm)
            frames.append(frame)
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
