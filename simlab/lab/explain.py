"""`simlab explain`: one user's days as a timeline."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from simlab.lab.ground import ground_of
from simlab.scenario import InputError, Problem, Scenario, with_values
from simlab.world.book import N_EVENTS
from simlab.world.market import Market
from simlab.world.records import Event
from simlab.world.trace import Step, event_name, trace_day

EVENING = {
    Event.ORDER,
    Event.REDEEM,
    Event.REFUSED,
    Event.INVITE,
    Event.JOIN,
    Event.REWARD,
    Event.GIFT,
    Event.COUPON,
}
QUIET = {"no", "not planned"}


@dataclass(frozen=True)
class Day:
    """One day of one user: decisions as they fell, and what the evening made of them."""

    day: int
    date: datetime.date
    steps: tuple[Step, ...]
    events: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """A user's days; `lines` makes it readable."""

    scenario: Scenario
    user: int
    seed: int
    portrait: str
    days: tuple[Day, ...]
    everything: bool

    def lines(self) -> list[str]:
        """The timeline as text: quiet days are left out unless everything was asked for."""
        out = [f"User {self.user} of '{self.scenario.name}', seed {self.seed}", self.portrait, ""]
        for day in self.days:
            shown = [
                s for s in day.steps if self.everything or s.outcome not in QUIET or s.what.startswith("  ")
            ]
            if not shown and not day.events:
                continue
            out.append(f"day {day.day} ({day.date:%a %d %b %Y})")
            for step in shown:
                odds = "" if step.chance is None else f"  [chance {step.chance:.4g}, draw {step.draw:.4g}]"
                out.append(f"  {step.what}: {step.outcome}{odds}")
            out += [f"  > {event}" for event in day.events]
        if len(out) == 3:
            out.append("Nothing happened to this user in these days.")
        return out


def explain(
    scenario: Scenario, user: int, seed: int, first: int | None = None, last: int | None = None,
    everything: bool = False,
) -> Timeline:  # fmt: skip
    """Follow one user through one seeded world.

    Args:
        first, last: days to show; by default from the valuation date to the horizon.
        everything: keep days and decisions on which nothing happened.

    Raises:
        InputError: no such user, or days outside the run.
    """
    ground = ground_of(scenario)

    def refuse(message: str, value: object, cure: str) -> InputError:
        return InputError(Problem(file="simlab explain", message=message, value=str(value), cure=cure))

    if not 0 <= user < ground.graph.n:
        raise refuse("no such user", user, f"Users are numbered 0 to {ground.graph.n - 1}")
    begin, end = 1 - scenario.warmup.days, scenario.horizon
    first, last = 1 if first is None else first, end if last is None else last
    if not begin <= first <= last <= end:
        raise refuse("days outside the run", f"{first} to {last}", f"The run has days {begin} to {end}")
    before = with_values(scenario, scenario.warmup.levers) if scenario.warmup.levers else None
    market = Market(scenario, seed, ground.graph, ground.base, before, log_events=True)
    portrait = _portrait(market, user)
    days = []
    while market.day < last:
        market.book.counts[N_EVENTS] = 0
        steps: tuple[Step, ...] = ()
        if market.day + 1 >= first:
            market.prepare()
            steps = tuple(trace_day(market, user))
            market.live()
            date = scenario.start + datetime.timedelta(days=market.day - 1)
            days.append(Day(market.day, date, steps, _events(market, user)))
        else:
            market.step()
    return Timeline(scenario, user, seed, portrait, tuple(days), everything)


def _portrait(market: Market, user: int) -> str:
    u = market.users[user]
    kind = ("a prospect", "a member", "somebody who left")[int(u["status"])]
    friends = market.graph.indptr[user + 1] - market.graph.indptr[user]
    return (
        f"{kind} on the first simulated day; segment {market.names.segments[u['segment']]}, {friends} friends; latent: "
        f"{u['rate'] * 365:.2f} orders a year, tolerance {1 / u['inv_tolerance']:.2f}, deal-proneness {u['deal']:.2f}, "
        f"affinity {u['affinity']:.2f}"
    )


def _events(market: Market, user: int) -> tuple[str, ...]:
    out = []
    for _, who, code, value in market.events().tolist():
        if who == user and code in EVENING:
            out.append(_in_words(market, code, value))
        elif code == Event.JOIN and value == user:
            out.append(f"user {who} joins on this user's invitation")
    return tuple(out)


def _in_words(market: Market, code: int, value: int) -> str:
    if code == Event.INVITE:
        return f"asks user {value}"
    if code == Event.JOIN:
        return f"joins, invited by user {value}" if value >= 0 else "joins"
    if code == Event.COUPON:
        return f"coupon {market.names.offers[value // 2]} handed out, {'taken' if value % 2 else 'not taken'}"
    names = {Event.ORDER: "order of", Event.REDEEM: "coupon honoured: subsidy of", Event.REWARD: "reward of",
             Event.GIFT: "gift for joining of"}  # fmt: skip
    if code == Event.REFUSED:
        return "coupon refused: the budget is spent"
    return f"{names.get(Event(code), event_name(code))} {value / 100:,.2f} yuan"
