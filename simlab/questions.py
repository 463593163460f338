"""The verbs that ask a question of a scenario: compare, tune, screen, rollout.

Like `simlab.verbs` they put rooms together: load an experiment, ask the lab, write the report; and they import
the lab once the files are read.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from simlab.lab import folders
from simlab.lab.watch import Nobody, Watcher, begin, get_ready
from simlab.scenario import InputError, Problem, Scenario, get_value, load, scenario_digest, slug
from simlab.scenario.errors import Fault, unknown
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.experiments import (
    Question,
    is_scenario,
    is_shipped,
    load_experiment,
    needs,
    plain,
    vary,
)
from simlab.scenario.layers import DROP
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.paths import Spec
from simlab.scenario.problems import problems_of
from simlab.scenario.rollout_spec import RolloutSpec
from simlab.scenario.yaml_lines import Mark, node_of
from simlab.verbs import RESULTS

if TYPE_CHECKING:
    from simlab.lab.comparison import Comparison
    from simlab.lab.crew import Crew
    from simlab.lab.forecast import Forecast
    from simlab.lab.rollout import Rollout
    from simlab.lab.screen_result import Screening
    from simlab.lab.tuning import Tuning

STUDIES = "studies"
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?)\s*")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(budget: str | float | None) -> float | None:
    """Seconds of "90s", "10min" or "2h".

    Raises:
        InputError: something else.
    """
    if budget is None or isinstance(budget, int | float):
        return budget
    found = _TIME.fullmatch(budget.lower())
    if not found or float(found[1]) <= 0:
        raise InputError(
            Problem("--budget", "this is not a length of time", "Write 90s, 10min or 2h", value=budget)
        )
    return float(found[1]) * _SECONDS[found[2][0]]


@contextmanager
def _crew(
    out: Path, *, threads: int | None, dask: str | None, budget: str | float | None, progress: Watcher,
    executor: Any = None,
) -> Iterator[Crew]:  # fmt: skip
    """A crew with the run store of `out`."""
    from simlab.lab.crew import Crew, rules
    from simlab.lab.store import Store

    seconds = seconds_of(budget)
    folders.check_place(out / "x")
    store = Store(out, rules())
    with Crew(
        store, threads=threads, dask=dask, executor=executor, watcher=progress, seconds=seconds
    ) as crew:
        yield crew


def _foretell(progress: Watcher, expected: Forecast, crew: Crew) -> None:
    crew.expects(expected)
    progress.says(f"Forecast: {expected}; what is in the run store already is not done again.")
    progress.begins(expected.runs * expected.days)


def _written(
    final: Path, run: str, manifest: dict[str, Any], again: bool, write: Callable[[Path], Any]
) -> None:
    """A complete result folder, unless it is there."""
    if not again and folders.is_complete(final, run):
        return
    with folders.new_folder(final, again) as folder:
        write(folder)
        folders.write_manifest(folder, manifest)


def tune(
    experiment: str | Path | Question, overrides: Sequence[str] = (), *, trials: int | None = None,
    storage: str | None = None, threads: int | None = None, dask: str | None = None, executor: Any = None,
    budget: str | float | None = None, out: Path | str | None = None, write: bool = True, again: bool = False,
    command: str = "", progress: Watcher | None = None,
) -> Tuning | None:  # fmt: skip
    """Search for the best strategy, and report on seeds that the search has not seen.

    Args:
        experiment: a file with a section `tune`, or what `load_experiment` returned.
        overrides: changes of its scenario.
        trials: instead of the file's number; a finished study is continued.
        storage: ``postgresql://...`` for several worker processes on one study; else a journal in `out`.
        threads: by default one per processor. dask: address of a scheduler. executor: where to run instead.
        budget: "10min": stop early; the same call continues.
        out: parent folder of results, studies and the run store; by default ./results.
        write: False writes no result folder.
        again: write the result folder anew even if it is there.
        command: the command line, for the manifest.
        progress: who is told how it goes.

    Returns:
        the answer, ``manifest["folder"]`` says where it was written; None if time was up before there was one.

    Raises:
        InputError: anything wrong with the experiment, the places, or the storage.
    """
    progress = progress or Nobody()
    question = experiment if isinstance(experiment, Question) else load_experiment(experiment, overrides)
    needs(question, "tune")
    begin(progress, question.experiment.name, question.scenario)

    from simlab.lab import tune as lab
    from simlab.lab.shared_study import masked
    from simlab.lab.tune_plan import foresee, plan
    from simlab.report.tune_page import write_tuning

    todo = plan(question)
    place = Path(out or RESULTS)
    started = time.perf_counter()
    with _crew(
        place, threads=threads, dask=dask, budget=budget, progress=progress, executor=executor
    ) as crew:
        get_ready(progress)
        expected = foresee(todo, crew.workers)
        _foretell(progress, expected, crew)
        try:
            found = lab.tune(todo, crew, place / STUDIES, storage, progress, trials)
        finally:
            progress.ends()
    if found is None:
        return None
    facts = {
        "command": masked(command or f"simlab tune {question.file}"),
        "forecast seconds": round(expected.seconds, 1),
        "seconds": round(time.perf_counter() - started, 1),
    }
    final = place / f"{slug(question.experiment.name)}-{found.manifest['run'][:8]}"
    live_test = shlex.join(["simlab", "rollout", question.loaded.file, str(final / "best.yaml")])
    answer = replace(found, manifest={**found.manifest, **facts, "rollout": live_test})
    if write:
        progress.says("Writing tables, plots and the report ...")
        _written(final, answer.manifest["run"], answer.manifest, again, partial(write_tuning, answer))
        answer = replace(answer, manifest={**answer.manifest, "folder": str(final)})
    return answer


def compare(
    *what: str | Path | Question, overrides: Sequence[str] = (), varied: str | None = None,
    outcome: str | None = None, seeds: int | None = None, max_seeds: int | None = None, precision: str | None = None,
    worlds: int | None = None, threads: int | None = None, dask: str | None = None, executor: Any = None,
    budget: str | float | None = None, out: Path | str | None = None, write: bool = True, again: bool = False,
    command: str = "", progress: Watcher | None = None,
) -> Comparison:  # fmt: skip
    """Run arms on the same seeds and report the paired differences from the first.

    Args:
        what: an experiment file with a section `compare`, one scenario (with `varied`), or several scenarios.
        overrides: changes of the scenario, in every arm.
        varied: "levers.referral.reward=0,5,10": arms with these values beside the current one.
        outcome: headline, instead of the file's. seeds: pairs of the first stage. max_seeds: no more pairs.
        precision: half-width of the 95 % interval to reach, such as "2 yuan".
        worlds: sampled worlds; 0 switches them off.
        threads, dask, executor, budget, out, write, again, command, progress: as for `tune`.

    Raises:
        InputError: anything wrong with the files, the options or the places.
    """
    progress = progress or Nobody()
    asked = arms_of(what, overrides, varied)
    spec = _spec(
        asked.spec, {"seeds": seeds, "max_seeds": max_seeds, "precision": precision, "worlds": worlds}
    )
    headline = asked.outcome if outcome is None else _outcome(outcome)
    place = Path(out or RESULTS)
    started = time.perf_counter()
    model = next(iter(asked.arms.values()))
    begin(progress, asked.name, model)

    from simlab.lab import compare as lab
    from simlab.report.compare_page import write_comparison

    with _crew(
        place, threads=threads, dask=dask, budget=budget, progress=progress, executor=executor
    ) as crew:
        get_ready(progress)
        expected = _expect(model, *lab.workload(asked.arms, spec, crew.workers), crew)
        _foretell(progress, expected, crew)
        try:
            found = lab.compare(asked.arms, spec, headline, crew, name=asked.name, question=asked.question)
        finally:
            progress.ends()
    said = {"arms": found.manifest["arms"], "spec": spec.model_dump(mode="json"), "outcome": headline,
            "rules": found.manifest["rules"], "name": asked.name, "pairs": found.manifest["pairs"],
            "done": len(found.tables["outcomes"])}  # fmt: skip
    run = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    final = place / f"{slug(asked.name)}-{run[:8]}"
    facts = {
        "run": run, "command": command or f"simlab compare {' '.join(map(str, what))}",
        "forecast seconds": round(expected.seconds, 1), "seconds": round(time.perf_counter() - started, 1),
    }  # fmt: skip
    found = replace(found, manifest={**found.manifest, **facts})
    if write:
        progress.says("Writing tables, plots and the report ...")
        _written(final, run, found.manifest, again, partial(write_comparison, found))
        found = replace(found, manifest={**found.manifest, "folder": str(final)})
    return found


@dataclass(frozen=True)
class Arms:
    """What is to be compared."""

    name: str
    question: str
    arms: dict[str, Scenario]
    spec: CompareSpec
    outcome: str


def arms_of(what: Sequence[str | Path | Question], overrides: Sequence[str], varied: str | None) -> Arms:
    """Arms from an experiment, from several scenarios, or from values of one lever.

    Raises:
        InputError: what was given makes no comparison.
    """
    if len(what) == 1 and varied is None:
        only_one = what[0]
        if not isinstance(only_one, Question) and (is_shipped(str(only_one)) or is_scenario(Path(only_one))):
            raise InputError(Problem(str(only_one), "one scenario makes no comparison",
                                     "Name a second one, an experiment file, or --vary PATH=VALUE,VALUE."))  # fmt: skip
        question = only_one if isinstance(only_one, Question) else load_experiment(only_one, overrides)
        needs(question, "compare")
        asked = question.experiment
        assert asked.compare is not None
        return Arms(asked.name, asked.question, question.arms, asked.compare, asked.outcome)
    loaded = [load(str(one), overrides) for one in what]
    if varied is None:
        arms: dict[str, Scenario] = {}
        for one in loaded:
            name = one.scenario.name if one.scenario.name not in arms else Path(one.file).stem
            if name in arms:
                raise InputError(Problem(one.file, "this scenario is named twice", "Name each one once."))
            arms[name] = one.scenario
        title = " or ".join(arms) if len(arms) <= 3 else f"{len(arms)} scenarios"
        return Arms(title, "", arms, _default(arms), "customer_equity")
    if len(loaded) != 1:
        raise InputError(Problem("--vary", "expected one scenario", "Name one scenario to vary a lever of."))
    scenario = loaded[0].scenario
    path, values = vary(varied, scenario)
    arms = {"current": scenario}
    for text, model in values.items():
        if model != scenario:
            arms[f"{path.rpartition('.')[2]} {text}"] = model
    if len(arms) < 2:
        raise InputError(
            Problem("--vary", "every value is the current one", "Name another value.", value=varied)
        )
    return Arms(f"{scenario.name}: {path}", "", arms, _default(arms), "customer_equity")


def _default(arms: Mapping[str, Scenario]) -> CompareSpec:
    return CompareSpec(arms={name: {} for name in arms})


def _spec(spec: CompareSpec, changes: Mapping[str, Any]) -> CompareSpec:
    """`spec` with the options of the command line."""
    given = {name: value for name, value in changes.items() if value is not None}
    if "seeds" in given and "max_seeds" not in given:
        given["max_seeds"] = max(spec.max_seeds, given["seeds"])
    if "max_seeds" in given and "seeds" not in given:
        given["seeds"] = min(spec.seeds, given["max_seeds"])
    tree = node_of({**spec.model_dump(mode="json"), **given}, Mark("(options of compare)"))
    try:
        return CompareSpec.model_validate(tree.plain)
    except ValidationError as error:
        raise InputError(*problems_of(error, tree, Spec(CompareSpec))) from None


def _outcome(name: str) -> str:
    if name not in OUTCOMES:
        fault = unknown("outcome", name, OUTCOMES)
        raise InputError(Problem("--outcome", fault.message, fault.cure))
    return name


def _expect(model: Scenario, runs: int, pasts: int | None, crew: Crew) -> Forecast:
    from simlab.lab.forecast import forecast
    from simlab.lab.ground import shared_ground

    ground = shared_ground(model)
    return forecast(model, ground.graph, ground.base, runs, crew.workers, tables=False, pasts=pasts)


def screen(
    experiment: str | Path | Question, overrides: Sequence[str] = (), *, threads: int | None = None,
    dask: str | None = None, executor: Any = None, budget: str | float | None = None, out: Path | str | None = None,
    write: bool = True, again: bool = False, command: str = "", progress: Watcher | None = None,
) -> Screening:  # fmt: skip
    """Which levers and assumptions matter, and which would turn a ranking; arguments and errors as for `tune`."""
    progress = progress or Nobody()
    question = experiment if isinstance(experiment, Question) else load_experiment(experiment, overrides)
    needs(question, "screen")
    asked, model = question.experiment, question.scenario
    begin(progress, asked.name, model)

    from simlab.lab import screen as lab
    from simlab.report.screen_page import write_screening

    assert asked.screen is not None
    spec, factors, against = asked.screen, question.factors, question.against
    place = Path(out or RESULTS)
    with _crew(
        place, threads=threads, dask=dask, budget=budget, progress=progress, executor=executor
    ) as crew:
        get_ready(progress)
        _foretell(progress, _expect(model, lab.runs_of(model, spec, factors, against), None, crew), crew)
        try:
            found = lab.screen(model, spec, factors, outcome=asked.outcome, crew=crew, against=against)
        finally:
            progress.ends()
    manifest = {**found.manifest, "command": command or f"simlab screen {question.file}", "name": asked.name}
    final = place / f"{slug(asked.name)}-screen-{manifest['run'][:8]}"
    found = replace(found, manifest=manifest)
    if write:
        progress.says("Writing tables, plots and the report ...")
        _written(final, manifest["run"], manifest, again, partial(write_screening, found))
        found = replace(found, manifest={**manifest, "folder": str(final)})
    return found


def rollout(
    *what: str | Path | Question, overrides: Sequence[str] = (), tests: int | None = None, threads: int | None = None,
    out: Path | str | None = None, write: bool = True, again: bool = False, command: str = "",
    progress: Watcher | None = None,
) -> tuple[Rollout, Path]:  # fmt: skip
    """Plan the smallest live test of two strategies, by simulating it on the scenario's own graph.

    Args:
        what: an experiment file with a section `rollout`, or two scenarios of one world: today's and the new one.
        tests: simulated tests, instead of the file's number.
        overrides, threads, out, write, again, command, progress: as for `tune`.

    Returns:
        the plan, and where it was written.

    Raises:
        InputError: anything wrong with the files, the place, or strategies that are not pulled user by user.
    """
    progress = progress or Nobody()
    name, scenario, spec = _live_test(what, overrides)
    begin(progress, name, scenario)

    import os
    from concurrent.futures import ThreadPoolExecutor

    from simlab.lab import rollout as lab
    from simlab.lab.crew import rules
    from simlab.lab.ground import shared_ground
    from simlab.lab.runs import versions
    from simlab.report.rollout_page import write_page

    if tests is not None:
        spec = spec.model_copy(update={"tests": tests})
    said = {
        "scenario": scenario_digest(scenario),
        "spec": spec.model_dump(mode="json"),
        "rules": rules(),
        "name": name,
    }
    run = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    final = Path(out or RESULTS) / f"{slug(name)}-rollout-{run[:8]}"
    if write:
        folders.check_place(final)
    get_ready(progress)
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as executor:
        found = lab.rollout_results(
            scenario, spec, executor=executor, progress=progress, ground=shared_ground(scenario)
        )
    manifest = {"run": run, "scenario": said["scenario"], "rules": said["rules"], "tests": spec.tests,
                "versions": versions(), "command": command or f"simlab rollout {' '.join(map(str, what))}"}  # fmt: skip
    if write:
        progress.says("Writing plots and the report ...")
        _written(final, run, manifest, again, partial(write_page, found))
    return found, final


def _live_test(
    what: Sequence[str | Path | Question], overrides: Sequence[str]
) -> tuple[str, Scenario, RolloutSpec]:
    """Name, today's scenario, and the test of an experiment or of two scenarios."""
    if len(what) == 1:
        question = what[0] if isinstance(what[0], Question) else load_experiment(what[0], overrides)
        needs(question, "rollout")
        assert question.experiment.rollout is not None
        return question.experiment.name, question.scenario, question.experiment.rollout
    if len(what) != 2 or any(isinstance(one, Question) for one in what):
        raise InputError(Problem("simlab rollout", "expected one experiment, or two scenarios",
                                 "Name today's and the new one: simlab rollout default best.yaml"))  # fmt: skip
    from simlab.world.cells import FREE, differences

    control, treatment = (load(str(one), overrides).scenario for one in what)
    changed = [path for path in differences(control, treatment) if path.partition(".")[0] not in FREE]
    foreign = [path for path in changed if not path.startswith("levers.")]
    if foreign:
        raise InputError(Problem(str(what[1]), "the two scenarios are not one world", where=foreign[0],
                                 cure="Let the new one `extends:` today's, and change levers only."))  # fmt: skip
    if not changed:
        cure = "There is nothing to test; a tune that keeps the current strategy changes nothing."
        raise InputError(Problem(str(what[1]), "both scenarios have the same strategy", cure))
    values = {path: _there(treatment, path) for path in changed}
    return f"{control.name} or {treatment.name}", control, RolloutSpec(treatment=values)


def _there(scenario: Scenario, path: str) -> Any:
    """A value of the new strategy; what it has not got is dropped."""
    try:
        return plain(get_value(scenario, path))
    except Fault:
        return DROP
