"""Formulas of nodes: what stands in them means what the node computes."""

import pytest

import chainrule as cr
from chainrule.expression import LATEX, TEXT, expand, is_one_number, is_transparent, write


def written(function, style, *names):
    graph = cr.trace(function, 1.0, 2.0)
    shown = dict(zip(graph.inputs, names or ("x", "y"), strict=True))
    return expand(graph.outputs[0], shown, style)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x, y: x * y, "3 · (-4)"),
        (lambda x, y: y * x, "-4 · 3"),
        (lambda x, y: x + y, "3 + (-4)"),
        (lambda x, y: x - y, "3 - (-4)"),
        (lambda x, y: -y, "-(-4)"),
        (lambda x, y: y**2, "(-4)²"),
        (lambda x, y: y**3, "(-4)^3"),
        (lambda x, y: x**y, "3^(-4)"),
        (lambda x, y: cr.exp(y), "exp(-4)"),
        (lambda x, y: abs(y), "|-4|"),
    ],
)
def test_negative_numbers_stand_in_parentheses_where_they_have_to(function, text):
    assert written(function, TEXT, "3", "-4") == text


@pytest.mark.parametrize(
    ("function", "latex"),
    [
        (lambda x, y: x / y, r"\frac{x}{y}"),
        (lambda x, y: (x / y) ** 2, r"{\left(\frac{x}{y}\right)}^2"),
        (lambda x, y: cr.sigmoid(x * y), r"\sigma\left(x \cdot y\right)"),
        (lambda x, y: x * -y, r"x \cdot \left(-y\right)"),
    ],
)
def test_latex(function, latex):
    assert written(function, LATEX) == latex


def test_node_with_a_name_is_written_by_it_unless_expanded():
    graph = cr.trace(lambda x, y: x + y, 1.0, 2.0)
    (node,) = graph.outputs
    names = {**dict(zip(graph.inputs, "xy", strict=True)), node: "q"}
    assert write(node, names, TEXT) == "q"
    assert expand(node, names, TEXT) == "x + y"


def test_broadcasts_are_not_seen():
    graph = cr.trace(lambda x: x * 2.0, cr.ArrayType((2, 3)))
    assert write(graph.outputs[0], {graph.inputs[0]: "x"}, TEXT) == "x · 2"


@pytest.mark.parametrize(
    ("source", "target", "is_seen_through"),
    [("int64", "float64", True), ("bool", "float64", True), ("float64", "float32", True),
     ("float64", "int64", False), ("float64", "bool", False), ("int64", "bool", False)],
)  # fmt: skip
def test_change_of_dtype_is_seen_through_where_it_keeps_the_numbers(
    source, target, is_seen_through
):
    x = cr.placeholder(cr.ArrayType((), source), "x")
    cast = x.astype(target)
    assert is_transparent(cast) is is_seen_through
    assert write(cast, {x: "x"}, TEXT) == ("x" if is_seen_through else f"{target}(x)")


@pytest.mark.parametrize(
    ("value", "latex"),
    [(1e-9, r"1\mathrm{e}{-9}"), (1e10, r"1\mathrm{e}{10}"), (True, r"\mathrm{true}"),
     (float("-inf"), r"-\infty"), (0.5, "0.5"), ([1.0, 2e-7], r"[1, 2\mathrm{e}{-7}]"),
     (range(20), r"\mathrm{i64[20]}")],
)  # fmt: skip
def test_numbers_in_latex_are_upright(value, latex):
    assert LATEX.number(value) == latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [("w1", "w_{1}"), ("net_h1", r"\mathit{net}_{h1}"), ("L", "L"), ("η", r"\mathtt{η}"),
     ("a^b", r"\mathtt{a\wedge b}"), ("a~", r"\mathtt{a\sim }"), ("50%", r"\mathtt{50\%}")],
)  # fmt: skip
def test_names_in_latex(name, latex):
    assert LATEX.name(name) == latex


@pytest.mark.parametrize("text", ["1", "-2.5", "1e+06", "-1e-09", r"1\mathrm{e}{-9}", r"-\infty"])
def test_one_number(text):
    assert is_one_number(text)


@pytest.mark.parametrize("text", ["", "x", "1 + 2", "[1, 2]", "1 · 2", "f64[30]"])
def test_not_one_number(text):
    assert not is_one_number(text)
