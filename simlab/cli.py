"""The command line: parse, call one function, print."""

from __future__ import annotations

import gc
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from simlab.progress import Bar
from simlab.scenario.errors import InputError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Simulate a private-domain customer programme before you roll it out.",
)  # fmt: skip
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Scenario = Annotated[
    str, typer.Argument(help="A scenario file, or the name of a shipped one such as 'default'.")
]
Set = Annotated[list[str], typer.Option("--set", metavar="PATH=VALUE",
                                        help="Change one value: --set levers.push.active.per_week=3")]  # fmt: skip
Experiment = Annotated[Path, typer.Argument(help="An experiment file; see docs/experiments.md.")]
Out = Annotated[Path, typer.Option("--out", help="Where result folders go.")]
Budget = Annotated[
    str | None, typer.Option(metavar="TIME", help="Stop early: 10min. The same command continues.")
]
Dask = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Run on a Dask cluster: tcp://host:port.")]
Again = Annotated[bool, typer.Option(help="Write the results anew even if they are there.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="Threads; by default one per processor.")]


INTERRUPTED = 130
"""Exit code after Ctrl-C."""


class Refunds(StrEnum):
    """What `fit` does with negative amounts."""

    refuse = "refuse"
    drop = "drop"


class Duplicates(StrEnum):
    """What `fit` does with many repeated lines."""

    refuse = "refuse"
    keep = "keep"
    drop = "drop"


@app.command()
def run(
    scenario: Scenario,
    set_: Set = [],  # noqa: B006 - typer copies it
    seeds: Annotated[int | None, typer.Option(min=1, max=100_000, help="Seeded worlds to simulate.")] = None,
    worlds: Annotated[int | None, typer.Option(min=0, max=4096, help="Sampled worlds; 0: none.")] = None,
    threads: Threads = None,
    out_: Annotated[Path, typer.Option("--out", help="Where result folders go.")] = Path("results"),
    again: Annotated[bool, typer.Option(help="Compute anew even if the results are there.")] = False,
) -> None:
    """Simulate a scenario; writes a result folder with report.html, plots and tables."""
    from simlab import verbs

    results = verbs.run(
        scenario, set_, seeds=seeds, worlds=worlds, threads=threads, out=out_, again=again,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    from simlab.report.words import first_screen

    out.print(first_screen(results).text(), markup=False)
    folder = results.manifest["folder"]
    out.print(f"\nReport: {Path(folder) / 'report.html'}", markup=False)


@app.command()
def compare(
    what: Annotated[
        list[str], typer.Argument(help="An experiment file, several scenarios, or one scenario with --vary.")
    ],
    set_: Set = [],  # noqa: B006
    varied: Annotated[
        str | None, typer.Option("--vary", metavar="PATH=A,B,C", help="Values of one lever, each an arm.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Headline outcome; by default customer_equity.")] = None,
    seeds: Annotated[int | None, typer.Option(min=2, max=100_000, help="Pairs of the first stage.")] = None,
    max_seeds: Annotated[
        int | None, typer.Option(min=2, max=100_000, help="No more pairs than this.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Half-width of the 95 % interval to reach: '2 yuan'.")
    ] = None,
    worlds: Annotated[int | None, typer.Option(min=0, max=4096, help="Sampled worlds; 0: none.")] = None,
    threads: Threads = None,
    dask: Dask = None,
    budget: Budget = None,
    out_: Out = Path("results"),
    again: Again = False,
) -> None:
    """Compare strategies on the same seeds; writes report.html, plots and tables."""
    from simlab import questions

    found = questions.compare(
        *what, overrides=set_, varied=varied, outcome=outcome, seeds=seeds, max_seeds=max_seeds,
        precision=precision, worlds=worlds, threads=threads, dask=dask, budget=budget, out=out_, again=again,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    from simlab.report.compare_words import careful, certainty, lines

    for line in lines(found):
        out.print(f"{line.sentence} {line.judgement}", markup=False)
    for text in (*certainty(found), *careful(found)):
        out.print(f"- {text}", markup=False)
    out.print(f"\nReport: {Path(found.manifest['folder']) / 'report.html'}", markup=False)


@app.command()
def screen(
    experiment: Experiment,
    set_: Set = [],  # noqa: B006
    threads: Threads = None,
    dask: Dask = None,
    budget: Budget = None,
    out_: Out = Path("results"),
    again: Again = False,
) -> None:
    """Find which levers and assumptions matter; writes report.html, plots and tables."""
    from simlab import questions

    found = questions.screen(
        experiment, set_, threads=threads, dask=dask, budget=budget, out=out_, again=again,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    from simlab.report.screen_words import careful, headline

    for line in (headline(found), *careful(found)):
        out.print(line, markup=False)
    out.print(f"\nReport: {Path(found.manifest['folder']) / 'report.html'}", markup=False)


@app.command()
def rollout(
    what: Annotated[
        list[str], typer.Argument(help="An experiment file, or two scenarios: today's and the new one.")
    ],
    set_: Set = [],  # noqa: B006
    tests: Annotated[int | None, typer.Option(min=8, max=10_000, help="Simulated tests.")] = None,
    threads: Threads = None,
    out_: Out = Path("results"),
    again: Again = False,
) -> None:
    """Plan the smallest live test that would confirm a strategy; writes report.html, plots and tables."""
    from simlab import questions

    found, folder = questions.rollout(
        *what, overrides=set_, tests=tests, threads=threads, out=out_, again=again,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    from simlab.report.rollout_page import careful, headline

    for line in (headline(found), *careful(found)):
        out.print(line, markup=False)
    out.print(f"\nReport: {folder / 'report.html'}", markup=False)


@app.command()
def tune(
    experiment: Experiment,
    set_: Set = [],  # noqa: B006
    trials: Annotated[int | None, typer.Option(min=2, max=100_000, help="Strategies to try.")] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql://... for several workers on one study.")
    ] = None,
    threads: Threads = None,
    dask: Dask = None,
    budget: Budget = None,
    out_: Out = Path("results"),
    again: Again = False,
) -> None:
    """Search for the best strategy; writes report.html and best.yaml."""
    from simlab import questions

    found = questions.tune(
        experiment, set_, trials=trials, storage=storage, threads=threads, dask=dask, budget=budget, out=out_,
        again=again, command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    if found is None:
        return
    from simlab.report.tune_words import first_screen

    out.print(first_screen(found).text(), markup=False)
    out.print(f"\nReport: {Path(found.manifest['folder']) / 'report.html'}", markup=False)


@app.command()
def fit(
    log: Annotated[
        Path, typer.Argument(help="Log of orders: CSV or Parquet with customer, date and amount.")
    ],
    customer: Annotated[str, typer.Option(help="Column of the customer.")] = "customer",
    date: Annotated[str, typer.Option(help="Column of the date.")] = "date",
    amount: Annotated[str, typer.Option(help="Column of the amount.")] = "amount",
    date_format: Annotated[
        str | None, typer.Option(help="Such as %d/%m/%Y; else YYYY-MM-DD or YYYYMMDD.")
    ] = None,
    separator: Annotated[str, typer.Option(help="Between the cells.")] = ",",
    refunds: Annotated[Refunds, typer.Option(help="What to do with negative amounts.")] = Refunds.refuse,
    duplicates: Annotated[Duplicates, typer.Option(help="What to do with more than 5 % repeated lines.")] = (
        Duplicates.refuse
    ),
    calibrate_until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last date used for fitting.")
    ] = None,
    start_from_log: Annotated[
        bool, typer.Option(help="Also write today's customers and a strategy.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="Name of the scenario.")] = None,
    out_: Annotated[Path | None, typer.Option("--out", help="Folder to write.")] = None,
    prospects: Annotated[int | None, typer.Option(min=0, help="People around today's customers.")] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Simulated worlds to hold the log against.")
    ] = 20,
    plain: Annotated[bool, typer.Option("--plain", help="No loyal core.")] = False,
    margin: Annotated[float, typer.Option(min=0.0, max=1.0, help="Contribution margin, a share.")] = 0.5,
    horizon: Annotated[int, typer.Option(min=1, max=3650, help="Days to look ahead from today.")] = 365,
    yuan: Annotated[
        float, typer.Option(min=1e-6, max=1e6, help="Yuan per unit of the log's currency.")
    ] = 1.0,
    salt: Annotated[str | None, typer.Option(help="Secret text for the pseudonyms.")] = None,
    threads: Threads = None,
) -> None:
    """Fit a log of orders: writes a scenario, today's customers, and a page of actual against simulated."""
    from simlab import verbs

    result = verbs.fit(
        log, customer=customer, date=date, amount=amount, date_format=date_format, separator=separator,
        refunds=refunds.value, duplicates=duplicates.value, calibrate_until=calibrate_until,
        start_from_log=start_from_log, name=name, out=out_, prospects=prospects, seeds=seeds, core=not plain,
        margin=margin, horizon=horizon, yuan=yuan, salt=salt, threads=threads,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    for note in result.notes:
        out.print(f"Note: {note}", markup=False)
    out.print(f"\nPage: {Path(result.folder) / 'fit.html'}", markup=False)
    for path in result.files.values():
        if path.suffix == ".yaml":
            out.print(f"Scenario: {path}", markup=False)


@app.command()
def check(
    scenario: Scenario,
    set_: Set = [],  # noqa: B006
    full: Annotated[
        bool, typer.Option("--full", help="40 seeds of each world instead of 8 small ones.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(min=2, max=1000, help="Seeds of each world, instead.")] = None,
    only: Annotated[
        list[str], typer.Option(metavar="LAW", help="Only this law: --only L14 --only L20.")
    ] = [],  # noqa: B006
    threads: Threads = None,
    out_: Out = Path("results"),
    again: Again = False,
) -> None:
    """Hold a scenario against the published laws about customers; writes report.html and check.json."""
    from simlab import checking

    found = checking.check(
        scenario, set_, full=full, seeds=seeds, only=only, threads=threads, out=out_, again=again,
        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err),
    )  # fmt: skip
    from simlab.report.check_page import careful, headline, table

    Console(highlight=False, width=None if out.is_terminal else 140).print(table(found))
    out.print(f"\n{headline(found)}", markup=False)
    for line in careful(found):
        out.print(f"- {line}", markup=False)
    out.print(f"\nReport: {Path(found.manifest['folder']) / 'report.html'}", markup=False)


@app.command()
def explain(
    scenario: Scenario,
    user: Annotated[int, typer.Option(min=0, help="Number of the user (members come first, from 0).")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world.")] = 1,
    set_: Set = [],  # noqa: B006
    first: Annotated[int | None, typer.Option(help="First day to show (1: valuation date).")] = None,
    last: Annotated[int | None, typer.Option(help="Last day to show.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show days without an event, too.")] = False,
) -> None:
    """One user's days: what arrived, each probability, draw and outcome."""
    from simlab.lab.explain import explain as explain_user
    from simlab.scenario import load

    for line in explain_user(load(scenario, set_).scenario, user, seed, first, last, all_).lines():
        out.print(line, markup=False)


show = typer.Typer(no_args_is_help=True, help="Draw who moved: streams between stages, or the graph itself.")
app.add_typer(show, name="show")
OnDays = Annotated[
    str | None,
    typer.Option("--days", metavar="A,B,C", help="Days to show, 0 to the horizon; by default quarters."),
]


@show.command()
def flows(
    scenario: Scenario, set_: Set = [], days: OnDays = None,  # noqa: B006
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeded worlds; the streams are their mean.")] = 4,
    threads: Threads = None, out_: Out = Path("results"), again: Again = False,
) -> None:  # fmt: skip
    """Stages on chosen days, and the streams of people between them."""
    _show("flows", scenario, set_, days, seeds=seeds, threads=threads, out=out_, again=again)


@show.command()
def graph(
    scenario: Scenario, set_: Set = [], days: OnDays = None,  # noqa: B006
    user: Annotated[int | None, typer.Option(min=0, help="Whose neighbourhood; by default the best inviter's.")] = None,
    out_: Out = Path("results"), again: Again = False,
) -> None:  # fmt: skip
    """A neighbourhood of the graph on chosen days: stages, invitations, groups."""
    _show("graph", scenario, set_, days, seeds=1, user=user, out=out_, again=again)


def _show(view: str, scenario: str, overrides: list[str], days: str | None, **options: Any) -> None:
    from simlab import verbs
    from simlab.scenario import InputError, Problem

    try:
        chosen = [int(day) for day in days.split(",")] if days is not None else None
    except ValueError:
        raise InputError(
            Problem("--days", "not a list of days", "Write --days 0,90,365", value=str(days))
        ) from None
    folder = verbs.show(scenario, overrides, views=(view,), days=chosen,
                        command=shlex.join(["simlab", *sys.argv[1:]]), progress=Bar(err), **options)  # fmt: skip
    out.print(f"Pictures: {folder / 'plots' / f'{view}.png'}\nReport: {folder / 'report.html'}", markup=False)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The scenario file to write.")],
    base: Annotated[str, typer.Option(help="A shipped scenario, or a file, to stand on.")] = "default",
    with_: Annotated[list[str], typer.Option("--with", metavar="MECHANISM",
                                             help="A mechanism of the library; may be repeated.")] = [],  # noqa: B006
    name: Annotated[str, typer.Option(help="Name of the scenario; by default that of the file.")] = "",
) -> None:  # fmt: skip
    """Write a scenario made of a base and mechanisms of the library."""
    from simlab.scenario.compose import new as write_new

    made = write_new(file, base, with_, name)
    for clash in made.clashes:
        err.print(f"Note: {clash}", markup=False)
    out.print(f"Written: {made.file}\nNext: simlab run {shlex.quote(str(made.file))}", markup=False)


@app.command()
def library(
    words: Annotated[list[str], typer.Argument(help="Words to find, in English or Chinese.")] = [],  # noqa: B006
    primitive: Annotated[
        str | None, typer.Option(help="Only mechanisms made with this: rule, touch ...")
    ] = None,
    show: Annotated[
        str | None, typer.Option(metavar="NAME", help="Print the file of this mechanism.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List, find and show the mechanisms that a scenario can include."""
    from simlab import shelf

    if show is not None:
        print(shelf.text(show), end="")
    elif json_:
        print(shelf.as_json(" ".join(words), primitive))
    else:
        for line in shelf.lines(" ".join(words), primitive):
            out.print(line)


@app.command()
def measure(
    mechanisms: Annotated[list[str], typer.Argument(help="Mechanisms of the library, or files.")],
    world: Annotated[
        str | None, typer.Option(help="Scenario to measure in; by default that of each mechanism.")
    ] = None,
    set_: Set = [],  # noqa: B006
    outcome: Annotated[str | None, typer.Option(help="Outcome to look at; by default that declared.")] = None,
    seeds: Annotated[int, typer.Option(min=2, max=100_000, help="Pairs of seeded worlds.")] = 40,
    threads: Threads = None,
) -> None:
    """What each mechanism does to a world, and that it does nothing at zero strength."""
    from simlab import shelf

    for line in shelf.measured(mechanisms, world, set_, outcome, seeds, threads, Bar(err)):
        out.print(line, markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from simlab.scenario import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def parameters() -> None:
    """Print the table of behavioural parameters: default, range, source, status."""
    from simlab.scenario import parameters_markdown

    print(parameters_markdown())


@app.command(name="list")
def list_() -> None:
    """List the scenarios that come with simlab."""
    from simlab.scenario import load, shipped_names

    for name in shipped_names():
        out.print(f"{name:24s} {load(name).scenario.description}", markup=False)


def main(arguments: list[str] | None = None) -> Any:
    """Entry point. Exit code 0: done; 1: out of memory; 2: something wrong with the input; 130: interrupted."""
    try:
        return app(args=arguments, prog_name="simlab")
    except InputError as error:
        err.print(str(error), style="red", markup=False)
        sys.exit(2)
    except MemoryError:
        err.print("Out of memory. Use fewer --threads, or a smaller population.", style="red", markup=False)
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != INTERRUPTED:  # typer makes this of Ctrl-C
            raise
        err.print("Stopped. Finished runs are kept, nothing half-written was left behind; the same command continues.",
                  markup=False)  # fmt: skip
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # else Python looks through a million objects once more before it leaves: a second


if __name__ == "__main__":
    main()
