"""Experiment files with one mistake each: text, and what the message must say (place first, then words of it)."""

from __future__ import annotations

import yaml

HEAD = "name: Wrong\nscenario: tiny.yaml\n"


def tune(levers: str = "{levers.push.active.per_week: [0, 7]}", more: str = "", head: str = HEAD) -> str:
    """An experiment whose levers stand on line 4 and what is more from line 5 on."""
    return f"{head}tune:\n  levers: {levers}\n{more}"


def bomb() -> str:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    return "\n".join([*lines, tune()])


CASES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "unknown lever": (tune("{levers.push.actve.per_week: [0, 7]}"), ("line 4", "actve", "active")),
    "not a lever": (tune("{economics.margin: [10 %, 20 %]}"), ("line 4", "only levers can be searched")),
    "empty range": (tune("{levers.push.active.per_week: [3, 3]}"), ("line 4", "the range is empty")),
    "reversed range": (
        tune("{levers.push.active.per_week: [7, 0]}"),
        ("line 4", "Write the smaller end first: [0, 7]")),
    "range outside the schema": (tune("{levers.push.active.per_week: [0, 900]}"), ("line 4", "900", "between 0 and")),
    "not a number in a range": (tune("{levers.push.active.per_week: [few, many]}"), ("line 4", "few")),
    "nan in a range": (tune("{levers.push.active.per_week: [.nan, 7]}"), ("line 4", "nan")),
    "inf in a range": (tune("{levers.push.active.per_week: [0, .inf]}"), ("line 4", "inf")),
    "nan as a choice": (tune("{levers.push.active.per_week: {choices: [1, .nan]}}"), ("line 4", "nan")),
    "nan as a step": (tune("{levers.push.active.per_week: {low: 0, high: 7, step: .nan}}"), ("line 4", "step")),
    "three ends": (tune("{levers.push.active.per_week: [0, 3, 7]}"), ("line 4", "a range has two ends")),
    "a step too large": (tune("{levers.push.active.per_week: {low: 0, high: 7, step: 9}}"), ("line 4", "step")),
    "log from zero": (tune("{levers.push.active.per_week: {low: 0, high: 7, log: true}}"), ("line 4", "above 0")),
    "range and choices": (
        tune("{levers.push.active.per_week: {low: 0, high: 7, choices: [1, 2]}}"),
        ("line 4", "range or choices")),
    "a choice twice": (tune("{levers.push.active.per_week: {choices: [1, 2, 1]}}"), ("line 4", "stands twice")),
    "a choice twice in other words": (
        tune("{levers.referral.reward: {choices: [5 yuan, 5.00 yuan]}}"),
        ("line 4", "stands twice")),
    "a choice that is no value": (tune("{levers.push.active.per_week: {choices: [1, often]}}"), ("line 4", "often")),
    "wrong unit": (tune("{levers.referral.reward: [0 days, 20 days]}"), ("line 4", "days", "yuan")),
    "no levers": (tune("{}"), ("line 4", "levers")),
    "too many levers": (tune("{" + ", ".join(f"levers.x{k}: [0, 1]" for k in range(31)) + "}"), ("line 4", "levers")),
    "contradictory constraints": (
        tune(more="  constraints:\n    - k_factor <= 0.1\n    - k_factor >= 0.5\n"),
        ("line 6", "no strategy can keep k_factor <= 0.1")),
    "a constraint that is none": (tune(more="  constraints: [k_factor is small]\n"), ("line 5", "k_factor")),
    "a constraint on nothing known": (tune(more="  constraints: [happiness >= 1]\n"), ("line 5", "happiness")),
    "a constraint of nan": (tune(more="  constraints: [k_factor <= nan]\n"), ("line 5", "nan")),
    "unknown outcome": (tune(head=HEAD + "outcome: customer_equty\n"), ("line 3", "customer_equity")),
    "unknown objective": (tune(more="  objectives: {happiness: maximise}\n"), ("line 5", "happiness")),
    "unknown direction": (tune(more="  objectives: {touches: less}\n"), ("line 5", "minimise")),
    "unknown sampler": (tune(more="  sampler: bayes\n"), ("line 5", "tpe")),
    "no trials": (tune(more="  trials: 0\n"), ("line 5", "trials")),
    "half a trial": (tune(more="  trials: 10.5\n"), ("line 5", "trials")),
    "too many trials": (tune(more="  trials: 1e9\n"), ("line 5", "trials")),
    "unknown key": (tune(more="  trails: 10\n"), ("line 5", "trails", "trials")),
    "too small a design": (tune() + "screen: {size: 2}\n", ("line 5", "screen.size", "4")),
    "unknown key above": ("nam: x\n" + tune(), ("line 1", "nam", "name")),
    "racing over worlds": (
        tune(more="  racing: true\n  over: uncertainties\n"),
        ("line 5", "racing needs one objective")),
    "cma-es for two": (
        tune(more="  sampler: cmaes\n  objectives: {customer_equity: maximise, touches: minimise}\n"),
        ("line 5", "CMA-ES takes one objective")),
    "a judge without worlds": (tune(more="  judge: regret\n"), ("line 5", "sampled worlds")),
    "no name": ("scenario: tiny.yaml\ntune:\n  levers: {levers.push.active.per_week: [0, 7]}\n", ("name",)),
    "no scenario": (tune(head="name: Wrong\n"), ("scenario",)),
    "unknown scenario": (tune(head="name: Wrong\nscenario: tinny.yaml\n"), ("line 2", "tiny.yaml")),
    "a scenario elsewhere": (
        tune(head="name: Wrong\nscenario: ../../etc/passwd.yaml\n"),
        ("line 2", "leaves the project folder")),
    "a scenario by its full path": (tune(head="name: Wrong\nscenario: /etc/passwd\n"), ("line 2", "relative")),
    "a scenario that is a list": (tune(head="name: Wrong\nscenario: [tiny.yaml]\n"), ("line 2", "scenario")),
    "itself as a scenario": (tune(head="name: Wrong\nscenario: bad.yaml\n"), ("bad.yaml",)),
    "no section": (HEAD, ("there is no section 'tune'",)),
    "an empty section": (HEAD + "tune:\n", ("tune",)),
    "a section that is a list": (HEAD + "tune: [1, 2]\n", ("line 3", "tune")),
    "a scenario, not an experiment": (
        yaml.safe_dump({"extends": "default", "name": "Tiny", "population": {"members": 40}}),
        ("this is a scenario, not an experiment",)),
    "a value that the scenario refuses": (
        tune(head=HEAD + "set: {economics.margin: 150 %}\n"), ("line 3", "economics.margin")),
    "set on nothing": (tune(head=HEAD + "set: {levers.nothing: 1}\n"), ("line 3", "levers.nothing")),
    "set a data file": (tune(head=HEAD + "set: {population.base: /etc/passwd}\n"), ("line 3", "population.base")),
    "aliases of aliases": (bomb(), ("line", "expands to more than")),
    "an anchor in itself": ("a: &a [*a]\n" + tune(), ("line 1", "contains itself")),
    "code": (
        tune(head="name: !!python/object/apply:os.system [id]\nscenario: tiny.yaml\n"),
        ("line 1", "tags are not allowed")),
    "two documents": (tune() + "---\n" + tune(), ("a second document",)),
    "a key twice": (tune(more="  trials: 4\n  trials: 5\n"), ("line 6", "twice")),
    "a tab": (tune(more="\ttrials: 4\n"), ("line 5", "tab")),
    "not yaml": (tune(more="  trials: [\n"), ("bad.yaml",)),
    "html in the name": (tune(head="name: <script>alert(1)</script>\nscenario: tiny.yaml\nx: 1\n"), ("line 3", "x")),
    "a terminal's control characters in the name": (
        tune(head='name: "\\e[2J\\e[1;1Hgone"\nscenario: tiny.yaml\n'), ("line 1", "name")),
    "an endless name": (tune(head=f"name: {'x' * 5000}\nscenario: tiny.yaml\n"), ("line 1", "name")),
    "empty": ("", ("the file is empty",)),
    "a list": ("- 1\n", ("line 1", "expected a mapping")),
    "binary": (b"\x00\x01\x02", ("binary",)),
    "not UTF-8": (b"name: \xff\n", ("line 1", "UTF-8")),
}  # fmt: skip
