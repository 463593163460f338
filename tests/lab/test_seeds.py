"""Seeds of the search, the choice and the report can never meet."""

from __future__ import annotations

import pytest

from simlab.lab.seeds import BLOCK, CompareSeed, ReportSeed, SearchSeed, Seed, SelectionSeed, only

KINDS: list[type[Seed]] = [CompareSeed, SearchSeed, SelectionSeed, ReportSeed]


def test_the_namespaces_are_disjoint() -> None:
    blocks = [kind.block for kind in KINDS]
    assert len(set(blocks)) == len(blocks)
    for kind in KINDS:
        for seed in (*kind.panel(3), *kind.panel(3, BLOCK - 3)):
            assert seed // BLOCK == kind.block


def test_a_seed_of_another_namespace_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="not a SearchSeed"):
        SearchSeed(1)
    with pytest.raises(ValueError, match="not a ReportSeed"):
        ReportSeed(SearchSeed.panel(1)[0])
    with pytest.raises(ValueError, match="not a SelectionSeed"):
        SelectionSeed.panel(2, BLOCK - 1)


def test_a_report_refuses_seeds_that_were_searched_on() -> None:
    only(ReportSeed, ReportSeed.panel(4))
    mixed = (*ReportSeed.panel(3), SearchSeed.panel(1)[0])
    with pytest.raises(TypeError, match="expected a ReportSeed, got SearchSeed"):
        only(ReportSeed, mixed)


def test_another_attempt_has_other_seeds() -> None:
    assert not set(ReportSeed.panel(40, 1)) & set(ReportSeed.panel(40, 10_001))
