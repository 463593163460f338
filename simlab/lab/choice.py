"""Which of the tried strategies go to the final on fresh seeds, and when a limit counts as kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.paired import spread
from simlab.lab.planner import Trial
from simlab.lab.runs import Run
from simlab.lab.search import limited, text_of
from simlab.lab.space import Space
from simlab.lab.surrogate import Surrogate
from simlab.scenario.outcomes import Constraint

Array = NDArray[np.float64]
CERTAINTY = 0.999
"""One-sided confidence of a certificate."""
SAFEST = 1.5
"""The most careful finalist keeps its distance from a limit, in half-widths of a certificate. Above 1, as half of
those that are truly one half-width away still fail."""


@dataclass(frozen=True)
class Final:
    """How finalists are chosen.

    Attributes:
        places: finalists.
        seeds: fresh seeds on which each is run.
        panel: seeds behind each trial's values.
        base: the current strategy's runs on that panel.
    """

    places: int
    seeds: int
    panel: int
    base: Sequence[Run]


def finalists(
    good: Sequence[Trial], space: Space, surfaces: Mapping[str, Surrogate], objectives: Mapping[str, str],
    constraints: Sequence[Constraint], final: Final,
) -> list[Trial]:  # fmt: skip
    """The best strategies by the surfaces: what was lucky on the panel is pulled back by its neighbours.

    With limits, the best ones lie on the edge of a limit, where fresh seeds can certify none of them. So each
    finalist is the best one at a distance of its own from the limits, from none to more than a certificate takes.
    """
    distinct = list({json.dumps(t.params, sort_keys=True): t for t in reversed(good)}.values())[::-1]
    points = space.unit([t.params for t in distinct])
    means = {name: surface.predict(points)[0] for name, surface in surfaces.items()}
    signs = [1.0 if d == "maximise" else -1.0 for d in objectives.values()]
    values = np.stack([s * means[o] for s, o in zip(signs, objectives, strict=True)], axis=1)
    rank = nondominated(values) if len(objectives) > 1 else np.zeros(len(distinct), int)
    widths = {text_of(c): half_width(c, surfaces[text_of(c)], final, len(constraints)) for c in constraints}
    count = min(final.places, len(distinct))
    chosen: list[int] = []
    for share in np.linspace(0.0, SAFEST, count) if constraints else np.zeros(count):
        broken = np.zeros(len(distinct))
        for text, width in widths.items():
            broken += np.maximum(means[text] + share * width, 0.0)
        chosen.append(min(
            (k for k in range(len(distinct)) if k not in chosen),
            key=lambda k: (round(float(broken[k]), 12), int(rank[k]), -float(values[k, 0])),
        ))  # fmt: skip
    return [distinct[k] for k in chosen]


def half_width(constraint: Constraint, surface: Surrogate, final: Final, constraints: int) -> float:
    """About how far from its limit, relative to it, a mean must lie to be certified in the final.

    The spread between seeds is that of the current strategy, or what the surface leaves unexplained of the
    others where that is more.
    """
    if final.seeds < 2:
        return 0.0
    own = [run for run in final.base if run.good]
    scale = max(abs(float(constraint.limit)), 1e-9)
    sd = spread(limited(own, constraint)) / scale if len(own) > 1 else 0.0
    sd = max(sd, surface.noise * math.sqrt(final.panel))
    return _factor(final.seeds, max(1, final.places * constraints)) * sd / math.sqrt(final.seeds)


def certificate(values: Array, constraint: Constraint, tests: int = 1) -> tuple[float, bool]:
    """The confidence bound of a mean, and whether it keeps the limit.

    Args:
        values: the outcome by fresh seed.
        tests: bounds that must hold together (Bonferroni).
    """
    sign = 1.0 if constraint.op == "<=" else -1.0
    n = len(values)
    if n < 2:
        return math.nan, False
    bound = float(values.mean()) + sign * _factor(n, tests) * spread(values) / math.sqrt(n)
    return bound, sign * bound <= sign * float(constraint.limit)


def _factor(n: int, tests: int) -> float:
    return float(stats.t.ppf(1 - (1 - CERTAINTY) / tests, n - 1))


def nondominated(values: Array) -> NDArray[np.int64]:
    """(n,) rank of each point: 0 where no other is at least as good in all objectives and better in one."""
    left, rank = list(range(len(values))), np.zeros(len(values), int)
    level = 0
    while left:
        front = [
            i for i in left
            if not any((values[j] >= values[i]).all() and (values[j] > values[i]).any() for j in left)
        ]  # fmt: skip
        rank[front] = level
        left = [i for i in left if i not in front]
        level += 1
    return rank
