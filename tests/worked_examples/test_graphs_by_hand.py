"""W23, W24, W25, W31, W39, W42: small graphs whose every value and derivative is worked out."""

import numpy as np
import pytest
import sympy

import chainrule as cr


def node_cotangents(graph, *args):
    """The textbook algorithm (AD-15): v̄_N = 1; backwards v̄_i = Σ v̄_j ∂v_j/∂v_i over children."""
    values = cr.node_values(graph, *args)
    found = {node: 0.0 for node in graph.nodes}
    found[graph.outputs[0]] = 1.0
    for node in reversed(graph.nodes):
        if node.primitive is None:
            continue
        operands = [values[source] for source in node.inputs]
        cts = node.primitive.vjp(found[node], values[node], *operands, **dict(node.params))
        for source, ct in zip(node.inputs, cts, strict=True):
            if ct is not None:
                found[source] = found[source] + ct
    return {graph.names[node]: float(ct) for node, ct in found.items() if node.shape == ()}


def node_numbers(graph, *args):
    """The value of every node of a graph of scalars, by name."""
    return {graph.names[n]: float(v) for n, v in cr.node_values(graph, *args).items()}


# ---- W23: f(x, y, z) = (x + y) z --------------------------------------------------------------


def circuit(x, y, z):
    return cr.label(x + y, "q") * z


CORNER = (-2.0, 5.0, -4.0)


def test_w23_value():
    assert circuit(*CORNER) == -12


def test_w23_middle_value():
    assert node_numbers(cr.trace(circuit, *CORNER), *CORNER)["q"] == 3


def test_w23_backward():
    assert cr.grad(circuit, argnums=(0, 1, 2))(*CORNER) == (-4, -4, 3)


def test_w23_middle_cotangent():
    assert node_cotangents(cr.trace(circuit, *CORNER), *CORNER)["q"] == -4


@pytest.mark.parametrize(("place", "want"), [(0, -4), (1, -4), (2, 3)])
def test_w23_forward_mode(place, want):
    tangents = tuple(float(i == place) for i in range(3))
    assert cr.jvp(circuit, CORNER, tangents) == (-12, want)


# ---- W24: -log σ(w · x) -----------------------------------------------------------------------

POINT = (1.0, 1.0, -1.5, 1.0, 1.0, 1.0)
TENTH = 1e-9  # what is worked out has ten digits


def loss_in_steps(w1, w2, w3, x1, x2, x3):
    p1, p2, p3 = cr.label(w1 * x1, "p1"), cr.label(w2 * x2, "p2"), cr.label(w3 * x3, "p3")
    first = cr.label(p1 + p2, "first sum")
    second = cr.label(first + p3, "second sum")
    opposite = cr.label(-second, "times -1")
    power = cr.label(cr.exp(opposite), "exp")
    more = cr.label(power + 1.0, "plus 1")
    inverse = cr.label(cr.reciprocal(more), "1/x")
    logarithm = cr.label(cr.log(inverse), "log")
    return cr.label(-logarithm, "loss")


W24 = {  # value, cotangent
    "p1": (1, -0.3775406688),
    "p2": (1, -0.3775406688),
    "p3": (-1.5, -0.3775406688),
    "first sum": (2, -0.3775406688),
    "second sum": (0.5, -0.3775406688),
    "times -1": (-0.5, 0.3775406688),
    "exp": (0.6065306597, 0.6224593312),
    "plus 1": (1.6065306597, 0.6224593312),
    "1/x": (0.6224593312, -1.6065306597),
    "log": (-0.4740769842, -1),
    "loss": (0.4740769842, 1),
    "w1": (1, -0.3775406688),
    "w2": (1, -0.3775406688),
    "w3": (-1.5, -0.3775406688),
    "x1": (1, -0.3775406688),
    "x2": (1, -0.3775406688),
    "x3": (1, 0.5663110032),
}


@pytest.mark.parametrize("name", W24)
def test_w24_value_of_each_node(name):
    values = node_numbers(cr.trace(loss_in_steps, *POINT), *POINT)
    assert values[name] == pytest.approx(W24[name][0], abs=TENTH, rel=0)


@pytest.mark.parametrize("name", W24)
def test_w24_cotangent_of_each_node(name):
    """AD-08, every edge."""
    cotangents = node_cotangents(cr.trace(loss_in_steps, *POINT), *POINT)
    assert cotangents[name] == pytest.approx(W24[name][1], abs=TENTH, rel=0)


def test_ad15_the_textbook_algorithm_gives_what_grad_gives():
    bars = node_cotangents(cr.trace(loss_in_steps, *POINT), *POINT)
    inputs = ("w1", "w2", "w3", "x1", "x2", "x3")
    gradient = cr.grad(loss_in_steps, argnums=range(6))(*POINT)
    np.testing.assert_allclose(gradient, [bars[name] for name in inputs], rtol=1e-14)


def logistic_loss(w, x):
    return -cr.log(cr.sigmoid(w @ x))


W, X = np.array([1.0, 1.0, -1.5]), np.ones(3)


def test_w24_with_a_dot_product_and_a_sigmoid():
    value, gradient = cr.value_and_grad(logistic_loss)(W, X)
    assert value == pytest.approx(0.47407698418010663, rel=1e-14)
    np.testing.assert_allclose(gradient, [-0.3775406688] * 3, atol=TENTH, rtol=0)


# ---- W25: the same in three other ways --------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
def test_w25_forward_mode_takes_one_variable_at_a_time(place):
    tangent = cr.jvp(lambda w: logistic_loss(w, X), (W,), (np.eye(3)[place],))[1]
    assert tangent == pytest.approx(-0.3775406688, abs=TENTH, rel=0)


@pytest.mark.parametrize("place", range(6))
def test_w25_forward_mode_equals_reverse_mode(place):
    tangent = cr.jvp(loss_in_steps, POINT, tuple(np.eye(6)[place]))[1]
    reverse = cr.grad(loss_in_steps, argnums=place)(*POINT)
    assert tangent == pytest.approx(reverse, rel=1e-14)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_w25_two_sided_differences(place):
    found = cr.differences.two_sided(lambda w: logistic_loss(w, X), (W,), (np.eye(3)[place],))
    assert found == pytest.approx(-0.3775406688, abs=1e-9, rel=0)


def test_w25_symbolically():
    """AD-11: -(1 - σ(w · x)) x."""
    names = sympy.symbols("w1:4 x1:4")
    z = sum(w * x for w, x in zip(names[:3], names[3:], strict=True))
    objective = -sympy.log(1 / (1 + sympy.exp(-z)))
    place = dict(zip(names, POINT, strict=True))
    symbolic = [float(objective.diff(w).subs(place)) for w in names[:3]]
    np.testing.assert_allclose(cr.grad(logistic_loss)(W, X), symbolic, rtol=1e-14)


def test_w25_closed_form():
    closed = -(1 - 1 / (1 + np.exp(-W @ X))) * X
    np.testing.assert_allclose(cr.grad(logistic_loss)(W, X), closed, rtol=1e-14)


# ---- W31: f = y + exp(x y), x = cos t, y = t² -------------------------------------------------


def along_the_path(t):
    x, y = cr.cos(t), t**2
    return y + cr.exp(x * y)


W31 = {
    0.0: (1, 0),
    0.5: (1.4953238798, 1.9436145028),
    1.0: (2.7165256995, 2.4104790162),
    2.0: (4.1892687443, 2.9965393143),
}


@pytest.mark.parametrize("t", W31)
def test_w31_value_and_derivative(t):
    assert cr.value_and_grad(along_the_path)(t) == pytest.approx(W31[t], abs=TENTH, rel=0)


@pytest.mark.parametrize("t", W31)
def test_ad13_derivatives_along_both_paths_add_up(t):
    """df/dt = ∂f/∂x dx/dt + ∂f/∂y dy/dt."""
    x, y = np.cos(t), t**2
    df_dx, df_dy = cr.grad(lambda x, y: y + cr.exp(x * y), argnums=(0, 1))(x, y)
    dx_dt, dy_dt = cr.grad(cr.cos)(t), cr.grad(cr.square)(t)
    assert cr.grad(along_the_path)(t) == pytest.approx(df_dx * dx_dt + df_dy * dy_dt, abs=1e-14)


@pytest.mark.parametrize("t", W31)
def test_w31_printed_formula(t):
    x, y = np.cos(t), t**2
    e = np.exp(x * y)
    printed = y * e * -np.sin(t) + (1 + x * e) * 2 * t
    assert cr.grad(along_the_path)(t) == pytest.approx(printed, abs=1e-14)


# ---- W39: y = w2 exp(w1 x) --------------------------------------------------------------------


def growth(w1, w2, x):
    return w2 * cr.exp(w1 * x)


def test_w39_value():
    assert growth(0.5, 2.0, 1.5) == pytest.approx(4.2340000332, abs=TENTH, rel=0)


@pytest.mark.parametrize(
    ("place", "want"), [(0, 6.3510000498), (1, 2.1170000166), (2, 2.1170000166)]
)
def test_w39_derivatives(place, want):
    found = cr.grad(growth, argnums=place)(0.5, 2.0, 1.5)
    assert found == pytest.approx(want, abs=TENTH, rel=0)


# ---- W42: z = 5y⁴, y = x³ + 7 -----------------------------------------------------------------


def composed(x):
    return 5 * (x**3 + 7) ** 4


W42 = {1.0: (20480, 30720), -1.0: (6480, 12960), 2.0: (253125, 810000)}


@pytest.mark.parametrize("x", W42)
def test_w42_value_and_derivative(x):
    assert cr.value_and_grad(composed)(x) == pytest.approx(W42[x], rel=1e-14)


def test_w42_at_a_half():
    assert cr.grad(composed)(0.5) == pytest.approx(5425.576171875, rel=1e-14)


@pytest.mark.parametrize(("x", "printed"), [(1.0, 480), (-1.0, 360), (2.0, 3600), (0.5, 106.875)])
def test_w42_the_printed_form_without_the_cube_is_wrong(x, printed):
    assert printed == 20 * (x**3 + 7) * 3 * x**2
    assert cr.grad(composed)(x) != pytest.approx(printed, rel=0.5)


@pytest.mark.parametrize("x", [1.0, -1.0, 2.0, 0.5])
def test_w42_symbolically(x):
    s = sympy.symbols("x")
    symbolic = sympy.diff(5 * (s**3 + 7) ** 4, s).subs(s, x)
    assert cr.grad(composed)(x) == pytest.approx(float(symbolic), rel=1e-14)


@pytest.mark.parametrize("x", [1.0, -1.0, 2.0, 0.5])
def test_ad12_derivative_of_a_composition_is_the_product(x):
    y = x**3 + 7
    outer, inner = cr.grad(lambda y: 5 * y**4)(y), cr.grad(lambda x: x**3 + 7)(x)
    assert cr.grad(composed)(x) == pytest.approx(outer * inner, rel=1e-14)
