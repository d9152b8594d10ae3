"""W01 to W08: gates as threshold units, and XOR as networks of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.worked.example import Example, Line, derived


_BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
_XOR = "(0, 1, 1, 0)"
_Unit = tuple[Sequence[float], float]  # weights and bias

# ---- W01 to W05: one unit ------------------------------------------------------------------------


def _solve_gate(
    gate: str, unit: _Unit, sums: str, outputs: str, is_derived: bool
) -> list[Line | str]:
    from chainrule.logic import gates, truth_table, units

    found = units.ThresholdUnit(*unit)
    x = _BITS if len(unit[0]) == 2 else np.array([[0.0], [1.0]])
    table = truth_table("not x1" if gate == "not" else f"x1 {gate} x2")
    is_gate = bool(np.array_equal(found(x), table.y))
    is_general = bool(np.array_equal(gates.gate(gate, len(unit[0]))(x)[:, 0], table.y))
    return [
        f"The unit is 1 where {found.inequality()}.",
        Line("a = w · x + b", found.weighted_sum(x), sums, is_derived=is_derived),
        Line("g(a)", found(x), outputs, is_derived=is_derived),
        derived(f"this is {gate.upper()}", is_gate, "yes"),
        derived("and so is logic.gate", is_general, "yes"),
    ]


def _gate(
    id: str, gate: str, item: int | None, unit: _Unit, sums: str, outputs: str, rows: str
) -> Example:
    weights, bias = unit
    source = (
        "derived, in the manner of Okazaki, items 9-12" if item is None else f"Okazaki, item {item}"
    )
    return Example(
        id,
        f"{gate.upper()} as a threshold unit",
        source,
        f"g(w · x + b) with w = ({', '.join(f'{w:g}' for w in weights)}) and b = {bias:g}, where "
        f"g(a) is 1 for a > 0, else 0; x = {rows}.",
        partial(_solve_gate, gate, unit, sums, outputs, item is None),
    )


_TWO = "00, 01, 10, 11"
_GATES = (
    _gate("W01", "or", 9, ((1, 1), -0.5), "(-0.5, 0.5, 0.5, 1.5)", "(0, 1, 1, 1)", _TWO),
    _gate("W02", "and", 10, ((1, 1), -1.5), "(-1.5, -0.5, -0.5, 0.5)", "(0, 0, 0, 1)", _TWO),
    _gate("W03", "not", 11, ((-1,), 0.5), "(0.5, -0.5)", "(1, 0)", "0, 1"),
    _gate("W04", "nand", 12, ((-1, -1), 1.5), "(1.5, 0.5, 0.5, -0.5)", "(1, 1, 1, 0)", _TWO),
    _gate("W05", "nor", None, ((-1, -1), 0.5), "(0.5, -0.5, -0.5, -1.5)", "(1, 0, 0, 0)", _TWO),
)

# ---- W06: XOR with two layers --------------------------------------------------------------------

_OR, _AND, _NAND = ((1, 1), -0.5), ((1, 1), -1.5), ((-1, -1), 1.5)


def _layers(first: _Unit, second: _Unit, output: _Unit) -> tuple[Any, Any, Any, Any]:
    """Sums and outputs of the hidden layer `(4, 2)`, then those of the last `(4,)`."""
    from chainrule.logic.units import ThresholdUnit, step_layer
    from chainrule.nn import Dense, Sequential, layer_outputs

    hidden, last = (
        step_layer(*[ThresholdUnit(*unit) for unit in units])
        for units in ((first, second), (output,))
    )
    linear = [Dense(layer.weight, layer.bias) for layer in (hidden, last)]
    h, z = layer_outputs(Sequential((hidden, last)), _BITS).values()
    return linear[0](_BITS), h, linear[1](h)[:, 0], z[:, 0]


def _w06a() -> list[Line | str]:
    _, h, sums, z = _layers(_OR, _NAND, ((1, 1), -1.5))
    return [
        Line("h1 = OR", h[:, 0], "(0, 1, 1, 1)"),
        Line("h2 = NAND", h[:, 1], "(1, 1, 1, 0)"),
        Line("h1 + h2 - 1.5", sums, "(-0.5, 0.5, 0.5, -0.5)"),
        Line("z = g(h1 + h2 - 1.5)", z, _XOR),
    ]


def _w06b() -> list[Line | str]:
    _, h, sums, y = _layers(_OR, _AND, ((1, -1), -0.5))
    negated = h[:, 0] + (1 - h[:, 1]) - 1.5
    return [
        Line("h1 = OR", h[:, 0], "(0, 1, 1, 1)"),
        Line("h2 = AND", h[:, 1], "(0, 0, 0, 1)"),
        Line("h1 - h2 - 0.5", sums, "(-0.5, 0.5, 0.5, -0.5)"),
        Line("h1 + (1 - h2) - 1.5, the same", negated, "(-0.5, 0.5, 0.5, -0.5)"),
        Line("y = h1 AND NOT h2", y, _XOR),
    ]


def _w06c() -> list[Line | str]:
    sums, h, output, y = _layers(_AND, _OR, ((-1, 1), -0.5))
    return [
        "Of h and step(out) the slides keep the ones alone: the zeros are lost with the layout.",
        Line("out_h, column by column", sums.T, "-1.5 -0.5 -0.5 0.5 -0.5 0.5 0.5 1.5"),
        Line("ones of h", h[h > 0], "1 1 1 1"),
        derived("h1 = AND", h[:, 0], "(0, 0, 0, 1)"),
        derived("h2 = OR", h[:, 1], "(0, 1, 1, 1)"),
        Line("out = h w_h + b_h", output, "-0.5 0.5 0.5 -0.5"),
        Line("ones of step(out)", y[y > 0], "1 1"),
        derived("step(out)", y, _XOR),
    ]


_SAITOH = {"and": ((0.5, 0.5), -0.7), "or": ((0.5, 0.5), -0.2), "nand": ((-0.5, -0.5), 0.7)}


def _w06d() -> list[Line | str]:
    _, h, sums, y = _layers(_SAITOH["nand"], _SAITOH["or"], _SAITOH["and"])
    return [
        "XOR = AND(NAND, OR), with the gates of W07.",
        derived("NAND", h[:, 0], "(1, 1, 1, 0)"),
        derived("OR", h[:, 1], "(0, 1, 1, 1)"),
        derived("sum of the AND", sums, "(-0.2, 0.3, 0.3, -0.2)"),
        Line("XOR", y, _XOR),
    ]


_XORS: tuple[tuple[str, str, str, Callable[[], Sequence[Line | str]]], ...] = (
    ("W06a", "Okazaki, item 16", "hidden units OR and NAND, and AND of both", _w06a),
    ("W06b", "CSC311 lecture 4, slide 20", "hidden units OR and AND, h1 and not h2", _w06b),
    ("W06c", "Payberah, slides 26-27", "as matrices, hidden units AND and OR", _w06c),
    ("W06d", "Sohn", "of gates, whatever their weights", _w06d),
)

# ---- W07 and W08: other forms of the units -------------------------------------------------------


def _w07() -> list[Line | str]:
    from chainrule.logic.units import ThresholdUnit

    expected = {
        "and": ("(-0.7, -0.2, -0.2, 0.3)", "(0, 0, 0, 1)"),
        "or": ("(-0.2, 0.3, 0.3, 0.8)", "(0, 1, 1, 1)"),
        "nand": ("(0.7, 0.2, 0.2, -0.3)", "(1, 1, 1, 0)"),
    }
    lines: list[Line | str] = ["The tables are printed, the weights are not: these are Saitoh's."]
    for gate, (sums, outputs) in expected.items():
        unit = ThresholdUnit(*_SAITOH[gate])
        by_threshold = ThresholdUnit.from_threshold(unit.weight, unit.threshold)
        lines += [
            f"{gate.upper()}: {unit.inequality()}, or threshold {unit.threshold:g}",
            derived("b + w · x", unit.weighted_sum(_BITS), sums),
            Line("output", unit(_BITS), outputs, is_derived=gate == "nand"),
            derived("with a threshold", by_threshold(_BITS), outputs),
        ]
    return [*lines, "XOR = AND(NAND, OR):", Line("XOR", _of_gates(), _XOR)]


def _of_gates() -> Any:
    return _layers(_SAITOH["nand"], _SAITOH["or"], _SAITOH["and"])[3]


def _w08() -> list[Line | str]:
    from chainrule.logic.units import McCullochPitts

    neurons = (
        ("C = A", McCullochPitts((0, 0)), "(0, 0, 1, 1)", "A connected twice"),
        ("C = A ∧ B", McCullochPitts((0, 1)), "(0, 0, 0, 1)", "each connected once"),
        ("C = A ∨ B", McCullochPitts((0, 0, 1, 1)), "(0, 1, 1, 1)", "each connected twice"),
        ("C = A ∧ ¬B", McCullochPitts((0, 0), (1,)), "(0, 0, 1, 0)", "A twice, B inhibits"),
    )
    lines: list[Line | str] = ["A neuron fires where at least two of its connections are on."]
    for name, neuron, outputs, how in neurons:
        lines += [
            f"{name}: {how}; as a threshold unit {neuron.unit(2).inequality(('A', 'B'))}",
            derived(name, neuron(_BITS), outputs),
            derived("as a threshold unit", neuron.unit(2)(_BITS), outputs),
        ]
    return lines


EXAMPLES = (
    *_GATES,
    *(
        Example(id, f"XOR with hard thresholds: {how}", source, f"x = {_TWO}.", solve)
        for id, source, how, solve in _XORS
    ),
    Example("W07", "Gates from truth tables", "Sohn", "AND, OR, NAND and XOR of them.", _w07),
    Example(
        "W08",
        "McCulloch-Pitts neurons",
        "Payberah, slide 7, derived",
        f"Four neurons of the inputs A and B; A B = {_TWO}.",
        _w08,
    ),
)
