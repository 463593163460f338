"""Do the intervals of `simlab compare` cover, and does P(better) mean what it says?

    python docs/validation/interval_coverage.py

Writes coverage.md: in each of two cases two arms are compared 1,000 times, on seeds that no other
comparison uses; the truth is the mean difference over 5,000 further seeds. With --values FOLDER the
differences by seed are kept there, and used again.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.ground import ground_of
from simlab.lab.paired import paired, stein
from simlab.lab.runs import simulate
from simlab.lab.seeds import CompareSeed
from simlab.scenario import Scenario, load, with_values

HERE = Path(__file__).parent
PAIRS, TRUTH, FEW = 20, 5000, 10_000
REPEATS = 5
"""Comparisons by precision draw their seeds from those at hand, so that more of them cost nothing."""
PEOPLE = {"population.members": 300, "population.prospects": 100, "warmup.days": 0, "scale": 1}
CASES: dict[str, tuple[str, dict[str, object]]] = {
    "value within the horizon": (
        "realised_value", {**PEOPLE, "horizon": 40, "levers.referral": None, "levers.sources": {}},
    ),
    "customer equity, invitations": ("customer_equity", {**PEOPLE, "horizon": 60}),
}  # fmt: skip
"""The second is a stress test: a rare invitation, or one good customer muted, can outweigh everything else."""
ARM = {f"levers.push.{stage}.per_week": 2.5 for stage in ("new", "loyal", "active")}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """What came out.

    Attributes:
        fixed: share of intervals of 20 pairs that cover the truth; comparisons: how many.
        precise: the same with `precision`; stein: with the first stage's variance alone.
        half_width: asked for; needed: mean number of pairs; wider: share of intervals wider than asked.
        deciles: per tenth of P(better): comparisons, mean P(better), share in which the arm is truly better.
        truth: mean difference, its standard error, standard deviation, skewness and excess kurtosis over seeds.
    """

    fixed: float
    comparisons: int
    precise: float
    stein: float
    half_width: float
    needed: float
    wider: float
    deciles: list[tuple[int, float, float]]
    truth: tuple[float, float, float, float, float]


def arms(case: str) -> tuple[Scenario, Scenario]:
    """The two arms: pushes three times a week, or 2.5 times."""
    scenario = with_values(load("default").scenario, CASES[case][1])
    return scenario, with_values(scenario, ARM)


def differences(count: int, case: str = "value within the horizon") -> Array:
    """(count,) differences per starting member, in yuan, on the seeds 1, 2, ..."""
    (baseline, arm), outcome = arms(case), CASES[case][0]
    ground = ground_of(baseline)
    out = np.empty(count)
    for k, seed in enumerate(CompareSeed.panel(count)):
        runs = [simulate(model, int(seed), ground, detail=False).outcomes for model in (arm, baseline)]
        out[k] = runs[0][outcome] - runs[1][outcome]
    return out


def study(values: Array, comparisons: int, truth_seeds: int = TRUTH) -> Study:
    """Compare `comparisons` times: on disjoint blocks of seeds, and by precision on seeds drawn without replacement.

    Args:
        values: differences by seed; the first `truth_seeds` give the truth and are used for nothing else, unless
            there are too few for disjoint blocks: then all are the population that every comparison draws from.
    """
    known, pool = values[:truth_seeds], values[truth_seeds:]
    rng = np.random.default_rng(20_260_101)
    if len(pool) >= comparisons * PAIRS:
        blocks = pool[: comparisons * PAIRS].reshape(comparisons, PAIRS)
    else:  # the seeds at hand are all there are: their mean is the truth, and each comparison draws from them
        known = pool = values
        blocks = np.stack([rng.choice(pool, PAIRS, replace=False) for _ in range(comparisons)])
    theta, sd = float(known.mean()), float(known.std(ddof=1))
    truth = (theta, sd / np.sqrt(len(known)), sd, float(stats.skew(known)), float(stats.kurtosis(known)))
    found = [paired(block) for block in blocks]
    fixed = float(np.mean([f.low <= theta <= f.high for f in found]))

    # A fee of so many yuan for each member moves an arm's difference by exactly that much. With fees spread evenly
    # around the truth the arm is as often better as worse, and P(better) takes every value.
    fees = theta + rng.uniform(-3, 3, comparisons) * sd / np.sqrt(PAIRS)
    chances = np.array([paired(block - fee).p_above for block, fee in zip(blocks, fees, strict=True)])
    truly = fees < theta
    tenth = np.minimum((10 * chances).astype(int), 9)
    deciles = [
        (int((tenth == k).sum()), float(chances[tenth == k].mean()), float(truly[tenth == k].mean()))
        for k in range(10)
    ]

    # a comparison by precision takes some forty pairs: seeds drawn anew for each share next to none
    half = 2.093 * sd / np.sqrt(40)
    covered, plain, needed, wider = [], [], [], []
    for _ in range(REPEATS * comparisons):
        seeds = rng.choice(len(pool), min(400, len(pool)), replace=False)
        stage = stein(pool[seeds[:PAIRS]], half, len(seeds))
        interval = paired(pool[seeds[: stage.planned]], first=PAIRS)
        covered.append(interval.low <= theta <= interval.high)
        needed.append(stage.planned)
        edge = stats.t.ppf(0.975, PAIRS - 1) * pool[seeds[:PAIRS]].std(ddof=1) / np.sqrt(stage.planned)
        plain.append(abs(interval.mean - theta) <= edge)
        wider.append(interval.high - interval.low > 2 * half * (1 + 1e-9))
    return Study(fixed, comparisons, float(np.mean(covered)), float(np.mean(plain)), half, float(np.mean(needed)),
                 float(np.mean(wider)), deciles, truth)  # fmt: skip


INTRODUCTION = """# Coverage of `simlab compare`

Two arms, pushes three times a week and 2.5 times, in small worlds of 300 members and 100 prospects. Two cases: the
discounted net contribution within 40 days, without an invitation programme; and customer equity after 60 days with one.
Yuan per starting member. The first case has {few:,} seeds for each arm; they are taken for the population, whose mean
is the truth, and every comparison draws from them without replacement. The second has {seeds:,}: {truth:,} give the
truth, and comparisons of 20 pairs use disjoint blocks of the others.

Made by `python docs/validation/interval_coverage.py`.

| case | difference | sd over seeds | skewness | excess kurtosis |
|---|---|---|---|---|
"""
STRESS = """
The second case is a stress test: once in many seeds an invitation sets off a tree of newcomers, or one very good
customer mutes in one arm alone, and that outweighs everything else; twenty pairs rarely show it. In the shipped
default scenario (5,000 members, a year, with invitations) differences in customer equity have skewness within
± 0.4 and excess kurtosis below 1 (60 seeds).

| case | comparison | comparisons | covers the truth | asked | pairs |
|---|---|---|---|---|---|
"""
READING = """
One standard error of a share is {sample:.1f} % with {pairs} pairs and {less:.1f} % by precision, where seeds are drawn
without replacement. With the first stage's standard deviation alone (Stein's rule as it was published) {stein} of
the latter would cover; with the larger of it and that of all pairs, as is done, {wider} come out wider than asked.

P(better), by tenths. In each comparison the arm pays a fee of so many yuan per member, spread evenly around the
true difference, so that the truth is as often above as below. In the stress test the ends are off by some per
cent: twenty pairs know too little of what is rare. The page of a comparison says so where one pair makes up most of
the spread.
"""


def page(studies: dict[str, Study], seeds: int) -> str:
    """The results as Markdown."""
    text = INTRODUCTION.format(seeds=seeds, few=FEW, truth=TRUTH)
    for case, found in studies.items():
        mean, error, sd, skew, kurtosis = found.truth
        text += f"| {case} | {mean:.3f} ± {error:.3f} | {sd:.2f} | {skew:.1f} | {kurtosis:.1f} |\n"
    text += STRESS
    for case, found in studies.items():
        count = f"{found.comparisons:,}"
        text += f"| {case} | {PAIRS} pairs | {count} | {100 * found.fixed:.1f} % | 93 to 97 % | {PAIRS} |\n"
        text += f"| {case} | `precision: {found.half_width:.2f} yuan` | {REPEATS * found.comparisons:,} | "
        text += f"{100 * found.precise:.1f} % | "
        text += f"at least 93.5 % | {found.needed:.0f} on average |\n"
    sample = 100 * np.sqrt(0.95 * 0.05 / next(iter(studies.values())).comparisons)
    wider = " and ".join(f"{100 * found.wider:.0f} %" for found in studies.values())
    text += READING.format(
        sample=sample, less=sample / np.sqrt(REPEATS), pairs=PAIRS, stein=_shares(studies), wider=wider
    )
    for case, found in studies.items():
        text += f"\n{case[:1].upper()}{case[1:]}:\n\n"
        text += "| P(better) | comparisons | mean P(better) | truly better | standard error |\n|---|---|---|---|---|\n"
        for k, (count_, said, was) in enumerate(found.deciles):
            error = np.sqrt(said * (1 - said) / max(count_, 1))
            text += (
                f"| {k / 10:.1f} to {(k + 1) / 10:.1f} | {count_} | {said:.3f} | {was:.3f} | {error:.3f} |\n"
            )
    return text


def _shares(studies: dict[str, Study]) -> str:
    return " and ".join(f"{100 * found.stein:.1f} %" for found in studies.values())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comparisons", type=int, default=1000)
    parser.add_argument("--values", type=Path, help="folder in which differences by seed are kept")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    studies = {}
    whole = TRUTH + options.comparisons * PAIRS
    for k, case in enumerate(CASES):
        seeds = whole if k else min(FEW, whole)
        kept = options.values and options.values / f"{CASES[case][0]}-{seeds}.npy"
        if kept and kept.is_file():
            values = np.load(kept)
        else:
            values = differences(seeds, case)
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                np.save(kept, values)
        studies[case] = study(values, options.comparisons)
    (options.out / "coverage.md").write_text(page(studies, whole), encoding="utf-8")


if __name__ == "__main__":
    main()
