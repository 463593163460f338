"""A day on several threads leaves the same bytes as on one; the list of members is kept in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlab.world import day
from simlab.world.engine import by_id
from simlab.world.market import Market
from tests.world.worlds import EVERYTHING, busy, graph_of


def after(days: int, threads: int) -> tuple[bytes, ...]:
    """Everything that a run leaves, when members are shared out among threads."""
    scenario = busy(EVERYTHING)
    market = Market(scenario, 3, graph_of(scenario), threads=threads)
    while market.day < days:
        market.step()
    book = market.book
    tables = (book.ledger, book.cohorts, book.flows, book.stock, book.said, market.users, book.rewards_left)
    return tuple(table.tobytes() for table in tables)


@pytest.fixture
def even_few_are_shared_out(monkeypatch):
    """Members enough for a thread of their own: some."""
    monkeypatch.setattr(day, "FEWEST", 20)


@pytest.mark.usefixtures("even_few_are_shared_out")
def test_threads_change_no_byte():
    alone = after(40, threads=1)
    assert after(40, threads=2) == alone
    assert after(40, threads=5) == alone


@pytest.mark.usefixtures("even_few_are_shared_out")
def test_several_threads_are_really_used(monkeypatch):
    shares = []
    real = day._empty_book
    monkeypatch.setattr(
        day, "_empty_book", lambda book, *bounds: shares.append(bounds) or real(book, *bounds)
    )
    after(2, threads=3)
    assert len(shares) >= 4
    assert all(start < stop for start, stop in shares)


@given(st.sets(st.integers(0, 10_000), max_size=60), st.data())
def test_the_list_of_members_is_kept_by_id(people, data):
    """Newcomers stand at the end, in any order; whoever was there before them stays in order."""
    before = data.draw(st.sets(st.sampled_from(sorted(people)))) if people else set()
    newcomers = data.draw(st.permutations(sorted(people - before)))
    live = np.array([*sorted(before), *newcomers, -1, -1], np.int32)
    by_id(live, len(people))
    assert live.tolist() == [*sorted(people), -1, -1]
