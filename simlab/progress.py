"""The bar of a long job, on standard error."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """Says lines and draws a bar of simulated days."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
                   TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())  # fmt: skip
        self.console = console
        self.bar = Progress(*columns, console=console, transient=True)
        self.task: TaskID | None = None
        self.lock = threading.Lock()
        self.waiting = 0

    def says(self, text: str) -> None:
        """One line for the reader."""
        self.console.print(text, markup=False)

    def doing(self, text: str) -> None:
        """What the bar is about now."""
        if self.task is not None:
            self.bar.update(self.task, description=text)

    def begins(self, total_days: int) -> None:
        """Show the bar."""
        self.task = self.bar.add_task("Simulating", total=total_days)
        self.bar.start()

    def days(self, count: int) -> None:
        """Move the bar, not more often than the eye can see."""
        with self.lock:
            self.waiting += count
            if self.waiting >= 200 and self.task is not None:
                self.bar.advance(self.task, self.waiting)
                self.waiting = 0

    def ends(self) -> None:
        """Remove the bar."""
        self.bar.stop()
