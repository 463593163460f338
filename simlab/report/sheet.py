"""What every page is made of: pictures as data, one document without script, the glyphs that it needs, plot files."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from simlab.report import fonts, style

HAN = "Simlab Han"
"""Name of the inlined font with the Chinese glyphs that a page uses."""


@dataclass(frozen=True)
class Picture:
    """A plot on a page.

    Attributes:
        name: anchor on the page.
        title: what it is about.
        reading: a sentence read from the data.
        note: how to read the marks.
        alt: for those who do not see it.
        key: (text in the plot, name) of what had to be numbered.
        data: the SVG as a data address.
        width, height: in CSS pixels.
    """

    name: str
    title: str
    reading: str
    note: str
    alt: str
    data: Markup
    width: int
    height: int
    key: list[tuple[str, str]] = field(default_factory=list)


def picture(
    figure: Figure, name: str, title: str, reading: str, note: str, key: list[tuple[str, str]] | None = None
) -> Picture:
    """A figure as it stands on a page."""
    svg = _slim(style.save(figure, "svg"))
    wide, tall = figure.get_size_inches()
    data = Markup(f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}")
    return Picture(name, title, reading, note, f"{title}. {reading}", data, round(100 * wide), round(100 * tall),
                   key or [])  # fmt: skip


def document(template: str, context: dict[str, Any], css: tuple[str, ...] = ("report.css",)) -> str:
    """A page from its template: one file, nothing loaded from anywhere. Same context, same text."""
    whole = context | {"css": Markup("\n".join(_source(name) for name in css)), "face": ""}
    found = _environment().get_template(template)
    # Rendered twice: the glyphs to inline are those that the page turns out to use.
    whole["face"] = Markup(fonts.css_face([found.render(whole)], HAN))
    return found.render(whole)


def write_plots(drawn: Iterable[tuple[str, Figure]], folder: Path) -> list[Path]:
    """Write figures by name as PNG (150 dpi) and SVG into `folder` (made when missing); returns the files.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in drawn:
        for form in ("png", "svg"):
            path = folder / f"{name}.{form}"
            path.write_bytes(style.save(figure, form))
            written.append(path)
    return written


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
