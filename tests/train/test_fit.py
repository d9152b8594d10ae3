"""The training loop: what it learns, keeps, reports, survives and refuses."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import DivergedError, fit, loop
from chainrule.train.rows import Batches
from chainrule.train.step import Objective, Update, training_step
from chainrule.tree import Array


XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def net(*sizes, rng=0, **settings):
    return cr.nn.mlp(sizes, "tanh", rng=rng, **settings)


def test_learns_xor():
    result = fit(net(2, 8, 2), *XOR, loss="cross_entropy", optimizer=cr.train.adam(0.05),
                 epochs=200, batch_size=4)  # fmt: skip
    assert result.network(XOR[0]).argmax(axis=1).tolist() == [0, 1, 1, 0]
    assert result.history["loss"][-1] < 0.01 < result.history["loss"][0]


def test_learns_a_regression():
    x = np.linspace(-1, 1, 40)[:, None]
    y = np.sin(3 * x[:, 0])
    adam = cr.train.adam(0.01)
    result = fit(
        net(1, 20, 1), x, y, loss="squared_error", optimizer=adam, epochs=800, batch_size=8
    )
    assert np.max(np.abs(result.network(x)[:, 0] - y)) < 0.1


def test_history_has_an_entry_for_every_epoch():
    result = fit(net(3, 4, 2), X, Y, loss="cross_entropy", epochs=7, validation=0.2)
    assert {name: len(values) for name, values in result.history.items()} == {
        "loss": 7, "learning_rate": 7, "validation_loss": 7, "validation_accuracy": 7,
        "seconds": 7,
    }  # fmt: skip


def test_loss_of_an_epoch_is_the_mean_over_samples():
    """With a learning rate near 0: the smaller last batch counts by its size."""
    result = fit(net(3, 4, 2, dtype="float64"), X, Y, loss="cross_entropy", epochs=1,
                 optimizer=cr.train.sgd(1e-12), batch_size=32)  # fmt: skip
    want = np.mean(cr.nn.cross_entropy(net(3, 4, 2, dtype="float64")(X), Y))
    np.testing.assert_allclose(result.history["loss"][0], want, rtol=1e-9)


def test_validation_pair_is_evaluated_and_not_learnt():
    with_pair = fit(net(3, 4, 2), X, Y, loss="cross_entropy", epochs=2, validation=(X[:9], Y[:9]))
    without = fit(net(3, 4, 2), X, Y, loss="cross_entropy", epochs=2)
    assert with_pair.history["loss"] == without.history["loss"]
    want = np.mean(cr.nn.cross_entropy(with_pair.network(X[:9]), Y[:9]))
    np.testing.assert_allclose(with_pair.history["validation_loss"][-1], want, rtol=1e-5)


def test_best_is_the_network_of_the_lowest_validation_loss():
    result = fit(net(3, 30, 2), X, Y, loss="cross_entropy", optimizer=cr.train.adam(0.05),
                 epochs=60, validation=(X[:9], 1 - Y[:9]))  # fmt: skip
    curve = result.history["validation_loss"]
    assert result.best_epoch == 1 + int(np.argmin(curve)) < 60
    want = np.mean(cr.nn.cross_entropy(result.best(X[:9]), 1 - Y[:9]))
    np.testing.assert_allclose(min(curve), want, rtol=1e-5)


def test_every_epoch_takes_each_sample_once_in_an_order_of_its_own(monkeypatch):
    orders = []

    def epoch(position, rows, plan):
        orders.append(plan.order)
        return position, np.zeros(2)

    monkeypatch.setattr("chainrule.train.backend.numpy_epoch", lambda step: epoch)
    fit(net(3, 2), X, Y, loss="cross_entropy", epochs=3)
    assert [sorted(order) for order in orders] == [list(range(50))] * 3
    assert len({tuple(order) for order in orders}) == 3


def test_network_that_came_is_unchanged():
    network = net(3, 4, 2)
    before = cr.tree.pack(network)[0].copy()
    fit(network, X, Y, loss="cross_entropy", epochs=1)
    np.testing.assert_array_equal(cr.tree.pack(network)[0], before)


def weights(seed):
    result = fit(net(3, 16, 2), X, Y, loss="cross_entropy", epochs=3, seed=seed, validation=0.1)
    return cr.tree.pack(result.network)[0].tobytes()


def test_same_seed_gives_the_same_bits():
    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_bits_depend_neither_on_the_number_of_blas_threads_nor_on_hashes():
    program = (
        "import chainrule as cr, numpy as np, hashlib; r = np.random.default_rng(0);"
        "x = r.normal(size=(600, 784)); y = r.integers(0, 10, 600);"
        "n = cr.train.fit(cr.nn.mlp([784, 100, 10], rng=0), x, y, loss='cross_entropy', epochs=1,"
        "batch_size=256).network; print(hashlib.sha256(cr.tree.pack(n)[0].tobytes()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
                "PYTHONHASHSEED": threads,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1


def test_frozen_dataclass_of_ones_own_is_a_network():
    @dataclass(frozen=True)
    class Line:
        slope: Array
        offset: Array

        def __call__(self, x):
            return x * self.slope + self.offset

    x = np.linspace(-1, 1, 20)[:, None]
    result = fit(Line(np.zeros(1), np.zeros(1)), x, 3 * x - 1, loss="squared_error", epochs=100,
                 optimizer=cr.train.sgd(0.2))  # fmt: skip
    np.testing.assert_allclose(
        [result.network.slope, result.network.offset], [[3], [-1]], rtol=1e-6
    )


def test_loss_can_be_a_function_of_ones_own():
    def absolute(prediction, target):
        return cr.sum(cr.abs(prediction - cr.reshape(target, prediction.shape)), axis=-1)

    result = fit(net(3, 4, 1), X, X[:, 0], loss=absolute, epochs=30)
    assert result.history["loss"][-1] < result.history["loss"][0]


def test_loss_can_be_a_function_of_the_table():
    """Its metrics and the check of its labels come with it."""
    result = fit(net(3, 4, 2), X, Y, loss=cr.nn.cross_entropy, epochs=1, validation=0.2)
    assert "validation_accuracy" in result.history


def test_whole_numbers_below_0_are_targets_of_a_squared_error():
    result = fit(net(3, 8, 1), X, 2 * Y - 1, loss="squared_error", epochs=30)
    assert result.history["loss"][-1] < result.history["loss"][0]


def test_held_out_share_is_not_learnt():
    """Samples that only the validation part holds do not move the weights."""
    result = fit(net(3, 4, 2), X, Y, loss="cross_entropy", epochs=1, validation=0.2, seed=3)
    held_out = np.random.default_rng([3, 0]).permutation(50)[:10]
    changed = X.copy()
    changed[held_out] += 100
    again = fit(net(3, 4, 2), changed, Y, loss="cross_entropy", epochs=1, validation=0.2, seed=3)
    assert again.history["loss"] == result.history["loss"]
    assert again.history["validation_loss"] != result.history["validation_loss"]


def test_fit_is_the_training_step_repeated():
    """In batches of all samples their order is no matter; the steps count from 1 throughout."""
    network, adam, loss = net(3, 4, 2, dtype="float64"), cr.train.adam(0.1), "cross_entropy"
    vector, packing = cr.tree.pack(network)
    types = Batches(cr.ArrayType((cr.BATCH, 3)), cr.ArrayType((cr.BATCH,), "int64"))
    update = Update(adam)
    step = training_step(packing, Objective(cr.nn.loss(loss)), update, types)
    state = update.init(vector)
    for number in (1.0, 2.0, 3.0):
        vector, state, _ = step(vector, state, 0.1, number, cr.key(0), X, Y, None)
    result = fit(network, X, Y, loss=loss, optimizer=adam, epochs=3, batch_size=50)
    np.testing.assert_allclose(cr.tree.pack(result.network)[0], vector, rtol=1e-9)


def test_callbacks_hear_of_every_epoch():
    heard = []

    def listen(moment):
        heard.append((moment.epoch, moment.epochs, len(moment.history["loss"])))

    fit(net(3, 2), X, Y, loss="cross_entropy", epochs=3, callbacks=[listen])
    assert heard == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]


def test_ctrl_c_returns_the_best_so_far():
    def press(moment):
        if moment.epoch == 5:
            raise KeyboardInterrupt

    wrong = X[:9], 1 - Y[:9]  # gets worse with every epoch
    result = fit(net(3, 30, 2), X, Y, loss="cross_entropy", optimizer=cr.train.adam(0.05),
                 epochs=100, validation=wrong, callbacks=[press])  # fmt: skip
    assert result.interrupted and result.best_epoch < 5 == len(result.history["loss"])
    want = np.mean(cr.nn.cross_entropy(result.network(wrong[0]), wrong[1]))
    np.testing.assert_allclose(min(result.history["validation_loss"]), want, rtol=1e-5)


def test_epoch_that_ctrl_c_cuts_short_leaves_no_trace(monkeypatch):
    """However late it comes: the curves of the history stay equally long."""
    calls = []

    def validate(parameters):
        calls.append(parameters)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"loss": 1.0 / len(calls)}

    monkeypatch.setattr(loop, "validator", lambda *_: validate)
    result = fit(net(3, 4, 2), X, Y, loss="cross_entropy", epochs=9)
    assert [len(curve) for curve in result.history.values()] == [2, 2, 2, 2]
    np.testing.assert_array_equal(cr.tree.pack(result.network)[0], calls[1])


def test_ctrl_c_in_the_first_epoch_returns_the_network_as_it_came(monkeypatch):
    def validate(parameters):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "validator", lambda *_: validate)
    result = fit(net(3, 4, 2), X, Y, loss="cross_entropy")
    assert result.interrupted and result.best_epoch == 0 and not result.history
    np.testing.assert_array_equal(cr.tree.pack(result.network)[0], cr.tree.pack(net(3, 4, 2))[0])


def test_loss_that_is_not_finite_stops_with_advice():
    with pytest.raises(DivergedError) as caught:
        fit(net(3, 4, 1), X * 1e3, Y, loss="squared_error", optimizer=cr.train.sgd(1e9), epochs=5)
    for part in (
        "the loss is inf in epoch 2, step 3",
        "learning rate 1e+09",
        "try a learning rate of 1e+08",
        "scaled",
    ):
        assert part in str(caught.value)
    assert len(caught.value.history["loss"]) == 1


def test_parameter_that_is_not_finite_stops_after_the_last_step_too():
    with pytest.raises(DivergedError, match="a parameter is no longer finite in epoch 1, step 1"):
        fit(net(3, 4, 1), X, Y * 1e6, loss="squared_error", optimizer=cr.train.sgd(1e38), epochs=1,
            batch_size=50)  # fmt: skip


def test_is_quiet_where_there_is_no_terminal(capfd):
    fit(net(3, 2), X, Y, loss="cross_entropy", epochs=1)
    assert capfd.readouterr() == ("", "")


def test_progress_says_loss_best_and_accuracy():
    from chainrule.train.progress import summary

    history = {
        "loss": [2.0, 1.0],
        "validation_loss": [0.5, 0.75],
        "validation_accuracy": [0.1, 0.25],
    }
    assert summary(history) == "loss 1 val 0.75 best 0.5 @1 acc 25.0% ▁█"


def test_progress_is_drawn_on_standard_error_alone(capfd):
    fit(net(3, 2), X, Y, loss="cross_entropy", epochs=2, validation=0.2, progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "\x1b" not in err
