"""Hold a scenario against the laws: which worlds are needed, each simulated once per seed, and what they say."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

from simlab.lab.crew import identity
from simlab.lab.laws.law import Finding, Law, Reading
from simlab.lab.laws.table import LAWS
from simlab.lab.laws.worlds import Arm, live, plain, sized
from simlab.lab.runs import Ground, ground_of
from simlab.lab.store import Store
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario
from simlab.scenario.errors import unknown
from simlab.world.compiled import sources_digest

FAST_SEEDS, FULL_SEEDS = 8, 40
FAST_MEMBERS, FULL_MEMBERS = 2_000, 20_000


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
    todo = []
    for group, arms in batches(asked, world):
        for seed in range(1, count + 1):
            missing = [law for law in group if seed not in readings[law.id]]
            if missing:
                keys = {arm.key() for law in missing for arm in law.arms(world).values()}
                todo.append((seed, missing, {key: arm for key, arm in arms.items() if key in keys}))
    grounds = _grounds(arm for _, _, arms in todo for arm in arms.values())
    days = sum(arm.simulated_days for _, _, arms in todo for arm in arms.values())
    watcher.begins(days)
    stopping, failures = Event(), []
    pool = ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1)
    try:
        jobs: list[Future[tuple[int, dict[str, Reading], str]]] = [
            pool.submit(_read, seed, missing, arms, world, grounds, watcher, stopping)
            for seed, missing, arms in sorted(todo, key=lambda job: job[0])
        ]
        for job in as_completed(jobs):
            seed, found, failure = job.result()
            if failure:
                failures.append(failure)
            for law_id, reading in found.items():
                readings[law_id][seed] = reading
                if store is not None:
                    law = next(law for law in asked if law.id == law_id)
                    store.keep(_place(law, name), seed, reading)
    finally:
        stopping.set()
        pool.shutdown(wait=True, cancel_futures=True)
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


def _ground_key(scenario: Scenario) -> str:
    people = scenario.population.model_dump_json(include={"members", "prospects", "arrivals", "base"})
    return f"{scenario.graph.model_dump_json()}|{people}"


def _grounds(arms: Any) -> Mapping[str, Ground]:
    """Graph and base of each kind of world, built once."""
    found: dict[str, Ground] = {}
    for arm in arms:
        key = _ground_key(arm.scenario)
        if key not in found:
            found[key] = ground_of(arm.scenario)
    return found


class _Stopped(Exception):
    """Nobody waits for it any more."""


def _read(
    seed: int, laws: Sequence[Law], arms: Mapping[str, Arm], scenario: Scenario, grounds: Mapping[str, Ground],
    watcher: Watcher, stopping: Event,
) -> tuple[int, dict[str, Reading], str]:  # fmt: skip
    """One seed's worlds, simulated and read by the laws that share them."""

    def each_day() -> None:
        if stopping.is_set():
            raise _Stopped
        watcher.days(1)

    try:
        seen = {
            key: live(arm, seed, grounds[_ground_key(arm.scenario)], each_day) for key, arm in arms.items()
        }
        found: dict[str, Reading] = {}
        for law in laws:
            own = {name: seen[arm.key()] for name, arm in law.arms(scenario).items()}
            found[law.id] = {name: float(value) for name, value in law.read(own).items()}
        return seed, found, ""
    except (MemoryError, _Stopped):
        raise
    except Exception:  # recorded with its traceback; the other seeds go on
        return seed, {}, f"seed {seed}, {', '.join(law.id for law in laws)}\n{traceback.format_exc()}"
