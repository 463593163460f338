"""The verbs that ask a question of a scenario: compare, tune, screen, rollout.

Like `simlab.verbs` they put rooms together: load an experiment, ask the lab, write the report.
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlab.lab import folders
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, slug
from simlab.scenario.experiments import Question, load_experiment, needs
from simlab.verbs import RESULTS

if TYPE_CHECKING:
    from simlab.lab.crew import Crew
    from simlab.lab.forecast import Forecast
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


def _foretell(progress: Watcher, expected: Forecast) -> None:
    progress.says(f"Forecast: {expected}; what is in the run store already is not done again.")
    progress.begins(expected.runs * expected.days)


def _ready(progress: Watcher) -> None:
    progress.says("Getting the rules ready (they are compiled once per machine, for up to a minute) ...")


def _written(
    final: Path, run: str, manifest: dict[str, Any], again: bool, write: Callable[[Path], Any]
) -> None:
    """A complete result folder, unless it is there."""
    if not again and folders.is_complete(final, run):
        return
    with folders.new_folder(final) as folder:
        write(folder)
        folders.write_manifest(folder, manifest)
        if final.exists():
            folders.replace_folder(final)


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
    from simlab.lab import tune as lab
    from simlab.lab.studies import masked
    from simlab.report.tune_page import write_tuning

    progress = progress or Nobody()
    question = experiment if isinstance(experiment, Question) else load_experiment(experiment, overrides)
    needs(question, "tune")
    todo = lab.plan(question)
    place = Path(out or RESULTS)
    started = time.perf_counter()
    with _crew(
        place, threads=threads, dask=dask, budget=budget, progress=progress, executor=executor
    ) as crew:
        _ready(progress)
        expected = lab.foresee(todo, crew.workers)
        _foretell(progress, expected)
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
    found = replace(found, manifest={**found.manifest, **facts, "rollout": live_test})
    if write:
        progress.says("Writing tables, plots and the report ...")
        _written(
            final, found.manifest["run"], found.manifest, again, lambda folder: write_tuning(found, folder)
        )
        found = replace(found, manifest={**found.manifest, "folder": str(final)})
    return found
