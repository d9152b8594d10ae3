"""Arrays joined, and parts of arrays cut out: views of the numbers, linear in each argument."""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.node import OPERATIONS, Coerced, Emit
from chainrule.ops.declare import (
    as_operand,
    declare,
    function,
    linear,
    normalize_axis,
    result_dtype,
    sample,
    template,
)
from chainrule.ops.linear import reshape
from chainrule.ops.piecewise import cast
from chainrule.ops.selection import take
from chainrule.types import BATCH, ArrayType, Size


def _concatenate_coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
    parts, axis = args, params.get("axis", 0)
    if isinstance(args[0], (list, tuple)):
        parts, axis = args[0], args[1] if len(args) == 2 else axis
    operands = [as_operand(part) for part in parts]
    if not operands or not all(operand.shape for operand in operands):
        raise ValueError("concatenate: expected one or more arrays with at least one axis")
    dtype = result_dtype(operands, operands)
    (axis,) = normalize_axis("concatenate", axis, len(operands[0].shape))
    return [cast(operand, dtype) for operand in operands], {"axis": axis}


def _concatenate_infer(*parts: ArrayType, axis: int) -> ArrayType:
    first = parts[0].shape
    for part in parts:
        rest = [part.shape[:axis] + part.shape[axis + 1 :], first[:axis] + first[axis + 1 :]]
        if rest[0] != rest[1] or BATCH in (part.shape[axis : axis + 1]):
            came = ", ".join(map(str, parts))
            raise ValueError(f"concatenate: {came} on axis {axis}; other sizes must be equal")
    total = builtins.sum(int(part.shape[axis]) for part in parts)  # pyright: ignore[reportArgumentType]
    return parts[0].with_shape((*first[:axis], total, *first[axis + 1 :]))


def _concatenate_vjp(ct: Any, out: Any, *parts: Any, axis: int) -> tuple[Any, ...]:
    stops = np.cumsum([part.shape[axis] for part in parts])
    return tuple(
        _along(ct, axis, int(stop) - part.shape[axis], int(stop))
        for part, stop in zip(parts, stops, strict=True)
    )


concatenate = declare(
    "concatenate",
    doc="Arrays joined along `axis`",
    evaluate=lambda *parts, axis: np.concatenate(parts, axis=axis),
    infer=_concatenate_infer,
    vjp=_concatenate_vjp,
    emit=Emit.VIEW,
    code="concatenate",
    notation=function("concatenate"),
    samples=[sample((3, 4), (2, 4)), sample((3, 1), (3, 2), (3, 3), axis=1)],
    coerce=_concatenate_coerce,
)


def stack(parts: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape, put side by side along a new axis."""
    operands = [as_operand(part) for part in parts]
    if not operands:
        raise ValueError("stack: expected one or more arrays")
    (place,) = normalize_axis("stack", axis, len(operands[0].shape) + 1)
    shapes = [(*part.shape[:place], 1, *part.shape[place:]) for part in operands]
    rows = [reshape(part, shape) for part, shape in zip(operands, shapes, strict=True)]
    return concatenate(rows, axis=place)


def _bounds(start: Any, stop: Any, stride: Any) -> tuple[builtins.slice, ...]:
    return tuple(
        builtins.slice(None) if e is BATCH else builtins.slice(b, e if e >= 0 else None, s)
        for b, e, s in zip(start, stop, stride, strict=True)
    )


def _cut(x: Any, start: Any, stop: Any, stride: Any) -> Any:
    part = x[_bounds(start, stop, stride)]
    # On reversed views NumPy's exp, log and power take another path, and round otherwise.
    return part.copy() if min(stride, default=1) < 0 else part


def _slice_infer(x: ArrayType, start: Any, stop: Any, stride: Any) -> ArrayType:
    sizes: list[Size] = []
    for size, (b, e, s) in zip(x.shape, zip(start, stop, stride, strict=True), strict=True):
        if isinstance(size, int):
            sizes.append(len(range(b, e, s)))
        elif (b, e, s) == (0, BATCH, 1):
            sizes.append(size)
        else:
            raise ValueError(f"slice: {x}: the batch axis cannot be cut; its size is not known")
    return x.with_shape(sizes)


def _place_infer(x: ArrayType, shape: Any, start: Any, stop: Any, stride: Any) -> ArrayType:
    whole = x.with_shape(shape)
    part = _slice_infer(whole, start, stop, stride)
    if part != x:
        raise ValueError(f"place: {x} where {part} of {whole} is to be filled")
    return whole


def _place(x: Any, shape: Any, start: Any, stop: Any, stride: Any) -> Any:
    result = np.zeros(shape, x.dtype)
    result[_bounds(start, stop, stride)] = x
    return result


slice = linear(
    "slice",
    _cut,
    lambda ct, x, start, stop, stride: place(
        ct, shape=tuple(x.shape), start=start, stop=stop, stride=stride
    ),
    doc="The part from `start` to before `stop` in steps of `stride`, one of each for every axis",
    infer=_slice_infer,
    emit=Emit.VIEW,
    code=lambda index, x, start, stop, stride: tuple(
        one.scaled(s) + b for one, b, s in zip(index, start, stride, strict=True)
    ),
    notation=template("{0}[…]", r"{{{0}}}_{{[\ldots]}}", "slice", 8, (8,)),
    samples=[
        sample((5, 4), start=(1, 0), stop=(4, 4), stride=(1, 2)),
        sample((5,), start=(4,), stop=(-1,), stride=(-2,)),
    ],
)

place = linear(
    "place",
    _place,
    lambda ct, x, shape, start, stop, stride: slice(ct, start=start, stop=stop, stride=stride),
    doc="Zeros of `shape` with the argument at a slice of them: the transpose of `slice`",
    infer=_place_infer,
    emit=Emit.VIEW,
    code="place",
    notation=function("place"),
    samples=[sample((3, 2), shape=(5, 4), start=(1, 0), stop=(4, 4), stride=(1, 2))],
)


def _along(x: Any, axis: int, start: int, stop: int) -> Any:
    """The part of `x` from `start` to before `stop` on one axis."""
    return slice(
        x,
        start=tuple(start if i == axis else 0 for i in range(len(x.shape))),
        stop=tuple(stop if i == axis else size for i, size in enumerate(x.shape)),
        stride=(1,) * len(x.shape),
    )


# ---- indexing as in NumPy -----------------------------------------------------------------------


def getitem(x: Any, index: Any) -> Any:
    """`x[index]` for whole numbers, slices, `None`, `...` and one array of whole numbers.

    TypeError for a mask: the shape of its result would depend on values; use `where`.
    """
    operand = as_operand(x)
    items = _expand_ellipsis(index if isinstance(index, tuple) else (index,), len(operand.shape))
    axis, shape, bounds, gather = 0, [], [], None
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = operand.shape[axis]
        bound, kept, indices = _index_axis(item, size, axis)
        bounds.append(bound)
        if indices is not None:
            if gather is not None:
                raise TypeError(
                    "getitem: more than one array of indices; use take one axis at a time"
                )
            gather = (len(shape), indices)
        shape += kept
        axis += 1
    start, stop, stride = zip(*bounds, strict=True) if bounds else ((), (), ())
    whole = tuple((0, size, 1) for size in operand.shape)
    part = (
        operand if tuple(bounds) == whole else slice(operand, start=start, stop=stop, stride=stride)
    )
    part = reshape(part, tuple(shape))
    return part if gather is None else take(part, gather[1], axis=gather[0])


OPERATIONS["getitem"] = getitem


def _expand_ellipsis(items: Sequence[Any], ndim: int) -> list[Any]:
    """The index with `...` and missing axes spelt out as full slices."""
    places = [i for i, item in enumerate(items) if item is Ellipsis]
    used = builtins.sum(item is not None and item is not Ellipsis for item in items)
    if len(places) > 1 or used > ndim:
        raise IndexError(f"getitem: {used} indices for an array with {ndim} axes")
    at = places[0] if places else len(items)
    return [*items[:at], *[builtins.slice(None)] * (ndim - used), *items[at + 1 :]]


def _index_axis(item: Any, size: Size, axis: int) -> tuple[Any, list[Any], Any]:
    """Bounds on one axis, the sizes that stay, and the indices if the axis is gathered."""
    if isinstance(item, builtins.slice):
        if item == builtins.slice(None):
            return (0, size, 1), [size], None
        if isinstance(size, int):
            bound = item.indices(size)
            count = len(range(*bound))
            # Backwards from before the start NumPy counts from the end: [-9::-1] of three is empty.
            return bound if count else (0, 0, 1), [count], None
        raise ValueError("getitem: the batch axis cannot be cut; its size is not known")
    indices = as_operand(item)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"getitem: an index of dtype {indices.dtype}; expected whole numbers or slices. "
            "For a mask use where(mask, x, 0)"
        )
    if indices.shape or not isinstance(size, int) or not isinstance(item, (int, np.integer)):
        return (0, size, 1), [size], indices
    if not -size <= item < size:
        raise IndexError(f"getitem: index {item} on axis {axis} of size {size}")
    return (int(item) % size, int(item) % size + 1, 1), [], None
