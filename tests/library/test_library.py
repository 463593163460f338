"""The library: every mechanism is a file that loads, rests at zero strength, and does what it says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from simlab.lab.crew import Crew
from simlab.lab.library import GOOD, PAIRS, Memory, at_zero, measure
from simlab.scenario.library import arm, entry, index, library
from simlab.scenario.places import library_names

ROOT = Path(__file__).parents[2]
NAMES = library_names()
SAMPLE = NAMES[:: max(1, len(NAMES) // 4)]
"""Measured in the default suite, with fewer pairs; more of them, with all pairs, in the slow one."""
RESTING = [name if k % 8 == 0 else pytest.param(name, marks=pytest.mark.slow) for k, name in enumerate(NAMES)]
"""Every eighth in the default suite, all of them in the slow one."""


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
def test_every_file_loads_on_its_world_and_on_the_default(name: str) -> None:
    one = entry(name)
    assert one.about, "the first comment says what it is"
    assert one.mechanism.zh in one.about
    arm(one)
    arm(one, "default")


@pytest.mark.parametrize("name", RESTING)
def test_at_zero_strength_not_a_byte_moves(name: str) -> None:
    assert at_zero(entry(name)) == ""


@pytest.mark.parametrize("name", SAMPLE)
def test_some_do_what_they_say_they_do(name: str) -> None:
    """Ten pairs say the direction; the size is for forty."""
    with Crew(Memory()) as crew:
        found = measure(entry(name), crew, seeds=range(1, 11), zero=False)
    sign = {"up": 1, "down": -1, "none": 0}[found.entry.mechanism.effect.direction]
    assert found.verdict in GOOD or sign * found.difference.mean > 0


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """One crew for all files, so that worlds without a mechanism are simulated once."""
    with Crew(Memory()) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES[2::6])
def test_a_sample_does_what_it_says_at_full_size(name: str, crew: Crew) -> None:
    """All 124 take an hour: `python docs/validation/mechanisms.py` measures them and writes the table below."""
    found = measure(entry(name), crew)
    assert found.good, f"{found.verdict} {found.zero}: {found.words()}"


def test_the_table_is_the_one_of_these_files() -> None:
    """docs/mechanisms.md has a row for each, measured with the files as they are."""
    kept = json.loads((ROOT / "docs" / "validation" / "mechanisms.json").read_text(encoding="utf-8"))
    files = {one.slug: one.digest for one in library()}
    stale = sorted(name for name in {*files, *kept} if kept.get(name, {}).get("file") != files.get(name))
    assert not stale, f"refresh with python docs/validation/mechanisms.py: {', '.join(stale)}"
    page = (ROOT / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    for number in index():
        assert f"| {number} |" in page
    assert all(len(row["seed, without, with"]) in (0, PAIRS) for row in kept.values())
