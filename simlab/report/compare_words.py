"""A comparison in words: the sentence to read out, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from simlab.lab.comparison import LESS_IS_BETTER, Comparison
from simlab.lab.paired import range_name
from simlab.lab.results import Results
from simlab.report.estimates import OUTLYING, judge
from simlab.report.numbers import listed, percent, plural, shown
from simlab.report.words import constraint_line
from simlab.scenario.outcomes import OUTCOMES

MOSTLY_CHANCE = 0.5
"""Above this share of their spread the worlds differ by the chance of their few seeds more than by themselves."""
ONE_PAIR = 0.6
"""Above this share of the spread due to one pair the differences are far from normal."""
SURE = 0.95


@dataclass(frozen=True)
class ArmLine:
    """One arm against the baseline, as texts.

    Attributes:
        name: of the arm.
        sentence: to be read out.
        verdict: "better", "worse", "depends" (on what we do not know), "open" or "identical".
        judgement: the verdict in words.
        number, unit: the difference, and its unit.
        interval, worlds: ranges as texts, "–" where there are none; together: the same, "" where there is none.
        chance, world_chance: P(better) over chance, and the number of plausible worlds.
        pairs, needed, worth: as texts.
    """

    name: str
    sentence: str
    verdict: str
    judgement: str
    number: str
    unit: str
    interval: str
    together: str
    worlds: str
    chance: str
    world_chance: str
    pairs: str
    needed: str
    worth: str


def plus(values: Sequence[float], unit: str) -> tuple[list[str], str]:
    """`shown` for differences: a plus before what is above zero, and points instead of per cent."""
    texts, suffix = shown(values, unit)
    marked = [
        f"+{text}" if value > 0 and any(char in "123456789" for char in text) else text
        for text, value in zip(texts, values, strict=True)
    ]
    return marked, " points" if unit == "share" else suffix


def lines(found: Comparison) -> list[ArmLine]:
    """Every arm but the baseline, in order."""
    return [line(found, arm) for arm in found.others]


def line(found: Comparison, arm: str) -> ArmLine:
    """One arm against the baseline."""
    row = found.row(arm)
    unit = found.unit
    numbers = [float(row[name]) for name in ("difference", "low", "high", "low_together", "high_together",
                                             "world_low", "world_high")]  # fmt: skip
    texts, suffix = plus(numbers, unit)
    has, sampled = math.isfinite(row["low"]), math.isfinite(row["world_low"])
    interval = f"{texts[1]} to {texts[2]}" if has else "–"
    worlds = f"{texts[5]} to {texts[6]}" if sampled else "–"
    verdict, judgement = _verdict(found, row)
    return ArmLine(
        name=arm,
        sentence=_sentence(found, arm, row, texts, suffix, interval, worlds),
        verdict=verdict,
        judgement=judgement,
        number="0" if row["identical"] else texts[0],
        unit=suffix.strip(),
        interval=interval,
        together=f"{texts[3]} to {texts[4]} for all arms at once" if math.isfinite(row["low_together"]) else "",
        worlds=worlds,
        chance=likely(float(row["p_better"])),
        world_chance=_wins(row) if sampled and not row["identical"] else "",
        pairs=f"{int(row['pairs']):,}",
        needed=f"{row['needed']:,.0f} needed" if math.isfinite(row["needed"]) else "",
        worth=_worth(float(row["worth"])),
    )  # fmt: skip


def likely(chance: float) -> str:
    """A probability in words that never claim certainty."""
    if not math.isfinite(chance):
        return "–"
    if chance > 0.9995:
        return "> 99.9 %"
    if chance < 0.0005:
        return "< 0.1 %"
    return f"{100 * chance:.1f} %" if not 0.1 < chance < 0.9 else f"{100 * chance:.0f} %"


def _wins(row: pd.Series) -> str:
    return f"better in {row['world_p_better'] * row['worlds']:.3g} of {int(row['worlds'])}"


def _worth(ratio: float) -> str:
    if not math.isfinite(ratio):
        return "–"
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def _sentence(
    found: Comparison, arm: str, row: pd.Series, texts: list[str], suffix: str, interval: str, worlds: str
) -> str:
    base, outcome = found.baseline, found.outcome
    meaning = OUTCOMES[outcome][0]
    if row["pairs"] == 0:
        return (
            f"Nothing can be said about '{arm}': no pair of runs was finished in which {meaning} is defined."
        )
    pairs = plural(int(row["pairs"]), "pair")
    if row["identical"]:
        return f"'{arm}' and '{base}' are identical in {meaning}: {pairs} of runs, no difference in any."
    size = texts[0].lstrip("+−") + suffix
    if outcome == "customer_equity":
        word = "more" if row["difference"] >= 0 else "less"
        start = f"'{arm}' brings {size} per member {word} than '{base}'"
    else:
        word = "higher" if row["difference"] >= 0 else "lower"
        start = f"With '{arm}', {meaning}: {size} {word} than with '{base}'"
    inside = f"95 %: {interval}; {pairs}" if interval != "–" else f"{pairs}: no interval is possible"
    people = f"; what we do not know about people: {worlds}" if worlds != "–" else ""
    return f"{start} ({inside}){people}."


def _verdict(found: Comparison, row: pd.Series) -> tuple[str, str]:
    if row["identical"]:
        return "identical", "The same in every run."
    if not math.isfinite(row["p_better"]):
        return "open", "Too few pairs to say."
    good, bad = _words(found.outcome)
    alone = row["low"] > 0 or row["high"] < 0
    if not alone:
        return "open", f"Chance alone could explain the difference: P({good}) is {likely(row['p_better'])}."
    if row["low_together"] <= 0 <= row["high_together"]:  # NaN with one arm
        return (
            "open",
            "Of so many arms, one would differ as much as this by chance: it is not clear of zero with all.",
        )
    up = row["p_better"] > 0.5
    word = good if up else bad
    worlds = row["world_p_better"]
    if not math.isfinite(worlds):
        return (
            "better" if up else "worse"
        ), f"{capital(word)} beyond chance; no plausible worlds were sampled."
    agree = worlds if up else 1 - worlds
    held = f"{round(agree * row['worlds'])} of {int(row['worlds'])} plausible worlds"
    if agree >= SURE:
        return ("better" if up else "worse"), f"{capital(word)} beyond chance, and in {held}."
    return "depends", f"{capital(word)} beyond chance in the scenario's own numbers, but in {held} only."


def _words(outcome: str) -> tuple[str, str]:
    return ("lower", "higher") if outcome in LESS_IS_BETTER else ("better", "worse")


def capital(text: str) -> str:
    """`text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def certainty(found: Comparison) -> list[str]:
    """What the two kinds of uncertainty are, and whether the asked precision was reached."""
    rows = [found.row(arm) for arm in found.others]
    out = []
    worlds = int(max(row["worlds"] for row in rows))
    if worlds >= 2:
        out.append(
            f"The interval is chance: it shrinks with more pairs. The range over {worlds} plausible worlds "
            f"({range_name(worlds)}) is what we do not know about people: no number of pairs makes it smaller, and "
            "it is the one to decide by."
        )
    elif found.arms[found.baseline].uncertainties:
        out.append("The scenario says what we do not know about people, but no plausible worlds were sampled: the "
                   "intervals are chance alone, and too narrow to decide by.")  # fmt: skip
    else:
        out.append(
            "The scenario gives no ranges for what we do not know about people: the intervals are chance alone."
        )
    stage, unit = found.stage, found.unit
    if found.spec.precision is not None:
        half = found.spec.precision * (100 if unit == "share" else 1)
        asked = f"± {half:,.6g} {'points' if unit == 'share' else unit}"
        if stage.reached:
            more = f" ({stage.first} would not have done)" if stage.planned > stage.first else ""
            out.append(f"The precision asked for ({asked}) took {plural(stage.planned, 'pair')}{more}.")
            wide = [
                f"'{row['arm']}'" for row in rows if row["high"] - row["low"] > 2.02 * found.spec.precision
            ]
            if wide:
                out.append(
                    f"Later pairs spread more than the first {stage.first} did: the interval of {listed(wide)} "
                    "is wider than asked."
                )
        else:
            out.append(f"The precision asked for ({asked}) could not be reached: it takes {stage.needed:,} "
                       f"pairs, and no more than {stage.planned:,} were allowed.")  # fmt: skip
    if found.together.arms > 1:
        factor = f"{found.together.factor:.2f} standard errors"
        out.append(
            f"With several arms some difference looks large by chance: {found.together}, {factor} wide each way."
        )
    return out


def careful(found: Comparison) -> list[str]:
    """What makes the numbers less trustworthy, each in a sentence."""
    out = list(found.notes)
    failures = found.tables["failures"]
    for status, text in (("failed", "failed"), ("skipped", "were left out because the time was up")):
        count = int((failures["status"] == status).sum())
        if count:
            out.append(f"{plural(count, 'run')} {text}; their pairs are not counted.")
    alone = [f"'{arm}'" for arm in found.others if found.row(arm)["extreme"] > ONE_PAIR]
    if alone:
        out.append(
            f"One pair makes up most of the spread of {listed(alone)}: rare events decide, an "
            "interval from so few pairs can miss them, and P(better) with it. Run more pairs."
        )
    blurred, outside = [], []
    for arm in found.others:
        row = found.row(arm)
        if math.isfinite(row["world_chance"]) and row["world_chance"] > MOSTLY_CHANCE:
            blurred.append(f"'{arm}' ({percent(row['world_chance'])})")
        if row.get("world_fits", math.nan) < OUTLYING / len(found.others):
            outside.append(f"'{arm}'")
    if blurred:
        out.append(
            "Plausible worlds differ mostly by the chance of their few seeds (share of their spread): "
            f"{listed(blurred)}. The range is wider than what we do not know."
        )
    if outside:
        out.append(
            "The scenario's own difference lies further from those of its plausible worlds than chance explains, so "
            f"that its numbers and its ranges disagree: {listed(outside)}."
        )
    return out


def constraints(found: Comparison) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each constraint of the baseline's scenario: what it asks, and (verdict, figures) of each arm over seeds."""
    frame = found.tables["outcomes"]
    own = [
        Results(model, {"outcomes": frame[frame["arm"] == arm].drop(columns="arm")})
        for arm, model in found.arms.items()
    ]
    rows = []
    for rule in found.arms[found.baseline].constraints:
        judged = [judge(results, rule) for results in own]
        cells: list[tuple[str, str]] = []
        for each in judged:
            (mean,), suffix = shown([each.mean], OUTCOMES[rule.outcome][1])
            text = "mean " + mean + ("" if "per 1,000" in suffix else suffix)
            text += f"; in {each.worlds_met} of {plural(each.worlds, 'world')}" if each.worlds else ""
            cells.append((each.verdict, text))
        rows.append((constraint_line(judged[0]).partition(":")[0], cells))
    return rows
