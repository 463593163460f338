"""Who stood where on chosen days of a few seeded worlds: what the views of who moved are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.scenario import Scenario
from simlab.world.graph import Graph


@dataclass(frozen=True)
class Scene:
    """One evening of one seeded world.

    Attributes:
        day: simulated day; 0 is the evening before the valuation date.
        stage: (N,) number of everybody's stage; prospects and those who left come after the scenario's own.
        inviter: (N,) who brought them, -1: nobody.
        group: (N,) their group, -1: none.
    """

    day: int
    stage: NDArray[np.int16]
    inviter: NDArray[np.int32]
    group: NDArray[np.int32]


@dataclass(frozen=True)
class Scenes:
    """The same days in several seeded worlds.

    Attributes:
        stages: names in the order of their numbers, then "prospect" and "left".
        worlds: scenes by seed, in the order of the days.
    """

    scenario: Scenario
    graph: Graph
    seeds: tuple[int, ...]
    days: tuple[int, ...]
    stages: tuple[str, ...]
    worlds: tuple[tuple[Scene, ...], ...]

    @property
    def outside(self) -> int:
        """Number of the stage "prospect"."""
        return len(self.stages) - 2

    @property
    def left(self) -> int:
        """Number of the stage "left"."""
        return len(self.stages) - 1

    def moves(self, step: int) -> NDArray[np.float64]:
        """(S + 2, S + 2) people by stage on day `step` and on the next chosen day; mean of the seeds."""
        size = len(self.stages)
        total = np.zeros((size, size))
        for scenes in self.worlds:
            np.add.at(total, (scenes[step].stage, scenes[step + 1].stage), 1)
        return total / len(self.worlds)
