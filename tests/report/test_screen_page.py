"""The page of a screening says what moves the outcome, what is chance and what turns the ranking."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from simlab.lab.screen import screen
from simlab.lab.screen_result import Screening
from simlab.report import screen_words
from simlab.report.screen_page import render, write_screening
from simlab.report.screen_plots import PLOTS, label
from simlab.scenario import Scenario, get_value, with_values
from simlab.scenario.experiment import ScreenSpec, Search
from simlab.scenario.experiments import lever
from tests.lab.fake_crew import ACCEPT, LIFT, MUTE, PUSH, FakeCrew, at, base
from tests.report.reading import Reader, drawn, stands_alone

HOSTILE = "<script>alert(1)</script> & $x^2$ {{ 7*7 }}"
BASKET = "population.segments.老客会员.basket.mean"


@pytest.fixture(scope="module")
def world() -> Scenario:
    """A hostile name, a Chinese segment whose basket we do not know."""
    plain = base(lift=[0.4, 1.0], mute=[0.002, 0.006], accept=[0.08, 0.25])
    people = plain.population.segments["regular"]
    segments = {"老客会员": people}
    plain = plain.model_copy(update={"name": HOSTILE})
    plain = plain.model_copy(
        update={"population": plain.population.model_copy(update={"segments": segments})}
    )
    spans = {path: [span.low, span.high] for path, span in plain.uncertainties.items()}
    return with_values(plain, {"uncertainties": {**spans, BASKET: [100, 200]}})


def formula(scenario: Scenario) -> float:
    """More pushes pay where the lift is high; the basket moves the level."""
    push = float(get_value(scenario, PUSH))
    return (
        200
        + 3 * (at(scenario, LIFT, 0.4, 1.0) - 0.5) * push
        + 9 * at(scenario, BASKET, 100, 200)
        + 2 * at(scenario, ACCEPT, 0.08, 0.25)
    )


def together(scenario: Scenario) -> float:
    push = float(get_value(scenario, PUSH))
    return 200 + push * (1 - 5 * at(scenario, LIFT, 0.4, 1.0) ** 2 * at(scenario, MUTE, 0.002, 0.006) ** 2)


@pytest.fixture(scope="module")
def full(world: Scenario) -> Screening:
    levers = [
        lever(world, PUSH, Search(low=0, high=7)),
        lever(world, "levers.caps.per_day", Search(low=1, high=12)),
    ]
    crew = FakeCrew(formula, shared=20, own=1.5)
    return screen(world, ScreenSpec(against={PUSH: 5, "levers.referral": None}), levers, crew=crew)


@pytest.fixture(scope="module")
def shares(world: Scenario) -> Screening:
    crew = FakeCrew(together, shared=20, own=0.3)
    return screen(world, ScreenSpec(method="sobol", size=16, against={PUSH: 5}), crew=crew)


@pytest.fixture(scope="module")
def page(full: Screening) -> str:
    return drawn(render, full)


def test_the_page_stands_alone_and_is_complete(page: str) -> None:
    read = stands_alone(page)
    assert read.ids == ["summary", "effects", "plane", "turning", "factors", "second", "assumptions", "made"]
    assert "nan" not in read.text.lower()


def test_names_are_shown_as_they_are(page: str) -> None:
    assert "<script>" not in page
    assert HOSTILE in Reader(page).text
    assert "segments.老客会员.basket.mean" in Reader(page).text
    assert "data:font/woff" in page


def test_the_answer_comes_first(page: str, full: Screening) -> None:
    text = " ".join(Reader(page).text.split())
    assert "What moves customer equity per starting member most:" in text
    assert re.search(r"Chance is [\d.]+ % of the variance over the design, with 4 common seeds a point", text)
    assert re.search(r"exposure.lift turns it: above 7[\d.]+ % \(somewhere in", text)
    assert "the second strategy is better, below it the current one" in text
    assert "trajectories are left out: the scenario contradicts itself there" in text
    assert screen_words.headline(full) in text


def test_two_together_and_shares(shares: Screening) -> None:
    text = " ".join(Reader(render(shares)).text.split())
    assert "Only together: with exposure.lift above" in text
    assert "the current strategy is better in" in text
    assert "Sobol indices by Saltelli's design: 16 complete base rows of 6 points" in text
    drawn = [plot.name for plot in PLOTS if plot.draw(shares) is not None]
    assert drawn == ["effects", "turning", "together"]


def test_a_ranking_that_nothing_turns(world: Scenario) -> None:
    crew = FakeCrew(lambda s: 100 + 2 * float(get_value(s, PUSH)) + at(s, LIFT, 0.4, 1.0), shared=5)
    found = screen(world, ScreenSpec(size=4, against={PUSH: 5}), crew=crew)
    (line,) = screen_words.ranking(found)
    assert line.style == "met"
    assert "No assumption turns the ranking anywhere in its plausible range" in line.text
    assert "better in 64 of 64 sampled worlds" in screen_words.against(found)


def test_nothing_stands_out(world: Scenario) -> None:
    found = screen(world, ScreenSpec(size=4), crew=FakeCrew(lambda s: 5.0))
    text = Reader(render(found)).text
    assert "Nothing in this design moves customer equity" in text
    assert "How much of it is chance cannot be said." in text


def test_everything_as_files(full: Screening, tmp_path: Path) -> None:
    path = write_screening(full, tmp_path / "new" / "folder")
    folder = path.parent
    assert path.read_bytes() == render(full).encode()
    for plot in ("effects", "plane", "turning"):
        assert (folder / "plots" / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / "plots" / f"{plot}.svg").stat().st_size > 5000
    for name, frame in full.tables.items():
        pd.testing.assert_frame_equal(pd.read_parquet(folder / "tables" / f"{name}.parquet"), frame)
        assert (folder / "tables" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_long_and_odd_paths_fit_a_plot() -> None:
    assert label("behaviour.exposure.lift") == "exposure.lift"
    assert "…" in label("population.segments." + "a" * 60 + ".basket.mean")
    assert "$" not in label("a.$x$").replace(r"\$", "")
    assert label("a.\U000e0001b") == "a.?b"


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [(0.25, "share", "25 %"), (5, "per week", "5 per week"), (12000.0, "yuan", "12,000 yuan"), (-0.5, "", "−0.5"),
     (True, "", "True")],
)  # fmt: skip
def test_values_as_people_write_them(number: float, unit: str, text: str) -> None:
    assert screen_words.value(number, unit) == text
