"""Malformed experiments and wrong options of `simlab tune`: one clear message, exit code 2, nothing left behind."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stories.tunes import write

sys.path.insert(0, str(Path(__file__).parents[1] / "scenario"))
from malformed_experiments import CASES

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with `tiny.yaml` and the good experiment `often.yaml`, made current."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_one_message_with_its_place_and_nothing_left(case: str, place: Path, simlab: Call) -> None:
    text, words = CASES[case]
    Path("bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    code, out, err = simlab("tune", "bad.yaml")
    assert code == 2, err
    assert out == ""
    for word in words:
        assert word in err
    assert err.startswith(("bad.yaml", "tiny.yaml"))
    assert len(err.splitlines()) <= 11
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert names(place) == ["bad.yaml", "often.yaml", "tiny.yaml"]


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--budget", "soon"], ["--budget", "soon", "10min"]),
        (["--budget", "0s"], ["--budget"]),
        (["--budget=-5min"], ["--budget"]),
        (["--budget", "nan"], ["--budget"]),
        (["--trials", "0"], ["trials"]),
        (["--threads", "0"], ["threads"]),
        (["--set", "economics.margin=150%"], ["--set", "economics.margin"]),
        (["--set", "levers.push.actve.per_week=3"], ["--set", "active"]),
        (["--storage", "sqlite:///study.db"], ["--storage", "only PostgreSQL"]),
        (["--storage", "mysql://me:s3cret@host/db"], ["--storage", "me:***@host"]),
        (["--storage", "postgresql://me:s3cret@SILENT/db"], ["--storage", "me:***@127.0.0.1", "the server runs"]),
        (["--storage", "postgresql://me:s3cret@host:port/db"], ["--storage", "cannot be used"]),
        (["--storage", "postgresql://me:s3@cret@SILENT/db?password=s3cret"], ["--storage"]),
        (["--storage", "postgresql://"], ["--storage"]),
        pytest.param(
            ["--dask", "tcp://SILENT"], ["--dask", "cannot be reached", "dask scheduler"],
            marks=pytest.mark.slow,  # it waits ten seconds for an answer
        ),
        (["--dask", "nonsense"], ["--dask", "cannot be reached"]),
        (["--dask", "carrier-pigeon://roof"], ["--dask", "cannot be reached"]),
        (["--out", "often.yaml"], ["often.yaml", "cannot be written", "--out"]),
        (["--out", "often.yaml/results"], ["often.yaml", "cannot be written"]),
    ],
)  # fmt: skip
def test_a_wrong_option(place: Path, simlab: Call, silent: str, options: list[str], words: list[str]) -> None:
    pytest.importorskip("distributed")
    pytest.importorskip("psycopg")
    code, out, err = simlab("tune", "often.yaml", *(o.replace("SILENT", silent) for o in options))
    assert code == 2, err
    for word in words:
        assert word in out + err
    assert "Traceback" not in out + err
    assert "s3" not in err
    assert "cret" not in err
    assert names(place) == ["often.yaml", "tiny.yaml"]


@pytest.mark.parametrize("name", ["nowhere.yaml", "often.txt", ".", "default", "bad\x00.yaml"])
def test_a_file_that_is_none(place: Path, simlab: Call, name: str) -> None:
    (place / "often.txt").write_text("name: x")
    code, out, err = simlab("tune", name)
    assert code == 2
    assert "Traceback" not in out + err
    assert names(place) == ["often.txt", "often.yaml", "tiny.yaml"]


def test_there_are_many() -> None:
    assert len(CASES) >= 60
