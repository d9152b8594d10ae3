"""Categories and booleans: their codes, and what other types of entries mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Boolean, Code


def texts(*values):
    return np.array(values, object)


COLOUR = Code("colour", ("blue", "red"))


def test_codes_count_from_1_and_0_is_missing_or_unseen():
    encoded = COLOUR.encode(texts("red", "blue", None, "green"))
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, [[2], [1], [0], [0]])
    assert COLOUR.unseen(texts("red", None, "green")) == ("green",)
    assert COLOUR.sizes == (2,)


def test_other_values_may_share_a_code():
    record = Code("colour", ("blue", "red"), has_other=True)
    np.testing.assert_array_equal(record.encode(texts("red", None, "green")), [[2], [0], [3]])
    assert record.sizes == (3,) and record.unseen(texts("green")) == ()


def test_numbers_are_the_texts_that_write_them():
    record = Code("code", ("01", "2", "A"))
    np.testing.assert_array_equal(
        record.encode(np.array([1.0, 2, np.nan, 7])), [[1], [2], [0], [0]]
    )
    assert record.unseen(np.array([2, 7])) == ("7",)


def test_text_of_numbers_is_that_of_their_kind():
    record = Code("code", ("1", "2.5"), are_numbers=True)
    np.testing.assert_array_equal(
        record.encode(texts("1.0", "2.5", None, "3")), [[1], [2], [0], [0]]
    )


def test_columns_of_gaps_alone_are_missing():
    for record in (COLOUR, Boolean("b")):
        np.testing.assert_array_equal(record.encode(np.array([np.nan])), [[0]])
        np.testing.assert_array_equal(record.encode(texts(None)), [[0]])


def test_booleans_are_written_in_any_letters_or_as_0_and_1():
    want = [[1], [2], [0]]
    np.testing.assert_array_equal(Boolean("b").encode(texts("False", "TRUE", None)), want)
    np.testing.assert_array_equal(Boolean("b").encode(np.array([0, 1, np.nan])), want)


@pytest.mark.parametrize(
    ("record", "column", "message"),
    [
        (COLOUR, np.array([np.nan, 7.0]), "the number 7 in row 2, but text was learnt: blue, red"),
        (COLOUR, np.array(["2020-01-01"], "M8[us]"), "dates, but categories were learnt"),
        (Code("c", ("1",), True), texts("1", "x"), "the text 'x' in row 2, but numbers were"),
        (Boolean("b"), texts("true", "maybe"), "maybe in row 2, but true and false were learnt"),
        (Boolean("b"), np.array([0.0, 2.0]), "2.0 in row 2, but true and false were learnt"),
        (Boolean("b"), np.array(["2020-01-01"], "M8[us]"), "dates, but true and false"),
    ],
)
def test_entry_of_another_kind_is_named(record, column, message):
    with pytest.raises(ValueError, match=f"column '{record.name}' (has|holds) {message}"):
        record.encode(column)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=20))
def test_codes_bring_the_texts_back(column):
    values = tuple(sorted({text for text in column if text is not None}))
    codes = Code("c", values).encode(texts(*column))[:, 0].astype(int)
    assert [None if not code else values[code - 1] for code in codes] == column


@pytest.mark.parametrize(
    "record", [Code("c", ()), Code("c", ("a", "a")), Code("c", ("a",), 1), Boolean(3)]
)  # fmt: skip
def test_fields_that_are_not_learnt_are_refused(record):
    with pytest.raises(TypeError, match="column"):
        record.check()
