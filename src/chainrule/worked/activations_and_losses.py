"""W33, W35, W37, W38, W50, W51, W53: what units do to numbers, and how errors are measured."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.nn import BatchNorm, Dense, Sequential, activation
from chainrule.worked.example import Example, Line, derived


# ---- W33 ----------------------------------------------------------------------------------------

_POINTS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
_VALUES = {
    "step": "0 0 0 1 1",
    "sigmoid": "0.1192029220 0.2689414214 0.5 0.7310585786 0.8807970780",
    "tanh": "-0.9640275801 -0.7615941560 0 0.7615941560 0.9640275801",
    "relu": "0 0 0 1 2",
    "softplus": "0.1269280110 0.3132616875 0.6931471806 1.3132616875 2.1269280110",
    "leaky_relu": "-0.02 -0.01 0 1 2",
    "elu": "-0.8646647168 -0.6321205588 0 1 2",
}
_SLOPES = {
    "sigmoid": "0.1049935854 0.1966119332 0.25 0.1966119332 0.1049935854",
    "tanh": "0.0706508249 0.4199743416 1 0.4199743416 0.0706508249",
}


def _slopes_of(function: Any, x: Any) -> Any:
    """The derivative of an elementwise function at each point."""
    return cr.grad(lambda x: cr.sum(function(x)))(x)


def _activations() -> list[Line | str]:
    return [
        "At z = -2, -1, 0, 1, 2:",
        *(derived(name, activation(name)(_POINTS), digits) for name, digits in _VALUES.items()),
        "Their derivatives, by cr.grad:",
        *(
            derived(f"{name}'", _slopes_of(activation(name), _POINTS), digits)
            for name, digits in _SLOPES.items()
        ),
        "A step has slope 0 wherever it has one: gradient descent learns nothing through it.",
        derived("step'", _slopes_of(activation("step"), _POINTS), "0 0 0 0 0"),
    ]


# ---- W35 ----------------------------------------------------------------------------------------

_NEAR = np.array([-1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0])
_SHARPENED = {
    1: "0.2689414214 0.3775406688 0.4750208125 0.5 0.5249791875 0.6224593312 0.7310585786",
    5: "0.0066928509 0.0758581800 0.3775406688 0.5 0.6224593312 0.9241418200 0.9933071491",
}
_BITS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
_SOFT_XOR = {
    1: "0.4243637762 0.4365732065 0.4365732065 0.4243637762",
    5: "0.1068362169 0.8508671136 0.8508671136 0.1068362169",
    10: "0.0071527882 0.9923558642 0.9923558642 0.0071527882",
    20: "0.0000454391 0.9999545196 0.9999545196 0.0000454391",
}


def _xor(name: str, factor: float = 1.0) -> Sequential:
    """OR and AND below, the first without the second above; weights and biases times `factor`."""
    unit = activation(name)
    hidden = Dense(np.ones((2, 2)), np.array([-0.5, -1.5]), unit)
    output = Dense(np.array([[1.0], [-1.0]]), np.array([-0.5]), unit)
    return cr.tree.map(lambda weight: factor * weight, Sequential((hidden, output)))


def _scaled() -> list[Line | str]:
    return [
        "At x = -1, -0.5, -0.1, 0, 0.1, 0.5, 1:",
        *(derived(f"σ({k}x)", cr.sigmoid(k * _NEAR), _SHARPENED[k]) for k in _SHARPENED),
        "XOR of sigmoid units in place of steps, all weights and biases times k; 00, 01, 10, 11:",
        *(derived(f"k = {k}", _xor("sigmoid", k)(_BITS)[:, 0], _SOFT_XOR[k]) for k in _SOFT_XOR),
        derived("of steps", _xor("step")(_BITS)[:, 0], "0 1 1 0"),
    ]


# ---- W37 ----------------------------------------------------------------------------------------

_DIGIT = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])


def _losses_of_a_digit() -> list[Line | str]:
    target = np.eye(10)[2]
    half = cr.nn.half_squared_error(_DIGIT, target)
    with_guard = -cr.sum(target * cr.log(_DIGIT + 1e-7))
    return [
        derived("Σ y", cr.sum(_DIGIT), "1"),
        derived("½ Σ (y - t)²", half, "0.0975"),
        derived("Σ (y - t)²", cr.nn.squared_error(_DIGIT, target), "0.195"),
        derived("mean of (y - t)²", cr.metrics.mean_squared_error(target, _DIGIT), "0.0195"),
        derived("cross-entropy", cr.metrics.log_loss([2], _DIGIT[None]), "0.5108256238"),
        "Code that adds 1e-7 inside the logarithm, against log 0, gets other last digits:",
        derived("cross-entropy, with 1e-7", with_guard, "0.5108254571"),
    ]


# ---- W38 ----------------------------------------------------------------------------------------

_PARTIES = np.array([2, 1, 0])
_TARGETS = np.eye(3)[_PARTIES]
_NETWORKS = {
    "NN1": np.array([[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]]),
    "NN2": np.array([[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]]),
}
_PRINTED = {  # error, average cross-entropy, mean squared error
    "NN1": ("0.33", "1.38", "0.81"),
    "NN2": ("0.33", "0.64", "0.34"),
}
_OF_SAMPLES = {  # cross-entropies, squared errors
    "NN1": ("0.9162907319 0.9162907319 2.3025850930", "0.54 0.54 1.34"),
    "NN2": ("0.3566749439 0.3566749439 1.2039728043", "0.14 0.14 0.74"),
}
_OTHER_MEANS = {  # with ½, and divided by the number of classes too
    "NN1": ("0.4033333333", "0.2688888889"),
    "NN2": ("0.17", "0.1133333333"),
}


def _two_networks() -> list[Line | str]:
    return [line for name in _NETWORKS for line in _network(name)]


def _network(name: str) -> list[Line | str]:
    """NN1 or NN2: the three measures, and the mean squared errors of other conventions."""
    y = _NETWORKS[name]
    error, entropy, squared = _PRINTED[name]
    entropies, squares = _OF_SAMPLES[name]
    halved, divided = _OTHER_MEANS[name]
    found = cr.nn.squared_error(y, _TARGETS)
    right = " ".join("yes" if hit else "no" for hit in cr.nn.is_correct(y, _PARTIES))
    return [
        f"{name}:",
        derived("right", right, "yes yes no"),
        Line("error", cr.metrics.error_rate(_PARTIES, np.argmax(y, axis=1)), error),
        derived("cross-entropies", cr.nn.cross_entropy(cr.log(y), _PARTIES), entropies),
        Line("average cross-entropy", cr.metrics.log_loss(_PARTIES, y), entropy),
        Line("squared errors", found, squares, is_derived=name == "NN2"),
        Line("mean squared error", cr.mean(found), squared, discrepancy="D22"),
        derived("the same with ½", cr.mean(cr.nn.half_squared_error(y, _TARGETS)), halved),
        derived("by class too", cr.metrics.mean_squared_error(_TARGETS, y), divided),
    ]


# ---- W50 ----------------------------------------------------------------------------------------


def _best_constant() -> list[Line | str]:
    targets = np.array([1.0, 2.0, 6.0])

    def objective(c: Any) -> Any:
        return 0.5 * cr.mean((targets - c) ** 2)

    values = {2.0: "2.8333333333", 3.0: "2.3333333333", 4.0: "2.8333333333"}
    return [
        *(derived(f"½ E[(y - {c:g})²]", objective(c), value) for c, value in values.items()),
        "The derivative is c less the mean, so that the minimum lies at the mean, 3.",
        derived("slopes at 2, 3, 4", [cr.grad(objective)(c) for c in values], "-1 0 1"),
    ]


# ---- W51 ----------------------------------------------------------------------------------------


def _vanishing() -> list[Line | str]:
    powers = {5: "9.765625e-4", 10: "9.5367431640625e-7", 20: "9.0949e-13"}
    lines: list[Line | str] = [
        derived(f"{depth} layers", _slope_through(depth), value, digits=14)
        for depth, value in powers.items()
    ]
    return [*lines, "The logistic function is nowhere steeper than 0.25; most units pass on less."]


def _slope_through(depth: int) -> float:
    """∂output/∂input of a chain of sigmoid units, each of them at 0, where it is steepest."""
    biases = [0.0] + [-0.5] * (depth - 1)
    units = [Dense(np.ones((1, 1)), np.array([b]), activation("sigmoid")) for b in biases]
    return cr.grad(lambda x: cr.sum(Sequential(tuple(units))(x)))(np.zeros(1)).item()


# ---- W53 ----------------------------------------------------------------------------------------

_NORMALISED = {  # scale, shift, epsilon
    (1.0, 0.0, 1e-300): "-1.3416407865 -0.4472135955 0.4472135955 1.3416407865",
    (2.0, 0.5, 1e-300): "-2.1832815730 -0.3944271910 1.3944271910 3.1832815730",
    (1.0, 0.0, 1e-5): "-1.3416354200 -0.4472118067 0.4472118067 1.3416354200",
}


def _batch_norm() -> list[Line | str]:
    column = np.array([[1.0], [2.0], [3.0], [4.0]])
    lines: list[Line | str] = [derived("variance, divided by 4", cr.variance(column), "1.25")]
    for (scale, shift, epsilon), digits in _NORMALISED.items():
        start = BatchNorm.init(1, epsilon=epsilon, dtype="float64")
        scales, shifts = start.scale * scale, start.shift + shift
        layer = BatchNorm(scales, shifts, start.mean, start.variance, epsilon=epsilon)
        output, _ = layer.train(column, cr.key(0))
        name = f"γ = {scale:g}, β = {shift:g}, " + ("ε = 1e-5" if epsilon > 1e-9 else "no ε")
        lines.append(derived(name, output[:, 0], digits))
    return [*lines, "Without ε a column of equal numbers would be divided by 0."]


EXAMPLES: tuple[Example, ...] = (
    Example(
        "W33",
        "Activation functions at five points",
        "Okazaki, item 29; CSC311 lecture 4, slides 10-11; Sohn; Hasegawa-Johnson; Payberah",
        "Find the values of the usual activation functions, and the slopes of two of them.",
        _activations,
    ),
    Example(
        "W35",
        "A logistic unit, sharpened to a step",
        "CSC311 lecture 4, slide 22",
        "Multiply weights and biases by k: how soon is the logistic function a step?",
        _scaled,
    ),
    Example(
        "W37",
        "The losses of one digit",
        "Sohn, loss functions",
        "A network gives the ten digits the probabilities y; the digit is a 2. Which error has it?",
        _losses_of_a_digit,
    ),
    Example(
        "W38",
        "Two networks of one error rate",
        "Sohn, loss functions",
        "Both networks are right about two samples of three. Which one is better, and by how much?",
        _two_networks,
    ),
    Example(
        "W50",
        "The best constant under squared error",
        "Hasegawa-Johnson, minimum mean squared error",
        "At one x the targets 1, 2 and 6 were seen. Which c makes ½ E[(y - c)²] smallest?",
        _best_constant,
    ),
    Example(
        "W51",
        "The gradient that vanishes",
        "Sohn, vanishing gradient",
        "What is left of a derivative after 5, 10 and 20 logistic units in a row, at best?",
        _vanishing,
    ),
    Example(
        "W53",
        "Batch normalisation of four numbers",
        "Sohn, batch normalisation",
        "Normalise the batch 1, 2, 3, 4; then with γ = 2 and β = 0.5; then with ε = 1e-5.",
        _batch_norm,
    ),
)
