"""What a recommendation says after its first screen: optimism of the search, the next step, what a base is."""

from __future__ import annotations

import math
import shlex

from simlab.lab.tuning import Tuning
from simlab.report.numbers import gain, shown
from simlab.report.plots.search import best_trial
from simlab.report.tune_facts import first, gap, headline, per_base, sign, table
from simlab.scenario.names import printable
from simlab.scenario.outcomes import OUTCOMES


def optimism(t: Tuning) -> str:
    """The search's own best beside what fresh seeds say, and why they differ."""
    if not math.isfinite(t.search_best):
        return "No strategy of the search kept the constraints, so the search has no best of its own."
    found = gap(t, first(t))
    unit = OUTCOMES.get(first(t), ("", ""))[1]
    per = " per starting member" if headline(t) != first(t) else ""
    if found is None:
        texts, suffix = gain([t.search_best], unit)
        return f"The search's own best was {texts[0]}{suffix}{per}; nothing was measured on fresh seeds."
    texts, suffix = gain([found.mean, found.low, found.high, t.search_best], unit)
    start = (f"The search's own best was {texts[3]}{suffix}{per}; on fresh seeds the best strategy brings {texts[0]}"
             f"{suffix} ({texts[1]} to {texts[2]})")  # fmt: skip
    if not_chosen := passed_over(t):
        return f"{start}. These are two strategies: {not_chosen}."
    if sign(t) * (t.search_best - found.mean) > 0:
        return (f"{start}: the best of many noisy trials is partly luck, and only seeds that the search never saw "
                "tell how much.")  # fmt: skip
    return f"{start}: this time luck did not flatter the search, but only seeds that it never saw can tell."


def passed_over(t: Tuning) -> str:
    """Why the search's own best is not the strategy of the page; "" where it is."""
    best = best_trial(t)
    if best is None or best == t.winner_trial:
        return ""
    finalists = table(t, "finalists")
    row = finalists[finalists["trial"] == best] if len(finalists) else finalists
    if len(row) and not row["certified"].all():
        return f"trial {best} promised the most, and could not be shown to keep the constraints"
    return f"trial {best} promised the most, and another finalist held more on seeds that neither had seen"


def next_command(t: Tuning) -> str:
    """The command of the smallest live test; of another look where nothing is recommended."""
    if t.verdict == "change":
        given = t.manifest.get("rollout")
        return str(given) if given else f"simlab rollout {shell(t.experiment_file)}"
    return str(t.manifest.get("command") or f"simlab tune {shell(t.experiment_file)}")


def next_step(t: Tuning) -> str:
    """What to do now, in words."""
    if t.verdict == "change":
        return ("Before it goes to everybody, let a part of the members live with it: the command plans the smallest "
                "live test that would confirm the uplift, rehearsed on this world (how many, how long, by user or by "
                "group of friends).")  # fmt: skip
    if t.verdict == "not certified":
        return ("Look at the constraint that failed: loosen it if it is stricter than it has to be, widen the levers "
                "that act on it, or run more selection seeds if its bound lies close to the limit; then tune again. "
                "A new attempt uses fresh report seeds.")  # fmt: skip
    return ("There is nothing to roll out. If a small gain would matter, allow more trials, other levers or wider "
            "ranges, and tune again. A new attempt uses fresh report seeds.")  # fmt: skip


def base_note(t: Tuning) -> str:
    """What the real base is."""
    members = per_base(t) if headline(t) != first(t) else t.scenario.population.members * t.scenario.scale
    one = f", 1 simulated = {t.scenario.scale:g} real" if t.scenario.scale != 1 else ""
    texts, _ = shown([members], "users")
    return f"Real base: {texts[0]} members on the valuation date{one}."


def shell(path: str) -> str:
    """A file name in a command, quoted where it has to be."""
    return shlex.quote(printable(path, 300))
