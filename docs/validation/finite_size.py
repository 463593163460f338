"""Does a small world tell the means of a large one? The default scenario with 1,000 to 10 million people.

    python docs/validation/finite_size.py                       # go on where the last call stopped, then write the page
    python docs/validation/finite_size.py --largest 1000000     # leave the larger sizes out for now
    python docs/validation/finite_size.py --minutes 30          # stop there; the same command continues
    python docs/validation/finite_size.py --page                # only write the page

Every run has a graph and people of its own. It is lived twice, with and without churn contagion, on the same seed.
Finished runs stand in finite_size.jsonl; the page is finite_size.md with finite_size.png.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import t

from simlab.scenario import Scenario, load
from simlab.world.compiled import sources_digest
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.network import social_graph
from simlab.world.outcomes import outcomes

HERE = Path(__file__).parent
SEEDS = {1000: 200, 3000: 150, 10_000: 80, 30_000: 40, 100_000: 16, 300_000: 8, 1_000_000: 4, 3_000_000: 2,
         10_000_000: 1}  # fmt: skip
"""People, members and prospects together, and how many seeds of them."""
MEASURED = {
    "equity": "customer equity per starting member, yuan",
    "k": "K: joined by invitation per member ever",
    "contagion": "relations ended per member-day, with churn contagion relative to without",
}
LARGE = 100_000
"""From here on sizes are taken together as the limit that smaller ones are compared with."""


def world(people: int, seed: int, contagion: bool) -> Scenario:
    """The default scenario with so many people: advertising in proportion, a graph by seed."""
    model = load("default").scenario
    members = people // 4
    exposures = model.levers.sources["ads"].exposures * people / 20_000
    off = () if contagion else ("behaviour.contagion.friend=0", "behaviour.contagion.inviter=0")
    return load("default", (
        f"population.members={members}", f"population.prospects={people - members}",
        f"levers.sources.ads.exposures={exposures}", f"graph.seed={seed}", *off,
    )).scenario  # fmt: skip


def measure(people: int, seed: int) -> dict[str, float]:
    """One world, lived with and without contagion."""
    ends, found = [], {}
    for contagion in (True, False):
        scenario = world(people, seed, contagion)
        market = Market(scenario, seed, social_graph(scenario.graph, people)).run()
        ledger = market.book.ledger[scenario.warmup.days :].sum(axis=(0, 2, 3))
        ends.append(int(ledger[:, M.ended].sum()) / int(ledger[:-2, M.members].sum()))
        if contagion:
            values = outcomes(market)
            found = {"equity": values["customer_equity"], "k": values["k_factor"]}
        market.release()
    with_it, without = ends
    return found | {"contagion": with_it / without if without else math.nan}


def finished(file: Path) -> list[dict[str, float]]:
    """What earlier calls found."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def go_on(file: Path, largest: int, minutes: float) -> None:
    """Do the runs that are missing, a share of each size before the next share."""
    until = time.monotonic() + 60 * minutes
    done = {(row["people"], row["seed"]) for row in finished(file)}
    todo = [(people, seed) for people, seeds in SEEDS.items() for seed in range(1, seeds + 1)]
    for people, seed in sorted(todo, key=lambda run: (run[1] / SEEDS[run[0]], run[0])):
        if people > largest or (people, seed) in done:
            continue
        if time.monotonic() > until:
            return
        began = time.perf_counter()
        row = {"people": people, "seed": seed, **measure(people, seed), "rules": sources_digest()[:12]}
        row["seconds"] = round(time.perf_counter() - began, 1)
        with file.open("a") as out:
            out.write(json.dumps(row) + "\n")


def summary(rows: list[dict[str, float]]) -> pd.DataFrame:
    """By size and measure: mean, half-width of its 95 % interval, standard deviation between seeds."""
    frame = pd.DataFrame(rows)
    lines = []
    for people, part in frame.groupby("people"):
        for name in MEASURED:
            values = part[name].dropna().to_numpy()
            n = len(values)
            spread = float(values.std(ddof=1)) if n > 1 else math.nan
            half = float(t.ppf(0.975, n - 1)) * spread / math.sqrt(n) if n > 1 else math.nan
            lines.append((people, name, n, float(values.mean()), half, spread))
    return pd.DataFrame(lines, columns=["people", "measure", "seeds", "mean", "half", "sd"])


def limit(rows: list[dict[str, float]], name: str) -> tuple[float, float]:
    """Mean over all large worlds, weighted by their people, and the half-width of its 95 % interval."""
    frame = pd.DataFrame(rows)
    frame = frame[(frame["people"] >= min(LARGE, frame["people"].max())) & frame[name].notna()]
    weight = frame["people"] / frame["people"].sum()
    mean = float((weight * frame[name]).sum())
    n = len(frame)
    if n < 3:
        return mean, math.nan
    # the variance of a world falls with its people: weighted residuals estimate that of the weighted mean
    variance = float((weight * (frame[name] - mean) ** 2).sum()) / (n - 1)
    return mean, float(t.ppf(0.975, n - 1)) * math.sqrt(variance)


def draw(table: pd.DataFrame, rows: list[dict[str, float]]) -> Figure:
    """The three curves, each against the mean of the large worlds."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    for ax, (name, words) in zip(figure.subplots(1, 3), MEASURED.items(), strict=True):
        part = table[table["measure"] == name]
        mean, half = limit(rows, name)
        ax.axhspan(mean - half, mean + half, color="#1f5f8b", alpha=0.15, lw=0)
        ax.axhline(mean, color="#1f5f8b", lw=0.8)
        ax.errorbar(
            part["people"], part["mean"], part["half"].fillna(0), marker="o", ms=4, capsize=3, color="#1f5f8b"
        )
        ax.set_xscale("log")
        ax.set_xlabel("people")
        ax.set_title(fill(words, 44), fontsize=9)
        ax.grid(alpha=0.3)
    return figure


def page(rows: list[dict[str, float]]) -> str:
    """The page in words and tables."""
    table = summary(rows)
    top = int(table["people"].max())
    parts = [
        "# How large must a world be?\n",
        "The default scenario with more or fewer people (a quarter of them members, advertising in proportion), "
        "120 days of warm-up and 365 days. Each seed has a graph and people of its own and is lived twice, with and "
        "without churn contagion. Intervals are 95 %, over seeds.\n",
        f"Made by `python docs/validation/finite_size.py`; the largest world so far has {top:,} people.\n",
        "![Means by size](finite_size.png)\n",
    ]  # fmt: skip
    for name, words in MEASURED.items():
        mean, half = limit(rows, name)
        part = table[table["measure"] == name]
        parts += [f"## {words[0].upper()}{words[1:]}\n",
                  f"Worlds of {LARGE:,} people and more, taken together: {mean:.4g} ± {half:.2g}.\n",
                  "| people | seeds | mean | ± | relative to the large worlds | sd of seeds | sd x root of people |",
                  "|---|---|---|---|---|---|---|"]  # fmt: skip
        for row in part.itertuples():
            off = f"{100 * (row.mean / mean - 1):+.2f} % ± {100 * row.half / mean:.2f}"
            parts.append(f"| {row.people:,} | {row.seeds} | {row.mean:.4g} | {row.half:.2g} | {off} | {row.sd:.3g} | "
                         f"{row.sd * math.sqrt(row.people):.3g} |")  # fmt: skip
        parts.append("")
    return "\n".join(parts).replace("nan", "-")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=max(SEEDS), help="people of the largest world")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no run after so long")
    parser.add_argument("--page", action="store_true", help="no runs, only the page")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "finite_size.jsonl"
    if not options.page:
        go_on(file, options.largest, options.minutes)
    rows = finished(file)
    (options.out / "finite_size.md").write_text(page(rows), encoding="utf-8")
    draw(summary(rows), rows).savefig(options.out / "finite_size.png", dpi=150)
    print(page(rows))


if __name__ == "__main__":
    main()
