"""What comes out of a run: tables, and where they came from. The report room reads only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from simlab.scenario.schema import Scenario


@dataclass(frozen=True)
class Results:
    """Finished runs of one scenario.

    Attributes:
        scenario: the resolved scenario.
        tables: DataFrames by name.
            ``daily``: world, seed, day (1 = valuation date; <= 0: warm-up), stage, source, segment, then one
            int64 column per metric of `simlab.world.metrics.M` (rows of zeros are left out). Beside the
            scenario's stages there are "prospect" and "left", so that `members` over stages sums to everybody.
            ``cohorts``: world, seed, cohort (label: "base", "month 1" ...), age (months of 30 days since
            joining; for "base" since day 1), size, active, buyers, orders, net_fen.
            ``flows``: world, seed, month (of 30 days, 1-based), source_stage, target_stage, users.
            ``trees``: world, seed, depth (1: invited by a seed user), users; and
            ``tree_sizes``: world, seed, size, trees (seed users by the number invited below them).
            ``outcomes``: world, seed, then one float column per outcome of `simlab.scenario.outcomes.OUTCOMES`,
            scaled to the real base. World 0 has the scenario's own numbers; worlds 1.. are sampled from
            its `uncertainties` (column set ``worlds`` says with which values).
            ``worlds``: world, then one column per uncertain path.
        manifest: versions, seeds, digests, command, times.
    """

    scenario: Scenario
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What readers worked out from these tables, by whatever they call it, so that nobody does it twice."""
        return {}
