"""Compilation of the world's rules, with a machine-code cache that cannot go stale.

numba's own cache looks at the time stamp of one file; a rule called from another
file may change without being noticed. Here the cache folder's *name* is a digest of
every source file of this package, the versions of numba, NumPy and Python, and
the processor, so that an edit anywhere leads to a fresh folder, and a checkout and
an installed copy of the same sources share one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding
import numba
import numpy
from numba.core.caching import _CacheLocator

_config: Any = numba.config
_STRICT: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": False,  # the same bits on every machine
    "error_model": "numpy",
    "no_cfunc_wrapper": True,  # nobody calls a rule from C: spare its compilation
}
F = TypeVar("F", bound=Callable[..., Any])


@cache
def sources_digest() -> str:
    """Hexadecimal digest of the world's source files: part of every run's identity."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def cache_folder() -> Path:
    """Where compiled rules are kept: a user cache folder, never the installed package itself."""
    machine = f"{sys.version}|{numba.__version__}|{numpy.__version__}|{platform.machine()}"
    machine += f"|{llvmlite.binding.get_host_cpu_name()}|{llvmlite.binding.get_host_cpu_features().flatten()}"
    name = hashlib.sha256((sources_digest() + machine).encode()).hexdigest()[:16]
    for base in _candidates():
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="simlab-rules-"))


def _candidates() -> list[Path]:
    chosen = os.environ.get("SIMLAB_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    user = os.environ.get("USER") or str(os.getuid() if hasattr(os, "getuid") else "user")
    folders = [Path(home) / "simlab" / "rules", Path(tempfile.gettempdir()) / f"simlab-{user}" / "rules"]
    return [Path(chosen), *folders] if chosen else folders


@cache
def _content(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Locator(_CacheLocator):
    """Where numba keeps a rule: by its file's content, and not, as it would itself, by path and time stamp."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_file, self._line = py_file, py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder."""
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        """What must not have changed: for rules from elsewhere the folder's name says nothing."""
        return _content(self._py_file)

    def get_disambiguator(self) -> str:
        """What tells rules of one name apart."""
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Locator:
        """The place of one rule."""
        return cls(py_func, py_file)


def rule(function: F) -> F:
    """Compile a function that may make arrays: strict floating point, no GIL, cached on disk."""
    return _compile(function, _nrt=True)


def hot_rule(function: F) -> F:
    """Compile a function of the inner loop, which makes no array.

    Without numba's reference counts: a day's terms and books are tuples of some thirty arrays, and counting
    them up and down at each call of a rule costs fifty times more than the rule.
    """
    return _compile(function, _nrt=False)


def inlined_hot_rule(function: F) -> F:
    """Like `hot_rule`, and copied into its callers by LLVM: for what passes whole tuples of arrays."""
    return _compile(function, _nrt=False, forceinline=True)


def inline_rule(function: F) -> F:
    """Compile a tiny helper that is worth copying into its callers (hashes, look-ups)."""
    return _compile(function, inline="always")


def _compile(function: F, **options: Any) -> F:
    before = _config.CACHE_LOCATOR_CLASSES
    _config.CACHE_LOCATOR_CLASSES = f"{__name__}.Locator"  # read while decorating; other packages keep theirs
    try:
        return numba.njit(**_STRICT, **options)(function)
    finally:
        _config.CACHE_LOCATOR_CLASSES = before
