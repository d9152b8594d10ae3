"""W28, W29: logistic least squares in one variable, and what differences make of its gradient."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.testing import relative_error


TENTH = 1e-9  # what is worked out has ten digits

# ---- W28: logistic least squares in one variable ----------------------------------------------

RATE = 0.1  # λ


def plain(w, b):
    z = w * 1.5 + b
    y = cr.sigmoid(z)
    return 0.5 * (y - 1.0) ** 2


def penalty(w):
    return 0.5 * w**2


def regularised(w, b):
    return plain(w, b) + RATE * penalty(w)


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda: cr.sigmoid(0.7 * 1.5 - 0.3), 0.6791786992),
        (lambda: plain(0.7, -0.3), 0.0514631535),
        (lambda: penalty(0.7), 0.245),
        (lambda: regularised(0.7, -0.3), 0.0759631535),
        (lambda: cr.grad(lambda r: RATE * r)(0.245), 0.1),
        (lambda: cr.grad(lambda y: 0.5 * (y - 1.0) ** 2)(0.6791786992), -0.3208213008),
        (lambda: cr.grad(cr.sigmoid)(0.75), 0.2178949938),
        (lambda: cr.grad(lambda z: 0.5 * (cr.sigmoid(z) - 1.0) ** 2)(0.75), -0.0699053553),
        (lambda: cr.grad(plain, argnums=0)(0.7, -0.3), -0.1048580330),
        (lambda: cr.grad(regularised, argnums=0)(0.7, -0.3), -0.0348580330),
        (lambda: cr.grad(regularised, argnums=1)(0.7, -0.3), -0.0699053553),
    ],
    ids=["y", "L", "R", "L_reg", "R̄", "ȳ", "σ'", "z̄", "w̄ plain", "w̄ regularised", "b̄"],
)
def test_w28(found, want):
    assert found() == pytest.approx(want, abs=TENTH, rel=0)


def test_ad07_the_weight_of_two_paths_gets_the_sum_of_both():
    both = cr.grad(plain)(0.7, -0.3) + cr.grad(lambda w: RATE * penalty(w))(0.7)
    assert cr.grad(regularised)(0.7, -0.3) == pytest.approx(both, rel=1e-14)


# ---- W29: gradient check of w̄ -----------------------------------------------------------------


def error_of(method, h, dtype="float64"):
    """The relative error of a difference quotient of the regularised loss, taken in `dtype`."""
    number = np.dtype(dtype).type

    def objective(w):
        z = w * number(1.5) + number(-0.3)
        difference = cr.sigmoid(z) - number(1)
        return number(0.5) * difference**2 + number(RATE) * (number(0.5) * w**2)

    quotient = method(objective, (number(0.7),), (number(1),), number(h))
    return relative_error(float(quotient), float(cr.grad(regularised)(0.7, -0.3)))


SMOOTH = {1e-2: (1.9e-2, 2.4e-5), 1e-4: (1.9e-4, 2.4e-9)}
ONE_SIDED = {1e-5: 1.9e-5, 1e-6: 1.9e-6}


@pytest.mark.parametrize(("h", "want"), {h: row[0] for h, row in SMOOTH.items()}.items())
def test_w29_one_sided_error_is_of_order_h(h, want):
    assert error_of(cr.differences.one_sided, h) == pytest.approx(want, rel=0.05)


@pytest.mark.parametrize(("h", "want"), ONE_SIDED.items())
def test_w29_one_sided_error_still_of_order_h(h, want):
    assert error_of(cr.differences.one_sided, h) == pytest.approx(want, rel=0.05)


@pytest.mark.parametrize(("h", "want"), {h: row[1] for h, row in SMOOTH.items()}.items())
def test_w29_two_sided_error_is_of_order_h_squared(h, want):
    assert error_of(cr.differences.two_sided, h) == pytest.approx(want, rel=0.05)


# What is left below is rounding, which another C library may do otherwise: orders of magnitude.
@pytest.mark.parametrize(
    ("name", "h", "want"),
    [
        ("two_sided", 1e-5, 2.1e-11),
        ("two_sided", 1e-6, 1.4e-10),
        ("two_sided", 1e-8, 2.2e-8),
        ("two_sided", 1e-10, 2.0e-7),
        ("two_sided", 1e-12, 4.3e-5),
        ("one_sided", 1e-8, 2.2e-8),
        ("one_sided", 1e-10, 1.2e-6),
        ("one_sided", 1e-12, 4.3e-5),
    ],
)
def test_w29_rounding_takes_over(name, h, want):
    assert want / 30 < error_of(cr.differences.METHODS[name], h) < want * 30


def test_w29_the_best_two_sided_step_is_a_hundred_thousandth():
    errors = {h: error_of(cr.differences.two_sided, h) for h in (1e-2, 1e-4, 1e-5, 1e-8, 1e-12)}
    assert min(errors, key=errors.__getitem__) == 1e-5
    assert errors[1e-5] < 1e-9


@pytest.mark.parametrize(("h", "want"), [(1e-3, 1.7e-4), (1e-4, 9e-4), (1e-6, 1.9e-2)])
def test_w29_float32_misses_the_threshold(h, want):
    found = error_of(cr.differences.two_sided, h, "float32")
    assert found > 1e-6
    assert want / 30 < found < want * 30


def test_w29_float32_with_a_tiny_step_sees_no_change_at_all():
    assert error_of(cr.differences.two_sided, 1e-10, "float32") == 1


def test_w29_complex_step_has_no_such_trade():
    exact = cr.differences.complex_step(regularised, (0.7, -0.3), (1.0, 0.0))
    assert relative_error(float(exact), float(cr.grad(regularised)(0.7, -0.3))) < 1e-15
