"""Made-up tunings of a plausible shape, so that the recommendation page can be tested without a search.

The truth is a concave function of the levers; trials, finalists and report seeds are that truth with noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from simlab.lab.tuning import Tuning
from simlab.scenario import load
from simlab.scenario.experiment import Search
from simlab.scenario.experiments import Lever, lever
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.schema import Scenario

FEW: dict[str, Any] = {
    "levers.push.active.per_week": [0, 7],
    "levers.push.dormant.per_week": [0, 3],
    "levers.offers.coupon.depth": ["0%", "30%"],
    "levers.referral.reward": [0, 60],
}
MANY: dict[str, Any] = FEW | {
    "levers.push.new.per_week": [0, 7],
    "levers.push.loyal.per_week": [0, 7],
    "levers.push.at_risk.per_week": [0, 5],
    "levers.offers.coupon.valid": {"low": 1, "high": 14, "step": 1},
    "levers.offers.coupon.min_spend": [0, 200],
    "levers.referral.invitee_reward": [0, 40],
    "levers.sources.ads.exposures": {"low": 50, "high": 2000, "log": True},
    "levers.caps.per_week": {"low": 4, "high": 14},
}
CHOICES: dict[str, Any] = FEW | {
    "levers.offers.coupon.stages": {
        "choices": [None, ["at_risk", "dormant"], ["new", "at_risk", "dormant"], ["loyal"]]
    },
    "levers.touches.promo.days": {
        "choices": [["fri", "sat"], ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    },
}
ONE: dict[str, Any] = {"levers.push.active.per_week": [0, 7]}
BASE = 250_000
"""Starting members of the real base: 5,000 at 1:50."""


def make(
    searched: Mapping[str, Any] = FEW,
    verdict: str = "change",
    objectives: Mapping[str, str] | None = None,
    worlds: int = 16,
    gain: float = 3.0,
    trials: int = 60,
    failed: int = 0,
    racing: bool = False,
    flags: Sequence[str] = (),
    notes: Sequence[str] = (),
    name: str = "How often to push",
    question: str = "How often should each stage be touched, and how deep may the coupon be?",
    scenario_file: str = "default",
    overrides: Sequence[str] = (),
    optimum: Mapping[str, Any] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    scenario: Scenario | None = None,
    without: Sequence[str] = (),
) -> Tuning:
    """A tuning; `gain` scales every uplift, `without` leaves tables out."""
    scenario = scenario or load(scenario_file, overrides).scenario
    objectives = dict(objectives or {"customer_equity": "maximise"})
    levers = tuple(lever(scenario, path, Search.model_validate(search)) for path, search in searched.items())
    best = {x.path: _optimum(x, k) for k, x in enumerate(levers)} | dict(optimum or {})
    truth = _Truth(levers, best, gain, objectives)
    table = _trials(truth, trials, failed, racing)
    finalists = _finalists(truth, table, verdict)
    row = finalists[finalists["winner"]].iloc[0] if len(finalists) else None
    winner = None if row is None else {x.path: row[x.path] for x in levers}
    first = next(iter(objectives))
    tables = {"trials": table, "finalists": finalists}
    alignment = math.nan
    if winner is not None:
        tables |= _report(truth, winner, verdict, worlds, scenario, first)
        tables |= _checks(truth, winner, finalists, groups)
        alignment = 0.87
    tables = {key: frame for key, frame in tables.items() if len(frame) and key not in without}
    feasible = table[table["feasible"] & (table["state"] == "complete")]
    reasons = {
        "change": "Its lower bound on fresh seeds lies above zero, and every constraint is certified.",
        "keep": "The best strategy found could not be told from the current one on fresh seeds.",
        "not certified": "No finalist could be shown to keep complaint_rate <= 1 with 99.9 % confidence.",
    }
    best_uplift = truth.sign * (truth.sign * feasible["uplift"]).max() if len(feasible) else math.nan
    return Tuning(
        scenario=scenario, experiment_file="experiments/cadence.yaml", scenario_file=scenario_file, name=name,
        question=question, objectives=objectives, levers=levers, verdict=verdict,  # type: ignore[arg-type]
        reason=reasons[verdict], winner=winner, winner_trial=-1 if row is None else int(row["trial"]),
        recommended=winner if verdict == "change" and winner is not None else {}, search_best=float(best_uplift),
        payback_week=9 if verdict == "change" else None, flags=tuple(flags), notes=tuple(notes),
        alignment=alignment, tables=tables, manifest={
            "command": "simlab tune experiments/cadence.yaml", "attempt": 1, "sampler": "tpe", "trials": trials,
            "seeds": {"search": list(range(1_000_000_001, 1_000_000_007)),
                      "selection": list(range(2_000_000_001, 2_000_000_021)),
                      "report": list(range(3_000_000_001, 3_000_000_041))},
            "digests": {"scenario": "3f9ac1d2" * 8, "rules": "77aa01bc" * 8},
            "versions": {"simlab": "0.1.0", "optuna": "5.0.0"}, "times": {"seconds": 1834.2},
        },
    )  # fmt: skip


def _optimum(x: Lever, k: int) -> Any:
    if x.kind == "choice":
        return x.choices[1]
    share = (0.72, 0.3, 0.45, 0.62)[k % 4]
    value = x.low * (x.high / x.low) ** share if x.log else x.low + share * (x.high - x.low)
    return round(value) if x.kind == "int" or x.step == 1 else round(value, 2)


def _place(x: Lever, value: Any) -> float:
    """0 to 1 over the searched range; choices by their place in the list."""
    if x.kind == "choice":
        return float([repr(c) for c in x.choices].index(repr(value))) if value in x.choices else 0.0
    if x.log:
        return math.log(value / x.low) / math.log(x.high / x.low)
    return float((value - x.low) / (x.high - x.low))


class _Truth:
    """The mean uplift of a strategy, and noise around it."""

    def __init__(
        self, levers: tuple[Lever, ...], best: dict[str, Any], gain: float, objectives: dict[str, str]
    ):
        self.levers, self.best, self.gain, self.objectives = levers, best, gain, objectives
        self.sign = 1.0 if next(iter(objectives.values())) == "maximise" else -1.0
        self.weights = [40.0 / (1 + 0.7 * k) for k in range(len(levers))]

    def uplift(self, values: Mapping[str, Any]) -> float:
        return self.sign * self.gain * (self._height(values) - self._height(self.current))

    @property
    def current(self) -> dict[str, Any]:
        return {x.path: x.current for x in self.levers}

    def _height(self, values: Mapping[str, Any]) -> float:
        total = 0.0
        for x, weight in zip(self.levers, self.weights, strict=True):
            off = _place(x, values[x.path]) - _place(x, self.best[x.path])
            total -= weight * (off**2 if x.kind != "choice" else 0.08 * min(off**2, 1))
        return total

    def second(self, values: Mapping[str, Any]) -> float:
        """Any further objective: grows with the levers, so that it is in conflict with the first."""
        return 0.04 * sum(_place(x, values[x.path]) - _place(x, x.current) for x in self.levers)


def _draw(x: Lever, rng: np.random.Generator) -> Any:
    if x.kind == "choice":
        return x.choices[int(rng.integers(len(x.choices)))]
    u = float(rng.beta(1.4, 1.4))
    value = x.low * (x.high / x.low) ** u if x.log else x.low + u * (x.high - x.low)
    return round(value) if x.kind == "int" or x.step == 1 else round(value, 2)


def _trials(truth: _Truth, count: int, failed: int, racing: bool) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    for trial in range(count):
        values = truth.current if trial == 0 else {x.path: _draw(x, rng) for x in truth.levers}
        if trial > count // 2 and trial:  # the later half closes in on the optimum
            near = rng.random() < 0.7
            values = {x.path: truth.best[x.path] if near and rng.random() < 0.5 else values[x.path]
                      for x in truth.levers}  # fmt: skip
        broken = failed > 0 and trial and trial % max(count // failed, 2) == 1
        uplift = 0.0 if trial == 0 else truth.uplift(values) + rng.normal(0, 1.5)
        complaints = 0.75 + 0.02 * uplift * truth.sign / max(truth.gain, 0.01) + rng.normal(0, 0.12)
        raced = bool(racing and trial and not broken and truth.sign * uplift < -4)
        row = {
            "trial": trial, "state": "failed" if broken else "complete", "raced": raced,
            "uplift": math.nan if broken else uplift, "seeds": 0 if broken else 3 if raced else 6,
            "feasible": bool(not broken and (trial == 0 or complaints <= 1)),
            "complaint_rate <= 1": math.nan if broken else complaints,
        }  # fmt: skip
        for outcome in truth.objectives:
            row[outcome] = math.nan if broken else 800 + uplift
        for outcome in list(truth.objectives)[1:]:
            row[f"uplift:{outcome}"] = math.nan if broken else truth.second(values) + rng.normal(0, 0.005)
        rows.append(row | values | {"finalist": False})
    return pd.DataFrame(rows)


def _finalists(truth: _Truth, trials: pd.DataFrame, verdict: str) -> pd.DataFrame:
    good = trials[trials["feasible"] & (trials["trial"] > 0)]
    order = (truth.sign * good["uplift"]).sort_values(ascending=False).index[:8]
    trials.loc[order, "finalist"] = True
    rows = []
    for rank, index in enumerate(order, start=1):
        values = {x.path: trials.at[index, x.path] for x in truth.levers}
        true = truth.uplift(values)
        rng = np.random.default_rng(int(trials.at[index, "trial"]))
        found = true + rng.normal(0, 0.5)
        row = {
            "trial": int(trials.at[index, "trial"]), "rank": rank, "surrogate": true + rng.normal(0, 0.4),
            "surrogate_sd": 0.9, "uplift": found, "low": found - 1.1, "high": found + 1.1,
            "certified": verdict != "not certified" and rank != 3, "bound:complaint_rate <= 1": 0.8 + 0.05 * rank,
            "winner": False, "front": False,
        }  # fmt: skip
        for outcome in list(truth.objectives)[1:]:
            second = truth.second(values)
            row |= {
                f"uplift:{outcome}": second,
                f"low:{outcome}": second - 0.01,
                f"high:{outcome}": second + 0.01,
            }
        rows.append(row | values)
    out = pd.DataFrame(rows)
    if len(out):
        eligible = out[out["certified"]] if out["certified"].any() else out
        best = (truth.sign * eligible["uplift"]).idxmax()
        out.loc[best, "winner"] = True
        if len(truth.objectives) > 1:
            other = list(truth.objectives)[1]
            sign = 1 if truth.objectives[other] == "maximise" else -1
            for i in out.index:
                better = (truth.sign * out["uplift"] > truth.sign * out.at[i, "uplift"]) & (
                    sign * out[f"uplift:{other}"] > sign * out.at[i, f"uplift:{other}"]
                )
                out.loc[i, "front"] = not better.any()
    return out


LEVELS: dict[str, float] = {
    "customer_equity": 824, "realised_value": 430, "residual_value": 394, "net": 109e6, "revenue": 240e6,
    "subsidy": 3.4e6, "rewards": 1.9e6, "acquisition_cost": 0.6e6, "touch_cost": 1.4e6, "members": 292_000,
    "joins": 48_000, "referred": 21_000, "hunters": 2_300, "left": 9_000, "orders": 1.57e6, "orders_per_member": 5.6,
    "active_share": 0.11, "touches": 3.4e7, "open_rate": 0.034, "seen_rate": 0.8, "mutes": 61_000, "mute_rate": 1.8,
    "complaint_rate": 0.052, "reach": 0.52, "fatigue": 4.4, "redemptions": 240_000, "redemption_rate": 0.021,
    "subsidised_organic": 0.58, "invites": 120_000, "k_factor": 0.11, "newcomer_need": 0.8,
}  # fmt: skip


def _report(
    truth: _Truth, winner: dict[str, Any], verdict: str, worlds: int, scenario: Scenario, first: str
) -> dict[str, pd.DataFrame]:
    seeds = 40
    uplift = truth.uplift(winner) if verdict != "keep" else 0.3 * truth.sign
    rows = []
    for arm, shift in (("recommended", uplift), ("current", 0.0), ("nothing", -95.0)):
        relative = shift / LEVELS["customer_equity"]
        for k in range(seeds):
            noise = np.random.default_rng(900 + k).normal(0, 0.02)
            own = np.random.default_rng([k, len(arm)])
            values = {
                o: LEVELS.get(o, 0.0) * (1 + relative * own.uniform(0.5, 1.5) + noise + own.normal(0, 0.004))
                for o in OUTCOMES
            }
            own = np.random.default_rng([k, len(arm), 5])  # an outcome more must not move what follows
            values["customer_equity"] = LEVELS["customer_equity"] * (1 + noise) + shift + own.normal(0, 2.2)
            values["total_equity"] = values["customer_equity"] * BASE
            if first != "customer_equity":
                values[first] = (
                    LEVELS[first] * (1 + noise) + shift * LEVELS[first] / 824 + own.normal(0, 1e-4)
                )
            rows.append({"arm": arm, "seed": 3_000_000_001 + k} | values)
    report = pd.DataFrame(rows)
    differences = _differences(report, truth)
    certificates = []
    for arm in ("recommended", "current"):
        certified = verdict != "not certified" or arm == "current"
        certificates += [
            {"arm": arm, "constraint": "complaint_rate <= 1", "outcome": "complaint_rate", "limit": 1.0, "op": "<=",
             "mean": 0.06 if certified else 0.94, "bound": 0.081 if certified else 1.07, "certified": certified,
             "worlds": worlds, "worlds_met": worlds if certified else worlds // 2},
            {"arm": arm, "constraint": "k_factor <= 0.5", "outcome": "k_factor", "limit": 0.5, "op": "<=",
             "mean": 0.118, "bound": 0.127, "certified": True, "worlds": worlds, "worlds_met": worlds},
        ]  # fmt: skip
    out = {"report": report, "differences": differences, "certificates": pd.DataFrame(certificates)}
    rng = np.random.default_rng(11)
    drawn = [
        {"world": w + 1, "arm": arm, "uplift": 0.0 if arm == "current" else uplift * value,
         "value": 824 + 40 * value + (0.0 if arm == "current" else uplift * value)}
        | {p: float(rng.uniform(float(r.low), float(r.high))) for p, r in scenario.uncertainties.items()}
        for w, value in enumerate(rng.normal(1.0, 0.55, worlds))
        for arm in ("recommended", "current")
    ]  # fmt: skip
    out["worlds"] = pd.DataFrame(drawn)
    return out | _daily(uplift, scenario.horizon)


def _differences(report: pd.DataFrame, truth: _Truth) -> pd.DataFrame:
    rows = []
    current = report[report["arm"] == "current"].sort_values("seed")
    for arm in ("recommended", "nothing"):
        own = report[report["arm"] == arm].sort_values("seed")
        for outcome in OUTCOMES:
            gap = own[outcome].to_numpy() - current[outcome].to_numpy()
            half = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / math.sqrt(len(gap))
            wanted = -1 if truth.objectives.get(outcome) == "minimise" else 1
            rows.append({"arm": arm, "outcome": outcome, "mean": gap.mean(), "low": gap.mean() - half,
                         "high": gap.mean() + half, "p_better": float((wanted * gap > 0).mean()), "pairs": len(gap),
                         "current": current[outcome].mean(), "level": own[outcome].mean()})  # fmt: skip
    return pd.DataFrame(rows)


def _daily(uplift: float, horizon: int) -> dict[str, pd.DataFrame]:
    day = np.arange(1, horizon + 1)
    frames = []
    for arm, shift in (("recommended", uplift), ("current", 0.0), ("nothing", -60.0)):
        base = 430 * day / horizon
        # Rewards and coupons are paid first, orders come later.
        gap = shift * (1.25 * (day / horizon) ** 1.4 - 0.12 * np.exp(-(((day - 25) / 30) ** 2)))
        half = 0.02 * abs(shift) + 0.25 * np.sqrt(day / 30)
        band = np.zeros(horizon) if arm == "current" else half
        frames.append(pd.DataFrame({"arm": arm, "day": day, "cumulative": base + gap, "difference": gap,
                                    "low": gap - band, "high": gap + band}))  # fmt: skip
    return {"daily": pd.concat(frames, ignore_index=True)}


def _checks(
    truth: _Truth, winner: dict[str, Any], finalists: pd.DataFrame, groups: Mapping[str, Sequence[str]] | None
) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(3)
    groups = groups or {"segment": ("regular", "enthusiast", "bargain"),
                        "stage": ("new", "loyal", "active", "at_risk", "dormant"),
                        "source": ("base", "ads", "referral")}  # fmt: skip
    people = []
    for grouping, names in groups.items():
        for k, group in enumerate(names):
            gap = 1e6 * truth.gain * (2.4 - 1.1 * k)
            half = 4e5 * (1 + 0.5 * k)
            people.append({"grouping": grouping, "group": group, "users": 175_000 / (1 + k), "difference": gap,
                           "low": gap - half, "high": gap + half})  # fmt: skip
    spending = pd.DataFrame([
        {"item": item, "current": now, "recommended": now * factor, "difference": now * (factor - 1)}
        for item, now, factor in (("touches", 1.41e6, 1.34), ("offers", 3.4e6, 0.71), ("rewards", 1.9e6, 1.6),
                                  ("sources", 5.84e5, 1.0), ("complaints", 4.9e4, 1.2))
    ])  # fmt: skip
    effects = [
        {"lever": x.path, "effect": truth.gain * weight * 0.4, "low": truth.gain * weight * 0.28,
         "high": truth.gain * weight * 0.52, "sigma": truth.gain * weight * 0.2, "noise": 0.11}
        for x, weight in zip(truth.levers, truth.weights, strict=True)
    ]  # fmt: skip
    profiles = []
    for x in truth.levers:
        grid: Sequence[Any] = x.choices if x.kind == "choice" else list(np.linspace(x.low, x.high, 25))
        for value in grid:
            if x.kind == "int":
                value = round(value)
            profiles.append({"lever": x.path, "value": value, "surrogate": truth.uplift(winner | {x.path: value}),
                             "sd": 0.9})  # fmt: skip
    horizons = []
    for days, factor in ((90, 0.25), (180, 0.55), (365, 1.0)):
        block = [
            {"horizon": days, "strategy": "current", "trial": -1, "uplift": 0.0, "low": 0.0, "high": 0.0}
        ]
        for _, row in finalists.iterrows():
            found = factor * row["uplift"] + rng.normal(0, 0.5)
            block.append({"horizon": days, "strategy": f"trial {row['trial']}", "trial": int(row["trial"]),
                          "uplift": found, "low": found - 1.2, "high": found + 1.2})  # fmt: skip
        best = int(np.argmax([truth.sign * r["uplift"] for r in block]))
        horizons += [row | {"best": i == best} for i, row in enumerate(block)]
    out = {"groups": pd.DataFrame(people), "spending": spending, "sensitivity": pd.DataFrame(effects),
           "profiles": pd.DataFrame(profiles), "horizons": pd.DataFrame(horizons)}  # fmt: skip
    numeric = [x for x in truth.levers if x.kind != "choice"][:2]
    if len(numeric) == 2:
        first, second = numeric
        out["surface"] = pd.DataFrame([
            {"lever_x": first.path, "lever_y": second.path, "x": x, "y": y,
             "surrogate": truth.uplift(winner | {first.path: x, second.path: y}), "sd": 0.9}
            for x in np.linspace(first.low, first.high, 21) for y in np.linspace(second.low, second.high, 21)
        ])  # fmt: skip
    return out


def project(folder: Path, base: bool = False) -> Path:
    """A project with a scenario of its own, with Chinese names; `base`: with a data file, too."""
    (folder / "scenarios").mkdir(parents=True, exist_ok=True)
    text = "extends: default\nname: 茶饮会员\nlevers:\n"
    text += "  push:\n    active: {per_week: 2.5, mix: {promo: 1, value: 3}}\n"
    if base:
        rows = "".join(f"u{k},{2024 + k % 2}-0{1 + k % 9}-10\n" for k in range(20))
        (folder / "scenarios" / "base.csv").write_text("user,joined\n" + rows, encoding="utf-8")
        text += "population: {base: base.csv}\n"
    path = folder / "scenarios" / "茶饮.yaml"
    path.write_text(text, encoding="utf-8")
    return path
