"""The machine-code cache is never stale, never in the package, and where we say.

Each story runs a tiny programme in a process of its own, over a copy of the few files that it
needs: a loop in one file that calls a rule of another.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import simlab
from simlab.world import compiled

LOOP = """
import numpy as np
from simlab.world.compiled import rule
from simlab.world.habits import visits, weight

@rule
def count(n):
    total = 0.0
    for i in range(n):
        if visits(i):
            total += weight(i)
    return total
"""
HABITS = """
from simlab.world.compiled import hot_rule, inline_rule
LEAST = 0.5

@hot_rule
def visits(i):
    return i % 2 == 0

@inline_rule
def weight(i):
    return LEAST
"""
PROGRAMME = """
from simlab.world import loop
from simlab.world.compiled import cache_folder
print(loop.count(100), sum(loop.count.stats.cache_hits.values()), cache_folder())
"""


class Copy:
    """A copy of the compiler's file, a loop and a rule, in a package of their own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "site"
        self.world = self.root / "simlab" / "world"
        self.world.mkdir(parents=True)
        for package in (self.world.parent, self.world):
            (package / "__init__.py").write_text("")
        shutil.copy(compiled.__file__, self.world / "compiled.py")
        (self.world / "loop.py").write_text(LOOP)
        (self.world / "habits.py").write_text(HABITS)
        ours = ("NUMBA_", "SIMLAB_", "XDG_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.environment |= {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        self.environment |= {"HOME": str(folder / "home"), "TMPDIR": str(folder)}

    def edit(self, before: str, after: str) -> None:
        """Change a rule; the loop's own file keeps its time stamp, and even the rule's file does."""
        path = self.world / "habits.py"
        times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))
        os.utime(path, ns=times)

    def run(self, **more: str) -> tuple[float, bool, Path]:
        """What the loop counts, whether it came from the cache, and where the cache is."""
        done = subprocess.run([sys.executable, "-c", PROGRAMME], env=self.environment | more, cwd=self.root,
                              capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        total, hits, folder = done.stdout.split(maxsplit=2)
        return float(total), int(hits) > 0, Path(folder.strip())

    def files(self) -> set[Path]:
        return set(self.root.rglob("*"))


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_an_edited_rule_in_another_file_is_noticed(copy: Copy) -> None:
    total, cached, folder = copy.run()
    assert (total, cached) == (25.0, False)
    assert copy.run() == (25.0, True, folder)  # nothing changed: machine code from the cache

    copy.edit("return i % 2 == 0", "return False     ")  # same length, same time stamp
    total, cached, elsewhere = copy.run()
    assert (total, cached) == (0.0, False)
    assert elsewhere != folder

    copy.edit("return False     ", "return i % 2 == 0")
    assert copy.run() == (25.0, True, folder)  # the old rule again: the old code is right again

    copy.edit("LEAST = 0.5", "LEAST = 0.1")  # a constant that was copied into the loop
    assert copy.run()[0] == pytest.approx(5.0)


def test_a_checkout_and_an_installed_copy_compile_once(tmp_path: Path) -> None:
    """Other folders, other time stamps, the same sources."""
    cache = {"SIMLAB_CACHE": str(tmp_path / "cache")}
    total, cached, folder = Copy(tmp_path / "checkout").run(**cache)
    assert (total, cached) == (25.0, False)
    installed = Copy(tmp_path / "installed")
    for path in installed.world.glob("*.py"):
        os.utime(path, (0, 0))
    assert installed.run(**cache) == (25.0, True, folder)


def test_a_package_that_cannot_be_written_to_works_and_stays_as_it_is(copy: Copy) -> None:
    before = copy.files()
    for path in sorted(before, reverse=True):
        path.chmod(stat.S_IRUSR | stat.S_IXUSR if path.is_dir() else stat.S_IRUSR)
    try:
        assert copy.run()[:2] == (25.0, False)
        assert copy.run()[:2] == (25.0, True)
        assert copy.files() == before  # also for an administrator, who may write everywhere
    finally:
        for path in before:
            path.chmod(stat.S_IRWXU)


def test_the_cache_is_where_it_is_asked_to_be(copy: Copy, tmp_path: Path) -> None:
    chosen = tmp_path / "my cache"
    *_, folder = copy.run(SIMLAB_CACHE=str(chosen))
    assert folder.parent == chosen
    assert list(folder.rglob("*.nbc"))
    assert copy.run(SIMLAB_CACHE=str(chosen))[1]
    *_, folder = copy.run(XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert folder.parent == tmp_path / "xdg" / "simlab" / "rules"
    *_, folder = copy.run()
    assert folder.parent == tmp_path / "home" / ".cache" / "simlab" / "rules"


def test_where_no_cache_can_be_kept_the_rules_are_compiled_all_the_same(copy: Copy, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    total, _, folder = copy.run(SIMLAB_CACHE=str(blocked), XDG_CACHE_HOME=str(blocked), USER="../../file/x")
    assert total == 25.0
    assert blocked not in folder.parents


def test_every_file_of_the_world_is_in_the_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = Path(compiled.__file__).parent
    here = tmp_path / "world"
    shutil.copytree(world, here, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled, "__file__", str(here / "compiled.py"))
    fresh = compiled.sources_digest.__wrapped__
    seen = {fresh()}
    for path in sorted(here.rglob("*.py")):
        path.write_text(path.read_text() + "\n# edited\n")
        seen.add(fresh())
    assert len(seen) == 1 + len(list(here.rglob("*.py")))


def test_compiling_leaves_other_packages_settings_alone() -> None:
    import numba

    assert str(compiled.cache_folder()) != numba.config.CACHE_DIR
    assert Path(simlab.__file__).parent not in compiled.cache_folder().parents
