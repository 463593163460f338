"""The current base: read exactly as written, refused when it cannot be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simlab.lab.base import read_base
from simlab.scenario import InputError
from simlab.world.people import BASE_COLUMNS

ROW = {"tenure": 200, "since_order": 20, "orders": 4, "spend": 40_000, "p_alive": 0.9, "need_shape": 4.5,
       "need_rate": 280.0, "lifetime_shape": 0.6, "lifetime_rate": 280.0, "basket_shape": 22.0, "basket_rate": 0.03,
       "p_core": 0.1}  # fmt: skip


def write(path: Path, **changes: object) -> Path:
    frame = pd.DataFrame([ROW, {**ROW, **changes}])
    frame.insert(0, "id", ["a", "b"])
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["base.csv", "base.parquet"])
def test_round_trip(tmp_path: Path, name: str) -> None:
    base = read_base(write(tmp_path / name))
    assert base.rows.shape == (2, len(BASE_COLUMNS))
    np.testing.assert_array_equal(base.rows[0], [ROW[c] for c in BASE_COLUMNS])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"p_alive": 1.2}, "p_alive"),
        ({"p_core": -0.1}, "p_core"),
        ({"need_rate": 0.0}, "need_rate"),
        ({"tenure": 9000}, "tenure"),
        ({"spend": float("nan")}, "spend"),
        ({"orders": float("inf")}, "orders"),
    ],
)
def test_values_out_of_range(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=f"line 3.*{said}"):
        read_base(write(tmp_path / "base.csv", **changes))


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_base(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="column is missing"):
        read_base(tmp_path / "x.csv")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="cannot be read"):
        read_base(tmp_path / "x.parquet")
    (tmp_path / "y.csv").write_text(",".join(BASE_COLUMNS) + "\n")
    with pytest.raises(InputError, match="no customers"):
        read_base(tmp_path / "y.csv")
