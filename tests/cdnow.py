"""The CDNOW logs for tests: found beside the ``lifetimes`` package without importing it.

The package is a test dependency for its data files alone. Importing it would pull in its own
dependencies and its own idea of how to merge days; the two text files are all that is needed.
"""

from __future__ import annotations

import csv
import importlib.util
from datetime import date
from pathlib import Path

FIRST_DAY = date(1997, 1, 1)
CALIBRATION_END = date(1997, 9, 30)  # day 272; the holdout is days 273 to 545
HOLDOUT_END = date(1998, 6, 30)
REASON = "CDNOW data not found: pip install --no-deps lifetimes==0.11.3"


def cdnow_path(which: str) -> Path | None:
    """The fixed-width text file, ``which`` being "sample" or "master"; None when it is not installed."""
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / "datasets" / f"CDNOW_{which}.txt"
    return path if path.exists() else None


def write_csv(which: str, target: Path) -> int:
    """Convert a CDNOW text file to a CSV with columns customer, date, amount; return the rows written.

    The master has a header line and four columns; the sample has no header and five (its first two
    are the customer's number in the master and in the sample).
    """
    source = cdnow_path(which)
    if source is None:
        raise FileNotFoundError(REASON)
    lines = source.read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    if which == "master":
        rows = rows[1:]
    with target.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["customer", "date", "amount"])
        writer.writerows((row[0], row[-3], row[-1]) for row in rows)
    return len(rows)
