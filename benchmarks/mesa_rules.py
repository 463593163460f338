"""A scenario's parameters as the Mesa model reads them, worked out from the scenario once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from math import log

from simlab.scenario import Scenario
from simlab.scenario.schema import default_stages

LN_2 = log(2.0)


def keep(half_life: float) -> float:
    """Daily factor of a stock with this half-life in days."""
    return 0.5 ** (1.0 / half_life)


def share(x: float, half: float) -> float:
    """Saturating response: 1/2 at `half`."""
    return x / (x + half) if x > 0 else 0.0


@dataclass(frozen=True)
class TouchRule:
    """One kind of touch: chance per day by stage, cost in fen, and what it does."""

    chance: dict[str, float]
    fatigue: float
    exposure: float
    trust: float
    cost: int
    coupon: bool


class Rules:
    """Parameters as plain numbers.

    Raises:
        ValueError: a scenario that says more than the Mesa model knows: another stage table, several
            offers or sources, stocks, budgets, an execution share, a season.
    """

    def __init__(self, scenario: Scenario) -> None:
        check(scenario)
        self.start = scenario.start
        levers, b = scenario.levers, scenario.behaviour
        a, o, p, inv = b.attention, b.opt_out, b.price, b.invitation
        self.fatigue_keep, self.trust_keep = keep(a.half_life), keep(b.trust.half_life)
        self.exposure_keep, self.inventory_keep = keep(b.exposure.half_life), keep(p.stock_half_life)
        self.reference_keep, self.grief_keep = keep(p.reference_half_life), keep(b.contagion.half_life)
        self.seen, self.half_seen, self.seen_floor = a.seen, a.half_seen, a.seen_floor
        self.open, self.half_open, self.crowding, self.interact = a.open, a.half_open, a.crowding, a.interact
        self.steepness, self.order_exponent = a.steepness, a.order_exponent
        self.mute, self.leave, self.complain, self.exit = o.mute, o.leave, o.complain, o.exit
        self.reference, self.exponent, self.saturation = o.reference, o.exponent, o.saturation
        self.dog_idle, self.dog_leave = o.dog_idle, o.dog_leave
        self.muted_visits, self.ended_visits = o.muted_visits, o.ended_visits
        self.trust_orders, self.trust_lifetime = b.trust.in_orders, b.trust.in_lifetime
        self.lift, self.half_exposure = b.exposure.lift, b.exposure.half
        self.elasticity, self.reference_share = p.elasticity, p.reference_share
        self.loss_aversion, self.reference_learning = p.loss_aversion, p.reference_learning
        self.largest_lift, self.pull_forward = p.largest_lift, p.pull_forward
        self.inventory_days = p.stock_half_life / LN_2
        self.grief_friend, self.grief_inviter = b.contagion.friend, b.contagion.inviter
        self.complaint_cost = round(scenario.economics.complaint_cost * 100)
        self.basket_p = next(iter(scenario.population.segments.values())).basket.p

        (offer,) = levers.offers.values()
        self.depth, self.valid, self.log_price = offer.depth, offer.valid, log(1 - offer.depth)
        self.clip = p.clip * offer.depth / 0.1
        caps = levers.caps
        self.cap_day, self.cap_week, self.cap_month = caps.per_day, caps.per_week, caps.per_month
        order = sorted(levers.touches, key=lambda name: (-levers.touches[name].priority, name))
        self.touches = tuple(self._touch(scenario, name) for name in order)

        referral = levers.referral
        assert referral is not None
        self.reward, self.invitee_reward = round(referral.reward * 100), round(referral.invitee_reward * 100)
        self.episodes, self.more, self.proof = inv.episodes, inv.more, inv.proof
        self.invite_gain = 1 + inv.gain * share(referral.reward, inv.half_reward)
        self.accept = inv.accept * (
            1 + inv.invitee_gain * share(referral.invitee_reward, inv.half_invitee_reward)
        )
        relative = (referral.reward / inv.half_hunters) ** 2
        self.hunt = inv.hunters * relative / (1 + relative)
        self.hunter_need, self.hunter_hazard, self.hunter_deal = (
            inv.hunter_need,
            inv.hunter_hazard,
            inv.hunter_deal,
        )
        (source,) = levers.sources.values()
        self.exposures, self.click_join = source.exposures, source.click * source.join
        self.ads_need, self.ads_deal = source.need, source.deal

    def _touch(self, scenario: Scenario, name: str) -> TouchRule:
        touch, b = scenario.levers.touches[name], scenario.behaviour
        promo = touch.kind == "promo"
        chance = {}
        for stage in (s.name for s in scenario.stages):
            cadence = scenario.levers.push.get(stage)
            total = sum(cadence.mix.values()) if cadence else 0.0
            chance[stage] = cadence.per_week * cadence.mix.get(name, 0.0) / total / 7 if cadence else 0.0
        return TouchRule(
            chance,
            b.attention.promo_cost if promo else b.attention.value_cost,
            1.0 if promo else b.exposure.value_weight,
            -b.trust.promo_loss if promo else b.trust.value_gain,
            round(touch.cost * 100),
            touch.offer is not None,
        )

    def date_of(self, day: int) -> datetime.date:
        """Calendar date of a day."""
        return self.start + datetime.timedelta(days=day - 1)


def check(scenario: Scenario) -> None:
    """Refuse what the Mesa model does not know, so that it never silently runs other rules."""
    levers = scenario.levers
    known = (
        scenario.stages == default_stages()
        and len(levers.offers) == 1
        and len(levers.sources) == 1
        and all(
            o.stock is None and o.budget is None and o.min_spend == 0 and o.stages is None
            for o in levers.offers.values()
        )
        and all(s.budget is None for s in levers.sources.values())
        and levers.referral is not None
        and levers.referral.needed == 1
        and levers.referral.budget is None
        and levers.referral.stages is None
        and levers.caps.execution == 1
        and levers.caps.quota_per_month is None
        and all(len(set(t.days)) == 7 for t in levers.touches.values())
        and not scenario.calendar.weekdays
        and not scenario.calendar.events
        and len({s.basket.p for s in scenario.population.segments.values()}) == 1
    )
    if not known:
        raise ValueError("the Mesa model knows only the rules of the default scenario")
