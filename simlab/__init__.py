"""simlab: simulate a private-domain customer programme before you roll it out.

The verbs as Python; each is imported when it is first used, so that ``import simlab`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simlab.checking import check
    from simlab.questions import compare, rollout, screen, tune
    from simlab.scenario import load
    from simlab.scenario.compose import new
    from simlab.scenario.experiments import load_experiment
    from simlab.scenario.library import library
    from simlab.verbs import fit, read, run
    from simlab.world.brand import Brand

__version__ = "0.1.0"
__all__ = [
    "Brand", "__version__", "check", "compare", "fit", "library", "load", "load_experiment", "new", "read", "rollout",
    "run", "screen", "tune",
]  # fmt: skip
_HOMES = {
    "Brand": "simlab.world.brand",
    "check": "simlab.checking",
    "compare": "simlab.questions",
    "fit": "simlab.verbs",
    "library": "simlab.scenario.library",
    "load": "simlab.scenario",
    "load_experiment": "simlab.scenario.experiments",
    "new": "simlab.scenario.compose",
    "read": "simlab.verbs",
    "rollout": "simlab.questions",
    "run": "simlab.verbs",
    "screen": "simlab.questions",
    "tune": "simlab.questions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simlab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
