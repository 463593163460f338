"""What the twin writes down: the ledger, the cohorts, the flows and the events, as plain dictionaries."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from simlab.world.metrics import M

DAYS_PER_MONTH = 30
COHORT_COLUMNS = ("size", "active", "buyers", "orders", "net_fen")


class Diary:
    """Everything that is counted in one run; numbers are Python integers and cannot overflow.

    Attributes:
        day: today; day 1 is the first day of the strategy, earlier days are warm-up.
        ledger: (day, stage, source, segment, metric) -> amount.
        cohorts: (month of joining, months since, column) -> amount; month 0 are those here before day 1.
        flows: (month, from stage, to stage) -> people.
        events: (day, user, code, value), in the order in which they were noted.
    """

    def __init__(self) -> None:
        self.day = 0
        self.ledger: Counter[tuple[int, int, int, int, int]] = Counter()
        self.cohorts: Counter[tuple[int, int, str]] = Counter()
        self.flows: Counter[tuple[int, int, int]] = Counter()
        self.events: list[tuple[int, int, int, int]] = []

    def note(self, user: int, code: int, value: int) -> None:
        """One event of today."""
        self.events.append((self.day, user, code, int(value)))

    def count(self, user: np.void, metric: M, amount: int = 1) -> None:
        """Add to today's ledger in the cell of a user's stage, source and segment."""
        self.count_at(int(user["stage"]), int(user["source"]), int(user["segment"]), metric, amount)

    def count_at(self, stage: int, source: int, segment: int, metric: M, amount: int) -> None:
        """Add to today's ledger in a given cell."""
        self.ledger[self.day, stage, source, segment, int(metric)] += int(amount)

    def count_flow(self, old: int, new: int) -> None:
        """Somebody changes stage; the warm-up is not counted."""
        if self.day >= 1:
            self.flows[(self.day - 1) // DAYS_PER_MONTH, old, new] += 1

    def count_cohort(self, user: np.void, column: str, amount: int) -> None:
        """Add to the cohort of a user, at the present age; the warm-up is not counted."""
        if self.day >= 1:
            self.cohorts[self.cohort(user), self.age(user), column] += int(amount)

    def count_once(self, user: np.void, mark: str, column: str) -> None:
        """Count a user once per month of age: the record's `mark` remembers the last month counted."""
        if self.day >= 1 and user[mark] != self.age(user):
            user[mark] = self.age(user)
            self.count_cohort(user, column, 1)

    def cohort(self, user: np.void) -> int:
        """0 for those who joined before day 1, otherwise the month of joining, from 1."""
        joined = int(user["joined"])
        return 0 if joined < 1 else 1 + (joined - 1) // DAYS_PER_MONTH

    def age(self, user: np.void) -> int:
        """Whole months since the day after joining, or since day 1 for those who were here before."""
        first_full_day = max(1, int(user["joined"]) + 1)
        return max(0, self.day - first_full_day) // DAYS_PER_MONTH

    def event_table(self) -> NDArray[np.int64]:
        """(E, 4) day, user, code, value, sorted."""
        return np.array(sorted(self.events), np.int64).reshape(-1, 4)
