"""Who is where in the lifecycle: stocks, moves between stages, and how long cohorts stay active."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import fonts, series, style
from simlab.report.numbers import count, listed, percent

_CELLS = 18
"""Cohorts or ages up to which the cells of the heat map have room for numbers."""


def stages(results: Results) -> Figure | None:
    """Members by stage over time, stacked; mean of seeds, real base. None without members."""
    stocks = series.stocks(results)
    if not stocks.any():
        return None
    fig, (ax,) = style.figure(4.3)
    x = style.timeline(ax, results, named=False)
    colours = [style.STAGE_COLOURS[i % 12] for i in range(len(stocks))]
    areas = ax.stackplot(x, stocks, colors=colours, edgecolor=style.PAPER, linewidth=0.5)
    ax.set_ylim(0, 1.14 * stocks.sum(axis=0).max())
    style.timeline(ax, results)
    if results.scenario.warmup.days:
        # The areas hide the shade of the warm-up: fade them there instead.
        ax.axvspan(
            x[0], x[results.scenario.warmup.days], color=style.SHADE, alpha=0.55, linewidth=0, zorder=4
        )
    style.grid(ax)
    style.amounts(ax)
    style.heading(ax, f"Members{style.ending(results)}")
    style.legend(fig, areas, fonts.labels(series.stage_names(results), "stage"))
    return style.finish(fig)


def read_stages(results: Results) -> str:
    """Which stage is largest at the end, and which won and lost most since the valuation date."""
    stocks, names = series.stocks(results), series.stage_names(results)
    end = stocks[:, -1]
    change = end - stocks[:, min(results.scenario.warmup.days, stocks.shape[1] - 1)]
    i, up, down = int(end.argmax()), int(change.argmax()), int(change.argmin())
    parts = [f"At the horizon most members are {names[i]}: {count(end[i])} of {count(end.sum())} "
             f"({percent(end[i] / end.sum() if end.sum() else np.nan)})"]  # fmt: skip
    moves = []
    if change[up] > 0:
        moves.append(f"{names[up]} grew most (+{count(change[up])})")
    if change[down] < 0:
        moves.append(f"{names[down]} shrank most (−{count(-change[down])})")
    return "; ".join([*parts, *([f"since the end of day 1 {listed(moves)}"] if moves else [])]) + "."


def flows(results: Results) -> Figure | None:
    """Moves per month between stages as a heat map, and what each stage wins or loses. None without moves."""
    moves = series.flows(results)
    if moves.empty:
        return None
    height = max(3.6, 1.7 + 0.42 * len(moves.index))
    fig, (ax, net) = style.figure(height, 1, 2, width_ratios=[2.1, 1])
    # Many stages make narrow cells: thousands then.
    narrow = len(moves.columns) > 8 and float(moves.to_numpy().max()) >= 1000
    form = (lambda v: f"{v / 1000:.1f}") if narrow else count
    _heat(ax, moves.to_numpy(), lambda v: form(v) if v >= 0.5 else "")
    _category(ax, [str(n) for n in moves.columns], "x", series.stage_names(results))
    _category(ax, [str(n) for n in moves.index], "y", series.stage_names(results))
    style.caption(ax, "y", "from")
    style.caption(ax, "x", "to")
    style.heading(ax, f"{'Thousand members' if narrow else 'Members'} per month{style.ending(results)}")
    names = series.stage_names(results)
    into, out = moves.sum(axis=0), moves.sum(axis=1)
    gain = np.array([float(into.get(name, 0.0)) - float(out.get(name, 0.0)) for name in names])
    colours = [style.GAIN if value >= 0 else style.LOSS for value in gain]
    net.barh(range(len(names)), gain, color=colours, height=0.6)
    reach = max(np.abs(gain).max(), 1e-9)
    for i, value in enumerate(gain):
        sign = "+" if value > 0 else "−" if value < 0 else ""
        net.annotate(f"{sign}{count(round(abs(value)))}", (value, i), xytext=(4 if value >= 0 else -4, 0),
                     textcoords="offset points", va="center", ha="left" if value >= 0 else "right",
                     fontsize=style.SMALL, color=style.INK)  # fmt: skip
    net.set_xlim(-2.1 * reach if (gain < 0).any() else 0, 2.1 * reach if (gain > 0).any() else 0)
    net.axvline(0, color=style.MUTED, linewidth=0.8)
    net.spines["bottom"].set_visible(False)
    net.set_xticks([])
    net.set_yticks(range(len(names)), fonts.labels(names, "stage"))
    net.invert_yaxis()
    style.heading(net, "Net change per month")
    return style.finish(fig)


def read_flows(results: Results) -> str:
    """The busiest move, and the strongest way to leave."""
    moves = series.flows(results)
    pairs = moves.stack().sort_values(ascending=False)
    (source, target), users = pairs.index[0], float(pairs.iloc[0])
    text = f"The busiest move is {source} → {target}, {count(users)} members a month"
    if "left" in moves.columns:
        gone = moves["left"]
        text += f"; {count(gone.sum())} a month leave, most of them from {gone.idxmax()}"
    return text + "."


def cohorts(results: Results) -> Figure | None:
    """Share of each cohort that is active, by months since joining. None without cohorts."""
    shares = series.retention(results)
    if shares.empty:
        return None
    sizes = series.cohort_sizes(results)
    height = min(max(2.4, 1.5 + 0.3 * len(shares)), 7.5)
    many = max(shares.shape) > _CELLS
    fig, (ax,) = style.figure(height)
    top = max(float(np.nanmax(shares.to_numpy())), 0.01)
    _heat(ax, shares.to_numpy(), lambda v: "" if many else f"{100 * v:.0f}", top)
    rows = [f"{name}  ({count(float(sizes.get(name, 0.0)))})" for name in shares.index]
    step = -(-max(shares.shape) // _CELLS)
    ax.set_yticks(range(0, len(rows), step), rows[::step])
    ax.set_xticks(range(0, len(shares.columns), step), [f"{int(age)}" for age in shares.columns[::step]])
    style.caption(ax, "x", "age in months of 30 days since joining (the base: since day 1)")
    style.caption(ax, "y", f"cohort (people{', real base' if results.scenario.scale != 1 else ''})")
    title = "Active in the month, % of the cohort"
    style.heading(ax, f"{title} (the darkest: {100 * top:.0f} %)" if many else title)
    return style.finish(fig)


def read_cohorts(results: Results) -> str:
    """How active newcomers and the base are, at first and later."""
    shares = series.retention(results)
    parts = []
    for name, rows in (
        ("the members of day 1", ["base"]),
        ("newcomers", [n for n in shares.index if n != "base"]),
    ):
        mean = shares.reindex(rows).mean().dropna()
        if mean.empty:
            continue
        first, last = int(mean.index[0]), int(mean.index[-1])
        text = f"of {name}, {percent(mean.iloc[0])} are active in month {first}"
        parts.append(text + (f" and {percent(mean.iloc[-1])} in month {last}" if last > first else ""))
    return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "."


def _heat(ax: Axes, values: np.ndarray, form: Callable[[float], str], top: float | None = None) -> None:
    """Coloured cells with their numbers; empty where undefined."""
    scale = Normalize(0, top or max(float(np.nanmax(values)), 1e-9))
    ax.imshow(np.ma.masked_invalid(values), cmap=style.SEQUENTIAL, norm=scale, aspect="auto",
              interpolation="nearest")  # fmt: skip
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value) and form(float(value)):
            ax.text(j, i, form(float(value)), ha="center", va="center", fontsize=style.SMALL,
                    color=style.contrast(style.SEQUENTIAL(scale(value))[:3]))  # fmt: skip
    ax.set_xticks(np.arange(-0.5, values.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, values.shape[0]), minor=True)
    ax.grid(which="minor", color=style.PAPER, linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.spines["bottom"].set_visible(False)


def _category(ax: Axes, names: list[str], axis: str, stages: list[str]) -> None:
    """Stage names as ticks; numbered by their place in the scenario, as in the other plots."""
    known = dict(zip(stages, fonts.labels(stages, "stage"), strict=True))
    texts = [known.get(name, name) for name in names]
    if axis == "x":
        long = sum(map(fonts.width, texts)) > 60
        ax.set_xticks(range(len(texts)), texts, rotation=30 if long else 0, ha="right" if long else "center")
    else:
        ax.set_yticks(range(len(texts)), texts)
