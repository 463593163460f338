"""The social graph: always a proper graph, always the same graph, and shaped as promised."""

from __future__ import annotations

import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlab.scenario.errors import InputError
from simlab.world import graph as kinds
from simlab.world.graph import Graph, build
from simlab.world.graph_measures import clustering, degree_tail, giant_share, inside_share
from simlab.world.rows import rows_from_ends

RANDOM_KINDS = ["communities", "watts_strogatz", "barabasi_albert", "configuration"]

# Refreshed only with a deliberate change of the model: these bytes name stored results.
GOLDEN = {
    "communities": "2dd50f915ec76e328017ba84afbce0eb",
    "watts_strogatz": "916bd346b6c1492b3d7c6a08a2e893d7",
    "barabasi_albert": "8ee8d90c1175c45b3b7bcb235e148a09",
    "configuration": "2e5d912b1ef07c3d61f0f80386c3ac77",
    "empty": "92ff9e5ce3841389e9cc147c48f21adc",
}


def assert_proper(graph: Graph) -> None:
    """Rows sorted, without loops or double links, and each link known at both ends."""
    source = np.repeat(np.arange(graph.n), graph.degrees)
    target = graph.indices.astype(np.int64)
    key = source * graph.n + target
    assert np.all(np.diff(key) > 0)  # sorted rows, no double link
    assert np.all(source != target)
    assert np.array_equal(np.sort(target * graph.n + source), key)
    assert graph.indptr.dtype == np.int64
    assert graph.indices.dtype == graph.community.dtype == np.int32


@pytest.mark.parametrize("kind", GOLDEN)
def test_golden_bytes(kind: str) -> None:
    assert build(kind, 2000, 8.0, seed=7).digest() == GOLDEN[kind]


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(RANDOM_KINDS),
    n=st.integers(4, 400),
    share=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**63 - 1),
)
def test_any_graph_is_proper_and_reproducible(kind: str, n: int, share: float, seed: int) -> None:
    low, high = (2.0, n / 2) if kind == "barabasi_albert" else (0.0, (n - 1) // 2 * 2.0)
    mean_degree = low + share * (high - low)
    graph = build(kind, n, mean_degree, seed)
    assert graph.n == n
    assert_proper(graph)
    assert graph.digest() == build(kind, n, mean_degree, seed).digest()
    assert np.all(np.diff(graph.community) >= 0)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(20, 3000),
    mean_degree=st.floats(1.0, 300.0),
    size=st.floats(4.0, 500.0),
    inside=st.floats(0.0, 1.0),
    tail=st.floats(2.3, 6.0),
    seed=st.integers(0, 1000),
)
def test_communities_have_the_mean_degree(
    n: int, mean_degree: float, size: float, inside: float, tail: float, seed: int
) -> None:
    mean_degree = min(mean_degree, n / 20)
    graph = kinds.communities(n, mean_degree, size, inside, tail, seed)
    assert_proper(graph)
    asked = n * mean_degree / 2
    assert abs(graph.n_links - asked) < 0.03 * asked + 3  # a few links cannot be halved


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_another_seed_is_another_graph(kind: str) -> None:
    digests = {build(kind, 500, 6.0, seed).digest() for seed in range(5)}
    assert len(digests) == 5


@pytest.fixture(scope="module")
def village() -> Graph:
    return build("communities", 20_000, 10.0, seed=1)


def test_friends_of_friends_are_friends(village: Graph) -> None:
    assert 0.30 < clustering(village) < 0.50
    assert clustering(village, sample=4000, seed=3) == pytest.approx(clustering(village), abs=0.03)


def test_most_links_stay_in_the_community_and_yet_everybody_is_reached(village: Graph) -> None:
    assert inside_share(village) == pytest.approx(0.8, abs=0.01)
    assert inside_share(build("communities", 20_000, 10.0, seed=1, inside=0.5)) == pytest.approx(
        0.5, abs=0.01
    )
    assert giant_share(village) > 0.99


@pytest.mark.parametrize("tail", [2.5, 3.0])
def test_hubs_follow_the_asked_power_law(tail: float) -> None:
    graph = build("communities", 20_000, 10.0, seed=2, tail=tail)
    assert degree_tail(graph, 12) == pytest.approx(tail, abs=0.15)
    assert graph.degrees.max() > 300


def test_communities_are_unequal_and_contiguous(village: Graph) -> None:
    sizes = np.bincount(village.community)
    assert np.all(np.diff(village.community) >= 0)
    assert sizes.mean() == pytest.approx(150, rel=0.01)
    assert sizes.min() >= 40
    assert sizes.max() > 4 * sizes.mean()


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_hubs_are_scattered_over_the_ids(kind: str) -> None:
    graph = build(kind, 20_000, 10.0, seed=4)
    # the correlation has standard deviation 1 / sqrt(n) = .007; 4 of them are exceeded once in 1e4
    assert abs(np.corrcoef(np.arange(graph.n), np.log(graph.degrees))[0, 1]) < 0.028


def ks_distance(one: np.ndarray, two: np.ndarray) -> float:
    """Largest difference between two distributions of whole numbers."""
    top = int(max(one.max(), two.max())) + 1
    shares = [np.cumsum(np.bincount(x, minlength=top)) / x.size for x in (one, two)]
    return float(np.abs(shares[0] - shares[1]).max())


def networkx_degrees(network: nx.Graph) -> np.ndarray:
    return np.array([degree for _, degree in network.degree()])


def test_barabasi_albert_agrees_with_networkx() -> None:
    ours, theirs = build("barabasi_albert", 5000, 10.0, seed=5), nx.barabasi_albert_graph(5000, 5, seed=5)
    # two samples of 5000: P(distance > .045) is about 1e-4; degrees within a graph repel, not attract
    assert ks_distance(ours.degrees, networkx_degrees(theirs)) < 0.045
    assert ours.degrees.min() >= 5
    assert degree_tail(ours, 15) == pytest.approx(3.0, abs=0.25)
    assert clustering(ours) == pytest.approx(nx.average_clustering(theirs), abs=0.01)


def test_watts_strogatz_agrees_with_networkx() -> None:
    ours = build("watts_strogatz", 5000, 10.0, seed=6, rewire=0.2)
    theirs = nx.watts_strogatz_graph(5000, 10, 0.2, seed=6)
    assert ours.n_links == theirs.number_of_edges() == 25_000
    assert ks_distance(ours.degrees, networkx_degrees(theirs)) < 0.045
    assert clustering(ours) == pytest.approx(nx.average_clustering(theirs), abs=0.015)


def test_a_ring_without_moved_links_is_the_ring() -> None:
    graph = build("watts_strogatz", 10, 4.0, seed=1, rewire=0.0)
    assert graph.neighbours(0).tolist() == [1, 2, 8, 9]
    assert clustering(graph) == pytest.approx(0.5)


def test_given_degrees_are_kept_but_for_erased_links() -> None:
    wanted = kinds.power_law_degrees(20_000, 10.0, 2.7, seed=8)
    graph = kinds.configuration(wanted, seed=8)
    assert wanted.sum() == 200_000
    assert np.all(graph.degrees <= wanted)
    assert graph.mean_degree > 9.9
    assert degree_tail(graph, 15) == pytest.approx(2.7, abs=0.15)
    assert kinds.configuration([2, 2, 2, 0], seed=1).degrees[3] == 0


def test_measures_agree_with_networkx(village: Graph) -> None:
    small = build("communities", 600, 6.0, seed=9, community_size=40)
    network = nx.Graph([(i, int(j)) for i in range(small.n) for j in small.neighbours(i)])
    network.add_nodes_from(range(small.n))
    assert clustering(small) == pytest.approx(nx.average_clustering(network), rel=1e-12)
    assert giant_share(small) == max(map(len, nx.connected_components(network))) / small.n


def test_nobody_knows_anybody() -> None:
    for graph in (
        kinds.empty(3),
        build("empty", 3),
        build("communities", 3, 0.0),
        kinds.configuration([0] * 3),
    ):
        assert (graph.n, graph.n_links, graph.mean_degree, graph.n_communities) == (3, 0, 0.0, 1)
        assert clustering(graph) == 0.0
        assert giant_share(graph) == pytest.approx(1 / 3)
    assert kinds.empty(0).mean_degree == giant_share(kinds.empty(0)) == clustering(kinds.empty(0)) == 0.0
    assert np.isnan(degree_tail(kinds.empty(3), 1))
    assert np.isnan(inside_share(kinds.empty(3)))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
@settings(max_examples=40, deadline=None)
def test_rows_hold_every_link_once(pairs: list[tuple[int, int]]) -> None:
    ends = np.array(pairs, np.int32).ravel()
    indptr, indices, loops, duplicates = rows_from_ends(10, ends)
    graph = Graph(indptr, indices, np.zeros(10, np.int32))
    assert_proper(graph)
    links = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    assert {(i, int(j)) for i in range(10) for j in graph.neighbours(i) if i < j} == links
    assert loops == sum(a == b for a, b in pairs)
    assert graph.n_links + loops + duplicates == len(pairs)


def test_a_hub_row_is_sorted_too() -> None:
    leaves = np.random.default_rng(1).permutation(np.arange(1, 5001)).astype(np.int32)
    indptr, indices, _, _ = rows_from_ends(5001, np.stack([np.zeros(5000, np.int32), leaves], 1).ravel())
    assert indices[: indptr[1]].tolist() == list(range(1, 5001))


def test_a_graph_is_shared_read_only_and_survives_pickling(village: Graph) -> None:
    again = pickle.loads(pickle.dumps(village))
    assert again.digest() == village.digest()
    for array in (village.indices, again.indices, again.indptr, again.community):
        assert not array.flags.writeable
    assert village.nbytes == 8 * (village.n + 1) + 4 * village.indices.size + 4 * village.n
    with pytest.raises(ValueError, match="read-only"):
        village.indices[0] = 1
    with pytest.raises(ValueError, match="indptr"):
        Graph(np.zeros(3, np.int64), np.zeros(4, np.int32), np.zeros(2, np.int32))


@pytest.mark.parametrize(
    ("kind", "n", "mean_degree", "options", "word"),
    [
        ("small_world", 100, 4, {}, "watts_strogatz"),
        ("communities", -1, 4, {}, "n:"),
        ("communities", 10.5, 4, {}, "n:"),
        ("communities", 100, 100, {}, "mean_degree"),
        ("communities", 100, float("nan"), {}, "mean_degree"),
        ("communities", 100, "many", {}, "mean_degree"),
        ("communities", 100, 4, {"tail": 1.5}, "tail"),
        ("communities", 100, 4, {"inside": 1.2}, "inside"),
        ("communities", 100, 4, {"community_size": 1}, "community_size"),
        ("communities", 100, 4, {"rewire": 0.1}, "inside"),
        ("communities", 2_000_000_000, 10, {}, "mean_degree"),
        ("barabasi_albert", 100, 1.0, {}, "mean_degree"),
        ("barabasi_albert", 100, 4, {"tail": 3.0}, "no options"),
        ("watts_strogatz", 10, 9.0, {}, "mean_degree"),
        ("watts_strogatz", 10, 4, {"rewire": -0.1}, "rewire"),
    ],
)
def test_a_wrong_option_is_named(kind: str, n: int, mean_degree: float, options: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        build(kind, n, mean_degree, seed=1, **options)


@pytest.mark.parametrize("degrees", [[1, -1], [3, 1, 1], [1.5, 2.5], [[1, 1]], ["a"]])
def test_impossible_degrees_are_refused(degrees: list) -> None:
    with pytest.raises(InputError, match="degree"):
        kinds.configuration(degrees)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, None])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    with pytest.raises(InputError, match="seed"):
        build("communities", 100, 4.0, seed=seed)
