"""The library: each mechanism of the field as a file, which any scenario can include.

A file is a fragment of a scenario under a header, ``mechanism:``, that says which mechanism of the index
(mechanisms.csv) it is, of which primitives it is made, and what it must be seen to do: its effect, the world in
which that is measured, and the values at which it has no strength. A scenario that includes the file sees the
fragment only. `simlab.lab.library` measures; docs/library.md tells strategists.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from simlab.scenario import places
from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean, unknown
from simlab.scenario.files import NOT_MERGED, Loaded, compose
from simlab.scenario.labels import Name
from simlab.scenario.layers import DROP
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.part import Part
from simlab.scenario.paths import Spec
from simlab.scenario.places import MECHANISM
from simlab.scenario.problems import problems_of
from simlab.scenario.units import SHARES, parse
from simlab.scenario.yaml_lines import Node, read_mapping

Primitive = Literal["stage", "touch", "offer", "rule", "programme", "source", "group", "event", "staff"]
PRIMITIVES: tuple[str, ...] = get_args(Primitive)
"""What the world is made of; a mechanism is data over these."""


class Size(Part):
    """The least effect that counts: in the outcome's unit, or as a share of its mean without the mechanism."""

    value: float = Field(0.0, ge=0)
    relative: bool = False

    def __str__(self) -> str:
        return f"{self.value * 100:g} %" if self.relative else f"{self.value:g}"


def _size(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        return {
            "value": parse(value, {"%": SHARES["%"]}, "a size", "0.5%"),
            "relative": True,
        }
    return {"value": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Effect(Part):
    """What a mechanism must be seen to do.

    ``direction: none`` is said of what changes how a world is looked at, or planned, but not the world: not a byte
    of it may move.
    """

    direction: Literal["up", "down", "none"]
    outcome: str | None = None
    at_least: Annotated[Size, BeforeValidator(_size)] = Field(
        Size(),
        description="what the 99.9 % interval must clear: 0.5% of the outcome without it, or a bare number",
    )

    @field_validator("outcome")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in OUTCOMES:
            raise unknown("outcome", value, OUTCOMES)
        return value

    @model_validator(mode="after")
    def _whole(self) -> Effect:
        if self.direction != "none" and self.outcome is None:
            raise Fault("an effect needs an outcome", "Add outcome: orders, or another one.", ("outcome",))
        return self


def _effect(value: Any) -> Any:
    return {"direction": value} if value == "none" else value


class Mechanism(Part):
    """The header of a library file."""

    id: str = Field(description="of the index: M001 to M119")
    name: Name
    zh: Name
    primitives: tuple[Primitive, ...] = Field(
        description="what it is made of; [] where it only looks at what others do"
    )
    world: str = Field("pilot", description="named scenario in which its effect is measured")
    setting: dict[str, Any] = Field(
        default_factory=dict, description="values by dotted path that the world has without it, too"
    )
    effect: Annotated[Effect, BeforeValidator(_effect)]
    zero: dict[str, Any] = Field(
        default_factory=dict, description="values by dotted path at which it has no strength"
    )
    shows: tuple[str, ...] = Field((), description="outcomes that it makes visible")
    question: str | None = Field(None, description="experiment file that asks what it is about")

    @field_validator("id")
    @classmethod
    def _indexed(cls, value: str) -> str:
        if value not in index():
            raise Fault("this is not a mechanism of the index", "Write an id from M001 to M119.")
        return value

    @field_validator("world")
    @classmethod
    def _shipped(cls, value: str) -> str:
        if value not in places.shipped_names():
            raise unknown("scenario", value, places.shipped_names())
        return value

    @field_validator("shows")
    @classmethod
    def _visible(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for k, name in enumerate(value):
            if name not in OUTCOMES:
                raise unknown("outcome", name, OUTCOMES, (k,))
        return value

    @model_validator(mode="after")
    def _zeroed(self) -> Mechanism:
        for path, value in self.zero.items():
            if value == DROP:
                raise Fault("dropping an entry proves nothing", "Give the value at which it has no strength.",
                            ("zero", path))  # fmt: skip
        if self.effect.direction != "none":
            if not self.zero:
                raise Fault("the values at which it has no strength are missing",
                            "Add zero: {levers.rules.recall.share: 0}, or what it is here.", ("zero",))  # fmt: skip
            if not self.primitives:
                listed = ", ".join(PRIMITIVES)
                raise Fault("what changes a world is made of something", f"Name its primitives: {listed}.",
                            ("primitives",))  # fmt: skip
        return self


class _Header(Part):
    """A library file as far as it is not a scenario."""

    mechanism: Mechanism


@dataclass(frozen=True)
class Listed:
    """A mechanism of the index.

    Attributes:
        id: M001 to M119. tier: 1 core of the model, 2 lever, 3 context. name, zh: what it is called.
    """

    id: str
    tier: int
    name: str
    zh: str


@dataclass(frozen=True)
class Entry:
    """A file of the library.

    Attributes:
        slug: what it is called in `simlab new --with`.
        file: where it stands.
        mechanism: its header.
        about: the comment above the header, on one line.
    """

    slug: str
    file: Path
    mechanism: Mechanism
    about: str

    @property
    def listed(self) -> Listed:
        """Its mechanism in the index."""
        return index()[self.mechanism.id]

    @property
    def text(self) -> str:
        """The file as it is, with its comments."""
        return self.file.read_text(encoding="utf-8")

    @property
    def digest(self) -> str:
        """Of the file as it is."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def row(self) -> dict[str, Any]:
        """What a table says of it."""
        head = self.mechanism
        effect = head.effect
        return {
            "id": head.id, "tier": self.listed.tier, "slug": self.slug, "name": head.name, "zh": head.zh,
            "primitives": list(head.primitives), "world": head.world, "outcome": effect.outcome,
            "direction": effect.direction, "at_least": str(effect.at_least), "about": self.about,
        }  # fmt: skip


@cache
def index() -> Mapping[str, Listed]:
    """Every mechanism of the field's playbooks, by id, whether or not a file says it yet."""
    with open(Path(__file__).with_name("mechanisms.csv"), encoding="utf-8", newline="") as file:
        return {
            row["id"]: Listed(row["id"], int(row["tier"]), row["name"], row["zh"])
            for row in csv.DictReader(file)
        }


def library(words: str = "", primitive: str | None = None) -> tuple[Entry, ...]:
    """The files of the library, by id, that have every one of `words` in what is said of them.

    Args:
        words: in English or Chinese; ids such as M004, slugs and primitives are found, too.
        primitive: only those made with this one.

    Raises:
        InputError: no such primitive, or a file of the library that cannot be read.
    """
    if primitive is not None and primitive not in PRIMITIVES:
        fault = unknown("primitive", primitive, PRIMITIVES)
        raise InputError(Problem("--primitive", fault.message, fault.cure))
    found = []
    for slug in places.library_names():
        here = entry(slug)
        head = here.mechanism
        said = " ".join((slug, head.id, head.name, head.zh, *head.primitives, here.listed.name, here.listed.zh,
                         here.about)).lower()  # fmt: skip
        if primitive in (None, *head.primitives) and all(word in said for word in words.lower().split()):
            found.append(here)
    return tuple(sorted(found, key=lambda one: (one.mechanism.id, one.slug)))


def entry(name: str | Path, option: str = "library") -> Entry:
    """The library file called `name` (`dormant-recall`, `library/dormant-recall`), or a file of one's own.

    Args:
        option: what the name was given to, for the message.

    Raises:
        InputError: there is none, with the nearest name; or it cannot be read.
    """
    text = str(name)
    slug = text.removeprefix(f"{places.LIBRARY}/")
    if slug in places.library_names():
        file = places.library_folder() / f"{slug}.yaml"
        return read_entry(file, places.display(file))
    if Path(text).suffix.lower() in places.SCENARIO_SUFFIXES:
        return read_entry(Path(text), text)
    hint = did_you_mean(slug, places.library_names())
    cure = f"{hint} `simlab library` lists all; a file of your own ends in .yaml.".strip()
    raise InputError(Problem(option, "there is no such mechanism in the library", cure, value=text))


def read_entry(file: Path, shown: str) -> Entry:
    """The library file `file`, its header checked.

    Raises:
        InputError: it cannot be read, or its header is wrong.
    """
    _, head = _read(file, shown)
    try:
        header = _Header.model_validate(head.plain)
    except ValidationError as error:
        raise InputError(*problems_of(error, head, Spec(_Header))) from None
    return Entry(file.stem, file, header.mechanism, _about(file))


def says(mechanism: Entry) -> list[str]:
    """The dotted paths of the values that its fragment sets."""
    own = read_mapping(mechanism.file, mechanism.slug)
    return [path for key in own.value if key not in NOT_MERGED for path in _paths(own.value[key], key)]


def _paths(node: Node, path: str) -> list[str]:
    if not isinstance(node.value, dict) or not node.value:
        return [path]
    return [below for key, child in node.value.items() for below in _paths(child, f"{path}.{key}")]


def arm(mechanism: Entry, world: str | None = None, kind: Literal["without", "with", "zero"] = "with",
        values: Sequence[str] = ()) -> Loaded:  # fmt: skip
    """The mechanism's world without it, with it, or with it at zero strength; all have its `setting`.

    Args:
        world: another scenario than the header names, as it is, without the setting: a shipped name or a file.
        values: "horizon=30" and so on, for every arm.

    Raises:
        InputError: the parts do not go together; with file and line.
    """
    shown = places.display(mechanism.file)
    own, _ = _read(mechanism.file, shown)
    head = own.value[MECHANISM]

    def nodes(key: str) -> dict[str, Node]:
        block = head.value.get(key)
        return dict(block.value) if block is not None and isinstance(block.value, dict) else {}

    pieces = () if kind == "without" else ((mechanism.file, shown),)
    under, over = {} if world else nodes("setting"), nodes("zero") if kind == "zero" else {}
    return compose(world or mechanism.mechanism.world, pieces, under=under, over=over, overrides=values)


def _read(file: Path, shown: str) -> tuple[Node, Node]:
    """The whole file, and the part of it that is the header."""
    own = read_mapping(file, shown)
    if MECHANISM not in own.value:
        raise InputError(Problem(shown, "this file is not a mechanism: it has no `mechanism:` block",
                                 "Begin it with the header that docs/library.md shows."))  # fmt: skip
    return own, Node({MECHANISM: own.value[MECHANISM]}, own.mark, keys={MECHANISM: own.keys[MECHANISM]})


def _about(file: Path) -> str:
    """The comment at the top of a file, on one line."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return re.sub(r"\s+", " ", " ".join(lines)).strip()
