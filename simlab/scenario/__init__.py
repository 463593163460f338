"""What to simulate: the schema of a scenario, its files, units, checks and digest."""

from simlab.scenario.digest import data_digests, scenario_digest, world_digest
from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean
from simlab.scenario.export import dump_yaml, json_schema, parameters_markdown
from simlab.scenario.files import Loaded, load
from simlab.scenario.names import printable, slug
from simlab.scenario.paths import get_value, numbers
from simlab.scenario.places import shipped_names
from simlab.scenario.schema import Scenario
from simlab.scenario.values import with_values

__all__ = [
    "Fault",
    "InputError",
    "Loaded",
    "Problem",
    "Scenario",
    "data_digests",
    "did_you_mean",
    "dump_yaml",
    "get_value",
    "json_schema",
    "load",
    "numbers",
    "parameters_markdown",
    "printable",
    "scenario_digest",
    "shipped_names",
    "slug",
    "with_values",
    "world_digest",
]
