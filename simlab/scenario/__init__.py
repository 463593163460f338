"""What to simulate: the schema of a scenario, its files, units, checks and digest.

Names are fetched when they are first used: errors and names cost nothing, the schema a quarter of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simlab.scenario.digest import data_digests, scenario_digest, world_digest
    from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean
    from simlab.scenario.export import dump_yaml, json_schema, parameters_markdown
    from simlab.scenario.files import Loaded, load
    from simlab.scenario.names import printable, slug
    from simlab.scenario.paths import get_value, numbers
    from simlab.scenario.places import shipped_names
    from simlab.scenario.schema import Scenario
    from simlab.scenario.values import with_values

_HOMES = {
    "Fault": "errors",
    "InputError": "errors",
    "Loaded": "files",
    "Problem": "errors",
    "Scenario": "schema",
    "data_digests": "digest",
    "did_you_mean": "errors",
    "dump_yaml": "export",
    "get_value": "paths",
    "json_schema": "export",
    "load": "files",
    "numbers": "paths",
    "parameters_markdown": "export",
    "printable": "names",
    "scenario_digest": "digest",
    "shipped_names": "places",
    "slug": "names",
    "with_values": "values",
    "world_digest": "digest",
}

__all__ = [
    "Fault", "InputError", "Loaded", "Problem", "Scenario", "data_digests", "did_you_mean", "dump_yaml", "get_value",
    "json_schema", "load", "numbers", "parameters_markdown", "printable", "scenario_digest", "shipped_names", "slug",
    "with_values", "world_digest",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simlab.scenario' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"simlab.scenario.{_HOMES[name]}"), name)
