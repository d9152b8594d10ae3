"""Recognised columns: their kinds, what is left out and why, and what stays the same."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import (
    Boolean,
    Code,
    Date,
    RobustNumber,
    Table,
    Words,
    as_table,
    recognise,
    recognise_array,
)


ROWS = 60
DRAW = np.random.default_rng(0)
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(days=3 * row) for row in range(ROWS)]
NUMBERS = DRAW.normal(size=ROWS)
GAPS = np.where(np.arange(ROWS) % 7, NUMBERS * 2, np.nan)
WORDS = [f"the {row} quick brown foxes {row % 5}" for row in range(ROWS)]

# A column, its kind, and the record that it becomes or why it is left out.
COLUMNS = {
    "numbers": (NUMBERS, "number", RobustNumber),
    "numbers with gaps": (GAPS, "number", RobustNumber),
    "one number and gaps": ([1.0, np.nan] * 30, "whole number", RobustNumber),
    "few whole numbers": ([1, 2, 3] * 20, "whole number", RobustNumber),
    "booleans": ([True, False, None] * 20, "boolean", Boolean),
    "booleans as text": (["TRUE", "False", "true"] * 20, "boolean", Boolean),
    "categories": (["a", "b", None] * 20, "category", Code),
    "one category and gaps": (["a", None] * 30, "category", Code),
    "mixed": (["a", 1, 2.5, "b"] * 15, "category", Code),
    "dates": (DAYS, "date", Date),
    "moments as text": ([f"{day} 12:00" for day in DAYS], "date", Date),
    "long texts": (WORDS, "text", Words),
    "constant": ([7.0] * ROWS, "constant", "every entry is 7"),
    "constant text": (["a"] * ROWS, "constant", "every entry is a"),
    "constant date": ([DAYS[0]] * ROWS, "constant", "every entry is 2020-01-01"),
    "empty": ([np.nan] * ROWS, "empty", "every entry is missing"),
    "empty text": ([None, "?"] * 30, "empty", "every entry is missing"),
    "numbers of rows": (range(1, ROWS + 1), "identifier", "it counts the rows"),
    "customer_id": (DRAW.permutation(10_000)[:ROWS], "identifier", "that of an identifier"),
    "orderId": ([f"o{row}" for row in DRAW.permutation(ROWS)], "identifier", "that of an ident"),
    "unique texts": ([f"k{row}" for row in range(ROWS)], "identifier", "nearly every row has"),
    "other dates": ([f"{day.month}/{day.day}/2020" for day in DAYS], "identifier", "dates? write"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_kind_of_a_column(name):
    values, kind, want = COLUMNS[name]
    other = ["x", "y"] * 30
    frame = pd.DataFrame({name: pd.Series(list(values)), "other": other})
    records, report = recognise(as_table(frame, strict=False))
    assert report[0].name == name and report[0].kind == kind
    if isinstance(want, str):
        assert report[0].encoding == "left out" and want in report[0].note
        assert [record.name for record in records] == ["other"]
    else:
        assert type(records[0]) is want


def table(**columns):
    return as_table(pd.DataFrame(columns), strict=False)


def test_shares_of_missing_entries_and_distinct_values_are_reported():
    report = recognise(table(n=[1.0, 2, 2, None], t=["a", None, None, "b"]))[1]
    assert [(row.missing, row.distinct) for row in report] == [(0.25, 2), (0.5, 2)]


def test_notes_say_what_may_be_meant_otherwise():
    notes = {
        "few": "few whole numbers; if they name kinds: categorical=",
        "mixed": "numbers and texts, all taken as texts",
        "prices": "texts that write numbers; numeric= takes them so",
        "gap": "numbers but for 1 values, such as 'unknown'; missing?",
        "days": "dates? write them like 2020-12-31",
    }
    found = table(
        few=[1, 2, 3] * 20,
        mixed=["a", 1, 2] * 20,
        prices=[f"{row}.5" for row in range(20)] * 3,
        gap=[*map(str, range(20)), *["unknown"] * 10] * 2,
        days=["1/2/2020", "13/2/2020", "2/2/2020"] * 20,
    )
    assert {row.name: row.note for row in recognise(found)[1]} == notes


def test_columns_named_by_the_caller_are_what_they_are_named():
    found = table(
        code=[3.0, 1, np.nan] * 20, price=[f"{n}" for n in NUMBERS], id=range(ROWS), x=NUMBERS * 2
    )
    records, report = recognise(found, categorical=["code"], numeric=["price", "id"], drop=["x"])
    assert records[0] == Code("code", ("1", "3"), are_numbers=True)
    assert [type(record) for record in records[1:]] == [RobustNumber] * 2
    assert report[3].encoding == "left out" and report[3].note == "as asked"


def test_texts_may_be_left_out():
    records, report = recognise(table(t=WORDS, x=NUMBERS), text="leave")
    assert [record.name for record in records] == ["x"]
    assert report[0].kind == "text" and report[0].encoding == "left out"


def test_the_second_of_two_equal_columns_is_left_out():
    found = table(a=NUMBERS, b=["x", "y"] * 30, c=NUMBERS, d=["x", "y"] * 30, e=GAPS, f=GAPS)
    records, report = recognise(found)
    assert [record.name for record in records] == ["a", "b", "e"]
    assert [row.note for row in report if row.kind == "duplicate"] == [
        "the same as 'a'",
        "the same as 'b'",
        "the same as 'e'",
    ]


def test_ten_thousand_categories_keep_the_most_frequent():
    values = [f"k{n}" for n in range(10_000)] * 2 + [f"k{n}" for n in range(500)]
    (record,), (row,) = recognise(table(c=values))
    assert isinstance(record, Code) and record.has_other and record.sizes == (1_001,)
    assert {f"k{n}" for n in range(500)} < set(record.values)
    assert row.distinct == 10_000 and row.note == "9000 rare values share one code"


def test_weights_say_which_categories_are_frequent():
    values = [f"k{n:04}" for n in range(2_000)] * 2
    weights = np.tile(np.arange(2_000) + 1.0, 2)
    (record,), _ = recognise(table(c=values), weights=weights)
    assert isinstance(record, Code) and record.values[0] == "k1000"


def test_rows_of_weight_0_are_absent():
    found = table(n=[1.0, np.inf, 2, 5], t=["a", "c", "b", "a"])
    records, _ = recognise(found, weights=[1, 0, 1, 1])
    assert records == recognise(found.take([0, 2, 3]))[0]


def test_arrays_leave_nothing_out():
    x = np.array([[1.0, np.nan, 7], [2, np.nan, 7]])
    records, report = recognise_array(x)
    assert [record.name for record in records] == ["x0", "x1", "x2"]
    assert records[1] == RobustNumber("x1", 0.0, 0.0, flagged=True)
    assert report[1].missing == 1


REFUSED = {
    "infinity": ({"a": [1.0, np.inf]}, {}, "column 'a' has inf in row 2; correct it"),
    "infinity after a row of weight 0": (
        {"a": [1.0, 2, np.inf]},
        {"weights": [0, 1, 1]},
        "column 'a' has inf in row 3",
    ),
    "too large": ({"a": [1e300, 1]}, {}, r"column 'a' has 1e\+300 in row 1, too large for"),
    "text as numbers": (
        {"a": ["1", "x"]},
        {"numeric": ["a"]},
        "column 'a' has the text 'x' in row 2, but numbers were learnt",
    ),
    "dates as numbers": ({"a": DAYS}, {"numeric": ["a"]}, "column 'a' holds dates"),
    "no such column": ({"a": [1.0, 2]}, {"drop": ["b"]}, "no column 'b'"),
    "named twice": (
        {"a": [1.0, 2]},
        {"numeric": ["a"], "categorical": ["a"]},
        "column 'a' is named as numeric and as categorical",
    ),
    "another word for text": ({"a": [1.0, 2]}, {"text": "bag"}, "text 'bag'; expected 'hash'"),
    "nothing left": (
        {"a": [1.0, 1], "b": [None, None]},
        {},
        "no column to learn from: 'a' every entry is 1; 'b' every entry is missing",
    ),
    "weights too few": ({"a": [1.0, 2]}, {"weights": [1]}, r"weights of shape \(1,\)"),
    "weights below 0": ({"a": [1.0, 2]}, {"weights": [1, -1]}, "the weight -1.0 in row 2"),
    "weights 0": ({"a": [1.0, 2]}, {"weights": [0, 0]}, "all weights are 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_table_that_cannot_be_learnt_from(case):
    columns, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as caught:
        recognise(table(**columns), **options)
    assert "\n" not in str(caught.value)


def test_table_without_rows_is_refused():
    with pytest.raises(ValueError, match="it has no rows"):
        recognise(Table("a.csv", {"a": np.zeros(0)}))


@pytest.mark.parametrize(
    "x", [np.zeros(3), np.zeros((0, 2)), np.zeros((2, 0)), np.array([["a"]]), np.array([[None]])]
)
def test_array_of_no_numbers_is_refused(x):
    with pytest.raises(ValueError, match=r"recognise_array: shape .* expected numbers"):
        recognise_array(x)


MIXED = table(
    **{
        name: pd.Series(list(COLUMNS[name][0]))
        for name in ("numbers", "numbers with gaps", "booleans", "categories", "dates", "mixed")
    }
)


@settings(max_examples=20)
@given(st.permutations(list(MIXED.columns)))
def test_order_of_columns_changes_no_record(names):
    turned = Table("turned", {name: MIXED.columns[name] for name in names}, MIXED.mixed)
    by_name = {record.name: record for record in recognise(MIXED)[0]}
    assert recognise(turned)[0] == tuple(by_name[name] for name in names)


@settings(max_examples=20)
@given(st.permutations(range(ROWS)))
def test_order_of_rows_changes_no_record(places):
    assert recognise(MIXED.take(np.array(places)))[0] == recognise(MIXED)[0]
