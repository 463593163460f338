"""How people respond to offers, points, levels, plans and shops: parameters beyond the price response."""

from __future__ import annotations

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Money, PerDay, Share


class Deals(Part):
    """Thresholds, bundles, samples, recommendations."""

    surplus: Share = parameter(
        0.6, "worth of goods bought only to reach a threshold, relative to their price", "share", 0.3, 0.8,
        "assumed", "assumed")  # fmt: skip
    stockpile: Share = parameter(
        0.5, "share of goods bought beyond the usual basket that are missing from later orders", "share",
        0.3, 0.8, "L25", "assumed")  # fmt: skip
    step_loss: Share = parameter(
        0.2, "share of applicants lost at each form step", "share", 0.1, 0.35, "assumed", "assumed")  # fmt: skip
    bundle: Share = parameter(
        0.4, "chance of taking a bundle that fits, per order", "share", 0.2, 0.6, "assumed", "assumed"
    )
    sample_trust: Share = parameter(
        0.12, "affinity gained by a sample that fits, at no deviation and no order yet", "share", 0.05, 0.25,
        "assumed", "assumed")  # fmt: skip
    trial: Share = parameter(
        0.3, "rise of the order rate, for good, by a first order that only an offer brought", "share",
        0.1, 0.5, "L23")  # fmt: skip
    sample_exposure: Factor = parameter(
        2.0, "exposure of a sample that fits", "touches", 0.5, 4, "assumed", "assumed", le=20
    )
    best_seller: Share = parameter(
        0.2, "share of opened touches in which the best-seller fits", "share", 0.1, 0.3, "assumed", "assumed"
    )
    relevant_exposure: Factor = parameter(
        1.0, "exposure of a recommendation that fits", "touches", 0.3, 2, "assumed", "assumed", le=20
    )
    cross_sell: Share = parameter(
        0.25, "more in the basket while a recommendation that fits is in mind", "share", 0.1, 0.4,
        "assumed", "assumed")  # fmt: skip
    in_mind: Duration = parameter(5.0, "how long it is in mind", "days", 2, 10, "assumed", "assumed", le=60)


class Loyalty(Part):
    """Goal gradient, redemption of points, what a level is worth to keep."""

    redeem: Share = parameter(
        0.5, "chance of redeeming points at an order, once a reward is within reach", "share", 0.3, 0.8,
        "assumed", "assumed")  # fmt: skip
    point_goal: Factor = parameter(
        0.3,
        "largest relative gain of the order rate just before a great reward (goal gradient); with the way squared",
        "share",
        0.1,
        0.5,
        "assumed",
        "assumed",
        le=5,
    )
    half_prize: Money = parameter(
        10.0, "worth of a reward at half of that gain", "yuan", 5, 30, "assumed", "assumed", gt=0
    )
    task_gain: Factor = parameter(
        1.0, "largest relative gain of answers or visits through points for them", "-", 0.3, 2,
        "assumed", "assumed", le=20)  # fmt: skip
    half_task: Money = parameter(
        0.3, "worth of those points at half of that gain", "yuan", 0.1, 1, "assumed", "assumed", gt=0
    )
    level_goal: Factor = parameter(
        0.3, "largest relative gain of the order rate just before the next level", "share", 0.1, 0.5,
        "assumed", "assumed", le=5)  # fmt: skip
    level_from: Share = parameter(
        0.5, "part of the way to a level at which that gain sets in", "share", 0.3, 0.8, "assumed", "assumed",
        le=0.99)  # fmt: skip
    level_hold: Factor = parameter(
        0.2, "fall of the lifetime rate per level held: hazard / (1 + this x level)", "-", 0.05, 0.4,
        "assumed", "assumed", le=5)  # fmt: skip


class Commitment(Part):
    """Who buys a paid plan, and what paying does."""

    consider: Share = parameter(
        0.15, "chance of thinking about a plan that is on sale, per day with a visit or answer", "share", 0.05, 0.4,
        "assumed", "assumed")  # fmt: skip
    spread: Factor = parameter(
        0.6,
        "log standard deviation of what people expect of one plan",
        "-",
        0.3,
        1,
        "assumed",
        "assumed",
        le=3,
    )
    sunk: Factor = parameter(
        0.15, "gain of the order rate while a fee has been paid (sunk cost)", "share", 0.05, 0.4,
        "assumed", "assumed", le=5)  # fmt: skip
    hold: Factor = parameter(
        0.3,
        "fall of the lifetime rate meanwhile: hazard / (1 + this)",
        "-",
        0.1,
        0.6,
        "assumed",
        "assumed",
        le=5,
    )
    usage: Share = parameter(
        0.6, "weight of actual against expected use in the renewal", "share", 0.3, 0.9, "assumed", "assumed"
    )


class Shopping(Part):
    """Which shop an order goes to, and who buys what is new."""

    shop_trust: Factor = parameter(
        1.0,
        "pull of relative affinity towards the private shop",
        "logits",
        0.3,
        2,
        "assumed",
        "assumed",
        le=10,
    )
    shop_exposure: Factor = parameter(
        1.5,
        "largest pull of recent touches towards the private shop",
        "logits",
        0.5,
        3,
        "assumed",
        "assumed",
        le=10,
    )
    innovation: PerDay = parameter(
        0.003, "rate of buying what is new on one's own account", "per day", 0.001, 0.01, "assumed", "assumed"
    )
    imitation: PerDay = parameter(
        0.15, "that rate once everybody else has it, beyond innovation", "per day", 0.05, 0.3,
        "assumed", "assumed")  # fmt: skip
    co_creation: Factor = parameter(
        5.0, "innovation of those who may buy first, relative", "-", 2, 10, "assumed", "assumed", le=100
    )
