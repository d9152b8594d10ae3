"""Formulas: what they mean, and what is said of text that is none."""

import warnings

import numpy as np
import pytest

from chainrule.universal import FormulaError, formula


X, Y = np.array([-1.5, 0.25, 2.0]), np.array([0.5, -3.0, 4.0])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("sin(2*pi*x)", np.sin(2 * np.pi * X)),
        ("-x^2", -(X**2)),
        ("2^3^2 + 0*x", np.full(3, 512)),
        ("2**-x", 2**-X),
        ("-2^2*x", -4 * X),
        ("x - y - 1", X - Y - 1),
        ("x/y/2", X / Y / 2),
        ("x*-y", -X * Y),
        ("+x + -+y", X - Y),
        ("1.5e1*x + .5", 15 * X + 0.5),
        ("(x + y)*(x - y)", X**2 - Y**2),
        ("max(x, y, 0)", np.maximum(np.maximum(X, Y), 0)),
        ("min(x, y)", np.minimum(X, Y)),
        ("step(x)*relu(y) + sigmoid(0)", (X > 0) * np.maximum(Y, 0) + 0.5),
        ("exp(ln(abs(x))) - log(e)", np.abs(X) - 1),
        ("2·π − 1 × x ÷ 4", 2 * np.pi - X / 4),
    ],
)
def test_formula_means_what_mathematics_means(text, want):
    np.testing.assert_allclose(formula(text)(X, Y), want, rtol=1e-15, atol=1e-15)


def test_formula_without_variables_is_a_number():
    assert formula("-pi/2", ())() == -np.pi / 2


def test_constant_has_the_shape_of_the_coordinates():
    assert formula("3")(X[:, None], Y).shape == (3, 3)


def test_values_do_not_share_memory_with_the_coordinates():
    x = X.copy()
    formula("x", ("x",))(x)[:] = 0
    np.testing.assert_array_equal(x, X)


def test_variables_that_occur_are_told():
    assert formula("y^2 + 1").used == ("y",)


def test_what_is_not_defined_is_not_finite_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = formula("log(x) + 1/(y - 4)")(X, Y)
    assert np.isnan(found[0]) and np.isinf(found[2])


@pytest.mark.parametrize(
    ("text", "told", "caret"),
    [
        ("", "expected a number, a name or '('", 0),
        ("x +", "not the end", 3),
        ("(x + 1", "this parenthesis is not closed", 0),
        ("sin(x", "this parenthesis is not closed", 3),
        ("x + 1)", "this parenthesis was not opened", 5),
        ("2x", "an operator, such as *, before x", 1),
        ("sin x", "expected '(' after sin", 4),
        ("sine(x)", "unknown name sine; did you mean sin?", 0),
        ("x + qqq", "unknown name qqq; there are x, y, pi", 4),
        ("sin(x, y)", "sin of 2; expected 1", 0),
        ("max(x)", "max of 1; expected 2 or more", 0),
        ("x, y", "comma", 1),
        ("x $ y", "before $", 2),
        ("x ** * y", "not *", 5),
        ("1e999", "above 1.8e308", 0),
        ("x.__class__", "before .", 1),
        ("__import__('os')", "unknown name __import__", 0),
    ],
)
def test_other_text_is_refused_with_a_caret_under_the_place(text, told, caret):
    with pytest.raises(FormulaError) as refused:
        formula(text)
    message, shown, below = str(refused.value).split("\n")
    assert told in message
    assert shown == f"  {text}"
    assert below == " " * (caret + 2) + "^"


def test_variable_that_is_not_given_is_unknown():
    with pytest.raises(FormulaError, match="unknown name y"):
        formula("x + y", ("x",))


@pytest.mark.parametrize("text", ["(" * 400 + "x", "-" * 400 + "x", "2^" * 200 + "x"])
def test_deep_nesting_is_refused(text):
    with pytest.raises(FormulaError, match="in one another"):
        formula(text)


def test_long_text_is_refused():
    with pytest.raises(FormulaError, match="2001 characters"):
        formula("x+" * 1000 + "x")


def test_long_sum_is_evaluated():
    assert formula("+".join(["x"] * 500), ("x",))(2.0) == 1000


def test_number_of_arrays_is_checked():
    with pytest.raises(TypeError, match="expected x, y"):
        formula("x + y")(X)
