"""Operations that are linear in their arguments: each is declared with its transposes."""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.node import OPERATIONS, Coerced, Emit, Fold
from chainrule.ops.declare import (
    CONTRACTION,
    SIGN,
    as_operand,
    as_operands,
    broadcast_shape,
    declare,
    linear,
    normalize_axis,
    result_dtype,
    sample,
    template,
)
from chainrule.ops.piecewise import cast
from chainrule.types import BATCH, ArrayType, Shape, Size, dtype_name, shape_text


# ---- matrix multiplication ----------------------------------------------------------------------


def _matmul_infer(x: ArrayType, y: ArrayType) -> ArrayType:
    if x.dtype != y.dtype or not x.is_float:
        raise TypeError(f"matmul: {x} @ {y}; both must be of one floating-point dtype")
    if x.ndim < 2 or y.ndim < 2 or x.shape[:-2] != y.shape[:-2]:
        raise ValueError(f"matmul: {x} @ {y}; expected matrices, or equal stacks of matrices")
    if x.shape[-1] != y.shape[-2]:
        hint = "; transpose the second argument?" if x.shape[-1] == y.shape[-1] else ""
        raise ValueError(
            f"matmul: {x} @ {y}: inner sizes {_size_text(x.shape[-1])} and "
            f"{_size_text(y.shape[-2])} differ{hint}"
        )
    return x.with_shape((*x.shape[:-1], y.shape[-1]))


_matmul = linear(
    "matmul",
    np.matmul,
    lambda ct, x, y: _matmul(ct, matrix_transpose(y)),
    lambda ct, x, y: _matmul(matrix_transpose(x), ct),
    doc="The matrix product; leading axes are stacks of matrices",
    infer=_matmul_infer,
    emit=Emit.CONTRACT,
    notation=template("{0} @ {1}", r"{0} \, {1}", "@", CONTRACTION, (SIGN, SIGN)),
    samples=[sample((3, 4), (4, 2)), sample((2, 3, 4), (2, 4, 5)), sample((1, 1), (1, 1))],
)


def matmul(x: Any, y: Any) -> Any:
    """The matrix product `x @ y`, by NumPy's rules.

    x  `(..., rows, inner)` or `(inner,)`
    y  `(..., inner, columns)` or `(inner,)`
    A vector counts as one row or one column, which the result does not have. Stacks broadcast.
    ValueError, naming both shapes, where the inner sizes differ.
    """
    a, b = as_operand(x), as_operand(y)
    if not a.shape or not b.shape:
        raise ValueError(f"matmul: shapes {shape_text(a.shape)} and {shape_text(b.shape)}; use *")
    dtype = result_dtype((a, b), (a, b))
    a, b = cast(a, dtype), cast(b, dtype)
    row, column = len(a.shape) == 1, len(b.shape) == 1
    a = reshape(a, (1, *a.shape)) if row else a
    b = reshape(b, (*b.shape, 1)) if column else b
    stack = broadcast_shape("matmul", [a.shape[:-2], b.shape[:-2]])
    product = _matmul(
        broadcast_to(a, (*stack, *a.shape[-2:])), broadcast_to(b, (*stack, *b.shape[-2:]))
    )
    kept = product.shape[-2:][row : 1 if column else 2]
    return reshape(product, (*stack, *kept)) if row or column else product


OPERATIONS["matmul"] = matmul

# ---- views: the same numbers in other places ----------------------------------------------------


def _transpose_coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
    (x,), _ = as_operands(args[:1], {})
    ndim = len(x.shape)
    axes = args[1] if len(args) == 2 else params.get("axes")
    order = tuple(range(ndim))[::-1] if axes is None else tuple(int(axis) for axis in axes)
    order = tuple(axis + ndim if axis < 0 else axis for axis in order)
    if sorted(order) != list(range(ndim)):
        raise ValueError(f"transpose: axes {axes} do not order the {ndim} axes of the argument")
    return [x], {"axes": order}


transpose = linear(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    lambda ct, x, axes: transpose(ct, axes=tuple(int(i) for i in np.argsort(axes))),
    doc="Axes in the order `axes`, by default reversed",
    infer=lambda x, axes: x.with_shape([x.shape[axis] for axis in axes]),
    emit=Emit.VIEW,
    code=lambda index, x, axes: tuple(index[axes.index(axis)] for axis in range(len(axes))),
    notation=template("{0}ᵀ", "{{{0}}}^T", "ᵀ", 7, (7,)),
    samples=[sample((3, 4), axes=(1, 0)), sample((2, 3, 4), axes=(1, 2, 0))],
    coerce=_transpose_coerce,
)


def matrix_transpose(x: Any) -> Any:
    """`x` `(..., rows, columns)` with its last two axes exchanged."""
    ndim = len(x.shape)
    return transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def _reshape_infer(x: ArrayType, shape: Shape) -> ArrayType:
    if _split_batch(x.shape) != _split_batch(shape):
        raise ValueError(
            f"reshape: {x} to {shape_text(shape)}: the number of elements differs"
            + ("; BATCH must stay a size of its own" if BATCH in (*x.shape, *shape) else "")
        )
    return x.with_shape(shape)


_reshape = linear(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    lambda ct, x, shape: _reshape(ct, shape=tuple(x.shape)),
    doc="The same numbers, in row-major order, in another shape",
    infer=_reshape_infer,
    emit=Emit.VIEW,
    code="reshape",
    notation=template("{0}", "{0}", "reshape"),
    samples=[sample((3, 4), shape=(2, 6)), sample((1,), shape=()), sample((3, 4), shape=(4, 3, 1))],
)


def reshape(x: Any, shape: Any) -> Any:
    """`x` in another shape, with the same elements in row-major order; one size may be -1."""
    operand = as_operand(x)
    sizes: list[Any] = list(shape) if isinstance(shape, (tuple, list)) else [shape]
    if -1 in sizes:
        place = sizes.index(-1)
        (have, batches), (rest, taken) = map(
            _split_batch, (operand.shape, [*sizes[:place], *sizes[place + 1 :]])
        )
        sizes[place] = BATCH if batches > taken else have // builtins.max(rest, 1)
    target = tuple(size if size is BATCH else int(size) for size in sizes)
    return operand if target == tuple(operand.shape) else _reshape(operand, shape=target)


OPERATIONS["reshape"] = reshape


def _split_batch(shape: Sequence[Size]) -> tuple[int, int]:
    """The number of elements of one row, and how often `BATCH` stands in the shape."""
    return math.prod(size for size in shape if isinstance(size, int)), list(shape).count(BATCH)


def _broadcast_infer(x: ArrayType, shape: Shape) -> ArrayType:
    if broadcast_shape("broadcast_to", [x.shape, shape]) != tuple(shape):
        raise ValueError(f"broadcast_to: {x} does not broadcast to {shape_text(shape)}")
    return x.with_shape(shape)


_broadcast_to = linear(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    lambda ct, x, shape: sum_to(ct, tuple(x.shape)),
    doc="The array repeated to a larger shape: axes of size 1 stretch, new axes come in front",
    infer=_broadcast_infer,
    emit=Emit.VIEW,
    code=lambda index, x, shape: tuple(
        one.scaled(0) if size == 1 else one
        for one, size in zip(index[len(shape) - x.ndim :], x.shape, strict=True)
    ),
    notation=template("{0}", "{0}", "broadcast"),
    samples=[sample((4,), shape=(3, 4)), sample((3, 1), shape=(3, 4)), sample((), shape=(2, 2))],
)


def broadcast_to(x: Any, shape: Any) -> Any:
    """`x` repeated to `shape`, as NumPy does; `x` itself if it has that shape already."""
    operand = as_operand(x)
    return operand if operand.shape == tuple(shape) else _broadcast_to(operand, shape=tuple(shape))


OPERATIONS["broadcast_to"] = broadcast_to

# ---- sums ---------------------------------------------------------------------------------------


def reduced_shape(shape: Sequence[Size], axis: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape that is left when the axes in `axis` are folded."""
    return tuple(
        1 if place in axis else size
        for place, size in enumerate(shape)
        if keepdims or place not in axis
    )


def reduction_coerce(name: str) -> Any:
    """Arguments of a reduction: `axis` (a number, a tuple or None for all) and `keepdims`."""

    def coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
        unknown = sorted(set(params) - {"axis", "keepdims"})
        if unknown or not 1 <= len(args) <= 2:
            raise TypeError(
                f"{name}: expected (x, axis=None, keepdims=False), got {unknown or args}"
            )
        x = as_operand(args[0])
        axis = args[1] if len(args) == 2 else params.get("axis")
        axes = normalize_axis(name, axis, len(x.shape))
        return [x], {"axis": axes, "keepdims": bool(params.get("keepdims", False))}

    return coerce


def spread(x: Any, like: Any, axis: tuple[int, ...]) -> Any:
    """What a reduction over `axis` gave, broadcast back to the shape of its argument `like`."""
    return broadcast_to(reshape(x, reduced_shape(like.shape, axis, True)), tuple(like.shape))


def _sum_infer(x: ArrayType, axis: tuple[int, ...], keepdims: bool) -> ArrayType:
    if x.dtype in ("bool", "uint8", "int32", "uint32"):
        raise TypeError(f"sum: {x}; convert it first, e.g. with .astype('int64') or .astype(float)")
    return x.with_shape(reduced_shape(x.shape, axis, keepdims))


sum = linear(
    "sum",
    # NumPy adds in the order of memory: C order makes it the same whatever views came before.
    lambda x, axis, keepdims: np.sum(np.asarray(x, order="C"), axis=axis, keepdims=keepdims),
    lambda ct, x, axis, keepdims: spread(ct, x, axis),
    doc="The sum over `axis` (all axes by default)",
    infer=_sum_infer,
    emit=Emit.REDUCE,
    code=Fold(lambda so_far, x: so_far + x, lambda dtype: 0.0),
    notation=template("sum({0})", r"\sum\left({0}\right)", "Σ"),
    samples=[
        sample((3, 4), axis=None),
        sample((3, 4), axis=0),
        sample((3, 4, 2), axis=(0, 2), keepdims=True),
    ],
    coerce=reduction_coerce("sum"),
)


def sum_to(x: Any, shape: Shape) -> Any:
    """The transpose of broadcasting `shape` to the shape of `x`: sums over the repeated axes."""
    new = len(x.shape) - len(shape)
    stretched = [new + i for i, size in enumerate(shape) if size == 1 and x.shape[new + i] != 1]
    axes = (*range(new), *stretched)
    return reshape(sum(x, axis=axes), shape) if axes else x


batch_size = declare(
    "batch_size",
    doc="The number of rows, known when the code runs",
    evaluate=lambda n, dtype: np.asarray(n, dtype),
    infer=lambda n, dtype: ArrayType((), dtype),
    vjp=lambda ct, out, n, dtype: (),
    emit=Emit.VIEW,
    code="batch_size",
    notation=template("batch", r"\text{{batch}}", "batch"),
    samples=[],
)


def count(shape: Sequence[Size], axis: tuple[int, ...], dtype: Any) -> Any:
    """How many elements are folded: a number, or a node where `BATCH` is one of the sizes."""
    rows, batches = _split_batch([shape[one] for one in axis])
    if not batches:
        return float(rows)
    size = batch_size(n=BATCH, dtype=dtype_name(dtype)) ** batches
    return size if rows == 1 else rows * size


def _size_text(size: Size) -> str:
    return "batch" if size is BATCH else str(size)
