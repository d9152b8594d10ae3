"""Tables: the same from every engine, and every file that is none refused with its line."""

import csv
import io
import os
import sys
import tempfile
import tracemalloc
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import as_table, read_table


@pytest.fixture(params=["polars", "pandas"])
def engine(request, monkeypatch):
    """Each engine in turn, as if it were the only one."""
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
    "one column with a line of spaces": ("a\n1\n  \n3\n", {"a": [1, None, 3]}),
    "quotes inside a field": ('a,b\n1,x"y"z\n', {"a": [1], "b": ['x"y"z']}),
    "other line separators": ("a\nx\x85\u2028\x0by\n", {"a": ["x\x85\u2028\x0by"]}),
}


@pytest.mark.parametrize("case", TABLES)
def test_table_is_the_same_from_every_engine(case, engine, read):
    content, want = TABLES[case]
    assert read(content) == want


texts = st.text(alphabet='a1 ",\n.\\é', max_size=5)
grids = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(grids, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_engines_agree_with_the_writer(grid, newline, quoting):
    out = io.StringIO()
    names = [f"c{place}" for place in range(len(grid[0]))]
    csv.writer(out, lineterminator=newline, quoting=quoting).writerows([names, *grid])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(out.getvalue().encode())
        for other in ("polars", "pandas"):
            with mock.patch.dict(sys.modules, {other: None}):
                columns = read_table(path).columns
            for name, entries in zip(names, zip(*grid, strict=True), strict=True):
                if columns[name].dtype == object:
                    assert columns[name].tolist() == [text.strip() or None for text in entries]
                else:
                    want = [float(text.strip() or "nan") for text in entries]
                    np.testing.assert_array_equal(columns[name], want)


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
    "open quote": (b'a,b\n1,"x\n', "a.csv:2: a quote that is not closed"),
    "text after a quote": (b'a,b\n1,"x"y\n', "a.csv:2: "),
    "quote inside a field": (b'a,b\n1,x"y\n2,z\n', "a.csv:2: a quote inside a field that is not"),
    "carriage returns alone": (b"a,b\r1,2\r", "a.csv:1: it ends in a carriage return alone"),
    "blank line within": (b"a,b\n1,2\n\n3,4\n", "a.csv:3: an empty line"),
    "a field of a megabyte": (b"a,b\n1," + b"x" * 1_000_000 + b"\n", "a.csv:2: field larger than"),
    "open quote in a long file": (
        b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 50_000,
        "a.csv:3: a quote that is not closed",
    ),
    "100,000 columns, two alike": (
        ",".join([*map(str, range(100_000)), "7"]).encode(),
        "a.csv: two columns are named '7'",
    ),
    "name with a newline": (b'"a\nb","a\nb"\n1,2\n', r"a.csv: two columns are named 'a\\nb'"),
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
    frames = {"polars": pl, "pandas": pd}[engine]
    frame = frames.DataFrame({"a": [1, 2], "b": ["x", None], "c": [True, False]})
    path = tmp_path / "a.parquet"
    (frame.to_parquet if engine == "pandas" else frame.write_parquet)(path)
    table = read_table(path)
    assert {name: list(column) for name, column in table.columns.items()} == {
        "a": [1.0, 2.0],
        "b": ["x", None],
        "c": ["true", "false"],
    }


def test_damaged_parquet_is_refused(engine, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(ValueError, match=r"a\.parquet: no readable Parquet file") as caught:
        read_table(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)


class Panic(BaseException):
    """As polars raises it: no Exception."""


@pytest.mark.parametrize(
    ("raised", "seen"), [(Panic("a\nb"), ValueError), (KeyboardInterrupt(), KeyboardInterrupt)]
)
def test_panic_of_the_engine_is_an_error_and_an_interrupt_is_not(
    raised, seen, tmp_path, monkeypatch
):
    (tmp_path / "a.parquet").write_bytes(b"")
    monkeypatch.setattr(pl, "read_parquet", mock.Mock(side_effect=raised))
    with pytest.raises(seen) as caught:
        read_table(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_of_every_library_are_tables(kind):
    import pyarrow as pa

    data = {"n": [1.5, None], "t": ["x", "y"], "i": [1, 2]}
    frame = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[kind](data)
    table = as_table(frame)
    np.testing.assert_array_equal(table.columns["n"], [1.5, np.nan])
    assert table.columns["t"].tolist() == ["x", "y"]
    assert table.columns["i"].dtype == np.float64


@pytest.mark.parametrize("dtype", [object, "string"])
def test_missing_text_of_pandas_is_missing(dtype):
    frame = pd.DataFrame({"a": pd.Series(["x", pd.NA, None, float("nan")], dtype=dtype)})
    assert as_table(frame).columns["a"].tolist() == ["x", None, None, None]


def test_missing_numbers_and_booleans_of_pandas_are_missing():
    frame = pd.DataFrame(
        {"n": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}
    )
    columns = as_table(frame).columns
    np.testing.assert_array_equal(columns["n"], [1, np.nan])
    assert columns["b"].tolist() == ["true", None]


def test_columns_that_are_named_by_numbers_have_names():
    columns = as_table(pd.DataFrame([[1, "x"]])).columns
    assert columns["0"].tolist() == [1.0] and columns["1"].tolist() == ["x"]


@pytest.mark.parametrize("names", [["a", "a"], ["0", 0]])
def test_frame_with_two_columns_of_one_name_is_refused_in_one_line(names):
    with pytest.raises(ValueError, match=r"the table: .*rename one") as caught:
        as_table(pd.DataFrame([[1, 2]], columns=names))
    assert "\n" not in str(caught.value)


def test_column_of_mixed_kinds_is_refused_with_its_row():
    frame = pd.DataFrame({"a": pd.Series(["x", 1], dtype=object)})
    with pytest.raises(ValueError, match="column 'a' holds int where text is expected, at row 2"):
        as_table(frame)


def test_dates_are_refused():
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(ValueError, match=r"column 'day' holds Datetime.*; convert it"):
        as_table(frame)


def test_column_that_is_not_there_comes_with_the_nearest():
    table = as_table(pl.DataFrame({"height": [1.0], "width": [2.0]}))
    with pytest.raises(ValueError) as caught:
        table.column("hight")
    assert str(caught.value) == (
        "the table: no column 'hight'; did you mean 'height'? (there are: height, width)"
    )
    assert list(table.without(["width"]).columns) == ["height"]


def test_names_with_a_newline_do_not_break_the_line_of_an_error():
    with pytest.raises(ValueError, match=r"there are: 'a\\nb', c") as caught:
        as_table(pl.DataFrame({"a\nb": [1], "c": [2]})).column("zzz")
    assert "\n" not in str(caught.value)


def peak_memory(task):
    """The most bytes that Python and NumPy held at once during a task."""
    tracemalloc.start()
    try:
        task()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_large_file_is_looked_through_in_little_memory(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n" + "1234567,2345678,abcdefg\n" * 100_000 + "1\n")

    def refused():
        with pytest.raises(ValueError, match=r"a\.csv:100002: 1 fields"):
            read_table(path)

    refused()  # what is imported once does not count
    assert path.stat().st_size > 2_000_000 > 10 * peak_memory(refused)


def test_one_long_field_does_not_widen_all_others(tmp_path, engine):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,x\n" * 3_000 + f"2,{'y' * 100_000}\n")
    read_table(path)
    assert peak_memory(lambda: read_table(path)) < 20_000_000


def test_large_table_is_looked_through_and_read_in_seconds(tmp_path, engine):
    rows = 100_000
    with open(tmp_path / "a.csv", "w") as file:
        file.write("a,b,c\n")
        file.writelines(f"{row},{row / 7},{'xyz'[row % 3]}\n" for row in range(rows))
    table = read_table(tmp_path / "a.csv")
    assert len(table) == rows
    assert table.columns["b"][-1] == (rows - 1) / 7
