"""The verb `check`: is this world plausible?"""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simlab.lab import folders
from simlab.lab.watch import Nobody, Watcher, begin, get_ready
from simlab.questions import RESULTS, _written
from simlab.scenario import Loaded, load, slug

if TYPE_CHECKING:
    from simlab.lab.laws.check import Check

__all__ = ["check"]


def check(
    scenario: str | Path | Loaded, overrides: Sequence[str] = (), *, full: bool = False, seeds: int | None = None,
    only: Sequence[str] = (), threads: int | None = None, out: Path | str | None = None, write: bool = True,
    again: bool = False, command: str = "", progress: Watcher | None = None,
) -> Check:  # fmt: skip
    """Hold a scenario against the published laws, and write a result folder.

    Args:
        scenario: a file, the name of a shipped scenario, or what `load` returned.
        overrides: "behaviour.exposure.lift=0.6" and so on.
        full: 40 seeds of each world, with up to 20,000 members; by default 8, with up to 2,000.
        seeds: how many seeds, instead.
        only: "L14" and so on; by default all laws.
        threads: by default one per processor.
        out: parent folder of the result folder; by default ./results.
        write: False writes no result folder.
        again: write the result folder anew even if it is there.
        command: the command line, for the manifest.
        progress: who is told how it goes.

    Returns:
        the check; ``manifest["folder"]`` says where it was written.

    Raises:
        InputError: anything wrong with the scenario, the laws or the place to write to.
    """
    progress = progress or Nobody()
    loaded = scenario if isinstance(scenario, Loaded) else load(scenario, overrides)
    model = loaded.scenario
    begin(progress, f"check {model.name}", model)

    from simlab.lab import runs
    from simlab.lab.laws import check as lab
    from simlab.lab.store import Store
    from simlab.report.check_page import write_check

    count = seeds or (lab.FULL_SEEDS if full else lab.FAST_SEEDS)
    laws = lab.chosen(only)
    run = lab.check_digest(model, range(1, count + 1), full, laws)
    place = Path(out or RESULTS)
    final = place / f"{slug('check ' + model.name)}-{run[:8]}"
    folders.check_place(final)
    store = Store(place, lab.laws_digest())
    worlds, days = lab.simulated_days(model, full, count, laws)
    get_ready(progress)
    progress.says(
        f"{worlds:,} worlds, {days / 1e6:,.0f} million member-days; what was read already is not done again."
    )
    started = time.perf_counter()
    found = lab.check(
        model, full=full, seeds=count, laws=laws, threads=threads, store=store, watcher=progress
    )
    facts = {
        "run": run,
        "command": command or shlex.join(["simlab", "check", loaded.file, *(["--full"] * full)]),
        "scenario file": loaded.file,
        "seeds": count,
        "rules": lab.laws_digest(),
        "versions": runs.versions(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    found = replace(found, manifest=facts)
    if write:
        progress.says("Writing the page ...")
        _written(final, run, facts, again, partial(write_check, found))
        found = replace(found, manifest={**facts, "folder": str(final)})
    return found
