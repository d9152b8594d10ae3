"""Every rewrite fires on its example, and changes no bit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.transforms.simplify import REWRITES


X = np.array([[-0.0, 1.0, np.inf], [np.nan, -2.5, 1e-300]])
Y = X[::-1].copy()

EXAMPLES = {
    "times_one": [
        lambda x, y: x * 1.0,
        lambda x, y: 1.0 * x,
        lambda x, y: np.ones((2, 3)) * x,
        lambda x, y: (x + y) * -(1.0 / 1.0) * 1.0,
    ],
    "negative_number": [lambda x, y: x + cr.negative(cr.broadcast_to(cr.constant(2.0), (2, 3)))],
    "divided_by_one": [lambda x, y: x / 1.0],
    "minus_zero": [lambda x, y: x - 0.0],
    "twice_negative": [lambda x, y: cr.negative(cr.negative(x))],
    "negative_product": [lambda x, y: (-x) * (-y), lambda x, y: (-x) / (-y)],
    "twice_transposed": [lambda x, y: cr.sin(x.T).T.T.T, lambda x, y: cr.transpose(x, axes=(0, 1))],
    "twice_reshaped": [lambda x, y: x.reshape(3, 2).reshape(6)],
    "twice_broadcast": [lambda x, y: cr.broadcast_to(cr.broadcast_to(x, (1, 2, 3)), (4, 2, 3))],
}


@pytest.mark.parametrize(
    "function", [f for row in EXAMPLES.values() for f in row],
    ids=[f"{name}-{i}" for name, row in EXAMPLES.items() for i in range(len(row))],
)  # fmt: skip
def test_rewrite_fires_and_keeps_every_bit(function):
    graph = cr.trace(function, X, Y)
    shorter = cr.simplify(graph)
    steps = [sum(node.primitive is not None for node in g.nodes) for g in (graph, shorter)]
    assert steps[1] < steps[0]
    before, after = np.asarray(graph(X, Y)), np.asarray(shorter(X, Y))
    np.testing.assert_array_equal(before, after)
    numbers = ~np.isnan(before)  # the sign of a NaN is not a value
    np.testing.assert_array_equal(np.signbit(before[numbers]), np.signbit(after[numbers]))


def test_every_rewrite_has_an_example():
    assert {rule.__name__ for rules in REWRITES.values() for rule in rules} == set(EXAMPLES)


def test_what_would_change_a_bit_stays():
    """-0 + 0 is +0, 0 · inf is NaN, and a sum of -0 alone is +0."""
    kept = cr.simplify(cr.trace(lambda x: cr.sum((x[:, :1] + 0.0) * 0.0 - (-0.0), axis=1), X))
    names = {node.primitive.name for node in kept.nodes if node.primitive}
    assert names == {"slice", "add", "multiply", "subtract", "sum", "broadcast_to"}


def test_simplified_graph_keeps_inputs_and_trees():
    graph = cr.trace(lambda p, y: {"out": p["x"] * 1.0}, {"x": X}, Y)
    shorter = cr.simplify(graph)
    assert shorter.inputs == graph.inputs and shorter.in_tree == graph.in_tree
    np.testing.assert_array_equal(shorter({"x": X}, Y)["out"], X)


def test_simplifying_twice_changes_nothing_more():
    graph = cr.trace(cr.grad(lambda x: cr.sum(cr.negative(-x) * 1.0 / cr.exp(x))), X)
    assert cr.simplify(graph).hash == cr.simplify(cr.simplify(graph)).hash
