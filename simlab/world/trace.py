"""One user's day in slow motion: each probability, draw and outcome, by the rules that the engine uses.

Works on a copy of the user's record of the morning; the engine's own day is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simlab.world import company_rules, contact_rules, rules
from simlab.world.admission import is_for
from simlab.world.book import ANGRY_VOICES, AUDIENCE
from simlab.world.company import severity_today
from simlab.world.draws import day_key, named_uniform, uniform, user_key
from simlab.world.market import Market
from simlab.world.money_rules import GIVEN_UP, STANDING, offer_of, price_of, recommend, wants
from simlab.world.records import EVENT_NAMES, MEMBER


@dataclass(frozen=True)
class Step:
    """One decision of one user.

    Attributes:
        what: what was decided.
        chance: its probability; None where nothing was left to chance.
        draw: the uniform draw it was held against; it happens when draw < chance.
        outcome: what came of it.
    """

    what: str
    outcome: str
    chance: float | None = None
    draw: float | None = None


def chance_step(what: str, chance: float, draw: float, yes: str, no: str) -> Step:
    """A step whose outcome is draw < chance."""
    return Step(what, yes if draw < chance else no, float(chance), float(draw))


def trace_day(market: Market, user: int) -> Iterator[Step]:
    """The steps of one member's coming day. Call it after today's terms were set and before the day is run.

    Yields nothing for a prospect or somebody who left.
    """
    if market.users["status"][user] != MEMBER:
        return
    record = market.users[user : user + 1].copy()
    u, terms = record[0], market.terms
    now, day = terms.now[u["cell"]], market.day
    own = np.uint64(user_key(market.world, user))
    key = np.uint64(day_key(own, day))
    if rules.fade(u, now):
        yield Step("coupon", "expired unused")
    stage = rules.stage_of(u, day, terms.stage_first, terms.conditions)
    if stage != u["stage"]:
        yield Step("stage", f"{market.names.stages[u['stage']]} -> {market.names.stages[stage]}")
    u["stage"] = stage
    for step in _news(market, u, key):
        yield step
        if step.outcome == "leaves":
            return
    if not u["muted"]:
        sent = 0
        used = [0]
        for step in _touches(market, u, own, key, stage, used):
            sent += step.what.startswith("touch") and step.outcome == "delivered"
            yield step
        if sent:
            left = False
            for step in _reactions(market, u, key, used[0]):
                left = left or step.outcome == "leaves"
                yield step
            if left:
                return
    yield from _afternoon(market, u, own, key, stage)


def _news(market: Market, u: np.void, key: np.uint64) -> Iterator[Step]:
    """What friends and the public said since yesterday."""
    now, carried = market.terms.now[u["cell"]], market.book.carried
    public = company_rules.public_chance(carried[ANGRY_VOICES], carried[AUDIENCE], now)
    struck = severity_today(u, key, market.terms, market.day)
    if not (u["heard"] or u["praise"] or u["anger"] > 0 or public > 0 or struck > 0):
        return
    if u["heard"] or public > 0:
        chance = company_rules.belief_chance(u, now, public)
        draw = uniform(key, company_rules.BELIEVE)
        yield chance_step(f"bad news from {u['heard']} friends", chance, draw, "believes", "does not")
    if u["praise"]:
        yield Step("good news", f"from {u['praise']} friends")
    happened = company_rules.take_in(u, key, now, public, struck)
    for bit, what, outcome in (
        (company_rules.GOT_ANGRY, "anger", "becomes angry"),
        (company_rules.GOT_RELIEF, "compensation", "gets it"),
        (company_rules.DID_OBJECT, "complaint", "complains"),
        (company_rules.DID_WALK_OUT, "leave in anger", "leaves"),
    ):
        if happened & bit:
            yield Step(what, outcome)


def _called(market: Market, u: np.void, key: np.uint64) -> dict[int, list[str]]:
    """Names of the rules that call for a touch this morning, by the number of the touch."""
    terms, found = market.terms, dict[int, list[str]]()
    for record, row in zip(terms.rules, market.week.rules, strict=True):
        if record["chance"] <= 0 or not int(record["cells"]) >> int(u["cell"]) & 1:
            continue
        if record["clock"] >= 0:
            on_time = contact_rules.on_time(rules.observe(u, market.day, record["clock"]), record)
        else:
            on_time = rules.is_planned(key, record["name"], record["chance"])
        mine = rules.belongs(u, market.day, terms.conditions, record["first"], record["last"])
        if on_time and mine and contact_rules.is_noticed(key, record):
            found.setdefault(row.touch, []).append(row.name)
    return found


def _touches(
    market: Market, u: np.void, own: np.uint64, key: np.uint64, stage: int, used: list[int]
) -> Iterator[Step]:
    """The touches of a morning; `used` collects the channels, as bits."""
    terms, now = market.terms, market.terms.now[u["cell"]]
    sent = 0
    called = _called(market, u, key)
    for k in terms.turn.tolist():
        name = market.names.touches[k]
        chance, touch = float(terms.rates[u["cell"], k, stage]), terms.touches[k]
        draw = named_uniform(key, rules.SEND, touch["name"])
        if k in called:
            yield Step(f"rule {', '.join(called[k])}", f"calls for {name}")
            chance = 1.0
        if chance <= 0:
            continue
        if not draw < chance:
            yield chance_step(f"touch {name}", chance, draw, "", "not planned")
            continue
        clear, appeal, full = 1.0, float(terms.appeal[k, u["segment"]]), False
        way = 0
        if len(terms.channels):
            way = int(contact_rules.channel_for(u, touch["channel"], terms.channels))
            full = way == contact_rules.QUOTA_USED
            if way == contact_rules.CHANNEL_CLOSED:
                yield Step(f"touch {name}", "no open channel", float(chance), float(draw))
                continue
        quiet = touch["hour"] >= 0 and int(now["quiet_hours"]) >> int(touch["hour"]) & 1
        if (
            sent >= now["cap_day"]
            or u["sent_week"] >= now["cap_week"]
            or u["sent_month"] >= now["cap_month"]
            or quiet
            or full
        ):
            yield Step(f"touch {name}", "held back by a cap", float(chance), float(draw))
            continue
        if not rules.is_executed(key, touch["name"], now["execution"]):
            yield Step(f"touch {name}", "planned, not sent by staff", float(chance), float(draw))
            continue
        yield Step(f"touch {name}", "delivered", float(chance), float(draw))
        if len(terms.channels):
            clear, appeal = float(terms.channels[way]["seen"]), appeal * float(terms.channels[way]["open"])
            used[0] |= 1 << way
        fit = contact_rules.fit_of(u, key, touch, now)
        seen = rules.seen_chance(u, now, terms.curves) * clear
        opened = rules.open_chance(u, now, sent) * appeal
        opened *= contact_rules.by_fit(fit, now["match_open"], now["mismatch_open"])
        answered = now["interact"] * touch["answer"]
        answered *= contact_rules.by_fit(fit, now["match_answer"], now["mismatch_answer"])
        happened = rules.deliver(u, key, touch, now, terms.curves, sent, clear, appeal)
        sent += 1
        u["sent_week"] += 1
        u["sent_month"] += 1
        yield chance_step("  notices it", seen, named_uniform(key, rules.SEEN, touch["name"]), "yes", "no")
        if happened & rules.WAS_SEEN:
            yield chance_step(
                "  opens it", opened, named_uniform(key, rules.OPEN, touch["name"]), "yes", "no"
            )
            if happened & rules.WAS_OPENED:
                draw = named_uniform(key, rules.INTERACT, touch["name"])
                yield chance_step("  answers", answered, draw, "yes", "no")
            if happened & rules.WAS_OPENED and now["recommends"]:
                fits = recommend(u, key, touch["name"], now)
                yield Step("  recommendation", "fits" if fits else "does not fit better than the best-seller")
            yield from _coupon(market, u, own, key, stage, int(touch["offer"]))


def _coupon(
    market: Market, u: np.void, own: np.uint64, key: np.uint64, stage: int, number: int
) -> Iterator[Step]:
    if number < 0:
        return
    offer = market.terms.offers[number]
    name = market.names.offers[number]
    u["stage"] = stage
    if not is_for(u, own, offer, market.terms.conditions, market.day):
        return
    draw = named_uniform(key, rules.CLIP, offer["name"])
    if offer["finite_stock"]:
        yield Step(
            f"  coupon {name}", "in line for a limited stock", float(rules.clip_chance(u, offer)), float(draw)
        )
        return
    yield chance_step(f"  takes coupon {name}", rules.clip_chance(u, offer), draw, "yes", "no")
    rules.give_coupon(u, key, offer, number, market.day)


def _reactions(market: Market, u: np.void, key: np.uint64, used: int) -> Iterator[Step]:
    now = market.terms.now[u["cell"]]
    y = rules.annoyance(u, now, market.terms.curves)
    yield chance_step("mute", now["mute"] * y, uniform(key, rules.MUTE), "mutes for good", "no")
    yield chance_step("complaint", now["complain"] * y, uniform(key, rules.COMPLAIN), "complains", "no")
    yield chance_step("leave", now["leave"] * y, uniform(key, rules.LEAVE), "leaves", "no")
    if u["dog"] and market.day - max(int(u["last_seen"]), int(u["unseen"])) > now["dog_idle"]:
        yield chance_step(
            "leave because contacted", now["dog_leave"], uniform(key, rules.DOG_LEAVE), "leaves", "no"
        )
    rules.react(u, key, now, market.terms.curves, used, 2 ** len(market.terms.channels) - 1)


def _afternoon(market: Market, u: np.void, own: np.uint64, key: np.uint64, stage: int) -> Iterator[Step]:
    terms, now = market.terms, market.terms.now[u["cell"]]
    u["stage"] = stage
    if u["alive"]:
        intensity = rules.order_intensity(u, now, terms.curves)
        draw = uniform(key, rules.ORDER)
        bits, amount, _, cut, rewards = wants(
            u, own, key, now, terms.curves, terms.offers, terms.conditions, terms.baskets
        )
        outcome = "no" if not bits & rules.ORDERED else f"orders for {amount / 100:,.2f} yuan"
        outcome = "gives up at the checkout" if bits & GIVEN_UP else outcome
        if u["coupon_depth"] > 0 or bits & rules.REDEEMS or rewards:
            offer = offer_of(bits) if bits & rules.REDEEMS else -1
            price = (
                float(price_of(terms.offers, offer, amount, cut, rewards, now))
                if bits & rules.ORDERED
                else 0.0
            )
            if u["coupon_depth"] > 0 and not bits & rules.REDEEMS:
                price = float(terms.offers[int(u["coupon_offer"])]["log_price"])
            lift = rules.coupon_lift(u, now, price)
            outcome += " with the coupon" * bool(bits & rules.REDEEMS and not bits & STANDING)
            outcome += " at the standing price" * bool(bits & STANDING)
            outcome += " (would have come anyway)" * (bits & 3 == 3)
            yield Step(
                f"order (coupon x {lift:.2f})", outcome, float(-np.expm1(-intensity * lift)), float(draw)
            )
        else:
            yield Step("order", outcome, float(-np.expm1(-intensity)), float(draw))
        before = float(u["life_left"])
        if rules.relation_ends(u, now):
            yield Step("customer relation (latent)", f"ends: {before:.4f} of the lifetime was left")
    else:
        leaves = rules.unsubscribes(key, now)
        yield chance_step("unsubscribe", now["exit"], uniform(key, rules.EXIT), "leaves", "no")
        if leaves:
            return
    yield chance_step(
        "own visit", rules.visit_chance(u, now, terms.curves), uniform(key, rules.VISIT), "visits", "no"
    )
    programmes, goals = terms.programmes[u["cell"]], terms.goals
    for number in range(len(programmes)):
        if not rules.may_invite(u, market.day, programmes[number], terms.conditions):
            continue
        one = programmes[number : number + 1]
        if u["alive"]:
            asked, _ = rules.invites_today(u, key, now, one, goals, terms.conditions)
            yield chance_step("invite friends", rules.invite_chance(u, now, one[0], goals), uniform(key, rules.INVITE),
                              f"asks up to {asked}", "no")  # fmt: skip
        if one[0]["hunt"] > 0:
            yield chance_step(
                "bring somebody for the reward alone", one[0]["hunt"], uniform(key, rules.HUNT), "yes", "no"
            )


def event_name(code: int) -> str:
    """Name of a code of the event log."""
    return EVENT_NAMES[code]
