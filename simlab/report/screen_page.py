"""The page of a screening: what moves the outcome, how much of it is chance, what turns a ranking."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simlab.lab.screen_result import Moved, Screening
from simlab.report import page, screen_words, sheet, style
from simlab.report.numbers import percent, plural, quantity
from simlab.report.screen_plots import PLOTS, ScreenPlot
from simlab.report.tables import SPREADSHEET_ROWS, harmless
from simlab.report.words import _capital
from simlab.scenario.outcomes import OUTCOMES

KINDS = {"lever": "lever", "uncertainty": "assumption"}
FOOTNOTES = {
    "sobol": "± half of the 95 % interval. Share of the variance: total Sobol index, interactions included. Of it "
             "alone: first-order index. Chance alone: how large the effect would look of a factor that only reshuffles "
             "luck.",
    "morris": "± half of the 95 % interval. Mean change: μ*, for a move over the whole range. Varies by: σ over the "
              "trajectories. Chance alone: how large the effect would look of a factor that only reshuffles luck.",
}  # fmt: skip
LONGEST = 160
"""Characters of a changed value on the page; a whole block of a strategy is longer."""


def cards(screening: Screening) -> list[dict[str, str]]:
    """The numbers of the first screen."""
    found, noise, flips = [], screening.noise, screening.flips
    unit = "of the variance" if screening.method == "sobol" else "for a move over the range"
    for kind, title in (
        ("lever", "Of what we choose, most"),
        ("uncertainty", "Of what we do not know, most"),
    ):
        first = next((m for m in screening.moved if m.factor.kind == kind), None)
        if first is None:
            continue
        if screen_words.stands_out(first):
            found.append({
                "title": f"{title}: {screen_words.short(first.factor.path)}", "unit": unit,
                "number": screen_words.size(screening, first), "chance": _interval(screening, first),
            })  # fmt: skip
        else:
            found.append(
                {"title": title, "number": "nothing", "unit": "stands out from chance", "chance": ""}
            )
    needed = (
        "no number of seeds would do" if noise.needed is None else f"5 % takes {plural(noise.needed, 'seed')}"
    )
    found.append({"title": "Chance in what the design shows", "number": percent(noise.share), "unit": "of the variance",
                  "chance": f"{plural(noise.seeds, 'common seed')} a point; {needed}"})  # fmt: skip
    if flips is not None:
        turning = len(flips.flipping)
        said = (f"{plural(len(flips.joint), 'pair')} only together" if flips.joint else
                f"second has more in {percent(flips.above)} of {plural(flips.worlds, 'world')}")  # fmt: skip
        found.append({"title": "Assumptions that turn the ranking alone", "number": str(turning),
                      "unit": f"of {len(flips.single)}", "chance": said})  # fmt: skip
    else:
        strong = sum(screen_words.stands_out(m) for m in screening.moved)
        found.append({"title": "Factors that stand out from chance", "number": str(strong),
                      "unit": f"of {len(screening.moved)}", "chance": ""})  # fmt: skip
    return found


def _interval(screening: Screening, moved: Moved) -> str:
    low, high = max(0.0, moved.effect.size - moved.effect.error), moved.effect.size + moved.effect.error
    if screening.method == "sobol":
        return f"95 % interval {percent(low)} to {percent(high)}"
    unit = OUTCOMES[screening.outcome][1]
    return f"95 % interval {quantity(low, unit)} to {quantity(high, unit)}"


def factor_rows(screening: Screening) -> list[dict[str, str]]:
    """The table of factors as texts."""
    rows, unit = [], OUTCOMES[screening.outcome][1]
    for m in screening.moved:
        if m.factor.choices:
            span = " / ".join(_plain(choice) for choice in m.factor.choices)
        else:
            low, high = m.factor.ends
            span = f"{screen_words.value(low, '')} to {screen_words.value(high, m.factor.unit)}"
            if m.factor.unit == "share":
                span = f"{100 * low:.3g} to {100 * high:.3g} %"
        if screening.method == "sobol":
            other, chance = (
                f"{percent(m.effect.other)} ± {percent(m.effect.other_error)}",
                percent(m.effect.chance),
            )
            size = f"{percent(m.effect.size)} ± {percent(m.effect.error)}"
        else:
            other, chance = (quantity(v, unit) for v in (m.effect.other, m.effect.chance))
            size = f"{quantity(m.effect.size, unit)} ± {quantity(m.effect.error, unit)}"
        rows.append({
            "name": screen_words.short(m.factor.path), "meaning": m.factor.meaning, "kind": KINDS[m.factor.kind],
            "range": span, "size": size, "other": other, "chance": chance,
            "direction": screen_words.direction(m), "shape": screen_words.shape(screening, m),
        })  # fmt: skip
    return rows


def flip_rows(screening: Screening) -> list[dict[str, str]]:
    """The table of assumptions and the ranking as texts."""
    rows = []
    for flip in screening.flips.single if screening.flips is not None else ():
        at = "; ".join(
            screen_words.value(limit, screening.units.get(flip.path, "")) for limit in flip.thresholds
        )
        correlation = f"{flip.correlation:+.2f}".replace("-", "−") if math.isfinite(flip.correlation) else "–"
        rows.append({
            "name": screen_words.short(flip.path), "at": at or "–", "correlation": correlation,
            "verdict": {"flips": "turns", "holds": "holds", "open": "open"}[flip.verdict],
            "low": percent(flip.above_low), "high": percent(flip.above_high), "alone": percent(flip.first_order),
        })  # fmt: skip
    return rows


def design(screening: Screening) -> str:
    """The size of the design, and how it was made."""
    d, seeds = len(screening.moved), len(screening.seeds)
    if screening.method == "morris":
        text = (f"Morris' elementary effects: {plural(screening.kept, 'complete trajectory').replace('ys', 'ies')} of "
                f"{d + 1} points on a grid of four levels")  # fmt: skip
    else:
        text = f"Sobol indices by Saltelli's design: {plural(screening.kept, 'complete base row')} of {d + 2} points"
    text += (f"; {plural(screening.points, 'different point')}, each run on the same {plural(seeds, 'seed')}. "
             "The outcome of a point is its mean over the seeds. Luck that all points share cancels in their "
             "differences; chance is what remains (two-way layout of points and seeds). Before the valuation date "
             "every point lives under the current strategy.")  # fmt: skip
    if screening.flips is not None:
        text += (f" The second strategy was run beside the current one in {plural(screening.flips.worlds, 'world')} "
                 f"spread evenly over all assumptions, on {plural(screening.flips.seeds, 'common seed')}.")  # fmt: skip
    return text


def figures(screening: Screening) -> Iterator[tuple[ScreenPlot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        drawn = plot.draw(screening)
        if drawn is not None:
            yield plot, drawn


def render(screening: Screening) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same result, same text."""
    return _render(screening, list(figures(screening)))


def _render(screening: Screening, drawn: list[tuple[ScreenPlot, Figure]]) -> str:
    levers = sum(m.factor.kind == "lever" for m in screening.moved)
    parts = [
        plural(n, word) for n, word in ((levers, "lever"), (len(screening.moved) - levers, "assumption")) if n
    ]
    sobol = screening.method == "sobol"
    context: dict[str, Any] = {
        "scenario": screening.scenario,
        "title": screening.scenario.name,
        "period": f"{style.plain_date(screening.scenario.start)}, {plural(screening.scenario.horizon, 'day')}; "
                  f"{' and '.join(parts)}, {plural(screening.points, 'point')} on "
                  f"{plural(len(screening.seeds), 'common seed')}",
        "lead": f"{_capital(screen_words.what(screening))}: which levers and which assumptions move it.",
        "cards": cards(screening),
        "headline": screen_words.headline(screening),
        "against": screen_words.against(screening),
        "ranking": screen_words.ranking(screening),
        "careful": screen_words.careful(screening),
        "figures": [
            sheet.picture(figure, plot.name, plot.title, plot.read(screening), plot.caption) for plot, figure in drawn
        ],
        "columns": ("Share of the variance", "Of it alone") if sobol else ("Mean change", "Varies by"),
        "factors": factor_rows(screening),
        "footnote": FOOTNOTES[screening.method],
        "second": [
            (screen_words.short(path), *(_plain(v, screening.units.get(path, "")) for v in both))
            for path, both in screening.second.items()
        ],
        "flips": flip_rows(screening),
        "design": design(screening),
        "made": page.made(screening.manifest),
    }  # fmt: skip
    return sheet.document("screen.html.j2", context)


def write_screening(screening: Screening, folder: Path | str) -> Path:
    """Write ``report.html``, ``plots/`` (PNG, SVG) and ``tables/`` (Parquet, CSV) into `folder`; returns the page.

    CSV files are UTF-8 with a mark; cells that begin like a formula get an apostrophe.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    (target / "tables").mkdir(parents=True, exist_ok=True)
    for name, frame in screening.tables.items():
        frame.to_parquet(target / "tables" / f"{name}.parquet", index=False)
        if len(frame) <= SPREADSHEET_ROWS:
            (target / "tables" / f"{name}.csv").write_bytes(_csv(frame))
    drawn = list(figures(screening))
    text = _render(screening, drawn)
    sheet.write_plots(((plot.name, figure) for plot, figure in drawn), target / "plots")
    path = target / "report.html"
    path.write_bytes(text.encode())
    return path


def _csv(frame: pd.DataFrame) -> bytes:
    return harmless(frame).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _plain(value: Any, unit: str = "") -> str:
    """A value of a scenario as a reader writes it."""
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return screen_words.value(value, unit)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
