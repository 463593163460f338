"""One person of the twin alone: a Mesa agent who lives a day by the shared rules, told in plain Python.

The rules decide about one record; what comes before and after them (who is touched how often, who holds
which coupon, what is written down) is said here a second time, from what it means.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from simlab.world import twin_money as money
from simlab.world.contact_rules import muted_channel, show_order
from simlab.world.draws import Purpose, day_key, draw_bits, named_bits, user_key
from simlab.world.group_tables import Said
from simlab.world.market_rules import partner_part, shaken, would_come_elsewhere
from simlab.world.metrics import FIXED_POINT, M
from simlab.world.money_rules import STANDING, offer_of, settle
from simlab.world.records import LEFT, MEMBER, PROSPECT, Event
from simlab.world.rules import (
    DID_COMPLAIN,
    DID_LEAVE,
    DID_MUTE,
    ORDERED,
    ORGANIC,
    REDEEMS,
    WAS_ANSWERED,
    WAS_OPENED,
    WAS_SEEN,
    basket_fen,
    deliver,
    fade,
    give_coupon,
    is_executed,
    is_planned,
    join,
    react,
    relation_ends,
    stage_of,
    unsubscribes,
    visits_today,
)  # fmt: skip
from simlab.world.twin_contact import Contact

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket


class Customer(mesa.Agent):
    """A member or a prospect: one record, and the plans of today.

    Args:
        model: the twin world.
        number: the person's id, as in the engine.
        record: (1,) USER array of this person alone; the rules write into it.

    Attributes:
        user: the record itself.
        touched_on: dates of all touches so far.
        bought: months of tenure, from day 1 on, with an order.
        waiting: offers of limited stock that were noticed this morning.
        own: the person's key for life.
        role: of a member of a group, as in `group_rules` (bits).
        wish, basket: today's wish to order (bits as in `money_rules.wants`, 0: none) and its list price in fen.
        usual, cut, rewards: its list price without a deal, what an offer takes off, rewards of points used.
    """

    def __init__(self, model: TwinMarket, number: int, record: NDArray[np.void]) -> None:
        super().__init__(model)
        self.market = model
        self.number = number
        self.array = record
        self.user: np.void = record[0]
        self.key = np.uint64(0)
        self.own = np.uint64(user_key(model.world, number))
        self.touched_on: list[datetime.date] = []
        self.waiting: list[int] = []
        self.bought: set[int] = set()
        self.wish = self.basket = self.usual = self.cut = self.rewards = 0
        self.role = 0
        self.contact = Contact(self)

    # What others may ask ----------------------------------------------------------------

    @property
    def is_member(self) -> bool:
        """In the programme now."""
        return bool(self.user["status"] == MEMBER)

    @property
    def is_prospect(self) -> bool:
        """Not in the programme yet."""
        return bool(self.user["status"] == PROSPECT)

    @property
    def now(self) -> np.void:
        """Today's numbers for this person's test cell, as the rules take them."""
        now: np.void = self.market.terms.now[self.user["cell"]]
        return now

    def key_of(self, day: int) -> np.uint64:
        """The person's key on a day. Compiled functions hand out plain integers: a key must stay unsigned."""
        return np.uint64(day_key(np.uint64(user_key(self.market.world, self.number)), day))

    def priority(self, purpose: Purpose, name: np.uint64 | None = None) -> int:
        """Today's place in a queue for something scarce; the smallest number comes first."""
        if name is None:
            return int(draw_bits(self.key, int(purpose)))
        return int(named_bits(self.key, int(purpose), name))

    def count(self, metric: M, amount: int = 1) -> None:
        """Add to today's ledger, where the person stands now."""
        self.market.diary.count(self.user, metric, amount)

    def note(self, code: int, value: int = 0) -> None:
        """Write down an event."""
        self.market.diary.note(self.number, code, value)

    def earn(self, fen: int) -> None:
        """Net contribution, in fen, for this person's cohort."""
        self.market.diary.count_cohort(self.user, "net_fen", fen)

    # The day ----------------------------------------------------------------------------

    def wake(self) -> None:
        """Forget yesterday's plans; today has its own key."""
        self.key = self.key_of(self.market.day)
        self.waiting = []
        self.wish = self.basket = self.usual = self.cut = self.rewards = 0

    def morning(self) -> None:
        """Clocks run, the stage is looked up, touches arrive, and the person reacts to them."""
        if not self.is_member:
            return
        market, u = self.market, self.user
        coupon_ran_out = fade(u, self.now)
        stage = int(stage_of(u, market.day, market.terms.stage_first, market.terms.conditions))
        if stage != u["stage"]:
            self.note(Event.STAGE, stage)
            self.change_stage(stage)
        if coupon_ran_out:
            self.count(M.expired)
            self.note(Event.EXPIRE)
        self.contact.look_up_places(joining=False)
        if self.take_in_news():
            return
        money.forget_points(self)
        if u["muted"]:
            return
        fen = self.receive_touches()
        if market.today in self.touched_on:
            self.react_to_touches(fen)

    def take_in_news(self) -> bool:
        """What friends and the public said since yesterday; True when the person leaves over it."""
        return False

    def receive_touches(self) -> int:
        """Whatever was planned for today and is neither capped nor forgotten by staff; its cost in fen."""
        market, u = self.market, self.user
        levers = market.strategy_of(self).levers
        sent, fen = 0, 0
        called = self.contact.calls()
        names = market.names.touches

        def turn(number: int) -> tuple[int, str, int]:
            touch = levers.touches.get(names[number])
            return -touch.priority if touch is not None else 0, names[number], number

        for number in sorted(range(len(names)), key=turn):
            touch = market.terms.touches[number]
            cadence = market.terms.rates[u["cell"], number, u["stage"]]
            if number not in called and not is_planned(self.key, touch["name"], cadence):
                continue
            said = levers.touches[names[number]]
            fare, clear, appeal = called.get(number, 0), 1.0, float(market.terms.appeal[number, u["segment"]])
            way, no_quota = None, False
            if levers.channels:
                known = said.channel if said.channel in levers.channels else None
                way, no_quota = self.contact.way(known)
                if way is None and not no_quota:
                    continue
            quiet = (
                levers.caps.quiet is not None and said.hour is not None and levers.caps.quiet.holds(said.hour)
            )
            if self.is_capped() or quiet or no_quota:
                self.count(M.capped)
                self.note(Event.CAPPED, number)
                continue
            if not is_executed(self.key, touch["name"], self.now["execution"]):
                self.count(M.unsent)
                self.note(Event.UNSENT, number)
                continue
            if way is not None:
                channel = levers.channels[way]
                clear, appeal = channel.seen, appeal * channel.open
                fare += round(channel.cost * 100)
                self.contact.write_down(way)
            self.contact.count_topic(touch)
            happened = deliver(u, self.key, touch, self.now, market.terms.curves, sent, clear, appeal)
            if touch["habit"] > 0:
                self.contact.meet_task(float(touch["habit"]), bool(happened & WAS_ANSWERED))
            sent += 1
            fen += int(touch["cost"]) + fare
            self.touched_on.append(market.today)
            u["sent_week"] += 1
            u["sent_month"] += 1
            self.count(M.promo_sent if touch["promo"] else M.value_sent)
            if touch["promo"] and (circle := market.groups.circle_of(self)):
                circle.said[Said.PROMOS] += 1
            self.note(Event.SEND, number)
            if fare:
                self.note(Event.FARE, fare)
            for bit, metric, code in (
                (WAS_SEEN, M.seen, Event.SEEN),
                (WAS_OPENED, M.opens, Event.OPEN),
                (WAS_ANSWERED, M.interactions, Event.INTERACT),
            ):
                if happened & bit:
                    self.count(metric)
                    self.note(code, number)
            if happened & WAS_OPENED:
                money.look_at(self, touch)
            if happened & WAS_ANSWERED:
                money.earn_points(self, "per_answer")
            if happened & WAS_SEEN and touch["offer"] >= 0:
                self.meet_offer(int(touch["offer"]))
        return fen

    def is_capped(self) -> bool:
        """Whether one touch more would exceed a cap of this calendar day, week (from Monday) or month."""
        caps, today = self.market.strategy_of(self).levers.caps, self.market.today
        on_day = sum(date == today for date in self.touched_on)
        in_week = sum(date.isocalendar()[:2] == today.isocalendar()[:2] for date in self.touched_on)
        in_month = sum((date.year, date.month) == (today.year, today.month) for date in self.touched_on)
        senders = self.market.strategy_of(self).levers.senders
        each = 1 if senders.shared else senders.count  # departments that know nothing of each other
        quotas = [
            quota for quota in (caps.quota_per_month, self.market.firm.effects.quota) if quota is not None
        ]
        if quotas and in_month >= min(quotas):
            return True
        return (
            on_day >= caps.per_day * each
            or in_week >= caps.per_week * each
            or in_month >= caps.per_month * each
        )

    def meet_offer(self, number: int) -> None:
        """A noticed touch carries an offer: handed out at once, or at noon where coupons are limited."""
        if not money.offer_is_for(self, number):
            return
        if self.market.coupons_left[number] is None:
            self.get_coupon(number)
        else:
            self.waiting.append(number)

    def get_coupon(self, number: int) -> None:
        """One coupon reaches this person."""
        self.count(M.issued)
        taken = give_coupon(self.user, self.key, self.market.terms.offers[number], number, self.market.day)
        self.note(Event.COUPON, 2 * number + bool(taken))
        if taken:
            money.unpack(self, number)

    def react_to_touches(self, fen: int) -> None:
        """Once on a touched day: mute, complain, leave. `fen` is what today's touches cost."""
        self.count(M.touched)
        self.count(M.touch_fen, fen)
        self.contact.finish_tasks()
        used, channels = self.contact.used_today(), len(self.market.in_force.levers.channels)
        happened = react(self.user, self.key, self.now, self.market.terms.curves, used, 2**channels - 1)
        if happened & DID_MUTE:
            self.count(M.mutes)
            self.note(Event.MUTE, int(muted_channel(self.key, used)) if channels else 0)
        if happened & DID_COMPLAIN:
            complaint = int(self.now["complaint_cost"])
            self.count(M.complaints)
            self.count(M.complaint_fen, complaint)
            self.note(Event.COMPLAIN)
            fen += complaint
        self.user["net"] -= fen
        self.earn(-fen)
        if happened & DID_LEAVE:
            self.leave()

    def afternoon(self) -> None:
        """Wish to order, lifetime, visit."""
        if not self.is_member:
            return
        market, u = self.market, self.user
        if circle := market.groups.circle_of(self):
            market.groups.live(self, circle)
        if u["alive"]:
            money.make_wish(self)
            if relation_ends(u, self.now):
                self.count(M.ended)
                self.note(Event.END)
                market.gone.append(self.number)
        elif unsubscribes(self.key, self.now):
            self.leave()
            return
        if visits_today(u, self.key, self.now, market.terms.curves):
            self.count(M.visits)
            self.note(Event.VISIT)
            money.earn_points(self, "per_visit")
        money.live_with_plans(self)
        if market.day in (u["last_seen"], u["unseen"]):
            self.show_life()
        self.count(M.fatigue, int(float(u["fatigue"]) * FIXED_POINT + 0.5))
        self.count(M.affinity, int(float(u["affinity"] + u["trust"]) * FIXED_POINT + 0.5))

    # The evening ------------------------------------------------------------------------

    def uses_offer(self, number: int) -> bool:
        """Whether today's wish is for a price that this offer cuts."""
        return bool(self.wish & REDEEMS) and int(offer_of(self.wish)) == number

    def settle_order(self, refused: bool) -> None:
        """Today's wish goes through; not if only a coupon made it and that was refused."""
        if refused:
            self.count(M.refused)
            self.note(Event.REFUSED)
            if not self.wish & STANDING:
                self.user["coupon_depth"] = 0.0
            money.without_deal(self)
            if not self.wish & ORGANIC:
                return
        before = int(self.user["last_seen"])
        self.order(self.wish, self.basket)
        show_order(self.user, self.key, before, self.now)

    def order(self, wish: int, basket: int) -> None:
        """An order of `basket` fen at list price."""
        market, u = self.market, self.user
        if wish & REDEEMS:
            self.count(M.standing if wish & STANDING else M.redeemed)
            if wish & STANDING:
                self.note(Event.STANDING, int(offer_of(wish)))
            self.count(M.subsidy_fen, self.cut)
            self.count(M.organic, bool(wish & ORGANIC))
            self.note(Event.REDEEM, self.cut)
        first_sign = market.day not in (u["last_seen"], u["unseen"])
        margin, points = (
            int(part)
            for part in settle(
                u, basket, self.usual, self.cut, self.rewards, wish, market.terms.offers,
                market.terms.launches, self.now,
            )
        )  # fmt: skip
        self.count(M.orders)
        self.count(M.revenue_fen, basket)
        self.count(M.margin_fen, margin)
        self.note(Event.ORDER, basket)
        if first_sign:
            self.show_life()
        market.diary.count_cohort(u, "orders", 1)
        self.earn(margin - self.cut)
        money.after_order(self, points)
        if market.day >= 1 and market.diary.age(u) not in self.bought:
            self.bought.add(market.diary.age(u))
            market.diary.count_cohort(u, "buyers", 1)
        self.share_order(basket - self.cut, margin)
        market.staff.after_order(self)

    def share_order(self, paid: int, margin: int) -> None:
        """What the source that brought this person takes of an order, or would have sold by itself."""
        way = self.market.terms.ways[self.user["source"]]
        part = int(partner_part(way, paid)) if way["fee"] > 0 else 0
        elsewhere = bool(would_come_elsewhere(self.key, way))
        lost = margin if elsewhere else 0
        self.count(M.partner_fen, part)
        self.count(M.elsewhere, elsewhere)
        self.count(M.elsewhere_fen, lost)
        self.user["net"] -= part + lost
        self.earn(-part - lost)

    def first_order(self) -> None:
        """Those with a dated arrival order on arrival, at list price."""
        self.show_life()
        self.wish = ORDERED | ORGANIC
        self.basket = self.usual = int(basket_fen(self.user, self.key, self.market.terms.baskets))
        self.order(self.wish, self.basket)

    def show_life(self) -> None:
        """First sign of life today: a visit, an interaction or an order."""
        self.count(M.active)
        self.market.diary.count_once(self.user, "active_age", "active")

    def come_in(self, source: int, inviter: Customer | None = None) -> None:
        """A prospect becomes a member tonight, and lives the first full day tomorrow."""
        market, u = self.market, self.user
        by, depth = (-1, 0) if inviter is None else (inviter.number, int(inviter.user["depth"]) + 1)
        join(u, market.day, source, by, depth)
        if self.now["entry_trust"] != 0.0:
            u["trust"] = shaken(u, self.now["entry_trust"])
        stage = int(stage_of(u, market.day, market.terms.stage_first, market.terms.conditions))
        market.diary.count_flow(market.prospect_stage, stage)
        u["stage"] = stage
        self.contact.look_up_places(joining=True)
        self.count(M.joins)
        market.diary.count_cohort(u, "size", 1)
        self.note(Event.JOIN, by)

    def change_stage(self, stage: int) -> None:
        """Move to another stage."""
        self.market.diary.count_flow(int(self.user["stage"]), stage)
        self.user["stage"] = stage

    def leave(self) -> None:
        """Leave the programme for good; friends notice, unless the relation had ended before."""
        self.count(M.leaves)
        self.note(Event.LEAVE)
        self.change_stage(self.market.left_stage)
        self.user["status"] = LEFT
        if self.user["alive"]:
            self.user["alive"] = 0
            self.market.gone.append(self.number)
