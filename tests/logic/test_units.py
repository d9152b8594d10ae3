"""Threshold units in both forms, McCulloch-Pitts neurons, counts of threshold functions."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.logic.gates import NEURONS
from chainrule.logic.units import (
    McCullochPitts,
    ThresholdUnit,
    count_threshold_functions,
    linear_text,
    step_layer,
)


ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def test_sum_of_exactly_0_gives_0():  # A1
    assert ThresholdUnit([1, 1], -1)([0, 1]) == 0
    assert ThresholdUnit([1, 1], -1)([1, 1]) == 1


def test_unit_takes_booleans_and_any_leading_axes():
    unit = ThresholdUnit([1, 1], -1.5)
    assert unit(np.ones((4, 3, 2), bool)).shape == (4, 3)


@pytest.mark.parametrize("seed", range(5))
def test_threshold_form_is_the_weight_form_with_the_bias_negated(seed):  # TL-13
    rng = np.random.default_rng(seed)
    weight, threshold = rng.integers(-3, 4, 4), int(rng.integers(-3, 4))
    x = rng.integers(-2, 3, (200, 4))
    unit = ThresholdUnit.from_threshold(weight, threshold)
    np.testing.assert_array_equal(unit(x), x @ weight > threshold)
    assert unit.bias == -threshold and unit.threshold == threshold


@pytest.mark.parametrize(("bias", "intercept"), [(-0.5, 0.5), (-1.5, 1.5)])
def test_w10_lines_of_or_and_and(bias, intercept):
    assert ThresholdUnit([1, 1], bias).line() == (-1, intercept)


def test_tl17_line_divides_the_plane_where_the_unit_switches():
    unit = ThresholdUnit([3, -2], 1)
    slope, intercept = unit.line()
    x = np.linspace(-3, 3, 13)
    below = np.stack([x, slope * x + intercept - 0.01], axis=1)
    above = np.stack([x, slope * x + intercept + 0.01], axis=1)
    assert unit(below).all() and not unit(above).any()  # the second weight is negative


@pytest.mark.parametrize(
    ("weight", "told"), [([1, 1, 1], "3 inputs"), ([1], "1 inputs"), ([1, 0], "no slope")]
)
def test_line_needs_a_plane_and_a_slope(weight, told):
    with pytest.raises(ValueError, match=told):
        ThresholdUnit(weight, 0.5).line()


def test_another_number_of_inputs_is_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"\[4,3\].*\[\.\.\.,2\]"):
        ThresholdUnit([1, 1], 0)(np.zeros((4, 3)))


def test_weights_that_are_no_vector_are_refused():
    with pytest.raises(ValueError, match=r"weight \[1,2\] and bias \[\]"):
        ThresholdUnit([[1, 1]], 0)([0, 1])


def test_unit_is_a_pytree_and_can_be_traced():
    unit = ThresholdUnit([1, 1], -1.5)
    assert [leaf.shape for leaf in cr.tree.leaves(unit)] == [(2,), ()]
    graph = cr.trace(lambda unit, x: unit(x), unit, ROWS.astype(float))
    np.testing.assert_array_equal(cr.evaluate(graph, unit, ROWS.astype(float)), [0, 0, 0, 1])


def test_unit_is_printed_as_an_inequality():
    assert repr(ThresholdUnit([2, -1], 0.5)) == "ThresholdUnit(2 x1 - x2 + 0.5 > 0)"
    assert ThresholdUnit([0, -1], 0).inequality(["a", "b"]) == "-b > 0"


def test_inequality_needs_a_name_for_every_input():
    with pytest.raises(ValueError, match="1 names for 2 inputs"):
        ThresholdUnit([1, 1], 0).inequality(["a"])


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((0, 0), "0"), ((-1, -2), "-a - 2"), ((1, 1), "a + 1"), ((0.5, 0), "0.5 a")],
)
def test_linear_text(numbers, text):
    assert linear_text(numbers, ["a", ""]) == text


def test_layer_of_units_gives_what_they_give():
    units = [ThresholdUnit([1, 1], -0.5), ThresholdUnit([-1, -1], 1.5)]
    layer = step_layer(*units)
    np.testing.assert_array_equal(layer(ROWS), np.stack([unit(ROWS) for unit in units], axis=1))


def test_layer_of_units_with_different_inputs_is_refused():
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        step_layer(ThresholdUnit([1], 0), ThresholdUnit([1, 1], 0))


# ---- McCulloch-Pitts neurons ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("a", [0, 0, 1, 1]),
        ("a and b", [0, 0, 0, 1]),
        ("a or b", [0, 1, 1, 1]),
        ("a and not b", [0, 0, 1, 0]),
    ],
)
def test_w08_neurons(name, outputs):
    np.testing.assert_array_equal(NEURONS[name](ROWS), outputs)
    np.testing.assert_array_equal(NEURONS[name].unit(2)(ROWS), outputs)


@pytest.mark.parametrize("threshold", [0, 1, 2, 3, 7])
def test_threshold_unit_of_a_neuron_gives_the_same(threshold):
    neuron = McCullochPitts((0, 0, 1, 2), (3, 4), threshold)
    rows = np.arange(2**5)[:, None] >> np.arange(5) & 1
    np.testing.assert_array_equal(neuron.unit(5)(rows), neuron(rows))


def test_one_inhibitory_input_prevents_firing():
    neuron = McCullochPitts((0, 1, 2), (3,), threshold=1)
    assert neuron([1, 1, 1, 0]) == 1 and neuron([1, 1, 1, 1]) == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [(((0, 1), (1,)), "input 1 both"), (((-1,), ()), "from 0"), (((0,), (), -1), "from 0")],
)
def test_impossible_neurons_are_refused(fields, told):
    with pytest.raises(ValueError, match=told):
        McCullochPitts(*fields)


def test_neuron_takes_zeros_and_ones_only():
    with pytest.raises(ValueError, match="other than 0 and 1"):
        McCullochPitts((0,))([0.5])


def test_neuron_with_an_input_beyond_the_last_has_no_unit():
    with pytest.raises(ValueError, match="2 inputs, connected is input 2"):
        McCullochPitts((0, 2)).unit(2)


# ---- counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("inputs", "count"), [(1, 4), (2, 14), (3, 104), (4, 1882)])
def test_number_of_threshold_functions(inputs, count):  # OEIS A000609
    assert count_threshold_functions(inputs) == count


def test_threshold_functions_of_too_many_inputs_are_not_counted():
    with pytest.raises(ValueError, match="6 inputs; expected 1 to 5"):
        count_threshold_functions(6)
