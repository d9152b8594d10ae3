"""What operations give where floating point is treacherous, and what they refuse."""

import numpy as np
import pytest

import chainrule as cr


INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("function", "x", "want"),
    [
        (cr.sigmoid, [-800, -40, 0, 40, 800], [0, np.exp(-40), 0.5, 1, 1]),
        (cr.softplus, [-800, -40, 0, 40, 800], [0, np.exp(-40), np.log(2), 40, 800]),
        (cr.tanh, [-800, 0, 800], [-1, 0, 1]),
        (cr.relu, [-INF, -1, 0, 2, INF, NAN], [0, 0, 0, 2, INF, NAN]),
        (cr.step, [-1, 0, 1e-300], [0, 0, 1]),
        (cr.sign, [-2, 0, 3], [-1, 0, 1]),
        (cr.log1p, [1e-20], [1e-20]),
        (cr.expm1, [1e-20], [1e-20]),
        (cr.erf, [0, 1, 10], [0, 0.8427007929497149, 1]),
        (lambda x: cr.maximum(x, 1.0), [0, NAN, 2], [1, NAN, 2]),
        (lambda x: cr.clip(x, -1, 1), [-5, 0.5, 5], [-1, 0.5, 1]),
        (cr.softmax, [1000, 1001, 1002], [0.0900305732, 0.2447284711, 0.6652409558]),
        (cr.log_softmax, [0, -1e4], [0, -1e4]),
        (lambda x: cr.logsumexp(x, keepdims=True), [1e4, 1e4], [1e4 + np.log(2)]),
        (lambda x: cr.logsumexp(x, keepdims=True), [INF, 0], [INF]),
        (lambda x: cr.logsumexp(x, keepdims=True), [-INF, -INF], [-INF]),
        (cr.softmax, [-INF, 0, 0], [0, 0.5, 0.5]),
        (lambda x: cr.norm(x, keepdims=True), [3, 4], [5]),
        (lambda x: cr.variance(x, keepdims=True), [1e8 + 1, 1e8 + 2, 1e8 + 3], [2 / 3]),
    ],
)
def test_value(function, x, want):
    np.testing.assert_allclose(function(np.array(x, float)), want, rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("function", "x", "want"),
    [
        (cr.relu, 0.0, 0.0),
        (cr.abs, 0.0, 0.0),
        (cr.norm, [0.0, 0.0], [0.0, 0.0]),
        (lambda x: cr.maximum(x, x * 1), 1.0, 1.0),
        (lambda x: cr.max(x), [2.0, 2.0], [0.5, 0.5]),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**0.5, 4.0, 0.25),
        (lambda x: cr.sum(cr.power(x, 0)), [0.0], [0.0]),
        (lambda x: cr.power(0.0, x), 2.0, 0.0),
        (cr.sigmoid, 800.0, 0.0),
        (cr.softplus, -800.0, 0.0),
    ],
)
def test_derivative_at_a_special_point(function, x, want):
    np.testing.assert_allclose(cr.grad(function)(np.array(x)), want)


def test_step_and_sign_take_their_value_at_zero():
    assert cr.step(0.0, at_zero=1) == 1
    assert cr.sign(0.0, at_zero=-1) == -1


def test_argmax_takes_the_first_of_equal_ones():
    assert cr.argmax(np.array([1.0, 3.0, 3.0])) == 1
    assert cr.argmax(np.array([[1.0, 3.0], [4.0, 0.0]]), axis=1).tolist() == [1, 0]


def test_one_hot_of_a_label_outside_is_zero():
    assert cr.one_hot(np.array([1, 5]), 3).tolist() == [[0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    "index", [0, -1, np.s_[1:], np.s_[:, 1], np.s_[..., None], np.s_[::-1, 1:3], np.s_[1, ::2],
              np.s_[:, [2, 0]], np.s_[None, 1, None], np.s_[0:0]],
)  # fmt: skip
def test_indexing_is_numpys(index):
    x = np.arange(12.0).reshape(3, 4)
    got = cr.trace(lambda x: x[index], x)(x)
    np.testing.assert_array_equal(got, x[index])
    u = np.random.default_rng(0).normal(size=got.shape)
    want = np.zeros_like(x)
    np.add.at(want, index, u)
    np.testing.assert_array_equal(cr.vjp(lambda x: x[index], x)[1](u)[0], want)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3, 4)), ((3, 2), (4, 2, 1))],
)
def test_matmul_is_numpys(a, b):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=a), rng.normal(size=b)
    np.testing.assert_allclose(cr.matmul(x, y), x @ y, rtol=1e-15)
    np.testing.assert_allclose(cr.trace(cr.matmul, x, y)(x, y), x @ y, rtol=1e-15)
    assert cr.check_derivatives(cr.matmul, x, y).max_error < 1e-8


def test_numpy_functions_on_nodes_build_the_graph():
    def f(x):
        return np.sum(np.tanh(x) * np.where(x > 0, np.exp(x), np.abs(x))) + np.mean(x, axis=0)[0]

    x = np.array([[-1.0, 0.5], [2.0, -0.3]])
    np.testing.assert_allclose(cr.trace(f, x)(x), f(x), rtol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.transpose(x, (1, 0)),
        lambda x: np.concatenate([x, x], 1),
        lambda x: np.concatenate([x, x], axis=1),
        lambda x: np.take(x, np.array([1, 0]), 1),
        lambda x: np.argmax(x, 1),
        lambda x: np.stack([x, x], axis=1),
        lambda x: np.clip(x, -0.5, 0.5),
        lambda x: np.var(x, axis=0),
        lambda x: np.max(x, axis=1, keepdims=True),
    ],
)
def test_call_forms_of_numpy_mean_the_same_on_nodes(function):
    x = np.array([[-1.0, 0.5, 2.0], [2.0, -0.3, 0.1]])
    np.testing.assert_allclose(cr.trace(function, x)(x), function(x), rtol=1e-15)


def test_integers_and_booleans():
    labels = np.array([2, 0])
    graph = cr.trace(lambda n: (n + 1, n == 2, n / 2), labels)
    kinds = [str(node.type) for node in graph.outputs]
    assert kinds == ["i64[2]", "bool[2]", "f64[2]"]
    assert [out.tolist() for out in graph(labels)] == [[3, 1], [True, False], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x + np.ones(4), ValueError, r"add: shapes \[2,3\] and \[4\] do not broadcast"),
        (lambda x: x @ x, ValueError, r"matmul: f64\[2,3\] @ f64\[2,3\].*transpose the second"),
        (lambda x: x @ 2.0, ValueError, r"matmul: shapes \[2,3\] and \[\]; use \*"),
        (lambda x: cr.tanh(x > 0), TypeError, r"tanh: bool\[2,3\] is not numeric"),
        (lambda x: cr.where(x, 1.0, 0.0), TypeError, "the condition is float64, expected bool"),
        (lambda x: cr.reshape(x, (4, 2)), ValueError, r"reshape: f64\[2,3\] to \[4,2\]"),
        (lambda x: cr.sum(x, axis=2), ValueError, "sum: axis 2 of an array with 2 axes"),
        (lambda x: cr.sum(x, axis=(0, 0)), ValueError, "names an axis twice"),
        (lambda x: cr.transpose(x, axes=(0, 0)), ValueError, "do not order the 2 axes"),
        (lambda x: x[0, 0, 0], IndexError, "3 indices for an array with 2 axes"),
        (lambda x: x[5], IndexError, "index 5 on axis 0 of size 2"),
        (lambda x: x[x > 0], TypeError, "For a mask use where"),
        (lambda x: cr.take(x, 1.5), TypeError, "take: indices of dtype float64"),
        (lambda x: cr.concatenate([x, x[0]]), ValueError, "concatenate"),
        (lambda x: cr.one_hot(x, 3), TypeError, "one_hot: labels of dtype float64"),
        (lambda x: x + "a", TypeError, "'a' is not an array of numbers"),
        (lambda x: x + np.array("2020", "M8[Y]"), TypeError, "dtype datetime64"),
        (lambda x: cr.max(x[:0], axis=0), ValueError, "has no element along axis 0"),
        (lambda x: cr.maximum(x), TypeError, "maximum: 1 arguments, expected 2"),
        (lambda x: np.cumsum(x), TypeError, "numpy.cumsum is not defined for nodes"),
        (lambda x: np.add.reduce(x), TypeError, "numpy.add is not defined for nodes in this form"),
        (lambda x: float(x[0, 0]), TypeError, "has no value while tracing|must be real number"),
        (lambda x: 1 if x[0, 0] > 0 else 2, TypeError, "choose between values with cr.where"),
        (lambda x: cr.key(-1), ValueError, "key: seed -1"),
    ],
)
def test_bad_input_is_refused_at_the_users_own_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        cr.trace(call, np.ones((2, 3)))
    assert any(entry.path == __import__("pathlib").Path(__file__) for entry in caught.traceback[1:])
