"""How prospects respond to what they meet outside: hooks, brand, what members write."""

from __future__ import annotations

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Money, Share


class Acquisition(Part):
    """What moves those who are not members yet."""

    useful_gain: Factor = parameter(
        0.5, "largest relative gain of joins through useful content", "-", 0.2, 1, "assumed", "assumed", le=20
    )
    freebie_gain: Factor = parameter(
        1.5, "largest relative gain of joins through a freebie", "-", 0.5, 3, "assumed", "assumed", le=20
    )
    half_hook: Money = parameter(
        10.0, "value of a hook at half of its largest gain", "yuan", 5, 30, "assumed", "assumed", gt=0
    )
    freebie_hunters: Share = parameter(
        0.8, "share of those whom only a freebie draws who came for it alone", "share", 0.5, 1, "L24, L31"
    )
    precision_premium: Factor = parameter(
        1.0, "extra cost of an exposure that is aimed with full precision", "-", 0.3, 3, "assumed", "assumed"
    )
    ugc_gain: Factor = parameter(
        0.4, "largest relative gain of clicks where adverts are made from what members write", "-", 0.1, 0.8,
        "assumed", "assumed", le=20,
    )  # fmt: skip
    half_ugc: Factor = parameter(
        60.0, "answers and stories per 1,000 members in stock at half of that gain", "per 1,000", 20, 200, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    ugc_half_life: Duration = parameter(
        30.0, "time in which what members wrote loses half of its pull", "days", 14, 60, "assumed", "assumed"
    )
    brand_trust: Share = parameter(
        0.3, "trust on entry that a strong brand gives: share of the way to full affinity", "share", 0.1, 0.5,
        "assumed", "assumed",
    )  # fmt: skip
    brand_gain: Factor = parameter(
        0.3,
        "largest relative gain of joins through a strong brand",
        "-",
        0.1,
        0.6,
        "assumed",
        "assumed",
        le=20,
    )
    half_brand: Money = parameter(
        20.0, "lasting spend per day and 1,000 people at half of the brand's effects", "yuan", 10, 100, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    brand_half_life: Duration = parameter(
        90.0, "time in which the brand loses half of its strength", "days", 60, 360, "L17", "assumed"
    )
