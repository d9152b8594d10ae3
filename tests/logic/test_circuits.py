"""Circuits of threshold units against whole numbers, exhaustively."""

import numpy as np
import pytest

from chainrule.logic.circuits import (
    ALU_OPERATIONS,
    Circuit,
    Signal,
    adder,
    alu,
    full_adder,
    half_adder,
    multiplexer,
    sr_latch,
)
from chainrule.logic.gates import gate_unit
from chainrule.logic.tables import input_rows
from chainrule.logic.units import ThresholdUnit


def number(digits):
    """Of binary digits `(rows, count)`, the most significant first."""
    return digits.astype(int) @ (1 << np.arange(digits.shape[1])[::-1])


def rows_and_outputs(circuit):
    """All choices of the inputs, and what the circuit's network makes of them."""
    rows = input_rows(len(circuit.inputs))
    return rows, circuit.network()(rows)


def widths(circuit):
    return [layer.weight.shape[1] for layer in circuit.network().layers]


@pytest.mark.parametrize("circuit", [half_adder(), full_adder()])
def test_half_and_full_adder_count_their_inputs(circuit):
    rows, outputs = rows_and_outputs(circuit)
    np.testing.assert_array_equal(number(outputs), rows.sum(axis=1))


@pytest.mark.parametrize("carries", ["ripple", "lookahead"])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6])
def test_adder_adds(bits, carries):
    rows, outputs = rows_and_outputs(adder(bits, carries))
    total = number(rows[:, :bits]) + number(rows[:, bits:])
    np.testing.assert_array_equal(number(outputs), total)


def test_ripple_adder_has_a_layer_for_each_carry_and_lookahead_two():
    assert len(widths(adder(6, "ripple"))) == 7
    assert len(widths(adder(6, "lookahead"))) == 2


def test_wide_adder_is_exact():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2**32, (2, 500))
    digits = [term[:, None] >> np.arange(32)[::-1] & 1 for term in (a, b)]
    outputs = adder(32, "lookahead").network()(np.hstack(digits))
    np.testing.assert_array_equal(number(outputs), a + b)


@pytest.mark.parametrize("selectors", [1, 2, 3])
def test_multiplexer_chooses_by_number(selectors):
    rows, outputs = rows_and_outputs(multiplexer(selectors))
    chosen = number(rows[:, :selectors])
    data = rows[:, selectors:]
    np.testing.assert_array_equal(outputs[:, 0], data[np.arange(len(rows)), chosen])


def test_latch_sets_resets_and_remembers():
    steps = 4
    rows, outputs = rows_and_outputs(sr_latch(steps))
    state, sets, resets = rows[:, 0], rows[:, 1::2], rows[:, 2::2]
    is_allowed = ~(sets & resets).any(axis=1)
    for step in range(steps):
        state = (state | sets[:, step]) & ~resets[:, step]
        np.testing.assert_array_equal(outputs[is_allowed, step], state[is_allowed])


def test_latch_that_is_set_and_reset_at_once_is_0():
    assert not sr_latch(1)(q0=1, s1=1, r1=1)["q1"]


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_alu_computes_each_operation(bits):
    rows, outputs = rows_and_outputs(alu(bits))
    operation = number(rows[:, :2])
    a, b = number(rows[:, 2 : 2 + bits]), number(rows[:, 2 + bits :])
    results = {"and": a & b, "or": a | b, "xor": a ^ b, "add": a + b}
    wanted = np.choose(operation, [results[name] for name in ALU_OPERATIONS])
    np.testing.assert_array_equal(number(outputs), wanted)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: adder(0), "adder: bits 0; expected a whole number, 1 to 32"),
        (lambda: adder(4, "skip"), "carries 'skip'; expected 'ripple' or 'lookahead'"),
        (lambda: multiplexer(11), "selectors 11; expected a whole number, 1 to 10"),
        (lambda: sr_latch(0), "steps 0"),
        (lambda: alu(1.5), "bits 1.5"),
    ],
)
def test_impossible_sizes_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


# ---- any circuit ---------------------------------------------------------------------------------


AND = gate_unit("and")


def test_values_are_passed_on_to_later_layers():
    first = Signal("both", ("a", "b"), AND)
    circuit = Circuit(("a", "b", "c"), (first, Signal("all", ("both", "c"), AND)), ("all", "a"))
    _, outputs = rows_and_outputs(circuit)
    assert widths(circuit) == [3, 2]
    np.testing.assert_array_equal(outputs.T, [[0] * 7 + [1], [0] * 4 + [1] * 4])


def test_output_that_is_an_input_takes_one_layer():
    circuit = Circuit(("a", "b"), (), ("b",))
    np.testing.assert_array_equal(rows_and_outputs(circuit)[1][:, 0], [0, 1, 0, 1])


def test_signals_that_no_output_needs_are_left_out():
    unused = Signal("unused", ("a", "b"), AND)
    circuit = Circuit(("a", "b"), (unused, Signal("used", ("a", "b"), AND)), ("used",))
    assert widths(circuit) == [1]


def test_operand_that_stands_twice_counts_twice():
    circuit = Circuit(("a",), (Signal("both", ("a", "a"), AND),), ("both",))
    np.testing.assert_array_equal(rows_and_outputs(circuit)[1][:, 0], [0, 1])


def test_circuit_is_called_with_names():
    found = half_adder()(a=True, b=np.array([[0, 1]]))
    np.testing.assert_array_equal(found["carry"], [[False, True]])
    np.testing.assert_array_equal(found["sum"], [[True, False]])


@pytest.mark.parametrize("values", [{"a": 1}, {"a": 1, "b": 0, "c": 1}])
def test_call_with_other_names_is_refused(values):
    with pytest.raises(ValueError, match="expected a, b"):
        half_adder()(**values)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ((("a", "a"), (), ("a",)), "two inputs are called 'a'"),
        ((("a",), (), ("a", "a")), "two outputs are called 'a'"),
        ((("a",), (Signal("c", ("a", "d"), AND),), ("c",)), "'c' reads 'd'"),
        ((("a",), (Signal("c", ("a", "c"), AND),), ("c",)), "'c' reads 'c'"),
        ((("a", "b"), (Signal("a", ("a", "b"), AND),), ("a",)), "two signals are called 'a'"),
        ((("a",), (Signal("c", ("a",), AND),), ("c",)), "takes 2 inputs, given are 1"),
        ((("a",), (), ("d",)), r"outputs \['d'\]"),
        ((("a",), (), ()), r"outputs \(\)"),
        (((), (Signal("c", (), ThresholdUnit([], 1)),), ("c",)), r"of \(\)"),
    ],
)
def test_impossible_circuits_are_refused(fields, told):
    with pytest.raises(ValueError, match=told):
        Circuit(*fields)
