"""Starting up: help and errors do not wait for what they do not need."""

from __future__ import annotations

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
