"""W13 to W15: Rosenblatt's rule, a sample at a time and all samples at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.worked.example import Example, Line, derived


_BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
_TARGETS = {
    "OR": np.array([0.0, 1, 1, 1]),
    "AND": np.array([0.0, 0, 0, 1]),
    "NAND": np.array([1.0, 1, 1, 0]),
    "XOR": np.array([0.0, 1, 1, 0]),
}

# ---- W13: OR in two updates ----------------------------------------------------------------------

_PRINTED = (("0", "0", "(1, 1, 1)"), ("1", "1", "(1, 1, 0)"))  # w·x, ŷ, new weights


def _w13() -> list[Line | str]:
    from chainrule.logic.perceptron import train_perceptron
    from chainrule.logic.perceptron_order import shortest_order

    run = train_perceptron(_BITS, _TARGETS["OR"], order=[3, 0])
    fewest = shortest_order(_BITS, _TARGETS["OR"]).order or ()
    lines: list[Line | str] = [*run.lines(), "Line by line:"]
    for update, (score, prediction, weights) in zip(run.trace, _PRINTED, strict=True):
        instance = f"instance {update.row + 1}"
        lines += [
            Line(f"w·x of {instance}", update.score, score),
            Line(f"ŷ of {instance}", update.prediction, prediction),
            Line(f"w after {instance}", update.weights, weights),
        ]
    return [
        *lines,
        Line("w·x of all at the end", run.scores, "(0, 1, 1, 2)"),
        Line("ŷ of all at the end", run.predictions, "(0, 1, 1, 1)"),
        Line("every instance is right", run.converged, "yes"),
        "No order needs fewer updates; it takes g(0) = 0 twice, at the start and for instance 1.",
        derived("fewest updates of any order", len(fewest), "2"),
    ]


# ---- W14: in cyclic order ------------------------------------------------------------------------

_CYCLIC = {  # updates, passes, weights; the instances of the fewest updates of any order
    "OR": ("4", "4", "(1, 1, 0)", "(4, 1)"),
    "AND": ("10", "6", "(2, 1, -2)", "(4, 1, 2, 4, 3)"),
    "NAND": ("11", "6", "(-2, -1, 3)", "(1, 4, 1, 2, 4, 3)"),
}


def _w14() -> list[Line | str]:
    from chainrule.logic.perceptron import train_perceptron
    from chainrule.logic.perceptron_order import shortest_order

    lines: list[Line | str] = []
    for gate, (updates, passes, weights, order) in _CYCLIC.items():
        run = train_perceptron(_BITS, _TARGETS[gate])
        fewest = np.array(shortest_order(_BITS, _TARGETS[gate]).order) + 1
        lines += [
            derived(f"{gate}: updates", run.updates, updates),
            derived(f"{gate}: passes", run.passes, passes),
            derived(f"{gate}: w", run.weights, weights),
            derived(f"{gate}: order of fewest updates", fewest, order),
        ]
    run = train_perceptron(_BITS, _TARGETS["XOR"])
    assert run.cycle is not None
    search = shortest_order(_BITS, _TARGETS["XOR"])
    return [
        *lines,
        f"XOR: {run.cycle}",
        derived("XOR: converged", run.converged, "no"),
        derived("XOR: updates before the cycle", run.cycle.start, "2"),
        derived(
            "XOR: weights of the cycle",
            run.cycle.weights,
            "(-1, 1, 1) (0, 1, 2) (-1, 0, 1) (-1, 0, 0)",
        ),
        derived("XOR: weights that any order can reach", search.reached, "53"),
        derived("XOR: an order that ends", search.order is not None, "no"),
    ]


# ---- W15: all samples at once --------------------------------------------------------------------

_X = np.column_stack([_BITS, np.ones(4)])
_PATHS = {
    ("OR", 1.0): ((2, 2, 3), (2, 2, 2), (2, 2, 1), (2, 2, 0)),
    ("NAND", 0.5): ((0.5, 0.5, 1.5), (0, 0, 1), (-0.5, -0.5, 0.5), (0, 0, 1.5), (-0.5, -0.5, 1)),
}


def _path(targets: Any, rate: float) -> list[Any]:
    """The weights `(3,)` after each step w + η Xᵀ(y - ŷ), until all rows are right."""
    weights, path = np.zeros(3), []
    while np.any(error := targets - cr.step(_X @ weights)):
        weights = weights + rate * cr.matmul(_X.T, error)
        path.append(weights)
    return path


def _w15() -> list[Line | str]:
    w, error = np.array([2.0, 3.0, 5.0]), np.array([1.0, -1.0, 1.0, -1.0])
    lines: list[Line | str] = [
        "Xw = (w3, w2 + w3, w1 + w3, w1 + w2 + w3), for w = (2, 3, 5):",
        derived("Xw", cr.matmul(_X, w), "(5, 8, 7, 10)"),
        "Xᵀ(y - ŷ) adds up the rows, each with its error; for the errors (1, -1, 1, -1):",
        derived("Xᵀ(y - ŷ)", cr.matmul(_X.T, error), "(0, -2, 0)"),
    ]
    for (gate, rate), steps in _PATHS.items():
        path = _path(_TARGETS[gate], rate)
        lines += [
            f"{gate}, η = {rate:g}, from w = 0:",
            derived(f"{gate}: steps", len(path), f"{len(steps)}"),
            *[
                derived(f"w after step {n}", found, _text(expected))
                for n, (found, expected) in enumerate(zip(path, steps, strict=False), start=1)
            ],
        ]
    return lines


def _text(values: Sequence[float]) -> str:
    return f"({', '.join(f'{value:g}' for value in values)})"


EXAMPLES = (
    Example(
        "W13",
        "The perceptron learns OR in two updates",
        "Okazaki, item 25",
        "w = 0, η = 1, the instances (0,0,1) → 0, (0,1,1) → 1, (1,0,1) → 1, (1,1,1) → 1; first "
        "instance 4, then instance 1.",
        _w13,
    ),
    Example(
        "W14",
        "The perceptron in cyclic order",
        "derived from Okazaki, item 23",
        "w = 0, η = 1, the instances 1, 2, 3, 4 over and over: OR, AND, NAND, and XOR.",
        _w14,
    ),
    Example(
        "W15",
        "The perceptron as matrices",
        "Okazaki, item 26; numbers derived, those of NAND also in the notebook that it links",
        "w + η Xᵀ(y - g(Xw)) with all four instances in each step, from w = 0.",
        _w15,
    ),
)
