"""The page of tuning.py: from finished studies to tables, a plot and bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from tuning_worlds import LIMITS, WORLDS

Row = Mapping[str, Any]
CAPTURED, COVERED = 0.65, 51 / 60
BLUE, GREY, RED = "#1f5f8b", "#999999", "#b5452c"


def recommended(row: Row) -> float:
    """True uplift of what a study recommends: nothing where it keeps the current strategy."""
    return float(row["true"]) if row["verdict"] == "change" else 0.0


def covers(row: Row) -> bool:
    """Whether the reported interval covers the winner's true uplift."""
    return bool(row["low"] <= row["true"] <= row["high"])


def harms(row: Row) -> bool:
    """Whether what is recommended is worse than the current strategy, beyond the error of the truth."""
    return recommended(row) < -1.96 * float(row["error"])


def captured(rows: Sequence[Row], available: float) -> np.ndarray:
    """(studies,) share of the available gain."""
    return np.array([recommended(row) for row in rows]) / available


def limits_of(rows: Sequence[Row]) -> dict[str, int]:
    """What became of studies with a limit."""
    certified = [row for row in rows if row["certified"] and row["verdict"] != "not certified"]
    return {
        "studies": len(rows),
        "certified": len(certified),
        "broken": sum(row["rate"] > row["limit"] for row in certified),
        "refused": sum(row["verdict"] == "not certified" for row in rows),
    }


def write(parts: Mapping[str, Sequence[Row]], trials: int, out: Path) -> None:
    """tuning.md and tuning.png, from what there is."""
    studies = {name: [r for r in parts["studies"] if r["world"] == name] for name in WORLDS}
    best = {row["world"]: row for row in parts["optimum"]}  # the last one pooled most studies
    text = (out / "tuning.md").read_text(encoding="utf-8") if (out / "tuning.md").exists() else ""
    words = text.partition("<!-- words -->\n")[2]
    lines = ["# Does Tune find what there is, and does it say no more than is true?\n",
             "Made by `python docs/validation/tuning.py` (`--tenth`: a tenth of it in ten minutes; `--only page`: this "
             "page again). The words below the tables are written by hand and kept.\n"]  # fmt: skip
    if best:
        lines += ["## The worlds\n", _table(worlds(studies, best)), ""]
        said = (
            f"{trials} trials each, the recipe's defaults (panel 6, 8 finalists on 20 fresh seeds, report on 40); "
            "every study has search, selection and report seeds of its own. Uplifts in % of the current level.\n"
        )
        lines += ["## Studies\n", said, _table(bars(studies, best)), "", "![Reported and true](tuning.png)\n"]
        lines += [
            "## The same number of simulations, otherwise\n",
            _table(others(studies, best, parts["plain"])),
            "",
        ]
        draw(studies, best, parts["plain"]).savefig(out / "tuning.png", dpi=150)
    if parts["limits"]:
        lines += ["## Limits\n", f"{trials // 3} trials each.\n", _table(limits(parts["limits"])), ""]
    lines += ["<!-- words -->", words]
    (out / "tuning.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def worlds(studies: Mapping[str, Sequence[Row]], best: Mapping[str, Row]) -> pd.DataFrame:
    """Size of noise and of what can be had."""
    rows = []
    for name, found in best.items():
        level = found["level"]
        rows.append({
            "levers": f"{len(WORLDS[name].levers)}", "what is wrong today": WORLDS[name].about,
            "equity, yuan": f"{level:.0f}", "CV between seeds": f"{found['cv']:.1%}",
            "sd of the best's uplift": f"{found['paired_sd'] / level:.1%}",
            "available": f"{found['available'] / level:.2%} ± {1.96 * found['error'] / level:.2%}",
            "found in": f"{found['points']} designed points x 6 seeds, {found['pooled']} trials of all studies",
        })  # fmt: skip
    return pd.DataFrame(rows)


def bars(studies: Mapping[str, Sequence[Row]], best: Mapping[str, Row]) -> pd.DataFrame:
    """The three bars, by world."""
    rows, total, hits = [], 0, 0
    for name, found in best.items():
        own, level = studies[name], found["level"]
        share = captured(own, found["available"])
        hit = sum(map(covers, own))
        total, hits = total + len(own), hits + hit
        rows.append({
            "levers": f"{len(WORLDS[name].levers)}", "studies": f"{len(own)}",
            "captured (mean, least)": f"{share.mean():.0%}, {share.min():.0%}",
            "reported": f"{np.mean([r['reported'] for r in own]) / level:+.2%}",
            "true": f"{np.mean([r['true'] for r in own]) / level:+.2%}",
            "least true": f"{min(map(recommended, own)) / level:+.2%}",
            "95 % interval covers": f"{hit} of {len(own)}", "worse than today": f"{sum(map(harms, own))}",
            "verdicts": ", ".join(f"{v} {n}" for v, n in Counter(r["verdict"] for r in own).items()),
        })  # fmt: skip
    rows.append({"levers": "all", "studies": f"{total}", "95 % interval covers": f"{hits} of {total}"})
    rows.append({"levers": "bar", "captured (mean, least)": "65 % or more on average", "worse than today": "0",
                 "95 % interval covers": "51 of 60 or more"})  # fmt: skip
    return pd.DataFrame(rows).fillna("")


def others(
    studies: Mapping[str, Sequence[Row]], best: Mapping[str, Row], plain: Sequence[Row]
) -> pd.DataFrame:
    """What each way reports, and what it delivers."""
    rows = []
    for name, found in best.items():
        level = found["level"]
        for kind, own in _ways(studies[name], [r for r in plain if r["world"] == name]).items():
            said, true = (np.array([pair[k] for pair in own]) for k in (0, 1))
            share = true / found["available"]
            rows.append({
                "levers": f"{len(WORLDS[name].levers)}", "way": kind, "searches": f"{len(own)}",
                "reports": f"{said.mean() / level:+.1%}", "delivers": f"{true.mean() / level:+.1%}",
                "optimism, points": f"{100 * (said - true).mean() / level:.1f}",
                "captured (mean, least)": f"{share.mean():.0%}, {share.min():.0%}",
                "worse than today": f"{(true < 0).sum()}",
            })  # fmt: skip
    return pd.DataFrame(rows)


def _ways(own: Sequence[Row], plain: Sequence[Row]) -> dict[str, list[tuple[float, float]]]:
    """(reported, true) uplifts by way of searching."""
    ways = {
        "simlab": [(r["reported"] if r["verdict"] == "change" else 0.0, recommended(r)) for r in own],
        "simlab, the search's own best": [(r["search_best"], r["search_true"]) for r in own],
    }
    for row in plain:
        ways.setdefault(f"{row['sampler']}, one fresh seed a trial", []).append(
            (row["reported"], row["true"])
        )
    return ways


def limits(rows: Sequence[Row]) -> pd.DataFrame:
    """Certificates against the truth."""
    table = []
    for name, world in LIMITS.items():
        own = [row for row in rows if row["world"] == name]
        if not own:
            continue
        count, level = limits_of(own), float(np.mean([r["level"] for r in own]))
        change = [r for r in own if r["verdict"] == "change"]
        rates = [r["rate"] for r in change]
        table.append({
            "limit": world.constraints[0], "what it is": world.about, "studies": f"{count['studies']}",
            "certified": f"{count['certified']}", "of these broken in truth": f"{count['broken']}",
            "not certified": f"{count['refused']}",
            "true rate of the certified": f"{min(rates):.2f} to {max(rates):.2f}" if rates else "",
            "their true uplift": f"{np.mean([r['true'] for r in change]) / level:+.1%}" if change else "",
        })  # fmt: skip
    return pd.DataFrame(table)


def draw(studies: Mapping[str, Sequence[Row]], best: Mapping[str, Row], plain: Sequence[Row]) -> Figure:
    """Each study's reported interval and its truth; below, what is reported and delivered by way of searching."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    axes = figure.subplots(2, max(1, len(best)), squeeze=False, height_ratios=(3, 2))
    for k, (name, found) in enumerate(best.items()):
        level, ax = found["level"] / 100, axes[0, k]
        own = sorted(studies[name], key=lambda r: r["true"])
        place = np.arange(1, len(own) + 1)
        mean, low, high, true = (
            np.array([r[c] for r in own]) / level for c in ("reported", "low", "high", "true")
        )
        ax.errorbar(
            place, mean, (mean - low, high - mean), fmt="none", color=BLUE, capsize=2, label="reported, 95 %"
        )
        ax.plot(place, true, "o", ms=4, color=RED, label="true")
        ax.axhline(found["available"] / level, color=GREY, ls="--", lw=1, label="the most that was found")
        ax.axhline(0, color=GREY, lw=0.8)
        ax.set(title=f"{len(WORLDS[name].levers)} levers", xlabel="study, by true uplift", ylabel="uplift, %")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        if not k:
            ax.legend(fontsize=8)
        low_ax = axes[1, k]
        ways = _ways(studies[name], [r for r in plain if r["world"] == name])
        for j, own_ in enumerate(reversed(ways.values())):
            said, real = (np.mean([pair[i] for pair in own_]) / level for i in (0, 1))
            low_ax.plot([real, said], [j, j], color=GREY, lw=2, zorder=1)
            low_ax.plot(said, j, "|", ms=14, mew=2, color=BLUE, label="reports" if not j else None)
            low_ax.plot(real, j, "o", color=RED, label="delivers" if not j else None)
        low_ax.set_yticks(
            range(len(ways)), [w.replace(", ", ",\n") for w in reversed(ways)] if not k else [""] * len(ways)
        )
        low_ax.set(xlabel="uplift, %", ylim=(-0.6, len(ways) - 0.4))
        low_ax.axvline(found["available"] / level, color=GREY, ls="--", lw=1)
        low_ax.grid(alpha=0.3)
        if not k:
            low_ax.legend(fontsize=8)
    return figure


def _table(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    head = "| " + " | ".join(frame.columns) + " |\n" + "|---" * len(frame.columns) + "|\n"
    return head + "\n".join("| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False))
