"""The current base on disk: today's customers with their posteriors, one row each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from simlab.scenario.errors import InputError, Problem
from simlab.world.people import BASE_COLUMNS, Base

MAX_BYTES = 2 * 2**30
POSITIVE = ("need_shape", "need_rate", "lifetime_shape", "lifetime_rate", "basket_shape", "basket_rate")
SHARES = ("p_alive", "p_core")


def read_base(path: str | Path) -> Base:
    """Read a current base as `simlab fit --start-from-log` writes it (CSV or Parquet).

    Raises:
        InputError: no such file, too large, missing columns, or values outside their range.
    """
    path = Path(path)

    def refuse(message: str, cure: str, value: str = "", line: int | None = None) -> InputError:
        return InputError(Problem(file=str(path), message=message, cure=cure, value=value, line=line,
                                  where="population.base"))  # fmt: skip

    again = "Make it anew with `simlab fit LOG --start-from-log`"
    if not path.is_file():
        raise refuse("no such file", again)
    if path.stat().st_size > MAX_BYTES:
        raise refuse("larger than 2 GB", again)
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise refuse("cannot be read as a table", again, str(error)[:80]) from None
    missing = [column for column in BASE_COLUMNS if column not in frame.columns]
    if missing:
        raise refuse("a column is missing", again, missing[0])
    if frame.empty:
        raise refuse("no customers in it", again)
    try:
        rows = frame[list(BASE_COLUMNS)].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise refuse("a column holds something that is not a number", again) from None
    for k, column in enumerate(BASE_COLUMNS):
        values = rows[:, k]
        wrong = ~np.isfinite(values) | (values < 0)
        wrong |= (values <= 0) if column in POSITIVE else (values > 1) if column in SHARES else False
        if column == "tenure":
            wrong |= values > 3650
        if wrong.any():
            at = int(np.argmax(wrong))
            raise refuse(f"column {column} is out of range", again, f"{values[at]:g}", at + 2)
    return Base(rows)
