"""Who is told how long work goes."""

from __future__ import annotations

from typing import Protocol

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
