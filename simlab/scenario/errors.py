"""The one error that a wrong file can cause: what is wrong, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input file.

    Attributes:
        file: the file as the user named it.
        line: 1-based line, or None where the file as a whole is meant.
        where: the dotted path inside the file (``levers.push.active.per_week``), or "".
        value: what was found, shortened and made printable.
        message: what is wrong.
        cure: what to write instead.
    """

    file: str
    message: str
    cure: str
    line: int | None = None
    where: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        parts = [place, self.where] if self.where else [place]
        found = f" (found: {self.value})" if self.value else ""
        return f"{': '.join(parts)}: {self.message}{found}. {self.cure}"


class InputError(Exception):
    """A file or an option that cannot be used. The command line prints it and exits with code 2."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems
