"""Peak memory of a million people with a mean degree of 10, graph included, in a fresh process.

The child says its own peak as the operating system counts it; it is everything: interpreter, packages,
compiled rules, graph, people, ledger of the whole horizon, and the passing needs of building them.
Run `python -m benchmarks.memory MEMBERS PROSPECTS DAYS` to be that child.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.child import fresh, peak_megabytes
from benchmarks.rows import Row

BAR = 1200.0
MEMBERS, PROSPECTS = 250_000, 750_000


def run(quick: bool = False) -> list[Row]:
    """The default scenario with a million people, in a process that has compiled rules to load."""
    days = 3 if quick else 10
    fresh(["-m", "benchmarks.memory", "200", "600", "1"])  # compiles, where that is still to be done
    said = fresh(["-m", "benchmarks.memory", str(MEMBERS), str(PROSPECTS), str(days)]).said
    peak = said["peak_mb"]
    return [
        Row(
            f"peak memory, {MEMBERS:,} members + {PROSPECTS:,} prospects, mean degree {said['degree']:.1f}, "
            f"{days} days, whole process with the graph",
            f"**{peak:,.0f} MB** (with packages loaded {said['packages_mb']:,.0f}, after the graph "
            f"{said['graph_mb']:,.0f}, after births {said['born_mb']:,.0f})",
            f"< {BAR:,.0f} MB", peak < BAR, {"key": "memory", **said},
        ),
        Row("graph built (communities, placed)", f"{said['graph_rate'] / 1e6:.2f} million people per CPU second"),
        Row("people born", f"{said['birth_rate'] / 1e6:.2f} million per CPU second"),
    ]  # fmt: skip


def child(members: int, prospects: int, days: int) -> None:
    """Build and step a market, then print its costs as one line of JSON."""
    from benchmarks.worlds import graph_of, live_days, scaled
    from simlab.world.market import Market

    tiny = scaled(50, 150)
    Market(tiny, 1, graph_of(tiny)).step()  # loads the compiled rules, which belongs to no rate below
    scenario = scaled(members, prospects)
    packages = peak_megabytes()
    started = time.process_time()
    graph = graph_of(scenario)
    after_graph, graph_mb = time.process_time(), peak_megabytes()
    market = Market(scenario, 1, graph)
    after_birth, born_mb = time.process_time(), peak_megabytes()
    lived = live_days(market, days)
    done = time.process_time()
    print(json.dumps({
        "people": graph.n, "degree": graph.indices.size / graph.n, "packages_mb": packages, "graph_mb": graph_mb,
        "born_mb": born_mb, "peak_mb": peak_megabytes(), "graph_rate": graph.n / (after_graph - started),
        "birth_rate": graph.n / (after_birth - after_graph), "ns_member_day": (done - after_birth) / lived * 1e9,
    }))  # fmt: skip


if __name__ == "__main__":
    child(*(int(word) for word in sys.argv[1:4]))
