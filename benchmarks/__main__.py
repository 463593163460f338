"""`python -m benchmarks [--quick] [--full] [--only NAME ...] [--peers-python PATH] [--out docs/performance.md]`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks import engine, everything, memory, mesa, size, startup, threads, trial, tune, w
from benchmarks.rows import Row, printed, surroundings, written

PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "w": lambda chosen: w.run(chosen.quick, chosen.full, chosen.peers_python),
    "engine": lambda chosen: engine.run(chosen.quick),
    "everything": lambda chosen: everything.run(chosen.quick),
    "size": lambda chosen: size.run(chosen.quick, chosen.full),
    "threads": lambda chosen: threads.run(chosen.quick),
    "mesa": lambda chosen: mesa.run(chosen.quick),
    "memory": lambda chosen: memory.run(chosen.quick),
    "startup": lambda chosen: startup.run(chosen.quick),
    "trial": lambda chosen: trial.run(chosen.quick),
    "tune": lambda chosen: tune.run(chosen.quick),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for, show the table; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Speed and memory beside peers."
    )
    parser.add_argument("--quick", action="store_true", help="smaller and shorter; some minutes")
    parser.add_argument(
        "--full", action="store_true", help="also what takes an hour and 12 GB: ten million users"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="one part (may be repeated)")
    parser.add_argument(
        "--peers-python", action="append", default=[], metavar="PATH",
        help="another interpreter that has peers which are not installed here (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        type=Path,
        help="write the tables to this Markdown file, the numbers to a JSON file beside it",
    )
    chosen = parser.parse_args(arguments)
    console = Console()
    missed = False
    for name, part in PARTS.items():
        if chosen.only and name not in chosen.only:
            continue
        before = surroundings()
        with console.status(name):
            rows = part(chosen)
        printed(name, rows, console)
        missed |= any(row.holds is False for row in rows)
        if chosen.out is not None:
            written(chosen.out, name, rows, before, surroundings())
            console.print(f"Written to {chosen.out} and {chosen.out.with_suffix('.json')}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
