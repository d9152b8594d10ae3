"""W16 to W22: a sigmoid unit as a model of probabilities, and how it is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.worked.descent import after
from chainrule.worked.example import Example, Line, derived


_X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # the last column is for the bias
_AND, _NAND = np.array([0.0, 0, 0, 1]), np.array([1.0, 1, 1, 0])
_THREE = "(-0.3775406688, -0.3775406688, -0.3775406688)"
_W = np.array([1.0, 1.0, -1.5])


def _entropies(w: Any, targets: Any) -> Any:
    """-log of the likelihood of each sample `(4,)`."""
    return cr.nn.binary_cross_entropy(cr.reshape(_X @ w, (4, 1)), targets)


def _negative(w: Any) -> Any:
    """The negative log-likelihood of AND."""
    return cr.sum(_entropies(w, _AND))


# ---- W16 and W17: NAND is learnt ----------------------------------------------------------------


def _loss_on_nand(w: Any) -> Any:
    return cr.sum(_entropies(w, _NAND))


def _trained(rate: float, weights: str, outputs: str) -> list[Line | str]:
    _, found = after(100, _loss_on_nand, np.zeros(3), rate)
    return [
        derived(f"w after 100 steps, η = {rate:g}", found, weights),
        derived("ŷ", cr.sigmoid(_X @ found), outputs),
    ]


def _w16() -> list[Line | str]:
    _, first = after(1, _loss_on_nand, np.zeros(3), 0.5)
    _, second = after(2, _loss_on_nand, np.zeros(3), 0.5)
    return [
        "Each step takes all four rows: w - η Xᵀ(ŷ - y).",
        derived("w after 1 step", first, "(0, 0, 0.5)"),
        derived("w after 2 steps", second, "(-0.1224593312, -0.1224593312, 0.7550813)"),
        *_trained(
            0.5,
            "(-4.2567644306, -4.2567644306, 6.5768488840)",
            "(0.9986097061, 0.9105268211, 0.9105268211, 0.1260130493)",
        ),
    ]


def _w17() -> list[Line | str]:
    unit = cr.nn.Dense(np.zeros((3, 1)), None)
    fitted = cr.train.fit(
        unit,
        _X,
        _NAND,
        loss="binary_cross_entropy",
        reduction="sum",
        optimizer=cr.train.sgd(1.0),
        epochs=100,
        batch_size=None,
        order="given",
        progress=False,
    )
    weights = "(-5.5950434586, -5.5950434586, 8.5720606833)"
    outputs = "(0.9998107137, 0.9515249753, 0.9515249753, 0.0679872546)"
    return [
        *_trained(1.0, weights, outputs),
        "The same by train.fit:",
        derived("w", fitted.network.weight[:, 0], weights),
    ]


# ---- W18 and W19: AND with a sigmoid, and how likely it makes the data --------------------------


def _w18() -> list[Line | str]:
    sums = _X @ _W
    outputs = cr.sigmoid(sums)
    return [
        derived("a = w · x", sums, "(-1.5, -0.5, -0.5, 0.5)"),
        Line("ŷ = σ(a)", outputs, "(0.182, 0.378, 0.378, 0.622)"),
        derived("ŷ, exact", outputs, "(0.1824255238, 0.3775406688, 0.3775406688, 0.6224593312)"),
        Line("ŷ of the last row, in %", 100 * outputs[3], "62.2"),
        "The class is 1 where ŷ > 0.5, which is where a > 0: right, but unsure.",
        derived("classes", outputs > 0.5, "(0, 0, 0, 1)"),
    ]


def _w19() -> list[Line | str]:
    outputs = cr.sigmoid(_X @ _W)
    each = cr.exp(-_entropies(_W, _AND))
    return [
        "The likelihood of a row is ŷ where y is 1, and 1 - ŷ where it is 0.",
        Line("likelihood of each row", each, "(0.818, 0.622, 0.622, 0.622)"),
        derived("exact", each, "(0.8175744762, 0.6224593312, 0.6224593312, 0.6224593312)"),
        "Of all rows together it is the product; its logarithm is a sum.",
        derived("likelihood", cr.metrics.likelihood(_AND, outputs), "0.1971788231"),
        derived("log-likelihood", cr.metrics.log_likelihood(_AND, outputs), "-1.6236442305"),
        derived("mean cross-entropy", cr.metrics.log_loss(_AND, outputs), "0.4059110576"),
    ]


# ---- W20: the gradient ---------------------------------------------------------------------------


def _log_likelihood_of(prediction: Any) -> Any:
    return cr.log(prediction)  # of y = 1


def _w20() -> list[Line | str]:
    sums, outputs = _X @ _W, cr.sigmoid(_X @ _W)
    last = float(outputs[3])
    chain = cr.grad(_log_likelihood_of)(last) * cr.grad(cr.sigmoid)(float(sums[3]))
    each = cr.jacobian(lambda w: _entropies(w, _AND))(_W)
    return [
        "For the row (1, 1, 1) with y = 1, ∂ℓ/∂ŷ = 1/ŷ and ∂ŷ/∂a = ŷ(1 - ŷ):",
        derived("∂ℓ/∂ŷ = (y - ŷ)/(ŷ(1 - ŷ))", cr.grad(_log_likelihood_of)(last), "1.6065306597"),
        derived("∂ŷ/∂a", cr.grad(cr.sigmoid)(float(sums[3])), "0.2350037122"),
        derived("∂ℓ/∂a = y - ŷ", chain, "0.3775406688"),
        "The gradient of the loss is -(y - ŷ) x, row by row:",
        derived("row (0, 0, 1)", each[0], "(0, 0, 0.1824255238)"),
        derived("row (0, 1, 1)", each[1], "(0, 0.3775406688, 0.3775406688)"),
        derived("row (1, 0, 1)", each[2], "(0.3775406688, 0, 0.3775406688)"),
        derived("row (1, 1, 1)", each[3], _THREE),
        "Their sum moves the bias alone: the slope that was set by hand is balanced.",
        derived("gradient", _tidied(cr.grad(_negative)(_W)), "(0, 0, 0.5599661926)"),
    ]


def _tidied(values: Any) -> Any:
    """What is 0 but for rounding as 0."""
    return np.where(np.abs(values) < 1e-15, 0.0, values)


# ---- W21: maximum likelihood and maximum a posteriori --------------------------------------------

_LOSSES = {1: "1.6236442305", 2: "0.9883724141", 5: "0.2372221344", 10: "0.0201463514",
           20: "0.0001361967"}  # fmt: skip
_PENALISED = {
    1.0: ("(0.064366, 0.064366, -0.355517)", "2.5949995511"),
    0.1: ("(0.831369, 0.831369, -1.597274)", "2.0022649634"),
    0.01: ("(3.062981, 3.062981, -4.803834)", "0.9860477866"),
    0.001: ("(6.440049, 6.440049, -9.833717)", "0.2922068605"),
}


def _minimum(strength: float) -> tuple[Any, float]:
    """The weights that minimise the loss with λ‖w‖², by L-BFGS, and the objective there."""
    result = cr.train.fit(
        cr.nn.Dense(np.zeros((3, 1)), None),
        _X,
        _AND,
        loss="binary_cross_entropy",
        reduction="sum",
        penalty=f"l2(strength={strength})",
        optimizer="lbfgs(iterations=200, tolerance=1e-10)",
        epochs=2,
        progress=False,
    )
    weights = result.network.weight[:, 0]
    return weights, float(_negative(weights) + strength * cr.sum(weights**2))


def _w21() -> list[Line | str]:
    lines: list[Line | str] = ["Larger weights make separable data likelier, without end:"]
    lines += [
        derived(f"loss of {k} · (1, 1, -1.5)", _negative(k * _W), loss)
        for k, loss in _LOSSES.items()
    ]
    lines += ["With + λ‖w‖², the bias in w, there is a minimum:"]
    for strength, (weights, objective) in _PENALISED.items():
        found, value = _minimum(strength)
        lines += [
            derived(f"w for λ = {strength:g}", found, weights, digits=7),
            derived(f"objective for λ = {strength:g}", value, objective),
        ]
    return lines


# ---- W22: one step -------------------------------------------------------------------------------


def _w22() -> list[Line | str]:
    def of_the_last_row(w: Any) -> Any:
        return _entropies(w, _AND)[3]

    _, found = after(1, of_the_last_row, _W, 1.0)
    return [
        "x is added, scaled by y - ŷ = 1 - 0.6224593312.",
        derived("w", found, "(1.3775406688, 1.3775406688, -1.1224593312)"),
    ]


EXAMPLES = (
    Example(
        "W16",
        "A sigmoid unit learns NAND",
        "Okazaki, item 40, numbers of the notebook that it links",
        "w = 0, η = 0.5, 100 steps of gradient descent on the summed cross-entropy.",
        _w16,
    ),
    Example(
        "W17",
        "A sigmoid unit learns NAND at twice the rate",
        "Okazaki, item 40",
        "As W16 with η = 1, once by hand and once by train.fit.",
        _w17,
    ),
    Example(
        "W18",
        "AND with a sigmoid",
        "Okazaki, item 31",
        "ŷ = σ(w · x) with the weights of the step unit, w = (1, 1, -1.5), for 00, 01, 10, 11.",
        _w18,
    ),
    Example(
        "W19",
        "The likelihood of AND",
        "Okazaki, items 32-34",
        "How likely W18's unit makes the four rows of AND.",
        _w19,
    ),
    Example(
        "W20",
        "The gradient of logistic regression",
        "Okazaki, items 37-38",
        "The gradient of W19's negative log-likelihood, by the chain rule and in one call.",
        _w20,
    ),
    Example(
        "W21",
        "Maximum likelihood diverges, maximum a posteriori does not",
        "Okazaki, item 43",
        "The loss of AND along the ray k · (1, 1, -1.5), and with a penalty of the weights.",
        _w21,
    ),
    Example(
        "W22",
        "One step of stochastic gradient descent",
        "Okazaki, item 39",
        "w = (1, 1, -1.5), the row (1, 1, 1) with y = 1, η = 1.",
        _w22,
    ),
)
