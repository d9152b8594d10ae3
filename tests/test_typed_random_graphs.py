"""Random graphs of mixed shapes and dtypes, in which every primitive takes part."""

import functools
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.differences import complex_step
from chainrule.evaluate import program
from chainrule.ops import PRIMITIVES, matrix_transpose
from chainrule.ops.declare import broadcast_shape
from chainrule.types import BATCH, ArrayType, type_of, with_batch


class Inputs(NamedTuple):
    """What the random functions take: floats of several shapes, labels, and a random key."""

    scalar: Any
    vector: Any
    matrix: Any
    rows: Any
    labels: Any
    key: Any


def input_types(dtype="float64"):
    floats = [ArrayType(shape, dtype) for shape in [(), (3,), (2, 3), (BATCH, 3)]]
    return Inputs(*floats, ArrayType((BATCH,), "int64"), ArrayType((2,), "uint32"))


def draw(seed, rows, dtype="float64"):
    rng = np.random.default_rng(seed)
    floats = [
        rng.uniform(-1.5, 1.5, shape).astype(dtype) for shape in [(), (3,), (2, 3), (rows, 3)]
    ]
    return Inputs(*floats, rng.integers(0, 3, rows), cr.key(int(rng.integers(2**60))))


# ---- operations: each takes two values of any shapes, a whole number, and the inputs -------------


def beside(x, y):
    """`y`, or its mean where the shapes do not broadcast."""
    try:
        broadcast_shape("", [x.shape, y.shape])
    except ValueError:
        return cr.mean(y)
    return y


def axis_of(x, number):
    """One axis, or all of a scalar."""
    return number % len(x.shape) if x.shape else None


def as_matrix(x):
    return x if len(x.shape) > 1 else cr.reshape(x, (1, *(x.shape or (1,))))


def cut(x, number):
    """Every second number from the end, or all but the first, of the last axis."""
    if not x.shape or x.shape[-1] is BATCH:
        return x
    return x[..., ::-2] if number % 2 else x[..., 1:] if x.shape[-1] > 1 else x


def lengthened(x, y):
    if not x.shape or x.shape[-1] is BATCH:
        return cr.stack([x, x * 0.5], axis=len(x.shape))
    return cr.concatenate([x, cr.broadcast_to(cr.mean(y), x.shape), x], axis=-1)


def full(value, x):
    """An array of one number in the shape of `x`, or that number where a size is open."""
    return np.full([] if BATCH in x.shape else x.shape, value, x.dtype)


def picked(x, number):
    if not x.shape or x.shape[-1] is BATCH:
        return x
    size = x.shape[-1]
    return cr.take(x, np.array([[0, number % size], [size - 1, 0]]), axis=-1)


def spread_out(x, number):
    """The last axis scattered into one of five."""
    if not x.shape or x.shape[-1] is BATCH:
        return x
    places = np.arange(x.shape[-1]) * (number + 1) % 5
    return cr.scatter_add(x, places, axis=len(x.shape) - 1, shape=(*x.shape[:-1], 5))


SMOOTH = {
    "add": lambda x, y, n, i: x + beside(x, y),
    "subtract": lambda x, y, n, i: 1 - x - beside(x, y),
    "multiply": lambda x, y, n, i: cr.sin(x) * beside(x, y),
    "divide": lambda x, y, n, i: x / (1.5 + cr.square(beside(x, y))),
    "reciprocal": lambda x, y, n, i: (1.5 + cr.square(x)) ** -1,
    "power": lambda x, y, n, i: cr.power(1 + cr.square(cr.sin(x)), cr.tanh(beside(x, y))),
    "fixed power": lambda x, y, n, i: (1 + cr.square(cr.sin(x))) ** -1.5,
    "roots": lambda x, y, n, i: cr.sqrt(0.5 + cr.square(x)) - cr.abs(beside(x, y)),
    "exponentials": lambda x, y, n, i: cr.exp(cr.cos(x)) - cr.expm1(cr.sin(beside(x, y))),
    "logarithms": lambda x, y, n, i: cr.log(cr.log1p(cr.square(x)) + 0.5),
    "squashing": lambda x, y, n, i: cr.tanh(x) * cr.sigmoid(beside(x, y)),
    "softplus": lambda x, y, n, i: cr.softplus(x) - cr.erf(x),
    "extremes": lambda x, y, n, i: cr.maximum(x, beside(x, y) + 0.01) + cr.relu(cr.minimum(x, 0.3)),
    "signs": lambda x, y, n, i: cr.sign(x) * x + cr.step(beside(x, y)),
    "choice": lambda x, y, n, i: cr.where((x > 0.1) & ~(x >= 1) | (x < -1), x, beside(x, y)),
    "sameness": lambda x, y, n, i: x * ((x != 1.0) | (x == 2.0) | (x <= 0.0)).astype(x.dtype),
    "negatives": lambda x, y, n, i: cr.negative(x) * cr.negative(beside(x, y)) / 2.0,
    "neutral": lambda x, y, n, i: cr.negative(-(np.ones((), x.dtype) * x / 1 - 0)),
    "neutral arrays": lambda x, y, n, i: full(1, x) * x / full(1, x) - full(0, x),
    "transpose": lambda x, y, n, i: x.T,
    "matrix transpose": lambda x, y, n, i: matrix_transpose(as_matrix(x)),
    "gram": lambda x, y, n, i: cr.tanh(as_matrix(x) @ matrix_transpose(as_matrix(x))),
    "turned gram": lambda x, y, n, i: matrix_transpose(as_matrix(x)) @ as_matrix(x) * 0.1,
    "layer": lambda x, y, n, i: x @ i.matrix.T if x.shape and x.shape[-1] == 3 else cr.cos(x),
    "sum": lambda x, y, n, i: cr.sum(x, axis=axis_of(x, n), keepdims=n % 2 == 0) * 0.5,
    "mean": lambda x, y, n, i: x - cr.mean(x, axis=axis_of(x, n), keepdims=True),
    "variance": lambda x, y, n, i: cr.variance(x, axis=axis_of(x, n)),
    "norm": lambda x, y, n, i: x / (1 + cr.norm(x)),
    "largest": lambda x, y, n, i: cr.max(x, axis=axis_of(x, n)) - cr.min(x),
    "softmax": lambda x, y, n, i: cr.softmax(x, axis=axis_of(x, n)) if x.shape else cr.sin(x),
    "reshape": lambda x, y, n, i: cr.reshape(x, (1, *x.shape, 1)),
    "flat": lambda x, y, n, i: cr.reshape(x, -1) if BATCH not in x.shape else x,
    "cut": lambda x, y, n, i: cut(x, n),
    "lengthened": lambda x, y, n, i: lengthened(x, y),
    "picked": lambda x, y, n, i: picked(x, n),
    "spread out": lambda x, y, n, i: spread_out(x, n),
    "labels": lambda x, y, n, i: cr.mean(cr.one_hot(i.labels, 3, x.dtype) * i.rows) + x,
    "best": lambda x, y, n, i: x * cr.one_hot(cr.argmax(as_matrix(x), axis=-1), 3, x.dtype).sum(),
    "dropout": lambda x, y, n, i: x * cr.uniform(cr.fold_in(i.key, n), x.shape, x.dtype),
    "noise": lambda x, y, n, i: x + 0.1 * cr.normal(i.key, x.shape, x.dtype),
    "other precision": lambda x, y, n, i: x.astype("float64").astype(x.dtype),
}  # fmt: skip

# Complex steps cannot follow these, bits must all the same.
ROUGH = SMOOTH | {
    "stopped": lambda x, y, n, i: cr.stop_gradient(x) * beside(x, y),
    "logarithm of anything": lambda x, y, n, i: cr.log(x),
    "quotient of anything": lambda x, y, n, i: x / beside(x, y),
    "zeros": lambda x, y, n, i: x / (y - y).sum(),
    "overflow": lambda x, y, n, i: cr.exp(cr.exp(3 * x)) - beside(x, y),
}  # fmt: skip


def kept_small(x):
    """No more than 120 numbers, four axes and two open ones."""
    while (
        len(x.shape) > 4
        or x.shape.count(BATCH) > 2
        or np.prod([size for size in x.shape if size is not BATCH]) > 120
    ):
        x = cr.mean(x, axis=-1)
    return x


def random_function(seed, table):
    """A function of `Inputs`, made of 2 to 14 steps; it returns the last two values."""
    rng = np.random.default_rng(seed)
    steps = [
        (table[rng.choice(list(table))], *rng.integers(0, 1000, 3).tolist())
        for _ in range(rng.integers(2, 15))
    ]

    def function(inputs):
        values = [inputs.scalar, inputs.vector, inputs.matrix, inputs.rows]
        for operation, first, second, number in steps:
            x = values[-1 - min(first % 8, first % len(values))]
            values.append(kept_small(operation(x, values[second % len(values)], number, inputs)))
        return values[-1], values[-2]

    return function


def objective(function):
    """One number made of both results."""

    def weighted(inputs):
        first, second = function(inputs)
        return cr.mean(cr.sin(first)) - 0.7 * cr.mean(second)

    return weighted


def gradient(function):
    """The gradient of the objective with respect to the floats among the inputs."""
    return lambda inputs: cr.grad(
        lambda floats: objective(function)(Inputs(*floats, *inputs[4:]))
    )(inputs[:4])  # fmt: skip


def second(function):
    """The derivative of the gradient along the floats themselves."""
    return lambda inputs: cr.jvp(
        lambda floats: gradient(function)(Inputs(*floats, *inputs[4:])),
        (inputs[:4],),
        (inputs[:4],),
    )[1]


# ---- laws --------------------------------------------------------------------------------------

COUNT = 50
READINGS = {"function": lambda function: function, "gradient": gradient, "second": second}
every_seed = pytest.mark.parametrize("seed", range(COUNT))
every_reading = pytest.mark.parametrize("reading", READINGS)


@functools.cache
def random_graph(seed, reading="function", table="rough"):
    """The graph of a random function, of its gradient or of its second derivative."""
    function = random_function(seed, {"smooth": SMOOTH, "rough": ROUGH}[table])
    # Traced first: what depends on a shape is decided once, while the number of rows is open.
    graph = cr.trace(function, input_types())
    return graph if reading == "function" else cr.trace(READINGS[reading](graph), input_types())


def same_bits(found, wanted):
    """Equal leaf by leaf: dtypes, shapes, and all bits but those of NaNs."""
    for a, b in zip(cr.tree.leaves(found), cr.tree.leaves(wanted), strict=True):
        a, b = np.array(a), np.array(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        a[np.isnan(a)] = b[np.isnan(b)] = 0
        assert a.tobytes() == b.tobytes()


@every_reading
@every_seed
def test_every_array_has_the_type_of_its_node(seed, reading):
    graph = random_graph(seed, reading)
    for rows in (1, 4):
        for node, value in cr.node_values(graph, draw(seed, rows)).items():
            assert type_of(value) == ArrayType(with_batch(node.shape, rows), node.type.dtype)


@every_reading
@every_seed
@pytest.mark.parametrize("reader", [cr.simplify, program])
def test_every_reader_gives_the_same_bits(seed, reading, reader):
    graph, args = random_graph(seed, reading), draw(seed, 4)
    same_bits(reader(graph)(args), graph(args))


@every_reading
@every_seed
def test_open_and_fixed_numbers_of_rows_give_the_same_bits(seed, reading):
    args = draw(seed, 1 + seed % 5)
    fixed = cr.trace(READINGS[reading](random_graph(seed)), args)
    same_bits(fixed(args), random_graph(seed, reading)(args))


@every_reading
@every_seed
def test_float32_stays_float32(seed, reading):
    graph = cr.trace(READINGS[reading](random_function(seed, ROUGH)), input_types("float32"))
    wide = {node.primitive.name for node in graph.nodes if node.type.dtype == "float64"}
    assert wide <= {"cast"}  # those that the function itself asks for
    results = cr.tree.leaves(graph(draw(seed, 4, "float32")))
    assert {result.dtype.name for result in results} == {"float32"}


@every_seed
def test_forward_mode_is_the_transpose_of_reverse_mode(seed):
    graph, args = random_graph(seed, table="smooth"), draw(seed, 4)
    dx, (u, v) = draw(seed + 1, 4), draw(seed + 2, 4)[:2]
    out, dy = cr.jvp(graph, (args,), (dx,))
    cts = (u * np.cos(out[0]), v[0] * np.sin(out[1]))
    (found,) = cr.vjp(graph, args)[1](cts)
    ahead = np.concatenate([np.ravel(a * b) for a, b in zip(cts, dy, strict=True)])
    back = np.concatenate([np.ravel(a * b) for a, b in zip(found[:4], dx[:4], strict=True)])
    size = np.sum(np.abs(ahead)) + np.sum(np.abs(back))
    np.testing.assert_allclose(np.sum(ahead), np.sum(back), rtol=0, atol=1e-10 * size)


def along(args, direction):
    """Tangents for the floats, zeros for the rest."""
    return Inputs(*direction[:4], np.zeros_like(args.labels), np.zeros_like(args.key))


@every_seed
def test_gradient_agrees_with_a_complex_step(seed):
    graph, args = random_graph(seed, table="smooth"), draw(seed, 4)
    direction = draw(seed + 1, 4)
    exact = complex_step(cr.trace(objective(graph), args), (args,), (along(args, direction),))
    pairs = zip(gradient(graph)(args), direction[:4], strict=True)
    terms = np.concatenate([np.ravel(g * v) for g, v in pairs])
    atol = 1e-10 * np.sum(np.abs(terms)) + 1e-13
    np.testing.assert_allclose(np.sum(terms), exact, rtol=0, atol=atol)


@every_seed
def test_second_derivative_agrees_with_a_complex_step_through_the_gradient(seed):
    graph, args = random_graph(seed, table="smooth"), draw(seed, 4)
    exact = complex_step(cr.trace(gradient(graph), args), (args,), (along(args, args),))
    for found, want in zip(second(graph)(args), exact, strict=True):
        atol = 1e-10 * max(1, np.max(np.abs(want)))
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=atol)


def test_hashes_are_equal_where_texts_are():
    """And nowhere else: among hundreds of graphs, each traced twice."""
    graphs = [random_graph(seed, reading) for seed in range(COUNT) for reading in READINGS]
    graphs += [cr.trace(random_function(seed, ROUGH), input_types()) for seed in range(COUNT)]
    pairs = {(graph.hash, str(graph)) for graph in graphs}
    assert len(pairs) == len({digest for digest, _ in pairs}) == len({text for _, text in pairs})
    assert len(pairs) > COUNT * 2


def test_every_primitive_takes_part():
    graphs = [random_graph(seed, reading) for seed in range(COUNT) for reading in READINGS]
    taking_part = {n.primitive.name for graph in graphs for n in graph.nodes if n.primitive}
    assert taking_part == set(PRIMITIVES)
