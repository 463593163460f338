"""The oracle: engine and twin tell the same story of any world, event for event and fen for fen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache

import pytest
from bodies import Story, difference, engine_story, twin_story
from hypothesis import HealthCheck, given, settings
from scenarios_groups import tiny_groups

import scenarios
from scenarios import World, cell_worlds, random_test, random_world, worlds
from simlab.scenario import Scenario
from simlab.world.draws import Purpose
from simlab.world.records import EVENT_NAMES
from simlab.world.terms import names_of
from simlab.world.twin import TwinMarket
from simlab.world.twin_person import Person

FIXED = range(60)
TOLD_TWICE = (*range(8), 211)  # 211: an offer takes off more than points are allowed to
"""Those that the twin lives too, in the default suite; all of them in the slow one."""
ANY = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


@cache
def fixed(number: int) -> tuple[World, Story]:
    """A fixed world and what the engine made of it."""
    world = random_world(random.Random(number))
    return world, engine_story(world)


def same(world: World) -> None:
    """Assert that both bodies tell the same story."""
    found = difference(engine_story(world), twin_story(world))
    assert not found, found


@settings(max_examples=6, deadline=None, suppress_health_check=ANY)
@given(world=worlds)
def test_engine_and_twin_agree(world: World) -> None:
    same(world)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=ANY)
@given(world=worlds)
def test_engine_and_twin_agree_on_many_worlds(world: World) -> None:
    same(world)


@pytest.mark.parametrize("numbers", [TOLD_TWICE, pytest.param(FIXED, marks=pytest.mark.slow)], ids=len)
def test_engine_and_twin_agree_on_fixed_worlds(numbers: range) -> None:
    for number in numbers:
        world, engine = fixed(number)
        found = difference(engine, twin_story(world))
        assert not found, f"world {number}\n{found}"


@pytest.mark.parametrize("number", [14, 76, 243])
def test_engine_and_twin_agree_where_kinds_of_groups_change_their_order(number, monkeypatch) -> None:
    """On day 1 the other kind claims people first, and groups that were left overnight still have their numbers."""
    monkeypatch.setattr(scenarios, "random_groups", tiny_groups)
    same(random_world(random.Random(number)))


@settings(max_examples=6, deadline=None, suppress_health_check=ANY)
@given(world=cell_worlds)
def test_engine_and_twin_agree_on_test_cells(world: World) -> None:
    same(world)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=ANY)
@given(world=cell_worlds)
def test_engine_and_twin_agree_on_test_cells_of_many_worlds(world: World) -> None:
    same(world)


def test_test_cells_vary() -> None:
    """Among fixed tests there are entries that cells share, and entries of one name that they do not."""
    shared = own = 0
    for number in FIXED:
        numbers = names_of((world := random_test(random.Random(number))).scenario, world.cells).numbers
        for name in numbers[0].offers:
            there = {n.offers[name] for n in numbers if name in n.offers}
            shared += len(there) < sum(name in n.offers for n in numbers)
            own += len(there) > 1
    assert min(shared, own) > 20


# Not by emptiness ------------------------------------------------------------------------


def test_every_event_occurs() -> None:
    counts = dict.fromkeys(EVENT_NAMES, 0)
    for number in FIXED:
        for _, _, code, _ in fixed(number)[1].events:
            counts[EVENT_NAMES[code]] += 1
    assert len(counts) == len(EVENT_NAMES)
    assert min(counts.values()) >= 10, counts


def test_everything_varies() -> None:
    """Each thing that a scenario may or may not have is there in some worlds and missing in others."""
    seen: dict[str, set[bool]] = {}
    for number in FIXED:
        world = fixed(number)[0]
        scenario, levers = world.scenario, world.scenario.levers
        flags = {
            "other strategy before": world.before is not None,
            "base": world.base is not None,
            "friends": world.graph.indices.size > 0,
            "warm-up": scenario.warmup.days > 0,
            "history": scenario.population.tenure > 0,
            "dated arrivals": bool(scenario.population.arrivals),
            "opted out at birth": scenario.population.opted_in < 1,
            "events": bool(scenario.calendar.events),
            "referral": levers.referral is not None,
            "reward budget": levers.referral is not None and levers.referral.budget is not None,
            "sources": bool(levers.sources),
            "groups": bool(levers.groups),
            "stimulus": any(group.stimulus for group in levers.groups.values()),
            "opinion customers": any(group.koc for group in levers.groups.values()),
            "ideas": any(group.ideas for group in levers.groups.values()),
            "source budget": any(source.budget is not None for source in levers.sources.values()),
            "stock": any(offer.stock is not None for offer in levers.offers.values()),
            "offer budget": any(offer.budget is not None for offer in levers.offers.values()),
            "offer audience": any(offer.stages is not None for offer in levers.offers.values()),
            "quota": levers.caps.quota_per_month is not None,
            "forgetful staff": levers.caps.execution < 1,
        }
        for name, value in flags.items():
            seen.setdefault(name, set()).add(value)
    assert {name for name, values in seen.items() if len(values) < 2} == set()


class DeafToCells(TwinMarket):
    """Caps and referral of cell 0 hold for everybody."""

    def strategy_of(self, person: Person) -> Scenario:
        return self.in_force


def test_a_twin_that_does_not_know_the_cells_is_noticed() -> None:
    cells = (random_test(random.Random(number)) for number in FIXED)

    def noticed(world: World) -> bool:
        try:
            return bool(difference(engine_story(world), twin_story(world, DeafToCells)))
        except KeyError:  # it looks for a touch of another cell among its own
            return True

    assert any(noticed(world) for world in cells)


# The oracle notices ----------------------------------------------------------------------


class RollingWeek(Person):
    """Caps over the last seven days instead of the calendar week."""

    def is_capped(self) -> bool:
        caps, today = self.market.in_force.levers.caps, self.market.today
        recent = sum((today - date).days < 7 for date in self.touched_on)
        return super().is_capped() or recent >= caps.per_week


class UncappedByQuota(Person):
    """The platform's quota is forgotten."""

    def is_capped(self) -> bool:
        levers = self.market.in_force.levers
        free = levers.caps.model_copy(update={"quota_per_month": None})
        scenario = self.market.in_force
        self.market.in_force = scenario.model_copy(
            update={"levers": levers.model_copy(update={"caps": free})}
        )
        capped = super().is_capped()
        self.market.in_force = scenario
        return capped


class WeakestClaim(Person):
    """The weakest claim wins."""

    def strongest_claim(self) -> Person:
        return min(self.claims, key=lambda claimed: claimed[0])[1]


class EagerCoupons(Person):
    """Limited coupons are handed out at once, in the order of visits."""

    def meet_offer(self, number: int) -> None:
        left = self.market.coupons_left[number]
        super().meet_offer(number)
        if self.waiting and left:
            self.waiting.remove(number)
            self.get_coupon(number)
            self.market.coupons_left[number] = left - 1


class SilentLeavers(Person):
    """Nobody takes note of those who are gone."""

    def tell_friends(self) -> None:
        pass


class FirstComeFirstServed(TwinMarket):
    """What is scarce goes by id."""

    def by_priority(
        self, people: Iterable[Person], purpose: Purpose, name: object | None = None
    ) -> list[Person]:
        return sorted(people, key=lambda person: person.number)


class BudgetsCarriedOver(TwinMarket):
    """What the warm-up spent is missing on day 1."""

    def start_strategy(self) -> None:
        left = self.coupons_left, self.subsidy_left, self.rewards_left
        super().start_strategy()
        if self.scenario is self.before:
            self.coupons_left, self.subsidy_left, self.rewards_left = left


class LateNews(TwinMarket):
    """Tonight's newcomers hear of those who left before they came."""

    def spread_news(self) -> None:
        pass

    def take_stock(self) -> None:
        super().spread_news()
        super().take_stock()


class SourcesFirst(TwinMarket):
    """Sources bring in people before friends have asked them."""

    def spread_news(self) -> None:
        super().spread_news()
        for source in self.sources:
            source.bring_in()


def of_people(kind: type[Person]) -> type[TwinMarket]:
    """A twin with another kind of people."""
    return type(kind.__name__, (TwinMarket,), {"person_type": kind})


def _limited(world: World) -> bool:
    return any(offer.stock for offer in world.scenario.levers.offers.values())


def _budgeted(world: World) -> bool:
    return any(offer.budget for offer in world.scenario.levers.offers.values())


MUTANTS: dict[type[TwinMarket], Callable[[World], bool]] = {  # and the worlds in which it can matter
    of_people(RollingWeek): lambda world: True,
    of_people(UncappedByQuota): lambda world: world.scenario.levers.caps.quota_per_month is not None,
    of_people(WeakestClaim): lambda world: world.scenario.levers.referral is not None,
    of_people(EagerCoupons): _limited,
    of_people(SilentLeavers): lambda world: world.graph.indices.size > 0,
    FirstComeFirstServed: lambda world: _limited(world) or _budgeted(world),
    BudgetsCarriedOver: lambda world: world.scenario.warmup.days > 0 and world.before is None,
    LateNews: lambda world: world.scenario.levers.referral is not None,
    SourcesFirst: lambda world: bool(world.scenario.levers.referral and world.scenario.levers.sources),
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_changed_rule_is_noticed(mutant: type[TwinMarket]) -> None:
    """In a world with little to tell, if possible: those are told soon."""
    worlds_and_engines = sorted((fixed(number) for number in FIXED), key=lambda both: len(both[1].events))
    assert any(
        difference(engine, twin_story(world, mutant))
        for world, engine in worlds_and_engines
        if MUTANTS[mutant](world)
    )
