"""The checkers: they pass what is right, and fail what is wrong by a thousandth."""

import dataclasses

import numpy as np
import pytest

import chainrule as cr
from chainrule.testing import DerivativeError, relative_error


rng = np.random.default_rng(0)
PARAMS = {"weight": rng.normal(size=(4, 3)), "bias": rng.normal(size=3)}
X = rng.normal(size=(6, 4))
LABELS = np.array([0, 1, 2, 2, 1, 0])


def loss(params, x, labels):
    return cr.mean(cr.nn.cross_entropy(cr.tanh(x @ params["weight"] + params["bias"]), labels))


def wrong_tanh(factor):
    """tanh with a derivative off by `factor`, as a user might declare it."""
    tanh = cr.tanh
    return dataclasses.replace(
        tanh, vjp=lambda ct, y, x: (tanh.vjp(ct, y, x)[0] * factor,), name="wrong"
    )


@pytest.mark.parametrize("method", ["two_sided", "complex_step"])
def test_right_derivatives_pass(method):
    report = cr.check_derivatives(loss, PARAMS, X, LABELS, method=method)
    assert report.max_error < (1e-8 if method == "two_sided" else 1e-13)


def test_report_has_a_row_for_every_floating_leaf():
    report = cr.check_derivatives(loss, PARAMS, X, LABELS)
    assert [row.path for row in report.rows] == ["params['bias']", "params['weight']", "x"]
    text = str(report)
    assert "relative error" in text and text.count("ok") == 3 and "f64[4,3]" in text


def test_float32_is_checked_in_float64():
    params = {name: value.astype("f4") for name, value in PARAMS.items()}
    assert cr.check_derivatives(loss, params, X.astype("f4"), LABELS).max_error < 1e-8


@pytest.mark.parametrize("factor", [1.001, -1, 0, np.nan])
def test_wrong_derivative_fails_with_the_table(factor):
    tanh = wrong_tanh(factor)
    with pytest.raises(DerivativeError, match="WRONG") as caught:
        cr.check_derivatives(lambda x: cr.sum(tanh(x)), X)
    assert caught.value.report.rows[0].path == "x"


def test_derivative_wrong_in_one_leaf_alone_names_that_leaf():
    tanh = wrong_tanh(1.001)
    with pytest.raises(DerivativeError) as caught:
        cr.check_derivatives(lambda a, b: cr.sum(cr.tanh(a) * tanh(b)), X, X)
    errors = {row.path: row.error for row in caught.value.report.rows}
    assert errors["a"] < 1e-8 and errors["b"] > 1e-4


def test_second_order_catches_what_first_order_cannot():
    tanh = cr.tanh
    frozen = dataclasses.replace(
        tanh, vjp=lambda ct, y, x: (cr.stop_gradient(tanh.vjp(1.0, y, x)[0]) * ct,), name="frozen"
    )
    cr.check_derivatives(lambda x: cr.sum(frozen(x)), X)
    with pytest.raises(DerivativeError):
        cr.check_derivatives(lambda x: cr.sum(frozen(x)), X, order=2)


def test_result_that_is_not_scalar_is_checked_whole():
    assert cr.check_derivatives(lambda x: (cr.sin(x), {"y": cr.exp(x)}), X).max_error < 1e-7


def test_zero_derivative_is_right_for_a_step():
    assert cr.check_derivatives(cr.step, X).max_error == 0


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match="'central'; choose from one_sided, two_sided"):
        cr.check_derivatives(cr.sin, 1.0, method="central")


@pytest.mark.parametrize(
    ("a", "b", "want"), [(0, 0, 0), (1, 1, 0), (1, -1, 1), (1, 0, 1), (3, 1, 0.5)]
)
def test_relative_error(a, b, want):
    assert relative_error(a, b) == want


def test_differences_have_the_order_they_claim():
    """Error of order h one-sided, of order h² two-sided, none for the complex step."""

    def error(method, h):
        return abs(method(cr.exp, (1.0,), (1.0,), h) - np.e)

    one, two, exact = (
        cr.differences.one_sided,
        cr.differences.two_sided,
        cr.differences.complex_step,
    )
    np.testing.assert_allclose(error(one, 1e-3) / error(one, 1e-4), 10, rtol=0.01)
    np.testing.assert_allclose(error(two, 1e-2) / error(two, 1e-3), 100, rtol=0.01)
    assert error(exact, 1e-100) < 1e-15


def test_whole_network_agrees_with_differences_in_a_random_direction():
    """200 networks, each in one random direction of all parameters: relative error below 1e-6."""
    worst = 0.0
    for seed in range(200):
        net = cr.nn.mlp([5, 8, 3], "tanh", rng=seed, dtype="float64")
        generator = np.random.default_rng(seed)
        x, y = generator.normal(size=(7, 5)), generator.integers(0, 3, 7)
        vector, packing = cr.tree.pack(net)

        def f(v, x=x, y=y, packing=packing):
            return cr.mean(cr.nn.cross_entropy(packing.unpack(v)(x), y))

        direction = generator.normal(size=vector.size)
        direction /= np.linalg.norm(direction)
        numerical = cr.differences.two_sided(f, (vector,), (direction,))
        worst = max(worst, relative_error(float(cr.grad(f)(vector) @ direction), float(numerical)))
    assert worst < 1e-6
