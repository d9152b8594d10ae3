"""Dates: their parts as numbers, and the texts that write them."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Date
from chainrule.data.dates import date, moments_in


def moments(*texts):
    return np.array(texts, "M8[us]")


DAYS = moments("2020-01-31T12:00", "NaT", "2021-03-01T06:30")


def test_parts_of_a_date_are_numbers():
    record = date("day", DAYS)
    assert record.parts == ("days", "year", "month", "weekday", "hour")
    assert record.names[0] == "day days" and record.names[-1] == "day missing"
    assert record.sizes == (0, 0, 0, 0, 0, 1)
    encoded = record.encode(DAYS) + np.append(record.origins, 0)
    np.testing.assert_allclose(encoded[0], [18292.5, 2020, 1, 4, 12, 0])
    np.testing.assert_allclose(encoded[2], [18687 + 6.5 / 24, 2021, 3, 0, 6.5, 0], rtol=1e-7)
    np.testing.assert_allclose(encoded[1], [*record.medians, 1])


def test_parts_that_do_not_vary_are_left_out():
    assert date("day", moments("2020-01-06", "2020-01-13")).parts == ("days",)
    assert date("day", moments("2020-01-06", "2020-01-07")).parts == ("days", "weekday")


@given(st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30)))
def test_parts_agree_with_the_calendar_of_python(moment):
    parts = ("year", "month", "weekday", "hour")
    record = Date("day", parts, (0.0,) * 4, (0.0,) * 4)
    encoded = record.encode(np.array([moment], "M8[us]"))[0]
    hours = moment.hour + moment.minute / 60 + moment.second / 3600
    want = [moment.year, moment.month, moment.weekday(), hours]
    np.testing.assert_allclose(encoded, want, atol=1e-3)


@given(st.datetimes(datetime.datetime(1, 1, 1)))
def test_text_of_a_moment_is_read_as_python_writes_it(moment):
    for text in (moment.isoformat(), moment.isoformat(" "), moment.isoformat() + "+02:00"):
        found = moments_in(np.array([text, None], object))
        np.testing.assert_array_equal(found, np.array([moment, "NaT"], "M8[us]"))


@pytest.mark.parametrize("text", ["2020-02-31", "2020", "2020-01", "1/2/2020", "now"])
def test_text_of_no_day_is_no_date(text):
    assert moments_in(np.array(["2020-01-01", text], object)) is None


def test_columns_of_gaps_alone_are_missing():
    record = date("day", DAYS)
    for column in (np.array([None], object), np.array([np.nan]), moments("NaT")):
        assert record.encode(column)[0, -1] == 1


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.array(["2020-01-01", "soon"], object), "has the text 'soon' in row 2, but dates were"),
        (np.array([20200101.0]), "holds numbers, but dates were learnt"),
    ],
)
def test_entry_that_is_no_date_is_named(column, message):
    with pytest.raises(ValueError, match=f"column 'day' {message}"):
        date("day", DAYS).encode(column)


@pytest.mark.parametrize(
    ("parts", "origins", "flagged"),
    [(("minute",), (0.0,), False), ((), (), False), (("year",), (), False), (("year",), (0.0,), 1)],
)
def test_fields_that_are_not_learnt_are_refused(parts, origins, flagged):
    with pytest.raises((TypeError, ValueError), match="column 'day'"):
        Date("day", parts, origins, (0.0,) * len(parts), flagged).check()
