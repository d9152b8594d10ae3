"""What is known of an array before it exists: its shape and its dtype."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np


class Symbol(enum.Enum):
    """A size that is known only when the code runs."""

    BATCH = "batch"

    def __repr__(self) -> str:
        return self.name


#: The number of rows. It may stand in any shape; within one graph it is one number.
BATCH: Final = Symbol.BATCH

Size: TypeAlias = int | Symbol
Shape: TypeAlias = tuple[Size, ...]

#: The dtypes a node may have, and how they are printed. complex128 is for complex-step
#: differentiation of forward values only; a function cannot be traced with it.
DTYPES: Final = {
    "float64": "f64",
    "float32": "f32",
    "int64": "i64",
    "int32": "i32",
    "uint32": "u32",
    "uint8": "u8",
    "bool": "bool",
    "complex128": "c128",
}


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Shape and dtype. TypeError for a dtype outside `DTYPES`, ValueError for a bad size."""

    shape: Shape = ()
    dtype: str = "float64"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(map(_size, self.shape)))
        object.__setattr__(self, "dtype", dtype_name(self.dtype))

    def __str__(self) -> str:
        return f"{DTYPES[self.dtype]}{shape_text(self.shape)}"

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether derivatives with respect to such an array exist."""
        return self.dtype in ("float64", "float32", "complex128")

    def holds(self, number: Any) -> bool:
        """Whether `number` is a plain Python number that such an array can hold."""
        if self.is_float or not isinstance(number, int) or self.dtype == "bool":
            return self.is_float and isinstance(number, (int, float))
        return np.iinfo(self.dtype).min <= number <= np.iinfo(self.dtype).max

    def with_shape(self, shape: Sequence[Size]) -> ArrayType:
        """The same dtype in another shape."""
        return ArrayType(tuple(shape), self.dtype)


def dtype_name(dtype: Any) -> str:
    """The name of a supported dtype: `float32` for `np.float32` or `"f4"`. TypeError otherwise."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise TypeError(
            f"dtype {name} is not supported; convert to one of {', '.join(list(DTYPES)[:-1])}"
        )
    return name


def shape_text(shape: Sequence[Size]) -> str:
    """`[64,100]`, `[batch,10]`, `[]`."""
    return f"[{','.join(size.value if isinstance(size, Symbol) else str(size) for size in shape)}]"


def type_of(value: Any) -> ArrayType:
    """The type of an array, a number or anything else with a shape and a dtype.

    TypeError for what is not array-like: text, objects, dates.
    """
    if isinstance(value, ArrayType):
        return value
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is None or dtype is None:
        value = np.asarray(value)
        shape, dtype = value.shape, value.dtype
    return ArrayType(tuple(shape), dtype_name(dtype))


def is_batched(value: Any) -> bool:
    """Whether a param (a shape, a size, slice bounds) mentions `BATCH`."""
    return value is BATCH or (isinstance(value, tuple) and any(map(is_batched, value)))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def with_batch(value: Any, batch: Size) -> Any:
    """`value` (a shape, a size, nested tuples of them) with the number of rows put for `BATCH`."""
    if value is BATCH:
        return batch
    if isinstance(value, tuple):
        return tuple(with_batch(item, batch) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return value


def match_batch(expected: Shape, found: Shape, batch: Size | None) -> Size | None:
    """The number of rows if `found` is `expected` with that number for `BATCH`.

    `batch` is what is known of it already. ValueError where the shapes disagree.
    """
    if len(expected) == len(found):
        for want, have in zip(expected, found, strict=True):
            if want is BATCH and batch is None:
                batch = have
        if with_batch(expected, BATCH if batch is None else batch) == found:
            return batch
    known = "" if batch is None or BATCH not in expected else f" with batch = {batch}"
    raise ValueError(f"shape {shape_text(found)}, expected {shape_text(expected)}{known}")


def _size(size: Any) -> Size:
    if isinstance(size, Symbol):
        return size
    if isinstance(size, int) and size >= 0:
        return int(size)
    if isinstance(size, np.integer):
        return _size(int(size))  # pyright: ignore[reportUnknownArgumentType]
    raise ValueError(f"a size of a shape is a whole number from 0 or BATCH, not {size!r}")
