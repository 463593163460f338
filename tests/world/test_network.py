"""The graph of a scenario: drawn or read, with people placed on it at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simlab.lab.ground import ground_of
from simlab.lab.runs import simulate
from simlab.scenario import InputError, load
from simlab.scenario.schema import GraphSpec
from simlab.world.graph import build, from_ends
from simlab.world.network import places, social_graph
from simlab.world.rows import ends_of


def test_places_are_a_permutation_that_the_seed_decides() -> None:
    user = places(5, 1000)
    assert sorted(user.tolist()) == list(range(1000))
    assert not np.array_equal(user, places(6, 1000))


def test_placing_changes_names_and_nothing_else() -> None:
    graph = build("communities", 2000, 8.0, seed=3)
    user = places(3, 2000)
    placed = build("communities", 2000, 8.0, seed=3, user=user)
    assert from_ends(2000, ends_of(graph), user, graph.community).digest() == placed.digest()
    assert sorted(placed.degrees.tolist()) == sorted(graph.degrees.tolist())
    assert np.bincount(placed.community).tolist() == np.bincount(graph.community).tolist()
    for node in (0, 7, 1999):
        row = placed.neighbours(node)
        assert (np.diff(row) > 0).all()
        assert all(node in placed.neighbours(int(friend)) for friend in row)
    same = np.mean(
        [placed.community[i] == placed.community[j] for i in range(300) for j in placed.neighbours(i)]
    )
    assert same > 0.7  # friends are still mostly of one community
    first = placed.community[:200]
    assert len(np.unique(first)) > 5  # but neighbours in memory are not


@pytest.mark.parametrize(
    "kind", ["communities", "watts_strogatz", "barabasi_albert", "configuration", "none"]
)
def test_every_kind_of_a_file_can_be_run(kind: str) -> None:
    scenario = load("default", [f"graph.kind={kind}", "population.members=100", "population.prospects=200",
                                "horizon=20", "warmup.days=0"]).scenario  # fmt: skip
    ground = ground_of(scenario)
    assert ground.graph.n == 300
    assert simulate(scenario, 1, ground).failure == ""


def test_an_edge_list_is_read_and_people_without_friends_are_kept(tmp_path: Path) -> None:
    (tmp_path / "friends.csv").write_text("source,target\n" + "\n".join(f"a{i},a{i + 1}" for i in range(50)))
    (tmp_path / "mine.yaml").write_text(
        "extends: default\nname: Mine\nhorizon: 20\nwarmup: {days: 0}\n"
        "population: {members: 40, prospects: 60}\ngraph: {kind: file, file: friends.csv}\n"
    )
    scenario = load(tmp_path / "mine.yaml").scenario
    ground = ground_of(scenario)
    assert ground.graph.n == 100
    assert ground.graph.n_links == 50
    assert simulate(scenario, 1, ground).failure == ""


def test_more_people_in_the_list_than_in_the_population(tmp_path: Path) -> None:
    path = tmp_path / "friends.csv"
    path.write_text("source,target\n" + "\n".join(f"a{i},a{i + 1}" for i in range(50)))
    with pytest.raises(InputError, match="51 people"):
        social_graph(GraphSpec(kind="file", file=str(path)), 50)
