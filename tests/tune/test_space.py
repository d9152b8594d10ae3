"""What a hyper-parameter may be: the values of an interval and of a choice."""

import math

import numpy as np
import pytest

from chainrule.tune import choice, integer, log_uniform, uniform


PLACES = np.linspace(0, 1, 1001)[:-1]


def test_log_uniform_is_ten_to_the_power_of_uniform():
    """HP-03: learning_rate = 10 ** uniform(-6, 1)."""
    rate, exponent = log_uniform(1e-6, 10), uniform(-6, 1)
    for place in PLACES:
        assert math.isclose(rate.at(place), 10 ** exponent.at(place), rel_tol=1e-12)


@pytest.mark.parametrize("interval", [uniform(-2, 3), log_uniform(1e-6, 10), integer(3, 7)])
def test_places_run_from_the_lowest_to_the_highest_value(interval):
    values = [interval.at(place) for place in (0, *PLACES, 1)]
    assert math.isclose(values[0], interval.low) and math.isclose(values[-1], interval.high)
    assert values == sorted(values)
    assert interval.low <= values[0] and values[-1] <= interval.high


@pytest.mark.parametrize("interval", [uniform(-2, 3), log_uniform(1e-6, 10)])
def test_place_of_a_value_is_where_it_was_taken(interval):
    assert all(math.isclose(interval.place(interval.at(p)), p, abs_tol=1e-12) for p in PLACES)


def test_whole_numbers_are_equally_likely():
    values = [integer(1, 4).at(place) for place in PLACES]
    counts = [values.count(number) for number in (1, 2, 3, 4)]
    assert max(counts) - min(counts) <= 2 and sum(counts) == len(values)


def test_whole_numbers_on_a_log_scale_favour_the_small_ones():
    values = [integer(1, 1000, log=True).at(place) for place in PLACES]
    assert all(isinstance(value, int) for value in values)
    assert np.median(values) == pytest.approx(22.4, abs=1)  # √(0.5 · 1000.5)


def test_options_are_equally_likely():
    values = [choice("a", "b", "c", "d").at(place) for place in PLACES]
    assert all(values.count(option) == 250 for option in "abcd")
    assert choice("a", "b").at(1.0) == "b"


def test_grid_is_evenly_spaced_on_the_scale_of_the_interval():
    assert uniform(0, 1).grid(3) == (0.0, 0.5, 1.0)
    np.testing.assert_allclose(log_uniform(1e-6, 10).grid(8), 10.0 ** np.arange(-6, 2))
    assert integer(1, 3).grid(9) == (1, 2, 3)
    assert log_uniform(1, 100).grid(1) == pytest.approx((10,))


def test_narrowed_interval_has_the_value_in_its_middle():
    narrowed = uniform(0, 10).around(5, 0.2)
    assert (narrowed.low, narrowed.high) == pytest.approx((4, 6))
    narrowed = log_uniform(1e-4, 1).around(1e-2, 0.5)
    assert (narrowed.low, narrowed.high) == pytest.approx((1e-3, 1e-1))
    assert integer(0, 100).around(50, 0.1) == integer(45, 55)


def test_narrowed_interval_stays_within_the_one_before():
    assert uniform(0, 10).around(0.1, 0.2) == uniform(0, 2)
    assert uniform(0, 10).around(10, 0.2) == uniform(8, 10)


def test_few_whole_numbers_are_narrowed_to_the_neighbours():
    assert integer(1, 4).around(2, 0.01) == integer(1, 3)
    assert integer(1, 4).around(4, 0.01) == integer(3, 4)


def test_narrowed_choice_keeps_its_options():
    assert choice("a", "b").around("b", 0.5) == choice("a", "b")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: uniform(1, 0), "from 1 to 0"),
        (lambda: uniform(2, 2), "stays the same"),
        (lambda: uniform(0, math.inf), "finite number"),
        (lambda: uniform(math.nan, 1), "finite number"),
        (lambda: log_uniform(0, 1), "above 0"),
        (lambda: integer(-1, 1, log=True), "above 0"),
        (lambda: choice(), "0 options"),
        (lambda: choice(["relu", "tanh"]), "1 options"),
    ],
)
def test_a_range_that_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "make", [lambda: uniform("0", 1), lambda: uniform(False, 1), lambda: integer(1, 2.5)]
)
def test_an_end_that_is_no_number_is_refused(make):
    with pytest.raises(TypeError, match="expected a"):
        make()
