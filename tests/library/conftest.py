"""The command line, called in this process."""

from __future__ import annotations

from tests.stories.conftest import simlab

__all__ = ["simlab"]
