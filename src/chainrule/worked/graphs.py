"""W23 to W26 and W31: small computation graphs, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.worked.example import Example, Line, derived


_CORNER = (-2.0, 5.0, -4.0)
_WEIGHTS, _INPUTS = np.array([1.0, 1.0, -1.5]), np.ones(3)
_THREE = "(-0.3775406688, -0.3775406688, -0.3775406688)"
_POINT = (*_WEIGHTS.tolist(), *_INPUTS.tolist())


# ---- W23: f = (x + y) z ------------------------------------------------------------------------


def _product_of_a_sum(x: Any, y: Any, z: Any) -> Any:
    return cr.label(x + y, "q") * z


def _w23() -> list[Line | str]:
    found = cr.explain(_product_of_a_sum, *_CORNER)
    with_respect_to = (0, 1, 2)
    return [
        *[f"Forward: {step.text}" for step in found.forward],
        Line("q", found["q"], "3"),
        Line("f", found["f"], "-12"),
        *[f"Backward: {step.text}" for step in found.backward],
        Line("∂f/∂f", found["∂f/∂f"], "1"),
        Line("∂f/∂z", found["∂f/∂z"], "3"),
        Line("∂f/∂q", found["∂f/∂q"], "-4"),
        Line("∂f/∂x", found["∂f/∂x"], "-4"),
        Line("∂f/∂y", found["∂f/∂y"], "-4"),
        "The same in one call:",
        Line("gradient", cr.grad(_product_of_a_sum, with_respect_to)(*_CORNER), "(-4, -4, 3)"),
    ]


# ---- W24: -log σ(w · x) ------------------------------------------------------------------------


def _loss_in_steps(w1: Any, w2: Any, w3: Any, x1: Any, x2: Any, x3: Any) -> Any:
    products = [cr.label(w * x, f"x{i}w{i}") for i, w, x in ((1, w1, x1), (2, w2, x2), (3, w3, x3))]
    first = cr.label(products[0] + products[1], "s1")
    second = cr.label(first + products[2], "s2")
    more = cr.label(cr.label(cr.exp(cr.label(-second, "n")), "e") + 1.0, "e1")
    logarithm = cr.label(cr.log(cr.label(cr.reciprocal(more), "r")), "log")
    return cr.label(-logarithm, "loss")


#: node, value in print, derivative in print, what the node is
_EDGES = (
    ("x1w1", "1", "-0.3775", "product"),
    ("x2w2", "1", "-0.3775", "product"),
    ("x3w3", "-1.5", "-0.3775", "product"),
    ("s1", "2", "-0.3775", "first sum"),
    ("s2", "0.5", "-0.3775", "w · x"),
    ("n", "-0.5", "0.3775", "× (-1)"),
    ("e", "0.6065", "0.6224", "exp"),
    ("e1", "1.6065", "0.6224", "+ 1"),
    ("r", "0.6225", "-1.6065", "1/x, that is ŷ"),
    ("log", "-0.4740", "-1", "log"),
    ("loss", "0.4740", "1", "× (-1)"),
)
_CHAINED = {("log", 0): "D15", ("loss", 0): "D15", ("e", 1): "D15", ("e1", 1): "D15"}
_SLOPES = {
    "w1": "-0.3775",
    "w2": "-0.3775",
    "w3": "-0.3775",
    "x1": "-0.3775",
    "x2": "-0.3775",
    "x3": "0.5663",
}


def _w24() -> list[Line | str]:
    found = cr.explain(_loss_in_steps, *_POINT)
    forward = [
        Line(f"{name} ({what})", found[name], value, discrepancy=_CHAINED.get((name, 0)))
        for name, value, _, what in _EDGES
    ]
    backward = [
        Line(f"∂loss/∂{name}", found[f"∂loss/∂{name}"], slope, discrepancy=_CHAINED.get((name, 1)))
        for name, _, slope, _ in reversed(_EDGES)
    ]
    ends = [
        Line(f"∂loss/∂{name}", found[f"∂loss/∂{name}"], slope) for name, slope in _SLOPES.items()
    ]
    return [
        "Forward, node by node:",
        *forward,
        derived("loss, all digits", found["loss"], "0.47407698418010663", digits=16),
        "Backward, from the loss to what goes in:",
        *backward,
        *ends,
    ]


# ---- W25 and W26: the same derivative in other ways --------------------------------------------


def _logistic_loss(w: Any) -> Any:
    return -cr.log(cr.sigmoid(w @ _INPUTS))


def _w25() -> list[Line | str]:
    third = np.array([0.0, 0.0, 1.0])
    _, tangent = cr.jvp(_logistic_loss, (_WEIGHTS,), (third,))
    numerical = cr.differences.two_sided(_logistic_loss, (_WEIGHTS,), (third,))
    symbolic = -(1 - cr.sigmoid(_WEIGHTS @ _INPUTS)) * _INPUTS
    each = [cr.jvp(_logistic_loss, (_WEIGHTS,), (unit,))[1] for unit in np.eye(3)]
    return [
        "Forward mode takes one variable at a time: w3 moves with speed 1, the others rest.",
        derived("dw3, forward mode", tangent, "-0.3775406688"),
        derived("dw1, dw2, dw3: three passes", each, _THREE),
        "Two-sided differences with h = 1e-5:",
        derived("dw3, differences", numerical, "-0.377540669", digits=9),
        "Symbolically: -(1 - σ(w · x)) x",
        derived("gradient, closed form", symbolic, _THREE),
        "Reverse mode, all at once:",
        derived("gradient", cr.grad(_logistic_loss)(_WEIGHTS), _THREE),
    ]


def _w26() -> list[Line | str]:
    third = np.array([0.0, 0.0, 1.0])
    exact = cr.grad(_logistic_loss)(_WEIGHTS)[2]

    def error(method: str, h: float) -> float:
        quotient = cr.differences.METHODS[method](_logistic_loss, (_WEIGHTS,), (third,), h)
        return abs(float(quotient - exact))

    # The errors begin with h/2 · σ'(z) and h²/6 · σ''(z), z = 0.5: 0.1175 h and 0.0096 h².
    return [
        "How far each method is from the derivative of w3:",
        derived("one-sided, h = 1e-2", error("one_sided", 1e-2), "1.2e-3", digits=2),
        derived("one-sided, h = 1e-4", error("one_sided", 1e-4), "1.2e-5", digits=2),
        derived("two-sided, h = 1e-2", error("two_sided", 1e-2), "9.6e-7", digits=2),
        derived("two-sided, h = 1e-3", error("two_sided", 1e-3), "9.6e-9", digits=2),
        derived("complex step below 1e-15", error("complex_step", 1e-100) < 1e-15, "yes"),
        "One-sided errors fall with h, two-sided ones with h²; a complex step has next to none.",
    ]


# ---- W31: two paths ----------------------------------------------------------------------------


def _of_both(x: Any, y: Any) -> Any:
    return y + cr.exp(x * y)


def _along_the_path(t: Any) -> Any:
    return _of_both(cr.cos(t), t**2)


_PATH = {
    0.0: ("1", "0"),
    0.5: ("1.4953238798", "1.9436145028"),
    1.0: ("2.7165256995", "2.4104790162"),
    2.0: ("4.1892687443", "2.9965393143"),
}


def _w31() -> list[Line | str]:
    lines: list[Line | str] = ["df/dt = ∂f/∂x · dx/dt + ∂f/∂y · dy/dt, at some t:"]
    for t, (value, slope) in _PATH.items():
        found, whole = cr.value_and_grad(_along_the_path)(t)
        by_x, by_y = cr.grad(_of_both, (0, 1))(float(cr.cos(t)), t**2)
        paths = by_x * cr.grad(cr.cos)(t) + by_y * cr.grad(cr.square)(t)
        lines += [
            derived(f"f({t:g})", found, value),
            derived(f"df/dt({t:g}), whole", whole, slope),
            derived(f"df/dt({t:g}), path by path", paths, slope),
        ]
    return lines


EXAMPLES = (
    Example(
        "W23",
        "A graph of two operations, backward",
        "Okazaki, items 48-49",
        "f(x, y, z) = (x + y) z at x = -2, y = 5, z = -4.",
        _w23,
    ),
    Example(
        "W24",
        "Automatic differentiation of a logistic loss",
        "Okazaki, items 52-53",
        "loss = -log σ(w · x), its σ written out, at x = (1, 1, 1) and w = (1, 1, -1.5).",
        _w24,
    ),
    Example(
        "W25",
        "The same derivative: forward mode, differences, closed form",
        "Okazaki, item 50",
        "The derivative by w3 of W24's loss, without going backward.",
        _w25,
    ),
    Example(
        "W26",
        "The same derivative: what differences lose",
        "Okazaki, item 50",
        "The derivative by w3 of W24's loss by difference quotients, against the exact one.",
        _w26,
    ),
    Example(
        "W31",
        "The chain rule along two paths",
        "CSC311 lecture 4, slide 34",
        "f = y + exp(x y) with x = cos t and y = t².",
        _w31,
    ),
)
