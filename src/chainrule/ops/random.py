"""Random numbers from a counter: the same key gives the same bits on every machine, for any number
of threads and any order of evaluation.

The generator is Threefry-2x32 with 20 rounds: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC 2011. The counter is (row, column): the index on the first
axis, and the row-major index on the others.
"""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.node import Emit
from chainrule.ops.declare import as_operand, declare, function, sample
from chainrule.ops.elementwise import cos, log, sqrt
from chainrule.types import ArrayType, Shape, dtype_name


_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
_KEY = ArrayType((2,), "uint32")


def threefry(key: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """Two words of 32 random bits for each counter.

    key     uint32 `(2,)`
    x0, x1  uint32 arrays of one shape, the two words of the counters
    """
    words = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    x0, x1 = x0 + words[0], x1 + words[1]
    for group in range(5):
        for turn in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = (x1 << np.uint32(turn)) | (x1 >> np.uint32(32 - turn))
            x1 = x1 ^ x0
        x0 = x0 + words[(group + 1) % 3]
        x1 = x1 + words[(group + 2) % 3] + np.uint32(group + 1)
    return x0, x1


def key(seed: int) -> Any:
    """The key of a stream of random numbers: the two 32-bit halves of `seed`, as uint32 `(2,)`."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"key: seed {seed}; expected a whole number from 0 to 2**64 - 1")
    return np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)


def _fold_in(key: Any, data: Any) -> Any:
    wide = np.asarray(data).astype(np.uint64).reshape(1)
    high, low = (wide >> np.uint64(32)).astype(np.uint32), wide.astype(np.uint32)
    return np.concatenate(threefry(key, high, low))


def _fold_in_infer(key: ArrayType, data: ArrayType) -> ArrayType:
    if key != _KEY or data.ndim or data.dtype not in ("int64", "int32", "uint32"):
        raise TypeError(f"fold_in: {key}, {data}; expected a key u32[2] and one whole number")
    return _KEY


fold_in = declare(
    "fold_in",
    doc="A new key made of a key and a whole number: a step, a layer, a device",
    evaluate=_fold_in,
    infer=_fold_in_infer,
    vjp=lambda ct, out, key, data: (None, None),
    emit=Emit.RANDOM,
    code="fold_in",
    notation=function("fold_in"),
    samples=[sample(_KEY, ArrayType((), "int64"))],
)


def _uniform(key: Any, shape: tuple[int, ...], dtype: str) -> Any:
    rows = shape[0] if shape else 1
    columns = math.prod(shape[1:])
    row, column = np.meshgrid(
        np.arange(rows, dtype=np.uint32), np.arange(columns, dtype=np.uint32), indexing="ij"
    )
    high, low = threefry(key, row, column)
    if dtype == "float32":
        bits = (high >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
    else:
        whole = (high >> np.uint32(5)).astype(np.float64) * 2**26 + (low >> np.uint32(6))
        bits = whole * 2**-53
    return bits.reshape(shape)


def _uniform_infer(key: ArrayType, shape: Shape, dtype: str) -> ArrayType:
    if key != _KEY or dtype not in ("float32", "float64"):
        raise TypeError(f"uniform: {key}, dtype {dtype}; expected a key u32[2], float32 or float64")
    return ArrayType(shape, dtype)


_uniform_primitive = declare(
    "uniform",
    doc="Random numbers, uniform on [0, 1)",
    evaluate=_uniform,
    infer=_uniform_infer,
    vjp=lambda ct, out, key, shape, dtype: (None,),
    emit=Emit.RANDOM,
    code="uniform",
    notation=function("uniform"),
    samples=[
        sample(_KEY, shape=(3, 4), dtype="float64"),
        sample(_KEY, shape=(), dtype="float32"),
    ],
)


def uniform(key: Any, shape: Shape = (), dtype: Any = "float64") -> Any:
    """Random numbers of `shape`, uniform on [0, 1), set by `key` uint32 `(2,)` alone."""
    return _uniform_primitive(as_operand(key), shape=tuple(shape), dtype=dtype_name(dtype))


def normal(key: Any, shape: Shape = (), dtype: Any = "float64") -> Any:
    """Random numbers of `shape` from the standard normal distribution, set by `key` alone.

    G. Box, M. Muller, "A note on the generation of random normal deviates", 1958.
    """
    radius = sqrt(-2.0 * log(1.0 - uniform(fold_in(key, 0), shape, dtype)))
    return radius * cos(2.0 * math.pi * uniform(fold_in(key, 1), shape, dtype))
