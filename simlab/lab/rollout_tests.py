"""One simulated live test: the same seeded world with everybody on A, with everybody on B, and as a test.

Because draws are keyed, a user who feels nothing of the other arm has the very same days in the test as in the
world where everybody is on the own strategy. What differs is interference, and it is read off user by user.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simlab.lab.clusters import links_between
from simlab.lab.ground import Ground
from simlab.lab.rollout_stats import Contrast, Floats, adjusted, arm_of, contrast_of
from simlab.scenario import Scenario
from simlab.scenario.rollout_spec import Design, RolloutSpec
from simlab.world.draws import BIRTH_DAY, Purpose, uniforms
from simlab.world.market import Market
from simlab.world.records import MEMBER

CONTROL, TREATED, HELD = 0, 1, 2
Cells = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Setting:
    """What all simulated tests of a rollout share.

    Attributes:
        control, treatment, holdout: the scenario under each arm's strategy, to the longest horizon.
        before: the strategy that holds until day 0, today's.
        ground: graph and current base.
        units: by design, (N,) number of everybody's unit of randomisation: the user, or the community.
        spec: what was asked for.
        enrol: share of the units (beside the holdout) that take part; the others stay on A and are not counted.
    """

    control: Scenario
    treatment: Scenario
    holdout: Scenario
    before: Scenario
    ground: Ground
    units: Mapping[Design, NDArray[np.int64]]
    spec: RolloutSpec
    enrol: float = 1.0

    @property
    def days(self) -> int:
        """Simulated days of one whole test, over all the worlds that it needs."""
        worlds = 2 + (self.spec.holdout > 0) + len(self.units)
        return worlds * (self.control.warmup.days + self.control.horizon)


@dataclass(frozen=True)
class Measured:
    """One arm against another in one simulated test.

    Attributes:
        plain: as it is. adjusted: with what the time before day 1 explains taken out.
        placebo: the same assignment where nobody's strategy was changed; it should find nothing.
        spill: what the test did to each arm beyond what its strategy does when everybody is on it.
        variances, adjusted_variances: that one unit brings, by arm. units, users, sd: counted, by arm.
        evenness: effective units per unit.
    """

    plain: Contrast
    adjusted: Contrast
    placebo: Contrast
    spill: tuple[float, float]
    variances: tuple[float, float]
    adjusted_variances: tuple[float, float]
    units: tuple[int, int]
    users: tuple[int, int]
    sd: tuple[float, float]
    evenness: float


@dataclass(frozen=True)
class TestRun:
    """One seed's worlds, read.

    Attributes:
        members: members on day 1.
        truth: by weeks: everybody on B less everybody on A, per member on day 1.
        worth: by weeks: everybody on A less nobody on anything.
        tests: by design and weeks: B against A. held: A against the holdout.
        contact: by design: share of friends who are in another arm.
        failure: traceback, if the run failed; then the rest is empty.
    """

    __test__ = False  # not one of pytest's

    seed: int
    members: int = 0
    truth: dict[int, float] = field(default_factory=dict)
    worth: dict[int, float] = field(default_factory=dict)
    tests: dict[tuple[Design, int], Measured] = field(default_factory=dict)
    held: dict[tuple[Design, int], Measured] = field(default_factory=dict)
    contact: dict[Design, float] = field(default_factory=dict)
    failure: str = ""


def assign(setting: Setting, seed: int, design: Design) -> tuple[Cells, Mask]:
    """(N,) cell of everybody, members and prospects, and (N,) who takes part, by keyed draws of this seed.

    Users decide by their own draw; communities by its rank, so that their numbers are exact.
    """
    units, spec = setting.units[design], setting.spec
    count = int(units.max()) + 1 if len(units) else 0
    purpose = Purpose.TEST_CELL if design == "user" else Purpose.TEST_CLUSTER
    drawn = uniforms(seed, np.arange(count), BIRTH_DAY, int(purpose))
    if design == "cluster":
        rank = np.empty(count)
        rank[np.argsort(drawn, kind="stable")] = np.arange(count)
        drawn = (rank + 0.5) / count
    place = (drawn - spec.holdout) / (1 - spec.holdout)  # below 0: held out
    cell = np.where(place < 0, HELD, np.where(place < setting.enrol * spec.share, TREATED, CONTROL))
    return cell[units].astype(np.uint8), (place < setting.enrol)[units]


def simulate_test(setting: Setting, seed: int) -> TestRun:
    """All worlds of one seed, and each design's test read in each duration."""
    try:
        return _simulate(setting, seed)
    except Exception:  # recorded with its traceback, for whoever reads the results
        return TestRun(seed, failure=traceback.format_exc())


def _simulate(setting: Setting, seed: int) -> TestRun:
    spec, n = setting.spec, setting.ground.graph.n
    worlds = {cell: _live(setting, seed, np.full(n, cell, np.uint8)) for cell in (CONTROL, TREATED)}
    if spec.holdout > 0:
        worlds[HELD] = _live(setting, seed, np.full(n, HELD, np.uint8))
    here, spent, _ = worlds[CONTROL]

    def gap(first: int, second: int, week: int) -> float:
        return float((worlds[second][2][week] - worlds[first][2][week]).mean())

    tests: dict[tuple[Design, int], Measured] = {}
    held: dict[tuple[Design, int], Measured] = {}
    contact: dict[Design, float] = {}
    for design, units in setting.units.items():
        cell, counted = assign(setting, seed, design)
        _, _, seen = _live(setting, seed, cell)
        contact[design] = links_between(setting.ground.graph, cell, _mask(here, n) & counted)
        arms = {c: (cell[here] == c) & counted[here] for c in worlds}
        for week in spec.weeks:
            alone = {c: worlds[c][2][week] for c in worlds}
            own = units[here]
            tests[design, week] = _measure(seen[week], alone, arms, (CONTROL, TREATED), own, spent)
            if spec.holdout > 0 and len(np.unique(own[arms[HELD]])) > 1:  # else there is no error to state
                held[design, week] = _measure(seen[week], alone, arms, (HELD, CONTROL), own, spent)
    return TestRun(
        seed, len(here), {w: gap(CONTROL, TREATED, w) for w in spec.weeks},
        {w: gap(HELD, CONTROL, w) for w in spec.weeks} if spec.holdout > 0 else {}, tests, held, contact,
    )  # fmt: skip


def _mask(ids: NDArray[np.int64], n: int) -> Mask:
    mask = np.zeros(n, bool)
    mask[ids] = True
    return mask


def _measure(
    seen: Floats, alone: Mapping[int, Floats], arms: Mapping[int, Mask], pair: tuple[int, int],
    units: NDArray[np.int64], before: Floats,
) -> Measured:  # fmt: skip
    """The second cell of `pair` against the first, in outcomes `seen` in the test and `alone` in each whole world."""
    masks = [arms[c] for c in pair]
    first, second = (arm_of(seen[m], units[m]) for m in masks)
    better = adjusted(seen, before, masks)
    first_adjusted, second_adjusted = (arm_of(better[m], units[m]) for m in masks)
    nothing = alone[pair[0]]
    return Measured(
        plain=contrast_of(first, second),
        adjusted=contrast_of(first_adjusted, second_adjusted),
        placebo=contrast_of(*(arm_of(nothing[m], units[m]) for m in masks)),
        spill=_two((seen - alone[c])[arms[c]].mean() for c in pair),
        variances=(first.unit_variance, second.unit_variance),
        adjusted_variances=(first_adjusted.unit_variance, second_adjusted.unit_variance),
        units=(first.units, second.units),
        users=(first.users, second.users),
        sd=_two(seen[m].std(ddof=1) for m in masks),
        evenness=(first.effective + second.effective) / (first.units + second.units),
    )


def _two(values: object) -> tuple[float, float]:
    first, second = (float(value) for value in values)  # type: ignore[attr-defined]
    return first, second


def _live(setting: Setting, seed: int, cell: Cells) -> tuple[NDArray[np.int64], Floats, dict[int, Floats]]:
    """Ids of the members on day 1, their spend until then in yuan, and their outcome after each duration."""
    ground, spec = setting.ground, setting.spec
    market = Market(setting.control, seed, ground.graph, ground.base, setting.before,
                    cells=(setting.treatment, setting.holdout), assignment=cell)  # fmt: skip
    while market.day < 0:
        market.step()
    here = np.flatnonzero(market.users["status"] == MEMBER)
    spent = market.users["spend"][here] / 100.0
    start = _outcome(market, here, spec.outcome)
    found = {}
    for day in range(1, 7 * max(spec.weeks) + 1):
        market.step()
        if day % 7 == 0 and day // 7 in spec.weeks:
            found[day // 7] = _outcome(market, here, spec.outcome) - start
    market.release()
    return here, spent, found


def _outcome(market: Market, here: NDArray[np.int64], outcome: str) -> Floats:
    """(M,) the outcome so far of the members on day 1: yuan, or orders."""
    users = market.users
    if outcome == "orders":
        return users["orders"][here].astype(float)
    net = users["net"].astype(np.int64)
    if outcome == "net_with_friends" and market.day > 0:
        brought = np.flatnonzero(
            (users["joined"] >= 1) & (users["status"] >= MEMBER) & (users["inviter"] >= 0)
        )
        brought = brought[users["source"][brought] == 2]
        for depth in np.unique(users["depth"][brought])[
            ::-1
        ]:  # from the last invited up to whom they owe it to
            layer = brought[users["depth"][brought] == depth]
            np.add.at(net, users["inviter"][layer], net[layer])
    return net[here] / 100.0
