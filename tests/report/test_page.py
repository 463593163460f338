"""The page stands alone, shows hostile and Chinese names as they are, and survives what a run has not got."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from reading import Reader, stands_alone
from synthetic import CHINESE, HOSTILE, synthetic

import simlab.report
from simlab.lab.results import Results
from simlab.report import write_plots, write_report, write_tables
from simlab.report.page import made, render
from simlab.report.plots import PLOTS
from simlab.report.tables import harmless
from simlab.scenario.schema import Scenario


def test_the_page_parses_and_every_section_is_there(page: str) -> None:
    read = stands_alone(page)
    plots = [plot.name for plot in PLOTS]
    assert read.ids == ["summary", "strategy", *plots, "outcomes", "assumptions", "made"]
    assert len(read.alts) == len(PLOTS)


def test_hostile_names_are_text(page: str, full: Results) -> None:
    assert HOSTILE not in page
    read = Reader(page)
    assert read.text.count(HOSTILE) >= 2  # the scenario and a segment
    assert "<script>alert(1)</script>" in read.text
    assert "49" not in Reader(page).text.split("programme")[1][:20]


def test_chinese_is_readable_where_no_chinese_font_is_installed(page: str) -> None:
    assert CHINESE in Reader(page).text
    found = re.search(r"data:font/woff;base64,([\w+/=]+)", page)
    assert found is not None
    data = base64.b64decode(found[1])
    assert len(data) < 30_000
    glyphs = TTFont(io.BytesIO(data)).getBestCmap()
    assert {ord(char) for char in "老客会员"} <= set(glyphs)
    face, rest = page.split("@font-face", 1)[1].split("}", 1)
    named = {
        chr(int(code.removeprefix("U+"), 16))
        for code in face.split("unicode-range:")[1].split(";")[0].split(",")
    }
    assert named == {char for char in rest if char >= "\u2e80"}  # every Chinese letter, and no Latin one
    assert rest.count('font: 16px/1.6 "Simlab Han"') == 1  # it leads the list: see fonts.css_face


def test_words_and_headline_numbers_are_on_the_page(page: str) -> None:
    text = Reader(page).text
    assert "Customer equity is" in text
    assert "95 % interval of the mean over 8 seeds" in text
    assert "over plausible worlds" in text
    assert "simlab run scenarios/default.yaml" in text
    assert "behaviour.exposure.lift" in text
    assert "not met" in text


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and folders with the first two plots only: every plot has its own test."""
    monkeypatch.setattr("simlab.report.page.PLOTS", PLOTS[:2])


@pytest.mark.usefixtures("short")
def test_one_seed_and_no_worlds(alone: Results) -> None:
    text = Reader(render(alone)).text
    assert "no interval is possible" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_marketing_off_leaves_its_sections_out(quiet_page: str) -> None:
    read = Reader(quiet_page)
    assert read.broken == []
    assert not {"funnel", "referral", "attention", "assumptions"} & set(read.ids)
    assert {"summary", "stages", "waterfall", "made"} <= set(read.ids)
    assert "By source" not in read.text  # one source is no comparison
    assert "By segment" in read.text


def test_a_run_without_tables_still_makes_a_page() -> None:
    text = Reader(render(Results(Scenario(name="empty"), {}))).text
    assert "not defined" in text


@pytest.mark.usefixtures("short")
def test_same_results_same_bytes(full: Results, tmp_path: Path) -> None:
    assert write_report(full, tmp_path / "new" / "folder").read_bytes() == render(full).encode()


@pytest.mark.usefixtures("short")
def test_plots_as_files(tmp_path: Path) -> None:
    tiny = synthetic(marketing=False, seeds=2, worlds=0, horizon=14, warmup=0)
    files = write_plots(tiny, tmp_path)
    assert {path.suffix for path in files} == {".png", ".svg"}
    assert (tmp_path / "waterfall.png").read_bytes().startswith(b"\x89PNG")
    assert all(path.stat().st_size > 1000 for path in files)


def test_tables_as_files(tmp_path: Path) -> None:
    tiny = synthetic(seeds=2, worlds=2, horizon=7, warmup=0)
    tiny.tables["extra"] = pd.DataFrame(
        {"=name": ["=1+1", "+x", "-y", "@z", "ok", CHINESE], "n": [-1, 2, 3, 4, 5, 6]}
    )
    files = write_tables(tiny, tmp_path)
    assert len(files) == 2 * len(tiny.tables)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "outcomes.parquet"), tiny.tables["outcomes"])
    lines = (tmp_path / "extra.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["'=name,n", "'=1+1,-1", "'+x,2", "'-y,3", "'@z,4", "ok,5", f"{CHINESE},6"]
    again = {path: path.read_bytes() for path in files}
    write_tables(tiny, tmp_path)
    assert {path: path.read_bytes() for path in files} == again


@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_formulas_are_neutralised_in_any_kind_of_text_column(dtype: str) -> None:
    frame = pd.DataFrame({"name": pd.Series(["=1", "a"], dtype=dtype), "number": [-1.5, 2.0]})
    safe = harmless(frame)
    assert safe["name"].tolist() == ["'=1", "a"]
    assert safe["number"].tolist() == [-1.5, 2.0]
    assert frame["name"].tolist() == ["=1", "a"]


def test_the_manifest_in_rows() -> None:
    rows = made({"seeds": [1, 2, 3], "versions": {"simlab": "0.1"}, "picked": [1, 5]})
    assert rows == [("seeds", "1 to 3"), ("versions: simlab", "0.1"), ("picked", "1, 5")]


def test_the_report_reads_results_and_runs_nothing() -> None:
    results = "results fit_result fit_scores comparison tuning flips screen_result rollout rollout_plan moved"
    results += " laws.law laws.table laws.check"  # what a check found, and the laws that it held
    results += " paired"  # plain statistics
    allowed = {"simlab.world.metrics", *(f"simlab.lab.{name}" for name in results.split())}
    for path in Path(simlab.report.__file__).parent.rglob("*.py"):
        imported = set(re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE))
        assert "matplotlib.pyplot" not in imported
        rooms = {name for name in imported if name.startswith(("simlab.lab", "simlab.world", "simlab.cli"))}
        assert rooms <= allowed, path
