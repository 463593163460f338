"""What a trial of a search costs beyond the engine: planning, checking, digests, run store, journal.

CPU time of one process with one thread: a whole search beside the time that its runs spend in the engine.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from simlab.lab import crew as crew_module
from simlab.lab import tune as lab
from simlab.lab.crew import Crew, rules
from simlab.lab.planner import Planner
from simlab.lab.search import search
from simlab.lab.store import Store
from simlab.lab.studies import open_study
from simlab.lab.tune_plan import plan
from simlab.lab.watch import Nobody
from simlab.scenario.experiments import load_experiment

BAR_TRIAL, BAR_DAY = 20.0, 0.1
"""Milliseconds per trial, and per simulated day of it."""
SIZES = ((200, 800, 90), (5000, 15_000, 365))
"""Members, prospects and horizon."""
EXPERIMENT = """
name: Cost of a trial
scenario: default
set: {{population.members: {members}, population.prospects: {prospects}, horizon: {horizon}}}
tune:
  levers:
    levers.push.active.per_week: [0, 7]
    levers.push.at_risk.per_week: [0, 7]
    levers.referral.reward: [0 yuan, 20 yuan]
  trials: {trials}
  panel: 4
"""


def run(quick: bool = False) -> list[Row]:
    """One row per size."""
    return [cost(*size, trials=(12 if quick else 40)) for size in SIZES]


def cost(members: int, prospects: int, horizon: int, trials: int) -> Row:
    """A search of some trials, without its answer."""
    engine, whole, days = _measured(members, prospects, horizon, trials)
    beyond, bar = whole - engine, BAR_TRIAL + BAR_DAY * days
    return Row(
        f"a trial of {days:,} simulated days ({members:,} members, {trials} trials): beyond the engine",
        f"**{beyond:.1f} ms** ({whole:,.0f} ms with the engine's {engine:,.0f})",
        f"<= {BAR_TRIAL:g} ms + {BAR_DAY:g} ms a day = {bar:.0f} ms", beyond <= bar,
        {"key": f"trial_{members}", "engine": engine, "whole": whole, "days": days, "trials": trials},
    )  # fmt: skip


def _measured(members: int, prospects: int, horizon: int, trials: int) -> tuple[float, float, int]:
    """Milliseconds of CPU per trial within the engine and in all, and the simulated days of a trial."""
    spent: list[float] = []
    plain = crew_module.do

    def timed(*arguments: Any) -> Any:
        began = time.thread_time()
        try:
            return plain(*arguments)
        finally:
            spent.append(time.thread_time() - began)

    with tempfile.TemporaryDirectory(prefix="simlab-benchmark-") as name:
        folder = Path(name)
        file = folder / "trial.yaml"
        file.write_text(
            EXPERIMENT.format(members=members, prospects=prospects, horizon=horizon, trials=trials)
        )
        todo = plan(load_experiment(file))
        study = open_study(todo.study, list(todo.objectives.values()), folder, None, Nobody())
        with Crew(Store(folder, rules()), threads=1) as crew:
            tuner = lab._Tune(todo, crew, study, Nobody(), None, False)
            search_rules = tuner._search_rules()
            planner = Planner("tpe", todo.space.distributions, ["maximise"], todo.start, 1, 1.0)
            crew_module.do = timed
            try:
                began = time.process_time()
                search(search_rules, planner, study, crew, tuner._told)
                whole = time.process_time() - began
            finally:
                crew_module.do = plain
        study.close()
    scenario = todo.question.scenario
    days = len(search_rules.panel.places) * (scenario.warmup.days + scenario.horizon)
    return 1000 * sum(spent) / trials, 1000 * whole / trials, days


if __name__ == "__main__":
    for row in run():
        print(f"{row.name}: {row.text}; bar {row.bar}: {row.verdict}")
