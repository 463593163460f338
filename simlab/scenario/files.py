"""From a scenario file to a checked, resolved scenario: `extends`, `include`, overrides, digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simlab.scenario import brand_file, places
from simlab.scenario.changes import check_changes
from simlab.scenario.digest import DATA_PATHS, data_digests, scenario_digest
from simlab.scenario.errors import Fault, InputError, Problem, did_you_mean
from simlab.scenario.layers import assign, complete, merge
from simlab.scenario.names import printable
from simlab.scenario.paths import split
from simlab.scenario.problems import locate, problem_at
from simlab.scenario.schema import Scenario
from simlab.scenario.unknowns import check_uncertainties, check_warmup, read_units
from simlab.scenario.values import validate
from simlab.scenario.yaml_lines import Mark, Node, node_of, parse_text, read_mapping, shorten

MAX_DEPTH = 10
MAX_FILES = 100
NOT_MERGED = ("extends", "include", places.MECHANISM)
"""Keys of a file that say something about the file, and nothing of the scenario."""


@dataclass(frozen=True)
class Loaded:
    """A scenario that has been read and checked.

    Attributes:
        scenario: the resolved scenario; its data files are absolute paths.
        resolved: the same as plain JSON-able data.
        digest: sha256 (hex) of what it says; see `simlab.scenario.digest`.
        sources: the scenario files read, base first, as shown in messages.
        data: sha256 of the data files, by path in the scenario.
        overrides: the overrides applied, as given.
        file: the file as the user named it.
    """

    scenario: Scenario
    resolved: dict[str, Any]
    digest: str
    sources: tuple[str, ...]
    data: dict[str, str]
    overrides: tuple[str, ...]
    file: str


def load(path: str | Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read, put together and check a scenario.

    Args:
        path: a .yaml file, or the name of a shipped scenario such as ``default``.
        overrides: ``levers.push.active.per_week=3`` and so on, applied in order on top of the file.

    Raises:
        InputError: anything wrong with the files or overrides, each problem with its place and cure.
    """
    reader = _Reader()
    tree = reader.start(str(path))
    for text in overrides:
        tree = _override(tree, text)
    return _loaded(reader, tree, overrides, str(path))


def compose(
    base: str | Path, pieces: Sequence[tuple[Path, str]], *, under: Mapping[str, Node] | None = None,
    over: Mapping[str, Node] | None = None, overrides: Sequence[str] = (),
) -> Loaded:  # fmt: skip
    """A scenario with files laid over it, as `include` in a file that extends it would.

    Args:
        base: as for `load`.
        pieces: (file, as it is named in messages) of each piece, in order.
        under, over: values by path, set below the pieces and on top of them.
        overrides: as for `load`, on top of all.

    Raises:
        InputError: anything wrong with the files or values, each problem with its place and cure.
    """
    reader = _Reader()
    tree = complete(reader.start(str(base)))
    tree = _assigned(tree, under or {})
    for file, shown in pieces:
        tree = reader.piece(file, shown, tree)
    tree = _assigned(tree, over or {})
    for text in overrides:
        tree = _override(tree, text)
    return _loaded(reader, tree, overrides, str(base))


def load_text(text: str, path: Path) -> Loaded:
    """What `load` would return if `path` held `text`."""
    reader = _Reader()
    return _loaded(reader, reader.text(text, path), (), str(path))


def _loaded(reader: _Reader, tree: Node, overrides: Sequence[str], file: str) -> Loaded:
    tree = reader.resolve_data(tree)
    scenario = _checked(tree)
    data = data_digests(scenario)
    return Loaded(scenario, scenario.model_dump(mode="json"), scenario_digest(scenario, data),
                  tuple(reader.sources), data, tuple(overrides), file)  # fmt: skip


def _assigned(tree: Node, values: Mapping[str, Node]) -> Node:
    for path, node in values.items():
        try:
            tree = assign(tree, split(path), node)
        except Fault as fault:
            raise InputError(
                Problem(node.mark.file, fault.message, fault.cure, node.mark.line, path)
            ) from None
    return tree


def apply(loaded: Loaded, change: str | Mapping[str, Node], where: tuple[str, ...] = ()) -> Loaded:
    """A loaded scenario with one override ("path=value"), or with values by path that a file holds at `where`.

    Raises:
        InputError: a path that does not exist, or a value that its field does not allow.
    """
    tree = node_of(loaded.resolved, Mark(loaded.file))
    if isinstance(change, str):
        tree = _override(tree, change)
    else:
        for path, node in change.items():
            try:
                if path in (*DATA_PATHS, "brand"):
                    raise Fault("a data file is named in the scenario", "Write it into the scenario file.")
                tree = assign(tree, split(path), node)
            except Fault as fault:
                place = (node.mark.line, ".".join((*where, path)))
                raise InputError(Problem(node.mark.file, fault.message, fault.cure, *place)) from None
    scenario = _checked(_Reader().resolve_data(tree) if isinstance(change, str) else tree)
    data = data_digests(scenario)
    overrides = (*loaded.overrides, change) if isinstance(change, str) else loaded.overrides
    return replace(loaded, scenario=scenario, resolved=scenario.model_dump(mode="json"), data=data,
                   digest=scenario_digest(scenario, data), overrides=overrides)  # fmt: skip


def _checked(tree: Node) -> Scenario:
    """`validate`, and the checks of paths inside the scenario; units in them are made canonical."""
    tree, wrong = read_units(tree)
    seen = {problem.where for problem in wrong}
    try:
        scenario = validate(tree)
    except InputError as error:
        raise InputError(*wrong, *(p for p in error.problems if p.where not in seen)) from None
    wrong += check_uncertainties(scenario, tree)
    levers, more = check_warmup(scenario, tree)
    if wrong or more:
        raise InputError(*wrong, *more)
    scenario, wrong = check_changes(scenario, tree)
    if wrong:
        raise InputError(*wrong)
    warmup = scenario.warmup.model_copy(update={"levers": levers})
    return scenario.model_copy(update={"warmup": warmup})


def _override(tree: Node, text: str) -> Node:
    mark = Mark(f"--set {printable(text, 100)}")
    path, equals, written = text.partition("=")
    try:
        if not equals or not path.strip():
            raise Fault("this is not an override", "Write path=value: levers.push.active.per_week=3.")
        if not written.strip():
            raise Fault("the value is missing", "Write a value after '=', or null for none.")
        try:
            value = parse_text(written, mark.file)
        except InputError as error:
            raise Fault(
                error.problems[0].message.replace("the file", "the value"), "Quote the value."
            ) from None
        if value is None:
            raise Fault("the value is missing", "Write a value after '=', or null for none.")
        return assign(tree, split(path), _moved(value, mark))
    except Fault as fault:
        raise InputError(Problem(mark.file, fault.message, fault.cure)) from None


def _moved(node: Node, mark: Mark) -> Node:
    """`node` as if all of it stood at `mark`."""
    if isinstance(node.value, dict):
        value: Any = {key: _moved(child, mark) for key, child in node.value.items()}
    elif isinstance(node.value, list):
        value = [_moved(child, mark) for child in node.value]
    else:
        value = node.value
    return Node(value, mark, node.text, dict.fromkeys(node.keys, mark))


@dataclass
class _Reader:
    """Follows `extends` and `include`, and keeps what was read."""

    sources: list[str] = field(default_factory=list)
    folders: dict[str, tuple[Path, Path]] = field(default_factory=dict)
    """Folder and root of each file, by the name shown in messages."""
    chain: list[Path] = field(default_factory=list)
    count: int = 0

    def start(self, text: str) -> Node:
        path = Path(text)
        named = places.shipped(text)
        if named is not None and not path.is_file():
            return self._file(named.resolve(), places.shipped_folder().resolve(), places.display(named))
        if path.suffix.lower() not in places.SCENARIO_SUFFIXES:
            hint = did_you_mean(text, places.shipped_names())
            listed = ", ".join(places.shipped_names()[:20])
            cure = f"{hint} Name a .yaml file, or a shipped scenario: {listed}.".strip()
            raise InputError(Problem(text, "this is not a scenario file", cure))
        try:
            real, root = path.resolve(), places.project_root(path)
        except (OSError, ValueError, RuntimeError):
            raise InputError(
                Problem(text, "the file cannot be found", "Check the name and the folder.")
            ) from None
        return self._file(real, root, text)

    def text(self, text: str, path: Path) -> Node:
        """`text` as the file at `path`, which need not be there yet."""
        own = parse_text(text, str(path))
        if own is None or not isinstance(own.value, dict):
            raise InputError(
                Problem(str(path), "expected a mapping at the top level", "Write `extends: default`.")
            )
        return self._file(path.resolve(), places.project_root(path), str(path), own=own)

    def piece(self, file: Path, shown: str, below: Node) -> Node:
        """The file laid over `below`, as an included one."""
        real, shipped = file.resolve(), places.shipped_folder().resolve()
        root = shipped if real.is_relative_to(shipped) else places.project_root(file)
        return self._file(real, root, shown, below, piece=True)

    def _file(
        self, real: Path, root: Path, shown: str, below: Node | None = None, piece: bool = False,
        own: Node | None = None,
    ) -> Node:  # fmt: skip
        """The file at `real` laid over `below`, with all that it extends and includes.

        Args:
            piece: it is included, so it stands on what is there and must not extend anything itself.
            own: what it says, if that is known.
        """
        self.count += 1
        self.folders[shown] = (real.parent, root)
        own = own or read_mapping(real, shown)
        if places.MECHANISM in own.value and not piece:
            fault = Fault(
                "this is a mechanism, not a scenario",
                f"Include it in one: `simlab new my.yaml --with {real.stem}`, or `include: [...]`.",
            )
            raise InputError(problem_at(fault, own, (places.MECHANISM,)))
        self.chain.append(real)
        tree = below
        if "extends" in own.value:
            if piece:
                fault = Fault(
                    "an included file cannot extend another", "Put `extends:` into the scenario itself."
                )
                raise InputError(problem_at(fault, own, ("extends",)))
            tree = complete(self._follow(own, ("extends",), own.value["extends"]))
        files = own.value.get("include", Node([], own.mark))
        if not isinstance(files.value, list):
            raise InputError(
                problem_at(Fault("expected a list", "Write include: [a.yaml, b.yaml]."), own, ("include",))
            )
        for index, name in enumerate(files.value):
            tree = self._follow(own, ("include", index), name, tree, piece=True)
        self.chain.pop()
        if shown not in self.sources:
            self.sources.append(shown)
        keys = {key: mark for key, mark in own.keys.items() if key not in NOT_MERGED}
        adds = places.MECHANISM in own.value
        return merge(tree, Node({key: own.value[key] for key in keys}, own.mark, keys=keys), adds=adds)

    def _follow(
        self,
        own: Node,
        where: tuple[str | int, ...],
        name: Node,
        below: Node | None = None,
        piece: bool = False,
    ) -> Node:
        """The file that `own` names at `where`, laid over `below`."""
        folder, root = self.folders[own.mark.file]
        try:
            real, root = places.reach(name.value, folder, root, places.SCENARIO_SUFFIXES)
            if real in self.chain:
                ring = " -> ".join(p.name for p in [*self.chain[self.chain.index(real) :], real])
                raise Fault(f"the files go in a circle ({ring})", "Remove one of these references.")
            if len(self.chain) >= MAX_DEPTH:
                raise Fault(f"more than {MAX_DEPTH} files deep", "Extend or include fewer files of files.")
            if self.count >= MAX_FILES:
                raise Fault(f"more than {MAX_FILES} files", "Include fewer files.")
        except Fault as fault:
            raise InputError(problem_at(fault, own, where)) from None
        return self._file(real, root, places.display(real), below, piece)

    def resolve_data(self, tree: Node) -> Node:
        """`tree` with the data files it names as absolute paths."""
        for path in DATA_PATHS:
            node, mark = locate(tree, split(path))
            if node is None or node.value is None:
                continue
            here = Path.cwd()
            try:
                if mark.file in self.folders:
                    folder, root = self.folders[mark.file]
                    real, _ = places.reach(node.value, folder, root, places.DATA_SUFFIXES)
                else:  # typed on the command line: the user may name any file, as for the scenario itself
                    typed = Path(str(node.value)).absolute()
                    real, _ = places.reach(typed.name, typed.parent, Path(here.anchor), places.DATA_SUFFIXES)
            except Fault as fault:
                raise InputError(problem_at(fault, tree, path)) from None
            tree = assign(tree, split(path), Node(str(real), mark, shorten(node, 200)))
        return self._resolve_brand(tree)

    def _resolve_brand(self, tree: Node) -> Node:
        node, mark = locate(tree, ("brand",))
        if node is None or node.value is None:
            return tree
        try:
            if mark.file in self.folders:
                found = brand_file.find(node.value, *self.folders[mark.file])
            else:  # typed on the command line, or resolved before
                file, colon, name = str(node.value).rpartition(":")
                typed = Path(file).absolute()
                found = brand_file.find(f"{typed.name}{colon}{name}", typed.parent, Path(Path.cwd().anchor))
        except Fault as fault:
            raise InputError(problem_at(fault, tree, ("brand",))) from None
        return assign(tree, ("brand",), Node(found, mark, shorten(node, 200)))
