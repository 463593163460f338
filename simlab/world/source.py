"""A source: a pool outside that shows itself to prospects every day until its budget is spent."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from simlab.scenario import sources as spec
from simlab.scenario.schema import WEEKDAYS
from simlab.world.book import FIRST_SOURCE
from simlab.world.compiled import rule
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, in_order, name_hash, named_bits, unit, user_key
from simlab.world.market_rules import audience_score
from simlab.world.market_terms import hook_gain, money, price_factor
from simlab.world.metrics import M
from simlab.world.numerics import log, normal_quantile
from simlab.world.people import normal_rank, segment_table

if TYPE_CHECKING:
    from simlab.world.market import Market

SOURCE_PULL = int(Purpose.SOURCE_PULL)


@rule
def pull_thresholds(world: np.uint64, users: NDArray[np.int64], name: np.uint64) -> NDArray[np.float64]:
    """(P,) unit-exponential thresholds of these users for one source."""
    out = np.empty(users.size, np.float64)
    for k in range(users.size):
        key = day_key(user_key(world, users[k]), BIRTH_DAY)
        out[k] = -log(unit(named_bits(key, SOURCE_PULL, name)))
    return out


@rule
def audience_weights(world, users, chosen, segments, weights, cut, precision, name, like, overlap):  # type: ignore[no-untyped-def]
    """(P,) weight of these prospects in an audience: that of the segment above the cut, 0 below."""
    out = np.empty(chosen.size, np.float64)
    for k in range(chosen.size):
        u = users[chosen[k]]
        s = segments[u.segment]
        need = normal_rank(log(max(np.float64(u.rate) / s.mean_rate, 1e-6)), s.need_shape)
        key = day_key(user_key(world, chosen[k]), BIRTH_DAY)
        score = audience_score(key, max(-3.0, min(3.0, need)), precision, name, like, overlap)
        out[k] = weights[u.segment] if score >= cut else 0.0
    return out


def audience_of(source: spec.Source) -> tuple[object, ...]:
    """What decides whom a source reaches."""
    return (source.pool, source.precision, tuple(source.segments.items()), source.like, source.overlap)


class Source(mesa.Agent):
    """One pool outside: exposes prospects every day until its budget is spent."""

    def __init__(self, model: Market, number: int, name: str) -> None:
        super().__init__(model)
        self.market, self.number, self.name = model, number, name
        self.exposed = self.clicked = self.landed = 0.0
        self.spent = 0
        self.built = False
        self.share = 1.0  # of the pool of prospects, by weight
        self.audience: tuple[object, ...] | None = None
        first = model.before.levers.sources.get(name) or model.scenario.levers.sources[name]
        row = model.outside.order[number].astype(np.int64)
        self.prospects = np.sort(row)
        label = np.uint64(name_hash("source:" + name))
        self.thresholds = pull_thresholds(model.world, self.prospects, label)
        self.weights = np.ones(len(row))
        self.arrange(first)

    def arrange(self, plan: spec.Source) -> None:
        """Prospects in the order in which this source will have convinced them, from now on."""
        market, outside = self.market, self.market.outside
        self.thresholds = self.thresholds - outside.reached[self.number] * self.weights
        self.audience = audience_of(plan)
        table = segment_table(market.scenario)
        of_segment = np.array([plan.segments.get(name, 1.0) for name in market.names.segments])
        if plan.pool < 1.0:
            label, like = (np.uint64(name_hash("source:" + (x or ""))) for x in (self.name, plan.like))
            cut = float(normal_quantile(1.0 - plan.pool))
            self.weights = audience_weights(market.world, market.users, self.prospects, table, of_segment, cut,
                                            plan.precision, label, like, plan.overlap)  # fmt: skip
        else:
            self.weights = of_segment[market.users["segment"][self.prospects].astype(np.int64)]
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.where(self.weights > 0, self.thresholds / self.weights, np.inf)
        rank = in_order(left)
        outside.order[self.number], outside.thresholds[self.number] = self.prospects[rank], left[rank]
        outside.reached[self.number] = 0.0
        outside.pointer[self.number] = 0
        alike = bool((self.weights == 1.0).all())
        self.share = 1.0 if alike else fsum(self.weights.tolist()) / len(self.weights)

    def step(self) -> None:
        """Today's exposures, clicks and cost (whole numbers whose sums follow the plan), and the pull on prospects."""
        market, firm, effects = self.market, self.market.firm, self.market.effects
        plan = market.in_force.levers.sources.get(self.name)
        if plan is None:
            return
        if audience_of(plan) != self.audience:
            self.arrange(plan)
        ledger = market.book.ledger
        if market.row > 0 and market.day != 1:
            yesterday = ledger[market.row - 1, :, FIRST_SOURCE + self.number, :, M.entry_fen]
            self.spent += int(yesterday.sum())
        exposures = plan.exposures * plan.weekdays.get(WEEKDAYS[market.date.weekday()], 1.0)
        if plan.with_demand:
            exposures *= float(market.terms.now["season"][0])
        factor = price_factor(plan, market.in_force, market.day, effects, self.name)
        cost, click_cost = plan.cost * factor, plan.click_cost * factor
        click = plan.click * effects.source_click.get(self.name, 1.0) * (1.0 + plan.ugc * firm.ugc_gain)
        unit_cost = cost + click * click_cost
        budgets = [firm.allowance(self.name)]
        if plan.budget is not None:
            budgets.append(money(plan.budget) - self.spent)
        for left in budgets:
            if left is not None and unit_cost > 0:
                spare = left if click_cost == 0.0 else left - 1
                exposures = max(0.0, min(exposures, spare / (unit_cost * 100.0) - 1.0))
        reaching = exposures * (1.0 - plan.known)
        if plan.saturation is not None:
            reaching = reaching / (1.0 + exposures / plan.saturation)
        page = plan.page
        join = plan.join * plan.landing * (1.0 + page.share * (page.lift - 1.0))
        join *= (1.0 + hook_gain(plan, market.in_force)) * (1.0 + firm.brand_gain)
        exposed, clicked = self.exposed + exposures, self.clicked + reaching * click
        landed = self.landed + reaching * click * plan.landing
        paid = round(exposed * cost * 100.0) - round(self.exposed * cost * 100.0)
        paid += round(clicked * click_cost * 100.0) - round(self.clicked * click_cost * 100.0)
        row = ledger[market.row, len(market.names.stages) - 2, FIRST_SOURCE + self.number, 0]
        row[M.exposures] += int(exposed) - int(self.exposed)
        row[M.clicks] += int(clicked) - int(self.clicked)
        row[M.landings] += int(landed) - int(self.landed)
        row[M.acquisition_fen] += paid
        self.exposed, self.clicked, self.landed = exposed, clicked, landed
        self.spent += paid
        if page.share > 0 and not self.built:
            self.built = True
            firm.pay(money(page.cost))
        if market.pool and self.share > 0:
            market.outside.reached[self.number] += reaching / (market.pool * self.share) * click * join
