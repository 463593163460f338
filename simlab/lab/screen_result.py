"""What comes out of a screening. The report room reads only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from simlab.lab.designs import Effect
from simlab.lab.factors import Factor
from simlab.lab.flips import Flips
from simlab.lab.noise import Noise
from simlab.scenario.schema import Scenario


@dataclass(frozen=True)
class Moved:
    """A factor and what it does."""

    factor: Factor
    effect: Effect


@dataclass(frozen=True)
class Screening:
    """A finished sensitivity design.

    Attributes:
        scenario: resolved scenario with the current strategy.
        outcome: its name in `simlab.scenario.outcomes.OUTCOMES`.
        method: morris or sobol.
        moved: every factor with its effect, the largest first.
        blocks, kept: trajectories (Morris) or base rows (Sobol) of the design, and those that were complete.
        points: different points that were run.
        lost: why blocks were left out: reason -> blocks.
        examples: first message of each reason.
        seeds: common seeds of every point. The second strategy is compared on these and, if they are fewer than
            eight, on more.
        noise: how much of the variance over the design is chance.
        flips: which assumptions turn the ranking against the second strategy; None if there is
            none, or if hardly a world could be run with both.
        second: what the second strategy changes: path -> (value now, its value).
        units: unit by path, of every factor and of what the second strategy changes; "" where there is none.
        lost_worlds: sampled worlds of that comparison that could not be run with both strategies.
        tables: ``effects``: a row per factor. ``points``: block, point, one column per factor, state, and mean and
            error over seeds. ``runs``: block, point, seed, value. With a second strategy ``worlds``: world, one
            column per uncertain path, current, second, difference, error; ``flips`` and ``curves``: per
            assumption, verdict and expected difference along its range; ``joint``: pairs.
        manifest: versions, seeds, digests.
    """

    scenario: Scenario
    outcome: str
    method: Literal["morris", "sobol"]
    moved: tuple[Moved, ...]
    blocks: int
    kept: int
    points: int
    lost: dict[str, int]
    examples: dict[str, str]
    seeds: tuple[int, ...]
    noise: Noise
    flips: Flips | None = None
    second: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    lost_worlds: int = 0
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
