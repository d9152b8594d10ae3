"""Text in words: counts that are the same in every process and of every row by itself."""

import numpy as np
import pytest

from chainrule.data import Words


TEXTS = np.array(["a red Rose", None, "a rose; a rose", ""], object)


def test_words_are_counted_in_small_letters():
    encoded = Words("t").encode(TEXTS)
    assert encoded.shape == (4, 32) and encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded.sum(axis=1), [3, 0, 4, 0])
    rose = Words("t").encode(np.array(["ROSE"], object))[0]
    assert encoded[2] @ rose >= 2


def test_places_of_words_never_change():
    encoded = Words("t", 8).encode(np.array(["rose", "grün"], object))
    assert encoded.argmax(axis=1).tolist() == [4, 5]


def test_rows_by_themselves_are_encoded_alike():
    alone = [Words("t").encode(TEXTS[row : row + 1]) for row in range(len(TEXTS))]
    np.testing.assert_array_equal(np.concatenate(alone), Words("t").encode(TEXTS))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.array([1.0]), "numbers, but text was learnt"),
        (np.array(["2020-01-01"], "M8[us]"), "dates, but text"),
    ],
)
def test_what_is_no_text_is_refused(column, message):
    with pytest.raises(ValueError, match=f"column 't' holds {message}"):
        Words("t").encode(column)


@pytest.mark.parametrize("columns", [0, 1.5, True, 10**9])
def test_number_of_columns_is_checked(columns):
    with pytest.raises(ValueError, match="column 't'"):
        Words("t", columns).check()
