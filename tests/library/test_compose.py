"""`simlab new` and `simlab library`: mechanisms found, read and put together into a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import simlab as package
from simlab.scenario import InputError, json_schema, load
from simlab.scenario.compose import new
from simlab.scenario.experiments import load_experiment
from simlab.scenario.library import Mechanism, arm, entry, library

Call = Callable[..., tuple[int, str, str]]

FRIDAY = """
# Friday sale (周五特惠): everybody buys on Fridays.
mechanism:
  id: M059
  name: Friday sale
  zh: 周五特惠
  primitives: [event]
  effect: {outcome: orders, direction: up, at_least: 1%}
  zero: {calendar.weekdays.fri: 1.0}
calendar:
  weekdays: {fri: 2.0}
levers:
  caps: {per_week: 9}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two mechanisms of one's own, made current."""
    (tmp_path / "friday.yaml").write_text(FRIDAY.lstrip(), encoding="utf-8")
    other = FRIDAY.replace("fri: 2.0", "fri: 3.0").replace("per_week: 9", "per_week: 9")
    (tmp_path / "friday2.yaml").write_text(other.lstrip(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_scenario_of_a_base_and_mechanisms(project: Path, simlab: Call) -> None:
    code, printed, _ = simlab("new", "my.yaml", "--base", "pilot", "--with", "targets", "--with", "friday.yaml",
                              "--name", "Mine: 我的")  # fmt: skip
    assert code == 0
    assert "simlab run my.yaml" in printed
    loaded = load("my.yaml")
    assert loaded.scenario.name == "Mine: 我的"
    assert loaded.scenario.calendar.weekdays == {"fri": 2.0}
    assert loaded.scenario.population.members == 2000
    assert any("targets" in source for source in loaded.sources)
    assert {c.outcome for c in loaded.scenario.constraints} >= {"complaint_rate"}
    assert list(project.glob(".*")) == []


def test_included_headers_say_nothing_of_the_scenario(project: Path) -> None:
    (project / "a.yaml").write_text("extends: pilot\ninclude: [friday.yaml]\n")
    (project / "b.yaml").write_text(
        "extends: pilot\ncalendar: {weekdays: {fri: 2}}\nlevers: {caps: {per_week: 9}}\n"
    )
    assert load("a.yaml").digest == load("b.yaml").digest


def test_what_two_mechanisms_both_say_is_told(project: Path, simlab: Call) -> None:
    code, _, told = simlab("new", "my.yaml", "--with", "friday.yaml", "--with", "friday2.yaml")
    assert code == 0
    assert "'friday' and 'friday2' both define calendar.weekdays.fri: that of 'friday2' holds." in told
    assert "per_week" not in told  # they say the same
    assert load("my.yaml").scenario.calendar.weekdays["fri"] == 3.0


def test_unknown_names_are_told_together(project: Path, simlab: Call) -> None:
    code, _, told = simlab("new", "my.yaml", "--base", "pilott", "--with", "targts", "--with", "nonsense")
    assert code == 2
    assert "Did you mean 'pilot'?" in told
    assert "Did you mean 'targets'?" in told
    assert "nonsense" in told
    assert not Path("my.yaml").exists()


def test_nothing_is_overwritten_and_nothing_is_left_behind(project: Path, simlab: Call) -> None:
    assert simlab("new", "friday.yaml")[0] == 2
    assert Path("friday.yaml").read_text(encoding="utf-8") == FRIDAY.lstrip()
    assert simlab("new", "my.txt")[0] == 2
    assert simlab("new", "no/folder/my.yaml")[0] == 2
    wrong = FRIDAY.replace("fri: 2.0", "friday: 2.0")
    Path("wrong.yaml").write_text(wrong, encoding="utf-8")
    code, _, told = simlab("new", "my.yaml", "--with", "wrong.yaml")
    assert code == 2
    assert "wrong.yaml, line 11: calendar.weekdays.friday" in told
    assert sorted(p.name for p in project.iterdir()) == ["friday.yaml", "friday2.yaml", "wrong.yaml"]


def test_a_base_in_another_folder(project: Path) -> None:
    (project / "scenarios").mkdir()
    (project / "brands").mkdir()
    (project / "brands" / "mine.yaml").write_text("extends: pilot\nhorizon: 90\n")
    made = new("scenarios/spring.yaml", "brands/mine.yaml", ["friday.yaml"])
    assert "extends: ../brands/mine.yaml" in made.file.read_text(encoding="utf-8")
    assert made.loaded.scenario.horizon == 90
    assert load("scenarios/spring.yaml").digest == made.loaded.digest


def test_a_mechanism_is_no_scenario(project: Path, simlab: Call) -> None:
    code, _, told = simlab("run", "friday.yaml")
    assert code == 2
    assert "friday.yaml, line 2: mechanism: this is a mechanism, not a scenario" in told
    (project / "on.yaml").write_text("extends: library/targets\n")
    with pytest.raises(InputError, match="not a scenario"):
        load("on.yaml")


@pytest.mark.parametrize(
    ("old", "wrong", "said"),
    [
        ("M059", "M120", "line 3: mechanism.id: this is not a mechanism of the index"),
        ("[event]", "[evnt]", "line 6: mechanism.primitives.0: 'evnt' is not known here"),
        ("outcome: orders", "outcome: oders", "line 7: mechanism.effect.outcome: unknown outcome 'oders'"),
        ("  zero: {calendar.weekdays.fri: 1.0}\n", "", "the values at which it has no strength are missing"),
        ("fri: 1.0", "fri: drop", "line 8: mechanism.zero.calendar.weekdays.fri: dropping an entry proves nothing"),
        ("1%", "a lot", "mechanism.effect.at_least"),
        ("  name:", "  nme:", "unknown key 'nme'"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_told_with_its_line(project: Path, old: str, wrong: str, said: str) -> None:
    (project / "mine.yaml").write_text(FRIDAY.lstrip().replace(old, wrong), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        entry("mine.yaml")
    assert said in str(caught.value)


def test_the_library_is_searched_in_two_languages(simlab: Call) -> None:
    assert [one.slug for one in library("目标设定")] == ["targets"]
    assert "targets" in [one.slug for one in library("m096")]
    assert library("written before starts")[0].slug == "targets"
    assert library("no such thing") == ()
    code, printed, _ = simlab("library", "目标", "--json")
    assert code == 0
    assert json.loads(printed)[0]["id"] == "M096"
    code, printed, _ = simlab("library", "targets")
    assert code == 0
    assert "M096" in printed
    assert "目标设定" in printed
    code, _, told = simlab("library", "--primitive", "rul")
    assert code == 2
    assert "Did you mean 'rule'?" in told
    code, printed, _ = simlab("library", "--show", "targets")
    assert printed == entry("targets").text
    assert simlab("library", "--show", "tagets")[0] == 2


def test_the_file_that_the_guide_shows_is_one(project: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    (project / "shown.yaml").write_text(text, encoding="utf-8")
    shown = entry("shown.yaml")
    assert shown.mechanism.zh in shown.about
    assert arm(shown, kind="with").scenario.calendar.weekdays == {"fri": 2.0, "sat": 0.8}
    assert arm(shown, kind="zero").scenario.calendar.weekdays == {"fri": 1.0, "sat": 1.0}


def test_every_question_can_be_asked() -> None:
    root = Path(__file__).parents[2]
    asked = [one.mechanism.question for one in library() if one.mechanism.question]
    assert asked
    for question in asked:
        assert load_experiment(root / question).experiment.question


def test_the_schema_knows_the_header() -> None:
    schema = json_schema()
    assert set(schema["properties"]["mechanism"]["properties"]) == set(Mechanism.model_fields)
    assert {"Effect", "Scenario"} & set(schema["$defs"]) == {"Effect"}


def test_from_python() -> None:
    assert [one.mechanism.id for one in package.library("targets")] == ["M092", "M096"]


def test_mechanisms_add_to_what_happens_and_to_what_is_looked_at(project: Path) -> None:
    """Events by name, outcomes, targets: two mechanisms go together; a scenario's own list still replaces."""
    for name, first, day, target in (("a", "Sale", 5, "orders >= 1"), ("b", "Fair", 9, "net >= 1")):
        (project / f"{name}.yaml").write_text(
            FRIDAY.split("calendar:")[0].lstrip()
            + f"calendar: {{events: [{{name: {first}, first: 2026-03-0{day}, last: 2026-03-0{day}}}]}}\n"
            + f"outcomes: [orders, {name}_share]\ntargets: ['{target}']\n".replace("a_share", "active_share")
            .replace("b_share", "subsidy"),
            encoding="utf-8",
        )  # fmt: skip
    made = new("my.yaml", "pilot", ["a.yaml", "b.yaml"])
    both = made.loaded.scenario
    assert made.clashes == ()
    assert [event.name for event in both.calendar.events] == ["Sale", "Fair"]
    assert both.outcomes == ("customer_equity", "members", "orders", "net", "active_share", "subsidy")
    assert [target.outcome for target in both.targets] == ["orders", "net"]
    with Path("my.yaml").open("a") as file:
        file.write("outcomes: [net]\n")
    assert load("my.yaml").scenario.outcomes == ("net",)
