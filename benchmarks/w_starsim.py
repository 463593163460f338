"""Workload W in Starsim: states of a module, distributions with common random numbers, a network of friends."""

from __future__ import annotations

import datetime

import numpy as np
import starsim as ss

from benchmarks import w_model as w
from benchmarks.w_model import People

START = datetime.date(2025, 1, 1)


class Friends(ss.Network):
    """Who knows whom; nothing is transmitted, somebody picks one of their friends."""

    def __init__(self, people: People) -> None:
        first, second = people.edges().T.astype(ss.dtypes.int)
        super().__init__(p1=first, p2=second, beta=np.ones(len(first), ss.dtypes.float), name="friends")
        self.indptr, self.indices = people.indptr, people.indices
        self.pick = ss.random()

    def one_of(self, uids: ss.uids) -> ss.uids:
        """A random friend of each."""
        degree = self.indptr[uids + 1] - self.indptr[uids]
        return ss.uids(self.indices[self.indptr[uids] + (self.pick.rvs(uids) * degree).astype(int)])

    def step(self) -> None:
        """Friendships do not change."""


class Programme(ss.Module):
    """The day of W, over sets of users."""

    def __init__(self, people: People) -> None:
        super().__init__(name="programme")
        self.before = people
        self.joining = ss.uids()
        self.define_states(
            ss.BoolState("prospect"), ss.BoolState("new"), ss.BoolState("active"), ss.BoolState("dormant"),
            ss.BoolState("churned"), ss.BoolArr("coupon"), ss.BoolArr("pushed"),
            ss.FloatArr("fatigue", default=0.0), ss.FloatArr("spend", default=0.0),
            ss.FloatArr("propensity"), ss.FloatArr("ti_seen"),
        )  # fmt: skip
        self.define_pars(
            push=ss.bernoulli(p=push_chance),
            give=ss.bernoulli(p=w.COUPON),
            open=ss.bernoulli(p=open_chance),
            buy=ss.bernoulli(p=buy_chance),
            amount=ss.lognorm_im(mean=w.AMOUNT_MU, sigma=w.AMOUNT_SIGMA),
            invite=ss.bernoulli(p=w.INVITE),
            accept=ss.bernoulli(p=w.JOIN),
            churn=ss.bernoulli(p=churn_chance),
        )

    def init_results(self) -> None:
        """What is counted beside the number of users by state."""
        super().init_results()
        self.define_results(*(ss.Result(name) for name in w.COUNTED[w.PUSHES :]))

    def init_post(self) -> None:
        """Everybody as they were before the first day."""
        super().init_post()
        self.prospect[:] = ~self.before.joined
        self.active[:] = self.before.joined
        self.propensity[:] = self.before.propensity
        self.ti_seen[:] = self.before.seen.astype(float) - 1  # day 1 has ti 0

    def step(self) -> None:
        """One day."""
        pars, results, ti = self.pars, self.results, self.ti
        joining = self.joining
        self.prospect[joining] = False
        self.new[joining] = True
        self.fatigue[joining] = 0.0
        self.ti_seen[joining] = ti

        live = (self.new | self.active | self.dormant).uids
        reached, spared = pars.push.filter(live, both=True)
        self.pushed[reached] = True
        self.pushed[spared] = False
        self.coupon[pars.give.filter(reached)] = True
        self.fatigue[live] *= w.KEEP
        self.fatigue[reached] += 1.0

        openers, idle = pars.open.filter(live, both=True)
        self.new[openers] = False
        self.dormant[openers] = False
        self.active[openers] = True
        self.ti_seen[openers] = ti

        buyers = pars.buy.filter(openers)
        amount = pars.amount.rvs(buyers)
        self.spend[buyers] += amount
        self.coupon[buyers] = False

        inviters = pars.invite.filter(buyers)
        self.joining = ss.uids()
        if len(inviters):
            friends = self.sim.networks.friends.one_of(inviters)
            taken = self.prospect[friends] & pars.accept.rvs(inviters)
            self.joining = ss.uids(np.unique(friends[taken]))

        gone = pars.churn.filter(live)
        for state in (self.new, self.active, self.dormant):
            state[gone] = False
        self.churned[gone] = True
        sleepers = idle[(ti - self.ti_seen[idle] > w.IDLE) & ~self.churned[idle]]
        self.new[sleepers] = False
        self.active[sleepers] = False
        self.dormant[sleepers] = True

        results.pushes[ti] = len(reached)
        results.opens[ti] = len(openers)
        results.sales[ti] = len(buyers)
        results.revenue[ti] = amount.sum()
        results.invitations[ti] = len(inviters)
        results.joins[ti] = len(joining)


def push_chance(module: Programme, sim: ss.Sim, uids: ss.uids) -> np.ndarray:
    """By state."""
    return np.where(
        module.dormant[uids], w.PUSH[w.DORMANT],
        np.where(module.new[uids], w.PUSH[w.NEW], w.PUSH[w.ACTIVE]),
    )  # fmt: skip


def open_chance(module: Programme, sim: ss.Sim, uids: ss.uids) -> np.ndarray:
    """By today's push and fatigue."""
    base = np.where(module.pushed[uids], w.BASE_PUSHED, w.BASE)
    return base * np.exp(-w.TIRED * module.fatigue[uids])


def buy_chance(module: Programme, sim: ss.Sim, uids: ss.uids) -> np.ndarray:
    """By propensity and coupon."""
    return module.propensity[uids] * (1 + w.LIFT * module.coupon[uids])


def churn_chance(module: Programme, sim: ss.Sim, uids: ss.uids) -> np.ndarray:
    """By fatigue."""
    return w.CHURN * (1 + w.CHURN_TIRED * module.fatigue[uids])


class Program:
    """W, day by day."""

    version = ss.__version__

    def __init__(self, people: People, days: int, seed: int) -> None:
        ss.options(crn=True, verbose=0)
        self.days, self.day = days, 0
        self.sim = ss.Sim(
            n_agents=people.n, start=str(START), stop=str(START + datetime.timedelta(days=days - 1)),
            dt=ss.days(1), rand_seed=seed, networks=Friends(people), modules=Programme(people), copy_inputs=False,
        )  # fmt: skip
        self.sim.init()

    def step(self, days: int) -> None:
        """Some days."""
        self.day += days
        self.sim.run(until=str(START + datetime.timedelta(days=self.day - 1)))

    @property
    def counted(self) -> np.ndarray:
        """(days, COUNTED) so far."""
        results = self.sim.results.programme
        names = [f"n_{name}" for name in w.COUNTED[: w.PUSHES]] + list(w.COUNTED[w.PUSHES :])
        return np.stack([np.asarray(results[name], float) for name in names], axis=1)
