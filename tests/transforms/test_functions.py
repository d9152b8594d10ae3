"""grad, vjp, jvp, hvp, jacobian, hessian: laws, structures, nesting, and what they refuse."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.tree import Array


rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)


def network(w, b):
    return cr.sum(cr.tanh(X @ w + b) ** 2)


def test_gradient_as_in_the_readme():
    gradient = cr.grad(lambda w: cr.sum(cr.tanh(w) ** 2))(np.ones(3))
    np.testing.assert_allclose(gradient, 2 * np.tanh(1) * (1 - np.tanh(1) ** 2) * np.ones(3))


def test_fan_out_is_summed():
    assert cr.grad(lambda x: x * x + 3 * x)(2.0) == 7


def test_gradient_has_the_structure_of_the_argument():
    @dataclass(frozen=True)
    class Layer:
        weight: Array
        bias: Array

    tree = {"layer": Layer(W, B), "scales": (np.ones(2), [np.float64(2)])}

    def f(p):
        return (
            cr.sum(cr.tanh(X @ p["layer"].weight + p["layer"].bias) * p["scales"][0])
            * (p["scales"][1][0])
        )

    found = cr.grad(f)(tree)
    assert isinstance(found["layer"], Layer) and found["layer"].weight.shape == (3, 2)
    assert isinstance(found["scales"], tuple) and isinstance(found["scales"][1], list)
    assert cr.check_derivatives(f, tree).max_error < 1e-8


def test_argnums_choose_and_order_the_arguments():
    g_b, g_w = cr.grad(network, argnums=(1, 0))(W, B)
    np.testing.assert_array_equal(g_w, cr.grad(network)(W, B))
    np.testing.assert_array_equal(g_b, cr.grad(network, argnums=1)(W, B))


def test_value_and_grad_with_aux_carries_anything_along():
    (value, aux), gradient = cr.value_and_grad(
        lambda w: (cr.sum(w**2), {"w": w, "n": 3}), has_aux=True
    )(np.array([1.0, 2.0]))
    assert value == 5 and aux["n"] == 3 and gradient.tolist() == [2, 4]


def test_an_argument_without_influence_has_gradient_zero():
    assert cr.grad(lambda x, y: x, argnums=1)(1.0, np.ones(3)).tolist() == [0, 0, 0]


def test_zero_derivatives_are_pruned_from_the_graph():
    graph = cr.trace(
        cr.grad(lambda x, y: cr.sum(cr.step(x) * cr.exp(y) + x)), np.ones(3), np.ones(3)
    )
    assert "exp" not in str(graph) and "step" not in str(graph)


def test_vjp_and_jvp_are_transposes():
    u, dw, db = rng.normal(size=(5, 2)), rng.normal(size=(3, 2)), rng.normal(size=2)

    def f(w, b):
        return cr.softmax(X @ w + b)

    out, pull = cr.vjp(f, W, B)
    same, tangent = cr.jvp(f, (W, B), (dw, db))
    np.testing.assert_array_equal(out, same)
    ct_w, ct_b = pull(u)
    want = np.sum(u * tangent)
    np.testing.assert_allclose(np.sum(ct_w * dw) + np.sum(ct_b * db), want, rtol=1e-12)


def test_forward_mode_of_a_network_is_plain_forward_mode():
    """Two matrix products going forward, three for the tangents, and no dummy cotangent left."""

    def mlp(p):
        (w1, b1), (w2, b2) = p
        return cr.tanh(cr.tanh(X @ w1 + b1) @ w2 + b2)

    params = [(W, B), (rng.normal(size=(2, 4)), np.zeros(4))]
    graph = cr.trace(lambda p, dp: cr.jvp(mlp, (p,), (dp,))[1], params, params)
    assert sum(node.primitive is cr.ops.PRIMITIVES["matmul"] for node in graph.nodes) == 5
    assert not graph.missing


def test_hvp_is_the_hessian_times_the_vector():
    x, v = rng.normal(size=4), rng.normal(size=4)

    def f(x):
        return cr.logsumexp(x**2) + x[0] * x[1]

    (product,) = cr.hvp(f, (x,), (v,))
    hessian = cr.hessian(f)(x)
    np.testing.assert_allclose(product, hessian @ v, rtol=1e-12)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2)])
def test_jacobian_in_either_mode(shape):
    a = rng.normal(size=shape)
    x = rng.normal(size=shape[1])
    np.testing.assert_allclose(
        cr.jacobian(lambda x: cr.tanh(a @ x))(x), (1 - np.tanh(a @ x) ** 2)[:, None] * a, rtol=1e-12
    )


def test_jacobian_of_trees():
    found = cr.jacobian(lambda p: {"s": p["a"] * p["b"], "a": p["a"]})({"a": np.ones(2), "b": 3.0})
    assert found["s"]["a"].tolist() == [[3, 0], [0, 3]]
    assert found["s"]["b"].tolist() == [1, 1]
    assert found["a"]["b"].tolist() == [0, 0]


def test_derivatives_of_any_order():
    f = cr.sin
    for want in (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin):
        f = cr.grad(f)
        np.testing.assert_allclose(f(0.7), want(0.7), rtol=1e-14)


def test_jacobian_of_a_jacobian_is_the_hessian():
    def f(x):
        return x[0] ** 2 * x[1]

    x = np.array([2.0, 3.0])
    np.testing.assert_allclose(cr.jacobian(cr.jacobian(f))(x), cr.hessian(f)(x))


def test_variables_of_nested_derivatives_are_not_confused():
    """d/dx (x · d/dy (x + y) at y = x) = 1; an engine that confuses x and y says 2."""
    assert cr.grad(lambda x: x * cr.grad(lambda y: x + y)(x))(5.0) == 1
    assert cr.jvp(lambda x: x * cr.jvp(lambda y: x * y, (2.0,), (1.0,))[1], (3.0,), (1.0,))[1] == 6


def test_stop_gradient_takes_a_value_as_constant():
    assert cr.grad(lambda x: x * cr.stop_gradient(x))(3.0) == 3


def test_the_perceptron_rule_is_a_gradient():
    x, y, w = np.array([[0.0, 1], [1, 1]]), np.array([0.0, 1]), np.zeros(2)

    def objective(w):
        z = x @ w
        return cr.sum(cr.stop_gradient(cr.step(z) - y) * z)

    np.testing.assert_array_equal(cr.grad(objective)(w), x.T @ (np.zeros(2) - y))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.grad(lambda x: x)(np.ones(3)), r"objective is f64\[3\].*scalar.*jacobian"),
        (lambda: cr.grad(lambda x: (x, x))(1.0), "returned tuple, expected one scalar.*has_aux"),
        (lambda: cr.grad(lambda x: x > 0)(1.0), r"objective is bool\[\]"),
        (lambda: cr.grad(lambda x: 1.0 * x)(3), r"argument x is i64\[\].*astype\(float\)"),
        (lambda: cr.jacobian(lambda x: x)(np.arange(3)), r"jacobian: argument x is i64\[3\]"),
        (lambda: cr.jvp(cr.sin, (1.0,), (1.0, 2.0)), "expected tuple"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_wrong_shape_of_a_cotangent_or_tangent_is_named():
    with pytest.raises(ValueError, match=r"input ct: shape \[2\], expected \[3\]"):
        cr.vjp(cr.sin, np.ones(3))[1](np.ones(2))
    with pytest.raises(ValueError, match=r"input dx0: shape \[2\], expected \[3\]"):
        cr.jvp(cr.sin, (np.ones(3),), (np.ones(2),))


# ---- cost (CC rows) ---------------------------------------------------------------------------


def objective(params, x):
    for weight, bias in params[:-1]:
        x = cr.tanh(x @ weight + bias)
    weight, bias = params[-1]
    return cr.mean(cr.logsumexp(x @ weight + bias, axis=-1))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_gradient_costs_a_small_constant_times_the_function(depth):
    params = [(np.ones((20, 20)), np.ones(20))] * depth
    x = np.ones((7, 20))
    forward = cr.cost(cr.trace(objective, params, x))
    both = cr.cost(cr.trace(cr.value_and_grad(objective), params, x))
    assert both.multiply_adds == (3 * depth - 1) * 7 * 400
    assert both.total < 4 * forward.total
    assert both.elementwise < 6 * forward.elementwise
