"""The run store: what is kept is whole, is what was run, and is never lost to an accident."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from simlab.lab import store as module
from simlab.lab.store import Disagreement, Store
from simlab.scenario import InputError

WORLD, OTHER = "ab" * 32, "cd" * 32
OUTCOMES = {"net": 0.1 + 0.2, "k_factor": math.nan, "payback": math.inf, "orders": 12.0}


def same(a: dict[str, float] | None, b: dict[str, float]) -> bool:
    return (
        a is not None and a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=True) for k in b)
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "rules")


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_what_is_kept_comes_back_to_the_bit_even_where_it_is_no_number(store: Store) -> None:
    assert store.outcomes(WORLD, 1) is None
    store.keep(WORLD, 1, OUTCOMES)
    assert same(store.outcomes(WORLD, 1), OUTCOMES)
    assert store.outcomes(WORLD, 2) is None
    assert store.outcomes(OTHER, 1) is None


def test_a_store_that_keeps_nothing_leaves_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "results", "rules")
    assert list(tmp_path.iterdir()) == []


def test_detail_comes_back_with_its_types(store: Store) -> None:
    arrays = {"day": np.array([1, 2], np.int16), "names": np.array(["a", "b"]), "none": np.zeros((0, 3))}
    store.keep(WORLD, 1, OUTCOMES, arrays)
    found = store.arrays(WORLD, 1)
    assert found is not None
    assert {name: (a.dtype, a.tolist()) for name, a in found.items()} == {
        name: (a.dtype, a.tolist()) for name, a in arrays.items()
    }


@pytest.mark.parametrize("kind", ["json", "npz"])
@pytest.mark.parametrize("harm", ["empty", "half", "bit", "garbage", "another run's"])
def test_a_torn_or_changed_file_counts_as_missing_and_is_removed(store: Store, kind: str, harm: str) -> None:
    arrays = {"day": np.arange(200, dtype=np.int16)}
    store.keep(WORLD, 1, OUTCOMES, arrays)
    store.keep(OTHER, 1, {**OUTCOMES, "net": 7.0}, arrays)
    place = store.place(WORLD, 1, kind)
    whole = place.read_bytes()
    middle = len(whole) // 2
    harmed = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "bit": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "garbage": b"[[[[" * 5000,
        "another run's": store.place(OTHER, 1, kind).read_bytes(),
    }[harm]
    place.write_bytes(harmed)
    assert (store.outcomes if kind == "json" else store.arrays)(WORLD, 1) is None
    assert not place.exists()
    store.keep(WORLD, 1, OUTCOMES, arrays)
    assert place.read_bytes() == whole if kind == "json" else store.arrays(WORLD, 1) is not None


def test_a_value_changed_by_hand_is_noticed(store: Store) -> None:
    store.keep(WORLD, 1, OUTCOMES)
    place = store.place(WORLD, 1)
    found = json.loads(place.read_text())
    found["outcomes"]["orders"] = 13.0
    place.write_text(json.dumps(found))
    assert store.outcomes(WORLD, 1) is None


def test_a_run_that_comes_out_differently_is_an_alarm_and_changes_nothing(store: Store) -> None:
    arrays = {"day": np.array([1, 2])}
    store.keep(WORLD, 1, OUTCOMES, arrays)
    store.keep(WORLD, 1, OUTCOMES, arrays)
    with pytest.raises(Disagreement, match=r"1\.json differs"):
        store.keep(WORLD, 1, {**OUTCOMES, "net": 0.3})
    with pytest.raises(Disagreement, match=r"1\.npz differs"):
        store.keep(WORLD, 1, OUTCOMES, {"day": np.array([1, 3])})
    assert same(store.outcomes(WORLD, 1), OUTCOMES)
    # what an older version noted of a run is not a contradiction
    store.keep(WORLD, 1, OUTCOMES, {"day": np.array([1, 2]), "hour": np.array([9])})
    assert set(store.arrays(WORLD, 1) or ()) == {"day", "hour"}


def _writer(results: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    store = Store(results, "rules")
    for seed in range(60):
        store.keep(WORLD, seed, {"net": seed / 7}, {"day": np.arange(seed)})
        assert store.outcomes(WORLD, seed) == {"net": seed / 7}


def test_many_processes_finish_the_same_runs_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)
    writers = [context.Process(target=_writer, args=(tmp_path, start)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert files(tmp_path) == sorted(f"{seed}.{kind}" for seed in range(60) for kind in ("json", "npz"))


def test_a_file_that_cannot_be_read_is_never_removed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep(WORLD, 1, OUTCOMES)

    def broken(self: Path) -> bytes:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", broken)
        with pytest.raises(InputError, match="cannot be read"):
            store.outcomes(WORLD, 1)
    assert same(store.outcomes(WORLD, 1), OUTCOMES)


def test_a_full_disk_leaves_what_was_kept_and_nothing_half_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.keep(WORLD, 1, OUTCOMES)

    def full(self: Path, content: bytes) -> int:
        with open(self, "wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        store.keep(WORLD, 2, OUTCOMES)
    assert files(tmp_path) == ["1.json"]
    assert same(store.outcomes(WORLD, 1), OUTCOMES)


def test_a_place_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file, not a folder")
    with pytest.raises(InputError, match="cannot be written"):
        Store(tmp_path, "rules")


def test_what_a_killed_process_was_writing_is_swept(store: Store, tmp_path: Path) -> None:
    store.keep(WORLD, 1, OUTCOMES)
    from simlab.lab import folders

    ours = store.folder / folders.part_name("1-abc")
    dead = store.folder / ours.name.replace(f"~{os.getpid()}~", f"~{2**22 + 12345}~")
    for part in (ours, dead):
        part.write_bytes(b"{")
    Store(tmp_path, "rules")
    assert ours.exists()
    assert not dead.exists()
    assert module.FOLDER == "runs"
