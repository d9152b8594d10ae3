"""W27 to W29: small models, trained, differentiated, and checked by differences."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.nn import Dense
from chainrule.worked.descent import after
from chainrule.worked.example import Example, Line, derived


# ---- W27: trained networks -----------------------------------------------------------------------

_BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
_NAND, _XOR = np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 1, 0])
_SLP = ((0.9986, 0.0003), (0.911, 0.004), (0.911, 0.004), (0.125, 0.006))
_MLP = ((0.006, 0.010), (0.987, 0.994), (0.987, 0.995), (0.005, 0.009))


def _summed_entropy(targets: Any) -> Any:
    def objective(network: Any) -> Any:
        return cr.sum(cr.nn.binary_cross_entropy(network(_BITS), targets))

    return objective


def _outputs_of_unit() -> Any:
    rng = np.random.default_rng(0)
    start = Dense(rng.normal(size=(2, 1)), rng.normal(size=1))
    _, unit = after(100, _summed_entropy(_NAND), start, 0.5)
    return cr.sigmoid(unit(_BITS))[:, 0]


def _outputs_of_networks(seeds: int) -> Any:
    """`(seeds, 4)`: networks side by side. They share no weight, so each learns as if alone."""
    generators = [np.random.default_rng(seed) for seed in range(seeds)]
    shapes = ((2, 2), (1, 2), (2, 1), (1, 1))  # weights and biases, in the order they are drawn
    drawn = [[rng.normal(size=shape) for shape in shapes] for rng in generators]
    start = tuple(np.stack(arrays) for arrays in zip(*drawn, strict=True))

    def logits(networks: Any) -> Any:
        w1, b1, w2, b2 = networks
        return cr.matmul(cr.sigmoid(cr.matmul(_BITS, w1) + b1), w2) + b2

    def objective(networks: Any) -> Any:
        z = cr.reshape(logits(networks), (seeds, 4))
        return cr.sum(cr.softplus(z) - _XOR * z)

    _, networks = after(1000, objective, start, 0.5)
    return cr.sigmoid(logits(networks))[:, :, 0]


def _w27() -> list[Line | str]:
    unit, networks = _outputs_of_unit(), _outputs_of_networks(40)
    network, stuck = networks[2], networks[6]
    errors = np.max(np.abs(networks - _XOR), axis=1)
    is_near = all(abs(y - mid) <= wide for y, (mid, wide) in zip(unit, _SLP, strict=True))
    is_within = all(low <= y <= high for y, (low, high) in zip(network, _MLP, strict=True))
    return [
        "NAND by one unit, 100 steps:",
        Line("ŷ", unit, digits=4),
        derived("ŷ is where it is from all seeds", is_near, "yes"),
        "XOR by a 2-2-1 network, 1000 steps, from a seed that succeeds:",
        Line("ŷ", network, digits=4),
        derived("ŷ is in the usual range", is_within, "yes"),
        "It does not always succeed. A network that is stuck has two rows near one half:",
        Line("ŷ", stuck, digits=4),
        derived("largest error", errors[6], "0.50"),
        derived("of 40 networks are right", int(np.sum(errors < 0.5)), "26"),
    ]


# ---- W28 and W29: logistic least squares in one variable -----------------------------------------

_STRENGTH = 0.1


def _plain(w: Any, b: Any) -> Any:
    y = cr.label(cr.sigmoid(cr.label(w * 1.5 + b, "z")), "y")
    return cr.label(0.5 * (y - 1.0) ** 2, "L")


def _regularised(w: Any, b: Any) -> Any:
    return cr.label(_plain(w, b) + _STRENGTH * cr.label(0.5 * w**2, "R"), "L_reg")


def _w28() -> list[Line | str]:
    found = cr.explain(_regularised, 0.7, -0.3)
    slope = cr.grad(cr.sigmoid)(0.75)
    return [
        "Forward:",
        derived("z = wx + b", found["z"], "0.75"),
        derived("y = σ(z)", found["y"], "0.6791786992"),
        derived("L = ½(y - t)²", found["L"], "0.0514631535"),
        derived("R = ½w²", found["R"], "0.245"),
        derived("L_reg = L + λR", found["L_reg"], "0.0759631535"),
        "Backward, the bar of a quantity being the derivative of L_reg by it:",
        derived("L̄_reg", found["∂L_reg/∂L_reg"], "1"),
        derived("R̄ = λ", found["∂L_reg/∂R"], "0.1"),
        derived("L̄", found["∂L_reg/∂L"], "1"),
        derived("ȳ = y - t", found["∂L_reg/∂y"], "-0.3208213008"),
        derived("σ'(z)", slope, "0.2178949938"),
        derived("z̄ = ȳσ'(z)", found["∂L_reg/∂z"], "-0.0699053553"),
        derived("w̄ without penalty", cr.grad(_plain)(0.7, -0.3), "-0.1048580330"),
        derived("w̄ = z̄x + R̄w", found["∂L_reg/∂w"], "-0.0348580330"),
        derived("b̄ = z̄", found["∂L_reg/∂b"], "-0.0699053553"),
    ]


_DIFFERENCES = {  # h: the relative error one-sided, two-sided, where it is not that of rounding
    1e-2: ("0.019", "2.4e-5"),
    1e-4: ("1.9e-4", "2.4e-9"),
    1e-5: ("1.9e-5", None),
    1e-6: ("1.9e-6", None),
    1e-8: (None, None),
    1e-10: (None, None),
    1e-12: (None, None),
}


def _relative_error(method: str, h: float) -> float:
    from chainrule.testing import relative_error

    def objective(w: Any) -> Any:
        return _regularised(w, -0.3)

    quotient = cr.differences.METHODS[method](objective, (0.7,), (1.0,), h)
    return relative_error(float(quotient), float(cr.grad(objective)(0.7)))


_OF_SINGLES = (1e-3, 1e-4, 1e-6)


def _relative_error_of_singles(h: float) -> float:
    """That of two-sided differences, everything in float32."""
    from chainrule.testing import relative_error

    def objective(w: Any) -> Any:
        return _regularised(w, np.float32(-0.3))

    quotient = cr.differences.two_sided(objective, (np.float32(0.7),), (np.float32(1),), h)
    return relative_error(float(quotient), float(cr.grad(_regularised)(0.7, -0.3)))


def _rounding_error(h: float) -> float:
    """What one rounding of L_reg does to the relative error of a one-sided quotient."""
    loss, slope = cr.value_and_grad(_regularised)(0.7, -0.3)
    return float(np.finfo(float).eps * loss / (2 * h * abs(slope)))


def _w29() -> list[Line | str]:
    lines: list[Line | str] = ["The relative error |a - b| / (|a| + |b|) of each quotient:"]
    for h, digits in _DIFFERENCES.items():
        for method, printed in zip(("one_sided", "two_sided"), digits, strict=True):
            name, error = f"{method.replace('_', '-')}, h = {h:g}", _relative_error(method, h)
            is_rounding = printed is None
            lines += [
                Line(name, error, digits=2) if is_rounding else derived(name, error, printed, 2)
            ]
    return [
        *lines,
        "What has no digits beside it is rounding, which differs between machines.",
        derived("it may be ε L / (2 h |w̄|), h = 1e-10", _rounding_error(1e-10), "2.4e-6", digits=2),
        derived("two-sided, 1e-5: below 1e-9", _relative_error("two_sided", 1e-5) < 1e-9, "yes"),
        "In float32 the two-sided quotient is worse, and at last 0:",
        *[
            Line(f"float32, h = {h:g}", _relative_error_of_singles(h), digits=2)
            for h in _OF_SINGLES
        ],
        derived("float32, h = 1e-10", _relative_error_of_singles(1e-10), "1"),
    ]


EXAMPLES = (
    Example(
        "W27",
        "A trained unit and a trained network",
        "Okazaki, items 54-57, numbers of the notebooks that it links",
        "Weights from N(0, 1), η = 0.5, summed cross-entropy, all rows in each step.",
        _w27,
    ),
    Example(
        "W28",
        "Logistic least squares in one variable",
        "CSC311 lecture 4, slides 28-38; numbers derived",
        "w = 0.7, b = -0.3, x = 1.5, t = 1, λ = 0.1.",
        _w28,
    ),
    Example(
        "W29",
        "The gradient of W28, checked by differences",
        "CSC311 lecture 4, slides 46-48; numbers derived",
        "w̄ of W28 against difference quotients with several h.",
        _w29,
    ),
)
