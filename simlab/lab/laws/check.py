"""Hold a scenario against the laws: which worlds are needed, each simulated once per seed, and what they say."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

from simlab.lab.crew import identity
from simlab.lab.ground import shared_ground
from simlab.lab.hands import apart, dismiss, finished, hire
from simlab.lab.laws.law import Finding, Law, Reading
from simlab.lab.laws.table import LAWS
from simlab.lab.laws.worlds import Arm, live, plain
from simlab.lab.sized import sized
from simlab.lab.store import Store
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario
from simlab.scenario.errors import unknown
from simlab.world.compiled import sources_digest

FAST_SEEDS, FULL_SEEDS = 8, 40
FAST_MEMBERS, FULL_MEMBERS = 2_000, 20_000
DAY, MEMBER_DAY = 3e-4, 2e-7
"""Seconds that a day of a world takes, about: alone, and for each member."""


@dataclass(frozen=True)
class Check:
    """A scenario held against the laws.

    Attributes:
        scenario: as checked. findings: one for each law, in their order. seeds: worlds of each kind.
        members: members on day 0 of the simulated worlds. full: whether it was the long check.
        failures: tracebacks of worlds that could not be simulated.
    """

    scenario: Scenario
    findings: tuple[Finding, ...]
    seeds: int
    members: int
    full: bool
    failures: tuple[str, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """Laws with this verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)


@cache
def laws_digest() -> str:
    """Digest of this folder's sources: what was read by other laws is not read again as by these."""
    digest = hashlib.sha256(sources_digest().encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_digest(scenario: Scenario, seeds: Sequence[int], full: bool, laws: Sequence[Law] = LAWS) -> str:
    """Name of a check: the scenario, the seeds, the rules and the laws."""
    asked = f"{list(seeds)}|{full}|{[law.id for law in laws]}|{laws_digest()}"
    text = f"{identity(scenario)}|{scenario.name}|{scenario.description}|{asked}"
    return hashlib.sha256(text.encode()).hexdigest()


def chosen(ids: Sequence[str]) -> tuple[Law, ...]:
    """The laws of these numbers, all without any.

    Raises:
        InputError: no such law.
    """
    known = {law.id: law for law in LAWS}
    for name in ids:
        if name.upper() not in known:
            fault = unknown("law", name, known)
            raise InputError(Problem("--only", fault.message, fault.cure, value=name))
    wanted = {name.upper() for name in ids}
    return tuple(law for law in LAWS if not wanted or law.id in wanted)


def batches(laws: Sequence[Law], scenario: Scenario) -> list[tuple[list[Law], dict[str, Arm]]]:
    """Laws that share worlds, together with those worlds by key."""
    found: list[tuple[list[Law], dict[str, Arm]]] = []
    for law in laws:
        own = {arm.key(): arm for arm in law.arms(scenario).values()}
        together = [batch for batch in found if batch[1].keys() & own.keys()]
        merged: tuple[list[Law], dict[str, Arm]] = ([], {})
        for batch in together:
            found.remove(batch)
            merged[0].extend(batch[0])
            merged[1].update(batch[1])
        merged[0].append(law)
        merged[1].update(own)
        found.append(merged)
    return sorted(found, key=lambda batch: -sum(arm.simulated_days for arm in batch[1].values()))


def check(
    scenario: Scenario, *, full: bool = False, seeds: int | None = None, laws: Sequence[Law] = LAWS,
    threads: int | None = None, store: Store | None = None, watcher: Watcher | None = None,
) -> Check:  # fmt: skip
    """Hold a scenario against the laws.

    Args:
        scenario: resolved scenario.
        full: 40 worlds of each kind with up to 20,000 members, instead of 8 with up to 2,000.
        seeds: worlds of each kind, instead.
        laws: which; by default all.
        threads: by default one per processor.
        store: where readings are kept, so that a check goes on where it stopped.
        watcher: who is told how it goes.

    Raises:
        InputError: a file of the scenario that cannot be used.
    """
    watcher = watcher or Nobody()
    world = sized(plain(scenario), FULL_MEMBERS if full else FAST_MEMBERS)
    count = seeds or (FULL_SEEDS if full else FAST_SEEDS)
    reasons = {law.id: law.applies(world) for law in laws}
    asked = [law for law in laws if reasons[law.id] is None]
    readings: dict[str, dict[int, Reading]] = {law.id: {} for law in asked}
    name = identity(world)
    if store is not None:
        for law in asked:
            for seed in range(1, count + 1):
                kept = store.outcomes(_place(law, name), seed)
                if kept is not None:
                    readings[law.id][seed] = kept
    todo: list[tuple[int, list[Law]]] = []
    days = 0
    for group, _ in batches(asked, world):
        for seed in range(1, count + 1):
            missing = [law for law in group if seed not in readings[law.id]]
            if missing:
                todo.append((seed, missing))
                days += _days(missing, world)
    watcher.begins(days)
    stopping, failures = Event(), []
    workers = threads or os.cpu_count() or 1
    seconds = days * (DAY + MEMBER_DAY * world.population.members)
    known = set(laws) <= set(LAWS)  # only these can be named to another process
    own = known and apart(world.population.members + world.population.prospects, seconds, workers)

    def each_day() -> None:
        if stopping.is_set():
            raise _Stopped
        watcher.days(1)

    pool = hire(workers, own)
    try:
        jobs: dict[Future[tuple[dict[str, Reading], str]], tuple[int, list[Law]]] = {}
        for seed, missing in sorted(todo, key=lambda job: job[0]):
            if own:
                job = pool.submit(_read_there, seed, [law.id for law in missing], world)
            else:
                job = pool.submit(_read, seed, missing, world, each_day)
            jobs[job] = seed, missing
        for job in as_completed(jobs):
            seed, missing = jobs[job]
            found, failure = finished(job)
            if own:
                watcher.days(_days(missing, world))
            if failure:
                failures.append(failure)
            for law_id, reading in found.items():
                readings[law_id][seed] = reading
                if store is not None:
                    law = next(law for law in asked if law.id == law_id)
                    store.keep(_place(law, name), seed, reading)
    finally:
        stopping.set()
        dismiss(pool)
        watcher.ends()
    findings = []
    for law in laws:
        if reasons[law.id] is not None:
            findings.append(Finding(law, reason=str(reasons[law.id])))
            continue
        rows = [readings[law.id][seed] for seed in sorted(readings[law.id])]
        if rows:
            findings.append(Finding(law, law.measure(rows), len(rows)))
        else:
            findings.append(Finding(law, reason="its worlds could not be simulated", failed=True))
    members = world.population.members
    return Check(scenario, tuple(findings), count, members, full, tuple(failures))


def _days(laws: Sequence[Law], world: Scenario) -> int:
    """Days of the worlds that some laws need, each once."""
    arms = {arm.key(): arm for law in laws for arm in law.arms(world).values()}
    return sum(arm.simulated_days for arm in arms.values())


def simulated_days(
    scenario: Scenario, full: bool, seeds: int, laws: Sequence[Law] = LAWS
) -> tuple[int, float]:
    """(worlds, member-days) of a whole check."""
    world = sized(plain(scenario), FULL_MEMBERS if full else FAST_MEMBERS)
    asked = [law for law in laws if law.applies(world) is None]
    arms = [arm for _, group in batches(asked, world) for arm in group.values()]
    people = [
        max(arm.scenario.population.members, sum(arm.scenario.population.arrivals or ())) for arm in arms
    ]
    return seeds * len(arms), seeds * sum(n * arm.simulated_days for n, arm in zip(people, arms, strict=True))


def _place(law: Law, world: str) -> str:
    return hashlib.sha256(f"{law.id}|{world}".encode()).hexdigest()


class _Stopped(Exception):
    """Nobody waits for it any more."""


def _read_there(seed: int, ids: Sequence[str], scenario: Scenario) -> tuple[dict[str, Reading], str]:
    """`_read` in another process, to which laws go by their numbers."""
    return _read(seed, chosen(ids), scenario)


def _read(
    seed: int, laws: Sequence[Law], scenario: Scenario, each_day: Callable[[], None] | None = None
) -> tuple[dict[str, Reading], str]:
    """One seed's worlds, simulated and read by the laws that share them."""
    arms = {law.id: law.arms(scenario) for law in laws}
    try:
        needed = {arm.key(): arm for own in arms.values() for arm in own.values()}
        seen = {key: live(arm, seed, shared_ground(arm.scenario), each_day) for key, arm in needed.items()}
        found: dict[str, Reading] = {}
        for law in laws:
            own = {name: seen[arm.key()] for name, arm in arms[law.id].items()}
            found[law.id] = {name: float(value) for name, value in law.read(own).items()}
        return found, ""
    except (MemoryError, _Stopped):
        raise
    except Exception:  # recorded with its traceback; the other seeds go on
        return {}, f"seed {seed}, {', '.join(arms)}\n{traceback.format_exc()}"
