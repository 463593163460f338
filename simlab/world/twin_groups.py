"""Groups a second time, in plain Python: who is in which, what was said, who speaks for us, what it costs.

A group is a set of people; its record is only what the shared rules look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simlab.world.draws import BIRTH_DAY, Purpose, draw_bits, name_hash, uniform
from simlab.world.group_rules import (
    ADOPTED,
    GRUMBLED,
    HAS_READ,
    MET_OTHERS,
    OPINION,
    RESERVE,
    SHOWN,
    SPOKE,
    UNTRAINED,
    close_day,
    cost_today,
    gather,
    goes_out,
    kind_for,
    open_day,
    owed,
    pull_of,
)
from simlab.world.group_tables import GROUP, Said
from simlab.world.group_terms import fit_of, in_order
from simlab.world.metrics import M
from simlab.world.records import NEVER, Event
from simlab.world.rules import belongs

if TYPE_CHECKING:
    from simlab.world.twin import TwinMarket
    from simlab.world.twin_person import Person

IN_NONE, WENT_OUT = -1, -2


class Circle:
    """One group: the number under which people remember it, its kind by name, and its memory."""

    def __init__(self, number: int, kind: str, serial: int, day: int) -> None:
        self.number, self.kind, self.founded = number, kind, day
        self.record = np.zeros(1, GROUP)
        self.record["name"] = name_hash(f"group {serial}")
        self.record["stimulus_until"] = self.record["rests_until"] = NEVER
        self.said: Counter[Said] = Counter()

    @property
    def activity(self) -> float:
        """Daily share of speakers, smoothed."""
        return float(self.record["activity"][0])


class TwinGroups:
    """All groups of a twin world."""

    def __init__(self, market: TwinMarket) -> None:
        self.market = market
        self.circles: dict[int, Circle] = {}
        self.serial = self.adopted = 0
        self.rules: Sequence[object] = []
        self.starting = 0

    def members_of(self, circle: Circle) -> list[Person]:
        """Everybody in a group, by id."""
        return [p for p in self.market.people if p.is_member and p.user["group"] == circle.number]

    def circle_of(self, person: Person) -> Circle | None:
        """The group that somebody is in."""
        return self.circles.get(int(person.user["group"])) if person.is_member else None

    def kind_number(self, name: str) -> int:
        """Place of a kind among those in force."""
        return [own for own, _ in in_order(self.market.in_force)].index(name)

    # Morning ----------------------------------------------------------------------------

    def morning(self) -> None:
        """Route, split, merge, seat; then every group's day begins and is paid."""
        market = self.market
        in_force = dict(in_order(market.in_force))
        for circle in list(self.circles.values()):
            if circle.kind not in in_force:
                for person in self.members_of(circle):
                    self.move(person, IN_NONE)
                del self.circles[circle.number]
        monday = market.today.weekday() == 0 or market.day == market.first_day
        rules = [(name, g.who, g.share, g.priority) for name, g in in_force.items()]
        self.route([p for p in market.people if p.is_member
                    and (monday or rules != self.rules or p.user["joined"] == market.day - 1)])  # fmt: skip
        self.rules = rules
        if monday:
            self.split()
            self.merge()
        self.fill_seats(monday)
        fen = topics = 0
        for circle in self.circles.values():
            kind = market.terms.kinds[self.kind_number(circle.kind)]
            circle.record["members"] = len(self.members_of(circle))
            open_day(circle.record[0], kind, market.day, float(market.terms.now[0]["moderation"]))
            fen += int(cost_today(circle.record[0], kind, market.day))
            topics += in_force[circle.kind].topics
        market.diary.count_at(market.prospect_stage, 0, 0, M.community_fen, fen)
        market.diary.count_at(market.prospect_stage, 0, 0, M.topics, topics)
        market.terms.now["idea_fit"] = fit_of(market.in_force, self.adopted, self.starting)

    def move(self, person: Person, number: int) -> None:
        """Somebody changes group, and gives up a seat."""
        person.user["group"] = number
        person.role = 0
        person.note(Event.GROUP, number)

    def found(self, kind: str) -> Circle:
        """A new group takes the smallest number that is free."""
        number = next(n for n in range(len(self.circles) + 1) if n not in self.circles)
        circle = self.circles[number] = Circle(number, kind, self.serial, self.market.day)
        self.serial += 1
        return circle

    def neighbourly(self, people: list[Person]) -> list[Person]:
        """People by community, so that cuts seldom part friends."""
        community = self.market.community
        return sorted(people, key=lambda person: (community[person.number], person.number))

    def route(self, people: list[Person]) -> None:
        """Each of these to the kind that claims them first; friends are looked up where they were this morning."""
        market, terms = self.market, self.market.terms
        names = [name for name, _ in in_order(market.in_force)]
        at_dawn = {p: int(p.user["group"]) for p in market.people if p.is_member}
        there = {number: circle.kind for number, circle in self.circles.items()}
        plans: list[tuple[Person, int | None]] = []
        first: dict[str, list[Person]] = {name: [] for name in names}
        for person in people:
            if person.user["group"] == WENT_OUT:
                continue
            birth = person.key_of(BIRTH_DAY)
            k = int(kind_for(person.user, birth, market.day, terms.kinds, terms.conditions))
            wanted = names[k] if k >= 0 else None
            if wanted == there.get(at_dawn[person]):
                continue
            if wanted is None:
                plans.append((person, IN_NONE))
            elif wanted not in there.values():
                first[wanted].append(person)
            else:
                known = Counter(at_dawn[friend] for friend in person.friends if friend.is_member)
                choice = [number for number, kind in there.items() if kind == wanted]

                def attraction(
                    number: int, known: Counter[int] = known, birth: np.uint64 = birth
                ) -> tuple[int, int]:
                    return known[number], int(pull_of(birth, self.circles[number].record["name"][0]))

                plans.append((person, max(choice, key=attraction)))
        for name in names:
            come = self.neighbourly(first[name])
            size = market.in_force.levers.groups[name].size
            chunks = max(1, int(len(come) / size + 0.5))
            for c in range(chunks):
                part = come[len(come) * c // chunks : len(come) * (c + 1) // chunks]
                if part:
                    circle = self.found(name)
                    plans += [(person, circle.number) for person in part]
        for person, number in plans:
            self.move(person, int(number or 0))
        self.clear_empty()

    def clear_empty(self) -> None:
        """A group without members is no group any more."""
        for circle in list(self.circles.values()):
            if not self.members_of(circle):
                del self.circles[circle.number]

    def split(self) -> None:
        """Too large a group becomes two, and both remember what was said."""
        for number in sorted(self.circles):
            circle = self.circles[number]
            members = self.neighbourly(self.members_of(circle))
            if len(members) <= self.market.in_force.levers.groups[circle.kind].split_above:
                continue
            new = self.found(circle.kind)
            name = new.record["name"].copy()
            new.record = circle.record.copy()
            new.record["name"] = name
            for person in members[len(members) - len(members) // 2 :]:
                role = person.role
                self.move(person, new.number)
                person.role = role

    def merge(self) -> None:
        """Of the silent groups of one kind, each takes in the next one that fits."""
        for name, group in in_order(self.market.in_force):
            silent = [circle for number, circle in sorted(self.circles.items())
                      if circle.kind == name and circle.activity < group.merge_below
                      and self.market.day - circle.founded >= 14]  # fmt: skip
            while silent:
                one = silent.pop(0)
                room = group.split_above - len(self.members_of(one))
                other = next((c for c in silent if len(self.members_of(c)) <= room), None)
                if other is None:
                    continue
                silent.remove(other)
                mine, theirs = self.members_of(one), self.members_of(other)
                for stock in ("activity", "ties"):
                    total = float(one.record[stock][0]) * len(mine) + float(other.record[stock][0]) * len(
                        theirs
                    )
                    one.record[stock] = total / (len(mine) + len(theirs))
                for count in ("messages", "stories", "opinions", "grumbles", "promos"):
                    one.record[count] += other.record[count]
                for person in theirs:
                    role = person.role
                    self.move(person, one.number)
                    person.role = role
        self.clear_empty()

    def fill_seats(self, monday: bool) -> None:
        """Opinion customers: stand-ins first; on Mondays the busiest writers are chosen and trained."""
        market = self.market
        for circle in self.circles.values():
            koc = market.in_force.levers.groups[circle.kind].koc
            if koc is None or koc.seats + koc.reserve == 0:
                continue
            queue = sorted(
                self.members_of(circle),
                key=lambda p: (
                    -int(p.user["posts"]),
                    int(draw_bits(p.key_of(market.day), int(Purpose.SEAT))),
                ),
            )
            kind = market.terms.kinds[self.kind_number(circle.kind)]
            for person in queue:
                if person.role & RESERVE and sum(bool(p.role & OPINION) for p in queue) < koc.seats:
                    person.role = OPINION + (person.role & UNTRAINED)
            if not monday:
                continue
            for person in queue:
                fit = belongs(
                    person.user, market.day, market.terms.conditions, kind["koc_first"], kind["koc_last"]
                )
                if person.role or not fit:
                    continue
                if sum(bool(p.role & OPINION) for p in queue) < koc.seats:
                    person.role = OPINION + UNTRAINED
                elif sum(bool(p.role & RESERVE) for p in queue) < koc.reserve:
                    person.role = RESERVE + UNTRAINED

    # Day and evening --------------------------------------------------------------------

    def live(self, person: Person, circle: Circle) -> None:
        """A member's day in the group."""
        market, u, role = self.market, person.user, person.role
        kind = market.terms.kinds[self.kind_number(circle.kind)]
        person.count(M.grouped)
        reads, talks, quits = (
            float(uniform(person.key, p)) for p in (Purpose.READ, Purpose.TALK, Purpose.QUIT)
        )
        happened = int(gather(u, person.key, reads, talks, circle.record[0], kind, person.now,
                              market.terms.curves, market.terms.conditions, role))  # fmt: skip
        if happened not in (0, HAS_READ):
            person.count(M.speakers)
            person.note(Event.GATHER, happened)
            circle.said[Said.SPEAKERS] += 1
        for bit, what, metric in (
            (SPOKE, Said.MESSAGES, None),
            (SHOWN, Said.STORIES, M.stories),
            (GRUMBLED, Said.GRUMBLES, M.grumbles),
            (ADOPTED, None, M.ideas),
            (MET_OTHERS, Said.MET, None),
        ):
            if happened & bit:
                if what is not None:
                    circle.said[what] += 1
                if metric is not None:
                    person.count(metric)
        circle.said[Said.OPINIONS] += bool(happened & SHOWN and role & OPINION)
        self.adopted += bool(happened & ADOPTED)
        fen = int(owed(happened, kind, role))
        person.role = role & ~UNTRAINED
        if fen:
            person.count(M.contributor_fen, fen)
            person.user["net"] -= fen
            person.earn(-fen)
            person.note(Event.PAID, fen)
        if goes_out(quits, circle.record[0], kind, role):
            person.count(M.group_quits)
            self.move(person, WENT_OUT)

    def evening(self) -> None:
        """Today's talk becomes yesterday's."""
        for circle in self.circles.values():
            circle.said[Said.PRESENT] = len(self.members_of(circle))
            kind = self.market.terms.kinds[self.kind_number(circle.kind)]
            close_day(circle.record[0], kind, np.array([circle.said[column] for column in Said], np.int64))
            circle.said.clear()
