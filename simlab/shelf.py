"""The library on the command line: what it lists, shows and measures, as lines to print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from simlab.lab.watch import Watcher, get_ready
from simlab.scenario.library import PRIMITIVES, entry, index, library

HOW = "simlab library --show NAME prints a file; simlab new my.yaml --with NAME builds a scenario with it."


def lines(words: str, primitive: str | None) -> Iterator[Table | Text]:
    """The mechanisms that fit, as a table, and what to do next."""
    found = library(words, primitive)
    if not found:
        yield Text(f"Nothing fits. Primitives: {', '.join(PRIMITIVES)}.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Id", "Name", "中文", "What it is", "Made of"):
        table.add_column(column, no_wrap=column in ("Id", "Name", "中文"))
    for one in found:
        head = one.mechanism
        table.add_row(
            *(Text(cell) for cell in (head.id, one.slug, head.zh, head.name, ", ".join(head.primitives)))
        )
    yield table
    ids = len({one.mechanism.id for one in found})
    yield Text(f"{len(found)} files, {ids} of {len(index())} mechanisms. {HOW}")


def text(name: str) -> str:
    """The file of a mechanism, with its comments."""
    return entry(name, "--show").text


def as_json(words: str, primitive: str | None) -> str:
    """The mechanisms that fit, as JSON."""
    return json.dumps([one.row() for one in library(words, primitive)], indent=2, ensure_ascii=False)


def measured(
    names: Sequence[str], world: str | None, values: Sequence[str], outcome: str | None, seeds: int,
    threads: int | None, watcher: Watcher,
) -> Iterator[str]:  # fmt: skip
    """A line for each mechanism: what it does, what its file says that it does, and whether it rests at zero."""
    chosen = [entry(name) for name in names]
    own = world is None and outcome is None and not values
    watcher.says(f"{', '.join(one.slug for one in chosen)}: {seeds} pairs of worlds each.")

    from simlab.lab.crew import Crew
    from simlab.lab.library import Memory, measure
    from simlab.lab.seeds import CompareSeed

    get_ready(watcher)
    with Crew(Memory(), threads=threads, watcher=watcher) as crew:
        for one in chosen:
            found = measure(
                one, crew, world=world, values=values, outcome=outcome, seeds=CompareSeed.panel(seeds)
            )
            head = one.mechanism
            parts = [f"{one.slug} ({head.id} {head.zh}) in {found.world}:"]
            effect = head.effect
            if effect.direction == "none":
                parts.append(f"{found.verdict}.")
            else:
                parts.append(f"{found.words()}, 99.9 % interval of {seeds} pairs.")
                if own:
                    parts.append(
                        f"Declared {effect.direction} by {effect.at_least} or more: {found.verdict}."
                    )
                parts.append(f"At zero strength: {found.zero or 'not a byte moves'}.")
            yield " ".join(parts)
