"""Plausible worlds: evenly spread over the ranges, the same ones every time."""

from __future__ import annotations

import numpy as np

from simlab.lab.worlds import quantile, sample_worlds
from simlab.scenario import get_value, load, with_values
from simlab.scenario.schema import Range


def test_worlds_are_the_same_every_time_and_stay_in_range() -> None:
    scenario = load("default").scenario
    worlds, table = sample_worlds(scenario, 16)
    again = sample_worlds(scenario, 16)[1]
    assert table.equals(again)
    for path, unknown in scenario.uncertainties.items():
        values = table[path]
        assert values.between(unknown.low, unknown.high).all()
        # Sobol points: one in each sixteenth of the range
        cells = np.floor((values - unknown.low) / (unknown.high - unknown.low) * 16).astype(int)
        assert sorted(cells) == list(range(16))
    path = "behaviour.exposure.lift"
    assert get_value(worlds[3], path) == table.loc[3, path]


def test_no_uncertainties_no_worlds() -> None:
    scenario = load("default").scenario.model_copy(update={"uncertainties": {}})
    worlds, table = sample_worlds(scenario, 16)
    assert worlds == []
    assert table.empty


def test_kinds_of_ranges() -> None:
    u = np.array([0.0, 0.5, 1.0])
    assert quantile(Range(low=1, high=100, kind="loguniform"), u).round(9).tolist() == [1, 10, 100]
    assert quantile(Range(low=2, high=4, kind="normal"), u).round(9).tolist() == [2, 3, 4]
    assert quantile(Range(low=2, high=4), u).tolist() == [2, 3, 4]


def test_sampled_money_and_days_fit_their_fields() -> None:
    scenario = load("default").scenario
    ranges = {"levers.referral.reward": [3, 40], "behaviour.trust.half_life": ["60 days", "180 days"]}
    model = scenario.model_copy(update={"uncertainties": {k: Range.model_validate(v if k.startswith("l") else [60, 180])
                                                          for k, v in ranges.items()}})  # fmt: skip
    worlds, _ = sample_worlds(with_values(model, {}), 8)
    assert len({get_value(w, "levers.referral.reward") for w in worlds}) == 8
