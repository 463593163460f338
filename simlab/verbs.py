"""The verbs: one function each, for Python and for the command line.

They put rooms together: load a scenario, ask the lab, write the report. The lab is imported inside of each, once
its files are read: a mistake in them is told at once, and so is what is about to be done.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simlab.lab import folders
from simlab.lab.watch import Nobody, Watcher, begin, get_ready
from simlab.scenario import InputError, Loaded, Problem, dump_yaml, load, slug

if TYPE_CHECKING:
    from simlab.lab.fit_result import FitResult
    from simlab.lab.forecast import Forecast
    from simlab.lab.results import Results

RESULTS = Path("results")


def run(
    scenario: str | Path | Loaded, overrides: Sequence[str] = (), *, seeds: int | Sequence[int] | None = None,
    worlds: int | None = None, threads: int | None = None, out: Path | str | None = None, write: bool = True,
    again: bool = False, command: str = "", progress: Watcher | None = None,
) -> Results:  # fmt: skip
    """Simulate a scenario over its seeds and sampled worlds, and write a result folder.

    Args:
        scenario: a file, the name of a shipped scenario, or what `load` returned.
        overrides: "levers.push.active.per_week=3" and so on.
        seeds: how many seeds, or which; by default the scenario's own number.
        worlds: sampled worlds where the scenario has uncertainties; 0 switches them off.
        threads: by default one per processor.
        out: parent folder of the result folder; by default ./results.
        write: False keeps the results in memory only.
        again: compute anew even if the same results are there.
        command: the command line, for the manifest.
        progress: who is told how it goes.

    Returns:
        Results; ``manifest["folder"]`` says where they were written.

    Raises:
        InputError: anything wrong with the scenario or the place to write to.
    """
    progress = progress or Nobody()
    loaded = scenario if isinstance(scenario, Loaded) else load(scenario, overrides)
    model = loaded.scenario
    begin(progress, model.name, model)

    from simlab.lab import runs
    from simlab.lab.forecast import forecast
    from simlab.lab.ground import ground_of

    if seeds is None or isinstance(seeds, int):
        seeds = range(1, (seeds or model.seeds) + 1)
    chosen = list(seeds)
    if worlds is None:
        worlds = runs.WORLDS if model.uncertainties else 0
    digest = runs.run_digest(model, chosen, worlds)
    final = Path(out or RESULTS) / f"{slug(model.name)}-{digest[:8]}"
    if write and not again and folders.is_complete(final, digest):
        progress.says(f"These results are already there: {final}")
        return read(final, loaded)
    if write:
        folders.check_place(final)
    ground = ground_of(model)
    sampled = min(len(chosen), runs.SEEDS_PER_WORLD) * (worlds if model.uncertainties else 0)
    workers = threads or os.cpu_count() or 1
    get_ready(progress)
    expected = forecast(model, ground.graph, ground.base, len(chosen) + sampled, workers)
    progress.says(f"Forecast: {expected}.")
    started = time.perf_counter()
    progress.begins((len(chosen) + sampled) * expected.days)
    try:
        found = runs.run(
            model, chosen, worlds, threads, ground=ground, on_days=progress.days, apart=expected.apart
        )
    finally:
        progress.ends()
    seconds = time.perf_counter() - started
    facts = _facts(loaded, chosen, worlds, command, expected, seconds)
    results = replace(found, manifest=runs.manifest(model, chosen, worlds, **facts))
    if write:
        progress.says("Writing tables, plots and the report ...")
        write_results(results, final, again)
        results = replace(results, manifest={**results.manifest, "folder": str(final)})
    return results


def _facts(
    loaded: Loaded, seeds: Sequence[int], worlds: int, command: str, expected: Forecast, seconds: float
) -> dict[str, Any]:
    parts = ["simlab", "run", loaded.file, *(f"--set={o}" for o in loaded.overrides), f"--seeds={len(seeds)}"]
    return {
        "command": command or shlex.join([*parts, f"--worlds={worlds}"]),
        "scenario file": loaded.file,
        "data": loaded.data,
        "forecast seconds": round(expected.seconds, 1),
        "forecast MB": round(expected.megabytes),
        "seconds": round(seconds, 1),
    }


def fit(
    log: str | Path, *, customer: str = "customer", date: str = "date", amount: str = "amount",
    date_format: str | None = None, separator: str = ",", refunds: Any = "refuse", duplicates: Any = "refuse",
    calibrate_until: str | datetime.date | None = None, out: Path | str | None = None, **more: Any,
) -> FitResult:  # fmt: skip
    """Fit a log of orders; see `simlab.lab.logs.read_log` for reading it and `simlab.lab.fit.fit` for `more`.

    Raises:
        InputError: anything wrong with the log or the options.
    """
    from simlab.lab.fit import fit as fit_log
    from simlab.lab.logs import read_log
    from simlab.report.fit_page import write_page

    if isinstance(calibrate_until, str):
        try:
            calibrate_until = datetime.date.fromisoformat(calibrate_until)
        except ValueError:
            raise InputError(Problem(file="--calibrate-until", message="not a date", value=str(calibrate_until),
                                     cure="Write it as 2025-09-30")) from None  # fmt: skip
    read_as = {
        "date_format": date_format,
        "separator": separator,
        "refunds": refunds,
        "duplicates": duplicates,
    }
    orders = read_log(log, customer=customer, date=date, amount=amount, **read_as)
    return fit_log(orders, calibrate_until=calibrate_until, out_folder=out, page=write_page, **more)


def write_results(results: Results, final: Path, again: bool = False) -> None:
    """Write a complete result folder: scenario, tables, plots, report, manifest."""
    from simlab.report.page import figures, write_plots, write_report
    from simlab.report.tables import write_tables

    with folders.new_folder(final, again) as folder:
        (folder / "scenario.yaml").write_text(
            dump_yaml(results.scenario, folder=final.resolve()), encoding="utf-8"
        )
        write_tables(results, folder / "tables")
        drawn = list(figures(results))
        write_plots(results, folder / "plots", drawn)
        write_report(results, folder, drawn)
        folders.write_manifest(folder, results.manifest)


def show(
    scenario: str | Path | Loaded, overrides: Sequence[str] = (), *, views: Sequence[str] = ("flows", "graph"),
    days: Sequence[int] | None = None, seeds: int = 4, user: int | None = None, threads: int | None = None,
    out: Path | str | None = None, again: bool = False, command: str = "", progress: Watcher | None = None,
) -> Path:  # fmt: skip
    """Draw who moved: streams between stages, and a neighbourhood of the graph; returns the result folder.

    Args:
        views: "flows", "graph" or both.
        days: simulated days to show; by default the valuation date and the quarters of the horizon.
        seeds: seeded worlds that the streams are the mean of; the graph shows the first.
        user: whose neighbourhood; by default whoever brought the largest tree of invitations.

    Raises:
        InputError: anything wrong with the scenario, the days, the user or the place to write to.
    """
    progress = progress or Nobody()
    loaded = scenario if isinstance(scenario, Loaded) else load(scenario, overrides)
    model = loaded.scenario
    begin(progress, model.name, model)

    from simlab.lab import runs, scenes
    from simlab.report import show_page

    chosen = tuple(days) if days is not None else scenes.default_days(model)
    facts = {"views": sorted(views), "days": list(chosen), "user": "" if user is None else user}
    digest = hashlib.sha256(f"{runs.run_digest(model, range(1, seeds + 1), 0)}|{facts}".encode()).hexdigest()
    final = Path(out or RESULTS) / f"{slug(model.name)}-show-{digest[:8]}"
    if not again and folders.is_complete(final, digest):
        progress.says(f"These results are already there: {final}")
        return final
    folders.check_place(final)
    get_ready(progress)
    progress.begins(seeds * (max(chosen) + model.warmup.days) if chosen else 0)
    try:
        found = scenes.watch(model, range(1, seeds + 1), chosen, threads, progress.days)
    finally:
        progress.ends()
    if user is not None and not 0 <= user < found.graph.n:
        raise InputError(Problem("--user", "no such user", f"Users are numbered 0 to {found.graph.n - 1}",
                                 value=str(user)))  # fmt: skip
    manifest = runs.manifest(
        model, found.seeds, 0, command=command, **{"scenario file": loaded.file}, **facts
    )
    manifest["run"] = digest
    with folders.new_folder(final, again) as folder:
        show_page.write(found, folder, tuple(views), user, manifest)
        folders.write_manifest(folder, manifest)
    return final


def read(folder: Path | str, loaded: Loaded | None = None) -> Results:
    """Results from a folder that `run` wrote.

    Raises:
        InputError: not a result folder.
    """
    import json

    import pandas as pd

    from simlab.lab.results import Results

    folder = Path(folder)
    try:
        manifest = json.loads((folder / folders.MANIFEST).read_text(encoding="utf-8"))
        frames = {path.stem: pd.read_parquet(path) for path in sorted((folder / "tables").glob("*.parquet"))}
    except (OSError, ValueError) as error:
        raise InputError(Problem(file=str(folder), message="not a complete result folder", value=str(error)[:80],
                                 cure="Name a folder that `simlab run` wrote")) from None  # fmt: skip
    model = loaded.scenario if loaded else load(folder / "scenario.yaml").scenario
    return Results(model, frames, {**manifest, "folder": str(folder)})
