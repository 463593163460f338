"""`simlab show`: who moved, as the engine has it; pictures and a page through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simlab.lab.ground import ground_of
from simlab.lab.moved import Scenes
from simlab.lab.scenes import watch
from simlab.report.plots.neighbourhood import PEOPLE, around, centre
from simlab.scenario import InputError, Scenario
from simlab.world.market import Market
from simlab.world.metrics import M
from tests.report.reading import stands_alone
from tests.world.worlds import BUSY

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return watch(Scenario.model_validate(BUSY), [3, 4], [0, 20, 50])


def test_streams_are_the_people_who_moved(scenes: Scenes) -> None:
    """Nobody is lost between two columns, and stocks are those of the ledger."""
    market = Market(scenes.scenario, 3, ground_of(scenes.scenario).graph).run()
    for step in (0, 1):
        assert scenes.moves(step).sum() == pytest.approx(scenes.graph.n)
    members = np.bincount(scenes.worlds[0][-1].stage, minlength=len(scenes.stages))
    assert members.tolist() == market.book.ledger[-1, ..., M.members].sum(axis=(1, 2)).tolist()
    assert np.array_equal(scenes.worlds[0][-1].inviter, market.users["inviter"])
    assert scenes.moves(0)[scenes.left, : scenes.left].sum() == 0  # nobody comes back


def test_the_neighbourhood_holds_the_invitations_of_its_centre(scenes: Scenes) -> None:
    user = centre(scenes)
    last = scenes.worlds[0][-1]
    invited = np.flatnonzero(last.inviter == user)
    assert len(invited) > 0
    assert set(invited.tolist()) <= set(around(scenes, user)) or len(invited) > PEOPLE
    assert len(around(scenes, user, 40)) == 40


def test_the_verb_draws_both_views(project: Path, simlab: Call) -> None:
    for view, more in (("flows", ("--seeds", "2")), ("graph", ("--user", "5"))):
        code, out, err = simlab("show", view, "small.yaml", "--days", "0,30,60", *more)
        assert code == 0, err
        assert f"plots/{view}.png" in out
        picture, page = (Path(line.split(": ")[1]) for line in out.strip().splitlines())
        assert picture.stat().st_size > 20_000
        assert "Who moved: Small brand" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--days", "0,x"), "not a list of days"), (("--days", "0,900"), "cannot be shown"),
     (("--days", "5"), "cannot be shown"), (("--days", "0,5", "--user", "500000"), "no such user")],
)  # fmt: skip
def test_wrong_days_and_users_are_refused(
    project: Path, simlab: Call, options: tuple[str, ...], said: str
) -> None:
    code, _, err = simlab("show", "graph", "small.yaml", *options)
    assert code == 2
    assert said in err
    assert not (project / "results").exists() or not list((project / "results").iterdir())


def test_hostile_names_stay_text(project: Path, simlab: Call) -> None:
    text = (project / "small.yaml").read_text()
    (project / "odd.yaml").write_text(text.replace("Small brand", "'<script>alert(1)</script>沉默'"))
    code, out, err = simlab("show", "flows", "odd.yaml", "--days", "0,30", "--seeds", "1")
    assert code == 0, err
    page = Path(out.strip().splitlines()[-1].removeprefix("Report: ")).read_text(encoding="utf-8")
    assert "<script>alert(1)</script>沉默" in stands_alone(page).text


def test_days_need_a_run(scenes: Scenes) -> None:
    with pytest.raises(InputError):
        watch(scenes.scenario, [1], range(20))
