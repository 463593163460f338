"""Files of links, CSV and Parquet: checked before they are believed, read as two columns of names.

Whoever exported the file gets told what is wrong, in which line, and how to mend it;
nothing is guessed and nothing is silently left out.
"""

from __future__ import annotations

import codecs
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

Coded = tuple[NDArray[np.int64], list[str]]

MAX_BYTES = {".csv": 2_000_000_000, ".parquet": 2_000_000_000, ".graphml": 200_000_000}
"""Refused above, by size, before reading: reading takes several times as much memory."""
_MAX_ROWS = 300_000_000  # Parquet compresses: 2 GB on disk may be anything
_BLOCK = 1 << 24
_HEADER = re.compile(
    r"(?i)source|target|src|dst|from|to|user|friend|(user|friend|node|id)_?(id|[abuv12])|inviter|invitee"
)
_BAD_NODE = (
    (r"(?i)|nan|null|none|n/a|#n/a|<na>", "a link with a missing node", "Fill in both nodes"),
    (r"-[0-9]+", "a negative node number", "Number the nodes from 0 up, or name them"),
    (
        r"[-+]?[0-9]*\.[0-9]*(e[-+]?[0-9]+)?|[0-9]+e[-+]?[0-9]+",
        "a node number that is not whole",
        "Write whole numbers (a spreadsheet or pandas adds '.0' when a cell is empty)",
    ),
)


def refused(
    file: str | Path, message: str, cure: str, value: object = "", line: int | None = None, where: str = ""
) -> InputError:
    """The error to raise: the value is shortened and made printable."""
    text = str(value)
    if text:
        text = repr(value if isinstance(value, bytes) else text)
    text = text if len(text) <= 60 else text[:57] + "..."
    return InputError(Problem(str(file), message, f"{cure}.", line=line, where=where, value=text))


def readable(path: Path) -> str:
    """The suffix of a file that may be read.

    Raises:
        InputError: no such file, not a file, a suffix we do not read, empty, or too large.
    """
    suffix = path.suffix.lower()
    if suffix not in MAX_BYTES:
        cure = f"Save the links as one of {', '.join(MAX_BYTES)}"
        raise refused(path, "is not a kind of file that links are read from", cure, suffix or path.name)
    try:
        if not path.exists():
            raise refused(path, "no such file", "Check the path")
        if not path.is_file():
            raise refused(path, "is not a file", "Give the path of one file of links")
        size = path.stat().st_size
        path.open("rb").close()
    except (OSError, ValueError) as error:  # e.g. a name that is too long, or holds a NUL
        raise refused(path, "cannot be opened", "Check the path and the permissions", error) from error
    if size == 0:
        raise refused(path, "is empty", "Write one link a line: two nodes")
    if size > MAX_BYTES[suffix]:
        cure = "Take a sample, or number the people and save as Parquet"
        most = f"is larger than {MAX_BYTES[suffix] / 1e9:g} GB"
        raise refused(path, most, cure, f"{size / 1e9:.1f} GB")
    return suffix


def csv_links(path: Path) -> Coded:
    """The ends of a CSV file's links (int64[2 * links], places in the list) and the list of names.

    Raises:
        InputError: see `simlab.world.doors.read_edges`.
    """
    import pandas as pd

    _check_text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # columns beyond the third are lost
            frame = pd.read_csv(
                path,
                header=None,
                names=[0, 1, 2],  # a third, to notice lines that are too long
                index_col=False,
                dtype=str,
                na_filter=False,
                skip_blank_lines=False,
                encoding="utf-8-sig",
                skipinitialspace=True,
            )
    except pd.errors.ParserWarning as error:
        raise _columns(path, "more than three columns", None) from error
    except pd.errors.EmptyDataError:
        raise _no_links(path) from None
    except pd.errors.ParserError as error:
        found = re.search(r"in line (\d+), saw (\d+)", str(error))
        if found:
            raise _columns(path, f"{found[2]} columns", int(found[1])) from error
        raise refused(path, "is not readable as CSV", "Look for an open quotation mark", error) from error
    frame = frame.apply(lambda column: column.str.strip())
    used = (frame != "").any(axis=1)
    frame = frame[used]
    if frame.empty:
        raise _no_links(path)
    first = frame.iloc[0]
    if not (frame[1] != "").any():
        other = next((sign for sign in (";", "\t", "|", " ") if sign in first[0]), None)
        if other is not None:
            cure = "Separate the two columns by a comma"
            raise refused(path, f"columns separated by {other!r}", cure, first[0], int(first.name) + 1)
        raise _columns(path, "one column", int(first.name) + 1, first[0])
    wide = frame.index[frame[2] != ""]
    if wide.size:
        raise _columns(path, "three columns", int(wide[0]) + 1, ",".join(frame.loc[wide[0]]))
    if _is_header(frame):
        frame = frame.iloc[1:]
    if frame.empty:
        raise _no_links(path)
    return _coded(path, frame[0], frame[1], "line")


def parquet_links(path: Path) -> Coded:
    """The ends of a Parquet file's links (int64[2 * links], places in the list) and the list of names.

    Raises:
        InputError: see `simlab.world.doors.read_edges`. Rows are counted from 1.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > _MAX_ROWS:
                raise refused(path, f"has more than {_MAX_ROWS:,} rows", "Take a sample")
            table = file.read()
        table.validate(full=True)  # text that is not UTF-8, for one
    except (pa.ArrowException, OSError) as error:
        raise refused(path, "is not readable as Parquet", "Export it again as Parquet", error) from error
    table = table.select([i for i, name in enumerate(table.column_names) if name != "__index_level_0__"])
    if table.num_columns != 2:
        found = "one column" if table.num_columns == 1 else f"{table.num_columns} columns"
        raise _columns(path, found, None, ", ".join(table.column_names))
    if table.num_rows == 0:
        raise _no_links(path)
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_floating(kind):
            _check_float(path, name, column.to_numpy())
            kind = pa.int64()
        elif not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            cure = "Use whole numbers or text"
            raise refused(path, "a column that cannot name nodes", cure, kind, where=str(name))
        columns.append(column.cast(kind).cast(pa.string()).to_pandas().fillna(""))
    return _coded(path, columns[0], columns[1], "row")


def _check_text(path: Path) -> None:
    """Refuse a file that is binary or not UTF-8, naming the line."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    cure = "Save it as CSV in UTF-8 (in a spreadsheet: 'CSV UTF-8')"
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if 0 in block:
                line += block[: block.index(0)].count(b"\n")
                raise refused(path, "is not text (binary or UTF-16)", cure, block[:16], line)
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                wrong = error.object[error.start : error.start + 8]
                raise refused(path, "is not UTF-8 (GBK, perhaps)", cure, wrong, line) from error
            line += block.count(b"\n")
    if decoder.getstate()[0]:
        raise refused(path, "ends in the middle of a character", cure, decoder.getstate()[0], line)


def _is_header(frame: pd.DataFrame) -> bool:
    first = [str(frame.iloc[0, i]) for i in (0, 1)]
    if all(map(_HEADER.fullmatch, first)):
        return True
    if any(re.fullmatch("[0-9]+", cell) for cell in first):
        return False
    rest = frame.iloc[1:]
    return len(rest) > 0 and all(rest[i].str.fullmatch("[0-9]+").all() for i in (0, 1))


def _coded(path: Path, source: pd.Series, target: pd.Series, unit: str) -> Coded:
    """Both columns as places in a list of names; raises at the first link with a bad name."""
    import pandas as pd

    codes, names = pd.factorize(pd.concat([source, target], ignore_index=True))
    names = [str(name) for name in names]
    codes = codes.reshape(2, -1)
    for pattern, message, cure in _BAD_NODE:
        test = re.compile(pattern)
        bad = np.array([test.fullmatch(name) is not None for name in names])
        if bad.any():
            at = int(np.argmax(bad[codes].any(axis=0)))
            pair = ",".join(names[code] for code in codes[:, at])
            number = int(source.index[at]) + 1
            if unit == "line":
                raise refused(path, message, cure, pair, number)
            raise refused(path, message, cure, pair, where=f"{unit} {number}")
    return codes.T.ravel(), names


def _check_float(path: Path, name: str, values: NDArray[np.floating]) -> None:
    """Whole numbers stored as floats pass; anything else is named by its row."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~(np.floor(values) == values) | (np.abs(values) > 2.0**53))
    if bad.size:
        where = f"column {name}, row {bad[0] + 1}"
        missing = bool(np.isnan(values[bad[0]]))
        message = "a link with a missing node" if missing else "a node number that is not whole"
        raise refused(path, message, "Fill in whole numbers", values[bad[0]], where=where)


def _columns(path: Path, found: str, line: int | None, value: str = "") -> InputError:
    cure = "Keep two: the two nodes of a link"
    return refused(path, f"{found} where two are wanted", cure, value, line)


def _no_links(path: Path) -> InputError:
    return refused(path, "has no links", "Write one link a line: two nodes")
