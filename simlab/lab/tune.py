"""Tune: search on one set of seeds, choose on a second, report on a third.

The recipe is in docs/tune.md. A search's own best value is never a result: it is the luckiest of many. What is
reported comes from seeds that neither the search nor the choice has seen, and the current strategy is kept
unless the lower bound of the uplift on those is above zero.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simlab.lab import tune_tables
from simlab.lab.choice import CERTAINTY, Final, certificate, finalists
from simlab.lab.crew import Crew, Task, rules
from simlab.lab.paired import Paired, paired
from simlab.lab.past import nothing
from simlab.lab.planner import Planner, Trial
from simlab.lab.runs import Run, versions
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
    reason,
    search,
    text_of,
)
from simlab.lab.seeds import ReportSeed, SearchSeed, Seed, SelectionSeed, only
from simlab.lab.studies import Study, open_study
from simlab.lab.surrogate import Surrogate, steady
from simlab.lab.tune_checks import Checks, flags
from simlab.lab.tune_plan import REFERENCE, Plan
from simlab.lab.tuning import Tuning, Verdict
from simlab.lab.watch import Watcher
from simlab.lab.worlds import world_table, world_values
from simlab.scenario import InputError, Problem, scenario_digest

PER_ATTEMPT = 10_000
"""Seeds reserved for each attempt, so that tuning again never meets them."""


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
        with steady():
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
        if self.robust:
            self.notes.append("Every seed of the report has a sampled world of its own: the interval holds over "
                              "what we do not know about people, too.")  # fmt: skip
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
        base = self._current(panel)
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

    def _each(self, strategies: Sequence[Sequence[Task]]) -> list[list[Run]]:
        """The runs of several strategies, all at once: those of one seed share its past."""
        found = iter(self._all([task for tasks in strategies for task in tasks]))
        return [list(islice(found, len(tasks))) for tasks in strategies]

    def _current(self, panel: Panel) -> list[Run]:
        """The current strategy, beside which everything else is seen."""
        found = self._all(panel.tasks(current))
        bad = next((run for run in found if run.failure), None)
        if bad is not None:
            raise InputError(Problem(self.todo.question.file, "the current strategy could not be run",
                                     "Look at it with `simlab run`.", value=reason(bad)))  # fmt: skip
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

    def _select(self, finalists: Sequence[Trial], panel: Panel, base: Sequence[Run]) -> pd.DataFrame:
        """The finalists on fresh seeds: uplifts with intervals, and simultaneous bounds of the constraints."""
        self.watcher.doing(f"{len(finalists)} finalists on fresh seeds")
        runs = self._each([panel.tasks(by_values(self.todo.space.values(t.params))) for t in finalists])
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
        return pd.DataFrame(rows)

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
        base = self._current(panel)
        table = self._select(finalists, panel, base)
        if table.empty:
            raise InputError(Problem(self.todo.question.file, "no finalist could be run on fresh seeds",
                                     "Narrow the ranges, or try one strategy with `simlab run`."))  # fmt: skip
        sign = 1.0 if self.maximise else -1.0
        ranked = table.assign(good=sign * table["judged"]).sort_values(
            ["certified", "good", "trial"], ascending=[False, False, True]
        )
        by_number = {trial.number: trial for trial in finalists}
        order = [by_number[int(number)] for number in ranked["trial"]]
        is_current = self._is_current(order[0])
        # what is shown beside the current strategy is another one, even where none is better
        winner = next((trial for trial in order if not self._is_current(trial)), order[0])
        values = self.todo.space.values(winner.params)

        report = ReportSeed.panel(self.spec.report_seeds, offset)
        only(ReportSeed, report)
        fresh = self._panel(report, 1 + self.spec.worlds + self.spec.selection_seeds)
        self.watcher.doing("The winner, the current strategy and doing nothing on seeds never used before")
        strategies: dict[str, Strategy] = {
            "recommended": by_values(values),
            "current": current,
            "nothing": nothing,
        }
        arms = [fresh.tasks(s, detail=arm != "nothing") for arm, s in strategies.items()]
        runs = dict(zip(strategies, self._each(arms), strict=True))
        failed = [run for own in runs.values() for run in own if run.failure]
        if failed:
            raise RuntimeError("a run of the report failed:\n" + failed[0].failure)
        uplifts = column(runs["recommended"], self.first) - column(runs["current"], self.first)
        answer = paired(uplifts)
        certificates = tune_tables.certificates(runs, self.todo.constraints, certificate)
        verdict, reason = self._verdict(
            answer, sign, bool(table["certified"].any()), certificates, is_current
        )
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
            more = Checks(made, self.crew, self._each)
            self.notes += more.run(tables, report, panel, finalists, self.watcher.doing)
        if (surface := made.surface(surfaces[self.first], tables.get("sensitivity"))) is not None:
            tables["surface"] = surface
        return Tuning(
            scenario=self.scenario, experiment_file=self.todo.question.file,
            scenario_file=self.todo.question.loaded.file, name=self.todo.question.experiment.name,
            question=self.todo.question.experiment.question, objectives=self.todo.objectives,
            levers=self.todo.question.levers, verdict=verdict, reason=reason, winner=values,
            winner_trial=winner.number, recommended=made.changed() if verdict == "change" else {},
            search_best=float(best), payback_week=tune_tables.payback(tables["daily"]),
            flags=tuple(flags(made, answer, surfaces, tables)), notes=tuple(self.notes),
            alignment=made.alignment(), tables=tables,
            manifest=self._manifest(attempt, rules_.panel, selection, report),
        )  # fmt: skip

    def _is_current(self, trial: Trial) -> bool:
        """Whether a trial is the strategy of today."""
        values = self.todo.space.values(trial.params)
        return all(values[lever.path] == lever.current for lever in self.todo.question.levers)

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
            return "keep", "On the seeds of the choice the current strategy was the best of the finalists."
        low, high = sorted((sign * answer.low, sign * answer.high))
        interval = f"(95 %: {answer.low:+,.4g} to {answer.high:+,.4g})".replace("-", "−")
        if high < 0:
            return "keep", ("On fresh seeds the best strategy that could be found within the limits is worse than the "
                            f"current one {interval}.")  # fmt: skip
        if not low > 0:
            return "keep", ("On fresh seeds the uplift of the best strategy found cannot be told from zero "
                            f"{interval}.")  # fmt: skip
        return (
            "change",
            "On seeds never used before, the lower end of the uplift's 95 % interval is above zero.",
        )

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
