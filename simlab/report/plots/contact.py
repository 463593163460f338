"""Contact with members: how much they are pushed, how they answer, and what state that leaves them in."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from simlab.lab.results import Results
from simlab.report import series, style
from simlab.report.numbers import percent
from simlab.world.metrics import FIXED_POINT

_WEEK, _MONTH = 7, 28


def attention(results: Results) -> Figure | None:
    """Touches per member and week, opens and mutes per delivered touch. None when nothing is sent."""
    data = series.panel(results, ["members", "value_sent", "promo_sent", "opens", "mutes"])
    sent = data["value_sent"] + data["promo_sent"]
    if not sent.any():
        return None
    fig, axes = style.figure(6.4, 3, 1, sharex=True)
    # Mutes are few: four weeks make a rate of them.
    curves = (
        (7 * series.ratio(series.rolling(sent, _WEEK), series.rolling(data["members"], _WEEK)),
         "Delivered touches per member and week (last 7 days)", style.ACCENT),
        (series.ratio(series.rolling(data["opens"], _WEEK), series.rolling(sent, _WEEK)),
         "Opens per delivered touch, % (last 7 days)", style.GAIN),
        (1000 * series.ratio(series.rolling(data["mutes"], _MONTH), series.rolling(sent, _MONTH)),
         "Mutes per 1,000 delivered touches (last 28 days)", style.LOSS),
    )  # fmt: skip
    for i, (ax, (array, text, colour)) in enumerate(zip(axes, curves, strict=True)):
        _curve(ax, results, array, text, colour, named=i == 0, share=i == 1)
    return style.finish(fig)


def _curve(
    ax: style.Axes, results: Results, array: series.Array, text: str, colour: str, named: bool, share: bool
) -> None:
    line = series.band(array)
    style.banded(ax, style.timeline(ax, results, named=False), line, colour)
    # The first days have next to no touches: they must not set the scale.
    steady = np.concatenate([part[min(_WEEK, part.size - 1) :] for part in line])
    top = float(np.nanmax(steady)) if np.isfinite(steady).any() else 1.0
    ax.set_ylim(0, 1.3 * max(top, 1e-6))
    style.timeline(ax, results, named=named)
    style.grid(ax)
    style.numbers(ax, "y", percent if share else lambda value: f"{value:g}", bins=4)
    style.heading(ax, text)


def read_attention(results: Results) -> str:
    """Rates over the whole horizon."""
    start = series.horizon(results)
    data = series.panel(results, ["members", "value_sent", "promo_sent", "opens", "mutes"])
    sums = {name: float(array[:, start].sum()) for name, array in data.items()}
    sent = sums["value_sent"] + sums["promo_sent"]
    if not sent or not sums["members"]:
        return "No touch was delivered within the horizon."
    promotions, opened = percent(sums["promo_sent"] / sent), percent(sums["opens"] / sent)
    return (
        f"Members get {7 * sent / sums['members']:.1f} touches a week, {promotions} of them promotions; "
        f"{opened} are opened and {1000 * sums['mutes'] / sent:.1f} of 1,000 end in a mute."
    )


def _state(results: Results) -> dict[str, series.Array]:
    data = series.panel(results, ["members", "reachable", "fatigue", "affinity"])
    members = data.pop("members")
    out = {name: series.ratio(array, members) for name, array in data.items()}
    out["fatigue"], out["affinity"] = out["fatigue"] / FIXED_POINT, out["affinity"] / FIXED_POINT
    return out


def condition(results: Results) -> Figure | None:
    """Reach, fatigue and affinity of members over time. None without members."""
    state = _state(results)
    if not np.isfinite(state["reachable"]).any():
        return None
    fig, axes = style.figure(6.4, 3, 1, sharex=True)
    for ax, (name, text, colour, share) in zip(axes, (
        ("reachable", "Reach: members who have not muted, %", style.ACCENT, True),
        ("fatigue", "Fatigue, mean over members (units of one promotional touch)", style.LOSS, False),
        ("affinity", "Affinity, mean over members (0 to 1)", style.GAIN, False),
    ), strict=True):  # fmt: skip
        _curve(ax, results, state[name], text, colour, named=name == "reachable", share=share)
    return style.finish(fig)


def read_condition(results: Results) -> str:
    """Reach, fatigue and affinity on day 1 and at the horizon."""
    day = min(results.scenario.warmup.days, len(series.days(results)) - 1)
    parts = []
    for name, noun, unit in (("reachable", "reach", "share"), ("fatigue", "fatigue", "units"),
                             ("affinity", "affinity", "units")):  # fmt: skip
        mean = series.band(_state(results)[name])[0]
        if not (np.isfinite(mean[day]) and np.isfinite(mean[-1])):
            continue
        first, last = (
            percent(v) if unit == "share" else f"{v:.2f}" for v in (float(mean[day]), float(mean[-1]))
        )
        parts.append(f"{noun} stays at {first}" if first == last else f"{noun} goes from {first} to {last}")
    text = ", ".join(parts)
    return f"From day 1 to the horizon {text}." if parts else "There are no members to describe."
