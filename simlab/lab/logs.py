"""Transaction logs: who ordered when for how much, checked line by line, merged to one order a day."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simlab.lab.log_rows import MAX_BYTES, Rows, printable, read_rows
from simlab.scenario.errors import InputError, Problem

Date = date  # ``read_log`` has an argument called ``date``, the column's name

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?)?")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
EARLIEST = date(1970, 1, 1)
MAX_AMOUNT = 1e9
SHOWN = 10  # problems reported at once
DUPLICATE_SHARE = 0.05


@dataclass(frozen=True)
class Log:
    """A checked log: one row per customer and day with an order.

    Attributes:
        file: the file as the user named it.
        customers: ids by first order day, ties in the ids' own order, shape (customers,).
        first_day: calendar date of day 0, the earliest order in the file.
        customer: index into ``customers``, int64, shape (orders,), rising.
        day: day number of the order, int64, shape (orders,), rising within a customer.
        amount: sum of the customer's amounts on that day, in the file's currency, float64, (orders,).
        rows: rows in the file, without the header and blank lines.
        merged: rows that were added to another row of the same customer and day.
        dropped: rows left out, by reason.
        notes: what the user should know; empty when all is well.
        calibrate_until: last day of the calibration period as a day number, or None.
        encoding: how the file was decoded.
    """

    file: str
    customers: tuple[str, ...]
    first_day: date
    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    amount: NDArray[np.float64]
    rows: int
    merged: int
    dropped: Mapping[str, int]
    notes: tuple[str, ...] = ()
    calibrate_until: int | None = None
    encoding: str = "utf-8"

    @property
    def last_day(self) -> int:
        """Day number of the latest order."""
        return int(self.day.max())

    def day_number(self, when: date) -> int:
        """Days from ``first_day`` to a calendar date."""
        return (when - self.first_day).days

    def summary(self, until_day: int | None = None) -> pd.DataFrame:
        """One row per customer who arrived by ``until_day``, seen up to and including that day.

        ``until_day`` defaults to ``calibrate_until``, else to the latest order. Columns, in the words of
        the field: ``customer`` (id), ``arrival`` (day number), ``frequency`` (x, repeat order-days),
        ``recency`` (t_x, days from arrival to the last order, 0 if none), ``T`` (whole days observed
        since arrival), ``monetary_value`` (mean amount of the *repeat* order-days, NaN if none) and
        ``monetary_value_all`` (mean amount of all order-days).

        Raises:
            ValueError: ``until_day`` is before the first order.
        """
        if until_day is None:
            until_day = self.last_day if self.calibrate_until is None else self.calibrate_until
        if until_day < 0:
            raise ValueError(f"until_day is {until_day}, before the first order (day 0)")
        seen = self.day <= until_day
        who, day, amount = self.customer[seen], self.day[seen], self.amount[seen]
        starts = np.flatnonzero(np.diff(who, prepend=-1))
        ends = np.append(starts[1:], who.size) - 1
        arrival, last, x = day[starts], day[ends], ends - starts
        total = np.add.reduceat(amount, starts)
        with np.errstate(invalid="ignore"):
            repeat = np.where(x > 0, (total - amount[starts]) / x, np.nan)
        return pd.DataFrame(
            {
                "customer": np.array(self.customers, dtype=object)[who[starts]],
                "arrival": arrival,
                "frequency": x,
                "recency": last - arrival,
                "T": until_day - arrival,
                "monetary_value": repeat,
                "monetary_value_all": total / (x + 1),
            }
        )


def pseudonym(customer_id: str, salt: str | bytes) -> str:
    """A stable pseudonym of an id: keyed BLAKE2b, 12 hexadecimal digits. Ids themselves are never written.

    Raises:
        ValueError: the salt is empty or longer than 64 bytes; without one, ids could be guessed back.
    """
    key = salt.encode() if isinstance(salt, str) else salt
    if not 1 <= len(key) <= 64:
        raise ValueError("the salt needs 1 to 64 bytes")
    return hashlib.blake2b(customer_id.encode("utf-8", "surrogatepass"), digest_size=6, key=key).hexdigest()


def read_log(
    path: str | Path,
    *,
    customer: str = "customer",
    date: str = "date",
    amount: str = "amount",
    separator: str = ",",
    date_format: str | None = None,
    thousands: str = "",
    refunds: Literal["refuse", "drop"] = "refuse",
    duplicates: Literal["refuse", "keep", "drop"] = "refuse",
    calibrate_until: Date | None = None,
    today: Date | None = None,
    max_bytes: int = MAX_BYTES,
) -> Log:
    """Read a log of orders from a CSV or Parquet file.

    Args:
        path: the file.
        customer, date, amount: names of the columns.
        separator: between the cells of a CSV.
        date_format: as for ``datetime.strptime``. Without it YYYY-MM-DD (a time and an offset may follow;
            the day is the one written, no time zone is converted) and YYYYMMDD are understood; anything
            else is refused, because 03/04 is not guessed.
        thousands: separator inside amounts, such as ",", to be removed; none by default.
        refunds: what to do with negative amounts.
        duplicates: what to do when more than 5 % of the rows repeat another row in all three cells. Few
            repetitions are two equal orders on a day, and are summed; many are an export run twice.
        calibrate_until: last calendar day for fitting; kept in the log as a day number.
        today: orders after this date are refused; the system's date by default.
        max_bytes: larger files are refused before they are opened.

    Raises:
        InputError: anything wrong with the file, with line, value and cure; up to ten at once.
    """
    rows = read_rows(Path(path), (customer, date, amount), separator=separator, max_bytes=max_bytes)
    if not rows.line:
        raise _refuse(rows, "a header and no orders", "Add one line per order.")
    dropped = {"blank lines": rows.blank} if rows.blank else {}
    notes: list[str] = []
    days, amounts = _values(rows, date_format, thousands, today or datetime.now().date(), refunds)
    ids = np.array(rows.customer, dtype=object)

    keep = amounts >= 0
    if not keep.all():
        dropped["negative amounts"] = int((~keep).sum())
    twice = pd.DataFrame({"c": ids, "d": rows.date, "a": amounts}).duplicated().to_numpy() & keep
    if twice.mean() > DUPLICATE_SHARE and duplicates == "refuse":
        raise _refuse(
            rows,
            f"{twice.mean():.1%} of the rows repeat an earlier row in all three cells (up to "
            f"{DUPLICATE_SHARE:.0%} are taken as equal orders on one day)",
            "If the export ran twice, say --duplicates drop; if they are separate orders, --duplicates keep.",
            int(np.argmax(twice)),
        )
    if duplicates == "drop" and twice.any():
        keep &= ~twice
        dropped["repeated rows"] = int(twice.sum())
    elif twice.any():
        notes.append(f"{int(twice.sum())} rows repeat another row exactly; their amounts were added up")
    return _merge(rows, ids[keep], days[keep], amounts[keep], dropped, notes, calibrate_until)


def _merge(
    rows: Rows,
    ids: NDArray[np.object_],
    days: NDArray[np.int64],
    amounts: NDArray[np.float64],
    dropped: Mapping[str, int],
    notes: list[str],
    calibrate_until: date | None,
) -> Log:
    if not ids.size:
        raise _refuse(rows, "no order is left after dropping rows", "Check the amounts and the options.")
    merged = pd.DataFrame({"c": ids, "d": days, "a": amounts}).groupby(["c", "d"], as_index=False)["a"].sum()
    arrivals = merged.groupby("c")["d"].min().reset_index().sort_values(["d", "c"])
    if len(arrivals) == 1:
        raise _refuse(rows, "one customer only", "A population cannot be learnt from one customer.")
    first, last = int(merged["d"].min()), int(merged["d"].max())
    if first == last:
        raise _refuse(
            rows, "all orders are on one day", "A log needs weeks of orders; check the date column."
        )
    number = pd.Series(np.arange(len(arrivals)), index=arrivals["c"].to_numpy())
    merged["n"] = number.reindex(merged["c"]).to_numpy()
    merged = merged.sort_values(["n", "d"])
    start = EARLIEST + timedelta(days=first)
    until = None if calibrate_until is None else (calibrate_until - start).days
    if until is not None and not 0 < until <= last - first:
        raise _refuse(
            rows,
            f"calibration until {calibrate_until} lies outside the log, {start} to "
            f"{start + timedelta(days=last - first)}",
            "Give a date between the two.",
        )
    return Log(
        file=rows.file,
        customers=tuple(arrivals["c"]),
        first_day=start,
        customer=merged["n"].to_numpy(np.int64),
        day=merged["d"].to_numpy(np.int64) - first,
        amount=merged["a"].to_numpy(float),
        rows=len(rows.line),
        merged=int(ids.size - len(merged)),
        dropped=dropped,
        notes=tuple(notes),
        calibrate_until=until,
        encoding=rows.encoding,
    )


def _values(
    rows: Rows, date_format: str | None, thousands: str, today: date, refunds: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Days since 1970-01-01 and amounts, each of shape (rows,); all bad cells are collected first."""
    problems: list[Problem] = []
    days, amounts = np.zeros(len(rows.line), np.int64), np.zeros(len(rows.line))
    known: dict[str, int] = {}  # a log has few distinct dates: parse each once

    for i, (who, when, what) in enumerate(zip(rows.customer, rows.date, rows.amount, strict=True)):
        if not who:
            problems.append(_problem(rows, i, "customer", who, "no customer id", "Fill it in."))
        try:
            if when not in known:
                known[when] = _day(when, date_format, today)
            days[i] = known[when]
        except _BadCell as bad:
            problems.append(_problem(rows, i, "date", when, *bad.args))
        try:
            amounts[i] = _money(what, thousands, refunds)
        except _BadCell as bad:
            problems.append(_problem(rows, i, "amount", what, *bad.args))
        if len(problems) >= SHOWN:
            break
    if problems:
        raise InputError(*problems[:SHOWN])
    return days, amounts


class _BadCell(ValueError):
    """A cell that cannot be used; its arguments are the message and the cure."""


def _day(cell: str, date_format: str | None, today: date) -> int:
    """Days since 1970-01-01 of a date cell."""
    if date_format is not None:
        try:
            found = datetime.strptime(cell, date_format).date()
        except ValueError:
            raise _BadCell(
                f"not a date in the form {date_format}", "Mend it, or change --date-format."
            ) from None
    else:
        match = ISO.fullmatch(cell) or COMPACT.fullmatch(cell)
        if match is None:
            raise _BadCell(
                "not a date as YYYY-MM-DD or YYYYMMDD, and day and month are not guessed",
                "Write ISO dates, or say the form, such as --date-format %d/%m/%Y.",
            )
        try:
            found = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError as error:
            raise _BadCell(f"no such date: {error}", "Mend the date.") from None
    if found < EARLIEST:
        raise _BadCell("a date before 1970", "Mend it; an empty date often turns into 1900 or 0001.")
    if found > today:
        raise _BadCell(f"a date in the future (today is {today})", "Mend it, or take planned orders out.")
    return (found - EARLIEST).days


def _money(cell: str, thousands: str, refunds: str) -> float:
    """The amount in a cell."""
    text = cell.replace(thousands, "") if thousands else cell
    if NUMBER.fullmatch(text) is None:
        if text.lower().lstrip("+-") in ("nan", "inf", "infinity", ""):
            raise _BadCell("an amount that is missing or not finite", "Fill it in, or take the row out.")
        cure = "Write 1200.50: digits and a decimal point, nothing else."
        if re.fullmatch(r"[^\d]{0,4}\d{1,3}(,\d{3})+(\.\d+)?", text):
            cure = "Write 1200.50, or say --thousands ',' if the comma separates thousands."
        raise _BadCell("not a plain number (no currency signs, no thousands separators)", cure)
    amount = float(text)
    if abs(amount) > MAX_AMOUNT:
        raise _BadCell(f"an amount beyond {MAX_AMOUNT:.0e}", "Check the column and its unit.")
    if amount < 0 and refunds == "refuse":
        raise _BadCell(
            "a negative amount: a refund is not an order",
            "Take refunds out or net them against their order, or say --refunds drop.",
        )
    return amount


def _problem(rows: Rows, i: int, column: str, cell: str, message: str, cure: str) -> Problem:
    return Problem(rows.file, message, cure, rows.line[i], column, printable(cell))


def _refuse(rows: Rows, message: str, cure: str, i: int | None = None) -> InputError:
    return InputError(Problem(rows.file, message, cure, None if i is None else rows.line[i]))
