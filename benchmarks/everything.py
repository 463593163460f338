"""Everything on (`everything.yaml`): what a member-day costs with every primitive at work.

Against a live user-day of the plain loop on W, and against a member-day of the default scenario: the same number of
people, days in turns.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.engine import EngineWork
from benchmarks.rows import Row
from benchmarks.timing import Ratio, costs_in_turns, ratio_of
from benchmarks.w_loop import WorkloadW
from benchmarks.worlds import scaled

FILE = Path(__file__).with_name("everything.yaml")
BAR_W, BAR_DEFAULT = 0.3, 2.5
SIZES = ((5_000, 15_000), (25_000, 75_000))
"""The default scenario's own members, and 100,000 people, as W counts its users. The bar must hold for both."""


def run(quick: bool = False) -> list[Row]:
    """Both ratios at each size."""
    return [row for size in (SIZES[1:] if quick else SIZES) for row in of_size(*size, quick)]


def of_size(members: int, prospects: int, quick: bool) -> list[Row]:
    """Both ratios with so many people; small worlds have more slices, because theirs are short."""
    days = 12 if quick else 30
    repetitions = 7 if quick else 12 * SIZES[1][0] // members
    work = EngineWork(scaled(members, prospects, base=str(FILE)), days)
    plain = EngineWork(scaled(members, prospects), days)
    loop = WorkloadW(100_000, 100 if quick else 365)
    works = work.run, plain.run, loop.run
    for each in works:  # compile and load
        each()

    def ready() -> None:
        work.ready()
        plain.ready()

    costs = costs_in_turns(works, repetitions, ready)
    against_default, against_w = ratio_of(costs[:, [0, 1]]), ratio_of(costs[:, [0, 2]])
    value, low, high = 1 / against_w.value, 1 / against_w.high, 1 / against_w.low
    who = f"everything on (benchmarks/everything.yaml), {members:,} members + {prospects:,} prospects, one thread"
    return [
        Row(
            f"{who}: member-days in the time of one live user-day of W",
            f"**{value:.2f}** ({low:.2f} to {high:.2f}); {against_w.top:.0f} ns a member-day, "
            f"W {against_w.bottom:.0f} ns",
            f">= {BAR_W:g}", value >= BAR_W, _values(f"everything_w_{members}", against_w),
        ),
        Row(
            f"{who}: cost of a member-day, times that of the default scenario",
            f"{against_default}; {against_default.top:.0f} ns, default {against_default.bottom:.0f} ns",
            f"<= {BAR_DEFAULT:g}", against_default.value <= BAR_DEFAULT,
            _values(f"everything_default_{members}", against_default),
        ),
    ]  # fmt: skip


def _values(key: str, ratio: Ratio) -> dict[str, float | int | str]:
    return {"key": key, "ratio": ratio.value, "low": ratio.low, "high": ratio.high, "ns": ratio.top,
            "ns_other": ratio.bottom, "repetitions": ratio.repetitions}  # fmt: skip
