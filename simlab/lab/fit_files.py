"""The scenarios that a fit writes: YAML with the fitted figures, their errors, and what is left open."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from simlab.lab.fit_laws import Laws, Ranges
from simlab.scenario import load
from simlab.scenario.schema import WEEKDAYS

SEGMENT = "all"
PROSPECTS_PER_CUSTOMER = 3
MOST_EXPOSURES = 1e8
"""Per day, in the strategy to start from: the most that a scenario file may say."""


@dataclass(frozen=True)
class Plan:
    """What a scenario file says beside the laws.

    Attributes:
        title: name of the scenario, as the user gave it.
        source: file name of the log.
        first, until, last: calendar dates of the log's first day, of the last calibration day, of its end.
        margin: contribution margin.
        seeds: seeds of a run.
    """

    title: str
    source: str
    first: datetime.date
    until: datetime.date
    last: datetime.date
    margin: float
    seeds: int


def forward_yaml(plan: Plan, laws: Laws, open_: Ranges | None, arrivals: NDArray[np.int64]) -> str:
    """The log's own time again: everybody enters by a dated arrival, marketing off."""
    days = (plan.last - plan.first).days + 1
    held = (plan.last - plan.until).days
    what = f"days {days - held + 1} to {days} were held out" if held else "nothing was held out"
    text = [
        f"# Fitted by `simlab fit` to {plan.source}: {int(arrivals.sum()):,} customers, "
        f"{plan.first} to {plan.until}; {what}.",
        "# Marketing off: the orders that come without the programme, or with the one that ran in the log.",
        *_laws_said(laws),
        _block(
            {"name": plan.title, "description": f"Pareto/NBD and Gamma-Gamma laws fitted to {plan.source}."}
        ),
        f"start: {plan.first}                # first day of the log is day 1",
        f"horizon: {days} days",
        f"seeds: {plan.seeds}",
        "",
        "population:",
        "  members: 0",
        f"  prospects: {int(arrivals.sum())}",
        "  # First orders by day, as in the log.",
        _wrapped("  arrivals: [", [str(int(n)) for n in _trimmed(arrivals)]),
        *_segments(laws),
        "",
        "graph: {kind: none}",
        "",
        "levers: {push: {}, offers: {}, sources: {}, referral: null}",
        _economics(plan, touch_free=True),
        *_uncertainties(open_, laws),
    ]
    return "\n".join(text) + "\n"


def today_yaml(
    plan: Plan, laws: Laws, open_: Ranges | None, base: str, customers: int, prospects: int, horizon: int
) -> str:
    """Today's customers and a circle of prospects around them, marketing off."""
    start = plan.until + datetime.timedelta(days=1)
    name = f"{plan.title}: today"
    text = [
        f"# Today's {customers:,} customers of {plan.source}, each with what the own history says; marketing off.",
        "# The posteriors of rate, lifetime and basket are drawn anew in every seed, from the file named below.",
        *_laws_said(laws),
        _block({"name": name, "description": f"The customers of {plan.source} on {start}, marketing off."}),
        f"start: {start}                # the day after the last one used",
        f"horizon: {horizon} days",
        f"seeds: {plan.seeds}",
        "",
        "population:",
        f"  base: {base}",
        "  members: 0                   # the base takes their place",
        f"  prospects: {prospects}            # friends of customers; no log knows them: an assumption",
        "  opted_in: 70%                # not in a log of orders: the default of the default scenario",
        "  # What newcomers are like, drawn from the fitted laws:",
        *_segments(laws),
        "",
        "graph: {kind: communities, mean_degree: 10}   # no log of orders shows it: an assumption",
        "",
        "levers: {push: {}, offers: {}, sources: {}, referral: null}",
        "",
        "# The fitted lifetimes hold whatever leaving friends did in the log; counted once, not twice.",
        "behaviour:",
        "  contagion: {friend: 0, inviter: 0}",
        _economics(plan, touch_free=False),
        *_uncertainties(open_, laws, base=True),
    ]
    return "\n".join(text) + "\n"


def strategy_yaml(plan: Plan, today: str, prospects: int) -> str:
    """A strategy on today's customers: the levers of the default scenario, the source to the size of the pool."""
    default = load("default").scenario
    said = _said(default.levers.model_dump(mode="json"))
    people = max(default.population.prospects, 1)
    for name, source in default.levers.sources.items():
        said["sources"][name]["exposures"] = round(
            min(source.exposures * prospects / people, MOST_EXPOSURES), 2
        )
    unknown = {
        path: [known.low, known.high]
        for path, known in default.uncertainties.items()
        if path.startswith("behaviour.") and not path.startswith("behaviour.contagion")
    }
    head = [
        "# A strategy to start from: the levers of the default scenario, its source to the size of the pool (1,000",
        "# exposures a day at most). Change them to yours, and run this file and the one it extends side by side.",
        "# How people respond to pushes, coupons and rewards is not in a log of orders: those parameters stand",
        "# at their sourced defaults, with their ranges below.",
        f"extends: {today}",
        _block({"name": f"{plan.title}: strategy", "description": "Pushes, a coupon, a referral reward and one "
                "advertising source on today's customers."}),
        "",
    ]  # fmt: skip
    constraints = [f"{c.outcome} {c.op} {c.limit:g}" for c in default.constraints]
    parts = [_block({"levers": said}), _block({"uncertainties": unknown})]
    if constraints:
        parts.append(_block({"constraints": constraints}))
    return "\n".join([*head, "\n\n".join(parts)]) + "\n"


# Pieces ------------------------------------------------------------------------------------


def _said(value: Any) -> Any:
    """Without what says nothing: nulls, and "every weekday"."""
    if not isinstance(value, dict):
        return value
    kept = {k: _said(v) for k, v in value.items() if v is not None}
    return {k: v for k, v in kept.items() if not (k == "days" and len(v) == len(WEEKDAYS))}


def _block(said: dict[str, Any]) -> str:
    """YAML of blocks: each top key on its own lines, the innermost maps and lists on one line."""
    style: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 100}
    flat = not any(isinstance(value, dict | list) for value in said.values())
    text: str = yaml.safe_dump(said, default_flow_style=False if flat else None, **style)
    return text.rstrip("\n")


def _trimmed(arrivals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without the empty days at the end."""
    some = np.flatnonzero(arrivals)
    return arrivals[: int(some[-1]) + 1]


def _wrapped(head: str, items: list[str]) -> str:
    lines, line = [], head
    for item in items:
        if len(line) + len(item) > 98:
            lines.append(line.rstrip())
            line = " " * len(head)
        line += f"{item}, "
    return "\n".join([*lines, f"{line[:-2]}]"])


def _figure(value: float, error: float) -> str:
    return f"{value:.4g} ± {error:.2g}" if np.isfinite(error) else f"{value:.4g} (error unknown)"


def _laws_said(laws: Laws) -> list[str]:
    grid, fit = laws.grid, laws.baskets
    lines = [
        "#",
        "# Estimates ± standard error, on the daily grid that the simulation runs (rates per day):",
        f"#   order rates  r {_figure(grid.r, grid.se_r)}, alpha {_figure(grid.alpha, grid.se_alpha)} days",
        f"#   lifetimes    s {_figure(grid.s, grid.se_s)}, beta {_figure(grid.beta, grid.se_beta)} days",
        f"#   baskets      p {_figure(fit.p, fit.se_p)}, q {_figure(fit.q, fit.se_q)}, "
        f"gamma {_figure(fit.gamma, fit.se_gamma)} yuan",
    ]
    if laws.core is not None and grid.core > 0:
        lines.append(
            f"#   loyal core   {_figure(grid.core, laws.core.se_core)}, profile range {laws.core.low:.2f} to "
            f"{laws.core.high:.2f}: a profile-likelihood mean, weakly"
        )
        lines.append("#                identified by a log this long; r, alpha, s, beta are given that core.")
    lines += [f"#   note: {' '.join(note.split())}" for note in laws.notes]
    return [*lines, "#"]


def _segments(laws: Laws) -> list[str]:
    grid, fit = laws.grid, laws.baskets
    core = f", core: {grid.core:.6g}" if grid.core > 0 else ""
    mean = max(round(fit.population_mean, 2), 0.01)
    return [
        "  segments:",
        f"    {SEGMENT}:",
        f"      orders: {{shape: {grid.r:.8g}, per_year: {365 * grid.r / grid.alpha:.8g}}}",
        f"      lifetime: {{shape: {grid.s:.8g}, scale: {grid.beta:.8g}{core}}}",
        f"      basket: {{mean: {mean:.2f}, p: {fit.p:.8g}, q: {fit.q:.8g}}}",
    ]


def _economics(plan: Plan, touch_free: bool) -> str:
    after = ", continuation: touch_free" if touch_free else ""
    return f"\neconomics: {{margin: {plan.margin:g}{after}}}    # the margin is not in the log: check it"


def _uncertainties(open_: Ranges | None, laws: Laws, base: bool = False) -> list[str]:
    if open_ is None:
        return ["", "# No ranges: the fit gave no standard errors (see the note above)."]
    knob = "lifetime.core" if "lifetime.core" in open_.ends else "lifetime.scale"
    low, high = open_.survival
    lines = [
        "",
        "# 95 % ranges from the fit. Ranges are drawn independently, so only numbers that the data pin one by",
        "# one are varied. r and alpha are not (together they are the mean and the shape of the order rates,",
        f"# whose estimates correlate by {open_.correlation:+.2f} only), nor s and beta. Of the lifetimes "
        f"{knob.split('.')[1]} alone is",
        f"# varied, as far as brings the share alive {open_.days} days after arrival to the ends of its 95 % range,",
        f"# {low:.3f} to {high:.3f}. Expected orders in the second half of those days: ±{open_.joint:.1%} when all "
        "parameters are",
        f"# drawn together, ±{open_.independent:.1%} with these ranges. This is error of estimation. That the law "
        "itself is wrong",
        "# is not in it: see the held-out weeks in fit.html.",
    ]
    if base:
        lines.append("# They concern newcomers; today's customers have their posteriors in the base.")
    lines.append("uncertainties:")
    grain = {"basket.mean": 2}
    for name, (bottom, top) in open_.ends.items():
        digits = grain.get(name)
        ends = [f"{v:.{digits}f}" if digits is not None else f"{v:.5g}" for v in (bottom, top)]
        path = f"population.segments.{SEGMENT}.{name}"
        lines.append(f"  {path}: {{low: {ends[0]}, high: {ends[1]}, kind: normal}}")
    return lines
