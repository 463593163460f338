"""The plots of a tune draw what the tables hold, in any script, and leave out what there is nothing of."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tunings
from matplotlib.text import Text

from simlab.lab.tuning import Tuning
from simlab.report import fonts, levers, style
from simlab.report.plots import decision, effects, landscape, search
from simlab.report.tune_page import PLOTS, TunePlot

KINDS = {
    "clear": tunings.make(),
    "keep": tunings.make(verdict="keep", gain=0.02),
    "many": tunings.make(tunings.MANY, failed=4, racing=True),
    "choices": tunings.make(tunings.CHOICES, worlds=0),
    "two objectives": tunings.make(objectives={"customer_equity": "maximise", "mute_rate": "minimise"}),
    "less is better": tunings.make(objectives={"mute_rate": "minimise"}),
    "one lever": tunings.make(tunings.ONE, worlds=5),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_every_plot_draws_and_reads_without_a_complaint(plot: TunePlot, kind: str) -> None:
    t = KINDS[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot.draw(t)
        if figure is None:
            return
        style.save(figure, "svg")
        text = plot.read(t)
    assert text.endswith(".")
    assert text[0].isupper()
    assert "nan" not in text


def test_plots_that_do_not_apply_are_left_out() -> None:
    assert landscape.front(KINDS["clear"]) is None
    assert landscape.front(KINDS["two objectives"]) is not None
    assert landscape.parallel(KINDS["one lever"]) is None
    assert landscape.contour(KINDS["one lever"]) is None
    assert decision.certainty(KINDS["choices"]) is None
    bare = replace(
        KINDS["clear"], tables={"trials": KINDS["clear"].tables["trials"]}, winner=None, winner_trial=-1
    )
    drawn = {plot.name for plot in PLOTS if plot.draw(bare) is not None}
    assert drawn == {"history", "slices", "parallel"}


def test_a_flat_surrogate_gets_no_contour() -> None:
    t = KINDS["clear"]
    flat = t.tables["surface"].assign(surrogate=lambda f: 0.1 * np.arange(len(f)) / len(f))
    assert landscape.contour(replace(t, tables=t.tables | {"surface": flat})) is None


def test_what_became_of_trials_is_counted() -> None:
    t = KINDS["many"]
    frame = t.tables["trials"]
    text = search.read_history(t)
    assert f"{int((frame['state'] == 'failed').sum())} failed" in text
    assert f"{int(frame['raced'].sum())} were dropped early" in text


def test_who_is_hurt_is_named() -> None:
    assert effects.read_groups(KINDS["clear"]).startswith(
        "The largest gain is with regular: +7.20 million yuan."
    )
    assert "Worse off beyond chance: at_risk and dormant" in effects.read_groups(KINDS["clear"])


def test_the_horizon_is_said_to_matter_when_it_does() -> None:
    t = KINDS["clear"]
    frame = t.tables["horizons"].copy()
    frame["best"] = frame["trial"] == t.winner_trial
    same = replace(t, tables=t.tables | {"horizons": frame})
    assert decision.read_horizons(same) == "The same strategy is best at every horizon looked at."
    early = frame["horizon"] == 90
    frame.loc[early, "best"] = frame.loc[early, "trial"] == -1
    frame.loc[early & (frame["trial"] >= 0), ["uplift", "low", "high"]] = [-5.0, -6.0, -4.0]
    assert "Best at 90 days: the current strategy" in decision.read_horizons(same)
    assert "The horizon changes the answer" in decision.read_horizons(same)


def test_chinese_and_endless_names_stay_readable() -> None:
    names = ("老客", "镕囍", "x" * 40, "𠮷野家")
    t = tunings.make(groups={"segment": names})
    figure = effects.groups(t)
    assert figure is not None
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert {"老客", "segment 3"} <= texts
    assert ("segment 3", "x" * 40) in effects.group_key(t)
    assert all(fonts.drawable(text) for text in texts if text)
    long = [f"levers.push.{'很' * 40}.per_week", "levers.push.老客.per_week"]
    assert levers.labels(long) == ["lever 1", "Touches to 老客 members"]
    assert levers.key(long)[0][0] == "lever 1"


def test_many_groups_show_those_that_change_most() -> None:
    t = tunings.make(groups={"cohort": [f"month {k}" for k in range(30)], "stage": ["all"]})
    ((grouping, rows),) = effects._shown_groups(t)
    assert (grouping, len(rows)) == ("cohort", effects.MOST_GROUPS)
    assert isinstance(rows, pd.DataFrame)


def test_choices_too_long_for_an_axis_are_numbered_and_explained() -> None:
    key = dict(search.choice_key(KINDS["choices"]))
    assert key["Who may get coupon 2"] == "at_risk and dormant"


def test_no_trial_is_lost_from_the_history() -> None:
    t: Tuning = KINDS["clear"]
    figure = search.history(t)
    assert figure is not None
    (ax,) = figure.axes
    low, high = ax.get_ylim()
    shown = [y for marks in ax.collections for _, y in np.asarray(marks.get_offsets()) if np.isfinite(y)]
    assert all(low - 1e-9 <= y <= high + 1e-9 for y in shown)
