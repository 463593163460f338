"""The first screen of a recommendation: what to run, what it brings, how sure that is, what holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from simlab.lab.tuning import Tuning
from simlab.report import levers
from simlab.report.numbers import gain, listed, percent, plural, quantity, shown, signed
from simlab.report.tune_facts import (
    Change,
    Gap,
    changes,
    first,
    gap,
    headline,
    kept,
    sign,
    spread,
    table,
)
from simlab.report.tune_next import next_command
from simlab.scenario.names import printable
from simlab.scenario.outcomes import OUTCOMES

NAMED = 2
"""Changes that the verdict names; the table beside it has all of them."""
LINES = 15
"""Lines of the first screen in a terminal."""
Tone = Literal["chance", "people", ""]


@dataclass(frozen=True)
class Card:
    """A number of the first screen.

    Attributes:
        title: what it is.
        number, unit: the estimate, and what follows it.
        note: how sure it is, or what it rests on.
        tone: "chance" or "people": which of the two kinds of uncertainty it carries; never both.
    """

    title: str
    number: str
    unit: str
    note: str
    tone: Tone = "chance"


@dataclass(frozen=True)
class Row:
    """A change of the strategy as texts."""

    lever: str
    path: str
    before: str
    after: str
    searched: str
    edge: str


@dataclass(frozen=True)
class Certificate:
    """A constraint in words; `style` is "met" or "not-met"."""

    style: str
    verdict: str
    text: str


@dataclass(frozen=True)
class TuneScreen:
    """What a strategist takes to a meeting."""

    verdict: str
    reason: str
    cards: tuple[Card, ...]
    further: str
    changes: tuple[Row, ...]
    changes_title: str
    kept: str
    certificates: tuple[Certificate, ...]
    careful: tuple[str, ...]
    next_command: str

    def text(self) -> str:
        """All of it as plain text, a line each, for a terminal or a mail."""
        above = [self.verdict, *([self.reason] if self.reason else [])]
        above += [f"{c.title}: {f'{c.number} {c.unit}'.strip()}; {c.note}" for c in self.cards]
        above += [self.further] if self.further else []
        failed = [c for c in self.certificates if c.style != "met"]
        met = [c.text.partition(":")[0] for c in self.certificates if c.style == "met"]
        below = [f"Not certified: {found.text}" for found in failed[:2]]
        below += [f"Certified: {'; '.join(met)}."] if met else []
        below += [f"Careful: {line}" for line in self.careful[:2]]
        if len(self.careful) > 2:
            below[-1] += f" And {len(self.careful) - 2} more, see report.html."
        room = max(LINES - len(above) - len(below) - 2, 2)
        rows = [
            f"  {r.lever}: {r.before} -> {r.after}{f' ({r.edge})' if r.edge else ''}" for r in self.changes
        ]
        if len(rows) > room:
            rows = [*rows[: room - 1], f"  and {len(rows) - room + 1} more, see best.yaml"]
        lines = [*above, *([f"{self.changes_title}:", *rows] if rows else []), *below]
        return "\n".join([*map(printable, lines), f"Next: {printable(self.next_command)}"])


def first_screen(t: Tuning) -> TuneScreen:
    """The first screen of a tuning in words."""
    return TuneScreen(
        verdict=verdict(t),
        reason=sentence(t.reason),
        cards=tuple(cards(t)),
        further=further(t),
        changes=tuple(map(_row, changes(t))),
        changes_title="The strategy" if t.verdict == "change" else "The best strategy found, not recommended",
        kept=_kept(t),
        certificates=tuple(certificates(t)),
        careful=tuple(careful(t)),
        next_command=next_command(t),
    )


def verdict(t: Tuning) -> str:
    """One sentence: run this, keep the current strategy, or nothing could be certified."""
    if t.verdict == "not certified":
        return "No strategy could be certified: keep the current one for now"
    if t.verdict == "keep":
        found = gap(t, first(t))
        if t.winner is None:
            return "Keep the current strategy: the search found no other that is worth a second look"
        if found is not None and sign(t) * found.mean > 0:
            return "Keep the current strategy: no other is better by more than chance"
        return "Keep the current strategy: no other is better"
    found_changes = changes(t)
    if not found_changes:
        return "Keep the current strategy: the best one found is the same"
    said = [_moved(change) for change in found_changes[:NAMED]]
    more = len(found_changes) - len(said)
    if more:
        return f"Run this: {'; '.join(said)}; and {plural(more, 'more change')}"
    return f"Run this: {'; '.join(said)}"


def _moved(change: Change) -> str:
    path = change.lever.path
    before, after = levers.text(path, change.before), levers.text(path, change.after)
    unit = levers.unit(path)
    if unit and before.endswith(f" {unit}") and after.endswith(f" {unit}"):
        before = before.removesuffix(f" {unit}")
    return f"{levers.phrase(path)} from {before} to {after}"


def sentence(text: str) -> str:
    """A text of the search as one sentence on one line."""
    line = printable(text.strip(), 600)
    return f"{line[:1].upper()}{line[1:].rstrip('.')}." if line else ""


def cards(t: Tuning) -> list[Card]:
    """Uplift by chance, over worlds, per member, and when it pays for itself."""
    whole = gap(t, headline(t))
    if whole is None:
        return []
    best = "" if t.verdict == "change" else ", best strategy found"
    found = [_whole(t, whole, best), _people(t)]
    each = gap(t, first(t))
    if each is not None and headline(t) != first(t):
        found.append(_each(each, best))
    elif headline(t) != "total_equity" and (money := gap(t, "total_equity")) is not None:
        found.append(_whole(t, money, best))
    elif each is not None and (relative := _relative(each)):
        found.append(
            Card("Against the current strategy", relative, "", f"now {quantity(each.current, each.unit)}")
        )
    return [*found, _payback(t)]


def _interval(found: Gap) -> str:
    texts, _ = gain([found.mean, found.low, found.high], found.unit)
    return f"{texts[1]} to {texts[2]}"


def _whole(t: Tuning, found: Gap, best: str) -> Card:
    texts, suffix = gain([found.mean, found.low, found.high], found.unit)
    titles = {"total_equity": "Customer equity, whole base"}
    title = titles.get(found.outcome, _capital(OUTCOMES.get(found.outcome, (found.outcome, ""))[0]))
    chance = f"chance: 95 % interval {_interval(found)}, {plural(found.pairs, 'fresh seed')}"
    return Card(f"{title}{best}", texts[0], suffix.strip(), chance)


def _each(found: Gap, best: str) -> Card:
    texts, suffix = gain([found.mean, found.low, found.high], found.unit)
    now = f"now {quantity(found.current, found.unit)}"
    if relative := _relative(found):
        now += f", so {relative}"
    return Card(f"Per starting member{best}", texts[0], suffix.strip(),
                f"chance: 95 % interval {_interval(found)}; {now}")  # fmt: skip


def _relative(found: Gap) -> str:
    return signed(found.mean / found.current) if found.current > 0 else ""


def _people(t: Tuning) -> Card:
    title = "What we do not know about people"
    found = spread(t)
    if found is None:
        why = "no ranges in the scenario" if not t.scenario.uncertainties else "no worlds were sampled"
        return Card(
            title, "open", "", f"{why}: the interval beside leaves it out and is too narrow", "people"
        )
    texts, suffix = gain([found.low, found.high], _headline_unit(t))
    where = f"{found.range_name} of {found.count} sampled worlds"
    better = f"better in {found.better} of {found.count} ({percent(found.better / found.count)})"
    return Card(title, f"{texts[0]} to {texts[1]}", suffix.strip(), f"{where}; {better}", "people")


def _headline_unit(t: Tuning) -> str:
    return OUTCOMES.get(headline(t), ("", ""))[1]


def _payback(t: Tuning) -> Card:
    title = "Pays for itself"
    weeks = math.ceil(t.scenario.horizon / 7)
    if t.payback_week is None:
        return Card(title, "not yet", f"within {plural(t.scenario.horizon, 'day')}",
                    "on average its cumulative net contribution does not stay above today's", "")  # fmt: skip
    return Card(title, f"week {t.payback_week}", f"of {weeks}",
                "from then on its cumulative net contribution stays above today's, on average", "")  # fmt: skip


def further(t: Tuning) -> str:
    """What happens to the objectives after the first, in a sentence; "" where there is one."""
    said = []
    for outcome in list(t.objectives)[1:]:
        if (found := gap(t, outcome)) is not None:
            texts, suffix = gain([found.mean, found.low, found.high], found.unit)
            per = "" if found.unit.startswith("per ") else suffix
            wanted = "less" if t.objectives[outcome] == "minimise" else "more"
            name = OUTCOMES.get(outcome, (outcome, ""))[0]
            said.append(f"{name} {texts[0]}{per} (chance: {texts[1]} to {texts[2]}; {wanted} is better)")
    return f"With it: {'; '.join(said)}." if said else ""


def _row(change: Change) -> Row:
    path = change.lever.path
    return Row(levers.title(path), printable(path, 120), levers.text(path, change.before),
               levers.text(path, change.after), levers.searched(change.lever), change.edge)  # fmt: skip


def _kept(t: Tuning) -> str:
    left = kept(t)
    if not left or t.winner is None:
        return ""
    said = [f"{levers.phrase(x.path)} ({levers.text(x.path, x.current)})" for x in left]
    return f"Searched and left as it is: {listed(said)}."


def certificates(t: Tuning) -> list[Certificate]:
    """Each constraint of the best strategy: certified or not, with bound, limit and worlds, in words."""
    frame = table(t, "certificates")
    if frame.empty:
        return []
    arms = {arm: rows.set_index("constraint") for arm, rows in frame.groupby("arm", sort=False)}
    own = arms.get("recommended", arms.get("current"))
    now = arms.get("current") if "recommended" in arms else None
    assert own is not None
    found = []
    for name, row in own.iterrows():
        meaning, unit = OUTCOMES.get(row["outcome"], (str(row["outcome"]), ""))
        texts, suffix = shown([float(row["mean"]), float(row["bound"])], unit)
        side, most = ("upper", "at most") if row["op"] == "<=" else ("lower", "at least")
        limit = (
            quantity(float(row["limit"]), unit) if unit in ("share", "yuan") else f"{float(row['limit']):g}"
        )
        per = "" if unit.startswith("per ") else suffix.rstrip()
        text = f"{_capital(meaning)} {most} {limit}: {side} bound {texts[1]}{per}, mean {texts[0]}{per}"
        if int(row["worlds"]) > 0:
            text += f"; holds in {int(row['worlds_met'])} of {int(row['worlds'])} sampled worlds"
        if now is not None and name in now.index and not bool(now.at[name, "certified"]):
            text += (
                "; today's strategy is not certified either" if not row["certified"] else "; today's is not"
            )
        good = bool(row["certified"])
        found.append(
            Certificate("met" if good else "not-met", "certified" if good else "not certified", f"{text}.")
        )
    return found


def careful(t: Tuning) -> list[str]:
    """Flags of probable model gaps, then what the numbers leave out."""
    lines = [sentence(flag) for flag in t.flags]
    found, people = gap(t, headline(t)), spread(t)
    if found is not None and people is not None and t.verdict == "change":
        wrong = people.count - people.better
        if wrong > 0.1 * people.count:
            lines.append(f"In {wrong} of {people.count} sampled worlds it is worse than today's strategy: what we "
                         "do not know about people could turn the answer.")  # fmt: skip
    return [*dict.fromkeys(line for line in lines if line)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
