"""The words of a report agree with its tables, and keep chance and ignorance apart."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from synthetic import synthetic

from simlab.lab.results import Results
from simlab.report.estimates import chance, estimate, judge
from simlab.report.numbers import count, percent, plural, quantity, shown, signed, yuan
from simlab.report.plots.money import steps
from simlab.report.strategy import assumptions, levers
from simlab.report.tables import group_rows
from simlab.report.words import first_screen, headline, warnings
from simlab.scenario.outcomes import Constraint


def with_outcome(results: Results, name: str, values: list[float]) -> Results:
    """The same run with other values of one outcome in world 0."""
    frame = results.tables["outcomes"].copy()
    frame.loc[frame["world"] == 0, name] = values
    return replace(results, tables=results.tables | {"outcomes": frame})


def test_numbers_are_written_as_people_say_them() -> None:
    assert yuan(12_345_678) == "12.3 million yuan"
    assert yuan(612) == "612 yuan"
    assert yuan(-1234) == "−1,234 yuan"
    assert quantity(0.0423, "share") == "4.23 %"
    assert quantity(math.nan, "yuan") == "not defined"
    assert count(1234) == "1,234"
    assert count(243_412) == "243,400"
    assert percent(0.5) == "50 %"
    assert signed(-0.12) == "−12 %"
    assert signed(0.0) == "0 %"
    assert plural(1, "seed") == "1 seed"
    assert shown([612.34, 605.1, 619.9], "yuan")[0] == ["612", "605", "620"]
    assert shown([25.87e6, 25.62e6, 26.12e6], "yuan") == (["25.87", "25.62", "26.12"], " million yuan")


def test_the_headline_says_what_the_table_holds(full: Results) -> None:
    frame = full.tables["outcomes"]
    own = frame.loc[frame["world"] == 0, "customer_equity"].to_numpy()
    half = stats.t.ppf(0.975, len(own) - 1) * own.std(ddof=1) / np.sqrt(len(own))
    means = frame[frame["world"] > 0].groupby("world")["customer_equity"].mean()
    text = headline(full, "customer_equity").sentence
    said = [float(number) for number in re.findall(r"\d+\.\d+", text)]
    expected = [own.mean(), own.mean() - half, own.mean() + half, *np.percentile(means, [5, 95])]
    assert said == pytest.approx(expected, abs=0.051)
    assert text.startswith("Customer equity is ")
    assert "95 % interval of the mean over 8 seeds" in text
    assert "over plausible worlds" in text


def test_money_of_the_headline_is_the_money_of_the_daily_table(full: Results) -> None:
    data = {name: value for name, value, _ in steps(full)}
    frame = full.tables["outcomes"]
    own = frame[frame["world"] == 0]
    assert data["net contribution"] == pytest.approx(own["net"].mean())
    assert data["customer equity"] == pytest.approx(own["total_equity"].mean())
    parts = sum(value for name, value, whole in steps(full)[1:] if not whole)
    assert data["gross margin"] + parts == pytest.approx(data["customer equity"])


def test_members_are_compared_with_the_valuation_date(full: Results, quiet: Results) -> None:
    daily = full.tables["daily"]
    daily = daily[~daily["stage"].isin(["prospect", "left"])]  # they are counted, but are no members
    before = daily.loc[daily["day"] == 0, "members"].sum() * 50 / 8
    assert f"against {count(before)} on the valuation date" in headline(full, "members").sentence
    assert (
        "against 250,000 on the valuation date" in headline(quiet, "members").sentence
    )  # no warm-up: the scenario's number


def test_few_worlds_give_no_percentiles(full: Results) -> None:
    few = synthetic(seeds=6, worlds=4, horizon=120, warmup=0)
    assert estimate(few, "net").range_name == "lowest to highest"
    assert "lowest to highest of 4" in first_screen(few).certainty
    assert "5 to 95 % of 12" in first_screen(full).certainty


def test_more_chance_than_ignorance_is_said(full: Results) -> None:
    noisy = with_outcome(full, "customer_equity", [50, 250] * 4)
    assert "run more seeds before deciding" in first_screen(noisy).certainty


def test_one_seed_has_no_interval(alone: Results) -> None:
    screen = first_screen(alone)
    assert all("no interval is possible" in h.sentence for h in screen.headlines)
    assert "sampled no plausible worlds" in screen.certainty
    assert {found.verdict for found, _ in screen.constraints} == {"not decidable"}


def test_without_ranges_the_words_say_so(quiet: Results) -> None:
    assert "gives no ranges" in first_screen(quiet).certainty


@pytest.mark.parametrize(
    ("text", "values", "verdict"),
    [
        ("k_factor <= 0.5", [0.10, 0.11, 0.12, 0.11] * 2, "met"),
        ("k_factor <= 0.5", [0.70, 0.71, 0.72, 0.71] * 2, "not met"),
        ("k_factor <= 0.5", [0.40, 0.55, 0.45, 0.58] * 2, "not decidable"),
        ("k_factor >= 0.5", [0.70, 0.71, 0.72, 0.71] * 2, "met"),
        ("k_factor >= 0.5", [0.10, 0.11, 0.12, 0.11] * 2, "not met"),
        ("k_factor <= 0.5", [0.5] * 8, "met"),
        ("k_factor <= 0.5", [math.nan] * 8, "not decidable"),
    ],
)
def test_a_constraint_is_met_not_met_or_not_decidable(
    full: Results, text: str, values: list[float], verdict: str
) -> None:
    assert judge(with_outcome(full, "k_factor", values), Constraint.parse(text)).verdict == verdict


def test_constraint_lines_show_the_limit_as_written(full: Results) -> None:
    lines = [line for _, line in first_screen(full).constraints]
    assert any("at least 90 %: not met" in line for line in lines)
    assert any("at most 0.5: met" in line and "of 12 plausible worlds" in line for line in lines)


def test_nothing_to_warn_about_in_a_sound_run(full: Results) -> None:
    assert warnings(full) == []


@pytest.mark.parametrize(
    ("outcome", "value", "words"),
    [
        ("k_factor", 0.8, "K is 0.80"),
        ("open_rate", 0.31, "outside the 1.0 % to 10 %"),
        ("reach", 0.1, "outside the 25 % to 70 %"),
        ("residual_value", 1e6, "lies after the horizon"),
        ("customer_equity", -3.0, "not above zero"),
    ],
)
def test_what_makes_a_run_less_trustworthy_is_said(
    full: Results, outcome: str, value: float, words: str
) -> None:
    assert any(words in line for line in warnings(with_outcome(full, outcome, [value] * 8)))


@pytest.mark.parametrize("seeds", [1, 4])
def test_a_warm_up_that_still_drifts_is_reported(seeds: int) -> None:
    calm = synthetic(seeds=seeds, worlds=0, horizon=28, warmup=56)
    assert not any("settled" in line for line in warnings(calm))
    daily = calm.tables["daily"].copy()
    factor = 1 + 0.01 * np.clip(daily["day"] + 28, 0, None)
    daily["fatigue"] = (daily["fatigue"] * factor).astype(np.int64)
    drifting = replace(calm, tables=calm.tables | {"daily": daily})
    assert any("mean fatigue moved by +" in line for line in warnings(drifting))


def test_the_strategy_in_plain_words(full: Results, quiet: Results) -> None:
    rows = levers(full.scenario)
    assert ("Push", "new, loyal and active", "3 touches a week: 67 % value and 33 % promo") in rows
    assert ("Offer", "coupon", "10 % off, used within 3 days; for everybody") in rows
    assert any(
        subject == "Referral" and "20 yuan for each friend who joins" in text for subject, _, text in rows
    )
    assert levers(quiet.scenario) == [("Push", "all stages", "no touches")]


def test_assumptions_carry_meaning_value_and_range(full: Results) -> None:
    lift = assumptions(full)[0]
    assert lift["path"] == "behaviour.exposure.lift"
    assert (lift["value"], lift["range"]) == ("80 %", "40 % to 100 %")
    assert lift["meaning"]
    assert lift["pull"] == ""  # twelve worlds say nothing about a rank correlation


def test_groups_add_up(full: Results) -> None:
    frame = full.tables["daily"]
    rows = group_rows(full, "source")
    assert [row["name"] for row in rows] == ["base", "ads", "referral"]
    horizon = frame[(frame["day"] == full.scenario.horizon) & (frame["stage"] != "prospect")]
    members = horizon.loc[horizon["source"] == "ads", "members"].sum() * 50 / 8
    assert float(rows[1]["members"].replace(",", "")) == pytest.approx(members, rel=1e-3)


def test_a_target_is_said_with_the_chance_of_reaching_it(full: Results) -> None:
    """Over seeds it is chance alone; over runs in plausible worlds, what we do not know as well."""
    own = full.tables["outcomes"].query("world == 0")["orders_per_member"]
    limit = float(own.median())
    target = Constraint.parse(f"orders_per_member >= {limit!r}")
    found = chance(full, target)
    assert (found.reached, found.seeds) == (int((own >= limit).sum()), len(own))
    away = full.tables["outcomes"].query("world > 0")["orders_per_member"]
    assert found.share == (away >= limit).mean()
    aimed = replace(full, scenario=full.scenario.model_copy(update={"targets": (target,)}))
    (line,) = first_screen(aimed).targets
    assert line.startswith("Orders per member-year at least ")
    assert f"reached in {found.reached} of {len(own)} seeds, and in " in line
    assert f"Target: {line}" in first_screen(aimed).text()
    never = Constraint.parse("orders_per_member <= 0")
    assert chance(full, never).share == 0


def test_a_scenario_unlike_its_plausible_worlds_is_said_to_be(full: Results) -> None:
    """What lies a little outside the range is chance; what chance does not explain is a warning."""
    frame = full.tables["outcomes"]
    worlds = frame[frame["world"] > 0].groupby("world")["customer_equity"].mean()

    def said(own: float) -> bool:
        runs = int((frame["world"] == 0).sum())
        lines = warnings(with_outcome(full, "customer_equity", [own] * runs))
        return any("its numbers and its ranges disagree" in line for line in lines)

    assert not said(1.01 * worlds.max())
    assert said(worlds.max() + 8 * worlds.std())
