"""`simlab fit`: from a log to scenarios that run, in one command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.test_docs import write_orders

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
@pytest.mark.usefixtures("few_plots")
def test_from_a_log_to_a_strategy_on_todays_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simlab: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    write_orders(Path("orders.csv"), customers=300)
    code, said, progress = simlab(
        "fit", "orders.csv", "--calibrate-until", "2025-09-30", "--start-from-log", "--plain", "--seeds", "2"
    )
    assert code == 0, progress
    page = next(line for line in said.splitlines() if line.startswith("Page: "))
    assert Path(page.removeprefix("Page: ")).stat().st_size > 100_000
    files = [
        Path(line.removeprefix("Scenario: ")) for line in said.splitlines() if line.startswith("Scenario: ")
    ]
    assert [file.name for file in files] == ["orders.yaml", "orders-today.yaml", "orders-strategy.yaml"]

    code, said, progress = simlab(
        "run", str(files[2]), "--seeds", "2", "--worlds", "0", "--set", "horizon=60"
    )
    assert code == 0, progress
    assert "300" in (files[2].parent / "fit.html").read_text(encoding="utf-8")
    assert "yuan per starting member" in said
