"""W43: the 2-2-2 network, forward, backward, one step and ten thousand."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.evaluate import program


TENTH = 1e-9  # what is worked out has ten digits

# ---- W43: forward -----------------------------------------------------------------------------

X, T = (0.05, 0.10), (0.01, 0.99)
WEIGHTS = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)
BIASES = (0.35, 0.60)
RATE = 0.5


def forward(w, b):
    """Every quantity of the example, by the name it has there."""
    w1, w2, w3, w4, w5, w6, w7, w8 = w
    b1, b2 = b
    net_h1, net_h2 = w1 * X[0] + w2 * X[1] + b1, w3 * X[0] + w4 * X[1] + b1
    out_h1, out_h2 = cr.sigmoid(net_h1), cr.sigmoid(net_h2)
    net_o1, net_o2 = w5 * out_h1 + w6 * out_h2 + b2, w7 * out_h1 + w8 * out_h2 + b2
    out_o1, out_o2 = cr.sigmoid(net_o1), cr.sigmoid(net_o2)
    e_o1, e_o2 = 0.5 * (T[0] - out_o1) ** 2, 0.5 * (T[1] - out_o2) ** 2
    return {
        "net_h1": net_h1,
        "net_h2": net_h2,
        "out_h1": out_h1,
        "out_h2": out_h2,
        "net_o1": net_o1,
        "net_o2": net_o2,
        "out_o1": out_o1,
        "out_o2": out_o2,
        "e_o1": e_o1,
        "e_o2": e_o2,
        "e_total": e_o1 + e_o2,
    }


def total(w, b):
    return forward(w, b)["e_total"]


FORWARD = {
    "net_h1": 0.3775,
    "net_h2": 0.3925,
    "out_h1": 0.5932699921,
    "out_h2": 0.5968843783,
    "net_o1": 1.1059059671,
    "net_o2": 1.2249214041,
    "out_o1": 0.7513650696,
    "out_o2": 0.7729284653,
    "e_o1": 0.2748110832,
    "e_o2": 0.0235600256,
    "e_total": 0.2983711088,
}


@pytest.mark.parametrize("name", FORWARD)
def test_w43_forward(name):
    assert forward(WEIGHTS, BIASES)[name] == pytest.approx(FORWARD[name], abs=TENTH, rel=0)


# ---- W43: gradients ---------------------------------------------------------------------------

GRADIENT = {
    "w1": 0.0004385677,
    "w2": 0.0008771355,
    "w3": 0.0004977127,
    "w4": 0.0009954255,
    "w5": 0.0821670406,
    "w6": 0.0826676278,
    "w7": -0.0226025405,
    "w8": -0.0227402422,
}


@pytest.mark.parametrize("place", range(8), ids=GRADIENT)
def test_w43_gradient(place):
    want = list(GRADIENT.values())[place]
    assert cr.grad(total)(WEIGHTS, BIASES)[place] == pytest.approx(want, abs=TENTH, rel=0)


def test_w43_shared_biases_get_the_sum_over_their_units():
    found = cr.grad(total, argnums=1)(WEIGHTS, BIASES)
    assert found == pytest.approx((0.0187256094, 0.1004003251), abs=TENTH, rel=0)


def per_unit(bias1, bias2):
    """The error with a bias for each unit."""
    w = np.array(WEIGHTS)
    h = cr.sigmoid(w[:4].reshape(2, 2) @ np.array(X) + bias1)
    out = cr.sigmoid(w[4:].reshape(2, 2) @ h + bias2)
    return 0.5 * cr.sum((np.array(T) - out) ** 2)


@pytest.mark.parametrize(
    ("place", "want"),
    [(1, (0.1384985616, -0.0380982365)), (0, (0.0087713547, 0.0099542547))],
    ids=["δ_o", "δ_h"],
)
def test_w43_biases_of_each_unit_get_its_delta(place, want):
    found = cr.grad(per_unit, argnums=place)(np.full(2, 0.35), np.full(2, 0.60))
    np.testing.assert_allclose(found, want, atol=TENTH, rtol=0)


def error_of_one(place, out_h1, out_h2):
    """E_o1 or E_o2 as a function of the hidden outputs."""
    w = WEIGHTS[4 + 2 * place :]
    return 0.5 * (T[place] - cr.sigmoid(w[0] * out_h1 + w[1] * out_h2 + BIASES[1])) ** 2


HIDDEN = (0.5932699921, 0.5968843783)


@pytest.mark.parametrize(("place", "want"), [(0, 0.0553994247), (1, -0.0190491183)])
def test_w43_path_through_each_output(place, want):
    found = cr.grad(lambda h1, h2: error_of_one(place, h1, h2))(*HIDDEN)
    assert found == pytest.approx(want, abs=TENTH, rel=0)


@pytest.mark.parametrize(("argument", "want"), [(0, 0.0363503064), (1, 0.0413703226)])
def test_w43_paths_through_both_outputs_add_up(argument, want):
    def both(h1, h2):
        return error_of_one(0, h1, h2) + error_of_one(1, h1, h2)

    found = cr.grad(both, argnums=argument)(*HIDDEN)
    assert found == pytest.approx(want, abs=TENTH, rel=0)


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda: cr.grad(lambda o: 0.5 * (T[0] - o) ** 2)(0.7513650696), 0.7413650696),
        (lambda: cr.grad(cr.sigmoid)(1.1059059671), 0.1868156018),
        (lambda: cr.grad(cr.sigmoid)(0.3775), 0.2413007086),
    ],
    ids=["∂E/∂out_o1", "∂out_o1/∂net_o1", "∂out_h1/∂net_h1"],
)
def test_w43_local_derivatives(found, want):
    assert found() == pytest.approx(want, abs=TENTH, rel=0)


# ---- W43: steps -------------------------------------------------------------------------------


def step(w):
    """One step of gradient descent on the weights; the biases stay."""
    gradient = cr.grad(total)(w, BIASES)
    return tuple(one - RATE * slope for one, slope in zip(w, gradient, strict=True))


NEXT = {
    "w1": 0.1497807161,
    "w2": 0.1995614323,
    "w3": 0.2497511436,
    "w4": 0.2995022873,
    "w5": 0.3589164797,
    "w6": 0.4086661861,
    "w7": 0.5113012702,
    "w8": 0.5613701211,
}


@pytest.mark.parametrize("place", range(8), ids=NEXT)
def test_w43_next_weight(place):
    want = list(NEXT.values())[place]
    assert step(WEIGHTS)[place] == pytest.approx(want, abs=TENTH, rel=0)


def test_w43_error_after_one_step():
    assert total(step(WEIGHTS), BIASES) == pytest.approx(0.2910277737, abs=TENTH, rel=0)


def test_w43_outputs_after_one_step():
    found = forward(step(WEIGHTS), BIASES)
    want = (0.7420881112, 0.7752849683)
    assert (found["out_o1"], found["out_o2"]) == pytest.approx(want, abs=TENTH, rel=0)


@pytest.fixture(scope="module")
def trained():
    """The weights after 10,000 steps: one step is traced once and evaluated many times."""
    one_step = program(cr.trace(step, WEIGHTS))
    w = WEIGHTS
    for _ in range(10_000):
        w = one_step(w)
    return w


def test_w43_error_after_10000_steps(trained):
    assert total(trained, BIASES) == pytest.approx(3.5101878e-5, abs=1e-12, rel=0)


def test_w43_outputs_after_10000_steps(trained):
    found = forward(trained, BIASES)
    want = (0.0159136204, 0.9840642735)
    assert (found["out_o1"], found["out_o2"]) == pytest.approx(want, abs=TENTH, rel=0)


def first_weight_after(output_weights):
    """w1 after one step if the error signals go back through these weights w5 to w8."""

    w5, w6, w7, w8 = output_weights
    delta_o1, delta_o2 = 0.1384985616, -0.0380982365  # those of the old weights

    def weighted(w1):
        hidden = forward((w1, *WEIGHTS[1:]), BIASES)
        net_o1 = w5 * hidden["out_h1"] + w6 * hidden["out_h2"]
        net_o2 = w7 * hidden["out_h1"] + w8 * hidden["out_h2"]
        return delta_o1 * net_o1 + delta_o2 * net_o2

    return WEIGHTS[0] - RATE * cr.grad(weighted)(WEIGHTS[0])


@pytest.mark.parametrize(
    ("output_weights", "want"),
    [(WEIGHTS[4:], 0.1497807161), (step(WEIGHTS)[4:], 0.1498176386)],
    ids=["old", "updated"],
)
def test_w43_trap_of_updating_the_output_weights_first(output_weights, want):
    assert first_weight_after(output_weights) == pytest.approx(want, abs=TENTH, rel=0)


def test_w43_hidden_gradients_use_the_old_output_weights():
    assert step(WEIGHTS)[0] == pytest.approx(first_weight_after(WEIGHTS[4:]), abs=1e-11)
