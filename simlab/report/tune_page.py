"""The recommendation page of a tune, and its folder: page, plots, tables, `best.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from simlab.lab.tuning import Tuning
from simlab.report import levers, page, sheet, strategy, style, tune_next, tune_tables, tune_words
from simlab.report.best import write_best
from simlab.report.numbers import plural
from simlab.report.plots import decision, effects, landscape, search
from simlab.report.tune_facts import headline, table
from simlab.scenario.names import printable

Key = list[tuple[str, str]]
CHANCE = "Interval: 95 %, chance alone, paired with the current strategy on the same fresh seeds."


@dataclass(frozen=True)
class TunePlot:
    """A plot of the page: file name, title, how to draw it, a sentence read from the data, how to read it.

    `part` is "decision" (what follows from it) or "search" (how it was found: estimates of the search, no results).
    """

    name: str
    title: str
    part: str
    draw: Callable[[Tuning], Figure | None]
    read: Callable[[Tuning], str]
    caption: str
    key: Callable[[Tuning], Key] = lambda t: []


def _levers(t: Tuning) -> Key:
    return levers.key([x.path for x in t.levers])


def _levers_and_choices(t: Tuning) -> Key:
    return _levers(t) + search.choice_key(t)


PLOTS: tuple[TunePlot, ...] = (
    TunePlot("certainty", "How sure we are", "decision", decision.certainty, decision.read_certainty,
             "Above: what other seeds would say. Below: the same in worlds drawn from what we do not know about "
             "people, a dot each (hollow: worse than the current strategy); bar: 5 to 95 % of them, lowest to "
             "highest with fewer than 10."),
    TunePlot("spending", "What is spent on what", "decision", effects.spending, effects.read_spending,
             "Means over report seeds; at the right the difference."),
    TunePlot("groups", "Who gains and who is hurt", "decision", effects.groups, effects.read_groups,
             f"Groups overlap between the panels. Green and red: clear of zero. {CHANCE}", effects.group_key),
    TunePlot("sensitivity", "Which levers matter", "decision", effects.sensitivity, effects.read_sensitivity,
             "From a design of its own over the searched ranges, not from the trials of the search, which crowd "
             "where it looked. Dot: mean absolute effect with its 95 % interval; diamond: σ, how much the effect "
             "depends on the other levers.", _levers),
    TunePlot("horizons", "How the answer depends on the horizon", "decision", decision.horizons,
             decision.read_horizons, f"The finalists, judged again over shorter horizons. {CHANCE}"),
    TunePlot("payback", "When it pays", "decision", decision.payback, decision.read_payback,
             f"Means over report seeds, not discounted, value after the horizon left out. {CHANCE}"),
    TunePlot("history", "Trials", "search", search.history, search.read_history,
             "Uplift on the search panel, by trial. Trials far worse than the current strategy stand on the edge."),
    TunePlot("slices", "Lever by lever", "search", search.slices, search.read_slices,
             "Dots: trials, the other levers varying with them. Line: the surrogate's estimate with the other "
             "levers at the best strategy. Levers that matter most come first; far worse trials are cut off.",
             _levers_and_choices),
    TunePlot("contour", "The two levers that matter most", "search", landscape.contour, landscape.read_contour,
             "Surrogate fitted to the trials: green better, red worse than the current strategy. Dots: trials "
             "(crosses: a constraint broken, or dropped early), whose other levers differ.", _levers),
    TunePlot("front", "More than one objective", "search", landscape.front, landscape.read_front,
             "Finalists on selection seeds with 95 % intervals of chance; trials on search seeds behind them."),
    TunePlot("parallel", "All trials, all levers", "search", landscape.parallel, landscape.read_parallel,
             "A line per trial, from lever to lever; darker: better. Grey: a constraint broken, or dropped early.",
             _levers_and_choices),
)  # fmt: skip


def figures(t: Tuning) -> Iterator[tuple[TunePlot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        if t.winner is None and plot.name in ("certainty", "spending", "groups", "horizons", "payback"):
            continue
        figure = plot.draw(t)
        if figure is not None:
            yield plot, figure


def render(t: Tuning) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same tuning, same text."""
    return _render(t, list(figures(t)))


def _render(t: Tuning, drawn: list[tuple[TunePlot, Figure]]) -> str:
    pictures = [
        (plot.part, sheet.picture(figure, plot.name, plot.title, plot.read(t), plot.caption, plot.key(t)))
        for plot, figure in drawn
    ]
    scenario = t.scenario
    command = str(t.manifest.get("command") or f"simlab tune {tune_next.shell(t.experiment_file)}")
    context: dict[str, Any] = {
        "t": t,
        "eyebrow": f"{scenario.name} · {style.plain_date(scenario.start)}, {plural(scenario.horizon, 'day')} · attempt "
                   f"{t.manifest.get('attempt', 1)}",
        "screen": tune_words.first_screen(t),
        "decision": [p for part, p in pictures if part == "decision"],
        "search": [p for part, p in pictures if part == "search"],
        "optimism": tune_next.optimism(t),
        "alignment": alignment(t),
        "command": printable(command),
        "next_step": tune_next.next_step(t),
        "rollout": printable(tune_next.next_command(t)),
        "base_note": tune_next.base_note(t),
        "headline": headline(t),
        "best_name": decision.best_name(t),
        "finalists": tune_tables.finalist_rows(t),
        "further": [o.replace("_", " ") for o in tune_tables.further(t)],
        "levers": tune_tables.lever_heads(t),
        "searched": [(levers.title(x.path), printable(x.path, 120), levers.text(x.path, x.current),
                      levers.searched(x), levers.unit(x.path)) for x in t.levers],
        "objectives": [(o.replace("_", " "), word) for o, word in t.objectives.items()],
        "outcomes": tune_tables.outcome_rows(t),
        "people": strategy.people(scenario),
        "notes": [tune_words.sentence(note) for note in t.notes],
        "failures": failures(t),
        "made": page.made(t.manifest),
    }  # fmt: skip
    return sheet.document("tune.html.j2", context, ("report.css", "tune.css"))


def alignment(t: Tuning) -> str:
    """How well common seeds pair the two strategies."""
    if not -1 <= t.alignment <= 1:
        return ""
    text = (
        f"Paired by common seeds, winner and current strategy agree with a correlation of {t.alignment:.2f}"
    )
    if t.alignment >= 0.5:
        saved = 1 / max(1 - t.alignment, 0.01)
        return f"{text}: the interval is as narrow as with about {saved:.0f} times as many unpaired seeds."
    return f"{text}, which is little: seeds hardly help to tell them apart."


def failures(t: Tuning) -> str:
    """How many trials failed, in words; "" if none did."""
    frame = table(t, "trials")
    count = int((frame["state"] != "complete").sum()) if len(frame) else 0
    return f"{plural(count, 'trial')} failed and {'was' if count == 1 else 'were'} left out." if count else ""


def write_tuning(t: Tuning, folder: Path | str) -> list[Path]:
    """Write ``report.html``, ``best.yaml``, ``plots/`` (PNG and SVG) and ``tables/`` (Parquet and CSV) into `folder`.

    Same tuning, same bytes. `best.yaml` names the scenario file relative to `folder`.

    Returns:
        the files written.

    Raises:
        InputError: the scenario file is gone or cannot be loaded any more.
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = [write_best(t, target), *tune_tables.write_tables(t, target / "tables")]
    drawn = list(figures(t))
    path = target / "report.html"
    path.write_bytes(_render(t, drawn).encode())
    written += sheet.write_plots(((plot.name, figure) for plot, figure in drawn), target / "plots")
    return [*written, path]
