"""The library: every mechanism is a file that loads, rests at zero strength, and does what it says."""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from simlab.lab.crew import Crew
from simlab.lab.library import GOOD, PAIRS, Measured, Memory, at_zero, measure
from simlab.scenario.library import arm, entry, index, library
from simlab.scenario.places import library_names

ROOT = Path(__file__).parents[2]
NAMES = library_names()
SAMPLE = NAMES[:: max(1, len(NAMES) // 4)]
"""Measured in the default suite, with fewer pairs; all of them in the slow one."""
EIGHTH = [name if k % 8 == 0 else pytest.param(name, marks=pytest.mark.slow) for k, name in enumerate(NAMES)]
"""Every eighth in the default suite, all of them in the slow one."""
TEN = range(1, 11)
FIGURES = ROOT / "docs" / "validation" / "mechanisms.json"


def test_the_index_has_every_mechanism_once() -> None:
    assert list(index()) == [f"M{k:03d}" for k in range(1, 120)]
    assert len({listed.name for listed in index().values()}) == len({x.zh for x in index().values()}) == 119
    assert Counter(listed.tier for listed in index().values()) == {1: 35, 2: 67, 3: 17}


def test_every_mechanism_has_a_file() -> None:
    there = {one.mechanism.id for one in library()}
    missing = [f"{number} {listed.name}" for number, listed in index().items() if number not in there]
    assert not missing, f"{len(missing)} without a file: {', '.join(missing)}"


def test_two_mechanisms_do_not_share_a_file() -> None:
    names = Counter(one.mechanism.name for one in library())
    assert max(names.values()) == 1, names.most_common(3)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_loads_on_its_world(name: str) -> None:
    one = entry(name)
    assert one.about, "the first comment says what it is"
    assert one.mechanism.zh in one.about
    arm(one)


@pytest.mark.parametrize("name", EIGHTH)
def test_it_loads_on_the_default(name: str) -> None:
    arm(entry(name), "default")


@pytest.mark.parametrize("name", EIGHTH)
def test_at_zero_strength_not_a_byte_moves(name: str) -> None:
    assert at_zero(entry(name)) == ""


@pytest.mark.parametrize("name", SAMPLE)
def test_some_do_what_they_say_they_do(name: str) -> None:
    """Ten pairs say the direction; the size is for forty."""
    with Crew(Memory()) as crew:
        assert goes_as_declared(measure(entry(name), crew, seeds=TEN, zero=False))


def goes_as_declared(found: Measured) -> bool:
    sign = {"up": 1, "down": -1, "none": 0}[found.entry.mechanism.effect.direction]
    return found.verdict in GOOD or sign * found.difference.mean > 0


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """One crew for all files, so that worlds without a mechanism are simulated once."""
    with Crew(Memory()) as found:
        yield found


def in_the_table(x: float) -> float | None:
    """A figure as docs/validation/mechanisms.json has it."""
    return float(f"{x:.10g}") if math.isfinite(x) else None


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_does_what_it_says_over_forty_pairs(name: str, crew: Crew) -> None:
    """Two seeds are lived again. If they give the table's figures, digit for digit, the table is of this engine and its
    verdict over forty pairs stands. Else every sixth mechanism is measured anew with all forty, the others with ten:
    all 124 with forty take an hour, and `python docs/validation/mechanisms.py` is there for that."""
    row = json.loads(FIGURES.read_text(encoding="utf-8"))[name]
    kept = row["seed, without, with"]
    found = measure(entry(name), crew, seeds=[seed for seed, *_ in kept[:2]], zero=False)
    if [[seed, in_the_table(a), in_the_table(b)] for seed, a, b in found.pairs] == kept[:2]:
        assert row["verdict"] in GOOD, row["verdict"]
        assert row["at zero"] == "not a byte moves"
        return
    warnings.warn(
        f"{name}: another engine's figures; refresh with docs/validation/mechanisms.py", stacklevel=1
    )
    found = measure(entry(name), crew, seeds=None if name in NAMES[2::6] else TEN)
    holds = found.good if name in NAMES[2::6] else goes_as_declared(found) and not found.zero
    assert holds, f"{found.verdict} {found.zero}: {found.words()}"


def test_the_table_is_the_one_of_these_files() -> None:
    """docs/mechanisms.md has a row for each, measured with the files as they are."""
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    files = {one.slug: one.digest for one in library()}
    stale = sorted(name for name in {*files, *kept} if kept.get(name, {}).get("file") != files.get(name))
    assert not stale, f"refresh with python docs/validation/mechanisms.py: {', '.join(stale)}"
    page = (ROOT / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    for number in index():
        assert f"| {number} |" in page
    assert all(len(row["seed, without, with"]) in (0, PAIRS) for row in kept.values())
