"""How people behave towards each other: talk, teams, anger. Parameters as in `simlab.scenario.behaviour`.

Nothing of it happens where nobody has something to talk about, no team can be opened, and nobody is angry.
"""

from __future__ import annotations

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Money, PerDay, Share


class Status(Part):
    """What an invitation is worth that pays no cash, and what a gift in kind adds to it."""

    gain: Factor = parameter(
        1.5, "relative gain of invitation episodes through a full status perk", "-", 0.5, 3, "M036", "assumed", le=20
    )  # fmt: skip
    trust: Share = parameter(
        0.05, "affinity gained per friend brought under a full status perk, at no deviation", "share", 0.02, 0.1,
        "assumed", "assumed",
    )  # fmt: skip


class Talk(Part):
    """Word of mouth: who talks, who listens, what it does to them."""

    rate: PerDay = parameter(
        0.02, "talks of a mean, fully satisfied user where there is something to talk about", "per day", 0.01, 0.05,
        "M039", "assumed",
    )  # fmt: skip
    satisfied: Share = parameter(
        0.4, "affinity above which a user is satisfied, and below which dissatisfied", "share", 0.3, 0.5, "assumed",
        "assumed", gt=0, lt=1,
    )  # fmt: skip
    negative_bias: Factor = parameter(
        2.5, "talk of the dissatisfied relative to the satisfied, at equal distance", "-", 1.5, 4, "M039", "assumed",
        le=20,
    )  # fmt: skip
    forwarding: Share = parameter(
        0.18, "chance of passing on what a friend has just told, at full virality", "share", 0.05, 0.25, "M039",
        "assumed",
    )  # fmt: skip
    reach: Share = parameter(
        0.3, "chance that one friend notices a talk or a post", "share", 0.1, 0.5, "assumed", "assumed"
    )
    join: Share = parameter(
        0.01, "chance that a prospect of mean need who noticed it joins", "share", 0.003, 0.03, "assumed", "assumed"
    )  # fmt: skip
    exposure: Factor = parameter(
        0.4,
        "exposure by one friend's talk, relative to a promotion",
        "-",
        0.2,
        0.8,
        "assumed",
        "assumed",
        le=5,
    )
    trust: Share = parameter(
        0.01, "affinity gained by a day with good news from friends, at no deviation", "share", 0.005, 0.02,
        "assumed", "assumed",
    )  # fmt: skip
    deterrence: Share = parameter(
        0.2, "inclination to join that a prospect loses by one piece of bad news", "share", 0.1, 0.4, "assumed",
        "assumed",
    )  # fmt: skip
    share_rate: PerDay = parameter(
        0.004, "shares of a mean user without reward, where sharing is made easy", "per day", 0.002, 0.01, "M038",
        "assumed",
    )  # fmt: skip
    share_gain: Factor = parameter(
        4.0, "largest relative gain of sharing through a reward", "-", 2, 8, "M038", "assumed", le=50
    )
    half_share: Money = parameter(
        3.0, "reward per share at half of that gain", "yuan", 1, 6, "assumed", "assumed", gt=0
    )
    forced_gain: Factor = parameter(
        2.0, "shares that a forced sharing adds, relative", "-", 1, 4, "assumed", "assumed", le=50
    )
    forced_load: Factor = parameter(
        2.0, "fatigue by one forced share", "units", 1, 4, "assumed", "assumed", le=50
    )
    violation: Share = parameter(
        0.02, "chance that a forced share is punished", "share", 0.005, 0.05, "assumed", "assumed"
    )
    proof_level: Share = parameter(
        0.5, "affinity up to which testimonials can raise it", "share", 0.4, 0.6, "assumed", "assumed"
    )
    proof_gain: Share = parameter(
        0.10, "share of the way to that level gained on one visit to many testimonials", "share", 0.05, 0.2, "M065",
        "assumed",
    )  # fmt: skip
    half_reviews: Factor = parameter(
        300.0, "testimonials at half of that gain", "reviews", 100, 600, "M065", "assumed", gt=0
    )


class Teams(Part):
    """Buying together: who opens a team, who takes part."""

    open: PerDay = parameter(
        0.003, "teams opened by somebody whom the price certainly attracts", "per day", 0.001, 0.01, "M037", "assumed"
    )  # fmt: skip
    ask: Share = parameter(
        0.12, "chance per day that a participant asks a given friend who comes if attracted", "share", 0.1, 0.4,
        "M037", "assumed",
    )  # fmt: skip
    outsider: Share = parameter(
        0.2,
        "readiness of prospects to take part, relative to members",
        "share",
        0.1,
        0.5,
        "assumed",
        "assumed",
    )


class Anger(Part):
    """Negative belief: who gets it, who passes it on, what it does, how it ends."""

    half_life: Duration = parameter(4.0, "time in which anger halves", "days", 2, 8, "assumed", "assumed")
    talk: PerDay = parameter(0.7, "talks of somebody fully angry", "per day", 0.4, 0.9, "M083", "assumed")
    transmission: Share = parameter(
        0.45, "chance that a friend hears of it, in a crisis", "share", 0.2, 0.5, "M083", "assumed"
    )
    everyday: Share = parameter(
        0.15, "both over ordinary issues, relative to a crisis", "share", 0.05, 0.3, "assumed", "assumed"
    )
    publicity: Factor = parameter(
        1.2, "strangers who hear of it in public, per angry talk in a crisis", "-", 0.5, 2, "M083", "assumed", le=20
    )  # fmt: skip
    interest: Duration = parameter(
        5.0, "time in which the interest in a crisis halves", "days", 3, 10, "assumed", "assumed"
    )
    belief: Share = parameter(
        0.8, "chance that a member without affinity believes it", "share", 0.6, 1, "assumed", "assumed"
    )
    shield: Share = parameter(
        0.4, "how much of that chance full affinity takes away", "share", 0.2, 0.7, "assumed", "assumed"
    )
    passed_on: Share = parameter(
        0.9, "anger of those who hear, relative to a full one", "share", 0.7, 1, "assumed", "assumed"
    )
    trust_loss: Share = parameter(
        0.25, "share of affinity lost by becoming fully angry", "share", 0.1, 0.4, "M083", "assumed"
    )
    in_orders: Share = parameter(
        0.9, "share of the order rate lost while fully angry", "share", 0.6, 1, "M083", "assumed"
    )
    in_visits: Share = parameter(
        0.6, "share of own visits lost while fully angry", "share", 0.3, 0.9, "assumed", "assumed"
    )
    in_lifetime: Factor = parameter(
        3.0, "relative hazard of the relation while fully angry", "-", 1, 6, "M083", "assumed", le=50
    )
    leave: Share = parameter(
        0.02, "chance per day of leaving the programme while fully angry", "share", 0.01, 0.04, "assumed", "assumed"
    )  # fmt: skip
    complain: Share = parameter(
        0.03, "chance per day of a complaint while fully angry", "share", 0.01, 0.06, "assumed", "assumed"
    )
    unnoticed: Factor = parameter(
        24.0, "hours until a brand without monitoring notices a crisis", "hours", 12, 48, "M084", "assumed", le=10000
    )  # fmt: skip
    statement: Share = parameter(
        0.75, "share of the spread that a sincere statement prevents", "share", 0.6, 0.9, "M083", "assumed"
    )
    half_compensation: Money = parameter(
        15.0, "compensation at half of its largest relief", "yuan", 5, 30, "assumed", "assumed", gt=0
    )
    repair: Share = parameter(
        0.10, "affinity regained by a fully relieving compensation, at none", "share", 0.05, 0.2, "M083", "assumed"
    )  # fmt: skip
