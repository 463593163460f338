"""The experiment in docs/compare.md loads as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from simlab.scenario.experiments import load_experiment

PAGE = Path(__file__).parents[2] / "docs" / "compare.md"


def test_the_experiment_on_the_page_loads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    file = tmp_path / "push.yaml"
    file.write_text(text, encoding="utf-8")
    question = load_experiment(file)
    assert list(question.arms) == ["current", "gentle", "deep"]
    assert question.experiment.compare is not None
    assert question.experiment.compare.precision == 2.0
    assert question.arms["deep"].levers.offers["coupon"].depth == 0.15
