"""The page of a rollout: which live test to run, how large, for how long, and what it would get wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from pydantic import BaseModel

from simlab.lab.rollout_plan import TOLERATED, Plan, Rollout
from simlab.report import sheet
from simlab.report.numbers import count, listed, percent, plural, signed
from simlab.report.rollout_plots import (
    NAMES,
    PLOTS,
    RolloutPlot,
    amount,
    outcome_of,
    shown_plans,
    shown_weeks,
    unit_of,
)
from simlab.scenario import Fault, Scenario, get_value

FEW = 40
"""Effective communities in both arms below which cluster-robust errors are known to be too small."""


def headline(rollout: Rollout) -> str:
    """What to do, in one sentence or two."""
    advice = rollout.advice
    if not rollout.plans[0].effect.clear and not any(plan.effect.clear for plan in rollout.plans):
        return ("There is no effect to test for: in the simulation both strategies bring the same, within "
                f"{amount(1.96 * rollout.plans[-1].effect.error).lstrip('+')} {unit_of(rollout)} per "
                "member.")  # fmt: skip
    if advice is None:
        return too_small(rollout)
    chosen = rollout.chosen or advice
    how = "Randomise communities" if advice.design == "cluster" else "Randomise users one by one"
    arms = per_arm(rollout, chosen.users)
    size = f"{how}, {advice.weeks} weeks, {arms}"
    if advice.design == "cluster":
        size += f" ({count(chosen.needed)} communities in all)"
    other = next((p for p in shown_plans(rollout) if p.design != advice.design), None)
    blamed = other if other is not None and advice.design == "cluster" else chosen
    return f"{size}. {blame(rollout, blamed, blamed is chosen)}{no_longer(rollout, advice)}"


def no_longer(rollout: Rollout, advice: Plan) -> str:
    """A warning, where the advised test may be believed and would mislead if it simply ran on."""
    later = [
        p for p in rollout.plans if p.design == advice.design and p.weeks > advice.weeks and p.effect.clear
    ]
    if not advice.honest or not later or later[-1].honest:
        return ""
    last = later[-1]
    return f" Do not let it run on: after {last.weeks} weeks it would measure {relative(last)}."


def per_arm(rollout: Rollout, users: float) -> str:
    """Users by arm."""
    share = rollout.spec.share
    if share == 0.5:
        return f"{count(math.ceil(users / 2))} users an arm"
    return (
        f"{count(math.ceil(users * (1 - share)))} users in arm A and {count(math.ceil(users * share))} in B"
    )


def too_small(rollout: Rollout) -> str:
    """Why nothing can be advised."""
    plans = [p for p in rollout.plans if math.isfinite(p.users)]
    real = count(rollout.real_members)
    if not plans:
        return "No test of this kind measures the effect at all: do not run one."
    best = min(plans, key=lambda p: p.users / p.available_users)
    return (f"The base of {real} members is too small for this test: {best.weeks} weeks {NAMES[best.design]} "
            f"would need {count(best.users)} users, and the {count(best.available_users)} there are find the "
            f"effect with a chance of {percent(best.power_available)} only.")  # fmt: skip


def blame(rollout: Rollout, plan: Plan, own: bool) -> str:
    """How far a design is off, and where that comes from."""
    who = "Such a test" if own else f"A test {NAMES[plan.design]}"
    verb = "states" if own else "would state"
    if plan.honest:
        return (
            f"{who} {verb} the effect within {percent(TOLERATED)}: friends in the other arm blur it little."
        )
    off = f"{amount(plan.bias.value)} {unit_of(rollout)} a member"
    if not plan.effect.clear:
        return f"{who} would measure an effect where there is none: it is off by {off}, {because(rollout, plan)}."
    share = plan.bias.value / plan.effect.value
    if share <= -1:
        return f"{who} {verb} the effect with the wrong sign: it is off by {off}, {because(rollout, plan)}."
    word = "over" if share > 0 else "under"
    said = f"{word}states" if own else f"would {word}state"
    few = percent(abs(share)) if abs(share) < 2 else f"a factor of {1 + abs(share):.1f}"
    return f"{who} {said} the effect by {few}, {because(rollout, plan)}."


def because(rollout: Rollout, plan: Plan) -> str:
    """The arms' spill in words, the larger one first."""
    on_a, on_b = plan.spill
    unit = unit_of(rollout)
    texts = [
        (abs(on_b.value), f"members on B get {amount(on_b.value)} {unit} against what they would get if everybody "
                          "were on B"),
        (abs(on_a.value), f"members left on A get {amount(on_a.value)} {unit} through friends who are on B"),
    ]  # fmt: skip
    largest = max(size for size, _ in texts)
    told = [text for size, text in sorted(texts, reverse=True) if size > 0.2 * largest]
    return f"because {listed(told)}"


def cards(rollout: Rollout) -> list[dict[str, str]]:
    """The numbers of the first screen."""
    weeks, unit = shown_weeks(rollout), unit_of(rollout)
    plans = shown_plans(rollout)
    effect = plans[0].effect
    found = [{
        "title": f"Effect of rolling B out to everybody, per member in {weeks} weeks",
        "number": amount(effect.value), "unit": unit,
        "chance": f"{amount(effect.low)} to {amount(effect.high)} in simulation",
    }]  # fmt: skip
    user = next((p for p in plans if p.design == "user"), plans[0])
    found.append({
        "title": f"A test {NAMES[user.design]} would measure", "number": amount(user.expected.value), "unit": unit,
        "chance": f"{relative(user)}; bias {amount(user.bias.low)} to {amount(user.bias.high)}",
    })  # fmt: skip
    chosen = rollout.chosen or rollout.advice
    if chosen is not None:
        again = (f"{count(chosen.adjusted_users)} with spend before the test taken out; power "
                 f"{percent(chosen.power_at(chosen.users))} when simulated again at this size")  # fmt: skip
        found.append({"title": f"Users the advised test needs, {chosen.weeks} weeks {NAMES[chosen.design]}",
                      "number": count(chosen.users), "unit": "users in both arms", "chance": again})  # fmt: skip
    else:
        found.append({"title": "Users the advised test needs", "number": "–", "unit": "no test is advised",
                      "chance": f"{count(rollout.real_members)} members in the real base"})  # fmt: skip
    if rollout.held:
        held = next((h for h in rollout.held if chosen and (h.design, h.weeks) == (chosen.design, chosen.weeks)),
                    rollout.held[-1])  # fmt: skip
        found.append({"title": f"Persistent holdout of {percent(rollout.spec.holdout)}",
                      "number": count(held.users), "unit": "users get nothing",
                      "chance": f"would see that the programme is worth {amount(held.smallest)} {unit} a member or "
                                f"more in {held.weeks} weeks"})  # fmt: skip
    return found


def relative(plan: Plan) -> str:
    """A bias against the effect, in words."""
    if not plan.effect.clear:
        return "where there is no effect"
    share = plan.bias.value / plan.effect.value
    if abs(share) < 0.005:
        return "the truth"
    return (
        f"{percent(abs(share))} too {'much' if share > 0 else 'little'}" if share > -1 else "the wrong sign"
    )


def rows(rollout: Rollout) -> list[dict[str, Any]]:
    """The table of designs and durations, as texts."""
    found = []
    for plan in rollout.plans:
        units = count(plan.needed) if math.isfinite(plan.needed) else "–"
        users = count(plan.users) if math.isfinite(plan.users) else "none is enough"
        verdict = ("no effect", "not-decidable") if not math.isfinite(plan.users) else (
            ("base too small", "not-met") if not plan.fits else
            ("can be run", "met") if plan.honest else
            ("biased", "not-met") if abs(plan.bias.value) < 0.5 * abs(plan.effect.value) else
            ("misleads", "not-met"))  # fmt: skip
        share = plan.bias.value / plan.effect.value if plan.effect.clear else 0.0
        bias = amount(plan.bias.value)
        found.append({
            "design": NAMES[plan.design], "weeks": plan.weeks, "effect": amount(plan.effect.value),
            "measured": amount(plan.expected.value),
            "bias": f"{bias} ({signed(share)})" if abs(share) >= 0.005 else bias,
            "interval": f"{amount(plan.bias.low)} to {amount(plan.bias.high)}",
            "users": users, "units": units if plan.design == "cluster" else "",
            "adjusted": count(plan.adjusted_users) if math.isfinite(plan.adjusted_users) else "–",
            "power": percent(plan.power_available), "found": percent(plan.found.share),
            "chance": f"{percent(plan.found.interval[0])} to {percent(plan.found.interval[1])}",
            "deff": f"{plan.design_effect:.1f}", "verdict": verdict[0], "style": verdict[1],
        })  # fmt: skip
    return found


def held_rows(rollout: Rollout) -> list[dict[str, str]]:
    """The holdout by duration, for the advised design."""
    design = rollout.advice.design if rollout.advice else rollout.plans[0].design
    return [
        {"weeks": str(h.weeks), "users": count(h.users), "worth": amount(h.worth.value),
         "bias": amount(h.bias.value), "smallest": amount(h.smallest).lstrip("+"),
         "verdict": "seen" if abs(h.worth.value + h.bias.value) >= h.smallest else "not seen",
         "style": "met" if abs(h.worth.value + h.bias.value) >= h.smallest else "not-met"}
        for h in rollout.held if h.design == design
    ]  # fmt: skip


def changes(rollout: Rollout) -> list[tuple[str, str, str]]:
    """Levers by path, in arm A and in arm B."""
    paths = dict.fromkeys([*rollout.spec.control, *rollout.spec.treatment])
    return [(path, _value(rollout.control, path), _value(rollout.treatment, path)) for path in paths]


def _value(scenario: Scenario, path: str) -> str:
    try:
        return _text(get_value(scenario, path))
    except Fault:
        return "not there"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def careful(rollout: Rollout) -> list[str]:
    """What could make the plan wrong."""
    lines = []
    chosen = rollout.chosen or rollout.advice
    levers = {path.split(".")[1] for path in (*rollout.spec.control, *rollout.spec.treatment) if "." in path}
    if "referral" in levers and rollout.spec.outcome == "net":
        lines.append("The arms differ in the referral programme, and the outcome counts a member's own contribution: "
                     "rewards paid are in it, what the friends bring is not. Plan with outcome: net_with_friends, "
                     "too.")  # fmt: skip
    if chosen is not None and not chosen.honest:
        share = abs(chosen.bias.value / chosen.effect.value) if chosen.effect.value else math.inf
        how = "Read its sign at most, not its size" if share > 0.5 else "Mind that when you read its size"
        lines.append(f"The advised test is off by {amount(chosen.bias.value)} {unit_of(rollout)} a member "
                     f"({percent(share)} of the effect), and no design that was planned and fits is better. "
                     f"{how}.")  # fmt: skip
    design = rollout.plans[0].design
    turns = [
        (w, rollout.at(design, w).effect) for w in rollout.spec.weeks if rollout.at(design, w).effect.clear
    ]
    if len({effect.value > 0 for _, effect in turns}) == 2:
        told = listed([f"{amount(effect.value)} after {w} weeks" for w, effect in turns])
        lines.append(f"The effect turns: {told}. A test that is too short says the opposite of the truth, and one that "
                     "ends at the turn finds nothing.")  # fmt: skip
    for plan in shown_plans(rollout):
        few = plan.evenness * (chosen.needed if chosen and chosen.design == plan.design else plan.available)
        if plan.design == "cluster" and few < FEW:
            lines.append(f"There are only about {few:.0f} communities of even size to assign; with so few, stated "
                         "errors are too small.")  # fmt: skip
        if plan.false.interval[0] > rollout.spec.level:
            lines.append(f"Assigned {NAMES[plan.design]}, {percent(plan.false.share)} of the simulated tests found an "
                         "effect where nothing was changed: take a stricter level.")  # fmt: skip
    if rollout.failures:
        lines.append(f"{plural(len(rollout.failures), 'simulated test')} failed and are left out.")
    return lines


def assumptions(rollout: Rollout) -> list[str]:
    """What the plan takes for granted."""
    graph, scale = rollout.control.graph, rollout.control.scale
    real = f" One simulated user stands for {scale:g} real ones; so does one community." if scale != 1 else ""
    kind = {"communities": "drawn with communities", "file": "read from a file"}.get(
        graph.kind, graph.kind.replace("_", " ")
    )
    lines = [
        f"Friends: a graph {kind}, {graph.mean_degree:g} friends each on average. Interference travels along "
        "it only: invitations and who gets there first, social proof, friends who leave. Budgets that both arms "
        "share in the same words are one pot.",
        "Communities must be known before the test: stores, cities, groups. Those of the simulation are the graph's "
        "own; yours will be less clean.",
        "Counted are members on the first day, wherever they are later. Advertising is the same in both arms. "
        "Whoever joins during the test is treated as the own arm says, from the first day.",
        "The effect is what the simulation expects, not what you will see. Half the effect takes four times the "
        f"users.{real}",
        f"Two-sided t test at {percent(rollout.spec.level)}, errors robust to what a community has in common. "
        "“Adjusted” takes out what spend before the test explains; it costs nothing and needs fewer users.",
    ]  # fmt: skip
    for plan in shown_plans(rollout):
        ratio = plan.spread / plan.error
        lines.append(f"Assigned {NAMES[plan.design]}: {percent(plan.contact)} of a member's friends are in another "
                     f"arm; estimates scatter {ratio:.2f} times as much as the tests state; with nothing changed, "
                     f"{percent(plan.false.share)} of {plan.false.of} tests raised a false alarm.")  # fmt: skip
    return lines


def figures(rollout: Rollout) -> Iterator[tuple[RolloutPlot, Figure]]:
    """The plots that have something to show, in the order of the page."""
    for plot in PLOTS:
        drawn = plot.draw(rollout)
        if drawn is not None:
            yield plot, drawn


def render(rollout: Rollout) -> str:
    """The page as HTML: one file, no script, nothing loaded from anywhere. Same rollout, same text."""
    return _render(rollout, list(figures(rollout)))


def _render(rollout: Rollout, drawn: list[tuple[RolloutPlot, Figure]]) -> str:
    spec = rollout.spec
    context: dict[str, Any] = {
        "name": rollout.control.name,
        "period": f"{plural(rollout.tests, 'simulated test')} of each design; "
                  f"{count(rollout.members)} members simulated, {count(rollout.real_members)} in the real base",
        "headline": headline(rollout),
        "measure": f"Measured: {outcome_of(rollout)} per member on the first day, arm B less arm A.",
        "cards": cards(rollout),
        "changes": changes(rollout),
        "today": not spec.control,
        "careful": careful(rollout),
        "rows": rows(rollout),
        "unit": unit_of(rollout),
        "power": percent(spec.power),
        "has_clusters": "cluster" in spec.designs,
        "held": held_rows(rollout),
        "holdout": percent(spec.holdout),
        "figures": [
            sheet.picture(figure, plot.name, plot.title, plot.read(rollout), plot.caption) for plot, figure in drawn
        ],
        "assumptions": assumptions(rollout),
    }  # fmt: skip
    return sheet.document("rollout.html.j2", context)


def write_page(rollout: Rollout, folder: Path | str) -> Path:
    """Write ``report.html`` and the plots (``plots/*.png`` and ``.svg``) into `folder`; returns the page.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    drawn = list(figures(rollout))
    path = target / "report.html"
    path.write_bytes(_render(rollout, drawn).encode())
    sheet.write_plots(((plot.name, figure) for plot, figure in drawn), target / "plots")
    return path
