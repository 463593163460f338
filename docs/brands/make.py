"""Makes the thirteen brand pages: assumptions from the scenario file, the answer from the experiment, words by hand.

    python docs/brands/make.py              all of them (half an hour on two processors)
    python docs/brands/make.py beauty       one

What stands between the two marks of a page is written by this program; the rest of the page is left alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import simlab
from simlab.lab.comparison import Comparison
from simlab.report import style
from simlab.report.compare_plots import caption_differences, differences, read_differences
from simlab.report.compare_words import careful, certainty, lines
from simlab.scenario.library import read_entry

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PLACE = ROOT / "results" / "brands"
"""Finished runs are kept there: a second call goes on where the first stopped."""
BEGIN, END = "<!-- made by docs/brands/make.py -->", "<!-- end -->"
MARKED = re.compile(r"^\s*(?P<what>[^#]*?)\s*#\s*(?P<note>.*\b(?P<mark>read|claimed|assumed)\b.*)$")
BRANDS = (
    "beauty", "mother-baby", "coffee", "grocery", "apparel", "education", "health", "saas", "sports", "home",
    "new-brand", "over-pushing-retail", "cross-border",
)  # fmt: skip


def assumptions(file: Path) -> list[tuple[str, str, str]]:
    """(what stands in the file, what it means, how far it can be trusted) of every marked line."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines()[2:]:
        match = MARKED.match(line)
        if match:
            note = re.sub(r"\s*\(?\b(read|claimed|assumed)\b\)?", "", match["note"], count=1).strip(" ,;")
            found.append((match["what"].strip() or "…", note, match["mark"]))
    return found


def page(brand: str, found: Comparison) -> str:
    """The part of the page that is made: strategy by mechanism, assumptions, the answer."""
    loaded = simlab.load(brand)
    text = [f"Scenario: [`scenarios/{brand}.yaml`](../../scenarios/{brand}.yaml), experiment: "
            f"[`experiments/{brand}.yaml`](../../experiments/{brand}.yaml).", ""]  # fmt: skip
    used = [
        read_entry(ROOT / source, source).mechanism
        for source in loaded.sources
        if "library" in Path(source).parts
    ]
    if used:
        text += ["Mechanisms of the [library](../library.md) in the current strategy: "
                 + ", ".join(f"{h.name} ({h.zh}, {h.id})" for h in used) + ".", ""]  # fmt: skip
    text += ["| in the file | what it is | mark |", "|---|---|---|"]
    text += [
        f"| `{what}` | {note} | {mark} |"
        for what, note, mark in assumptions(ROOT / "scenarios" / f"{brand}.yaml")
    ]
    text += ["", "Everything else is the default brand's ([parameters](../parameters.md)).", "",
             f"![The answer]({brand}.png)", "", caption_differences(found), "",
             read_differences(found), ""]  # fmt: skip
    text += [f"- {row.sentence} {row.judgement}" for row in lines(found)]
    text += ["", *(f"- {line}" for line in (*certainty(found), *careful(found)))]
    return "\n".join(text)


def make(brand: str) -> None:
    """Run one experiment, save its picture, and write the made part of its page."""
    found = simlab.compare(ROOT / "experiments" / f"{brand}.yaml", out=PLACE)
    figure = differences(found)
    assert figure is not None
    (HERE / f"{brand}.png").write_bytes(style.save(figure, "png", 110))
    path = HERE / f"{brand}.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{page(brand, found)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or BRANDS:
        print(name, flush=True)
        make(name)
