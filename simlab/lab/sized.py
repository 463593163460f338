"""A scenario with fewer people, and everything in proportion that counts the whole base rather than each member."""

from __future__ import annotations

from itertools import accumulate, pairwise

from simlab.scenario import Scenario


def sized(scenario: Scenario, most: int) -> Scenario:
    """The scenario with at most so many members; one with a base of its own stays as it is."""
    population = scenario.population
    if population.base is not None or population.members <= most:
        return scenario
    return in_proportion(scenario, most / population.members, members=most)


def in_proportion(scenario: Scenario, part: float, members: int | None = None) -> Scenario:
    """A share of a scenario: people, arrivals, advertising, budgets and stocks.

    Args:
        members: instead of that share of the scenario's own; a base then gives way to people like the scenario's.
    """
    population = scenario.population
    arrivals = None
    if population.arrivals is not None:  # of the sums, so that few a day do not become none
        upto = [round(total * part) for total in accumulate(population.arrivals, initial=0)]
        arrivals = tuple(after - before for before, after in pairwise(upto))
    people = population.model_copy(
        update={
            "members": round(population.members * part) if members is None else members,
            "prospects": max(round(population.prospects * part), sum(arrivals or ())),
            "arrivals": arrivals,
        }
    )
    levers = scenario.levers
    sources = {
        name: source.model_copy(
            update={
                "exposures": source.exposures * part,
                "saturation": _part(source.saturation, part),
                "budget": _part(source.budget, part),
            }
        )
        for name, source in levers.sources.items()
    }
    offers = {
        name: offer.model_copy(
            update={
                "budget": _part(offer.budget, part),
                "stock": None if offer.stock is None else round(offer.stock * part),
            }
        )
        for name, offer in levers.offers.items()
    }
    referral = levers.referral
    if referral is not None:
        referral = referral.model_copy(update={"budget": _part(referral.budget, part)})
    fewer = levers.model_copy(update={"sources": sources, "offers": offers, "referral": referral})
    return scenario.model_copy(update={"population": people, "levers": fewer})


def _part(whole: float | None, part: float) -> float | None:
    return None if whole is None else whole * part
