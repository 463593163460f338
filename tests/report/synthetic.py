"""Made-up results of a plausible shape, so that the report can be tested without running a world.

The tables agree with each other: outcomes are computed from the daily table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from simlab.lab.results import Results
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.schema import Scenario
from simlab.world.metrics import COSTS, METRICS

HOSTILE = "<b>x</b>{{7*7}}"
CHINESE = "老客"
SEGMENTS = ("regular", CHINESE, HOSTILE)
STAGES = ("new", "loyal", "active", "at_risk", "dormant")
FLOOR = {"new": 0.03, "loyal": 0.2, "active": 0.25, "at_risk": 0.24, "dormant": 0.28}
RATES = {"new": 0.016, "loyal": 0.022, "active": 0.012, "at_risk": 0.006, "dormant": 0.002}


def scenario(marketing: bool = True, horizon: int = 365, warmup: int = 60, **changes: object) -> Scenario:
    """A scenario like the default one, with a name that a page must escape."""
    data: dict[str, object] = {
        "name": f"{CHINESE}会员 programme {HOSTILE}",
        "description": "Synthetic & made up <script>alert(1)</script>",
        "start": "2026-01-01",
        "horizon": horizon,
        "warmup": {"days": warmup},
        "seeds": 8,
        "scale": "1:50",
        "population": {
            "members": 5000, "prospects": 15000, "tenure": "2 years", "opted_in": "70%",
            "segments": {"regular": {"share": 0.7}, CHINESE: {"share": 0.3}},
        },
        "constraints": ["complaint_rate <= 1", "k_factor <= 0.5", "mute_rate <= 3.2", "reach >= 90%"],
    }  # fmt: skip
    if marketing:
        data["levers"] = {
            "push": {"new": {"per_week": 3}, "loyal": {"per_week": 3}, "active": {"per_week": 3},
                     "at_risk": {"per_week": 1.5}, "dormant": {"per_week": 0.5}},
            "touches": {"value": {"kind": "value"},
                        "promo": {"kind": "promo", "offer": "coupon", "priority": 1}},
            "caps": {"per_day": 3, "per_week": 10, "per_month": 30},
            "offers": {"coupon": {"depth": "10%", "valid": 3}},
            "referral": {"reward": 20, "invitee_reward": 10},
            "sources": {"ads": {"exposures": 400, "click": "2%", "join": "20%", "cost": 0.08}},
        }  # fmt: skip
        data["uncertainties"] = {
            "behaviour.exposure.lift": [0.4, 1.0],
            "behaviour.price.elasticity": {"low": 2.2, "high": 3.2, "kind": "normal"},
            "behaviour.invitation.accept": {"low": 0.08, "high": 0.25, "kind": "loguniform"},
        }
    return Scenario.model_validate(data | changes)


def synthetic(
    marketing: bool = True,
    seeds: int = 8,
    worlds: int = 12,
    horizon: int = 120,
    warmup: int = 56,
    **changes: object,
) -> Results:
    """Results of world 0 with `seeds` seeds and, with two seeds each, of `worlds` sampled worlds."""
    spec = scenario(marketing, horizon, warmup, **changes)
    tables = {"daily": _daily(spec, marketing, range(1, seeds + 1))}
    tables["cohorts"] = _cohorts(spec, range(1, seeds + 1), marketing)
    tables["flows"] = _flows(spec, range(1, seeds + 1), marketing)
    if marketing:
        tables["trees"] = _grid(range(1, seeds + 1), "depth", "users", [300, 40, 6, 1])
        tables["tree_sizes"] = _grid(range(1, seeds + 1), "size", "trees", [180, 40, 12, 6, 4, 2, 1, 1, 1])
    own = _outcomes(spec, tables["daily"])
    tables["outcomes"] = pd.concat([own, *(_world(own, w) for w in range(1, worlds + 1))], ignore_index=True)
    if worlds:
        rng = np.random.default_rng(5)
        drawn = {
            path: rng.uniform(float(r.low), float(r.high), worlds) for path, r in spec.uncertainties.items()
        }
        tables["worlds"] = pd.DataFrame({"world": range(1, worlds + 1)} | drawn)
    manifest = {
        "command": "simlab run scenarios/default.yaml",
        "digest": "3f9ac1d2" * 4,
        "seeds": list(range(1, seeds + 1)),
        "versions": {"simlab": "0.1.0", "numpy": "2.4.6"},
        "times": {"seconds": 12.25},
    }
    return Results(spec, tables, manifest)


def _daily(spec: Scenario, marketing: bool, seeds: range) -> pd.DataFrame:
    days = np.arange(1 - spec.warmup.days, spec.horizon + 1)
    sources = ("base", "referral", "ads") if marketing else ("base",)
    frames = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        season = 1 + 0.1 * np.sin(2 * np.pi * days / 7) + 0.8 * (np.abs(days - 70) < 3)
        joined = {"base": 0.0 * days, "referral": 0.5 + 0 * days, "ads": 1.6 + 0 * days}
        for stage in STAGES:
            for source in sources:
                for i, segment in enumerate(SEGMENTS):
                    share = (0.6, 0.3, 0.1)[i]
                    size = 5000 * np.exp(-np.maximum(days, -60) / 1500) if source == "base" else None
                    if size is None:
                        size = np.cumsum(joined[source]) * 0.9
                    drift = {"dormant": days / 4000, "active": -days / 6000}.get(stage, 0 * days)
                    members = np.rint(size * share * np.clip(FLOOR[stage] + drift, 0.01, 1))
                    frames.append(
                        _cell(rng, spec, days, members, stage, source, segment, marketing, season, joined)
                    )
        frames += [_prospects(rng, days, marketing), _left(days)]
        for frame in frames[-(len(STAGES) * len(sources) * len(SEGMENTS) + 2) :]:
            frame.insert(0, "seed", seed)
            frame.insert(0, "world", 0)
    columns = ["world", "seed", "day", "stage", "source", "segment", *METRICS]
    daily = pd.concat(frames, ignore_index=True).reindex(columns=columns).fillna(0)
    daily[list(METRICS)] = daily[list(METRICS)].astype(np.int64)
    return daily.loc[(daily[list(METRICS)] != 0).any(axis=1)].reset_index(drop=True)


def _cell(rng, spec, days, members, stage, source, segment, marketing, season, joined):  # type: ignore[no-untyped-def]
    draw = lambda mean: rng.poisson(np.maximum(mean, 0.0))  # noqa: E731
    on = 1.0 if marketing else 0.0
    fade = 0.66 - 0.12 * (days - days[0]) / len(days)
    touched = draw(on * members * fade * {"dormant": 0.07, "at_risk": 0.2}.get(stage, 0.42))
    promo = rng.binomial(touched, 1 / 3)
    seen = rng.binomial(touched, 0.8)
    opens = rng.binomial(seen, 0.045)
    orders = draw(members * RATES[stage] * season * (1.2 if on else 1.0))
    redeemed = rng.binomial(orders, 0.2 * on)
    revenue = orders * 15000 + draw(50 * orders)
    new = draw(joined[source] * (0.6, 0.3, 0.1)[SEGMENTS.index(segment)]) if stage == "new" else 0 * days
    referral = source == "referral"
    fatigue = 2.0 + 6 * on * (1 - np.exp(-(days - days[0] + 1) / 9))
    columns = {
        "members": members, "reachable": np.rint(members * (fade if on else 0.7)),
        "fatigue": np.rint(members * fatigue * 10_000 * on), "affinity": np.rint(members * 5300),
        "active": draw(members * 0.06), "touched": touched,
        "value_sent": touched - promo, "promo_sent": promo,
        "capped": draw(touched * 0.05), "unsent": 0, "seen": seen, "opens": opens,
        "interactions": rng.binomial(opens, 0.25), "visits": draw(members * 0.04),
        "mutes": rng.binomial(touched, 0.003), "complaints": rng.binomial(touched, 0.0002),
        "leaves": draw(members * 0.0006), "ended": draw(members * 0.0004), "issued": promo,
        "expired": rng.binomial(promo, 0.9), "redeemed": redeemed, "organic": rng.binomial(redeemed, 0.55),
        "orders": orders, "revenue_fen": revenue, "margin_fen": revenue // 2, "subsidy_fen": redeemed * 1500,
        "touch_fen": touched * 4, "complaint_fen": 0, "invites": draw(on * members * 0.0015),
        "joins": new, "hunters": rng.binomial(new, 0.2 if referral else 0.0),
        "reward_fen": new * (2000 if referral else 0), "invitee_fen": new * (1000 if referral else 0),
    }  # fmt: skip
    return pd.DataFrame({"day": days, "stage": stage, "source": source, "segment": segment} | columns)


def _prospects(rng, days, marketing):  # type: ignore[no-untyped-def]
    exposures = rng.poisson(400 if marketing else 0, len(days))
    row = {
        "members": 15000,
        "exposures": exposures,
        "clicks": rng.binomial(exposures, 0.02),
        "acquisition_fen": exposures * 8,
    }
    source = "ads" if marketing else "base"
    return pd.DataFrame({"day": days, "stage": "prospect", "source": source, "segment": SEGMENTS[0]} | row)


def _left(days):  # type: ignore[no-untyped-def]
    """Those who left are counted, but are no members."""
    return pd.DataFrame(
        {"day": days, "stage": "left", "source": "base", "segment": SEGMENTS[0], "members": days - days[0]}
    )


def _cohorts(spec: Scenario, seeds: range, marketing: bool) -> pd.DataFrame:
    rows = []
    months = max(spec.horizon // 30, 1)
    for seed in seeds:
        rng = np.random.default_rng(100 + seed)
        for start in range(months + 1 if marketing else 1):
            size = 4800 if start == 0 else 60
            for age in range(months if start == 0 else months - start + 1):
                active = rng.binomial(size, (0.75 if start else 0.6) * np.exp(-age / 9))
                buyers = rng.binomial(active, 0.4)
                rows.append((0, seed, "base" if start == 0 else f"month {start}", age, size, active, buyers,
                             int(buyers * 1.3), buyers * 7000))  # fmt: skip
    columns = ["world", "seed", "cohort", "age", "size", "active", "buyers", "orders", "net_fen"]
    return pd.DataFrame(rows, columns=columns)


def _flows(spec: Scenario, seeds: range, marketing: bool) -> pd.DataFrame:
    moves = {("new", "active"): 40, ("new", "at_risk"): 35, ("active", "loyal"): 60,
             ("active", "at_risk"): 260, ("loyal", "at_risk"): 90, ("at_risk", "active"): 150,
             ("at_risk", "dormant"): 210,
             ("dormant", "active"): 95, ("dormant", "left"): 60, ("at_risk", "left"): 25,
             ("active", "left"): 12}  # fmt: skip
    if marketing:
        moves[("prospect", "new")] = 63
    rows = [
        (0, seed, month, a, b, int(np.random.default_rng([seed, month, users]).poisson(users)))
        for seed in seeds
        for month in range(1, spec.horizon // 30 + 1)
        for (a, b), users in moves.items()
    ]
    return pd.DataFrame(rows, columns=["world", "seed", "month", "source_stage", "target_stage", "users"])


def _grid(seeds: range, what: str, count: str, means: list[int]) -> pd.DataFrame:
    rows = [
        (0, seed, 1 + i, int(np.random.default_rng([seed, i]).poisson(mean)))
        for seed in seeds for i, mean in enumerate(means)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["world", "seed", what, count])


def _outcomes(spec: Scenario, daily: pd.DataFrame) -> pd.DataFrame:
    rows = []
    inside = daily[(daily["day"] >= 1) & (daily["stage"] != "left")]
    for seed, rows_of_seed in inside.groupby("seed"):
        frame = rows_of_seed.copy()
        frame.loc[frame["stage"] == "prospect", "members"] = 0
        s = frame[list(METRICS)].sum() * float(spec.scale)
        end = frame.loc[frame["day"] == spec.horizon, list(METRICS)].sum() * float(spec.scale)
        starting = spec.population.members * float(spec.scale)
        net = (s["margin_fen"] - sum(s[c] for c in COSTS)) / 100
        sent = s["value_sent"] + s["promo_sent"]
        residual = net * 0.5
        row = dict.fromkeys(OUTCOMES, 0.0)
        row |= {
            "customer_equity": (0.96 * net + residual) / starting, "total_equity": 0.96 * net + residual,
            "realised_value": 0.96 * net / starting, "residual_value": residual / starting, "net": net,
            "revenue": s["revenue_fen"] / 100, "subsidy": s["subsidy_fen"] / 100,
            "rewards": s["reward_fen"] / 100,
            "acquisition_cost": s["acquisition_fen"] / 100, "touch_cost": s["touch_fen"] / 100,
            "members": end["members"], "joins": s["joins"], "left": s["leaves"], "orders": s["orders"],
            "referred": frame.loc[frame["source"] == "referral", "joins"].sum() * float(spec.scale),
            "hunters": s["hunters"], "orders_per_member": 365 * s["orders"] / max(s["members"], 1),
            "active_share": s["active"] / max(s["members"], 1), "touches": sent, "mutes": s["mutes"],
            "open_rate": s["opens"] / sent if sent else np.nan,
            "seen_rate": s["seen"] / sent if sent else np.nan,
            "mute_rate": 1000 * s["mutes"] / sent if sent else np.nan,
            "complaint_rate": 1000 * s["complaints"] / sent if sent else np.nan,
            "reach": end["reachable"] / max(end["members"], 1),
            "fatigue": end["fatigue"] / max(end["members"], 1) / 1e4,
            "redemptions": s["redeemed"],
            "redemption_rate": s["redeemed"] / s["issued"] if s["issued"] else np.nan,
            "subsidised_organic": s["organic"] / s["redeemed"] if s["redeemed"] else np.nan,
            "invites": s["invites"],
            "k_factor": 0.12 + 0.001 * int(seed) if sent else 0.0, "newcomer_need": 0.8 if sent else np.nan,
        }  # fmt: skip
        rows.append({"world": 0, "seed": int(seed)} | row)
    return pd.DataFrame(rows)


def _world(own: pd.DataFrame, world: int) -> pd.DataFrame:
    """Two seeds of another world: every outcome moved by a factor of its own."""
    frame = own.head(2).copy()
    frame["world"] = world
    factors = np.random.default_rng(1000 + world).normal(1.0, 0.12, len(OUTCOMES))
    factors[[list(OUTCOMES).index(name) for name in ("members", "reach")]] **= 0.25
    frame[list(OUTCOMES)] = frame[list(OUTCOMES)].mul(factors, axis=1)
    return frame
