"""What every part of a scenario is made of: a strict model, and behavioural parameters that say what they are."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """Base of every part of a scenario: immutable, no unknown keys, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=2000)


def parameter(
    default: Any,
    text: str,
    unit: str,
    low: float,
    high: float,
    source: str,
    status: str = "calibrated",
    **limits: Any,
) -> Any:
    """A behavioural parameter: its default, meaning, unit, plausible range, source and status."""
    extra: dict[str, Any] = {"unit": unit, "plausible": [low, high], "source": source, "status": status}
    return Field(default, description=text, json_schema_extra=extra, validate_default=True, **limits)
