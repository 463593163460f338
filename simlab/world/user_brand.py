"""A user's own brand: a class in a Python file beside the scenario."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from simlab.scenario.errors import InputError, Problem, did_you_mean

_LOCK = threading.Lock()
_LOADED: dict[tuple[str, str], Any] = {}


def split_brand(text: str) -> tuple[str, str]:
    """File and class of ``my_brand.py:MyBrand``."""
    file, _, name = text.rpartition(":")
    return file, name


def failed(brand: str, error: BaseException, what: str) -> InputError:
    """The error of a user's file, at the last line of that file that was at work."""
    file, _ = split_brand(brand)
    line = None
    if isinstance(error, SyntaxError) and error.lineno is not None and error.filename == file:
        line = error.lineno
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:
            line = frame.lineno
    said = error.problems[0].message if isinstance(error, InputError) else str(error)
    said = " ".join(said.split())[:200]
    message = f"{what}: {type(error).__name__}{': ' + said if said else ''}"
    return InputError(
        Problem(_shown(file), message, "Mend the file; the line is the last of it that ran.", line, "brand")
    )


def brand_class(brand: str) -> Any:
    """The class that a scenario's `brand` names; each text of a file is imported once in a process.

    Raises:
        InputError: the file cannot be read or imported, or has no such subclass of `simlab.Brand`.
    """
    from simlab.world.brand import Brand

    file, name = split_brand(brand)
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        raise InputError(Problem(_shown(file), f"the file cannot be read ({error.strerror})",
                                 "Check the name and the folder.", where="brand")) from None  # fmt: skip
    key = (file, hashlib.sha256(text).hexdigest())
    with _LOCK:
        if key not in _LOADED:
            _LOADED[key] = _imported(brand, file, f"simlab_brand_{key[1][:16]}")
        module = _LOADED[key]
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Brand)):
        known = [
            k
            for k, v in vars(module).items()
            if isinstance(v, type) and issubclass(v, Brand) and v is not Brand
        ]
        what = "is not a subclass of simlab.Brand" if found is not None else "does not exist"
        listed = (
            f"Brands in this file: {', '.join(known)}." if known else "Write: class Brand(simlab.Brand): ..."
        )
        cure = f"{did_you_mean(name, known)} {listed}".strip()
        raise InputError(Problem(_shown(file), f"the class {name} {what}", cure, where="brand"))
    return found


def _imported(brand: str, file: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        code = compile(Path(file).read_bytes(), file, "exec")
        exec(code, module.__dict__)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Exception | SystemExit):
            raise failed(brand, error, "the brand's file cannot be imported") from error
        raise
    return module


def _shown(file: str) -> str:
    """The file relative to the current folder where it lies below it."""
    try:
        return Path(file).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file
