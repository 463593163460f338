"""What a pattern is: worlds, numbers read from each seed, directions that must hold, and bands that we wish for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from simlab.lab.laws.law import estimate
from simlab.lab.laws.worlds import Arm, Seen, sized
from simlab.lab.past import with_past
from simlab.scenario import Scenario, load, with_values
from simlab.scenario.files import compose
from simlab.scenario.library import entry

MEMBERS = 2_000
"""Members of every world; prospects, exposures and budgets in proportion."""
SURE = 4.0
"""Standard errors by which a direction must be away from none."""

Row = Mapping[str, float]
Number = Callable[[Row], float]


@dataclass(frozen=True)
class Direction:
    """Something that must be above zero: z of at least 4 over the seeds."""

    text: str
    value: Number


@dataclass(frozen=True)
class Band:
    """A number that should lie in a band; the band comes from case claims and is a wish. Without any it is shown."""

    text: str
    low: float
    high: float
    value: Number


@dataclass(frozen=True)
class Pattern:
    """A claimed pattern.

    Attributes:
        number: as in the list of patterns. title, claimed: what is said to happen.
        world: which worlds are compared, in words.
        arms: these worlds. read: sums that one seed's worlds give.
        directions: what must hold. bands: what we wish for.
        note: why something is missed, or is said in another way.
    """

    number: int
    title: str
    claimed: str
    world: str
    arms: Callable[[], Mapping[str, Arm]]
    read: Callable[[Mapping[str, Seen]], Row]
    directions: tuple[Direction, ...]
    bands: tuple[Band, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Said:
    """One line of a pattern's result."""

    text: str
    value: float
    low: float
    high: float
    wish: str
    verdict: str


def judged(pattern: Pattern, rows: Sequence[Row]) -> list[Said]:
    """Directions and bands of a pattern, from one row a seed."""
    found = []
    for direction in pattern.directions:
        x = np.array([direction.value(row) for row in rows], np.float64)
        x = x[np.isfinite(x)]
        mean, error = float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))
        z = mean / error if error > 0 else math.inf * np.sign(mean)
        share = float((x > 0).mean())
        half = float(stats.t.ppf(0.975, len(x) - 1)) * error
        found.append(Said(direction.text, mean, mean - half, mean + half, f"z {z:+.1f}, {share:.0%} of seeds",
                          "holds" if z >= SURE else "does not hold"))  # fmt: skip
    for band in pattern.bands:
        ((value, low, high),) = estimate(lambda t, b=band: (b.value(t),), rows)  # type: ignore[misc]
        inside = "in the band" if band.low <= value <= band.high else "outside"
        wish = f"{_short(band.low)} to {_short(band.high)}"
        if math.isinf(band.low) and math.isinf(band.high):
            inside, wish = "shown", "-"
        found.append(Said(band.text, value, low, high, wish, inside))
    return found


def _short(x: float) -> str:
    if math.isinf(x):
        return "no limit"
    return f"{x:.3g}"


# Worlds ------------------------------------------------------------------------------------------


def scene(
    world: str = "default", mechanisms: Sequence[str] = (), settings: Sequence[str] = (), members: int | None = None,
    **overrides: Any,
) -> Scenario:  # fmt: skip
    """A shipped scenario with mechanisms of the library laid over it.

    Args:
        world: its name. mechanisms: fragments by name. settings: fragments whose setting holds, too.
        overrides: values by path with two underscores for a dot.
    """
    under: dict[str, Any] = {}
    for name in (*settings, *mechanisms):
        block = _setting(name)
        under |= block
    pieces = [(entry(name).file, f"library/{name}.yaml") for name in mechanisms]
    texts = [f"{path.replace('__', '.')}={value}" for path, value in overrides.items()]
    scenario = compose(world, pieces, under=under, overrides=texts).scenario
    scenario = scenario.model_copy(update={"uncertainties": {}, "constraints": (), "seeds": 1})
    return sized(scenario, members or MEMBERS)


def _setting(name: str) -> dict[str, Any]:
    """What both arms of a fragment have, as nodes by path."""
    from simlab.scenario import library

    own, _ = library._read(entry(name).file, name)
    block = own.value["mechanism"].value.get("setting")
    return dict(block.value) if block is not None and isinstance(block.value, dict) else {}


def against(control: Scenario, **arms: Scenario) -> dict[str, Scenario | tuple[Scenario, Scenario | None]]:
    """Arms that share the control's past."""
    return {name: with_past(arm, control) for name, arm in arms.items()}


def arm(scenario: Scenario, control: Scenario | None = None, **more: Any) -> Arm:
    """An arm that lived under the control's strategy until day 0."""
    if control is None or control is scenario:
        return Arm(scenario, **more)
    own, before = with_past(scenario, control)
    return Arm(own, before, **more)


def newborn(scenario: Scenario) -> Scenario:
    """The same people, all joined on the eve of day 1."""
    people = scenario.population.model_copy(update={"tenure": 0})
    return scenario.model_copy(
        update={"population": people, "warmup": scenario.warmup.model_copy(update={"days": 0})}
    )


def changed(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """`with_values`."""
    return with_values(scenario, values)


def shipped(name: str) -> Scenario:
    """A shipped scenario."""
    return load(name).scenario


# Numbers -----------------------------------------------------------------------------------------


def activity(seen: Seen, first: int, last: int | None = None) -> float:
    """Mean daily share of members who are active."""
    return seen.total("active", first, last) / max(seen.total("members", first, last), 1)


def reached_on_eve(seen: Seen) -> Any:
    """(N,) members on the eve who can be reached."""
    eve = seen.at[0]
    return (eve["status"] == 1) & (eve["muted"] == 0)


def newcomers(records: Any) -> Any:
    """(N,) who joined on the eve of day 1, in a world of newcomers; prospects have never joined."""
    return (records["status"] != 0) & (records["joined"] == 0) & (records["source"] == 0)


def blocked(seen: Seen) -> float:
    """Share of those who could be reached on the eve who have muted or left since."""
    here = reached_on_eve(seen)
    gone = (seen.users["status"] == 2) | (seen.users["muted"] == 1)
    return float(gone[here].mean())


def ratio(top: str, bottom: str) -> Number:
    """row[top] / row[bottom]."""
    return lambda row: row[top] / row[bottom]


def more(top: str, bottom: str) -> Number:
    """row[top] - row[bottom]."""
    return lambda row: row[top] - row[bottom]
