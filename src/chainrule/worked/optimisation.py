"""W40, W41, W48, W49, W52: paths down to a minimum, and places where there is none to be had."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.nn import Dense
from chainrule.train.optimizers import Optimizer
from chainrule.train.paths import points_visited
from chainrule.worked.descent import after
from chainrule.worked.example import Example, Line, derived


_BITS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
_XOR = np.array([[0.0], [1.0], [1.0], [0.0]])
_OR_AND_NAND = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])


# ---- W40 ----------------------------------------------------------------------------------------

_START = np.array([-7.0, 2.0])
_PATHS = {  # the first two points, the thirtieth, its height
    "sgd(learning_rate=0.95)": (
        "-6.335 -1.8",
        "-5.733175 1.62",
        "-0.3503929958 0.0847823166",
        "0.0133268038",
    ),
    "momentum(learning_rate=0.1, momentum=0.9)": (
        "-6.93 1.6",
        "-6.7977 0.92",
        "0.8964138585 0.0880856017",
        "0.0479369635",
    ),
    "adagrad(learning_rate=1.5, epsilon=1e-7)": (
        "-5.5000002143 0.5000000375",
        "-4.5732679682 0.1361965831",
        "-0.1201623223 0.0000000000",
        "0.0007219492",
    ),
    "adam(learning_rate=0.3, beta1=0.9, beta2=0.999, epsilon=1e-8)": (
        "-6.7000000043 1.7000000007",
        "-6.4004143017 1.4022453286",
        "0.1360146173 0.3182453889",
        "0.1022051264",
    ),
}


def _valley(point: Any) -> Any:
    return point[0] ** 2 / 20 + point[1] ** 2


def _optimizer_paths() -> list[Line | str]:
    lines: list[Line | str] = [derived("f at (-7, 2)", _valley(_START), "6.45")]
    for text, (first, second, last, height) in _PATHS.items():
        chosen = cr.train.optimizer(text)
        assert isinstance(chosen, Optimizer)
        points = points_visited(chosen, _valley, _START, 30)
        lines += [
            f"{text}:",
            derived("step 1", points[1], first, digits=11),
            derived("step 2", points[2], second, digits=11),
            derived("step 30", points[-1], last),
            derived("f after 30 steps", _valley(points[-1]), height),
        ]
    return lines


# ---- W41 ----------------------------------------------------------------------------------------


def _linear_xor() -> list[Line | str]:
    with_one = np.column_stack([_BITS, np.ones(4)])
    best = np.linalg.solve(with_one.T @ with_one, with_one.T @ _XOR[:, 0])
    layer = Dense(best[:2, None], best[2:])
    outputs = layer(_BITS)
    stepped = cr.step(outputs)

    def logistic_loss(layer: Dense) -> Any:
        return cr.sum(cr.nn.binary_cross_entropy(layer(_BITS), _XOR))

    flat = Dense(np.zeros((2, 1)), np.zeros(1))
    return [
        Line("w1, w2, b", best, "0 0 0.5"),
        Line("outputs w1 x1 + w2 x2 + b", outputs[:, 0], "0.5 0.5 0.5 0.5"),
        derived("J = mean (ŷ - y)²", cr.metrics.mean_squared_error(_XOR, outputs), "0.25"),
        "The slide writes ŷ = step(z). A step makes 1 of 0.5, everywhere:",
        Line("step of the outputs", stepped[:, 0], "0.5 0.5 0.5 0.5", None, "D7"),
        derived("J with the step", cr.metrics.mean_squared_error(_XOR, stepped), "0.5"),
        derived("J of the best step, by search", _best_step(), "0.25"),
        "With a logistic output and its own loss nothing is better than zero weights:",
        derived("loss of zero weights", logistic_loss(flat), "2.7725887222"),
        derived("its gradient", cr.tree.pack(cr.grad(logistic_loss)(flat))[0], "0 0 0"),
    ]


def _best_step() -> float:
    """The least mean squared error on XOR of a threshold unit; the weights are -2, -1.5, ..., 2."""
    units = itertools.product(np.arange(-2, 2.1, 0.5), repeat=3)
    errors = [
        cr.metrics.mean_squared_error(_XOR[:, 0], cr.step(_BITS @ np.array(w) + b))
        for *w, b in units
    ]
    return min(errors)


# ---- W48 ----------------------------------------------------------------------------------------


def _mean_entropy(layer: Dense) -> Any:
    """The mean over samples and outputs of the binary cross-entropy of OR, AND and NAND."""
    return cr.mean(cr.nn.binary_cross_entropy(layer(_BITS), _OR_AND_NAND, outputs="mean"))


def _one_term(layer: Dense) -> Any:
    """-y log ŷ alone, as the slide has it."""
    return cr.mean(_OR_AND_NAND * cr.softplus(-layer(_BITS)))


def _three_units() -> list[Line | str]:
    zeros = Dense(np.zeros((2, 3)), np.zeros(3))
    slopes = cr.grad(_mean_entropy)(zeros)
    _, first = after(1, _mean_entropy, zeros, 0.1)
    cost, last = after(100, _mean_entropy, zeros, 0.1)
    hits = cr.nn.share_correct(last(_BITS), _OR_AND_NAND)
    return [
        "The mean of -(y log ŷ + (1-y) log(1-ŷ)):",
        derived("cost of zero weights", _mean_entropy(zeros), "0.6931471806"),
        derived("∂W", slopes.weight, "-0.0833333333 0 0 -0.0833333333 0 0"),
        derived("∂b", slopes.bias, "-0.0833333333 0.0833333333 -0.0833333333"),
        derived("W after 1 step", first.weight, "0.0083333333 0 0 0.0083333333 0 0"),
        derived("b after 1 step", first.bias, "0.0083333333 -0.0083333333 0.0083333333"),
        derived("cost after 100", cost, "0.5296815611"),
        derived("accuracy after 100", cr.mean(hits), "0.75"),
        derived("W after 100, each row", last.weight[1], "0.5557165933 0.1102975517 -0.1102975517"),
        derived("b after 100", last.bias, "0.3914004769 -0.5966230687 0.5966230687"),
        *_as_printed(zeros),
    ]


def _as_printed(zeros: Dense) -> list[Line | str]:
    slopes = cr.grad(_one_term)(zeros)
    _, last = after(20_000, _one_term, zeros, 0.1)
    smallest = cr.min(cr.sigmoid(last(_BITS)))
    return [
        "The cost of the slide, the mean of -y log ŷ, forgets the targets that are 0:",
        derived("cost of zero weights", _one_term(zeros), "0.4043358553"),
        derived("∂W, each row", slopes.weight[1], "-0.0833333333 -0.0416666667 -0.0416666667"),
        derived("∂b", slopes.bias, "-0.125 -0.0416666667 -0.125"),
        "Every output is pushed up, whatever its target:",
        derived("least output after 20000", smallest, "0.888"),
    ]


# ---- W49 ----------------------------------------------------------------------------------------


def _zero_start() -> list[Line | str]:
    network = cr.nn.mlp([2, 4, 3], "sigmoid", rng=0, initializer="zeros", dtype="float64")
    hidden, output = cr.grad(_mean_entropy)(network).layers
    _, later = after(20, _mean_entropy, network, 0.5)
    first, second = (layer.weight for layer in later.layers)
    spread = np.ptp(first, axis=1).max(), np.ptp(second, axis=0).max()
    return [
        derived("∂W1", hidden.weight, " ".join("0" * 8)),
        derived("∂W2, first row", output.weight[0], "-0.0416666667 0.0416666667 -0.0416666667"),
        derived("∂W2, last row", output.weight[3], "-0.0416666667 0.0416666667 -0.0416666667"),
        "All hidden units are one and the same, and stay it. How far apart are they later?",
        derived("spread in W1, W2 after 20 steps", spread, "0 0"),
    ]


# ---- W52 ----------------------------------------------------------------------------------------

_RATES = {  # t = 1, 2, 3, 4, 10, 100; the sums over a million steps of the rates, of their squares
    "inverse_time": ("1 0.5 0.3333 0.25 0.1 0.01", "14.3927", "1.644933"),
    "inverse_sqrt": ("1 0.7071 0.5774 0.5 0.3162 0.1", "1998.54", "14.3927"),
}


def _schedules() -> list[Line | str]:
    steps = 1_000_000
    clock = cr.train.Clock(np.arange(float(steps)), steps, steps)
    lines: list[Line | str] = []
    for name, (rates, total, squares) in _RATES.items():
        found = cr.train.schedule(name).factor(clock)
        lines += [
            f"{name}, at t = 1, 2, 3, 4, 10, 100:",
            derived("η", found[[0, 1, 2, 3, 9, 99]], rates, digits=4),
            derived("Σ η over a million steps", np.sum(found), total),
            derived("Σ η²", np.sum(found**2), squares),
        ]
    return [
        *lines,
        "Convergence wants Σ η = ∞ and Σ η² < ∞. 1/t has both; the squares of 1/√t are 1/t again.",
    ]


EXAMPLES: tuple[Example, ...] = (
    Example(
        "W40",
        "Four optimisers in a valley",
        "Sohn, optimisers",
        "From (-7, 2) down f = x²/20 + y², thirty steps of each. (The start and the rates are\n"
        "those of the textbook that the lecture follows.)",
        _optimizer_paths,
    ),
    Example(
        "W41",
        "A linear model of XOR",
        "Payberah, slide 21",
        "Which w1, w2 and b make J, the mean of (ŷ - y)² over the four rows of XOR, smallest?",
        _linear_xor,
    ),
    Example(
        "W48",
        "Three logistic units from zero weights",
        "Payberah, slides 13-17",
        "Two inputs, three units for OR, AND and NAND, rate 0.1, all four rows at once. What does\n"
        "the first step do, what a hundred? And what becomes of them by the cost of the slide?",
        _three_units,
    ),
    Example(
        "W49",
        "A hidden layer that begins with zeros",
        "Payberah, slide 38",
        "2-4-3 with all weights and biases 0, for OR, AND and NAND: what is the first gradient?",
        _zero_start,
    ),
    Example(
        "W52",
        "Learning rates that fall with time",
        "Okazaki, items 36 and 42",
        "Compare 1/t with 1/√t: the rates, their sums, and the sums of their squares.",
        _schedules,
    ),
)
