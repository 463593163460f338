"""Laws of friends: who is referred, what rewards do, how far invitations travel, who follows whom out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from simlab.lab.laws.law import Claim, Law, Reading
from simlab.lab.laws.messages import YEAR, today
from simlab.lab.laws.prices import inviting
from simlab.lab.laws.worlds import QUIET, Arm, Seen, lab, members_at
from simlab.lab.past import before_of
from simlab.scenario import Scenario
from simlab.scenario.people import GraphSpec
from simlab.scenario.strategy import Levers, Referral, Source
from simlab.world.draws import Purpose, uniforms
from simlab.world.market import Market
from simlab.world.records import Event

REFERRED = 2
"""Number of the source "referral"."""


def refers(scenario: Scenario) -> str | None:
    """Why a law about the scenario's own referral programme cannot be asked; None when it can."""
    return "it has no referral programme" if scenario.levers.referral is None else inviting(scenario)


# What referred customers are worth ---------------------------------------------------------------


class Widowed:
    """Days on which referred members lived beside a living inviter or not, and on which their relation ended."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.alive: NDArray[np.bool_] | None = None
        self.gone = np.full(len(market.users), -10_000, np.int64)
        self.days, self.ends = np.zeros(2), np.zeros(2)

    def evening(self) -> None:
        """Count who ended today, by whether the inviter had ended in the last two months."""
        market = self.market
        users, alive = market.users, self.market.users["alive"] == 1
        if self.alive is not None and market.day > 0:
            mine = np.flatnonzero((users["source"] == REFERRED) & self.alive & (users["joined"] < market.day))
            mine = mine[users["inviter"][mine] >= 0]
            lost = market.day - self.gone[users["inviter"][mine]]
            ended = ~alive[mine]
            for k, chosen in enumerate((lost > 5000, (lost > 0) & (lost <= 60))):
                self.days[k] += chosen.sum()
                self.ends[k] += (chosen & ended).sum()
        if self.alive is not None:
            self.gone[self.alive & ~alive] = market.day
        self.alive = alive

    def close(self) -> None:
        """Let the market go."""
        del self.market


BESIDE = "beside"


def _l30_arms(scenario: Scenario) -> Mapping[str, Arm]:
    referral = scenario.levers.referral
    plainly = Source(
        exposures=scenario.population.prospects / 10, click=0.02, join=0.2, cost=0.0, need=1.0, deal=1.0
    )
    assert referral is not None
    levers = Levers(referral=referral.model_copy(update={"stages": None}), sources={BESIDE: plainly})
    return {"referral": Arm(lab(scenario, levers, YEAR), watch=(Widowed,))}


def _l30(seen: Mapping[str, Seen]) -> Reading:
    world = seen["referral"]
    users = world.users
    gift = world.scenario.levers.referral.invitee_reward * 100 if world.scenario.levers.referral else 0.0
    reward = world.scenario.levers.referral.reward * 100 if world.scenario.levers.referral else 0.0
    new = (users["joined"] >= 1) & (users["joined"] <= YEAR // 2)
    found: dict[str, float] = {}
    for name, chosen in (
        ("referred", users["source"] == REFERRED),
        ("others", users["source"] == REFERRED + 1),
    ):
        group = new & chosen
        value = (users["net"] + world.residual)[group].sum() + reward * users["invited"][group].sum()
        found[f"value {name}"] = float(value + gift * group.sum() * (name == "referred"))
        found[f"n {name}"] = float(group.sum())
    lost: Widowed = world.watched[Widowed]
    for k, name in enumerate(("with", "without")):
        found[f"days {name}"], found[f"ends {name}"] = float(lost.days[k]), float(lost.ends[k])
    return found


L30 = Law(
    id="L30",
    title="Referred customers are worth as much or more, while the inviter stays",
    figure="value at least +16 %; replications mixed: 0 is a legitimate low end",
    source="Schmitt et al. 2011; Van den Bulte et al. 2018",
    status="read",
    how="Half a year of newcomers by the scenario's referral reward, and beside them by an advertisement that reaches "
        "anybody alike: margin within the year and value left, what they were paid for coming not counted. And how "
        "often a referred member's relation ends, with and without the inviter.",
    claims=(
        Claim("value of the referred, relative to those reached by chance", 0.9, 1.25, "x", "1.16"),
        Claim("hazard within two months of the inviter's, relative to a staying inviter", 1.0, inf),
    ),
    arms=_l30_arms,
    read=_l30,
    figures=lambda t: (
        (t["value referred"] / t["n referred"]) / (t["value others"] / t["n others"]),
        (t["ends without"] / t["days without"]) / (t["ends with"] / t["days with"]),
    ),
    applies=refers,
)  # fmt: skip

# How large a reward ------------------------------------------------------------------------------

REWARDS = (0.0, 45.0, 180.0)
"""Yuan to the inviter where a member's year is worth as much as in the default scenario; elsewhere in proportion."""
USUAL_YEAR = 268.2


def year_of(scenario: Scenario) -> float:
    """Yuan of margin in a year of a member without marketing, over segments."""
    segments = scenario.population.segments.values()
    orders = sum(s.share * s.orders.per_year * s.basket.mean for s in segments) / sum(
        s.share for s in segments
    )
    return orders * scenario.economics.margin


def _l31_arms(scenario: Scenario) -> Mapping[str, Arm]:
    arms, part = {}, year_of(scenario) / USUAL_YEAR
    for reward in REWARDS:
        paid = round(reward * part, 2)
        levers = Levers(referral=Referral(reward=paid, invitee_reward=round(paid / 2, 2)))
        arms[f"{reward:g}"] = Arm(lab(scenario, levers, YEAR))
    return arms


def _l31(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    for arm, world in seen.items():
        users = world.users
        new = (users["source"] == REFERRED) & (users["joined"] >= 1)
        found[f"equity {arm}"] = world.outcomes["customer_equity"]
        found[f"joins {arm}"] = float(new.sum())
        found[f"rate {arm}"] = float(users["rate"][new].sum())
    return found


def _l31_figures(t: Reading) -> Sequence[float]:
    none, some, much = (f"{r:g}" for r in REWARDS)
    need = [t[f"rate {arm}"] / t[f"joins {arm}"] for arm in (some, much)]
    return (  # relative to none, since a reward may cost more than members are worth
        (t[f"equity {some}"] - t[f"equity {none}"]) / abs(t[f"equity {none}"]),
        (t[f"equity {some}"] - t[f"equity {much}"]) / abs(t[f"equity {none}"]),
        t[f"joins {much}"] / t[f"joins {some}"],
        need[1] / need[0],
    )


L31 = Law(
    id="L31",
    title="Some reward beats none; a larger one brings more, but less profitable people",
    figure="field experiment with 160,000 customers",
    source="Ryu & Feick 2007; Wolters et al. 2020",
    status="read",
    how="A year of invitations with a reward of nothing, a sixth and two thirds of a member's margin in a year (0, 45 "
        "and 180 yuan in the default scenario), half as much to the friend: customer equity has its maximum inside.",
    claims=(
        Claim("customer equity at a sixth less none, relative to none", 0.0, inf, "share"),
        Claim("customer equity at a sixth less two thirds, relative to none", 0.0, inf, "share"),
        Claim("newcomers at two thirds over a sixth", 1.0, inf),
        Claim("order rate of newcomers at two thirds over a sixth", 0.0, 1.0),
    ),
    arms=_l31_arms,
    read=_l31,
    figures=_l31_figures,
    applies=inviting,
    note="A reward is much or little beside what a member is worth: 180 yuan are half a year's margin at a coffee "
         "chain and three weeks' of a software contract, where more would still pay.",
)  # fmt: skip

# Cascades ----------------------------------------------------------------------------------------

LONG, WIDE, SEEDS = 1460, 19, 1000


def _l34_arms(scenario: Scenario) -> Mapping[str, Arm]:
    """A few members in a wide world without circles, until their chains have ended; and the scenario as it is."""
    referral = scenario.levers.referral
    assert referral is not None
    levers = Levers(referral=referral.model_copy(update={"stages": None, "budget": None}))
    world = lab(scenario, levers, LONG, invitation={"hunters": 0.0})
    people = world.population.model_copy(
        update={"members": SEEDS, "prospects": WIDE * SEEDS, "tenure": 0, "base": None, "homophily": 0.0}
    )
    graph = GraphSpec(kind="configuration", mean_degree=world.graph.mean_degree, tail=world.graph.tail)
    return {"wide": Arm(world.model_copy(update={"population": people, "graph": graph})),
            "today": Arm(today(scenario))}  # fmt: skip


def finished(users: NDArray[np.void]) -> NDArray[np.int64]:
    """(N,) steps from a seed, where each step was made within a year of the inviter's own coming; else -1."""
    depth = np.where(users["status"] == 0, -1, users["depth"].astype(np.int64))
    for k in range(1, int(depth.max()) + 1):
        layer = np.flatnonzero(depth == k)
        inviter = users["inviter"][layer]
        late = users["joined"][layer] - np.maximum(users["joined"][inviter], 0) > YEAR
        depth[layer[late | (depth[inviter] < 0)]] = -1
    return np.asarray(depth)


def _l34(seen: Mapping[str, Seen]) -> Reading:
    depth = finished(seen["wide"].users)
    own = seen["today"].users
    mine = own["depth"][(own["source"] == REFERRED) & (own["joined"] >= 1)]
    return {
        "all": float((depth >= 0).sum()), "referred": float((depth >= 1).sum()), "deep": float((depth >= 2).sum()),
        "k": seen["today"].outcomes["k_factor"], "seeds": 1.0, "mine": float(len(mine)),
        "first": float((mine == 1).sum()),
    }  # fmt: skip


L34 = Law(
    id="L34",
    title="Cascades are shallow",
    figure="most end one step from a seed; for K < 1 the share at depth 2 and more is K squared",
    source="Goel et al. 2012; the identity is computed",
    status="read + computed",
    how="The scenario's referral programme among 1,000 new members with 19,000 prospects on a graph without circles, "
        "for four years; chains count as far as each step was made within a year, so that they have ended, and "
        "nobody comes for the reward alone. K is the share of all who were referred. And the scenario as it is, "
        "for a year.",
    claims=(
        Claim("share at depth 2 and more, over K squared", 0.8, 1.2),
        Claim("K of the scenario in a year", 0.0, 0.5, "number"),
        Claim("referred who are one step from a seed", 0.5, 1.0, "share", "most"),
    ),
    arms=_l34_arms,
    read=_l34,
    figures=lambda t: (
        (t["deep"] / t["all"]) / (t["referred"] / t["all"]) ** 2,
        t["k"] / t["seeds"],
        t["first"] / t["mine"],
    ),
    applies=refers,
)  # fmt: skip

# Contagion ---------------------------------------------------------------------------------------

RECENT, HALF_YEAR = 30, 180


class Defections:
    """Days lived with and without a friend who left in the last month, and ends among them; on the graph and shuffled.

    Counted by month and by number of friends, so that neither the calendar nor popularity passes for contagion
    (Mantel & Haenszel 1959).
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        n = len(market.users)
        self.gone = np.full(n, -10_000, np.int64)
        self.alive: NDArray[np.bool_] | None = None
        graph = market.graph
        self.row = np.repeat(np.arange(n), np.diff(graph.indptr))
        self.friend = graph.indices.astype(np.int64)
        self.degree = np.minimum(np.diff(graph.indptr), 30)
        drawn = uniforms(market.seed, np.arange(n), 0, int(Purpose.TEST_CELL))
        self.as_if = self._shuffle(drawn)
        self.tables = {
            name: np.zeros((HALF_YEAR // RECENT + 1, 31, 2, 2)) for name in ("friends", "shuffled")
        }

    def _shuffle(self, drawn: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,) somebody else with as many friends."""
        out = np.arange(len(drawn))
        for k in np.unique(self.degree):
            group = np.flatnonzero(self.degree == k)
            order = group[np.argsort(drawn[group], kind="stable")]
            out[order] = np.roll(order, 1)
        return out

    def evening(self) -> None:
        """Count."""
        market = self.market
        alive = market.users["alive"] == 1
        if self.alive is not None and market.day > 1:
            recent = (market.day - self.gone <= RECENT).astype(np.float64)
            lost = np.bincount(self.row, recent[self.friend], len(alive))
            mine = np.flatnonzero(self.alive)
            month = np.full(len(mine), (market.day - 1) // RECENT)
            ended = (~alive[mine]).astype(int)
            for name, exposed in (("friends", lost[mine]), ("shuffled", lost[self.as_if[mine]])):
                few = exposed <= 1
                where = (month[few], self.degree[mine][few], exposed[few].astype(int))
                np.add.at(self.tables[name][..., 0], where, 1.0)
                np.add.at(self.tables[name][..., 1], where, ended[few])
        if self.alive is not None:
            self.gone[self.alive & ~alive] = market.day
        self.alive = alive

    def close(self) -> None:
        """Let the market go."""
        del self.market

    def ratio(self, name: str) -> tuple[float, float]:
        """Upper and lower sum of the Mantel-Haenszel rate ratio."""
        days, ends = self.tables[name][..., 0], self.tables[name][..., 1]
        both = np.maximum(days.sum(-1), 1.0)
        return float((ends[..., 1] * days[..., 0] / both).sum()), float(
            (ends[..., 0] * days[..., 1] / both).sum()
        )


def _l35_arms(scenario: Scenario) -> Mapping[str, Arm]:
    world = lab(scenario, QUIET, HALF_YEAR)
    people = world.population.members or 5000
    alone = world.population.model_copy(update={"members": people, "prospects": 0, "tenure": 0, "base": None})
    return {"members": Arm(world.model_copy(update={"population": alone}), watch=(Defections,))}


def _l35(seen: Mapping[str, Seen]) -> Reading:
    found: dict[str, float] = {}
    counted: Defections = seen["members"].watched[Defections]
    for name in ("friends", "shuffled"):
        found[f"up {name}"], found[f"down {name}"] = counted.ratio(name)
    return found


L35 = Law(
    id="L35",
    title="Churn is contagious",
    figure="+80 % hazard per defecting neighbour (observational), month-long half-life",
    source="Nitzan & Libai 2011",
    status="read",
    how="As many new members as the scenario has, all friends among themselves, half a year without messages or "
        "invitations: hazard with a friend lost in the last 30 days over without, by month and number of friends; "
        "and the same with the friends of somebody else.",
    claims=(
        Claim("hazard with a friend just lost, relative", 1.0, 1.8, "x", "1.8, observational"),
        Claim("the same on shuffled friends", 0.9, 1.1, "x", "1"),
    ),
    arms=_l35_arms,
    read=_l35,
    figures=lambda t: (t["up friends"] / t["down friends"], t["up shuffled"] / t["down shuffled"]),
    applies=lambda scenario: "nobody knows anybody" if scenario.graph.kind == "none" else None,
)  # fmt: skip

# Social proof ------------------------------------------------------------------------------------


EPISODES = 0.008


def _l36_arms(scenario: Scenario) -> Mapping[str, Arm]:
    levers = Levers(referral=Referral(reward=0.0, invitee_reward=0.0))
    world = lab(scenario, levers, HALF_YEAR, invitation={"episodes": EPISODES})
    return {"invitations": Arm(world, log=True)}


def _l36(seen: Mapping[str, Seen]) -> Reading:
    world = seen["invitations"]
    day, user, code, value = world.events.T
    graph, n = world.ground.graph, len(world.users)
    left = np.full(n, 10**6)
    left[user[code == Event.LEAVE]] = day[code == Event.LEAVE]
    came = world.users["joined"].astype(np.int64)
    came[world.users["status"] == 0] = 10**6
    asked = np.flatnonzero(code == Event.INVITE)
    found = {f"{what} {k}": 0.0 for what in ("asked", "came") for k in range(3)}
    for on, inviter, friend in zip(day[asked], user[asked], value[asked], strict=True):
        others = graph.neighbours(int(friend))
        others = others[others != inviter]
        k = min(int(((came[others] < on) & (left[others] > on)).sum()), 2)
        found[f"asked {k}"] += 1.0
        found[f"came {k}"] += float(came[friend] == on)
    return found


def _l36_figures(t: Reading) -> Sequence[float]:
    chance = [t[f"came {k}"] / t[f"asked {k}"] for k in range(3)]
    return (chance[1] / chance[0], chance[2] / chance[1])


L36 = Law(
    id="L36",
    title="Social proof saturates",
    figure="the first friend moves, more do not",
    source="Huang et al. 2020 (37 million WeChat users)",
    status="read",
    how="Half a year of invitations without any reward, eight times as many as usual: acceptance by the number of "
        "other friends who are members.",
    claims=(
        Claim("acceptance with one other friend, over none", 1.05, 2.0),
        Claim("acceptance with two or more, over one", 0.9, 1.1, "x", "1"),
    ),
    arms=_l36_arms,
    read=_l36,
    figures=_l36_figures,
    applies=lambda scenario: _graphless(scenario),
)  # fmt: skip


def _graphless(scenario: Scenario) -> str | None:
    return "nobody knows anybody" if scenario.graph.kind == "none" else inviting(scenario)


# Clustering --------------------------------------------------------------------------------------


def _l37_arms(scenario: Scenario) -> Mapping[str, Arm]:
    levers = Levers(referral=Referral(reward=20.0, invitee_reward=10.0))
    world = lab(scenario, levers, YEAR)
    loose = GraphSpec(kind="configuration", mean_degree=world.graph.mean_degree, tail=world.graph.tail)
    return {"circles": Arm(world), "loose": Arm(world.model_copy(update={"graph": loose}))}


L37 = Law(
    id="L37",
    title="Clustering is no free lunch",
    figure="spreading wins by 5 % from clustering in only 22 % of the parameter space",
    source="PNAS 2025",
    status="read",
    how="A year of the same invitations on a graph of circles and on one with the same degrees and none.",
    claims=(Claim("newcomers with circles, over without", 0.0, 1.05),),
    arms=_l37_arms,
    read=lambda seen: {arm: float(world.total("joins")) for arm, world in seen.items()},
    figures=lambda t: (t["circles"] / t["loose"],),
    applies=lambda scenario: (
        inviting(scenario) if scenario.graph.kind == "communities" else "its graph is not one of communities"
    ),
)  # fmt: skip

# Interference ------------------------------------------------------------------------------------


def _l39_arms(scenario: Scenario) -> Mapping[str, Arm]:
    own = today(scenario)
    none = own.model_copy(update={"levers": own.levers.model_copy(update={"referral": None})})
    past = before_of(own) or own
    return {"without": Arm(none, past, days=(0,)), "with": Arm(own, past, days=(0,)),
            "test": Arm(none, past, days=(0,), split=own)}  # fmt: skip


def own_value(world: Seen) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Members on the eve, and the yuan that each brought since."""
    here = np.flatnonzero(members_at(world.at[0]))
    return here, (world.users["net"] - world.at[0]["net"])[here] / 100.0


def with_friends(world: Seen) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Members on the eve, and the yuan that each brought since, with those of whom they brought in."""
    users, eve = world.users, world.at[0]
    net = users["net"] - eve["net"]
    new = np.flatnonzero((users["source"] == REFERRED) & (users["joined"] >= 1) & (users["inviter"] >= 0))
    for depth in np.unique(users["depth"][new])[::-1]:
        layer = new[users["depth"][new] == depth]
        np.add.at(net, users["inviter"][layer], net[layer])
    here = np.flatnonzero(members_at(eve))
    return here, net[here] / 100.0


def _l39(seen: Mapping[str, Seen]) -> Reading:
    test = seen["test"]
    cell = test.cell
    assert cell is not None
    found: dict[str, float] = {}
    for arm in ("without", "with"):
        here, _ = with_friends(seen[arm])
        found[f"all {arm}"] = float((seen[arm].users["net"].sum() - seen[arm].at[0]["net"].sum()) / 100.0)
        found["members"] = float(len(here))
    for measure in (own_value, with_friends):
        worlds = {arm: measure(seen[arm])[1] for arm in ("without", "with")}
        here, value = measure(test)
        name = measure.__name__
        found[name] = float(worlds["with"].sum() - worlds["without"].sum())
        for k, alone in enumerate(worlds.values()):
            # against the same users where everybody is on their own arm: who was drawn cancels
            mine = cell[here] == k
            found[f"{name} spill {k}"] = float((value - alone)[mine].sum())
            found[f"n {k}"] = float(mine.sum())
    return found


def _l39_figures(t: Reading) -> Sequence[float]:
    truth = (t["all with"] - t["all without"]) / t["members"]
    found = []
    for name in ("own_value", "with_friends"):
        tested = t[name] / t["members"] + t[f"{name} spill 1"] / t["n 1"] - t[f"{name} spill 0"] / t["n 0"]
        found.append(tested / truth - 1)
    return found


L39 = Law(
    id="L39",
    title="Interference biases tests that randomise users",
    figure="at least 20 % of the estimate",
    source="Airbnb",
    status="read",
    how="A year with the scenario's referral programme for half of the users, drawn one by one, against the worlds "
        "in which all or none have it. The naive test reads what each member brings; the truth counts everybody.",
    claims=(
        Claim("bias of the naive estimate, relative to the truth", -inf, -0.2, "share", "20 % or more"),
        Claim("bias when friends brought in are counted for who brought them", -1.0, 1.0, "share"),
    ),
    arms=_l39_arms,
    read=_l39,
    figures=_l39_figures,
    applies=refers,
)  # fmt: skip

FRIENDS = (L30, L31, L34, L35, L36, L37, L39)
