"""Loading: extends, include, drop, overrides, values at paths, data files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simlab.scenario import InputError, get_value, load, numbers, with_values

Write = Callable[..., Path]


def test_the_shipped_default() -> None:
    loaded = load("default")
    assert loaded.scenario.scale == 50
    assert loaded.scenario.population.tenure == 730
    assert json.loads(json.dumps(loaded.resolved)) == loaded.resolved
    assert loaded.sources[-1].endswith("default.yaml")


def test_an_extending_file_changes_what_it_names(write: Write) -> None:
    file = write("mine.yaml", "extends: default\nname: Mine\nlevers:\n  push:\n    active: {per_week: 2}\n")
    mine, base = load(file).scenario, load("default").scenario
    assert mine.levers.push["active"].per_week == 2
    assert mine.levers.push["new"] == base.levers.push["new"]
    assert mine.behaviour == base.behaviour
    assert [Path(s).name for s in load(file).sources] == ["default.yaml", "mine.yaml"]


def test_includes_come_in_order_below_own_keys(write: Write) -> None:
    write("one.yaml", "horizon: 10\nseeds: 10\nscale: 10\n")
    write("two.yaml", "horizon: 20\nseeds: 20\n")
    own = load(write("own.yaml", "include: [one.yaml, two.yaml]\nname: x\nhorizon: 30\n")).scenario
    assert (own.horizon, own.seeds, own.scale) == (30, 20, 10)


def test_lists_replace_and_null_is_none(write: Write) -> None:
    write("base.yaml", "name: b\noutcomes: [net, orders]\nlevers: {referral: {reward: 5}}\n")
    own = load(
        write("own.yaml", "extends: base.yaml\noutcomes: [members]\nlevers: {referral: null}\n")
    ).scenario
    assert own.outcomes == ("members",)
    assert own.levers.referral is None


def test_drop_removes_an_entry(write: Write) -> None:
    text = (
        "extends: default\nlevers:\n  sources: {ads: drop}\n"
        "  touches: {promo: {offer: null}}\n  offers: {coupon: drop}\n"
    )
    levers = load(write("own.yaml", text)).scenario.levers
    assert not levers.sources
    assert not levers.offers
    with pytest.raises(InputError, match=r"own.yaml, line 2: levers.sources.adds: .*Did you mean 'ads'"):
        load(write("own.yaml", "extends: default\nlevers: {sources: {adds: drop}}\n"))


def test_a_base_with_default_touches_is_added_to(write: Write) -> None:
    """Whether the base writes the default touches or leaves them out makes no difference above it."""
    write("short.yaml", "name: b\n")
    write("long.yaml", "name: b\nlevers: {touches: {value: {}, promo: {kind: promo}}}\n")
    above = "levers: {touches: {sms: {cost: 1}}}\n"
    short = load(write("a.yaml", "extends: short.yaml\n" + above))
    long = load(write("b.yaml", "extends: long.yaml\n" + above))
    assert set(short.scenario.levers.touches) == {"value", "promo", "sms"}
    assert short.digest == long.digest


def test_a_diamond_of_includes_is_fine(write: Write) -> None:
    write("shared.yaml", "seeds: 3\n")
    write("a.yaml", "include: [shared.yaml]\n")
    write("b.yaml", "include: [shared.yaml]\n")
    assert load(write("c.yaml", "include: [a.yaml, b.yaml]\nname: c\n")).scenario.seeds == 3


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("levers.push.active.per_week=2", "levers.push.active.per_week", 2),
        ("levers.push.active.per_week=3 per month", "levers.push.active.per_week", 0.7),
        ("scale=1:20", "scale", 20),
        ("population.opted_in=5%", "population.opted_in", 0.05),
        ("levers.caps={per_day: 1, per_week: 4, per_month: 9}", "levers.caps.per_month", 9),
        ("stages.active.when.idle=<= 60 days", "stages.active.when.idle.value", 60),
        ("stages.2.when.idle.value=61", "stages.active.when.0.value", 61),
        ("constraints.k_factor.limit=0.4", "constraints.1.limit", 0.4),
        (
            "uncertainties.behaviour.exposure.lift=[0.5, 0.9]",
            "uncertainties.behaviour.exposure.lift.high",
            0.9,
        ),
        ("uncertainties.behaviour.exposure.lift.high=0.9", "uncertainties.behaviour.exposure.lift.high", 0.9),
        ("levers.touches.sms={cost: 0.1}", "levers.touches.sms.cost", 0.1),
        ("levers.sources.shop.exposures=5", "levers.sources.shop.exposures", 5),
        ("levers.push.active.mix.promo=5", "levers.push.active.mix.value", 2),
        ("levers.referral=null", "levers.referral", None),
    ],
)
def test_overrides(override: str, path: str, value: object) -> None:
    assert get_value(load("default", [override]).scenario, path) == value


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("levers.push.acitve.per_week=3", "unknown stage 'acitve'"),
        ("levers.push.acitve.per_week=3", "Did you mean 'active'?"),
        ("levers.push.active.per_wek=3", "Did you mean 'levers.push.active.per_week'?"),
        ("push.active.per_week=3", "Did you mean 'levers.push'?"),
        ("stages.activ.when.idle=<= 60", "Did you mean 'active'?"),
        ("stages.99.name=x", "there is no 'stages.99'"),
        ("levers.caps.per_day=20", "contradictory caps"),
        ("levers.offers.bad key!.depth=1", "not a usable name"),
        ("horizon=0", "between 1 and 3,650"),
        ("horizon=", "the value is missing"),
        ("horizon", "path=value"),
        ("horizon=[", "not valid YAML"),
        ("horizon=!!python/object:os.system x", "tags are not allowed"),
        ("..=3", "not a path"),
        ("name.x=3", "Nothing stands under 'name'"),
        ("levers.sources.adds=drop", "Did you mean 'ads'?"),
        ('name="\\e[31mred"', "\\x1b"),
        ("population.base=/etc/passwd", "ending in .csv"),
    ],
)
def test_wrong_overrides_name_the_option(override: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load("default", [override])
    assert str(caught.value).startswith("--set ")
    assert said in str(caught.value)


def test_provenance_follows_every_layer(write: Write) -> None:
    write("base.yaml", "name: b\n\nlevers:\n  caps: {per_day: 5}\npopulation:\n  opted_in: 2\n")
    write("piece.yaml", "\n\nhorizon: -1\n")
    file = write("own.yaml", "extends: base.yaml\ninclude: [piece.yaml]\nseeds: none\n")
    with pytest.raises(InputError) as caught:
        load(file, ["scale=0"])
    places = {(p.file, p.line, p.where) for p in caught.value.problems}
    assert places == {
        ("base.yaml", 6, "population.opted_in"),
        ("piece.yaml", 3, "horizon"),
        ("own.yaml", 3, "seeds"),
        ("--set scale=0", None, "scale"),
    }


def test_at_most_ten_problems_are_printed(write: Write) -> None:
    with pytest.raises(InputError) as caught:
        load(write("many.yaml", "name: x\n" + "".join(f"key{i}: 1\n" for i in range(30))))
    assert len(caught.value.problems) == 30
    assert str(caught.value).count("\n") == 10
    assert "20 more" in str(caught.value)


def test_with_values() -> None:
    base = load("default")
    changed = with_values(base, {"levers.push.active.per_week": 1.5, "stages.active.when.idle.value": 50})
    assert get_value(changed, "levers.push.active.per_week") == 1.5
    assert get_value(changed, "stages.active.when.idle.value") == 50
    assert base.scenario != changed
    assert with_values(changed, {}) == changed
    with pytest.raises(InputError, match=r"Did you mean 'levers.push.active.per_week'"):
        with_values(base, {"levers.push.active.per_weak": 1})
    with pytest.raises(InputError, match="between 0 and 1"):
        with_values(base, {"behaviour.opt_out.mute": 1.5})


@pytest.mark.parametrize("name", ["default", "beauty", "over-pushing-retail"])
def test_every_number_is_found_by_its_path(name: str) -> None:
    """That of an event called 618 as well, which is no position."""
    festival = '{name: "618", first: 2026-06-16, last: 2026-06-18, demand: 2}'
    scenario = load(name, [f"calendar.events=[{festival}]"]).scenario
    assert numbers(scenario)["calendar.events.618.demand"] == 2
    assert numbers(scenario) == {path: get_value(scenario, path) for path in numbers(scenario)}
    assert (
        numbers(with_values(scenario, {"calendar.events.618.demand": 3}))["calendar.events.618.demand"] == 3
    )


def test_sampled_values_are_rounded_to_what_a_field_can_hold() -> None:
    drawn = {"behaviour.invitation.half_reward": 12.3456, "horizon": 99.7, "levers.referral.needed": 2.2}
    sampled = with_values(load("default"), drawn, to_grain=True)
    assert (sampled.behaviour.invitation.half_reward, sampled.horizon) == (12.35, 100)
    with pytest.raises(InputError, match="whole fen"):
        with_values(load("default"), drawn)


def test_every_number_can_be_read_and_set() -> None:
    scenario = load("default").scenario
    known = numbers(scenario)
    assert len(known) > 150
    assert with_values(scenario, known) == scenario
    assert all(get_value(scenario, path) == value for path, value in known.items())


def test_ranges_and_warmup_levers_take_units(write: Write) -> None:
    text = (
        "name: x\nlevers: {push: {active: {per_week: 2}}}\n"
        "warmup: {days: 30, levers: {levers.push.active.per_week: 3 per month}}\n"
        "uncertainties:\n  behaviour.attention.half_life: [4 days, 2 weeks]\n"
        "  behaviour.opt_out.mute: [0.2%, 0.6%]\n"
    )
    scenario = load(write("x.yaml", text)).scenario
    assert scenario.warmup.levers == {"levers.push.active.per_week": 0.7}
    assert scenario.uncertainties["behaviour.attention.half_life"].high == 14
    assert scenario.uncertainties["behaviour.opt_out.mute"].low == 0.002


def test_data_files_are_found_from_the_file_that_names_them(write: Write) -> None:
    links = write("data/links.csv", "a,b\n1,2\n").resolve()
    write("scenarios/base.yaml", "name: b\ngraph: {kind: file, file: ../data/links.csv}\n")
    loaded = load(write("own.yaml", "extends: scenarios/base.yaml\n"))
    assert loaded.scenario.graph.file == str(links)
    assert set(loaded.data) == {"graph.file"}
    typed = load("own.yaml", ["graph.file=data/links.csv"])
    assert typed.digest == loaded.digest


def test_a_path_typed_with_folders_is_shown_as_typed(write: Write) -> None:
    write("scenarios/deep/x.yaml", "name: x\nhorizon: 0\n")
    with pytest.raises(InputError, match=r"^scenarios/deep/x.yaml, line 2: horizon"):
        load("scenarios/deep/x.yaml")
    with pytest.raises(InputError, match=r"^./scenarios/../scenarios/deep/x.yaml, line 2"):
        load("./scenarios/../scenarios/deep/x.yaml")


def test_a_default_that_no_longer_fits_is_reported_where_it_belongs(write: Write) -> None:
    """The default mix names the touch `value`; whoever drops the touch is told at the cadence."""
    write("base.yaml", "name: b\nlevers:\n  push:\n    new: {per_week: 1}\n")
    text = "extends: base.yaml\nlevers: {touches: {value: drop}}\n"
    with pytest.raises(
        InputError, match=r"^base.yaml, line 4: levers.push.new.mix.value: unknown touch 'value'"
    ):
        load(write("own.yaml", text))
