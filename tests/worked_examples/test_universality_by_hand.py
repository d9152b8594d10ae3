"""W44, W45, W46, W54: small networks that are built to be a given function, and one that learns."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.evaluate import program
from chainrule.universal import (
    error_on_arc,
    parabola,
    semicircle,
    semicircle_to_parabola,
    spikes,
    token_angles,
    two_tanh_units,
)


TENTH = 1e-9  # what is worked out has ten digits

# ---- W44: a semicircle becomes a parabola (UN-08) -----------------------------------------------


TOKENS = token_angles(9)
X, Y = semicircle(TOKENS), parabola(TOKENS)
HIDDEN, OUTPUT = semicircle_to_parabola(8).layers

SECOND_WEIGHTS = [-1.0794879814, -0.7710628438, -0.4626377063, -0.1542125688,
                  0.1542125688, 0.4626377063, 0.7710628438, 1.0794879814]  # fmt: skip


def test_w44_excitations_are_sines_of_the_angle_past_the_threshold():
    thresholds = -np.pi / 2 + np.pi / 16 + np.arange(8) * np.pi / 8
    by_hand = np.sin(TOKENS[:, None] - thresholds)
    np.testing.assert_allclose(X @ HIDDEN.weight, by_hand, atol=1e-15)


def test_w44_no_excitation_is_near_0():
    """sin(π/16), so that the step never has to decide a tie."""
    found = np.min(np.abs(X @ HIDDEN.weight))
    assert found == pytest.approx(0.1950903220, abs=TENTH, rel=0)


def test_w44_token_i_switches_on_i_units():
    np.testing.assert_array_equal(np.sum(HIDDEN(X), axis=1), np.arange(9))


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (OUTPUT.bias, (-1.5707963268, 2.4674011003)),
        (OUTPUT.weight[:, 0], np.full(8, 0.3926990817)),
        (OUTPUT.weight[:, 1], SECOND_WEIGHTS),
        (Y[:5, 1], (2.4674011003, 1.3879131189, 0.6168502751, 0.1542125688, 0)),
    ],
    ids=["bias", "first weights", "second weights", "targets"],
)
def test_w44_numbers_of_the_construction(found, want):
    np.testing.assert_allclose(found, want, atol=TENTH, rtol=0)


def test_w44_steps_reproduce_the_tokens():
    """To 6e-17, or a little more where the sum is rounded in another order."""
    np.testing.assert_allclose(semicircle_to_parabola(8)(X), Y, atol=1e-15, rtol=0)


W44_STEPS = {
    1: (4.0694, 4),
    2: (0.9159, 4),
    4: (0.22263, 5),
    8: (0.05526, 5),
    16: (0.013791, 6),
    32: (0.003446, 6),
    64: (0.000861, 6),
}


@pytest.mark.parametrize("units", W44_STEPS)
def test_w44_error_on_the_arc(units):
    want, digits = W44_STEPS[units]
    assert round(error_on_arc(semicircle_to_parabola(units)), digits) == want


def test_w44_error_falls_with_the_square_of_the_number_of_units():
    """Faster than the O(1/N) of Barron (UN-06)."""
    errors = np.array([error_on_arc(semicircle_to_parabola(units)) for units in (8, 16, 32, 64)])
    np.testing.assert_allclose(errors[:-1] / errors[1:], 4, rtol=0.01)


W44_TOKEN_ERRORS = {1: (1.5332, 4), 5: (0.2789, 4), 10: (0.1010, 4), 20: (0.01557, 5),
                    50: (4.6e-5, 6)}  # fmt: skip
W44_ARC_ERRORS = {1: (1.6318, 4), 5: (0.0301, 4), 10: (0.00256, 5), 20: (0.00638, 5),
                  100: (0.0400, 4)}  # fmt: skip


@pytest.mark.parametrize("scale", W44_TOKEN_ERRORS)
def test_w44_worst_token_with_sigmoids(scale):
    want, digits = W44_TOKEN_ERRORS[scale]
    worst = np.max(np.linalg.norm(semicircle_to_parabola(8, "sigmoid", scale)(X) - Y, axis=1))
    assert round(worst, digits) == want


@pytest.mark.parametrize("scale", W44_ARC_ERRORS)
def test_w44_error_on_the_arc_with_sigmoids(scale):
    want, digits = W44_ARC_ERRORS[scale]
    assert round(error_on_arc(semicircle_to_parabola(8, "sigmoid", scale)), digits) == want


def test_w44_smooth_units_beat_steps_between_the_tokens():
    assert (
        error_on_arc(semicircle_to_parabola(8, "sigmoid", 10))
        < error_on_arc(semicircle_to_parabola(8)) / 20
    )


def test_w44_sigmoids_of_scale_1_at_angle_0():
    found = semicircle_to_parabola(8, "sigmoid")(semicircle(np.zeros(1)))
    np.testing.assert_allclose(found, [[0, 1.5331581340]], atol=TENTH, rtol=0)


# ---- W46: the same network with sigmoids learns -------------------------------------------------

START = semicircle_to_parabola(8, "sigmoid")
RATE = 0.02


def halved_error(network):
    """(1/2n) Σ ‖y - ŷ‖² (LO-05)."""
    return cr.mean(cr.nn.half_squared_error(network(X), Y))


def test_w46_error_at_the_start():
    assert halved_error(START) == pytest.approx(0.7993163205, abs=TENTH, rel=0)


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda hidden, output: output.bias, (0, 0.9160707578)),
        (lambda hidden, output: np.linalg.norm(hidden.weight), 0.3232697899),
        (lambda hidden, output: np.linalg.norm(output.weight), 1.3579497503),
    ],
    ids=["∇b2", "‖∇W1‖", "‖∇W2‖"],
)
def test_w46_gradients(found, want):
    gradient = cr.grad(halved_error)(START)
    np.testing.assert_allclose(found(*gradient.layers), want, atol=TENTH, rtol=0)


def fitted(epochs, **settings):
    return cr.train.fit(START, X, Y, loss="half_squared_error", optimizer=cr.train.sgd(RATE),
                        epochs=epochs, batch_size=None, order="given", **settings)  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "want"),
    [((), 0.7453044912), ((cr.train.Group("*.bias", rate=0),), 0.7611898581)],
    ids=["W1, W2 and b2", "W1 and W2"],
)
def test_w46_error_after_one_step(groups, want):
    found = halved_error(fitted(1, groups=groups).network)
    assert found == pytest.approx(want, abs=TENTH, rel=0)


W46_ERRORS = {10: 0.4918467625, 100: 0.2713811218, 1000: 0.0208219486, 20_000: 0.0037136915}


def test_w46_error_before_an_update():
    """One update is traced once and evaluated many times."""

    def update(network):
        error, gradient = cr.value_and_grad(halved_error)(network)
        return error, cr.tree.map(lambda w, slope: w - RATE * slope, network, gradient)

    one_update, network, errors = program(cr.trace(update, START)), START, {}
    for number in range(1, 20_001):
        errors[number], network = one_update(network)
    found = {number: errors[number] for number in W46_ERRORS}
    assert found == pytest.approx(W46_ERRORS, abs=TENTH, rel=0)


def test_w46_history_of_fit_is_the_error_before_each_update():
    history = fitted(1000).history["loss"]
    found = [history[number - 1] for number in (10, 100, 1000)]
    assert found == pytest.approx(list(W46_ERRORS.values())[:3], abs=TENTH, rel=0)


# One token by itself: θ = π/8, n = 1.
TOKEN = 5


def test_w46_output_of_one_token():
    np.testing.assert_allclose(START(X)[TOKEN], (0.1784927324, 1.6032520661), atol=TENTH, rtol=0)


def test_w46_error_signal_of_the_output():
    found = cr.grad(cr.nn.half_squared_error)(START(X)[TOKEN], Y[TOKEN])
    np.testing.assert_allclose(found, (-0.2142063493, 1.4490394973), atol=TENTH, rtol=0)


def test_w46_error_signal_of_the_hidden_units():
    """δ = σ'(e) ⊙ W₂ᵀ ε (BP-06): the derivative by the excitations."""

    def error(excitations):
        _, output = START.layers
        return cr.nn.half_squared_error(output(cr.sigmoid(excitations)), Y[TOKEN])

    want = (-0.3269498786, -0.2383027766, -0.1594427159, -0.0712535490,
            0.0345059974, 0.1451796385, 0.2393464374, 0.3127790933)  # fmt: skip
    found = cr.grad(error)(X[TOKEN] @ HIDDEN.weight)
    np.testing.assert_allclose(found, want, atol=TENTH, rtol=0)


# ---- W45: spikes (UN-04) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "want"),
    [(0.3, 0.4), (0.7, 0.3), (0.1, 0), (0.5, 0), (0.9, 0), (0.2, 0.2), (0.4, 0.2)],
)
def test_w45_two_spikes(x, want):
    """G(x) = 0.4 σ(s(x-0.2)) - 0.4 σ(s(x-0.4)) + 0.3 σ(s(x-0.6)) - 0.3 σ(s(x-0.8)), s = 200."""
    network = spikes([0.2, 0.6], [0.4, 0.8], [0.4, 0.3], "sigmoid", 200.0)
    np.testing.assert_allclose(network(np.array([x])), [want], atol=2e-9, rtol=0)


def error_of_spikes(cells, x):
    """The mean of (ŷ - sin 2πx)²; each of the cells of [0, 1] has the sine of its midpoint."""
    edges = np.arange(cells + 1) / cells
    sines = np.sin(2 * np.pi * (edges[:-1] + edges[1:]) / 2)
    network = spikes(edges[:-1], edges[1:], sines, "step(at_zero=1)")
    return np.mean((network(x[:, None])[:, 0] - np.sin(2 * np.pi * x)) ** 2)


W45 = {5: (0.064497, 6), 10: (0.016364, 6), 20: (0.0041063, 7), 40: (0.0010275, 7),
       80: (0.00025695, 8)}  # fmt: skip


@pytest.mark.parametrize("cells", W45)
def test_w45_error_of_a_sum_of_spikes(cells):
    """The digits are those of the mean over the inner points of a grid of 20,001.

    Without the ends, where the error is largest, it is 0.02 % below the integral.
    """
    want, digits = W45[cells]
    assert round(error_of_spikes(cells, np.linspace(0, 1, 20_001)[1:-1]), digits) == want


@pytest.mark.parametrize("cells", W45)
def test_w45_integral_of_the_error(cells):
    """1 - (N/π) sin(π/N), about π²/6N²."""
    midpoints = (np.arange(20_000) + 0.5) / 20_000
    want = 1 - cells / np.pi * np.sin(np.pi / cells)
    assert error_of_spikes(cells, midpoints) == pytest.approx(want, abs=1e-7)


# ---- W54: two tanh units (UN-07) ----------------------------------------------------------------

SURFACE = two_tanh_units()


@pytest.mark.parametrize(
    ("x", "want"),
    [
        ((0, 0), -0.9325957404),
        ((0.5, 0), 0.0533747093),
        ((1, 0), 0.4712710709),
        ((0, 1), 2.4409038732),
        ((0, -1), -1.4983617313),
    ],
)
def test_w54_surface(x, want):
    """ŷ = 0.5 + tanh(3(x₁ + x₂ - 0.3)) + tanh(3(-x₁ + x₂ - 0.3))."""
    np.testing.assert_allclose(SURFACE(np.array(x)), [want], atol=TENTH, rtol=0)
