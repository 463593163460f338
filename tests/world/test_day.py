"""A day on several threads leaves the same bytes as on one."""

from __future__ import annotations

import pytest

from simlab.world import day
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
