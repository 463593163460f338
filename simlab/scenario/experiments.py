"""From an experiment file to a checked question: the scenario, the arms, the levers to search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from simlab.scenario import places
from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean
from simlab.scenario.experiment import Experiment, Search
from simlab.scenario.files import Loaded, apply, load
from simlab.scenario.names import printable
from simlab.scenario.paths import Spec, get_value, is_number, numbers, spec_at, split
from simlab.scenario.problems import locate, problem_at, problems_of
from simlab.scenario.schema import Scenario
from simlab.scenario.values import with_nodes
from simlab.scenario.yaml_lines import Mark, Node, node_of, parse_text, read_mapping

MOST_VALUES = 11
"""Arms beside the current strategy that one comparison takes."""
MOST_POINTS = 1_000_000
"""A stepped range with more values than this has a step that is a slip of the pen."""


@dataclass(frozen=True)
class Lever:
    """One dimension of a search.

    Attributes:
        path: dotted path in the scenario.
        kind: float, int (whole steps of the field), or choice.
        low, high: ends of the range, as the field holds them; NaN for choices.
        step: None where continuous.
        log: whether ratios are searched.
        choices: the values of a choice, as the field holds them.
        current: the scenario's own value, which may lie outside the range.
        grain: smallest difference that the field can hold (a fen); None where any number will do.
    """

    path: str
    kind: Literal["float", "int", "choice"]
    low: float = math.nan
    high: float = math.nan
    step: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    current: Any = None
    grain: float | None = None


@dataclass(frozen=True)
class Question:
    """A checked experiment.

    Attributes:
        experiment: what the file says.
        loaded: its scenario, with `set` and overrides applied.
        file: the file as the user named it.
        arms: scenario by arm, in the order of the file.
        changes: for each arm, what it changes: path -> value as the field holds it.
        levers: what `tune` searches.
        factors: levers that `screen` varies.
        against: the second strategy of `screen`.
    """

    experiment: Experiment
    loaded: Loaded
    file: str
    arms: dict[str, Scenario] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    levers: tuple[Lever, ...] = ()
    factors: tuple[Lever, ...] = ()
    against: Scenario | None = None

    @property
    def scenario(self) -> Scenario:
        """The scenario with its current strategy."""
        return self.loaded.scenario


def load_experiment(path: str | Path, overrides: Sequence[str] = ()) -> Question:
    """Read and check an experiment file.

    Args:
        overrides: changes of its scenario, as for `simlab.load`; they come after the file's `set`.

    Raises:
        InputError: everything wrong with the file, each problem with its line and cure.
    """
    file = str(path)
    if Path(file).suffix.lower() not in places.SCENARIO_SUFFIXES:
        raise InputError(Problem(file, "this is not an experiment file", "Name a .yaml file."))
    tree = read_mapping(Path(file), file)
    if is_scenario(Path(file)):
        raise InputError(Problem(file, "this is a scenario, not an experiment",
                                 "An experiment names its scenario: `scenario: this-file.yaml`, and has a "
                                 "section `compare`, `tune`, `screen` or `rollout`."))  # fmt: skip
    try:
        experiment = Experiment.model_validate(tree.plain)
    except ValidationError as error:
        raise InputError(*problems_of(error, tree, Spec(Experiment))) from None
    loaded = _scenario_of(tree, experiment, file, overrides)
    wrong: list[Problem] = []
    arms, changes = _arms(tree, loaded.scenario, wrong)
    levers = _levers(tree, ("tune", "levers"), experiment.tune, loaded.scenario, wrong)
    factors = _levers(tree, ("screen", "levers"), experiment.screen, loaded.scenario, wrong)
    against = None
    if experiment.screen is not None and experiment.screen.against is not None:
        against = _with(tree, ("screen", "against"), loaded.scenario, wrong)
    if experiment.rollout is not None:
        for side in ("control", "treatment"):
            if getattr(experiment.rollout, side):
                _with(tree, ("rollout", side), loaded.scenario, wrong)
    if experiment.tune is not None:
        wrong += _contradictions(tree, experiment, loaded.scenario)
    if wrong:
        raise InputError(*dict.fromkeys(wrong))
    return Question(experiment, loaded, file, arms, changes, levers, factors, against)


def needs(question: Question, section: str) -> None:
    """Refuse an experiment without the section that a verb wants.

    Raises:
        InputError: it is not there.
    """
    if getattr(question.experiment, section) is None:
        raise InputError(Problem(question.file, f"there is no section '{section}'",
                                 f"Add `{section}:` to this file; see docs/experiments.md."))  # fmt: skip


def is_shipped(text: str) -> bool:
    """Whether this is the name of a scenario that comes along."""
    return places.shipped(text) is not None and not Path(text).is_file()


def is_scenario(path: Path) -> bool:
    """Whether this file is a scenario rather than an experiment, by its keys; False where it cannot be read."""
    try:
        keys = read_mapping(path, str(path)).value
    except InputError:
        return False
    return "scenario" not in keys and ("extends" in keys or "population" in keys or "levers" in keys)


def vary(text: str, scenario: Scenario) -> tuple[str, dict[str, Scenario]]:
    """The path, and a scenario by value, of ``--vary levers.referral.reward=0,5,10``.

    Raises:
        InputError: not of this form, no such lever, or a value that it cannot take.
    """
    mark = Mark(f"--vary {printable(text, 100)}")
    path, equals, written = text.partition("=")
    values = [part.strip() for part in written.split(",")]
    if not equals or not path.strip() or not all(values):
        cure = "Write path=value,value,...: --vary levers.referral.reward=0,5,10"
        raise InputError(Problem(mark.file, "this is not a list of values", cure))
    if len(set(values)) != len(values):
        raise InputError(Problem(mark.file, "a value stands twice", "Name each value once."))
    if len(values) > MOST_VALUES:
        raise InputError(
            Problem(mark.file, f"{len(values)} values are too many", f"Name at most {MOST_VALUES}.")
        )
    found = {}
    for value in values:
        node = parse_text(value, mark.file)
        found[value] = with_nodes(
            scenario, {path.strip(): node_of(None if node is None else node.plain, mark)}
        )
    return path.strip(), found


def _scenario_of(tree: Node, experiment: Experiment, file: str, overrides: Sequence[str]) -> Loaded:
    """The scenario that the experiment names, with its `set` and the overrides of the command line."""
    here = Path(file)
    name = experiment.scenario
    try:
        if places.shipped(name) is not None and not (here.parent / name).is_file():
            target: str = name
        else:
            real, _ = places.reach(
                name, here.resolve().parent, places.project_root(here), places.SCENARIO_SUFFIXES
            )
            target = places.display(real)
    except Fault as fault:
        raise InputError(problem_at(fault, tree, ("scenario",))) from None
    loaded = load(target)
    entries, _ = locate(tree, ("set",))
    values = {} if entries is None else entries.value
    loaded = apply(loaded, values, ("set",))
    for text in overrides:
        loaded = apply(loaded, text)
    return loaded


def _arms(
    tree: Node, scenario: Scenario, wrong: list[Problem]
) -> tuple[dict[str, Scenario], dict[str, dict[str, Any]]]:
    arms: dict[str, Scenario] = {}
    changes: dict[str, dict[str, Any]] = {}
    node, _ = locate(tree, ("compare", "arms"))
    for name, values in node.value.items() if node is not None else ():
        found = _with(tree, ("compare", "arms", name), scenario, wrong)
        if found is None:
            continue
        for other, scenario_ in arms.items():
            if scenario_ == found and len(arms) > 1 and values.value:
                fault = Fault(f"this arm is the same as '{other}'", "Remove it, or change one of them.")
                wrong.append(problem_at(fault, tree, ("compare", "arms", name)))
        arms[name] = found
        changes[name] = {path: plain(get_value(found, path)) for path in values.value}
    return arms, changes


def _with(tree: Node, where: tuple[str, ...], scenario: Scenario, wrong: list[Problem]) -> Scenario | None:
    """The scenario with the values that stand at `where` of the file."""
    node, _ = locate(tree, where)
    assert node is not None
    for path in node.value:
        if path.partition(".")[0] in (
            "outcomes",
            "constraints",
            "uncertainties",
            "seeds",
            "name",
            "description",
        ):
            fault = Fault(
                f"'{path}' changes no world", "Name something that differs between arms, such as a lever."
            )
            wrong.append(problem_at(fault, tree, (*where, path)))
            return None
        if path in ("population.base", "graph.file"):
            fault = Fault("arms must share their data files", "Write two scenarios, and compare those.")
            wrong.append(problem_at(fault, tree, (*where, path)))
            return None
    try:
        return with_nodes(scenario, node.value)
    except InputError as error:
        wrong += error.problems
        return None


def _levers(
    tree: Node, where: tuple[str, ...], spec: Any, scenario: Scenario, wrong: list[Problem]
) -> tuple[Lever, ...]:
    found = []
    for path, search in spec.levers.items() if spec is not None else ():
        try:
            found.append(lever(scenario, path, search))
        except Fault as fault:
            wrong.append(problem_at(fault, tree, (*where, path, *fault.at)))
    return tuple(found)


def lever(scenario: Scenario, path: str, search: Search) -> Lever:
    """One dimension of a search, its values as the field holds them.

    Raises:
        Fault: no such lever, or values that it cannot take.
    """
    parts = split(path)
    if parts[0] != "levers":
        hint = did_you_mean(f"levers.{path}", [p for p in numbers(scenario) if p.startswith("levers.")])
        cure = (
            f"{hint} Name a path that begins with 'levers.'; what we do not know belongs to `uncertainties`."
        )
        raise Fault("only levers can be searched", cure.strip())
    current = get_value(scenario, path)
    spec = spec_at(parts)
    if search.choices is not None:
        values = tuple(_held(scenario, path, value, ("choices", k)) for k, value in enumerate(search.choices))
        if len({repr(v) for v in values}) < len(values):
            raise Fault("a choice stands twice", "Name each value once.", ("choices",))
        return Lever(path, "choice", choices=values, current=plain(current))
    if current is None:
        raise Fault(
            f"'{path}' is not set in this scenario", "Give it a value first, with `set:` in this file."
        )
    if not is_number(current):
        raise Fault(f"'{path}' is not a number", "Only numbers have a range; write {choices: [a, b]}.")
    low, high = (_held(scenario, path, getattr(search, end), (end,)) for end in ("low", "high"))
    if not (is_number(low) and is_number(high)):
        raise Fault("expected two numbers", "Write [low, high].")
    if high == low:
        raise Fault(
            f"the range is empty (from {low:g} to {high:g})", "Make high larger, or remove this lever."
        )
    if high < low:
        raise Fault(f"the range ends ({high:g}) below its start ({low:g})",
                    f"Write the smaller end first: [{high:g}, {low:g}].")  # fmt: skip
    whole = spec is not None and spec.type is int
    grain = spec.kind.grain if spec is not None and spec.kind is not None else None
    step = None
    if search.step is not None:
        step = _read(spec, search.step)
        if not is_number(step) or not math.isfinite(step) or step <= 0 or step > high - low:
            raise Fault(
                "the step does not fit into the range",
                "Write a step above 0 and below high - low.",
                ("step",),
            )
        if (high - low) / step > MOST_POINTS:
            raise Fault("the step is too small for this range", "Write a larger step, or none.", ("step",))
        if whole and step != int(step):
            raise Fault("this lever takes whole numbers", "Write a whole step.", ("step",))
    if search.log and low <= 0:
        raise Fault("a range of ratios must lie above 0", "Raise low above 0, or leave out log.", ("low",))
    if search.log and step is not None:
        raise Fault("log and step exclude each other", "Leave one of them out.", ("step",))
    return Lever(
        path, "int" if whole else "float", float(low), float(high), step, search.log, (), current, grain
    )


def _read(spec: Spec | None, value: Any) -> Any:
    """A value in the unit of its field."""
    if isinstance(value, str) and spec is not None and spec.kind is not None:
        return spec.kind.parse(value)
    return value


def _held(scenario: Scenario, path: str, value: Any, at: tuple[str | int, ...]) -> Any:
    """`value` as the field holds it, if the schema allows it there.

    What else a scenario must obey (caps against each other ...) may bind in a corner only and is met trial by trial.
    """
    try:
        spec = spec_at(split(path))
        read = _read(spec, value)
        if is_number(read) and spec is not None:
            below, above = spec.range()
            if (
                (below is not None and read < below)
                or (above is not None and read > above)
                or not math.isfinite(read)
            ):
                raise Fault(f"{read:g} lies outside what this lever can take",
                            f"Write numbers between {below if below is not None else '-inf'} and "
                            f"{above if above is not None else 'inf'}.")  # fmt: skip
            if spec.type is int and read != int(read):
                raise Fault(f"{read:g} is not a whole number", "This lever takes whole numbers.")
        if is_number(read):
            return read
        return plain(get_value(with_nodes(scenario, {path: node_of(value, Mark("(choice)"))}), path))
    except InputError as error:
        problem = error.problems[0]
        raise Fault(problem.message, problem.cure, at) from None
    except Fault as fault:
        raise Fault(fault.message, fault.cure, (*at, *fault.at)) from None


def plain(value: Any) -> Any:
    """A value of a scenario as JSON-able data."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return value


def _contradictions(tree: Node, experiment: Experiment, scenario: Scenario) -> list[Problem]:
    """Constraints of a tune that no strategy can meet together."""
    assert experiment.tune is not None
    own = experiment.tune.constraints
    constraints = scenario.constraints if own is None else own
    wrong = []
    for k, upper in enumerate(constraints):
        for lower in constraints:
            if (
                upper.outcome == lower.outcome
                and upper.op == "<="
                and lower.op == ">="
                and upper.limit < lower.limit
            ):
                fault = Fault(
                    f"no strategy can keep {upper.outcome} <= {upper.limit:g} and >= {lower.limit:g}",
                    "Change one of the two constraints.",
                )
                where = ("tune", "constraints", k) if own is not None else ("tune",)
                wrong.append(problem_at(fault, tree, where))
    return wrong
