"""Who is told how long work goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simlab.scenario.schema import Scenario

GETTING_READY = "Getting the rules ready (they are compiled once per machine, for a minute or two) ..."


class Watcher(Protocol):
    """Somebody who watches, such as a progress bar. May be called from any thread."""

    def says(self, text: str) -> None:
        """One line for the reader."""

    def doing(self, text: str) -> None:
        """What is being done now, in a few words."""

    def begins(self, total_days: int) -> None:
        """Simulated days ahead."""

    def days(self, count: int) -> None:
        """Simulated days done."""

    def ends(self) -> None:
        """All done."""


class Nobody:
    """Nobody watches."""

    def says(self, text: str) -> None:
        """Nothing."""

    def doing(self, text: str) -> None:
        """Nothing."""

    def begins(self, total_days: int) -> None:
        """Nothing."""

    def days(self, count: int) -> None:
        """Nothing."""

    def ends(self) -> None:
        """Nothing."""


def begin(watcher: Watcher, name: str, scenario: Scenario) -> None:
    """The first line: what is about to be done. The files are read by now, and nothing heavy imported yet."""
    pop, warmup = scenario.population, scenario.warmup.days
    if pop.base is None:
        who = f"{pop.members + pop.prospects:,} people"
    else:
        who = f"the customers of {Path(pop.base).name} and {pop.prospects:,} people around them"
    before = f", after {warmup} of warm-up" if warmup else ""
    watcher.says(f"{name}: {who} over {scenario.horizon} days{before}.")


def get_ready(watcher: Watcher) -> None:
    """Tell of the minute that the first run on a machine takes, where it is still to come."""
    from simlab.world.compiled import cache_folder

    every_day = ("engine.run_members", "engine.run_evening")
    if not all(any(cache_folder().glob(f"{name}-*.nbi")) for name in every_day):
        watcher.says(GETTING_READY)
