"""Every command in the docs is run, as a reader would paste it."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simlab.scenario import load
from tests.readme import ROOT, blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_readme_has_its_two_commands() -> None:
    first, second = blocks(ROOT / "README.md")[:2]
    assert "simlab run" in first
    assert "pytest" in second
    for command in (first, second):
        assert command.startswith("python3 -m venv")
        assert "\n" not in command.strip()


def test_links_between_pages_lead_somewhere() -> None:
    for page in [
        *PAGES,
        *sorted((ROOT / "docs").rglob("*.md")),
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
    ]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_parameter_table_is_the_one_in_the_code() -> None:
    from simlab.scenario import parameters_markdown

    page = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert parameters_markdown().strip() in page, "refresh: simlab parameters > docs/parameters.md"


def test_the_yaml_in_the_guide_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    for n, text in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
        path = tmp_path / f"guide{n}.yaml"
        path.write_text(text, encoding="utf-8")
        assert load(path).scenario.name == "My brand"


def shims(folder: Path) -> Path:
    """Commands as a reader has them, for fewer seeds, people, days and lines; what is installed stays installed."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    small = "--set population.members=300 --set population.prospects=600 --set warmup.days=10"
    fewer = {
        "run*": "--seeds 2 --worlds 0",
        "fit*": "--seeds 2",
        "measure*": "--seeds 2",
        "explain*": small,
        "show*": small,
        "compare*": f"--seeds 2 --max-seeds 2 --worlds 0 --set horizon=10 {small}",
        "tune*cdnow*": "--trials 4 --set horizon=10",
        "tune*": f"--trials 4 --set horizon=10 {small}",
        "screen*": f"--set horizon=10 {small}",
        "rollout*": f"--tests 8 {small}",
        "check*": f"--seeds 2 --only L14 {small}",
    }
    more = (
        'case "$*" in ' + " ".join(f'{verb}) set -- "$@" {less};;' for verb, less in fewer.items()) + " esac"
    )
    shorter = 'case "$*" in fit*cdnow.csv*) sed -i 3000q cdnow.csv;; esac'
    scripts = {
        "simlab": f'export PYTHONPATH="{ROOT}"; {shorter}; {more}; exec "{sys.executable}" -m simlab.cli "$@"',
        "python": f'exec "{sys.executable}" "$@"',
        "pip": "exit 0",
    }
    for name, body in scripts.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{body}\n")
        (bin_ / name).chmod(0o755)
    return bin_


def write_experiments(folder: Path) -> None:
    """The shipped ones, for fewer seeds and points of a design; what they ask stays as it is."""
    shutil.copytree(ROOT / "experiments", folder, dirs_exist_ok=True)
    tunes = "tune:\n  finalists: 3\n  selection_seeds: 4\n  report_seeds: 4\n  worlds: 2\n"
    for file in folder.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("tune:\n", tunes)
        text = re.sub(r"^  size: \d+\n  seeds: \d+$", "  size: 4\n  seeds: 2", text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")


def write_orders(path: Path, customers: int = 800) -> None:
    """A log of a year and a half, such as a reader might have."""
    draw = np.random.default_rng(3)
    lines = ["customer,date,amount"]
    for k in range(customers):
        day, rate, life = int(draw.integers(0, 200)), draw.gamma(0.9, 0.02), draw.exponential(400)
        begin = day
        while day < 545 and day - begin < life:
            lines.append(
                f"c{k},{datetime.date(2024, 7, 1) + datetime.timedelta(day)},{draw.gamma(4, 40):.2f}"
            )
            day += 1 + int(draw.exponential(1 / rate))
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_of_a_page(page: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "docs"
    folder.mkdir(exist_ok=True)
    write_orders(folder / "orders.csv")
    write_experiments(folder / "experiments")
    (folder / "scenarios").mkdir(
        exist_ok=True
    )  # a project, as in a checkout: experiments may name its results
    env = {**os.environ, "PATH": f"{shims(folder)}:{os.environ['PATH']}"}
    for block in blocks(page):
        if "simlab " not in block or "venv" in block:  # the README's two commands are CI's own first steps
            continue
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=env, text=True,
                              capture_output=True, timeout=1500)  # fmt: skip
        assert done.returncode == 0, f"{page.name}:\n{block}\n{done.stderr}"
