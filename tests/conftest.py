"""Hypothesis draws the same examples every time; HYPOTHESIS_PROFILE=explore draws others.

After an edit the engine is compiled anew, for a minute or two. Workers of pytest-xdist take turns with that: the
first to need it compiles, the others find its machine code in the cache; and what needs no engine comes early.
"""

from __future__ import annotations

import fcntl
import functools
import os
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# many small matrices: workers with a thread per processor each only get into each other's way (20 times slower)
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

FIRST = ("tests/library/test_library.py",)
"""Whoever gets this compiles."""
WITHOUT_ENGINE = (
    "tests/report/test_page", "tests/report/test_compare_page", "tests/report/test_tune", "tests/report/test_plots",
    "tests/lab/test_loyal_core", "tests/scenario/",
)  # fmt: skip
"""What others do meanwhile."""
LONG = (
    "tests/world/test_twin", "tests/stories/test_docs", "tests/laws/test_tuning", "tests/lab/test_tune", "tests/laws/",
    "tests/stories/", "tests/lab/test_fit", "tests/lab/test_compare",
)  # fmt: skip
"""Files that take long, the longest first: not last, when one worker would have nothing else to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in an order that keeps all workers busy."""

    def rank(item: pytest.Item) -> int:
        order = (*FIRST, *WITHOUT_ENGINE, *LONG)
        return next((k for k, start in enumerate(order) if item.nodeid.startswith(start)), len(order))

    items.sort(key=rank)


def pytest_configure(config: pytest.Config) -> None:
    """One worker after the other compiles, on its first market."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        _compile_in_turns()


def _compile_in_turns() -> None:
    from simlab.world.compiled import cache_folder
    from simlab.world.market import Market
    from tests.world.worlds import EVERYTHING, busy, live

    begin, turn, warm = Market.__init__, threading.RLock(), False

    @functools.wraps(begin)
    def begin_warm(self: Market, *args: Any, **keywords: Any) -> None:
        nonlocal warm
        with turn:
            if not warm:
                warm = True  # what follows makes a market itself
                with (cache_folder() / "turn").open("w") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    live(busy(EVERYTHING | {"horizon": 5, "warmup.days": 1}))
        begin(self, *args, **keywords)

    Market.__init__ = begin_warm  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test patches holds in its own process only; how long work takes must not decide who does it."""
    monkeypatch.setattr("simlab.lab.hands.WORTH", float("inf"))
