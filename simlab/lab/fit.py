"""The verb `fit`: from a log of orders to a scenario that runs, and a page that says how well it fits.

On the command line: ``simlab fit LOG`` with --customer, --date, --amount, --date-format, --separator,
--refunds and --duplicates for `simlab.lab.logs.read_log`, and --calibrate-until, --start-from-log, --name,
--out, --prospects, --seeds, --plain, --margin, --horizon, --yuan and --salt for `fit`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simlab.lab import fit_files, folders
from simlab.lab.current_base import current_base, default_salt
from simlab.lab.fit_laws import Laws, fit_laws, parameter_table, ranges
from simlab.lab.fit_result import FitResult, Page
from simlab.lab.fit_scores import Actual, Facts, actual, comparison, facts, forward_facts, later_orders
from simlab.lab.ground import Ground
from simlab.lab.logs import Log
from simlab.lab.replay import Replay, replays
from simlab.lab.runs import versions
from simlab.lab.watch import Nobody, Watcher
from simlab.scenario import InputError, Problem, Scenario, load, printable, slug
from simlab.scenario.names import unsafe_character
from simlab.world.compiled import sources_digest
from simlab.world.graph import empty
from simlab.world.people import BASE_COLUMNS, Base

RESULTS = Path("results")
LONGEST = 3650
"""Days of the longest log: the longest horizon of a scenario."""
LONGEST_NAME = 68
"""Letters of a name: a scenario's 80, less what is added to it."""
SEEDS = 20


def fit(
    log: Log,
    *,
    calibrate_until: datetime.date | None = None,
    start_from_log: bool = False,
    name: str | None = None,
    out_folder: str | Path | None = None,
    core: bool = True,
    laws: Laws | None = None,
    margin: float = 0.5,
    horizon: int = 365,
    prospects: int | None = None,
    salt: str | None = None,
    yuan: float = 1.0,
    seeds: int = SEEDS,
    threads: int | None = None,
    page: Page | None = None,
    command: str = "",
    progress: Watcher | None = None,
) -> FitResult:
    """Fit a log, write scenarios that run, and hold them against the weeks left out.

    Args:
        log: from `read_log`.
        calibrate_until: last date used for fitting (default: the log's own, else its end); what follows is
            held out. Customers who first ordered later are left out of everything.
        start_from_log: also write today's customers (the day after that date is today), a scenario that
            starts from them with marketing off, and one with a strategy on.
        name: of the scenario; by default the log's file name. Files carry its slug.
        out_folder: the folder to write (``--out``); an earlier fit there is replaced. By default
            ``results/fit-<name>-<digest>``.
        core: False fits no loyal core (``--plain``).
        laws: fitted earlier to the same days, in the same currency (`FitResult.laws`): saves minutes.
        margin: contribution margin, a share; no log of orders knows it.
        horizon: days that the scenarios from today on look ahead.
        prospects: people around today's customers; by default three per customer.
        salt: secret text of 1 to 64 bytes for the pseudonyms; by default derived from the whole log.
        yuan: yuan per unit of the log's currency.
        seeds: simulated worlds that the actual history is held against.
        threads: by default one per processor.
        page: writes the page into the folder: `simlab.report.fit_page.write_page`.
        command: the command line, for the manifest.
        progress: who is told how it goes.

    Raises:
        InputError: an option out of range, a log from which nothing can be learnt, or a folder that cannot
            be written. Nothing is left behind then.
    """
    progress = progress or Nobody()
    name = printable(Path(log.file).stem, LONGEST_NAME) if name is None else name
    until = _last_used(log, calibrate_until)
    _check(log, name, margin, horizon, prospects, salt, yuan, seeds)
    log = replace(log, amount=log.amount * yuan) if yuan != 1 else log
    salt = salt or default_salt(log)
    options = [
        str(o)
        for o in (
            until,
            start_from_log,
            name,
            core,
            laws and laws.grid,
            margin,
            horizon,
            prospects,
            salt,
            seeds,
        )
    ]
    digest = hashlib.sha256("|".join([default_salt(log), sources_digest(), *options]).encode()).hexdigest()
    short = slug(name)
    final = Path(out_folder) if out_folder else RESULTS / f"fit-{short}-{digest[:8]}"
    _free(final)

    if laws is None:
        progress.says("Fitting order rates, lifetimes and baskets ...")
    laws = laws or fit_laws(log, until, core)
    real = actual(log, until)
    day = datetime.timedelta(days=1)
    plan = fit_files.Plan(name, _shown(log), log.first_day, log.first_day + until * day,
                          log.first_day + log.last_day * day, margin, seeds)  # fmt: skip
    base, position = current_base(log, until, laws.grid, laws.baskets, salt)
    around = prospects if prospects is not None else fit_files.PROSPECTS_PER_CUSTOMER * len(base)

    with folders.new_folder(final, again=True) as folder:
        texts = {
            short: fit_files.forward_yaml(plan, laws, ranges(laws, real.last + 1), real.arrivals),
        }
        if start_from_log:
            file = f"{short}-base.parquet"
            base.to_parquet(folder / file, index=False)
            base.to_csv(folder / f"{short}-base.csv", index=False)
            open_ = ranges(laws, horizon)
            texts[f"{short}-today"] = fit_files.today_yaml(
                plan, laws, open_, file, len(base), around, horizon
            )
            texts[f"{short}-strategy"] = fit_files.strategy_yaml(plan, f"{short}-today.yaml", around)
        models = []
        for stem, text in texts.items():
            (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
        for stem in texts:
            models.append(load(folder / f"{stem}.yaml").scenario)
        forward, from_log = _simulate(models[0], real, base, position, seeds, threads, progress)
        tables, scores = comparison(real, forward, from_log)
        result = FitResult(
            name=name,
            laws=laws,
            scenario=models[0],
            today=models[1] if start_from_log else None,
            strategy=models[2] if start_from_log else None,
            base=base if start_from_log else None,
            scores=scores,
            tables={"parameters": parameter_table(laws), **tables},
            notes=(*log.notes, *laws.notes),
            log=_log_facts(log, plan, real, seeds, yuan),
            folder=final,
        )
        _write_tables(result, folder / "tables")
        if page is not None:
            progress.says("Drawing the page ...")
            page(result, folder)
        facts_ = {"run": digest, "verb": "fit", "command": command, "log": dict(result.log), "scores": scores,
                  "notes": list(result.notes), "rules": sources_digest(), "versions": versions()}  # fmt: skip
        folders.write_manifest(folder, json.loads(json.dumps(facts_, default=str)))
    files = {role: final / f"{short}{ending}" for role, ending in _endings(start_from_log).items()}
    again = [load(final / f"{stem}.yaml").scenario for stem in texts]  # data files under their final name
    return replace(
        result,
        scenario=again[0],
        today=again[1] if start_from_log else None,
        strategy=again[2] if start_from_log else None,
        files=files,
    )


def _shown(log: Log) -> str:
    """The log's file name, safe in a comment and on a page."""
    return printable(Path(log.file).name, 100)


def _endings(start_from_log: bool) -> dict[str, str]:
    more = {"base": "-base.parquet", "today": "-today.yaml", "strategy": "-strategy.yaml"}
    return {"scenario": ".yaml", **(more if start_from_log else {})}


def _last_used(log: Log, calibrate_until: datetime.date | None) -> int:
    """Day number of the last day used for fitting."""
    if calibrate_until is None:
        return log.last_day if log.calibrate_until is None else log.calibrate_until
    until = log.day_number(calibrate_until)
    if not 0 < until <= log.last_day:
        end = log.first_day + datetime.timedelta(days=log.last_day)
        message = f"--calibrate-until lies outside the log, {log.first_day} to {end}"
        raise InputError(
            Problem(log.file, message, "Give a date between the two.", value=str(calibrate_until))
        )
    return until


def _check(
    log: Log, name: str, margin: float, horizon: int, prospects: int | None, salt: str | None, yuan: float,
    seeds: int,
) -> None:  # fmt: skip
    """Options out of range."""
    wrong = []

    def need(fine: bool, option: str, value: object, message: str, cure: str) -> None:
        if not fine:
            wrong.append(Problem(option, message, cure, value=str(value)))

    need(0 <= margin <= 1, "--margin", margin, "not a share", "Write a number from 0 to 1, such as 0.5.")
    need(1 <= horizon <= LONGEST, "--horizon", horizon, "out of range", f"Write 1 to {LONGEST} days.")
    fine = prospects is None or 1 <= prospects <= 20_000_000
    need(fine, "--prospects", prospects, "out of range", "Write 1 to 20,000,000 people.")
    fine = 1 <= len(name.strip()) <= LONGEST_NAME and unsafe_character(name) is None
    need(fine, "--name", name, "not a name", f"Write 1 to {LONGEST_NAME} plain characters.")
    fine = salt is None or 1 <= len(salt.encode()) <= 64
    need(fine, "--salt", "", "the salt needs 1 to 64 bytes", "Give a shorter or longer secret.")
    need(np.isfinite(yuan) and 1e-6 <= yuan <= 1e6, "--yuan", yuan, "not a rate of exchange",
         "Write yuan per unit of the log's currency, such as 7.2.")  # fmt: skip
    need(1 <= seeds <= 10_000, "--seeds", seeds, "out of range", "Write 1 to 10,000 seeds.")
    need(log.last_day < LONGEST, log.file, f"{log.last_day + 1} days", "the log is longer than ten years",
         "Cut the oldest years off: customers of so long ago say little about today's.")  # fmt: skip
    if wrong:
        raise InputError(*wrong)


def _free(final: Path) -> None:
    """Refuse early a place where something else stands."""
    if not final.exists():
        return
    try:
        mine = json.loads((final / folders.MANIFEST).read_text(encoding="utf-8")).get("verb") == "fit"
    except (OSError, ValueError, AttributeError):
        mine = False
    if not mine:
        raise InputError(Problem(str(final), "something other than a fit stands here already",
                                 "Choose another folder with --out, or remove this one."))  # fmt: skip


def _simulate(
    scenario: Scenario, real: Actual, base: pd.DataFrame, position: np.ndarray, seeds: int,
    threads: int | None, progress: Watcher,
) -> tuple[list[Facts], list[Facts]]:  # fmt: skip
    """Facts by seed: from the dated arrivals, and (where weeks are held out) from everybody's own history."""
    chosen = list(range(1, seeds + 1))
    progress.says(f"Simulating {seeds} worlds of {len(base):,} customers ...")
    progress.begins(seeds * (scenario.horizon + real.holdout))
    try:
        people = scenario.population.members + scenario.population.prospects
        forward = replays(scenario, chosen, Ground(empty(people), None), real.until + 1,
                          lambda run: forward_facts(run, real.until), threads, progress.days)  # fmt: skip
        if real.holdout < 1:
            return forward, []
        # Draws are keyed by user: without a graph and prospects, and touch-free, the customers' days are the same.
        alone = scenario.population.model_copy(update={"arrivals": None, "prospects": 1})
        later = scenario.model_copy(update={"population": alone, "horizon": real.holdout})
        ground = Ground(empty(len(base) + 1), Base(base[list(BASE_COLUMNS)].to_numpy(np.float64)))
        x, since = real.x[position], real.since[position]

        def reduce(run: Replay) -> Facts:
            spend = run.late["spend_fen"].to_numpy()[: len(base)] / 100.0
            return facts(x, since, later_orders(run, len(base)), spend, run.repeats)

        return forward, replays(later, chosen, ground, 0, reduce, threads, progress.days)
    finally:
        progress.ends()


def _log_facts(log: Log, plan: fit_files.Plan, real: Actual, seeds: int, yuan: float) -> dict[str, Any]:
    return {
        "file": _shown(log),
        "rows": log.rows,
        "merged": log.merged,
        "dropped": dict(log.dropped),
        "customers": int(real.x.size),
        "later_customers": len(log.customers) - int(real.x.size),
        "repeats": int(real.repeats[: real.until + 1].sum()),
        "held_out_repeats": int(real.later.sum()),
        "first_day": plan.first,
        "until": plan.until,
        "last_day": plan.last,
        "days": real.until + 1,
        "holdout": real.holdout,
        "seeds": seeds,
        "yuan": yuan,
    }


def _write_tables(result: FitResult, folder: Path) -> None:
    folder.mkdir()
    for name, frame in result.tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    scores = pd.DataFrame({"score": list(result.scores), "value": list(result.scores.values())})
    scores.to_csv(folder / "scores.csv", index=False)
