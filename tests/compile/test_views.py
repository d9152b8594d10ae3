"""A computed value that is read in several ways at once: as it is, turned, reversed, shifted."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile import compile
from chainrule.ops import place
from chainrule.testing import check_same


pytestmark = pytest.mark.usefixtures("poisoned_memory")

#: What makes a square matrix of another one.
SOURCES = {
    "itself": lambda x: x,
    "elementwise": cr.exp,
    "rows": lambda x: cr.softmax(x),
    "columns": lambda x: cr.softmax(x, axis=0),
    "product": lambda x: x @ x,
    "product and more": lambda x: cr.tanh(x @ x + x[0]),
    "entries": lambda x: cr.take(x, np.arange(x.shape[0])[::-1]),
    "sums at places": lambda x: cr.scatter_add(
        x, np.arange(x.shape[0]) // 2, axis=0, shape=x.shape
    ),
    "random": lambda x: cr.uniform(cr.key(1), x.shape, x.dtype),
    "pieces": lambda x: cr.concatenate([x[:1] * 2, cr.sin(x[1:])]),
    "placed": lambda x: place(
        cr.cos(x[::2]), shape=x.shape, start=(0, 0), stop=x.shape, stride=(2, 1)
    ),
}

#: What reads a value z twice or more.
READINGS = {
    "transposed": lambda z: z + z.T,
    "rows reversed": lambda z: z - 2 * z[::-1],
    "columns reversed": lambda z: z * z[:, ::-1],
    "next row": lambda z: z[1:] - 2 * z[:-1],
    "next column": lambda z: z[:, 1:] - 2 * z[:, :-1],
    "every second column": lambda z: z[:, ::2] - 2 * z[:, : (z.shape[1] + 1) // 2],
    "first row": lambda z: z - 2 * z[0],
    "first column": lambda z: z - 2 * z[:, :1],
    "one number": lambda z: z - 2 * z[1, 2],
    "every pair in a row": lambda z: cr.tanh(z[:, :, None] - 2 * z[:, None, :]),
    "every pair in a column": lambda z: cr.maximum(z[:, None, :], z[None, :, :]),
    "in row-major order": lambda z: z - 2 * cr.reshape(z.T, z.shape),
    "folded over its transpose": lambda z: cr.sum(z - 2 * z.T, axis=1),
    "largest of itself reversed": lambda z: cr.max(z + z[:, ::-1], axis=0),
    "its own sums": lambda z: z / cr.sum(z, axis=0) + cr.sum(z, axis=1) - cr.sum(z),
    "factor and addend": lambda z: z @ z.T + z,
    "factor and addend, turned": lambda z: (z.T @ z) * z.T,
    "joined with itself": lambda z: cr.concatenate([z, z.T, z[::-1]]) * 2,
    "result, and its transpose read": lambda z: (z, z.T, cr.exp(z.T), z[::-1]),
}


@pytest.mark.parametrize("size", [4, 19])
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_value_read_in_several_ways(source, size):
    """All readings in one graph each, and all of them in one graph together."""
    x = np.random.default_rng(size).uniform(0.5, 1.5, (size, size))

    def each(reading):
        graph = cr.trace(lambda x: reading(source(x)), x)
        check_same(compile(graph)(x), graph(x))

    for reading in READINGS.values():
        each(reading)
    each(lambda z: {name: reading(z) for name, reading in READINGS.items()})


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_gradient_of_a_value_read_in_several_ways(reading):
    def objective(x):
        return sum(cr.sum(cr.sin(part)) for part in cr.tree.leaves(reading(cr.exp(x))))

    x = np.random.default_rng(0).normal(size=(7, 7))
    graph = cr.trace(cr.grad(objective), x)
    check_same(compile(graph)(x), graph(x))


@pytest.mark.parametrize("axis", [None, 0, 1, (), (0, 1)])
def test_sum_of_one_negative_zero_is_zero_as_in_numpy(axis):
    x = np.full((1, 1), -0.0)
    graph = cr.trace(lambda x: 1 / cr.sum(x, axis=axis), x)
    assert np.all(compile(graph)(x) == np.inf) and np.all(graph(x) == np.inf)


@pytest.mark.parametrize("sizes", [[(2, 0), (3, 0)], [(0, 4), (3, 4), (0, 4)], [(0, 4), (0, 4)]])
def test_joined_arrays_of_which_some_are_empty(sizes):
    """Along the joined axis, or along another."""
    arrays = [np.ones(size) for size in sizes]
    graph = cr.trace(lambda *parts: 2 * cr.concatenate(parts) + 1, *arrays)
    found = compile(graph)(*arrays)
    np.testing.assert_array_equal(found, graph(*arrays))
