"""What a benchmark hands back, and how it is shown: terminal table, Markdown, JSON."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.child import ROOT

BEGIN, END = "<!-- {}: written by python -m benchmarks -->", "<!-- {}: end -->"
"""Marks around the table of a part."""
PACKAGES = ("numpy", "numba", "mesa", "networkx")


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, its value in words, its bar, and whether it holds.

    Attributes:
        name: what was measured.
        text: the figure with its unit.
        bar: the bar in words; empty where there is none.
        holds: whether the bar is met; None without one.
        values: the numbers themselves, for the JSON file.
    """

    name: str
    text: str
    bar: str = ""
    holds: bool | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The bar's outcome in a word."""
        return "" if self.holds is None else ("yes" if self.holds else "NO")


def surroundings() -> dict[str, Any]:
    """Where and when: processor, cores, load, versions, commit."""
    from simlab.world.compiled import sources_digest

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = os.getloadavg() if hasattr(os, "getloadavg") else (float("nan"),) * 3
    head = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # an archive without its history
        commit = "unknown"
    return {
        "date": datetime.datetime.now().isoformat(timespec="minutes"),
        "processor": model,
        "cores": os.cpu_count(),
        "load": [round(x, 1) for x in load],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "commit": commit,
        "world": sources_digest()[:12],
    }


def printed(part: str, rows: Sequence[Row], console: Console) -> None:
    """A part's table on the terminal."""
    table = Table(title=f"Benchmarks: {part}")
    for column in ("what", "measured", "bar", "holds"):
        table.add_column(column, overflow="fold")
    for row in rows:
        style = "red" if row.holds is False else None
        table.add_row(row.name, row.text, row.bar, row.verdict, style=style)
    console.print(table)


def markdown(rows: Sequence[Row], before: dict[str, Any], after: dict[str, Any]) -> str:
    """The table and its surroundings as Markdown."""
    packages = ", ".join(f"{name} {before[name]}" for name in PACKAGES)
    load = " / ".join(f"{x:g}" for x in before["load"]) + " before, "
    load += " / ".join(f"{x:g}" for x in after["load"]) + " after"
    lines = [
        f"{before['date']}; {before['processor']}, {before['cores']} cores; {before['system']}; "
        f"Python {before['python']}, {packages}; commit {before['commit']}, rules {before['world']}. "
        f"Load average (1 / 5 / 15 min) {load}.",
        "",
        "| what | measured | bar | holds |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {row.name} | {row.text} | {row.bar} | {row.verdict} |" for row in rows]
    return "\n".join(lines)


def written(
    path: Path, part: str, rows: Sequence[Row], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Put a part's table into a Markdown file, and its numbers into a JSON file beside it.

    In a file that has the part's two marks, only what stands between them is replaced; otherwise it comes last. What
    other parts once found stays.
    """
    begin, end = BEGIN.format(part), END.format(part)
    figures = f"{begin}\n{markdown(rows, before, after)}\n{end}"
    old = path.read_text(encoding="utf-8") if path.exists() else "# Performance\n"
    if begin in old and end in old:
        text = old.split(begin)[0] + figures + old.split(end)[-1]
    else:
        text = f"{old.rstrip()}\n\n## {part.capitalize()}\n\n{figures}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    file = path.with_suffix(".json")
    record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    record[part] = {
        "before": before,
        "after": after,
        "rows": [{"name": r.name, "text": r.text, "bar": r.bar, "holds": r.holds, **r.values} for r in rows],
    }
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
