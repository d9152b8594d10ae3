"""Pictures of threshold logic: gates, decision lines, networks of threshold units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import data, draw, nn
from chainrule.draw.plots.gates import gates
from chainrule.draw.plots.matrices import Matrix, matrices
from chainrule.draw.plots.planes import Gate, decision_lines, regions
from chainrule.logic import XOR_NETWORKS, gate_unit, threshold_network


#: Gates of two inputs that are one threshold unit (W01-W05); XOR is none.
UNITS = ("OR", "AND", "NAND", "NOR")
_FORMULAS = {"AND": "x∧y", "OR": "x∨y", "NAND": "¬(x∧y)", "NOR": "¬(x∨y)", "XOR": "x⊕y"}
#: Colours of the cells of inputs, weights and results.
_INPUT, _WEIGHT, _RESULT = "#e6f0f8", "#ffffff", "#fdebd8"


def gate(name: str) -> Gate:
    """A Boolean function of two inputs, with its threshold unit where there is one."""
    outputs = data.dataset(name.lower()).y.astype(bool)
    if name not in UNITS:
        return Gate(name, outputs, None, 0.0)
    unit = gate_unit(name.lower())
    return Gate(name, outputs, (float(unit.weight[0]), float(unit.weight[1])), float(unit.bias))


def network(*layers: tuple[Any, Any], activation: str = "step") -> nn.Sequential:
    """Layers of threshold units, or of others: pairs of weight `(fan_in, fan_out)` and bias."""
    chosen = nn.activation(activation)
    return nn.Sequential(
        tuple(nn.Dense(np.array(w, float), np.array(b, float), chosen) for w, b in layers)
    )


def mcculloch_pitts() -> nn.Sequential:
    """Identity, AND, OR and AND-NOT of two inputs, as four neurons (F37)."""
    return network(([[1, 1, 1, 1], [0, 1, 1, -1]], [-0.5, -1.5, -0.5, -0.5]))


def symbols(path: Path) -> None:
    """The symbols of gates and their truth tables."""
    rows: list[tuple[str, str, Any]] = [("NOT", "¬x", [(0, 1), (1, 0)])]
    for name, formula in _FORMULAS.items():
        found = data.dataset(name.lower())
        table = [(*map(int, x), int(y)) for x, y in zip(found.x, found.y, strict=True)]
        rows.append((name, formula, table))
    gates(rows, path)


def lines(path: Path) -> None:
    """The lines of four gates, and XOR, which has none."""
    decision_lines([gate(name) for name in ("OR", "AND", "NAND", "XOR")], path)


def xor_regions(path: Path) -> None:
    """XOR as the strip between the lines of OR and NAND."""
    regions(gate("OR"), gate("NAND"), path)


def xor_diagram(path: Path) -> None:
    """The network of OR, NAND and AND that computes XOR, at work on 0, 1."""
    draw.network(XOR_NETWORKS["or-nand"], path, values=[0, 1], outputs=["x₁ ⊕ x₂"])


def table_diagram(path: Path) -> None:
    """The network with one hidden unit for each row of the truth table."""
    net = threshold_network("x1 xor x2", form="patterns")
    draw.network(net, path, values=[1, 0], outputs=["x₁ ⊕ x₂"])


def neurons_diagram(path: Path) -> None:
    """Four neurons of McCulloch and Pitts, at work on A = 1, B = 0."""
    names = ["A", "A ∧ B", "A ∨ B", "A ∧ ¬B"]
    draw.network(mcculloch_pitts(), path, values=[1, 0], inputs=["A", "B"], outputs=names)


def perceptron_diagram(path: Path) -> None:
    """A perceptron of two inputs, a bias unit and three outputs: OR, AND, NAND."""
    weights = [[1, 1, -1], [1, 1, -1]]
    names = ["OR", "AND", "NAND"]
    net = network((weights, [-0.5, -1.5, 1.5]))
    draw.network(net, path, outputs=names, bias_units=True)


def layer_matrices(path: Path) -> None:
    """One sample through a layer: a row times the weights, plus the bias."""
    weight = np.array([[0.2, -0.5, 1.0], [0.4, 0.3, -0.2]])
    x, bias = np.array([[1.0, 2.0]]), np.array([[0.1, -0.5, -0.3]])
    layer = nn.Dense(weight, bias[0], nn.activation("relu"))
    sums = x @ weight + bias
    equation = [
        Matrix("input x", x, "1 × 2", _INPUT),
        "·",
        Matrix("weights W", weight, "2 × 3 (fan_in × fan_out)", _WEIGHT),
        "+",
        Matrix("bias b", bias, "1 × 3", _WEIGHT),
        "=",
        Matrix("sums z", sums, "1 × 3", _RESULT),
    ]
    output = ["h  =  relu(z)  =", Matrix("output h", layer(x), "1 × 3", _RESULT)]
    matrices([equation, output], path, "A layer is a product of matrices")


def xor_matrices(path: Path) -> None:
    """XOR for all four samples at once, in matrices."""
    hidden, output = XOR_NETWORKS["and-or"].layers
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    h, biases = hidden(x), (np.atleast_2d(hidden.bias), np.atleast_2d(output.bias))
    first = [
        Matrix("X", x, "4 samples × 2", _INPUT), "·",
        Matrix("$W_x$", hidden.weight, "2 × 2", _WEIGHT), "+",
        Matrix("$b_x$", biases[0], "1 × 2", _WEIGHT), "=",
        Matrix("sums", x @ hidden.weight + biases[0], "4 × 2", _RESULT), "→",
        Matrix("h = step", h, "AND, OR", _RESULT),
    ]  # fmt: skip
    second = [
        Matrix("h", h, "4 × 2", _INPUT), "·",
        Matrix("$w_h$", output.weight, "2 × 1", _WEIGHT), "+",
        Matrix("$b_h$", biases[1], "1 × 1", _WEIGHT), "=",
        Matrix("sums", h @ output.weight + biases[1], "4 × 1", _RESULT), "→",
        Matrix("y = step", output(h), "XOR", _RESULT),
    ]  # fmt: skip
    matrices([first, second], path, "XOR in matrices: all samples at once")
