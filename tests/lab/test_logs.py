"""Logs: what is read, how days are merged, and that every malformed file says where and how to mend it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simlab.lab.logs import pseudonym, read_log
from simlab.scenario.errors import InputError
from tests import cdnow

TODAY = date(2024, 6, 1)
HEAD = "customer,date,amount\n"
GOOD = HEAD + "b,2024-01-02,10\na,2024-01-01,5\na,2024-01-01,2.5\na,2024-01-09,8\nb,2024-01-03,0\n"


def write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_small_log(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, GOOD), today=TODAY)
    assert log.customers == ("a", "b")
    assert log.first_day == date(2024, 1, 1)
    assert log.day.tolist() == [0, 8, 1, 2]
    assert log.amount.tolist() == [7.5, 8, 10, 0]
    assert (log.rows, log.merged, dict(log.dropped), log.last_day) == (5, 1, {}, 8)
    rows = log.summary()
    assert rows["frequency"].tolist() == [1, 1]
    assert rows["recency"].tolist() == [8, 1]
    assert rows["T"].tolist() == [8, 7]
    assert rows["monetary_value"].tolist() == [8, 0]
    assert rows["monetary_value_all"].tolist() == [7.75, 5]
    early = log.summary(0)
    assert early["customer"].tolist() == ["a"]
    assert np.isnan(early["monetary_value"].iloc[0])
    with pytest.raises(ValueError, match="before the first order"):
        log.summary(-1)
    with pytest.raises(FrozenInstanceError):
        log.rows = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    "stamp", ["20240103", "2024-01-03T23:59:59", "2024-01-03 23:59", "2024-01-03T23:59:59.5+08:00"]
)
def test_date_forms(tmp_path: Path, stamp: str) -> None:
    log = read_log(write(tmp_path, HEAD + f"a,2024-01-01,1\nb,{stamp},1\n"), today=TODAY)
    assert log.day.tolist() == [0, 2]


def test_named_columns_separators_and_formats(tmp_path: Path) -> None:
    text = 'uid;when;x;paid\n7;03/04/2024;;"1,200.5"\n\n8;04/04/2024;;3\n8;05/04/2024;;-3\n'
    log = read_log(
        write(tmp_path, text),
        customer="uid",
        date="when",
        amount="paid",
        separator=";",
        date_format="%d/%m/%Y",
        thousands=",",
        refunds="drop",
        calibrate_until=date(2024, 4, 4),
        today=TODAY,
    )
    assert log.first_day == date(2024, 4, 3)
    assert log.amount.tolist() == [1200.5, 3]
    assert log.dropped == {"blank lines": 1, "negative amounts": 1}
    assert log.calibrate_until == 1
    assert log.summary()["T"].tolist() == [1, 0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "客户,date,amount\n张伟,2024-01-01,1\n联通,2024-01-05,1\n"
    log = read_log(write(tmp_path, text.encode(encoding)), customer="客户", today=TODAY)
    assert log.customers == ("张伟", "联通")
    assert log.encoding == encoding


def test_parquet_equals_csv(tmp_path: Path) -> None:
    csv = read_log(write(tmp_path, GOOD), today=TODAY)
    frame = pd.read_csv(tmp_path / "log.csv")
    for name, dates in (("text", frame["date"]), ("stamps", pd.to_datetime(frame["date"]))):
        path = tmp_path / f"{name}.parquet"
        frame.assign(date=dates).to_parquet(path)
        log = read_log(path, today=TODAY)
        assert log.customers == csv.customers
        assert log.day.tolist() == csv.day.tolist()
        assert log.amount.tolist() == csv.amount.tolist()
    frame.assign(amount=[1, np.nan, 2, 3, 4]).to_parquet(tmp_path / "hole.parquet")
    with pytest.raises(InputError, match="line 2: amount: an amount that is missing"):
        read_log(tmp_path / "hole.parquet", today=TODAY)
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read_log(write(tmp_path, b"PAR1 not really", "broken.parquet"))


BAD: dict[str, tuple[str | bytes, int | None, str, str]] = {
    # name: (content, line, part of the message, part of the cure)
    "empty": ("", None, "file is empty", "header line"),
    "blank lines": ("\n\n \n", None, "blank lines only", "header"),
    "header only": (HEAD, None, "no orders", "one line per order"),
    "missing column": ("custmer,date,amount\na,2024-01-01,1\n", 1, "no column customer", "custmer"),
    "wrong separator": ("customer;date;amount\na;2024-01-01;1\n", 1, "no column", "--separator"),
    "column twice": ("customer,date,date,amount\na,b,c,1\n", 1, "two columns", "Rename"),
    "bad date": (HEAD + "a,2024-01-01,1\nb,yesterday,1\n", 3, "not a date", "ISO"),
    "ambiguous date": (HEAD + "a,2024-01-01,1\nb,03/04/2024,1\n", 3, "not guessed", "--date-format"),
    "no such day": (HEAD + "a,2024-02-30,1\n", 2, "no such date", "Mend"),
    "eastern digits": (HEAD + "a,2024-1-1,1\n", 2, "not a date", "ISO"),
    "future": (HEAD + "a,2024-01-01,1\nb,2024-06-02,1\n", 3, "future", "planned"),
    "before 1970": (HEAD + "a,1900-01-01,1\n", 2, "before 1970", "1900"),
    "no id": (HEAD + "a,2024-01-01,1\n ,2024-01-02,1\n", 3, "no customer id", "Fill"),
    "negative": (HEAD + "a,2024-01-01,1\nb,2024-01-02,-1\n", 3, "negative", "--refunds"),
    "NaN": (HEAD + "a,2024-01-01,NaN\n", 2, "missing or not finite", "Fill"),
    "infinite": (HEAD + "a,2024-01-01,-inf\n", 2, "missing or not finite", "Fill"),
    "overflow": (HEAD + "a,2024-01-01,1e999\n", 2, "beyond", "unit"),
    "no amount": (HEAD + "a,2024-01-01,\n", 2, "missing", "Fill"),
    "currency": (HEAD + "a,2024-01-01,¥12.50\n", 2, "not a plain number", "1200.50"),
    "thousands": (HEAD + 'a,2024-01-01,"1,200.50"\n', 2, "not a plain number", "--thousands"),
    "underscore": (HEAD + "a,2024-01-01,1_000\n", 2, "not a plain number", "1200.50"),
    "words": (HEAD + "a,2024-01-01,twelve\n", 2, "not a plain number", "1200.50"),
    "one customer": (HEAD + "a,2024-01-01,1\na,2024-01-02,1\n", None, "one customer", "population"),
    "one day": (HEAD + "a,2024-01-01,1\nb,2024-01-01,1\n", None, "on one day", "weeks"),
    "duplicated": (GOOD + GOOD[len(HEAD) :], 7, "repeat an earlier row", "--duplicates"),
    "too many cells": (HEAD + "a,2024-01-01,1\nb,2024-01-01,1,5\n", 3, "4 cells", "Quote"),
    "too few cells": (HEAD + "a,2024-01-01\n", 2, "2 cells", "Quote"),
    "open quote": (HEAD + 'a,2024-01-01,1\n"b,2024-01-02,1\nc,2024-01-03,1\n', 3, "quoting", "Close"),
    "quoted garbage": (HEAD + 'a,2024-01-01,1\n"b"x"",2024-01-02,1\n', 3, "quoting", "Close"),
    "swallowed lines": (HEAD + '"' + "a,2024-01-01,1\n" * 40 + '",2024-01-01,1\n', 2, "characters", "quote"),
    "NUL": ((HEAD + "a,2024-01-01,1\nb\0,2024-01-02,1\n").encode(), 3, "NUL byte", "UTF-8"),
    "UTF-16": ((HEAD + "a,2024-01-01,1\n").encode("utf-16"), 1, "UTF-16", "UTF-8"),
    "binary": (bytes(range(128, 256)) * 9, 1, "not text", "UTF-8"),
    "mixed encodings": (
        HEAD.encode() + "张,2024-01-01,1\n".encode() + "李,2024-01-02,1\n".encode("gb18030"),
        3,
        "mixed",
        "one encoding",
    ),
    "mixed encodings, each valid": (
        HEAD.encode() + "张伟,2024-01-01,1\n".encode() + "李,2024-01-02,1\n".encode("gb18030"),
        2,
        "mixed encodings",
        "one encoding",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_logs(tmp_path: Path, name: str) -> None:
    content, line, message, cure = BAD[name]
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_log(path, today=TODAY)
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    assert problem.line == line
    assert message in problem.message
    assert cure in problem.cure
    assert problem.value.isprintable()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        read_log(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="a folder"):
        read_log(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as out:
        out.truncate(5 * 1024**3)  # sparse: takes no room on the disk
    with pytest.raises(InputError, match=r"5\.0 GB"):
        read_log(path)


def test_all_bad_lines_up_to_ten_are_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "".join(f"c{i},2024-13-01,x\n" for i in range(30))
    with pytest.raises(InputError) as caught:
        read_log(write(tmp_path, text), today=TODAY)
    assert len(caught.value.problems) == 10
    assert [p.line for p in caught.value.problems[:4]] == [2, 2, 3, 3]


def test_duplicates_can_be_kept_or_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + GOOD[len(HEAD) :])
    kept = read_log(path, today=TODAY, duplicates="keep")
    assert kept.amount.tolist() == [15, 16, 20, 0]
    assert "5 rows repeat" in kept.notes[0]
    gone = read_log(path, today=TODAY, duplicates="drop")
    assert gone.amount.tolist() == [7.5, 8, 10, 0]
    assert gone.dropped == {"repeated rows": 5}


def test_calibration_date_must_lie_in_the_log(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    for until in (date(2023, 12, 31), date(2024, 1, 10)):
        with pytest.raises(InputError, match="outside the log"):
            read_log(path, today=TODAY, calibrate_until=until)


def test_orders_dated_today_are_accepted(tmp_path: Path) -> None:
    now = datetime.now().date()
    log = read_log(write(tmp_path, HEAD + f"a,2024-01-01,1\nb,{now:%Y-%m-%d},1\n"))
    assert log.last_day == (now - date(2024, 1, 1)).days


def test_pseudonyms() -> None:
    one = pseudonym("=cmd()", "salt")
    assert one == pseudonym("=cmd()", b"salt")
    assert len(one) == 12
    assert set(one) <= set("0123456789abcdef")
    assert one != pseudonym("=cmd()", "other")
    assert one != pseudonym("cmd()", "salt")
    with pytest.raises(ValueError, match="salt"):
        pseudonym("a", "")


@pytest.mark.skipif(cdnow.cdnow_path("master") is None, reason=cdnow.REASON)
def test_cdnow(tmp_path: Path) -> None:
    for which, rows, customers, calibration, holdout, one_timers in (
        ("sample", 6919, 2357, 2457, 1882, 1411),
        ("master", 69659, 23570, 24337, 19684, 14119),
    ):
        path = tmp_path / f"{which}.csv"
        assert cdnow.write_csv(which, path) == rows
        log = read_log(path, calibrate_until=cdnow.CALIBRATION_END)
        assert log.first_day == cdnow.FIRST_DAY
        assert log.last_day == log.day_number(cdnow.HOLDOUT_END)
        summary = log.summary()
        assert len(summary) == len(log.customers) == customers
        assert summary["frequency"].sum() == calibration
        assert (summary["frequency"] == 0).sum() == one_timers
        assert (log.day > 272).sum() == holdout
