"""The one error that a wrong file can cause: what is wrong, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields

from simlab.scenario.names import printable

SHOWN = 10
"""At most so many problems are printed at once; more only bury the first."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input file. All texts are made safe to print on a terminal.

    Attributes:
        file: the file as the user named it, or the option (``--set horizon=0``).
        line: 1-based line, or None where the file as a whole is meant.
        where: the dotted path inside the file (``levers.push.active.per_week``), or "".
        value: what was found, shortened.
        message: what is wrong.
        cure: what to write instead.
    """

    file: str
    message: str
    cure: str
    line: int | None = None
    where: str = ""
    value: str = ""

    def __post_init__(self) -> None:
        limits = {"file": 300, "where": 200, "value": 80, "message": 600, "cure": 600}
        for field in fields(self):
            if field.name in limits:
                object.__setattr__(self, field.name, printable(getattr(self, field.name), limits[field.name]))

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        parts = [place, self.where] if self.where else [place]
        found = f" (found: {self.value})" if self.value else ""
        return f"{': '.join(parts)}: {self.message}{found}. {self.cure}"


class InputError(Exception):
    """A file or an option that cannot be used. The command line prints it and exits with code 2."""

    def __init__(self, *problems: Problem) -> None:
        lines = [str(problem) for problem in problems[:SHOWN]]
        if len(problems) > SHOWN:
            lines.append(f"... and {len(problems) - SHOWN} more; mend these first.")
        super().__init__("\n".join(lines))
        self.problems = problems


class Fault(ValueError):
    """What a check of the schema raises; the loader adds file and line and makes it a `Problem`.

    Attributes:
        message: what is wrong, without a full stop.
        cure: what to write instead, as a sentence.
        at: path from the checked part to the culprit, e.g. ``("push", "active", "per_week")``.
    """

    def __init__(self, message: str, cure: str, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{message}. {cure}")
        self.message, self.cure, self.at = message, cure, at


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ "Did you mean 'active'?", or "" if nothing known is near."""
    spelled = {str(k).lower().replace("-", "_"): str(k) for k in known}
    wanted = name[:200].lower().replace("-", "_").replace(" ", "_")
    near = difflib.get_close_matches(wanted, spelled, n=1, cutoff=0.6)
    return f"Did you mean '{spelled[near[0]]}'?" if near else ""


def unknown(kind: str, name: str, known: Iterable[str], at: tuple[str | int, ...] = ()) -> Fault:
    """The fault of a name that does not exist, with the nearest one that does."""
    names = [str(k) for k in known]
    listed = f"Known: {', '.join(names[:40])}." if names else f"There is no {kind} in this scenario yet."
    return Fault(
        f"unknown {kind} '{printable(name, 60)}'", f"{did_you_mean(name, names)} {listed}".strip(), at
    )
