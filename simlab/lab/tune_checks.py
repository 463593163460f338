"""What the answer of a tune hangs on: sampled worlds, other horizons, which levers matter; and probable model gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simlab.lab.crew import Crew, Task
from simlab.lab.paired import Paired, paired
from simlab.lab.planner import Trial
from simlab.lab.runs import SEEDS_PER_WORLD, Run
from simlab.lab.screen import screen
from simlab.lab.search import OutOfTime, Panel, by_values, column, current
from simlab.lab.seeds import ReportSeed
from simlab.lab.surrogate import Surrogate
from simlab.lab.tune_plan import HORIZON_SEEDS, SCREEN_SEEDS, TRAJECTORIES, horizons
from simlab.lab.tune_tables import Made
from simlab.lab.worlds import world_table, world_values
from simlab.scenario.experiment import ScreenSpec
from simlab.scenario.outcomes import OUTCOMES

BIG_UPLIFT, BIG_K = 0.20, 0.5
ALIGNED = 0.3
EXPLAINED = 0.2
LIKELY = 0.8
"""Share of sampled worlds in which a certified limit should be kept."""
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Checks:
    """The checks of one tune.

    Attributes:
        made: the winner, and the runs of the report.
        crew: does the runs.
        each: the runs of several strategies, none of which may be missing; raises OutOfTime.
    """

    made: Made
    crew: Crew
    each: Callable[[Sequence[Sequence[Task]]], list[list[Run]]]

    def run(
        self, tables: Tables, report: tuple[ReportSeed, ...], panel: Panel, finalists: Sequence[Trial],
        doing: Callable[[str], None],
    ) -> list[str]:  # fmt: skip
        """Add to `tables`; what had to be left out comes back in words."""
        left_out = []
        steps = (
            ("the sampled worlds", lambda: self.worlds(tables, report)),
            ("other horizons", lambda: self.horizons(tables, panel, finalists)),
            ("sensitivity", lambda: self.sensitivity(tables)),
        )
        for name, step in steps:
            try:
                doing(f"What the answer hangs on: {name}")
                step()
            except OutOfTime:
                left_out.append(f"The time budget ended before {name}; run the same command again for it.")
            except RuntimeError as error:  # too few points of a design could be run
                left_out.append(f"Left out: {name} ({str(error).splitlines()[0]})")
        return left_out

    def worlds(self, tables: Tables, report: tuple[ReportSeed, ...]) -> None:
        """Winner and current strategy in sampled worlds, on the first report seeds."""
        made = self.made
        count = made.spec.worlds if made.scenario.uncertainties else 0
        if not count:
            return
        table = world_table(made.scenario, count)
        searched = {lever.path for lever in made.plan.question.levers}
        worlds = {
            w: {p: v for p, v in own.items() if p not in searched}
            for w, own in zip(table["world"], world_values(table), strict=True)
        }
        panel = Panel(made.scenario, tuple((w, s) for w in worlds for s in report[:SEEDS_PER_WORLD]), worlds)
        recommended, now = self.each([panel.tasks(by_values(made.values)), panel.tasks(current)])
        runs = {"recommended": recommended, "current": now}
        tables["worlds"] = made.worlds(runs, table)
        made.judge_worlds(certificates=tables.get("certificates"), runs=runs)

    def horizons(self, tables: Tables, panel: Panel, finalists: Sequence[Trial]) -> None:
        """Which finalist is best at shorter and longer horizons, on the first selection seeds."""
        made, frames = self.made, []
        for horizon in horizons(made.scenario.horizon):
            model = made.scenario.model_copy(update={"horizon": horizon})
            there = Panel(model, panel.places[:HORIZON_SEEDS], panel.worlds)
            tried = [by_values(made.plan.space.values(trial.params)) for trial in finalists]
            now, *others = self.each([there.tasks(strategy) for strategy in (current, *tried)])
            base = column(now, made.first)  # which must not fail
            rows = [{"strategy": "current", "trial": -1, "uplift": 0.0, "low": 0.0, "high": 0.0}]
            for trial, runs in zip(finalists, others, strict=True):
                if all(run.good for run in runs):
                    found = paired(column(runs, made.first) - base)
                    rows.append({"strategy": f"trial {trial.number}", "trial": trial.number, "uplift": found.mean,
                                 "low": found.low, "high": found.high})  # fmt: skip
            frame = pd.DataFrame(rows)
            frame.insert(0, "horizon", horizon)
            frame["best"] = frame.index == (made.sign * frame["uplift"]).idxmax()
            frames.append(frame)
        tables["horizons"] = pd.concat(frames, ignore_index=True)

    def sensitivity(self, tables: Tables) -> None:
        """Which levers matter, from a design of its own."""
        made = self.made
        spec = ScreenSpec(uncertainties=False, method="morris", size=TRAJECTORIES, seeds=SCREEN_SEEDS)
        found = screen(made.scenario, spec, made.plan.question.levers, outcome=made.first, crew=self.crew)
        if self.crew.out_of_time and found.lost:
            raise OutOfTime
        tables["sensitivity"] = pd.DataFrame([
            {"lever": m.factor.path, "effect": m.effect.size, "low": max(0.0, m.effect.size - m.effect.error),
             "high": m.effect.size + m.effect.error, "sigma": m.effect.other, "noise": found.noise.share}
            for m in found.moved
        ])  # fmt: skip


def flags(made: Made, answer: Paired, surfaces: Mapping[str, Surrogate], tables: Tables) -> list[str]:
    """Probable gaps of the model, in words."""
    found = []
    for path, end in made.plan.space.on_bound(made.winner.params):
        found.append(f"{path} ended at the {end} value of its range: the best may lie beyond it.")
    level = abs(float(column(made.runs["current"], made.first).mean()))
    if level and abs(answer.mean) > BIG_UPLIFT * level:
        found.append(f"The uplift is {answer.mean / level:+.0%} of the current level. More than {BIG_UPLIFT:.0%} "
                     "over a sensible strategy is more often a gap in the model than a discovery.")  # fmt: skip
    k = float(np.nanmean(column(made.runs["recommended"], "k_factor")))
    if k > BIG_K:
        found.append(f"The K-factor is {k:.2f}; real programmes stay below {BIG_K:g}.")
    if (certificates := tables.get("certificates")) is not None:
        own = certificates[(certificates["arm"] == "recommended") & certificates["certified"]]
        for row in own[own["worlds_met"] < LIKELY * own["worlds"]].itertuples():
            found.append(f"The limit of {OUTCOMES[row.outcome][0]} is certified against chance, but kept in only "
                         f"{row.worlds_met} of {row.worlds} sampled worlds.")  # fmt: skip
    if made.alignment() < ALIGNED:
        found.append(f"Common seeds hardly align the strategies (correlation {made.alignment():.2f}); "
                     "intervals are wide.")  # fmt: skip
    fit = surfaces[made.first].loo()
    if math.isfinite(fit.r2) and fit.r2 < EXPLAINED:
        found.append("The surface over the tried strategies explains little of their differences; "
                     "more trials or a larger panel would help.")  # fmt: skip
    return found
