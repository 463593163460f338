"""The first screen of a recommendation agrees with its tables, and keeps chance and ignorance apart."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tunings

from simlab.lab.tuning import Tuning
from simlab.report import levers
from simlab.report.plots.search import best_trial
from simlab.report.tune_facts import changes, gap, headline, spread
from simlab.report.tune_next import next_command, optimism
from simlab.report.tune_tables import finalist_rows, outcome_rows
from simlab.report.tune_words import careful, first_screen, verdict
from simlab.scenario.experiments import Lever


@pytest.fixture(scope="module")
def change() -> Tuning:
    return tunings.make()


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "").replace("−", "-")) for n in re.findall(r"[−-]?\d[\d,]*\.?\d*", text)]


def test_the_verdict_names_what_to_run(change: Tuning) -> None:
    assert verdict(change).startswith("Run this: touches to active members from 3 to 5.04 a week; ")
    assert verdict(change).endswith("and 2 more changes")
    one = tunings.make(tunings.ONE)
    assert verdict(one) == "Run this: touches to active members from 3 to 5.04 a week"
    keep = tunings.make(verdict="keep", gain=0.02)
    assert verdict(keep) == "Keep the current strategy: no other is better by more than chance"
    assert verdict(tunings.make(verdict="not certified")).startswith("No strategy could be certified")


def test_the_uplift_is_that_of_the_real_base_and_of_a_member(change: Tuning) -> None:
    frame = change.tables["differences"].set_index(["arm", "outcome"])
    whole, people, each, _ = first_screen(change).cards
    row = frame.loc[("recommended", "total_equity")]
    assert numbers(whole.number) == pytest.approx([row["mean"] / 1e6], abs=0.006)
    assert whole.unit == "million yuan"
    said = numbers(whole.note)
    assert said[1:3] == pytest.approx([row["low"] / 1e6, row["high"] / 1e6], abs=0.006)
    assert numbers(each.number) == pytest.approx(
        [frame.loc[("recommended", "customer_equity"), "mean"]], abs=0.06
    )
    assert people.tone == "people"


def test_chance_and_what_we_do_not_know_stand_in_cards_of_their_own(change: Tuning) -> None:
    for card in first_screen(change).cards:
        assert not ("95 % interval" in card.note and "worlds" in card.note)
    worlds = change.tables["worlds"]
    own = worlds.loc[worlds["arm"] == "recommended", "uplift"].to_numpy() * tunings.BASE
    people = first_screen(change).cards[1]
    assert numbers(people.number) == pytest.approx(np.percentile(own, [5, 95]) / 1e6, rel=0.01)
    assert f"better in {int((own > 0).sum())} of 16" in people.note


def test_without_worlds_the_page_does_not_pretend(change: Tuning) -> None:
    none = tunings.make(worlds=0)
    card = first_screen(none).cards[1]
    assert (card.number, spread(none)) == ("open", None)
    assert "too narrow" in card.note
    few = spread(tunings.make(worlds=5))
    assert few is not None
    assert few.range_name == "lowest to highest"


def test_less_can_be_better() -> None:
    t = tunings.make(objectives={"mute_rate": "minimise"})
    found, people = gap(t, "mute_rate"), spread(t)
    assert found is not None
    assert people is not None
    assert found.mean < 0
    assert people.better == 15  # of 16: the negative ones
    assert headline(t) == "mute_rate"
    text = first_screen(t).text()
    assert "Customer equity, whole base" in text  # money stands beside it
    assert (
        verdict(replace(t, verdict="keep"))
        == "Keep the current strategy: no other is better by more than chance"
    )


def test_further_objectives_are_on_the_first_screen(change: Tuning) -> None:
    t = tunings.make(objectives={"customer_equity": "maximise", "mute_rate": "minimise"})
    screen = first_screen(t)
    assert screen.further.startswith("With it: mutes per 1,000 delivered touches +0.0")
    assert "less is better" in screen.text()
    assert first_screen(change).further == ""


def test_levers_in_words() -> None:
    said = {
        x.path: (levers.title(x.path), levers.text(x.path, x.current))
        for x in tunings.make(tunings.MANY).levers
    }
    assert said["levers.offers.coupon.depth"] == ("Depth of coupon", "10 %")
    assert said["levers.offers.coupon.valid"] == ("Validity of coupon", "3 days")
    assert said["levers.caps.per_week"] == ("Most touches per member", "10 a week")
    assert said["levers.referral.reward"] == ("Reward to the inviter", "20 yuan")
    assert levers.text("levers.offers.coupon.stages", None) == "everybody"
    assert levers.text("levers.offers.coupon.stages", ("new", "loyal")) == "new and loyal"
    assert levers.text("levers.referral", None) == "none"
    assert levers.text("levers.push.active.mix", {"promo": 1.0, "value": 2.0}) == "promo 1, value 2"
    assert levers.text("levers.offers.coupon.valid", np.int64(1)) == "1 day"


def test_values_on_a_bound_are_marked() -> None:
    t = tunings.make(optimum={"levers.push.active.per_week": 7.0, "levers.offers.coupon.depth": 0.0})
    edges = {row.lever: row.edge for row in first_screen(t).changes}
    assert edges["Touches to active members"] == "at the upper end"
    assert edges["Depth of coupon"] == "at the lower end"
    assert edges["Reward to the inviter"] == ""
    assert "(at the upper end)" in first_screen(t).text()
    log = Lever("levers.sources.ads.exposures", "float", 50.0, 2000.0, None, True, (), 400.0)
    assert levers.position(log, 50 * math.sqrt(40)) == pytest.approx(0.5)


def test_only_what_changes_is_listed() -> None:
    t = tunings.make(tunings.CHOICES)
    assert next(c.lever.path for c in changes(t)) == "levers.push.active.per_week"
    assert "levers.touches.promo.days" not in {c.lever.path for c in changes(t)}
    assert "weekdays of promo touches (mon, tue" in first_screen(t).kept


def test_constraints_in_words() -> None:
    met, k = first_screen(tunings.make()).certificates
    assert met.verdict == "certified"
    assert met.text == ("Complaints per 1,000 delivered touches at most 1: upper bound 0.0810, mean 0.0600; holds in "
                        "16 of 16 sampled worlds.")  # fmt: skip
    assert k.style == "met"
    failed = first_screen(tunings.make(verdict="not certified")).certificates[0]
    assert (failed.verdict, failed.style) == ("not certified", "not-met")
    assert "upper bound 1.070" in failed.text


def test_flags_and_many_bad_worlds_are_said() -> None:
    t = tunings.make(flags=["K is 0.61, above 0.5"])
    assert careful(t) == ["K is 0.61, above 0.5."]
    frame = t.tables["worlds"].copy()
    frame.loc[frame.index[:8], "uplift"] *= -1
    assert any(
        "could turn the answer" in line for line in careful(replace(t, tables=t.tables | {"worlds": frame}))
    )


def test_the_search_flatters_itself_and_the_page_says_so(change: Tuning) -> None:
    assert "partly luck" in optimism(replace(change, search_best=40.0))
    assert "did not flatter" in optimism(replace(change, search_best=1.0))
    assert "kept the constraints" in optimism(replace(change, search_best=math.nan))


def test_where_the_best_of_the_search_was_passed_over_the_page_says_that_they_are_two(change: Tuning) -> None:
    """Otherwise a reader takes the distance between two strategies for luck."""
    best = best_trial(change)
    same = replace(change, winner_trial=best)
    assert "two strategies" not in optimism(same)
    other = replace(change, winner_trial=best + 1)
    assert f"trial {best} promised the most, and another finalist held more" in optimism(other)
    finalists = pd.DataFrame({"trial": [best, best + 1], "certified": [False, True], "winner": [False, True]})
    refused = replace(other, tables=change.tables | {"finalists": finalists})
    assert "could not be shown to keep the constraints" in optimism(refused)


@pytest.mark.parametrize("searched", [tunings.ONE, tunings.FEW, tunings.MANY], ids=["one", "few", "many"])
def test_the_terminal_gets_one_screen(searched: dict[str, object]) -> None:
    flags = ["a lever ends on its bound", "the uplift is above 20 %"]
    lines = first_screen(tunings.make(searched, flags=flags)).text().splitlines()
    assert 8 <= len(lines) <= 15
    assert lines[-1].startswith("Next: simlab rollout")
    assert any(line.startswith("Careful: A lever ends") for line in lines)


def test_commands_can_be_pasted(change: Tuning) -> None:
    odd = replace(change, experiment_file="my experiments/a;rm.yaml")
    assert next_command(odd) == "simlab rollout 'my experiments/a;rm.yaml'"
    known = replace(change, manifest=change.manifest | {"rollout": "simlab rollout x.yaml --arm best"})
    assert next_command(known) == "simlab rollout x.yaml --arm best"
    assert next_command(tunings.make(verdict="keep")) == "simlab tune experiments/cadence.yaml"


def test_differences_never_stand_under_a_unit_that_is_not_theirs(change: Tuning) -> None:
    rows = {row["name"]: row for row in outcome_rows(change)}
    assert rows["subsidy"]["unit"] == "million yuan"
    assert rows["subsidy"]["difference"].endswith(" yuan")
    assert rows["total_equity"]["difference"].startswith("+3.")


def test_the_winner_leads_among_finalists(change: Tuning) -> None:
    rows = finalist_rows(change)
    assert [row["winner"] for row in rows].count(True) == 1
    assert any(row["certified"] == "no" for row in rows)
    assert len(rows[0]["levers"]) == 4
