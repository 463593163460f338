"""Where is the best cadence, coupon depth and reward, and is it inside the range?

    python docs/validation/optimum.py                 # the three curves and 200 sampled worlds
    python docs/validation/optimum.py --quick         # fewer seeds and worlds

Writes optimum.md and optimum.png beside this file.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import qmc, t

from simlab.lab.ground import Ground, ground_of
from simlab.lab.runs import simulate
from simlab.scenario import Scenario, get_value, load, with_values
from simlab.scenario.behaviour import parameters

HERE = Path(__file__).parent
CADENCE = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0)
DEPTH = (0.0, 0.05, 0.08, 0.10, 0.12, 0.15, 0.20, 0.30, 0.40)
REWARD = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0)


def cadence(x: float) -> dict[str, float]:
    """The default strategy's cadence, scaled so that active members get x touches a week."""
    levers = {f"levers.push.{s}.per_week": x for s in ("new", "loyal", "active")}
    return {**levers, "levers.push.at_risk.per_week": x / 2, "levers.push.dormant.per_week": x / 6}


def depth(x: float) -> dict[str, float]:
    """The coupon's depth."""
    return {"levers.offers.coupon.depth": x}


def reward(x: float) -> dict[str, float]:
    """The inviter's reward; the invitee gets half of it."""
    return {"levers.referral.reward": x, "levers.referral.invitee_reward": round(x / 2, 2)}


CURVES = {
    "cadence, touches a week": (cadence, CADENCE),
    "coupon depth": (depth, DEPTH),
    "referral reward, yuan": (reward, REWARD),
}


def equity(
    scenario: Scenario, ground: Ground, arms: Sequence[Mapping[str, float]], seeds: Sequence[int]
) -> np.ndarray:
    """(arms, seeds) customer equity per starting member, the same seeds in every arm."""
    # today's members and the warm-up are the same in every arm: the strategy starts on the valuation date
    now = {p: v for arm in arms for p, v in _current(scenario, arm).items()}
    models = []
    for arm in arms:
        warmup = scenario.warmup.model_copy(update={"levers": now})
        models.append(with_values(scenario, dict(arm)).model_copy(update={"warmup": warmup}))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [[pool.submit(simulate, m, s, ground, 0, False) for s in seeds] for m in models]
        runs = [[job.result() for job in row] for row in jobs]
    for run in (r for row in runs for r in row):
        if run.failure:
            raise RuntimeError(run.failure)
    return np.array([[r.outcomes["customer_equity"] for r in row] for row in runs])


def _current(scenario: Scenario, arm: Mapping[str, float]) -> dict[str, float]:
    return {path: get_value(scenario, path) for path in arm}


def interval(values: np.ndarray) -> tuple[float, float]:
    """Mean and half-width of the 95 % t interval."""
    n = len(values)
    return float(values.mean()), float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))


def curves(scenario: Scenario, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Each lever alone, the others at the scenario's values."""
    ground = ground_of(scenario)
    out = {}
    for name, (arm, grid) in CURVES.items():
        values = equity(scenario, ground, [arm(x) for x in grid], seeds)
        best = int(values.mean(axis=1).argmax())
        rows = []
        for x, row in zip(grid, values, strict=True):
            level, half = interval(row)
            less, less_half = interval(row - values[best])
            wins = int((values.argmax(axis=0) == len(rows)).sum())
            rows.append((x, level, half, less, less_half, wins))
        out[name] = pd.DataFrame(
            rows, columns=["x", "equity", "±", "minus best", "± (paired)", "best in seeds"]
        )
    return out


def worlds(scenario: Scenario, count: int, seeds: Sequence[int]) -> pd.DataFrame:
    """In what share of worlds drawn from every parameter's plausible range does each optimum stay inside?"""
    small = scenario.population.model_copy(update={"members": 2000, "prospects": 6000})
    scenario = scenario.model_copy(update={"population": small, "uncertainties": {}})
    ground = ground_of(scenario)
    rows = parameters()
    points = qmc.Sobol(len(rows), scramble=True, seed=7).random_base2(int(np.ceil(np.log2(count))))[:count]
    found = []
    for k, point in enumerate(points):
        values = {}
        for row, u in zip(rows, point, strict=True):
            low, high = row["plausible"]
            values[row["path"]] = low + u * (high - low)
        world = with_values(scenario, values, to_grain=True)
        for name, (arm, grid) in CURVES.items():
            coarse = grid[::2] if grid[-1] == grid[::2][-1] else (*grid[::2], grid[-1])
            means = equity(world, ground, [arm(x) for x in coarse], seeds).mean(axis=1)
            best = int(means.argmax())
            found.append((k, name, coarse[best], 0 < best < len(coarse) - 1))
    return pd.DataFrame(found, columns=["world", "lever", "best", "interior"])


def draw(tables: dict[str, pd.DataFrame]) -> Figure:
    """The three curves with their intervals."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    for ax, (name, frame) in zip(figure.subplots(1, 3), tables.items(), strict=True):
        ax.errorbar(
            frame["x"], frame["minus best"], frame["± (paired)"], marker="o", ms=4, capsize=3, color="#1f5f8b"
        )
        ax.axhline(0, color="#999999", lw=0.8)
        ax.set_xlabel(name)
        ax.set_ylabel("equity per member against the best, yuan")
        ax.grid(alpha=0.3)
    return figure


def markdown(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    head = "| " + " | ".join(frame.columns) + " |\n" + "|---" * len(frame.columns) + "|\n"
    return head + "\n".join("| " + " | ".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in row) + " |"
                            for row in frame.round(2).itertuples(index=False))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--worlds", type=int, default=None)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    scenario = load("default").scenario
    seeds = range(1, 9) if options.quick else range(1, 41)
    count = options.worlds if options.worlds is not None else (8 if options.quick else 200)
    tables = curves(scenario, seeds)
    options.out.mkdir(parents=True, exist_ok=True)
    draw(tables).savefig(options.out / "optimum.png", dpi=150)
    parts = ["# Where the optimum lies\n", f"Default scenario, {len(seeds)} pairs of seeds; each lever alone, the "
             "others at the default; customer equity in yuan per member on the valuation date.\n",
             "Made by `python docs/validation/optimum.py`.\n", "![The three curves](optimum.png)\n"]  # fmt: skip
    for name, frame in tables.items():
        parts += [f"## {name[0].upper()}{name[1:]}\n", markdown(frame) + "\n"]
    if count:
        found = worlds(scenario, count, (1, 2))
        shares = found.groupby("lever", sort=False)["interior"].mean()
        nothing = found.assign(nothing=found["best"] == 0).groupby("lever", sort=False)["nothing"].mean()
        parts += ["## Over plausible worlds\n", f"{count} worlds, every behavioural parameter drawn independently "
                  "from its plausible range (docs/parameters.md), 2,000 members, 2 seeds, a coarser grid. Share of "
                  "worlds in which the best point is not the first or last of its grid:\n"]  # fmt: skip
        parts += [f"- {lever}: {100 * share:.0f} % (nothing at all is best in {100 * nothing[lever]:.0f} %)"
                  for lever, share in shares.items()]  # fmt: skip
        parts += ["\nThis is reported, not fitted.\n"]
    (options.out / "optimum.md").write_text("\n".join(parts), encoding="utf-8")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
