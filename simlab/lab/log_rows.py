"""From a file to rows of text: size, encoding, quoting, columns. What the cells mean is not known here."""

from __future__ import annotations

import csv
import difflib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simlab.scenario.errors import InputError, Problem

MAX_BYTES = 2 * 1024**3
MAX_CELL = 200  # characters; a longer cell is a quote that was never closed


@dataclass(frozen=True)
class Rows:
    """Three columns of text; all lists have one entry per row.

    Attributes:
        file: the file as the user named it.
        customer, date, amount: the cells, stripped.
        line: 1-based line in a CSV, row number in a Parquet file.
        blank: empty lines that were skipped.
        encoding: how a CSV was decoded, or "parquet".
    """

    file: str
    customer: list[str]
    date: list[str]
    amount: list[str]
    line: list[int]
    blank: int
    encoding: str


def printable(value: object, limit: int = 60) -> str:
    """A found value, safe to show: control characters escaped, shortened."""
    text = str(value)
    text = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return text if len(text) <= limit else text[: limit - 3] + "..."


def read_rows(path: Path, columns: Sequence[str], *, separator: str, max_bytes: int = MAX_BYTES) -> Rows:
    """Read the three ``columns`` (customer, date, amount, as the file names them) of a CSV or Parquet file.

    A CSV is decoded as UTF-8, else UTF-8 with a byte order mark, else GB18030, in this order and as a
    whole; lines of both kinds in one file are an error.

    Raises:
        InputError: the file is missing, too large, empty, binary, badly quoted, or lacks a column.
    """
    name = str(path)
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise InputError(
            Problem(name, f"the file cannot be opened: {error.strerror}", "Check the path.")
        ) from None
    if path.is_dir():
        raise InputError(Problem(name, "this is a folder, not a file", "Name the log file itself."))
    if size > max_bytes:
        raise InputError(
            Problem(
                name,
                f"the file is {size / 1024**3:.1f} GB, and logs up to {max_bytes / 1024**3:.1f} GB are read",
                "Keep the columns customer, date and amount only, write Parquet, or take a random share of "
                "the customers (all orders of each).",
            )
        )
    if size == 0:
        raise InputError(Problem(name, "the file is empty", "It needs a header line and one line per order."))
    if len(set(columns)) < 3:
        raise InputError(
            Problem(name, "customer, date and amount must be three different columns", "Map each to its own.")
        )
    with open(path, "rb") as handle:
        parquet = handle.read(4) == b"PAR1"
    if parquet or path.suffix.lower() == ".parquet":
        return _parquet(path, columns, max_bytes)
    text, encoding = _decode(name, path.read_bytes())
    return _csv(name, text, encoding, columns, separator)


def _decode(name: str, data: bytes) -> tuple[str, str]:
    nul = data.find(b"\0")
    if nul >= 0:
        raise InputError(
            Problem(
                name,
                "a NUL byte: this is a binary file or UTF-16 text",
                "Save it as CSV in UTF-8.",
                line=data.count(b"\n", 0, nul) + 1,
            )
        )
    if data.startswith(b"\xef\xbb\xbf"):
        data, kind = data[3:], "utf-8-sig"
    else:
        kind = "utf-8"
    try:
        return data.decode("utf-8"), kind
    except UnicodeDecodeError as error:
        bad = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        line = max(bad, data.count(b"\n", 0, error.start) + 1)
        raise InputError(
            Problem(
                name,
                "not text in UTF-8 or GB18030, or the two are mixed",
                "Save the file in one encoding, UTF-8.",
                line=line,
                value=printable(data.split(b"\n")[line - 1]),
            )
        ) from None
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if not raw.isascii() and _surely_utf8(raw):
            raise InputError(
                Problem(
                    name,
                    f"mixed encodings: this line is UTF-8, and line {bad} is not",
                    "Save the file in one encoding, UTF-8.",
                    line=number,
                    value=printable(raw.decode("utf-8")),
                )
            )
    return text, "gb18030"


def _surely_utf8(raw: bytes) -> bool:
    """Whether a line is UTF-8 beyond chance: two-byte letters alone are also common GB18030 pairs."""
    try:
        return any(ord(character) >= 0x800 for character in raw.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _find_columns(name: str, header: Sequence[str], columns: Sequence[str], separator: str) -> list[int]:
    lowered = [cell.lower() for cell in header]
    problems = []
    for column, role in zip(columns, ("customer", "date", "amount"), strict=True):
        if header.count(column) > 1:
            problems.append(
                Problem(name, f"two columns are called {column}", "Rename one of them.", 1, value=column)
            )
        elif column not in header:
            near = difflib.get_close_matches(column.lower(), lowered, n=1, cutoff=0.6)
            guess = f"Did you mean --{role} {header[lowered.index(near[0])]}? " if near else ""
            other = next((s for s in ",;\t|" if s != separator and len(header) == 1 and s in header[0]), None)
            if other:
                guess = f"The header is split by {other!r}: say --separator {other!r}. "
            shown = ", ".join(printable(cell, 20) for cell in header[:12])
            problems.append(
                Problem(name, f"no column {column}", f"{guess}The columns are: {shown}.", 1, role, column)
            )
    if problems:
        raise InputError(*problems)
    return [header.index(column) for column in columns]


def _csv(name: str, text: str, encoding: str, columns: Sequence[str], separator: str) -> Rows:
    # newline="" leaves line ends inside quotes to the reader; strict turns stray quotes into errors.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = Rows(name, [], [], [], [], 0, encoding)
    blank, begin, width = 0, 1, 0
    where: list[int] | None = None
    try:
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                blank += 1
                continue
            if where is None:
                header = [cell.strip() for cell in cells]
                where, width = _find_columns(name, header, columns, separator), len(header)
                continue
            if len(cells) != width:
                raise InputError(
                    Problem(
                        name,
                        f"{len(cells)} cells where the header has {width}",
                        "Quote cells that contain the separator, and close every quote.",
                        line,
                        value=printable(separator.join(cells)),
                    )
                )
            picked = [cells[i].strip() for i in where]
            if max(map(len, picked)) > MAX_CELL:
                raise InputError(
                    Problem(
                        name,
                        f"a cell of more than {MAX_CELL} characters",
                        "A quote was probably opened here and never closed.",
                        line,
                        value=printable(max(picked, key=len)),
                    )
                )
            for target, cell in zip((rows.customer, rows.date, rows.amount), picked, strict=True):
                target.append(cell)
            rows.line.append(line)
    except csv.Error as error:
        raise InputError(
            Problem(
                name,
                f"the quoting is broken from here on ({error})",
                "Close the quote, and double quotes inside quotes.",
                begin,
                value=printable(text.splitlines()[begin - 1] if begin <= len(text.splitlines()) else ""),
            )
        ) from None
    if where is None:
        raise InputError(
            Problem(name, "the file has blank lines only", "It needs a header and one line per order.")
        )
    return Rows(name, rows.customer, rows.date, rows.amount, rows.line, blank, encoding)


def _parquet(path: Path, columns: Sequence[str], max_bytes: int) -> Rows:
    import pyarrow as pa  # slow to import, and most logs are CSV
    import pyarrow.parquet as pq

    name = str(path)
    try:
        file = pq.ParquetFile(path)
        unpacked = sum(
            file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
        )
        header = file.schema_arrow.names
        _find_columns(name, header, columns, "")
        if unpacked > max_bytes:
            raise InputError(
                Problem(
                    name,
                    f"the file unpacks to {unpacked / 1024**3:.1f} GB, and up to "
                    f"{max_bytes / 1024**3:.1f} GB are read",
                    "Keep the columns customer, date and amount only, or take a share of the customers.",
                )
            )
        table = file.read(columns=list(columns))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            Problem(name, "not a readable Parquet file", "Write it again.", value=printable(error))
        ) from None
    # Text again, so that one set of checks serves both kinds of file; a null becomes an empty cell.
    who, when, what = (
        ["" if v is None else str(v).strip() for v in table.column(c).to_pylist()] for c in columns
    )
    return Rows(name, who, when, what, list(range(1, table.num_rows + 1)), 0, "parquet")
