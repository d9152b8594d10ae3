"""TL-25, UN-01, W36: networks from Boolean functions, verified, and back to expressions."""

import itertools

import numpy as np
import pytest

from chainrule.logic.networks import (
    FORMS,
    circuit_of,
    expression_of,
    table_of,
    threshold_network,
    verify,
)
from chainrule.logic.parser import parse
from chainrule.logic.tables import input_rows, truth_table
from chainrule.nn import ACTIVATIONS, Dense, Sequential, mlp, parameter_count


XOR = [0, 1, 1, 0]


def sizes(network):
    return [layer.weight.shape[1] for layer in network.layers]


@pytest.mark.parametrize("form", FORMS)
def test_every_function_of_two_inputs_has_a_network(form):
    for outputs in itertools.product([0, 1], repeat=4):
        network = threshold_network(outputs, form)
        np.testing.assert_array_equal(network(input_rows(2))[:, 0], outputs)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_random_function_of_six_inputs_has_a_network(form, seed):
    outputs = np.random.default_rng(seed).integers(0, 2, 64)
    assert verify(threshold_network(outputs, form), outputs).is_right


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text",
    [
        "true",
        "false",
        "a",
        "not a",
        "a and a",
        "a implies b",
        "b implies a",
        "a iff b",
        "nand(a, b, c)",
        "nor(a, b, c)",
        "xnor(a, b, c)",
        "a xor b xor c xor d",
        "(a implies b) and not (b iff c) or (a nand d) and (a nand d)",
    ],
)
def test_expression_has_a_network_in_any_order_of_inputs(text, form):
    for inputs in ("abcd", "dbca"):
        network = threshold_network(text, form, list(inputs))
        wanted = truth_table(text, list(inputs)).outputs
        np.testing.assert_array_equal(network(input_rows(4))[:, 0], wanted)


def test_all_but_a_linear_output_are_step_units():
    for form in FORMS:
        *hidden, last = threshold_network("a xor b", form).layers
        assert all(layer.activation is ACTIVATIONS["step"] for layer in hidden)
        wanted = "identity" if form == "patterns" else "step"
        assert last.activation is ACTIVATIONS[wanted]


def test_w36_patterns_of_two_inputs():
    hidden, output = threshold_network(XOR, "patterns").layers
    np.testing.assert_array_equal(hidden.weight.T, [[-1, -1], [-1, 1], [1, -1], [1, 1]])
    np.testing.assert_array_equal(hidden.bias, [0.5, -0.5, -0.5, -1.5])
    np.testing.assert_array_equal(hidden(input_rows(2)), np.eye(4))
    np.testing.assert_array_equal(output(np.eye(4))[:, 0], XOR)


@pytest.mark.parametrize(("d", "units", "parameters"), [(3, 8, 41), (5, 32, 225), (8, 256, 2561)])
def test_w36_parity_by_patterns(d, units, parameters):
    outputs = input_rows(d).sum(axis=1) % 2
    network = threshold_network(outputs, "patterns")
    assert sizes(network) == [units, 1] and parameter_count(network) == parameters
    np.testing.assert_array_equal(network(input_rows(d))[:, 0], outputs)


def test_dnf_has_a_unit_for_each_row_and_minimized_for_each_term():
    text = "a or (b and c)"
    assert sizes(threshold_network(text, "dnf")) == [5, 1]
    assert sizes(threshold_network(text, "minimized")) == [2, 1]


def test_circuit_has_a_layer_for_each_level_and_shares_what_is_equal():
    assert sizes(threshold_network("(a and b) or not (a and b)", "circuit")) == [1, 2, 1]
    assert sizes(threshold_network("a and b and c", "circuit")) == [1]
    assert sizes(threshold_network("a xor b xor c", "circuit")) == [3, 1]


@pytest.mark.parametrize("function", [lambda a, b: a and not b, "a and not b", [0, 0, 1, 0]])
def test_any_source_of_a_table_will_do(function):
    network = threshold_network(function)
    np.testing.assert_array_equal(network(input_rows(2))[:, 0], [0, 0, 1, 0])


def test_file_will_do(tmp_path):
    file = tmp_path / "xor.csv"
    file.write_text("a,b,out\n1,1,0\n0,1,1\n1,0,1\n0,0,0\n")
    network = threshold_network(str(file), "circuit")
    assert verify(network, file).is_right


def test_unknown_form_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'patterns'"):
        threshold_network(XOR, "pattern")


def test_constant_without_inputs_is_refused():
    with pytest.raises(ValueError, match="a constant has no inputs"):
        threshold_network("true")


def test_inputs_that_lack_a_variable_are_refused():
    with pytest.raises(ValueError, match="no input 'b' among a, c"):
        circuit_of(parse("a and b"), ["a", "c"])


# ---- verification --------------------------------------------------------------------------------


def broken(network):
    """The network with the threshold of its output raised by 1."""
    *others, last = network.layers
    return Sequential((*others, Dense(last.weight, last.bias - 1, last.activation)))


def test_verification_tries_all_rows():
    found = verify(threshold_network(XOR), XOR)
    assert (found.rows, found.wrong, found.is_exhaustive, found.counterexample) == (
        4,
        0,
        True,
        None,
    )
    assert str(found) == "the network agrees on 4 rows (all)"


def test_verification_names_the_first_wrong_row():
    found = verify(broken(threshold_network("a xor b")), "a xor b")
    assert not found.is_right and found.wrong == 2
    assert found.counterexample == {"a": 0, "b": 1}
    assert str(found) == "the network differs on 2 of 4 rows (all), first for a=0, b=1"


def test_twenty_inputs_are_verified_exhaustively():
    text = " or ".join(f"(x{i} and x{i + 1})" for i in range(19))
    network = threshold_network(text, "circuit")
    found = verify(network, text)
    assert found.is_right and found.is_exhaustive and found.rows == 2**20


def test_more_inputs_are_sampled_and_it_says_so():
    text = " xor ".join(f"x{i}" for i in range(30))
    network = threshold_network(text, "circuit")
    found = verify(network, text, samples=2000)
    assert found.is_right and not found.is_exhaustive
    assert str(found) == "the network agrees on 2,000 rows (drawn at random; not all were tried)"


def test_sampling_finds_a_wrong_network():
    text = " xor ".join(f"x{i}" for i in range(30))
    found = verify(broken(threshold_network(text, "circuit")), text, samples=200)
    assert not found.is_right
    assert parse(text)(**found.counterexample)


def test_samples_come_from_the_seed():
    text = " xor ".join(f"x{i}" for i in range(21))
    network = broken(threshold_network(text, "circuit"))
    first, again, other = (verify(network, text, samples=50, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (mlp([3, 1], rng=0), "takes 3 features"),
        (mlp([2, 2], rng=0), r"\[4,2\]; expected \[batch,1\]"),
    ],
)
def test_network_of_another_shape_is_refused(network, told):
    with pytest.raises(ValueError, match=told):
        verify(network, XOR)


def test_no_samples_prove_nothing():
    with pytest.raises(ValueError, match="samples is 0"):
        verify(threshold_network(XOR), XOR, samples=0)


def test_sampling_needs_a_name_for_every_variable():
    names = [f"x{i}" for i in range(21)]
    network = mlp([21, 1], rng=0)
    with pytest.raises(ValueError, match="no value for y"):
        verify(network, "x0 and y", names)


# ---- back to an expression -----------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_expression_comes_back(form):
    network = threshold_network("(a and b) or (a and b and c)", form)
    assert str(expression_of(network, ["a", "b", "c"])) == "a and b"


def test_all_functions_of_three_inputs_come_back():
    for outputs in itertools.product([False, True], repeat=8):
        found = expression_of(threshold_network(outputs), ["a", "b", "c"])
        assert truth_table(found, ["a", "b", "c"]).outputs.tolist() == list(outputs)


def test_output_above_a_half_counts_as_1():
    sigmoid = Dense(np.array([[4.0], [4.0]]), np.array([-6.0]), ACTIVATIONS["sigmoid"])
    assert str(expression_of(Sequential((sigmoid,)), ["a", "b"])) == "a and b"


def test_table_of_one_of_several_outputs():
    network = mlp([2, 3], rng=0)
    table = table_of(network, ["a", "b"], output=2)
    np.testing.assert_array_equal(table.outputs, network(input_rows(2))[:, 2] > 0.5)


def test_output_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"expected .* with an output 1"):
        table_of(threshold_network(XOR), ["a", "b"], output=1)
