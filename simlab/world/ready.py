"""The first run on a machine: the evening is compiled in a process beside, while this one compiles the rest.

numba compiles on one thread. What it compiled travels between processes only through its cache, whose index two
writers can spoil. So the process beside has a cache of its own, and at the end hands over the few functions that the
market calls, each whole in its files; whoever comes too early or finds nothing compiles, as without it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from simlab.scenario import load
from simlab.world.book import Outside, empty_book
from simlab.world.compiled import cache_folder
from simlab.world.engine import run_evening, run_noon
from simlab.world.graph import empty
from simlab.world.records import USER
from simlab.world.service import appoint
from simlab.world.terms import names_of, standing_terms

_config: Any = numba.config
OWN = "evening"
"""Folder of the cache of the process beside, in the other one."""
MINE = ("run_evening", "run_noon", "appoint")
"""Some two fifths of all there is to compile; what else the market calls is needed sooner."""


@cache
def compile_beside() -> None:
    """Start the process beside, if nothing has been compiled in this cache yet and there is a second core."""
    folder = cache_folder()
    if _config.DISABLE_JIT or (os.cpu_count() or 1) < 2 or not sys.executable:
        return
    try:
        (folder / "beside").touch(exist_ok=False)
        child = subprocess.Popen(
            [sys.executable, "-m", "simlab.world.ready", str(folder)],
            env=os.environ | {"SIMLAB_CACHE": str(folder / OWN)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:  # it was begun before, or processes are not to be had here
        return
    atexit.register(child.kill)


def compile_evening() -> None:
    """Live the evening of a world with nobody in it."""
    scenario = load("default").scenario
    names = names_of(scenario)
    users, world, graph = np.zeros(2, USER), np.uint64(1), empty(2)
    terms, book = standing_terms((scenario,), names), empty_book(users, scenario, names, log_events=False)
    nothing = np.zeros(0, np.int64)
    first = np.zeros(scenario.horizon + 1, np.int64)
    outside = Outside(np.zeros((0, 0), np.int32), np.zeros((0, 0)), nothing, np.zeros(0), nothing, first)
    run_evening(users, world, graph.indptr, graph.indices, terms, book, outside, 0)
    run_noon(users, world, terms, book, 0)
    appoint(users, world, terms, book, 0, -1)


def hand_over(own: Path, folder: Path) -> None:
    """Put the compiled functions into the other cache: a function's code before the index that names it."""
    for suffix in ("nbc", "nbi"):
        for file in sorted(own.glob(f"*.{suffix}")):
            if file.name.split("-")[0].split(".")[-1] in MINE:
                os.replace(file, folder / file.name)


def main(folder: Path) -> None:
    """What the process beside does."""
    own = cache_folder()
    if own == folder / OWN / folder.name:  # where it was to be, for the same rules on the same machine
        compile_evening()
        hand_over(own, folder)
    shutil.rmtree(folder / OWN, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
