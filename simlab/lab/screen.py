"""What matters: a design of its own over levers and uncertainties, every point on the same seeds.

The trials of a search are no design (they crowd where it is good), so what they say about importance misleads.
Before the valuation date all points live under the current strategy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from simlab.lab import designs, screen_tables
from simlab.lab.crew import Task
from simlab.lab.factors import Factor, factors_of, uncertain, unit_of, values
from simlab.lab.flips import Flips, flips_of
from simlab.lab.noise import noise_of
from simlab.lab.past import with_past
from simlab.lab.runs import Run, versions
from simlab.lab.screen_result import Moved, Screening
from simlab.lab.seeds import ScreenSeed
from simlab.lab.surrogate import steady
from simlab.scenario import InputError, Problem, Scenario, get_value, scenario_digest, with_values
from simlab.scenario.experiment import ScreenSpec
from simlab.scenario.experiments import Lever, plain
from simlab.world.compiled import sources_digest

Array = NDArray[np.float64]
PAIRED_SEEDS = 8
"""Common seeds of a ranking, at least: its error is shared by all worlds, so that only seeds make it smaller."""
FEWEST = 4
"""Complete trajectories or base rows below which there is no index."""
_WORLD_SEED = 20_260_401
REASONS = {
    "invalid": "the scenario is not valid there",
    "failed": "a run failed",
    "undefined": "a run does not define the outcome",
    "skipped": "the time was up",
}


class Runs(Protocol):
    """Whoever does runs, such as a `Crew`."""

    def runs(self, tasks: Sequence[Task]) -> list[Run]:
        """Every task done, in this order."""


def runs_of(
    scenario: Scenario, spec: ScreenSpec, levers: Sequence[Lever] = (), against: Scenario | None = None
) -> int:
    """Runs that the screening asks for at most, for a forecast."""
    factors = factors_of(scenario, spec, levers)
    count = len(designs.make(spec.method, len(factors), spec.size).flat) * spec.seeds
    if against is not None or spec.against is not None:
        count += 2 * _worlds(len(uncertain(scenario))) * max(spec.seeds, PAIRED_SEEDS)
    return count


def screen(
    scenario: Scenario, spec: ScreenSpec, levers: Sequence[Lever] = (), *, outcome: str = "customer_equity",
    crew: Runs, against: Scenario | None = None,
) -> Screening:  # fmt: skip
    """Run a design and say what moves the outcome, how much of it is chance, and what flips a ranking.

    Args:
        scenario: resolved scenario with the current strategy and its `uncertainties`.
        levers: those to vary, as `load_experiment` reads them.
        crew: does the runs.
        against: the second strategy; by default `spec.against` set in the scenario.

    Raises:
        InputError: nothing varies, or no valid design is left.
        RuntimeError: too few runs finished; the message holds the first traceback.
    """
    factors = factors_of(scenario, spec, levers)
    if against is None and spec.against is not None:
        against = with_values(scenario, spec.against)
    if against is not None and not uncertain(scenario):
        raise InputError(Problem(scenario.name, "there is no assumption that could turn the ranking",
                                 "Give the scenario `uncertainties:`, or leave out `against`."))  # fmt: skip
    seeds = ScreenSeed.panel(spec.seeds)
    design = designs.make(spec.method, len(factors), spec.size)
    found, lost, examples = _run_design(scenario, design, factors, seeds, outcome, crew)
    whole = np.isfinite(found).all(axis=(1, 2))
    _enough(scenario, int(whole.sum()), lost, examples)
    complete = designs.Design(design.method, design.points[whole])
    effects = designs.effects(complete, found[whole])
    moved = [Moved(factor, effect) for factor, effect in zip(factors, effects, strict=True)]
    # Saltelli's crossed points lie in clumps; A and B are a fair sample of the whole design
    fair = found[whole][:, [0, -1]] if spec.method == "sobol" else found[whole]
    tables = {
        "effects": screen_tables.effects(design.method, moved),
        "points": screen_tables.points(design, factors, found, lost),
        "runs": screen_tables.runs(found, seeds),
    }
    flips, second, gone, skipped = None, {}, 0, "skipped" in lost.values()
    if against is not None:
        pairs = ScreenSeed.panel(max(spec.seeds, PAIRED_SEEDS))
        flips, gone, late, more = _against(scenario, against, pairs, outcome, crew)
        skipped = skipped or late
        second, tables = changed(scenario, against), {**tables, **more}
    made = manifest(scenario, spec, levers, outcome, against)
    return Screening(
        scenario, outcome, design.method,
        tuple(sorted(moved, key=lambda m: -m.effect.size)),
        len(design.points), int(whole.sum()), len(np.unique(design.points[whole].reshape(-1, design.d), axis=0)),
        {reason: sum(r == reason for r in lost.values()) for reason in REASONS if reason in lost.values()},
        examples, tuple(map(int, seeds)), noise_of(fair.reshape(-1, len(seeds))), flips, second,
        {path: unit_of(path)[1] for path in (*(f.path for f in factors), *scenario.uncertainties, *second)},
        gone, tables, _cut_short(made, int(whole.sum()), gone) if skipped else made,
    )  # fmt: skip


def manifest(
    scenario: Scenario, spec: ScreenSpec, levers: Sequence[Lever] = (), outcome: str = "customer_equity",
    against: Scenario | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Where a screening comes from; ``run`` names it."""
    said = {
        "scenario": scenario_digest(scenario),
        "screen": spec.model_dump(mode="json"),
        "levers": [repr(lever) for lever in levers],
        "outcome": outcome,
        "against": None if against is None else scenario_digest(against),
        "rules": sources_digest(),
        "names": f"{scenario.name}|{scenario.description}",
    }
    run = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return {
        "run": run, "scenario": said["scenario"], "rules": said["rules"], "method": spec.method, "outcome": outcome,
        "seeds": list(map(int, ScreenSeed.panel(spec.seeds))), "versions": versions(),
    }  # fmt: skip


def _cut_short(manifest: dict[str, Any], kept: int, lost_worlds: int) -> dict[str, Any]:
    """A screening that the time budget ended is another result than the whole one."""
    text = f"{manifest['run']}|{kept}|{lost_worlds}"
    return {**manifest, "run": hashlib.sha256(text.encode()).hexdigest(), "cut": "the time budget was up"}


def changed(first: Scenario, second: Scenario) -> dict[str, tuple[Any, Any]]:
    """Where two strategies differ: path -> (value in the first, value in the second), at the first place of a branch
    where one of them has nothing or both have a plain value."""
    found: dict[str, tuple[Any, Any]] = {}

    def walk(a: Any, b: Any, path: str) -> None:
        if isinstance(a, dict) and isinstance(b, dict):
            for key in dict.fromkeys((*a, *b)):
                walk(a.get(key), b.get(key), f"{path}.{key}" if path else key)
        elif a != b:
            found[path] = (a, b)

    skip = ("name", "description", "uncertainties", "constraints", "targets", "outcomes", "seeds")
    one, two = (
        {k: v for k, v in plain(s.model_dump(mode="json")).items() if k not in skip} for s in (first, second)
    )
    walk(one, two, "")
    return found


def _run_design(
    scenario: Scenario, design: designs.Design, factors: Sequence[Factor], seeds: Sequence[ScreenSeed],
    outcome: str, crew: Runs,
) -> tuple[Array, dict[int, str], dict[str, str]]:  # fmt: skip
    """Outcomes (blocks, points of a block, K), NaN where there are none; reasons by block; first messages."""
    blocks, length, _ = design.points.shape
    found = np.full((blocks, length, len(seeds)), np.nan)
    lost: dict[int, str] = {}
    examples: dict[str, str] = {}
    tasks, places = [], []
    for b in range(blocks):
        try:
            points = [_task(scenario, values(factors, unit)) for unit in design.points[b]]
        except InputError as error:
            lost[b] = "invalid"
            examples.setdefault(
                "invalid", f"{error.problems[0].where}: {error.problems[0].message}".removeprefix(": ")
            )
            continue
        for p, make in enumerate(points):
            tasks += [make(seed, b * length + p + 1) for seed in seeds]
            places += [(b, p, k) for k in range(len(seeds))]
    for (b, p, k), run in zip(places, crew.runs(tasks), strict=True):
        value, reason = _value(run, outcome)
        found[b, p, k] = value
        if reason and b not in lost:
            lost[b] = reason
            examples.setdefault(reason, _last_line(run.failure))
    return found, lost, examples


def _task(scenario: Scenario, at: dict[str, Any]) -> Callable[[ScreenSeed, int], Task]:
    """A point: its scenario, and a past under the current strategy with the same assumptions.

    Raises:
        InputError: the scenario is not valid there.
    """
    point = with_values(scenario, at, to_grain=True)
    unknown = {path: value for path, value in at.items() if path in scenario.uncertainties}
    now = with_values(scenario, unknown, to_grain=True) if len(unknown) < len(at) else point
    model, before = with_past(point, now)
    return lambda seed, world: Task(model, seed, world=world, before=before)


def _value(run: Run, outcome: str) -> tuple[float, str]:
    """The outcome of a run, or NaN and why there is none."""
    if run.skipped:
        return np.nan, "skipped"
    if run.failure:
        return np.nan, "failed"
    value = run.outcomes.get(outcome, np.nan)
    return value, "" if np.isfinite(value) else "undefined"


def _last_line(failure: str) -> str:
    lines = failure.strip().splitlines()
    return lines[-1] if lines else ""


def _enough(scenario: Scenario, kept: int, lost: dict[int, str], examples: dict[str, str]) -> None:
    if kept >= FEWEST:
        return
    reasons = [reason for reason in REASONS if reason in lost.values()]
    if reasons and reasons[0] == "invalid":
        raise InputError(Problem(
            scenario.name, f"only {kept} complete blocks of the design are valid scenarios; {examples['invalid']}",
            "Narrow the ranges that contradict each other, or raise `size`."))  # fmt: skip
    said = "; ".join(f"{REASONS[r]} ({examples.get(r, '')})" for r in reasons)
    raise RuntimeError(f"only {kept} blocks of the design are complete, {FEWEST} are needed: {said}")


def _worlds(assumptions: int) -> int:
    return 64 if assumptions <= 8 else 128


def _against(
    scenario: Scenario, against: Scenario, seeds: Sequence[ScreenSeed], outcome: str, crew: Runs
) -> tuple[Flips | None, int, bool, dict[str, Any]]:
    """Both strategies in the same worlds on the same seeds; worlds left out, and whether the time was up.

    None where hardly a world could be run with both: that does not cost the reader the rest.
    """
    factors = uncertain(scenario)
    count = _worlds(len(factors))
    sampler = qmc.Sobol(len(factors), scramble=True, rng=np.random.default_rng(_WORLD_SEED))
    unit = sampler.random(count)
    found = np.full((count, 2, len(seeds)), np.nan)
    tasks, places = [], []
    for w in range(count):
        at = values(factors, unit[w])
        try:
            now = with_values(scenario, at, to_grain=True)
            # an assumption that the second strategy sets itself stays as it sets it
            own = {path: value for path, value in at.items() if _same(scenario, against, path)}
            other, before = with_past(with_values(against, own, to_grain=True), now)
        except InputError:
            continue
        first, past = with_past(now, now)
        for s, (model, past_) in enumerate(((first, past), (other, before))):
            tasks += [Task(model, seed, world=w + 1, before=past_) for seed in seeds]
            places += [(w, s, k) for k in range(len(seeds))]
    skipped = False
    for place, run in zip(places, crew.runs(tasks), strict=True):
        found[place], reason = _value(run, outcome)
        skipped = skipped or reason == "skipped"
    whole = np.isfinite(found).all(axis=(1, 2))
    if whole.sum() < FEWEST:
        return None, int((~whole).sum()), skipped, {}
    with steady():
        flips = flips_of(
            [f.path for f in factors], unit[whole], found[whole, 1] - found[whole, 0],
            lambda j, u: float(factors[j].at(u)),
        )  # fmt: skip
    tables = screen_tables.against(factors, unit, found, flips)
    return flips, int((~whole).sum()), skipped, tables


def _same(first: Scenario, second: Scenario, path: str) -> bool:
    return bool(get_value(first, path) == get_value(second, path))
