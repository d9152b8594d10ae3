"""Numbers with gaps: what is learnt of them, and that float32 keeps them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import RobustNumber, recognise_array
from chainrule.data.entries import EntryError
from chainrule.quantiles import quantiles


def learnt(values, **options):
    return recognise_array(np.array(values)[:, None], **options)[0][0]


def test_missing_entries_are_the_median_and_flagged():
    record = learnt([1.0, np.nan, 3.0, 8.0])
    assert record == RobustNumber("x0", 0.0, 3.0, flagged=True)
    assert record.sizes == (0, 1) and record.names == ("x0", "x0 missing")
    want = np.array([[1, 0], [3, 1]], np.float32)
    np.testing.assert_array_equal(record.encode(np.array([1.0, np.nan])), want)


def test_a_gap_where_there_was_none_is_the_median():
    record = learnt([1.0, 3.0, 8.0])
    np.testing.assert_array_equal(record.encode(np.array([np.nan])), [[3]])
    np.testing.assert_array_equal(record.encode(np.array([None], object)), [[3]])


def test_origin_keeps_seconds_since_1970_apart():
    seconds = 1.7e9 + np.arange(50.0)
    encoded = learnt(seconds).encode(seconds)[:, 0]
    np.testing.assert_array_equal(np.diff(encoded), 1)


def test_numbers_near_0_and_float32_have_no_origin():
    assert learnt(np.arange(50.0)).origin == 0
    assert learnt((1.7e9 + 200 * np.arange(50)).astype(np.float32)).origin == 0


def test_text_that_writes_numbers_is_taken():
    column = np.array(["1.5", None, "-2"], object)
    np.testing.assert_array_equal(learnt([1.0, 2, 3]).encode(column), [[1.5], [2], [-2]])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1.0, np.inf], r"has inf in row 2; correct it"),
        ([1.0, -np.inf], r"has -inf in row 2; correct it"),
        ([1e300], r"has 1e\+300 in row 1, too large for float32"),
        (["1", "two"], "has the text 'two' in row 2, but numbers were learnt"),
        (["2020-01-01"], "has the text '2020-01-01' in row 1, but numbers"),
        (np.array(["2020-01-01"], "M8[us]"), "holds dates, but numbers were learnt"),
    ],
)
def test_entry_that_is_no_number_is_named_with_its_row(column, message):
    array = np.array(column, object) if isinstance(column[0], str) else np.array(column)
    with pytest.raises(ValueError, match=f"column 'x0' {message}"):
        learnt([1.0, 2]).encode(array)


def test_row_of_an_entry_can_be_counted_from_before():
    error = EntryError("a", "inf", 2, "; correct it")
    assert str(error.after(10)) == "column 'a' has inf in row 13; correct it"


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@given(numbers)
def test_quantile_one_half_is_the_median(values):
    np.testing.assert_allclose(quantiles(np.array(values), (0.5,))[0], np.median(values))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(1, 4)), min_size=1, max_size=20))
def test_whole_weights_are_repeated_rows(pairs):
    values, weights = (np.array(part, float) for part in zip(*pairs, strict=True))
    shares = (0.1, 0.25, 0.5, 0.75)
    repeated = np.repeat(values, weights.astype(int))
    assert quantiles(values, shares, weights) == quantiles(repeated, shares)
    assert learnt(values, weights=weights) == learnt(repeated)


@given(numbers, st.integers(0, 19))
def test_rows_of_weight_0_are_absent(values, place):
    weights = np.ones(len(values) + 1)
    weights[min(place, len(values))] = 0
    with_one_more = np.insert(np.array(values), min(place, len(values)), 1e9)
    assert learnt(with_one_more, weights=weights) == learnt(values)


@pytest.mark.parametrize("change", [{"origin": np.inf}, {"median": "1"}, {"flagged": 1}])
def test_fields_that_are_not_learnt_are_refused(change):
    fields = {"name": "a", "origin": 0.0, "median": 1.0} | change
    with pytest.raises((TypeError, ValueError), match="column 'a'"):
        RobustNumber(**fields).check()
