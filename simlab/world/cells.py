"""Test cells: several strategies in force in one world, each user under the one of the own cell.

Cells share the world, the stages and the sources. A touch or an offer that two cells have in the very same
words is one and the same, with one stock and one budget; where they differ in anything they are two, under
one name: draws are keyed by that name, so that a user decides alike under either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from simlab.scenario.changes import change_places
from simlab.scenario.contact import Senders
from simlab.scenario.errors import InputError, Problem
from simlab.scenario.schema import Scenario
from simlab.scenario.strategy import Touch

MOST_CELLS = 4
PROMOTIONAL = ("promo", "mixed")
BY_CELL = ("push", "touches", "rules", "caps", "offers", "referral", "programmes", "points", "levels")
"""The levers that can be pulled for one user and not for another; an advertising pool cannot."""
COUNT = "levers.senders.count"
FREE = ("name", "description", "seeds", "outcomes", "constraints", "targets", "uncertainties")
"""What is only read or asked of a world; it may differ, and nothing comes of it."""


@dataclass(frozen=True)
class Numbers:
    """Where the entries of one cell's strategy stand in the terms: number by name, and the rewards' purse."""

    touches: Mapping[str, int]
    offers: Mapping[str, int]
    purse: int
    repeated: Mapping[str, int]
    purses: Mapping[str, int]  # of the programmes beside the referral

    def copies(self, name: str) -> range:
        """Numbers of a touch: one for each sender that may plan it."""
        return range(self.touches[name], self.touches[name] + self.repeated[name])


def numbered(
    cells: Sequence[Scenario], before: Scenario | None = None
) -> tuple[list[str], list[str], tuple[Numbers, ...]]:
    """The union of the cells' touches (by priority, then name) and offers (by name), and each cell's numbers.

    A touch has room for the senders of today, for those that there were before, and for those of phases and alarms.
    """
    levers = [cell.levers for cell in cells]
    offers: list[tuple[Any, ...]] = _distinct(
        (name, own.offers[name]) for own in levers for name in own.offers
    )
    offers.sort(key=lambda entry: entry[0])
    numbers = [{name: offers.index((name, offer)) for name, offer in own.offers.items()} for own in levers]

    def entry(cell: int, name: str) -> tuple[Any, ...]:  # the same words may carry another cell's offer
        touch = levers[cell].touches[name]
        return name, touch, None if touch.offer is None else numbers[cell].get(touch.offer)

    touches = _distinct(entry(cell, name) for cell, own in enumerate(levers) for name in own.touches)
    touches.sort(key=lambda entry: (-entry[1].priority, entry[0]))
    own = levers[0].senders
    most = max([own.count, *(change.get(COUNT, 1) for _, change in change_places(cells[0]))])
    senders = [own.model_copy(update={"count": most}), (before or cells[0]).levers.senders]
    copies = [max(senders_of(touch, those) for those in senders) for _, touch, _ in touches]
    first = [sum(copies[:k]) for k in range(len(touches))]
    purses = _distinct(own.referral for own in levers)
    more = _distinct((name, spec) for own in levers for name, spec in own.programmes.items())
    found = tuple(
        Numbers({name: first[touches.index(entry(cell, name))] for name in own.touches}, numbers[cell],
                purses.index(own.referral), {name: copies[touches.index(entry(cell, name))] for name in own.touches},
                {name: len(purses) + more.index((name, spec)) for name, spec in own.programmes.items()})
        for cell, own in enumerate(levers)
    )  # fmt: skip
    labels = [name for (name, *_), count in zip(touches, copies, strict=True) for _ in range(count)]
    return labels, [name for name, *_ in offers], found


def offer_in(cell: Numbers, first: Numbers, number: int) -> int:
    """What one cell calls the offer that has this number in the first; the same where it has none of that name."""
    return next((cell.offers.get(name, number) for name, k in first.offers.items() if k == number), number)


def senders_of(touch: Touch, senders: Senders) -> int:
    """How many departments plan a touch, each for itself."""
    return senders.count if touch.kind in PROMOTIONAL and not senders.shared else 1


def _distinct(entries: Any) -> list[Any]:
    """Entries in the order in which they first come; by equality, since not all of them can be hashed."""
    found: list[Any] = []
    for entry in entries:
        if entry not in found:
            found.append(entry)
    return found


def check_cells(
    scenario: Scenario, cells: Sequence[Scenario], assignment: NDArray[np.uint8] | None, people: int
) -> None:
    """Refuse cells that are not different strategies in one and the same world.

    Args:
        scenario: the world, and the strategy of cell 0.
        cells: the strategies of cells 1, 2, ...
        assignment: (people,) cell of everybody, members and prospects.
        people: how many there are.

    Raises:
        InputError: something other than user-level levers differs, or the assignment does not fit.
    """
    if len(cells) >= MOST_CELLS:
        raise _refused("", f"{len(cells) + 1} test cells", "too many", f"Use at most {MOST_CELLS}.")
    for number, cell in enumerate(cells, start=1):
        for path in differences(scenario, cell):
            where = path.partition(".")[0]
            if where in FREE or path.startswith(tuple(f"levers.{lever}" for lever in BY_CELL)):
                continue
            listed = ", ".join(BY_CELL[:-1])
            cure = f"Test cells may differ in levers.{listed} and {BY_CELL[-1]} only."
            message = "a pool outside is not pulled user by user" if path.startswith("levers.sources") else (
                "test cells share one world")  # fmt: skip
            raise _refused(path, f"cell {number}", f"differs between test cells, but {message}", cure)
        for name in sorted(of_everybody(scenario)):
            if cell.levers.offers.get(name) != scenario.levers.offers.get(name):
                raise _refused(f"levers.offers.{name}", f"cell {number}",
                               "differs between test cells, but a group-buy or a plan gives it to everybody",
                               "Leave it as it is, or compare the strategies in worlds of their own.")  # fmt: skip
    if cells and (assignment is None or assignment.shape != (people,)):
        shape = "none" if assignment is None else str(assignment.shape)
        raise _refused(
            "", shape, "the assignment does not fit", f"Give one cell for each of {people} people."
        )
    if assignment is not None and assignment.size and int(assignment.max()) > len(cells):
        raise _refused("", f"cell {assignment.max()}", "the assignment names a cell that is not there",
                       f"Use cells 0 to {len(cells)}.")  # fmt: skip


def of_everybody(scenario: Scenario) -> set[str]:
    """Offers that no test cell has for itself: those of group-buys, with their deeper steps, and of plans."""
    levers = scenario.levers
    given = {offer for team in levers.teams.values() for offer in (team.offer, *team.steps.values())}
    return given | {plan.offer for plan in levers.plans.values() if plan.offer is not None}


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Dotted paths at which two scenarios (or parts of them) differ, as far down as both have blocks."""
    if one == other:
        return []
    if isinstance(one, BaseModel) and type(one) is type(other):
        below = {name: (getattr(one, name), getattr(other, name)) for name in type(one).model_fields}
    elif isinstance(one, dict) and isinstance(other, dict):
        below = {name: (one.get(name), other.get(name)) for name in sorted(one.keys() | other.keys())}
    else:
        return [path]
    return [
        found
        for name, (a, b) in below.items()
        for found in differences(a, b, f"{path}.{name}" if path else name)
    ]


def _refused(where: str, value: str, message: str, cure: str) -> InputError:
    return InputError(Problem("test cells", message, cure, where=where, value=value))
