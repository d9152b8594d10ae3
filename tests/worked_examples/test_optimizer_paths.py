"""W40, W52: the paths of optimisers down a valley, and learning rates that fall with time."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train.optimizers import optimizer
from chainrule.train.schedules import Clock, schedule


START = np.array([-7.0, 2.0])


def valley(p):
    """x²/20 + y²: OP-13."""
    return p[0] ** 2 / 20 + p[1] ** 2


GRADIENT = cr.trace(cr.grad(valley), START)


def path(chosen, steps):
    """`(steps, 2)`: the points that an optimiser visits from `START`."""
    point, state = START, chosen.init(START)
    points = []
    for step in range(1, steps + 1):
        point, state = chosen.update(
            point, GRADIENT(point), state, chosen.learning_rate, np.float64(step)
        )
        points.append(point)
    return np.array(points)


# ---- W40 -----------------------------------------------------------------------------------------

W40 = {
    "sgd(learning_rate=0.95)": (
        [(-6.335, -1.8), (-5.733175, 1.62)],
        (-0.3503929958, 0.0847823166),
        0.0133268038,  # exactly 49/20 · 0.905⁶⁰ + 4 · 0.9⁶⁰
    ),
    "momentum(learning_rate=0.1, momentum=0.9)": (
        [(-6.93, 1.6), (-6.7977, 0.92)],
        (0.8964138585, 0.0880856017),
        0.0479369635,
    ),
    "adagrad(learning_rate=1.5, epsilon=1e-7)": (
        [(-5.5000002143, 0.5000000375), (-4.5732679682, 0.1361965831)],
        (-0.1201623223, 0),
        0.0007219492,
    ),
    "adam(learning_rate=0.3, beta1=0.9, beta2=0.999, epsilon=1e-8)": (
        [(-6.7000000043, 1.7000000007), (-6.4004143017, 1.4022453286)],
        (0.1360146173, 0.3182453889),
        0.1022051264,
    ),
}


@pytest.mark.parametrize("text", W40)
def test_w40_first_steps_have_the_printed_digits(text):
    first, _, _ = W40[text]
    np.testing.assert_allclose(path(optimizer(text), 2), first, rtol=0, atol=5.1e-11)


@pytest.mark.parametrize("text", W40)
def test_w40_point_after_30_steps_has_the_printed_digits(text):
    _, last, height = W40[text]
    found = path(optimizer(text), 30)[-1]
    np.testing.assert_allclose(found, last, rtol=0, atol=5.1e-11)
    np.testing.assert_allclose(valley(found), height, rtol=0, atol=5.1e-11)


def test_w40_start_is_at_height_6_45():
    assert valley(START) == pytest.approx(6.45, abs=1e-15)


# ---- OP-15: a learning rate that is too large ----------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.95, 0.999])
def test_steep_axis_of_the_valley_converges_below_rate_1(rate):
    heights = np.abs(path(cr.train.sgd(rate), 20)[:, 1])
    assert np.all(np.diff([2, *heights]) < 0)


def test_steep_axis_of_the_valley_jumps_from_side_to_side_at_rate_1():
    np.testing.assert_array_equal(path(cr.train.sgd(1.0), 6)[:, 1], [-2, 2, -2, 2, -2, 2])


@pytest.mark.parametrize("rate", [1.001, 1.05, 2.0])
def test_steep_axis_of_the_valley_diverges_above_rate_1(rate):
    heights = np.abs(path(cr.train.sgd(rate), 20)[:, 1])
    assert np.all(np.diff([2, *heights]) > 0)


def test_flat_axis_of_the_valley_still_converges_where_the_steep_one_diverges():
    points = np.abs(path(cr.train.sgd(1.05), 100))
    assert points[-1, 0] < 1e-3
    assert points[-1, 1] > 1e3


# ---- W52 -----------------------------------------------------------------------------------------


def rates(name, steps):
    """The learning rates of the first `steps` updates, from η₀ = 1."""
    return schedule(name).factor(Clock(np.arange(float(steps)), steps, steps))


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("inverse_time", (1, 0.5, 0.3333, 0.25, 0.1, 0.01)),
        ("inverse_sqrt", (1, 0.7071, 0.5774, 0.5, 0.3162, 0.1)),
    ],
)
def test_w52_rates_have_the_printed_digits(name, want):
    found = rates(name, 100)[[0, 1, 2, 3, 9, 99]]
    np.testing.assert_allclose(found, want, rtol=0, atol=5e-5)


@pytest.mark.parametrize(
    ("name", "power", "want", "digit"),
    [
        ("inverse_time", 1, 14.3927, 1e-4),
        ("inverse_time", 2, 1.644933, 1e-6),
        ("inverse_sqrt", 1, 1998.54, 1e-2),
        ("inverse_sqrt", 2, 14.3927, 1e-4),
    ],
)
def test_w52_sums_over_a_million_steps_have_the_printed_digits(name, power, want, digit):
    assert np.sum(rates(name, 1_000_000) ** power) == pytest.approx(want, abs=digit / 2)


def test_w52_only_inverse_time_meets_both_conditions_of_robbins_and_monro():
    """LS-04: from 10³ to 10⁶ steps a sum that diverges grows on, here by log 1000 or more."""
    growth = {
        (name, power): np.sum(rates(name, 1_000_000)[1000:] ** power)
        for name in ("inverse_time", "inverse_sqrt")
        for power in (1, 2)
    }
    diverges = {key for key, value in growth.items() if value > np.log(1000) - 1e-3}
    assert diverges == {("inverse_time", 1), ("inverse_sqrt", 1), ("inverse_sqrt", 2)}
    assert growth["inverse_time", 2] < 1e-3
