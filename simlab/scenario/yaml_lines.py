"""Safe reading of YAML that remembers the line of every key and value.

The reader takes the plain core of YAML: mappings, lists, texts, numbers, true/false, null and
anchors. Everything that runs code, hides content or is read differently by different tools is
refused: tags, merge keys, several documents, duplicate keys. Dates, `yes`, `1:50` and other words
that YAML 1.1 silently converts stay the text they are; the schema knows what it expects.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simlab.scenario.errors import InputError, Problem

MAX_BYTES = 5_000_000
MAX_NODES = 100_000
MAX_DEPTH = 50

SCALARS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("int", re.compile(r"[-+]?[0-9][0-9_]{0,99}")),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
                         r"|\.(?:nan|NaN|NAN)")),
)  # fmt: skip
"""What an unquoted word stands for; the first that matches it whole. Anything else is text."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INDENTED_BY_TAB = re.compile(r"^ *\t[ \t]*[^\s#]", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Mark:
    """Where something was written: the file as the user knows it (or the option), and its 1-based line."""

    file: str
    line: int | None = None


DEFAULT = Mark("(default)")
"""The place of a value that nobody wrote."""


@dataclass(frozen=True)
class Node:
    """One value of a file.

    Attributes:
        value: a dict of Nodes, a list of Nodes, or the scalar itself.
        mark: where the value begins; for a block under a key, where the key stands.
        text: a scalar as it was written, "" for mappings and lists.
        keys: where each key of a mapping stands.
    """

    value: Any
    mark: Mark
    text: str = ""
    keys: dict[str, Mark] = field(default_factory=dict)

    @property
    def plain(self) -> Any:
        """The value without marks: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain for child in self.value]
        return self.value


def node_of(value: Any, mark: Mark) -> Node:
    """`value` (dicts, lists, tuples, scalars) as Nodes that all stand at `mark`."""
    if isinstance(value, dict):
        return Node(
            {str(k): node_of(v, mark) for k, v in value.items()}, mark, keys={str(k): mark for k in value}
        )
    if isinstance(value, list | tuple):
        return Node([node_of(v, mark) for v in value], mark)
    return Node(value, mark, "null" if value is None else str(value))


@dataclass
class _Open:
    """A collection that is still being read, with the size and height of its expanded content."""

    node: Node
    anchor: str | None
    size: int = 1
    height: int = 0
    key: tuple[str, Mark] | None = None


def read_mapping(path: Path, shown: str) -> Node:
    """Read the file at `path`, whose top level must be a mapping.

    Args:
        shown: the file as it is named in messages.

    Raises:
        InputError: missing, not a plain UTF-8 file of at most 5 MB, or not the YAML described above.
    """
    root = parse_text(_read_text(path, shown), shown)
    if root is None:
        raise InputError(
            Problem(shown, "the file is empty", "Write a scenario, or start from `extends: default`.")
        )
    if not isinstance(root.value, dict):
        raise InputError(
            Problem(shown, "expected a mapping at the top level", "Write lines such as `name: My brand`.",
                    line=root.mark.line, value=shorten(root))
        )  # fmt: skip
    return root


def parse_text(text: str, shown: str) -> Node | None:
    """The one document in `text`, or None if there is none.

    Raises:
        InputError: see `read_mapping`.
    """
    for pattern, message, cure in (
        (_UNPRINTABLE, "the file holds a control character", "Remove it; is this really a text file?"),
        (_INDENTED_BY_TAB, "a tab is used for indentation", "Indent with spaces."),
    ):
        if found := pattern.search(text):
            raise _problem(shown, text.count("\n", 0, found.start()) + 1, message, cure)
    try:
        return _Builder(shown).build(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        reason = error.problem or "unreadable"
        cure = "Check indentation, quotes, colons and brackets on this line and the one before."
        raise _problem(shown, line, f"the file is not valid YAML here ({reason})", cure) from None
    except (yaml.YAMLError, ValueError) as error:
        raise _problem(
            shown, None, f"the file is not valid YAML ({error})", "Save it as plain UTF-8 text."
        ) from None


def shorten(node: Node, limit: int = 60) -> str:
    """The value as written, or for a mapping or list its beginning."""
    if isinstance(node.value, dict):
        text = "{" + ", ".join(f"{k}: {shorten(v, 20)}" for k, v in list(node.value.items())[:4]) + "}"
    elif isinstance(node.value, list):
        text = "[" + ", ".join(shorten(v, 20) for v in node.value[:6]) + "]"
    else:
        text = node.text if node.text else "''" if node.value == "" else "nothing"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _problem(
    shown: str, line: int | None, message: str, cure: str, value: str = "", where: str = ""
) -> InputError:
    return InputError(Problem(shown, message, cure, line=line, value=value, where=where))


def _read_text(path: Path, shown: str) -> str:
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):  # a pipe or device would block or never end
            raise _problem(shown, None, "this is not a file", "Name a .yaml file.")
        if info.st_size > MAX_BYTES:
            cure = f"A scenario has at most {MAX_BYTES / 1e6:.0f} MB; is this the right file?"
            raise _problem(shown, None, f"the file has {info.st_size / 1e6:,.0f} MB", cure)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)[:MAX_BYTES]
    except FileNotFoundError:
        raise _problem(shown, None, "the file does not exist", "Check the name and the folder.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _problem(
            shown, None, f"the file cannot be read ({reason})", "Check the name and the rights."
        ) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _problem(shown, 1, "the file is saved as UTF-16", "Save it as UTF-8 in your editor.")
    if b"\x00" in data:
        raise _problem(shown, None, "this is a binary file, not text", "Name a .yaml file.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = "byte " + " ".join(f"0x{byte:02x}" for byte in data[error.start : error.start + 2])
        raise _problem(
            shown, line, "the text is not UTF-8 here", "Save the file as UTF-8 in your editor.", found
        ) from None


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Builder:
    """Turns parser events into Nodes, without recursion and without ever expanding an alias."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.total = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise _problem(
                        self.shown, line, "a second document begins here ('---')", "Keep one per file."
                    )
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._begin(event, line)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                done = self.open.pop()
                self._add(done.node, done.size, done.height, done.anchor, line)
            elif isinstance(event, yaml.ScalarEvent):
                self._refuse_tag(event, line)
                node = self._scalar(event, line)
                if not (event.value == "" and not self.open and event.implicit[0]):  # an empty document
                    self.total += 1
                    self._add(node, 1, 0, event.anchor, line)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, line)
        return self.root

    def _begin(self, event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.node.value, dict) and top.key is None:
            raise _problem(
                self.shown, line, "a key must be a word, not a list or mapping", "Write `key: value`."
            )
        mark = Mark(self.shown, line)
        if top is not None and top.key is not None:
            mark = top.key[1]
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.total += 1
        self.open.append(_Open(Node(value, mark), event.anchor))
        self._check_depth(0, line)

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _problem(self.shown, line, "tags are not allowed", "Write the value without '!'.", tag[:60])

    def _scalar(self, event: Any, line: int) -> Node:
        text = event.value
        if _SURROGATE.search(text):
            raise _problem(
                self.shown, line, "the text holds half a character (a surrogate)", "Write plain letters."
            )
        plain = event.style in (None, "") and event.implicit[0]
        return Node(scalar(text) if plain else text, Mark(self.shown, line), text)

    def _alias(self, event: Any, line: int) -> None:
        if event.anchor not in self.anchors:
            known = any(part.anchor == event.anchor for part in self.open)
            message = "an anchor contains itself" if known else "this alias names no anchor"
            raise _problem(self.shown, line, message, "Write the value out in full.", f"*{event.anchor}"[:60])
        node, size, height = self.anchors[event.anchor]
        self.total += size
        self._add(node, size, height, None, line)

    def _add(self, node: Node, size: int, height: int, anchor: str | None, line: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        # counted as if every alias were expanded, before anything is
        if self.total > MAX_NODES:
            raise _problem(self.shown, line, f"the file expands to more than {MAX_NODES:,} values",
                           "Write less, or fewer aliases of aliases.")  # fmt: skip
        self._check_depth(height, line)
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif top.key is None:
            top.key = self._key(node, top, line)
        else:
            name, mark = top.key
            top.node.value[name] = node
            top.node.keys[name] = mark
            top.key = None

    def _key(self, node: Node, top: _Open, line: int) -> tuple[str, Mark]:
        if not isinstance(node.value, str):
            cure = "A key is a word that begins with a letter, such as `spring`."
            raise _problem(self.shown, line, "this key is not a text", cure, shorten(node))
        if node.value == "<<":
            raise _problem(self.shown, line, "merge keys ('<<') are not supported",
                           "Write the values out, or use `extends:` or `include:`.", "<<")  # fmt: skip
        if node.value in top.node.value:
            first = top.node.keys[node.value].line
            raise _problem(self.shown, line, f"this key stands here twice (first on line {first})",
                           "Keep one of the two.", shorten(node), where=node.value)  # fmt: skip
        return node.value, Mark(self.shown, line)

    def _check_depth(self, height: int, line: int) -> None:
        if len(self.open) + height > MAX_DEPTH:
            raise _problem(self.shown, line, f"nested more than {MAX_DEPTH} levels deep", "Flatten the file.")


def scalar(word: str) -> Any:
    """What an unquoted word stands for: None, a bool, a number, or the word itself."""
    kind = next((name for name, pattern in SCALARS if pattern.fullmatch(word)), "text")
    match kind:
        case "null":
            return None
        case "bool":
            return word.lower() == "true"
        case "int":
            return int(word.replace("_", ""))
        case "float":
            return float(re.sub(r"\.(?=inf|nan)", "", word.lower()))
    return word
