"""From `levers.groups` and `behaviour.groups` to the table of kinds that the rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.groups import Group
from simlab.scenario.schema import Scenario
from simlab.world.amounts import fen, keep, saturating
from simlab.world.draws import name_hash
from simlab.world.group_tables import GROUP_KIND

if TYPE_CHECKING:
    from simlab.world.terms import Conditions


def in_order(scenario: Scenario) -> list[tuple[str, Group]]:
    """The kinds of group by name, in the order in which they may claim somebody."""
    return sorted(scenario.levers.groups.items(), key=lambda entry: (-entry[1].priority, entry[0]))


def routing(scenario: Scenario) -> list[object]:
    """All that decides who belongs where; when it changes, everybody is routed anew."""
    return [(name, g.who, g.share, g.priority) for name, g in in_order(scenario)]


def kinds_of(scenario: Scenario, conditions: Conditions) -> NDArray[np.void]:
    """(L,) GROUP_KIND: what does not depend on the day; their audiences enter the table of conditions."""
    b, trust = scenario.behaviour.groups, scenario.behaviour.trust
    kinds = np.zeros(len(scenario.levers.groups), GROUP_KIND)
    for kind, (name, group) in zip(kinds, in_order(scenario), strict=True):
        ugc, koc, stimulus = group.ugc, group.koc, group.stimulus
        told = b.koc_story if group.kind == "koc" else 1.0
        shared = b.product_proof if group.kind == "product" else 1.0
        warmth = b.privilege_trust if group.kind == "privilege" else 1.0
        reward = ugc.reward if ugc else 0.0
        commission = koc.commission if koc else 0.0
        quality = ugc.quality if ugc else 0.0
        paid = saturating(commission, b.commission)
        who = conditions.add(group.who)
        titled = conditions.add(group.honours.who if group.honours else ())
        candidates = conditions.add(koc.who if koc else ())
        values = {
            "name": name_hash("group:" + name), "share": group.share,
            "talk": b.talk * (b.interest_talk if group.kind == "interest" else 1.0)
            * (1.0 + b.topics * saturating(group.topics, 1.0)),
            "peers": b.peers, "half_company": b.half_company, "memory": 1.0 - keep(b.memory),
            "half_small": b.half_small, "half_size": b.half_size, "size_exponent": b.size_exponent,
            "half_noise": b.half_noise, "noise_exponent": b.noise_exponent,
            "capacity": 1.0 + b.moderation * group.moderators, "promo_noise": b.promo_noise,
            "ties": b.ties, "half_ties": b.half_ties, "ties_keep": keep(b.ties_half_life),
            "stimulus": b.stimulus, "half_stimulus": 100.0 * b.half_stimulus,
            "below": stimulus.below if stimulus else 0.0, "enough": stimulus.enough if stimulus else 1.0,
            "opinion": b.opinion, "half_posts": b.half_posts, "half_grumbles": b.half_grumbles,
            "quit": b.quit,
            "shared": b.shared, "unshared": b.unshared,
            "about": 1 + list(scenario.population.topics).index(group.about) if group.about else 0,
            "status": b.status if group.honours else 0.0, "trust_talk": b.trust_talk, "read": b.read,
            "norm": b.norm * shared, "proof": b.proof * shared,
            "credit": b.credit * trust.value_gain * warmth * (1.0 + b.selection * quality),
            "topic_trust": b.topic_trust * trust.value_gain * warmth * saturating(group.topics, 1.0),
            "belonging": b.belonging * warmth,
            "story": min(1.0, b.story * told * (1.0 + b.story_gain * saturating(reward, b.half_story))),
            "opinion_story": min(1.0, b.story * told * (1.0 + b.story_gain * saturating(commission, b.half_story))),
            "filter": quality, "opinion_talk": b.opinion_talk * paid,
            "opinion_quit": b.opinion_quit * (1.0 - paid),
            "grumble": b.grumble, "complaint": b.complaint, "gloom": 0.0 if group.isolate else b.gloom,
            "idea": b.idea, "adopt": group.ideas.adopt if group.ideas else 0.0, "ownership": b.ownership,
            "meeting": b.meeting, "practice_gain": b.practice_gain, "habit_gain": b.habit_gain,
            "habit_talk": b.habit_talk, "merge_below": group.merge_below,
            "who_first": who[0], "who_last": who[1], "titled_first": titled[0], "titled_last": titled[1],
            "koc_first": candidates[0], "koc_last": candidates[1],
            "people": group.size, "split_above": group.split_above,
            "seats": koc.seats if koc else 0, "reserve": koc.reserve if koc else 0,
            "stimulus_days": stimulus.days if stimulus else 0, "cooldown": stimulus.cooldown if stimulus else 0,
            "stimulus_fen": fen(stimulus.cost) if stimulus else 0, "topics": group.topics,
            "reward": fen(reward), "commission": fen(commission),
            "training": fen(koc.training) if koc else 0, "prize": fen(group.ideas.prize) if group.ideas else 0,
            "online_fen": fen(group.online.cost) if group.online else 0,
            "offline_fen": fen(group.offline.cost) if group.offline else 0,
        }  # fmt: skip
        for field, value in values.items():
            kind[field] = value
    return kinds


def set_kinds_day(kinds: NDArray[np.void], scenario: Scenario, day: int, weekday: str) -> None:
    """Write today's events, theme days and practice, and what running one group costs today."""
    b = scenario.behaviour.groups
    for kind, (_, group) in zip(kinds, in_order(scenario), strict=True):
        themed = group.rituals is not None and weekday in group.rituals.days
        running = group.cost + group.moderators * group.moderator_cost + group.topics * group.topic_cost
        if themed and group.rituals:
            running += group.rituals.cost
        if group.honours:
            running += group.honours.cost
        kind["ritual"] = b.ritual if themed else 0.0
        online = group.online if group.online and day % group.online.every == 0 else None
        offline = group.offline if group.offline and day % group.offline.every == 0 else None
        meets = b.region_meetings if group.kind == "region" else 1.0
        kind["online"] = b.attend_online * online.invited if online else 0.0
        kind["offline"] = b.attend_offline * meets * offline.invited if offline else 0.0
        # sessions are spread over the week: on day d the number that are due by then grows
        due = int(np.floor(day * group.practice / 7.0)) - int(np.floor((day - 1) * group.practice / 7.0))
        kind["practise"] = b.practise * due
        kind["running"] = fen(running + due * group.practice_cost)


def most_fit(scenario: Scenario) -> float:
    """Upper bound of the factor of orders through adopted suggestions."""
    return 1.0 + scenario.behaviour.groups.fit if scenario.levers.groups else 1.0


def fit_of(scenario: Scenario, adopted: int, starting: int) -> float:
    """Factor of everybody's orders after so many adopted suggestions; exactly 1 without any."""
    if not scenario.levers.groups:
        return 1.0
    b = scenario.behaviour.groups
    return 1.0 + b.fit * saturating(1000.0 * adopted / max(starting, 1), b.half_fit)
