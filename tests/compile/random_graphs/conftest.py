"""The operations that random functions are made of.

Inputs are quarters, and a value is known to be exact as long as its numbers fit into 22 bits. What
jumps (comparisons, signs, places of extremes) is applied to exact values alone, where no order of
a sum matters; all else is applied to anything, in forms that keep errors small.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops import matrix_transpose
from chainrule.ops.declare import broadcast_shape
from chainrule.types import BATCH


MOST_ROWS = 40


@dataclasses.dataclass(frozen=True)
class Value:
    """A node; its numbers are at most `bound`, and multiples of 2^-grain (None: any numbers)."""

    node: Any
    bound: float
    grain: int | None = None

    @property
    def is_exact(self) -> bool:
        return self.grain is not None and self.bound * 2.0**self.grain <= 2**22

    @property
    def shape(self) -> Any:
        return self.node.shape

    def same(self, node: Any) -> "Value":
        return Value(node, self.bound, self.grain)

    def floating(self) -> "Value":
        return self if self.node.type.is_float else self.same(self.node.astype("float32"))


def count(shape: Any) -> int:
    """How many numbers there are, at most."""
    return math.prod(MOST_ROWS if size is BATCH else size for size in shape)


def either(x: Value, y: Value) -> tuple[float, int | None]:
    """The bound and the grain of a sum of two values, or of a choice."""
    grains = (x.grain, y.grain)
    return x.bound + y.bound, None if None in grains else max(grains)


def product(x: Value, y: Value, terms: int = 1) -> tuple[float, int | None]:
    grains = (x.grain, y.grain)
    return x.bound * y.bound * max(1, terms), None if None in grains else sum(grains)


def fitting(x: Value, y: Value) -> tuple[Value, Value]:
    """Both as floats; of the second the sum, where the shapes do not broadcast."""
    x, y = x.floating(), y.floating()
    try:
        broadcast_shape("", [x.shape, y.shape])
    except ValueError:
        y = total(y, None)
    return x, y


def total(x: Value, axis: Any, keepdims: bool = False) -> Value:
    taken = x.shape if axis is None else [x.shape[one] for one in axis]
    node = cr.sum(x.floating().node, axis=axis, keepdims=keepdims)
    return Value(node, x.bound * max(1, count(taken)), x.grain)


def some_axes(x: Value, n: int) -> tuple[int, ...]:
    """Any of the axes, none and all too."""
    return tuple(axis for axis in range(len(x.shape)) if n >> axis & 1)


def settled(x: Value) -> Value:
    """No number above 64, no more than 3000 numbers, four axes and two open ones."""
    while len(x.shape) > 4 or x.shape.count(BATCH) > 2 or count(x.shape) > 3000:
        x = total(x, (len(x.shape) - 1,))
    if x.bound > 64:
        down = math.ceil(math.log2(x.bound)) - 3
        grain = None if x.grain is None else x.grain + down
        x = Value(x.floating().node * 2.0**-down, x.bound * 2.0**-down, grain)
    return x if x.is_exact else Value(x.node, x.bound)


# ---- operations: of two values and a whole number ------------------------------------------------


def smooth(function: Callable[[Any], Any], bound: float) -> Callable[..., Value]:
    """An elementwise function whose results are at most `bound`."""
    return lambda x, y, n: Value(function(x.floating().node), bound)


def along(function: Callable[[Value, int, int], Value]) -> Callable[..., Value]:
    """An operation along one axis whose size is known and not 0; nothing where there is none."""

    def apply(x: Value, y: Value, n: int) -> Value:
        axes = [axis for axis, size in enumerate(x.shape) if size is not BATCH and size]
        return function(x, axes[n % len(axes)], n // 4) if axes else x

    return apply


def pair(combine: Callable[[Any, Any, int], Any], size: Callable[..., Any]) -> Callable[..., Value]:
    """An operation on two floats that broadcast; `size` gives the bound, and the grain if any."""

    def apply(x: Value, y: Value, n: int) -> Value:
        x, y = fitting(x, y)
        return Value(combine(x.node, y.node, n), *size(x, y))

    return apply


def normalised(x, axis, n):
    node = x.floating().node
    centred = node - cr.mean(node, axis=axis, keepdims=True)
    return Value(centred / cr.sqrt(cr.variance(node, axis, True) + 1), 2 * x.bound)


def raised(x, y, n):
    base = 1 + cr.square(cr.sin(x))
    return (cr.power(base, cr.tanh(y)), base**-1.5, base**0.5, base**-1)[n % 4]


def matrix_product(x, y, n):
    """A product of two matrices or stacks, turned so that they fit; or of one with itself."""
    a, b = (
        v if len(v.shape) > 1 else v.same(cr.reshape(v.node, (1, *(v.shape or (1,)))))
        for v in (x.floating(), y.floating())
    )
    c, d = (v.same(matrix_transpose(v.node)) for v in (a, b))
    pairs = [(a, b), (a, d), (c, b), (c, d), (b, a), (d, c)]
    pairs = [
        (u, v)
        for u, v in pairs
        if u.shape[-1] == v.shape[-2]
        and (u.shape[:-2] == v.shape[:-2] or () in (u.shape[:-2], v.shape[:-2]))
    ]
    u, v = [*pairs, *pairs, (a, c), (c, a)][n % (2 * len(pairs) + 2)]
    return Value(u.node @ v.node, *product(u, v, count(u.shape[-1:])))


def transposed(x, y, n):
    order = np.random.default_rng(n).permutation(len(x.shape))
    return x.same(cr.transpose(x.node, tuple(order)))


def reshaped(x, y, n):
    shapes = [(1, *x.shape), (*x.shape, 1)]
    if BATCH not in x.shape and count(x.shape):
        shapes += [(-1,), (x.shape[0], -1) if x.shape else (1, 1, 1)]
    return x.same(cr.reshape(x.node, shapes[n % len(shapes)]))


PARTS = [np.s_[::-1], np.s_[1:], np.s_[:-1], np.s_[::2], np.s_[-1::-3], np.s_[2:9], np.s_[:0]]


def cut(x, axis, n):
    part = (*PARTS, n % x.shape[axis])[n % (len(PARTS) + 1)]
    return x.same(x.node[(slice(None),) * axis + (part,)])


def joined(x, y, n):
    """Pieces of two values side by side, or copies along a new axis."""
    x, y = fitting(x, y)
    shape = broadcast_shape("", [x.shape, y.shape])
    axes = [axis for axis, size in enumerate(shape) if size is not BATCH]
    if not axes:
        return x.same(cr.stack([x.node, x.node, x.node], axis=len(x.shape)))
    a, b = (cr.broadcast_to(v.node, shape) for v in (x, y))
    return Value(cr.concatenate([a, b, a], axis=axes[n % len(axes)]), *either(x, y))


def picked(x, axis, n):
    places = np.random.default_rng(n).integers(0, x.shape[axis], [(2, 2), (5,), ()][n % 3])
    return x.same(cr.take(x.node, places, axis=axis))


def spread_out(x, axis, n):
    places = np.random.default_rng(n).integers(0, 5, x.shape[axis])
    shape = (*x.shape[:axis], 5, *x.shape[axis + 1 :])
    node = cr.scatter_add(x.floating().node, places, axis=axis, shape=shape)
    return Value(node, x.bound * x.shape[axis], x.grain)


def with_itself(x, y, n):
    """A value and a view of it: turned, reversed, cut, or as a column."""
    view = (transposed, along(cut), reshaped)[n % 3](x, y, n // 3)
    a, b = fitting(x, view)
    return Value(a.node - 0.5 * b.node, a.bound + b.bound)


def other_precision(x, y, n):
    narrow = x.node.dtype == "float32" or n % 2
    return x.same(x.node.astype("float64" if narrow else "float32"))


SMOOTH = [
    smooth(cr.tanh, 1), smooth(cr.sigmoid, 1), smooth(cr.erf, 1), smooth(cr.sin, 1),
    smooth(lambda x: cr.softplus(-x), 65), smooth(lambda x: cr.sqrt(0.5 + cr.square(x)), 65),
    smooth(lambda x: cr.exp(cr.sin(x)) - cr.expm1(cr.cos(x)), 6),
    smooth(lambda x: cr.log(cr.log1p(cr.square(x)) + 0.5), 3),
    along(lambda x, axis, n: Value(cr.softmax(x.floating().node, axis=axis), 1)),
    pair(lambda x, y, n: x + y if n % 2 else x - y, either), pair(lambda x, y, n: x * y, product),
    pair(lambda x, y, n: x / (1.5 + cr.square(cr.sin(y))), lambda x, y: (x.bound,)),
    pair(raised, lambda x, y: (2,)), along(normalised),
    matrix_product, matrix_product, transposed, reshaped, along(cut), joined, along(picked),
    along(spread_out), other_precision, with_itself, with_itself,
    lambda x, y, n: total(x, some_axes(x, n), keepdims=n % 3 == 0),
    lambda x, y, n: Value(cr.mean(x.node, axis=some_axes(x, n)), x.bound),
    lambda x, y, n: x.same(cr.broadcast_to(x.node, ((2, 3, 1)[n % 3], *x.shape))),
    lambda x, y, n: x.same(cr.stop_gradient(x.floating().node)),
]  # fmt: skip


# ---- operations with kinks, and with jumps -------------------------------------------------------


def largest(x, y, n):
    if x.node.dtype == "bool":
        return x
    axes = tuple(axis for axis in some_axes(x, n) if x.shape[axis] != 0)
    return x.same((cr.max if n % 2 else cr.min)(x.node, axis=axes, keepdims=n % 3 == 0))


KINKED = [
    lambda x, y, n: x.same(cr.relu(x.floating().node)),
    lambda x, y, n: x.same(cr.abs(x.floating().node)),
    pair(lambda x, y, n: (cr.maximum if n % 2 else cr.minimum)(x, y), either), largest,
]  # fmt: skip
COMPARISONS = [cr.less, cr.less_equal, cr.greater, cr.greater_equal, cr.equal, cr.not_equal]


def chosen(x, y, n):
    """A comparison, or one of two values by it."""
    a, b = fitting(x, y)
    holds = COMPARISONS[n % 6](a.node, b.node)
    if n % 4 == 0:
        holds = cr.logical_or(cr.logical_not(holds), a.node > 1) & (b.node < 1.5)
    return Value(cr.where(holds, a.node, b.node), *either(a, b)) if n % 5 else Value(holds, 1, 0)


def whole(x, y, n):
    """Whole numbers, cut off; none for NaN."""
    node = x.floating().node
    inside = cr.where(cr.equal(node, node), cr.clip(node, -4.5, 4.5), 0)
    return Value(inside.astype(("int64", "int32", "int64")[n % 3]), 5, 0)


JUMPING = [
    chosen, chosen, whole,
    along(lambda x, axis, n: Value(cr.argmax(x.floating().node, axis=axis), x.shape[axis], 0)),
    lambda x, y, n: Value(cr.sign(x.floating().node), 1, 0),
    lambda x, y, n: Value(cr.step(x.floating().node, at_zero=0.5), 1, 1),
]  # fmt: skip


class Operations(NamedTuple):
    """What random functions are made of."""

    value: type[Value]
    settled: Callable[[Value], Value]
    smooth: Sequence[Callable[..., Value]]
    kinked: Sequence[Callable[..., Value]]
    jumping: Sequence[Callable[..., Value]]


@pytest.fixture(scope="session")
def operations() -> Operations:
    """Of two values and a whole number each."""
    return Operations(Value, settled, SMOOTH, KINKED, JUMPING)
