"""Runs: a run is a pure function of (scenario, seed, digest of the world's sources)."""

from __future__ import annotations

import hashlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from simlab.lab.ground import Ground, ground_of, shared_ground
from simlab.lab.hands import dismiss, finished, hire
from simlab.lab.past import before_of
from simlab.lab.pasts import market_of
from simlab.lab.results import Results
from simlab.lab.worlds import sample_worlds
from simlab.scenario import InputError, Scenario, scenario_digest, world_digest
from simlab.world.compiled import sources_digest
from simlab.world.outcomes import outcomes
from simlab.world.tables import tables

if TYPE_CHECKING:
    from simlab.lab.detail import Detail

WORLDS = 16
"""Sampled worlds of a run whose scenario has uncertainties."""
SEEDS_PER_WORLD = 2


@dataclass(frozen=True)
class Run:
    """One finished run, or one that failed: failure is data, not the end of the others.

    Attributes:
        world: number of the sampled world; 0: the scenario's own numbers.
        seed: seed of every draw.
        outcomes: every outcome, empty unless it finished.
        tables: tables of the run, where asked for.
        failure: traceback, "" when fine.
        skipped: the time budget was up before it began.
        detail: days, groups and orders, where asked for.
    """

    world: int
    seed: int
    outcomes: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    failure: str = ""
    skipped: bool = False
    detail: Detail | None = None

    @property
    def good(self) -> bool:
        """Whether it has outcomes."""
        return not self.failure and not self.skipped


def simulate(
    scenario: Scenario, seed: int, ground: Ground, world: int = 0, detail: bool = True,
    each_day: Callable[[int], None] | None = None, before: Scenario | None = None, threads: int = 1,
) -> Run:  # fmt: skip
    """One run; `detail` asks for the tables, too; `before` is the scenario until day 0, if not what it says itself.

    `threads` is for a large world that has the machine to itself.
    """
    try:
        before = before or before_of(scenario)
        market = market_of(scenario, seed, ground, before, threads, each_day).run(each_day)
        found = Run(world, seed, outcomes(market), tables(market) if detail else {})
        market.release()
        return found
    except (MemoryError, InputError):  # says nothing about the run, or a user's brand that cannot be used
        raise
    except Exception:  # recorded with its traceback, for whoever reads the results
        return Run(world, seed, failure=traceback.format_exc())


def _simulate_there(scenario: Scenario, seed: int, world: int) -> Run:
    """One run in another process, which builds the graph once."""
    return simulate(scenario, seed, shared_ground(scenario), world, detail=not world)


def run_digest(scenario: Scenario, seeds: Sequence[int], worlds: int) -> str:
    """Name of a set of runs: what was simulated, with which seeds, by which rules."""
    # scenario_digest leaves out names; the report shows them, so they belong to a result's identity
    names = f"{scenario.name}|{scenario.description}"
    text = f"{scenario_digest(scenario)}|{names}|{list(seeds)}|{worlds}|{sources_digest()}"
    return hashlib.sha256(text.encode()).hexdigest()


def run(
    scenario: Scenario, seeds: Sequence[int] | None = None, worlds: int | None = None, threads: int | None = None,
    executor: Executor | None = None, ground: Ground | None = None, on_days: Callable[[int], None] | None = None,
    apart: bool = False,
) -> Results:  # fmt: skip
    """Simulate a scenario over seeds, and over sampled worlds where it has uncertainties.

    Args:
        scenario: resolved scenario.
        seeds: seeds of the runs at the scenario's own numbers; by default 1 .. scenario.seeds.
        worlds: sampled worlds (2 seeds each); by default 16 where there are uncertainties.
        threads: threads; by default one per processor.
        executor: where to run instead.
        ground: graph and base, if already built.
        on_days: told the number of simulated days just done, from any thread.
        apart: processes instead of threads, each with a world of its own.

    Raises:
        InputError: a file that cannot be used.
        RuntimeError: every run failed; the message holds the first traceback.
    """
    seeds = list(range(1, scenario.seeds + 1)) if seeds is None else list(seeds)
    if worlds is None:
        worlds = WORLDS if scenario.uncertainties else 0
    ground = ground or ground_of(scenario)
    sampled, world_table = sample_worlds(scenario, worlds)
    todo = [(scenario, seed, 0) for seed in seeds]
    todo += [(model, seed, w) for w, model in enumerate(sampled, start=1) for seed in seeds[:SEEDS_PER_WORLD]]
    each_day = (lambda _: on_days(1)) if on_days else None
    workers = threads or os.cpu_count() or 1
    each = max(1, workers // max(1, len(todo))) if executor is None else 1  # fewer runs than threads
    pool = executor or hire(workers, apart)
    try:
        if apart and executor is None:
            jobs = [pool.submit(_simulate_there, model, seed, world) for model, seed, world in todo]
        else:
            jobs = [
                pool.submit(simulate, model, seed, ground, world, not world, each_day, threads=each)
                for model, seed, world in todo
            ]
        for job in as_completed(jobs):
            finished(job)
            if apart and on_days:
                on_days(scenario.warmup.days + scenario.horizon)
    finally:
        if executor is None:
            dismiss(pool)
    return collect(scenario, [job.result() for job in jobs], world_table)


def collect(scenario: Scenario, runs: Sequence[Run], world_table: pd.DataFrame) -> Results:
    """Put finished runs together; failed ones become the table `failures`."""
    good = [r for r in runs if not r.failure]
    if not good:
        raise RuntimeError("every run failed; the first one with:\n" + runs[0].failure)
    merged: dict[str, pd.DataFrame] = {}
    for name in good[0].tables:
        merged[name] = pd.concat([_tagged(r.tables[name], r) for r in good if r.tables], ignore_index=True)
    merged["outcomes"] = pd.DataFrame([{"world": r.world, "seed": r.seed, **r.outcomes} for r in good])
    merged["worlds"] = world_table
    failed = [{"world": r.world, "seed": r.seed, "traceback": r.failure} for r in runs if r.failure]
    if failed:
        merged["failures"] = pd.DataFrame(failed)
    return Results(scenario, merged)


def _tagged(frame: pd.DataFrame, run_: Run) -> pd.DataFrame:
    frame = frame.copy()
    frame.insert(0, "world", run_.world)
    frame.insert(1, "seed", run_.seed)
    return frame


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    from importlib.metadata import version

    names = ("simlab", "numpy", "numba", "pandas", "mesa", "scipy")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except Exception:  # running from a checkout that is not installed
            found[name] = "not installed"
    return {"python": sys.version.split()[0], **found}


def manifest(scenario: Scenario, seeds: Sequence[int], worlds: int, **more: Any) -> dict[str, Any]:
    """Where results came from."""
    return {
        "run": run_digest(scenario, seeds, worlds),
        "scenario": scenario_digest(scenario),
        "world": world_digest(scenario),
        "rules": sources_digest(),
        "seeds": list(seeds),
        "worlds": worlds,
        "versions": versions(),
        **more,
    }
