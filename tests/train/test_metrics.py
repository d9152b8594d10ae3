"""Metrics of the training samples, added up step by step."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import fit


rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = rng.integers(0, 4, 50).astype(float)
STILL = cr.train.sgd(1e-12)

every_backend = pytest.mark.parametrize("backend", ["numpy", "native"])


def net(dropout=0.0):
    return cr.nn.mlp([3, 8, 2], "tanh", rng=0, dtype="float64", dropout=dropout)


def learnt(x=X, y=Y, **settings):
    given = {"loss": "cross_entropy", "batch_size": 16, "epochs": 3, "train_metrics": True}
    return fit(net(), x, y, **{**given, **settings}).history


def right(network):
    return network(X).argmax(axis=1) == Y


@every_backend
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_accuracy_is_the_weighted_share_of_the_samples_taken(backend, drop_last, weight):
    """With a learning rate near 0 every batch meets the same network."""
    history = learnt(
        optimizer=STILL, backend=backend, order="given", drop_last=drop_last, sample_weight=weight
    )
    taken = slice(0, 48 if drop_last else 50)
    want = np.average(right(net())[taken], weights=None if weight is None else weight[taken])
    np.testing.assert_allclose(history["accuracy"], want, rtol=1e-12)


@every_backend
def test_functions_of_ones_own_are_added_up_too(backend):
    margin = {"margin": lambda prediction, target: prediction[:, 1] - prediction[:, 0]}
    history = learnt(optimizer=STILL, backend=backend, metrics=margin)
    scores = net()(X)
    np.testing.assert_allclose(history["margin"], np.mean(scores[:, 1] - scores[:, 0]), rtol=1e-9)
    assert {"accuracy", "loss"} <= history.keys()


def test_blocks_count_together():
    blocks = [(X[:20], Y[:20], WEIGHT[:20] + 1), (X[20:], Y[20:], WEIGHT[20:] + 1)]
    history = learnt(blocks, None, optimizer=STILL)
    want = np.average(right(net()), weights=WEIGHT + 1)
    np.testing.assert_allclose(history["accuracy"], want, rtol=1e-12)


def test_backends_agree_while_the_network_learns():
    one, other = (learnt(backend=name, epochs=10)["accuracy"] for name in ("numpy", "native"))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    assert one[0] < one[-1]


def test_learning_is_the_same_with_them_and_without():
    found = [
        fit(net(0.3), X, Y, loss="cross_entropy", epochs=4, backend=backend, train_metrics=wanted)
        for backend in ("numpy", "native")
        for wanted in (False, True)
    ]
    for without, with_them in (found[:2], found[2:]):
        assert "accuracy" not in without.history
        a, b = (cr.tree.pack(result.network)[0] for result in (without, with_them))
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_they_are_those_of_the_network_that_drops_units():
    """What passes in training is not what is predicted in use."""
    dropped = fit(
        net(0.6), X, Y, loss="cross_entropy", epochs=40, optimizer=STILL, train_metrics=True
    )
    assert np.std(dropped.history["accuracy"]) > 0.01


def test_lbfgs_measures_after_the_epoch():
    result = fit(
        net(), X, Y, loss="cross_entropy", optimizer="lbfgs(iterations=3)", epochs=2,
        batch_size=None, train_metrics=True, validation=(X, Y),
    )  # fmt: skip
    assert result.history["accuracy"] == result.history["validation_accuracy"]


def test_resumed_run_has_the_same_metrics(tmp_path):
    whole = learnt(epochs=6)
    path = tmp_path / "run"
    learnt(epochs=3, checkpoint=path)
    resumed = learnt(epochs=6, checkpoint=path, resume=True)
    assert resumed["accuracy"] == whole["accuracy"]
