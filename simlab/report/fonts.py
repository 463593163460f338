"""Fonts: names in any script must be readable in every picture and on every page.

Three lines of defence. Pictures are drawn with Noto Sans SC, which comes with a dependency, or with an
installed Chinese font; letters are written as outlines, so that a reader needs no font at all. A name that
has characters beyond those fonts is drawn as "segment 2" and explained in a key beside the plot. And the
page carries the few Chinese glyphs that it uses, so that it reads well where no Chinese font is installed.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager

INSTALLED = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Heiti SC",
    "Arial Unicode MS",
)  # fmt: skip
"""Chinese fonts worth using, best first, where the packaged one is missing."""

LONGEST = 24
"""Letters of a name that a plot has room for; longer names are numbered and explained beside it."""
_LOCK = threading.Lock()


@lru_cache(maxsize=1)
def packaged() -> Path | None:
    """The Chinese font that a dependency ships (SIL Open Font License), or None.

    The package is located and not imported: its import would change the settings of everybody's plots.
    """
    spec = importlib.util.find_spec("zhplot")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "fonts" / "NotoSansSC-Regular.ttf"
        if path.is_file():
            return path
    return None


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Font families to draw with, best first. The packaged font leads: same bytes on every machine."""
    with _LOCK:
        manager = font_manager.fontManager
        path = packaged()
        if path is not None:
            name = font_manager.get_font(str(path)).family_name
            if not any(font.fname == str(path) for font in manager.ttflist):
                manager.addfont(str(path))
            return (name, "DejaVu Sans")
        known = {font.name for font in manager.ttflist}
        chinese = next((name for name in INSTALLED if name in known), None)
        # DejaVu first here: an installed Chinese font may have poor Latin letters.
        return ("DejaVu Sans", chinese) if chinese else ("DejaVu Sans",)


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    codes: set[int] = set()
    for name in families():
        path = font_manager.findfont(font_manager.FontProperties(family=name))
        codes |= set(font_manager.get_font(path).get_charmap())
    return frozenset(codes)


def drawable(text: str) -> bool:
    """Whether every character of `text` has a glyph in the fonts of the plots."""
    codes = _drawable()
    return all(ord(char) in codes and char.isprintable() for char in text)


def label(name: str) -> str:
    """`name` as a plot text: "$" is no formula, and a leading "_" does not hide it from a legend."""
    text = name.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def width(text: str) -> int:
    """Width in Latin letters: a Chinese character takes two."""
    return sum(2 if _wide(char) else 1 for char in text)


def chinese(text: str) -> bool:
    """Whether a name has Chinese characters."""
    return any(_wide(char) for char in text)


def lines(name: str) -> str:
    """A name in two languages, "no ritual 取消周三", on two lines where it is too long for one."""
    if width(name) <= LONGEST:
        return name
    latin, _, rest = name.rpartition(" ")
    return f"{latin}\n{rest}" if chinese(rest) and not chinese(latin) and latin else name


def _fits(name: str) -> bool:
    return all(width(line) <= LONGEST and drawable(line) for line in lines(name).split("\n"))


def labels(names: Sequence[str], kind: str) -> list[str]:
    """Plot texts of `names`; one too long or not drawable becomes "`kind` 2", its place in the list."""
    return [label(lines(name)) if _fits(name) else f"{kind} {i + 1}" for i, name in enumerate(names)]


def key(names: Sequence[str], kind: str) -> list[tuple[str, str]]:
    """(text in the plot, name) for the names that `labels` had to number."""
    return [(f"{kind} {i + 1}", name) for i, name in enumerate(names) if not _fits(name)]


def _wide(char: str) -> bool:
    return ord(char) >= 0x2E80


def css_face(texts: Iterable[str], family: str) -> str:
    """An ``@font-face`` rule with the Chinese glyphs of `texts`, inlined; "" when there are none to add.

    It names its characters, so that the family can lead the list of fonts and leave Latin letters alone.
    As the last of a list, Chromium forgets it for the first Chinese word of every size and weight.
    """
    path = packaged()
    chars = sorted(filter(_wide, set().union(*texts)))
    if path is None or not chars:
        return ""
    data = _subset(str(path), "".join(chars))
    return (
        f'@font-face{{font-family:"{family}";unicode-range:{",".join(f"U+{ord(char):X}" for char in chars)};'
        f'src:url("data:font/woff;base64,{base64.b64encode(data).decode()}") format("woff");}}'
    )


@lru_cache(maxsize=8)
def _subset(path: str, chars: str) -> bytes:
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    # Only shapes are needed; reading the layout tables of a large font takes a second.
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    font = TTFont(path, recalcTimestamp=False)
    worker = subset.Subsetter(options)
    worker.populate(text=chars)
    worker.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
