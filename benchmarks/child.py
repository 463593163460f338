"""Fresh processes: run a piece of code in a new interpreter and read what it reports about itself."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Finished:
    """What a child process cost and said.

    Attributes:
        wall, cpu: seconds from outside, the interpreter's own start and end included.
        said: the JSON object on the last line of its output; empty if there was none.
    """

    wall: float
    cpu: float
    said: dict[str, Any]


def fresh(arguments: Sequence[str], cache: Path | None = None) -> Finished:
    """Run `python <arguments>` in a new process; `cache` is where it keeps compiled rules.

    Raises:
        subprocess.CalledProcessError: the child failed.
    """
    folders = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(f for f in folders if f)}
    if cache is not None:
        environment["SIMLAB_CACHE"] = str(cache)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = done.stdout.strip().splitlines()[-1:] or ["{}"]
    return Finished(wall, cpu, json.loads(last[0]) if last[0].startswith("{") else {})


def peak_megabytes() -> float:
    """Largest resident size of this process so far, as the operating system counts it.

    /proc's high-water mark starts anew with the program; getrusage's would still hold the size of the
    process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def children_megabytes() -> float:
    """Largest resident sizes of the child processes that are alive, added up; 0 where there is no /proc."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:  # ended meanwhile
            continue
        if int(facts["PPid"]) == os.getpid() and "VmHWM" in facts:
            total += int(facts["VmHWM"].split()[0]) * 1024 / 1e6
    return total
