"""The searched space: between values of levers, Optuna's parameters, and the unit cube of the surrogate."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from simlab.scenario.experiments import Lever

Params = dict[str, Any]
"""Values as Optuna keeps them: numbers, and the text of a choice."""

FINE = 200
"""A lever without a step is set to a power of ten that divides its range into at least so many values."""


def label(value: Any) -> str:
    """The text by which a choice is known in a study."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Space:
    """Some levers as a search space."""

    levers: tuple[Lever, ...]

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Optuna's distributions by path."""
        return {lever.path: _distribution(lever) for lever in self.levers}

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Values by path of a scenario, from parameters."""
        return {lever.path: _value(lever, params[lever.path]) for lever in self.levers}

    def start(self) -> tuple[Params, list[str]]:
        """The current strategy as parameters, moved into the ranges; and the paths where it had to be moved."""
        params: Params = {}
        moved = []
        for lever in self.levers:
            inside = _nearest(lever)
            params[lever.path] = inside
            if _value(lever, inside) != lever.current:
                moved.append(lever.path)
        return params, moved

    def unit(self, params: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """(n, d) points in the unit cube; a choice has one column per value."""
        rows = [[x for lever in self.levers for x in _unit(lever, p[lever.path])] for p in params]
        return np.array(rows, np.float64).reshape(len(params), self.columns)

    @property
    def columns(self) -> int:
        """Columns of `unit`."""
        return sum(len(lever.choices) or 1 for lever in self.levers)

    def on_bound(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(path, "lowest" or "highest") of numbers within 1 % of the range of an end."""
        found = []
        for lever in self.levers:
            if lever.kind != "choice":
                (x,) = _unit(lever, params[lever.path])
                if x <= 0.01 or x >= 0.99:
                    found.append((lever.path, "lowest" if x <= 0.01 else "highest"))
        return found


def _distribution(lever: Lever) -> BaseDistribution:
    if lever.kind == "choice":
        return CategoricalDistribution([label(choice) for choice in lever.choices])
    if lever.kind == "int":
        step = 1 if lever.step is None else int(lever.step)
        return IntDistribution(int(lever.low), int(lever.high), log=lever.log, step=1 if lever.log else step)
    high = lever.high
    if lever.step is not None:  # the last whole step, so that Optuna need not say that it moves the end
        high = lever.low + math.floor((lever.high - lever.low) / lever.step + 1e-9) * lever.step
    return FloatDistribution(lever.low, high, log=lever.log, step=lever.step)


def _value(lever: Lever, param: Any) -> Any:
    if lever.kind == "choice":
        return json.loads(param)
    if lever.kind == "int":
        return int(param)
    value = float(param)
    if value == lever.current or lever.step is not None:
        return float(f"{value:.10g}")
    if lever.log:
        value = float(f"{value:.3g}")
    else:  # a strategy is read out and typed in: 24.6 yuan, not 24.57318
        grain = max(lever.grain or 0.0, 10.0 ** math.floor(math.log10((lever.high - lever.low) / FINE)))
        value = round(value / grain) * grain
    if lever.grain:
        value = round(value / lever.grain) * lever.grain
    return float(f"{min(max(value, lever.low), lever.high):.10g}")


def _nearest(lever: Lever) -> Any:
    if lever.kind == "choice":
        texts = [label(choice) for choice in lever.choices]
        now = label(lever.current)
        return now if now in texts else texts[0]
    value = min(max(float(lever.current), lever.low), lever.high)
    if lever.step is not None:
        last = math.floor((lever.high - lever.low) / lever.step + 1e-9)
        value = lever.low + min(round((value - lever.low) / lever.step), last) * lever.step
    return int(value) if lever.kind == "int" else value


def _unit(lever: Lever, param: Any) -> list[float]:
    if lever.kind == "choice":
        return [float(param == label(choice)) for choice in lever.choices]
    low, high, x = lever.low, lever.high, float(param)
    if lever.log:
        low, high, x = math.log(low), math.log(high), math.log(x)
    return [(x - low) / (high - low)]
