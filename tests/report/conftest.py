"""Results and pages are made once: drawing is what takes the time."""

from __future__ import annotations

import pytest
from reading import drawn
from synthetic import synthetic

from simlab.lab.results import Results
from simlab.report.page import render


@pytest.fixture(scope="session")
def full() -> Results:
    """Eight seeds, twelve worlds, everything switched on."""
    return synthetic()


@pytest.fixture(scope="session")
def alone() -> Results:
    """One seed and no worlds."""
    return synthetic(seeds=1, worlds=0)


@pytest.fixture(scope="session")
def quiet() -> Results:
    """No marketing at all: no pushes, sources, referral, coupons; no warm-up and no ranges either."""
    return synthetic(marketing=False, worlds=0, warmup=0)


@pytest.fixture(scope="session")
def page(full: Results) -> str:
    return drawn(render, full)


@pytest.fixture(scope="session")
def quiet_page(quiet: Results) -> str:
    return render(quiet)
