"""Random functions, made of operations that are drawn one after another.

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
from chainrule.types import BATCH, ArrayType


MOST_ROWS = 40


class Inputs(NamedTuple):
    """What the functions take: floats of several shapes, labels, and a random key."""

    scalar: Any
    vector: Any
    matrix: Any
    rows: Any
    stack: Any
    labels: Any
    key: Any


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


def softmax(x, axis, n):
    return Value(cr.softmax(x.floating().node, axis=axis), 1)


def normalised(x, axis, n):
    node = x.floating().node
    centred = node - cr.mean(node, axis=axis, keepdims=True)
    return Value(centred / cr.sqrt(cr.variance(node, axis, True) + 1), 2 * x.bound)


def quotient(x, y, n):
    x, y = fitting(x, y)
    return Value(x.node / (1.5 + cr.square(cr.sin(y.node))), x.bound)


def raised(x, y, n):
    x, y = fitting(x, y)
    base = 1 + cr.square(cr.sin(x.node))
    forms = (cr.power(base, cr.tanh(y.node)), base**-1.5, base**0.5, base**-1)
    return Value(forms[n % 4], 2)


def added(x, y, n):
    x, y = fitting(x, y)
    return Value(x.node + y.node if n % 2 else x.node - y.node, *either(x, y))


def multiplied(x, y, n):
    x, y = fitting(x, y)
    return Value(x.node * y.node, *product(x, y))


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


def other_precision(x, y, n):
    narrow = x.node.dtype == "float32" or n % 2
    return x.same(x.node.astype("float64" if narrow else "float32"))


SMOOTH = [
    smooth(cr.tanh, 1), smooth(cr.sigmoid, 1), smooth(cr.erf, 1), smooth(cr.sin, 1),
    smooth(lambda x: cr.softplus(-x), 65), smooth(lambda x: cr.sqrt(0.5 + cr.square(x)), 65),
    smooth(lambda x: cr.exp(cr.sin(x)) - cr.expm1(cr.cos(x)), 6),
    smooth(lambda x: cr.log(cr.log1p(cr.square(x)) + 0.5), 3),
    along(softmax), along(normalised), quotient, raised, added, multiplied,
    matrix_product, matrix_product, transposed, reshaped, along(cut), joined, along(picked),
    along(spread_out), other_precision,
    lambda x, y, n: total(x, some_axes(x, n), keepdims=n % 3 == 0),
    lambda x, y, n: Value(cr.mean(x.node, axis=some_axes(x, n)), x.bound),
    lambda x, y, n: x.same(cr.broadcast_to(x.node, ((2, 3, 1)[n % 3], *x.shape))),
    lambda x, y, n: x.same(cr.stop_gradient(x.floating().node)),
]  # fmt: skip


# ---- operations with kinks, and with jumps -------------------------------------------------------


def extreme(x, y, n):
    x, y = fitting(x, y)
    return Value((cr.maximum if n % 2 else cr.minimum)(x.node, y.node), *either(x, y))


def largest(x, y, n):
    if x.node.dtype == "bool":
        return x
    axes = tuple(axis for axis in some_axes(x, n) if x.shape[axis] != 0)
    return x.same((cr.max if n % 2 else cr.min)(x.node, axis=axes, keepdims=n % 3 == 0))


KINKED = [
    lambda x, y, n: x.same(cr.relu(x.floating().node)),
    lambda x, y, n: x.same(cr.abs(x.floating().node)),
    extreme, largest,
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


def place_of_largest(x, axis, n):
    return Value(cr.argmax(x.floating().node, axis=axis), x.shape[axis], 0)


JUMPING = [
    chosen, chosen, whole, along(place_of_largest),
    lambda x, y, n: Value(cr.sign(x.floating().node), 1, 0),
    lambda x, y, n: Value(cr.step(x.floating().node, at_zero=0.5), 1, 1),
]  # fmt: skip


# ---- functions -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Case:
    """A random function of `Inputs`.

    steps    (operation, how far back its first operand lies, its second operand, a number)
    outputs  which of all values, counted from the last; inputs and constants are among them
    sizes    of the axes of the inputs
    dtypes   of inputs with and without rows
    kinks    whether kinks are applied to values that are not exact
    """

    steps: Sequence[tuple[int, int, int, int]]
    outputs: Sequence[int]
    sizes: tuple[int, int]
    dtypes: tuple[str, str]
    kinks: bool = True

    def __call__(self, inputs: Inputs) -> list[Any]:
        kept = cr.uniform(inputs.key, inputs.rows.shape, inputs.rows.dtype) >= 0.25
        values = [
            *(Value(node, 2, 2) for node in inputs[:5]),
            Value(inputs.labels, 2, 0),
            Value(kept, 1, 0),
            Value(cr.one_hot(inputs.labels, 3, inputs.rows.dtype), 1, 0),
            Value(cr.normal(inputs.key, inputs.vector.shape, inputs.vector.dtype), 9),
            Value(cr.constant([0.5, -1.5, 0.0], inputs.matrix.dtype), 2, 1),
        ]
        for operation, back, other, number in self.steps:
            x, y = values[-1 - back % len(values)], values[other % len(values)]
            is_exact = x.is_exact and y.is_exact
            table = SMOOTH + KINKED * (self.kinks or is_exact) + JUMPING * is_exact
            values.append(settled(table[operation % len(table)](x, y, number)))
        return [values[-1 - place % len(values)].node for place in self.outputs]

    @property
    def types(self) -> Inputs:
        (m, n), (narrow, wide) = self.sizes, self.dtypes
        shapes = [(), (n,), (m, n), (BATCH, n), (2, m, n)]
        floats = [ArrayType(shape, wide if BATCH in shape else narrow) for shape in shapes]
        return Inputs(*floats, ArrayType((BATCH,), "int64"), ArrayType((2,), "uint32"))

    def arguments(self, seed: int, rows: int, specials: Sequence[float] = ()) -> Inputs:
        """Quarters from -2 to 2, and special values in every fifth place."""
        rng = np.random.default_rng([seed, rows])

        def numbers(type: ArrayType) -> Any:
            shape = tuple(rows if size is BATCH else size for size in type.shape)
            plain = rng.integers(-8, 9, shape) / 4
            if specials:
                plain = np.where(rng.random(shape) < 0.2, rng.choice(specials, shape), plain)
            return np.asarray(plain, type.dtype)

        labels, key = rng.integers(0, 3, rows), cr.key(int(rng.integers(2**60)))
        return Inputs(*map(numbers, self.types[:5]), labels, key)


#: Errors relative to the largest number on the way, for graphs that have float32 in them or not.
TOLERANCES = {True: 2e-5, False: 1e-13}


def check_agrees(found: Any, graph: cr.Graph, args: Any) -> None:
    """What compiled code gave for a graph is what NumPy gives, within the rounding of each step."""
    values = cr.node_values(graph, args)
    sizes = [
        np.max(np.abs(value), initial=0, where=np.isfinite(value))
        for node, value in values.items()
        if node.type.is_float
    ]
    is_rough = any(node.type.dtype == "float32" for node in graph.nodes)
    allowed = TOLERANCES[is_rough] * max(sizes)
    for number, (a, node) in enumerate(zip(cr.tree.leaves(found), graph.outputs, strict=True)):
        b = values[node]
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        bound = allowed if node.type.is_float else 0
        np.testing.assert_allclose(a, b, 0, bound, err_msg=f"output {number} of {graph}")


@pytest.fixture(scope="session")
def random_case() -> type[Case]:
    """What a random function is made of."""
    return Case


@pytest.fixture(scope="session")
def agrees() -> Callable[[Any, cr.Graph, Any], None]:
    """A check that compiled code gave what NumPy gives: (results, graph, arguments)."""
    return check_agrees
