"""Does each mechanism of the library do what its file says, and nothing at zero strength?

    python docs/validation/mechanisms.py

Measures every file of scenarios/library and writes docs/mechanisms.md (a row for each of the 119 mechanisms) and
mechanisms.json (the figures behind it, seed by seed). Finished runs are kept under results/runs and used again, so
that it goes on where it stopped; `--only NAME ...` measures some, and replaces their rows.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from simlab.lab.crew import Crew
from simlab.lab.library import GOOD, PAIRS, Measured, measure
from simlab.lab.store import Store
from simlab.scenario.library import Effect, Entry, Mechanism, entry, index, library, says
from simlab.scenario.outcomes import OUTCOMES
from simlab.world.compiled import sources_digest

HERE = Path(__file__).parent
TABLE, FIGURES = HERE.parent / "mechanisms.md", HERE / "mechanisms.json"
WORLD = Mechanism.model_fields["world"].default
AT_REST = "not a byte moves"
HEAD = """# Mechanisms

Every mechanism of the field's playbooks, and the file that says it: data over nine primitives, to be switched on with
`include: [library/NAME]` or `simlab new my.yaml --with NAME` ([the library](library.md)). *Declared* is what the file
says it must be seen to do: per cent of the outcome without it, points of a share, or the outcome's own unit.
*Measured* is the pilot world with it less the same world without it, over {pairs} pairs of seeds, with an interval
that covers the truth with 99.9 %, all of which must clear what is declared. At zero strength not a byte of the ledger
moves. A mechanism that only looks at what others do moves nothing: its row names the levers and outcomes that say it.

T: 1 core of the model, 2 lever, 3 context. Made by `python docs/validation/mechanisms.py`; figures by seed in
[mechanisms.json](validation/mechanisms.json).

| id | T | mechanism | 中文 | file | made of | declared | measured |
|---|---|---|---|---|---|---|---|
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
        "at zero": found.zero or AT_REST,
        "seed, without, with": [[seed, plain(a), plain(b)] for seed, a, b in found.pairs],
    }


def declared(effect: Effect) -> str:
    """What the file says it must be seen to do."""
    least, unit = effect.at_least, unit_of(effect)
    if least.relative:
        size = str(least)
    else:
        size = f"{least.value * 100:g} points" if unit == "share" else f"{least.value:,g} {unit}"
    return f"`{effect.outcome}` {effect.direction} by {'1 point' if size == '1 points' else size} or more"


def seen(effect: Effect, found: dict[str, Any]) -> str:
    """The difference and its interval, in the unit in which it was declared."""
    unit = unit_of(effect)
    if effect.at_least.relative and found["without"]:
        scale, mark = 100.0 / abs(found["without"]), " %"
    else:
        scale, mark = (100.0, " points") if unit == "share" else (1.0, f" {unit}".removesuffix(" -"))
    mean, low, high = (signed(found[name] * scale) for name in ("difference", "low", "high"))
    return f"{mean}{mark} ({low} to {high})"


def unit_of(effect: Effect) -> str:
    """The unit of its outcome."""
    return OUTCOMES[effect.outcome or ""][1]


def signed(x: float) -> str:
    """Three figures, in full."""
    return f"{x:+,.0f}" if abs(x) >= 100 else f"{x:+#.3g}"


def plain(x: float) -> float | None:
    """JSON has no nan; ten digits are enough."""
    return float(f"{x:.10g}") if math.isfinite(x) else None


def row(number: str, found: list[tuple[Entry, dict[str, Any]]]) -> list[str]:
    """The lines of one mechanism; one without a file says so."""
    listed = index()[number]
    first = f"| {number} | {listed.tier} | {listed.name} | {listed.zh} |"
    if not found:
        return [f"{first} missing | | | |"]
    lines = []
    for one, kept in found:
        head = one.mechanism
        if head.effect.direction == "none":
            said = ", ".join(f"`{path}`" for path in says(one)[:4])
            shows = f"; shows {', '.join(f'`{name}`' for name in head.shows)}" if head.shows else ""
            asks = f"; [asks](../{head.question})" if head.question else ""
            asked, measured = "moves nothing", f"{kept['verdict']}; {said}{shows}{asks}"
        else:
            asked, measured = declared(head.effect), seen(head.effect, kept)
        measured += "" if kept["world"] == WORLD else f", in {kept['world']}"
        resting = kept["at zero"] == AT_REST
        if kept["verdict"] not in GOOD or not resting:
            measured = f"**{kept['verdict']}**: {measured} {'' if resting else kept['at zero']}"
        link = f"[{one.slug}](../scenarios/library/{one.slug}.yaml)"
        made = ", ".join(head.primitives) or "–"
        lines.append(f"{first} {link} | {made} | {asked} | {measured} |")
        first = "| | | | |"
    return lines


def write(kept: dict[str, dict[str, Any]]) -> None:
    """The figures, and the table of them."""
    texts = [
        f"{json.dumps(slug)}: {json.dumps(what, ensure_ascii=False)}" for slug, what in sorted(kept.items())
    ]
    FIGURES.write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")
    there = [(one, kept[one.slug]) for one in library() if one.slug in kept]
    rows = [
        line for number in index() for line in row(number, [x for x in there if x[0].mechanism.id == number])
    ]
    TABLE.write_text(HEAD.format(pairs=PAIRS) + "\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="*", help="measure these alone, and replace their rows; none: the table alone"
    )
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    kept = {} if given.only is None else json.loads(FIGURES.read_text(encoding="utf-8"))
    wanted = list(library()) if given.only is None else [entry(name) for name in given.only]
    with Crew(Store(HERE.parents[1] / "results", sources_digest()), threads=given.threads) as crew:
        for one in wanted:
            found = measure(one, crew)
            kept[one.slug] = figures(found)
            print(
                f"{one.mechanism.id} {one.slug:32s} {found.verdict:24s} {found.words()} {found.zero}",
                flush=True,
            )
            if given.only is not None:
                write(kept)
    write(kept)
    good = sum(found["verdict"] in GOOD and found["at zero"] == AT_REST for found in kept.values())
    missing = sorted(set(index()) - {found["id"] for found in kept.values()})
    print(f"{good} of {len(kept)} as declared; missing: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
