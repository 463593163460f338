"""Malformed scenario files are refused with file, line, value and a cure; nothing else is ever raised."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from malformed_cases import CASES

from simlab.scenario import InputError, load

Write = Callable[..., Path]

JARGON = (
    "Input should",
    "type=",
    "Value error",
    "validation error",
    "pydantic",
    "Traceback",
    "Extra inputs",
    "NoneType",
)


def check(error: InputError, file: str, line: int | None, said: tuple[str, ...]) -> None:
    text = str(error)
    place = f"{file}, line {line}:" if line is not None else f"{file}:"
    assert text.startswith(place), text
    for part in said:
        assert part in text, text
    assert not any(word in text for word in JARGON), text
    assert all(line.isprintable() for line in text.splitlines()), text
    assert all(problem.cure.strip().endswith((".", "?")) for problem in error.problems)


@pytest.fixture
def outside(tmp_path: Path, write: Write) -> None:
    """Files beside the project that a scenario must not reach, and links to them from inside."""
    (tmp_path / "outside.yaml").write_text("seeds: 7\n")
    (tmp_path / "outside.csv").write_text("a,b\n")
    Path("link.yaml").symlink_to(tmp_path / "outside.yaml")
    Path("linked").symlink_to(tmp_path)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("outside")
def test_refused_with_place_value_and_cure(case: str, write: Write) -> None:
    text, line, said = CASES[case]
    write("bad.yaml", text)
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        load("bad.yaml")
    assert time.perf_counter() - start < 2
    check(caught.value, "bad.yaml", line, said)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


def test_html_in_a_name_is_text(write: Write) -> None:
    """A name may hold markup: the report escapes it. Here it is only a text."""
    name = "<img src=x onerror=alert(1)> {{ 7*7 }} ${x}"
    assert load(write("html.yaml", f'name: "{name}"\n')).scenario.name == name


def test_utf8_with_bom_and_windows_lines_is_fine(write: Write) -> None:
    assert load(write("bom.yaml", "\ufeffname: 双十一\r\nseeds: 3\r\n".encode())).scenario.name == "双十一"


def test_simple_anchors_are_fine(write: Write) -> None:
    text = "name: x\nlevers:\n  push:\n    new: &c {per_week: 2}\n    active: *c\n"
    assert load(write("anchor.yaml", text)).scenario.levers.push["active"].per_week == 2


def test_100_mb_is_refused_before_it_is_read(write: Write) -> None:
    path = write("big.yaml", "name: x\n")
    os.truncate(path, 100_000_000)
    with pytest.raises(InputError) as caught:
        load(path)
    check(caught.value, "big.yaml", None, ("100 MB", "at most 5 MB"))


def test_many_values_are_refused(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        load(write("wide.yaml", "name: x\npopulation:\n  arrivals: [" + "1," * 200_000 + "]\n"))
    check(caught.value, "wide.yaml", 3, ("more than 100,000",))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("none.yaml", "does not exist"),
        ("folder.yaml", "not a file"),
        ("pipe.yaml", "not a file"),
        ("notes.txt", "Name a .yaml file"),
        ("defualt", "Did you mean 'default'?"),
        ("a\x00.yaml", "cannot be"),
        ("ring.yaml", ""),
        ("x" * 5000 + ".yaml", ""),
    ],
)
def test_what_is_no_scenario_file(file: str, said: str, write: Write) -> None:
    write("notes.txt", "name: x\n")
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe.yaml")
    Path("ring.yaml").symlink_to("ring.yaml")
    with pytest.raises(InputError) as caught:
        load(file)
    assert said in str(caught.value)
    assert "\x00" not in str(caught.value)


def test_a_longer_circle_names_its_files(write: Write) -> None:
    for one, next_one in (("a", "b"), ("b", "c"), ("c", "a")):
        write(f"{one}.yaml", f"name: {one}\nextends: {next_one}.yaml\n")
    with pytest.raises(InputError) as caught:
        load("a.yaml")
    check(caught.value, "c.yaml", 2, ("a.yaml -> b.yaml -> c.yaml -> a.yaml",))


def test_a_chain_of_eleven_is_too_deep(write: Write) -> None:
    for index in range(12):
        write(f"f{index}.yaml", f"name: x\nextends: f{index + 1}.yaml\n")
    write("f12.yaml", "name: x\n")
    with pytest.raises(InputError) as caught:
        load("f0.yaml")
    check(caught.value, "f9.yaml", 2, ("more than 10 files deep",))
    assert load("f3.yaml").scenario.name == "x"


def test_an_include_bomb_is_stopped(write: Write) -> None:
    for index in range(9):
        write(f"f{index}.yaml", f"include: [{', '.join([f'f{index + 1}.yaml'] * 9)}]\n")
    write("f9.yaml", "seeds: 3\n")
    write("x.yaml", "name: x\nextends: f1.yaml\n")
    with pytest.raises(InputError, match="more than 100 files"):
        load("x.yaml")


def test_an_include_cannot_extend(write: Write) -> None:
    write("piece.yaml", "extends: default\n")
    with pytest.raises(InputError) as caught:
        load(write("x.yaml", "name: x\ninclude: [piece.yaml]\n"))
    check(caught.value, "piece.yaml", 1, ("cannot extend", "into the scenario itself"))


def test_without_a_project_a_file_reaches_its_own_folder_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lone"
    folder.mkdir()
    (tmp_path / "base.yaml").write_text("name: b\n")
    (folder / "x.yaml").write_text("extends: ../base.yaml\n")
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match="leaves the project"):
        load("x.yaml")
