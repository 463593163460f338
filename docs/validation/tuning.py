"""Does Tune find what there is to find, and does it say no more than is true?

    python docs/validation/tuning.py                  # 60 studies, 46 with limits, 120 plain: 90 minutes of a core
    python docs/validation/tuning.py --tenth          # 2 studies a world of 30 trials: 10 minutes
    python docs/validation/tuning.py --only page      # the page again from tuning.jsonl

A run takes about 12 ms of one core, a study of 120 trials 1,026 runs (and 400 for its truth): 20 seconds; a study with
a limit 10, a plain search 20, the optimum of a world 90. What is finished is kept under --work (runs in a run store,
studies line by line), so that the same command goes on where it was stopped. Writes tuning.md, tuning.png and
tuning.jsonl (one line per study) beside this file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tuning_page import write
from tuning_studies import optimum, plain, study
from tuning_worlds import LIMITS, WORLDS

from simlab.lab.crew import Crew, rules
from simlab.lab.store import Store

HERE = Path(__file__).parent
SAMPLERS = ("Optuna TPE", "random search")
PARTS = ("studies", "optimum", "limits", "plain", "page")


class Records:
    """What is finished, one line per study; a line that is there is not made again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.rows: dict[str, dict[str, Any]] = {row["key"]: row for row in map(json.loads, lines)}

    def once(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The row of this key, made now or before."""
        if key not in self.rows:
            began = time.monotonic()
            row = {"key": key, **make()}
            row["seconds"] = round(time.monotonic() - began, 1)
            self.rows[key] = json.loads(json.dumps(row, default=float))
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(self.rows[key]) + "\n")
            shown = {
                k: v for k, v in row.items() if k not in ("tried", "winner", "flags", "values", "reason")
            }
            print(json.dumps(shown, default=lambda v: round(float(v), 3)), flush=True)
        return self.rows[key]

    def part(self, name: str) -> list[dict[str, Any]]:
        """Rows of a part."""
        return [row for key, row in self.rows.items() if key.startswith(f"{name}/")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tenth", action="store_true", help="a tenth of everything")
    parser.add_argument("--studies", type=int, default=None, help="per world; by default 20")
    parser.add_argument(
        "--limited", type=int, default=None, help="studies with the binding limit; by default 30"
    )
    parser.add_argument(
        "--others", type=int, default=None, help="plain searches per world and kind; by default 20"
    )
    parser.add_argument("--trials", type=int, default=None, help="by default 120")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--work", type=Path, default=Path("results/validation-tuning"))
    parser.add_argument("--out", type=Path, default=HERE)
    o = parser.parse_args()
    trials = o.trials or (30 if o.tenth else 120)
    studies = o.studies or (2 if o.tenth else 20)
    limited = o.limited or (3 if o.tenth else 30)
    others = o.others or (2 if o.tenth else 20)
    seeds = 100 if o.tenth else 300
    parts = o.only or PARTS
    # the rules of the world are part of the name: what older ones gave is not mixed with what newer ones give
    folder = o.work / f"{rules()[:8]}-{trials}"
    records = Records(folder / "studies.jsonl")
    with Crew(Store(o.work, rules()), threads=o.threads) as crew:
        if "studies" in parts:
            for k in range(1, studies + 1):  # worlds in turn, so that a part of the whole is a fair part
                for name, world in WORLDS.items():
                    records.once(
                        f"studies/{name}/{k}", lambda w=world, k=k: study(w, k, trials, seeds, crew, folder)
                    )
        if "optimum" in parts:
            for name, world in WORLDS.items():
                own = records.part(f"studies/{name}")
                records.once(f"optimum/{name}/{len(own)}", lambda w=world, r=own: optimum(
                    w, r, seeds, crew, folder))  # fmt: skip
        if "limits" in parts:
            for name, world in LIMITS.items():
                for k in range(1, (limited if name == "binding" else max(1, limited // 6)) + 1):
                    records.once(f"limits/{name}/{k}", lambda w=world, k=k: study(
                        w, k, trials // 3, 100 if o.tenth else 500, crew, folder))  # fmt: skip
        if "plain" in parts:
            for k in range(1, others + 1):
                for name, world in WORLDS.items():
                    count = max(int(row["simulations"]) for row in records.part(f"studies/{name}"))
                    for sampler in SAMPLERS:
                        records.once(f"plain/{name}/{sampler}/{k}", lambda w=world, k=k, s=sampler, n=count: plain(
                            w, s, k, n, seeds // 3, crew, folder))  # fmt: skip
    if "page" in parts:
        kept = o.out / "tuning.jsonl"
        if records.rows:  # without what was tried: that is long, and the optimum has used it
            slim = [{k: v for k, v in row.items() if k != "tried"} for row in records.rows.values()]
            kept.write_text("".join(json.dumps(row) + "\n" for row in slim), encoding="utf-8")
        else:
            records = Records(kept)
        write({part: records.part(part) for part in PARTS[:-1]}, trials, o.out)


if __name__ == "__main__":
    main()
