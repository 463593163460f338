"""Whatever a scenario switches on stands in its report's table of the strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import simlab
from simlab.report.strategy import levers

LIBRARY = Path(__file__).parents[2] / "scenarios" / "library"


def told(scenario) -> dict[tuple[str, str], str]:
    """The table by subject and name."""
    return {(subject, name): text for subject, name, text in levers(simlab.load(scenario).scenario)}


DEFAULT = told("default")


def test_the_default_brand_in_words():
    assert DEFAULT["Offer", "coupon"] == "10 % off, used within 3 days; for everybody"
    assert DEFAULT["Touch", "value"] == "a value message, 0.04 yuan each"


def test_a_touch_that_only_a_rule_sends_is_told_with_its_offer():
    table = told("saas")
    assert table["Touch", "price_drop"].startswith("kind mixed, 0.04 yuan each, with watched")
    assert ("Offer", "watched") in table
    assert table["Rules", "remind"].startswith(
        "touch price_drop; who answers <= 0 and orders <= 0; clock tenure"
    )


def with_levers() -> list[str]:
    """Every file of the library that pulls a lever."""
    return [
        f.stem for f in sorted(LIBRARY.glob("*.yaml")) if yaml.safe_load(f.read_text("utf-8")).get("levers")
    ]


@pytest.mark.slow
def test_every_mechanism_of_the_library_that_is_a_lever_is_in_the_table(tmp_path):
    assert len(with_levers()) > 80
    silent = []
    for name in with_levers():
        file = tmp_path / f"{name}.yaml"
        file.write_text(f"include: [default, library/{name}]\nname: Mine\n", encoding="utf-8")
        if told(file) == DEFAULT:
            silent.append(name)
    # the default brand has the one already, and never sends the touch of the other
    assert silent == ["content-mix", "newcomer-gift"]
