"""Frames read loosely: every kind of column that a frame may hold, and those that are refused."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule.data import as_table, read_table


def column(values, dtype=None):
    return as_table(pd.DataFrame({"a": pd.Series(values, dtype=dtype)}), strict=False).columns["a"]


TEXTS = {
    "text": (["x", None, " y "], None, ["x", None, "y"]),
    "missing as words": (["x", "NA", "?"], None, ["x", None, None]),
    "booleans": ([True, False, True], None, ["true", "false", "true"]),
    "booleans with gaps": ([True, None], "boolean", ["true", None]),
    "categories": (["x", None, "x"], "category", ["x", None, "x"]),
    "categories that are numbers": ([1, 2.5, None], "category", ["1", "2.5", None]),
    "objects that are booleans": ([True, None], object, ["true", None]),
    "numbers among texts": (["x", 1, 2.5, None, True], object, ["x", "1", "2.5", None, "true"]),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts_of_every_kind(case):
    values, dtype, want = TEXTS[case]
    assert column(values, dtype).tolist() == want


NUMBERS = {
    "whole": ([1, 2], "int8", [1, 2]),
    "nullable": ([1, None], "Int64", [1, np.nan]),
    "objects": ([1, 2.5, None, Decimal("3")], object, [1, 2.5, np.nan, 3]),
    "sparse": ([1.0, 0.0, np.nan], "Sparse[float64]", [1, 0, np.nan]),
    "periods": (pd.to_timedelta([1, None], unit="h"), None, [3600, np.nan]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_of_every_kind(case):
    values, dtype, want = NUMBERS[case]
    np.testing.assert_array_equal(column(values, dtype), want)


DATES = {
    "moments": pd.to_datetime(["2020-01-31 12:00", None]),
    "moments in Berlin": pd.to_datetime(["2020-01-31 12:00", None]).tz_localize("Europe/Berlin"),
    "objects": [datetime.datetime(2020, 1, 31, 12), pd.NaT],
    "objects in Berlin": [pd.Timestamp("2020-01-31 12:00", tz="Europe/Berlin"), None],
}


@pytest.mark.parametrize("case", DATES)
def test_dates_of_every_kind_are_the_time_on_the_wall(case):
    dtype = object if case.startswith("objects") else None
    found = column(DATES[case], dtype)
    want = np.array(["2020-01-31T12:00", "NaT"], "M8[us]")
    assert found.dtype == want.dtype
    np.testing.assert_array_equal(found, want)


def test_dates_of_polars_are_dates():
    frame = pl.DataFrame({"day": [datetime.date(2020, 1, 31), None]})
    found = as_table(frame, strict=False).columns["day"]
    np.testing.assert_array_equal(found, np.array(["2020-01-31", "NaT"], "M8[us]"))


def test_columns_without_an_entry_are_missing_throughout():
    for frame in (pl.DataFrame({"a": [None, None]}), pd.DataFrame({"a": [None, None]})):
        found = as_table(frame, strict=False).columns["a"]
        assert all(entry is None or np.isnan(entry) for entry in found)


@pytest.mark.parametrize("kind", ["date32[pyarrow]", "timestamp[s][pyarrow]"])
def test_dates_of_arrow_in_pandas_are_dates(kind):
    found = column([datetime.date(2020, 1, 31), None], kind)
    np.testing.assert_array_equal(found, np.array(["2020-01-31", "NaT"], "M8[us]"))


def test_numbers_stay_in_the_memory_of_the_frame():
    frame = pd.DataFrame({"a": np.arange(4, dtype=np.float32)})
    assert np.shares_memory(as_table(frame, strict=False).columns["a"], frame["a"].to_numpy())


def test_columns_of_mixed_kinds_are_remembered():
    frame = pd.DataFrame({"a": pd.Series(["x", 1], dtype=object), "b": ["x", "1"]})
    table = as_table(frame, strict=False)
    assert table.mixed == {"a"}
    assert table.take([0]).without(["b"]).mixed == {"a"}


def test_arrays_of_objects_are_tables():
    array = np.array([[1, "x", None], [2.5, "y", True]], object)
    columns = as_table(array, strict=False).columns
    np.testing.assert_array_equal(columns["x0"], [1, 2.5])
    assert columns["x1"].tolist() == ["x", "y"]
    assert columns["x2"].tolist() == [None, "true"]


def test_dates_in_parquet_are_read(tmp_path):
    frame = pl.DataFrame({"day": [datetime.date(2020, 1, 31)]})
    frame.write_parquet(tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet", strict=False).columns["day"]
    assert found.tolist() == [datetime.datetime(2020, 1, 31)]


REFUSED = {
    "lists": (pl.DataFrame({"a": [[1], [2]]}), "column 'a' holds List.*; convert it"),
    "lists as objects": (
        pd.DataFrame({"a": ["x", [2]]}),
        "column 'a' holds list in row 2; convert it to numbers or text",
    ),
    "dates among texts": (
        pd.DataFrame({"a": ["x", datetime.date(2020, 1, 1)]}),
        "column 'a' holds date in row 2, beside others",
    ),
    "bytes": (pd.DataFrame({"a": [b"x"]}), "column 'a' holds bytes in row 1"),
    "a number of 400 digits": (
        pd.DataFrame({"a": pd.Series([10**400], dtype=object)}),
        "column 'a' holds 1000.*, too large for a number",
    ),
    "two columns of one name": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "rename one"),
    "no rows": (pd.DataFrame({"a": []}), "it has no rows"),
    "no columns": (pd.DataFrame(), "it has no columns"),
    "an array of one axis": (np.ones(3), r"shape \(3,\); expected \[rows,columns\]"),
    "an empty array": (np.ones((0, 3)), "it has no rows"),
    "complex numbers": (np.ones((2, 2), complex), "column 'x0' holds complex128"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_frame_that_is_refused(case):
    frame, message = REFUSED[case]
    with pytest.raises(ValueError, match=f"the table: .*{message}") as caught:
        as_table(frame, strict=False)
    assert "\n" not in str(caught.value)
