"""The golden run: one small world with every primitive at work, and its exact outcome.

    python -m tests.world.refresh_golden

writes `golden.json` anew. Do so only when a change of results is meant, and say why in the
same change; the totals in the file show how large it is.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlab.world.market import Market
from simlab.world.metrics import COSTS, METRICS, M
from simlab.world.records import EVENT_NAMES
from tests.world.worlds import EVERYTHING, busy, live

FILE = Path(__file__).with_name("golden.json")
SEED = 1


def digest(*arrays: tuple[str, NDArray[Any]]) -> str:
    """32 hexadecimal digits of named arrays, byte order and width spelled out."""
    hashed = hashlib.blake2b(digest_size=16)
    for name, array in arrays:
        hashed.update(f"|{name}|{array.shape}|".encode())
        hashed.update(np.ascontiguousarray(array, "<i8").data)
    return hashed.hexdigest()


def totals(market: Market) -> dict[str, int]:
    """What a reader wants to know first."""
    book = market.book
    sums = dict(zip(METRICS, book.ledger.sum((0, 1, 2, 3)).tolist(), strict=True))
    flows = [name for name in METRICS if name not in ("members", "reachable", "fatigue", "affinity")]
    return {
        "members_at_the_end": market.today("members"),
        "reachable_at_the_end": int(book.ledger[-1, :-2, ..., M.reachable].sum()),
        "net_fen": sums["margin_fen"] - sum(sums[cost] for cost in COSTS),
        **{name: sums[name] for name in flows},
    }


def golden() -> dict[str, Any]:
    """The outcome of the golden run: totals to read, events by kind, digests to be exact."""
    market = live(busy(EVERYTHING), SEED)
    users, book = market.users, market.book
    whole = [name for name in sorted(users.dtype.names) if users.dtype[name].kind in "iu"]
    whole.remove("cell")  # in a world that is no test everybody is in cell 0
    codes = np.bincount(market.events()[:, 2], minlength=len(EVENT_NAMES)).tolist()
    return {
        "totals": totals(market),
        "events": dict(zip(EVENT_NAMES, codes, strict=True)),
        "digests": {
            "ledger": digest(*((name, book.ledger[..., M[name]]) for name in METRICS)),
            "cohorts": digest(("cohorts", book.cohorts)),
            "flows": digest(("flows", book.flows)),
            "users": digest(*((name, users[name].astype(np.int64)) for name in whole)),
            "events": digest(("events", market.events())),
        },
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), indent=2) + "\n")
    print(f"wrote {FILE}")
