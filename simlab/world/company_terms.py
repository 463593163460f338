"""Terms of what travels on the graph: programmes, teams, voices, paid voices, crises and the answers to them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.programme import Programme, Window
from simlab.scenario.schema import Scenario
from simlab.scenario.stages import OBSERVABLES, Condition
from simlab.world.amounts import NO_LIMIT, fen, keep, saturating, stage_mask
from simlab.world.draws import name_hash
from simlab.world.numerics import power
from simlab.world.records import CRISIS, GOAL, PROGRAMME, SEEDING, TEAM, VOICE, Terms

if TYPE_CHECKING:
    from simlab.world.terms import Names

Add = Callable[[tuple[Condition, ...]], tuple[int, int]]
ANGER_VOICE, SATISFIED_VOICE, DISSATISFIED_VOICE, FIRST_SHARE = range(4)
"""Rows of the table of voices; then come the shares, then a good and a bad one for each paid voice."""
CRISIS_DAYS = 90
"""So long the public and the brand look at a crisis."""
_CHOSEN_BY = {"random": -2, "friends": -1} | {name: number for number, name in enumerate(OBSERVABLES)}


def programmes_of(scenario: Scenario, names: Names, cell: int) -> list[Programme | None]:
    """The invitation programmes of a strategy by their numbers: the referral, then the others by name."""
    own, levers = names.numbers[cell].purses, scenario.levers
    return [
        levers.referral,
        *(levers.programmes.get(name) if name in own else None for name in names.programmes),
    ]


def company_terms(
    cells: Sequence[Scenario], names: Names, add: Add, offers: NDArray[np.void]
) -> dict[str, Any]:
    """What does not change from day to day. `add` writes an audience; `offers` are those of the terms."""
    scenario = cells[0]
    programmes, goals = _programmes(cells, names, add)
    teams, steps = _teams(scenario, names, add)
    crises = np.zeros(len(names.crises), CRISIS)
    for row, name in zip(crises, names.crises, strict=True):
        if (crisis := scenario.crises.get(name)) is not None:
            row["name"], row["share"], row["severity"] = (
                name_hash("crisis:" + name),
                crisis.share,
                crisis.severity,
            )
            row["first"], row["last"] = add(crisis.who)
    return {
        "programmes": programmes, "goals": goals, "teams": teams, "steps": steps,
        "voices": _voices(scenario, names, add), "seedings": _seedings(scenario, names, add), "crises": crises,
    }  # fmt: skip


def standing_company(scenario: Scenario, add: Add) -> dict[str, float]:
    """Numbers that every rule may ask for, by name of the field in `now`."""
    b, levers = scenario.behaviour, scenario.levers
    proof, response = levers.testimonials, levers.response
    first, last = add(proof.who if proof else ())
    reviews = proof.reviews if proof else 0.0
    paid = response.compensation if response else 0.0
    return {
        "status": b.status.gain, "status_trust": b.status.trust, "satisfied": b.talk.satisfied,
        "praise_exposure": b.talk.exposure, "praise_trust": b.talk.trust, "deterrence": b.talk.deterrence,
        "proof_level": b.talk.proof_level, "proof_gain": b.talk.proof_gain * saturating(reviews, b.talk.half_reviews),
        "proof_first": first, "proof_last": last,
        "anger_keep": keep(b.anger.half_life), "belief": b.anger.belief, "shield": b.anger.shield,
        "passed_on": b.anger.passed_on, "anger_trust": b.anger.trust_loss, "anger_orders": b.anger.in_orders,
        "anger_visits": b.anger.in_visits, "anger_lifetime": b.anger.in_lifetime, "anger_leave": b.anger.leave,
        "anger_complain": b.anger.complain, "compensation": fen(paid),
        "settling": 0.5 + 0.5 * saturating(paid, b.anger.half_compensation) if paid else 0.0, "repair": b.anger.repair,
    }  # fmt: skip


def _programmes(
    cells: Sequence[Scenario], names: Names, add: Add
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    if not any(programme for k, cell in enumerate(cells) for programme in programmes_of(cell, names, k)):
        return np.zeros((len(cells), 0), PROGRAMME), np.zeros(0, GOAL)
    rows = np.zeros((len(cells), 1 + len(names.programmes)), PROGRAMME)
    rows["needed"], rows["offer"] = 1, -1
    goals: list[tuple[float, int, int, int]] = []
    for k, cell in enumerate(cells):
        numbers, exponent = names.numbers[k], cell.behaviour.invitation.needed_exponent
        for row, name, spec in zip(
            rows[k], ("", *names.programmes), programmes_of(cell, names, k), strict=True
        ):
            if spec is None:
                continue
            row["stages"], row["needed"] = stage_mask(names, spec.stages), spec.needed
            row["first"], row["last"] = add(spec.who)
            row["purse"] = numbers.purses[name] if name else numbers.purse
            row["quota"] = NO_LIMIT if spec.quota is None else spec.quota
            row["perk"] = spec.perk
            row["offer"] = -1 if spec.invitee_offer is None else numbers.offers[spec.invitee_offer]
            row["goal_first"], before = len(goals), 0
            for friends in sorted(spec.tiers):
                reward = fen(spec.tiers[friends])
                value = float(reward / 100.0 / power(float(friends - before), exponent))
                goals.append((value, friends, before, reward))
                before = friends
            row["goal_last"] = len(goals)
            if spec.check is not None:
                row["check_cost"] = fen(spec.check.cost)
                row["check_catch"], row["check_refuse"] = spec.check.strength, spec.check.false_positives
                row["checked"] = row["check_cost"] > 0 or row["check_catch"] > 0 or row["check_refuse"] > 0
    return rows, np.array(goals, GOAL) if goals else np.zeros(0, GOAL)


def _teams(scenario: Scenario, names: Names, add: Add) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    b, numbers = scenario.behaviour.teams, names.numbers[0]
    rows = np.zeros(len(names.teams), TEAM)
    steps: list[tuple[int, int]] = []
    for row, name in zip(rows, names.teams, strict=True):
        team = scenario.levers.teams.get(name)
        if team is None:
            continue
        row["name"] = name_hash("team:" + name)
        row["start"], row["ask"], row["outsider"] = b.open, b.ask, b.outsider
        row["first"], row["last"] = add(team.who)
        row["offer"], row["needed"], row["days"] = numbers.offers[team.offer], team.needed, team.days
        row["early"], row["commission"] = team.early, fen(team.commission)
        row["step_first"] = len(steps)
        steps += [(size, numbers.offers[team.steps[size]]) for size in sorted(team.steps)]
        row["step_last"] = len(steps)
    return rows, np.array(steps, np.int64).reshape(-1, 2)


def _voices(scenario: Scenario, names: Names, add: Add) -> NDArray[np.void]:
    talk, levers = scenario.behaviour.talk, scenario.levers
    rows = np.zeros(names.voices, VOICE)
    rows["cap"] = -1
    for number, name in enumerate(("anger", "satisfied", "dissatisfied")):
        rows["name"][number] = name_hash("talk:" + name)
    rows["bad"][ANGER_VOICE] = rows["bad"][DISSATISFIED_VOICE] = 1
    virality = levers.word_of_mouth.virality
    rows["open"][[SATISFIED_VOICE, DISSATISFIED_VOICE]] = virality > 0
    rows["by_satisfaction"][SATISFIED_VOICE] = talk.rate * virality
    rows["by_praise"][SATISFIED_VOICE] = talk.forwarding * virality * levers.word_of_mouth.forwarding
    rows["by_discontent"][DISSATISFIED_VOICE] = talk.rate * virality * talk.negative_bias
    rows["reach"][SATISFIED_VOICE], rows["join"][SATISFIED_VOICE] = talk.reach, talk.join
    rows["reach"][DISSATISFIED_VOICE] = talk.reach
    for row, name in zip(rows[FIRST_SHARE:], names.shares, strict=False):
        if (share := levers.shares.get(name)) is not None:
            gain = 1.0 + talk.share_gain * saturating(share.reward, talk.half_share)
            gain += talk.forced_gain if share.forced else 0.0
            row["name"], row["urge"] = name_hash("share:" + name), talk.share_rate * share.ease * gain
            row["first"], row["last"] = add(share.who)
            row["reach"], row["join"] = talk.reach, talk.join
            row["reward"], row["rewarded"] = fen(share.reward), True
            row["cap"] = -1 if share.cap is None else share.cap
            if share.forced:
                row["load"], row["punished"], row["fine"] = talk.forced_load, talk.violation, fen(share.fine)
    first = FIRST_SHARE + len(names.shares)
    for k, name in enumerate(names.seeding):
        if (seeding := levers.seeding.get(name)) is not None:
            for row, word in zip(rows[first + 2 * k : first + 2 * k + 2], ("", ":bad"), strict=True):
                row["name"] = name_hash("seeding:" + name + word)
                row["reach"] = min(1.0, talk.reach * seeding.credibility)
                row["join"] = min(1.0, talk.join * seeding.credibility)
                row["bad"] = word != ""
    return rows


def _seedings(scenario: Scenario, names: Names, add: Add) -> NDArray[np.void]:
    rows = np.zeros(len(names.seeding), SEEDING)
    for k, (row, name) in enumerate(zip(rows, names.seeding, strict=True)):
        if (seeding := scenario.levers.seeding.get(name)) is not None:
            row["name"], row["negative"] = name_hash("seeding:" + name), seeding.negative
            row["first"], row["last"] = add(seeding.who)
            row["people"], row["by"], row["fee"] = seeding.people, _CHOSEN_BY[seeding.by], fen(seeding.fee)
            row["voice"] = FIRST_SHARE + len(names.shares) + 2 * k
    return rows


# Today -----------------------------------------------------------------------------------


def is_open(item: Window | Programme, day: int) -> bool:
    """Whether a campaign runs on a day."""
    return (item.first is None or day >= item.first) and (item.last is None or day <= item.last)


def set_company(
    terms: Terms, cells: Sequence[Scenario], names: Names, day: int, rewards_left: NDArray[np.int64]
) -> None:
    """Write one day's terms of what travels on the graph."""
    for k, cell in enumerate(cells):
        if terms.programmes.shape[1]:
            for row, spec in zip(terms.programmes[k], programmes_of(cell, names, k), strict=True):
                if spec is not None:
                    _promise(row, spec, cell, day, int(rewards_left[row["purse"]]), terms)
    scenario = cells[0]
    levers = scenario.levers
    for row, name in zip(terms.teams, names.teams, strict=True):
        team = levers.teams.get(name)
        row["open"] = team is not None and is_open(team, day) and bool(terms.offers[row["offer"]]["open"])
    for row, name in zip(terms.voices[FIRST_SHARE:], names.shares, strict=False):
        share = levers.shares.get(name)
        row["open"] = share is not None and is_open(share, day) and row["urge"] > 0
    for row, name in zip(terms.seedings, names.seeding, strict=True):
        seeding = levers.seeding.get(name)
        row["open"] = seeding is not None and day in seeding.on and is_open(seeding, day)
    if names.crises or not terms.voices["open"][ANGER_VOICE]:  # a calm world's terms are written once
        _set_crises(terms, scenario, names, day)


def _promise(row: np.void, spec: Programme, scenario: Scenario, day: int, left: int, terms: Terms) -> None:
    """Write what one programme promises today: whole rewards only, or none."""
    inv = scenario.behaviour.invitation
    reward, invitee = fen(spec.reward), fen(spec.invitee_reward)
    if spec.tiers:
        reward = fen(max(spec.tiers.values()))
    if reward + invitee > left:
        reward = invitee = 0
    row["open"], row["reward"], row["invitee_reward"] = is_open(spec, day), reward, invitee
    row["value"] = float(reward / 100.0 / power(float(spec.needed), inv.needed_exponent))
    gift = invitee / 100.0
    if row["offer"] >= 0 and terms.offers[row["offer"]]["open"]:
        gift += float(terms.offers[row["offer"]]["worth"]) * mean_basket(scenario)
    row["accept"] = inv.accept * (1.0 + inv.invitee_gain * saturating(gift, inv.half_invitee_reward))
    relative = reward / 100.0 / spec.needed / inv.half_hunters
    if spec.tiers:
        pays = [terms.goals[g] for g in range(row["goal_first"], row["goal_last"])] if reward else []
        each = [goal["reward"] / 100.0 / (goal["friends"] - goal["before"]) for goal in pays]
        relative = float(max(each, default=0.0)) / inv.half_hunters
    row["hunt"] = inv.hunters * relative * relative / (1.0 + relative * relative)


def mean_basket(scenario: Scenario) -> float:
    """Mean basket over the segments, in yuan: what a price cut is worth to somebody who compares it with cash."""
    segments = list(scenario.population.segments.values())
    return sum(s.share * s.basket.mean for s in segments) / sum(s.share for s in segments)


def prevented(scenario: Scenario, age: int) -> float:
    """Share of a crisis day's conversations that take place after the response; `age`: days since the outbreak.

    The outbreak is at hour 0 of its day. What monitoring finds is answered sooner than the rest; without
    monitoring everything waits until the brand notices by itself.
    """
    response, monitoring = scenario.levers.response, scenario.levers.monitoring
    if response is None:
        return 0.0
    unnoticed = scenario.behaviour.anger.unnoticed
    found, recall = (min(monitoring.delay, unnoticed), monitoring.recall) if monitoring else (unnoticed, 0.0)

    def after(hours: float) -> float:
        return min(1.0, max(0.0, (24.0 * (age + 1) - hours) / 24.0))

    return recall * after(found + response.delay) + (1.0 - recall) * after(unnoticed + response.delay)


def age_of_crisis(scenario: Scenario, day: int) -> tuple[str | None, int]:
    """The crisis that the public looks at: the one that broke out last; and the days since."""
    found: tuple[int, str] | None = None
    for name, crisis in sorted(scenario.crises.items()):
        age = day - crisis_day(scenario, crisis.date)
        if 0 <= age < CRISIS_DAYS and (found is None or age <= found[0]):
            found = age, name
    return (None, 0) if found is None else (found[1], found[0])


def crisis_day(scenario: Scenario, date: datetime.date) -> int:
    """Day number of a date."""
    return (date - scenario.start).days + 1


def _set_crises(terms: Terms, scenario: Scenario, names: Names, day: int) -> None:
    anger, response = scenario.behaviour.anger, scenario.levers.response
    for row, name in zip(terms.crises, names.crises, strict=True):
        crisis = scenario.crises.get(name)
        row["open"] = crisis is not None and crisis_day(scenario, crisis.date) == day
    latest, age = age_of_crisis(scenario, day)
    heat = spread = anger.everyday
    publicity, isolated, answered = 0.0, 0.0, 0.0
    if latest is not None:
        today, before = prevented(scenario, age), prevented(scenario, age - 1) if age else 0.0
        statement = anger.statement * response.statement if response else 0.0
        heat = max(heat, scenario.crises[latest].virulence * float(power(keep(anger.interest), float(age))))
        spread = heat * (1.0 - statement * today)
        publicity = anger.publicity * heat * (1.0 - statement * before) if age else 0.0
        isolated = response.isolation * today if response else 0.0
        answered = before if response and response.compensation > 0 else 0.0
    voice = terms.voices[ANGER_VOICE]
    voice["open"], voice["by_anger"] = True, anger.talk * (1.0 - isolated)
    voice["reach"] = min(1.0, anger.transmission * spread)
    terms.now["publicity"], terms.now["answered"] = publicity, answered
    terms.now["belief"] = anger.belief * min(1.0, heat)


def response_fen(scenario: Scenario, day: int) -> int:
    """What watching public opinion costs today, and a response on the day on which it is given."""
    monitoring, response = scenario.levers.monitoring, scenario.levers.response
    cost = fen(monitoring.cost) if monitoring else 0
    name, age = age_of_crisis(scenario, day)
    if response is not None and name is not None:
        begins = prevented(scenario, age) > 0.0 and (age == 0 or prevented(scenario, age - 1) == 0.0)
        cost += fen(response.cost) if begins else 0
    return cost
