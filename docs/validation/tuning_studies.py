"""One study at a time: simlab's, plain Optuna's, and the search for what can be had at most."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from scipy.stats import qmc
from tuning_worlds import OUTCOME, Truth, World, error

from simlab.lab.crew import Crew
from simlab.lab.search import by_values, limited, text_of
from simlab.lab.seeds import TruthSeed
from simlab.lab.space import Params, Space
from simlab.lab.surrogate import Surrogate
from simlab.lab.tune import tune
from simlab.lab.tune_plan import plan

TRUTH = TruthSeed.panel(500)
"""Seeds of the truth; the others below come from further on in the same namespace."""
DESIGN, ROUND, LAST, PLAIN = 100_000, 200_000, 300_000, 1_000_000
GRID, SPREAD = 9, 256
"""Values per lever of the grid of three levers; points spread over more levers."""
SHORT, FINAL = 24, 5
SHORT_SEEDS, FINAL_SEEDS, DESIGN_SEEDS = 60, 200, 6


def study(world: World, replicate: int, trials: int, seeds: int, crew: Crew, folder: Path) -> dict[str, Any]:
    """One whole study of simlab, and what it is worth in truth."""
    question = world.question(folder, trials)
    before = crew.done + crew.reused
    todo = plan(question, replicate)
    found = tune(todo, crew, folder, checks=False)
    assert found is not None
    assert found.winner is not None
    used = crew.done + crew.reused - before
    table = found.tables["differences"]
    said = table[(table["arm"] == "recommended") & (table["outcome"] == OUTCOME)].iloc[0]
    trials_ = found.tables["trials"]
    good = trials_[(trials_["state"] == "complete") & trials_["feasible"]]
    truth = Truth(question, crew)
    panel = TRUTH[:seeds]
    # where a limit decides, the uplift is a side matter
    worth = truth.uplift(found.winner, panel[:60] if world.constraints else panel)
    row = {
        "world": world.name, "study": replicate, "verdict": found.verdict, "simulations": used,
        "level": float(truth.level(panel).mean()), "reported": said["mean"], "low": said["low"],
        "high": said["high"], "winner": found.winner, "true": float(worth.mean()), "error": error(worth),
        "search_best": found.search_best, "reason": found.reason, "flags": list(found.flags),
        "tried": [[todo.space.unit([t.params])[0].round(6).tolist(), t.uplift] for t in _tried(todo.space, trials_)],
    }  # fmt: skip
    if len(good) and not world.constraints:
        best = good.sort_values("uplift", ascending=False).iloc[0]
        own = {path: best[path] for path in world.levers}
        row["search_true"] = float(truth.uplift(_plain(todo.space, own), panel[: seeds // 3]).mean())
    if world.constraints:
        row |= _limits(found.tables["certificates"], question, truth, found.winner, panel)
    return row


class _Try:
    def __init__(self, params: Params, uplift: float) -> None:
        self.params, self.uplift = params, uplift


def _tried(space: Space, table: Any) -> list[_Try]:
    whole = table[table["state"] == "complete"]
    paths = [lever.path for lever in space.levers]
    return [
        _Try(dict(zip(paths, values, strict=True)), float(uplift))
        for values, uplift in zip(whole[paths].to_numpy(), whole["uplift"], strict=True)
    ]


def _plain(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values out of a table as a scenario takes them."""
    return space.values({path: float(v) for path, v in values.items()})


def _limits(
    certificates: Any, question: Any, truth: Truth, winner: Mapping[str, Any], panel: Sequence[TruthSeed]
) -> dict[str, Any]:
    """How the winner stands to its limits: as reported, and in truth."""
    spec = question.experiment.tune
    own = certificates[certificates["arm"] == "recommended"].iloc[0]
    (constraint,) = spec.constraints
    # the truth of what is not certified is not needed
    values = limited(truth.runs(by_values(winner), panel if own["certified"] else panel[:60]), constraint)
    return {
        "constraint": text_of(constraint), "limit": float(constraint.limit), "bound": float(own["bound"]),
        "certified": bool(own["certified"]), "rate": float(values.mean()), "rate_error": error(values),
    }  # fmt: skip


def plain(
    world: World, sampler: str, replicate: int, simulations: int, seeds: int, crew: Crew, folder: Path
) -> dict[str, Any]:
    """A search as it is usually written: every trial one run on a fresh seed, the best value is the result."""
    question = world.question(folder, 2)
    space = Space(question.levers)
    truth = Truth(question, crew)
    kinds = {"Optuna TPE": optuna.samplers.TPESampler, "random search": optuna.samplers.RandomSampler}
    whole = optuna.create_study(direction="maximize", sampler=kinds[sampler](seed=replicate))
    first = PLAIN * (1 + 2 * replicate + (sampler == "random search"))
    fresh = iter(TruthSeed.panel(simulations, first))

    def objective(trial: optuna.Trial) -> float:
        values = {}
        for path, d in space.distributions.items():
            ask = (
                trial.suggest_int
                if isinstance(d, optuna.distributions.IntDistribution)
                else trial.suggest_float
            )
            values[path] = ask(path, d.low, d.high)  # type: ignore[attr-defined]
        return truth.runs(by_values(space.values(values)), [next(fresh)])[0].outcomes[OUTCOME]

    whole.optimize(objective, n_trials=simulations)
    # the level of the current strategy is taken as known: kinder than life
    level = float(truth.level(TRUTH[:300]).mean())
    worth = truth.uplift(space.values(whole.best_params), TRUTH[:seeds])
    return {
        "world": world.name, "study": replicate, "sampler": sampler, "simulations": simulations, "level": level,
        "reported": float(whole.best_value) - level, "true": float(worth.mean()), "error": error(worth),
    }  # fmt: skip


def optimum(
    world: World, studies: Sequence[Mapping[str, Any]], seeds: int, crew: Crew, folder: Path
) -> dict[str, Any]:
    """The most that can be had: a design of its own and all that the studies tried, re-scored on fresh seeds.

    Args:
        studies: finished ones; what they tried tells where to look, and their winners take part in the last round.
    """
    tried = [t for row in studies for t in row["tried"]]
    question = world.question(folder, 2)
    space, truth = Space(question.levers), Truth(question, crew)
    points = [_params(space, u) for u in design(len(space.levers))]
    panel = TruthSeed.panel(DESIGN_SEEDS, DESIGN)
    x = list(space.unit(points))
    y = [float(truth.uplift(space.values(p), panel).mean()) for p in points]
    grid_best = max(y)
    x += [np.asarray(u) for u, _ in tried]
    y += [v for _, v in tried]
    scored: dict[str, tuple[Params, float]] = {}
    for k in range(2):
        fresh = TruthSeed.panel(SHORT_SEEDS, ROUND + 1000 * k)
        for params in shortlist(space, np.array(x), np.array(y), [p for p, _ in scored.values()]):
            mean = float(truth.uplift(space.values(params), fresh).mean())
            scored[repr(params)] = (params, mean)
            own = space.unit([params])[0]
            x += [own] * 3  # a mean of many seeds counts for more than a trial's
            y += [mean] * 3
    last = TruthSeed.panel(FINAL_SEEDS, LAST)
    finals = [space.values(p) for p, _ in sorted(scored.values(), key=lambda s: -s[1])[:FINAL]]
    # by what they report, not by their truth: that is what the best will be valued with
    finals += [dict(row["winner"]) for row in sorted(studies, key=lambda row: -row["reported"])[:FINAL]]
    means = [float(truth.uplift(values, last).mean()) for values in finals]
    best = finals[int(np.argmax(means))]
    worth = truth.uplift(best, TRUTH[:seeds])
    level = truth.level(TRUTH[:seeds])
    return {
        "world": world.name, "values": best, "available": float(worth.mean()), "error": error(worth),
        "level": float(level.mean()), "cv": float(level.std(ddof=1) / level.mean()), "grid_best": grid_best,
        "paired_sd": float(worth.std(ddof=1)), "points": len(points), "pooled": len(tried),
    }  # fmt: skip


def design(levers: int) -> NDArray[np.float64]:
    """(n, levers) points: a full grid of three levers, evenly spread points of more."""
    if levers <= 3:
        return np.array(list(itertools.product(np.linspace(0, 1, GRID), repeat=levers)))
    return qmc.Sobol(levers, scramble=True, seed=11).random_base2(int(math.log2(SPREAD)))


def _params(space: Space, unit: Sequence[float] | NDArray[np.float64]) -> Params:
    """Parameters at a point of the unit cube."""
    params: Params = {}
    for lever, u in zip(space.levers, unit, strict=True):
        value = lever.low + float(np.clip(u, 0, 1)) * (lever.high - lever.low)
        params[lever.path] = round(value) if lever.kind == "int" else value
    return params


def shortlist(
    space: Space, x: NDArray[np.float64], y: NDArray[np.float64], known: Sequence[Params]
) -> list[Params]:
    """The best points of a surface over everything so far: among those tried, and around the best of them."""
    kept = np.argsort(-y)[: max(900, len(y) // 2)] if len(y) > 1000 else np.arange(len(y))
    surface = Surrogate.fit(x[kept], y[kept])
    rng = np.random.Generator(np.random.PCG64(len(known) + 1))
    pool = x[kept]
    for width in (0.2, 0.1, 0.05):
        top = pool[np.argsort(-surface.predict(pool)[0])[:40]]
        steps = rng.normal(0, width, (40, 40, x.shape[1])) * (rng.random((40, 40, x.shape[1])) < 0.6)
        pool = np.concatenate([pool, np.clip(top[:, None] + steps, 0, 1).reshape(-1, x.shape[1])])
    found: list[Params] = []
    places: list[NDArray[np.float64]] = []
    order = np.argsort(-surface.predict(pool)[0])
    for k in order:
        if all(np.abs(pool[k] - p).max() > 0.02 for p in places):
            found.append(_params(space, pool[k]))
            places.append(pool[k])
            if len(found) == SHORT:
                break
    return found
