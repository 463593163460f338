"""What a sensitivity design varies: levers and uncertain numbers, each from one coordinate in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simlab.lab.worlds import quantile
from simlab.scenario.behaviour import parameters
from simlab.scenario.errors import InputError, Problem
from simlab.scenario.experiment import ScreenSpec
from simlab.scenario.experiments import Lever
from simlab.scenario.paths import spec_at, split
from simlab.scenario.schema import Range, Scenario

Array = NDArray[np.float64]
_UNITS = {
    "a share": "share", "an amount of money": "yuan", "a price": "yuan", "a duration": "days",
    "a whole number of days": "days", "a rate per week": "per week", "a rate per day": "per day",
    "a rate per year": "per year",
}  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """One dimension of a design.

    Attributes:
        path: dotted path in the scenario.
        kind: a lever is what we choose, an uncertainty what we do not know.
        source: where its values come from.
        meaning: in words, "" where nothing is known of it.
        unit: share, yuan, days, per week ...; "" for a bare number or a choice.
    """

    path: str
    kind: Literal["lever", "uncertainty"]
    source: Lever | Range
    meaning: str = ""
    unit: str = ""

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of a choice, or ()."""
        return self.source.choices if isinstance(self.source, Lever) else ()

    @property
    def ends(self) -> tuple[Any, Any]:
        """The values at 0 and at 1."""
        return self.at(0.0), self.at(1.0)

    def at(self, u: float) -> Any:
        """The value at u in [0, 1]: evenly over a range or its logarithm, a step or a choice each equally often."""
        if isinstance(self.source, Range):
            return float(quantile(self.source, np.array([u]))[0])
        lever = self.source
        if lever.choices:
            return lever.choices[_slot(u, len(lever.choices))]
        if lever.step is not None:
            steps = math.floor((lever.high - lever.low) / lever.step + 1e-9) + 1
            value = lever.low + _slot(u, steps) * lever.step
        elif lever.log:
            value = math.exp(math.log(lever.low) + u * (math.log(lever.high) - math.log(lever.low)))
        elif lever.kind == "int":
            value = lever.low + _slot(u, int(lever.high - lever.low) + 1)
        else:
            value = lever.low + u * (lever.high - lever.low)
        # ten digits, so that all machines agree on the scenario's digest
        return round(value) if lever.kind == "int" else float(f"{value:.10g}")


def _slot(u: float, count: int) -> int:
    """Which of `count` equal parts of [0, 1] u falls into; its edges belong to the part above."""
    return min(int(u * count + 1e-9), count - 1)


def factors_of(scenario: Scenario, spec: ScreenSpec, levers: Sequence[Lever]) -> tuple[Factor, ...]:
    """Levers first, then the scenario's uncertainties where they are to vary; a range without width is no factor.

    Raises:
        InputError: nothing varies.
    """
    found = [_described(lever.path, "lever", lever) for lever in levers]
    if spec.uncertainties:
        found += uncertain(scenario)
    if not found:
        cure = "Name levers under `screen: levers:`, or give the scenario `uncertainties:`."
        raise InputError(Problem(scenario.name, "nothing varies in this design", cure))
    return tuple(found)


def uncertain(scenario: Scenario) -> list[Factor]:
    """The scenario's uncertainties as factors."""
    return [
        _described(path, "uncertainty", span)
        for path, span in scenario.uncertainties.items()
        if span.high > span.low
    ]


def values(factors: Sequence[Factor], unit: Array) -> dict[str, Any]:
    """Values by path of one point (d,) of the unit cube."""
    return {factor.path: factor.at(float(u)) for factor, u in zip(factors, unit, strict=True)}


def unit_of(path: str) -> tuple[str, str]:
    """What a number of the scenario means, and its unit; "" where nothing is known of it."""
    known = next((row for row in parameters() if row["path"] == path), {})
    spec = spec_at(split(path))
    meaning, unit = str(known.get("meaning", "")), str(known.get("unit", ""))
    if not known and spec is not None:
        meaning = (spec.info.description or "") if spec.info is not None else ""
        unit = _UNITS.get(spec.kind.text, "") if spec.kind is not None else ""
    return meaning.replace("`", ""), "" if unit in ("-", "scale") else unit


def _described(path: str, kind: Literal["lever", "uncertainty"], source: Lever | Range) -> Factor:
    meaning, unit = unit_of(path)
    return Factor(path, kind, source, meaning, "" if isinstance(source, Lever) and source.choices else unit)
