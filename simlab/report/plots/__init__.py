"""The plots of a report: each takes a `Results` and returns a matplotlib Figure, or None if it has nothing.

    >>> figure = plots.waterfall(results)
    >>> figure.savefig("waterfall.png")

`PLOTS` lists them in the order of the page, with titles, captions and a sentence read from the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report.numbers import plural
from simlab.report.plots.contact import attention, condition, read_attention, read_condition
from simlab.report.plots.growth import funnel, read_funnel, read_referral, referral
from simlab.report.plots.lifecycle import cohorts, flows, read_cohorts, read_flows, read_stages, stages
from simlab.report.plots.money import (
    caption_orders,
    orders_and_net,
    read_orders_and_net,
    read_waterfall,
    waterfall,
)
from simlab.report.plots.spread import caption_distribution, distribution, read_distribution
from simlab.report.series import seeds


@dataclass(frozen=True)
class Plot:
    """A plot of the report.

    Attributes:
        name: file name without ending, and anchor on the page.
        title: what it is about.
        draw: makes the figure, or None when there is nothing to show.
        read: one sentence from the data; call it only when `draw` gave a figure.
        caption: how to read the marks.
        kind: what a band or a mean is over: "band", "mean" or "" (said in the caption already).
    """

    name: str
    title: str
    draw: Callable[[Results], Figure | None]
    read: Callable[[Results], str]
    caption: str | Callable[[Results], str]
    kind: str = "mean"

    def note(self, results: Results) -> str:
        """The caption with what its lines and bands are over."""
        found = len(seeds(results))
        caption = self.caption if isinstance(self.caption, str) else self.caption(results)
        if self.kind == "band" and found >= 2:
            over = (f"Line: mean of {found} seeds; band: 5th to 95th percentile over these seeds, day by day "
                    "(the spread of single runs, not of the mean).")  # fmt: skip
        elif self.kind == "":
            over = ""
        else:
            over = (
                f"Mean of {plural(found, 'seed')}." if found != 1 else "One seed only: no band is possible."
            )
        return f"{caption} {over}".strip()


PLOTS: tuple[Plot, ...] = (
    Plot("distribution", "How sure we are", distribution, read_distribution,
         caption_distribution, ""),
    Plot("waterfall", "From gross margin to customer equity", waterfall, read_waterfall,
         "Blue: totals; green: added; red: taken away."),
    Plot("orders_and_net", "Orders and net contribution", orders_and_net, read_orders_and_net,
         caption_orders, "band"),
    Plot("stages", "Members by lifecycle stage", stages, read_stages, "Stock at the end of each day."),
    Plot("flows", "Moves between stages", flows, read_flows,
         "Moves from one stage to another per month of 30 days, from the valuation date on."),
    Plot("cohorts", "How long people stay active", cohorts, read_cohorts,
         "Active: a visit, an interaction or an order within that month. Seeds are pooled.", ""),
    Plot("funnel", "Where newcomers come from", funnel, read_funnel,
         "Within the horizon. Newcomers of all ways together on the right."),
    Plot("referral", "Invitation trees", referral, read_referral,
         "A seed user did not come by an invitation since day 1; whom they invite has depth 1, and so on. "
         "Seed users who brought nobody are left out."),
    Plot("attention", "Touches and how they are received", attention, read_attention,
         "All stages together.", "band"),
    Plot("condition", "Reach, fatigue and affinity", condition, read_condition,
         "State at the end of each day.", "band"),
)  # fmt: skip

__all__ = [
    "PLOTS", "Plot", "attention", "cohorts", "condition", "distribution", "flows", "funnel", "orders_and_net",
    "referral", "stages", "waterfall",
]  # fmt: skip
