"""Levers in words: what a path of the strategy is called, and how its values are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from simlab.report import fonts
from simlab.report.numbers import listed, plural
from simlab.scenario.experiments import Lever, plain
from simlab.scenario.names import printable
from simlab.scenario.paths import is_number, spec_at, split

_TITLES: tuple[tuple[str, str, str], ...] = (
    ("push.*.per_week", "Touches to {0} members", "a week"),
    ("push.*.mix.*", "Weight of {1} in the mix for {0} members", ""),
    ("push.*.mix", "Mix of touches for {0} members", ""),
    ("push.*", "Cadence for {0} members", ""),
    ("push", "Cadence", ""),
    ("touches.*.kind", "Kind of {0} touches", ""),
    ("touches.*.cost", "Cost of a {0} touch", "yuan"),
    ("touches.*.offer", "Offer that {0} touches carry", ""),
    ("touches.*.priority", "Priority of {0} touches", ""),
    ("touches.*.days", "Weekdays of {0} touches", ""),
    ("caps.per_day", "Most touches per member", "a day"),
    ("caps.per_week", "Most touches per member", "a week"),
    ("caps.per_month", "Most touches per member", "a month"),
    ("caps.quota_per_month", "Platform quota per member", "a month"),
    ("caps.execution", "Share of planned touches sent", ""),
    ("offers.*.depth", "Depth of {0}", ""),
    ("offers.*.min_spend", "Minimum spend for {0}", "yuan"),
    ("offers.*.valid", "Validity of {0}", ""),
    ("offers.*.stages", "Who may get {0}", ""),
    ("offers.*.stock", "Stock of {0}", "coupons"),
    ("offers.*.budget", "Budget of {0}", "yuan"),
    ("offers.*", "The offer {0}", ""),
    ("referral.reward", "Reward to the inviter", "yuan"),
    ("referral.invitee_reward", "Reward to the invited friend", "yuan"),
    ("referral.needed", "Friends needed for one reward", ""),
    ("referral.stages", "Who may invite", ""),
    ("referral.budget", "Budget for rewards", "yuan"),
    ("referral", "Referral programme", ""),
    ("sources.*.exposures", "Exposures by {0}, simulated base", "a day"),
    ("sources.*.click", "Clicks per exposure of {0}", ""),
    ("sources.*.join", "Joins per click of {0}", ""),
    ("sources.*.cost", "Cost of an exposure by {0}", "yuan"),
    ("sources.*.budget", "Budget of {0}", "yuan"),
    ("sources.*.need", "Order rate of those who come by {0}", ""),
    ("sources.*.deal", "Deal-proneness of those who come by {0}", ""),
    ("sources.*", "The source {0}", ""),
)
"""(path below `levers`, title with the free names of the path, unit that follows a number)."""
_EVERYBODY, _NO_LIMIT = ("stages",), ("budget", "stock", "quota_per_month")
LONGEST = 60
"""Letters of a value's text in a table; the rest of a longer list is left out."""
IN_PLOT = 42
"""Letters of a lever's title that a plot has room for, on two lines."""


def _entry(path: str) -> tuple[str, str]:
    """Title and unit of a lever."""
    parts = split(path)
    own = parts[1:] if parts[0] == "levers" else parts
    for pattern, title, unit in _TITLES:
        wanted = pattern.split(".")
        if len(wanted) == len(own) and all(w in ("*", o) for w, o in zip(wanted, own, strict=True)):
            free = [o for w, o in zip(wanted, own, strict=True) if w == "*"]
            return title.format(*(printable(name, 40) for name in free)), unit
    return printable(".".join(own), 80), ""


def title(path: str) -> str:
    """ "Touches to active members" from ``levers.push.active.per_week``; the path where no words are known."""
    return _entry(path)[0]


def phrase(path: str) -> str:
    """The title inside a sentence."""
    text = title(path)
    return text[:1].lower() + text[1:]


def unit(path: str) -> str:
    """What follows a number of this lever: "a week", "yuan", "%", "days" or ""."""
    kind = _kind(path)
    return {"a share": "%", "a whole number of days": "days"}.get(kind, _entry(path)[1])


def _kind(path: str) -> str:
    spec = spec_at(split(path))
    return spec.kind.text if spec is not None and spec.kind is not None else ""


def number(path: str, value: float) -> str:
    """A value without its unit, in four figures: for axes and tables."""
    if not math.isfinite(value):
        return "–"
    scaled = 100 * value if _kind(path) == "a share" else value
    return f"{float(f'{scaled:.4g}'):,.10g}".replace("-", "−")


def text(path: str, value: Any) -> str:
    """A value in words: "3 a week", "12 %", "at_risk and dormant", "no limit"."""
    value = plain(value.item() if hasattr(value, "item") else value)
    last = split(path)[-1]
    if value is None:
        return "everybody" if last in _EVERYBODY else "no limit" if last in _NO_LIMIT else "none"
    if is_number(value):
        if unit(path) == "days" and value == int(value):
            return plural(int(value), "day")
        return f"{number(path, float(value))} {unit(path)}".strip()
    return _shortened(_said(value))


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return listed([_said(item) for item in value]) if value else "nobody"
    if isinstance(value, dict):
        return ", ".join(f"{printable(key, 40)} {_said(item)}" for key, item in value.items()) or "nothing"
    if is_number(value):
        return f"{float(f'{value:.4g}'):,.10g}".replace("-", "−")
    return "none" if value is None else printable(value, 80)


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


def same(one: Any, other: Any) -> bool:
    """Whether two values of a lever are the same, in whatever containers they come."""
    one, other = (plain(v.item() if hasattr(v, "item") else v) for v in (one, other))
    return bool(one == other)


def on_bound(lever: Lever, value: Any) -> str:
    """ "at the lower end" or "at the upper end" of the searched range, within 1 % of it; else ""."""
    if lever.kind == "choice" or not is_number(value if not hasattr(value, "item") else value.item()):
        return ""
    share = position(lever, value)
    return "at the lower end" if share <= 0.01 else "at the upper end" if share >= 0.99 else ""


def position(lever: Lever, value: Any) -> float:
    """Where a value lies in the searched range, 0 to 1 (ratios for a range of ratios); NaN if nowhere.

    A choice stands in the middle of its share of the line; a current value may lie outside 0 to 1.
    """
    if lever.kind == "choice":
        found = [k for k, choice in enumerate(lever.choices) if same(choice, value)]
        return (found[0] + 0.5) / len(lever.choices) if found else math.nan
    try:
        number_ = float(value)
    except (TypeError, ValueError):
        return math.nan
    if lever.log:
        if number_ <= 0:
            return math.nan
        return math.log(number_ / lever.low) / math.log(lever.high / lever.low)
    return (number_ - lever.low) / (lever.high - lever.low)


def searched(lever: Lever) -> str:
    """The searched range in words: "0 to 7", or "4 choices"."""
    if lever.kind == "choice":
        return f"{len(lever.choices)} choices"
    return f"{number(lever.path, lever.low)} to {number(lever.path, lever.high)}"


def labels(paths: Sequence[str]) -> list[str]:
    """Titles for a plot, on up to two lines; one too long or not drawable becomes "lever 2"."""
    return [_two_lines(fonts.label(title(p))) if _fits(p) else f"lever {k + 1}" for k, p in enumerate(paths)]


def key(paths: Sequence[str]) -> list[tuple[str, str]]:
    """(text in the plot, title) of the levers that `labels` had to number."""
    return [(f"lever {k + 1}", title(path)) for k, path in enumerate(paths) if not _fits(path)]


def _fits(path: str) -> bool:
    line = title(path)
    return fonts.drawable(line) and fonts.width(line) <= IN_PLOT


def _two_lines(line: str) -> str:
    if fonts.width(line) <= 26:
        return line
    words = line.split(" ")
    cuts = range(1, len(words))
    best = min(
        cuts, key=lambda k: max(fonts.width(" ".join(words[:k])), fonts.width(" ".join(words[k:]))), default=0
    )
    return f"{' '.join(words[:best])}\n{' '.join(words[best:])}" if best else line
