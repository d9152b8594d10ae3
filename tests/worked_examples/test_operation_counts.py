"""W34 and the cost rules CC-01 to CC-05, counted in graphs."""

import numpy as np
import pytest

import chainrule as cr


def network(sizes):
    return cr.nn.mlp(sizes, "tanh", rng=0)


def objective(net, x):
    return cr.mean(net(x))


def forward_cost(sizes, batch=1):
    x = cr.ArrayType((cr.BATCH, sizes[0]), "float32")
    return cr.cost(cr.trace(objective, network(sizes), x), batch).multiply_adds


def gradient_cost(sizes, batch=1):
    """Forward and backward together."""
    x = cr.ArrayType((cr.BATCH, sizes[0]), "float32")
    return cr.cost(cr.trace(cr.value_and_grad(objective), network(sizes), x), batch).multiply_adds


W34 = {  # weights, exact backward, parameters
    (2, 2, 2): (8, 12, 12),
    (2, 3, 2, 1): (14, 22, 20),
    (784, 100, 10): (79_400, 80_400, 79_510),
    (784, 100, 100, 10): (89_400, 100_400, 89_610),
}
every_network = pytest.mark.parametrize("sizes", W34, ids=lambda sizes: "-".join(map(str, sizes)))


@every_network
def test_w34_forward_is_one_multiply_add_a_weight(sizes):
    assert forward_cost(sizes) == W34[sizes][0]


@every_network
def test_w34_gradient_is_forward_and_exact_backward(sizes):
    """CC-02: two a weight, but for the first layer, whose input needs no gradient."""
    assert gradient_cost(sizes) == W34[sizes][0] + W34[sizes][1]


@every_network
def test_w34_backward_costs_twice_the_forward_less_the_first_layer(sizes):
    assert gradient_cost(sizes) - forward_cost(sizes) == 2 * W34[sizes][0] - sizes[0] * sizes[1]


@every_network
def test_w34_gradient_of_the_input_too_costs_the_whole_2_for_1(sizes):
    both = cr.value_and_grad(objective, argnums=(0, 1))
    x = cr.ArrayType((1, sizes[0]), "float32")
    assert cr.cost(cr.trace(both, network(sizes), x)).multiply_adds == 3 * W34[sizes][0]


@every_network
def test_w34_parameters(sizes):
    assert cr.nn.parameter_count(network(sizes)) == W34[sizes][2]


@pytest.mark.parametrize("batch", [2, 64])
def test_cost_is_linear_in_the_number_of_rows(batch):
    assert gradient_cost((4, 5, 3), batch) == batch * gradient_cost((4, 5, 3))


def test_cc03_backward_of_a_deep_network_is_about_two_forwards():
    sizes = (50,) * 30
    ratio = (gradient_cost(sizes) - forward_cost(sizes)) / forward_cost(sizes)
    assert ratio == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("count", [forward_cost, gradient_cost])
def test_cc04_one_more_layer_costs_the_same_each_time(count):
    costs = [count((20,) * depth) for depth in range(3, 9)]
    assert len(set(np.diff(costs))) == 1


@pytest.mark.parametrize("count", [forward_cost, gradient_cost])
def test_cc04_cost_is_quadratic_in_the_units(count):
    assert count((40,) * 5) == 4 * count((20,) * 5)


# ---- CC-05: how often the function is evaluated -----------------------------------------------


class Counted:
    """A function of a vector that counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return cr.sum(cr.tanh(x) ** 2)


POINT = np.linspace(-1, 1, 7)


def test_cc05_reverse_mode_gets_all_derivatives_in_one_pass():
    counted = Counted()
    cr.grad(counted)(POINT)
    assert counted.calls == 1


@pytest.mark.parametrize("method", ["one_sided", "two_sided"])
def test_cc05_a_quotient_takes_two_evaluations_a_parameter(method):
    counted = Counted()
    for direction in np.eye(7):
        cr.differences.METHODS[method](counted, (POINT,), (direction,))
    assert counted.calls == 2 * 7


def test_cc05_a_complex_step_takes_one_evaluation_a_parameter():
    counted = Counted()
    for direction in np.eye(7):
        cr.differences.complex_step(counted, (POINT,), (direction,))
    assert counted.calls == 7


def test_cc05_reverse_mode_costs_the_same_for_one_parameter_or_many():
    """In multiples of the function; forward mode takes one such pass for each of them."""

    def f(x):
        return cr.sum(cr.tanh(x) ** 2)

    ratios = []
    for size in (10, 1000):
        x = np.ones(size)
        whole = cr.cost(cr.trace(cr.value_and_grad(f), x)).total
        ratios.append(whole / cr.cost(cr.trace(f, x)).total)
    assert ratios[1] == pytest.approx(ratios[0], rel=0.1)


def test_cc05_one_forward_mode_pass_gives_one_directional_derivative():
    def f(x):
        return cr.sum(cr.tanh(x) ** 2)

    columns = [cr.jvp(f, (POINT,), (direction,))[1] for direction in np.eye(7)]
    np.testing.assert_allclose(columns, cr.grad(f)(POINT), rtol=1e-14)
