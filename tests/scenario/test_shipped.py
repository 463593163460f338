"""The scenarios that travel with simlab."""

from __future__ import annotations

import subprocess
import sys

import pytest

from simlab.scenario import load, shipped_names
from simlab.scenario.places import shipped_folder


@pytest.mark.parametrize("name", [n for n in shipped_names() if "/" not in n])
def test_every_shipped_scenario_loads(name: str) -> None:
    assert load(name).scenario.name


def test_names_come_from_the_folder() -> None:
    assert "default" in shipped_names()
    assert (shipped_folder() / "default.yaml").is_file()


def test_the_room_needs_no_numpy() -> None:
    """`scenario` is imported by tools that only check files; it must stay light."""
    code = (
        "import sys, simlab.scenario; sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
