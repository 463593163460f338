"""How cost grows with size: a member-day at 100,000 to 10 million people, building them, and whole years.

Run `python -m benchmarks.size PEOPLE DAYS` to be the child that lives one run in a fresh process, and
`python -m benchmarks.size build PEOPLE [touched]` for the one that builds a world.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import numpy as np

from benchmarks.child import fresh, peak_megabytes
from benchmarks.rows import Row
from benchmarks.timing import Ratio, cpu_ns, ratio_of
from benchmarks.worlds import graph_of, live_days, scaled
from simlab.scenario import load
from simlab.world.market import Market

SMALLEST, LARGEST = 100_000, 10_000_000
BARS = {1_000_000: 1.3, LARGEST: 1.6}
"""Cost of a member-day relative to that at 100,000 people."""
BUILT = 1e6
"""People a second and thread, graph and births together each."""
YEARS = (100_000, 300_000, 1_000_000, 3_000_000, LARGEST)
TIME_BAR, MEMORY_BAR, MOST = 1.3, 1.15, 12_000.0
"""The forecast before a run is to be within these factors; megabytes that the largest may take."""
SLICES, SLICE = 6, 10
TOUCHED = 2000
"""Bytes for each person that are touched beforehand: several times what they need."""


def run(quick: bool = False, full: bool = False) -> list[Row]:
    """Growth of the cost, speed of building, whole years beside their forecasts; 10 million only with `full`."""
    sizes = [n for n in (SMALLEST, *BARS) if n < LARGEST or full]
    rows = growth(sizes, 2 if quick else SLICES)
    days = 20 if quick else 365
    years = [n for n in YEARS if n <= (SMALLEST if quick else LARGEST if full else 1_000_000)]
    child = ["-W", "ignore", "-m", "benchmarks.size"]
    fresh([*child, "800", "3"])  # compiles, where that is still to be done
    people = SMALLEST if quick else 1_000_000
    built = [fresh([*child, "build", str(people), *how]).said for how in ((), ("touched",))]
    rows += building_rows(people, *built)
    for people in years:
        rows += year_rows(people, days, fresh([*child, str(people), str(days)]).said)
    return rows


def growth(sizes: list[int], slices: int) -> list[Row]:
    """The first days of markets of different size, in turns."""
    scenarios = [scaled(n // 4, n - n // 4, "warmup.days=0") for n in sizes]
    markets = [Market(scenario, 1, graph_of(scenario)) for scenario in scenarios]
    costs = np.array([[cpu_ns(lambda m=m: live_days(m, SLICE)) for m in markets] for _ in range(slices)])
    rows = []
    for k, people in enumerate(sizes[1:], 1):
        ratio = ratio_of(costs[1:, [k, 0]])  # the first slice loads code and pages
        rows.append(Row(
            f"cost of a member-day with {people:,} people, times that with {sizes[0]:,}; days {SLICE + 1} to "
            f"{SLICE * slices}, one thread",
            f"{ratio}; {ratio.top:.0f} ns, with {sizes[0]:,} {ratio.bottom:.0f} ns", f"<= {BARS[people]:g}",
            ratio.value <= BARS[people], _values(f"size_{people}", ratio),
        ))  # fmt: skip
    return rows


def building_rows(people: int, first: dict[str, float], said: dict[str, float]) -> list[Row]:
    """How fast graph and people are built, and what they weigh; `first`: in memory that nobody had touched."""
    grown = [(first[after] - first["packages_mb"]) * 1e6 / people for after in ("graph_mb", "born_mb")]
    weight = Row(
        f"memory of {people:,} people, at most", f"{grown[0]:.0f} bytes each while the graph is built, "
        f"{grown[1]:.0f} with graph, births and book", values={"key": "bytes", "graph": grown[0], "all": grown[1]},
    )  # fmt: skip
    return [
        weight,
        *(Row(f"{what}, {people:,} people, one thread",
            f"**{said[rate] / 1e6:.2f} million a second** of CPU time ({first[rate] / 1e6:.2f} in memory that "
            "is touched for the first time)", f">= {BUILT / 1e6:g} million", said[rate] >= BUILT,
            {"key": f"built_{key}", "rate": said[rate], "first": first[rate]})
        for key, what, rate in (
            ("graph", "graph built (communities, placed)", "graph_rate"),
            ("people", "people born, and the book opened", "birth_rate"),
        )),
    ]  # fmt: skip


def year_rows(people: int, days: int, said: dict[str, float]) -> list[Row]:
    """One run beside its forecast, and beside the machine's memory."""
    slower, larger = said["seconds"] / said["forecast_seconds"], said["peak_mb"] / said["forecast_mb"]
    name = f"{people:,} people, {days} days, one thread"
    rows = [
        Row(
            f"{name}: time, times the forecast",
            f"**{slower:.2f}** ({said['seconds']:,.1f} s, forecast {said['forecast_seconds']:,.1f} s)",
            f"within a factor {TIME_BAR:g}", 1 / TIME_BAR <= slower <= TIME_BAR,
            {"key": f"year_time_{people}", **said},
        ),
        Row(
            f"{name}: peak memory, times the forecast",
            f"**{larger:.2f}** ({said['peak_mb']:,.0f} MB, forecast {said['forecast_mb']:,.0f} MB)",
            f"within a factor {MEMORY_BAR:g}", 1 / MEMORY_BAR <= larger <= MEMORY_BAR,
            {"key": f"year_memory_{people}", "ratio": larger},
        ),
    ]  # fmt: skip
    if people == LARGEST:
        rows.append(Row(f"{name}: peak memory", f"**{said['peak_mb']:,.0f} MB**", f"< {MOST:,.0f} MB",
                        said["peak_mb"] < MOST, {"key": "year_largest", "peak_mb": said["peak_mb"]}))  # fmt: skip
    return rows


def _values(key: str, ratio: Ratio) -> dict[str, float | str]:
    return {"key": key, "ratio": ratio.value, "low": ratio.low, "high": ratio.high, "ns": ratio.top,
            "ns_other": ratio.bottom}  # fmt: skip


def year(people: int, days: int) -> None:
    """`simlab run` of one seed, its report included; what it forecast and what it took, as one line of JSON."""
    from simlab.verbs import run as simulate

    exposures = load("default").scenario.levers.sources["ads"].exposures * people / 20_000
    sizes = (
        f"population.members={people // 4}", f"population.prospects={people - people // 4}",
        f"levers.sources.ads.exposures={exposures}", f"horizon={days}", "warmup.days=0",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="simlab-benchmark-") as folder:
        facts = simulate("default", sizes, seeds=1, worlds=0, threads=1, out=folder).manifest
    print(json.dumps({
        "seconds": facts["seconds"], "forecast_seconds": facts["forecast seconds"],
        "peak_mb": peak_megabytes(), "forecast_mb": facts["forecast MB"],
    }))  # fmt: skip


def build(people: int, touched: bool = False) -> None:
    """Graph and births, timed apart (medians of three) and weighed, as one line of JSON.

    Args:
        touched: the machine has had this memory in use before. Many virtual machines are given their memory when it is
            touched for the first time, which is charged to whoever happens to do so: on ours as much as the births.
    """
    small = scaled(50, 150)
    Market(small, 1, graph_of(small)).step()  # loads the compiled rules, which belongs to no rate below
    scenario = scaled(people // 4, people - people // 4, "warmup.days=0")
    packages = peak_megabytes()
    if touched:
        np.ones(people * TOUCHED // 8)
    found: list[dict[str, float]] = []
    for _ in range(3 if touched else 1):
        began = time.process_time()
        graph = graph_of(scenario)
        drawn, graph_mb = time.process_time(), peak_megabytes()
        market = Market(scenario, 1, graph)
        born = time.process_time()
        market.release()
        found.append({"graph_rate": people / (drawn - began), "birth_rate": people / (born - drawn)})
    rates = {name: float(np.median([each[name] for each in found])) for name in found[0]}
    print(json.dumps({**rates, "packages_mb": packages, "graph_mb": graph_mb, "born_mb": peak_megabytes()}))


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(int(sys.argv[2]), *(word == "touched" for word in sys.argv[3:]))
    else:
        year(int(sys.argv[1]), int(sys.argv[2]))
