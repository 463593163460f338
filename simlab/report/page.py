"""The report as one page: self-contained HTML that reads well on a screen, a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import fonts, series, sheet, strategy, style, tables, words
from simlab.report.numbers import plural
from simlab.report.plots import PLOTS, Plot

Drawn = Sequence[tuple[Plot, Figure]]
"""The plots of a run with their figures; whoever wants page and files draws once for both."""


def figures(results: Results) -> Iterator[tuple[Plot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        figure = plot.draw(results)
        if figure is not None:
            yield plot, figure


def render(results: Results, drawn: Drawn | None = None) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same results, same text."""
    drawn = list(figures(results)) if drawn is None else drawn
    screen = words.first_screen(results)
    assumptions = strategy.assumptions(results)
    scenario = results.scenario
    found = len(series.seeds(results))
    groups = [
        (f"By {column}", column.capitalize(), rows)
        for column in ("segment", "source")
        if len(rows := tables.group_rows(results, column)) > 1
    ]
    outcomes = tables.outcome_rows(results)
    last = series.dates(results, [scenario.horizon])[0]
    context: dict[str, Any] = {
        "scenario": scenario,
        "period": f"{style.plain_date(scenario.start)} to {style.plain_date(last)}, simulated with "
                  f"{plural(found, 'seed')}",
        "screen": screen,
        "levers": strategy.levers(scenario),
        "figures": [
            sheet.picture(figure, plot.name, plot.title, plot.read(results), plot.note(results), _key(results, plot))
            for plot, figure in drawn
        ],
        "outcomes": outcomes,
        "has_worlds": any(row["worlds"] != "–" for row in outcomes),
        "groups": groups,
        "mean_of": f"mean of {found} seeds" if found != 1 else "one seed",
        "assumptions": assumptions,
        "has_pull": any(row["pull"] for row in assumptions),
        "people": strategy.people(scenario),
        "made": made(results.manifest),
    }  # fmt: skip
    return sheet.document("report.html.j2", context)


def write_report(results: Results, folder: Path | str, drawn: Drawn | None = None) -> Path:
    """Write ``report.html`` into `folder` (made when missing) and return its path.

    Raises:
        OSError: the folder cannot be written.
    """
    path = Path(folder) / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(results, drawn).encode())
    return path


def write_plots(results: Results, folder: Path | str, drawn: Drawn | None = None) -> list[Path]:
    """Write every plot that has something to show as PNG (150 dpi) and SVG; returns the files.

    Raises:
        OSError: the folder cannot be written.
    """
    drawn = list(figures(results)) if drawn is None else drawn
    return sheet.write_plots(((plot.name, figure) for plot, figure in drawn), Path(folder))


def made(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """The manifest as (name, text) rows; what is nested is named by a path."""
    rows: list[tuple[str, str]] = []
    for name, value in manifest.items():
        if isinstance(value, dict):
            rows += [(f"{name}: {inner}", text) for inner, text in made(value)]
        elif isinstance(value, list | tuple | range):
            rows.append((str(name), _runs(list(value))))
        else:
            rows.append((str(name), str(value)))
    return [(name, text if len(text) <= 400 else f"{text[:400]} …") for name, text in rows]


def _runs(values: list[Any]) -> str:
    """ "1 to 20" for whole numbers without gaps, else a list."""
    if (
        len(values) > 2
        and all(isinstance(v, int) for v in values)
        and values == list(range(values[0], values[-1] + 1))
    ):
        return f"{values[0]} to {values[-1]}"
    return ", ".join(map(str, values))


def _key(results: Results, plot: Plot) -> list[tuple[str, str]]:
    return fonts.key(series.stage_names(results), "stage") if plot.name in ("stages", "flows") else []
