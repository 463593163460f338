"""Every sampler plans the same strategies after an interruption, from what a study has kept."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from simlab.lab.planner import Planner, Trial
from simlab.lab.space import Params
from simlab.lab.studies import JournalStudy

DISTRIBUTIONS = {
    "rate": FloatDistribution(0.0, 7.0),
    "reward": FloatDistribution(0.0, 20.0, step=0.01),
    "days": IntDistribution(1, 30),
    "touch": CategoricalDistribution(['"coupon"', '"promo"', '"story"']),
}
START: Params = {"rate": 3.0, "reward": 10.0, "days": 7, "touch": '"promo"'}
BATCH = 3


def planner(name: str, directions: tuple[str, ...]) -> Planner:
    return Planner(name, DISTRIBUTIONS, directions, START, salt=12345, scale=10.0)


def tried(number: int, params: Params, objectives: int) -> Trial:
    """A hill with a limit, a failure now and then, and uneven numbers."""
    if number % 7 == 5:
        return Trial(number, params, failure="seed 1, world 0: it broke")
    hill = -((params["rate"] - 4) ** 2) - (params["reward"] - 5) ** 2 / 30 - abs(params["days"] - 11) / 3
    values = (hill + math.sin(number), params["days"] / 7)[:objectives]
    limits = {f"limit {k} <= 1": params["rate"] / (3 + k) - 1 for k in range(3)}
    steps = {k: values[0] + math.cos(k + number) for k in range(4)} if objectives == 1 else {}
    return Trial(number, params, values, limits, {"y": values[0]}, steps, number % 5 == 4)


def go(name: str, directions: tuple[str, ...], study: JournalStudy, batches: int) -> list[Params]:
    """Plan, try what the study has not got, record, tell what it has got: as a search does."""
    own = planner(name, directions)
    plans: list[Params] = []
    for _ in range(batches):
        first = own.count
        batch = dict(enumerate(own.plan(BATCH), start=first))
        for number, params in batch.items():
            if number not in study.trials():
                study.add(tried(number, params, len(directions)), DISTRIBUTIONS)
        found = study.trials()
        own.told([found[number] for number in batch])
        plans += batch.values()
    return plans


@pytest.mark.parametrize(
    ("name", "objectives"), [("tpe", 1), ("tpe", 2), ("cmaes", 1), ("qmc", 1), ("random", 2), ("gp", 1)]
)
def test_interrupted_after_any_batch_the_same_plans(tmp_path: Path, name: str, objectives: int) -> None:
    if name == "gp":
        pytest.importorskip("torch", reason="PyTorch is not installed (extra gp)")
    directions = ("maximise", "minimise")[:objectives]
    batches = 6 if name == "gp" else 10

    def study(folder: str) -> JournalStudy:
        return JournalStudy("s", list(directions), tmp_path / folder)

    whole = study("whole")
    expected = go(name, directions, whole, batches)
    parts = [study("parts")]
    for stop in (1, 2, batches // 2, batches):
        found = go(name, directions, parts[-1], stop)
        assert found == expected[: len(found)]
        parts[-1].close()
        parts.append(study("parts"))  # another process
    assert parts[-1].trials() == whole.trials()
    assert len({str(sorted(p.items())) for p in expected}) > BATCH * batches * 0.8, "it does search"
    parts[-1].close()
    whole.close()


def test_racing_drops_the_same_strategies_after_an_interruption(tmp_path: Path) -> None:
    study = JournalStudy("s", ["maximise"], tmp_path)
    go("tpe", ("maximise",), study, 6)
    verdicts = []
    for _ in range(2):
        own = planner("tpe", ("maximise",))
        found = study.trials()
        for first in range(0, 18, BATCH):
            own.plan(BATCH)
            own.told([found[n] for n in range(first, first + BATCH)])
        best = max(found.values(), key=lambda t: t.values or (-math.inf,))
        worse = {k: v - 5.0 for k, v in best.steps.items()}
        verdicts.append(
            [own.hopeless(START, dict(list(s.items())[:k])) for s in (worse, best.steps) for k in (3, 4)]
        )
    assert verdicts[0] == verdicts[1]
    study.close()


def test_a_trial_comes_back_from_a_journal_as_it_was(tmp_path: Path) -> None:
    study = JournalStudy("s", ["maximise"], tmp_path)
    before = [tried(n, {**START, "rate": n / 7, "reward": 0.07 * n}, 1) for n in range(8)]
    for trial in reversed(before):  # in whatever order they are finished
        study.add(trial, DISTRIBUTIONS)
        study.add(trial, DISTRIBUTIONS)
    study.close()
    again = JournalStudy("s", ["maximise"], tmp_path)
    assert list(again.trials().values()) == before
    assert again.attempt("a") == 1
    assert again.attempt("b") == 2
    assert again.attempt("a") == 1
    again.close()
