"""A screening in words: what moves the outcome, how much is chance, what turns the ranking, what to beware of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from simlab.lab.screen_result import Moved, Screening
from simlab.report.numbers import listed, percent, plural, quantity, signed
from simlab.scenario.outcomes import OUTCOMES

MORE_IS_BETTER = (
    "customer_equity", "total_equity", "realised_value", "residual_value", "net", "revenue", "members", "joins",
    "referred", "orders", "orders_per_member", "active_share", "open_rate", "seen_rate", "reach",
)  # fmt: skip
"""Outcomes of which a strategist wants more; of others we only say which strategy has more."""
LITTLE, MUCH = 0.05, 0.2
"""Shares of chance in the variance below which it can be ignored, and above which it rules."""
FEW = 10
"""Complete trajectories or base rows below which a bootstrap over them is rough."""
REASONS = {
    "invalid": "the scenario contradicts itself there",
    "failed": "a run failed",
    "undefined": "a run does not define the outcome",
    "skipped": "the time was up",
}


@dataclass(frozen=True)
class Line:
    """One sentence on the ranking, and whether it turns: `verdict` is turns, holds or open."""

    verdict: str
    text: str

    @property
    def style(self) -> str:
        return {"holds": "met", "turns": "not-met"}.get(self.verdict, "not-decidable")


def short(path: str) -> str:
    """A path without the part that all of its kind share."""
    for head in ("behaviour.", "levers."):
        if path.startswith(head):
            return path.removeprefix(head)
    return path


def value(number: object, unit: str) -> str:
    """A value of a factor with its unit."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return str(number)
    if unit == "share":
        return f"{100 * number:.3g} %".replace("-", "−")
    text = f"{number:,.4g}" if abs(number) < 10_000 else f"{number:,.0f}"
    return f"{text} {unit}".strip().replace("-", "−")


def what(screening: Screening) -> str:
    """The outcome in words."""
    return OUTCOMES[screening.outcome][0]


def stands_out(moved: Moved) -> bool:
    """Whether the effect is above what chance alone would show."""
    effect = moved.effect
    return effect.size - effect.error > (0.0 if math.isnan(effect.chance) else effect.chance)


def size(screening: Screening, moved: Moved) -> str:
    """How large an effect is: money, or a share of the variance."""
    if screening.method == "sobol":
        return percent(moved.effect.size)
    return quantity(moved.effect.size, OUTCOMES[screening.outcome][1])


def headline(screening: Screening) -> str:
    """The answer in two sentences."""
    strong = [m for m in screening.moved if stands_out(m)][:3]
    if not strong:
        first = f"Nothing in this design moves {what(screening)} by more than chance would."
    else:
        names = [f"{short(m.factor.path)} ({size(screening, m)})" for m in strong]
        shares = screening.method == "sobol"
        measure = "its share of the variance" if shares else "the mean change for a move over its range"
        if len(names) > 1:
            measure = "shares of the variance" if shares else "each the mean change for a move over its range"
        first = f"What moves {what(screening)} most: {listed(names)}, {measure}{', interactions included' * shares}."
    return f"{first} {noise_line(screening)}"


def noise_line(screening: Screening) -> str:
    """How much of the variance is chance, and how many seeds would do."""
    noise = screening.noise
    if not math.isfinite(noise.share):
        return "How much of it is chance cannot be said."
    text = f"Chance is {percent(noise.share)} of the variance over the design, with {noise.seeds} common seeds a point"
    if noise.share <= LITTLE:
        return f"{text}: enough."
    if noise.needed is None:
        return f"{text}: the points do not stand out from chance at all."
    return f"{text}; {plural(noise.needed, 'seed')} would bring it to 5 %."


def overlap(screening: Screening) -> str:
    """Which of the first places are not settled; "" if they are."""
    strong = [m for m in screening.moved if stands_out(m)]
    for first, second in pairwise(strong):
        if first.effect.size - first.effect.error <= second.effect.size + second.effect.error:
            run = [first, second]
            for m in strong[strong.index(second) + 1 :]:
                if first.effect.size - first.effect.error > m.effect.size + m.effect.error:
                    break
                run.append(m)
            names = [short(m.factor.path) for m in run[:5]]
            return f"The order among {listed(names)} is not settled: their intervals overlap."
    return ""


def direction(moved: Moved) -> str:
    """Which way it pushes, in a word or two."""
    found = moved.effect.direction
    if moved.factor.choices:
        return "a choice"
    if not math.isfinite(found) or moved.effect.size == 0:
        return "none"
    if found > 0.9:
        return "up"
    if found < -0.9:
        return "down"
    if abs(found) < 0.3:
        return "both ways"
    return "mostly up" if found > 0 else "mostly down"


def shape(screening: Screening, moved: Moved) -> str:
    """Linear or interacting."""
    effect = moved.effect
    if not stands_out(moved):
        return "not told from chance"
    if screening.method == "sobol":
        mixed = effect.size - effect.other
        if mixed > effect.error + effect.other_error:
            return f"with others ({percent(max(0.0, mixed))})"
        return "by itself, as far as can be seen"
    ratio = effect.other / effect.size
    return "steady" if ratio < 0.5 else "varies" if ratio < 1 else "depends on the rest"


def more(screening: Screening) -> str:
    """What the winner is."""
    return "better" if screening.outcome in MORE_IS_BETTER else "higher"


def ranking(screening: Screening) -> list[Line]:
    """What turns the ranking of the two strategies; [] where there is no second one."""
    flips = screening.flips
    if flips is None:
        return []
    word, unit = more(screening), OUTCOMES[screening.outcome][1]
    units = screening.units
    lines = []
    for flip in flips.flipping:
        where = []
        rising = flip.curve[-1, 1] > flip.curve[0, 1] if len(flip.thresholds) == 1 else None
        for limit, (low, high) in zip(flip.thresholds, flip.spans, strict=True):
            ends = f"{value(low, '')} to {value(high, units.get(flip.path, ''))}"
            if units.get(flip.path) == "share":
                ends = f"{100 * low:.3g} to {100 * high:.3g} %"
            where.append(f"{value(limit, units.get(flip.path, ''))} (somewhere in {ends})")
        if rising is not None:
            above, below = ("second", "current") if rising else ("current", "second")
            text = f"{short(flip.path)} turns it: above {where[0]} the {above} strategy is {word}, "
            text += f"below it the {below} one."
        else:
            text = f"{short(flip.path)} turns it more than once, at {listed(where)}."
        lines.append(Line("turns", text))
    for joint in flips.joint:
        parts = [
            f"{short(path)} {side} {value(limit, units.get(path, ''))}"
            for path, side, limit in zip(joint.paths, joint.sides, joint.limits, strict=True)
        ]
        ahead, share = ("second", joint.above) if joint.mean > 0 else ("current", 1 - joint.above)
        lines.append(Line("turns", f"Only together: with {listed(parts)}, the {ahead} strategy is {word} in "
                          f"{round(share * joint.worlds)} of {plural(joint.worlds, 'sampled world')} "
                          f"(mean difference {difference(joint.mean, unit)}). Neither does it alone."))  # fmt: skip
    holds = [short(flip.path) for flip in flips.single if flip.verdict == "holds"]
    if flips.steady:
        lines.append(Line("holds", "No assumption turns the ranking anywhere in its plausible range, nor do two "
                          "together, as far as this design can see."))  # fmt: skip
    elif holds:
        lines.append(Line("holds", f"{listed(holds)}: the expected ranking is the same all along the range."))
    unclear = [short(flip.path) for flip in flips.single if flip.verdict == "open"]
    if unclear:
        lines.append(Line("open", f"{listed(unclear)}: in part of the range the expected difference is too close to "
                          "zero to say which is ahead."))  # fmt: skip
    return lines


def against(screening: Screening) -> str:
    """The two strategies over the sampled worlds, in a sentence or two; "" where there is no second one."""
    flips = screening.flips
    if flips is None:
        return ""
    unit, word = OUTCOMES[screening.outcome][1], more(screening)
    count = round(flips.above * flips.worlds)
    return (f"The second strategy is {word} in {count} of {plural(flips.worlds, 'sampled world')}. Expected "
            f"difference over them: {difference(flips.mean, unit)} (95 % interval {difference(flips.low, unit)} to "
            f"{difference(flips.high, unit)}). Taken alone, a world shows a clear lead of the second "
            f"in {round(flips.clear_above * flips.worlds)} of them and of the current one in "
            f"{round(flips.clear_below * flips.worlds)}.")  # fmt: skip


def difference(number: float, unit: str) -> str:
    """A difference with its sign."""
    if unit == "share":
        return f"{signed(number).removesuffix(' %')} points"
    text = quantity(number, unit)
    return text if text.startswith("−") or number == 0 else f"+{text}"


def careful(screening: Screening) -> list[str]:
    """What makes the answer less trustworthy."""
    lines, noise = [], screening.noise
    if math.isfinite(noise.share) and noise.share > MUCH:
        lines.append(
            f"Chance is {percent(noise.share)} of the variance: read the order of the smaller effects as open."
        )
    block = "trajectories" if screening.method == "morris" else "base rows"
    for reason, count in screening.lost.items():
        said = screening.examples.get(reason, "")
        lines.append(f"{count} of {screening.blocks} {block} are left out: {REASONS[reason]}"
                     f"{f' ({said})' if said else ''}. The answer holds for the rest of the ranges.")  # fmt: skip
    if screening.kept < FEW:
        lines.append(
            f"With {screening.kept} complete {block} the intervals are rough themselves: raise `size`."
        )
    if screening.lost_worlds:
        if screening.flips is None:
            lines.append(
                "What turns the ranking cannot be said: hardly a world could be run with both strategies."
            )
        worlds = plural(screening.lost_worlds, "sampled world")
        lines.append(f"{worlds} could not be run with both strategies and are left out of the ranking.")
    if said := overlap(screening):
        lines.append(said)
    lines.append("An effect is as large as the range it is taken over: a wider range of a lever, or of what we do not "
                 "know, makes it matter more.")  # fmt: skip
    if screening.method == "morris":
        lines.append(
            "Morris' method sorts factors; it does not split the variance. For shares use `method: sobol`."
        )
    flips = screening.flips
    if flips is not None and any(flip.verdict == "open" for flip in flips.single):
        said = "Open does not mean that it cannot turn."
        if flips.shared > (flips.high - flips.low) / 4:
            shared = quantity(flips.shared, OUTCOMES[screening.outcome][1])
            said += f" All worlds share an error of ±{shared}, because they were run on the same "
            said += f"{plural(flips.seeds, 'seed')}: raise `seeds` to settle more."
        lines.append(said)
    return lines
