"""The report as one page: self-contained HTML that reads well on a screen, a phone and on paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import fonts, series, strategy, style, tables, words
from simlab.report.numbers import plural
from simlab.report.plots import PLOTS, Plot

HAN = "Simlab Han"
"""Name of the inlined font with the Chinese glyphs that a page uses."""


@dataclass(frozen=True)
class _Shown:
    """A plot on the page."""

    name: str
    title: str
    reading: str
    note: str
    alt: str
    key: list[tuple[str, str]]
    data: Markup
    width: int
    height: int


def figures(results: Results) -> Iterator[tuple[Plot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        figure = plot.draw(results)
        if figure is not None:
            yield plot, figure


def render(results: Results) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same results, same text."""
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
        "figures": [_shown(results, plot, figure) for plot, figure in figures(results)],
        "outcomes": outcomes,
        "has_worlds": any(row["worlds"] != "–" for row in outcomes),
        "groups": groups,
        "mean_of": f"mean of {found} seeds" if found != 1 else "one seed",
        "assumptions": assumptions,
        "has_pull": any(row["pull"] for row in assumptions),
        "people": strategy.people(scenario),
        "made": made(results.manifest),
        "css": Markup(_source("report.css")),
        "face": "",
    }  # fmt: skip
    template = _environment().get_template("report.html.j2")
    # Rendered twice: the glyphs to inline are those that the page turns out to use.
    context["face"] = Markup(fonts.css_face([template.render(context)], HAN))
    return template.render(context)


def write_report(results: Results, folder: Path | str) -> Path:
    """Write ``report.html`` into `folder` (made when missing) and return its path.

    Raises:
        OSError: the folder cannot be written.
    """
    path = Path(folder) / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(results).encode())
    return path


def write_plots(results: Results, folder: Path | str) -> list[Path]:
    """Write every plot that has something to show as PNG (150 dpi) and SVG; returns the files.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for plot, figure in figures(results):
        for form in ("png", "svg"):
            path = target / f"{plot.name}.{form}"
            path.write_bytes(style.save(figure, form))
            written.append(path)
    return written


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


def _shown(results: Results, plot: Plot, figure: Figure) -> _Shown:
    reading = plot.read(results)
    svg = _slim(style.save(figure, "svg"))
    wide, tall = figure.get_size_inches()
    return _Shown(
        name=plot.name,
        title=plot.title,
        reading=reading,
        note=plot.note(results),
        alt=f"{plot.title}. {reading}",
        key=fonts.key(series.stage_names(results), "stage") if plot.name in ("stages", "flows") else [],
        data=Markup(f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"),
        width=round(100 * wide),
        height=round(100 * tall),
    )


def _slim(svg: bytes) -> bytes:
    """Without comments (which hold the texts a second time), the doctype and spare digits: half the size."""
    text = re.sub(
        r"<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*|<metadata>.*?</metadata>\s*", "", svg.decode(), flags=re.DOTALL
    )
    # Only in paths, where a unit is 1/72 inch (a glyph: 1/64 of that); a scale needs all its digits.
    text = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), text)
    return re.sub(r">\s+<", "><", text).encode()


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("simlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]
