"""How people take what the brand's staff does: issues and service, quality of work, fit of what is sold."""

from __future__ import annotations

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Days, Duration, Factor, Money, PerDay, Share


class ServiceBehaviour(Part):
    """Issues after an order: who speaks, how long people wait, what waiting and an answer do to trust."""

    issue: Share = parameter(
        0.0, "chance that an order brings an issue; 0 leaves the subject out", "per order", 0.0, 0.1,
        "assumed", "assumed",
    )  # fmt: skip
    voice: Share = parameter(
        0.5, "share of issues that the customer reports; the others keep silent", "share", 0.3, 0.7,
        "M070", "assumed",
    )  # fmt: skip
    patience: Duration = parameter(
        5.0,
        "mean time until an issue that is not solved becomes a complaint",
        "days",
        2,
        10,
        "M077",
        "assumed",
    )
    give_up: Days = parameter(
        21, "days after which nobody waits any more", "days", 10, 60, "assumed", "assumed", ge=1, le=365
    )
    wait_loss: Share = parameter(
        0.10,
        "affinity lost by waiting without end, at no deviation",
        "share",
        0.03,
        0.2,
        "assumed",
        "assumed",
    )
    half_wait: Factor = parameter(
        12.0, "waiting at which half of that is lost", "hours", 2, 48, "M077", "assumed", gt=0
    )
    solve_gain: Share = parameter(
        0.02,
        "affinity gained when an issue is solved, at no deviation",
        "share",
        0.0,
        0.04,
        "assumed",
        "assumed",
    )
    bot_loss: Share = parameter(
        0.01, "affinity lost when a machine could not help", "share", 0.0, 0.03, "assumed", "assumed"
    )
    complaint_loss: Share = parameter(
        0.04, "affinity lost by a complaint of mean severity, and half of it for each day it stays open", "share",
        0.02, 0.1, "assumed", "assumed",
    )  # fmt: skip
    anger: Factor = parameter(
        0.3, "anger of a complaint of mean severity, and half of it for each day it stays open", "units", 0.1, 1,
        "assumed", "assumed", le=10,
    )  # fmt: skip
    relief: Share = parameter(
        0.6,
        "share of the anger that goes when a complaint is solved",
        "share",
        0.3,
        0.9,
        "assumed",
        "assumed",
    )
    compensation_gain: Share = parameter(
        0.04,
        "affinity gained by a rich compensation, at no deviation",
        "share",
        0.01,
        0.08,
        "assumed",
        "assumed",
    )
    half_compensation: Money = parameter(
        20.0, "compensation at which half of that is gained", "yuan", 5, 50, "assumed", "assumed", gt=0
    )


class TeamBehaviour(Part):
    """What the quality of the staff's work depends on, and what it does."""

    overload: Factor = parameter(
        0.5, "exponent with which quality falls when there is more work than hands", "-", 0.3, 1, "assumed", "assumed",
        le=3,
    )  # fmt: skip
    variety: Factor = parameter(
        0.2,
        "appeal gained by content that is made with endless time",
        "-",
        0.05,
        0.4,
        "assumed",
        "assumed",
        le=3,
    )
    errors: Share = parameter(
        0.4, "quality that a team without any skill lacks", "share", 0.2, 0.6, "M093", "assumed"
    )
    novice: Share = parameter(0.5, "skill of a newcomer", "share", 0.3, 0.7, "M093", "assumed")
    learning: Duration = parameter(
        120.0,
        "time in which two thirds of what is missing are learned on the job",
        "days",
        60,
        240,
        "M093",
        "assumed",
    )
    training_gain: Factor = parameter(
        3.0, "how much faster people learn with endless training", "-", 1, 6, "M093", "assumed"
    )
    half_training: Money = parameter(
        30.0,
        "training per head and day at which half of that is gained",
        "yuan",
        10,
        60,
        "assumed",
        "assumed",
        gt=0,
    )
    ai_quality: Factor = parameter(
        0.85, "appeal of content made by machines, relative", "-", 0.7, 1, "M079", "assumed", le=2
    )
    advice_trust: Share = parameter(
        0.003, "affinity gained per day with a personal adviser, at no deviation", "per day", 0.001, 0.006,
        "assumed", "assumed",
    )  # fmt: skip
    advice_orders: Factor = parameter(
        0.15, "extra order rate of those who have an adviser", "-", 0.0, 0.3, "assumed", "assumed", le=5
    )
    advice_basket: Factor = parameter(
        0.10, "extra basket of those who have an adviser", "-", 0.0, 0.2, "assumed", "assumed", le=5
    )
    violation: Share = parameter(
        0.0, "chance that a promotional piece breaks the rules; 0 leaves the subject out", "per piece", 0.0, 0.2,
        "M087", "assumed",
    )  # fmt: skip
    violation_loss: Share = parameter(
        0.02, "affinity lost by seeing one, at no deviation", "share", 0.005, 0.04, "assumed", "assumed"
    )
    fine_chance: Share = parameter(
        0.01,
        "chance that a piece that breaks the rules is fined",
        "per piece",
        0.001,
        0.05,
        "assumed",
        "assumed",
    )
    fine: Money = parameter(
        200_000.0, "fine, for the real brand", "yuan", 50_000, 1_000_000, "advertising law", "assumed"
    )
    staleness: Share = parameter(
        0.05,
        "effect that a piece loses for each day by which it is late",
        "per day",
        0.01,
        0.2,
        "assumed",
        "assumed",
    )


class ProductBehaviour(Part):
    """How well what is sold fits what people need."""

    drift: PerDay = parameter(
        0.0, "rate at which the fit decays as needs move on; 0 leaves the subject out", "per day", 0.0, 0.003,
        "M102, M116", "assumed", le=1,
    )  # fmt: skip
    new_faults: PerDay = parameter(
        0.003, "rate at which causes of issues that were removed come back", "per day", 0.001, 0.01, "assumed",
        "assumed", le=1,
    )  # fmt: skip
