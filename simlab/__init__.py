"""simlab: simulate a private-domain customer programme before you roll it out.

The verbs as Python; each is imported when it is first used, so that ``import simlab`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simlab.scenario import load
    from simlab.verbs import fit, read, run

__version__ = "0.1.0"
__all__ = ["__version__", "fit", "load", "read", "run"]
_HOMES = {"fit": "simlab.verbs", "load": "simlab.scenario", "read": "simlab.verbs", "run": "simlab.verbs"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simlab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
