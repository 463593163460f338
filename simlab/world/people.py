"""Birth of a population: traits by inverse distribution function from keyed normal scores.

A trait's score is a(own) + b(mean of the friends' own scores, to unit variance), with
b^2 = homophily: exactly standard normal for everybody, correlated along the graph. Because the
score goes through the quantile function, a changed parameter moves each person a little
and re-draws nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simlab.scenario.schema import Scenario
from simlab.world.compiled import inline_rule, rule
from simlab.world.contact_births import subscribe, take_interests
from simlab.world.draws import BIRTH_DAY, Purpose, day_key, in_order, priorities, seed_key, uniform, user_key
from simlab.world.fetching import fetch_ahead
from simlab.world.graph import Graph
from simlab.world.numerics import (
    exp,
    gamma_lookup,
    gamma_quantile,
    gamma_quantiles,
    log,
    normal_quantile,
    power,
)  # fmt: skip
from simlab.world.records import LINE, MEMBER, NEVER, nobody_yet, record_type

(ARRIVAL, SEGMENT, NEED, LIFETIME, BASKET, DEAL, TOLERANCE, SOCIABILITY, VISITS, AFFINITY, DOG, LIFE_LENGTH,
 TENURE, ALIVE, PAST_ORDERS, PAST_RECENCY, PAST_VISIT, OPTED_IN, ENDED, CORE, BIRTHDAY) = (int(p) for p in (
    Purpose.ARRIVAL, Purpose.SEGMENT, Purpose.NEED, Purpose.LIFETIME, Purpose.BASKET, Purpose.DEAL,
    Purpose.TOLERANCE, Purpose.SOCIABILITY, Purpose.VISITS, Purpose.AFFINITY, Purpose.DOG, Purpose.LIFE_LENGTH,
    Purpose.TENURE, Purpose.ALIVE, Purpose.PAST_ORDERS, Purpose.PAST_RECENCY, Purpose.PAST_VISIT,
    Purpose.OPTED_IN, Purpose.ENDED, Purpose.CORE, Purpose.BIRTHDAY))  # fmt: skip

SEGMENT_ROW = record_type(
    [(name, "f8") for name in (
    "upto need_shape need_rate life_shape life_scale core basket_p basket_q basket_gamma "
    "deal_scale tolerance sociability visits mean_rate"
).split()]
)  # fmt: skip
PEOPLE_ROW = record_type(
    [(name, "f8") for name in (
    "deal_shape tolerance_spread tolerance_in_activity half_activity visits visit_shape visit_need "
    "sociability_spread affinity affinity_spread dogs need_exponent opted_in exit"
).split()]
)  # fmt: skip

SHARED = np.array([SEGMENT, NEED, LIFETIME, BASKET, DEAL])
"""Traits that friends have in common."""
BASE_COLUMNS = (
    "tenure", "since_order", "orders", "spend", "p_alive", "need_shape", "need_rate", "lifetime_shape",
    "lifetime_rate", "basket_shape", "basket_rate", "p_core",
)  # fmt: skip
"""Columns of a current base: observed history, then posterior parameters (days; baskets in fen)."""


@dataclass(frozen=True)
class Base:
    """Today's customers from a log: one row per customer, columns BASE_COLUMNS as a (n, 12) float array."""

    rows: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape[1] != len(
            BASE_COLUMNS
        ):  # compiled code would read past the end
            raise ValueError(f"a base has {len(BASE_COLUMNS)} columns, not shape {self.rows.shape}")


@dataclass(frozen=True)
class Population:
    """Everybody on the morning of the first simulated day.

    Attributes:
        users: (N,) USER records; the index is the id.
        arrivals: ids of prospects with a dated arrival, in order of arrival.
        arrival_first: (D + 1,) first index into `arrivals` of each day from day 1.
    """

    users: NDArray[np.void]
    arrivals: NDArray[np.int64]
    arrival_first: NDArray[np.int64]


AHEAD = 8
"""How many people ahead the scores of friends are called to the cache."""
ROW = LINE // 8
"""Several scores of one person have this much room, so that a friend's are one line of the cache and not two."""


def own_scores(world: np.uint64, n: int, purposes: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, 1) standard normal scores of a trait, keyed by user; (n, ROW) of several, of which the first P are set."""
    width = 1 if len(purposes) == 1 else ROW
    out = np.empty((n, width))  # from NumPy: on large pages, since friends are far apart
    _score(world, purposes, out)
    return out


@rule
def _score(world, purposes, out):
    for i in range(out.shape[0]):
        key = day_key(user_key(world, i), BIRTH_DAY)
        for p in range(purposes.size):
            out[i, p] = normal_quantile(uniform(key, purposes[p]))


@inline_rule
def mixed(own, friends, degree, homophily):
    """A score after mixing with the sum of friends': still standard normal, correlated along the graph."""
    if degree == 0:
        return own
    return np.sqrt(1.0 - homophily) * own + np.sqrt(homophily) * friends / np.sqrt(np.float64(degree))


@rule
def shared_scores(own, homophily, indptr, indices):
    """(n,) scores of one trait, of (n, 1) own ones."""
    out = np.empty(own.shape[0])
    for i in range(out.size):
        total = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            total += own[indices[k], 0]
        out[i] = mixed(own[i, 0], total, indptr[i + 1] - indptr[i], homophily)
    return out


@rule
def assign_traits(users, own, homophily, indptr, indices, segments, tables):
    """Traits that friends share: the segment, then quantiles of gamma distributions of the segment's shapes.

    Args:
        own: (n, ROW) own scores in the order of SHARED; side by side, because each friend is far away in memory.
        tables: (4, G, nodes) quantiles of order rate, lifetime, basket rate and deal-proneness.
    """
    scores = own.reshape(-1)
    for i in range(users.size):
        ahead = min(i + AHEAD, users.size - 1)
        for k in range(indptr[ahead], indptr[ahead + 1]):
            fetch_ahead(scores, ROW * indices[k], 0, 0)
        kind = need = lifetime = basket = deal = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            friend = indices[k]
            kind += own[friend, 0]
            need += own[friend, 1]
            lifetime += own[friend, 2]
            basket += own[friend, 3]
            deal += own[friend, 4]
        degree = indptr[i + 1] - indptr[i]
        kind = mixed(own[i, 0], kind, degree, homophily)
        g = 0
        while g < segments.size - 1 and kind > segments[g].upto:
            g += 1
        u, s = users[i], segments[g]
        u.segment = g
        u.rate = gamma_lookup(tables[0, g], mixed(own[i, 1], need, degree, homophily)) / s.need_rate
        u.hazard = gamma_lookup(tables[1, g], mixed(own[i, 2], lifetime, degree, homophily)) / s.life_scale
        u.basket_rate = (
            gamma_lookup(tables[2, g], mixed(own[i, 3], basket, degree, homophily)) / s.basket_gamma
        )
        u.deal = gamma_lookup(tables[3, g], mixed(own[i, 4], deal, degree, homophily)) * s.deal_scale


@rule
def assign_rest(users, world, start, p, segments, visit_table):
    """Traits without homophily, and a record at rest."""
    for i in range(users.size):
        u = users[i]
        s = segments[u.segment]
        key = day_key(user_key(world, i), BIRTH_DAY)
        tolerance = s.tolerance * exp(p.tolerance_spread * normal_quantile(uniform(key, TOLERANCE)))
        u.inv_tolerance = 1.0 / tolerance
        u.inv_half_activity = 1.0 / (p.half_activity * power(tolerance, p.tolerance_in_activity))
        relative = max(np.float64(u.rate) / s.mean_rate, 1e-6)
        need = log(relative)
        u.receptive = exp(p.need_exponent * need)
        # visits lean on need through its rank; the log of the relative rate stands in for its score
        score = p.visit_need * max(-3.0, min(3.0, normal_rank(need, s.need_shape)))
        score += np.sqrt(1.0 - p.visit_need * p.visit_need) * normal_quantile(uniform(key, VISITS))
        u.visits = min(0.9, p.visits * s.visits * gamma_lookup(visit_table, score) / p.visit_shape)
        u.sociability = s.sociability * exp(p.sociability_spread * normal_quantile(uniform(key, SOCIABILITY)))
        u.affinity = min(
            0.95, max(0.05, p.affinity + p.affinity_spread * normal_quantile(uniform(key, AFFINITY)))
        )
        u.inv_affinity = 1.0 / u.affinity
        u.dog = 1 if uniform(key, DOG) < p.dogs else 0
        u.muted = 0 if uniform(key, OPTED_IN) < p.opted_in else 1
        u.birthday = np.int64(uniform(key, BIRTHDAY) * 365)
        u.unseen = NEVER
        u.life_left = -log(uniform(key, LIFE_LENGTH))
        u.alive = 1
        u.inviter = -1
        u.joined = start
        u.last_seen = start
        u.last_order = NEVER
        u.active_age = -1
        u.plan_until = NEVER
        u.shown_until = NEVER
        u.plan = -1
        u.team = -1
        u.group = -1
        u.ticket = NEVER


@rule
def normal_rank(log_relative, shape):
    """Normal score of a gamma variable with mean 1, from its logarithm, by Wilson & Hilferty's cube root (1931)."""
    c = 1.0 / (9.0 * shape)
    return (exp(log_relative / 3.0) - 1.0 + c) / np.sqrt(c)


@rule
def choose_core(users, world, first, segments):
    """Of the users from `first` on, the loyal core never leaves by itself."""
    for i in range(first, users.size):
        core = segments[users[i].segment].core
        if core > 0.0 and uniform(day_key(user_key(world, i), BIRTH_DAY), CORE) < core:
            users[i].hazard = 0.0


@rule
def presence(days, shape, scale, core, exit):
    """For each tenure 0..days-1: (chance to be still a member, share of those whose relation lives)."""
    here = np.empty(days, np.float64)
    living = np.empty(days, np.float64)
    gone = 0.0  # ended, but not yet unsubscribed
    before = 1.0
    for a in range(days):
        alive = core + (1.0 - core) * power(scale / (scale + a), shape)
        gone = gone * (1.0 - exit) + (before - alive)
        before = alive
        here[a] = alive + gone
        living[a] = alive / (alive + gone)
    return here, living


@rule
def give_history(users, members, world, start, days, segments, p, basket_p):
    """Today's members joined at a constant rate over the last `days`: tenure, past orders, who is still alive."""
    for g in range(segments.size):
        s = segments[g]
        here, living = presence(days, s.life_shape, s.life_scale, s.core, p.exit)
        upto = np.cumsum(here)
        for i in range(members):
            u = users[i]
            if u.segment != g:
                continue
            key = day_key(user_key(world, i), BIRTH_DAY)
            tenure = min(np.int64(np.searchsorted(upto, uniform(key, TENURE) * upto[days - 1])), days - 1)
            u.joined = start - tenure
            ended = 0.0
            if uniform(key, ALIVE) < living[tenure]:
                survived = power(s.life_scale / (s.life_scale + tenure), s.life_shape)
                if uniform(key, CORE) < s.core / (s.core + (1.0 - s.core) * survived):
                    u.hazard = 0.0
                else:
                    u.hazard *= s.life_scale / (
                        s.life_scale + tenure
                    )  # survived so far: Gamma(s, beta + tenure)
            else:
                u.alive = 0
                u.life_left = 0.0
                ended = uniform(key, ENDED) * tenure
                if p.exit > 1e-9:  # the longer ago, the more of them have unsubscribed since
                    ended = -log(1.0 - uniform(key, ENDED) * (1.0 - exp(-p.exit * tenure))) / p.exit
                ended = min(ended, np.float64(tenure))
            span = tenure - ended
            mean = u.rate * span
            x = uniform(key, PAST_ORDERS)
            term = exp(-mean)
            total = term
            n = 0
            while x > total and n < 5000 and term > 1e-300:
                n += 1
                term *= mean / n
                total += term
            since_visit = -log(uniform(key, PAST_VISIT)) / max(np.float64(u.visits), 1e-6) + ended
            since = min(since_visit, np.float64(tenure))
            if n > 0:
                since_order = ended + span * (1.0 - power(uniform(key, PAST_RECENCY), 1.0 / n))
                u.last_order = start - np.int64(since_order)
                since = min(since, since_order)
                u.spend = np.int64(n * basket_p[g] / u.basket_rate)
            u.orders = n
            u.last_seen = start - np.int64(since)


@rule
def give_posterior(users, rows, own):
    """Today's customers: rate, lifetime and basket from the posterior given each one's own log."""
    for i in range(rows.shape[0]):
        row = rows[i]
        users[i].rate = gamma_quantile(row[5], own[i, 1]) / row[6]
        users[i].hazard = gamma_quantile(row[7], own[i, 2]) / row[8]
        users[i].basket_rate = gamma_quantile(row[9], own[i, 3]) / row[10]


@rule
def give_known_history(users, rows, world, start):
    """Today's customers: what the log observed, and who is still alive given it."""
    for i in range(rows.shape[0]):
        u = users[i]
        row = rows[i]
        key = day_key(user_key(world, i), BIRTH_DAY)
        u.status = MEMBER
        u.joined = start - np.int64(row[0])
        u.orders = np.int64(row[2])
        u.spend = np.int64(row[3])
        u.last_order = start - np.int64(row[1]) if u.orders > 0 else NEVER
        u.last_seen = start - np.int64(row[1])
        if uniform(key, CORE) < row[11]:
            u.hazard = 0.0
        if uniform(key, ALIVE) >= row[4]:
            u.alive = 0
            u.life_left = 0.0


def segment_table(scenario: Scenario) -> NDArray[np.void]:
    """The segments' parameters as records, in daily rates and fen."""
    segments = scenario.population.segments.values()
    table = np.zeros(len(segments), SEGMENT_ROW)
    total = sum(s.share for s in segments)
    upto = 0.0
    for row, s in zip(table, segments, strict=True):
        upto += s.share / total
        row["upto"] = normal_quantile(min(upto, 1.0 - 1e-15))
        row["need_shape"] = s.orders.shape
        row["mean_rate"] = s.orders.per_year / 365.0
        row["need_rate"] = s.orders.shape / (s.orders.per_year / 365.0)
        row["life_shape"], row["life_scale"] = s.lifetime.shape, s.lifetime.scale
        row["core"] = s.lifetime.core
        row["basket_p"], row["basket_q"] = s.basket.p, s.basket.q
        row["basket_gamma"] = s.basket.mean * 100.0 * (s.basket.q - 1.0) / s.basket.p
        row["deal_scale"], row["tolerance"] = s.deal / scenario.behaviour.price.deal_shape, s.tolerance
        row["sociability"], row["visits"] = s.sociability, s.visits
    return table


def people_row(scenario: Scenario) -> NDArray[np.void]:
    """The behavioural parameters that births need, as one record."""
    b = scenario.behaviour
    row = np.zeros(1, PEOPLE_ROW)
    row[0] = (
        b.price.deal_shape, b.attention.tolerance_spread, b.attention.tolerance_in_activity,
        b.attention.half_activity, b.activity.visits, b.activity.visit_shape, b.activity.visit_need,
        b.activity.sociability_spread, b.trust.baseline, b.trust.spread, b.opt_out.dogs,
        b.invitation.need_exponent, scenario.population.opted_in, b.opt_out.exit,
    )  # fmt: skip
    return row


def born(scenario: Scenario, graph: Graph, seed: int, base: Base | None = None) -> Population:
    """Everybody of one seeded world, on the evening before the first simulated day.

    Args:
        scenario: resolved scenario.
        graph: social graph over all members and prospects.
        seed: the world's seed.
        base: current base; its customers are users 0, 1, ... in place of the scenario's `members`.
    """
    world = np.uint64(seed_key(seed))
    n = graph.n
    start = -scenario.warmup.days
    users = nobody_yet(n)
    segments = segment_table(scenario)
    row = people_row(scenario)[0]
    pop = scenario.population

    def tables(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([gamma_quantiles(a) for a in shapes.tolist()])

    def scores(purpose: int) -> NDArray[np.float64]:
        own = own_scores(world, n, np.array([purpose]))
        return shared_scores(own, pop.homophily, graph.indptr, graph.indices)

    shapes = [segments[name] for name in ("need_shape", "life_shape", "basket_q")]
    quantiles = np.stack([tables(a) for a in (*shapes, np.full(len(segments), row["deal_shape"]))])
    own = own_scores(world, n, SHARED)
    assign_traits(users, own, pop.homophily, graph.indptr, graph.indices, segments, quantiles)
    if base is not None:  # before the traits that lean on need
        give_posterior(users, base.rows, own)
    del own
    assign_rest(users, world, start, row, segments, gamma_quantiles(float(row["visit_shape"])))

    if base is not None:
        members = len(base.rows)
        give_known_history(users, base.rows, world, start)
    else:
        members = pop.members
        users["status"][:members] = MEMBER
        if pop.tenure > 0:
            give_history(users, members, world, start, pop.tenure, segments, row, segments["basket_p"].copy())
    informed = members if base is not None or pop.tenure > 0 else 0
    choose_core(users, world, informed, segments)
    subscribe(users, world, scenario, seed)
    take_interests(users, world, scenario, scores)
    arrivals = np.zeros(0, np.int64)
    if pop.arrivals:
        rank = in_order(priorities(world, n, ARRIVAL))
        arrivals = rank[rank >= members][: sum(pop.arrivals)].astype(np.int64)
    first = np.concatenate([[0], np.cumsum(np.asarray(pop.arrivals or (), np.int64))]).astype(np.int64)
    return Population(users, arrivals, first)


def population_size(scenario: Scenario, base: Base | None = None) -> int:
    """How many people the graph must know."""
    members = len(base.rows) if base is not None else scenario.population.members
    return members + scenario.population.prospects
