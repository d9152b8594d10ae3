"""Functions approximated to a number of units or to a tolerance."""

import numpy as np
import pytest

from chainrule.universal import CONSTRUCTIONS, approximate, error_by_units, fitted_slope
from chainrule.universal.approximation import hidden_units


SINE = "sin(2*pi*x)"
SURFACE = "sin(pi*x)*cos(2*y) + x*y"
BOX = ((-1, 1), (0, 2))
EVERY = [(d, name) for d, rows in CONSTRUCTIONS.items() for name in rows]


def example(coordinates):
    return (SINE, (0, 1)) if coordinates == 1 else (SURFACE, BOX)


@pytest.mark.parametrize(("coordinates", "using"), EVERY)
def test_network_has_the_units_that_the_table_tells(coordinates, using):
    function, bounds = example(coordinates)
    row = CONSTRUCTIONS[coordinates][using]
    found = approximate(function, bounds, units=row.units(5), using=using)
    assert found.units == hidden_units(found.network) == row.units(5)


@pytest.mark.parametrize(("coordinates", "using"), EVERY)
def test_error_is_that_of_the_network_at_its_place(coordinates, using):
    function, bounds = example(coordinates)
    found = approximate(function, bounds, units=100, using=using)
    x = np.array(found.where)
    at = np.sin(2 * np.pi * x[0])
    if coordinates == 2:
        at = np.sin(np.pi * x[0]) * np.cos(2 * x[1]) + x[0] * x[1]
    assert found.error == pytest.approx(abs(found.network(x[None])[0, 0] - at), rel=1e-12)


@pytest.mark.parametrize(
    ("coordinates", "using", "slope"),
    [
        (1, "steps", -1),
        (1, "spikes", -1),
        (1, "relu", -2),
        (2, "steps", -1 / 2),
        (2, "sigmoids", -1 / 2),
        (2, "spikes", -1 / 2),
        (2, "relu", -1),
    ],
)
def test_error_falls_with_the_width_of_cells_or_with_its_square(coordinates, using, slope):
    """In two dimensions so many more units are needed for the same width."""
    function, bounds = example(coordinates)
    units = (40, 80, 160) if coordinates == 1 else (250, 500, 1000)
    rows = error_by_units(function, bounds, units=units, using=using)
    found = fitted_slope([row.units for row in rows], [row.error for row in rows])
    assert found == pytest.approx(slope, abs=0.25)


W45 = {5: 0.064497, 10: 0.016364, 20: 0.0041063, 40: 0.0010275, 80: 0.00025695}


@pytest.mark.parametrize("cells", W45)
def test_w45_error_of_a_sum_of_spikes(cells):
    """Over a grid that has the ends, where the error is largest: 0.3 % above the integral."""
    found = approximate(SINE, units=2 * cells, using="spikes")
    assert found.mean_squared_error == pytest.approx(W45[cells], rel=3e-3)


def test_steps_are_at_most_half_the_rise_within_a_cell_away():
    """Of x: exactly half a cell."""
    assert approximate("x", units=9).error == pytest.approx(1 / 20, rel=1e-12)


def test_hats_of_a_parabola_are_an_eighth_of_the_square_of_the_width_away():
    found = approximate("x^2", (-1, 1), units=16, using="relu")
    assert found.error == pytest.approx((2 / 16) ** 2 / 8 * 2, rel=1e-6)


def test_sigmoids_round_the_edges_of_the_steps_off():
    sigmoids, steps = (approximate(SINE, units=40, using=u).error for u in ("sigmoids", "steps"))
    assert sigmoids < steps / 10


@pytest.mark.parametrize(
    ("function", "using"), [(SINE, "steps"), (SINE, "relu"), (SINE, "sigmoids"), ("x", "spikes")]
)
def test_tolerance_is_met(function, using):
    assert approximate(function, tolerance=0.03, using=using).error <= 0.03


def test_one_cell_fewer_than_found_for_a_tolerance_fails():
    found = approximate(SINE, tolerance=0.03)
    assert approximate(SINE, units=found.units - 1).error > 0.03


def test_tolerance_is_met_on_a_box():
    found = approximate(SURFACE, BOX, tolerance=0.1, using="relu")
    assert found.error <= 0.1 and found.units < 200


def test_adapted_edges_help_where_the_function_is_steep_in_one_place():
    equal, adapted = (
        approximate("sqrt(x)", units=40, using="relu", spacing=s).error
        for s in ("equal", "adapted")
    )
    assert adapted < equal / 10


def test_adapted_edges_of_a_constant_are_equal():
    found = approximate("2", units=3, spacing="adapted")
    np.testing.assert_allclose(-found.network.layers[0].bias, [0.25, 0.5, 0.75])
    assert found.error == 0


def test_python_function_is_taken_as_its_formula_is():
    by_text = approximate("x*y", BOX, units=100)
    by_function = approximate(lambda x, y: x * y, BOX, units=100)
    assert by_text.error == by_function.error


def test_record_reads_as_a_sentence():
    text = str(approximate("x", units=9))
    assert text.startswith("9 units: largest error 0.05 at x = ") and "points" in text


@pytest.mark.parametrize(
    ("function", "bounds", "told"),
    [
        ("1/x", (-1, 1), r"1/x is infinite at x = 0: not finite on \[-1, 1\]"),
        ("sqrt(x)", (-1, 1), "has no value at x = -1"),
        ("1/(x - 0.123456)", (0, 1), "at x = 0.123456"),
        ("tan(x)", (0, 3), "grows to .* at x = 1.5708"),
        ("log(x)", (0, 1), "at x = 0"),
        ("1/(x + y - 0.1)", ((0, 1), (0, 1)), r"not finite on \[0, 1\] x \[0, 1\]"),
        ("exp(exp(7*x))", (0, 1), "infinite at x ="),
    ],
)
def test_function_that_is_not_finite_is_refused_with_the_place(function, bounds, told):
    with pytest.raises(ValueError, match=told):
        approximate(function, bounds)


def test_steep_function_is_no_pole():
    assert approximate("tanh(1e5*(x - 0.3))", units=9).error < 2.1


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"bounds": (1, 0)}, "the first smaller"),
        ({"bounds": (1, 1 + 1e-12)}, "not nearly the same"),
        ({"bounds": (0, np.inf)}, "two finite numbers"),
        ({"bounds": (0, 1, 2)}, "an interval"),
        ({"units": 10, "tolerance": 0.1}, "both units and a tolerance"),
        ({"units": 0}, "steps take 1 to 4,096"),
        ({"units": 5000}, "steps take 1 to 4,096"),
        ({"tolerance": 0}, "above 0"),
        ({"tolerance": float("nan")}, "above 0"),
        ({"using": "step"}, "did you mean 'steps'"),
        ({"spacing": "even"}, "expected equal or adapted"),
        ({"bounds": BOX, "spacing": "adapted"}, "expected equal, on a box"),
        ({"function": lambda x: x[:2]}, "keeps its shape"),
    ],
)
def test_bad_settings_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        approximate(**{"function": "x", **settings})


def test_tolerance_that_no_network_meets_is_told_with_the_nearest(monkeypatch):
    """Hats have no jump."""
    monkeypatch.setattr("chainrule.universal.constructions.MOST_UNITS", 64)
    with pytest.raises(ValueError, match=r"within 0\.1 is not reached: 64 units: largest error"):
        approximate("step(x - 0.3)", tolerance=0.1, using="relu")
