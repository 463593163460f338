"""The first screen in words: what happened, how sure we are, what holds, and what to be careful about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from simlab.lab.results import Results
from simlab.report import series
from simlab.report.estimates import (
    OUTLYING,
    Chance,
    Estimate,
    Judgement,
    chance,
    estimate,
    fits_worlds,
    judge,
    values,
)
from simlab.report.numbers import count, percent, plural, shown, signed
from simlab.scenario.outcomes import OUTCOMES, Constraint
from simlab.world.metrics import FIXED_POINT

HEADLINES = ("customer_equity", "members", "orders", "net")


@dataclass(frozen=True)
class Headline:
    """One of the numbers on the first screen.

    Attributes:
        outcome: its name in `OUTCOMES`.
        title: what it is, in words.
        number, unit: the estimate as text, and what follows it.
        people: the range over plausible worlds, in words; "" when no worlds were sampled.
        chance: the interval of the mean over seeds, in words, or why there is none.
        sentence: all of it as one sentence.
    """

    outcome: str
    title: str
    number: str
    unit: str
    people: str
    chance: str
    sentence: str


@dataclass(frozen=True)
class FirstScreen:
    """What a strategist reads first: numbers, how sure they are, constraints and warnings."""

    headlines: tuple[Headline, ...]
    certainty: str
    constraints: tuple[tuple[Judgement, str], ...]
    targets: tuple[str, ...]
    warnings: tuple[str, ...]

    def text(self) -> str:
        """All of it as plain text, a line each, for a terminal or a mail."""
        lines = [headline.sentence for headline in self.headlines]
        lines += [self.certainty, *(text for _, text in self.constraints)]
        lines += [f"Target: {text}" for text in self.targets]
        return "\n".join([*lines, *(f"Careful: {text}" for text in self.warnings)])


def first_screen(results: Results) -> FirstScreen:
    """The first screen of a run in words."""
    asked = tuple(dict.fromkeys((*results.scenario.outcomes[:4], *HEADLINES)))[:4]
    judged = tuple(judge(results, constraint) for constraint in results.scenario.constraints)
    return FirstScreen(
        headlines=tuple(headline(results, name) for name in asked),
        certainty=certainty(results),
        constraints=tuple((found, constraint_line(found)) for found in judged),
        targets=tuple(target_line(chance(results, target)) for target in results.scenario.targets),
        warnings=tuple(warnings(results)),
    )


def headline(results: Results, outcome: str) -> Headline:
    """One outcome in words, with both kinds of uncertainty named.

    Raises:
        KeyError: `outcome` is not one of `simlab.scenario.outcomes.OUTCOMES`.
    """
    found = estimate(results, outcome)
    texts, unit = shown([found.mean, found.low, found.high, found.world_low, found.world_high], found.unit)
    if not math.isfinite(found.mean):
        title = _capital(OUTCOMES[outcome][0])
        return Headline(
            outcome, title, "not defined", "", "", "no run defines it", f"{title}: not defined in this run."
        )
    people = f"{texts[3]} to {texts[4]}" if found.has_worlds else ""
    if found.has_interval:
        chance = f"95 % interval of the mean over {plural(found.seeds, 'seed')}: {texts[1]} to {texts[2]}"
    else:
        chance = "one seed only: no interval is possible"
    inside = "; ".join([chance, *([f"over plausible worlds: {people}"] if people else [])])
    sentence = f"{_statement(results, found, texts[0] + unit)} ({inside})."
    return Headline(outcome, _title(outcome), texts[0], unit.strip(), people, chance, sentence)


def _title(outcome: str) -> str:
    return _capital(OUTCOMES[outcome][0])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _statement(results: Results, found: Estimate, value: str) -> str:
    """The estimate as the start of a sentence."""
    days = results.scenario.horizon
    match found.outcome:
        case "customer_equity":
            return f"Customer equity is {value} per starting member"
        case "total_equity":
            return f"Customer equity of the whole base is {value}"
        case "members":
            before = series.starting_members(results)
            change = (
                f", {signed(found.mean / before - 1)} against {count(before)} on the valuation date"
                if before
                else ""
            )
            return f"{value.removesuffix(' users')} members after {plural(days, 'day')}{change}"
        case "orders":
            return f"{value} in {plural(days, 'day')}"
        case "net":
            return f"Net contribution within {plural(days, 'day')} is {value}, not discounted"
    return f"{_title(found.outcome)}: {value}"


def certainty(results: Results) -> str:
    """What the intervals cover and what they do not, in plain words."""
    found = [estimate(results, name) for name in HEADLINES]
    worlds, seeds = max(e.worlds for e in found), max(e.seeds for e in found)
    if worlds >= 2:
        kind = next(e.range_name for e in found if e.worlds == worlds)
        people = (
            f"The range to decide by is the one over plausible worlds ({kind} of {worlds}): it carries "
            "what we do not know about people, and more seeds do not shrink it."
        )
    elif results.scenario.uncertainties:
        people = (
            "The scenario says what we do not know about people, but this run sampled no plausible worlds: "
            "the intervals leave it out and are too narrow to decide by."
        )
    else:
        people = (
            "The scenario gives no ranges for what we do not know about people: the intervals leave it out."
        )
    if seeds < 2:
        return f"{people} With one seed there is no interval for chance either."
    if any(e.has_worlds and e.high - e.low > e.world_high - e.world_low for e in found[:1]):
        # Then the range over worlds is itself mostly chance: a world has only a few seeds.
        return (
            f"Chance over {seeds} seeds still blurs customer equity more than what we do not know about "
            "people does: run more seeds before deciding."
        )
    return f"{people} The interval of the mean over {seeds} seeds is chance alone."


def constraint_line(found: Judgement) -> str:
    """A constraint in one line: met, not met, or not decidable, and in how many plausible worlds."""
    rule, unit = found.constraint, OUTCOMES[found.constraint.outcome][1]
    least = rule.op == ">="
    texts, suffix = shown([found.mean, found.bound], unit)
    if unit == "per 1,000":  # the name of such an outcome says so already
        suffix = ""
    asked = (
        f"{_capital(OUTCOMES[rule.outcome][0])} {'at least' if least else 'at most'} {_limit(found)}{suffix}"
    )
    if not math.isfinite(found.mean):
        return f"{asked}: not decidable, it is not defined in this run."
    if not math.isfinite(found.bound):
        return f"{asked}: not decidable with one seed (it gave {texts[0]}{suffix})."
    side = "lower" if least else "upper"
    text = f"{asked}: {found.verdict} (mean {texts[0]}{suffix}, "
    text += f"99.9 % {side} bound over seeds {texts[1]}{suffix}"
    if found.worlds:
        text += f"; holds in {found.worlds_met} of {plural(found.worlds, 'plausible world')}"
    return f"{text})."


def target_line(found: Chance) -> str:
    """A target in one line: how often it was reached, and how far the mean is from it."""
    rule, unit = found.target, OUTCOMES[found.target.outcome][1]
    (mean,), suffix = shown([found.mean], unit)
    if unit == "per 1,000":  # the name of such an outcome says so already
        suffix = ""
    least = "at least" if rule.op == ">=" else "at most"
    asked = f"{_capital(OUTCOMES[rule.outcome][0])} {least} {_written(rule, [found.mean])}{suffix}"
    if not found.seeds:
        return f"{asked}: it is not defined in this run."
    text = f"{asked}: reached in {found.reached} of {plural(found.seeds, 'seed')}"
    if found.worlds:
        text += f", and in {percent(found.share)} of {plural(found.worlds, 'run')} in plausible worlds"
    return f"{text} (mean {mean}{suffix})."


def _limit(found: Judgement) -> str:
    """The limit as its author wrote it: no digits added; millions where the suffix says so."""
    return _written(found.constraint, [found.mean, found.bound])


def _written(rule: Constraint, values_: Sequence[float]) -> str:
    """The limit of a rule, in the scale in which these values are shown."""
    unit = OUTCOMES[rule.outcome][1]
    limit = float(rule.limit)
    _, suffix = shown(values_, unit)
    factor = 0.01 if unit == "share" else 1e9 if "billion" in suffix else 1e6 if "million" in suffix else 1.0
    return f"{limit / factor:,.10g}"


def warnings(results: Results) -> list[str]:
    """What makes these numbers less trustworthy, each in a sentence; empty when nothing stands out."""
    out = []
    own = {name: float(array.mean()) for name in OUTCOMES if (array := values(results, name)).size}
    if (k := own.get("k_factor", 0.0)) > 0.5:
        out.append(
            f"K is {k:.2f}: programmes rarely get above 0.5. Check acceptance and rewards before using it."
        )
    if own.get("touches", 0.0) > 0:
        for name, noun, low, high in (("open_rate", "opens per delivered touch", 0.01, 0.10),
                                      ("reach", "reach at the horizon", 0.25, 0.70)):  # fmt: skip
            share = own.get(name, math.nan)
            if share < low or share > high:
                usual = f"{percent(low)} to {percent(high)}"
                out.append(
                    f"{_capital(noun)}: {percent(share)}, outside the {usual} that programmes usually see."
                )
    equity, residual = own.get("customer_equity", math.nan), own.get("residual_value", math.nan)
    if equity <= 0:
        out.append("Customer equity is not above zero: the programme costs more than it earns.")
    elif residual / equity > 0.6:
        late = percent(residual / equity)
        out.append(f"{late} of customer equity lies after the horizon: it depends on what is assumed there.")
    out += _outside(results)
    return out + stationarity(results)


def _outside(results: Results) -> list[str]:
    """The scenario's own world should be one of the plausible ones."""
    if not fits_worlds(results, "customer_equity") < OUTLYING:  # NaN without worlds
        return []
    return [
        "The scenario's own estimate lies further from its plausible worlds than chance explains: its numbers and its "
        "ranges disagree."
    ]


def stationarity(results: Results) -> list[str]:
    """Whether members and fatigue still drift in the last four weeks of the warm-up.

    A drift is reported when it is clear (slope over its standard error above 3; between seeds, or from
    weekly means when there is one) and large (2 % of the level in four weeks for members, 5 % for fatigue).
    """
    warm = results.scenario.warmup.days
    if warm == 0:
        return ["No warm-up was simulated: on day 1 nobody is tired and nobody holds a coupon."]
    if warm < 14:
        return [
            f"The warm-up of {plural(warm, 'day')} is too short to tell whether the programme had settled."
        ]
    data = series.panel(results, ["members", "fatigue"])
    members = data["members"][:, max(warm - 28, 0) : warm]
    level = {
        "members": members,
        "mean fatigue": series.ratio(data["fatigue"][:, max(warm - 28, 0) : warm], members),
    }
    level["mean fatigue"] = level["mean fatigue"] / FIXED_POINT
    out = []
    for (name, array), large in zip(level.items(), (0.02, 0.05), strict=True):
        drift, clear = _drift(array)
        if clear and abs(drift) > large:
            window = f"its last {plural(array.shape[1], 'day')}"
            out.append(
                f"The warm-up had not settled: {name} moved by {signed(drift)} in {window}. Make it longer."
            )
    return out


def _drift(array: series.Array) -> tuple[float, bool]:
    """Relative change over the window by the mean slope, and whether it stands out from its noise."""
    array = array[np.isfinite(array).all(axis=1)]
    if not array.size or array.mean() == 0:
        return 0.0, False
    days = np.arange(array.shape[1]) - (array.shape[1] - 1) / 2
    slopes = array @ days / (days @ days)
    slope = float(slopes.mean())
    if len(slopes) > 1:
        error = float(slopes.std(ddof=1) / math.sqrt(len(slopes)))
        clear = abs(slope) > float(stats.t.ppf(0.9973, len(slopes) - 1)) * error
    else:
        # Days of one run hang together; weekly means much less.
        weeks = array[0][: array.shape[1] // 7 * 7].reshape(-1, 7).mean(axis=1)
        fit = stats.linregress(np.arange(len(weeks)), weeks) if len(weeks) > 2 else None
        clear = fit is None or abs(fit.slope) > 3 * fit.stderr
    return slope * array.shape[1] / float(array.mean()), clear
