"""The tables of a tune: from runs on fresh seeds to what the recommendation page shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.choice import nondominated
from simlab.lab.detail import SUMS, Detail
from simlab.lab.paired import paired, worth
from simlab.lab.planner import Trial
from simlab.lab.runs import Run
from simlab.lab.search import column, limited, text_of
from simlab.lab.surrogate import Surrogate
from simlab.scenario.experiment import TuneSpec
from simlab.scenario.experiments import Lever
from simlab.scenario.outcomes import OUTCOMES, Constraint
from simlab.scenario.schema import Scenario
from simlab.world.metrics import COSTS, METRICS

if TYPE_CHECKING:
    from simlab.lab.tune_plan import Plan

WEEK = 7
PROFILE = 41
SPENDING = {
    "touches": "touch_fen",
    "offers": "subsidy_fen",
    "rewards to inviters": "reward_fen",
    "rewards to invitees": "invitee_fen",
    "sources": "acquisition_fen",
    "complaints": "complaint_fen",
    "samples": "sample_fen",
    "points": "points_fen",
    "level and plan services": "benefit_fen",
    "commissions": "commission_fen",
    "upkeep": "upkeep_fen",
    "fixed cost": "fixed_fen",
    "service": "service_fen",
    "compensation": "compensation_fen",
    "staff": "staff_fen",
    "fines": "fine_fen",
    # firm
    "newcomers paid to sources": "entry_fen",
    "shares of partners": "partner_fen",
    "margin of orders that come anyway elsewhere": "elsewhere_fen",
    "brand and prevention": "programme_fen",
    "fines of events": "penalty_fen",
    # groups
    "running of groups": "community_fen",
    "rewards and training of contributors": "contributor_fen",
    # company
    "commissions and share rewards": "bonus_fen",
    "paid voices and checks": "voice_fen",
    "fines for forced shares": "sharing_fen",
    "compensation in a crisis": "damages_fen",
    "monitoring and responses": "response_fen",
}


@dataclass(frozen=True)
class Made:
    """Runs of the report, and what is needed to make tables of them.

    Attributes:
        values: the winner's, by path.
        runs: by arm (recommended, current, nothing), on the same report seeds in the same order.
    """

    plan: Plan
    spec: TuneSpec
    scenario: Scenario
    first: str
    sign: float
    values: Mapping[str, Any]
    winner: Trial
    runs: Mapping[str, Sequence[Run]]

    def changed(self) -> dict[str, Any]:
        """The winner's values that differ from the current strategy."""
        levers = self.plan.question.levers
        return {
            lever.path: self.values[lever.path]
            for lever in levers
            if self.values[lever.path] != lever.current
        }

    def alignment(self) -> float:
        """Correlation of the first objective between winner and current strategy over seeds."""
        return worth(
            column(self.runs["recommended"], self.first), column(self.runs["current"], self.first)
        ).correlation

    def trials(self, found: Mapping[int, Trial], finalists: Sequence[Trial]) -> pd.DataFrame:
        """One row per trial."""
        final = [trial.number for trial in finalists]
        rows = []
        for trial in found.values():
            row: dict[str, Any] = {
                "trial": trial.number,
                "state": "failed" if trial.failure else "complete",
                "raced": trial.raced,
                "seeds": len(trial.steps) if self.spec.racing else self._panel_size(),
                "feasible": trial.feasible,
                "finalist": trial.number in final,
            }
            for k, outcome in enumerate(self.plan.objectives):
                name = "uplift" if k == 0 else f"uplift:{outcome}"
                row[name] = trial.values[k] if trial.values else math.nan
                row[outcome] = trial.means.get(outcome, math.nan)
            for constraint in self.plan.constraints:
                row[text_of(constraint)] = trial.means.get(constraint.outcome, math.nan)
            row |= self._cells(trial)
            row["failure"] = trial.failure.splitlines()[0] if trial.failure else ""
            rows.append(row)
        return pd.DataFrame(rows)

    def _panel_size(self) -> int:
        return self.spec.worlds if self.spec.over == "uncertainties" else self.spec.panel

    def _cells(self, trial: Trial) -> dict[str, Any]:
        """A strategy's values by path, lists as texts."""
        values = self.plan.space.values(trial.params)
        return {
            path: v if isinstance(v, int | float | str) else str(trial.params[path])
            for path, v in values.items()
        }

    def finalists(
        self,
        table: pd.DataFrame,
        finalists: Sequence[Trial],
        surfaces: Mapping[str, Surrogate],
        winner: Trial,
    ) -> pd.DataFrame:
        """The finalists on selection seeds beside what the surface expected of them."""
        points = self.plan.space.unit([t.params for t in finalists])
        mean, sd = surfaces[self.first].predict(points)
        rank = pd.DataFrame({
            "trial": [t.number for t in finalists], "rank": range(1, len(finalists) + 1), "surrogate": mean,
            "surrogate_sd": sd,
        })  # fmt: skip
        cells = pd.DataFrame([{"trial": t.number, **self._cells(t)} for t in finalists])
        out = rank.merge(table.drop(columns="judged"), on="trial").merge(cells, on="trial")
        out["winner"] = out["trial"] == winner.number
        signs = [1.0 if d == "maximise" else -1.0 for d in self.plan.objectives.values()]
        names = ["uplift" if k == 0 else f"uplift:{o}" for k, o in enumerate(self.plan.objectives)]
        out["front"] = nondominated(out[names].to_numpy(float) * signs) == 0
        return out

    def report(self) -> pd.DataFrame:
        """Every outcome of every report run."""
        return pd.DataFrame(
            [
                {"arm": arm, "seed": int(run.seed), **run.outcomes}
                for arm, own in self.runs.items()
                for run in own
            ]
        )

    def differences(self) -> pd.DataFrame:
        """Every outcome of the winner and of doing nothing, less the current strategy's on the same seeds."""
        rows = []
        for arm in ("recommended", "nothing"):
            for outcome in OUTCOMES:
                ours, theirs = column(self.runs[arm], outcome), column(self.runs["current"], outcome)
                both = np.isfinite(ours) & np.isfinite(theirs)
                found = paired(ours[both] - theirs[both])
                less = self.plan.objectives.get(outcome) == "minimise"
                rows.append({
                    "arm": arm, "outcome": outcome, "mean": found.mean, "low": found.low, "high": found.high,
                    "p_better": 1 - found.p_above if less else found.p_above, "pairs": found.pairs,
                    "current": _mean(theirs), "level": _mean(ours),
                })  # fmt: skip
        return pd.DataFrame(rows)

    def daily(self) -> pd.DataFrame:
        """Cumulative net contribution by day, and the winner's paired difference, yuan per starting member."""
        ours, theirs = (self._cumulative(arm) for arm in ("recommended", "current"))
        difference = ours - theirs
        rows = []
        for arm, own in (("recommended", ours), ("current", theirs)):
            frame = pd.DataFrame(
                {"arm": arm, "day": np.arange(1, own.shape[1] + 1), "cumulative": own.mean(axis=0)}
            )
            if arm == "recommended":
                each = [paired(difference[:, day]) for day in range(own.shape[1])]
                frame["difference"] = [e.mean for e in each]
                frame["low"], frame["high"] = [e.low for e in each], [e.high for e in each]
            rows.append(frame)
        return pd.concat(rows, ignore_index=True)

    def _cumulative(self, arm: str) -> NDArray[np.float64]:
        """(seeds, days) yuan per starting member."""
        rows = []
        for detail in self._details(arm):
            net = detail.daily[:, METRICS.index("margin_fen")] - sum(
                detail.daily[:, METRICS.index(cost)] for cost in COSTS
            )
            rows.append(np.cumsum(net) / 100.0 / _started(detail))
        return np.stack(rows)

    def _details(self, arm: str) -> list[Detail]:
        found = [run.detail for run in self.runs[arm]]
        assert all(detail is not None for detail in found)
        return found  # type: ignore[return-value]

    def groups(self) -> pd.DataFrame:
        """Who gains and who is hurt: net contribution and residual value by group, for the real base."""
        ours, theirs = self._details("recommended"), self._details("current")
        kinds, names = ours[0].kinds, ours[0].groups
        discount = (1 + self.scenario.economics.discount) ** (-self.scenario.horizon / 365)
        rows = []
        for k, (kind, name) in enumerate(zip(kinds, names, strict=True)):
            gains = [self.scenario.scale / 100.0 * (_value(a.sums[k], discount) - _value(b.sums[k], discount))
                     for a, b in zip(ours, theirs, strict=True)]  # fmt: skip
            users = float(np.mean([d.sums[k][SUMS.index("users")] for d in theirs])) * self.scenario.scale
            if not users and not any(gains):
                continue
            found = paired(np.array(gains))
            rows.append({"grouping": str(kind), "group": str(name), "users": users, "difference": found.mean,
                         "low": found.low, "high": found.high})  # fmt: skip
        return pd.DataFrame(rows)

    def spending(self) -> pd.DataFrame:
        """What is spent on what within the horizon, yuan for the real base."""
        rows = []
        for item, metric in SPENDING.items():
            at = METRICS.index(metric)
            own = {arm: float(np.mean([d.daily[:, at].sum() for d in self._details(arm)])) / 100.0 * self.scenario.scale
                   for arm in ("current", "recommended")}  # fmt: skip
            if any(own.values()):
                rows.append({"item": item, **own, "difference": own["recommended"] - own["current"]})
        return pd.DataFrame(rows, columns=["item", "current", "recommended", "difference"])

    def profiles(self, surface: Surrogate) -> pd.DataFrame:
        """The surface along each lever, the others at the winner's values."""
        rows = []
        for lever in self.plan.question.levers:
            params = [{**self.winner.params, lever.path: p} for p in _grid(lever)]
            mean, sd = surface.predict(self.plan.space.unit(params))
            for p, m, s in zip(params, mean, sd, strict=True):
                rows.append({"lever": lever.path, "value": p[lever.path], "surrogate": m, "sd": s})
        frame = pd.DataFrame(rows)
        frame["value"] = frame["value"].map(lambda v: v if isinstance(v, str) else f"{float(v):.10g}")
        return frame

    def surface(self, surface: Surrogate, sensitivity: pd.DataFrame | None) -> pd.DataFrame | None:
        """The surface over a grid of the two numbers that matter most, the other levers at the winner's values."""
        numbers = {lever.path: lever for lever in self.plan.question.levers if lever.kind != "choice"}
        ranked = [p for p in (sensitivity["lever"] if sensitivity is not None else ()) if p in numbers]
        if len(ranked) < 2:
            return None
        x, y = (numbers[path] for path in ranked[:2])
        grid = [{**self.winner.params, x.path: a, y.path: b} for a in _grid(x)[::2] for b in _grid(y)[::2]]
        mean, sd = surface.predict(self.plan.space.unit(grid))
        return pd.DataFrame({
            "lever_x": x.path, "lever_y": y.path, "x": [p[x.path] for p in grid], "y": [p[y.path] for p in grid],
            "surrogate": mean, "sd": sd,
        })  # fmt: skip

    def worlds(self, runs: Mapping[str, Sequence[Run]], table: pd.DataFrame) -> pd.DataFrame:
        """The first objective and the uplift in each sampled world, mean over its seeds."""
        frames = []
        base = _by_world(runs["current"], self.first)
        for arm, own in runs.items():
            mean = _by_world(own, self.first)
            frames.append(pd.DataFrame({"world": mean.index, "arm": arm, "uplift": (mean - base).to_numpy(),
                                        "value": mean.to_numpy()}))  # fmt: skip
        return pd.concat(frames, ignore_index=True).merge(table, on="world")

    def judge_worlds(self, certificates: pd.DataFrame | None, runs: Mapping[str, Sequence[Run]]) -> None:
        """In how many sampled worlds each constraint is kept on average; written into the table."""
        if certificates is None:
            return
        for constraint in self.plan.constraints:
            for arm, own in runs.items():
                values = pd.Series(limited(own, constraint)).groupby([run.world for run in own]).mean()
                sign = 1.0 if constraint.op == "<=" else -1.0
                met = int((sign * values <= sign * float(constraint.limit)).sum())
                at = (certificates["arm"] == arm) & (certificates["constraint"] == text_of(constraint))
                certificates.loc[at, ["worlds", "worlds_met"]] = [len(values), met]


def certificates(
    runs: Mapping[str, Sequence[Run]], constraints: Sequence[Constraint],
    bound_of: Callable[[NDArray[np.float64], Constraint, int], tuple[float, bool]],
) -> pd.DataFrame:  # fmt: skip
    """Each constraint on the report seeds, all of one strategy's together."""
    rows = []
    for arm in ("recommended", "current"):
        for constraint in constraints:
            values = limited(runs[arm], constraint)
            bound, holds = bound_of(values, constraint, len(constraints))
            rows.append({
                "arm": arm, "constraint": text_of(constraint), "outcome": constraint.outcome,
                "limit": float(constraint.limit), "op": constraint.op, "mean": float(values.mean()), "bound": bound,
                "certified": holds, "worlds": 0, "worlds_met": 0,
            })  # fmt: skip
    return pd.DataFrame(rows)


def payback(daily: pd.DataFrame) -> int | None:
    """First week from which on the mean cumulative difference stays above zero; None if it never does."""
    own = daily[daily["arm"] == "recommended"].sort_values("day")
    ahead = own["difference"].to_numpy() > 0
    if not len(ahead) or not ahead[-1]:
        return None
    behind = np.flatnonzero(~ahead)
    day = 1 if not len(behind) else int(own["day"].to_numpy()[behind[-1]]) + 1
    return (day - 1) // WEEK + 1


def _grid(lever: Lever) -> list[Any]:
    """Parameters along a lever."""
    from simlab.lab.space import label

    if lever.kind == "choice":
        return [label(choice) for choice in lever.choices]
    if lever.kind == "int":
        step = max(1, math.ceil((lever.high - lever.low) / (PROFILE - 1)))
        return list(range(int(lever.low), int(lever.high) + 1, step))
    if lever.log:
        return [float(v) for v in np.geomspace(lever.low, lever.high, PROFILE)]
    return [float(v) for v in np.linspace(lever.low, lever.high, PROFILE)]


def _value(sums: NDArray[np.int64], discount: float) -> float:
    return float(sums[SUMS.index("net_fen")]) + discount * float(sums[SUMS.index("residual_fen")])


def _started(detail: Detail) -> int:
    """Members on the eve of day 1, or in a world that starts empty everybody who joined."""
    base = (detail.kinds == "cohort") & (detail.groups == "base")
    everybody = detail.sums[detail.kinds == "cohort"][:, SUMS.index("users")].sum()
    return int(detail.sums[base][0, SUMS.index("users")]) or max(int(everybody), 1)


def _by_world(runs: Sequence[Run], outcome: str) -> pd.Series:
    return pd.Series(column(runs, outcome)).groupby([run.world for run in runs]).mean()


def _mean(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else math.nan
