"""Tables: the same from every engine, and every file that is none refused with its line."""

import os
import sys

import numpy as np
import pytest

from chainrule.data import as_table, read_table


@pytest.fixture(params=["polars", "pandas"])
def engine(request, monkeypatch):
    """Each engine in turn, as if it were the only one."""
    pytest.importorskip(request.param)
    other = {"polars": "pandas", "pandas": "polars"}[request.param]
    monkeypatch.setitem(sys.modules, other, None)
    return request.param


@pytest.fixture
def read(tmp_path):
    """(content, name of the file) -> its columns as lists, NaN as None."""

    def read(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        columns = read_table(path).columns
        return {
            name: [None if value is None or value != value else value for value in column]
            for name, column in columns.items()
        }

    return read


TABLES = {
    "plain": ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
    "no newline at the end": ("a,b\n1,x", {"a": [1], "b": ["x"]}),
    "blank lines at the end": ("a,b\n1,x\n\n\n", {"a": [1], "b": ["x"]}),
    "carriage returns": ("a,b\r\n1,x\r\n", {"a": [1], "b": ["x"]}),
    "quotes": ('a,b\n1,"x, ""y""\nz"\n', {"a": [1], "b": ['x, "y"\nz']}),
    "byte order mark": ("\ufeffa,b\n1,x\n", {"a": [1], "b": ["x"]}),
    "semicolons": ("a;b\n1;x,y\n", {"a": [1], "b": ["x,y"]}),
    "spaces": (" a , b \n 1 , x \n", {"a": [1], "b": ["x"]}),
    "missing": ("a,b\n,NA\n1,?\n nan ,null\n", {"a": [None, 1, None], "b": [None] * 3}),
    "numbers": ("a\n-1.5e3\n+2\n.5\n", {"a": [-1500, 2, 0.5]}),
    "not finite": ("a\ninf\n1e400\n", {"a": [np.inf, np.inf]}),
    "text among numbers": ("a\n1\n2x\n", {"a": ["1", "2x"]}),
    "no number in plain digits": ("a\n1_000\n１２\n0x10\n", {"a": ["1_000", "１２", "0x10"]}),
    "booleans": ("a\ntrue\nFalse\n", {"a": ["true", "False"]}),
    "letters": ("größe\nmaß\n", {"größe": ["maß"]}),
    "one column": ("a\n1\n", {"a": [1]}),
}


@pytest.mark.parametrize("case", TABLES)
def test_table_is_the_same_from_every_engine(case, engine, read):
    content, want = TABLES[case]
    assert read(content) == want


def test_tabs_separate_in_tsv_files(engine, read):
    assert read("a\tb\n1\tx,y\n", "a.tsv") == {"a": [1], "b": ["x,y"]}


NO_TABLES = {
    "empty": (b"", "a.csv: it is empty"),
    "newline": (b"\n", "a.csv: it is empty"),
    "header alone": (b"a,b\n", "a.csv: it has names of columns, but no rows"),
    "too few fields": (b"a,b\n1,2\n3\n", "a.csv:3: 1 fields, but there are 2 columns"),
    "too many fields": (b"a,b\n1,2,3\n", "a.csv:2: 3 fields, but there are 2 columns"),
    "after a quoted newline": (b'a,b\n"1\n",2\n3\n', "a.csv:4: 1 fields"),
    "latin-1": (b"a,b\nx,y\ncaf\xe9,2\n", "a.csv:3: the byte 0xe9 is not UTF-8; if .* iconv"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "a.csv:1: "),
    "zero byte": (b"a,b\n1,\0\n", "a.csv:2: a zero byte"),
    "two names alike": (b"a,b,a\n1,2,3\n", "a.csv: two columns are named 'a'"),
    "no name": (b"a,,c\n1,2,3\n", "a.csv: column 2 has no name"),
    "open quote": (b'a,b\n1,"x\n', "a.csv:2: unexpected end of data"),
    "text after a quote": (b'a,b\n1,"x"y\n', "a.csv:2: "),
    "quote inside a field": (b'a,b\n1,x"y\n2,z\n', "a.csv: "),
    "carriage returns alone": (b"a,b\r1,2\r", "a.csv:1: it ends in a carriage return alone"),
    "blank line within": (b"a,b\n1,2\n\n3,4\n", "a.csv:3: an empty line"),
    "a field of a megabyte": (b"a,b\n1," + b"x" * 1_000_000 + b"\n", "a.csv:2: field larger than"),
}


@pytest.mark.parametrize("case", NO_TABLES)
def test_file_that_is_no_table_is_refused_with_its_line(case, tmp_path):
    content, message = NO_TABLES[case]
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_table(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.csv: there is no such file"):
        read_table(tmp_path / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OSError, match=r"folder\.csv: it is no ordinary file"):
        read_table(tmp_path / "folder.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(OSError, match=r"pipe\.csv: it is no ordinary file"):
        read_table(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match=r"a table is .csv, .tsv or .parquet; this is .xlsx"):
        read_table(tmp_path / "a.xlsx")


def test_without_an_engine_it_is_said_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("a\n1\n")
    for name in ("polars", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[tables\]'"):
        read_table(tmp_path / "a.csv")


def test_parquet_is_read(engine, tmp_path):
    import importlib

    frames = importlib.import_module(engine)
    frame = frames.DataFrame({"a": [1, 2], "b": ["x", None], "c": [True, False]})
    path = tmp_path / "a.parquet"
    (frame.to_parquet if engine == "pandas" else frame.write_parquet)(path)
    table = read_table(path)
    assert {name: list(column) for name, column in table.columns.items()} == {
        "a": [1.0, 2.0],
        "b": ["x", None],
        "c": ["true", "false"],
    }


def test_damaged_parquet_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(ValueError, match=r"a\.parquet: no readable Parquet file"):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_of_every_library_are_tables(kind):
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    data = {"n": [1.5, None], "t": ["x", "y"], "i": [1, 2]}
    frame = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[kind](data)
    table = as_table(frame)
    np.testing.assert_array_equal(table.columns["n"], [1.5, np.nan])
    assert table.columns["t"].tolist() == ["x", "y"]
    assert table.columns["i"].dtype == np.float64


def test_dates_are_refused():
    import pandas as pd

    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(ValueError, match=r"column 'day' holds Datetime.*; convert it"):
        as_table(frame)


def test_column_that_is_not_there_comes_with_the_nearest():
    import polars as pl

    table = as_table(pl.DataFrame({"height": [1.0], "width": [2.0]}))
    with pytest.raises(ValueError) as caught:
        table.column("hight")
    assert str(caught.value) == (
        "the table: no column 'hight'; did you mean 'height'? (there are: height, width)"
    )
    assert list(table.without(["width"]).columns) == ["height"]


def test_large_table_is_looked_through_and_read_in_seconds(tmp_path, engine):
    rows = 100_000
    with open(tmp_path / "a.csv", "w") as file:
        file.write("a,b,c\n")
        file.writelines(f"{row},{row / 7},{'xyz'[row % 3]}\n" for row in range(rows))
    table = read_table(tmp_path / "a.csv")
    assert len(table) == rows
    assert table.columns["b"][-1] == (rows - 1) / 7
