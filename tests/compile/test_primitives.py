"""Every primitive of the table: compiled code gives what NumPy gives, of derivatives too."""

import functools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile import compile
from chainrule.node import Emit, Primitive, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.testing import check_same, draw
from chainrule.types import DTYPES, ArrayType


pytestmark = pytest.mark.usefixtures("poisoned_memory")

KINDS = [name for name in DTYPES if name != "complex128"]
ELEMENTWISE = {n: p for n, p in PRIMITIVES.items() if p.emit is Emit.ELEMENTWISE}
every_primitive = pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES)
every_elementwise = pytest.mark.parametrize("primitive", ELEMENTWISE.values(), ids=ELEMENTWISE)

#: Compiled and evaluated functions may differ by as many units in the last place: 4 of each.
ULPS = 8


def samples(primitive: Primitive) -> list[Any]:
    """(types, params) of each sample in each dtype that the primitive takes."""
    found: list[Any] = []
    for types, params in primitive.samples:
        for kind in KINDS:
            narrow = [ArrayType(t.shape, kind) if t.is_float else t for t in types]
            changed = {k: kind if v == "float64" else v for k, v in params.items()}
            for settings in [params, changed]:
                if accepts(primitive, narrow, settings) and (narrow, settings) not in found:
                    found.append((narrow, settings))
    return found


def accepts(primitive: Primitive, types: list[ArrayType], params: Any) -> bool:
    try:
        primitive(*map(placeholder, types), **params)
    except TypeError:
        return False
    return True


@functools.cache
def together(primitive: Primitive) -> tuple[cr.Graph, tuple[tuple[ArrayType, ...], ...]]:
    """All samples of a primitive as one graph, and the types of the arguments of each."""
    found = samples(primitive)

    def apply(arguments: Any) -> Any:
        rows = zip(arguments, found, strict=True)
        return [primitive(*one, **params) for one, (_, params) in rows]

    types = tuple(tuple(one) for one, _ in found)
    return cr.trace(apply, types), types


@every_primitive
def test_every_sample_in_every_dtype(primitive):
    rng = np.random.default_rng(0)
    graph, types = together(primitive)
    function = compile(graph)
    for _ in range(2):  # once in new memory, once in memory that was used before
        args = tuple(tuple(draw(t, primitive.domain, rng) for t in one) for one in types)
        check_same(function(args), graph(args))


@every_primitive
def test_every_result_as_several_pieces_of_a_joined_array(primitive):
    """It goes where its pieces are, and not only into an array of its own."""

    def apply(arguments: Any) -> Any:
        rows = zip(arguments, samples(primitive), strict=True)
        results = [primitive(*one, **params) for one, (_, params) in rows]
        flat = [cr.reshape(x, (-1,)) for x in results if cr.BATCH not in x.shape]
        square = [x for x in results if x.ndim == 2 and x.shape[0] == x.shape[1]]
        return [cr.concatenate([x[:1], x, x]) for x in flat], [
            cr.concatenate([x, x.T]) for x in square
        ]

    rng = np.random.default_rng(1)
    _, types = together(primitive)
    graph = cr.trace(apply, types)
    args = tuple(tuple(draw(t, primitive.domain, rng) for t in one) for one in types)
    check_same(compile(graph)(args), graph(args))


def test_number_of_rows():
    """`batch_size` has no samples: it takes no arguments."""
    graph = cr.trace(lambda x: cr.mean(x, axis=0), ArrayType((cr.BATCH, 3)))
    function = compile(graph)
    for rows in (1, 2, 33):
        x = np.random.default_rng(rows).normal(size=(rows, 3))
        check_same(function(x), graph(x))


# ---- special values ------------------------------------------------------------------------------


def special_floats(dtype: str) -> Any:
    limits = np.finfo(dtype)
    sizes = [
        0.0, limits.smallest_subnormal, 7 * limits.smallest_subnormal, limits.smallest_normal,
        limits.eps, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 7.25, 88.0, 104.0, 710.0, 1e4, 2.0**24, 1e30,
        limits.max, np.inf, np.nan,
    ]  # fmt: skip
    return np.array([sign * size for size in sizes for sign in (1, -1)], dtype)


def specials(dtype: str) -> Any:
    if dtype.startswith("float"):
        return special_floats(dtype)
    if dtype == "bool":
        return np.array([False, True])
    limits = np.iinfo(dtype)
    return np.array([0, 1, 2, 3, 7, limits.max // 2, limits.max - 1, limits.max, limits.min], dtype)


def every_combination(types: list[ArrayType]) -> list[Any]:
    """One array an operand, with every combination of special values of their dtypes."""
    parts = [specials(type.dtype) for type in types]
    return [grid.reshape(-1).copy() for grid in np.meshgrid(*parts, indexing="ij")]


def special_cases(primitive: Primitive) -> tuple[list[Any], list[Any]]:
    """(params of each case, its arguments), of an elementwise primitive."""
    found = [
        (dict(params), every_combination(types))
        for types, params in samples(primitive)
        # No number of another dtype stands for a float that it cannot hold.
        if not (primitive.name == "cast" and not has_room(types[0].dtype, params["dtype"]))
    ]
    return [params for params, _ in found], [args for _, args in found]


def has_room(dtype: str, result: str) -> bool:
    return not dtype.startswith("float") or result.startswith("float") or result == "bool"


@every_elementwise
def test_special_values(primitive):
    """The same NaNs, infinities and signs of zero, and all else within a few units."""
    settings, args = special_cases(primitive)
    graph = cr.trace(
        lambda cases: [
            primitive(*xs, **params) for xs, params in zip(cases, settings, strict=True)
        ],
        args,
    )
    for found, wanted, xs in zip(compile(graph)(args), graph(args), args, strict=True):
        assert_near(found, wanted, xs)


def assert_near(found: Any, wanted: Any, args: Any) -> None:
    """Equal but for the last places, and as to NaN, infinity and the sign of zero."""
    assert found.dtype == wanted.dtype
    is_right = found == wanted
    if found.dtype.kind == "f":
        with np.errstate(all="ignore"):
            is_right |= np.abs(found - wanted) <= ULPS * np.abs(np.spacing(wanted))
        is_right &= np.signbit(found) == np.signbit(wanted)
        is_right |= np.isnan(found) & np.isnan(wanted)
    wrong = [
        f"f({', '.join(str(x[i]) for x in args)}) = {found[i]!r}, not {wanted[i]!r}"
        for i in np.flatnonzero(~is_right)
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {found.size}, {found.dtype}", *wrong[:20]])


# ---- derivatives ---------------------------------------------------------------------------------


def smooth_samples(primitive: Primitive) -> list[Any]:
    """(types, params) of samples that have a derivative with respect to some operand."""
    return [
        (types, params)
        for types, params in samples(primitive)
        if any(type.is_float for type in types)
        and primitive(*map(placeholder, types), **params).type.is_float
    ]


DIFFERENTIABLE = {name: p for name, p in PRIMITIVES.items() if smooth_samples(p)}
every_differentiable = pytest.mark.parametrize(
    "primitive", DIFFERENTIABLE.values(), ids=DIFFERENTIABLE
)

every_smooth_elementwise = pytest.mark.parametrize(
    "primitive",
    [p for p in DIFFERENTIABLE.values() if p.emit is Emit.ELEMENTWISE],
    ids=str,
)


def gradient(primitive: Primitive, params: Any, args: Any) -> Any:
    """Of the sum over the result, with respect to every floating operand."""
    places = tuple(i for i, arg in enumerate(args) if arg.type.is_float)
    return cr.grad(lambda *xs: cr.sum(primitive(*xs, **params)), places)(*args)


def derivatives(primitive: Primitive, params: Any, args: Any) -> Any:
    """The gradients of a sum over the result, and those of a sum over these gradients."""
    places = tuple(i for i, arg in enumerate(args) if arg.type.is_float)

    def objective(*xs: Any) -> Any:
        out = primitive(*xs, **params)
        return cr.sum(out) + 0.5 * cr.sum(cr.square(out))

    def of_gradient(*xs: Any) -> Any:
        return sum(cr.sum(cr.sin(ct)) for ct in cr.grad(objective, places)(*xs))

    return cr.grad(objective, places)(*args), cr.grad(of_gradient, places)(*args)


@every_differentiable
def test_first_and_second_derivatives(primitive):
    rng = np.random.default_rng(1)
    found = smooth_samples(primitive)
    types = [tuple(types) for types, _ in found]
    args = [tuple(draw(t, primitive.domain, rng) for t in one) for one in types]

    def every(cases: Any) -> Any:
        return [
            derivatives(primitive, params, one)
            for one, (_, params) in zip(cases, found, strict=True)
        ]

    graph = cr.trace(every, types)
    check_same(compile(graph)(args), graph(args))


@every_smooth_elementwise
def test_gradients_at_special_values(primitive):
    """The same NaNs and infinities, though rules multiply 0 by infinity."""
    found = smooth_samples(primitive)
    args = [every_combination(types) for types, _ in found]

    def every(cases: Any) -> Any:
        return [
            gradient(primitive, params, one) for one, (_, params) in zip(cases, found, strict=True)
        ]

    graph = cr.trace(every, args)
    pairs = zip(cr.tree.leaves(compile(graph)(args)), cr.tree.leaves(graph(args)), strict=True)
    for number, (a, b) in enumerate(pairs):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b), f"NaNs of gradient {number}")
        ends = [np.where(np.isinf(x), x, 0) for x in (a, b)]
        np.testing.assert_array_equal(*ends, f"infinities of gradient {number}")
