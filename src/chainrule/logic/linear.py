"""Models of one layer without training: least squares, polynomials, the table of likelihoods."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.logic.perceptron_text import aligned, numbers
from chainrule.nn import Dense
from chainrule.tree import Array
from chainrule.types import shape_text


def least_squares(x: Any, y: Any, l2: float = 0.0) -> Dense:
    """The linear layer with the least sum of squared errors (LR-15): it solves XᵀX w = Xᵀy.

    x    numbers `(samples, features)`; X is x with a column of ones
    y    numbers `(samples,)` or `(samples, outputs)`
    l2   λ of a penalty λ‖w‖² that leaves out the biases
    return  the layer `[features,outputs]`; of several that are as good the one whose weights with
            the biases have the least norm
    ValueError for other arrays, or a negative l2.
    """
    weights = _solution(*_samples("least_squares", x, y), l2)
    return Dense(weights[:-1], weights[-1])


def _solution(x: Any, y: Any, l2: float) -> Any:
    """The weights `(features + 1, outputs)`, the biases last."""
    if not 0 <= l2 < math.inf:
        raise ValueError(f"least_squares: l2 {l2!r}; expected a number from 0")
    samples, features = x.shape
    penalty = math.sqrt(l2) * np.eye(features, features + 1)
    inputs = np.vstack([np.column_stack([x, np.ones(samples)]), penalty])
    targets = np.vstack([y, np.zeros((features, y.shape[1]))])
    return np.linalg.lstsq(inputs, targets, rcond=None)[0]


# ---- polynomials --------------------------------------------------------------------------------


def polynomial_features(x: Any, degree: int) -> Any:
    """All products of at most `degree` features, 1 the first: ψ(x) = (1, x, …, x^M) (RG-08).

    x       `(samples,)` or `(samples, features)`
    return  `(samples, products)`, lower degrees first: for two features 1, x₁, x₂, x₁², x₁x₂, x₂²
    ValueError for a degree that is no whole number from 0, or another array.
    """
    if not isinstance(degree, (int, np.integer)) or degree < 0:
        raise ValueError(f"polynomial_features: degree {degree!r}; expected a whole number from 0")
    columns = np.asarray(x, np.float64)
    if columns.ndim not in (1, 2):
        raise ValueError(
            f"polynomial_features: x has shape {shape_text(columns.shape)}; expected [samples] or "
            "[samples,features]"
        )
    columns = columns.reshape(len(columns), -1)
    products = itertools.chain.from_iterable(
        itertools.combinations_with_replacement(range(columns.shape[1]), power)
        for power in range(degree + 1)
    )
    return np.stack([columns[:, list(chosen)].prod(axis=1) for chosen in products], axis=1)


@dataclass(frozen=True, eq=False)
class PolynomialFit:
    """A polynomial fitted to samples.

    degree          its highest power
    coefficients    `(degree + 1,)` from the constant on
    training_error  the mean squared error of the samples it was fitted to
    test_error      that of others; NaN where there were none
    """

    degree: int
    coefficients: Array
    training_error: float
    test_error: float

    def __call__(self, x: Any) -> Any:
        """Its values, `(samples,)` for x `(samples,)`."""
        return np.polynomial.polynomial.polyval(np.asarray(x, np.float64), self.coefficients)


def fit_polynomials(
    x: Any, y: Any, degrees: Iterable[int], test: tuple[Any, Any] | None = None, l2: float = 0.0
) -> list[PolynomialFit]:
    """The polynomial of each degree with the least sum of squared errors (RG-08, VZ-16).

    x, y  `(samples,)`; test  (x, y) likewise, to measure the error on; l2  as of `least_squares`
    From as many coefficients as samples on there are several without error: that with the least
    norm is taken. Scale x to about ±1: high powers of large numbers drown the others.
    ValueError for other arrays.
    """
    x, y = _curve("fit_polynomials", x, y)
    held_out = None if test is None else _curve("fit_polynomials: test", *test)
    return [_polynomial(x, y, degree, held_out, l2) for degree in degrees]


def _polynomial(x: Any, y: Any, degree: int, test: Any, l2: float) -> PolynomialFit:
    powers = polynomial_features(x, degree)
    coefficients = _solution(powers[:, 1:], y[:, None], l2)[:, 0]
    coefficients = np.roll(coefficients, 1)  # the constant was last

    def error(x: Any, y: Any) -> float:
        return float(np.mean((polynomial_features(x, degree) @ coefficients - y) ** 2))

    return PolynomialFit(
        degree, coefficients, error(x, y), math.nan if test is None else error(*test)
    )


# ---- likelihood ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LikelihoodTable:
    """How likely a model of yes and no finds each sample (LK-01). Printed, it is a table.

    x            `(samples, features)`
    y            0 or 1, `(samples,)`
    logits       a = w·x + b, `(samples,)`
    predictions  ŷ = σ(a), `(samples,)`
    likelihoods  ŷ where y is 1, else 1 - ŷ
    """

    x: Array
    y: Array
    logits: Array
    predictions: Array
    likelihoods: Array

    @property
    def joint(self) -> float:
        """The product of the likelihoods (LK-02); of many samples it underflows to 0 (LK-04)."""
        return float(np.prod(self.likelihoods))

    @property
    def log_likelihood(self) -> float:
        """The sum of their logarithms, from the logits: a likelihood of 0 does no harm."""
        return -float(np.sum(ops.softplus(np.where(self.y > 0, -self.logits, self.logits))))

    def __str__(self) -> str:
        rows = [("x", "y", "a", "ŷ", "likelihood")]
        columns = (self.x, self.y, self.logits, self.predictions, self.likelihoods)
        rows += [tuple(map(numbers, row)) for row in zip(*columns, strict=True)]
        total = f"product {self.joint:.10g}, sum of logarithms {self.log_likelihood:.10g}"
        return "\n".join([*aligned(rows), total])


def likelihood_table(network: Any, x: Any, y: Any) -> LikelihoodTable:
    """The likelihood of each sample under a network of one output, its logit (LK-01, LK-02).

    network  a function of `(samples, features)` that gives logits `(samples, 1)`
    x, y     numbers `(samples, features)`; 0 or 1 `(samples,)`
    ValueError for other arrays or several outputs.
    """
    x, y = _samples("likelihood_table", x, y)
    logits = np.asarray(network(x), np.float64)
    if logits.shape != (len(x), 1) or y.shape != (len(x), 1) or not np.isin(y, (0, 1)).all():
        raise ValueError(
            f"likelihood_table: logits {shape_text(logits.shape)} and y {shape_text(y.shape)}; "
            "expected a network with one output, and 0 or 1 for each sample"
        )
    logits, labels = logits[:, 0], y[:, 0]
    predictions = ops.sigmoid(logits)
    # σ(-a) and not 1 - σ(a): that is 0 from a = 37 on.
    return LikelihoodTable(
        x, labels, logits, predictions, ops.sigmoid(np.where(labels > 0, logits, -logits))
    )


def log_odds(probability: Any) -> Any:
    """log(p / (1 - p)), which a logistic model has linear in x (LR-04): the inverse of σ.

    probability  from 0, where it is -∞, to 1, where it is ∞; of any shape. ValueError beyond.
    """
    p = np.asarray(probability, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("log_odds: a number outside 0 .. 1; expected probabilities")
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def _samples(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Both as float64, `(samples, features)` and `(samples, outputs)`."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    is_finite = np.isfinite(x).all() and np.isfinite(y).all()
    if x.ndim != 2 or 0 in x.shape or y.shape[:1] != x.shape[:1] or y.ndim > 2 or not is_finite:
        raise ValueError(
            f"{name}: x {shape_text(x.shape)} and y {shape_text(y.shape)}; expected finite numbers "
            "[samples,features] and [samples] or [samples,outputs]"
        )
    return x, y.reshape(len(y), -1)


def _curve(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 1 or x.shape != y.shape or not len(x) or not np.isfinite([x, y]).all():
        raise ValueError(
            f"{name}: x {shape_text(x.shape)} and y {shape_text(y.shape)}; expected finite numbers "
            "[samples] and [samples]"
        )
    return x, y
