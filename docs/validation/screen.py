"""Does the quick design rank factors as the thorough one does?

    python docs/validation/screen.py

Writes screen.md: Morris' mean absolute effects from 20 trajectories against total Sobol indices from a design
several times as large, on a small simulated world with four levers and the default scenario's six assumptions.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from simlab.lab import designs
from simlab.lab.crew import Crew
from simlab.lab.designs import rank_correlation
from simlab.lab.screen import runs_of, screen
from simlab.lab.screen_result import Screening
from simlab.scenario import load, with_values
from simlab.scenario.experiment import ScreenSpec, Search
from simlab.scenario.experiments import lever

HERE = Path(__file__).parent
WORLD = {"population.members": 300, "population.prospects": 700, "horizon": 90, "warmup.days": 30}
LEVERS = {
    "levers.push.active.per_week": Search(low=0, high=7),
    "levers.offers.coupon.depth": Search(low=0.02, high=0.3),
    "levers.referral.reward": Search(low=0, high=60),
    "levers.caps.per_day": Search(choices=(1, 2, 3)),
}
RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=128, help="base rows of the Sobol design")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    scenario = with_values(load("default").scenario, WORLD)
    levers = [lever(scenario, path, search) for path, search in LEVERS.items()]
    quick, thorough = ScreenSpec(method="morris"), ScreenSpec(method="sobol", size=options.rows)
    found, took = [], []
    with Crew(threads=1) as crew:
        for spec in (quick, thorough):
            begin = time.process_time()
            found.append(screen(scenario, spec, levers, crew=crew))
            took.append(time.process_time() - begin)
    text = page(found[0], found[1], [runs_of(scenario, spec, levers) for spec in (quick, thorough)], took)
    (options.out / "screen.md").write_text(text, encoding="utf-8")
    print(text)


def page(morris: Screening, sobol: Screening, runs: list[int], took: list[float]) -> str:
    """screen.md"""
    names = [m.factor.path for m in morris.moved]
    total = {m.factor.path: m.effect for m in sobol.moved}
    small = np.array([m.effect.size for m in morris.moved])
    large = np.array([total[name].size for name in names])
    draws = bootstrap(morris, sobol)
    low, high = np.quantile(draws, [0.025, 0.975])
    lines = [
        "# Morris against Sobol", "",
        f"A small world ({WORLD['population.members']} members, {WORLD['population.prospects']} prospects, "
        f"{WORLD['horizon']} days), customer equity per starting member, {len(morris.seeds)} common seeds a point. "
        f"Morris: {morris.kept} trajectories, {runs[0]:,} runs. Sobol: {sobol.kept} base rows, {runs[1]:,} runs.", "",
        "Made by `python docs/validation/screen.py` "
        f"({(took[0] + took[1]) / 60:.1f} minutes of one core).", "",
        f"**Rank correlation of the two orders: {rank_correlation(small, large):.2f}** (95 % interval "
        f"{low:.2f} to {high:.2f}; both designs resampled by blocks). First three places by Morris: "
        f"{', '.join(f'`{n}`' for n in names[:3])}; by Sobol: "
        f"{', '.join(f'`{m.factor.path}`' for m in sobol.moved[:3])}.", "",
        f"Chance is {morris.noise.share:.1%} of the variance over Morris' points and {sobol.noise.share:.1%} over "
        f"Sobol's. Luck that all points share (sd {sobol.noise.common:.1f} yuan between seeds) cancels; what one "
        f"seed adds to a difference has sd {sobol.noise.single:.1f} yuan. Without common seeds both would be "
        "noise.", "",
        "| factor | Morris: mean change, yuan | chance alone | Sobol: total index | chance alone | first order |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for m in morris.moved:
        t = total[m.factor.path]
        lines.append(f"| `{m.factor.path}` | {m.effect.size:.2f} ± {m.effect.error:.2f} | {m.effect.chance:.2f} | "
                     f"{t.size:.3f} ± {t.error:.3f} | {t.chance:.3f} | {t.other:.3f} ± "
                     f"{t.other_error:.3f} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def bootstrap(morris: Screening, sobol: Screening) -> np.ndarray:
    """Rank correlations with the blocks of both designs drawn anew."""
    names = sorted(m.factor.path for m in morris.moved)
    order = [m.factor.path for m in sorted(sobol.moved, key=lambda m: m.factor.path)]
    assert names == order
    paths = morris.tables["points"].columns[2 : 2 + len(names)].tolist()
    single = np.abs(elementary(morris, paths))
    y = means(sobol)
    rng = np.random.default_rng(1)
    found = []
    for _ in range(RESAMPLES):
        a, b = rng.integers(0, len(single), len(single)), rng.integers(0, len(y), len(y))
        index = ((y[b, 1:-1] - y[b, :1]) ** 2).mean(axis=0) / 2 / y[b][:, [0, -1]].var()
        found.append(rank_correlation(single[a].mean(axis=0), index))
    return np.array(found)


def means(found: Screening) -> np.ndarray:
    """(blocks, points of a block) of the complete blocks."""
    frame = found.tables["points"]
    return frame[frame["state"] == "complete"].pivot(index="block", columns="point", values="mean").to_numpy()


def elementary(found: Screening, paths: list[str]) -> np.ndarray:
    """Elementary effects (trajectories, factors)."""
    design = designs.make("morris", len(paths), found.blocks).points
    frame = found.tables["points"]
    kept = (frame.groupby("block")["state"].first() == "complete").to_numpy()
    moves, steps = np.diff(design[kept], axis=1), np.diff(means(found), axis=1)
    return np.einsum("bpd,bp->bd", np.sign(moves), steps) / designs.STEP


if __name__ == "__main__":
    main()
