"""The identity of a scenario: a digest of what it says, not of how or where it is written.

Identity is everything in the resolved scenario but `name` and `description`. Comments, key order,
spelling of units, defaults written out or left out, and the place of the file change nothing; data
files (`population.base`, `graph.file`) count by their content. The *world* digest leaves out, further,
what is only read or asked of a world: seeds, outcomes, constraints, targets and uncertainties. Two scenarios
with one world digest give the same run for the same seed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from simlab.scenario.errors import InputError, Problem
from simlab.scenario.schema import Scenario

FORMAT = 1
"""Raised when the meaning of a field changes without its name or value changing."""

LABELS = ("name", "description")
READINGS = ("seeds", "outcomes", "constraints", "targets", "uncertainties")
DATA_PATHS = ("population.base", "graph.file")


def canonical(scenario: Scenario, data: Mapping[str, str] | None = None) -> str:
    """Canonical JSON of a scenario: sorted keys, floats by repr, data files as their sha256.

    Args:
        data: sha256 of the data files by path in the scenario, if known; else the files are read.

    Raises:
        InputError: a data file cannot be read.
    """
    return _json(_identity(scenario, data, LABELS))


def scenario_digest(scenario: Scenario, data: Mapping[str, str] | None = None) -> str:
    """sha256 (hex, 64) of the canonical scenario; arguments and errors as for `canonical`."""
    return hashlib.sha256(canonical(scenario, data).encode()).hexdigest()


def world_digest(scenario: Scenario, data: Mapping[str, str] | None = None) -> str:
    """sha256 (hex, 64) of what a single seeded run depends on; arguments and errors as for `canonical`."""
    return hashlib.sha256(_json(_identity(scenario, data, LABELS + READINGS)).encode()).hexdigest()


def data_digests(scenario: Scenario) -> dict[str, str]:
    """sha256 of the bytes of each data file that the scenario names, by path in the scenario.

    Raises:
        InputError: a file cannot be read.
    """
    named = {"population.base": scenario.population.base, "graph.file": scenario.graph.file}
    if scenario.brand is not None:
        named["brand"] = scenario.brand.rpartition(":")[0]
    found = {}
    for where, file in named.items():
        if file is not None:
            try:
                with open(file, "rb") as stream:
                    found[where] = hashlib.file_digest(stream, "sha256").hexdigest()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "unreadable"
                message, cure = f"the data file cannot be read ({reason})", "Check the name and the folder."
                raise InputError(Problem(file, message, cure, where=where)) from None
    return found


def _identity(scenario: Scenario, data: Mapping[str, str] | None, without: tuple[str, ...]) -> dict[str, Any]:
    said = {key: value for key, value in scenario.model_dump(mode="json").items() if key not in without}
    for where, digest in (data_digests(scenario) if data is None else data).items():
        block, _, key = where.partition(".")
        if key:
            said[block][key] = f"sha256:{digest}"
        else:  # a file and a class in it
            said[block] = f"sha256:{digest}:{str(said[block]).rpartition(':')[2]}"
    return {"format": FORMAT, "scenario": _positive_zero(said)}


def _positive_zero(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _positive_zero(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_positive_zero(item) for item in value]
    return value + 0.0 if isinstance(value, float) else value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
