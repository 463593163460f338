"""Starting up: help and errors do not wait for what they do not need."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

HEAVY = ("pydantic", "numpy", "numba", "pandas", "matplotlib", "mesa", "optuna", "scipy", "networkx")


@pytest.mark.parametrize(
    "start", ["import simlab", "from simlab.cli import app", "from simlab.scenario import InputError"]
)
def test_the_door_is_light(start: str) -> None:
    """No library of the rooms is imported before a verb needs it."""
    code = f"import sys; {start}; print(*sorted(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not [name for name in HEAVY if name in found]


def test_every_public_name_is_there() -> None:
    import simlab
    import simlab.scenario

    for module in (simlab, simlab.scenario):
        for name in module.__all__:
            assert getattr(module, name) is not None
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            module.nonsense  # noqa: B018


FIRST_LINE = """
import sys
from simlab import cli

def first(bar, text):
    print(text)
    print(*sorted(sys.modules))
    raise SystemExit(0)

cli.Bar.says = first
cli.main(sys.argv[1:])
"""
VERBS = {
    "run": ["run", "default"],
    "compare": ["compare", "default", "--vary", "levers.referral.reward=0,5"],
    "tune": ["tune", "experiments/full-strategy.yaml"],
    "screen": ["screen", "experiments/what-matters.yaml"],
    "rollout": ["rollout", "experiments/live-test.yaml"],
    "check": ["check", "default"],
    "show": ["show", "flows", "default"],
    "measure": ["measure", "five-stages"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_what_it_is_about_to_do_before_anything_heavy_is_imported(verb: str) -> None:
    """The first line waits for the files, which pydantic reads, and for nothing else."""
    said = subprocess.run(
        [sys.executable, "-c", FIRST_LINE, *VERBS[verb]], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert re.search(r"over \d+ days|pairs of worlds", said[0])
    assert not {*HEAVY, "simlab.world"}.difference({"pydantic"}).intersection(said[1].split())
