"""W's twin in simlab against programs that run W itself: Starsim, NumPy, the plain numba loop, Mesa.

Each program has a process of its own and does the same year in slices, in turns with the others. What is compared is
CPU time per live user-day. First they must agree: the programs of W with each other, the twin's rates with W's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.child import ROOT
from benchmarks.rows import Row
from benchmarks.timing import Ratio, ratio_of_slices
from benchmarks.w_loop import people_of_w
from benchmarks.w_model import happened, live_days, rates
from benchmarks.w_twin import CLOSE


@dataclass(frozen=True)
class Peer:
    """A program to compare with.

    Attributes:
        name: as the table calls it.
        module: where its `Program` is. needs: the package without which it is left out.
        bar, aim: how many times its speed simlab is to have.
        small: whether it runs on fewer users, because it would take too long.
    """

    name: str
    module: str
    needs: str
    bar: float | None = None
    aim: float | None = None
    small: bool = False


SIMLAB = Peer("simlab", "benchmarks.w_twin", "numba")
LOOP = Peer("plain numba loop", "benchmarks.w_loop", "numba")
PEERS = (
    Peer("Starsim, common random numbers", "benchmarks.w_starsim", "starsim", 5, 10),
    Peer("NumPy by hand", "benchmarks.w_numpy", "numpy", 3, 5),
    Peer("idiomatic Mesa", "benchmarks.w_mesa", "mesa", 100, 200, small=True),
)
SLICES = 5
SMALL = 10_000
"""Users of a small peer: one that costs minutes a year at 100,000, and no less per user there than here."""
SLACK, ERRORS = 0.01, 4.0
"""How far two programs of W may differ: this share, and so many standard errors of their counts."""


@dataclass
class Run:
    """A program at work in its own process.

    Attributes:
        peer: which. n: users. version: of what it is made with.
        costs: ns by repetition and slice. counted: (days, COUNTED) of the last repetition.
        peak_mb, base_mb: largest resident size, and that before the users were there.
        setup_ns: ns to build the world, by repetition.
    """

    peer: Peer
    n: int
    process: subprocess.Popen[str]
    version: str = ""
    base_mb: float = 0.0
    peak_mb: float = 0.0
    costs: list[list[float]] = field(default_factory=list)
    setup_ns: list[float] = field(default_factory=list)
    counted: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    @classmethod
    def begun(cls, peer: Peer, n: int, python: str, people: Path, days: int) -> Run:
        """Start the process and wait until it is warm."""
        one = dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
        )
        command = [
            python,
            "-W",
            "ignore",
            "-m",
            "benchmarks.w_peer",
            peer.module,
            str(people),
            str(days),
            "1",
        ]
        process = subprocess.Popen(
            command, env=os.environ | one | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT,
        )  # fmt: skip
        run = cls(peer, n, process)
        hello = run._answer()
        run.version, run.base_mb = hello["version"], hello["base_mb"]
        return run

    def tell(self, word: str | int) -> dict[str, Any]:
        """Give an order and wait for the answer."""
        assert self.process.stdin is not None
        print(word, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.peer.name} failed: see its message above")
        return json.loads(line)

    def start(self) -> None:
        """A fresh world."""
        self.setup_ns.append(self.tell("start")["cpu_ns"])
        self.costs.append([])

    def slice(self, days: int) -> None:
        """Some days, timed."""
        self.costs[-1].append(self.tell(days)["cpu_ns"])

    def end(self) -> None:
        """What was counted."""
        answer = self.tell("end")
        self.counted, self.peak_mb = np.array(answer["counted"]), answer["peak_mb"]

    def close(self) -> None:
        """The process ends."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def against(self, other: Run) -> Ratio:
        """Its cost per live user-day over the other's."""
        units = live_days(self.counted), live_days(other.counted)
        return ratio_of_slices(np.array(self.costs), np.array(other.costs), units)


def interpreter(peer: Peer, others: Sequence[str]) -> str | None:
    """An interpreter that has what the peer needs; ours first."""
    look = f"import importlib.util as u, sys; sys.exit(u.find_spec('{peer.needs}') is None)"
    for python in (sys.executable, *others):
        if subprocess.run([python, "-c", look], cwd=ROOT).returncode == 0:
            return python
    return None


def side_by_side(n: int, days: int, repetitions: int, small: int, pythons: Sequence[str] = ()) -> list[Run]:
    """All programs that can run here, each year in slices, in turns. A small peer runs with the loop on fewer users."""
    wanted = [(SIMLAB, n), (LOOP, n), (LOOP, small), *((peer, small if peer.small else n) for peer in PEERS)]
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="simlab-benchmark-") as folder:
        files = {}
        for size in sorted({n, small}):
            files[size] = Path(folder) / f"people-{size}.npz"
            people_of_w(size).write(files[size])
        try:
            for peer, size in dict.fromkeys(wanted):
                python = interpreter(peer, pythons)
                if python is not None:
                    runs.append(Run.begun(peer, size, python, files[size], days))
            upto = np.linspace(0, days, SLICES + 1).astype(int)
            for _ in range(repetitions):
                for run in runs:
                    run.start()
                for first, last in pairwise(upto):
                    for run in runs:
                        run.slice(int(last - first))
                for run in runs:
                    run.end()
        finally:
            for run in runs:
                run.close()
    return runs


def same_story(runs: Sequence[Run]) -> Row:
    """Whether the programs that run W have the same daily rates, each beside the plain loop on as many users."""
    notes, holds = [], True
    loops = {run.n: run for run in runs if run.peer is LOOP}
    worst: dict[str, float] = {}
    for run in runs:
        if run.peer in (SIMLAB, LOOP):
            continue
        loop = loops[run.n]
        differences = []
        ours, theirs = happened(loop.counted), happened(run.counted)
        for name in ours:
            relative = rates(run.counted)[name] / rates(loop.counted)[name] - 1
            error = sqrt(1 / max(ours[name], 1) + 1 / max(theirs[name], 1))
            holds &= abs(relative) <= SLACK + ERRORS * error
            differences.append(f"{name} {100 * relative:+.1f}")
            worst[f"{run.peer.needs}_{name}"] = relative
        notes.append(f"{run.peer.name} ({run.n:,} users): {', '.join(differences)} %")
    return Row(
        "programs of W tell the same story: rates per live user-day relative to the plain loop",
        "; ".join(notes) or "no other program here", f"within {100 * SLACK:g} % + {ERRORS:g} s.e.",
        holds if notes else None, {"key": "w_agreement", **worst},
    )  # fmt: skip


def twin_row(simlab: Run, loop: Run) -> Row:
    """The twin's daily rates beside W's."""
    ours, theirs = rates(simlab.counted), rates(loop.counted)
    notes = [f"{name} {ours[name]:.4g} ({100 * (ours[name] / theirs[name] - 1):+.1f} %)" for name in theirs]
    far = max(abs(ours[name] / theirs[name] - 1) for name in theirs)
    return Row(
        f"W's twin (benchmarks/w.yaml), {simlab.n:,} users: rates per live user-day beside W's",
        ", ".join(notes), f"within {100 * CLOSE:g} %", far <= CLOSE,
        {"key": f"w_twin_{simlab.n}", "twin": ours, "w": theirs},
    )  # fmt: skip


def speed_row(simlab: Run, other: Run) -> Row:
    """How many times as fast simlab is."""
    ratio, peer = other.against(simlab), other.peer
    holds = None if peer.bar is None else ratio.value >= peer.bar
    made = "" if peer is LOOP else f" {other.version}"
    fewer = f" on {other.n:,} users" if other.n != simlab.n else ""
    return Row(
        f"W, {simlab.n:,} users, one thread: times {peer.name}{made}{fewer}",
        f"**{ratio.value:.3g}** ({ratio.low:.3g} to {ratio.high:.3g}); {ratio.top:,.0f} ns a live user-day, simlab "
        f"{ratio.bottom:.0f} ns; peak memory {other.peak_mb:,.0f} MB ({other.base_mb:,.0f} before the users came), "
        f"simlab {simlab.peak_mb:,.0f} MB ({simlab.base_mb:,.0f})",
        "" if peer.bar is None else f">= {peer.bar:g}, aim {peer.aim:g}", holds,
        {"key": f"w_{peer.module.removeprefix('benchmarks.w_')}_{simlab.n}", "ratio": ratio.value, "low": ratio.low,
         "high": ratio.high, "ns": ratio.top, "ns_simlab": ratio.bottom, "repetitions": ratio.repetitions,
         "users": other.n, "peak_mb": other.peak_mb, "base_mb": other.base_mb, "peak_mb_simlab": simlab.peak_mb,
         "base_mb_simlab": simlab.base_mb, "setup_s": float(np.median(other.setup_ns)) / 1e9,
         "setup_s_simlab": float(np.median(simlab.setup_ns)) / 1e9},
    )  # fmt: skip


def run(quick: bool = False, full: bool = False, pythons: Sequence[str] = ()) -> list[Row]:
    """W at 100,000 and a million users."""
    rows: list[Row] = []
    sizes = [(100_000, 100, 3)] if quick else [(100_000, 365, 5), (1_000_000, 365, 3)]
    small = 2000 if quick else 100_000 if full else SMALL
    for n, days, repetitions in sizes:
        runs = side_by_side(n, days, repetitions, small, pythons)
        simlab = next(run for run in runs if run.peer is SIMLAB)
        loop = next(run for run in runs if run.peer is LOOP and run.n == n)
        if not rows:
            rows += [
                Row(f"{peer.name}: left out, {peer.needs} is not installed (see --peers-python)", "")
                for peer in PEERS if not any(run.peer is peer for run in runs)
            ]  # fmt: skip
            rows += [same_story(runs)]
        rows.append(twin_row(simlab, loop))
        rows += [
            speed_row(simlab, other) for other in runs if other.peer is not SIMLAB and other.peer is not LOOP
        ]
        rows.append(speed_row(simlab, loop))
    return rows
