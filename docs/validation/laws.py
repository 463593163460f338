"""Do the shipped scenarios obey the published laws? Writes docs/validation/laws.md.

    python docs/validation/laws.py [--only default beauty ...] [--threads 2] [--seeds 8] [--brand-seeds 3]

The default scenario is checked in full (`simlab check default --full`), the brands fast, and what is undecided then
with 40 seeds; with --seeds or --brand-seeds with so many and no more. Readings are kept under results/laws, so that
it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from simlab.lab.laws.check import FAST_MEMBERS, FAST_SEEDS, FULL_SEEDS, Check, check, laws_digest
from simlab.lab.laws.law import Finding
from simlab.lab.laws.table import LAWS, amount, band
from simlab.lab.store import Store
from simlab.scenario import load

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / "results" / "laws"
DEFAULT = "default"
BRANDS = (
    "beauty", "mother-baby", "coffee", "grocery", "apparel", "education", "health", "saas", "sports", "home",
    "new-brand", "over-pushing-retail", "cross-border",
)  # fmt: skip
OFTEN = "Members order so often that nearly everybody has an order within a coupon's 30 days, and uses it on that."
SOONER = "Members order half again as often as in the default scenario, and one segment looks for deals."
CAUSES: dict[tuple[str, str], str] = {
    ("", "L38"): "Few who have been silent for so long are won back at all.",
    (
        "coffee",
        "L02",
    ): "Commuters order most often and have the smallest baskets; within a segment the two are independent.",
    ("cross-border", "L02"): "The segment with the smallest baskets orders most often.",
    ("home", "L03"): "Durables are bought so seldom that 39 weeks hold one order or none for most people.",
    (
        "health",
        "L03",
    ): "The chronically ill order nine times a year, the others once or twice: rates differ more than usual.",
    (
        "coffee",
        "L18",
    ): "Who orders every few days is silent for 45 days mostly because the relation has ended, and "
    "then leaves whether contacted or not.",
    (
        "mother-baby",
        "L18",
    ): "A message costs next to nothing beside a basket: touching all alike loses reach and wins orders.",
    (
        "saas",
        "L18",
    ): "A message costs next to nothing beside a contract: touching all alike loses reach and wins orders.",
    (
        "home",
        "L18",
    ): "A message costs next to nothing beside a basket: touching all alike loses reach and wins orders.",
    ("mother-baby", "L21"): SOONER,
    ("coffee", "L21"): OFTEN
    + " The published coupons were for single goods at a grocer; nothing published says how a "
    "whole basket of coffee is redeemed, so the file was left.",
    ("over-pushing-retail", "L21"): SOONER,
    (
        "",
        "L30",
    ): "The brand's reward draws people who come for it alone; they need less, leave sooner, and pull the mean "
    "of the referred down.",
    (
        "saas",
        "L30",
    ): "Firms seldom recommend (behaviour.invitation.episodes), so that more of those who are brought come for "
    "the reward alone; they need less, leave sooner, and pull the mean down.",
    (
        "coffee",
        "L31",
    ): "At a sixth of a year's margin the reward is more than two baskets: who comes for it alone comes "
    "already then.",
}
"""Why a law is missed, by scenario and law; "" for every scenario that misses it in this way."""


def held(found: Sequence[Finding]) -> tuple[int, int]:
    """(laws that hold, laws that apply)."""
    asked = [f for f in found if f.verdict != "not applicable"]
    return sum(f.verdict == "holds" for f in asked), len(asked)


def findings(name: str, threads: int | None, seeds: int | None = None) -> Check:
    """A scenario held against all laws, the default in full, a brand fast; with more seeds where it is undecided."""
    scenario, store, full = load(name).scenario, Store(PLACE, laws_digest()), name == DEFAULT
    first = check(scenario, full=full, seeds=seeds, threads=threads, store=store)
    open_ = tuple(f.law for f in first.findings if f.verdict == "too noisy")
    if not open_ or (seeds and not full):
        return first
    more = check(scenario, full=full, seeds=FULL_SEEDS, laws=open_, threads=threads, store=store)
    again = {f.law.id: f for f in more.findings}
    found = tuple(again.get(f.law.id, f) for f in first.findings)
    return Check(scenario, found, first.seeds, first.members, full, first.failures)


def rows(found: Sequence[Finding]) -> list[str]:
    """Every number of every law."""
    lines = ["| law | number | simulated | 95 % interval | band | published | verdict |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for finding in found:
        title = f"**{finding.law.id}** {finding.law.title}"
        if not finding.measured:
            lines.append(f"| {title} | - | - | - | - | - | {finding.verdict}: {finding.reason} |")
        for m in finding.measured:
            low, high = amount(m.low, m.claim), amount(m.high, m.claim)
            verdict = m.verdict if m.verdict in ("holds", "shown") else f"**{m.verdict}**"
            lines.append(f"| {title} | {m.claim.text} | {amount(m.value, m.claim)} | {low} to {high} | "
                         f"{band(m.claim)} | {m.claim.published or '-'} | {verdict} |")  # fmt: skip
            title = finding.law.id
    return lines


def inside(finding: Finding) -> bool:
    """Whether the estimates of all numbers of a law lie in their bands, however wide the intervals."""
    return bool(finding.measured) and all(m.claim.low <= m.value <= m.claim.high for m in finding.measured)


def at_least(found: Sequence[Finding], enough: Callable[[Finding], bool]) -> str:
    """ "27 (87 %)" of the laws that apply."""
    asked = [f for f in found if f.verdict != "not applicable"]
    number = sum(map(enough, asked))
    return f"{number} ({number / len(asked):.0%})".replace("%", " %")


def misses(name: str, found: Sequence[Finding]) -> list[str]:
    """Each number that is missed, or undecided with an estimate outside its band, with its cause."""
    lines = []
    for finding in found:
        if finding.verdict in ("holds", "not applicable") or inside(finding):
            continue
        said = [f"{m.claim.text}: {amount(m.value, m.claim)} ({amount(m.low, m.claim)} to {amount(m.high, m.claim)}; "
                f"band {band(m.claim)}), {m.verdict}"
                for m in finding.measured
                if m.verdict not in ("holds", "shown") and not m.claim.low <= m.value <= m.claim.high]  # fmt: skip
        cause = CAUSES.get((name, finding.law.id)) or CAUSES.get(("", finding.law.id)) or "No cause is known."
        if finding.verdict == "too noisy":
            cause = " ".join(["Not decided: the interval reaches into the band.",
                              *filter(None, [CAUSES.get((name, finding.law.id))])])  # fmt: skip
        lines.append(f"- **{finding.law.id}** {'; '.join(said) or finding.reason}. *{cause}*")
    return lines


def ids(found: Sequence[Finding], verdict: str) -> str:
    """Which laws have a verdict."""
    return " ".join(f.law.id for f in found if f.verdict == verdict) or "-"


def page(whole: Check | None, brands: dict[str, Check]) -> str:
    """The page in Markdown."""
    options = "".join(
        f" --{option} {found.seeds}"
        for option, found, usual in (("seeds", whole, FULL_SEEDS),
                                     ("brand-seeds", next(iter(brands.values()), None), FAST_SEEDS))
        if found is not None and found.seeds != usual
    )  # fmt: skip
    lines = [
        "# Published laws, held against every shipped scenario", "",
        f"The {len(LAWS)} laws of [laws.md](../laws.md), each a number or more with a band; a law holds when the 95 % "
        "intervals of all its numbers lie in their bands. [check.md](../check.md) says how it is done. Made by "
        f"`python docs/validation/laws.py{options}`.", "",
    ]  # fmt: skip
    if whole is not None:
        good, asked = held(whole.findings)
        part = "" if whole.seeds == FULL_SEEDS else f", the first of {FULL_SEEDS}"
        again = " ".join(f.law.id for f in whole.findings if f.seeds > whole.seeds)
        part += f" (all of them for {again}, which {whole.seeds} leave undecided)" if again else ""
        lines += ["## The default scenario", "",
                  f"`simlab check default --full`: {whole.seeds} seeds{part}, {whole.members:,} members. "
                  f"**{good} of {asked} laws that apply hold.** Missed: {ids(whole.findings, 'fails')}; undecided: "
                  f"{ids(whole.findings, 'too noisy')}.", "", *rows(whole.findings), ""]  # fmt: skip
        lines += [*misses(DEFAULT, whole.findings), ""] if good < asked else []
    if brands:
        first = max(found.seeds for found in brands.values())
        again = any(f.seeds > found.seeds for found in brands.values() for f in found.findings)
        more = f" What is undecided then is asked again with {FULL_SEEDS} seeds." if again else ""
        if first < FAST_SEEDS:
            more = f" These are the first of {FAST_SEEDS}: a look at the estimates, which decides little yet."
        lines += ["## The brands", "",
                  f"`simlab check BRAND`: {first} seeds with at most {FAST_MEMBERS:,} members.{more} Three ways to "
                  "count, from strict to lenient. *Hold*: the intervals of all numbers of the law lie in their bands. "
                  "*Estimated inside*: the estimates do, however wide the intervals. *Not contradicted*: no interval "
                  "lies outside its band. At least 80 % are asked to hold. A law is *missed* when an interval lies "
                  "outside, *undecided* when one reaches over an edge; those in bold are estimated outside.", "",
                  "| scenario | apply | hold | estimated inside | not contradicted | missed | undecided "
                  "| do not apply |",
                  "|---|---|---|---|---|---|---|---|"]  # fmt: skip
        for name, found in brands.items():
            asked = held(found.findings)[1]
            counts = (at_least(found.findings, lambda f: f.verdict == "holds"), at_least(found.findings, inside),
                      at_least(found.findings, lambda f: f.verdict != "fails"))  # fmt: skip
            missed, rest = (ids(found.findings, v) for v in ("fails", "not applicable"))
            open_ = " ".join(f.law.id if inside(f) else f"**{f.law.id}**"
                             for f in found.findings if f.verdict == "too noisy")  # fmt: skip
            lines.append(f"| {name} | {asked} | {' | '.join(counts)} | {missed} | {open_ or '-'} | {rest} |")
        lines += ["", "A band is what is usual across published brands. A brand that misses one says something about "
                  "the brand, and here is what. Causes are reasoned from the file; no experiment was made on them.",
                  ""]  # fmt: skip
        for name, found in brands.items():
            said = misses(name, found.findings)
            lines += [f"### {name}", "", *said, ""] if said else []
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Check and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[DEFAULT, *BRANDS])
    parser.add_argument("--seeds", type=int, help="of each world, for a shorter look")
    parser.add_argument("--brand-seeds", type=int, help="of each world of a brand, where they are others")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path, default=HERE / "laws.md")
    asked = parser.parse_args()
    whole, brands = None, {}
    for name in asked.only:
        started = time.process_time()
        seeds = asked.seeds if name == DEFAULT else asked.brand_seeds or asked.seeds
        found = findings(name, asked.threads, seeds)
        good, of = held(found.findings)
        spent = time.process_time() - started
        print(f"{name}: {good} of {of}; missed {ids(found.findings, 'fails')}; undecided "
              f"{ids(found.findings, 'too noisy')}; {spent:.0f} s of processor time", flush=True)  # fmt: skip
        for line in (*misses(name, found.findings), *found.failures):
            print("   ", line, flush=True)
        if name == DEFAULT:
            whole = found
        else:
            brands[name] = found
        asked.out.write_text(page(whole, brands), encoding="utf-8")


if __name__ == "__main__":
    main()
