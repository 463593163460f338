"""Plots draw what the tables hold, in any script, and leave out what there is nothing of."""

from __future__ import annotations

import threading
import warnings
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from synthetic import synthetic

from simlab.lab.results import Results
from simlab.report import fonts, series, style
from simlab.report.plots import (
    PLOTS,
    attention,
    cohorts,
    condition,
    distribution,
    funnel,
    referral,
    stages,
    waterfall,
)
from simlab.report.plots.growth import acquisition
from simlab.scenario.schema import Scenario

CHINESE = ("新客", "老客", "活跃", "沉睡镕囍", "流失_预警")


@pytest.fixture(scope="module")
def chinese(full: Results) -> Results:
    """The same run with Chinese stage names."""
    names = dict(zip((stage.name for stage in full.scenario.stages), CHINESE, strict=True))
    scenario = full.scenario.model_copy(update={"stages": tuple(
        stage.model_copy(update={"name": names[stage.name]}) for stage in full.scenario.stages
    )})  # fmt: skip
    tables = dict(full.tables)
    tables["daily"] = tables["daily"].assign(stage=lambda f: f["stage"].replace(names))
    tables["flows"] = tables["flows"].replace({"source_stage": names, "target_stage": names})
    return replace(full, scenario=scenario, tables=tables)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_every_plot_draws_and_reads_without_a_complaint(plot, full: Results) -> None:  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot.draw(full)
        assert figure is not None
        sentence = plot.read(full)
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert "nan" not in sentence
    assert plot.note(full).endswith(".")


def test_chinese_names_have_glyphs(chinese: Results) -> None:
    assert all(fonts.drawable(name) for name in CHINESE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every missing glyph
        for plot in PLOTS:
            if plot.name in ("stages", "flows"):
                figure = plot.draw(chinese)
                assert figure is not None
                style.save(figure, "png", dpi=40)
                svg = style.save(figure, "svg")
                assert b"<text" not in svg  # outlines: the reader needs no font
                assert set(CHINESE) <= set(texts(figure))
                assert fonts.key(CHINESE, "stage") == []


def test_a_name_that_no_font_can_draw_is_numbered_and_explained() -> None:
    names = ["new", "고객", "a$b$", "_x"]
    assert fonts.labels(names, "segment") == ["new", "segment 2", r"a\$b\$", " _x"]
    assert fonts.key(names, "segment") == [("segment 2", "고객")]


def test_a_long_name_in_two_languages_has_two_lines() -> None:
    names = [
        "no ritual 取消周三",
        "deeper coupon instead 改用更大的券",
        "更大 的 券 " * 4,
        "two words " * 4 + "券",
    ]
    assert fonts.labels(names, "arm") == [names[0], "deeper coupon instead\n改用更大的券", "arm 3", "arm 4"]
    assert [text for text, _ in fonts.key(names, "arm")] == ["arm 3", "arm 4"]


def test_without_the_packaged_font_an_installed_one_or_numbers_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "packaged", lambda: None)
    monkeypatch.setattr(fonts, "INSTALLED", ())
    for cached in (fonts.families, fonts._drawable):
        cached.cache_clear()
    try:
        assert fonts.families() == ("DejaVu Sans",)
        assert fonts.labels(["老客"], "stage") == ["stage 1"]
        assert fonts.css_face(["老客"], "Han") == ""
    finally:
        for cached in (fonts.families, fonts._drawable):
            cached.cache_clear()


def test_plots_leave_the_settings_of_matplotlib_alone(full: Results) -> None:
    before = dict(matplotlib.rcParams)
    figure = waterfall(full)
    assert figure is not None
    style.save(figure, "svg")
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in vars(style)


def test_the_same_results_give_the_same_bytes(full: Results) -> None:
    for form in ("svg", "png"):
        first, second = (style.save(distribution(full), form) for _ in range(2))  # type: ignore[arg-type]
        assert first == second


def test_page_and_files_show_the_same_picture(full: Results) -> None:
    """Whatever is saved first lays the figure out for all."""
    figure = distribution(full)
    assert figure is not None
    page, image, file = (style.save(figure, form) for form in ("svg", "png", "svg"))  # type: ignore[arg-type]
    assert file == page
    assert style.save(figure, "png") == image


def test_two_threads_draw_the_same_as_one(full: Results) -> None:
    alone = style.save(waterfall(full), "svg")  # type: ignore[arg-type]
    out: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: out.append(style.save(waterfall(full), "svg")))  # type: ignore[arg-type]
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out == [alone, alone]


def test_dates_warm_up_and_valuation_date_are_on_the_axis(full: Results) -> None:
    figure = stages(full)
    assert figure is not None
    said = texts(figure)
    assert "warm-up" in said
    assert "valuation date 1 Jan 2026" in said
    assert "Members, real base (1 simulated = 50 real)" in said
    assert series.dates(full, [1])[0] == full.scenario.start


def test_stocks_are_scaled_to_the_real_base(full: Results) -> None:
    daily = full.tables["daily"]
    last = daily[(daily["day"] == full.scenario.horizon) & ~daily["stage"].isin(["prospect", "left"])]
    assert series.stocks(full)[:, -1].sum() == pytest.approx(last["members"].sum() * 50 / 8)


def test_people_outside_are_no_members(full: Results) -> None:
    members = series.panel(full, ["members"])["members"]
    own = full.tables["outcomes"]
    assert members[:, -1].mean() * 50 == pytest.approx(own.loc[own["world"] == 0, "members"].mean())
    assert members.mean(axis=0) * 50 == pytest.approx(series.stocks(full).sum(axis=0))


def test_the_funnel_counts_what_the_tables_hold(full: Results) -> None:
    daily = full.tables["daily"]
    inside = daily[daily["day"] >= 1]
    steps = acquisition(full).set_index("step")["users"]
    assert steps["exposures"] == pytest.approx(inside["exposures"].sum() * 50 / 8)
    assert steps["joined from a source"] == pytest.approx(
        inside.loc[inside["source"] == "ads", "joins"].sum() * 50 / 8
    )


def test_missing_days_and_seeds_are_zeros() -> None:
    results = synthetic(seeds=3, worlds=0, horizon=20, warmup=0)
    daily = results.tables["daily"]
    thin = replace(
        results, tables=results.tables | {"daily": daily[(daily["seed"] != 2) | (daily["day"] != 5)]}
    )
    data = series.panel(thin, ["orders"])["orders"]
    assert data.shape == (3, 20)
    assert data[1, 4] == 0
    assert np.delete(data, 4, axis=1)[1].min() > 0


def test_one_seed_has_no_band(alone: Results) -> None:
    figure = attention(alone)
    assert figure is not None
    assert not any(ax.collections for ax in figure.axes)
    note = next(plot for plot in PLOTS if plot.name == "attention").note(alone)
    assert "One seed only" in note


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_one_seed_can_be_drawn_and_read(plot, alone: Results) -> None:  # type: ignore[no-untyped-def]
    assert plot.draw(alone) is not None
    assert "nan" not in plot.read(alone)


def test_without_marketing_there_is_nothing_to_draw_of_it(quiet: Results) -> None:
    assert funnel(quiet) is None
    assert referral(quiet) is None
    assert attention(quiet) is None
    assert condition(quiet) is not None


def test_nothing_at_all_draws_nothing() -> None:
    nothing = Results(Scenario(name="empty"), {})
    assert all(plot.draw(nothing) is None for plot in PLOTS)


def test_long_names_and_many_cohorts_still_fit(full: Results) -> None:
    long = "a_stage_whose_name_is_as_long_as_allowed"
    assert fonts.labels(["new", long], "stage") == ["new", "stage 2"]
    months = 30
    rows = [
        (0, 1, f"month {start}", age, 100, 100 - age, 10, 12, 500)
        for start in range(1, months + 1)
        for age in range(months + 1 - start)
    ]
    frame = pd.DataFrame(rows, columns=full.tables["cohorts"].columns)
    figure = cohorts(replace(full, tables=full.tables | {"cohorts": frame}))
    assert figure is not None
    assert figure.get_figheight() <= 7.5
    assert len(texts(figure)) < 90  # 465 cells stay without numbers


def test_events_of_the_calendar_are_named_under_the_orders() -> None:
    events = {"events": [{"name": "春节", "first": "2026-02-15", "last": "2026-02-23", "demand": 0.7},
                         {"name": "later", "first": "2030-01-01", "last": "2030-01-02"}]}  # fmt: skip
    results = synthetic(seeds=2, worlds=0, horizon=90, warmup=14, calendar=events)
    plot = next(plot for plot in PLOTS if plot.name == "orders_and_net")
    assert plot.draw(results) is not None
    assert "Amber: 春节." in plot.note(results)
