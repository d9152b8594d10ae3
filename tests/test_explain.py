"""Worked solutions: the tables of the worked examples, formulas with the numbers filled in."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.expression import LATEX, TEXT, expand, number
from chainrule.ops import PRIMITIVES


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-10)


def circuit(x, y, z):
    return cr.label(x + y, "q") * z


def log_sigmoid(w1, w2, w3, x1, x2, x3):
    first = cr.label(w1 * x1 + w2 * x2, "first")
    a = cr.label(first + w3 * x3, "a")
    e = cr.label(cr.exp(cr.label(-a, "minus_a")), "e")
    return -cr.label(cr.log(cr.label(1 / cr.label(1 + e, "d"), "y")), "log_y")


def logistic(w, b, x, t):
    y = cr.label(cr.sigmoid(cr.label(w * x + b, "z")), "y")
    loss = cr.label(0.5 * (y - t) ** 2, "L")
    return cr.label(loss + 0.1 * cr.label(0.5 * w**2, "R"), "L_reg")


def two_two_two(w1, w2, w3, w4, w5, w6, w7, w8, b1, b2):
    def unit(name, u, v, x, y, b):
        return cr.label(cr.sigmoid(cr.label(u * x + v * y + b, f"net_{name}")), f"out_{name}")

    h1, h2 = unit("h1", w1, w2, 0.05, 0.10, b1), unit("h2", w3, w4, 0.05, 0.10, b1)
    o1, o2 = unit("o1", w5, w6, h1, h2, b2), unit("o2", w7, w8, h1, h2, b2)
    e1 = cr.label(0.5 * (0.01 - o1) ** 2, "E_o1")
    return cr.label(e1 + cr.label(0.5 * (0.99 - o2) ** 2, "E_o2"), "E")


W43 = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55, 0.35, 0.60)


def test_w23_as_text():
    assert str(cr.explain(circuit, -2.0, 5.0, -4.0)) == (
        "Given\n"
        "  1. x = -2\n"
        "  2. y = 5\n"
        "  3. z = -4\n\n"
        "Forward\n"
        "  1. q = x + y = -2 + 5 = 3\n"
        "  2. f = q · z = 3 · (-4) = -12\n\n"
        "Backward\n"
        "  1. ∂f/∂f = 1\n"
        "  2. ∂f/∂q = ∂f/∂f · z = 1 · (-4) = -4\n"
        "  3. ∂f/∂z = ∂f/∂f · q = 1 · 3 = 3\n"
        "  4. ∂f/∂y = ∂f/∂q = -4\n"
        "  5. ∂f/∂x = ∂f/∂q = -4"
    )


def test_w24_every_edge():
    found = cr.explain(log_sigmoid, 1.0, 1.0, -1.5, 1.0, 1.0, 1.0)
    forward = {"first": 2, "a": 0.5, "minus_a": -0.5, "e": 0.6065306597, "d": 1.6065306597,
               "y": 0.6224593312, "log_y": -0.4740769842, "f": 0.4740769842}  # fmt: skip
    backward = {"log_y": -1, "y": -1.6065306597, "d": 0.6224593312, "e": 0.6224593312,
                "minus_a": 0.3775406688, "a": -0.3775406688, "first": -0.3775406688,
                "w1": -0.3775406688, "x3": 0.5663110032}  # fmt: skip
    for name, value in forward.items():
        assert found[name] == near(value), name
    for name, value in backward.items():
        assert found[f"∂f/∂{name}"] == near(value), name


def test_w28_with_its_two_paths_into_w():
    found = cr.explain(logistic, 0.7, -0.3, 1.5, 1.0)
    for name, value in {"z": 0.75, "y": 0.6791786992, "L": 0.0514631535, "R": 0.245,
                        "L_reg": 0.0759631535, "∂L_reg/∂R": 0.1, "∂L_reg/∂y": -0.3208213008,
                        "∂y/∂z": 0.2178949938, "∂L_reg/∂z": -0.0699053553,
                        "∂L_reg/∂w": -0.0348580330, "∂L_reg/∂b": -0.0699053553,
                        }.items():  # fmt: skip
        assert found[name] == near(value), name
    assert "∂y/∂z = y · (1 - y) = 0.679179 · (1 - 0.679179) = 0.217895" in str(found)
    assert re.search(r"∂L_reg/∂w = ∂L_reg/∂v\d+ · x \+ ∂L_reg/∂v\d+ · ∂v\d+/∂w", str(found))


def test_w43_every_printed_quantity():
    found = cr.explain(two_two_two, *W43, digits=4)
    quantities = {
        "net_h1": 0.3775, "out_h1": 0.5932699921, "out_h2": 0.5968843783, "net_o1": 1.1059059671,
        "out_o1": 0.7513650696, "E_o1": 0.2748110832, "E_o2": 0.0235600256, "E": 0.2983711088,
        "∂E/∂out_o1": 0.7413650696, "∂out_o1/∂net_o1": 0.1868156018, "∂E/∂w5": 0.0821670406,
        "∂E/∂out_h1": 0.0363503064, "∂out_h1/∂net_h1": 0.2413007086, "∂E/∂w1": 0.0004385677,
        "∂E/∂b2": 0.1004003251, "∂E/∂b1": 0.0187256094,
    }  # fmt: skip
    for name, value in quantities.items():
        assert found[name] == near(value), name
    assert "out_o1 = σ(net_o1) = σ(1.106) = 0.7514" in str(found)
    assert found.gradients["w8"] == near(-0.0227402422)


def test_w32_softmax_regression_on_arrays():
    weight, bias = np.array([[1.0, 0], [0, 1], [-1, -1]]), np.array([0.1, 0, -0.1])

    def loss(weight, bias, x, t):
        z = cr.label(weight @ x + bias, "z")
        return cr.label(-cr.sum(t * cr.log_softmax(z)), "L")

    found = cr.explain(loss, weight, bias, np.array([0.5, -1]), np.array([0.0, 1, 0]))
    assert found.value == near(2.3034079934)
    assert found["∂L/∂z"] == near([0.4948958248, -0.9000822562, 0.4051864314])
    assert "z = v1 + bias = [0.5; -1; 0.5] + [0.1, 0, -0.1] = [0.6, -1, 0.4]" in str(found)


@pytest.mark.parametrize("case", [(circuit, (-2.0, 5.0, -4.0)), (two_two_two, W43)])
def test_values_are_those_of_grad(case):
    function, args = case
    gradients = cr.explain(function, *args).gradients
    want = cr.grad(function, argnums=tuple(range(len(args))))(*args)
    assert list(gradients.values()) == near(list(map(float, want)))


def test_network_on_a_batch_agrees_with_grad():
    rng = np.random.default_rng(0)
    args = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(4, 2))

    def f(weight, bias, x):
        return cr.mean(cr.tanh(x @ weight + bias) ** 2)

    found = cr.explain(f, *args)
    for name, want in zip(("weight", "bias", "x"), cr.grad(f, (0, 1, 2))(*args), strict=True):
        np.testing.assert_allclose(found.gradients[name], want, rtol=1e-12)


def test_markdown_has_latex_that_is_balanced():
    page = cr.explain(two_two_two, *W43).markdown
    assert r"\frac{\partial E}{\partial w_{5}}" in page and r"\sigma\left(" in page
    for line in page.splitlines():
        bare = re.sub(r"\\.", "", line)
        assert line.count("$") in (0, 2) and bare.count("{") == bare.count("}")
        assert line.count(r"\left(") == line.count(r"\right)")


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES)
@pytest.mark.parametrize("style", [TEXT, LATEX], ids=["text", "latex"])
def test_every_primitive_can_be_written(primitive, style):
    for types, params in primitive.samples:
        inputs = [cr.placeholder(type) for type in types]
        names = {node: f"x{i}" for i, node in enumerate(inputs)}
        text = expand(primitive(*inputs, **params), names, style)
        assert all(name in text for name in names.values())


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x, y: (x + y) * (x - y), "(x + y) · (x - y)"),
        (lambda x, y: x - (y - x), "x - (y - x)"),
        (lambda x, y: x - y - x, "x - y - x"),
        (lambda x, y: x / (y / x), "x / (y / x)"),
        (lambda x, y: (x * y) ** 2, "(x · y)²"),
        (lambda x, y: -(x + y), "-(x + y)"),
        (lambda x, y: x * -y, "x · (-y)"),
        (lambda x, y: (-x) ** 2, "(-x)²"),
        (lambda x, y: cr.exp(-x) + (-3.0) * y, "exp(-x) + (-3 · y)"),
        (lambda x, y: (x**3) ** y, "(x^3)^y"),
        (lambda x, y: 5 * (x**3 + 7) ** 4, "5 · (x^3 + 7)^4"),
    ],
)
def test_parentheses_stand_where_they_are_needed(function, text):
    graph = cr.trace(function, 1.0, 2.0)
    names = dict(zip(graph.inputs, "xy", strict=True))
    assert expand(graph.outputs[0], names, TEXT) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (-0.0, "0"), (1e-9, "1e-09"), (True, "true"), (3, "3"), ([1, 2.5], "[1, 2.5]"),
     (np.eye(2), "[1, 0; 0, 1]"), (np.ones((5, 5)), "f64[5,5]"), (np.nan, "nan")],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_result_that_is_no_scalar_has_no_backward_pass():
    found = cr.explain(lambda x: cr.sin(x), np.ones(2))
    assert found.backward == () and found.gradients == {} and "Backward" not in str(found)


def test_zero_derivatives_are_written_as_zero():
    found = cr.explain(lambda x, y: x * cr.label(cr.step(y), "s"), 2.0, 3.0)
    assert "∂f/∂y = 0" in str(found) and found.gradients["y"] == 0


def test_large_functions_are_refused_with_advice():
    def long(x):
        for _ in range(300):
            x = cr.sin(x)
        return x

    with pytest.raises(ValueError, match="301 nodes, at most 200; explain a smaller part"):
        cr.explain(long, 1.0)


def test_unknown_quantity_is_named():
    with pytest.raises(KeyError, match="no quantity 'r'"):
        cr.explain(circuit, 1.0, 2.0, 3.0)["r"]


def test_quantity_of_the_result_is_the_whole_derivative_not_one_path():
    found = cr.explain(lambda x: cr.sin(x) / x, 2.0)
    assert found["∂f/∂x"] == near(cr.grad(lambda x: cr.sin(x) / x)(2.0))
    assert str(found).count("∂f/∂x =") == 1


def test_step_that_reads_a_quantity_twice_has_both_paths_written_out():
    found = cr.explain(lambda x: 3 * cr.label(x / x, "r"), 2.0)
    line = "∂f/∂x = ∂f/∂r · 1 / x + ∂f/∂r · (-r / x) = 3 · 1 / 2 + 3 · (-1 / 2) = 0"
    assert line in str(found) and "∂r/∂x" not in str(found)


def test_graph_with_an_open_number_of_rows():
    types = cr.ArrayType((3,)), cr.ArrayType((cr.BATCH, 3))
    args = np.array([0.1, -0.2, 0.3]), np.arange(6.0).reshape(2, 3)

    def f(w, x):
        return cr.mean(cr.tanh(x @ w) ** 2)

    found = cr.explain(cr.trace(f, *types), *args)
    np.testing.assert_allclose(found.gradients["w"], cr.grad(f)(*args), rtol=1e-12)


def test_rounding_is_a_step_of_its_own():
    found = cr.explain(lambda x: x.astype("int64").astype("float64") * 2.0, 2.7)
    assert "v1 = int64(x) = int64(2.7) = 2" in str(found)
    assert "f = v1 · 2 = 2 · 2 = 4" in str(found)


def test_truth_that_counts_is_filled_in_as_a_number():
    found = cr.explain(lambda x: (x > 1).astype("float64") * x, 2.7)
    assert "f = v1 · x = 1 · 2.7 = 2.7" in str(found)


def test_result_that_is_a_constant():
    found = cr.explain(lambda x: 3.0, 2.0)
    assert "f = 3" in str(found) and found.gradients["x"] == 0


def test_infinite_paths_that_cancel_are_not_a_number():
    found = cr.explain(lambda x: cr.log(x) - cr.log(x * 2.0), 0.0)
    assert np.isnan(found["∂f/∂x"])


def test_one_large_number_for_an_array_is_no_equality():
    found = cr.explain(lambda x: cr.sum(x) * 1e6, np.ones(2))
    assert "∂f/∂x = ∂f/∂v1 = [1e+06, 1e+06]" in str(found)


def test_input_of_another_graph_is_named():
    stray = cr.placeholder(cr.ArrayType(()), "stray")
    with pytest.raises(ValueError, match="the graph needs stray"):
        cr.explain(lambda x: x * stray, 2.0)


def test_no_digits_are_refused():
    with pytest.raises(ValueError, match="digits = 0; expected 1 or more"):
        cr.explain(circuit, 1.0, 2.0, 3.0, digits=0)


@pytest.mark.parametrize(
    ("function", "args"),
    [(circuit, (-2.0, 5.0, -4.0)), (log_sigmoid, (1.0, 1.0, -1.5, 1.0, 1.0, 1.0)),
     (logistic, (0.7, -0.3, 1.5, 1.0)), (two_two_two, W43), (lambda x: x * 1e-9, (2.0,))],
)  # fmt: skip
def test_every_formula_is_read_by_a_typesetter(function, args):
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    found = cr.explain(function, *args)
    steps = [*found.given, *found.forward, *found.backward]
    reasons = [because for step in steps for because in step.because]
    for line in [*steps, *reasons]:
        assert parser.parse(f"${line.latex}$").width > 0
