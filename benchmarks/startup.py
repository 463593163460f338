"""How long until the engine is ready, with a warm cache and an empty one; until help, and a verb's first line.

These are times, not ratios: wall time counts for whoever waits, CPU time is what a busy machine
leaves unchanged. Run `python -m benchmarks.startup` to be the child.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.child import Finished, fresh
from benchmarks.rows import Row

WARM_BAR, FIRST_BAR, HELP_BAR, LINE_BAR = 3.0, 60.0, 0.3, 2.0
CHILD = ["-m", "benchmarks.startup"]
HELP = ["-c", "import sys; sys.argv = ['simlab', '--help']; from simlab.cli import main; main()"]
LINE = """
import os, sys
from simlab import cli
cli.Bar.says = lambda bar, text: os._exit(0)
cli.main(["run", "default", "--out", sys.argv[1]])
raise SystemExit("nothing was said")
"""
"""`simlab run default` up to its first line."""


def run(quick: bool = False) -> list[Row]:
    """Fresh processes for each; the cache of the timed ones is a folder of their own."""
    repetitions = 2 if quick else 5
    with tempfile.TemporaryDirectory(prefix="simlab-benchmark-") as folder:
        cache = Path(folder)
        first = fresh(CHILD, cache)
        warm = [fresh(CHILD, cache) for _ in range(repetitions)]
        line = [fresh(["-c", LINE, folder], cache) for _ in range(repetitions)]
    return [
        _row("engine ready from a warm cache (import, 800 people, one day)", warm, "startup_warm", WARM_BAR),
        _row("first compile, empty cache (the same)", [first], "startup_first", FIRST_BAR),
        _row("simlab --help", [fresh(HELP) for _ in range(repetitions)], "startup_help", HELP_BAR),
        _row("`simlab run default`: its first line", line, "startup_line", LINE_BAR),
    ]


def _row(name: str, runs: list[Finished], key: str, bar: float) -> Row:
    wall, cpu = median(run.wall for run in runs), median(run.cpu for run in runs)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return Row(
        name, f"**{wall:.2f} s** ({cpu:.2f} s CPU)", f"< {bar:g} s", wall < bar,
        {"key": key, "wall": wall, "cpu": cpu, "load": load, "runs": [[r.wall, r.cpu] for r in runs],
         **runs[0].said},
    )  # fmt: skip


def child() -> None:
    """Import, build and step a small market; print the parts as one line of JSON."""
    started = time.process_time()
    from benchmarks.worlds import graph_of, scaled
    from simlab.world.market import Market

    imported = time.process_time()
    scenario = scaled(200, 600)
    graph = graph_of(scenario)
    market = Market(scenario, 1, graph)
    built = time.process_time()
    market.step()
    stepped = time.process_time()
    print(json.dumps({
        "import_cpu": imported - started, "build_cpu": built - imported, "first_step_cpu": stepped - built,
    }))  # fmt: skip


if __name__ == "__main__":
    child()
