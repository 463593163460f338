"""The page of a comparison, and its folder: tables, plots, one self-contained file."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from simlab.lab.comparison import Comparison
from simlab.lab.results import Results
from simlab.report import compare_tables, compare_why, compare_words, fonts, page, sheet, style
from simlab.report.compare_plots import PLOTS, ComparePlot
from simlab.report.numbers import plural
from simlab.report.strategy import people
from simlab.report.tables import write_tables
from simlab.scenario.outcomes import OUTCOMES

FAILURES = 12
"""Failed runs that the page lists; the table has all."""


def figures(found: Comparison) -> Iterator[tuple[ComparePlot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        figure = plot.draw(found)
        if figure is not None:
            yield plot, figure


def headline(found: Comparison) -> str:
    """The sentences to read out, a line each."""
    return "\n".join(line.sentence for line in compare_words.lines(found))


def render(found: Comparison) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same comparison, same text."""
    return _render(found, list(figures(found)))


def write_comparison(found: Comparison, folder: Path | str) -> list[Path]:
    """Write ``tables/`` (Parquet and CSV), ``plots/`` (PNG and SVG) and ``report.html``; returns the files.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = write_tables(Results(found.arms[found.baseline], found.tables), target / "tables")
    drawn = list(figures(found))
    path = target / "report.html"
    path.write_bytes(_render(found, drawn).encode())
    written.append(path)
    return written + sheet.write_plots(((plot.name, figure) for plot, figure in drawn), target / "plots")


def _render(found: Comparison, drawn: list[tuple[ComparePlot, Figure]]) -> str:
    scenario = found.arms[found.baseline]
    last = scenario.start + datetime.timedelta(days=scenario.horizon - 1)
    arms = compare_words.lines(found)
    failures = found.tables["failures"]
    context: dict[str, Any] = {
        "name": found.name,
        "question": found.question,
        "period": f"{style.plain_date(scenario.start)} to {style.plain_date(last)}, "
                  f"{plural(len(found.arms), 'arm')} on the same seeds",
        "baseline": found.baseline,
        "others": found.others,
        "meaning": OUTCOMES[found.outcome][0],
        "arms": arms,
        "cards": arms[:4],
        "certainty": compare_words.certainty(found),
        "careful": compare_words.careful(found),
        "constraints": compare_words.constraints(found),
        "has_worlds": any(arm.worlds != "–" for arm in arms),
        "has_together": found.together.arms > 1,
        "level": _level(found),
        "levers": compare_tables.lever_rows(found),
        "figures": [
            sheet.picture(figure, plot.name, plot.title, plot.read(found), plot.caption(found), _key(found, plot))
            for plot, figure in drawn
        ],
        "steps": compare_why.step_rows(found),
        "step_arms": compare_why.step_arms(found),
        "told": [arm for arm in found.others if (found.tables["counterfactual"]["arm"] == arm).any()],
        "counterfactual": compare_tables.counterfactual_rows(found),
        "counterfactual_reading": compare_tables.counterfactual_reading(found),
        "untold": compare_tables.untold(found),
        "shift": plural(found.spec.shift, "day"),
        "first": found.stage.first,
        "outcomes": compare_tables.outcome_rows(found),
        "failures": [(row.arm, row.world, row.seed, row.status, (row.traceback.strip().splitlines() or [""])[-1])
                     for row in failures.head(FAILURES).itertuples(index=False)],
        "failed": len(failures),
        "people": people(scenario),
        "made": page.made(found.manifest),
    }  # fmt: skip
    return sheet.document("compare.html.j2", context, ("report.css", "compare.css"))


def _level(found: Comparison) -> str:
    """The baseline's own level, which stands beside the differences and never instead of them."""
    rows = compare_tables.outcome_rows(found)
    return next((str(row["level"]) for row in rows if row["name"] == found.outcome), "not defined")


def _key(found: Comparison, plot: ComparePlot) -> list[tuple[str, str]]:
    key = fonts.key(list(found.arms), "arm")
    if plot.name == "groups":
        key += compare_why.group_key(found)
    if plot.name == "lifecycle":
        key += fonts.key(list(dict.fromkeys(found.tables["stages_by_day"]["stage"])), "stage")
    return key
