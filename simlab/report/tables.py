"""Tables of a report: summaries for the page, and the tables of a run as files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from simlab.lab.results import Results
from simlab.report import series
from simlab.report.estimates import estimate, values
from simlab.report.numbers import count, shown
from simlab.scenario.outcomes import OUTCOMES
from simlab.world.metrics import COSTS

SPREADSHEET_ROWS = 1_048_575
"""What a spreadsheet can open below a header; a longer table is written as Parquet only."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def outcome_rows(results: Results) -> list[dict[str, str]]:
    """Every outcome: meaning, unit, mean, interval, lowest and highest seed, range over worlds; as texts."""
    rows = []
    for name, (meaning, unit) in OUTCOMES.items():
        own, found = values(results, name), estimate(results, name)
        if not own.size:
            continue
        numbers = [found.mean, found.low, found.high, own.min(), own.max(), found.world_low, found.world_high]
        texts, suffix = shown(numbers, unit)
        rows.append({
            "name": name, "meaning": meaning, "unit": suffix.strip(), "mean": texts[0],
            "interval": f"{texts[1]} to {texts[2]}" if found.has_interval else "–",
            "spread": f"{texts[3]} to {texts[4]}" if own.size > 1 else "–",
            "worlds": f"{texts[5]} to {texts[6]}" if found.has_worlds else "–",
        })  # fmt: skip
    return rows


def group_rows(results: Results, column: str) -> list[dict[str, str]]:
    """Per segment or source, within the horizon, means of seeds, real base: members, orders, money; as texts.

    Cost counts where the daily table has it (exposures: with their source); groups of prospects alone are
    left out.
    """
    counted = ["members", "orders", "margin_fen", "joins", *COSTS]
    rows = series.daily(results, ["day", column, *counted])
    days = results.scenario.horizon
    per = results.scenario.scale / max(len(series.seeds(results)), 1)
    sums = rows[rows["day"] >= 1].groupby(column, observed=True)[counted].sum()
    last = rows[rows["day"] == days].groupby(column, observed=True)["members"].sum()
    out = []
    for name in series.names(results, column):
        if name not in sums.index:
            continue  # rows of the warm-up only
        s = sums.loc[name] * per
        if not (s["members"] or s["orders"] or s["joins"]):
            continue  # rows of prospects only
        end = float(last.get(name, 0)) * per
        net = (s["margin_fen"] - sum(s[cost] for cost in COSTS)) / 100
        each, _ = shown([365 * net / s["members"]] if s["members"] else [float("nan")], "yuan")
        rate, _ = shown([365 * s["orders"] / s["members"]] if s["members"] else [float("nan")], "per year")
        money, unit = shown([net], "yuan")
        out.append({
            "name": name, "members": count(end), "joins": count(s["joins"]), "orders": count(s["orders"]),
            "rate": rate[0], "net": money[0] + unit.removesuffix(" yuan"), "each": each[0],
        })  # fmt: skip
    return out


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose texts no spreadsheet will take for a formula: an apostrophe before =, +, -, @."""

    def safe(value: object) -> object:
        return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

    out = frame.rename(columns={name: safe(name) for name in frame.columns})
    for i, dtype in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype)):
            out.isetitem(i, frame.iloc[:, i].astype(object).map(safe))
    return out


def _for_reading(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The daily table summed over sources and segments, a tenth of its length; other tables as they are."""
    if name != "daily" or frame.empty:
        return frame
    over = ["world", "seed", "day", "stage"]
    sums = frame.drop(columns=["source", "segment"]).groupby(over, observed=True, sort=False).sum()
    return pd.concat([sums.index.to_frame(index=False), sums.reset_index(drop=True)], axis=1)


def write_tables(results: Results, folder: Path | str) -> list[Path]:
    """Write every table as Parquet and as CSV (UTF-8 with a mark, so that spreadsheets read Chinese).

    Text cells of the CSV files that begin like a formula get an apostrophe; Parquet holds them as they are.
    The CSV of the daily table is summed over sources and segments; Parquet holds it whole.
    Tables longer than a spreadsheet (1,048,575 rows) get no CSV.

    Returns:
        the files written.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    # packing columns holds no Python, so the texts of the spreadsheets are made meanwhile
    with ThreadPoolExecutor(max_workers=1) as beside:
        packing = []
        for name, frame in results.tables.items():
            written.append(target / f"{name}.parquet")
            packing.append(beside.submit(frame.to_parquet, written[-1], index=False))
        for name, frame in results.tables.items():
            if len(frame) <= SPREADSHEET_ROWS:
                written.append(target / f"{name}.csv")
                text = harmless(_for_reading(name, frame)).to_csv(index=False, lineterminator="\n")
                written[-1].write_bytes(text.encode("utf-8-sig"))
        for job in packing:
            job.result()
    return written
