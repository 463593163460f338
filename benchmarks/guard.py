"""A guard against slow-downs: what the engine does in the time of the plain loop of W, beside what it once did.

`python -m benchmarks.guard` measures and compares; with `--record` it writes `recorded.json`, after the engine has
become faster. Only ratios of CPU time within this process count, taken in turns: a slow or busy machine slows both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.everything import FILE as EVERYTHING
from benchmarks.rows import surroundings
from benchmarks.timing import Ratio, in_turns
from benchmarks.w_loop import WorkloadW
from benchmarks.w_twin import twin_scenario
from benchmarks.worlds import graph_of, live_days, scaled
from simlab.scenario import Scenario
from simlab.world.market import Market

RECORD = Path(__file__).with_name("recorded.json")
LOSS = 0.3
"""A larger loss against the record fails."""
TURNS, DAYS = 7, 10
PEOPLE = 60_000


@dataclass(frozen=True)
class Watched:
    """A scenario whose speed is watched, from its first days on."""

    name: str
    scenario: Callable[[], Scenario]


WATCHED = {
    each.name: each
    for each in (
        Watched("default", lambda: scaled(PEOPLE // 4, 3 * PEOPLE // 4, "warmup.days=0")),
        Watched(
            "everything",
            lambda: scaled(PEOPLE // 4, 3 * PEOPLE // 4, "warmup.days=0", base=str(EVERYTHING)),
        ),
        Watched("w", lambda: twin_scenario(PEOPLE)),
    )
}


def measured(name: str, turns: int = TURNS) -> Ratio:
    """Cost of a member-day over that of a live user-day of W, over the first days of a world."""
    scenario = WATCHED[name].scenario()
    market = Market(scenario, 1, graph_of(scenario))
    loop = WorkloadW(PEOPLE, 80)
    loop.run()  # compiles
    live_days(market, 2)
    return in_turns(lambda: live_days(market, DAYS), loop.run, turns)


def recorded() -> dict[str, Any]:
    """The committed record: member-days in the time of one live user-day of W, by scenario."""
    return dict(json.loads(RECORD.read_text(encoding="utf-8")))


def keeps_up(value: float, before: float) -> bool:
    """Whether no more than LOSS was lost."""
    return value >= (1 - LOSS) * before


def holds(name: str) -> tuple[bool, str]:
    """Whether a scenario is about as fast as on record, and the figures in words. It gets a second chance."""
    before = recorded()["ratios"][name]
    value = 0.0
    for turns in (TURNS, 2 * TURNS + 1):
        value = max(value, 1 / measured(name, turns).value)
        if keeps_up(value, before):
            break
    return keeps_up(value, before), f"{name}: {value:.3f} member-days, on record {before:.3f}"


def main(record: bool) -> int:
    """Measure all of them; 1 when one has lost too much."""
    if record:
        ratios = {name: round(1 / measured(name, 3 * TURNS).value, 4) for name in WATCHED}
        here = surroundings()
        kept = {key: here[key] for key in ("date", "processor", "load", "commit", "world")}
        what = "member-days in the time of one live user-day of the plain loop of W"
        RECORD.write_text(json.dumps({"what": what, "ratios": ratios, "at": kept}, indent=1) + "\n")
        print(ratios)
        return 0
    results = [holds(name) for name in WATCHED]
    for good, text in results:
        print(text, "" if good else "LOST")
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    raise SystemExit(main("--record" in sys.argv[1:]))
