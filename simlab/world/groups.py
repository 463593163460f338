"""Who is in which group: formed of friends, filled, split and merged; who has a seat. Once a day, in Python.

Everything here is a function of the state of the morning and of keyed draws; no order matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.book import N_EVENTS, N_LIVE
from simlab.world.draws import name_hash
from simlab.world.group_day import (
    best_groups,
    change_groups,
    close_groups,
    fill_seats,
    first_for_seats,
    open_groups,
    seat_draws,
    stand_ins_wait,
    who_moves,
    with_role,
)
from simlab.world.group_tables import GROUP, NO_GROUP, Said
from simlab.world.group_terms import fit_of, in_order, routing
from simlab.world.metrics import M
from simlab.world.records import NEVER, Event

if TYPE_CHECKING:
    from simlab.world.market import Market

Ids = NDArray[np.int64]
Listed = NDArray[np.int32]
"""Ids as the list of members holds them."""
YOUNG = 14
"""Days in which a new group is not merged away."""


class Groups:
    """The groups of one market.

    Attributes:
        planned: a strategy, its kinds of groups in order, and who belongs where.
        founded: how many groups there have ever been; gives each its own key.
        adopted: suggestions adopted so far.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.names: list[str] = []
        self.routing: list[object] = []
        self.planned: tuple[Scenario | None, list[str], list[object]] = (None, [], [])
        self.founded = self.adopted = 0
        self.starting = int(market.book.counts[N_LIVE])

    def morning(self) -> None:
        """Place people, split and merge, hand out seats; then each group's factors and cost of the day."""
        market = self.market
        names, rules = self._plan()
        if not names and not self.names:
            return
        book, terms, day = market.book, market.terms, market.day
        if not len(book.roles):
            market.book = book = book._replace(roles=np.zeros(len(market.users), np.uint8))
        if names != self.names:
            self._keep_by_name(names)
        if bool(terms.now["new_week"][0]):
            live = self._everybody()
            self._route(live)
            self._split(live)
            self._merge(live)
            self._seat(live)
        else:
            self._route(self._newcomers() if rules == self.routing else self._everybody())
            self._seat(None)
        self.routing = rules
        book = market.book
        fen, topics = open_groups(book.groups, terms.kinds, day, float(terms.now[0]["moderation"]))
        row = book.ledger[market.row, len(market.names.stages) - 2, 0, 0]
        row[M.community_fen] += fen
        row[M.topics] += topics
        terms.now["idea_fit"] = fit_of(market.in_force, self.adopted, self.starting)

    def _plan(self) -> tuple[list[str], list[object]]:
        """Kinds of groups of the strategy in force, in order, and who belongs where; written anew when it changes."""
        scenario, names, rules = self.planned
        if scenario is not self.market.in_force:
            scenario = self.market.in_force
            names, rules = [name for name, _ in in_order(scenario)], routing(scenario)
            self.planned = scenario, names, rules
        return names, rules

    def evening(self) -> None:
        """What was said today becomes yesterday."""
        if self.names:
            book = self.market.book
            close_groups(book.groups, self.market.terms.kinds, book.said)
            self.adopted += int(book.ledger[self.market.row, ..., M.ideas].sum())

    # Membership -------------------------------------------------------------------------

    def _everybody(self) -> Listed:
        """Members of this morning, in no order."""
        book = self.market.book
        return book.live[: book.counts[N_LIVE]]

    def _newcomers(self) -> Listed:
        """Those who joined yesterday evening: they stand at the end of the list."""
        live = self._everybody()
        return live[len(live) - self.market.today("joins") :]

    def _keep_by_name(self, names: list[str]) -> None:
        """Another strategy: groups of kinds that it also has go on, the others are dissolved."""
        live = self._everybody()
        groups = self.market.book.groups
        number = {name: k for k, name in enumerate(names)}
        new = np.array([number.get(name, -1) for name in self.names], np.int64)
        used = groups["kind"] >= 0
        groups["kind"][used] = new[groups["kind"][used]]
        self.names = names
        inside = live[self.market.users["group"][live] >= 0]
        lost = inside[groups["kind"][self.market.users["group"][inside]] < 0]
        self._enter(lost, np.full(len(lost), NO_GROUP))

    def _route(self, people: Listed) -> None:
        """Whoever of some people should be in another kind of group moves there; nobody sees the others move."""
        market = self.market
        users, book, terms = market.users, market.book, market.terms
        ids, wanted = who_moves(
            users, market.world, people, market.day, book.groups, terms.kinds, terms.conditions
        )
        target = np.full(len(ids), NO_GROUP, np.int64)
        found: list[tuple[int, Ids, int]] = []
        for k in range(len(terms.kinds)):
            come = np.flatnonzero(wanted == k)
            if not len(come):
                continue
            if (book.groups["kind"] == k).any():
                target[come] = best_groups(
                    users, market.world, market.graph.indptr, market.graph.indices, book.groups, ids[come], k
                )
            else:
                size = int(terms.kinds["people"][k])
                chunks = max(1, (2 * len(come) + size) // (2 * size))  # rounded to the nearest
                by_circle = come[self._by_circle(ids[come])]
                found += [(k, by_circle[len(come) * c // chunks : len(come) * (c + 1) // chunks], c)
                          for c in range(chunks)]  # fmt: skip
        for k, members, _ in found:
            if len(members):
                target[members] = self._found(k)
        self._enter(ids, target)
        self._retire()

    def _by_circle(self, ids: Ids | Listed) -> Ids:
        """Positions in the order of circles of acquaintances: neighbours in this order are often friends."""
        return np.lexsort((ids, self.market.graph.community[ids]))

    def _found(self, kind: int) -> int:
        """A new group, in the first free place of the table."""
        book = self.market.book
        free = np.flatnonzero(book.groups["kind"] < 0)
        if not len(free):
            more = 1 + len(book.groups) // 4
            groups = np.concatenate([book.groups, np.zeros(more, GROUP)])
            groups["kind"][-more:] = -1
            said = np.concatenate([book.said, np.zeros((more, len(Said)), np.int64)])
            self.market.book = book = book._replace(groups=groups, said=said)
            free = np.array([len(groups) - more])
        group = book.groups[free[0] : free[0] + 1]
        group[:] = np.zeros(1, GROUP)
        group["name"], group["kind"] = name_hash(f"group {self.founded}"), kind
        group["founded"], group["stimulus_until"], group["rests_until"] = self.market.day, NEVER, NEVER
        self.founded += 1
        return int(free[0])

    def _enter(self, ids: Ids | Listed, target: Ids) -> None:
        """People come into other groups (-1: out of theirs); seats stay behind."""
        book = self.market.book
        change_groups(self.market.users, book.groups, book.roles, ids.astype(np.int64, copy=False), target)
        self._note(ids, target)

    def _retire(self) -> None:
        """Places of groups without members are free."""
        groups = self.market.book.groups
        groups["kind"][groups["members"] == 0] = -1

    def _note(self, ids: Ids | Listed, values: Ids) -> None:
        self.market.make_room()
        book = self.market.book
        if len(book.events):
            n = int(book.counts[N_EVENTS])
            rows = book.events[n : n + len(ids)]
            rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = self.market.day, ids, Event.GROUP, values
            book.counts[N_EVENTS] = n + len(ids)

    # Size -------------------------------------------------------------------------------

    def _members(self, live: Listed) -> list[Listed]:
        """Members of each group, in the order of `live`; sorted once for all groups."""
        groups = self.market.users["group"][live]
        live, groups = live[groups >= 0], groups[groups >= 0]
        order = np.argsort(groups, kind="stable")
        bounds = np.searchsorted(groups[order], np.arange(1, len(self.market.book.groups)))
        return np.split(live[order], bounds)

    def _split(self, live: Listed) -> None:
        """Groups that have grown too large fall in two halves of neighbours, with the same memory."""
        groups, kinds = self.market.book.groups, self.market.terms.kinds
        used = np.flatnonzero(groups["kind"] >= 0)
        large = used[groups["members"][used] > kinds["split_above"][groups["kind"][used]]].tolist()
        people = self._members(live) if large else []
        for a in large:
            members = people[a][self._by_circle(people[a])]
            new = self._found(int(groups["kind"][a]))
            groups = self.market.book.groups  # the table may have grown
            kept = groups[new].copy()
            groups[new] = groups[a]
            for field in ("name", "founded"):
                groups[field][new] = kept[field]
            groups["members"][new] = 0
            moving = members[(len(members) + 1) // 2 :]
            roles = self.market.book.roles[moving].copy()
            self._enter(moving, np.full(len(moving), new))
            self.market.book.roles[moving] = roles

    def _merge(self, live: Listed) -> None:
        """Silent groups of a kind are put together by twos, as far as they fit; the first takes in the second."""
        groups, kinds = self.market.book.groups, self.market.terms.kinds
        people: list[Listed] = []
        for k in range(len(kinds)):
            silent = [
                a
                for a in range(len(groups))
                if groups["kind"][a] == k
                and groups["activity"][a] < kinds["merge_below"][k]
                and groups["founded"][a] <= self.market.day - YOUNG
            ]
            while len(silent) > 1:
                first = silent.pop(0)
                one = int(groups["members"][first])
                fits = [b for b in silent if one + groups["members"][b] <= kinds["split_above"][k]]
                if not fits:
                    continue
                second = fits[0]
                silent.remove(second)
                other = int(groups["members"][second])
                for field in ("activity", "ties"):
                    own, theirs = float(groups[field][first]), float(groups[field][second])
                    groups[field][first] = (own * one + theirs * other) / (one + other)
                for field in ("messages", "stories", "opinions", "grumbles", "promos"):
                    groups[field][first] += groups[field][second]
                people = people or self._members(live)
                moving = people[second]
                roles = self.market.book.roles[moving].copy()
                self._enter(moving, np.full(len(moving), first))
                self.market.book.roles[moving] = roles
        self._retire()

    # Seats ------------------------------------------------------------------------------

    def _seat(self, live: Listed | None) -> None:
        """Stand-ins fill empty seats at once; on Mondays those who write most are trained for what is still free.

        Args:
            live: on Mondays, all members.
        """
        market = self.market
        book, users, kinds = market.book, market.users, market.terms.kinds
        if not len(kinds):
            return
        kind_of = book.groups["kind"]
        holders = with_role(users, book.roles)
        if live is None:
            seated = stand_ins_wait(users, book.groups, book.roles, kinds, holders)
        else:
            seated = (kind_of >= 0) & (kinds["seats"] + kinds["reserve"] > 0)[kind_of]
        if not seated.any():
            return
        holders = holders[seated[users["group"][holders]]]
        group = users["group"][holders]
        draws = seat_draws(market.world, holders, market.day)
        order = np.lexsort((holders, draws, -users["posts"][holders].astype(np.int64), group))
        holders, group = holders[order], group[order]
        line = np.zeros((len(kind_of), 0), np.int64) if live is None else self._in_line(live, seated)
        fill_seats(book.roles, holders, group, line, kinds, kind_of)

    def _in_line(self, live: Listed, seated: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(groups, places) who comes first for a seat among those who have none; -1: nobody."""
        market, kinds = self.market, self.market.terms.kinds
        places = np.where(seated, (kinds["seats"] + kinds["reserve"])[market.book.groups["kind"]], 0)
        return first_for_seats(
            market.users, market.world, live, market.day, market.book.groups, market.book.roles, kinds,
            market.terms.conditions, places,
        )  # fmt: skip
