"""Does each mechanism of the library do what its file says, and nothing at zero strength?

    python docs/validation/mechanisms.py

Measures every file of scenarios/library and writes docs/mechanisms.md (a row for each of the 119 mechanisms) and
mechanisms.json (the figures behind it, seed by seed). Finished runs are kept under results/runs and used again.
`--only NAME ...` measures some and prints them, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from simlab.lab.crew import Crew
from simlab.lab.library import PAIRS, Measured, measure
from simlab.lab.store import Store
from simlab.scenario.library import entry, index, library, says
from simlab.world.compiled import sources_digest

HERE = Path(__file__).parent
TABLE, FIGURES = HERE.parent / "mechanisms.md", HERE / "mechanisms.json"
HEAD = """# Mechanisms

Every mechanism of the field's playbooks, and the file that says it: data over nine primitives, to be switched on with
`include: [library/NAME]` or `simlab new my.yaml --with NAME` ([the library](library.md)). *Declared* is what the file
says it must be seen to do; *measured* is its world with it less the same world without it, over {pairs} pairs of
seeded worlds, with an interval that covers the truth with 99.9 %. At zero strength not a byte of the ledger moves. A
mechanism that is one of context is said by an event, a source or a number: its row names them.

T: 1 core of the model, 2 lever, 3 context. Made by `python docs/validation/mechanisms.py`; figures by seed in
[mechanisms.json](validation/mechanisms.json).

| id | T | mechanism | 中文 | file | made of | declared | measured | world |
|---|---|---|---|---|---|---|---|---|
"""


def figures(found: Measured) -> dict[str, Any]:
    """A mechanism's figures as plain data."""
    one, pair = found.entry, found.difference
    numbers = {"without": found.without, "difference": pair.mean, "low": pair.low, "high": pair.high,
               "least": found.least}  # fmt: skip
    return {
        "id": one.mechanism.id,
        "file": one.digest,
        "world": found.world,
        "outcome": found.outcome,
        "direction": one.mechanism.effect.direction,
        **{name: x if math.isfinite(x) else None for name, x in numbers.items()},
        "verdict": found.verdict,
        "at zero": found.zero or "not a byte moves",
        "seed, without, with": [[seed, plain(a), plain(b)] for seed, a, b in found.pairs],
    }


def plain(x: float) -> float | None:
    """JSON has no nan; ten digits are enough."""
    return float(f"{x:.10g}") if math.isfinite(x) else None


def row(number: str, found: list[Measured]) -> list[str]:
    """The lines of one mechanism; one without a file says so."""
    listed = index()[number]
    first = f"| {number} | {listed.tier} | {listed.name} | {listed.zh} |"
    if not found:
        return [f"{first} missing | | | | |"]
    lines = []
    for one in found:
        head = one.entry.mechanism
        link = f"[{one.entry.slug}](../scenarios/library/{one.entry.slug}.yaml)"
        effect = head.effect
        if effect.direction == "none":
            said = ", ".join(f"`{path}`" for path in says(one.entry)[:4])
            shows = f"; shows {', '.join(f'`{name}`' for name in head.shows)}" if head.shows else ""
            asks = f"; [asks](../{head.question})" if head.question else ""
            declared, measured = "moves nothing", f"{one.verdict}; {said}{shows}{asks}"
        else:
            declared = f"`{effect.outcome}` {effect.direction} by {effect.at_least} or more"
            measured = one.words() if one.good else f"**{one.verdict}**: {one.words()} {one.zero}"
        made = ", ".join(head.primitives) or "–"
        lines.append(f"{first} {link} | {made} | {declared} | {measured} | {one.world} |")
        first = "| | | | |"
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    entries = [entry(name) for name in given.only] or list(library())
    found: list[Measured] = []
    with Crew(Store(HERE.parents[1] / "results", sources_digest()), threads=given.threads) as crew:
        for one in entries:
            found.append(measure(one, crew))
            last = found[-1]
            print(
                f"{last.entry.mechanism.id} {one.slug:32s} {last.verdict:24s} {last.words()} {last.zero}",
                flush=True,
            )
    if given.only:
        return
    rows = [
        line
        for number in index()
        for line in row(number, [m for m in found if m.entry.mechanism.id == number])
    ]
    TABLE.write_text(HEAD.format(pairs=PAIRS) + "\n".join(rows) + "\n", encoding="utf-8")
    kept = {one.entry.slug: figures(one) for one in found}
    texts = [
        f"{json.dumps(slug)}: {json.dumps(what, ensure_ascii=False)}" for slug, what in sorted(kept.items())
    ]
    FIGURES.write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")
    print(f"{sum(m.good for m in found)} of {len(found)} as declared; missing: "
          f"{', '.join(sorted(set(index()) - {m.entry.mechanism.id for m in found})) or 'none'}")  # fmt: skip


if __name__ == "__main__":
    main()
