"""The page of a check: which laws the scenario's world obeys, by how much, and why one is missed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.table import Table

from simlab.lab.laws.check import Check
from simlab.lab.laws.law import Finding, Measured
from simlab.lab.laws.table import SUBJECTS, amount, band
from simlab.report import sheet
from simlab.report.check_plots import subject
from simlab.report.numbers import count, listed, plural

STYLES = {
    "holds": "met", "fails": "not-met", "too noisy": "not-decidable", "not applicable": "none", "shown": "none",
    "not simulated": "not-met",
}  # fmt: skip
COLOURS = {
    "holds": "green", "fails": "red", "too noisy": "yellow", "not applicable": "bright_black", "shown": "bright_black",
    "not simulated": "red",
}  # fmt: skip
WORDS = {
    "Customer base": "Without any marketing: who orders, how often, for how long.",
    "Messages": "What messages do, how much is too much, and what comes later.",
    "Prices": "What a lower price does now and later, and whom it brings.",
    "Friends": "Who is invited, how far it travels, and who follows whom out.",
}


def headline(check: Check) -> str:
    """How many laws hold, and which do not."""
    asked = len(check.findings) - check.count("not applicable")
    text = f"{check.count('holds')} of {plural(asked, 'law')} hold."
    for verdict, words in (
        ("fails", "Missed"),
        ("not simulated", "Not simulated"),
        ("too noisy", f"Not decided by {plural(check.seeds, 'seed')}"),
    ):
        ids = [f.law.id for f in check.findings if f.verdict == verdict]
        if ids:
            text += f" {words}: {listed(ids)}."
    return text


def careful(check: Check) -> list[str]:
    """What to know before leaning on it."""
    lines = []
    if check.count("too noisy") and not check.full:
        lines.append(
            "With few seeds an interval may reach over the edge of a band. Run the check with --full."
        )
    lines += [
        f"{f.law.id} is missed: {m.claim.text} is {amount(m.value, m.claim)}, not in {band(m.claim)}."
        for f in check.findings for m in f.measured if m.verdict == "fails"
    ]  # fmt: skip
    if check.members < check.scenario.population.members:
        lines.append(f"The world was checked in small: {count(check.members)} members.")
    if check.failures:
        lines.append(
            f"{plural(len(check.failures), 'set')} of worlds could not be simulated; see failures.txt."
        )
    return lines


def interval(measured: Measured) -> str:
    """ "3.1 % to 4.2 %"."""
    if not math.isfinite(measured.low):
        return "no interval"
    return f"{amount(measured.low, measured.claim)} to {amount(measured.high, measured.claim)}"


def table(check: Check) -> Table:
    """What the command line prints."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Law", "What", "Published", "Band", "Simulated (95 % interval)", "Verdict"):
        found.add_column(name, ratio=3 if name == "What" else None, overflow="fold")
    for f in check.findings:
        if f.reason:
            found.add_row(f.law.id, f"{f.law.title}: {f.reason}", "", "", "", f.verdict, style="bright_black")
            continue
        title = f"[bold]{f.law.title}[/bold] [bright_black]({f.law.source})[/bright_black]"
        found.add_row(f.law.id, title, "", "", "", _coloured(f.verdict))
        for m in f.measured:
            shown = f"{amount(m.value, m.claim)} ({interval(m)})"
            found.add_row(
                "", f"  {m.claim.text}", m.claim.published, band(m.claim), shown, _coloured(m.verdict)
            )
    return found


def _coloured(verdict: str) -> str:
    return f"[{COLOURS[verdict]}]{verdict}[/{COLOURS[verdict]}]"


def record(check: Check) -> dict[str, Any]:
    """The check as JSON."""

    def number(x: float) -> float | None:
        return x if math.isfinite(x) else None

    def claim(m: Measured) -> dict[str, Any]:
        return {"claim": m.claim.text, "unit": m.claim.unit, "published": m.claim.published,
                "band": [number(m.claim.low), number(m.claim.high)], "value": number(m.value),
                "interval": [number(m.low), number(m.high)], "verdict": m.verdict}  # fmt: skip

    def finding(f: Finding) -> dict[str, Any]:
        return {"law": f.law.id, "title": f.law.title, "figure": f.law.figure, "source": f.law.source,
                "status": f.law.status, "how": f.law.how, "note": f.law.note, "verdict": f.verdict,
                "reason": f.reason, "seeds": f.seeds, "claims": [claim(m) for m in f.measured]}  # fmt: skip

    return {"scenario": check.scenario.name, "seeds": check.seeds, "members": check.members, "full": check.full,
            "laws": [finding(f) for f in check.findings]}  # fmt: skip


def figures(check: Check) -> list[tuple[str, Figure]]:
    """A picture by subject."""
    drawn = [(name, subject(check, name)) for name in SUBJECTS]
    return [(name, figure) for name, figure in drawn if figure is not None]


def render(check: Check) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same check, same text."""
    return _render(check, figures(check))


def _reading(check: Check, name: str) -> str:
    wanted = {law.id for law in SUBJECTS[name]}
    found = [f for f in check.findings if f.law.id in wanted and f.verdict != "not applicable"]
    good = [f for f in found if f.verdict == "holds"]
    rest = [f.law.id for f in found if f.verdict != "holds"]
    many = "All hold." if not rest else f"{len(good)} of {len(found)} hold; not {listed(rest)}."
    return f"{WORDS[name]} {many}"


def _render(check: Check, drawn: list[tuple[str, Figure]]) -> str:
    rows = {
        name: [
            {
                "id": f.law.id, "title": f.law.title, "figure": f.law.figure, "source": f.law.source,
                "status": f.law.status, "how": f.law.how, "note": f.law.note, "verdict": f.verdict,
                "style": STYLES[f.verdict], "reason": f.reason,
                "claims": [
                    {"text": m.claim.text, "published": m.claim.published, "band": band(m.claim),
                     "value": amount(m.value, m.claim), "interval": interval(m), "verdict": m.verdict,
                     "style": STYLES[m.verdict]}
                    for m in f.measured
                ],
            }
            for f in check.findings if f.law in SUBJECTS[name]
        ]
        for name in SUBJECTS
    }  # fmt: skip
    cards = [
        {"title": title, "number": str(check.count(verdict)), "unit": unit, "chance": said}
        for title, verdict, unit, said in (
            ("Laws that hold", "holds", "the whole interval lies in the band", ""),
            ("Laws that are missed", "fails", "the whole interval lies outside", ""),
            ("Not decided", "too noisy", "the interval reaches over an edge", "more seeds narrow it"),
            ("Not applicable", "not applicable", "nothing to ask", ""),
        )
    ]
    context: dict[str, Any] = {
        "name": check.scenario.name,
        "period": f"{plural(check.seeds, 'seed')} of each world, {count(check.members)} members",
        "headline": headline(check),
        "cards": cards,
        "careful": careful(check),
        "subjects": [
            {"name": name, "rows": rows[name],
             "figure": next((sheet.picture(
                 figure, f"plot-{name.lower().replace(' ', '-')}", name, _reading(check, name),
                 "Shaded: the band of the law, from edge to edge; an open band runs out of the picture. Dot and line: "
                 "simulated value with 95 % interval.") for key, figure in drawn if key == name), None)}
            for name in SUBJECTS
        ],
        "made": [(key, str(value)) for key, value in sorted(check.manifest.items()) if key in SHOWN],
    }  # fmt: skip
    return sheet.document("check.html.j2", context)


SHOWN = ("command", "seconds", "versions", "rules", "scenario file")


def write_check(check: Check, folder: Path) -> Path:
    """Write ``report.html``, ``check.json`` and the plots into `folder`; returns the page.

    Raises:
        OSError: the folder cannot be written.
    """
    drawn = figures(check)
    path = folder / "report.html"
    path.write_bytes(_render(check, drawn).encode())
    text = json.dumps(record(check), indent=2, ensure_ascii=False)
    (folder / "check.json").write_text(text + "\n", encoding="utf-8")
    if check.failures:
        (folder / "failures.txt").write_text("\n\n".join(check.failures), encoding="utf-8")
    sheet.write_plots(((name.lower().replace(" ", "-"), figure) for name, figure in drawn), folder / "plots")
    return path
