"""Tune: search on one set of seeds, choose on a second, report on a third.

The recipe is in docs/tune.md. A search's own best value is never a result: it is the luckiest of many. What is
reported comes from seeds that neither the search nor the choice has seen, and the current strategy is kept
unless the lower bound of the uplift on those is above zero.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simlab.lab import tune_tables
from simlab.lab.choice import CERTAINTY, Final, certificate, finalists
from simlab.lab.crew import Crew, Task, rules, shared_ground
from simlab.lab.forecast import Forecast, forecast
from simlab.lab.paired import Paired, paired
from simlab.lab.past import nothing
from simlab.lab.planner import Planner, Trial
from simlab.lab.runs import SEEDS_PER_WORLD, Run, versions
from simlab.lab.screen import screen
from simlab.lab.search import (
    Judge,
    OutOfTime,
    Panel,
    Place,
    Search,
    Strategy,
    by_values,
    column,
    current,
    limited,
    search,
    text_of,
)
from simlab.lab.seeds import ReportSeed, SearchSeed, Seed, SelectionSeed, only
from simlab.lab.space import Params, Space
from simlab.lab.studies import Study, open_study
from simlab.lab.surrogate import Surrogate
from simlab.lab.tuning import Tuning, Verdict
from simlab.lab.watch import Watcher
from simlab.lab.worlds import world_table, world_values
from simlab.scenario import InputError, Problem, scenario_digest, slug
from simlab.scenario.experiment import ScreenSpec
from simlab.scenario.experiments import Question
from simlab.scenario.outcomes import Constraint

HORIZONS = (90, 180, 365)
HORIZON_SEEDS = 8
TRAJECTORIES, SCREEN_SEEDS = 8, 2
"""Size of the design that says which levers matter."""
REFERENCE = 16
"""Strategies against which regret is measured."""
PER_ATTEMPT = 10_000
"""Seeds reserved for each attempt, so that tuning again never meets them."""
PER_REPLICATE = 1_000_000
"""Seeds of each namespace reserved for each replicate of a study: a hundred attempts."""
BIG_UPLIFT, BIG_K = 0.20, 0.5
ALIGNED = 0.3


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
    others = len(_horizons(todo.question.scenario.horizon)) - 1
    design = TRAJECTORIES * (len(todo.question.levers) + 1) * SCREEN_SEEDS
    return search_runs + selection + report + worlds + others * (spec.finalists + 1) * HORIZON_SEEDS + design


def foresee(todo: Plan, workers: int) -> Forecast:
    """Time and memory of a tune from the beginning."""
    scenario = todo.question.scenario
    ground = shared_ground(scenario)
    return forecast(scenario, ground.graph, ground.base, runs_ahead(todo), workers, tables=False)


def tune(
    todo: Plan, crew: Crew, folder: Path, storage: str | None = None, watcher: Watcher | None = None,
    trials: int | None = None, checks: bool = True,
) -> Tuning | None:  # fmt: skip
    """Search, choose, report.

    Args:
        crew: does the runs; with a store, none of them twice.
        folder: where the journal of the study is kept.
        storage: a database instead.
        trials: stop the search there, whatever the experiment says (a study can be continued).
        checks: also what the answer hangs on: sampled worlds, other horizons, sensitivity.

    Returns:
        the answer; None where the time budget ended before there was one.

    Raises:
        InputError: the study, the store or a file cannot be used.
    """
    watcher = watcher or crew.watcher
    study = open_study(todo.study, list(todo.objectives.values()), folder, storage, watcher)
    try:
        return _Tune(todo, crew, study, watcher, trials, checks).run()
    finally:
        study.close()


class _Tune:
    """The stages of one tune, in their order."""

    def __init__(
        self, todo: Plan, crew: Crew, study: Study, watcher: Watcher, trials: int | None, checks: bool
    ) -> None:  # fmt: skip
        spec = todo.question.experiment.tune
        assert spec is not None
        self.todo, self.crew, self.study, self.watcher = todo, crew, study, watcher
        self.spec = spec if trials is None else spec.model_copy(update={"trials": trials})
        self.scenario = todo.question.scenario
        self.first, *self.others = todo.objectives
        self.maximise = todo.objectives[self.first] == "maximise"
        self.checks = checks
        self.robust = spec.over == "uncertainties"
        self.notes: list[str] = []
        if todo.moved:
            named = ", ".join(todo.moved)
            self.notes.append(f"The current strategy lies outside the searched ranges ({named}); "
                              "trial 0 is the nearest strategy inside them.")  # fmt: skip

    def run(self) -> Tuning | None:
        """All stages; None if time was up before the report."""
        try:
            return self._run()
        except OutOfTime:
            left = len(self.study.trials())
            self.watcher.says(f"The time budget is used up; {left} of {self.spec.trials} trials are finished. "
                              "The same command continues.")  # fmt: skip
            return None

    def _run(self) -> Tuning:
        rules_ = self._search_rules()
        salt = int(self.todo.digest[:12], 16)
        scale = abs(float(column(rules_.base, self.first).mean()))
        planner = Planner(
            self.spec.sampler, self.todo.space.distributions, list(self.todo.objectives.values()), self.todo.start,
            salt, scale,
        )  # fmt: skip
        found, whole = search(rules_, planner, self.study, self.crew, self._told)
        if not whole:
            raise OutOfTime
        good = [trial for trial in found.values() if not trial.failure]
        if not good:
            raise InputError(Problem(self.todo.question.file, "every trial failed",
                                     "Narrow the ranges, or try one strategy with `simlab run`.",
                                     value=next(iter(found.values())).failure.splitlines()[0]))  # fmt: skip
        if len(good) < len(found):
            self.notes.append(
                f"{len(found) - len(good)} of {len(found)} strategies could not be run; see the table of trials."
            )
        surfaces = self._surfaces(good)
        finalists = self._finalists(good, surfaces, rules_.base)
        return self._report(found, surfaces, finalists, rules_)

    def _told(self, trial: Trial, count: int) -> None:
        done = self.study.trials()
        best = [t.values[0] for t in done.values() if t.feasible and t.values]
        top = (max if self.maximise else min)(best) if best else math.nan
        self.watcher.doing(
            f"Searching: {len(done)} of {self.spec.trials} strategies, best so far {top:+,.4g} (of the search)"
        )

    # --- search -------------------------------------------------------------------------------------------------

    def _places(self, seeds: tuple[Seed, ...], first_world: int) -> tuple[Place, ...]:
        """Seeds alone, or each with a sampled world of its own from `first_world` on."""
        if not self.robust:
            return tuple((0, seed) for seed in seeds)
        return tuple((first_world + k, seed) for k, seed in enumerate(seeds))

    def _panel(self, seeds: tuple[Seed, ...], first_world: int) -> Panel:
        places = self._places(seeds, first_world)
        worlds: dict[int, dict[str, float]] = {}
        if self.robust:
            table = world_table(self.scenario, len(places), first_world)
            searched = {lever.path for lever in self.todo.question.levers}
            for (world, _), values in zip(places, world_values(table), strict=True):
                worlds[world] = {path: v for path, v in values.items() if path not in searched}
        return Panel(self.scenario, places, worlds)

    def _search_rules(self) -> Search:
        size = self.spec.worlds if self.robust else self.spec.panel
        seeds = SearchSeed.panel(size, 1 + self.todo.offset)
        only(SearchSeed, seeds)
        panel = self._panel(seeds, 1)
        self.watcher.doing("The current strategy on the search panel")
        base = self._all(panel.tasks(current))
        judge = Judge(self.spec.judge, self.maximise)
        if self.spec.judge == "regret":
            judge = Judge("regret", self.maximise, self._reference(panel, base))
        return Search(
            self.spec, self.todo.space, panel, self.todo.objectives, self.todo.constraints, judge, tuple(base)
        )

    def _reference(self, panel: Panel, base: Sequence[Run]) -> np.ndarray:
        """(places,) the best uplift among the current strategy and some spread over the space."""
        own = Planner("qmc", self.todo.space.distributions, ["maximise"], self.todo.start, 1, 1.0)
        good = [np.zeros(len(base))]
        for params in own.plan(REFERENCE):
            try:
                tasks = panel.tasks(by_values(self.todo.space.values(params)))
            except InputError:
                continue
            runs = self._all(tasks)
            if all(run.good for run in runs):
                good.append(column(runs, self.first) - column(base, self.first))
        stack = np.stack(good)
        return stack.max(axis=0) if self.maximise else stack.min(axis=0)

    def _all(self, tasks: Sequence[Task]) -> list[Run]:
        """Runs of which none may be missing.

        Raises:
            OutOfTime: some were left out.
        """
        found = self.crew.runs(tasks)
        if any(run.skipped for run in found):
            raise OutOfTime
        return found

    # --- choice -------------------------------------------------------------------------------------------------

    def _surfaces(self, good: Sequence[Trial]) -> dict[str, Surrogate]:
        """A surface over the tried strategies for each objective and each constraint."""
        points = self.todo.space.unit([trial.params for trial in good])
        found = {
            o: Surrogate.fit(points, [t.values[k] for t in good]) for k, o in enumerate(self.todo.objectives)
        }
        for constraint in self.todo.constraints:
            text = text_of(constraint)
            found[text] = Surrogate.fit(points, [t.constraints[text] for t in good])
        return found

    def _finalists(
        self, good: Sequence[Trial], surfaces: Mapping[str, Surrogate], base: Sequence[Run]
    ) -> list[Trial]:
        final = Final(self.spec.finalists, self.spec.selection_seeds, len(base), base)
        return finalists(good, self.todo.space, surfaces, self.todo.objectives, self.todo.constraints, final)

    def _select(
        self, finalists: Sequence[Trial], panel: Panel, base: Sequence[Run]
    ) -> tuple[pd.DataFrame, list[list[Run]]]:
        """The finalists on fresh seeds: uplifts with intervals, and simultaneous bounds of the constraints."""
        self.watcher.doing(f"{len(finalists)} finalists on fresh seeds")
        runs = [self._all(panel.tasks(by_values(self.todo.space.values(t.params)))) for t in finalists]
        tests = max(1, len(finalists) * len(self.todo.constraints))
        rows = []
        for trial, own in zip(finalists, runs, strict=True):
            if not all(run.good for run in own):
                continue
            row: dict[str, Any] = {"trial": trial.number}
            for outcome in self.todo.objectives:
                uplifts = column(own, outcome) - column(base, outcome)
                found = paired(uplifts)
                tail = "" if outcome == self.first else f":{outcome}"
                row |= {f"uplift{tail}": found.mean, f"low{tail}": found.low, f"high{tail}": found.high}
                if outcome == self.first:
                    row["judged"] = Judge(self.spec.judge if self.spec.judge != "regret" else "worst_decile",
                                          self.maximise).value(uplifts)  # fmt: skip
            certified = True
            for constraint in self.todo.constraints:
                bound, holds = certificate(limited(own, constraint), constraint, tests)
                row[f"bound:{text_of(constraint)}"] = bound
                certified &= holds
            row["certified"] = certified
            rows.append(row)
        return pd.DataFrame(rows), runs

    # --- report -------------------------------------------------------------------------------------------------

    def _report(
        self,
        found: Mapping[int, Trial],
        surfaces: Mapping[str, Surrogate],
        finalists: list[Trial],
        rules_: Search,
    ) -> Tuning:
        numbers = [trial.number for trial in finalists]
        attempt = self.study.attempt(f"{numbers}|{self.spec.selection_seeds}|{self.spec.report_seeds}")
        offset = 1 + self.todo.offset + (attempt - 1) * PER_ATTEMPT
        selection = SelectionSeed.panel(self.spec.selection_seeds, offset)
        only(SelectionSeed, selection)
        panel = self._panel(selection, 1 + self.spec.worlds)
        base = self._all(panel.tasks(current))
        table, _ = self._select(finalists, panel, base)
        if table.empty:
            raise InputError(Problem(self.todo.question.file, "no finalist could be run on fresh seeds",
                                     "Narrow the ranges, or try one strategy with `simlab run`."))  # fmt: skip
        sign = 1.0 if self.maximise else -1.0
        certified = table[table["certified"]]
        chosen = (certified if len(certified) else table).assign(good=lambda t: sign * t["judged"])
        number = int(chosen.sort_values(["good", "trial"], ascending=[False, True])["trial"].iloc[0])
        winner = next(trial for trial in finalists if trial.number == number)
        values = self.todo.space.values(winner.params)
        is_current = all(values[lever.path] == lever.current for lever in self.todo.question.levers)

        report = ReportSeed.panel(self.spec.report_seeds, offset)
        only(ReportSeed, report)
        fresh = self._panel(report, 1 + self.spec.worlds + self.spec.selection_seeds)
        self.watcher.doing("The winner, the current strategy and doing nothing on seeds never used before")
        strategies: dict[str, Strategy] = {
            "recommended": by_values(values),
            "current": current,
            "nothing": nothing,
        }
        runs = {arm: self._all(fresh.tasks(s, detail=arm != "nothing")) for arm, s in strategies.items()}
        failed = [run for own in runs.values() for run in own if run.failure]
        if failed:
            raise RuntimeError("a run of the report failed:\n" + failed[0].failure)
        uplifts = column(runs["recommended"], self.first) - column(runs["current"], self.first)
        answer = paired(uplifts)
        certificates = tune_tables.certificates(runs, self.todo.constraints, certificate)
        verdict, reason = self._verdict(answer, sign, bool(len(certified)), certificates, is_current)
        feasible = [t.values[0] for t in found.values() if t.feasible]
        best = (max if self.maximise else min)(feasible, default=math.nan)

        made = tune_tables.Made(self.todo, self.spec, self.scenario, self.first, sign, values, winner, runs)
        tables = {
            "trials": made.trials(found, finalists),
            "finalists": made.finalists(table, finalists, surfaces, winner),
            "report": made.report(),
            "differences": made.differences(),
            "daily": made.daily(),
            "groups": made.groups(),
            "spending": made.spending(),
            "profiles": made.profiles(surfaces[self.first]),
        }
        if len(certificates):
            tables["certificates"] = certificates
        if self.checks:
            self._more(tables, made, values, report, panel, finalists, certificates)
        if (surface := made.surface(surfaces[self.first], tables.get("sensitivity"))) is not None:
            tables["surface"] = surface
        flags = self._flags(made, answer, tables, winner, surfaces)
        return Tuning(
            scenario=self.scenario, experiment_file=self.todo.question.file,
            scenario_file=self.todo.question.loaded.file, name=self.todo.question.experiment.name,
            question=self.todo.question.experiment.question, objectives=self.todo.objectives,
            levers=self.todo.question.levers, verdict=verdict, reason=reason, winner=values,
            winner_trial=winner.number, recommended=made.changed() if verdict == "change" else {},
            search_best=float(best), payback_week=tune_tables.payback(tables["daily"]), flags=tuple(flags),
            notes=tuple(self.notes), alignment=made.alignment(), tables=tables,
            manifest=self._manifest(attempt, rules_.panel, selection, report),
        )  # fmt: skip

    def _verdict(
        self, answer: Paired, sign: float, any_certified: bool, certificates: pd.DataFrame, is_current: bool
    ) -> tuple[Verdict, str]:
        """What to do, and one sentence why."""
        if self.todo.constraints:
            held = bool(certificates[certificates["arm"] == "recommended"]["certified"].all())
            if not any_certified:
                return "not certified", ("None of the finalists could be shown to keep all constraints on fresh seeds "
                                         f"(with {CERTAINTY:.1%} confidence, all finalists together).")  # fmt: skip
            if not held and not is_current:
                return "not certified", ("The best finalist kept the constraints where it was chosen, but not on the "
                                         "seeds of the report.")  # fmt: skip
        if is_current:
            return "keep", "The current strategy was the best of the finalists on fresh seeds."
        low = answer.low if sign > 0 else -answer.high
        if not low > 0:
            return "keep", ("On fresh seeds the uplift of the best strategy found cannot be told from zero "
                            f"(95 %: {answer.low:+,.4g} to {answer.high:+,.4g}).")  # fmt: skip
        return (
            "change",
            "On seeds never used before, the lower end of the uplift's 95 % interval is above zero.",
        )

    def _more(
        self, tables: dict[str, pd.DataFrame], made: tune_tables.Made, values: Mapping[str, Any],
        report: tuple[ReportSeed, ...], panel: Panel, finalists: Sequence[Trial], certificates: pd.DataFrame,
    ) -> None:  # fmt: skip
        """Sampled worlds, other horizons and sensitivity: what the answer hangs on. Left out when time is up."""
        steps = (
            ("the sampled worlds", lambda: self._worlds(tables, made, values, report)),
            ("other horizons", lambda: self._horizon_check(tables, panel, finalists)),
            ("sensitivity", lambda: self._sensitivity(tables)),
        )
        for name, step in steps:
            try:
                self.watcher.doing(f"What the answer hangs on: {name}")
                step()
            except OutOfTime:
                self.notes.append(f"The time budget ended before {name}; run the same command again for it.")
            except RuntimeError as error:  # too few points of a design could be run
                self.notes.append(
                    f"{name[0].upper()}{name[1:]} could not be had: {str(error).splitlines()[0]}"
                )

    def _worlds(
        self, tables: dict[str, pd.DataFrame], made: tune_tables.Made, values: Mapping[str, Any],
        report: tuple[ReportSeed, ...],
    ) -> None:  # fmt: skip
        count = self.spec.worlds if self.scenario.uncertainties else 0
        if not count:
            return
        table = world_table(self.scenario, count)
        searched = {lever.path for lever in self.todo.question.levers}
        worlds = {
            w: {p: v for p, v in own.items() if p not in searched}
            for w, own in zip(table["world"], world_values(table), strict=True)
        }
        seeds = report[:SEEDS_PER_WORLD]
        panel = Panel(self.scenario, tuple((w, s) for w in worlds for s in seeds), worlds)
        runs = {
            "recommended": self._all(panel.tasks(by_values(values))),
            "current": self._all(panel.tasks(current)),
        }
        tables["worlds"] = made.worlds(runs, table)
        made.judge_worlds(certificates=tables.get("certificates"), runs=runs)

    def _horizon_check(
        self, tables: dict[str, pd.DataFrame], panel: Panel, finalists: Sequence[Trial]
    ) -> None:
        frames = []
        for horizon in _horizons(self.scenario.horizon):
            model = self.scenario.model_copy(update={"horizon": horizon})
            there = Panel(model, panel.places[:HORIZON_SEEDS], panel.worlds)
            base = self._all(there.tasks(current))
            rows = [{"strategy": "current", "trial": -1, "uplift": 0.0, "low": 0.0, "high": 0.0}]
            for trial in finalists:
                runs = self._all(there.tasks(by_values(self.todo.space.values(trial.params))))
                if all(run.good for run in runs):
                    found = paired(column(runs, self.first) - column(base, self.first))
                    rows.append({"strategy": f"trial {trial.number}", "trial": trial.number, "uplift": found.mean,
                                 "low": found.low, "high": found.high})  # fmt: skip
            frame = pd.DataFrame(rows)
            frame.insert(0, "horizon", horizon)
            good = frame["uplift"] if self.maximise else -frame["uplift"]
            frame["best"] = frame.index == good.idxmax()
            frames.append(frame)
        tables["horizons"] = pd.concat(frames, ignore_index=True)

    def _sensitivity(self, tables: dict[str, pd.DataFrame]) -> None:
        """Which levers matter, from a design of its own; and the surface over the two that matter most."""
        spec = ScreenSpec(uncertainties=False, method="morris", size=TRAJECTORIES, seeds=SCREEN_SEEDS)
        found = screen(self.scenario, spec, self.todo.question.levers, outcome=self.first, crew=self.crew)
        if self.crew.out_of_time and found.lost:
            raise OutOfTime
        tables["sensitivity"] = pd.DataFrame([
            {"lever": m.factor.path, "effect": m.effect.size, "low": max(0.0, m.effect.size - m.effect.error),
             "high": m.effect.size + m.effect.error, "sigma": m.effect.other, "noise": found.noise.share}
            for m in found.moved
        ])  # fmt: skip

    def _flags(
        self, made: tune_tables.Made, answer: Paired, tables: Mapping[str, pd.DataFrame], winner: Trial,
        surfaces: Mapping[str, Surrogate],
    ) -> list[str]:  # fmt: skip
        """Probable gaps of the model, in words."""
        flags = []
        for path, end in self.todo.space.on_bound(winner.params):
            flags.append(f"{path} ended at the {end} value of its range: the best may lie beyond it.")
        level = abs(float(column(made.runs["current"], self.first).mean()))
        if level and abs(answer.mean) > BIG_UPLIFT * level:
            flags.append(f"The uplift is {answer.mean / level:+.0%} of the current level. More than {BIG_UPLIFT:.0%} "
                         "over a sensible strategy is more often a gap in the model than a discovery.")  # fmt: skip
        k = float(np.nanmean(column(made.runs["recommended"], "k_factor")))
        if k > BIG_K:
            flags.append(f"The K-factor is {k:.2f}; real programmes stay below {BIG_K:g}.")
        if made.alignment() < ALIGNED:
            flags.append(
                f"Common seeds hardly align the strategies (correlation {made.alignment():.2f}); intervals are wide."
            )
        fit = surfaces[self.first].loo()
        if math.isfinite(fit.r2) and fit.r2 < 0.2:
            flags.append("The surface over the tried strategies explains little of their differences; "
                         "more trials or a larger panel would help.")  # fmt: skip
        return flags

    def _manifest(
        self, attempt: int, panel: Panel, selection: tuple[Seed, ...], report: tuple[Seed, ...]
    ) -> dict[str, Any]:
        key = f"{self.todo.digest}|{self.spec.trials}|{attempt}|{self.spec.finalists}|{self.spec.worlds}"
        return {
            "run": hashlib.sha256(key.encode()).hexdigest(),
            "study": self.todo.study,
            "scenario": scenario_digest(self.scenario, self.todo.question.loaded.data),
            "rules": rules(),
            "attempt": attempt,
            "trials": self.spec.trials,
            "sampler": self.spec.sampler,
            "seeds": {
                "search": [int(seed) for _, seed in panel.places],
                "selection": [int(seed) for seed in selection],
                "report": [int(seed) for seed in report],
            },
            "versions": versions(),
        }


def _horizons(own: int) -> list[int]:
    return sorted({*HORIZONS, own})
