"""From a scenario to the compact terms that the compiled rules read.

`standing_terms` builds everything that does not change from day to day; `world.week` writes
today's season, calendar flags and what is left of budgets into the same arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.scenario.stages import OBSERVABLES, Condition
from simlab.world import money_terms as money
from simlab.world.amounts import LN_2, fen, keep, stage_mask
from simlab.world.amounts import NO_LIMIT as NO_LIMIT
from simlab.world.cells import Numbers, numbered
from simlab.world.company_terms import company_terms, standing_company
from simlab.world.compiled import rule
from simlab.world.contact_terms import (
    automation,
    channel_order,
    channel_table,
    contact_numbers,
    month_cap,
    place_condition,
    rule_bounds,
    rule_table,
    scheme_tables,
    write_touch,
)
from simlab.world.draws import name_hash
from simlab.world.group_terms import kinds_of, most_fit
from simlab.world.market_terms import ways_of
from simlab.world.numerics import gamma_quantiles, log, power
from simlab.world.records import (
    ACTIVITY_CURVE,
    CURVE_SIZE,
    NOW,
    OFFER,
    OPT_OUT_CURVE,
    ORDER_CURVE,
    SEEN_CURVE,
    TOUCH,
    Terms,
)  # fmt: skip
from simlab.world.staff_terms import late, write_staff

_NUMBER = {name: number for number, name in enumerate(OBSERVABLES)}


@rule
def falling_curve(steepness: float, exponent: float, floor: float) -> NDArray[np.float64]:
    """floor + (1 - floor) / (1 + x ** steepness) ** exponent over t = x / (x + 1); exactly 1 at rest."""
    out = np.empty(CURVE_SIZE, np.float64)
    for i in range(CURVE_SIZE):
        t = i / (CURVE_SIZE - 1)
        response = (
            0.0 if i == CURVE_SIZE - 1 else power(1.0 / (1.0 + power(t / (1.0 - t), steepness)), exponent)
        )
        out[i] = floor + (1.0 - floor) * response
    out[0] = 1.0
    return out


@rule
def rising_curve(reference: float, exponent: float, saturation: float) -> NDArray[np.float64]:
    """y = (x / reference) ** q / (1 + (x / saturation) ** q) over t = x / (x + saturation)."""
    out = np.empty(CURVE_SIZE, np.float64)
    limit = power(saturation / reference, exponent)
    for i in range(CURVE_SIZE):
        t = i / (CURVE_SIZE - 1)
        if i == CURVE_SIZE - 1:
            out[i] = limit
        else:
            relative = power(t / (1.0 - t), exponent)
            out[i] = limit * relative / (1.0 + relative)
    return out


@dataclass(frozen=True)
class Names:
    """What the numbers in the ledger mean: axis labels in their order."""

    stages: tuple[str, ...]  # the scenario's, then "prospect" and "left"
    sources: tuple[str, ...]  # "base", "dated", "referral", then the scenario's
    segments: tuple[str, ...]
    touches: tuple[str, ...]
    offers: tuple[str, ...]
    programmes: tuple[str, ...]  # of all cells, beside the referral
    teams: tuple[str, ...]
    shares: tuple[str, ...]
    seeding: tuple[str, ...]
    crises: tuple[str, ...]
    numbers: tuple[Numbers, ...]  # by test cell: which of these touches and offers are its own
    plans: tuple[str, ...] = ()
    launches: tuple[str, ...] = ()

    @property
    def purses(self) -> int:
        """How many budgets of rewards there are, those without a limit included."""
        return 1 + max(max((n.purse, *n.purses.values())) for n in self.numbers)

    @property
    def voices(self) -> int:
        """Rows of the table of voices."""
        return 3 + len(self.shares) + 2 * len(self.seeding)


def names_of(scenario: Scenario, cells: Sequence[Scenario] = (), before: Scenario | None = None) -> Names:
    """Axis labels of the ledger of a scenario, and of the strategies of further test cells.

    Touches go by priority, then by name. A name stands twice where two cells mean different things by it.
    """
    touches, offers, numbers = numbered((scenario, *cells), before)
    return Names(
        stages=(*(s.name for s in scenario.stages), "prospect", "left"),
        sources=("base", "dated", "referral", *sorted(scenario.levers.sources)),
        segments=tuple(scenario.population.segments),
        touches=tuple(touches),
        offers=tuple(offers),
        programmes=tuple(sorted({name for cell in (scenario, *cells) for name in cell.levers.programmes})),
        teams=tuple(sorted(scenario.levers.teams)),
        shares=tuple(sorted(scenario.levers.shares)),
        seeding=tuple(sorted(scenario.levers.seeding)),
        crises=tuple(sorted(scenario.crises)),
        numbers=numbers,
        plans=tuple(scenario.levers.plans),
        launches=tuple(scenario.levers.launches),
    )


class Conditions:
    """The one table of conditions that all audiences share; each has its rows first..last-1."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rows: list[tuple[int, int, int]] = []

    def add(self, who: tuple[Condition, ...]) -> tuple[int, int]:
        """Write an audience's conditions; returns (first, last)."""
        first = len(self.rows)
        self.rows += [
            place_condition(c, self.scenario)
            if c.op == "in"
            else (_NUMBER[c.observable], int(c.op == ">="), c.value)
            for c in who
        ]
        return first, len(self.rows)


def standing_terms(cells: Sequence[Scenario], names: Names, known: Terms | None = None) -> Terms:
    """Everything in the terms that does not depend on the day.

    Args:
        cells: the strategy in force in each test cell, at most as many as `names` was made for.
        names: the ledger's axes.
        known: terms of other levers among the same people, whose responses can be taken over.
    """
    scenario = cells[0]
    own = list(zip(cells, names.numbers, strict=False))  # before day 1 there is one strategy only
    touches, channels = np.zeros(len(names.touches), TOUCH), channel_order(scenario)
    priority = [0] * len(touches)
    for cell, name, touch, numbers in [(c, k, v, n) for c, n in own for k, v in c.levers.touches.items()]:
        for sender, number in enumerate(numbers.copies(name)):
            row = touches[number]
            priority[number] = touch.priority
            row["name"] = name_hash("touch:" + name if sender == 0 else f"touch:{name}#{sender + 1}")
            row["cost"] = fen(touch.cost)
            row["offer"] = numbers.offers.get(touch.offer or "", -1)
            row["plan"] = names.plans.index(touch.offer) if touch.offer in names.plans else -1
            write_touch(row, touch, cell, channels)
    offers = np.zeros(len(names.offers), OFFER)
    for name, offer, numbers in [(k, v, n) for cell, n in own for k, v in cell.levers.offers.items()]:
        row = offers[numbers.offers[name]]
        row["name"] = name_hash("offer:" + name)
        row["depth"], row["log_price"] = np.float32(offer.depth), log(1.0 - offer.depth)
        row["min_spend"], row["valid"] = fen(offer.min_spend), offer.valid
        row["stages"] = stage_mask(names, offer.stages)
        row["finite_stock"], row["finite_budget"] = offer.stock is not None, offer.budget is not None
    conditions = Conditions(scenario)
    first = [conditions.add(stage.when)[0] for stage in scenario.stages] + [len(conditions.rows)]
    schemes, scheme_first = scheme_tables(scenario, conditions)
    automatic = automation(cells, names)
    rules = rule_table(automatic, conditions)
    company = company_terms(cells, names, conditions.add, offers)
    money.write_offers(offers, own, conditions)
    plans = money.plans_of(scenario, names, conditions)
    launches = money.launches_of(scenario, names, conditions)
    kinds = kinds_of(scenario, conditions)
    curves, baskets = _responses(scenario) if known is None else (known.curves, known.baskets)
    now = np.zeros(len(cells), NOW)
    company_now = standing_company(scenario, conditions.add)
    for record, (cell, _) in zip(now, own, strict=True):
        _write_standing(record, cell)
        for name, value in company_now.items():
            record[name] = value
        money.write_standing(record, cell)
        money.track_spend(record, cell, conditions)
        write_staff(record, cell, conditions)
    late(touches, scenario)
    return Terms(
        now=now,
        touches=touches,
        turn=np.array(
            sorted(range(len(touches)), key=lambda k: (-priority[k], names.touches[k], k)), np.int64
        ),
        rates=np.zeros((len(cells), len(touches), len(scenario.stages))),
        offers=offers,
        stage_first=np.array(first, np.int64),
        conditions=np.array(conditions.rows, np.int64).reshape(-1, 3),
        curves=curves,
        baskets=baskets,
        rules=rules,
        rule_first=rule_bounds(automatic, len(touches)),
        appeal=np.ones((len(touches), len(names.segments))),
        channels=channel_table(scenario),
        schemes=schemes,
        scheme_first=scheme_first,
        ways=ways_of(scenario, names),
        **company,
        plans=plans,
        launches=launches,
        kinds=kinds,
    )


def _responses(scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Responses to fatigue, and quantiles of baskets by segment."""
    curves = np.zeros((4, CURVE_SIZE))
    a, o = scenario.behaviour.attention, scenario.behaviour.opt_out
    curves[SEEN_CURVE] = falling_curve(2.5, 1.0, a.seen_floor)
    curves[ACTIVITY_CURVE] = falling_curve(a.steepness, 1.0, 0.0)
    curves[ORDER_CURVE] = falling_curve(a.steepness, a.order_exponent, 0.0)
    curves[OPT_OUT_CURVE] = rising_curve(o.reference, o.exponent, o.saturation)
    segments = scenario.population.segments.values()
    return curves, np.stack([gamma_quantiles(s.basket.p) for s in segments])


def _write_standing(now: np.void, scenario: Scenario) -> None:
    b, caps = scenario.behaviour, scenario.levers.caps
    a, o, p, inv = b.attention, b.opt_out, b.price, b.invitation
    values = {
        "fatigue_keep": keep(a.half_life), "trust_keep": keep(b.trust.half_life),
        "exposure_keep": keep(b.exposure.half_life), "inventory_keep": keep(p.stock_half_life),
        "reference_keep": keep(p.reference_half_life), "grief_keep": keep(b.contagion.half_life),
        "seen": a.seen, "inv_half_seen": 1.0 / a.half_seen, "open": a.open, "half_open": a.half_open,
        "crowding": a.crowding, "interact": a.interact, "execution": caps.execution,
        "mute": o.mute, "leave": o.leave, "complain": o.complain, "saturation": o.saturation,
        "muted_visits": o.muted_visits, "dog_leave": o.dog_leave, "dog_idle": round(o.dog_idle), "exit": o.exit,
        "ended_visits": o.ended_visits, "trust_orders": b.trust.in_orders, "trust_lifetime": b.trust.in_lifetime,
        "lift": b.exposure.lift, "half_exposure": b.exposure.half,
        "elasticity": p.elasticity, "reference_share": p.reference_share,
        "loss_aversion": p.loss_aversion, "reference_learning": p.reference_learning,
        "largest_lift": p.largest_lift, "pull_forward": p.pull_forward,
        "inventory_days": p.stock_half_life / LN_2,
        "grief_friend": b.contagion.friend, "grief_inviter": b.contagion.inviter,
        "episodes": inv.episodes, "invite_gain": inv.gain, "half_reward": inv.half_reward,
        "step_loss": inv.step_loss, "more": inv.more, "proof": inv.proof,
        "hunter_need": inv.hunter_need, "hunter_hazard": inv.hunter_hazard, "hunter_deal": inv.hunter_deal,
        "most_orders": most_fit(scenario),
        "idea_fit": 1.0,
        "margin": scenario.economics.margin, "complaint_cost": fen(scenario.economics.complaint_cost),
        "cap_day": caps.per_day, "cap_week": caps.per_week, "cap_month": month_cap(scenario),
    }  # fmt: skip
    values |= contact_numbers(scenario, keep)
    senders = scenario.levers.senders
    if senders.count > 1 and not senders.shared:  # each holds its own caps, and knows nothing of the others
        for cap in ("cap_day", "cap_week"):
            values[cap] *= senders.count
    if scenario.levers.consent.double:
        values["complain"] *= b.consent.complaints
    for name, value in values.items():
        now[name] = value
