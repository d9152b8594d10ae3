"""NumPy rounds by the layout of memory: a graph gives the same bits for every layout."""

import numpy as np
import pytest

import chainrule as cr


rng = np.random.default_rng(0)
ROW, WIDE, MATRIX = rng.normal(size=3), rng.normal(size=(3, 50)), rng.uniform(0.5, 2, (40, 30))
ONES = np.ones((50, 3))

ELEMENTWISE = [
    *[cr.exp, cr.expm1, cr.log, cr.log1p, cr.sin, cr.tanh, cr.sigmoid, cr.softplus, cr.erf],
    *[lambda x: x**1.7, lambda x: cr.power(x, x)],
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_elementwise_functions_of_a_reversed_view(function, dtype):
    x = MATRIX.reshape(-1).astype(dtype)
    found = cr.trace(lambda x: function(x[::-1]), x)(x)
    np.testing.assert_array_equal(found, function(x)[::-1])


@pytest.mark.parametrize(
    "function",
    [
        lambda row, wide: cr.sum(ONES * wide.T),
        lambda row, wide: cr.sum(cr.broadcast_to(1.0, (50, 3)) * wide.T + wide.T),
        lambda row, wide: cr.sum(wide.T - 0 * ONES),
        lambda row, wide: cr.sum(
            cr.negative(cr.broadcast_to(row, (50, 3))) * cr.negative(wide.T), axis=0
        ),
        lambda row, wide: cr.exp(wide[:, ::-1] * 1.0),
    ],
)
def test_simplified_graph_gives_the_same_bits_where_layouts_differ(function):
    graph = cr.trace(function, ROW, WIDE)
    np.testing.assert_array_equal(cr.simplify(graph)(ROW, WIDE), graph(ROW, WIDE))


@pytest.mark.parametrize(
    "laid_out",
    [
        np.asfortranarray,
        lambda x: np.flip(np.flip(x).copy()),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    ],
    ids=["Fortran", "reversed", "strided"],
)
@pytest.mark.parametrize(
    "function",
    [
        lambda x: cr.sum(x),
        lambda x: cr.mean(cr.log(x), axis=0),
        lambda x: x.T @ cr.softmax(x),
        lambda x: cr.grad(lambda x: cr.norm(cr.exp(x) @ x.T))(x),
    ],
)
def test_arguments_of_any_layout_give_the_same_bits(function, laid_out):
    graph = cr.trace(function, MATRIX)
    np.testing.assert_array_equal(graph(laid_out(MATRIX)), graph(MATRIX))
