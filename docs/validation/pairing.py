"""How much do common random numbers save?

    python docs/validation/pairing.py

Writes pairing.md: the variance of a difference between two strategies with independent seeds, over that
with the same seeds; 20,000 users, 180 days.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from simlab.lab.ground import ground_of
from simlab.lab.runs import simulate
from simlab.scenario import load, with_values

HERE = Path(__file__).parent
ARMS = {
    "cadence 3 -> 4 a week": [
        {f"levers.push.{s}.per_week": x for s in ("new", "loyal", "active")} for x in (3.0, 4.0)
    ],
    "coupon depth 10 -> 12 %": [{"levers.offers.coupon.depth": x} for x in (0.10, 0.12)],
    "referral reward 20 -> 22 yuan": [{"levers.referral.reward": x} for x in (20.0, 22.0)],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    scenario = with_values(load("default").scenario, {"horizon": 180})
    ground = ground_of(scenario)
    people = f"{ground.graph.n:,} people, 5,000 of them members"
    lines = ["# Common random numbers", "", f"Default scenario ({people}), 180 days, "
             f"{options.seeds} pairs; customer equity per starting member. Ratio: variance of the difference with "
             "independent seeds / with the same seeds; 95 % interval by bootstrap. The warm-up runs with the "
             "first value in both arms.", "", "Made by `python docs/validation/pairing.py`.", "",
             "| change | mean difference | sd paired | sd independent | variance ratio | 95 % interval |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    rng = np.random.default_rng(1)
    for name, (first, second) in ARMS.items():
        warmup = scenario.warmup.model_copy(update={"levers": first})
        models = [with_values(scenario, arm).model_copy(update={"warmup": warmup}) for arm in (first, second)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [
                [pool.submit(simulate, m, s, ground, 0, False) for s in range(1, options.seeds + 1)]
                for m in models
            ]
            a, b = (np.array([j.result().outcomes["customer_equity"] for j in row]) for row in jobs)
        ratio = ratio_of(a, b)
        picks = rng.integers(0, len(a), (2000, len(a)))
        low, high = np.quantile([ratio_of(a[p], b[p]) for p in picks], [0.025, 0.975])
        independent = np.sqrt(a.var(ddof=1) + b.var(ddof=1))
        lines.append(f"| {name} | {np.mean(b - a):.2f} | {np.std(b - a, ddof=1):.2f} | {independent:.1f} | {ratio:.0f} "
                     f"| {low:.0f} to {high:.0f} |")  # fmt: skip
    (options.out / "pairing.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def ratio_of(a: np.ndarray, b: np.ndarray) -> float:
    """Variance of b - a with independent seeds over that with the same seeds."""
    return float((a.var(ddof=1) + b.var(ddof=1)) / (b - a).var(ddof=1))


if __name__ == "__main__":
    main()
