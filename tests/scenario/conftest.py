"""A project folder to write scenarios into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """`write("a.yaml", text)` writes a file of a project, the current folder, and returns its path."""
    project = tmp_path / "project"
    (project / "scenarios").mkdir(parents=True)
    monkeypatch.chdir(project)

    def _write(name: str, text: str | bytes) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write
