"""Optimisers: their formulas written out over all gradients, dtypes, groups, graphs, refusals."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.train.optimizers import OPTIMIZERS, Lbfgs, lbfgs, optimizer
from chainrule.types import ArrayType


STEPS = 50
FIRST_ORDER = {name: make for name, make in OPTIMIZERS.items() if make is not lbfgs}
every_optimizer = pytest.mark.parametrize("name", FIRST_ORDER)


def gradients(dtype="float64"):
    """`(STEPS, 6)`: large and small ones, one that is always 0, one that is 0 at first."""
    scales = np.array([1.0, 1e-3, 1e3, 1.0, 0.0, 1.0])
    found = np.random.default_rng(0).normal(0.2, 1, (STEPS, 6)) * scales
    found[:5, 5] = 0
    return found.astype(dtype)


def path(chosen, history, rate, update=None):
    """`(steps, parameters)`: where an optimiser goes that is given these gradients, from 1."""
    update = update or chosen.update
    point = np.ones_like(history[0])
    state = chosen.init(point)
    points = []
    for step, gradient in enumerate(history, start=1):
        point, state = update(point, gradient, state, rate, np.float64(step))
        points.append(point)
    return np.array(points), state


# ---- formulas: what is added in a step, from all gradients `(step, parameters)` so far -----------


def fading(share, history):
    """Σ shareᵃ g over the gradients, each of age a."""
    ages = np.arange(len(history))[::-1]
    return np.sum(share ** ages[:, None] * history, axis=0)


def average(share, history):
    return (1 - share) * fading(share, history)


def by_momentum(g, rate):
    return -rate * fading(0.8, g)


def by_nesterov(g, rate):
    return 0.8 * by_momentum(g, rate) - rate * g[-1]


def by_adagrad(g, rate):
    return -rate * g[-1] / (np.sqrt(np.sum(g**2, axis=0)) + 1e-3)


def by_rmsprop(g, rate):
    return -rate * g[-1] / (np.sqrt(average(0.9, g**2)) + 1e-3)


def by_adadelta(g, rate):
    moves = np.zeros((1, g.shape[1]))
    for step in range(1, len(g) + 1):
        ratio = np.sqrt((average(0.8, moves**2) + 1e-3) / (average(0.8, g[:step] ** 2) + 1e-3))
        moves = np.vstack([moves, ratio * g[step - 1]])
    return -rate * moves[-1]


def size_by_adam(g):
    return np.sqrt(average(0.95, g**2) / (1 - 0.95 ** len(g))) + 1e-3


def by_adam(g, rate):
    return -rate * average(0.8, g) / (1 - 0.8 ** len(g)) / size_by_adam(g)


def by_adamax(g, rate):
    ages = np.arange(len(g))[::-1]
    largest = np.max(0.95 ** ages[:, None] * (np.abs(g) + 1e-3), axis=0)
    return -rate * average(0.8, g) / (1 - 0.8 ** len(g)) / largest


def by_nadam(g, rate):
    t = len(g)
    mu = [0.8 * (1 - 0.5 * 0.96 ** (0.1 * step)) for step in range(1, t + 2)]
    of_gradient = (1 - mu[t - 1]) / (1 - math.prod(mu[:t]))
    of_average = mu[t] / (1 - math.prod(mu))
    return -rate * (of_gradient * g[-1] + of_average * average(0.8, g)) / size_by_adam(g)


def by_lion(g, rate):
    return -rate * np.sign(0.8 * average(0.95, g[:-1]) + 0.2 * g[-1])


BETAS = "beta1=0.8, beta2=0.95"
FORMULAS = {
    "sgd": lambda g, rate: -rate * g[-1],
    "momentum(momentum=0.8)": by_momentum,
    "nesterov(momentum=0.8)": by_nesterov,
    "adagrad(epsilon=1e-3)": by_adagrad,
    "rmsprop(rho=0.9, epsilon=1e-3)": by_rmsprop,
    "adadelta(rho=0.8, epsilon=1e-3)": by_adadelta,
    f"adam({BETAS}, epsilon=1e-3)": by_adam,
    f"adamw({BETAS}, epsilon=1e-3)": by_adam,
    f"adamax({BETAS}, epsilon=1e-3)": by_adamax,
    f"nadam({BETAS}, epsilon=1e-3, momentum_decay=0.1)": by_nadam,
    f"lion({BETAS})": by_lion,
}


@pytest.mark.parametrize("text", FORMULAS)
def test_path_is_that_of_the_formula_over_all_gradients(text):
    history = gradients()
    changes = [FORMULAS[text](history[:step], 0.03) for step in range(1, STEPS + 1)]
    found, _ = path(optimizer(text), history, 0.03)
    np.testing.assert_allclose(found, 1 + np.cumsum(changes, axis=0), rtol=1e-12, atol=1e-12)


def test_every_optimizer_has_its_formula_here():
    assert {text.split("(")[0] for text in FORMULAS} == FIRST_ORDER.keys()


# ---- what holds for all --------------------------------------------------------------------------


@every_optimizer
def test_float32_stays_float32(name):
    points, state = path(optimizer(name), gradients("float32"), np.float64(0.03))
    vectors = [vector for vector in state.values() if vector.ndim]
    assert {vector.dtype.name for vector in [points, *vectors]} == {"float32"}


@every_optimizer
def test_float32_goes_where_float64_goes(name):
    rough, _ = path(optimizer(name), gradients("float32"), 0.03)
    exact, _ = path(optimizer(name), gradients("float32").astype("float64"), 0.03)
    np.testing.assert_allclose(rough, exact, rtol=2e-5, atol=2e-5)


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rate_of_each_parameter_acts_on_it_alone(name, dtype):
    rates = np.array([0.0, 0.1, 0.1, 0.01, 0.1, 1.0])
    together, _ = path(optimizer(name), gradients(dtype), rates)
    for place, rate in enumerate(rates):
        alone, _ = path(optimizer(name), gradients(dtype), np.float64(rate))
        np.testing.assert_array_equal(together[:, place], alone[:, place])


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [np.float64(0.03), np.full(6, 0.03)], ids=["scalar", "vector"])
def test_graph_of_an_update_gives_the_bits_of_the_update(name, dtype, rate):
    chosen, history = optimizer(name), gradients(dtype)
    state = chosen.init(history[0])
    graph = cr.trace(chosen.update, history[0], history[0], state, rate, ArrayType())
    traced, _ = path(chosen, history, rate, graph)
    np.testing.assert_array_equal(traced, path(chosen, history, rate)[0])


def test_settings_of_numpy_do_not_widen_float32():
    chosen = cr.train.adam(np.float64(0.1), beta1=np.float64(0.9), epsilon=np.float64(1e-8))
    points, _ = path(chosen, gradients("float32"), 0.1)
    assert points.dtype == "float32"


#: Learning rates that suit the valley; they fall in a straight line to 0.
RATES = {"adadelta": 30.0, "adagrad": 1.0}


@every_optimizer
def test_every_optimizer_finds_the_minimum_of_a_valley(name):
    def valley(p):
        return p[0] ** 2 / 20 + p[1] ** 2

    chosen, point = optimizer(name), np.array([-7.0, 2.0])
    state, gradient = chosen.init(point), cr.trace(cr.grad(valley), point)
    for step in range(1, 501):
        rate = RATES.get(name, 0.3) * (1 - step / 500)
        point, state = chosen.update(point, gradient(point), state, rate, np.float64(step))
    assert valley(point) < 1e-5


# ---- settings ------------------------------------------------------------------------------------


def test_adam_adds_epsilon_after_the_root():
    """The first step is η g / (|g| + ε)."""
    adam = cr.train.adam(0.1, epsilon=2.0)
    point, gradient = np.zeros(2), np.array([3.0, -8.0])
    moved, _ = adam.update(point, gradient, adam.init(point), 0.1, 1.0)
    np.testing.assert_allclose(moved, [-0.1 * 3 / 5, 0.1 * 8 / 10], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "weight_decay"),
    [("adam", 0), ("adamw", 0.01), ("lion", 0), ("lion(weight_decay=0.1)", 0.1)],
)
def test_weight_decay_belongs_to_the_record(text, weight_decay):
    assert optimizer(text).weight_decay == weight_decay


@pytest.mark.parametrize("make", FIRST_ORDER.values(), ids=FIRST_ORDER)
@pytest.mark.parametrize("rate", [0, -1, np.nan, np.inf, "fast", None])
def test_learning_rate_must_be_a_number_above_0(make, rate):
    with pytest.raises(ValueError, match=f"learning rate {rate!r}; expected a number above 0"):
        make(rate)


REFUSED = [
    ("adam(beta1=1)", "adam: beta1 1; expected a number from 0 to below 1"),
    ("adamw(beta2=-0.1)", "adamw: beta2 -0.1; expected a number from 0 to below 1"),
    ("adamw(weight_decay=-1)", "adamw: weight_decay -1; expected a number from 0"),
    ("adamax(epsilon=0)", "adamax: epsilon 0; expected a number above 0"),
    ("nadam(momentum_decay=-1)", "nadam: momentum_decay -1; expected a number from 0"),
    ("nadam(beta1=1e400)", "nadam: beta1 inf; expected a number from 0 to below 1"),
    ("lion(beta2=1.5)", "lion: beta2 1.5; expected a number from 0 to below 1"),
    ("momentum(momentum=1)", "momentum: momentum 1; expected a number from 0 to below 1"),
    ("nesterov(momentum=big)", "nesterov: momentum 'big'; expected a number from 0 to below 1"),
    ("rmsprop(rho=None)", "rmsprop: rho None; expected a number from 0 to below 1"),
    ("adagrad(epsilon=-1)", "adagrad: epsilon -1; expected a number above 0"),
    ("adadelta(rho=1)", "adadelta: rho 1; expected a number from 0 to below 1"),
    ("lbfgs(iterations=0)", "lbfgs: iterations 0; expected a whole number from 1"),
    ("lbfgs(memory=2.5)", "lbfgs: memory 2.5; expected a whole number from 1"),
    ("lbfgs(tolerance=0)", "lbfgs: tolerance 0; expected a number above 0"),
    ("lbfgs(learning_rate=1)", "unknown setting of optimizer lbfgs: 'learning_rate'"),
    ("adam(beta=0.9)", "unknown setting of optimizer adam: 'beta'; did you mean 'beta2'?"),
    ("adan", "unknown optimizer 'adan'; did you mean 'adam'?"),
    ("adam(0.1)", "expected a name, or a name with settings"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_setting_that_does_not_fit_is_refused(text, message):
    with pytest.raises(ValueError) as caught:
        optimizer(text)
    assert message in str(caught.value)


def test_lbfgs_is_a_record_without_a_learning_rate():
    found = optimizer("lbfgs(iterations=7, memory=3, tolerance=1e-8)")
    assert found == Lbfgs(iterations=7, memory=3, tolerance=1e-8)
    assert found.name == "lbfgs"


@pytest.mark.parametrize("record", [cr.train.sgd(0.5), Lbfgs()], ids=["sgd", "lbfgs"])
def test_record_is_taken_as_it_is(record):
    assert optimizer(record) is record


def test_function_that_makes_an_optimizer_is_not_one():
    with pytest.raises(TypeError, match=r"function adam .*; expected a name, or adam\(1e-3\)"):
        optimizer(cr.train.adam)
