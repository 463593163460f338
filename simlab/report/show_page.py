"""The views of who moved as pictures and one page: streams between stages, and a neighbourhood of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from simlab.lab.moved import Scenes
from simlab.report import fonts, page, sheet
from simlab.report.numbers import plural
from simlab.report.plots.alluvial import alluvial, read_alluvial
from simlab.report.plots.neighbourhood import centre, neighbourhood, read_neighbourhood

VIEWS = {
    "flows": "Who moved between stages",
    "graph": "A neighbourhood of the graph",
}


def figures(
    scenes: Scenes, views: tuple[str, ...], user: int | None
) -> Iterator[tuple[str, Figure, str, str]]:
    """(name, figure, sentence read from it, how to read it) of the views asked for."""
    if "flows" in views:
        over = f"Mean of {plural(len(scenes.seeds), 'seed')}." if len(scenes.seeds) > 1 else "One seed."
        yield "flows", alluvial(scenes), read_alluvial(scenes), (
            f"Each column is one day; a stream is as wide as the number of people in it. {over}")  # fmt: skip
    if "graph" in views:
        who = centre(scenes) if user is None else user
        yield "graph", neighbourhood(scenes, who), read_neighbourhood(scenes, who), (
            f"Seed {scenes.seeds[0]}. Everybody keeps their place; grey lines: friends.")  # fmt: skip


def write(
    scenes: Scenes, folder: Path, views: tuple[str, ...], user: int | None, manifest: dict[str, Any]
) -> None:
    """Write ``report.html`` and ``plots/`` into `folder`.

    Raises:
        OSError: the folder cannot be written.
    """
    drawn = list(figures(scenes, views, user))
    key = fonts.key(scenes.stages[:-2], "stage")
    context = {
        "scenario": scenes.scenario,
        "figures": [
            sheet.picture(figure, name, VIEWS[name], read, note, key) for name, figure, read, note in drawn
        ],
        "made": page.made(manifest),
    }
    (folder / "report.html").write_bytes(sheet.document("show.html.j2", context).encode())
    sheet.write_plots(((name, figure) for name, figure, *_ in drawn), folder / "plots")
