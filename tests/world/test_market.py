"""Stories of sources, events, budgets, phases, alarms and brands of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simlab.scenario import InputError, Scenario, load, with_values
from simlab.world.brand import Brand
from simlab.world.market import Market
from simlab.world.metrics import M
from simlab.world.source import Source
from tests.world.worlds import busy, graph_of, live, same_bytes

SMALL = ("population.members=300", "population.prospects=900", "horizon=60", "warmup.days=5", "seeds=1")


def total(market: Market, metric: M, source: int | None = None) -> int:
    """One metric from day 1 on."""
    ledger = market.book.ledger[market.scenario.warmup.days :]
    return int((ledger if source is None else ledger[:, :, source])[..., metric].sum())


def with_event(**event: Any) -> Scenario:
    """The busy world with one event more."""
    return busy({"calendar.events": [{"name": "turn"} | event]})


def as_read(values: dict[str, Any]) -> Scenario:
    """The busy world with values, fewer cares about money: no budgets."""
    return busy({"levers.sources.ads.budget": None, "levers.sources.parcel.budget": None} | values)


# Sources ---------------------------------------------------------------------------------


def test_every_step_of_the_funnel_is_counted() -> None:
    market = live(as_read({"levers.sources.ads.landing": 0.5, "levers.sources.ads.exposures": 1000}))
    steps = [total(market, metric, 3) for metric in (M.exposures, M.clicks, M.landings, M.joins)]
    assert steps[0] > 10 * steps[1] > 0
    assert abs(steps[2] - steps[1] / 2) <= 2
    assert 0 < steps[3] == total(market, M.source_joins, 3) < steps[2]


def test_the_same_audience_and_another_one() -> None:
    """Who is within reach hangs on the source's name; `like` and `overlap` say how far two audiences agree."""
    scenario = as_read({"levers.sources.ads.pool": 0.5, "levers.sources.parcel.pool": 0.5})

    def share(values: dict[str, Any]) -> float:
        market = Market(with_values(scenario, values), 1, graph_of(scenario))
        ads, parcel = (source.weights > 0 for source in market.sources)
        return float((ads & parcel).sum() / ads.sum())

    alike = {"levers.sources.parcel.like": "ads", "levers.sources.parcel.overlap": 1.0}
    assert share(alike) == 1.0
    assert 0.35 < share({}) < 0.65
    assert share({}) < share(alike | {"levers.sources.parcel.overlap": 0.8}) < 1.0


def test_precision_finds_those_who_need_more() -> None:
    def need(precision: float) -> float:
        scenario = as_read({"levers.sources.ads.pool": 0.2, "levers.sources.ads.precision": precision})
        market = Market(scenario, 1, graph_of(scenario))
        source: Source = market.sources[0]
        return float(market.users["rate"][source.prospects[source.weights > 0]].mean())

    assert need(1.0) > 1.5 * need(0.5) > 1.5 * need(0.0) * 1.1


def test_a_hook_brings_the_same_people_and_more() -> None:
    way = {"levers.sources.ads.exposures": 100, "levers.referral": None}
    hook = {"levers.sources.ads.hook": {"kind": "freebie", "value": 20, "cost": 5}}
    plain, hooked = live(as_read(way)), live(as_read(way | hook))
    one, more = (set(np.flatnonzero(market.users["source"] == 3).tolist()) for market in (plain, hooked))
    assert one < more
    assert hooked.book.ledger[:, :, 3, :, M.hunters].sum() > plain.book.ledger[..., M.hunters].sum() == 0
    assert hooked.book.ledger[..., M.entry_fen].sum() == 500 * len(more)


def test_what_would_have_come_anyway_is_not_ours() -> None:
    way = {"levers.sources.ads.exposures": 2000, "levers.sources.ads.join": 1.0}
    own, shared = live(as_read(way)), live(as_read(way | {"levers.sources.ads.own_anyway": 1.0}))
    assert total(own, M.orders, 3) == total(shared, M.orders, 3) == total(shared, M.elsewhere, 3) > 0
    assert total(shared, M.elsewhere_fen, 3) == total(shared, M.margin_fen, 3)


def test_prices_rise_with_inflation_and_events() -> None:
    calm = live(as_read({}))
    dear = live(as_read({"levers.sources.ads.inflation": 1.0}))
    year = {"first": "2026-03-02", "last": "2027-01-01"}
    shock = live(as_read({"calendar.events": [{"name": "x", "source_cost": 2, "sources": ["ads"]} | year]}))
    cost = [total(market, M.acquisition_fen, 3) for market in (calm, dear, shock)]
    assert 1.02 < cost[1] / cost[0] < 1.15
    assert abs(cost[2] / cost[0] - 2) < 0.01
    assert total(shock, M.acquisition_fen, 4) == total(calm, M.acquisition_fen, 4)


def test_one_budget_stops_everything_hard() -> None:
    free = live(as_read({}))
    tight = live(as_read({"levers.budget": {"total": 60, "shares": {"ads": 0.2, "touches": 0.3}}}))
    assert total(tight, M.acquisition_fen, 3) <= 1200 < total(free, M.acquisition_fen, 3)
    assert total(tight, M.touch_fen) <= 1800 < total(free, M.touch_fen)
    since = tight.scenario.warmup.days  # the budget is the strategy's: it begins on day 1
    paid = sum(
        int(tight.book.ledger[since:, ..., m].sum())
        for m in (M.acquisition_fen, M.touch_fen, M.reward_fen, M.invitee_fen, M.programme_fen)
    )
    assert paid <= 6000


# Events ----------------------------------------------------------------------------------


def test_a_shock_to_trust_is_felt_by_everybody_on_its_first_day() -> None:
    calm = live(busy({"calendar.events": []}))
    shaken = live(with_event(first="2026-03-20", last="2026-03-25", trust=-0.5))
    day = 18 + calm.scenario.warmup.days  # the 19th of the run, as a row
    before, after = (slice(None, day), day)
    assert np.array_equal(calm.book.ledger[before], shaken.book.ledger[before])
    assert (
        shaken.book.ledger[after][..., M.affinity].sum()
        < 0.7 * calm.book.ledger[after][..., M.affinity].sum()
    )


def test_a_random_event_hangs_on_its_name_and_the_seed_and_prevention_makes_it_rarer() -> None:
    random = {"per_year": 60, "days": 2, "half_prevention": 10}

    def days(seed: int, name: str = "breach", spend: float = 0.0) -> set[int]:
        scenario = busy({"calendar.events": [{"name": name, "random": random, "fine": 100}]})
        if spend:
            scenario = with_values(scenario, {"levers.prevention": {name: spend}})
        market = live(scenario, seed)
        return set(np.flatnonzero(market.book.ledger[..., M.penalty_fen].sum(axis=(1, 2, 3))).tolist())

    first = days(1)
    assert first == days(1)
    assert len({frozenset(first), frozenset(days(2)), frozenset(days(1, "other"))}) == 3
    assert days(1, spend=1000) < first
    assert min(first) >= busy().warmup.days


# Phases, alarms, brands ------------------------------------------------------------------


def test_a_phase_holds_from_its_first_day() -> None:
    plain = live(as_read({}))
    later = live(as_read({"levers.phases": [{"day": 20, "change": {"levers.sources.ads.exposures": 0}}]}))
    row = 19 + plain.scenario.warmup.days
    exposures = later.book.ledger[:, :, 3, :, M.exposures].sum(axis=(1, 2))
    assert exposures[row - 1] > 0 == exposures[row:].sum()
    assert np.array_equal(plain.book.ledger[:row], later.book.ledger[:row])


def test_an_alarm_that_never_sounds_moves_no_byte() -> None:
    alarm = {
        "metric": "complaint_rate",
        "above": 1e9,
        "scale": {"promo": 0},
        "change": {"levers.caps.per_week": 1},
    }
    assert same_bytes(live(busy()), live(busy({"levers.alarms": {"a": alarm}})))


def test_an_alarm_reacts_after_its_lag_for_its_time_and_then_rests() -> None:
    alarm = {
        "metric": "joins",
        "above": -1,
        "window": 3,
        "lag": 2,
        "days": 4,
        "cooldown": 5,
        "scale": {"promo": 0, "value": 0},
    }
    market = live(busy({"levers.alarms": {"a": alarm}}))
    warmup = market.scenario.warmup.days
    held = np.flatnonzero(market.book.ledger[warmup:, ..., M.alarm_days].sum(axis=(1, 2, 3))) + 1
    assert held[:10].tolist() == [3, 4, 5, 6, 14, 15, 16, 17, 25, 26]
    sent = market.book.ledger[warmup:, ..., [M.value_sent, M.promo_sent]].sum(axis=(1, 2, 3, 4))
    assert sent[held - 1].sum() == 0 < sent.sum()


def test_the_rule_in_yaml_and_in_python_give_the_same_bytes() -> None:
    runs = [load(f"adaptive/{name}", SMALL).scenario for name in ("alarm", "controller")]
    runs = [with_values(s, {"behaviour.opt_out.complain": 0.002}) for s in runs]
    graph = graph_of(runs[0])
    alarm, controller = (Market(scenario, 3, graph).run() for scenario in runs)
    assert total(alarm, M.alarm_days) > 0
    alarm.book.ledger[..., M.alarm_days] = 0
    assert same_bytes(alarm, controller)
    quiet = with_values(runs[0], {"levers.alarms.complaints.above": 1e9})
    assert not same_bytes(Market(quiet, 3, graph).run(), controller)


class Greedy(Brand):
    """Wants to send without end."""

    def decide(self, day: int) -> Scenario:
        return self.change(
            {"levers.caps.per_month": 900, "levers.caps.per_week": 190, "levers.caps.per_day": 40}
        )


def test_no_brand_sends_more_than_the_caps_of_the_scenario() -> None:
    scenario = busy()
    greedy = Market(scenario, 1, graph_of(scenario), log_events=True, brand=Greedy).run()
    assert same_bytes(live(scenario), greedy)


HEAD = "import simlab\nclass B(simlab.Brand):\n    def decide(self, day):\n"
BROKEN = {
    "import nothing_of_that_name\nclass B: pass\n": (1, "ModuleNotFoundError"),
    HEAD + "        print(1 // (day - 3))\n        return super().decide(day)\n": (
        4,
        "failed on day 3: ZeroDivisionError",
    ),
    HEAD + "        self.rate('affinity')\n": (4, "affinity"),
    "class B:\n    pass\n": (None, "not a subclass of simlab.Brand"),
    HEAD + "        return 7\n": (None, "not a scenario"),
    HEAD + "        return self.change({'levers.referral.budget': 2})\n": (
        4,
        "settled for the whole run",
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_brand_is_named_with_its_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.py").write_text(text)
    Path("s.yaml").write_text("extends: pilot\nname: x\nbrand: b.py:B\n")
    line, said = BROKEN[text]
    scenario = load("s.yaml", SMALL).scenario
    with pytest.raises(InputError) as caught:
        Market(scenario, 1, graph_of(scenario)).run()
    assert "b.py" in str(caught.value)
    assert said in str(caught.value)
    if line is not None:
        assert f"b.py, line {line}:" in str(caught.value)


def test_the_text_of_a_brand_is_part_of_what_a_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text("extends: pilot\nname: x\nbrand: b.py:B\n")
    digests = set()
    for limit in (1, 2, 1):
        Path("b.py").write_text(f"import simlab\nclass B(simlab.Brand):\n    limit = {limit}\n")
        digests.add(load("s.yaml").digest)
    assert len(digests) == 2
