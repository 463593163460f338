"""Laws of the customer base: who orders, how often, for how long, with nobody doing any marketing.

They are read from a cohort: as many people as the scenario has members place their first order on one day,
and are followed for 78 weeks in which nothing is sent to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simlab.lab.laws.law import Claim, Law, Reading
from simlab.lab.laws.worlds import QUIET, Arm, Seen, lab
from simlab.lab.pareto_nbd import ParetoNBD
from simlab.scenario import Scenario
from simlab.scenario.people import GraphSpec, Segment

HALF, WHOLE = 39 * 7, 78 * 7
FIRST = 1
"""The day of everybody's first order."""
THIRDS = (FIRST + WHOLE // 3, FIRST + 2 * WHOLE // 3)
RECENCY = (28, 56, 91, 182, HALF)
"""Days since the last order that part the groups of L06: 4, 8, 13, 26 and 39 weeks."""
FADER = "Fader, Hardie & Lee 2005"


def cohort(scenario: Scenario) -> Mapping[str, Arm]:
    """Everybody's first order on day 1, then 78 weeks without marketing."""
    world = lab(scenario, QUIET, FIRST + WHOLE, contagion={"friend": 0.0, "inviter": 0.0})
    people = max(world.population.members, 1)
    alone = world.population.model_copy(
        update={"members": 0, "prospects": people, "tenure": 0, "base": None, "arrivals": (people,)}
    )
    world = world.model_copy(update={"population": alone, "graph": GraphSpec(kind="none")})
    return {"cohort": Arm(world, days=(FIRST, *THIRDS, FIRST + HALF))}


def _repeats(seen: Mapping[str, Seen], day: int | None = None) -> NDArray[np.int64]:
    """Repeat orders of everybody by a day; by default in all 78 weeks."""
    cohort = seen["cohort"]
    records = cohort.users if day is None else cohort.at[day]
    return records["orders"].astype(np.int64) - 1


def _spend(seen: Mapping[str, Seen]) -> NDArray[np.float64]:
    return seen["cohort"].users["spend"] / 100.0


def law_of(segment: Segment) -> ParetoNBD:
    """Pareto/NBD of one segment, per day."""
    orders, life = segment.orders, segment.lifetime
    return ParetoNBD(
        orders.shape, orders.shape / (orders.per_year / 365.0), life.shape, life.scale, life.core
    )


def expected(segments: Mapping[str, Segment]) -> tuple[float, float, float]:
    """Repeat orders, share without one, and share alive after 78 weeks, by the closed forms, over segments."""
    total = sum(s.share for s in segments.values())
    found = np.zeros(3)
    for segment in segments.values():
        law = law_of(segment)
        found += (
            segment.share
            / total
            * np.array(
                [law.expected_orders(WHOLE), law.p_x(WHOLE, 0).ravel()[0], law.p_alive_at(WHOLE)], np.float64
            )
        )
    return float(found[0]), float(found[1]), float(found[2])


def _l01(seen: Mapping[str, Seen]) -> Reading:
    x = _repeats(seen)
    mean, none, alive = expected(seen["cohort"].scenario.population.segments)
    n = len(x)
    return {
        "orders": x.sum(), "expected": mean * n, "none": (x == 0).sum() - none * n,
        "alive": seen["cohort"].users["alive"].sum() - alive * n, "n": n,
    }  # fmt: skip


L01 = Law(
    id="L01",
    title="Order rates are gamma-mixed Poisson with a latent gamma-mixed lifetime",
    figure="CDNOW, 2,357 customers, 39 weeks: Pareto/NBD r .553, alpha 10.578, s .606, beta 11.669, LL -9595.0",
    source=FADER,
    status="read + computed",
    how="A cohort of first orders, followed for 78 weeks without marketing, against the closed forms of Pareto/NBD on "
        "a daily grid with the scenario's own parameters.",
    claims=(
        Claim("repeat orders, simulated over expected", 0.95, 1.05),
        Claim("share without a repeat order, simulated less expected", -0.02, 0.02, "share"),
        Claim("share whose relation lives, simulated less expected", -0.02, 0.02, "share"),
    ),
    arms=cohort,
    read=_l01,
    figures=lambda t: (t["orders"] / t["expected"], t["none"] / t["n"], t["alive"] / t["n"]),
)  # fmt: skip


def _l02(seen: Mapping[str, Seen]) -> Reading:
    start = seen["cohort"].at[FIRST]
    repeat = _repeats(seen)
    chosen = repeat > 0
    x = repeat[chosen].astype(float)
    y = (_spend(seen)[chosen] - start["spend"][chosen] / 100.0) / x
    return {
        "n": len(x),
        "x": x.sum(),
        "y": y.sum(),
        "xx": (x * x).sum(),
        "yy": (y * y).sum(),
        "xy": (x * y).sum(),
    }


def _correlation(t: Reading) -> Sequence[float]:
    n = t["n"]
    cov = t["xy"] / n - t["x"] / n * t["y"] / n
    return (cov / np.sqrt((t["xx"] / n - (t["x"] / n) ** 2) * (t["yy"] / n - (t["y"] / n) ** 2)),)


L02 = Law(
    id="L02",
    title="Baskets are gamma-gamma, nearly independent of frequency",
    figure="p 6.25, q 3.74, gamma 15.44, LL -4055.9 (946 repeaters); correlation .11",
    source="Fader & Hardie 2013; computed from CDNOW",
    status="read + computed",
    how="Correlation of the number of repeat orders and their mean basket, over repeaters of the cohort.",
    claims=(Claim("correlation of orders and mean basket", -0.05, 0.2, "number", ".11"),),
    arms=cohort,
    read=_l02,
    figures=_correlation,
    note="The published band is 0 to .2. One segment with independent baskets lies exactly at 0, which no number of "
         "seeds can tell from below 0: the band has room for that.",
)  # fmt: skip


def _mean(t: Reading) -> Sequence[float]:
    return (t["sum"] / t["seeds"],)


MONTHLY = 12.0


def seldom(scenario: Scenario) -> str | None:
    """Why ranks cannot be held against those of the published log; None when they can."""
    segments = scenario.population.segments.values()
    rate = sum(s.share * s.orders.per_year for s in segments) / sum(s.share for s in segments)
    if rate <= MONTHLY:
        return None
    return f"members order {rate:.0f} times a year, and the published customers ordered some three times"


def _l03(seen: Mapping[str, Seen]) -> Reading:
    first = _repeats(seen, FIRST + HALF)
    rho = stats.spearmanr(first, _repeats(seen) - first).statistic
    return {"sum": float(rho), "seeds": 1.0}


L03 = Law(
    id="L03",
    title="Ranks persist",
    figure="Spearman of 39 weeks and the next 39: .488 in data; .499 Pareto/NBD; .357 BG/NBD (sampling sd .019)",
    source="computed from CDNOW",
    status="computed",
    how="Rank correlation of repeat orders in the cohort's first and second 39 weeks.",
    claims=(Claim("Spearman of first and second half", 0.40, 0.60, "number", ".488"),),
    arms=cohort,
    read=_l03,
    figures=_mean,
    applies=seldom,
    note="The figure is about counts as much as about people: the published customers ordered 2.7 times a year while "
         "they were customers (.553 / 10.578 a week), and 39 weeks with one order or none say little about a rate. "
         "Where members order more than monthly, halves agree far better, and nothing published says how well: the "
         "law is not asked there.",
)  # fmt: skip


def _l04(seen: Mapping[str, Seen]) -> Reading:
    x = _repeats(seen)
    return {f"n{k}": float((x >= k).sum()) for k in range(5)}


def _hurdles(t: Reading) -> Sequence[float]:
    p = [t[f"n{k + 1}"] / t[f"n{k}"] for k in range(4)]
    return (p[1] - p[0], p[2] - p[1], (p[1] - p[0]) - (p[3] - p[2]))


L04 = Law(
    id="L04",
    title="The hurdle to the next order is highest at the second, then flattens",
    figure="P(one more order, given n): .48 .65 .72 .72 .75",
    source="computed from CDNOW",
    status="computed",
    how="Shares of the cohort that go on to one more order within 78 weeks.",
    claims=(
        Claim("rise from the second to the third order", 0, inf, "share", "+17 points"),
        Claim("rise from the third to the fourth", 0, inf, "share", "+7 points"),
        Claim("first rise less last rise", 0, inf, "share", "+17 points"),
    ),
    arms=cohort,
    read=_l04,
    figures=_hurdles,
)


def _l05(seen: Mapping[str, Seen]) -> Reading:
    spend = np.sort(_spend(seen))[::-1]
    return {"sum": float(spend[: round(0.2 * len(spend))].sum() / spend.sum()), "seeds": 1.0}


L05 = Law(
    id="L05",
    title="Spend is concentrated",
    figure="top 20 % hold .674 of 78-week spend (CDNOW); .73 mean over CPG brands; .54 groceries",
    source="computed from CDNOW; Kim, Singh & Winer 2017",
    status="read + computed",
    how="Share of the cohort's 78-week spend, first orders included, that its top fifth holds.",
    claims=(Claim("spend held by the top fifth", 0.50, 0.80, "share", "67 %"),),
    arms=cohort,
    read=_l05,
    figures=_mean,
)


def _l06(seen: Mapping[str, Seen]) -> Reading:
    middle = seen["cohort"].at[FIRST + HALF]
    since = FIRST + HALF - middle["last_order"].astype(np.int64)
    again = seen["cohort"].users["orders"] > middle["orders"]
    group = np.searchsorted(RECENCY, since)
    found: dict[str, float] = {}
    for k in range(len(RECENCY)):
        found[f"n{k}"] = float((group == k).sum())
        found[f"again{k}"] = float(again[group == k].sum())
    return found


def _falls(t: Reading) -> Sequence[float]:
    p = [t[f"again{k}"] / t[f"n{k}"] for k in range(len(RECENCY))]
    return [p[k] - p[k + 1] for k in range(len(p) - 1)]


L06 = Law(
    id="L06",
    title="The longer since the last order, the less likely the next",
    figure="P(order in the next 39 weeks) by weeks since the last (<= 4, 8, 13, 26, 40): .76 .75 .56 .47 .15",
    source="computed from CDNOW",
    status="computed",
    how="The cohort in the middle of its 78 weeks, by weeks since the last order.",
    claims=(
        Claim("fall from up to 4 to 5-8 weeks", 0, inf, "share", "1 point"),
        Claim("fall to 9-13 weeks", 0, inf, "share", "19 points"),
        Claim("fall to 14-26 weeks", 0, inf, "share", "9 points"),
        Claim("fall to 27-39 weeks", 0, inf, "share", "32 points"),
    ),
    arms=cohort,
    read=_l06,
    figures=_falls,
)


def _l07(seen: Mapping[str, Seen]) -> Reading:
    world = seen["cohort"]
    alive = [float(world.at[day]["alive"].sum()) for day in (FIRST, *THIRDS)]
    return {f"alive{k}": v for k, v in enumerate((*alive, float(world.users["alive"].sum())))}


def _retention(t: Reading) -> Sequence[float]:
    kept = [t[f"alive{k + 1}"] / t[f"alive{k}"] for k in range(3)]
    return (kept[1] - kept[0], kept[2] - kept[1])


L07 = Law(
    id="L07",
    title="Aggregate retention rises with tenure, from heterogeneity alone",
    figure=".869 .855 .879 .908 .929 ... .963 over 12 years (sBG alpha .668, beta 3.806)",
    source="Fader & Hardie 2007",
    status="read",
    how="Share of the cohort's relations that survive each of three half-years; nothing about a person changes.",
    claims=(
        Claim("retention of the second half-year less the first", 0, inf, "share"),
        Claim("retention of the third less the second", 0, inf, "share"),
    ),
    arms=cohort,
    read=_l07,
    figures=_retention,
)


def _l08(seen: Mapping[str, Seen]) -> Reading:
    spend = _spend(seen)
    return {"sum": float(spend.std() / spend.mean()), "seeds": 1.0}


L08 = Law(
    id="L08",
    title="Value is heavy-tailed",
    figure="coefficient of variation 2.09 over 78 weeks: independent seeds get the sign of a true 3 % lift wrong 33 % "
           "of the time at 2,000 users",
    source="computed from CDNOW",
    status="computed",
    how="Coefficient of variation of the cohort's 78-week spend.",
    claims=(Claim("coefficient of variation of spend", 1.5, 3.0, "number", "2.09"),),
    arms=cohort,
    read=_l08,
    figures=_mean,
)  # fmt: skip

BASE = (L01, L02, L03, L04, L05, L06, L07, L08)
