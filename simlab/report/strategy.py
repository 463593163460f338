"""The strategy and the assumptions of a scenario in plain words, as rows for a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel

from simlab.lab.results import Results
from simlab.report import levers as words
from simlab.report.estimates import world_means
from simlab.report.numbers import listed, percent, plural
from simlab.report.series import table
from simlab.scenario.behaviour import parameters
from simlab.scenario.schema import Cadence, Offer, Scenario, Touch
from simlab.scenario.stages import Condition

Row = tuple[str, str, str]
"""(subject, name, what is done)."""
IN_WORDS = frozenset({"push", "touches", "caps", "offers", "referral", "sources"})
"""Levers that have sentences of their own; all others are told field by field."""
ENOUGH_WORLDS = 20
"""Below this a rank correlation over worlds says next to nothing."""


def _money(value: float) -> str:
    return f"{value:,.10g} yuan"


def _share(value: float) -> str:
    return f"{100 * value:.6g} %"


def _who(stages: Sequence[str] | None) -> str:
    return f"members in {listed(list(stages))}" if stages else "everybody"


def levers(scenario: Scenario) -> list[Row]:
    """What the strategy does: pushes, touches, caps, offers, invitations, sources, and every other lever in use."""
    found = scenario.levers
    rows: list[Row] = []
    cadences: dict[str, list[str]] = {}
    for stage in (s.name for s in scenario.stages):
        cadences.setdefault(_cadence(found.push.get(stage)), []).append(stage)
    for text, stages in cadences.items():
        rows.append(("Push", listed(stages) if len(cadences) > 1 else "all stages", text))
    used = {n for c in found.push.values() if c.per_week > 0 for n, weight in c.mix.items() if weight > 0}
    used |= {rule.touch for rule in found.rules.values()}
    if used:
        rows += [
            ("Touch", name, _touch(touch, name)) for name, touch in found.touches.items() if name in used
        ]
        caps = found.caps
        text = (
            f"for each member at most {caps.per_day} a day, {caps.per_week} a week, {caps.per_month} a month"
        )
        if caps.quota_per_month is not None:
            text += f"; the platform allows {caps.quota_per_month} a month"
        if caps.execution < 1:
            text += f"; staff send {_share(caps.execution)} of what is planned"
        said = ("per_day", "per_week", "per_month", "quota_per_month", "execution")
        rows.append(("Caps", "all touches", text + _more(caps, "levers.caps", said)))
    carried = {touch.offer for name, touch in found.touches.items() if name in used}
    in_force = {name: offer for name, offer in found.offers.items() if name in carried or offer.standing}
    rows += [("Offer", name, _offer(offer, name)) for name, offer in in_force.items()]
    if referral := found.referral:
        friends = (
            "each friend who joins" if referral.needed == 1 else f"every {referral.needed} friends who join"
        )
        text = (
            f"{_money(referral.reward)} for {friends}, {_money(referral.invitee_reward)} to each such friend"
        )
        text += f"; may invite: {_who(referral.stages)}"
        said = ("reward", "invitee_reward", "needed", "stages", "budget")
        more = _more(referral, "levers.referral", said)
        rows.append(("Referral", "invite friends", text + _budget(referral.budget) + more))
    for name, source in found.sources.items():
        text = (
            f"{source.exposures:,.10g} exposures a day of the simulated base at {_money(source.cost)} each, "
        )
        text += f"{_share(source.click)} click, {_share(source.join)} of those join"
        more = _more(source, f"levers.sources.{name}", ("exposures", "cost", "click", "join", "budget"))
        rows.append(("Source", name, text + _budget(source.budget) + more))
    rows += _others(scenario)
    before = scenario.warmup.levers if scenario.warmup.days else {}
    return rows + [("Warm-up", path, f"{value} before the valuation date") for path, value in before.items()]


def _others(scenario: Scenario) -> list[Row]:
    """Levers without sentences: one row for each that is in use, or for each of its entries."""
    rows: list[Row] = []
    for lever, field in type(scenario.levers).model_fields.items():
        value = getattr(scenario.levers, lever)
        if lever in IN_WORDS or value == field.get_default(call_default_factory=True):
            continue
        subject = lever.replace("_", " ").capitalize()
        if isinstance(value, dict):
            for name, entry in value.items():
                rows.append((subject, name, _told(entry, f"levers.{lever}.{name}")))
        elif isinstance(value, tuple):
            rows += [
                (subject, str(k), _told(entry, f"levers.{lever}")) for k, entry in enumerate(value, start=1)
            ]
        else:
            rows.append((subject, "", _told(value, f"levers.{lever}")))
    return rows


def _told(part: Any, path: str, but: Collection[str] = ()) -> str:
    """What a part of a scenario sets that is not its default, field by field."""
    if not isinstance(part, BaseModel):
        return words.text(path, part)
    told = []
    for name, value in part.model_dump(mode="json", exclude_defaults=True).items():
        if name not in but:
            text = _conditions(getattr(part, name)) or words.text(f"{path}.{name}", value)
            told.append(f"{name.replace('_', ' ')} {text}")
    return "; ".join(told) or ("" if but else "as by default")


def _more(part: Any, path: str, but: Collection[str]) -> str:
    """What a sentence has not said yet, to be put behind it."""
    rest = _told(part, path, but)
    return f"; {rest}" if rest else ""


def _conditions(value: Any) -> str:
    """Who is chosen, as it stands in the file: "orders >= 2 and idle <= 30"; "" for anything but conditions."""
    if not (isinstance(value, tuple) and value and all(isinstance(c, Condition) for c in value)):
        return ""
    return listed([f"{c.observable} {c.op} {listed(list(c.names)) or c.value}" for c in value])


def _cadence(cadence: Cadence | None) -> str:
    if cadence is None or cadence.per_week <= 0:
        return "no touches"
    total = sum(cadence.mix.values())
    mix = sorted(((weight / total, name) for name, weight in cadence.mix.items() if weight > 0), reverse=True)
    return (
        f"{cadence.per_week:g} touches a week: {listed([f'{percent(share)} {name}' for share, name in mix])}"
    )


def _budget(budget: float | None) -> str:
    return "" if budget is None else f"; budget {_money(budget)}"


def _touch(touch: Touch, name: str) -> str:
    kind = {"value": "a value message", "promo": "a promotion"}.get(touch.kind, f"kind {touch.kind}")
    text = f"{kind}, {_money(touch.cost)} each"
    if touch.offer:
        text += f", with {touch.offer}"
    text += f", on {listed(list(touch.days))} only" if len(touch.days) < 7 else ""
    return text + _more(touch, f"levers.touches.{name}", ("kind", "cost", "offer", "days", "priority"))


def _offer(offer: Offer, name: str) -> str:
    text = f"{_share(offer.depth)} off, used within {plural(offer.valid, 'day')}"
    if offer.min_spend > 0:
        text += f", from {_money(offer.min_spend)}"
    if offer.stock is not None:
        text += f", {offer.stock:,} coupons"
    more = _more(offer, f"levers.offers.{name}", ("depth", "valid", "min_spend", "stock", "stages", "budget"))
    return f"{text}; for {_who(offer.stages)}{_budget(offer.budget)}{more}"


def assumptions(results: Results) -> list[dict[str, str]]:
    """What we do not know: per uncertain number its path, meaning, unit, value used, range, kind and status.

    ``pull`` is the rank correlation of the sampled value with customer equity over the worlds: "" with fewer
    than 20 worlds, where it would be noise.
    """
    known = {row["path"]: row for row in parameters()}
    rows = []
    for path, span in results.scenario.uncertainties.items():
        info = known.get(path, {})
        unit = str(info.get("unit", ""))
        form = _share if unit == "share" else lambda value: f"{value:,.6g}"
        kinds = {
            "uniform": "evenly",
            "loguniform": "evenly in the logarithm",
            "normal": "normal, 95 % inside",
        }
        used = _at(results.scenario, path)
        rows.append({
            "path": path,
            "meaning": str(info.get("meaning", "")),
            "unit": "" if unit in ("-", "share", "scale") else unit,
            "value": form(float(used)) if isinstance(used, int | float) else "",
            "range": f"{form(float(span.low))} to {form(float(span.high))}",
            "kind": kinds[span.kind],
            "status": str(info.get("status", "")),
            "pull": _pull(results, path),
        })  # fmt: skip
    return rows


def _at(node: Any, path: str) -> Any:
    """The scenario's own value at a dotted path; None where there is none."""
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else getattr(node, part, None)
    return node


def _pull(results: Results, path: str) -> str:
    drawn = table(results, "worlds", world=None)
    equity = world_means(results, "customer_equity")
    if path not in drawn.columns or len(drawn) < ENOUGH_WORLDS or len(drawn) != len(equity):
        return ""
    ranks = drawn.sort_values("world")[path].rank().to_numpy()
    against = table(results, "outcomes", world=None)
    means = against[against["world"] > 0].groupby("world")["customer_equity"].mean().rank().to_numpy()
    if ranks.std() == 0 or means.std() == 0:
        return ""
    both = ((ranks - ranks.mean()) * (means - means.mean())).mean() / (ranks.std() * means.std())
    return f"{both:+.2f}".replace("-", "−")


def people(scenario: Scenario) -> str:
    """Who is simulated, in a sentence."""
    population = scenario.population
    scale = "" if scenario.scale == 1 else f", each standing for {scenario.scale:g} real people"
    text = f"{population.members:,} members and {population.prospects:,} prospects{scale}"
    if population.opted_in < 1:
        text += f"; {percent(population.opted_in)} can be reached by pushes when they join"
    return f"{text}."
