"""Orders and money: by day, and from gross margin to customer equity."""

from __future__ import annotations

import datetime
import math

import numpy as np
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import series, style
from simlab.report.estimates import estimate
from simlab.report.numbers import count, listed, percent, signed, yuan
from simlab.world.metrics import COSTS

_COST_NAMES = {
    "subsidy_fen": "offer subsidy", "touch_fen": "touches", "complaint_fen": "complaints",
    "reward_fen": "rewards to inviters", "invitee_fen": "rewards to invitees", "acquisition_fen": "sources",
    "fixed_fen": "fixed cost", "sample_fen": "samples", "points_fen": "points",
    "benefit_fen": "level and plan services",
    "commission_fen": "commissions", "upkeep_fen": "upkeep", "service_fen": "service",
    "compensation_fen": "compensation", "staff_fen": "staff",
    "fine_fen": "fines",
    # firm
    "entry_fen": "newcomers paid to sources", "partner_fen": "shares of partners",
    "elsewhere_fen": "margin of orders that come anyway elsewhere", "programme_fen": "brand and prevention",
    "penalty_fen": "fines of events",
    # groups
    "community_fen": "running of groups", "contributor_fen": "rewards and training of contributors",
    # company
    "bonus_fen": "commissions and share rewards", "voice_fen": "paid voices and checks",
    "sharing_fen": "fines for forced shares",
    "damages_fen": "compensation in a crisis", "response_fen": "monitoring and responses",
}  # fmt: skip


def _daily(results: Results) -> tuple[series.Array, series.Array]:
    """Orders and net contribution (yuan) by seed and day, real base."""
    data = series.panel(results, ["orders", "margin_fen", *COSTS])
    net = data["margin_fen"] - np.sum([data[cost] for cost in COSTS], axis=0)
    return data["orders"] * results.scenario.scale, net * results.scenario.scale / 100


def orders_and_net(results: Results) -> Figure | None:
    """Orders and net contribution per day, 7-day mean with a band over seeds. None without either."""
    orders, net = _daily(results)
    if not orders.any() and not net.any():
        return None
    fig, axes = style.figure(4.8, 2, 1, sharex=True)
    last = results.scenario.start + datetime.timedelta(days=results.scenario.horizon)
    for ax, array, text, colour in (
        (axes[0], orders, "Orders per day", style.ACCENT),
        (axes[1], net, "Net contribution per day, yuan", style.GAIN),
    ):
        x = style.timeline(ax, results, named=False)
        style.banded(ax, x, series.band(series.rolling_mean(array, 7)), colour)
        for _, first_day, last_day in _events(results):
            until = min(last_day + datetime.timedelta(days=1), last)
            ax.axvspan(
                date2num(first_day), date2num(until), color=style.EVENT, alpha=0.35, linewidth=0, zorder=0
            )
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, 0), high + 0.16 * (high - min(low, 0)))
        style.timeline(ax, results, named=ax is axes[0])
        style.grid(ax)
        style.amounts(ax, bins=4)
        style.heading(ax, text + style.ending(results))
    return style.finish(fig)


def _events(results: Results) -> list[tuple[str, datetime.date, datetime.date]]:
    """Name, first and last day of the dated events that touch the simulated days; random ones differ by seed."""
    first, *_, last = series.dates(results, [series.days(results)[0], results.scenario.horizon])
    events = results.scenario.calendar.events
    dated = [(e.name, e.first, e.last) for e in events if e.first is not None and e.last is not None]
    return [(name, begin, end) for name, begin, end in dated if end >= first and begin <= last]


def caption_orders(results: Results) -> str:
    """What the lines are, and which events are shaded."""
    names = list(dict.fromkeys(name for name, _, _ in _events(results)))
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return "Mean of the last 7 days." + (f" Amber: {', '.join(names[:6])}{more}." if names else "")


def read_orders_and_net(results: Results) -> str:
    """The level of orders and net contribution at the start and at the end."""
    start = series.horizon(results)
    parts = []
    for array, noun, form in zip(_daily(results), ("orders", "net contribution"), (count, yuan), strict=True):
        days = array[:, start].mean(axis=0)
        width = min(28, max(len(days) // 2, 1))
        first, last = float(days[:width].mean()), float(days[-width:].mean())
        text = f"{noun} went from {form(first)} a day in the first {width} days"
        text += f" to {form(last)} in the last {width}"
        parts.append(text + (f" ({signed(last / first - 1)})" if first > 0 else ""))
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def steps(results: Results) -> list[tuple[str, float, bool]]:
    """From gross margin to customer equity: (name, yuan for the real base, whether it is a total).

    Steps of nothing are left out; the totals are gross margin, net contribution and customer equity.
    """
    margin = series.mean_total(results, "margin_fen") / 100
    out: list[tuple[str, float, bool]] = [("gross margin", margin, True)]
    costs = [(_COST_NAMES[cost], -series.mean_total(results, cost) / 100) for cost in COSTS]
    out += [(name, value, False) for name, value in costs if value]
    net = margin + sum(value for _, value in costs)
    equity, each = estimate(results, "total_equity").mean, estimate(results, "customer_equity").mean
    residual = estimate(results, "residual_value").mean
    out.append(("net contribution", net, True))
    if not math.isfinite(equity):
        return out
    if math.isfinite(each) and each and math.isfinite(residual):
        left = residual * equity / each  # starting members = equity of the base / equity per member
        out += [("discounting", equity - left - net, False), ("value after the horizon", left, False)]
    else:
        out.append(("discounting and value after the horizon", equity - net, False))
    out.append(("customer equity", equity, True))
    return out


def waterfall(results: Results) -> Figure | None:
    """Gross margin, what is paid from it, what remains and what that is worth. None without money."""
    data = steps(results)
    if not any(value for _, value, _ in data):
        return None
    fig, (ax,) = style.figure(4.4)
    running, tops = 0.0, []
    for i, (_, value, whole) in enumerate(data):
        base = 0.0 if whole else running
        colour = style.TOTAL if whole else style.GAIN if value >= 0 else style.LOSS
        ax.bar(i, value, bottom=base, color=colour, width=0.64)
        running = base + value
        tops.append(max(base, running))
        if i + 1 < len(data):
            ax.plot([i + 0.32, i + 0.68], [running, running], color=style.MUTED, linewidth=0.8)
    largest = max(abs(value) for _, value, _ in data)
    texts = [_step(value, largest) for _, value, _ in data]
    for i, (text, top) in enumerate(zip(texts, tops, strict=True)):
        ax.annotate(text, (i, max(top, 0)), xytext=(0, 4), textcoords="offset points", ha="center",
                    fontsize=style.SMALL, color=style.INK)  # fmt: skip
    ax.set_ylim(min(0, ax.get_ylim()[0]), max(tops) + 0.1 * largest)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks(range(len(data)), [name.replace(" ", "\n") for name, _, _ in data])
    style.grid(ax)
    ax.yaxis.set_major_locator(style.MaxNLocator(5))
    ax.yaxis.set_major_formatter(style.FuncFormatter(lambda v, _: style.amount(float(v), largest).split()[0]))
    word = "Million yuan" if largest >= 1e6 else "Yuan"
    style.heading(ax, f"{'Billion yuan' if largest >= 1e9 else word}{style.ending(results)}")
    return style.finish(fig)


def _step(value: float, largest: float) -> str:
    """A step in the unit of the heading, with three figures of the largest step, and two of its own."""
    factor = 1e9 if largest >= 1e9 else 1e6 if largest >= 1e6 else 1.0
    scaled = abs(value) / factor
    digits = 0 if factor == 1.0 else 2 if scaled < 1 else 1
    return f"{'−' if value < 0 else ''}{scaled:,.{digits}f}"


def read_waterfall(results: Results) -> str:
    """What is paid out of 100 yuan of margin, and how much of equity lies beyond the horizon."""
    data = steps(results)
    margin = data[0][1]
    values = {name: value for name, value, _ in data}
    paid = sorted(((-v / margin, n) for n, v, whole in data[1:] if not whole and n in _COST_NAMES.values()),
                  reverse=True) if margin > 0 else []  # fmt: skip
    parts = []
    if margin > 0:
        kept = 100 * values["net contribution"] / margin
        text = f"of 100 yuan of gross margin {kept:.0f} remain as net contribution"
        costs = listed([f"{100 * share:.1f} for {name}" for share, name in paid[:3]])
        parts.append(f"{text}, after {costs}" if costs else text)
    if values.get("customer equity", 0) > 0 and "value after the horizon" in values:
        share = values["value after the horizon"] / values["customer equity"]
        parts.append(f"{percent(share)} of customer equity lies after the horizon")
    text = "; ".join(parts) or "There is no margin in this run"
    return text[0].upper() + text[1:] + "."
