"""Losses of numbers: each takes `(prediction, target)` and gives one number a sample, `(batch,)`.

`outputs` says how the errors of several outputs become one number: "sum" or "mean".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.types import shape_text


_OUTPUTS: dict[str, Callable[..., Any]] = {"sum": ops.sum, "mean": ops.mean}


def squared_error(prediction: Any, target: Any, outputs: str = "sum") -> Any:
    """Σ (prediction - target)² over the outputs (LO-06).

    prediction, target  `(batch, outputs)`; a target `(batch,)` fits one output
    return              `(batch,)`
    """
    errors = prediction - aligned("squared_error", prediction, target)
    return over_outputs("squared_error", ops.square(errors), outputs)


def half_squared_error(prediction: Any, target: Any) -> Any:
    """½ Σ (prediction - target)² over the outputs (LO-02): its gradient is prediction - target."""
    return 0.5 * squared_error(prediction, target)


def absolute_error(prediction: Any, target: Any, outputs: str = "sum") -> Any:
    """Σ |prediction - target| over the outputs; shapes as for `squared_error`."""
    errors = prediction - aligned("absolute_error", prediction, target)
    return over_outputs("absolute_error", ops.abs(errors), outputs)


def huber(prediction: Any, target: Any, delta: float = 1.0, outputs: str = "sum") -> Any:
    """½e² where |e| ≤ δ, else δ(|e| - ½δ), for each error e; shapes as for `squared_error`.

    P. Huber, "Robust estimation of a location parameter", 1964. ValueError for a δ not above 0.
    """
    _check("huber: delta", delta, 0 < delta < math.inf, "a number above 0")
    size = ops.abs(prediction - aligned("huber", prediction, target))
    losses = ops.where(size <= delta, 0.5 * ops.square(size), delta * (size - 0.5 * delta))
    return over_outputs("huber", losses, outputs)


def quantile(prediction: Any, target: Any, level: Any = 0.5, outputs: str = "sum") -> Any:
    """q e where e = target - prediction is positive, else (q - 1) e: least at the quantile q.

    level  q between 0 and 1; or one for each output, and the target then is one number a sample
    Shapes as for `squared_error`. R. Koenker, G. Bassett, "Regression quantiles", 1978.
    """
    levels = _levels(level, prediction)
    of_target = prediction[..., :1] if levels.ndim else prediction
    errors = aligned("quantile", of_target, target) - prediction
    losses = ops.where(errors > 0, levels * errors, (levels - 1) * errors)
    return over_outputs("quantile", losses, outputs)


def poisson(prediction: Any, target: Any, outputs: str = "sum") -> Any:
    """exp(z) - y z, for counts y with the mean exp(z); shapes as for `squared_error`.

    The negative log-likelihood of the Poisson distribution but for log y!, which is constant.
    """
    counts = aligned("poisson", prediction, target)
    return over_outputs("poisson", ops.exp(prediction) - counts * prediction, outputs)


def gaussian_nll(prediction: Any, target: Any) -> Any:
    """-log N(target; mean, variance): ½ (log 2π + log variance + (target - mean)² / variance).

    prediction  `(batch, 2 outputs)`: first the means, then the logarithms of the variances
    target      `(batch, outputs)`; `(batch,)` fits one output
    return      `(batch,)`, summed over the outputs
    With the variance 1 this is `half_squared_error` and ½ log 2π an output (OU-02). D. Nix,
    A. Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
    """
    width = prediction.shape[-1]
    if width % 2:
        raise ValueError(
            f"gaussian_nll: {width} outputs; expected a mean and a log variance for each target"
        )
    mean, log_variance = prediction[..., : width // 2], prediction[..., width // 2 :]
    # In standard deviations, as error² / variance is 0 · ∞ where a tiny variance fits exactly.
    scaled = (mean - aligned("gaussian_nll", mean, target)) * ops.exp(-0.5 * log_variance)
    losses = 0.5 * (math.log(2 * math.pi) + log_variance + ops.square(scaled))
    return ops.sum(losses, axis=-1)


def first_half(prediction: Any) -> Any:
    """The means among the outputs that `gaussian_nll` takes."""
    return prediction[..., : prediction.shape[-1] // 2]


def aligned(name: str, prediction: Any, target: Any) -> Any:
    """`target` in the dtype of the prediction, and with an axis for its one output if need be.

    ValueError, naming both shapes, where they differ: (batch, 1) - (batch,) would broadcast.
    """
    target = ops.cast(target, prediction.dtype)
    if len(target.shape) == len(prediction.shape) - 1 and prediction.shape[-1] == 1:
        target = ops.reshape(target, prediction.shape)
    if tuple(prediction.shape) != tuple(target.shape):
        raise ValueError(
            f"{name}: prediction {shape_text(prediction.shape)} and target "
            f"{shape_text(target.shape)} differ in shape; reshape the target"
        )
    return target


def over_outputs(name: str, losses: Any, outputs: str) -> Any:
    """`(batch, outputs)` to `(batch,)`, by the sum or the mean."""
    if outputs not in _OUTPUTS:
        raise ValueError(f"{name}: outputs {outputs!r}; expected {' or '.join(_OUTPUTS)}")
    return _OUTPUTS[outputs](losses, axis=-1)


def check_counts(target: Any, outputs: int) -> None:
    """ValueError for a negative number of events."""
    if not target.min() >= 0:  # not `<`: NaN is no count either
        raise ValueError(f"holds {target.min()}; expected counts, from 0 on")


def _levels(level: Any, prediction: Any) -> Any:
    """The levels in the dtype of the prediction: `()`, or `(outputs,)`."""
    levels = np.asarray(level)
    is_right = levels.dtype.kind == "f" and bool(np.all((levels > 0) & (levels < 1)))
    _check("quantile: level", level, is_right, "between 0 and 1, or one such for each output")
    if levels.ndim and levels.shape != tuple(prediction.shape[-1:]):
        raise ValueError(
            f"quantile: {levels.size} levels for predictions {shape_text(prediction.shape)}; "
            "expected one output for each level"
        )
    return levels.astype(prediction.dtype)


def _check(what: str, value: Any, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ValueError(f"{what} {value!r}; expected {expected}")
