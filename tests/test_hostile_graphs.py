"""Graphs that are deep, wide or odd, and arguments laid out in odd ways."""

import gc
import time
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.evaluate import program
from chainrule.node import _interned
from chainrule.tree import Array


DEPTH = 100_000


# ---- depth ------------------------------------------------------------------------------------


def tower(x):
    """100,000 nodes, each with the one before as its operand."""
    for _ in range(DEPTH):
        x = cr.sin(x)
    return x


@pytest.fixture(scope="module")
def chain():
    return cr.trace(tower, 1.0)


@pytest.mark.parametrize(
    "action",
    [
        lambda chain: cr.trace(tower, 2.0),
        lambda chain: chain(2.0),
        lambda chain: program(chain)(2.0),
        lambda chain: str(cr.trace(chain, 2.0)),
        lambda chain: cr.simplify(chain).hash,
    ],
    ids=["trace", "call", "program", "print", "hash"],
)
def test_chain_takes_seconds(chain, action):
    """Each takes below ten; what grows with the square of the depth takes hours."""
    start = time.perf_counter()
    action(chain)
    assert time.perf_counter() - start < 60


def test_chain_has_a_node_for_each_step(chain):
    assert len(chain.nodes) == DEPTH + 1


def test_chain_is_evaluated(chain):
    want = 1.0
    for _ in range(DEPTH):
        want = np.sin(want)
    assert chain(1.0) == want


def test_chain_becomes_a_program(chain):
    assert program(chain)(1.0) == chain(1.0)


def test_chain_is_printed_line_by_line(chain):
    assert len(str(chain).splitlines()) == DEPTH + 2


def test_chain_is_inlined(chain):
    assert cr.trace(lambda x: chain(x), 1.0).hash == chain.hash


def test_chain_is_simplified(chain):
    assert cr.simplify(chain).hash == chain.hash


def test_chain_is_differentiated(chain):
    product, x = 1.0, 1.0
    for _ in range(DEPTH):
        product, x = product * np.cos(x), np.sin(x)
    assert cr.grad(chain)(1.0) == pytest.approx(product, rel=1e-9)


def test_chain_is_freed_without_recursion():
    gc.collect()
    before = len(_interned)
    graph = cr.trace(tower, 3.0)
    assert len(_interned) >= before + DEPTH
    del graph
    gc.collect()
    assert len(_interned) == before


# ---- width ------------------------------------------------------------------------------------

WIDTH = 5_000


def test_wide_fan_out_sums_all_derivatives():
    def f(x):
        middle = cr.sin(x)
        return sum(middle * float(place) for place in range(WIDTH))

    want = np.cos(0.5) * (WIDTH * (WIDTH - 1) / 2)
    assert cr.grad(f)(0.5) == pytest.approx(want, rel=1e-12)


def test_wide_fan_in_gives_each_part_its_own_cotangent():
    def f(parts):
        return cr.sum(cr.concatenate(parts) * np.arange(2.0 * WIDTH))

    found = cr.grad(f)([np.ones(2)] * WIDTH)
    np.testing.assert_array_equal(np.concatenate(found), np.arange(2.0 * WIDTH))


def test_doubling_graph_is_linear_in_nodes():
    """60 levels of x + x: 2⁶⁰ paths, 60 nodes."""

    def f(x):
        for _ in range(60):
            x = x + x
        return x

    assert len(cr.trace(f, 1.0).nodes) == 61
    assert cr.grad(f)(1.0) == 2.0**60


def test_graph_may_return_its_input_a_constant_and_one_node_twice():
    graph = cr.trace(lambda x: (x, 3.0, cr.sin(x), cr.sin(x)), 1.0)
    assert graph(1.0) == (1, 3, np.sin(1), np.sin(1))


def test_program_may_return_its_input_a_constant_and_one_node_twice():
    graph = cr.trace(lambda x: (x, 3.0, cr.sin(x), cr.sin(x)), 1.0)
    assert program(graph)(1.0) == (1, 3, np.sin(1), np.sin(1))


def test_graph_without_arguments():
    assert cr.trace(lambda: cr.sin(cr.constant(0.0)) + 1.0)() == 1


# ---- sizes and layouts ------------------------------------------------------------------------


def layered(x, w):
    return cr.sum(cr.softplus(x @ w) ** 2, axis=0)


@pytest.mark.parametrize(
    ("x", "w"), [((0, 3), (3, 2)), ((4, 0), (0, 2)), ((4, 3), (3, 0)), ((0, 0), (0, 0))]
)
def test_zero_sizes_are_evaluated_and_differentiated(x, w):
    x, w = np.ones(x), np.ones(w)
    np.testing.assert_array_equal(
        cr.trace(layered, x, w)(x, w), np.sum(np.log1p(np.exp(x @ w)) ** 2, axis=0)
    )
    gradient = cr.grad(lambda x, w: cr.sum(layered(x, w)), argnums=(0, 1))(x, w)
    assert [g.shape for g in gradient] == [x.shape, w.shape]


def test_open_rows_may_be_none():
    graph = cr.trace(layered, cr.ArrayType((cr.BATCH, 3)), np.ones((3, 2)))
    assert graph(np.ones((0, 3)), np.ones((3, 2))).tolist() == [0, 0]


def rows(x):
    return (x @ MATRIX)[::-1] * cr.sum(x, axis=1, keepdims=True) + x[:, ::2].reshape(2, 3)[:, :3]


MATRIX = np.arange(18.0).reshape(6, 3) / 10
PLAIN = np.random.default_rng(0).normal(size=(2, 6))
LAYOUTS = {
    "Fortran": np.asfortranarray(PLAIN),
    "strided": np.repeat(PLAIN, 2, axis=1)[:, ::2],
    "reversed": PLAIN[::-1].copy()[::-1],
    "transposed": PLAIN.T.copy().T,
    "read-only": np.broadcast_to(PLAIN, (3, 2, 6))[1],
    "big-endian": PLAIN.astype(">f8"),
    "list": PLAIN.tolist(),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_of_an_argument_changes_no_value(name):
    graph = cr.trace(rows, PLAIN)
    np.testing.assert_allclose(graph(np.asarray(LAYOUTS[name])), graph(PLAIN), rtol=1e-14)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_of_an_argument_changes_no_derivative(name):
    gradient = cr.grad(lambda x: cr.sum(cr.tanh(rows(x))))
    found = gradient(np.asarray(LAYOUTS[name]))
    np.testing.assert_allclose(found, gradient(PLAIN), rtol=1e-13)


@pytest.mark.parametrize("name", ["Fortran", "strided", "reversed", "transposed", "read-only"])
def test_constants_of_any_layout_are_one_node(name):
    assert cr.constant(LAYOUTS[name]) is cr.constant(PLAIN)


def test_arguments_are_never_written_to():
    x = PLAIN.copy()
    x.flags.writeable = False
    cr.grad(lambda x: cr.sum(cr.tanh(rows(x)) ** 2))(x)
    np.testing.assert_array_equal(x, PLAIN)


def test_a_constant_keeps_its_value_when_the_array_it_came_from_changes():
    scale = np.ones(3)
    graph = cr.trace(lambda x: x * scale, np.ones(3))
    scale[:] = 7
    assert graph(np.ones(3)).tolist() == [1, 1, 1]


# ---- closures and containers ------------------------------------------------------------------


def test_gradient_with_respect_to_an_inner_argument_of_a_closure_over_an_outer_one():
    def outer(a):
        return cr.grad(lambda b: a * b**3)(2.0) + a**2

    assert cr.grad(outer)(5.0) == 12 + 10


def test_graph_closes_over_arrays():
    w = np.array([1.0, 2.0])
    assert cr.grad(lambda x: cr.sum(cr.square(w * x)))(np.ones(2)).tolist() == [2, 8]


Pair = namedtuple("Pair", "weight bias")


@dataclass(frozen=True)
class Layer:
    weight: Array
    bias: Array
    name: str = "layer"


def affine(p, x):
    return cr.sum(cr.tanh(x * p.weight + p.bias))


@pytest.mark.parametrize("kind", [Pair, Layer])
def test_gradient_of_a_record_is_such_a_record(kind):
    found = cr.grad(affine)(kind(np.ones(2), 0.5), np.ones(2))
    slope = 1 - np.tanh(1.5) ** 2
    assert isinstance(found, kind)
    np.testing.assert_allclose(found.weight, [slope, slope], rtol=1e-14)
    assert found.bias == pytest.approx(2 * slope, rel=1e-14)


def test_structure_that_is_not_data_survives_a_gradient():
    assert cr.grad(affine)(Layer(np.ones(2), 0.5, "first"), np.ones(2)).name == "first"


def test_order_of_the_keys_of_a_dictionary_does_not_matter():
    graph = cr.trace(lambda p: p["a"] - p["b"], {"b": 1.0, "a": 2.0})
    assert graph({"a": 5.0, "b": 3.0}) == graph({"b": 3.0, "a": 5.0}) == 2


def test_results_may_be_any_container():
    found = cr.trace(lambda x: {"pair": Pair(x, [x + 1.0]), "none": None}, 1.0)(1.0)
    assert found == {"pair": Pair(1, [2]), "none": None}


# ---- derivatives of derivatives ---------------------------------------------------------------


def test_three_nested_gradients_of_a_vector_function():
    """Σ x⁴: third derivative 24 x on the diagonal."""
    f = cr.grad
    x = np.array([1.0, -2.0, 0.5])
    found = f(lambda x: cr.sum(f(lambda x: cr.sum(f(lambda x: cr.sum(x**4))(x)))(x)))(x)
    np.testing.assert_allclose(found, 24 * x, rtol=1e-13)


def test_three_gradients_with_respect_to_three_variables():
    """∂³/∂a∂b∂c of sin(a b c), each inner variable closed over by the outer."""

    def f(a, b, c):
        return cr.sin(a * b * c)

    def mixed(a, b, c):
        return cr.grad(lambda a: cr.grad(lambda b: cr.grad(lambda c: f(a, b, c))(c))(b))(a)

    a, b, c = 0.7, -0.3, 1.1
    p = a * b * c
    want = np.cos(p) - 3 * p * np.sin(p) - p**2 * np.cos(p)
    assert mixed(a, b, c) == pytest.approx(want, rel=1e-12)


def test_forward_over_forward_over_reverse():
    def third(x):
        def second(x):
            return cr.jvp(cr.grad(cr.exp), (x,), (1.0,))[1]

        return cr.jvp(second, (x,), (1.0,))[1]

    assert third(0.3) == pytest.approx(np.exp(0.3), rel=1e-14)
