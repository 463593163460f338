"""A Dask cluster to run on: its scheduler, and workers with the same rules."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from simlab.scenario import InputError, Problem
from simlab.world.compiled import sources_digest

SAME = "Install the same simlab on all workers"


def refused(message: str, cure: str, value: str = "") -> InputError:
    """What is wrong with the cluster."""
    return InputError(Problem("--dask", message, f"{cure}.", value=value))


def join(address: str) -> tuple[Any, Executor]:
    """A Dask client and its executor.

    Raises:
        InputError: Dask, the scheduler or its workers cannot be used.
    """
    try:
        from distributed import Client
    except ImportError:
        raise refused("Dask is not installed", "Install it: pip install 'simlab[cluster]'") from None
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        cure = "Start a scheduler with `dask scheduler` and give its address, such as tcp://localhost:8786"
        raise refused("the cluster cannot be reached", cure, f"{address}: {error}") from None
    try:
        theirs = client.run(sources_digest)
    except Exception as error:  # whatever their Python says
        client.close()
        raise refused("its workers cannot load simlab", SAME, f"{type(error).__name__}: {error}") from None
    if not theirs or any(digest != sources_digest() for digest in theirs.values()):
        client.close()
        if not theirs:
            raise refused("the cluster has no workers", f"Start one with `dask worker {address}`", address)
        raise refused(
            "its workers have other rules than this machine",
            SAME,
            address,
        )
    return client, client.get_executor(pure=False)
