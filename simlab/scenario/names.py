"""Text that people choose: safe to print, safe to show, safe as the name of a folder."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
_UNSAFE = re.compile(f"[{_CONTROL}]")
_UNSAFE_IN_TEXT = re.compile(f"(?![\n\t])[{_CONTROL}]")
_NOT_IN_FOLDER = re.compile(r"[^0-9a-z\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7a3_]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")  # Windows opens these as devices, in any folder


def printable(text: object, limit: int | None = None) -> str:
    """`text` on one line, with control characters, bidirectional overrides and terminal escapes spelled out.

    Args:
        limit: the most characters to keep; the middle of a longer text becomes an ellipsis.
    """
    line = str(text)
    if limit is not None and len(line) > limit:
        line = f"{line[: limit - limit // 3]}…{line[len(line) - limit // 3 :]}"
    return _UNSAFE.sub(lambda m: m[0].encode("unicode_escape").decode("ascii"), line)


def unsafe_character(text: str, multiline: bool = False) -> str | None:
    """The first character that must not be in a name (with `multiline`: in a description), spelled out."""
    found = (_UNSAFE_IN_TEXT if multiline else _UNSAFE).search(text)
    return None if found is None else printable(found[0])


def slug(name: str) -> str:
    """A folder part made of `name`: small letters, digits, - and _, Chinese, Japanese and Korean kept.

    Never empty, never a path, never a device name, at most 60 characters; a slug is its own slug.
    """
    text = unicodedata.normalize("NFKC", name).lower()
    part = _NOT_IN_FOLDER.sub("-", text).strip("-")[:60].strip("-")
    if _DEVICES.fullmatch(part):
        return f"{part}-scenario"
    return part or "scenario"
