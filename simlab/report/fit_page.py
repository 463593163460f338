"""The page of a fit: actual against simulated, the parameters, and what fits and what does not, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simlab.lab.fit_result import FitResult
from simlab.lab.fit_scores import SCORES
from simlab.report import sheet, style
from simlab.report.fit_plots import PLOTS, FitPlot
from simlab.report.numbers import percent, plural, signed

TOTAL, WEEK, CLASSES, FIFTH = 0.10, 0.15, 0.03, 0.03
"""A held-out total within 10 %, weeks within 15 %, 3 % of the customers in another class, 3 points of spend:
what well-fitting laws reach on large public logs. Small logs get what chance alone would do on top."""
MEAN_ABS = math.sqrt(2 / math.pi)


@dataclass(frozen=True)
class Finding:
    """One sentence on the fit; `fits` is None for what cannot be judged."""

    fits: bool | None
    text: str

    @property
    def verdict(self) -> str:
        return {True: "fits", False: "does not fit", None: "open"}[self.fits]

    @property
    def style(self) -> str:
        return {True: "met", False: "not-met", None: "not-decidable"}[self.fits]


def findings(result: FitResult) -> list[Finding]:
    """What fits and what does not, the most important first."""
    scores, log, found = result.scores, result.log, []
    weekly, histogram = result.tables["weekly"], result.tables["histogram"]
    if log["holdout"]:
        spread = _half_band(result.tables["seeds"]["holdout_total"])
        error = scores["holdout_total"]
        found.append(Finding(abs(error) <= max(TOTAL, spread), f"Held-out orders: {signed(error)} against "
                             f"the {log['held_out_repeats']:,} repeat orders of the {log['holdout']} days left "
                             f"out (a single world spreads by ±{percent(spread)})."))  # fmt: skip
        if "holdout_total_from_log" in scores:
            error = scores["holdout_total_from_log"]
            spread = _half_band(result.tables["seeds"]["holdout_total_from_log"])
            found.append(Finding(abs(error) <= max(TOTAL, spread), f"The same, started from every customer's own "
                                 f"history: {signed(error)}."))  # fmt: skip
        if "weekly_mape" in scores:
            held = weekly[weekly["held_out"] & (weekly["days"] == 7) & (weekly["actual"] > 0)]
            chance = float((MEAN_ABS / np.sqrt(held["actual"])).mean())
            found.append(Finding(scores["weekly_mape"] <= max(WEEK, 1.5 * chance), f"Held-out weeks: off by "
                                 f"{percent(scores['weekly_mape'])} on average (chance alone: "
                                 f"{percent(chance)})."))  # fmt: skip
    share = histogram["actual"].to_numpy()
    chance = float((MEAN_ABS * np.sqrt(share * (1 - share) / log["customers"])).sum() / 2)
    found.append(Finding(scores["histogram_tv"] <= max(CLASSES, 1.5 * chance), "How often customers came back: "
                         f"{percent(scores['histogram_tv'])} of them are in another class (chance alone: "
                         f"{percent(chance)})."))  # fmt: skip
    gap = scores["top_fifth_forward"] - scores["top_fifth_actual"]
    found.append(Finding(abs(gap) <= FIFTH, f"Concentration of spend: the best fifth has "
                         f"{percent(scores['top_fifth_actual'])}, simulated "
                         f"{percent(scores['top_fifth_forward'])}."))  # fmt: skip
    found += _returning(result)
    return found


def _half_band(values: pd.Series) -> float:
    low, high = np.percentile(values, [5, 95])
    return float(high - low) / 2


def _returning(result: FitResult) -> list[Finding]:
    """Whether one-time buyers and regulars come back as they should."""
    table = result.tables.get("by_x")
    if table is None:
        return []
    column = "from_log" if "from_log" in table else "simulated"
    found = []
    for text, rows in (("One-time buyers", table[table["x"] == 0]), ("Repeat buyers", table[table["x"] > 0])):
        customers = rows["customers"].sum()
        real = float((rows["actual"].fillna(0) * rows["customers"]).sum())
        if not customers or not real:
            continue
        model = float((rows[column].fillna(0) * rows["customers"]).sum())
        # Orders of a customer cluster: their total spreads about 1.5 times as much as independent ones.
        chance = 1.645 * 1.5 / math.sqrt(real)
        found.append(Finding(abs(model / real - 1) <= max(TOTAL, chance), f"{text} in the held-out days: "
                             f"{real / customers:.2f} orders each, simulated {model / customers:.2f} "
                             f"({signed(model / real - 1)})."))  # fmt: skip
    return found


def careful(result: FitResult) -> list[str]:
    """What the fit cannot say."""
    laws, log = result.laws, result.log
    lines = []
    if not log["holdout"]:
        lines.append("Nothing was held out: the page compares the law with the very data it was fitted to. "
                     "Fit again with --calibrate-until to see how it forecasts.")  # fmt: skip
    if laws.core is not None and laws.grid.core > 0:
        lines.append(f"The loyal core of {percent(laws.grid.core)} is weakly identified: anything from "
                     f"{percent(laws.core.low)} to {percent(laws.core.high)} explains the log about as well. The "
                     "figure is a mean under the profile likelihood, not a measurement of who is loyal.")  # fmt: skip
    lines.append("How customers respond to pushes, coupons and rewards is not in a log of orders and was not "
                 "fitted. Those parameters stand at their sourced defaults.")  # fmt: skip
    lines.append("The law knows no seasons, sales or price changes. What marketing ran in the log is part of the "
                 "fitted rates.")  # fmt: skip
    if log["later_customers"]:
        lines.append(f"{log['later_customers']:,} customers whose first order came after the days used for "
                     "fitting are left out of every figure.")  # fmt: skip
    return [*lines, *(note[:1].upper() + note[1:].rstrip(".") + "." for note in result.notes)]


def cards(result: FitResult) -> list[dict[str, str]]:
    """The numbers of the first screen."""
    scores, log, found = result.scores, result.log, []
    if log["holdout"]:
        simulated = log["held_out_repeats"] * (1 + scores["holdout_total"])
        said = f"{simulated:,.0f} against {log['held_out_repeats']:,} in {log['holdout']} days"
        found.append({"title": "Held-out repeat orders, simulated against actual", "unit": "", "chance": said,
                      "number": signed(scores["holdout_total"])})  # fmt: skip
    found.append({"title": "All repeat orders to the end of the log", "number": signed(scores["cumulative"]),
                  "unit": "", "chance": f"{log['repeats'] + log['held_out_repeats']:,} actual"})  # fmt: skip
    if "weekly_mape" in scores:
        found.append({"title": "A held-out week is off by", "number": percent(scores["weekly_mape"]), "unit": "",
                      "chance": "on average; the law knows no calendar"})  # fmt: skip
    found.append({"title": "Customers in another class of repeat orders", "number": percent(scores["histogram_tv"]),
                  "unit": "", "chance": "total variation, 0 to 7 or more"})  # fmt: skip
    grid, fit = result.laws.grid, result.laws.baskets
    more = [
        {"title": "Mean order rate of a living customer", "number": f"{365 * grid.r / grid.alpha:.2f}",
         "unit": "orders a year", "chance": f"shape {grid.r:.2f} between customers"},
        {"title": "Mean basket over customers", "number": f"{fit.population_mean:,.2f}", "unit": "yuan",
         "chance": "of repeat orders"},
    ]  # fmt: skip
    return [*found, *more][:4]


def parameter_rows(result: FitResult) -> list[dict[str, str]]:
    """The table of parameters as texts."""
    rows = []
    for _, row in result.tables["parameters"].iterrows():
        texts = {
            law: _estimate(row[law], row[f"{law}_se"], str(row["parameter"]))
            for law in ("grid", "plain", "continuous")
        }
        rows.append({"name": row["parameter"], "meaning": row["meaning"], "unit": row["unit"], **texts})
    return rows


def _estimate(value: float, error: float, name: str) -> str:
    if not math.isfinite(value):
        return "–"
    if name == "log-likelihood":
        return f"{value:,.1f}".replace("-", "−")
    if name == "core" and value == 0:
        return "–"
    text = f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{text} ± {error:.2g}" if math.isfinite(error) else text


def score_rows(result: FitResult) -> list[tuple[str, str, str]]:
    """Every score with what it means."""
    relative = ("holdout_total", "cumulative", "holdout_total_from_log")
    rows = []
    for name, value in result.scores.items():
        exact = f"{100 * value:+.2f} %" if name in relative else f"{value:.4f}"
        if name == "weekly_mape":
            exact = f"{100 * value:.2f} %"
        rows.append((name, SCORES[name], exact.replace("-", "−")))
    return rows


def figures(result: FitResult) -> Iterator[tuple[FitPlot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        drawn = plot.draw(result)
        if drawn is not None:
            yield plot, drawn


def render(result: FitResult) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same result, same text."""
    drawn = list(figures(result))
    return _render(result, drawn)


def _render(result: FitResult, drawn: list[tuple[FitPlot, Figure]]) -> str:
    log = result.log
    held = f", {log['holdout']} days held out" if log["holdout"] else ""
    context: dict[str, Any] = {
        "name": result.name,
        "period": f"{style.plain_date(log['first_day'])} to {style.plain_date(log['last_day'])}, fitted until "
                  f"{style.plain_date(log['until'])}{held}; {plural(log['seeds'], 'simulated world')}",
        "lead": f"{log['file']}: {log['customers']:,} customers, {log['repeats']:,} repeat orders while fitting.",
        "cards": cards(result),
        "findings": findings(result),
        "careful": careful(result),
        "figures": [
            sheet.picture(figure, plot.name, plot.title, plot.read(result), plot.caption) for plot, figure in drawn
        ],
        "parameters": parameter_rows(result),
        "has_core": result.laws.grid.core > 0,
        "scores": score_rows(result),
    }  # fmt: skip
    return sheet.document("fit.html.j2", context)


def write_page(result: FitResult, folder: Path | str) -> Path:
    """Write ``fit.html`` and the plots (``plots/*.png`` and ``.svg``) into `folder`; returns the page.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    drawn = list(figures(result))
    path = target / "fit.html"
    path.write_bytes(_render(result, drawn).encode())
    sheet.write_plots(((plot.name, figure) for plot, figure in drawn), target / "plots")
    return path
