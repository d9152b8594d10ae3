"""A table read batch by batch is the table read at once."""

import numpy as np
import pytest

from chainrule.data import read_table
from chainrule.data import scan as scanning
from chainrule.data.scan import scan


CSV = "id,a,b,gap\n007, 1.5,x,\n008,?,2,\n009,3,y,\n010,4,,\n011,5,7,1\n"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(scanning, "AT_ONCE", 2)


def joined(batches):
    return {
        name: np.concatenate([batch.table.columns[name] for batch in batches])
        for name in batches[0].table.columns
    }


def file_of(tmp_path, kind):
    if kind == ".csv":
        (tmp_path / "t.csv").write_text(CSV)
    else:
        polars = pytest.importorskip("polars")
        table = {"a": [1.5, None, 3.0, 4.0, 5.0], "b": ["x", "2", "y", None, "7"]}
        polars.DataFrame(table).write_parquet(tmp_path / "t.parquet")
    return tmp_path / f"t{kind}"


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_batches_together_are_the_whole_table(tmp_path, kind):
    file = file_of(tmp_path, kind)
    found = scan(file)
    batches = list(found.open())
    assert found.rows == 5 and [len(batch.table) for batch in batches] == [2, 2, 1]
    want = read_table(file).columns
    assert list(want) == list(found.names)
    for name, column in joined(batches).items():
        np.testing.assert_array_equal(column, want[name])
        assert column.dtype == want[name].dtype


def test_texts_are_those_of_the_file(tmp_path):
    batches = list(scan(file_of(tmp_path, ".csv")).open())
    assert [text for batch in batches for text in batch.texts["id"]] == [
        "007", "008", "009", "010", "011"
    ]  # fmt: skip
    assert batches[0].texts["a"] == ["1.5", "?"]


def test_columns_that_nobody_needs_stay_text(tmp_path):
    (batch, *_) = scan(file_of(tmp_path, ".csv"), columns=["a"]).open()
    assert batch.table.column("a").dtype == float and batch.table.column("id").dtype == object


def test_later_batches_say_where_they_begin(tmp_path):
    sources = [batch.table.source for batch in scan(file_of(tmp_path, ".csv")).open()]
    assert sources[0].endswith("t.csv") and sources[1].endswith("t.csv, from row 3 on")


def test_line_that_is_wrong_is_refused_before_the_first_batch(tmp_path):
    (tmp_path / "t.csv").write_text(CSV + "1,2\n")
    with pytest.raises(ValueError, match=r"t\.csv:7: 2 fields, but there are 4 columns"):
        scan(tmp_path / "t.csv")
