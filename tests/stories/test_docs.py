"""Every command in the docs is run, as a reader would paste it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from simlab.scenario import load
from tests.readme import ROOT, blocks
from tests.stories.conftest import start

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[str]:
    lines = "".join(blocks(page)).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("simlab ")]


def test_the_readme_has_its_two_commands() -> None:
    first, second = blocks(ROOT / "README.md")[:2]
    assert "simlab run" in first
    assert "pytest" in second
    for command in (first, second):
        assert command.startswith("python3 -m venv")
        assert "\n" not in command.strip()


def test_links_between_pages_lead_somewhere() -> None:
    import re

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
    import re

    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    for n, text in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
        path = tmp_path / f"guide{n}.yaml"
        path.write_text(text, encoding="utf-8")
        assert load(path).scenario.name == "My brand"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_of_a_page(page: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "docs"
    folder.mkdir(exist_ok=True)
    for command in commands(page):
        line = command.split(" > ")[0]
        process = start(*shlex.split(line)[1:], cwd=folder)
        _, err = process.communicate(timeout=900)
        assert process.returncode == 0, f"{page.name}: {command}\n{err}"
