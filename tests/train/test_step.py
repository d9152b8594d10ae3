"""The training step: one graph, equal to loss, gradient and update by hand."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import OPTIMIZERS
from chainrule.train.step import Batches, evaluation, training_step


LOSS = cr.nn.loss("cross_entropy")
each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
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
    step = training_step(packing, LOSS, OPTIMIZERS[name](), batches(dtype))
    assert isinstance(step, cr.Graph) and not step.missing
    assert {node.type.dtype for node in step.outputs} == {dtype}
    assert step.outputs[0].type.shape == vector.shape


@each_optimizer
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12)])
def test_steps_equal_those_by_hand(name, dtype, tolerance):
    optimizer = OPTIMIZERS[name](0.05)
    vector, packing = network(dtype)
    step = training_step(packing, LOSS, optimizer, batches(dtype))
    state = optimizer.init(vector)
    for number, rows in enumerate((5, 2, 7), start=1):
        x, y = samples(rows, dtype)

        def objective(v, x=x, y=y):
            return cr.mean(cr.nn.cross_entropy(packing.unpack(v)(x), y))

        value, gradient = cr.value_and_grad(objective)(vector)
        want = optimizer.update(vector, gradient, state, 0.05, float(number))
        vector, state, found = step(vector, state, 0.05, float(number), x, y)
        pairs = zip(
            cr.tree.leaves((vector, state, found)), cr.tree.leaves((*want, value)), strict=True
        )
        for got, expected in pairs:
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@each_optimizer
def test_gradient_inside_the_step_is_checked_by_differences(name):
    """Of the loss that the step reports, by the vector that it takes."""
    vector, packing = network()
    optimizer = OPTIMIZERS[name]()
    step = training_step(packing, LOSS, optimizer, batches("float64"))
    state, (x, y) = optimizer.init(vector), samples(4)
    report = cr.check_derivatives(lambda v: step(v, state, 0.1, 1.0, x, y)[2], vector)
    assert report.max_error < 1e-7


def test_learning_rate_is_an_input_and_not_a_constant():
    vector, packing = network()
    step = training_step(packing, LOSS, cr.train.sgd(0.5), batches("float64"))
    x, y = samples(6)
    short, long = (step(vector, {}, rate, 1.0, x, y)[0] - vector for rate in (0.1, 0.2))
    np.testing.assert_allclose(2 * short, long, atol=1e-12)


def test_number_of_rows_can_be_fixed():
    vector, packing = network()
    step = training_step(packing, LOSS, cr.train.sgd(), batches("float64", rows=4))
    assert np.isfinite(step(vector, {}, 0.1, 1.0, *samples(4))[2])
    with pytest.raises(ValueError, match=r"shape \[5,3\], expected \[4,3\]"):
        step(vector, {}, 0.1, 1.0, *samples(5))


def test_evaluation_gives_the_mean_of_every_function():
    vector, packing = network()
    functions = {"loss": LOSS.function, **LOSS.metrics}
    x, y = samples(9)
    found = evaluation(packing, functions, batches("float64"))(vector, x, y)
    scores = packing.unpack(vector)(x)
    np.testing.assert_allclose(found["loss"], np.mean(cr.nn.cross_entropy(scores, y)), rtol=1e-12)
    assert found["accuracy"] == np.mean(scores.argmax(axis=1) == y)


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
        training_step(packing, cr.nn.loss(function), cr.train.sgd(), batches("float64"))
