"""The peers that need no other library train alike; so the table compares like with like."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases import CASES, data_of, layers_of, mean_loss
from benchmarks.peers import PEERS
from benchmarks.peers.apart import Apart
from benchmarks.peers.trainer import Call, EpochByEpoch


CASE = replace(CASES["4-16-3"], steps=20)
VARIANTS = {
    "softmax": CASE,
    "sigmoid": replace(CASES["2-2-1"], steps=20),
    "sgd": replace(CASE, optimizer="sgd"),
    "batch norm": replace(CASE, batch_norm=True),
}


def trained(peer, case, epochs=1):
    trainer = PEERS[peer].trainer(case, data_of(case), layers_of(case), 1)
    trainer.train(epochs, shuffled=False)
    return trainer.layers()


PAIRS = [
    pytest.param(peer, case, id=f"{peer}, {name}")
    for peer in ("numpy", "sklearn")
    for name, case in VARIANTS.items()
    if not case.needs & PEERS[peer].lacks
]


@pytest.mark.parametrize(("peer", "case"), PAIRS)
def test_peers_end_an_epoch_with_the_weights_of_chainrule(peer, case):
    ours, theirs = (trained(name, case) for name in ("chainrule", peer))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.weight, other.weight, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("peer", ["chainrule", "numpy"])
def test_training_with_dropout_lowers_the_loss(peer):
    case = replace(CASE, dropout=0.2, steps=100)
    data = data_of(case)
    assert mean_loss(trained(peer, case, 5), data) < mean_loss(layers_of(case), data)


@pytest.mark.parametrize("peer", ["chainrule", "numpy", "sklearn"])
def test_predictions_are_the_same_probabilities(peer):
    x = data_of(CASE).x[:5]
    found = PEERS[peer].predictor(layers_of(CASE), x, 1).output()
    expected = PEERS["numpy"].predictor(layers_of(CASE), x, 1).output()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_trainer_apart_trains_as_one_here():
    args = (CASE, data_of(CASE), layers_of(CASE), 1, "")
    apart = Apart("benchmarks.peers.numpy_peer", "trainer", args, {"OMP_NUM_THREADS": "1"})
    seconds = apart.train(1, shuffled=False)
    found = apart.layers()
    apart.close()
    assert len(seconds) == 1
    assert np.array_equal(found[0].weight, trained("numpy", CASE)[0].weight)


def test_an_error_apart_is_told_here():
    with pytest.raises(RuntimeError, match="ModuleNotFoundError"):
        Apart("benchmarks.peers.no_such_peer", "trainer", (), {})


def test_a_watch_ends_the_training():
    trainer = EpochByEpoch(lambda shuffled: None, lambda: [])
    seen = []
    seconds = trainer.train(9, watch=lambda layers: seen.append(layers) or len(seen) == 2)
    assert len(seconds) == 2


def test_a_call_is_made_three_times_at_least():
    calls = []
    Call(lambda: calls.append(1)).seconds(0.0)
    assert len(calls) == 3
