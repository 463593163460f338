"""Identity, and writing a scenario out so that it loads back to the same one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlab.scenario import (
    InputError,
    Scenario,
    dump_yaml,
    json_schema,
    load,
    numbers,
    parameters_markdown,
    scenario_digest,
    with_values,
    world_digest,
)  # fmt: skip
from simlab.scenario.behaviour import parameters
from simlab.scenario.names import slug, unsafe_character

Write = Callable[..., Path]

DEFAULT = load("default").scenario
NUMBERS = numbers(DEFAULT)

PLAIN = "name: a\nhorizon: 28\nlevers: {offers: {a: {depth: 0.07}, b: {valid: 2}}}\n"
SPELLED = """# a comment
levers:
  offers:
    b: {valid: 2 days}
    a: {depth: 7%, min_spend: 0 yuan}   # the default, written out
description: said otherwise
horizon: 4 weeks
name: another name
"""


def test_spelling_order_comments_labels_and_place_are_not_identity(write: Write) -> None:
    plain, spelled = load(write("a.yaml", PLAIN)), load(write("deep/b.yaml", SPELLED))
    assert plain.digest == spelled.digest
    assert list(plain.scenario.levers.offers) == list(spelled.scenario.levers.offers)


def test_values_are_identity() -> None:
    digests = {scenario_digest(with_values(DEFAULT, {"horizon": days})) for days in (10, 11)}
    assert len(digests | {scenario_digest(DEFAULT)}) == 3


def test_the_world_does_not_know_what_is_read_from_it() -> None:
    other = with_values(DEFAULT, {"seeds": 3, "outcomes": ["net"], "constraints": []})
    assert scenario_digest(other) != scenario_digest(DEFAULT)
    assert world_digest(other) == world_digest(DEFAULT)


def test_data_files_count_by_content(write: Write) -> None:
    text = "name: x\ngraph: {kind: file, file: links.csv}\n"
    for folder, links in (("a", "1,2\n"), ("b", "1,2\n"), ("c", "1,3\n")):
        write(f"{folder}/links.csv", links)
        write(f"{folder}/x.yaml", text)
    a, b, c = (load(f"{folder}/x.yaml") for folder in "abc")
    assert a.digest == b.digest != c.digest
    assert scenario_digest(a.scenario) == a.digest
    saved = write("results/a/resolved.yaml", dump_yaml(a.scenario, "results/a"))
    assert load(saved).digest == a.digest
    Path("a/links.csv").unlink()
    with pytest.raises(InputError, match="does not exist"):
        load("a/x.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        scenario_digest(a.scenario)


def _round_trip(scenario: Scenario) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resolved.yaml"
        path.write_text(dump_yaml(scenario, folder), encoding="utf-8")
        loaded = load(path)
    assert loaded.scenario == scenario
    assert loaded.digest == scenario_digest(scenario)


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(p for p in NUMBERS if p.startswith("behaviour."))), st.floats(0.8, 1.25)
    ),
    st.text(min_size=1, max_size=60).filter(lambda t: t.strip() and not unsafe_character(t)),
    st.text(max_size=60).filter(lambda t: not unsafe_character(t, multiline=True)),
)
def test_dump_loads_back(factors: dict[str, float], name: str, description: str) -> None:
    values = {path: NUMBERS[path] * factor for path, factor in factors.items()}
    try:
        changed = with_values(DEFAULT, values | {"name": name, "description": description}, to_grain=True)
    except InputError:  # a share above 1, or a range that now leaves its field
        return
    _round_trip(changed)


@pytest.mark.parametrize(
    "name", ["1e3", "null", "~", "yes", "2026-01-01", "1:50", "true", "drop", "<<", "=", "- a", "#1", "007"]
)
def test_names_that_look_like_something_else(name: str) -> None:
    _round_trip(with_values(DEFAULT, {"name": name, "calendar.events": [
        {"name": name, "first": "2026-11-11", "last": "2026-11-12"}]}))  # fmt: skip


def test_two_bounds_on_one_observable_round_trip() -> None:
    both = [
        {"observable": "orders", "op": ">=", "value": 1},
        {"observable": "orders", "op": "<=", "value": 3},
    ]
    _round_trip(with_values(DEFAULT, {"stages.loyal.when": both}))


def test_json_schema_is_for_files() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert {"extends", "include", "levers", "name"} <= set(schema["properties"])
    assert "required" not in schema
    half_life = schema["$defs"]["Attention"]["properties"]["half_life"]
    assert half_life["unit"] == "days"
    assert half_life["plausible"] == [4, 14]
    assert half_life["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 36500}
    assert "complaint_rate" in schema["properties"]["constraints"]["items"]["anyOf"][0]["pattern"]


def test_the_table_has_every_parameter() -> None:
    table = parameters_markdown()
    assert all(f"`{row['path']}`" in table for row in parameters())
    assert table.count("\n") == len(parameters()) + 2


@given(st.text(max_size=200))
def test_slugs_are_safe(name: str) -> None:
    part = slug(name)
    assert 0 < len(part) <= 60
    assert part == slug(part)
    assert not set(part) & set('./\\:*?"<>| \n\x00')


@pytest.mark.parametrize(
    ("name", "part"),
    [("Default brand", "default-brand"), ("../../etc", "etc"), ("双十一 计划!", "双十一-计划"), ("<b>", "b"),
     ("...", "scenario"), ("CON", "con-scenario"), ("", "scenario"), ("a" * 99, "a" * 60)],
)  # fmt: skip
def test_slug_examples(name: str, part: str) -> None:
    assert slug(name) == part
