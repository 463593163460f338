"""A page read as a browser would, and what holds for every page: one file, whole, that loads and runs nothing."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TypeVar

T = TypeVar("T")
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Collects tags, attributes and text; notes what is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.broken: list[str] = []
        self.feed(text)
        self.close()

    @property
    def ids(self) -> list[str]:
        """Sections in their order."""
        return [value for _, name, value in self.attributes if name == "id"]

    @property
    def alts(self) -> list[str]:
        """What pictures show, in words."""
        return [value for _, name, value in self.attributes if name == "alt"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data


def svgs(page: str) -> list[str]:
    """The pictures on a page."""
    return [
        base64.b64decode(data).decode() for data in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)
    ]


def drawn(render: Callable[[T], str], found: T) -> str:
    """The page of something; matplotlib warns of every glyph that is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return render(found)


def stands_alone(page: str) -> Reader:
    """Assert what holds for every page."""
    read = Reader(page)
    assert read.broken == read.open == []
    assert len(set(read.ids)) == len(read.ids)
    for text in (page, *svgs(page)):
        loads = re.findall(r"(?:src|href|xlink:href)\s*=\s*\"([^\"]*)|url\(\"?([^)\"]*)|@import", text)
        assert all((a or b).startswith(("data:", "#")) for a, b in loads)
        assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert not {"script", "link", "iframe", "object", "form"} & set(read.tags)
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    assert "default-src 'none'" in page
    assert all(len(alt) > 40 for alt in read.alts), "a picture is told to those who do not see it"
    assert read.tags.count("img") == len(read.alts)
    assert len(page) < 3_000_000
    return read
