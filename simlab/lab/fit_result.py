"""What `fit` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from simlab.lab.fit_laws import Laws
from simlab.scenario import Scenario


@dataclass(frozen=True)
class FitResult:
    """What a fit found, and where it was written.

    Attributes:
        name: as the user gave it; the files carry its slug.
        laws: the fits with their standard errors.
        scenario: the written scenario, loaded again: the log's own time, marketing off.
        today, strategy: today's customers without and with a strategy; None unless asked for.
        base: one row per customer, pseudonym and `BASE_COLUMNS`; None unless asked for.
        scores: actual against simulated by name, see `simlab.lab.fit_scores.SCORES`; held-out ones only where
            weeks were held out.
        tables: ``parameters`` and those of `simlab.lab.fit_scores.comparison`.
        notes: what the user should know, in words.
        log: facts on the log (file, rows, customers, first_day, until, last_day, holdout, seeds ...).
        folder: where everything stands.
        files: path of each file by role (scenario, base, today, strategy).
    """

    name: str
    laws: Laws
    scenario: Scenario
    today: Scenario | None
    strategy: Scenario | None
    base: pd.DataFrame | None
    scores: Mapping[str, float]
    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...]
    log: Mapping[str, Any]
    folder: Path
    files: Mapping[str, Path] = field(default_factory=dict)


Page = Callable[[FitResult, Path], object]
