"""What an evening means for sources: newcomers with their traits, and orders that are shared with others."""

from __future__ import annotations

from simlab.world.compiled import hot_rule
from simlab.world.counting import COHORT_NET, count_cohort
from simlab.world.draws import day_key, user_key
from simlab.world.market_rules import enter, partner_part, would_come_elsewhere
from simlab.world.metrics import M
from simlab.world.rules import join_as_hunter


@hot_rule
def take_in(users, f, source, world, terms, book, d):
    """Somebody whom a source has just brought: traits, hook, and what is paid for each newcomer."""
    u = users[f]
    now = terms.now[0]
    day = now.day
    way = terms.ways[source]
    row = book.ledger[d, u.stage, source, u.segment]
    row[M.source_joins] += 1
    if enter(u, day_key(user_key(world, f), day), way):
        join_as_hunter(u, now)
        row[M.hunters] += 1
    if way.entry_cost > 0:
        u.net -= way.entry_cost
        row[M.entry_fen] += way.entry_cost
        count_cohort(book, u, day, COHORT_NET, -way.entry_cost)


@hot_rule
def share_order(users, i, paid, margin, world, terms, book, row):
    """An order of somebody whom a source brought: the partner's share; not ours if it would have come anyway."""
    u = users[i]
    way = terms.ways[u.source]
    day = terms.now[0].day
    if way.fee > 0.0:
        commission = partner_part(way, paid)
        u.net -= commission
        row[M.partner_fen] += commission
        count_cohort(book, u, day, COHORT_NET, -commission)
    if would_come_elsewhere(day_key(user_key(world, i), day), way):
        u.net -= margin
        row[M.elsewhere] += 1
        row[M.elsewhere_fen] += margin
        count_cohort(book, u, day, COHORT_NET, -margin)
