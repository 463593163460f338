"""A whole tune: 200 trials x 4 seeds x 20,000 people x 180 days; what was forecast before it, and what it took.

Run `python -m benchmarks.tune TRIALS THREADS` to be the child that does it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.child import children_megabytes, fresh, peak_megabytes
from benchmarks.rows import Row

TRIALS, QUICK_TRIALS = 200, 12
TIME_BAR, MEMORY_BAR = 1.3, 1.15
"""The forecast is to be within these factors of what came."""
EXPERIMENT = """
name: Benchmark
scenario: default
set: {{{values}}}
tune:
  levers:
    levers.push.new.per_week: [0, 7]
    levers.push.active.per_week: [0, 7]
    levers.push.at_risk.per_week: [0, 5]
    levers.offers.coupon.depth: [0%, 25%]
    levers.referral.reward: [0 yuan, 80 yuan]
  trials: {trials}
  panel: 4
  {more}
"""
WHOLE = ("horizon: 180", "")
SHORT = (
    "horizon: 60, population.members: 1000, population.prospects: 3000",
    "finalists: 2\n  selection_seeds: 4\n  report_seeds: 4\n  worlds: 2",
)
"""`set` and further lines of the experiment, for the whole tune and for a short one."""


def run(quick: bool = False) -> list[Row]:
    """One tune in a fresh process, with as many threads or processes of its own as there are processors."""
    trials, threads = QUICK_TRIALS if quick else TRIALS, os.cpu_count() or 1
    size = "4,000 people x 60 days" if quick else "20,000 people x 180 days"
    said = fresh(["-W", "ignore", "-m", "benchmarks.tune", str(trials), str(threads)]).said
    slower, larger = said["seconds"] / said["forecast_seconds"], said["peak_mb"] / said["forecast_mb"]
    return [
        Row(
            f"tune, {trials} trials x 4 seeds x {size} (and the 120 before), {threads} workers",
            f"**{said['seconds']:,.0f} s**, {said['runs']:,} runs with choice, report and checks; the search alone "
            f"{said['search_seconds']:,.0f} s, {said['search_ms']:.0f} ms a run",
            values={"key": "tune", **said},
        ),
        _against("time", slower, f"{said['seconds']:,.0f} s, forecast {said['forecast_seconds']:,.0f} s", TIME_BAR),
        _against("memory", larger, f"{said['peak_mb']:,.0f} MB, forecast {said['forecast_mb']:,.0f} MB", MEMORY_BAR),
    ]  # fmt: skip


def _against(what: str, ratio: float, text: str, bar: float) -> Row:
    return Row(
        f"tune: {what} that it took, times the forecast before it", f"**{ratio:.2f}** ({text})",
        f"within a factor {bar:g}", 1 / bar <= ratio <= bar, {"key": f"tune_{what}", "ratio": ratio},
    )  # fmt: skip


def child(trials: int, threads: int) -> None:
    """Forecast, tune, and say both as one line of JSON."""
    from simlab.lab import tune as lab
    from simlab.lab.crew import Crew, rules
    from simlab.lab.store import Store
    from simlab.lab.tune_plan import foresee, plan
    from simlab.lab.watch import Nobody
    from simlab.scenario.experiments import load_experiment

    class Clock(Nobody):
        """Notes when the search said its last word."""

        at = 0.0

        def doing(self, text: str) -> None:
            if text.startswith("Searching"):
                self.at = time.perf_counter()

    with tempfile.TemporaryDirectory(prefix="simlab-benchmark-") as name:
        folder = Path(name)
        file = folder / "tune.yaml"
        values, more = WHOLE if trials >= TRIALS else SHORT
        file.write_text(EXPERIMENT.format(trials=trials, values=values, more=more))
        todo = plan(load_experiment(file))
        expected = foresee(todo, threads)
        began = time.perf_counter()
        clock = Clock()
        with Crew(Store(folder, rules()), threads=threads, watcher=clock) as crew:
            crew.expects(expected)
            lab.tune(todo, crew, folder, watcher=clock)
            runs, workers = crew.done, children_megabytes()
        took = time.perf_counter() - began
    search = clock.at - began
    print(json.dumps({
        "seconds": took, "forecast_seconds": expected.seconds, "peak_mb": peak_megabytes() + workers,
        "forecast_mb": expected.megabytes, "runs": runs, "forecast_runs": expected.runs,
        "search_seconds": search, "search_ms": 1000 * search / (4 * (trials + 1)),
    }))  # fmt: skip


if __name__ == "__main__":
    child(int(sys.argv[1]), int(sys.argv[2]))
