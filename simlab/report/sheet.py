"""What every page is made of: pictures as data, one document without script, glyphs that it needs."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from simlab.report import fonts, page, style


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
    svg = page._slim(style.save(figure, "svg"))
    wide, tall = figure.get_size_inches()
    data = Markup(f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}")
    return Picture(name, title, reading, note, f"{title}. {reading}", data, round(100 * wide), round(100 * tall),
                   key or [])  # fmt: skip


def document(template: str, context: dict[str, Any], css: tuple[str, ...] = ("report.css",)) -> str:
    """A page from its template: one file, nothing loaded from anywhere. Same context, same text."""
    whole = context | {"css": Markup("\n".join(page._source(name) for name in css)), "face": ""}
    found = page._environment().get_template(template)
    # Rendered twice: the glyphs to inline are those that the page turns out to use.
    whole["face"] = Markup(fonts.css_face([found.render(whole)], page.HAN))
    return found.render(whole)
