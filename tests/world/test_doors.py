"""Graphs from elsewhere: what comes in is numbered the same way each time, what is wrong is explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlab.scenario.errors import InputError
from simlab.world.doors import from_networkx, read_edges, to_networkx
from simlab.world.graph import build
from simlab.world.graph_measures import clustering

FRIENDS = [("wang", "li"), ("li", "zhao"), ("zhao", "wang"), ("zhao", "chen")]


def write(path: Path, content: str | bytes | pd.DataFrame) -> Path:
    if isinstance(content, pd.DataFrame):
        content.to_parquet(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def frame(first: list, second: list, **more: list) -> pd.DataFrame:
    return pd.DataFrame({"source": first, "target": second, **more})


def test_four_friends_come_in_by_every_door(tmp_path: Path) -> None:
    lines = "source,target\n" + "".join(f"{a},{b}\n" for a, b in FRIENDS)
    nx.write_graphml(nx.Graph(FRIENDS), tmp_path / "f.graphml")
    doors = [
        read_edges(write(tmp_path / "f.csv", lines)),
        read_edges(write(tmp_path / "f.parquet", frame(*map(list, zip(*FRIENDS, strict=True))))),
        read_edges(tmp_path / "f.graphml"),
        from_networkx(nx.Graph(FRIENDS)),
        from_networkx(nx.Graph(FRIENDS[::-1])),
        from_networkx(nx.DiGraph(FRIENDS)),
    ]
    for graph, names in doors:
        assert names == ["chen", "li", "wang", "zhao"]
        assert [graph.neighbours(i).tolist() for i in range(4)] == [[3], [2, 3], [1, 3], [0, 1, 2]]
    assert len({door.graph.digest() for door in doors}) == 1


def test_loops_and_repeats_are_dropped_and_counted(tmp_path: Path) -> None:
    door = read_edges(write(tmp_path / "f.csv", "1,2\n2,1\n1,2\n3,3\n10,2\n"))
    assert door.names == ["1", "2", "3", "10"]  # by value, and 3 stays although it knows nobody
    assert (door.self_loops, door.duplicates) == (1, 2)
    assert door.graph.degrees.tolist() == [1, 2, 0, 1]
    parallel = from_networkx(nx.MultiDiGraph([(0, 1), (1, 0), (0, 1), (1, 1)]))
    assert (parallel.self_loops, parallel.duplicates) == (1, 2)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("1,2\n2,3\n", ["1", "2", "3"]),
        ("\ufeff1,2\r\n2,3\r\n", ["1", "2", "3"]),
        ("anything,else\n1,2\n", ["1", "2"]),
        ("From,To\nx,y\n", ["x", "y"]),
        ("user_id,friend_id\nx,y\n", ["x", "y"]),
        ("a,b\nb,c\n", ["a", "b", "c"]),
        ("\n x , y \n\n,\ny,z\n", ["x", "y", "z"]),
        ("1,2,\n2,3,\n", ["1", "2", "3"]),
        ('"li, wei",b\n', ["b", "li, wei"]),
        ("安,波\n波,陈\n", ["安", "波", "陈"]),
        ("007,7\n", ["007", "7"]),
        ("123456789012345678901234567890,2\n", ["2", "123456789012345678901234567890"]),
    ],
)
def test_csv_as_people_write_it(tmp_path: Path, content: str, names: list[str]) -> None:
    assert read_edges(write(tmp_path / "f.CSV", content)).names == names


@pytest.mark.parametrize(
    "content",
    [
        frame([1, 2], [10, 3]),
        frame([1.0, 2.0], [10, 3]),
        frame(["1", "2"], ["10", "3"]),
        frame(pd.Categorical(["1", "2"]), ["10", "3"]),
        frame([1, 2], ["10", "3"]),
    ],
)
def test_parquet_columns_of_any_sensible_kind(tmp_path: Path, content: pd.DataFrame) -> None:
    assert read_edges(write(tmp_path / "f.parquet", content)).names == ["1", "2", "3", "10"]


MALFORMED: list[tuple[str, str | bytes | pd.DataFrame, str]] = [
    ("f.csv", "", "is empty"),
    ("f.csv", "\n\n\n", "no links"),
    ("f.csv", "source,target\n", "no links"),
    ("f.csv", "1\n2\n", "line 1: one column.*Keep two"),
    ("f.csv", "1;2\n2;3\n", "line 1: columns separated by ';'.*comma"),
    ("f.csv", "1\t2\n", r"line 1: columns separated by '\\t'"),
    ("f.csv", "1,2,.5\n2,3,.1\n", r"line 1: three columns.*1,2,\.5"),
    ("f.csv", "1,2\n2,3\n2,3,4\n", "line 3: three columns.*2,3,4"),
    ("f.csv", "1,2\n2,3\n2,3,4,5\n", "line 3: 4 columns"),
    ("f.csv", "1,2,3,4\n2,3,4,5\n", "more than three columns"),
    ("f.csv", "1,2\n2\n3,4\n", "line 2: a link with a missing node.*'2,'"),
    ("f.csv", "1,2\n\nNaN,3\n", "line 3: a link with a missing node.*NaN,3"),
    ("f.csv", "from,to\n1,2\n3,-4\n", "line 3: a negative node number.*3,-4"),
    ("f.csv", "1.0,2.0\n", r"line 1: a node number that is not whole.*1\.0,2\.0"),
    ("f.csv", "1e5,2\n", "line 1: a node number that is not whole"),
    ("f.csv", bytes(range(256)), "line 1: is not text"),
    ("f.csv", "1,2\n".encode("utf-16"), "line 1: is not text.*UTF-16"),
    ("f.csv", b"li,wang\n" + "张三,李四\n".encode("gbk"), "line 2: is not UTF-8.*CSV UTF-8"),
    ("f.csv", "1,李".encode()[:-1], "middle of a character"),
    ("f.csv", '"1,2\n3,4\n', "not readable as CSV.*quotation"),
    ("f.parquet", b"PAR1 nonsense PAR1", "not readable as Parquet"),
    ("f.parquet", frame([1], [2], weight=[3]), "3 columns.*weight"),
    ("f.parquet", frame([1], [2])[["source"]], "one column"),
    ("f.parquet", frame([1], [2])[:0], "no links"),
    ("f.parquet", frame([1.0, np.nan], [2, 3]), "source, row 2: a link with a missing node"),
    ("f.parquet", frame([1.0, 2.5], [2, 3]), "source, row 2: a node number that is not whole"),
    ("f.parquet", frame(["x", None], ["y", "z"]), "row 2: a link with a missing node"),
    ("f.parquet", frame([1, 2], [2, -3]), "row 2: a negative node number.*2,-3"),
    ("f.parquet", frame([True], [1]), "source: a column that cannot name nodes.*bool"),
    ("f.graphml", "<graphml><node", "line 1: is not readable as GraphML"),
    ("f.graphml", "<graphml/>", "not readable as GraphML"),
    ("f.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "document type"),
    ("f.txt", "1,2\n", r"\.txt.*\.csv, \.parquet, \.graphml"),
    ("f", "1,2\n", "not a kind of file"),
]


@pytest.mark.parametrize(("name", "content", "words"), MALFORMED)
def test_a_malformed_file_is_explained(
    tmp_path: Path, name: str, content: str | bytes | pd.DataFrame, words: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=words) as caught:
        read_edges(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.cure.endswith(".")
    assert len(problem.value) <= 60


def test_what_is_not_there_or_too_large_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_edges(tmp_path / "f.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="not a file"):
        read_edges(tmp_path / "folder.csv")
    with pytest.raises(InputError, match="cannot be opened"):
        read_edges(tmp_path / ("long" * 100 + ".csv"))
    with (tmp_path / "huge.parquet").open("wb") as file:
        file.truncate(2**31)  # sparse: takes no room
    with pytest.raises(InputError, match=r"larger than 2 GB.*2\.1 GB"):
        read_edges(tmp_path / "huge.parquet")


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({1: [2]}, "not a NetworkX graph.*dict"),
        (nx.Graph(), "no nodes"),
        (nx.Graph([(0, -1)]), "negative"),
        (nx.Graph([(0, float("nan"))]), "without a name"),
        (nx.Graph([(1, 2), ("1", 3)]), "same name"),
    ],
)
def test_a_strange_network_is_explained(network: nx.Graph, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_networkx(network)


def test_communities_travel_with_the_nodes() -> None:
    graph = build("communities", 400, 6.0, seed=3, community_size=40)
    back = from_networkx(to_networkx(graph))
    assert back.graph.digest() == graph.digest()
    half = to_networkx(graph)
    del half.nodes[0]["community"]
    with pytest.raises(InputError, match="399 of 400"):
        from_networkx(half)


def test_out_and_in_again_under_other_names() -> None:
    graph = build("watts_strogatz", 50, 4.0, seed=3)
    names = [f"user {i:02d}" for i in range(50)]
    network = to_networkx(graph, names)
    assert nx.average_clustering(network) == pytest.approx(clustering(graph))
    again, back = from_networkx(network)
    assert back == names
    assert again.digest() == graph.digest()
    with pytest.raises(InputError, match="2 names for 50 nodes"):
        to_networkx(graph, ["a", "b"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 20)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_the_links_does_not_matter(pairs: list, random: object) -> None:
    links = [(f"x{a}", b) for a, b in pairs]
    one = from_networkx(nx.Graph(links))
    random.shuffle(links)
    two = from_networkx(nx.Graph([(b, a) for a, b in links]))
    assert one.names == two.names == sorted(one.names)
    assert one.graph.digest() == two.graph.digest()


def test_the_lab_does_not_load_networkx_or_pandas_until_a_door_opens() -> None:
    code = (
        "import sys, simlab.world.doors; print(sorted({'networkx', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
