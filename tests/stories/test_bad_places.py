"""Disks that are full or read-only, journals that are torn or none: one message, nothing lost, and it continues."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simlab.lab import folders
from simlab.lab.planner import Trial
from simlab.lab.store import Store
from simlab.lab.studies import JournalStudy
from simlab.lab.tune_plan import plan
from simlab.scenario import InputError
from simlab.scenario.experiments import load_experiment
from tests.stories.tunes import numbers_in, recorded, tune, write

Call = Callable[..., tuple[int, str, str]]


class Disk:
    """A small file system in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, options: str) -> None:
        flags = ["-t", "tmpfs"] if not os.path.ismount(self.path) else []
        remount = "" if flags else "remount,"
        command = ["mount", *flags, "-o", f"{remount}{options}", "simlab-test", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()[:80]}")

    def fill(self) -> None:
        """Not a byte more."""
        with open(self.path / "ballast", "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass

    def free(self) -> None:
        (self.path / "ballast").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    found = Disk(folder)
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    found.mount("size=256k,rw")
    yield found
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(place: Path, folder: Path) -> JournalStudy:
    todo = plan(load_experiment(place / "often.yaml"))
    return JournalStudy(todo.study, list(todo.objectives.values()), folder)


def trial(number: int) -> Trial:
    return Trial(number, {"x": number / 8}, (float(number),), means={"y": 1.0})


def space() -> dict[str, object]:
    from optuna.distributions import FloatDistribution

    return {"x": FloatDistribution(0.0, 1.0)}


@pytest.mark.slow
@pytest.mark.usefixtures("few_plots")
def test_a_disk_that_fills_up_on_the_way(place: Path, disk: Disk, simlab: Call) -> None:
    command = ("tune", "often.yaml", "--out", "disk", "--threads", "2")
    code, out, err = simlab(*command)
    assert code == 2, err
    assert "No space left on device" in err
    assert "Traceback" not in out + err
    disk.mount("size=60m,rw")
    before = recorded(place / "often.yaml", disk.path)
    code, out, err = simlab(*command)
    assert code == 0, err
    assert "Report: disk/how-often-" in out
    found = recorded(place / "often.yaml", disk.path)
    assert {n: found[n] for n in before} == before
    tune(place / "often.yaml", place / "elsewhere")
    assert found == recorded(place / "often.yaml", place / "elsewhere")
    (journal,) = (disk.path / "studies").glob("*.journal")
    assert sorted(numbers_in(journal)) == list(range(14))
    assert [p.name for p in disk.path.rglob(".part*")] == []


def test_a_journal_on_a_full_disk_keeps_what_it_has(place: Path, disk: Disk) -> None:
    ours = study(place, disk.path)
    ours.add(trial(0), space())
    disk.fill()

    def more() -> None:
        for number in range(1, 40):
            ours.add(trial(number), space())

    with pytest.raises(InputError, match=r"cannot be written .*No space left on device.* it continues"):
        more()
    ours.close()
    with pytest.raises(InputError, match="No space left on device"):
        study(place, disk.path / "other")
    disk.free()
    again = study(place, disk.path)
    found = again.trials()
    assert found
    assert list(found) == list(range(len(found)))
    again.add(trial(len(found)), space())
    again.close()
    assert len(study(place, disk.path).trials()) == len(found) + 1


def test_a_result_folder_on_a_full_disk_is_not_there_at_all(disk: Disk) -> None:
    disk.fill()
    with (
        pytest.raises(InputError, match="No space left on device"),
        folders.new_folder(disk.path / "a") as part,
    ):
        (part / "x").write_bytes(b"x" * 100_000)
    assert os.listdir(disk.path) == ["ballast"]


def test_a_disk_that_may_only_be_read(place: Path, disk: Disk, simlab: Call) -> None:
    command = ("tune", "often.yaml", "--out", "disk")
    disk.mount("ro,size=256k")
    code, out, err = simlab(*command)
    assert code == 2, err
    assert "cannot be written" in err
    assert "Traceback" not in out + err
    assert os.listdir(disk.path) == []


def test_what_is_kept_on_a_disk_that_became_read_only(place: Path, disk: Disk) -> None:
    store = Store(disk.path, "rules")
    store.keep("ab" * 32, 1, {"net": 1.0})
    torn = store.place("ab" * 32, 2)
    torn.write_text("{")
    disk.mount("ro,size=256k")
    assert store.outcomes("ab" * 32, 1) == {"net": 1.0}
    with pytest.raises(InputError, match="Read-only file system"):
        store.outcomes("ab" * 32, 2)
    with pytest.raises(InputError, match="Read-only file system"):
        store.keep("ab" * 32, 3, {"net": 1.0})


def test_another_process_is_tuning_here(place: Path, simlab: Call) -> None:
    ours = study(place, place / "results" / "studies")
    code, out, err = simlab("tune", "often.yaml")
    assert code == 2
    assert f"another process is tuning here (found: process {os.getpid()})" in err
    assert "Traceback" not in out + err
    ours.close()
    study(place, place / "results" / "studies").close()


@pytest.mark.parametrize(
    "content",
    [b"not a journal\n", b"not a journal", b"\x89PNG\r\n\x1a\n\xff\xfe", b"[1, 2]\n", b"7\n", b"null\n", b"{}\n",
     b'{"op_code": 99}\n', b'{"op_code": "x"}\n', b'{"op_code": 0}\n', b"{}\n{", b'{"op_code": 4, "study_id": {}}\n',
     b"[" * 20_000 + b"\n"],
)  # fmt: skip
def test_a_journal_that_is_none_is_refused_and_left_alone(place: Path, simlab: Call, content: bytes) -> None:
    ours = study(place, place / "results" / "studies")
    ours.close()
    ours.path.write_bytes(content)
    code, out, err = simlab("tune", "often.yaml")
    assert code == 2, err
    assert "this is not a study's journal" in err
    assert "Move the file away" in err
    assert "Traceback" not in out + err
    assert ours.path.read_bytes() == content.removesuffix(b"{")


def test_a_journal_in_which_something_was_changed(place: Path) -> None:
    ours = study(place, place)
    for number in range(3):
        ours.add(trial(number), space())
    ours.close()
    whole = ours.path.read_bytes()
    for old, new in ((b'"means":', b'"names":'), (b'"plan":1', b'"plan":[1]'), (b'"state":1', b'"state":77')):
        assert old in whole
        ours.path.write_bytes(whole.replace(old, new, 1))
        with pytest.raises(InputError, match="this is not a study's journal"):
            study(place, place)


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_torn_journal_loses_its_torn_line_only(place: Path, cut: int) -> None:
    ours = study(place, place)
    for number in range(5):
        ours.add(trial(number), space())
    ours.close()
    whole = ours.path.read_bytes()
    for torn in (whole[:-cut], whole[: -len(whole.splitlines()[-1]) - 1] + b"\0" * 64):  # killed; power off
        ours.path.write_bytes(torn)
        again = study(place, place)
        assert list(again.trials()) == [0, 1, 2, 3]
        again.add(trial(4), space())
        again.close()
        assert numbers_in(ours.path) == [0, 1, 2, 3, 4]


def test_a_lock_that_a_killed_process_left_is_not_awaited(place: Path) -> None:
    ours = study(place, place)
    ours.close()
    Path(f"{ours.path}.lock").symlink_to(ours.path)
    Path(f"{ours.path}.lock1234.rename").symlink_to(ours.path)
    began = time.monotonic()
    again = study(place, place)
    again.add(trial(0), space())
    again.close()
    assert time.monotonic() - began < 10
    assert sorted(p.name for p in place.glob("*.journal*")) == [ours.path.name]


@pytest.mark.usefixtures("few_plots")
@pytest.mark.usefixtures("few_plots")
def test_html_in_a_name_stays_text(place: Path, simlab: Call) -> None:
    text = (place / "often.yaml").read_text()
    (place / "often.yaml").write_text(text.replace("name: How often", "name: <script>alert(1)</script>"))
    code, _, err = simlab("tune", "often.yaml", "--trials", "3")
    assert code == 0, err
    (page,) = (place / "results").glob("*/report.html")
    assert "<script>alert" not in page.read_text()
    assert "&lt;script&gt;alert" in page.read_text()


def test_a_password_is_in_no_file(tmp_path: Path) -> None:
    from simlab.lab.shared_study import masked

    url = "postgresql://me:s3:cr@t%21@host:5432/db"
    for text in (
        f"simlab tune a.yaml --storage {url} --set x=b@c",
        f"cannot reach {url}",
        "s3:cr@t! is wrong",
    ):
        assert "cr@t" not in masked(text, url)
    assert masked(f"simlab tune --storage {url}").endswith("postgresql://me:***@host:5432/db")
    assert "s3" not in masked("postgresql://host/db?user=me&password=s3cret&x=1")
    assert masked("simlab tune a.yaml --set x=b@c") == "simlab tune a.yaml --set x=b@c"
