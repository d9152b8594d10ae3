"""Operations that choose among values: extremes, and entries by index."""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.node import Coerced, Emit, Fold, Primitive
from chainrule.ops.declare import (
    as_operand,
    as_operands,
    declare,
    function,
    linear,
    normalize_axis,
    sample,
)
from chainrule.ops.linear import reduced_shape, reduction_coerce, reshape, spread, sum
from chainrule.ops.piecewise import cast, equal, larger, smaller
from chainrule.types import ArrayType, dtype_name


def least(dtype: str) -> float:
    """The smallest number of a dtype: minus infinity where there is one."""
    if dtype == "bool":
        return False
    return -math.inf if dtype.startswith("float") else np.iinfo(dtype).min


def greatest(dtype: str) -> float:
    """The largest number of a dtype: infinity where there is one."""
    if dtype == "bool":
        return True
    return math.inf if dtype.startswith("float") else np.iinfo(dtype).max


def _extreme(
    name: str, reduce: Callable[..., Any], find: Callable[..., Any], code: Fold, doc: str
) -> Primitive:
    """A reduction to the largest or the smallest element."""

    def evaluate(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if x.dtype.kind != "c":
            return reduce(x, axis=axis, keepdims=keepdims)
        kept = [place for place in range(x.ndim) if place not in axis]
        rows: Any = np.transpose(x, (*kept, *axis)).reshape(*[x.shape[i] for i in kept], -1)
        chosen: Any = np.take_along_axis(rows, find(rows.real, axis=-1)[..., None], axis=-1)
        return chosen.reshape(reduced_shape(x.shape, axis, keepdims))

    def infer(x: ArrayType, axis: tuple[int, ...], keepdims: bool) -> ArrayType:
        for place in axis:
            if x.shape[place] == 0:
                raise ValueError(f"{name}: {x} has no element along axis {place}")
        return x.with_shape(reduced_shape(x.shape, axis, keepdims))

    def vjp(ct: Any, out: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> tuple[Any, ...]:
        chosen = cast(equal(x, spread(out, x, axis)), x.dtype)
        ties = sum(chosen, axis=axis, keepdims=keepdims)
        return (spread(ct / ties, x, axis) * chosen,)

    return declare(
        name,
        doc=doc,
        evaluate=evaluate,
        infer=infer,
        vjp=vjp,
        emit=Emit.REDUCE,
        code=code,
        notation=function(name, rf"\{name}"),
        samples=[
            sample((3, 4), axis=None),
            sample((3, 4), axis=1, keepdims=True),
            sample((2, 3, 4), axis=(0, 2)),
        ],
        coerce=reduction_coerce(name),
    )


max = _extreme(
    "max",
    np.max,
    np.argmax,
    Fold(larger, least),
    "The largest element over `axis`; ties share the derivative",
)
min = _extreme(
    "min",
    np.min,
    np.argmin,
    Fold(smaller, greatest),
    "The smallest element over `axis`; ties share the derivative",
)

_argmax = declare(
    "argmax",
    doc="The index of the largest element along `axis`, the first of equal ones",
    evaluate=lambda x, axis: np.argmax(x.real, axis=axis).astype(np.int64),
    infer=lambda x, axis: ArrayType((*x.shape[:axis], *x.shape[axis + 1 :]), "int64"),
    vjp=lambda ct, out, x, axis: (None,),
    emit=Emit.REDUCE,
    # NumPy takes the first NaN, where there is one.
    code=Fold(lambda new, old: (new > old) | (new.is_nan() & ~old.is_nan()), least, position=True),
    notation=function("argmax", r"\arg\max"),
    samples=[sample((3, 4), axis=1), sample((3, 4), axis=0)],
)


def argmax(x: Any, axis: int | None = None) -> Any:
    """The index (int64) of the largest element along `axis`; without one, in row-major order."""
    operand = as_operand(x)
    if axis is None:
        return _argmax(reshape(operand, -1), axis=0)
    return _argmax(operand, axis=normalize_axis("argmax", axis, len(operand.shape))[0])


# ---- entries by index ---------------------------------------------------------------------------


def _take_coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
    (x, indices), _ = as_operands(args[:2], {})
    if indices.dtype.kind not in "iu":
        raise TypeError(f"take: indices of dtype {indices.dtype}; expected whole numbers")
    axis = args[2] if len(args) == 3 else params.get("axis", 0)
    (axis,) = normalize_axis("take", axis, len(x.shape))
    return [x, indices], {"axis": axis}


def _take_infer(x: ArrayType, indices: ArrayType, axis: int) -> ArrayType:
    return x.with_shape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _scatter_add_infer(x: ArrayType, indices: ArrayType, axis: int, shape: Any) -> ArrayType:
    whole = x.with_shape(shape)
    part = _take_infer(whole, indices, axis)
    if part != x or indices.dtype not in ("int64", "int32", "uint32", "uint8"):
        raise ValueError(f"scatter_add: {x} at {indices} of {whole}; expected {part}")
    return whole


def _scatter_add(x: Any, indices: Any, axis: int, shape: Any) -> Any:
    result = np.zeros(shape, x.dtype)
    places: Any = (slice(None),) * axis + (indices,)
    np.add.at(result, places, x)
    return result


_INDICES = ArrayType((2, 3), "int64")

take = linear(
    "take",
    lambda x, indices, axis: np.take(x, indices, axis=axis),
    lambda ct, x, indices, axis: scatter_add(ct, indices, axis=axis, shape=tuple(x.shape)),
    doc="The entries of x at whole-number indices along `axis`; IndexError outside",
    infer=_take_infer,
    emit=Emit.GATHER,
    code="take",
    notation=function("take"),
    samples=[sample((4, 3), _INDICES, axis=0), sample((3, 4), _INDICES, axis=1)],
    coerce=_take_coerce,
)

scatter_add = linear(
    "scatter_add",
    _scatter_add,
    lambda ct, x, indices, axis, shape: take(ct, indices, axis=axis),
    doc="Zeros of `shape`, the entries of x added at indices along `axis`: take transposed",
    infer=_scatter_add_infer,
    emit=Emit.GATHER,
    code="scatter_add",
    notation=function("scatter_add"),
    samples=[sample((2, 3, 3), _INDICES, axis=0, shape=(4, 3))],
)


def one_hot(labels: Any, classes: int, dtype: Any = "float64") -> Any:
    """1 at the label, 0 elsewhere.

    labels  whole numbers `(...)`; one outside 0 .. classes-1 gives a row of zeros
    return  `(..., classes)` of `dtype`
    """
    operand = as_operand(labels)
    if operand.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels of dtype {operand.dtype}; expected whole numbers")
    # As int64: a class beyond the range of the labels' dtype would wrap around.
    column = reshape(cast(operand, "int64"), (*operand.shape, 1))
    return cast(equal(column, np.arange(classes)), dtype_name(dtype))
