"""The page of a comparison says what was found, mixes nothing up, and survives what there is not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from compared import compared, varied
from reading import Reader, drawn, stands_alone
from synthetic import CHINESE, HOSTILE, scenario

from simlab.lab.comparison import Comparison
from simlab.report import compare_plots, compare_tables, compare_why, compare_words, fonts
from simlab.report.chinese import OUTCOMES_ZH, UNITS_ZH
from simlab.report.compare_page import headline, render, write_comparison
from simlab.scenario.outcomes import OUTCOMES


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compared(precision=0.001, failing=[2])


@pytest.fixture(scope="module")
def text(found: Comparison) -> str:
    return drawn(render, found)


def test_it_parses_and_has_its_sections(text: str) -> None:
    assert stands_alone(text).ids == [
        "summary", "arms", "levers", "constraints", "differences", "cumulative", "why", "groups", "lifecycle",
        "counterfactual", "outcomes", "failures", "made",
    ]  # fmt: skip


def test_hostile_and_chinese_names_are_text(text: str) -> None:
    assert HOSTILE not in text
    read = Reader(text)
    assert read.text.count(HOSTILE) >= 5
    assert "<script>alert(1)</script>" in read.text
    assert f"{CHINESE}多推" in read.text
    assert "data:font/woff" in text


def test_a_picture_speaks_the_language_of_its_names(found: Comparison) -> None:
    own = scenario(horizon=60, warmup=0)
    both = compared(arms={"today 现行": own, "a smaller Wednesday 周三优惠减小": own}, worlds=0)
    figure, plain = compare_plots.differences(both), compare_plots.differences(varied())
    assert figure is not None
    assert plain is not None
    (axes,), (other,) = figure.axes, plain.axes
    assert axes.get_title("left").splitlines()[0].startswith("Difference from today 现行: customer equity")
    assert axes.get_title("left").splitlines()[1] == "与“现行”之差：期初会员人均客户权益，元"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a smaller Wednesday\n周三优惠减小"]
    assert not fonts.chinese(other.get_title("left"))


def test_every_outcome_has_a_chinese_name_that_can_be_drawn() -> None:
    assert OUTCOMES_ZH.keys() == OUTCOMES.keys()
    assert UNITS_ZH.keys() == {unit for _, unit in OUTCOMES.values()}
    assert len(set(OUTCOMES_ZH.values())) == len(OUTCOMES_ZH)
    assert all(map(fonts.drawable, (*OUTCOMES_ZH.values(), *UNITS_ZH.values())))


def test_the_sentence_to_read_out(found: Comparison, text: str) -> None:
    read = Reader(text).text
    for sentence in headline(found).splitlines():
        assert sentence in read
    first = compare_words.line(found, f"{CHINESE}多推")
    assert re.fullmatch(
        r"'老客多推' brings [\d.]+ yuan per member (more|less) than 'current' "
        r"\(95 %: [+−\d.]+ to [+−\d.]+; \d+ pairs\); what we do not know about people: [+−\d.]+ to [+−\d.]+\.",
        first.sentence,
    )
    same = compare_words.line(found, "same")
    assert "identical" in same.sentence
    assert (same.number, same.chance, same.verdict) == ("0", "50 %", "identical")


def test_both_kinds_of_uncertainty_and_the_missed_precision_are_told(text: str) -> None:
    read = Reader(text).text
    assert "no number of pairs makes it smaller" in read
    assert "could not be reached" in read
    assert "hold together with 95 %" in read
    assert "Only the net is identified by data" in read
    assert "did not finish" in read or "failed; their pairs are not counted" in read


def test_the_waterfall_adds_up(found: Comparison) -> None:
    for arm in compare_why.step_arms(found):
        steps = compare_why.steps(found, arm)
        total = steps[-1][1]
        assert steps[-1][2]
        assert sum(value for _, value, _ in steps[:-1]) == pytest.approx(total, abs=1e-5)
        assert total == found.row(arm, "customer_equity")["difference"]


def test_one_pair_gives_no_interval() -> None:
    read = Reader(render(compared(seeds=2, failing=[2], worlds=0, detail=False))).text
    assert "no interval is possible" in read
    assert "nan" not in read.lower().replace("finance", "")


def test_without_worlds_and_details_there_is_still_a_page() -> None:
    page = render(compared(worlds=0, detail=False, outcome="open_rate"))
    read = Reader(page)
    assert read.broken == []
    assert not {"why", "groups", "cumulative", "lifecycle", "failures"} & set(read.ids)
    assert "points" in read.text
    assert "too narrow to decide by" in read.text


def test_along_one_lever_there_is_a_curve(found: Comparison) -> None:
    along = varied()
    points = compare_plots.varied(along)
    assert points is not None
    path, frame = points
    assert path == "levers.push.active.per_week"
    assert frame["value"].tolist() == [1, 2, 3, 5, 7]
    assert frame.loc[2, ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert compare_plots.curve(along) is not None
    assert path in compare_plots.read_curve(along)
    assert compare_plots.varied(found) is None


def test_less_is_better_where_it_is() -> None:
    along = compared(outcome="mute_rate", worlds=0)
    line = compare_words.line(along, HOSTILE)
    assert along.row(HOSTILE)["difference"] < 0
    assert along.row(HOSTILE)["p_better"] > 0.5
    assert line.verdict == "better"
    assert "Lower beyond chance" in line.judgement


def test_every_outcome_and_count_has_its_row(found: Comparison) -> None:
    rows = compare_tables.outcome_rows(found)
    assert "customer_equity" in [row["name"] for row in rows]
    assert all(len(row["cells"]) == 3 for row in rows)
    assert len(compare_tables.counterfactual_rows(found)) == 18
    assert compare_tables.lever_rows(found)[0][1:] == ("levers.push.active.per_week", "3", "5")


@pytest.mark.parametrize(
    ("chance", "said"), [(1.0, "> 99.9 %"), (0.0, "< 0.1 %"), (0.5, "50 %"), (0.975, "97.5 %")]
)
def test_chances_never_claim_certainty(chance: float, said: str) -> None:
    assert compare_words.likely(chance) == said


def test_a_folder_with_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simlab.report.compare_page.PLOTS", compare_plots.PLOTS[:1])
    found = compared(worlds=3)
    files = write_comparison(found, tmp_path / "out")
    assert all(file.is_file() for file in files)
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == render(found)
    for name, frame in found.tables.items():
        assert len(pd.read_parquet(tmp_path / "out" / "tables" / f"{name}.parquet")) == len(frame)
        assert (tmp_path / "out" / "tables" / f"{name}.csv").is_file()
    assert {file.suffix for file in files if file.parent.name == "plots"} == {".png", ".svg"}


def test_only_an_arm_that_chance_does_not_explain_is_said_to_disagree_with_its_worlds(
    found: Comparison,
) -> None:
    table = found.tables["differences"].copy()
    arm = found.others[0]

    def said(improbable: float) -> bool:
        table.loc[table["arm"] == arm, "world_fits"] = improbable
        lines = compare_words.careful(replace(found, tables=found.tables | {"differences": table}))
        return any("disagree" in line and f"'{arm}'" in line for line in lines)

    assert not said(0.05)
    assert not said(0.009)  # three arms were looked at
    assert said(0.001)
