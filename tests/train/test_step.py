"""The training step: one graph, equal to loss, gradient and update by hand."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import OPTIMIZERS
from chainrule.train.rows import Batches
from chainrule.train.step import Objective, Update, evaluation, training_step


LOSS = cr.nn.loss("cross_entropy")
OBJECTIVE = Objective(LOSS)
KEY = cr.key(0)
STEPPING = {name: make for name, make in OPTIMIZERS.items() if name != "lbfgs"}
each_optimizer = pytest.mark.parametrize("name", STEPPING)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def batches(dtype, rows=cr.BATCH):
    return Batches(cr.ArrayType((rows, 3), dtype), cr.ArrayType((rows,), "int64"))


def network(dtype="float64"):
    return cr.tree.pack(cr.nn.mlp([3, 4, 2], "tanh", rng=0, dtype=dtype))


def samples(rows, dtype="float64"):
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, 3)).astype(dtype), rng.integers(0, 2, rows)


@each_optimizer
@each_dtype
def test_step_is_one_graph_in_the_dtype_of_the_network(name, dtype):
    vector, packing = network(dtype)
    step = training_step(packing, OBJECTIVE, Update(STEPPING[name]()), batches(dtype))
    assert isinstance(step, cr.Graph) and not step.missing
    assert step.outputs[0].type.dtype == step.outputs[-1].type.dtype == dtype
    assert step.outputs[0].type.shape == vector.shape


@each_optimizer
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12)])
def test_steps_equal_those_by_hand(name, dtype, tolerance):
    optimizer = STEPPING[name](0.05)
    vector, packing = network(dtype)
    update = Update(optimizer)
    step = training_step(packing, OBJECTIVE, update, batches(dtype))
    state = update.init(vector)
    for number, rows in enumerate((5, 2, 7), start=1):
        x, y = samples(rows, dtype)

        def objective(v, x=x, y=y):
            return cr.mean(cr.nn.cross_entropy(packing.unpack(v)(x), y))

        value, gradient = cr.value_and_grad(objective)(vector)
        want = optimizer.update(vector, gradient, state["optimizer"], 0.05, float(number))
        vector, state, found = step(vector, state, 0.05, float(number), KEY, x, y, None)
        pairs = zip(
            cr.tree.leaves((vector, state, found)), cr.tree.leaves((*want, value)), strict=True
        )
        for got, expected in pairs:
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@each_optimizer
def test_gradient_inside_the_step_is_checked_by_differences(name):
    """Of the loss that the step reports, by the vector that it takes."""
    vector, packing = network()
    update = Update(STEPPING[name]())
    step = training_step(packing, OBJECTIVE, update, batches("float64"))
    state, (x, y) = update.init(vector), samples(4)
    report = cr.check_derivatives(lambda v: step(v, state, 0.1, 1.0, KEY, x, y, None)[2], vector)
    assert report.max_error < 1e-7


def test_learning_rate_is_an_input_and_not_a_constant():
    vector, packing = network()
    step = training_step(packing, OBJECTIVE, Update(cr.train.sgd(0.5)), batches("float64"))
    x, y = samples(6)
    state = Update(cr.train.sgd()).init(vector)
    short, long = (
        step(vector, state, rate, 1.0, KEY, x, y, None)[0] - vector for rate in (0.1, 0.2)
    )
    np.testing.assert_allclose(2 * short, long, atol=1e-12)


def test_number_of_rows_can_be_fixed():
    vector, packing = network()
    step = training_step(packing, OBJECTIVE, Update(cr.train.sgd()), batches("float64", rows=4))
    state = Update(cr.train.sgd()).init(vector)
    assert np.isfinite(step(vector, state, 0.1, 1.0, KEY, *samples(4), None)[2])
    with pytest.raises(ValueError, match=r"shape \[5,3\], expected \[4,3\]"):
        step(vector, state, 0.1, 1.0, KEY, *samples(5), None)


def test_evaluation_gives_the_sum_of_every_function():
    vector, packing = network()
    functions = {"loss": LOSS.function, **LOSS.metrics}
    x, y = samples(9)
    found = evaluation(packing, functions, batches("float64"))(vector, x, y, None)
    scores = packing.unpack(vector)(x)
    np.testing.assert_allclose(found["loss"], np.sum(cr.nn.cross_entropy(scores, y)), rtol=1e-12)
    assert found["accuracy"] == np.sum(scores.argmax(axis=1) == y)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda prediction, target: cr.mean(prediction), r"\[\]"),
        (lambda prediction, target: prediction, r"\[batch,2\]"),
        (lambda prediction, target: cr.square(prediction[:, :1] - target), r"\[batch,batch\]"),
    ],
    ids=["scalar", "one an output", "broadcast"],
)
def test_loss_that_is_not_one_number_a_sample_is_refused(function, shape):
    _, packing = network()
    with pytest.raises(
        ValueError, match=rf"shape {shape}, expected one number a sample, \[batch\]"
    ):
        training_step(
            packing, Objective(cr.nn.loss(function)), Update(cr.train.sgd()), batches("float64")
        )
