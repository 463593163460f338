"""One program that runs workload W in a process of its own, slice by slice, told to over a pipe.

`python -m benchmarks.w_peer MODULE PEOPLE DAYS SEED`: MODULE is one of `benchmarks.w_*` with a `Program`. It reads
one word a line and answers with one JSON object a line: ``start`` builds the world anew, a number steps so many
days, ``end`` says what was counted. The CPU time of each is measured here, around the work and nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.child import peak_megabytes
from benchmarks.w_model import People, live_days


def warm(program: type, people: People) -> None:
    """Compile, load and import what the first run would: not part of any figure."""
    few = min(people.n, 400)
    ring = np.stack([(np.arange(few) + step) % few for step in (-1, 1)], axis=1)
    small = People.on(np.arange(0, 2 * few + 1, 2), ring.ravel())
    program(small, 60, 1).step(60)


def serve(module: str, file: str, days: int, seed: int) -> None:
    """Answer until the other side closes the pipe."""
    say = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    program = import_module(module).Program
    people = People.read(Path(file))
    warm(program, people)
    running = None
    print(json.dumps({"version": program.version, "base_mb": peak_megabytes()}), file=say, flush=True)
    for line in sys.stdin:
        word = line.strip()
        answer: dict[str, object] = {}
        if word == "start":
            running = None
            began = time.process_time_ns()
            running = program(people, days, seed)
            answer = {"cpu_ns": time.process_time_ns() - began}
        elif word == "end" and running is not None:
            counted = np.asarray(running.counted, float)
            answer = {"counted": counted.tolist(), "live": live_days(counted), "peak_mb": peak_megabytes()}
        elif running is not None:
            began = time.process_time_ns()
            running.step(int(word))
            answer = {"cpu_ns": time.process_time_ns() - began}
        print(json.dumps(answer), file=say, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
