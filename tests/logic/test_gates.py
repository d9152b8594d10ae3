"""W01-W07: gates as single threshold units, XOR and parity as networks."""

import itertools

import numpy as np
import pytest

from chainrule.logic.gates import GATES, XOR_NETWORKS, at_least, at_most, gate, gate_unit
from chainrule.logic.units import ThresholdUnit


ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

#: What each gate means, on a row of bools.
MEANINGS = {
    "and": all,
    "or": any,
    "not": lambda row: not row[0],
    "nand": lambda row: not all(row),
    "nor": lambda row: not any(row),
    "majority": lambda row: sum(row) > len(row) / 2,
    "xor": lambda row: sum(row) % 2 == 1,
    "parity": lambda row: sum(row) % 2 == 1,
    "xnor": lambda row: sum(row) % 2 == 0,
}


@pytest.mark.parametrize(
    ("name", "weight", "bias", "sums"),
    [
        ("or", (1, 1), -0.5, (-0.5, 0.5, 0.5, 1.5)),  # W01
        ("and", (1, 1), -1.5, (-1.5, -0.5, -0.5, 0.5)),  # W02
        ("nand", (-1, -1), 1.5, (1.5, 0.5, 0.5, -0.5)),  # W04
        ("nor", (-1, -1), 0.5, (0.5, -0.5, -0.5, -1.5)),  # W05
    ],
)
def test_w01_w02_w04_w05_units(name, weight, bias, sums):
    unit = gate_unit(name)
    np.testing.assert_array_equal(unit.weight, weight)
    assert unit.bias == bias
    np.testing.assert_array_equal(unit.weighted_sum(ROWS), sums)


def test_w03_not():
    unit = gate_unit("not", 1)
    assert (unit.weight, unit.bias) == (-1, 0.5)
    np.testing.assert_array_equal(unit([[0], [1]]), [1, 0])


@pytest.mark.parametrize(
    ("name", "fan_in"),
    [(name, n) for name in GATES for n in (1, 2, 3, 4, 7) if name != "not" or n == 1],
)
def test_gate_for_any_number_of_inputs(name, fan_in):
    rows = list(itertools.product([False, True], repeat=fan_in))
    wanted = [[MEANINGS[name](row)] for row in rows]
    np.testing.assert_array_equal(gate(name, fan_in)(np.array(rows)), wanted)


def test_every_gate_has_a_meaning_of_its_own_in_these_tests():
    assert set(MEANINGS) == set(GATES)


@pytest.mark.parametrize("name", ["xor", "xnor", "parity"])
def test_no_single_unit_is_a_parity(name):
    with pytest.raises(ValueError, match="no single threshold unit"):
        gate_unit(name)


def test_not_of_two_inputs_is_refused():
    with pytest.raises(ValueError, match="gate not: 2 inputs; expected exactly 1"):
        gate("not")


def test_gate_without_inputs_is_refused():
    with pytest.raises(ValueError, match="gate and: 0 inputs; expected at least 1"):
        gate("and", 0)


def test_unknown_gate_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'nand'"):
        gate("nannd")


@pytest.mark.parametrize("count", range(5))
def test_units_that_count(count):
    rows = np.array(list(itertools.product([0, 1], repeat=4)))
    np.testing.assert_array_equal(at_least(count, 4)(rows), rows.sum(axis=1) >= count)
    np.testing.assert_array_equal(at_most(count, 4)(rows), rows.sum(axis=1) <= count)


# ---- XOR -----------------------------------------------------------------------------------------


def hidden_and_sums(name):
    first, second = XOR_NETWORKS[name].layers
    hidden = first(ROWS)
    return hidden.T.tolist(), (hidden @ second.weight + second.bias)[:, 0]


@pytest.mark.parametrize("name", XOR_NETWORKS)
def test_w06_every_form_is_xor(name):
    np.testing.assert_array_equal(XOR_NETWORKS[name](ROWS)[:, 0], [0, 1, 1, 0])


OR, AND, NAND = [0, 1, 1, 1], [0, 0, 0, 1], [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("or-nand", [OR, NAND]), ("or-and", [OR, AND]), ("and-or", [AND, OR])],
)
def test_w06a_to_w06c_hidden_activations_and_sums(name, hidden):
    found, sums = hidden_and_sums(name)
    assert found == hidden
    np.testing.assert_array_equal(sums, [-0.5, 0.5, 0.5, -0.5])


def test_w06b_with_the_negation_written_out():
    h1, h2 = np.array(OR), np.array(AND)
    sums = ThresholdUnit([1, -1], -0.5).weighted_sum(np.stack([h1, h2], axis=1))
    np.testing.assert_array_equal(sums, h1 + (1 - h2) - 1.5)


def test_w06c_sums_of_the_hidden_layer():
    layer = XOR_NETWORKS["and-or"].layers[0]
    sums = ROWS @ layer.weight + layer.bias
    np.testing.assert_array_equal(sums.T, [[-1.5, -0.5, -0.5, 0.5], [-0.5, 0.5, 0.5, 1.5]])


def test_w07_sums_of_nand_or_and_and():
    hidden, output = XOR_NETWORKS["nand-or"].layers
    sums = np.column_stack([ROWS @ layer.weight + layer.bias for layer in (hidden, output)])
    wanted = [[0.7, 0.2, 0.2, -0.3], [-0.2, 0.3, 0.3, 0.8], [-0.7, -0.2, -0.2, 0.3]]
    np.testing.assert_allclose(sums.T, wanted, atol=1e-15)
