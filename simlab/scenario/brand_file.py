"""`brand: my_brand.py:MyBrand` in a scenario: the file is found and looked at, not run."""

from __future__ import annotations

import ast
from pathlib import Path

from simlab.scenario import places
from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean

SUFFIXES = (".py",)


def find(text: object, folder: Path, root: Path) -> str:
    """``/absolute/my_brand.py:MyBrand`` for what a scenario says; the file holds such a class.

    Raises:
        Fault: not a file of the project and a class.
        InputError: the file is not Python.
    """
    if not isinstance(text, str) or len(text) > 500 or not text.rpartition(":")[0]:
        raise Fault("expected a Python file and a class", "Write brand: my_brand.py:MyBrand.")
    file, _, name = text.rpartition(":")
    real, _ = places.reach(file, folder, root, SUFFIXES)
    shown = places.display(real)
    try:
        module = ast.parse(real.read_bytes(), shown)
    except SyntaxError as error:
        message = f"this is not Python: {error.msg}"
        raise InputError(Problem(shown, message, "Mend the file.", error.lineno, "brand")) from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(shown, f"the file cannot be read ({said})", "Save it as UTF-8 text.",
                                 where="brand")) from None  # fmt: skip
    known = [node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    if name not in known:
        listed = (
            f"Classes there: {', '.join(known[:20])}." if known else "Write: class Brand(simlab.Brand): ..."
        )
        raise Fault(
            f"there is no class '{name[:60]}' in {shown}", f"{did_you_mean(name, known)} {listed}".strip()
        )
    return f"{real}:{name}"
