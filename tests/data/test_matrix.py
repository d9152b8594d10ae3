"""The matrix of recognised columns, from tables, arrays and single rows: the same in every way."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import (
    Code,
    Labels,
    Preprocessing,
    Quantity,
    RobustNumber,
    Table,
    as_table,
    recognise_array,
)
from chainrule.data.preprocess import RECORDS
from chainrule.nn import structure_json


ROWS = 40
DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "id": range(ROWS),
        "number": DRAW.normal(size=ROWS),
        "gaps": np.where(np.arange(ROWS) % 3, DRAW.normal(size=ROWS), np.nan),
        "kind": ["a", "b", None, "c"] * 10,
        "truth": [True, False] * 20,
        "day": pd.date_range("2020-01-01", periods=ROWS, freq="37h"),
        "words": [f"the quick {row} brown {row % 3}" for row in range(ROWS)],
        "y": ["no", "yes"] * 20,
    }
)
TABLE = as_table(FRAME, strict=False)
LEARNT = Preprocessing.recognise(TABLE, "y")


def test_sizes_tell_numbers_from_codes():
    names = ("number", "gaps", "gaps missing", "kind", "truth")
    assert LEARNT.feature_names[:5] == names
    assert LEARNT.sizes[:5] == (0, 0, 1, 3, 2) and set(LEARNT.sizes[5:]) == {0}
    assert len(LEARNT.sizes) == len(LEARNT.feature_names)


def test_matrix_is_compact_and_finite():
    x = LEARNT.features(TABLE)
    assert x.dtype == np.float32 and x.flags.c_contiguous and x.shape == (ROWS, len(LEARNT.sizes))
    assert np.isfinite(x).all()
    np.testing.assert_array_equal(x[:4, 3], [1, 2, 0, 3])
    np.testing.assert_array_equal(x[:, 2], np.isnan(FRAME["gaps"]))


def test_every_column_is_reported_and_the_target_last():
    assert [row.name for row in LEARNT.report] == list(FRAME.columns)
    assert LEARNT.report[0].encoding == "left out"
    assert LEARNT.report[-1].kind == "target, classes"
    assert [row[0] for row in LEARNT.describe()] == list(FRAME.columns[1:])


def test_blocks_of_rows_are_one_matrix():
    many = TABLE.take(np.arange(10_000) % ROWS)
    x = LEARNT.features(many)
    np.testing.assert_array_equal(x, LEARNT.features(TABLE)[np.arange(10_000) % ROWS])


@settings(max_examples=30)
@given(st.lists(st.integers(0, ROWS - 1), max_size=8))
def test_rows_are_encoded_alike_in_every_part(places):
    part = LEARNT.features(TABLE.take(np.array(places, int)))
    np.testing.assert_array_equal(part, LEARNT.features(TABLE)[places])


@pytest.mark.parametrize("place", range(4))
def test_a_row_of_python_is_encoded_as_one_of_a_table(place):
    entries = FRAME.iloc[place].to_dict()
    np.testing.assert_array_equal(LEARNT.row(entries), LEARNT.features(TABLE)[[place]])
    nothing = dict.fromkeys(FRAME.columns)
    gaps = {name: np.array([None], object) for name in FRAME.columns}
    np.testing.assert_array_equal(LEARNT.row(nothing), LEARNT.features(Table("gaps", gaps)))


def test_json_brings_the_same_preprocessing_back():
    for prepared in (LEARNT, Preprocessing.recognise(TABLE, "number", log=True)):
        described = structure_json.to_json(prepared, RECORDS, {}, "preprocessing")
        stored = json.loads(json.dumps(described, allow_nan=False))
        again = structure_json.from_json(stored, RECORDS, {})
        again.check()
        assert again == prepared


def test_a_file_of_the_same_table_is_encoded_alike(tmp_path):
    from chainrule.data import read_table

    FRAME.to_csv(tmp_path / "a.csv", index=False)
    x = LEARNT.features(read_table(tmp_path / "a.csv"))
    np.testing.assert_allclose(x, LEARNT.features(TABLE), rtol=1e-6)


def changed(**columns):
    return Table("b.csv", {**TABLE.columns, **columns})


DIFFERENCES = {
    "missing column": (
        Table("b.csv", {name: TABLE.columns[name] for name in ("number", "kind")}),
        "b.csv: no column 'gaps'",
    ),
    "text for numbers": (
        changed(number=np.array(["1", "two"] * 20, object)),
        "b.csv: column 'number' has the text 'two' in row 2, but numbers were learnt",
    ),
    "numbers for text": (
        changed(kind=np.arange(ROWS)),
        "b.csv: column 'kind' has the number 0 in row 1, but text was learnt: a, b, c",
    ),
    "numbers for dates": (changed(day=np.ones(ROWS)), "column 'day' holds numbers, but dates were"),
    "dates for numbers": (
        changed(number=TABLE.columns["day"]),
        "column 'number' holds dates, but numbers were learnt",
    ),
    "infinity": (changed(gaps=np.full(ROWS, np.inf)), "column 'gaps' has inf in row 1; correct it"),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_table_that_differs_from_what_was_learnt(case):
    table, message = DIFFERENCES[case]
    with pytest.raises(ValueError, match=message):
        LEARNT.features(table)


def test_row_of_an_error_counts_from_the_first():
    numbers = np.zeros(10_000)
    numbers[9_000] = np.inf
    prepared = Preprocessing((RobustNumber("a", 0.0, 0.0),), LEARNT.target)
    with pytest.raises(ValueError, match="the table: column 'a' has inf in row 9001"):
        prepared.features(as_table(pd.DataFrame({"a": numbers})))


def test_row_without_a_column_is_refused():
    with pytest.raises(ValueError, match="the row: no column 'number'"):
        LEARNT.row({"gaps": 1.0})


def test_columns_in_another_order_with_others_between_are_encoded_alike():
    turned = Table("b.csv", {"new": np.zeros(ROWS), **dict(reversed(TABLE.columns.items()))})
    np.testing.assert_array_equal(LEARNT.features(turned), LEARNT.features(TABLE))
    assert LEARNT.extra(turned) == ("new",) and LEARNT.extra(TABLE) == ()


def test_unseen_values_are_told():
    assert LEARNT.unseen(changed(kind=np.array(["a", "z", None, "q"] * 10, object))) == {
        "kind": ("q", "z")
    }


# ---- arrays --------------------------------------------------------------------------------------


def of_array(x):
    return Preprocessing(recognise_array(x)[0], LEARNT.target)


def test_plain_arrays_are_used_as_they_are():
    x = DRAW.normal(size=(50, 3)).astype(np.float32)
    assert of_array(x).features(x) is x


@pytest.mark.parametrize("how", ["float64", "by columns", "every second row", "gaps", "origin"])
def test_other_arrays_are_copied_once(how):
    x = DRAW.normal(size=(50, 3))
    x[0, 0] = np.nan if how == "gaps" else 0
    x[:, 1] += 1e9 if how == "origin" else 0
    if how in ("by columns", "every second row", "gaps"):
        x = x.astype(np.float32)
    if how == "by columns":
        x = np.asfortranarray(x)
    if how == "every second row":
        x = x[::2]
    prepared = of_array(x)
    found = prepared.features(x)
    assert found.flags.c_contiguous and not np.shares_memory(found, x)
    columns = Table("t", {f"x{place}": x[:, place] for place in range(3)})
    np.testing.assert_array_equal(found, prepared.features(columns))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 2)), r"shape \(2, 2\) and dtype float64; expected numbers \[rows,3\]"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.full((1, 3), None), "dtype object"),
        (np.full((1, 3), np.inf, np.float32), "column 'x0' has inf in row 1"),
    ],
)
def test_array_that_differs_from_what_was_learnt(x, message):
    with pytest.raises(ValueError, match=f"the array: .*{message}"):
        of_array(np.arange(6.0).reshape(2, 3)).features(x)


def test_array_for_columns_of_text_is_refused():
    with pytest.raises(ValueError, match="columns were learnt that are no numbers; pass a table"):
        LEARNT.features(np.zeros((2, len(LEARNT.columns))))


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "report"),
    [((Code("a", ()),), ()), ((), ()), ((LEARNT.target,), ()), (LEARNT.columns, ("a",))],
)
def test_fields_that_are_not_learnt_are_refused(columns, report):
    with pytest.raises(TypeError):
        Preprocessing(columns, LEARNT.target, report).check()


def test_dates_are_refused_where_columns_are_taken_as_they_are():
    with pytest.raises(ValueError, match="column 'day' holds dates; convert it"):
        Preprocessing.fit(TABLE.without(["gaps"]), "y")


def test_a_target_that_is_learnt_need_not_be_in_the_table():
    prepared = Preprocessing.recognise(TABLE.without(["y"]), Labels("y", ("no", "yes"), False))
    assert prepared.columns == LEARNT.columns


def test_logarithm_of_a_quantity_is_learnt_when_asked():
    prepared = Preprocessing.recognise(TABLE, "number", log=True)
    assert isinstance(prepared.target, Quantity) and prepared.target.is_log
