"""Do the intervals of `simlab compare` cover, and does P(better) mean what it says?

    python docs/validation/coverage.py

Writes coverage.md: two arms of a small world are compared 1,000 times on seeds that no other comparison
uses; the truth is the mean difference over 5,000 further seeds.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.paired import paired, stein
from simlab.lab.runs import ground_of, simulate
from simlab.lab.seeds import CompareSeed
from simlab.scenario import Scenario, load, with_values

HERE = Path(__file__).parent
PAIRS, TRUTH = 20, 5000
WORLD = {"population.members": 300, "population.prospects": 100, "horizon": 60, "warmup.days": 0, "scale": 1}
ARM = {f"levers.push.{stage}.per_week": 2.5 for stage in ("new", "loyal", "active")}
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """What came out.

    Attributes:
        fixed: share of intervals of 20 pairs that cover the truth; comparisons: how many.
        precise: the same with `precision`; half_width: asked for; needed: mean number of pairs; wider: share of
            intervals that are wider than asked.
        deciles: per tenth of P(better): comparisons, mean P(better), share in which the arm is truly better.
        truth: mean difference, its standard error, standard deviation, skewness and excess kurtosis over seeds.
    """

    fixed: float
    comparisons: int
    precise: float
    half_width: float
    needed: float
    wider: float
    deciles: list[tuple[int, float, float]]
    truth: tuple[float, float, float, float, float]


def arms() -> tuple[Scenario, Scenario]:
    """The two arms: pushes three times a week, or 2.5 times."""
    scenario = with_values(load("default").scenario, WORLD)
    return scenario, with_values(scenario, ARM)


def differences(count: int) -> Array:
    """(count,) differences in customer equity per starting member on the seeds 1, 2, ..."""
    baseline, arm = arms()
    ground = ground_of(baseline)
    out = np.empty(count)
    for k, seed in enumerate(CompareSeed.panel(count)):
        runs = [simulate(model, int(seed), ground, detail=False).outcomes for model in (arm, baseline)]
        out[k] = runs[0]["customer_equity"] - runs[1]["customer_equity"]
    return out


def study(values: Array, comparisons: int, truth_seeds: int = TRUTH) -> Study:
    """Compare `comparisons` times: on disjoint blocks of seeds, and by precision on seeds drawn without replacement.

    Args:
        values: differences by seed; the first `truth_seeds` give the truth and are used for nothing else.
    """
    known, pool = values[:truth_seeds], values[truth_seeds:]
    theta, sd = float(known.mean()), float(known.std(ddof=1))
    truth = (theta, sd / np.sqrt(truth_seeds), sd, float(stats.skew(known)), float(stats.kurtosis(known)))
    blocks = pool[: comparisons * PAIRS].reshape(comparisons, PAIRS)
    found = [paired(block) for block in blocks]
    fixed = float(np.mean([f.low <= theta <= f.high for f in found]))

    # A fee of so many yuan for each member moves an arm's difference by exactly that much. With fees spread evenly
    # around the truth the arm is as often better as worse, and P(better) takes every value.
    rng = np.random.default_rng(20_260_101)
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
    covered, needed, wider = [], [], []
    for _ in range(comparisons):
        seeds = rng.choice(len(pool), min(400, len(pool)), replace=False)
        stage = stein(pool[seeds[:PAIRS]], half, len(seeds))
        interval = paired(pool[seeds[: stage.planned]], first=PAIRS)
        covered.append(interval.low <= theta <= interval.high)
        needed.append(stage.planned)
        wider.append(interval.high - interval.low > 2 * half * (1 + 1e-9))
    return Study(fixed, comparisons, float(np.mean(covered)), half, float(np.mean(needed)),
                 float(np.mean(wider)), deciles, truth)  # fmt: skip


def page(found: Study, seeds: int, seconds: float) -> str:
    """The result as Markdown."""
    mean, error, sd, skew, kurtosis = found.truth
    sample = np.sqrt(0.95 * 0.05 / found.comparisons)
    lines = [
        "# Coverage of `simlab compare`", "",
        f"Two arms (pushes three times a week, and 2.5 times) in a world of 300 members and 100 prospects over 60 "
        f"days; customer equity per starting member. {seeds:,} seeds in each arm ({seconds / 60:.0f} min "
        f"on one core). Truth from {TRUTH:,} seeds: {mean:.3f} ± {error:.3f} yuan; over seeds the "
        f"difference has a standard deviation of {sd:.2f}, skewness {skew:.2f} and excess kurtosis "
        f"{kurtosis:.1f}, so it is not normal.", "",
        "Made by `python docs/validation/coverage.py`.", "",
        "| comparison | comparisons | covers the truth | asked | pairs |", "|---|---|---|---|---|",
        f"| {PAIRS} pairs, 95 % interval | {found.comparisons:,} | {100 * found.fixed:.1f} % | 93 to 97 % | {PAIRS} |",
        f"| `precision: {found.half_width:.2f} yuan`, Stein's rule | {found.comparisons:,} | "
        f"{100 * found.precise:.1f} % | at least 93.5 % | {found.needed:.0f} on average |", "",
        f"One standard error of a share is {100 * sample:.1f} %. The first row uses disjoint blocks of "
        "seeds. The second draws the seeds of each comparison without replacement; "
        f"{100 * found.wider:.1f} % of its intervals are wider than asked.", "",
        "P(better), by tenths. In each comparison the arm pays a fee of so many yuan per member, spread "
        "evenly around the true difference, so that the truth is as often above as below.", "",
        "| P(better) | comparisons | mean P(better) | truly better | standard error |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for k, (count, said, was) in enumerate(found.deciles):
        error = np.sqrt(said * (1 - said) / max(count, 1))
        lines.append(
            f"| {k / 10:.1f} to {(k + 1) / 10:.1f} | {count} | {said:.3f} | {was:.3f} | {error:.3f} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comparisons", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    seeds = TRUTH + options.comparisons * PAIRS
    started = time.perf_counter()
    values = differences(seeds)
    found = study(values, options.comparisons)
    (options.out / "coverage.md").write_text(
        page(found, seeds, time.perf_counter() - started), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
