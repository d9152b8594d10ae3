"""Operations made of others, in forms that are numerically stable and differentiate well."""

from __future__ import annotations

from typing import Any

from chainrule.node import OPERATIONS
from chainrule.ops.declare import as_operand, normalize_axis
from chainrule.ops.elementwise import exp, log, sqrt, square
from chainrule.ops.joining import stack
from chainrule.ops.linear import count, reduced_shape, reshape, spread, sum
from chainrule.ops.piecewise import cast, clip, stop_gradient, where
from chainrule.ops.selection import argmax, max


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis`, a number, a tuple or None for all axes."""
    operand = as_operand(x)
    if operand.dtype.kind not in "fc":
        operand = cast(operand, "float64")
    axes = normalize_axis("mean", axis, len(operand.shape))
    total = sum(operand, axis=axes, keepdims=keepdims)
    return total / count(operand.shape, axes, operand.dtype)


def variance(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The biased variance over `axis`: the mean of the squared distance from the mean."""
    operand = as_operand(x)
    axes = normalize_axis("variance", axis, len(operand.shape))
    centred = operand - spread(mean(operand, axes), operand, axes)
    return mean(square(centred), axes, keepdims)


def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The Euclidean norm over `axis`; its derivative at 0 is 0."""
    squares = sum(square(x), axis=axis, keepdims=keepdims)
    is_positive = squares > 0
    return where(is_positive, sqrt(where(is_positive, squares, 1)), 0)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over `axis`; no overflow, for the largest element is taken out first."""
    operand = as_operand(x)
    axes = normalize_axis("logsumexp", axis, len(operand.shape))
    peak = stop_gradient(max(operand, axis=axes), finite=True)  # ∞ - ∞ would be NaN
    total = sum(exp(operand - spread(peak, operand, axes)), axis=axes)
    result = peak + log(total)
    return reshape(result, reduced_shape(operand.shape, axes, True)) if keepdims else result


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of `softmax`, exact where a probability is tiny."""
    operand = as_operand(x)
    axes = normalize_axis("log_softmax", axis, len(operand.shape))
    return operand - spread(logsumexp(operand, axes), operand, axes)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) divided by its sum over `axis`: positive numbers that sum to 1. No overflow."""
    return exp(log_softmax(x, axis))


OPERATIONS.update(mean=mean, variance=variance, norm=norm, stack=stack, clip=clip, argmax=argmax)
